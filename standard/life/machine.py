"""One step of a certificate: refuse the event, or carry out the row of the table that it meets."""

from dataclasses import replace

from standard.citation import cites
from standard.life.certificate import Certificate
from standard.life.effects import Step
from standard.life.events import Event, TermEnded
from standard.life.needs import NEEDS
from standard.life.obstacles import obstacles
from standard.life.table import rows_for
from standard.outcome import Finding, Outcome
from standard.profile import Edition
from standard.validity import LIVE, State


@cites(
    *("6.1(4)", "6.1(5)", "7.5(1)", "8.1(3)", "8.5(3)", "9.1", "9.2(1)", "9.2(2)", "9.3(1)", "9.3(2)", "9.4"),
    *("9.5.1", "9.5.1(2)", "9.5.1(3)", "9.5.1(4)", "9.5.1(5)", "9.5.1(7)", "9.5.1(8)", "9.5.2"),
    rows=("R1", "R5", "R7", "R8", "R18", "R19", "R20", "R21", "R38", "R46"),
)
def apply(certificate: Certificate, event: Event, edition: Edition) -> Step | Finding:
    """Carry the event out, or say why not (a finding that fails): by state, by time, or for want of a need."""
    problem = _out_of_place(certificate, event)
    if problem is not None:
        return problem
    for need in NEEDS[type(event)]:
        reason = need.test(certificate, event, edition)
        if isinstance(reason, Finding):
            return reason
        if reason is not None:
            words = f"{reason}（{'，'.join(filter(None, (need.clause, '、'.join(need.rows))))}）"
            return Finding(need.clause, Outcome.FAIL, words, need.rows)
    row = next(row for row in rows_for(certificate.state, type(event)) if row.guard.holds(certificate, event, edition))
    changed, effects = row.carry_out(certificate, event, edition)
    after = replace(changed, state=row.next or certificate.state, as_of=event.on)
    return Step(after, effects, row.acts_next, row.clause, row.rows)


_WHY_NOT = {
    State.NONE: ("7.5(1)", "尚未发证"),
    State.ACTIVE: ("9.2(1)", "证书状态正常"),
    State.WARNED: ("8.1(3)", "证书在预警中"),
    State.SUSPENDED: ("9.2(2)", "证书已暂停"),
    State.EXPIRED: ("9.3(2)", "证书已到期失效"),
    State.REVOKED: ("9.5.1", "证书已被撤销"),
    State.CANCELLED: ("9.5.2", "证书已注销"),
    State.SUPERSEDED: ("9.3(2)", "证书已换发新证"),
}


def _out_of_place(certificate: Certificate, event: Event) -> Finding | None:
    if not rows_for(certificate.state, type(event)):
        clause, why = _WHY_NOT[certificate.state]
        way_out = f"；{obstacles(certificate)}" if certificate.state in LIVE and certificate.owed else ""
        return Finding(clause, Outcome.FAIL, f"{why}，不能「{event.words}」{way_out}（{clause}）")
    if event.on < certificate.as_of:
        return Finding("9.1", Outcome.FAIL, f"{event.on} 早于证书上一次变动的 {certificate.as_of}，不能倒填日期（9.1）")
    if certificate.state in LIVE and event.on > certificate.last_day and not isinstance(event, TermEnded):
        reason = f"证书有效期至 {certificate.last_day}，已届满，先登记失效（9.1，R44）"
        return Finding("9.1", Outcome.FAIL, reason, ("R44",))
    return None
