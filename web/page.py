"""What every page shares: its headers, its templates' words, how a refusal looks, and when a page has not changed."""

import functools
import hashlib
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import aiohttp_jinja2
import jinja2
from aiohttp import web

from config.clock import SHANGHAI, for_people
from standard.calendar import shanghai_day
from standard.profile import edition_on
from web import wording
from workflow.access import not_found
from workflow.certifying.certificate_numbers import certificate_path
from workflow.certifying.certificate_register import PublicMonth
from workflow.context import Ports
from workflow.firms.licences import address_name
from workflow.intake.wording import CLAUSE_NAMES, GRADE_NAMES, SOURCES, TAKEN_NAMES, clause_number, grade_letter
from workflow.knowing import sessions
from workflow.problems import Kind, Refused

log = logging.getLogger(__name__)

PORTS = web.AppKey("ports", Ports)
HERE = Path(__file__).parent

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self'; script-src 'self'; form-action 'self'; "
    "base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
)
"""Content-Security-Policy: nothing comes from anybody else, no page of ours stands in another's frame."""

JS_SDK = "https://res.wx.qq.com/open/js/jweixin-1.6.0.js"
"""WeChat's own script, by which a page inside WeChat asks for its camera; WeChat wants it loaded from here."""
FRAMES = "frame-src https://*.qq.com webcompt:"
"""What WeChat asks of the policy of a page that holds its tags."""

MONTHS_DRAWN = 2000
"""Different years of months that are kept as they were drawn."""

FOR_GOOD = "public, max-age=31536000, immutable"
"""Cache-Control of what never changes under its address."""


def set_up_templates(app: web.Application) -> None:
    """Jinja with everything the templates call by name."""
    environment = aiohttp_jinja2.setup(
        app,
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,  # else the files' dates are asked for at every page
    )
    environment.filters.update(
        for_people=for_people,
        day=day,
        until=until,
        clause_number=clause_number,
    )

    @functools.lru_cache(maxsize=MONTHS_DRAWN)
    def drawn(months: tuple[tuple[str, str, str], ...]) -> str:
        parts = environment.get_template("parts.html").module
        return parts.dots([PublicMonth(*month) for month in months])  # type: ignore[attr-defined]

    def dots(months: Sequence[PublicMonth]) -> str:
        # Most firms' months look like those of others.
        return drawn(tuple((one.month, one.state, one.words) for one in months))

    environment.globals.update(
        dots=dots,
        static=_static_addresses(),
        new_key=new_key,
        certificate_path=certificate_path,
        js_sdk=JS_SDK,
        scan=None,
        ask=None,
        words=wording,
        clause_names=CLAUSE_NAMES,
        marks=wording.MARKS,
        grade_names=GRADE_NAMES,
        grade_letter=grade_letter,
        sources=SOURCES,
        taken_names=TAKEN_NAMES,
        address_name=address_name,
        visitor=None,
        problem=None,
        values={},
    )


def _static_addresses() -> Mapping[str, str]:
    """File → its address with its content's hash, so that browsers may keep it and still see a new one at once."""
    return {
        path.name: f"/static/{path.name}?v={hashlib.sha256(path.read_bytes()).hexdigest()[:10]}"
        for path in (HERE / "static").iterdir()
    }


def day(moment: datetime) -> str:
    """``2026-11-24``, in Asia/Shanghai."""
    return moment.astimezone(SHANGHAI).strftime("%Y-%m-%d")


def until(moment: datetime) -> str:
    """A deadline: one that ends with its day says so, ``2026-11-27 24:00`` (R11)."""
    local = moment.astimezone(SHANGHAI)
    return f"{day(local - timedelta(days=1))} 24:00" if local.time() == time() else for_people(moment)


async def keep_static(request: web.Request, response: web.StreamResponse) -> None:
    """A file asked for by its content's hash is kept for good: a changed one has another address."""
    if request.path.startswith("/static/") and "v" in request.query and response.status == 200:
        response.headers["Cache-Control"] = FOR_GOOD


def new_key() -> str:
    """What makes a form's sending happen once, however often it is sent."""
    return secrets.token_urlsafe(12)


def show(
    request: web.Request, template: str, values: dict[str, Any], status: int = 200, *, indexed: bool = False
) -> web.Response:
    """A page for one person: never stored by anybody."""
    response = aiohttp_jinja2.render_template(template, request, {**always(request), **values}, status=status)
    _guard(response, indexed=indexed)
    response.headers["Cache-Control"] = "no-store"
    return response


def show_public(request: web.Request, template: str, values: dict[str, Any], *, indexed: bool = True) -> web.Response:
    """A page that is the same for everybody: kept by browsers, asked after at every view, so that it is never stale."""
    return public(request, drawn(request, template, values), indexed=indexed)


