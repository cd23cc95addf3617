"""The straightest view of the text on a photo, and a second look at a line of it.

The sheet's own plane where it was found, else the plane of its code, else the photo as it is. The view in which text is
found is small; every line is read in the photo itself, reduced no further than the reader can use.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from inspection import ocr
from inspection.geometry import Floats, homography, project, rectangle, side_lengths
from inspection.grid import Grid, rectify
from inspection.ocr import Line, Text
from inspection.picture import Picture
from inspection.sheet import Sheet

_FIND_PX_PER_MM = 3.2
"""Letters of 2.2 mm are then 7 pixels high: text is found down to there, and finding costs by the pixel."""
_FIND_LEAST = 2.6
_FIND_PIXELS = 230_000
"""A view is not denser than this many pixels, unless it would fall below ``_FIND_LEAST`` …"""
_FIND_MOST = 380_000
"""… and never larger than this."""
_FEW = 4
"""With fewer boxes than this the print may be too small for the view: a larger one is tried, once …"""
_FINER, _FINER_PIXELS, _FINER_MS = 1.5, 280_000, 150.0
"""… so much finer, up to so many pixels, with so much more to spend: there is little to read then."""
_READ_PX_PER_MM = 14.0
"""Denser photos are halved before lines are cut out: 2 mm letters keep 28 pixels, the reader's own size."""
_READ_LONG_SIDE = 2200
"""The same where millimetres are not known: longest side of the photo for reading."""
_LEAST_HEIGHT = 4.0
"""Photo pixels: a lower line shows nothing, however often it is looked at."""
_CODE_MM = 22.0
"""What a code without a sheet is taken to measure."""
_REACH = (-9.0, 10.0)
"""How far from the code, in code sides, text is looked for where no sheet was found."""


@dataclass(frozen=True, slots=True)
class Plane:
    """Where text is looked for. ``to_photo`` takes units to photo pixels; ``box`` left, top, right, bottom in units;
    ``mm`` is a unit's size in millimetres: 1 on a sheet, a guess by the code, 0 where nothing is known."""

    to_photo: Floats
    box: tuple[float, float, float, float]
    mm: float


def read_text(picture: Picture, grid: Grid | None, sheet: Sheet | None, budget_ms: float = ocr.BUDGET_MS) -> Text:
    """The text of a photo: corners in photo pixels, ``page`` in millimetres of the sheet where one was found.

    ``turns`` are the clockwise quarter-turns that bring the sheet's frame upright; without a sheet, the frame along the
    code's axes (which a sheet found later shares); without a code, the photo.
    """
    height, width = picture.gray.shape
    if sheet is not None:
        plane = Plane(sheet.to_photo, (0.0, 0.0, *sheet.size), 1.0)
    elif grid is not None:
        plane = _code_plane(grid, width, height)
    else:
        plane = Plane(np.eye(3), (-0.5, -0.5, width - 0.5, height - 0.5), 0.0)
    return read_plane(picture.rgb, plane, grid.corners if grid is not None else None, budget_ms)


def read_plane(rgb: NDArray[np.uint8], plane: Plane, code: Floats | None, budget_ms: float = ocr.BUDGET_MS) -> Text:
    """The text in one plane of a photo; the outline of ``code`` (4×2 photo pixels) is covered before."""
    source, step = _reduced(rgb, plane)
    shift = 0.5 / step - 0.5
    to_source = np.array([[1 / step, 0, shift], [0, 1 / step, shift], [0, 0, 1]]) @ plane.to_photo
    left, top, right, bottom = plane.box

    def at(density: float, budget: float) -> Text:
        from_view = np.array([[1 / density, 0, left + 0.5 / density], [0, 1 / density, top + 0.5 / density], [0, 0, 1]])
        view = rectify(source, to_source, plane.box, density).clip(0, 255).astype(np.uint8)
        if code is not None:
            _cover(view, project(np.linalg.inv(plane.to_photo @ from_view), code))
        text = ocr.read(view, source, to_source @ from_view, budget)
        lines = [
            replace(
                line, corners=(line.corners + 0.5) * step - 0.5, page=None if line.page is None else line.page / density
            )
            for line in text.lines
        ]
        return replace(text, lines=lines)

    density = _density(plane)
    text = at(density, budget_ms)
    finer = min(_FINER * density, (_FINER_PIXELS / ((right - left) * (bottom - top))) ** 0.5)
    if len(text.lines) + text.unread < _FEW and finer > 1.15 * density:
        again = at(finer, budget_ms + _FINER_MS - text.spent_ms)
        if len(again.lines) > len(text.lines):
            return replace(again, spent_ms=again.spent_ms + text.spent_ms)
    return text


