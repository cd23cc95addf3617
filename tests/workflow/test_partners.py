"""Partners' keys: shown once, only as good as their terms, gone at once; signatures good for one request."""

import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from typer.testing import CliRunner

from app.cli import cli
from app.commands import partners as commands
from config.clock import real_seconds
from models import ApiKey, Event, Partner, PartnerKind
from tests.workflow.world import World
from workflow.context import Ports
from workflow.links import Links
from workflow.problems import Refused
from workflow.relying import partners
from workflow.relying.partners import KeyRefused, NewKey, Scope, SignedRequest, Terms

BODY = b'{"uscc": ["91330100MA00000012"]}'


async def made(world: World, kind: PartnerKind = PartnerKind.MARKETPLACE, **terms: Any) -> NewKey:
    partner = await partners.add_partner(world.ports, "样例商城", kind, sample=True)
    return await partners.new_key(world.ports, partner, Terms(**{"scopes": [Scope.QUERY], **terms}))


def signed(token: str, **changes: Any) -> SignedRequest:
    """As a partner's engineer signs, from the documentation alone."""
    _, key_id, secret = token.split("_")
    given = {"method": "POST", "path": "/open/v1/firms/batch?a=1", "body": BODY, **changes}
    timestamp, nonce = str(int(real_seconds())), "nonce-0123456789ab"
    timestamp, nonce = given.pop("timestamp", timestamp), given.pop("nonce", nonce)
    lines = [given["method"], given["path"], timestamp, nonce, hashlib.sha256(given["body"]).hexdigest()]
    signature = hmac.new(secret.encode(), "\n".join(lines).encode(), "sha256").hexdigest()
    return SignedRequest(key_id, timestamp, nonce, signature, **given)


async def by_signature(ports: Ports, request: SignedRequest) -> partners.Holder:
    holder = await partners.signer_of(replace(request, body=b""))
    await partners.check_signature(ports, holder, request)
    return holder


async def refused(world: World, asked: SignedRequest | str) -> str:
    with pytest.raises(KeyRefused) as caught:
        await (partners.holder_by_token(asked) if isinstance(asked, str) else by_signature(world.ports, asked))
    return caught.value.code


async def test_a_key_opens_what_it_was_made_for_and_its_secret_is_nowhere(world: World) -> None:
    new = await made(world, scopes=[Scope.QUERY, Scope.ADMISSION], per_minute=5)
    holder = await partners.holder_by_token(new.token)
    assert (holder.scopes, holder.partner.name, holder.key.per_minute) == ({"query", "admission"}, "样例商城", 5)
    secret = new.token.split("_")[2]
    kept = [*await ApiKey.all().values(), *await Partner.all().values(), *await Event.all().values()]
    assert secret not in str(kept)
    assert [event["action"] for event in await Event.all().order_by("id").values()] == ["partner:add", "partner:key"]


@pytest.mark.parametrize("wrong", ["", "zk", "zk_0123456789abcdef_" + "0" * 64, "x{token}", "{token}0"])
async def test_whatever_is_no_key_opens_nothing(world: World, wrong: str) -> None:
    new = await made(world)
    assert await refused(world, wrong.format(token=new.token)) == "key_unknown"
    other = await made(world)
    mixed = f"zk_{new.key.key_id}_{other.token.split('_')[2]}"
    assert await refused(world, mixed) == "key_unknown"


async def test_what_was_revoked_expired_or_ended_opens_nothing_from_then_on(world: World) -> None:
    now = datetime.fromtimestamp(real_seconds(), UTC)
    assert await refused(world, (await made(world, expires_at=now - timedelta(seconds=1))).token) == "key_expired"
    new = await made(world, expires_at=now + timedelta(hours=1))
    await partners.holder_by_token(new.token)
    await partners.revoke_key(world.ports, new.key.key_id)
    assert await refused(world, new.token) == "key_revoked"
    assert await refused(world, signed(new.token)) == "key_revoked"
    await partners.revoke_key(world.ports, new.key.key_id)
    assert await Event.filter(action="partner:revoke").count() == 1
    ended = await made(world)
    await partners.end_partner(world.ports, (await Partner.get(id=ended.key.partner_id)).ref)
    assert await refused(world, ended.token) == "key_revoked"


async def test_a_signed_request_is_taken_once(world: World) -> None:
    new = await made(world, signed=True)
    assert await refused(world, new.token) == "signature_required"
    holder = await by_signature(world.ports, signed(new.token))
    assert holder.key.id == new.key.id
    assert await refused(world, signed(new.token)) == "nonce_used"
    await by_signature(world.ports, signed(new.token, nonce="another-0123456789"))


