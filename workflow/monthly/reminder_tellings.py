"""What the people of one batch are told of the months their firms owe: whom of what, in which words, when."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import structlog
from tortoise.expressions import Q

from models import FilingFile, FilingFileState, FilingState, InboxEntry, MonthlyFiling, Person, Staff, StaffRole
from models.transactions import transaction
from standard.calendar import shanghai_day, shipped_calendar
from standard.months import Month, filing_window
from workflow.certifying.certificate_months import month_path
from workflow.context import Ports
from workflow.monthly.month_case import edition_of_month, levels_of
from workflow.monthly.month_judging import Judgement, judged
from workflow.monthly.reminder_wording import Words, reminder
from workflow.telling.notices import Telling, tell_many
from workflow.telling.reminder_calendar import Occasion, Reminding, evening, latest, of_make_up, of_window, waking
from workflow.telling.reminder_choices import Choice, choices_of
from workflow.telling.still_owed import WORKERS, escalated, occasion_key

PRIORITY = 5
"""Of a reminder's push: behind every answer that somebody waits for."""
LONGEST_REASON = 500

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Due:
    """One member is to be told of one month on one occasion."""

    person_id: int
    member: Staff
    filing: MonthlyFiling
    reminding: Reminding

    @property
    def occasion(self) -> str:
        """What makes it once for each person."""
        return occasion_key(self.filing.id, self.reminding)

    @property
    def escalated(self) -> bool:
        """Whether the owner is told, chosen or not."""
        return escalated(self.reminding.occasion, self.member.role)


async def tell(ports: Ports, people: Sequence[int], owing: Q) -> dict[int, str]:
    """Inside the batch's transaction: the people are told of the months among ``owing``, whatever they were not told
    yet. Where one of them cannot be told the others are; who could not, and why, is answered."""
    try:
        async with transaction():
            await tell_together(ports, people, owing)
    except Exception as problem:
        if len(people) == 1:
            _log.exception("nobody reminded", person=people[0])
            return {people[0]: f"{type(problem).__name__}: {problem}"[:LONGEST_REASON]}
        _log.warning("reminding one by one", people=len(people), exc_info=True)
        untold: dict[int, str] = {}
        for person in people:
            untold |= await tell(ports, [person], owing)
        return untold
    return {}


async def tell_together(ports: Ports, people: Sequence[int], owing: Q) -> None:
    """Inside the caller's transaction: as :func:`tell`, but all of them or, where one cannot be told, an error."""
    now = ports.clock.now()
    due = await _due(people, owing, shanghai_day(now))
    told = await _told(due)
    due = [one for one in due if (one.person_id, one.occasion) not in told]
    if not due:
        return
    known = await _known(ports, due)
    choices = await choices_of(people)

    def telling(one: _Due) -> Telling:
        choice = choices.get(one.person_id, Choice())
        wanted = choice.wants(one.reminding.occasion) or one.escalated
        words = known.words(one, shanghai_day(now))
        return Telling(
            one.filing.enterprise_id,
            one.occasion,
            words.clause,
            words.title,
            words.body,
            month_path(one.filing),
            person_id=one.person_id,
            notice=words.notice,
            due=waking(now, choice.hour),
            worth_until=evening(now),
            unpushed="" if wanted else "not_chosen" if choice.on else "switched_off",
        )

    await tell_many(ports, [telling(one) for one in due], priority=PRIORITY)


async def _due(people: Sequence[int], owing: Q, today: date) -> list[_Due]:
    """Every month of every firm of theirs with the last occasion that has come; of each person the most urgent
    first."""
    members = await Staff.filter(person_id__in=people, left_at=None, role__in=[str(role) for role in WORKERS])
    months = await _months(owing, {member.enterprise_id for member in members}, today)
    return [
        _Due(member.person_id, member, filing, reminding)
        for member in sorted(members, key=lambda member: member.id)
        if member.person_id is not None
        for filing, reminding in months.get(member.enterprise_id, ())
        # Who came after its day is reminded by the next one.
        if shanghai_day(member.created_at) <= reminding.day
    ]


async def _months(owing: Q, firms: Collection[int], today: date) -> dict[int, list[tuple[MonthlyFiling, Reminding]]]:
    """By firm: months that are owed, with the last occasion of each that has come."""
    found: dict[int, list[tuple[MonthlyFiling, Reminding]]] = defaultdict(list)
    filings = MonthlyFiling.filter(owing, enterprise_id__in=firms).order_by("closes_on", "id")
    for filing in await filings.prefetch_related("enterprise", "certificate"):
        reminding = latest(_occasions(filing), today)
        if reminding is not None:
            found[filing.enterprise_id].append((filing, reminding))
    return found


def _occasions(filing: MonthlyFiling) -> tuple[Reminding, ...]:
    if filing.state == FilingState.OPEN:
        window = filing_window(Month.parse(filing.month), edition_of_month(filing.month))
        return of_window(window.opens, filing.closes_on)
    assert filing.make_up_until is not None
    warned = shanghai_day(filing.decided_at) if filing.decided_at else filing.closes_on + timedelta(days=1)
    return of_make_up(warned, filing.make_up_until, shipped_calendar())


async def _told(due: Sequence[_Due]) -> set[tuple[int, str]]:
    """Person and occasion of what was told before: to them, or to somebody who turned out to be them."""
    people: dict[int, list[int]] = {one.person_id: [one.person_id] for one in due}
    for former, now in await Person.filter(merged_into_id__in=list(people)).values_list("id", "merged_into_id"):
        people[now].append(former)
    keys = {
        f"{one.occasion}:{person}": (one.person_id, one.occasion) for one in due for person in people[one.person_id]
    }
    entries: list[Any] = list(await InboxEntry.filter(key__in=list(keys)).values_list("key", flat=True))
    return {keys[key] for key in entries}


@dataclass(frozen=True, slots=True)
class _Known:
    """What the words of a batch rest on: how each month stands, for which level it files, and who of its firm has
    handed nothing in."""

    judgements: dict[int, Judgement]
    levels: dict[int, str]
    idle: dict[int, list[str]]

    def words(self, one: _Due, today: date) -> Words:
        """For one member; the owner is told, when a day is left, who has handed nothing in."""
        filing = one.filing
        idle = self.idle.get(filing.id, []) if one.escalated else []
        return reminder(
            filing,
            one.reminding,
            today,
            self.judgements[filing.id],
            self.levels[filing.id],
            edition_of_month(filing.month),
            idle,
        )


async def _known(ports: Ports, due: Sequence[_Due]) -> _Known:
    filings = {one.filing.id: one.filing for one in due}
    escalating = {one.filing.id: one.filing for one in due if one.reminding.occasion is Occasion.T1}
    idle: dict[int, list[str]] = {}
    if escalating:
        busy = set(
            await FilingFile.filter(filing_id__in=list(escalating))
            .exclude(state=FilingFileState.REMOVED)
            .distinct()
            .values_list("filing_id", "handed_in_by_id")
        )
        firms = {filing.enterprise_id: filing.id for filing in escalating.values()}
        for firm, person, name in (
            await Staff.filter(enterprise_id__in=list(firms), left_at=None, role=StaffRole.STAFF)
            .order_by("id")
            .values_list("enterprise_id", "person_id", "name")
        ):
            if (firms[firm], person) not in busy:
                idle.setdefault(firms[firm], []).append(name)
    months = list(filings.values())
    return _Known(await judged(ports, months), await levels_of(months), idle)
