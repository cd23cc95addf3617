"""Where a person is in a conversation of several turns: a state's name and a little data, gone after a while."""

import contextlib
import hashlib
import json
import logging
from typing import Any

from bot.filters import Filter
from workflow.ports import Cache, CacheUnavailable

log = logging.getLogger(__name__)


class Dialog:
    """One person's dialog as it stood when the update came. ``state`` None: in none."""

    __slots__ = ("_cache", "_key", "_seconds", "data", "state")

    def __init__(self, cache: Cache, key: str, seconds: float, state: str | None, data: dict[str, Any]) -> None:
        self._cache = cache
        self._key = key
        self._seconds = seconds
        self.state = state
        self.data = data

    async def enter(self, state: str, **data: Any) -> None:
        """Be in ``state`` from the next update on; ``data`` is plain JSON and replaces what was kept."""
        kept = json.dumps({"state": state, "data": data}, ensure_ascii=False).encode()
        await self._cache.put(self._key, kept, self._seconds)
        self.state, self.data = state, data

    async def clear(self) -> None:
        """Be in no dialog."""
        with contextlib.suppress(CacheUnavailable):
            await self._cache.delete(self._key)
        self.state, self.data = None, {}


class Dialogs:
    """The dialogs of one account's people, in the cache; each lives for ``seconds`` after its last turn."""

    def __init__(self, cache: Cache, app_id: str, *, seconds: float = 1800) -> None:
        self._cache = cache
        self._app_id = app_id
        self._seconds = seconds

    async def of(self, openid: str) -> Dialog:
        """The person's dialog; one that cannot be read any more counts as none."""
        key = f"dialog:{self._app_id}:{hashlib.sha256(openid.encode('utf-8', 'backslashreplace')).hexdigest()[:40]}"
        try:
            kept = await self._cache.get(key)
        except CacheUnavailable:
            # Forgetting a question is better than not hearing the person at all.
            log.warning("dialogs cannot be read")
            kept = None
        state, data = _read(kept)
        return Dialog(self._cache, key, self._seconds, state, data)


def in_dialog(*states: str) -> Filter:
    """The person is in one of these states; without any, in whatever dialog."""
    return Filter(lambda context: context.dialog.state is not None and (not states or context.dialog.state in states))


def _read(kept: bytes | None) -> tuple[str | None, dict[str, Any]]:
    try:
        found = json.loads(kept or b"{}")
        state, data = found["state"], found["data"]
    except (ValueError, KeyError, TypeError):
        return None, {}
    return (state, data) if isinstance(state, str) and isinstance(data, dict) else (None, {})
