"""Steps of clause 10: associations, procurement, marketplaces, regulators."""

from typing import Any

from standard import reliance
from standard.outcome import Outcome
from standard.profile import Edition
from standard.reliance import Standing
from standard.validity import State
from tests.standard.steps import step


def standing(given: dict[str, Any]) -> Standing:
    said = {name: Outcome(given[name]) for name in ("monthly", "print_conforms", "uploads") if name in given}
    return Standing(given["grade"], State(given["state"]), given.get("year_points", 0), **said)


@step
def admission(edition: Edition, given: dict[str, Any]) -> Any:
    answer = reliance.admission(edition, standing(given))
    return {"admission": answer.admission, "reason": answer.reason}


@step
def association_priority(edition: Edition, given: dict[str, Any]) -> Any:
    finding = reliance.association_priority(edition, standing(given))
    return {"outcome": finding.outcome, "reason": finding.reason}


@step
def tender_standing(edition: Edition, given: dict[str, Any]) -> Any:
    answer = reliance.tender_standing(edition, standing(given))
    return {"tender": answer.tender, "reason": answer.reason}


@step
def inspection_hint(edition: Edition, given: dict[str, Any]) -> Any:
    hint = reliance.inspection_hint(edition, standing(given))
    return {
        "frequency": hint.frequency,
        "outcomes": {finding.clause: finding.outcome for finding in hint.findings},
        "reasons": {finding.clause: finding.reason for finding in hint.findings},
    }
