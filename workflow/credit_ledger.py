"""A firm's ledger of points for tender adoptions, as the database keeps it (8.5; R16, R17).

What an entry is and what follows from it, ``standard.credit`` says; here its entries are read.
"""

from dataclasses import dataclass
from datetime import date

from models import CreditEntry
from standard import credit
from standard.profile import edition_on


@dataclass(frozen=True, slots=True)
class Points:
    """A firm's points on a day: all of them, and those of the day's calendar year.

    ``barred_through``: the last day without new points after a false record (8.5(4)), None where there was none.
    ``adoptions_12m``: valid records of the last 12 months, also those that scored 0 (R4).
    """

    balance: int
    year: int
    of_year: int
    barred_through: date | None
    adoptions_12m: int


async def ledger_of(enterprise_id: int) -> credit.Ledger:
    """All entries of the firm in the order of their booking; empty where it has none."""
    return tuple(entry_of(row) for row in await CreditEntry.filter(enterprise_id=enterprise_id).order_by("id"))


async def points_of(enterprise_id: int, today: date) -> Points:
    """The firm's points as they stand on ``today`` (Asia/Shanghai)."""
    return points_in(await ledger_of(enterprise_id), today)


def points_in(ledger: credit.Ledger, today: date) -> Points:
    """The same by a ledger that is at hand."""
    edition = edition_on(today)
    return Points(
        balance=credit.balance(ledger),
        year=today.year,
        of_year=credit.of_year(ledger, today.year),
        barred_through=credit.barred_through(ledger, edition),
        adoptions_12m=credit.adoption_12m(ledger, today, edition),
    )


def entry_of(row: CreditEntry) -> credit.Entry:
    """The entry that the row keeps."""
    tender = None if row.tender_folded is None else (row.customer_folded or "", row.tender_folded)
    return credit.Entry(credit.EntryKind(row.kind), row.at, row.year, row.points, row.reason, tender)
