"""Whether a reminder on its way is still true: looked at right before it is pushed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from models import Answer, AnswerState, FilingState, InboxEntry, MonthlyFiling, Staff, StaffRole
from workflow.context import Ports
from workflow.telling.pushed_words import Said, notice_together, pushed_words
from workflow.telling.reminder_calendar import Occasion, Reminding
from workflow.telling.reminder_choices import Choice, choices_of

PREFIX = "remind:"
"""What the keys of reminders in the inbox begin with."""
WORKERS = (StaffRole.OWNER, StaffRole.STAFF)
"""Who is reminded: viewers can file nothing."""


def occasion_key(filing_id: int, reminding: Reminding) -> str:
    """What makes a reminder once for each person: ``remind:<month>:<occasion>``."""
    return f"{PREFIX}{filing_id}:{reminding.name}"


def missed_key(filing_id: int, state: FilingState) -> str:
    """Of what is told of a month that came out badly: ``remind:<month>:missed.warned``; true while it stands so."""
    return f"{PREFIX}{filing_id}:{Occasion.MISSED}.{state}"


def escalated(occasion: Occasion, role: str) -> bool:
    """Whether the owner is told, chosen or not: a day is left, and the firm still owes."""
    return occasion is Occasion.T1 and role == StaffRole.OWNER


async def brought_up_to_date(ports: Ports, answer: Answer) -> bool:
    """False where ``answer`` is a reminder of which nothing holds any more: the months are settled, the person left
    or wants it no more. Where some of it holds, only that is said; the answer in memory follows."""
    notice = answer.notice or {}
    parts: dict[str, dict[str, Any]] = notice.get("parts", {answer.key.removeprefix("notice:"): notice})
    if not any(key.startswith(PREFIX) for key in parts):
        return True
    entries = await InboxEntry.filter(key__in=list(parts)).order_by("id")
    held = await _holding(entries)
    if len(held) == len(entries):
        return True
    if not held:
        return False
    body = pushed_words(ports.links, [Said(one.title, one.body, one.path) for one in held])
    left = notice_together({one.key: parts[one.key] for one in held})
    assert left is not None
    answer.body, answer.notice = body, left
    await Answer.filter(id=answer.id, state=AnswerState.READY).update(body=body, notice=left)
    return True


async def _holding(entries: Sequence[InboxEntry]) -> list[InboxEntry]:
    """Those of one person's entries that are still true, and still wanted."""
    months = {entry.id: _month_of(entry.key) for entry in entries}
    states = {
        filing_id: (state, submitted_at)
        for filing_id, state, submitted_at in await MonthlyFiling.filter(
            id__in=[month[0] for month in months.values() if month is not None]
        ).values_list("id", "state", "submitted_at")
    }
    people = {entry.person_id for entry in entries}
    choices = await choices_of(people)
    roles = {
        (person, firm): role
        for person, firm, role in await Staff.filter(person_id__in=people, left_at=None).values_list(
            "person_id", "enterprise_id", "role"
        )
    }

    def holds(entry: InboxEntry) -> bool:
        month = months[entry.id]
        if month is None:
            return True
        filing_id, name = month
        occasion = _occasion(name)
        role = roles.get((entry.person_id, entry.enterprise_id or 0))
        wanted = choices.get(entry.person_id, Choice()).wants(occasion)
        return (
            _owes(name, *states.get(filing_id, ("", None)))
            and role in WORKERS
            and (wanted or escalated(occasion, role))
        )

    return [entry for entry in entries if holds(entry)]


def _owes(name: str, state: str, submitted_at: datetime | None) -> bool:
    """Whether the firm still has to do what a reminder of this name asks."""
    match _occasion(name):
        case Occasion.MISSED:
            return name == f"{Occasion.MISSED}.{state}"
        case Occasion.MAKE_UP:
            return state == FilingState.WARNED
    return state == FilingState.OPEN and submitted_at is None


def _occasion(name: str) -> Occasion:
    return Occasion(name.partition(".")[0])


def _month_of(key: str) -> tuple[int, str] | None:
    """The month and the name of the occasion that a key has; None where it is no reminder's."""
    if not key.startswith(PREFIX):
        return None
    filing_id, name = key.removeprefix(PREFIX).split(":")[:2]
    return int(filing_id), name
