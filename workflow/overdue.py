"""What was promised by a day and is not there: the operator is alarmed, once for each promise (R35).

The alarm ends the deadline on the row, since nothing more happens by itself; the desk item keeps it. Once what kept the
work from being done is mended, the operator has it done anew, and that is promised by a day again.
"""

from typing import Any

from tortoise.queryset import QuerySet

from models import (
    Adoption,
    AdoptionState,
    Application,
    ApplicationState,
    DeskItem,
    Objection,
    ObjectionState,
    Publication,
    Registration,
    RegistrationState,
)
from standard.windows import Route
from workflow.access import Asker
from workflow.applying import applications, publicity, verification
from workflow.context import Ports
from workflow.credit import adoptions
from workflow.desk import put_on_desk
from workflow.firms import registration as registrations
from workflow.problems import Kind, Refused
from workflow.record import record_event

OVERDUE = "overdue"
"""Kind of the desk item."""

RETRY = "retry"
"""The decision to have the work done anew."""

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


async def adoption(ports: Ports, late: Adoption) -> None:
    """Due: a record of adoption is not judged (8.2(2))."""
    title = f"采信记录核验超过期限：{late.customer_name}"[:200]
    await _alarm(ports, late, "adoption", late.version, late.supplier_id, "8.2(2)", title)


async def _alarm(
    ports: Ports,
    late: Registration | Application | Objection | Adoption,
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


async def closed_choices(_ports: Ports, item: DeskItem) -> frozenset[str]:
    """``retry`` is closed where the work went on after all, and where no job does it."""
    return frozenset() if await _waits(item) else frozenset({RETRY})


async def retry(ports: Ports, item: DeskItem, decision: str, _reason: str, _asker: Asker) -> None:
    """Inside the decision's transaction: on ``retry`` the work is enqueued once more, by a day that counts from now; on
    ``noted`` nothing changes. Refused: ``went_on``."""
    if decision != RETRY:
        return
    if not await _waits(item, lock=True):
        advice = "这件事已经往下办了，不用重新办理：请刷新后选择“已处理”"
        raise Refused(Kind.CONFLICT, "went_on", advice, clause=item.clause)
    again = str(item.id)
    match item.subject_kind:
        case "registration":
            await registrations.check_again(ports, await Registration.get(id=item.subject_id), again)
        case "adoption":
            await adoptions.check_again(ports, await Adoption.get(id=item.subject_id), f"late:{again}")
        case "objection":
            await publicity.review_again(ports, await Objection.get(id=item.subject_id), again)
        case _:
            late = await Application.get(id=item.subject_id)
            if late.state == ApplicationState.GRADING:
                await verification.grade_again(ports, late, again)
            else:
                await applications.verify_again(ports, late, again)


async def _waits(item: DeskItem, *, lock: bool = False) -> bool:
    """Whether a job still has to do what was late."""
    waiting: QuerySet[Any]
    match item.subject_kind:
        case "registration":
            waiting = Registration.filter(id=item.subject_id, state=RegistrationState.CHECKING)
        case "application":
            # The state that was late: graded late is not what verified late was.
            waiting = Application.filter(
                id=item.subject_id, state=item.detail.get("state"), state__in=[str(state) for state in _APPLICATION]
            )
        case "adoption":
            waiting = Adoption.filter(id=item.subject_id, state=AdoptionState.CHECKING)
        case "objection":
            # A complaint is answered by a person, who has it on the desk.
            waiting = Objection.filter(id=item.subject_id, state=ObjectionState.OPEN, route=Route.OBJECTION)
        case _:
            return False
    return await (waiting.select_for_update() if lock else waiting).first() is not None
