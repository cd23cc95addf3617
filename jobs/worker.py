"""The worker: leases due jobs, runs their handlers, keeps the leases alive, and ends without losing any."""

import asyncio
import contextlib
from collections.abc import Mapping
from datetime import timedelta

import structlog
from prometheus_client import Counter, Histogram

from jobs.handlers import HANDLERS, Handler
from models.transactions import clean_task
from workflow.bell import Ear
from workflow.context import Ports
from workflow.ports import ClaimedJob

LEASE_SECONDS = 15.0
"""A killed worker's job is taken up by another after this."""
IDLE_SECONDS = 1.0

_ended = Counter("zhuisu_jobs_total", "Jobs run, by kind and how the attempt ended", ["kind", "end"])
_seconds = Histogram("zhuisu_job_seconds", "Time one attempt took", ["kind"])
_log = structlog.get_logger(__name__)


class Worker:
    """Runs up to ``concurrency`` jobs at a time until :meth:`stop`."""

    def __init__(self, ports: Ports, concurrency: int, handlers: Mapping[str, Handler] = HANDLERS) -> None:
        self._ports = ports
        self._concurrency = concurrency
        self._handlers = handlers
        self._running: set[asyncio.Task[None]] = set()
        self._stopping = False
        self._loop: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin in the background."""
        self._loop = clean_task(self._run(), name="worker")

    async def stop(self, patience: float = 10) -> None:
        """Take nothing new, let what runs finish within ``patience`` seconds; what does not is another worker's."""
        self._stopping = True
        self._ports.bell.ring("jobs")
        if self._loop is not None:
            await self._loop
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=patience)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _run(self) -> None:
        bell = self._ports.bell
        async with self._ports.queue.listening(lambda: bell.ring("jobs")):
            with bell.listening("jobs") as ear:
                await self._take_turns(ear)

    async def _take_turns(self, ear: Ear) -> None:
        while not self._stopping:
            if not await self._take():
                await ear.heard(IDLE_SECONDS)

    async def _take(self) -> bool:
        """Claim as many jobs as there is room for and start them; False where there was nothing to start."""
        free = self._concurrency - len(self._running)
        if not free:
            return False
        try:
            claimed = await self._ports.queue.claim(free, LEASE_SECONDS)
        except Exception:
            # The database is away for a moment: the work stays there, so does the worker.
            _log.exception("claim failed")
            return False
        for job in claimed:
            task = clean_task(self._attempt(job), name=f"job:{job.id}")
            self._running.add(task)
            task.add_done_callback(self._running.discard)
            task.add_done_callback(lambda _task: self._ports.bell.ring("jobs"))
        return bool(claimed)

    async def _attempt(self, job: ClaimedJob) -> None:
        structlog.contextvars.bind_contextvars(job=job.key, attempt=job.attempts, update=job.args.get("update"))
        keeper = asyncio.create_task(self._keep(job))
        try:
            handler = self._handlers.get(job.kind)
            if handler is None:
                await self._ports.queue.bury(job, f"no handler for {job.kind}")
                return
            with _seconds.labels(job.kind).time():
                await handler(self._ports, job)
            _ended.labels(job.kind, "ended").inc()
        except Exception as problem:
            _log.exception("job failed")
            _ended.labels(job.kind, "failed").inc()
            due = self._ports.clock.now() + timedelta(seconds=min(2**job.attempts, 300))
            await self._ports.queue.retry(job, due, f"{type(problem).__name__}: {problem}"[:500])
        finally:
            keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeper

    async def _keep(self, job: ClaimedJob) -> None:
        while True:
            await asyncio.sleep(LEASE_SECONDS / 3)
            try:
                await self._ports.queue.renew(job, LEASE_SECONDS)
            except Exception:
                _log.exception("lease not renewed")
