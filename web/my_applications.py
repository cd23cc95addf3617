"""A firm's application on the web, for an evaluation or an upgrade review: choosing a level, handing in, submitting,
supplementing, objecting (7.1–7.5, 8.5(3))."""

from collections.abc import Iterable, Mapping
from typing import Any

from aiohttp import web

from models import (
    TAKES_FILES,
    Application,
    ApplicationState,
    Certificate,
    Product,
    Publication,
    PublicationState,
    StaffRole,
)
from standard.calendar import shanghai_day
from standard.grades import LEVELS
from standard.handing_in import handing
from standard.materials import required
from standard.profile import Edition, edition_on
from web.forms import Form, row_number, stated
from web.my import firm_here
from web.page import PORTS, new_key, show, uploaded_file
from web.signing_in import Visitor, signed_form, signed_in
from web.wording import ENDED, element_title, reason
from workflow.access import RANK, member_of, not_found
from workflow.applying import applications, publicity, upgrades
from workflow.applying.application_wording import named
from workflow.applying.applications import Slot
from workflow.applying.publicity import SupportingFile
from workflow.applying.upgrades import Offer
from workflow.firms import products
from workflow.intake.uploads import PICTURES
from workflow.problems import Kind, Refused

STILL_MOVING = (
    ApplicationState.VERIFYING, ApplicationState.GRADING, ApplicationState.CONFIRMED,
)  # fmt: skip
"""States that end within minutes without anybody: the page looks again by itself."""
FILES = 3
"""Supporting files that the objection's form offers."""


# --- opening one -----------------------------------------------------------------------------------------------------


async def apply_form(request: web.Request) -> web.StreamResponse:
    """What each level asks, and the firm's products to choose from; of a firm with a certificate, what an upgrade
    review may raise it to."""
    return await _apply_form(request, await signed_in(request), {}, None)


async def _apply_form(
    request: web.Request, who: Visitor, values: dict[str, Any], problem: Refused | None
) -> web.StreamResponse:
    firm, _ = await firm_here(request, who, StaffRole.STAFF)
    found = await products.products_of_firm(who.asker, firm.id)
    if not found:
        raise web.HTTPSeeOther(f"/my/firms/{firm.uscc}/products")
    edition = edition_on(shanghai_day(request.app[PORTS].clock.now()))
    offer = await upgrades.offer_of(request.app[PORTS], firm.id)
    shown = {
        "visitor": who,
        "firm": firm,
        "products": found,
        "levels": _levels(edition),
        "values": values,
        "problem": problem,
    }
    status = problem.kind.status if problem else 200
    if offer is None:
        return show(request, "apply.html", shown, status)
    return show(request, "upgrade.html", {**shown, **_upgrading(offer, found)}, status)


def _upgrading(offer: Offer, found: list[Product]) -> dict[str, Any]:
    """What the page of an upgrade review shows beside: the certificate, and each level with why it is closed; of the
    products those of the certificate's categories, which are lacking where none is left."""
    covered = [one for one in found if one.category in offer.categories]
    lacking = [category for category in offer.categories if category not in {one.category for one in covered}]
    return {"offer": offer, "products": covered, "lacking": lacking}


def _levels(edition: Edition) -> list[dict[str, Any]]:
    """Each level with how many materials it asks, and the names of those that it adds to the one below."""
    # Who has a certificate on which months are due has them on record here (R1, R43).
    asked = required(LEVELS[-1], "licence", edition, first=True, sells_online=True)
    return [
        {
            "id": level.value,
            "count": sum(material.level.rank <= level.rank for material in asked),
            "added": [material.name for material in asked if material.level is level],
        }
        for level in LEVELS
    ]


async def open_application(request: web.Request) -> web.StreamResponse:
    """Open an application and go on to its materials."""
    who, form = await signed_form(request)
    firm, _ = await firm_here(request, who)
    chosen = [number for value in form.all("product") if (number := row_number(value)) is not None]
    try:
        if form.text("sells_online") not in {"yes", "no"}:
            advice = "请选择是否在网上销售：它决定要交哪些资料"
            raise Refused(Kind.INVALID, "sells_online_missing", advice, rows=("R37",), field="sells_online")
        made = await applications.open_application(
            request.app[PORTS],
            who.asker,
            firm.id,
            form.text("level"),
            chosen,
            sells_online=form.text("sells_online") == "yes",
            produces_since=form.text("produces_since") or None,
            upgrade=form.text("upgrade") == "yes",
        )
    except Refused as refusal:
        if refusal.code == "application_open" and (current := await applications.current_application(firm.id)):
            # Sent twice: the first one is what was wanted.
            raise web.HTTPSeeOther(applications.page(current)) from None
        values = {name: form.text(name) for name in ("level", "sells_online", "produces_since", "key")}
        return await _apply_form(request, who, {**values, "product": chosen}, refusal)
    raise web.HTTPSeeOther(applications.page(made))


