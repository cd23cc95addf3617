"""Print quality in the code's own grid: contrast, blur, ghost, streak, stain, raggedness, crease, seal, quiet zone.

All levels are linear light divided by the paper's local light, so 1 is paper and the ink is near 0.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inspection.geometry import Floats, project
from inspection.grid import Grid, rectify

Side = str
SIDES: tuple[Side, ...] = ("left", "top", "right", "bottom")

_SRGB = np.array([(v / 255 / 12.92) if v <= 10 else ((v / 255 + 0.055) / 1.055) ** 2.4 for v in range(256)], np.float32)
_QUIET_REACH = 6.5
"""Modules (at least) looked at around the code."""
_MARK = 0.22
"""Darkness, as a share of the ink's, from which something in the quiet zone is a mark."""


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
    stain: float
    missing: float
    wrong_modules: float
    jitter: float
    crease: float
    crease_line: Floats | None
    """Ends of the crease in photo pixels, 2×2."""
    seal_share: float
    glare: bool
    quiet: dict[Side, float]
    """Distance from the symbol to the first mark; as far as was looked at where there is none."""
    quiet_reach: float
    density: float


def measure_print(rgb: NDArray[np.uint8], grid: Grid, quiet_reach: float = 0.0) -> Print:
    """Measure a code that is aligned to the photo; ``quiet_reach`` modules around it are searched for marks."""
    density = int(np.clip(round(grid.px_per_module), 3, 8))
    reach = float(np.ceil(max(_QUIET_REACH, quiet_reach)))
    box = (-reach, -reach, grid.columns + reach, grid.rows + reach)
    colour = rectify(rgb, grid.to_photo, box, density).clip(0, 255).astype(np.uint8)
    level = _relative_light(colour, density)
    border = round(reach * density)
    inner = (slice(border, border + grid.rows * density), slice(border, border + grid.columns * density))
    code = level[inner]
    light, dark, pcs, modulation = _levels(code, grid.ideal, density)
    contrast = max(light - dark, 0.02)
    ink = (light - level) / contrast  # 0 paper, 1 ink
    model, blur, growth = _model(ink, grid.ideal, density, border)
    plain = _plain(grid.ideal, density, border, ink.shape)
    ghost = _ghost((ink - model)[inner], plain[inner], grid.ideal, density)
    ink, bend = _flatten(ink, model, density, border)
    model, blur, growth = _model(ink, grid.ideal, density, border)
    residual = ink - model
    if bend > 0.2:  # on a surface that is truly bent the copy would be the bend's own; else the bend is the copy's
        ghost = min(ghost, _ghost(residual[inner], plain[inner], grid.ideal, density))
    margin = round(2.5 * density)
    window = (
        slice(border - margin, border + grid.rows * density + margin),
        slice(border - margin, border + grid.columns * density + margin),
    )
    crease, crease_line = _crease(residual[window], plain[window], density)
    if crease_line is not None:
        crease_line = project(grid.to_photo, (crease_line + 0.5 - margin) / density)
    stain, missing = _windows(residual[inner], grid.ideal, density)
    chroma = _saturated(colour, plain, np.median(_SRGB[colour[inner][plain[inner]]], axis=0), density)
    near = slice(max(border - density, 0), border + grid.rows * density + density)
    across = slice(max(border - density, 0), border + grid.columns * density + density)
    return Print(
        pcs=pcs, bend=bend, shade=_shade(colour[inner], plain[inner]), modulation=modulation, blur=blur, growth=growth,
        ghost=ghost,
        streak=_streak(residual[inner], grid.ideal, density), stain=stain, missing=missing,
        wrong_modules=_wrong(ink[inner], grid, density),
        jitter=_jitter(residual[inner], grid.ideal, density),
        crease=crease, crease_line=crease_line,
        seal_share=float((chroma & plain)[near, across].sum() / max(plain[near, across].sum(), 1)),
        glare=bool((colour[inner].min(axis=-1) >= 253).mean() > 0.04 and missing > 0.4),
        quiet=_quiet(np.maximum(ink, chroma.astype(np.float64)), density, border, blur), quiet_reach=reach,
        density=float(grid.px_per_module),
    )  # fmt: skip


