"""An upgrade review over HTTP: the offer, its opening, what it came to, what the public is answered (8.5(3), R18)."""

from decimal import Decimal

import pytest
from aiohttp.test_utils import TestClient

from models import StaffRole
from tests.miniapp_api.conftest import FIRM, KEY, answered, member, problem
from tests.workflow.graded import facts_of_a
from tests.workflow.upgrading import upgrading
from tests.workflow.world import World


async def test_the_offer_says_how_far_the_points_reach_and_an_application_may_be_a_review(
    client: TestClient, world: World
) -> None:
    case = await upgrading(world, uscc=FIRM, points=9)
    staff = await member(world, case.one.firm, StaffRole.STAFF)
    offer = await answered(await client.get(f"/api/v1/firms/{FIRM}/upgrade-review", headers=staff.headers))
    assert (offer["certificate"], offer["grade"]) == (case.one.certificate.number, "B")
    assert (offer["year"], offer["year_points"], offer["categories"]) == (2026, 9, ["电线电缆"])
    assert [(one["level"], one["open"]) for one in offer["levels"]] == [("A", True), ("AA", False), ("AAA", False)]
    assert "年度资信 9 分" in offer["levels"][1]["reason"]
    path, body = f"/api/v1/firms/{FIRM}/applications", {"products": [case.product.id], "sells_online": False}
    headers = {**staff.headers, "Idempotency-Key": KEY}

    async def opening(key: str, **given: object) -> object:
        return await client.post(path, json={**body, **given}, headers={**headers, "Idempotency-Key": f"{KEY}-{key}"})

    plain = await problem(await opening("a", level="A"), 409)
    assert (plain["code"], "申请升级复核" in plain["detail"]) == ("certificate_alive", True)
    too_far = await problem(await opening("b", level="AA", upgrade=True), 409)
    assert (too_far["code"], too_far["clause"], too_far["rows"]) == ("upgrade_closed", "8.5(3)", ["R18"])
    made = await answered(await opening("c", level="A", upgrade=True), 201)
    assert made["upgrade"] == {"certificate": case.one.certificate.number, "grade_before": "B"}
    listed = await answered(await client.get(path, headers=staff.headers))
    assert listed["items"][0] == made


async def test_without_a_certificate_there_is_no_offer(client: TestClient, world: World, firm: object) -> None:
    staff = await member(world, firm, StaffRole.STAFF)  # type: ignore[arg-type]
    await problem(await client.get(f"/api/v1/firms/{FIRM}/upgrade-review", headers=staff.headers), 404)


async def test_the_result_says_what_it_does_to_the_certificate_and_what_lacks(
    client: TestClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = await upgrading(world, uscc=FIRM)
    staff = await member(world, case.one.firm, StaffRole.STAFF)
    application = await case.grade(monkeypatch, await case.open(), facts_of_a(coverage=Decimal("0.85")))
    found = await answered(await client.get(f"/api/v1/applications/{application.ref}/result", headers=staff.headers))
    upgrade = found["upgrade"]
    assert (upgrade["grade_before"], upgrade["to"], upgrade["most"], upgrade["year_points"]) == ("B", "B", "A", 0)
    assert upgrade["next"]["level"] == "A"
    assert "用码覆盖率 85%，" in upgrade["next"]["missing"][0]["words"]


async def test_the_public_is_answered_from_which_grade_to_which(
    client: TestClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = await upgrading(world, uscc=FIRM)
    _, public = await case.published(monkeypatch, facts_of_a())
    shown = await answered(await client.get(f"/api/v1/publications/{public.ref}"))
    assert (shown["grade"], shown["upgrade"]["grade_before"], shown["upgrade"]["applies"]) == ("A", "B", True)
