"""A firm's products over HTTP."""

from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from models import Enterprise, Product, StaffRole
from standard.calendar import shanghai_day
from standard.profile import edition_on
from standard.scope import categories
from tests.miniapp_api.conftest import FIRM, KEY, answered, member, problem
from tests.workflow.world import World

CCC = "2024010105123456"
CHANGEABLE: dict[str, Any] = {"product_class": "ccc", "qualification_number": CCC, "category": "电线电缆"}
PRODUCT: dict[str, Any] = {
    "category": "wires_and_cables",
    "name": "聚氯乙烯绝缘电线（样例）",
    "model": "BV 2.5",
    "code_issuer": "GS1",
    "gtin": "6901234567892",
    "sheet_mm": [100, 70],
    "qualification_number": CCC,
    "record": {"产品名称": "电线（样例）"},
    "patterns": [{"kind": "gtin_prefix", "value": "6901234"}],
}


async def test_the_categories_are_those_of_the_edition_and_anybodys(client: TestClient, world: World) -> None:
    answer = await client.get("/api/v1/categories")
    listed = (await answered(answer))["items"]
    known = categories(edition_on(shanghai_day(world.clock.now())))
    assert [one["id"] for one in listed] == [category.id for category in known]
    assert listed[0].keys() == {"id", "name", "product_class", "source"}
    assert answer.headers["Cache-Control"] == "public, max-age=3600"


async def test_a_product_is_registered_listed_changed_and_retired(
    client: TestClient, world: World, firm: Enterprise
) -> None:
    staff = await member(world, firm, StaffRole.STAFF)
    path, headers = f"/api/v1/firms/{FIRM}/products", {**staff.headers, "Idempotency-Key": KEY}
    made = await answered(await client.post(path, json=PRODUCT, headers=headers), 201)
    assert made == {
        **PRODUCT,
        "id": made["id"],
        "category": "电线电缆",
        "gtin": "06901234567892",
        "product_class": "ccc",
        "patterns": [{"kind": "gtin_prefix", "value": "6901234", "proved_at": None}],
    }
    assert await answered(await client.post(path, json=PRODUCT, headers=headers), 201) == made
    assert await answered(await client.get(path, headers=staff.headers)) == {"items": [made]}
    one = f"/api/v1/products/{made['id']}"
    change = {"sheet_mm": [90.5, 50], "gtin": "", "patterns": []}
    changed = await answered(await client.patch(one, json=change, headers=staff.headers))
    assert changed == {**made, "sheet_mm": [90.5, 50.0], "gtin": None, "patterns": []}
    assert (await client.delete(one, headers=staff.headers)).status == 204
    assert await answered(await client.get(path, headers=staff.headers)) == {"items": []}
    await problem(await client.patch(one, json={}, headers=staff.headers), 404)


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"sheet_mm": [100]}, "invalid", "sheet_mm.1"),
        ({"sheet_mm": [100, "70"]}, "invalid", "sheet_mm.1"),
        ({"sheet_mm": [1, 70]}, "sheet_invalid", "sheet_mm"),
        ({"record": {"x" * 41: "y"}}, "invalid", f"record.{'x' * 41}.[key]"),
        ({"patterns": [{"kind": "colour", "value": "red"}]}, "invalid", "patterns.0.kind"),
        ({"gtin": "6901234567893"}, "gtin_invalid", "gtin"),
        ({"product_class": "fourth"}, "invalid", "product_class"),
    ],
)
async def test_what_cannot_be_a_product_is_told_by_field(
    client: TestClient, world: World, firm: Enterprise, given: dict[str, Any], code: str, field: str
) -> None:
    staff = await member(world, firm, StaffRole.STAFF)
    headers = {**staff.headers, "Idempotency-Key": KEY}
    told = await problem(
        await client.post(f"/api/v1/firms/{FIRM}/products", json={**PRODUCT, **given}, headers=headers), 422
    )
    assert (told["code"], told["field"]) == (code, field)
    assert await Product.all().count() == 0
