"""A firm's record of look-ups: numbers by product and month, and the record itself as a file (A, C(2), 8.3)."""

from datetime import date
from typing import Any
from urllib.parse import quote

from aiohttp import web

from standard.calendar import shanghai_day
from web.my import firm_here
from web.page import PORTS, show
from web.signing_in import Visitor, signed_in
from workflow.problems import Kind, Refused
from workflow.scanning import scan_counts


async def scans(request: web.Request) -> web.StreamResponse:
    """The numbers, and the form that asks for the file."""
    return await _scans(request, await signed_in(request))


async def _scans(request: web.Request, who: Visitor, problem: Refused | None = None) -> web.StreamResponse:
    ports = request.app[PORTS]
    firm, _ = await firm_here(request, who)
    today = shanghai_day(ports.clock.now())
    values: dict[str, Any] = {"first": today.replace(day=1).isoformat(), "last": today.isoformat()}
    shown = {
        "visitor": who,
        "firm": firm,
        "summary": await scan_counts.summary(ports, who.asker, firm.id),
        "kept_days": ports.scans_kept.days,
        "today": today,
        "values": {**values, **{name: request.query[name] for name in values if name in request.query}},
        "problem": problem,
    }
    return show(request, "scans.html", shown, problem.kind.status if problem else 200)


async def export(request: web.Request) -> web.StreamResponse:
    """The record of the days asked for, sent as it is read; where it breaks off, so does the connection."""
    who = await signed_in(request)
    firm, _ = await firm_here(request, who)
    try:
        file = await scan_counts.exported(who.asker, firm.id, _day(request, "first"), _day(request, "last"))
    except Refused as refusal:
        if refusal.kind is not Kind.INVALID:
            raise
        return await _scans(request, who, refusal)
    response = web.StreamResponse(
        headers={
            "Content-Type": f"{file.media_type}; charset=utf-8",
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}",
            "Cache-Control": "private, no-store",
            "X-Content-Type-Options": "nosniff",
            "X-Robots-Tag": "noindex",
        }
    )
    await response.prepare(request)
    try:
        async for piece in file.pieces:
            await response.write(piece)
        await response.write_eof()
    except ConnectionError:
        pass  # whoever asked has gone
    except Exception:
        if request.transport is not None:
            request.transport.abort()
        raise
    return response


def _day(request: web.Request, name: str) -> date:
    try:
        return date.fromisoformat(request.query.get(name, ""))
    except ValueError:
        raise Refused(Kind.INVALID, "days_odd", "日期请写成 2026-12-01 这样", clause="8.1(2)", field=name) from None
