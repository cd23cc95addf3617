"""How many customer-service messages (客服消息) WeChat still takes for a person: our side of its account.

An act of the person opens a window and fills it anew; windows do not add up, and a message counts in each that is open.
WeChat's own account decides; where it turns out to be shorter (45015, 45047), ours follows.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from tortoise.expressions import F
from tortoise.queryset import QuerySet

from config.clock import real_seconds
from models import ServiceWindow, WeChatIdentity, WindowTrigger
from workflow.context import Ports

OPENS: Mapping[WindowTrigger, tuple[int, timedelta]] = {
    WindowTrigger.MESSAGE: (5, timedelta(hours=48)),
    WindowTrigger.MENU: (3, timedelta(minutes=1)),
    WindowTrigger.FOLLOW: (3, timedelta(minutes=1)),
    WindowTrigger.SCAN: (3, timedelta(minutes=1)),
}
"""Messages, and how long, for each act. A menu is tapped by click, scancode_push and scancode_waitmsg, and by an option
of a menu message; pictures and places picked from it are messages themselves."""


async def acted(_ports: Ports, identity: WeChatIdentity, trigger: WindowTrigger) -> None:
    """The person did something in chat: that window is open and full. The same act told twice changes nothing."""
    count, lasts = OPENS[trigger]
    window = ServiceWindow(identity_id=identity.id, trigger=trigger, remaining=count, ends_at=_now() + lasts)
    await ServiceWindow.bulk_create(
        [window], on_conflict=["identity_id", "trigger"], update_fields=["remaining", "ends_at"]
    )


async def allowance(identity_id: int) -> int:
    """Messages that may be sent to the person now."""
    return max((window.remaining for window in await _open(identity_id)), default=0)


async def spent(identity_id: int) -> None:
    """One was sent, or may have been."""
    await _open(identity_id).filter(remaining__gt=0).update(remaining=F("remaining") - 1)


async def exhausted(identity_id: int) -> None:
    """WeChat takes no more until the person acts again."""
    await ServiceWindow.filter(identity_id=identity_id).update(remaining=0)


def _open(identity_id: int) -> QuerySet[ServiceWindow]:
    return ServiceWindow.filter(identity_id=identity_id, ends_at__gt=_now())


def _now() -> datetime:
    """Real time: WeChat's windows do not follow our business clock."""
    return datetime.fromtimestamp(real_seconds(), UTC)
