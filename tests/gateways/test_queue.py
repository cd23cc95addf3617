"""One contract, two adapters, two databases: what :class:`workflow.ports.Queue` promises, also for killed workers."""

import asyncio
from asyncio.subprocess import Process
from datetime import timedelta

import pytest
from tortoise.exceptions import IntegrityError

from gateways.procrastinate_queue import ProcrastinateQueue
from gateways.queue import TableQueue
from models import Enterprise, Event, Job
from models.transactions import clean_task, transaction
from tests import rows
from tests.clock import FakeClock
from tests.conftest import Database
from tests.processes import output_of, start
from workflow.ports import ClaimedJob, NewJob, Queue

pytestmark = pytest.mark.parametrize(
    ("migrated_url", "queue"),
    [
        pytest.param("sqlite", TableQueue, id="table-sqlite"),
        pytest.param("postgres", TableQueue, id="table-postgres", marks=pytest.mark.postgres),
        pytest.param("postgres", ProcrastinateQueue, id="procrastinate", marks=pytest.mark.postgres),
    ],
    indirect=True,
)


@pytest.fixture
def lease_clock() -> FakeClock:
    """The real time, as far as leases go."""
    return FakeClock()


@pytest.fixture
def queue(
    request: pytest.FixtureRequest, database: Database, clock: FakeClock, lease_clock: FakeClock
) -> TableQueue | ProcrastinateQueue:
    return request.param(clock, lease_clock)


async def enqueue(queue: Queue, key: str, clock: FakeClock, **options: int) -> bool:
    return await queue.enqueue("test", key, {"key": key}, due=clock.now(), **options)


async def claim_one(queue: Queue, seconds: float = 10) -> ClaimedJob:
    (job,) = await queue.claim(1, seconds)
    return job


async def keys_of(claiming: list[ClaimedJob]) -> list[str]:
    return [job.key for job in claiming]


async def test_a_job_comes_back_as_it_was_given(queue: Queue, clock: FakeClock) -> None:
    args = {"photo": 12, "note": "照片", "nested": [1, {"a": None}]}
    assert await queue.enqueue("photo.judge", "judge:12", args, due=clock.now(), max_attempts=3)
    job = await claim_one(queue)
    assert (job.kind, job.key, job.args, job.attempts, job.max_attempts) == ("photo.judge", "judge:12", args, 1, 3)
    assert await queue.claim(1, 10) == []


async def test_a_job_waits_until_it_is_due(queue: Queue, clock: FakeClock) -> None:
    await queue.enqueue("test", "later", {}, due=clock.now() + timedelta(minutes=5))
    assert await queue.claim(1, 10) == []
    clock.advance(minutes=5)
    assert (await claim_one(queue)).key == "later"


async def test_the_most_urgent_goes_first_then_who_came_first(queue: Queue, clock: FakeClock) -> None:
    await enqueue(queue, "second", clock)
    await enqueue(queue, "third", clock)
    await enqueue(queue, "first", clock, priority=10)
    assert [(await claim_one(queue)).key for _ in range(3)] == ["first", "second", "third"]
    for key, priority in (("sixth", 0), ("fourth", 20), ("fifth", 10)):
        await queue.enqueue("test", key, {}, due=clock.now() + timedelta(minutes=1), priority=priority)
    clock.advance(minutes=1)
    assert await keys_of(await queue.claim(3, 10)) == ["fourth", "fifth", "sixth"]


async def test_among_equals_the_table_goes_by_due_and_procrastinate_by_arrival(queue: Queue, clock: FakeClock) -> None:
    await enqueue(queue, "came first", clock)
    await queue.enqueue("test", "was due first", {}, due=clock.now() - timedelta(seconds=1))
    expected = ["came first", "was due first"]
    if not isinstance(queue, ProcrastinateQueue):
        expected.reverse()
    assert [(await claim_one(queue)).key for _ in range(2)] == expected


async def test_no_more_are_claimed_than_asked_for(queue: Queue, clock: FakeClock) -> None:
    for number in range(5):
        await enqueue(queue, str(number), clock)
    assert [len(await queue.claim(3, 10)) for _ in range(3)] == [3, 2, 0]


