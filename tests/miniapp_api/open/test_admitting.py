"""Who is let in: by key or signature, within quota, and with the scope that an endpoint asks for."""

import hashlib
import hmac
import json
import secrets
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from config.clock import real_seconds
from config.settings import Settings
from miniapp_api.open import CHAPTERS
from models import ApiKey, PartnerKind
from tests import rows
from tests.miniapp_api.conftest import problem
from tests.miniapp_api.open.conftest import Caller, caller
from tests.workflow.living import living
from tests.workflow.world import World
from workflow.relying import partners
from workflow.relying.partners import SCOPES, Scope, Terms

USCC = "91330100MA00000012"
FIRM = f"/open/v1/firms/{USCC}"


def signed(one: Caller, method: str, path: str, body: bytes = b"", **changes: str) -> dict[str, str]:
    """The headers of a signed request, made as docs/partners.md says."""
    _, key_id, secret = one.token.split("_")
    timestamp, nonce = str(int(real_seconds())), secrets.token_hex(16)
    text = "\n".join([method, path, timestamp, nonce, hashlib.sha256(body).hexdigest()])
    return {
        "X-Zhuisu-Key": key_id,
        "X-Zhuisu-Timestamp": timestamp,
        "X-Zhuisu-Nonce": nonce,
        "X-Zhuisu-Signature": hmac.new(secret.encode(), text.encode(), "sha256").hexdigest(),
        **changes,
    }


MATRIX = """
                 none query admission regulate adopt webhook
    firm          401   200       403      403   403     403
    firms         401   200       403      403   403     403
    admission     401   403       200      403   403     403
    tender        401   200       403      403   403     403
    regulation    401   403       403      200   403     403
    certificate   401   200       403      403   403     403
    code          401   200       403      403   403     403
    file_adoption 401   403       403      403   201     403
    add_file      401   403       403      403   404     403
    adoption      401   403       403      403   404     403
    add_webhook   401   403       403      403   403     201
    list_webhooks 401   403       403      403   403     200
    end_webhook   401   403       403      403   403     404
    resume_webhook 401  403       403      403   403     404
    list_deliveries 401 403       403      403   403     404
    replay_deliveries 401 403     403      403   403     404
    credential    200   200       200      200   200     200
    status_list   200   200       200      200   200     200
"""
"""By the one scope of a key; of the kind that the scope is for. 404: another partner's."""

KIND_OF = {
    "query": PartnerKind.ASSOCIATION,
    "admission": PartnerKind.MARKETPLACE,
    "regulate": PartnerKind.REGULATOR,
    "adopt": PartnerKind.CUSTOMER,
    "webhook": PartnerKind.MARKETPLACE,
}
HEADERS = {"Idempotency-Key": "11111111-2222-3333"}
GIVEN: dict[str, dict[str, Any]] = {
    "firms": {"json": {"uscc": [USCC]}},
    "code": {"params": {"code": "x"}},
    "file_adoption": {
        "json": {
            "supplier_uscc": USCC,
            "tender_number": "ZB-2026-001",
            "tender_role": "buyer",
            "customer_name": "样例采购有限公司",
            "customer_uscc": "91310000MA0000015F",
            "way": "uploaded",
        }
    },
    "add_webhook": {"json": {"url": "http://127.0.0.1:8080/hook", "kinds": ["certificate.suspended"]}},
    "replay_deliveries": {"json": {"since": "2026-11-24T00:00:00Z"}},
    "add_file": {"params": {"kind": "award_notice", "name": "中标通知书.pdf"}, "data": b"%PDF-1.7"},
}
ENDPOINTS = {endpoint.name: endpoint for chapter in CHAPTERS for endpoint in chapter.endpoints}


def table() -> dict[str, dict[str, int]]:
    scopes, *lines = [line.split() for line in MATRIX.strip().splitlines() if line.strip()]
    return {name: dict(zip(scopes, map(int, statuses), strict=True)) for name, *statuses in lines}


def test_the_table_has_every_endpoint_and_every_scope(migrated_url: str) -> None:
    assert sorted(table()) == sorted(ENDPOINTS)
    assert all(set(row) == {"none", *Scope} for row in table().values())
    assert all(Scope(scope) in SCOPES[kind] for scope, kind in KIND_OF.items())


@pytest.mark.parametrize("name", list(table()))
async def test_a_key_opens_what_its_scope_says(client: TestClient, world: World, name: str) -> None:
    one = await living(uscc=USCC)
    endpoint, number = ENDPOINTS[name], one.certificate.number.replace("/", "-")
    ref = (await rows.adoption(partner_id=(await rows.partner()).id)).ref
    path = f"/open/v1{endpoint.path.format(uscc=USCC, number=number, purpose='revocation', ref=ref)}"
    for scope, expected in table()[name].items():
        headers = {} if scope == "none" else (await caller(world, KIND_OF[scope], Scope(scope))).headers
        answer = await client.request(endpoint.method, path, headers={**HEADERS, **headers}, **GIVEN.get(name, {}))
        assert answer.status == expected, (scope, await answer.text())
        if expected >= 400:
            told = await problem(answer, expected)
            assert told["code"] == {401: "key_missing", 403: "scope_missing", 404: "not_found"}[expected]


