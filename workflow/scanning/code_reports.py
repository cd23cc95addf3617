"""Somebody says that a code, or what carries it, looks wrong; the operator answers in five working days (8.4(3)).

Who reported it is known only where they wrote in chat. A firm hears of a report once the operator has looked at it and
decides so, and then what the operator says of it: the reporter's own words and photo stay with the operator (8.3).
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from tortoise.exceptions import IntegrityError

from inspection.identify import MediaType, identify
from models import CodeReport, CodeReportState, DeskItem, Evidence, EvidenceSource, Product
from models.transactions import transaction
from standard.calendar import shanghai_day, shipped_calendar
from standard.profile import edition_on
from standard.windows import complaint_deadline
from workflow.access import Asker, not_found
from workflow.context import Ports
from workflow.desk import put_on_desk
from workflow.idempotency import key_among_all
from workflow.intake.evidence import keep_file
from workflow.knowing.persons import current
from workflow.problems import Kind, Refused
from workflow.record import record_event
from workflow.scanning.resolution import resolve
from workflow.scanning.scan_wording import shown_code
from workflow.scanning.trace_links import trace_path
from workflow.telling.notices import tell_firm, tell_person

CODE_REPORT = "code_report"
"""Kind of the desk item."""
CLAUSE = "8.4(3)"
KINDS: Mapping[str, str] = {
    "looks_fake": "怀疑是假冒的产品或码",
    "mismatch": "查到的信息与实物不一致",
    "damaged": "码破损、模糊或扫不出来",
    "other": "其他问题",
}
"""What may be wrong, in the order in which it is offered."""
SHORTEST_STATEMENT, LONGEST_STATEMENT = 5, 500
KEPT_OF_CODE = 255
ANSWER, FORWARD = "answer", "forward"
"""Decisions: answered; answered, and the firm is told."""
CHOICES: Mapping[str, str] = {ANSWER: "答复反映人", FORWARD: "答复，并转告企业"}
_PICTURES = (MediaType.JPEG, MediaType.PNG, MediaType.WEBP, MediaType.HEIC)


@dataclass(frozen=True, slots=True)
class SentPhoto:
    """A photo beside a report, as it was sent."""

    name: str
    data: bytes


def report_path(report: CodeReport) -> str:
    """The page on which the answer can be read, for whoever was given its address."""
    return f"/reports/{report.ref}"


async def report_code(
    ports: Ports,
    text: str,
    kind: str,
    statement: str,
    key: str,
    *,
    photo: SentPhoto | None = None,
    person_id: int | None = None,
) -> CodeReport:
    """Keep a report of the code ``text``, for everybody; the same ``key`` again is the same report.

    :class:`Refused` where the kind is none of :data:`KINDS`, the statement is too short or too long, or the photo is
    no picture.
    """
    key = key_among_all(f"code:{person_id or 0}", key)
    if (known := await CodeReport.get_or_none(key=key)) is not None:
        return known
    _check(ports, kind, statement.strip(), photo)
    actor = f"person:{person_id}" if person_id is not None else "public"
    evidence = await _keep(ports, photo, actor) if photo is not None else None
    resolved = await resolve(ports, text)
    firm_id, product_id = resolved.recorded_for or (None, None)
    now = ports.clock.now()
    deadline = complaint_deadline(edition_on(shanghai_day(now)), shipped_calendar(), now)
    code = shown_code(resolved.code)
    try:
        async with transaction():
            report = await CodeReport.create(
                ref=secrets.token_urlsafe(9),
                key=key,
                code_key=resolved.key,
                code=(resolved.code.canonical or resolved.code.text)[:KEPT_OF_CODE],
                product_id=product_id,
                person_id=person_id,
                kind=kind,
                statement=statement.strip(),
                evidence_id=evidence.id if evidence is not None else None,
                state=CodeReportState.OPEN,
                filed_at=now,
                due_at=deadline.ends,
            )
            await record_event(
                ports,
                "code_report:file",
                CODE_REPORT,
                report.id,
                actor=actor,
                clause=CLAUSE,
                evidence_sha256=evidence.sha256 if evidence is not None else None,
                after={"kind": kind, "product": product_id, "due": deadline.ends.isoformat()},
            )
            await put_on_desk(
                ports,
                f"{CODE_REPORT}:{report.id}",
                CODE_REPORT,
                CODE_REPORT,
                report.id,
                clause=CLAUSE,
                title=f"问题反映：{KINDS[kind]}",
                detail={"code": code, "page": trace_path(resolved.code), "statement": report.statement},
                due_at=deadline.ends,
                enterprise_id=firm_id,
            )
    except IntegrityError:
        if (known := await CodeReport.get_or_none(key=key)) is not None:
            return known
        raise
    return report


async def report_by_ref(ref: str) -> CodeReport:
    """The report, for whoever was given its address; :class:`Refused` where there is none."""
    report = await CodeReport.get_or_none(ref=ref)
    if report is None:
        raise not_found()
    return report


async def report_on_desk(item: DeskItem) -> CodeReport:
    """The report that a desk item is about, with product and photo; whoever may see the item may see it."""
    report = await CodeReport.get_or_none(id=item.subject_id).prefetch_related("product__enterprise", "evidence")
    if report is None or item.kind != CODE_REPORT:
        raise not_found()
    return report


async def closed_choices(_ports: Ports, item: DeskItem) -> frozenset[str]:
    """There is no firm to tell where the code is nobody's."""
    return frozenset() if item.enterprise_id is not None else frozenset({FORWARD})


async def decide_report(ports: Ports, item: DeskItem, decision: str, reason: str, asker: Asker) -> None:
    """Inside the decision's transaction: ``reason`` answers the report; on :data:`FORWARD` the firm is told too.

    :class:`Refused` where the report was answered already, or no firm is known.
    """
    report = await CodeReport.filter(id=item.subject_id).select_for_update().get()
    if decision == FORWARD and item.enterprise_id is None:
        advice = "这个码不属于已登记的产品，没有企业可以转告：请选择“答复反映人”"
        raise Refused(Kind.CONFLICT, "no_firm", advice, clause=CLAUSE, field="decision")
    won = await CodeReport.filter(id=report.id, state=CodeReportState.OPEN).update(
        state=CodeReportState.ANSWERED, answer=reason, answered_at=ports.clock.now(), due_at=None
    )
    if not won:
        raise Refused(Kind.CONFLICT, "already_decided", "这件反映已经答复过了", clause=CLAUSE)
    await record_event(
        ports,
        "code_report:answer",
        CODE_REPORT,
        report.id,
        actor=asker.actor,
        clause=CLAUSE,
        before={"state": CodeReportState.OPEN},
        after={"state": CodeReportState.ANSWERED, "decision": decision, "answer": reason},
    )
    if report.person_id is not None:
        await tell_person(
            ports,
            (await current(report.person_id)).id,
            f"{CODE_REPORT}:{report.id}",
            clause=CLAUSE,
            title="您反映的问题已答复",
            body=f"{KINDS[report.kind]}：{reason}",
            path=report_path(report),
        )
    if decision == FORWARD:
        assert item.enterprise_id is not None
        await _tell_firm(ports, report, item, reason)


async def _tell_firm(ports: Ports, report: CodeReport, item: DeskItem, reason: str) -> None:
    """What came in, and what the operator says of it; nothing of who reported it."""
    product = await Product.get_or_none(id=report.product_id) if report.product_id is not None else None
    named = f"{product.name} {product.model}" if product is not None else "您企业的产品"
    await tell_firm(
        ports,
        item.enterprise_id or 0,
        f"{CODE_REPORT}:{report.id}:firm",
        clause=CLAUSE,
        title="收到一件问题反映",
        body=f"有人查询 {named} 的追溯码 {item.detail['code']} 后反映：{KINDS[report.kind]}。平台说明：{reason}",
        path=str(item.detail["page"]),
    )


async def _keep(ports: Ports, photo: SentPhoto, actor: str) -> Evidence:
    """The photo first: what was sent is stored before anything is made of it."""
    return await keep_file(
        ports,
        photo.data,
        EvidenceSource.UPLOAD,
        actor=actor,
        media_type=identify(photo.data).value,
        file_name=photo.name,
    )


def _check(ports: Ports, kind: str, statement: str, photo: SentPhoto | None) -> None:
    if kind not in KINDS:
        advice = f"请选择是什么问题：{'、'.join(KINDS.values())}"
        raise Refused(Kind.INVALID, "kind_unknown", advice, clause=CLAUSE, field="kind")
    if not SHORTEST_STATEMENT <= len(statement) <= LONGEST_STATEMENT:
        advice = f"请写清看到了什么，{SHORTEST_STATEMENT} 至 {LONGEST_STATEMENT} 字"
        raise Refused(Kind.INVALID, "statement_length", advice, clause=CLAUSE, field="statement")
    if photo is None:
        return
    if not 0 < len(photo.data) <= ports.max_bytes:
        advice = f"照片应不超过 {ports.max_bytes // 2**20} MB，且不为空"
        raise Refused(Kind.INVALID, "file_size", advice, clause=CLAUSE, field="photo")
    if identify(photo.data) not in _PICTURES:
        raise Refused(Kind.INVALID, "file_kind", "这不是照片：请换成 JPEG 或 PNG", clause=CLAUSE, field="photo")
