"""Looking a code up, for everybody; a firm's scans, and the single items that it files (3.4, 4.3.3, 7.6)."""

from datetime import date
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from miniapp_api.chapter import Chapter, Rate
from miniapp_api.firms import FirmPath
from miniapp_api.shapes import CONTROLS, Answer, Body, File, Form, Id, Moment, Query, Ref, Stream
from models import EvidenceSource, ItemFiling, ItemFilingState, Road, ScanOutcome
from workflow.access import Asker, firm_of_members
from workflow.certifying.certificate_numbers import certificate_path
from workflow.context import Ports
from workflow.intake.uploads import CSV
from workflow.scanning import items, scan_counts
from workflow.scanning.items import AT_ONCE, LONGEST_BATCH, NewItem
from workflow.scanning.scan_wording import facts, told
from workflow.scanning.scans import PROVINCES, LookUp, Visit, look_up, visitor_hash
from workflow.scanning.trace_links import trace_path

chapter = Chapter("scans", "查码、查询记录与单件")

LONGEST_CODE, LONGEST_ITEM = 2000, 400
_SEPARATOR = "\x1d"
"""Stands between the elements of a GS1 code, and scanners hand it on."""


class Scanned(Body):
    """A code as it was scanned or typed."""

    text: str = Field(max_length=LONGEST_CODE, description="扫到或输入的全部内容，原样")
    road: Literal["miniapp", "typed", "photo"] = Field(
        "miniapp", description="怎样得到的：小程序扫码、手工输入、照片识读"
    )
    region: str = Field("", description="查询人愿意说出的省份，如 浙江", json_schema_extra={"enum": ["", *PROVINCES]})

    @field_validator("*", mode="after")
    @classmethod
    def _is_text(cls, value: Any) -> Any:
        if not (CONTROLS - {_SEPARATOR}).isdisjoint(value):
            raise PydanticCustomError("control_characters", "control characters")
        return value

    @field_validator("region")
    @classmethod
    def _is_province(cls, value: str) -> str:
        if value not in {"", *PROVINCES}:
            raise PydanticCustomError("literal_error", "no province", {"expected": "、".join(PROVINCES)})
        return value


class Fact(Answer):
    label: str
    value: str


class ScannedCertificate(Answer):
    """The certificate of the product's maker, as it stands now."""

    number: str
    path: str
    grade: str
    state: str
    last_day: date
    covered: bool = Field(description="证书是否包括这款产品的品类；为 false 时等级不能用于它")


class HistoryShown(Answer):
    """What stood of this item's code before; one's own look-ups of today are not in it."""

    times: int
    first_at: Moment | None
    first_region: str
    last_at: Moment | None
    only_by_you: bool


class LookedUp(Answer):
    """What the code is. Show ``disclaimer`` beside every grade."""

    outcome: ScanOutcome
    tone: str = Field(description="good、care 或 warning")
    headline: str
    lines: list[str]
    advice: str
    disclaimer: str
    facts: list[Fact]
    path: str = Field(description="这个码的网页")
    certificate: ScannedCertificate | None
    history: HistoryShown | None = Field(description="只有单件码有")


class Days(Query):
    first: date = Field(description="起始日期（北京时间）")
    last: date = Field(description="结束日期，含当日")


class ProductScansShown(Answer):
    product_id: int
    name: str
    model: str
    times: int = Field(description="各月合计")
    by_month: list[int] = Field(description="次序同 months")


class ScansShown(Answer):
    """Look-ups of the firm's codes in the last twelve months, the newest month first."""

    as_of: Moment = Field(description="统计到什么时候")
    months: list[str] = Field(examples=[["2026-12", "2026-11"]])
    by_month: list[int]
    products: list[ProductScansShown]


class ItemGiven(Body):
    code: str = Field(max_length=LONGEST_ITEM, description="单件追溯码，如印在合格证上的")
    batch: str = Field("", max_length=LONGEST_BATCH, description="生产批次；码里有批号时可不填")
    made_on: date | None = Field(None, description="生产日期")


class ItemsGiven(Body):
    most_bytes: ClassVar[int] = 512 * 1024

    items: list[ItemGiven] = Field(min_length=1, max_length=AT_ONCE)


class ItemList(Form):
    file: File = Field(description="xlsx 或 csv，至多 100 000 行；一列“追溯码”，可另有“生产批次”“生产日期”")


class RefusedItem(Answer):
    sheet: str = Field(description="工作表；逐件申报时为空")
    line: int = Field(description="第几行；逐件申报时为第几件")
    code: str
    reason: str
    clause: str


class ItemFilingShown(Answer):
    ref: str
    product_id: int
    state: ItemFilingState = Field(description="received 正在读取；filed 已登记；refused 没有一件可登记")
    accepted: int = Field(description="新登记的件数")
    refused: int = Field(description="没有登记的件数")
    remark: str = Field(description="对整份清单的说明，没有时为空")
    refused_items: list[RefusedItem] = Field(description="没有登记的，至多列出 200 件")
    filed_at: Moment


