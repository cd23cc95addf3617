"""Bytes to pixels, with every guard before the decoding: size, structure, pixels, shape, frames, format."""

import io
import struct
import warnings
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, UnidentifiedImageError

from inspection.identify import MediaType, admitted
from inspection.report import PictureRefused
from inspection.structure import Structure, unreadable, walk

MAX_BYTES = 20 * 1024 * 1024
MAX_SIDE = 30_000
"""OpenCV resamples no picture with a side of 32768 or more."""
MAX_ASPECT = 20
REDUCE_ABOVE = 26_000_000
"""Pictures with more pixels are halved, JPEGs while decoding: 6 MP and more stay, plenty for 0.05 mm on a sheet."""

_MAX_PIXELS = {MediaType.JPEG: 60_000_000, MediaType.WEBP: 25_000_000}
_MAX_PIXELS_ELSE = 40_000_000
"""What decodes within 1 s and 1 GiB; 40 MP hold an A4 scan at 600 dpi. JPEGs are cheap: they decode at half size."""

_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF")
Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Picture:
    """An upright picture. ``rgb`` H×W×3 and ``gray`` H×W, uint8; ``size`` is the photo's own width and height in
    pixels, ``scale`` photo pixels per pixel of ``rgb`` (1, or 2 where a huge picture was halved); ``more_pages`` where
    this is the first page of a TIFF or PDF with several."""

    rgb: Pixels
    gray: Pixels
    size: tuple[int, int]
    scale: float
    media: MediaType
    more_pages: bool = False


def decode(data: bytes) -> Picture:
    """Decode one still picture, EXIF orientation applied; of a TIFF the first page.

    Raises :class:`PictureRefused` with a stable code: ``picture_empty``, ``picture_too_large``,
    ``picture_too_many_pixels``, ``picture_too_many_scans``, ``picture_shape``, ``picture_animated``,
    ``picture_truncated``, ``picture_is_pdf``, ``picture_is_heic``, ``picture_unreadable``.
    """
    media = _admit(data)
    structure = walk(data, media)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # broken EXIF and the like; the bomb check is made below, by our own limit
            with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
                return _load(image, data, media, structure)
    except PictureRefused:
        raise
    except Image.DecompressionBombError:
        raise _too_many_pixels(_most_pixels(media, structure)) from None
    except UnidentifiedImageError:
        raise (_truncated() if not structure.complete else unreadable()) from None
    except (OSError, EOFError, struct.error) as error:
        if "truncated" in str(error).lower() or isinstance(error, (EOFError, struct.error)):
            raise _truncated() from None
        raise unreadable() from None
    except (ValueError, SyntaxError, KeyError, IndexError, TypeError, AttributeError, ArithmeticError):
        # Pillow's plugins raise these on malformed headers
        raise unreadable() from None


def _admit(data: bytes) -> MediaType:
    if not data:
        raise PictureRefused("picture_empty", "收到的图片是空的，请重新发送。")
    if len(data) > MAX_BYTES:
        size = len(data) / 1024 / 1024
        raise PictureRefused(
            "picture_too_large", f"图片有 {size:.1f} MB，超过 20 MB，请用手机普通模式拍照或压缩后再发送。"
        )
    media = admitted(data)
    if media is MediaType.PDF:
        raise PictureRefused("picture_is_pdf", "这是 PDF 原稿，不是照片：请用上传链接提交，或打印后平放拍照。")
    return media


def _truncated() -> PictureRefused:
    return PictureRefused("picture_truncated", "图片没有传完整，请重新发送一次。")


def _most_pixels(media: MediaType, structure: Structure) -> int:
    """No camera writes a progressive JPEG of more than 40 MP, and all its passes go over all pixels."""
    return _MAX_PIXELS_ELSE if structure.progressive else _MAX_PIXELS.get(media, _MAX_PIXELS_ELSE)


def _too_many_pixels(most: int) -> PictureRefused:
    return PictureRefused(
        "picture_too_many_pixels", f"图片超过 {most // 10_000} 万像素，请用手机普通模式（约 1200 万像素）拍照。"
    )


