"""The migrations make the tables that the models describe, once, whole, whoever starts at the same time."""

import ast
import asyncio
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tortoise import fields
from tortoise.connection import get_connection
from tortoise.context import require_context
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget

from models import Enterprise, Product, Staff, WeChatIdentity, operations
from models.database import APP, SchemaBehind, at_head, close, init, migrate, open_database
from models.migrating import Executor, MigrationState
from models.operations import CreateModel
from models.transactions import transaction
from tests import rows
from tests.conftest import BOTH, Database
from tests.processes import ROOT, output_of, start

MIGRATIONS = sorted((ROOT / "models/migrations").glob("[0-9]*.py"))
NAMES = [path.stem for path in MIGRATIONS]


@pytest.fixture
def own_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a migrated database of this test's own."""
    if request.param == "postgres":
        url: str = request.getfixturevalue("own_postgres_url")
        return url
    copy = tmp_path / "own.db"
    shutil.copyfile(request.getfixturevalue("sqlite_template"), copy)
    return f"sqlite://{copy}"


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
async def test_the_models_need_no_further_migration(database: Database) -> None:
    changes = await MigrationAutodetector(require_context().apps, {"models": APP}).changes()
    assert [operation.describe() for writer in changes for operation in writer.operations] == []
    assert await at_head()


@pytest.mark.parametrize("path", MIGRATIONS, ids=lambda path: path.stem)
def test_a_migration_imports_nothing_that_may_change(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or "."]
        assert all(name.startswith("tortoise") or name == "models.operations" for name in names), names


MIGRATE = """
import asyncio, sys
from models.database import migrate
print(len(asyncio.run(migrate(sys.argv[1]))))
"""


