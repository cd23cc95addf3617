"""The operator's desk over HTTP."""

from datetime import UTC, datetime

from aiohttp.test_utils import TestClient

from models import PlatformRole
from tests import rows
from tests.miniapp_api.conftest import Caller, answered, problem, sign_in
from tests.workflow.living import held_for_its_case
from tests.workflow.world import World
from workflow.firms import members


async def operator(world: World) -> Caller:
    caller = await sign_in(world)
    await members.grant(world.ports, caller.asker.person_id, PlatformRole.OPERATOR, by="system")
    return caller


async def test_what_waits_is_decided_with_a_reason_once(client: TestClient, world: World) -> None:
    caller, item = await operator(world), await rows.desk_item(title="资料核验超期")
    (waiting,) = (await answered(await client.get("/api/v1/desk", headers=caller.headers)))["items"]
    assert (waiting["ref"], waiting["clause"], waiting["state"]) == (item.ref, "7.2(4)", "open")
    assert waiting["choices"] == [{"id": "noted", "label": "已处理"}]
    path = f"/api/v1/desk/{item.ref}"
    assert await answered(await client.get(path, headers=caller.headers)) == waiting
    for body, code in (
        ({"decision": "noted", "reason": " "}, "invalid"),
        ({"decision": "forget", "reason": "不想处理"}, "decision_unknown"),
    ):
        told = await problem(await client.post(f"{path}/decision", json=body, headers=caller.headers), 422)
        assert told["code"] == code
    body = {"decision": "noted", "reason": "已联系企业"}
    decided = await answered(await client.post(f"{path}/decision", json=body, headers=caller.headers))
    assert (decided["state"], decided["decision"], decided["reason"], decided["choices"]) == (
        "decided",
        "noted",
        "已联系企业",
        [],
    )
    again = await problem(await client.post(f"{path}/decision", json=body, headers=caller.headers), 409)
    assert again["code"] == "already_decided"
    assert (await answered(await client.get("/api/v1/desk", headers=caller.headers)))["items"] == []
    done = await answered(await client.get("/api/v1/desk?decided=true", headers=caller.headers))
    assert done["items"] == [decided]


async def test_the_desk_is_paged_by_key(client: TestClient, world: World) -> None:
    caller = await operator(world)
    refs = [(await rows.desk_item()).ref for _ in range(3)]
    first = await answered(await client.get("/api/v1/desk?limit=2", headers=caller.headers))
    rest = await answered(await client.get(f"/api/v1/desk?limit=2&after={first['next']}", headers=caller.headers))
    assert [item["ref"] for item in (*first["items"], *rest["items"])] == refs
    assert rest["next"] is None


async def test_a_case_of_revocation_is_decided_by_operators_only(client: TestClient, world: World) -> None:
    world.clock.advance(datetime(2027, 3, 8, 2, 0, tzinfo=UTC) - world.clock.now())
    case = await held_for_its_case(world.ports)
    stranger, caller = await sign_in(world), await operator(world)
    (waiting,) = (await answered(await client.get("/api/v1/desk", headers=caller.headers)))["items"]
    assert (waiting["kind"], [one["id"] for one in waiting["choices"]]) == ("revocation", ["revoke", "dismiss"])
    assert (waiting["due_at"], waiting["undated"]) == (None, "9.5.1 没有规定多久决定")
    path = f"/api/v1/desk/{waiting['ref']}/decision"
    body = {"decision": "revoke", "reason": "企业未作说明（样例）"}
    await problem(await client.post(path, json=body, headers=stranger.headers), 404)
    decided = await answered(await client.post(path, json=body, headers=caller.headers))
    assert (decided["decision"], decided["choices"]) == ("revoke", [])
    await case.certificate.refresh_from_db()
    assert case.certificate.state == "revoked"
