"""On which days and at which hours people are reminded of a month (8.1(2), 8.1(3)); pure, in Asia/Shanghai."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from config.clock import SHANGHAI
from standard.calendar import Calendar, shanghai_day

FIRST_HOUR, LAST_HOUR, USUAL_HOUR = 9, 20, 9
"""Hours that a person may choose, and the one of who chose none."""
QUIET_FROM, QUIET_UNTIL = time(21, 0), time(8, 30)
"""Nobody is woken between these for what can wait until the morning."""
AWAITED = timedelta(minutes=30)
"""So long somebody who did something waits for what comes of it, also at night."""


class Occasion(StrEnum):
    """What people are reminded by; a choice may leave out all but the last two."""

    OPENS = "opens"
    T7 = "t7"
    T3 = "t3"
    T1 = "t1"
    LAST = "last"
    MISSED = "missed"  # told by the change of state itself, when the window or the days to make up are over
    MAKE_UP = "make_up"


ALWAYS = (Occasion.MISSED, Occasion.MAKE_UP)
"""Told whatever was chosen: the certificate is at stake."""
CHOSEN = tuple(occasion for occasion in Occasion if occasion not in ALWAYS)

_BEFORE_THE_END = {Occasion.T7: 7, Occasion.T3: 3, Occasion.T1: 1, Occasion.LAST: 0}


@dataclass(frozen=True, slots=True)
class Reminding:
    """One occasion on its day; ``name`` tells it from every other one of the same month."""

    occasion: Occasion
    day: date

    @property
    def name(self) -> str:
        """``t3``; of the days to make up each is one: ``make_up.2026-12-28``."""
        return f"{self.occasion}.{self.day}" if self.occasion is Occasion.MAKE_UP else self.occasion.value


def of_window(opens: date, closes: date) -> tuple[Reminding, ...]:
    """The occasions of a window in their order, one a day at the most: in a short one the more urgent stays."""
    days = {opens: Occasion.OPENS}
    for occasion, before in _BEFORE_THE_END.items():
        day = closes - timedelta(days=before)
        if day >= opens:
            days[day] = occasion
    return tuple(Reminding(days[day], day) for day in sorted(days))


def of_make_up(warned: date, until: date, calendar: Calendar) -> tuple[Reminding, ...]:
    """Each working day after the one of the warning, through the last one to make it up (8.1(3), R11)."""
    return tuple(
        Reminding(Occasion.MAKE_UP, day)
        for day in _days_after(warned, until)
        if day == until or calendar.is_working_day(day)
    )


def latest(remindings: Sequence[Reminding], today: date) -> Reminding | None:
    """Of all that have come until ``today`` the last: it is the only one that still makes sense."""
    return next((one for one in reversed(remindings) if one.day <= today), None)


def window_ends_on(today: date) -> tuple[date, ...]:
    """The last days of those windows that have an occasion counted from their end on ``today``."""
    return tuple(today + timedelta(days=before) for before in _BEFORE_THE_END.values())


def days_left(today: date, last_day: date) -> str:
    """As people say it: ``今天截止``, ``明天截止``, ``还有 3 天截止``."""
    left = (last_day - today).days
    return {0: "今天截止", 1: "明天截止"}.get(left, f"还有 {left} 天截止")


def day_in_words(day: date) -> str:
    """``12 月 25 日``."""
    return f"{day.month} 月 {day.day} 日"


def quiet(at: datetime) -> bool:
    """Whether ``at`` (aware) lies in the quiet hours."""
    clock = at.astimezone(SHANGHAI).time()
    return clock >= QUIET_FROM or clock < QUIET_UNTIL


def waking(at: datetime, hour: int | None = None) -> datetime:
    """The first moment from ``at`` (aware) on outside the quiet hours, and not before ``hour`` of its day."""
    local = at.astimezone(SHANGHAI)
    if local.time() >= QUIET_FROM:
        local = datetime.combine(local.date() + timedelta(days=1), QUIET_UNTIL, SHANGHAI)
    earliest = time(hour) if hour is not None else QUIET_UNTIL
    return max(at, datetime.combine(local.date(), max(earliest, QUIET_UNTIL), SHANGHAI)).astimezone(at.tzinfo)


def evening(at: datetime) -> datetime:
    """When the quiet hours begin on the day of ``at``: what is said of that day is not said after it."""
    return datetime.combine(shanghai_day(at), QUIET_FROM, SHANGHAI).astimezone(at.tzinfo)


def _days_after(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=number) for number in range(1, (last - first).days + 1))
