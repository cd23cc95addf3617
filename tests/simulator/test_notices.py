"""Subscribe and template messages: who may be sent one, what may stand in it, and what is reported afterwards."""

import asyncio
import json
from functools import partial
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser import phone_page

TEMPLATE, SUBSCRIBE = "sample-template-monthly", "sample-subscribe-monthly"
FIELDS = {
    "thing1": "11 月提报",
    "thing2": "样例电缆有限公司",
    "time3": "2026年11月30日 23:59",
    "phrase4": "待提报",
    "thing5": "还差台账",
}
PATHS = {TEMPLATE: "/cgi-bin/message/template/send", SUBSCRIBE: "/cgi-bin/message/subscribe/bizsend"}


@pytest.fixture(autouse=True)
def _soon(desk) -> None:
    desk.world.little_while = partial(asyncio.sleep, 0.01)


async def send(desk, user: str, template: str, changed: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    data = {name: {"value": value} for name, value in {**FIELDS, **(changed or {})}.items()}
    body = {"touser": desk.openid(user), "template_id": template, "data": data, **more}
    path = PATHS.get(template, PATHS[TEMPLATE])
    return await desk.api(path, data=json.dumps(body, ensure_ascii=False).encode())


async def cards(desk, user: str) -> list[dict[str, Any]]:
    return [entry for entry in await desk.chat(user) if entry["type"] == "notice_card"]


async def pushed(desk, bot) -> list[dict[str, Any]]:
    """All that the bot was told, once everything is reported."""
    await asyncio.gather(*desk.world.reports)
    return bot.received


async def test_a_template_message_is_a_card_and_its_result_is_reported(desk, bot):
    sent = await send(desk, "zhang", TEMPLATE, url="https://a.test/my/months", client_msg_id="c1")
    (card,) = await cards(desk, "zhang")
    assert (card["title"], card["url"], card["via"]) == ("月度提报提醒", "https://a.test/my/months", "template")
    assert card["lines"][2] == ["截止时间", "2026年11月30日 23:59"]
    (report,) = await pushed(desk, bot)
    told = (report["FromUserName"], report["Event"], report["MsgID"], report["Status"])
    assert told == (desk.openid("zhang"), "TEMPLATESENDJOBFINISH", str(sent["msgid"]), "success")


async def test_the_same_client_id_shows_one_card_for_ten_minutes(desk):
    first = await send(desk, "zhang", TEMPLATE, client_msg_id="c1")
    assert await send(desk, "zhang", TEMPLATE, client_msg_id="c1") == first
    assert len(await cards(desk, "zhang")) == 1
    desk.world.clock.advance(600)
    await send(desk, "zhang", TEMPLATE, client_msg_id="c1")
    await send(desk, "zhang", TEMPLATE)
    assert len(await cards(desk, "zhang")) == 3
    assert (await send(desk, "zhang", TEMPLATE, client_msg_id="c" * 33))["errcode"] == 40097


async def test_who_may_be_sent_one(desk):
    assert (await send(desk, "stranger", TEMPLATE))["errcode"] == 43004
    assert (await send(desk, "zhang", "unknown"))["errcode"] == 40037
    assert (await send(desk, "zhang", SUBSCRIBE))["errcode"] == 43101
    assert (await desk.api(PATHS[TEMPLATE], data=b'{"touser":"oNobody","template_id":"x","data":{}}'))[
        "errcode"
    ] == 40003


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("thing1", "字" * 21),
        ("thing1", ""),
        ("thing1", "两\n行"),
        ("thing1", " 空"),
        ("phrase4", "待提报1"),
        ("phrase4", "一二三四五六"),
        ("time3", "2026-11-30"),
        ("time3", "25:00"),
    ],
)
async def test_a_field_that_does_not_fit_is_named_and_nothing_is_shown(desk, field, value):
    refused = await send(desk, "zhang", TEMPLATE, {field: value})
    assert refused["errcode"] == 47003
    assert f"data.{field}.value" in refused["errmsg"]
    assert await cards(desk, "zhang") == []


