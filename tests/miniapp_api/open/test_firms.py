"""Firms as partners see them: every answer stated, live, and nothing that is not public."""

from dataclasses import replace

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient

from config.settings import Settings
from gateways.statements import JwsStatements
from miniapp_api.open import add_open
from models import Certificate, FilingState, PartnerKind
from standard.profile import edition_on
from standard.scope import categories
from standard.validity import State
from tests import rows
from tests.miniapp_api.conftest import answered, problem
from tests.miniapp_api.open.conftest import Start, caller, stated, verified
from tests.workflow.living import Living, living, month_of
from tests.workflow.world import World
from workflow.scanning.scan_wording import DISCLAIMER

USCC = "91330100MA00000012"


async def a_firm(grade: str = "AA", **firm: str) -> Living:
    return await living(grade=grade, **{"uscc": USCC, "name": "样例电缆有限公司", **firm})


async def test_a_firm_is_told_with_its_certificate_months_and_points(client: TestClient, world: World) -> None:
    one = await a_firm()
    now = world.clock.now()
    await rows.credit_entry(enterprise_id=one.firm.id, year=now.year)
    await rows.credit_entry(enterprise_id=one.firm.id, year=now.year - 1)
    month = {"month": {"year": 2026, "number": 12}, "state": "on_time", "settled": True}
    await Certificate.filter(id=one.certificate.id).update(
        life={**one.certificate.life, "months": [month], "conditions": ["D.3.1"]}
    )
    shop = await caller(world)
    answer = await client.get(f"/open/v1/firms/{USCC}", headers=shop.headers)
    assert answer.headers["Cache-Control"] == "private, no-store"
    facts = await stated(client, answer, "firm")
    assert (facts["uscc"], facts["name"], facts["grade"], facts["state"]) == (USCC, "样例电缆有限公司", "AA", "active")
    assert facts["points"] == {"balance": 2, "year": now.year, "of_year": 1}
    held = facts["certificate"]
    assert (held["number"], held["alive"], held["categories"]) == (one.certificate.number, True, ["电线电缆"])
    assert (held["months"][0]["words"], held["continued_through"]) == ("按时合规", "2026-12")
    assert held["conditions"] == ["D.3.1"]
    assert facts["disclaimer"] == DISCLAIMER


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("OPTIONS", "batch", "POST"), ("GET", "batch", "POST"), ("OPTIONS", USCC, "GET"), ("OPTIONS", "batches", "GET")],
)
async def test_a_path_is_answered_for_by_its_own_methods_alone(
    client: TestClient, method: str, path: str, allowed: str
) -> None:
    answer = await client.request(method, f"/open/v1/firms/{path}")
    assert (answer.headers["Allow"], (await problem(answer, 405))["code"]) == (allowed, "no_such_method")


async def test_what_changed_is_told_at_once_and_the_etag_stands_for_the_facts(client: TestClient, world: World) -> None:
    one = await a_firm()
    shop = await caller(world)
    first = await client.get(f"/open/v1/firms/{USCC}", headers=shop.headers)
    again = {**shop.headers, "If-None-Match": first.headers["ETag"]}
    world.clock.advance(hours=1)
    assert (await client.get(f"/open/v1/firms/{USCC}", headers=again)).status == 304
    await Certificate.filter(id=one.certificate.id).update(state=State.REVOKED)
    facts = await stated(client, await client.get(f"/open/v1/firms/{USCC}", headers=again), "firm")
    assert (facts["state"], facts["state_words"], facts["certificate"]["alive"]) == ("revoked", "撤销", False)


async def test_a_firm_of_which_nothing_is_public_is_not_there(client: TestClient, world: World) -> None:
    shop = await caller(world)
    await rows.enterprise(uscc=USCC)
    for path in (USCC, f"{USCC}/tender", f"{USCC}/admission", "91330100MA00000039"):
        told = await problem(await client.get(f"/open/v1/firms/{path}", headers=shop.headers), 404)
        assert (told["code"], told["clause"]) == ("not_found", "7.6")
    await problem(await client.get("/open/v1/firms/nonsense", headers=shop.headers), 404)


async def test_a_batch_answers_each_firm_with_a_statement_of_its_own(client: TestClient, world: World) -> None:
    one = await a_firm()
    published = await rows.enterprise(uscc="91330100MA00000039", name="样例公示企业")
    application = await rows.application(enterprise_id=published.id, state="publicity")
    await rows.publication(application_id=application.id, content={"grade": "A"})
    shop = await caller(world)
    asked = [USCC, "91330100MA00000055", published.uscc, USCC]
    told = await answered(await client.post("/open/v1/firms/batch", json={"uscc": asked}, headers=shop.headers))
    assert [item["uscc"] for item in told["items"]] == asked
    states = [item["facts"] and item["facts"]["state"] for item in told["items"]]
    assert states == ["active", None, "none", "active"]
    assert told["items"][2]["facts"]["grade"] is None
    assert one.certificate.number == told["items"][3]["facts"]["certificate"]["number"]
    for item in told["items"]:
        claims = await verified(client, item["statement"])
        assert (claims["sub"], claims["facts"]) == (f"firm:{item['uscc']}", item["facts"])
    for wrong in ([], [USCC] * 101, ["short"]):
        answer = await client.post("/open/v1/firms/batch", json={"uscc": wrong}, headers=shop.headers)
        assert (await problem(answer, 422))["field"].startswith("uscc")


