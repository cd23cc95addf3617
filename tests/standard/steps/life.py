"""Steps on certificate life, months of filing, term, number, face, ban and cancellation."""

from dataclasses import fields
from datetime import date, timedelta
from typing import Any

from standard.facts import Excused
from standard.life import EVENTS, Actor, Certificate, Event, Step, apply
from standard.months import (
    Month,
    MonthFacts,
    MonthState,
    month_state,
    months_closed,
    months_due,
    rates,
    towards_three,
)
from standard.outcome import Finding, Outcome
from standard.profile import Edition
from standard.validity import (
    Holder,
    Standing,
    State,
    Withdrawal,
    banned_through,
    cancellation,
    certificate_face,
    certificate_number,
    last_day_of_validity,
    may_apply,
    next_serial,
)
from tests.standard.steps import step


def event_of(words: dict[str, Any]) -> Event:
    """An event in a case's words. ``day`` is when it happens; a month's usual days need not be written: filed and
    checked on the 10th, missed on the 26th, three days to make up."""
    given = {key: tuple(item) if isinstance(item, list) else item for key, item in words.items()}
    event = EVENTS[given.pop("event")]
    known = {field.name for field in fields(event)}
    if "month" in given:
        given["month"] = month = Month.parse(given["month"])
        usual = {"miss_month": 26, "continue_month": 10, "fail_month": 10}.get(event.kind)
        if usual:
            given.setdefault("day", date(month.year, month.number, usual))
    given["on"] = given.pop("day")
    if "filed_on" in known:
        given.setdefault("filed_on", given["on"])
    if event.kind in ("miss_month", "fail_month"):
        given.setdefault("make_up_until", given["on"] + timedelta(days=3))
    if "by" in given:
        given["by"] = Actor(given["by"])
    if event.kind in ("revoke", "dismiss_case"):
        given.setdefault("decided_by", "样例运营员")
        given.setdefault("reason", "样例理由")
    return event(**given)


@step
def certificate_life(edition: Edition, given: dict[str, Any]) -> Any:
    """Issue a certificate and let events happen; only the last of them may be refused."""
    edition = edition.replacing(**given.get("edition", {}))
    issue = {"event": "issue", "number": "T/CMIF-2026-000001", "grade": "A", "day": date(2026, 11, 23)}
    events = [event_of({**issue, **given.get("issue", {})}), *map(event_of, given.get("events", []))]
    certificate, answer = Certificate(), None
    for number, event in enumerate(events):
        answer = apply(certificate, event, edition)
        if isinstance(answer, Step):
            certificate = answer.certificate
        else:
            assert number == len(events) - 1, answer.reason
    return told(certificate) | (refused(answer) if isinstance(answer, Finding) else done(answer))


def told(certificate: Certificate) -> dict[str, Any]:
    return {
        "state": certificate.state,
        "grade": certificate.grade,
        "number": certificate.number,
        "issued": certificate.issued,
        "last_day": certificate.last_day,
        "months": {str(record.month): record.state for record in certificate.months},
        "owed": [str(record.month) for record in certificate.owed],
        "continued_through": str(certificate.continued_through),
        "suspended_for": [reason.words for reason in certificate.suspended_for],
        "ways_out": [reason.way_out for reason in certificate.suspended_for],
        "cases": certificate.cases,
        "conditions": certificate.conditions,
        "renewal": certificate.renewal,
        "mend_until": certificate.mend_until,
        "successor": certificate.successor,
        "changes": certificate.changes,
        "ended_by": certificate.ended_by,
    }


def refused(finding: Finding) -> dict[str, Any]:
    assert finding.outcome is Outcome.FAIL
    return {"refused": finding.clause, "reason": finding.reason, "effects": []}


def done(step_taken: Any) -> dict[str, Any]:
    effects = step_taken.effects
    new = next((effect.certificate for effect in effects if effect.kind == "new_certificate"), None)
    answer = {
        "refused": None,
        "effects": [effect.kind for effect in effects],
        "texts": [effect.text for effect in effects if hasattr(effect, "text")],
        "told": [effect.text for effect in effects if effect.kind == "notify"],
        "published": [effect.text for effect in effects if effect.kind == "publish"],
        "forbid_through": next((effect.last_day for effect in effects if effect.kind == "forbid_through"), None),
        "noted": next((effect.clause for effect in effects if effect.kind == "register_note"), None),
        "acts_next": step_taken.acts_next,
        "clause": step_taken.clause,
    }
    if new is not None:
        answer["new"] = told(new) | {"previous": new.previous}
    return answer


