"""Photos sent in chat land in the open application, once, with the verdict that the chat gave (7.1(2))."""

from typing import Any

import pytest

from models import (
    ApplicationState,
    Inspection,
    Job,
    Material,
    MaterialState,
    Person,
    Photo,
    PhotoState,
    Staff,
    StaffRole,
    WeChatIdentity,
)
from tests import rows
from tests.workflow import filed
from tests.workflow.filed import Filing, RecordedInspector, filing
from tests.workflow.world import World
from workflow.answering import photos
from workflow.applying import applications
from workflow.intake.photo_jobs import JUDGE
from workflow.problems import Kind, Refused


@pytest.fixture
def inspector(world: World) -> RecordedInspector:
    recorded = RecordedInspector()
    object.__setattr__(world.ports, "inspector", recorded)
    return recorded


async def chat(case: Filing, role: StaffRole = StaffRole.STAFF, **given: Any) -> WeChatIdentity:
    """A WeChat account of the person who applies, speaking for their firm."""
    staff = await Staff.get(enterprise_id=case.firm.id)
    await Staff.filter(id=staff.id).update(role=role)
    return await rows.identity(
        person_id=staff.person_id, staff_id=staff.id, subscribed=True, consented_at=rows.NOW,
        notice_shown_at=rows.NOW, **given,
    )  # fmt: skip


async def send(world: World, identity: WeChatIdentity, data: bytes, receipt: str = "m1") -> str:
    """Send a photo and read the answer."""
    world.wechat.pictures[receipt] = data
    photo = await photos.receive(world.ports, identity, receipt, "", receipt)
    await world.work()
    return await photos.wait_for_answer(world.ports, photo, receipt, 0) or ""


async def test_a_certificate_sent_in_chat_lands_in_the_draft_with_its_inspection(
    world: World, inspector: RecordedInspector
) -> None:
    case = await filing(world)
    text = await send(world, await chat(case), filed.certificate())
    assert "已放入申报资料：合格证照片（1/1）" in text
    material = await case.material("certificate_photo")
    photo = await Photo.get()
    assert (material.state, material.inspection_id) == (MaterialState.PASSED, photo.inspection_id)
    assert (material.evidence_id, inspector.looked) == (photo.evidence_id, ["inspect"])


async def test_the_same_message_again_files_nothing_more(world: World, inspector: RecordedInspector) -> None:
    case = await filing(world)
    identity = await chat(case)
    await send(world, identity, filed.certificate())
    await send(world, identity, filed.certificate())
    assert await Material.all().count() == 1


async def test_a_failing_photo_is_filed_and_replaced_by_the_next(world: World, inspector: RecordedInspector) -> None:
    case = await filing(world)
    identity = await chat(case)
    assert "已放入申报资料" in await send(world, identity, filed.certificate("small_code_100x70"), "m1")
    assert (await case.material("certificate_photo")).state == MaterialState.FAILED
    world.clock.advance(minutes=1)
    assert "已放入申报资料" in await send(world, identity, filed.certificate(), "m2")
    states = await Material.all().order_by("id").values_list("state", flat=True)
    assert states == [MaterialState.REPLACED, MaterialState.PASSED]
    world.clock.advance(minutes=1)
    assert "已放入申报资料" not in await send(world, identity, filed.certificate("near_edge_100x70"), "m3")
    assert await Material.all().count() == 2  # what passed is left alone


async def test_a_photo_without_a_certificate_is_filed_as_the_body_and_judged_as_one(
    world: World, inspector: RecordedInspector
) -> None:
    case = await filing(world, "A")
    text = await send(world, await chat(case), filed.no_sheet())
    assert "已放入申报资料：本体照片（1/1）" in text
    material = await case.material("body_photo")
    assert (material.declared, material.state) == ({"place": "body"}, MaterialState.PASSED)
    assert inspector.looked == ["inspect", "body"]


async def test_b_asks_for_no_body_so_that_such_a_photo_is_only_answered(
    world: World, inspector: RecordedInspector
) -> None:
    case = await filing(world)
    text = await send(world, await chat(case), filed.no_sheet())
    assert text
    assert "已放入申报资料" not in text
    assert await Material.all().count() == 0


async def test_an_application_is_submitted_once_the_photos_under_way_have_landed_in_it(
    world: World, inspector: RecordedInspector
) -> None:
    case = await filing(world)
    await case.fill(certificate_photo=filed.certificate("small_code_100x70"))
    await world.work()
    identity = await chat(case)
    world.wechat.pictures["m1"] = filed.certificate()
    await photos.receive(world.ports, identity, "m1", "", "m1")
    with pytest.raises(Refused) as refused:
        await case.submit()
    assert (refused.value.kind, refused.value.code) == (Kind.CONFLICT, "photos_pending")
    assert "还有 1 张照片正在核验" in refused.value.advice
    await world.work()
    assert (await case.submit()).state == ApplicationState.VERIFYING
    assert (await case.material("certificate_photo")).state == MaterialState.PASSED


