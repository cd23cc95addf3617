"""Inspection of printed certificates before they leave the works (D.6, R31): how many, and whether a record holds."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from math import ceil

from standard.calendar import Calendar
from standard.citation import cites
from standard.outcome import Finding, Outcome, worst
from standard.profile import Edition

CLAUSE = "D.6"
ROWS = ("R31",)


@dataclass(frozen=True, slots=True)
class SamplingAdvice:
    """What GB/T 2828.1 level II would draw; ``whole_lot``: its sample is the lot itself."""

    letter: str
    size: int
    whole_lot: bool


@dataclass(frozen=True, slots=True)
class SamplingRecord:
    """One batch's inspection as the firm recorded it; what was not recorded is None."""

    batch: str
    lot: int | None = None
    sampled: int | None = None
    failed: int | None = None
    drawn_at_random: bool | None = None
    inspected_on: date | None = None
    shipped_on: date | None = None
    kept_through: date | None = None


@cites("D.6", rows=ROWS)
def sample_size(edition: Edition, lot: int) -> int:
    """Certificates to draw from a lot: 5 % of it, rounded up and so at least one. ValueError for an empty lot."""
    _check_lot(lot)
    return ceil(edition.number("sampling.share") * lot)


@cites("D.6", rows=ROWS)
def sampling_advice(edition: Edition, lot: int) -> SamplingAdvice:
    """The sample of GB/T 2828.1 level II, never more than the lot: advice only, the verdict is by 5 %."""
    _check_lot(lot)
    limits, letters, sizes = (edition.value(f"sampling.{name}") for name in ("lot_up_to", "letters", "sizes"))
    assert isinstance(limits, tuple)
    assert isinstance(letters, tuple)
    assert isinstance(sizes, tuple)
    place = next((number for number, limit in enumerate(limits) if lot <= limit), len(limits))
    return SamplingAdvice(letters[place], min(sizes[place], lot), sizes[place] >= lot)


@cites("D.6", rows=ROWS)
def keep_through(edition: Edition, inspected_on: date) -> date:
    """The day through which a record is kept at least."""
    return Calendar.add_months(inspected_on, 12 * edition.whole("sampling.record_kept"))


@cites("D.6", rows=ROWS)
def judge_record(edition: Edition, record: SamplingRecord) -> tuple[Finding, ...]:
    """The record's five questions: how many, how drawn, with what result, before shipping, kept how long."""
    return (
        _judge_size(edition, record),
        _judge_draw(record),
        _judge_result(edition, record),
        _judge_release(record),
        _judge_keeping(edition, record),
    )


def record_outcome(findings: Iterable[Finding]) -> Outcome:
    """One failure fails a record, one open question leaves it open."""
    return worst(finding.outcome for finding in findings)


def _check_lot(lot: int) -> None:
    if lot < 1:
        raise ValueError(f"a lot has at least one certificate, not {lot}")


def _judge_size(edition: Edition, record: SamplingRecord) -> Finding:
    lot, sampled = record.lot, record.sampled
    if lot is None or sampled is None or lot < 1:
        return _finding(Outcome.UNCLEAR, "请补充本批合格证数量与抽检数量")
    if not 0 <= sampled <= lot:
        return _finding(Outcome.UNCLEAR, f"抽检 {sampled} 张与本批 {lot} 张对不上，请核对记录")
    need = sample_size(edition, lot)
    if sampled < need:
        reason = f"本批 {lot} 张至少抽检 {need} 张，只抽检了 {sampled} 张，还差 {need - sampled} 张"
        return _finding(Outcome.FAIL, reason, have=str(sampled), need=f"≥ {need}")
    return _finding(Outcome.PASS, f"本批 {lot} 张至少抽检 {need} 张，已抽检 {sampled} 张", str(sampled), f"≥ {need}")


def _judge_draw(record: SamplingRecord) -> Finding:
    if record.drawn_at_random is None:
        return _finding(Outcome.UNCLEAR, "请说明样品是否随机抽取")
    if not record.drawn_at_random:
        return _finding(Outcome.FAIL, "样品不是随机抽取的，请重新随机抽检")
    return _finding(Outcome.PASS, "样品为随机抽取")


def _judge_result(edition: Edition, record: SamplingRecord) -> Finding:
    failed, accepted = record.failed, edition.whole("sampling.accepted_failures")
    if failed is None:
        return _finding(Outcome.UNCLEAR, "请补充扫描检验结果（不能识读的张数）")
    if failed < 0 or (record.sampled is not None and failed > record.sampled):
        return _finding(Outcome.UNCLEAR, f"不能识读 {failed} 张与抽检数量对不上，请核对记录")
    if failed > accepted:
        reason = f"抽检中 {failed} 张不能识读，最多允许 {accepted} 张：本批应逐张检验，合格后再出厂"
        return _finding(Outcome.FAIL, reason, have=str(failed), need=f"≤ {accepted}")
    return _finding(Outcome.PASS, "抽检的二维码全部可识读", str(failed), f"≤ {accepted}")


def _judge_release(record: SamplingRecord) -> Finding:
    if record.inspected_on is None:
        return _finding(Outcome.UNCLEAR, "请补充检验日期")
    if record.shipped_on is None:
        return _finding(Outcome.PASS, "本批尚未出厂")
    if record.shipped_on < record.inspected_on:
        reason = f"本批 {record.shipped_on} 出厂，{record.inspected_on} 才检验：检验合格后方可出厂"
        return _finding(Outcome.FAIL, reason)
    return _finding(Outcome.PASS, "检验后出厂")


def _judge_keeping(edition: Edition, record: SamplingRecord) -> Finding:
    if record.inspected_on is None or record.kept_through is None:
        return _finding(Outcome.UNCLEAR, "请说明检验记录留存到哪一天")
    need, have = keep_through(edition, record.inspected_on), record.kept_through
    if have < need:
        reason = f"检验记录只留存到 {have}，应至少留存到 {need}"
        return _finding(Outcome.FAIL, reason, have.isoformat(), f"≥ {need}")
    return _finding(Outcome.PASS, f"检验记录留存到 {have}", have.isoformat(), f"≥ {need}")


def _finding(outcome: Outcome, reason: str, have: str | None = None, need: str | None = None) -> Finding:
    return Finding(CLAUSE, outcome, f"{reason}（D.6，R31）", ROWS, have, need)
