"""What the official registers say of an application's licences and codes, or that nobody was asked (7.2(1), R34)."""

from dataclasses import replace
from typing import Any

from models import Material
from standard.outcome import Finding, Outcome
from workflow.applying.case import Case
from workflow.applying.trace_codes import trace_code
from workflow.context import Ports
from workflow.findings import plain_finding
from workflow.intake.registries import CLAUSE, NAMES, ROWS, compared, registry_finding
from workflow.ports import Register, RegistryAnswer, Reply

_REGISTERS = {"licence": Register.LICENCE, "ccc": Register.CCC}
"""By a product's class; class 3 has no licence to ask for (R49)."""


async def official_findings(ports: Ports, case: Case) -> list[dict[str, Any]]:
    """Outside any transaction: every number asked once; what an answer says against it is about its materials."""
    asked: list[tuple[Register, str, list[Material]]] = [
        (Register.BUSINESS, case.firm.uscc, case.of("business_licence"))
    ]
    asked += [
        (_REGISTERS[product.product_class], product.qualification_number, case.of("product_qualification", product))
        for product in case.products
        if product.product_class in _REGISTERS and product.qualification_number
    ]
    codes: dict[str, list[Material]] = {}
    for photo in case.prints():
        code = trace_code(photo, case.edition)
        if code is not None and code.valid:
            codes.setdefault(code.canonical or code.text, []).append(photo)
    asked += [(Register.TRACE, code, photos) for code, photos in codes.items()]
    findings: dict[str, dict[str, Any]] = {}
    for register, number, about in asked:
        answer = await ports.registries.ask(register, number)
        finding = _said(case, number, compared(answer, {"name": case.firm.name, "uscc": case.firm.uscc}))
        against = about if finding.outcome is not Outcome.PASS else []
        findings.setdefault(finding.reason, plain_finding(finding, about=against, check="register"))
    return list(findings.values())


def _said(case: Case, number: str, answer: RegistryAnswer) -> Finding:
    finding = registry_finding(answer)
    if answer.reply in (Reply.NOT_ASKED, Reply.NOT_REACHABLE):
        return finding
    through = answer.record.get("valid_through", "")
    if finding.outcome is Outcome.PASS and through and through < case.today.isoformat():
        reason = f"{NAMES[answer.register]}的有效期到 {through}，已过期：请换发后提交新的（{CLAUSE}，R34）"
        finding = Finding(CLAUSE, Outcome.FAIL, reason, ROWS, through, f"≥ {case.today}")
    return replace(finding, reason=f"{number}：{finding.reason}")