def look_again(rgb: NDArray[np.uint8], line: Line) -> list[Line]:
    """Two further readings of a line of :func:`read_text`, cut closer out of the full photo: tight, and also wider.

    Letters fill more of the reader's height than in the first reading, so the three are looks of their own.
    """
    wide, high = (float(side) for side in side_lengths(line.corners)[:2])
    size = (wide, high)
    if high < _LEAST_HEIGHT or wide < high / 2:
        return []
    to_photo = homography(rectangle(*size), line.corners)
    if not np.isfinite(to_photo).all():
        return []
    first, last = _ink_rows(rectify(rgb, to_photo, (0, 0, *size), min(1.0, 64 / size[1])))
    tight = np.array([[0, first], [1, first], [1, last], [0, last]]) * size
    readings = []
    for stretch in (1.0, 1.25):
        text, chars, at = ocr.recognise(ocr.cut(rgb, to_photo, tight, stretch))
        if chars:
            readings.append(Line(text, float(np.mean(chars)), line.corners, chars, at, line.page))
    return readings


def _ink_rows(crop: Floats) -> tuple[float, float]:
    """Top and bottom of the letters in a crop of one line (H×W×3), as shares of its height, with a little margin."""
    level = crop.mean(axis=2)
    ink = (np.percentile(level, 80) - np.percentile(level, 12, axis=1)).clip(0)
    high = len(ink)
    marked = ink > 0.3 * float(ink[high // 4 : high - high // 4].max(initial=1.0))
    first, last = high // 2, high // 2
    while first > 0 and marked[max(first - 2, 0) : first].any():
        first -= 1
    while last < high and marked[last : last + 2].any():
        last += 1
    margin = 0.12 * max(last - first, 1)
    if last - first < 0.25 * high:
        return 0.0, 1.0
    return max(0.0, (first - margin) / high), min(1.0, (last + margin) / high)


def _reduced(rgb: NDArray[np.uint8], plane: Plane) -> tuple[NDArray[np.uint8], int]:
    """The photo reduced by a whole number, and that number: no denser than reading needs."""
    left, top, right, bottom = plane.box
    corners = project(plane.to_photo, [[left, top], [right, top], [right, bottom], [left, bottom]])
    across = float(side_lengths(corners).max() / max(right - left, bottom - top))
    wanted = _READ_PX_PER_MM * plane.mm if plane.mm else across * _READ_LONG_SIDE / max(right - left, bottom - top)
    step = max(1, int(across / wanted))
    if step == 1:
        return rgb, 1
    height, width = rgb.shape[0] // step, rgb.shape[1] // step
    whole = rgb[: height * step, : width * step]
    return cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False), step


def _density(plane: Plane) -> float:
    """View pixels to a unit: enough for small print, little enough for the budget."""
    left, top, right, bottom = plane.box
    area = (right - left) * (bottom - top)
    if not plane.mm:
        return float(min(1.0, (_FIND_PIXELS / area) ** 0.5))
    least = min(_FIND_LEAST * plane.mm, (_FIND_MOST / area) ** 0.5)
    return float(max(least, min(_FIND_PX_PER_MM * plane.mm, (_FIND_PIXELS / area) ** 0.5)))


def _cover(view: NDArray[np.uint8], outline: Floats) -> None:
    """Paint the code over with the paper around it: its modules look like letters to the finder."""
    middle = outline.mean(0)
    ring = middle + (outline - middle) * 1.12
    mask = np.zeros(view.shape[:2], np.uint8)
    cv2.fillConvexPoly(mask, np.round(ring).astype(np.int32), 2)
    cv2.fillConvexPoly(mask, np.round(outline).astype(np.int32), 1)
    around = view[mask == 2]
    if len(around):
        paper = np.percentile(around, 75, axis=0)
        cv2.fillConvexPoly(view, np.round(middle + (outline - middle) * 1.03).astype(np.int32), paper.tolist())


def _code_plane(grid: Grid, width: int, height: int) -> Plane:
    """The plane of the code, in code sides, as far as the photo shows it and the code's perspective carries."""
    to_photo = grid.to_photo @ np.diag([grid.columns, grid.rows, 1.0])
    steps = np.linspace(*_REACH, 40)
    points = np.stack(np.meshgrid(steps, steps), -1).reshape(-1, 2)
    depth = points @ to_photo[2, :2] + to_photo[2, 2]
    near = depth > 0.5 * float(to_photo[2, :2].sum() / 2 + to_photo[2, 2])
    seen = project(to_photo, points)
    shown = points[near & (seen > 0).all(1) & (seen < (width, height)).all(1)]
    low, high = shown.min(0, initial=-0.5), shown.max(0, initial=1.5)
    return Plane(to_photo, (float(low[0]), float(low[1]), float(high[0]), float(high[1])), _CODE_MM)
