"""Leave to send reminders, asked for where WeChat can be made to ask."""

import html
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from config.message_templates import SAMPLE_SUBSCRIBE, MessageTemplate, NoticeKind
from tests.clock import FakeClock
from tests.conftest import Database
from tests.web.conftest import Browser
from tests.workflow.world import World, make_world
from web.page import FRAMES, JS_SDK
from workflow.telling import consents

TEMPLATE = SAMPLE_SUBSCRIBE[NoticeKind.MONTHLY].id
WECHAT = {"User-Agent": "MicroMessenger/8.0.50"}


@pytest.fixture
def world(database: Database, clock: FakeClock, tmp_path: Path) -> World:
    world = make_world(tmp_path, clock)
    world.ports = replace(world.ports, telling=replace(world.ports.telling, subscribe=SAMPLE_SUBSCRIBE))
    return world


async def test_inside_wechat_leave_is_asked_for_until_it_is_given(world: World, owner: Browser) -> None:
    page = await owner.get("/my/reminders", **WECHAT)
    asked = re.search(r'data-subscribe="([^"]+)" data-template="([^"]+)"', page)
    assert asked is not None
    assert json.loads(html.unescape(asked[1])).keys() == {"appId", "timestamp", "nonceStr", "signature"}
    assert asked[2] == TEMPLATE
    assert owner.who is not None
    await consents.agreed(world.ports, owner.who.identity, TEMPLATE)
    assert "data-subscribe" not in await owner.get("/my/reminders", **WECHAT)
    await consents.take(world.ports, owner.who.identity.id, TEMPLATE)
    assert "data-subscribe" in await owner.get("/my/reminders", **WECHAT)
    assert "data-subscribe" not in await owner.get("/my/reminders")


async def test_every_kind_that_wants_a_yes_is_asked_for_together(world: World, owner: Browser) -> None:
    result = MessageTemplate(id="sample-subscribe-result", fields={"thing1": "title"})
    both = {NoticeKind.RESULT: result, **SAMPLE_SUBSCRIBE}
    ports = replace(world.ports, telling=replace(world.ports.telling, subscribe=both))
    assert owner.who is not None
    person, identity = owner.who.person.id, owner.who.identity
    assert await consents.askable(ports, person) == [TEMPLATE, result.id]
    await consents.agreed(ports, identity, TEMPLATE)
    assert await consents.askable(ports, person) == [result.id]
    await consents.agreed(ports, identity, result.id)
    assert await consents.askable(ports, person) == []


async def test_only_the_page_that_asks_holds_frames_of_wechat(owner: Browser) -> None:
    for headers, frames in ((WECHAT, True), ({}, False)):
        asked = {**owner._headers, **headers}
        async with owner.client.get("/my/reminders", headers=asked) as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert (FRAMES in policy) is frames
            assert (JS_SDK in policy) is frames


async def test_an_address_for_the_calendar_is_opened_only_where_a_phone_can(owner: Browser) -> None:
    token = re.search(r'name="form_token" value="([^"]+)"', await owner.get("/my/reminders"))
    assert token is not None
    for headers, opens in ((WECHAT, False), ({}, True)):
        asked = {**owner._headers, **headers}
        form = {"form_token": token[1]}
        async with owner.client.post("/my/reminders/calendar", data=form, headers=asked) as answer:
            page = await answer.text()
        assert "/calendar/" in page
        # Where the page opens, not below everything that may be chosen.
        assert page.index("/calendar/") < page.index("什么时候提醒我")
        assert ("webcal:" in page) is opens
        assert ("长按复制地址" in page) is not opens
