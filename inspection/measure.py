"""Print quality in the code's own grid: what one photo shows of contrast, blur, faults and what lies around a code.

The view is resampled to whole pixels a module. Levels are linear light over the paper's local light, so 1 is paper
and ink is near 0; ``ink`` turns that round and scales it by the contrast, so 0 is paper and 1 ink. What is left after
the ideal print, as this camera would show it, is taken off is the ``residual`` in which faults are sought.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inspection import faults, foreign
from inspection.geometry import Floats, project
from inspection.grid import Grid, rectify
from inspection.light import linear

Side = str
SIDES: tuple[Side, ...] = ("left", "top", "right", "bottom")
Mask = NDArray[np.bool_]
Image32 = NDArray[np.float32]

_QUIET_REACH = 6.5
"""Modules (at least) looked at around the code."""
_DENSITY = (3, 8)
_FADED = 0.1
"""Fading from which it is evened out before faults are sought."""
_INKED = 0.28
"""Share of the paper's light below which something broad is no shadow."""
_BRIGHT = 1.06
"""Light over the paper's own from which a place without ink is a reflection."""
_SPAN = 290
"""Pixels across a code that are enough: many modules need fewer pixels each, their borders average out."""


_MIRRORED, _BRIGHTER, _RIM_MODULES = 0.03, 1.05, 4
"""A reflection is suspected where this share of the paper, the outermost modules aside, is so much brighter than it."""


@dataclass(frozen=True, slots=True)
class Print:
    """What was measured. Lengths in modules unless named otherwise; shares and strengths relative to the contrast."""

    pcs: float
    bend: float
    """How far the surface departs from a plane within the code: greatest shift of the grid, in modules."""
    shade: float
    """How uneven the light is on the code's bare paper: its bright over its dark end (5 % at each end left out)."""
    modulation: float
    """Dark level of single modules relative to solid ones: how far blur has filled the picture; 1 is crisp."""
    blur: float
    growth: float
    ghost: float
    streak: float
    """Width of ink missing along one line straight across the code."""
    stain: float
    missing: float
    scratch: float
    """Strongest slanted line without ink: share of the ink lost along a dozen modules of it."""
    wrong_modules: float
    wrong_count: int
    """Modules that clearly read the other way round and stand alone, not in a stain or a void."""
    jitter: float
    """Scatter of single borders about the grid."""
    uneven_grid: float
    """Scatter of whole rows and columns of borders: modules of unlike sizes."""
    fade: float
    """How much paler the ink is at the palest corner than at the strongest, share."""
    film: float
    """Strength that ink lost under a patch with a clear rim, share of the contrast."""
    film_is_light: bool
    """The patch lifts the paper as much as the ink: a reflection, not a coating."""
    crease: float
    crease_line: Floats | None
    """Ends of the crease in photo pixels, 2×2."""
    seal_area: float
    """Coloured strokes on the code, in square modules of its bare paper."""
    blot_area: float
    """Coloured blots there, likewise."""
    overprint: float
    """How deep thin foreign print (text, a field's line) reaches into the code; 1.5 where it just runs up to it."""
    overprint_box: Floats | None
    """Its corners in photo pixels, 4×2."""
    glare: bool
    mirrored: bool
    """Some paper is brighter than the rest: a lamp's reflection, or the rest is greyed by a second print."""
    quiet: dict[Side, float]
    """Distance from the symbol to the first mark; as far as was looked at where there is none."""
    quiet_reach: float
    density: float


