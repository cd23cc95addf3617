"""A request that is repeated is answered as it was, and done once.

A client that lost the answer sends its request again under the same key. The record here gives it the answer it missed;
that the work itself is done once, even where a crash fell between the two, is what the use case sees to: it is given
the same key, or finds its work done.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from tortoise.exceptions import IntegrityError

from config.clock import real_seconds
from models import IdempotentRequest
from models.transactions import clean_task, transaction
from workflow.context import Ports
from workflow.ports import ClaimedJob
from workflow.problems import Kind, Refused

UNFINISHED = timedelta(seconds=15)
"""Real time after which whoever began, and said nothing since, is taken for dead."""

RENEWED_EVERY = 4.0
"""Real seconds after which whoever is at it says so again."""

KEPT = timedelta(days=7)
"""How long an answer can still be had again."""

_MOST_KEY = 128
"""Characters that a key has at most, whoever's it is."""


_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Begun:
    """The request is ours to do: ``at`` is by what all below know that it still is; :func:`held` moves it on."""

    id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Replay:
    """It was done before, and this was the answer."""

    status: int
    answer: Any


def key_among_all(whose: str, key: str) -> str:
    """The client's ``key`` as a row keeps it: everybody counts their own."""
    return f"{whose}:{key}"[:_MOST_KEY]


async def begin(scope: str, key: str, body_sha256: str) -> Begun | Replay:
    """Begin a request, or find the answer it had.

    :class:`Refused` where the key was used for something else, or the first request is still being worked on.
    """
    now = _now()
    try:
        async with transaction():
            made = await IdempotentRequest.create(scope=scope, key=key, body_sha256=body_sha256, created_at=now)
        return Begun(made.id, now)
    except IntegrityError:
        known = await IdempotentRequest.get_or_none(scope=scope, key=key)
    if known is None:
        raise _in_progress()  # it was given up between the two statements
    if known.body_sha256 != body_sha256:
        raise Refused(
            Kind.INVALID,
            "idempotency_key_reused",
            "这个 Idempotency-Key 已用于另一项内容：请换一个新的重发",
            field="Idempotency-Key",
        )
    if known.status is not None:
        return Replay(known.status, known.answer)
    if known.created_at > now - UNFINISHED:
        raise _in_progress()
    taken = await IdempotentRequest.filter(id=known.id, status=None, created_at=known.created_at).update(created_at=now)
    if not taken:
        raise _in_progress()
    return Begun(known.id, now)


@asynccontextmanager
async def held(begun: Begun) -> AsyncIterator[None]:
    """While the request is worked on, however long that takes, nobody else takes it over."""
    over = asyncio.Event()
    keeper = clean_task(_keep(begun, over), name="idempotent request")
    try:
        yield
    finally:
        # Never cancelled: a renewal that is half done would leave us without our own mark.
        over.set()
        await keeper


async def _keep(begun: Begun, over: asyncio.Event) -> None:
    while True:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), RENEWED_EVERY)
            return
        now = _now()
        try:
            ours = await IdempotentRequest.filter(id=begun.id, status=None, created_at=begun.at).update(created_at=now)
        except Exception:
            # The database is away for a moment, and with it whoever might take over.
            _log.exception("idempotent request not renewed")
            continue
        if not ours:
            return
        begun.at = now


async def finish(begun: Begun, status: int, answer: Any) -> None:
    """Keep the answer for those who ask again."""
    await IdempotentRequest.filter(id=begun.id, status=None, created_at=begun.at).update(status=status, answer=answer)


async def abandon(begun: Begun) -> None:
    """Nothing was done: the same request may be tried again at once."""
    await IdempotentRequest.filter(id=begun.id, status=None, created_at=begun.at).delete()


async def forget_requests(ports: Ports, job: ClaimedJob) -> None:
    """The job: answers kept long enough go. Repeating it finds nothing more."""
    async with transaction():
        await IdempotentRequest.filter(created_at__lte=_now() - KEPT).delete()
        await ports.queue.finish(job)


def _now() -> datetime:
    return datetime.fromtimestamp(real_seconds(), UTC)


def _in_progress() -> Refused:
    return Refused(Kind.CONFLICT, "request_in_progress", "这项请求正在办理：请稍候几秒再查看结果", retry_after=5)
