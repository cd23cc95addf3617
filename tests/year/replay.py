"""Files of a month in whose bytes stands which recording they are, and the inspector that answers with it.

The recordings are reports of real inspections of the demonstration's photos (:mod:`tests.year.record`). Each replay
bears a batch and a serial number of its own where the recorded ones were read: a trace code is filed once (R9).
Ledgers are read for real.
"""

import json
from datetime import datetime
from functools import cache
from typing import Any

from app.demo.firm import EXAMPLE
from inspection.ledger import read_ledger
from inspection.materials import BodyReport, Ledger, Moment, ScreenshotReport
from inspection.report import Code, Finding, Inspected, ProductHint, Report, Request, Verdict
from tests.year.record import RECORDED

JPEG = b"\xff\xd8\xff\xe0"
COLUMNS = "产品名称,规格型号,生产批次,追溯码,生产日期,检验结果,客户名称,上传结果"


def picture(recording: str, batch: str, serial: str, note: str = "") -> bytes:
    """A photo, or a page, that will be answered by this recording; ``note`` makes its bytes its own."""
    return JPEG + json.dumps([recording, batch, serial, note], ensure_ascii=False).encode()


def code(product: int, batch: str, serial: str) -> str:
    """The trace code that a replayed picture of this product (0 or 1) shows."""
    return _as(EXAMPLE.items()[product].code, batch, serial)


def ledger(month: str, *items: tuple[int, str, str]) -> bytes:
    """The month's update ledger of these products, batches and serial numbers."""
    lines = []
    for product, batch, serial in items:
        made = EXAMPLE.products[product]
        lines.append(f"{made.name},{made.model},{batch},{code(product, batch, serial)},{month}-01,合格,样例客户,成功")
    return "\n".join(["追溯数据更新台账", COLUMNS, *lines]).encode()


class ReplayingInspector:
    """The inspector port; whatever is no replay is a mistake of the test."""

    async def inspect(self, request: Request) -> Inspected:
        return Inspected(Report.from_json(_recorded(request.data)), b"\xff\xd8\xffmarked", None)

    async def inspect_body(
        self, data: bytes, products: tuple[ProductHint, ...] = (), certificate: Report | None = None
    ) -> BodyReport:
        plain = _recorded(data)
        return BodyReport(**plain | _common(plain) | {"repairs": tuple(plain["repairs"])})

    async def inspect_screenshot(self, data: bytes, expected_code: str | None, now: datetime) -> ScreenshotReport:
        plain = _recorded(data)
        shown = {name: tuple(plain[name]) for name in ("words", "pages", "flags")}
        moments = tuple(Moment(**moment) for moment in plain["moments"])
        return ScreenshotReport(**plain | _common(plain) | shown | {"moments": moments})

    async def read_ledger(self, data: bytes, name: str) -> Ledger:
        return read_ledger(data, name)

    async def check(self) -> None: ...


def _recorded(data: bytes) -> dict[str, Any]:
    recording, batch, serial, _ = json.loads(data.removeprefix(JPEG))
    plain: dict[str, Any] = json.loads(_as(_text(recording), batch, serial))
    return plain


@cache
def _text(recording: str) -> str:
    return (RECORDED / f"{recording}.json").read_text("utf-8")


def _as(text: str, batch: str, serial: str) -> str:
    """``text`` with this batch and serial number in place of the recorded ones."""
    for item in EXAMPLE.items():
        text = text.replace(item.batch, batch)
    return text.replace("/21/0001", f"/21/{serial}").replace("(21)0001", f"(21){serial}")


def _common(plain: dict[str, Any]) -> dict[str, Any]:
    """What body and page reports have in common, as their types have it."""
    return {
        "verdict": Verdict(plain["verdict"]),
        "codes": tuple(Code(**one | {"corners": tuple(map(tuple, one["corners"]))}) for one in plain["codes"]),
        "findings": tuple(
            Finding(**one | {"verdict": Verdict(one["verdict"]), "rows": tuple(one["rows"])})
            for one in plain["findings"]
        ),
        "text": tuple(plain["text"]),
        "photo_px": tuple(plain["photo_px"]),
    }
