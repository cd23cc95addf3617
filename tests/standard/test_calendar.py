"""The calendar against ``chinesecalendar`` for every day it knows, and what must hold of any other year."""

import math
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from standard.calendar import (
    Calendar,
    CalendarError,
    Deadline,
    calendar_with,
    shanghai_day,
    shipped_calendar,
)

CALENDAR = shipped_calendar()
DAY = timedelta(days=1)
ANY_DAY = st.dates(date(2, 1, 1), date(9990, 12, 31))
NEAR = st.dates(date(2003, 6, 1), date(2062, 12, 31))

FORECAST: dict[str, Any] = {
    "year": 2027,
    "state": "published",
    "source": "样例：国务院办公厅关于2027年部分节假日安排的通知（虚构）",
    "work": [date(2027, 2, 20)],
    "off": {
        "元旦": [date(2027, 1, 1), date(2027, 1, 3)],
        "春节": [date(2027, 2, 5), date(2027, 2, 11)],
        "清明节": [date(2027, 4, 3), date(2027, 4, 5)],
        "劳动节": [date(2027, 5, 1), date(2027, 5, 5)],
        "端午节": [date(2027, 6, 9), date(2027, 6, 9)],
        "中秋节": [date(2027, 9, 15), date(2027, 9, 15)],
        "国庆节": [date(2027, 10, 1), date(2027, 10, 7)],
    },
}


def changed(**entries: Any) -> dict[str, Any]:
    return FORECAST | entries


def test_every_day_of_2004_to_2026_agrees_with_the_oracle() -> None:
    first, last = date(2004, 1, 1), date(2026, 12, 31)
    days = (first + number * DAY for number in range((last - first).days + 1))
    assert [day for day in days if CALENDAR.is_working_day(day) != chinese_calendar.is_workday(day)] == []


def test_published_years_say_where_they_come_from() -> None:
    assert list(CALENDAR.years) == list(range(2004, 2027))
    for number, year in CALENDAR.years.items():
        assert year.published
        assert f"国务院办公厅关于{number}年部分节假日安排的通知" in year.source


def test_the_runtime_does_not_import_the_oracle() -> None:
    import subprocess
    import sys

    program = "import sys, standard.calendar as c; c.shipped_calendar(); sys.exit('chinese_calendar' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@given(st.dates(date(2004, 1, 1), date(2026, 11, 30)), st.integers(1, 15))
def test_counting_agrees_with_the_oracle(since: date, number: int) -> None:
    # Asked from a day off, the oracle first walks to a working day and does not count it; R11 counts that one.
    since = chinese_calendar.find_workday(0, since)
    assert CALENDAR.add_working_days(since, number).last_day == chinese_calendar.find_workday(number, since)


@pytest.mark.parametrize(("number", "last_day"), [(1, "2026-10-08"), (3, "2026-10-10"), (5, "2026-10-13")])
def test_after_the_thirtieth_of_september_2026(number: int, last_day: str) -> None:
    assert CALENDAR.add_working_days(date(2026, 9, 30), number) == Deadline(
        date(2026, 9, 30), date.fromisoformat(last_day), False, number
    )


def test_make_up_days_of_2026() -> None:
    for day in ("01-04", "02-14", "02-28", "05-09", "09-20", "10-10"):
        found = date.fromisoformat(f"2026-{day}")
        assert found.weekday() >= 5
        assert CALENDAR.is_working_day(found)


def test_a_count_that_crosses_into_an_unpublished_year_is_provisional() -> None:
    deadline = CALENDAR.add_working_days(date(2026, 12, 28), 5)
    assert deadline.last_day == date(2027, 1, 5)
    assert deadline.provisional
    assert not CALENDAR.add_working_days(date(2026, 12, 28), 3).provisional
    assert CALENDAR.add_working_days(date(2027, 1, 4), -2).provisional
    assert not CALENDAR.add_working_days(date(2027, 1, 1), -2).provisional


def test_zero_is_the_day_itself_or_the_next_working_day() -> None:
    assert CALENDAR.add_working_days(date(2026, 11, 24), 0).last_day == date(2026, 11, 24)
    assert CALENDAR.add_working_days(date(2026, 10, 1), 0).last_day == date(2026, 10, 8)


