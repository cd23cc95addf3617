"""The server API: every refusal is HTTP 200, an errcode and a rid."""

import asyncio
import io
import json
import time

import pytest
from aiohttp import FormData, web
from PIL import Image
from yarl import URL

from simulator.people import openid_of, unionid_of
from tests.simulator.conftest import text_reply

SEND = "/cgi-bin/message/custom/send"


def picture(size=(2400, 1800), kind="JPEG", **options) -> bytes:
    out = io.BytesIO()
    Image.effect_noise(size, 40).convert("RGB").save(out, kind, **options)
    return out.getvalue()


async def upload(desk, data, *, kind="image", field="media", filename="a.jpg"):
    form = FormData(default_to_multipart=True)
    form.add_field(field, io.BytesIO(data), filename=filename)
    return await desk.api("/cgi-bin/media/upload", data=form, type=kind)


def message(desk, user, kind, own) -> bytes:
    body = {"touser": desk.openid(user), "msgtype": kind, kind: own}
    return json.dumps(body, ensure_ascii=False).encode()


async def test_every_call_wants_a_token(desk):
    for token, code in (("", 41001), ("x", 40014), ("10_" + "x" * 110, 40001)):
        assert (await desk.api(SEND, data=b"{}", access_token=token))["errcode"] == code


async def test_unknown_paths_say_that_they_are_not_simulated(desk):
    answer = await desk.api("/cgi-bin/message/mass/send", data=b"{}")
    assert answer["errcode"] == 48001
    assert "not supported by this simulator" in answer["errmsg"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", 44002),
        (b"{", 47001),
        (b"[]", 47001),
        ('{"touser": "好"}'.encode("gbk"), 47001),
        (b"{}", 40003),
        (b'{"touser": "oNobody", "msgtype": "text"}', 40003),
    ],
)
async def test_bodies_that_are_refused(desk, body, code):
    assert (await desk.api(SEND, data=body))["errcode"] == code


@pytest.mark.parametrize(
    ("kind", "own", "code"),
    [
        ("smell", {}, 40008),
        ("wxcard", {}, 48001),
        ("text", "hello", 47001),
        ("text", {"content": ""}, 44004),
        ("text", {"content": "字" * 683}, 45002),
        ("image", {"media_id": "gone"}, 40007),
        ("news", {"articles": [{"title": "一"}, {"title": "二"}]}, 45008),
        ("msgmenu", {"list": []}, 40035),
        ("miniprogrampage", {"title": "t", "appid": "wx", "pagepath": "p", "thumb_media_id": "gone"}, 40007),
    ],
)
async def test_a_refused_message_costs_no_credit(desk, kind, own, code):
    await desk.say("zhang")
    assert (await desk.api(SEND, data=message(desk, "zhang", kind, own)))["errcode"] == code
    assert desk.world.people.of("zhang").ledger.remaining == 5
    assert len(await desk.chat("zhang")) == 1


async def test_good_messages_of_every_type_are_shown(desk):
    image = (await upload(desk, picture((64, 64))))["media_id"]
    voice = (await upload(desk, b"#!AMR\n" + bytes(32), kind="voice"))["media_id"]
    video = (await upload(desk, b"\0\0\0\x18ftypmp42", kind="video"))["media_id"]
    good = [
        ("text", {"content": "好"}),
        ("image", {"media_id": image}),
        ("voice", {"media_id": voice}),
        ("video", {"media_id": video, "thumb_media_id": image, "title": "片"}),
        ("music", {"title": "歌", "musicurl": "http://a.example/", "thumb_media_id": image}),
        ("news", {"articles": [{"title": "题", "url": "http://a.example/"}]}),
        ("msgmenu", {"head_content": "满意吗", "list": [{"id": "1", "content": "满意"}]}),
        ("miniprogrampage", {"title": "页", "appid": "wx1", "pagepath": "pages/i", "thumb_media_id": image}),
    ]
    for kind, own in good:
        await desk.act("zhang", "messages", type="sticker")
        answer = await desk.api(SEND, data=message(desk, "zhang", kind, own))
        assert (kind, answer) == (kind, {"errcode": 0, "errmsg": "ok"})
    shown = [entry for entry in await desk.chat("zhang") if entry["direction"] == "account"]
    assert [entry["type"] for entry in shown] == [kind for kind, _ in good]
    async with desk.client.session.get(shown[1]["media_url"]) as response:
        assert response.content_type == "image/jpeg"


