"""What WeChat does to a photo sent in chat, and the kinds of files it knows; pure functions for a thread."""

import io
import warnings

from PIL import Image, ImageOps, UnidentifiedImageError

SHORT_SIDE, LONG_SIDE, QUALITY = 1080, 1700, 75
_PIXELS = 200_000_000

_SIGNATURES = (
    (b"\xff\xd8\xff", "image", "jpg", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image", "png", "image/png"),
    (b"GIF8", "image", "gif", "image/gif"),
    (b"BM", "image", "bmp", "image/bmp"),
    (b"#!AMR", "voice", "amr", "audio/amr"),
    (b"ID3", "voice", "mp3", "audio/mpeg"),
    (b"\xff\xfb", "voice", "mp3", "audio/mpeg"),
)


class NotAPicture(ValueError):
    """The bytes are no picture that can be opened."""


def sniff(data: bytes) -> tuple[str, str, str] | None:
    """(image | voice | video, extension, MIME type) by the first bytes, or None."""
    for head, kind, extension, mime in _SIGNATURES:
        if data.startswith(head):
            return kind, extension, mime
    if data[4:8] == b"ftyp":
        return "video", "mp4", "video/mp4"
    return None


def chat_jpeg(data: bytes) -> bytes:
    """What arrives when ``data`` is sent without 原图: upright, stripped, ≤ 1080 px × ≤ 1700 px, JPEG at 75."""
    picture = ImageOps.exif_transpose(_opened(data))
    picture = _on_white(picture)
    short, long = sorted(picture.size)
    factor = min(1.0, SHORT_SIDE / short, LONG_SIDE / long)
    if factor < 1:
        size = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
        picture = picture.resize(size, Image.Resampling.BICUBIC)
    return _jpeg(picture, QUALITY)


def thumbnail(colour: tuple[int, int, int] = (92, 99, 112)) -> bytes:
    """A small plain JPEG: the thumb of a video that nobody shot."""
    return _jpeg(Image.new("RGB", (160, 90), colour), 70)


def _opened(data: bytes) -> Image.Image:
    try:
        with warnings.catch_warnings():
            # Our own limit below is the one that counts.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(data))
            if picture.width * picture.height > _PIXELS:
                raise NotAPicture("图片像素过多")
            picture.load()
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise NotAPicture("不是可以打开的图片") from error
    return picture


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode in {"RGBA", "LA", "PA"} or "transparency" in picture.info:
        white = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(white, picture.convert("RGBA")).convert("RGB")
    return picture.convert("RGB")


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return out.getvalue()
