"""What the invented firm files for a month: photos of two products, look-ups, the ledger (8.1(2), C)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from app.demo.firm import EXAMPLE, DemoFirm
from app.demo.materials import photo
from app.demo.paper import Drawing
from standard.months import Month

SHOTS = 3
PHOTOS = ("certificate-1.jpg", "certificate-2.jpg", "certificate-small-1.jpg", "body-1.jpg", "body-2.jpg")


@dataclass(frozen=True, slots=True)
class Album:
    """A firm's pictures of its month: by name, as ``docs.draw_demo`` calls them, and its look-up pages."""

    firm: DemoFirm
    photos: Mapping[str, bytes]

    def certificates(self) -> list[bytes]:
        """One of each product."""
        return [self.photos["certificate-1.jpg"], self.photos["certificate-2.jpg"]]

    def bodies(self) -> list[bytes]:
        """One of each product."""
        return [self.photos["body-1.jpg"], self.photos["body-2.jpg"]]

    def shots(self, month: Month) -> list[bytes]:
        """Look-up pages of both items, seen on different days of the month."""
        items = self.firm.items()
        return [_looked_up(self.firm, n % len(items), date(month.year, month.number, n + 1)) for n in range(SHOTS)]

    def ledger(self) -> bytes:
        """What became of both batches, from making to the national platform (C(3)): a CSV."""
        lines = [
            f"{one.made.name},{one.made.model},{one.batch},{one.code},{one.made_on},合格,样例客户,成功"
            for one in self.firm.items()
        ]
        header = "产品名称,规格型号,生产批次,追溯码,生产日期,检验结果,客户名称,上传结果"
        return "\n".join(["追溯数据更新台账", header, *lines]).encode()


def _looked_up(firm: DemoFirm, number: int, day: date) -> bytes:
    item = firm.items()[number]
    shown = [
        ("产品名称", item.made.name), ("规格型号", item.made.model), ("生产批次", item.batch),
        ("生产企业", firm.name), ("检验结果", "合格"), ("查询次数", "3"), ("查询时间", f"{day} 09:41:22"),
    ]  # fmt: skip
    page = f"https://{firm.host}/q/{item.batch}/{item.serial}"
    return Drawing().screen("产品追溯查询结果（扫码）", rows=shown, address=page, clock="9:41", phone=True)


def example_album() -> Album:
    """The demonstration's firm, whose photos are there already."""
    return Album(EXAMPLE, {name: photo(name) for name in PHOTOS})


def write_month(folder: Path, month: Month) -> None:
    """Write what is sent in chat, by name in the order of the checklist, and the ledger, which the page takes."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in _files(example_album(), month):
        (folder / f"{month}-{name}").write_bytes(data)


def _files(album: Album, month: Month) -> Iterator[tuple[str, bytes]]:
    for title, pictures, ending in (
        ("合格证", album.certificates(), "jpg"),
        ("本体", album.bodies(), "jpg"),
        ("查询截图", album.shots(month), "png"),
    ):
        yield from ((f"{title}-{number}-样例.{ending}", data) for number, data in enumerate(pictures, 1))
    yield "追溯数据更新台账-样例.csv", album.ledger()
