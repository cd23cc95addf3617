"""Opening an application, handing in and taking out, submitting and withdrawing: who may, when, and once (7.1)."""

import asyncio
from datetime import date
from typing import Any

import pytest

from models import (
    Application,
    Certificate,
    Enterprise,
    Event,
    Evidence,
    Job,
    Material,
    MaterialState,
    Person,
    PlatformRole,
    Product,
    Staff,
    StaffRole,
)
from models.accounts import Grant
from tests import rows
from tests.workflow.world import World
from workflow.access import Asker
from workflow.applying import applications
from workflow.problems import Refused

JPEG = b"\xff\xd8\xff\xe0 a certificate"
PDF = b"%PDF-1.7 a licence"
CSV = "产品名称,生产数量\n样例电缆,1\n".encode()


async def person(firm: Enterprise, role: StaffRole) -> Asker:
    someone = await Person.create(created_at=rows.NOW)
    await Staff.create(enterprise_id=firm.id, person_id=someone.id, name="样例人员", role=role, created_at=rows.NOW)
    return Asker(someone.id)


async def firm(**given: Any) -> tuple[Enterprise, Asker]:
    made = await rows.enterprise(**{"verified_at": rows.NOW, **given})
    return made, await person(made, StaffRole.STAFF)


async def draft(world: World, *, level: str = "B", sells_online: bool = False) -> tuple[Application, Asker, Product]:
    made, asker = await firm()
    product = await rows.product(enterprise_id=made.id)
    application = await applications.open_application(
        world.ports, asker, made.id, level, [product.id], sells_online=sells_online
    )
    return application, asker, product


async def refused(work: Any, code: str) -> Refused:
    with pytest.raises(Refused) as caught:
        await work
    assert caught.value.code == code
    return caught.value


async def test_what_was_asked_stays_once_the_certificate_is_there(world: World) -> None:
    application, _, _ = await draft(world)
    await rows.certificate(application_id=application.id, created_at=world.clock.now())
    asked = await applications.progress(application)
    assert {slot.material.id for slot in asked.slots if slot.state == "excused"} == {"monthly_records"}


async def test_a_draft_says_how_many_materials_its_level_asks_and_how_many_are_there(world: World) -> None:
    application, asker, product = await draft(world)
    before = await applications.progress(application)
    assert before.sentence == "B 级：已交 0 项，共 12 项"  # 13 of B, the month excused (R1)
    assert {slot.material.id for slot in before.slots if slot.state == "excused"} == {"monthly_records"}
    await applications.hand_in(
        world.ports, asker, application.ref, "key-0001", "certificate_photo", JPEG, "1.jpg", product_id=product.id
    )
    after = await applications.progress(application)
    assert (after.have, after.need) == (1, 12)


async def test_a_product_without_licence_owes_none_and_one_that_sells_online_owes_the_marketplace_from_b_on(
    world: World,
) -> None:
    made, asker = await firm()
    plain = await rows.product(enterprise_id=made.id, product_class="class_3", model="YL-3")
    licensed = await rows.product(enterprise_id=made.id)
    application = await applications.open_application(
        world.ports, asker, made.id, "B", [plain.id, licensed.id], sells_online=True
    )
    slots = (await applications.progress(application)).slots
    states = {(slot.material.id, slot.product.id): slot.state for slot in slots if slot.product}
    assert states["product_qualification", plain.id] == "excused"
    assert states["product_qualification", licensed.id] == "missing"
    assert [slot.state for slot in slots if slot.material.id == "marketplace_records"] == ["missing"]


