"""What must hold of every window and deadline, whatever the day."""

from datetime import date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from standard import windows
from standard.calendar import SHANGHAI, midnight, shipped_calendar
from standard.profile import edition_on
from standard.windows import Party, Publicity, ResultNotice, Route

CALENDAR = shipped_calendar()
EDITION = edition_on(date(2026, 11, 24))
DAY = timedelta(days=1)
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2029, 12, 31), timezones=st.just(SHANGHAI))  # noqa: DTZ001


@given(MOMENTS, MOMENTS, st.sampled_from(Party))
def test_every_word_against_a_result_has_a_way(published: datetime, at: datetime, by: Party) -> None:
    window = windows.publicity_window(EDITION, CALENDAR, published)
    answer = windows.objection(EDITION, CALENDAR, window, at, by)
    assert answer.reason
    assert (answer.route is Route.OBJECTION) == (by is Party.ENTERPRISE and window.holds(at))
    assert answer.may_object == (by is Party.PUBLIC and window.holds(at))
    assert (answer.deadline is not None) == (answer.route in (Route.OBJECTION, Route.COMPLAINT))


@given(MOMENTS, st.integers(0, 10), st.integers(0, 20))
def test_an_objection_never_shortens_publicity(published: datetime, after: int, reviewed: int) -> None:
    window = windows.publicity_window(EDITION, CALENDAR, published)
    stopped = min(published + after * DAY, window.deadline.ends - timedelta(seconds=1))
    resumed = windows.publicity_resumed(CALENDAR, window, stopped, stopped + reviewed * DAY)
    assert resumed.opens == window.opens
    assert resumed.deadline.last_day >= window.deadline.last_day
    assert resumed.deadline.last_day >= stopped.astimezone(SHANGHAI).date()


@given(MOMENTS, st.integers(0, 20))
def test_an_objection_after_the_window_stops_nothing(published: datetime, reviewed: int) -> None:
    window = windows.publicity_window(EDITION, CALENDAR, published)
    late = window.deadline.ends
    assert windows.publicity_resumed(CALENDAR, window, late, late + reviewed * DAY) == window


@given(MOMENTS)
def test_a_result_is_confirmed_from_the_end_of_its_window_on(published: datetime) -> None:
    window = windows.publicity_window(EDITION, CALENDAR, published)
    last = window.deadline.ends - timedelta(microseconds=1)
    assert windows.publicity_state(EDITION, window, last, 0) is Publicity.RUNNING
    assert windows.publicity_state(EDITION, window, window.deadline.ends, 0) is Publicity.CONFIRMED


@given(MOMENTS, st.none() | MOMENTS, st.none() | MOMENTS)
def test_time_to_appeal_never_runs_before_the_result_was_received(
    published: datetime, delivered: datetime | None, viewed: datetime | None
) -> None:
    notice = ResultNotice(published, delivered, viewed)
    deadline = windows.appeal_deadline(EDITION, CALENDAR, notice)
    assert deadline is not None
    reached = [moment for moment in (delivered, viewed) if moment is not None]
    assert deadline.since == (min(reached) if reached else published).date()
    last = deadline.ends - timedelta(seconds=1)
    assert windows.appeal(EDITION, CALENDAR, "evaluation", notice, last).accepted
    assert not windows.appeal(EDITION, CALENDAR, "evaluation", notice, deadline.ends).accepted


@given(st.dates(date(2024, 1, 1), date(2029, 12, 31)), st.integers(0, 40))
def test_a_late_change_is_marked_and_never_refused(changed: date, after: int) -> None:
    answer = windows.change_report(EDITION, CALENDAR, changed, changed + after * DAY)
    assert answer.accepted
    assert answer.late == (after > 15)


def test_reasons_tell_the_day_and_what_happens_next() -> None:
    late = windows.change_report(EDITION, CALENDAR, date(2026, 11, 24), date(2026, 12, 10))
    assert late.reason == (
        "变更应于 2026-12-09 24:00 前报送（9.4），本次已逾期：仍予受理，记为逾期并提醒，原证书编号与记录不变（R20）"
    )
    refused = windows.change_report(
        EDITION.replacing(windows__late_change_accepted=False), CALENDAR, date(2026, 11, 24), date(2026, 12, 10)
    )
    assert (refused.accepted, refused.late) == (False, True)
    assert refused.reason.endswith("本次已逾期，不予受理")
    mending = windows.renewal_mending(EDITION, CALENDAR, date(2026, 11, 2), date(2026, 11, 22))
    assert mending.reason == (
        "请于 2026-11-23 24:00 前完成整改并重新申请续期（9.3(2)）"
        "；证书于 2026-11-22 到期后先失效，整改后达标另发新证（R19）"
    )


def test_another_reading_of_r15_lets_the_public_object() -> None:
    edition = EDITION.replacing(windows__public_may_object=True)
    window = windows.publicity_window(edition, CALENDAR, date(2026, 11, 24))
    answer = windows.objection(edition, CALENDAR, window, midnight(date(2026, 11, 25)), Party.PUBLIC)
    assert answer.route is Route.OBJECTION
    after = windows.objection(edition, CALENDAR, window, window.deadline.ends, Party.PUBLIC)
    assert after.route is Route.COMPLAINT
