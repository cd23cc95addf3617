"""Registering a firm over HTTP: a form with its licence, and what the check said."""

from aiohttp import FormData
from aiohttp.test_utils import TestClient

from models import Registration
from tests.miniapp_api.conftest import FIRM, KEY, answered, problem, sign_in
from tests.workflow.test_registration import LICENCE, SCAN
from tests.workflow.world import World


def form(**changed: str) -> FormData:
    made = FormData(quote_fields=False)
    fields = {
        "uscc": FIRM,
        "name": "样例电缆（上海）有限公司",
        "address": "上海市样例区样例路 1 号",
        "legal_representative": "样例人",
        "applicant_name": "张工（样例）",
        "title": "质量经理",
        **changed,
    }
    for name, value in fields.items():
        made.add_field(name, value)
    made.add_field("licence", SCAN, filename="营业执照.pdf", content_type="application/pdf")
    return made


async def test_a_firm_nobody_has_heard_of_gets_its_owner(client: TestClient, world: World) -> None:
    caller = await sign_in(world)
    headers = {**caller.headers, "Idempotency-Key": KEY}
    made = await answered(await client.post("/api/v1/registrations", data=form(), headers=headers), 202)
    assert (made["state"], made["uscc"], made["findings"]) == ("checking", FIRM, [])
    assert await answered(await client.post("/api/v1/registrations", data=form(), headers=headers), 202) == made
    assert await Registration.all().count() == 1
    world.inspector.documents[SCAN] = LICENCE
    await world.work()
    path = f"/api/v1/registrations/{made['ref']}"
    found = await answered(await client.get(path, headers=caller.headers))
    assert found["state"] == "verified"
    assert {finding["outcome"] for finding in found["findings"]} == {"pass"}
    assert await answered(await client.get("/api/v1/registrations", headers=caller.headers)) == {"items": [found]}
    me = await answered(await client.get("/api/v1/me", headers=caller.headers))
    assert [(one["firm"]["uscc"], one["role"]) for one in me["firms"]] == [(FIRM, "owner")]
    assert me["unread"] == 1


async def test_a_form_that_is_wrong_keeps_nothing(client: TestClient, world: World) -> None:
    headers = {**(await sign_in(world)).headers, "Idempotency-Key": KEY}
    cases = {
        ("invalid", "uscc"): form(uscc="123"),
        ("uscc_invalid", "uscc"): form(uscc=FIRM[:-1] + "A"),
        ("invalid", "name"): form(name=" "),
        ("invalid", "organisation_role"): form(organisation_role="bank"),
        ("role_not_supported", None): form(organisation_role="seller"),
    }
    for (code, field), given in cases.items():
        told = await problem(await client.post("/api/v1/registrations", data=given, headers=headers), 422)
        assert (told["code"], told.get("field") if field else None) == (code, field)
    assert await Registration.all().count() == 0
