"""Bytes to pixels, with every guard before the decoding: size, pixels, frames, format."""

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

MAX_BYTES = 20 * 1024 * 1024
MAX_PIXELS = 60_000_000
REDUCE_ABOVE = 26_000_000
"""JPEGs with more pixels are decoded at half size: 6 MP and more stay, plenty for 0.05 mm on a sheet."""

_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF")
_TRANSPOSE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Picture:
    """An upright picture. ``rgb`` H×W×3 and ``gray`` H×W, uint8; ``size`` is the photo's own width and height in
    pixels, ``scale`` photo pixels per pixel of ``rgb`` (1, or 2 where a huge JPEG was decoded at half size)."""

    rgb: NDArray[np.uint8]
    gray: NDArray[np.uint8]
    size: tuple[int, int]
    scale: float
    media: MediaType


def decode(data: bytes) -> Picture:
    """Decode one still picture, EXIF orientation applied.

    Raises :class:`PictureRefused` with a stable code: ``picture_empty``, ``picture_too_large``,
    ``picture_too_many_pixels``, ``picture_animated``, ``picture_truncated``, ``picture_is_pdf``, ``picture_is_heic``,
    ``picture_unreadable``.
    """
    media = _admit(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # broken EXIF and the like; the bomb check is made below, by our own limit
            with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
                return _load(image, media)
    except PictureRefused:
        raise
    except Image.DecompressionBombError:
        raise _too_many_pixels() from None
    except UnidentifiedImageError:
        raise PictureRefused("picture_unreadable", _UNREADABLE) from None
    except (OSError, EOFError, struct.error) as error:
        if "truncated" in str(error).lower() or isinstance(error, (EOFError, struct.error)):
            raise PictureRefused("picture_truncated", "图片没有传完整，请重新发送一次。") from None
        raise PictureRefused("picture_unreadable", _UNREADABLE) from None
    except (ValueError, SyntaxError, KeyError, IndexError, TypeError, ArithmeticError):
        # Pillow's plugins raise these on malformed headers
        raise PictureRefused("picture_unreadable", _UNREADABLE) from None


_UNREADABLE = "打不开这张图片，请直接用手机拍照并发送 JPEG 或 PNG 图片。"


def _admit(data: bytes) -> MediaType:
    if not data:
        raise PictureRefused("picture_empty", "收到的图片是空的，请重新发送。")
    if len(data) > MAX_BYTES:
        size = len(data) / 1024 / 1024
        raise PictureRefused(
            "picture_too_large", f"图片有 {size:.1f} MB，超过 20 MB，请用手机普通模式拍照或压缩后再发送。"
        )
    return admitted(data)


def _too_many_pixels() -> PictureRefused:
    return PictureRefused("picture_too_many_pixels", "图片超过 6000 万像素，请用手机普通模式（约 1200 万像素）拍照。")


def _load(image: Image.Image, media: MediaType) -> Picture:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise _too_many_pixels()
    if width < 1 or height < 1:
        raise PictureRefused("picture_unreadable", _UNREADABLE)
    # A JPEG with a second, smaller picture behind it (MPO) is how several phones store plain photos.
    if image.format != "MPO" and getattr(image, "n_frames", 1) > 1:
        raise PictureRefused("picture_animated", "这是动图或多页图片，请发送一张静态照片。")
    orientation = _orientation(image)
    scale = 1.0
    if media is MediaType.JPEG and width * height > REDUCE_ABOVE:
        image.draft(None, (width // 2, height // 2))
        scale = width / image.size[0]
    pixels = _to_rgb(image)
    if orientation in _TRANSPOSE:
        pixels = pixels.transpose(_TRANSPOSE[orientation])
    rgb = np.asarray(pixels)
    size = (height, width) if orientation >= 5 else (width, height)
    return Picture(rgb, cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.uint8, copy=False), size, scale, media)


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _to_rgb(image: Image.Image) -> Image.Image:
    """RGB; transparency on white; 16-bit grey to 8 bits by its upper byte."""
    if image.mode in {"I;16", "I;16B", "I;16L", "I"}:
        wide = np.asarray(image).astype(np.int64)
        return Image.fromarray(np.clip(wide // 256, 0, 255).astype(np.uint8)).convert("RGB")
    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        layer = image.convert("RGBA")
        ground = Image.new("RGBA", layer.size, (255, 255, 255, 255))
        return Image.alpha_composite(ground, layer).convert("RGB")
    return image.convert("RGB")