def test_a_deadline_ends_at_midnight_in_shanghai() -> None:
    deadline = Deadline(date(2026, 11, 24), date(2026, 12, 1))
    assert deadline.ends == datetime(2026, 12, 1, 16, tzinfo=UTC)
    assert not deadline.over(datetime(2026, 12, 1, 15, 59, 59, tzinfo=UTC))
    assert deadline.over(datetime(2026, 12, 1, 16, tzinfo=UTC))


@given(ANY_DAY, st.integers(-40, 40))
def test_no_year_is_an_error(since: date, number: int) -> None:
    deadline = CALENDAR.add_working_days(since, number)
    assert CALENDAR.is_working_day(deadline.last_day)
    assert deadline.ends > datetime.combine(deadline.last_day, datetime.min.time(), UTC)


@given(NEAR, st.integers(1, 30))
def test_adding_and_counting_are_inverse(since: date, number: int) -> None:
    last_day = CALENDAR.add_working_days(since, number).last_day
    assert CALENDAR.working_days_between(since, last_day) == number
    assert CALENDAR.working_days_between(last_day, since) == -number
    assert CALENDAR.working_days_between(since, last_day - DAY) == number - 1


@given(NEAR, st.integers(1, 30))
def test_subtracting_finds_the_same_number_back(since: date, number: int) -> None:
    first = CALENDAR.add_working_days(since, -number).last_day
    assert CALENDAR.working_days_between(first - DAY, since - DAY) == number


@given(NEAR, NEAR, st.integers(1, 15))
def test_a_later_event_never_ends_earlier(one: date, other: date, number: int) -> None:
    earlier, later = sorted((one, other))
    assert CALENDAR.add_working_days(earlier, number).last_day <= CALENDAR.add_working_days(later, number).last_day


@pytest.mark.parametrize(
    ("since", "months", "found"),
    [
        ("2026-03-31", -1, "2026-02-28"),
        ("2028-03-31", -1, "2028-02-29"),
        ("2026-01-31", 1, "2026-02-28"),
        ("2026-12-15", 1, "2027-01-15"),
        ("2026-01-15", -1, "2025-12-15"),
        ("2028-02-29", 12, "2029-02-28"),
        ("2026-08-31", -26, "2024-06-30"),
    ],
)
def test_months_clip(since: str, months: int, found: str) -> None:
    assert Calendar.add_months(date.fromisoformat(since), months) == date.fromisoformat(found)


@given(ANY_DAY, st.integers(-11, 40))
def test_months_land_in_their_month(since: date, months: int) -> None:
    found = Calendar.add_months(since, months)
    assert (found.year * 12 + found.month) - (since.year * 12 + since.month) == months
    assert found.day == since.day or (found.day < since.day and (found + DAY).day == 1)


def test_units_of_a_parameter() -> None:
    start = datetime(2026, 11, 24, 20, tzinfo=UTC)  # the 25th in Shanghai
    assert CALENDAR.deadline(start, 3, "working days").last_day == date(2026, 11, 30)
    assert CALENDAR.deadline(start, 3, "calendar days") == Deadline(date(2026, 11, 25), date(2026, 11, 28))
    assert CALENDAR.deadline(start, 1, "months").last_day == date(2026, 12, 25)
    assert CALENDAR.deadline(date(2028, 2, 29), 1, "years").last_day == date(2029, 2, 28)
    with pytest.raises(ValueError, match="fortnights"):
        CALENDAR.deadline(start, 3, "fortnights")


def test_a_naive_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        shanghai_day(datetime(2026, 11, 24, 9))  # noqa: DTZ001


def new_moon(k: int) -> float:
    """Days from 2000-01-06 00:00 UTC to the k-th new moon after it (Meeus, the larger terms; good to minutes)."""
    t = k / 1236.85
    sun = math.radians(2.5534 + 29.1053567 * k)
    moon = math.radians(201.5643 + 385.81693528 * k + 0.0107582 * t * t)
    node = math.radians(160.7108 + 390.67050284 * k)
    e = 1 - 0.002516 * t
    days = 0.59766 + 29.530588861 * k + 0.00015437 * t * t
    days += -0.4072 * math.sin(moon) + 0.17241 * e * math.sin(sun) + 0.01608 * math.sin(2 * moon)
    days += 0.01039 * math.sin(2 * node) + 0.00739 * e * math.sin(moon - sun) - 0.00514 * e * math.sin(moon + sun)
    days += 0.00208 * e * e * math.sin(2 * sun) - 0.00111 * math.sin(moon - 2 * node)
    days += -0.00057 * math.sin(moon + 2 * node) + 0.00056 * e * math.sin(2 * moon + sun)
    days -= 0.00042 * math.sin(3 * moon)
    return days - 0.0009  # dynamical time runs about 75 s ahead in these decades


