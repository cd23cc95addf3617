"""The queue on procrastinate: PostgreSQL only, in the same database and transaction as the rows its jobs belong to.

Two tables share the work. Our ``job`` table is the ledger: the key that is used once ever, what is due on business
time, whose lease runs, the attempts, the end. procrastinate's table carries what may run now: it orders, hands each job
to one worker, wakes sleeping workers in any process when one comes in, and shows operators its list. A job has the same
id in both, and every change of one goes with the change of the other, in one transaction.

What procrastinate leaves to its users is decided by the ledger: a job that is not due on business time is not handed
over yet (procrastinate knows the real time only); a worker that dies loses its lease, and whoever claims next puts its
jobs back, or buries what has no attempt left; only the holder of the lease can end a job.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Any

import asyncpg
import structlog
from tortoise.connection import get_connection

from config.clock import Clock
from gateways.queue import TableQueue
from models import Job
from models.transactions import CONNECTION, clean_task, transaction
from workflow.ports import ClaimedJob, NewJob

QUEUE = "zhuisu"
CHANNEL = f"procrastinate_queue_v1#{QUEUE}"
LOOK_AFTER_SECONDS = 1.0
"""A busy queue is looked after this often; one that runs empty at every claim."""
AT_ONCE = 200
LISTEN_AGAIN_SECONDS = 2.0

_CARRY = (
    f'INSERT INTO procrastinate_jobs (id, queue_name, task_name, priority) SELECT "id", \'{QUEUE}\', "kind", "priority"'
)
_HAND_OVER = f'{_CARRY} FROM "job"'
_FREE = '"done_at" IS NULL AND "dead_at" IS NULL AND "lease" IS NULL'
_UNCARRIED = (
    f"{_FREE} AND (SELECT carried.id FROM procrastinate_jobs carried"  # noqa: S608 - constants only
    ' WHERE carried.id = "job"."id") IS NULL'
)
"""Not NOT EXISTS: the planner, that may take a table which is often empty for empty, would compare all with all."""
_HAND_OVER_MANY = (
    f'{_CARRY} FROM unnest($1::varchar[]) AS wanted ("name")'  # noqa: S608 - constants only
    ' CROSS JOIN LATERAL (SELECT * FROM "job" WHERE "key" = wanted."name" OFFSET 0) AS "job"'
    f' WHERE "due_at" <= $2 AND {_FREE} ORDER BY "id" ON CONFLICT DO NOTHING'
)
"""Each is looked up by its key alone: given a choice, the planner goes through all open jobs, taking them for few."""

_log = structlog.get_logger(__name__)


class ProcrastinateQueue(TableQueue):
    """:class:`workflow.ports.Queue` over the ledger of :class:`TableQueue`, carried by procrastinate."""

    def __init__(self, clock: Clock, lease_clock: Clock | None = None) -> None:
        super().__init__(clock, lease_clock)
        self._looked_after = float("-inf")

    async def enqueue(
        self, kind: str, key: str, args: dict[str, Any], *, due: datetime, priority: int = 0, max_attempts: int = 5
    ) -> bool:
        """Join the caller's transaction. False where ``key`` was enqueued before, ever: nothing is added then."""
        async with transaction():
            added = await super().enqueue(kind, key, args, due=due, priority=priority, max_attempts=max_attempts)
            if added and due <= self._clock.now():
                await _ask(f'{_HAND_OVER} WHERE "key" = $1', key)
        return added

    async def enqueue_many(self, jobs: Sequence[NewJob]) -> None:
        """Join the caller's transaction: all of them at once, but for those whose ``key`` was enqueued before, ever."""
        now = self._clock.now()
        async with transaction():
            await super().enqueue_many(jobs)
            if due := [job.key for job in jobs if job.due <= now]:
                # Of those that were there before, what waits to be handed over goes along.
                await _ask(_HAND_OVER_MANY, due, now)

    async def claim(self, limit: int, seconds: float, *, key: str | None = None) -> list[ClaimedJob]:
        """Lease up to ``limit`` due jobs, the most urgent first and among equals those that came to procrastinate
        first; or the one named by ``key``, due or not."""
        async with transaction():
            if key is not None:
                fetched = await self._fetch_by_key(key)
            else:
                fetched = await self._fetch(limit)
                tired = time.monotonic() - self._looked_after > LOOK_AFTER_SECONDS
                if len(fetched) < limit or tired:
                    await self._look_after()
                    fetched += await self._fetch(limit - len(fetched))
            if not fetched:
                return []
            rank = {job: place for place, job in enumerate(fetched)}
            free = await Job.filter(self._free(), id__in=fetched, done_at=None, dead_at=None).select_for_update(
                skip_locked=True
            )
            # Whatever is not free is held, or ended, by who does not go through procrastinate; it is handed over anew
            # once it is free.
            await _drop(set(fetched) - {job.id for job in free})
            return await self._lease(sorted(free, key=lambda job: rank[job.id]), seconds)

    @asynccontextmanager
    async def listening(self, ring: Callable[[], None]) -> AsyncIterator[None]:
        """``ring`` is called at the commit of whoever enqueued, in any process."""
        listener = clean_task(_listen(ring), name="queue listener")
        try:
            yield
        finally:
            listener.cancel()
            with suppress(asyncio.CancelledError):
                await listener

    async def _release(self, job: ClaimedJob, **values: Any) -> bool:
        async with transaction():
            if not await super()._release(job, **values):
                return False
            if "dead_at" in values:
                await _fail(job.id)
            else:
                await _drop({job.id})
        return True

    async def _bury_orphan(self, job: Job) -> None:
        await super()._bury_orphan(job)
        await _fail(job.id)

    async def _fetch(self, limit: int) -> list[int]:
        """Up to ``limit`` jobs that procrastinate gives to us, the most urgent first."""
        rows = await _ask(
            f"SELECT (procrastinate_fetch_job_v2(ARRAY['{QUEUE}'::varchar], NULL)).id AS id"  # noqa: S608 - constants only
            " FROM generate_series(1, $1::int)",
            limit,
        )
        return [row["id"] for row in rows if row["id"] is not None]

    async def _fetch_by_key(self, key: str) -> list[int]:
        """The one job, if it is open and nobody holds it; it is handed over now where it was not due."""
        await _ask(
            f'{_HAND_OVER} WHERE "key" = $1 AND {_UNCARRIED} FOR UPDATE SKIP LOCKED ON CONFLICT DO NOTHING',
            key,
        )
        rows = await _ask(
            "UPDATE procrastinate_jobs SET status = 'doing' WHERE id = (SELECT carried.id"
            " FROM procrastinate_jobs carried JOIN job ON job.id = carried.id"
            " WHERE job.key = $1 AND carried.status = 'todo' FOR UPDATE OF carried SKIP LOCKED) RETURNING id",
            key,
        )
        return [row["id"] for row in rows]

    async def _look_after(self) -> None:
        """Put back what dead workers held, bury what has no attempt left, hand over what became due."""
        self._looked_after = time.monotonic()
        lost = await (
            Job.filter(lease_until__lte=self._lease_clock.now(), done_at=None, dead_at=None)
            .order_by("id")
            .limit(AT_ONCE)
            .select_for_update(skip_locked=True)
        )
        for job in lost:
            if job.attempts >= job.max_attempts:
                await self._bury_orphan(job)
        again = [job.id for job in lost if job.attempts < job.max_attempts]
        if again:
            await Job.filter(id__in=again).update(lease=None, lease_until=None)
            await _drop(set(again))
        await _ask(
            f'{_HAND_OVER} WHERE "due_at" <= $1 AND {_UNCARRIED} ORDER BY "priority" DESC, "due_at", "id"'
            f" LIMIT {AT_ONCE} FOR UPDATE SKIP LOCKED ON CONFLICT DO NOTHING",
            self._clock.now(),
        )


