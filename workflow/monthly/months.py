"""The months of a certificate: opened in their turn, found by whom they concern, and the year they make (8.1, 9.2).

What becomes of a month once it is open is in :mod:`workflow.monthly.month_life`; what is filed for it, in
:mod:`workflow.monthly.month_filing`; what its certificate asks of it, in :mod:`workflow.certifying.certificate_months`.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import structlog

from config.message_templates import NoticeKind
from models import OWES, Certificate, Enterprise, FilingState, MonthlyFiling, StaffRole
from models.bulk import insert_new, update_each
from standard import life, windows
from standard.calendar import shanghai_day
from standard.facts import Excused, Monthly
from standard.months import Month, MonthState, filing_window, months_due, rates, towards_three
from standard.profile import Edition, edition_on
from standard.validity import LIVE, State
from standard.windows import Window
from workflow.access import Asker, member_of, not_found
from workflow.certifying.certificate_life import life_from_json
from workflow.certifying.certificate_months import SUBJECT, states_ever_in, turn_is_over
from workflow.context import Ports
from workflow.record import new_event, record_events
from workflow.telling.notices import Telling, tell_many

WORDS = {
    FilingState.OPEN: "提报中",
    FilingState.CONTINUED: "按时合规",
    FilingState.WARNED: "预警，待补报",
    FilingState.SUSPENDED: "逾期未补报，证书暂停",
    FilingState.MADE_UP: "补报合规",
    FilingState.MADE_UP_LATE: "逾期后补报合规",
    FilingState.CLOSED: "证书已失效，不再提报",
}
UPCOMING = "未到提报期"
"""Of a due month whose window has not opened yet."""
UNOPENED = "平台未开放提报，不计"
"""Of a due month that could not be filed here: its window was over before it was opened (R10)."""


_log = structlog.get_logger(__name__)


# --- opening ---------------------------------------------------------------------------------------------------------


async def open_month(ports: Ports, certificate: Certificate) -> None:
    """Due: the window of the certificate's next month has opened."""
    await open_months(ports, [certificate])


async def open_months(ports: Ports, certificates: Sequence[Certificate]) -> None:
    """Due: the windows of these certificates' next months have opened; inside the sweep's transaction, that holds them.

    A month is there once for its certificate; opening it again changes nothing. One whose window is over already is
    passed over: the event log says so, and the firm is told.
    """
    now = ports.clock.now()
    opened: dict[str, MonthlyFiling] = {}
    turned: list[tuple[int, datetime | None]] = []
    passed_over: dict[int, list[Month]] = {}
    for certificate in certificates:
        left = _months_left(certificate, now)
        if over := _passed_over(certificate, left, now):
            passed_over[certificate.id] = over
        if left and left[0][1].opens <= now:
            month, window = left.pop(0)
            ref = secrets.token_urlsafe(9)
            opened[ref] = MonthlyFiling(
                ref=ref,
                certificate_id=certificate.id,
                enterprise_id=certificate.enterprise_id,
                month=str(month),
                closes_on=window.deadline.last_day,
                state=FilingState.OPEN,
                opened_at=now,
                due_at=window.deadline.ends,
            )
        turned.append((certificate.id, left[0][1].opens if left else None))
    made = await insert_new(MonthlyFiling, list(opened.values()), "ref")
    await update_each(Certificate, ("id",), ("month_opens_at",), turned)
    await record_events(
        [
            new_event(
                ports,
                "month:open",
                SUBJECT,
                filing_id,
                actor="system",
                clause="8.1(2)",
                after={
                    "state": FilingState.OPEN,
                    "month": opened[ref].month,
                    "closes_on": opened[ref].closes_on.isoformat(),
                },
            )
            for ref, filing_id in made.items()
        ]
    )
    await _pass_over(ports, [one for one in certificates if one.id in passed_over], passed_over)


