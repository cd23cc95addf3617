"""A month over HTTP: what is asked, uploads that may break off, submission; the year; sampling records; reminders."""

import json
import secrets
from datetime import date
from typing import Any

import pytest
from aiohttp import FormData
from aiohttp.test_utils import TestClient

from models import Event, FilingFile, FilingState, IdempotentRequest, MonthlyFiling, Staff, StaffRole
from standard import life
from standard.months import Month
from tests import rows
from tests.miniapp_api.conftest import KEY, Caller, answered, problem, sign_in
from tests.workflow import monthly
from tests.workflow.monthly import Filer, K, body, certificate, code, filer, page
from tests.workflow.months import owed_month
from tests.workflow.world import World
from workflow.certifying import certificates
from workflow.intake.evidence import keep_file


async def stored_file(world: World, filing: MonthlyFiling, person_id: int) -> FilingFile:
    """A screenshot of the month with its bytes in the store, that nobody has judged."""
    evidence = await keep_file(
        world.ports,
        b"\xff\xd8\xff\xe0 sample",
        "upload",  # type: ignore[arg-type]
        actor="system",
        media_type="image/jpeg",
        enterprise_id=filing.enterprise_id,
    )
    return await FilingFile.create(
        ref=secrets.token_urlsafe(9),
        filing_id=filing.id,
        kind=K.QUERY_SCREENSHOT,
        evidence_id=evidence.id,
        key=secrets.token_hex(8),
        state="handed_in",
        handed_in_by_id=person_id,
        handed_in_at=world.clock.now(),
    )


async def filing(world: World, **given: Any) -> tuple[Filer, Caller]:
    """A firm whose month is open, and a colleague who files over the API."""
    case = await filer(world, **given)
    caller = await sign_in(world)
    await Staff.create(
        enterprise_id=case.one.firm.id, person_id=caller.asker.person_id, name="样例人员", role=StaffRole.STAFF,
        created_at=world.clock.now(),
    )  # fmt: skip
    return case, caller


def form(kind: str, data: bytes, name: str = "照片.jpg", **fields: Any) -> FormData:
    made = FormData(quote_fields=False)
    made.add_field("kind", kind)
    for field, value in fields.items():
        made.add_field(field, str(value))
    made.add_field("file", data, filename=name, content_type="application/octet-stream")
    return made


def keyed(caller: Caller, key: str = KEY) -> dict[str, str]:
    return {**caller.headers, "Idempotency-Key": key}


async def test_a_month_shows_what_its_level_asks_and_which_products_may_be_filed(
    client: TestClient, world: World
) -> None:
    case, caller = await filing(world)
    path = f"/api/v1/months/{case.filing.ref}"
    shown = await answered(await client.get(path, headers=caller.headers))
    assert (shown["month"], shown["state"], shown["owed"], shown["closes_on"]) == (
        "2026-12", "open", True, "2026-12-25",
    )  # fmt: skip
    assert shown["missing"] == (await case.checklist()).missing
    assert (shown["products"], shown["verdict"], shown["complete"]) == ([], None, False)
    assert {slot["kind"]: (slot["have"], slot["need"], slot["most"]) for slot in shown["slots"]} == {
        "query_screenshot": (0, 3, 5), "update_ledger": (0, 1, 3), "optional": (0, 0, 10),
    }  # fmt: skip
    assert shown["slots"][0]["asks"][0]["choices"][0] == {"id": "public", "label": "公众端"}
    assert [(one["product_id"], one["repeated"], one["refused"]) for one in shown["choices"]] == [
        (product.id, False, "") for product in case.products
    ]
    missing = await client.post(f"{path}/submit", headers=caller.headers)
    told = await problem(missing, 422)
    assert (told["code"], told["clause"]) == ("filing_incomplete", "8.1(2)")
    assert told["detail"] == "2026 年 12 月没有提报资料（提报期 2026-12-01 至 2026-12-25，8.1(2)）"


async def test_an_upload_that_broke_off_is_the_same_file_when_it_comes_again(client: TestClient, world: World) -> None:
    case, caller = await filing(world)
    path = f"/api/v1/months/{case.filing.ref}/files"
    photo = certificate(code())

    def again(data: bytes = photo) -> FormData:
        return form(K.CERTIFICATE_PHOTO, data, product_id=case.products[0].id)

    first = await answered(await client.post(path, data=again(), headers=keyed(caller)), 201)
    replayed = await client.post(path, data=again(), headers=keyed(caller))
    assert await answered(replayed, 201) == first
    assert replayed.headers["Idempotency-Replayed"] == "true"
    # As after a crash between the file and its answer: the use case finds its work done.
    await IdempotentRequest.all().delete()
    assert await answered(await client.post(path, data=again(), headers=keyed(caller)), 201) == first
    assert await FilingFile.all().count() == 1
    other = await client.post(path, data=again(certificate(code(1))), headers=keyed(caller))
    assert (await problem(other, 422))["code"] == "idempotency_key_reused"
    assert (first["state"], first["product_id"], first["file_name"]) == ("handed_in", case.products[0].id, "照片.jpg")
    await world.work()
    judged = await answered(await client.get(f"/api/v1/filing-files/{first['ref']}", headers=caller.headers))
    assert (judged["state"], judged["batch"]) == ("passed", "L1")
    file = await client.get(f"/api/v1/filing-files/{first['ref']}/file", headers=caller.headers)
    assert (file.status, await file.read(), file.headers["Cache-Control"]) == (200, photo, "private, no-store")


