"""The HTTP API for the mini-program, below ``/api/v1``; its OpenAPI document at ``/api/openapi.json``."""

from collections.abc import Iterable

from aiohttp import web

from config.settings import Settings
from miniapp_api import (
    adoptions,
    applications,
    certificates,
    desk,
    feedback,
    firms,
    months,
    openapi,
    people,
    procurement,
    products,
    publications,
    registrations,
    reminders,
    sampling,
    scans,
    wechat,
)
from miniapp_api.admitting import people as people_at_the_door
from miniapp_api.chapter import Chapter
from miniapp_api.serving import add_endpoints, as_problems, handler_of
from workflow.context import Ports

VERSION = "1.0.0"
CHAPTERS: tuple[Chapter, ...] = (
    people.chapter,
    registrations.chapter,
    firms.chapter,
    products.chapter,
    applications.chapter,
    publications.chapter,
    certificates.chapter,
    months.chapter,
    sampling.chapter,
    scans.chapter,
    procurement.chapter,
    adoptions.chapter,
    feedback.chapter,
    reminders.chapter,
    desk.chapter,
    wechat.chapter,
)

DOCUMENT_SECONDS = 300


def add_api(app: web.Application, settings: Settings, ports: Ports, chapters: Iterable[Chapter] = CHAPTERS) -> None:
    """Add the API to ``app``."""
    chapters = list(chapters)
    api = web.Application(middlewares=[as_problems])
    admit = people_at_the_door(ports, settings.api)
    add_endpoints(api, chapters, lambda endpoint: handler_of(endpoint, ports, admit))
    written = openapi.text(openapi.document(chapters, VERSION))

    async def document(_request: web.Request) -> web.Response:
        kept = {"Cache-Control": f"public, max-age={DOCUMENT_SECONDS}"}
        return web.json_response(text=written, headers=kept)

    api.router.add_route("GET", "/openapi.json", document)
    app.add_subapp("/api", api)
