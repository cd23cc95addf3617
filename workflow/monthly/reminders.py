"""Reminding firms of the months they owe (8.1(2), 8.1(3)): who, on which day, once, and only while they owe.

Each morning one fan-out begins. It goes through the people in the order of their ids, so that a person with several
firms is told once, and tells each of them the last occasion of each month that has come and that they were not told
yet: after days without a sweep that is one reminder, not seven. The inbox entry comes with the batch; the push waits
for the person's hour, and is looked at once more before it goes (:mod:`workflow.telling.still_owed`).

What is missed is told by the change of state itself (:mod:`workflow.monthly.month_life`).
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from tortoise.expressions import Q
from tortoise.functions import Count

from models import (
    Certificate,
    FanOut,
    FilingState,
    Job,
    MonthlyFiling,
    Staff,
)
from models.transactions import transaction
from standard.calendar import shanghai_day
from standard.validity import LIVE
from workflow import fan_outs
from workflow.context import Ports
from workflow.monthly.reminder_tellings import PRIORITY, tell, tell_together
from workflow.ports import ClaimedJob, NewJob
from workflow.telling.reminder_calendar import (
    quiet,
    window_ends_on,
)
from workflow.telling.still_owed import WORKERS

log = logging.getLogger(__name__)

SWEEP = "month.remind"
BATCH = "month.remind_batch"
ONE = "month.remind_one"
KIND = "remind"
"""Kind of the fan-out; its key is ``remind:2026-12-18``."""
AT_ONCE = 200
"""Members that are read together, and their people told in one batch; on SQLite everybody waits for its end."""
MOST_PAGES = 50
"""Pages that a batch turns over while nobody on them owes anything."""
LOOK_AGAIN = timedelta(seconds=20)
"""How soon a sweep comes again that found months to be opened or closed first: in a minute hundreds are."""
TRIES = 20
"""Of a batch, and of a person alone: more than an hour, and a worker that is killed costs one."""
OVERLAP = timedelta(hours=1)
"""By so much two days' fan-outs overlap on months that were just opened: a month is told once, whoever looks."""
REMEMBERED = 60
"""Fan-outs that are looked through for the last one that ended well."""


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
    """Sweep: begin the day's fan-out, once, as soon as the quiet hours are over, and see that it goes on. Repeating it
    finds it begun.

    It waits as long as months are being opened or closed, however many they are; what stands still for as many looks as
    the job has tries holds up nobody.
    """
    now = ports.clock.now()
    if not quiet(now) and (behind := await _behind(now)):
        if behind < job.args.get("behind", behind + 1):
            await ports.queue.postpone(job, now + LOOK_AGAIN, {"behind": behind})
            return
        if job.attempts < job.max_attempts:
            await ports.queue.retry(job, now + LOOK_AGAIN, "months are to be opened or closed first")
            return
    async with transaction():
        if await ports.queue.finish(job) and not quiet(now):
            await _past_buried(ports, await begin_day(ports, now), now)
    ports.bell.ring("jobs")


async def begin_day(ports: Ports, now: datetime) -> FanOut:
    """Inside the caller's transaction: the fan-out of the day of ``now``, with the job of its first batch.

    ``now`` is the moment the caller found outside the quiet hours, not a later one: where the clock has gone on into
    the night meanwhile, the next day would be begun there, and be over before its morning.
    """
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
        if _is_over(fan_out, now):
            await fan_outs.end(ports, fan_out)
            return
        await _next_batch(ports, fan_out, now)
    ports.bell.ring("jobs")


async def _past_buried(ports: Ports, fan_out: FanOut, now: datetime) -> None:
    """Inside the caller's transaction: where the job of the batch that comes next was buried, its people are each told
    by a job of their own, and the fan-out goes on with those behind them."""
    key = _batch_key(fan_out)
    buried = await Job.get_or_none(key=key, dead_at__not_isnull=True) if fan_out.ended_at is None else None
    held = await fan_outs.held(fan_out.id) if buried is not None else None
    if buried is not None and held is not None and _batch_key(held) == key:
        log.error("a batch of reminders was buried, each of it is told alone: %s: %s", key, buried.last_error)
        await _next_batch(ports, held, now, buried=buried.last_error or "its batch was buried")


async def _next_batch(ports: Ports, fan_out: FanOut, now: datetime, *, buried: str = "") -> None:
    """``buried``: why these people cannot be told together."""
    cursor = fan_out.cursor
    span = _span_of(fan_out, now)
    people, after, complete = await _following(span, cursor["after"])
    untold = dict.fromkeys(people, buried) if buried else await tell(ports, people, span.owing()) if people else {}
    await _set_aside(ports, fan_out, untold)
    moved = {**cursor, "batch": cursor["batch"] + 1, "after": after, "complete": complete}
    await fan_outs.advance(fan_out, len(people), moved)
    if complete:
        await fan_outs.end(ports, fan_out)
    else:
        await _enqueue(ports, fan_out)


