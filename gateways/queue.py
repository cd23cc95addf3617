"""The queue as a table: on SQLite and on PostgreSQL, in the same database as the rows its jobs belong to."""

import secrets
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from datetime import datetime, timedelta
from typing import Any

from tortoise.exceptions import IntegrityError
from tortoise.expressions import F, Q

from config.clock import Clock, SystemClock
from models import Job
from models.transactions import transaction
from workflow.ports import ClaimedJob, NewJob

LONGEST_ERROR = 2000


class TableQueue:
    """:class:`workflow.ports.Queue` on the job table.

    ``clock`` is business time: when jobs are due and what the table records. Leases go by ``lease_clock``, the real
    time unless a test says otherwise: moving the business clock must not take jobs from workers that are at them.
    """

    def __init__(self, clock: Clock, lease_clock: Clock | None = None) -> None:
        self._clock = clock
        self._lease_clock = lease_clock or SystemClock()

    async def enqueue(
        self, kind: str, key: str, args: dict[str, Any], *, due: datetime, priority: int = 0, max_attempts: int = 5
    ) -> bool:
        """Join the caller's transaction. False where ``key`` was enqueued before, ever: nothing is added then."""
        try:
            # Its own savepoint: a duplicate must not spoil the caller's transaction.
            async with transaction():
                await Job.create(
                    kind=kind,
                    key=key,
                    args=args,
                    due_at=due,
                    priority=priority,
                    max_attempts=max_attempts,
                    created_at=self._clock.now(),
                )
        except IntegrityError:
            if await Job.exists(key=key):
                return False
            raise
        return True

    async def enqueue_many(self, jobs: Sequence[NewJob]) -> None:
        """Join the caller's transaction: all of them at once, but for those whose ``key`` was enqueued before, ever."""
        now = self._clock.now()
        rows = [
            Job(
                kind=job.kind,
                key=job.key,
                args=job.args,
                due_at=job.due,
                priority=job.priority,
                max_attempts=job.max_attempts,
                created_at=now,
            )
            for job in jobs
        ]
        if rows:
            await Job.bulk_create(rows, ignore_conflicts=True)

    async def claim(self, limit: int, seconds: float, *, key: str | None = None) -> list[ClaimedJob]:
        """Lease up to ``limit`` due jobs, the most urgent first, or the one named by ``key``, due or not."""
        wanted = Q(due_at__lte=self._clock.now()) if key is None else Q(key=key)
        async with transaction():
            free = await (
                Job.filter(wanted, self._free(), done_at=None, dead_at=None)
                .order_by("-priority", "due_at", "id")
                .limit(limit)
                .select_for_update(skip_locked=True)  # SQLite needs none: its transaction holds the write lock
            )
            return await self._lease(free, seconds)

    async def renew(self, job: ClaimedJob, seconds: float) -> bool:
        """Lengthen the lease; False where it was lost."""
        return await self._update(job, lease_until=self._lease_clock.now() + timedelta(seconds=seconds))

    async def finish(self, job: ClaimedJob) -> bool:
        """Mark done, inside the transaction of the job's effect. False: the lease was lost; roll the effect back."""
        return await self._release(job, done_at=self._clock.now())

    async def retry(self, job: ClaimedJob, due: datetime, error: str) -> None:
        """Give it back for another attempt at ``due``; with no attempt left it is buried."""
        if job.attempts >= job.max_attempts:
            await self.bury(job, error)
        else:
            await self._release(job, due_at=due, last_error=error[:LONGEST_ERROR])

    async def postpone(self, job: ClaimedJob, due: datetime, args: dict[str, Any] | None = None) -> None:
        """Put it off until ``due``: nothing was tried, so this attempt is not counted. ``args`` replaces its own."""
        replaced = {} if args is None else {"args": args}
        await self._release(job, due_at=due, attempts=job.attempts - 1, **replaced)

    async def bury(self, job: ClaimedJob, error: str) -> None:
        """Give up for good; it stays visible."""
        await self._release(job, dead_at=self._clock.now(), last_error=error[:LONGEST_ERROR])

    async def forget(self, kinds: Collection[str], before: datetime) -> int:
        """Delete jobs of ``kinds`` done before that moment: only where their keys can never be enqueued again."""
        return await Job.filter(kind__in=list(kinds), done_at__lt=before).delete()

    def listening(self, ring: Callable[[], None]) -> AbstractAsyncContextManager[None]:
        """A table tells nobody; ``ring`` is never called."""
        return nullcontext()

    def _free(self) -> Q:
        return Q(lease_until=None) | Q(lease_until__lte=self._lease_clock.now())

    async def _lease(self, free: list[Job], seconds: float) -> list[ClaimedJob]:
        """Inside the transaction that holds the rows: lease them, and bury those that have no attempt left."""
        lease = secrets.token_hex(16)
        for job in free:
            if job.attempts >= job.max_attempts:
                await self._bury_orphan(job)
        granted = [job for job in free if job.attempts < job.max_attempts]
        if granted:
            await Job.filter(id__in=[job.id for job in granted]).update(
                lease=lease,
                lease_until=self._lease_clock.now() + timedelta(seconds=seconds),
                attempts=F("attempts") + 1,
            )
        return [
            ClaimedJob(job.id, job.kind, job.key, job.args, job.attempts + 1, job.max_attempts, lease)
            for job in granted
        ]

    async def _release(self, job: ClaimedJob, **values: Any) -> bool:
        """It is held no longer, and ``values`` say why; False where it was not ours."""
        return await self._update(job, lease=None, lease_until=None, **values)

    async def _update(self, job: ClaimedJob, **values: Any) -> bool:
        """Change the job as long as it is ours and open."""
        mine = Job.filter(id=job.id, lease=job.lease, done_at=None, dead_at=None)
        return await mine.update(**values) == 1

    async def _bury_orphan(self, job: Job) -> None:
        """Its last worker went away without a word, and there is no attempt left."""
        error = f"第 {job.attempts} 次（最后一次）执行时进程中断，不再重试"
        if job.last_error:
            error += f"；此前的错误：{job.last_error}"
        await Job.filter(id=job.id).update(
            lease=None, lease_until=None, dead_at=self._clock.now(), last_error=error[:LONGEST_ERROR]
        )
