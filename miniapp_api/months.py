"""Filing a month: what is asked, files, saying that it is complete; the firm's year (8.1, 9.2, Appendix C)."""

from datetime import date
from typing import Any

from pydantic import Field, Json

from miniapp_api.applications import AskShown, asks_shown
from miniapp_api.chapter import Chapter, Rate
from miniapp_api.findings import FindingShown, findings_of
from miniapp_api.firms import FirmPath, FirmShown
from miniapp_api.serving import Unchanged
from miniapp_api.shapes import Answer, File, Form, Id, Moment, Path, Ref
from models import OWES, Certificate, FilingFile, FilingFileKind, FilingFileState, FilingState, MonthlyFiling
from standard.facts import Monthly
from standard.outcome import Outcome
from standard.validity import LIVE
from workflow.access import Asker, firm_of_members
from workflow.applying.slots import CSV, OFD, PDF, PICTURES, XLSX
from workflow.context import Ports
from workflow.monthly import month_filing, months
from workflow.monthly.month_filing import Choice, MonthProduct, MonthSlot
from workflow.monthly.months import Year, YearMonth

chapter = Chapter("months", "月度提报")


class YearMonthShown(Answer):
    month: str = Field(examples=["2026-12"])
    ref: str | None = Field(description="提报期还没到的月份为 null")
    state: FilingState | None = Field(description="提报期还没到的月份为 null")
    words: str
    opens: date
    closes: date = Field(description="提报期最后一天（R10）")
    make_up_until: date | None = Field(description="补报的最后一天（8.1(3)）")
    submitted_at: Moment | None
    timely: bool | None = Field(description="是否按时；还没有结果时为 null（R2、R38）")
    compliant: bool | None = Field(description="是否合规；还没有结果时为 null（R2、R38）")
    counts: bool = Field(description="计入三次不合规（9.2(2)，R7）")


class RatesShown(Answer):
    timely: str = Field(description="按时率，0 到 1", examples=["0.916666"])
    compliant: str = Field(description="合规率，0 到 1", examples=["1"])


class YearShown(Answer):
    """The months of the firm's living certificate, else of its newest one."""

    certificate: str | None = Field(description="证书编号；还没有证书时为 null")
    grade: str | None
    state: str | None
    issued_on: date | None
    last_day: date | None
    months: list[YearMonthShown] = Field(description="有效期内应提报的月份")
    rates: RatesShown | None = Field(description="还没有到期的月份时为 null（R1、R2）")
    on_time: int = Field(description="按时合规的月份数")
    late: int = Field(description="补报合规的月份数")
    missed: int = Field(description="未提报或不合规的月份数")
    towards_three: int = Field(description="计入三次不合规的次数（R7、R8）")
    three: int


class MonthPath(Path):
    ref: Ref


class FileInMonthPath(MonthPath):
    file: Ref


class FilingFileShown(Answer):
    ref: str
    kind: FilingFileKind
    product_id: int | None
    batch: str = Field(description="照片上读出的批次，没有读出时为空")
    code: str = Field(description="照片上读出的追溯码，没有读出时为空")
    file_name: str | None
    media_type: str
    size: int
    sha256: str
    declared: dict[str, Any]
    state: FilingFileState
    handed_in_at: Moment
    judged_at: Moment | None
    findings: list[FindingShown]


class MonthSlotShown(Answer):
    kind: FilingFileKind
    title: str
    product_id: int | None
    state: str = Field(description="missing、waiting、failed、unclear、passed、optional")
    have: int
    need: int
    most: int
    accepts: list[str] = Field(description="收哪些类型的文件")
    asks: list[AskShown] = Field(description="随文件填写的内容，放在 declared 里")
    files: list[FilingFileShown]


class ChoiceShown(Answer):
    product_id: int
    name: str
    model: str
    repeated: bool = Field(description="上月提报过（R9）")
    refused: str = Field(description="现在不能提报的原因，可以提报时为空（R9）")


class MonthProductShown(Answer):
    product_id: int
    name: str
    model: str
    repeated: bool = Field(description="上月提报过（R9）")
    slots: list[MonthSlotShown]


