"""One HTTP exchange with WeChat, and what its failures mean.

Access tokens travel in the query, as WeChat wants it; so no URL, and no error of aiohttp's that may hold one, leaves
this module: what goes wrong is said again in the typed errors of :mod:`workflow.ports`.
"""

import json
import logging
import time
from collections.abc import Sequence
from typing import Any

import aiohttp
from yarl import URL

from gateways.wechat.errors import unavailable
from workflow.ports import BadRequest, OutcomeUnknown, PictureTooLarge, WeChatError

log = logging.getLogger(__name__)

Answer = dict[str, Any] | bytes
"""JSON, whatever errcode it carries; or the bytes of a picture."""

_JSON_LIMIT = 2**20
_REDIRECTS = 3
_PICTURE_SECONDS = 5.0
"""For a picture by its URL: there is a second way to it, and a person waits."""

_NOT_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)
"""No connection came about: the request never left."""


class Transport:
    """The connections to WeChat. A ``session`` that is passed in is left open by :meth:`aclose`."""

    def __init__(self, base_url: str, *, session: aiohttp.ClientSession | None, timeout_seconds: float) -> None:
        self._base = base_url.rstrip("/")
        self._session = session
        self._own_session = session is None
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds, connect=min(5.0, timeout_seconds))
        self._picture_timeout = aiohttp.ClientTimeout(total=min(_PICTURE_SECONDS, timeout_seconds))

    async def aclose(self) -> None:
        """Close the connections that are our own."""
        if self._own_session and self._session is not None:
            await self._session.close()
            self._session = None

    async def exchange(
        self,
        method: str,
        path: str,
        query: dict[str, str],
        data: bytes | aiohttp.FormData | None = None,
        *,
        delivers: bool = False,
        picture_limit: int | None = None,
    ) -> Answer:
        """One request and its answer.

        ``delivers``: something reaches a person, so that a lost answer is :class:`OutcomeUnknown`, and else
        :class:`Unavailable`. ``picture_limit``: the answer is a picture of at most so many bytes, or JSON.
        """
        headers = {"Content-Type": "application/json; charset=utf-8"} if isinstance(data, bytes) else {}
        started = time.perf_counter()
        answer: Answer = {}
        failure: WeChatError | None = None
        try:
            async with self._http().request(
                method,
                URL(self._base + path),
                params=query,
                data=data,
                headers=headers,
                timeout=self._timeout,
                allow_redirects=False,  # it would carry the token elsewhere
            ) as response:
                failure = _refused(response.status, delivers)
                if failure is None:
                    raw = await _read(response, picture_limit or _JSON_LIMIT)
                    if raw is None and picture_limit:
                        failure = PictureTooLarge(picture_limit)
                    elif picture_limit and raw and not raw.lstrip().startswith(b"{"):
                        answer = raw  # by its first byte: WeChat calls its JSON text/plain at times
                    else:
                        parsed = _parse(raw)
                        failure = _lost("the answer is not JSON", delivers) if parsed is None else None
                        answer = parsed or {}
        except _NOT_SENT as error:
            failure = unavailable(f"no connection ({type(error).__name__})")
        except TimeoutError:
            failure = _lost("no answer in time", delivers)
        except aiohttp.ClientError as error:
            failure = _lost(f"connection lost ({type(error).__name__})", delivers)
        milliseconds = (time.perf_counter() - started) * 1000
        if failure is not None:
            log.warning("wechat %s %s failed: %s, %.0f ms", method, path, failure.errmsg, milliseconds)
            raise failure  # outside the except, so that no traceback leads to aiohttp's error
        log.debug("wechat %s %s: errcode %d, %.0f ms", method, path, verdict(answer)[0], milliseconds)
        return answer

    async def download(self, url: str, *, hosts: Sequence[str], limit: int) -> bytes | None:
        """The picture at ``url``, if it, and every redirect, stays on ``hosts`` or below them; else None.

        Raises :class:`PictureTooLarge` beyond ``limit`` bytes, without reading on.
        """
        for _ in range(_REDIRECTS + 1):
            address = _allowed(url, hosts)
            if address is None:
                log.warning("picture refused: its address is not on an allowed host")
                return None
            try:
                async with self._http().get(
                    address,
                    timeout=self._picture_timeout,
                    allow_redirects=False,
                    headers={"Accept-Encoding": "identity"},  # a compressed answer could swell past the limit
                ) as response:
                    if response.status in {301, 302, 303, 307, 308}:
                        url = str(address.join(URL(response.headers.get("Location", ""))))
                        continue
                    if response.status != 200 or "Content-Encoding" in response.headers:
                        log.info("picture not served at its address: HTTP %d", response.status)
                        return None
                    if response.content_type.startswith(("text/", "application/json")):
                        log.info("no picture at its address: %s", response.content_type)
                        return None
                    raw = await _read(response, limit)
            except (aiohttp.ClientError, TimeoutError, ValueError) as error:
                log.info("picture not fetched from its address: %s", type(error).__name__)
                return None
            if raw is None:
                raise PictureTooLarge(limit)
            return raw or None
        log.info("picture not fetched from its address: redirected too often")
        return None

    def _http(self) -> aiohttp.ClientSession:
        if self._session is None:  # made late: a session belongs to the running loop
            self._session = aiohttp.ClientSession()
        return self._session


def verdict(answer: Answer) -> tuple[int, str]:
    """The errcode (0: fine) and errmsg of an answer; errors come with HTTP 200."""
    if isinstance(answer, bytes):
        return 0, ""
    try:
        return int(answer.get("errcode") or 0), str(answer.get("errmsg", ""))
    except (TypeError, ValueError):
        return 0, ""


def to_json(body: dict[str, Any]) -> bytes:
    """Raw UTF-8: WeChat shows ``\\uXXXX`` to people as it stands."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _refused(status: int, delivers: bool) -> WeChatError | None:
    if status == 200:
        return None
    if status >= 500:  # from a gateway in between: what stands behind it may have acted
        return _lost(f"HTTP {status}", delivers)
    if status == 429 or status < 400:
        return unavailable(f"HTTP {status}", 60)
    return BadRequest(None, f"HTTP {status}")


def _lost(reason: str, delivers: bool) -> WeChatError:
    return OutcomeUnknown(None, reason) if delivers else unavailable(reason)


def _parse(raw: bytes | None) -> dict[str, Any] | None:
    try:
        parsed = json.loads(raw or b"")
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict) else None


async def _read(response: aiohttp.ClientResponse, limit: int) -> bytes | None:
    """The body, or None as soon as it turns out to be longer than ``limit``."""
    if (response.content_length or 0) > limit:
        return None
    body = bytearray()
    async for chunk in response.content.iter_chunked(64 * 1024):
        body += chunk
        if len(body) > limit:
            return None
    return bytes(body)


def _allowed(url: str, hosts: Sequence[str]) -> URL | None:
    """The address, parsed once by whoever will connect to it, so that both see the same host."""
    try:
        address = URL(url)
        host = (address.host or "").lower().rstrip(".")
    except ValueError:
        return None
    if address.scheme not in {"http", "https"} or address.user is not None or address.password is not None:
        return None
    return address if any(host == allowed or host.endswith(f".{allowed}") for allowed in hosts) else None
