"""Applying, for an evaluation or an upgrade review: materials, submission, problems, the result (7.1–7.3, 8.5(3))."""

from collections.abc import Iterable
from typing import Any, Literal

from pydantic import Field, Json

from miniapp_api.chapter import Chapter, Rate
from miniapp_api.findings import FindingShown, findings_of
from miniapp_api.firms import FirmPath, FirmShown
from miniapp_api.serving import Unchanged
from miniapp_api.shapes import Answer, Body, File, Form, Id, Moment, Path, Ref
from models import Application, ApplicationState, Material, MaterialState
from standard.grade_wording import sentence
from standard.grades import Grade
from workflow.access import Asker, firm_of_members, not_found
from workflow.applying import applications, upgrades
from workflow.applying.applications import Ask, Slot
from workflow.context import Ports
from workflow.intake.uploads import CSV, OFD, PDF, PICTURES, XLSX

chapter = Chapter("applications", "申报")

Level = Literal["B", "A", "AA", "AAA"]


class NextStepShown(Answer):
    words: str = Field(description="现在由谁做什么、最迟何时")
    clause: str
    path: str
    due_at: Moment | None


class UpgradeShown(Answer):
    """The certificate that an upgrade review is about (8.5(3), R18)."""

    certificate: str = Field(description="证书编号")
    grade_before: Level = Field(description="证书现有的等级；已升级的为升级前的等级")


class ApplicationShown(Answer):
    ref: str
    firm: FirmShown
    level: Level
    sells_online: bool
    produces_since: str | None
    state: ApplicationState
    round: int = Field(description="第几次提交")
    opened_at: Moment
    submitted_at: Moment | None
    ended_at: Moment | None
    grade: str | None
    findings: list[FindingShown] = Field(description="整份申报的问题（资料之间不一致、登记核对）")
    next: NextStepShown
    upgrade: UpgradeShown | None = Field(description="升级复核的是哪张证书；评价申报为 null")


class Applications(Answer):
    items: list[ApplicationShown]


class Opening(Body):
    level: Level
    products: list[Id] = Field(min_length=1, max_length=200, description="所申报的产品")
    sells_online: bool = Field(description="是否在网上销售（R37）")
    produces_since: str | None = Field(
        None, pattern=r"^\d{4}-\d{2}$", description="首次投产月份，不足统计期的企业填写（R43）"
    )
    upgrade: bool = Field(
        False, description="true：对现有证书申请升级复核，level 为要升到的等级（8.5(3)，R18）；可选的见 upgrade-review"
    )


class UpgradeLevel(Answer):
    level: Level
    open: bool = Field(description="true：现在可以申请升到这一级")
    reason: str | None = Field(description="不可以的原因")


class UpgradeOffer(Answer):
    """What an upgrade review may lead to as things stand (8.5(3), R18)."""

    certificate: str = Field(description="证书编号")
    grade: Level = Field(description="证书现有的等级")
    year: int
    year_points: int = Field(description="该自然年的资信分值（R16）")
    categories: list[str] = Field(description="证书上的品类：升级复核须覆盖且只覆盖这些品类（R43）")
    levels: list[UpgradeLevel] = Field(description="更高的各级；已是最高等级的为空")


class ApplicationPath(Path):
    ref: Ref


class MaterialPath(Path):
    ref: Ref


class MaterialInPath(ApplicationPath):
    material: Ref


class Choice(Answer):
    id: str
    label: str


class AskShown(Answer):
    """Something that is stated beside a file."""

    name: str
    label: str
    kind: Literal["choice", "number", "text", "url", "day"]
    choices: list[Choice]
    required: bool


class MaterialShown(Answer):
    ref: str
    kind: str
    product_id: int | None
    file_name: str | None
    media_type: str
    size: int
    sha256: str
    declared: dict[str, Any]
    state: MaterialState
    handed_in_at: Moment
    judged_at: Moment | None
    findings: list[FindingShown]


class SlotShown(Answer):
    kind: str
    name: str
    clause: str
    level: Level = Field(description="从哪一级起须交")
    source: str
    sealed: bool = Field(description="须加盖电子印章（R42）")
    product_id: int | None
    state: Literal["missing", "handed_in", "passed", "failed", "unclear", "excused"]
    least: int
    most: int
    accepts: list[str] = Field(description="收哪些类型的文件")
    asks: list[AskShown] = Field(description="随文件填写的内容，放在 declared 里")
    handed_in: list[MaterialShown]
    findings: list[FindingShown]


class ProgressShown(Answer):
    sentence: str
    have: int
    need: int
    slots: list[SlotShown]


class HandingIn(Form):
    kind: str = Field(max_length=40, description="哪一项资料，见 progress 的 slots.kind")
    product_id: Id | None = Field(None, description="哪款产品，按产品提交的资料必填")
    declared: Json[dict[str, str | int]] = Field(
        default_factory=dict, description="随文件填写的内容，JSON 对象，见 asks"
    )
    file: File


