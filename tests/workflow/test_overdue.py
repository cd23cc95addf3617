"""What was late is done anew once its cause is mended, and is promised by a day again (R35)."""

from collections.abc import Awaitable, Callable

import pytest

from models import Application, ApplicationState, DeskItem, DeskState, Job, Objection, PlatformRole, Registration
from tests import rows
from tests.workflow.filed import Filing, RecordedInspector, filing
from tests.workflow.world import World
from workflow import decisions, due
from workflow.access import Asker
from workflow.applying import applications
from workflow.firms import members
from workflow.problems import Kind, Refused

Late = Application | Registration | Objection


@pytest.fixture
def inspector(world: World) -> RecordedInspector:
    recorded = RecordedInspector()
    object.__setattr__(world.ports, "inspector", recorded)
    return recorded


async def operator(world: World) -> Asker:
    person = await rows.person()
    await members.grant(world.ports, person.id, PlatformRole.OPERATOR, by="system")
    return Asker(person.id)


async def alarmed(world: World) -> DeskItem:
    """What the sweep puts on the desk, of what is late by now."""
    for entry in due.DUE:
        await due.carry_out(world.ports, entry)
    return await DeskItem.filter(state=DeskState.OPEN).get()


async def offered(world: World, item: DeskItem) -> list[str]:
    return [choice.id for choice in await decisions.choices(world.ports, item)]


async def stuck(world: World, kind: str) -> tuple[Filing, DeskItem]:
    """A submitted application whose work of that kind was given up, a working day and more ago."""
    case = await filing(world)
    await case.fill()
    if kind == applications.VERIFY:
        await world.work()
    await case.submit()
    await Job.filter(kind=kind, done_at=None).update(dead_at=rows.NOW)
    await world.work()
    world.clock.advance(days=2)
    return case, await alarmed(world)


@pytest.mark.parametrize("kind", [applications.JUDGE, applications.VERIFY])
async def test_a_verification_whose_work_was_given_up_goes_on_by_the_operators_word(
    world: World, inspector: RecordedInspector, kind: str
) -> None:
    case, item = await stuck(world, kind)
    assert (await case.now()).state == ApplicationState.VERIFYING
    assert await offered(world, item) == ["retry", "noted"]
    item = await decisions.decide(world.ports, await operator(world), item.ref, "retry", "磁盘已扩容")
    assert (await offered(world, item), decisions.decided(item)) == ([], "已修复，重新办理")
    promised = (await case.now()).due_at
    assert promised is not None
    assert promised > world.clock.now()
    await world.work()
    assert (await case.now()).state == ApplicationState.PUBLICITY


async def test_what_is_late_once_more_alarms_once_more(world: World, inspector: RecordedInspector) -> None:
    _, item = await stuck(world, applications.VERIFY)
    await decisions.decide(world.ports, await operator(world), item.ref, "retry", "磁盘已扩容")
    world.clock.advance(days=4)
    assert (await alarmed(world)).id != item.id


async def test_what_went_on_after_all_can_only_be_noted(world: World, inspector: RecordedInspector) -> None:
    case, item = await stuck(world, applications.VERIFY)
    await Application.filter(id=case.application.id).update(state=ApplicationState.SUPPLEMENT)
    assert await offered(world, item) == ["noted"]
    asker = await operator(world)
    with pytest.raises(Refused) as refused:
        await decisions.decide(world.ports, asker, item.ref, "retry", "磁盘已扩容")
    assert (refused.value.kind, refused.value.code) == (Kind.CONFLICT, "went_on")
    jobs = await Job.all().count()
    assert (await decisions.decide(world.ports, asker, item.ref, "noted", "已经办完")).decision == "noted"
    assert await Job.all().count() == jobs


@pytest.mark.parametrize(
    ("make", "key"),
    [
        (lambda: rows.registration(due_at=rows.NOW), "registration.check:{}:"),
        (lambda: rows.application(state="grading", due_at=rows.NOW), "application.grade:{}:0:"),
        (lambda: rows.objection(due_at=rows.NOW), "objection.review:{}:"),
    ],
)
async def test_each_kind_of_work_is_enqueued_anew(world: World, make: Callable[[], Awaitable[Late]], key: str) -> None:
    late = await make()
    item = await alarmed(world)
    await decisions.decide(world.ports, await operator(world), item.ref, "retry", "故障已排除")
    assert (await Job.get()).key == f"{key.format(late.id)}{item.id}"
    await late.refresh_from_db()
    assert late.due_at is not None
    assert late.due_at > world.clock.now()


async def test_a_late_answer_to_a_complaint_is_a_persons_to_give(world: World) -> None:
    await rows.objection(due_at=rows.NOW, party="public", route="complaint")
    assert await offered(world, await alarmed(world)) == ["noted"]
