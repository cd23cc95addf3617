"""Single items that a firm files: what is one, what is refused with line and reason; nothing counts twice."""

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest

from inspection.materials import ItemLine
from models import (
    CodePattern,
    CodePatternKind,
    Enterprise,
    Event,
    Evidence,
    InboxEntry,
    Item,
    ItemFiling,
    ItemFilingState,
    Product,
    StaffRole,
)
from models.transactions import transaction
from tests import rows
from tests.workflow.firms import Somebody, member, somebody
from tests.workflow.world import World
from workflow.intake.code_patterns import prove_patterns
from workflow.ports import InspectionFailed
from workflow.problems import Refused
from workflow.scanning import items
from workflow.scanning.items import NewItem, file_items, file_list, filing_of, refused_lines, remark
from workflow.scanning.resolution import code_key

GTIN = "06901234567892"
KEY = "key-of-this-filing"


@pytest.fixture
async def firm(world: World) -> Enterprise:
    return await rows.enterprise()


async def proved(product: Product, value: str = GTIN) -> CodePattern:
    return await rows.code_pattern(
        product_id=product.id, kind="gtin_prefix", value=value, proved_at=rows.NOW, proved_by_sha256="0" * 64
    )


@pytest.fixture
async def product(firm: Enterprise) -> Product:
    product = await rows.product(enterprise_id=firm.id, gtin=GTIN)
    await proved(product)
    return product


@pytest.fixture
async def staff(world: World, firm: Enterprise) -> Somebody:
    return await member(world, firm, StaffRole.STAFF)


def code(serial: object, gtin: str = GTIN) -> str:
    return f"https://id.gs1.org/01/{gtin}/21/{serial}"


async def filed(world: World, staff: Somebody, product: Product, *new: NewItem, key: str = KEY) -> ItemFiling:
    return await file_items(world.ports, staff.asker, product.enterprise_id, product.id, new, key)


async def listed(world: World, staff: Somebody, product: Product, text: str, key: str = KEY) -> ItemFiling:
    made = await file_list(world.ports, staff.asker, product.enterprise_id, product.id, "清单.csv", text.encode(), key)
    await world.work()
    return await filing_of(staff.asker, product.enterprise_id, made.ref)


async def test_items_are_filed_under_their_canonical_code(world: World, product: Product, staff: Somebody) -> None:
    made = await filed(
        world,
        staff,
        product,
        NewItem(f"(01){GTIN}(21)7", "L1", date(2026, 11, 1)),
        NewItem(f"https://sample.test/t/01/{GTIN}/10/L2/21/8"),
    )
    assert (made.state, made.accepted, made.refused, made.findings) == ("filed", 2, 0, [])
    one, two = await Item.all().order_by("id").order_by("code")
    assert {(one.code, one.batch, one.made_on), (two.code, two.batch, two.made_on)} == {
        (code(7), "L1", date(2026, 11, 1)), (f"https://id.gs1.org/01/{GTIN}/10/L2/21/8", "L2", None)
    }  # fmt: skip
    assert one.code_key == code_key(one.code)
    event = await Event.get(action="items:file")
    assert event.after == {"state": "filed", "filed": 2, "already": 0, "refused": 0}


@pytest.mark.parametrize(
    ("item", "why"),
    [
        (NewItem("hello"), "认不出这是哪种追溯码"),
        (NewItem(""), "没有内容"),
        (NewItem(f"(01){GTIN}(10)L1"), "只到批次级"),
        (NewItem("https://2dcode.org/4711"), "编号由平台分配"),
        (NewItem("https://example.com/p?id=1"), "没有商品条码"),
        (NewItem("MA.156.1003.1629"), "不在追溯码允许清单内"),
        (NewItem(f"https://iotroot.com.evil.cn/01/{GTIN}/21/1"), "像 iotroot.com"),
        (NewItem(code(1, "06901234567915")), "码里的商品条码是 06901234567915"),
        (NewItem("E=1000112345678901234567890"), "已证实的发码规则"),
        (NewItem(code(1), "批" * 61), "生产批次超过 60 个字"),
        (NewItem(code(1), made_on=date(2026, 11, 25)), "生产日期 2026-11-25 还没有到"),
    ],
)
async def test_what_is_no_item_of_the_product_is_refused_with_its_reason(
    world: World, product: Product, staff: Somebody, item: NewItem, why: str
) -> None:
    made = await filed(world, staff, product, NewItem(code("good")), item)
    assert (made.state, made.accepted, made.refused) == ("filed", 1, 1)
    (refused,) = refused_lines(made)
    assert (refused.line, refused.clause) == (2, "3.4")
    assert why in refused.reason


