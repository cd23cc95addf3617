"""The operator's desk: what waits for a person, and deciding it with a reason."""

from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from models import DeskItem, DeskState
from web.forms import row_number
from web.page import PORTS, STATUS, show
from web.signing_in import Visitor, signed_form, signed_in
from workflow import decisions, desk
from workflow.problems import Kind, Refused

PER_PAGE = 50

LABELS = {
    "statement": "陈述", "reason": "依据", "publication": "公示", "uscc": "信用代码", "name": "企业名称",
    "registration": "注册申请", "applicant": "申请人", "owner": "现管理员", "state": "状态", "due_at": "期限",
}  # fmt: skip
"""Names of what an item's detail holds; others are left to its title."""


async def items(request: web.Request) -> web.StreamResponse:
    """What waits, the soonest deadline first; or what was decided."""
    who = await signed_in(request)
    state = DeskState.DECIDED if request.query.get("state") == "decided" else DeskState.OPEN
    after = row_number(request.query.get("after", "")) or 0
    found = await desk.desk(who.asker, state=state, limit=PER_PAGE + 1, after=after)
    shown = found[:PER_PAGE]
    more = urlencode({"state": state.value, "after": shown[-1].id}) if len(found) > PER_PAGE else ""
    return show(request, "desk.html", {"visitor": who, "items": shown, "state": state.value, "more": more})


async def item(request: web.Request) -> web.StreamResponse:
    """One item with its facts and the choices."""
    return await _item(request, await signed_in(request))


async def _item(
    request: web.Request, who: Visitor, values: dict[str, Any] | None = None, problem: Refused | None = None
) -> web.StreamResponse:
    found = await desk.desk_item(who.asker, request.match_info["ref"])
    choices = decisions.choices(found)
    names = {choice.id: choice.label for choice in choices}
    shown = {
        "visitor": who,
        "item": found,
        "detail": _detail(found),
        "choices": choices,
        "decision": names.get(found.decision or "", found.decision),
        "values": values or {},
        "problem": problem,
    }
    return show(request, "desk_item.html", shown, STATUS[problem.kind] if problem else 200)


def _detail(found: DeskItem) -> list[tuple[str, str]]:
    return [(LABELS[name], str(value)) for name, value in found.detail.items() if name in LABELS and value]


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
