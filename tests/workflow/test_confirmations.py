"""Confirmations: on record before they are signed, for whoever asked alone, known again from their file."""

import pytest

from models import Certificate, Confirmation, DeskItem, Event, InboxEntry, PlatformRole, RenderingState, Staff
from models.transactions import transaction
from standard.validity import State
from tests import rows
from tests.workflow.living import Living, living
from tests.workflow.world import World
from workflow import decisions
from workflow.access import Asker
from workflow.certifying.certificate_register import verify_pdf
from workflow.firms import members
from workflow.intake.evidence import delete_if_unowned
from workflow.problems import Refused
from workflow.relying import confirmations
from workflow.relying.confirmations import ask_for_confirmation, confirmation_of, pdf_of

pytestmark = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


@pytest.fixture
async def buyer(world: World) -> Asker:
    return Asker((await rows.person()).id)


@pytest.fixture
async def supplier(world: World) -> Living:
    return await living(grade="AAA", name="样例电缆有限公司（样例）", is_sample=True)


async def operator(world: World) -> Asker:
    person = await rows.person()
    await members.grant(world.ports, person.id, PlatformRole.OPERATOR, by="system")
    return Asker(person.id)


async def asked(world: World, buyer: Asker, supplier: Living, key: str = "k") -> Confirmation:
    return await ask_for_confirmation(world.ports, buyer, supplier.firm.uscc, key)


async def test_its_words_are_on_record_before_it_is_signed(world: World, buyer: Asker, supplier: Living) -> None:
    made = await asked(world, buyer, supplier)
    assert (made.state, made.as_of) == (RenderingState.INTENDED, world.clock.now())
    said = dict(made.face["fields"])
    assert said["追溯能力等级"] == "AAA 级（卓越级）"
    assert said["证书状态"] == "正常（延续至 2026 年 11 月）"
    assert "达到入围基本条件" in said["招标采购参考"]
    assert said["出具给"] == "未注明采购单位"
    assert made.face["as_of_words"].startswith("截至 2026-11-")
    assert made.face["sample_words"] == "样例"
    with pytest.raises(Refused) as refused:
        await pdf_of(world.ports, buyer, made.ref)
    assert refused.value.code == "confirmation_not_ready"


async def test_it_is_signed_once_and_its_asker_told(world: World, buyer: Asker, supplier: Living) -> None:
    made = await asked(world, buyer, supplier)
    assert (await asked(world, buyer, supplier)).id == made.id
    await world.work()
    pdf, signed = await pdf_of(world.ports, buyer, made.ref)
    assert signed.state == RenderingState.SIGNED
    assert signed.ref.encode() in pdf
    told = await InboxEntry.get(person_id=buyer.person_id)
    assert told.path == f"/my/confirmations/{made.ref}"
    assert await Event.filter(subject_kind="confirmation").order_by("id").values_list("action", flat=True) == [
        "confirmation:ask",
        "confirmation:sign",
    ]
    assert world.certifier.signed == 1


async def test_the_purchaser_is_named_and_never_the_supplier(world: World, supplier: Living) -> None:
    firm = await rows.enterprise(name="样例采购集团", uscc="91310000MA0000007L", verified_at=rows.NOW)
    await rows.staff(enterprise_id=firm.id, person_id=supplier.asker.person_id, role="viewer")
    made = await asked(world, supplier.asker, supplier)
    assert dict(made.face["fields"])["出具给"] == "样例采购集团（91310000MA0000007L）"
    assert made.purchaser_id == firm.id
    await Staff.filter(enterprise_id=firm.id).update(left_at=rows.NOW)
    assert (await asked(world, supplier.asker, supplier, "later")).purchaser_id is None


async def test_nobody_else_sees_it_but_operators(world: World, buyer: Asker, supplier: Living) -> None:
    made = await asked(world, buyer, supplier)
    for other in (supplier.asker, Asker((await rows.person()).id)):
        with pytest.raises(Refused) as refused:
            await confirmation_of(other, made.ref)
        assert refused.value.code == "not_found"
    assert (await confirmation_of(await operator(world), made.ref)).id == made.id


async def test_its_file_is_known_again_until_the_certificate_changes(
    world: World, buyer: Asker, supplier: Living
) -> None:
    made = await asked(world, buyer, supplier)
    await world.work()
    pdf, _ = await pdf_of(world.ports, buyer, made.ref)
    found = await verify_pdf(world.ports, pdf)
    assert found.outcome == "current"
    assert f"确认书，{made.face['as_of_words']}" in found.sentence
    assert found.certificate is not None
    await Certificate.filter(id=supplier.certificate.id).update(state=State.SUSPENDED, revision=2)
    later = await verify_pdf(world.ports, pdf)
    assert later.outcome == "historic"
    assert "证书当前状态：暂停" in later.sentence
    altered = await verify_pdf(world.ports, pdf.replace(b"AAA", b"BBBB"))
    assert altered.outcome == "altered"
    assert f"确认书 {made.ref}" in altered.sentence


async def test_its_file_is_owned(world: World, buyer: Asker, supplier: Living) -> None:
    made = await asked(world, buyer, supplier)
    await world.work()
    await made.refresh_from_db()
    assert made.pdf_key is not None
    async with transaction():
        await delete_if_unowned(world.ports, made.pdf_key)
    world.clock.advance(seconds=7200)
    await world.work()
    assert (await pdf_of(world.ports, buyer, made.ref))[0]


async def test_what_cannot_be_drawn_waits_for_the_operator(world: World, buyer: Asker, supplier: Living) -> None:
    world.certifier.lacking = "缆"
    made = await asked(world, buyer, supplier)
    await world.work()
    item = await DeskItem.get(kind=confirmations.FAILED)
    assert "缆（U+7F06）" in item.detail["problem"]
    world.certifier.lacking = ""
    await decisions.decide(world.ports, await operator(world), item.ref, "retry", "已装字体")
    await world.work()
    assert (await Confirmation.get(id=made.id)).state == RenderingState.SIGNED


async def test_without_a_certificate_there_is_none(
    world: World, buyer: Asker, supplier: Living, monkeypatch: pytest.MonkeyPatch
) -> None:
    public = await rows.publication(content={"grade": "A", "conditions": []})
    await public.fetch_related("application__enterprise")
    with pytest.raises(Refused) as refused:
        await ask_for_confirmation(world.ports, buyer, public.application.enterprise.uscc, "k")
    assert refused.value.code == "no_certificate"
    monkeypatch.setattr(confirmations, "MOST", 1)
    await asked(world, buyer, supplier)
    with pytest.raises(Refused) as refused:
        await asked(world, buyer, supplier, "another")
    assert refused.value.code == "too_many_confirmations"
