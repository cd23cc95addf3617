"""The callback over HTTP: what it answers to WeChat, to WeChat's second and third attempt, and to strangers."""

import asyncio
import contextvars
import gzip
import io
import logging
import os
import random
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from bot import once, updates
from bot.callback import LARGEST_BODY, PATH, SORRY, add_callback_routes
from bot.replies import Later, Reply, Text
from bot.updates import Update
from config.settings import CallbackMode
from gateways.cache import MemoryCache, RedisCache
from tests.bot.wechat import (
    INBOUND,
    OLD_KEY,
    SAMPLES,
    crypto,
    event,
    opened_reply,
    plain_query,
    resigned,
    sealed,
    settings,
    text_message,
)
from workflow.ports import Cache, CacheUnavailable

REDIS_URL = os.environ.get("ZHUISU_TEST_REDIS_URL", "")
needs_redis = [
    pytest.mark.redis,
    pytest.mark.skipif(not REDIS_URL, reason="ZHUISU_TEST_REDIS_URL is not set: no Redis to test against"),
]
OPENID = "oPersonWhoMustNotBeLogged01"
Handle = Callable[[Update], Awaitable[Reply | None]]


class Phone:
    """WeChat's side: pushes to one process and reads its answers."""

    def __init__(self, server: TestServer, http: ClientSession) -> None:
        self.server = server
        self.http = http
        self.url = str(server.make_url(PATH))

    async def post(self, query: dict[str, str], body: Any, **more: Any) -> tuple[int, str]:
        async with self.http.post(self.url, params=query, data=body, **more) as response:
            return response.status, await response.text()

    async def says(self, content: str = "你好", **more: Any) -> str:
        """Send a text; the reply's own text, or ``success``."""
        return await self.pushes(text_message(content, **more))

    async def pushes(self, body: str | bytes) -> str:
        status, answer = await self.post(*sealed(body))
        assert status == 200
        return answer if answer == "success" else str(opened_reply(answer)["Content"])


