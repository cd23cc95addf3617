"""Codes whose number was given by a platform, such as Ecode: unique by what the platform's look-up shows (3.4, R33)."""

import pytest

from models import Application, ApplicationState, Material, MaterialState, Publication
from standard.grades import Grade
from tests import rows
from tests.workflow import filed
from tests.workflow.filed import Filing, RecordedInspector, filing
from tests.workflow.world import World
from workflow.applying import applications
from workflow.applying.slots import Slot, slots_of
from workflow.applying.trace_codes import ONE_ITEM, PRINTS
from workflow.ports import Register, RegistryAnswer, Reply
from workflow.problems import Refused

ECODE = "http://www.iotroot.com/E=1000112345678901234567890"
OTHER = "http://www.iotroot.com/E=1000112345678901234567891"
ASSIGNED = "http://2dcode.org/abc12345"
SCAN = {"channel": "scan"}


def asked(code: str, wanted: str = "生产批次（批号）或序列号") -> str:
    return (
        f"追溯码 {code} 的编号由平台分配，看不出批次或序列号：请扫这个码，截取完整的查询结果页，"
        f"页面上要看得到这个追溯码和{wanted}，作为“线上查询演示截图”上传（3.4、R33）"
    )


@pytest.fixture
def inspector(world: World) -> RecordedInspector:
    recorded = RecordedInspector()
    object.__setattr__(world.ports, "inspector", recorded)
    return recorded


def ledger(*codes: str) -> bytes:
    lines = [
        f"{code},样例电缆,{filed.BATCH},CU-01,2026-11-03,合格,2026-11-03,2026-11-05,样例客户,2026-11-06,成功"
        for code in codes
    ]
    return filed.sheet(
        "追溯码,产品名称,生产批次,原材料批次,生产日期,检验结果,检验日期,销售日期,客户,上传时间,上传结果", *lines
    )


async def filled(world: World, *codes: str, level: str = "B") -> Filing:
    """A firm whose certificates carry these codes, all handed in that every firm hands in."""
    case = await filing(world, level)
    await case.fill(level, certificate_photo=filed.certificate(text=codes[0]), trace_ledger=ledger(*codes))
    for number, code in enumerate(codes[1:]):
        await case.hand_in("certificate_photo", filed.certificate(text=code), f"又{number}.jpg")
    return case


async def look_up(case: Filing, code: str, **stated: str) -> Material:
    return await case.hand_in("query_demo", filed.shot(text_code=code, **stated), "查询.png", SCAN)


async def sent(world: World, case: Filing) -> Application:
    await case.submit()
    await world.work()
    return await case.now()


async def slot_of(case: Filing) -> Slot | None:
    return next((slot for slot in await slots_of(await case.now()) if slot.material.id == "query_demo"), None)


@pytest.mark.parametrize("code", [ECODE, ASSIGNED])
@pytest.mark.parametrize("stated", [{"batch": filed.BATCH}, {"serial": "0001"}])
async def test_a_firm_with_a_platforms_codes_reaches_b_with_a_screenshot_that_states_batch_or_serial(
    world: World, inspector: RecordedInspector, code: str, stated: dict[str, str]
) -> None:
    case = await filled(world, code)
    await world.work()
    assert (await case.material("certificate_photo")).state == MaterialState.PASSED
    shot = await look_up(case, code, **stated)
    application = await sent(world, case)
    assert (application.state, application.grade) == (ApplicationState.PUBLICITY, Grade.B)
    assert (await Material.get(id=shot.id)).state == MaterialState.PASSED
    assert application.facts is not None
    assert application.facts["code_selection"]["value"] == "pass"


async def test_the_slot_appears_once_the_code_was_read_says_why_and_is_owed(
    world: World, inspector: RecordedInspector
) -> None:
    case = await filled(world, ECODE)
    assert await slot_of(case) is None
    await world.work()
    slot = await slot_of(case)
    assert slot is not None
    assert (slot.state, slot.material.clause, slot.material.rows, slot.most) == ("missing", "3.4", ("R33",), 4)
    assert slot.material.source.startswith("合格证上的追溯码由平台分配编号")
    assert [finding["reason"] for finding in slot.findings] == [asked(ECODE)]
    with pytest.raises(Refused) as caught:
        await case.submit()
    assert caught.value.code == "materials_missing"
    assert "还缺：线上查询演示截图" in caught.value.advice
    assert asked(ECODE) in caught.value.advice


async def test_a_code_that_states_its_batch_itself_asks_for_no_screenshot(
    world: World, inspector: RecordedInspector
) -> None:
    case = await filled(world, filed.code())
    await world.work()
    assert await slot_of(case) is None


async def test_without_a_screenshot_the_firm_is_told_exactly_what_to_hand_in_and_goes_on_with_it(
    world: World, inspector: RecordedInspector
) -> None:
    case = await filled(world, ECODE)
    application = await sent(world, case)  # sent before the photo was read
    assert application.state == ApplicationState.SUPPLEMENT
    assert [finding["reason"] for finding in application.findings] == [asked(ECODE)]
    await look_up(case, ECODE, batch=filed.BATCH)
    assert (await sent(world, case)).state == ApplicationState.PUBLICITY


@pytest.mark.parametrize(
    ("code", "stated"), [(OTHER, {"batch": filed.BATCH}), ("", {"batch": filed.BATCH}), (ECODE, {})]
)
async def test_a_screenshot_of_another_code_or_without_a_batch_does_not_count(
    world: World, inspector: RecordedInspector, code: str, stated: dict[str, str]
) -> None:
    case = await filled(world, ECODE)
    await world.work()
    await look_up(case, code, **stated)
    application = await sent(world, case)
    assert application.state == ApplicationState.SUPPLEMENT
    assert [finding["reason"] for finding in application.findings] == [asked(ECODE)]
    assert await Publication.all().count() == 0
    await look_up(case, ECODE, batch=filed.BATCH)
    assert (await sent(world, case)).state == ApplicationState.PUBLICITY


