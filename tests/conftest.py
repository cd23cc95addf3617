"""What every test may ask for: a migrated database of either kind, a clock; and what a run must own up to."""

import asyncio
import fcntl
import logging
import os
import secrets
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import jinja2
import pytest
import redis.asyncio as aioredis
from aiohttp.web_runner import BaseRunner
from jinja2.bccache import Bucket
from redis.exceptions import RedisError
from tortoise.apps import Apps
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.connection import get_connection

from app.listening import stop_accepting
from config.logs import configure_logs
from models.database import CONNECTION, close, init, migrate
from tests.browser import CHROMIUM
from tests.clock import FakeClock

SERVICES = {
    "postgres": ("ZHUISU_TEST_POSTGRES_URL", "PostgreSQL"),
    "redis": ("ZHUISU_TEST_REDIS_URL", "Redis"),
}
"""Marker → the variable that names a server to test against, and what is left out without it."""

USUAL = {
    "postgres": "postgres://postgres@127.0.0.1:5432/postgres",
    "redis": "redis://127.0.0.1:6379/15",
}
"""Where a developer's machine often has one; used where it answers and no variable says otherwise."""

DESELECTED = pytest.StashKey[Counter[str]]()
"""How many tests a run leaves out by their markers, and why."""

REDIS_DATABASES = 16
"""A Redis server's, unless configured otherwise."""

POSTGRES_TEMPLATE = "postgres-template"
"""The file of a run that holds the URL of the database to copy."""

OF_A_KIND = (
    "filters", "db_native_fields", "db_default_fields", "db_complex_fields",
    "basetable", "basequery", "basequery_all_fields",
)  # fmt: skip
"""What Tortoise knows of a table that depends on the kind of database, and on nothing else."""

BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]

DOORS = tuple(Path(__file__).with_name(room) for room in ("bot", "miniapp_api", "web"))
"""Rooms that ask the use cases, which :mod:`tests.workflow` tries on both kinds of database, and hardly the database
themselves: their tests run on SQLite, on PostgreSQL in ``make soak``. Marked ``both`` they run on both each time."""


@dataclass(frozen=True, slots=True)
class Database:
    """The database a test runs on: open, at head, empty; ``url`` is for other processes."""

    url: str
    dialect: str


# --- what is there to test against -----------------------------------------------------------------------------------


def pytest_configure(config: pytest.Config) -> None:
    """Look for servers on this machine. CI tests everything: a server it forgot is an error there, never a skip."""
    _log_as_in_production()
    _end_servers_wholly()
    _build_models_once_a_kind()
    _compile_templates_once()
    if _worker_number(config) is not None:
        _use_own_redis(config)
        return  # the process that started this one has looked
    for marker, (variable, _) in SERVICES.items():
        if variable not in os.environ and _run_apart(_answers(USUAL[marker])):
            os.environ[variable] = USUAL[marker]
    missing = [variable for variable, _ in SERVICES.values() if not os.environ.get(variable)]
    if CHROMIUM is None:
        missing.append("Chromium")
    if shutil.which("pdfsig") is None:
        missing.append("poppler-utils")
    if not Path("/usr/share/fonts/opentype/noto").is_dir():
        missing.append("fonts-noto-cjk")
    if os.environ.get("CI", "").lower() in {"1", "true"} and missing:
        raise pytest.UsageError(f"CI must have {' and '.join(missing)}")


def _log_as_in_production() -> None:
    """What is logged comes to ``caplog``, whichever tests ran before in this process."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure_logs("WARNING", as_json=True)
    root.handlers[:] = handlers
    root.setLevel(level)


def _end_servers_wholly() -> None:
    """A server that a test stops leaves no connection behind, for the collector to find in some later test.

    Clients give up while they connect, and browsers connect ahead of need: the door is shut as in production. And a
    client that reads no more keeps what was written to it, which asyncio would send before it closes: it is cut off.
    """
    cleanup = BaseRunner.cleanup

    async def cleanup_wholly(runner: BaseRunner) -> None:
        await stop_accepting(runner)
        transports = [connection.transport for connection in runner.server.connections] if runner.server else []
        await cleanup(runner)
        for transport in transports:
            if transport is not None:
                transport.abort()
        await asyncio.sleep(0)  # in which they close

    BaseRunner.cleanup = cleanup_wholly  # type: ignore[assignment,method-assign]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin the files that take long, so that none is left for the end; skip what needs a server that is not there.

    Before the markers are looked at: the doors' second database is left to the soak (:data:`DOORS`).
    """
    for item in items:
        if _is_second_of_a_door(item):
            item.add_marker(pytest.mark.soak)
    long = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in long)
    for item in items:
        for marker, (variable, service) in SERVICES.items():
            if item.get_closest_marker(marker) and not os.environ.get(variable):
                item.add_marker(pytest.mark.skip(reason=f"no {service} answered and {variable} is not set"))
        if item.get_closest_marker("browser") and CHROMIUM is None:
            item.add_marker(pytest.mark.skip(reason="no Chromium is installed"))


