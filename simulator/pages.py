"""The phone in the browser: one page, its script and its styles."""

from pathlib import Path

from aiohttp import web

_STATIC = Path(__file__).parent / "static"


def add_routes(app: web.Application) -> None:
    """Hang the page at the application's root."""
    app.add_routes([web.get("", _with_slash), web.get("/", _page), web.static("/static", _STATIC)])


async def _with_slash(request: web.Request) -> web.Response:
    """The page's addresses are relative, so the root needs its slash."""
    raise web.HTTPFound(request.path + "/")


async def _page(_: web.Request) -> web.FileResponse:
    return web.FileResponse(_STATIC / "phone.html", headers={"Cache-Control": "no-cache"})
