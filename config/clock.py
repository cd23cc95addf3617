"""Time as something that is passed in: aware, UTC inside, Asia/Shanghai for people."""

import time
from datetime import UTC, datetime
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


def real_seconds() -> float:
    """Seconds since the epoch on the real clock: for signatures, tokens and cache lifetimes, which never move."""
    return time.time()


def for_people(moment: datetime) -> str:
    """``2026-11-24 18:03``, in Asia/Shanghai."""
    return moment.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
