"""A world on each kind of database."""

from pathlib import Path

import pytest

from tests.clock import FakeClock
from tests.conftest import Database
from tests.workflow.world import World, make_world


@pytest.fixture
def world(database: Database, clock: FakeClock, tmp_path: Path) -> World:
    return make_world(tmp_path, clock)
