"""Scanner panel for clause D.2.2 (R26): who reads the code in the photo, and who would at 5 to 30 cm.

Three independent readers are asked: zxing-cpp, zbar and OpenCV. They see the untouched photo around the code, then what
a phone held at each distance would see of it (there OpenCV only where the other two do not both read). This is
information beside the verdict: a simulated view cannot show more than the photo holds, and says so (``limited``).
"""

from dataclasses import asdict, dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inspection.geometry import side_lengths
from inspection.readers import OTHERS, QR, Symbol, same_text, zbar, zxing

Gray = NDArray[np.uint8]

READERS = ("zxing", "zbar", "opencv")
DISTANCES_CM = (5, 10, 20, 30)
"""D.2.2: read from 5 to 30 cm."""
PREVIEW_PX = 1920
"""Pixels across of the live picture that phones scan in (1080p), not of the 12 MP photo they could take."""
FIELD_PER_DISTANCE = 1.33
"""Width of the field seen, by distance: a main camera of 26 mm equivalent (4:3 sensor, 79° across its diagonal)."""
BLUR_PX = {5: 1.5, 10: 0.8, 20: 0.7, 30: 0.7}
"""Lens and preview scaling, sigma in preview pixels; at 5 cm a main camera is at or within its nearest focus."""
_QUIET = 0.25
"""Share of the code's extent kept around it: six modules or more of what really lies there."""
_OPENCV_PX = 640
"""Pixels a side beyond which OpenCV's reader takes a good part of a second, and reads nothing below two a module."""
_DENSEST = 5.0
"""Pixels a module beyond which no reader gains: denser views are halved, as the readers do themselves."""


@dataclass(frozen=True, slots=True)
class View:
    """One look at the code. ``distance_cm`` is None for the untouched photo."""

    distance_cm: int | None
    px_per_module: float
    readers: tuple[str, ...]
    """Who read the code's very text."""
    differing: tuple[str, ...] = ()
    """Who read something else there."""
    limited: bool = False
    """The photo is coarser than such a view would be: the real one shows more."""


@dataclass(frozen=True, slots=True)
class Panel:
    """What the readers say of one code, the untouched photo first."""

    text: str
    asked: tuple[str, ...]
    views: tuple[View, ...]
    unread_cm: tuple[int, ...]
    """Distances at which nobody would read it."""
    single_cm: tuple[int, ...]
    """Distances at which only one reader would."""

    def to_json(self) -> dict[str, Any]:
        """Plain data for ``Report.panel``."""
        return asdict(self)


def panel(gray: Gray, symbol: Symbol, module_mm: float | None) -> Panel | None:
    """Ask every reader about a code that was read (picture H×W uint8, corners in its pixels).

    ``module_mm`` is the printed width of a module; None skips the distances. None is returned where there is no text
    to compare with, or the code is too small to cut out. Costs some 40 ms.
    """
    if not symbol.text:
        return None
    low, high = symbol.corners.min(0), symbol.corners.max(0)
    margin = _QUIET * (high - low).max()
    x0, y0 = np.maximum(np.floor(low - margin), 0).astype(int)
    x1, y1 = np.ceil(high + margin).astype(int) + 1
    cut = np.ascontiguousarray(gray[y0:y1, x0:x1])
    if min(cut.shape) < 16:
        return None
    density = _density(symbol)
    asked = (
        READERS if symbol.symbology == "QRCode" else READERS[:1] if symbol.symbology == "DataMatrix" else READERS[:2]
    )
    while density > 2 * _DENSEST:
        height, width = cut.shape
        even = cut[: height // 2 * 2, : width // 2 * 2]
        cut = cv2.resize(even, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
        density /= 2
    views = [_view(cut, symbol, asked, None, density)]
    if module_mm is not None and symbol.size is not None:
        for distance in DISTANCES_CM:
            wanted = module_mm * PREVIEW_PX / (FIELD_PER_DISTANCE * distance * 10)
            if wanted > 1.2 * density:  # nearer than the photo was taken: it is the best there is
                views.append(replace(views[0], distance_cm=distance, limited=True))
                continue
            dense = min(wanted, density, _DENSEST)
            seen = _seen_from(cut, dense / density, BLUR_PX[distance] * dense / wanted)
            views.append(_view(seen, symbol, asked, distance, dense))
    far = [view for view in views if view.distance_cm is not None]
    return Panel(
        text=symbol.text, asked=asked, views=tuple(views),
        unread_cm=tuple(v.distance_cm for v in far if v.distance_cm is not None and not v.readers),
        single_cm=tuple(v.distance_cm for v in far if v.distance_cm is not None and len(v.readers) == 1),
    )  # fmt: skip


def _density(symbol: Symbol) -> float:
    """Pixels a module; a line code's, whose modules are not known, by the pixel."""
    if symbol.size is None:
        return 1.0
    return float(side_lengths(symbol.corners).mean() / np.mean(symbol.size))


def _seen_from(cut: Gray, factor: float, blur: float) -> Gray:
    """Scale down to what a preview shows, and soften as its lens does; never up."""
    seen = cut
    if factor < 1:
        seen = cv2.resize(cut, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    return cv2.GaussianBlur(seen, (0, 0), blur).astype(np.uint8, copy=False)


def _view(seen: Gray, symbol: Symbol, asked: tuple[str, ...], distance: int | None, density: float) -> View:
    same: list[str] = []
    other: list[str] = []
    for name in asked:
        if name == "opencv" and distance is not None and len(same) == 2:
            break  # two independent readers are what R26 asks for, and the third costs most
        if name == "opencv" and (max(seen.shape) > _OPENCV_PX or density < 2):
            continue
        texts = _ask(name, seen, symbol)
        if any(same_text(text, symbol.text) for text in texts):
            same.append(name)
        elif texts:
            other.append(name)
    return View(distance, round(density, 2), tuple(same), tuple(other))


def _ask(reader: str, seen: Gray, symbol: Symbol) -> list[str]:
    """The texts one reader finds in a view."""
    matrix = symbol.symbology == "QRCode"
    if min(seen.shape) < 16:
        return []
    if reader == "zxing":
        return [s.text for s in zxing(seen, QR if matrix else OTHERS, errors=False)]
    if reader == "zbar":
        return [s.text for s in zbar(seen, qr_only=matrix)]
    try:
        text, _, _ = cv2.QRCodeDetector().detectAndDecode(seen)
    except (cv2.error, UnicodeDecodeError):  # OpenCV trips over some half-seen codes, and over texts that are not UTF-8
        return []
    return [text] if text else []
