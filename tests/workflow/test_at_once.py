"""What happens to one application, or one person, at the same moment: the second waits, nobody waits in a circle."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tortoise.models import Model

from jobs.handlers import HANDLERS
from models import (
    Application,
    ApplicationState,
    DeskItem,
    Evidence,
    Material,
    Product,
    Publication,
    PublicationState,
    Staff,
)
from models.transactions import clean_task, transaction
from tests import rows
from tests.workflow import filed
from tests.workflow.filed import RecordedInspector, filing
from tests.workflow.graded import published
from tests.workflow.world import World, report
from workflow import applications, people, photos, products, publicity
from workflow.access import Asker
from workflow.problems import Refused
from workflow.products import ProductChanges


@pytest.fixture
def inspector(world: World) -> RecordedInspector:
    recorded = RecordedInspector()
    object.__setattr__(world.ports, "inspector", recorded)
    return recorded


async def while_held(row: Model, other: Awaitable[Any], then: Callable[[], Awaitable[Any]]) -> Any:
    """Hold the row, let ``other`` come as far as it can, do ``then``; what became of ``other``."""
    async with transaction():
        await type(row).filter(id=row.id).select_for_update(no_key=True).get()
        running = clean_task(_outcome(other), name="other")
        await asyncio.sleep(0.3)
        await then()
    return await running


async def _outcome(work: Awaitable[Any]) -> Any:
    try:
        return await work
    except Refused as refused:
        return refused


async def test_a_verdict_that_arrives_while_the_application_is_submitted_waits_for_it(
    world: World, inspector: RecordedInspector
) -> None:
    case = await filing(world)
    policy = next(file for file in filed.good_files() if file[0] == "trace_policy")
    material = await case.hand_in(*policy)
    (job,) = await world.ports.queue.claim(1, 60)

    async def submit() -> None:
        await Material.filter(application_id=case.application.id).update(round=1)

    assert await while_held(case.application, HANDLERS[job.kind](world.ports, job), submit) is None
    await material.refresh_from_db()
    assert (material.state, material.round) == ("passed", 1)


async def test_an_objection_that_arrives_while_the_result_is_confirmed_is_told_so(world: World) -> None:
    application, asker = await published(world)
    public = await Publication.get(application_id=application.id)

    async def confirm() -> None:
        await publicity.turn(public, PublicationState.CONFIRMED)

    objecting = publicity.object_to(world.ports, asker, public.ref, "k" * 8, "复核合格证照片", [])
    refused = await while_held(application, objecting, confirm)
    assert isinstance(refused, Refused)
    assert refused.code == "publicity_over"


async def test_a_complaint_that_becomes_an_objection_while_the_result_is_confirmed_is_told_so(world: World) -> None:
    application, _ = await published(world)
    public = await Publication.get(application_id=application.id)
    complaint = await publicity.complain(world.ports, public.ref, "k" * 8, "样例投诉内容")
    item = await DeskItem.get(subject_id=complaint.id)

    async def confirm() -> None:
        await publicity.turn(public, PublicationState.CONFIRMED)

    deciding = publicity.decide_complaint(world.ports, item, "make_objection", "有照片为证", Asker(1))
    refused = await while_held(application, deciding, confirm)
    assert isinstance(refused, Refused)
    assert refused.code == "publicity_over"


async def test_whoever_consents_while_their_photo_is_judged_waits_and_it_stays(world: World) -> None:
    world.wechat.pictures["m1"] = b"\xff\xd8\xff\xe0 a certificate"
    identity = await people.meet(world.ports, "o" + "a" * 27)
    photo = await photos.receive(world.ports, identity, "m1", "", "m1")
    (job,) = await world.ports.queue.claim(1, 60)

    async def consent() -> None:
        await Evidence.filter(identity_id=identity.id).update(drop_at=None)

    async def wait_in_judging(request: Any) -> Any:
        looked.set()
        await held.wait()
        return report(request)

    looked, held = asyncio.Event(), asyncio.Event()
    object.__setattr__(world.ports.inspector, "inspect", wait_in_judging)
    judging = clean_task(_outcome(HANDLERS[job.kind](world.ports, job)), name="judging")
    await looked.wait()

    async def go_on() -> None:
        held.set()
        await judging

    assert await while_held(identity, go_on(), consent) is None
    await photo.refresh_from_db()
    assert photo.state == "judged"
    assert (await Evidence.get(identity_id=identity.id)).drop_at is None


async def test_a_product_that_changes_while_its_application_is_submitted_waits_and_is_told_so(
    world: World, inspector: RecordedInspector
) -> None:
    case = await filing(world)

    async def submit() -> None:
        await Application.filter(id=case.application.id).update(state=ApplicationState.VERIFYING)

    changing = products.change_product(world.ports, case.asker, case.product.id, ProductChanges(name="另一名称"))
    refused = await while_held(case.application, changing, submit)
    assert isinstance(refused, Refused)
    assert refused.code == "product_in_application"
    await case.product.refresh_from_db()
    assert case.product.name != "另一名称"


async def test_a_product_that_is_retired_while_an_application_is_opened_is_in_one_or_in_none(
    world: World, inspector: RecordedInspector
) -> None:
    case = await filing(world)
    await applications.withdraw(world.ports, case.asker, case.application.ref)

    async def retire() -> None:
        await Product.filter(id=case.product.id).update(retired_at=world.clock.now())

    opening = applications.open_application(
        world.ports, case.asker, case.firm.id, "B", [case.product.id], sells_online=False
    )
    refused = await while_held(case.firm, opening, retire)
    assert isinstance(refused, Refused)
    assert refused.code == "product_unknown"


async def test_a_photo_that_is_filed_while_the_application_is_submitted_is_submitted_with_it(
    world: World, inspector: RecordedInspector
) -> None:
    case = await filing(world)
    await case.fill(certificate_photo=filed.certificate("small_code_100x70"))
    await world.work()
    staff = await Staff.get(enterprise_id=case.firm.id)
    identity = await rows.identity(
        person_id=staff.person_id, staff_id=staff.id, subscribed=True, consented_at=rows.NOW, notice_shown_at=rows.NOW
    )
    world.wechat.pictures["m1"] = filed.certificate()
    await photos.receive(world.ports, identity, "m1", "", "m1")
    (job,) = await world.ports.queue.claim(1, 60)
    submitted, _ = await asyncio.gather(_outcome(case.submit()), HANDLERS[job.kind](world.ports, job))
    if isinstance(submitted, Refused):
        assert submitted.code == "photos_pending"
        await case.submit()
    material = await case.material("certificate_photo")
    assert (material.state, material.round) == ("passed", 1)
