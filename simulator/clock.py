"""The simulator's business time: real time plus what it was moved by."""

import time


class MovingClock:
    """Credit windows, media, QR codes and login codes age by it; signatures, CreateTime and access tokens never do."""

    def __init__(self) -> None:
        self._offset = 0.0

    @property
    def offset(self) -> float:
        """Seconds this clock is ahead of the real one."""
        return self._offset

    def now(self) -> float:
        """Seconds since the epoch, moved."""
        return time.time() + self._offset

    def advance(self, seconds: float) -> None:
        """Move forward by ``seconds``; :class:`ValueError` where that would be backward."""
        if seconds < 0:
            raise ValueError("the clock only moves forward")
        self._offset += seconds

    def reset(self) -> None:
        """Back to real time."""
        self._offset = 0.0
