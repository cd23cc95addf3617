"""How often one address may ask for what costs us or a person time: searching, verifying, complaining."""

from aiohttp import web

from web.page import PORTS
from workflow.callers import caller_network, counted
from workflow.problems import Kind, Refused

PROXIES = web.AppKey("proxies", int)
"""How many proxies of ours stand before us: the address that the first of them wrote down is the asker's."""

PER_MINUTE, PER_HOUR = 60, 3600
MOST = {
    "search": (120, PER_MINUTE),
    "link": (30, PER_MINUTE),
    "verify": (20, PER_MINUTE),
    "complaint": (10, PER_HOUR),
    "report": (10, PER_HOUR),
    "calendar": (60, PER_MINUTE),
}
"""What is counted: how many requests in how many seconds."""


def network_of(request: web.Request) -> str:
    """The network that this request comes from."""
    return caller_network(request.headers.getall("X-Forwarded-For", ()), request.remote, request.app[PROXIES])


async def not_too_often(request: web.Request, what: str) -> None:
    """Count this request; :class:`Refused` where the address asked too often."""
    most, seconds = MOST[what]
    allowance = await counted(request.app[PORTS], f"web:{what}:{network_of(request)}", most, seconds)
    if allowance is not None and not allowance.allowed:
        after = max(1, round(allowance.reset))
        wait = f"{after} 秒" if after < PER_MINUTE else f"{-(-after // PER_MINUTE)} 分钟"
        raise Refused(Kind.TOO_MANY, "too_many", f"操作太频繁：请 {wait}后再试", retry_after=after)
