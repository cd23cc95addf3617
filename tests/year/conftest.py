"""A world at the end of the year before, whose inspector replays what was recorded."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.clock import FakeClock
from tests.conftest import Database
from tests.workflow.world import World, make_world
from tests.year.days import NEW_YEAR
from tests.year.replay import ReplayingInspector
from tests.year.town import at


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(at(NEW_YEAR - timedelta(days=1), 12))


@pytest.fixture
def town_world(database: Database, clock: FakeClock, tmp_path: Path) -> World:
    world = make_world(tmp_path, clock)
    world.ports = replace(world.ports, inspector=ReplayingInspector())  # type: ignore[arg-type]
    return world