@pytest.mark.parametrize(
    "change",
    [
        {"body": b"{}"},
        {"method": "GET"},
        {"path": "/open/v1/firms/batch?a=2"},
        {"signature": "0" * 63 + "٣"},
        {"nonce": "other-0123456789ab"},
        {"key_id": "0123456789abcdef"},
        {"signature": "0" * 64},
        {"signature": "é"},
        {"signature": "\udcff"},
        {"key_id": "\udcff"},
    ],
)
async def test_a_signature_is_for_exactly_what_was_signed(world: World, change: dict[str, Any]) -> None:
    new = await made(world)
    right = signed(new.token)
    assert await refused(world, replace(right, **change)) == "signature_wrong"
    # Nothing was used up by what was not right.
    await by_signature(world.ports, right)


@pytest.mark.parametrize("off", [-301, 301])
async def test_a_signature_does_not_keep(world: World, off: int) -> None:
    new = await made(world)
    old = signed(new.token, timestamp=str(int(real_seconds()) + off))
    assert await refused(world, old) == "timestamp_off"
    for text in ("", "now", "-1", "1" * 13):
        assert await refused(world, signed(new.token, timestamp=text)) == "timestamp_off"
    for nonce in ("", "short", "n" * 65, "with space 0123456"):
        assert await refused(world, signed(new.token, nonce=nonce)) == "nonce_wrong"
    assert await refused(world, replace(signed(new.token), nonce="nonce-0123456789\udcff")) == "nonce_wrong"


async def test_after_the_platforms_secret_changed_keys_live_on_and_signatures_do_not(world: World) -> None:
    new = await made(world)
    changed = replace(world.ports, links=Links("https://sample.test", b"t" * 32, 30))
    await partners.holder_by_token(new.token)
    with pytest.raises(KeyRefused, match="signature_wrong"):
        await by_signature(changed, signed(new.token))


async def test_a_kind_of_partner_is_given_what_its_clause_speaks_of(world: World) -> None:
    expected = {
        "marketplace": {"query", "admission", "webhook"},
        "regulator": {"query", "regulate", "webhook"},
        "association": {"query", "webhook"},
        "customer": {"query", "adopt", "webhook"},
    }
    for kind in PartnerKind:
        partner = await partners.add_partner(world.ports, "样例", kind)
        for scope in Scope:
            if scope in expected[kind]:
                await partners.new_key(world.ports, partner, Terms([scope]))
            else:
                with pytest.raises(Refused, match="scope_not_for_kind"):
                    await partners.new_key(world.ports, partner, Terms([scope]))
    with pytest.raises(Refused, match="scope_missing"):
        await partners.new_key(world.ports, partner, Terms([]))
    with pytest.raises(Refused, match="uscc_invalid"):
        await partners.add_partner(world.ports, "样例", kind, uscc="91330100MA00000013")


async def test_use_is_noted_once_a_day(world: World) -> None:
    new = await made(world)
    await partners.used(new.key)
    noted = await ApiKey.get(id=new.key.id)
    assert noted.last_used_on == datetime.fromtimestamp(real_seconds(), UTC).date()


async def test_the_operator_adds_shows_and_revokes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Callable[[Ports], Awaitable[str]]] = []
    monkeypatch.setattr(commands, "_run", asked.append)
    run = CliRunner()

    async def say(*words: str) -> str:
        done = run.invoke(cli, ["partners", *words])
        assert done.exit_code == 0, done.output
        return await asked.pop()(world.ports)

    ref = re.search(r"编号 (\w+)", await say("add", "样例商城", "--kind", "marketplace", "--sample"))
    assert ref is not None
    said = await say("key", ref[1], "--scope", "query", "--scope", "admission", "--until", "2099-12-31", "--signed")
    token = said.splitlines()[0]
    assert re.fullmatch(r"zk_[0-9a-f]{16}_[0-9a-f]{64}", token)
    assert "至 2099-12-31" in await say("list")
    await say("revoke", token.split("_")[1])
    listed = await say("list")
    assert "样例商城（样例）  网售平台" in listed
    assert "查询、入驻核验" in listed or "入驻核验、查询" in listed
    assert "须签名  已收回，未使用" in listed
    assert token.split("_")[2] not in listed
    await say("end", ref[1])
    assert "（已停用）" in await say("list")
    assert run.invoke(cli, ["partners", "key", ref[1], "--scope", "query", "--until", "soon"]).exit_code == 2
