"""What stands in a cell: an exact number, a day or a span of days, a share, a text."""

import re
import unicodedata
from calendar import monthrange
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from math import isfinite

from inspection.ledger.sheets import Cell

Days = tuple[date, date]
"""First and last day, both included."""

_EPOCH = date(1899, 12, 30)
_LONGEST = 64
"""Characters of a number, share or span of days; the patterns never meet a longer text."""
_SERIALS = range(32874, 73051)
"""Days of the years 1990–2099 as spreadsheets number them: a date whose cell lost its format."""
_NUMBER = re.compile(r"([-+]?)(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?\s*([^\d\s.,%-][^\d]{0,5})?")
_DAY = r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?"
_TIME = r"(?:[T\s]*\d{1,2}\s*[:时]\s*\d{1,2}(?:\s*[:分]\s*\d{1,2}(?:\.\d+)?)?\s*[秒分]?(?:Z|[+-]\d\d:?\d\d)?)?"
_ONE_DAY = re.compile(_DAY + _TIME)
_MONTH = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*月?份?")
_PACKED = re.compile(r"(\d{4})(\d\d)(\d\d)(?:\s*\d{6})?")
_SPAN = re.compile(r"(.+?)\s*(?:至|到|~|—+|–|--|-(?=\d{4}))\s*(.+)")
_SHARE = re.compile(r"(\d+(?:\.\d+)?)\s*([%‰]?)")


def text_of(cell: Cell) -> str:
    """The cell as text: full width folded, a whole number without a point."""
    if isinstance(cell, str):
        return cell.strip() if cell.isascii() else unicodedata.normalize("NFKC", cell).strip()
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.isoformat(" ")
    return str(cell)


def number_of(cell: Cell) -> Decimal | None:
    """An exact number; None where the cell holds none. A unit behind it is allowed: ``1,200 米``."""
    if isinstance(cell, bool):
        return None
    if isinstance(cell, int):
        return Decimal(cell)
    if isinstance(cell, float):
        if not isfinite(cell):
            return None
        return Decimal(int(cell)) if cell.is_integer() else Decimal(repr(cell))
    if not isinstance(cell, str) or len(cell) > _LONGEST or (match := _NUMBER.fullmatch(text_of(cell))) is None:
        return None
    try:
        return Decimal(match[1] + match[2].replace(",", "") + (match[3] or ""))
    except InvalidOperation:
        return None


def share_of(cell: Cell) -> tuple[Decimal, Decimal] | None:
    """A stated share (0…1) and the worth of its last digit; None where the cell holds none.

    ``95%``, ``95.0`` and ``0.95`` are the same; a bare 1 is the whole.
    """
    if isinstance(cell, str):
        if len(cell) > _LONGEST or (match := _SHARE.fullmatch(text_of(cell))) is None:
            return None
        value = Decimal(match[1])
        scale = {"%": Decimal(100), "‰": Decimal(1000)}.get(match[2], Decimal(100) if value > 1 else Decimal(1))
    else:
        number = number_of(cell)
        if number is None or number < 0:
            return None
        # A formula's result may come out a hair above one.
        value, scale = number, Decimal(100) if number > Decimal("1.000001") else Decimal(1)
    exponent = value.as_tuple().exponent
    return value / scale, Decimal(1).scaleb(exponent if isinstance(exponent, int) else 0) / scale


def days_of(cell: Cell) -> Days | None:
    """The day, month or span that a cell states; None where it states none.

    Two-digit years are not guessed: 03-11-26 has three readings.
    """
    if isinstance(cell, datetime):
        return cell.date(), cell.date()
    if isinstance(cell, date):
        return cell, cell
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        whole = int(cell)
        if whole in _SERIALS:
            day = _EPOCH + timedelta(days=whole)
            return day, day
        return _one(str(whole)) if cell == whole and 19_900_101 <= whole <= 20_991_231 else None
    if not isinstance(cell, str) or len(cell) > _LONGEST:
        return None
    text = text_of(cell)
    if (found := _one(text)) is not None:
        return found
    if (ends := _SPAN.fullmatch(text)) is None:
        return None
    first, last = _one(ends[1]), _one(ends[2])
    return (first[0], last[1]) if first is not None and last is not None and first[0] <= last[1] else None


def _one(text: str) -> Days | None:
    match = _ONE_DAY.fullmatch(text) or _PACKED.fullmatch(text)
    try:
        if match is not None:
            day = date(int(match[1]), int(match[2]), int(match[3]))
            return (day, day) if 1990 <= day.year <= 2099 else None
        if (match := _MONTH.fullmatch(text)) is not None and 1990 <= int(match[1]) <= 2099:
            year, month = int(match[1]), int(match[2])
            return date(year, month, 1), date(year, month, monthrange(year, month)[1])
    except ValueError:
        pass
    return None


def lost_digits(cell: Cell) -> bool:
    """A long code that a spreadsheet took for a number: beyond fifteen digits the rest is gone, or it is shown as
    1.23E+19."""
    if not isinstance(cell, str):
        return isinstance(cell, float) and abs(cell) >= 1e15
    return (
        len(cell) < 32
        and ("E" in cell or "e" in cell)
        and re.fullmatch(r"\d(?:\.\d+)?[Ee]\+?\d{2}", cell.strip()) is not None
    )
