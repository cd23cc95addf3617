"""Publicity, objections and complaints, confirmation (7.4, 7.5, R11, R15)."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models import (
    Application,
    ApplicationState,
    DeskItem,
    Event,
    Evidence,
    InboxEntry,
    Job,
    Objection,
    ObjectionEvidence,
    ObjectionState,
    Publication,
    PublicationState,
    StaffRole,
)
from models.transactions import transaction
from standard.outcome import Outcome
from tests import rows
from tests.workflow.graded import facts_of_a, graded, member, published
from tests.workflow.world import World
from workflow import decisions
from workflow.access import Asker
from workflow.applying import publicity
from workflow.applying.publicity import SupportingFile
from workflow.applying.slots import edition_of
from workflow.certifying import certificates
from workflow.problems import Refused

PDF = b"%PDF-1.7 more evidence"
WORDS = "覆盖率应为 0.96，附台账"


async def the_publication(application: Application) -> Publication:
    return await Publication.filter(application_id=application.id).order_by("-id").first()


async def refused(work: Any, code: str) -> Refused:
    with pytest.raises(Refused) as caught:
        await work
    assert caught.value.code == code
    return caught.value


# --- publishing ------------------------------------------------------------------------------------------------------


async def test_a_result_is_public_through_the_third_working_day_after_it_was_published(world: World) -> None:
    application, _ = await published(world)  # Tuesday, 2026-11-24, 10:00 in Shanghai
    public = await the_publication(application)
    assert public.closes_at == datetime(2026, 11, 27, 16, tzinfo=UTC)
    assert application.state == ApplicationState.PUBLICITY
    assert application.due_at == public.closes_at
    assert [event.action for event in await Event.all().order_by("id")] == ["publication:open", "application:publish"]


async def test_the_public_sees_firm_categories_grade_basis_and_print_and_nothing_of_people_or_evidence(
    world: World,
) -> None:
    application, _ = await published(world)
    content = (await the_publication(application)).content
    assert content["firm"] == "样例电缆有限公司"
    assert content["is_sample"] is True
    assert content["categories"] == ["低压电器", "电线电缆"]
    assert (content["grade"], content["grade_name"]) == ("A", "A 级（良好级）")
    assert content["print"] == {"outcome": "pass", "words": "合格证赋码印刷符合附录 D"}
    assert content["conditions"] == []
    coverage = next(element for element in content["basis"] if element["element"] == "coverage")
    assert coverage == {
        "element": "coverage", "title": "用码覆盖率", "level": "A", "level_name": "A 级", "clause": "6 A",
        "words": "用码覆盖率 93%",
    }  # fmt: skip
    said = json.dumps(content, ensure_ascii=False)
    assert "样例人员" not in said
    assert "evidence" not in said


async def test_a_print_that_does_not_pass_is_public_with_the_cap_that_follows(world: World) -> None:
    application, _ = await published(world, facts_of_a(certificate_print=Outcome.FAIL))
    content = (await the_publication(application)).content
    assert content["grade"] == "B"
    assert content["print"]["outcome"] == "fail"
    assert "等级不高于 B 级（6.1(4)，R5）" in content["print"]["words"]
    assert content["conditions"] == ["D.1 至 D.5"]


async def test_the_words_for_the_firm_name_the_last_day(world: World) -> None:
    application, _ = await published(world)
    told = publicity.window_told(await the_publication(application), edition_of(application))
    assert "公示 3 个工作日，至 2026 年 11 月 27 日 24:00（7.4）" in told
    assert await InboxEntry.all().count() == 0  # whoever graded it tells the result and this together


async def test_results_are_listed_the_newest_first_page_by_page(world: World) -> None:
    for number in range(3):
        await published(world, uscc=f"91330100MA0000001{number}", name=f"样例 {number}")
    first = await publicity.publications(limit=2)
    assert [public.content["firm"] for public in first] == ["样例 2", "样例 1"]
    rest = await publicity.publications(after=first[-1].id, limit=2)
    assert [public.content["firm"] for public in rest] == ["样例 0"]


# --- objections ------------------------------------------------------------------------------------------------------


async def test_an_objection_keeps_its_files_then_stops_the_window_and_is_due_for_review(world: World) -> None:
    application, asker = await published(world)
    public = await the_publication(application)
    files = [SupportingFile(PDF, "说明.pdf")]
    objection = await publicity.object_to(world.ports, asker, public.ref, "key-1", WORDS, files)
    await public.refresh_from_db()
    await application.refresh_from_db()
    assert public.state == PublicationState.STOPPED
    assert application.state == ApplicationState.OBJECTED
    assert application.due_at == objection.due_at == datetime(2026, 11, 27, 16, tzinfo=UTC)
    (kept,) = await ObjectionEvidence.filter(objection_id=objection.id).prefetch_related("evidence")
    assert await world.ports.storage.get(kept.evidence.storage_key) == PDF
    assert await Job.filter(kind=publicity.REVIEW).values_list("args", flat=True) == [{"objection": objection.id}]


async def test_the_same_objection_again_is_the_same_objection(world: World) -> None:
    application, asker = await published(world)
    public = await the_publication(application)
    one, two = await asyncio.gather(
        *(publicity.object_to(world.ports, asker, public.ref, "key-1", WORDS, []) for _ in range(2))
    )
    three = await publicity.object_to(world.ports, asker, public.ref, "key-1", WORDS, [])
    assert one.id == two.id == three.id
    assert await Objection.all().count() == 1


async def test_only_the_firms_own_people_may_object_and_viewers_may_not(world: World) -> None:
    application, _ = await published(world)
    public = await the_publication(application)
    stranger = await member(await rows.enterprise())
    await refused(publicity.object_to(world.ports, stranger, public.ref, "k", WORDS, []), "not_found")
    viewer = await member(await application.enterprise, StaffRole.VIEWER)
    await refused(publicity.object_to(world.ports, viewer, public.ref, "k", WORDS, []), "role_too_low")


async def test_after_the_window_the_firm_is_sent_to_the_appeal(world: World) -> None:
    application, asker = await published(world)
    public = await the_publication(application)
    world.clock.advance(days=4)
    refusal = await refused(publicity.object_to(world.ports, asker, public.ref, "k", WORDS, []), "publicity_over")
    assert "8.4(1)" in refusal.advice
    assert await Evidence.all().count() == 0


async def test_a_second_objection_waits_for_the_first(world: World) -> None:
    application, asker = await published(world)
    public = await the_publication(application)
    await publicity.object_to(world.ports, asker, public.ref, "k1", WORDS, [])
    await refused(publicity.object_to(world.ports, asker, public.ref, "k2", WORDS, []), "objection_under_review")


@pytest.mark.parametrize(
    ("statement", "files", "code"),
    [
        ("短", [], "statement_length"),
        ("长" * 2001, [], "statement_length"),
        (WORDS, [SupportingFile(b"MZ not a document", "a.exe")], "file_kind"),
        (WORDS, [SupportingFile(b"", "a.pdf")], "file_size"),
        (WORDS, [SupportingFile(PDF, "a.pdf", "production_ledger", None)], "material_unknown"),
        (WORDS, [SupportingFile(PDF, "a.pdf")] * 21, "too_many_files"),
    ],
)
async def test_what_cannot_be_reviewed_is_refused_before_anything_is_kept(
    world: World, statement: str, files: list[SupportingFile], code: str
) -> None:
    application, asker = await published(world)
    public = await the_publication(application)
    await refused(publicity.object_to(world.ports, asker, public.ref, "k", statement, files), code)
    assert await Evidence.all().count() == 0
    assert (await the_publication(application)).state == PublicationState.RUNNING


# --- complaints ------------------------------------------------------------------------------------------------------


async def complaint(world: World, application: Application, key: str = "k") -> tuple[Objection, DeskItem, Asker]:
    public = await the_publication(application)
    someone = await member(await rows.enterprise())
    filed = await publicity.complain(world.ports, public.ref, key, "这家企业的合格证没有码", asker=someone)
    return filed, await DeskItem.get(kind="complaint", subject_id=filed.id), someone


async def test_a_complaint_waits_on_the_desk_and_leaves_the_window_running(world: World) -> None:
    application, _ = await published(world)
    filed, item, _ = await complaint(world, application)
    assert (filed.route, filed.due_at) == ("complaint", datetime(2026, 12, 1, 16, tzinfo=UTC))  # five working days
    assert (item.clause, item.due_at, item.detail["may_object"]) == ("8.4(3)", filed.due_at, True)
    assert (await the_publication(application)).state == PublicationState.RUNNING


async def test_anybody_may_complain_and_the_same_one_twice_is_one(world: World) -> None:
    application, _ = await published(world)
    public = await the_publication(application)
    one = await publicity.complain(world.ports, public.ref, "k", "没有署名的投诉")
    two = await publicity.complain(world.ports, public.ref, "k", "没有署名的投诉")
    assert one.id == two.id
    assert await DeskItem.all().count() == 1


async def test_an_answered_complaint_reaches_whoever_made_it(world: World) -> None:
    application, _ = await published(world)
    filed, item, someone = await complaint(world, application)
    await publicity.decide_complaint(world.ports, item, "answer", "已核实，情况不属实", Asker(1))
    await filed.refresh_from_db()
    assert (filed.state, filed.outcome, filed.due_at) == (
        ObjectionState.ANSWERED, {"answer": "已核实，情况不属实"}, None,
    )  # fmt: skip
    assert (await InboxEntry.get(person_id=someone.person_id)).body == "已核实，情况不属实"
    await refused(publicity.decide_complaint(world.ports, item, "answer", "再次答复", Asker(1)), "complaint_decided")


async def test_the_operator_turns_a_complaint_into_an_objection_within_the_window_only(world: World) -> None:
    application, _ = await published(world)
    filed, item, _ = await complaint(world, application)
    _, late_item, _ = await complaint(world, application, "k2")
    offered = [choice.id for choice in await decisions.choices(world.ports, late_item)]
    assert offered == ["answer", "make_objection"]
    await publicity.decide_complaint(world.ports, item, "make_objection", "有照片为证", Asker(1))
    await filed.refresh_from_db()
    assert (filed.route, filed.state) == ("objection", ObjectionState.OPEN)
    assert (await the_publication(application)).state == PublicationState.STOPPED
    await Publication.filter(application_id=application.id).update(state=PublicationState.RUNNING)
    world.clock.advance(days=4)
    assert [choice.id for choice in await decisions.choices(world.ports, late_item)] == ["answer"]
    await refused(
        publicity.decide_complaint(world.ports, late_item, "make_objection", "有照片为证", Asker(1)), "publicity_over"
    )


# --- confirming ------------------------------------------------------------------------------------------------------


async def test_a_result_is_confirmed_when_the_window_is_over_and_not_a_second_before(world: World) -> None:
    application, _ = await published(world)
    world.clock.advance(application.due_at - world.clock.now() - timedelta(seconds=1))
    await publicity.confirm(world.ports, application)
    assert (await Application.get(id=application.id)).state == ApplicationState.PUBLICITY
    world.clock.advance(seconds=1)
    await publicity.confirm(world.ports, application)
    await publicity.confirm(world.ports, application)
    assert (await Application.get(id=application.id)).state == ApplicationState.CONFIRMED
    assert (await the_publication(application)).state == PublicationState.CONFIRMED
    assert await Job.filter(kind=certificates.ISSUE).count() == 1


async def test_nothing_is_confirmed_while_an_objection_is_open(world: World) -> None:
    application, asker = await published(world)
    public = await the_publication(application)
    await publicity.object_to(world.ports, asker, public.ref, "k", WORDS, [])
    world.clock.advance(days=10)
    await publicity.confirm(world.ports, application)
    assert (await Application.get(id=application.id)).state == ApplicationState.OBJECTED


async def test_publishing_belongs_to_the_callers_transaction(world: World) -> None:
    application, _ = await graded(world)

    async def cut_short() -> None:
        async with transaction():
            await publicity.publish(world.ports, application)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await cut_short()
    assert await Publication.all().count() == 0
    assert (await Application.get(id=application.id)).state == ApplicationState.GRADING
