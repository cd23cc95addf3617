"""The operator's desk: what waits for a person, with its evidence, and deciding it with a reason (R21, R35, 8.4)."""

from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from models import (
    Adoption,
    Certificate,
    Confirmation,
    DeskItem,
    DeskState,
    FilingFile,
    FilingFileKind,
    FilingFileState,
    FilingState,
    Material,
    MonthlyFiling,
    Objection,
    Registration,
    Rendering,
    Staff,
    StaffRole,
)
from standard.calendar import shanghai_day
from standard.profile import edition_on
from standard.validity import State
from web.forms import row_number
from web.page import PORTS, show, uploaded_file
from web.signing_in import Visitor, signed_form, signed_in
from web.wording import month as month_words
from workflow import decisions, desk
from workflow.access import not_found
from workflow.applying.slots import STANDING
from workflow.certifying.certificate_life import life_from_json
from workflow.certifying.certificate_numbers import certificate_path
from workflow.credit.adoptions import adoption_path
from workflow.firms.licences import address_name
from workflow.intake.evidence import kept_bytes
from workflow.monthly import months
from workflow.monthly.month_slots import TITLES
from workflow.ports import ObjectMissing
from workflow.problems import Kind, Refused
from workflow.scanning import code_reports

PER_PAGE = 200
WENT_WRONG = (FilingState.WARNED, FilingState.SUSPENDED, FilingState.MADE_UP, FilingState.MADE_UP_LATE)
"""Months that were not filed in time, or not as they should be."""

LABELS = {
    "statement": "陈述", "reason": "依据", "text": "内容", "ground": "撤销情形", "applicant": "申请人",
    "customer": "采购单位", "tender": "招标编号",
    "title": "申请人职务", "state": "所处状态", "number": "证书编号", "characters": "缺字", "advice": "怎样处理",
    "code": "追溯码",
}  # fmt: skip
"""Names of what an item's detail holds; the rest is for the program."""


async def items(request: web.Request) -> web.StreamResponse:
    """What waits, the soonest deadline first and so the overdue on top; or what was decided, the latest first."""
    who = await signed_in(request)
    state = DeskState.DECIDED if request.query.get("state") == "decided" else DeskState.OPEN
    after = row_number(request.query.get("after", "")) or 0
    found = await desk.desk(who.asker, state=state, limit=PER_PAGE + 1, after=after)
    shown = found[:PER_PAGE]
    more = urlencode({"state": state.value, "after": shown[-1].id}) if len(found) > PER_PAGE else ""
    if state is DeskState.OPEN:
        shown = desk.soonest_first(shown)
    else:
        shown.sort(key=lambda one: -one.id)
    return show(request, "desk.html", {"visitor": who, "items": shown, "state": state.value, "more": more})


async def item(request: web.Request) -> web.StreamResponse:
    """One item with its facts, its evidence and the choices."""
    return await _item(request, await signed_in(request))


async def _item(
    request: web.Request, who: Visitor, values: dict[str, Any] | None = None, problem: Refused | None = None
) -> web.StreamResponse:
    found = await desk.desk_item(who.asker, request.match_info["ref"])
    facts, evidence = await _rests_on(request, found)
    shown = {
        "visitor": who,
        "item": found,
        "detail": [*((LABELS[name], text) for name, text in found.detail.items() if name in LABELS and text), *facts],
        "evidence": evidence,
        "choices": await decisions.choices(request.app[PORTS], found),
        "decision": decisions.decided(found),
        "undated": decisions.undated(found),
        "values": values or {},
        "problem": problem,
    }
    return show(request, "desk_item.html", shown, problem.kind.status if problem else 200)


async def _rests_on(request: web.Request, found: DeskItem) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """More facts about the item's subject, and where its evidence is looked at."""
    match found.subject_kind:
        case "registration":
            row = await Registration.get(id=found.subject_id)
            owner = await Staff.get_or_none(enterprise__uscc=row.uscc, role=StaffRole.OWNER, left_at=None)
            facts = [
                ("申请的企业", row.name),
                ("信用代码", row.uscc),
                (address_name(row.organisation_role), row.address),
            ]
            facts += [("现管理员", f"{owner.name} {owner.title}".strip())] if owner else []
            return facts, [("营业执照扫描件", f"/desk/{found.ref}/licence")]
        case "application":
            return [], await _materials(request, found.subject_id)
        case "objection":
            word = await Objection.get(id=found.subject_id).prefetch_related("publication")
            public = [("公示内容", f"/publicity/{word.publication.ref}")]
            return [], public + await _materials(request, word.publication.application_id)
        case "adoption":
            adoption = await Adoption.get(id=found.subject_id)
            return [], [("采信记录与文件", adoption_path(adoption))]
        case "certificate":
            return await _certificate(await Certificate.get(id=found.subject_id), str(found.detail.get("ground", "")))
        case code_reports.CODE_REPORT:
            report = await code_reports.report_on_desk(found)
            product = report.product
            facts = [("产品", f"{product.name} {product.model}")] if product is not None else []
            photo = [("反映人的照片", f"/desk/{found.ref}/photo")] if report.evidence is not None else []
            return facts, [*photo, ("查询结果页", str(found.detail["page"]))]
        case "confirmation":
            given = await Confirmation.get(id=found.subject_id).prefetch_related("certificate")
            return [], [("证书页面", certificate_path(given.certificate.number))]
        case "rendering":
            rendering = await Rendering.get(id=found.subject_id).prefetch_related("certificate")
            return [], [("证书页面", certificate_path(rendering.certificate.number))]
    return [], []


async def _certificate(row: Certificate, ground: str) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """How a certificate stands, what came of each of its months, and what was handed in for those that went wrong;
    ``ground`` is that of the case."""
    state = State(row.state).words
    if ground and life_from_json(row.life).held_for == ground:
        state += "，至本件决定为止（9.2(2)，R8）"
    facts = [("等级", f"{row.grade} 级"), ("证书状态", state), ("有效期至", str(row.last_day))]
    filings = await MonthlyFiling.filter(certificate_id=row.id).order_by("month")
    facts += [(month_words(one.month), months.WORDS[FilingState(one.state)]) for one in filings]
    wrong = {one.id: month_words(one.month) for one in filings if one.state in WENT_WRONG}
    files = FilingFile.filter(filing_id__in=list(wrong)).exclude(state=FilingFileState.REMOVED).order_by("id")
    evidence = [
        (f"{wrong[one.filing_id]} · {TITLES[FilingFileKind(one.kind)]}", f"/my/filing-files/{one.ref}")
        for one in await files
    ]
    return facts, [("证书页面", certificate_path(row.number)), *evidence]


async def _materials(request: web.Request, application_id: int) -> list[tuple[str, str]]:
    edition = edition_on(shanghai_day(request.app[PORTS].clock.now()))
    standing = Material.filter(application_id=application_id, state__in=[str(state) for state in STANDING])
    return [
        (
            f"{edition.word(f'materials.{one.kind}')}{f' · {one.product.model}' if one.product else ''}",
            f"/my/materials/{one.ref}",
        )
        for one in await standing.order_by("id").prefetch_related("product")
    ]


async def licence(request: web.Request) -> web.StreamResponse:
    """The licence that a disputed registration came with."""
    who = await signed_in(request)
    found = await desk.desk_item(who.asker, request.match_info["ref"])
    if found.subject_kind != "registration":
        raise not_found()
    row = await Registration.get(id=found.subject_id).prefetch_related("licence")
    if row.licence is None:
        raise not_found()
    try:
        data = await request.app[PORTS].storage.get(row.licence.storage_key)
    except ObjectMissing:
        raise not_found() from None
    return uploaded_file(data, row.licence.media_type, row.ref)


async def photo(request: web.Request) -> web.StreamResponse:
    """The photo that came with a report of a code."""
    who = await signed_in(request)
    report = await code_reports.report_on_desk(await desk.desk_item(who.asker, request.match_info["ref"]))
    if report.evidence is None:
        raise not_found()
    data, media_type = await kept_bytes(request.app[PORTS], report.evidence)
    return uploaded_file(data, media_type, report.ref)


async def decide(request: web.Request) -> web.StreamResponse:
    """Decide it, with a reason."""
    who, form = await signed_form(request)
    ref = request.match_info["ref"]
    try:
        await decisions.decide(request.app[PORTS], who.asker, ref, form.text("decision"), form.text("reason"))
    except Refused as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        values = {name: form.text(name) for name in ("decision", "reason")}
        return await _item(request, who, values, refusal)
    raise web.HTTPSeeOther(f"/desk/{ref}")
