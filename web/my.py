"""A person's own pages: their firms, registering one, its people, what they were told (7.1(1))."""

from typing import Any

import segno
from aiohttp import web

from models import Enterprise, PlatformRole, RegistrationState, Staff, StaffRole
from standard.calendar import shanghai_day
from standard.validity import LIVE
from web.forms import Form, row_number
from web.owed import owed_by
from web.page import PORTS, new_key, show
from web.signing_in import Visitor, signed_form, signed_in
from web.wording import ENDED
from workflow.access import RANK, firm_of_members, holds
from workflow.applying import applications, upgrades
from workflow.applying.application_wording import named
from workflow.certifying import certificate_register
from workflow.certifying.credit_ledger import points_of
from workflow.firms import members, products, registration
from workflow.problems import Kind, Refused
from workflow.telling import inbox

LATEST = 3
"""Notices that the first page shows."""
PER_PAGE = 30


async def firm_here(
    request: web.Request, who: Visitor, least: StaffRole = StaffRole.VIEWER
) -> tuple[Enterprise, Staff]:
    """The firm that the address names, and the visitor's membership of it."""
    return await firm_of_members(who.asker, request.match_info["uscc"], least)


async def home(request: web.Request) -> web.StreamResponse:
    """The visitor's firms, each with its case and the next step; registrations under way; the latest notices."""
    return await _home(request, await signed_in(request))


async def _home(
    request: web.Request, who: Visitor, form: Form | None = None, problem: Refused | None = None
) -> web.StreamResponse:
    firms = []
    today = shanghai_day(request.app[PORTS].clock.now())
    for staff in await members.firms_of(who.asker):
        application = await applications.current_application(staff.enterprise_id)
        step = applications.next_step(application) if application else None
        owed = await owed_by(staff.enterprise_id, today)
        over = application is not None and application.state in ENDED
        firms.append(
            {
                "staff": staff,
                "application": application,
                "named": named(application) if application else "",
                "step": step,
                "owed": owed,
                "may_upgrade": over and await upgrades.may_ask(staff.enterprise_id),
            }
        )
    under_way = [
        one for one in await registration.registrations_of(who.asker) if one.state != RegistrationState.VERIFIED
    ]
    shown = {
        "visitor": who,
        "firms": firms,
        "registrations": under_way,
        "notices": await inbox.entries(who.asker, limit=LATEST),
        "unread": await inbox.unread(who.asker),
        "operates": await holds(who.asker, PlatformRole.OPERATOR),
        "problem": problem,
        "values": {"code": form.text("code"), "name": form.text("name")} if form else {},
    }
    return show(request, "my.html", shown, problem.kind.status if problem else 200)


async def join(request: web.Request) -> web.StreamResponse:
    """Accept an invitation by its code."""
    who, form = await signed_form(request)
    try:
        staff = await members.accept(request.app[PORTS], who.asker, form.text("code"), form.text("name"))
    except Refused as refusal:
        return await _home(request, who, form, refusal)
    firm = await Enterprise.get(id=staff.enterprise_id)
    raise web.HTTPSeeOther(f"/my/firms/{firm.uscc}")


# --- registering a firm ----------------------------------------------------------------------------------------------

FORM = ("uscc", "name", "address", "legal_representative", "organisation_role", "applicant_name", "title")


async def registration_form(request: web.Request) -> web.StreamResponse:
    """The form of a real-name registration; one that had faults comes back as it was filled in."""
    who = await signed_in(request)
    values: dict[str, Any] = {"organisation_role": request.query.get("role", "maker")}
    if again := request.query.get("again"):
        earlier = await registration.registration(who.asker, again)
        values = {name: getattr(earlier, name) for name in FORM}
    return show(request, "firm_new.html", {"visitor": who, "values": values})


async def register(request: web.Request) -> web.StreamResponse:
    """Take the form and the licence's scan."""
    who, form = await signed_form(request)
    licence = form.file("licence")
    values = {name: form.text(name) for name in FORM}
    try:
        if licence is None:
            raise Refused(
                Kind.INVALID,
                "licence_missing",
                "没有收到营业执照：请选择扫描件或照片",
                clause="7.1(1)",
                field="licence",
            )
        made = await registration.register(
            request.app[PORTS],
            who.asker,
            form.text("key") or new_key(),
            registration.RegistrationForm(**values),
            licence.data,
            licence.name,
        )
    except Refused as refusal:
        shown = {"visitor": who, "values": {**values, "key": form.text("key")}, "problem": refusal}
        return show(request, "firm_new.html", shown, refusal.kind.status)
    raise web.HTTPSeeOther(f"/my/registrations/{made.ref}")


async def registration_page(request: web.Request) -> web.StreamResponse:
    """Where a registration stands and what its check found."""
    who = await signed_in(request)
    found = await registration.registration(who.asker, request.match_info["ref"])
    return show(request, "registration.html", {"visitor": who, "registration": found})


# --- a firm and its people -------------------------------------------------------------------------------------------


