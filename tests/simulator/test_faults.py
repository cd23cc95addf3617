"""Trouble on order."""

import asyncio

import aiohttp
import pytest

PATH = "/cgi-bin/message/custom/send"


async def order(desk, kind, times=1, path=PATH):
    async with desk.client.post("/sim/faults", json={"path": path, "kind": kind, "times": times}) as response:
        return response.status


@pytest.mark.parametrize("kind", ["-1", "40001", "45009"])
async def test_an_errcode_is_answered_as_often_as_ordered_and_nothing_happens(desk, kind):
    await desk.say("zhang")
    assert await order(desk, kind, 2) == 200
    assert [await desk.send("zhang") for _ in range(3)] == [int(kind), int(kind), 0]
    assert len(await desk.chat("zhang")) == 2


async def test_other_paths_are_left_alone_and_faults_can_be_called_off(desk):
    await desk.say("zhang")
    await order(desk, "-1", 9, "/cgi-bin/menu/create")
    assert await desk.send("zhang") == 0
    await order(desk, "-1", 9)
    async with desk.client.delete("/sim/faults") as response:
        assert await response.json() == []
    assert await desk.send("zhang") == 0


async def test_a_bad_gateway_is_html(desk):
    await order(desk, "502")
    async with desk.client.post(f"/sim/api{PATH}") as response:
        assert (response.status, response.content_type) == (502, "text/html")


async def test_a_lost_answer_has_its_effect_but_breaks_the_line(desk):
    await desk.say("zhang")
    await order(desk, "lost_answer")
    with pytest.raises(aiohttp.ClientError):
        await desk.send("zhang", "送到了")
    assert (await desk.chat("zhang"))[-1]["content"] == "送到了"
    assert desk.world.people.of("zhang").ledger.remaining == 4


async def test_a_time_out_lasts_until_the_caller_gives_up(desk):
    await desk.say("zhang")
    await order(desk, "timeout")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.4):
            await desk.send("zhang")
    assert await desk.send("zhang") == 0
    assert len(await desk.chat("zhang")) == 2


@pytest.mark.parametrize(("kind", "path", "times"), [("flood", PATH, 1), ("-1", "nowhere", 1), ("-1", PATH, 0)])
async def test_orders_that_make_no_sense_are_refused(desk, kind, path, times):
    assert await order(desk, kind, times, path) == 400
