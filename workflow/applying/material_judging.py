"""The job that judges one material by its kind (7.2(1), 7.2(2)): photos inspected, spreadsheets and documents read.

What is judged here rests on the one file (a body photo also on its product's certificate); what several say together
is for :mod:`workflow.applying.consistency`. Repeating the job changes nothing: a verdict is written only
over HANDED_IN.
"""

from typing import Any
from urllib.parse import urlsplit

from inspection.materials import DocumentReport, Ledger, LedgerKind, LedgerRefused
from inspection.report import PictureRefused
from models import Application, Inspection, Material, MaterialState
from models.transactions import transaction
from standard.facts import PublicQuery
from standard.handing_in import ReadAs, handing, query_shows, words_found
from standard.materials import SealSeen, seal
from standard.names import fold, same, stands_in
from standard.outcome import Finding, Outcome
from workflow.applying.applications import verify_once_judged
from workflow.applying.case import Case, case_of
from workflow.context import Ports
from workflow.findings import plain_finding
from workflow.intake.file_judging import Judged, judge_body, judge_print, prove_by, shared_file, single, stored
from workflow.intake.inspections import as_plain, record_inspection, tried_once_more
from workflow.intake.uploads import CSV, XLSX
from workflow.ports import ClaimedJob, InspectionFailed, ObjectMissing
from workflow.record import record_event

PASS, FAIL, UNCLEAR = Outcome.PASS, Outcome.FAIL, Outcome.UNCLEAR
STATES = {PASS: MaterialState.PASSED, FAIL: MaterialState.FAILED, UNCLEAR: MaterialState.UNCLEAR}


async def judge_material(ports: Ports, job: ClaimedJob) -> None:
    """The job: look, then write verdict, report, event and the job's end in one transaction."""
    material = await Material.get(id=job.args["material"]).prefetch_related("evidence", "product", "inspection")
    if material.state != MaterialState.HANDED_IN:
        async with transaction():
            await ports.queue.finish(job)
        return
    application = await Application.get(id=material.application_id)
    case = await case_of(ports, application)
    try:
        judged = await look_at(ports, case, material)
    except InspectionFailed as problem:
        if await tried_once_more(ports, job, problem):
            return
        judged = single(UNCLEAR, "7.2(2)", "这份文件无法处理：请重新扫描或拍摄后，换一份上传。", "R6")
    async with transaction():
        if not await ports.queue.finish(job):
            return
        # The application before its materials, as whoever hands in or submits holds them.
        application = await Application.filter(id=application.id).select_for_update().get()
        await record_judgement(ports, material, judged)
        await verify_once_judged(ports, application)
    ports.bell.ring("jobs")


async def record_judgement(
    ports: Ports, material: Material, judged: Judged, *, over: tuple[MaterialState, ...] = (MaterialState.HANDED_IN,)
) -> None:
    """Inside the caller's transaction: the verdict, where the material still is in one of the states ``over``."""
    inspection = judged.known
    if judged.looked is not None:
        inspection = await record_inspection(ports, material.evidence_id, judged.looked, product_id=material.product_id)
    changed = await Material.filter(id=material.id, state__in=[str(state) for state in over]).update(
        state=STATES[judged.outcome],
        findings=judged.findings,
        report=judged.report,
        inspection_id=inspection.id if inspection else None,
        judged_at=ports.clock.now(),
    )
    if changed and inspection is not None:
        await prove_by(ports, material.product_id, inspection, material.evidence.sha256)
    if changed:
        await record_event(
            ports,
            "material:judge",
            "material",
            material.id,
            actor="system",
            clause="7.2(2)",
            after={"state": STATES[judged.outcome].value},
            evidence_sha256=material.evidence.sha256,
        )


async def look_at(ports: Ports, case: Case, material: Material) -> Judged:
    """Outside any transaction: judge one file; raises :class:`InspectionFailed` where its process died."""
    how = handing(material.kind, case.edition).read_as
    if how is ReadAs.CHAIN:
        how = ReadAs.PRINT if material.declared.get("place") == "certificate" else ReadAs.BODY
    try:
        data = await ports.storage.get(material.evidence.storage_key)
        match how:
            case ReadAs.PRINT:
                assert material.product is not None
                return await judge_print(ports, case.firm, material.product, case.edition, material.evidence, data)
            case ReadAs.BODY:
                assert material.product is not None
                beside = certificate_beside(case, material)
                return await judge_body(ports, material.product, material.evidence, data, beside)
            case ReadAs.LEDGER:
                return await _ledger(ports, case, material, data)
            case ReadAs.RECORD if material.evidence.media_type in (XLSX, CSV):
                return await _ledger(ports, case, material, data)
            case ReadAs.SCREENSHOT:
                return await _screenshot(ports, case, material, data)
            case ReadAs.LINK:
                return await _link(ports, case, material, data)
            case _:
                return await _document(ports, case, material, data)
    except PictureRefused as refusal:
        return single(FAIL, "7.1(2)", refusal.advice, code=refusal.code)
    except LedgerRefused as refusal:
        return single(FAIL, "7.1(2)", refusal.advice, code=refusal.code)
    except ObjectMissing:
        return single(UNCLEAR, "7.1(2)", "这份文件已不在存储中：请重新上传。", code="file_dropped")


