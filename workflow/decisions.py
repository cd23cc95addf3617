"""What the operator may decide about each kind of item on the desk, and the chapter that carries it out (R15, R35).

A decision always has a reason; it is the decider's, it is kept with the item, and it is what the people concerned read.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from models import DeskItem, DeskState
from models.transactions import transaction
from workflow import overdue
from workflow.access import Asker
from workflow.applying import publicity
from workflow.certifying import certificate_effects, certificates, revocations
from workflow.context import Ports
from workflow.credit import adoption_judging, feedback
from workflow.desk import desk_item
from workflow.firms import registration
from workflow.problems import Kind, Refused
from workflow.record import record_event
from workflow.relying import confirmations
from workflow.scanning import code_reports

LONGEST_REASON = 500

Carry = Callable[[Ports, DeskItem, str, str, Asker], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to decide: its id, and the words on its button."""

    id: str
    label: str


async def _noted(_ports: Ports, _item: DeskItem, _decision: str, _reason: str, _asker: Asker) -> None:
    """The item itself is the record: nothing else changes."""


async def _none(_ports: Ports, _item: DeskItem) -> frozenset[str]:
    return frozenset()


@dataclass(frozen=True, slots=True)
class Decision:
    """How a kind of item is decided: its choices, what carries them out inside the transaction of the decision, which
    of them (ids) are closed as things stand, and why an item of it has no deadline, where it has none."""

    choices: tuple[Choice, ...]
    carry_out: Carry
    closed: Callable[[Ports, DeskItem], Awaitable[frozenset[str]]] = _none
    undated: str = "标准没有规定办理期限"


AWAITED = "标准没有规定办理期限；有人在等它，请尽快"
"""Why there is no deadline for what only a fault holds up."""

NOTED = Decision((Choice("noted", "已处理"),), _noted)

DECISIONS: Mapping[str, Decision] = {
    registration.DISPUTE: Decision(
        tuple(Choice(id_, label) for id_, label in registration.DISPUTE_CHOICES.items()),
        registration.decide_dispute,
    ),
    publicity.COMPLAINT: Decision(
        (Choice("answer", "作为投诉答复"), Choice("make_objection", "转为异议，中止公示")),
        publicity.decide_complaint,
        publicity.closed_choices,
    ),
    code_reports.CODE_REPORT: Decision(
        tuple(Choice(id_, label) for id_, label in code_reports.CHOICES.items()),
        code_reports.decide_report,
        code_reports.closed_choices,
    ),
    overdue.OVERDUE: Decision(
        (Choice(overdue.RETRY, "已修复，重新办理"), *NOTED.choices), overdue.retry, overdue.closed_choices
    ),
    certificate_effects.REVOCATION: Decision(
        (Choice("revoke", "撤销证书，理由公示"), Choice("dismiss", "不予撤销，立案了结"), *NOTED.choices),
        revocations.decide_case,
        revocations.closed_choices,
        undated="9.5.1 没有规定多久决定",
    ),
    certificates.MISSING_GLYPHS: Decision(
        (Choice("retry", "字体已装好，重新生成"),), certificates.render_again, undated=AWAITED
    ),
    certificates.FAILED_RENDERING: Decision(
        (Choice("retry", "已修复，重新生成"),), certificates.render_again, undated=AWAITED
    ),
    adoption_judging.ADOPTION: Decision(
        (
            Choice(adoption_judging.ACCEPT, "核实有效，记入档案"),
            Choice(adoption_judging.ASK, "请登记人补充"),
            Choice(adoption_judging.REFUSE, "不成立"),
        ),
        adoption_judging.decide,
        adoption_judging.closed_choices,
    ),
    confirmations.FAILED: Decision(
        (Choice(confirmations.RETRY, "已修复，重新签署"),), confirmations.sign_again, undated=AWAITED
    ),
    feedback.FEEDBACK: Decision(
        (Choice(feedback.PUBLISH, "记入企业档案"), Choice(feedback.REFUSE, "不纳入")), feedback.decide
    ),
    certificates.REFUSED_ISSUE: Decision(
        (Choice("retry", "情况已了结，重新发证"),), certificates.issue_again, undated=AWAITED
    ),
}
"""By kind of item; a kind that is not here can be noted only."""


async def choices(ports: Ports, item: DeskItem) -> tuple[Choice, ...]:
    """What may be decided about the item now; nothing once it is decided."""
    if item.state != DeskState.OPEN:
        return ()
    kind = DECISIONS.get(item.kind, NOTED)
    closed = await kind.closed(ports, item)
    return tuple(choice for choice in kind.choices if choice.id not in closed)


def undated(item: DeskItem) -> str:
    """Why the open item has no deadline; empty where it has one."""
    return "" if item.due_at is not None or item.state != DeskState.OPEN else DECISIONS.get(item.kind, NOTED).undated


def decided(item: DeskItem) -> str | None:
    """The words of what was decided; None while it is open."""
    labels = {choice.id: choice.label for choice in DECISIONS.get(item.kind, NOTED).choices}
    return labels.get(item.decision or "", item.decision)


async def decide(ports: Ports, asker: Asker, ref: str, decision: str, reason: str) -> DeskItem:
    """Decide an open item; for operators.

    :class:`Refused` where it is decided already (``already_decided``), the decision is none of its choices or the
    reason is missing or too long.
    """
    item = await desk_item(asker, ref)
    reason = reason.strip()
    if not reason:
        raise Refused(Kind.INVALID, "reason_missing", "请写明理由：当事人会看到", field="reason")
    if len(reason) > LONGEST_REASON:
        raise Refused(Kind.INVALID, "reason_too_long", f"理由最多 {LONGEST_REASON} 个字", field="reason")
    kind = DECISIONS.get(item.kind, NOTED)
    if decision not in [choice.id for choice in kind.choices]:
        ways = "、".join(choice.label for choice in await choices(ports, item))
        raise Refused(Kind.INVALID, "decision_unknown", f"可以选择：{ways}", field="decision")
    async with transaction():
        won = await DeskItem.filter(id=item.id, state=DeskState.OPEN).update(
            state=DeskState.DECIDED,
            decision=decision,
            reason=reason,
            decided_by_id=asker.person_id,
            decided_at=ports.clock.now(),
        )
        if not won:
            raise Refused(Kind.CONFLICT, "already_decided", "这一项已经有人处理：请刷新")
        await record_event(
            ports,
            "desk:decide",
            item.subject_kind,
            item.subject_id,
            actor=asker.actor,
            clause=item.clause,
            after={"decision": decision, "reason": reason, "item": item.ref},
        )
        await kind.carry_out(ports, item, decision, reason, asker)
    await item.refresh_from_db()
    ports.bell.ring("jobs")
    return item
