"""The counts behind :class:`workflow.ports.Limiter`: the library ``limits``, in memory or in a Redis that all share."""

import math
import time
from functools import lru_cache

from limits import RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from redis.asyncio import ConnectionPool
from redis.exceptions import RedisError

from workflow.ports import Allowance, CacheUnavailable

SWEEP_SECONDS = 10.0
TIMEOUT_SECONDS = 1.0
"""A limit protects; it must not become what everybody waits for."""
_item = lru_cache(RateLimitItemPerSecond)
"""So many in so many seconds: few different ones are in use."""


def _memory() -> MemoryStorage:
    """The library's storage, which looks through all its keys for old ones at every hit; here a few times a minute.

    A key that has run out counts from nothing all the same when it is asked for again. It is no class of its own: the
    library wraps what it counts with once more in every class that inherits it.
    """
    storage, looked = MemoryStorage(), -math.inf
    look = storage._MemoryStorage__schedule_expiry  # type: ignore[attr-defined]  # the library's own name of it

    async def look_seldom() -> None:
        nonlocal looked
        if time.monotonic() - looked >= SWEEP_SECONDS:
            looked = time.monotonic()
            await look()

    storage._MemoryStorage__schedule_expiry = look_seldom  # type: ignore[attr-defined]
    return storage


class SlidingLimiter:
    """Two counters a key, the older one weighted by how much of it still lies in the window."""

    def __init__(self, storage: MemoryStorage | RedisStorage, pool: ConnectionPool | None = None) -> None:
        self._storage = storage
        self._pool = pool
        self._limiter = SlidingWindowCounterRateLimiter(storage)

    @classmethod
    def in_memory(cls) -> "SlidingLimiter":
        """For one process."""
        return cls(_memory())

    @classmethod
    def from_url(cls, url: str, *, prefix: str = "zhuisu:limit") -> "SlidingLimiter":
        """Over ``redis://…``, for any number of processes."""
        pool = ConnectionPool.from_url(url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS)
        storage = RedisStorage(f"async+{url}", implementation="redispy", key_prefix=prefix, connection_pool=pool)  # type: ignore[arg-type]
        return cls(storage, pool)

    async def hit(self, key: str, limit: int, seconds: int) -> Allowance:
        item = _item(limit, seconds)
        try:
            allowed = await self._limiter.hit(item, key)
            stats = await self._limiter.get_window_stats(item, key)
        except (RedisError, OSError) as error:
            kind = type(error).__name__
        else:
            return Allowance(allowed, limit, stats.remaining, max(0.0, math.ceil(stats.reset_time - time.time())))
        raise CacheUnavailable(kind)  # outside the except: Redis' own words may name a password in a URL

    async def aclose(self) -> None:
        """Close the connections, where there are any."""
        if self._pool is not None:
            await self._pool.aclose()
