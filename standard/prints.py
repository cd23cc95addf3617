"""Appendix D as a whole: per-clause findings become ``certificate_print``, and what a failing print leads to.

What a photo shows (millimetres, contrast, sharpness) is judged where photos are judged; here stands what follows from
it, and what no single photo shows: the same place on all sheets, durability, agreement and content of the code.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from standard.citation import cites
from standard.grades import Grade
from standard.outcome import Finding, Outcome
from standard.profile import Edition


@dataclass(frozen=True, slots=True)
class PrintVerdict:
    """``certificate_print``, the clauses that failed, those unclear that count, and those unclear that do not."""

    outcome: Outcome
    failed: tuple[str, ...]
    unclear: tuple[str, ...]
    shown: tuple[str, ...]
    reason: str
    rows: tuple[str, ...] = ("R50",)


@cites(
    "D.1.1", "D.1.2", "D.1.3", "D.2.1", "D.2.2", "D.2.3", "D.3.1", "D.3.2", "D.4", "D.5.1", "D.5.2", "D.6",
    rows=("R6", "R50"),
)  # fmt: skip
def certificate_print(findings: Mapping[str, Outcome], edition: Edition) -> PrintVerdict:
    """The print of one certificate from the outcome of each clause; a clause not stated is unclear.

    Keys may be parts of a clause (``D.1.1.edge``): the worst part counts.
    """
    must, may = edition.words("prints.must_pass"), edition.words("prints.must_not_fail")
    found = {clause: _worst(clause, findings) for clause in (*must, *may)}
    failed = tuple(clause for clause in sorted(found) if found[clause] is Outcome.FAIL)
    unclear = tuple(clause for clause in must if found[clause] is Outcome.UNCLEAR)
    shown = tuple(clause for clause in may if found[clause] is Outcome.UNCLEAR)
    if failed:
        outcome, reason = Outcome.FAIL, f"合格证赋码印刷不符合附录 D：{'、'.join(failed)}。"
    elif unclear:
        outcome, reason = Outcome.UNCLEAR, f"合格证赋码印刷还有 {'、'.join(unclear)} 未判定，请按提示重拍。"
    else:
        outcome, reason = Outcome.PASS, "合格证赋码印刷符合附录 D。"
    if shown:
        reason += f"{'、'.join(shown)} 未判定，只作提示，不影响结论（R50）。"
    return PrintVerdict(outcome, failed, unclear, shown, reason)


def _worst(clause: str, findings: Mapping[str, Outcome]) -> Outcome:
    parts = [outcome for key, outcome in findings.items() if key == clause or key.startswith(f"{clause}.")]
    if Outcome.FAIL in parts:
        return Outcome.FAIL
    return Outcome.PASS if parts and all(part is Outcome.PASS for part in parts) else Outcome.UNCLEAR


class Corner(StrEnum):
    """Where the code stands, as the sheet is read (D.1.1)."""

    TOP_RIGHT = "top_right"
    BOTTOM_RIGHT = "bottom_right"


_CORNERS = {Corner.TOP_RIGHT: "右上角", Corner.BOTTOM_RIGHT: "右下角"}


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the code stands on one sheet: margins from the symbol to the right edge and to the corner's top or bottom
    edge, in mm, with the measurement's uncertainty (R55)."""

    sheet: str
    corner: Corner
    right_mm: Decimal
    edge_mm: Decimal
    uncertainty_mm: Decimal = Decimal(0)


