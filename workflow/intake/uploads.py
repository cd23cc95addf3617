"""What comes with an upload: its idempotency key, and bytes that have to be a file of the kinds that are asked."""

import io
import zipfile
from collections.abc import Sequence

from inspection.identify import MediaType, identify
from workflow.context import Ports
from workflow.problems import Kind, Refused

PICTURES = ("image/jpeg", "image/png")
PDF = "application/pdf"
OFD = "application/ofd"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv"

LEAST_KEY, MOST_KEY = 8, 128
LONGEST_NAME = 255

_TITLES = {
    "image/jpeg": "JPEG", "image/png": "PNG", PDF: "PDF", OFD: "OFD", XLSX: "Excel（.xlsx）", CSV: "CSV",
}  # fmt: skip


def checked_key(key: str) -> str:
    """The client's key, as it is; :class:`Refused` ``key_malformed`` where it is none."""
    if not (LEAST_KEY <= len(key) <= MOST_KEY and key.isascii() and key.isprintable()):
        advice = f"上传编号应为 {LEAST_KEY} 到 {MOST_KEY} 个英文字符"
        raise Refused(Kind.INVALID, "key_malformed", advice, field="key")
    return key


def key_reused(clause: str) -> Refused:
    """The key stands for another file already."""
    advice = "这个上传编号已用于另一份文件：请刷新页面后重新上传"
    return Refused(Kind.CONFLICT, "key_reused", advice, clause=clause, field="key")


def admitted(ports: Ports, title: str, accepts: Sequence[str], data: bytes, file_name: str, *, clause: str) -> str:
    """The media type of a file that may be stored as ``title``; :class:`Refused`: ``file_empty``, ``file_too_large``,
    ``file_type``."""
    if not data:
        raise Refused(Kind.INVALID, "file_empty", "文件是空的：请重新选择", field="file")
    if len(data) > ports.max_bytes:
        advice = f"文件超过 {ports.max_bytes // 2**20} MB：请压缩或拆分后上传"
        raise Refused(Kind.INVALID, "file_too_large", advice, field="file")
    media_type = media_type_of(data, file_name)
    if media_type not in accepts:
        advice = f"“{title}”请上传 {'、'.join(_TITLES[one] for one in accepts)} 文件"
        raise Refused(Kind.INVALID, "file_type", advice, clause=clause, field="file")
    return media_type


def media_type_of(data: bytes, file_name: str) -> str:
    """What kind of file it is, by its bytes; text counts as CSV where its name says so."""
    media = identify(data)
    if media is not MediaType.UNKNOWN:
        return media.value
    if data.startswith(b"PK\x03\x04"):
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                names = set(archive.namelist()[:10_000])
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
            return media.value
        if "OFD.xml" in names:
            return OFD
        if "[Content_Types].xml" in names and any(name.startswith("xl/") for name in names):
            return XLSX
        return media.value
    return CSV if file_name.lower().endswith((".csv", ".txt")) else media.value