@pytest.mark.parametrize("kind", list(PartnerKind))
async def test_what_10_4_says_is_for_regulators_even_where_a_key_was_made_too_wide(
    client: TestClient, world: World, kind: PartnerKind
) -> None:
    await living(uscc=USCC)
    one = await caller(world, kind)
    await ApiKey.all().update(scopes=[scope.value for scope in Scope])
    answer = await client.get(f"{FIRM}/regulation", headers=one.headers)
    assert answer.status == (200 if kind is PartnerKind.REGULATOR else 403)


async def test_signed_requests_are_taken_once_and_for_what_was_signed(client: TestClient, world: World) -> None:
    await living(uscc=USCC)
    shop = await caller(world, PartnerKind.MARKETPLACE, Scope.QUERY, Scope.ADMISSION, signed=True)
    told = await problem(await client.get(FIRM, headers=shop.headers), 401)
    assert told["code"] == "signature_required"
    path = f"{FIRM}/admission?category=%E7%94%B5%E7%BA%BF%E7%94%B5%E7%BC%86"
    headers = signed(shop, "GET", path)
    first = await client.get(path, headers=headers)
    assert first.status == 200, await first.text()
    assert (await problem(await client.get(path, headers=headers), 401))["code"] == "nonce_used"
    body = json.dumps({"uscc": [USCC]}).encode()
    given: dict[str, Any] = {"headers": {**signed(shop, "POST", "/open/v1/firms/batch", body),
                                         "Content-Type": "application/json"}}  # fmt: skip
    other = await client.post("/open/v1/firms/batch", data=body.replace(b"12", b"13"), **given)
    assert (await problem(other, 401))["code"] == "signature_wrong"
    right = await client.post("/open/v1/firms/batch", data=body, **given)
    assert right.status == 200, await right.text()
    late = signed(shop, "GET", FIRM, **{"X-Zhuisu-Timestamp": "1"})
    assert (await problem(await client.get(FIRM, headers=late), 401))["code"] == "timestamp_off"


async def test_a_signed_body_is_no_larger_than_any_other(client: TestClient, world: World) -> None:
    shop = await caller(world)
    body = b" " * (64 * 1024 + 1)
    headers = {**signed(shop, "POST", "/open/v1/firms/batch", body), "Content-Type": "application/json"}
    await problem(await client.post("/open/v1/firms/batch", data=body, headers=headers), 413)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"X-Zhuisu-Key": "0123456789abcdef"}, "signature_wrong"),
        ({"X-Zhuisu-Signature": "x"}, "signature_wrong"),
        ({"X-Zhuisu-Timestamp": "1"}, "timestamp_off"),
        ({"X-Zhuisu-Nonce": "x"}, "nonce_wrong"),
    ],
)
async def test_nothing_is_read_of_whoever_cannot_have_signed(
    client: TestClient, world: World, change: dict[str, str], code: str
) -> None:
    shop = await caller(world)
    body = b" " * (64 * 1024 + 1)
    headers = {**signed(shop, "POST", "/open/v1/firms/batch", body, **change), "Content-Type": "application/json"}
    # Whatever is too large would be answered with 413 as soon as it is read.
    told = await problem(await client.post("/open/v1/firms/batch", data=body, headers=headers), 401)
    assert told["code"] == code


async def test_a_revoked_key_opens_nothing_from_the_next_request_on(client: TestClient, world: World) -> None:
    await living(uscc=USCC)
    shop = await caller(world)
    assert (await client.get(FIRM, headers=shop.headers)).status == 200
    await partners.revoke_key(world.ports, shop.token.split("_")[1])
    told = await problem(await client.get(FIRM, headers=shop.headers), 401)
    assert told["code"] == "key_revoked"


async def test_quotas_are_a_keys_own_by_minute_and_by_day(client: TestClient, world: World) -> None:
    await living(uscc=USCC)
    by_minute = await caller(world, per_minute=2, per_day=100)
    by_day = await caller(world, per_minute=100, per_day=2)
    for one in (by_minute, by_day):
        for left in ("1", "0"):
            answer = await client.get(FIRM, headers=one.headers)
            assert (answer.status, answer.headers["RateLimit-Remaining"]) == (200, left)
        refused = await client.get(FIRM, headers=one.headers)
        assert (await problem(refused, 429))["code"] == "too_many"
        assert refused.headers["RateLimit-Limit"] == "2"
    assert int(refused.headers["Retry-After"]) > 60
    other = await partners.new_key(world.ports, by_day.partner, Terms([Scope.QUERY]))
    assert (await client.get(FIRM, headers={"Authorization": f"Bearer {other.token}"})).status == 200


async def test_whoever_tries_keys_is_slowed_down(client: TestClient, world: World, settings: Settings) -> None:
    for _ in range(settings.open.wrong_keys_per_minute):
        assert (await client.get(FIRM, headers={"Authorization": "Bearer zk_x"})).status == 401
    assert (await client.get(FIRM)).status == 429
    await living(uscc=USCC)
    assert (await client.get(FIRM, headers=(await caller(world)).headers)).status == 200
