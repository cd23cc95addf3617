"""The whole thing as ``make run`` starts it: one process on SQLite, simulator and inspector included."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import aiohttp
import pytest

from tests.app.phone import Phone
from tests.servers import Server, free_port


class Desk:
    """The running server, and people's phones."""

    def __init__(self, base: str, folder: Path) -> None:
        self.base = base
        self.folder = folder

    def phone(self, session: aiohttp.ClientSession, user: str) -> Phone:
        return Phone(session, self.base, user)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    server = Server(
        ["-m", "app", "serve", "--dev"], {"ZHUISU_PORT": str(port), "ZHUISU_DATA_DIR": str(folder)}, f"{base}/readyz"
    )
    # The server outlives each test's event loop, so it is started and stopped on one of its own.
    with ThreadPoolExecutor(1) as thread, asyncio.Runner() as runner:
        thread.submit(runner.run, server.start()).result()
        try:
            yield Desk(base, folder)
        finally:
            thread.submit(runner.run, server.stop()).result()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session
