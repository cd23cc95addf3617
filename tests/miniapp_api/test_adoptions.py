"""An adoption over the API: filed with its papers in one request, judged, seen by both sides; the firm's ledger."""

from aiohttp import FormData
from aiohttp.test_utils import TestClient

from models import StaffRole
from tests import rows
from tests.miniapp_api.conftest import KEY, Caller, answered, member, problem, sign_in
from tests.workflow.adopting import CUSTOMER, CUSTOMER_USCC, NUMBER, award, tender
from tests.workflow.filed import RecordedInspector
from tests.workflow.living import Living, living
from tests.workflow.world import World


async def supplier(world: World) -> Living:
    object.__setattr__(world.ports, "inspector", RecordedInspector())
    return await living(name="样例电缆有限公司", uscc="91310000MA0000015F")


async def buyer(world: World) -> Caller:
    firm = await rows.enterprise(name=CUSTOMER, uscc=CUSTOMER_USCC, verified_at=world.clock.now())
    return await member(world, firm, StaffRole.STAFF)


def form(supplier: Living, **given: str | bytes) -> FormData:
    made = FormData(default_to_multipart=True)
    fields: dict[str, str | bytes] = {
        "supplier_uscc": supplier.firm.uscc, "tender_number": NUMBER, "tender_role": "tenderer",
        "customer_name": CUSTOMER, "customer_uscc": CUSTOMER_USCC,
        "tender_document": tender(), "award_notice": award(supplier.firm.name),
    }  # fmt: skip
    for name, value in {**fields, **given}.items():
        more = {"filename": f"{name}.pdf"} if isinstance(value, bytes) else {}
        made.add_field(name, value, **more)
    return made


async def test_a_record_with_its_papers_becomes_a_point_that_members_and_public_see(
    client: TestClient, world: World
) -> None:
    maker, who = await supplier(world), await buyer(world)
    headers = {**who.headers, "Idempotency-Key": KEY}
    made = await answered(await client.post("/api/v1/adoptions", data=form(maker), headers=headers), 201)
    assert (made["state"], [one["kind"] for one in made["files"]]) == ("checking", ["tender_document", "award_notice"])
    again = await answered(await client.post("/api/v1/adoptions", data=form(maker), headers=headers), 201)
    assert again["ref"] == made["ref"]
    await world.work()
    (mine,) = (await answered(await client.get("/api/v1/adoptions", headers=who.headers)))["items"]
    assert mine["state"] == "valid", mine["findings"]
    seller = await member(world, maker.firm, StaffRole.VIEWER)
    path = f"/api/v1/firms/{maker.firm.uscc}"
    ledger = await answered(await client.get(f"{path}/credit", headers=seller.headers))
    assert (ledger["balance"], ledger["year_points"], ledger["entries"][0]["points"]) == (1, 1, 1)
    (seen,) = (await answered(await client.get(f"{path}/adoptions", headers=seller.headers)))["items"]
    assert (seen["ref"], seen["files"]) == (made["ref"], [])  # the customer's papers are not the supplier's to see
    assert len(mine["files"]) == 2
    record = await answered(await client.get(f"{path}/record"))
    assert (record["points"], record["year_points"], record["notices"]) == (1, 1, [])
    assert CUSTOMER not in str(record)


async def test_nothing_is_stored_where_a_paper_cannot_be_one(client: TestClient, world: World) -> None:
    maker, who = await supplier(world), await buyer(world)
    headers = {**who.headers, "Idempotency-Key": KEY}
    odd = form(maker, award_notice=b"not a document")
    told = await problem(await client.post("/api/v1/adoptions", data=odd, headers=headers), 422)
    assert told["code"] == "file_type"
    assert (await answered(await client.get("/api/v1/adoptions", headers=who.headers)))["items"] == []


async def test_a_false_record_is_told_in_public_without_the_customer(client: TestClient, world: World) -> None:
    maker, who = await supplier(world), await buyer(world)
    headers = {**who.headers, "Idempotency-Key": KEY}
    made = await answered(await client.post("/api/v1/adoptions", data=form(maker), headers=headers), 201)
    await world.work()
    ops = await sign_in(world)
    await rows.grant(person_id=ops.asker.person_id, role="operator")
    body = {"established": "中标通知书系伪造"}
    path = f"/api/v1/adoptions/{made['ref']}/false-record"
    told = await answered(await client.post(path, json=body, headers=ops.headers))
    assert told["state"] == "false"
    record = await answered(await client.get(f"/api/v1/firms/{maker.firm.uscc}/record"))
    assert record["points"] == 0
    assert "扣除资信分值 1 分" in record["notices"][0]["words"]
    assert CUSTOMER not in str(record)