async def test_escaped_json_is_shown_as_it_was_written(desk):
    await desk.say("zhang")
    body = json.dumps({"touser": desk.openid("zhang"), "msgtype": "text", "text": {"content": '好\\"\n'}})
    assert "\\u597d" in body
    assert (await desk.api(SEND, data=body.encode()))["errcode"] == 0
    assert (await desk.chat("zhang"))[-1]["content"] == '\\u597d\\"\n'


async def test_messages_that_come_within_the_wait_are_in_the_answer(desk, bot):
    later = []

    async def handle(bot, request, fields):
        async def push():
            await asyncio.sleep(0.1)
            assert await desk.send("zhang", "一") == 0
            assert await desk.send("zhang", "二") == 0

        later.append(asyncio.create_task(push()))
        return web.Response(text=bot.sealed(text_reply(fields, "请稍候"), request))

    bot.handle = handle
    began = time.monotonic()
    answer = await desk.say("zhang", wait=5, expect=2)
    assert time.monotonic() - began < 3
    assert answer["reply"]["content"] == "请稍候"
    assert [entry["content"] for entry in answer["messages"]] == ["一", "二"]
    await asyncio.gather(*later)


async def test_typing(desk):
    path = "/cgi-bin/message/custom/typing"

    async def typing(command="Typing"):
        return (await desk.api(path, data=json.dumps({"touser": desk.openid("zhang"), "command": command})))["errcode"]

    assert await typing() == 45080
    await desk.say("zhang")
    assert [await typing(), await typing(), await typing("CancelTyping"), await typing()] == [0, 45081, 0, 0]
    async with desk.client.get("/sim/users/zhang/view") as response:
        assert (await response.json())["typing"] is True
    assert await typing("Dance") == 45072


async def test_upload_limits(desk):
    jpeg = picture((64, 64))
    assert (await upload(desk, jpeg))["type"] == "image"
    assert "thumb_media_id" in await upload(desk, jpeg, kind="thumb")
    assert (await upload(desk, jpeg, kind="hologram"))["errcode"] == 40004
    assert (await upload(desk, b"%PDF-1.7"))["errcode"] == 40005
    assert (await upload(desk, jpeg, kind="voice"))["errcode"] == 40005
    assert (await upload(desk, jpeg, field="file"))["errcode"] == 41005
    assert (await upload(desk, jpeg + bytes(2 * 1024 * 1024)))["errcode"] == 40009
    assert (await upload(desk, jpeg + bytes(64 * 1024), kind="thumb"))["errcode"] == 40006
    assert (await desk.api("/cgi-bin/media/upload", data=jpeg, type="image"))["errcode"] == 41005


async def get_media(desk, media_id):
    query = {"access_token": await desk.token(), "media_id": media_id}
    async with desk.client.get("/sim/api/cgi-bin/media/get", params=query) as response:
        return response.status, response.headers, await response.read()


