"""What the queue on procrastinate has beyond the contract: its schema is the installed one, workers wake each other,
and the ledger has the last word."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
from procrastinate.schema import SchemaManager
from tortoise.connection import get_connection

from gateways.procrastinate_queue import _HAND_OVER, _UNCARRIED, ProcrastinateQueue
from gateways.queue import TableQueue
from models import Job
from models.transactions import transaction
from tests import rows
from tests.clock import FakeClock
from tests.conftest import Database
from tests.processes import output_of, start

pytestmark = [pytest.mark.postgres, pytest.mark.parametrize("migrated_url", ["postgres"], indirect=True)]

PARTS = {
    "columns": """SELECT table_name, column_name, ordinal_position, column_default, is_nullable, udt_name,
                  character_maximum_length, identity_generation FROM information_schema.columns
                  WHERE table_name LIKE 'procrastinate%'""",
    "constraints": """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
                      WHERE conrelid::regclass::text LIKE 'procrastinate%'""",
    "indexes": "SELECT indexdef FROM pg_indexes WHERE tablename LIKE 'procrastinate%'",
    "functions": """SELECT proname, pg_get_functiondef(oid) FROM pg_proc
                    WHERE proname LIKE 'procrastinate%' AND prokind = 'f'""",
    "triggers": """SELECT pg_get_triggerdef(oid) FROM pg_trigger
                   WHERE tgrelid::regclass::text LIKE 'procrastinate%' AND NOT tgisinternal""",
    "enums": """SELECT typname, enumlabel, enumsortorder FROM pg_enum JOIN pg_type ON pg_type.oid = enumtypid
                WHERE typname LIKE 'procrastinate%'""",
}
"""What makes up procrastinate's schema, as PostgreSQL tells it."""


@pytest.fixture
async def installed() -> AsyncIterator[asyncpg.Connection]:
    """A database with the schema that the installed procrastinate would make."""
    server, name = os.environ["ZHUISU_TEST_POSTGRES_URL"], f"zhuisu_test_{secrets.token_hex(4)}"
    owner = await asyncpg.connect(server)
    await owner.execute(f'CREATE DATABASE "{name}"')
    try:
        connection = await asyncpg.connect(urlunsplit(urlsplit(server)._replace(path=f"/{name}")))
        await connection.execute(SchemaManager.get_schema())
        yield connection
        await connection.close()
    finally:
        await owner.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        await owner.close()


@pytest.mark.parametrize("part", PARTS)
async def test_our_migrations_make_the_schema_of_the_installed_procrastinate(
    database: Database, installed: asyncpg.Connection, part: str
) -> None:
    ours = await get_connection("default").execute_query_dict(PARTS[part])
    theirs = [dict(row) for row in await installed.fetch(PARTS[part])]
    assert sorted(map(str, ours)) == sorted(map(str, theirs))
    assert ours


@pytest.fixture
def lease_clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def queue(database: Database, clock: FakeClock, lease_clock: FakeClock) -> ProcrastinateQueue:
    return ProcrastinateQueue(clock, lease_clock)


async def carried() -> list[tuple[Any, ...]]:
    """What procrastinate's own list shows."""
    found = await get_connection("default").execute_query_dict(
        "SELECT id, task_name, priority, status FROM procrastinate_jobs ORDER BY id"
    )
    return [tuple(row.values()) for row in found]


async def test_procrastinate_carries_what_is_due_and_only_that(queue: ProcrastinateQueue, clock: FakeClock) -> None:
    await queue.enqueue("now", "a", {}, due=clock.now(), priority=3)
    await queue.enqueue("later", "b", {}, due=clock.now() + timedelta(days=30))
    first, second = await Job.all().order_by("id").values_list("id", flat=True)
    assert await carried() == [(first, "now", 3, "todo")]
    (job,) = await queue.claim(5, 10)
    assert await carried() == [(first, "now", 3, "doing")]
    assert await queue.finish(job)
    assert await carried() == []
    clock.advance(days=30)
    (job,) = await queue.claim(5, 10)
    assert await carried() == [(second, "later", 0, "doing")]
    await queue.retry(job, clock.now() + timedelta(minutes=1), "sample")
    assert await carried() == []
    clock.advance(minutes=1)
    (job,) = await queue.claim(5, 10)
    await queue.bury(job, "sample")
    assert await carried() == [(second, "later", 0, "failed")]


