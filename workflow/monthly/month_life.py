"""How a month comes out: continued, warned of, made up, or not (8.1(3), 9.2; R6, R7, R10, R38).

A month is decided by what the firm submits, or by its files as they stand when its time is over. Files that reached us
in time hold the decision until they are judged: nobody loses by our queue. The month, the certificate and all that
follows change in one transaction; at a month's end, hundreds of firms together.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import structlog

from models import Certificate, Event, FiledCode, FilingState, MonthlyFiling
from standard import life
from standard.calendar import Deadline, shanghai_day, shipped_calendar
from standard.life import Step
from standard.months import Month
from standard.outcome import Finding
from standard.profile import edition_on
from standard.validity import LIVE
from standard.windows import make_up_deadline
from workflow.certifying.certificate_effects import RENDERED_IN_TIME, Manner
from workflow.certifying.certificate_months import LOOK_AGAIN, SUBJECT, close_these
from workflow.certifying.certificates import apply_to_held, held
from workflow.context import Ports
from workflow.monthly.month_judging import Judgement, Standing, judged
from workflow.problems import Kind, Refused
from workflow.record import new_event, record_events
from workflow.transitions import Move, move_many

_VERBS = {
    FilingState.CONTINUED: "month:continue",
    FilingState.WARNED: "month:warn",
    FilingState.SUSPENDED: "month:suspend",
    FilingState.MADE_UP: "month:make_up",
    FilingState.MADE_UP_LATE: "month:make_up_late",
}

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Decision:
    """What a month comes to: the event of its certificate, and where the month goes with it."""

    filing: MonthlyFiling
    judgement: Judgement
    event: life.Event
    to: FilingState
    make_up: Deadline | None = None


_Decide = Callable[[MonthlyFiling, Judgement, date], _Decision | None]
"""By the last day of the certificate; None where the certificate's term is over and nothing can come of the month."""


# --- when its time is over -------------------------------------------------------------------------------------------


async def close_window(ports: Ports, filing: MonthlyFiling) -> None:
    """Due: the window of a month is over; a draft is judged as it stands."""
    await close_windows(ports, [filing])


async def close_windows(ports: Ports, filings: Sequence[MonthlyFiling]) -> None:
    """The same for many, inside the sweep's transaction, that holds them."""
    today = shanghai_day(ports.clock.now())
    make_up = make_up_deadline(edition_on(today), shipped_calendar(), today)

    def decision(filing: MonthlyFiling, judgement: Judgement, last_day: date) -> _Decision | None:
        month = Month.parse(filing.month)
        match judgement:
            case Judgement(outcome=Standing.PASSING, filed_at=datetime() as filed_at):
                # Filed within the term: it counts for it, also where the term ends with the window.
                on = min(today, last_day)
                passed = life.ContinueMonth(on=on, month=month, filed_on=shanghai_day(filed_at))
                return _Decision(filing, judgement, passed, FilingState.CONTINUED)
            case _ if today > last_day:
                return None
            case Judgement(outcome=Standing.FAILING):
                failed = life.FailMonth(on=today, month=month, make_up_until=make_up.last_day)
                return _Decision(filing, judgement, failed, FilingState.WARNED, make_up)
        missed = life.MissMonth(on=today, month=month, make_up_until=make_up.last_day)
        return _Decision(filing, judgement, missed, FilingState.WARNED, make_up)

    await _end(ports, filings, decision)


async def end_make_up(ports: Ports, filing: MonthlyFiling) -> None:
    """Due: the days to make a month up are over; what is there and passes is taken as submitted."""
    await end_make_ups(ports, [filing])


async def end_make_ups(ports: Ports, filings: Sequence[MonthlyFiling]) -> None:
    """The same for many, inside the sweep's transaction, that holds them."""
    today = shanghai_day(ports.clock.now())

    def decision(filing: MonthlyFiling, judgement: Judgement, last_day: date) -> _Decision | None:
        month = Month.parse(filing.month)
        if judgement.outcome is Standing.PASSING and judgement.filed_at is not None:
            return _made_up(filing, judgement, judgement.filed_at, min(today, last_day))
        if today > last_day:
            return None
        return _Decision(filing, judgement, life.MakeUpMissed(on=today, month=month), FilingState.SUSPENDED)

    await _end(ports, filings, decision)


def _made_up(filing: MonthlyFiling, judgement: Judgement, filed_at: datetime, on: date) -> _Decision:
    filed_on = shanghai_day(filed_at)
    in_time = filing.make_up_until is not None and filed_on <= filing.make_up_until
    to = FilingState.MADE_UP if in_time else FilingState.MADE_UP_LATE
    event = life.MakeUpPassed(on=on, month=Month.parse(filing.month), filed_on=filed_on)
    return _Decision(filing, judgement, event, to)


