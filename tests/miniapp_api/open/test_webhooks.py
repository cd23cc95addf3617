"""A partner's system registers where it is told of changes, sees what was posted, and asks for it again."""

from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from models import PartnerKind, WebhookDelivery
from tests import rows
from tests.miniapp_api.conftest import problem
from tests.miniapp_api.open.conftest import caller
from tests.workflow.world import World
from workflow.relying.partners import Scope

HOOKS = "/open/v1/webhooks"
NEW = {"url": "http://127.0.0.1:8080/hook", "kinds": ["certificate.suspended", "month.continued"]}


async def test_a_webhook_is_registered_with_a_secret_that_is_answered_once(client: TestClient, world: World) -> None:
    shop = await caller(world, PartnerKind.MARKETPLACE, Scope.WEBHOOK)
    answer = await client.post(HOOKS, json=NEW, headers=shop.headers)
    assert answer.status == 201, await answer.text()
    made = await answer.json()
    assert len(made["secret"]) == 64
    shown = {name: value for name, value in made.items() if name != "secret"}
    assert shown == {
        "ref": made["ref"],
        **NEW,
        "created_at": "2026-11-24T02:00:00Z",
        "failures": 0,
        "paused_at": None,
        "paused_because": "",
    }
    listed = await client.get(HOOKS, headers=shop.headers)
    assert await listed.json() == {"items": [shown]}
    assert made["secret"] not in await listed.text()
    again = await problem(await client.post(HOOKS, json=NEW, headers=shop.headers), 409)
    assert again["code"] == "webhook_exists"
    assert (await client.delete(f"{HOOKS}/{made['ref']}", headers=shop.headers)).status == 204
    await problem(await client.delete(f"{HOOKS}/{made['ref']}", headers=shop.headers), 404)
    assert await (await client.get(HOOKS, headers=shop.headers)).json() == {"items": []}


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"url": "http://example.com/hook"}, "webhook_url_refused", "url"),
        ({"url": "https://169.254.169.254/latest"}, "webhook_url_refused", "url"),
        ({"url": " "}, "invalid", None),
        ({"url": NEW["url"], "kinds": ["certificate.unknown"]}, "invalid", None),
        ({"kinds": []}, "invalid", None),
    ],
)
async def test_what_is_no_webhook_is_refused(
    client: TestClient, world: World, body: dict[str, Any], code: str, field: str | None
) -> None:
    shop = await caller(world)
    told = await problem(await client.post(HOOKS, json=body, headers=shop.headers), 422)
    assert told["code"] == code
    if field is not None:
        assert told["field"] == field


async def test_deliveries_come_page_by_page_and_once_more(client: TestClient, world: World) -> None:
    shop = await caller(world)
    hook = await rows.webhook(partner_id=shop.partner.id, paused_at=rows.NOW, paused_because="样例")
    made = [await rows.webhook_delivery(webhook_id=hook.id, state="given_up", attempts=7) for _ in range(3)]
    path = f"{HOOKS}/{hook.ref}"
    seen: list[str] = []
    after = ""
    while True:
        answer = await client.get(f"{path}/deliveries?limit=2{after}", headers=shop.headers)
        page = await answer.json()
        seen += [item["ref"] for item in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert seen == [one.ref for one in reversed(made)]

    since, key = {"since": "2026-11-24T00:00:00Z"}, {"Idempotency-Key": "11111111-2222-3333"}
    told = await client.post(f"{path}/replay", json=since, headers={**shop.headers, **key})
    assert (await problem(told, 409))["code"] == "webhook_paused"
    resumed = await client.post(f"{path}/resume", headers=shop.headers)
    assert ((await resumed.json())["paused_at"], resumed.status) == (None, 200)
    for _ in range(2):
        answer = await client.post(f"{path}/replay", json=since, headers={**shop.headers, **key})
        assert (answer.status, await answer.json()) == (200, {"deliveries": 3})
    assert answer.headers["Idempotency-Replayed"] == "true"
    naive = await client.post(f"{path}/replay", json={"since": "2026-11-24T00:00:00"}, headers={**shop.headers, **key})
    await problem(naive, 422)
    assert await WebhookDelivery.filter(state="given_up").count() == 3  # until its job comes
