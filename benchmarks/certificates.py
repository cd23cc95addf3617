"""Invented certificates and an invented camera: photos whose truth is known to the hundredth of a millimetre.

``render_certificate`` prints a sheet (a raster with known millimetres), ``photograph`` looks at it through a pinhole
camera and compresses what it sees. ``python -m benchmarks.certificates --fixtures`` writes the four photos of
``tests/photos``. Every firm, product and number here is a sample (样例).
"""

import argparse
import io
from dataclasses import dataclass, field, replace
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


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo with the truth: sheet corners in pixels (pixel centres are whole numbers), top left first, clockwise."""

    jpeg: bytes
    corners: Floats
    code_corners: Floats


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
    return _encode(_linear(image) * (1 - c) + _linear(np.array(float(level))) * c)


def _linear(srgb: Floats) -> Floats:
    s = srgb / 255
    return np.where(s <= 0.04045, s / 12.92, ((s + 0.055) / 1.055) ** 2.4)


def _encode(linear: Floats) -> Floats:
    s = np.clip(linear, 0, 1)
    return 255 * np.where(s <= 0.0031308, s * 12.92, 1.055 * s ** (1 / 2.4) - 0.055)


@dataclass(frozen=True, slots=True)
class Camera:
    """How a sheet is looked at; angles in degrees, ``fill`` is the share of the frame's long side."""

    megapixels: float = 1.6
    quality: int = 72
    tilt: float = 10.0
    roll: float = 6.0
    fill: float = 0.84
    blur_px: float = 0.7
    noise: float = 2.0
    light: float = 0.12
    """Fall-off of the light across the frame."""
    background: str = "any"
    """``wood``, ``grey``, ``dark`` or ``any``."""
    distortion: float = 0.0
    """Radial lens distortion: displacement at the frame's corner as a share of its distance."""


def photograph(sheet: Sheet, seed: int, camera: Camera | None = None) -> Photo:
    """One photo of the sheet; the same seed gives the same photo."""
    camera = camera or Camera()
    rng = np.random.default_rng(seed)
    width = round((camera.megapixels * 1e6 * 4 / 3) ** 0.5)
    height = round(width * 3 / 4)
    pose = _pose(sheet.sheet_mm, (width, height), camera, rng)
    scale = sheet.px_per_mm
    pad = 8
    from_raster = np.array([[1 / scale, 0, (0.5 - pad) / scale], [0, 1 / scale, (0.5 - pad) / scale], [0, 0, 1]])
    raster_to_photo = pose @ from_raster
    alpha = np.zeros((sheet.image.shape[0] + 2 * pad, sheet.image.shape[1] + 2 * pad), np.float32)
    alpha[pad:-pad, pad:-pad] = _sheet_alpha(sheet)
    colour = cv2.copyMakeBorder(sheet.image, pad, pad, pad, pad, cv2.BORDER_REPLICATE)
    corners = _apply(pose, np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * np.array(sheet.sheet_mm))
    density = np.linalg.norm(corners[1] - corners[0]) / sheet.sheet_mm[0]
    reflect = _linear(colour.astype(np.float64)).astype(np.float32)
    if scale > 1.5 * density:
        sigma = 0.42 * scale / density
        reflect, alpha = cv2.GaussianBlur(reflect, (0, 0), sigma), cv2.GaussianBlur(alpha, (0, 0), sigma)
    seen = cv2.warpPerspective(
        reflect, raster_to_photo, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    cover = cv2.warpPerspective(alpha, raster_to_photo, (width, height), flags=cv2.INTER_LINEAR)[..., None]
    scene = _background(camera.background, (height, width), rng)
    shadow = cv2.GaussianBlur(cover[..., 0], (0, 0), max(2.0, 1.2 * density))[..., None]
    scene = scene * (1 - 0.35 * np.clip(shadow, 0, 1)) * (1 - cover) + seen * cover
    angle = rng.uniform(0, 2 * np.pi)
    yy, xx = np.mgrid[0:height, 0:width]
    slope = ((xx / width - 0.5) * np.cos(angle) + (yy / height - 0.5) * np.sin(angle)) * 2
    tint = np.array([1.0, rng.uniform(0.95, 1.0), rng.uniform(0.86, 1.0)])
    scene = scene * ((1 - camera.light * (0.5 + 0.5 * slope)) * rng.uniform(0.85, 1.0))[..., None] * tint
    if camera.distortion:
        scene = _distort(scene.astype(np.float32), camera.distortion)
        corners = _distort_points(corners, (width, height), camera.distortion)
    scene = cv2.GaussianBlur(scene.astype(np.float32), (0, 0), camera.blur_px)
    photo = _encode(scene.astype(np.float64)) + rng.normal(0, camera.noise, scene.shape)
    x, y, side = sheet.code_mm
    code = _apply(pose, np.array([[x, y], [x + side, y], [x + side, y + side], [x, y + side]]))
    if camera.distortion:
        code = _distort_points(code, (width, height), camera.distortion)
    out = io.BytesIO()
    Image.fromarray(photo.round().clip(0, 255).astype(np.uint8)).save(out, "JPEG", quality=camera.quality)
    return Photo(out.getvalue(), corners, code)


def _sheet_alpha(sheet: Sheet) -> NDArray[np.float32]:
    height, width = sheet.image.shape[:2]
    if not sheet.rounded_mm:
        return np.ones((height, width), np.float32)
    mask = Image.new("L", (width, height), 0)
    ImageDraw.Draw(mask).rounded_rectangle([0, 0, width - 1, height - 1], sheet.rounded_mm * sheet.px_per_mm, fill=255)
    return np.asarray(mask).astype(np.float32) / 255


def _pose(sheet_mm: tuple[float, float], size: tuple[int, int], camera: Camera, rng: np.random.Generator) -> Floats:
    """Homography from sheet millimetres to photo pixels."""
    width, height = size
    focal = 1.15 * width
    axis = rng.uniform(0, 2 * np.pi)
    tilt = np.radians(camera.tilt * rng.uniform(0.3, 1.0))
    roll = np.radians(camera.roll * rng.uniform(-1, 1))
    spin, _ = cv2.Rodrigues(np.array([np.cos(axis), np.sin(axis), 0.0]) * tilt)
    turn, _ = cv2.Rodrigues(np.array([0.0, 0.0, roll]))
    rotation = spin @ turn
    centre = np.array([sheet_mm[0] / 2, sheet_mm[1] / 2])
    ratio = min(camera.fill * width / sheet_mm[0], camera.fill * height / sheet_mm[1])
    distance = focal / ratio
    lens = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]])
    shift = np.array([rng.uniform(-0.01, 0.01) * distance, rng.uniform(-0.01, 0.01) * distance, distance])
    flat = np.column_stack([rotation[:, 0], rotation[:, 1], shift - rotation[:, :2] @ centre])
    pose = lens @ flat
    return pose / pose[2, 2]


