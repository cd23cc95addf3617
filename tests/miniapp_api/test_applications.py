"""An application over HTTP: slots, uploads that may break off, submission, the result."""

import asyncio
from typing import Any

from aiohttp import FormData
from aiohttp.test_utils import TestClient

from models import Application, Enterprise, IdempotentRequest, Material, Product, Staff, StaffRole
from tests import rows
from tests.miniapp_api.conftest import FIRM, KEY, Caller, answered, member, problem
from tests.workflow.world import World
from workflow.answering import photos

PDF = b"%PDF-1.7 sample"


async def staffed(world: World, firm: Enterprise) -> tuple[Caller, Product]:
    return await member(world, firm, StaffRole.STAFF), await rows.product(enterprise_id=firm.id)


def keyed(caller: Caller, key: str = KEY) -> dict[str, str]:
    return {**caller.headers, "Idempotency-Key": key}


async def opened(client: TestClient, caller: Caller, product: Product) -> dict[str, Any]:
    body = {"level": "B", "products": [product.id], "sells_online": False}
    answer = await client.post(f"/api/v1/firms/{FIRM}/applications", json=body, headers=keyed(caller))
    made: dict[str, Any] = await answered(answer, 201)
    return made


def licence(data: bytes = PDF, **fields: str) -> FormData:
    form = FormData(quote_fields=False)
    form.add_field("kind", "business_licence")
    for name, value in fields.items():
        form.add_field(name, value)
    form.add_field("file", data, filename="执照.pdf", content_type="application/pdf")
    return form


async def test_a_draft_shows_what_is_asked_and_what_comes_next(
    client: TestClient, world: World, firm: Enterprise
) -> None:
    staff, product = await staffed(world, firm)
    made = await opened(client, staff, product)
    assert (made["state"], made["firm"]["uscc"], made["next"]["clause"]) == ("draft", FIRM, "7.1(2)")
    listed = await answered(await client.get(f"/api/v1/firms/{FIRM}/applications", headers=staff.headers))
    assert listed["items"] == [made]
    progress = await answered(await client.get(f"/api/v1/applications/{made['ref']}/progress", headers=staff.headers))
    assert progress["have"] == 0
    assert progress["sentence"].startswith("B 级：已交 0 项，共")
    slots = {(slot["kind"], slot["product_id"]): slot for slot in progress["slots"]}
    assert slots["business_licence", None]["state"] == "missing"
    assert slots["certificate_photo", product.id]["accepts"] == ["image/jpeg", "image/png", "application/pdf"]
    result = await answered(await client.get(f"/api/v1/applications/{made['ref']}/result", headers=staff.headers))
    assert (result["grade"], result["elements"], result["next"]) == (None, [], None)
    again = await client.post(
        f"/api/v1/firms/{FIRM}/applications",
        json={"level": "B", "products": [product.id], "sells_online": False},
        headers=keyed(staff, KEY[::-1]),
    )
    assert (await problem(again, 409))["code"] == "application_open"


async def test_an_upload_that_broke_off_is_the_same_material_when_it_comes_again(
    client: TestClient, world: World, firm: Enterprise
) -> None:
    staff, product = await staffed(world, firm)
    made = await opened(client, staff, product)
    path = f"/api/v1/applications/{made['ref']}/materials"
    first = await answered(await client.post(path, data=licence(), headers=keyed(staff)), 201)
    again = await client.post(path, data=licence(), headers=keyed(staff))
    assert await answered(again, 201) == first
    assert again.headers["Idempotency-Replayed"] == "true"
    # As after a crash between the material and its answer: the use case finds its work done.
    await IdempotentRequest.all().delete()
    retried = await client.post(path, data=licence(), headers=keyed(staff))
    assert await answered(retried, 201) == first
    assert "Idempotency-Replayed" not in retried.headers
    assert await Material.all().count() == 1
    assert (first["file_name"], first["media_type"], first["size"]) == ("执照.pdf", "application/pdf", len(PDF))
    other = await client.post(path, data=licence(b"%PDF-1.7 other"), headers=keyed(staff))
    assert (await problem(other, 422))["code"] == "idempotency_key_reused"
    file = await client.get(f"/api/v1/materials/{first['ref']}/file", headers=staff.headers)
    assert (file.status, await file.read(), file.headers["Cache-Control"]) == (200, PDF, "private, no-store")
    assert file.headers["Content-Disposition"] == "attachment; filename*=UTF-8''%E6%89%A7%E7%85%A7.pdf"


