"""The order in which a picture is asked for its codes: cheap and likely first, and no further than there is need.

zxing-cpp sees the untouched picture once. After that only what looks like an unread code is followed up: three finder
patterns with timing patterns between them, or a place where zxing began to read and failed. A picture without such
places costs little more than that first look.
"""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from inspection.finders import even_light, find_finders, find_trios, framed
from inspection.geometry import Floats, project
from inspection.readers import COMMON, OTHERS, QR, Symbol, described, merged, overlap, zbar, zxing
from inspection.regrid import read_suspect, suspects
from inspection.repairs import flattened, is_dark, lifted, reduced, resized, scaling, sharpened, straightened

Gray = NDArray[np.uint8]

_LARGEST = 16_000_000
"""Pixels: larger pictures are reduced first. No code a phone should read needs more."""
_BASE = 1_000_000
"""Pixels of the reduced picture in which finder patterns and line codes are looked for."""
_SCALES = (2_600_000, 350_000, 150_000)
"""Pixels of further pictures in which finder patterns are looked for: noise, blur and size decide where they show."""
_TRIES, _TRIES_FAST = 20, 2
"""Suspected codes of 29 modules a side followed up at most: each costs ten to eighty milliseconds."""
_LARGEST_FAST = 16
"""Largest version that the fast effort follows up: larger ones cost more than it may."""
_SECONDS = 1.2
"""CPU seconds after which nothing further is begun; three photos of a hundred come near."""
_PAPER = 205
"""Grey level below which a flattened picture (paper at 230) is not paper."""
_SURE = 0.7
"""Timing score from which three finder patterns are taken for a code even where it cannot be read."""


@dataclass
class _Search:
    """What is known of a picture so far."""

    gray: Gray
    whole: list[Symbol] = field(default_factory=list)
    halves: list[Symbol] = field(default_factory=list)
    tries: float = 0
    """Suspected codes that may still be followed up, large ones counting for more."""
    started: float = field(default_factory=time.process_time)

    def late(self) -> bool:
        """Whether the picture has had its share of time: noise and made-up patterns could be followed up for ever."""
        return time.process_time() - self.started > _SECONDS

    def take(self, symbols: Iterable[Symbol], to_view: Floats | None = None, *, untouched: bool = False) -> bool:
        """Add what a reader said of the picture, or of a copy of it; True where a code is new."""
        fresh = []
        back = np.linalg.inv(to_view) if to_view is not None else None
        for symbol in symbols:
            placed = symbol
            if back is not None:
                placed = replace(placed, corners=project(back, placed.corners))
            fresh.append(placed if untouched else replace(placed, readers=frozenset()))
        before = len(self.whole)
        self.whole = merged([*self.whole, *(s for s in fresh if s.text and not self._known(s))])
        self.halves = merged([*self.halves, *(s for s in fresh if not s.text)])
        self.halves = [h for h in self.halves if not any(overlap(h, w) for w in self.whole)]
        return len(self.whole) > before

    def _known(self, symbol: Symbol) -> bool:
        """The same place and text: the first reading stays, it needed the least repair."""
        return any(k.text == symbol.text and (overlap(symbol, k) or overlap(k, symbol)) for k in self.whole)

    def unread(self) -> bool:
        """Whether anything looks like a code that was not read, or nothing was read at all."""
        return not self.whole or any(h.symbology == "QRCode" for h in self.halves)


def search(gray: Gray, *, thorough: bool) -> tuple[list[Symbol], list[Symbol]]:
    """Codes that were read, and codes that were only half found."""
    full, factor = reduced(gray, _LARGEST)
    found = _Search(full, tries=_TRIES if thorough else _TRIES_FAST)
    found.take(zxing(full, QR), untouched=True)
    if is_dark(full):
        found.gray = lifted(full)
        near, to_near = reduced(found.gray, 3 * _BASE)
        found.take(zxing(near, QR), scaling(to_near))
    base, to_base = reduced(found.gray, _BASE)
    _other_kinds(found, base, to_base)
    even = even_light(base)
    _follow_up(found, even, to_base, patient=thorough)
    if found.unread():
        found.take(zxing(even, QR), scaling(to_base))
    if thorough:
        _persist(found, base, even, to_base)
    if factor != 1.0:
        back = np.linalg.inv(scaling(factor))
        found.whole = [replace(s, corners=project(back, s.corners)) for s in found.whole]
        found.halves = [replace(s, corners=project(back, s.corners)) for s in found.halves]
    return found.whole, found.halves


