"""How many customer-service messages the account may still send to a person.

Every act of a person opens a window. Windows do not add up: a message sent counts in each open one, and may be sent
while any of them has something left.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from simulator.errors import ApiError


class Trigger(StrEnum):
    """The acts that open a window."""

    MESSAGE = "message"
    MENU = "menu"
    FOLLOW = "follow"
    SCAN = "scan"


#: Messages and seconds each act is good for.
ALLOWANCE: dict[Trigger, tuple[int, float]] = {
    Trigger.MESSAGE: (5, 48 * 3600),
    Trigger.MENU: (3, 60),
    Trigger.FOLLOW: (3, 60),
    Trigger.SCAN: (3, 60),
}


@dataclass(slots=True)
class Window:
    """What is left of one act, until ``deadline`` (business time)."""

    remaining: int
    deadline: float


class Ledger:
    """The open windows of one person."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._windows: dict[Trigger, Window] = {}

    def open(self, trigger: Trigger) -> None:
        """The person did something: that act's window starts again, full."""
        count, seconds = ALLOWANCE[trigger]
        self._windows[trigger] = Window(count, self._now() + seconds)

    def spend(self) -> None:
        """Count one message; :class:`ApiError` 45015 where no window is open, 45047 where the open ones are used up."""
        windows = self._current()
        if not windows:
            raise ApiError(45015)
        if not any(window.remaining for window in windows):
            raise ApiError(45047)
        for window in windows:
            window.remaining = max(0, window.remaining - 1)

    def drop(self) -> None:
        """The person stopped following."""
        self._windows.clear()

    @property
    def remaining(self) -> int:
        """Messages that may be sent now."""
        return max((window.remaining for window in self._current()), default=0)

    def _current(self) -> list[Window]:
        now = self._now()
        return [window for window in self._windows.values() if window.deadline > now]
