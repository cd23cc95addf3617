"""The pusher: signatures, encryption, three attempts of so many seconds, and what arrives in them."""

import asyncio
import json
import time

import pytest
from aiohttp import web
from wechatpy import parse_message

from config.settings import CallbackMode
from simulator.crypto import BadEnvelope, Envelope, signature
from tests.simulator.conftest import ATTEMPT_SECONDS, text_reply


def test_the_documents_own_vector():
    assert signature("AAAAA", "1714036504", "1514711492") == "f464b24fc39322e44b38aa78f5edd27bd1441696"


def test_envelope_refuses_another_account_and_broken_bytes(settings):
    key = settings.wechat.aes_key.get_secret_value()
    ours, theirs = (Envelope(token="t", aes_key=key, app_id=name) for name in ("wxours", "wxtheirs"))
    assert ours.decrypt(ours.encrypt("正文".encode() * 40)) == "正文".encode() * 40
    with pytest.raises(BadEnvelope):
        theirs.decrypt(ours.encrypt(b"body"))
    for broken in ("", "====", "YWJj", "%%%"):
        with pytest.raises(BadEnvelope):
            ours.decrypt(broken)


@pytest.mark.parametrize("settings", [CallbackMode.PLAINTEXT], indirect=True)
async def test_plaintext_mode_shows_fields_and_signs_without_body(desk, bot):
    await desk.say("zhang", "a ]]> b")
    (query,), (fields,) = bot.queries, bot.received
    assert fields["Content"] == "a ]]> b"
    assert "msg_signature" not in query
    assert "encrypt_type" not in query
    token = desk.settings.wechat.token.get_secret_value()
    assert query["signature"] == signature(token, query["timestamp"], query["nonce"])
    assert query["openid"] == fields["FromUserName"] == desk.openid("zhang")


@pytest.mark.parametrize("settings", [CallbackMode.COMPAT], indirect=True)
async def test_compat_mode_carries_both_forms_and_takes_either_reply(desk, bot):
    async def plain(bot, request, fields):
        return web.Response(text=text_reply(fields))

    bot.handle = plain
    assert (await desk.say("zhang"))["reply"] == {"type": "text", "content": "好的"}
    assert b"<Content>" in bot.raw[0]
    assert b"<Encrypt>" in bot.raw[0]
    bot.answers(text_reply)
    assert (await desk.say("zhang"))["reply"] == {"type": "text", "content": "好的"}


async def test_safe_mode_shows_only_account_and_ciphertext(desk, bot):
    await desk.say("zhang")
    assert b"<Content>" not in bot.raw[0]
    assert b"<FromUserName>" not in bot.raw[0]
    assert bot.received[0]["Content"] == "你好"
    assert bot.received[0]["ToUserName"] == desk.settings.wechat.original_id


async def test_retries_repeat_the_body_under_fresh_signatures_and_stop_at_three(desk, bot):
    async def fail(*_):
        return web.Response(status=500)

    bot.handle = fail
    began = time.monotonic()
    answer = await desk.say("zhang")
    assert [attempt["status"] for attempt in answer["attempts"]] == [500, 500, 500]
    # A quick failure waits for the rest of its time, the last one for nothing.
    assert 2 * ATTEMPT_SECONDS <= time.monotonic() - began < 3 * ATTEMPT_SECONDS
    assert len(set(bot.plain)) == 1
    assert len(set(bot.raw)) == 3
    assert len({query["nonce"] for query in bot.queries}) == 3
    assert answer["fault"]
    assert (await desk.chat("zhang"))[-1]["content"] == "该公众号提供的服务出现故障，请稍后再试"


async def test_a_slow_bot_is_asked_again_at_the_time_out_and_the_second_answer_counts(desk, bot):
    async def slow_once(bot, request, fields):
        if len(bot.received) == 1:
            await asyncio.sleep(ATTEMPT_SECONDS * 3)
        return web.Response(text=bot.sealed(text_reply(fields, f"第 {len(bot.received)} 次"), request))

    bot.handle = slow_once
    answer = await desk.say("zhang")
    assert [attempt["error"] for attempt in answer["attempts"]] == ["timeout", None]
    assert answer["attempts"][0]["seconds"] == pytest.approx(ATTEMPT_SECONDS, abs=0.15)
    assert answer["reply"]["content"] == "第 2 次"


