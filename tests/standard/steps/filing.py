"""Steps on a month's filing (Appendix C)."""

from datetime import datetime
from typing import Any

from standard.monthly import Background, FiledProduct, Filing, judge_filing
from standard.months import Month
from standard.outcome import Outcome
from standard.profile import Edition
from tests.standard.steps import step

LEDGER = ("生产", "检验", "销售", "国家追溯平台上传记录")


@step
def filing(edition: Edition, given: dict[str, Any]) -> Any:
    """Judge a filing. What is not written is in order: filed on 10 December at noon, 3 screenshots with one from the
    public's side; a product has one photo of each kind, one batch, one code of its own, and the whole ledger."""
    names = list(given.get("products", {"电缆甲": {}, "电缆乙": {}}))
    products = tuple(_product(name, (given.get("products") or {}).get(name) or {}) for name in names)
    filed = Filing(
        Month.parse(given.get("month", "2026-12")),
        given.get("filed_at", datetime.fromisoformat("2026-12-10T12:00:00+08:00")),
        products,
        given.get("screenshots", 3),
        given.get("public_screenshots", 1),
        tuple(given.get("optional", ())),
    )
    last = given.get("last_month", {})
    background = Background(
        given.get("level", "A"),
        frozenset(given.get("firm_products", ["电缆甲", "电缆乙", "电缆丙", "电缆丁"])),
        tuple((name, frozenset(batches)) for name, batches in last.items()),
        frozenset(given.get("codes_ever", ())),
    )
    verdict = judge_filing(filed, background, edition)
    return {
        "outcome": verdict.outcome,
        "complete": verdict.complete,
        "timely": verdict.timely,
        "repeated": verdict.repeated,
        "reasons": [found.reason for found in verdict.findings if found.outcome is not Outcome.PASS],
        "clauses": [found.clause for found in verdict.findings if found.outcome is not Outcome.PASS],
        "notes": [found.reason for found in verdict.findings if found.outcome is Outcome.PASS],
        "needs": sorted({found.need for found in verdict.findings if found.need}),
        "kept": next(found.have for found in verdict.findings if found.clause == "C(4)"),
        "shown": next(found.reason for found in verdict.findings if found.clause == "C(4)"),
    }


def _product(name: str, words: dict[str, Any]) -> FiledProduct:
    return FiledProduct(
        name,
        words.get("certificate_photos", 1),
        words.get("body_photos", 1),
        tuple(words.get("batches", [f"{name}-批次1"])),
        tuple(words.get("codes", [f"{name}-码1"])),
        frozenset(words.get("ledger", LEDGER)),
        Outcome(words.get("print", "pass")),
        Outcome(words.get("legible", "pass")),
    )