async def test_an_upload_cut_in_the_middle_leaves_nothing_and_its_key_free(
    client: TestClient, world: World, firm: Enterprise
) -> None:
    staff, product = await staffed(world, firm)
    made = await opened(client, staff, product)
    head = (
        f"POST /api/v1/applications/{made['ref']}/materials HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: Bearer {staff.token}\r\n"
        f"Idempotency-Key: {KEY}-a\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 5000\r\n\r\n"
        '--b\r\nContent-Disposition: form-data; name="kind"\r\n\r\nbusiness_licence\r\n'
        '--b\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n%PDF-1.7'
    )
    _, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(head.encode())
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    path = f"/api/v1/applications/{made['ref']}/materials"
    answer = await client.post(path, data=licence(), headers=keyed(staff, f"{KEY}-a"))
    assert answer.status == 201
    assert await Material.all().count() == 1


async def test_what_cannot_be_a_material_is_refused_by_field(
    client: TestClient, world: World, firm: Enterprise
) -> None:
    staff, product = await staffed(world, firm)
    path = f"/api/v1/applications/{(await opened(client, staff, product))['ref']}/materials"
    cases = [
        (licence(b"hello"), "file_type", "file"),
        (licence(b""), "file_empty", "file"),
        (licence(declared='{"colour": "red"}'), "declared_odd", "declared.colour"),
        (licence(declared="red"), "invalid", "declared"),
        (licence(product_id=str(product.id)), "material_unknown", "kind"),
        (licence(product_id="0"), "invalid", "product_id"),
    ]
    for number, (form, code, field) in enumerate(cases):
        answer = await client.post(path, data=form, headers=keyed(staff, f"{KEY}-{number}"))
        told = await problem(answer, 422)
        assert (told["code"], told["field"]) == (code, field)
    assert await Material.all().count() == 0


async def test_who_saw_an_older_state_decides_nothing(client: TestClient, world: World, firm: Enterprise) -> None:
    staff, product = await staffed(world, firm)
    path = f"/api/v1/applications/{(await opened(client, staff, product))['ref']}"
    seen = (await client.get(path, headers=staff.headers)).headers["ETag"]
    stale = await client.post(f"{path}/withdraw", headers={**staff.headers, "If-Match": 'W/"old"'})
    assert (await problem(stale, 412))["code"] == "changed"
    missing = await client.post(f"{path}/submit", headers={**staff.headers, "If-Match": seen})
    told = await problem(missing, 422)
    assert (told["code"], told["clause"], told["rows"]) == ("materials_missing", "7.1(2)", ["R41"])
    assert "营业执照" in told["detail"]
    gone = await answered(await client.post(f"{path}/withdraw", headers={**staff.headers, "If-Match": seen}))
    assert gone["state"] == "withdrawn"
    again = await client.post(f"{path}/withdraw", headers={**staff.headers, "If-Match": seen})
    assert again.status == 412


async def test_the_result_says_what_the_next_level_asks(client: TestClient, world: World, firm: Enterprise) -> None:
    staff, _ = await staffed(world, firm)
    reason = {"level": "AA", "fact": "coverage", "have": "90", "need": "≥ 95", "clause": "6 AA"}
    row = await rows.application(
        enterprise_id=firm.id,
        state="not_reached",
        grade="A",
        result={
            "grade": "A",
            "elements": [{"element": "code", "level": "A", "clause": "6 A", "met": [], "missing": [reason]}],
            "capped_by": None,
            "unclear": [],
            "next": {"level": "AA", "missing": [reason]},
            "profile": "T/ZGJDJX—3—2026",
        },
    )
    shown = await answered(await client.get(f"/api/v1/applications/{row.ref}/result", headers=staff.headers))
    assert shown["next"]["level"] == "AA"
    (missing,) = shown["next"]["missing"]
    assert (missing["clause"], missing["level"]) == ("6 AA", "AA")
    assert "用码覆盖率 90" in missing["words"]
    assert await Application.all().count() == 1


async def test_an_application_that_awaits_a_photo_says_when_to_submit_it_again(
    client: TestClient, world: World, firm: Enterprise
) -> None:
    staff, product = await staffed(world, firm)
    made = await opened(client, staff, product)
    speaks = await Staff.get(person_id=staff.asker.person_id)
    chat = await rows.identity(person_id=staff.asker.person_id, staff_id=speaks.id)
    await photos.receive(world.ports, chat, "m1", "", "m1")
    answer = await client.post(f"/api/v1/applications/{made['ref']}/submit", headers=staff.headers)
    told = await problem(answer, 409)
    assert (told["code"], told["clause"], answer.headers["Retry-After"]) == ("photos_pending", "7.1(2)", "3")
    assert told["detail"].startswith("还有 1 张照片正在核验")
