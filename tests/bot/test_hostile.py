"""Thousands of mutated bodies through the whole conversation, on both databases: no 500, no traceback, nothing lost."""

import asyncio
import json
import logging
import random
from collections import defaultdict
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient

from bot import add_bot
from config.settings import CallbackMode, Settings
from jobs.worker import Worker
from tests.bot.wechat import INBOUND, SAMPLES, plain_query, settings
from tests.clock import FakeClock
from tests.conftest import Database
from tests.workflow.world import make_world

BODIES = [1000, pytest.param(20_000, marks=pytest.mark.soak)]
AT_ONCE = 8
FRAGMENTS = [
    *(b"", b"<", b"&", b"\x00", b"\xff", b"]]>", b"</xml>", b"<xml>", b"{", b"1e999", b"<List/>"),
    *("追".encode(), b"text", b"image", b"subscribe", b"100x70", "同意".encode(), b"x" * 300),
]
NASTY = ["\x00", "\ud800", "x" * 70, "y" * 2000, "1" * 400, "", None, [], {}, True, -1, 1e400]


def mutated(chance: random.Random, body: bytes) -> bytes:
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(body) + 1)
        body = body[:at] + chance.choice(FRAGMENTS) + body[at + chance.randrange(12) :]
    return body


def nasty(chance: random.Random) -> bytes:
    """A JSON body, well formed, whose fields are not what they should be."""
    fields = json.loads((SAMPLES / "MpMessage-TextMessageEvent.json").read_text("utf-8-sig"))
    fields |= {"PicUrl": "http://127.0.0.1/", "MediaId": "m", "Event": "CLICK", "EventKey": "k"}
    fields["MsgType"] = chance.choice(["text", "image", "voice", "event", "location", "link"])
    fields[chance.choice(sorted(fields))] = chance.choice(NASTY)
    return json.dumps(fields).encode()


@pytest.mark.both
@pytest.mark.slow
@pytest.mark.parametrize("count", BODIES)
async def test_no_body_is_answered_with_a_fault_of_ours(
    database: Database,
    clock: FakeClock,
    tmp_path: Path,
    aiohttp_client,  # type: ignore[no-untyped-def]
    caplog: pytest.LogCaptureFixture,
    count: int,
) -> None:
    world = make_world(tmp_path, clock)
    world.wechat.pictures = defaultdict(lambda: b"\xff\xd8\xff\xe0")  # whatever a body names, so that it is judged
    app = web.Application()
    add_bot(app, Settings(wechat=settings(CallbackMode.PLAINTEXT, reply_seconds=0.5)), world.ports)
    client: TestClient = await aiohttp_client(app)  # type: ignore[type-arg]
    chance = random.Random(20261124)
    samples = [(SAMPLES / name).read_bytes() for name in INBOUND]
    bodies = [nasty(chance) if n % 4 == 0 else mutated(chance, chance.choice(samples)) for n in range(count)]
    statuses: set[int] = set()
    worker = Worker(world.ports, 2)
    worker.start()

    async def send() -> None:
        while bodies:
            async with client.post("/wechat/callback", params=plain_query(), data=bodies.pop()) as answer:
                statuses.add(answer.status)
                assert "Traceback" not in await answer.text()

    await asyncio.gather(*(send() for _ in range(AT_ONCE)))
    await worker.stop()
    assert statuses == {200, 400}
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []
