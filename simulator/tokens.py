"""Access tokens: the classic family and the stable one, which know nothing of each other."""

import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from simulator.errors import ApiError
from simulator.quotas import DAY, MINUTE, Quotas

LIFE = 7200
OVERLAP = 300
FORCE_GAP = 30
_KEPT = 1000
_FORM = re.compile(r"\d{2,3}_[\w-]{100,508}", re.ASCII)


@dataclass(slots=True)
class _Token:
    expires: float
    replaced: float = float("inf")  # from here on another token has taken its place


class TokenDesk:
    """Issues and checks tokens on real time (``now`` is a parameter for tests)."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._tokens: dict[str, _Token] = {}
        self._quotas = Quotas(now)
        self._classic = ""
        self._stable = ""
        self._forced = float("-inf")

    def classic(self) -> tuple[str, int]:
        """``GET /cgi-bin/token``: a new token each time; the one before lives five minutes more. 2000 a day."""
        self._quotas.spend("token", 2000)
        if self._classic in self._tokens:
            self._tokens[self._classic].replaced = self._now() + OVERLAP
        self._classic = self._issue()
        return self._classic, LIFE

    def stable(self, *, force: bool) -> tuple[str, int]:
        """``POST /cgi-bin/stable_token``: token and seconds left (never under 300).

        The same token while it has more than five minutes. ``force`` ends it at once: 20 times a day, 30 s apart, else
        45009 and 45011.
        """
        self._quotas.spend("stable_token", 10_000, span=MINUTE, code=45011)
        self._quotas.spend("stable_token", 500_000, span=DAY)
        now, held = self._now(), self._tokens.get(self._stable)
        if force:
            if now - self._forced < FORCE_GAP:
                raise ApiError(45011)
            self._quotas.spend("stable_token force_refresh", 20)
            self._forced = now
            if held is not None:
                held.replaced = now
        elif held is not None and held.expires - now > OVERLAP:
            return self._stable, int(held.expires - now)
        self._stable = self._issue()
        return self._stable, LIFE

    def check(self, token: str) -> None:
        """:class:`ApiError` 41001 missing, 40014 malformed, 40001 unknown or replaced, 42001 expired."""
        if not token:
            raise ApiError(41001)
        if not _FORM.fullmatch(token):
            raise ApiError(40014)
        held, now = self._tokens.get(token), self._now()
        if held is None or now >= held.replaced:
            raise ApiError(40001)
        if now >= held.expires:
            raise ApiError(42001)

    def _issue(self) -> str:
        # The documents promise no length but ask for room for 512: ours differ, so that nobody counts on one.
        token = f"{secrets.randbelow(90) + 10}_{secrets.token_urlsafe(96 + secrets.randbelow(64))}"
        self._tokens[token] = _Token(self._now() + LIFE)
        while len(self._tokens) > _KEPT:
            self._tokens.pop(next(iter(self._tokens)))
        return token
