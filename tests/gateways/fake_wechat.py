"""A small WeChat API on loopback: tokens that can be killed, scripted answers, and a record of what was asked."""

import asyncio
import json
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

APP_ID = "wxtest0000000001"
SECRET = "very-secret-app-secret"

Scripted = dict[str, Any] | web.StreamResponse | Callable[[web.Request], Awaitable[web.StreamResponse]]


class FakeWeChat:
    """``script[path]`` holds answers for the next calls; beyond them, every call succeeds."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.bodies: list[tuple[str, bytes]] = []
        self.queries: list[tuple[str, dict[str, str]]] = []
        self.tokens: list[str] = []
        self.good: set[str] = set()
        self.token_delay = 0.0
        self.token_answer: dict[str, Any] | None = None
        self.expires_in = 7200
        self.script: dict[str, deque[Scripted]] = {}
        self.media: bytes | dict[str, Any] = b"\xff\xd8 media by id"

    def app(self) -> web.Application:
        app = web.Application(client_max_size=4 * 2**20)
        app.router.add_post("/cgi-bin/stable_token", self.stable_token)
        app.router.add_route("*", "/cgi-bin/{rest:.+}", self.api)
        app.router.add_get("/sns/{rest:.+}", self.sns)
        return app

    def answer(self, path: str, *answers: Scripted) -> None:
        self.script.setdefault(path, deque()).extend(answers)

    def kill_tokens(self) -> None:
        self.good.clear()

    async def stable_token(self, request: web.Request) -> web.StreamResponse:
        self.calls["stable_token"] += 1
        body = await request.json()
        await asyncio.sleep(self.token_delay)
        scripted = self.script.get("stable_token")
        if scripted:
            return await self._reply(request, scripted.popleft())
        if body["appid"] != APP_ID or body["secret"] != SECRET or body["grant_type"] != "client_credential":
            return web.json_response({"errcode": 40125, "errmsg": f"invalid appsecret {body['secret']}"})
        assert body["force_refresh"] is False
        if not (self.tokens and self.tokens[-1] in self.good):
            self.tokens.append(f"TOKEN-{len(self.tokens)}-" + "x" * 64)
            self.good.add(self.tokens[-1])
        return web.json_response({"access_token": self.tokens[-1], "expires_in": self.expires_in})

    async def sns(self, request: web.Request) -> web.StreamResponse:
        path = f"sns/{request.match_info['rest']}"
        self.calls[path] += 1
        self.queries.append((path, dict(request.query)))
        scripted = self.script.get(path)
        if scripted:
            return await self._reply(request, scripted.popleft())
        answer = {"openid": "oLogin", "unionid": "uLogin", "session_key": "very-secret-session-key"}
        return web.Response(text=json.dumps(answer), content_type="text/plain")

    async def api(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["rest"]
        self.calls[path] += 1
        self.bodies.append((path, await request.read()))
        self.queries.append((path, dict(request.query)))
        token = request.query.get("access_token", "")
        if token not in self.good:
            message = f"invalid credential, {token} is invalid or not latest rid: 1-2-3"
            return web.json_response({"errcode": 40001, "errmsg": message})
        scripted = self.script.get(path)
        if scripted:
            return await self._reply(request, scripted.popleft())
        if path == "media/get":
            if isinstance(self.media, bytes):
                return web.Response(body=self.media, content_type="image/jpeg")
            return web.Response(text=json.dumps(self.media), content_type="text/plain")
        known: dict[str, dict[str, Any]] = {
            "media/upload": {"type": "image", "media_id": "MEDIA-1", "created_at": 1},
            "qrcode/create": {"ticket": "T", "url": "http://weixin.qq.com/q/x", "expire_seconds": 60},
            "ticket/getticket": {"errcode": 0, "errmsg": "ok", "ticket": "TICKET-1", "expires_in": 7200},
            "user/info": {"subscribe": 1, "openid": request.query.get("openid"), "unionid": "U"},
        }
        return web.json_response(known.get(path, {"errcode": 0, "errmsg": "ok"}))

    @staticmethod
    async def _reply(request: web.Request, scripted: Scripted) -> web.StreamResponse:
        if isinstance(scripted, dict):
            return web.json_response(scripted)
        if isinstance(scripted, web.StreamResponse):
            return scripted
        return await scripted(request)


async def cut(request: web.Request) -> web.StreamResponse:
    """Drop the connection without an answer."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def sleep(_: web.Request) -> web.StreamResponse:
    """Answer after the client's patience."""
    await asyncio.sleep(1.0)
    return web.json_response({"errcode": 0})
