"""Reminding firms of the months they owe (8.1(2), 8.1(3)): who, on which day, once, and only while they owe.

Each morning one fan-out begins. It goes through the people in the order of their ids, so that a person with several
firms is told once, and tells each of them the last occasion of each month that has come and that they were not told
yet: after days without a sweep that is one reminder, not seven. The inbox entry comes with the batch; the push waits
for the person's hour, and is looked at once more before it goes (:mod:`workflow.still_owed`).

What is missed is told by the change of state itself (:mod:`workflow.month_life`).
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import structlog
from tortoise.expressions import Q
from tortoise.functions import Count

from models import (
    Certificate,
    FanOut,
    FilingFile,
    FilingFileState,
    FilingState,
    InboxEntry,
    MonthlyFiling,
    Staff,
    StaffRole,
)
from models.transactions import transaction
from standard.calendar import shanghai_day, shipped_calendar
from standard.months import Month, filing_window
from standard.validity import LIVE
from workflow import fan_outs
from workflow.context import Ports
from workflow.month_case import edition_of_month
from workflow.month_judging import Judgement, judged
from workflow.notices import Telling, tell_many
from workflow.ports import ClaimedJob
from workflow.reminder_calendar import (
    Occasion,
    Reminding,
    evening,
    latest,
    of_make_up,
    of_window,
    quiet,
    waking,
    window_ends_on,
)
from workflow.reminder_choices import Choice, choices_of
from workflow.reminder_wording import Words, month_path, reminder
from workflow.still_owed import PREFIX, WORKERS, escalated, occasion_key

SWEEP = "month.remind"
BATCH = "month.remind_batch"
KIND = "remind"
"""Kind of the fan-out; its key is ``remind:2026-12-18``."""
AT_ONCE = 200
"""People a batch; on SQLite everybody waits for its end."""
PRIORITY = 5
"""Of a reminder's push: behind every answer that somebody waits for."""
LOOK_AGAIN = timedelta(seconds=20)
"""How soon a sweep comes again that found months to be opened or closed first."""
OVERLAP = timedelta(hours=1)
"""By so much two days' fan-outs overlap on months that were just opened: a month is told once, whoever looks."""
REMEMBERED = 60
"""Fan-outs that are looked through for the last one that ended well."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Span:
    """What a day's fan-out looks at. ``opened_since``: months opened from then on, besides those whose occasion is on
    this very day; None: every month, because the days before were not gone through."""

    today: date
    opened_since: datetime | None

    def owing(self, prefix: str = "") -> Q:
        """Months that are owed, and may have an occasion that was not told."""

        def where(**conditions: Any) -> Q:
            return Q(**{f"{prefix}{name}": value for name, value in conditions.items()})

        opened = where(state=FilingState.OPEN.value, submitted_at=None, closes_on__gte=self.today)
        if self.opened_since is not None:
            opened &= where(closes_on__in=window_ends_on(self.today)) | where(opened_at__gte=self.opened_since)
        return opened | where(state=FilingState.WARNED.value, make_up_until__gte=self.today)

    def people(self) -> Q:
        """Memberships of who is told of them."""
        return Q(left_at=None, role__in=[str(role) for role in WORKERS]) & self.owing("enterprise__filings__")


# --- the day's fan-out -----------------------------------------------------------------------------------------------


async def remind(ports: Ports, job: ClaimedJob) -> None:
    """Sweep: begin the day's fan-out, once, as soon as the quiet hours are over. Repeating it finds it begun."""
    now = ports.clock.now()
    if not quiet(now) and job.attempts < job.max_attempts and await _states_are_behind(now):
        await ports.queue.retry(job, now + LOOK_AGAIN, "months are to be opened or closed first")
        return
    async with transaction():
        if await ports.queue.finish(job) and not quiet(now):
            await begin_day(ports)
    ports.bell.ring("jobs")


