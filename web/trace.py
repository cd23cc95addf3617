"""The page that answers for a code, whoever scanned it with whatever, and the report of a problem (4.3.3, 7.6, 8.4(3)).

It comes whole with its first bytes: no script, no cookie, nothing of third parties. The certificate's state and the
history of the code are those of this moment; a browser asks anew each time and is told where nothing has changed. A
link that stood in a code is shown as text: it is neither opened here nor made into a link.
"""

import json
import re
import secrets
from dataclasses import dataclass, field, replace
from typing import Any

from aiohttp import web
from markupsafe import escape

from models import Certificate, CodeReport, Road, ScanOutcome
from models.transactions import reading
from web.forms import Form, SentFile, read_form
from web.limits import network_of, not_too_often
from web.page import PORTS, drawn, in_wechat, new_key, public, show, show_public, unchanged
from workflow.certifying.certificate_numbers import certificate_path
from workflow.certifying.certificate_register import PublicMonth, year_of
from workflow.problems import Kind, Refused
from workflow.scanning import code_reports
from workflow.scanning.code_reports import SentPhoto
from workflow.scanning.resolution import Resolved, resolve
from workflow.scanning.scan_wording import facts, history_line, shown_code, told
from workflow.scanning.scans import PROVINCES, LookUp, Visit, looked_up, seen, visitor_hash
from workflow.scanning.trace_links import ASKING, code_in, reporting_path, trace_path
from workflow.sharing import Shared

LONGEST_TYPED = 2000
LINKSET = "application/linkset+json"
"""RFC 9264."""
GS1 = "https://ref.gs1.org/voc/"
"""The GS1 Web Vocabulary, of whose link types we use ``pip``, ``certificationInfo`` and ``defaultLink``. Not
``traceability``: the address that a code itself names may be anybody's, and we recommend none that we do not know."""
LINKSET_CONTEXT = "https://ref.gs1.org/standards/resolver/linkset-context"

