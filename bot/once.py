"""Each update is worked on once, however often WeChat sends it and whichever process it reaches.

In one process, an attempt that finds the work running waits for the same task. Between processes, a mark in the cache
says that somebody is at it (a short lease, renewed while the work runs, so that a process that died does not keep the
update), and later what came of it.
"""

import asyncio
import contextvars
import logging
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from workflow.ports import Cache, CacheUnavailable

log = logging.getLogger(__name__)

KEEP_SECONDS = 60.0
"""How long an outcome answers further attempts: three of five seconds, with room."""

LEASE_SECONDS = 4.0
POLL_SECONDS = 0.1

_RUNNING, _DONE = b"running:", b"done:"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an update: the body to answer. ``again``: it is not kept, and a later attempt works anew."""

    body: str
    again: bool = False


Work = Callable[[], Awaitable[Outcome]]


class Once:
    """Runs work under a key, once; a waiter that leaves does not disturb it."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._running: dict[str, asyncio.Task[str | None]] = {}
        self._context: contextvars.Context | None = None

    def adopt_context(self) -> None:
        """Let all work start from a copy of the present context (the application's), not of a request's."""
        self._context = contextvars.copy_context()

    async def body(self, key: str, work: Work, seconds: float) -> str | None:
        """The outcome's body, or None where it is not there within ``seconds``; the work goes on then.

        ``work`` is ours to start only if nobody did; it must not raise.
        """
        running = self._running.get(key)
        if running is None:
            running = asyncio.create_task(self._settle(key, work, seconds), context=self._fresh())
            self._running[key] = running
            running.add_done_callback(lambda _: self._running.pop(key, None))
        done, _ = await asyncio.wait({running}, timeout=max(0.0, seconds))
        return running.result() if done and not running.cancelled() else None

    async def drain(self, seconds: float) -> None:
        """Let what runs come to its end; what has not after ``seconds`` is cancelled."""
        left = set(self._running.values())
        if left:
            _, left = await asyncio.wait(left, timeout=seconds)
        for task in left:
            task.cancel()
        if left:
            log.warning("%d updates were given up at shutdown", len(left))
            await asyncio.wait(left)

    def _fresh(self) -> contextvars.Context:
        """A context of its own: a request's variables (a transaction, say) must not leak into work that outlives it."""
        return self._context.copy() if self._context is not None else contextvars.Context()

    async def _settle(self, key: str, work: Work, seconds: float) -> str | None:
        name = f"update:{key}"
        mark = _RUNNING + secrets.token_hex(8).encode()
        until = asyncio.get_running_loop().time() + seconds
        while (seen := await self._claim(name, mark)) is not None:
            if seen.startswith(_DONE):
                return seen.removeprefix(_DONE).decode()
            if asyncio.get_running_loop().time() >= until:
                return None
            await asyncio.sleep(POLL_SECONDS)
        return await self._work(name, mark, work)

    async def _work(self, name: str, mark: bytes, work: Work) -> str:
        task = asyncio.ensure_future(work())
        try:
            while not (await asyncio.wait({task}, timeout=LEASE_SECONDS / 4))[0]:
                await self._keep(name, mark, LEASE_SECONDS)
            outcome = task.result()
        except asyncio.CancelledError:
            task.cancel()
            await asyncio.wait({task})
            await self._forget(name, mark)
            raise
        if outcome.again:
            await self._forget(name, mark)
        else:
            await self._keep(name, _DONE + outcome.body.encode(), KEEP_SECONDS)
        return outcome.body

    # The mark. Without the cache an update may be worked on twice, which is better than not at all.

    async def _claim(self, name: str, mark: bytes) -> bytes | None:
        """None: it is ours. Else the mark that somebody else left."""
        try:
            if await self._cache.put(name, mark, LEASE_SECONDS, only_new=True):
                return None
            seen = await self._cache.get(name)
        except CacheUnavailable:
            log.warning("the mark of an update cannot be read", exc_info=True)
            return None
        if seen == mark:  # our own, of an attempt whose answer was lost on the way
            return None
        return seen or _RUNNING  # gone in between: ask again

    async def _keep(self, name: str, value: bytes, seconds: float) -> None:
        try:
            await self._cache.put(name, value, seconds)
        except CacheUnavailable:
            log.warning("the mark of an update cannot be written", exc_info=True)

    async def _forget(self, name: str, mark: bytes) -> None:
        try:
            await self._cache.delete(name, only=mark)
        except CacheUnavailable:
            log.warning("the mark of an update cannot be removed", exc_info=True)
