"""A year of many firms, day by day: it ends, as each of its months does, in exactly the states of the table."""

from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from jobs.clock import SWEEPS, tick
from models import Answer, AnswerState, InboxEntry, Job
from tests.clock import FakeClock
from tests.workflow.world import World, make_world
from tests.year.firms import FEW, many
from tests.year.plan import YEAR, Plan
from tests.year.replay import ReplayingInspector
from tests.year.table import Day, Shot, table
from tests.year.town import Town, at, shown
from workflow import due, reminders

NEW_YEAR = date(YEAR, 1, 1)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(at(NEW_YEAR - timedelta(days=1), 12))


@pytest.fixture
def town_world(database: object, clock: FakeClock, tmp_path: Path) -> World:
    world = make_world(tmp_path, clock)
    world.ports = replace(world.ports, inspector=ReplayingInspector())  # type: ignore[arg-type]
    return world


async def to(world: World, moment: datetime, *sweeps: str) -> None:
    """Let it be that moment, with these sweeps ticked and all work done."""
    world.clock.advance(moment - world.clock.now())
    for sweep in sweeps:
        await tick(world.ports, sweep, SWEEPS[sweep])
    await world.work()


async def live(world: World, town: Town, day: Day) -> None:
    """One day: midnight, the round of reminders, what firms and operator do, and the evening."""
    await to(world, at(day.day, 0, 0, 30), due.SWEEP)
    await to(world, at(day.day, 9), due.SWEEP, reminders.SWEEP)
    await to(world, at(day.day, 9, 30))
    await to(world, at(day.day, 10))
    for act in day.acts:
        await town.hand_in(act)
    await world.work()
    for act in day.acts:
        await town.conclude(act)
    await to(world, at(day.day, 20, 30))


async def simulate(world: World, plans: list[Plan], days: list[date]) -> Town:
    """All days; each ends as in the table."""
    town = Town(world.ports)
    for day in table(plans, days):
        for plan in plans:
            if plan.name not in town.firms and plan.issued <= day.day:
                await town.settle(plan)
        await live(world, town, day)
        if day.acts or day.day.day in (1, 26, 30) or (day.day + timedelta(days=1)).day == 1:
            compare(day, await town.shots())
    return town


def compare(day: Day, shots: dict[str, Shot]) -> None:
    for name, wanted in day.shots.items():
        expected = replace(wanted, timely=shown(wanted.timely), compliant=shown(wanted.compliant))
        assert shots[name] == expected, (day.day, name)


async def check_told_once(world: World) -> None:
    """Each push was sent once or says why it was not, and nothing is left undone."""
    answers = await Answer.all()
    assert {answer.state for answer in answers} <= {AnswerState.SENT, AnswerState.SKIPPED}
    assert all(answer.error for answer in answers if answer.state == AnswerState.SKIPPED)
    openids = {answer.id: answer.identity.openid for answer in await Answer.all().prefetch_related("identity")}
    wanted = Counter((openids[one.id], one.body) for one in answers if one.state == AnswerState.SENT)
    assert Counter((openid, text) for openid, _, text in world.wechat.sent) == wanted
    assert not await InboxEntry.filter(push_id=None, unpushed="").exists()
    assert not await Job.filter(dead_at__not_isnull=True).exists()
    assert not await Job.filter(done_at=None, due_at__lte=world.clock.now()).exists()


def days_between(first: date, last: date, *dark: tuple[date, date]) -> list[date]:
    """Every day, but those on which nothing runs."""
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return [day for day in days if not any(begin <= day <= end for begin, end in dark)]


async def test_four_months_of_few_firms_end_as_in_the_table(town_world: World) -> None:
    await simulate(town_world, list(FEW), days_between(NEW_YEAR, date(YEAR, 4, 30)))
    await check_told_once(town_world)


async def test_a_clock_that_leaps_skips_no_deadline_and_floods_nobody(town_world: World) -> None:
    """Nothing runs for seven weeks, with a month's opening and the end of two in them; then again over a make-up."""
    dark = ((date(YEAR, 1, 13), date(YEAR, 3, 4)), (date(YEAR, 3, 8), date(YEAR, 3, 11)))
    await simulate(town_world, list(FEW), days_between(date(YEAR, 1, 8), date(YEAR, 3, 20), *dark))
    await check_told_once(town_world)


@pytest.mark.soak
@pytest.mark.parametrize("seed", [20260101, 20260102])
async def test_a_year_of_fifty_firms_ends_as_in_the_table(town_world: World, seed: int) -> None:
    await simulate(town_world, many(50, seed), days_between(NEW_YEAR, date(YEAR, 12, 31)))
    await check_told_once(town_world)
