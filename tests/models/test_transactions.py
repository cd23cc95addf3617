# ruff: noqa: PT012 - what a transaction does with a block of statements cannot be tried with one statement
"""What a transaction promises, also to whoever is cancelled, shares the file with another process, or starts a task."""

import asyncio
import contextlib
import secrets
import sqlite3
from datetime import timedelta, timezone
from random import Random

import pytest
from tortoise.connection import get_connection
from tortoise.exceptions import IntegrityError, TransactionManagementError

from models import Enterprise, Event, Job
from models.transactions import clean_task, reading, transaction
from tests import rows
from tests.conftest import Database
from tests.processes import output_of, start


class AbandonedError(Exception):
    """Raised on purpose to leave a transaction."""


async def write_pair() -> None:
    async with transaction():
        firm = await rows.enterprise()
        await asyncio.sleep(0)
        async with transaction():
            await rows.event(subject_kind="enterprise", subject_id=firm.id)


async def assert_pairs_and_a_free_connection() -> None:
    async with asyncio.timeout(5):
        await write_pair()
    firms = set(await Enterprise.all().values_list("id", flat=True))
    events = list(await Event.all().values_list("subject_id", flat=True))
    assert len(events) == len(firms)
    assert set(events) == firms


async def test_random_cancellations_neither_hang_nor_leave_half_a_transaction(database: Database) -> None:
    random = Random(20261124)
    for _ in range(300):
        task = asyncio.create_task(write_pair())
        for _ in range(random.randrange(12)):
            await asyncio.sleep(0)
        if random.random() < 0.5:
            await asyncio.sleep(random.random() * 0.003)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            async with asyncio.timeout(5):
                await task
    await assert_pairs_and_a_free_connection()


async def test_cancelled_together_while_they_wait_for_their_turn(database: Database) -> None:
    for delay in (0, 0, 0.001, 0.002, 0.004, 0.008):
        tasks = [asyncio.create_task(write_pair()) for _ in range(20)]
        await asyncio.sleep(delay)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    await assert_pairs_and_a_free_connection()


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
async def test_cancelled_twice_while_another_process_holds_the_file(database: Database) -> None:
    other = sqlite3.connect(database.url.removeprefix("sqlite://"), isolation_level=None)
    with contextlib.closing(other):
        other.execute("BEGIN IMMEDIATE")
        task = asyncio.create_task(write_pair())
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.sleep(0.05)
        other.execute("COMMIT")
    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(5):
            await task
    assert await Enterprise.all().count() == 0
    await assert_pairs_and_a_free_connection()


