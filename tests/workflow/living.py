"""Firms with a living certificate, as the months of it start from them: no application is travelled for it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from models import Certificate, Enterprise, FilingState, MonthlyFiling, Staff, StaffRole
from standard import life
from standard.calendar import midnight
from standard.months import Month, filing_window
from standard.outcome import Finding
from standard.profile import edition_on
from standard.validity import Holder
from tests import rows
from workflow.access import Asker
from workflow.certifying.certificate_life import holder_to_json, life_to_json
from workflow.certifying.certificate_months import first_opening
from workflow.certifying.certificates import apply_event
from workflow.context import Ports

ISSUED = date(2026, 11, 24)


@dataclass
class Living:
    """A firm, its certificate, and its owner, who follows the account."""

    firm: Enterprise
    certificate: Certificate
    asker: Asker


async def living(*, grade: str = "A", issued: date = ISSUED, app_id: str = "wxsample", **firm: Any) -> Living:
    number = await Certificate.all().count() + 1
    edition = edition_on(issued)
    event = life.Issue(on=issued, number=f"T/CMIF-2026-{number:06d}", grade=grade)
    step = life.apply(life.Certificate(), event, edition)
    assert not isinstance(step, Finding)
    born = step.certificate
    made = await rows.enterprise(**{"name": f"样例{number}有限公司", "uscc": f"9133010{number:011d}", **firm})
    row = await rows.certificate(
        enterprise_id=made.id,
        number=born.number,
        serial=number,
        grade=grade,
        state=born.state,
        issued_on=born.issued,
        last_day=born.last_day,
        holder=holder_to_json(Holder(made.name, made.uscc, "样例市样例路 1 号", ("电线电缆",))),
        life=life_to_json(born),
        revision=1,
        due_at=midnight(born.last_day + timedelta(days=1)),
        month_opens_at=first_opening(born.issued, born.last_day, edition),
    )
    person = await rows.person()
    await Staff.create(
        enterprise_id=made.id, person_id=person.id, name="样例人员", role=StaffRole.OWNER, created_at=rows.NOW
    )
    await rows.identity(app_id=app_id, person_id=person.id, subscribed=True)
    return Living(made, row, Asker(person.id))


async def month_of(one: Living, month: str = "2026-12", **given: Any) -> MonthlyFiling:
    """An open month of the certificate."""
    window = filing_window(Month.parse(month), edition_on(one.certificate.issued_on))
    return await MonthlyFiling.create(
        **{
            "ref": f"{month}-{one.certificate.id}",
            "certificate_id": one.certificate.id,
            "enterprise_id": one.firm.id,
            "month": month,
            "closes_on": window.closes,
            "state": FilingState.OPEN,
            "opened_at": midnight(window.opens),
            "due_at": midnight(window.closes + timedelta(days=1)),
            **given,
        }
    )


async def held_for_its_case(ports: Ports, **given: Any) -> Living:
    """A firm at B whose third month was missed, too: suspended until its case of revocation is decided (R8)."""
    one = await living(grade="B", **given)
    for month, day in (("2026-12", date(2026, 12, 26)), ("2027-01", date(2027, 1, 26)), ("2027-02", date(2027, 2, 26))):
        filing = await month_of(one, month, state=FilingState.SUSPENDED, due_at=None)
        for event in (
            life.MissMonth(on=day, month=Month.parse(month), make_up_until=day + timedelta(days=4)),
            life.MakeUpMissed(on=day + timedelta(days=5), month=Month.parse(month)),
        ):
            answer = await apply_event(ports, one.certificate, event, actor="system")
            assert not isinstance(answer, Finding), answer.reason
        made_up = life.MakeUpPassed(
            on=day + timedelta(days=6), month=Month.parse(month), filed_on=day + timedelta(days=6)
        )
        assert not isinstance(await apply_event(ports, one.certificate, made_up, actor="system"), Finding)
        await MonthlyFiling.filter(id=filing.id).update(state=FilingState.MADE_UP_LATE)
    return one


def noon(day: date) -> datetime:
    """12:00 Asia/Shanghai of a day."""
    return midnight(day) + timedelta(hours=12)
