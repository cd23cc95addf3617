"""Cases of revocation: a person decides, with a reason that is published (9.5.1; R8, R21)."""

from collections.abc import Mapping

from models import Certificate, DeskItem
from standard import life
from standard.calendar import shanghai_day
from standard.outcome import Finding
from workflow.access import Asker
from workflow.certifying.certificate_life import life_from_json
from workflow.certifying.certificates import apply_event
from workflow.context import Ports
from workflow.problems import Kind, Refused

NOTED = "noted"
DECIDED: Mapping[str, type[life.Revoke | life.DismissCase]] = {"revoke": life.Revoke, "dismiss": life.DismissCase}
"""The decisions about a case, and the event of the certificate that each of them is."""


async def closed_choices(_ports: Ports, item: DeskItem) -> frozenset[str]:
    """An open case is decided; one that is over, because its certificate is, or that is no certificate's, can be noted
    only."""
    if item.subject_kind != "certificate":
        return frozenset(DECIDED)
    certificate = await Certificate.get(id=item.subject_id)
    open_ = item.detail["ground"] in life_from_json(certificate.life).cases
    return frozenset({NOTED}) if open_ else frozenset(DECIDED)


async def decide_case(ports: Ports, item: DeskItem, decision: str, reason: str, asker: Asker) -> None:
    """Inside the decision's transaction: the certificate is revoked, or it is not and stands as its months have it.

    :class:`Refused` ``case_over``, ``case_open``, or as :func:`workflow.certifying.certificates.apply_event`.
    """
    if decision in await closed_choices(ports, item):
        if decision == NOTED:
            raise Refused(Kind.CONFLICT, "case_open", "立案还没有决定：请选择撤销或不予撤销", clause=item.clause)
        raise Refused(Kind.CONFLICT, "case_over", "这件立案已经了结：请刷新后选择“已处理”", clause=item.clause)
    if decision == NOTED:
        return
    event = DECIDED[decision](
        on=shanghai_day(ports.clock.now()), ground=item.detail["ground"], reason=reason, decided_by=asker.actor
    )
    certificate = await Certificate.get(id=item.subject_id)
    answer = await apply_event(ports, certificate, event, actor=asker.actor)
    if isinstance(answer, Finding):
        raise Refused(Kind.CONFLICT, "case_not_decided", answer.reason, clause=answer.clause, rows=answer.rows)