@cites("D.1.3", rows=("R50", "R55"))
def same_position(placements: Sequence[Placement], edition: Edition) -> Finding:
    """Whether the code stands in the same place on all of a firm's sheets of one category: the same corner, and margins
    that differ by at most ``prints.position_mm``; a difference within the uncertainty of that limit is unclear."""
    limit = edition.number("prints.position_mm")
    need, rows = f"同一角，边距相差 ≤ {limit} mm", ("R50", "R55")
    if len(placements) < 2:
        reason = "同一品类只有一张合格证，位置是否一致还无从比较（D.1.3）。"
        return Finding("D.1.3", Outcome.UNCLEAR, reason, rows, None, need)
    first = placements[0]
    if other := next((placement for placement in placements if placement.corner is not first.corner), None):
        reason = (
            f"{first.sheet}的码在{_CORNERS[first.corner]}，{other.sheet}的在{_CORNERS[other.corner]}："
            "同一品类请印在同一位置（D.1.3）。"
        )
        return Finding("D.1.3", Outcome.FAIL, reason, rows, "不同角", need)
    pairs = [_apart(one, two) for number, one in enumerate(placements) for two in placements[number + 1 :]]
    worst = max(pairs, key=lambda pair: pair.apart_mm - pair.uncertainty_mm)
    have = f"{max(pair.apart_mm for pair in pairs):f} mm"
    if worst.apart_mm - worst.uncertainty_mm > limit:
        reason = f"{worst.sheets}的码位置相差 {worst.apart_mm:f} mm，超过 {limit} mm，须印在同一位置（D.1.3）。"
        return Finding("D.1.3", Outcome.FAIL, reason, rows, have, need)
    if any(pair.apart_mm + pair.uncertainty_mm > limit for pair in pairs):
        reason = f"码的位置相差 {have}，在测量误差之内，不能确定：请压平、从正上方重拍（D.1.3，R55）。"
        return Finding("D.1.3", Outcome.UNCLEAR, reason, rows, have, need)
    return Finding("D.1.3", Outcome.PASS, f"{len(placements)} 张合格证的码位置一致（D.1.3）。", rows, have, need)


@dataclass(frozen=True, slots=True)
class _Apart:
    sheets: str
    apart_mm: Decimal
    uncertainty_mm: Decimal


def _apart(one: Placement, two: Placement) -> _Apart:
    apart = max(abs(one.right_mm - two.right_mm), abs(one.edge_mm - two.edge_mm))
    return _Apart(f"{one.sheet}与{two.sheet}", apart, one.uncertainty_mm + two.uncertainty_mm)


_DURABILITY = {"waterproof_ink": "防水油墨", "scratchproof_ink": "防刮油墨", "durable_paper": "不易破损的纸张"}


@cites("D.4", rows=("R29",))
def durable(declared: Mapping[str, bool], refuted_by_photo: bool, edition: Edition) -> Finding:
    """Ink and paper as declared (``prints.durability``); scratches or stains on the code refute a declaration."""
    asked = edition.words("prints.durability")
    if refuted_by_photo:
        reason = "照片上二维码已有划痕、污损，与申报的耐久性不符：请改用防水、防刮油墨重印（D.4，R29）。"
        return Finding("D.4", Outcome.FAIL, reason, ("R29",))
    if no := [name for name in asked if declared.get(name) is False]:
        names = "、".join(_DURABILITY[name] for name in no)
        return Finding("D.4", Outcome.FAIL, f"申报未采用{names}（D.4，R29）。", ("R29",))
    if lacking := [name for name in asked if name not in declared]:
        names = "、".join(_DURABILITY[name] for name in lacking)
        return Finding("D.4", Outcome.UNCLEAR, f"尚未申报：{names}（D.4，R29）；请在线申报。", ("R29",))
    return Finding("D.4", Outcome.PASS, "企业已申报防水、防刮油墨与耐用纸张（D.4，R29），照片没有反证。", ("R29",))


@cites("D.4", rows=("R29",))
def paper_named(paper: str, edition: Edition) -> bool:
    """Whether a paper is one that the standard names (coated paper, white card); others are declared as durable."""
    return paper in edition.words("prints.durable_papers")


_FIELDS = {
    "name": "产品名称", "model": "规格型号", "batch": "生产批次", "serial": "序列号", "date": "生产日期",
    "maker": "生产企业名称", "uscc": "统一社会信用代码",
}  # fmt: skip


@cites("D.5.1", rows=("R30",))
def code_agrees(sheet: Mapping[str, str | None], code: Mapping[str, str], edition: Edition) -> Finding:
    """Whether what stands on the sheet agrees with the code's own data and the product's record.

    ``sheet`` has None where a field is there but could not be read. Values are compared as given: normalised before.
    One difference fails; agreement of at least one decisive field and nothing different passes; else unclear.
    """
    compared = [
        name for name in edition.words("prints.compared_fields") if name in code and sheet.get(name) is not None
    ]
    rows = ("R30",)
    if differing := [name for name in compared if sheet[name] != code[name]]:
        name = differing[0]
        reason = f"{_FIELDS[name]}：合格证上是“{sheet[name]}”，码里是“{code[name]}”，须一致（D.5.1，R30）。"
        return Finding("D.5.1", Outcome.FAIL, reason, rows, sheet[name], code[name])
    decisive = edition.words("prints.decisive_fields")
    if agreed := [name for name in compared if name in decisive]:
        names = "、".join(_FIELDS[name] for name in compared)
        return Finding(
            "D.5.1", Outcome.PASS, f"{names}与码一致（D.5.1，R30）。", rows, code[agreed[0]], code[agreed[0]]
        )
    names = "或".join(_FIELDS[name] for name in decisive)
    reason = f"没有可以比对的{names}：请拍清合格证上的文字，或让码带上批次（D.5.1，R30）。"
    return Finding("D.5.1", Outcome.UNCLEAR, reason, rows)