async def test_a_firm_has_one_open_application(world: World) -> None:
    application, asker, product = await draft(world)
    again = applications.open_application(
        world.ports, asker, application.enterprise_id, "A", [product.id], sells_online=False
    )
    assert (await refused(again, "application_open")).clause == "7.1(2)"
    await applications.withdraw(world.ports, asker, application.ref)
    await applications.withdraw(world.ports, asker, application.ref)  # a repeated click
    assert await applications.open_application(
        world.ports, asker, application.enterprise_id, "A", [product.id], sells_online=False
    )


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"verified_at": None}, "firm_not_verified"),
        ({"barred_through": date(2026, 11, 24)}, "barred"),
        ({"organisation_role": "seller"}, "role_not_supported"),
    ],
)
async def test_who_may_not_apply_is_told_why(world: World, given: dict[str, Any], code: str) -> None:
    made, asker = await firm(**given)
    product = await rows.product(enterprise_id=made.id)
    await refused(
        applications.open_application(world.ports, asker, made.id, "B", [product.id], sells_online=False), code
    )


async def test_the_ban_ends_with_its_last_day(world: World) -> None:
    made, asker = await firm(barred_through=date(2026, 11, 23))
    product = await rows.product(enterprise_id=made.id)
    assert await applications.open_application(world.ports, asker, made.id, "B", [product.id], sells_online=False)


async def test_a_firm_with_a_certificate_waits_for_its_renewal_and_one_whose_certificate_ended_applies_anew(
    world: World,
) -> None:
    made, asker = await firm()
    product = await rows.product(enterprise_id=made.id)
    certificate = await rows.certificate(enterprise_id=made.id, state="suspended", last_day=date(2027, 11, 23))
    work = applications.open_application(world.ports, asker, made.id, "B", [product.id], sells_online=False)
    told = await refused(work, "certificate_alive")
    assert certificate.number in told.advice
    assert "2027-10-23" in told.advice
    await Certificate.filter(id=certificate.id).update(state="expired")
    application = await applications.open_application(
        world.ports, asker, made.id, "B", [product.id], sells_online=False
    )
    states = {slot.material.id: slot.state for slot in (await applications.progress(application)).slots}
    assert states["monthly_records"] == "excused"  # no month is due on a certificate that ended (R1)


async def test_a_certified_application_is_shown_as_it_was_handed_in(world: World) -> None:
    application, _, _ = await draft(world)
    before = await applications.progress(application)
    await rows.certificate(application_id=application.id)
    assert (await applications.progress(application)).sentence == before.sentence


async def test_another_firms_product_is_not_taken(world: World) -> None:
    made, asker = await firm()
    theirs = await rows.product()
    work = applications.open_application(world.ports, asker, made.id, "B", [theirs.id], sells_online=False)
    await refused(work, "product_unknown")


async def test_strangers_see_nothing_and_viewers_only_look(world: World) -> None:
    application, _, product = await draft(world)
    stranger = Asker((await Person.create(created_at=rows.NOW)).id)
    viewer = await person(await Enterprise.get(id=application.enterprise_id), StaffRole.VIEWER)
    await refused(applications.application_of(stranger, application.ref), "not_found")
    assert (await applications.application_of(viewer, application.ref)).id == application.id
    work = applications.hand_in(
        world.ports, viewer, application.ref, "key-0001", "certificate_photo", JPEG, "1.jpg", product_id=product.id
    )
    await refused(work, "role_too_low")


async def test_bytes_are_for_the_firm_and_for_operators(world: World) -> None:
    application, asker, product = await draft(world)
    material = await applications.hand_in(
        world.ports, asker, application.ref, "key-0001", "certificate_photo", JPEG, "1.jpg", product_id=product.id
    )
    someone = await Person.create(created_at=rows.NOW)
    await refused(applications.evidence_bytes(world.ports, Asker(someone.id), material.ref), "not_found")
    await Grant.create(person_id=someone.id, role=PlatformRole.OPERATOR, granted_at=rows.NOW, granted_by="system")
    for reader in (asker, Asker(someone.id)):
        assert await applications.evidence_bytes(world.ports, reader, material.ref) == (JPEG, "image/jpeg")


