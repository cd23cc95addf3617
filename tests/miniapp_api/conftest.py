"""A world, the API before it, and people who are signed in."""

import secrets
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient

from config.settings import Settings
from miniapp_api import CHAPTERS, VERSION, add_api, openapi
from miniapp_api.chapter import Chapter
from models import Enterprise, Staff, StaffRole
from tests import rows
from tests.clock import FakeClock
from tests.conftest import Database
from tests.workflow.world import World, make_world
from workflow.access import Asker
from workflow.knowing.sessions import sign_in_miniapp
from workflow.ports import WeChatLogin

KEY = "11111111-2222-3333"
MOST = 100_000
"""Bytes of a file: enough for a test."""

FIRM = "91310000MA0000007L"
OTHER_FIRM = "91310000MA00000151"


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody with a token in their hand."""

    token: str
    asker: Asker

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


async def sign_in(world: World, openid: str | None = None) -> Caller:
    """A new person, or the one with that openid, signed in through the mini-program."""
    code = secrets.token_hex(8)
    world.wechat.logins[code] = WeChatLogin(openid or f"o{secrets.token_hex(13)}a", None)
    opened = await sign_in_miniapp(world.ports, code)
    return Caller(opened.token, opened.asker)


async def member(world: World, firm: Enterprise, role: StaffRole) -> Caller:
    """A new member of the firm, signed in."""
    caller = await sign_in(world)
    await Staff.create(
        enterprise_id=firm.id,
        person_id=caller.asker.person_id,
        name=f"样例{role}",
        role=role,
        created_at=world.clock.now(),
    )
    return caller


@pytest.fixture(scope="session", autouse=True)
def _document_made_once() -> Iterator[None]:
    """Tests make an app each; the document of the whole API is the same in all, and takes longer than most tests."""
    make = openapi.document
    whole = cache(lambda: make(CHAPTERS, VERSION))

    def document(chapters: Iterable[Chapter], version: str, *cover: openapi.Cover) -> openapi.Document:
        given = tuple(chapters)
        return whole() if given == CHAPTERS and not cover else make(given, version, *cover)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(openapi, "document", document)
        yield


@pytest.fixture
def world(database: Database, clock: FakeClock, tmp_path: Path) -> World:
    made = make_world(tmp_path, clock)
    return replace(made, ports=replace(made.ports, max_bytes=MOST))


@pytest.fixture
def settings() -> Settings:
    return Settings()


Start = Callable[..., Awaitable[TestClient]]


@pytest.fixture
async def client(world: World, settings: Settings, aiohttp_client: Start) -> TestClient:
    """The whole API."""
    app = web.Application()
    add_api(app, settings, world.ports)
    return await aiohttp_client(app)


@pytest.fixture
async def firm(world: World) -> Enterprise:
    return await rows.enterprise(uscc=FIRM, name="样例电缆有限公司", verified_at=world.clock.now())


async def problem(answer: ClientResponse, status: int) -> dict[str, Any]:
    """The problem that was answered, with that status."""
    told: dict[str, Any] = await answer.json(content_type="application/problem+json")
    assert (answer.status, told["status"]) == (status, status), (told["code"], told["detail"])
    assert answer.headers["Cache-Control"] == "no-store"
    return told


async def answered(answer: ClientResponse, status: int = 200) -> Any:
    """What was answered, with that status."""
    assert answer.status == status, await answer.text()
    return await answer.json() if status != 204 else None