class FirmProductPath(FirmPath):
    product: Id


class ItemListPath(FirmPath):
    ref: Ref


@chapter.post(
    "/scans",
    "查一个码",
    rate=Rate.SEARCH,
    clause="4.3.3，7.6",
    note="不必登录。码里的网址只显示，不打开。等级说的是企业的追溯能力，不代表产品质量或真伪认证。",
)
async def look_up_code(ports: Ports, asker: Asker | None, body: Scanned, caller: str) -> LookedUp:
    who = f"person:{asker.person_id}" if asker is not None else f"api\n{caller}"
    found = await look_up(ports, body.text, Visit(Road(body.road), visitor_hash(ports, who), body.region))
    return _looked_up(ports, found)


@chapter.get("/firms/{uscc}/scans", "本企业的查询次数，按产品和月份", clause="附录 A，附录 C")
async def scans_of_firm(ports: Ports, asker: Asker, path: FirmPath) -> ScansShown:
    firm, _ = await firm_of_members(asker, path.uscc)
    found = await scan_counts.summary(ports, asker, firm.id)
    return ScansShown(
        as_of=found.as_of,
        months=[str(month) for month in found.months],
        by_month=list(found.by_month),
        products=[ProductScansShown.model_validate(one) for one in found.products],
    )


@chapter.get(
    "/firms/{uscc}/scans.csv",
    "导出查询记录",
    media_types=(CSV,),
    clause="附录 A，附录 C，8.3",
    note="边读边发；一次最多 400 天。只有时间、追溯码、产品、途径、地区、结果，不含任何个人信息。",
)
async def scans_csv(asker: Asker, path: FirmPath, query: Days) -> Stream:
    firm, _ = await firm_of_members(asker, path.uscc)
    file = await scan_counts.exported(asker, firm.id, query.first, query.last)
    return Stream(file.name, file.media_type, file.pieces)


@chapter.post(
    "/firms/{uscc}/products/{product}/items",
    "逐件申报单件追溯码",
    status=201,
    clause="3.4，4.3.3",
    note="一次至多 1000 件。商品条码或发码规则须先由合格证照片证实（R33）；"
    "不是这款产品单件追溯码的不登记，逐件说明原因；已登记过的不重复。",
)
async def file_items(ports: Ports, asker: Asker, path: FirmProductPath, body: ItemsGiven, key: str) -> ItemFilingShown:
    firm, _ = await firm_of_members(asker, path.uscc)
    given = [NewItem(one.code, one.batch, one.made_on) for one in body.items]
    return _filing(await items.file_items(ports, asker, firm.id, path.product, given, key))


@chapter.post(
    "/firms/{uscc}/products/{product}/item-lists",
    "上传单件清单",
    status=202,
    rate=Rate.UPLOAD,
    clause="3.4，4.3.3",
    note="收下即存档，随后逐行读取；结果见 GET /firms/{uscc}/item-lists/{ref}。断线后带同一个 Idempotency-Key 重传。",
)
async def file_item_list(
    ports: Ports, asker: Asker, path: FirmProductPath, body: ItemList, key: str
) -> ItemFilingShown:
    firm, _ = await firm_of_members(asker, path.uscc)
    file = body.file
    return _filing(
        await items.file_list(ports, asker, firm.id, path.product, file.name, file.data, key, source=EvidenceSource.API)
    )


@chapter.get("/firms/{uscc}/item-lists/{ref}", "一份单件清单读到哪里、哪些没有登记", clause="3.4")
async def item_list(asker: Asker, path: ItemListPath) -> ItemFilingShown:
    firm, _ = await firm_of_members(asker, path.uscc)
    return _filing(await items.filing_of(asker, firm.id, path.ref))


def _looked_up(ports: Ports, found: LookUp) -> LookedUp:
    said, resolved = told(found, ports.clock.now()), found.resolved
    row = resolved.certificate
    return LookedUp(
        outcome=resolved.outcome,
        tone=said.tone,
        headline=said.headline,
        lines=list(said.lines),
        advice=said.advice,
        disclaimer=said.disclaimer,
        facts=[Fact(label=label, value=value) for label, value in facts(resolved)],
        path=trace_path(resolved.code),
        certificate=ScannedCertificate(
            number=row.number,
            path=certificate_path(row.number),
            grade=row.grade,
            state=row.state,
            last_day=row.last_day,
            covered=resolved.covered,
        )
        if row is not None
        else None,
        history=HistoryShown.model_validate(found.history) if found.history is not None else None,
    )


def _filing(row: ItemFiling) -> ItemFilingShown:
    return ItemFilingShown(
        ref=row.ref,
        product_id=row.product_id,
        state=ItemFilingState(row.state),
        accepted=row.accepted,
        refused=row.refused,
        remark=items.remark(row),
        refused_items=[RefusedItem.model_validate(one) for one in items.refused_lines(row)],
        filed_at=row.filed_at,
    )