def _other_kinds(found: _Search, base: Gray, to_base: float) -> None:
    """Data Matrix, line codes and their like, in the reduced picture; what it shows is read in the untouched one."""
    # Beside a QR code the rest is seldom inverted or of the rarer kinds; alone it may be anything.
    read = zxing(base, COMMON, try_invert=False, try_downscale=False) if found.whole else zxing(base, OTHERS)
    for symbol in read:
        if to_base == 1.0:
            found.take([symbol], untouched=True)
            continue
        placed = replace(symbol, corners=project(np.linalg.inv(scaling(to_base)), symbol.corners))
        low, high = placed.corners.min(0), placed.corners.max(0)
        margin = 0.3 * (high - low).max()
        x0, y0 = np.maximum(low - margin, 0).astype(int)
        x1, y1 = np.ceil(high + margin).astype(int)
        shift = np.array([[1, 0, -x0], [0, 1, -y0], [0, 0, 1.0]])
        if not found.take(zxing(found.gray[y0:y1, x0:x1], OTHERS), shift, untouched=True):
            found.take([placed])


def _follow_up(found: _Search, even: Gray, factor: float, *, patient: bool) -> None:
    """Read the codes whose finder patterns a picture shows and which were not read yet."""
    # Light on dark beside dark on light is rare: looked for where there is time, or nothing else.
    patterns = find_finders(even, inverted_too=patient or not found.whole)
    if len(patterns) < 2:
        return
    covered = np.zeros(even.shape, np.uint8)
    for symbol in found.whole:
        place = project(scaling(factor), symbol.corners)
        cv2.fillConvexPoly(covered, np.rint(place).astype(np.int32), 1)
    patterns = [p for p in patterns if not covered[int(p.y), int(p.x)]]
    trios = find_trios(framed(even, patterns), 40 if patient else 20)
    places: list[Floats] = []
    for one in suspects(found.gray, even, trios, factor, largest=40 if patient else _LARGEST_FAST):
        if found.tries <= 0 or found.late():
            break
        middle = one.corners.mean(0)
        if sum(bool(np.abs(middle - m).max() < 4 * one.trio.module) for m in places) >= (4 if patient else 2):
            continue
        outline = Symbol("", "QRCode", one.corners)
        if any(overlap(outline, w) and w.area > 0.3 * outline.area for w in found.whole):
            continue
        places.append(middle)
        found.tries -= (one.sizes[0] / 29) ** 2
        read = read_suspect(one, patient=patient)
        if read is not None:
            found.take([replace(described(read.result, read.corners), inverted=one.trio.inverted)])
        elif one.score >= _SURE and one.trio.seen == 3:
            side = one.sizes[0]
            found.take([replace(outline, size=(side, side), version=(side - 17) // 4)])


def _persist(found: _Search, base: Gray, even: Gray, to_base: float) -> None:
    """All that may yet help, while anything looks unread."""
    for pixels in _SCALES:
        if found.gray.size > 1.5 * pixels and not found.late():
            view, to_view = reduced(found.gray, pixels)
            _follow_up(found, even_light(view), to_view, patient=True)
    if not found.unread():
        return
    for half in found.halves[:4]:
        if found.late():
            return
        for straight, to_straight in straightened(found.gray, half):
            if found.take(zxing(straight, QR, errors=False), to_straight):
                break
    for copy, to_copy in _views(found.gray, base, even, to_base):
        if not found.unread() or found.late():
            return
        found.take(zxing(copy, QR), to_copy)
    if found.unread():
        near, to_near = reduced(found.gray, 3 * _BASE)
        read = zbar(near, qr_only=bool(found.whole))
        found.take((_detailed(near, s) for s in read), scaling(to_near), untouched=to_near == 1.0)
    if not found.whole and not found.late():
        found.take(zxing(found.gray, OTHERS, errors=False), untouched=True)


def _views(gray: Gray, base: Gray, even: Gray, to_base: float) -> Iterator[tuple[Gray, Floats]]:
    at_base = scaling(to_base)
    flat = flattened(base)
    yield even_light(sharpened(base)), at_base
    yield flat, at_base
    yield sharpened(flat, 2.5), at_base
    # Ink that is pale, or a picture itself: whatever is darker than the paper around it.
    yield np.where(cv2.blur(flat, (3, 3)) < _PAPER, 0, 255).astype(np.uint8), at_base
    if to_base < 0.6:
        near, to_near = reduced(gray, 3 * _BASE)
        yield even_light(near), scaling(to_near)
    for step in (0.5, 2.0):
        if min(base.shape) * step < 80 or (step > 1 and base.size > _BASE / 2):
            continue
        yield sharpened(resized(base, step)), scaling(to_base * step)
        yield resized(even, step), scaling(to_base * step)
    yield cv2.medianBlur(flat, 5).astype(np.uint8, copy=False), at_base


def _detailed(gray: Gray, symbol: Symbol) -> Symbol:
    """Give a QR that only zbar read its version and finer corners, from what zxing half finds there."""
    if symbol.symbology != "QRCode":
        return symbol
    for view, to_view in straightened(gray, symbol):
        back = np.linalg.inv(to_view)
        known = [replace(s, corners=project(back, s.corners)) for s in zxing(view, QR) if s.size is not None]
        if known:
            best = max(known, key=lambda s: (bool(s.text), s.area))
            return replace(best, text=symbol.text, readers=symbol.readers)
    return symbol
