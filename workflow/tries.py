"""How often somebody may try to guess a short code: counted in the cache, and refused where nobody counts."""

from workflow.context import Ports
from workflow.ports import CacheUnavailable
from workflow.problems import Kind, Refused


async def spend_try(ports: Ports, what: str, *, most: int, seconds: int) -> None:
    """One more try at ``what`` (which names who tries), of ``most`` in ``seconds``; :class:`Refused` beyond."""
    try:
        for number in range(most):
            if await ports.cache.put(f"tries:{what}:{number}", b"1", seconds, only_new=True):
                return
    except CacheUnavailable:
        raise Refused(Kind.UNAVAILABLE, "unavailable", "暂时无法办理：请稍后再试", retry_after=5) from None
    raise Refused(
        Kind.TOO_MANY, "too_many_tries", "尝试次数太多：请一小时后再试，或请对方重新发送邀请", retry_after=seconds
    )