async def test_a_proved_pattern_is_enough_and_an_unproved_one_is_not(
    world: World, firm: Enterprise, staff: Somebody
) -> None:
    product = await rows.product(enterprise_id=firm.id, gtin=None)
    new = [NewItem(code(1)), NewItem("E=1000112345678901234567890")]
    claimed = await rows.code_pattern(product_id=product.id, kind=CodePatternKind.ECODE, value="1000112")
    assert (await filed(world, staff, product, *new)).state == ItemFilingState.REFUSED
    claimed.proved_at, claimed.proved_by_sha256 = rows.NOW, "0" * 64
    await claimed.save()
    assert (await filed(world, staff, product, *new, key="another-key")).accepted == 1


async def test_a_gtin_is_enough_once_a_photo_carried_it(world: World, firm: Enterprise, staff: Somebody) -> None:
    product = await rows.product(enterprise_id=firm.id, gtin=GTIN)
    made = await filed(world, staff, product, NewItem(code(1)))
    assert (made.state, await Item.all().count()) == (ItemFilingState.REFUSED, 0)
    (refused,) = refused_lines(made)
    assert f"商品条码 {GTIN} 还没有照片证实" in refused.reason
    assert "交一张带有这种码的合格证照片" in refused.reason
    async with transaction():
        await prove_patterns(world.ports, product.id, [code("photo")], "0" * 64)
    assert (await filed(world, staff, product, NewItem(code(1)), key="another-key")).accepted == 1


async def test_what_is_filed_already_is_not_filed_again(world: World, firm: Enterprise, staff: Somebody) -> None:
    one, two = [await rows.product(enterprise_id=firm.id, gtin=GTIN, model=model) for model in ("one", "two")]
    for product in (one, two):
        await proved(product)
    await filed(world, staff, one, NewItem(code(1)))
    again = await filed(world, staff, one, NewItem(code(1)), NewItem(code(2)), NewItem(code(2)), key="key-number-2")
    assert (again.accepted, again.refused) == (1, 0)
    assert remark(again) == "其中 2 件此前已经申报，没有重复登记"
    other = await filed(world, staff, two, NewItem(code(1)), NewItem(code(3)), key="key-number-3")
    assert (other.accepted, other.refused) == (1, 1)
    assert "另一款产品" in refused_lines(other)[0].reason


async def test_the_same_key_is_the_same_filing(world: World, product: Product, staff: Somebody) -> None:
    found = await asyncio.gather(*(filed(world, staff, product, NewItem(code(1))) for _ in range(3)))
    assert len({one.ref for one in found}) == 1
    other = await rows.product(enterprise_id=product.enterprise_id, model="other")
    with pytest.raises(Refused, match="key_reused"):
        await filed(world, staff, other, NewItem(code(1)))


async def test_who_may_not_and_how_many(world: World, firm: Enterprise, product: Product, staff: Somebody) -> None:
    viewer, stranger = await member(world, firm, StaffRole.VIEWER), await somebody(world)
    for who, refusal in ((viewer, "role_too_low"), (stranger, "not_found")):
        with pytest.raises(Refused, match=refusal):
            await filed(world, who, product, NewItem(code(1)))
    foreign = await rows.product(gtin=GTIN)
    with pytest.raises(Refused, match="not_found"):
        await file_items(world.ports, staff.asker, firm.id, foreign.id, [NewItem(code(1))], KEY)
    for number in (0, items.AT_ONCE + 1):
        with pytest.raises(Refused, match="items_number_odd"):
            await filed(world, staff, product, *[NewItem(code(1))] * number)


# --- taken over ------------------------------------------------------------------------------------------------------


async def squatted(*serials: int, proves: dict[str, Any] | None = None, **given: Any) -> Product:
    """Another firm's product, under which these items stand; ``proves``: its pattern."""
    squat = await rows.product(gtin=GTIN, **given)
    await rows.staff(enterprise_id=squat.enterprise_id, person_id=(await rows.person()).id)
    for serial in serials:
        await rows.item(product_id=squat.id, code_key=code_key(code(serial)), code=code(serial), batch="theirs")
    if proves is not None:
        pattern = await proved(squat)
        await CodePattern.filter(id=pattern.id).update(**proves)
    return squat


