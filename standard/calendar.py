"""Working days as the State Council publishes them, calendar months and days, and what a deadline is (R11, R12, R13).

A year is *published* when its notice is in the table (``years.toml``, or an imported document), else *provisional*:
weekends and the days off by law (``festivals.toml``), no make-up days. No year, past or future, is an error.
"""

import calendar as gregorian
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from standard.citation import cites

SHANGHAI = ZoneInfo("Asia/Shanghai")
WORKING_DAYS, CALENDAR_DAYS, MONTHS, YEARS = "working days", "calendar days", "months", "years"

Moment = date | datetime

_DAY = timedelta(days=1)
_SATURDAY = 5
_KEYS = {"year", "state", "source", "off", "work"}
# Guards against a slipped month in an imported notice; the longest break so far had ten days (Spring Festival 2020).
_LONGEST_BREAK = timedelta(days=16)


class CalendarError(ValueError):
    """A year's document is not as it must be; the message is for the operator who imports it, in Chinese."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """The last day on which something is in time, counted from the day after ``since`` (R11).

    ``provisional``: a day that was counted lies in a year whose notice is not published yet (R12).
    ``working_days`` is the count, or None where calendar days, months or years were counted.
    """

    since: date
    last_day: date
    provisional: bool = False
    working_days: int | None = None

    @property
    def ends(self) -> datetime:
        """24:00 Asia/Shanghai of the last day: 00:00 of the next, the first moment that is too late."""
        return midnight(self.last_day + _DAY)

    def over(self, at: datetime) -> bool:
        """Whether ``at`` (aware) is too late."""
        return at >= self.ends


@dataclass(frozen=True, slots=True)
class Break:
    """Days off in a row, both ends included, weekends among them."""

    name: str
    first: date
    last: date

    def days(self) -> Iterable[date]:
        """Every day of it."""
        return (self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1))


@dataclass(frozen=True, slots=True)
class Year:
    """One notice: its breaks and its make-up working days, some of them perhaps in the December before."""

    year: int
    published: bool
    source: str
    breaks: tuple[Break, ...]
    work: frozenset[date]


@dataclass(frozen=True, slots=True)
class Statutory:
    """Days off by law: (month, day) of every year, and dates of those that move with the lunar calendar."""

    law: str
    in_force: date
    fixed: frozenset[tuple[int, int]]
    moving: frozenset[date]

    def off(self, day: date) -> bool:
        """Whether the law has ``day`` off."""
        return (day.month, day.day) in self.fixed or day in self.moving

    def of_year(self, year: int) -> list[date]:
        """The days off by law that are known for a year."""
        fixed = (date(year, month, day) for month, day in self.fixed)
        return sorted({*fixed, *(day for day in self.moving if day.year == year)})


class Calendar:
    """Which days are worked; immutable. Deadlines are counted with the calendar that is passed in."""

    def __init__(self, years: Iterable[Year], statutory: Statutory) -> None:
        self.years: Mapping[int, Year] = MappingProxyType({year.year: year for year in years})
        self.statutory = statutory
        self._off = frozenset(day for year in self.years.values() for pause in year.breaks for day in pause.days())
        self._work = frozenset(day for year in self.years.values() for day in year.work)

    def published(self, year: int) -> bool:
        """Whether the notice for ``year`` is known; else the year is provisional (R12)."""
        return year in self.years and self.years[year].published

    @cites("7.2(3)", rows=("R11", "R12"))
    def is_working_day(self, day: date) -> bool:
        """Whether ``day`` is worked: make-up Saturdays and Sundays are, days off in the week are not."""
        if day in self._work:
            return True
        if day in self._off or day.weekday() >= _SATURDAY:
            return False
        return day.year in self.years or not self.statutory.off(day)

    @cites("7.2(3)", rows=("R11", "R12"))
    def add_working_days(self, since: date, number: int) -> Deadline:
        """The ``number``-th working day after ``since``, which is not counted itself; before it, where negative.

        Zero is ``since`` or, where that is a day off, the next working day.
        """
        step = -_DAY if number < 0 else _DAY
        day, left = since, abs(number)
        while left:
            day += step
            left -= self.is_working_day(day)
        while number == 0 and not self.is_working_day(day):
            day += _DAY
        begun = since + step if number else since
        touched = range(min(begun, day).year, max(begun, day).year + 1)
        provisional = not all(map(self.published, touched))
        return Deadline(since, day, provisional, number)

    @staticmethod
    @cites("9.4", rows=("R11", "R13"))
    def add_days(since: date, number: int) -> date:
        """Calendar days on; only 工作日 are working days."""
        return since + timedelta(days=number)

    @staticmethod
    @cites("9.3(1)", rows=("R13",))
    def add_months(since: date, number: int) -> date:
        """The same day ``number`` months on (back, where negative); the last day of a shorter month where it clips."""
        year, month = divmod(since.year * 12 + since.month - 1 + number, 12)
        return date(year, month + 1, min(since.day, gregorian.monthrange(year, month + 1)[1]))

    def deadline(self, since: Moment, number: int, unit: str) -> Deadline:
        """``number`` of a parameter's ``unit`` after the Shanghai day of ``since``; ValueError for another unit."""
        day = shanghai_day(since)
        if unit == WORKING_DAYS:
            return self.add_working_days(day, number)
        if unit == CALENDAR_DAYS:
            return Deadline(day, self.add_days(day, number))
        if unit == MONTHS:
            return Deadline(day, self.add_months(day, number))
        if unit == YEARS:
            return Deadline(day, self.add_months(day, 12 * number))
        raise ValueError(f"no such unit of time: {unit!r}")

    def working_days_between(self, first: date, last: date) -> int:
        """Working days after ``first`` through ``last``; negative where ``last`` comes before ``first``."""
        if last < first:
            return -self.working_days_between(last, first)
        days = (first + timedelta(days=number) for number in range(1, (last - first).days + 1))
        return sum(map(self.is_working_day, days))

    @cites("7.2(3)", rows=("R12",))
    def recompute(self, deadline: Deadline) -> Deadline:
        """The deadline by this calendar, once a year was published; of the two last days the later one holds.

        To be asked for every open deadline that reaches the December before the imported year, or later.
        """
        if deadline.working_days is None:
            return deadline
        anew = self.add_working_days(deadline.since, deadline.working_days)
        return replace(anew, last_day=max(anew.last_day, deadline.last_day))


