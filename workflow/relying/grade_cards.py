"""How a firm stands, on one card for whoever buys: grade, state, term, months, points, tender standing (7.6, 10.2(2)).

Everything on it is public (7.6) and as of the moment it was asked for: a certificate may be suspended within the hour.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from models import Enterprise
from standard.calendar import shanghai_day
from standard.months import Month
from standard.profile import Edition, edition_on
from standard.reliance import TenderAnswer, tender_standing
from standard.validity import LIVE, State
from workflow.access import CREDIT_CODE
from workflow.certifying.certificate_life import grade_name
from workflow.certifying.certificate_numbers import certificate_path
from workflow.certifying.queries import nothing_public
from workflow.context import Ports
from workflow.relying.reliance import Relied, all_relied_upon
from workflow.scanning.scan_wording import DISCLAIMER


@dataclass(frozen=True, slots=True)
class GradeCard:
    """A firm as a purchaser sees it at ``as_of``.

    Without a certificate ``grade`` is that of a published result or None, ``state`` ``none``, ``number`` empty, the
    days None. ``path`` is the page that shows the same live: the certificate's, else the firm's. ``months`` are those
    of the term with a passing record, ``continued_through`` the last month the certificate holds through.
    ``conditions`` are clauses of Appendix D that the print still fails (6.1(4)). ``year_points`` are of ``year``.
    """

    enterprise_id: int
    uscc: str
    name: str
    is_sample: bool
    grade: str | None
    grade_name: str
    state: State
    state_words: str
    alive: bool
    number: str
    path: str
    issued_on: date | None
    last_day: date | None
    continued_through: Month | None
    months: int
    conditions: tuple[str, ...]
    points: int
    year: int
    year_points: int
    as_of: datetime
    tender: TenderAnswer
    disclaimer: str = DISCLAIMER


async def grade_card(ports: Ports, enterprise_id: int) -> GradeCard:
    """The firm's card as of now; :class:`Refused` ``not_found`` where nothing of the firm is public (8.3)."""
    firm = await Enterprise.get(id=enterprise_id).only("id", "uscc")
    return await grade_card_of(ports, firm.uscc)


async def grade_card_of(ports: Ports, uscc: str) -> GradeCard:
    """The same by the firm's credit code."""
    found = await grade_cards(ports, [uscc])
    if not found:
        raise nothing_public()
    return found[0]


async def grade_cards(ports: Ports, usccs: Collection[str]) -> list[GradeCard]:
    """The cards of many firms in the order asked for, all as of one moment; those with nothing public, and what is no
    credit code at all, are left out."""
    now = ports.clock.now()
    edition = edition_on(shanghai_day(now))
    asked = [uscc for uscc in dict.fromkeys(usccs) if CREDIT_CODE.fullmatch(uscc)]
    found = await all_relied_upon(asked, now)
    return [_card(found[uscc], now, edition) for uscc in asked if uscc in found]


def _card(relied: Relied, now: datetime, edition: Edition) -> GradeCard:
    firm, certificate, lived, standing = relied.firm, relied.certificate, relied.lived, relied.standing
    return GradeCard(
        enterprise_id=firm.id,
        uscc=firm.uscc,
        name=firm.name,
        is_sample=firm.is_sample,
        grade=standing.grade,
        grade_name="" if standing.grade is None else grade_name(standing.grade, edition),
        state=standing.state,
        state_words=standing.state.words,
        alive=standing.state in LIVE,
        number="" if certificate is None else certificate.number,
        path=f"/f/{firm.uscc}" if certificate is None else certificate_path(certificate.number),
        issued_on=None if certificate is None else certificate.issued_on,
        last_day=None if certificate is None else certificate.last_day,
        continued_through=None if lived is None else lived.continued_through,
        months=0 if lived is None else sum(record.settled for record in lived.months),
        conditions=() if lived is None else lived.conditions,
        points=relied.points.balance,
        year=relied.points.year,
        year_points=relied.points.of_year,
        as_of=now,
        tender=tender_standing(edition, standing),
    )
