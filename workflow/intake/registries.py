"""What a register's answer means for a check (R34): which was used is said in every verdict."""

from collections.abc import Mapping
from dataclasses import replace

from standard.names import same
from standard.outcome import Finding, Outcome
from workflow.ports import Register, RegistryAnswer, Reply

CLAUSE = "7.2(1)"
ROWS = ("R34",)
NAMES = {
    Register.BUSINESS: "工商登记",
    Register.LICENCE: "生产许可证登记",
    Register.CCC: "CCC 证书登记",
    Register.TRACE: "国家追溯平台",
}
FIELDS = {
    "name": "名称",
    "uscc": "统一社会信用代码",
    "address": "地址",
    "legal_representative": "法定代表人",
    "number": "编号",
}
STATUS = {"suspended": "暂停", "cancelled": "注销", "revoked": "吊销或撤销"}


def compared(answer: RegistryAnswer, stated: Mapping[str, str]) -> RegistryAnswer:
    """``stated`` against the record, field by field, as far as the register has them: found may become ``differs``."""
    if answer.reply is not Reply.FOUND:
        return answer
    differs = tuple(
        name for name, text in stated.items() if answer.record.get(name) and not same(text, answer.record[name])
    )
    return replace(answer, reply=Reply.DIFFERS, differs=differs) if differs else answer


def registry_finding(answer: RegistryAnswer, clause: str = CLAUSE) -> Finding:
    """One answer as a finding. Nobody asked, or nobody answering, leaves it at the offline checks, and says so."""
    name = NAMES[answer.register]
    match answer.reply:
        case Reply.NOT_ASKED:
            return _finding(clause, Outcome.PASS, f"已按编号校验和提交的资料核对；{name}查询还没有接入")
        case Reply.NOT_REACHABLE:
            return _finding(clause, Outcome.PASS, f"已按编号校验和提交的资料核对；{name}暂时查询不到")
        case Reply.NOT_FOUND:
            return _finding(clause, Outcome.FAIL, f"{name}中没有查到：请核对编号；刚登记的请过几天再提交")
        case Reply.DIFFERS:
            which = "；".join(f"{FIELDS.get(field, field)}登记为“{answer.record[field]}”" for field in answer.differs)
            return _finding(clause, Outcome.FAIL, f"与{name}不一致：{which}。请按登记的内容更正")
    if (status := answer.record.get("status", "active")) != "active":
        return _finding(
            clause, Outcome.FAIL, f"{name}的状态是{STATUS.get(status, '异常')}：请到登记机关核实，恢复后再提交"
        )
    return _finding(clause, Outcome.PASS, f"已查询{name}，与登记一致")


def _finding(clause: str, outcome: Outcome, reason: str) -> Finding:
    return Finding(clause, outcome, f"{reason}（{clause}，R34）", ROWS)
