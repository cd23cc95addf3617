"""What happens because its time has come: one table of it, and the sweep that carries it out.

A row that waits for a moment says so in its ``due_at``, or another column (business time); whoever moves it on sets or
clears that with the state. The sweep finds what is due from the rows alone, so a tick that was missed, a node that was
down or a clock that was moved by months changes nothing but the hour.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from tortoise.models import Model

from models import (
    Adoption,
    AdoptionState,
    Application,
    ApplicationState,
    Certificate,
    FilingState,
    MonthlyFiling,
    Objection,
    ObjectionState,
    Registration,
    RegistrationState,
)
from models.transactions import transaction
from standard.validity import LIVE
from workflow import overdue
from workflow.applying import publicity, verification
from workflow.certifying import certificates
from workflow.context import Ports
from workflow.credit import adoption_judging
from workflow.monthly import month_life, months
from workflow.ports import ClaimedJob

SWEEP = "due.sweep"
AT_ONCE = 100
"""Rows that are looked up together."""
TOGETHER = 250
"""Rows that one transaction moves where a line of the table does so."""
POSTPONED = timedelta(hours=1)
"""When a row is looked at again whose handler failed, or left it as due as it was."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Due:
    """Rows of ``table`` in one of ``states`` go to ``handler`` once the moment in their ``column`` has come.

    The handler runs in the row's own transaction, with the row locked: no network, no files, no pool in it. Where many
    rows fall due at one moment, ``together`` does the same for a batch of them in one transaction; rows of a batch that
    fails go to ``handler`` one by one.
    """

    table: type[Model]
    states: tuple[str, ...]
    handler: Callable[[Ports, Any], Awaitable[None]]
    column: str = "due_at"
    together: Callable[[Ports, list[Any]], Awaitable[None]] | None = None


_Found = tuple[int, datetime, str]
"""A row as it was found: id, the moment in its column, state."""


DUE = (
    Due(Registration, (RegistrationState.CHECKING,), overdue.registration),
    Due(Application, (ApplicationState.VERIFYING, ApplicationState.GRADING), overdue.application),
    Due(Application, (ApplicationState.SUPPLEMENT,), verification.lapse_supplement),
    Due(Application, (ApplicationState.PUBLICITY,), publicity.confirm),
    Due(Objection, (ObjectionState.OPEN,), overdue.objection),
    Due(Adoption, (AdoptionState.CHECKING,), overdue.adoption),
    Due(Adoption, (AdoptionState.WAITING,), adoption_judging.lapse),
    Due(Certificate, LIVE, months.open_month, "month_opens_at", months.open_months),
    Due(MonthlyFiling, (FilingState.OPEN,), month_life.close_window, together=month_life.close_windows),
    Due(MonthlyFiling, (FilingState.WARNED,), month_life.end_make_up, together=month_life.end_make_ups),
    Due(Certificate, LIVE, certificates.end_term),
)
"""Everything that time alone brings about, in this order: a term ends after its last month. What waits on the
operator's desk is not here: the desk shows what is late, and ``zhuisu_desk_overdue`` counts it."""


_under_way: set[Due] = set()
"""Lines that a sweep of this process is carrying out together: a month's end outlasts many ticks."""


async def sweep(ports: Ports, job: ClaimedJob) -> None:
    """Carry out what is due. Any number of sweeps may run at once: each row is locked, and looked at anew, before its
    handler runs, so each moves once; repeating a sweep finds nothing."""
    for due in DUE:
        if due.together is None:
            await carry_out(ports, due)
        elif due not in _under_way:
            # Else the ticks of one long night would take every place of the worker.
            _under_way.add(due)
            try:
                await carry_out(ports, due)
            finally:
                _under_way.discard(due)
    async with transaction():
        await ports.queue.finish(job)
    ports.bell.ring("jobs")


async def carry_out(ports: Ports, due: Due) -> int:
    """One line of the table; how many rows were handed to its handler and moved on."""
    now, moved = ports.clock.now(), 0
    batch = await _beyond(due, now, None)
    while batch:
        moved += await _batch(ports, due, batch)
        batch = await _beyond(due, now, batch[-1])
    return moved


async def _beyond(due: Due, now: datetime, last: _Found | None) -> list[_Found]:
    """The next rows that are due, in the order of their moments and ids.

    Two questions, each answered by walking an index from where the last one ended: asked as one, with OR, a hundred
    thousand rows of one moment would be read again for every batch.
    """
    waiting = due.table.filter(state__in=due.states).limit(AT_ONCE if due.together is None else TOGETHER)
    found: list[_Found] = []
    if last is not None:
        row, moment, _ = last
        at_once = waiting.filter(**{due.column: moment, "id__gt": row}).order_by("id")
        found = await at_once.values_list("id", due.column, "state")
        waiting = waiting.filter(**{f"{due.column}__gt": moment})
    if not found:
        later = waiting.filter(**{f"{due.column}__lte": now}).order_by(due.column, "id")
        found = await later.values_list("id", due.column, "state")
    return found


async def _batch(ports: Ports, due: Due, batch: list[_Found]) -> int:
    """How many of them moved on."""
    if due.together is not None and len(batch) > 1:
        try:
            return await _together(ports, due, due.together, batch)
        except Exception:
            _log.exception("due rows failed together", table=due.table._meta.db_table, rows=len(batch))
    return sum([await _one(ports, due, *found) for found in batch])


async def _together(
    ports: Ports, due: Due, together: Callable[[Ports, list[Any]], Awaitable[None]], batch: list[_Found]
) -> int:
    """One transaction for all that nobody else holds or has moved."""
    as_found = {row: (moment, state) for row, moment, state in batch}
    async with transaction():
        there: list[Any] = await (
            due.table.filter(id__in=list(as_found)).order_by("id").select_for_update(skip_locked=True)
        )
        rows = [row for row in there if (getattr(row, due.column), row.state) == as_found[row.id]]
        if not rows:
            return 0
        await together(ports, rows)
        now_as = due.table.filter(id__in=[row.id for row in rows]).values_list("id", due.column, "state")
        left = [row for row, moment, state in await now_as if (moment, state) == as_found[row]]
        if left:
            await due.table.filter(id__in=left).update(**{due.column: ports.clock.now() + POSTPONED})
            _log.warning("due rows left as they were", table=due.table._meta.db_table, rows=left)
    return len(rows) - len(left)


async def _one(ports: Ports, due: Due, row: int, moment: datetime, state: str) -> bool:
    """True where the handler moved the row on. One that fails comes again in an hour and holds up no other."""
    as_it_was = due.table.filter(id=row, state=state, **{due.column: moment})
    later = {due.column: ports.clock.now() + POSTPONED}
    try:
        async with transaction():
            # Whoever holds it carries it out; SQLite needs no lock, its transaction is alone.
            found = await as_it_was.select_for_update(skip_locked=True).first()
            if found is None:
                return False
            await due.handler(ports, found)
            left = await as_it_was.update(**later)
    except Exception:
        _log.exception("due row failed", table=due.table._meta.db_table, row=row, state=state)
        await as_it_was.update(**later)
        return False
    if left:
        _log.warning("due row left as it was", table=due.table._meta.db_table, row=row, state=state)
    return not left
