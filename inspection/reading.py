"""Reading codes: zxing-cpp first, zbar for a second opinion, a repaired picture where both fail."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray
from pyzbar import pyzbar

from inspection.geometry import Floats, homography, line_through, project, quad, rectangle, side_lengths
from inspection.report import Code

Gray = NDArray[np.uint8]
Effort = Literal["fast", "thorough"]

_ZBAR_SYMBOLS = [
    pyzbar.ZBarSymbol.QRCODE, pyzbar.ZBarSymbol.CODE128, pyzbar.ZBarSymbol.EAN13, pyzbar.ZBarSymbol.EAN8,
    pyzbar.ZBarSymbol.CODE39, pyzbar.ZBarSymbol.I25,
]  # fmt: skip
_ZBAR_NAMES = {"QRCODE": "QRCode", "CODE128": "Code128", "CODE39": "Code39", "I25": "ITF"}
_MATRIX = {"QRCode", "DataMatrix"}
_SMALLEST = 16
"""Pixels: the smallest code and its quiet zone need more."""
_REPAIR_PIXELS = 3_000_000
"""Repairs work on a picture of at most this size: larger ones cost seconds and yield nothing more."""


@dataclass(frozen=True, slots=True)
class Symbol:
    """A code with what the print measurements need. ``corners`` 4×2 photo pixels, top left first as the code is read.

    ``version``, ``level`` and ``mask`` are the QR's own (``version`` of a Data Matrix: ``(rows, columns)``).
    ``text`` is empty where the code was only half found. ``readers`` names who read it from the untouched picture;
    it is empty where only a repaired picture gave it up (R26: evidence, not a pass).
    """

    text: str
    symbology: str
    corners: Floats
    size: tuple[int, int] | None = None
    version: int | None = None
    level: str | None = None
    mask: int | None = None
    readers: frozenset[str] = frozenset()
    gs1: bool = False

    def code(self, scale: float = 1.0) -> Code:
        """The plain record, in pixels of a picture ``scale`` times as large."""
        return Code(self.text, self.symbology, quad((self.corners + 0.5) * scale - 0.5))

    @property
    def area(self) -> float:
        x, y = self.corners[:, 0], self.corners[:, 1]
        return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)


def read_codes(gray: Gray, effort: Effort = "fast") -> list[Code]:
    """Every code in a grey picture (H×W, uint8), largest first, each once.

    ``fast`` asks the two readers about the picture as it is; ``thorough`` goes on with repaired copies (other scales,
    sharpened, flattened light, half-found codes cut out and straightened) where that found nothing. GS1 separators
    stay in the text as ASCII 29.
    """
    return [symbol.code() for symbol in read_symbols(gray, effort) if symbol.text]


def read_symbols(gray: Gray, effort: Effort = "fast") -> list[Symbol]:
    """As :func:`read_codes`, with the details; half-found QR codes are listed too, last."""
    if min(gray.shape) < _SMALLEST:
        return []
    found = _merge(_zxing(gray))
    whole = [s for s in found if s.text]
    if not whole:
        whole = [_detailed(gray, s, found) for s in _merge(_zbar(gray))]
    if effort == "thorough" and not whole:
        whole = _merge(_repaired(gray, [s for s in found if not s.text]))
    halves = [h for h in found if not h.text and not any(_overlap(h, w) for w in whole)]
    return [*sorted(whole, key=lambda s: -s.area), *halves]


def _detailed(gray: Gray, symbol: Symbol, halves: list[Symbol]) -> Symbol:
    """Give a QR that only zbar read its version and finer corners, from what zxing half finds there."""
    if symbol.symbology != "QRCode":
        return symbol
    known = [half for half in halves if half.size is not None and _overlap(half, symbol)]
    if not known:
        for view, to_view in _straightened(gray, symbol):
            back = np.linalg.inv(to_view)
            known = [replace(s, corners=project(back, s.corners)) for s in _zxing(view) if s.size is not None]
            if known:
                break
    if not known:
        return symbol
    best = max(known, key=lambda s: (bool(s.text), s.area))
    return replace(best, text=symbol.text, readers=symbol.readers)


def second_opinion(gray: Gray, symbol: Symbol) -> Symbol:
    """Ask zbar too about a QR that zxing read: the same pixels, cut out around the code, and as a phone would see it
    (a code of more than ten pixels a module is also offered at half size)."""
    if "zbar" in symbol.readers or symbol.symbology != "QRCode" or not symbol.text:
        return symbol
    low, high = symbol.corners.min(0), symbol.corners.max(0)
    margin = 0.4 * (high - low)
    x0, y0 = np.maximum(low - margin, 0).astype(int)
    x1, y1 = np.ceil(high + margin).astype(int)
    cut = np.ascontiguousarray(gray[y0:y1, x0:x1])
    modules = symbol.size[0] if symbol.size else 29
    views = [cut]
    if max(high - low) / modules > 10:
        views.append(cv2.resize(cut, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False))
    for view in views:
        if any(_same_text(other.text, symbol.text) for other in _zbar(view)):
            return replace(symbol, readers=symbol.readers | {"zbar"})
    return symbol


def _same_text(first: str, second: str) -> bool:
    """Readers differ in whether a leading FNC1 shows."""
    return first.strip("\x1d") == second.strip("\x1d")


def _zxing(gray: Gray, *, pure: bool = False) -> list[Symbol]:
    results = zxingcpp.read_barcodes(
        np.ascontiguousarray(gray), text_mode=zxingcpp.TextMode.Plain, return_errors=not pure
    )
    symbols = []
    for result in results:
        name = result.format.name
        if not result.valid and name not in _MATRIX:
            continue  # half a line code is no evidence of a code
        place = result.position
        corners = np.array(
            [(p.x, p.y) for p in (place.top_left, place.top_right, place.bottom_right, place.bottom_left)], np.float64
        )
        extra = result.extra or {}
        version, size = _dimensions(name, str(extra.get("Version", "")))
        mask = extra.get("DataMask")
        symbols.append(
            Symbol(
                text=result.text if result.valid else "",
                symbology=name, corners=corners, size=size, version=version,
                level=str(extra["ECLevel"]) if "ECLevel" in extra else None,
                mask=int(mask) if mask is not None else None,
                readers=frozenset({"zxing"}) if result.valid else frozenset(),
                gs1=result.content_type == zxingcpp.ContentType.GS1,
            )
        )  # fmt: skip
    return symbols


def _dimensions(symbology: str, version: str) -> tuple[int | None, tuple[int, int] | None]:
    if symbology == "QRCode" and version.isdigit() and 1 <= int(version) <= 40:
        side = 17 + 4 * int(version)
        return int(version), (side, side)
    if symbology == "DataMatrix" and "x" in version:
        rows, columns = version.split("x")[:2]
        if rows.isdigit() and columns.isdigit():
            return None, (int(rows), int(columns))
    return None, None


def _zbar(gray: Gray) -> list[Symbol]:
    symbols = []
    for result in pyzbar.decode(np.ascontiguousarray(gray), symbols=_ZBAR_SYMBOLS):
        corners: Floats = np.array([(p.x, p.y) for p in result.polygon], np.float64)
        if len(corners) != 4:
            left, top, width, height = result.rect
            corners = rectangle(max(width, 1), max(height, 1)) + np.array([left, top])
        elif result.orientation in {"UP", "RIGHT", "DOWN", "LEFT"}:
            corners = _clockwise(corners)
        symbols.append(
            Symbol(
                text=result.data.decode("utf-8", "replace"),
                symbology=_ZBAR_NAMES.get(result.type, result.type),
                corners=corners,
                readers=frozenset({"zbar"}),
            )
        )
    return symbols


def _clockwise(corners: Floats) -> Floats:
    """Zbar lists a QR's corners from its own top left, counter-clockwise."""
    x, y = corners[:, 0], corners[:, 1]
    area = np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))
    return corners if area > 0 else corners[[0, 3, 2, 1]]


