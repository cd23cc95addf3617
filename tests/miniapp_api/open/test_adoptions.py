"""A customer's own system puts adoptions on record, with their papers, and sees what came of them."""

from datetime import UTC, datetime

from aiohttp.test_utils import TestClient

from models import Adoption, PartnerKind
from tests.miniapp_api.conftest import problem
from tests.miniapp_api.open.conftest import caller, stated, verified
from tests.workflow.living import living
from tests.workflow.world import World

USCC = "91330100MA00000012"
KEY = {"Idempotency-Key": "11111111-2222-3333"}
NEW = {
    "supplier_uscc": USCC,
    "tender_number": "ZB-2026-001",
    "tender_role": "buyer",
    "customer_name": "样例采购有限公司",
    "customer_uscc": "91310000MA0000015F",
    "way": "uploaded",
}
PAPER = "/files?kind=award_notice&name=%E4%B8%AD%E6%A0%87.pdf"


async def test_an_adoption_is_filed_once_with_its_papers_and_seen_by_its_partner_alone(
    client: TestClient, world: World
) -> None:
    await living(uscc=USCC)
    buyer, other = [await caller(world, PartnerKind.CUSTOMER) for _ in range(2)]
    first = await client.post("/open/v1/adoptions", json=NEW, headers={**buyer.headers, **KEY})
    assert first.status == 201, await first.text()
    told = await first.json()
    claims = await verified(client, told["statement"])
    assert (claims["facts"], claims["question"]) == (told["facts"], "adoption")
    assert (told["facts"]["state"], told["facts"]["files"]) == ("checking", [])
    again = await client.post("/open/v1/adoptions", json=NEW, headers={**buyer.headers, **KEY})
    assert (again.status, again.headers["Idempotency-Replayed"], await again.json()) == (201, "true", told)
    path = f"/open/v1/adoptions/{told['facts']['ref']}"
    pdf = {**buyer.headers, "Content-Type": "application/pdf"}
    for _ in range(2):
        added = await client.post(f"{path}{PAPER}", data=b"%PDF-1.7 sample", headers=pdf)
        assert added.status == 201, await added.text()
    facts = await stated(client, await client.get(path, headers=buyer.headers), "adoption")
    assert [(file["kind"], file["name"]) for file in facts["files"]] == [("award_notice", "中标.pdf")]
    assert (facts["state"], facts["complete_through"]) == ("checking", None)
    await Adoption.all().update(state="waiting", due_at=datetime(2027, 2, 24, 16, tzinfo=UTC))
    facts = await stated(client, await client.get(path, headers=buyer.headers), "adoption")
    assert facts["complete_through"] == "2027-02-24"
    await problem(await client.get(path, headers=other.headers), 404)
    await problem(await client.post(f"{path}{PAPER}", data=b"%PDF-1.7", headers=other.headers), 404)
    assert await Adoption.all().count() == 1


async def test_what_is_no_adoption_is_refused_with_its_field(client: TestClient, world: World) -> None:
    await living(uscc=USCC)
    buyer = await caller(world, PartnerKind.CUSTOMER)

    async def refused(status: int, **changes: str) -> str:
        body, headers = {**NEW, **changes}, {**buyer.headers, "Idempotency-Key": f"key-{len(str(changes)):020d}"}
        answer = await client.post("/open/v1/adoptions", json=body, headers=headers)
        return str((await problem(answer, status)).get("field"))

    assert await refused(422, supplier_uscc="91330100MA00000039") == "supplier_uscc"
    assert await refused(422, customer_uscc=USCC) == "customer_uscc"
    assert await refused(422, tender_role="friend") == "tender_role"
    no_key = await client.post("/open/v1/adoptions", json=NEW, headers=buyer.headers)
    assert (await problem(no_key, 400))["code"] == "idempotency_key_missing"
