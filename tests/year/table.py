"""The table: what a year comes to, by the rules, computed from the firms' plans alone.

It is the second opinion on the program and shares nothing with it: no rule, no calendar, no row. Read beside the text:
a month is filed from the 1st through the 25th (8.1(2), R10), due from the month after issue on while the certificate
outlives its window (R1); what is not there or does not pass by then is warned of, with three working days to make up
(8.1(3)), then the certificate is suspended until it is made up (9.2(2), R38); a warning counts once, made up or not
(R7); each third one lowers the grade and opens a case, at B it suspends until the case is decided (R8).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction

from tests.year.plan import YEAR, Deed, Plan, Shown

# 国务院办公厅关于 2026 年部分节假日安排的通知: days off, and the weekend days that are worked instead.
_OFF = (
    (date(2026, 1, 1), date(2026, 1, 3)),  # 元旦
    (date(2026, 2, 15), date(2026, 2, 23)),  # 春节
    (date(2026, 4, 4), date(2026, 4, 6)),  # 清明
    (date(2026, 5, 1), date(2026, 5, 5)),  # 劳动节
    (date(2026, 6, 19), date(2026, 6, 21)),  # 端午
    (date(2026, 9, 25), date(2026, 9, 27)),  # 中秋
    (date(2026, 10, 1), date(2026, 10, 7)),  # 国庆
)
_WORKED = {
    date(2026, 1, 4), date(2026, 2, 14), date(2026, 2, 28), date(2026, 5, 9), date(2026, 9, 20), date(2026, 10, 10),
}  # fmt: skip

FIRST, LAST, MAKE_UP_DAYS, THIRD = 1, 25, 3, 3
GRADES = ("B", "A", "AA", "AAA")
LIVE = ("active", "warned", "suspended")
OWED = ("open", "warned", "suspended")
ONE = timedelta(days=1)


def works(day: date) -> bool:
    """Whether it is a working day."""
    if day in _WORKED:
        return True
    return day.weekday() < 5 and not any(first <= day <= last for first, last in _OFF)


def after(day: date, working_days: int) -> date:
    """The so-manieth working day after ``day``, which is not counted itself (R11)."""
    while working_days:
        day += ONE
        working_days -= works(day)
    return day


@dataclass
class Month:
    """A month of a firm: ``state`` as the program names it; ``draft``: what lies there and was not submitted."""

    number: int
    state: str = "open"
    draft: Shown | None = None
    warned: date | None = None
    until: date | None = None
    counts: bool = False
    in_time: bool = False
    """Everything was there in time, though it did not pass: late in nothing, as long as it is not made up (R2, R38)."""
    missed: bool = False
    """It was not made up in its days, whatever came of it afterwards (R38)."""
    acted: int = 0
    """How many of its planned acts were done: filing, mending, making up."""

    @property
    def closes(self) -> date:
        return date(YEAR, self.number, LAST)


@dataclass(frozen=True)
class Act:
    """What a firm, or the operator about it, does on a day."""

    firm: str
    what: str
    """``file``, ``mend``, ``make_up``, ``dismiss``, ``revoke``, ``cancel``."""
    month: int = 0
    shown: Shown = Shown.GOOD
    submits: bool = True


@dataclass(frozen=True)
class Shot:
    """Where a firm stands: what is compared."""

    state: str
    grade: str
    months: tuple[tuple[int, str], ...]
    continued: str
    """The month up to which its certificate is continued without a gap: ``2026-03``."""
    towards_three: int
    cases: int
    """Cases that were opened, ever."""
    open_cases: int
    timely: Fraction | None
    compliant: Fraction | None
    told: int
    """What its owner was told of the certificate."""
    reminded: tuple[str, ...]
    """``2026-03:t7`` …, in order."""


@dataclass
class Firm:
    """A firm as the days go by."""

    plan: Plan
    state: str = "active"
    grade: str = ""
    months: dict[int, Month] = field(default_factory=dict)
    unopened: set[int] = field(default_factory=set)
    """Months that nobody could file: the platform was away for the whole of their windows."""
    cases: int = 0
    case: date | None = None
    """When the case that is open was opened."""
    held: bool = False
    told: int = 0
    reminded: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.grade = self.plan.grade

    @property
    def last_day(self) -> date:
        """9.1, R44: the day before the anniversary."""
        return self.plan.issued.replace(year=self.plan.issued.year + 1) - ONE

    @property
    def first_due(self) -> int:
        return 1 if self.plan.issued.year < YEAR else self.plan.issued.month + 1

    def stand(self) -> None:
        """What its months and its case make of a living certificate."""
        states = {month.state for month in self.months.values()}
        if self.state in LIVE:
            warned = "warned" if "warned" in states else "active"
            self.state = "suspended" if self.held or "suspended" in states else warned

    # --- midnight ---

    def midnight(self, day: date) -> None:
        """What time alone brings about, as the day begins."""
        if self.state not in LIVE:
            return
        unopened = len(self.unopened)
        for number in range(self.first_due, 13):
            opens, closes = date(YEAR, number, FIRST), date(YEAR, number, LAST)
            if closes > self.last_day:
                continue
            if opens <= day <= closes:
                self.months.setdefault(number, Month(number))
            elif closes < day and number not in self.months:
                # It could not be filed, and counts for nothing (R10).
                self.unopened.add(number)
        # All of them are told of at once.
        self.told += len(self.unopened) > unopened
        for month in [one for one in self._in_order() if one.state == "open" and one.closes < day]:
            self._close(month, day)
        for month in [one for one in self._in_order() if one.state == "warned" and one.until and one.until < day]:
            if month.draft is Shown.GOOD:
                self._settle(month, "made_up")
            elif day <= self.last_day:
                month.state, month.missed = "suspended", True
                self.told += 1
        self.stand()
        if day > self.last_day:
            self.end("expired")

    def _in_order(self) -> list[Month]:
        return [self.months[number] for number in sorted(self.months)]

    def _close(self, month: Month, day: date) -> None:
        if month.draft is Shown.GOOD:
            self._settle(month, "continued")
        elif day <= self.last_day:
            month.state, month.counts = "warned", True
            month.in_time = month.draft in (Shown.SMALL, Shown.BLURRED)
            month.warned, month.until = day, after(day, MAKE_UP_DAYS)
            self.told += 1
            if sum(one.counts for one in self.months.values()) % THIRD == 0:
                self._third(day)

    def _third(self, day: date) -> None:
        self.told += 1
        if self.grade == "B":
            self.held = True
        else:
            self.grade = GRADES[GRADES.index(self.grade) - 1]
        if self.case is None:
            self.cases, self.case = self.cases + 1, day

    def _settle(self, month: Month, state: str) -> None:
        month.state, month.draft = state, None
        self.told += 1
        self.stand()

    def end(self, state: str) -> None:
        self.state, self.held = state, False
        self.told += 1
        if state == "revoked":
            self.case = None
        for month in self.months.values():
            if month.state in OWED:
                month.state = "closed"

    # --- nine o'clock ---

    def remind(self, day: date, *, yesterday: bool) -> None:
        """Who owes is told the last occasion that has come: of this very day, or any after days without a round."""
        if self.state not in LIVE:
            return
        for month in self._in_order():
            occasions = {}
            if month.state == "open":
                ends = [(7, "t7"), (3, "t3"), (1, "t1"), (0, "last")]
                occasions = {month.closes - timedelta(days=before): name for before, name in ends}
                occasions[date(YEAR, month.number, FIRST)] = "opens"
            elif month.state == "warned" and month.warned and month.until:
                days = [month.warned + timedelta(days=n) for n in range(1, (month.until - month.warned).days + 1)]
                occasions = {one: f"make_up.{one}" for one in days if works(one)}
            come = [one for one in sorted(occasions) if one <= day]
            if not come or (yesterday and month.state == "open" and come[-1] != day):
                continue
            said = f"{YEAR}-{month.number:02d}:{occasions[come[-1]]}"
            if said not in self.reminded:
                self.reminded.append(said)

    # --- ten o'clock ---

    def acts(self, day: date) -> Iterator[Act]:
        """What is done on the day, each with what becomes of it at once."""
        if self.state in LIVE and self.plan.cancels is not None and self.plan.cancels <= day:
            self.end("cancelled")
            yield Act(self.plan.name, "cancel")
        wait = self.plan.decides
        if self.state in LIVE and self.case and wait is not None and self.case + timedelta(days=wait) <= day:
            yield self._decide()
        for month in self._in_order():
            if month.state in OWED:
                yield from self._of_month(month, self.plan.deed(month.number), day)

    def _decide(self) -> Act:
        if not self.plan.dismisses:
            self.end("revoked")
            return Act(self.plan.name, "revoke")
        self.case, self.held, self.told = None, False, self.told + 1
        self.stand()
        return Act(self.plan.name, "dismiss")

    def _of_month(self, month: Month, deed: Deed, day: date) -> Iterator[Act]:
        if month.state == "open":
            if month.acted < 1 and deed.day is not None and day.day >= deed.day:
                month.acted = 1
                yield self._file(month, "file", deed.shown, submits=deed.submits, passed="continued")
            elif month.acted == 1 and deed.mends is not None and day.day >= deed.mends:
                month.acted = 2
                yield self._file(month, "mend", Shown.GOOD, submits=True, passed="continued")
        elif month.acted < 3 and month.warned and month.until and deed.makes_up is not None:
            if after(month.warned, deed.makes_up) > day:
                return
            month.acted = 3
            passed = "made_up" if day <= month.until else "made_up_late"
            yield self._file(month, "make_up", Shown.GOOD, submits=deed.makes_up_submits, passed=passed)

    def _file(self, month: Month, what: str, shown: Shown, *, submits: bool, passed: str) -> Act:
        month.draft = shown
        if submits and shown is Shown.GOOD:
            self._settle(month, passed)
        return Act(self.plan.name, what, month.number, shown, submits)

    # --- what is compared ---

    def shot(self) -> Shot:
        months = self._in_order()
        settled = [one.number for one in months if one.state in ("continued", "made_up", "made_up_late")]
        owed = min((one.number for one in months if one.warned and one.number not in settled), default=13)
        through = max((number for number in settled if number < owed), default=None)
        issued = self.plan.issued
        results = [one for one in months if one.state in ("continued", "made_up") or one.missed]
        timely = sum(one.state == "continued" or (one.missed and one.in_time) for one in results)
        compliant = sum(one.state in ("continued", "made_up") for one in results)
        return Shot(
            self.state,
            self.grade,
            tuple((one.number, one.state) for one in months),
            f"{issued:%Y-%m}" if through is None else f"{YEAR}-{through:02d}",
            sum(one.counts for one in months) % THIRD,
            self.cases,
            int(self.case is not None),
            Fraction(timely, len(results)) if results else None,
            Fraction(compliant, len(results)) if results else None,
            self.told,
            tuple(self.reminded),
        )


@dataclass(frozen=True)
class Day:
    """A day on which the program runs: what is done on it, and where each firm stands at its end."""

    day: date
    acts: tuple[Act, ...]
    shots: dict[str, Shot]


def table(plans: Sequence[Plan], days: Iterable[date]) -> Iterator[Day]:
    """The days, in their order; on days between them nothing runs, and nobody can file."""
    firms = [Firm(plan) for plan in plans]
    before: date | None = None
    for day in days:
        there = [firm for firm in firms if firm.plan.issued <= day]
        for firm in there:
            firm.midnight(day)
        for firm in there:
            firm.remind(day, yesterday=before == day - ONE)
        acts = [act for firm in there for act in firm.acts(day)]
        before = day
        yield Day(day, tuple(acts), {firm.plan.name: firm.shot() for firm in there})