def shanghai_day(moment: Moment) -> date:
    """The calendar day in Asia/Shanghai; a plain date is one already. ValueError for a naive datetime."""
    if not isinstance(moment, datetime):
        return moment
    if moment.tzinfo is None:
        raise ValueError("a moment must be aware: which clock does it mean?")
    return moment.astimezone(SHANGHAI).date()


def midnight(day: date) -> datetime:
    """00:00 Asia/Shanghai at the beginning of ``day``, aware."""
    return datetime.combine(day, time(), SHANGHAI)


@cache
def shipped_calendar() -> Calendar:
    """The calendar that stands in this package."""
    package = resources.files("standard")
    statutory = _statutory(tomllib.loads(package.joinpath("festivals.toml").read_text("utf-8")))
    notices = tomllib.loads(package.joinpath("years.toml").read_text("utf-8"))["year"]
    return Calendar((read_year(notice, statutory) for notice in notices), statutory)


@cites("7.2(3)", rows=("R12",))
def calendar_with(year_document: str | Mapping[str, Any], base: Calendar | None = None) -> Calendar:
    """A calendar that also knows the year of a document (TOML text, or the same as a mapping).

    The year replaces what ``base`` (the shipped one by default) knows of it. :class:`CalendarError` says, in Chinese,
    what is wrong with a document::

        year = 2027
        state = "published"                # or "provisional": a forecast
        source = "《国务院办公厅关于2027年部分节假日安排的通知》"
        work = [2027-02-20]                # make-up working days
        [off]
        "元旦" = [2027-01-01, 2027-01-03]  # first and last day
    """
    base = base if base is not None else shipped_calendar()
    if isinstance(year_document, str):
        try:
            year_document = tomllib.loads(year_document)
        except tomllib.TOMLDecodeError as problem:
            raise CalendarError(f"年历文件读不出来，请检查格式（TOML）：{problem}") from None
    year = read_year(year_document, base.statutory)
    return Calendar({**base.years, year.year: year}.values(), base.statutory)


