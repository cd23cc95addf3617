"""What everybody may know of a firm's credit (7.6, 8.5(2), 8.5(4)): its points, what was published, how many customers
spoke well of it; never a ledger's lines, a customer's name or a word of feedback (8.3)."""

from dataclasses import dataclass
from datetime import date, datetime

from models import Enterprise, Event, Feedback, FeedbackState, Mood
from standard.calendar import shanghai_day
from workflow.access import firm_by_code, not_found
from workflow.certifying.credit_ledger import points_of
from workflow.context import Ports
from workflow.credit.adoption_judging import FALSE_RECORD


@dataclass(frozen=True, slots=True)
class PublicCredit:
    """``points`` in all and of the calendar ``year``; ``praised_by``: verified customers with a good word; ``notices``
    are days and sentences, the newest first."""

    points: int
    year: int
    year_points: int
    praised_by: int
    notices: tuple[tuple[date, str], ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """A false record that was made public (8.5(4))."""

    id: int
    at: datetime
    uscc: str
    firm: str
    is_sample: bool
    text: str


async def public_credit(ports: Ports, uscc: str) -> PublicCredit:
    """The credit of a firm of which the caller knows that it is public; not found where there is none of that code."""
    firm = await firm_by_code(uscc.strip().upper())
    if firm is None:
        raise not_found()
    points = await points_of(firm.id, shanghai_day(ports.clock.now()))
    good = Feedback.filter(
        supplier_id=firm.id, state=FeedbackState.PUBLISHED, mood=Mood.POSITIVE, customer_id__not_isnull=True
    )
    told = Event.filter(subject_kind="enterprise", subject_id=firm.id, action=FALSE_RECORD).order_by("-id")
    return PublicCredit(
        points=points.balance,
        year=points.year,
        year_points=points.of_year,
        praised_by=len(set(await good.values_list("customer_id", flat=True))),
        notices=tuple((shanghai_day(event.at), event.after["text"]) for event in await told),
    )


async def notices(limit: int) -> list[Notice]:
    """The latest false records that were made public, the newest first."""
    events = await Event.filter(action=FALSE_RECORD).order_by("-id").limit(limit)
    firms = {firm.id: firm for firm in await Enterprise.filter(id__in=[event.subject_id for event in events])}
    return [
        Notice(event.id, event.at, firm.uscc, firm.name, firm.is_sample, event.after["text"])
        for event in events
        if (firm := firms.get(event.subject_id)) is not None
    ]
