"""Signing in by mini-program, page and one-time link; tokens that slide, end, and are kept as hashes only."""

import asyncio
import hashlib
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from jobs.clock import tick
from jobs.handlers import FORGET_SESSIONS
from models import Door, OneTimeLink, Person, Session
from models import WeChatIdentity as Identity
from tests.workflow.firms import somebody
from tests.workflow.world import World
from workflow.knowing import people, sessions
from workflow.knowing.persons import person_of
from workflow.ports import BadRequest, Misconfigured, Unavailable, WeChatError, WeChatLogin
from workflow.problems import Kind, Refused

DAY = 86_400.0


class RealTime:
    """The real clock, which tokens go by, standing still until it is moved."""

    def __init__(self) -> None:
        self.seconds = 1_790_000_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch) -> RealTime:
    clock = RealTime()
    monkeypatch.setattr(sessions, "real_seconds", clock)
    return clock


async def test_a_login_code_opens_a_session_of_which_only_the_hash_is_kept(world: World) -> None:
    world.wechat.logins["code"] = WeChatLogin("m1", "u1")
    signed_in = await sessions.sign_in_miniapp(world.ports, "code")
    assert len(signed_in.token) == 43
    row = await Session.get()
    assert row.token_hash == hashlib.sha256(signed_in.token.encode()).hexdigest()
    assert row.door == "miniapp"
    identity = await Identity.get()
    assert (identity.app_id, identity.unionid, identity.subscribed) == ("wxsamplemini", "u1", False)
    asker = await sessions.asker_of(world.ports, signed_in.token, Door.MINIAPP)
    assert asker == signed_in.asker
    assert await sessions.asker_of(world.ports, signed_in.token, Door.CONSOLE) is None
    assert signed_in.token not in repr(signed_in)


async def test_the_unionid_makes_mini_program_and_chat_one_person(world: World) -> None:
    person = await person_of(world.ports, await people.meet(world.ports, "o1", unionid="u1"))
    world.wechat.logins |= {"mini": WeChatLogin("m1", "u1"), "web": WeChatLogin("o1", "u1")}
    assert (await sessions.sign_in_miniapp(world.ports, "mini")).asker.person_id == person.id
    assert (await sessions.sign_in_web(world.ports, "web")).asker.person_id == person.id
    assert (await Identity.get(openid="o1")).subscribed


async def test_who_signs_in_on_a_page_is_joined_by_what_wechat_tells_of_a_follower(world: World) -> None:
    world.wechat.logins |= {"mini": WeChatLogin("m1", "u1"), "web": WeChatLogin("o1", None)}
    world.wechat.unionids["o1"] = "u1"
    mini = await sessions.sign_in_miniapp(world.ports, "mini")
    assert (await sessions.sign_in_web(world.ports, "web")).asker.person_id == mini.asker.person_id


async def test_a_page_signs_in_though_wechat_does_not_tell_more(world: World) -> None:
    world.wechat.logins["web"] = WeChatLogin("o1", None)
    world.wechat.trouble.append(("user", Unavailable(45009, "quota")))
    signed_in = await sessions.sign_in_web(world.ports, "web")
    assert await sessions.asker_of(world.ports, signed_in.token) == signed_in.asker


async def test_following_joins_the_chat_to_who_uses_the_mini_program(world: World) -> None:
    world.wechat.logins["mini"] = WeChatLogin("m1", "u1")
    world.wechat.unionids["o1"] = "u1"
    mini = await sessions.sign_in_miniapp(world.ports, "mini")
    await people.follow(world.ports, "o1")
    await world.work()
    assert (await Identity.get(openid="o1")).person_id == mini.asker.person_id


async def test_who_left_before_they_were_joined_stays_unknown(world: World) -> None:
    world.wechat.unionids["o1"] = "u1"
    await people.follow(world.ports, "o1")
    await people.unfollow(world.ports, "o1")
    await world.work()
    identity = await Identity.get()
    assert (identity.unionid, identity.person_id) == (None, None)


async def test_an_openid_a_hash_or_a_guess_opens_nothing(world: World) -> None:
    world.wechat.logins["code"] = WeChatLogin("m1", None)
    await sessions.sign_in_miniapp(world.ports, "code")
    row = await Session.get()
    for token in ("m1", row.token_hash, "", "x" * 43):
        assert await sessions.asker_of(world.ports, token) is None


