"""Procurement over the API: cards, comparing, watching, a confirmation once under its key."""

from aiohttp.test_utils import TestClient

from models import Certificate, Confirmation, Enterprise
from tests.miniapp_api.conftest import FIRM, KEY, answered, problem, sign_in
from tests.miniapp_api.test_queries import certified
from tests.workflow.world import World


async def test_a_card_is_live_and_compared(client: TestClient, world: World, firm: Enterprise) -> None:
    made = await certified(world, firm)
    found = await answered(await client.get("/api/v1/suppliers", params={"q": "样例电缆"}))
    (card,) = found["items"]
    assert (card["grade"], card["state"], card["number"]) == ("AA", "active", made.number)
    assert card["tender"]["standing"] == "entry"
    assert "不代表产品质量" in card["disclaimer"]
    answer = await client.get(f"/api/v1/suppliers/{FIRM}/card")
    assert "max-age" not in answer.headers.get("Cache-Control", "")
    await Certificate.filter(id=made.id).update(state="suspended")
    assert (await answered(await client.get(f"/api/v1/suppliers/{FIRM}/card")))["tender"]["standing"] == "below_entry"
    side = await answered(await client.get("/api/v1/compare", params={"f": f"{FIRM},91310000MA00000151"}))
    assert [one["uscc"] for one in side["items"]] == [FIRM]
    many = ",".join(f"91310000MA000000{number:02}" for number in range(6))
    told = await problem(await client.get("/api/v1/compare", params={"f": many}), 422)
    assert told["code"] == "too_many_compared"


async def test_watching_over_the_api(client: TestClient, world: World, firm: Enterprise) -> None:
    await certified(world, firm)
    who = await sign_in(world)
    made = await client.post("/api/v1/watches", json={"uscc": FIRM}, headers=who.headers)
    assert made.status == 201
    held = await answered(await client.get("/api/v1/watches", headers=who.headers))
    assert [one["uscc"] for one in held["items"]] == [FIRM]
    assert (await client.delete(f"/api/v1/watches/{FIRM}", headers=who.headers)).status == 204
    assert (await answered(await client.get("/api/v1/watches", headers=who.headers)))["items"] == []


async def test_a_confirmation_is_made_once_under_its_key(client: TestClient, world: World, firm: Enterprise) -> None:
    await certified(world, firm)
    who = await sign_in(world)
    headers = {**who.headers, "Idempotency-Key": KEY}
    first, again = [
        await answered(await client.post("/api/v1/confirmations", json={"uscc": FIRM}, headers=headers), 201)
        for _ in range(2)
    ]
    assert first == again
    path = f"/api/v1/confirmations/{first['ref']}"
    await problem(await client.get(f"{path}/pdf", headers=who.headers), 503)
    await world.work()
    assert (await answered(await client.get(path, headers=who.headers)))["state"] == "signed"
    pdf = await client.get(f"{path}/pdf", headers=who.headers)
    assert (await pdf.read()).startswith(b"%PDF-")
    assert await Confirmation.all().count() == 1
