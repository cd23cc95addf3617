"""A request that is repeated is answered as it was, and done once.

A client that lost the answer sends its request again under the same key. The record here gives it the answer it missed;
that the work itself is done once, even where a crash fell between the two, is what the use case sees to: it is given
the same key, or finds its work done.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tortoise.exceptions import IntegrityError

from config.clock import real_seconds
from models import IdempotentRequest
from models.transactions import transaction
from workflow.context import Ports
from workflow.ports import ClaimedJob
from workflow.problems import Kind, Refused

UNFINISHED = timedelta(seconds=30)
"""Real time after which whoever began is taken for dead: longer than a use case takes, whose input is there already."""

KEPT = timedelta(days=7)
"""How long an answer can still be had again."""


@dataclass(frozen=True, slots=True)
class Begun:
    """The request is ours to do: ``at`` is by what :func:`finish` and :func:`abandon` know that it still is."""

    id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Replay:
    """It was done before, and this was the answer."""

    status: int
    answer: Any


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