async def test_a_month_is_filed_by_a_colleague_and_decided_on_submission(client: TestClient, world: World) -> None:
    case, caller = await filing(world)
    await case.file_product(0)
    path = f"/api/v1/months/{case.filing.ref}"
    texts = [code(0), code(1)]
    uploads = [
        form(K.CERTIFICATE_PHOTO, certificate(texts[1]), product_id=case.products[1].id),
        form(K.BODY_PHOTO, body(texts[1]), product_id=case.products[1].id),
        *(
            form(K.QUERY_SCREENSHOT, page(texts[n % 2], words=f"产品名称 样例 {n}"), "截图.png",
                 declared=json.dumps({"side": "public"}))
            for n in range(3)
        ),
        form(K.UPDATE_LEDGER, monthly.ledger(case.row(0, "L1"), case.row(1, "L1")), "更新台账.csv"),
    ]  # fmt: skip
    for number, upload in enumerate(uploads):
        await answered(await client.post(f"{path}/files", data=upload, headers=keyed(caller, f"{KEY}-{number}")), 201)
    waiting = await answered(await client.get(path, headers=caller.headers))
    assert waiting["waiting"] == 8
    assert (await problem(await client.post(f"{path}/submit", headers=caller.headers), 422))["code"] == "filing_waiting"
    await world.work()
    seen = await client.get(path, headers=caller.headers)
    ready = await answered(seen)
    assert (ready["passing"], ready["findings"], ready["missing"]) == (True, [], [])
    stale = await client.post(f"{path}/submit", headers={**caller.headers, "If-Match": 'W/"old"'})
    assert (await problem(stale, 412))["code"] == "changed"
    headers = {**caller.headers, "If-Match": seen.headers["ETag"]}
    done = await answered(await client.post(f"{path}/submit", headers=headers))
    assert (done["state"], done["words"], done["owed"]) == ("continued", "按时合规", False)
    assert done["verdict"]["outcome"] == "pass"
    late = await client.post(f"{path}/files", data=form(K.OPTIONAL, b"%PDF-1.7"), headers=keyed(caller))
    assert (await problem(late, 409))["code"] == "filing_closed"
    assert await Event.filter(action="month:continue", actor=caller.asker.actor).count() == 1


async def test_what_cannot_be_a_months_file_is_refused_by_field(client: TestClient, world: World) -> None:
    case, caller = await filing(world)
    path = f"/api/v1/months/{case.filing.ref}/files"
    photo = certificate(code())
    foreign = (await rows.product()).id
    cases = [
        (form("business_licence", photo), "invalid", "kind"),
        (form(K.CERTIFICATE_PHOTO, photo), "product_missing", "product"),
        (form(K.CERTIFICATE_PHOTO, photo, product_id=foreign), "product_unknown", "product"),
        (form(K.UPDATE_LEDGER, photo), "file_type", "file"),
        (form(K.OPTIONAL, b"%PDF-1.7"), "declared_odd", "declared.what"),
        (form(K.QUERY_SCREENSHOT, b""), "file_empty", "file"),
    ]
    for number, (sent, expected, field) in enumerate(cases):
        told = await problem(await client.post(path, data=sent, headers=keyed(caller, f"{KEY}-{number}")), 422)
        assert (told["code"], told["field"]) == (expected, field)
    assert await FilingFile.all().count() == 0


async def test_a_file_is_taken_out_and_only_of_its_own_month(client: TestClient, world: World) -> None:
    case, caller = await filing(world)
    file = await stored_file(world, case.filing, caller.asker.person_id)
    other = await owed_month(case.one.firm, "2027-01", certificate_id=case.one.certificate.id)
    wrong = await client.delete(f"/api/v1/months/{other.ref}/files/{file.ref}", headers=caller.headers)
    assert (await problem(wrong, 404))["code"] == "not_found"
    await answered(
        await client.delete(f"/api/v1/months/{case.filing.ref}/files/{file.ref}", headers=caller.headers), 204
    )
    await file.refresh_from_db()
    assert file.state == "removed"


