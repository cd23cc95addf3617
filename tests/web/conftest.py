"""The pages over a small world, asked as a browser would."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from aiohttp import FormData, web
from aiohttp.test_utils import TestClient

from models import Enterprise, StaffRole
from tests import rows
from tests.clock import FakeClock
from tests.conftest import Database
from tests.workflow.filed import FIRM, USCC
from tests.workflow.firms import Somebody, member, somebody
from tests.workflow.world import World, make_world
from web import add_pages, reports
from workflow.knowing import sessions


@pytest.fixture
def world(database: Database, clock: FakeClock, tmp_path: Path) -> World:
    return make_world(tmp_path, clock)


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "WAIT_SECONDS", 2)


@pytest.fixture
async def client(world: World, aiohttp_client) -> TestClient:  # type: ignore[no-untyped-def]
    app = web.Application()
    add_pages(app, world.ports)
    return await aiohttp_client(app)


class Browser:
    """One person's browser: keeps the session, sends forms as the pages hold them."""

    def __init__(self, client: TestClient, who: Somebody | None, cookie: str | None) -> None:
        self.client = client
        self.who = who
        self._headers = {"Cookie": f"__Host-zhuisu={cookie}"} if cookie else {}

    async def get(self, path: str, status: int = 200, **headers: str) -> str:
        async with self.client.get(path, headers={**self._headers, **headers}, allow_redirects=False) as answer:
            assert answer.status == status, _said(await answer.text())
            return await answer.text() if status != 303 else answer.headers["Location"]

    async def send(self, page: str, action: str, status: int = 303, **fields: object) -> str:
        """Send the form with that action, found on ``page``; where it leads to, or the page that came back."""
        found = await self.get(page)
        form = next((f for f in re.findall(r"<form.*?</form>", found, re.S) if f'action="{action}"' in f), None)
        assert form is not None, f"{page} has no form for {action}"
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form))
        return await self.post(action, status, **{**hidden, **fields})

    async def post(self, action: str, status: int = 303, **fields: object) -> str:
        """Post these fields; a pair of name and bytes is a file, a list several of a name."""
        form = _form(fields)
        async with self.client.post(action, data=form, headers=self._headers, allow_redirects=False) as answer:
            assert answer.status == status, _said(await answer.text())
            return await answer.text() if status != 303 else answer.headers["Location"]


def _said(page: str) -> list[str]:
    """What a page says that was not wanted: its heading, and what it refuses."""
    return [re.sub(r"<[^>]+>", " ", found) for found in re.findall(r"<h1>.*?</h1>|role=\"alert\">.*?</section>", page)]


def _form(fields: dict[str, object]) -> FormData:
    form = FormData(quote_fields=False, default_to_multipart=True)
    for name, value in fields.items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, tuple):
                form.add_field(name, BytesIO(one[1]), filename=one[0], content_type="application/octet-stream")
            else:
                form.add_field(name, str(one))
    return form


@pytest.fixture
def stranger(client: TestClient) -> Browser:
    return Browser(client, None, None)


@pytest.fixture
def browser_of(world: World, client: TestClient):  # type: ignore[no-untyped-def]
    """Makes browsers in which somebody is signed in by a link out of the chat."""

    async def browser_of(who: Somebody) -> Browser:
        url = await sessions.sign_in_link(world.ports, who.identity)
        signed, _ = await sessions.sign_in_by_link(world.ports, url.rsplit("/", 1)[1])
        return Browser(client, who, signed.token)

    return browser_of


@pytest.fixture
async def firm(world: World) -> Enterprise:
    return await rows.enterprise(uscc=USCC, name=FIRM, verified_at=world.clock.now())


@pytest.fixture
async def owner(world: World, firm: Enterprise, browser_of) -> Browser:  # type: ignore[no-untyped-def]
    return await browser_of(await member(world, firm, StaffRole.OWNER))


@pytest.fixture
async def outsider(world: World, browser_of) -> Browser:  # type: ignore[no-untyped-def]
    return await browser_of(await somebody(world))