def _overlap(first: Symbol, second: Symbol) -> bool:
    middle = first.corners.mean(0)
    reach = 0.5 * max(side_lengths(second.corners).max(), 1.0)
    return bool(np.linalg.norm(middle - second.corners.mean(0)) < reach)


def _merge(symbols: list[Symbol]) -> list[Symbol]:
    """Each place once; what was read wins over what was half found."""
    kept: list[Symbol] = []
    for symbol in sorted(symbols, key=lambda s: (not s.text, -s.area)):
        same = [k for k in kept if _overlap(symbol, k) and (k.text == symbol.text or not symbol.text)]
        if not same:
            kept.append(symbol)
    return kept


def _repaired(gray: Gray, halves: list[Symbol]) -> list[Symbol]:
    """What repaired copies of the picture give up. The first repair that reads anything ends the search."""
    for view, to_view in _repairs(gray, halves):
        back = np.linalg.inv(to_view)
        for read in (_zxing, _zbar):
            symbols = [s for s in read(view) if s.text]
            if symbols:
                return [replace(s, corners=project(back, s.corners), readers=frozenset()) for s in symbols]
    return []


def _scaling(factor: float) -> Floats:
    shift = 0.5 * factor - 0.5
    return np.array([[factor, 0, shift], [0, factor, shift], [0, 0, 1.0]])


