"""An answer that several ask for within a moment is read once: a read-through cache of half a second at the most."""

import time
from collections.abc import Callable
from dataclasses import dataclass

MOST = 10_000
"""Answers kept; when there are more, all are let go."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """An answer as it is sent, but for the headers that are the caller's own; without a body where ``body`` is None."""

    body: bytes | None
    headers: dict[str, str]


class Shared:
    """What was answered, by what was asked; each good for ``seconds`` from before it was read."""

    def __init__(self, seconds: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._now = monotonic
        self._kept: dict[str, tuple[float, Rendered]] = {}

    def begin(self) -> float:
        """The moment from which an answer that is read now is good."""
        return self._now()

    def get(self, asked: str) -> Rendered | None:
        """The answer, where one is good yet."""
        begun, rendered = self._kept.get(asked, (0.0, None))
        return rendered if rendered is not None and self._now() - begun < self._seconds else None

    def put(self, asked: str, begun: float, rendered: Rendered) -> None:
        """Keep an answer that was begun to be read at ``begun``."""
        if len(self._kept) >= MOST:
            self._kept.clear()
        self._kept[asked] = (begun, rendered)
