"""Credit for tender adoptions: an append-only ledger and the rules of its entries (8.5, 8.2(2); R4, R16–R18, R47).

Nothing is ever changed or deleted: what falls away is reversed by an entry of its own. A year is a calendar year in
Asia/Shanghai; a reversal is booked to the year of what it reverses, so no year's balance falls below zero.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from standard.calendar import Calendar, shanghai_day
from standard.citation import cites
from standard.names import fold
from standard.outcome import Finding, Outcome
from standard.profile import Edition
from standard.validity import eve_of_anniversary


class EntryKind(StrEnum):
    """What an entry books."""

    ADOPTION = "adoption"
    FALSE_RECORD = "false_record"
    REVOCATION = "revocation"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a firm's ledger; ``points`` may be 0 (kept, not counted) or negative (a reversal).

    ``tender``: customer and tender number of an adoption, or of the one that was found false. ``by_firm``: of a false
    record, whether the firm itself had filed it (R47).
    """

    kind: EntryKind
    at: datetime
    year: int
    points: int
    reason: str
    tender: tuple[str, str] | None = None
    by_firm: bool = True


Ledger = tuple[Entry, ...]
"""A firm's entries in the order of their booking."""


@dataclass(frozen=True, slots=True)
class Adoption:
    """A customer's adoption of a firm's result in a tender; ``verified`` is what its check said (8.2(2))."""

    customer: str
    tender: str
    evidence: frozenset[str]
    verified: Outcome
    at: datetime


@dataclass(frozen=True, slots=True)
class Booking:
    """The ledger after an event, ``added`` its new last entries; a false record is also published, and one of the
    firm's own bars and opens a case."""

    ledger: Ledger
    added: Ledger
    reason: str
    barred_through: date | None = None
    publish: bool = False
    case_ground: str | None = None


@cites("8.5(1)", "8.5(2)", "8.2(2)", rows=("R16", "R47"))
def record_adoption(ledger: Ledger, adoption: Adoption, edition: Edition) -> Booking | Finding:
    """Book a valid record with its point, or with 0 above the year's cap or while barred; else say why it is none."""
    if problem := evidence(adoption, edition):
        return problem
    key = tender_key(adoption.customer, adoption.tender)
    if any(entry.tender == key for entry in ledger):
        reason = f"「{adoption.customer}」的招标编号「{adoption.tender}」已经登记过，同一招标只计一次（8.5(2)，R16）"
        return Finding("8.5(2)", Outcome.FAIL, reason, ("R16",))
    day = shanghai_day(adoption.at)
    barred = barred_through(ledger, edition)
    cap = edition.whole("credit.points_a_year")
    earned = earned_in_year(ledger, day.year)
    points = min(edition.whole("credit.points_a_record"), max(cap - earned, 0))
    if barred is not None and day <= barred:
        points, reason = 0, f"{barred} 及以前取消加分资格，记录保留，不加分（8.5(4)）"
    elif points == 0:
        reason = f"{day.year} 年已加 {earned} 分，达到上限 {cap} 分，记录保留，不加分（8.5(2)，R16）"
    else:
        reason = f"有效招标采购记录，加 {points} 分，{day.year} 年累计 {earned + points} 分（8.5(2)）"
    return _booked(ledger, Entry(EntryKind.ADOPTION, adoption.at, day.year, points, reason, key))


@cites("8.5(1)", "8.2(2)", rows=("R6",))
def evidence(adoption: Adoption, edition: Edition) -> Finding | None:
    """What keeps a record from being valid: evidence that lacks, or a check that was not passed; None: nothing."""
    uploaded = edition.words("credit.evidence_uploaded")
    obtained = edition.words("credit.evidence_obtained")
    if not (adoption.evidence.issuperset(uploaded) or adoption.evidence.issuperset(obtained)):
        reason = "依据不全：请上传招标采购文件（含采信要求）与中标通知书，或从平台获取评价结果并完成平台备案（8.5(1)）"
        return Finding(
            "8.5(1)",
            Outcome.FAIL,
            reason,
            (),
            "、".join(sorted(adoption.evidence)),
            f"{'+'.join(uploaded)} | {'+'.join(obtained)}",
        )
    if adoption.verified is Outcome.FAIL:
        return Finding("8.2(2)", Outcome.FAIL, "采信记录核验未通过，不纳入资信档案（8.2(2)）")
    if adoption.verified is Outcome.UNCLEAR:
        return Finding("8.2(2)", Outcome.UNCLEAR, "采信记录尚未核实，核实后再计分（8.2(2)，R6）", ("R6",))
    return None


@cites("8.5(1)", "8.2(2)", rows=("R6", "R56"))
def asks_for_result(text: Iterable[str], edition: Edition) -> Finding:
    """Whether a tender document says that the evaluation's result is adopted (采信要求)."""
    if _says(text, edition.words("credit.adoption_words")):
        return Finding("8.5(1)", Outcome.PASS, "招标采购文件写有采信追溯能力评价结果的要求（8.5(1)）。")
    reason = (
        "招标采购文件里没有读到采信追溯能力评价结果的要求（应写明追溯能力、追溯等级或 T/ZGJDJX—3—2026）："
        "请上传写有这项要求的那几页（8.5(1)，R6）。"
    )
    return Finding("8.5(1)", Outcome.UNCLEAR, reason, ("R6",))