def _background(kind: str, shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float32]:
    """A table in linear light, H x W x 3."""
    if kind == "any":
        kind = str(rng.choice(["wood", "grey", "dark"]))
    height, width = shape
    base = {"wood": (0.30, 0.17, 0.08), "grey": (0.22, 0.23, 0.24), "dark": (0.03, 0.035, 0.045)}[kind]
    coarse = rng.normal(0, 1, (height // 40 + 2, width // 40 + 2 if kind != "wood" else 4)).astype(np.float32)
    fine = rng.normal(0, 1, (height // 3 + 2, width // 3 + 2 if kind != "wood" else width // 90 + 2)).astype(np.float32)
    texture = 0.18 * cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    texture += 0.10 * cv2.resize(fine, (width, height), interpolation=cv2.INTER_LINEAR)
    return (np.array(base, np.float32) * np.clip(1 + texture, 0.3, 1.8)[..., None]).astype(np.float32)


def _distort(scene: NDArray[np.float32], share: float) -> NDArray[np.float32]:
    height, width = scene.shape[:2]
    yy, xx = np.mgrid[0:height, 0:width].astype(np.float32)
    source = _undistort_points(np.stack([xx, yy], -1).reshape(-1, 2).astype(np.float64), (width, height), share)
    grid = source.reshape(height, width, 2).astype(np.float32)
    return cv2.remap(scene, grid[..., 0], grid[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _undistort_points(points: Floats, size: tuple[int, int], share: float) -> Floats:
    centre, radius = np.array(size) / 2, np.hypot(*size) / 2
    off = points - centre
    square = (off**2).sum(-1, keepdims=True) / radius**2
    return centre + off * (1 + share * square)


def _distort_points(points: Floats, size: tuple[int, int], share: float) -> Floats:
    guess = points.copy()
    for _ in range(20):
        guess = guess - (_undistort_points(guess, size, share) - points)
    return guess


def _apply(homography: Floats, points: Floats) -> Floats:
    moved = np.column_stack([points, np.ones(len(points))]) @ homography.T
    return moved[:, :2] / moved[:, 2:]


FIXTURES: dict[str, tuple[Design, int]] = {
    "good_100x70.jpg": (Design(), 11),
    "small_code_100x70.jpg": (
        Design(code_side_mm=17.8, right_mm=8.0, text=TRACE_LINK.format(serial="0002")), 12),
    "near_edge_100x70.jpg": (Design(right_mm=3.6, frame=False, text=TRACE_LINK.format(serial="0003")), 13),
    "low_contrast_100x70.jpg": (
        Design(defects=("low_contrast",), text=TRACE_LINK.format(serial="0004")), 14),
}  # fmt: skip


def write_fixtures(folder: Path) -> None:
    """The four photos that tests and the demo use: 1280 pixels wide, compressed as a messenger does."""
    if chinese_font() is None:
        raise SystemExit("no Chinese font (fonts-noto-cjk): the fixtures need their text")
    folder.mkdir(parents=True, exist_ok=True)
    for name, (design, seed) in FIXTURES.items():
        camera = replace(Camera(), megapixels=1280 * 960 / 1e6, fill=0.86, background="wood", quality=80)
        photo = photograph(render_certificate(design), seed, camera)
        (folder / name).write_bytes(photo.jpeg)
        print(f"{name}: {len(photo.jpeg) // 1024} kB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fixtures", action="store_true", help="write tests/photos/*.jpg")
    parser.add_argument("--folder", type=Path, default=Path("tests/photos"))
    arguments = parser.parse_args()
    if arguments.fixtures:
        write_fixtures(arguments.folder)


if __name__ == "__main__":
    main()
