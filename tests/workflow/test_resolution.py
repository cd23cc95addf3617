"""Whose a code is: filed items, GTINs and proved patterns; and what of a firm everybody may know."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from models import CodePatternKind, Enterprise, Product, Road, ScanOutcome
from tests import rows
from tests.workflow.world import World
from workflow.scanning import resolution
from workflow.scanning.resolution import Resolved, code_key, resolve
from workflow.scanning.scans import Visit, look_up

GTIN = "06901234567892"
ITEM = f"https://id.gs1.org/01/{GTIN}/21/0001"
OTHER_GTIN = "06901234567915"
OTHER = f"https://id.gs1.org/01/{OTHER_GTIN}/10/L1"
ECODE = "E=10001" + "12345678901234567890"


@pytest.fixture
async def firm(world: World) -> Enterprise:
    firm = await rows.enterprise(name="样例电缆有限公司")
    await rows.certificate(enterprise_id=firm.id, holder={"categories": ["电线电缆"]})
    return firm


async def product(firm: Enterprise, **given: Any) -> Product:
    return await rows.product(**{"enterprise_id": firm.id, "category": "电线电缆", "gtin": None, **given})


async def pattern(of: Product, kind: CodePatternKind, value: str, **given: Any) -> None:
    await rows.code_pattern(
        **{
            "product_id": of.id,
            "kind": kind,
            "value": value,
            "proved_at": rows.NOW,
            "proved_by_sha256": "0" * 64,
            **given,
        }
    )


async def whose(world: World, text: str) -> tuple[str, str | None]:
    found = await resolve(world.ports, text)
    return found.outcome.value, found.product.model if found.product else None


async def test_a_gtin_names_its_product_and_the_certificate_of_the_firm(world: World, firm: Enterprise) -> None:
    await product(firm, model="BV", gtin=GTIN)
    found = await resolve(world.ports, ITEM)
    assert (found.outcome, found.covered, found.item) == (ScanOutcome.KNOWN, True, None)
    assert found.product is not None
    assert found.product.enterprise.name == "样例电缆有限公司"
    assert found.certificate is not None
    assert found.certificate.enterprise.id == firm.id
    assert found.key == code_key(ITEM)


async def test_a_beginning_that_is_shorter_than_a_makers_number_is_nobodys(world: World, firm: Enterprise) -> None:
    """697: nine digits are one maker's; the first seven of them are a hundred makers'."""
    theirs = "https://id.gs1.org/01/06971234990013/21/1"
    await pattern(await product(firm, model="BV"), CodePatternKind.GTIN_PREFIX, "6971234")
    assert await whose(world, theirs) == ("unknown", None)
    await pattern(await product(firm, model="VV"), CodePatternKind.GTIN_PREFIX, "697123499")
    assert await whose(world, theirs) == ("known", "VV")


@pytest.mark.parametrize("shared", ["1000", "10001", "http", "https"])
async def test_a_numbering_scheme_of_ecode_is_nobodys(world: World, firm: Enterprise, shared: str) -> None:
    """Version and scheme begin the codes of everybody who uses them; version 0 is written like GS1."""
    await pattern(await product(firm, model="BV"), CodePatternKind.ECODE, shared)
    for theirs in (ECODE, f"E=(01){GTIN}(21)1"):
        assert await whose(world, theirs) == ("unknown", None)


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("hello", ScanOutcome.MALFORMED),
        ("", ScanOutcome.MALFORMED),
        ("\ud800\0", ScanOutcome.MALFORMED),
        ("6901234567891", ScanOutcome.MALFORMED),  # check digit
        ("https://www.example.com/news", ScanOutcome.NOT_ALLOWED),
        ("https://cniotroot.com/E=100011234", ScanOutcome.NOT_ALLOWED),
        ("88.123.4567/abc", ScanOutcome.NOT_ALLOWED),
        ("2012345678903", ScanOutcome.NOT_ALLOWED),  # in-store numbers leave no shop
        (OTHER, ScanOutcome.UNKNOWN),
        (f"E=1{'7' * 300}", ScanOutcome.UNKNOWN),
        (f"https://{'a.' * 100}cn/p?gtin=06901234567915", ScanOutcome.UNKNOWN),
    ],
)
async def test_a_code_of_nobody_says_what_it_is(world: World, text: str, outcome: ScanOutcome) -> None:
    found = await look_up(world.ports, text, Visit(Road.TYPED))
    assert (found.resolved.outcome, found.resolved.product) == (outcome, None)


async def test_our_own_link_to_a_code_is_that_code(world: World, firm: Enterprise) -> None:
    await product(firm, model="BV", gtin=GTIN)
    bare = await resolve(world.ports, f"(01){GTIN}(21)0001")
    for link in (f"https://sample.test/t/01/{GTIN}/21/0001", f"https://sample.test/t/(01){GTIN}(21)0001"):
        found = await resolve(world.ports, link)
        assert (found.outcome, found.key) == (ScanOutcome.KNOWN, bare.key), link


@pytest.mark.parametrize(
    ("link", "need"),
    [(f"https://iotroot.com.evil.cn/01/{GTIN}/21/1", "iotroot.com"), ("https://sample.test.cn/t/1", "sample.test")],
)
async def test_a_host_that_only_looks_like_a_platforms_answers_for_nobody(
    world: World, firm: Enterprise, link: str, need: str
) -> None:
    await product(firm, gtin=GTIN)
    found = await resolve(world.ports, link)
    assert (found.outcome, found.product, found.recorded_for) == (ScanOutcome.LOOK_ALIKE, None, None)
    assert (found.findings[0].have, found.findings[0].need) == (link.split("/")[2], need)


async def test_a_pretender_behind_our_own_address_is_one_too(world: World, firm: Enterprise) -> None:
    link = f"https://sample.test/t/https%3A%2F%2Fiotroot.com.evil.cn%2F01%2F{GTIN}%2F21%2F1"
    assert await whose(world, link) == ("look_alike", None)


async def test_the_longest_proved_pattern_decides(world: World, firm: Enterprise) -> None:
    short, long = await product(firm, model="short"), await product(firm, model="long")
    await pattern(short, CodePatternKind.GTIN_PREFIX, "6901234")
    await pattern(long, CodePatternKind.GTIN_PREFIX, "690123456791")
    assert await whose(world, OTHER) == ("known", "long")
    assert await whose(world, ITEM) == ("known", "short")


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        (CodePatternKind.GTIN_PREFIX, "6901234", OTHER),
        (CodePatternKind.GTIN_PREFIX, "06901234567915", OTHER),
        (CodePatternKind.ECODE, "10001123", ECODE),
        (CodePatternKind.HOST, "trace.example.cn", "https://trace.example.cn/p?gtin=06901234567915&sn=1"),
    ],
)
async def test_each_kind_of_pattern(
    world: World, firm: Enterprise, kind: CodePatternKind, value: str, text: str
) -> None:
    made = await product(firm, model="BV")
    await pattern(made, kind, value)
    assert await whose(world, text) == ("known", "BV")


@pytest.mark.parametrize("but", [{"proved_at": None, "proved_by_sha256": None}, {"retired_at": rows.NOW}])
async def test_a_pattern_without_proof_or_out_of_use_is_none(
    world: World, firm: Enterprise, but: dict[str, Any]
) -> None:
    await pattern(await product(firm), CodePatternKind.GTIN_PREFIX, "6901234", **but)
    assert await whose(world, OTHER) == ("unknown", None)


async def test_a_platforms_host_is_nobodys(world: World, firm: Enterprise) -> None:
    await pattern(await product(firm), CodePatternKind.HOST, "id.gs1.org")
    assert await whose(world, OTHER) == ("unknown", None)


async def test_a_product_with_its_own_gtin_leaves_the_shared_pattern_to_the_other(
    world: World, firm: Enterprise
) -> None:
    for model, gtin in (("named", GTIN), ("rest", None)):
        await pattern(await product(firm, model=model, gtin=gtin), CodePatternKind.GTIN_PREFIX, "6901234")
    assert await whose(world, ITEM) == ("known", "named")
    assert await whose(world, OTHER) == ("known", "rest")


async def test_what_cannot_be_told_apart_is_not_guessed(world: World, firm: Enterprise) -> None:
    for model in ("one", "two"):
        await pattern(await product(firm, model=model), CodePatternKind.GTIN_PREFIX, "6901234")
    found = await resolve(world.ports, OTHER)
    assert (found.outcome, found.product) == (ScanOutcome.UNKNOWN, None)
    assert "几款产品" in found.findings[-1].reason


async def test_of_two_firms_with_one_gtin_the_one_that_proved_it_is_believed(world: World, firm: Enterprise) -> None:
    stranger = await rows.enterprise()
    await rows.certificate(enterprise_id=stranger.id)
    mine, _ = await product(firm, model="mine", gtin=GTIN), await product(stranger, model="theirs", gtin=GTIN)
    found = await resolve(world.ports, ITEM)
    assert (found.outcome, found.product) == (ScanOutcome.UNKNOWN, None)
    assert "不止一家" in found.findings[-1].reason
    await pattern(mine, CodePatternKind.GTIN_PREFIX, "69012345")
    assert await whose(world, ITEM) == ("known", "mine")


async def test_a_retired_product_is_unknown_except_for_items_that_were_filed(world: World, firm: Enterprise) -> None:
    gone = await product(firm, model="gone", gtin=GTIN, retired_at=rows.NOW)
    assert await whose(world, ITEM) == ("unknown", None)
    await rows.item(product_id=gone.id, code_key=code_key(ITEM), code=ITEM)
    found = await resolve(world.ports, ITEM)
    assert found.item is not None
    assert await whose(world, ITEM) == ("known", "gone")


async def test_a_filed_item_decides_before_any_pattern(world: World, firm: Enterprise) -> None:
    filed, other = await product(firm, model="filed"), await product(firm, model="other", gtin=GTIN)
    await rows.item(product_id=filed.id, code_key=code_key(ITEM), code=ITEM)
    assert await whose(world, ITEM) == ("known", "filed")
    assert await whose(world, f"https://id.gs1.org/01/{GTIN}/21/0002") == ("known", other.model)


async def test_a_gtin_that_stands_in_a_form_gives_way_to_a_pattern_that_was_proved(
    world: World, firm: Enterprise
) -> None:
    squatter = await rows.enterprise()
    await rows.certificate(enterprise_id=squatter.id)
    squatted = await product(squatter, model="squatted", gtin=GTIN)
    assert await whose(world, ITEM) == ("known", "squatted")
    await pattern(await product(firm, model="mine"), CodePatternKind.GTIN_PREFIX, GTIN[1:8])
    assert await whose(world, ITEM) == ("known", "mine")
    await pattern(squatted, CodePatternKind.GTIN_PREFIX, GTIN)
    assert await whose(world, ITEM) == ("known", "squatted")


async def test_patterns_are_compared_by_their_length_however_many_share_one(
    world: World, firm: Enterprise, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolution, "_MOST", 2)
    await product(firm, model="named", gtin=GTIN)
    other = await rows.enterprise()
    await rows.certificate(enterprise_id=other.id)
    for model in range(3):
        await pattern(await product(other, model=str(model)), CodePatternKind.GTIN_PREFIX, "6901234")
    long = await product(firm, model="long")
    await pattern(long, CodePatternKind.GTIN_PREFIX, GTIN)
    assert await whose(world, ITEM) == ("known", "named")
    await Product.filter(model="named").update(gtin=None)
    assert await whose(world, ITEM) == ("known", "long")


# --- what is not public ----------------------------------------------------------------------------------------------


async def _writes_the_gtin(secret: Enterprise) -> None:
    await product(secret, gtin=GTIN)


async def _writes_it_many_times(secret: Enterprise) -> None:
    for model in range(3):
        await product(secret, gtin=GTIN, model=str(model))


async def _proves_more(secret: Enterprise) -> None:
    await pattern(await product(secret), CodePatternKind.GTIN_PREFIX, GTIN)


async def _files_the_item(secret: Enterprise) -> None:
    made = await product(secret)
    await pattern(made, CodePatternKind.GTIN_PREFIX, GTIN)
    await rows.item(product_id=made.id, code_key=code_key(ITEM), code=ITEM)


@pytest.mark.parametrize("does", [_writes_the_gtin, _writes_it_many_times, _proves_more, _files_the_item])
@pytest.mark.parametrize("how", ["written", "proved", "of several"])
async def test_a_firm_of_which_nothing_is_public_takes_no_code_from_another(
    world: World,
    firm: Enterprise,
    how: str,
    does: Callable[[Enterprise], Awaitable[None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(resolution, "_MOST", 2)
    secret = await rows.enterprise()
    await does(secret)
    if how == "proved":
        await pattern(await product(firm, model="mine"), CodePatternKind.GTIN_PREFIX, "6901234")
    else:
        await product(firm, model="mine", gtin=GTIN)
    if how == "of several":
        await product(firm, model="twin", gtin=GTIN)
        found = await resolve(world.ports, ITEM)
        assert (found.outcome, found.item, found.recorded_for) == (ScanOutcome.UNKNOWN, None, None)
        assert "一家企业的几款产品" in found.findings[-1].reason
    else:
        assert await whose(world, ITEM) == ("known", "mine")


@pytest.mark.parametrize("firms", [1, 2])
async def test_several_of_which_nothing_is_public_are_nobody(world: World, firms: int) -> None:
    secret = [await rows.enterprise() for _ in range(firms)]
    for one, model in ((secret[0], "one"), (secret[-1], "two")):
        await product(one, model=model, gtin=GTIN)
    found, stranger = [await resolve(world.ports, f"https://id.gs1.org/01/{gtin}/10/L1") for gtin in (GTIN, OTHER_GTIN)]
    assert (found.outcome, found.findings, found.recorded_for) == (ScanOutcome.UNKNOWN, stranger.findings, None)


async def test_a_secret_firms_item_is_recorded_for_it(world: World) -> None:
    mine, other = [await rows.enterprise() for _ in range(2)]
    filed = await product(mine)
    await product(other, gtin=GTIN)
    await rows.item(product_id=filed.id, code_key=code_key(ITEM), code=ITEM)
    found = await resolve(world.ports, ITEM)
    assert (found.outcome, found.product, found.recorded_for) == (ScanOutcome.UNKNOWN, None, (mine.id, filed.id))


async def test_a_firm_of_which_nothing_is_public_is_not_named(world: World) -> None:
    secret = await rows.enterprise()
    made = await product(secret, gtin=GTIN)
    found = await resolve(world.ports, f"https://id.gs1.org/01/{GTIN}/10/L1")
    stranger = await resolve(world.ports, OTHER)
    assert (found.outcome, found.product, found.certificate) == (ScanOutcome.UNKNOWN, None, None)
    assert found.findings == stranger.findings
    assert found.recorded_for == (secret.id, made.id)


async def test_a_published_result_makes_a_firm_known_without_a_certificate(world: World) -> None:
    firm = await rows.enterprise()
    await product(firm, model="BV", gtin=GTIN)
    application = await rows.application(enterprise_id=firm.id, state="publicity")
    await rows.publication(application_id=application.id)
    found = await resolve(world.ports, ITEM)
    assert (found.outcome, found.certificate, found.covered) == (ScanOutcome.KNOWN, None, False)


async def test_the_newest_certificate_alive_is_shown_else_the_newest(world: World, firm: Enterprise) -> None:
    await product(firm, gtin=GTIN, category="插座")
    await rows.certificate(enterprise_id=firm.id, state="revoked")
    alive = await resolve(world.ports, ITEM)
    assert (_state(alive), alive.covered) == ("active", False)
    assert alive.certificate is not None
    alive.certificate.state = "expired"
    await alive.certificate.save()
    assert _state(await resolve(world.ports, ITEM)) == "revoked"


def _state(found: Resolved) -> str | None:
    return found.certificate.state if found.certificate else None
