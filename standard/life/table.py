"""``TABLE``: which event leads from which state to which, by which clause, and who acts next."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from standard.life import carry_out
from standard.life.certificate import Certificate
from standard.life.effects import Effects
from standard.life.events import (
    Actor,
    Cancel,
    ChangeReported,
    ContinueMonth,
    DismissCase,
    Event,
    FailMonth,
    Issue,
    Lower,
    MakeUpMissed,
    MakeUpPassed,
    MendPassed,
    MissMonth,
    OpenCase,
    PrintMended,
    Raise,
    RenewalFailed,
    RenewalPassed,
    RenewalStarted,
    Revoke,
    TermEnded,
)
from standard.life.guards import (
    ALL_CLEAR,
    ALWAYS,
    NOT_THIRD,
    STILL_SUSPENDED,
    STILL_WARNED,
    THIRD_AT_B,
    THIRD_LOWERS,
    THIRD_REVOKES,
    Guard,
)
from standard.life.needs import NEEDS
from standard.profile import Edition
from standard.validity import LIVE, State


@dataclass(frozen=True, slots=True)
class Row:
    """In one of ``states``, one of ``events`` leads to ``next`` (None: the same state) where the guard holds."""

    states: tuple[State, ...]
    events: tuple[type[Event], ...]
    guard: Guard
    next: State | None
    clause: str
    rows: tuple[str, ...]
    acts_next: Actor
    carry_out: Callable[[Certificate, Any, Edition], tuple[Certificate, Effects]] = field(repr=False)


NONE, ACTIVE, WARNED, SUSPENDED = (State.NONE,), (State.ACTIVE,), (State.WARNED,), (State.SUSPENDED,)
UNSUSPENDED = (State.ACTIVE, State.WARNED)
ENDED = (State.EXPIRED, State.CANCELLED)
BAD_MONTH = (MissMonth, FailMonth)
FIRM, PLATFORM, OPERATOR, NOBODY = Actor.ENTERPRISE, Actor.PLATFORM, Actor.OPERATOR, Actor.NOBODY

TABLE: tuple[Row, ...] = (
    Row(NONE, (Issue,), ALWAYS, State.ACTIVE, "7.5(1)", ("R5", "R44"), FIRM, carry_out.issue),
    # a month
    Row(LIVE, (ContinueMonth,), ALWAYS, None, "9.2(1)", ("R1", "R38"), FIRM, carry_out.continue_month),
    Row(UNSUSPENDED, BAD_MONTH, NOT_THIRD, State.WARNED, "8.1(3)", ("R7",), FIRM, carry_out.warn),
    Row(SUSPENDED, BAD_MONTH, NOT_THIRD, None, "8.1(3)", ("R1", "R7"), FIRM, carry_out.warn),
    Row(UNSUSPENDED, BAD_MONTH, THIRD_LOWERS, State.WARNED, "9.2(2)", ("R7", "R8"), OPERATOR, carry_out.third_lowers),
    Row(SUSPENDED, BAD_MONTH, THIRD_LOWERS, None, "9.2(2)", ("R7", "R8"), OPERATOR, carry_out.third_lowers),
    Row(LIVE, BAD_MONTH, THIRD_AT_B, State.SUSPENDED, "9.2(2)", ("R7", "R8"), OPERATOR, carry_out.third_at_b),
    Row(LIVE, BAD_MONTH, THIRD_REVOKES, State.REVOKED, "9.5.1(2)", ("R7", "R8"), NOBODY, carry_out.third_revokes),
    Row(WARNED, (MakeUpPassed,), ALL_CLEAR, State.ACTIVE, "8.1(3)", ("R7", "R38"), FIRM, carry_out.made_up),
    Row(WARNED, (MakeUpPassed,), STILL_WARNED, None, "8.1(3)", ("R7", "R38"), FIRM, carry_out.made_up),
    Row(SUSPENDED, (MakeUpPassed,), ALL_CLEAR, State.ACTIVE, "6.1(5)", ("R38",), FIRM, carry_out.made_up),
    Row(SUSPENDED, (MakeUpPassed,), STILL_WARNED, State.WARNED, "6.1(5)", ("R38",), FIRM, carry_out.made_up),
    Row(SUSPENDED, (MakeUpPassed,), STILL_SUSPENDED, None, "6.1(5)", ("R38",), FIRM, carry_out.made_up),
    Row(WARNED, (MakeUpMissed,), ALWAYS, State.SUSPENDED, "9.2(2)", ("R7",), FIRM, carry_out.make_up_missed),
    Row(SUSPENDED, (MakeUpMissed,), ALWAYS, None, "9.2(2)", ("R7",), FIRM, carry_out.make_up_missed),
    # the grade
    Row(LIVE, (Lower,), ALWAYS, None, "6.1(4)", ("R5",), FIRM, carry_out.cap_grade),
    Row(LIVE, (PrintMended,), ALWAYS, None, "6.1(4)", ("R5",), FIRM, carry_out.print_mended),
    Row(ACTIVE, (Raise,), ALWAYS, None, "8.5(3)", ("R18", "R38"), FIRM, carry_out.raise_grade),
    # the end of the term
    Row(LIVE, (RenewalStarted,), ALWAYS, None, "9.3(1)", ("R13", "R19"), PLATFORM, carry_out.start_renewal),
    Row(ACTIVE, (RenewalPassed,), ALWAYS, State.SUPERSEDED, "9.3(2)", ("R19",), FIRM, carry_out.renew),
    Row(ACTIVE, (MendPassed,), ALWAYS, State.SUPERSEDED, "9.3(2)", ("R19",), FIRM, carry_out.renew),
    Row((*LIVE, State.EXPIRED), (RenewalFailed,), ALWAYS, None, "9.3(2)", ("R19",), FIRM, carry_out.fail_renewal),
    Row(LIVE, (TermEnded,), ALWAYS, State.EXPIRED, "9.3(2)", ("R19", "R44"), FIRM, carry_out.expire),
    Row((State.EXPIRED,), (RenewalPassed,), ALWAYS, None, "9.3(2)", ("R19",), FIRM, carry_out.renew),
    Row((State.EXPIRED,), (MendPassed,), ALWAYS, None, "9.3(2)", ("R19",), FIRM, carry_out.renew),
    # changes, revocation, cancellation
    Row(LIVE, (ChangeReported,), ALWAYS, None, "9.4", ("R20",), FIRM, carry_out.change),
    Row(LIVE, (OpenCase,), ALWAYS, None, "9.5.1", ("R21", "R46"), OPERATOR, carry_out.open_case),
    # a case that was open when the certificate ended is still decided: nobody escapes the ban by letting it lapse
    Row((*LIVE, *ENDED), (Revoke,), ALWAYS, State.REVOKED, "9.5.1", ("R17", "R21"), NOBODY, carry_out.revoke),
    Row((*UNSUSPENDED, *ENDED), (DismissCase,), ALWAYS, None, "9.5.1", ("R8", "R21"), FIRM, carry_out.dismiss),
    Row(SUSPENDED, (DismissCase,), ALL_CLEAR, State.ACTIVE, "9.5.1", ("R8", "R21"), FIRM, carry_out.dismiss),
    Row(SUSPENDED, (DismissCase,), STILL_WARNED, State.WARNED, "9.5.1", ("R8", "R21"), FIRM, carry_out.dismiss),
    Row(SUSPENDED, (DismissCase,), STILL_SUSPENDED, None, "9.5.1", ("R8", "R21"), FIRM, carry_out.dismiss),
    Row(LIVE, (Cancel,), ALWAYS, State.CANCELLED, "9.5.2", ("R19",), FIRM, carry_out.cancel),
)


def table_as_markdown() -> str:
    """Both tables as they stand in the documentation: the transitions, then what each event needs first."""
    lines = ["| 状态 | 事件 | 条件 | 下一状态 | 条款 | 解读 | 下一步 |", "|---|---|---|---|---|---|---|"]
    for row in TABLE:
        cells = (
            "、".join(state.words for state in row.states),
            "、".join(event.words for event in row.events),
            row.guard.words,
            row.next.words if row.next else "不变",
            row.clause,
            "、".join(row.rows),
            row.acts_next.words,
        )
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "| 事件 | 须先满足 | 条款 | 解读 |", "|---|---|---|---|"]
    for event, needs in NEEDS.items():
        for need in needs:
            lines.append(f"| {event.words} | {need.words} | {need.clause} | {'、'.join(need.rows)} |")
    return "\n".join(lines) + "\n"


def rows_for(state: State, event: type[Event]) -> tuple[Row, ...]:
    return tuple(row for row in TABLE if state in row.states and event in row.events)
