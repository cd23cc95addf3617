"""What the official registers say of an application's licences and codes, or that they were not asked (7.2(1), R34)."""

from typing import Any

from models import Material
from standard.handing_in import plain
from standard.outcome import Finding, Outcome
from workflow.case import Case, plain_finding, trace_code
from workflow.context import Ports
from workflow.ports import Register, RegistryAnswer, Reply

TITLES = {
    Register.BUSINESS: "工商登记", Register.LICENCE: "生产许可证登记", Register.CCC: "CCC 证书登记",
    Register.TRACE: "国家追溯平台",
}  # fmt: skip
_REGISTERS = {"licence": Register.LICENCE, "ccc": Register.CCC}


async def registered(ports: Ports, case: Case) -> list[dict[str, Any]]:
    """Outside any transaction: every register asked once about every number, each answer as a finding."""
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
    offline: dict[Register, Reply] = {}
    findings = []
    for register, number, about in dict.fromkeys((r, n, tuple(a)) for r, n, a in asked):
        answer = await ports.registries.ask(register, number)
        if answer.reply in (Reply.NOT_ASKED, Reply.NOT_REACHABLE):
            offline[register] = answer.reply
        else:
            findings.append(plain_finding(_said(case, register, number, answer), about=about, check="register"))
    return findings + ([plain_finding(_offline(offline), check="register")] if offline else [])


def _offline(offline: dict[Register, Reply]) -> Finding:
    names = "、".join(TITLES[register] for register in offline)
    why = "暂时无法访问" if Reply.NOT_REACHABLE in offline.values() else "没有公开接口，未接入"
    reason = f"{names}{why}：按校验位、格式、日期和企业提交的资料核验（7.2(1)，R34）。"
    return Finding("7.2(1)", Outcome.PASS, reason, ("R34",))


def _said(case: Case, register: Register, number: str, answer: RegistryAnswer) -> Finding:
    title, record = TITLES[register], answer.record
    if answer.reply is Reply.NOT_FOUND:
        reason = f"{title}里查不到 {number}：请核对编号，更正后重新上传相应资料（7.2(1)，R34）。"
        return Finding("7.2(1)", Outcome.FAIL, reason, ("R34",))
    if (status := record.get("status", "active")) != "active":
        words = {"suspended": "暂停", "cancelled": "注销", "revoked": "撤销"}.get(status, status)
        reason = f"{title}显示 {number} 已{words}：请恢复有效后再提交（7.2(1)，R34）。"
        return Finding("7.2(1)", Outcome.FAIL, reason, ("R34",), status, "active")
    if (through := record.get("valid_through", "")) and through < case.today.isoformat():
        reason = f"{title}显示 {number} 已于 {through} 到期：请提交有效的证书（7.2(1)，R34）。"
        return Finding("7.2(1)", Outcome.FAIL, reason, ("R34",), through, f"≥ {case.today}")
    for name, ours in (("uscc", case.firm.uscc), ("name", case.firm.name)):
        theirs = record.get(name, "")
        if theirs and plain(theirs) != plain(ours):
            reason = f"{title}里 {number} 属于“{theirs}”，注册的是“{ours}”：请提交本企业的资料（7.2(1)，R34）。"
            return Finding("7.2(1)", Outcome.FAIL, reason, ("R34",), theirs, ours)
    return Finding("7.2(1)", Outcome.PASS, f"{title}核对一致：{number}（7.2(1)，R34）。", ("R34",))
