"""Handlers of the pages. Every object is checked against who asks: a signed link, or a one-time token."""

import logging
from pathlib import Path
from typing import Any

import aiohttp_jinja2
import jinja2
from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import BadHttpMessage

from config.clock import for_people
from inspection.identify import admitted
from inspection.report import PictureRefused
from models import Inspection, Photo, PhotoState
from workflow import judging, originals, upload_links
from workflow.context import Ports
from workflow.ports import ObjectMissing
from workflow.wording import (
    BEYOND_ONE_PHOTO,
    CLAUSE_NAMES,
    GRADE_NAMES,
    SOURCES,
    TAKEN_NAMES,
    clause_number,
    grade_letter,
    headline,
)

log = logging.getLogger(__name__)

PORTS = web.AppKey("ports", Ports)
_HERE = Path(__file__).parent
WAIT_SECONDS = 15
"""How long an upload waits for its verdict before the page says that it is still being judged."""

MARKS = {"pass": "合格", "fail": "不合格", "unclear": "未判定"}


def add_pages(app: web.Application, ports: Ports) -> None:
    """Add the pages to ``app``."""
    app[PORTS] = ports
    environment = aiohttp_jinja2.setup(
        app, loader=jinja2.FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["for_people"] = for_people
    environment.filters["clause_number"] = clause_number
    environment.globals.update(clause_names=CLAUSE_NAMES, marks=MARKS)
    environment.globals.update(
        grade_names=GRADE_NAMES, grade_letter=grade_letter, sources=SOURCES, taken_names=TAKEN_NAMES
    )
    app.router.add_get("/", home)
    app.router.add_get("/r/{ref}", report)
    app.router.add_get("/r/{ref}/picture", picture)
    app.router.add_get("/u/{token}", upload_form)
    app.router.add_post("/u/{token}", upload)
    app.router.add_get("/privacy", privacy)
    app.router.add_static("/static", _HERE / "static")


async def home(request: web.Request) -> web.StreamResponse:
    """What this service is, for whoever opens the bare address."""
    return _page(request, "home.html", {})


async def privacy(request: web.Request) -> web.StreamResponse:
    """The notice on personal information (R54)."""
    return _page(request, "privacy.html", {})


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
    return _page(
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
    return web.Response(body=jpeg, content_type="image/jpeg", headers={"Cache-Control": "private, max-age=86400"})


async def upload_form(request: web.Request) -> web.StreamResponse:
    """The form for an original; once the link is used up, what became of it."""
    ports = request.app[PORTS]
    link = await upload_links.open_link(ports, request.match_info["token"])
    if link is None:
        return _closed(request)
    if link.used_at is not None:
        photo = await Photo.get(receipt=f"upload:{link.token_hash}")
        return await _uploaded(request, photo)
    return _page(request, "upload.html", {"problem": None, "megabytes": ports.max_bytes // 2**20})


async def upload(request: web.Request) -> web.StreamResponse:
    """Take one original, wait a moment for its verdict and lead on to the report."""
    ports = request.app[PORTS]
    link = await upload_links.open_link(ports, request.match_info["token"])
    if link is None:
        return _closed(request)
    if link.used_at is not None:
        raise web.HTTPSeeOther(request.path)
    data, file_name = await _file(request, ports.max_bytes)
    if not data:
        problem = (
            f"文件超过 {ports.max_bytes // 2**20} MB，没有收下：请在手机相机里调低分辨率后重拍"
            if data is None
            else "没有收到文件：请先选择照片"
        )
        return _page(
            request,
            "upload.html",
            {"problem": problem, "megabytes": ports.max_bytes // 2**20},
            status=413 if data is None else 400,
        )
    try:
        admitted(data)
    except PictureRefused as refusal:
        # Nothing to judge in it: the link stays good for the right file.
        return _page(
            request,
            "upload.html",
            {"problem": refusal.advice, "megabytes": ports.max_bytes // 2**20},
            status=415,
        )
    photo = await originals.receive_original(ports, link, data, file_name)
    await judging.ended(ports, photo, WAIT_SECONDS)
    raise web.HTTPSeeOther(request.path)


async def _uploaded(request: web.Request, photo: Photo) -> web.StreamResponse:
    ports = request.app[PORTS]
    if photo.state == PhotoState.JUDGED:
        await photo.fetch_related("inspection")
        assert photo.inspection is not None
        raise web.HTTPSeeOther(ports.links.report(photo.inspection.ref))
    waiting = photo.state not in judging.ENDED
    return _page(request, "uploaded.html", {"waiting": waiting, "advice": photo.refusal_advice})


async def _file(request: web.Request, most: int) -> tuple[bytes | None, str]:
    """The field ``photo`` of the form: its bytes, empty where there is none, None where it is larger than ``most``."""
    if request.content_type != "multipart/form-data":
        return b"", ""
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader) or part.name != "photo":
                continue
            data = bytearray()
            while chunk := await part.read_chunk(1 << 16):
                data += chunk
                if len(data) > most:
                    return None, ""
            return bytes(data), _file_name(part.filename)
    except (ValueError, RuntimeError, BadHttpMessage, web.RequestPayloadError) as problem:
        # A form that cannot be read is no form; what exactly is wrong with it helps nobody.
        log.info("upload form not read: %s", type(problem).__name__)
    return b"", ""


def _file_name(name: str | None) -> str:
    """The name the file had on the phone, as far as it can be stored."""
    known = (name or "").encode("utf-8", "replace").decode()
    return "".join(letter for letter in known if letter.isprintable())[:200]


def _closed(request: web.Request) -> web.StreamResponse:
    return _page(request, "closed.html", {}, status=404)


def _page(request: web.Request, template: str, values: dict[str, Any], status: int = 200) -> web.StreamResponse:
    response = aiohttp_jinja2.render_template(template, request, values, status=status)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Content-Security-Policy"] = (
        "default-src 'self'; img-src 'self' data: blob:; style-src 'self'; script-src 'self'; frame-ancestors 'none'"
    )
    return response
