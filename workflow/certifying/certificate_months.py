"""The months of a certificate, as far as it rests on them: the first, those behind, those that end with it (8.1, 9.1).

How a month is opened, filed and decided is :mod:`workflow.monthly`'s.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta

from tortoise.expressions import Q

from models import OWES, Certificate, FilingState, MonthlyFiling
from standard import life, windows
from standard.months import Month, MonthState, months_due
from standard.profile import Edition
from workflow.certifying.certificate_life import life_from_json
from workflow.context import Ports
from workflow.record import new_event, record_events
from workflow.transitions import Move, move_many

SUBJECT = "monthly_filing"
"""Kind of subject in the event log."""

LOOK_AGAIN = timedelta(minutes=1)
"""When a month is looked at again that waits for files to be judged, and whatever waits for that month."""


def month_path(filing: MonthlyFiling) -> str:
    """The month's page."""
    return f"/my/months/{filing.ref}"


def first_opening(issued: date, last_day: date, edition: Edition) -> datetime | None:
    """When the window of the first due month of a term opens (R1, R10); None where none is due in it."""
    due = months_due(issued, last_day, edition)
    return windows.filing_window(edition, due[0]).opens if due else None


def turn_is_over(certificate: Certificate, month: Month, edition: Edition) -> bool:
    """Whether the due month was opened, or passed over because its window was over by then."""
    opens_at = certificate.month_opens_at
    return opens_at is None or windows.filing_window(edition, month).opens < opens_at


async def close_months(ports: Ports, certificate_ids: Collection[int], *, actor: str) -> None:
    """Inside the caller's transaction: these certificates have ended, and nothing more is owed for their months.

    A month that somebody else holds at this moment is left to its own deadline, which finds the certificate ended.
    """
    if not certificate_ids:
        return
    await close_these(
        ports,
        await MonthlyFiling.filter(certificate_id__in=certificate_ids, state__in=OWES)
        .order_by("id")
        .select_for_update(skip_locked=True),
        actor=actor,
    )


async def close_these(ports: Ports, filings: Sequence[MonthlyFiling], *, actor: str) -> None:
    """Inside the caller's transaction: these months of ended certificates are closed."""
    events = [
        new_event(
            ports,
            "month:close",
            SUBJECT,
            filing.id,
            actor=actor,
            clause="9.1",
            before={"state": filing.state},
            after={"state": FilingState.CLOSED},
        )
        for filing in filings
    ]
    decided = {"decided_at": ports.clock.now()}
    await move_many([Move(filing, FilingState.CLOSED, None, decided) for filing in filings])
    await record_events(events)


async def undecided(certificate_id: int, today: date) -> bool:
    """Whether a month of the certificate is over and waits for what reached us in time to be judged."""
    return await MonthlyFiling.exists(
        Q(state=FilingState.OPEN, closes_on__lt=today) | Q(state=FilingState.WARNED, make_up_until__lt=today),
        certificate_id=certificate_id,
    )


async def states_ever(certificate: Certificate) -> list[MonthState]:
    """The states of a certificate's months, the earliest first, those of the certificates it renewed before them."""
    held = await Certificate.filter(enterprise_id=certificate.enterprise_id)
    lives = {one.number: life_from_json(one.life) for one in held}
    return states_ever_in(lives[certificate.number], lives)


def states_ever_in(now: life.Certificate, lives: dict[str, life.Certificate]) -> list[MonthState]:
    """The same by lives that are at hand, by their numbers: looking back past renewals (R8)."""
    states: list[MonthState] = []
    one: life.Certificate | None = now
    while one is not None:
        states = [record.state for record in one.months] + states
        one = lives.get(one.previous)
    return states
