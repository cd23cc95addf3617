"""The first operator: named by the one-time link that only they could have been given."""

from pathlib import Path

import pytest

from app.commands.people import appointed
from models import Grant, PlatformRole, Session
from tests.clock import FakeClock
from tests.conftest import Database
from tests.workflow.firms import somebody
from tests.workflow.world import World, make_world
from workflow import desk
from workflow.knowing import sessions
from workflow.problems import Refused


@pytest.fixture
def world(database: Database, clock: FakeClock, tmp_path: Path) -> World:
    return make_world(tmp_path, clock)


async def test_whoever_the_link_was_given_to_works_at_the_desk_until_the_end(world: World) -> None:
    who = await somebody(world)
    with pytest.raises(Refused):
        await desk.desk(who.asker)
    link = await sessions.sign_in_link(world.ports, who.identity)
    assert "运营台在 https://sample.test/desk" in await appointed(world.ports, link, PlatformRole.OPERATOR)
    assert await desk.desk(who.asker) == []
    ending = await sessions.sign_in_link(world.ports, who.identity)
    assert await appointed(world.ports, ending, PlatformRole.OPERATOR, end=True) == "已免去运营人员。"
    with pytest.raises(Refused):
        await desk.desk(who.asker)


async def test_a_link_appoints_once_and_signs_nobody_in(world: World) -> None:
    who = await somebody(world)
    link = await sessions.sign_in_link(world.ports, who.identity)
    before = await Session.filter(revoked_at=None).count()
    await appointed(world.ports, link, PlatformRole.PARTNER, "样例平台")
    assert await Session.filter(revoked_at=None).count() == before
    with pytest.raises(Refused) as refused:
        await appointed(world.ports, link, PlatformRole.OPERATOR)
    assert refused.value.code == "link_used_up"
    assert [(one.role, one.organisation) for one in await Grant.all()] == [(PlatformRole.PARTNER, "样例平台")]
