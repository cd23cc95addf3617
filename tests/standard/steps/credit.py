"""Steps on the credit ledger (8.5)."""

from datetime import datetime
from typing import Any

from standard.credit import (
    Adoption,
    Booking,
    Ledger,
    adoption_12m,
    announces_award,
    asks_for_result,
    balance,
    barred_through,
    clear,
    false_record,
    of_year,
    record_adoption,
    upgrade_grades,
)
from standard.outcome import Finding, Outcome
from standard.profile import Edition
from tests.standard.steps import step


@step
def credit_history(edition: Edition, given: dict[str, Any]) -> Any:
    """Let a firm's credit happen from ``events``: ``adopt`` (``times``: so many tenders), ``false`` or ``revoke``."""
    ledger: Ledger = ()
    answer: Booking | Finding | None = None
    for number, words in enumerate(given["events"]):
        for time in range(words.get("times", 1)):
            answer = _happen(ledger, words, f"{number}-{time}", edition)
            if isinstance(answer, Booking):
                assert answer.ledger[: len(ledger)] == ledger, "entries are only added"
                ledger = answer.ledger
    years = sorted({entry.year for entry in ledger})
    told: dict[str, Any] = {
        "balance": balance(ledger),
        "years": {str(year): of_year(ledger, year) for year in years},
        "entries": len(ledger),
        "barred_through": barred_through(ledger, edition),
    }
    if "today" in given:
        told["adoption_12m"] = adoption_12m(ledger, given["today"], edition)
    if isinstance(answer, Finding):
        return told | {
            "refused": answer.clause,
            "outcome": answer.outcome,
            "reason": answer.reason,
            "need": answer.need,
        }
    assert answer is not None
    return told | {
        "refused": None,
        "added": [entry.points for entry in answer.added],
        "reason": answer.reason,
        "publish": answer.publish,
        "case": answer.case_ground,
    }


def _happen(ledger: Ledger, words: dict[str, Any], name: str, edition: Edition) -> Booking | Finding:
    at: datetime = words["at"]
    customer, tender = words.get("customer", "样例采购方"), words.get("tender", f"招标-{name}")
    if words["event"] == "adopt":
        evidence = frozenset(words.get("evidence", ["tender_document", "award_notice"]))
        verified = Outcome(words.get("verified", "pass"))
        return record_adoption(ledger, Adoption(customer, tender, evidence, verified, at), edition)
    if words["event"] == "false":
        how, by_firm = "经查中标通知书系伪造（样例）", words.get("by_firm", True)
        return false_record(ledger, customer, tender, at, how, edition, by_firm=by_firm)
    return clear(ledger, at, "样例理由")


@step
def upgrade_entitlement(edition: Edition, given: dict[str, Any]) -> Any:
    """By how many grades an upgrade review may raise."""
    return {"grades": upgrade_grades(given["points"], edition)}


@step
def tender_paper(edition: Edition, given: dict[str, Any]) -> Any:
    """What a paper of a tender says: ``tender_document`` or ``award_notice`` with its lines."""
    judge, text = next(
        (judge, given[kind])
        for kind, judge in (("tender_document", asks_for_result), ("award_notice", announces_award))
        if kind in given
    )
    found = judge(text, edition)
    return {"outcome": found.outcome, "clause": found.clause, "reason": found.reason}
