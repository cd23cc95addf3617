"""What happens to one application at the same moment: whoever comes second waits, nobody waits in a circle."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from jobs.handlers import HANDLERS
from models import Application, DeskItem, Material, Publication, PublicationState
from models.transactions import clean_task, transaction
from tests.workflow import filed
from tests.workflow.filed import RecordedInspector, filing
from tests.workflow.graded import published
from tests.workflow.world import World
from workflow import publicity
from workflow.access import Asker
from workflow.problems import Refused


@pytest.fixture
def inspector(world: World) -> RecordedInspector:
    recorded = RecordedInspector()
    object.__setattr__(world.ports, "inspector", recorded)
    return recorded


async def while_held(application: Application, other: Awaitable[Any], then: Callable[[], Awaitable[Any]]) -> Any:
    """Hold the application, let ``other`` come as far as it can, do ``then``; what became of ``other``."""
    async with transaction():
        await Application.filter(id=application.id).select_for_update().get()
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
    data, name, declared = filed.good_files()["trace_policy"]
    material = await case.hand_in("trace_policy", data, name, declared)
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
