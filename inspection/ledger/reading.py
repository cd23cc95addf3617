"""One ledger file in, what it holds and what is wrong with it out."""

import time
from collections.abc import Sequence

from inspection.ledger.columns import find_header, kind_of, settled
from inspection.ledger.judging import (
    TITLES,
    amounts_of,
    counts_of,
    coverage_of,
    element_problems,
    elements_filled,
    judge,
    problems_of,
    shown_by_product,
)
from inspection.ledger.rows import Data, exact_sum, plain, read_rows
from inspection.ledger.sheets import sheets_of
from inspection.materials import Ledger, LedgerKind, LedgerRefused, Problem, Span, Table, worst


def read_ledger(data: bytes, name: str) -> Ledger:
    """Read and judge a workbook (.xlsx) or CSV file; ``name`` is its file name, shown and used as a title.

    No formula is carried out, no macro kept, no link followed. Raises :class:`LedgerRefused` with a stable code:
    ``ledger_empty``, ``ledger_too_large``, ``ledger_bomb``, ``ledger_encrypted``, ``ledger_has_macros``,
    ``ledger_is_xls`` (``_xlsb``, ``_ods``, ``_numbers``, ``_pdf``, ``_picture``, ``_web_page``, ``_archive``),
    ``ledger_too_many_rows`` (``_columns``, ``_cells``, ``_sheets``), ``ledger_no_header``, ``ledger_unreadable``.
    """
    start = time.perf_counter()
    tables: list[Table] = []
    sheets: list[Data] = []
    units: list[dict[str, str]] = []
    problems: list[Problem] = []
    unread: list[str] = []
    filled = False
    for grid in sheets_of(data, name):
        filled = filled or any(cell != "" for row in grid.rows for cell in row)
        header = find_header(grid)
        if header is None:
            unread.append(grid.name)
            continue
        kind = kind_of(header, grid.name, name)
        header = settled(header, kind)
        found = read_rows(grid, header, kind)
        tables.append(
            Table(
                grid.name, kind, grid.first_row + header.last, tuple(header.columns.values()), header.other,
                len(found.rows), _spans(found), _sums(found),
            )
        )  # fmt: skip
        sheets.append(found)
        units.append({column.name: column.unit for column in header.columns.values() if column.unit})
        problems += problems_of(found, header) + element_problems(found)
    if not filled:
        raise LedgerRefused("ledger_empty", "文件里没有数据：请填写后重新上传。")
    if not tables:
        raise LedgerRefused(
            "ledger_no_header", "没有找到表头：请在数据上方写明列名，例如“产品名称、生产批次、生产日期、生产数量”。"
        )
    amounts = amounts_of(sheets, units)
    coverage = coverage_of(amounts)
    elements = elements_filled(sheets)
    by_product = shown_by_product(sheets)
    findings = judge(tables, sheets, problems, coverage, elements, by_product)
    return Ledger(
        name=name, kind=_main_kind(tables), verdict=worst(findings), tables=tuple(tables),
        rows=sum(table.rows for table in tables), elements=elements,
        products=_distinct(sheets, "product"), batches=_distinct(sheets, "batch"), codes=_distinct(sheets, "code"),
        coverage=coverage, counts=counts_of(amounts), problems=tuple(problems), findings=findings,
        by_product=by_product, unread_sheets=tuple(unread),
        ms={"total": round((time.perf_counter() - start) * 1000, 1)},
    )  # fmt: skip


def _main_kind(tables: Sequence[Table]) -> LedgerKind:
    """The kind of the sheet with most rows; a trace ledger or a coverage list goes before what backs it."""
    order = list(TITLES)
    first = {LedgerKind.UPDATE: 0, LedgerKind.TRACE: 0, LedgerKind.COVERAGE: 0, LedgerKind.UNKNOWN: 2}
    return min(tables, key=lambda table: (first.get(table.kind, 1), -table.rows, order.index(table.kind))).kind


def _spans(data: Data) -> dict[str, Span]:
    spans = {}
    for name, column in data.days.items():
        known = [span for span in column if span is not None]
        if known:
            spans[name] = Span(min(s[0] for s in known).isoformat(), max(s[1] for s in known).isoformat())
    return spans


def _sums(data: Data) -> dict[str, str]:
    return {name: plain(exact_sum(column)) for name, column in data.numbers.items()}


def _distinct(sheets: Sequence[Data], name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for data in sheets for text in data.texts.get(name, ()) if text))
