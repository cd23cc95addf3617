"""Many rows changed by one statement: each to its own values, and only those that are as they must be."""

from datetime import date, datetime
from typing import Any

import pytest

from models import Certificate, MonthlyFiling, bulk
from models.transactions import transaction
from tests import rows
from tests.conftest import Database
from tests.workflow.living import Living, living, month_of
from workflow.transitions import Move, Moved, move_many

NOON = datetime.fromisoformat("2026-12-26T12:00:00+08:00")


async def months(database: Database, count: int) -> list[MonthlyFiling]:
    one: Living = await living()
    return [await month_of(one, f"2027-{number:02d}") for number in range(1, count + 1)]


@pytest.mark.parametrize("most", [bulk.MOST_PARAMETERS, 13])
async def test_each_row_gets_its_own_values_of_every_type(
    database: Database, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(bulk, "MOST_PARAMETERS", most)
    first, second, third = await months(database, 3)
    values: list[tuple[Any, ...]] = [
        (first.id, "warned", date(2026, 12, 30), NOON, {"findings": ["照片"]}),
        (second.id, "open", None, None, None),
    ]
    changed = await bulk.update_each(
        MonthlyFiling,
        ("id",),
        ("state", "make_up_until", "due_at", "verdict"),
        [*values, (0, "open", None, None, None)],
    )
    assert changed == 2
    stand = await MonthlyFiling.all().order_by("id").values_list("id", "state", "make_up_until", "due_at", "verdict")
    assert stand[:2] == values
    assert stand[2][3] == third.due_at
    assert await bulk.update_each(Certificate, ("id",), ("points",), []) == 0


@pytest.mark.parametrize("most", [bulk.MOST_PARAMETERS, 30])
async def test_rows_are_inserted_once_and_those_are_told_that_are_new(
    database: Database, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(bulk, "MOST_PARAMETERS", most)
    (there,) = await months(database, 1)

    def month(ref: str, number: int) -> MonthlyFiling:
        return MonthlyFiling(
            ref=ref,
            certificate_id=there.certificate_id,
            enterprise_id=there.enterprise_id,
            month=f"2027-{number:02d}",
            closes_on=date(2027, number, 25),
            state="open",
            opened_at=NOON,
            due_at=NOON,
            verdict={"findings": ["照片"]} if number == 3 else None,
        )

    made = await bulk.insert_new(MonthlyFiling, [month("again", 1), month("second", 2), month("third", 3)], "ref")
    stand = await MonthlyFiling.all().order_by("month")
    assert [row.ref for row in stand] == [there.ref, "second", "third"]
    assert made == {row.ref: row.id for row in stand[1:]}
    assert [(row.closes_on, row.due_at, row.verdict) for row in stand[1:]] == [
        (date(2027, 2, 25), NOON, None),
        (date(2027, 3, 25), NOON, {"findings": ["照片"]}),
    ]
    assert await bulk.insert_new(MonthlyFiling, [], "ref") == {}


async def test_many_move_together_or_not_at_all(database: Database) -> None:
    filings = await months(database, 3)
    moves = [
        Move(filing, "warned", NOON, {"make_up_until": date(2026, 12, 28 + number)})
        for number, filing in enumerate(filings)
    ]
    await move_many(moves)
    stand = await MonthlyFiling.all().order_by("id")
    assert [(row.state, row.version, row.due_at, row.make_up_until.day) for row in stand] == [
        ("warned", 1, NOON, 28 + number) for number in range(3)
    ]
    assert [(row.state, row.version, row.make_up_until) for row in filings] == [
        (row.state, row.version, row.make_up_until) for row in stand
    ]
    await MonthlyFiling.filter(id=filings[1].id).update(version=7)
    with pytest.raises(Moved):
        await _move(filings)
    assert set(await MonthlyFiling.all().values_list("state", flat=True)) == {"warned"}
    assert filings[0].state == "warned"
    await move_many([])


async def _move(filings: list[MonthlyFiling]) -> None:
    async with transaction():
        await rows.event()
        await move_many([Move(filing, "suspended") for filing in filings])
