"""Places in minutes, shared out once each; and what happens where nobody can count."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from config.clock import SHANGHAI
from models import Channel
from tests.clock import FakeClock
from tests.workflow.world import World, make_world
from workflow.context import Ports, Telling
from workflow.ports import Allowance, CacheUnavailable
from workflow.telling import pacing


@pytest.fixture
def world(clock: FakeClock, tmp_path: Path) -> World:
    """Without a database: nothing here needs one."""
    return make_world(tmp_path, clock)


@dataclass
class Away:
    """Cache and limiter that cannot be reached."""

    async def get(self, key: str) -> bytes | None:
        raise CacheUnavailable

    async def put(self, key: str, value: bytes, seconds: float, *, only_new: bool = False) -> bool:
        raise CacheUnavailable

    async def delete(self, key: str, *, only: bytes | None = None) -> bool:
        raise CacheUnavailable

    async def hit(self, key: str, limit: int, seconds: int) -> Allowance:
        raise CacheUnavailable


def paced(world: World, **given: int) -> Ports:
    return replace(world.ports, telling=Telling(**given))


async def test_each_gets_a_place_and_no_minute_more_than_it_holds(world: World) -> None:
    ports = paced(world, per_minute=3)
    now = pacing.minute_of(world.clock.now())
    places = Counter([await pacing.place(ports) - now for _ in range(10)])
    assert places == {0: 3, 1: 3, 2: 3, 3: 1}
    world.clock.advance(minutes=2)  # nobody takes a place that is over, and those given stay given
    assert [await pacing.place(ports) - now for _ in range(3)] == [3, 3, 4]
    world.clock.advance(hours=1)
    assert await pacing.place(ports) == pacing.minute_of(world.clock.now())
    assert pacing.begins(now) <= world.clock.now() - timedelta(minutes=62) < pacing.begins(now + 1)


async def test_a_closed_channel_opens_when_its_time_has_come(world: World) -> None:
    ports = paced(world)
    until = await pacing.close(ports, Channel.SERVICE, 60)
    assert await pacing.closed_until(ports, Channel.SERVICE) == until
    assert await pacing.closed_until(ports, Channel.TEMPLATE) is None
    world.clock.advance(seconds=60)
    assert await pacing.closed_until(ports, Channel.SERVICE) is None


async def test_template_messages_of_a_day_are_those_of_a_day_in_shanghai(world: World) -> None:
    ports = paced(world, templates_per_day=2)
    assert [await pacing.count_template(ports) for _ in range(2)] == [None, None]
    tomorrow = await pacing.count_template(ports)
    assert tomorrow == datetime(2026, 11, 25, tzinfo=SHANGHAI)
    assert await pacing.closed_until(ports, Channel.TEMPLATE) == tomorrow
    world.clock.advance(tomorrow - world.clock.now())
    assert await pacing.count_template(ports) is None
    assert await pacing.count_template(paced(world, templates_per_day=0)) is not None


async def test_where_nobody_can_count_nobody_waits(world: World) -> None:
    ports = replace(paced(world, per_minute=1, templates_per_day=1), cache=Away(), limiter=Away())
    now = pacing.minute_of(world.clock.now())
    assert [await pacing.place(ports) for _ in range(3)] == [now] * 3
    assert [await pacing.count_template(ports) for _ in range(3)] == [None] * 3
    assert await pacing.close(ports, Channel.SERVICE, 60) > world.clock.now()
    assert await pacing.closed_until(ports, Channel.SERVICE) is None
