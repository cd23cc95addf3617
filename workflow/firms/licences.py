"""7.2(1): does a registration's form agree with the licence's scan and with the registry, as far as each says (R34)?"""

from dataclasses import dataclass
from datetime import date

from inspection.materials import DocumentReport
from standard.identifiers import credit_code
from standard.materials import SealSeen, seal
from standard.names import fold, same
from standard.outcome import Finding, Outcome
from standard.profile import Edition
from workflow.intake.registries import NAMES, compared, registry_finding
from workflow.ports import Register, RegistryAnswer

CLAUSE = "7.2(1)"
ROWS = ("R34",)
MAKER = "maker"


@dataclass(frozen=True, slots=True)
class Stated:
    """What the form says of the firm."""

    uscc: str
    name: str
    address: str
    legal_representative: str
    organisation_role: str


def address_name(organisation_role: str) -> str:
    """What a registered firm's address is called: the certificate of a maker names the place of production
    (Appendix B); others produce nothing."""
    return "生产地址" if organisation_role == MAKER else "地址"


def judge_licence(
    stated: Stated, scan: DocumentReport, answer: RegistryAnswer, today: date, edition: Edition
) -> list[Finding]:
    """Every check of the registration; the worst of them decides. ``today`` is the day in Shanghai."""
    number = credit_code(stated.uscc, edition=edition)
    return [*number.findings, *_scan(stated, scan, today, edition), *_registry(stated, answer)]


def _scan(stated: Stated, scan: DocumentReport, today: date, edition: Edition) -> list[Finding]:
    if scan.seal == SealSeen.OFD:
        advice = "OFD 格式的营业执照读不出文字：请导出为 PDF，或上传清晰的扫描图片"
        return [_finding(Outcome.UNCLEAR, advice, "R6", "R42")]
    if not scan.legible:
        return [
            _finding(Outcome.UNCLEAR, f"营业执照看不清：{scan.retake or '请正对着重新扫描，四边完整、文字清楚'}", "R6")
        ]
    if scan.kind != "business_licence":
        return [_finding(Outcome.FAIL, "上传的文件不是营业执照：请上传加盖企业电子公章的营业执照扫描件")]
    findings = [_code(stated, scan), _name(stated, scan), _address(stated, scan)]
    read = scan.fields.get("legal_representative", "")
    if stated.legal_representative and read:
        agrees = same(stated.legal_representative, read)
        findings.append(
            _finding(Outcome.PASS, "法定代表人与营业执照一致")
            if agrees
            else _differs("法定代表人", stated.legal_representative, read)
        )
    ends = scan.fields.get("valid_through", "")
    if ends and date.fromisoformat(ends) < today:
        findings.append(_finding(Outcome.FAIL, f"营业执照的营业期限到 {ends} 为止，已过期：请上传换发后的执照"))
    ruling = seal(SealSeen(scan.seal), edition)
    findings.append(Finding(ruling.clause, ruling.outcome, ruling.reason, ruling.rows))
    return findings


def _code(stated: Stated, scan: DocumentReport) -> Finding:
    if stated.uscc in scan.uscc:
        return _finding(Outcome.PASS, "统一社会信用代码与营业执照一致")
    if scan.uscc:
        return _differs("统一社会信用代码", stated.uscc, scan.uscc[0])
    return _finding(Outcome.UNCLEAR, "营业执照上的统一社会信用代码没有读清：请重新扫描，让代码清楚可辨", "R6")


def _name(stated: Stated, scan: DocumentReport) -> Finding:
    read = scan.fields.get("name", "")
    name = fold(stated.name)
    # Whole lines only: a longer name that contains this one is another firm's.
    if same(stated.name, read) or any(fold(line) in {name, f"名称{name}", f"企业名称{name}"} for line in scan.text):
        return _finding(Outcome.PASS, "企业名称与营业执照一致")
    if read:
        return _differs("企业名称", stated.name, read)
    return _finding(Outcome.UNCLEAR, "营业执照上的企业名称没有读清：请重新扫描，让名称清楚可辨", "R6")


def _address(stated: Stated, scan: DocumentReport) -> Finding:
    """The licence names the seat, the certificate the place of production: they may differ, and that is told."""
    called = address_name(stated.organisation_role)
    shown = "，证书上以它为准" if stated.organisation_role == MAKER else ""
    read = scan.fields.get("address", "")
    one, other = fold(stated.address), fold(read)
    if (other and (one in other or other in one)) or one in _text(scan):
        return _finding(Outcome.PASS, f"{called}与营业执照的住所一致")
    if read:
        reason = f"营业执照的住所是“{read}”，与填写的{called}不同：按填写的{called}登记{shown}"
        return _finding(Outcome.PASS, reason)
    return _finding(Outcome.PASS, f"营业执照上的住所没有读到，没有核对：按填写的{called}登记{shown}")


def _registry(stated: Stated, answer: RegistryAnswer) -> list[Finding]:
    checked = compared(answer, {"name": stated.name, "uscc": stated.uscc})
    finding = registry_finding(checked)
    if finding.outcome is not Outcome.PASS or not answer.record:
        return [finding]
    said = answer.record.get("legal_representative", "")
    if stated.legal_representative and said and not same(stated.legal_representative, said):
        return [_differs("法定代表人", stated.legal_representative, said, of=NAMES[Register.BUSINESS])]
    return [finding]


def _text(scan: DocumentReport) -> str:
    return fold("".join(scan.text))


def _differs(what: str, stated: str, read: str, of: str = "营业执照") -> Finding:
    reason = f"{what}：填写的是“{stated}”，{of}上是“{read}”，不一致：请按{of}更正；若是没有认对，请重新扫描清楚"
    return _finding(Outcome.FAIL, reason, have=stated, need=read)


def _finding(outcome: Outcome, reason: str, *rows: str, have: str | None = None, need: str | None = None) -> Finding:
    return Finding(CLAUSE, outcome, f"{reason}（7.2(1)，{'、'.join(rows or ROWS)}）", rows or ROWS, have, need)
