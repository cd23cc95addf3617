"""How a firm stands for those who rely on it: what certificate, months and ledger say together (10.2–10.4)."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from models import Certificate, FilingState
from standard.months import MonthState
from standard.outcome import Outcome
from standard.validity import State
from tests import rows
from tests.conftest import Database
from tests.workflow.living import Living, living, month_of, noon
from workflow.certifying.certificate_life import life_from_json, life_to_json
from workflow.relying.reliance import standing_of

NOW = noon(date(2027, 1, 10))
PASS, FAIL, UNCLEAR = Outcome.PASS, Outcome.FAIL, Outcome.UNCLEAR
RECORD = {"month": {"year": 2026, "number": 12}, "make_up_until": "2026-12-30"}


def verdict(*findings: tuple[str, str], complete: str = "pass", files: tuple[str, ...] = ("f1",)) -> dict[str, Any]:
    return {
        "complete": complete,
        "files": list(files),
        "findings": [{"clause": clause, "outcome": outcome} for clause, outcome in (("C(3)", "pass"), *findings)],
    }


async def lived(one: Living, **changes: Any) -> None:
    data = {**one.certificate.life, **changes}
    await Certificate.filter(id=one.certificate.id).update(life=data)


async def test_a_fresh_certificate_stands_as_it_was_issued(database: Database) -> None:
    one = await living(grade="AA")
    await rows.credit_entry(enterprise_id=one.firm.id, year=2027)
    await rows.credit_entry(enterprise_id=one.firm.id, year=2026)
    await rows.credit_entry(year=2027)
    found = await standing_of(one.firm.id, NOW)
    assert (found.grade, found.state, found.year_points) == ("AA", State.ACTIVE, 1)
    assert (found.monthly, found.print_conforms, found.uploads) == (UNCLEAR, PASS, PASS)


@pytest.mark.parametrize(
    ("state", "settled", "expected"),
    [
        (MonthState.ON_TIME, True, PASS),
        (MonthState.MADE_UP, True, PASS),
        (MonthState.WARNED, False, FAIL),
        (MonthState.MISSED, False, FAIL),
        (MonthState.MISSED, True, FAIL),
        (MonthState.ON_TIME_FAILED, True, FAIL),
    ],
)
async def test_months_speak(database: Database, state: MonthState, settled: bool, expected: Outcome) -> None:
    one = await living()
    await lived(one, months=[{**RECORD, "state": state.value, "settled": settled}])
    assert (await standing_of(one.firm.id, NOW)).monthly is expected


@pytest.mark.parametrize(
    ("judged", "print_conforms", "uploads"),
    [
        (verdict(), PASS, PASS),
        (verdict(("D.2.1", "fail"), complete="fail"), FAIL, PASS),
        (verdict(("D.2.1", "unclear"), complete="unclear"), UNCLEAR, PASS),
        (verdict(("D.1.1", "unclear")), PASS, PASS),
        (verdict(("C(3)", "fail"), complete="fail"), PASS, FAIL),
        (verdict(complete="fail", files=()), UNCLEAR, UNCLEAR),
    ],
)
async def test_the_last_decided_month_speaks_on_print_and_uploads(
    database: Database, judged: dict[str, Any], print_conforms: Outcome, uploads: Outcome
) -> None:
    one = await living()
    await lived(one, months=[{**RECORD, "state": "warned", "settled": False}])
    await month_of(one, "2026-12", state=FilingState.WARNED, verdict=judged)
    await month_of(one, "2027-01", verdict=verdict(("D.2.1", "fail"), ("C(3)", "fail"), complete="fail"))
    found = await standing_of(one.firm.id, NOW)
    assert (found.print_conforms, found.uploads) == (print_conforms, uploads)


async def test_open_conditions_fail_the_print_whatever_the_month_showed(database: Database) -> None:
    one = await living(grade="B")
    await month_of(one, "2026-12", state=FilingState.CONTINUED, verdict=verdict())
    await lived(one, conditions=["D.3.1"])
    assert (await standing_of(one.firm.id, NOW)).print_conforms is FAIL


async def test_a_renewed_certificate_is_spoken_for_by_its_forerunner(database: Database) -> None:
    old = await living(grade="A")
    await month_of(old, "2026-12", state=FilingState.SUSPENDED, verdict=verdict(("D.2.1", "fail"), complete="fail"))
    await lived(old, months=[{**RECORD, "state": "missed", "settled": False}])
    await Certificate.filter(id=old.certificate.id).update(state=State.SUPERSEDED)
    life = life_from_json(old.certificate.life)
    fresh = replace(life, number="T/CMIF-2027-000900", grade="AA", months=(), previous=life.number)
    await rows.certificate(
        enterprise_id=old.firm.id, number=fresh.number, serial=900, grade="AA", life=life_to_json(fresh)
    )
    found = await standing_of(old.firm.id, NOW)
    assert (found.grade, found.state) == ("AA", State.ACTIVE)
    assert (found.monthly, found.print_conforms) == (FAIL, FAIL)


async def test_what_was_revoked_stays_known_and_what_is_alive_comes_first(database: Database) -> None:
    one = await living(grade="A")
    await Certificate.filter(id=one.certificate.id).update(state=State.REVOKED)
    assert (await standing_of(one.firm.id, NOW)).state is State.REVOKED
    await rows.certificate(
        enterprise_id=one.firm.id, serial=0, grade="B", number="T/CMIF-2026-000900", life=one.certificate.life
    )
    assert (await standing_of(one.firm.id, NOW)).grade == "B"


async def test_without_a_certificate_the_published_grade_is_told_and_nothing_unpublished(database: Database) -> None:
    firm = await rows.enterprise()
    assert (await standing_of(firm.id, NOW)).grade is None
    application = await rows.application(enterprise_id=firm.id, state="publicity")
    overturned = await rows.publication(application_id=application.id, content={"grade": "AAA"}, state="overturned")
    found = await standing_of(firm.id, NOW)
    assert (found.grade, found.state) == (None, State.NONE)
    await rows.publication(application_id=application.id, content={"grade": "A"})
    found = await standing_of(firm.id, NOW)
    assert (found.grade, found.state, found.monthly) == ("A", State.NONE, UNCLEAR)
    assert overturned.content["grade"] == "AAA"
