"""Starts what kill tests and benchmarks talk to: the real server and the real simulator, each a process of its own."""

import asyncio
import contextlib
import os
import secrets
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp

START_SECONDS = 120


PORTS = range(20_000, 32_768)
"""Below those that the system gives out by itself: a server that is killed finds its own free when it starts again."""


def free_port() -> int:
    """A port that was free a moment ago."""
    while True:
        port = secrets.choice(PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class Server:
    """A process with an HTTP port; ``kill`` is ``kill -9``."""

    def __init__(self, arguments: list[str], environment: dict[str, str], ready: str) -> None:
        self._arguments = arguments
        self._environment = {**os.environ, **environment}
        self._ready = ready
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        """The id of the running process."""
        assert self._process is not None
        return self._process.pid

    async def start(self) -> float:
        """Start and wait until it is ready; how many seconds that took."""
        begun = time.monotonic()
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, *self._arguments, env=self._environment, stdout=asyncio.subprocess.DEVNULL
        )
        async with asyncio.timeout(START_SECONDS), aiohttp.ClientSession() as session:
            while True:
                if self._process.returncode is not None:
                    raise RuntimeError(f"{self._arguments} ended with {self._process.returncode}")
                with contextlib.suppress(aiohttp.ClientError):
                    async with session.get(self._ready) as answer:
                        if answer.status == 200:
                            return time.monotonic() - begun
                await asyncio.sleep(0.1)

    async def kill(self) -> None:
        """End it as a power failure would."""
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()

    async def stop(self) -> None:
        """Ask it to end, and see that it does."""
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(20):
                await self._process.wait()
        except TimeoutError:
            await self.kill()


class Pair:
    """The server and, beside it, a simulator that outlives it; both with ``settings``, else on SQLite in ``folder``."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.server_url = f"http://127.0.0.1:{(port := free_port())}"
        self.simulator_url = f"http://127.0.0.1:{(desk := free_port())}"
        self.folder = folder
        environment = {
            "ZHUISU_PORT": str(port),
            "ZHUISU_DATA_DIR": str(folder),
            "ZHUISU_LOG_LEVEL": "WARNING",
            "ZHUISU_WECHAT__API_BASE": f"{self.simulator_url}/sim/api",
            **settings,
        }
        self.server = Server(["-m", "app", "serve"], environment, f"{self.server_url}/readyz")
        self.simulator = Server(
            ["-m", "simulator", "--port", str(desk), "--callback", f"{self.server_url}/wechat/callback"],
            settings,
            f"{self.simulator_url}/sim/users",
        )


@contextlib.asynccontextmanager
async def running(folder: Path, **settings: str) -> AsyncIterator[Pair]:
    """Both, started and stopped."""
    pair = Pair(folder, **settings)
    await pair.simulator.start()
    try:
        await pair.server.start()
        try:
            yield pair
        finally:
            await pair.server.stop()
    finally:
        await pair.simulator.stop()
