"""Call counters that start anew each minute, day (midnight in China) or month (30 days)."""

from collections.abc import Callable

from simulator.errors import ApiError

MINUTE = 60
DAY = 86_400
MONTH = 30 * DAY
_CHINA = 8 * 3600


class Quotas:
    """Counts calls by name; only the current period of each name is kept."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._used: dict[tuple[str, int], tuple[int, int]] = {}

    def spend(self, name: str, limit: int, *, span: int = DAY, code: int = 45009) -> None:
        """Count one call of ``name``; :class:`ApiError` ``code`` where ``limit`` calls were made in this period."""
        period = int(self._now() + _CHINA) // span
        current, used = self._used.get((name, span), (period, 0))
        if current != period:
            used = 0
        if used >= limit:
            raise ApiError(code)
        self._used[name, span] = (period, used + 1)

    def used(self, name: str, *, span: int = DAY) -> int:
        """Calls of ``name`` in the running period."""
        current, used = self._used.get((name, span), (0, 0))
        return used if current == int(self._now() + _CHINA) // span else 0

    def clear_daily(self) -> None:
        """What ``clear_quota`` does."""
        for key in [key for key in self._used if key[1] == DAY]:
            del self._used[key]
