"""Deadlines: what time alone brings about happens once, whoever sweeps, and one bad row stops nothing."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from jobs.clock import SWEEPS, tick
from models import Application, ApplicationState, Certificate, DeskItem, Event, Job
from models.transactions import clean_task
from tests import rows
from tests.clock import FakeClock
from tests.conftest import Database
from tests.processes import output_of, start
from tests.workflow.world import World, make_world
from workflow import due
from workflow.context import Ports
from workflow.due import POSTPONED, SWEEP, Due, carry_out
from workflow.transitions import move

HOUR = timedelta(hours=1)


@pytest.fixture
def world(database: Database, clock: FakeClock, tmp_path: Path) -> World:
    return make_world(tmp_path, clock)


async def lapse(ports: Ports, application: Application) -> None:
    """A handler as the chapters write them."""
    await move(application, ApplicationState.LAPSED)
    await rows.event(subject_id=application.id)


LAPSES = Due(Application, (ApplicationState.SUPPLEMENT,), lapse)


async def waiting(count: int, **given: object) -> list[Application]:
    return [await rows.application(**{"state": "supplement", "due_at": rows.NOW, **given}) for _ in range(count)]


async def test_a_row_moves_when_its_moment_has_come_and_not_before(world: World) -> None:
    (application,) = await waiting(1, due_at=world.clock.now() + HOUR)
    await waiting(1, due_at=None)
    await waiting(1, state="verifying")
    assert await carry_out(world.ports, LAPSES) == 0
    world.clock.advance(hours=1)
    assert await carry_out(world.ports, LAPSES) == 1
    assert await carry_out(world.ports, LAPSES) == 0
    assert await Event.all().values_list("subject_id", flat=True) == [application.id]


async def test_all_are_found_also_beyond_one_batch_and_of_the_same_moment(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due, "AT_ONCE", 3)
    await waiting(5)
    await waiting(3, due_at=rows.NOW - HOUR)
    assert await carry_out(world.ports, LAPSES) == 8
    assert await Application.filter(state="lapsed").count() == 8


async def test_a_row_that_fails_waits_an_hour_and_holds_up_no_other(world: World) -> None:
    bad, *_ = await waiting(3)

    async def handler(ports: Ports, application: Application) -> None:
        await lapse(ports, application)
        if application.id == bad.id:
            raise ValueError("sample")

    entry = Due(Application, (ApplicationState.SUPPLEMENT,), handler)
    assert await carry_out(world.ports, entry) == 2
    await bad.refresh_from_db()
    assert (bad.state, bad.version, bad.due_at) == ("supplement", 0, world.clock.now() + POSTPONED)
    assert await Event.filter(subject_id=bad.id).count() == 0
    assert await carry_out(world.ports, entry) == 0


async def test_a_row_that_its_handler_leaves_as_it_was_does_not_come_at_once_again(world: World) -> None:
    seen: list[int] = []

    async def handler(_ports: Ports, application: Application) -> None:
        seen.append(application.id)

    await waiting(1)
    entry = Due(Application, (ApplicationState.SUPPLEMENT,), handler)
    assert await carry_out(world.ports, entry) == 0
    assert await carry_out(world.ports, entry) == 0
    assert len(seen) == 1
    world.clock.advance(POSTPONED)
    await carry_out(world.ports, entry)
    assert len(seen) == 2


async def lapse_all(ports: Ports, applications: list[Application]) -> None:
    """The same for a batch, as the months do it."""
    for application in applications:
        await lapse(ports, application)


TOGETHER = Due(Application, (ApplicationState.SUPPLEMENT,), lapse, together=lapse_all)


async def test_a_batch_moves_in_one_transaction_and_batches_follow_each_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due, "TOGETHER", 3)
    batches: list[int] = []

    async def together(ports: Ports, applications: list[Application]) -> None:
        batches.append(len(applications))
        await lapse_all(ports, applications)

    await waiting(8)
    assert await carry_out(world.ports, Due(Application, ("supplement",), lapse, together=together)) == 8
    assert batches == [3, 3, 2]
    assert await carry_out(world.ports, TOGETHER) == 0


async def test_a_batch_that_fails_goes_row_by_row_and_only_the_bad_one_waits(world: World) -> None:
    bad, *others = await waiting(4)

    async def one(ports: Ports, application: Application) -> None:
        if application.id == bad.id:
            raise ValueError("sample")
        await lapse(ports, application)

    async def together(ports: Ports, applications: list[Application]) -> None:
        for application in reversed(applications):
            await one(ports, application)

    entry = Due(Application, (ApplicationState.SUPPLEMENT,), one, together=together)
    assert await carry_out(world.ports, entry) == 3
    moved = sorted(await Event.all().values_list("subject_id", flat=True))
    assert moved == [application.id for application in others]
    await bad.refresh_from_db()
    assert (bad.version, bad.due_at) == (0, world.clock.now() + POSTPONED)


async def test_what_a_batch_leaves_as_it_was_is_postponed_by_the_column_it_waits_in(world: World) -> None:
    lazy, done = [await rows.certificate(month_opens_at=rows.NOW) for _ in range(2)]

    async def together(_ports: Ports, certificates: list[Certificate]) -> None:
        await Certificate.filter(id=done.id).update(month_opens_at=None)

    entry = Due(Certificate, ("active",), lapse, "month_opens_at", together)
    assert await carry_out(world.ports, entry) == 1
    await lazy.refresh_from_db()
    assert lazy.month_opens_at == world.clock.now() + POSTPONED


@pytest.mark.parametrize("count", [1, 20])
async def test_batches_at_once_move_each_row_once(world: World, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    monkeypatch.setattr(due, "TOGETHER", 6)
    await waiting(count)
    sweeps = [clean_task(carry_out(world.ports, TOGETHER), name=str(n)) for n in range(4)]
    assert sum(await asyncio.gather(*sweeps)) == count
    assert await Event.all().count() == count


async def test_a_tick_does_not_join_a_line_that_is_under_way_here(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    started, go_on = asyncio.Event(), asyncio.Event()

    async def together(ports: Ports, applications: list[Application]) -> None:
        await lapse_all(ports, applications)

    async def slowly(ports: Ports, line: Due) -> int:
        started.set()
        await go_on.wait()
        return await carry_out(ports, line)

    await waiting(3)
    monkeypatch.setattr(due, "DUE", (Due(Application, (ApplicationState.SUPPLEMENT,), lapse, together=together),))
    monkeypatch.setattr(due, "carry_out", slowly)
    for tick_number in range(2):
        await world.ports.queue.enqueue(SWEEP, f"sweep:{tick_number}", {}, due=world.clock.now())
    first, second = await world.ports.queue.claim(2, 60)
    long = clean_task(due.sweep(world.ports, first), name="long")
    await started.wait()
    await due.sweep(world.ports, second)
    assert await Event.all().count() == 0
    go_on.set()
    await long
    assert await Event.all().count() == 3
    assert not await Job.exists(done_at=None)


async def test_sweeps_at_once_move_each_row_once(world: World) -> None:
    applications = await waiting(20)
    sweeps = [clean_task(carry_out(world.ports, LAPSES), name=str(n)) for n in range(4)]
    assert sum(await asyncio.gather(*sweeps)) == 20
    moved = sorted(await Event.all().values_list("subject_id", flat=True))
    assert moved == [application.id for application in applications]


SWEEPER = """
import asyncio, sys
from pathlib import Path
from models.database import open_database
from tests.clock import FakeClock
from tests.workflow.test_due import LAPSES
from tests.workflow.world import make_world
from workflow.due import carry_out

