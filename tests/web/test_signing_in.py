"""Coming in: one-time links, web authorisation, the cookie, and what other sites' pages cannot do."""

from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp.test_utils import TestClient

from models import Enterprise, OneTimeLink, Person, Session
from tests.web.conftest import Browser
from tests.workflow.firms import somebody
from tests.workflow.world import World
from web.limits import MOST
from workflow.knowing import sessions
from workflow.ports import WeChatLogin

WECHAT = {"User-Agent": "Mozilla/5.0 (Linux; Android 14) MicroMessenger/8.0.50"}


async def link_of(world: World, target: str = "/my") -> str:
    who = await somebody(world)
    url = await sessions.sign_in_link(world.ports, who.identity, target)
    return urlsplit(url).path


async def test_looking_at_a_link_uses_nothing_up_its_button_does(world: World, client: TestClient) -> None:
    path = await link_of(world, "/my/inbox")
    for _ in range(2):
        async with client.get(path) as answer:
            assert answer.status == 200
            assert f'action="{path}"' in await answer.text()
    assert (await OneTimeLink.get()).used_at is None
    async with client.post(path, allow_redirects=False) as answer:
        assert answer.status == 303
        assert answer.headers["Location"] == "/my/inbox"
        cookie = answer.headers["Set-Cookie"]
        assert cookie.startswith("__Host-zhuisu=")
        for wanted in ("HttpOnly", "Secure", "SameSite=Lax", "Path=/"):
            assert wanted in cookie
    async with client.post(path, allow_redirects=False) as answer:
        assert answer.status == 410
        assert "链接已用过或已过期" in await answer.text()


async def test_another_sites_page_signs_nobody_in(world: World, client: TestClient) -> None:
    path = await link_of(world)
    for origin in ("https://elsewhere.test", "null", "http://["):
        async with client.post(path, headers={"Origin": origin}, allow_redirects=False) as answer:
            assert answer.status == 403
    assert (await OneTimeLink.get()).used_at is None
    async with client.post(path, headers={"Origin": "https://sample.test"}, allow_redirects=False) as answer:
        assert answer.status == 303


async def test_a_strangers_link_takes_nobodys_account_for_a_sign_in(world: World, owner: Browser) -> None:
    stranger = await somebody(world)
    path = urlsplit(await sessions.join_link(world.ports, stranger.identity)).path
    page = await owner.get(path)
    assert "把两个账号合并为同一人" in page
    assert "在这台设备上登录" not in page
    await owner.post(path, 403)
    await owner.send(path, path, 422)
    assert (await OneTimeLink.filter(purpose="join").get()).used_at is None
    assert await Person.filter(merged_into_id=None).count() == 2
    await owner.send(path, path, own="1")
    assert await Person.filter(merged_into_id=None).count() == 1


async def test_a_joining_link_asks_whoever_is_not_signed_in_to_do_so_first(world: World, stranger: Browser) -> None:
    who = await somebody(world)
    path = urlsplit(await sessions.join_link(world.ports, who.identity)).path
    assert "请先登录" in await stranger.get(path)
    assert "请先登录" in await stranger.post(path, 403)


async def test_whoever_is_not_signed_in_is_led_there_and_back(stranger: Browser) -> None:
    assert await stranger.get("/my/inbox?after=3", 303) == "/signin?next=/my/inbox?after%3D3"
    page = await stranger.get("/signin?next=/my/inbox")
    assert "登录" in page


async def test_an_address_that_is_none_leads_home(client: TestClient) -> None:
    headers = {"Referer": "http://["}
    async with client.post("/my/join", headers=headers, allow_redirects=False) as answer:
        assert answer.status == 303
        assert answer.headers["Location"] == "/signin?next=/my"


async def test_in_wechat_one_signs_in_without_doing_anything(world: World, client: TestClient) -> None:
    world.wechat.logins["code-1"] = WeChatLogin("o-from-web", None)
    async with client.get("/signin?next=/my/inbox", headers=WECHAT, allow_redirects=False) as answer:
        assert answer.status == 303
        away = urlsplit(answer.headers["Location"])
        remembered = answer.headers["Set-Cookie"].split(";")[0]
    asked = parse_qs(away.query)
    assert "redirect_uri=https%3A%2F%2Fsample.test%2Fsignin%2Freturn" in away.query
    assert away.netloc == "open.weixin.qq.com"
    assert asked["redirect_uri"] == ["https://sample.test/signin/return"]
    assert asked["scope"] == ["snsapi_base"]
    back = f"/signin/return?code=code-1&state={asked['state'][0]}"
    async with client.get(back, headers={"Cookie": remembered}, allow_redirects=False) as answer:
        assert answer.status == 303
        assert answer.headers["Location"] == "/my/inbox"
        assert any(value.startswith("__Host-zhuisu=") for value in answer.headers.getall("Set-Cookie"))
    assert await Session.all().count() == 1


async def test_a_return_that_this_browser_did_not_start_signs_nobody_in(world: World, client: TestClient) -> None:
    world.wechat.logins["code-1"] = WeChatLogin("o-from-web", None)
    async with client.get("/signin", headers=WECHAT, allow_redirects=False) as answer:
        remembered = answer.headers["Set-Cookie"].split(";")[0]
        state = parse_qs(urlsplit(answer.headers["Location"]).query)["state"][0]
    for cookie, said in ((remembered, "x" * 64), ("", state), ("zhuisu_state=x.y", state)):
        back = f"/signin/return?code=code-1&state={said}"
        async with client.get(back, headers={"Cookie": cookie}, allow_redirects=False) as answer:
            assert answer.status == 410
    assert not await Session.exists()


async def test_nobody_tries_codes_at_wechat_through_us(world: World, client: TestClient) -> None:
    async with client.get("/signin", headers=WECHAT, allow_redirects=False) as answer:
        headers = {"Cookie": answer.headers["Set-Cookie"].split(";")[0]}
        state = parse_qs(urlsplit(answer.headers["Location"]).query)["state"][0]
    most, _ = MOST["link"]
    statuses = []
    for number in range(most + 1):
        async with client.get(f"/signin/return?code=guess-{number}&state={state}", headers=headers) as answer:
            statuses.append(answer.status)
    assert statuses[-1] == 429
    assert 429 not in statuses[:-1]


@pytest.mark.parametrize(
    "elsewhere", ["//evil.test", "https://evil.test", "/\\evil.test", "/a\\b", "my", "/\nx", "http://["]
)
async def test_no_sign_in_leads_away_from_us(owner: Browser, elsewhere: str) -> None:
    async with owner.client.get(
        "/signin", params={"next": elsewhere}, headers=owner._headers, allow_redirects=False
    ) as answer:
        assert answer.headers["Location"] == "/my"


async def test_a_form_without_our_token_changes_nothing(owner: Browser, firm: Enterprise) -> None:
    for token in ({}, {"form_token": "x"}, {"form_token": "é"}):
        page = await owner.post(f"/my/firms/{firm.uscc}/leave", 403, **token)
        assert "页面已经过期" in page
    assert "您是企业管理员" in await owner.get(f"/my/firms/{firm.uscc}")


async def test_signing_out_ends_the_session(owner: Browser) -> None:
    assert await owner.send("/my", "/signout") == "/"
    assert (await owner.get("/my", 303)).startswith("/signin")


async def test_signing_out_everywhere_ends_the_others_too(owner: Browser, browser_of) -> None:  # type: ignore[no-untyped-def]
    other = await browser_of(owner.who)
    await owner.send("/my", "/signout", everywhere="1")
    assert (await other.get("/my", 303)).startswith("/signin")
