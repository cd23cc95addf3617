"""The JS-SDK's ticket: one at a time, for two hours."""

import secrets
from collections.abc import Callable

LIFE = 7200


class Tickets:
    """Issued on business time."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._ticket, self._ends = "", 0.0

    def jsapi(self) -> tuple[str, int]:
        """The ticket, and how many seconds it has left."""
        if self._now() >= self._ends:
            self._ticket, self._ends = f"sim_{secrets.token_urlsafe(48)}", self._now() + LIFE
        return self._ticket, int(self._ends - self._now())
