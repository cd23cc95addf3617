"""Steps of clauses 6 and 6.1: a firm like one that just reaches a level, but for the facts that the case names."""

from decimal import Decimal
from typing import Any

from standard.facts import FactsRefused, MonthResult, facts_from, monthly_rates
from standard.grades import Grade, Occasion, continuation, rates_decide
from standard.grades import grade as judge
from standard.profile import Edition
from tests.standard.steps import step

B: dict[str, Any] = {
    "code_selection": "pass", "certificate_coded": "pass", "certificate_print": "pass", "coverage": Decimal("0.80"),
    "collection": "manual", "upload_accuracy": Decimal("0.85"), "upload_link": "batch", "trace_info_sound": "pass",
    "marketplace_rate": Decimal("0.50"), "monthly": {"timely": Decimal("0.80"), "compliant": Decimal("0.50")},
}  # fmt: skip
A: dict[str, Any] = B | {
    "package_coded": "pass", "codes_consistent": "pass", "coverage": Decimal("0.90"), "collection": "semi_automatic",
    "upload_accuracy": Decimal("0.90"), "public_query": "basic", "query_channels": ["scan"],
    "marketplace_rate": Decimal("0.90"), "monthly": {"timely": Decimal("0.90"), "compliant": Decimal("0.90")},
}  # fmt: skip
AA: dict[str, Any] = A | {
    "body_coded": "pass", "coverage": Decimal("0.95"), "collection": "mes", "upload_accuracy": Decimal("0.95"),
    "upload_link": "realtime", "public_query": "full", "supplier_share": Decimal("0.30"), "upstream_trace": "pass",
    "marketplace_rate": Decimal("0.95"), "info_update": "realtime",
    "monthly": {"timely": Decimal("0.95"), "compliant": Decimal("0.95")},
}  # fmt: skip
AAA: dict[str, Any] = AA | {
    "one_item_one_code": "pass", "coverage": 1, "collection": "realtime", "reverse_trace": "pass",
    "upload_accuracy": Decimal("0.995"), "query_channels": ["scan", "web", "miniapp"], "query_seconds": 3,
    "supplier_share": Decimal("0.80"), "supplier_realtime": "pass", "marketplace_rate": 1,
    "marketplace_automatic": "pass", "monthly": {"timely": 1, "compliant": 1}, "adoption_12m": 10,
}  # fmt: skip
LIKE = {"B": B, "A": A, "AA": AA, "AAA": AAA, "nothing": {}}
"""Firms that just reach a level: every rate stands on its limit."""


def document(given: dict[str, Any]) -> dict[str, Any]:
    """``{like: AA, but: {coverage: 0.9499}, without: [info_update]}``"""
    facts = LIKE[given.get("like", "AAA")] | given.get("but", {})
    return {name: value for name, value in facts.items() if name not in given.get("without", [])}


@step
def grade(edition: Edition, given: dict[str, Any]) -> Any:
    answer = judge(facts_from(document(given)), edition).to_json()
    return answer | {
        "levels": {element["element"]: element["level"] for element in answer["elements"]},
        "next_level": answer["next"] and answer["next"]["level"],
        "next_facts": [missing["fact"] for missing in (answer["next"] or {"missing": []})["missing"]],
        "next_clauses": [missing["clause"] for missing in (answer["next"] or {"missing": []})["missing"]],
        "next_needs": [missing["need"] for missing in (answer["next"] or {"missing": []})["missing"]],
    }


@step
def grade_reasons(edition: Edition, given: dict[str, Any]) -> Any:
    """What is missing for the next grade, as it is told to the firm."""
    following = judge(facts_from(document(given)), edition).next
    return [] if following is None else [str(reason) for reason in following.missing]


@step
def facts_read(edition: Edition, given: dict[str, Any]) -> Any:
    try:
        facts_from(given)
    except FactsRefused as refusal:
        return [str(problem) for problem in refusal.problems]
    return []


@step
def rates_of_months(edition: Edition, given: dict[str, Any]) -> Any:
    months = [MonthResult(word) for word, count in given["months"] for _ in range(count)]
    monthly = monthly_rates(months, edition)
    return monthly if isinstance(monthly, str) else {"timely": monthly.timely, "compliant": monthly.compliant}


@step
def filing_continues(edition: Edition, given: dict[str, Any]) -> Any:
    monthly = facts_from({"monthly": given["monthly"]}).monthly
    finding = continuation(Grade(given["certified"]), monthly, edition)
    return {"outcome": finding.outcome, "reason": finding.reason, "have": finding.have, "need": finding.need}


@step
def rates_move_the_grade(edition: Edition, given: dict[str, Any]) -> Any:
    return rates_decide(Occasion(given["at"]), edition)
