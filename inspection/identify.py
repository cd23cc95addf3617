"""What kind of file the bytes are, by their first bytes alone: for rooms that must not load a picture library."""

from enum import StrEnum


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
