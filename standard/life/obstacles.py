"""What keeps a certificate from continuing, and what is left when one obstacle is removed."""

from dataclasses import replace

from standard.life.certificate import Certificate, month_record, with_month
from standard.life.events import DismissCase, MakeUpPassed
from standard.months import MonthState


def obstacles(certificate: Certificate) -> str:
    """All of them in words, for the firm; empty where nothing is in the way."""
    running = [
        f"{record.month.words}资料须于 {record.make_up_until} 前补报"
        for record in certificate.owed
        if record.state is MonthState.WARNED
    ]
    return "；".join([*(reason.words for reason in certificate.suspended_for), *running])


def without_obstacle(certificate: Certificate, event: MakeUpPassed | DismissCase) -> Certificate:
    """The certificate when the month is made up, or the case is dismissed."""
    if isinstance(event, DismissCase):
        cases = tuple(ground for ground in certificate.cases if ground != event.ground)
        return replace(
            certificate, cases=cases, held_for="" if event.ground == certificate.held_for else certificate.held_for
        )
    record = month_record(certificate, event.month)
    in_time = record.make_up_until is not None and event.filed_on <= record.make_up_until
    late = MonthState.ON_TIME_FAILED if record.filed_in_time else MonthState.MISSED
    state = MonthState.MADE_UP if in_time else late
    return with_month(certificate, replace(record, state=state, settled=True))
