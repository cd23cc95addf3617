"""What operators see: request ids, one log line a request, /healthz, /readyz and /metrics."""

import asyncio
import errno
import secrets
import time
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest
from tortoise.connection import get_connection

from models import Answer, AnswerState, DeskItem, DeskState, Job
from workflow import fan_outs
from workflow.context import Ports

PORTS = web.AppKey("probed_ports", Ports)
INSPECTING = web.AppKey("inspecting", bool)
READY_SECONDS = 3.0
PLAIN = {
    403: "不允许访问。",
    404: "没有这个页面。",
    405: "不支持这种请求方式。",
    413: "发来的内容太大，没有收下。",
}
"""What a person reads where a page is refused."""

_requests = Counter("zhuisu_requests_total", "Requests, by route and status", ["method", "route", "status"])
_seconds = Histogram("zhuisu_request_seconds", "Time to the answer", ["route"])
_open_jobs = Gauge("zhuisu_jobs_open", "Jobs that are due and not done")
_dead_jobs = Gauge("zhuisu_jobs_dead", "Jobs given up: an operator should look")
_uncertain = Gauge("zhuisu_answers_uncertain", "Messages of which nobody knows whether they arrived")
_fan_out_done = Gauge("zhuisu_fan_out_done", "How many of the newest fan-out of a kind are done", ["kind"])
_fan_out_total = Gauge("zhuisu_fan_out_total", "How many the newest fan-out of a kind is for", ["kind"])
_desk_overdue = Gauge("zhuisu_desk_overdue", "What waits on the operator's desk beyond its deadline")
_log = structlog.get_logger("http")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def observing(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give the request an id, count and time it, and never show a person what went wrong inside."""
    resource = request.match_info.route.resource
    route = resource.canonical if resource is not None else "unmatched"
    request_id = secrets.token_hex(6)
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request=request_id)
    started = time.perf_counter()
    status = 500
    try:
        response = await handler(request)
        status = response.status
    except web.HTTPException as refusal:
        status = refusal.status
        refusal.headers["X-Request-Id"] = request_id
        if status in PLAIN:
            refusal.text = PLAIN[status]
        raise
    except asyncio.CancelledError:
        status = 499
        raise
    except Exception as problem:
        if isinstance(problem, OSError) and problem.errno == errno.ENAMETOOLONG:
            raise web.HTTPNotFound(text=PLAIN[404]) from None
        _log.exception("request failed", route=route)
        response = web.Response(status=500, text=f"系统暂时没有处理成功，请稍后再试。编号 {request_id}")
    finally:
        seconds = time.perf_counter() - started
        if not route.startswith(("/healthz", "/readyz", "/metrics")):
            _requests.labels(request.method, route, status).inc()
            _seconds.labels(route).observe(seconds)
            if not route.startswith("/sim"):
                _log.info("request", method=request.method, route=route, status=status, ms=round(seconds * 1000, 1))
    if not response.prepared:
        response.headers["X-Request-Id"] = request_id
    return response


def add_probes(app: web.Application, ports: Ports, *, inspecting: bool) -> None:
    """Add the three probes. /metrics names routes and kinds only, never a person.

    ``inspecting``: this process looks at pictures itself, so that it is only ready with its inspector.
    """
    app[PORTS] = ports
    app[INSPECTING] = inspecting
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", metrics)


async def healthz(_request: web.Request) -> web.Response:
    """The process runs."""
    return web.json_response({"status": "ok"})


async def readyz(request: web.Request) -> web.Response:
    """Everything that a photo's road needs answers: database, storage, cache, inspector pool."""
    ports = request.app[PORTS]

    async def database() -> None:
        await get_connection("default").execute_query("SELECT 1")

    checks = {
        "database": database,
        "storage": ports.storage.check,
        "cache": ports.cache.check,
    }
    if request.app[INSPECTING]:
        checks["inspector"] = ports.inspector.check

    async def run(check: Callable[[], Awaitable[None]]) -> str:
        try:
            async with asyncio.timeout(READY_SECONDS):
                await check()
        except Exception as problem:
            _log.warning("not ready", problem=type(problem).__name__)
            return "unavailable"
        return "ok"

    results = dict(zip(checks, await asyncio.gather(*map(run, checks.values())), strict=True))
    ready = all(result == "ok" for result in results.values())
    return web.json_response({"status": "ok" if ready else "unavailable", **results}, status=200 if ready else 503)


async def metrics(request: web.Request) -> web.Response:
    """Prometheus text format."""
    now = request.app[PORTS].clock.now()
    _open_jobs.set(await Job.filter(done_at=None, dead_at=None, due_at__lte=now).count())
    _dead_jobs.set(await Job.filter(dead_at__not_isnull=True).count())
    _uncertain.set(await Answer.filter(state=AnswerState.UNCERTAIN).count())
    _desk_overdue.set(await DeskItem.filter(state=DeskState.OPEN, due_at__lte=now).count())
    for fan_out in reversed(await fan_outs.newest()):
        _fan_out_done.labels(fan_out.kind).set(fan_out.done)
        _fan_out_total.labels(fan_out.kind).set(fan_out.total)
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})