async def test_one_is_claimed_by_its_key_due_or_not_but_never_from_another(queue: Queue, clock: FakeClock) -> None:
    await enqueue(queue, "other", clock)
    await queue.enqueue("test", "wanted", {}, due=clock.now() + timedelta(days=1))
    (job,) = await queue.claim(1, 10, key="wanted")
    assert job.key == "wanted"
    assert await queue.claim(1, 10, key="wanted") == []
    assert await queue.claim(1, 10, key="unknown") == []


async def test_a_key_is_used_once_ever(queue: Queue, clock: FakeClock) -> None:
    assert await enqueue(queue, "a", clock) is True
    assert await enqueue(queue, "a", clock) is False
    assert await queue.finish(await claim_one(queue))
    assert await enqueue(queue, "a", clock) is False
    assert await Job.all().count() == 1


async def test_a_duplicate_does_not_spoil_the_callers_transaction(queue: Queue, clock: FakeClock) -> None:
    await enqueue(queue, "a", clock)
    async with transaction():
        await rows.enterprise(name="before")
        assert await enqueue(queue, "a", clock) is False
        assert await enqueue(queue, "b", clock) is True
        await rows.enterprise(name="after")
    assert await Enterprise.all().count() == 2
    assert await Job.all().order_by("key").values_list("key", flat=True) == ["a", "b"]


async def test_a_job_lives_and_dies_with_the_callers_transaction(queue: Queue, clock: FakeClock) -> None:
    with pytest.raises(ZeroDivisionError):
        await enqueue_then_fail(queue, clock)
    assert await Job.all().count() == 0
    assert await enqueue(queue, "a", clock) is True


async def enqueue_then_fail(queue: Queue, clock: FakeClock) -> None:
    async with transaction():
        assert await enqueue(queue, "a", clock)
        raise ZeroDivisionError


async def test_many_are_enqueued_at_once_and_come_as_they_were_given(queue: Queue, clock: FakeClock) -> None:
    later = clock.now() + timedelta(minutes=1)
    await queue.enqueue_many(
        [
            NewJob("test", "second", {"note": "照片"}, clock.now(), max_attempts=3),
            NewJob("test", "later", {}, later),
            NewJob("test", "first", {"nested": [1, None]}, clock.now(), priority=10),
        ]
    )
    first, second = await queue.claim(5, 10)
    assert (first.key, first.args, first.max_attempts) == ("first", {"nested": [1, None]}, 5)
    assert (second.key, second.args, second.max_attempts) == ("second", {"note": "照片"}, 3)
    clock.advance(minutes=1)
    assert await keys_of(await queue.claim(5, 10)) == ["later"]
    await queue.enqueue_many([])


async def test_of_many_those_that_were_enqueued_before_are_left_out(queue: Queue, clock: FakeClock) -> None:
    done, held = "done", "held"
    for key in (done, held):
        await enqueue(queue, key, clock)
    assert await queue.finish(await claim_one(queue))
    await claim_one(queue)
    async with transaction():
        await queue.enqueue_many([NewJob("test", key, {}, clock.now()) for key in (done, "new", held, "new")])
        await rows.enterprise()
    assert sorted(await Job.all().values_list("key", flat=True)) == ["done", "held", "new"]
    assert await Enterprise.exists()
    assert await keys_of(await queue.claim(5, 10)) == ["new"]


async def test_many_live_and_die_with_the_callers_transaction(queue: Queue, clock: FakeClock) -> None:
    with pytest.raises(IntegrityError):
        await queue.enqueue_many(
            [NewJob("test", "a", {}, clock.now()), NewJob("test", "b", {}, clock.now(), max_attempts=0)]
        )
    assert await Job.all().count() == 0


async def test_who_enqueues_the_same_many_at_once_adds_each_once(queue: Queue, clock: FakeClock) -> None:
    keys = [f"{number:02d}" for number in range(20)]

    async def some(order: list[str]) -> None:
        await queue.enqueue_many([NewJob("test", key, {}, clock.now()) for key in order])

    await asyncio.gather(*[clean_task(some(keys), name=str(n)) for n in range(4)])
    assert sorted(await keys_of(await queue.claim(100, 10))) == keys


async def test_an_impossible_job_is_an_error_not_a_duplicate(queue: Queue, clock: FakeClock) -> None:
    with pytest.raises(IntegrityError):
        await enqueue(queue, "a", clock, max_attempts=0)


