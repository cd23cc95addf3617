"""The door WeChat knocks at: verify, decrypt, understand, answer within its five seconds."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial

import structlog
from aiohttp import web

from bot.crypto import CallbackCrypto
from bot.once import Once, Outcome
from bot.refusal import CallbackRefused, Reason
from bot.replies import Later, Reply, Text, render
from bot.updates import Update, is_json, parse
from config.clock import real_seconds
from config.settings import WeChatSettings
from workflow.ports import Cache

log = logging.getLogger(__name__)

PATH = "/wechat/callback"

LARGEST_BODY = 2**20
"""Bytes; WeChat's own are a few kilobytes, and photos come by reference."""

DRAIN_SECONDS = 20.0

SUCCESS = "success"
"""Understood, nothing to say (now)."""

FAILED = ""
"""Not done, and nobody to tell: WeChat is to send it again, an unsubscribe above all."""

SORRY = Text("系统暂时没有处理成功，请稍后再发一次")

Dispatch = Callable[[Update, float], Awaitable[Reply | None]]
"""Answers an update; as a passive reply if within so many seconds."""


class Callback:
    """GET proves the address; POST takes updates. Nothing a sender does makes it answer 500."""

    def __init__(self, settings: WeChatSettings, crypto: CallbackCrypto, dispatcher: Dispatch, cache: Cache) -> None:
        self._original_id = settings.original_id
        self._seconds = settings.reply_seconds
        self._crypto = crypto
        self._dispatch = dispatcher
        self._once = Once(cache)

    async def verify(self, request: web.Request) -> web.Response:
        """GET: echo what WeChat sent, if it was WeChat."""
        try:
            echo = self._crypto.check_url(request.query)
        except CallbackRefused as refused:
            return _refuse(refused)
        return _plain(echo)

    async def receive(self, request: web.Request) -> web.Response:
        """POST: one update, answered in time or with ``success``."""
        until = asyncio.get_running_loop().time() + self._seconds
        try:
            body = await _read(request, until)
            opened = self._crypto.open(request.query, body)
            update = parse(opened.body)
        except CallbackRefused as refused:
            return _refuse(refused)
        if update.to_user != self._original_id:
            log.warning("%s is addressed to another original id than the settings name", update.log_name)
        left = until - asyncio.get_running_loop().time()
        answer = await self._once.body(update.dedupe, partial(self._answer, update, left), left)
        if answer is None:
            log.info("%s: no answer in time", update.log_name)
        if answer == FAILED:
            return _plain("later", 503)
        if answer is None or answer == SUCCESS:
            return _plain(SUCCESS)
        if is_json(opened.body):  # a mini-program's push: there is no passive reply to it
            log.warning("%s came as JSON, its reply was dropped", update.log_name)
            return _plain(SUCCESS)
        return web.Response(text=self._crypto.seal(answer, opened), content_type="text/xml")

    async def start(self, _app: web.Application) -> None:
        """Before the first request: handlers will run in the application's context."""
        self._once.adopt_context()

    async def stop(self, _app: web.Application) -> None:
        """No more requests: let handlers finish while everything they need is still there."""
        await self._once.drain(DRAIN_SECONDS)

    async def _answer(self, update: Update, seconds: float) -> Outcome:
        structlog.contextvars.bind_contextvars(update=update.dedupe)
        try:
            reply = await self._dispatch(update, seconds)
            if isinstance(reply, Later):
                return Outcome(SUCCESS, again=True)
            return Outcome(SUCCESS if reply is None else _rendered(reply, update))
        except Exception:
            log.exception("%s: the handler failed", update.log_name)
            return Outcome(_rendered(SORRY, update) if update.answerable else FAILED, again=True)


def add_callback_routes(
    app: web.Application,
    *,
    settings: WeChatSettings,
    crypto: CallbackCrypto,
    dispatcher: Dispatch,
    cache: Cache,
) -> None:
    """Serve the callback at :data:`PATH`; handlers that still run at shutdown are waited for."""
    callback = Callback(settings, crypto, dispatcher, cache)
    app.router.add_get(PATH, callback.verify, allow_head=False)
    app.router.add_post(PATH, callback.receive)
    app.on_startup.append(callback.start)
    app.on_shutdown.append(callback.stop)


async def _read(request: web.Request, until: float) -> bytes:
    if (request.content_length or 0) > LARGEST_BODY:
        raise CallbackRefused(Reason.TOO_LARGE)
    body = bytearray()
    try:
        async with asyncio.timeout_at(until):
            async for chunk in request.content.iter_chunked(64 * 1024):
                body += chunk
                if len(body) > LARGEST_BODY:
                    raise CallbackRefused(Reason.TOO_LARGE)
    except TimeoutError:
        raise CallbackRefused(Reason.TOO_SLOW) from None
    except (web.RequestPayloadError, ConnectionError):  # not what its Content-Encoding says; or the sender left
        raise CallbackRefused(Reason.MALFORMED) from None
    return bytes(body)


def _rendered(reply: Reply, update: Update) -> str:
    return render(reply, to=update.openid, sender=update.to_user, created=int(real_seconds()))


def _refuse(refused: CallbackRefused) -> web.Response:
    log.warning("callback refused: %s", refused.reason.value)
    response = _plain(refused.reason.value, refused.status)
    if refused.reason in {Reason.TOO_LARGE, Reason.TOO_SLOW}:
        response.force_close()  # what is left of the body is not worth reading
    return response


def _plain(text: str, status: int = 200) -> web.Response:
    return web.Response(text=text, status=status, headers={"X-Content-Type-Options": "nosniff"})