# --- looking at one --------------------------------------------------------------------------------------------------

DONE: Mapping[str, tuple[str, tuple[ApplicationState, ...]]] = {
    "handed-in": ("已收到，正在核对", TAKES_FILES),
    "taken-out": ("已取回", TAKES_FILES),
    "submitted": ("已提交，平台开始核验", (ApplicationState.VERIFYING,)),
    "objected": ("异议已提交，平台开始复核", (ApplicationState.OBJECTED,)),
}
"""What was just done, and the states in which it is still news: the page looks again by itself under one address."""


async def application(request: web.Request) -> web.StreamResponse:
    """One application: how far it is, what is next, each material with its form."""
    return await _application(request, await signed_in(request))


async def _application(
    request: web.Request,
    who: Visitor,
    problem: Refused | None = None,
    here: str = "",
    values: dict[str, Any] | None = None,
) -> web.StreamResponse:
    case = await applications.application_of(who.asker, request.match_info["ref"])
    staff = await member_of(who.asker, case.enterprise_id)
    progress = await applications.progress(case)
    publication = await _publication(case)
    able = RANK[StaffRole(staff.role)] >= RANK[StaffRole.STAFF]
    at_hand = case.state in TAKES_FILES
    judging = any(slot.state == "handed_in" for slot in progress.slots)
    shown = {
        "visitor": who,
        "application": case,
        "firm": case.enterprise,
        "progress": progress,
        "step": applications.next_step(case),
        "groups": _groups(case, progress.slots),
        "lacking": [slot for slot in progress.slots if slot.state == "missing"],
        "result": _result(case),
        "publication": publication,
        "objections": await publicity.objections_of(who.asker, publication) if publication else [],
        "named": named(case),
        "certificate": case.upgrades or await Certificate.get_or_none(application_id=case.id),
        "may_upgrade": able and case.state in ENDED and await upgrades.may_ask(case.enterprise_id),
        "may_change": able,
        "may_hand_in": able and at_hand,
        "may_withdraw": able,
        # Not while a form may be open under the reader's hands.
        "waiting": case.state in STILL_MOVING or (judging and not at_hand),
        "done": _done(request, case),
        "problem": problem,
        "here": here or request.query.get("at", ""),
        "values": values or {},
    }
    return show(request, "application.html", shown, problem.kind.status if problem else 200)


def _done(request: web.Request, case: Application) -> str:
    words, states = DONE.get(request.query.get("done", ""), ("", ()))
    return words if case.state in states else ""


async def _publication(case: Application) -> Publication | None:
    return await Publication.filter(application_id=case.id).order_by("-id").prefetch_related("application").first()


def _groups(case: Application, slots: Iterable[Slot]) -> list[tuple[str, list[Slot], bool]]:
    """Slots under headings, what the firm must do first on top; whether the first one is open."""
    wanted = (
        ("需要更换", ("failed", "unclear"), case.state == ApplicationState.SUPPLEMENT),
        ("还没有交", ("missing",) if case.state in TAKES_FILES else (), case.state == ApplicationState.DRAFT),
        ("正在核对", ("handed_in",), False),
        ("已通过", ("passed",), False),
        ("不需要的资料", ("excused",), False),
    )
    found = list(slots)
    return [(title, [slot for slot in found if slot.state in states], opened) for title, states, opened in wanted]


def _result(case: Application) -> dict[str, Any] | None:
    """The graded result in words: each element with the level it reaches, and what the next grade needs; of an upgrade
    review the one above what its certificate is raised to, or has."""
    if case.result is None:
        return None
    elements = [
        {
            "title": element_title(one["element"]),
            "level": one["level"],
            "missing": [reason(missing) for missing in one["missing"]],
        }
        for one in case.result["elements"]
    ]
    upgrade = case.result.get("upgrade")
    ahead = case.result["next"] if upgrade is None else upgrade["level"] and upgrade
    onward = {"level": ahead["level"], "missing": [reason(one) for one in ahead["missing"]]} if ahead else None
    return {"grade": case.result["grade"], "elements": elements, "next": onward, "upgrade": upgrade}


# --- its materials ---------------------------------------------------------------------------------------------------


async def hand_in(request: web.Request) -> web.StreamResponse:
    """Take one file for one material; the form's key makes it one, however often it is sent."""
    who, form = await signed_form(request)
    kind, product_id = form.text("kind"), form.number("product")
    anchor = f"{kind}-{product_id}" if product_id else kind
    declared = form.declared()
    try:
        sent = form.file("file")
        if sent is None:
            raise Refused(Kind.INVALID, "file_missing", "没有收到文件：请先选择文件", field="file")
        await applications.hand_in(
            request.app[PORTS],
            who.asker,
            request.match_info["ref"],
            form.text("key") or new_key(),
            kind,
            sent.data,
            sent.name,
            product_id=product_id,
            declared=declared,
        )
    except Refused as refusal:
        values = {f"declared.{name}": value for name, value in declared.items()}
        # A key that was used for another file would be refused for good.
        return await _application(request, who, refusal, anchor, values)
    raise web.HTTPSeeOther(f"/my/applications/{request.match_info['ref']}?done=handed-in&at={anchor}")


