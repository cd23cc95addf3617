"""What the inspection of one file comes to, whatever it is filed for: findings as they are stored (3.4, 4.1.2, 7.2, D).

An application's materials (:mod:`workflow.applying.material_judging`) and the files of a month
(:mod:`workflow.monthly.month_files`) are looked at in the same way; what each asks beyond that stands with it.
"""

from dataclasses import dataclass
from typing import Any

from inspection.report import Report, Request
from models import Enterprise, Evidence, Inspection, Product
from standard.codes import judge, opaque, read, stated_level
from standard.outcome import Finding, Outcome
from standard.profile import Edition
from workflow.context import Ports
from workflow.findings import plain_finding, worst_of
from workflow.intake.code_patterns import prove_patterns
from workflow.intake.inspections import Looked, as_plain, inspection_key, keep_inspected
from workflow.intake.judged_codes import opaque_code
from workflow.intake.registries import compared, registry_finding
from workflow.intake.seen_before import same_file_of_others
from workflow.intake.wording import BEYOND_ONE_PHOTO, clause_number
from workflow.knowing.people import hint_of
from workflow.ports import Register, Reply


@dataclass(frozen=True, slots=True)
class Judged:
    """What one file came to: findings as they are stored, the report behind them, a certificate's inspection."""

    findings: list[dict[str, Any]]
    report: dict[str, Any] | None = None
    looked: Looked | None = None
    known: Inspection | None = None

    @property
    def outcome(self) -> Outcome:
        """By its worst finding (R6)."""
        return worst_of(self.findings)

    @property
    def inspected(self) -> dict[str, Any] | None:
        """The report on a certificate, where the file was inspected as one."""
        if self.looked is not None:
            return as_plain(self.looked.report)
        return self.known.report if self.known is not None else None


def single(outcome: Outcome, clause: str, reason: str, *rows: str, code: str = "") -> Judged:
    """A file of which there is one thing to say."""
    return Judged([plain_finding(Finding(clause, outcome, reason, rows), code=code)])


# --- certificates ----------------------------------------------------------------------------------------------------


async def judge_print(
    ports: Ports, firm: Enterprise, product: Product, edition: Edition, evidence: Evidence, data: bytes
) -> Judged:
    """Outside any transaction: the photo of a product's certificate; an inspection on record is not repeated."""
    hint = hint_of(product)
    request = Request(data, hint.sheet_mm, (hint,))
    key = inspection_key(evidence, request)
    if (known := await Inspection.get_or_none(key=key)) is not None:
        platform = await _platform(ports, firm, edition, known.report)
        return Judged(print_findings(known.report, edition), platform, None, known)
    looked = await keep_inspected(ports, evidence, key, await ports.inspector.inspect(request))
    report = as_plain(looked.report)
    return Judged(print_findings(report, edition), await _platform(ports, firm, edition, report), looked)


async def _platform(ports: Ports, firm: Enterprise, edition: Edition, report: dict[str, Any]) -> dict[str, Any] | None:
    """What the trace register states of an opaque code, kept with its photo (3.4, R33, R34); None where it does not,
    or of another firm's."""
    code = opaque_code(report, edition)
    if code is None or code.canonical is None:
        return None
    answer = await ports.registries.ask(Register.TRACE, code.canonical)
    answer = compared(answer, {"name": firm.name, "uscc": firm.uscc})
    if answer.reply is not Reply.FOUND or registry_finding(answer).outcome is not Outcome.PASS:
        return None
    return {"platform": {"code": code.canonical, "level": stated_level(code, answer.record, edition).value}}


def print_findings(report: dict[str, Any], edition: Edition) -> list[dict[str, Any]]:
    """What stands against a certificate's photo, clause by clause, the print (D) apart from code and picture (R5)."""
    found = [stored(finding) for finding in report["findings"] if _counts(finding)]
    for code in report["codes"][:1]:
        found += _code_findings(code["text"], edition)
    found += [flagged(flag) for flag in report["flags"] if flag["code"] == "seen_before"]
    if report["retake"] and any(finding["outcome"] == Outcome.UNCLEAR for finding in found):
        found.append(plain_finding(Finding("D", Outcome.UNCLEAR, f"重拍建议：{report['retake']}", ("R6",))))
    good = Finding("D", Outcome.PASS, "追溯码和照片可判的印刷各项符合要求（3.4，附录 D）。")
    return found or [plain_finding(good)]