# --- photos ----------------------------------------------------------------------------------------------------------


def certificate_beside(case: Case, material: Material) -> Inspection | None:
    """The inspection of the same product's certificate that a body photo is compared with (6 A-1)."""
    prints = [one for one in case.of("certificate_photo", material.product) if one.inspection is not None]
    return prints[0].inspection if prints else None


async def _screenshot(ports: Ports, case: Case, material: Material, data: bytes) -> Judged:
    report = await ports.inspector.inspect_screenshot(data, None, ports.clock.now())
    kept = as_plain(report)
    found = [
        stored(finding)
        for finding in kept["findings"]
        if finding["verdict"] == "fail" or (finding["verdict"] == "unclear" and finding["clause"] == "shot.page")
    ]
    if query_shows(kept["text"], case.edition) is PublicQuery.NONE:
        advice = "截图上没有读到产品名称、型号和生产企业：请截取查询结果的完整页面（6 A-4）。"
        found.append(plain_finding(Finding("6 A-4", UNCLEAR, advice, ("R6",))))
    found += await shared_file(ports, material.evidence)
    return Judged(found or [plain_finding(Finding("6 A-4", PASS, "截图显示公众可查询到产品信息（6 A-4）。"))], kept)


async def _link(ports: Ports, case: Case, material: Material, data: bytes) -> Judged:
    """The link is as it was stated; whether and how fast it answers is for the prober (R53)."""
    report = await ports.inspector.inspect_screenshot(data, None, ports.clock.now())
    kept = as_plain(report)
    hosts = [host for code in kept["codes"] if (host := _host(code["text"]))]
    stated = _host(str(material.declared["link"]))
    if hosts and stated not in hosts:
        advice = f"图片里的二维码指向 {hosts[0]}，填写的查询链接是 {stated}：请核对后重新上传（附录 A）。"
        return Judged([plain_finding(Finding("A", FAIL, advice))], kept)
    good = f"已登记查询测试链接 {stated}；响应时间由平台探测（R53）。"
    return Judged([plain_finding(Finding("A", PASS, good, ("R53",)))], kept)


def _host(text: str) -> str:
    try:
        return urlsplit(text).hostname or ""
    except ValueError:
        return ""


# --- spreadsheets ----------------------------------------------------------------------------------------------------

_KINDS: dict[str, tuple[LedgerKind, ...]] = {
    "production_ledger": (LedgerKind.PRODUCTION, LedgerKind.SALES),
    "coverage_list": (LedgerKind.COVERAGE,),
    "trace_ledger": (LedgerKind.TRACE, LedgerKind.UPDATE),
    "query_log": (LedgerKind.QUERY,),
    "upload_records": (LedgerKind.UPLOAD,),
}
"""Which ledger each material has to be; others may be any spreadsheet with data."""
_FREE = ("ledger.columns", "ledger.coverage", "ledger.codes", "ledger.elements", "ledger.upload")
"""Checks of the five known ledgers, which are not asked of a spreadsheet of another kind."""


async def _ledger(ports: Ports, case: Case, material: Material, data: bytes) -> Judged:
    ledger = await ports.inspector.read_ledger(data, material.evidence.file_name or "台账")
    kept = as_plain(ledger)
    wanted = _KINDS.get(material.kind)
    found = [
        stored(finding)
        for finding in kept["findings"]
        if finding["verdict"] != "pass" and (wanted or finding["clause"] not in _FREE)
    ]
    if wanted and not any(table.kind in wanted for table in ledger.tables):
        title = case.edition.word(f"materials.{material.kind}")
        advice = f"这份表格不是“{title}”：请在表上方写明表名，并补齐所需的列后重新上传（附录 A）。"
        found.append(plain_finding(Finding("A", FAIL, advice)))
    if material.kind == "product_ledger":
        found += _product_ledger(case, ledger)
    good = Finding("A", PASS, f"读到 {ledger.rows} 行数据，没有发现问题（附录 A）。")
    return Judged(found or [plain_finding(good)], kept)


def _product_ledger(case: Case, ledger: Ledger) -> list[dict[str, Any]]:
    """Every product applied for stands in the ledger of products (6 B)."""
    named = [fold(name) for name in ledger.products]
    lacking = [
        f"{product.name} {product.model}"
        for product in case.products
        if not any(fold(product.name) in name for name in named)
    ]
    if not named:
        reason = "没有读到“产品名称”一列：请补上后重新上传（6 B 资料 5）。"
        return [plain_finding(Finding("6 B", UNCLEAR, reason, ("R6",)))]
    if lacking:
        reason = f"产品基础信息台账里没有：{'、'.join(lacking)}。请补上申报的全部产品（6 B 资料 5）。"
        return [plain_finding(Finding("6 B", FAIL, reason))]
    return []


# --- documents -------------------------------------------------------------------------------------------------------


