"""Progress of what is done for many: begun once, never counted twice, ended once."""

from models import FanOut
from models.transactions import transaction
from tests.workflow.world import World
from workflow import fan_outs


async def begun(world: World, key: str, kind: str, total: int = 10) -> FanOut:
    async with transaction():
        fan_out, _ = await fan_outs.begin(world.ports, key, kind, total)
    return fan_out


async def test_a_key_begins_once_and_goes_on_where_it_stopped(world: World) -> None:
    async with transaction():
        first, made = await fan_outs.begin(world.ports, "remind:a", "remind", 10, {"after": 0})
        again, remade = await fan_outs.begin(world.ports, "remind:a", "remind", 99)
    assert (made, remade, again.id, again.total) == (True, False, first.id, 10)
    async with transaction():
        held = await fan_outs.held(first.id)
        assert held is not None
        await fan_outs.advance(held, 12, {"after": 7})
    await first.refresh_from_db()
    assert (first.done, first.total, first.cursor, first.ended_at) == (12, 12, {"after": 7}, None)
    async with transaction():
        held = await fan_outs.held(first.id)
        assert held is not None
        await fan_outs.end(world.ports, held)
    assert await fan_outs.held(first.id) is None


async def test_what_runs_and_the_newest_of_each_kind_are_shown(world: World) -> None:
    running = await begun(world, "a", "remind")
    ended = [await begun(world, key, kind) for key, kind in (("b", "remind"), ("c", "close"), ("d", "close"))]
    for fan_out in ended:
        await fan_outs.end(world.ports, fan_out)
    assert [one.key for one in await fan_outs.newest()] == ["d", "b", running.key]