class ReasonShown(Answer):
    words: str
    clause: str
    level: str


class ElementShown(Answer):
    element: str
    level: str
    clause: str
    met: list[ReasonShown]
    missing: list[ReasonShown]


class NextLevel(Answer):
    level: str
    missing: list[ReasonShown] = Field(description="要达到这一级还差什么")


class UpgradeResult(Answer):
    """What an upgrade review comes to for its certificate (8.5(3), R18)."""

    grade_before: str
    to: str = Field(description="升到的等级；与 grade_before 相同：证书等级不变")
    most: str = Field(description="按年度资信分值至多升到")
    year: int
    year_points: int
    next: NextLevel | None = Field(description="再高一级还差什么，包括较低等级未满足的")


class ResultShown(Answer):
    """The grade with its reasons (7.3)."""

    state: ApplicationState
    grade: str | None = Field(description="还没有结果时为 null")
    capped_by: str | None = Field(description="因印刷限制等级的条款（6.1(4)）")
    elements: list[ElementShown]
    next: NextLevel | None
    edition: str
    upgrade: UpgradeResult | None = Field(description="升级复核的结果；评价申报为 null")


@chapter.post("/firms/{uscc}/applications", "新建申报", status=201, clause="7.1(2)")
async def open_application(ports: Ports, asker: Asker, path: FirmPath, body: Opening, key: str) -> ApplicationShown:
    firm, _ = await firm_of_members(asker, path.uscc)
    made = await applications.open_application(
        ports,
        asker,
        firm.id,
        body.level,
        body.products,
        sells_online=body.sells_online,
        produces_since=body.produces_since,
        upgrade=body.upgrade,
    )
    await made.fetch_related("enterprise", "upgrades")
    return _application(made)


@chapter.get(
    "/firms/{uscc}/upgrade-review",
    "升级复核可以申请到哪一级",
    clause="8.5(3)",
    note="没有有效证书的为 404。申请用“新建申报”，upgrade 为 true。",
)
async def upgrade_offer(ports: Ports, asker: Asker, path: FirmPath) -> UpgradeOffer:
    firm, _ = await firm_of_members(asker, path.uscc)
    offer = await upgrades.offer_of(ports, firm.id)
    if offer is None:
        raise not_found()
    return UpgradeOffer(
        certificate=offer.certificate.number,
        grade=offer.certificate.grade,
        year=offer.year,
        year_points=offer.points,
        categories=list(offer.categories),
        levels=[
            UpgradeLevel(level=rung.level, open=rung.closed is None, reason=rung.closed and rung.closed.reason)
            for rung in offer.rungs
        ],
    )


@chapter.get("/firms/{uscc}/applications", "企业的全部申报，最新的在前")
async def applications_of_firm(asker: Asker, path: FirmPath) -> Applications:
    firm, _ = await firm_of_members(asker, path.uscc)
    return Applications(items=[_application(row) for row in await applications.applications_of(asker, firm.id)])


@chapter.get("/applications/{ref}", "申报")
async def application(asker: Asker, path: ApplicationPath) -> ApplicationShown:
    return _application(await applications.application_of(asker, path.ref))


@chapter.get("/applications/{ref}/progress", "资料清单与进度", clause="附录 A，7.1(2)")
async def application_progress(asker: Asker, path: ApplicationPath) -> ProgressShown:
    found = await applications.progress(await applications.application_of(asker, path.ref))
    return ProgressShown(
        sentence=found.sentence, have=found.have, need=found.need, slots=[_slot(slot) for slot in found.slots]
    )


