"""The data rows of a sheet, column by column: counted, summed, and every cell that cannot be right noted by its row."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Context, Decimal, localcontext
from fractions import Fraction

from inspection.ledger.columns import Header
from inspection.ledger.sheets import Cell, Grid
from inspection.ledger.values import Days, days_of, lost_digits, number_of, share_of, text_of
from inspection.materials import LedgerKind

QUANTITIES = ("produced", "coded", "sold", "quantity", "queries")
DAYS = ("made_on", "inspected_on", "sold_on", "uploaded_on", "queried_on", "month")

_TOTAL = re.compile(
    r"\s*(?:合\s*计|总\s*计|小\s*计|累\s*计|共\s*计|本[页月年]合计|本[页月年]累计|total)\s*[::]?", re.IGNORECASE
)
_NOTE = re.compile(r"\s*(?:制表|填表|审核|复核|批准|备注|说明|注\s*[::\d]|填报|统计人|负责人|单位负责人|联系电话)")
_MARKS = frozenset("合总小累共本制填审复批备说注统负单联tT \t\u3000")
"""What a row of totals or a note may begin with: looked at before the patterns are."""
_MAX_FILLED = 2_000_000
"""Cells filled from merged ones; areas that overlap by the thousand would cost minutes."""
_EXACT = Context(prec=80)
_HUGE = Decimal(10) ** 15
"""No quantity is as large; a number beyond has lost digits on its way."""


_FORMULA = Fraction(1, 10**9)


@dataclass(slots=True)
class Totals:
    """A row of totals: its number, and what it states."""

    row: int
    stated: dict[str, Decimal]
    rate: tuple[Decimal, Decimal] | None
    before: int
    """How many data rows stand above it."""


@dataclass(slots=True)
class Data:
    """The data rows: ``rows`` their numbers in the spreadsheet; ``cells`` by column name, as long as ``rows``.

    Quantities are exact numbers, days are spans, the rest text; None where the cell is empty or cannot be read
    (then its row stands in ``wrong``).
    """

    sheet: str
    kind: LedgerKind
    rows: list[int] = field(default_factory=list)
    texts: dict[str, list[str]] = field(default_factory=dict)
    numbers: dict[str, list[Decimal | None]] = field(default_factory=dict)
    days: dict[str, list[Days | None]] = field(default_factory=dict)
    rates: list[tuple[Decimal, Decimal] | None] = field(default_factory=list)
    wrong: dict[str, list[int]] = field(default_factory=dict)
    """Rows by ``<mistake>:<column>``: ``number``, ``negative``, ``day``, ``rate``, ``digits``."""
    totals: list[Totals] = field(default_factory=list)

    def note(self, mistake: str, row: int) -> None:
        """Remember a row with a mistake."""
        self.wrong.setdefault(mistake, []).append(row)


def read_rows(grid: Grid, header: Header, kind: LedgerKind) -> Data:
    """Everything below the header: blanks, notes and repeated headers left out, totals kept apart."""
    fill_merged(grid, header)
    data = Data(grid.name, kind)
    places = {column.name: index for index, column in header.columns.items()}
    width = max(*header.columns, *(len(row) - 1 for row in grid.rows)) + 1
    titles = _padded(grid.rows[header.last], width)
    indices = sorted(header.columns)
    least = 2 if len(indices) > 2 else 1
    kept: list[list[Cell]] = []
    for number, short in enumerate(grid.rows[header.last + 1 :], grid.first_row + header.last + 1):
        row = short if len(short) == width else _padded(short, width)
        filled = indices if "" not in row else [index for index in indices if row[index] != ""]
        if not filled:
            continue
        label = next(cell for cell in row if cell != "")
        if isinstance(label, str) and label[0] in _MARKS:
            if is_total(label):
                data.totals.append(_total(row, places, number, len(kept)))
                continue
            if _NOTE.match(label) and len(filled) < max(2, len(indices) // 2):
                continue
        if len(filled) < least and sum(1 for cell in row if cell != "") < 2:
            continue
        if row[filled[0]] == titles[filled[0]] and all(row[index] == titles[index] for index in filled):
            continue
        kept.append(row)
        data.rows.append(number)
    columns = list(zip(*kept, strict=True)) if kept else [()] * width
    for name, index in places.items():
        if name in QUANTITIES:
            data.numbers[name] = _numbers(data, name, columns[index])
        elif name in DAYS:
            data.days[name] = _days(data, name, columns[index])
        elif name == "rate":
            data.rates = _shares(data, columns[index])
        else:
            data.texts[name] = _texts(data, name, columns[index])
    return data


def is_total(label: Cell) -> bool:
    """Whether a row that begins so states totals."""
    return isinstance(label, str) and len(label) < 16 and _TOTAL.match(label) is not None


def _padded(row: list[Cell], width: int) -> list[Cell]:
    return [*row, *[""] * (width - len(row))]


def fill_merged(grid: Grid, header: Header) -> None:
    """Give every row of a merged cell its text; a merged quantity counts once."""
    names = {index: column.name for index, column in header.columns.items()}
    left_over = _MAX_FILLED
    for top, left, bottom, _ in grid.merged:
        if top <= header.last or bottom == top or names.get(left) is None or names[left] in QUANTITIES:
            continue
        if (left_over := left_over - (bottom - top)) < 0:
            return
        for line in grid.rows[top + 1 : bottom + 1]:
            if left < len(line):
                line[left] = grid.rows[top][left]


def _total(row: list[Cell], places: dict[str, int], number: int, before: int) -> Totals:
    stated = {}
    for name in QUANTITIES:
        index = places.get(name)
        if index is not None and index < len(row) and (value := number_of(row[index])) is not None:
            stated[name] = value
    rate = places.get("rate")
    return Totals(number, stated, share_of(row[rate]) if rate is not None and rate < len(row) else None, before)


def _numbers(data: Data, name: str, column: Sequence[Cell]) -> list[Decimal | None]:
    known: dict[tuple[type, Cell], Decimal | None] = {(str, ""): None}
    found: list[Decimal | None] = []
    for row, cell in zip(data.rows, column, strict=True):
        key = type(cell), cell  # True is 1 for a dictionary, and no number here
        if key not in known:
            value = number_of(cell)
            known[key] = value if value is not None and abs(value) < _HUGE else None
        value = known[key]
        if value is None:
            if cell != "":
                data.note(f"number:{name}", row)
        elif value < 0:
            data.note(f"negative:{name}", row)
        found.append(value)
    return found


def _days(data: Data, name: str, column: Sequence[Cell]) -> list[Days | None]:
    known: dict[Cell, Days | None] = {"": None}
    for cell in set(column):
        known[cell] = days_of(cell)
    found = [known[cell] for cell in column]
    if None in known.values():
        for row, cell in zip(data.rows, column, strict=True):
            if cell != "" and known[cell] is None:
                data.note(f"day:{name}", row)
    return found


def _shares(data: Data, column: Sequence[Cell]) -> list[tuple[Decimal, Decimal] | None]:
    found: list[tuple[Decimal, Decimal] | None] = []
    for row, cell in zip(data.rows, column, strict=True):
        value = None if cell == "" else share_of(cell)
        if cell != "" and value is None:
            data.note("rate:rate", row)
        found.append(value)
    return found


def _texts(data: Data, name: str, column: Sequence[Cell]) -> list[str]:
    if name in {"code", "serial"}:
        for row, cell in zip(data.rows, column, strict=True):
            if lost_digits(cell):
                data.note(f"digits:{name}", row)
    return [cell.strip() if isinstance(cell, str) else text_of(cell) for cell in column]


def exact_sum(values: Iterable[Decimal | None]) -> Decimal:
    """The sum, without rounding."""
    with localcontext(_EXACT):
        return sum((value for value in values if value is not None), Decimal(0))


def plain(value: Decimal) -> str:
    """A decimal as people write it: no exponent, no zeros behind."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def stated_wrong(stated: tuple[Decimal, Decimal], coded: Decimal, total: Decimal) -> bool:
    """Whether a stated share is neither coded ÷ total rounded nor cut at its own last digit (a formula's result may be
    off in its tenth)."""
    share, digit = Fraction(stated[0]), max(Fraction(stated[1]), _FORMULA)
    more = Fraction(coded) / Fraction(total) - share
    return not -digit / 2 <= more < digit