async def _end(ports: Ports, filings: Sequence[MonthlyFiling], decision: _Decide) -> None:
    """Decide what can be decided; what waits for a judgement comes again, what outlived its certificate is closed.

    Of one certificate the earlier month first: the next is judged by what was filed with it (R9), and waits with it.
    """
    now = ports.clock.now()
    certificates = await held({one.certificate_id for one in filings})
    manner = Manner("system", RENDERED_IN_TIME)
    waiting: dict[int, list[int]] = {}
    for months in _one_of_each(filings):
        judgements = await judged(ports, months)
        decisions, over = [], []
        for filing in months:
            row, judgement = certificates[filing.certificate_id], judgements[filing.id]
            if judgement.outcome is Standing.WAITING or row.id in waiting:
                waiting.setdefault(row.id, []).append(filing.id)
                continue
            made = decision(filing, judgement, row.last_day) if row.state in LIVE else None
            if made is None:
                over.append(filing)
            else:
                decisions.append(made)
        await close_these(ports, over, actor=manner.actor)
        answers = await _carry_out(ports, decisions, certificates, manner)
        for made, answer in zip(decisions, answers, strict=True):
            if isinstance(answer, Finding):
                _log.warning("month not decided", filing=made.filing.id, reason=answer.reason)
    if waiting:
        late = [filing_id for ids in waiting.values() for filing_id in ids]
        await MonthlyFiling.filter(id__in=late).update(due_at=now + LOOK_AGAIN)


def _one_of_each(filings: Sequence[MonthlyFiling]) -> Iterator[list[MonthlyFiling]]:
    """The earlier months first, each certificate once at a time: the next month starts from what became of the last."""
    left = sorted(filings, key=lambda filing: (filing.month, filing.id))
    while left:
        firsts: dict[int, MonthlyFiling] = {}
        for filing in left:
            firsts.setdefault(filing.certificate_id, filing)
        yield list(firsts.values())
        taken = {filing.id for filing in firsts.values()}
        left = [filing for filing in left if filing.id not in taken]


# --- when the firm submits -------------------------------------------------------------------------------------------


async def decide(
    ports: Ports,
    filing: MonthlyFiling,
    judgement: Judgement,
    at: datetime,
    *,
    actor: str = "system",
    seen_by: int | None = None,
) -> Step:
    """Inside the caller's transaction: a month that was submitted at ``at`` and passes is continued, or made up; the
    person ``seen_by`` is answered with that, and needs no push.

    :class:`Refused` where the certificate does not take it any more, or where somebody else was quicker.
    """
    if judgement.outcome is not Standing.PASSING or judgement.filed_at is None:
        raise ValueError("only what passes is decided before its time is over")
    today = shanghai_day(at)
    if filing.state == FilingState.OPEN:
        filed_on = shanghai_day(judgement.filed_at)
        event = life.ContinueMonth(on=today, month=Month.parse(filing.month), filed_on=filed_on)
        made = _Decision(filing, judgement, event, FilingState.CONTINUED)
    else:
        made = _made_up(filing, judgement, judgement.filed_at, today)
    certificates = await held({filing.certificate_id})
    (answer,) = await _carry_out(ports, [made], certificates, Manner(actor, seen_by=seen_by))
    if isinstance(answer, Finding):
        raise Refused(Kind.CONFLICT, "month_not_decided", answer.reason, clause=answer.clause, rows=answer.rows)
    return answer


async def _carry_out(
    ports: Ports, decisions: Sequence[_Decision], certificates: Mapping[int, Certificate], manner: Manner
) -> list[Step | Finding]:
    """The events of the certificates with all that follows, then the months; a finding leaves its month as it was."""
    changes = [(certificates[made.filing.certificate_id], made.event) for made in decisions]
    answers = await apply_to_held(ports, changes, manner)
    now = ports.clock.now()
    moves: list[Move] = []
    events: list[Event] = []
    codes: list[FiledCode] = []
    for made, answer in zip(decisions, answers, strict=True):
        filing, judgement = made.filing, made.judgement
        if isinstance(answer, Finding) or answer.certificate.state not in LIVE:
            continue  # where it has ended, its months were closed with it
        if judgement.outcome is Standing.PASSING:
            codes += [
                FiledCode(
                    enterprise_id=filing.enterprise_id,
                    code=one.code,
                    filing_id=filing.id,
                    product_id=one.product_id,
                    batch=one.batch,
                )
                for one in judgement.codes
            ]
        events.append(
            new_event(
                ports,
                _VERBS[made.to],
                SUBJECT,
                filing.id,
                actor=manner.actor,
                clause=answer.clause,
                before={"state": filing.state},
                after={"state": made.to, "month": filing.month, "certificate": answer.certificate.number},
            )
        )
        submitted = judgement.filed_at if judgement.outcome is Standing.PASSING else None
        values = {
            "submitted_at": filing.submitted_at or submitted,
            "decided_at": now,
            "make_up_until": made.make_up.last_day if made.make_up else filing.make_up_until,
            "verdict": judgement.verdict,
        }
        moves.append(Move(filing, made.to, made.make_up.ends if made.make_up else None, values))
    await move_many(moves)
    await record_events(events)
    if codes:
        await FiledCode.bulk_create(codes)
    return answers
