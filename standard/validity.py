"""What a certificate says and how long it holds: term, number, face (9.1, Appendix B), ban and cancellation (9.5)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from standard.citation import cites
from standard.months import Month
from standard.outcome import Finding, Outcome
from standard.profile import Edition


class State(StrEnum):
    """Where a certificate stands; the first three are alive."""

    NONE = "none"
    ACTIVE = "active"
    WARNED = "warned"
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    REVOKED = "revoked"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"

    @property
    def words(self) -> str:
        """The Chinese term."""
        return _STATE_WORDS[self]


_STATE_WORDS = {
    State.NONE: "未发证",
    State.ACTIVE: "正常",
    State.WARNED: "预警",
    State.SUSPENDED: "暂停",
    State.EXPIRED: "失效",
    State.REVOKED: "撤销",
    State.CANCELLED: "注销",
    State.SUPERSEDED: "已换新证",
}

LIVE = (State.ACTIVE, State.WARNED, State.SUSPENDED)


def eve_of_anniversary(day: date, years: int) -> date:
    """The last day of ``years`` years counted from ``day``, itself included; from 29 February: 28 February (R44)."""
    try:
        anniversary = day.replace(year=day.year + years)
    except ValueError:
        anniversary = date(day.year + years, 3, 1)
    return anniversary - timedelta(days=1)


@cites("9.1", rows=("R44",))
def last_day_of_validity(issued: date, edition: Edition) -> date:
    """The certificate holds through the end of this day: the day before the anniversary."""
    return eve_of_anniversary(issued, edition.whole("life.validity_years"))


@cites("9.5.1", rows=("R21", "R44"))
def banned_through(revoked_on: date, edition: Edition) -> date:
    """Last day without a new application; the year runs from the day of revocation, as a term does from its issue."""
    return eve_of_anniversary(revoked_on, edition.whole("life.ban_years"))


@cites("9.5.1", rows=("R21", "R44"))
def may_apply(revoked_on: date | None, today: date, edition: Edition) -> Finding:
    """Whether a firm may apply, whose last revocation was on ``revoked_on`` (None: there was none)."""
    if revoked_on is None:
        return Finding("9.5.1", Outcome.PASS, "没有撤销记录，可以申请评价（9.5.1）", ("R21",))
    first = banned_through(revoked_on, edition) + timedelta(days=1)
    have, need = today.isoformat(), first.isoformat()
    if today < first:
        reason = f"证书于 {revoked_on} 被撤销，{first} 起方可再次申请（9.5.1，R21、R44）"
        return Finding("9.5.1", Outcome.FAIL, reason, ("R21", "R44"), have, need)
    return Finding("9.5.1", Outcome.PASS, f"禁止申请期已于 {first} 前届满（9.5.1）", ("R21", "R44"), have, need)


@cites("B", rows=("R14",))
def certificate_number(year: int, serial: int, edition: Edition) -> str:
    """The number of a certificate; ``serial`` counts from 1 over all years."""
    if serial < 1:
        raise ValueError(f"a certificate's serial counts from 1, not {serial}")
    return edition.word("life.number_pattern").format(year=year, serial=serial)


@cites("B", rows=("R14",))
def next_serial(used: Iterable[int]) -> int:
    """The serial after the highest ever used: one that was withdrawn is not used again, nor does a year begin anew."""
    return max(used, default=0) + 1


@cites("9.5.1", "9.5.1(1)", "9.5.1(6)", "9.5.1(9)")
def revocation_words(ground: str, edition: Edition) -> str | None:
    """What this ground says, or None where it is none of the nine."""
    return _words_of(ground, "life.revocation", edition)


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What cancelling a certificate needs to know; ``products_in_scope``: how many of its products still are."""

    ground: str
    on: date
    last_day: date
    asked_by_firm: bool
    products_in_scope: int
    renewed: bool = False