async def test_a_broken_line_and_a_dead_bot_are_attempts_too(desk, bot):
    async def cut(_, request, __):
        if len(bot.received) == 1:
            request.transport.abort()
        return web.Response(text="success")

    bot.handle = cut
    assert [one["error"] for one in (await desk.say("zhang"))["attempts"]] == ["broken", None]
    desk.world.pusher.callback_url = "http://127.0.0.1:9/"
    answer = await desk.say("zhang")
    assert [one["error"] for one in answer["attempts"]] == ["refused"] * 3
    assert answer["attempts"][0]["status"] is None


async def test_a_bot_that_comes_back_between_attempts_gets_the_message(desk, bot):
    home, desk.world.pusher.callback_url = bot.url, "http://127.0.0.1:9/"
    saying = asyncio.create_task(desk.say("zhang"))
    await asyncio.sleep(ATTEMPT_SECONDS / 2)
    desk.world.pusher.callback_url = home
    assert [one["error"] for one in (await saying)["attempts"]] == ["refused", None]


async def test_redirects_are_failures(desk, bot):
    async def elsewhere(*_):
        raise web.HTTPFound("/wechat/callback")

    bot.handle = elsewhere
    assert [one["status"] for one in (await desk.say("zhang"))["attempts"]] == [302] * 3


async def test_raw_push_goes_out_as_it_is(desk, bot):
    raw = "<xml><ToUserName>gh_other</ToUserName><FromUserName>oOther</FromUserName><MsgType>novelty</MsgType></xml>"
    bot.answers(lambda fields: text_reply(fields, "收到"))
    async with desk.client.post("/sim/push", data=raw.encode()) as response:
        answer = await response.json()
    assert bot.plain == [raw]
    assert (answer["status"], answer["reply"]["content"]) == (200, "收到")
    bot.handle = None
    async with desk.client.post("/sim/push", data=b"not xml at all") as response:
        assert (await response.json())["fault"] is None
    assert bot.plain[-1] == "not xml at all"


async def test_url_verification(desk, bot):
    async with desk.client.post("/sim/verify") as response:
        assert await response.json() == {"ok": True, "reason": ""}
    desk.world.pusher.callback_url = bot.url + "/missing"
    async with desk.client.post("/sim/verify") as response:
        assert (await response.json())["ok"] is False


MESSAGES = [
    ({"type": "text", "content": "查 样例公司"}, "text", {}),
    ({"type": "voice"}, "voice", {"format": "amr"}),
    ({"type": "video"}, "video", {}),
    ({"type": "shortvideo"}, "shortvideo", {}),
    ({"type": "location", "latitude": 23.1, "longitude": 113.3, "label": "广州"}, "location", {"label": "广州"}),
    ({"type": "link", "title": "题", "url": "http://a.example/"}, "link", {"url": "http://a.example/"}),
    ({"type": "miniprogrampage", "title": "页"}, "miniprogrampage", {"title": "页"}),
    ({"type": "file", "title": "a.pdf"}, "unknown", {}),
    ({"type": "sticker"}, "text", {"content": "【收到不支持的消息类型，暂无法显示】"}),
]


@pytest.mark.parametrize(("form", "kind", "fields"), MESSAGES, ids=lambda value: str(value)[:24])
async def test_every_message_type_parses_elsewhere(desk, bot, form, kind, fields):
    await desk.act("zhang", **form)
    parsed = parse_message(bot.plain[0])
    assert parsed.type == kind
    assert 0 < int(bot.received[0]["MsgId"]) < 2**63
    assert {name: getattr(parsed, name) for name in fields} == fields


