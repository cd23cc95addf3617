"""What each step of a certificate's life is called where its firm is told of it."""

from datetime import date
from typing import Any

import pytest

from standard import life
from standard.months import Month
from standard.validity import State
from workflow.certifying.certificate_wording import happened

DAY, LATER = date(2026, 12, 26), date(2026, 12, 30)
DECEMBER = Month(2026, 12)
DECIDED = {"ground": "9.5.1(2)", "reason": "样例理由", "decided_by": "person:1"}


def certificate(state: State = State.ACTIVE, grade: str = "A") -> life.Certificate:
    return life.Certificate("T/CMIF-2026-000001", grade, state)


ACTIVE, WARNED, SUSPENDED = certificate(), certificate(State.WARNED), certificate(State.SUSPENDED)
MISSED = life.MissMonth(on=DAY, month=DECEMBER, make_up_until=LATER)
FAILED = life.FailMonth(on=DAY, month=DECEMBER, make_up_until=LATER)
MADE_UP = life.MakeUpPassed(on=DAY, month=DECEMBER, filed_on=DAY)


@pytest.mark.parametrize(
    ("event", "before", "after", "told", "title"),
    [
        (life.Issue(on=DAY, number="1", grade="A"), None, ACTIVE, 0, "证书已发放"),
        (life.ContinueMonth(on=DAY, month=DECEMBER, filed_on=DAY), ACTIVE, ACTIVE, 0, "12 月提报合规"),
        (MISSED, ACTIVE, WARNED, 0, "12 月逾期未提报"),
        (FAILED, ACTIVE, WARNED, 0, "12 月核验不合规"),
        (MISSED, WARNED, certificate(State.WARNED, "B"), 0, "12 月逾期未提报"),
        (MISSED, WARNED, certificate(State.WARNED, "B"), 1, "证书等级降为 B"),
        (MISSED, WARNED, SUSPENDED, 1, "证书已暂停，待决定是否撤销"),
        (MISSED, WARNED, certificate(State.REVOKED), 0, "证书已撤销"),
        (life.MakeUpMissed(on=DAY, month=DECEMBER), WARNED, SUSPENDED, 0, "12 月逾期未补报，证书已暂停"),
        (MADE_UP, WARNED, ACTIVE, 0, "12 月补报通过"),
        (MADE_UP, SUSPENDED, ACTIVE, 0, "12 月补报通过，证书已恢复"),
        (MADE_UP, SUSPENDED, SUSPENDED, 0, "12 月补报通过"),
        (life.Raise(on=DAY, to="AA", points_in_year=9), ACTIVE, certificate(grade="AA"), 0, "证书等级升为 AA"),
        (life.Lower(on=DAY, failed=("D.3.1",)), ACTIVE, certificate(grade="B"), 0, "证书等级降为 B"),
        (life.Lower(on=DAY, failed=("D.3.1",)), ACTIVE, ACTIVE, 0, "合格证印刷须整改"),
        (life.TermEnded(on=DAY), ACTIVE, certificate(State.EXPIRED), 0, "证书已到期失效"),
        (life.Revoke(on=DAY, **DECIDED), SUSPENDED, certificate(State.REVOKED), 0, "证书已撤销"),
        (life.DismissCase(on=DAY, **DECIDED), SUSPENDED, ACTIVE, 0, "决定不予撤销，证书已恢复"),
        (life.DismissCase(on=DAY, **DECIDED), ACTIVE, ACTIVE, 0, "决定不予撤销"),
    ],
)
def test_a_title_says_what_happened(event: Any, before: Any, after: Any, told: int, title: str) -> None:
    assert happened(event, before, after, told) == title


def test_no_title_is_too_long_for_a_field_and_every_event_has_one() -> None:
    titles = {kind: happened(_any(event), ACTIVE, certificate(grade="B")) for kind, event in life.EVENTS.items()}
    assert {kind: title for kind, title in titles.items() if not 0 < len(title) <= 20} == {}


def _any(event: type[life.Event]) -> life.Event:
    """One of that type; of what it says, titles use no more than the month."""
    made = object.__new__(event)
    if "month" in event.__dataclass_fields__:
        object.__setattr__(made, "month", DECEMBER)
    return made
