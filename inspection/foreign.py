"""What does not belong on or around a code: seals, text and field lines, creases, marks in the quiet zone
(D.1.1, D.1.2, D.3.2).

Pictures cover the code and ``border`` pixels around it, ``density`` pixels a module; ``plain`` is where bare paper
should be seen. Distances are in pixels here unless said otherwise.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from inspection.geometry import Floats, rectangle

Mask = NDArray[np.bool_]
Image32 = NDArray[np.float32]

_MARK = 0.22
"""Darkness, as a share of the ink's, from which something in the quiet zone is a mark."""
_CHROMA = 0.3
"""Difference of the strongest and weakest colour, as a share of the stronger, from which ink is coloured."""
_DIM = 0.35
"""Share of the paper's light below which colours are noise, and count by this much light instead of their own."""
_FULL = 0.6
"""Share of the bare paper in its box that coloured ink fills where it is a blot; a disc fills 0.79, a ring 0.2."""
_FOREIGN = 0.35
"""Darkness from which something on bare paper within the code counts as printed over it."""
_SPECK = 0.1
"""Square modules: smaller dark spots are no print."""
_TOUCHES = 1.5
"""Modules that a line is said to reach into a code whose ink hides where it ends."""
_DENSE = 0.05
"""Share of the bare paper in its box that print covers; specks of ragged borders all over a code cover less."""