async def test_a_chat_picture_is_recompressed_and_lives_three_days(desk, bot):
    original = picture(exif=_turned())
    await desk.act("zhang", type="image", file=original)
    fields = bot.received[0]
    async with desk.client.session.get(fields["PicUrl"]) as response:
        seen = await response.read()
    with Image.open(io.BytesIO(seen)) as small:
        assert (small.format, small.size) == ("JPEG", (1080, 1440))
        assert not small.getexif()
    status, headers, data = await get_media(desk, fields["MediaId"])
    assert (status, data) == (200, seen)
    assert headers["Content-Disposition"].startswith("attachment; filename=")
    desk.world.clock.advance(3 * 86_400)
    status, headers, data = await get_media(desk, fields["MediaId"])
    assert (status, json.loads(data)["errcode"]) == (200, 40007)
    async with desk.client.session.get(fields["PicUrl"]) as response:
        assert response.status == 404


async def test_an_original_keeps_its_bytes(desk, bot):
    original = picture((3000, 400), "PNG")
    await desk.act("zhang", type="image", file=original, original=1)
    assert (await get_media(desk, bot.received[0]["MediaId"]))[2] == original


async def test_an_incoming_media_id_can_be_sent_back_but_a_video_is_an_address(desk, bot):
    await desk.act("zhang", type="image", file=picture((64, 64)))
    own = {"media_id": bot.received[0]["MediaId"]}
    assert (await desk.api(SEND, data=message(desk, "zhang", "image", own)))["errcode"] == 0
    await desk.act("zhang", type="video")
    answer = await desk.api("/cgi-bin/media/get", method="GET", media_id=bot.received[1]["MediaId"])
    assert answer["video_url"].startswith("http://")


def _turned() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


def menu(*buttons) -> bytes:
    return json.dumps({"button": list(buttons)}, ensure_ascii=False).encode()


CLICK = {"type": "click", "name": "查", "key": "k"}
VIEW = {"type": "view", "name": "看", "url": "https://a.example/"}


@pytest.mark.parametrize(
    ("buttons", "code"),
    [
        ([], 40016),
        ([CLICK] * 4, 40016),
        ([CLICK | {"name": "一二三四五六"}], 40018),
        ([CLICK | {"name": ""}], 40018),
        ([CLICK | {"type": "dance"}], 40017),
        ([CLICK | {"key": ""}], 40019),
        ([CLICK | {"key": "k" * 129}], 40019),
        ([VIEW | {"url": "https://a.example/" + "x" * 1010}], 40020),
        ([VIEW | {"url": "javascript:alert(1)"}], 40055),
        ([{"name": "更多", "sub_button": [CLICK] * 6}], 40023),
        ([{"name": "更多", "sub_button": [CLICK | {"name": "字" * 21}]}], 40025),
        ([{"name": "更多", "sub_button": [VIEW | {"url": ""}]}], 40027),
        ([{"name": "更多", "sub_button": [{"name": "更多", "sub_button": [CLICK]}]}], 40023),
        ([CLICK | {"name": "\\u67e5"}], 40033),
    ],
)
async def test_menu_limits(desk, buttons, code):
    body = menu(*buttons).replace(rb"\\u", rb"\u")
    assert (await desk.api("/cgi-bin/menu/create", data=body))["errcode"] == code


async def test_menu_comes_and_goes(desk):
    assert (await desk.api("/cgi-bin/menu/get", method="GET"))["errcode"] == 46003
    body = menu({"name": "五个汉字好", "sub_button": [CLICK] * 5}, VIEW, CLICK)
    assert (await desk.api("/cgi-bin/menu/create", data=body))["errcode"] == 0
    buttons = (await desk.api("/cgi-bin/menu/get", method="GET"))["menu"]["button"]
    assert [button["name"] for button in buttons] == ["五个汉字好", "看", "查"]
    async with desk.client.get("/sim/users/zhang/view") as response:
        assert len((await response.json())["menu"]) == 3
    assert (await desk.api("/cgi-bin/menu/delete", method="GET"))["errcode"] == 0
    assert (await desk.api("/cgi-bin/menu/get", method="GET"))["errcode"] == 46003


