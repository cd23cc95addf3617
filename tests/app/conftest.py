"""The whole thing as ``make run`` starts it: one process on SQLite, simulator and inspector included."""

import asyncio
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import aiohttp
import pytest

from tests.app.phone import Phone
from tests.app.served import FOLDER
from tests.servers import Server, free_port


class Desk:
    """The running server, and people's phones."""

    def __init__(self, base: str, folder: Path, database_url: str) -> None:
        self.base = base
        self.folder = folder
        self.database_url = database_url

    def phone(self, session: aiohttp.ClientSession, user: str) -> Phone:
        return Phone(session, self.base, user)


SERVERS = pytest.param("servers", marks=[pytest.mark.postgres, pytest.mark.redis])


@pytest.fixture(scope="module", params=["embedded", SERVERS])
def desk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, run_folder: Path) -> Iterator[Desk]:
    """Everything in one process on SQLite and memory, then the same on PostgreSQL and Redis."""
    folder = tmp_path_factory.mktemp("desk")
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    (inspected := run_folder / "inspected").mkdir(exist_ok=True)
    environment = {"ZHUISU_PORT": str(port), "ZHUISU_DATA_DIR": str(folder), FOLDER: str(inspected)}
    # Brought to head beforehand; that a server does so itself is seen where it is killed (test_kill).
    database_url = f"sqlite://{folder / 'zhuisu.db'}"
    if request.param == "servers":
        environment["ZHUISU_DATABASE_URL"] = database_url = request.getfixturevalue("own_postgres_url")
        environment["ZHUISU_REDIS_URL"] = os.environ["ZHUISU_TEST_REDIS_URL"]
        # Apart from whatever else uses that Redis: tokens are kept under the app id.
        environment["ZHUISU_WECHAT__APP_ID"] = f"wxtest{secrets.token_hex(5)}"
    else:
        shutil.copyfile(request.getfixturevalue("sqlite_template"), folder / "zhuisu.db")
    server = Server(["-m", "tests.app.served", "serve", "--dev"], environment, f"{base}/readyz")
    # The server outlives each test's event loop, so it is started and stopped on one of its own.
    with ThreadPoolExecutor(1) as thread, asyncio.Runner() as runner:
        thread.submit(runner.run, server.start()).result()
        try:
            yield Desk(base, folder, database_url)
        finally:
            thread.submit(runner.run, server.stop()).result()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session
