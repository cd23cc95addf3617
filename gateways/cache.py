"""The two caches behind :class:`workflow.ports.Cache`: one process's memory, and a Redis that processes share."""

import asyncio
import heapq
import logging
import random
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

# aioredis was merged into redis-py (4.2) and its last own release does not import on Python 3.11: this is its heir.
import redis.asyncio as aioredis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from workflow.ports import CacheUnavailable

log = logging.getLogger(__name__)

_LOCK_POLL = (0.005, 0.02)
"""Shortest and longest sleep, seconds, between two attempts at a taken lock."""


class _Entries:
    """A dictionary whose entries run out; beyond ``limit`` the one nearest its end goes first."""

    def __init__(self, limit: int | None, monotonic: Callable[[], float]) -> None:
        self._limit = limit
        self._now = monotonic
        self._live: dict[str, tuple[float, int, bytes]] = {}
        self._ends: list[tuple[float, int, str]] = []
        self._serial = 0

    def __len__(self) -> int:
        self._drop_ended()
        return len(self._live)

    def get(self, key: str) -> bytes | None:
        entry = self._live.get(key)
        return entry[2] if entry is not None and entry[0] > self._now() else None

    def put(self, key: str, value: bytes, seconds: float) -> None:
        self._drop_ended()
        self._serial += 1
        end = self._now() + seconds
        self._live[key] = (end, self._serial, value)
        heapq.heappush(self._ends, (end, self._serial, key))
        while self._limit is not None and len(self._live) > self._limit:
            self._drop_first()
        if len(self._ends) > 2 * len(self._live) + 64:  # overwritten and deleted keys leave their old ends behind
            self._ends = [(end, serial, key) for key, (end, serial, _) in self._live.items()]
            heapq.heapify(self._ends)

    def delete(self, key: str) -> bool:
        there = self.get(key) is not None
        self._live.pop(key, None)
        return there

    def _drop_ended(self) -> None:
        now = self._now()
        while self._ends and self._ends[0][0] <= now:
            self._drop_first()

    def _drop_first(self) -> None:
        _, serial, key = heapq.heappop(self._ends)
        if key in self._live and self._live[key][1] == serial:
            del self._live[key]


class MemoryCache:
    """A cache inside one process, for one process: bounded, and expiring by the real monotonic clock."""

    def __init__(self, *, max_entries: int = 50_000, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._entries = _Entries(max_entries, monotonic)
        self._locks = _Entries(None, monotonic)  # apart and unbounded: a full cache must not open a lock

    async def get(self, key: str) -> bytes | None:
        return self._entries.get(key)

    async def put(self, key: str, value: bytes, seconds: float, *, only_new: bool = False) -> bool:
        _positive(seconds)
        if only_new and self._entries.get(key) is not None:
            return False
        self._entries.put(key, value, seconds)
        return True

    async def delete(self, key: str, *, only: bytes | None = None) -> bool:
        if only is not None and self._entries.get(key) != only:
            return False
        return self._entries.delete(key)

    def lock(self, key: str, seconds: float) -> AbstractAsyncContextManager[None]:
        async def take(token: bytes) -> bool:
            if self._locks.get(key) is not None:
                return False
            self._locks.put(key, token, seconds)
            return True

        async def release(token: bytes) -> None:
            if self._locks.get(key) == token:
                self._locks.delete(key)

        _positive(seconds)
        return _held(take, release)

    async def check(self) -> None:
        """Memory is always there."""

    async def aclose(self) -> None:
        """Nothing to close: the counterpart of :meth:`RedisCache.aclose`."""


class RedisCache:
    """A cache that processes share. Every failure of Redis is a :class:`CacheUnavailable`, without its address."""

    _DELETE_ONLY = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"

    def __init__(self, client: "aioredis.Redis", *, prefix: str = "zhuisu:") -> None:
        self._redis = client
        self._prefix = prefix
        self._delete_only = client.register_script(self._DELETE_ONLY)

    @classmethod
    def from_url(cls, url: str, *, prefix: str = "zhuisu:", timeout_seconds: float = 2.0) -> "RedisCache":
        """A cache with its own connections. Answers or fails fast: WeChat waits five seconds for us, in all."""
        client = aioredis.Redis.from_url(
            url,
            socket_timeout=timeout_seconds,
            socket_connect_timeout=timeout_seconds,
            retry=Retry(NoBackoff(), 1),  # once, for a connection that went stale while idle
        )
        return cls(client, prefix=prefix)

    async def get(self, key: str) -> bytes | None:
        value: bytes | None = await self._ask(self._redis.get(self._prefix + key))
        return value

    async def put(self, key: str, value: bytes, seconds: float, *, only_new: bool = False) -> bool:
        _positive(seconds)
        return bool(await self._ask(self._redis.set(self._prefix + key, value, px=_milliseconds(seconds), nx=only_new)))

    async def delete(self, key: str, *, only: bytes | None = None) -> bool:
        if only is None:
            return bool(await self._ask(self._redis.delete(self._prefix + key)))
        return bool(await self._ask(self._delete_only(keys=[self._prefix + key], args=[only])))

    def lock(self, key: str, seconds: float) -> AbstractAsyncContextManager[None]:
        name = f"{key}:lock"

        async def take(token: bytes) -> bool:
            return await self.put(name, token, seconds, only_new=True)

        async def release(token: bytes) -> None:
            try:
                await self.delete(name, only=token)
            except CacheUnavailable:
                # What the lock guarded is done; the lock itself runs out by itself.
                log.warning("cache lock could not be released, it runs out in %.0f s", seconds)

        _positive(seconds)
        return _held(take, release)

    async def check(self) -> None:
        await self._ask(self._redis.ping())

    async def aclose(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    @staticmethod
    async def _ask(answer: Awaitable[Any]) -> Any:
        try:
            return await answer
        except (RedisError, OSError) as error:
            kind = type(error).__name__
        raise CacheUnavailable(kind)  # outside the except: Redis' own words may name a password in a URL


@asynccontextmanager
async def _held(
    take: Callable[[bytes], Awaitable[bool]], release: Callable[[bytes], Awaitable[None]]
) -> AsyncIterator[None]:
    """Hold a lock: it carries a token of ours, so that a holder who lost it never releases the next one's."""
    token = secrets.token_hex(16).encode()
    try:
        while not await take(token):  # noqa: ASYNC110 - the holder may be in another process
            await asyncio.sleep(random.uniform(*_LOCK_POLL))  # noqa: S311 - only spreads the waiting
    except asyncio.CancelledError:
        await release(token)  # the last attempt may have succeeded
        raise
    try:
        yield
    finally:
        await release(token)


def _positive(seconds: float) -> None:
    if not seconds > 0:
        raise ValueError("a cache entry lives for more than 0 seconds")


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))
