"""Upgrade reviews: what may be asked for, what they find, and what becomes of the certificate (8.5(3), R18)."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from models import (
    Application,
    ApplicationState,
    Certificate,
    DeskItem,
    Event,
    FilingState,
    InboxEntry,
    Objection,
    Product,
    Publication,
    PublicationState,
    Rendering,
    RenderingState,
)
from models.transactions import transaction
from standard import credit, life
from standard.calendar import midnight
from standard.facts import Facts, Monthly
from standard.grades import grade
from standard.life import Actor
from standard.months import Month
from standard.outcome import Finding, Outcome
from standard.profile import edition_on
from tests import rows
from tests.workflow.filed import CCC, FIRM, GTIN, USCC, Filing, RecordedInspector
from tests.workflow.firms import member
from tests.workflow.graded import EDITION, facts_of_a
from tests.workflow.living import month_of
from tests.workflow.test_at_once import while_held
from tests.workflow.upgrading import Upgrading, facts_of_aa, upgrading
from tests.workflow.world import World
from workflow import decisions, due
from workflow.applying import applications, objection_review, publicity, raising, upgrades, verification
from workflow.applying.application_wording import next_step
from workflow.applying.case import case_of
from workflow.applying.facts import facts_of
from workflow.certifying import certificate_register
from workflow.certifying.certificate_life import life_from_json
from workflow.certifying.certificates import apply_event
from workflow.certifying.change_kinds import ChangeKind
from workflow.credit.credit_booking import book
from workflow.firms import products
from workflow.firms.products import ProductChanges
from workflow.monthly.month_case import levels_of
from workflow.problems import Refused

DECEMBER = Month(2026, 12)
TODAY = date(2026, 11, 24)
ANOTHER = ProductChanges(category="样例器材", product_class="class_3")
"""A product that becomes one of a category that the certificate does not list."""


async def refused(work: Any, code: str) -> Refused:
    with pytest.raises(Refused) as caught:
        await work
    assert caught.value.code == code
    return caught.value


async def befall(case: Upgrading, *events: life.Event) -> None:
    for event in events:
        answer = await apply_event(case.world.ports, case.one.certificate, event, actor="system")
        assert not isinstance(answer, Finding), answer.reason


async def told(title: str) -> str:
    return (await InboxEntry.get(title=title)).body


def missed(on: date = date(2026, 12, 26), month: Month = DECEMBER) -> life.MissMonth:
    return life.MissMonth(on=on, month=month, make_up_until=on + timedelta(days=4))


# --- what may be asked for -------------------------------------------------------------------------------------------


async def test_a_review_may_lead_one_grade_up_and_with_ten_points_in_the_year_two(world: World) -> None:
    case = await upgrading(world, points=9)
    await case.points(5, year=2025)
    offer = await upgrades.offer_of(world.ports, case.one.firm.id)
    assert offer is not None
    assert (offer.points, offer.year, offer.open) == (9, 2026, ("A",))
    reasons = {rung.level: rung.closed.reason for rung in offer.rungs if rung.closed is not None}
    assert reasons["AA"] == "年度资信 9 分，一次至多升 1 级，不能由 B 级升为 AA 级（8.5(3)，R18）"
    assert offer.closed == {reason: [level] for level, reason in reasons.items()}
    why = offer.rungs[1].closed
    same = replace(offer, rungs=(upgrades.Rung("AA", why), upgrades.Rung("AAA", why)))
    assert same.closed == {reasons["AA"]: ["AA", "AAA"]}
    refusal = await refused(case.open("AA"), "upgrade_closed")
    assert (refusal.clause, refusal.field) == ("8.5(3)", "level")
    await case.points(1)
    offer = await upgrades.offer_of(world.ports, case.one.firm.id)
    assert offer is not None
    assert offer.open == ("A", "AA")
    application = await case.open("AA")
    assert (application.upgrades_id, application.grade_before) == (case.one.certificate.id, "B")
    await refused(case.open("A"), "application_open")


async def test_a_review_is_asked_for_what_its_level_asks_and_not_for_the_months_that_are_on_record(
    world: World,
) -> None:
    case = await upgrading(world)
    asked = await applications.progress(await case.open("A"))
    assert asked.sentence == "A 级：已交 0 项，共 17 项"
    excused = {slot.material.id: slot.material.due for slot in asked.slots if slot.state == "excused"}
    assert excused == {"monthly_records": "on_file", "marketplace_records": "not_applicable"}


async def test_without_a_certificate_or_at_the_top_there_is_nothing_to_raise(world: World) -> None:
    case = await upgrading(world, grade="AAA")
    await refused(case.open("AAA"), "top_grade")
    await befall(case, life.TermEnded(on=date(2027, 11, 24)))
    await refused(case.open("AAA"), "no_certificate")
    assert await upgrades.offer_of(world.ports, case.one.firm.id) is None


async def test_a_level_that_is_not_higher_is_no_upgrade_and_a_plain_application_is_pointed_to_the_review(
    world: World,
) -> None:
    case = await upgrading(world, grade="A")
    assert (await refused(case.open("A"), "level_not_above")).field == "level"
    plain = await refused(case.open("AA", upgrade=False), "certificate_alive")
    assert plain.advice.endswith("要提高等级，请申请升级复核（8.5(3)，R18）")


@pytest.mark.parametrize(
    ("events", "why"),
    [
        ([missed()], "证书在预警中"),
        ([missed(), life.MakeUpMissed(on=date(2026, 12, 31), month=DECEMBER)], "证书已暂停"),
        ([life.OpenCase(on=TODAY, ground="9.5.1(1)", by=Actor.OPERATOR)], "撤销立案（9.5.1(1)）尚未决定"),
    ],
)
async def test_a_certificate_that_is_not_in_order_is_not_raised(
    world: World, events: list[life.Event], why: str
) -> None:
    case = await upgrading(world)
    await befall(case, *events)
    world.clock.advance(midnight(date(2027, 1, 4)) - world.clock.now())
    assert (await refused(case.open(), "upgrade_closed")).advice.startswith(f"现在不能申请升级复核：{why}")


async def test_a_review_covers_the_categories_of_the_certificate_and_no_other(world: World) -> None:
    case = await upgrading(world)
    other = await rows.product(enterprise_id=case.one.firm.id, category="低压电器", model="DZ-1")

    async def over(*products: int) -> Refused:
        opening = applications.open_application(
            world.ports, case.asker, case.one.firm.id, "A", list(products), sells_online=False, upgrade=True
        )
        return await refused(opening, "categories_differ")

    assert "还缺品类“电线电缆”" in (await over(other.id)).advice
    assert "品类“低压电器”不在证书上" in (await over(case.product.id, other.id)).advice
    assert not await Application.filter(upgrades_id__not_isnull=True).exists()


async def test_a_product_of_a_review_keeps_it_on_the_categories_of_the_certificate(world: World) -> None:
    case = await upgrading(world)
    application = await case.open()
    changing = products.change_product(world.ports, case.asker, case.product.id, ANOTHER)
    refusal = await refused(changing, "categories_differ")
    assert (refusal.clause, refusal.field) == ("8.5(3)", "category")
    assert "还缺品类“电线电缆”" in refusal.advice
    assert (await Product.get(id=case.product.id)).category == "电线电缆"
    renamed = ProductChanges(name="另一名称", product_class="class_3")
    await products.change_product(world.ports, case.asker, case.product.id, renamed)
    await applications.withdraw(world.ports, case.asker, application.ref)
    await products.change_product(world.ports, case.asker, case.product.id, ANOTHER)


async def test_a_draft_is_not_submitted_while_its_certificate_is_warned_nor_once_it_ended(world: World) -> None:
    case = await upgrading(world)
    application = await case.open()
    await befall(case, missed())
    submitting = applications.submit(world.ports, case.asker, application.ref)
    assert "8.1(3)" in (await refused(submitting, "upgrade_closed")).advice
    await befall(case, life.TermEnded(on=date(2027, 11, 24)))
    submitting = applications.submit(world.ports, case.asker, application.ref)
    assert "已失效" in (await refused(submitting, "certificate_ended")).advice
    await applications.withdraw(world.ports, case.asker, application.ref)
    assert (await Application.get(id=application.id)).state == ApplicationState.WITHDRAWN


async def test_a_review_that_was_withdrawn_leaves_the_certificate_and_may_be_asked_for_again(world: World) -> None:
    case = await upgrading(world)
    application = await case.open()
    await applications.withdraw(world.ports, case.asker, application.ref)
    step = next_step(await Application.get(id=application.id))
    assert step.words == "本次升级复核已撤回，证书不变；随时可以再次申请。"
    assert (await case.certificate()).version == case.one.certificate.version
    assert await case.open()


# --- the whole road --------------------------------------------------------------------------------------------------


async def test_the_materials_of_a_level_raise_the_same_certificate_once_their_result_was_public(world: World) -> None:
    object.__setattr__(world.ports, "inspector", RecordedInspector())
    case = await upgrading(world, uscc=USCC, name=FIRM)
    await type(case.product).filter(id=case.product.id).update(gtin=GTIN, qualification_number=CCC)
    watcher = await rows.person()
    await rows.watch(person_id=watcher.id, enterprise_id=case.one.firm.id)
    hook = await rows.webhook(kinds=[ChangeKind.UPGRADED], paused_at=rows.NOW)
    draft = await case.open("A")
    filing = Filing(world, case.one.firm, case.asker, case.product, draft)
    await filing.fill("A")
    await filing.submit()
    await world.work()
    application = await filing.now()
    assert (application.state, application.grade) == (ApplicationState.PUBLICITY, "A")
    public = await Publication.get(application_id=application.id)
    words = f"升级复核：证书 {case.one.certificate.number} 由 B 级升为 A 级（8.5(3)）。"
    assert public.content["upgrade"] == {
        "number": case.one.certificate.number, "grade_before": "B", "words": words, "applies": True,
    }  # fmt: skip
    body = await told("升级复核结果：由 B 级升为 A 级")
    assert f"无异议的，平台自动确认并把证书 {case.one.certificate.number} 升为 A 级，编号和有效期不变" in body
    assert (await case.certificate()).grade == "B"
    await case.confirm(application)
    await world.work()
    row = await case.certificate()
    before = case.one.certificate
    assert (row.grade, row.number, row.last_day, row.state) == ("A", before.number, before.last_day, "active")
    application = await filing.now()
    assert (application.state, application.grade_before) == (ApplicationState.CERTIFIED, "B")
    assert next_step(application).words == "证书已由 B 级升为 A 级，编号和有效期不变，可以查看和下载。"
    rendering = await Rendering.get(certificate_id=row.id)
    assert (rendering.revision, rendering.state, rendering.reason) == (2, RenderingState.SIGNED, "raise")
    assert dict(rendering.face["fields"])["评价等级"].startswith("A 级")
    shown = await certificate_register.public_certificate(row.number)
    assert shown.history[0] == (date(2026, 11, 28), "升级复核通过，等级由 B 升为 A")
    assert await told("证书等级升为 A（8.5(3)）") == "升级复核通过，等级由 B 升为 A"
    assert await InboxEntry.filter(person_id=watcher.id).count() == 1
    assert await hook.deliveries.all().values_list("kind", flat=True) == [ChangeKind.UPGRADED]
    steps = Event.filter(subject_kind="application", subject_id=application.id).order_by("id")
    assert [event.action.partition(":")[2] for event in await steps] == [
        "open", "submit", "verified", "grade", "publish", "confirm", "raise",
    ]  # fmt: skip


async def test_with_ten_points_a_review_raises_by_two(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    case = await upgrading(world, points=10)
    application, public = await case.published(monkeypatch, facts_of_aa(), "AA")
    assert (public.content["grade"], public.content["upgrade"]["grade_before"]) == ("AA", "B")
    await case.confirm(application)
    await world.work()
    assert (await case.certificate()).grade == "AA"


async def test_the_points_of_the_year_of_the_submission_count_whatever_year_it_is_when_the_result_stands(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = await upgrading(world, points=10)
    world.clock.advance(midnight(date(2026, 12, 31)) - world.clock.now())
    application, _ = await case.published(monkeypatch, facts_of_aa(), "AA")
    await case.confirm(application)
    await world.work()
    assert world.clock.now() > midnight(date(2027, 1, 1))
    assert (await case.certificate()).grade == "AA"


async def test_what_the_points_do_not_permit_is_capped_and_the_firm_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = await upgrading(world, points=10)
    draft = await case.open("AA")
    await rows.credit_entry(enterprise_id=case.one.firm.id, kind="false_record", points=-1)
    application = await case.grade(monkeypatch, draft, facts_of_aa())
    assert (application.grade, application.result["grade"]) == ("A", "AA")
    body = await told("升级复核结果：由 B 级升为 A 级")
    assert "资料核实为 AA 级；2026 年资信 9 分，一次至多升到 A 级（8.5(3)，R18）" in body
    await case.confirm(application)
    await world.work()
    assert (await case.certificate()).grade == "A"


async def test_points_that_fall_while_the_result_is_public_end_the_review(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = await upgrading(world, points=10)
    application, _ = await case.published(monkeypatch, facts_of_aa(), "AA")
    await rows.credit_entry(enterprise_id=case.one.firm.id, kind="false_record", points=-1)
    await case.confirm(application)
    await world.work()
    assert (await case.certificate()).grade == "B"
    assert (await told("升级复核终止，证书等级不变")).startswith("年度资信 9 分，一次至多升 1 级")


# --- what does not raise ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("held", "facts", "lines"),
    [
        ("A", facts_of_a(), ["升到 AA 级还差：", "AA 级要求"]),
        (
            "A",
            facts_of_a(coverage=Decimal("0.85")),
            [
                "本次资料核实的等级：B 级（6.1），没有高于证书现有等级",
                "升到 AA 级还差：",
                "· 用码覆盖率 85%，A 级要求",
            ],
        ),
        ("B", facts_of_a(certificate_print=Outcome.FAIL), ["升到 A 级还差："]),
        ("B", facts_of_a(code_selection=None), ["本次资料核实的等级：未达标（6.1）", "升到 A 级还差："]),
    ],
)
async def test_facts_that_carry_no_more_leave_the_certificate_and_the_firm_is_told_what_lacks(
    world: World, monkeypatch: pytest.MonkeyPatch, held: str, facts: Facts, lines: list[str]
) -> None:
    case = await upgrading(world, grade=held)
    level = {"B": "A", "A": "AA"}[held]
    application = await case.grade(monkeypatch, await case.open(level), facts)
    assert (application.state, application.ended_at) == (ApplicationState.NOT_REACHED, world.clock.now())
    assert application.grade == application.result["grade"]
    assert not await Publication.exists()
    row = await case.certificate()
    assert (row.grade, row.version, row.revision) == (held, case.one.certificate.version, 1)
    body = await told(f"升级复核结果：仍为 {held} 级")
    assert body.startswith(f"证书 {row.number} 等级不变，仍为 {held} 级。")
    for line in lines:
        assert line in body
    assert next_step(application).words.startswith(f"证书等级不变，仍为 {held} 级")
    assert await case.open(level)  # at once, with better materials


async def test_the_rates_of_the_certificates_own_months_decide(world: World) -> None:
    """R2, R38: made up in time counts as compliant, not as timely; a month that is still owed has no result."""
    case = await upgrading(world, grade="A")
    application = await case.open("AA")
    facts, _ = facts_of(await case_of(world.ports, application), first=False)
    assert facts.monthly == "not_due"
    january = Month(2027, 1)
    await befall(
        case,
        life.ContinueMonth(on=date(2026, 12, 20), month=DECEMBER, filed_on=date(2026, 12, 20)),
        missed(date(2027, 1, 26), january),
        life.MakeUpPassed(on=date(2027, 1, 28), month=january, filed_on=date(2027, 1, 28)),
        missed(date(2027, 2, 26), Month(2027, 2)),
    )
    facts, plain = facts_of(await case_of(world.ports, application), first=False)
    assert facts.monthly == Monthly(timely=Decimal("0.5"), compliant=Decimal(1))
    assert plain["monthly"]["words"] == "提报及时率 50%、提报合规率 100%"
    assert plain["monthly"]["value"] == {"timely": "0.5", "compliant": "1"}
    assert "最近 2 个应报月份" in plain["monthly"]["reason"]


async def test_what_is_not_supplemented_in_time_ends_the_review_and_nothing_else(world: World) -> None:
    case = await upgrading(world)
    application = await case.open()
    finding = {"clause": "7.2(3)", "outcome": "fail", "reason": "缺", "materials": []}
    await Application.filter(id=application.id).update(
        state=ApplicationState.SUPPLEMENT, findings=[finding], due_at=world.clock.now()
    )
    async with transaction():
        await verification.lapse_supplement(world.ports, await Application.get(id=application.id))
    assert (await Application.get(id=application.id)).state == ApplicationState.LAPSED
    assert "证书不变，随时可以再次申请" in await told("升级复核因逾期未补正而终止")
    assert (await case.certificate()).grade == "B"


# --- the certificate changes meanwhile -------------------------------------------------------------------------------


def revoked() -> list[life.Event]:
    ground = "9.5.1(1)"
    return [
        life.OpenCase(on=TODAY, ground=ground, by=Actor.OPERATOR),
        life.Revoke(on=TODAY, ground=ground, reason="提供虚假资料", decided_by="person:1"),
    ]


MEANWHILE = {
    "warned": ([missed()], "证书在预警中"),
    "suspended": ([missed(), life.MakeUpMissed(on=date(2026, 12, 31), month=DECEMBER)], "证书已暂停"),
    "revoked": (revoked(), "证书已被撤销"),
    "cased": ([life.OpenCase(on=TODAY, ground="9.5.1(1)", by=Actor.OPERATOR)], "撤销立案（9.5.1(1)）尚未决定"),
    "expired": ([life.TermEnded(on=date(2027, 11, 24))], "证书已到期失效"),
}


@pytest.mark.parametrize("what", MEANWHILE)
async def test_a_certificate_that_is_not_in_order_when_the_publicity_ends_is_not_raised_and_nothing_hangs(
    world: World, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    events, why = MEANWHILE[what]
    case = await upgrading(world)
    application, public = await case.published(monkeypatch, facts_of_a())
    await befall(case, *events)
    await case.confirm(application)
    await world.work()
    row, application = await case.certificate(), await Application.get(id=application.id)
    assert (row.grade, application.state, application.due_at) == ("B", ApplicationState.NOT_REACHED, None)
    assert (await told("升级复核终止，证书等级不变")).startswith(why)
    assert next_step(application).words.startswith(f"升级复核已终止，证书等级不变：{why}")
    await public.refresh_from_db()
    assert public.state == PublicationState.OVERTURNED
    assert public.content["upgrade"]["words"] == upgrades.NOT_APPLIED  # why is the firm's own affair


async def test_a_month_that_is_made_up_before_the_publicity_ends_is_no_obstacle(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = await upgrading(world)
    world.clock.advance(midnight(date(2026, 12, 26)) - world.clock.now())
    draft = await case.open()
    await befall(case, missed())
    application = await case.grade(monkeypatch, draft, facts_of_a())
    assert application.state == ApplicationState.PUBLICITY
    await befall(case, life.MakeUpPassed(on=date(2026, 12, 28), month=DECEMBER, filed_on=date(2026, 12, 28)))
    await case.confirm(application)
    await world.work()
    assert (await case.certificate()).grade == "A"


async def test_a_certificate_that_ended_before_the_grade_was_found_is_not_even_made_public(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = await upgrading(world)
    draft = await case.open()
    await befall(case, *revoked())
    application = await case.grade(monkeypatch, draft, facts_of_a())
    assert application.state == ApplicationState.NOT_REACHED
    assert (await told("升级复核终止，证书等级不变")).startswith("证书已被撤销")
    assert not await Publication.exists()


async def test_a_print_that_passes_ends_the_conditions_before_the_certificate_is_raised(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """6.1(4), R5: nothing else finds that the print of a living certificate was mended."""
    case = await upgrading(world)
    await befall(case, life.Lower(on=TODAY, failed=("D.3.1",)))
    application, _ = await case.published(monkeypatch, facts_of_a())
    await case.confirm(application)
    await world.work()
    row = await case.certificate()
    assert (row.grade, life_from_json(row.life).conditions) == ("A", ())
    steps = Event.filter(subject_kind="certificate", action__in=["certificate:print_mended", "certificate:raise"])
    assert [event.action for event in await steps.order_by("id")] == ["certificate:print_mended", "certificate:raise"]


async def test_a_print_that_passes_ends_the_conditions_of_a_certificate_that_is_not_raised(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = await upgrading(world)
    await befall(case, life.Lower(on=TODAY, failed=("D.3.1",)))
    application = await case.grade(monkeypatch, await case.open(), facts_of_a(coverage=Decimal("0.85")))
    row = await case.certificate()
    assert (application.state, row.grade, life_from_json(row.life).conditions) == (
        ApplicationState.NOT_REACHED,
        "B",
        (),
    )
    assert await Event.exists(action="certificate:print_mended", subject_id=row.id)


async def test_a_print_that_is_not_found_to_pass_keeps_its_conditions(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = await upgrading(world)
    await befall(case, life.Lower(on=TODAY, failed=("D.3.1",)))
    await case.grade(monkeypatch, await case.open(), facts_of_a(certificate_print=Outcome.UNCLEAR))
    assert life_from_json((await case.certificate()).life).conditions == ("D.3.1",)


# --- objections ------------------------------------------------------------------------------------------------------


async def objected(
    case: Upgrading, monkeypatch: pytest.MonkeyPatch, public: Publication, facts: Facts
) -> tuple[Application, Publication]:
    """An objection whose review finds these facts."""

    async def rejudge(*_: Any, **__: Any) -> Any:
        return {}, grade(facts, EDITION)

    monkeypatch.setattr(objection_review, "rejudge", rejudge)
    await publicity.object_to(case.world.ports, case.asker, public.ref, "key-1", "覆盖率有误，附台账", [])
    await case.world.work()
    await public.refresh_from_db()
    return await Application.get(id=public.application_id), public


async def test_an_objection_that_is_upheld_may_leave_nothing_to_raise(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = await upgrading(world)
    _, public = await case.published(monkeypatch, facts_of_a())
    application, public = await objected(case, monkeypatch, public, facts_of_a(coverage=Decimal("0.85")))
    assert (application.state, application.grade) == (ApplicationState.NOT_REACHED, "B")
    assert (public.state, public.content["upgrade"]["words"]) == (PublicationState.OVERTURNED, upgrades.NOT_APPLIED)
    assert await Publication.all().count() == 1
    body = await told("异议复核：结果已更正")
    assert "为最终结果（7.5(2)）" in body
    assert "升到 A 级还差：" in body
    assert (await case.certificate()).grade == "B"
    assert next_step(application).words.startswith("证书等级不变，仍为 B 级")


async def test_an_objection_that_is_upheld_may_leave_less_to_raise(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = await upgrading(world, points=10)
    _, public = await case.published(monkeypatch, facts_of_aa(), "AA")
    application, public = await objected(case, monkeypatch, public, facts_of_aa(coverage=Decimal("0.92")))
    final = await Publication.get(application_id=application.id, state=PublicationState.CONFIRMED)
    assert (public.state, final.content["grade"], final.content["final"]) == (PublicationState.OVERTURNED, "A", True)
    assert "由 B 级升为 A 级" in final.content["upgrade"]["words"]
    assert (application.state, (await case.certificate()).grade) == (ApplicationState.CERTIFIED, "A")


async def test_an_objection_is_upheld_where_the_points_of_the_year_permit_more_by_now(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = await upgrading(world, points=9)
    _, public = await case.published(monkeypatch, facts_of_aa())
    assert public.content["grade"] == "A"
    await case.points(1)
    application, public = await objected(case, monkeypatch, public, facts_of_aa())
    assert (public.state, (await Objection.get()).state) == (PublicationState.OVERTURNED, "upheld")
    assert (application.state, (await case.certificate()).grade) == (ApplicationState.CERTIFIED, "AA")


async def test_an_objection_that_is_rejected_ends_in_the_same_raise(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = await upgrading(world)
    _, public = await case.published(monkeypatch, facts_of_a())
    application, _ = await objected(case, monkeypatch, public, facts_of_a())
    assert (await Objection.get()).state == "rejected"
    await case.confirm(application)
    await world.work()
    assert (await case.certificate()).grade == "A"


# --- once, whole, and at the same moment -----------------------------------------------------------------------------


async def confirmed(case: Upgrading, monkeypatch: pytest.MonkeyPatch) -> Application:
    application, _ = await case.published(monkeypatch, facts_of_a())
    await case.confirm(application)
    return application


async def test_the_raise_that_runs_twice_raises_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    case = await upgrading(world)
    application = await confirmed(case, monkeypatch)
    await publicity.confirm(world.ports, application)
    async with transaction():
        args = {"application": application.id}
        await world.ports.queue.enqueue(publicity.RAISE, "again", args, due=world.clock.now())
    await world.work()
    assert await Event.filter(action="certificate:raise").count() == 1
    assert (await case.certificate()).revision == 2


async def test_a_raise_that_is_cut_off_in_the_middle_changes_nothing_and_is_done_by_the_next_attempt(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = await upgrading(world)
    application = await confirmed(case, monkeypatch)
    (job,) = await world.ports.queue.claim(1, 60, key=f"{publicity.RAISE}:{application.id}")

    async def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as broken:
        broken.setattr(raising, "record_event", fail)  # the last thing of all
        with pytest.raises(RuntimeError, match="power cut"):
            await raising.raise_certificate(world.ports, job)
    row = await case.certificate()
    assert (row.grade, row.version, row.revision) == ("B", case.one.certificate.version, 1)
    assert (await Application.get(id=application.id)).state == ApplicationState.CONFIRMED
    assert not await Rendering.filter(certificate_id=row.id).exists()
    assert not await Event.filter(action="certificate:raise").exists()
    world.clock.advance(seconds=61)  # its lease is over
    await world.work()
    assert (await case.certificate()).grade == "A"


async def test_a_revocation_at_the_same_moment_comes_first_or_after(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = await upgrading(world)
    application = await confirmed(case, monkeypatch)
    (job,) = await world.ports.queue.claim(1, 60, key=f"{publicity.RAISE}:{application.id}")

    async def revoke() -> None:
        await befall(case, *revoked())

    assert await while_held(await case.certificate(), raising.raise_certificate(world.ports, job), revoke) is None
    row = await case.certificate()
    assert (row.state, row.grade) == ("revoked", "B")
    assert (await Application.get(id=application.id)).state == ApplicationState.NOT_REACHED


async def test_points_are_booked_at_the_same_moment_and_both_stand(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = await upgrading(world)
    application = await confirmed(case, monkeypatch)
    (job,) = await world.ports.queue.claim(1, 60, key=f"{publicity.RAISE}:{application.id}")
    now = world.clock.now()

    async def earn() -> None:
        async with transaction():
            await book(
                world.ports,
                case.one.firm.id,
                lambda ledger: credit.record_adoption(
                    ledger,
                    credit.Adoption(
                        "样例采购集团",
                        "ZB-1",
                        frozenset(edition_on(TODAY).words("credit.evidence_uploaded")),
                        Outcome.PASS,
                        now,
                    ),
                    edition_on(TODAY),
                ),
                actor="system",
                clause="8.5",
                title="加分",
            )

    await asyncio.gather(raising.raise_certificate(world.ports, job), earn())
    row = await case.certificate()
    assert (row.grade, row.points, row.revision) == ("A", 1, 3)


# --- what hangs on the grade -----------------------------------------------------------------------------------------


async def test_a_month_that_was_open_already_asks_what_it_asked(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """R39: nobody owes in the last days of a month what nobody asked when it opened."""
    case = await upgrading(world)
    december = await month_of(case.one, "2026-12")
    world.clock.advance(midnight(date(2026, 12, 18)) - world.clock.now())
    application, _ = await case.published(monkeypatch, facts_of_a())
    assert await levels_of([december]) == {december.id: "B"}
    await case.confirm(application)
    await world.work()
    assert (await case.certificate()).grade == "A"
    january = await month_of(case.one, "2027-01", state=FilingState.OPEN)
    assert await levels_of([december, january]) == {december.id: "B", january.id: "A"}
    row = await case.certificate()
    await Certificate.filter(id=row.id).update(grade="B")
    assert await levels_of([january]) == {january.id: "B"}


async def test_the_certificate_says_what_the_review_declared_of_selling_online(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R37."""
    case = await upgrading(world)
    assert (await certificate_register.public_certificate(case.one.certificate.number)).remarks
    application, _ = await case.published(monkeypatch, facts_of_a(marketplace_rate=Decimal("0.95")), sells_online=True)
    await case.confirm(application)
    await world.work()
    assert (await certificate_register.public_certificate(case.one.certificate.number)).remarks == ()
    assert (await Rendering.get(certificate_id=case.one.certificate.id)).face["remarks"] == []


async def test_a_review_that_is_graded_too_late_alarms_and_is_graded_anew(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R35."""
    case = await upgrading(world)
    application = await case.open()
    await Application.filter(id=application.id).update(
        state=ApplicationState.GRADING, submitted_at=world.clock.now(), round=1, due_at=world.clock.now()
    )
    late = next(one for one in due.DUE if ApplicationState.GRADING in one.states)
    assert await due.carry_out(world.ports, late) == 1
    item = await DeskItem.get(subject_id=application.id, kind="overdue")
    operator = await member(world, case.one.firm, "staff")
    await rows.grant(person_id=operator.person.id)
    monkeypatch.setattr("workflow.applying.grading.facts_of", lambda _case, *, first: (facts_of_a(), {}))
    await decisions.decide(world.ports, operator.asker, item.ref, "retry", "已修复")
    await world.work()
    assert (await Application.get(id=application.id)).state == ApplicationState.PUBLICITY
