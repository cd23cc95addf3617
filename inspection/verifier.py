"""An ISO/IEC 15415-style grade of a printed code, estimated from a photo: information beside the verdict.

A verifier measures calibrated reflectance with a fixed aperture and light; a photo knows neither. Reflectance is
taken relative to the paper, which counts as :data:`PAPER`. Each parameter names its grade 4…0; the overall grade is
the lowest. What is simplified is said in the answer's ``note``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
import segno.consts
from numpy.typing import NDArray

from inspection.geometry import Floats
from inspection.grid import Grid, rectify
from inspection.light import linear
from inspection.measure import Print
from inspection.reading import Symbol

Mask = NDArray[np.bool_]

PAPER = 0.80
"""Reflectance that white label paper usually has (79 % in the sample print of Honeywell's PX940 guide)."""
NOTE = "手机照片估计，不是校准的检测仪：反射率以纸白约 80 % 折算，未按规定孔径和光源测量。"
LETTERS = "FDCBA"


@dataclass(frozen=True, slots=True)
class Scale:
    """Limits of the grades 4, 3, 2, 1 of one parameter, whether more is better, and where they come from."""

    limits: tuple[float, float, float, float]
    more: bool
    source: str

    def grade(self, value: float) -> int:
        for grade, bound in zip((4, 3, 2, 1), self.limits, strict=True):
            if (value >= bound) if self.more else (value <= bound):
                return grade
        return 0


SCALES = {
    "SC": Scale((0.70, 0.55, 0.40, 0.20), True, "ISO/IEC 15415:2011; barcode-test.com, Keyence"),
    "MOD": Scale((0.50, 0.40, 0.30, 0.20), True, "ISO/IEC 15415:2011; Keyence SR-750 p. 22, GS1 2D guideline"),
    "ANU": Scale((0.06, 0.08, 0.10, 0.12), False, "ISO/IEC 15415:2011; Keyence SR-750 p. 22"),
    "GNU": Scale((0.38, 0.50, 0.63, 0.75), False, "ISO/IEC 15415:2011; Keyence SR-750 p. 22"),
    "UEC": Scale((0.62, 0.50, 0.37, 0.25), True, "ISO/IEC 15415:2011; GS1 2D guideline"),
    "finder": Scale((0, 1, 2, 3), False, "module errors of segments A1–A3; names CVB, Matrox; limits unconfirmed"),
    "timing": Scale((0.0, 0.07, 0.11, 0.14), False, "share of wrong modules of segment B; limits unconfirmed"),
    "alignment": Scale((0.0, 0.10, 0.20, 0.30), False, "share of wrong modules of segment C; limits unconfirmed"),
    "border": Scale((0.0, 0.09, 0.17, 0.25), False, "Data Matrix: share of wrong modules of the L and the clock track"),
}  # fmt: skip


def grade(
    rgb: NDArray[np.uint8],
    grid: Grid,
    symbol: Symbol,
    *,
    measured: Print | None = None,
    sides_mm: tuple[float, float] | None = None,
) -> dict[str, Any]:
    """Grade one code of an H×W×3 photo.

    ``measured`` gives grid non-uniformity and print growth, ``sides_mm`` (width and height of the symbol on the sheet)
    axial non-uniformity; without them these are left out. Answers plain JSON data: ``overall`` A…F, ``value`` 4.0…0.0,
    ``parameters`` by their usual abbreviations with ``value`` and ``grade`` each, ``note``.
    """
    level = _reflectance(rgb, grid)
    modules = level[1:-1, 1:-1]
    # 15415:2024 takes the extremes of one per cent, so one speck decides nothing
    darkest, brightest = (float(v) for v in np.percentile(modules, [1, 99]))
    contrast = max(brightest - darkest, 1e-6)
    threshold = (brightest + darkest) / 2
    modulation = 2 * np.abs(modules - threshold) / contrast
    right = (modules < threshold) == grid.ideal
    parameters: dict[str, dict[str, Any]] = {
        "DECODE": {"value": bool(symbol.text and symbol.readers), "grade": 4 if symbol.text and symbol.readers else 0},
        "SC": _graded("SC", contrast),
    }
    for name, margin in (("MOD", modulation), ("RM", np.where(right, modulation, 0.0))):
        parameters[name] = _by_codewords(margin, symbol)
    parameters["FPD"] = _fixed_patterns(level < threshold, grid, symbol)
    if sides_mm is not None and grid.rows == grid.columns:
        x, y = sides_mm
        parameters["ANU"] = _graded("ANU", abs(x - y) / ((x + y) / 2))
    if measured is not None:
        # farthest module from an even grid: the surface's bend, and two deviations of uneven rows
        parameters["GNU"] = _graded("GNU", measured.bend + 2 * measured.uneven_grid)
    if symbol.uec is not None:
        parameters["UEC"] = _graded("UEC", symbol.uec)
    value = min(entry["grade"] for entry in parameters.values())
    if measured is not None:  # graded in the edition of 2024 only
        parameters["GROWTH"] = {"value": round(2 * measured.growth, 3), "grade": None}
    return {
        "overall": LETTERS[value], "value": float(value), "parameters": parameters,
        "note": NOTE + _coarse(grid.px_per_module) + _left_out(parameters),
    }  # fmt: skip


def _graded(scale: str, value: float) -> dict[str, Any]:
    return {"value": round(value, 3), "grade": SCALES[scale].grade(value)}


def _coarse(px_per_module: float) -> str:
    """Few pixels blur single modules: the photo's fault, not the print's."""
    return f"每个模块只有 {px_per_module:.1f} 个像素，调制比偏低。" if px_per_module < 5 else ""


def _left_out(parameters: dict[str, dict[str, Any]]) -> str:
    names = {"ANU": "轴向不均匀", "GNU": "网格不均匀", "UEC": "未用纠错"}
    missing = [chinese for name, chinese in names.items() if name not in parameters]
    by_module = "" if parameters["MOD"].get("by") == "codeword" else "调制比按单个模块的第 5 百分位估计。"
    return by_module + (f"未评：{'、'.join(missing)}。" if missing else "")


def _reflectance(rgb: NDArray[np.uint8], grid: Grid) -> Floats:
    """Reflectance of each module and of one ring around the code, (rows + 2)×(columns + 2): the mean of its middle
    0.8, in linear light over the paper's."""
    density = 5
    view = rectify(rgb, grid.to_photo, (-1, -1, grid.columns + 1, grid.rows + 1), density)
    light = linear(view.clip(0, 255).astype(np.uint8))
    luminance = cv2.transform(light, np.array([[0.2126, 0.7152, 0.0722]], np.float32))
    rows, columns = grid.rows + 2, grid.columns + 2
    inner = np.array([0.5, 1, 1, 1, 0.5], np.float32)  # the aperture: four fifths of a module
    across = luminance.reshape(rows * density, columns, density) @ inner
    cells = np.einsum("rdc,d->rc", across.reshape(rows, density, columns), inner) / inner.sum() ** 2
    return np.asarray(cells * PAPER / _paper(cells, grid), np.float64)


def _paper(cells: Floats, grid: Grid) -> Floats:
    """The paper's own light under each module: a plane through the light modules, dark ones and marks left out."""
    light = ~np.pad(grid.ideal, 1)
    y, x = np.nonzero(light)
    value = cells[light]
    basis = np.stack([np.ones(len(x)), x / cells.shape[1] - 0.5, y / cells.shape[0] - 0.5], axis=1)
    keep = value >= np.median(value)
    solved: Floats = np.zeros(3)
    for _ in range(3):
        solved, *_ = np.linalg.lstsq(basis[keep], value[keep], rcond=None)
        keep = value > 0.9 * (basis @ solved)
        if keep.sum() < 8:
            break
    down, across = np.mgrid[0 : cells.shape[0], 0 : cells.shape[1]]
    plane = solved[0] + solved[1] * (across / cells.shape[1] - 0.5) + solved[2] * (down / cells.shape[0] - 0.5)
    return np.asarray(np.maximum(plane, 1e-3), np.float64)


# --- modulation by codewords ------------------------------------------------------------------------------------------


def _by_codewords(margin: Floats, symbol: Symbol) -> dict[str, Any]:
    """Modulation of a QR by the rule of 15415: for each grade, codewords below it count as errors, the error
    correction left then limits the grade; the best of these holds. Other symbols: the 5th percentile of modules."""
    blocks = _blocks(symbol.version, symbol.level) if symbol.symbology == "QRCode" else None
    if blocks is None or symbol.version is None or margin.shape[0] != 17 + 4 * symbol.version:
        return _graded("MOD", float(np.percentile(margin, 5)))
    block, capacity = blocks
    order = _zigzag(symbol.version)
    bits = margin[order[:, 0], order[:, 1]][: 8 * len(block)].reshape(-1, 8)
    lowest = bits.min(axis=1)
    grades = np.array([SCALES["MOD"].grade(float(value)) for value in lowest])
    best = 0
    for wanted in (4, 3, 2, 1):
        errors = np.bincount(block[grades < wanted], minlength=len(capacity))
        unused = float((1 - 2 * errors / capacity).min())
        best = max(best, min(wanted, SCALES["UEC"].grade(unused)))
    return {"value": round(float(np.percentile(lowest, 5)), 3), "grade": best, "by": "codeword"}


_LEVELS = {"L": segno.consts.ERROR_LEVEL_L, "M": segno.consts.ERROR_LEVEL_M, "Q": segno.consts.ERROR_LEVEL_Q,
           "H": segno.consts.ERROR_LEVEL_H}  # fmt: skip


@lru_cache(maxsize=16)
def _blocks(version: int | None, level: str | None) -> tuple[NDArray[np.int64], NDArray[np.float64]] | None:
    """The block of each codeword in the order it is placed, and each block's check codewords."""
    if version is None or level not in _LEVELS:
        return None
    shapes = [(b.num_data, b.num_total) for b in segno.consts.ECC[version][_LEVELS[level]] for _ in range(b.num_blocks)]
    longest = max(data for data, _ in shapes)
    order = [i for at in range(longest) for i, (data, _) in enumerate(shapes) if at < data]
    order += [i for _ in range(shapes[0][1] - shapes[0][0]) for i in range(len(shapes))]
    return np.array(order, np.int64), np.array([total - data for data, total in shapes], np.float64)


@lru_cache(maxsize=16)
def _zigzag(version: int) -> NDArray[np.int64]:
    """Row and column of each data module in the order codewords fill them (ISO/IEC 18004, 7.7.3)."""
    size = 17 + 4 * version
    free = ~_functional(version)
    places = []
    upward = True
    right = size - 1
    while right > 0:
        if right == 6:  # the upright timing pattern takes a column of its own
            right -= 1
        for row in range(size - 1, -1, -1) if upward else range(size):
            places += [(row, column) for column in (right, right - 1) if free[row, column]]
        upward = not upward
        right -= 2
    return np.array(places, np.int64)


def _functional(version: int) -> Mask:
    """Modules of a QR that carry no codewords."""
    size = 17 + 4 * version
    taken = np.zeros((size, size), np.bool_)
    taken[:9, :9] = taken[:9, -8:] = taken[-8:, :9] = True
    taken[6] = taken[:, 6] = True
    for row, column in _alignment(version):
        taken[row - 2 : row + 3, column - 2 : column + 3] = True
    if version >= 7:
        taken[:6, -11:-8] = taken[-11:-8, :6] = True
    return taken


def _alignment(version: int) -> Sequence[tuple[int, int]]:
    """Centres of the alignment patterns."""
    if version < 2:
        return ()
    at, last = segno.consts.ALIGNMENT_POS[version - 2], 10 + 4 * version
    corners = {(6, 6), (6, last), (last, 6)}
    return [(row, column) for row in at for column in at if (row, column) not in corners]


# --- fixed patterns ---------------------------------------------------------------------------------------------------


def _fixed_patterns(dark: Mask, grid: Grid, symbol: Symbol) -> dict[str, Any]:
    """Fixed pattern damage: ``dark`` is what was seen, with a ring of one module around the code."""
    wrong = dark != np.pad(grid.ideal, 1)
    if symbol.symbology != "QRCode" or symbol.version is None or grid.rows != 17 + 4 * symbol.version:
        rim = np.concatenate([wrong[1, 1:-1], wrong[-2, 1:-1], wrong[2:-2, 1], wrong[2:-2, -2]])
        return _segments({"border": float(rim.mean())})
    inner, size = wrong[1:-1, 1:-1], grid.rows
    # finder, separator and the nearest of the quiet zone: nine modules square in the ringed picture
    segments: dict[str, float] = {
        "A1": float(wrong[:9, :9].sum()), "A2": float(wrong[:9, -9:].sum()), "A3": float(wrong[-9:, :9].sum()),
        "B": float(np.concatenate([inner[6, 8 : size - 8], inner[8 : size - 8, 6]]).mean()),
    }  # fmt: skip
    patterns = [inner[r - 2 : r + 3, c - 2 : c + 3] for r, c in _alignment(symbol.version)]
    if patterns:
        segments["C"] = float(np.mean(patterns))
    return _segments(segments)


_KINDS = {"A": "finder", "B": "timing", "C": "alignment", "b": "border"}


def _segments(values: dict[str, float]) -> dict[str, Any]:
    graded = {name: SCALES[_KINDS[name[0]]].grade(value) for name, value in values.items()}
    lowest = min(graded, key=lambda name: graded[name])
    return {"value": round(values[lowest], 3), "grade": graded[lowest], "segments": graded}
