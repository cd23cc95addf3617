"""What others make of a result: procurement and associations (10.2), marketplaces (10.3), regulators (10.4).

A grade is a word of ``life.grades``, or None where none was reached; points are those of the calendar year (8.5).
"""

from dataclasses import dataclass
from enum import StrEnum

from standard.citation import cites
from standard.outcome import Finding, Outcome
from standard.profile import Edition
from standard.validity import State


@dataclass(frozen=True, slots=True)
class Standing:
    """An enterprise as a third party sees it. ``monthly`` and others that nobody could say yet are unclear."""

    grade: str | None
    state: State
    year_points: int = 0
    monthly: Outcome = Outcome.UNCLEAR
    print_conforms: Outcome = Outcome.UNCLEAR
    uploads: Outcome = Outcome.UNCLEAR


class Admission(StrEnum):
    """How a marketplace admits a seller (R36)."""

    REFUSE = "refuse"
    STANDARD = "standard"
    SIMPLIFIED = "simplified"
    AUTOMATIC = "automatic"


class Tender(StrEnum):
    """How an enterprise stands in a large or key procurement."""

    BELOW_ENTRY = "below_entry"
    ENTRY = "entry"
    PREFERRED = "preferred"


class Frequency(StrEnum):
    """How often a regulator may want to look."""

    FEWER = "fewer"
    USUAL = "usual"
    GUIDED = "guided"
    MORE = "more"


@dataclass(frozen=True, slots=True)
class AdmissionAnswer:
    """A marketplace's answer, with its reason in Chinese."""

    admission: Admission
    clause: str
    rows: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class TenderAnswer:
    """A procurement's answer, with its reason in Chinese."""

    tender: Tender
    clause: str
    rows: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class InspectionHint:
    """The strictest hint that applies, and one finding for each of the clause's three items."""

    frequency: Frequency
    findings: tuple[Finding, ...]


@cites("10.3", rows=("R36",))
def admission(edition: Edition, standing: Standing) -> AdmissionAnswer:
    """How a marketplace admits: B, A checked as usual, AA briefly, AAA by itself; no valid one, no entry."""
    if not _relied_on(edition, standing):
        state = f"证书状态为“{standing.state.words}”" if standing.grade is not None else "能力等级未达标"
        return AdmissionAnswer(Admission.REFUSE, "10.3", ("R36",), f"{state}，不予入驻（10.3，R36）")
    for name, answer, words in (
        ("standard_check", Admission.STANDARD, "按常规核验入驻"),
        ("simplified_check", Admission.SIMPLIFIED, "简化核验流程入驻"),
        ("automatic_check", Admission.AUTOMATIC, "自动入驻核验"),
    ):
        if standing.grade in edition.words(f"reliance.{name}"):
            return AdmissionAnswer(answer, "10.3", ("R36",), f"{standing.grade} 级，证书有效：{words}（10.3，R36）")
    reason = f"{standing.grade} 级不在可入驻的等级之内，不予入驻（10.3）"
    return AdmissionAnswer(Admission.REFUSE, "10.3", ("R36",), reason)


@cites("10.2(1)")
def association_priority(edition: Edition, standing: Standing) -> Finding:
    """Whether associations rate this enterprise first: AA and above with ten points of the year."""
    grade, points = edition.word("reliance.association_grade"), edition.whole("reliance.association_points")
    missing = _missing(edition, standing, grade, points)
    need = f"{grade} 级及以上，年度资信分值 ≥ {points}"
    if missing:
        reason = f"暂不优先参与行业评优、信用评级：{'；'.join(missing)}（10.2(1)）"
        return Finding("10.2(1)", Outcome.FAIL, reason, have=_have(standing), need=need)
    reason = "优先参与行业评优、信用评级（10.2(1)）"
    return Finding("10.2(1)", Outcome.PASS, reason, have=_have(standing), need=need)


@cites("10.2(2)")
def tender_standing(edition: Edition, standing: Standing) -> TenderAnswer:
    """For large projects and key products: A and above may enter, AAA with many points comes first."""
    entry = _missing(edition, standing, edition.word("reliance.entry_grade"), None)
    if entry:
        reason = f"未达入围基本条件：{'；'.join(entry)}（10.2(2)）"
        return TenderAnswer(Tender.BELOW_ENTRY, "10.2(2)", (), reason)
    grade, points = edition.word("reliance.preferred_grade"), edition.whole("reliance.preferred_points")
    missing = _missing(edition, standing, grade, points)
    if missing:
        reason = f"达到入围基本条件；优先考虑还差：{'；'.join(missing)}（10.2(2)）"
        return TenderAnswer(Tender.ENTRY, "10.2(2)", (), reason)
    reason = f"{standing.grade} 级且年度资信分值 {standing.year_points} 分，优先考虑（10.2(2)）"
    return TenderAnswer(Tender.PREFERRED, "10.2(2)", (), reason)


