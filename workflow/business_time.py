"""Business time moved forward, for trying out months in a minute; never in production.

How far it was moved stands in the database, so that all processes of one installation agree and a restart changes
nothing. Leases, signatures, tokens and caches stay on the real time.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import structlog
from tortoise.expressions import F

from config.clock import ShiftedClock
from models import Counter
from models.transactions import clean_task, transaction
from workflow.context import Ports
from workflow.due import SWEEP
from workflow.monthly import reminders
from workflow.problems import Kind, Refused

OFFSET = "business_time_offset_s"
"""The counter that holds the seconds."""
FARTHEST = timedelta(days=3660)
LOOK_SECONDS = 1.0
"""How soon a process follows what another one moved."""

_log = structlog.get_logger(__name__)


async def offset() -> timedelta:
    """By how much business time was moved, ever."""
    counter = await Counter.get_or_none(name=OFFSET)
    return timedelta(seconds=counter.value if counter else 0)


async def move_forward(ports: Ports, *, by: timedelta | None = None, to: datetime | None = None) -> datetime:
    """Move business time ``by`` whole seconds or ``to`` an aware moment, and have what is due then carried out at once.

    The new present is answered. :class:`Refused` where that would be backward, too far, or where time is real.
    """
    clock = ports.clock
    if not isinstance(clock, ShiftedClock):
        raise Refused(Kind.FORBIDDEN, "time_is_real", "这里使用真实时间，不能拨动")
    async with transaction():
        await Counter.get_or_create(name=OFFSET)
        counter = await Counter.filter(name=OFFSET).select_for_update().get()
        clock.reach(timedelta(seconds=counter.value))
        step = by if by is not None else (to or clock.now()) - clock.now()
        seconds = -(-step // timedelta(seconds=1))  # rounded up: the moment asked for has come
        if seconds < 0:
            raise Refused(Kind.INVALID, "time_goes_forward", "时间只能向前拨")
        if timedelta(seconds=counter.value + seconds) > FARTHEST:
            raise Refused(Kind.INVALID, "time_too_far", f"最多向前拨 {FARTHEST.days} 天")
        await Counter.filter(name=OFFSET).update(value=F("value") + seconds)
        # Its key is the offset that is reached: moving twice makes two sweeps, repeating one sweep nothing.
        reached = counter.value + seconds
        due = clock.now() + timedelta(seconds=seconds)
        for kind in (SWEEP, reminders.SWEEP):
            await ports.queue.enqueue(kind, f"{kind}:moved:{reached}", {}, due=due, priority=40)
    clock.reach(timedelta(seconds=reached))
    ports.bell.ring("jobs")
    return clock.now()


@asynccontextmanager
async def followed(clock: ShiftedClock) -> AsyncIterator[None]:
    """``clock`` is where any process moved it to, within a second, until the block ends."""
    clock.reach(await offset())
    following = clean_task(_follow(clock), name="business time")
    try:
        yield
    finally:
        following.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await following


async def _follow(clock: ShiftedClock) -> None:
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        try:
            clock.reach(await offset())
        except Exception:
            _log.exception("business time not read")
