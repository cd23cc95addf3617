"""Repaired copies of a picture: what a reader may yet see in it, each with the map from the picture to it."""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from inspection.geometry import Floats, homography, rectangle, side_lengths
from inspection.readers import Symbol

Gray = NDArray[np.uint8]

_DARK = 48
_FINE = 3_000_000
"""Pixels from which a picture bears a blur of three of them."""
_LIFT = np.rint(255 * (np.arange(256) / 255) ** 0.4).astype(np.uint8)
"""The exponent turns a step of one level in the darkest tenth into three to ten."""


def scaling(factor: float) -> Floats:
    """Pixel to pixel of a picture ``factor`` times as large: the middles of pixels, not their corners, are whole."""
    shift = 0.5 * factor - 0.5
    return np.array([[factor, 0, shift], [0, factor, shift], [0, 0, 1.0]])


def reduced(gray: Gray, pixels: float) -> tuple[Gray, float]:
    """The picture at no more than about ``pixels`` pixels, and the factor; as it is where it has fewer."""
    factor = (pixels / gray.size) ** 0.5
    if factor >= 0.9:
        return gray, 1.0
    whole, left = gray, factor
    while left <= 0.5:  # halving is by far the quickest way down
        height, width = whole.shape
        even = whole[: height // 2 * 2, : width // 2 * 2]
        whole = cv2.resize(even, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
        left *= 2
    if left < 1:
        whole = cv2.resize(whole, None, fx=left, fy=left, interpolation=cv2.INTER_LINEAR).astype(np.uint8, copy=False)
    return np.ascontiguousarray(whole), factor


def is_dark(gray: Gray) -> bool:
    """Whether most of the picture lies in the lowest fifth of the grey levels, where a code has a handful of them."""
    return bool(np.median(gray[::16, ::16]) < _DARK)


def lifted(gray: Gray) -> Gray:
    """Spread the dark grey levels: what is scaled or evened afterwards is no longer rounded to a few of them."""
    # Averaged before it is bent: noise that is bent first no longer averages out.
    smooth = cv2.blur(gray, (3, 3)) if gray.size > _FINE else gray
    return cv2.LUT(smooth, _LIFT).astype(np.uint8, copy=False)


def resized(gray: Gray, factor: float) -> Gray:
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return cv2.resize(gray, None, fx=factor, fy=factor, interpolation=way).astype(np.uint8, copy=False)


def sharpened(gray: Gray, sigma: float = 1.5) -> Gray:
    soft = cv2.GaussianBlur(gray, (0, 0), sigma)
    return cv2.addWeighted(gray, 2.2, soft, -1.2, 0).astype(np.uint8, copy=False)


def flattened(gray: Gray) -> Gray:
    """Even out the light: divide by the local brightness."""
    small = cv2.resize(gray, None, fx=0.125, fy=0.125, interpolation=cv2.INTER_AREA)
    ground = cv2.dilate(small, np.ones((9, 9), np.uint8))
    ground = cv2.resize(cv2.GaussianBlur(ground, (0, 0), 4), gray.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.clip(gray.astype(np.float32) * 230 / np.maximum(ground, 16), 0, 255).astype(np.uint8)


def straightened(gray: Gray, symbol: Symbol) -> Iterator[tuple[Gray, Floats]]:
    """A half-found code cut out and resampled square at several densities."""
    if min(side_lengths(symbol.corners)) < 12:
        return
    modules = symbol.size[0] if symbol.size else 33
    for density in (4.5, 8.0, 12.0):
        side, border = modules * density, 5 * density
        to_view = homography(symbol.corners, rectangle(side, side) + border)
        if not np.isfinite(to_view).all():
            return
        edge = round(side + 2 * border)
        if edge > 1600:
            continue
        view: Gray = cv2.warpPerspective(
            gray, to_view, (edge, edge), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        ).astype(np.uint8, copy=False)
        yield view, to_view
        yield sharpened(view, density / 3), to_view