@pytest.mark.parametrize(
    ("grade", "state", "category", "decision", "covered"),
    [
        ("B", "active", None, "standard", None),
        ("AA", "warned", "电线电缆", "simplified", True),
        ("AAA", "active", "电线电缆", "automatic", True),
        ("AAA", "active", "低压电器", "refuse", False),
        ("AAA", "suspended", "电线电缆", "refuse", True),
        ("AAA", "expired", None, "refuse", None),
    ],
)
async def test_a_marketplace_is_told_whether_it_admits_and_why(
    client: TestClient,
    world: World,
    grade: str,
    state: str,
    category: str | None,
    decision: str,
    covered: bool | None,
) -> None:
    one = await a_firm(grade)
    await Certificate.filter(id=one.certificate.id).update(state=state)
    shop = await caller(world)
    asked = {} if category is None else {"category": category}
    answer = await client.get(f"/open/v1/firms/{USCC}/admission", params=asked, headers=shop.headers)
    facts = await stated(client, answer, "admission")
    assert (facts["decision"], facts["covered"], facts["print_conforms"]) == (decision, covered, "pass")
    assert all("10.3" in reason for reason in facts["reasons"])
    assert ("R43" in facts["rows"]) == (covered is False)


async def test_a_category_is_known_by_its_id_too(client: TestClient, world: World) -> None:
    await a_firm("AAA")
    shop = await caller(world)
    known = next(one for one in categories(edition_on(world.clock.now().date())) if one.name == "电线电缆")
    answer = await client.get(f"/open/v1/firms/{USCC}/admission?category={known.id}", headers=shop.headers)
    facts = await stated(client, answer, "admission")
    assert (facts["category"], facts["covered"]) == ("电线电缆", True)


async def test_procurement_and_associations_are_told_where_a_firm_stands(client: TestClient, world: World) -> None:
    one = await a_firm("AAA")
    for _ in range(10):
        await rows.credit_entry(enterprise_id=one.firm.id, year=world.clock.now().year)
    buyer = await caller(world, PartnerKind.CUSTOMER)
    facts = await stated(client, await client.get(f"/open/v1/firms/{USCC}/tender", headers=buyer.headers), "tender")
    assert (facts["tender"], facts["association"]["outcome"]) == ("preferred", "pass")


async def test_a_regulator_is_told_the_three_findings(client: TestClient, world: World) -> None:
    one = await a_firm("AA")
    month = {"month": {"year": 2026, "number": 12}, "state": "warned", "settled": False}
    await Certificate.filter(id=one.certificate.id).update(life={**one.certificate.life, "months": [month]})
    findings = [{"clause": "D.2.1", "outcome": "fail"}, {"clause": "C(3)", "outcome": "pass"}]
    verdict = {"complete": "fail", "files": ["f"], "findings": findings}
    await month_of(one, "2026-12", state=FilingState.WARNED, verdict=verdict)
    office = await caller(world, PartnerKind.REGULATOR)
    answer = await client.get(f"/open/v1/firms/{USCC}/regulation", headers=office.headers)
    facts = await stated(client, answer, "regulation")
    assert facts["frequency"] == "guided"
    assert [(one["clause"], one["outcome"]) for one in facts["findings"]] == [
        ("10.4(1)", "fail"),
        ("10.4(2)", "fail"),
        ("10.4(3)", "pass"),
    ]
    assert (facts["monthly"], facts["print_conforms"], facts["uploads"]) == ("fail", "fail", "pass")
    # What the findings rest on is the firm's own (8.3).
    assert "D.2.1" not in await answer.text()


async def test_without_a_key_to_sign_with_nothing_is_answered(
    world: World, aiohttp_client: Start, settings: Settings
) -> None:
    await a_firm()
    shop = await caller(world)
    app = web.Application()
    add_open(app, settings, replace(world.ports, statements=JwsStatements("https://sample.test", None)))
    client = await aiohttp_client(app)
    answer = await client.get(f"/open/v1/firms/{USCC}", headers=shop.headers)
    told = await problem(answer, 503)
    assert (told["code"], "密钥" in told["detail"]) == ("statements_unavailable", True)
    assert (await (await client.get("/.well-known/jwks.json")).json()) == {"keys": []}
