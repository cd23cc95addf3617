"""Every guard before a ledger is parsed: kind of file, size, bombs, macros, passwords.

A workbook that passes is written anew: the parser sees what was checked here and nothing else, so that no difference
between two ways of reading a ZIP file (sizes that lie, names given twice, entries that overlap) gets around the guards.
"""

import io
import re
import zipfile
import zlib

import numpy as np
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, ParseError
from numpy.typing import NDArray

from inspection.materials import LedgerRefused

MAX_BYTES = 10 * 1024 * 1024
MAX_UNPACKED = 100 * 1000 * 1000
MAX_RATIO = 100
MAX_ENTRIES = 1000
MAX_ROWS = 200_000
MAX_COLUMNS = 200
MAX_CELLS = 2_000_000
"""Cells with something in them: parsing costs about a second for each 900 000."""
MAX_AREA = 4_000_000
"""Rows × columns of a sheet's used area: the parser keeps 32 bytes for each, used or not."""
MAX_TEXT = 100 * 1000 * 1000
"""Bytes of text once every cell has its own copy of the shared string it names."""

_CHUNK = 1 << 20
_MAX_SPACED = 10_000
"""Equals signs with a space beside them, in texts: each is looked at."""
_MACROS = re.compile(r"vbaproject\.bin$|macrosheets/", re.IGNORECASE)
_PARTS = re.compile(r"(\[Content_Types\]\.xml|_rels/\.rels|xl/(?!worksheets/_rels/).+\.(xml|rels))$", re.IGNORECASE)
"""What is parsed: no pictures, no hyperlinks, nothing embedded."""
_BLANK_CELL = re.compile(rb"""<(?:\w+:)?(?:c|row)(?:\s+[\w:.-]+\s*=\s*(?:"[^"<>]*"|'[^'<>]*'))*\s*/>""")
_PREFIXED = re.compile(rb"<[\w.-]+:si[\s/>]")
"""A shared string under another prefix: legal, unheard of, and it would hide from the count below."""
_SHARED = re.compile(rb"""\bt\s*=\s*["']s["'][^<>]*>\s*<v>(\d+)</v>""")

_IS_SPACE = np.isin(np.arange(256), (9, 10, 13, 32))
_BEFORE_NAME = _IS_SPACE | np.isin(np.arange(256), (34, 39))
_IS_DIGIT = np.isin(np.arange(256), np.arange(48, 58))
_LETTER = np.zeros(256, np.uint8)
"""The worth of a letter, either case, in a column's name; 0 for other signs."""
_LETTER[65:91] = _LETTER[97:123] = np.arange(1, 27)

_TOO_LARGE = "文件有 {size:.1f} MB，超过 10 MB：请按月或按产品拆成几个文件，去掉图片后再上传。"
_BOMB = "文件解压后的内容远大于正常台账，没有读取：请用 Excel 或 WPS 重新“另存为 .xlsx”后上传。"
_ROWS = "一张工作表超过 200 000 行：请按月拆成几个文件上传。"
_COLUMNS = "一张工作表超过 200 列：请只保留台账需要的列。"
_CELLS = "文件里的单元格过多，或有内容远在表格之外：请删去多余内容，或按月拆成几个文件上传。"
_BROKEN = "文件打不开或没有传完整：请用 Excel 或 WPS 打开并“另存为 .xlsx”后重新上传。"


