"""A peer that speaks the registries' contract (R34): a real server on loopback with invented records (样例)."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

KEY = "sample-registries-key"


@dataclass
class RegistriesPeer:
    """``records`` by register and number; ``trouble`` answers instead, once each."""

    records: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    trouble: list[web.StreamResponse | float] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/v1/{register:business|licence|ccc|trace}", self.answer)
        return app

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return web.json_response({"found": False}, status=401)
        asked = request.match_info["register"], request.query["number"]
        self.asked.append(asked)
        if self.trouble:
            trouble = self.trouble.pop(0)
            if isinstance(trouble, web.StreamResponse):
                return trouble
            await asyncio.sleep(trouble)
        record = self.records.get(asked)
        body: dict[str, Any] = {"found": record is not None, "as_of": "2026-11-24T02:00:00+00:00"}
        if record is not None:
            body["record"] = record
        return web.Response(text=json.dumps(body, ensure_ascii=False), content_type="application/json")