def _load(image: Image.Image, data: bytes, media: MediaType, structure: Structure) -> Picture:
    width, height = image.size
    if width < 1 or height < 1:
        raise unreadable()
    if width * height > (most := _most_pixels(media, structure)):
        raise _too_many_pixels(most)
    if max(width, height) > min(MAX_SIDE, MAX_ASPECT * min(width, height)):
        raise PictureRefused("picture_shape", f"图片是 {width}×{height} 像素的长条，请把整张合格证拍进一张普通照片。")
    # A JPEG with a second, smaller picture behind it (MPO) is how several phones store plain photos; scanners put
    # several pages into a TIFF, of which the first is read.
    if media not in {MediaType.JPEG, MediaType.TIFF} and getattr(image, "is_animated", False):
        raise PictureRefused("picture_animated", "这是动图，请发送一张静态照片。")
    orientation = _orientation(image)
    halve = width * height > REDUCE_ABOVE
    rgb = _fast_jpeg(image, data, halve=halve) if media is MediaType.JPEG and structure.complete else None
    if rgb is None:
        if media is MediaType.JPEG and halve:
            image.draft(None, (width // 2, height // 2))
        pixels = _to_rgb(image, halve=halve and media is not MediaType.JPEG)
        rgb = np.asarray(pixels)
    scale = width / rgb.shape[1]
    rgb = _turned(rgb, orientation)
    size = (height, width) if orientation >= 5 else (width, height)
    gray = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.uint8, copy=False)
    return Picture(rgb, gray, size, scale, media, structure.more_pages)


def _fast_jpeg(image: Image.Image, data: bytes, *, halve: bool) -> Pixels | None:
    """OpenCV decodes the common JPEG a third faster than Pillow; it does not tell a broken one, so only whole files
    come here. None where Pillow has to look."""
    if image.mode not in {"RGB", "L"}:
        return None
    flags = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
    if halve:
        flags |= cv2.IMREAD_REDUCED_COLOR_2
    try:
        rgb = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error:
        return None
    divisor = 2 if halve else 1
    if rgb is None or rgb.shape != (-(-image.size[1] // divisor), -(-image.size[0] // divisor), 3):
        return None
    return rgb.astype(np.uint8, copy=False)


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _turned(rgb: Pixels, orientation: int) -> Pixels:
    """Upright by the EXIF orientation 1…8."""
    if orientation in {5, 7}:
        rgb = np.ascontiguousarray(rgb.transpose(1, 0, 2))
    ways = {3: cv2.ROTATE_180, 6: cv2.ROTATE_90_CLOCKWISE, 7: cv2.ROTATE_180, 8: cv2.ROTATE_90_COUNTERCLOCKWISE}
    if orientation in ways:
        return cv2.rotate(rgb, ways[orientation]).astype(np.uint8, copy=False)
    if orientation in {2, 4}:
        return cv2.flip(rgb, 1 if orientation == 2 else 0).astype(np.uint8, copy=False)
    return rgb


def _to_rgb(image: Image.Image, *, halve: bool) -> Image.Image:
    """RGB; transparency on white; 16-bit grey to 8 bits by its upper byte; halved first where that is asked for."""
    if image.mode in {"I;16", "I;16B", "I;16L", "I"}:
        wide = np.asarray(image)
        image = Image.fromarray(np.clip(wide // 256, 0, 255).astype(np.uint8))
    elif image.mode in {"P", "PA"} or "transparency" in image.info:
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    elif image.mode == "1":
        image = image.convert("L")
    if halve:
        image = image.reduce(2)
    if image.mode in {"RGBA", "LA", "RGBa", "La"}:
        layer = image.convert("RGBA")
        ground = Image.new("RGB", layer.size, (255, 255, 255))
        ground.paste(layer, mask=layer.getchannel("A"))
        return ground
    return image if image.mode == "RGB" else image.convert("RGB")
