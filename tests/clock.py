"""Time that moves when a test says so."""

from datetime import UTC, datetime, timedelta


class FakeClock:
    """A :class:`config.clock.Clock` that stands still."""

    def __init__(self, now: datetime = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def advance(self, by: timedelta | None = None, **by_parts: float) -> datetime:
        """Move on by ``by``, or by ``timedelta(**by_parts)``: ``advance(minutes=5)``; the new present is answered."""
        self._now += by if by is not None else timedelta(**by_parts)
        return self._now
