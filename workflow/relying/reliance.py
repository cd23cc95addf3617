"""How a firm stands for those who rely on its result: procurement, marketplaces, regulators (10.2–10.4).

What follows from it, ``standard.reliance`` says; here it is read from the certificate, its months and the points, for
one firm or for a hundred with the same few reads.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models import Certificate, CreditEntry, Enterprise, MonthlyFiling, Publication, PublicationState
from models.prepared import Prepared
from models.transactions import reading
from standard import life
from standard.calendar import shanghai_day
from standard.months import MonthState
from standard.outcome import Outcome
from standard.profile import Edition
from standard.reliance import Admission, Standing, admission
from standard.scope import categories
from standard.validity import State
from workflow.certifying.certificate_life import life_from_json
from workflow.certifying.certificate_register import CERTIFICATES, certificate_to_show
from workflow.certifying.credit_ledger import Points, entry_of, points_in
from workflow.certifying.queries import nothing_public
from workflow.findings import worst_of

_LOST = (MonthState.MISSED, MonthState.ON_TIME_FAILED)
"""Months that were not made up in their days."""
_PRINT, _UPDATES = "D", "C(3)"
"""How the clauses of a month's findings on the print (Appendix D) begin; the clause of its ledgers of updates, whose
columns end with the upload to the national platform."""


_FIRMS = Prepared(lambda usccs: Enterprise.filter(uscc__in=usccs))
_FILINGS = Prepared(
    lambda certificates, months: MonthlyFiling.filter(certificate_id__in=certificates, month__in=months)
)
_ENTRIES = Prepared(lambda firms: CreditEntry.filter(enterprise_id__in=firms).order_by("id").select_related("adoption"))


@dataclass(frozen=True, slots=True)
class Relied:
    """A firm of which something is public, and how it stands.

    ``certificate`` is the one it may show, else the latest it had, None before the first; ``lived`` is its life.
    """

    firm: Enterprise
    certificate: Certificate | None
    lived: life.Certificate | None
    points: Points
    standing: Standing


async def relied_upon(uscc: str, now: datetime) -> Relied:
    """The firm with that credit code at ``now``; :class:`Refused` ``not_found`` where nothing of it is public."""
    found = (await all_relied_upon([uscc], now)).get(uscc)
    if found is None:
        raise nothing_public()
    return found


async def all_relied_upon(usccs: Collection[str], now: datetime) -> dict[str, Relied]:
    """The same for many, by their credit codes; those of which nothing is public (8.3) are left out."""
    async with reading():
        firms = {firm.id: firm for firm in await _FIRMS(list(usccs))}
        read = await _read(firms, now)
    return {
        firm.uscc: Relied(firm, one.certificate, one.lived, one.points, one.standing)
        for firm_id, firm in firms.items()
        if (one := read[firm_id]).public
    }


async def standing_of(enterprise_id: int, now: datetime) -> Standing:
    """The firm as a third party sees it at ``now``: by the certificate it may show, else by the latest it had.

    Without a certificate the state is ``none``, the grade that of a published result that was not overturned, None
    where there is none. The months of a renewed certificate's forerunner speak until it has months of its own.

    * ``monthly`` (8.1): fails while a month is owed or where the last one was not made up in its days; unclear before
      the first month.
    * ``print_conforms``: fails with open conditions (R5), else as the last month's photos were judged; before the first
      month as the certificate was issued: without conditions the print conformed.
    * ``uploads``: as the last month's ledgers of updates were judged; before the first month as the certificate was
      issued, for no level is reached without the uploads of 6 B-4. Unclear where nothing was handed in.
    """
    return (await _read([enterprise_id], now))[enterprise_id].standing


@dataclass(frozen=True, slots=True)
class _Read:
    certificate: Certificate | None
    lived: life.Certificate | None
    points: Points
    standing: Standing
    public: bool


@dataclass(frozen=True, slots=True)
class _Term:
    """The certificate to show with its life, and the months that speak for it: those of the certificate ``of``."""

    certificate: Certificate
    lived: life.Certificate
    months: tuple[life.MonthRecord, ...]
    of: int


async def _read(firms: Collection[int], now: datetime) -> dict[int, _Read]:
    """By enterprise id."""
    certificates: dict[int, list[Certificate]] = defaultdict(list)
    for row in await CERTIFICATES(list(firms)):
        certificates[row.enterprise_id].append(row)
    terms = {firm: term for firm in firms if (term := _term(certificates[firm])) is not None}
    verdicts = await _last_verdicts(list(terms.values()))
    published = await _published_grades([firm for firm in firms if firm not in terms])
    points = await _points(firms, now)
    return {
        firm: _of_term(terms[firm], points[firm], verdicts)
        if firm in terms
        else _Read(
            None,
            None,
            points[firm],
            Standing(published.get(firm), State.NONE, points[firm].of_year),
            public=firm in published,
        )
        for firm in firms
    }


def _term(certificates: Sequence[Certificate]) -> _Term | None:
    shown = certificate_to_show(certificates)
    if shown is None:
        return None
    lived = life_from_json(shown.life)
    before = None if lived.months else next((one for one in certificates if one.number == lived.previous), None)
    if before is None:
        return _Term(shown, lived, lived.months, shown.id)
    return _Term(shown, lived, life_from_json(before.life).months, before.id)


def _of_term(term: _Term, points: Points, verdicts: Mapping[tuple[int, str], dict[str, Any]]) -> _Read:
    verdict = verdicts.get((term.of, str(term.months[-1].month))) if term.months else None
    standing = Standing(
        grade=term.certificate.grade,
        state=State(term.certificate.state),
        year_points=points.of_year,
        monthly=_monthly(term.months),
        print_conforms=Outcome.FAIL if term.lived.conditions else _of_print(term.months, verdict),
        uploads=_of_updates(term.months, verdict),
    )
    return _Read(term.certificate, term.lived, points, standing, public=True)


async def _last_verdicts(terms: Sequence[_Term]) -> dict[tuple[int, str], dict[str, Any]]:
    """What the last month of each was judged to be, by certificate and month (``2026-12``)."""
    last = {(term.of, str(term.months[-1].month)) for term in terms if term.months}
    if not last:
        return {}
    filings = await _FILINGS([certificate for certificate, _ in last], list({month for _, month in last}))
    return {
        (filing.certificate_id, filing.month): filing.verdict
        for filing in filings
        if (filing.certificate_id, filing.month) in last and filing.verdict is not None
    }


async def _published_grades(firms: Sequence[int]) -> dict[int, str | None]:
    """The grade of the newest published result of each that has one: None where all of them were overturned."""
    if not firms:
        return {}
    grades: dict[int, str | None] = {}
    published = Publication.filter(application__enterprise_id__in=firms).order_by("id")
    for row in await published.prefetch_related("application"):
        firm = row.application.enterprise_id
        grades[firm] = grades.get(firm) if row.state == PublicationState.OVERTURNED else row.content["grade"]
    return grades


async def _points(firms: Collection[int], now: datetime) -> dict[int, Points]:
    entries: dict[int, list[CreditEntry]] = defaultdict(list)
    for row in await _ENTRIES(list(firms)):
        entries[row.enterprise_id].append(row)
    today = shanghai_day(now)
    return {firm: points_in(tuple(map(entry_of, entries[firm])), today) for firm in firms}


def _monthly(months: Sequence[life.MonthRecord]) -> Outcome:
    if not months:
        return Outcome.UNCLEAR
    owed = any(not record.settled for record in months)
    return Outcome.FAIL if owed or months[-1].state in _LOST else Outcome.PASS


def _of_print(months: Sequence[life.MonthRecord], verdict: dict[str, Any] | None) -> Outcome:
    """One failing clause fails; clauses that stay unclear leave it open, unless the month passed with them (R50)."""
    if not months:
        return Outcome.PASS
    if verdict is None or not verdict["files"]:
        return Outcome.UNCLEAR
    found = worst_of([finding for finding in verdict["findings"] if finding["clause"].startswith(_PRINT)])
    passed = verdict["complete"] == Outcome.PASS
    return Outcome.PASS if found is Outcome.UNCLEAR and passed else found


def _of_updates(months: Sequence[life.MonthRecord], verdict: dict[str, Any] | None) -> Outcome:
    if not months:
        return Outcome.PASS
    if verdict is None or not verdict["files"]:
        return Outcome.UNCLEAR
    about = [finding for finding in verdict["findings"] if finding["clause"] == _UPDATES]
    return worst_of(about) if about else Outcome.UNCLEAR


# --- a marketplace's question ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AdmissionFound:
    """Whether a marketplace admits a firm, for a category where one was asked: ``covered`` is None where none was."""

    decision: Admission
    reasons: tuple[str, ...]
    rows: tuple[str, ...]
    category: str | None
    covered: bool | None


def admission_of(found: Relied, asked: str | None, edition: Edition) -> AdmissionFound:
    """By the firm's result (10.3, R36); for a category that its certificate does not list it says nothing (R43).

    ``asked`` is a category's id, or its name as certificates list it.
    """
    answer = admission(edition, found.standing)
    if asked is None:
        return AdmissionFound(answer.admission, (answer.reason,), answer.rows, None, None)
    name = next((one.name for one in categories(edition) if asked == one.id), asked)
    covered = found.certificate is not None and name in found.certificate.holder["categories"]
    if covered or answer.admission is Admission.REFUSE:
        return AdmissionFound(answer.admission, (answer.reason,), answer.rows, name, covered)
    reason = f"证书所列品类不含“{name}”：评价结果不涉及该品类，不作为其入驻依据（10.3，R43）"
    return AdmissionFound(Admission.REFUSE, (answer.reason, reason), (*answer.rows, "R43"), name, covered)
