"""A firm as those see it who rely on its result: procurement, marketplaces, regulators (7.6, 10.2–10.4)."""

import asyncio
from datetime import date

from pydantic import Field

from miniapp_api.chapter import Chapter
from miniapp_api.findings import FindingShown
from miniapp_api.open.answers import Facts, StatedAnswer, stated
from miniapp_api.shapes import Answer, Body, Path, Query, Said, Uscc
from models import PartnerKind
from standard import reliance as rules
from standard.calendar import shanghai_day
from standard.outcome import Finding, Outcome
from standard.profile import Edition, edition_on
from standard.reliance import Admission, Frequency, Tender
from standard.validity import LIVE, State
from workflow.certifying.certificate_life import grade_name
from workflow.certifying.certificate_register import public_months
from workflow.context import Ports
from workflow.relying.partners import Scope
from workflow.relying.reliance import Relied, admission_of, all_relied_upon, relied_upon

chapter = Chapter("firms", "企业")

MOST = 100
"""Firms in one request."""


class MonthFact(Answer):
    month: str
    state: str
    words: str


class CertificateFact(Answer):
    number: str
    grade: str
    grade_name: str
    state: State
    state_words: str
    alive: bool = Field(description="true：今天可以出示")
    categories: list[str] = Field(description="证书所列品类")
    issued_on: date
    last_day: date
    continued_through: str = Field(description="延续至哪个月，如 2026-12")
    months: list[MonthFact] = Field(description="本证书有效期内已有结论的月份（8.1）")
    conditions: list[str] = Field(description="附录 D 中尚未整改的条款（6.1(4)，R5）")


class PointsFact(Answer):
    balance: int = Field(description="累计资信分值（8.5(2)）")
    year: int
    of_year: int = Field(description="该日历年的分值（8.5(3)，R16）")


class FirmFacts(Facts):
    """A firm of which something is public."""

    uscc: str
    name: str
    is_sample: bool
    grade: str | None = Field(description="证书等级；没有证书为 null")
    state: State = Field(description="证书状态；none：未发证")
    state_words: str
    certificate: CertificateFact | None = Field(description="目前可出示的证书；没有则为最近一张")
    points: PointsFact


class FirmAnswer(StatedAnswer):
    facts: FirmFacts


class FirmInBatch(StatedAnswer):
    uscc: str
    facts: FirmFacts | None = Field(description="null：平台上没有该企业公开的评价结果或证书")


class FirmsAnswer(Answer):
    items: list[FirmInBatch] = Field(description="与所问的顺序相同")


class AdmissionFacts(Facts):
    uscc: str
    name: str
    is_sample: bool
    decision: Admission = Field(
        description="refuse 不予入驻，standard 常规核验，simplified 简化核验，automatic 自动入驻"
    )
    reasons: list[str]
    clause: str
    rows: list[str]
    category: str | None = Field(description="所问的品类")
    covered: bool | None = Field(description="证书是否列入该品类；没有问品类为 null")
    grade: str | None
    state: State
    continued_through: str | None
    months: list[MonthFact]
    points: PointsFact
    print_conforms: Outcome = Field(description="合格证赋码印刷（附录 D）")


class AdmissionAnswer(StatedAnswer):
    facts: AdmissionFacts


class TenderFacts(Facts):
    uscc: str
    name: str
    is_sample: bool
    tender: Tender = Field(description="below_entry 未达入围基本条件，entry 达到，preferred 优先考虑（10.2(2)）")
    reason: str
    clause: str
    association: FindingShown = Field(description="行业评优、信用评级是否优先（10.2(1)）")
    grade: str | None
    state: State
    points: PointsFact


class TenderAnswer(StatedAnswer):
    facts: TenderFacts


class RegulationFacts(Facts):
    uscc: str
    name: str
    is_sample: bool
    frequency: Frequency = Field(description="fewer 可减少抽查，usual 照常，guided 加强指导，more 重点监管")
    findings: list[FindingShown] = Field(description="10.4(1)、(2)、(3) 各一条")
    grade: str | None
    state: State
    continued_through: str | None
    months: list[MonthFact]
    points: PointsFact
    conditions: list[str]
    monthly: Outcome = Field(description="月度提报是否合规（8.1）")
    print_conforms: Outcome = Field(description="合格证赋码印刷（附录 D）")
    uploads: Outcome = Field(description="追溯数据上传（国市监质监规〔2024〕6 号）")


class RegulationAnswer(StatedAnswer):
    facts: RegulationFacts


class FirmPath(Path):
    uscc: Uscc


class Asked(Query):
    category: Said | None = Field(None, max_length=60, description="入驻的产品品类：id 或名称，见 /api/v1/categories")


class Batch(Body):
    uscc: list[Uscc] = Field(min_length=1, max_length=MOST, description=f"至多 {MOST} 家")


@chapter.get("/firms/{uscc}", "企业的等级、状态、月份与资信分值", scope=Scope.QUERY, shared=True, clause="7.6")
async def firm(ports: Ports, path: FirmPath) -> FirmAnswer:
    found = await relied_upon(path.uscc, ports.clock.now())
    return stated(ports, FirmAnswer, "firm", f"firm:{path.uscc}", _facts(found))


