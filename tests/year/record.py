"""``python -m tests.year.record`` inspects the photos of a month for real and writes down what was answered.

The photos are those of the demonstration's two products, as chat passes them on; :mod:`tests.year.replay` answers with
these reports afterwards. To be run again where the inspection or the photos have changed.
"""

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image, ImageFilter
from PIL.Image import Image as Picture

from app.demo.firm import EXAMPLE
from app.demo.materials import demo_products
from app.demo.materials import photo as demo_photo
from app.demo.paper import Drawing
from benchmarks.subjects import as_chat_passes_it_on
from inspection.body import inspect_body
from inspection.inspector import inspect
from inspection.report import ProductHint, Request
from inspection.screenshot import inspect_screenshot

RECORDED = Path(__file__).parent / "recorded"


def certificates() -> Iterator[tuple[str, bytes]]:
    """Two that are good, one whose code is printed too small (D.3.1), one that is out of focus (R6)."""
    yield "certificate-1", demo_photo("certificate-1.jpg")
    yield "certificate-2", demo_photo("certificate-2.jpg")
    yield "certificate-small-1", demo_photo("certificate-small-1.jpg")
    yield "certificate-blurred-1", _out_of_focus(demo_photo("certificate-1.jpg"))


def bodies() -> Iterator[tuple[str, bytes]]:
    """One of each product."""
    yield "body-1", demo_photo("body-1.jpg")
    yield "body-2", demo_photo("body-2.jpg")


def pages() -> Iterator[tuple[str, bytes]]:
    """The page that a phone shows of each product's code."""
    for number, item in enumerate(EXAMPLE.items(), 1):
        shown = [
            ("产品名称", item.made.name), ("规格型号", item.made.model), ("生产批次", item.batch),
            ("生产企业", EXAMPLE.name), ("检验结果", "合格"), ("查询次数", "3"),
        ]  # fmt: skip
        address = f"https://{EXAMPLE.host}/q/{item.batch}/{item.serial}"
        yield (
            f"page-{number}",
            Drawing().screen("产品追溯查询结果（扫码）", rows=shown, address=address, clock="9:41", phone=True),
        )


def _out_of_focus(data: bytes) -> bytes:
    picture: Picture = Image.open(io.BytesIO(data)).convert("RGB")
    picture.thumbnail((1280, 1280))
    buffer = io.BytesIO()
    picture.filter(ImageFilter.GaussianBlur(2.6)).save(buffer, "JPEG", quality=60)
    return buffer.getvalue()


def main() -> None:
    hints = tuple(
        ProductHint(str(number), product["sheet_mm"], (product["gtin"],), product["model"], product["record"])
        for number, product in enumerate(demo_products(), 1)
    )
    RECORDED.mkdir(exist_ok=True)
    for name, data in certificates():
        hint = hints[int(name[-1]) - 1]
        _keep(name, inspect(Request(as_chat_passes_it_on(data), hint.sheet_mm, (hint,), mark=False)).report.to_json())
    for name, data in bodies():
        _keep(name, inspect_body(as_chat_passes_it_on(data), (hints[int(name[-1]) - 1],)).to_json())
    for name, data in pages():
        _keep(name, inspect_screenshot(data).to_json())


def _keep(name: str, report: dict[str, Any]) -> None:
    report["ms"] = {}  # how long it took says nothing, and differs each time
    text = json.dumps(report, ensure_ascii=False, indent=1)
    (RECORDED / f"{name}.json").write_text(text + "\n", "utf-8")
    against = [f"{finding['clause']} {finding['verdict']}" for finding in report["findings"]]
    sys.stdout.write(f"{name}: {', '.join(one for one in against if not one.endswith('pass')) or 'pass'}\n")


if __name__ == "__main__":
    main()
