"""Invented certificates whose truth is known to the hundredth of a millimetre.

``render_certificate`` prints a sheet (a raster with known millimetres); ``benchmarks.camera`` looks at it.
Every firm, product and number here is a sample (样例).
"""

from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import segno
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Image8 = NDArray[np.uint8]
Floats = NDArray[np.float64]

FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
)
SIMPLIFIED_CHINESE = 2
"""Index of the SC face within the Noto Sans CJK collection."""

TRACE_LINK = "https://id.gs1.org/01/06901234567892/10/L2026A/21/{serial}"
DEFECTS = (
    "low_contrast", "streak", "stain", "ghost", "soft_print", "jagged", "seal", "crease", "quiet_text", "rounded",
)  # fmt: skip


def sample_uscc() -> str:
    """An 18-character credit code with valid check characters that no firm can hold (Shanghai never issued MA0)."""
    body = "MA000000"
    order = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    total = sum(order.index(c) * w for c, w in zip(body, (3, 7, 9, 10, 5, 8, 4, 2), strict=True))
    check = (11 - total % 11) % 11
    head = "91310000" + body + ("X" if check == 10 else str(check))
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    weighted = sum(alphabet.index(c) * (3**i % 31) for i, c in enumerate(head))
    return head + alphabet[(31 - weighted % 31) % 31]


def sample_fields() -> dict[str, str]:
    """What the sample certificates state."""
    return {
        "产品名称": "聚氯乙烯绝缘电线（样例）",
        "规格型号": "BV 2.5",
        "生产批次": "L2026A",
        "生产日期": "2026-11-03",
        "生产企业": "样例电缆有限公司",
        "统一社会信用代码": sample_uscc(),
    }


@dataclass(frozen=True, slots=True)
class Design:
    """A certificate to print. Millimetres from the trimmed sheet's edges; the code side excludes the quiet zone."""

    sheet_mm: tuple[float, float] = (100.0, 70.0)
    code_side_mm: float = 22.0
    right_mm: float = 7.0
    top_mm: float | None = 8.0
    """Distance of the code to the upper edge; None puts it in the lower corner, at ``bottom_mm``."""
    bottom_mm: float = 8.0
    text: str = TRACE_LINK.format(serial="0001")
    error: str = "m"
    version: int | None = None
    fields: dict[str, str] = field(default_factory=sample_fields)
    defects: tuple[str, ...] = ()
    ink: int = 24
    """sRGB level of the printed ink; 132 makes a PCS near 0.74 on this paper."""
    paper: int = 240
    frame: bool = True
    quiet_mark_mm: float = 1.8
    """Distance to the code of the mark that the defect ``quiet_text`` plants."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A printed sheet: RGB raster, its scale, and the truth. ``edge_mm`` and ``code_mm`` (x, y, side) are exact."""

    image: Image8
    px_per_mm: float
    sheet_mm: tuple[float, float]
    code_mm: tuple[float, float, float]
    modules: int
    rounded_mm: float

    @property
    def edge_mm(self) -> dict[str, float]:
        x, y, side = self.code_mm
        width, height = self.sheet_mm
        return {"left": x, "top": y, "right": width - x - side, "bottom": height - y - side}


def chinese_font() -> str | None:
    """Path of a font with Chinese glyphs; None where the machine has none (sheets are then printed without text)."""
    return next((path for path in FONTS if Path(path).exists()), None)


