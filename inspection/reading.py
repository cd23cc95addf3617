"""Reading codes: what a picture holds, and what a second reader says of it. How: :mod:`inspection.cascade`."""

from dataclasses import replace
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from inspection import cascade
from inspection.readers import OTHERS, QR, Symbol, same_text, zbar, zxing

__all__ = ["Effort", "Symbol", "read_codes", "read_symbols", "second_opinion"]

Gray = NDArray[np.uint8]
Effort = Literal["fast", "thorough"]

_SMALLEST = 16
"""Pixels: the smallest code and its quiet zone need more."""


def read_codes(gray: Gray, effort: Effort = "fast") -> list[Symbol]:
    """Every code in a grey picture (H×W, uint8), largest first, each once.

    ``fast`` asks zxing-cpp about the picture as it is and follows up what looks like a code that it missed;
    ``thorough`` goes on with other scales, repaired copies (light evened, sharpened, half-found codes straightened)
    and zbar while anything that looks like a code is unread. GS1 separators stay in the text as ASCII 29.
    """
    return [symbol for symbol in read_symbols(gray, effort) if symbol.text]


def read_symbols(gray: Gray, effort: Effort = "fast") -> list[Symbol]:
    """As :func:`read_codes`; half-found QR and Data Matrix codes are listed too, last and with an empty text."""
    if min(gray.shape) < _SMALLEST:
        return []
    whole, halves = cascade.search(np.ascontiguousarray(gray), thorough=effort == "thorough")
    return [*sorted(whole, key=lambda s: -s.area), *halves]


def second_opinion(gray: Gray, symbol: Symbol) -> Symbol:
    """Ask the readers that have not read a code yet: the same pixels, cut out around it, and as a phone would see it
    (a code of more than ten pixels a module is also offered at half size). R26 counts them."""
    if not symbol.text or (symbol.symbology != "QRCode" and symbol.readers):
        return symbol
    low, high = symbol.corners.min(0), symbol.corners.max(0)
    margin = 0.4 * (high - low)
    x0, y0 = np.maximum(low - margin, 0).astype(int)
    x1, y1 = np.ceil(high + margin).astype(int)
    cut = np.ascontiguousarray(gray[y0:y1, x0:x1])
    if min(cut.shape) < _SMALLEST:
        return symbol
    modules = symbol.size[0] if symbol.size else 29
    views = [cut]
    if max(high - low) / modules > 10:
        half = cv2.resize(cut, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
        views.insert(0, half)  # a quarter of the cost, and as good where it reads
    found = symbol.readers
    for name in ("zxing", "zbar"):
        for view in views:
            if name in found or (name == "zbar" and symbol.symbology != "QRCode"):
                break
            read = zbar(view) if name == "zbar" else zxing(view, [*QR, *OTHERS], errors=False)
            if any(same_text(other.text, symbol.text) for other in read):
                found |= {name}
    return replace(symbol, readers=found)
