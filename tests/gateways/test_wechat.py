"""The WeChat client against a small WeChat on loopback: real sockets, real time-outs."""

import asyncio
import gzip
import json
import logging
import traceback
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from config.settings import Settings
from gateways.cache import MemoryCache
from gateways.wechat import WeChatClient
from gateways.wechat.errors import RULES, error_for
from tests.gateways.fake_wechat import APP_ID, SECRET, FakeWeChat, cut, sleep
from workflow.ports import (
    BadRequest,
    Cache,
    CacheUnavailable,
    Misconfigured,
    NotReachable,
    OutcomeUnknown,
    PictureTooLarge,
    Unavailable,
    WeChat,
    WeChatError,
    WeChatLogin,
)

OPENID = "oPersonWhoMustNotBeLogged01"
JPEG = b"\xff\xd8\xff\xe0 a picture"


@pytest.fixture
async def fake() -> FakeWeChat:
    return FakeWeChat()


@pytest.fixture
async def server(fake: FakeWeChat) -> AsyncIterator[TestServer]:
    async with TestServer(fake.app(), host="127.0.0.1") as server:
        yield server


Make = Callable[..., WeChatClient]


@pytest.fixture
async def make(server: TestServer) -> AsyncIterator[Make]:
    made: list[WeChatClient] = []

    def make(cache: Cache | None = None, **changed: Any) -> WeChatClient:
        arguments: dict[str, Any] = {
            "app_id": APP_ID,
            "app_secret": SecretStr(SECRET),
            "base_url": str(server.make_url("/")),
            "cache": cache or MemoryCache(),
            "media_hosts": ("127.0.0.1", "qpic.cn"),
            "timeout_seconds": 0.3,
            "backoff_seconds": 0.001,
        }
        made.append(WeChatClient(**arguments | changed))
        return made[-1]

    yield make
    for client in made:
        await client.aclose()


@pytest.fixture
def client(make: Make) -> WeChatClient:
    return make()


class BrokenCache(MemoryCache):
    """A cache that went away."""

    async def get(self, key: str) -> bytes | None:
        raise CacheUnavailable("gone")

    async def put(self, key: str, value: bytes, seconds: float, *, only_new: bool = False) -> bool:
        raise CacheUnavailable("gone")

    async def delete(self, key: str, *, only: bytes | None = None) -> bool:
        raise CacheUnavailable("gone")

    def lock(self, key: str, seconds: float) -> Any:
        raise CacheUnavailable("gone")


def test_it_is_the_port(client: WeChatClient) -> None:
    port: WeChat = client
    assert port is client


# Tokens


async def test_ten_calls_at_once_fetch_one_token(fake: FakeWeChat, client: WeChatClient) -> None:
    fake.token_delay = 0.05
    await asyncio.gather(*(client.user_info(OPENID) for _ in range(10)))
    assert fake.calls == {"stable_token": 1, "user/info": 10}


async def test_two_clients_share_one_cache_and_one_token(fake: FakeWeChat, make: Make) -> None:
    fake.token_delay = 0.05
    cache = MemoryCache()
    one, two = make(cache), make(cache)
    await asyncio.gather(*(c.user_info(OPENID) for c in (one, two) * 5))
    assert fake.calls["stable_token"] == 1


async def test_the_token_is_kept_until_five_minutes_before_its_end(fake: FakeWeChat, make: Make) -> None:
    kept: list[float] = []

    class Watching(MemoryCache):
        async def put(self, key: str, value: bytes, seconds: float, *, only_new: bool = False) -> bool:
            kept.append(seconds)
            return await super().put(key, value, seconds, only_new=only_new)

    await make(Watching()).user_info(OPENID)
    fake.expires_in = 300
    await make(Watching()).user_info(OPENID)
    assert kept == [6900, 30]


async def test_a_refused_token_is_replaced_once(fake: FakeWeChat, client: WeChatClient) -> None:
    await client.user_info(OPENID)
    fake.kill_tokens()
    await client.send_text(OPENID, "好")
    assert fake.calls == {"stable_token": 2, "user/info": 1, "message/custom/send": 2}


