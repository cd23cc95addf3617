"""D.5.1: labels on the sheet, folding, and what counts as different."""

import numpy as np
import pytest

from inspection.fields import Stated, compare, same_value, stated_fields
from inspection.ocr import Line
from inspection.report import Verdict
from inspection.tracecode import recognise


def line(text: str, x: float = 0, y: float = 0, width: float = 100, score: float = 0.99) -> Line:
    return Line(text, score, np.array([[x, y], [x + width, y], [x + width, y + 20], [x, y + 20]]))


def test_values_follow_their_label_or_stand_beside_it() -> None:
    stated = stated_fields(
        [
            line("规格型号：BV 2.5"),
            line("生产批次", y=40),
            line("L2026A", x=120, y=42),
            line("生产日期 2026-11-03", y=80),
        ]
    )
    assert {name: field.value for name, field in stated.items()} == {
        "model": "BV 2.5", "batch": "L2026A", "date": "2026-11-03",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "first", "second", "outcome"),
    [
        ("batch", "L2O26A", "L2026A", True),
        ("batch", "L2026A", "L2026B", False),
        ("model", "BV 2.5", "ＢＶ２．５", True),
        ("model", "BV 2.5", "BV 25", False),
        ("model", "3×2.5", "3x2.5", True),
        ("model", "3×2.5", "3×1.5", False),
        ("date", "2026年11月3日", "261103", True),
        ("date", "2026-11-03", "20261130", False),
        ("date", "见包装", "261103", None),
        ("date", "2026-11-03", "261100", True),
        ("firm", "样例电缆有限公司", "样例电缆有限公司", True),
    ],
)
def test_same_value(name: str, first: str, second: str, outcome: bool | None) -> None:
    assert same_value(name, first, second) is outcome


def test_the_outcome_of_a_comparison() -> None:
    sheet = {"batch": Stated("L2026A", 0.99), "model": Stated("BV 2.5", 0.99)}
    assert compare(sheet, {"batch": "L2026A"}, {}).verdict is Verdict.PASS
    assert compare(sheet, {"batch": "L2026B"}, {}).verdict is Verdict.FAIL
    assert compare(sheet, {}, {"规格型号": "BV 2.5"}).verdict is Verdict.UNCLEAR
    assert compare(sheet, {"batch": "L2026A"}, {"model": "BV 4"}).differ == (("规格型号", "BV 2.5", "BV 4"),)
    assert compare({}, {"batch": "L2026A"}, {"batch": "L2026B"}).verdict is Verdict.FAIL
    doubtful = {"batch": Stated("L2026B", 0.6)}
    assert compare(doubtful, {"batch": "L2026A"}, {}).verdict is Verdict.UNCLEAR


@pytest.mark.parametrize(
    ("text", "kind", "parts"),
    [
        ("https://id.gs1.org/01/06901234567892/10/L2026A/21/0001", "GS1", {"batch": "L2026A", "serial": "0001"}),
        ("https://sample.example/x/01/06901234567892?10=A&11=261103", "GS1", {"batch": "A", "date": "261103"}),
        ("010690123456789210L2026A\x1d2100", "GS1", {"batch": "L2026A", "serial": "00"}),
        ("http://www.iotroot.com/E=1000112345678901234567890", "Ecode", {}),
        ("http://iotroot.com.evil.example/E=1", None, {}),
        ("http://cniotroot.com/E=1", None, {}),
        ("https://sample.example/t?batch=L2026A&sn=7", None, {"batch": "L2026A", "serial": "7"}),
        ("WIFI:S:sample;;", None, {}),
    ],
)
def test_the_minimal_reading_of_trace_codes(text: str, kind: str | None, parts: dict[str, str]) -> None:
    found = recognise(text)
    assert found.kind == kind
    assert found.parts == parts