@pytest.mark.parametrize("proves", [None, {"proved_at": None, "proved_by_sha256": None}, {"retired_at": rows.NOW}])
async def test_what_a_firm_filed_that_proved_nothing_goes_to_the_one_that_did(
    world: World, product: Product, staff: Somebody, proves: dict[str, Any] | None
) -> None:
    squat = await squatted(1, 2, 3, proves=proves)
    made = await filed(world, staff, product, NewItem(code(1), "L1", date(2026, 11, 1)), NewItem(code(2)))
    assert (made.accepted, made.refused) == (2, 0)
    one, two, three = await Item.all().order_by("code")
    assert (one.product_id, one.filing_id, one.batch, one.made_on) == (product.id, made.id, "L1", date(2026, 11, 1))
    assert (two.product_id, two.batch, two.made_on) == (product.id, "", None)
    assert (three.product_id, three.batch) == (squat.id, "theirs")
    event = await Event.get(action="items:take_over")
    assert (event.subject_id, event.before) == (made.id, {"enterprise": squat.enterprise_id, "product": squat.id})
    assert event.after == {
        "enterprise": product.enterprise_id, "product": product.id, "codes": [code(1), code(2)]
    }  # fmt: skip
    told = await InboxEntry.get()
    assert (told.enterprise_id, "部分单件追溯码" in told.title) == (squat.enterprise_id, True)
    assert await filed(world, staff, product, NewItem(code(1))) == made
    assert await Event.filter(action="items:take_over").count() == 1


@pytest.mark.parametrize("how", ["in use", "another product's", "until it was withdrawn"])
async def test_of_two_firms_that_both_proved_it_the_first_keeps_it(
    world: World, product: Product, staff: Somebody, how: str
) -> None:
    gone = {"retired_at": rows.NOW} if how == "until it was withdrawn" else {}
    first = await squatted(1, proves=gone if how != "another product's" else None, **gone)
    if how == "another product's":
        await proved(await rows.product(enterprise_id=first.enterprise_id, model="other"), "6901234")
    made = await filed(world, staff, product, NewItem(code(1)))
    assert (made.accepted, made.refused) == (0, 1)
    assert "另一款产品" in refused_lines(made)[0].reason
    assert (await Item.get()).product_id == first.id
    assert not await Event.filter(action="items:take_over").exists()


async def test_of_two_that_take_over_at_once_one_has_it(world: World, product: Product, staff: Somebody) -> None:
    serials = range(20)
    await squatted(*serials)
    rival = await rows.product(gtin=GTIN)
    await proved(rival)
    theirs = await member(world, await rival.enterprise, StaffRole.STAFF)
    new = [NewItem(code(serial)) for serial in serials]
    one, two = await asyncio.gather(
        filed(world, staff, product, *new), filed(world, theirs, rival, *reversed(new), key="another-key")
    )
    assert sorted([one.accepted, two.accepted]) == [0, 20]
    assert await Event.filter(action="items:take_over").count() == 1
    assert len(set(await Item.all().values_list("product_id", flat=True))) == 1


