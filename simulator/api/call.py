"""What the endpoints share: one call, how its body is read, how an answer is written."""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from simulator.errors import ApiError
from simulator.people import Person
from simulator.world import World

OK: dict[str, Any] = {"errcode": 0, "errmsg": "ok"}

# WeChat does not undo \uXXXX in what it is sent: people read the six characters.
_ESCAPE = re.compile(r"(?<!\\)((?:\\\\)*)\\(u[0-9a-fA-F]{4})")


@dataclass(frozen=True, slots=True)
class Call:
    """One call whose method, token and quota are in order."""

    world: World
    request: web.Request

    def query(self, name: str) -> str:
        """A parameter of the address, empty where it is absent."""
        return self.request.query.get(name, "")

    async def json(self) -> dict[str, Any]:
        """The body; :class:`ApiError` 44002 where there is none, 47001 where it is no JSON object in UTF-8."""
        raw = await self.request.read()
        if not raw:
            raise ApiError(44002)
        try:
            value = json.loads(_ESCAPE.sub(r"\1\\\\\2", raw.decode()))
        except ValueError as error:
            raise ApiError(47001) from error
        if not isinstance(value, dict):
            raise ApiError(47001)
        return value

    def person(self, openid: Any) -> Person:
        """Whoever has ``openid``; :class:`ApiError` 40003 where nobody does."""
        person = self.world.people.by_openid(openid) if isinstance(openid, str) else None
        if person is None:
            raise ApiError(40003)
        return person


Handler = Callable[[Call], Awaitable[Mapping[str, Any] | web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """``daily``: calls a day, 0 for no count. ``plain``: JSON labelled text/plain, as some of the real ones do;
    ``mini_program``: its token is the mini-program's."""

    handler: Handler
    methods: frozenset[str]
    token: bool = True
    daily: int = 0
    plain: bool = False
    mini_program: bool = False


GET, POST = frozenset({"GET"}), frozenset({"POST"})
BOTH = GET | POST


def answer(body: Mapping[str, Any], *, plain: bool = False) -> web.Response:
    """HTTP 200 with ``body`` as raw UTF-8 JSON, whatever it says."""
    kind = "text/plain" if plain else "application/json; encoding=utf-8"
    return web.Response(body=json.dumps(body, ensure_ascii=False).encode(), headers={"Content-Type": kind})


def check_account(known_id: str, known_secret: str, app_id: Any, secret: Any) -> None:
    """:class:`ApiError` 41002 or 41004 where one is missing, 40013 or 40125 where it is not the known one."""
    if not app_id:
        raise ApiError(41002)
    if app_id != known_id:
        raise ApiError(40013)
    if not secret:
        raise ApiError(41004)
    if secret != known_secret:
        raise ApiError(40125)