def _relative_light(colour: NDArray[np.uint8], density: int) -> Floats:
    """Luminance over the paper's own local luminance."""
    linear = _SRGB[colour]
    luminance = linear @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    # The paper: the bright end of cells that are large enough to hold light modules, smoothed by a low polynomial.
    cell = 4 * density
    rows, columns = luminance.shape[0] // cell, luminance.shape[1] // cell
    tiles = luminance[: rows * cell, : columns * cell].reshape(rows, cell, columns, cell).transpose(0, 2, 1, 3)
    bright = np.percentile(tiles.reshape(rows, columns, -1), 92, axis=-1)
    y, x = np.mgrid[0:rows, 0:columns] + 0.5
    x, y = x * cell / luminance.shape[1] * 2 - 1, y * cell / luminance.shape[0] * 2 - 1
    basis = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], -1).reshape(-1, 6)
    value = bright.reshape(-1)
    weight = np.ones_like(value)
    solved = np.zeros(6)
    for _ in range(6):
        solved, *_ = np.linalg.lstsq(basis * weight[:, None], value * weight, rcond=None)
        off = value - basis @ solved
        scale = max(float(np.median(np.abs(off))), 1e-4)
        # cells darker than the surface hold print, a table beyond the sheet or a shadow; they pull far less
        weight = np.where(off < 0, 1 / (1 + (off / scale) ** 2), 1.0)
    yy, xx = np.mgrid[0 : luminance.shape[0], 0 : luminance.shape[1]]
    xx, yy = (xx + 0.5) / luminance.shape[1] * 2 - 1, (yy + 0.5) / luminance.shape[0] * 2 - 1
    surface = np.stack([np.ones_like(xx), xx, yy, xx * xx, xx * yy, yy * yy], -1) @ solved
    surface = np.maximum(surface, 0.25 * float(np.median(value)) + 1e-4)
    return np.asarray(luminance / surface, np.float64)


def _centres(image: Floats, shape: tuple[int, int], density: int) -> Floats:
    """Mean of the middle of each module."""
    rows, columns = shape
    low = (density - 1) // 3
    cells = image.reshape(rows, density, columns, density)
    return np.asarray(cells[:, low : density - low, :, low : density - low].mean(axis=(1, 3)), np.float64)


def _levels(code: Floats, ideal: NDArray[np.bool_], density: int) -> tuple[float, float, float, float]:
    """Level of light and dark, PCS, modulation (R24: from modules whose four neighbours agree, blur spoils others)."""
    centre = _centres(code, ideal.shape, density)
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


