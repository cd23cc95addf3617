"""What several ask for within a moment is read once: a read-through cache of half a second at the most."""

import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

MOST = 10_000
"""Answers kept at once; when more come, all are let go."""

Answer = TypeVar("Answer")


class Shared(Generic[Answer]):
    """What was read, by what was asked; each good for ``seconds`` from before it was read."""

    def __init__(self, seconds: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._now = monotonic
        self._kept: dict[str, tuple[float, Answer]] = {}
        self._older: dict[str, tuple[float, Answer]] = {}
        self._turned = monotonic()

    async def read(self, asked: str, read: Callable[[], Awaitable[Answer]]) -> Answer:
        """The answer that is good yet, else the one that ``read`` gives; what it raises is for this asker alone."""
        if (known := self.get(asked)) is not None:
            return known
        begun = self._now()
        answer = await read()
        self.put(asked, begun, answer)
        return answer

    def get(self, asked: str) -> Answer | None:
        """The answer, where one is good yet."""
        kept = self._kept.get(asked) or self._older.get(asked)
        return kept[1] if kept is not None and self._now() - kept[0] < self._seconds else None

    def put(self, asked: str, begun: float, answer: Answer) -> None:
        """Keep an answer that was begun to be read at ``begun``."""
        if not self._seconds:
            return
        now = self._now()
        if now - self._turned >= self._seconds or len(self._kept) >= MOST:
            # What is good for nobody any more does not stay: thousands of answers are long to look through for garbage.
            fresh = now - self._turned < 2 * self._seconds and len(self._kept) < MOST
            self._older, self._kept, self._turned = self._kept if fresh else {}, {}, now
        self._kept[asked] = (begun, answer)