Start = Callable[..., Awaitable[Phone]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    servers: list[TestServer] = []
    async with ClientSession() as http:

        async def start(
            handle: Handle, cache: Cache | None = None, mode: CallbackMode = CallbackMode.SAFE, **changed: Any
        ) -> Phone:
            async def dispatch(update: Update, _seconds: float) -> Reply | None:
                return await handle(update)

            app = web.Application()
            wechat = settings(mode, **changed)
            add_callback_routes(
                app, settings=wechat, crypto=crypto(mode), dispatcher=dispatch, cache=cache or MemoryCache()
            )
            server = TestServer(app, host="127.0.0.1")
            await server.start_server()
            servers.append(server)
            return Phone(server, http)

        yield start
        for server in servers:
            await server.close()


async def echo(update: Update) -> Reply | None:
    return Text(f"听到 {update.content}") if isinstance(update, updates.Text) else None


class Slow:
    """Answers when it is let go; counts its runs."""

    def __init__(self) -> None:
        self.runs = 0
        self.ended = 0
        self.cancelled = False
        self.go = asyncio.Event()

    async def __call__(self, _update: Update) -> Reply | None:
        self.runs += 1
        run = self.runs
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        self.ended += 1
        return Text(f"run {run}")


# Plain sailing


async def test_the_address_check(start: Start) -> None:
    phone = await start(echo)
    query = {
        "signature": "f464b24fc39322e44b38aa78f5edd27bd1441696",
        "timestamp": "1714036504",
        "nonce": "1514711492",
        "echostr": "4375120948345356249",
    }
    async with phone.http.get(phone.url, params=query) as response:
        assert (response.status, await response.read()) == (200, b"4375120948345356249")
        assert response.content_type == "text/plain"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
    for wrong in (query | {"signature": "0" * 40}, query | {"nonce": "1"}, {}):
        async with phone.http.get(phone.url, params=wrong) as response:
            assert (response.status, await response.text()) == (403, "bad-signature")


async def test_a_reply_goes_back_sealed_under_the_key_of_the_request(start: Start) -> None:
    phone = await start(echo)
    assert await phone.says("一") == "听到 一"
    status, answer = await phone.post(*sealed(text_message("二", message_id=2), key=OLD_KEY))
    fields = opened_reply(answer, OLD_KEY)
    assert (status, fields["Content"], fields["MsgType"]) == (200, "听到 二", "text")
    assert (fields["ToUserName"], fields["FromUserName"]) == ("fromUser", "toUser")
    assert abs(int(fields["CreateTime"]) - time.time()) < 5


async def test_nothing_to_say_is_success(start: Start) -> None:
    phone = await start(echo)
    assert await phone.post(*sealed(event("unsubscribe"))) == (200, "success")


async def test_plaintext_mode_answers_plainly(start: Start) -> None:
    phone = await start(echo, mode=CallbackMode.PLAINTEXT)
    status, answer = await phone.post(plain_query(), text_message("一").encode())
    assert status == 200
    assert "<Content><![CDATA[听到 一]]></Content>" in answer


@pytest.mark.parametrize("name", INBOUND)
async def test_every_recorded_body_is_taken(start: Start, name: str) -> None:
    phone = await start(echo)
    status, answer = await phone.post(*sealed((SAMPLES / name).read_bytes(), as_json=name.endswith(".json")))
    assert status == 200
    assert (answer == "success") == (name != "MpMessage-TextMessageEvent.xml")


async def test_an_update_for_another_account_is_taken_and_noted(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    phone = await start(echo, original_id="gh_ours")
    assert await phone.says("一") == "听到 一"
    assert "another original id" in caplog.text


# Attempts


async def test_a_retry_waits_for_the_work_that_runs(start: Start) -> None:
    slow = Slow()
    phone = await start(slow)
    first, second = asyncio.create_task(phone.says()), asyncio.create_task(phone.says())
    await asyncio.sleep(0.1)
    slow.go.set()
    assert await asyncio.gather(first, second) == ["run 1", "run 1"]
    assert slow.runs == 1


async def test_a_retry_after_the_end_gets_the_same_reply_anew_sealed(start: Start) -> None:
    slow = Slow()
    slow.go.set()
    phone = await start(slow)
    assert [await phone.says() for _ in range(3)] == ["run 1"] * 3
    assert await phone.says(message_id=2) == "run 2"
    assert await phone.says(openid="another") == "run 3"


async def test_nothing_to_say_is_said_again_without_work(start: Start) -> None:
    runs = 0

    async def handle(_update: Update) -> Reply | None:
        nonlocal runs
        runs += 1
        return None

    phone = await start(handle)
    assert [await phone.says() for _ in range(3)] == ["success"] * 3
    assert runs == 1


async def test_at_the_deadline_success_goes_out_and_the_work_goes_on(start: Start) -> None:
    slow = Slow()
    phone = await start(slow, reply_seconds=0.15)
    began = time.perf_counter()
    assert await phone.says() == "success"
    assert 0.14 < time.perf_counter() - began < 2
    slow.go.set()
    await asyncio.sleep(0.02)
    assert (slow.ended, slow.cancelled) == (1, False)
    assert await phone.says() == "run 1"


async def test_later_is_success_and_the_next_attempt_works_anew(start: Start) -> None:
    answers: list[Reply | None] = [Later(), Later(), Text("终于")]

    async def handle(_update: Update) -> Reply | None:
        return answers.pop(0)

    phone = await start(handle)
    assert [await phone.says() for _ in range(4)] == ["success", "success", "终于", "终于"]


async def test_a_failure_is_told_gently_once_and_the_next_attempt_works_anew(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    runs = 0

    async def handle(_update: Update) -> Reply | None:
        nonlocal runs
        runs += 1
        if runs == 1:
            raise RuntimeError("database is away")
        return Text("好")

    phone = await start(handle)
    assert await phone.says(openid=OPENID) == SORRY.content
    assert "database is away" in caplog.text
    assert "m:" in caplog.text
    assert OPENID not in caplog.text
    assert await phone.says(openid=OPENID) == "好"


async def test_a_reply_that_cannot_be_rendered_is_a_failure(start: Start) -> None:
    async def handle(_update: Update) -> Any:
        return "not a reply"

    assert await (await start(handle)).says() == SORRY.content


async def test_a_failure_that_nobody_waits_for_is_sent_again(start: Start) -> None:
    """An unsubscribe that was not carried out must come again: WeChat repeats what is not answered 200."""

    async def handle(_update: Update) -> Reply | None:
        raise RuntimeError

    phone = await start(handle)
    assert await phone.post(*sealed(event("unsubscribe"))) == (503, "later")
    assert await phone.pushes(event("CLICK", "<EventKey>a</EventKey>")) == SORRY.content


async def test_a_client_that_leaves_does_not_stop_the_work(start: Start) -> None:
    slow = Slow()
    phone = await start(slow, reply_seconds=2)
    leaving = asyncio.create_task(phone.says())
    await asyncio.sleep(0.05)
    leaving.cancel()
    await asyncio.sleep(0.05)
    slow.go.set()
    await asyncio.sleep(0.02)
    assert (slow.ended, slow.cancelled) == (1, False)
    assert await phone.says() == "run 1"


async def test_work_has_a_context_of_its_own(start: Start) -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="nothing")
    seen: list[str] = []

    async def handle(_update: Update) -> Reply | None:
        seen.append(variable.get())
        variable.set("a handler's")
        return None

    variable.set("the application's")
    phone = await start(handle)
    variable.set("a request's")
    await phone.says(message_id=1)
    await phone.says(message_id=2)
    assert seen == ["the application's"] * 2


async def test_shutdown_waits_for_the_work(start: Start) -> None:
    slow = Slow()
    phone = await start(slow, reply_seconds=0.05)
    assert await phone.says() == "success"
    closing = asyncio.create_task(phone.server.close())
    await asyncio.sleep(0.05)
    assert not closing.done()
    slow.go.set()
    await closing
    assert (slow.ended, slow.cancelled) == (1, False)


async def test_shutdown_does_not_wait_for_ever(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.callback.DRAIN_SECONDS", 0.05)
    slow, cache = Slow(), MemoryCache()
    phone = await start(slow, cache, reply_seconds=0.05)
    assert await phone.says() == "success"
    await phone.server.close()
    assert slow.cancelled
    after = await start(echo, cache)  # the mark is gone with the work
    assert await after.says("一") == "听到 一"


# Several processes


@pytest.fixture(params=["memory", pytest.param("redis", marks=needs_redis)])
async def caches(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Cache, Cache]]:
    """What two processes hold: each its own way to one cache."""
    if request.param == "memory":
        cache = MemoryCache()
        yield cache, cache
        return
    prefix = f"test-{secrets.token_hex(8)}:"
    one, two = (RedisCache.from_url(REDIS_URL, prefix=prefix) for _ in range(2))
    yield one, two
    await one.aclose()
    await two.aclose()


async def test_a_retry_at_another_process_gets_the_first_ones_reply(start: Start, caches: tuple[Cache, Cache]) -> None:
    slow = Slow()
    one, two = await start(slow, caches[0]), await start(slow, caches[1])
    first = asyncio.create_task(one.says())
    await asyncio.sleep(0.05)
    second = asyncio.create_task(two.says())
    await asyncio.sleep(0.05)
    slow.go.set()
    assert await asyncio.gather(first, second) == ["run 1", "run 1"]
    assert slow.runs == 1
    assert await two.says() == "run 1"


async def test_a_retry_at_another_process_ends_with_success_at_its_deadline(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(once, "LEASE_SECONDS", 0.2)  # renewed in time, though shorter than the work
    cache, slow = MemoryCache(), Slow()
    one, two = [await start(slow, cache, reply_seconds=0.4) for _ in range(2)]
    assert await asyncio.gather(one.says(), two.says()) == ["success", "success"]
    assert await two.says() == "success"
    assert slow.runs == 1
    slow.go.set()
    await asyncio.sleep(0.02)
    assert await two.says() == "run 1"


async def test_a_retry_takes_over_from_a_process_that_died(start: Start) -> None:
    cache = MemoryCache()
    key = updates.parse(text_message("一").encode()).dedupe
    await cache.put(f"update:{key}", b"running:somebody-who-died", 0.15)
    assert await (await start(echo, cache)).says("一") == "听到 一"


async def test_after_later_another_process_works_anew(start: Start, caches: tuple[Cache, Cache]) -> None:
    async def later(_update: Update) -> Reply | None:
        return Later()

    one, two = await start(later, caches[0]), await start(echo, caches[1])
    assert await one.says("一") == "success"
    assert await two.says("一") == "听到 一"


async def test_without_the_cache_people_are_still_answered(start: Start) -> None:
    class Broken(MemoryCache):
        async def get(self, key: str) -> bytes | None:
            raise CacheUnavailable("gone")

        async def put(self, key: str, value: bytes, seconds: float, *, only_new: bool = False) -> bool:
            raise CacheUnavailable("gone")

        async def delete(self, key: str, *, only: bytes | None = None) -> bool:
            raise CacheUnavailable("gone")

    slow = Slow()
    phone = await start(slow, Broken())
    first, second = asyncio.create_task(phone.says()), asyncio.create_task(phone.says())
    await asyncio.sleep(0.1)
    slow.go.set()
    assert await asyncio.gather(first, second) == ["run 1", "run 1"]


async def test_a_mark_that_was_ours_all_along_is_taken_as_ours() -> None:
    class AnswerLost(MemoryCache):
        """The first put arrives, its answer does not: the repeated one finds the key taken."""

        async def put(self, key: str, value: bytes, seconds: float, *, only_new: bool = False) -> bool:
            await super().put(key, value, seconds, only_new=only_new)
            return await super().put(key, value, seconds, only_new=only_new)

    async def work() -> once.Outcome:
        return once.Outcome("done")

    assert await once.Once(AnswerLost()).body("k", work, 0.3) == "done"


# Strangers


async def test_strangers_are_refused_briefly(start: Start) -> None:
    phone = await start(echo)
    query, body = sealed(text_message())
    plain = text_message().encode()
    cases = [
        (query | {"msg_signature": "0" * 40}, body, (403, "bad-signature")),
        (*sealed(text_message(), timestamp=time.time() - 3600), (403, "stale-timestamp")),
        (*sealed(text_message(), app_id="wxanother"), (403, "wrong-app-id")),
        (*resigned(query, "!!"), (403, "bad-ciphertext")),
        (plain_query(), plain, (403, "plaintext-not-accepted")),
        (query, plain, (400, "malformed-body")),
        (query, b"", (400, "malformed-body")),
        ({}, b"", (403, "plaintext-not-accepted")),
        (*sealed("<xml/>"), (400, "malformed-body")),
        (*sealed("no xml"), (400, "malformed-body")),
        (*sealed('<!DOCTYPE x [<!ENTITY a "b">]><xml><MsgType>&a;</MsgType></xml>'), (400, "malformed-body")),
    ]
    for query, body, expected in cases:
        assert await phone.post(query, body) == expected
    async with phone.http.put(phone.url) as response:
        assert response.status == 405


async def test_a_body_of_20_mb_is_refused_without_being_read(start: Start) -> None:
    phone = await start(echo)
    sent = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(320):
            yield b"x" * 65536
            sent += 65536
            await asyncio.sleep(0)

    reader, writer = await asyncio.open_connection("127.0.0.1", phone.server.port)
    writer.write(f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: {20 * 2**20}\r\n\r\n".encode())
    assert b"413" in await asyncio.wait_for(reader.readline(), 1)  # not one byte of the body was needed
    writer.close()
    began = time.perf_counter()
    async with phone.http.post(phone.url, params=plain_query(), data=body()) as response:  # chunked: no length told
        assert (response.status, await response.text()) == (413, "body-too-large")
    assert time.perf_counter() - began < 5
    assert sent < 20 * 2**20


async def test_a_body_just_small_enough_is_looked_at(start: Start) -> None:
    phone = await start(echo)
    query, _ = sealed(text_message())
    assert await phone.post(query, io.BytesIO(b"x" * LARGEST_BODY)) == (400, "malformed-body")
    assert await phone.post(query, io.BytesIO(b"x" * (LARGEST_BODY + 1))) == (413, "body-too-large")


async def test_a_body_that_does_not_come_is_not_waited_for(start: Start) -> None:
    phone = await start(echo, reply_seconds=0.1)
    reader, writer = await asyncio.open_connection("127.0.0.1", phone.server.port)
    writer.write(f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc".encode())
    assert b"408" in await asyncio.wait_for(reader.readline(), 1)
    writer.close()


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"Content-Encoding": "gzip"}, b"not gzip at all"),
        ({"Content-Encoding": "deflate"}, b"\xff\xff"),
        ({"Content-Encoding": "gzip"}, gzip.compress(b"x" * 5_000_000)),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"a=b"),
        ({"Content-Type": "multipart/form-data; boundary=x"}, b"--x"),
        ({"Content-Type": "text/xml; charset=nonsense"}, b"<xml/>"),
        ({"Content-Type": ";;;"}, b"<xml/>"),
    ],
)
async def test_odd_headers_are_no_reason_to_fail(start: Start, headers: dict[str, str], body: bytes) -> None:
    phone = await start(echo)
    status, answer = await phone.post(sealed("")[0], body, headers=headers)
    assert status in {400, 403, 413}
    assert len(answer) < 200
    assert "Traceback" not in answer