_COUNTS_NOTHING = re.compile(r"bot\b|spider|crawl|slurp|externalhit|preview|monitor|scanner", re.IGNORECASE)
"""In the name of whoever only reads for others, as they themselves say."""
TONES = {"good": "pass", "care": "unclear", "warning": "fail"}


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page shows of a certificate: only one that stands for the product gives its ``grade``."""

    row: Certificate
    path: str
    stands: bool
    year: tuple[PublicMonth, ...]


@dataclass(frozen=True, slots=True)
class Behind:
    """What stands behind a code, the same for everybody who asks within a moment; how often it was asked for is not.

    ``pages``: its page as it was drawn, with :data:`HISTORY` where each reads something else, by whether it is read
    inside WeChat.
    """

    resolved: Resolved
    certificate: Shown | None
    pages: dict[bool, str] = field(default_factory=dict)


HISTORY = secrets.token_hex(16)
"""Stands for the line that is not the same for everybody; nobody can have written it into a name."""


BEHIND: web.AppKey[Shared[Behind]] = web.AppKey("behind_codes", Shared)


async def asked(request: web.Request) -> web.StreamResponse:
    """Where a code is typed; with one, its answer."""
    text = _asked(request)
    if not text:
        return show_public(request, "trace_ask.html", {"provinces": [(name, name) for name in PROVINCES]})
    return await _answered(request, text, Road.TYPED, request.query.get("region", ""))


async def answer(request: web.Request) -> web.StreamResponse:
    """The page of a code, or its links as data."""
    return await _answered(request, _code(request), Road.LINK)


async def report_form(request: web.Request) -> web.StreamResponse:
    """Where a problem with this code is reported."""
    await not_too_often(request, "search")
    if not _asked(request):
        raise web.HTTPSeeOther(ASKING)
    return await _form(request, await resolve(request.app[PORTS], _asked(request)))


async def report(request: web.Request) -> web.StreamResponse:
    """Keep what somebody reports of this code."""
    ports, text = request.app[PORTS], _asked(request)
    form = await read_form(request)
    try:
        await not_too_often(request, "report")
        kept = await code_reports.report_code(
            ports,
            text,
            form.text("kind"),
            form.text("statement"),
            form.text("key") or new_key(),
            photo=_photo(form.file("photo")),
        )
    except Refused as refusal:
        return await _form(request, await resolve(ports, text), form, refusal)
    raise web.HTTPSeeOther(f"{code_reports.report_path(kept)}?sent")


async def reported(request: web.Request) -> web.StreamResponse:
    """Where a report stands, and its answer, for whoever has this address."""
    found = await code_reports.report_by_ref(request.match_info["ref"])
    values = {"report": found, "kind": _kind_of(found), "sent": "sent" in request.query}
    return show(request, "code_reported.html", values)


def _asked(request: web.Request) -> str:
    """The code that is asked of in the query of this request; empty where none is."""
    return _storable(request.query.get("code", ""))[:LONGEST_TYPED].strip()


def _code(request: web.Request) -> str:
    """The code that is the address of this request; however it is written there."""
    query = f"?{request.rel_url.raw_query_string}" if request.rel_url.raw_query_string else ""
    links = request.app[PORTS].links
    text = code_in(links, links.page(request.rel_url.raw_path + query))
    return _storable(text)


def _storable(text: str) -> str:
    """The text without what no database takes; the separators of a GS1 code stay."""
    return text.encode("utf-8", "replace").decode().replace("\0", "")


async def _answered(request: web.Request, text: str, road: Road, region: str = "") -> web.StreamResponse:
    await not_too_often(request, "search")
    ports = request.app[PORTS]
    if _wants_links(request):
        return _linkset(request, await resolve(ports, text))
    who = visitor_hash(ports, "web", network_of(request), request.headers.get("User-Agent", ""))
    behind = await _behind(request, text)
    if _reads_for_others(request):
        return _page(request, behind, await seen(behind.resolved, who))
    return _page(request, behind, await looked_up(ports, behind.resolved, Visit(road, who, region)))


async def _behind(request: web.Request, text: str) -> Behind:
    async def read() -> Behind:
        async with reading():
            resolved = await resolve(request.app[PORTS], text)
            return Behind(resolved, await _certificate(resolved))

    return await request.app[BEHIND].read(text, read)


def _page(request: web.Request, behind: Behind, found: LookUp) -> web.Response:
    resolved, now = behind.resolved, request.app[PORTS].clock.now()
    path = trace_path(resolved.code)
    text = behind.pages.get(in_wechat(request))
    if text is None:
        text = behind.pages[in_wechat(request)] = _drawn(request, behind, found)
    if found.history is not None:
        text = text.replace(HISTORY, str(escape(history_line(found.history, now))))
    response = public(request, text, indexed=False)
    response.headers["Vary"] = "User-Agent, Accept"
    if resolved.product is not None and path != ASKING:
        response.headers["Link"] = _link_header(request, resolved, path)
    return response


def _drawn(request: web.Request, behind: Behind, found: LookUp) -> str:
    """The page, with :data:`HISTORY` where it would say what this one visitor is told."""
    resolved = behind.resolved
    said = told(found, request.app[PORTS].clock.now())
    if found.history is not None and resolved.outcome is ScanOutcome.KNOWN:
        said = replace(said, lines=(*said.lines[:-1], HISTORY))
    path = trace_path(resolved.code)
    values = {
        "said": said,
        "tone": TONES[said.tone],
        "product": resolved.product,
        "facts": facts(resolved),
        "certificate": behind.certificate,
        "report": None if path == ASKING else reporting_path(resolved.code),
    }
    return drawn(request, "trace.html", values)


async def _certificate(resolved: Resolved) -> Shown | None:
    row = resolved.certificate
    if row is None:
        return None
    return Shown(row, certificate_path(row.number), resolved.covered, await year_of(row))


def _reads_for_others(request: web.Request) -> bool:
    """Whether nobody looks at this page now: a HEAD, a crawler, a browser that fetches ahead."""
    ahead = request.headers.get("Sec-Purpose", request.headers.get("Purpose", ""))
    who = request.headers.get("User-Agent", "")
    return request.method == "HEAD" or "prefetch" in ahead or _COUNTS_NOTHING.search(who) is not None


# --- links as data ---------------------------------------------------------------------------------------------------


def _wants_links(request: web.Request) -> bool:
    return LINKSET in request.headers.get("Accept", "") or request.query.get("linkType") == "linkset"


def _linkset(request: web.Request, resolved: Resolved) -> web.Response:
    """What there is about this product, by the link types of GS1; 404 and an empty set for a code of nobody here."""
    sets = [_links(request, resolved)] if resolved.product is not None else []
    body = json.dumps({"linkset": sets}, ensure_ascii=False, separators=(",", ":")).encode()
    response = web.Response(
        body=body,
        status=200 if sets else 404,
        content_type=LINKSET,
        headers={
            "X-Content-Type-Options": "nosniff",
            "X-Robots-Tag": "noindex",
            "Link": f'<{LINKSET_CONTEXT}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"',
        },
    )
    response = unchanged(request, response)
    response.headers["Vary"] = "User-Agent, Accept"
    return response


def _links(request: web.Request, resolved: Resolved) -> dict[str, Any]:
    links, product = request.app[PORTS].links, resolved.product
    assert product is not None
    page = links.page(trace_path(resolved.code))
    about = [_target(page, f"{product.name} {product.model} 追溯信息")]
    found: dict[str, Any] = {"anchor": page, f"{GS1}defaultLink": about, f"{GS1}pip": about}
    if resolved.certificate is not None:
        number = resolved.certificate.number
        certificate = _target(links.page(certificate_path(number)), f"质量追溯能力评价证书 {number}")
        found[f"{GS1}certificationInfo"] = [certificate]
    return found


def _target(href: str, title: str) -> dict[str, Any]:
    return {"href": href, "title": title, "type": "text/html", "hreflang": ["zh-CN"]}


def _link_header(request: web.Request, resolved: Resolved, path: str) -> str:
    links = request.app[PORTS].links
    found = [f'<{links.page(path)}?linkType=linkset>; rel="linkset"; type="{LINKSET}"']
    if resolved.certificate is not None:
        about = links.page(certificate_path(resolved.certificate.number))
        found.append(f'<{about}>; rel="{GS1}certificationInfo"')
    return ", ".join(found)


# --- a report's form -------------------------------------------------------------------------------------------------


async def _form(
    request: web.Request, resolved: Resolved, form: Form | None = None, problem: Refused | None = None
) -> web.Response:
    path = trace_path(resolved.code)
    if path == ASKING:
        advice = "这个码太长，不能在网页上反映：请拨打 12315"
        raise Refused(Kind.INVALID, "code_too_long", advice, clause=code_reports.CLAUSE)
    values = {
        "code": shown_code(resolved.code),
        "product": resolved.product,
        "kinds": tuple(code_reports.KINDS.items()),
        "back": path,
        "action": reporting_path(resolved.code),
        "longest": code_reports.LONGEST_STATEMENT,
        "problem": problem,
        "values": {} if form is None else {name: form.text(name) for name in ("kind", "statement", "key")},
    }
    return show(request, "code_report.html", values, problem.kind.status if problem else 200)


def _photo(sent: SentFile | None) -> SentPhoto | None:
    return None if sent is None else SentPhoto(sent.name, sent.data)


def _kind_of(found: CodeReport) -> str:
    return code_reports.KINDS.get(found.kind, found.kind)