def begins_a_lunar_month(day: date) -> bool:
    start = (day - date(2000, 1, 6)).days - 8 / 24
    nearest = round((start + 0.5) / 29.530588861)
    return any(-0.004 <= new_moon(k) - start <= 1.004 for k in (nearest - 1, nearest, nearest + 1))


def moving_days() -> dict[int, list[date]]:
    """The shipped moving days off by year."""
    by_year: dict[int, list[date]] = {}
    for day in sorted(CALENDAR.statutory.moving):
        by_year.setdefault(day.year, []).append(day)
    return by_year


def test_moving_festivals_follow_the_moon_and_the_sun() -> None:
    by_year = moving_days()
    assert list(by_year) == list(range(2027, 2061))
    first_days = []
    for year, days in by_year.items():
        eve, first, second, third, bright, dragon, autumn = days
        assert (second - eve, third - first) == (2 * DAY, 2 * DAY)
        assert date(year, 1, 21) <= first <= date(year, 2, 21)
        assert begins_a_lunar_month(first)
        assert begins_a_lunar_month(dragon - 4 * DAY)
        assert begins_a_lunar_month(autumn - 14 * DAY)
        assert bright in (date(year, 4, 4), date(year, 4, 5))
        assert round((dragon - 4 * DAY - first).days / 29.53) in (4, 5)
        assert round((autumn - dragon).days / 29.53) in (3, 4)
        first_days.append(first)
    months = [round((later - earlier).days / 29.53) for earlier, later in pairwise(first_days)]
    assert set(months) == {12, 13}


def test_the_computed_new_moon_agrees_with_published_spring_festivals() -> None:
    known = ["2004-01-22", "2010-02-14", "2017-01-28", "2020-01-25", "2023-01-22", "2025-01-29", "2026-02-17"]
    for day in map(date.fromisoformat, known):
        assert begins_a_lunar_month(day)
        assert not begins_a_lunar_month(day + DAY)
        assert not begins_a_lunar_month(day - DAY)


def test_provisional_years_have_weekends_and_days_off_by_law_and_no_make_up_days() -> None:
    off = [date(2028, 1, 1) + number * DAY for number in range(366)]
    off = [day for day in off if not CALENDAR.is_working_day(day) and day.weekday() < 5]
    # 元旦周六；除夕 01-25 周二至初三；清明 04-04 周二；劳动节周一、周二；端午 05-28 周日；中秋即 10-03
    expected = ["01-25", "01-26", "01-27", "01-28", "04-04", "05-01", "05-02", "10-02", "10-03"]
    assert [f"{day:%m-%d}" for day in off] == expected
    assert not any(CALENDAR.is_working_day(date(2028, 1, 1) + n * 7 * DAY) for n in range(53))


def test_after_the_table_only_fixed_days_are_known() -> None:
    assert not CALENDAR.is_working_day(date(2071, 10, 1))
    assert not CALENDAR.is_working_day(date(2071, 5, 1))
    assert CALENDAR.is_working_day(date(2071, 4, 6))


def test_a_new_year_is_imported_as_data() -> None:
    calendar = calendar_with(FORECAST)
    assert calendar.published(2027)
    assert not CALENDAR.published(2027)
    assert calendar.is_working_day(date(2027, 2, 20))
    assert not calendar.is_working_day(date(2027, 2, 11))
    assert not calendar.add_working_days(date(2026, 12, 28), 5).provisional


