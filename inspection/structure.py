"""Cheap walks over a file's structure before any decoder sees it: what would cost far more than a photo is refused.

Decoders bound what they write, by the picture's size, but not how often they read: thousands of scans, millions of
empty chunks, one block that a hundred tags point at. Every walk here is bounded by a count, never by the file alone.
"""

import re
import struct
from dataclasses import dataclass

from inspection.identify import MediaType
from inspection.report import PictureRefused

MAX_SCANS = 64
"""Scans of a progressive JPEG; encoders write some 10. Each costs about 0.12 ms a megapixel even when empty."""
_MAX_SEGMENTS = 2_000
_MAX_CHUNKS = 20_000
"""Chunks of a PNG: 20 MB in the 4 KB pieces of the most cautious encoders are some 5000."""
_MAX_TAGS = 300
_MAX_TILE_BYTES = 64 * 1024 * 1024
_MAX_GIF_BYTES = 2 * 1024 * 1024
"""GIFs are walked block by block, and a block may hold one byte."""

_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
"""The next marker in entropy-coded data: neither a stuffed byte nor a restart marker nor fill."""
_BASELINE, _PROGRESSIVE = frozenset({0xC0, 0xC1}), frozenset({0xC2})
_TIFF_PLAIN = frozenset({1, 2, 3, 4, 5, 7, 8, 32773, 32946})
"""Compressions that scanners and layout programs write: none, fax, LZW, JPEG, deflate, PackBits."""
_TIFF_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}

_UNREADABLE = "打不开这张图片，请直接用手机拍照并发送 JPEG 或 PNG 图片。"


@dataclass(frozen=True, slots=True)
class Structure:
    """What the walk found: whether the file runs to its end marker, whether a JPEG is decoded in several passes, and
    whether more pages follow the first."""

    complete: bool = True
    progressive: bool = False
    more_pages: bool = False


def unreadable() -> PictureRefused:
    """The refusal of what is no sound picture."""
    return PictureRefused("picture_unreadable", _UNREADABLE)


def walk(data: bytes, media: MediaType) -> Structure:
    """Look over the file; :class:`PictureRefused` (``picture_too_many_scans``, ``picture_too_large``,
    ``picture_unreadable``) for one that is built to be costly."""
    match media:
        case MediaType.JPEG:
            return _jpeg(data)
        case MediaType.PNG:
            return _png(data)
        case MediaType.TIFF:
            return _tiff(data)
        case MediaType.GIF if len(data) > _MAX_GIF_BYTES:
            raise PictureRefused("picture_too_large", "GIF 图片超过 2 MB，请改发 JPEG 或 PNG 照片。")
        case MediaType.BMP if len(data) < 34 or data[30:34] not in {b"\x00\x00\x00\x00", b"\x03\x00\x00\x00"}:
            raise unreadable()  # run-length BMPs: nobody sends them, and they decode byte by byte
    return Structure()


def _jpeg(data: bytes) -> Structure:
    """Up to the end marker of the first picture; phones put a second one behind it."""
    at, scans, progressive = 2, 0, False
    for _ in range(_MAX_SEGMENTS):
        marker = _MARKER.search(data, at)
        if marker is None:
            return Structure(complete=False, progressive=progressive)
        kind, at = data[marker.start() + 1], marker.end()
        if kind == 0xD9:
            return Structure(progressive=progressive)
        if kind in {0x01, 0xD8}:
            continue
        if 0xC0 <= kind <= 0xCF and kind not in {0xC4, 0xC8, 0xCC} and kind not in _BASELINE | _PROGRESSIVE:
            raise unreadable()  # lossless, hierarchical and arithmetic coding: no camera writes them
        progressive |= kind in _PROGRESSIVE
        if kind == 0xDA:
            scans += 1
            if scans > MAX_SCANS:
                raise PictureRefused(
                    "picture_too_many_scans", "这张 JPEG 的渐进扫描层数异常，请用手机重新拍照或截图后再发送。"
                )
        if at + 2 > len(data):
            return Structure(complete=False, progressive=progressive)
        at += max(int.from_bytes(data[at : at + 2], "big"), 2)
    raise unreadable()


def _png(data: bytes) -> Structure:
    at = 8
    for _ in range(_MAX_CHUNKS):
        if at + 12 > len(data):
            return Structure(complete=False)
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"IEND":
            return Structure()
        at += 12 + length
    raise unreadable()


def _tiff(data: bytes) -> Structure:
    """The first page's tags: all they point at must fit into the file once, and a strip or tile into memory."""
    order = "<" if data[:2] == b"II" else ">"
    try:
        (start,) = struct.unpack_from(order + "I", data, 4)
        (count,) = struct.unpack_from(order + "H", data, start)
        if count > _MAX_TAGS:
            raise unreadable()
        entries = [struct.unpack_from(order + "HHI4s", data, start + 2 + 12 * n) for n in range(count)]
        (following,) = struct.unpack_from(order + "I", data, start + 2 + 12 * count)
    except struct.error:
        return Structure(complete=False)
    sizes = [_TIFF_SIZES.get(kind, 1) * number for _, kind, number, _ in entries]
    if sum(size for size in sizes if size > 4) > len(data):
        raise unreadable()
    short = {tag: _small(kind, value, order) for tag, kind, number, value in entries if number == 1}
    tile = short.get(322, 1) * short.get(323, 1) * max(short.get(277, 4), 1)
    if tile * 2 > _MAX_TILE_BYTES or short.get(259, 1) not in _TIFF_PLAIN:
        raise unreadable()
    if short.get(259) == 7 and b"\xff\xc2" in data:
        raise unreadable()  # progressive JPEG in strips: their scans are not counted
    return Structure(more_pages=following != 0)


def _small(kind: int, value: bytes, order: str) -> int:
    return int(struct.unpack(order + "H", value[:2])[0] if kind == 3 else struct.unpack(order + "I", value)[0])