async def test_the_year_has_every_month_and_what_they_come_to(client: TestClient, world: World) -> None:
    case, caller = await filing(world)
    row = case.one.certificate
    for event in (
        life.MissMonth(on=date(2026, 12, 26), month=Month(2026, 12), make_up_until=date(2026, 12, 30)),
        life.MakeUpPassed(on=date(2026, 12, 29), month=Month(2026, 12), filed_on=date(2026, 12, 29)),
    ):
        assert isinstance(await certificates.apply_event(world.ports, row, event, actor="system"), life.Step)
    await MonthlyFiling.filter(id=case.filing.id).update(
        state=FilingState.MADE_UP, make_up_until=date(2026, 12, 30), submitted_at=world.clock.now()
    )
    year = await answered(await client.get(f"/api/v1/firms/{case.one.firm.uscc}/months", headers=caller.headers))
    assert (year["certificate"], year["grade"], year["state"]) == (row.number, "A", "active")
    first, second, *_ = year["months"]
    assert (first["month"], first["ref"], first["state"]) == ("2026-12", case.filing.ref, "made_up")
    assert (first["timely"], first["compliant"], first["counts"]) == (False, True, True)
    assert (second["month"], second["ref"], second["state"], second["timely"]) == ("2027-01", None, None, None)
    assert year["rates"] == {"timely": "0.000000", "compliant": "1.000000"}
    assert (year["on_time"], year["late"], year["missed"], year["towards_three"], year["three"]) == (0, 1, 0, 1, 3)


async def test_a_firm_without_a_certificate_has_no_months(client: TestClient, world: World) -> None:
    caller = await sign_in(world)
    firm = await rows.enterprise(uscc="91310000MA0000007L")
    await rows.staff(enterprise_id=firm.id, person_id=caller.asker.person_id, role="viewer")
    year = await answered(await client.get(f"/api/v1/firms/{firm.uscc}/months", headers=caller.headers))
    assert (year["certificate"], year["months"], year["rates"]) == (None, [], None)


async def test_a_batchs_sampling_is_recorded_judged_and_corrected(client: TestClient, world: World) -> None:
    case, caller = await filing(world)
    path = f"/api/v1/firms/{case.one.firm.uscc}/sampling-records"
    said = {
        "product_id": case.products[0].id, "batch": " L1 ", "lot": 1000, "inspected_on": "2026-12-02", "sampled": 40,
        "failed": 0, "drawn_at_random": True, "month": case.filing.ref,
    }  # fmt: skip
    short = await answered(await client.post(path, json=said, headers=keyed(caller)), 201)
    assert (short["batch"], short["outcome"], short["month"], short["keep_through"]) == (
        "L1", "fail", "2026-12", "2027-12-02",
    )  # fmt: skip
    assert [one["reason"] for one in short["findings"] if one["outcome"] == "fail"] == [
        "本批 1000 张至少抽检 50 张，只抽检了 40 张，还差 10 张（D.6，R31）"
    ]
    right = await answered(
        await client.post(path, json={**said, "sampled": 50}, headers=keyed(caller, f"{KEY}-2")), 201
    )
    assert (right["ref"], right["outcome"]) == (short["ref"], "pass")
    listed = await answered(await client.get(path, headers=caller.headers))
    assert listed["items"] == [right]
    odd = await client.post(path, json={**said, "month": "sample"}, headers=keyed(caller, f"{KEY}-3"))
    assert (await problem(odd, 422))["code"] == "filing_unknown"
    late = await client.post(path, json={**said, "inspected_on": "2027-01-01"}, headers=keyed(caller, f"{KEY}-4"))
    assert (await problem(late, 422))["field"] == "inspected_on"


async def test_reminders_are_chosen_and_a_calendar_subscribed_to(client: TestClient, world: World) -> None:
    caller = await sign_in(world)
    path = "/api/v1/me/reminders"
    usual = await answered(await client.get(path, headers=caller.headers))
    assert (usual["on"], usual["hour"], usual["subscribed"]) == (True, 9, False)
    assert usual["occasions"] == [one["id"] for one in usual["choices"]] == ["opens", "t7", "t3", "t1", "last"]
    chosen = {"on": True, "hour": 18, "occasions": ["last", "t3"]}
    answer = await answered(await client.put(path, json=chosen, headers=caller.headers))
    assert (answer["hour"], answer["occasions"]) == (18, ["t3", "last"])
    assert answer == await answered(await client.get(path, headers=caller.headers))
    for wrong, field in (({"hour": 22}, "hour"), ({"occasions": ["sometimes"]}, "occasions.0"), ({"on": None}, "on")):
        refused = await client.put(path, json={**chosen, **wrong}, headers=caller.headers)
        assert (await problem(refused, 422))["field"] == field
    only_what_is_always_told = await client.put(path, json={**chosen, "occasions": ["missed"]}, headers=caller.headers)
    assert (await problem(only_what_is_always_told, 422))["code"] == "occasion_none"
    first, second = [
        (await answered(await client.post("/api/v1/me/calendar", headers=caller.headers), 201))["url"] for _ in range(2)
    ]
    assert first != second
    assert first.endswith(".ics")
    assert (await answered(await client.get(path, headers=caller.headers)))["subscribed"]


@pytest.mark.parametrize("path", ["months/none", "filing-files/none", "filing-files/none/file"])
async def test_what_is_not_there_is_not_found(client: TestClient, world: World, path: str) -> None:
    caller = await sign_in(world)
    assert (await problem(await client.get(f"/api/v1/{path}", headers=caller.headers), 404))["code"] == "not_found"