async def _ask(query: str, *values: Any) -> list[dict[str, Any]]:
    return await get_connection(CONNECTION).execute_query_dict(query, list(values))


async def _drop(jobs: set[int]) -> None:
    """procrastinate carries them no longer: done, or back in the ledger until they are due."""
    if jobs:
        await _ask("DELETE FROM procrastinate_jobs WHERE id = ANY($1::bigint[])", sorted(jobs))


async def _fail(job: int) -> None:
    """It stays visible in procrastinate's list, too."""
    await _ask(
        "SELECT procrastinate_finish_job_v1(id, 'failed', false) FROM procrastinate_jobs"
        " WHERE id = $1 AND status IN ('todo', 'doing')",
        job,
    )


async def _listen(ring: Callable[[], None]) -> None:
    """Hold a connection of the pool and listen on it; a lost one is replaced, and workers look for themselves."""
    while True:
        try:
            await _listen_until_lost(ring)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as problem:
            _log.warning("queue listener lost", problem=type(problem).__name__)
        await asyncio.sleep(LISTEN_AGAIN_SECONDS)


async def _listen_until_lost(ring: Callable[[], None]) -> None:
    lost = asyncio.Event()

    def heard(*_: object) -> None:
        ring()

    def ended(*_: object) -> None:
        lost.set()

    async with get_connection(CONNECTION)._pool.acquire() as connection:
        connection.add_termination_listener(ended)
        await connection.add_listener(CHANNEL, heard)
        try:
            ring()  # for what came before
            await lost.wait()
        finally:
            connection.remove_termination_listener(ended)
            with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await connection.remove_listener(CHANNEL, heard)
