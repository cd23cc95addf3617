"""Two families of access tokens."""

import pytest

from simulator.errors import ApiError
from simulator.tokens import TokenDesk
from tests.simulator.test_ledger import Hand


@pytest.fixture
def hand():
    return Hand()


@pytest.fixture
def tokens(hand):
    return TokenDesk(hand)


def verdict(tokens: TokenDesk, token: str) -> int:
    try:
        tokens.check(token)
    except ApiError as error:
        return error.code
    return 0


def test_a_new_classic_token_ends_the_last_one_after_five_minutes(tokens, hand):
    first, seconds = tokens.classic()
    second, _ = tokens.classic()
    assert (seconds, first == second) == (7200, False)
    hand.at += 299
    assert verdict(tokens, first) == 0
    hand.at += 1
    assert (verdict(tokens, first), verdict(tokens, second)) == (40001, 0)
    hand.at += 7200
    assert verdict(tokens, second) == 42001


def test_the_stable_token_stays_the_same_until_its_last_five_minutes(tokens, hand):
    first, _ = tokens.stable(force=False)
    hand.at += 6000
    assert tokens.stable(force=False) == (first, 1200)
    hand.at += 900
    second, seconds = tokens.stable(force=False)
    assert (second == first, seconds) == (False, 7200)
    hand.at += 299
    assert (verdict(tokens, first), verdict(tokens, second)) == (0, 0)
    hand.at += 1
    assert verdict(tokens, first) == 42001


def test_force_ends_the_old_token_at_once_and_is_rationed(tokens, hand):
    first, _ = tokens.stable(force=False)
    second, _ = tokens.stable(force=True)
    assert (verdict(tokens, first), verdict(tokens, second)) == (40001, 0)
    hand.at += 29
    with pytest.raises(ApiError, match="45011"):
        tokens.stable(force=True)
    for _ in range(19):
        hand.at += 30
        tokens.stable(force=True)
    hand.at += 30
    with pytest.raises(ApiError, match="45009"):
        tokens.stable(force=True)


def test_the_families_do_not_touch_each_other(tokens):
    stable, _ = tokens.stable(force=False)
    classic = [tokens.classic()[0] for _ in range(3)][-1]
    tokens.stable(force=True)
    assert (verdict(tokens, stable), verdict(tokens, classic)) == (40001, 0)


def test_classic_tokens_are_two_thousand_a_day(tokens, hand):
    for _ in range(2000):
        tokens.classic()
    with pytest.raises(ApiError, match="45009"):
        tokens.classic()
    hand.at += 86_400
    tokens.classic()


def test_what_is_wrong_with_a_token(tokens):
    assert verdict(tokens, "") == 41001
    assert verdict(tokens, "short") == 40014
    assert verdict(tokens, "99_" + "a" * 120) == 40001


@pytest.mark.parametrize(
    ("change", "code"),
    [({"appid": ""}, 41002), ({"appid": "wx0"}, 40013), ({"secret": ""}, 41004), ({"secret": "no"}, 40125)],
)
async def test_account_and_secret_are_checked_on_both_doors(desk, change, code):
    query = {"grant_type": "client_credential", **await desk.credentials(), **change}
    async with desk.client.get("/sim/api/cgi-bin/token", params=query) as response:
        assert (response.status, (await response.json())["errcode"]) == (200, code)
    async with desk.client.post("/sim/api/cgi-bin/stable_token", json=query) as response:
        answer = await response.json()
    assert answer["errcode"] == code
    assert "rid: " in answer["errmsg"]


async def test_methods_and_grant_type(desk):
    async with desk.client.get("/sim/api/cgi-bin/stable_token") as response:
        assert (await response.json())["errcode"] == 43002
    async with desk.client.post("/sim/api/cgi-bin/token") as response:
        assert (await response.json())["errcode"] == 43001
    async with desk.client.get("/sim/api/cgi-bin/token") as response:
        assert (await response.json())["errcode"] == 40002