async def take_out(request: web.Request) -> web.StreamResponse:
    """Take a material out that was not submitted yet."""
    who, form = await signed_form(request)
    return await _then(
        request,
        who,
        "taken-out",
        applications.take_out(request.app[PORTS], who.asker, request.match_info["ref"], form.text("material")),
    )


async def submit(request: web.Request) -> web.StreamResponse:
    """Submit, or submit again what was supplemented."""
    who, form = await signed_form(request)
    ref, seen = request.match_info["ref"], form.number("round")
    return await _then(request, who, "submitted", applications.submit(request.app[PORTS], who.asker, ref, seen=seen))


async def withdraw(request: web.Request) -> web.StreamResponse:
    """Take a draft back."""
    who, _ = await signed_form(request)
    return await _then(
        request, who, "", applications.withdraw(request.app[PORTS], who.asker, request.match_info["ref"])
    )


async def _then(request: web.Request, who: Visitor, done: str, deed: Any) -> web.StreamResponse:
    """Do it and show the application, saying that it is ``done``, or why not."""
    try:
        await deed
    except Refused as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        return await _application(request, who, refusal)
    raise web.HTTPSeeOther(f"/my/applications/{request.match_info['ref']}{f'?done={done}' if done else ''}")


async def material(request: web.Request) -> web.StreamResponse:
    """One material: what was found, and the file to look at."""
    who = await signed_in(request)
    found = await applications.material_of(who.asker, request.match_info["ref"])
    edition = edition_on(shanghai_day(request.app[PORTS].clock.now()))
    shown = {
        "visitor": who,
        "material": found,
        "application": found.application,
        "product": found.product,
        "name": edition.word(f"materials.{found.kind}"),
        "declared": stated(found.declared, handing(found.kind, edition).asks),
        "is_picture": found.evidence.media_type in PICTURES,
        "report_link": request.app[PORTS].links.report(found.inspection.ref) if found.inspection else None,
    }
    return show(request, "material.html", shown)


async def material_file(request: web.Request) -> web.StreamResponse:
    """A material's bytes, for members of the firm and operators."""
    who = await signed_in(request)
    data, media_type = await applications.evidence_bytes(request.app[PORTS], who.asker, request.match_info["ref"])
    return uploaded_file(data, media_type, request.match_info["ref"])


# --- objecting -------------------------------------------------------------------------------------------------------


async def objection_form(request: web.Request) -> web.StreamResponse:
    """The form of an objection against the published result."""
    return await _objection_form(request, await signed_in(request), {}, None)


async def _objection_form(
    request: web.Request, who: Visitor, values: dict[str, Any], problem: Refused | None
) -> web.StreamResponse:
    case, publication = await _published(request, who)
    progress = await applications.progress(case)
    slots = [
        (f"{slot.material.id}|{slot.product.id if slot.product else ''}", slot.name)
        for slot in progress.slots
        if slot.handed_in
    ]
    shown = {
        "visitor": who,
        "firm": case.enterprise,
        "application": case,
        "publication": publication,
        "slots": slots,
        "values": values,
        "problem": problem,
    }
    return show(request, "objection.html", shown, problem.kind.status if problem else 200)


async def _published(request: web.Request, who: Visitor) -> tuple[Application, Publication]:
    case = await applications.application_of(who.asker, request.match_info["ref"], StaffRole.STAFF)
    publication = await _publication(case)
    if publication is None or publication.state not in {PublicationState.RUNNING, PublicationState.STOPPED}:
        raise not_found()
    return case, publication


async def object_to(request: web.Request) -> web.StreamResponse:
    """Object to the published result with what supports it."""
    who, form = await signed_form(request)
    case, publication = await _published(request, who)
    try:
        await publicity.object_to(
            request.app[PORTS],
            who.asker,
            publication.ref,
            form.text("key") or new_key(),
            form.text("statement"),
            _supporting(form),
        )
    except Refused as refusal:
        names = ("statement", "key", *(f"kind{n}" for n in range(1, FILES + 1)))
        return await _objection_form(request, who, {name: form.text(name) for name in names}, refusal)
    raise web.HTTPSeeOther(f"{applications.page(case)}?done=objected")


def _supporting(form: Form) -> list[SupportingFile]:
    found = []
    for n in range(1, FILES + 1):
        if (sent := form.file(f"file{n}")) is None:
            continue
        kind, _, product = form.text(f"kind{n}").partition("|")
        found.append(SupportingFile(sent.data, sent.name, kind, row_number(product)))
    return found
