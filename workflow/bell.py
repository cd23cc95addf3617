"""Wake-up hints between tasks of one process. A hint may be lost: whoever waits also looks for itself."""

import asyncio
from collections import defaultdict


class Bell:
    """Named hints: ``ring`` wakes everyone who is in ``heard`` for that name."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Future[None]]] = defaultdict(set)

    def ring(self, name: str) -> None:
        """Wake all who wait for ``name`` now."""
        for waiter in self._waiting.pop(name, ()):
            if not waiter.done():
                waiter.set_result(None)

    async def heard(self, name: str, seconds: float) -> bool:
        """Wait for ``name`` at most ``seconds``; True where it rang."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiting[name].add(waiter)
        try:
            async with asyncio.timeout(seconds):
                await waiter
        except TimeoutError:
            return False
        else:
            return True
        finally:
            if waiting := self._waiting.get(name):
                waiting.discard(waiter)
                if not waiting:
                    del self._waiting[name]
