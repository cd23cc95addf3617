"""A list of single items: which codes a firm has put on which of its products (3.4, 4.3.3).

A column of codes is all it needs, with a title or, in a file of one column, without; batch and day may stand beside it.
"""

from collections.abc import Iterator
from dataclasses import replace

from inspection.ledger.columns import Header, find_header
from inspection.ledger.rows import fill_merged, is_total
from inspection.ledger.sheets import Cell, Grid, sheets_of
from inspection.ledger.values import days_of, lost_digits, text_of
from inspection.materials import ItemLine, LedgerRefused

MOST_ITEMS = 100_000
_NO_CODES = "没有找到追溯码这一列：请在第一行写明列名“追溯码”（可另有“生产批次”“生产日期”），一行一件。"


def read_items(data: bytes, name: str) -> tuple[ItemLine, ...]:
    """The items of a workbook or CSV file, in order; what cannot be read of a line stands in its ``problem``.

    Raises :class:`LedgerRefused` as :func:`read_ledger`, and with ``items_no_codes``, ``items_too_many``.
    """
    lines: list[ItemLine] = []
    for grid in sheets_of(data, name):
        for line in _lines(grid):
            lines.append(line)
            if len(lines) > MOST_ITEMS:
                advice = f"清单超过 {MOST_ITEMS} 件：请拆成几个文件上传。"
                raise LedgerRefused("items_too_many", advice)
    if not lines:
        raise LedgerRefused("items_no_codes", _NO_CODES)
    return tuple(lines)


def _lines(grid: Grid) -> Iterator[ItemLine]:
    header = find_header(grid)
    if header is not None and header.at("code") is not None:
        yield from _titled(grid, header)
    elif header is None and all(len(row) <= 1 for row in grid.rows):
        for number, row in enumerate(grid.rows, grid.first_row):
            if row and row[0] != "":
                yield _read(ItemLine(grid.name, number, ""), row[0], "", "")


def _titled(grid: Grid, header: Header) -> Iterator[ItemLine]:
    fill_merged(grid, header)
    places = [header.at(name) for name in ("code", "batch", "made_on")]
    for number, row in enumerate(grid.rows[header.last + 1 :], grid.first_row + header.last + 1):
        code, batch, made_on = ("" if at is None or at >= len(row) else row[at] for at in places)
        filled = [cell for cell in row if cell != ""]
        if filled and not is_total(filled[0]):
            yield _read(ItemLine(grid.name, number, ""), code, batch, made_on)


def _read(line: ItemLine, code: Cell, batch: Cell, made_on: Cell) -> ItemLine:
    # As it stands: what is folded to be read easily may be another code.
    text = code.strip() if isinstance(code, str) else text_of(code)
    days = days_of(made_on)
    problem = ""
    if not text:
        problem = "这一行没有追溯码"
    elif lost_digits(code):
        problem = "追溯码被表格软件当成数字，后面的位数已丢失：请把这一列设为“文本”后重新填写"
    elif made_on != "" and (days is None or days[0] != days[1]):
        problem = f"生产日期“{text_of(made_on)[:20]}”认不出是哪一天：请写成 2026-11-24"
    day = days[0].isoformat() if days is not None and not problem else ""
    return replace(line, code=text, batch=text_of(batch), made_on=day, problem=problem)