def _model(ink: Floats, ideal: NDArray[np.bool_], density: int, border: int) -> tuple[Floats, float, float]:
    """The ideal print as this photo should show it, with its blur (standard deviation) and ink growth in modules."""
    sharp = np.pad(np.kron(ideal, np.ones((density, density), np.bool_)), border).astype(np.float32)
    rim = min(border, 2 * density)
    near = (slice(border - rim, sharp.shape[0] - border + rim), slice(border - rim, sharp.shape[1] - border + rim))
    target, small = ink[near].astype(np.float32), sharp[near]

    def blurred(image: NDArray[np.float32], sigma: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        soft = np.asarray(cv2.GaussianBlur(image, (0, 0), sigma * density), np.float32)
        steep = np.hypot(cv2.Sobel(soft, cv2.CV_32F, 1, 0, scale=0.125), cv2.Sobel(soft, cv2.CV_32F, 0, 1, scale=0.125))
        return soft, np.asarray(steep, np.float32)

    def misfit(sigma: float) -> tuple[float, float, float]:
        soft, steep = blurred(small, sigma)
        off = target - soft
        growth = float((off * steep).sum() / max(float((steep * steep).sum()), 1e-9))
        return float(np.abs(off - growth * steep).mean()), sigma, growth

    _, coarse, _ = min(misfit(sigma) for sigma in (0.08, 0.2, 0.32, 0.44, 0.56, 0.68))
    _, sigma, growth = min(misfit(max(coarse + step, 0.05)) for step in (-0.06, -0.03, 0.0, 0.03, 0.06))
    soft, steep = blurred(sharp, sigma)
    return (soft + growth * steep).astype(np.float64), sigma, growth / density


def _shade(colour: NDArray[np.uint8], plain: NDArray[np.bool_]) -> float:
    low, high = np.percentile(_SRGB[colour[..., 1]][plain], [5, 95])
    return float(high / max(low, 1e-3))


def _flatten(ink: Floats, model: Floats, density: int, border: int) -> tuple[Floats, float]:
    """Take out a gentle bend of the surface: shift the picture onto the model by a field that varies over modules.

    Least squares on the gradients in windows of some five modules, so single borders keep their raggedness. Returns the
    straightened ink and the greatest shift inside the code, in modules.
    """
    image = ink.astype(np.float32)
    height, width = ink.shape
    yy, xx = np.mgrid[0:height, 0:width].astype(np.float32)
    shift_x, shift_y = np.zeros_like(image), np.zeros_like(image)
    gx = cv2.Sobel(model, cv2.CV_64F, 1, 0, scale=0.125)
    gy = cv2.Sobel(model, cv2.CV_64F, 0, 1, scale=0.125)
    sigma = 2.2 * density

    def window(values: Floats) -> Floats:
        return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma), np.float64)

    xx_sum, yy_sum, xy_sum = window(gx * gx), window(gy * gy), window(gx * gy)
    weight = 0.02 * float(np.median(xx_sum[border:-border, border:-border]))  # no gradient, no shift
    determinant = (xx_sum + weight) * (yy_sum + weight) - xy_sum**2
    seen = image
    for _ in range(2):
        off = np.clip(seen - model, -0.6, 0.6)
        ex, ey = window(gx * off), window(gy * off)
        bound = np.float32(0.7 * density)
        shift_x -= (((yy_sum + weight) * ex - xy_sum * ey) / determinant).astype(np.float32)
        shift_y -= (((xx_sum + weight) * ey - xy_sum * ex) / determinant).astype(np.float32)
        shift_x, shift_y = np.clip(shift_x, -bound, bound), np.clip(shift_y, -bound, bound)
        moved = cv2.remap(image, xx + shift_x, yy + shift_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        seen = np.asarray(moved, np.float32)
    inside = (slice(border, -border), slice(border, -border))
    return seen.astype(np.float64), float(np.hypot(shift_x[inside], shift_y[inside]).max() / density)


def _plain(ideal: NDArray[np.bool_], density: int, border: int, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """What should be bare paper: light modules and the surroundings, a sixth of a module away from any ink."""
    dark = np.zeros(shape, np.uint8)
    rows, columns = ideal.shape
    dark[border : border + rows * density, border : border + columns * density] = np.kron(
        ideal, np.ones((density, density), np.bool_)
    )
    reach = max(1, round(0.17 * density))
    return np.asarray(cv2.dilate(dark, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)) == 0, np.bool_)


def _windows(residual: Floats, ideal: NDArray[np.bool_], density: int) -> tuple[float, float]:
    """Worst 3×3-module window: share of its light area that is inked, and of its dark area that lost its ink."""
    dark = np.kron(ideal, np.ones((density, density), np.bool_))
    size = (3 * density, 3 * density)

    def worst(amount: Floats, where: NDArray[np.bool_]) -> float:
        area = cv2.blur(where.astype(np.float64), size, borderType=cv2.BORDER_CONSTANT)
        total = cv2.blur(np.where(where, amount, 0.0), size, borderType=cv2.BORDER_CONSTANT)
        return float(np.where(area > 0.2, total / np.maximum(area, 1e-6), 0).max())

    return worst(np.clip(residual, 0, 1), ~dark), worst(np.clip(-residual, 0, 1), dark)


def _streak(residual: Floats, ideal: NDArray[np.bool_], density: int) -> float:
    """Worst line (a third of a module and wider) straight across the code: mean share of ink its dark modules lost."""
    dark = np.kron(ideal, np.ones((density, density), np.bool_))
    lost = np.where(dark, np.clip(-residual, 0, 1), 0.0)
    wide = max(2, round(density / 3))
    worst = 0.0
    for axis in (0, 1):
        area, total = dark.sum(axis=axis).astype(np.float64), lost.sum(axis=axis)
        area, total = (np.convolve(values, np.ones(wide), "valid") for values in (area, total))
        share = np.where(area > 0.25 * wide * dark.shape[axis], total / np.maximum(area, 1), 0)
        # a streak is one line: what the whole code lacks (uneven ink) is no streak
        worst = max(worst, float(share.max() - np.median(share)))
    return worst


def _wrong(ink: Floats, grid: Grid, density: int) -> float:
    """Share of modules that read opposite to the re-encoded code."""
    if not grid.exact:
        return 0.0
    return float(((_centres(ink, grid.ideal.shape, density) > 0.5) != grid.ideal).mean())


def _jitter(residual: Floats, ideal: NDArray[np.bool_], density: int) -> float:
    """Standard deviation of module borders from the grid, in modules, after the common ink growth is taken off.

    Every pixel row across a border gives the area between border and ideal, hence its displacement.
    """
    deviations = []
    for dark, off in ((ideal, residual), (ideal.T, residual.T)):
        rows, columns = dark.shape
        cells = off.reshape(rows, density, columns * density)
        half = max(density // 2, 1)
        change = dark[:, 1:] != dark[:, :-1]
        # only clean borders: beside them nothing changes again within a module
        same_left = np.pad(dark, ((0, 0), (1, 0)), constant_values=False)[:, :-2] == dark[:, :-1]
        same_right = np.pad(dark, ((0, 0), (0, 1)), constant_values=False)[:, 2:] == dark[:, 1:]
        row, column = np.nonzero(change & (same_left | same_right))
        if not len(row):
            continue
        x = ((column + 1) * density)[:, None] + np.arange(-half, half)
        lanes = range(max(1, density // 4), max(density - density // 4, 2))
        area = np.stack([cells[row[:, None], lane, x].sum(axis=1) for lane in lanes], axis=1) / density
        polarity = dark[row, column]
        for ink_first in (True, False):
            group = area[polarity == ink_first]
            if len(group) > 8:
                deviations.append((group - np.median(group)).reshape(-1))
    if not deviations:
        return 0.0
    every = np.concatenate(deviations)
    return float(1.4826 * np.median(np.abs(every - np.median(every))))


def _ghost(residual: Floats, light: NDArray[np.bool_], ideal: NDArray[np.bool_], density: int) -> float:
    """Strength of a faint copy of the code, shifted by 0.4 to 1.6 modules: how much darker light areas are under it."""
    dark = np.kron(ideal.astype(np.float64), np.ones((density, density)))
    size = [n + 4 * density for n in light.shape]

    def spectrum(image: Floats) -> NDArray[np.complex128]:
        return np.asarray(np.fft.rfft2(image, s=size, axes=(0, 1)))

    copy = spectrum(dark).conj()
    amount = np.where(light, np.clip(residual, -0.5, 1), 0.0)
    covered = np.fft.irfft2(spectrum(light.astype(np.float64)) * copy, s=size, axes=(0, 1))
    under = np.fft.irfft2(spectrum(amount) * copy, s=size, axes=(0, 1))
    total, area = float(amount.sum()), float(light.sum())
    strength = under / np.maximum(covered, 1) - (total - under) / np.maximum(area - covered, 1)
    y = np.fft.fftfreq(size[0]) * size[0] / density
    x = np.fft.fftfreq(size[1]) * size[1] / density
    far = np.hypot(y[:, None], x[None])
    possible = (far >= 0.4) & (far <= 1.6) & (covered > 0.1 * area) & (covered < 0.9 * area)
    return float(max(np.where(possible, strength, 0).max(), 0))


def _crease(residual: Floats, paper: NDArray[np.bool_], density: int) -> tuple[float, Floats | None]:
    """The strongest straight line through the code and the quiet strips on both of its sides.

    Only what should be plain paper is looked at. Returns its strength and its ends (2×2, pixels of ``residual``).
    """
    scale = min(1.0, 4 / density)
    size = (round(residual.shape[1] * scale), round(residual.shape[0] * scale))
    plain = cv2.resize(paper.astype(np.float64), size, interpolation=cv2.INTER_AREA)
    off = cv2.resize(np.where(paper, np.clip(residual, -0.6, 0.6), 0.0), size, interpolation=cv2.INTER_AREA)
    # what is broad (a shadow, a stain) is no line
    broad = cv2.GaussianBlur(off, (0, 0), 10 * scale * density / 4) / np.maximum(
        cv2.GaussianBlur(plain, (0, 0), 10 * scale * density / 4), 0.05
    )
    off = off - broad * plain
    height, width = off.shape
    centre = ((width - 1) / 2, (height - 1) / 2)
    best, line = 0.0, None
    thirds = np.array_split(np.arange(height), 5)
    for degrees in range(0, 180, 3):
        turn = cv2.getRotationMatrix2D(centre, degrees, 1.0)
        moved = cv2.warpAffine(off, turn, (width, height))
        weight = cv2.warpAffine(plain, turn, (width, height))
        inside = cv2.warpAffine(np.ones_like(plain), turn, (width, height))
        along = np.stack([moved[part].sum(axis=0) for part in thirds])
        area = np.stack([weight[part].sum(axis=0) for part in thirds])
        room = np.stack([inside[part].sum(axis=0) for part in thirds])
        along, area = cv2.blur(along, (2, 1)), cv2.blur(area, (2, 1))
        mean = along / np.maximum(area, 1)
        covered = (area > 0.04 * room) & (room > 0.5 * height / 5)
        low = np.where(covered, np.abs(mean), 0).min(axis=0)
        same = (np.sign(mean) == np.sign(mean[0])).all(axis=0)
        strength = np.where(same, low, 0)
        strength[: width // 5] = 0
        strength[-width // 5 :] = 0
        column = int(strength.argmax())
        if strength[column] > best:
            best = float(strength[column])
            back = cv2.invertAffineTransform(turn)
            ends = np.array([[column, 0.0], [column, height - 1.0]])
            line = (ends @ back[:, :2].T + back[:, 2]) / scale
    return best, line


def _saturated(colour: NDArray[np.uint8], plain: NDArray[np.bool_], paper: Floats, density: int) -> NDArray[np.bool_]:
    """Where there is clearly red or blue ink (seals), ``paper`` (linear RGB) taken as white.

    Broad tints are light, not ink: strokes stand out from around.
    """
    white = _SRGB[colour] / np.maximum(paper, 0.02)
    red, green, blue = white[..., 0], white[..., 1], white[..., 2]
    inked = np.zeros(plain.shape, np.bool_)
    sigma = 4.0 * density
    area = np.maximum(cv2.GaussianBlur(plain.astype(np.float32), (0, 0), sigma), 1e-3)
    for excess in (red - np.maximum(green, blue), blue - np.maximum(red, green)):
        around = cv2.GaussianBlur(np.where(plain, excess, 0).astype(np.float32), (0, 0), sigma) / area
        inked |= excess - np.maximum(around, 0) > 0.22
    return np.asarray(inked & (colour.max(axis=-1) > 80), np.bool_)


def _quiet(ink: Floats, density: int, border: int, blur: float) -> dict[Side, float]:
    """Distance in modules from the symbol to the first mark on each side.

    What lies alongside the code belongs to that side; a mark that stands in a corner only, to the side it is farther
    from (the quiet zone is a square ring).
    """
    height, width = ink.shape
    soft = cv2.GaussianBlur(ink, (0, 0), 0.5).astype(np.float64)
    mask = (soft > _MARK).astype(np.uint8)
    y, x = np.mgrid[0:height, 0:width]
    away = {
        "left": border - 0.5 - x, "top": border - 0.5 - y,
        "right": x + 0.5 - (width - border), "bottom": y + 0.5 - (height - border),
    }  # fmt: skip
    farthest = np.maximum.reduce(list(away.values()))
    mask[farthest < (0.35 + 1.2 * blur) * density] = 0
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    small = stats[:, cv2.CC_STAT_AREA] < max(3, 0.12 * density * density)
    mask[small[labels]] = 0
    corner = (np.maximum(away["left"], away["right"]) > 0) & (np.maximum(away["top"], away["bottom"]) > 0)
    alongside = np.zeros(len(stats), np.bool_)
    alongside[np.unique(labels[(mask > 0) & ~corner])] = True
    mask[corner & alongside[labels]] = 0
    quiet = {}
    for side, distance in away.items():
        here = (mask > 0) & (distance >= farthest)
        if not here.any():
            quiet[side] = border / density
            continue
        first = _border_of_mark(soft, here, distance, side in {"top", "bottom"}, density)
        quiet[side] = max(first / density, 0.0)
    return quiet


def _border_of_mark(ink: Floats, here: NDArray[np.bool_], distance: Floats, vertical: bool, density: int) -> float:
    """Where the nearest mark is half as dark as it gets: its border, whatever its own darkness; in pixels."""
    nearest = float(distance[here].min())
    rows, columns = np.nonzero(here & (distance <= nearest + 1.5))
    places = []
    for row, column in list(zip(rows, columns, strict=True))[:60]:
        levels, at = (ink[:, column], distance[:, column]) if vertical else (ink[row], distance[row])
        near = np.abs(at - nearest) <= density
        order = np.argsort(at[near])
        levels, at = levels[near][order], at[near][order]
        start = int(np.searchsorted(at, nearest))
        half = float(levels[start:].max(initial=_MARK)) / 2
        rising = np.nonzero((levels[:-1] <= half) & (levels[1:] > half))[0]
        if not len(rising):
            continue
        first = int(rising[np.abs(rising - start).argmin()])
        places.append(at[first] + (half - levels[first]) / (levels[first + 1] - levels[first]))
    return float(np.median(places)) if places else nearest
