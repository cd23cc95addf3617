"""The automatic review of an objection: final, whatever it finds; where nothing changed the window goes on (7.5(2))."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from models import (
    Application,
    ApplicationState,
    Certificate,
    Event,
    InboxEntry,
    Objection,
    ObjectionState,
    Publication,
    PublicationState,
)
from standard.facts import Facts
from standard.grades import Grade, grade
from standard.outcome import Outcome
from tests.workflow.graded import EDITION, facts_of_a, published
from tests.workflow.world import World
from workflow.access import Asker
from workflow.applying import objection_review, publicity
from workflow.problems import Refused

WORDS = "覆盖率应为 0.72，附台账"


class Review:
    """Stands for the second judging: it finds ``facts``, and remembers what it was given."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.given: list[Any] = []

    async def __call__(
        self, ports: Any, application: Application, replaced: list[Any], *, give_up: bool
    ) -> tuple[dict[str, Any], Any]:
        self.given.append(replaced)
        return {"coverage": {"value": str(self.facts.coverage)}}, grade(self.facts, EDITION)


async def objected(world: World, monkeypatch: pytest.MonkeyPatch, **found: Any) -> tuple[Application, Asker, Objection]:
    """An objection that is reviewed at once; the review finds facts of A with ``found`` in them."""
    application, asker = await published(world)
    public = await Publication.get(application_id=application.id)
    world.clock.advance(days=1)
    monkeypatch.setattr(objection_review, "rejudge", Review(facts_of_a(**found)))
    objection = await publicity.object_to(world.ports, asker, public.ref, "key-1", WORDS, [])
    await world.work()
    await application.refresh_from_db()
    await objection.refresh_from_db()
    return application, asker, objection


async def test_an_unchanged_result_stands_and_the_window_goes_on_with_the_days_it_had_left(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    application, _, objection = await objected(world, monkeypatch)
    assert (objection.state, objection.decided_by, objection.due_at) == (ObjectionState.REJECTED, "system", None)
    public = await Publication.get(application_id=application.id)
    # Objected to on Wednesday, the first of three days: that day is given back (R15).
    assert (public.state, public.closes_at) == (PublicationState.RUNNING, datetime(2026, 11, 30, 16, tzinfo=UTC))
    assert (application.state, application.due_at) == (ApplicationState.PUBLICITY, public.closes_at)
    told = await InboxEntry.filter(title="异议复核：结果不变").get()
    assert "至 2026-11-30 24:00" in told.body


async def test_another_grade_is_published_at_once_confirmed_and_certified(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    application, _, objection = await objected(world, monkeypatch, coverage=Decimal("0.85"))
    assert objection.state == ObjectionState.UPHELD
    assert (objection.outcome["before"]["grade"], objection.outcome["after"]["grade"]) == ("A", "B")
    first, final = await Publication.filter(application_id=application.id).order_by("id")
    assert (first.state, first.content["grade"]) == (PublicationState.OVERTURNED, "A")
    assert (final.state, final.content["grade"], final.content["final"]) == (PublicationState.CONFIRMED, "B", True)
    assert (application.state, application.grade) == (ApplicationState.CERTIFIED, Grade.B)
    assert (await Certificate.get(application_id=application.id)).grade == "B"


async def test_a_review_that_finds_less_than_b_ends_the_application_without_a_certificate(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    application, _, _ = await objected(world, monkeypatch, coverage=Decimal("0.5"))
    assert (application.state, application.grade) == (ApplicationState.NOT_REACHED, Grade.NOT_REACHED)
    assert application.ended_at == world.clock.now()
    assert await Certificate.all().count() == 0
    final = await Publication.filter(application_id=application.id).order_by("-id").first()
    assert final.content["grade_name"] == "未达标"


async def test_a_corrected_basis_is_published_although_the_grade_stays(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    application, _, objection = await objected(world, monkeypatch, coverage=Decimal("0.96"))
    assert (objection.state, application.grade) == (ObjectionState.UPHELD, Grade.A)
    final = await Publication.filter(application_id=application.id).order_by("-id").first()
    coverage = next(element for element in final.content["basis"] if element["element"] == "coverage")
    assert (coverage["level"], coverage["words"]) == ("AA", "用码覆盖率 96%")
    told = await InboxEntry.filter(title="异议复核：结果已更正").get()
    assert told.body.startswith("等级仍为 A 级（良好级）")


async def test_a_review_is_final_the_firm_objects_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    application, asker, _ = await objected(world, monkeypatch)
    public = await Publication.get(application_id=application.id)
    with pytest.raises(Refused) as caught:
        await publicity.object_to(world.ports, asker, public.ref, "key-2", WORDS, [])
    assert caught.value.code == "review_is_final"


async def test_a_rejected_objection_ends_in_the_same_certificate(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    application, _, _ = await objected(world, monkeypatch)
    world.clock.advance(application.due_at - world.clock.now())
    await publicity.confirm(world.ports, application)
    await world.work()
    assert (await Certificate.get(application_id=application.id)).grade == "A"


async def test_a_review_that_runs_twice_decides_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    application, _, objection = await objected(world, monkeypatch, certificate_print=Outcome.FAIL)
    await world.ports.queue.enqueue(publicity.REVIEW, "again", {"objection": objection.id}, due=world.clock.now())
    await world.work()
    assert await Event.filter(action="objection:decide").count() == 1
    assert await Publication.filter(application_id=application.id).count() == 2