@pytest.mark.parametrize(
    ("problem", "kind", "code"),
    [
        (BadRequest(40029, "invalid code"), Kind.INVALID, "login_code_invalid"),
        (BadRequest(40163, "code been used"), Kind.GONE, "login_code_used"),
        (BadRequest(40226, "code blocked"), Kind.FORBIDDEN, "login_blocked"),
        (Unavailable(45011, "too often"), Kind.TOO_MANY, "login_too_often"),
        (Unavailable(-1, "system error"), Kind.UNAVAILABLE, "unavailable"),
        (Misconfigured(40125, "invalid appsecret"), Kind.UNAVAILABLE, "unavailable"),
        (WeChatError(99999, "new"), Kind.UNAVAILABLE, "unavailable"),
    ],
)
async def test_what_wechat_refuses_is_said_in_plain_words(
    world: World, problem: WeChatError, kind: Kind, code: str
) -> None:
    world.wechat.trouble.append(("login", problem))
    with pytest.raises(Refused) as caught:
        await sessions.sign_in_web(world.ports, "code")
    assert (caught.value.kind, caught.value.code) == (kind, code)
    assert "：" in caught.value.advice
    assert await Session.all().count() == 0


async def test_the_stand_in_of_a_preview_is_not_signed_in(world: World) -> None:
    world.wechat.logins["code"] = WeChatLogin("v1", None, virtual=True)
    with pytest.raises(Refused, match="login_preview"):
        await sessions.sign_in_web(world.ports, "code")
    assert await Identity.all().count() == 0


async def test_a_session_slides_with_use_and_ends_without(world: World, real: RealTime) -> None:
    world.wechat.logins |= {"a": WeChatLogin("m1", None), "b": WeChatLogin("m2", None)}
    used, unused = [await sessions.sign_in_miniapp(world.ports, code) for code in "ab"]
    for _ in range(3):
        real.seconds += 20 * DAY
        assert await sessions.asker_of(world.ports, used.token) is not None
    assert await sessions.asker_of(world.ports, unused.token) is None
    real.seconds += 30 * DAY
    assert await sessions.asker_of(world.ports, used.token) is None


async def test_signing_out_ends_one_session_or_all(world: World) -> None:
    world.wechat.logins |= {code: WeChatLogin("m1", None) for code in "abc"}
    first, second, third = [await sessions.sign_in_miniapp(world.ports, code) for code in "abc"]
    await sessions.sign_out(world.ports, first.asker)
    assert await sessions.asker_of(world.ports, first.token) is None
    assert await sessions.asker_of(world.ports, second.token) is not None
    await sessions.sign_out(world.ports, second.asker, everywhere=True)
    assert await sessions.asker_of(world.ports, third.token) is None


async def test_a_link_out_of_the_chat_opens_one_session(world: World, real: RealTime) -> None:
    who = await somebody(world)
    url = await sessions.sign_in_link(world.ports, who.identity, "/my/firms")
    assert url.startswith("https://sample.test/go/")
    token = url.rsplit("/", 1)[1]
    assert token not in str(await OneTimeLink.all().values())
    outcomes = await asyncio.gather(
        *(sessions.sign_in_by_link(world.ports, token) for _ in range(3)), return_exceptions=True
    )
    opened = [one for one in outcomes if not isinstance(one, BaseException)]
    assert len(opened) == 1
    assert (opened[0][0].asker.person_id, opened[0][1]) == (who.person.id, "/my/firms")
    assert {one.code for one in outcomes if isinstance(one, Refused)} == {"link_used_up"}
    late = await sessions.sign_in_link(world.ports, who.identity)
    real.seconds += 600
    with pytest.raises(Refused, match="link_used_up"):
        await sessions.sign_in_by_link(world.ports, late.rsplit("/", 1)[1])


async def test_a_link_is_worth_nothing_once_its_person_has_left(world: World) -> None:
    who = await somebody(world)
    token = (await sessions.sign_in_link(world.ports, who.identity)).rsplit("/", 1)[1]
    await people.unfollow(world.ports, who.identity.openid)
    with pytest.raises(Refused, match="link_used_up"):
        await sessions.sign_in_by_link(world.ports, token)
    assert await Session.all().count() == 0


@pytest.mark.parametrize("target", ["https://elsewhere.test/", "//elsewhere.test", "/\\elsewhere.test", ""])
async def test_a_link_leads_to_a_page_of_ours_only(world: World, target: str) -> None:
    who = await somebody(world)
    with pytest.raises(ValueError, match="path of ours"):
        await sessions.sign_in_link(world.ports, who.identity, target)


