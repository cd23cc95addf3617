"""What was promised by a day and is not there: the operator is alarmed, once for each promise (R35).

The alarm ends the deadline on the row, since nothing more happens by itself; the desk item keeps it.
"""

from models import Application, ApplicationState, Objection, Publication, Registration
from workflow.context import Ports
from workflow.desk import put_on_desk
from workflow.record import record_event

OVERDUE = "overdue"
"""Kind of the desk item."""

_APPLICATION = {
    ApplicationState.VERIFYING: ("7.2(4)", "资料核验超过期限"),
    ApplicationState.GRADING: ("7.3", "等级评定超过期限"),
}


async def registration(ports: Ports, late: Registration) -> None:
    """Due: a registration's check is not done (7.2(4))."""
    await _alarm(
        ports, late, "registration", late.version, late.enterprise_id, "7.2(4)", f"注册核验超过期限：{late.name}"
    )


async def application(ports: Ports, late: Application) -> None:
    """Due: an application is not verified or not graded within its working day (7.2(4), 7.3)."""
    clause, title = _APPLICATION[ApplicationState(late.state)]
    await _alarm(ports, late, "application", late.version, late.enterprise_id, clause, title)


async def objection(ports: Ports, late: Objection) -> None:
    """Due: an objection is not reviewed (7.5(2)), or a complaint not answered (8.4(3))."""
    publication = await Publication.get(id=late.publication_id).prefetch_related("application")
    clause, title = ("7.5(2)", "异议复核超过期限") if late.route == "objection" else ("8.4(3)", "投诉答复超过期限")
    await _alarm(ports, late, "objection", late.version, publication.application.enterprise_id, clause, title)


async def _alarm(
    ports: Ports,
    late: Registration | Application | Objection,
    subject_kind: str,
    version: int,
    enterprise_id: int | None,
    clause: str,
    title: str,
) -> None:
    """``version`` is part of the key: the same state reached anew is another promise."""
    assert late.due_at is not None
    await put_on_desk(
        ports,
        f"{OVERDUE}:{subject_kind}:{late.id}:{version}",
        OVERDUE,
        subject_kind,
        late.id,
        clause=clause,
        title=title,
        detail={"ref": late.ref, "state": late.state},
        due_at=late.due_at,
        enterprise_id=enterprise_id,
    )
    await record_event(
        ports,
        f"{subject_kind}:overdue",
        subject_kind,
        late.id,
        actor="system",
        clause=clause,
        after={"state": late.state, "due": late.due_at.isoformat()},
    )
    await type(late).filter(id=late.id, state=late.state).update(due_at=None)
