"""The service account's server API. Tokens and retries are seen to here; callers see typed errors only."""

import asyncio
import io
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Self

import aiohttp
from pydantic import SecretStr

from config.clock import real_seconds
from config.settings import Settings
from gateways.wechat.errors import BUSY, STALE_TOKEN, error_for, unavailable
from gateways.wechat.tokens import TokenProvider
from gateways.wechat.transport import Answer, Transport, to_json, verdict
from workflow.ports import BadRequest, Cache, Misconfigured, QrTicket, TextVerdict, WeChatLogin

_ATTEMPTS = 3
"""A call that WeChat was too busy for is made this often, in all."""

_COMMENT = 2
"""``scene`` of a text that others will read below something."""
_LONGEST_CHECKED = 2500

_LONGEST_QR = 30 * 24 * 3600


class WeChatClient:
    """:class:`workflow.ports.WeChat` for one app id.

    ``base_url`` is ``https://api.weixin.qq.com`` or whatever stands in for it. ``media_hosts`` are the hosts, with all
    below them, that a picture may be fetched from. ``mini_program`` is the app id and secret of the mini-program.
    A ``session`` that is passed in is left open by :meth:`aclose`.
    """

    def __init__(
        self,
        *,
        app_id: str,
        app_secret: SecretStr,
        base_url: str,
        cache: Cache,
        media_hosts: Sequence[str],
        mini_program: tuple[str, SecretStr] | None = None,
        max_picture_bytes: int = 20 * 2**20,
        session: aiohttp.ClientSession | None = None,
        timeout_seconds: float = 10.0,
        backoff_seconds: float = 0.3,
    ) -> None:
        self._app_id = app_id
        self._app_secret = app_secret
        self._media_hosts = tuple(host.lower().strip(".") for host in media_hosts)
        self._max_picture_bytes = max_picture_bytes
        self._transport = Transport(base_url, session=session, timeout_seconds=timeout_seconds)
        self._backoff = backoff_seconds
        self._mini_program = mini_program
        self._tokens = TokenProvider(f"wechat:token:{app_id}", cache=cache, fetch=self._fetch_token)
        mini_id = mini_program[0] if mini_program else ""
        self._mini_tokens = TokenProvider(f"wechat:token:{mini_id}", cache=cache, fetch=self._fetch_mini_token)
        self._tickets = TokenProvider(f"wechat:jsapi_ticket:{app_id}", cache=cache, fetch=self._fetch_ticket)

    @classmethod
    def from_settings(cls, settings: Settings, cache: Cache, session: aiohttp.ClientSession | None = None) -> Self:
        """The client of the account that the settings name."""
        mini_program = settings.resolved_mini_program()
        return cls(
            app_id=settings.wechat.app_id,
            app_secret=settings.wechat.app_secret,
            base_url=settings.resolved_api_base(),
            cache=cache,
            media_hosts=settings.media_hosts(),
            mini_program=(mini_program.app_id, mini_program.app_secret) if mini_program.app_id else None,
            max_picture_bytes=settings.max_upload_mb * 2**20,
            session=session,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections that are our own."""
        await self._transport.aclose()

    # Pictures

    async def fetch_picture(self, pic_url: str, media_id: str) -> bytes:
        """The picture of an inbound message: by ``pic_url`` from an allowed host, else by ``media_id``.

        ``pic_url`` comes first because it costs neither a token nor quota. Raises :class:`PictureTooLarge`, and for
        ``media_id`` the errors of any call (40007 BadRequest: it has expired).
        """
        if pic_url:
            data = await self._transport.download(pic_url, hosts=self._media_hosts, limit=self._max_picture_bytes)
            if data is not None:
                return data
        if not media_id:
            raise unavailable("the picture's address gave no picture")
        answer = await self._call("GET", "/cgi-bin/media/get", params={"media_id": media_id}, picture=True)
        if not isinstance(answer, bytes):
            raise BadRequest(None, "media/get answered no picture")
        return answer

    async def upload_image(self, jpeg: bytes) -> str:
        """Upload a temporary image (at most 2 MB) and return its media id (3 days)."""

        def form() -> aiohttp.FormData:  # made anew for every attempt: a form is sent once
            data = aiohttp.FormData()
            data.add_field("media", io.BytesIO(jpeg), filename="picture.jpg", content_type="image/jpeg")
            return data

        answer = await self._call("POST", "/cgi-bin/media/upload", params={"type": "image"}, form=form)
        return _text_of(answer, "media_id")

    # Customer-service messages

    async def send_text(self, openid: str, text: str) -> None:
        """One customer-service text."""
        await self._send({"touser": openid, "msgtype": "text", "text": {"content": text}})

    async def send_image(self, openid: str, media_id: str) -> None:
        """One customer-service picture."""
        await self._send({"touser": openid, "msgtype": "image", "image": {"media_id": media_id}})

    async def _send(self, message: dict[str, Any]) -> None:
        await self._call("POST", "/cgi-bin/message/custom/send", body=message, delivers=True)

    # Subscribe and template messages

    async def send_subscribe(self, openid: str, template: str, fields: Mapping[str, str], url: str) -> str:
        """One subscribe message (订阅通知); its number, empty where WeChat tells none."""
        message = _message(openid, template, fields) | ({"page": url} if url else {})
        return _message_id_of(
            await self._call("POST", "/cgi-bin/message/subscribe/bizsend", body=message, delivers=True)
        )

    async def send_template(
        self, openid: str, template: str, fields: Mapping[str, str], url: str, client_id: str
    ) -> str:
        """One template message (模板消息); a ``client_id`` (at most 32 characters) is delivered once in ten minutes."""
        message = _message(openid, template, fields) | {"client_msg_id": client_id} | ({"url": url} if url else {})
        return _message_id_of(await self._call("POST", "/cgi-bin/message/template/send", body=message, delivers=True))

    # The account

    async def create_menu(self, menu: dict[str, Any]) -> None:
        """Replace the account's menu."""
        await self._call("POST", "/cgi-bin/menu/create", body=menu)

    async def create_qr(self, scene: str, seconds: int | None) -> QrTicket:
        """A parametric QR for ``scene`` (1–64 characters); ``seconds`` (at most 30 days) None: permanent."""
        if not 1 <= len(scene) <= 64:
            raise BadRequest(None, "a scene has 1 to 64 characters")
        if seconds is not None and not 1 <= seconds <= _LONGEST_QR:
            raise BadRequest(None, f"a temporary QR code lives 1 to {_LONGEST_QR} seconds")
        body: dict[str, Any] = {"action_info": {"scene": {"scene_str": scene}}}
        if seconds is None:
            body |= {"action_name": "QR_LIMIT_STR_SCENE"}
        else:
            body |= {"action_name": "QR_STR_SCENE", "expire_seconds": seconds}
        answer = await self._call("POST", "/cgi-bin/qrcode/create", body=body)
        expires = answer.get("expire_seconds") if isinstance(answer, dict) else None
        return QrTicket(
            ticket=_text_of(answer, "ticket"),
            url=_text_of(answer, "url"),
            expires_in=expires if isinstance(expires, int) and seconds is not None else None,
        )

    async def user_info(self, openid: str) -> dict[str, Any]:
        """What WeChat tells of a follower: subscribe, unionid, subscribe_time …"""
        answer = await self._call("GET", "/cgi-bin/user/info", params={"openid": openid, "lang": "zh_CN"})
        return answer if isinstance(answer, dict) else {}

    # Who comes in

    async def code_to_session(self, code: str) -> WeChatLogin:
        """Whose ``wx.login`` code of the mini-program this is; :class:`Misconfigured` where there is no mini-program.

        The session key that comes with the answer goes no further than this.
        """
        if self._mini_program is None:
            raise Misconfigured(None, "no mini-program is configured")
        app_id, secret = self._mini_program
        query = {"appid": app_id, "secret": secret.get_secret_value(), "js_code": code}
        return await self._login("/sns/jscode2session", query)

    async def check_text(self, openid: str, text: str) -> TextVerdict:
        """What WeChat says of a comment by a person of the mini-program; :class:`NotReachable` (61010) where they were
        not in it within two hours."""
        if self._mini_program is None:
            raise Misconfigured(None, "no mini-program is configured")
        body = {"version": 2, "scene": _COMMENT, "openid": openid, "content": text[:_LONGEST_CHECKED]}
        answer = await self._call("POST", "/wxa/msg_sec_check", body=body, tokens=self._mini_tokens)
        result = answer.get("result") if isinstance(answer, dict) else None
        suggested = result.get("suggest") if isinstance(result, dict) else None
        if suggested not in set(TextVerdict):
            raise unavailable("the answer has no verdict")
        return TextVerdict(suggested)

    async def web_identity(self, code: str) -> WeChatLogin:
        """Whose code of the service account's web authorisation this is."""
        query = {"appid": self._app_id, "secret": self._app_secret.get_secret_value(), "code": code}
        return await self._login("/sns/oauth2/access_token", query)

    async def _login(self, path: str, query: dict[str, str]) -> WeChatLogin:
        answer = await self._by_secret("GET", path, {**query, "grant_type": "authorization_code"})
        unionid = answer.get("unionid") if isinstance(answer, dict) else None
        virtual = isinstance(answer, dict) and answer.get("is_snapshotuser") == 1
        return WeChatLogin(_text_of(answer, "openid"), unionid if isinstance(unionid, str) else None, virtual)

    async def jsapi_ticket(self) -> str:
        """The ticket that signs the JS-SDK's configuration, cached like the token."""
        return await self._tickets.token()

    async def _fetch_ticket(self) -> tuple[str, float]:
        answer = await self._call("GET", "/cgi-bin/ticket/getticket", params={"type": "jsapi"})
        return _text_of(answer, "ticket"), _lifetime_of(answer)

    # How a call is made

    async def _call(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, str] | None = None,
        body: dict[str, Any] | None = None,
        form: Callable[[], aiohttp.FormData] | None = None,
        delivers: bool = False,
        picture: bool = False,
        tokens: TokenProvider | None = None,
    ) -> Answer:
        """One call with a token, of the service account unless ``tokens`` are another app's.

        A token that WeChat refuses is replaced once, never in a loop.
        """
        renewed, tokens = False, tokens or self._tokens
        while True:
            token = await tokens.token()
            query = {"access_token": token, **(params or {})}

            async def attempt(query: dict[str, str] = query) -> Answer:
                data = form() if form else None if body is None else to_json(body)
                limit = self._max_picture_bytes if picture else None
                return await self._transport.exchange(method, path, query, data, delivers=delivers, picture_limit=limit)

            answer = await self._while_busy(attempt)
            code, message = verdict(answer)
            if code == 0:
                return answer
            if code in STALE_TOKEN:
                await tokens.drop(token)
                if not renewed:
                    renewed = True
                    continue
            raise error_for(code, self._scrub(message, token), _now())

    async def _fetch_token(self) -> tuple[str, float]:
        return await self._fetch_token_of(self._app_id, self._app_secret)

    async def _fetch_mini_token(self) -> tuple[str, float]:
        assert self._mini_program is not None
        return await self._fetch_token_of(*self._mini_program)

    async def _fetch_token_of(self, app_id: str, secret: SecretStr) -> tuple[str, float]:
        body = to_json(
            {
                "grant_type": "client_credential",
                "appid": app_id,
                "secret": secret.get_secret_value(),
                "force_refresh": False,
            }
        )
        answer = await self._by_secret("POST", "/cgi-bin/stable_token", {}, body)
        return _text_of(answer, "access_token"), _lifetime_of(answer)

    async def _by_secret(self, method: str, path: str, query: dict[str, str], body: bytes | None = None) -> Answer:
        """What WeChat answers where no token is asked for, but the secret stands in the request."""

        async def attempt() -> Answer:
            return await self._transport.exchange(method, path, query, body)

        answer = await self._while_busy(attempt)
        code, message = verdict(answer)
        if code in STALE_TOKEN:  # asked without a token: it is the secret that is wrong
            raise Misconfigured(code, self._scrub(message))
        if code != 0:
            raise error_for(code, self._scrub(message), _now())
        return answer

    async def _while_busy(self, attempt: Callable[[], Awaitable[Answer]]) -> Answer:
        """Repeat while WeChat is too busy (-1): it did nothing, so that even a message may be repeated."""
        for i in range(1, _ATTEMPTS):
            answer = await attempt()
            if verdict(answer)[0] != BUSY:
                return answer
            await asyncio.sleep(self._backoff * 2**i * random.uniform(0.5, 1))  # noqa: S311 - only spreads the load
        return await attempt()

    def _scrub(self, message: str, token: str = "") -> str:
        """WeChat's words without our secrets, should it ever quote them."""
        mini = self._mini_program[1].get_secret_value() if self._mini_program else ""
        for secret in (token, self._app_secret.get_secret_value(), mini):
            if secret:
                message = message.replace(secret, "***")
        return message


def _message(openid: str, template: str, fields: Mapping[str, str]) -> dict[str, Any]:
    data = {name: {"value": value} for name, value in fields.items()}
    return {"touser": openid, "template_id": template, "data": data}


def _message_id_of(answer: Answer) -> str:
    """WeChat has taken the message by then: whatever it calls it, or nothing, is no error."""
    value = answer.get("msgid") if isinstance(answer, dict) else None
    return str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""


def _text_of(answer: Answer, name: str) -> str:
    value = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(value, str) or not value:
        raise unavailable(f"the answer has no {name}")
    return value


def _lifetime_of(answer: Answer) -> int:
    lifetime = answer.get("expires_in") if isinstance(answer, dict) else None
    if not isinstance(lifetime, int):
        raise unavailable("the answer has no lifetime")
    return lifetime


def _now() -> datetime:
    return datetime.fromtimestamp(real_seconds(), UTC)
