"""What happens because its time has come: one table of it, and the sweep that carries it out.

A row that waits for a moment says so in its ``due_at`` (business time); whoever moves it on sets or clears that with
the state. The sweep finds what is due from the rows alone, so a tick that was missed, a node that was down or a clock
that was moved by months changes nothing but the hour.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from tortoise.expressions import Q
from tortoise.models import Model

from models import (
    Application,
    ApplicationState,
    Certificate,
    Objection,
    ObjectionState,
    Registration,
    RegistrationState,
)
from models.transactions import transaction
from standard.validity import LIVE
from workflow import certificates, overdue, publicity, verification
from workflow.context import Ports
from workflow.ports import ClaimedJob

SWEEP = "due.sweep"
AT_ONCE = 100
"""Rows that are looked up together."""
POSTPONED = timedelta(hours=1)
"""When a row is looked at again whose handler failed, or left it as due as it was."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Due:
    """Rows of ``table`` in one of ``states`` go to ``handler`` once their ``due_at`` has come.

    The handler runs in the row's own transaction, with the row locked: no network, no files, no pool in it.
    """

    table: type[Model]
    states: tuple[str, ...]
    handler: Callable[[Ports, Any], Awaitable[None]]


DUE = (
    Due(Registration, (RegistrationState.CHECKING,), overdue.registration),
    Due(Application, (ApplicationState.VERIFYING, ApplicationState.GRADING), overdue.application),
    Due(Application, (ApplicationState.SUPPLEMENT,), verification.lapse_supplement),
    Due(Application, (ApplicationState.PUBLICITY,), publicity.confirm),
    Due(Objection, (ObjectionState.OPEN,), overdue.objection),
    Due(Certificate, LIVE, certificates.end_term),
)
"""Everything that time alone brings about. What waits on the operator's desk is not here: the desk shows what is late,
and ``zhuisu_desk_overdue`` counts it."""


async def sweep(ports: Ports, job: ClaimedJob) -> None:
    """Carry out what is due. Any number of sweeps may run at once: each row is locked, and looked at anew, before its
    handler runs, so each moves once; repeating a sweep finds nothing."""
    for due in DUE:
        await carry_out(ports, due)
    async with transaction():
        await ports.queue.finish(job)
    ports.bell.ring("jobs")


async def carry_out(ports: Ports, due: Due) -> int:
    """One line of the table; how many rows were handed to its handler and moved on."""
    now, moved = ports.clock.now(), 0
    beyond = Q()
    while (
        batch := await due.table.filter(beyond, state__in=due.states, due_at__lte=now)
        .order_by("due_at", "id")
        .limit(AT_ONCE)
        .values_list("id", "due_at", "state")
    ):
        for row, due_at, state in batch:
            moved += await _one(ports, due, row, due_at, state)
        last, last_due, _ = batch[-1]
        beyond = Q(due_at__gt=last_due) | Q(due_at=last_due, id__gt=last)
    return moved


async def _one(ports: Ports, due: Due, row: int, due_at: datetime, state: str) -> bool:
    """True where the handler moved the row on. One that fails comes again in an hour and holds up no other."""
    as_it_was = due.table.filter(id=row, state=state, due_at=due_at)
    later = ports.clock.now() + POSTPONED
    try:
        async with transaction():
            # Whoever holds it carries it out; SQLite needs no lock, its transaction is alone.
            found = await as_it_was.select_for_update(skip_locked=True).first()
            if found is None:
                return False
            await due.handler(ports, found)
            left = await as_it_was.update(due_at=later)
    except Exception:
        _log.exception("due row failed", table=due.table._meta.db_table, row=row, state=state)
        await as_it_was.update(due_at=later)
        return False
    if left:
        _log.warning("due row left as it was", table=due.table._meta.db_table, row=row, state=state)
    return not left
