"""Credit for customer-service messages: what opens it, how much, for how long."""

import time

import pytest

from simulator.errors import ApiError
from simulator.ledger import Ledger, Trigger
from tests.simulator.conftest import text_reply


class Hand:
    """A clock moved by hand."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def hand():
    return Hand()


@pytest.fixture
def ledger(hand):
    return Ledger(hand)


def spend_all(ledger: Ledger) -> tuple[int, int]:
    """(messages that went out, errcode of the first that did not)"""
    for count in range(20):
        try:
            ledger.spend()
        except ApiError as error:
            return count, error.code
    raise AssertionError("without end")


@pytest.mark.parametrize(
    ("trigger", "count", "seconds"),
    [(Trigger.MESSAGE, 5, 48 * 3600), (Trigger.MENU, 3, 60), (Trigger.FOLLOW, 3, 60), (Trigger.SCAN, 3, 60)],
)
def test_each_act_is_good_for_so_many_and_so_long(ledger, hand, trigger, count, seconds):
    ledger.open(trigger)
    assert spend_all(ledger) == (count, 45047)
    ledger.open(trigger)
    hand.at += seconds - 1
    assert ledger.remaining == count
    hand.at += 1
    assert spend_all(ledger) == (0, 45015)


def test_acts_renew_but_do_not_add_up(ledger):
    for _ in range(4):
        ledger.open(Trigger.MESSAGE)
    ledger.open(Trigger.MENU)
    assert spend_all(ledger) == (5, 45047)


def test_a_menu_tap_after_the_last_message_gives_three_more(ledger, hand):
    ledger.open(Trigger.MESSAGE)
    spend_all(ledger)
    ledger.open(Trigger.MENU)
    assert ledger.remaining == 3
    hand.at += 60
    assert spend_all(ledger) == (0, 45047)


def test_nothing_is_owed_to_who_never_acted_or_left(ledger):
    assert spend_all(ledger) == (0, 45015)
    ledger.open(Trigger.MESSAGE)
    ledger.drop()
    assert spend_all(ledger) == (0, 45015)


async def test_five_messages_then_45047_and_after_48_hours_45015(desk):
    await desk.say("zhang")
    assert [await desk.send("zhang") for _ in range(6)] == [0] * 5 + [45047]
    async with desk.client.post("/sim/clock", json={"advance_seconds": 48 * 3600}) as response:
        assert (await response.json())["offset_seconds"] == 48 * 3600
    assert await desk.send("zhang") == 45015


async def test_which_acts_open_a_window(desk):
    async def credit(user, what="messages", **form):
        await desk.act(user, what, **form)
        return desk.world.people.of(user).ledger.remaining

    assert await credit("a", "scan", scene="s") == 3
    assert await credit("b", "click", key="k") == 3
    assert await credit("c", type="event", event="scancode_waitmsg", key="k", content="x") == 3
    assert await credit("d", type="event", event="VIEW", key="http://a.example/") == 0
    assert await credit("d", type="event", event="pic_sysphoto", key="k") == 0
    assert await credit("e", type="text", content="是", menu_id="1") == 3
    assert await credit("f", type="location") == 5
    assert await credit("f", type="event", event="unsubscribe") == 0


async def test_the_passive_reply_costs_nothing(desk, bot):
    bot.answers(text_reply)
    await desk.say("zhang")
    assert desk.world.people.of("zhang").ledger.remaining == 5


async def test_the_clock_moves_windows_but_neither_messages_nor_tokens(desk, bot):
    assert await desk.send("zhang") == 45015
    async with desk.client.post("/sim/clock", json={"advance_seconds": 30 * 86_400}) as response:
        assert response.status == 200
    await desk.say("zhang")
    assert abs(int(bot.received[0]["CreateTime"]) - time.time()) < 5
    assert abs(int(bot.queries[0]["timestamp"]) - time.time()) < 5
    assert await desk.send("zhang") == 0
    async with desk.client.post("/sim/clock", json={"advance_seconds": -1}) as response:
        assert response.status == 400
    async with desk.client.post("/sim/clock", json={"reset": True}) as response:
        assert (await response.json())["offset_seconds"] == 0
