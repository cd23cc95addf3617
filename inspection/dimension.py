"""How many modules a QR has, and its level and mask, where a reader gave the text and the corners only.

Seen straight, the borders of n modules recur n times across the code: the comb that fits them best gives n. Level and
mask stand twice in the format information, whose 32 words differ in at least seven of fifteen bits.
"""

from dataclasses import replace

import cv2
import numpy as np
import segno.consts
from numpy.typing import NDArray

from inspection.geometry import homography, rectangle, side_lengths
from inspection.reading import Symbol

Gray = NDArray[np.uint8]
_SIDE = 480
"""Pixels of the straightened code."""
_SLACK = 0.04
"""Share of the code by which such corners may be off, in and out."""
_MOST_WRONG = 3
"""Bits of the format information that may be wrong and the nearest word still be the only one."""
_LEVELS = "MLHQ"
"""Levels by the two first bits of the format information."""


def sized(gray: Gray, symbol: Symbol) -> Symbol:
    """The symbol with its size and version; as it was where the comb does not stand out or it is no QR."""
    if symbol.symbology != "QRCode" or symbol.size is not None or min(side_lengths(symbol.corners)) < 40:
        return symbol
    to_view = homography(symbol.corners, rectangle(_SIDE, _SIDE))
    if not np.isfinite(to_view).all():
        return symbol
    view = cv2.warpPerspective(gray, to_view, (_SIDE, _SIDE), borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
    view = np.asarray(cv2.GaussianBlur(view, (0, 0), 1.5), np.float32)
    sizes = np.arange(21, 21 + 4 * 24, 4)
    place = (np.arange(_SIDE) + 0.5) / _SIDE
    strength = np.zeros(len(sizes))
    for axis in (0, 1):
        steps = np.abs(np.gradient(view, axis=1 - axis)).sum(axis=axis)
        steps = (steps - cv2.blur(steps.reshape(1, -1).astype(np.float32), (61, 1)).reshape(-1)) * np.hanning(_SIDE)
        # corners a little in or out stretch the comb: the best of a few nearby frequencies counts
        for stretch in np.linspace(1 - _SLACK, 1 + _SLACK, 17):
            waves = np.exp(2j * np.pi * place[None] * (sizes * stretch)[:, None])
            strength = np.maximum(strength, np.abs(waves @ steps))
    size = int(sizes[int(strength.argmax())])
    return replace(symbol, size=(size, size), version=(size - 17) // 4)


def with_format(symbol: Symbol, modules: NDArray[np.bool_]) -> Symbol:
    """The symbol with level and mask, read from its sampled modules (True is dark); as it was where both copies of the
    format information are spoilt."""
    size = len(modules)
    first = [modules[8, c] for c in (0, 1, 2, 3, 4, 5, 7)] + [modules[r, 8] for r in (8, 7, 5, 4, 3, 2, 1, 0)]
    second = [modules[r, 8] for r in range(size - 1, size - 8, -1)] + [modules[8, c] for c in range(size - 8, size)]
    words = np.array([[(word >> (14 - bit)) & 1 for bit in range(15)] for word in segno.consts.FORMAT_INFO], np.bool_)
    wrong = np.minimum((words != np.array(first)).sum(axis=1), (words != np.array(second)).sum(axis=1))
    best = int(wrong.argmin())
    if wrong[best] > _MOST_WRONG:
        return symbol
    data = int(np.packbits(words[best] ^ _MASKED)[0]) >> 3
    return replace(symbol, level=_LEVELS[data >> 3], mask=data & 7)


_MASKED = np.array([int(bit) for bit in f"{0b101010000010010:015b}"], np.bool_)
"""The pattern laid over the format information (ISO/IEC 18004, 7.9.1)."""
