"""A customer's word on a firm, written on the web: the form, and where one's own words stand (8.2)."""

from typing import Any

from aiohttp import web

from web.page import PORTS, new_key, show
from web.signing_in import Visitor, signed_form, signed_in
from workflow.certifying import queries
from workflow.credit import feedback
from workflow.firms import members
from workflow.problems import Kind, Refused

FIELDS = ("mood", "statement", "as_firm")


async def form(request: web.Request) -> web.StreamResponse:
    """What may be said of the firm that the address names, and what this visitor said before."""
    return await _form(request, await signed_in(request), {}, None)


async def _form(
    request: web.Request, who: Visitor, values: dict[str, Any], problem: Refused | None
) -> web.StreamResponse:
    firm = await queries.firm_page(request.match_info["uscc"])
    mine = [staff.enterprise for staff in await members.firms_of(who.asker)]
    said = [one for one in await feedback.given_by(who.asker) if one.supplier.uscc == firm.uscc]
    shown = {
        "visitor": who,
        "firm": firm,
        "moods": [(mood.value, words) for mood, words in feedback.MOODS.items()],
        "firms": [(one.uscc, one.name + ("" if one.verified_at else "（未实名，不计入档案）")) for one in mine],
        "said": said,
        "sent": "sent" in request.query and problem is None,
        "values": values,
        "problem": problem,
    }
    return show(request, "feedback.html", shown, problem.kind.status if problem else 200)


async def give(request: web.Request) -> web.StreamResponse:
    """Take a word on the firm."""
    who, sent = await signed_form(request)
    uscc = request.match_info["uscc"]
    values = {name: sent.text(name) for name in FIELDS}
    try:
        await feedback.give_feedback(
            request.app[PORTS],
            who.asker,
            uscc,
            values["mood"],
            values["statement"],
            sent.text("key") or new_key(),
            as_firm=values["as_firm"],
        )
    except Refused as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        return await _form(request, who, values, refusal)
    raise web.HTTPSeeOther(f"/f/{uscc}/feedback?sent")
