"""A sheet size of the right shape but the wrong scale (A5 told for A6), where the text gives it away.

All millimetres scale with the size that was told, so a wrong one makes wrong verdicts that look exact (D.1.1, D.3.1,
D.3.2, R55). Letters tell: nobody prints the body of a certificate in letters of 1 mm, nor of 9. Only what no design
does counts; a scale that is off by √2 usually leaves letters within what is printed and cannot be seen here.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from inspection.geometry import project
from inspection.ocr import Line
from inspection.report import Size
from inspection.sheet import Sheet

_SMALLEST_MM = 1.2
"""Chinese letters below this are not printed: they clog on any office or label printer."""
_LARGEST_MM = 7.0
"""Body text above this, beside a code above ``_LARGEST_CODE_MM``, is a poster's."""
_LARGEST_CODE_MM = 36.0
_USUAL_MM = (1.8, 4.5)
"""What the body of a certificate is printed in; the likely scale brings the text there."""
_STEPS = (2**0.5, 2.0, 2 * 2**0.5)
"""Paper sizes of one shape follow each other by √2."""
_LEAST_LINES = 4
_RUN = 4
"""Chinese characters in a row that make a pitch to measure."""
_SAME = 0.03
_A_SIZES = {"A3": (420.0, 297.0), "A4": (297.0, 210.0), "A5": (210.0, 148.0), "A6": (148.0, 105.0), "A7": (105.0, 74.0)}
_PRINTED = re.compile(
    r"(?:幅面|纸张(?:规格|尺寸|大小)?|(?:合格证|证书|标签)(?:尺寸|幅面|大小))\s*[:：]?\s*"
    r"(?:(A[3-7])(?!\d)|(\d+(?:\.\d+)?)\s*(?:mm)?\s*[×xX*]\s*(\d+(?:\.\d+)?)\s*mm)"
)


@dataclass(frozen=True, slots=True)
class ScaleDoubt:
    """Why the size that was told is doubted: the sheet is likely ``factor`` times as large, ``likely_mm``.

    ``text_mm`` is the height of a body letter under the told size, None where a printed size gave the doubt.
    """

    factor: float
    likely_mm: Size
    text_mm: float | None
    advice: str


def scale_doubt(lines: Sequence[Line], sheet: Sheet) -> ScaleDoubt | None:
    """Whether the text contradicts the sheet's size; None where nothing does, or too little text is there.

    Where there is a doubt, every verdict in millimetres is unclear and says ``advice``.
    """
    size = sheet.size
    told = f"按 {_millimetres(size)} 计算"
    if (printed := _printed_size(lines, size)) is not None:
        advice = f"{told}，但合格证上印着 {_millimetres(printed)}：请核对尺寸后重新告诉我。"
        return ScaleDoubt(max(printed) / max(size), printed, None, advice)
    letter = body_letter_mm(lines, sheet)
    if letter is None:
        return None
    if letter < _SMALLEST_MM:
        factor = next((f for f in _STEPS if letter * f >= _USUAL_MM[0]), _STEPS[-1])
    elif letter > _LARGEST_MM and min(sheet.code_sides_mm()) > _LARGEST_CODE_MM:
        factor = 1 / next((f for f in _STEPS if letter / f <= _USUAL_MM[1]), _STEPS[-1])
    else:
        return None
    likely = (float(round(size[0] * factor)), float(round(size[1] * factor)))
    advice = f"{told}，正文字高只有 {letter:.1f} mm" if factor > 1 else f"{told}，正文字高达到 {letter:.1f} mm"
    return ScaleDoubt(
        factor, likely, letter, f"{advice}，像是 {_millimetres(likely)}：请核对合格证的实际尺寸后重新告诉我。"
    )


def body_letter_mm(lines: Sequence[Line], sheet: Sheet) -> float | None:
    """Height of a body letter (the square of a Chinese character) in millimetres of the sheet, by the pitch along the
    lines; None with fewer than four lines of four Chinese characters in a row."""
    pitches = []
    to_mm = np.linalg.inv(sheet.to_photo)
    for line in lines:
        run = _longest_run(line.text)
        if len(run) < _RUN or line.score < 0.8:
            continue
        corners = project(to_mm, line.corners)
        length = float(np.linalg.norm(corners[1] - corners[0]))
        if len(line.at) == len(line.text):
            pitches.append((line.at[run[-1]] - line.at[run[0]]) * length / (len(run) - 1))
        else:
            pitches.append(length / sum(1.0 if _chinese(c) else 0.55 for c in line.text))
    return float(np.median(pitches)) if len(pitches) >= _LEAST_LINES else None


def _longest_run(text: str) -> range:
    runs = [match.span() for match in re.finditer(r"[\u4e00-\u9fff]+", text)]
    return range(*max(runs, key=lambda span: span[1] - span[0], default=(0, 0)))


def _chinese(character: str) -> bool:
    return "\u4e00" <= character <= "\u9fff"


def _printed_size(lines: Sequence[Line], size: Size) -> Size | None:
    """A size of the sheet itself that is printed on it, has the told shape and is another size."""
    for line in lines:
        found = _PRINTED.search(unicodedata.normalize("NFKC", line.text))
        if found is None or line.score < 0.9:
            continue
        long, short = _A_SIZES[found[1]] if found[1] else sorted((float(found[2]), float(found[3])), reverse=True)
        if short <= 0:
            continue
        alike = abs(long / short / (max(size) / min(size)) - 1) < _SAME
        if alike and abs(long / max(size) - 1) > _SAME:
            return (long, short) if size[0] >= size[1] else (short, long)
    return None


def _millimetres(size: Size) -> str:
    return f"{size[0]:g}×{size[1]:g} mm"
