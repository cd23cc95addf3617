"""Where a request comes from, and how often: the doors say what they saw, and what they allow."""

import logging
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, ip_network

from workflow.context import Ports
from workflow.ports import Allowance, CacheUnavailable

log = logging.getLogger(__name__)

UNKNOWN = "unknown"
_KEPT = 1000
"""Networks of addresses that are kept: whoever asks is looked at more than once, and asks again."""


def caller_network(forwarded: Iterable[str], remote: str | None, proxies: int) -> str:
    """The network of whoever asks: of IPv4 one address, of IPv6 a /64, since whoever has one of it has 2⁶⁴.

    ``forwarded`` are the ``X-Forwarded-For`` headers, ``proxies`` how many proxies of ours stand before us: each of
    them adds whom it was asked by at the end; what stands before that is hearsay.
    """
    named = [one.strip() for header in forwarded for one in header.split(",")]
    return _network(named[-proxies] if 0 < proxies <= len(named) else remote or "")


@lru_cache(_KEPT)
def _network(address: str) -> str:
    try:
        return str(ip_network((address, 64), strict=False)) if ":" in address else f"{IPv4Address(address)}/32"
    except ValueError:
        return UNKNOWN


async def counted(ports: Ports, what: str, most: int, seconds: int) -> Allowance | None:
    """Count one request of ``what`` (which names who asks), of ``most`` in ``seconds``; None where nobody counts."""
    try:
        return await ports.limiter.hit(what, most, seconds)
    except CacheUnavailable as away:
        # Whoever counts is away: serving everybody is better than serving nobody.
        log.warning("requests are not limited: %s", away)
        return None
