"""Wake-up hints between tasks of one process. Who waits also looks for itself: other processes do not ring here."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

Found = TypeVar("Found")

LOOK_SECONDS = 0.25
"""How often somebody who waits looks for what another process may have done."""


class Ear:
    """Hears one name from the moment it listens: what rang before ``heard`` was called is not lost."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def notice(self) -> None:
        """It rang."""
        self._rung.set()

    async def heard(self, seconds: float) -> bool:
        """Wait at most ``seconds``; True where it rang since the last time it was heard."""
        try:
            async with asyncio.timeout(seconds):
                await self._rung.wait()
        except TimeoutError:
            return False
        self._rung.clear()
        return True


class Bell:
    """Named hints: ``ring`` wakes every ear that listens for that name."""

    def __init__(self) -> None:
        self._ears: dict[str, set[Ear]] = defaultdict(set)

    def ring(self, name: str) -> None:
        """Wake all who listen for ``name`` now."""
        for ear in self._ears.get(name, ()):
            ear.notice()

    @contextmanager
    def listening(self, name: str) -> Iterator[Ear]:
        """An ear for ``name``, while the block runs: open it first, then look whether there is anything to wait for."""
        ear = Ear()
        self._ears[name].add(ear)
        try:
            yield ear
        finally:
            self._ears[name].discard(ear)
            if not self._ears[name]:
                del self._ears[name]

    async def awaited(self, name: str, look: Callable[[], Awaitable[Found | None]], seconds: float) -> Found | None:
        """What ``look`` finds within ``seconds``: at once, when ``name`` rings, or on a look in between."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        with self.listening(name) as ear:
            while (found := await look()) is None:
                left = deadline - loop.time()
                if left <= 0:
                    return None
                await ear.heard(min(left, LOOK_SECONDS))
        return found
