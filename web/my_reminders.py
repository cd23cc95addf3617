"""When a person is reminded of the months, and the calendar that their phone subscribes to (8.1)."""

from typing import Any

from aiohttp import web

from web.forms import Form
from web.limits import not_too_often
from web.page import PORTS, in_wechat, js_sdk_here, show, show_in_wechat, unchanged
from web.signing_in import Visitor, signed_form, signed_in
from workflow.monthly import calendar_feed
from workflow.problems import Kind, Refused
from workflow.telling import consents, reminder_choices
from workflow.telling.reminder_calendar import FIRST_HOUR, LAST_HOUR


async def reminders(request: web.Request) -> web.StreamResponse:
    """What the visitor chose, to be changed."""
    return await _reminders(request, await signed_in(request), done="已保存" if "saved" in request.query else "")


async def _reminders(request: web.Request, who: Visitor, **more: Any) -> web.StreamResponse:
    problem: Refused | None = more.get("problem")
    shown = {
        "visitor": who,
        "choice": await reminder_choices.choice_of(who.asker),
        "hours": range(FIRST_HOUR, LAST_HOUR + 1),
        "occasions": reminder_choices.OCCASION_NAMES,
        "link": None,
        "done": "",
        **more,
    }
    status = problem.kind.status if problem else 200
    if in_wechat(request) and (ask := await _asking(request, who)):
        return show_in_wechat(request, "reminders.html", {**shown, "ask": ask}, status, tags=True)
    return show(request, "reminders.html", shown, status)


async def _asking(request: web.Request, who: Visitor) -> dict[str, Any] | None:
    """With what WeChat is made to ask the visitor's leave; None where none is wanting, or cannot be asked now."""
    templates = await consents.askable(request.app[PORTS], who.asker.person_id)
    config = await js_sdk_here(request) if templates else None
    return {"template": ",".join(templates), "config": config} if config else None


async def choose(request: web.Request) -> web.StreamResponse:
    """Keep what the visitor chose."""
    who, form = await signed_form(request)
    try:
        await reminder_choices.choose(request.app[PORTS], who.asker, **_chosen(form))
    except Refused as refusal:
        return await _reminders(request, who, problem=refusal)
    raise web.HTTPSeeOther("/my/reminders?saved")


def _chosen(form: Form) -> dict[str, Any]:
    if (on := form.text("on")) not in {"yes", "no"}:
        raise Refused(Kind.INVALID, "reminders_missing", "请选择是否提醒", field="on")
    if on == "no":
        # The days stay as they were, for when they are wanted again.
        return {"on": False}
    if not (occasions := form.all("occasion")):
        raise Refused(Kind.INVALID, "occasion_none", "请至少选一个提醒的日子，或者选“不提醒”", field="occasion")
    return {"on": True, "hour": form.number("hour") or 0, "occasions": occasions}


async def calendar_link(request: web.Request) -> web.StreamResponse:
    """A new address of the visitor's calendar, shown this once."""
    who, _ = await signed_form(request)
    link = await reminder_choices.calendar_link(request.app[PORTS], who.asker)
    return await _reminders(request, who, link=link)


async def calendar(request: web.Request) -> web.StreamResponse:
    """The calendar behind an address: whoever has the address may read it, as phones ask without a session."""
    await not_too_often(request, "calendar")
    text = await calendar_feed.feed_of(request.app[PORTS], request.match_info["token"])
    response = web.Response(
        text=text,
        content_type=calendar_feed.CONTENT_TYPE,
        charset="utf-8",
        headers={"X-Content-Type-Options": "nosniff", "X-Robots-Tag": "noindex"},
    )
    return unchanged(request, response, "private, no-cache")
