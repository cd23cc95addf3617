"""Carries a body to the callback: signed, encrypted, five seconds an attempt, three attempts in total."""

import asyncio
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from yarl import URL

from config.settings import CallbackMode
from simulator import replies
from simulator.crypto import Envelope, signature
from simulator.messages import Body, to_json_fields, to_xml
from simulator.replies import Expected, FaultyReply, Reply

ATTEMPTS = 3
_ANSWER_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try: HTTP status where one came, seconds it took, and what went wrong (None: nothing)."""

    status: int | None
    seconds: float
    error: str | None

    def describe(self) -> dict[str, Any]:
        return {"status": self.status, "seconds": round(self.seconds, 3), "error": self.error}


@dataclass(slots=True)
class Delivery:
    """How a push went. ``fault`` is the reason the person sees the fault notice, or None."""

    attempts: list[Attempt] = field(default_factory=list)
    reply: Reply | None = None
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """A plaintext body on its way, in either wire form, with what the reply to it must look like."""

    plain: bytes
    account: str
    openid: str
    expected: Expected
    json: bool = False


class Pusher:
    """Pushes to one callback URL, which may be changed while running."""

    def __init__(self, callback_url: str, envelope: Envelope, mode: CallbackMode, attempt_seconds: float = 5.0) -> None:
        self.callback_url = callback_url
        self.attempt_seconds = attempt_seconds
        self.mode = mode
        self._envelope = envelope
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Open the HTTP client. Each attempt connects anew, so that a bot that died and came back is met afresh."""
        connector = aiohttp.TCPConnector(limit=0, force_close=True)
        self._session = aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=None))

    async def stop(self) -> None:
        """Close the HTTP client."""
        if self._session is not None:
            await self._session.close()

    async def push(self, letter: Letter) -> Delivery:
        """Deliver; a time-out is followed by the next attempt at once, any other failure after the rest of the time."""
        delivery = Delivery()
        for number in range(1, ATTEMPTS + 1):
            began = time.monotonic()
            status, answer, error = await self._attempt(letter)
            seconds = time.monotonic() - began
            delivery.attempts.append(Attempt(status, seconds, error))
            if answer is not None:
                self._read(answer, letter, delivery)
                return delivery
            if number < ATTEMPTS:
                await asyncio.sleep(max(0.0, self.attempt_seconds - seconds))
        delivery.fault = f"{ATTEMPTS} 次推送均未成功：{delivery.attempts[-1].error}"
        return delivery

    async def verify(self) -> tuple[bool, str]:
        """The console's URL check: GET with echostr, which must come back verbatim. (passed, why not)"""
        echo, stamp, nonce = str(secrets.randbits(62)), str(int(time.time())), str(secrets.randbits(31))
        query = {**self._signed(stamp, nonce), "echostr": echo}
        try:
            async with asyncio.timeout(self.attempt_seconds):
                async with self._http().get(self._url(query), allow_redirects=False) as response:
                    body = await _bounded(response.content)
                    passed = response.status == 200 and body == echo.encode()
                    return passed, "" if passed else f"HTTP {response.status}，未原样返回 echostr"
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            return False, _trouble(error)

    async def _attempt(self, letter: Letter) -> tuple[int | None, bytes | None, str | None]:
        stamp, nonce = str(int(time.time())), str(secrets.randbits(31))
        query, body = self._wrap(letter, stamp, nonce)
        headers = {
            "Content-Type": "application/json" if letter.json else "text/xml",
            "User-Agent": "Mozilla/4.0",
            "Pragma": "no-cache",
        }
        status = None
        try:
            async with asyncio.timeout(self.attempt_seconds):
                async with self._http().post(
                    self._url(query), data=body, headers=headers, allow_redirects=False
                ) as response:
                    status = response.status
                    answer = await _bounded(response.content)
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            return status, None, _trouble(error)
        if status != 200:
            return status, None, f"HTTP {status}"
        return status, answer, None

    def _read(self, answer: bytes, letter: Letter, delivery: Delivery) -> None:
        try:
            if len(answer) > _ANSWER_BYTES:
                raise FaultyReply("回复过大")
            if letter.json:
                replies.read_json(answer)
            else:
                delivery.reply = replies.read(answer, self._envelope, self.mode, letter.expected)
        except FaultyReply as fault:
            delivery.fault = str(fault)

    def _signed(self, stamp: str, nonce: str) -> dict[str, str]:
        return {"signature": signature(self._envelope.token, stamp, nonce), "timestamp": stamp, "nonce": nonce}

    def _wrap(self, letter: Letter, stamp: str, nonce: str) -> tuple[dict[str, str], bytes]:
        query = {**self._signed(stamp, nonce), "openid": letter.openid}
        if self.mode is CallbackMode.PLAINTEXT:
            return query, letter.plain
        encrypted = self._envelope.encrypt(letter.plain)
        query |= {
            "encrypt_type": "aes",
            "msg_signature": signature(self._envelope.token, stamp, nonce, encrypted),
        }
        if self.mode is CallbackMode.COMPAT:
            return query, _beside(letter, encrypted)
        outer = {"ToUserName": letter.account, "Encrypt": encrypted}
        return query, _json(outer) if letter.json else to_xml(outer)

    def _url(self, query: dict[str, str]) -> URL:
        return URL(self.callback_url).update_query(query)

    def _http(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("the pusher is not started")
        return self._session


def letter_of(body: Body, expected: Expected, *, as_json: bool = False) -> Letter:
    """A body that we made, ready to be pushed."""
    plain = _json(to_json_fields(body)) if as_json else to_xml(body)
    return Letter(plain, expected.account, expected.openid, expected, as_json)


def _beside(letter: Letter, encrypted: str) -> bytes:
    """Compat mode: the plain fields and ``Encrypt`` in one body."""
    if letter.json:
        return _json({**json.loads(letter.plain), "Encrypt": encrypted})
    end = letter.plain.rfind(b"</xml>")
    return letter.plain[:end] + f"<Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>".encode()


def _json(fields: Body) -> bytes:
    return json.dumps(fields, ensure_ascii=False).encode()


async def _bounded(content: aiohttp.StreamReader) -> bytes:
    """The body, or so much of it that it is seen to be too large."""
    read = bytearray()
    async for chunk in content.iter_chunked(64 * 1024):
        read += chunk
        if len(read) > _ANSWER_BYTES:
            break
    return bytes(read)


def _trouble(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, aiohttp.ClientConnectorError):
        return "refused"
    return "broken"
