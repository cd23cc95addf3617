"""Web addresses, taken apart without guessing: a host is compared as a host, never as text that occurs somewhere."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import unquote, unquote_plus

_LINK = re.compile(r"(https?)://([^/?#]*)([^?#]*)(?:\?([^#]*))?", re.IGNORECASE | re.DOTALL)
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?\.?", re.ASCII)
_PORT = re.compile(r":\d*$", re.ASCII)


@dataclass(frozen=True, slots=True)
class WebLink:
    """An http or https address; ``path`` begins with ``/`` or is empty, ``query`` stands without its ``?``."""

    text: str
    scheme: str
    authority: str
    path: str
    query: str

    @property
    def host(self) -> str:
        """The host name in small letters; empty where what stands between ``//`` and ``/`` is not plainly one.

        A user name in front (``iotroot.com@evil.cn``), a backslash or look-alike letters leave no host.
        """
        name = _PORT.sub("", self.authority).lower()
        return name.rstrip(".") if _HOST.fullmatch(name) else ""

    def named_values(self) -> Iterator[tuple[str, str]]:
        """Names, in small letters, and values: neighbours in the path (``/gtin/…``), and the query."""
        segments = self.path.split("/")[1:]
        for name, value in pairwise(segments):
            yield unquote(name).lower(), unquote(value)
        for pair in self.query.split("&"):
            name, _, value = pair.partition("=")
            yield unquote(name).lower(), unquote_plus(value)


def web_link(text: str) -> WebLink | None:
    """The address that this text is; None where it is none."""
    if (found := _LINK.match(text)) is None:
        return None
    scheme, authority, path, query = found.groups()
    return WebLink(text, scheme, authority, path, query or "")
