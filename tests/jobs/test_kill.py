"""kill -9 of real workers in the middle of a job: it is done by another, once; one that kills its workers is buried."""

import asyncio
from asyncio.subprocess import Process
from pathlib import Path

import pytest

from config.clock import SystemClock
from gateways.procrastinate_queue import ProcrastinateQueue
from gateways.queue import TableQueue
from models import Event, Job
from tests.conftest import Database
from tests.processes import start
from workflow.ports import Queue

pytestmark = pytest.mark.parametrize(
    ("migrated_url", "queue"),
    [
        pytest.param("sqlite", TableQueue, id="table-sqlite"),
        pytest.param("postgres", TableQueue, id="table-postgres", marks=pytest.mark.postgres),
        pytest.param("postgres", ProcrastinateQueue, id="procrastinate", marks=pytest.mark.postgres),
    ],
    indirect=True,
)

WORKER = """
import asyncio, os, signal, sys
from dataclasses import replace
from pathlib import Path
from config.clock import SystemClock
from gateways.procrastinate_queue import ProcrastinateQueue
from gateways.queue import TableQueue
from jobs import worker
from models.database import open_database
from models.transactions import transaction
from tests import rows
from tests.clock import FakeClock
from tests.workflow.world import make_world

async def slow(ports, job):
    print("started", job.attempts, flush=True)
    async with transaction():
        await rows.event(subject_id=job.id, action="test:effect")
        if job.attempts == 1:
            await asyncio.sleep(60)
        assert await ports.queue.finish(job)
    print("done", flush=True)

async def poison(ports, job):
    os.kill(os.getpid(), signal.SIGKILL)

async def plain(ports, job):
    async with transaction():
        await rows.event(subject_id=job.id, action="test:effect")
        assert await ports.queue.finish(job)

async def main(url, folder, adapter):
    worker.LEASE_SECONDS = 1.5
    adapter = {"TableQueue": TableQueue, "ProcrastinateQueue": ProcrastinateQueue}[adapter]
    ports = replace(make_world(Path(folder), FakeClock()).ports, clock=SystemClock(), queue=adapter(SystemClock()))
    async with open_database(url, migrate=False):
        worker.Worker(ports, 2, {"slow": slow, "poison": poison, "plain": plain}).start()
        print("ready", flush=True)
        await asyncio.Event().wait()

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture
def queue(request: pytest.FixtureRequest, database: Database) -> TableQueue | ProcrastinateQueue:
    return request.param(SystemClock())


async def worker(queue: Queue, database: Database, folder: Path) -> Process:
    started = await start(WORKER, database.url, str(folder), type(queue).__name__)
    assert await said(started) == "ready"
    return started


async def said(process: Process) -> str:
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), 60)
    return line.decode().strip()


async def end(*processes: Process) -> None:
    for process in processes:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_a_job_whose_worker_is_killed_amid_it_is_done_once_by_another(
    queue: Queue, database: Database, tmp_path: Path
) -> None:
    await queue.enqueue("slow", "a", {}, due=SystemClock().now())
    # The first dies within the transaction of the effect, the effect written.
    first = await worker(queue, database, tmp_path)
    assert await said(first) == "started 1"
    await end(first)
    second = await worker(queue, database, tmp_path)
    assert [await said(second), await said(second)] == ["started 2", "done"]
    await end(second)
    job = await Job.get()
    assert (job.attempts, job.dead_at) == (2, None)
    assert job.done_at is not None
    assert await Event.all().values_list("subject_id", flat=True) == [job.id]


async def test_a_job_that_kills_its_workers_is_buried_and_holds_up_no_other(
    queue: Queue, database: Database, tmp_path: Path
) -> None:
    await queue.enqueue("poison", "p", {}, due=SystemClock().now(), priority=9, max_attempts=2)
    await queue.enqueue("plain", "a", {}, due=SystemClock().now())
    for _ in range(2):
        dying = await start(WORKER, database.url, str(tmp_path), type(queue).__name__)
        await asyncio.wait_for(dying.communicate(), 60)
        assert dying.returncode == -9
    living = await worker(queue, database, tmp_path)
    async with asyncio.timeout(60):
        while await Job.filter(done_at=None, dead_at=None).exists():  # noqa: ASYNC110 - another process works
            await asyncio.sleep(0.05)
    assert living.returncode is None
    await end(living)
    poison = await Job.get(key="p")
    assert (poison.attempts, poison.done_at) == (2, None)
    assert "进程中断" in (poison.last_error or "")
    assert (await Job.get(key="a")).done_at is not None
    assert await Event.all().count() == 1