def _is_second_of_a_door(item: pytest.Item) -> bool:
    on_postgres = getattr(item, "callspec", None) is not None and "postgres" in item.callspec.params.values()
    return on_postgres and not item.get_closest_marker("both") and not set(DOORS).isdisjoint(item.path.parents)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line on what this run left out, so that a green one is not taken for a whole one."""
    reasons = Counter(
        report.longrepr[2].removeprefix("Skipped: ")
        for report in terminalreporter.getreports("skipped")
        if isinstance(report.longrepr, tuple)
    )
    reasons += terminalreporter.config.stash.get(DESELECTED, Counter())
    left_out = [f"{count} ({reason})" for reason, count in reasons.most_common()]
    terminalreporter.write_line(f"left out: {'; '.join(left_out) or 'nothing'}")


class _Compiled(jinja2.BytecodeCache):
    """What templates compile to, for as long as the process lives; their sources tell whether it still holds."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


def _compile_templates_once() -> None:
    """Tests make an app each; what its templates compile to is the same in all, and takes longer than most tests."""
    make = jinja2.Environment.__init__
    kept = _Compiled()

    def make_with_what_was_compiled(self: jinja2.Environment, *args: Any, **kwargs: Any) -> None:
        make(self, *args, **{"bytecode_cache": kept, **kwargs})

    jinja2.Environment.__init__ = make_with_what_was_compiled  # type: ignore[method-assign]


# --- several processes at once ---------------------------------------------------------------------------------------


def _worker_number(config: pytest.Config) -> int | None:
    """0, 1, …: which of the processes this one is; none where it is the only one, or the one that started them."""
    named: dict[str, str] | None = getattr(config, "workerinput", None)
    return int(named["workerid"].removeprefix("gw")) if named else None


def _use_own_redis(config: pytest.Config) -> None:
    """Each process its own numbered database of the one Redis, counted downwards: two servers would share limits."""
    variable = SERVICES["redis"][0]
    if url := os.environ.get(variable):
        parts = urlsplit(url)
        number = int(parts.path.strip("/") or 0) - (_worker_number(config) or 0)
        os.environ[variable] = urlunsplit(parts._replace(path=f"/{number % REDIS_DATABASES}"))


def pytest_deselected(items: list[pytest.Item]) -> None:
    """Count what a run leaves out by its markers, in whichever process the tests are collected."""
    counts = items[0].config.stash.setdefault(DESELECTED, Counter())
    counts.update("long: make soak" if item.get_closest_marker("soak") else "deselected" for item in items)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """One of several processes reports its counts to the one that started it."""
    if _worker_number(session.config) is not None:
        counts = session.config.stash.get(DESELECTED, Counter())
        session.config.workeroutput["deselected"] = dict(counts)  # type: ignore[attr-defined]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Each process collects everything, so that any speaks for all; one that died says nothing."""
    if counts := getattr(node, "workeroutput", {}).get("deselected"):
        node.config.stash[DESELECTED] = Counter(counts)


# --- databases -------------------------------------------------------------------------------------------------------


def _build_models_once_a_kind() -> None:
    """Tests open a database by the thousand; what Tortoise works out on each opening is the same for all of a kind."""
    build = Apps._build_initial_querysets
    built: dict[type[BaseDBAsyncClient], list[dict[str, Any]]] = {}

    def build_once(apps: Apps) -> None:
        kind = type(get_connection(CONNECTION))
        metas = [model._meta for app in apps.apps.values() for model in app.values()]
        if kind not in built:
            for meta in metas:  # those of another kind are kept, and would be written into
                meta.filters, meta.db_native_fields, meta.db_default_fields, meta.db_complex_fields = {}, [], [], []
            build(apps)
            built[kind] = [{name: getattr(meta, name) for name in OF_A_KIND} for meta in metas]
        for meta, known in zip(metas, built[kind], strict=True):
            for name, value in known.items():
                setattr(meta, name, value)

    Apps._build_initial_querysets = build_once  # type: ignore[method-assign]