def _passed_over(certificate: Certificate, left: Sequence[tuple[Month, Window]], now: datetime) -> list[Month]:
    """The months that were waited for and are not ``left``: none could be filed."""
    edition = edition_on(shanghai_day(now))
    return [
        month
        for month in months_due(certificate.issued_on, certificate.last_day, edition)
        if not turn_is_over(certificate, month, edition) and month not in {one for one, _ in left}
    ]


async def _pass_over(ports: Ports, certificates: Sequence[Certificate], over: Mapping[int, Sequence[Month]]) -> None:
    """Nobody could file ``over`` of each certificate's months: it is on record, and the firm is told that nothing of
    them is owed or counted (R10)."""
    if not certificates:
        return
    firms = await Enterprise.in_bulk({one.enterprise_id for one in certificates})
    events, tellings = [], []
    for certificate in certificates:
        months = over[certificate.id]
        _log.warning("months passed over", certificate=certificate.number, months=[str(month) for month in months])
        events.append(
            new_event(
                ports,
                "certificate:months_unopened",
                "certificate",
                certificate.id,
                actor="system",
                clause="8.1(2)",
                after={"months": [str(month) for month in months], "reason": UNOPENED},
            )
        )
        tellings.append(_unopened_told(certificate, firms[certificate.enterprise_id], months))
    await record_events(events)
    await tell_many(ports, tellings)


def _unopened_told(certificate: Certificate, firm: Enterprise, months: Sequence[Month]) -> Telling:
    named = months[0].words if len(months) == 1 else f"{months[0].words}至 {months[-1].words}"
    title = "提报期未开放，不计"
    return Telling(
        firm.id,
        f"certificate:{certificate.id}:months_unopened:{months[-1]}",
        "8.1(2)",
        f"{title}（8.1(2)）",
        f"{named}的整个提报期，平台都没有开放，无从提报：不算企业未报，不计入比率，不用补报（8.1(2)，R10）。",
        f"/my/firms/{firm.uscc}/months",
        notice={
            "kind": NoticeKind.RESULT,
            "title": title,
            "number": certificate.number,
            "firm": firm.name,
            "deadline": "",
            "state": State(certificate.state).words,
            "advice": "不用补报",
        },
    )


def _months_left(certificate: Certificate, now: datetime) -> list[tuple[Month, Window]]:
    """The months that are still to open, with their windows, the earliest first.

    They begin with the first whose window is not over: nobody could file for those before, whether the certificate is
    older than the filing here or no sweep ran in the whole of their windows. No firm is blamed for them (R10).
    """
    assert certificate.month_opens_at is not None
    edition = edition_on(shanghai_day(now))
    due = [
        (month, windows.filing_window(edition, month))
        for month in months_due(certificate.issued_on, certificate.last_day, edition)
    ]
    return [(month, window) for month, window in due if not window.deadline.over(now)]


# --- finding ---------------------------------------------------------------------------------------------------------


async def filing_of(asker: Asker, ref: str, least: StaffRole = StaffRole.VIEWER) -> MonthlyFiling:
    """The month with that reference, with ``enterprise`` and ``certificate``; for members of its firm."""
    filing = await MonthlyFiling.get_or_none(ref=ref).prefetch_related("enterprise", "certificate")
    if filing is None:
        raise not_found()
    await member_of(asker, filing.enterprise_id, least)
    return filing


async def owed(enterprise_id: int) -> list[MonthlyFiling]:
    """Months for which something is still owed, the oldest first; with ``certificate``."""
    return (
        await MonthlyFiling.filter(
            enterprise_id=enterprise_id, state__in=OWES, certificate__state__in=[str(state) for state in LIVE]
        )
        .order_by("month", "id")
        .prefetch_related("certificate")
    )


async def settled(enterprise_id: int, number: int) -> MonthlyFiling | None:
    """The firm's latest month of that number (12: December) for which nothing is owed any more."""
    ended = MonthlyFiling.filter(enterprise_id=enterprise_id, month__endswith=f"-{number:02d}")
    return await ended.exclude(state__in=OWES).order_by("-month", "-id").first()