def _code_raster(matrix: Floats, shape: tuple[int, int], x: float, y: float, side: float, rng_jag: float) -> Floats:
    """Ink coverage 0..1 of each pixel, by exact area; ``rng_jag`` is the roughness of borders in modules."""
    count = len(matrix)
    height, width = shape

    def overlap(length: int, start: float) -> Floats:
        pixel = np.arange(length)[:, None]
        low = start + np.arange(count)[None] * side / count
        high = low + side / count
        return np.clip(np.minimum(pixel + 1, high) - np.maximum(pixel, low), 0, 1)

    ink = overlap(height, y) @ matrix @ overlap(width, x).T
    if rng_jag:
        rng = np.random.default_rng(5)
        size = max(2, round(side / count / 3))
        small = rng.normal(0, 1, (2, height // size + 2, width // size + 2)).astype(np.float32)
        shift = [
            cv2.resize(s, (width, height), interpolation=cv2.INTER_NEAREST) * rng_jag * side / count for s in small
        ]
        yy, xx = np.mgrid[0:height, 0:width].astype(np.float32)
        ink = cv2.remap(ink.astype(np.float32), xx + shift[0], yy + shift[1], cv2.INTER_LINEAR).astype(np.float64)
    return ink


def _print_text(canvas: Image.Image, design: Design, scale: float, code_x: float) -> None:
    path = chinese_font()
    if path is None or not design.fields:
        return
    draw = ImageDraw.Draw(canvas)
    width, height = design.sheet_mm
    ink = (design.ink,) * 3 if "low_contrast" not in design.defects else (30,) * 3

    def font(mm: float) -> ImageFont.FreeTypeFont:
        return ImageFont.truetype(path, round(mm * scale), index=SIMPLIFIED_CHINESE)

    size = min(2.7, height / 26)
    left = 5.5
    upper = design.top_mm is not None
    draw.text((left * scale, 4.5 * scale), "产品合格证", font=font(size * 1.9), fill=ink)
    top, pitch = 4.5 + size * 3.4, (height - 4.5 - size * 3.4 - 8 - size * 2.2) / len(design.fields)
    pitch = min(pitch, size * 2.6)
    table_right = code_x - 5
    for row, (label, value) in enumerate(design.fields.items()):
        y = top + row * pitch
        draw.line([left * scale, y * scale, table_right * scale, y * scale], fill=ink, width=max(1, round(0.2 * scale)))
        draw.text(
            ((left + 0.5) * scale, (y + (pitch - size * 1.25) / 2) * scale),
            f"{label}：{value}",
            font=font(size),
            fill=ink,
        )
    y = top + len(design.fields) * pitch
    draw.line([left * scale, y * scale, table_right * scale, y * scale], fill=ink, width=max(1, round(0.2 * scale)))
    for x in (left, table_right):
        draw.line([x * scale, top * scale, x * scale, y * scale], fill=ink, width=max(1, round(0.2 * scale)))
    draw.text((left * scale, (y + 1.2) * scale), "检验结论：合格    检验员：样例01", font=font(size), fill=ink)
    if upper and height - (design.top_mm or 0) - design.code_side_mm > 24:
        _stamp(draw, font, (width - 18) * scale, (height - 13) * scale, scale)


def _stamp(draw: ImageDraw.ImageDraw, font: object, x: float, y: float, scale: float, radius: float = 8.5) -> None:
    """A round red seal, 样例检验专用章."""
    red, r = (205, 32, 40), radius * scale
    draw.ellipse([x - r, y - r, x + r, y + r], outline=red, width=round(0.5 * scale))
    for line, text in enumerate(("样例电缆", "检验专用章")):
        face = font(2.4)  # type: ignore[operator]
        draw.text((x, y + (line - 0.5) * 3.4 * scale), text, font=face, fill=red, anchor="mm")


def render_certificate(design: Design | None = None, px_per_mm: float = 20.0) -> Sheet:
    """Print one sheet.

    Without a Chinese font on the machine the sheet carries the code, frame and seal outline but no text.
    """
    design = design or Design()
    scale = px_per_mm
    width, height = design.sheet_mm
    shape = (round(height * scale), round(width * scale))
    side = design.code_side_mm
    x = width - design.right_mm - side
    y = design.top_mm if design.top_mm is not None else height - design.bottom_mm - side
    canvas = Image.new("RGB", (shape[1], shape[0]), (design.paper,) * 3)
    _print_text(canvas, design, scale, x)
    draw = ImageDraw.Draw(canvas)
    if design.frame:
        inset = 2.5 * scale
        draw.rectangle(
            [inset, inset, shape[1] - inset, shape[0] - inset], outline=(90, 90, 90), width=round(0.25 * scale)
        )
    if "quiet_text" in design.defects:
        mark = x - design.quiet_mark_mm
        draw.rectangle(
            [(mark - 3) * scale, (y + side / 3) * scale, mark * scale, (y + side / 3 + 2) * scale], fill=(20, 20, 20)
        )
    image = np.asarray(canvas).astype(np.float64)
    symbol = segno.make(design.text, error=design.error, version=design.version, micro=False, boost_error=False)
    matrix = np.array([list(row) for row in symbol.matrix], dtype=np.float64)
    modules = len(matrix)
    if "ghost" in design.defects:
        image = _ink(
            image, 0.4 * _code_raster(matrix, shape, (x + 0.3) * scale, (y + 0.2) * scale, side * scale, 0), design.ink
        )
    ink = _code_raster(matrix, shape, x * scale, y * scale, side * scale, 0.16 if "jagged" in design.defects else 0)
    if "streak" in design.defects:
        row = (y + side * 0.42) * scale
        ink[round(row) : round(row + side / modules * 0.6 * scale)] = 0
    if "soft_print" in design.defects:
        ink = cv2.GaussianBlur(ink, (0, 0), 0.45 * side / modules * scale)
    image = _ink(image, ink, 132 if "low_contrast" in design.defects else design.ink)
    if "stain" in design.defects:
        blot = np.zeros(shape)
        cv2.circle(
            blot, (round((x + side * 0.62) * scale), round((y + side * 0.6) * scale)), round(1.7 * scale), 1.0, -1
        )
        image = _ink(image, blot, 35)
    if "seal" in design.defects:
        over = Image.fromarray(image.round().astype(np.uint8))
        radius = 8.5 * scale
        cx, cy = (x + 2) * scale, (y + side - 1) * scale
        ImageDraw.Draw(over).ellipse(
            [cx - radius, cy - radius, cx + radius, cy + radius], outline=(205, 32, 40), width=round(0.7 * scale)
        )
        image = np.asarray(over).astype(np.float64)
    if "crease" in design.defects:
        mask = np.zeros(shape)
        start, end = (x - 9) * scale, (x + side + 6.5) * scale
        middle = (y + side * 0.55) * scale
        cv2.line(mask, (round(start), round(middle - 25)), (round(end), round(middle + 30)), 1.0, round(0.45 * scale))
        mask = cv2.GaussianBlur(mask, (0, 0), 0.12 * scale)[..., None]
        image = image * (1 - 0.45 * mask) + 150 * 0.45 * mask
    return Sheet(
        image=image.round().clip(0, 255).astype(np.uint8), px_per_mm=scale, sheet_mm=design.sheet_mm,
        code_mm=(x, y, side), modules=modules, rounded_mm=4.0 if "rounded" in design.defects else 0.0,
    )  # fmt: skip


def _ink(image: Floats, coverage: Floats, level: int) -> Floats:
    """Print: cover the paper by ``coverage`` with ink of an sRGB level (mixed in linear light, as areas do)."""
    c = coverage[..., None]
    return encode(linear(image) * (1 - c) + linear(np.array(float(level))) * c)


def linear(srgb: Floats) -> Floats:
    s = srgb / 255
    return np.where(s <= 0.04045, s / 12.92, ((s + 0.055) / 1.055) ** 2.4)


def encode(linear: Floats) -> Floats:
    s = np.clip(linear, 0, 1)
    return 255 * np.where(s <= 0.0031308, s * 12.92, 1.055 * s ** (1 / 2.4) - 0.055)
