"""Codes of ``wx.login``: good once, for five minutes."""

import base64
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from simulator.errors import ApiError

LIFE = 300
_KEPT = 10_000


@dataclass(slots=True)
class _Code:
    user_id: str
    expires: float
    used: bool = False


class LoginCodes:
    """Issued and redeemed on business time."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._codes: dict[str, _Code] = {}

    def issue(self, user_id: str) -> str:
        """What ``wx.login`` hands the mini-program."""
        code = f"0{secrets.token_urlsafe(24)[:31]}"
        self._codes[code] = _Code(user_id, self._now() + LIFE)
        while len(self._codes) > _KEPT:
            self._codes.pop(next(iter(self._codes)))
        return code

    def redeem(self, code: str) -> tuple[str, str]:
        """(user id, session_key); :class:`ApiError` 40029 unknown or run out, 40163 used before."""
        held = self._codes.get(code)
        if held is None or self._now() >= held.expires:
            raise ApiError(40029)
        if held.used:
            raise ApiError(40163)
        held.used = True
        return held.user_id, base64.b64encode(secrets.token_bytes(16)).decode()