async def test_who_enqueues_the_same_at_once_adds_one(queue: Queue, clock: FakeClock) -> None:
    added = await asyncio.gather(*[clean_task(enqueue(queue, "a", clock), name=str(n)) for n in range(8)])
    assert sorted(added) == [False] * 7 + [True]


async def test_who_claims_at_once_shares_out(queue: Queue, clock: FakeClock) -> None:
    for number in range(30):
        await enqueue(queue, str(number), clock)
    batches = await asyncio.gather(*[clean_task(queue.claim(5, 10), name=str(n)) for n in range(10)])
    claimed = [job.id for batch in batches for job in batch]
    assert len(claimed) == len(set(claimed))
    claimed += [job.id for job in await queue.claim(30, 10)]
    assert len(set(claimed)) == 30


async def test_a_lease_that_ran_out_gives_the_job_to_another(
    queue: Queue, clock: FakeClock, lease_clock: FakeClock
) -> None:
    await enqueue(queue, "a", clock)
    first = await claim_one(queue, seconds=10)
    lease_clock.advance(seconds=9.9)
    assert await queue.claim(1, 10) == []
    lease_clock.advance(seconds=0.1)
    second = await claim_one(queue)
    assert (second.id, second.attempts) == (first.id, 2)
    assert second.lease != first.lease
    # From here on the first has no say.
    assert await queue.renew(first, 10) is False
    await queue.retry(first, clock.now(), "late")
    await queue.bury(first, "late")
    assert await queue.finish(first) is False
    assert await queue.finish(second) is True
    assert await queue.finish(second) is False
    assert (await Job.get()).last_error is None


async def test_a_renewed_lease_holds(queue: Queue, clock: FakeClock, lease_clock: FakeClock) -> None:
    await enqueue(queue, "a", clock)
    job = await claim_one(queue, seconds=10)
    lease_clock.advance(seconds=9)
    assert await queue.renew(job, 10) is True
    lease_clock.advance(seconds=9)
    assert await queue.claim(1, 10) == []
    assert await queue.finish(job) is True


async def test_moving_the_business_clock_takes_no_job_away(queue: Queue, clock: FakeClock) -> None:
    await enqueue(queue, "a", clock)
    job = await claim_one(queue)
    clock.advance(days=40)
    assert await queue.claim(1, 10) == []
    assert await queue.finish(job) is True
    assert (await Job.get()).done_at == clock.now()


async def test_an_effect_is_rolled_back_where_the_job_was_lost(
    queue: Queue, clock: FakeClock, lease_clock: FakeClock
) -> None:
    await enqueue(queue, "a", clock)
    first = await claim_one(queue)
    lease_clock.advance(seconds=11)
    second = await claim_one(queue)
    for job in (first, second):
        async with transaction():
            if await queue.finish(job):
                await rows.event(subject_id=job.attempts)
    assert await Event.all().values_list("subject_id", flat=True) == [2]


async def test_a_retry_waits_for_its_time_and_says_why(queue: Queue, clock: FakeClock) -> None:
    await enqueue(queue, "a", clock)
    await queue.retry(await claim_one(queue), clock.now() + timedelta(seconds=30), "微信忙")
    assert await queue.claim(1, 10) == []
    assert (await Job.get()).last_error == "微信忙"
    clock.advance(seconds=30)
    assert (await claim_one(queue)).attempts == 2


async def test_what_is_put_off_waits_for_its_time_and_has_used_no_attempt(queue: Queue, clock: FakeClock) -> None:
    await enqueue(queue, "a", clock, max_attempts=1)
    for minute in range(1, 4):
        await queue.postpone(await claim_one(queue), clock.now() + timedelta(minutes=1), {"minute": minute})
        assert await queue.claim(1, 10) == []
        clock.advance(minutes=1)
    job = await claim_one(queue)
    assert (job.attempts, job.args) == (1, {"minute": 3})
    await queue.postpone(job, clock.now())
    assert (await claim_one(queue)).args == {"minute": 3}


async def test_who_lost_the_lease_puts_nothing_off(queue: Queue, clock: FakeClock, lease_clock: FakeClock) -> None:
    await enqueue(queue, "a", clock)
    late = await claim_one(queue, seconds=10)
    lease_clock.advance(seconds=10)
    other = await claim_one(queue)
    await queue.postpone(late, clock.now() + timedelta(days=1))
    assert await queue.finish(other)
    assert (await Job.get(key="a")).attempts == 2


