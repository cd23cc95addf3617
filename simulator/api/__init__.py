"""The server API (``api.weixin.qq.com``): one table of paths, one way in that checks what WeChat checks."""

import asyncio
import time

from aiohttp import web

from simulator.api import login, media, menu, messages, notices, qrcode, quota, security, tokens, users
from simulator.api.call import Call, Endpoint, answer
from simulator.errors import ApiError
from simulator.faults import BAD_GATEWAY, LOST_ANSWER, TIMEOUT
from simulator.world import WORLD, World

_HANG_SECONDS = 60.0

ENDPOINTS: dict[str, Endpoint] = {
    **tokens.ENDPOINTS,
    **media.ENDPOINTS,
    **messages.ENDPOINTS,
    **notices.ENDPOINTS,
    **menu.ENDPOINTS,
    **qrcode.ENDPOINTS,
    **users.ENDPOINTS,
    **login.ENDPOINTS,
    **security.ENDPOINTS,
    **quota.ENDPOINTS,
}


def add_routes(app: web.Application) -> None:
    """Hang the API under ``/api`` of ``app``."""
    app.router.add_route("*", "/api/{path:.*}", handle)


async def handle(request: web.Request) -> web.StreamResponse:
    """One API call: an ordered fault first, else what the real one would answer; all of it goes into the journal."""
    world, path, began = request.app[WORLD], "/" + request.match_info["path"], time.monotonic()
    fault = world.faults.take(path)
    result = fault or "ok"
    response: web.StreamResponse | None = None
    try:
        if fault == TIMEOUT:
            await _hang(world, request)
        elif fault == BAD_GATEWAY:
            response = web.Response(status=502, text="<html><h1>502 Bad Gateway</h1></html>", content_type="text/html")
        elif fault and fault != LOST_ANSWER:
            raise ApiError(int(fault))
        else:
            response = await _call(world, request, path)
    except ApiError as error:
        result = fault or str(error.code)
        response = answer(error.body(), plain=path in ENDPOINTS and ENDPOINTS[path].plain)
    world.note("api", path, result, time.monotonic() - began)
    if response is None or fault == LOST_ANSWER:
        return _broken(request)
    return response


async def _call(world: World, request: web.Request, path: str) -> web.StreamResponse:
    endpoint = ENDPOINTS.get(path)
    if endpoint is None:
        raise ApiError(48001, f"(not supported by this simulator: {path})")
    if request.method not in endpoint.methods:
        raise ApiError(43002 if "POST" in endpoint.methods else 43001)
    if endpoint.token:
        (world.mini_tokens if endpoint.mini_program else world.tokens).check(request.query.get("access_token", ""))
    if endpoint.daily:
        world.quotas.spend(path, endpoint.daily)
    result = await endpoint.handler(Call(world, request))
    return result if isinstance(result, web.StreamResponse) else answer(result, plain=endpoint.plain)


async def _hang(world: World, request: web.Request) -> None:
    """No answer until the caller gives up (or we do, or the server stops)."""
    ends = time.monotonic() + _HANG_SECONDS
    while time.monotonic() < ends and request.transport is not None and not request.transport.is_closing():
        try:
            async with asyncio.timeout(0.25):
                await world.closing.wait()
                return
        except TimeoutError:
            continue


def _broken(request: web.Request) -> web.StreamResponse:
    """Cut the line instead of answering."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
