"""Webhooks over HTTP: :class:`workflow.ports.WebhookSender` on aiohttp.

A partner names the address, so it is nowhere that only we can reach: ``https`` to a public address, looked up and
checked for every connection, which then goes to exactly what was checked (SSRF, DNS rebinding); no redirect is
followed, no proxy asked, and nothing of the answer is read but its status. For development and tests, this machine's
own loopback addresses may be named, also by ``http``.
"""

import asyncio
import ipaddress
import re
import socket
from collections.abc import Mapping

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from config.settings import Environment, Settings
from workflow.ports import Posted

SECONDS = 10
"""From looking the name up to the status of the answer."""
AT_ONCE = 16
"""Connections to one receiver."""

_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_IPV4_INSIDE = ipaddress.IPv6Network("2002::/16")
"""6to4: a way to any IPv4 address, private ones too; Teredo and NAT64 are outside of what is global already."""
_NAME = re.compile(r"(?:(?!-)[a-z0-9_-]{1,63}(?<!-)\.)+(?!-)[a-z][a-z0-9-]{0,62}(?<!-)")
"""A name whose last label is not a number: what begins with a digit there is an IPv4 address in disguise."""
_LOOPBACK_NAME = "localhost"


class AddressRefused(OSError):
    """The receiver is at an address that we do not connect to."""


class AiohttpWebhookSender:
    """Never raises: what became of it is answered. ``loopback``: this machine may be the receiver."""

    def __init__(self, *, loopback: bool = False, seconds: float = SECONDS) -> None:
        self._loopback = loopback
        self._timeout = aiohttp.ClientTimeout(total=seconds)
        self._session: aiohttp.ClientSession | None = None

    @classmethod
    def from_settings(cls, settings: Settings) -> "AiohttpWebhookSender":
        """In production to public addresses only."""
        return cls(loopback=settings.environment is not Environment.PRODUCTION)

    async def refusal(self, url: str) -> str:
        """Why nothing is posted to that URL, in Chinese; empty where it may be."""
        reason = self._shape(url)
        if reason:
            return reason
        try:
            async with asyncio.timeout(self._timeout.total):
                await self._resolver().resolve(URL(url).raw_host or "", 0)
        except AddressRefused:
            return "地址解析到内网、本机或保留地址，平台不向这类地址推送"
        except (OSError, UnicodeError):
            return "域名解析不到地址：请核对域名，并确认公网可以解析"
        return ""

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Posted:
        """The status of one POST, or why there is none: in words that hold nothing of the body."""
        if self._shape(url):
            return Posted(None, "address_refused")
        if self._session is None:  # made late: a session belongs to the running loop
            self._session = self._open()
        try:
            async with self._session.post(
                URL(url, encoded=True), data=body, headers=headers, timeout=self._timeout, allow_redirects=False
            ) as response:
                return Posted(response.status, "" if 200 <= response.status < 300 else f"HTTP {response.status}")
        except TimeoutError:
            return Posted(None, "timeout")
        except aiohttp.ClientConnectorDNSError as problem:
            refused = isinstance(problem.os_error, AddressRefused)
            return Posted(None, "address_refused" if refused else "name_not_resolved")
        except aiohttp.ClientSSLError:
            return Posted(None, "tls_failed")
        except (aiohttp.ClientError, OSError, ValueError) as problem:
            return Posted(None, type(problem).__name__)

    async def aclose(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            resolver=self._resolver(), use_dns_cache=False, limit_per_host=AT_ONCE, keepalive_timeout=30
        )
        return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False)

    def _resolver(self) -> "CheckedResolver":
        return CheckedResolver(loopback=self._loopback)

    def _shape(self, text: str) -> str:
        """Why it cannot be the URL of a receiver, whatever its name means today."""
        try:
            url = URL(text, encoded=True)
            host, port, path = (url.raw_host or "").lower(), url.port, url.raw_path
        except (ValueError, IndexError):  # yarl stumbles over brackets
            return "不是一个网址：请写完整，例如 https://example.com/zhuisu"
        if not (text.isascii() and text.isprintable()) or " " in text or not host or not path.startswith("/"):
            return "不是一个网址：请写完整，例如 https://example.com/zhuisu"
        if url.raw_user is not None or url.raw_password is not None or url.raw_fragment:
            return "网址里不能带用户名、密码或 # 片段"
        if not port:
            return "网址的端口不正确"
        local = self._loopback and _is_loopback(host)
        if url.scheme != "https" and not (local and url.scheme == "http"):
            return "只能推送到 https:// 开头的网址"
        if local:
            return ""
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return "" if _NAME.fullmatch(host) else "网址里的域名不正确"
        return "" if is_public(address) else "不能推送到内网、本机或保留地址"


class CheckedResolver(AbstractResolver):
    """Looks names up for each connection; where any address of a name is not public, it leads nowhere."""

    def __init__(self, *, loopback: bool) -> None:
        self._loopback = loopback

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of the host; :class:`AddressRefused`, or :class:`OSError` where there are none."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, family=family)
        results: list[ResolveResult] = []
        for kind, _, protocol, _, (address, *_) in found:
            parsed = ipaddress.ip_address(str(address).partition("%")[0])
            if not (is_public(parsed) or (self._loopback and parsed.is_loopback)):
                raise AddressRefused(f"{host} is at an address that is not public")
            results.append(
                ResolveResult(
                    hostname=host,
                    host=str(address),
                    port=port,
                    family=kind,
                    proto=protocol,
                    flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
                )
            )
        if not results:
            raise OSError(f"{host} has no address")
        return results

    async def close(self) -> None:
        """Nothing is open."""


def is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether everybody on the internet reaches it: not private, local, reserved, multicast or a way to such a one."""
    if isinstance(address, ipaddress.IPv6Address):
        return address.is_global and address in _GLOBAL_UNICAST and address not in _IPV4_INSIDE
    return address.is_global and not address.is_multicast and not address.is_reserved


def _is_loopback(host: str) -> bool:
    if host == _LOOPBACK_NAME:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