def saturated(light: Image32, plain: Mask, inner: tuple[slice, slice], density: int) -> Mask:
    """Where there is clearly coloured ink (seals), the paper taken as white; ``light`` H×W×3 linear.

    Broad tints are light, not ink: strokes stand out from around.
    """
    # every few pixels tell the paper's colour as well as all
    paper: Floats = np.maximum(np.median(light[inner][plain[inner]][::5], axis=0), 0.02)
    red, green, blue = (channel / np.float32(white) for channel, white in zip(cv2.split(light), paper, strict=True))
    brightest = cv2.max(cv2.max(red, green), blue)
    excess = (brightest - cv2.min(cv2.min(red, green), blue)) / cv2.max(brightest, np.full_like(brightest, _DIM))
    small = (max(light.shape[1] // density, 1), max(light.shape[0] // density, 1))
    area = _soft(_shrunk(plain.astype(np.float32), small), 4.0)
    tint = _soft(_shrunk(np.where(plain, excess, np.float32(0)), small), 4.0) / np.maximum(area, np.float32(1e-3))
    around = cv2.resize(tint, (light.shape[1], light.shape[0]), interpolation=cv2.INTER_LINEAR)
    # on deeply coloured paper the noise of its weakest colour is blown up
    least = _CHROMA * min(float(paper.max() / paper.min()), 2.5)
    inked = ((excess - around > least) & plain).astype(np.uint8)
    return np.asarray(cv2.morphologyEx(inked, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8)) > 0, np.bool_)


def coloured_areas(inked: Mask, plain: Mask, inner: tuple[slice, slice], density: int) -> tuple[float, float]:
    """Coloured ink on the code's bare paper, in square modules: of strokes (a seal, handwriting) and of blots.

    Strokes leave most of the place they take up bare, a blot fills it. Only what touches the code is counted.
    """
    if not inked[inner].any():
        return 0.0, 0.0
    joined = cv2.dilate(inked.astype(np.uint8), np.ones((1 + 2 * density,) * 2, np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    piece = np.where(inked, labels, 0)
    within = np.bincount(piece[inner].ravel(), minlength=count)
    strokes = blots = 0.0
    for index in range(1, count):
        if not within[index]:
            continue
        # the dilation made the box a module wider on every side
        left, top, width, height = (int(v) for v in stats[index, :4])
        box = (slice(top + density, top + height - density), slice(left + density, left + width - density))
        full = (piece[box] == index).sum() / max(plain[box].sum(), 1)
        if full > _FULL:
            blots += float(within[index])
        else:
            strokes += float(within[index])
    return strokes / density**2, blots / density**2


def _shrunk(image: Image32, size: tuple[int, int]) -> Image32:
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.float32)


def _soft(image: Image32, sigma: float) -> Image32:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.float32)


def crease(residual: Image32, plain: Mask, density: int, border: int) -> tuple[float, Floats | None]:
    """The strongest straight line through the code and the quiet strips on both of its sides.

    Only what should be plain paper is looked at. Returns its strength and its ends (2×2, pixels of ``residual``).
    """
    margin = min(round(2.5 * density), border)
    cut = border - margin
    window = (slice(cut, residual.shape[0] - cut), slice(cut, residual.shape[1] - cut))
    scale = 3 / density
    off, paper = np.clip(residual[window], -0.6, 0.6), plain[window]
    size = (round(off.shape[1] * scale), round(off.shape[0] * scale))
    area = _shrunk(paper.astype(np.float32), size)
    off = _shrunk(np.where(paper, off, np.float32(0)), size)
    # what is broad (a shadow, a stain) is no line
    broad, cover = _soft(off, 2.5 * density * scale), _soft(area, 2.5 * density * scale)
    off -= broad / np.maximum(cover, np.float32(0.05)) * area
    height, width = off.shape
    y, x = np.nonzero(area > 0.3)
    off, area = off[y, x], area[y, x]
    px, py = (x - (width - 1) / 2).astype(np.float32), (y - (height - 1) / 2).astype(np.float32)
    half = min(height, width) / 2
    bins, lots = 2 * int(half) + 1, 5
    best, line = 0.0, None
    for degrees in range(0, 180, 3):
        way = np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))], np.float32)
        across = (py * way[0] - px * way[1] + np.float32(half + 0.5)).astype(np.int64)
        along = ((px * way[0] + py * way[1]) * np.float32(lots / (2 * half)) + np.float32(lots / 2)).astype(np.int64)
        place = along * bins + across
        place[(across < 0) | (across >= bins) | (along < 0) | (along >= lots)] = bins * lots
        counts = [np.bincount(place, v, bins * lots + 1)[: bins * lots].reshape(lots, bins) for v in (off, area)]
        total, seen = (v[:, 1:] + v[:, :-1] for v in counts)  # two pixels wide
        mean = total / np.maximum(seen, 1)
        covered = seen > 0.03 * 2 * (2 * half / lots)
        same = (np.sign(mean) == np.sign(mean[0])).all(axis=0)
        strength = np.where(same, np.where(covered, np.abs(mean), 0).min(axis=0), 0)
        strength[: bins // 5] = 0
        strength[-(bins // 5) :] = 0
        where = int(strength.argmax())
        if strength[where] > best:
            best = float(strength[where])
            normal = np.array([-way[1], way[0]]) * (where + 0.5 - half)
            ends = np.stack([normal - way * half, normal + way * half]) + np.array([width - 1, height - 1]) / 2
            line = ends / scale + cut
    return best, line


def overprint(
    residual: Image32, plain: Mask, shape: tuple[int, int], density: int, border: int
) -> tuple[float, Floats | None]:
    """Thin foreign print that runs from outside into the code: how deep it reaches, in modules, and its box (4×2).

    Dark modules and the gaps between characters part it, so pieces up to four modules apart belong together.
    """
    rows, columns = shape
    beyond = min(5 * density, border)
    cut = border - beyond
    window = (slice(cut, residual.shape[0] - cut), slice(cut, residual.shape[1] - cut))
    inked = ((residual[window] > _FOREIGN) & plain[window]).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(inked, connectivity=8)
    inked[(stats[:, cv2.CC_STAT_AREA] < _SPECK * density * density)[labels]] = 0  # ragged borders, dust
    if inked.sum() < 1.0 * density * density:
        return 0.0, None
    joined = cv2.dilate(inked, np.ones((1 + 4 * density,) * 2, np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    labels = np.where(inked > 0, labels, 0)
    y, x = np.nonzero(labels)
    piece = labels[y, x].astype(np.int64)
    # how far inside the code each pixel lies; negative outside
    depth = np.minimum(
        np.minimum(x + 0.5 - beyond, beyond + columns * density - x - 0.5),
        np.minimum(y + 0.5 - beyond, beyond + rows * density - y - 0.5),
    )
    count = len(stats)
    deepest = np.full(count, -np.inf)
    np.maximum.at(deepest, piece, depth)
    outside = np.bincount(piece, depth < 0, minlength=count)
    inside = np.bincount(piece, depth > 0, minlength=count)
    # A line that runs up to the code and on beneath its ink, along a border say, shows outside only.
    nearest, farthest = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(nearest, piece, np.where(depth < 0, -depth, np.inf))
    np.maximum.at(farthest, piece, -depth)
    runs_up = (nearest < 0.8 * density) & (farthest > 2.5 * density) & (outside > density * density)
    deepest = np.where(runs_up, np.maximum(deepest, _TOUCHES * density), deepest)
    within = (outside > 0.3 * density * density) & (inside > 0.5 * density * density) & (deepest > 1.5 * density)
    reaches = runs_up | within
    best, box = 0.0, None
    for index in np.nonzero(reaches)[0]:
        if index and deepest[index] > best:
            mine = piece == index
            low, high = np.array([x[mine].min(), y[mine].min()]), np.array([x[mine].max(), y[mine].max()])
            bare = plain[window][low[1] : high[1] + 1, low[0] : high[0] + 1]
            if mine.sum() < _DENSE * bare.sum():
                continue
            best = float(deepest[index])
            box = rectangle(1, 1) * (high - low) + low + cut
    return best / density, box


def quiet_zone(ink: Image32, density: int, border: int, blur: float) -> dict[str, float]:
    """Distance in modules from the symbol to the first mark on each side.

    What lies alongside the code belongs to that side; a mark that stands in a corner only, to the side it is farther
    from (the quiet zone is a square ring).
    """
    height, width = ink.shape
    soft = np.asarray(cv2.GaussianBlur(ink, (0, 0), 0.5), np.float32)
    mask = (soft > _MARK).astype(np.uint8)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    away = {
        "left": border - 0.5 - x, "top": border - 0.5 - y,
        "right": x + 0.5 - (width - border), "bottom": y + 0.5 - (height - border),
    }  # fmt: skip
    farthest = np.maximum.reduce(list(away.values()))
    mask[farthest < (0.35 + 1.2 * blur) * density] = 0
    quiet = dict.fromkeys(away, border / density)
    if not mask.any():
        return quiet
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    small = stats[:, cv2.CC_STAT_AREA] < max(3, 0.12 * density * density)
    mask[small[labels]] = 0
    corner = (np.maximum(away["left"], away["right"]) > 0) & (np.maximum(away["top"], away["bottom"]) > 0)
    alongside = np.zeros(len(stats), np.bool_)
    alongside[np.unique(labels[(mask > 0) & ~corner])] = True
    mask[corner & alongside[labels]] = 0
    for side, distance in away.items():
        here = (mask > 0) & (distance >= farthest)
        if here.any():
            first = _border_of_mark(soft, here, distance, side in {"top", "bottom"}, density)
            quiet[side] = max(first / density, 0.0)
    return quiet


def _border_of_mark(ink: Image32, here: Mask, distance: Image32, vertical: bool, density: int) -> float:
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
    return float(np.percentile(places, 20)) if places else nearest