def _resized(gray: Gray, factor: float) -> Gray:
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return cv2.resize(gray, None, fx=factor, fy=factor, interpolation=way).astype(np.uint8, copy=False)


def _sharpen(gray: Gray, sigma: float = 1.5) -> Gray:
    soft = cv2.GaussianBlur(gray, (0, 0), sigma)
    return cv2.addWeighted(gray, 2.2, soft, -1.2, 0).astype(np.uint8, copy=False)


def _flatten(gray: Gray) -> Gray:
    """Even out the light: divide by the local brightness."""
    small = cv2.resize(gray, None, fx=0.125, fy=0.125, interpolation=cv2.INTER_AREA)
    ground = cv2.dilate(small, np.ones((9, 9), np.uint8))
    ground = cv2.resize(cv2.GaussianBlur(ground, (0, 0), 4), gray.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.clip(gray.astype(np.float32) * 230 / np.maximum(ground, 16), 0, 255).astype(np.uint8)


def _repairs(gray: Gray, halves: list[Symbol]) -> Iterator[tuple[Gray, Floats]]:
    for half in halves[:3]:
        yield from _straightened(gray, half)
    factor = min(1.0, (_REPAIR_PIXELS / gray.size) ** 0.5)
    base = gray if factor == 1.0 else _resized(gray, factor)
    flat = _flatten(base)
    clahe = cv2.createCLAHE(3.0, (8, 8)).apply(base).astype(np.uint8, copy=False)
    for view in (flat, _sharpen(base), clahe, _sharpen(flat, 2.5)):
        yield view, _scaling(factor)
    for step in (0.5, 0.33, 2.0):
        total = factor * step
        if min(gray.shape) * total < 80 or (step > 1 and base.size > 1_300_000):
            continue
        scaled = _resized(base, step)
        for view in (scaled, _sharpen(scaled), _flatten(scaled)):
            yield view, _scaling(total)
    yield from _located(base, factor)
    yield cv2.medianBlur(flat, 5).astype(np.uint8, copy=False), _scaling(factor)


def _straightened(gray: Gray, symbol: Symbol) -> Iterator[tuple[Gray, Floats]]:
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
        yield _sharpen(view, density / 3), to_view


def _located(gray: Gray, factor: float) -> Iterator[tuple[Gray, Floats]]:
    """Quadrangles that OpenCV's detector takes for QR codes, straightened."""
    try:
        found, quads = cv2.QRCodeDetector().detectMulti(gray)
    except cv2.error:
        return
    if not found or quads is None:
        return
    for corners in np.asarray(quads, np.float64)[:4]:
        if np.isfinite(corners).all() and np.abs(line_through(corners[0], corners[2])).max() > 0:
            for view, to_view in _straightened(gray, Symbol("", "QRCode", corners)):
                yield view, to_view @ _scaling(factor)
