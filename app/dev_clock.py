"""Business time over HTTP, in dev only: a month of deadlines in a minute. Production does not even have the route."""

import json
import math
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from config.clock import SHANGHAI
from workflow import business_time
from workflow.context import Ports
from workflow.problems import Kind, Refused

PORTS = web.AppKey("clock_ports", Ports)


def add_dev_clock(app: web.Application, ports: Ports) -> None:
    """Add ``/dev/clock``."""
    app[PORTS] = ports
    app.router.add_get("/dev/clock", read_clock)
    app.router.add_post("/dev/clock", move_clock)


async def read_clock(request: web.Request) -> web.Response:
    """``{"now", "offset_seconds"}``: business time in Asia/Shanghai, and how far it was moved."""
    moved = await business_time.offset()
    now = request.app[PORTS].clock.now().astimezone(SHANGHAI)
    return web.json_response({"now": now.isoformat(timespec="seconds"), "offset_seconds": int(moved.total_seconds())})


async def move_clock(request: web.Request) -> web.Response:
    """``{"advance_seconds": n}`` or ``{"to": "2026-12-01T09:00:00+08:00"}``; what is due then is carried out at once.

    A moment without a zone is Asia/Shanghai's.
    """
    try:
        by, to = _asked(await request.json())
        await business_time.move_forward(request.app[PORTS], by=by, to=to)
    except (ValueError, OverflowError):
        return _refuse(400, "clock_request_invalid", "请给 advance_seconds（秒数）或 to（ISO 8601 时刻）")
    except Refused as refused:
        return _refuse(403 if refused.kind is Kind.FORBIDDEN else 422, refused.code, refused.advice)
    return await read_clock(request)


def _asked(body: Any) -> tuple[timedelta | None, datetime | None]:
    """By how much or until when; :class:`ValueError` where the body names neither, or both."""
    match body:
        case {"advance_seconds": int() | float() as seconds, **rest} if not rest and not isinstance(seconds, bool):
            if not math.isfinite(seconds):
                raise ValueError
            return timedelta(seconds=seconds), None
        case {"to": str(text), **rest} if not rest:
            moment = datetime.fromisoformat(text)
            return None, moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)
    raise ValueError


def _refuse(status: int, code: str, detail: str) -> web.Response:
    body = json.dumps({"code": code, "detail": detail}, ensure_ascii=False)
    return web.Response(status=status, text=body, content_type="application/problem+json")
