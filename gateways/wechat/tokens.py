"""One access token, or one ticket, for every process of one app id, fetched once at a time."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from workflow.ports import Cache, CacheUnavailable

log = logging.getLogger(__name__)

RENEW_BEFORE = 300
"""Seconds: WeChat renews in a token's last five minutes, when the old one and the new one both work."""

_LOCK_SECONDS = 30.0
"""Longer than a fetch with its retries can take."""

_SHORTEST = 30.0


class TokenProvider:
    """The account's access token, or its JS-SDK ticket, shared through the cache under ``key``.

    ``fetch`` asks WeChat (``stable_token``, so that two owners who fetch at once get the same one) and answers the
    token and its lifetime in seconds. Where the cache cannot be reached, the process lives on what it fetched itself.
    """

    def __init__(self, key: str, *, cache: Cache, fetch: Callable[[], Awaitable[tuple[str, float]]]) -> None:
        self._cache = cache
        self._fetch = fetch
        self._key = key
        self._here = asyncio.Lock()  # one of this process waits for the shared lock, the others for it
        self._last: tuple[str, float] | None = None

    async def token(self) -> str:
        """A token that was good when last heard of. Raises what ``fetch`` raises."""
        token = await self._known()
        if token is not None:
            return token
        async with AsyncExitStack() as held:
            await held.enter_async_context(self._here)
            try:
                await held.enter_async_context(self._cache.lock(self._key, _LOCK_SECONDS))
            except CacheUnavailable:
                log.warning("token lock is out of reach, fetching without it")
            # Somebody may have fetched while we waited.
            return await self._known() or await self._renew()

    async def drop(self, token: str) -> None:
        """WeChat refused ``token``: forget it, unless a newer one has taken its place."""
        if self._last is not None and self._last[0] == token:
            self._last = None
        try:
            await self._cache.delete(self._key, only=token.encode())
        except CacheUnavailable:
            log.warning("stale token could not be dropped from the cache")

    async def _known(self) -> str | None:
        try:
            cached = await self._cache.get(self._key)
        except CacheUnavailable:
            if self._last is not None and self._last[1] > time.monotonic():
                return self._last[0]
            return None
        return None if cached is None else cached.decode()

    async def _renew(self) -> str:
        token, lifetime = await self._fetch()
        seconds = max(lifetime - RENEW_BEFORE, _SHORTEST)
        self._last = token, time.monotonic() + seconds
        try:
            await self._cache.put(self._key, token.encode(), seconds)
        except CacheUnavailable:
            log.warning("token could not be shared through the cache")
        return token
