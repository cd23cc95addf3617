"""What kind of file the bytes are, by their first bytes alone: for rooms that must not load a picture library."""

from enum import StrEnum

from inspection.report import PictureRefused


class MediaType(StrEnum):
    """Media types that people send as pictures, by their IANA names."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"
    BMP = "image/bmp"
    TIFF = "image/tiff"
    GIF = "image/gif"
    HEIC = "image/heic"
    PDF = "application/pdf"
    UNKNOWN = "application/octet-stream"


_HEIF_BRANDS = frozenset({b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis"})


def identify(data: bytes) -> MediaType:
    """Tell the type from the magic bytes; no decoding, no promise that the rest is sound."""
    if data.startswith(b"\xff\xd8\xff"):
        return MediaType.JPEG
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return MediaType.PNG
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return MediaType.WEBP
    if data.startswith((b"GIF87a", b"GIF89a")):
        return MediaType.GIF
    if data.startswith((b"II*\x00", b"MM\x00*")):
        return MediaType.TIFF
    if data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS:
        return MediaType.HEIC
    if b"%PDF-" in data[:1024]:  # readers accept a preamble of up to 1 KB
        return MediaType.PDF
    if data.startswith(b"BM") and len(data) > 26:
        return MediaType.BMP
    return MediaType.UNKNOWN


def admitted(data: bytes) -> MediaType:
    """The type of what can be judged: a picture, or artwork as a PDF; :class:`PictureRefused` for anything else."""
    media = identify(data)
    if media is MediaType.HEIC:
        raise PictureRefused(
            "picture_is_heic",
            "这是 HEIC 格式的照片。请在 iPhone 的“设置 → 相机 → 格式”中选择“兼容性最佳”后重拍，"
            "或在聊天里直接发送照片（不选原图）。",
        )
    if media is MediaType.UNKNOWN:
        raise PictureRefused("picture_unreadable", "这不是图片文件，请发送 JPEG 或 PNG 照片，或上传 PDF 原稿。")
    return media
