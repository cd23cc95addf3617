"""Coming in and going out: one-time links from chat, web authorisation inside WeChat, the session's cookie (7.1(1)).

A session is a cookie that no script can read. Forms of signed-in pages carry a token made from it, which no other
site can know. A link is used up by its button, never by being looked at: chats fetch links to show a preview.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from aiohttp import web
from yarl import URL

from models import Door
from web.forms import Form, read_form
from web.limits import not_too_often
from web.page import PORTS, in_wechat, show
from workflow.access import Asker
from workflow.knowing import sessions
from workflow.problems import Kind, Refused

SESSION_DAYS = 30
"""How long a browser keeps the cookie; the session itself decides how long it is good."""
STATE_COOKIE = "zhuisu_state"
STATE_SECONDS = 600
HOME = "/my"


@dataclass(frozen=True, slots=True)
class Visitor:
    """A signed-in person on our pages."""

    asker: Asker
    token: str

    @property
    def form_token(self) -> str:
        """What their forms carry, so that only pages we gave them can act for them."""
        return urlsafe_b64encode(hmac.digest(self.token.encode(), b"zhuisu form", "sha256")[:18]).decode()


async def visitor(request: web.Request) -> Visitor | None:
    """Who looks at the page; None where nobody is signed in."""
    token = request.cookies.get(_cookie(request), "")
    asker = await sessions.asker_of(request.app[PORTS], token, Door.WEB) if token else None
    return Visitor(asker, token) if asker else None


async def signed_in(request: web.Request) -> Visitor:
    """Who looks at the page; whoever is not signed in is led to do so and back again."""
    found = await visitor(request)
    if found is None:
        raise web.HTTPSeeOther(f"/signin?{urlencode({'next': _way_back(request)})}")
    return found


async def signed_form(request: web.Request) -> tuple[Visitor, Form]:
    """A form that a signed-in person sent from a page of ours."""
    who = await signed_in(request)
    form = await read_form(request)
    _from_their_page(who, form)
    return who, form


def _from_their_page(who: Visitor, form: Form) -> None:
    if not hmac.compare_digest(who.form_token.encode(), form.text("form_token").encode()):
        raise Refused(Kind.FORBIDDEN, "form_expired", "页面已经过期：请刷新页面后重新提交")


async def link_page(request: web.Request) -> web.StreamResponse:
    """What a one-time link shows: a button, and what it would do. Looking at it uses nothing up."""
    token = request.match_info["token"]
    return show(
        request, "go.html", {"token": token, "visitor": await visitor(request), "joins": await sessions.joins(token)}
    )


async def follow_link(request: web.Request) -> web.StreamResponse:
    """Use a one-time link: a session, and on to where the link leads.

    Two accounts become one only where the person said so on our page: a link that a stranger passed on would give
    them everything of whoever takes it for a sign-in.
    """
    form = await read_form(request)
    await not_too_often(request, "link")
    here, token = await visitor(request), request.match_info["token"]
    if here and await sessions.joins(token):
        _from_their_page(here, form)
        if not form.text("own"):
            raise Refused(Kind.INVALID, "join_not_confirmed", "没有合并：请先确认链接是您本人领取的")
    signed, target = await sessions.sign_in_by_link(request.app[PORTS], token, signed_in=here.asker if here else None)
    raise _welcome(request, signed.token, target)


async def sign_in(request: web.Request) -> web.StreamResponse:
    """Inside WeChat the way to WeChat's authorisation; elsewhere how to get a link in chat."""
    ahead = _ours(request.query.get("next", HOME))
    if await visitor(request):
        raise web.HTTPSeeOther(ahead)
    if not in_wechat(request):
        return show(request, "signin.html", {"ahead": ahead})
    started = sessions.new_state()
    address = sessions.web_authorisation_url(request.app[PORTS], "/signin/return", started.state)
    # Letter by letter as it is: WeChat compares it as text.
    onward = web.HTTPSeeOther(URL(address, encoded=True))
    remembered = f"{started.cookie}.{urlsafe_b64encode(ahead.encode()).decode()}"
    _set_cookie(request, onward, STATE_COOKIE, remembered, STATE_SECONDS)
    raise onward


async def sign_in_return(request: web.Request) -> web.StreamResponse:
    """Back from WeChat's authorisation, in the browser that went there."""
    cookie, ahead = _remembered(request)
    if not sessions.state_agrees(request.query.get("state", ""), cookie):
        raise Refused(Kind.GONE, "sign_in_expired", "登录页面已经过期：请回到“我的企业”重新登录")
    await not_too_often(request, "link")
    signed = await sessions.sign_in_web(request.app[PORTS], request.query.get("code", ""))
    onward = _welcome(request, signed.token, ahead)
    onward.del_cookie(STATE_COOKIE, path="/")
    raise onward


async def sign_out(request: web.Request) -> web.StreamResponse:
    """End this session, or all of the person's."""
    who, form = await signed_form(request)
    await sessions.sign_out(request.app[PORTS], who.asker, everywhere=bool(form.text("everywhere")))
    onward = web.HTTPSeeOther("/")
    onward.del_cookie(_cookie(request), path="/")
    raise onward


def _welcome(request: web.Request, token: str, target: str) -> web.HTTPSeeOther:
    onward = web.HTTPSeeOther(_ours(target))
    _set_cookie(request, onward, _cookie(request), token, SESSION_DAYS * 86_400)
    return onward


def _secure(request: web.Request) -> bool:
    return request.app[PORTS].links.base.startswith("https://")


def _cookie(request: web.Request) -> str:
    """Browsers let nobody but this very host set a cookie of the first name."""
    return "__Host-zhuisu" if _secure(request) else "zhuisu"


def _set_cookie(request: web.Request, response: web.StreamResponse, name: str, value: str, seconds: int) -> None:
    response.set_cookie(name, value, max_age=seconds, path="/", httponly=True, samesite="Lax", secure=_secure(request))


def _remembered(request: web.Request) -> tuple[str, str]:
    """What :func:`sign_in` gave this browser, and the way ahead."""
    cookie, _, ahead = request.cookies.get(STATE_COOKIE, "").partition(".")
    try:
        return cookie, _ours(urlsafe_b64decode(ahead.encode("ascii", "replace")).decode())
    except ValueError:
        return cookie, HOME


def _ours(target: str) -> str:
    """A path of ours; anything that might lead elsewhere becomes :data:`HOME`."""
    ours = target.startswith("/") and not target.startswith("//") and "\\" not in target and target.isprintable()
    return target if ours else HOME


def _way_back(request: web.Request) -> str:
    """Where to go on after signing in: this page, or the one whose form was sent."""
    if request.method in {"GET", "HEAD"}:
        return request.path_qs
    try:
        return urlsplit(request.headers.get("Referer", "")).path or HOME
    except ValueError:
        return HOME
