"""Signing in: WeChat says who somebody is, from then on an opaque token of ours does.

Of a token only the hash is kept; a session slides with use, ends, and can be revoked. An openid opens nothing.
"""

import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from tortoise.expressions import Q

from config.clock import real_seconds
from models import Door, LinkPurpose, OneTimeLink, Session, WeChatIdentity
from models.transactions import transaction
from workflow.access import Asker
from workflow.context import Ports
from workflow.knowing.people import meet
from workflow.knowing.persons import current, learn_unionid, merge, person_of
from workflow.links import new_token, token_hash
from workflow.ports import ClaimedJob, Misconfigured, Unavailable, WeChatError, WeChatLogin
from workflow.problems import Kind, Refused
from workflow.record import record_event

TOKEN_BYTES = 32
SLIDES_EVERY = timedelta(hours=1)
"""A session in use is written this often, not at every request."""
ENDED_KEPT = timedelta(days=30)
"""How long after its end a session, or a one-time link, can still be told from one that never was."""
TOO_OFTEN = 45011

ADVICE: dict[int | None, tuple[Kind, str, str]] = {
    40029: (Kind.INVALID, "login_code_invalid", "登录凭证无效或已过期：请返回重新登录"),
    40163: (Kind.GONE, "login_code_used", "登录凭证已经用过：请返回重新登录"),
    40226: (
        Kind.FORBIDDEN,
        "login_blocked",
        "微信因安全原因暂时限制了这个账号登录：请在微信安全中心查看，或换一个账号",
    ),
    TOO_OFTEN: (Kind.TOO_MANY, "login_too_often", "登录太频繁：请等一分钟再试"),
}
"""WeChat's codes of a refused login, and what the person can do."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session just opened; ``token`` is shown this once and stands nowhere else."""

    token: str = field(repr=False)
    session: Session
    asker: Asker


@dataclass(frozen=True, slots=True)
class SignInState:
    """``state`` travels through WeChat, ``cookie`` stays in the browser that started: both must come back together."""

    state: str
    cookie: str = field(repr=False)


async def sign_in_miniapp(ports: Ports, code: str) -> SignedIn:
    """By a ``wx.login`` code of the mini-program."""
    if not ports.sign_in.mini_app_id:
        raise Refused(Kind.NOT_SUPPORTED, "miniapp_not_configured", "小程序尚未开通：请关注服务号，或在网页上办理")
    login = await _asked(ports.wechat.code_to_session, code)
    identity = await meet(
        ports, login.openid, app_id=ports.sign_in.mini_app_id, unionid=login.unionid, subscribed=False
    )
    return await _open(ports, identity, Door.MINIAPP)


async def sign_in_web(ports: Ports, code: str) -> SignedIn:
    """By a code of the service account's web authorisation (``snsapi_base``)."""
    login = await _asked(ports.wechat.web_identity, code)
    if login.virtual:
        # WeChat shows some pages to a stand-in until the person taps; what it did would belong to nobody.
        raise Refused(Kind.FORBIDDEN, "login_preview", "当前是微信的预览模式：请点页面底部的“使用完整服务”后再登录")
    identity = await meet(ports, login.openid, unionid=login.unionid, subscribed=False)
    await learn_unionid(ports, identity)
    return await _open(ports, identity, Door.WEB)


async def sign_in_by_link(ports: Ports, token: str, *, signed_in: Asker | None = None) -> tuple[SignedIn, str]:
    """By a one-time link out of the chat: the session, and the path of ours that the link leads to.

    A join link also says that ``signed_in``, who opens it, is the person it was given to: both become one.
    """
    async with transaction():
        link = await OneTimeLink.filter(token_hash=token_hash(token)).select_for_update().first()
        if link is None or link.used_at is not None or link.expires_at <= _now():
            raise Refused(Kind.GONE, "link_used_up", "链接已用过或已过期：请在公众号里回复“登录”领取新的链接")
        joins = link.purpose == LinkPurpose.JOIN
        if joins and signed_in is None:
            raise Refused(Kind.FORBIDDEN, "sign_in_first", "请先登录，再打开这个链接合并账号")
        await OneTimeLink.filter(id=link.id).update(used_at=_now())
        identity = await WeChatIdentity.get(id=link.identity_id)
        person = await person_of(ports, identity)
        if joins and signed_in is not None:
            here = await current(signed_in.person_id)
            keep, other = (person, here) if person.id < here.id else (here, person)
            await merge(ports, keep, other, actor=signed_in.actor)
            await _revoke(signed_in.session_id)
        opened = await _open(ports, await WeChatIdentity.get(id=identity.id), Door.WEB)
    return opened, link.target


async def joins(token: str) -> bool:
    """Whether this one-time link would make two accounts one person: whoever opens it must be told so first."""
    link = await OneTimeLink.get_or_none(token_hash=token_hash(token))
    return link is not None and link.purpose == LinkPurpose.JOIN


async def asker_of(ports: Ports, token: str, door: Door | None = None) -> Asker | None:
    """Who holds this token, at ``door`` where one is named; None where it is unknown, has ended or was revoked."""
    session = await Session.get_or_none(token_hash=token_hash(token)).prefetch_related("person")
    now = _now()
    if session is None or session.revoked_at is not None or session.expires_at <= now:
        return None
    if door is not None and session.door != door:
        return None
    if now - session.seen_at >= SLIDES_EVERY:
        await Session.filter(id=session.id, revoked_at=None).update(
            seen_at=now, expires_at=now + ports.sign_in.session_life
        )
    # Merging moves sessions along; one that was being opened meanwhile still finds its person.
    person = session.person if session.person.merged_into_id is None else await current(session.person_id)
    return Asker(person.id, session.identity_id, session.id)


