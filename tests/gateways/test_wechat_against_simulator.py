"""Our WeChat client against the simulator, over HTTP: who comes in by mini-program, page and chat is one person."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from config.settings import Settings
from gateways.cache import MemoryCache
from gateways.wechat import WeChatClient
from models import WeChatIdentity
from simulator import WORLD, World, create_simulator
from tests.clock import FakeClock
from tests.conftest import Database
from tests.workflow.world import make_world
from workflow.context import Ports
from workflow.knowing import people, sessions
from workflow.links import Links
from workflow.ports import BadRequest, NotReachable, Unavailable
from workflow.problems import Refused


@dataclass
class Both:
    """Our ports with the real client, and a browser before the simulator."""

    ports: Ports
    browser: TestClient
    simulated: World

    async def mini_program_code(self, user: str) -> str:
        async with self.browser.post(f"/sim/users/{user}/login") as response:
            code: str = (await response.json())["code"]
            return code

    async def page_code(self, user: str, state: str) -> str:
        """Through the authorisation page, as a browser in WeChat goes."""
        url = URL(sessions.web_authorisation_url(self.ports, "/sign-in", state)).update_query(user=user)
        async with self.browser.get(url.relative(), allow_redirects=False) as response:
            assert response.status == 302
            back = URL(response.headers["Location"])
        assert (back.path, back.query["state"]) == ("/sign-in", state)
        return back.query["code"]


@pytest.fixture
async def both(database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Both]:
    app = web.Application()
    server = TestServer(app, host="127.0.0.1")
    settings = Settings(data_dir=tmp_path, simulator={"enabled": True})  # type: ignore[arg-type]
    simulator = create_simulator(settings, callback_url="http://127.0.0.1:9/", base_url="http://127.0.0.1/sim")
    app.add_subapp("/sim", simulator)
    async with TestClient(server) as browser:
        base = str(server.make_url("/")).rstrip("/")
        settings.public_url, settings.wechat.api_base = base, f"{base}/sim/api"
        async with WeChatClient.from_settings(settings, MemoryCache()) as wechat:
            ports = replace(
                make_world(tmp_path, clock).ports,
                wechat=wechat,
                app_id=settings.wechat.app_id,
                links=Links(base, b"s" * 32, 30),
                sign_in=replace(
                    make_world(tmp_path, clock).ports.sign_in,
                    mini_app_id=settings.resolved_mini_program().app_id,
                    authorise_url=settings.resolved_authorise_url(),
                ),
            )
            yield Both(ports, browser, simulator[WORLD])


async def test_mini_program_page_and_chat_are_one_person(both: Both) -> None:
    mini = await sessions.sign_in_miniapp(both.ports, await both.mini_program_code("zhang"))
    state = sessions.new_state()
    page = await sessions.sign_in_web(both.ports, await both.page_code("zhang", state.state))
    assert page.asker.person_id == mini.asker.person_id
    assert page.asker.identity_id != mini.asker.identity_id
    chat = await people.meet(both.ports, both.simulated.people.of("zhang").openid)
    assert chat.person_id == mini.asker.person_id
    other = await sessions.sign_in_miniapp(both.ports, await both.mini_program_code("li"))
    assert other.asker.person_id != mini.asker.person_id


async def test_a_comment_is_checked_for_who_is_in_the_mini_program(both: Both) -> None:
    mini = await sessions.sign_in_miniapp(both.ports, await both.mini_program_code("zhang"))
    openid = (await WeChatIdentity.get(id=mini.asker.identity_id)).openid
    for text, verdict in (("查询方便", "pass"), ("此处存疑", "review"), ("违规内容", "risky")):
        assert await both.ports.wechat.check_text(openid, text) == verdict
    both.simulated.clock.advance(2 * 3600 + 1)
    with pytest.raises(NotReachable):
        await both.ports.wechat.check_text(openid, "查询方便")


async def test_a_code_serves_once_and_only_where_it_was_given(both: Both) -> None:
    code = await both.mini_program_code("zhang")
    await sessions.sign_in_miniapp(both.ports, code)
    for attempt, expected in (
        (sessions.sign_in_miniapp, "login_code_used"),
        (sessions.sign_in_web, "login_code_invalid"),
    ):
        with pytest.raises(Refused, match=expected):
            await attempt(both.ports, code)
    with pytest.raises(Refused, match="login_code_invalid"):
        await sessions.sign_in_miniapp(both.ports, await both.page_code("zhang", "s"))


@pytest.mark.parametrize(
    ("fault", "expected"),
    [("40226", "login_blocked"), ("45011", "login_too_often"), ("40029", "login_code_invalid"), ("502", "unavailable")],
)
async def test_what_goes_wrong_at_wechat_is_said(both: Both, fault: str, expected: str) -> None:
    code = await both.mini_program_code("zhang")
    order = {"path": "/sns/jscode2session", "kind": fault, "times": 1}
    async with both.browser.post("/sim/faults", json=order) as response:
        assert response.status == 200, await response.text()
    with pytest.raises(Refused, match=expected):
        await sessions.sign_in_miniapp(both.ports, code)
    # Nothing was used up: the same code works after it.
    assert (await sessions.sign_in_miniapp(both.ports, code)).token


async def test_a_page_is_signed_with_the_accounts_ticket(both: Both) -> None:
    config = await sessions.js_sdk_config(both.ports, f"{both.ports.links.base}/my")
    assert config["appId"] == both.ports.app_id
    assert await both.ports.wechat.jsapi_ticket() == both.simulated.tickets.jsapi()[0]


async def test_the_errors_of_the_client_are_typed(both: Both) -> None:
    with pytest.raises(BadRequest):
        await both.ports.wechat.web_identity("never")
    async with both.browser.post("/sim/faults", json={"path": "/sns/oauth2/access_token", "kind": "-1", "times": 9}):
        pass
    with pytest.raises(Unavailable):
        await both.ports.wechat.web_identity("never")