def drawn(request: web.Request, template: str, values: dict[str, Any]) -> str:
    """The text of a page that is the same for everybody."""
    return aiohttp_jinja2.render_string(template, request, {**always(request), **values})


def public(request: web.Request, text: str, *, indexed: bool = True) -> web.Response:
    """What :func:`show_public` answers, of a page that is drawn already."""
    response = web.Response(text=text, content_type="text/html", charset="utf-8")
    _guard(response, indexed=indexed)
    response.headers["Vary"] = "User-Agent"
    return unchanged(request, response)


def always(request: web.Request) -> dict[str, Any]:
    """What every template may use; ``now`` is business time, ``site`` what our addresses begin with."""
    ports = request.app[PORTS]
    now = ports.clock.now()
    return {
        "path": request.path,
        "site": ports.links.base,
        "now": now,
        "edition": edition_on(shanghai_day(now)),
        "in_wechat": in_wechat(request),
    }


def show_in_wechat(
    request: web.Request, template: str, values: dict[str, Any], status: int = 200, *, tags: bool = False
) -> web.Response:
    """A page that may use :data:`JS_SDK`: the one thing that comes from elsewhere, from the maker of the browser.

    ``tags``: it holds tags that WeChat draws, in frames of its own.
    """
    response = show(request, template, values, status)
    policy = POLICY.replace("script-src 'self'", f"script-src 'self' {JS_SDK}")
    response.headers["Content-Security-Policy"] = f"{policy}; {FRAMES}" if tags else policy
    return response


async def js_sdk_here(request: web.Request) -> dict[str, Any] | None:
    """What WeChat's script is configured with on this page; None where it cannot be had now: the page works without."""
    ports = request.app[PORTS]
    try:
        return await sessions.js_sdk_config(ports, f"{ports.links.base}{request.raw_path}")
    except Refused as refusal:
        log.info("no JS-SDK: %s", refusal.code)
        return None


def in_wechat(request: web.Request) -> bool:
    """Whether the page is looked at inside WeChat's own browser."""
    return "MicroMessenger" in request.headers.get("User-Agent", "")


def unchanged(request: web.Request, response: web.Response, cache: str = "no-cache") -> web.Response:
    """``response`` with its ETag and Cache-Control; 304 without its body where the asker holds the same one."""
    assert isinstance(response.body, bytes)
    tag = hashlib.sha256(response.body).hexdigest()[:24]
    response.headers["Cache-Control"] = cache
    if response.status == 200 and any(held.value in {tag, "*"} for held in request.if_none_match or ()):
        response = web.Response(status=304, headers={"Cache-Control": cache})
    response.etag = tag
    return response


def uploaded_file(data: bytes, media_type: str, name: str) -> web.Response:
    """A file that somebody uploaded, for one person's eyes. It may be anything: it runs nothing, it reaches nothing."""
    shown = media_type in {"image/jpeg", "image/png", "application/pdf"}
    saved_as = f'attachment; filename="{name}{wording.SUFFIXES.get(media_type, "")}"'
    return web.Response(
        body=data,
        content_type=media_type if shown else "application/octet-stream",
        headers={
            "Cache-Control": "private, no-store",
            "Content-Disposition": "inline" if shown else saved_as,
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
            "X-Robots-Tag": "noindex",
        },
    )


def _guard(response: web.StreamResponse, *, indexed: bool) -> None:
    response.headers["Content-Security-Policy"] = POLICY
    # Not no-referrer: that would take the Origin from our own forms. An address of ours still tells nobody else.
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Content-Type-Options"] = "nosniff"
    if not indexed:
        response.headers["X-Robots-Tag"] = "noindex"


def refused(request: web.Request, refusal: Refused) -> web.Response:
    """A page that says what is wrong and what to do next."""
    response = show(request, "refused.html", {"refusal": refusal}, status=refusal.kind.status)
    if refusal.retry_after is not None:
        response.headers["Retry-After"] = str(max(1, round(refusal.retry_after)))
    return response


@web.middleware
async def lost(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whoever reads a page and asks for an address that is not there is told so by one."""
    try:
        return await handler(request)
    except web.HTTPNotFound:
        if request.method not in {"GET", "HEAD"} or "text/html" not in request.headers.get("Accept", ""):
            raise
        return refused(request, not_found())


def gently(handler: Handler) -> Handler:
    """``handler``, whose refusals are answered with a page; so is what we did not foresee, without a word of it."""

    async def page(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except Refused as refusal:
            log.info("refused: %s", refusal.code)
            return refused(request, refusal)
        except (web.HTTPException, ConnectionError):
            raise
        except Exception:
            log.exception("a page failed: %s", request.match_info.route.resource)
            advice = "页面暂时打不开，平台已收到记录：请稍后再试，您提交过的内容不会丢失"
            return refused(request, Refused(Kind.UNAVAILABLE, "page_failed", advice, retry_after=30))

    return page