async def test_a_parametric_code_is_drawn_scanned_and_runs_out(desk, bot):
    body = {"action_name": "QR_STR_SCENE", "action_info": {"scene": {"scene_str": "firm=7"}}}
    made = await desk.api("/cgi-bin/qrcode/create", data=json.dumps(body))
    assert made["expire_seconds"] == 60
    async with desk.client.get("/sim/api/cgi-bin/showqrcode", params={"ticket": made["ticket"]}) as response:
        drawn = await response.read()
    form = FormData()
    form.add_field("file", drawn, filename="qr.png")
    async with desk.client.post("/sim/decode", data=form) as response:
        assert (await response.json())["codes"] == [{"text": made["url"], "symbology": ""}]
    await desk.act("zhang", "scan", url=made["url"])
    assert (bot.received[0]["EventKey"], bot.received[0]["Ticket"]) == ("firm=7", made["ticket"])
    desk.world.clock.advance(60)
    assert await desk.tried("zhang", "scan", ticket=made["ticket"]) == (409, {"error": "该二维码已过期"})


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"action_name": "QR_NO"}, 40052),
        ({"action_info": {}}, 40053),
        ({"action_info": {"scene": {"scene_str": "x" * 65}}}, 40053),
        ({"expire_seconds": 2_592_001}, 40053),
        ({"action_name": "QR_LIMIT_SCENE", "action_info": {"scene": {"scene_id": 100_001}}}, 40053),
    ],
)
async def test_parametric_code_limits(desk, change, code):
    body = {"action_name": "QR_STR_SCENE", "action_info": {"scene": {"scene_str": "s"}}} | change
    assert (await desk.api("/cgi-bin/qrcode/create", data=json.dumps(body)))["errcode"] == code


async def test_user_info_knows_how_they_came_and_no_name(desk):
    await desk.act("new", "scan", scene="firm-7")
    info = await desk.api("/cgi-bin/user/info", method="GET", openid=desk.openid("new"))
    assert (info["subscribe"], info["qr_scene_str"], info["nickname"]) == (1, "firm-7", "")
    await desk.act("new", type="event", event="unsubscribe")
    info = await desk.api("/cgi-bin/user/info", method="GET", openid=desk.openid("new"))
    assert set(info) == {"subscribe", "openid", "unionid"}
    assert (await desk.api("/cgi-bin/user/info", method="GET", openid="oNobody"))["errcode"] == 40003
    listed = await desk.api("/cgi-bin/user/get", method="GET")
    assert listed["data"]["openid"] == [desk.openid("zhang"), desk.openid("operator")]


async def test_openids_are_the_same_every_time_and_differ_by_account(desk):
    app_id = desk.settings.wechat.app_id
    assert openid_of("zhang", app_id) == desk.openid("zhang") != openid_of("zhang", "wxother")
    assert len(desk.openid("zhang")) == 28


async def test_login_codes_work_once_for_five_minutes(desk):
    async def login(code):
        mini = {"appid": "wxsample0000000002", "secret": "sample-mini-program-secret"}
        query = {"grant_type": "authorization_code", "js_code": code, **mini}
        async with desk.client.get("/sim/api/sns/jscode2session", params=query) as response:
            assert response.content_type == "text/plain"
            return await response.json(content_type=None)

    async def issue():
        async with desk.client.post("/sim/users/zhang/login") as response:
            return (await response.json())["code"]

    first, second = await issue(), await issue()
    answer = await login(first)
    assert answer["openid"] == openid_of("zhang", "wxsample0000000002") != desk.openid("zhang")
    assert answer["unionid"] == unionid_of("zhang")
    assert (await login(first))["errcode"] == 40163
    desk.world.clock.advance(300)
    assert (await login(second))["errcode"] == 40029
    assert (await login("never"))["errcode"] == 40029


AUTHORISE = {
    "redirect_uri": "http://127.0.0.1/sign-in?to=%2Fmy",
    "response_type": "code",
    "scope": "snsapi_base",
    "state": "abc123",
}


