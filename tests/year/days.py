"""Days of the town in one process: what the clock brings, what firms do, and the comparison with the table."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from jobs.clock import SWEEPS, tick
from tests.workflow.world import World
from tests.year.plan import YEAR, Plan
from tests.year.table import Day, Shot, table
from tests.year.town import Town, at, shown
from workflow import due
from workflow.monthly import reminders

NEW_YEAR = date(YEAR, 1, 1)


def days_between(first: date, last: date, *dark: tuple[date, date]) -> list[date]:
    """Every day, but those on which nothing runs."""
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return [day for day in days if not any(begin <= day <= end for begin, end in dark)]


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
    for minute in (1, 2, 4, 8, 30):  # whatever is tried again
        await to(world, at(day.day, 9, minute))
    await to(world, at(day.day, 10))
    for act in day.acts:
        await town.hand_in(act)
    await world.work()
    for act in day.acts:
        await town.conclude(act)
    for hour, minute in ((10, 1), (10, 3), (10, 8), (14, 0), (20, 30)):
        await to(world, at(day.day, hour, minute))


Between = Callable[[Town, Day], Awaitable[None]]


async def simulate(world: World, plans: Sequence[Plan], days: Sequence[date], before: Between | None = None) -> Town:
    """All days; each ends as in the table. ``before`` each of them something may be done to the town."""
    town = Town(world.ports)
    for day in table(plans, days):
        for plan in plans:
            if plan.name not in town.firms and plan.issued <= day.day:
                await town.settle(plan)
        if before is not None:
            await before(town, day)
        await live(world, town, day)
        if day.acts or day.day.day in (1, 26, 30) or (day.day + timedelta(days=1)).day == 1:
            compare(day, await town.shots())
    return town


def compare(day: Day, shots: dict[str, Shot]) -> None:
    """Every firm stands as in the table; what does not is shown as it is and as it should be."""
    for name, wanted in day.shots.items():
        expected = vars(replace(wanted, timely=shown(wanted.timely), compliant=shown(wanted.compliant)))
        found = vars(shots[name])
        differing = {of: (found[of], expected[of]) for of in expected if found[of] != expected[of]}
        assert not differing, (day.day, name, differing)
