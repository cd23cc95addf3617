"""A certificate at B that is held for its case is revoked or let go by the operator, and by nobody else (R8, R21)."""

from datetime import UTC, date, datetime

import pytest

from models import DeskItem, Enterprise, Event, InboxEntry, PlatformRole
from standard import life
from tests.workflow.firms import somebody
from tests.workflow.living import Living, held_for_its_case
from tests.workflow.world import World
from workflow import decisions
from workflow.access import Asker
from workflow.certifying import certificate_register, certificates
from workflow.certifying.certificate_effects import REVOCATION
from workflow.firms import members
from workflow.problems import Refused

REASON = "三个月均未按期提报，企业未作说明"


@pytest.fixture
async def case(world: World) -> Living:
    world.clock.advance(datetime(2027, 3, 8, 2, 0, tzinfo=UTC) - world.clock.now())
    return await held_for_its_case(world.ports)


@pytest.fixture
async def operator(world: World) -> Asker:
    who = await somebody(world)
    await members.grant(world.ports, who.person.id, PlatformRole.OPERATOR, by="system")
    return Asker(who.person.id)


async def offered(world: World, item: DeskItem) -> list[str]:
    return [choice.id for choice in await decisions.choices(world.ports, item)]


async def told(one: Living) -> InboxEntry:
    entry = await InboxEntry.filter(enterprise_id=one.firm.id).order_by("-id").first()
    assert entry is not None
    return entry


async def test_a_held_certificate_is_revoked_with_its_reason_published_and_told(
    world: World, case: Living, operator: Asker
) -> None:
    assert case.certificate.state == "suspended"
    item = await DeskItem.get(kind=REVOCATION)
    assert (item.clause, item.subject_id, await offered(world, item)) == (
        "9.5.1(2)", case.certificate.id, ["revoke", "dismiss"],
    )  # fmt: skip
    item = await decisions.decide(world.ports, operator, item.ref, "revoke", REASON)
    await case.certificate.refresh_from_db()
    assert (case.certificate.state, decisions.decided(item)) == ("revoked", "撤销证书，理由公示")
    assert (await Enterprise.get(id=case.firm.id)).barred_through is not None
    entry = await told(case)
    assert entry.title.startswith("证书已撤销（9.5.1")
    assert f"理由：{REASON}" in entry.body
    shown = await certificate_register.public_certificate(case.certificate.number)
    assert REASON in shown.history[0][1]
    assert operator.actor not in str(shown)
    (event,) = await Event.filter(action="certificate:revoke")
    assert event.actor == operator.actor


async def test_a_case_that_is_dismissed_lets_the_certificate_go(world: World, case: Living, operator: Asker) -> None:
    item = await DeskItem.get(kind=REVOCATION)
    await decisions.decide(world.ports, operator, item.ref, "dismiss", "企业已说明并补报")
    await case.certificate.refresh_from_db()
    assert case.certificate.state == "active"
    entry = await told(case)
    assert entry.title == "决定不予撤销，证书已恢复（9.5.1）"
    assert entry.body.endswith("企业已说明并补报")


async def test_nobody_but_an_operator_decides_and_an_open_case_is_not_just_noted(
    world: World, case: Living, operator: Asker
) -> None:
    item = await DeskItem.get(kind=REVOCATION)
    with pytest.raises(Refused) as caught:
        await decisions.decide(world.ports, case.asker, item.ref, "dismiss", REASON)
    assert caught.value.code == "not_found"
    with pytest.raises(Refused) as caught:
        await decisions.decide(world.ports, operator, item.ref, "noted", REASON)
    assert caught.value.code == "case_open"
    await item.refresh_from_db()
    await case.certificate.refresh_from_db()
    assert (item.state, case.certificate.state) == ("open", "suspended")


async def test_a_case_that_was_settled_otherwise_can_only_be_noted(world: World, case: Living, operator: Asker) -> None:
    item = await DeskItem.get(kind=REVOCATION)
    decided = {"ground": "9.5.1(2)", "reason": REASON, "decided_by": "person:1"}
    dismissed = life.DismissCase(on=date(2027, 3, 8), **decided)
    await certificates.apply_event(world.ports, case.certificate, dismissed, actor="person:1")
    assert await offered(world, item) == ["noted"]
    with pytest.raises(Refused) as caught:
        await decisions.decide(world.ports, operator, item.ref, "revoke", REASON)
    assert caught.value.code == "case_over"
    assert (await decisions.decide(world.ports, operator, item.ref, "noted", "已了结")).decision == "noted"


async def test_an_item_about_no_certificate_reaches_none(world: World, case: Living, operator: Asker) -> None:
    item = await DeskItem.get(kind=REVOCATION)
    item.subject_kind = "adoption"
    await item.save()
    assert await offered(world, item) == ["noted"]
    with pytest.raises(Refused, match="case_over"):
        await decisions.decide(world.ports, operator, item.ref, "revoke", REASON)
    await case.certificate.refresh_from_db()
    assert case.certificate.state == "suspended"
