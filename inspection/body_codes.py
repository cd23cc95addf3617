"""Codes on bodies: what plain readers miss on drums and cables (rolled up), and on metal (single dots, little ink).

Each way of working on the picture is named in what it yields: on a body the code must be readable, not printed by
Appendix D, so a code that was made readable counts, and says how.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inspection.geometry import homography, project, rectangle, side_lengths
from inspection.reading import Symbol, read_symbols

Gray = NDArray[np.uint8]

_ANGLES = (0.9, 1.2)
"""Half the angle of the drum that the code is taken to cover, in radians. A reader follows a QR code over ±0.75 by
itself; unrolled by one of these it is close enough to flat from there to ±1.2."""
_DOTS = ((0.5, 3), (0.7, 5), (0.5, 7), (0.35, 5), (1.0, 5), (0.25, 3), (0.25, 5))
"""Scale and reach of the closing that joins peened dots: together they bridge gaps of up to half a module for modules
of 8 to 22 pixels."""
_DOT_PIXELS = 1_100_000
"""Dots are joined on a picture of at most this size; a second, larger one finds smaller codes."""
_DOT_PIXELS_FINE = 4_000_000


def read_surface(gray: Gray) -> tuple[list[Symbol], tuple[str, ...]]:
    """Every code, half-found ones last, and how the picture had to be worked on: nothing, ``unrolled``, ``repaired``
    (as :func:`inspection.reading.read_symbols` does) or ``dots joined``."""
    symbols = read_symbols(gray, "fast")
    if any(symbol.text for symbol in symbols):
        return symbols, ()
    unrolled = [found for half in symbols[:3] if (found := _unrolled(gray, half)) is not None]
    if unrolled:
        return unrolled, ("unrolled",)
    coarse = min(1.0, (_DOT_PIXELS / gray.size) ** 0.5)
    if joined := _dots_joined(gray, coarse):
        return joined, ("dots joined",)
    thorough = read_symbols(gray, "thorough")
    if any(symbol.text for symbol in thorough):
        return thorough, ("repaired",)
    fine = min(1.0, (_DOT_PIXELS_FINE / gray.size) ** 0.5)
    if fine > coarse and (joined := _dots_joined(gray, fine)):
        return joined, ("dots joined",)
    return symbols, ()


def _unrolled(gray: Gray, half: Symbol) -> Symbol | None:
    """A half-found code on a cylinder whose axis runs along one of the code's sides, laid flat."""
    if min(side_lengths(half.corners)) < 40:
        return None
    modules = half.size[0] if half.size else 33
    side, border = modules * 8.0, 40.0
    to_view = homography(half.corners, rectangle(side, side) + border)
    if not np.isfinite(to_view).all() or side > 1600:
        return None
    edge = round(side + 2 * border)
    flat = cv2.warpPerspective(gray, to_view, (edge, edge), borderMode=cv2.BORDER_REPLICATE)
    for angle in _ANGLES:
        for view in (_stretched(flat, side, border, angle), _stretched(flat.T, side, border, angle)):
            if found := _whole(view):
                # The place is the half-found one: the unrolled picture's own corners are not on a plane.
                return replace(found[0], corners=half.corners, readers=frozenset())
    return None


def _whole(view: Gray) -> list[Symbol]:
    return [symbol for symbol in read_symbols(view, "fast") if symbol.text]


def _stretched(flat: NDArray[Any], side: float, border: float, angle: float) -> Gray:
    """The picture as if peeled off a cylinder that the middle ``side`` pixels of its width cover by ±``angle``."""
    radius = side / 2 / np.sin(angle)
    reach = radius * angle
    along = np.arange(-reach - border, reach + border)
    over = np.abs(along) - reach
    seen = np.where(over <= 0, radius * np.sin(along / radius), np.sign(along) * (side / 2 + over))
    height, width = flat.shape
    columns = np.tile((seen + (width - 1) / 2).astype(np.float32), (height, 1))
    rows = np.tile(np.arange(height, dtype=np.float32)[:, None], (1, len(along)))
    view = cv2.remap(
        np.ascontiguousarray(flat), columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )  # fmt: skip
    return view.astype(np.uint8, copy=False)


def _dots_joined(gray: Gray, factor: float) -> list[Symbol]:
    """Codes whose modules are single dots, dark, light or pits with a side of each, once their dots touch.

    Only matrix codes, which have dots and check themselves: joined texture can look like the bars of a line code.
    """
    base = _scaled(gray, factor)
    for view, scale in chain(_closings(base), _closings(_relief(base))):
        if found := [symbol for symbol in _whole(view) if symbol.symbology in {"QRCode", "DataMatrix"}]:
            back = _scaling(1 / (factor * scale))
            return [replace(s, corners=project(back, s.corners), readers=frozenset()) for s in found]
    return []


def _relief(base: Gray) -> Gray:
    """Dark wherever the surface differs from its surroundings: a pit shows one bright and one dark side."""
    apart = cv2.GaussianBlur(cv2.absdiff(base, cv2.medianBlur(base, 31)), (0, 0), 1.5)
    return (255 - cv2.convertScaleAbs(apart, alpha=3)).astype(np.uint8, copy=False)


def _closings(base: Gray) -> Iterator[tuple[Gray, float]]:
    for scale, reach in _DOTS:
        view = cv2.GaussianBlur(_scaled(base, scale), (0, 0), 0.8)
        around = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
        yield cv2.erode(view, around).astype(np.uint8, copy=False), scale
        yield cv2.dilate(view, around).astype(np.uint8, copy=False), scale


def _scaled(gray: Gray, factor: float) -> Gray:
    if factor == 1.0:
        return gray
    return cv2.resize(gray, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _scaling(factor: float) -> NDArray[np.float64]:
    """Pixels of a picture to those of one ``factor`` times as large; a pixel's centre is a whole number."""
    shift = 0.5 * factor - 0.5
    return np.array([[factor, 0, shift], [0, factor, shift], [0, 0, 1.0]])