@chapter.post(
    "/applications/{ref}/materials",
    "提交一份资料",
    status=201,
    rate=Rate.UPLOAD,
    clause="7.1(2)，7.2(3)",
    note="断线后带同一个 Idempotency-Key 重传，得到同一份资料。",
)
async def hand_in(ports: Ports, asker: Asker, path: ApplicationPath, body: HandingIn, key: str) -> MaterialShown:
    material = await applications.hand_in(
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
    return _material(await applications.material_of(asker, material.ref))


@chapter.delete("/applications/{ref}/materials/{material}", "撤下一份未提交的资料", clause="7.1(2)")
async def take_out(ports: Ports, asker: Asker, path: MaterialInPath) -> None:
    await applications.take_out(ports, asker, path.ref, path.material)


@chapter.post(
    "/applications/{ref}/submit",
    "提交申报",
    clause="7.1(2)，7.2(3)",
    note="请带 `If-Match`：断线后重发时资料若已退回补正，得到 412，不会原样再交一次（R5）。",
)
async def submit(ports: Ports, asker: Asker, path: ApplicationPath, unchanged: Unchanged) -> ApplicationShown:
    row = await applications.application_of(asker, path.ref)
    unchanged.since(_application(row))
    return _application(await applications.submit(ports, asker, path.ref, seen=row.round))


@chapter.post("/applications/{ref}/withdraw", "撤回未提交的申报", clause="7.1(2)")
async def withdraw(ports: Ports, asker: Asker, path: ApplicationPath, unchanged: Unchanged) -> ApplicationShown:
    unchanged.since(_application(await applications.application_of(asker, path.ref)))
    await applications.withdraw(ports, asker, path.ref)
    return _application(await applications.application_of(asker, path.ref))


@chapter.get("/applications/{ref}/result", "评价结果与理由", clause="7.3")
async def application_result(asker: Asker, path: ApplicationPath) -> ResultShown:
    return _result(await applications.application_of(asker, path.ref))


@chapter.get("/materials/{ref}", "一份资料及其核验结论")
async def material(asker: Asker, path: MaterialPath) -> MaterialShown:
    return _material(await applications.material_of(asker, path.ref))


@chapter.get("/materials/{ref}/file", "资料原件", media_types=(*PICTURES, PDF, OFD, XLSX, CSV))
async def material_file(ports: Ports, asker: Asker, path: MaterialPath) -> File:
    found = await applications.material_of(asker, path.ref)
    data, media_type = await applications.evidence_bytes(ports, asker, path.ref)
    return File(found.evidence.file_name or found.ref, media_type, data)


def _application(row: Application) -> ApplicationShown:
    return ApplicationShown(
        ref=row.ref,
        firm=FirmShown.model_validate(row.enterprise),
        level=row.level,
        sells_online=row.sells_online,
        produces_since=row.produces_since,
        state=ApplicationState(row.state),
        round=row.round,
        opened_at=row.opened_at,
        submitted_at=row.submitted_at,
        ended_at=row.ended_at,
        grade=row.grade,
        findings=findings_of(row.findings),
        next=NextStepShown.model_validate(applications.next_step(row)),
        upgrade=row.upgrades and UpgradeShown(certificate=row.upgrades.number, grade_before=row.grade_before),
    )


def _slot(slot: Slot) -> SlotShown:
    asked = slot.material
    return SlotShown(
        kind=asked.id,
        name=slot.name,
        clause=asked.clause,
        level=asked.level.value,
        source=asked.source,
        sealed=asked.sealed,
        product_id=slot.product.id if slot.product else None,
        state=slot.state,
        least=slot.least,
        most=slot.most,
        accepts=list(slot.accepts),
        asks=asks_shown(slot.asks),
        handed_in=[_material(row) for row in slot.handed_in],
        findings=findings_of(slot.findings),
    )


def asks_shown(asks: Iterable[Ask]) -> list[AskShown]:
    """What is stated beside a file, of an application or of a month."""
    return [
        AskShown(
            name=ask.name,
            label=ask.label,
            kind=ask.kind,
            choices=[Choice(id=word, label=words) for word, words in ask.choices],
            required=ask.required,
        )
        for ask in asks
    ]


def _material(row: Material) -> MaterialShown:
    return MaterialShown(
        ref=row.ref,
        kind=row.kind,
        product_id=row.product_id,
        file_name=row.evidence.file_name,
        media_type=row.evidence.media_type,
        size=row.evidence.size,
        sha256=row.evidence.sha256,
        declared=row.declared,
        state=MaterialState(row.state),
        handed_in_at=row.handed_in_at,
        judged_at=row.judged_at,
        findings=findings_of(row.findings),
    )


def _result(row: Application) -> ResultShown:
    result = row.result or {"elements": [], "capped_by": None, "next": None, "profile": row.edition}
    following = result["next"]
    return ResultShown(
        state=ApplicationState(row.state),
        grade=row.grade,
        capped_by=result["capped_by"],
        elements=[
            ElementShown(
                element=element["element"],
                level=element["level"],
                clause=element["clause"],
                met=_reasons(element["met"]),
                missing=_reasons(element["missing"]),
            )
            for element in result["elements"]
        ],
        next=following and NextLevel(level=following["level"], missing=_reasons(following["missing"])),
        edition=result["profile"],
        upgrade=_upgrade(result["upgrade"]) if "upgrade" in result else None,
    )


def _upgrade(found: dict[str, Any]) -> UpgradeResult:
    above = found["level"]
    return UpgradeResult(
        grade_before=found["from"],
        to=found["to"],
        most=found["most"],
        year=found["year"],
        year_points=found["points"],
        next=None if above is None else NextLevel(level=above, missing=_reasons(found["missing"])),
    )


def _reasons(plain: list[dict[str, Any]]) -> list[ReasonShown]:
    return [
        ReasonShown(
            words=sentence(Grade(reason["level"]), reason["fact"], reason["have"], reason["need"], reason["clause"]),
            clause=reason["clause"],
            level=reason["level"],
        )
        for reason in plain
    ]