@pytest.mark.slow
async def test_an_empty_database_is_brought_to_head_whole_once_and_by_one(
    unmigrated_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _fails_at_the_end_and_leaves_nothing(unmigrated_url, monkeypatch)
    with pytest.raises(SchemaBehind) as refused:
        async with open_database(unmigrated_url, migrate=False):
            pytest.fail("opened")
    assert refused.value.missing == NAMES
    starters = [await start(MIGRATE, unmigrated_url) for _ in range(3)]
    counts = await asyncio.gather(*[output_of(starter, seconds=120) for starter in starters])
    assert sorted(int(count) for count in counts) == [0, 0, len(NAMES)]  # the others waited
    async with open_database(unmigrated_url, migrate=False):
        await rows.enterprise()
    assert await migrate(unmigrated_url) == []
    async with open_database(unmigrated_url, migrate=False):
        assert await Enterprise.all().count() == 1


async def _fails_at_the_end_and_leaves_nothing(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as broken:
        broken.setattr(operations.AppendOnly, "database_forward", fail)
        with pytest.raises(RuntimeError, match="power cut"):
            await migrate(url)
    await init(url)
    try:
        connection = get_connection("default")
        table = "sqlite_master" if connection.capabilities.dialect == "sqlite" else "pg_tables"
        column = "name" if connection.capabilities.dialect == "sqlite" else "tablename"
        assert await connection.execute_query_dict(f"SELECT 1 FROM {table} WHERE {column} = 'enterprise'") == []
    finally:
        await close()


@pytest.mark.parametrize("name", [NAMES[0], *(pytest.param(name, marks=pytest.mark.soak) for name in NAMES[1:])])
async def test_the_statements_are_those_that_tortoises_own_way_gives(name: str, migrated_url: str) -> None:
    """Its way makes every model anew around each operation: for the later migrations that is left to the soak."""
    await init(migrated_url)
    try:
        own, theirs = (kind(get_connection("default"), {"models": APP}) for kind in (Executor, MigrationExecutor))
        forward = await own.collect_sql("models", name)
        assert forward
        assert forward == await theirs.collect_sql("models", name)
        assert await own.collect_sql("models", name, backward=True) == await theirs.collect_sql(
            "models", name, backward=True
        )
    finally:
        await close()


async def test_a_migration_that_refers_to_a_table_never_made_is_refused() -> None:
    state = MigrationState({}, {"models": "default"})
    lost = CreateModel(
        "Lost",
        [
            ("id", fields.BigIntField(primary_key=True)),
            ("owner", fields.ForeignKeyField("models.Nobody", related_name="lost")),
        ],
        options={"app": "models"},
    )
    lost.state_forward("models", state)
    with pytest.raises(RuntimeError, match=r"models\.Lost refers to models\.Nobody"):
        state.validate_relations_initialized()


@pytest.mark.parametrize("own_url", BOTH, indirect=True)
async def test_the_first_migration_can_be_taken_back(own_url: str) -> None:
    async with open_database(own_url, migrate=False):
        async with transaction():
            executor = Executor(get_connection("default"), {"models": APP})
            await executor.migrate([MigrationTarget("models", "__first__")])
        assert not await at_head()


async def test_what_stood_before_people_and_firms_came_is_kept(unmigrated_url: str) -> None:
    """0003 turns what a member was called into their title; a member of old acts as staff, never as the owner."""
    await init(unmigrated_url)
    try:
        async with transaction():
            executor = Executor(get_connection("default"), {"models": APP})
            await executor.recorder.ensure_schema(executor._schema_editor(atomic=False))
            await executor.migrate([MigrationTarget("models", "0002_picture_fingerprint")])
        at = "'2026-11-20 02:00:00+00:00'"
        for row in (
            "enterprise (id, uscc, name, is_sample, created_at)"
            f" VALUES (1, '91310000MA0000007L', '样例电缆', true, {at})",
            f"staff (id, enterprise_id, name, role, created_at) VALUES (1, 1, '张工', '质检员', {at})",
            f"staff (id, enterprise_id, name, role, created_at, left_at) VALUES (2, 1, '李工', '厂长', {at}, {at})",
            "wechat_identity (id, app_id, openid, staff_id, subscribed, created_at, last_seen_at)"
            f" VALUES (1, 'wxsample', 'o', 1, true, {at}, {at})",
            "product (id, enterprise_id, category, name, model, code_issuer, sheet_width_um, sheet_height_um, record,"
            f" created_at) VALUES (1, 1, '电线电缆', '样例电线', 'BV 2.5', 'GS1', 100000, 70000, '{{}}', {at})",
        ):
            await get_connection("default").execute_query(f"INSERT INTO {row}")
    finally:
        await close()
    async with open_database(unmigrated_url, migrate=True):
        firm = await Enterprise.get()
        assert (firm.uscc, firm.name, firm.address, firm.organisation_role) == (
            "91310000MA0000007L", "样例电缆", "", "maker",
        )  # fmt: skip
        members = await Staff.all().order_by("id").values_list("name", "role", "title", "person_id")
        assert list(members) == [("张工", "staff", "质检员", None), ("李工", "staff", "厂长", None)]
        assert (await Staff.get(id=2)).left_at == datetime(2026, 11, 20, 2, tzinfo=UTC)
        assert await WeChatIdentity.all().values_list("staff_id", "person_id") == [(1, None)]
        assert await Product.all().values_list("model", "product_class") == [("BV 2.5", "ccc")]


async def test_the_database_is_seen_from_tasks_of_any_ancestry(database: Database) -> None:
    opened_elsewhere = asyncio.get_running_loop().create_task(rows.enterprise())
    await opened_elsewhere
    assert await Enterprise.all().count() == 1


async def test_a_process_has_one_database_at_a_time(database: Database) -> None:
    with pytest.raises(Exception, match="Only one global context"):
        await init("sqlite://:memory:")
    assert await at_head()


async def test_sqlite_is_opened_with_the_pragmas_the_engine_counts_on(tmp_path: Path) -> None:
    await init(f"sqlite://{tmp_path}/deep/er/zhuisu.db")
    try:
        connection = get_connection("default")
        values = [
            next(iter((await connection.execute_query_dict(f"PRAGMA {pragma}"))[0].values()))
            for pragma in ("busy_timeout", "journal_mode", "synchronous", "foreign_keys")
        ]
    finally:
        await close()
    assert values == [5000, "wal", 1, 1]


async def test_another_kind_of_database_is_refused() -> None:
    with pytest.raises(ValueError, match="sqlite://"):
        await init("mysql://localhost/zhuisu")