async def _document(ports: Ports, case: Case, material: Material, data: bytes) -> Judged:
    report = await ports.inspector.read_document(data)
    kept = as_plain(report)
    if not report.legible:
        advice = report.retake or "文件不清楚，读不出内容：请重新扫描后上传。"
        return Judged([plain_finding(Finding("7.2(2)", UNCLEAR, advice, ("R6",)))], kept)
    match material.kind:
        case "business_licence":
            findings = [*_licence(case, report), _seal(case, report)]
        case "product_qualification":
            findings = [*_qualification(case, material, report), _seal(case, report)]
        case _:
            findings = [words_found(material.kind, report.text, case.edition)]
            if handing(material.kind, case.edition).names_firm:
                findings.append(_names(case, report))
    return Judged([*map(plain_finding, findings), *await shared_file(ports, material.evidence)], kept)


def _licence(case: Case, report: DocumentReport) -> list[Finding]:
    """7.2(1): the licence is this firm's and runs still."""
    firm = case.firm
    findings = []
    if firm.uscc in report.uscc:
        findings.append(Finding("7.2(1)", PASS, "统一社会信用代码与注册信息一致（7.2(1)）。"))
    elif report.uscc:
        reason = (
            f"营业执照上的统一社会信用代码是 {report.uscc[0]}，注册的是 {firm.uscc}：请上传本企业的营业执照（7.2(1)）。"
        )
        findings.append(Finding("7.2(1)", FAIL, reason, (), report.uscc[0], firm.uscc))
    else:
        reason = "没有读到统一社会信用代码：请上传完整、清晰的营业执照（7.2(1)）。"
        findings.append(Finding("7.2(1)", UNCLEAR, reason, ("R6",)))
    findings.append(_names(case, report, "7.2(1)"))
    return [*findings, *_valid(case, report, "营业执照")]


def _qualification(case: Case, material: Material, report: DocumentReport) -> list[Finding]:
    """7.2(1): the licence or certificate of this product, held by this firm, not expired."""
    product = material.product
    assert product is not None
    shown = [report.fields[name] for name in ("licence_number", "ccc_number") if report.fields.get(name)]
    number = product.qualification_number
    text = fold("".join(report.text))
    if not number:
        reason = f"“{product.name} {product.model}”还没有登记许可证或认证证书编号：请先在产品信息里填写（7.2(1)）。"
        findings = [Finding("7.2(1)", UNCLEAR, reason, ("R6",))]
    elif any(same(number, one) for one in shown) or fold(number) in text:
        findings = [Finding("7.2(1)", PASS, f"证书编号 {number} 与产品登记一致（7.2(1)）。")]
    elif shown:
        reason = f"证书编号是 {shown[0]}，产品登记的是 {number}：请上传这款产品的证书，或更正登记（7.2(1)）。"
        findings = [Finding("7.2(1)", FAIL, reason, (), shown[0], number)]
    else:
        reason = f"没有读到证书编号 {number}：请上传完整、清晰的证书（7.2(1)）。"
        findings = [Finding("7.2(1)", UNCLEAR, reason, ("R6",))]
    return [*findings, _names(case, report, "7.2(1)"), *_valid(case, report, "证书", needed=True)]


def _valid(case: Case, report: DocumentReport, what: str, *, needed: bool = False) -> list[Finding]:
    through = report.fields.get("valid_through", "")
    if not through:
        if not needed:
            return []  # a business licence may run without an end
        reason = f"没有读到{what}的有效期：请上传能看清有效期的扫描件（7.2(1)）。"
        return [Finding("7.2(1)", UNCLEAR, reason, ("R6",))]
    if through < case.today.isoformat():
        reason = f"{what}已于 {through} 到期：请上传在有效期内的（7.2(1)）。"
        return [Finding("7.2(1)", FAIL, reason, (), through, f"≥ {case.today}")]
    return [Finding("7.2(1)", PASS, f"{what}有效期至 {through}（7.2(1)）。")]


def _names(case: Case, report: DocumentReport, clause: str = "7.2(2)") -> Finding:
    """Whether the document names the firm: by its name, its credit code, or its seal."""
    name = case.firm.name
    if case.firm.uscc in report.uscc or any(stands_in(name, line) for line in (*report.text, report.seal_text)):
        return Finding(clause, PASS, f"文件属于本企业（{clause}）。")
    other = report.fields.get("name", "")
    if other and report.kind in ("business_licence", "production_licence", "ccc_certificate"):
        reason = f"文件上的企业名称是“{other}”，注册的是“{case.firm.name}”：请上传本企业的文件（{clause}）。"
        return Finding(clause, FAIL, reason, (), other, case.firm.name)
    reason = f"文件上没有读到本企业名称“{case.firm.name}”、信用代码或公章：请盖章后重新扫描上传（{clause}）。"
    return Finding(clause, UNCLEAR, reason, ("R6",))


def _seal(case: Case, report: DocumentReport) -> Finding:
    ruling = seal(SealSeen(report.seal), case.edition)
    return Finding(ruling.clause, ruling.outcome, ruling.reason, ruling.rows)
