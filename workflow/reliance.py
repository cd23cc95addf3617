"""How a firm stands for those who rely on its result: procurement, marketplaces, regulators (10.2–10.4).

What follows from it, ``standard.reliance`` says; here it is read from the certificate, its months and the points.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from models import Certificate, FilingState, MonthlyFiling, Publication, PublicationState
from standard import life
from standard.calendar import shanghai_day
from standard.months import MonthState
from standard.outcome import Outcome
from standard.reliance import Standing
from standard.validity import LIVE, State
from workflow.certificate_life import life_from_json
from workflow.credit_ledger import points_of
from workflow.findings import worst_of

_LOST = (MonthState.MISSED, MonthState.ON_TIME_FAILED)
"""Months that were not made up in their days."""
_UNDECIDED = (FilingState.OPEN, FilingState.CLOSED)
_PRINT, _UPDATES = "D", "C(3)"
"""What the clauses of a month's findings begin with: on the print (Appendix D), on the ledger of updates, whose columns
end with the upload to the national platform."""


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
    certificates = await Certificate.filter(enterprise_id=enterprise_id).order_by("-serial")
    points = await points_of(enterprise_id, shanghai_day(now))
    shown = certificate_to_show(certificates)
    if shown is None:
        return Standing(await _published_grade(enterprise_id), State.NONE, points.of_year)
    lived = life_from_json(shown.life)
    before = next((one for one in certificates if one.number == lived.previous), None)
    term = [shown] if before is None else [shown, before]
    months = lived.months or (life_from_json(before.life).months if before is not None else ())
    verdict = await _last_verdict(term)
    return Standing(
        grade=shown.grade,
        state=State(shown.state),
        year_points=points.of_year,
        monthly=_monthly(months),
        print_conforms=Outcome.FAIL if lived.conditions else _of_print(verdict),
        uploads=_of_updates(verdict),
    )


def certificate_to_show(certificates: Iterable[Certificate]) -> Certificate | None:
    """Of a firm's certificates, the newest first: the newest that is alive, else the newest; None where it has none."""
    ranked = sorted(certificates, key=lambda one: State(one.state) not in LIVE)
    return ranked[0] if ranked else None


async def _published_grade(enterprise_id: int) -> str | None:
    published = Publication.filter(application__enterprise_id=enterprise_id)
    newest = await published.exclude(state=PublicationState.OVERTURNED).order_by("-id").first()
    return None if newest is None else newest.content["grade"]


async def _last_verdict(term: list[Certificate]) -> dict[str, Any] | None:
    """What the last decided month was judged to be; None where none was decided yet."""
    filings = MonthlyFiling.filter(certificate_id__in=[one.id for one in term])
    last = await filings.exclude(state__in=[str(state) for state in _UNDECIDED]).order_by("-month", "-id").first()
    return None if last is None else last.verdict


def _monthly(months: tuple[life.MonthRecord, ...]) -> Outcome:
    if not months:
        return Outcome.UNCLEAR
    owed = any(not record.settled for record in months)
    return Outcome.FAIL if owed or months[-1].state in _LOST else Outcome.PASS


def _of_print(verdict: dict[str, Any] | None) -> Outcome:
    """One failing clause fails; clauses that stay unclear leave it open, unless the month passed with them (R50)."""
    if verdict is None:
        return Outcome.PASS
    if not verdict["files"]:
        return Outcome.UNCLEAR
    found = worst_of([finding for finding in verdict["findings"] if finding["clause"].startswith(_PRINT)])
    passed = verdict["complete"] == Outcome.PASS
    return Outcome.PASS if found is Outcome.UNCLEAR and passed else found


def _of_updates(verdict: dict[str, Any] | None) -> Outcome:
    if verdict is None:
        return Outcome.PASS
    about = [finding for finding in verdict["findings"] if finding["clause"] == _UPDATES]
    return worst_of(about) if verdict["files"] and about else Outcome.UNCLEAR
