"""A bot that does what a test tells it, and a simulator that pushes to it."""

import io
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio
import xmltodict
from aiohttp import FormData, web
from aiohttp.test_utils import TestClient, TestServer
from wechatpy.crypto import WeChatCrypto

from config.settings import CallbackMode, Settings
from simulator import WORLD, World, create_simulator

ATTEMPT_SECONDS = 0.3


@dataclass
class Bot:
    """The callback's side, opened with another implementation of the crypto than the simulator's own."""

    settings: Settings
    handle: Callable[["Bot", web.Request, dict[str, Any]], Awaitable[web.StreamResponse]] | None = None
    queries: list[dict[str, str]] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    received: list[dict[str, Any]] = field(default_factory=list)
    plain: list[str] = field(default_factory=list)
    url: str = ""

    @property
    def crypto(self) -> WeChatCrypto:
        wechat = self.settings.wechat
        return WeChatCrypto(wechat.token.get_secret_value(), wechat.aes_key.get_secret_value(), wechat.app_id)

    async def callback(self, request: web.Request) -> web.StreamResponse:
        if request.method == "GET":
            return web.Response(text=request.query["echostr"])
        query, raw = dict(request.query), await request.read()
        plain = raw.decode()
        if query.get("encrypt_type") == "aes":
            plain = self.crypto.decrypt_message(plain, query["msg_signature"], query["timestamp"], query["nonce"])
        plain = plain if isinstance(plain, str) else plain.decode()
        fields = xmltodict.parse(plain)["xml"] if plain.startswith("<xml>") else {}
        self.queries.append(query)
        self.raw.append(raw)
        self.plain.append(plain)
        self.received.append(fields)
        if self.handle is None:
            return web.Response(text="success")
        return await self.handle(self, request, fields)

    def answers(self, make: Callable[[dict[str, Any]], str]) -> None:
        """Answer every push with ``make(fields)``, encrypted."""

        async def handle(bot: "Bot", request: web.Request, fields: dict[str, Any]) -> web.Response:
            return web.Response(text=bot.sealed(make(fields), request))

        self.handle = handle

    def sealed(self, plain: str, request: web.Request) -> str:
        """``plain`` as an encrypted reply."""
        return self.crypto.encrypt_message(plain, request.query["nonce"], request.query["timestamp"])


def text_reply(fields: dict[str, Any], content: str = "好的") -> str:
    """A correct passive text reply to ``fields``."""
    return (
        f"<xml><ToUserName><![CDATA[{fields['FromUserName']}]]></ToUserName>"
        f"<FromUserName><![CDATA[{fields['ToUserName']}]]></FromUserName><CreateTime>1</CreateTime>"
        f"<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{content}]]></Content></xml>"
    )


@dataclass
class Desk:
    """The simulator as a test drives it."""

    client: TestClient
    world: World
    bot: Bot
    settings: Settings
    _token: str = ""

    async def act(self, user: str, what: str = "messages", **fields: Any) -> dict[str, Any]:
        """What ``user`` does; waits for nothing unless told."""
        status, answer = await self.tried(user, what, **fields)
        assert status == 200, answer
        return answer

    async def tried(self, user: str, what: str = "messages", **fields: Any) -> tuple[int, dict[str, Any]]:
        """The same, when it may be refused."""
        form = FormData(default_to_multipart=True)
        file = fields.pop("file", None)
        for name, value in {"wait": 0, **fields}.items():
            form.add_field(name, str(value))
        if file is not None:
            form.add_field("file", io.BytesIO(file), filename="photo.jpg")
        async with self.client.post(f"/sim/users/{user}/{what}", data=form) as response:
            return response.status, await response.json()

    async def say(self, user: str, content: str = "你好", **fields: Any) -> dict[str, Any]:
        return await self.act(user, type="text", content=content, **fields)

    async def chat(self, user: str) -> list[dict[str, Any]]:
        async with self.client.get(f"/sim/users/{user}/chat") as response:
            return await response.json()

    async def credentials(self) -> dict[str, str]:
        wechat = self.settings.wechat
        return {"appid": wechat.app_id, "secret": wechat.app_secret.get_secret_value()}

    async def token(self) -> str:
        if not self._token:
            body = {"grant_type": "client_credential", **await self.credentials()}
            async with self.client.post("/sim/api/cgi-bin/stable_token", json=body) as response:
                self._token = (await response.json())["access_token"]
        return self._token

    async def api(self, path: str, *, method: str = "POST", data: Any = None, **query: Any) -> dict[str, Any]:
        """An API call with a good token (unless ``access_token`` is given) and a JSON answer."""
        query = {"access_token": await self.token(), **query}
        async with self.client.request(method, f"/sim/api{path}", params=query, data=data) as response:
            assert response.status == 200
            return await response.json(content_type=None)

    async def send(self, user: str, content: str = "结果") -> int:
        """A customer-service text; its errcode."""
        body = f'{{"touser":"{self.openid(user)}","msgtype":"text","text":{{"content":"{content}"}}}}'
        return (await self.api("/cgi-bin/message/custom/send", data=body.encode()))["errcode"]

    def openid(self, user: str) -> str:
        return self.world.people.of(user).openid


@pytest.fixture
def settings(tmp_path, request) -> Settings:
    mode = getattr(request, "param", CallbackMode.SAFE)
    return Settings(data_dir=tmp_path, wechat={"mode": mode})


@pytest_asyncio.fixture
async def bot(settings) -> AsyncIterator[Bot]:
    bot = Bot(settings)
    app = web.Application()
    app.router.add_route("*", "/wechat/callback", bot.callback)
    async with TestServer(app, host="127.0.0.1") as server:
        bot.url = str(server.make_url("/wechat/callback"))
        yield bot


@pytest_asyncio.fixture
async def desk(settings, bot) -> AsyncIterator[Desk]:
    simulator = create_simulator(
        settings, callback_url=bot.url, base_url="http://127.0.0.1/sim", attempt_seconds=ATTEMPT_SECONDS
    )
    app = web.Application()
    app.add_subapp("/sim", simulator)
    async with TestClient(TestServer(app, host="127.0.0.1")) as client:
        world = simulator[WORLD]
        world.base_url = str(client.make_url("/sim"))
        yield Desk(client, world, bot, settings)
