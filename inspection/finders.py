"""Finder patterns of QR codes, and the threes of them that may belong to one code.

The readers give up a code when one of its own steps fails (a finder pattern broken by glare, a version misread on a bent
label). Here the patterns are only located; what they hold is found out by :mod:`inspection.regrid`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from inspection.geometry import Floats

Gray = NDArray[np.uint8]

_LIGHT_WINDOW = 9
"""Cells of eight pixels over which light and dark are looked for: a finder pattern's core must fit with room to spare."""
_LEAST_CONTRAST = 10
"""Grey levels between paper and ink below which a place counts as empty."""


@dataclass(frozen=True, slots=True)
class Finder:
    """A finder pattern: middle in pixels, width of a module along the rows and columns of the picture (pixels)."""

    x: float
    y: float
    module: float
    inverted: bool
    """Light on dark."""


@dataclass(frozen=True, slots=True)
class Trio:
    """Three finder patterns that may belong to one code; ``middles`` 3×2 pixels: top left, top right, bottom left."""

    middles: Floats
    module: float
    inverted: bool
    penalty: float
    """How far the three are from a square of equal patterns, 0 = not at all."""


def even_light(gray: Gray, least: float = _LEAST_CONTRAST) -> Gray:
    """Stretch the grey levels between the local dark and light: shadows and veils go, a threshold of 128 is left."""
    small = cv2.resize(gray, (max(gray.shape[1] // 8, 1), max(gray.shape[0] // 8, 1)), interpolation=cv2.INTER_AREA)
    kernel = np.ones((_LIGHT_WINDOW, _LIGHT_WINDOW), np.uint8)
    size = (_LIGHT_WINDOW, _LIGHT_WINDOW)
    high = cv2.blur(cv2.dilate(small, kernel).astype(np.float32), size)
    low = cv2.blur(cv2.erode(small, kernel).astype(np.float32), size)
    gain = 240 / np.maximum(high - low, least)
    shift = 128 - (high + low) / 2 * gain
    whole = (gray.shape[1], gray.shape[0])
    stretched = cv2.resize(gain, whole) * gray
    stretched += cv2.resize(shift, whole)
    return cv2.convertScaleAbs(np.maximum(stretched, 0, out=stretched)).astype(np.uint8, copy=False)


def find_finders(even: Gray) -> list[Finder]:
    """Places where rows and columns both run 1:1:3:1:1; ``even`` as :func:`even_light` leaves it, H×W."""
    dark = even < 128
    rows, columns = _crossings(dark), _crossings(np.ascontiguousarray(dark.T))
    found = []
    for inverted in (False, True):
        across = rows[rows[:, 3] == inverted]
        down = columns[columns[:, 3] == inverted]
        if len(across) < 3 or len(down) < 3:
            continue
        across_map, down_map = np.zeros(even.shape, np.uint8), np.zeros(even.shape, np.uint8)
        _paint(across_map, across[:, 1], across[:, 0], across[:, 2], upright=False)
        _paint(down_map, down[:, 0], down[:, 1], down[:, 2], upright=True)
        count, labels, stats, middles = cv2.connectedComponentsWithStats(across_map & down_map, connectivity=8)
        if count < 2:
            continue
        size: dict[int, list[float]] = {}
        for hits, (x, y) in ((across, (1, 0)), (down, (0, 1))):
            at = labels[hits[:, y].astype(int), hits[:, x].astype(int)]
            for label, module in zip(at.tolist(), hits[:, 2].tolist(), strict=True):
                if label:
                    size.setdefault(label, []).append(module)
        for label, modules in size.items():
            module = float(np.median(modules))
            if stats[label, cv2.CC_STAT_AREA] >= max(0.6 * module * module, 2):
                found.append(Finder(float(middles[label, 0]), float(middles[label, 1]), module, inverted))
    return _apart(found)


def _apart(found: list[Finder]) -> list[Finder]:
    """A scratched pattern is met in pieces: of those closer than its core is wide the one nearest their middle stays."""
    if len(found) < 2:
        return found
    places = np.array([(f.x, f.y) for f in found])
    reach = 1.5 * np.array([f.module for f in found])
    kept: list[Finder] = []
    left = np.ones(len(found), np.bool_)
    for i in range(len(found)):
        if left[i]:
            near = left & (np.hypot(*(places - places[i]).T) < np.maximum(reach, reach[i]))
            left &= ~near
            middle = places[near].mean(0)
            kept.append(replace(found[i], x=float(middle[0]), y=float(middle[1]), module=float(reach[near].mean() / 1.5)))
    return kept


def _crossings(dark: NDArray[np.bool_]) -> Floats:
    """Runs 1:1:3:1:1 along the rows: N×4 (row, middle, module, 1 where light on dark)."""
    height, width = dark.shape
    padded = np.full((height, width + 1), 2, np.uint8)
    padded[:, :width] = dark
    flat = padded.ravel()
    starts = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    if len(starts) < 7:
        return np.zeros((0, 4))
    runs = np.diff(starts).astype(np.float32)
    colour = flat[starts[:-1]]
    core = runs[2:-2]
    # The core is compared first: it rules out most runs at the price of one comparison.
    ring = runs[:-4] + runs[1:-3] + runs[3:-1] + runs[4:]
    maybe = np.flatnonzero((core > 0.45 * ring) & (core < 1.15 * ring) & (core >= 3))
    five = np.stack([runs[maybe + k] for k in range(5)], 1)
    module = five.sum(1) / 7
    off = np.abs(five - module[:, None] * np.array([1, 1, 3, 1, 1], np.float32))
    slack = np.maximum(module * 0.65, 0.8)[:, None] * np.array([1, 1, 1.35, 1, 1], np.float32)
    shades = colour[maybe]
    inside = (colour[maybe + 1] != 2) & (colour[maybe + 2] != 2) & (colour[maybe + 3] != 2) & (shades != 2)
    keep = (off < slack).all(1) & inside & (colour[maybe + 4] != 2)
    maybe, module, shades = maybe[keep], module[keep], shades[keep]
    first = starts[maybe + 2]
    middle = first % (width + 1) + (runs[maybe + 2] - 1) / 2
    return np.stack([first // (width + 1), middle, module, 1 - shades], 1).astype(np.float64)


def _paint(target: Gray, x: Floats, y: Floats, module: Floats, *, upright: bool) -> None:
    """Draw each crossing's middle two modules as a line across its own direction's middle."""
    reach = np.maximum(module, 1)
    zero = np.zeros_like(reach)
    dx, dy = (zero, reach) if upright else (reach, zero)
    ends = np.stack([np.stack([x - dx, y - dy], 1), np.stack([x + dx, y + dy], 1)], 1)
    cv2.polylines(target, list(np.rint(ends).astype(np.int32)), isClosed=False, color=255)


def find_trios(finders: list[Finder], most: int = 40) -> list[Trio]:
    """The most plausible threes, best first; each three of patterns at most once."""
    trios: list[Trio] = []
    for inverted in (False, True):
        group = [f for f in finders if f.inverted == inverted]
        if len(group) >= 3:
            trios += _trios(group, inverted=inverted)
    trios.sort(key=lambda t: t.penalty)
    return trios[:most]


def _trios(group: list[Finder], *, inverted: bool) -> Iterator[Trio]:
    places = np.array([(f.x, f.y) for f in group])
    modules = np.array([f.module for f in group])
    for i, corner in enumerate(group):
        arms = places - places[i]
        length = np.hypot(arms[:, 0], arms[:, 1])
        ratio = np.abs(np.log(modules / modules[i]))
        near = np.flatnonzero((ratio < 0.6) & (length > 8 * modules[i]) & (length < 190 * modules[i]))
        near = near[np.argsort(length[near])][:24]
        for a, j in enumerate(near):
            for k in near[a + 1 :]:
                stretch = abs(np.log(length[j] / length[k]))
                cross = arms[j, 0] * arms[k, 1] - arms[j, 1] * arms[k, 0]
                cosine = abs(float(arms[j] @ arms[k])) / (length[j] * length[k])
                if stretch > 0.9 or cosine > 0.7:
                    continue
                # The corner's own angle and legs, and how alike the three patterns are.
                penalty = 0.6 * stretch + 0.8 * cosine + ratio[j] + ratio[k] + 0.3 * abs(ratio[j] - ratio[k])
                right, below = (j, k) if cross > 0 else (k, j)
                middles = np.array([places[i], places[right], places[below]])
                module = float(np.mean([corner.module, modules[j], modules[k]]))
                yield Trio(middles, module, inverted, float(penalty))