async def test_the_same_upload_twice_is_one_material_and_one_job(world: World) -> None:
    application, asker, product = await draft(world)

    async def upload(data: bytes = JPEG) -> Material:
        return await applications.hand_in(
            world.ports, asker, application.ref, "key-0001", "certificate_photo", data, "1.jpg", product_id=product.id
        )

    first, second = await asyncio.gather(upload(), upload())
    assert first.id == second.id == (await upload()).id
    assert await Material.all().count() == 1
    assert await Job.filter(kind=applications.JUDGE).count() == 1
    await refused(upload(b"\xff\xd8\xff another"), "key_reused")


async def test_the_bytes_are_kept_as_the_firms_record(world: World) -> None:
    application, asker, product = await draft(world)
    material = await applications.hand_in(
        world.ports, asker, application.ref, "key-0001", "certificate_photo", JPEG, "照片.jpg", product_id=product.id
    )
    evidence = await Evidence.get(id=material.evidence_id)
    assert (evidence.enterprise_id, evidence.drop_at, evidence.file_name) == (
        application.enterprise_id, None, "照片.jpg",
    )  # fmt: skip
    assert await world.ports.storage.get(evidence.storage_key) == JPEG


@pytest.mark.parametrize(
    ("kind", "data", "name", "code"),
    [
        ("trace_policy", b"", "a.pdf", "file_empty"),
        ("trace_policy", b"MZ program", "a.pdf", "file_type"),
        ("production_ledger", PDF, "a.csv", "file_type"),
        ("body_photo", JPEG, "a.jpg", "material_unknown"),
        ("monthly_records", CSV, "a.csv", "material_unknown"),
    ],
)
async def test_what_cannot_be_taken_is_refused_before_anything_is_kept(
    world: World, kind: str, data: bytes, name: str, code: str
) -> None:
    application, asker, _ = await draft(world)
    await refused(applications.hand_in(world.ports, asker, application.ref, "key-0001", kind, data, name), code)
    assert await Evidence.all().count() == 0


async def test_a_file_with_odd_statements_names_the_field(world: World) -> None:
    application, asker, product = await draft(world, level="A")
    work = applications.hand_in(
        world.ports, asker, application.ref, "key-0001", "body_photo", JPEG, "1.jpg", product_id=product.id,
        declared={"place": "lid"},
    )  # fmt: skip
    assert (await refused(work, "declared_odd")).field == "declared.place"


async def test_a_single_file_is_replaced_and_several_fill_their_slot(world: World) -> None:
    application, asker, product = await draft(world)
    for number in (1, 2):
        await applications.hand_in(
            world.ports, asker, application.ref, f"key-000{number}", "business_licence", PDF, f"{number}.pdf"
        )
    states = await Material.all().order_by("id").values_list("state", flat=True)
    assert states == [MaterialState.REPLACED, MaterialState.HANDED_IN]

    async def photo(number: int) -> Material:
        return await applications.hand_in(
            world.ports, asker, application.ref, f"photo-{number:03d}", "certificate_photo", JPEG, "1.jpg",
            product_id=product.id,
        )  # fmt: skip

    photos = [await photo(number) for number in range(3)]
    await refused(photo(3), "slot_full")
    await applications.take_out(world.ports, asker, application.ref, photos[0].ref)
    await applications.take_out(world.ports, asker, application.ref, photos[0].ref)
    assert await photo(4)
    assert await Event.filter(action="material:take_out").count() == 1
    for nobodys in ("9" * 5000, "\x00", ""):
        await refused(applications.take_out(world.ports, asker, application.ref, nobodys), "not_found")


async def test_what_is_missing_is_listed_when_submitting(world: World) -> None:
    application, asker, _ = await draft(world)
    await applications.hand_in(world.ports, asker, application.ref, "key-0001", "trace_policy", PDF, "a.pdf")
    problem = await refused(applications.submit(world.ports, asker, application.ref), "materials_missing")
    assert problem.advice.startswith("B 级：已交 1 项，共 12 项，还缺：营业执照电子扫描件（加盖企业电子公章）、")
    assert "赋码合格证实景清晰图片（样例电缆 YL-1）" in problem.advice
