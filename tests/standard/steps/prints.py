"""Steps of Appendix D: a print that passes everywhere, but for what the case names."""

from decimal import Decimal
from typing import Any

from standard import prints
from standard.outcome import Finding, Outcome
from standard.profile import Edition
from tests.standard.steps import step

GOOD = dict.fromkeys(
    ("D.1.1", "D.1.2", "D.1.3", "D.2.1", "D.2.2", "D.2.3", "D.3.1", "D.3.2", "D.4", "D.5.1", "D.5.2", "D.6"),
    Outcome.PASS,
)


def verdict(edition: Edition, given: dict[str, Any]) -> prints.PrintVerdict:
    findings = GOOD | {clause: Outcome(word) for clause, word in (given.get("but") or {}).items()}
    findings = {clause: outcome for clause, outcome in findings.items() if clause not in given.get("without", [])}
    return prints.certificate_print(findings, edition)


def shown(finding: Finding) -> dict[str, Any]:
    return {"outcome": finding.outcome, "reason": finding.reason, "have": finding.have, "need": finding.need}


@step
def certificate_print(edition: Edition, given: dict[str, Any]) -> Any:
    found = verdict(edition, given)
    return {
        "outcome": found.outcome, "failed": list(found.failed), "unclear": list(found.unclear),
        "shown": list(found.shown), "reason": found.reason,
    }  # fmt: skip


@step
def print_leads_to(edition: Edition, given: dict[str, Any]) -> Any:
    found = prints.consequence(verdict(edition, given), prints.Stage(given["stage"]), edition)
    return {
        "step": found.step, "at_most": found.at_most, "conditions": list(found.conditions), "note_3": found.note_3,
        "clause": found.clause, "reason": found.reason,
    }  # fmt: skip


@step
def print_of_the_firm(edition: Edition, given: dict[str, Any]) -> Any:
    return prints.firm_print([verdict(edition, {"but": but}) for but in given["sheets"]])


@step
def same_position(edition: Edition, given: dict[str, Any]) -> Any:
    """``sheets``: ``[corner, right mm, edge mm]``, and the uncertainty where there is one."""
    placements = [
        prints.Placement(f"样例 {number}", prints.Corner(corner), *(Decimal(mm) for mm in margins))
        for number, (corner, *margins) in enumerate(given["sheets"], 1)
    ]
    return shown(prints.same_position(placements, edition))


@step
def durability(edition: Edition, given: dict[str, Any]) -> Any:
    return shown(prints.durable(given.get("declared", {}), given.get("refuted", False), edition))


@step
def paper_is_named(edition: Edition, given: dict[str, Any]) -> Any:
    return prints.paper_named(given["paper"], edition)


@step
def code_agrees(edition: Edition, given: dict[str, Any]) -> Any:
    return shown(prints.code_agrees(given["sheet"], given["code"], edition))


@step
def code_content(edition: Edition, given: dict[str, Any]) -> Any:
    return shown(prints.code_content(given.get("held"), given.get("source", "connector"), edition))
