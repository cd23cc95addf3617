"""Sampling of printed certificates, recorded by batch (D.6, R31)."""

from datetime import date

from pydantic import Field

from miniapp_api.chapter import Chapter
from miniapp_api.findings import FindingShown, findings_of
from miniapp_api.firms import FirmPath
from miniapp_api.shapes import Answer, Body, Id, Moment, Ref, Said
from models import SamplingRecord
from standard.outcome import Outcome
from workflow.access import Asker, firm_of_members
from workflow.context import Ports
from workflow.findings import worst_of
from workflow.monthly import sampling_records
from workflow.monthly.sampling_records import LONGEST_BATCH, MOST

chapter = Chapter("sampling", "印刷抽样记录")


class Sampled(Body):
    """One batch's sampling."""

    product_id: Id
    batch: Said = Field(max_length=LONGEST_BATCH, description="生产批次；同一批次再次登记即更正")
    lot: int = Field(ge=1, le=MOST, description="本批印刷的合格证张数")
    inspected_on: date = Field(description="检验日期")
    sampled: int = Field(ge=0, le=MOST, description="抽检张数：不少于本批的 5%，至少 1 张（D.6）")
    failed: int = Field(ge=0, le=MOST, description="其中不能识读的张数")
    drawn_at_random: bool | None = Field(None, description="样品是否随机抽取")
    shipped_on: date | None = Field(None, description="出厂日期；还没有出厂时不填")
    kept_through: date | None = Field(None, description="检验记录留存到哪一天；不填按至少一年")
    month: Ref | None = Field(None, description="随哪个月提报，月份的 ref；不填则只登记")


class SamplingRecordShown(Answer):
    ref: str
    product_id: int
    batch: str
    lot: int
    sampled: int
    failed: int
    drawn_at_random: bool | None
    inspected_on: date
    shipped_on: date | None
    keep_through: date = Field(description="至少留存到这一天（D.6，R31）")
    month: str | None = Field(description="随哪个月提报", examples=["2026-12"])
    outcome: Outcome
    findings: list[FindingShown]
    recorded_at: Moment


class SamplingRecords(Answer):
    items: list[SamplingRecordShown]


@chapter.get("/firms/{uscc}/sampling-records", "抽样记录，最新的在前", clause="D.6")
async def sampling_records_of_firm(asker: Asker, path: FirmPath) -> SamplingRecords:
    firm, _ = await firm_of_members(asker, path.uscc)
    return SamplingRecords(items=[_record(row) for row in await sampling_records.sampling_records(asker, firm.id)])


@chapter.post("/firms/{uscc}/sampling-records", "登记一批的抽样", status=201, clause="D.6，R31")
async def record_sampling(ports: Ports, asker: Asker, path: FirmPath, body: Sampled, key: str) -> SamplingRecordShown:
    firm, _ = await firm_of_members(asker, path.uscc)
    made = await sampling_records.record_sampling(
        ports,
        asker,
        firm.id,
        body.product_id,
        body.batch,
        body.lot,
        body.inspected_on,
        body.sampled,
        body.failed,
        drawn_at_random=body.drawn_at_random,
        shipped_on=body.shipped_on,
        kept_through=body.kept_through,
        filing_ref=body.month,
    )
    await made.fetch_related("filing")
    return _record(made)


def _record(row: SamplingRecord) -> SamplingRecordShown:
    said = row.record
    return SamplingRecordShown(
        ref=row.ref,
        product_id=row.product_id,
        batch=row.batch,
        **{name: said[name] for name in ("lot", "sampled", "failed", "drawn_at_random", "inspected_on", "shipped_on")},
        keep_through=row.keep_through,
        month=row.filing.month if row.filing else None,
        outcome=worst_of(row.findings),
        findings=findings_of(row.findings),
        recorded_at=row.recorded_at,
    )