class VerdictShown(Answer):
    """What was judged when the month was decided."""

    outcome: Outcome
    findings: list[FindingShown]


class MonthShown(Answer):
    """One month: what is asked, what is there, what came of it."""

    ref: str
    firm: FirmShown
    certificate: str
    month: str = Field(examples=["2026-12"])
    state: FilingState
    words: str
    owed: bool = Field(description="true：还要提报或补报，可以上传")
    closes_on: date
    make_up_until: date | None
    submitted_at: Moment | None
    decided_at: Moment | None
    missing: list[str] = Field(description="还缺什么，给用户看的话")
    waiting: int = Field(description="正在检查的份数")
    complete: bool = Field(description="资料齐了，不论检查结论")
    passing: bool = Field(description="可以提交，提交后当场核验合格")
    findings: list[FindingShown] = Field(description="现有资料里不合格、看不清的")
    products: list[MonthProductShown]
    slots: list[MonthSlotShown] = Field(description="不分产品的资料：查询截图、更新台账、选报材料")
    choices: list[ChoiceShown] = Field(description="可以提报的产品")
    verdict: VerdictShown | None


class HandingInForMonth(Form):
    kind: FilingFileKind
    product_id: Id | None = Field(None, description="哪款产品；照片必填，台账只管一款产品时填")
    declared: Json[dict[str, str | int]] = Field(
        default_factory=dict, description="随文件填写的内容，JSON 对象，见 asks"
    )
    file: File


@chapter.get("/firms/{uscc}/months", "全年：各月提报与提报率", clause="8.1，9.2，6.1(5)")
async def months_of_firm(ports: Ports, asker: Asker, path: FirmPath) -> YearShown:
    firm, _ = await firm_of_members(asker, path.uscc)
    if not await Certificate.exists(enterprise_id=firm.id):
        return NO_YEAR
    return _year(await months.year_of(ports, asker, firm.id))


@chapter.get("/months/{ref}", "一个月的清单与结论", clause="8.1(2)，附录 C")
async def month(asker: Asker, path: MonthPath) -> MonthShown:
    return await _month(await months.filing_of(asker, path.ref))


@chapter.post(
    "/months/{ref}/files",
    "上传一份月度资料",
    status=201,
    rate=Rate.UPLOAD,
    clause="8.1(2)，附录 C",
    note="断线后带同一个 Idempotency-Key 重传，得到同一份资料。收到即检查，结论见 GET /filing-files/{ref}。",
)
async def hand_in_for_month(
    ports: Ports, asker: Asker, path: MonthPath, body: HandingInForMonth, key: str
) -> FilingFileShown:
    made = await month_filing.hand_in(
        ports,
        asker,
        path.ref,
        key,
        body.kind,
        body.file.data,
        body.file.name,
        product_id=body.product_id,
        declared=dict(body.declared),
    )
    return _file(await month_filing.file_of(asker, made.ref))


@chapter.delete("/months/{ref}/files/{file}", "撤下一份月度资料", clause="8.1(2)")
async def take_out_of_month(ports: Ports, asker: Asker, path: FileInMonthPath) -> None:
    await month_filing.take_out(ports, asker, path.ref, path.file)


@chapter.post(
    "/months/{ref}/submit",
    "提交本月资料，当场核验",
    clause="8.1(2)，8.1(3)",
    note="资料不齐、有不合格或还在检查时不收（422），detail 里逐项说明。",
)
async def submit_month(ports: Ports, asker: Asker, path: MonthPath, unchanged: Unchanged) -> MonthShown:
    unchanged.since(await _month(await months.filing_of(asker, path.ref)))
    return await _month(await month_filing.submit(ports, asker, path.ref))


@chapter.get("/filing-files/{ref}", "一份月度资料及其检查结论")
async def filing_file(asker: Asker, path: MonthPath) -> FilingFileShown:
    return _file(await month_filing.file_of(asker, path.ref))


