"""Webhooks leave for public addresses only, whatever their names mean at that moment, and learn a status, no more."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from config.settings import Environment, Settings
from gateways.webhook_sender import AddressRefused, AiohttpWebhookSender, CheckedResolver
from workflow.ports import Posted

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@pytest.fixture
async def sender() -> AsyncIterator[AiohttpWebhookSender]:
    made = AiohttpWebhookSender(loopback=True, seconds=0.3)
    yield made
    await made.aclose()


@pytest.fixture
async def strict() -> AsyncIterator[AiohttpWebhookSender]:
    """As in production."""
    made = AiohttpWebhookSender()
    yield made
    await made.aclose()


def names(monkeypatch: pytest.MonkeyPatch, **addresses: list[str]) -> None:
    """What names resolve to, instead of asking a server."""

    async def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        found = addresses.get(host.lower().replace(".", "_"))
        if found is None:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return [
            (socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in found
        ]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)


# --- where to --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hook",  # not https
        "ftp://example.com/hook",
        "//example.com/hook",
        "example.com/hook",
        "https:///hook",
        "https://]/hook",
        "https://[/hook",
        "https://user:secret@example.com/hook",
        "https://user@example.com/hook",
        "https://example.com/hook#part",
        "https://example.com:0/hook",
        "https://example.com:99999/hook",
        "https://example .com/hook",
        "https://example.com/ho ok",
        "https://exam\nple.com/hook",
        "https://例子.中国/hook",  # to be written as xn--…, as it is looked up
        "https://hook",  # a name of our own network
        "https://localhost/hook",
        "https://127.0.0.1/hook",
        "https://127.1/hook",
        "https://2130706433/hook",
        "https://0x7f000001/hook",
        "https://0x7f.0.0.1/hook",
        "https://0177.0.0.1/hook",
        "https://example.com.0x7f/hook",
        "https://0.0.0.0/hook",
        "https://10.0.0.1/hook",
        "https://172.16.0.1/hook",
        "https://192.168.1.1/hook",
        "https://100.64.0.1/hook",
        "https://169.254.169.254/latest/meta-data",
        "https://192.0.2.1/hook",
        "https://224.0.0.1/hook",
        "https://240.0.0.1/hook",
        "https://255.255.255.255/hook",
        "https://[::]/hook",
        "https://[::1]/hook",
        "https://[::ffff:127.0.0.1]/hook",
        "https://[::ffff:8.8.8.8]/hook",
        "https://[64:ff9b::7f00:1]/hook",
        "https://[2002:7f00:1::]/hook",
        "https://[2001:db8::1]/hook",
        "https://[fe80::1]/hook",
        "https://[fe80::1%25eth0]/hook",
        "https://[fc00::1]/hook",
        "https://[fec0::1]/hook",
        "https://[ff02::1]/hook",
    ],
)
async def test_addresses_that_are_refused_in_production(strict: AiohttpWebhookSender, url: str) -> None:
    assert await strict.refusal(url)
    assert (await strict.post(url, b"{}", {})) == Posted(None, "address_refused")


@pytest.mark.parametrize(
    ("addresses", "fine"),
    [
        (["93.184.216.34"], True),
        (["2606:2800:220:1::1"], True),
        (["93.184.216.34", "2606:2800:220:1::1"], True),
        (["10.0.0.1"], False),
        (["127.0.0.1"], False),
        (["::1"], False),
        (["fe80::1%eth0"], False),
        (["::ffff:10.0.0.1"], False),
        (["169.254.169.254"], False),
        (["93.184.216.34", "192.168.0.1"], False),  # one of both is enough
    ],
)
async def test_a_name_is_as_good_as_all_its_addresses(
    strict: AiohttpWebhookSender, monkeypatch: pytest.MonkeyPatch, addresses: list[str], fine: bool
) -> None:
    names(monkeypatch, example_com=addresses)
    assert (await strict.refusal("https://example.com/hook") == "") is fine
    assert (await strict.refusal("https://Example.COM:8443/hook?a=%zz") == "") is fine
    if fine:
        found = await CheckedResolver(loopback=False).resolve("example.com", 443)
        assert [one["host"] for one in found] == addresses  # and the connection goes to these
    else:
        with pytest.raises(AddressRefused):
            await CheckedResolver(loopback=False).resolve("example.com", 443)
        # Also where it was fine when it was registered.
        assert (await strict.post("https://example.com/hook", b"{}", {})) == Posted(None, "address_refused")


async def test_a_name_that_is_none_is_said_to_be_none(
    strict: AiohttpWebhookSender, monkeypatch: pytest.MonkeyPatch
) -> None:
    names(monkeypatch)
    assert "解析不到" in await strict.refusal("https://example.com/hook")
    assert await strict.post("https://example.com/hook", b"{}", {}) == Posted(None, "name_not_resolved")


async def test_in_development_loopback_is_let_in_and_nothing_else_that_is_private(
    sender: AiohttpWebhookSender,
) -> None:
    assert await sender.refusal("http://127.0.0.1:8080/hook") == ""
    assert await sender.refusal("http://localhost:8080/hook") == ""
    assert await sender.refusal("http://192.168.0.1/hook")
    assert await sender.refusal("https://10.0.0.1/hook")


@pytest.mark.parametrize("environment", list(Environment))
async def test_only_in_production_is_this_machine_no_receiver(environment: Environment) -> None:
    made = AiohttpWebhookSender.from_settings(Settings.model_construct(environment=environment))
    assert (await made.refusal("http://127.0.0.1:8080/hook") == "") is (environment is not Environment.PRODUCTION)


# --- what comes back -------------------------------------------------------------------------------------------------


async def answered(sender: AiohttpWebhookSender, handler: Handler) -> Posted:
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", handler)
    async with TestServer(app) as server:
        return await sender.post(
            f"http://127.0.0.1:{server.port}/hook?a=1&b=%2F", b'{"a":1}', {"X-Zhuisu-Delivery": "d"}
        )


async def test_a_post_arrives_as_it_is(sender: AiohttpWebhookSender) -> None:
    seen: list[Any] = []

    async def receive(request: web.Request) -> web.Response:
        seen.append((request.method, request.raw_path, request.headers["X-Zhuisu-Delivery"], await request.read()))
        return web.Response(status=204, headers={"Set-Cookie": "a=b"})

    assert await answered(sender, receive) == Posted(204, "")
    assert seen == [("POST", "/hook?a=1&b=%2F", "d", b'{"a":1}')]


async def test_a_redirect_is_not_followed(sender: AiohttpWebhookSender) -> None:
    asked: list[str] = []

    async def elsewhere(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=307, headers={"Location": "/elsewhere"})

    assert await answered(sender, elsewhere) == Posted(307, "HTTP 307")
    assert asked == ["/hook"]


async def test_a_receiver_that_does_not_answer_is_a_timeout(sender: AiohttpWebhookSender) -> None:
    over = asyncio.Event()

    async def wait(_: web.Request) -> web.Response:
        await over.wait()
        return web.Response()

    try:
        assert await answered(sender, wait) == Posted(None, "timeout")
    finally:
        over.set()


async def test_an_endless_answer_is_not_read(sender: AiohttpWebhookSender) -> None:
    async def pour(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"x" * 65536)
        except (ConnectionError, asyncio.CancelledError):
            return response

    assert await answered(sender, pour) == Posted(200, "")


async def test_nobody_there_is_an_error_without_a_status(sender: AiohttpWebhookSender) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        posted = await sender.post(f"http://127.0.0.1:{taken.getsockname()[1]}/hook", b"{}", {})
    assert posted.status is None
    assert posted.error == "ClientConnectorError"
