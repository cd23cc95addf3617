"""The readers at hand, each asked in one way: zxing-cpp and zbar. What they say, as :class:`Symbol`."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import zxingcpp
from numpy.typing import NDArray
from pyzbar import pyzbar

from inspection.geometry import Floats, quad, rectangle, side_lengths
from inspection.report import Code

Gray = NDArray[np.uint8]

QR = [zxingcpp.QRCode, zxingcpp.MicroQRCode]
COMMON = [zxingcpp.DataMatrix, zxingcpp.Code128, zxingcpp.Code39, zxingcpp.EANUPC, zxingcpp.ITF]
OTHERS = [*COMMON, zxingcpp.Aztec, zxingcpp.PDF417, zxingcpp.Code93, zxingcpp.DataBar]
"""What certificates, bodies and packages carry besides QR. Codabar and its like are left out: with no check digit they
are found in any row of bars."""
_ZBAR_QR = [pyzbar.ZBarSymbol.QRCODE]
_ZBAR_SYMBOLS = [*_ZBAR_QR, pyzbar.ZBarSymbol.CODE128, pyzbar.ZBarSymbol.EAN13, pyzbar.ZBarSymbol.CODE39]
_ZBAR_NAMES = {"QRCODE": "QRCode", "CODE128": "Code128", "CODE39": "Code39"}
_MATRIX = {"QRCode", "DataMatrix"}
_LINES_LEAST = {"ITF": 6, "Code39": 4, "Code93": 4}
"""Characters below which these line codes, weak or without check digits, are more likely a pattern in the picture."""


@dataclass(frozen=True, slots=True)
class Symbol:
    """A code with what the print measurements need. ``corners`` 4×2 photo pixels, top left first as the code is read.

    ``version``, ``level`` and ``mask`` are the QR's own (``version`` of a Data Matrix: ``(rows, columns)``).
    ``text`` is empty where the code was only half found. ``readers`` names who read it from the untouched picture;
    it is empty where only a repaired picture gave it up (R26: evidence, not a pass). ``uec`` is the share of the error
    correction that was left over, 0…1, where the reader tells; ``inverted`` is True where our own grid read it light on
    dark (zxing-cpp does not tell).
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
    uec: float | None = None
    inverted: bool = False

    def code(self, scale: float = 1.0) -> Code:
        """The plain record, in pixels of a picture ``scale`` times as large."""
        return Code(self.text, self.symbology, quad((self.corners + 0.5) * scale - 0.5))

    @property
    def area(self) -> float:
        x, y = self.corners[:, 0], self.corners[:, 1]
        return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)


def zxing(gray: Gray, formats: Iterable[Any], *, errors: bool = True, **options: Any) -> list[Symbol]:
    """What zxing-cpp reads in a grey picture; with ``errors``, matrix codes half found are listed too, with no text."""
    results = zxingcpp.read_barcodes(
        np.ascontiguousarray(gray), formats=list(formats), text_mode=zxingcpp.TextMode.Plain, return_errors=errors,
        **options,
    )  # fmt: skip
    symbols = []
    for result in results:
        name = result.format.name
        if not result.valid and name not in _MATRIX:
            continue  # half a line code is no evidence of a code
        if not result.valid or len(result.text) >= _LINES_LEAST.get(name, 1):
            symbols.append(described(result))
    return symbols


def described(result: Any, corners: Floats | None = None) -> Symbol:
    """A zxing-cpp result as a symbol, at its own place or at ``corners``."""
    place = result.position
    if corners is None:
        corners = np.array(
            [(p.x, p.y) for p in (place.top_left, place.top_right, place.bottom_right, place.bottom_left)], np.float64
        )
    name = result.format.name
    extra = result.extra or {}
    version, size = _dimensions(name, str(extra.get("Version", "")))
    mask, left = extra.get("DataMask"), extra.get("UEC")
    return Symbol(
        text=result.text if result.valid else "",
        symbology=name, corners=corners, size=size, version=version,
        level=str(extra["ECLevel"]) if "ECLevel" in extra else None,
        mask=int(mask) if mask is not None else None,
        readers=frozenset({"zxing"}) if result.valid else frozenset(),
        gs1=result.content_type == zxingcpp.ContentType.GS1,
        uec=float(left) if left is not None and result.valid else None,
    )  # fmt: skip


def _dimensions(symbology: str, version: str) -> tuple[int | None, tuple[int, int] | None]:
    if symbology == "QRCode" and version.isdigit() and 1 <= int(version) <= 40:
        side = 17 + 4 * int(version)
        return int(version), (side, side)
    if symbology == "DataMatrix" and "x" in version:
        rows, columns = version.split("x")[:2]
        if rows.isdigit() and columns.isdigit():
            return None, (int(rows), int(columns))
    return None, None


def zbar(gray: Gray, *, qr_only: bool = True) -> list[Symbol]:
    """What zbar reads in a grey picture."""
    symbols = []
    for result in pyzbar.decode(np.ascontiguousarray(gray), symbols=_ZBAR_QR if qr_only else _ZBAR_SYMBOLS):
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


def same_text(first: str, second: str) -> bool:
    """Readers differ in whether a leading FNC1 shows."""
    return first.strip("\x1d") == second.strip("\x1d")


def overlap(first: Symbol, second: Symbol) -> bool:
    """Whether two symbols lie at the same place: the middle of the one within half a side of the other's."""
    middle = first.corners.mean(0)
    reach = 0.5 * max(side_lengths(second.corners).max(), 1.0)
    return bool(np.linalg.norm(middle - second.corners.mean(0)) < reach)


def merged(symbols: Iterable[Symbol]) -> list[Symbol]:
    """Each place once; what was read wins over what was half found."""
    kept: list[Symbol] = []
    for symbol in sorted(symbols, key=lambda s: (not s.text, -s.area)):
        same = [k for k in kept if overlap(symbol, k) and (k.text == symbol.text or not symbol.text)]
        if not same:
            kept.append(symbol)
    return kept
