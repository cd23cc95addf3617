"""Business time is moved forward in dev, for all processes of an installation, and never in production."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from config.clock import ShiftedClock, SystemClock
from models import Counter, Job
from models.transactions import clean_task
from tests.clock import FakeClock
from tests.conftest import Database
from tests.processes import output_of, start
from tests.workflow.world import make_world
from workflow import business_time
from workflow.business_time import OFFSET, followed, move_forward, offset
from workflow.context import Ports
from workflow.due import SWEEP
from workflow.monthly import reminders
from workflow.problems import Refused


@pytest.fixture
def ports(database: Database, tmp_path: Path) -> Ports:
    return replace(make_world(tmp_path, FakeClock()).ports, clock=ShiftedClock())


def ahead(clock: ShiftedClock) -> timedelta:
    """How far it is ahead of the real time, to the second."""
    return timedelta(seconds=round((clock.now() - datetime.now(UTC)).total_seconds()))


async def test_time_moves_by_what_was_asked_and_what_is_due_then_is_swept(ports: Ports) -> None:
    await move_forward(ports, by=timedelta(days=3))
    await move_forward(ports, by=timedelta(hours=1))
    assert ahead(ports.clock) == await offset() == timedelta(days=3, hours=1)
    assert [job.kind for job in await Job.all().order_by("id")] == [SWEEP, reminders.SWEEP] * 2


async def test_the_moment_asked_for_has_come(ports: Ports) -> None:
    moment = datetime.now(UTC) + timedelta(days=30)
    assert moment <= await move_forward(ports, to=moment) < moment + timedelta(seconds=30)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"by": timedelta(seconds=-1)}, "time_goes_forward"),
        ({"to": datetime(2020, 1, 1, tzinfo=UTC)}, "time_goes_forward"),
        ({"by": timedelta(days=4000)}, "time_too_far"),
    ],
)
async def test_backward_and_too_far_are_refused(ports: Ports, asked: dict, code: str) -> None:
    with pytest.raises(Refused) as refused:
        await move_forward(ports, **asked)
    assert refused.value.code == code
    assert await offset() == timedelta()
    assert await Job.all().count() == 0


async def test_real_time_is_not_moved(ports: Ports) -> None:
    with pytest.raises(Refused) as refused:
        await move_forward(replace(ports, clock=SystemClock()), by=timedelta(days=1))
    assert refused.value.code == "time_is_real"
    assert await Counter.all().count() == 0


async def test_who_moves_at_once_moves_it_by_the_sum(ports: Ports) -> None:
    moves = [clean_task(move_forward(ports, by=timedelta(hours=1)), name=str(n)) for n in range(5)]
    await asyncio.gather(*moves)
    assert await offset() == ahead(ports.clock) == timedelta(hours=5)
    assert await Job.filter(kind=SWEEP).count() == 5


MOVER = """
import asyncio, sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from config.clock import ShiftedClock
from models.database import open_database
from tests.clock import FakeClock
from tests.workflow.world import make_world
from workflow.business_time import move_forward

async def main(url, folder):
    async with open_database(url, migrate=False):
        ports = replace(make_world(Path(folder), FakeClock()).ports, clock=ShiftedClock())
        await move_forward(ports, by=timedelta(days=1))

asyncio.run(main(*sys.argv[1:]))
"""


async def test_what_another_process_moved_is_followed_and_outlives_a_restart(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(business_time, "LOOK_SECONDS", 0.05)
    clock = ShiftedClock()
    async with followed(clock):
        await output_of(await start(MOVER, database.url, str(tmp_path)))
        async with asyncio.timeout(5):
            while ahead(clock) != timedelta(days=1):  # noqa: ASYNC110 - another task looks
                await asyncio.sleep(0.02)
    restarted = ShiftedClock()
    async with followed(restarted):
        assert ahead(restarted) == timedelta(days=1)


async def test_a_look_that_comes_late_takes_nothing_back(database: Database) -> None:
    clock = ShiftedClock()
    clock.reach(timedelta(days=2))
    await Counter.create(name=OFFSET, value=60)
    async with followed(clock):
        assert ahead(clock) == timedelta(days=2)