async def test_who_catches_the_timeout_goes_on_outside_the_transaction(database: Database) -> None:
    async def try_for(seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await write_pair()
                await asyncio.sleep(1)
        # With a dead transaction left in this task's context, these rows would be lost.
        firm = await rows.enterprise()
        await rows.event(subject_kind="enterprise", subject_id=firm.id)

    for milliseconds in range(8):
        await asyncio.wait_for(try_for(milliseconds / 1000), 5)
    await assert_pairs_and_a_free_connection()


async def test_a_cancelled_bulk_write_is_all_or_nothing(database: Database) -> None:
    for delay in (0, 0.001, 0.003, 0.006):
        prefix = secrets.token_hex(4)
        jobs = [
            Job(kind="bulk", key=f"{prefix}:{n}", due_at=rows.NOW, max_attempts=1, created_at=rows.NOW)
            for n in range(500)
        ]

        async def write(rows_: list[Job] = jobs) -> None:
            await Job.bulk_create(rows_)

        task = asyncio.create_task(write())
        await asyncio.sleep(delay)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        with pytest.raises(AbandonedError):
            async with transaction():
                raise AbandonedError
        assert await Job.filter(key__startswith=prefix).count() in {0, 500}


INCREMENT = """
import asyncio, sys
from models import Job
from models.database import open_database
from models.transactions import transaction

async def main(url, times):
    async with open_database(url, migrate=False):
        for _ in range(times):
            async with transaction():
                job = await Job.filter(key="counter").select_for_update().get()
                await Job.filter(id=job.id).update(priority=job.priority + 1)

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


async def test_two_processes_read_then_write_and_lose_nothing(database: Database) -> None:
    await rows.job(key="counter")
    writers = [await start(INCREMENT, database.url, "250") for _ in range(2)]
    await asyncio.gather(*[output_of(writer) for writer in writers])
    assert (await Job.get(key="counter")).priority == 500


async def test_only_a_clean_task_escapes_its_starters_transaction(database: Database) -> None:
    seen: list[bool] = []

    async def look_then_write(name: str) -> None:
        seen.append(await Enterprise.exists(name="uncommitted"))
        await rows.enterprise(name=name)

    with pytest.raises(AbandonedError):
        async with transaction():
            await rows.enterprise(name="uncommitted")
            own = clean_task(look_then_write("own"), name="own")
            await asyncio.create_task(look_then_write("inherited"))
            raise AbandonedError
    await own
    assert seen in ([True, False], [False, True])  # PostgreSQL's clean task need not wait for the transaction's end
    assert await Enterprise.all().values_list("name", flat=True) == ["own"]


async def test_a_clean_task_tells_its_name_and_its_result(database: Database) -> None:
    async def count() -> int:
        return await Enterprise.all().count()

    task = clean_task(count(), name="count")
    assert task.get_name() == "count"
    assert await task == 0


async def test_what_is_read_together_comes_over_one_connection(database: Database) -> None:
    async def backend() -> object:
        _, rows_ = await get_connection("default").execute_query("SELECT pg_backend_pid() AS pid")
        return rows_[0]["pid"]

    async with reading():
        assert not await Enterprise.exists()
        await clean_task(rows.enterprise(), name="another")
        assert await Enterprise.exists(), "each statement sees what is committed by then"
        async with reading():
            assert await Enterprise.exists()
        if database.dialect == "postgres":
            here = await backend()
            assert here != await clean_task(backend(), name="elsewhere")
            assert here == await backend()
            with pytest.raises(TransactionManagementError, match="held for reading"):
                async with transaction():
                    pass
    async with transaction(), reading():
        await rows.enterprise()
    assert await Enterprise.all().count() == 2


async def test_who_is_cancelled_while_reading_gives_the_connection_back(database: Database) -> None:
    async def read() -> None:
        async with reading():
            await Enterprise.exists()
            await asyncio.sleep(60)

    for _ in range(20):  # twice as many as the pool has
        task = asyncio.create_task(read())
        await asyncio.sleep(0.005)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await assert_pairs_and_a_free_connection()


async def test_an_inner_transaction_is_a_savepoint(database: Database) -> None:
    async with transaction():
        await rows.enterprise(name="outer")
        with pytest.raises(IntegrityError):
            async with transaction():
                await rows.enterprise(name="inner")
                await rows.enterprise(uscc="too short")
        await rows.enterprise(name="after")
    assert await Enterprise.all().order_by("id").values_list("name", flat=True) == ["outer", "after"]


async def test_rows_are_never_lost_in_silence(database: Database) -> None:
    """An error caught inside the transaction: SQLite keeps the other rows, PostgreSQL cannot and must say so."""

    async def swallow() -> None:
        async with transaction():
            await rows.enterprise(name="kept?")
            with contextlib.suppress(IntegrityError):
                await rows.enterprise(uscc="too short")

    if database.dialect == "postgres":
        with pytest.raises(TransactionManagementError):
            await swallow()
        assert await Enterprise.all().count() == 0
    else:
        await swallow()
        assert await Enterprise.all().count() == 1
    await write_pair()


async def test_leaving_by_a_tortoise_error_rolls_back_like_any_other(database: Database) -> None:
    with pytest.raises(TransactionManagementError):
        async with transaction():
            await rows.enterprise()
            raise TransactionManagementError("raised by whoever")
    await assert_pairs_and_a_free_connection()


async def test_times_compare_alike_in_every_zone(database: Database) -> None:
    shanghai = timezone(timedelta(hours=8))
    await rows.enterprise(created_at=rows.NOW.astimezone(shanghai))
    firm = await Enterprise.get()
    assert firm.created_at == rows.NOW
    assert firm.created_at.utcoffset() == timedelta(0)
    assert await Enterprise.filter(created_at__lte=rows.NOW.astimezone(shanghai)).exists()
    assert not await Enterprise.filter(created_at__gt=rows.NOW.astimezone(shanghai)).exists()
    later = (rows.NOW + timedelta(seconds=1)).astimezone(shanghai)
    await Enterprise.filter(id=firm.id).update(created_at=later)
    assert await Enterprise.filter(created_at__gt=rows.NOW, created_at__lte=rows.NOW + timedelta(seconds=1)).exists()


async def test_a_script_stays_inside_its_transaction(database: Database) -> None:
    with pytest.raises(AbandonedError):
        async with transaction():
            await get_connection("default").execute_script(
                "CREATE TABLE half (note TEXT); INSERT INTO half VALUES ('a;b'); INSERT INTO half VALUES (';');"
            )
            assert len(await get_connection("default").execute_query_dict("SELECT * FROM half")) == 2
            raise AbandonedError
    await get_connection("default").execute_script("CREATE TABLE half (note TEXT); DROP TABLE half;")