def refuse_foreign(data: bytes) -> None:
    """Raise :class:`LedgerRefused` for what is no ledger file, with the advice for what it is."""
    if not data:
        raise LedgerRefused("ledger_empty", "收到的文件是空的，请重新上传。")
    if len(data) > MAX_BYTES:
        raise LedgerRefused("ledger_too_large", _TOO_LARGE.format(size=len(data) / 1024 / 1024))
    if data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        # Excel puts a workbook with a password into the container of the old format.
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise LedgerRefused("ledger_encrypted", "文件设了打开密码：请去掉密码，“另存为 .xlsx”后上传。")
        raise LedgerRefused("ledger_is_xls", "这是旧版 .xls 文件：请用 Excel 或 WPS“另存为 .xlsx”后上传。")
    if data.startswith(b"%PDF"):
        raise LedgerRefused("ledger_is_pdf", "这是 PDF 文件，台账须能逐行核对：请上传 .xlsx 或 .csv 原件。")
    if data.startswith((b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"BM6", b"II*\x00", b"MM\x00*")):
        raise LedgerRefused("ledger_is_picture", "这是图片，台账须能逐行核对：请上传 .xlsx 或 .csv 原件。")
    if re.match(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|table|\?xml|meta|head|body)", data[:200], re.IGNORECASE):
        raise LedgerRefused("ledger_is_web_page", "这是网页格式的表格：请用 Excel 或 WPS 打开并“另存为 .xlsx”后上传。")
    if data.startswith((b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b")):
        raise LedgerRefused("ledger_is_archive", "这是压缩包：请解压后上传里面的 .xlsx 或 .csv 文件。")


def is_zip(data: bytes) -> bool:
    """Whether the bytes begin as a ZIP file does: a workbook, or something like it."""
    return data.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def checked_workbook(data: bytes) -> bytes:
    """The workbook written anew, stored, with only the parts that are parsed.

    Raises :class:`LedgerRefused`: ``ledger_bomb``, ``ledger_encrypted``, ``ledger_has_macros``, ``ledger_is_xlsb``,
    ``ledger_is_numbers``, ``ledger_is_ods``, ``ledger_is_archive``, ``ledger_too_many_rows``,
    ``ledger_too_many_columns``, ``ledger_too_many_cells``, ``ledger_unreadable``.
    """
    if data.count(b"PK\x01\x02") > MAX_ENTRIES:
        raise LedgerRefused("ledger_bomb", _BOMB)  # before the directory is read: a million entries cost seconds
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            _admit(entries, len(data))
            return _written_anew(archive, [e for e in entries if _PARTS.match(e.filename)])
    except LedgerRefused:
        raise
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, ValueError, RuntimeError):
        raise LedgerRefused("ledger_unreadable", _BROKEN) from None


def _admit(entries: list[zipfile.ZipInfo], size: int) -> None:
    names = [entry.filename for entry in entries]
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > MAX_ENTRIES or unpacked > MAX_UNPACKED or unpacked > MAX_RATIO * max(size, 1):
        raise LedgerRefused("ledger_bomb", _BOMB)
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise LedgerRefused("ledger_encrypted", "文件设了密码：请去掉密码，“另存为 .xlsx”后上传。")
    if any(_MACROS.search(name) for name in names):
        raise LedgerRefused(
            "ledger_has_macros", "文件含有宏（.xlsm）：请“另存为”不含宏的“Excel 工作簿（.xlsx）”后上传。"
        )
    if any(name.lower().endswith(".iwa") or name == "Index.zip" for name in names):
        raise LedgerRefused("ledger_is_numbers", "这是 Numbers 文件：请在 Numbers 里“导出为 Excel”后上传。")
    if "xl/workbook.bin" in names:
        raise LedgerRefused("ledger_is_xlsb", "这是 .xlsb 文件：请用 Excel 或 WPS“另存为 .xlsx”后上传。")
    if "content.xml" in names and "mimetype" in names:
        raise LedgerRefused("ledger_is_ods", "这是 .ods 文件：请“另存为 .xlsx”后上传。")
    if not any(name.lower() == "xl/workbook.xml" for name in names):
        raise LedgerRefused("ledger_is_archive", "这不是 Excel 工作簿：请上传 .xlsx 或 .csv 文件（压缩包请先解压）。")
    allowed = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}  # the others can ask for a dictionary of any size
    if len(set(names)) < len(names) or any(entry.compress_type not in allowed for entry in entries):
        raise LedgerRefused("ledger_unreadable", _BROKEN)


