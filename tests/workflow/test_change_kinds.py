"""What a step changes for others: the kinds are complete over all events, and fit the table of a certificate's life."""

from dataclasses import replace
from datetime import date

import pytest

from standard import life
from standard.life import TABLE, MonthRecord
from standard.months import Month, MonthState
from standard.outcome import Finding
from standard.profile import edition_on
from standard.validity import LIVE, State
from workflow.certifying.change_kinds import CLAUSES, MAY_BRING, SILENT, WORDS, ChangeKind, kinds_of, words_of

DAY = date(2026, 11, 24)


def born(grade: str = "A") -> life.Certificate:
    step = life.apply(life.Certificate(), life.Issue(on=DAY, number="T/CMIF-2026-000001", grade=grade), edition_on(DAY))
    assert not isinstance(step, Finding)
    return step.certificate


def test_every_event_of_a_certificate_is_told_or_listed_as_silent() -> None:
    assert set(life.EVENTS.values()) == set(MAY_BRING) | SILENT
    assert not set(MAY_BRING) & SILENT


def test_every_kind_has_words_and_a_clause() -> None:
    assert set(WORDS) == set(CLAUSES) == set(ChangeKind)


def test_each_change_of_state_in_the_table_is_a_kind_that_its_event_may_bring() -> None:
    checked = 0
    for row in TABLE:
        for state in row.states:
            if row.next in (None, state) or state is State.NONE:
                continue
            after = replace(born(), state=row.next)
            (kind,) = kinds_of(replace(born(), state=state), after)
            for event in row.events:
                if event not in SILENT:
                    assert kind in MAY_BRING[event], (event.kind, state, row.next)
                    checked += 1
    assert checked > 15


@pytest.mark.parametrize(
    ("before", "after", "kinds"),
    [
        ({}, {}, []),
        ({}, {"conditions": ("D.2.1",)}, []),
        ({}, {"state": State.WARNED}, ["certificate.warned"]),
        ({"state": State.SUSPENDED}, {"state": State.WARNED}, ["certificate.warned"]),
        ({"state": State.WARNED}, {"state": State.ACTIVE}, ["certificate.restored"]),
        ({}, {"state": State.SUSPENDED}, ["certificate.suspended"]),
        ({}, {"grade": "AA"}, ["certificate.upgraded"]),
        ({"grade": "AAA"}, {"grade": "AA"}, ["certificate.downgraded"]),
        # the third bad month
        ({}, {"grade": "B", "state": State.WARNED}, ["certificate.downgraded", "certificate.warned"]),
        ({}, {"state": State.REVOKED, "ended_by": "9.5.1(1)"}, ["certificate.revoked"]),
        ({}, {"state": State.EXPIRED}, ["certificate.expired"]),
        ({"state": State.EXPIRED}, {"state": State.CANCELLED}, ["certificate.cancelled"]),
    ],
)
def test_what_changed_is_read_off_before_and_after(
    before: dict[str, object], after: dict[str, object], kinds: list[str]
) -> None:
    started = replace(born(), **before)  # type: ignore[arg-type]
    assert list(kinds_of(started, replace(started, **after))) == kinds  # type: ignore[arg-type]


def test_a_month_that_continues_the_certificate_is_a_kind_of_its_own() -> None:
    month = MonthRecord(Month(2026, 12), MonthState.ON_TIME, settled=True)
    assert kinds_of(born(), replace(born(), months=(month,))) == (ChangeKind.MONTH_CONTINUED,)
    owed = MonthRecord(Month(2026, 12), MonthState.WARNED, settled=False)
    later = replace(month, month=Month(2027, 1))
    # One that was filed while an earlier one is owed continues nothing yet.
    assert kinds_of(replace(born(), months=(owed,)), replace(born(), months=(owed, later))) == ()


def test_the_first_of_all_is_the_issue() -> None:
    assert kinds_of(None, born()) == (ChangeKind.ISSUED,)


def test_words_say_the_grade_and_where_a_warning_came_from() -> None:
    assert words_of(ChangeKind.DOWNGRADED, "B", State.ACTIVE) == "证书等级降为 B"
    assert words_of(ChangeKind.WARNED, "B", State.ACTIVE) == "证书已预警"
    assert words_of(ChangeKind.WARNED, "B", State.SUSPENDED) == "证书由暂停转为预警"
    assert all(state in (State.ACTIVE, State.WARNED, State.SUSPENDED) for state in LIVE)
