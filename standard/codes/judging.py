"""May this code serve as a trace code (R32), and does it name a product narrowly enough (R33)?"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from standard.citation import cites
from standard.codes.looking_up import looked_up_finding, opaque
from standard.codes.rules import Rules, rules_of
from standard.codes.tracecode import Kind, Level, TraceCode
from standard.outcome import Finding, Outcome, worst
from standard.profile import Edition

CLAUSE = "3.4"
Need = Literal["batch", "item"]


@cites("3.4", "6 AAA", rows=("R33",))
def needed_level(grade: str, *, edition: Edition) -> Level:
    """The level of uniqueness that a grade (B, A, AA, AAA) asks of its codes."""
    rules = rules_of(edition)
    return rules.least_aaa if grade == "AAA" else rules.least


@cites("3.4", rows=("R32", "R33"))
def judge(code: TraceCode, edition: Edition, need: Need | Level | None = None) -> tuple[Finding, ...]:
    """Three findings: the code keeps its own rules, its kind is on the list, it is unique enough.

    ``need``: batch or item; by default what the edition asks of every trace code.
    """
    rules = rules_of(edition)
    level = rules.least if need is None else Level(need)
    if not code.valid:
        return _judge(code, level, rules)
    # Nothing but these enters the wording, so that a verdict need be worded only once.
    case = (code.kind, code.unique_level, code.closed, level)
    found = rules.verdicts.get(case)
    if found is None:
        found = rules.verdicts[case] = _judge(code, level, rules)
    return found


@dataclass(frozen=True, slots=True)
class Selection:
    """Whether a firm has chosen its trace codes well (``code_selection`` of clause 6), with all findings behind it."""

    outcome: Outcome
    findings: tuple[Finding, ...]


@cites("5", rows=("R32", "R33"))
def select(
    codes: Iterable[TraceCode],
    edition: Edition,
    need: Need | Level | None = None,
    *,
    looked_up: Mapping[str, Level] | None = None,
) -> Selection:
    """Clause 5, 质量追溯码选用: every sample code valid, of a listed kind and unique; one fails, all fail.

    ``codes``: one of each sample. At item level two samples may not carry the same code. ``looked_up``: what platforms
    state of opaque codes, by their canonical text: with it these are as unique as it shows, whatever their kind claims.
    """
    rules = rules_of(edition)
    level = rules.least if need is None else Level(need)
    samples = tuple(codes)
    if not samples:
        missing = Finding(
            "5", Outcome.UNCLEAR, "没有提交赋码样例，请上传带追溯码的合格证照片（5 质量追溯码选用）", ("R32",)
        )
        return Selection(Outcome.UNCLEAR, (missing,))
    findings = [finding for code in samples for finding in _sample(code, edition, level, looked_up)]
    if level is Level.ITEM:
        counted = Counter(code.canonical for code in samples if code.canonical is not None)
        findings += [
            Finding(
                "5",
                Outcome.FAIL,
                f"追溯码 {code} 在 {count} 件样例上重复，一物一码要求各不相同（5、R33）",
                ("R33",),
                have=str(count),
                need="1",
            )
            for code, count in counted.items()
            if count > 1
        ]
    return Selection(worst(finding.outcome for finding in findings), tuple(findings))


def _sample(
    code: TraceCode, edition: Edition, need: Level, looked_up: Mapping[str, Level] | None
) -> tuple[Finding, ...]:
    if looked_up is None or not opaque(code, edition):
        return judge(code, edition, need)
    form, listed, _ = judge(code, edition, need)
    return form, listed, looked_up_finding(code, looked_up.get(code.canonical or "", Level.NONE), need)


def _judge(code: TraceCode, need: Level, rules: Rules) -> tuple[Finding, ...]:
    return _format(code), _list(code, rules), _uniqueness(code, need, rules)


def _format(code: TraceCode) -> Finding:
    if code.valid:
        return Finding(CLAUSE, Outcome.PASS, f"{code.kind.label}：格式和校验正确（3.4）")
    problems = "；".join(finding.reason for finding in code.reasons)
    return Finding(CLAUSE, Outcome.FAIL, f"{code.kind.label}：{problems}（3.4）", have=code.kind.label)


def _list(code: TraceCode, rules: Rules) -> Finding:
    need = "、".join(kind.label for kind in Kind if kind in rules.allowed)
    have = code.kind.label
    if code.kind not in rules.allowed:
        reason = f"{have}不在追溯码允许清单内，应选用：{need}（3.4、R32）"
        return Finding(CLAUSE, Outcome.FAIL, reason, ("R32",), have, need)
    if code.closed:
        reason = "店内码等限制流通代码离开本企业即无意义，不能作追溯码（3.4、R32）"
        return Finding(CLAUSE, Outcome.FAIL, reason, ("R32",), have, need)
    return Finding(CLAUSE, Outcome.PASS, f"{have}在追溯码允许清单内（3.4、R32）", ("R32",), have, need)


def _uniqueness(code: TraceCode, need: Level, rules: Rules) -> Finding:
    have = code.unique_level
    if not code.valid:
        outcome, reason = Outcome.UNCLEAR, "编码本身有误，改正后再看是否唯一（3.4、R33）"
    elif have.rank >= need.rank:
        outcome, reason = Outcome.PASS, f"追溯码为{have.label}，满足{need.label}要求（3.4、R33）"
    elif have is Level.NONE and code.kind in rules.opaque_kinds:
        outcome, reason = Outcome.UNCLEAR, "编号由平台分配，看不出批次或系列号，请附平台查询结果（3.4、R33）"
    elif have is Level.NONE:
        outcome, reason = Outcome.FAIL, f"编码没有指明产品，{need.label}追溯码须能唯一标识产品（3.4、R33）"
    elif need is Level.ITEM:
        outcome, reason = Outcome.FAIL, f"追溯码只到{have.label}，一物一码须加系列号，如应用标识符（21）（3.4、R33）"
    else:
        outcome, reason = Outcome.FAIL, f"追溯码只到{have.label}，须加批号（10）或系列号（21）（3.4、R33）"
    return Finding(CLAUSE, outcome, reason, ("R33",), have.label, need.label)