def _written_anew(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> bytes:
    out = io.BytesIO()
    cells = area = shared_cells = longest = 0
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as clean:
        for entry in entries:
            part = _unpacked(archive, entry)
            if b"\x00" in part[:4096] or b"<!" in part or part.count(b"<?") > 1:
                # UTF-16, a document type, comments: no spreadsheet program writes them, and they hide things
                raise LedgerRefused("ledger_unreadable", _BROKEN)
            if b":si" in part and _PREFIXED.search(part):
                raise LedgerRefused("ledger_unreadable", _BROKEN)
            if (held := part.count(b"<si")) > MAX_CELLS:
                raise LedgerRefused("ledger_bomb", _BOMB)
            if held:
                longest = max(longest, *(len(piece) for piece in part.split(b"<si")[1:]))
            if (start := part.find(b"sheetData")) >= 0:
                data = part[start : part.rfind(b"sheetData")]
                found = _measured(data)
                cells, area = cells + found[0], area + found[1]
                shared_cells += _shared_cells(data)
            if cells > MAX_CELLS or area > MAX_AREA:
                raise LedgerRefused("ledger_too_many_cells", _CELLS)
            clean.writestr(zipfile.ZipInfo(entry.filename), part)
    if longest * shared_cells > MAX_TEXT:
        _refuse_multiplied_text(archive, entries)
    return out.getvalue()


def _shared_cells(data: bytes) -> int:
    return data.count(b't="s"') + data.count(b"t='s'")


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """The entry's bytes, never more than it declares (and all together declare less than :data:`MAX_UNPACKED`).

    Read in pieces: asked for everything at once, the library unpacks everything before it looks at the size.
    """
    pieces = []
    with archive.open(entry) as stream:
        while piece := stream.read(_CHUNK):
            pieces.append(piece)
    return b"".join(pieces)


def _measured(data: bytes) -> tuple[int, int]:
    """Cells, and rows × columns of the used area, of a sheet's data; refuses what is too long or too wide.

    One stray cell at XFD1048576 would make the parser ask for half a terabyte, so references are looked at before.
    """
    if data.count(b"<c") > MAX_CELLS:
        raise LedgerRefused("ledger_too_many_cells", _CELLS)
    cells, rows, columns = _extent(data)
    if rows > MAX_ROWS or columns > MAX_COLUMNS or rows * columns > MAX_AREA:
        # Formatted but empty cells and rows reach to the end of many an honest sheet, and cost the parser nothing.
        cells, rows, columns = _extent(_BLANK_CELL.sub(b"", data))
    if columns > MAX_COLUMNS:
        raise LedgerRefused("ledger_too_many_columns", _COLUMNS)
    if rows > MAX_ROWS:
        raise LedgerRefused("ledger_too_many_rows", _ROWS)
    return cells, rows * columns


def _extent(data: bytes) -> tuple[int, int, int]:
    """Cells, last row and last column by every ``r="…"``, never too few; cells without one are counted by row."""
    signs = np.frombuffer(data + b" " * 16, np.uint8)
    is_equals = signs == ord("=")
    if np.count_nonzero(is_equals) > 6 * MAX_CELLS:  # a cell states its place, its style and its type
        raise LedgerRefused("ledger_too_many_cells", _CELLS)
    equals = np.flatnonzero(is_equals)
    equals = equals[equals >= 2]
    spaced = _IS_SPACE[signs[equals - 1]] | _IS_SPACE[signs[equals + 1]]
    if np.count_nonzero(spaced) > _MAX_SPACED:
        raise LedgerRefused("ledger_unreadable", _BROKEN)
    for at in equals[spaced].tolist():
        if re.search(rb"\b[rt]\s*$", data[max(at - 20, 0) : at]) and re.match(rb"\s*[\"']", data[at + 1 : at + 20]):
            raise LedgerRefused("ledger_unreadable", _BROKEN)  # legal, but no spreadsheet program writes it
    named = equals[signs[equals - 1] == ord("r")]
    place = named[_BEFORE_NAME[signs[named - 2]]] + 2
    column = np.zeros(len(place), np.int32)
    active = np.arange(len(place))
    for _ in range(4):
        letters = _LETTER[signs[place[active]]]
        active, letters = active[letters > 0], letters[letters > 0]
        column[active] = column[active] * 26 + letters
        place[active] += 1
    rows, columns = _highest(signs, place), int(column.max(initial=0))
    if len(active):
        raise LedgerRefused("ledger_too_many_columns", _COLUMNS)  # no sheet is wider than three letters
    cells = data.count(b"<c") + data.count(b":c")
    if cells > np.count_nonzero(column):
        if data.count(b"<row") > 2 * MAX_ROWS:
            raise LedgerRefused("ledger_too_many_rows", _ROWS)
        lines = data.split(b"<row")
        rows += len(lines)
        columns += max(line.count(b"<c") + line.count(b":c") for line in lines)
    return cells, rows, columns


def _highest(signs: NDArray[np.uint8], place: NDArray[np.int64]) -> int:
    """The largest number that begins at one of the places; only those with most digits are worked out."""
    last, digits = place, 0
    while len(place := place[_IS_DIGIT[signs[place]]] + 1):
        last, digits = place, digits + 1
        if digits > 7:
            raise LedgerRefused("ledger_too_many_rows", _ROWS)  # no sheet is longer than seven digits
    value = np.zeros(len(last), np.int64)
    for back in range(digits, 0, -1):
        value = value * 10 + signs[last - back] - ord("0")
    return int(value.max(initial=0)) if digits else 0


def _refuse_multiplied_text(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> None:
    """Refuse a workbook whose shared strings, once copied into their cells, are a flood.

    Here a real XML parser goes over everything: what is not well formed could hide from the patterns.
    """
    strings = _Strings()
    sheets = []
    holders = 0
    for entry in entries:
        part = _unpacked(archive, entry)
        before = len(strings.lengths)
        parser = DefusedXMLParser(target=strings, forbid_dtd=True)
        try:
            parser.feed(part)
            parser.close()
        except (ParseError, DefusedXmlException):
            raise LedgerRefused("ledger_unreadable", _BROKEN) from None
        holders += len(strings.lengths) > before
        if b"sheetData" in part:
            sheets.append(part)
    if holders > 1:
        raise LedgerRefused("ledger_unreadable", _BROKEN)
    sizes = np.array([*strings.lengths, max(strings.lengths, default=0)], np.int64)
    total = 0
    for data in sheets:
        named = np.array([int(index[:9]) for index in _SHARED.findall(data)], np.int64)
        total += int(sizes[np.minimum(named, len(sizes) - 1)].sum())
        total += max(_shared_cells(data) - len(named), 0) * int(sizes[-1])
    if total > MAX_TEXT:
        raise LedgerRefused("ledger_bomb", _BOMB)


class _Strings:
    """A target that keeps how long every shared string is."""

    def __init__(self) -> None:
        self.lengths: list[int] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag.rpartition("}")[2] == "si":
            self.lengths.append(0)

    def data(self, text: str) -> None:
        if self.lengths:
            self.lengths[-1] += len(text)

    def close(self) -> None:
        """The lengths stay."""