@step
def due_months(edition: Edition, given: dict[str, Any]) -> Any:
    """Months due in a term, and those whose window has closed by ``today``."""
    last_day = last_day_of_validity(given["issued"], edition)
    due = months_due(given["issued"], last_day, edition)
    closed = months_closed(given["issued"], last_day, given.get("today", last_day), edition)
    return {"number": len(due), "first": str(due[0]), "last": str(due[-1]), "closed": [str(month) for month in closed]}


@step
def month_outcome(edition: Edition, given: dict[str, Any]) -> Any:
    """Where one month stands on ``today``."""
    facts = {key: item for key, item in given.items() if key != "today"}
    facts["month"] = Month.parse(facts["month"])
    if "check" in facts:
        facts["check"] = Outcome(facts["check"])
    state = month_state(MonthFacts(**facts), given["today"], edition)
    return {"state": state, "counts": state.non_compliant}


@step
def month_rates(edition: Edition, given: dict[str, Any]) -> Any:
    """Rates and the count towards three, from months written as ``[["on_time", 11], …]``, the earliest first."""
    months = [MonthState(name) for name, times in given["months"] for _ in range(times)]
    answer = rates(months, edition)
    counted = {"towards_three": towards_three(months, edition)}
    if isinstance(answer, Excused):
        return {"monthly": answer, **counted}
    return {"timely": answer.timely, "compliant": answer.compliant, **counted}


@step
def validity(edition: Edition, given: dict[str, Any]) -> Any:
    """Last day of a certificate issued on ``issued``."""
    return {"last_day": last_day_of_validity(given["issued"], edition)}


@step
def number_of(edition: Edition, given: dict[str, Any]) -> Any:
    """The number of the next certificate after the ``used`` serials."""
    serial = next_serial(given["used"])
    return {"serial": serial, "number": certificate_number(given["year"], serial, edition)}


@step
def application_ban(edition: Edition, given: dict[str, Any]) -> Any:
    """Whether a firm whose certificate was revoked may apply on ``today``."""
    finding = may_apply(given.get("revoked"), given["today"], edition)
    through = banned_through(given["revoked"], edition) if given.get("revoked") else None
    return {"outcome": finding.outcome, "reason": finding.reason, "through": through, "need": finding.need}


@step
def cancel_on(edition: Edition, given: dict[str, Any]) -> Any:
    """Whether a certificate may be cancelled on a ground."""
    usual = {"last_day": date(2027, 11, 22), "asked_by_firm": False, "products_in_scope": 2}
    words = {**usual, **given}
    words["on"] = words.pop("day")
    finding = cancellation(Withdrawal(**words), edition)
    return {"outcome": finding.outcome, "reason": finding.reason}


@step
def face(edition: Edition, given: dict[str, Any]) -> Any:
    """The words of a sample certificate."""
    holder = Holder("样例电缆有限公司", "91310000MA1FL0000X", "样例市样例路 1 号", ("电线电缆", "光纤光缆"))
    usual: dict[str, Any] = {
        "number": "T/CMIF-2026-000001",
        "grade": "AA",
        "issued": date(2026, 11, 23),
        "last_day": date(2027, 11, 22),
        "state": "active",
        "continued_through": "2026-12",
        "points": 0,
    }
    words = {**usual, **given}
    words["state"] = State(words["state"])
    words["continued_through"] = Month.parse(words["continued_through"])
    words["conditions"] = tuple(words.get("conditions", ()))
    made = certificate_face(holder, Standing(**words), "https://example.org/c/1", date(2026, 12, 26), edition)
    return {
        "title": made.title,
        "labels": [label for label, _ in made.fields],
        "fields": dict(made.fields),
        "seal": made.seal,
        "notes": made.notes,
        "as_of": made.as_of,
    }