async def test_a_list_takes_over_once_however_often_its_job_runs(
    world: World, product: Product, staff: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    await squatted(*range(5))
    monkeypatch.setattr(items, "AT_ONCE", 2)
    real, settled = items._settle, iter([False, True])

    async def dies(*given: Any) -> None:
        if not next(settled):
            raise OSError("killed")
        await real(*given)

    monkeypatch.setattr(items, "_settle", dies)
    with pytest.raises(OSError, match="killed"):
        await listed(world, staff, product, "追溯码\n" + "\n".join(map(code, range(6))))
    world.clock.advance(timedelta(minutes=5))
    await world.work()
    made = await ItemFiling.get(key=f"{product.enterprise_id}:{KEY}")
    assert (made.state, made.accepted, made.findings) == ("filed", 6, [])
    events = await Event.filter(action="items:take_over")
    assert sorted(lost for event in events for lost in event.after["codes"]) == [code(serial) for serial in range(5)]
    assert await InboxEntry.all().count() == 1


# --- lists -----------------------------------------------------------------------------------------------------------


async def test_a_list_is_kept_then_read_line_by_line(
    world: World, product: Product, staff: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(items, "AT_ONCE", 2)
    lines = [
        "追溯码,生产批次,生产日期",
        f"{code(1)},L1,2026-11-01",
        f"{code(2)},L1,很久以前",
        ",L1,2026-11-01",
        f"{code(1)},L1,2026-11-01",
        "6.90123E+20,L1,",
        f"{code(3)},,",
    ]
    made = await listed(world, staff, product, "\n".join(lines))
    assert (made.state, made.accepted, made.refused) == ("filed", 2, 3)
    assert [(one.line, one.reason[:11]) for one in refused_lines(made)] == [
        (3, "生产日期“很久以前”认"), (4, "这一行没有追溯码"), (6, "追溯码被表格软件当成数")
    ]  # fmt: skip
    assert remark(made) == "其中 1 件此前已经申报，没有重复登记"
    assert made.evidence_id == (await Evidence.get()).id
    assert {one.code for one in await Item.all()} == {code(1), code(3)}


async def test_a_list_that_cannot_be_read_says_why(world: World, product: Product, staff: Somebody) -> None:
    made = await listed(world, staff, product, "产品名称,生产数量\n电线,3\n")
    assert (made.state, made.accepted, made.refused) == ("refused", 0, 0)
    assert "没有找到追溯码这一列" in remark(made)
    with pytest.raises(Refused, match="file_type"):
        await file_list(
            world.ports, staff.asker, product.enterprise_id, product.id, "x.pdf", b"%PDF-1.7", "another-key"
        )


async def test_a_crash_halfway_counts_nothing_twice(
    world: World, product: Product, staff: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(items, "AT_ONCE", 2)
    real, filings = items._file, iter([True, False])

    async def dies(*given: object) -> None:
        if not next(filings):
            raise OSError("killed")
        await real(*given)  # type: ignore[arg-type]

    with monkeypatch.context() as broken:
        broken.setattr(items, "_file", dies)
        with pytest.raises(OSError, match="killed"):
            await listed(world, staff, product, "追溯码\n" + "\n".join(map(code, range(5))))
    assert await Item.all().count() == 2
    world.clock.advance(timedelta(minutes=5))
    await world.work()
    made = await ItemFiling.get()
    assert (made.state, made.accepted, made.findings) == ("filed", 5, [])


async def test_a_list_that_brings_the_reader_down_twice_is_given_back(
    world: World, product: Product, staff: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def down(_data: bytes, _name: str) -> tuple[ItemLine, ...]:
        raise InspectionFailed("crash")

    monkeypatch.setattr(world.inspector, "read_items", down)
    made = await listed(world, staff, product, f"追溯码\n{code(1)}")
    assert made.state == ItemFilingState.REFUSED
    assert "清单无法读取" in remark(made)


async def test_a_list_sent_twice_is_one(world: World, product: Product, staff: Somebody) -> None:
    one = await listed(world, staff, product, f"追溯码\n{code(1)}")
    two = await listed(world, staff, product, f"追溯码\n{code(1)}")
    assert one.ref == two.ref
    assert await ItemFiling.all().count() == 1


async def test_another_firms_key_and_another_list_are_not_taken_for_the_one_that_was_filed(
    world: World, product: Product, staff: Somebody
) -> None:
    """A client counts its keys as it likes: two firms, or two products, may well come upon the same one."""
    made = await listed(world, staff, product, f"追溯码\n{code(1)}\n")
    assert (await listed(world, staff, product, f"追溯码\n{code(1)}\n")).id == made.id
    with pytest.raises(Refused, match="key_reused"):
        await listed(world, staff, product, f"追溯码\n{code(2)}\n")
    with pytest.raises(Refused, match="key_reused"):
        await filed(world, staff, product, NewItem(code(2)))
    other = await rows.enterprise(uscc="91320000MA0000008M")
    theirs = await rows.product(enterprise_id=other.id, gtin=None)
    await proved(theirs, "06901234567915")
    colleague = await member(world, other, StaffRole.STAFF)
    assert (await filed(world, colleague, theirs, NewItem(code(1, "06901234567915")))).accepted == 1