async def test_one_yes_is_one_subscribe_message(desk, bot):
    for answer in ("accept", "accept", "reject"):
        await desk.act("zhang", "consents", template=SUBSCRIBE, answer=answer)
    statuses = [one["SubscribeMsgPopupEvent"]["List"]["SubscribeStatusString"] for one in bot.received]
    assert statuses == ["accept", "accept", "reject"]
    codes = [(await send(desk, "zhang", SUBSCRIBE))["errcode"] for _ in range(3)]
    assert codes == [0, 0, 43101]
    assert len(await cards(desk, "zhang")) == 2
    report = (await pushed(desk, bot))[-1]
    item = report["SubscribeMsgSentEvent"]["List"]
    assert (item["TemplateId"], item["ErrorCode"]) == (SUBSCRIBE, "0")


async def test_taking_back_ends_what_was_agreed_to(desk, bot):
    await desk.act("zhang", "consents", template=SUBSCRIBE, answer="accept")
    await desk.act("zhang", "consents", template=SUBSCRIBE, answer="withdraw")
    assert bot.received[-1]["Event"] == "subscribe_msg_change_event"
    assert (await send(desk, "zhang", SUBSCRIBE))["errcode"] == 43101
    status, said = await desk.tried("zhang", "consents", template="unknown", answer="accept")
    assert (status, "模板ID" in said["error"]) == (400, True)


async def test_two_subscribe_messages_at_once_to_one_person_collide(desk):
    for answer in ("accept", "accept"):
        await desk.act("zhang", "consents", template=SUBSCRIBE, answer=answer)
    both = await asyncio.gather(send(desk, "zhang", SUBSCRIBE), send(desk, "zhang", SUBSCRIBE))
    assert sorted(one["errcode"] for one in both) == [0, 43108]


async def test_who_receives_nothing_gets_no_card_and_the_account_learns_of_it(desk, bot):
    await desk.say("zhang")
    await desk.act("zhang", "consents", template=SUBSCRIBE, answer="accept")
    await desk.act("zhang", "blocks", on=1)
    assert [(await send(desk, "zhang", template))["errcode"] for template in (TEMPLATE, SUBSCRIBE)] == [0, 0]
    assert await desk.send("zhang") == 48002
    reports = {one["Event"]: one for one in (await pushed(desk, bot))[-2:]}
    assert reports["TEMPLATESENDJOBFINISH"]["Status"] == "failed:user block"
    assert reports["subscribe_msg_sent_event"]["SubscribeMsgSentEvent"]["List"]["ErrorCode"] == "43101"
    assert await cards(desk, "zhang") == []


async def test_the_days_template_messages_run_out(desk):
    desk.world.quotas._used[PATHS[TEMPLATE], 86_400] = (int(desk.world.clock.now() + 8 * 3600) // 86_400, 100_000)
    refused = await send(desk, "zhang", TEMPLATE)
    assert (refused["errcode"], "daily" in refused["errmsg"]) == (45009, True)


@pytest.mark.browser
async def test_the_phone_shows_the_card_and_takes_a_consent(desk):
    await send(desk, "zhang", TEMPLATE, url="https://a.test/my")
    async with phone_page() as page:
        await page.set_viewport_size({"width": 1200, "height": 900})
        await page.goto(f"{desk.world.base_url}/?user=zhang")
        card = page.locator(".notice-card")
        await expect(card).to_contain_text("样例电缆有限公司")
        await expect(card).to_contain_text("查看详情")
        assert await card.get_attribute("href") == "https://a.test/my"
        await page.get_by_role("button", name="同意一次").click()
        await expect(page.locator("#consents")).to_contain_text("还可发 1 条")
        await page.get_by_label("接收消息").check()
        await expect(page.get_by_label("接收消息")).to_be_checked()
    assert desk.world.people.of("zhang").blocks