async def test_the_web_authorisation_asks_who_reads_and_leads_back_with_a_code(desk):
    query = {"appid": desk.settings.wechat.app_id, **AUTHORISE}
    async with desk.client.get("/sim/connect/oauth2/authorize", params=query) as response:
        page = await response.text()
        assert response.status == 200
    assert '<button name="user" value="zhang">张工（样例）</button>' in page
    query["user"] = "zhang"
    async with desk.client.get("/sim/connect/oauth2/authorize", params=query, allow_redirects=False) as response:
        back = URL(response.headers["Location"])
    assert (back.path, back.query["to"], back.query["state"]) == ("/sign-in", "/my", "abc123")

    async def redeem(**changed):
        asked = {**await desk.credentials(), "code": back.query["code"], "grant_type": "authorization_code", **changed}
        async with desk.client.get("/sim/api/sns/oauth2/access_token", params=asked) as response:
            return await response.json(content_type=None)

    assert (await redeem(secret="wrong"))["errcode"] == 40125
    assert (await redeem(code="never"))["errcode"] == 40029
    answer = await redeem()
    assert answer["openid"] == desk.openid("zhang")
    assert "unionid" not in answer
    assert (await redeem())["errcode"] == 40163


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"appid": "wxother"}, "40013"),
        ({"redirect_uri": "https://elsewhere.test/"}, "10003"),
        ({"redirect_uri": "javascript:alert(1)"}, "10003"),
        ({"scope": "snsapi_everything"}, "10005"),
        ({"state": "a b"}, "state"),
    ],
)
async def test_the_web_authorisation_refuses_what_wechat_refuses(desk, changed, said):
    query = {"appid": desk.settings.wechat.app_id, **AUTHORISE, "user": "zhang", **changed}
    async with desk.client.get("/sim/connect/oauth2/authorize", params=query, allow_redirects=False) as response:
        assert response.status == 400
        assert said in await response.text()


async def test_the_page_of_the_web_authorisation_shows_names_as_text(desk):
    await desk.act("<b>x</b>".replace("/", "%2F"), type="text", content="你好")
    query = {"appid": desk.settings.wechat.app_id, **AUTHORISE, "redirect_uri": 'http://127.0.0.1/"><b>'}
    async with desk.client.get("/sim/connect/oauth2/authorize", params=query) as response:
        assert "<b>" not in await response.text()


async def test_the_ticket_is_the_same_until_it_has_run_out(desk):
    first = await desk.api("/cgi-bin/ticket/getticket", method="GET", type="jsapi")
    desk.world.clock.advance(100)
    second = await desk.api("/cgi-bin/ticket/getticket", method="GET", type="jsapi")
    assert first["ticket"] == second["ticket"]
    assert second["expires_in"] <= 7100
    desk.world.clock.advance(7200)
    assert (await desk.api("/cgi-bin/ticket/getticket", method="GET", type="jsapi"))["ticket"] != first["ticket"]
    assert (await desk.api("/cgi-bin/ticket/getticket", method="GET", type="wx_card"))["errcode"] == 40097


async def test_a_daily_quota_runs_out_and_can_be_cleared_ten_times(desk):
    for _ in range(1000):
        desk.world.quotas.spend("/cgi-bin/menu/create", 1000)
    assert (await desk.api("/cgi-bin/menu/create", data=menu(CLICK)))["errcode"] == 45009
    quota = await desk.api("/cgi-bin/openapi/quota/get", data=b'{"cgi_path": "/cgi-bin/menu/create"}')
    assert quota["quota"]["remain"] == 0
    body = json.dumps({"appid": desk.settings.wechat.app_id})
    codes = [(await desk.api("/cgi-bin/clear_quota", data=body))["errcode"] for _ in range(11)]
    assert codes == [0] * 10 + [48006]
    assert (await desk.api("/cgi-bin/menu/create", data=menu(CLICK)))["errcode"] == 0
