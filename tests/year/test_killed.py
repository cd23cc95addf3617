"""Two clocks, two workers, kill -9 at any moment: the same states, each told once, each push at most once."""

import asyncio
import json
import os
import random
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import date, datetime
from pathlib import Path

import pytest

from models import (
    Answer,
    AnswerState,
    Certificate,
    FanOut,
    FilingState,
    InboxEntry,
    Job,
    MonthlyFiling,
)
from tests.conftest import Database
from tests.processes import ROOT
from tests.year.days import NEW_YEAR, compare, days_between
from tests.year.firms import FEW, many
from tests.year.node import HandClock, ports_of
from tests.year.plan import YEAR, Plan
from tests.year.table import table
from tests.year.town import LIVE, Town, at
from workflow.context import Ports

PATIENCE = 90
"""Seconds for all that is due at one moment."""


class Nodes:
    """Two nodes that are started again whenever they died."""

    def __init__(self, url: str, folder: Path, chance: random.Random) -> None:
        self._arguments = ("-m", "tests.year.node", url, str(folder))
        self._chance = chance
        self._folder = folder
        self._running: list[asyncio.subprocess.Process] = []
        self._started = 0
        self.killed = 0

    @classmethod
    @asynccontextmanager
    async def running(cls, url: str, folder: Path, chance: random.Random) -> AsyncIterator["Nodes"]:
        nodes = cls(url, folder, chance)
        nodes._running = [await nodes._start() for _ in range(2)]
        keeper = asyncio.create_task(nodes._keep())
        try:
            yield nodes
        finally:
            keeper.cancel()
            with suppress(asyncio.CancelledError):
                await keeper
            for node in nodes._running:
                with suppress(ProcessLookupError):
                    node.kill()
                await node.wait()

    async def _start(self) -> asyncio.subprocess.Process:
        self._started += 1
        with (self._folder / f"node-{self._started:03d}.log").open("w") as said:
            return await asyncio.create_subprocess_exec(
                sys.executable, *self._arguments, cwd=ROOT, stdout=said, stderr=asyncio.subprocess.STDOUT
            )

    async def _keep(self) -> None:
        while True:
            for index, node in enumerate(self._running):
                if node.returncode is not None:
                    assert node.returncode == -9, "a node ended by itself"
                    self.killed += 1
                    self._running[index] = await self._start()
            await asyncio.sleep(0.05)

    def doom(self, moment: str) -> None:
        """Whoever sends the next message dies ``before`` it is taken, or ``after``."""
        (self._folder / "doom").write_text(moment)

    async def kill_one(self) -> None:
        """Some time soon."""
        await asyncio.sleep(self._chance.uniform(0, 0.6))
        with suppress(ProcessLookupError):
            self._chance.choice(self._running).kill()


async def over(ports: Ports, day: date | None = None) -> None:
    """Everything is done that is due by now; with ``day``, its round of reminders too."""
    async with asyncio.timeout(PATIENCE):
        while not await _is_over(ports.clock.now(), day):  # noqa: ASYNC110 - other processes do it
            await asyncio.sleep(0.05)


async def _is_over(now: datetime, day: date | None) -> bool:
    if await Job.filter(done_at=None, dead_at=None, due_at__lte=now).exists():
        return False
    waiting = (FilingState.OPEN.value, FilingState.WARNED.value)
    behind = (
        Certificate.filter(state__in=LIVE, month_opens_at__lte=now),
        Certificate.filter(state__in=LIVE, due_at__lte=now),
        MonthlyFiling.filter(state__in=waiting, due_at__lte=now),
        Answer.filter(state=AnswerState.SENDING),
    )
    for rows in behind:
        if await rows.exists():
            return False
    return day is None or await FanOut.filter(key=f"remind:{day}", ended_at__not_isnull=True).exists()


async def simulate(
    database: Database, folder: Path, plans: Sequence[Plan], days: Sequence[date], chance: random.Random, often: float
) -> tuple[Town, Nodes]:
    """The days as in :mod:`tests.year.test_year`, on two nodes; ``often``: how many of them bring a death."""
    clock = HandClock(folder / "clock")
    clock.set(at(days[0], 0))
    town = Town(ports := ports_of(folder))
    for plan in plans:
        if plan.issued < days[0]:
            await town.settle(plan)
    async with Nodes.running(database.url, folder, chance) as nodes:
        for day in table(plans, days):
            for plan in plans:
                if plan.name not in town.firms and plan.issued <= day.day:
                    await town.settle(plan)
            deaths = chance.choices(("before", "after", "midnight", "morning"), k=2) if chance.random() < often else []
            for death in deaths:
                if death in ("before", "after"):
                    nodes.doom(death)
            clock.set(at(day.day, 0, 0, 30))
            if "midnight" in deaths:
                await nodes.kill_one()
            await over(ports)
            clock.set(at(day.day, 9))
            if "morning" in deaths:
                await nodes.kill_one()
            await over(ports, day.day)
            clock.set(at(day.day, 10))
            for act in day.acts:
                await town.hand_in(act)
            await over(ports)
            for act in day.acts:
                await town.conclude(act)
            clock.set(at(day.day, 20))
            await over(ports)
            compare(day, await town.shots())
    return town, nodes


async def check_pushes(ports: Ports, folder: Path, killed: int) -> None:
    """Each message was taken at most once, and each that was not says why."""
    lines = (folder / "taken").read_text().splitlines()
    taken = Counter((openid, text) for openid, text in map(json.loads, lines))
    assert max(taken.values()) == 1
    answers = await Answer.all().prefetch_related("identity")
    came = {answer.id: taken[answer.identity.openid, answer.body] for answer in answers}
    assert sum(came.values()) == len(lines)
    states = Counter(answer.state for answer in answers)
    assert set(states) <= {AnswerState.SENT, AnswerState.UNCERTAIN, AnswerState.SKIPPED}
    for answer in answers:
        if answer.state == AnswerState.SENT:
            assert (came[answer.id], answer.error) == (1, None)
        else:
            assert answer.error
            assert answer.state == AnswerState.UNCERTAIN or not came[answer.id]
    assert states[AnswerState.UNCERTAIN] <= 3 * killed  # three at a time
    assert not await InboxEntry.filter(push_id=None, unpushed="").exists()
    assert not await Job.filter(dead_at__not_isnull=True).exists()


def seed() -> str:
    given = os.environ.get("ZHUISU_TEST_KILL_SEED", "20260101")
    print(f"ZHUISU_TEST_KILL_SEED={given}")  # noqa: T201 - pytest shows it where the test fails
    return given


@pytest.mark.slow
@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
async def test_a_month_ends_as_in_the_table_however_often_its_nodes_are_killed(
    database: Database, tmp_path: Path
) -> None:
    days = [date(YEAR, 1, day) for day in (1, 25, 26, 30)]
    town, nodes = await simulate(database, tmp_path, FEW, days, random.Random(seed()), 0.9)
    await check_pushes(town.ports, tmp_path, nodes.killed)
    assert nodes.killed
    assert await Answer.filter(state=AnswerState.UNCERTAIN).exists()


@pytest.mark.soak
@pytest.mark.parametrize("migrated_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
async def test_two_months_of_many_firms_end_as_in_the_table_however_often_nodes_are_killed(
    database: Database, tmp_path: Path
) -> None:
    chance = random.Random(seed())
    town, nodes = await simulate(
        database, tmp_path, many(25, 20260103), days_between(NEW_YEAR, date(YEAR, 3, 5)), chance, 0.5
    )
    await check_pushes(town.ports, tmp_path, nodes.killed)
    assert nodes.killed > 10
