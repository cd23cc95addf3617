"""Temporary media: three days by media_id, and by an address that needs no token."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from simulator import pictures

LIFE = 3 * 86_400
MB_KEPT = 256


@dataclass(frozen=True, slots=True)
class Medium:
    """``type``: image, voice, video, thumb. ``key`` is the last part of its address under ``/media/pic/``."""

    media_id: str
    key: str
    type: str
    data: bytes
    created: float
    extension: str
    mime: str


class MediaStore:
    """Bounded by bytes, ``kept_mb`` of them: the oldest go first."""

    def __init__(self, now: Callable[[], float], base_url: Callable[[], str], kept_mb: float = MB_KEPT) -> None:
        self._now = now
        self._base_url = base_url
        self._most = kept_mb * 2**20
        self._media: dict[str, Medium] = {}
        self._by_key: dict[str, Medium] = {}
        self._bytes = 0

    def add(self, kind: str, data: bytes) -> Medium:
        """Keep ``data``; its extension and MIME type are taken from its first bytes."""
        _, extension, mime = pictures.sniff(data) or (kind, "bin", "application/octet-stream")
        medium = Medium(secrets.token_urlsafe(48), secrets.token_urlsafe(24), kind, data, self._now(), extension, mime)
        self._media[medium.media_id] = self._by_key[medium.key] = medium
        self._bytes += len(data)
        while self._bytes > self._most and len(self._media) > 1:
            self._forget(next(iter(self._media.values())))
        return medium

    def get(self, media_id: str) -> Medium | None:
        """The medium, or None where it never was or its three days are over."""
        return self._living(self._media.get(media_id))

    def by_key(self, key: str) -> Medium | None:
        """The same by the last part of its address."""
        return self._living(self._by_key.get(key))

    def type_of(self, media_id: str) -> str | None:
        """``image`` … of a medium that still lives."""
        medium = self.get(media_id)
        return medium.type if medium else None

    def url(self, medium: Medium) -> str:
        """Its address: http, no token."""
        return f"{self._base_url()}/media/pic/{medium.key}"

    def _living(self, medium: Medium | None) -> Medium | None:
        return medium if medium and self._now() < medium.created + LIFE else None

    def _forget(self, medium: Medium) -> None:
        del self._media[medium.media_id], self._by_key[medium.key]
        self._bytes -= len(medium.data)
