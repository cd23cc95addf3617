"""Booking on a firm's ledger with what follows from it: points on the certificate, the firm told (8.5; R16, R45)."""

from collections.abc import Callable

from models import Adoption, Certificate
from standard import credit
from standard.credit import Booking, Ledger
from standard.outcome import Finding
from standard.validity import LIVE
from workflow.certifying.certificate_effects import show_points
from workflow.certifying.credit_ledger import hold_ledger, ledger_of, write
from workflow.context import Ports
from workflow.telling.notices import tell_firm

Make = Callable[[Ledger], Booking | Finding]
"""What is to be booked, by the ledger as it stands."""


def credit_path(uscc: str) -> str:
    """The firm's page of its points, for its members; a path of ours."""
    return f"/my/firms/{uscc}/credit"


async def book(
    ports: Ports,
    enterprise_id: int,
    make: Make,
    *,
    actor: str,
    clause: str,
    title: str,
    adoption: Adoption | None = None,
) -> Booking | Finding:
    """Inside the caller's transaction: append what ``make`` says to the firm's ledger; a finding changes nothing.

    Of two bookings at once the second waits, and is made by the ledger that the first one left. The certificate that is
    alive shows the balance anew; the firm is told under ``title``.
    """
    living = Certificate.filter(enterprise_id=enterprise_id, state__in=LIVE).order_by("id")
    await living.select_for_update()
    firm = await hold_ledger(enterprise_id)
    # Once more: one may have been issued while we waited for the ledger, with the points of before.
    alive = await living
    booking = make(await ledger_of(enterprise_id))
    if isinstance(booking, Finding) or not booking.added:
        return booking
    await write(ports, enterprise_id, booking, actor=actor, clause=clause, adoption=adoption)
    balance = credit.balance(booking.ledger)
    for certificate in alive:
        await show_points(ports, certificate, balance, actor=actor)
    await tell_firm(
        ports,
        enterprise_id,
        f"credit:{enterprise_id}:{len(booking.ledger)}",
        clause=clause,
        title=title,
        body=f"{booking.reason}。现有资信分值 {balance} 分。",
        path=credit_path(firm.uscc),
    )
    return booking
