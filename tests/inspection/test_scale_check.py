"""A sheet size of the right shape but the wrong scale: doubted on strong evidence, never on a normal design."""

import numpy as np
import pytest

from inspection.ocr import Line
from inspection.scale_check import body_letter_mm, scale_doubt
from inspection.sheet import Sheet

PX = 10.0


def sheet(width: float = 148.0, height: float = 105.0, code: float = 22.0) -> Sheet:
    corners = np.array([[0, 0], [code, 0], [code, code], [0, code]]) + 8
    return Sheet.flat((width, height), np.diag([PX, PX, 1.0]), corners * PX, 0.1, PX)


def lines(letter_mm: float, count: int = 6, text: str = "聚氯乙烯绝缘电线") -> list[Line]:
    """Lines whose letters have that pitch in millimetres, in a box with margins like the finder's."""
    pitch, margin = letter_mm * PX, 0.4 * letter_mm * PX
    width = len(text) * pitch + 2 * margin
    at = tuple((margin + (i + 0.5) * pitch) / width for i in range(len(text)))
    made = []
    for row in range(count):
        y = 40 + row * 2 * pitch
        box = np.array([[50, y], [50 + width, y], [50 + width, y + 1.5 * pitch], [50, y + 1.5 * pitch]])
        made.append(Line(text, 0.98, box, (0.98,) * len(text), at))
    return made


@pytest.mark.parametrize("letter", [1.4, 1.8, 2.7, 4.0, 6.0])
@pytest.mark.parametrize("code", [12.0, 22.0, 45.0])
def test_normal_designs_are_not_doubted(letter: float, code: float) -> None:
    assert body_letter_mm(lines(letter), sheet()) == pytest.approx(letter, rel=0.01)
    assert scale_doubt(lines(letter), sheet(code=code)) is None


def test_letters_that_nobody_prints_give_a_larger_sheet() -> None:
    doubt = scale_doubt(lines(1.05), sheet(105, 74))
    assert doubt is not None
    assert doubt.factor == pytest.approx(2.0)
    assert doubt.advice == (
        "按 105×74 mm 计算，正文字高只有 1.1 mm，像是 210×148 mm：请核对合格证的实际尺寸后重新告诉我。"
    )


def test_giant_letters_beside_a_giant_code_give_a_smaller_sheet() -> None:
    doubt = scale_doubt(lines(7.6), sheet(297, 210, code=44))
    assert doubt is not None
    assert doubt.likely_mm == (148.0, 105.0)
    assert scale_doubt(lines(7.6), sheet(297, 210, code=22)) is None


def test_little_text_says_nothing() -> None:
    assert scale_doubt(lines(1.0, count=3), sheet()) is None
    assert scale_doubt(lines(1.0, text="BV 2.5"), sheet()) is None
    assert scale_doubt([], sheet()) is None


@pytest.mark.parametrize(
    ("text", "likely"),
    [
        ("合格证尺寸：105×74mm", (105.0, 74.0)),
        ("幅面：A5", (210.0, 148.0)),
        ("合格证尺寸：148×105 mm", None),
        ("合格证尺寸：100×70mm", (100.0, 70.0)),
        ("合格证尺寸：100×50mm", None),  # of another shape: then the sheet would not have been found
        ("规格：105×74mm", None),  # the product's
    ],
)
def test_a_size_printed_on_the_sheet_counts(text: str, likely: tuple[float, float] | None) -> None:
    doubt = scale_doubt([*lines(2.7), *lines(2.7, 1, text)], sheet())
    assert (doubt.likely_mm if doubt else None) == likely
    if doubt:
        assert "核对尺寸" in doubt.advice
