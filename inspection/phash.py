"""Whether two pictures are the same shot: a fingerprint that outlives recompression (4.1.1, 7.2(2) 图片真实性).

The question is narrow: is this the very photo that was sent before, perhaps recompressed by a chat, resized,
brightened, turned by quarters or trimmed at its edges. Two photos of one sheet, or of two sheets of one design, are
different shots, and differ: the fingerprint describes the whole frame, with its background, light and pose, which no
hand repeats.

It is made of signs of cosine coefficients. A sign does not move with brightness, and a quarter turn only exchanges rows
with columns and flips known signs. Where edges may have been trimmed, the picture that comes later is also looked at as
if it were shifted and scaled by what a trim of 3 % does.

What it cannot tell apart: sheets of one design photographed one after the other in a fixed stand, where every pixel but
a few digits is the same. Whoever asks compares the codes that were read before calling such photos the same.
"""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from inspection.fingerprint import Fingerprint

_PORTRAIT = 256
"""The picture is brought to this many pixels square, whatever its shape, before it is shifted and scaled."""
_SMALL = 64
_BAND = 16
_TRIM = 4
"""Pixels of the portrait, 1.6 %: what a trim of 3 % on one side moves the middle by."""
_BLANK = 3.0
"""Below this standard deviation (grey levels of the small picture) there is nothing to recognise."""

_LOW = np.array([(u, v) for u in range(_BAND) for v in range(_BAND) if 1 <= u + v <= 10 and (u, v) != (5, 5)]).T
"""The 64 lowest coefficients but the mean, a set that a quarter turn maps onto itself."""
_TURN = np.where(np.arange(_BAND) % 2, -1.0, 1.0)[:, None]

Floats = NDArray[np.float32]


def fingerprint(gray: NDArray[np.uint8]) -> Fingerprint | None:
    """The fingerprint of a picture (H×W, uint8); None where it shows nothing at all."""
    portrait = cv2.resize(_halved(gray), (_PORTRAIT, _PORTRAIT), interpolation=cv2.INTER_AREA).astype(
        np.uint8, copy=False
    )
    if portrait.std() < _BLANK:
        return None
    keys: list[list[int]] = [[], [], [], []]
    fines: list[bytes] = []
    for view, shifted_only in _views(portrait):
        # Brightness leaves the strong signs alone; equalised, the weak ones become comparable as well.
        rough, equal = _coefficients(view), _coefficients(cv2.equalizeHist(view).astype(np.uint8, copy=False))
        for turn in range(4):
            if shifted_only:
                keys[turn].append(int.from_bytes(np.packbits(rough[_LOW[0], _LOW[1]] > 0).tobytes(), "big"))
            fines.append(np.packbits(equal > 0).tobytes())
            rough, equal = rough.T * _TURN, equal.T * _TURN
    return Fingerprint(tuple(map(tuple, keys)), tuple(fines))


def _halved(gray: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Halved while more than enough is left: OpenCV halves ten times faster than it averages by odd factors.

    Between two pixels linear interpolation is their mean; unlike the area's it takes odd sizes without losing a line.
    """
    while min(gray.shape) >= 4 * _PORTRAIT:
        size = (gray.shape[1] + 1) // 2, (gray.shape[0] + 1) // 2
        gray = cv2.resize(gray, size, interpolation=cv2.INTER_LINEAR).astype(np.uint8, copy=False)
    return gray


def _views(portrait: NDArray[np.uint8]) -> Iterator[tuple[NDArray[np.uint8], bool]]:
    """The picture itself first, then its shifts, then their scales; each 64×64, and whether it is only shifted."""
    framed = cv2.copyMakeBorder(portrait, *(2 * _TRIM,) * 4, cv2.BORDER_REPLICATE)
    for grow in (0, -_TRIM, _TRIM):
        for dy in (0, -_TRIM, _TRIM):
            for dx in (0, -_TRIM, _TRIM):
                top, left, side = 2 * _TRIM + dy - grow, 2 * _TRIM + dx - grow, _PORTRAIT + 2 * grow
                view = cv2.resize(
                    framed[top : top + side, left : left + side], (_SMALL, _SMALL), interpolation=cv2.INTER_AREA
                )
                yield view.astype(np.uint8, copy=False), grow == 0


def _coefficients(view: NDArray[np.uint8]) -> Floats:
    """The 16×16 lowest cosine coefficients, the mean taken out: a picture is not the brighter for being another."""
    low: Floats = cv2.dct(view.astype(np.float32))[:_BAND, :_BAND].astype(np.float32)
    low[0, 0] = 0.0
    return low