@chapter.post("/firms/batch", "一次查多家企业", scope=Scope.QUERY, clause="7.6", note="一次请求计一次频率。")
async def firms(ports: Ports, body: Batch) -> FirmsAnswer:
    found = await all_relied_upon(set(body.uscc), ports.clock.now())
    items = []
    for uscc in body.uscc:
        facts = _facts(found[uscc]) if uscc in found else None
        items.append(stated(ports, FirmInBatch, "firm", f"firm:{uscc}", facts, uscc=uscc))
        await asyncio.sleep(0)  # a hundred signatures would hold everybody else up
    return FirmsAnswer(items=items)


@chapter.get("/firms/{uscc}/admission", "网售平台入驻核验", scope=Scope.ADMISSION, shared=True, clause="10.3，R36")
async def admission(ports: Ports, path: FirmPath, query: Asked) -> AdmissionAnswer:
    found = await relied_upon(path.uscc, ports.clock.now())
    decided = admission_of(found, query.category, _edition(ports))
    facts = AdmissionFacts(
        **_whose(found),
        decision=decided.decision,
        reasons=list(decided.reasons),
        clause="10.3",
        rows=list(decided.rows),
        category=decided.category,
        covered=decided.covered,
        continued_through=_continued_through(found),
        months=_months(found),
        points=_points(found),
        print_conforms=found.standing.print_conforms,
        grade=found.standing.grade,
        state=found.standing.state,
    )
    return stated(ports, AdmissionAnswer, "admission", f"firm:{path.uscc}", facts)


@chapter.get("/firms/{uscc}/tender", "采购入围与协会评优", scope=Scope.QUERY, shared=True, clause="10.2")
async def tender(ports: Ports, path: FirmPath) -> TenderAnswer:
    found = await relied_upon(path.uscc, ports.clock.now())
    edition = _edition(ports)
    answer = rules.tender_standing(edition, found.standing)
    facts = TenderFacts(
        **_whose(found),
        tender=answer.tender,
        reason=answer.reason,
        clause=answer.clause,
        association=_finding(rules.association_priority(edition, found.standing)),
        grade=found.standing.grade,
        state=found.standing.state,
        points=_points(found),
    )
    return stated(ports, TenderAnswer, "tender", f"firm:{path.uscc}", facts)


@chapter.get(
    "/firms/{uscc}/regulation",
    "监管参考",
    scope=Scope.REGULATE,
    shared=True,
    kinds=(PartnerKind.REGULATOR,),
    clause="10.4",
)
async def regulation(ports: Ports, path: FirmPath) -> RegulationAnswer:
    found = await relied_upon(path.uscc, ports.clock.now())
    hint = rules.inspection_hint(_edition(ports), found.standing)
    facts = RegulationFacts(
        **_whose(found),
        frequency=hint.frequency,
        findings=[_finding(finding) for finding in hint.findings],
        continued_through=_continued_through(found),
        months=_months(found),
        points=_points(found),
        conditions=list(found.lived.conditions) if found.lived is not None else [],
        grade=found.standing.grade,
        state=found.standing.state,
        monthly=found.standing.monthly,
        print_conforms=found.standing.print_conforms,
        uploads=found.standing.uploads,
    )
    return stated(ports, RegulationAnswer, "regulation", f"firm:{path.uscc}", facts)


def _facts(found: Relied) -> FirmFacts:
    certificate = _certificate(found)
    state = State.NONE if certificate is None else certificate.state
    return FirmFacts(
        **_whose(found),
        grade=None if certificate is None else certificate.grade,
        state=state,
        state_words=state.words,
        certificate=certificate,
        points=_points(found),
    )


def _certificate(found: Relied) -> CertificateFact | None:
    row, lived = found.certificate, found.lived
    if row is None or lived is None:
        return None
    state = State(row.state)
    return CertificateFact(
        number=row.number,
        grade=row.grade,
        grade_name=grade_name(row.grade, edition_on(row.issued_on)),
        state=state,
        state_words=state.words,
        alive=state in LIVE,
        categories=row.holder["categories"],
        issued_on=row.issued_on,
        last_day=row.last_day,
        continued_through=str(lived.continued_through),
        months=_months(found),
        conditions=list(lived.conditions),
    )


def _whose(found: Relied) -> dict[str, str | bool]:
    return {"uscc": found.firm.uscc, "name": found.firm.name, "is_sample": found.firm.is_sample}


def _months(found: Relied) -> list[MonthFact]:
    months = () if found.lived is None else public_months(found.lived)
    return [MonthFact.model_validate(month) for month in months]


def _continued_through(found: Relied) -> str | None:
    return None if found.lived is None else str(found.lived.continued_through)


def _points(found: Relied) -> PointsFact:
    return PointsFact.model_validate(found.points)


def _finding(finding: Finding) -> FindingShown:
    return FindingShown.model_validate(finding)


def _edition(ports: Ports) -> Edition:
    return edition_on(shanghai_day(ports.clock.now()))