@chapter.get("/filing-files/{ref}/file", "月度资料原件", media_types=(*PICTURES, PDF, OFD, XLSX, CSV))
async def filing_file_bytes(ports: Ports, asker: Asker, path: MonthPath) -> File:
    found = await month_filing.file_of(asker, path.ref)
    data, media_type = await month_filing.file_bytes(ports, asker, path.ref)
    return File(found.evidence.file_name or found.ref, media_type, data)


NO_YEAR = YearShown(
    certificate=None, grade=None, state=None, issued_on=None, last_day=None, months=[], rates=None, on_time=0, late=0,
    missed=0, towards_three=0, three=0,
)  # fmt: skip
"""Of a firm that has no certificate yet: no month is due (R1)."""


def _year(found: Year) -> YearShown:
    row = found.certificate
    return YearShown(
        certificate=row.number,
        grade=row.grade,
        state=row.state,
        issued_on=row.issued_on,
        last_day=row.last_day,
        months=[_line(one) for one in found.months],
        rates=RatesShown(timely=str(found.rates.timely), compliant=str(found.rates.compliant))
        if isinstance(found.rates, Monthly)
        else None,
        on_time=found.on_time,
        late=found.late,
        missed=found.missed,
        towards_three=found.towards_three,
        three=found.three,
    )


def _line(one: YearMonth) -> YearMonthShown:
    filing = one.filing
    return YearMonthShown(
        month=str(one.month),
        ref=filing.ref if filing else None,
        state=one.state,
        words=one.words,
        opens=one.opens,
        closes=one.closes,
        make_up_until=filing.make_up_until if filing else None,
        submitted_at=filing.submitted_at if filing else None,
        timely=one.timely,
        compliant=one.compliant,
        counts=one.counts,
    )


async def _month(row: MonthlyFiling) -> MonthShown:
    found = await month_filing.checklist(row)
    return MonthShown(
        ref=row.ref,
        firm=FirmShown.model_validate(row.enterprise),
        certificate=row.certificate.number,
        month=row.month,
        state=FilingState(row.state),
        words=months.WORDS[FilingState(row.state)],
        owed=row.state in OWES and row.certificate.state in LIVE,
        closes_on=row.closes_on,
        make_up_until=row.make_up_until,
        submitted_at=row.submitted_at,
        decided_at=row.decided_at,
        missing=found.missing,
        waiting=found.waiting,
        complete=found.complete,
        passing=found.passing,
        findings=findings_of(found.findings),
        products=[_product(one) for one in found.products],
        slots=[_slot(one) for one in (found.screenshots, found.ledger, found.optional)],
        choices=[_choice(one) for one in await month_filing.choices(row)],
        verdict=row.verdict
        and VerdictShown(outcome=row.verdict["outcome"], findings=findings_of(row.verdict["findings"])),
    )


def _product(one: MonthProduct) -> MonthProductShown:
    return MonthProductShown(
        product_id=one.product.id,
        name=one.product.name,
        model=one.product.model,
        repeated=one.repeated,
        slots=[_slot(slot) for slot in one.slots],
    )


def _choice(one: Choice) -> ChoiceShown:
    return ChoiceShown(
        product_id=one.product.id,
        name=one.product.name,
        model=one.product.model,
        repeated=one.repeated,
        refused=one.refused,
    )


def _slot(slot: MonthSlot) -> MonthSlotShown:
    return MonthSlotShown(
        kind=slot.kind,
        title=slot.title,
        product_id=slot.product.id if slot.product else None,
        state=slot.state,
        have=slot.have,
        need=slot.need,
        most=slot.most,
        accepts=list(slot.accepts),
        asks=asks_shown(slot.asks),
        files=[_file(file) for file in slot.files],
    )


def _file(row: FilingFile) -> FilingFileShown:
    return FilingFileShown(
        ref=row.ref,
        kind=FilingFileKind(row.kind),
        product_id=row.product_id,
        batch=row.batch,
        code=row.code,
        file_name=row.evidence.file_name,
        media_type=row.evidence.media_type,
        size=row.evidence.size,
        sha256=row.evidence.sha256,
        declared=row.declared,
        state=FilingFileState(row.state),
        handed_in_at=row.handed_in_at,
        judged_at=row.judged_at,
        findings=findings_of(row.findings),
    )