async def test_handing_over_never_compares_all_with_all(queue: ProcrastinateQueue) -> None:
    """The planner's figures are from when the tables were empty, as after an idle night; then a burst comes."""
    connection = get_connection("default")
    await connection.execute_script(
        "ANALYZE job; ANALYZE procrastinate_jobs;"
        "INSERT INTO job (kind, key, args, due_at, priority, attempts, max_attempts, created_at)"
        " SELECT 'test', number, '{}', now(), 0, 0, 1, now() FROM generate_series(1, 3000) number;"
        f"{_HAND_OVER}"
    )
    plan = await connection.execute_query_dict(f"EXPLAIN {_HAND_OVER} WHERE {_UNCARRIED}")
    text = "\n".join(row["QUERY PLAN"] for row in plan)
    assert "Index Cond: (id = job.id)" in text
    assert "Join" not in text


async def test_what_was_enqueued_to_the_table_before_is_carried_on(
    queue: ProcrastinateQueue, clock: FakeClock, lease_clock: FakeClock
) -> None:
    table = TableQueue(clock, lease_clock)
    for key in ("free", "held"):
        await table.enqueue("test", key, {}, due=clock.now())
    (held,) = await table.claim(1, 10, key="held")
    assert [job.key for job in await queue.claim(5, 10)] == ["free"]
    assert await table.finish(held)
    assert await queue.claim(5, 10) == []


async def test_two_kinds_of_worker_at_once_never_share_a_job(
    queue: ProcrastinateQueue, clock: FakeClock, lease_clock: FakeClock
) -> None:
    table = TableQueue(clock, lease_clock)
    await queue.enqueue("test", "a", {}, due=clock.now())
    (held,) = await table.claim(1, 10)
    assert await queue.claim(5, 10) == []
    lease_clock.advance(seconds=11)
    (job,) = await queue.claim(5, 10)
    assert not await table.finish(held)
    assert await queue.finish(job)


async def test_a_job_that_an_operator_revives_by_hand_is_not_done_again(
    queue: ProcrastinateQueue, clock: FakeClock
) -> None:
    await queue.enqueue("test", "a", {}, due=clock.now())
    (job,) = await queue.claim(1, 10)
    await queue.bury(job, "sample")
    await get_connection("default").execute_query("UPDATE procrastinate_jobs SET status = 'todo'")
    assert await queue.claim(1, 10) == []
    assert await carried() == []


async def test_jobs_of_others_on_the_same_procrastinate_are_left_alone(
    queue: ProcrastinateQueue, clock: FakeClock
) -> None:
    connection = get_connection("default")
    await connection.execute_query(
        "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW('other','task',0,NULL,NULL,'{}',NULL)]"
        "::procrastinate_job_to_defer_v1[])"
    )
    await queue.enqueue("test", "a", {}, due=clock.now())
    assert [job.key for job in await queue.claim(5, 10)] == ["a"]
    ((_, task, _, status),) = [row for row in await carried() if row[1] != "test"]
    assert (task, status) == ("task", "todo")


ENQUEUER = """
import asyncio, sys
from datetime import UTC, datetime
from gateways.procrastinate_queue import _HAND_OVER, _UNCARRIED, ProcrastinateQueue
from config.clock import SystemClock
from models.database import open_database

async def main(url):
    async with open_database(url, migrate=False):
        await ProcrastinateQueue(SystemClock()).enqueue("test", "a", {}, due=datetime.now(UTC))

asyncio.run(main(sys.argv[1]))
"""


async def test_a_worker_is_woken_by_another_process_at_its_commit(
    queue: ProcrastinateQueue, database: Database, clock: FakeClock
) -> None:
    rung = asyncio.Event()
    async with queue.listening(rung.set):
        await asyncio.wait_for(rung.wait(), 5)  # it listens
        rung.clear()
        async with transaction():
            await queue.enqueue("test", "b", {}, due=rows.NOW)
        await asyncio.wait_for(rung.wait(), 5)
        rung.clear()
        await output_of(await start(ENQUEUER, database.url))
        await asyncio.wait_for(rung.wait(), 5)


async def test_a_lost_listener_is_replaced(queue: ProcrastinateQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateways.procrastinate_queue.LISTEN_AGAIN_SECONDS", 0.05)
    rung = asyncio.Event()
    async with queue.listening(rung.set):
        await asyncio.wait_for(rung.wait(), 5)
        rung.clear()
        await get_connection("default").execute_query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE 'LISTEN%'"
        )
        await asyncio.wait_for(rung.wait(), 5)  # the new one rings when it listens
