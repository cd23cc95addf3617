"""Cells of a ledger file: sheets of rows, numbered as the spreadsheet numbers them; merged cells filled."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum

from inspection.ledger.guards import MAX_AREA, MAX_COLUMNS, MAX_ROWS, checked_workbook, is_zip, refuse_foreign
from inspection.materials import LedgerRefused

Cell = str | float | int | bool | date | time | timedelta
"""What a cell may hold; an empty one holds ``""``."""

_MAX_SHEETS = 60
_MAX_MERGED = 20_000
"""Merged cells that are filled; a sheet with more is read without."""
_BROKEN = "文件打不开或没有传完整：请用 Excel 或 WPS 打开并“另存为 .xlsx”后重新上传。"
_NOT_TEXT = "文件内容不是表格：请上传 .xlsx 工作簿或 .csv 文件。"
_DELIMITERS = ",;\t|"


@dataclass(frozen=True, slots=True)
class Grid:
    """One sheet: its name, its rows from ``first_row`` (1-based), and merged areas (top, left, bottom, right)."""

    name: str
    first_row: int
    first_column: int
    rows: list[list[Cell]]
    merged: tuple[tuple[int, int, int, int], ...] = field(default=())


def sheets_of(data: bytes, name: str) -> Iterator[Grid]:
    """The sheets of a workbook, or the one of a CSV file, in order.

    ``merged`` areas are zero-based indices into ``rows``, which start at the sheet's first used column, too.
    Raises :class:`LedgerRefused`.
    """
    refuse_foreign(data)
    if name.lower().endswith(".xlsm"):
        raise LedgerRefused(
            "ledger_has_macros", "文件是含宏的 .xlsm：请“另存为”不含宏的“Excel 工作簿（.xlsx）”后上传。"
        )
    if is_zip(data):
        yield from _workbook(checked_workbook(data))
    else:
        yield _text_table(data, name)


def _workbook(clean: bytes) -> Iterator[Grid]:
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(clean))
        names = [m.name for m in book.sheets_metadata if m.typ == SheetTypeEnum.WorkSheet]
        if len(names) > _MAX_SHEETS:
            advice = f"文件有 {len(names)} 张工作表，超过 {_MAX_SHEETS} 张：请只保留台账。"
            raise LedgerRefused("ledger_too_many_sheets", advice)
        area = 0
        for sheet_name in names:
            sheet = book.get_sheet_by_name(sheet_name)
            area += sheet.height * sheet.width  # one part may serve many sheets, so the guards' own sum is not enough
            if area > MAX_AREA:
                raise LedgerRefused("ledger_too_many_cells", "文件里的单元格过多：请按月拆成几个文件上传。")
            if sheet.start is None:
                continue
            yield _grid(sheet)
    except LedgerRefused:
        raise
    except CalamineError:
        raise LedgerRefused("ledger_unreadable", _BROKEN) from None
    except BaseException as problem:
        # The parser is Rust: where it gives up, it raises an exception outside of Exception.
        if type(problem).__name__ == "PanicException":
            raise LedgerRefused("ledger_unreadable", _BROKEN) from None
        raise


def _grid(sheet: Any) -> Grid:
    top, left = sheet.start
    rows = sheet.to_python()
    areas = sheet.merged_cell_ranges or []
    merged = tuple(
        (a - top, b - left, c - top, d - left) for (a, b), (c, d) in areas[:_MAX_MERGED] if a >= top and b >= left
    )
    return Grid(sheet.name, top + 1, left + 1, rows, merged if len(areas) <= _MAX_MERGED else ())


def _text_table(data: bytes, name: str) -> Grid:
    text = _decoded(data)
    if text.count("\n") > 2 * MAX_ROWS or text.count("\r") > 2 * MAX_ROWS:
        raise LedgerRefused("ledger_too_many_rows", "文件超过 200 000 行：请按月拆成几个文件上传。")
    delimiter = _delimiter(text)
    if text.count(delimiter) > MAX_AREA:
        raise LedgerRefused("ledger_too_many_cells", "文件里的单元格过多：请按月拆成几个文件上传。")
    rows: list[list[Cell]] = []
    filled = 0
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if len(row) > MAX_COLUMNS and any(cell.strip() for cell in row[MAX_COLUMNS:]):
                raise LedgerRefused("ledger_too_many_columns", "一行超过 200 列：请只保留台账需要的列。")
            filled += bool(row)
            if filled > MAX_ROWS:
                raise LedgerRefused("ledger_too_many_rows", "文件超过 200 000 行：请按月拆成几个文件上传。")
            rows.append([_unwrapped(cell) for cell in row[:MAX_COLUMNS]])
    except csv.Error:
        raise LedgerRefused("ledger_unreadable", _NOT_TEXT) from None
    return Grid(name, 1, 1, rows)


def _decoded(data: bytes) -> str:
    """UTF-8 first, then what Chinese Windows writes; Excel's “Unicode text” is UTF-16 with a mark."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif b"\x00" in data:
        raise LedgerRefused("ledger_unreadable", _NOT_TEXT)
    else:
        encodings = ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if sum(text[:4096].count(chr(c)) for c in range(32) if chr(c) not in "\t\r\n\x1d") == 0:
            return text
    raise LedgerRefused("ledger_unreadable", _NOT_TEXT)


def _delimiter(text: str) -> str:
    """The sign that stands most often on the first lines, in as many lines as possible; a comma where none does."""
    lines = [line for line in text[:20_000].splitlines()[:30] if line.strip()]

    def weight(sign: str) -> tuple[int, int]:
        counts = [line.count(sign) for line in lines]
        return sum(1 for count in counts if count), sum(counts)

    return max(_DELIMITERS, key=weight)


def _unwrapped(cell: str) -> str:
    """``="0123"`` is how exports keep a number's zeros: it is a text, and no formula is ever carried out."""
    cell = cell.strip()
    return cell[2:-1] if cell.startswith('="') and cell.endswith('"') else cell