async def test_ten_calls_with_a_refused_token_fetch_one_new_one(fake: FakeWeChat, client: WeChatClient) -> None:
    await client.user_info(OPENID)
    fake.kill_tokens()
    fake.token_delay = 0.02
    await asyncio.gather(*(client.user_info(OPENID) for _ in range(10)))
    assert fake.calls["stable_token"] == 2


async def test_a_late_refusal_does_not_drop_a_newer_token(fake: FakeWeChat, make: Make) -> None:
    cache = MemoryCache()
    client = make(cache)
    await client.user_info(OPENID)
    old = fake.tokens[-1]
    await cache.put(f"wechat:token:{APP_ID}", b"NEWER", 60)
    await client._tokens.drop(old)
    assert await cache.get(f"wechat:token:{APP_ID}") == b"NEWER"


@pytest.mark.parametrize("code", [40001, 40014, 42001])
async def test_a_token_that_stays_refused_never_loops(fake: FakeWeChat, client: WeChatClient, code: int) -> None:
    fake.answer("user/info", *[{"errcode": code, "errmsg": "no"}] * 10)
    with pytest.raises(Unavailable) as caught:
        await client.user_info(OPENID)
    assert caught.value.errcode == code
    assert fake.calls["user/info"] == 2


async def test_a_wrong_secret_is_ours_to_mend(fake: FakeWeChat, make: Make) -> None:
    client = make(app_secret=SecretStr("wrong-secret-value"))
    with pytest.raises(Misconfigured) as caught:
        await client.user_info(OPENID)
    assert caught.value.errcode == 40125
    assert "wrong-secret-value" not in caught.value.errmsg
    fake.answer("stable_token", {"errcode": 40001, "errmsg": "invalid credential"})
    with pytest.raises(Misconfigured):
        await client.user_info(OPENID)


async def test_without_the_cache_the_process_keeps_its_own_token(fake: FakeWeChat, make: Make) -> None:
    client = make(BrokenCache())
    await asyncio.gather(*(client.user_info(OPENID) for _ in range(5)))
    assert fake.calls["stable_token"] == 1
    fake.kill_tokens()
    await client.user_info(OPENID)
    assert fake.calls["stable_token"] == 2


async def test_the_last_good_token_serves_when_the_cache_goes(fake: FakeWeChat, make: Make) -> None:
    client = make()
    await client.user_info(OPENID)
    client._tokens._cache = BrokenCache()
    await client.user_info(OPENID)
    assert fake.calls["stable_token"] == 1


# What goes wrong


async def test_busy_is_repeated_three_times_in_all(fake: FakeWeChat, client: WeChatClient) -> None:
    busy = {"errcode": -1, "errmsg": "system error"}
    fake.answer("message/custom/send", busy, busy)
    await client.send_text(OPENID, "好")
    assert fake.calls["message/custom/send"] == 3
    fake.answer("message/custom/send", busy, busy, busy, busy)
    with pytest.raises(Unavailable):
        await client.send_text(OPENID, "好")
    assert fake.calls["message/custom/send"] == 6


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (45015, NotReachable),
        (45047, NotReachable),
        (43004, NotReachable),
        (40003, BadRequest),
        (45002, BadRequest),
        (48001, Misconfigured),
        (40164, Misconfigured),
        (45011, Unavailable),
    ],
)
async def test_codes_become_typed_errors(
    fake: FakeWeChat, client: WeChatClient, code: int, error: type[WeChatError]
) -> None:
    fake.answer("message/custom/send", {"errcode": code, "errmsg": "words rid: 1-2-3"})
    with pytest.raises(error) as caught:
        await client.send_text(OPENID, "好")
    assert type(caught.value) is error
    assert (caught.value.errcode, caught.value.errmsg) == (code, "words rid: 1-2-3")
    assert fake.calls["message/custom/send"] == 1


async def test_an_unknown_code_is_a_plain_error(fake: FakeWeChat, client: WeChatClient) -> None:
    fake.answer("menu/create", {"errcode": 99999, "errmsg": "new"})
    with pytest.raises(WeChatError) as caught:
        await client.create_menu({"button": []})
    assert type(caught.value) is WeChatError