_CONTENT = {"product": "产品基础信息", "production": "生产信息", "inspection": "检验信息", "query_link": "追溯查询链接"}


@cites("D.5.2", rows=("R50",))
def code_content(held: Collection[str] | None, source: str, edition: Edition) -> Finding:
    """Whether the trace information behind the code holds the core content; ``held`` is None where nobody could look.

    ``source``: ``connector`` (the trace platform was asked) or ``declared`` (the firm's record)."""
    if held is None or source not in edition.words("prints.core_sources"):
        reason = "还没有核实码内追溯信息的内容：请接通追溯平台或填写申报记录（D.5.2，R50）。"
        return Finding("D.5.2", Outcome.UNCLEAR, reason, ("R50",))
    asked = edition.words("prints.core_content")
    if lacking := [name for name in asked if name not in held]:
        names = "、".join(_CONTENT[name] for name in lacking)
        return Finding("D.5.2", Outcome.FAIL, f"码内追溯信息缺少：{names}（D.5.2）。", ("R50",))
    how = "追溯平台核验" if source == "connector" else "企业申报"
    return Finding("D.5.2", Outcome.PASS, f"码内追溯信息齐全（{how}，D.5.2）。", ("R50",))


class Stage(StrEnum):
    """When a print is looked at."""

    VERIFICATION = "verification"
    """The first check of an application, or a re-check while the time to supplement runs."""
    SUPPLEMENT_OVER = "supplement_over"
    """The time to supplement has ended, or the firm wants the grade as it is."""
    CERTIFIED = "certified"
    """On a live certificate."""


class Step(StrEnum):
    """What follows."""

    NOTHING = "nothing"
    SUPPLEMENT = "supplement"
    CAP = "cap"


@dataclass(frozen=True, slots=True)
class Consequence:
    """What a print leads to: ``at_most`` is the cap, ``conditions`` the open clauses that replace note 3 (R5)."""

    step: Step
    at_most: Grade | None
    conditions: tuple[str, ...]
    note_3: bool
    reason: str
    clause: str
    rows: tuple[str, ...] = ("R5", "R6")


@cites("6.1(4)", "7.2(3)", "B", rows=("R5", "R6"))
def consequence(verdict: PrintVerdict, stage: Stage, edition: Edition) -> Consequence:
    """Supplement first; still not passing when that ends, or on a live certificate: capped, with open conditions."""
    if verdict.outcome is Outcome.PASS:
        return Consequence(Step.NOTHING, None, (), True, "合格证赋码印刷符合附录 D。", "6.1(4)")
    open_clauses = verdict.failed + verdict.unclear
    names = "、".join(open_clauses)
    if stage is Stage.VERIFICATION:
        reason = f"请先补正 {names} 后重新提交（7.2(3)，R5）。"
        return Consequence(Step.SUPPLEMENT, None, open_clauses, False, reason, "7.2(3)")
    cap = Grade(edition.word("grades.print_cap"))
    reason = f"{names} 未符合附录 D，整改前不高于 {cap.named}（6.1(4)，R5）；整改核验通过后解除。"
    return Consequence(Step.CAP, cap, open_clauses, False, reason, "6.1(4)")


@cites("6.1(4)", rows=("R5",))
def firm_print(verdicts: Iterable[PrintVerdict]) -> Outcome:
    """The print of a firm from all its sheets: one that fails fails, one that is unclear leaves it unclear."""
    outcomes = [verdict.outcome for verdict in verdicts]
    if Outcome.FAIL in outcomes:
        return Outcome.FAIL
    return Outcome.PASS if outcomes and all(outcome is Outcome.PASS for outcome in outcomes) else Outcome.UNCLEAR
