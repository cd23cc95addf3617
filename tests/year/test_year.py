"""A year of many firms, day by day: it ends, as each of its months does, in exactly the states of the table."""

import inspect
import re
import sys
from collections import Counter
from datetime import date
from types import ModuleType

import pytest

from models import Answer, AnswerState, InboxEntry, Job
from tests.workflow.world import World
from tests.year import plan, table
from tests.year.days import NEW_YEAR, days_between, simulate
from tests.year.firms import FEW, many
from tests.year.plan import YEAR


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


@pytest.mark.parametrize("module", [plan, table])
def test_the_table_knows_nothing_of_the_program(module: ModuleType) -> None:
    imported = re.findall(r"^(?:from|import) ([\w.]+)", inspect.getsource(module), re.MULTILINE)
    ours = {name for name in imported if name.split(".")[0] not in sys.stdlib_module_names}
    assert ours <= {"tests.year.plan"}


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
async def test_four_months_of_few_firms_end_as_in_the_table(town_world: World) -> None:
    await simulate(town_world, FEW, days_between(NEW_YEAR, date(YEAR, 4, 30)))
    await check_told_once(town_world)


async def test_a_clock_that_leaps_skips_no_deadline_and_floods_nobody(town_world: World) -> None:
    """Nothing runs for seven weeks, with a month's opening and the end of two in them; then again over a make-up."""
    dark = ((date(YEAR, 1, 13), date(YEAR, 3, 4)), (date(YEAR, 3, 8), date(YEAR, 3, 11)))
    await simulate(town_world, FEW, days_between(date(YEAR, 1, 8), date(YEAR, 3, 20), *dark))
    await check_told_once(town_world)


@pytest.mark.soak
@pytest.mark.parametrize(
    ("migrated_url", "seed"),
    [("sqlite", 20260101), pytest.param("postgres", 20260102, marks=pytest.mark.postgres)],
    indirect=["migrated_url"],
)
async def test_a_year_of_fifty_firms_ends_as_in_the_table(town_world: World, seed: int) -> None:
    await simulate(town_world, many(50, seed), days_between(NEW_YEAR, date(YEAR, 12, 31)))
    await check_told_once(town_world)