def test_a_used_up_day_comes_back_at_midnight_in_shanghai() -> None:
    now = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)  # 23:00 there
    day = error_for(45009, "reach max api daily quota limit", now)
    minute = error_for(45009, "reach max api minute quota limit", now)
    assert isinstance(day, Unavailable)
    assert isinstance(minute, Unavailable)
    assert (day.retry_after, minute.retry_after) == (3600, 60)
    assert Unavailable.retry_after == 5.0


def test_only_what_helps_by_waiting_names_a_time() -> None:
    assert all((rule.retry_after is not None) == (rule.error is Unavailable) for rule in RULES.values())


FAILURES = [
    pytest.param(sleep, id="time-out"),
    pytest.param(cut, id="cut"),
    pytest.param(web.Response(status=502, text="<html>"), id="502"),
    pytest.param(web.Response(text="<html>not json"), id="not json"),
    pytest.param(web.Response(text="[1]", content_type="application/json"), id="not an object"),
]


@pytest.mark.parametrize("failure", FAILURES)
async def test_a_lost_answer_to_a_send_is_unknown_and_not_repeated(
    fake: FakeWeChat, client: WeChatClient, failure: Any
) -> None:
    await client.user_info(OPENID)
    fake.answer("message/custom/send", _again(failure))
    with pytest.raises(OutcomeUnknown):
        await client.send_text(OPENID, "好")
    assert fake.calls["message/custom/send"] == 1


@pytest.mark.parametrize("failure", FAILURES)
async def test_a_lost_answer_to_anything_else_may_be_asked_again(
    fake: FakeWeChat, client: WeChatClient, failure: Any
) -> None:
    await client.user_info(OPENID)
    fake.answer("user/info", *[_again(failure)] * 2)  # twice: aiohttp itself repeats a GET on a reused connection
    with pytest.raises(Unavailable):
        await client.user_info(OPENID)


def _again(failure: Any) -> Any:
    """A fresh response for every test: one is sent once."""
    if not isinstance(failure, web.Response):
        return failure

    async def respond(_: web.Request) -> web.Response:
        return web.Response(status=failure.status, body=failure.body, content_type=failure.content_type)

    return respond


async def test_a_token_that_cannot_be_had_leaves_a_send_undelivered(fake: FakeWeChat, client: WeChatClient) -> None:
    fake.answer("stable_token", sleep)
    with pytest.raises(Unavailable):
        await client.send_text(OPENID, "好")
    assert fake.calls["message/custom/send"] == 0


async def test_nobody_listening_is_unavailable_even_for_a_send(make: Make, unused_tcp_port: int) -> None:
    cache = MemoryCache()
    await cache.put(f"wechat:token:{APP_ID}", b"T", 60)
    with pytest.raises(Unavailable):
        await make(cache, base_url=f"http://127.0.0.1:{unused_tcp_port}").send_text(OPENID, "好")


async def test_a_redirect_is_not_followed_with_a_token(fake: FakeWeChat, client: WeChatClient) -> None:
    await client.user_info(OPENID)
    fake.answer("user/info", web.Response(status=302, headers={"Location": "/cgi-bin/elsewhere"}))
    with pytest.raises(Unavailable):
        await client.user_info(OPENID)
    assert fake.calls["elsewhere"] == 0


# What is sent


async def test_messages_are_raw_utf8(fake: FakeWeChat, client: WeChatClient) -> None:
    await client.send_text(OPENID, "合格 \ud800")
    await client.send_image(OPENID, "M")
    bodies = [body for _, body in fake.bodies]
    assert "合格 ?".encode() in bodies[0]
    assert json.loads(bodies[1]) == {"touser": OPENID, "msgtype": "image", "image": {"media_id": "M"}}


async def test_subscribe_and_template_messages_name_their_fields_and_where_a_tap_leads(
    fake: FakeWeChat, client: WeChatClient
) -> None:
    fake.answer("message/template/send", {"errcode": 0, "errmsg": "ok", "msgid": 200228332})
    fields = {"thing1": "月度提报", "time2": "2026年11月30日"}
    data = {"thing1": {"value": "月度提报"}, "time2": {"value": "2026年11月30日"}}
    sent = await client.send_template(OPENID, "T", fields, "https://a.test/my", "notice-7")
    assert (sent, await client.send_subscribe(OPENID, "S", fields, "")) == ("200228332", "")
    (first, template), (second, subscribe) = ((path, json.loads(body)) for path, body in fake.bodies)
    assert (first, second) == ("message/template/send", "message/subscribe/bizsend")
    common = {"touser": OPENID, "data": data}
    assert template == {**common, "template_id": "T", "url": "https://a.test/my", "client_msg_id": "notice-7"}
    assert subscribe == {**common, "template_id": "S"}