async def main(url, folder):
    async with open_database(url, migrate=False):
        print(await carry_out(make_world(Path(folder), FakeClock()).ports, LAPSES))

asyncio.run(main(*sys.argv[1:]))
"""


async def test_processes_that_sweep_at_once_move_each_row_once(
    world: World, database: Database, tmp_path: Path
) -> None:
    await waiting(40)
    sweepers = [await start(SWEEPER, database.url, str(tmp_path)) for _ in range(2)]
    counts = [int(await output_of(sweeper, 60)) for sweeper in sweepers]
    assert sum(counts) == 40
    moved = await Event.all().values_list("subject_id", flat=True)
    assert len(moved) == len(set(moved)) == 40


async def test_the_sweep_is_ticked_and_done_as_a_job(world: World) -> None:
    late = await rows.application(state="verifying", due_at=rows.NOW)
    await tick(world.ports, SWEEP, SWEEPS[SWEEP])
    await world.work()
    assert (await Job.get(kind=SWEEP)).done_at is not None
    item = await DeskItem.get()
    assert (item.kind, item.subject_kind, item.subject_id) == ("overdue", "application", late.id)


@pytest.mark.parametrize(
    ("make", "clause"),
    [
        (lambda: rows.registration(due_at=rows.NOW), "7.2(4)"),
        (lambda: rows.application(state="verifying", due_at=rows.NOW), "7.2(4)"),
        (lambda: rows.application(state="grading", due_at=rows.NOW), "7.3"),
        (lambda: rows.objection(due_at=rows.NOW), "7.5(2)"),
        (lambda: rows.objection(due_at=rows.NOW, party="public", route="complaint"), "8.4(3)"),
    ],
)
async def test_what_is_overdue_alarms_the_operator_once(world: World, make: object, clause: str) -> None:
    late = await make()
    for _ in range(2):
        for entry in due.DUE:
            await carry_out(world.ports, entry)
        world.clock.advance(hours=2)
    item = await DeskItem.get()
    assert (item.kind, item.clause, item.due_at, item.detail["ref"]) == ("overdue", clause, rows.NOW, late.ref)
    assert (await Event.get()).action == f"{item.subject_kind}:overdue"
    await late.refresh_from_db()
    assert late.due_at is None


async def test_the_same_state_reached_anew_is_another_promise(world: World) -> None:
    late = await rows.application(state="verifying", due_at=rows.NOW)
    for version in (0, 1):
        await Application.filter(id=late.id).update(version=version, due_at=rows.NOW)
        for entry in due.DUE:
            await carry_out(world.ports, entry)
    assert await DeskItem.all().count() == 2