async def begin_day(ports: Ports) -> FanOut:
    """Inside the caller's transaction: today's fan-out, with the job of its first batch."""
    now = ports.clock.now()
    today = shanghai_day(now)
    key = f"{KIND}:{today}"
    begun = await FanOut.get_or_none(key=key)
    if begun is not None:
        return begun
    span = _Span(today, await _opened_since(today))
    # One group, since nobody among them has left.
    counted = Staff.filter(span.people(), person_id__not_isnull=True).annotate(people=Count("person_id", distinct=True))
    counts: list[Any] = list(await counted.group_by("left_at").values_list("people", flat=True))
    since = None if span.opened_since is None else span.opened_since.isoformat()
    cursor: dict[str, Any] = {"batch": 0, "after": 0, "opened_since": since, "complete": False}
    # One that somebody left unfinished on an earlier day is over; its next batch finds that.
    await FanOut.filter(kind=KIND, ended_at=None).exclude(key=key).update(ended_at=now)
    fan_out, made = await fan_outs.begin(ports, key, KIND, sum(counts), cursor)
    if made:
        await _enqueue(ports, fan_out)
    return fan_out


async def remind_batch(ports: Ports, job: ClaimedJob) -> None:
    """The job: the next people of a fan-out are told, in one transaction with its progress and the job of the batch
    after it: killed at any moment, it goes on where it was. Repeating a batch finds the cursor moved."""
    async with transaction():
        if not await ports.queue.finish(job):
            return
        fan_out = await fan_outs.held(job.args["fan_out"])
        if fan_out is None or fan_out.cursor["batch"] != job.args["batch"]:
            return
        now = ports.clock.now()
        if quiet(now) or fan_out.key != f"{KIND}:{shanghai_day(now)}":
            # Its day is over: who was not told yet is found by the next one, and told what makes sense by then.
            await fan_outs.end(ports, fan_out)
            return
        await _next_batch(ports, fan_out, now)
    ports.bell.ring("jobs")


async def _next_batch(ports: Ports, fan_out: FanOut, now: datetime) -> None:
    cursor = fan_out.cursor
    since = cursor["opened_since"]
    span = _Span(shanghai_day(now), None if since is None else datetime.fromisoformat(since))
    following = Staff.filter(span.people(), person_id__gt=cursor["after"]).order_by("person_id").distinct()
    people: list[Any] = list(await following.limit(AT_ONCE).values_list("person_id", flat=True))
    if people:
        await _tell(ports, span, people)
    complete = len(people) < AT_ONCE
    after = people[-1] if people else cursor["after"]
    moved = {**cursor, "batch": cursor["batch"] + 1, "after": after, "complete": complete}
    await fan_outs.advance(fan_out, len(people), moved)
    if complete:
        await fan_outs.end(ports, fan_out)
    else:
        await _enqueue(ports, fan_out)


async def _enqueue(ports: Ports, fan_out: FanOut) -> None:
    batch = fan_out.cursor["batch"]
    await ports.queue.enqueue(
        BATCH,
        f"{fan_out.key}:{batch}",
        {"fan_out": fan_out.id, "batch": batch},
        due=ports.clock.now(),
        priority=PRIORITY,
        max_attempts=20,  # a worker that is killed costs one
    )


async def _states_are_behind(now: datetime) -> bool:
    """Whether months are still to be opened, or closed: who is reminded rests upon it."""
    return (
        await Certificate.exists(state__in=LIVE, month_opens_at__lte=now)
        or await MonthlyFiling.exists(state__in=(FilingState.OPEN, FilingState.WARNED), due_at__lte=now)
    )  # fmt: skip


async def _opened_since(today: date) -> datetime | None:
    """From when on opened months are news; None where the fan-out of the day before did not go through all."""
    for fan_out in await FanOut.filter(kind=KIND).order_by("-id").limit(REMEMBERED):
        if fan_out.cursor["complete"]:
            yesterday = shanghai_day(fan_out.started_at) >= today - timedelta(days=1)
            return fan_out.started_at - OVERLAP if yesterday else None
    return None


# --- telling the people of a batch -----------------------------------------------------------------------------------


async def _tell(ports: Ports, span: _Span, people: Sequence[int]) -> None:
    """Inside the batch's transaction. Where something is wrong with one person's months, the others are told."""
    try:
        async with transaction():
            await _tell_these(ports, span, people)
    except Exception:
        if len(people) == 1:
            _log.exception("nobody reminded", person=people[0])
            return
        _log.warning("reminding one by one", people=len(people), exc_info=True)
        for person in people:
            await _tell(ports, span, [person])