async def test_a_lost_answer_to_a_template_message_is_unknown_and_not_repeated(
    fake: FakeWeChat, client: WeChatClient
) -> None:
    for path, send in (
        ("message/template/send", client.send_template(OPENID, "T", {}, "", "c")),
        ("message/subscribe/bizsend", client.send_subscribe(OPENID, "T", {}, "")),
    ):
        fake.answer(path, cut)
        with pytest.raises(OutcomeUnknown):
            await send
        assert fake.calls[path] == 1


async def test_an_upload_is_a_form_and_survives_a_new_token(fake: FakeWeChat, client: WeChatClient) -> None:
    await client.user_info(OPENID)
    fake.kill_tokens()
    picture = JPEG + b"x" * 1_500_000
    assert await client.upload_image(picture) == "MEDIA-1"
    sent = [body for path, body in fake.bodies if path == "media/upload"]
    assert len(sent) == 2
    assert all(picture in body and b'name="media"; filename="picture.jpg"' in body for body in sent)
    assert fake.queries[-1][1]["type"] == "image"


async def test_qr_codes(fake: FakeWeChat, client: WeChatClient) -> None:
    ticket = await client.create_qr("bind:abc", 3600)
    assert (ticket.ticket, ticket.url, ticket.expires_in) == ("T", "http://weixin.qq.com/q/x", 60)
    assert json.loads(fake.bodies[-1][1]) == {
        "action_name": "QR_STR_SCENE",
        "expire_seconds": 3600,
        "action_info": {"scene": {"scene_str": "bind:abc"}},
    }
    assert (await client.create_qr("bind:abc", None)).expires_in is None
    assert json.loads(fake.bodies[-1][1])["action_name"] == "QR_LIMIT_STR_SCENE"
    for scene, seconds in (("", 60), ("x" * 65, 60), ("x", 0), ("x", 31 * 86400)):
        with pytest.raises(BadRequest):
            await client.create_qr(scene, seconds)


async def test_menu_and_user(fake: FakeWeChat, client: WeChatClient) -> None:
    await client.create_menu({"button": [{"name": "拍照检查"}]})
    assert "拍照检查".encode() in fake.bodies[-1][1]
    assert (await client.user_info(OPENID))["unionid"] == "U"


def test_a_client_from_settings() -> None:
    settings = Settings(max_upload_mb=3)
    client = WeChatClient.from_settings(settings, MemoryCache())
    assert client._max_picture_bytes == 3 * 2**20
    assert client._transport._base == "https://api.weixin.qq.com"


# Pictures


WRITTEN: web.AppKey[list[int]] = web.AppKey("written", list)