def read_year(document: Mapping[str, Any], statutory: Statutory) -> Year:
    """A year's document, checked; :class:`CalendarError` in Chinese where something is off."""
    if not isinstance(document, Mapping) or document.keys() != _KEYS:
        found = "、".join(map(str, document)) if isinstance(document, Mapping) else type(document).__name__
        raise CalendarError(f"年历文件应当且只应当有 year、state、source、off、work 五项，现在是：{found or '空'}")
    number, state, source = document["year"], document["state"], document["source"]
    if type(number) is not int or not date.min.year < number < date.max.year:
        raise CalendarError(f"year 应为年份，例如 2027，现在是：{number!r}")
    if state not in ("published", "provisional"):
        raise CalendarError(f"{number} 年：state 应为 published（已公布）或 provisional（暂定），现在是：{state!r}")
    if not isinstance(source, str) or not source.strip():
        raise CalendarError(f"{number} 年：source 应写明出处，例如《国务院办公厅关于{number}年部分节假日安排的通知》")
    if not isinstance(document["off"], Mapping) or not isinstance(document["work"], list):
        raise CalendarError(f"{number} 年：off 应为“节日 = [首日, 末日]”，work 应为日期的列表")
    breaks = tuple(_break(number, str(name), span) for name, span in document["off"].items())
    work = frozenset(_day(number, "work", day) for day in document["work"])
    _check_days(number, breaks, work, statutory)
    return Year(number, state == "published", source, breaks, work)


def _break(year: int, name: str, span: Any) -> Break:
    if not isinstance(span, list) or len(span) != 2:
        raise CalendarError(f"{year} 年：{name}应写成 [首日, 末日]，现在是：{span!r}")
    first, last = (_day(year, name, day) for day in span)
    if last < first:
        raise CalendarError(f"{year} 年：{name}的末日 {last} 早于首日 {first}")
    if last - first >= _LONGEST_BREAK:
        raise CalendarError(f"{year} 年：{name}从 {first} 到 {last} 长达 {(last - first).days + 1} 天，请核对月份")
    return Break(name, first, last)


def _day(year: int, entry: str, value: Any) -> date:
    try:
        day = date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        day = None
    if type(day) is not date:
        raise CalendarError(f"{year} 年：{entry}中的 {value!r} 不是日期，应写成 {year}-01-01 这样")
    if not date(year - 1, 12, 1) <= day <= date(year, 12, 31):
        raise CalendarError(f"{year} 年：{entry}中的 {day} 不在这一年（或上一年 12 月）")
    return day


def _check_days(year: int, breaks: tuple[Break, ...], work: frozenset[date], statutory: Statutory) -> None:
    off = {day for pause in breaks for day in pause.days()}
    for day in sorted(work):
        if day in off:
            raise CalendarError(f"{year} 年：{day} 既列为放假又列为上班")
        if day.weekday() < _SATURDAY:
            raise CalendarError(f"{year} 年：work 中的 {day} 不是周六或周日，请核对日期")
    if year >= statutory.in_force.year:
        missing = [day.isoformat() for day in statutory.of_year(year) if day not in off]
        if missing:
            raise CalendarError(f"{year} 年：{'、'.join(missing)} 是法定假日（{statutory.law}），off 中没有")


def _statutory(table: Mapping[str, Any]) -> Statutory:
    fixed, moving = set(), set()
    for festival in table["festival"]:
        fixed |= {(int(day[:2]), int(day[3:])) for day in festival.get("days", ())}
        moving |= {day + timedelta(days=shift) for day in festival.get("on", ()) for shift in festival.get("off", ())}
    return Statutory(table["law"], table["in_force"], frozenset(fixed), frozenset(moving))