async def _tell_these(ports: Ports, span: _Span, people: Sequence[int]) -> None:
    now = ports.clock.now()
    members = await Staff.filter(person_id__in=people, left_at=None, role__in=[str(role) for role in WORKERS])
    firms = {member.enterprise_id for member in members}
    months = await _months(span, firms)
    told = await _told(people, [filing for filing, _ in months])
    owed: dict[int, list[tuple[MonthlyFiling, Reminding]]] = defaultdict(list)
    for filing, reminding in months:
        owed[filing.enterprise_id].append((filing, reminding))
    due = [
        (member, filing, reminding)
        for member in sorted(members, key=lambda member: (member.person_id or 0, member.id))
        for filing, reminding in owed[member.enterprise_id]
        # Who came after its day is reminded by the next one.
        if shanghai_day(member.created_at) <= reminding.day
        and (member.person_id, occasion_key(filing.id, reminding)) not in told
    ]
    if not due:
        return
    known = await _known(ports, [(filing, reminding) for _, filing, reminding in due])
    choices = await choices_of(people)
    tellings: list[Telling] = []
    for member, filing, reminding in due:
        assert member.person_id is not None
        choice = choices.get(member.person_id, Choice())
        said = known.words(span.today, member, filing, reminding)
        wanted = choice.wants(reminding.occasion) or escalated(reminding.occasion, member.role)
        tellings.append(
            Telling(
                filing.enterprise_id,
                occasion_key(filing.id, reminding),
                said.clause,
                said.title,
                said.body,
                month_path(filing),
                person_id=member.person_id,
                notice=said.notice,
                due=waking(now, choice.hour),
                worth_until=evening(now),
                unpushed="" if wanted else "not_chosen" if choice.on else "switched_off",
            )
        )
    await tell_many(ports, tellings, priority=PRIORITY)


async def _months(span: _Span, firms: Collection[int]) -> list[tuple[MonthlyFiling, Reminding]]:
    """Owed months of these firms that have an occasion, with the last one that has come; the most urgent first."""
    filings = MonthlyFiling.filter(span.owing(), enterprise_id__in=firms).order_by("closes_on", "id")
    found = []
    for filing in await filings.prefetch_related("enterprise", "certificate"):
        reminding = latest(_occasions(filing), span.today)
        if reminding is not None:
            found.append((filing, reminding))
    return found


def _occasions(filing: MonthlyFiling) -> tuple[Reminding, ...]:
    if filing.state == FilingState.OPEN:
        window = filing_window(Month.parse(filing.month), edition_of_month(filing.month))
        return of_window(window.opens, filing.closes_on)
    assert filing.make_up_until is not None
    warned = shanghai_day(filing.decided_at) if filing.decided_at else filing.closes_on + timedelta(days=1)
    return of_make_up(warned, filing.make_up_until, shipped_calendar())


async def _told(people: Sequence[int], filings: Sequence[MonthlyFiling]) -> set[tuple[int, str]]:
    """What these people were told of, by their entries rather than by the keys: two who turned out to be one person
    have the entries of both."""
    if not filings:
        return set()
    entries = InboxEntry.filter(
        person_id__in=people, key__startswith=PREFIX, created_at__gte=min(filing.opened_at for filing in filings)
    )
    return {(person, key.rpartition(":")[0]) for person, key in await entries.values_list("person_id", "key")}


@dataclass(frozen=True, slots=True)
class _Known:
    """What the words of a batch rest on: how each month stands, and who of its firm has handed nothing in."""

    judgements: dict[int, Judgement]
    idle: dict[int, list[str]]

    def words(self, today: date, member: Staff, filing: MonthlyFiling, reminding: Reminding) -> Words:
        """For one member; the owner is told, when a day is left, who has handed nothing in."""
        idle = self.idle.get(filing.id, []) if escalated(reminding.occasion, member.role) else []
        edition = edition_of_month(filing.month)
        return reminder(filing, reminding, today, self.judgements[filing.id], filing.certificate.grade, edition, idle)


async def _known(ports: Ports, due: Sequence[tuple[MonthlyFiling, Reminding]]) -> _Known:
    filings = {filing.id: filing for filing, _ in due}
    escalating = {filing.id: filing for filing, reminding in due if reminding.occasion is Occasion.T1}
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
    return _Known(await judged(ports, list(filings.values())), idle)
