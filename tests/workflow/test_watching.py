"""Watching a supplier: begun once, ended, limited, and one person's after a merge."""

import pytest

from models import Event, Person, Watch
from models.transactions import transaction
from tests import rows
from tests.workflow.living import Living, living
from tests.workflow.world import World
from workflow.access import Asker
from workflow.knowing import people
from workflow.knowing.persons import merge, person_of
from workflow.problems import Refused
from workflow.relying import watching

pytestmark = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


@pytest.fixture
async def buyer(world: World) -> Asker:
    return Asker((await rows.person()).id)


@pytest.fixture
async def supplier(world: World) -> Living:
    return await living()


async def test_a_firm_is_watched_once_and_no_more_when_ended(world: World, buyer: Asker, supplier: Living) -> None:
    for _ in range(2):
        await watching.watch(world.ports, buyer, supplier.firm.uscc)
    assert [card.uscc for card in await watching.watched_by(world.ports, buyer)] == [supplier.firm.uscc]
    assert await watching.watches(buyer, supplier.firm.uscc)
    assert await watching.unwatch(world.ports, buyer, supplier.firm.uscc)
    assert not await watching.unwatch(world.ports, buyer, supplier.firm.uscc)
    assert not await watching.unwatch(world.ports, buyer, "0" * 500)
    assert await watching.watched_by(world.ports, buyer) == []
    assert await Event.filter(subject_kind="watch").order_by("id").values_list("action", flat=True) == [
        "watch:begin",
        "watch:end",
    ]


async def test_only_what_is_public_can_be_watched(world: World, buyer: Asker) -> None:
    hidden = await rows.enterprise()
    with pytest.raises(Refused) as refused:
        await watching.watch(world.ports, buyer, hidden.uscc)
    assert refused.value.code == "not_found"


async def test_there_is_an_end_to_watching(
    world: World, buyer: Asker, supplier: Living, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "MOST", 1)
    await watching.watch(world.ports, buyer, supplier.firm.uscc)
    other = await living()
    with pytest.raises(Refused) as refused:
        await watching.watch(world.ports, buyer, other.firm.uscc)
    assert refused.value.code == "too_many_watches"
    await watching.watch(world.ports, buyer, supplier.firm.uscc)  # is watched already


async def test_watching_ends_with_the_person(world: World, supplier: Living) -> None:
    identity = await people.meet(world.ports, "o1")
    person = await person_of(world.ports, identity)
    await watching.watch(world.ports, Asker(person.id), supplier.firm.uscc)
    await people.unfollow(world.ports, "o1")
    assert await Watch.filter(ended_at=None).count() == 0


async def test_two_rows_of_one_person_watch_a_firm_once(world: World, buyer: Asker, supplier: Living) -> None:
    other, second = Asker((await rows.person()).id), await living()
    for asker in (buyer, other):
        await watching.watch(world.ports, asker, supplier.firm.uscc)
    await watching.watch(world.ports, other, second.firm.uscc)
    given = await rows.confirmation(person_id=other.person_id)
    keep, gone = await Person.get(id=buyer.person_id), await Person.get(id=other.person_id)
    async with transaction():
        await merge(world.ports, keep, gone, actor=buyer.actor)
    found = {card.uscc for card in await watching.watched_by(world.ports, buyer)}
    assert found == {supplier.firm.uscc, second.firm.uscc}
    assert await Watch.filter(person_id=other.person_id).count() == 0
    assert await Watch.filter(ended_at=None).count() == 2
    await given.refresh_from_db()
    assert given.person_id == buyer.person_id
