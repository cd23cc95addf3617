"""The ledger of points on a database: read as the rules know it (8.5; R16, R17)."""

from datetime import UTC, date, datetime

from standard import credit
from tests import rows
from tests.conftest import Database
from workflow.credit_ledger import Points, ledger_of, points_of

TODAY = date(2026, 11, 24)


async def test_a_firm_without_entries_has_nothing(database: Database) -> None:
    firm = await rows.enterprise()
    assert await ledger_of(firm.id) == ()
    assert await points_of(firm.id, TODAY) == Points(0, 2026, 0, None, 0)


async def test_the_points_of_a_day_are_those_of_its_year_and_of_all(database: Database) -> None:
    firm = await rows.enterprise()
    tenders = {"a": datetime(2025, 11, 1, tzinfo=UTC), "b": datetime(2026, 2, 1, tzinfo=UTC)}
    for number, at in tenders.items():
        await rows.credit_entry(
            enterprise_id=firm.id, at=at, year=at.year, customer_folded="样例采购集团", tender_folded=number
        )
    await rows.credit_entry()  # another firm's
    assert [entry.tender for entry in await ledger_of(firm.id)] == [("样例采购集团", "a"), ("样例采购集团", "b")]
    assert await points_of(firm.id, TODAY) == Points(2, 2026, 1, None, 1)


async def test_a_false_record_bars_for_a_year_and_is_no_adoption(database: Database) -> None:
    firm = await rows.enterprise()
    of_tender = {"enterprise_id": firm.id, "customer_folded": "样例采购集团", "tender_folded": "a"}
    await rows.credit_entry(**of_tender)
    await rows.credit_entry(kind=credit.EntryKind.FALSE_RECORD, points=-1, **of_tender)
    assert await points_of(firm.id, TODAY) == Points(0, 2026, 0, date(2027, 11, 23), 0)