def _counts(finding: dict[str, Any]) -> bool:
    if finding["verdict"] == "pass":
        return False
    return finding["verdict"] == "fail" or finding["clause"] not in BEYOND_ONE_PHOTO


def _code_findings(text: str, edition: Edition) -> list[dict[str, Any]]:
    code = read(text, edition=edition)
    form, listed, unique = judge(code, edition)
    # Whether an opaque one is unique its platform shows, not this photo (R33): a look-up is asked for that.
    judged = (form, listed) if opaque(code, edition) else (form, listed, unique)
    return [plain_finding(finding) for finding in judged if finding.outcome is not Outcome.PASS]


async def prove_by(ports: Ports, product_id: int | None, inspection: Inspection, sha256: str) -> None:
    """Inside the caller's transaction: the code that a certificate carries proves the product's patterns (3.4)."""
    report = inspection.report
    read_well = any(f["clause"] == "code" and f["verdict"] == "pass" for f in report["findings"])
    if product_id is not None and read_well:
        await prove_patterns(ports, product_id, [code["text"] for code in report["codes"][:1]], sha256)


# --- bodies and packages ---------------------------------------------------------------------------------------------


async def judge_body(
    ports: Ports, product: Product, evidence: Evidence, data: bytes, beside: Inspection | None = None
) -> Judged:
    """Outside any transaction: the photo of a product's body or package, compared with its certificate where one is
    ``beside`` it (6 A-1)."""
    certificate = Report.from_json(beside.report) if beside is not None else None
    report = await ports.inspector.inspect_body(data, (hint_of(product),), certificate)
    kept = as_plain(report) | {"beside": beside.id if beside else None}
    found = [
        stored(finding)
        for finding in kept["findings"]
        if finding["verdict"] != "pass" and (beside is not None or finding["clause"] != "body.match")
    ]
    found += await shared_file(ports, evidence)
    good = Finding("4.1.2", Outcome.PASS, "读到唯一可识别的追溯码和本体标识（4.1.2，5）。")
    return Judged(found or [plain_finding(good)], kept)


# --- any file --------------------------------------------------------------------------------------------------------


async def shared_file(ports: Ports, evidence: Evidence) -> list[dict[str, Any]]:
    """The finding where another firm handed these very bytes in before, else none (7.2(2) 图片真实性)."""
    flag = await same_file_of_others(ports, evidence)
    return [flagged({"code": flag.code, "advice": flag.advice})] if flag is not None else []


def stored(finding: dict[str, Any]) -> dict[str, Any]:
    """An inspection's finding as it is stored of a file; ``check`` keeps the inspection's own name."""
    clause = _CLAUSES.get(finding["clause"]) or clause_number(finding["clause"]).split("、")[0]
    told = Finding(clause, Outcome(finding["verdict"]), finding["advice"], tuple(finding["rows"]))
    return plain_finding(told, check=finding["clause"])


_CLAUSES = {
    "body.code": "4.1.2", "body.match": "6 A-1", "body.text": "A", "shot.code": "4.3.3", "shot.time": "4.3.3",
    "shot.page": "4.3.3", "ledger.columns": "A", "ledger.rows": "4.1.1", "ledger.cells": "4.1.1",
    "ledger.codes": "3.4", "ledger.coverage": "3.6", "ledger.elements": "A", "ledger.upload": "A",
}  # fmt: skip


def flagged(flag: dict[str, Any]) -> dict[str, Any]:
    """A reason to look closer at a picture: unclear until another one comes."""
    finding = Finding("7.2(2)", Outcome.UNCLEAR, f"{flag['advice']}（7.2(2) 图片真实性）。", ("R6",))
    return plain_finding(finding, check="photo_authentic", code=flag["code"])
