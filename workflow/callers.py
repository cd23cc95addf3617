"""Where a request comes from, for counting: the doors say what they saw."""

from collections.abc import Iterable
from ipaddress import ip_network

UNKNOWN = "unknown"


def caller_network(forwarded: Iterable[str], remote: str | None, proxies: int) -> str:
    """The network of whoever asks: of IPv4 one address, of IPv6 a /64, since whoever has one of it has 2⁶⁴.

    ``forwarded`` are the ``X-Forwarded-For`` headers, ``proxies`` how many proxies of ours stand before us: each of
    them adds whom it was asked by at the end; what stands before that is hearsay.
    """
    named = [one.strip() for header in forwarded for one in header.split(",")]
    address = named[-proxies] if 0 < proxies <= len(named) else remote or ""
    try:
        return str(ip_network((address, 64 if ":" in address else 32), strict=False))
    except ValueError:
        return UNKNOWN
