"""Photo reports and the upload of originals: checked against a signed link, or a one-time token."""

from typing import Any

from aiohttp import web

from inspection.identify import admitted
from inspection.report import PictureRefused
from models import Inspection, Photo, PhotoState
from web.forms import read_form
from web.page import PORTS, show
from workflow.answering import judging, originals, upload_links
from workflow.intake.wording import BEYOND_ONE_PHOTO, headline
from workflow.ports import ObjectMissing
from workflow.problems import Refused

WAIT_SECONDS = 15
"""How long an upload waits for its verdict before the page says that it is still being judged."""


async def privacy(request: web.Request) -> web.StreamResponse:
    """The notice on personal information (R54)."""
    return show(request, "privacy.html", {})


async def report(request: web.Request) -> web.StreamResponse:
    """The report of one photo, by its signed link; a verdict that was renewed leads on to the newer one."""
    ports = request.app[PORTS]
    ref = request.match_info["ref"]
    if not ports.links.may_open("r", ref, request.query):
        return _closed(request)
    inspection = await Inspection.get_or_none(ref=ref).prefetch_related("product", "evidence")
    if inspection is None:
        return _closed(request)
    if (newer := await Inspection.filter(supersedes_id=inspection.id).order_by("-id").first()) is not None:
        raise web.HTTPSeeOther(ports.links.report(newer.ref))
    findings = inspection.report["findings"]
    # What one photo cannot show (R50) stands apart: it is nothing the reader must act on now.
    judged = [f for f in findings if f["verdict"] != "unclear" or f["clause"] not in BEYOND_ONE_PHOTO]
    order = ("fail", "unclear", "pass")
    return show(
        request,
        "report.html",
        {
            "inspection": inspection,
            "report": inspection.report,
            "headline": headline(inspection.report),
            "groups": [(verdict, _by_cause([f for f in judged if f["verdict"] == verdict])) for verdict in order],
            "elsewhere": [f for f in findings if f not in judged],
            "picture": ports.links.picture(inspection.ref) if inspection.marked_key else None,
            "renewed": inspection.supersedes_id is not None,
        },
    )


def _by_cause(findings: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Findings with the same cause together: what one sentence says of several clauses is said once."""
    causes: dict[str, list[dict[str, Any]]] = {}
    for finding in findings:
        causes.setdefault(finding["advice"], []).append(finding)
    return list(causes.values())


async def picture(request: web.Request) -> web.StreamResponse:
    """The marked-up picture of one report, by its signed link."""
    ports = request.app[PORTS]
    ref = request.match_info["ref"]
    if not ports.links.may_open("p", ref, request.query):
        raise web.HTTPNotFound
    inspection = await Inspection.get_or_none(ref=ref)
    if inspection is None or inspection.marked_key is None:
        raise web.HTTPNotFound
    try:
        jpeg = await ports.storage.get(inspection.marked_key)
    except ObjectMissing:
        raise web.HTTPNotFound from None
    headers = {
        "Cache-Control": "private, max-age=86400",
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex",
    }
    return web.Response(body=jpeg, content_type="image/jpeg", headers=headers)


async def upload_form(request: web.Request) -> web.StreamResponse:
    """The form for an original; once the link is used up, what became of it."""
    ports = request.app[PORTS]
    link = await upload_links.open_link(ports, request.match_info["token"])
    if link is None:
        return _closed(request)
    if link.used_at is not None:
        photo = await Photo.get(receipt=f"upload:{link.token_hash}")
        return await _uploaded(request, photo)
    return _upload_form(request)


async def upload(request: web.Request) -> web.StreamResponse:
    """Take one original, wait a moment for its verdict and lead on to the report."""
    ports = request.app[PORTS]
    link = await upload_links.open_link(ports, request.match_info["token"])
    if link is None:
        return _closed(request)
    if link.used_at is not None:
        raise web.HTTPSeeOther(request.path)
    try:
        sent = (await read_form(request)).file("photo")
    except Refused as refusal:
        return _upload_form(request, refusal.advice, 413 if refusal.code == "file_too_large" else 400)
    if sent is None:
        return _upload_form(request, "没有收到文件：请先选择照片", 400)
    try:
        admitted(sent.data)
    except PictureRefused as refusal:
        # Nothing to judge in it: the link stays good for the right file.
        return _upload_form(request, refusal.advice, 415)
    photo = await originals.receive_original(ports, link, sent.data, sent.name)
    await judging.ended(ports, photo, WAIT_SECONDS)
    raise web.HTTPSeeOther(request.path)


async def _uploaded(request: web.Request, photo: Photo) -> web.StreamResponse:
    ports = request.app[PORTS]
    if photo.state == PhotoState.JUDGED:
        await photo.fetch_related("inspection")
        assert photo.inspection is not None
        raise web.HTTPSeeOther(ports.links.report(photo.inspection.ref))
    waiting = photo.state not in judging.ENDED
    return show(request, "uploaded.html", {"waiting": waiting, "advice": photo.refusal_advice})


def _upload_form(request: web.Request, trouble: str | None = None, status: int = 200) -> web.Response:
    megabytes = request.app[PORTS].max_bytes // 2**20
    return show(request, "upload.html", {"trouble": trouble, "megabytes": megabytes}, status)


def _closed(request: web.Request) -> web.Response:
    return show(request, "closed.html", {}, status=404)