FRAGMENTS = [b"", b"<", b"&", b"\x00", b"\xff", b"]]>", b"</xml>", b"<xml>", b"{", b"1e999", b"<List/>", "追".encode()]


async def test_nothing_is_answered_500(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    """Mutated updates in good envelopes, mutated envelopes, mutated queries: a few hundred of each."""
    phone = await start(echo)
    chance = random.Random(20261124)
    seen: set[int] = set()

    def mutated(body: bytes) -> bytes:
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(body) + 1)
            body = body[:at] + chance.choice(FRAGMENTS) + body[at + chance.randrange(12) :]
        return body

    for i in range(600):
        inner = (SAMPLES / chance.choice(INBOUND)).read_bytes()
        if i % 3 == 0:
            query, body = sealed(mutated(inner).decode(errors="replace"))
        else:
            query, body = sealed(inner)
            if i % 3 == 1:
                body = mutated(body)
            else:
                name = chance.choice(sorted(query))
                query[name] = chance.choice(["", "0", "签", "x" * 500, query[name][:-1], "\x00"])
        status, answer = await phone.post(query, body)
        assert status in {200, 400, 403}, (query, body)
        assert "Traceback" not in answer
        seen.add(status)
    assert seen == {200, 400, 403}
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_logs_hold_nothing_of_the_person(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def slow_then_fail(update: Update) -> Reply | None:
        if isinstance(update, updates.Text) and update.content == "慢的悄悄话":
            await asyncio.sleep(0.2)
        raise RuntimeError("failed")

    phone = await start(slow_then_fail, reply_seconds=0.1, original_id="gh_ours")
    await phone.says("悄悄话", openid=OPENID)
    await phone.says("慢的悄悄话", openid=OPENID, message_id=2)
    query, body = sealed(text_message("悄悄话", openid=OPENID))
    await phone.post(query | {"msg_signature": "0"}, body)
    await phone.post(*sealed(text_message("悄悄话", openid=OPENID)[:-5]))
    await asyncio.sleep(0.2)
    said = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("bot"))
    assert "callback refused: bad-signature" in said
    assert "no answer in time" in said
    assert OPENID not in caplog.text
    assert "悄悄话" not in caplog.text