async def filing_due(enterprise_id: int) -> MonthlyFiling | None:
    """The month to file for now: the one whose time is over first; None where nothing is owed.

    A month whose window is open and one whose days to make it up are running are told apart by their deadlines. What is
    suspended has none left: it comes after them, the oldest first.
    """
    return min(
        await owed(enterprise_id),
        key=lambda filing: (filing.due_at is None, filing.due_at or filing.opened_at, filing.month),
        default=None,
    )


# --- the year --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class YearMonth:
    """One due month of a term. ``filing`` is None and ``state`` with it, where its window has not opened yet, or
    (``unopened``) was over before it did.

    ``timely`` and ``compliant`` are None while the month has no result. One made up in time is compliant, and not
    timely; one filed in time that failed for good is timely, and not compliant (R2, R38). ``counts``: it is one of the
    non-compliant months that 9.2(2) counts (R7).
    """

    month: Month
    opens: date
    closes: date
    words: str
    filing: MonthlyFiling | None = None
    state: FilingState | None = None
    timely: bool | None = None
    compliant: bool | None = None
    counts: bool = False
    unopened: bool = False


@dataclass(frozen=True, slots=True)
class Year:
    """The months of a certificate's term, and what they come to.

    ``rates`` are those of R2, over the months that have a result; ``towards_three`` of ``three`` non-compliant months
    count since the last third one (R7, R8). ``on_time``, ``late`` and ``missed`` count months by how they came out.
    """

    certificate: Certificate
    months: tuple[YearMonth, ...]
    rates: Monthly | Excused
    towards_three: int
    three: int
    on_time: int
    late: int
    missed: int


_ON_TIME, _LATE = (MonthState.ON_TIME,), (MonthState.MADE_UP,)
_MISSED = (MonthState.MISSED, MonthState.ON_TIME_FAILED)


async def year_of(ports: Ports, asker: Asker, enterprise_id: int) -> Year:
    """The year of the firm's living certificate, else of its newest one; for members of the firm."""
    await member_of(asker, enterprise_id)
    certificates = await Certificate.filter(enterprise_id=enterprise_id).order_by("-id")
    if not certificates:
        raise not_found()
    row = next((one for one in certificates if one.state in LIVE), certificates[0])
    edition = edition_on(shanghai_day(ports.clock.now()))
    lives = {one.number: life_from_json(one.life) for one in certificates}
    now = lives[row.number]
    filings = {filing.month: filing for filing in await MonthlyFiling.filter(certificate_id=row.id)}
    records = {record.month: record for record in now.months}
    due = months_due(row.issued_on, row.last_day, edition)
    states = [record.state for record in now.months]
    return Year(
        certificate=row,
        months=tuple(_month_of_year(row, month, filings.get(str(month)), records.get(month), edition) for month in due),
        rates=rates(states_ever_in(now, lives), edition),
        towards_three=towards_three(states, edition),
        three=edition.whole("life.three_months_count"),
        on_time=sum(state in _ON_TIME for state in states),
        late=sum(state in _LATE for state in states),
        missed=sum(state in _MISSED for state in states),
    )


def _month_of_year(
    certificate: Certificate,
    month: Month,
    filing: MonthlyFiling | None,
    record: life.MonthRecord | None,
    edition: Edition,
) -> YearMonth:
    window = filing_window(month, edition)
    ended = record is not None and record.state.result is not None
    unopened = filing is None and turn_is_over(certificate, month, edition)
    return YearMonth(
        month=month,
        opens=window.opens,
        closes=window.closes,
        words=WORDS[FilingState(filing.state)] if filing is not None else UNOPENED if unopened else UPCOMING,
        filing=filing,
        state=None if filing is None else FilingState(filing.state),
        timely=record.state in (*_ON_TIME, MonthState.ON_TIME_FAILED) if record is not None and ended else None,
        compliant=record.state in (*_ON_TIME, *_LATE) if record is not None and ended else None,
        counts=record is not None and record.state.non_compliant,
        unopened=unopened,
    )
