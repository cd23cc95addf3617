"""Opening the database, bringing its schema to head, closing it.

One database a process. It is opened as Tortoise's process-wide context, so that every task sees it, whichever task
opened it.
"""

import asyncio
import fcntl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tortoise.backends.base.config_generator import expand_db_url
from tortoise.backends.base.executor import EXECUTOR_CACHE
from tortoise.connection import get_connection
from tortoise.context import TortoiseContext, get_current_context, require_context

from models.migrating import Executor
from models.transactions import CONNECTION, transaction

APP = {"models": ["models"], "default_connection": CONNECTION, "migrations": "models.migrations"}
MIGRATION_LOCK = 7_331_003
"""Key of the advisory lock by which starters on one PostgreSQL database migrate one after the other."""

SQLITE_PRAGMAS = {"busy_timeout": 5000, "journal_mode": "WAL", "synchronous": "NORMAL", "foreign_keys": "ON"}
"""In this order: only with the timeout set does the change to WAL wait for another process that starts, too."""
SCHEMES = ("sqlite", "postgres", "asyncpg")

POSTGRES_POOL = {"minsize": 1, "maxsize": 10, "application_name": "zhuisu"}


class SchemaBehind(Exception):
    """The database lacks migrations that this code counts on; ``missing`` names them in order."""

    def __init__(self, missing: list[str]) -> None:
        super().__init__(f"数据库结构不是最新，请先运行 zhuisu migrate（缺少：{'、'.join(missing)}）")
        self.missing = missing


class UnknownDatabase(ValueError):
    """The URL names no database that we run on."""

    def __init__(self, url: str) -> None:
        scheme = url.partition("://")[0][:20]
        super().__init__(f"不支持的数据库 {scheme}://：ZHUISU_DATABASE_URL 应以 postgres:// 或 sqlite:// 开头")


@asynccontextmanager
async def open_database(url: str, *, migrate: bool) -> AsyncIterator[None]:
    """The database at ``url``, open and at head, until the block ends.

    ``migrate``: bring it to head first; else raise :class:`SchemaBehind` where it is not.
    """
    await init(url)
    try:
        if migrate:
            await apply_migrations()
        elif missing := await missing_migrations():
            raise SchemaBehind(missing)
        yield
    finally:
        await close()


async def init(url: str) -> None:
    """Open the database at ``url`` (``sqlite://PATH``, ``postgres://…``) and connect; its schema is not looked at."""
    connection = connection_settings(url)
    context = TortoiseContext()
    with context:
        await context.init(
            {"connections": {CONNECTION: connection}, "apps": {"models": APP}}, _enable_global_fallback=True
        )
    try:
        async with _alone(_sqlite_file(connection)):
            # Connected here and now: a first statement that is cancelled would leave a connection without its pragmas.
            await get_connection(CONNECTION).execute_query("SELECT 1")
    except BaseException:
        await context.close_connections()
        raise


async def close() -> None:
    """Close the database that :func:`init` opened; fine where none is open."""
    context = get_current_context()
    if context is not None:
        await context.close_connections()
        # Tortoise keeps statements by table only; the next database may be of the other dialect.
        EXECUTOR_CACHE.clear()


async def migrate(url: str) -> list[str]:
    """Bring the database at ``url`` to head and close it; the names of the migrations that were applied."""
    await init(url)
    try:
        return await apply_migrations()
    finally:
        await close()


async def at_head() -> bool:
    """Whether the open database has every migration that this code counts on."""
    return not await missing_migrations()


async def missing_migrations() -> list[str]:
    """Migrations that the open database lacks, in order."""
    plan = await Executor(get_connection(CONNECTION), {"models": APP}).plan()
    return [step.migration.name for step in plan]


async def apply_migrations() -> list[str]:
    """Apply what the open database lacks, all or nothing, one starter at a time; the names in order."""
    applied: list[str] = []

    def note(event: str, app: str, name: str) -> None:
        if event == "apply_done":
            applied.append(name)

    settings = require_context().connections.db_config[CONNECTION]
    # Tortoise records a migration outside of the migration's own transaction; one around everything closes that gap.
    async with _alone(_sqlite_file(settings)), transaction():
        connection = get_connection(CONNECTION)
        if connection.capabilities.dialect == "postgres":
            await connection.execute_query(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")
        executor = Executor(connection, {"models": APP})
        # Its table must be there before it is looked for: on PostgreSQL a failed look ends the transaction.
        await executor.recorder.ensure_schema(executor._schema_editor(atomic=False))
        await executor.migrate(direction="forward", progress=note)
    return applied


def connection_settings(url: str) -> dict[str, Any]:
    """What Tortoise needs to connect to ``url``: our engine and its settings; a setting in the URL's query wins."""
    if url.partition("://")[0] not in SCHEMES:
        raise UnknownDatabase(url)
    settings = expand_db_url(url)
    if settings["engine"] == "tortoise.backends.sqlite":
        engine, defaults = "models.sqlite_engine", SQLITE_PRAGMAS
    elif settings["engine"] == "tortoise.backends.asyncpg":
        engine, defaults = "models.asyncpg_engine", POSTGRES_POOL
    else:
        raise UnknownDatabase(url)
    return {"engine": engine, "credentials": {**defaults, **settings["credentials"]}}


def _sqlite_file(settings: dict[str, Any]) -> Path | None:
    """The database's file; None for PostgreSQL and for a database in memory."""
    path = settings["credentials"].get("file_path")
    return None if path in (None, ":memory:") else Path(path)


@asynccontextmanager
async def _alone(database: Path | None) -> AsyncIterator[None]:
    """Hold the file ``<database>.lock``, so that processes that start together neither connect nor migrate at once."""
    if database is None:
        yield
        return
    database.parent.mkdir(parents=True, exist_ok=True)
    with database.with_name(f"{database.name}.lock").open("ab") as handle:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                await asyncio.sleep(0.05)
            else:
                break
        yield


DRAFTING = {"connections": {CONNECTION: connection_settings("sqlite://:memory:")}, "apps": {"models": APP}}
"""For Tortoise's own command line, which drafts migrations: ``tortoise -c models.database.DRAFTING makemigrations``."""
