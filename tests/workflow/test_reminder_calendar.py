"""The days and hours of reminders, worked out by hand."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.clock import SHANGHAI
from standard.calendar import shipped_calendar
from workflow.telling.reminder_calendar import (
    Occasion,
    Reminding,
    days_left,
    evening,
    latest,
    of_make_up,
    of_window,
    quiet,
    waking,
    window_ends_on,
)

DECEMBER = of_window(date(2026, 12, 1), date(2026, 12, 25))
DAY = timedelta(days=1)


def shanghai(day: int, hour: int, minute: int = 0, month: int = 12) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=SHANGHAI)


def test_a_window_has_five_days() -> None:
    assert [(one.name, one.day.day) for one in DECEMBER] == [
        ("opens", 1), ("t7", 18), ("t3", 22), ("t1", 24), ("last", 25),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("today", "name"),
    [(1, "opens"), (17, "opens"), (18, "t7"), (21, "t7"), (22, "t3"), (23, "t3"), (24, "t1"), (25, "last")],
)
def test_of_all_that_have_come_only_the_last_makes_sense(today: int, name: str) -> None:
    found = latest(DECEMBER, date(2026, 12, today))
    assert found is not None
    assert found.name == name
    assert latest(DECEMBER, date(2026, 11, 30)) is None


def test_in_a_short_window_the_more_urgent_stays() -> None:
    assert [one.name for one in of_window(date(2026, 12, 22), date(2026, 12, 25))] == ["t3", "t1", "last"]
    assert [one.name for one in of_window(date(2026, 12, 25), date(2026, 12, 25))] == ["last"]


def test_each_working_day_to_make_up_is_an_occasion_of_its_own() -> None:
    # Warned on a Saturday: 25 to 27 September 2026 are off (Mid-Autumn Festival), and so is 1 October.
    found = of_make_up(date(2026, 9, 26), date(2026, 9, 30), shipped_calendar())
    assert [one.name for one in found] == ["make_up.2026-09-28", "make_up.2026-09-29", "make_up.2026-09-30"]
    over_new_year = of_make_up(date(2026, 12, 30), date(2027, 1, 5), shipped_calendar())
    assert {one.day for one in over_new_year} == {date(2026, 12, 31), date(2027, 1, 4), date(2027, 1, 5)}
    assert latest(over_new_year, date(2027, 1, 2)) == Reminding(Occasion.MAKE_UP, date(2026, 12, 31))
    assert latest(over_new_year, date(2026, 12, 30)) is None


@given(st.dates(date(2026, 1, 1), date(2030, 1, 1)), st.integers(0, 40), st.integers(0, 60))
def test_the_windows_of_a_day_are_those_that_have_an_occasion_on_it(opens: date, length: int, ahead: int) -> None:
    closes, today = opens + length * DAY, opens + ahead * DAY
    counted = [one for one in of_window(opens, closes) if one.occasion is not Occasion.OPENS]
    assert (closes in window_ends_on(today) and opens <= today <= closes) == (today in {one.day for one in counted})


@pytest.mark.parametrize(
    ("at", "hour", "due"),
    [
        (shanghai(18, 8, 30), 9, shanghai(18, 9)),
        (shanghai(18, 8, 30), 20, shanghai(18, 20)),
        (shanghai(18, 14), 9, shanghai(18, 14)),
        (shanghai(18, 0, 1), None, shanghai(18, 8, 30)),
        (shanghai(18, 20, 59), None, shanghai(18, 20, 59)),
        (shanghai(18, 21), None, shanghai(19, 8, 30)),
        (shanghai(18, 23), 10, shanghai(19, 10)),
        (datetime(2026, 12, 17, 16, 30, tzinfo=UTC), None, shanghai(18, 8, 30)),
    ],
)
def test_nobody_is_woken_and_the_chosen_hour_holds(at: datetime, hour: int | None, due: datetime) -> None:
    assert waking(at, hour) == due


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)), st.none() | st.integers(9, 20))  # noqa: DTZ001 - UTC
def test_whatever_the_moment_it_is_pushed_outside_the_quiet_hours(naive: datetime, hour: int | None) -> None:
    at = naive.replace(tzinfo=UTC)
    due = waking(at, hour)
    assert not quiet(due)
    assert at <= due < at + DAY
    assert due == at or quiet(at) or hour is not None
    assert quiet(evening(due))
    assert due < evening(due)


def test_days_are_counted_as_people_say_them() -> None:
    last = date(2026, 12, 25)
    assert [days_left(last - n * DAY, last) for n in (0, 1, 2, 7)] == [
        "今天截止", "明天截止", "还有 2 天截止", "还有 7 天截止",
    ]  # fmt: skip
