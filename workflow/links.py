"""Links we hand to people: signed and expiring, or one-time; checked in constant time, on the real clock."""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from urllib.parse import urlencode

from config.clock import real_seconds


class Links:
    """Makes and checks links below ``base`` (the public URL, no slash at its end)."""

    def __init__(self, base: str, secret: bytes, report_days: int) -> None:
        self.base = base
        self._key = hashlib.blake2b(secret, key=b"zhuisu links", digest_size=32).digest()
        self._report_seconds = report_days * 86_400

    def report(self, ref: str) -> str:
        """The page of one photo report."""
        return f"{self.base}/r/{ref}?{self._query('r', ref)}"

    def picture(self, ref: str) -> str:
        """The marked-up picture of one photo report."""
        return f"{self.base}/r/{ref}/picture?{self._query('p', ref)}"

    def may_open(self, purpose: str, ref: str, query: Mapping[str, str]) -> bool:
        """Whether ``t`` of the query was made by us for this page and has not run out."""
        expires, _, signature = query.get("t", "").partition(".")
        if not (expires.isascii() and expires.isdigit() and len(expires) <= 12):
            return False
        right = hmac.compare_digest(self._signature(purpose, ref, expires).encode(), signature.encode())
        return right and int(expires) >= real_seconds()

    def upload(self, token: str) -> str:
        """The page on which one original may be uploaded."""
        return f"{self.base}/u/{token}"

    def sign_in(self, token: str) -> str:
        """The one-time link that opens a web session."""
        return f"{self.base}/go/{token}"

    def page(self, path: str) -> str:
        """A page of ours by its path."""
        return f"{self.base}{path}"

    def privacy(self) -> str:
        """The notice on personal information (R54)."""
        return f"{self.base}/privacy"

    def keyed_hash(self, purpose: str, text: str) -> str:
        """What is stored of a short code: without our key nobody can try all codes against it."""
        return hmac.digest(self._key, f"{purpose}\n{text}".encode(), "sha256").hex()

    def _query(self, purpose: str, ref: str) -> str:
        # Rounded up to a day, so that the same report has the same link all day and can be cached.
        expires = str((int(real_seconds()) // 86_400 + 1) * 86_400 + self._report_seconds)
        # One parameter: an ampersand inside a chat message's link would have to survive an unescaping we do not know.
        return urlencode({"t": f"{expires}.{self._signature(purpose, ref, expires)}"})

    def _signature(self, purpose: str, ref: str, expires: str) -> str:
        mac = hmac.digest(self._key, f"{purpose}\n{ref}\n{expires}".encode(), "sha256")
        return urlsafe_b64encode(mac[:18]).decode()


def new_token() -> str:
    """A token for a one-time link: 128 random bits; only its :func:`token_hash` is stored."""
    return secrets.token_urlsafe(16)


def token_hash(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()
