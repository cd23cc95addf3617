"""Pages for everybody: queries, results in publicity, certificates and their verification (7.4, 7.6, 9.1)."""

from typing import Any
from urllib.parse import urlencode

import aiohttp_jinja2
from aiohttp import web

from web.forms import read_form, row_number
from web.limits import not_too_often
from web.page import FOR_GOOD, PORTS, in_wechat, js_sdk_here, new_key, show, show_in_wechat, show_public, unchanged
from workflow.access import not_found
from workflow.applying import publicity
from workflow.certifying import certificate_register, queries
from workflow.certifying.certificate_numbers import certificate_path, number_from_path, number_in_path
from workflow.credit import credit_public
from workflow.problems import Kind, Refused

PER_PAGE = 20
FEED = 50
"""Entries of the feed: a reader that looks in once a day misses none."""
ATOM = "application/atom+xml"


async def home(request: web.Request) -> web.StreamResponse:
    """What this service is, and where one goes on."""
    return show_public(request, "home.html", {})


async def query(request: web.Request) -> web.StreamResponse:
    """Firms by name, pinyin, credit code or certificate number (7.6)."""
    text = request.query.get("text", "").strip()[:100]
    hits: list[queries.FirmHit] = []
    after: str | None = None
    if text:
        await not_too_often(request, "search")
        hits, after = await queries.find_firms(
            request.app[PORTS], text, limit=PER_PAGE, after=request.query.get("after") or None
        )
    more = urlencode({"text": text, "after": after}) if after else None
    values = {"text": text, "hits": hits, "more": more}
    if in_wechat(request) and (scan := await js_sdk_here(request)):
        return show_in_wechat(request, "query.html", {**values, "scan": scan})
    return show_public(request, "query.html", values, indexed=not text)


async def firm(request: web.Request) -> web.StreamResponse:
    """What is public of one firm."""
    found = await queries.firm_page(request.match_info["uscc"])
    credit = await credit_public.public_credit(request.app[PORTS], found.uscc)
    return show_public(request, "firm.html", {"firm": found, "credit": credit})


async def publications(request: web.Request) -> web.StreamResponse:
    """Results in publicity, the newest first (7.4)."""
    only_running = request.query.get("state") == "running"
    found = await publicity.publications(
        row_number(request.query.get("after", "")), PER_PAGE + 1, running_only=only_running
    )
    shown = found[:PER_PAGE]
    onward = {"after": shown[-1].id, **({"state": "running"} if only_running else {})} if len(found) > PER_PAGE else {}
    values = {"publications": shown, "more": urlencode(onward), "only_running": only_running}
    return show_public(request, "publicity.html", values)


async def publication(request: web.Request) -> web.StreamResponse:
    """One result in publicity."""
    found = await publicity.publication(request.match_info["ref"])
    return show_public(request, "publication.html", {"publication": found, "sent": "sent" in request.query})


async def complain(request: web.Request) -> web.StreamResponse:
    """A word of the public against a result (R15, 8.4(3))."""
    ref = request.match_info["ref"]
    form = await read_form(request)
    try:
        await not_too_often(request, "complaint")
        await publicity.complain(
            request.app[PORTS], ref, form.text("key") or new_key(), form.text("statement"), asker=None
        )
    except Refused as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        values = {"statement": form.text("statement"), "key": form.text("key")}
        shown = {"publication": await publicity.publication(ref), "sent": False, "problem": refusal, "values": values}
        return show(request, "publication.html", shown, refusal.kind.status)
    raise web.HTTPSeeOther(f"/publicity/{ref}?sent")


async def feed(request: web.Request) -> web.StreamResponse:
    """The same results for feed readers."""
    found = await publicity.publications(None, FEED)
    notices = await credit_public.notices(FEED)
    latest = [*(one.published_at for one in found[:1]), *(one.at for one in notices[:1])]
    updated = max(latest) if latest else request.app[PORTS].clock.now()
    response = aiohttp_jinja2.render_template(
        "feed.xml",
        request,
        {
            "publications": found,
            "notices": notices,
            "updated": updated.isoformat(),
            "site": request.app[PORTS].links.base,
        },
    )
    response.content_type = ATOM
    response.headers["X-Content-Type-Options"] = "nosniff"
    return unchanged(request, response)


async def certificate(request: web.Request) -> web.StreamResponse:
    """The page of one certificate: its state is that of this moment."""
    number = _number(request)
    if request.match_info["number"] != number_in_path(number):
        raise web.HTTPMovedPermanently(certificate_path(number))
    found = await certificate_register.public_certificate(number)
    return show_public(request, "certificate.html", {"certificate": found})


async def certificate_pdf(request: web.Request) -> web.StreamResponse:
    """The signed PDF: the newest, or the revision that is asked for, which never changes."""
    revision = row_number(request.query.get("revision", ""))
    number = _number(request)
    pdf, rendering = await certificate_register.pdf_of(request.app[PORTS], number, revision)
    response = web.Response(
        body=pdf,
        content_type="application/pdf",
        headers={
            "Content-Disposition": f'inline; filename="{number_in_path(number)}-{rendering.revision}.pdf"',
            "X-Content-Type-Options": "nosniff",
        },
    )
    return unchanged(request, response, "no-cache" if revision is None else FOR_GOOD)


async def certificate_png(request: web.Request) -> web.StreamResponse:
    """The newest picture of the certificate."""
    png = await certificate_register.png_of(request.app[PORTS], _number(request))
    response = web.Response(body=png, content_type="image/png", headers={"X-Content-Type-Options": "nosniff"})
    return unchanged(request, response)


async def verify_form(request: web.Request) -> web.StreamResponse:
    """Where a certificate's file is verified."""
    return show_public(request, "verify.html", {"result": None})


async def verify(request: web.Request) -> web.StreamResponse:
    """Whether a file is a certificate of ours, the newest one, unaltered (7.6). Nothing of it is kept."""
    values: dict[str, Any] = {"result": None}
    try:
        await not_too_often(request, "verify")
        sent = (await read_form(request)).file("pdf")
        if sent is None:
            raise Refused(Kind.INVALID, "file_missing", "没有收到文件：请先选择证书的 PDF 文件", field="pdf")
        values["result"] = await certificate_register.verify_pdf(request.app[PORTS], sent.data)
    except Refused as refusal:
        return show(request, "verify.html", {**values, "problem": refusal}, refusal.kind.status)
    return show(request, "verify.html", values)


def _number(request: web.Request) -> str:
    """The certificate number that the address means, however it is written."""
    number = number_from_path(request.match_info["number"])
    if number is None:
        raise not_found()
    return number
