"""A service account with its worker at work, and people who write to it."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot import replies, updates
from bot.conversation import router
from bot.dialogs import Dialogs
from bot.router import Dispatcher
from jobs.worker import Worker
from models import Job
from tests.clock import FakeClock
from tests.conftest import Database
from tests.workflow.world import World, make_world
from workflow.firms.products import NewProduct, add_product
from workflow.firms.registration import bind_staff, register_enterprise

STRANGER, ZHANG = "o" + "s" * 27, "o" + "z" * 27
JPEG = b"\xff\xd8\xff\xe0"


class WorkedOn(World):
    """A world whose worker is at work beside the test: what is due is its to do, and is done once."""

    async def work(self, *, until_idle: bool = True) -> int:
        """Wait until the worker has nothing left to do that is due; how much that was it does not say."""
        self.ports.bell.ring("jobs")
        while await Job.filter(due_at__lte=self.clock.now(), done_at=None, dead_at=None).exists():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        return 0


class Chat:
    """One service account with its worker at work; ``say`` sends something and gives the passive answer."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.dispatch = Dispatcher(router, dialogs=Dialogs(world.ports.cache, "wxsample"), services=world.ports)
        self._numbers = itertools.count(1)

    async def send(self, openid: str, kind: type[updates.Update], **fields: Any) -> str | None:
        update = kind(
            to_user="gh_sample", openid=openid, created=datetime.now(UTC), dedupe=f"m{next(self._numbers)}", **fields
        )
        reply = await self.dispatch(update, 4.5)
        assert reply is None or isinstance(reply, replies.Text)
        return reply.content if reply else None

    async def say(self, text: str, openid: str = STRANGER) -> str | None:
        return await self.send(openid, updates.Text, content=text)

    async def photo(self, openid: str = STRANGER, data: bytes = JPEG) -> str | None:
        name = f"p{next(self._numbers)}"
        self.world.wechat.pictures[name] = data
        return await self.send(openid, updates.Image, pic_url="", media_id=name)


@asynccontextmanager
async def worked_on(world: World) -> AsyncIterator[WorkedOn]:
    """The same world with a worker."""
    worker = Worker(world.ports, 2)
    worker.start()
    yield WorkedOn(**vars(world))
    await worker.stop()


@pytest.fixture
async def chat(database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Chat]:
    async with worked_on(make_world(tmp_path, clock)) as world:
        yield Chat(world)


def gtin(number: int) -> str:
    """A GTIN-14 of an invented product, with its check digit."""
    body = f"069012345678{number}"
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body)))
    return f"{body}{-total % 10}"


async def bind(chat: Chat, *models: str) -> int:
    firm = await register_enterprise(chat.world.ports, "91310000MA0000007L", "样例电缆有限公司（样例）")
    for number, model in enumerate(models):
        product = NewProduct("电线电缆", "电线（样例）", model, "GS1", gtin(number), (100, 70))
        await add_product(chat.world.ports, firm, product)
    await bind_staff(chat.world.ports, firm, "张工（样例）", "质检员", ZHANG)
    return firm.id
