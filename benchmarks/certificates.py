"""Invented certificates whose truth is known to the hundredth of a millimetre.

``render_certificate`` prints a :class:`Design` (a raster with known millimetres), ``benchmarks.defects`` says what can
go wrong with the print, ``benchmarks.designs`` draws whole families of both, ``benchmarks.camera`` looks at the sheet.
Every firm, product and number here is a sample (样例).
"""

from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import segno
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from benchmarks.defects import Defect, Plate, print_code

Image8 = NDArray[np.uint8]
Floats = NDArray[np.float64]
Colour = tuple[int, int, int]

FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
)
SIMPLIFIED_CHINESE = 2
"""Index of the SC face within the Noto Sans CJK collection."""

TRACE_LINK = "https://id.gs1.org/01/06901234567892/10/L2026A/21/{serial}"
RED: Colour = (205, 32, 40)


def sample_uscc(number: int = 0) -> str:
    """An 18-character credit code with valid check characters that no firm can hold (Shanghai never issued MA0)."""
    body = f"MA0{number:05d}"
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
    defects: tuple[Defect | str, ...] = ()
    """What goes wrong; a bare name plants that defect's usual amount."""
    ink: int = 24
    """SRGB level of the printed ink."""
    paper: int | Colour = 240
    frame: bool = True
    frame_inset_mm: float = 2.5
    table: bool = True
    font_mm: float | None = None
    """Height of the text; None takes what suits the sheet."""
    text_gap_mm: float = 5.0
    """From the code to the right end of the text table."""
    stamp_mm: tuple[float, float] | None = None
    """Centre of a seal beside the code; None puts one below an upper code where there is room."""
    stamp_colour: Colour = RED
    dots_per_inch: float | None = None
    """Prints the code in dots of a printer that knows nothing of modules; None prints exact borders."""
    growth_modules: float = 0.0
    """By how much each border of the code's ink has spread."""

    @property
    def code_mm(self) -> tuple[float, float, float]:
        """Left, top and side of the code."""
        width, height = self.sheet_mm
        top = self.top_mm if self.top_mm is not None else height - self.bottom_mm - self.code_side_mm
        return width - self.right_mm - self.code_side_mm, top, self.code_side_mm

    @property
    def planted(self) -> tuple[Defect, ...]:
        return tuple(d if isinstance(d, Defect) else Defect(d) for d in self.defects)


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


def font(pixels: float) -> ImageFont.FreeTypeFont | None:
    """The Chinese face at a height in pixels; None where the machine has none."""
    path = chinese_font()
    return ImageFont.truetype(path, max(4, round(pixels)), index=SIMPLIFIED_CHINESE) if path else None


def render_certificate(design: Design | None = None, px_per_mm: float = 20.0) -> Sheet:
    """Print one sheet.

    Without a Chinese font on the machine the sheet carries the code, frame and seal outline but no text.
    """
    design = design or Design()
    scale = px_per_mm
    width, height = design.sheet_mm
    shape = (round(height * scale), round(width * scale))
    x, y, side = design.code_mm
    paper = (design.paper,) * 3 if isinstance(design.paper, int) else design.paper
    canvas = Image.new("RGB", (shape[1], shape[0]), paper)
    _print_text(canvas, design, scale, x)
    draw = ImageDraw.Draw(canvas)
    if design.frame:
        inset = design.frame_inset_mm * scale
        draw.rectangle(
            [inset, inset, shape[1] - inset, shape[0] - inset], outline=(90, 90, 90), width=round(0.25 * scale)
        )
    image = np.asarray(canvas).copy()
    symbol = segno.make(design.text, error=design.error, version=design.version, micro=False, boost_error=False)
    matrix = np.array([list(row) for row in symbol.matrix], np.bool_)
    # only around the code does ink meet defects
    reach = 16.0
    low = np.floor(np.maximum([(x - reach) * scale, (y - reach) * scale], 0)).astype(int)
    high = np.ceil(np.minimum([(x + side + reach) * scale, (y + side + reach) * scale], shape[::-1])).astype(int)
    window = (slice(low[1], high[1]), slice(low[0], high[0]))
    plate = Plate(
        light=linear(image[window]), code=(x * scale - low[0], y * scale - low[1], side * scale), matrix=matrix,
        scale=scale, ink=design.ink, dots_per_inch=design.dots_per_inch, growth=design.growth_modules,
        typeface=chinese_font(),
    )  # fmt: skip
    image[window] = encode(print_code(plate, design.planted)).round().astype(np.uint8)
    rounded = next((d.size for d in design.planted if d.kind == "rounded"), 0.0)
    return Sheet(image, scale, design.sheet_mm, design.code_mm, len(matrix), rounded)


def _print_text(canvas: Image.Image, design: Design, scale: float, code_x: float) -> None:
    if chinese_font() is None or not design.fields:
        return
    draw = ImageDraw.Draw(canvas)
    width, height = design.sheet_mm
    ink = (min(design.ink, 60),) * 3
    size = design.font_mm or min(2.7, height / 26)
    left, table_right = 5.5, code_x - design.text_gap_mm
    if code_x < width / 3:  # a code on the left: the text stands to its right
        left, table_right = code_x + design.code_side_mm + design.text_gap_mm, width - 5.5
    title, plain = font(size * 1.9 * scale), font(size * scale)
    draw.text((left * scale, 4.5 * scale), "产品合格证", font=title, fill=ink)
    top, pitch = 4.5 + size * 3.4, (height - 4.5 - size * 3.4 - 8 - size * 2.2) / len(design.fields)
    pitch = min(pitch, size * 2.6)
    stroke = max(1, round(0.2 * scale))

    def rule(*ends: float) -> None:
        if design.table:
            draw.line([v * scale for v in ends], fill=ink, width=stroke)

    def write(at: tuple[float, float], text: str) -> None:
        """A line of text, smaller where it would reach the code."""
        face, room = plain, (table_right - left - 1) * scale
        if face is not None and draw.textlength(text, font=face) > room > 0:
            face = font(size * scale * room / draw.textlength(text, font=face))
        draw.text(at, text, font=face, fill=ink)

    for row, (label, value) in enumerate(design.fields.items()):
        y = top + row * pitch
        rule(left, y, table_right, y)
        at = ((left + 0.5) * scale, (y + (pitch - size * 1.25) / 2) * scale)
        write(at, f"{label}：{value}")
    y = top + len(design.fields) * pitch
    rule(left, y, table_right, y)
    rule(left, top, left, y)
    rule(table_right, top, table_right, y)
    write((left * scale, (y + 1.2) * scale), "检验结论：合格    检验员：样例01")
    stamp = design.stamp_mm
    if stamp is None and design.top_mm is not None and height - design.top_mm - design.code_side_mm > 26:
        stamp = (width - 18, height - 13)
    if stamp is not None:
        _stamp(draw, stamp[0] * scale, stamp[1] * scale, scale, design.stamp_colour)


def _stamp(
    draw: ImageDraw.ImageDraw, x: float, y: float, scale: float, colour: Colour = RED, radius: float = 8.5
) -> None:
    """A round seal, 样例检验专用章."""
    r = radius * scale
    draw.ellipse([x - r, y - r, x + r, y + r], outline=colour, width=round(0.5 * scale))
    for line, text in enumerate(("样例电缆", "检验专用章")):
        draw.text((x, y + (line - 0.5) * 3.4 * scale), text, font=font(2.4 * scale), fill=colour, anchor="mm")


_LINEAR = np.array([v / 255 / 12.92 if v <= 10 else ((v / 255 + 0.055) / 1.055) ** 2.4 for v in range(256)], np.float32)


def linear(srgb: NDArray[np.number]) -> NDArray[np.float32]:
    """Linear light 0…1 of sRGB levels 0…255."""
    if srgb.dtype == np.uint8:
        return np.asarray(cv2.LUT(np.ascontiguousarray(srgb), _LINEAR), np.float32)
    s = np.asarray(srgb, np.float32) / 255
    return np.asarray(np.where(s <= 0.04045, s / 12.92, ((s + 0.055) / 1.055) ** 2.4), np.float32)


def encode(light: NDArray[np.floating]) -> NDArray[np.float32]:
    """SRGB levels 0…255 of linear light."""
    s = np.clip(light, 0, 1)
    return np.asarray(255 * np.where(s <= 0.0031308, s * 12.92, 1.055 * s ** (1 / 2.4) - 0.055), np.float32)
