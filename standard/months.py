"""Months of filing: which are due, how each came out, the rates and the count of three (8.1, 6.1(5), 9.2).

Days are calendar days in Asia/Shanghai. Working days are not counted here: the last day to make up is an argument.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache

from standard.calendar import Calendar
from standard.citation import cites
from standard.facts import Excused, Monthly, MonthResult, monthly_rates
from standard.outcome import Outcome
from standard.profile import Edition

_KEPT = 1000
"""Windows that are kept: every certificate asks for those of the same few months."""


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month; ``str`` gives ``2026-12``, and earlier months compare as less."""

    year: int
    number: int

    @classmethod
    def of(cls, day: date) -> "Month":
        """The month in which ``day`` lies."""
        return cls(day.year, day.month)

    @classmethod
    def parse(cls, text: str) -> "Month":
        """``2026-12``; :class:`ValueError` for anything else."""
        return cls.of(date.fromisoformat(f"{text}-01"))

    def plus(self, months: int) -> "Month":
        """So many months later (negative: earlier)."""
        count = self.year * 12 + self.number - 1 + months
        return Month(count // 12, count % 12 + 1)

    @property
    def words(self) -> str:
        """``2026 年 12 月``, as people read it."""
        return f"{self.year} 年 {self.number} 月"

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"


@dataclass(frozen=True, slots=True)
class FilingDays:
    """When a month may be filed: from the first moment of ``opens`` through the last of ``closes``."""

    opens: date
    closes: date


@cites("8.1(2)", rows=("R10",))
@lru_cache(_KEPT)
def filing_window(month: Month, edition: Edition) -> FilingDays:
    """The "specified time" of a month; a day that the month lacks is its last one."""
    first = date(month.year, month.number, 1)
    length = (Calendar.add_months(first, 1) - first).days
    opens, closes = (
        first + timedelta(days=min(edition.whole(name), length) - 1)
        for name in ("monthly.opens_day", "monthly.closes_day")
    )
    return FilingDays(opens, closes)


@cites("8.1(2)", "9.2(1)", rows=("R1", "R10"))
def months_due(issued: date, last_day: date, edition: Edition) -> tuple[Month, ...]:
    """All months due in a term: from the calendar month after issue, as long as the certificate outlives their window.

    The certificate's state plays no part: months stay due while it is suspended (R1). For a certificate that ended
    early, give the day on which it ended as ``last_day``.
    """
    month = Month.of(issued).plus(edition.whole("life.first_due_month"))
    due: list[Month] = []
    while filing_window(month, edition).closes <= last_day:
        due.append(month)
        month = month.plus(1)
    return tuple(due)


@cites("8.1(2)", rows=("R1", "R2", "R10"))
def months_closed(issued: date, last_day: date, today: date, edition: Edition) -> tuple[Month, ...]:
    """The due months whose window has closed before ``today``."""
    return tuple(
        month for month in months_due(issued, last_day, edition) if filing_window(month, edition).closes < today
    )


class MonthState(StrEnum):
    """Where a month stands; all but the first two are ended."""

    OPEN = "open"
    """Not decided: the window is open, or what was filed in time is still being checked."""
    WARNED = "warned"
    """Non-compliant; the days to make it up are running (8.1(3))."""
    ON_TIME = MonthResult.ON_TIME.value
    ON_TIME_FAILED = MonthResult.ON_TIME_FAILED.value
    MADE_UP = MonthResult.MADE_UP.value
    MISSED = MonthResult.MISSED.value

    @property
    def non_compliant(self) -> bool:
        """Counts towards the three, whether it was made up or not (R7)."""
        return self not in (MonthState.OPEN, MonthState.ON_TIME)

    @property
    def result(self) -> MonthResult | None:
        """The month's result, None while it has none."""
        return None if self in (MonthState.OPEN, MonthState.WARNED) else MonthResult(self.value)


@dataclass(frozen=True, slots=True)
class MonthFacts:
    """What happened in a month: the days of the first filing and of a make-up that passed, and the first check."""

    month: Month
    filed_on: date | None = None
    check: Outcome | None = None
    made_up_on: date | None = None
    make_up_until: date | None = None


@cites("8.1(3)", "6.1(5)", rows=("R6", "R7", "R10", "R38"))
def month_state(facts: MonthFacts, today: date, edition: Edition) -> MonthState:
    """One state a month: a check that failed, and nothing filed in time, are one and the same count (R7).

    An unclear check may be photographed again while the window is open; then it is not passed (R6).
    """
    window = filing_window(facts.month, edition)
    last = window.closes
    in_time = facts.filed_on is not None and window.opens <= facts.filed_on <= last
    if in_time and facts.check is Outcome.PASS:
        return MonthState.ON_TIME
    undecided = facts.check is None if in_time else today <= last
    if undecided or (facts.check is Outcome.UNCLEAR and today <= last):
        return MonthState.OPEN
    if facts.made_up_on is not None and facts.make_up_until is not None and facts.made_up_on <= facts.make_up_until:
        return MonthState.MADE_UP
    if facts.make_up_until is None or today <= facts.make_up_until:
        return MonthState.WARNED
    return MonthState.ON_TIME_FAILED if in_time else MonthState.MISSED


@cites("6.1(5)", rows=("R1", "R2", "R38"))
def rates(months: Sequence[MonthState], edition: Edition) -> Monthly | Excused:
    """The monthly fact for a grading, ``months`` in their order; those without a result do not count yet.

    The months of a renewed certificate's forerunners belong to them: the rates look back past a renewal, only the
    count of three does not (R8).
    """
    return monthly_rates([month.result for month in months if month.result is not None], edition)


@cites("9.2(2)", "9.5.1(2)", rows=("R7", "R8"))
def towards_three(months: Sequence[MonthState], edition: Edition) -> int:
    """Non-compliant months of one term that count since the last third one: 0, 1 or 2.

    The third acts at once (the grade falls, or the case opens), and the next three count again.
    """
    return sum(month.non_compliant for month in months) % edition.whole("life.three_months_count")
