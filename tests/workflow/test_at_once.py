"""What happens to one application, or one person, at the same moment: the second waits, nobody waits in a circle."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import pytest
from tortoise.models import Model

from jobs.handlers import HANDLERS
from models import (
    Application,
    ApplicationState,
    Certificate,
    DeskItem,
    Evidence,
    FiledCode,
    FilingState,
    Material,
    MonthlyFiling,
    Product,
    Publication,
    PublicationState,
    Staff,
)
from models.transactions import clean_task, transaction
from standard import life
from standard.months import Month
from tests import rows
from tests.workflow import filed
from tests.workflow.filed import RecordedInspector, filing
from tests.workflow.graded import published
from tests.workflow.living import month_of
from tests.workflow.monthly import Filer, K, certificate, code, filer, ledger, noon, page
from tests.workflow.upgrading import upgrading
from tests.workflow.world import World, report
from workflow.access import Asker
from workflow.answering import photos
from workflow.applying import applications, publicity
from workflow.certifying import certificates
from workflow.certifying.credit_ledger import hold_ledger
from workflow.firms import products
from workflow.firms.products import ProductChanges
from workflow.knowing import people
from workflow.problems import Refused


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


@pytest.mark.parametrize("migrated_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
@pytest.mark.parametrize("state", [ApplicationState.CONFIRMED, ApplicationState.VERIFYING])
@pytest.mark.parametrize("retires", [False, True])
async def test_a_product_that_changes_while_its_certificate_is_issued_does_not_wait_in_a_circle_with_it(
    world: World, inspector: RecordedInspector, state: ApplicationState, retires: bool
) -> None:
    """Whoever issues or raises holds the application first, then the firm; whoever changes a product the firm first."""
    case = await filing(world)
    await Application.filter(id=case.application.id).update(state=state)

    async def issue() -> None:
        await hold_ledger(case.firm.id)

    if retires:
        changing = products.retire_product(world.ports, case.asker, case.product.id)
    else:
        changing = products.change_product(world.ports, case.asker, case.product.id, ProductChanges(name="另一名称"))
    refused = await while_held(case.application, changing, issue)
    assert isinstance(refused, Refused)
    assert refused.code == "product_in_application"


@pytest.mark.parametrize("migrated_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
async def test_a_product_that_changes_while_a_month_is_decided_does_not_wait_in_a_circle_with_it(world: World) -> None:
    """A month that is decided holds itself first; what follows from it may need the firm."""
    case = await filer(world, grade="B")
    product = case.products[0]
    await case.hand_in(K.CERTIFICATE_PHOTO, certificate(code(0)), product=0)
    await world.work()

    async def decide() -> None:
        await hold_ledger(case.one.firm.id)

    changing = products.change_product(world.ports, case.one.asker, product.id, ProductChanges(name="另一名称"))
    assert not isinstance(await while_held(case.filing, changing, decide), Exception)
    await product.refresh_from_db()
    assert product.name == "另一名称"


@pytest.mark.parametrize("migrated_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
async def test_a_review_that_is_opened_while_points_are_booked_does_not_wait_in_a_circle_with_them(
    world: World,
) -> None:
    """Whoever books holds the certificate first, then the firm."""
    case = await upgrading(world)
    async with transaction():
        await Certificate.filter(id=case.one.certificate.id).select_for_update().get()
        opening = clean_task(_outcome(case.open()), name="opening")
        await asyncio.sleep(0.3)
        await hold_ledger(case.one.firm.id)
    assert isinstance(await opening, Application)


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


async def second_month(case: Filer) -> Filer:
    """December was missed and suspends the certificate; February is open beside it: both are owed, with no month
    between them that R9 would compare."""
    for event in (
        life.MissMonth(on=date(2026, 12, 26), month=Month(2026, 12), make_up_until=date(2026, 12, 30)),
        life.MakeUpMissed(on=date(2026, 12, 31), month=Month(2026, 12)),
    ):
        step = await certificates.apply_event(case.world.ports, case.one.certificate, event, actor="system")
        assert isinstance(step, life.Step)
    await MonthlyFiling.filter(id=case.filing.id).update(
        state=FilingState.SUSPENDED, make_up_until=date(2026, 12, 30), due_at=None
    )
    case.world.clock.advance(noon("2027-02", 5) - case.world.clock.now())
    return Filer(case.world, case.one, await month_of(case.one, "2027-02"), case.products)


@pytest.mark.parametrize("migrated_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
async def test_of_two_months_submitted_at_once_with_one_code_the_second_is_told_so(world: World) -> None:
    """R9: SQLite's transactions are alone; on PostgreSQL the two are judged side by side."""
    december = await filer(world, grade="B")
    february = await second_month(december)
    for case, serial in ((december, "0002"), (february, "0003")):
        for number in (0, 1):
            # One code of a product stands in both months, on photos of its own in each.
            shown = code(number, serial="0001" if number == 0 else serial)
            await case.hand_in(K.CERTIFICATE_PHOTO, certificate(shown) + b" " * int(serial), product=number)
        for shot in range(3):
            await case.hand_in(K.QUERY_SCREENSHOT, page(code(), words=f"产品名称 样例 {serial} {shot}"), "截图.png")
        lines = [case.row(number, "L1", serial) for number in (0, 1)]
        await case.hand_in(K.UPDATE_LEDGER, ledger(case.row(0, "L1"), *lines), "更新台账.csv")
    await world.work()
    both = asyncio.gather(_outcome(december.submit()), _outcome(february.submit()))
    answers = await while_held(december.one.certificate, both, lambda: asyncio.sleep(0))
    (refused,) = [answer for answer in answers if isinstance(answer, Refused)]
    assert (refused.code, "追溯码已经提报过" in refused.advice) == ("filing_failing", True)
    assert await FiledCode.all().count() == 2