def measure_print(rgb: NDArray[np.uint8], grid: Grid, quiet_reach: float = 0.0) -> Print:
    """Measure a code that is aligned to the photo; ``quiet_reach`` modules around it are searched for marks."""
    density = _density(grid)
    reach = float(np.ceil(max(_QUIET_REACH, quiet_reach)))
    box = (-reach, -reach, grid.columns + reach, grid.rows + reach)
    colour = rectify(rgb, grid.to_photo, box, density).clip(0, 255).astype(np.uint8)
    border = round(reach * density)
    inner = (slice(border, border + grid.rows * density), slice(border, border + grid.columns * density))
    light_rgb = linear(colour)
    plain = _plain(grid.ideal, density, border, colour.shape[:2])
    level = _without_shadow(_relative_light(light_rgb, density), plain, density)
    mirrored = _mirrored(level, plain, density) > _MIRRORED
    light, dark, pcs, modulation = _levels(level[inner], grid.ideal, density)
    ink = ((light - level) / max(light - dark, 0.02)).astype(np.float32)  # 0 paper, 1 ink
    model, blur, growth = _model(ink, grid.ideal, density, border)
    tone = faults.ink_tone(ink[inner], model[inner], grid.ideal, density)
    if tone.fade > _FADED:  # with the fading evened out, it neither bends the grid nor looks like missing ink
        ink = ink / tone.field(ink.shape, border)
        model, blur, growth = _model(ink, grid.ideal, density, border)
    ink, bend = _flatten(ink, model, grid.ideal.shape, density, border)
    if bend > 0.05:
        model, blur, growth = _model(ink, grid.ideal, density, border)
    residual = ink - model
    solid = np.kron(grid.ideal, np.ones((density, density), np.bool_))
    wrong_modules, alone = faults.wrong_modules(ink[inner], residual[inner], grid, density)
    slant, streak = faults.lost_lines(residual[inner], solid, density)
    if not grid.exact:
        streak = max(streak, faults.blank_lines(grid.ideal))
    if alone.any():  # single wrong modules are no stains or voids
        whole = cv2.dilate(
            np.kron(alone, np.ones((density, density), np.bool_)).astype(np.uint8), np.ones((1 + density // 2,) * 2)
        )
        residual[inner][whole > 0] = 0
    stain, missing, instead = faults.windows(residual[inner], level[inner], solid, density)
    jitter, uneven_grid = faults.borders(residual[inner], grid.ideal, density)
    film, film_is_light = faults.film(ink[inner], model[inner], grid.ideal, density)
    chroma = foreign.saturated(light_rgb, plain, inner, density)
    strokes, blots = foreign.coloured_areas(chroma, plain, inner, density)
    clipped = float((colour[inner].min(axis=-1) >= 253).mean())
    glare = (film_is_light and film > 0.1) or (missing > 0.3 and (clipped > 0.04 or instead > _BRIGHT))
    crease, crease_line = foreign.crease(residual, plain, density, border)
    overprint, overprint_box = foreign.overprint(residual, plain, grid.ideal.shape, density, border)

    def on_photo(points: Floats | None) -> Floats | None:
        return None if points is None else project(grid.to_photo, (points + 0.5) / density - reach)

    return Print(
        pcs=pcs, bend=bend, shade=_shade(light_rgb[inner], plain[inner]), modulation=modulation, blur=blur,
        growth=growth, ghost=faults.ghost(residual[inner], grid.ideal, density, blur), streak=streak, stain=stain,
        missing=missing, scratch=slant, wrong_modules=wrong_modules, wrong_count=int(alone.sum()), jitter=jitter,
        uneven_grid=uneven_grid, fade=tone.fade, film=film, film_is_light=film_is_light, crease=crease,
        crease_line=on_photo(crease_line),
        seal_area=strokes, blot_area=blots,
        overprint=overprint, overprint_box=on_photo(overprint_box),
        glare=glare, mirrored=mirrored,
        quiet=foreign.quiet_zone(np.maximum(ink, chroma.astype(np.float32)), density, border, blur),
        quiet_reach=reach, density=float(grid.px_per_module),
    )  # fmt: skip


def _density(grid: Grid) -> int:
    least, most = _DENSITY
    enough = max(5, _SPAN // max(grid.rows, grid.columns))
    return int(np.clip(round(grid.px_per_module), least, min(most, enough)))


def _relative_light(light: Image32, density: int) -> Image32:
    """Luminance over the paper's own local luminance: a low polynomial through the bright end of the neighbourhood."""
    luminance = cv2.transform(light, np.array([[0.2126, 0.7152, 0.0722]], np.float32))
    cell = 4 * density  # large enough to hold light modules
    rows, columns = luminance.shape[0] // cell, luminance.shape[1] // cell
    tiles = luminance[: rows * cell, : columns * cell].reshape(rows, cell, columns, cell).transpose(0, 2, 1, 3)
    bright_end = int(0.92 * cell * cell)
    bright = np.partition(tiles.reshape(rows, columns, -1), bright_end, axis=-1)[..., bright_end]
    y, x = np.mgrid[0:rows, 0:columns] + 0.5
    x, y = x * cell / luminance.shape[1] * 2 - 1, y * cell / luminance.shape[0] * 2 - 1
    basis = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], -1).reshape(-1, 6)
    value = bright.reshape(-1).astype(np.float64)
    weight = np.ones_like(value)
    solved: Floats = np.zeros(6)
    for _ in range(6):
        solved, *_ = np.linalg.lstsq(basis * weight[:, None], value * weight, rcond=None)
        off = value - basis @ solved
        scale = max(float(np.median(np.abs(off))), 1e-4)
        # cells darker than the surface hold print, a table beyond the sheet or a shadow; they pull far less
        weight = np.where(off < 0, 1 / (1 + (off / scale) ** 2), 1.0)
    a, b, c, d, e, f = solved.astype(np.float32)
    yy = ((np.arange(luminance.shape[0], dtype=np.float32) + 0.5) / luminance.shape[0] * 2 - 1)[:, None]
    xx = ((np.arange(luminance.shape[1], dtype=np.float32) + 0.5) / luminance.shape[1] * 2 - 1)[None]
    surface = (a + b * xx + d * xx * xx) + (c * yy + f * yy * yy) + e * xx * yy
    return np.asarray(luminance / np.maximum(surface, 0.25 * float(np.median(value)) + 1e-4), np.float32)


def _mirrored(level: Image32, plain: Mask, density: int) -> float:
    """Share of the bare paper that is brighter than paper: a lamp mirrored by a glossy surface. No print does that.

    Over windows of three modules, so that noise and the rims of modules do not count.
    """
    paper, area = _paper_by_module(level, plain, density)
    window = np.ones((3, 3), np.float32)
    total = cv2.filter2D(paper * area, -1, window, borderType=cv2.BORDER_CONSTANT)
    bare = cv2.filter2D(area, -1, window, borderType=cv2.BORDER_CONSTANT)
    within = (slice(_RIM_MODULES, -_RIM_MODULES), slice(_RIM_MODULES, -_RIM_MODULES))
    seen = (total / np.maximum(bare, 1e-3))[within][bare[within] > 1.0]
    return float((seen > _BRIGHTER * np.median(seen)).mean()) if seen.size else 0.0


def _paper_by_module(level: Image32, plain: Mask, density: int) -> tuple[Image32, Image32]:
    """Mean level of the bare paper in each module (0 where there is little), and how much of it is bare, 0…1."""
    size = (level.shape[1] // density, level.shape[0] // density)
    area = cv2.resize(plain.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    total = cv2.resize(np.where(plain, level, np.float32(0)), size, interpolation=cv2.INTER_AREA)
    paper = np.where(area > 0.12, total / np.maximum(area, 1e-3), 0)
    return paper.astype(np.float32), np.where(area > 0.12, area, 0).astype(np.float32)


def _without_shadow(level: Image32, plain: Mask, density: int) -> Image32:
    """Take out what darkens paper broadly and with a rim, a shadow, which no low polynomial follows.

    A closing over seven modules keeps half-planes and wide bands and drops stains, text, lines and folds; what is as
    dark as ink is print or the table.
    """
    paper, _ = _paper_by_module(level, plain, density)
    closed = cv2.morphologyEx(paper, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))
    bright = float(np.median(closed[closed >= np.median(closed)]))
    closed = np.where(closed < _INKED * bright, bright, np.minimum(closed, bright)).astype(np.float32)
    if closed.min() > 0.85 * bright:
        return level
    shade = cv2.resize(cv2.GaussianBlur(closed, (0, 0), 0.7), level.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(level * (bright / shade), np.float32)


def _levels(code: Image32, ideal: Mask, density: int) -> tuple[float, float, float, float]:
    """Level of light and dark, PCS, modulation (R24: from modules whose four neighbours agree, blur spoils others)."""
    centre = faults.centres(code, ideal.shape, density)
    framed = np.pad(ideal, 1)
    agree = np.ones_like(ideal)
    for dy, dx in ((0, 1), (2, 1), (1, 0), (1, 2)):
        agree &= framed[dy : dy + ideal.shape[0], dx : dx + ideal.shape[1]] == ideal
    lights, darks = centre[~ideal & agree], centre[ideal & agree]
    light = float(np.median(lights)) if len(lights) >= 3 else float(np.percentile(centre, 95))
    dark = float(np.median(darks)) if len(darks) >= 3 else float(np.percentile(centre, 5))
    pcs = (light - dark) / max(light, 1e-6)
    lonely = centre[ideal & ~agree]
    modulation = (light - float(np.median(lonely))) / max(light - dark, 1e-6) if len(lonely) else 1.0
    return light, dark, float(np.clip(pcs, 0, 1)), float(np.clip(modulation, 0, 1.2))


def _model(ink: Image32, ideal: Mask, density: int, border: int) -> tuple[Image32, float, float]:
    """The ideal print as this photo should show it, with its blur (standard deviation) and ink growth in modules."""
    sharp = np.pad(np.kron(ideal, np.ones((density, density), np.bool_)), border).astype(np.float32)
    rim = min(border, density)
    near = (slice(border - rim, sharp.shape[0] - border + rim), slice(border - rim, sharp.shape[1] - border + rim))
    target, small = ink[near], sharp[near]

    def blurred(image: Image32, sigma: float) -> tuple[Image32, Image32]:
        soft = np.asarray(cv2.GaussianBlur(image, (0, 0), sigma * density), np.float32)
        across, down = cv2.Sobel(soft, cv2.CV_32F, 1, 0, scale=0.125), cv2.Sobel(soft, cv2.CV_32F, 0, 1, scale=0.125)
        return soft, np.asarray(cv2.magnitude(across, down), np.float32)

    tried: dict[float, tuple[float, float]] = {}

    def misfit(sigma: float) -> float:
        if sigma not in tried:
            soft, steep = blurred(small, sigma)
            off = target - soft
            growth = float(np.vdot(off, steep)) / max(float(np.vdot(steep, steep)), 1e-9)
            tried[sigma] = float(cv2.norm(off, growth * steep, cv2.NORM_L1)), growth
        return tried[sigma][0]

    ladder = (0.08, 0.14, 0.2, 0.26, 0.32, 0.38, 0.44, 0.5, 0.56, 0.62, 0.68, 0.74)
    low, high = 0, len(ladder) - 1
    while low < high:  # the misfit has one dip
        middle = (low + high) // 2
        if misfit(ladder[middle]) <= misfit(ladder[middle + 1]):
            high = middle
        else:
            low = middle + 1
    sigma = ladder[low]
    if 0 < low < len(ladder) - 1:  # the dip of a parabola through three
        before, at, after = (misfit(ladder[low + step]) for step in (-1, 0, 1))
        bow = before - 2 * at + after
        sigma += 0.06 * float(np.clip(0.5 * (before - after) / bow if bow > 0 else 0.0, -0.5, 0.5))
    misfit(sigma)
    growth = tried[sigma][1]
    soft, steep = blurred(sharp, sigma)
    return soft + np.float32(growth) * steep, sigma, growth / density


def _shade(light: Image32, plain: Mask) -> float:
    low, high = np.percentile(light[..., 1][plain][::3], [5, 95])
    return float(high / max(low, 1e-3))


def _flatten(ink: Image32, model: Image32, shape: tuple[int, int], density: int, border: int) -> tuple[Image32, float]:
    """Take out a gentle bend of the surface: shift the picture onto the model by cubic polynomials over the code.

    So smooth a shift follows bow and lens, and leaves rows of unlike height, a ghost or ragged borders to be seen.
    Least squares on the gradients, summed up by module. Returns the straightened ink and the greatest shift inside
    the code, in modules.
    """
    rows, columns = shape
    inside = (slice(border, border + rows * density), slice(border, border + columns * density))
    target = model[inside]
    gx = cv2.Sobel(model, cv2.CV_32F, 1, 0, scale=0.125)[inside]
    gy = cv2.Sobel(model, cv2.CV_32F, 0, 1, scale=0.125)[inside]

    def by_module(values: NDArray[np.floating]) -> Floats:
        summed = cv2.resize(np.asarray(values, np.float32), (columns, rows), interpolation=cv2.INTER_AREA)
        return summed.reshape(-1).astype(np.float64)

    cells_x, cells_y = _powers((np.arange(columns) + 0.5) / columns), _powers((np.arange(rows) + 0.5) / rows)
    cells = np.stack([np.outer(cells_y[:, j], cells_x[:, i]).ravel() for i, j in _CUBIC], axis=1)
    xx, yy, xy = by_module(gx * gx), by_module(gy * gy), by_module(gx * gy)
    cross = (cells * xy[:, None]).T @ cells
    system = np.block([[(cells * xx[:, None]).T @ cells, cross], [cross, (cells * yy[:, None]).T @ cells]])
    system += 1e-4 * np.trace(system) / len(system) * np.eye(len(system))
    height, width = ink.shape
    fine_x = _powers(np.clip((np.arange(width) + 0.5 - border) / (columns * density), -0.05, 1.05))
    fine_y = _powers(np.clip((np.arange(height) + 0.5 - border) / (rows * density), -0.05, 1.05))

    def field(coefficients: Floats) -> Image32:
        matrix = np.zeros((4, 4))
        for (i, j), value in zip(_CUBIC, coefficients, strict=True):
            matrix[j, i] = value
        bound = 0.7 * density
        return np.asarray(np.clip(fine_y @ matrix @ fine_x.T, -bound, bound), np.float32)

    yy_px, xx_px = np.mgrid[0:height, 0:width].astype(np.float32)
    shift = np.zeros(2 * cells.shape[1])
    seen, shift_x, shift_y = ink, np.zeros_like(ink), np.zeros_like(ink)
    for _ in range(2):
        off = np.clip(seen[inside] - target, -0.6, 0.6)
        right = np.concatenate([cells.T @ by_module(gx * off), cells.T @ by_module(gy * off)])
        shift = shift - np.linalg.solve(system, right)
        shift_x, shift_y = field(shift[: len(_CUBIC)]), field(shift[len(_CUBIC) :])
        if max(np.abs(shift_x).max(), np.abs(shift_y).max()) < 0.05:
            return ink, float(np.hypot(shift_x[inside], shift_y[inside]).max() / density)
        moved = cv2.remap(ink, xx_px + shift_x, yy_px + shift_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        seen = np.asarray(moved, np.float32)
    return seen, float(np.hypot(shift_x[inside], shift_y[inside]).max() / density)


_CUBIC = tuple((i, j) for i in range(4) for j in range(4 - i))
"""Powers of x and y whose product is at most of the third degree."""


def _powers(share: Floats) -> Floats:
    """Powers 0…3 of a place along the code, 0…1 taken as −1…1; N×4."""
    return np.stack([(2 * share - 1) ** k for k in range(4)], axis=-1)


def _plain(ideal: Mask, density: int, border: int, shape: tuple[int, ...]) -> Mask:
    """What should be bare paper: light modules and the surroundings, a sixth of a module away from any ink."""
    dark = np.zeros(shape, np.uint8)
    rows, columns = ideal.shape
    dark[border : border + rows * density, border : border + columns * density] = np.kron(
        ideal, np.ones((density, density), np.bool_)
    )
    reach = max(1, round(0.17 * density))
    return np.asarray(cv2.dilate(dark, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)) == 0, np.bool_)