@pytest.mark.parametrize("why", ["given up", "viewer", "of another firm", "nothing wanted"])
async def test_photos_that_cannot_land_in_it_hold_up_no_application(
    world: World, inspector: RecordedInspector, why: str
) -> None:
    case = await filing(world)
    good = why == "nothing wanted"
    await case.fill(certificate_photo=filed.certificate() if good else filed.certificate("small_code_100x70"))
    await world.work()
    identity = await chat(case, StaffRole.VIEWER if why == "viewer" else StaffRole.STAFF)
    await photos.receive(world.ports, identity, "m1", "", "m1")
    if why == "given up":
        await Job.filter(kind=JUDGE).update(dead_at=rows.NOW)
    if why == "of another firm":
        theirs = await rows.evidence(enterprise_id=(await rows.enterprise(uscc="91310000MA0000001B")).id)
        await Photo.all().update(state=PhotoState.STORED, evidence_id=theirs.id)
    await Staff.filter(enterprise_id=case.firm.id).update(role=StaffRole.STAFF)
    if why == "viewer":
        other = await Person.create(created_at=rows.NOW)
        viewer = await Staff.create(
            enterprise_id=case.firm.id, person_id=other.id, name="样例", role=StaffRole.VIEWER, created_at=rows.NOW
        )
        await WeChatIdentity.filter(id=identity.id).update(staff_id=viewer.id, person_id=other.id)
    assert (await case.submit()).state == ApplicationState.VERIFYING


async def test_a_photo_that_came_too_late_is_told_so_and_can_be_filed_in_the_supplement(
    world: World, inspector: RecordedInspector
) -> None:
    case = await filing(world)
    await case.fill(certificate_photo=filed.certificate("small_code_100x70"))
    await world.work()
    await case.submit()
    identity = await chat(case)
    # Judged before the verification that has been enqueued: photos come first.
    assert "申报已经提交，这张照片没有放入申报资料" in await send(world, identity, filed.certificate(), "m1")
    assert (await case.now()).state == ApplicationState.SUPPLEMENT
    world.clock.advance(minutes=1)
    assert "已放入申报资料" in await send(world, identity, filed.certificate(), "m2")
    assert (await case.material("certificate_photo")).state == MaterialState.PASSED


@pytest.mark.parametrize("why", ["viewer", "stranger", "submitted", "no product of it"])
async def test_what_is_not_to_be_filed_is_only_answered(world: World, inspector: RecordedInspector, why: str) -> None:
    case = await filing(world)
    identity = await chat(case, StaffRole.VIEWER if why == "viewer" else StaffRole.STAFF)
    if why == "stranger":
        identity = await rows.identity(subscribed=True, consented_at=rows.NOW, notice_shown_at=rows.NOW)
    if why == "submitted":
        await case.fill()
        await case.submit()
    if why == "no product of it":
        await rows.product(enterprise_id=case.firm.id, model="YL-9")
        inspector.product = str((await rows.product(enterprise_id=case.firm.id, model="YL-10")).id)
    before = await Material.all().count()
    text = await send(world, identity, filed.certificate("near_edge_100x70"))
    assert text
    assert "已放入申报资料" not in text
    assert await Material.all().count() == before


async def test_two_products_are_told_apart_by_what_the_inspection_recognised(
    world: World, inspector: RecordedInspector
) -> None:
    case = await filing(world)
    other = await rows.product(enterprise_id=case.firm.id, model="YL-2", qualification_number=filed.CCC)
    await applications.withdraw(world.ports, case.asker, case.application.ref)
    case.application = await applications.open_application(
        world.ports, case.asker, case.firm.id, "B", [case.product.id, other.id], sells_online=False
    )
    inspector.product = str(other.id)
    text = await send(world, await chat(case), filed.certificate())
    assert "已放入申报资料：合格证照片（1/2）" in text
    assert (await case.material("certificate_photo")).product_id == other.id
    assert (await Inspection.get()).product_id == other.id


async def test_once_nothing_is_left_to_replace_the_answer_leads_to_submitting(
    world: World, inspector: RecordedInspector
) -> None:
    case = await filing(world)
    await case.fill(certificate_photo=filed.certificate("small_code_100x70"))
    await case.submit()
    await world.work()
    world.clock.advance(minutes=1)
    identity = await chat(case)
    assert "去提交" not in await send(world, identity, filed.certificate("near_edge_100x70"), "m1")
    world.clock.advance(minutes=1)
    text = await send(world, identity, filed.certificate(), "m2")
    assert f'/my/applications/{case.application.ref}">资料已齐，去提交</a>' in text