EVENTS = [
    ({"event": "CLICK", "key": "k"}, "click", {"key": "k"}),
    ({"event": "VIEW", "key": "http://a.example/"}, "view", {"url": "http://a.example/"}),
    ({"event": "view_miniprogram", "key": "pages/i"}, "view_miniprogram", {}),
    ({"event": "LOCATION", "latitude": 1.5}, "location", {"latitude": 1.5}),
    ({"event": "scancode_push", "key": "k", "content": "a,b"}, "scancode_push", {"scan_result": "a,b"}),
    (
        {"event": "scancode_waitmsg", "key": "k", "content": "6911316223400", "symbology": "EAN_13"},
        "scancode_waitmsg",
        {"scan_type": "barcode", "scan_result": "EAN_13,6911316223400"},
    ),
    ({"event": "pic_sysphoto", "key": "k", "count": 2}, "pic_sysphoto", {"count": 2}),
    ({"event": "pic_weixin", "key": "k"}, "pic_weixin", {"count": 1}),
    ({"event": "location_select", "key": "k", "label": "广州"}, "location_select", {"label": "广州"}),
    ({"event": "TEMPLATESENDJOBFINISH"}, "templatesendjobfinish", {"status": "success"}),
    ({"event": "user_authorization_revoke", "fields": '{"RevokeInfo": "1"}'}, None, {}),
]


@pytest.mark.parametrize(("form", "name", "fields"), EVENTS, ids=lambda value: str(value)[:40])
async def test_every_event_parses_elsewhere(desk, bot, form, name, fields):
    await desk.act("zhang", type="event", **form)
    parsed = parse_message(bot.plain[0])
    assert getattr(parsed, "event", None) == name
    assert "MsgId" not in bot.received[0]
    assert {one: getattr(parsed, one) for one in fields} == fields


async def test_subscription_events_lose_their_wrapper_in_json(desk, bot):
    items = [{"TemplateId": "t", "SubscribeStatusString": "accept", "PopupScene": "0"}]
    form = {"type": "event", "event": "subscribe_msg_popup_event", "items": json.dumps(items)}
    await desk.act("zhang", **form)
    assert bot.received[0]["SubscribeMsgPopupEvent"]["List"]["TemplateId"] == "t"

    async def json_in(bot, request, fields):
        return web.Response(text="success")

    bot.handle = json_in
    desk.world.pusher.mode = CallbackMode.PLAINTEXT
    await desk.act("zhang", format="json", **form)
    body = json.loads(bot.plain[1])
    assert body["List"] == items[0]
    assert "SubscribeMsgPopupEvent" not in body


async def test_scanning_follows_first_and_then_scans(desk, bot):
    await desk.act("new", "scan", scene="firm-7")
    await desk.act("new", "scan", scene="firm-7")
    first, second = bot.received
    assert (first["Event"], first["EventKey"]) == ("subscribe", "qrscene_firm-7")
    assert (second["Event"], second["EventKey"]) == ("SCAN", "firm-7")
    assert first["Ticket"] == second["Ticket"]


async def test_an_unfollowed_person_cannot_write_and_sees_no_farewell(desk, bot):
    bot.answers(text_reply)
    answer = await desk.act("zhang", type="event", event="unsubscribe")
    assert bot.received[0]["Event"] == "unsubscribe"
    assert answer["reply"] is not None
    assert await desk.chat("zhang") == []
    status, refusal = await desk.tried("zhang", type="text", content="在吗")
    assert (status, refusal) == (409, {"error": "该用户没有关注公众号"})
    await desk.act("zhang", type="event", event="subscribe")
    await desk.say("zhang")


async def test_a_form_that_lacks_something_is_refused_in_words(desk):
    assert await desk.tried("zhang", type="text") == (400, {"error": "缺少参数 content"})
    assert (await desk.tried("zhang", type="nonsense"))[0] == 400
    assert (await desk.tried("zhang", type="image", file=b"no picture"))[0] == 400
    assert (await desk.tried("zhang", type="event", event="x", fields="["))[0] == 400


async def test_message_ids_are_unique(desk, bot):
    await asyncio.gather(*(desk.say(f"user{number}") for number in range(30)))
    assert len({fields["MsgId"] for fields in bot.received}) == 30
