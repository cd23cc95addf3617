"""How fast notices leave: so many a minute, template messages so many a day, and none where WeChat said to wait.

Whoever comes when a minute is full gets a place in a later one and comes again then: each waits once, however many
there are. The places are counted by the limiter, which all processes share; where it cannot be reached nobody waits,
and WeChat's own limits decide.
"""

import logging
from datetime import UTC, datetime, timedelta

from config.clock import SHANGHAI
from models import Channel
from workflow.context import Ports
from workflow.ports import CacheUnavailable

log = logging.getLogger(__name__)

MINUTE = 60
COUNTED_SECONDS = 86_400
"""How long a minute's places are remembered."""
DAY_COUNTED_SECONDS = 7 * 86_400
LONGEST_QUEUE = 2 * 24 * 60
"""Minutes ahead that places are given for; whoever would come later still leaves then."""


async def place(ports: Ports) -> int:
    """A place of one's own: the number of the minute in which one may leave, this one or a later one."""
    now = minute_of(ports.clock.now())
    try:
        known = await ports.cache.get("push:first_place")
        minute = max(now, int(known)) if known else now
        while not (await ports.limiter.hit(f"push:{minute}", ports.telling.per_minute, COUNTED_SECONDS)).allowed:
            minute += 1
            if minute > now + LONGEST_QUEUE:
                log.error("more notices wait than leave in %d minutes", LONGEST_QUEUE)
                break
        if minute > now:  # all before it are full, so that nobody has to ask for them again
            await ports.cache.put("push:first_place", str(minute).encode(), (minute - now + 1) * MINUTE)
    except CacheUnavailable:
        log.warning("pushes are not paced: the limiter is out of reach")
        return now
    return minute


def minute_of(moment: datetime) -> int:
    """The number of the minute that ``moment`` lies in."""
    return int(moment.timestamp()) // MINUTE


def begins(minute: int) -> datetime:
    """When that minute begins."""
    return datetime.fromtimestamp(minute * MINUTE, UTC)


async def close(ports: Ports, channel: Channel, seconds: float) -> datetime:
    """WeChat takes nothing more by this channel for so long; nobody needs to ask it before the moment answered."""
    until = ports.clock.now() + timedelta(seconds=seconds)
    try:
        await ports.cache.put(f"push:closed:{channel}", until.isoformat().encode(), seconds)
    except CacheUnavailable:
        log.warning("%s is closed, and others could not be told", channel.value)
    return until


async def closed_until(ports: Ports, channel: Channel) -> datetime | None:
    """When the channel takes messages again; None where it does now."""
    try:
        known = await ports.cache.get(f"push:closed:{channel}")
    except CacheUnavailable:
        return None
    until = datetime.fromisoformat(known.decode()) if known else None
    return until if until and until > ports.clock.now() else None


async def count_template(ports: Ports) -> datetime | None:
    """One more template message today; where the day's are used up it is not counted, and tomorrow is answered."""
    now, most = ports.clock.now().astimezone(SHANGHAI), ports.telling.templates_per_day
    key = f"push:template:{now:%Y-%m-%d}"
    try:
        if most and (await ports.limiter.hit(key, most, DAY_COUNTED_SECONDS)).allowed:
            return None
    except CacheUnavailable:
        return None
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return await close(ports, Channel.TEMPLATE, (midnight - now).total_seconds())
