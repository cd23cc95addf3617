"""A firm's ledger of points for tender adoptions, as the database keeps it (8.5; R16, R17).

What an entry is and what follows from it, ``standard.credit`` says; here entries are read, and appended under the
firm's lock. What a booking brings with it (points on the certificate, notices) is
:mod:`workflow.credit.credit_booking`'s.

``Points.of_year`` is what an upgrade review is made with (``life.Raise.points_in_year``, 8.5(3), R18).
"""

from dataclasses import dataclass
from datetime import date

from models import Adoption, CreditEntry, Enterprise, Filer
from standard import credit
from standard.profile import edition_on
from workflow.certifying.state_changes import announce_points
from workflow.context import Ports
from workflow.record import new_event, record_events

LONGEST_REASON = 500
"""Characters of an entry's reason that the ledger keeps; what is longer stands whole in the event."""


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
    rows = CreditEntry.filter(enterprise_id=enterprise_id).order_by("id").select_related("adoption")
    return tuple(entry_of(row) for row in await rows)


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
    """The entry that the row, with its ``adoption``, keeps."""
    tender = None if row.tender_folded is None else (row.customer_folded or "", row.tender_folded)
    kind = credit.EntryKind(row.kind)
    others = kind is credit.EntryKind.FALSE_RECORD and row.adoption is not None and not filed_by_firm(row.adoption)
    return credit.Entry(kind, row.at, row.year, row.points, row.reason, tender, by_firm=not others)


def filed_by_firm(adoption: Adoption) -> bool:
    """Whether the firm whose result was adopted put the record there itself (R47)."""
    return adoption.filed_by == Filer.SUPPLIER


async def hold_ledger(enterprise_id: int) -> Enterprise:
    """Inside the caller's transaction: nobody else books for the firm until it ends.

    Whoever needs a certificate as well holds that one first, as an event of its life does.
    """
    return await Enterprise.filter(id=enterprise_id).select_for_update(no_key=True).get()


async def write(
    ports: Ports,
    enterprise_id: int,
    booking: credit.Booking,
    *,
    actor: str,
    clause: str,
    adoption: Adoption | None = None,
) -> None:
    """Inside the caller's transaction, with the ledger held: append what was added, each entry with its event.

    ``booked`` in each event is what the whole booking changed: a revocation clears every year by an entry of its own.
    """
    booked = sum(entry.points for entry in booking.added)
    await CreditEntry.bulk_create(
        CreditEntry(
            enterprise_id=enterprise_id,
            kind=entry.kind,
            at=entry.at,
            year=entry.year,
            points=entry.points,
            reason=entry.reason[:LONGEST_REASON],
            customer_folded=entry.tender[0] if entry.tender else None,
            tender_folded=entry.tender[1] if entry.tender else None,
            adoption_id=adoption.id if adoption else None,
        )
        for entry in booking.added
    )
    await record_events(
        [
            new_event(
                ports,
                f"credit:{entry.kind}",
                "enterprise",
                enterprise_id,
                actor=actor,
                clause=clause,
                after={
                    "year": entry.year,
                    "points": entry.points,
                    "booked": booked,
                    "reason": entry.reason,
                    "adoption": adoption.id if adoption else None,
                    "balance": credit.balance(booking.ledger),
                },
            )
            for entry in booking.added
        ]
    )
    if any(entry.points for entry in booking.added):
        await announce_points(ports, enterprise_id)