@cites("10.4(1)", "10.4(2)", "10.4(3)")
def inspection_hint(edition: Edition, standing: Standing) -> InspectionHint:
    """A hint for regulators: more checks go before guidance, guidance before fewer; a finding fails where it bites."""
    fewer, guided, more = (
        _fewer_checks(edition, standing),
        _guidance(standing),
        _more_checks(edition, standing),
    )
    if more.outcome is Outcome.FAIL:
        frequency = Frequency.MORE
    elif guided.outcome is Outcome.FAIL:
        frequency = Frequency.GUIDED
    elif fewer.outcome is Outcome.PASS:
        frequency = Frequency.FEWER
    else:
        frequency = Frequency.USUAL
    return InspectionHint(frequency, (fewer, guided, more))


def _fewer_checks(edition: Edition, standing: Standing) -> Finding:
    grade, points = edition.word("reliance.fewer_checks_grade"), edition.whole("reliance.fewer_checks_points")
    need = f"{grade} 级，年度资信分值 ≥ {points}，月度提报合规"
    missing = _missing(edition, standing, grade, points)
    if standing.monthly is Outcome.FAIL:
        missing.append("月度提报不合规")
    if missing:
        reason = f"不减少抽查频次：{'；'.join(missing)}（10.4(1)）"
        return Finding("10.4(1)", Outcome.FAIL, reason, have=_have(standing), need=need)
    if standing.monthly is Outcome.UNCLEAR:
        reason = "尚无月度提报记录，暂不减少抽查频次（10.4(1)）"
        return Finding("10.4(1)", Outcome.UNCLEAR, reason, have=_have(standing), need=need)
    return Finding("10.4(1)", Outcome.PASS, "可减少抽查频次（10.4(1)）", have=_have(standing), need=need)


def _guidance(standing: Standing) -> Finding:
    checked = (
        (standing.print_conforms, "合格证赋码印刷不合规", "合格证赋码印刷"),
        (standing.uploads, "未按国市监质监规〔2024〕6 号文件要求上传追溯数据", "追溯数据上传"),
    )
    failed = [words for outcome, words, _ in checked if outcome is Outcome.FAIL]
    if failed:
        return Finding("10.4(2)", Outcome.FAIL, f"加强监督指导，督促限期整改：{'；'.join(failed)}（10.4(2)）")
    unclear = [words for outcome, _, words in checked if outcome is Outcome.UNCLEAR]
    if unclear:
        return Finding("10.4(2)", Outcome.UNCLEAR, f"尚无结论：{'、'.join(unclear)}（10.4(2)）")
    return Finding("10.4(2)", Outcome.PASS, "合格证赋码印刷与追溯数据上传未见问题（10.4(2)）")


def _more_checks(edition: Edition, standing: Standing) -> Finding:
    causes = [] if standing.grade is not None else ["能力等级未达标"]
    if standing.state in edition.words("reliance.more_checks_states"):
        causes.append(f"证书状态为“{standing.state.words}”")
    if causes:
        reason = f"纳入重点监管，增加追溯体系核查频次：{'；'.join(causes)}（10.4(3)）"
        return Finding("10.4(3)", Outcome.FAIL, reason, have=_have(standing))
    return Finding("10.4(3)", Outcome.PASS, "不属于重点监管范围（10.4(3)）", have=_have(standing))


def _relied_on(edition: Edition, standing: Standing) -> bool:
    return standing.grade is not None and standing.state in edition.words("reliance.relied_on_states")


def _missing(edition: Edition, standing: Standing, grade: str, points: int | None) -> list[str]:
    """What keeps a standing below a grade, a number of points and a certificate in force, in Chinese."""
    grades = edition.words("life.grades")
    if standing.grade is not None and standing.grade not in grades:
        raise ValueError(f"no such grade: {standing.grade!r}")
    missing = []
    if standing.grade is None:
        missing.append("能力等级未达标")
    elif grades.index(standing.grade) < grades.index(grade):
        missing.append(f"现为 {standing.grade} 级，要求 {grade} 级" + ("" if grade == grades[-1] else "及以上"))
    if standing.state not in edition.words("reliance.relied_on_states"):
        missing.append(f"证书状态为“{standing.state.words}”")
    if points is not None and standing.year_points < points:
        missing.append(f"年度资信分值 {standing.year_points} 分，要求至少 {points} 分")
    return missing


def _have(standing: Standing) -> str:
    grade = "未达标" if standing.grade is None else f"{standing.grade} 级"
    return f"{grade}，{standing.state.words}，年度资信分值 {standing.year_points}"
