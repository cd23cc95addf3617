"""Finder patterns of QR codes, and the threes of them that may belong to one code.

The readers give up a code when one of their own steps fails (a finder pattern broken by glare, a version misread on a
bent label). Here the patterns are only located; what they hold is found out by :mod:`inspection.regrid`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from inspection.geometry import Floats

Gray = NDArray[np.uint8]

_LIGHT_WINDOW = 9
"""Cells of eight pixels over which light and dark are looked for: a finder pattern's core must fit well within."""
_LEAST_CONTRAST = 10
"""Grey levels between paper and ink below which a place counts as empty."""
_MOST_PAIRED = 24
"""Patterns of which pairs are completed: where there are more, it is not for want of patterns that codes go unread."""
_MOST_FINDERS = 60
"""Patterns of which threes are formed; text and gravel make hundreds, each with little support."""


@dataclass(frozen=True, slots=True)
class Finder:
    """A finder pattern: middle in pixels, width of a module along the rows and columns of the picture (pixels)."""

    x: float
    y: float
    module: float
    inverted: bool
    """Light on dark."""
    support: float
    """Crossings by its size: how much of it was seen."""
    frame: Floats | None = None
    """2×2: one module along its sides in pixels, turned by any right angle; None where its core has no four corners."""


@dataclass(frozen=True, slots=True)
class Trio:
    """Three finder patterns that may belong to one code; ``middles`` 3×2 pixels: top left, top right, bottom left."""

    middles: Floats
    frames: Floats
    """3×2×2: how far one module to the right and one down lead in pixels, at each of the three."""
    inverted: bool
    penalty: float
    """How far the three are from a square of equal patterns, 0 = not at all."""
    seen: int = 3
    """How many of the three were found; the third of two is where it should be."""

    @property
    def module(self) -> float:
        """Pixels a module, the root of its area."""
        areas = np.abs(self.frames[:, 0, 0] * self.frames[:, 1, 1] - self.frames[:, 0, 1] * self.frames[:, 1, 0])
        return float(np.sqrt(areas.mean()))

    def scaled(self, factor: float) -> "Trio":
        """In a picture ``factor`` times as large."""
        middles = (self.middles + 0.5) * factor - 0.5
        return replace(self, middles=middles, frames=self.frames * factor)


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
    return np.asarray(cv2.convertScaleAbs(np.maximum(stretched, 0, out=stretched)), np.uint8)


def find_finders(even: Gray, *, inverted_too: bool = True) -> list[Finder]:
    """Places where rows and columns both run 1:1:3:1:1; ``even`` as :func:`even_light` leaves it, H×W."""
    dark = even < 128
    rows, columns = _crossings(dark), _crossings(np.ascontiguousarray(dark.T))
    found = []
    for inverted in (False, True) if inverted_too else (False,):
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
        # How often, and how wide, each place was crossed along rows and along columns.
        times, width = np.zeros((2, count)), np.zeros((2, count))
        for n, (hits, x, y) in enumerate(((across, 1, 0), (down, 0, 1))):
            at = labels[hits[:, y].astype(int), hits[:, x].astype(int)]
            times[n] = np.bincount(at, minlength=count)
            width[n] = np.bincount(at, weights=hits[:, 2], minlength=count)
        modules = (width / np.maximum(times, 1)).mean(0)
        seen = (times.min(0) > 0) & (stats[:, cv2.CC_STAT_AREA] >= np.maximum(0.6 * modules**2, 2))
        seen[0] = False
        support = times.sum(0) / np.maximum(modules, 2)
        found += [
            Finder(float(middles[n, 0]), float(middles[n, 1]), float(modules[n]), inverted, float(support[n]))
            for n in np.flatnonzero(seen)
        ]
    return _apart(found)


def _apart(found: list[Finder]) -> list[Finder]:
    """A scratched pattern is met in pieces: those closer than its core is wide are one."""
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
            kept.append(
                replace(found[i], x=float(middle[0]), y=float(middle[1]), module=float(reach[near].mean() / 1.5))
            )
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


def framed(even: Gray, finders: list[Finder]) -> list[Finder]:
    """The patterns with the most support, each with the directions of its sides where they can be made out."""
    chosen = sorted(finders, key=lambda f: -f.support)[:_MOST_FINDERS]
    return [_framed(even, finder) for finder in chosen]


