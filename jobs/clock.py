"""The clock: each tick only enqueues a job under the tick's own key, so any number of nodes make one job of it."""

from datetime import datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from jobs.handlers import (
    DROP_UNCONSENTED,
    DROP_UNREFERRED,
    FORGET_DELIVERIES,
    FORGET_REQUESTS,
    FORGET_SESSIONS,
    FORGET_SWEEPS,
    GIVE_UP,
    GIVE_UP_FILES,
)
from models.transactions import transaction
from workflow import due
from workflow.context import Ports
from workflow.monthly import reminders
from workflow.scanning import scan_counts

SWEEPS: dict[str, timedelta] = {
    DROP_UNCONSENTED: timedelta(minutes=10),
    GIVE_UP: timedelta(minutes=1),
    GIVE_UP_FILES: timedelta(minutes=10),
    due.SWEEP: timedelta(seconds=30),
    reminders.SWEEP: timedelta(minutes=1),
    FORGET_SWEEPS: timedelta(days=1),
    FORGET_REQUESTS: timedelta(hours=1),
    FORGET_SESSIONS: timedelta(days=1),
    DROP_UNREFERRED: timedelta(days=1),
    scan_counts.ROLL_UP: timedelta(hours=1),
    scan_counts.FORGET: timedelta(days=1),
    FORGET_DELIVERIES: timedelta(days=1),
}
"""What is swept and how often. The sweep itself finds what is due from the data, never from a tick that was missed."""


SWEEP_PRIORITY = 40
"""Before all else: sweeps are few and short, and what they promise has a deadline."""


def slot(now: datetime, every: timedelta) -> int:
    """The number of the interval ``now`` lies in: the same on every node."""
    return int(now.timestamp() // every.total_seconds())


async def tick(ports: Ports, kind: str, every: timedelta) -> None:
    """Enqueue the sweep of this interval, once."""
    now = ports.clock.now()
    async with transaction():
        await ports.queue.enqueue(kind, f"{kind}:{slot(now, every)}", {}, due=now, priority=SWEEP_PRIORITY)
    ports.bell.ring("jobs")


def start_clock(ports: Ports) -> AsyncIOScheduler:
    """Start ticking on the running loop; the caller shuts it down."""
    scheduler = AsyncIOScheduler(
        timezone="Asia/Shanghai", job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1}
    )
    for kind, every in SWEEPS.items():
        scheduler.add_job(
            tick,
            IntervalTrigger(seconds=int(every.total_seconds())),
            args=(ports, kind, every),
            id=kind,
            next_run_time=datetime.now(scheduler.timezone),
        )
    scheduler.start()
    return scheduler
