"""A firm's points on the web: its ledger, the adoptions behind it, putting one on record; a record's own page for both
sides, and for an operator who finds one to be false (8.2(1), 8.5)."""

from typing import Any

from aiohttp import web

from models import AdoptionState, AdoptionWay, Filer, PlatformRole, StaffRole
from standard.calendar import shanghai_day
from standard.profile import edition_on
from web.my import firm_here
from web.page import PORTS, new_key, show, uploaded_file
from web.procurement import compared
from web.signing_in import Visitor, signed_form, signed_in
from web.tender_papers import FIELDS, all_papers_of
from workflow.access import RANK, holds
from workflow.applying import upgrades
from workflow.certifying.credit_ledger import ledger_of, points_in
from workflow.credit import adoption_judging, adoptions, feedback
from workflow.credit.adoptions import FILES, OPEN, ROLES, NewAdoption
from workflow.credit.credit_booking import credit_path
from workflow.problems import Kind, Refused

LATEST = 100
"""Records, and lines of the ledger, that the page shows."""


async def credit(request: web.Request) -> web.StreamResponse:
    """The points of the firm, what they give, its records, its ledger, and the form of the next record."""
    return await _credit(request, await signed_in(request), {}, None)


async def _credit(
    request: web.Request, who: Visitor, values: dict[str, Any], problem: Refused | None
) -> web.StreamResponse:
    firm, staff = await firm_here(request, who)
    today = shanghai_day(request.app[PORTS].clock.now())
    edition = edition_on(today)
    ledger = await ledger_of(firm.id)
    points = points_in(ledger, today)
    records = await adoptions.of_supplier(who.asker, firm.id)
    shown = {
        "visitor": who,
        "firm": firm,
        "points": points,
        "cap": edition.whole("credit.points_a_year"),
        "enough": edition.whole("credit.upgrade_points"),
        "barred": points.barred_through if points.barred_through and points.barred_through >= today else None,
        "entries": [(shanghai_day(one.at), one) for one in reversed(ledger[-LATEST:])],
        "records": records[:LATEST],
        "feedback": await feedback.published_of(who.asker, firm.id),
        "may_upgrade": await upgrades.may_ask(firm.id),
        "may_file": RANK[StaffRole(staff.role)] >= RANK[StaffRole.STAFF],
        "roles": list(ROLES.items()),
        "files": list(FILES.items()),
        "values": values,
        "problem": problem,
    }
    return show(request, "credit.html", shown, problem.kind.status if problem else 200)


async def file_own(request: web.Request) -> web.StreamResponse:
    """The firm puts on record that a customer adopted its result (8.2(1))."""
    who, form = await signed_form(request)
    firm, _ = await firm_here(request, who)
    values = {name: form.text(name) for name in FIELDS}
    new = NewAdoption(supplier_uscc=firm.uscc, way=AdoptionWay.UPLOADED, **values)
    try:
        made = await adoptions.file_with_papers(
            request.app[PORTS], Filer.SUPPLIER, new, form.text("key") or new_key(), all_papers_of(form), asker=who.asker
        )
    except Refused as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        return await _credit(request, who, values, refusal)
    raise web.HTTPSeeOther(adoptions.adoption_path(made))


# --- one record ------------------------------------------------------------------------------------------------------


async def adoption(request: web.Request) -> web.StreamResponse:
    """One record: where it stands, what was found, its papers for the side that filed it."""
    return await _adoption(request, await signed_in(request), None)


async def _adoption(request: web.Request, who: Visitor, problem: Refused | None, **values: str) -> web.StreamResponse:
    found = await adoptions.adoption_of(request.match_info["ref"], asker=who.asker)
    files_here = await adoptions.may_add(who.asker, found)
    operates = await holds(who.asker, PlatformRole.OPERATOR)
    shown = {
        "visitor": who,
        "adoption": found,
        "role": ROLES[found.tender_role],
        "complete_through": adoptions.complete_through(found),
        "titles": FILES,
        "files": await adoptions.files_for(who.asker, found),
        "may_add": files_here and found.state in OPEN,
        "kinds": list(FILES.items()),
        "may_establish": operates and found.state == AdoptionState.VALID,
        "back": credit_path(found.supplier.uscc) if found.filed_by == Filer.SUPPLIER else "/my",
        "basket": compared(request.query.getall("f", [])),
        "values": values,
        "problem": problem,
    }
    return show(request, "adoption.html", shown, problem.kind.status if problem else 200)


async def add_file(request: web.Request) -> web.StreamResponse:
    """One more paper of a record."""
    who, form = await signed_form(request)
    found = await adoptions.adoption_to_add_to(who.asker, request.match_info["ref"])
    try:
        sent = form.file("file")
        if sent is None:
            raise Refused(Kind.INVALID, "file_missing", "没有收到文件：请先选择文件", clause="8.5(1)", field="file")
        await adoptions.add_file(request.app[PORTS], found, form.text("kind"), sent.name, sent.data)
    except Refused as refusal:
        return await _adoption(request, who, refusal, kind=form.text("kind"))
    raise web.HTTPSeeOther(adoptions.adoption_path(found))


async def file_bytes(request: web.Request) -> web.StreamResponse:
    """A paper as it was handed in."""
    who = await signed_in(request)
    ref, file = request.match_info["ref"], request.match_info["file"]
    data, media_type, _ = await adoptions.file_bytes(request.app[PORTS], who.asker, ref, file)
    return uploaded_file(data, media_type, file)


async def establish_false(request: web.Request) -> web.StreamResponse:
    """An operator has found the record to be false (8.5(4))."""
    who, form = await signed_form(request)
    ref, how = request.match_info["ref"], form.text("established")
    try:
        await adoption_judging.establish_false(request.app[PORTS], who.asker, ref, how)
    except Refused as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        return await _adoption(request, who, refusal, established=how)
    raise web.HTTPSeeOther(f"/my/adoptions/{ref}")