def _framed(even: Gray, finder: Finder) -> Finder:
    """Take the four corners of the pattern's core, a dark blob of three by three modules."""
    reach = 3.2 * finder.module
    x0, y0 = max(int(finder.x - reach), 0), max(int(finder.y - reach), 0)
    cut = even[y0 : int(finder.y + reach) + 2, x0 : int(finder.x + reach) + 2]
    scale = float(np.clip(8 / finder.module, 0.25, 4))
    way = cv2.INTER_LINEAR if scale > 1 else cv2.INTER_AREA
    close = cv2.resize(cut, None, fx=scale, fy=scale, interpolation=way)
    dark = ((close < 128) ^ finder.inverted).astype(np.uint8)
    middle = (np.array([finder.x - x0, finder.y - y0]) + 0.5) * scale - 0.5
    _, labels = cv2.connectedComponents(dark, connectivity=4)
    label = labels[min(round(middle[1]), dark.shape[0] - 1), min(round(middle[0]), dark.shape[1] - 1)]
    if label == 0:
        return finder
    outlines, _ = cv2.findContours((labels == label).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = outlines[0]
    module = finder.module * scale
    if len(outline) < 8 or not 2.5 < cv2.contourArea(outline) / module**2 < 13:
        return finder
    corners = cv2.approxPolyN(outline, 4, ensure_convex=True).reshape(-1, 2).astype(np.float64)
    if len(corners) != 4 or cv2.contourArea(corners.astype(np.float32)) > 14 * module**2:
        return finder
    (ax, ay), (bx, by) = corners[1] - corners[0], corners[2] - corners[1]
    if ax * by < ay * bx:
        corners = corners[::-1]
    # An outline runs through the middles of its pixels, half a pixel inside the blob.
    right = (corners[1] - corners[0] + corners[2] - corners[3]) / 2
    down = (corners[3] - corners[0] + corners[2] - corners[1]) / 2
    sides = np.array([right, down])
    sides *= ((np.linalg.norm(sides, axis=1) + 1) / np.linalg.norm(sides, axis=1))[:, None]
    place = (corners.mean(0) + 0.5) / scale - 0.5 + (x0, y0)
    if np.hypot(*(place - (finder.x, finder.y))) > finder.module:
        return finder
    return replace(finder, x=float(place[0]), y=float(place[1]), frame=sides / 3 / scale)


def find_trios(finders: list[Finder], most: int = 40) -> list[Trio]:
    """The most plausible threes, best first; ``finders`` as :func:`framed` leaves them.

    Where the sides of a pattern point is known, so that three that do not lie along them are none. Two patterns whose
    sides agree are completed: a third may be under glare or torn off.
    """
    trios: list[Trio] = []
    for inverted in (False, True):
        group = [f for f in finders if f.inverted == inverted]
        if len(group) >= 3:
            trios += _trios(group, inverted=inverted)
        trios += _completed([f for f in group if f.frame is not None][:_MOST_PAIRED], inverted=inverted)
    trios.sort(key=lambda t: t.penalty)
    return trios[:most]


def _turned(frame: Floats, right: Floats, down: Floats) -> tuple[Floats, float]:
    """Of a frame's four turns the one that fits the legs of a code best, and by how many radians it misses them."""
    x, y = frame
    turns = np.array([[x, y], [y, -x], [-x, -y], [-y, x]])
    legs = np.array([right, down])
    cosines = (turns * legs).sum(2) / (np.linalg.norm(turns, axis=2) * np.linalg.norm(legs, axis=1))
    best = int(np.argmax(cosines.sum(1)))
    return turns[best], float(np.arccos(np.clip(cosines[best], -1, 1)).mean())


def _trios(group: list[Finder], *, inverted: bool) -> Iterator[Trio]:
    """Threes of one colour: all pairs of legs from every corner at once."""
    places = np.array([(f.x, f.y) for f in group])
    modules = np.array([f.module for f in group])
    arms = places[None] - places[:, None]
    length = np.hypot(arms[..., 0], arms[..., 1])
    with np.errstate(divide="ignore"):
        logs, unlike = np.log(length), np.abs(np.log(modules[None] / modules[:, None]))
    near = (unlike < 0.6) & (length > 8 * modules[:, None]) & (length < 190 * modules[:, None])
    for i in range(len(group)):
        legs = np.flatnonzero(near[i])
        if len(legs) < 2:
            continue
        a, b = np.triu_indices(len(legs), 1)
        j, k = legs[a], legs[b]
        stretch = np.abs(logs[i, j] - logs[i, k])
        cosine = np.abs((arms[i, j] * arms[i, k]).sum(1)) / (length[i, j] * length[i, k])
        # The corner's own angle and legs, and how alike the three patterns are.
        penalty = 0.6 * stretch + 0.8 * cosine + unlike[i, j] + unlike[i, k] + 0.3 * np.abs(unlike[i, j] - unlike[i, k])
        sound = np.flatnonzero((stretch < 1.2) & (cosine < 0.8))
        turned = arms[i, j, 0] * arms[i, k, 1] > arms[i, j, 1] * arms[i, k, 0]
        for n in sound[np.argsort(penalty[sound])][:12]:
            right, below = (j[n], k[n]) if turned[n] else (k[n], j[n])
            three = [i, int(right), int(below)]
            frames, off = _frames([group[m] for m in three], arms[i, right], arms[i, below])
            if off < 0.6:
                yield Trio(places[three], frames, inverted, float(penalty[n]) + 1.5 * off)


def _frames(three: list[Finder], right: Floats, down: Floats) -> tuple[Floats, float]:
    """The frames of three patterns turned the way of the code; a missing one is taken from the others, or the legs."""
    turned = [_turned(f.frame, right, down) if f.frame is not None else None for f in three]
    known = [t for t in turned if t is not None]
    if known:
        usual = np.mean([frame for frame, _ in known], axis=0)
        off = float(np.mean([miss for _, miss in known]))
    else:
        legs = np.array([right, down])
        # A slanted pattern's crossing is longer than its module.
        lean = np.abs(legs).max(1) / np.linalg.norm(legs, axis=1)
        module = float(np.mean([f.module for f in three]))
        usual = legs / np.linalg.norm(legs, axis=1)[:, None] * (module * lean)[:, None]
        off = 0.15
    return np.array([t[0] if t is not None else usual for t in turned]), off


def _completed(group: list[Finder], *, inverted: bool) -> Iterator[Trio]:
    """Threes of which only two patterns were found: along one side of the code, or across it."""
    for n, first in enumerate(group):
        for second in group[n + 1 :]:
            assert first.frame is not None
            assert second.frame is not None
            arm = np.array([second.x - first.x, second.y - first.y])
            size = np.abs(np.log(second.module / first.module))
            steps = np.hypot(*arm) / first.module
            if size > 0.35 or not 10 < steps < 80:
                continue
            for lean in (0.0, np.pi / 4):
                turn = np.array([[np.cos(lean), -np.sin(lean)], [np.sin(lean), np.cos(lean)]])
                right = turn @ arm
                down = np.array([-right[1], right[0]])
                one, miss = _turned(first.frame, right, down)
                other, also = _turned(second.frame, right, down)
                if miss + also > 0.35:
                    continue
                frame = (one + other) / 2
                middles = [np.array([first.x, first.y]), np.array([second.x, second.y])]
                # How many modules lie between, by the frame: the arm as so many steps right and so many down.
                along = np.linalg.solve(frame.T, arm)
                penalty = 0.8 + 2 * (miss + also) + float(size)
                yield from _thirds(middles, frame, along, lean > 0, inverted, penalty)


def _thirds(
    pair: list[Floats], frame: Floats, along: Floats, across: bool, inverted: bool, penalty: float
) -> Iterator[Trio]:
    """Where the third of two patterns may be: beside either end of a side, or at either corner off a diagonal."""
    (a, b), (x, y) = pair, frame
    span = float(np.abs(along).mean()) if across else float(np.abs(along).max())
    if across:
        corners = [(a + span * x, b, a), (a + span * y, a, b)]
    else:
        side = y * span
        corners = [(a, b, a + side), (b, b + side, a), (a, a - side, b), (b, a, b - side)]
    for corner, one, two in corners:
        right, down = one - corner, two - corner
        if right[0] * down[1] - right[1] * down[0] < 0:
            right, down = down, right
        frames, _ = _turned(frame, right, down)
        yield Trio(np.array([corner, corner + right, corner + down]), np.array([frames] * 3), inverted, penalty, 2)