async def test_a_screenshot_that_did_not_pass_does_not_count(world: World, inspector: RecordedInspector) -> None:
    case = await filled(world, ECODE)
    await world.work()
    shot = await case.hand_in("query_demo", filed.shot("追溯查询", text_code=ECODE, batch="L1"), "查询.png", SCAN)
    await world.work()
    assert (await Material.get(id=shot.id)).state == MaterialState.UNCLEAR
    slot = await slot_of(case)
    assert slot is not None
    assert slot.state == "missing"
    assert [finding["reason"] for finding in slot.look_ups] == [asked(ECODE)]
    await look_up(case, ECODE, batch=filed.BATCH)  # in place of the one that did not pass
    assert (await sent(world, case)).state == ApplicationState.PUBLICITY


async def test_each_products_code_needs_a_screenshot_of_its_own(world: World, inspector: RecordedInspector) -> None:
    case = await filing(world)
    await applications.withdraw(world.ports, case.asker, case.application.ref)
    second = await rows.product(
        enterprise_id=case.firm.id, name="样例电缆", model="YL-2", qualification_number=filed.CCC
    )
    case.application = await applications.open_application(
        world.ports, case.asker, case.firm.id, "B", [case.product.id, second.id], sells_online=False
    )
    await case.fill(certificate_photo=filed.certificate(text=ECODE), trace_ledger=ledger(ECODE, OTHER))
    case.product = second
    for kind, data, name, declared in filed.good_files():
        if kind in filed.PER_PRODUCT:
            photo = filed.certificate(text=OTHER) if kind == "certificate_photo" else data
            await case.hand_in(kind, photo, name, declared)
    await world.work()
    await look_up(case, ECODE, batch=filed.BATCH)
    await world.work()
    slot = await slot_of(case)
    assert slot is not None
    assert (slot.state, slot.most) == ("missing", 5)
    assert [finding["reason"] for finding in slot.look_ups] == [asked(OTHER)]
    await look_up(case, OTHER, batch=filed.BATCH)
    application = await sent(world, case)
    assert (application.state, application.grade) == (ApplicationState.PUBLICITY, Grade.B)


# --- the register ----------------------------------------------------------------------------------------------------


def registered(world: World, **record: str) -> None:
    number = ECODE.partition("E=")[2]
    answer = RegistryAnswer(Register.TRACE, Reply.FOUND, record)
    world.registries.answers[Register.TRACE, f"ecode:{number}"] = answer


async def test_a_batch_that_the_trace_register_states_takes_the_place_of_a_screenshot(
    world: World, inspector: RecordedInspector
) -> None:
    registered(world, name=filed.FIRM, batch=filed.BATCH)
    case = await filled(world, ECODE)
    application = await sent(world, case)
    assert (application.state, application.grade) == (ApplicationState.PUBLICITY, Grade.B)
    assert await slot_of(case) is None


@pytest.mark.parametrize("record", [{"name": filed.FIRM}, {"name": "别家有限公司", "batch": filed.BATCH}])
async def test_a_register_that_states_no_batch_or_another_firm_leaves_the_screenshot_owed(
    world: World, inspector: RecordedInspector, record: dict[str, str]
) -> None:
    registered(world, **record)
    case = await filled(world, ECODE)
    await world.work()
    slot = await slot_of(case)
    assert slot is not None
    assert slot.state == "missing"


# --- above B ---------------------------------------------------------------------------------------------------------


async def test_at_a_the_slot_that_is_there_anyway_gives_the_reason_too_and_takes_one_more(
    world: World, inspector: RecordedInspector
) -> None:
    case = await filled(world, ECODE, level="A")
    await world.work()
    slot = await slot_of(case)
    assert slot is not None
    assert (slot.state, slot.material.level, slot.material.rows) == ("missing", Grade.A, ("R41", "R33"))
    assert len(slot.handed_in) == 3
    await look_up(case, ECODE, batch=filed.BATCH)
    application = await sent(world, case)
    assert (application.state, application.grade) == (ApplicationState.PUBLICITY, Grade.A)


@pytest.mark.parametrize(("stated", "value"), [({"batch": filed.BATCH}, "unclear"), ({"serial": "1"}, "pass")])
async def test_one_item_one_code_needs_the_serial_of_each_item(
    world: World, inspector: RecordedInspector, stated: dict[str, str], value: str
) -> None:
    case = await filing(world, "AAA")
    items = iter([ECODE, OTHER])
    for kind, data, name, declared in filed.good_files("AAA"):
        if kind == "trace_ledger":
            shown = ledger(ECODE, OTHER)
        elif kind in PRINTS and declared.get("place", "certificate") == "certificate":
            shown = filed.certificate(text=next(items) if kind == ONE_ITEM else ECODE)
        else:
            shown = data
        await case.hand_in(kind, shown, name, declared)
    await world.work()
    for code in (ECODE, OTHER):
        await look_up(case, code, **stated)
    await world.work()
    slot = await slot_of(case)
    assert slot is not None
    assert slot.state == "passed"
    wanted = [] if value == "pass" else [asked(code, "这一件的序列号") for code in (ECODE, OTHER)]
    assert [finding["reason"] for finding in slot.look_ups] == wanted
    application = await sent(world, case)
    assert application.facts is not None
    assert application.facts["code_selection"]["value"] == "pass"
    assert application.facts["one_item_one_code"]["value"] == value
