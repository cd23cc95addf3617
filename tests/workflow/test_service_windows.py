"""Our side of WeChat's account of customer-service messages."""

import time
from datetime import timedelta

import pytest

from models import Answer, AnswerKind, ServiceWindow, WindowTrigger
from models.transactions import transaction
from simulator.ledger import ALLOWANCE, Trigger
from tests import rows
from tests.workflow.world import World
from workflow.knowing import people
from workflow.ports import NotReachable, OutcomeUnknown, Unavailable
from workflow.telling import answers, service_windows


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The real time, as far as windows go: one number, to be moved."""
    now = [time.time()]
    monkeypatch.setattr(service_windows, "real_seconds", lambda: now[0])
    return now


async def push(world: World, identity_id: int, key: str) -> str:
    """A text that no callback carries; the state it ends in."""
    async with transaction():
        answer = await Answer.create(
            key=key, identity_id=identity_id, kind=AnswerKind.TEXT, created_at=world.clock.now()
        )
        await answers.make_ready(world.ports, answer, "结论", None)
    await world.settle(seconds=6)
    return (await Answer.get(id=answer.id)).state


def test_the_rules_are_those_that_the_simulator_keeps() -> None:
    ours = {trigger.value: (count, span.total_seconds()) for trigger, (count, span) in service_windows.OPENS.items()}
    assert ours == {trigger.value: allowed for trigger, allowed in ALLOWANCE.items()}
    assert len(Trigger) == len(WindowTrigger)


async def test_acts_renew_but_do_not_add_up_and_windows_end_in_real_time(world: World, real: list[float]) -> None:
    who = await rows.identity(app_id=world.ports.app_id, subscribed=True)
    assert await service_windows.allowance(who.id) == 0
    for trigger in (WindowTrigger.FOLLOW, WindowTrigger.MENU, WindowTrigger.MENU):
        await service_windows.acted(world.ports, who, trigger)
    assert await service_windows.allowance(who.id) == 3
    await service_windows.acted(world.ports, who, WindowTrigger.MESSAGE)
    assert await service_windows.allowance(who.id) == 5
    for _ in range(4):
        await service_windows.spent(who.id)
    left = dict(await ServiceWindow.all().values_list("trigger", "remaining"))
    assert left == {"follow": 0, "menu": 0, "message": 1}  # a message counts in each that is open
    await service_windows.acted(world.ports, who, WindowTrigger.MENU)
    assert await service_windows.allowance(who.id) == 3
    world.clock.advance(days=30)
    real[0] += 60
    assert await service_windows.allowance(who.id) == 1
    real[0] += timedelta(hours=48).total_seconds()
    assert await service_windows.allowance(who.id) == 0
    await service_windows.spent(who.id)
    assert await service_windows.allowance((await rows.identity()).id) == 0


async def test_answers_in_chat_spend_what_they_send_and_no_more(world: World) -> None:
    who = await rows.identity(app_id=world.ports.app_id, subscribed=True)
    await service_windows.acted(world.ports, who, WindowTrigger.MESSAGE)
    assert (await push(world, who.id, "a"), await service_windows.allowance(who.id)) == ("sent", 4)
    world.wechat.trouble = [("before", Unavailable(-1, "system busy"))]
    assert (await push(world, who.id, "b"), await service_windows.allowance(who.id)) == ("sent", 3)
    world.wechat.trouble = [("after", OutcomeUnknown(None, "no answer in time"))]
    assert (await push(world, who.id, "c"), await service_windows.allowance(who.id)) == ("uncertain", 2)
    world.wechat.trouble = [("before", NotReachable(45047, "out of response count limit"))]
    assert (await push(world, who.id, "d"), await service_windows.allowance(who.id)) == ("refused", 0)
    assert set(await Answer.all().values_list("channel", flat=True)) == {"service"}
    await service_windows.acted(world.ports, who, WindowTrigger.MESSAGE)
    await people.unfollow(world.ports, who.openid)
    assert await ServiceWindow.all().count() == 0