@cites("9.5.2", rows=("R19",))
def cancellation(case: Withdrawal, edition: Edition) -> Finding:
    """Whether a certificate may be cancelled on this one of the four grounds."""
    words = _words_of(case.ground, "life.cancellation", edition)
    if words is None:
        return Finding("9.5.2", Outcome.FAIL, f"「{case.ground}」不是注销情形，注销只限 9.5.2(1) 至 (4)")
    at_will, term_over, out_of_scope, leaving = edition.words("life.cancellation_grounds")
    if case.ground in (at_will, leaving) and not case.asked_by_firm:
        return Finding("9.5.2", Outcome.FAIL, f"「{words}」须由企业本身提出（{case.ground}）")
    if case.ground == out_of_scope and case.products_in_scope > 0:
        return Finding(
            "9.5.2",
            Outcome.FAIL,
            f"仍有 {case.products_in_scope} 个产品属于重点工业产品，请只变更产品品类（9.4），不注销（{case.ground}）",
            have=str(case.products_in_scope),
            need="0",
        )
    if case.ground == term_over and (case.renewed or case.on <= case.last_day):
        why = "续期已通过" if case.renewed else f"有效期至 {case.last_day}，尚未届满"
        return Finding("9.5.2", Outcome.FAIL, f"{why}，不能按「{words}」注销（{case.ground}，R19）", ("R19",))
    return Finding("9.5.2", Outcome.PASS, f"{words}（{case.ground}）")


def _words_of(ground: str, list_name: str, edition: Edition) -> str | None:
    words = zip(edition.words(f"{list_name}_grounds"), edition.words(f"{list_name}_words"), strict=True)
    return dict(words).get(ground)


@dataclass(frozen=True, slots=True)
class Holder:
    """The firm on a certificate; one certificate lists all its categories (R43)."""

    name: str
    uscc: str
    address: str
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """What of a certificate changes over its life, as of a day (R45)."""

    number: str
    grade: str
    issued: date
    last_day: date
    state: State
    continued_through: Month
    points: int
    conditions: tuple[str, ...] = ()
    """Clauses of Appendix D that the print still fails (R5)."""


@dataclass(frozen=True, slots=True)
class Face:
    """The words of an electronic certificate: title, labelled fields in order, seal, notes, and the day it shows."""

    title: str
    fields: tuple[tuple[str, str], ...]
    seal: str
    notes: tuple[str, ...]
    as_of: date


@cites("B", rows=("R5", "R14", "R43", "R45"))
def certificate_face(holder: Holder, standing: Standing, verify_at: str, as_of: date, edition: Edition) -> Face:
    """Appendix B filled in; with open print conditions note 3 gives way to them (R5)."""
    grade = f"{standing.grade} 级（{_grade_name(standing.grade, edition)}）"
    values = (
        holder.name,
        holder.uscc,
        holder.address,
        "、".join(holder.categories),
        grade,
        standing.number,
        _day(standing.issued),
        _day(standing.last_day),
        state_on_face(standing.state, standing.continued_through, edition),
        f"{standing.points} 分",
        edition.word("life.face_basis"),
        verify_at,
        edition.word("life.face_months"),
    )
    return Face(
        f"{edition.word('life.face_title')}（{grade}）",
        tuple(zip(edition.words("life.face_fields"), values, strict=True)),
        edition.word("life.face_seal"),
        _notes(standing.conditions, edition),
        as_of,
    )


@cites("B", "9.1", rows=("R45",))
def state_on_face(state: State, continued_through: Month, edition: Edition) -> str:
    """The three states that a certificate shows; during a warning it is still alive, an ended one says how it ended."""
    alive, suspended, ended = edition.words("life.face_states")
    if state is State.SUSPENDED:
        return suspended
    if state in LIVE:
        return f"{alive}（延续至 {continued_through.words}）"
    return ended if state is State.EXPIRED else f"{ended}（{state.words}）"


def _grade_name(grade: str, edition: Edition) -> str:
    return dict(zip(edition.words("life.grades"), edition.words("life.grade_names"), strict=True))[grade]


def _notes(conditions: tuple[str, ...], edition: Edition) -> tuple[str, ...]:
    notes = list(edition.words("life.face_notes"))
    if conditions:
        notes[edition.whole("life.face_print_note") - 1] = (
            f"产品合格证赋码印刷尚未符合附录 D 第 {'、'.join(conditions)} 条，"
            f"整改并核验通过前等级不高于 {edition.word('grades.print_cap')} 级（6.1(4)）；"
        )
    return tuple(notes)


def _day(day: date) -> str:
    return f"{day.year} 年 {day.month} 月 {day.day} 日"
