"""Findings as they are stored, and what they come to together."""

from collections.abc import Iterable, Sequence
from typing import Any

from models import FilingFile, Material
from standard.outcome import Finding, Outcome


def plain_finding(finding: Finding, *, about: Iterable[Material | FilingFile] = (), **more: Any) -> dict[str, Any]:
    """A finding as it is stored: ``clause``, ``outcome``, ``reason``, ``rows``, ``have``, ``need``; ``materials`` are
    the refs of those it is about."""
    return {
        "clause": finding.clause,
        "outcome": finding.outcome.value,
        "reason": finding.reason,
        "rows": list(finding.rows),
        "have": finding.have,
        "need": finding.need,
        "materials": [material.ref for material in about],
        **more,
    }


def worst_of(findings: Sequence[dict[str, Any]]) -> Outcome:
    """R6 over stored findings."""
    outcomes = {finding["outcome"] for finding in findings}
    return next((one for one in (Outcome.FAIL, Outcome.UNCLEAR) if one.value in outcomes), Outcome.PASS)
