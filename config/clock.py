"""Time as something that is passed in: aware, UTC inside, Asia/Shanghai for people."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


class Clock(Protocol):
    """Business time: what deadlines and records go by."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class ShiftedClock:
    """The real time plus ``offset``, for development: :mod:`workflow.business_time` keeps the offset."""

    def __init__(self) -> None:
        self._offset = timedelta()

    @property
    def offset(self) -> timedelta:
        """By how much it is ahead of the real time."""
        return self._offset

    def reach(self, offset: timedelta) -> None:
        """Be ahead by ``offset``, or stay where it is farther already: time never goes back."""
        self._offset = max(self._offset, offset)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset


def real_seconds() -> float:
    """Seconds since the epoch on the real clock: for signatures, tokens and cache lifetimes, which never move."""
    return time.time()


def for_people(moment: datetime) -> str:
    """``2026-11-24 18:03``, in Asia/Shanghai."""
    return moment.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
