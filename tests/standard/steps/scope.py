"""Steps of clauses 1, 3.1, 3.5 and 3.6."""

from decimal import Decimal
from typing import Any

from standard import scope
from standard.months import Month
from standard.outcome import Outcome
from standard.profile import Edition
from tests.standard.steps import step


def shown(answer: scope.ScopeAnswer) -> dict[str, Any]:
    return {
        "standing": answer.standing, "reason": answer.reason, "class": answer.product_class, "rows": list(answer.rows),
    }  # fmt: skip


@step
def who_may_apply(edition: Edition, given: dict[str, Any]) -> Any:
    return shown(scope.applicant(given["role"], edition))


@step
def key_product(edition: Edition, given: dict[str, Any]) -> Any:
    answer = scope.product(edition, **given)
    asked = answer.product_class and scope.needs_qualification(answer.product_class, edition)
    return shown(answer) | {"qualification": asked}


@step
def categories(edition: Edition, given: dict[str, Any]) -> Any:
    return {one.id: [one.name, one.product_class] for one in scope.categories(edition)}


@step
def is_coded(edition: Edition, given: dict[str, Any]) -> Any:
    coded = {place: Outcome(word) for place, word in given.get("coded", {}).items()}
    finding = scope.coded_product(coded, Outcome(given["linked"]), edition)
    return {"outcome": finding.outcome, "reason": finding.reason}


@step
def coverage(edition: Edition, given: dict[str, Any]) -> Any:
    """``ledger``: lines ``[first month, how many months, category, unit, total a month, coded a month]``."""
    counts = [
        scope.MonthlyCount(Month.parse(first).plus(number), category, unit, Decimal(total), Decimal(coded))
        for first, months, category, unit, total, coded in given["ledger"]
        for number in range(months)
    ]
    since = Month.parse(given["since"]) if "since" in given else None
    found = scope.coverage(counts, given["categories"], given["today"], edition, since=since)
    return {
        "outcome": found.outcome, "rate": found.rate, "first": str(found.first), "last": str(found.last),
        "reason": found.reason, "by_unit": dict(found.by_unit),
    }  # fmt: skip
