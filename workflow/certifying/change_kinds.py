"""What may change about a firm in public, as people who watch it and webhooks are told (7.4, 7.6, 9).

A kind is read off the certificate before and after a step, never off the event alone: a third bad month lowers one
certificate, suspends another and ends a third (R8).
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from standard import life
from standard.life.certificate import rank
from standard.profile import edition_on
from standard.validity import LIVE, State


class ChangeKind(StrEnum):
    """One sort of change; a webhook asks for some of them."""

    ISSUED = "certificate.issued"
    WARNED = "certificate.warned"
    SUSPENDED = "certificate.suspended"
    RESTORED = "certificate.restored"
    UPGRADED = "certificate.upgraded"
    DOWNGRADED = "certificate.downgraded"
    REVOKED = "certificate.revoked"
    CANCELLED = "certificate.cancelled"
    EXPIRED = "certificate.expired"
    MONTH_CONTINUED = "month.continued"
    POINTS_CHANGED = "points.changed"
    PUBLICATION_OPENED = "publication.opened"


WORDS: Mapping[ChangeKind, str] = MappingProxyType(
    {
        ChangeKind.ISSUED: "证书已发放",
        ChangeKind.WARNED: "证书已预警",
        ChangeKind.SUSPENDED: "证书已暂停",
        ChangeKind.RESTORED: "证书已恢复正常",
        ChangeKind.UPGRADED: "证书等级升为 {grade}",
        ChangeKind.DOWNGRADED: "证书等级降为 {grade}",
        ChangeKind.REVOKED: "证书已撤销",
        ChangeKind.CANCELLED: "证书已注销",
        ChangeKind.EXPIRED: "证书已到期失效",
        ChangeKind.MONTH_CONTINUED: "证书已按月延续",
        ChangeKind.POINTS_CHANGED: "资信分值有变化",
        ChangeKind.PUBLICATION_OPENED: "评价结果开始公示",
    }
)

CLAUSES: Mapping[ChangeKind, str] = MappingProxyType(
    {
        ChangeKind.ISSUED: "7.5(1)",
        ChangeKind.WARNED: "8.1(3)",
        ChangeKind.SUSPENDED: "9.2(2)",
        ChangeKind.RESTORED: "9.2(2)",
        ChangeKind.UPGRADED: "8.5(3)",
        ChangeKind.DOWNGRADED: "9.2(2)",
        ChangeKind.REVOKED: "9.5.1",
        ChangeKind.CANCELLED: "9.5.2",
        ChangeKind.EXPIRED: "9.1",
        ChangeKind.MONTH_CONTINUED: "9.2(1)",
        ChangeKind.POINTS_CHANGED: "8.5",
        ChangeKind.PUBLICATION_OPENED: "7.4",
    }
)
"""Where the standard speaks of each; what is told cites the clause of the step itself."""

ON_REQUEST = frozenset({ChangeKind.MONTH_CONTINUED})
"""Told only to webhooks that named them: every firm has one a month."""

WATCHED = frozenset(ChangeKind) - ON_REQUEST - {ChangeKind.POINTS_CHANGED, ChangeKind.PUBLICATION_OPENED}
"""What people who watch a firm are told: state, grade, end of its certificate."""

_BAD_MONTH = (ChangeKind.WARNED, ChangeKind.SUSPENDED, ChangeKind.DOWNGRADED, ChangeKind.REVOKED)

MAY_BRING: Mapping[type[life.Event], tuple[ChangeKind, ...]] = MappingProxyType(
    {
        life.Issue: (ChangeKind.ISSUED,),
        life.ContinueMonth: (ChangeKind.MONTH_CONTINUED,),
        life.MissMonth: _BAD_MONTH,
        life.FailMonth: _BAD_MONTH,
        life.MakeUpPassed: (ChangeKind.RESTORED, ChangeKind.WARNED, ChangeKind.MONTH_CONTINUED),
        life.MakeUpMissed: (ChangeKind.SUSPENDED,),
        life.Lower: (ChangeKind.DOWNGRADED,),
        life.Raise: (ChangeKind.UPGRADED,),
        life.TermEnded: (ChangeKind.EXPIRED,),
        life.Revoke: (ChangeKind.REVOKED,),
        life.DismissCase: (ChangeKind.RESTORED, ChangeKind.WARNED),
        life.Cancel: (ChangeKind.CANCELLED,),
    }
)
"""What an event of a certificate's life may change for others."""

SILENT: frozenset[type[life.Event]] = frozenset(
    {
        life.PrintMended,  # the grade rises only by an upgrade review
        life.ChangeReported,  # number, state and grade stay
        life.OpenCase,  # nothing is decided yet
        life.RenewalStarted,
        life.RenewalFailed,  # the certificate holds until its term ends
        life.RenewalPassed,  # carried out with the new certificate, whose issue is told
        life.MendPassed,
    }
)
"""Events that change neither state nor grade."""

_COME_TO: Mapping[State, ChangeKind] = MappingProxyType(
    {
        State.ACTIVE: ChangeKind.RESTORED,
        State.WARNED: ChangeKind.WARNED,
        State.SUSPENDED: ChangeKind.SUSPENDED,
        State.EXPIRED: ChangeKind.EXPIRED,
        State.REVOKED: ChangeKind.REVOKED,
        State.CANCELLED: ChangeKind.CANCELLED,
        State.SUPERSEDED: ChangeKind.EXPIRED,
    }
)


def kinds_of(before: life.Certificate | None, after: life.Certificate) -> tuple[ChangeKind, ...]:
    """What a step changed, the weightiest first; nothing where others see the same as before."""
    if before is None:
        return (ChangeKind.ISSUED,)
    of_state = (_COME_TO[after.state],) if after.state is not before.state else ()
    if after.state not in LIVE:
        return of_state
    of_grade = (_of_grade(before, after),) if after.grade != before.grade else ()
    continued = (ChangeKind.MONTH_CONTINUED,) if after.continued_through > before.continued_through else ()
    # What takes most from the firm's standing is said first; a warning says less than a lower grade.
    if of_state == (ChangeKind.WARNED,):
        return (*of_grade, *of_state, *continued)
    return (*of_state, *of_grade, *continued)


def _of_grade(before: life.Certificate, after: life.Certificate) -> ChangeKind:
    edition = edition_on(after.as_of)
    rose = rank(after.grade, edition) > rank(before.grade, edition)
    return ChangeKind.UPGRADED if rose else ChangeKind.DOWNGRADED


def words_of(kind: ChangeKind, grade: str, before: State | None) -> str:
    """``证书等级降为 B``; a suspension that ends in a warning is told as what it is."""
    if kind is ChangeKind.WARNED and before is State.SUSPENDED:
        return "证书由暂停转为预警"
    return WORDS[kind].format(grade=grade)