@pytest.fixture
async def pictures() -> AsyncIterator[TestServer]:
    """A host of pictures, counting what is asked of it."""
    app = web.Application()

    async def picture(_: web.Request) -> web.Response:
        return web.Response(body=JPEG, content_type="image/jpeg")

    async def large(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "image/jpeg"})
        await response.prepare(request)  # chunked: its length is not told
        try:
            for _ in range(1000):
                await response.write(b"x" * 65536)
                app[WRITTEN].append(65536)
        except ConnectionError:
            pass
        return response

    async def redirect(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": request.query["to"]})

    async def page(_: web.Request) -> web.Response:
        return web.Response(text="<html>gone")

    async def packed(_: web.Request) -> web.Response:
        headers = {"Content-Encoding": "gzip"}
        return web.Response(body=gzip.compress(JPEG), content_type="image/jpeg", headers=headers)

    app[WRITTEN] = []
    app.add_routes(
        [
            web.get("/p", picture),
            web.get("/large", large),
            web.get("/r", redirect),
            web.get("/page", page),
            web.get("/packed", packed),
            web.get("/slow", sleep),
            web.get("/cut", cut),
        ]
    )
    async with TestServer(app, host="127.0.0.1") as server:
        yield server


async def test_a_picture_by_its_address_needs_no_token(
    fake: FakeWeChat, client: WeChatClient, pictures: TestServer
) -> None:
    assert await client.fetch_picture(str(pictures.make_url("/p")), "MEDIA") == JPEG
    assert await client.fetch_picture(str(pictures.make_url("/r?to=/p")), "MEDIA") == JPEG
    assert not fake.calls


@pytest.mark.parametrize(
    "path", ["/missing", "/page", "/slow", "/cut", "/packed", "/r?to=/r?to=", "/r?to=http://elsewhere.example/p"]
)
async def test_an_address_that_fails_falls_back_to_the_media_id(
    fake: FakeWeChat, client: WeChatClient, pictures: TestServer, path: str
) -> None:
    assert await client.fetch_picture(str(pictures.make_url("/")).rstrip("/") + path, "MEDIA") == fake.media
    assert fake.queries == [("media/get", {"access_token": fake.tokens[0], "media_id": "MEDIA"})]


@pytest.mark.parametrize(
    "url",
    [
        "http://elsewhere.example/p",
        "http://qpic.cn.evil.example/p",
        "http://evilqpic.cn/p",
        "http://qpic.cn@localhost:{port}/p",
        "http://localhost:{port}\\@qpic.cn/p",
        "http://localhost:{port}/p#@qpic.cn",
        "http://[::1/p",
        "file:///etc/passwd",
        "ftp://qpic.cn/p",
        "this is a url",
    ],
)
async def test_other_hosts_are_never_asked(
    fake: FakeWeChat, client: WeChatClient, pictures: TestServer, url: str
) -> None:
    assert await client.fetch_picture(url.format(port=pictures.port), "MEDIA") == fake.media


async def test_a_picture_that_is_too_large_is_not_read_to_its_end(
    fake: FakeWeChat, make: Make, pictures: TestServer
) -> None:
    client = make(max_picture_bytes=100_000, timeout_seconds=5)
    with pytest.raises(PictureTooLarge) as caught:
        await client.fetch_picture(str(pictures.make_url("/large")), "MEDIA")
    assert isinstance(caught.value, BadRequest)
    assert caught.value.limit == 100_000
    assert sum(pictures.app[WRITTEN]) < 60_000_000
    assert not fake.calls
    fake.media = b"\xff" * 100_001
    with pytest.raises(PictureTooLarge):
        await client.fetch_picture("", "MEDIA")


async def test_an_expired_media_id_is_said_by_its_code(fake: FakeWeChat, client: WeChatClient) -> None:
    fake.media = {"errcode": 40007, "errmsg": "invalid media_id"}
    with pytest.raises(BadRequest) as caught:
        await client.fetch_picture("", "OLD")
    assert caught.value.errcode == 40007


async def test_media_that_is_no_picture(fake: FakeWeChat, client: WeChatClient) -> None:
    fake.media = {"video_url": "http://x"}
    with pytest.raises(BadRequest):
        await client.fetch_picture("", "VIDEO")


async def test_no_way_to_the_picture(client: WeChatClient) -> None:
    with pytest.raises(Unavailable):
        await client.fetch_picture("http://elsewhere.example/p", "")


# What is never said


async def test_no_log_and_no_error_holds_a_token_a_secret_or_an_openid(
    fake: FakeWeChat, make: Make, pictures: TestServer, caplog: pytest.LogCaptureFixture, unused_tcp_port: int
) -> None:
    caplog.set_level(logging.DEBUG)
    asyncio.get_running_loop().set_debug(True)
    client = make()
    said: list[str] = []
    wrong = f"wrong-{SECRET[::-1]}"
    await client.send_text(OPENID, "悄悄话")
    fake.kill_tokens()
    await client.user_info(OPENID)
    token = fake.tokens[0]
    fake.answer("user/info", {"errcode": 40003, "errmsg": f"bad {fake.tokens[1]} and {SECRET}"})
    fake.answer("user/info", sleep, cut, cut, web.Response(status=502), web.Response(text="no json"))
    for _ in range(5):
        with pytest.raises(WeChatError) as caught:
            await client.user_info(OPENID)
        said += traceback.format_exception(caught.value)
        assert caught.value.__context__ is None
    with pytest.raises(WeChatError) as caught:
        await make(base_url=f"http://127.0.0.1:{unused_tcp_port}").user_info(OPENID)
    said += [*traceback.format_exception(caught.value), repr(client), repr(vars(client))]
    with pytest.raises(WeChatError) as caught:
        await make(app_secret=SecretStr(wrong)).user_info(OPENID)
    said += traceback.format_exception(caught.value)
    # The fake's own access log apart: it stands for WeChat's.
    said += [repr(vars(record)) for record in caplog.records if record.name != "aiohttp.access"]
    everything = "\n".join(said)
    assert "message/custom/send" in everything
    for secret in (SECRET, wrong, token, *fake.tokens, OPENID, "悄悄话"):
        assert secret not in everything


# --- who comes in ----------------------------------------------------------------------------------------------------

MINI = ("wxmini", SecretStr("very-secret-mini-secret"))


async def test_a_login_code_tells_who_it_is_and_the_session_key_goes_no_further(fake: FakeWeChat, make: Make) -> None:
    login = await make(mini_program=MINI).code_to_session("CODE")
    assert login == WeChatLogin("oLogin", "uLogin")
    assert not any("key" in name for name in login.__slots__)
    assert fake.queries[-1] == (
        "sns/jscode2session",
        {
            "appid": "wxmini",
            "secret": "very-secret-mini-secret",
            "js_code": "CODE",
            "grant_type": "authorization_code",
        },
    )
    assert fake.calls["stable_token"] == 0


async def test_a_web_code_is_asked_with_the_service_accounts_own_secret(fake: FakeWeChat, client: WeChatClient) -> None:
    fake.answer("sns/oauth2/access_token", {"openid": "o1", "access_token": "t", "is_snapshotuser": 1})
    assert await client.web_identity("CODE") == WeChatLogin("o1", None, virtual=True)
    path, query = fake.queries[-1]
    assert (path, query["appid"], query["secret"], query["code"]) == (
        "sns/oauth2/access_token",
        APP_ID,
        SECRET,
        "CODE",
    )


@pytest.mark.parametrize("code", [40029, 40163, 40226])
async def test_a_refused_login_keeps_its_code(fake: FakeWeChat, make: Make, code: int) -> None:
    fake.answer("sns/jscode2session", {"errcode": code, "errmsg": "refused very-secret-mini-secret"})
    with pytest.raises(BadRequest) as caught:
        await make(mini_program=MINI).code_to_session("CODE")
    assert caught.value.errcode == code
    assert "very-secret" not in str(caught.value)


async def test_a_login_is_asked_again_while_wechat_is_busy(fake: FakeWeChat, make: Make) -> None:
    fake.answer("sns/jscode2session", {"errcode": -1, "errmsg": "system error"})
    assert (await make(mini_program=MINI).code_to_session("CODE")).openid == "oLogin"
    fake.answer("sns/jscode2session", {"errcode": 45011, "errmsg": "too often"})
    with pytest.raises(Unavailable) as caught:
        await make(mini_program=MINI).code_to_session("CODE")
    assert caught.value.errcode == 45011


async def test_a_wrong_secret_at_the_login_is_ours_to_mend(fake: FakeWeChat, client: WeChatClient) -> None:
    fake.answer("sns/oauth2/access_token", {"errcode": 40001, "errmsg": "invalid credential"})
    with pytest.raises(Misconfigured):
        await client.web_identity("CODE")


async def test_without_a_mini_program_nothing_is_asked(fake: FakeWeChat, client: WeChatClient) -> None:
    with pytest.raises(Misconfigured):
        await client.code_to_session("CODE")
    assert fake.queries == []


async def test_the_ticket_is_fetched_once_and_shared_through_the_cache(fake: FakeWeChat, make: Make) -> None:
    cache = MemoryCache()
    first, second = make(cache), make(cache)
    tickets = await asyncio.gather(*(one.jsapi_ticket() for one in (first, second) for _ in range(5)))
    assert set(tickets) == {"TICKET-1"}
    assert fake.calls["ticket/getticket"] == 1
    # Beside the token, not in its place.
    assert await cache.get(f"wechat:token:{APP_ID}") == fake.tokens[-1].encode()
