"""``/cgi-bin/qrcode/create`` and ``showqrcode``."""

from typing import Any

from aiohttp import web

from simulator import codes
from simulator.api.call import GET, POST, Call, Endpoint


async def create(call: Call) -> dict[str, Any]:
    """A ticket for a scene: temporary (60 s where nothing is said) or permanent."""
    code, seconds = call.world.scenes.create(await call.json())
    lasting = {} if seconds is None else {"expire_seconds": seconds}
    return {"ticket": code.ticket, **lasting, "url": code.url}


async def show(call: Call) -> web.StreamResponse:
    """The QR symbol of a ticket as a picture; 404 for a ticket that is unknown or has run out."""
    code = call.world.scenes.by_ticket(call.query("ticket"))
    if code is None or call.world.scenes.is_over(code):
        return web.Response(status=404)
    return web.Response(body=codes.draw(code.url), content_type="image/png")


ENDPOINTS = {
    "/cgi-bin/qrcode/create": Endpoint(create, POST, daily=100_000),
    "/cgi-bin/showqrcode": Endpoint(show, GET, token=False),
}
