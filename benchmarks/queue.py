"""What carrying jobs costs, by adapter: ``python -m benchmarks.queue postgres://… [--jobs 2000]``.

On an empty, migrated database that nobody else uses. ``floor`` is the effect alone: one event in a transaction of its
own, four at a time. ``drain`` is a backlog of such jobs run by the real worker, four at a time; ``wake`` is the time
from just before the commit of an enqueuing transaction to the handler, where only the queue itself can tell the worker.
"""

import argparse
import asyncio
import statistics
import time
from datetime import UTC, datetime

from config.clock import SystemClock
from gateways.procrastinate_queue import ProcrastinateQueue
from gateways.queue import TableQueue
from jobs.worker import Worker
from models import Event, Job
from models.database import open_database
from models.transactions import clean_task, transaction
from workflow.bell import Bell
from workflow.ports import ClaimedJob, Queue

CONCURRENCY = 4
KIND = "benchmark"


class World:
    """As much of the ports as a worker needs."""

    def __init__(self, queue: Queue) -> None:
        self.queue = queue
        self.clock = SystemClock()
        self.bell = Bell()


async def effect(number: int) -> None:
    await Event.create(at=datetime.now(UTC), actor="system", action=KIND, subject_kind="job", subject_id=number)


async def floor(jobs: int) -> float:
    async def some(numbers: range) -> None:
        for number in numbers:
            async with transaction():
                await effect(number)

    started = time.perf_counter()
    parts = [range(part, jobs, CONCURRENCY) for part in range(CONCURRENCY)]
    await asyncio.gather(*[clean_task(some(part), name=str(part)) for part in parts])
    return jobs / (time.perf_counter() - started)


async def drain(queue: Queue, name: str, jobs: int) -> tuple[float, float]:
    """Jobs a second enqueued, ten in a transaction, and jobs a second done."""
    done = asyncio.Event()
    left = jobs

    async def handler(world: World, job: ClaimedJob) -> None:
        nonlocal left
        async with transaction():
            await effect(job.id)
            assert await world.queue.finish(job)
        left -= 1
        if not left:
            done.set()

    started = time.perf_counter()
    for first in range(0, jobs, 10):
        async with transaction():
            for number in range(first, first + 10):
                await queue.enqueue(KIND, f"{name}:{number}", {}, due=datetime.now(UTC))
    enqueued = jobs / (time.perf_counter() - started)
    worker = Worker(World(queue), CONCURRENCY, {KIND: handler})
    started = time.perf_counter()
    worker.start()
    await done.wait()
    rate = jobs / (time.perf_counter() - started)
    await worker.stop()
    return enqueued, rate


async def wake(queue: Queue, name: str, times: int) -> list[float]:
    heard: asyncio.Queue[float] = asyncio.Queue()

    async def handler(world: World, job: ClaimedJob) -> None:
        heard.put_nowait(time.perf_counter())
        async with transaction():
            await world.queue.finish(job)

    worker = Worker(World(queue), CONCURRENCY, {KIND: handler})
    worker.start()
    waits = []
    for number in range(times):
        await asyncio.sleep(0.13)
        async with transaction():
            await queue.enqueue(KIND, f"{name}:wake:{number}", {}, due=datetime.now(UTC))
            started = time.perf_counter()
        waits.append(await heard.get() - started)
    await worker.stop()
    return sorted(waits)


async def main(url: str, jobs: int) -> None:
    async with open_database(url, migrate=False):
        assert not await Job.exists(), "the database is in use"
        print(f"floor          {await floor(jobs):7.0f} effects/s")
        for name, adapter in (("table", TableQueue), ("procrastinate", ProcrastinateQueue)) * 2:
            queue = adapter(SystemClock())
            run = f"{name}:{time.time_ns()}"
            enqueued, rate = await drain(queue, run, jobs)
            waits = await wake(queue, run, 60)
            p50, p95 = statistics.median(waits), waits[int(len(waits) * 0.95)]
            print(
                f"{name:14} {enqueued:7.0f} enqueued/s {rate:7.0f} done/s"
                f"   wake p50 {p50 * 1000:6.1f} ms  p95 {p95 * 1000:6.1f} ms"
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--jobs", type=int, default=2000)
    given = parser.parse_args()
    asyncio.run(main(given.url, given.jobs // 10 * 10))
