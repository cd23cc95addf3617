"""Every recorded body becomes a typed update; nothing hostile becomes anything but a refusal."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st

from bot import updates
from bot.refusal import CallbackRefused, Reason
from bot.updates import Update, parse, split_symbology
from tests.bot.wechat import INBOUND, SAMPLES, event, text_message

EXPECTED: dict[str, tuple[type[Update], dict[str, Any]]] = {
    "MpJob-FreePublishJobFinishEvent.xml": (
        updates.ArticlePublished,
        {"publish_id": "2247503051", "status": 0, "article_id": "b5O2OUs25HBxRceL7hfReg-U9QGeq9zQjiDvyWP4Hq4"},
    ),
    "MpJob-MassSendJobFinishEvent.xml": (
        updates.MassSendFinished,
        {"msg_id": "1000001625", "status": "err(30003)", "total": 0, "sent": 0, "failed": 0},
    ),
    "MpJob-TemplateSendJobFinishEvent.xml": (
        updates.TemplateSent,
        {"msg_id": "200163836", "status": "success", "delivered": True},
    ),
    "MpMessage-ImageMessageEvent.xml": (updates.Image, {"pic_url": "this is a url", "media_id": "media_id"}),
    "MpMessage-LocationMessageEvent.xml": (
        updates.Location,
        {"latitude": 23.134521, "longitude": 113.358803, "scale": 20, "label": "位置信息"},
    ),
    "MpMessage-ShortVideoMessageEvent.xml": (updates.Video, {"short": True, "thumb_media_id": "thumb_media_id"}),
    "MpMessage-TextMessageEvent.json": (updates.Text, {"content": "this is a test", "menu_id": None}),
    "MpMessage-TextMessageEvent.xml": (updates.Text, {"content": "this is a test", "menu_id": None}),
    "MpMessage-VideoMessageEvent.xml": (updates.Video, {"short": False, "media_id": "media_id"}),
    "MpMessage-VoiceMessageEvent.xml": (updates.Voice, {"format": "Format", "recognition": None}),
    "MpPush-ClickPushEvent.xml": (updates.Click, {"key": "EVENTKEY"}),
    "MpPush-LocationPushEvent.xml": (
        updates.LocationReport,
        {"latitude": 23.137466, "longitude": 113.352425, "precision": 119.38504},
    ),
    "MpPush-ScanCodePushEvent.xml": (
        updates.ScanCode,
        {"key": "6", "scan_type": "qrcode", "result": "1", "symbology": None, "waits": False},
    ),
    "MpPush-ScanPushEvent.xml": (updates.Scan, {"scene": "SCENE_VALUE", "ticket": "TICKET"}),
    "MpPush-SubscribePushEvent.xml": (updates.Subscribe, {"scene": None, "ticket": None}),
    "MpPush-UnsubscribePushEvent.xml": (updates.Unsubscribe, {}),
    "MpPush-UserAuthorizationRevokeEvent.json": (
        updates.AuthorizationRevoked,
        {"subject": "oaKk343WOktAaT2ygsX138BGblrg", "app_id": "wx13974bf780d3dc89", "scopes": ("201",)},
    ),
    "MpPush-UserAuthorizationRevokeEvent.xml": (updates.AuthorizationRevoked, {"scopes": ("1",)}),
    "MpPush-UserEnterTempSessionEvent.json": (updates.EnterTempSession, {"session_from": "sessionFrom"}),
    "MpPush-UserEnterTempSessionEvent.xml": (updates.EnterTempSession, {"session_from": "sessionFrom"}),
    "MpPush-ViewMiniProgramPushEvent.xml": (
        updates.ViewMiniProgram,
        {"page_path": "pages/index/index", "menu_id": "MENUID"},
    ),
    "MpPush-ViewPushEvent.xml": (updates.View, {"url": "www.qq.com", "menu_id": None}),
    "MpSubscribeMessage-SubscribeMessageChangeEvent.json": (
        updates.SubscribeChanged,
        {"decisions": (updates.SubscribeDecision("BEwX0BOT3MqK3Uc5oTU3CGBqzjpndk2jzUf7VfExd8", accepted=False),)},
    ),
    "MpSubscribeMessage-SubscribeMessageChangeEvent.xml": (
        updates.SubscribeChanged,
        {"decisions": (updates.SubscribeDecision("VRR0UEO9VJOLs0MHlU0OilqX6MVFDwH3_3gz3Oc0NIc", accepted=False),)},
    ),
    "MpSubscribeMessage-SubscribeMessagePopupEvent.List.json": (
        updates.SubscribePopup,
        {
            "decisions": (
                updates.SubscribeDecision("hD-ixGOhYmUfjOnI8MCzQMPshzGVeux_2vzyvQu7O68", accepted=True, scene="0"),
            )
        },
    ),
    "MpSubscribeMessage-SubscribeMessagePopupEvent.Object.json": (
        updates.SubscribePopup,
        {
            "decisions": (
                updates.SubscribeDecision("hD-ixGOhYmUfjOnI8MCzQMPshzGVeux_2vzyvQu7O68", accepted=True, scene="0"),
            )
        },
    ),
    "MpSubscribeMessage-SubscribeMessagePopupEvent.xml": (
        updates.SubscribePopup,
        {
            "decisions": (
                updates.SubscribeDecision("VRR0UEO9VJOLs0MHlU0OilqX6MVFDwH3_3gz3Oc0NIc", accepted=True, scene="2"),
                updates.SubscribeDecision("9nLIlbOQZC5Y89AZteFEux3WCXRRRG5Wfzkpssu4bLI", accepted=False, scene="2"),
            )
        },
    ),
    "MpSubscribeMessage-SubscribeMessageSentEvent.json": (
        updates.SubscribeSent,
        {
            "deliveries": (
                updates.SubscribeDelivery(
                    "BEwX0BO-T3MqK3Uc5oTU3CGBqzjpndk2jzUf7VfExd8", "1864323726461255680", "0", "success"
                ),
            )
        },
    ),
    "MpSubscribeMessage-SubscribeMessageSentEvent.xml": (
        updates.SubscribeSent,
        {
            "deliveries": (
                updates.SubscribeDelivery(
                    "VRR0UEO9VJOLs0MHlU0OilqX6MVFDwH3_3gz3Oc0NIc", "1700827132819554304", "0", "success"
                ),
            )
        },
    ),
    "WxaSecurity-WxaMediaCheckEvent.json": (
        updates.MediaChecked,
        {"trace_id": "60f96f1d-3845297a-1976a3ae", "version": 2, "suggest": "pass", "category": 100, "error_code": 0},
    ),
}


def test_every_recorded_body_is_expected() -> None:
    assert set(INBOUND) == set(EXPECTED)


@pytest.mark.parametrize("name", INBOUND)
def test_recorded_bodies_are_typed(name: str) -> None:
    kind, values = EXPECTED[name]
    update = parse((SAMPLES / name).read_bytes())
    assert type(update) is kind
    assert {field: getattr(update, field) for field in values} == values
    assert update.created.tzinfo is UTC
    assert update.openid
    assert update.openid not in repr(update) + update.log_name


def test_common_fields() -> None:
    update = parse((SAMPLES / "MpMessage-TextMessageEvent.xml").read_bytes())
    assert (update.to_user, update.openid) == ("toUser", "fromUser")
    assert update.created == datetime(2012, 9, 28, 11, 31, tzinfo=UTC)
    fields = json.loads((SAMPLES / "MpMessage-TextMessageEvent.json").read_text("utf-8-sig"))
    assert parse(fields) == parse((SAMPLES / "MpMessage-TextMessageEvent.json").read_bytes())


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            event("subscribe", "<EventKey>qrscene_bind:1</EventKey><Ticket>T</Ticket>"),
            ("Subscribe", {"scene": "bind:1", "ticket": "T"}),
        ),
        (event("subscribe", "<EventKey></EventKey>"), ("Subscribe", {"scene": None})),
        (
            event(
                "scancode_waitmsg",
                "<EventKey>s</EventKey><ScanCodeInfo><ScanType>barcode</ScanType>"
                "<ScanResult>EAN_13,6911316223400</ScanResult></ScanCodeInfo>",
            ),
            ("ScanCode", {"waits": True, "symbology": "EAN_13", "result": "6911316223400", "scan_type": "barcode"}),
        ),
        (
            event(
                "pic_weixin",
                "<EventKey>check</EventKey><SendPicsInfo><Count>2</Count><PicList><item><PicMd5Sum>1"
                "</PicMd5Sum></item><item><PicMd5Sum>2</PicMd5Sum></item></PicList></SendPicsInfo>",
            ),
            ("PicturesAnnounced", {"key": "check", "count": 2, "source": "weixin"}),
        ),
        (
            event("pic_sysphoto", "<EventKey>c</EventKey><SendPicsInfo><Count>0</Count><PicList/></SendPicsInfo>"),
            ("PicturesAnnounced", {"count": 0}),
        ),
        (
            event(
                "location_select",
                "<EventKey>l</EventKey><SendLocationInfo><Location_X>23</Location_X><Location_Y>113"
                "</Location_Y><Scale>15</Scale><Label>广州</Label><Poiname></Poiname></SendLocationInfo>",
            ),
            ("LocationSelected", {"latitude": 23.0, "label": "广州", "poi_name": ""}),
        ),
        (
            event("user_info_modified", "<OpenID>o1</OpenID><AppID>wx1</AppID><RevokeInfo>1, 2</RevokeInfo>"),
            ("UserInfoModified", {"subject": "o1", "scopes": ("1", "2")}),
        ),
        (
            event("user_authorization_cancellation", "<OpenID>o1</OpenID><AppID>wx1</AppID>"),
            ("AuthorizationCancelled", {"subject": "o1"}),
        ),
        (
            event("kf_switch_session", "<FromKfAccount>a@x</FromKfAccount><ToKfAccount>b@x</ToKfAccount>"),
            ("CustomerServiceSession", {"change": "switched", "account": "b@x"}),
        ),
        (
            event("qualification_verify_success", "<ExpiredTime>1442401156</ExpiredTime>"),
            ("AccountVerification", {"until": datetime(2015, 9, 16, 10, 59, 16, tzinfo=UTC), "reason": None}),
        ),
        (
            event("TEMPLATESENDJOBFINISH", "<MsgID>1</MsgID><Status>failed:user block</Status>"),
            ("TemplateSent", {"delivered": False}),
        ),
        (event("some_new_event"), ("Unknown", {"msg_type": "event", "event": "some_new_event", "is_message": False})),
        (event("CLICK"), ("Unknown", {"event": "click"})),
        (
            event(
                "location_select",
                "<SendLocationInfo><Location_X>nan</Location_X><Location_Y>1e999</Location_Y></SendLocationInfo>",
            ),
            ("Unknown", {"event": "location_select"}),
        ),
    ],
)
def test_events_that_were_not_recorded(body: bytes, expected: tuple[str, dict[str, Any]]) -> None:
    kind, values = expected
    update = parse(body)
    assert type(update).__name__ == kind
    assert {field: getattr(update, field) for field in values} == values


def message(msg_type: str, extra: str) -> bytes:
    return text_message().replace("text", msg_type).replace("</xml>", f"{extra}</xml>").encode()


def test_messages_that_were_not_recorded() -> None:
    tapped = parse(message("text", "<bizmsgmenuid>102</bizmsgmenuid>"))
    assert isinstance(tapped, updates.Text)
    assert tapped.menu_id == "102"
    file = parse(
        message("file", "<Title>a.pdf</Title><FileKey>k</FileKey><FileMd5>m</FileMd5><FileTotalLen>9</FileTotalLen>")
    )
    assert isinstance(file, updates.File)
    assert (file.title, file.size) == ("a.pdf", 9)
    page = parse(message("miniprogrampage", "<Title>t</Title><AppId>wx</AppId><PagePath>p/i</PagePath>"))
    assert isinstance(page, updates.MiniProgramPage)
    link = parse(message("link", "<Title>t</Title><Description>d</Description><Url>http://x</Url>"))
    assert isinstance(link, updates.Link)
    voice = parse(message("voice", "<MediaId>m</MediaId><MediaId16K>n</MediaId16K><Recognition>喂</Recognition>"))
    assert isinstance(voice, updates.Voice)
    assert (voice.media_id_16k, voice.recognition) == ("n", "喂")


def test_stickers_and_pictures_without_a_picture_are_unknown() -> None:
    sticker = parse(message("emotion", "<Content>[收到不支持的消息类型]</Content>"))
    assert isinstance(sticker, updates.Unknown)
    assert (sticker.msg_type, sticker.event, sticker.is_message) == ("emotion", "", True)
    assert sticker.raw["MsgId"] == "1"
    assert isinstance(parse(message("image", "<PicUrl></PicUrl>")), updates.Unknown)


def test_an_empty_text_is_a_text() -> None:
    update = parse(text_message(" ").encode())
    assert isinstance(update, updates.Text)
    assert update.content == ""


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ("EAN_13,6911316223400", ("EAN_13", "6911316223400")),
        ("CODE_128,A,B", ("CODE_128", "A,B")),
        ("你好,世界", (None, "你好,世界")),
        ("https://x/?a=1,2", (None, "https://x/?a=1,2")),
        ("EAN_13", (None, "EAN_13")),
        ("ean_13,1", (None, "ean_13,1")),
        ("", (None, "")),
    ],
)
def test_the_symbology_is_split_off_only_where_it_is_one(result: str, expected: tuple[str | None, str]) -> None:
    assert split_symbology(result) == expected


# The key


def key(body: str | bytes) -> str:
    return parse(body if isinstance(body, bytes) else body.encode()).dedupe


def test_a_retry_has_the_same_key() -> None:
    assert key(text_message()) == key(text_message())
    assert key(event("CLICK", "<EventKey>a</EventKey>")) == key(event("CLICK", "<EventKey>a</EventKey>"))


def test_keys_tell_apart_what_collides_elsewhere() -> None:
    bodies = [
        text_message(message_id=1, openid="a"),
        text_message(message_id=1, openid="b"),
        text_message(message_id=2, openid="a"),
        text_message(message_id=1, openid="a", second=1348831861),
        event("CLICK", "<EventKey>a</EventKey>"),
        event("CLICK", "<EventKey>b</EventKey>"),
        event("VIEW", "<EventKey>a</EventKey>"),
        event("wxa_media_check", "<appid>x</appid><trace_id>1</trace_id>"),
        event("wxa_media_check", "<appid>x</appid><trace_id>2</trace_id>"),
        event("TEMPLATESENDJOBFINISH", "<MsgID>1</MsgID><Status>success</Status>"),
        event("TEMPLATESENDJOBFINISH", "<MsgID>2</MsgID><Status>success</Status>"),
        event(
            "subscribe_msg_sent_event",
            "<SubscribeMsgSentEvent><List><TemplateId>t</TemplateId><MsgID>1</MsgID>"
            "<ErrorCode>0</ErrorCode></List></SubscribeMsgSentEvent>",
        ),
        event(
            "subscribe_msg_sent_event",
            "<SubscribeMsgSentEvent><List><TemplateId>t</TemplateId><MsgID>2</MsgID>"
            "<ErrorCode>0</ErrorCode></List></SubscribeMsgSentEvent>",
        ),
        text_message().replace("<MsgId>1</MsgId>", ""),
        text_message("再见").replace("<MsgId>1</MsgId>", ""),
    ]
    assert len({key(body) for body in bodies}) == len(bodies)


def test_a_key_may_be_logged() -> None:
    openid = "oPersonWhoMustNotBeLogged01"
    found = key(text_message(openid=openid))
    assert openid not in found
    assert len(found) == 42


# Hostile bodies

ENTITIES = b'<!DOCTYPE xml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><xml><MsgType>&b;</MsgType></xml>'


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"\xff\xfe\x00",
        b"text",
        b"<xml>",
        b"<xml></xml>",
        b"<xml/>",
        b"<a/>",
        b"{}",
        b"{",
        b"[]",
        b'{"a"',
        ENTITIES,
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><xml><MsgType>text</MsgType></xml>',
        b"<a>" * 100_000,
        b"<xml>" + b"<a>" * 100_000 + b"</a>" * 100_000 + b"</xml>",
        b'{"a":' * 100_000,
        b'{"ToUserName":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        text_message().replace("1348831860", "x").encode(),
        text_message().replace("1348831860", "9" * 5000).encode(),
        text_message().replace("1348831860", "99999999999999").encode(),
        text_message(openid="").encode(),
        json.dumps({"ToUserName": "t", "FromUserName": "f", "CreateTime": True}).encode(),
        b'{"ToUserName": "t", "FromUserName": "f", "CreateTime": 1e400}',
    ],
)
def test_what_is_no_update_is_refused(body: bytes) -> None:
    with pytest.raises(CallbackRefused) as caught:
        parse(body)
    assert caught.value.reason is Reason.MALFORMED
    assert caught.value.status == 400


FRAGMENTS = st.sampled_from(
    [
        b"",
        b"<",
        b">",
        b"&",
        b"\x00",
        b"\xff",
        b"]]>",
        b"<![CDATA[",
        b"</xml>",
        b"<xml>",
        b"{",
        b"}",
        b"[",
        b'"',
        b",",
        b"null",
        b"-1",
        b"1e999",
        b"9" * 5000,
        b"<List/>",
        b"<List>x</List>",
        b"<!DOCTYPE a>",
        b"<MsgType/>",
        b" a='b'",
        "\ud7ff追溯".encode(),
        b"\\ud800",
    ]
)
MUTATION = st.tuples(st.floats(0, 1), st.integers(0, 40), FRAGMENTS)


def mutated(body: bytes, mutations: list[tuple[float, int, bytes]]) -> bytes:
    for where, length, fragment in mutations:
        start = int(where * len(body))
        body = body[:start] + fragment + body[start + length :]
    return body


@budget(max_examples=2500, deadline=None)
@given(st.sampled_from(INBOUND), st.lists(MUTATION, min_size=1, max_size=6))
def test_mutated_bodies_are_updates_or_refused(name: str, mutations: list[tuple[float, int, bytes]]) -> None:
    try:
        update = parse(mutated((SAMPLES / name).read_bytes(), mutations))
    except CallbackRefused:
        return
    assert isinstance(update, Update)
    assert repr(update)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
JSON_SAMPLES = {path: json.loads((SAMPLES / path).read_text("utf-8-sig")) for path in INBOUND if path.endswith(".json")}


@budget(max_examples=1000, deadline=None)
@given(st.data())
def test_fields_of_any_shape_are_updates_or_refused(data: st.DataObject) -> None:
    fields = dict(JSON_SAMPLES[data.draw(st.sampled_from(sorted(JSON_SAMPLES)))])
    for name in data.draw(st.lists(st.sampled_from(sorted(fields)), max_size=4)):
        fields[name] = data.draw(JSON)
    fields["Event"] = data.draw(st.sampled_from([fields.get("Event"), *sorted(updates._EVENTS)]))
    try:
        update = parse(json.dumps(fields).encode())
    except CallbackRefused:
        return
    assert isinstance(update, Update)