def test_the_same_document_as_toml_text_and_with_dates_as_words() -> None:
    text = """
        year = 2027
        state = "published"
        source = "样例（虚构）"
        work = [2027-02-20]
        [off]
    """ + "\n".join(f'"{name}" = [{first}, {last}]' for name, (first, last) in FORECAST["off"].items())
    worded = changed(
        work=["2027-02-20"], off={name: [str(day) for day in span] for name, span in FORECAST["off"].items()}
    )
    by_text, by_words = calendar_with(text), calendar_with(worded)
    for number in range(365):
        day = date(2027, 1, 1) + number * DAY
        assert (
            by_text.is_working_day(day) == by_words.is_working_day(day) == calendar_with(FORECAST).is_working_day(day)
        )


def test_a_notice_may_set_days_of_the_december_before() -> None:
    off = FORECAST["off"] | {"元旦": [date(2026, 12, 31), date(2027, 1, 3)]}
    calendar = calendar_with(changed(off=off, work=[date(2026, 12, 27)]))
    assert not calendar.is_working_day(date(2026, 12, 31))
    assert calendar.is_working_day(date(2026, 12, 27))
    due = CALENDAR.add_working_days(date(2026, 12, 28), 3)
    assert calendar.recompute(due).last_day == date(2027, 1, 4)


def test_a_forecast_stays_provisional() -> None:
    calendar = calendar_with(changed(state="provisional"))
    assert not calendar.published(2027)
    assert calendar.add_working_days(date(2027, 2, 1), 3).provisional


def test_an_amended_notice_replaces_the_year_and_leaves_the_others() -> None:
    once = calendar_with(FORECAST)
    again = calendar_with(changed(work=[date(2027, 2, 21)]), once)
    assert not again.is_working_day(date(2027, 2, 20))
    assert again.is_working_day(date(2027, 2, 21))
    assert again.is_working_day(date(2026, 10, 10))


@given(st.dates(date(2026, 11, 1), date(2027, 12, 31)), st.integers(1, 15))
def test_recomputing_settles_once_and_never_shortens(since: date, number: int) -> None:
    calendar = calendar_with(FORECAST)
    before = CALENDAR.add_working_days(since, number)
    after = calendar.recompute(before)
    assert after.last_day == max(before.last_day, calendar.add_working_days(since, number).last_day)
    assert after.provisional == (after.last_day.year > 2027 or calendar.add_working_days(since, number).provisional)
    assert calendar.recompute(after) == after


def test_calendar_days_are_not_recomputed() -> None:
    due = CALENDAR.deadline(date(2026, 12, 28), 15, "calendar days")
    assert calendar_with(FORECAST).recompute(due) is due


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ("year = ", "年历文件读不出来"),
        ({}, "五项，现在是：空"),
        ([FORECAST], "五项，现在是：list"),
        (changed(extra=1), "extra"),
        (changed(year="2027"), "year 应为年份"),
        (changed(year=True), "year 应为年份"),
        (changed(state="公布"), "published"),
        (changed(source=" "), "出处"),
        (changed(off=[]), "首日, 末日"),
        (changed(work={}), "日期的列表"),
        (changed(off=FORECAST["off"] | {"元旦": date(2027, 1, 1)}), r"元旦应写成 \[首日, 末日\]"),
        (changed(off=FORECAST["off"] | {"元旦": [date(2027, 1, 3), date(2027, 1, 1)]}), "早于首日"),
        (changed(off=FORECAST["off"] | {"国庆节": [date(2027, 10, 1), date(2027, 11, 7)]}), "请核对月份"),
        (changed(off=FORECAST["off"] | {"元旦": ["2027-01-01", "2027-13-01"]}), "2027-13-01' 不是日期"),
        (changed(off=FORECAST["off"] | {"元旦": [datetime(2027, 1, 1, tzinfo=UTC), date(2027, 1, 3)]}), "不是日期"),
        (changed(work=[date(2028, 2, 19)]), "不在这一年"),
        (changed(work=[20270220]), "不是日期"),
        (changed(work=[date(2027, 1, 2)]), "既列为放假又列为上班"),
        (changed(work=[date(2027, 2, 19)]), "不是周六或周日"),
        (changed(off={}), "法定假日"),
        (
            changed(off={name: span for name, span in FORECAST["off"].items() if name != "中秋节"}),
            "2027-09-15 是法定假日",
        ),
    ],
)
def test_malformed_years_are_told_gently(document: Any, words: str) -> None:
    with pytest.raises(CalendarError, match=words):
        calendar_with(document)
