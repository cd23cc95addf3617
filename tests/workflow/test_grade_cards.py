"""The card of a firm: what a purchaser is told of it, as of a moment (7.6, 10.2(2))."""

from datetime import date, timedelta

import pytest

from models import Certificate, PublicationState
from standard.months import Month
from standard.reliance import Tender
from standard.validity import State
from tests import rows
from tests.workflow.living import living
from tests.workflow.world import World
from workflow.problems import Refused
from workflow.relying.grade_cards import grade_card, grade_card_of, grade_cards

pytestmark = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


async def test_a_card_says_all_of_it_and_when(world: World) -> None:
    one = await living(grade="AAA")
    for year, points in ((2026, 1), (2026, 1), (2025, 1)):
        await rows.credit_entry(enterprise_id=one.firm.id, year=year, points=points)
    card = await grade_card(world.ports, one.firm.id)
    assert (card.grade, card.grade_name, card.state_words, card.alive) == ("AAA", "卓越级", "正常", True)
    assert (card.number, card.path) == ("T/CMIF-2026-000001", "/c/T-CMIF-2026-000001")
    assert (card.last_day, card.continued_through) == (date(2027, 11, 23), Month(2026, 11))
    assert (card.points, card.year, card.year_points) == (3, 2026, 2)
    assert card.as_of == world.clock.now()
    assert card.tender.tender is Tender.ENTRY
    assert "不代表产品质量" in card.disclaimer


async def test_the_state_is_that_of_the_moment(world: World) -> None:
    one = await living(grade="A")
    assert (await grade_card(world.ports, one.firm.id)).tender.tender is Tender.ENTRY
    await Certificate.filter(id=one.certificate.id).update(state=State.SUSPENDED)
    world.clock.advance(seconds=1)
    card = await grade_card(world.ports, one.firm.id)
    assert (card.state, card.tender.tender) == (State.SUSPENDED, Tender.BELOW_ENTRY)
    assert card.as_of == world.clock.now()


async def test_a_firm_without_a_certificate_shows_its_published_result(world: World) -> None:
    public = await rows.publication(state=PublicationState.CONFIRMED, content={"grade": "A", "conditions": []})
    await public.fetch_related("application__enterprise")
    firm = public.application.enterprise
    card = await grade_card(world.ports, firm.id)
    assert (card.grade, card.state, card.number, card.last_day) == ("A", State.NONE, "", None)
    assert card.path == f"/f/{firm.uscc}"
    assert card.tender.tender is Tender.BELOW_ENTRY


async def test_nothing_public_is_no_card(world: World) -> None:
    firm = await rows.enterprise()
    with pytest.raises(Refused) as refused:
        await grade_card(world.ports, firm.id)
    assert refused.value.code == "not_found"
    with pytest.raises(Refused):
        await grade_card_of(world.ports, "0" * 18)


async def test_many_cards_come_in_the_order_asked_for(world: World) -> None:
    first, second = await living(), await living(issued=date(2026, 11, 24) - timedelta(days=30))
    hidden = await rows.enterprise(uscc="91330100999999999X")
    asked = [second.firm.uscc, hidden.uscc, first.firm.uscc, second.firm.uscc, "0" * 500, "x", ""]
    cards = await grade_cards(world.ports, asked)
    assert [card.uscc for card in cards] == [second.firm.uscc, first.firm.uscc]
    assert len({card.as_of for card in cards}) == 1