@cites("8.5(1)", "8.2(2)", rows=("R6", "R56"))
def announces_award(text: Iterable[str], edition: Edition) -> Finding:
    """Whether a document says that somebody won the tender."""
    if _says(text, edition.words("credit.award_words")):
        return Finding("8.5(1)", Outcome.PASS, "文件写明中标结果（8.5(1)）。")
    reason = "文件不像中标（成交、中选）通知书：请上传写明中标结果的通知书（8.5(1)，R6）。"
    return Finding("8.5(1)", Outcome.UNCLEAR, reason, ("R6",))


def _says(text: Iterable[str], words: Iterable[str]) -> bool:
    said = fold("".join(text))
    return any(fold(word) in said for word in words)


@cites("8.5(4)", "9.5.1(8)", rows=("R17", "R47"))
def false_record(
    ledger: Ledger,
    customer: str,
    tender: str,
    at: datetime,
    established: str,
    edition: Edition,
    *,
    by_firm: bool = True,
) -> Booking | Finding:
    """A record proved false: its points are reversed, no points for a year, published, and a revocation case opened.

    8.5(4) and 9.5.1(8) speak of the firm that submits or forges: where somebody else filed it (not ``by_firm``), its
    points are reversed and it is published, nothing more. ``established`` says how it was found. A record that a cap
    had kept at 0 does not move up into the gap.
    """
    key = tender_key(customer, tender)
    of_tender = [entry for entry in ledger if entry.tender == key]
    if not of_tender:
        return Finding("8.5(4)", Outcome.FAIL, f"没有「{customer}」招标编号「{tender}」的记录（8.5(4)）")
    if any(entry.kind is EntryKind.FALSE_RECORD for entry in of_tender):
        reason = f"「{customer}」招标编号「{tender}」的记录已按虚假采信处理（8.5(4)）"
        return Finding("8.5(4)", Outcome.FAIL, reason)
    record = of_tender[0]
    cleared = any(entry.kind is EntryKind.REVOCATION for entry in ledger[ledger.index(record) :])
    points = 0 if cleared else record.points
    reason = f"虚假招标采购记录：{established}；扣除 {points} 分（8.5(4)，R47）"
    entry = Entry(EntryKind.FALSE_RECORD, at, record.year, -points, reason, key, by_firm)
    after = (*ledger, entry)
    if not by_firm:
        return Booking(after, (entry,), reason, publish=True)
    barred, ground = barred_through(after, edition), edition.word("credit.false_record_ground")
    return Booking(after, (entry,), reason, barred, publish=True, case_ground=ground)


@cites("9.5.1", "8.5(2)", rows=("R17",))
def clear(ledger: Ledger, at: datetime, because: str) -> Booking:
    """A revocation brings the balance to zero: one reversal for every year that has points left."""
    reason = f"证书撤销，已累积资信分值清零：{because}（9.5.1，R17）"
    years = sorted({entry.year for entry in ledger})
    return _booked(
        ledger,
        *(Entry(EntryKind.REVOCATION, at, year, -left, reason) for year in years if (left := of_year(ledger, year))),
    )


@cites("8.5(2)", rows=("R17",))
def balance(ledger: Ledger) -> int:
    """All points, permanently accumulated."""
    return sum(entry.points for entry in ledger)


@cites("8.5(2)", "8.5(3)", rows=("R16",))
def of_year(ledger: Ledger, year: int) -> int:
    """Points of a calendar year that still stand (年度分值)."""
    return sum(entry.points for entry in ledger if entry.year == year)


@cites("8.5(2)", rows=("R16",))
def earned_in_year(ledger: Ledger, year: int) -> int:
    """What counts against the year's cap: points given and not found false; a revocation does not make room."""
    return sum(entry.points for entry in ledger if entry.year == year and entry.kind is not EntryKind.REVOCATION)


@cites("8.5(4)", rows=("R44", "R47"))
def barred_through(ledger: Ledger, edition: Edition) -> date | None:
    """Last day without points after the latest false record that the firm filed, None where there is none; counted
    like R44."""
    found = [shanghai_day(entry.at) for entry in ledger if entry.kind is EntryKind.FALSE_RECORD and entry.by_firm]
    return eve_of_anniversary(max(found), edition.whole("credit.bar_years")) if found else None


@cites("8.5(3)", rows=("R18",))
def upgrade_grades(points_in_year: int, edition: Edition) -> int:
    """By how many grades an upgrade review may raise a certificate; whether it does, the facts of 6.1 decide."""
    enough = points_in_year >= edition.whole("credit.upgrade_points")
    return edition.whole("credit.upgrade_grades_with_points" if enough else "credit.upgrade_grades")


@cites("6 AAA", "8.2(2)", rows=("R4",))
def adoption_12m(ledger: Ledger, today: date, edition: Edition) -> int:
    """Valid adoption records of the last 12 calendar months, today included, also those that scored 0."""
    since = Calendar.add_months(today, -edition.whole("credit.adoption_months"))
    false = {entry.tender for entry in ledger if entry.kind is EntryKind.FALSE_RECORD}
    return sum(
        entry.kind is EntryKind.ADOPTION and entry.tender not in false and since < shanghai_day(entry.at) <= today
        for entry in ledger
    )


def tender_key(customer: str, tender: str) -> tuple[str, str]:
    """Customer and tender number as they are compared: width, case and spaces make no other tender."""
    return _folded(customer), _folded(tender)


def _folded(words: str) -> str:
    return "".join(unicodedata.normalize("NFKC", words).casefold().split())


def _booked(ledger: Ledger, *entries: Entry) -> Booking:
    return Booking((*ledger, *entries), entries, _last_reason(entries))


def _last_reason(entries: Iterable[Entry]) -> str:
    return next((entry.reason for entry in entries), "没有需要登记的分值")