async def firm(request: web.Request) -> web.StreamResponse:
    """One firm: its case, products, certificates and people."""
    who = await signed_in(request)
    return await _firm(request, who)


async def _firm(request: web.Request, who: Visitor, **more: Any) -> web.StreamResponse:
    enterprise, staff = await firm_here(request, who)
    application = await applications.current_application(enterprise.id)
    today = shanghai_day(request.app[PORTS].clock.now())
    problem: Refused | None = more.get("problem")
    certificates = await certificate_register.certificates_of(enterprise.id)
    shown = {
        "visitor": who,
        "firm": enterprise,
        "staff": staff,
        "rank": RANK[StaffRole(staff.role)],
        "application": application,
        "step": applications.next_step(application) if application else None,
        "earlier": [one for one in await applications.applications_of(who.asker, enterprise.id) if one != application],
        "named": named(application) if application else "",
        "may_upgrade": await upgrades.may_ask(enterprise.id),
        "certificates": certificates,
        "opens": next(
            (shanghai_day(one.month_opens_at) for one in certificates if one.state in LIVE and one.month_opens_at), None
        ),
        "owed": await owed_by(enterprise.id, today),
        "points": (await points_of(enterprise.id, today)).balance,
        "products": await products.products_of_firm(who.asker, enterprise.id),
        "members": await members.members_of(who.asker, enterprise.id),
        "invitations": await members.invitations_of(who.asker, enterprise.id) if staff.role == StaffRole.OWNER else [],
        "invited": None,
        **more,
    }
    return show(request, "my_firm.html", shown, problem.kind.status if problem else 200)


async def invite(request: web.Request) -> web.StreamResponse:
    """Ask a colleague in: a code, shown this once, or a QR code for the service account."""
    who, form = await signed_form(request)
    enterprise, _ = await firm_here(request, who)
    ports = request.app[PORTS]
    try:
        role = _role(form)
        if form.text("how") == "qr":
            ticket = await members.invitation_qr(ports, who.asker, enterprise.id, role)
            picture = segno.make(ticket.url, error="m").svg_data_uri(scale=6, border=2)
            return await _firm(request, who, invited={"role": role, "picture": picture, "code": None})
        code, _ = await members.invite(ports, who.asker, enterprise.id, role)
    except Refused as refusal:
        return await _firm(request, who, problem=refusal)
    return await _firm(request, who, invited={"role": role, "picture": None, "code": code})


def _role(form: Form) -> StaffRole:
    try:
        return StaffRole(form.text("role"))
    except ValueError:
        raise Refused(Kind.INVALID, "role_unknown", "请选择邀请对方担任什么角色", field="role") from None


async def revoke_invitation(request: web.Request) -> web.StreamResponse:
    """Take an invitation back that nobody has used."""
    who, form = await signed_form(request)
    enterprise, _ = await firm_here(request, who)
    try:
        await members.revoke_invitation(request.app[PORTS], who.asker, form.number("invitation") or 0)
    except Refused as refusal:
        return await _firm(request, who, problem=refusal)
    raise web.HTTPSeeOther(f"/my/firms/{enterprise.uscc}#members")


async def remove_member(request: web.Request) -> web.StreamResponse:
    """Take a colleague out of the firm."""
    who, form = await signed_form(request)
    enterprise, _ = await firm_here(request, who)
    try:
        await members.remove_member(request.app[PORTS], who.asker, enterprise.id, form.number("member") or 0)
    except Refused as refusal:
        return await _firm(request, who, problem=refusal)
    raise web.HTTPSeeOther(f"/my/firms/{enterprise.uscc}#members")


async def leave(request: web.Request) -> web.StreamResponse:
    """Leave the firm."""
    who, _ = await signed_form(request)
    enterprise, _ = await firm_here(request, who)
    try:
        await members.leave(request.app[PORTS], who.asker, enterprise.id)
    except Refused as refusal:
        return await _firm(request, who, problem=refusal)
    raise web.HTTPSeeOther("/my")


async def act_for(request: web.Request) -> web.StreamResponse:
    """Have the visitor's chat speak for this firm."""
    who, _ = await signed_form(request)
    enterprise, _ = await firm_here(request, who)
    await members.act_for(request.app[PORTS], who.asker, enterprise.id)
    raise web.HTTPSeeOther(f"/my/firms/{enterprise.uscc}")


# --- what the visitor was told ---------------------------------------------------------------------------------------


async def notices(request: web.Request) -> web.StreamResponse:
    """The inbox, the newest first; what is shown counts as read."""
    who = await signed_in(request)
    after = row_number(request.query.get("after", ""))
    found = await inbox.entries(who.asker, after=after, limit=PER_PAGE + 1)
    shown = found[:PER_PAGE]
    more = f"after={shown[-1].id}" if len(found) > PER_PAGE else ""
    page = show(request, "inbox.html", {"visitor": who, "notices": shown, "more": more})
    for entry in shown:
        if entry.read_at is None:
            await inbox.mark_read(request.app[PORTS], who.asker, entry.id)
    return page