@pytest.fixture(scope="session")
def run_folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of this run, the same in all of its processes."""
    own = tmp_path_factory.getbasetemp()
    return own if _worker_number(request.config) is None else own.parent


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Among the processes of a run."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def sqlite_template(run_folder: Path) -> Path:
    """A migrated SQLite file to copy, one a run: migrating takes seconds."""
    path = run_folder / "template.db"
    with _one_at_a_time(run_folder):
        if not path.exists():
            _run_apart(migrate(f"sqlite://{run_folder / 'making.db'}"))
            (run_folder / "making.db").rename(path)
    return path


@pytest.fixture(scope="session")
def postgres_template(run_folder: Path) -> str:
    """The name of a migrated PostgreSQL database to copy, one a run; dropped when the run is over."""
    told = run_folder / POSTGRES_TEMPLATE
    with _one_at_a_time(run_folder):
        if not told.exists():
            url = _run_apart(_create_postgres())
            try:
                _run_apart(migrate(url))
            except BaseException:
                _run_apart(_drop_postgres(url))
                raise
            told.write_text(url)
        return urlsplit(told.read_text()).path[1:]


def pytest_unconfigure(config: pytest.Config) -> None:
    """The process that started the others is the last to end."""
    factory: pytest.TempPathFactory | None = getattr(config, "_tmp_path_factory", None)
    if factory is not None and factory._basetemp is not None and _worker_number(config) is None:
        told = factory.getbasetemp() / POSTGRES_TEMPLATE
        if told.exists():
            _run_apart(_drop_postgres(told.read_text()))


@pytest.fixture(scope="session")
def postgres_url(postgres_template: str) -> Iterator[str]:
    """A migrated PostgreSQL database of this session's own, dropped at its end."""
    url = _run_apart(_create_postgres(postgres_template))
    try:
        yield url
    finally:
        _run_apart(_drop_postgres(url))


@pytest.fixture(scope="module")
def own_postgres_url(postgres_template: str) -> Iterator[str]:
    """A migrated PostgreSQL database of this module's own."""
    url = _run_apart(_create_postgres(postgres_template))
    try:
        yield url
    finally:
        _run_apart(_drop_postgres(url))


@pytest.fixture(params=BOTH)
def migrated_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a migrated database that no test uses at the moment; on PostgreSQL it may hold another test's rows."""
    if request.param == "postgres":
        url: str = request.getfixturevalue("postgres_url")
        return url
    copy = tmp_path / "zhuisu.db"
    shutil.copyfile(request.getfixturevalue("sqlite_template"), copy)
    return f"sqlite://{copy}"


@pytest.fixture
async def database(migrated_url: str) -> AsyncIterator[Database]:
    """Each kind of database in turn, open, at head, empty. On PostgreSQL ids go on where the test before stopped."""
    await init(migrated_url)
    try:
        dialect = get_connection(CONNECTION).capabilities.dialect
        if dialect == "postgres":
            await _empty_postgres()
        yield Database(migrated_url, dialect)
    finally:
        await close()


@pytest.fixture(params=BOTH)
def unmigrated_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without a single table, of this test's own."""
    if request.param == "sqlite":
        yield f"sqlite://{tmp_path / 'fresh.db'}"
        return
    url = _run_apart(_create_postgres())
    try:
        yield url
    finally:
        _run_apart(_drop_postgres(url))


@pytest.fixture
def clock() -> FakeClock:
    """Business time, standing still until the test advances it."""
    return FakeClock()


def _run_apart(work: Coroutine[Any, Any, Any]) -> Any:
    """Run ``work`` on an event loop in a thread of its own: a plain fixture must not disturb the test's loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


async def _answers(url: str) -> bool:
    """Whether a server at ``url`` lets us in, asked briefly."""
    try:
        async with asyncio.timeout(2):
            if url.startswith("redis"):
                client = aioredis.Redis.from_url(url, retry=None)
                try:
                    await client.ping()
                finally:
                    await client.aclose()
            else:
                await (await asyncpg.connect(url)).close()
    except (OSError, TimeoutError, RedisError, asyncpg.PostgresError):
        return False
    return True


async def _create_postgres(template: str = "template1") -> str:
    server = os.environ["ZHUISU_TEST_POSTGRES_URL"]
    name = f"zhuisu_test_{secrets.token_hex(4)}"
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        # It outlives no power failure: nobody waits for the disk.
        await connection.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
    finally:
        await connection.close()
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))


async def _drop_postgres(url: str) -> None:
    connection = await asyncpg.connect(os.environ["ZHUISU_TEST_POSTGRES_URL"])
    try:
        await connection.execute(f'DROP DATABASE "{urlsplit(url).path[1:]}" WITH (FORCE)')
    finally:
        await connection.close()


async def _empty_postgres() -> None:
    """Delete every row but the migrations'; deleting a few rows is much quicker than TRUNCATE's new files."""
    connection = get_connection(CONNECTION)
    tables = await connection.execute_query_dict(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'tortoise_migrations'"
    )
    deletes = "".join(f'DELETE FROM "{row["tablename"]}";' for row in tables)
    # As a replica, for this transaction only: no foreign keys, and no triggers that protect the event log.
    await connection.execute_script(f"BEGIN; SET LOCAL session_replication_role = replica; {deletes} COMMIT")
