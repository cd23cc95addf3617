"""D.1.1: whether text of the sheet runs over the code, told by the code's own modules.

The finder of text does not see letters on a code, and takes modules for letters where it does. What a line that ends at
the code does inside it shows in the modules instead: letters put ink where paper should be. (Ink that is missing may be
glare, and is for the print measures.)
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from inspection.geometry import Floats, project
from inspection.grid import Grid, rectify
from inspection.ocr import Line

_NEAR = 0.9
"""A line is followed into the code when it ends within this many of its heights of it: boxes have margins."""
_ALONG, _ACROSS = 3.0, 0.4
"""How far it is followed, in its heights, along itself and across."""
_INK = 0.2
"""A light module with more ink than this has been written on …"""
_LEAST, _ELSEWHERE = 2, 0.005
"""… so many of them under the line, at most this share of the others: else the print or the photo is to blame."""
_DENSITY = 6


def text_over_code(gray: NDArray[np.uint8], lines: Sequence[Line], grid: Grid) -> str | None:
    """The first line of text that runs over the code's outline (D.1.1, R22); None where none does.

    ``gray`` is the photo, H×W; ``lines`` have corners in its pixels. Only a grid that was re-encoded from the text
    knows where paper should be.
    """
    if not grid.exact:
        return None
    back = np.linalg.inv(grid.to_photo)
    ink: Floats | None = None
    for line in lines:
        if len(line.text.strip()) < 2:
            continue
        area = _inside(project(back, line.corners), grid)
        if area is None:
            continue
        ink = _ink(gray, grid) if ink is None else ink
        if _written_over(ink, grid, area):
            return line.text
    return None


def _inside(corners: Floats, grid: Grid) -> NDArray[np.bool_] | None:
    """Modules (rows×columns) onto which a line would run; None where it does not come near the code."""
    along, across = corners[1] - corners[0], corners[3] - corners[0]
    length, height = float(np.linalg.norm(along)), float(np.linalg.norm(across))
    if length < height or height < 1e-6:
        return None
    frame = np.stack([along / length, across / height])
    y, x = np.mgrid[0 : grid.rows, 0 : grid.columns] + 0.5
    place = (np.stack([x, y], -1) - corners[0]) @ frame.T  # of every module's middle, in the line's own directions
    beyond = np.stack(
        [np.maximum(-place[..., 0], place[..., 0] - length), np.maximum(-place[..., 1], place[..., 1] - height)]
    )
    if np.maximum(beyond, 0).max(axis=0).min() > _NEAR * height:
        return None
    area = (beyond[0] < _ALONG * height) & (beyond[1] < _ACROSS * height)
    return area if area.any() else None


def _ink(gray: NDArray[np.uint8], grid: Grid) -> Floats:
    """Ink of each module's middle, 0 where it is like the light ones and 1 where it is like the dark ones."""
    patch = rectify(gray, grid.to_photo, (0, 0, grid.columns, grid.rows), _DENSITY)
    levels = patch.reshape(grid.rows, _DENSITY, grid.columns, _DENSITY)[:, 1:-1, :, 1:-1].mean(axis=(1, 3))
    light, dark = np.median(levels[~grid.ideal]), np.median(levels[grid.ideal])
    return np.asarray((light - levels) / max(float(light - dark), 1.0), np.float64)


def _written_over(ink: Floats, grid: Grid, area: NDArray[np.bool_]) -> bool:
    struck = (ink > _INK) & ~grid.ideal
    elsewhere = struck[~area & ~grid.ideal]
    return bool(struck[area].sum() >= _LEAST and elsewhere.size and elsewhere.mean() <= _ELSEWHERE)
