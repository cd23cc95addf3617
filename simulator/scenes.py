"""Parametric QR codes of the account: tickets that carry a scene."""

import base64
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from simulator.errors import ApiError

DEFAULT_SECONDS, MOST_SECONDS = 60, 2_592_000
_KEPT = 100_000
_TEMPORARY = {"QR_SCENE": False, "QR_STR_SCENE": True}
_PERMANENT = {"QR_LIMIT_SCENE": False, "QR_LIMIT_STR_SCENE": True}


@dataclass(frozen=True, slots=True)
class SceneCode:
    """``scene`` as it stands in EventKey; ``expires`` (business time) is None for a permanent one."""

    ticket: str
    url: str
    scene: str
    is_text: bool
    expires: float | None


class SceneCodes:
    """All codes made, by ticket; the oldest go first."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._codes: dict[str, SceneCode] = {}
        self._by_url: dict[str, SceneCode] = {}
        self._by_scene: dict[str, SceneCode] = {}

    def create(self, request: dict[str, Any]) -> tuple[SceneCode, int | None]:
        """From the body of ``qrcode/create``: the code, and its seconds where it is temporary."""
        action = request.get("action_name")
        if action not in _TEMPORARY and action not in _PERMANENT:
            raise ApiError(40052)
        info = request.get("action_info")
        scene = info.get("scene") if isinstance(info, dict) else None
        if not isinstance(scene, dict):
            raise ApiError(40053)
        is_text = (_TEMPORARY | _PERMANENT)[action]
        value = _text_scene(scene) if is_text else _number_scene(scene, 100_000 if action in _PERMANENT else 2**32 - 1)
        if action in _PERMANENT:
            return self._keep(value, is_text, None), None
        seconds = request.get("expire_seconds", DEFAULT_SECONDS)
        if not isinstance(seconds, int) or not 0 < seconds <= MOST_SECONDS:
            raise ApiError(40053, "expire_seconds out of range")
        return self._keep(value, is_text, self._now() + seconds), seconds

    def by_ticket(self, ticket: str) -> SceneCode | None:
        """The code with that ticket, run out or not."""
        return self._codes.get(ticket)

    def by_url(self, url: str) -> SceneCode | None:
        """The code whose QR symbol reads ``url``."""
        return self._by_url.get(url)

    def for_scene(self, scene: str) -> SceneCode:
        """The newest code with that scene; one is made (permanent) where the account made none."""
        return self._by_scene.get(scene) or self._keep(scene, True, None)

    def is_over(self, code: SceneCode) -> bool:
        """Whether scanning it only shows that it has run out."""
        return code.expires is not None and self._now() >= code.expires

    def _keep(self, scene: str, is_text: bool, expires: float | None) -> SceneCode:
        tail = secrets.token_urlsafe(16)
        url = f"http://weixin.qq.com/q/02{tail}"
        ticket = "gQ" + base64.b64encode(b"\x00" * 8 + url.encode() + secrets.token_bytes(9)).decode() + "=="
        code = SceneCode(ticket, url, scene, is_text, expires)
        self._codes[ticket] = self._by_url[url] = self._by_scene[scene] = code
        while len(self._codes) > _KEPT:
            oldest = self._codes.pop(next(iter(self._codes)))
            del self._by_url[oldest.url]
            if self._by_scene.get(oldest.scene) is oldest:
                del self._by_scene[oldest.scene]
        return code


def _text_scene(scene: dict[str, Any]) -> str:
    value = scene.get("scene_str")
    if not isinstance(value, str) or not 1 <= len(value) <= 64:
        raise ApiError(40053, "scene_str must have 1 to 64 characters")
    return value


def _number_scene(scene: dict[str, Any], most: int) -> str:
    value = scene.get("scene_id")
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise ApiError(40053, "scene_id out of range")
    return str(value)