async def test_a_join_link_makes_two_identities_one_person(world: World) -> None:
    chat = await somebody(world)
    world.wechat.logins["code"] = WeChatLogin("m1", None)
    mini = await sessions.sign_in_miniapp(world.ports, "code")
    assert mini.asker.person_id != chat.person.id
    token = (await sessions.join_link(world.ports, chat.identity)).rsplit("/", 1)[1]
    with pytest.raises(Refused, match="sign_in_first"):
        await sessions.sign_in_by_link(world.ports, token)
    joined, _ = await sessions.sign_in_by_link(world.ports, token, signed_in=mini.asker)
    assert joined.asker.person_id == chat.person.id
    assert {one.person_id for one in await Identity.all()} == {chat.person.id}
    assert await Person.filter(merged_into_id=None).count() == 1
    # The old token was of a session that spoke for somebody else.
    assert await sessions.asker_of(world.ports, mini.token) is None
    assert await sessions.asker_of(world.ports, joined.token) == joined.asker


async def test_a_session_of_a_merged_person_is_the_persons_who_stays(world: World) -> None:
    keep, other = await somebody(world), await somebody(world)
    token = (await sessions.sign_in_link(world.ports, other.identity)).rsplit("/", 1)[1]
    opened, _ = await sessions.sign_in_by_link(world.ports, token)
    await Person.filter(id=other.person.id).update(merged_into_id=keep.person.id)
    asker = await sessions.asker_of(world.ports, opened.token)
    assert asker is not None
    assert asker.person_id == keep.person.id


def test_a_sign_in_comes_back_to_the_browser_that_started_it() -> None:
    mine, other = sessions.new_state(), sessions.new_state()
    assert sessions.state_agrees(mine.state, mine.cookie)
    assert not sessions.state_agrees(other.state, mine.cookie)
    assert not sessions.state_agrees(mine.state, "")
    assert not sessions.state_agrees("é", mine.cookie)
    assert mine.state.isalnum()
    assert len(mine.state) <= 128


async def test_the_authorisation_address_is_spelt_as_wechat_wants_it(world: World) -> None:
    url = sessions.web_authorisation_url(world.ports, "/sign-in?to=%2Fmy", "s1")
    parts = urlsplit(url)
    assert (parts.netloc, parts.path, parts.fragment) == (
        "open.weixin.qq.com",
        "/connect/oauth2/authorize",
        "wechat_redirect",
    )
    assert list(parse_qs(parts.query)) == ["appid", "redirect_uri", "response_type", "scope", "state"]
    assert parse_qs(parts.query)["redirect_uri"] == ["https://sample.test/sign-in?to=%2Fmy"]


async def test_the_js_sdk_is_signed_for_our_pages_only(world: World, real: RealTime) -> None:
    config = await sessions.js_sdk_config(world.ports, "https://sample.test/my?a=1#top")
    signed = (
        f"jsapi_ticket=sample-ticket&noncestr={config['nonceStr']}&timestamp=1790000000&url=https://sample.test/my?a=1"
    )
    assert config["signature"] == hashlib.sha1(signed.encode(), usedforsecurity=False).hexdigest()
    assert (config["appId"], config["timestamp"]) == ("wxsample", 1790000000)
    for foreign in ("https://sample.test.elsewhere.test/", "https://elsewhere.test/"):
        with pytest.raises(Refused, match="foreign_page"):
            await sessions.js_sdk_config(world.ports, foreign)


async def test_without_a_mini_program_its_login_says_so(world: World) -> None:
    ports = replace(world.ports, sign_in=replace(world.ports.sign_in, mini_app_id=""))
    with pytest.raises(Refused, match="miniapp_not_configured"):
        await sessions.sign_in_miniapp(ports, "code")


async def test_sessions_and_links_are_forgotten_a_month_after_their_end(world: World, real: RealTime) -> None:
    who = await somebody(world)

    async def signed_in() -> sessions.SignedIn:
        token = (await sessions.sign_in_link(world.ports, who.identity)).rsplit("/", 1)[1]
        return (await sessions.sign_in_by_link(world.ports, token))[0]

    async def left_a_month_later() -> tuple[set[int], int]:
        real.seconds += sessions.ENDED_KEPT.total_seconds()
        later = await signed_in()
        await tick(world.ports, FORGET_SESSIONS, timedelta(seconds=1))
        await world.work()
        world.clock.advance(seconds=1)
        return set(
            await Session.exclude(id=later.session.id).values_list("id", flat=True)
        ), await OneTimeLink.all().count()

    life = world.ports.sign_in.session_life
    assert life == sessions.ENDED_KEPT
    kept, revoked = await signed_in(), await signed_in()
    await sessions.sign_out(world.ports, revoked.asker)
    assert await left_a_month_later() == ({kept.session.id}, 1)  # the one that is kept ended just now
    first = await Session.exclude(id=kept.session.id).get()
    assert await left_a_month_later() == ({first.id}, 1)