async def sign_out(ports: Ports, asker: Asker, *, everywhere: bool = False) -> None:
    """End this session, or all of the person's."""
    async with transaction():
        if everywhere:
            await Session.filter(person_id=asker.person_id, revoked_at=None).update(revoked_at=_now())
        else:
            await _revoke(asker.session_id)
        action = "session:close_all" if everywhere else "session:close"
        await record_event(ports, action, "person", asker.person_id, actor=asker.actor)


async def sign_in_link(ports: Ports, identity: WeChatIdentity, target: str = "/my") -> str:
    """A URL that opens a web session for this person, once."""
    return await _link(ports, identity, LinkPurpose.SIGN_IN, target)


async def join_link(ports: Ports, identity: WeChatIdentity) -> str:
    """A URL that joins whoever opens it, signed in elsewhere, to this person, once."""
    return await _link(ports, identity, LinkPurpose.JOIN, "/my")


def new_state() -> SignInState:
    """For one web sign-in: the state that WeChat gives back, and the cookie that it must agree with."""
    cookie = secrets.token_urlsafe(TOKEN_BYTES)
    return SignInState(_state_of(cookie), cookie)


def state_agrees(state: str, cookie: str) -> bool:
    """Whether the sign-in that comes back was started in this browser: else somebody slips in their own code."""
    return bool(cookie) and hmac.compare_digest(_state_of(cookie).encode(), state.encode())


def web_authorisation_url(ports: Ports, return_path: str, state: str) -> str:
    """Where a browser in WeChat is sent; it comes back to our ``return_path`` with ``code`` and ``state``."""
    query = urlencode(
        {
            "appid": ports.app_id,
            "redirect_uri": ports.links.page(return_path),
            "response_type": "code",
            "scope": "snsapi_base",
            "state": state,
        }
    )  # in this order: WeChat compares the address as text
    return f"{ports.sign_in.authorise_url}?{query}#wechat_redirect"


async def js_sdk_config(ports: Ports, url: str) -> dict[str, Any]:
    """What ``wx.config`` needs on the page at ``url``, one of ours: ``appId, timestamp, nonceStr, signature``."""
    url = url.partition("#")[0]
    if not (url == ports.links.base or url.startswith(f"{ports.links.base}/")):
        raise Refused(Kind.INVALID, "foreign_page", "只为本站页面签名", field="url")
    try:
        ticket = await ports.wechat.jsapi_ticket()
    except WeChatError as problem:
        raise _unavailable(problem) from problem
    nonce, timestamp = secrets.token_hex(8), int(real_seconds())
    signed = f"jsapi_ticket={ticket}&noncestr={nonce}&timestamp={timestamp}&url={url}"
    signature = hashlib.sha1(signed.encode(), usedforsecurity=False).hexdigest()  # WeChat's own scheme
    return {"appId": ports.app_id, "timestamp": timestamp, "nonceStr": nonce, "signature": signature}


async def _asked(ask: Callable[[str], Awaitable[WeChatLogin]], code: str) -> WeChatLogin:
    try:
        return await ask(code)
    except WeChatError as problem:
        if (known := ADVICE.get(problem.errcode)) is None:
            raise _unavailable(problem) from problem
        kind, name, advice = known
        raise Refused(kind, name, advice, retry_after=60 if problem.errcode == TOO_OFTEN else None) from problem


def _unavailable(problem: WeChatError) -> Refused:
    if isinstance(problem, Misconfigured):
        return Refused(Kind.UNAVAILABLE, "unavailable", "微信登录暂时不可用：平台正在处理，请稍后再试")
    after = problem.retry_after if isinstance(problem, Unavailable) else 5.0
    return Refused(Kind.UNAVAILABLE, "unavailable", "微信暂时没有响应：请稍后再试", retry_after=after)


async def _open(ports: Ports, identity: WeChatIdentity, door: Door) -> SignedIn:
    token = secrets.token_urlsafe(TOKEN_BYTES)
    now = _now()
    async with transaction():
        person = await person_of(ports, identity)
        session = await Session.create(
            token_hash=token_hash(token),
            person_id=person.id,
            identity_id=identity.id,
            door=door,
            created_at=now,
            seen_at=now,
            expires_at=now + ports.sign_in.session_life,
        )
        await record_event(ports, "session:open", "session", session.id, actor=f"person:{person.id}")
    return SignedIn(token, session, Asker(person.id, identity.id, session.id))


async def _link(ports: Ports, identity: WeChatIdentity, purpose: LinkPurpose, target: str) -> str:
    if not target.startswith("/") or target.startswith(("//", "/\\")):
        raise ValueError("a link leads to a path of ours")
    token, now = new_token(), _now()
    await OneTimeLink.create(
        token_hash=token_hash(token),
        purpose=purpose,
        identity_id=identity.id,
        target=target,
        created_at=now,
        expires_at=now + ports.sign_in.link_life,
    )
    return ports.links.sign_in(token)


async def _revoke(session_id: int | None) -> None:
    if session_id is not None:
        await Session.filter(id=session_id, revoked_at=None).update(revoked_at=_now())


def _state_of(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()


async def forget_ended(ports: Ports, job: ClaimedJob) -> None:
    """The job: sessions and one-time links that ended long ago go; the event log keeps that they were. Repeating it
    finds nothing more."""
    before = _now() - ENDED_KEPT
    async with transaction():
        await Session.filter(Q(expires_at__lte=before) | Q(revoked_at__lte=before)).delete()
        await OneTimeLink.filter(Q(expires_at__lte=before) | Q(used_at__lte=before)).delete()
        await ports.queue.finish(job)


def _now() -> datetime:
    return datetime.fromtimestamp(real_seconds(), UTC)