async def test_the_last_attempt_that_fails_buries_the_job(queue: Queue, clock: FakeClock) -> None:
    await enqueue(queue, "a", clock, max_attempts=2)
    for attempt in (1, 2):
        await queue.retry(await claim_one(queue), clock.now(), f"failure {attempt}")
    clock.advance(days=1)
    assert await queue.claim(1, 10) == []
    job = await Job.get()
    assert (job.attempts, job.last_error, job.done_at) == (2, "failure 2", None)
    assert job.dead_at is not None
    assert await enqueue(queue, "a", clock) is False


async def test_a_buried_job_stays_visible_and_closed(queue: Queue, clock: FakeClock) -> None:
    await enqueue(queue, "a", clock)
    claimed = await claim_one(queue)
    await queue.bury(claimed, "x" * 5000)
    assert await queue.finish(claimed) is False
    assert await queue.claim(1, 10, key="a") == []
    job = await Job.get()
    assert (job.dead_at, job.lease, len(job.last_error or "")) == (clock.now(), None, 2000)


async def test_a_job_whose_workers_keep_dying_is_buried_with_the_reason(
    queue: Queue, clock: FakeClock, lease_clock: FakeClock
) -> None:
    await enqueue(queue, "poison", clock, max_attempts=3)
    await queue.retry(await claim_one(queue), clock.now(), "太大")
    for _ in range(2):
        await claim_one(queue)
        lease_clock.advance(seconds=11)
    await enqueue(queue, "healthy", clock)
    assert await keys_of(await queue.claim(5, 10)) == ["healthy"]
    job = await Job.get(key="poison")
    assert job.dead_at == clock.now()
    assert job.last_error == "第 3 次（最后一次）执行时进程中断，不再重试；此前的错误：太大"


WORKER_LEASE = 1.2

WORKER = """
import asyncio, os, signal, sys
from datetime import UTC, datetime
from config.clock import SystemClock
from gateways.procrastinate_queue import ProcrastinateQueue
from gateways.procrastinate_queue import ProcrastinateQueue
from gateways.queue import TableQueue
from models import Event
from models.database import open_database
from models.transactions import transaction

async def main(url, die_at):
    queue, done = {"table": TableQueue, "procrastinate": ProcrastinateQueue}[sys.argv[4]](SystemClock()), 0
    async with open_database(url, migrate=False):
        print("open", flush=True)
        while jobs := await queue.claim(5, float(sys.argv[3])):
            for job in jobs:
                await asyncio.sleep(0.002)
                async with transaction():
                    if await queue.finish(job):
                        await Event.create(
                            at=datetime.now(UTC), actor="job:test", action="test:effect", subject_kind="job",
                            subject_id=job.id,
                        )
                    done += 1
                    if done == die_at:
                        os.kill(os.getpid(), signal.SIGKILL)
                print("done", flush=True)

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


async def test_killed_workers_lose_no_job_and_repeat_no_effect(queue: Queue, database: Database) -> None:
    """kill -9 from outside between two jobs' steps, and from inside an open transaction, effect written."""
    jobs = 60
    for number in range(jobs):
        await queue.enqueue("test", str(number), {}, due=rows.NOW)

    async def worker(die_at: int) -> Process:
        adapter = "procrastinate" if isinstance(queue, ProcrastinateQueue) else "table"
        return await start(WORKER, database.url, str(die_at), str(WORKER_LEASE), adapter)

    killed = await worker(0)
    assert killed.stdout is not None
    for _ in range(13):
        assert await asyncio.wait_for(killed.stdout.readline(), 20)
    killed.kill()
    await killed.communicate()
    suicide = await worker(12)
    await suicide.communicate()
    assert {killed.returncode, suicide.returncode} == {-9}

    await asyncio.sleep(WORKER_LEASE)  # what they held is free again
    await output_of(await worker(0))
    assert await Job.filter(done_at=None).count() == 0
    effects = list(await Event.all().values_list("subject_id", flat=True))
    assert sorted(effects) == sorted(await Job.all().values_list("id", flat=True))
    assert len(effects) == jobs
    assert await Job.filter(attempts__gt=1).exists()
