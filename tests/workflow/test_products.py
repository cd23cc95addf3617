"""A firm's products: who may register them, what their numbers must be, and the codes that a photo proves."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from typing import Any

import pytest

from models import (
    Application,
    ApplicationProduct,
    CodePattern,
    CodePatternKind,
    Enterprise,
    Event,
    Product,
    StaffRole,
)
from models.transactions import transaction
from standard.profile import editions_shipped
from standard.scope import categories
from tests import rows
from tests.workflow.firms import Somebody, member, somebody
from tests.workflow.world import World
from workflow.firms import products
from workflow.firms.products import NewProduct, Pattern, ProductChanges
from workflow.intake.code_patterns import prove_patterns
from workflow.problems import Kind, Refused

CCC = "2024010105123456"
LICENCE = "XK06-001-00001"
NEW = NewProduct(
    category="电线电缆",
    name="聚氯乙烯绝缘电线（样例）",
    model="BV 2.5",
    code_issuer="GS1",
    gtin="6901234567892",
    sheet_mm=(100, 70),
    record={"产品名称": " 电线（样例）", "空": " "},
    qualification_number=CCC,
    patterns=(
        Pattern(CodePatternKind.GTIN_PREFIX, "6901234"),
        Pattern(CodePatternKind.HOST, "Trace.Sample.TEST."),
    ),
)


async def refused(act: Awaitable[Any]) -> Refused:
    with pytest.raises(Refused) as caught:
        await act
    return caught.value


@pytest.fixture
async def firm(world: World) -> Enterprise:
    return await rows.enterprise()


@pytest.fixture
async def staff(world: World, firm: Enterprise) -> Somebody:
    return await member(world, firm, StaffRole.STAFF)


def live(product: Product) -> list[tuple[str, str]]:
    return [(pattern.kind, pattern.value) for pattern in product.code_patterns]


async def test_a_product_is_registered_with_its_class_its_number_and_its_codes(
    world: World, firm: Enterprise, staff: Somebody
) -> None:
    product = await products.new_product(world.ports, staff.asker, firm.id, NEW)
    assert (product.product_class, product.qualification_number, product.gtin) == ("ccc", CCC, "06901234567892")
    assert (product.sheet_width_um, product.sheet_height_um) == (100_000, 70_000)
    assert product.record == {"产品名称": "电线（样例）"}
    assert sorted(live(product)) == [("gtin_prefix", "6901234"), ("host", "trace.sample.test")]
    assert await Event.filter(action="product:register", actor=staff.asker.actor).count() == 1
    assert [one.id for one in await products.products_of_firm(staff.asker, firm.id)] == [product.id]


async def test_strangers_see_nothing_and_viewers_only_look(world: World, firm: Enterprise, staff: Somebody) -> None:
    product = await products.new_product(world.ports, staff.asker, firm.id, NEW)
    acts = (
        lambda who: products.new_product(world.ports, who.asker, firm.id, replace(NEW, model="X")),
        lambda who: products.change_product(world.ports, who.asker, product.id, ProductChanges(name="别名")),
        lambda who: products.retire_product(world.ports, who.asker, product.id),
    )
    for who in (await somebody(world), await member(world, await rows.enterprise(), StaffRole.OWNER)):
        for act in acts:
            assert (await refused(act(who))).code == "not_found"
        assert (await refused(products.products_of_firm(who.asker, firm.id))).code == "not_found"
    viewer = await member(world, firm, StaffRole.VIEWER)
    for act in acts:
        assert (await refused(act(viewer))).code == "role_too_low"
    assert len(await products.products_of_firm(viewer.asker, firm.id)) == 1
    owner = await member(world, firm, StaffRole.OWNER)
    for act in acts:
        await act(owner)


ODD: dict[str, tuple[dict[str, Any], str, str]] = {
    "no number": ({"qualification_number": " "}, "qualification_missing", "qualification_number"),
    "a short number": ({"qualification_number": "202401"}, "qualification_invalid", "qualification_number"),
    "a number of next year": (
        {"qualification_number": "2027010105123456"},
        "qualification_invalid",
        "qualification_number",
    ),
    "a licence for ccc": ({"qualification_number": LICENCE}, "qualification_invalid", "qualification_number"),
    "ccc for a licence": ({"product_class": "licence"}, "qualification_invalid", "qualification_number"),
    "an unknown class": ({"product_class": "other"}, "product_class_unknown", "product_class"),
    "an unlisted category": ({"category": "样例品类"}, "product_class_unknown", "product_class"),
    "no category": ({"category": ""}, "field_missing", "category"),
    "no name": ({"name": "\n"}, "field_missing", "name"),
    "a long model": ({"model": "x" * 101}, "field_too_long", "model"),
    "a wrong gtin": ({"gtin": "6901234567893"}, "gtin_invalid", "gtin"),
    "a link for a gtin": ({"gtin": "https://sample.test/1"}, "gtin_invalid", "gtin"),
    "a tiny sheet": ({"sheet_mm": (9.9, 70)}, "sheet_invalid", "sheet_mm"),
    "a huge sheet": ({"sheet_mm": (100, float("inf"))}, "sheet_invalid", "sheet_mm"),
    "no sheet": ({"sheet_mm": (float("nan"), 70)}, "sheet_invalid", "sheet_mm"),
    "a long record": ({"record": {"a": "x" * 401}}, "record_too_long", "record"),
    "a short prefix": ({"patterns": (Pattern(CodePatternKind.GTIN_PREFIX, "690123"),)}, "pattern_invalid", "patterns"),
    "a prefix of many makers": (
        {"patterns": (Pattern(CodePatternKind.GTIN_PREFIX, "69712345"),)},
        "pattern_invalid",
        "patterns",
    ),
    "a scheme of ecode": ({"patterns": (Pattern(CodePatternKind.ECODE, "10001"),)}, "pattern_invalid", "patterns"),
    "a url for a host": (
        {"patterns": (Pattern(CodePatternKind.HOST, "https://sample.test/"),)},
        "pattern_invalid",
        "patterns",
    ),
    "an address for a host": (
        {"patterns": (Pattern(CodePatternKind.HOST, "127.0.0.1"),)},
        "pattern_invalid",
        "patterns",
    ),
}


@pytest.mark.parametrize("name", ODD)
async def test_what_cannot_be_right_is_refused_by_its_field(
    world: World, firm: Enterprise, staff: Somebody, name: str
) -> None:
    changed, code, field = ODD[name]
    problem = await refused(products.new_product(world.ports, staff.asker, firm.id, replace(NEW, **changed)))
    assert (problem.kind, problem.code, problem.field) == (Kind.INVALID, code, field)
    assert problem.clause
    assert await Product.all().count() == 0


async def test_the_class_follows_the_category_unless_it_is_said(
    world: World, firm: Enterprise, staff: Somebody
) -> None:
    by_id = await products.new_product(
        world.ports, staff.asker, firm.id, replace(NEW, category="cement", qualification_number="（沪）XK08-001-00001")
    )
    assert (by_id.category, by_id.product_class, by_id.qualification_number) == (
        "水泥",
        "licence",
        "(沪)XK08-001-00001",
    )
    said = replace(NEW, model="2", product_class="licence", qualification_number=LICENCE)
    assert (await products.new_product(world.ports, staff.asker, firm.id, said)).product_class == "licence"
    third = replace(NEW, model="3", category="样例品类", product_class="class_3", qualification_number="no matter")
    product = await products.new_product(world.ports, staff.asker, firm.id, third)
    assert (product.category, product.product_class, product.qualification_number) == ("样例品类", "class_3", "")


async def test_a_model_stands_once_among_the_live_products(world: World, firm: Enterprise, staff: Somebody) -> None:
    outcomes = await asyncio.gather(
        *(products.new_product(world.ports, staff.asker, firm.id, NEW) for _ in range(3)), return_exceptions=True
    )
    assert sorted(getattr(one, "code", "made") for one in outcomes) == ["made", "model_taken", "model_taken"]
    product = next(one for one in outcomes if isinstance(one, Product))
    await products.retire_product(world.ports, staff.asker, product.id)
    assert await CodePattern.filter(retired_at=None).count() == 0
    assert (await refused(products.retire_product(world.ports, staff.asker, product.id))).code == "not_found"
    again = await products.new_product(world.ports, staff.asker, firm.id, NEW)
    other = await products.new_product(world.ports, staff.asker, firm.id, replace(NEW, model="other"))
    taken = products.change_product(world.ports, staff.asker, other.id, ProductChanges(model=again.model))
    assert (await refused(taken)).code == "model_taken"


async def test_a_change_touches_what_it_names_and_says_what_was_before(
    world: World, firm: Enterprise, staff: Somebody
) -> None:
    product = await products.new_product(world.ports, staff.asker, firm.id, NEW)
    proved = await CodePattern.get(product_id=product.id, kind="gtin_prefix")
    await CodePattern.filter(id=proved.id).update(proved_at=rows.NOW)
    changes = ProductChanges(
        name="新名（样例）", gtin="", patterns=(NEW.patterns[0], Pattern(CodePatternKind.ECODE, "11"))
    )
    short = await refused(products.change_product(world.ports, staff.asker, product.id, changes))
    assert short.code == "pattern_invalid"
    changes = replace(changes, patterns=(NEW.patterns[0], Pattern(CodePatternKind.ECODE, "110001")))
    changed = await products.change_product(world.ports, staff.asker, product.id, changes)
    assert (changed.name, changed.gtin, changed.model, changed.qualification_number) == (
        "新名（样例）",
        None,
        "BV 2.5",
        CCC,
    )
    assert sorted(live(changed)) == [("ecode", "110001"), ("gtin_prefix", "6901234")]
    assert (await CodePattern.get(id=proved.id)).proved_at is not None
    event = await Event.get(action="product:change")
    assert event.before == {"name": NEW.name, "gtin": "06901234567892"}
    assert event.after == {"name": "新名（样例）", "gtin": None}


@pytest.mark.parametrize(
    ("state", "change", "retire"),
    [
        ("draft", None, "product_in_application"),
        ("supplement", None, "product_in_application"),
        ("verifying", "product_in_application", "product_in_application"),
        ("publicity", "product_in_application", "product_in_application"),
        ("certified", None, None),
        ("withdrawn", None, None),
    ],
)
async def test_what_a_submitted_application_rests_on_stays(
    world: World, firm: Enterprise, staff: Somebody, state: str, change: str | None, retire: str | None
) -> None:
    product = await products.new_product(world.ports, staff.asker, firm.id, NEW)
    application = await Application.create(
        ref="a", enterprise_id=firm.id, level="B", sells_online=False, state=state, opened_by_id=staff.person.id,
        opened_at=rows.NOW,
    )  # fmt: skip
    await ApplicationProduct.create(application_id=application.id, product_id=product.id)

    async def code_of(act: Awaitable[Any]) -> str | None:
        try:
            await act
        except Refused as problem:
            return problem.code
        return None

    changes = ProductChanges(name="新名（样例）")
    assert await code_of(products.change_product(world.ports, staff.asker, product.id, changes)) == change
    assert await code_of(products.retire_product(world.ports, staff.asker, product.id)) == retire


async def test_a_photos_codes_prove_the_patterns_they_begin_with_once(
    world: World, firm: Enterprise, staff: Somebody
) -> None:
    product = await products.new_product(world.ports, staff.asker, firm.id, NEW)

    async def prove(*codes: str) -> list[str]:
        async with transaction():
            return [one.value for one in await prove_patterns(world.ports, product.id, codes, "a" * 64)]

    assert await prove("https://elsewhere.test/1", "06901239999998", "not a code", "") == []
    # The prefix of another firm, and a host that only begins alike.
    foreign = (
        "https://trace.sample.test.elsewhere.test/21/1",
        "https://trace.sample.test:1@elsewhere.test/",
        "https://[",
    )
    assert await prove(*foreign) == []
    assert await prove("https://id.gs1.org/01/06901234567892/21/A1") == ["6901234", "06901234567892"]
    assert await prove("https://id.gs1.org/01/06901234567892/21/A2", "https://TRACE.sample.test/q?c=1") == [
        "trace.sample.test"
    ]
    assert await prove("https://trace.sample.test/q?c=2") == []
    await products.change_product(
        world.ports,
        staff.asker,
        product.id,
        ProductChanges(patterns=(Pattern(CodePatternKind.ECODE, "1000112"), Pattern(CodePatternKind.ECODE, "999999"))),
    )
    assert await prove("http://www.iotroot.com/E=1000112345678901234567890") == ["1000112"]
    pattern = await CodePattern.get(value="6901234")
    assert (pattern.proved_at, pattern.proved_by_sha256) == (world.clock.now(), "a" * 64)
    assert await Event.filter(action="code_pattern:prove", clause="3.4").count() == 4


async def test_the_gtin_is_a_pattern_once_a_photo_carries_it_and_as_long_as_it_is_the_products(
    world: World, firm: Enterprise, staff: Somebody
) -> None:
    product = await products.new_product(world.ports, staff.asker, firm.id, replace(NEW, patterns=NEW.patterns[1:]))

    async def prove(*codes: str) -> None:
        async with transaction():
            await prove_patterns(world.ports, product.id, codes, "a" * 64)

    async def change(**given: Any) -> list[tuple[str, str]]:
        return live(await products.change_product(world.ports, staff.asker, product.id, ProductChanges(**given)))

    host, own = ("host", "trace.sample.test"), ("gtin_prefix", "06901234567892")
    await prove("https://id.gs1.org/01/06901234567915/21/1")
    assert live(product) == await change(name="新名（样例）") == [host]
    for serial in (1, 2):
        await prove(f"https://id.gs1.org/01/06901234567892/21/{serial}")
    assert await CodePattern.filter(value=own[1], proved_by_sha256="a" * 64).count() == 1
    assert await change(patterns=()) == [own]
    assert await change(patterns=NEW.patterns[1:]) == [own, host]
    assert await change(gtin="6901234567915") == [host]
    await prove("https://id.gs1.org/01/06901234567892/21/3")
    assert await change(gtin="6901234567892") == [host]


def test_the_list_of_categories_is_whole_and_says_where_it_is_unsure() -> None:
    for edition in editions_shipped():
        listed = categories(edition)
        assert len(listed) >= 20
        assert len({one.name for one in listed}) == len(listed)
        assert {one.product_class for one in listed} == {"licence", "ccc", "class_3"}
        assert all(one.source for one in listed)
        assert any("存疑" in one.source for one in listed)