async def _following(span: _Span, after: int) -> tuple[list[int], int, bool]:
    """People beyond ``after`` with a month that is owed, in the order of their ids; where to go on, and whether that is
    the end.

    Pages of members are read, and the months of their firms, each by its index: whatever the database believes of a
    table that was filled a minute ago, it costs the same.
    """
    members = Staff.filter(left_at=None, role__in=[str(role) for role in WORKERS])
    for _ in range(MOST_PAGES):
        page: list[Any] = list(
            await members.filter(person_id__gt=after)
            .order_by("person_id", "id")
            .limit(AT_ONCE)
            .values_list("person_id", "enterprise_id")
        )
        full, first = len(page) == AT_ONCE, page[0][0] if page else after
        last = page[-1][0] if page else after
        if full and first != last:
            # Of the last one there may be more on the next page.
            page = [(person, firm) for person, firm in page if person != last]
            last = page[-1][0]
        owing = MonthlyFiling.filter(span.owing(), enterprise_id__in={firm for _, firm in page})
        firms = set(await owing.values_list("enterprise_id", flat=True)) if page else set()
        people = list(dict.fromkeys(person for person, firm in page if firm in firms))
        if people or not full:
            return people, last, not full
        after = last
    return [], after, False


async def _enqueue(ports: Ports, fan_out: FanOut) -> None:
    await ports.queue.enqueue(
        BATCH,
        _batch_key(fan_out),
        {"fan_out": fan_out.id, "batch": fan_out.cursor["batch"]},
        due=ports.clock.now(),
        priority=PRIORITY,
        max_attempts=TRIES,
    )


def _batch_key(fan_out: FanOut) -> str:
    """Of the job of the batch that comes next."""
    return f"{fan_out.key}:{fan_out.cursor['batch']}"


# --- who could not be told with the others ---------------------------------------------------------------------------


async def _set_aside(ports: Ports, fan_out: FanOut, untold: Mapping[int, str]) -> None:
    """The fan-out goes on without these people, each of whom a job of their own tells: what failed may pass."""
    now = ports.clock.now()
    jobs = [
        NewJob(
            ONE,
            f"{fan_out.key}:person:{person}",
            {"fan_out": fan_out.id, "person": person, "why": why},
            now,
            PRIORITY,
            TRIES,
        )
        for person, why in untold.items()
    ]
    await ports.queue.enqueue_many(jobs)


async def remind_one(ports: Ports, job: ClaimedJob) -> None:
    """The job: a person whom a batch could not tell is told, in one transaction with its end. What fails is tried
    again, and buried with its reason in the end; so is what its day is over for: the next occasion tells them.
    Repeating it finds them told."""
    fan_out = await FanOut.get(id=job.args["fan_out"])
    now = ports.clock.now()
    if _is_over(fan_out, now):
        await ports.queue.bury(job, f"not reminded on its day: {job.args['why']}")
        return
    async with transaction():
        if await ports.queue.finish(job):
            await tell_together(ports, [job.args["person"]], _span_of(fan_out, now).owing())
    ports.bell.ring("jobs")


# --- what a day's fan-out rests on -----------------------------------------------------------------------------------


def _is_over(fan_out: FanOut, now: datetime) -> bool:
    """Whether nobody is told by it any more: the next one finds who was not, and tells them what makes sense then."""
    return quiet(now) or fan_out.key != f"{KIND}:{shanghai_day(now)}"


def _span_of(fan_out: FanOut, now: datetime) -> _Span:
    since = fan_out.cursor["opened_since"]
    return _Span(shanghai_day(now), None if since is None else datetime.fromisoformat(since))


async def _behind(now: datetime) -> int:
    """How many months are still to be opened, or closed: who is reminded rests upon it."""
    return (
        await Certificate.filter(state__in=LIVE, month_opens_at__lte=now).count()
        + await MonthlyFiling.filter(state__in=(FilingState.OPEN, FilingState.WARNED), due_at__lte=now).count()
    )  # fmt: skip


async def _opened_since(today: date) -> datetime | None:
    """From when on opened months are news; None where the fan-out of the day before did not go through all."""
    for fan_out in await FanOut.filter(kind=KIND).order_by("-id").limit(REMEMBERED):
        if fan_out.cursor["complete"]:
            yesterday = shanghai_day(fan_out.started_at) >= today - timedelta(days=1)
            return fan_out.started_at - OVERLAP if yesterday else None
    return None
