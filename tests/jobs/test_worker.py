"""The worker and the clock, on the real queue."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from tortoise.expressions import Q

from jobs.clock import SWEEPS, slot, start_clock, tick
from jobs.handlers import FORGET_SWEEPS
from jobs.worker import Worker
from models import Job
from models.transactions import transaction
from tests.clock import FakeClock
from tests.conftest import Database
from tests.workflow.world import World, make_world
from workflow.context import Ports
from workflow.ports import ClaimedJob


@pytest.fixture
def world(database: Database, clock: FakeClock, tmp_path: Path) -> World:
    return make_world(tmp_path, clock)


async def enqueue(world: World, *keys: str, attempts: int = 3) -> None:
    async with transaction():
        for key in keys:
            await world.ports.queue.enqueue("test", key, {}, due=world.clock.now(), max_attempts=attempts)
    world.ports.bell.ring("jobs")


async def ended(count: int = 1) -> None:
    async with asyncio.timeout(5):
        while await Job.filter(Q(done_at__not_isnull=True) | Q(dead_at__not_isnull=True)).count() < count:  # noqa: ASYNC110 - another task works
            await asyncio.sleep(0.02)


async def test_jobs_run_side_by_side_and_end(world: World) -> None:
    together = asyncio.Barrier(2)

    async def handler(ports: Ports, job: ClaimedJob) -> None:
        await together.wait()
        await ports.queue.finish(job)

    worker = Worker(world.ports, 2, {"test": handler})
    worker.start()
    await enqueue(world, "a", "b")
    await ended(2)
    await worker.stop()


async def test_a_failure_is_tried_again_later_and_given_up_in_the_end(world: World) -> None:
    calls = 0

    async def handler(_ports: Ports, _job: ClaimedJob) -> None:
        nonlocal calls
        calls += 1
        raise ValueError("sample")

    worker = Worker(world.ports, 1, {"test": handler})
    worker.start()
    await enqueue(world, "a", attempts=2)
    async with asyncio.timeout(5):
        while not (await Job.first()).last_error:  # noqa: ASYNC110 - another task works
            await asyncio.sleep(0.02)
    assert calls == 1
    world.clock.advance(seconds=2)
    world.ports.bell.ring("jobs")
    await ended()
    await worker.stop()
    job = await Job.first()
    assert (calls, job.done_at) == (2, None)
    assert job.dead_at is not None
    assert job.last_error == "ValueError: sample"


async def test_a_kind_nobody_knows_is_kept_and_visible(world: World) -> None:
    worker = Worker(world.ports, 1, {})
    worker.start()
    await enqueue(world, "a")
    await ended()
    await worker.stop()
    assert "no handler" in (await Job.first()).last_error


async def test_stopping_waits_for_what_runs_and_takes_nothing_new(world: World) -> None:
    started, release = asyncio.Event(), asyncio.Event()

    async def handler(ports: Ports, job: ClaimedJob) -> None:
        started.set()
        await release.wait()
        await ports.queue.finish(job)

    worker = Worker(world.ports, 1, {"test": handler})
    worker.start()
    await enqueue(world, "a", "b")
    await started.wait()
    stopping = asyncio.create_task(worker.stop())
    await asyncio.sleep(0.05)
    release.set()
    await stopping
    assert await Job.exclude(done_at=None).count() == 1


async def test_a_handler_sees_no_transaction_of_whoever_started_the_worker(world: World) -> None:
    seen: list[int] = []

    async def handler(ports: Ports, job: ClaimedJob) -> None:
        seen.append(await Job.filter(key="uncommitted").count())
        await ports.queue.finish(job)

    worker = Worker(world.ports, 1, {"test": handler})
    await enqueue(world, "a")
    worker.start()
    await ended()
    await worker.stop()
    assert seen == [0]


@pytest.mark.parametrize("kind", SWEEPS)
async def test_ticks_of_one_interval_make_one_job(world: World, kind: str) -> None:
    every = SWEEPS[kind]
    await tick(world.ports, kind, every)
    await tick(world.ports, kind, every)
    assert await Job.filter(kind=kind).count() == 1
    world.clock.advance(every)
    await tick(world.ports, kind, every)
    assert await Job.filter(kind=kind).count() == 2


def test_the_slot_is_the_same_all_through_its_interval(clock: FakeClock) -> None:
    every = timedelta(minutes=10)
    first = slot(clock.now(), every)
    assert slot(clock.now() + timedelta(minutes=9, seconds=59), every) == first
    assert slot(clock.now() + every, every) == first + 1


async def test_old_sweeps_are_forgotten_and_nothing_else(world: World) -> None:
    for kind, every in SWEEPS.items():
        await tick(world.ports, kind, every)
    await enqueue(world, "other")
    for job in await world.ports.queue.claim(len(SWEEPS) + 1, 60):
        await world.ports.queue.finish(job)
    world.clock.advance(days=8)
    await tick(world.ports, FORGET_SWEEPS, SWEEPS[FORGET_SWEEPS])
    await world.work()
    assert [job.kind for job in await Job.all().order_by("id")] == ["test", FORGET_SWEEPS]


async def test_the_clock_sweeps_at_once_when_it_starts(world: World) -> None:
    scheduler = start_clock(world.ports)
    async with asyncio.timeout(5):
        while await Job.all().count() < len(SWEEPS):  # noqa: ASYNC110 - another task works
            await asyncio.sleep(0.02)
    scheduler.shutdown(wait=False)
