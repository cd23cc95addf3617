"""The files of a month: put in their place, and each judged by its kind in a job of its own (C(1)–C(4), 7.2(2), D).

What is judged here rests on the one file, its product's record and what was filed before; what the files of the month
say together is for :mod:`workflow.monthly.month_judging`. Repeating the job changes nothing: a verdict is written
only over HANDED_IN.
"""

import json
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from hashlib import blake2b
from typing import Any

from inspection.materials import LedgerKind, LedgerRefused
from inspection.placement import Placement, same_place
from inspection.report import PictureRefused, Report, Verdict
from models import (
    Enterprise,
    Evidence,
    FiledCode,
    FilingFile,
    FilingFileKind,
    FilingFileState,
    FilingState,
    Material,
    MaterialState,
    MonthlyFiling,
    Product,
)
from models.transactions import transaction
from standard.codes import read
from standard.codes.tracecode import TraceCode
from standard.months import Month
from standard.names import fold
from standard.outcome import Finding, Outcome
from standard.profile import Edition
from workflow.context import Ports
from workflow.findings import plain_finding
from workflow.intake.file_judging import Judged, judge_body, judge_print, prove_by, shared_file, single, stored
from workflow.intake.inspections import as_plain, record_inspection, tried_once_more
from workflow.intake.judged_codes import BATCH, GTIN, names_in_ledgers, trace_code_of
from workflow.monthly.ledger_index import index_of
from workflow.monthly.month_case import STANDING, edition_of_month, named
from workflow.monthly.month_jobs import bell_name, buried, enqueue_judgement, under_way
from workflow.ports import ClaimedJob, InspectionFailed, ObjectMissing
from workflow.record import record_event

PASS, FAIL, UNCLEAR = Outcome.PASS, Outcome.FAIL, Outcome.UNCLEAR
STATES = {PASS: FilingFileState.PASSED, FAIL: FilingFileState.FAILED, UNCLEAR: FilingFileState.UNCLEAR}

PASSED_MONTHS = (FilingState.CONTINUED, FilingState.MADE_UP, FilingState.MADE_UP_LATE)
GAVE_UP = "gave_up"
"""Code of the finding on a file whose job was buried."""
AT_ONCE = 100
"""Buried jobs that are looked through together."""
MOST_EARLIER = 12
"""Earlier certificates of a category that the code's place is compared with, the newest."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file goes: the month, the kind, the product it is filed for, and the file it replaces."""

    filing: MonthlyFiling
    kind: FilingFileKind
    product: Product | None
    replaces: FilingFile | None = None


async def put_into_month(
    ports: Ports,
    place: Place,
    evidence: Evidence,
    *,
    key: str,
    declared: dict[str, Any],
    person_id: int,
    actor: str,
    handed_in_at: datetime,
    judged: Judged | None = None,
) -> FilingFile:
    """Inside the caller's transaction, with the filing locked: the row, in place of what it replaces, with its verdict
    where it is there already, else with the job that judges it."""
    filing, product = place.filing, place.product
    file = await FilingFile.create(
        ref=secrets.token_urlsafe(9),
        filing_id=filing.id,
        kind=place.kind,
        product_id=product.id if product else None,
        evidence_id=evidence.id,
        key=key,
        declared=declared,
        state=FilingFileState.HANDED_IN,
        handed_in_by_id=person_id,
        handed_in_at=handed_in_at,
    )
    file.evidence = evidence
    if place.replaces is not None:
        await FilingFile.filter(id=place.replaces.id).update(state=FilingFileState.REPLACED)
    # What a month is filed with is the firm's record, not the sender's: it stays (R54).
    await Evidence.filter(id=evidence.id, dropped_at=None).update(drop_at=None)
    await record_event(
        ports,
        "filing_file:hand_in",
        "filing_file",
        file.id,
        actor=actor,
        clause="8.1(2)",
        after={
            "month": filing.month,
            "kind": place.kind,
            "product": product.id if product else None,
            "replaces": place.replaces.id if place.replaces else None,
        },
        evidence_sha256=evidence.sha256,
    )
    if judged is None:
        await enqueue_judgement(ports, file)
    else:
        await record_judgement(ports, file, judged, edition_of_month(filing.month))
        await file.refresh_from_db()
    return file


async def judge_file(ports: Ports, job: ClaimedJob) -> None:
    """The job: look, then write verdict, report, event and the job's end in one transaction."""
    file = await FilingFile.get(id=job.args["file"]).prefetch_related("evidence", "product", "filing__enterprise")
    if file.state != FilingFileState.HANDED_IN:
        async with transaction():
            await ports.queue.finish(job)
        return
    edition = edition_of_month(file.filing.month)
    try:
        kind = FilingFileKind(file.kind)
        judged = await look_at(ports, file.filing, kind, file.product, file.evidence, file.declared)
    except InspectionFailed as problem:
        if await tried_once_more(ports, job, problem):
            return
        judged = single(UNCLEAR, "7.2(2)", "这份文件无法处理：请重新拍摄或导出后，换一份上传。", "R6")
    async with transaction():
        if not await ports.queue.finish(job):
            return
        await MonthlyFiling.filter(id=file.filing_id).select_for_update().get()
        await record_judgement(ports, file, judged, edition)
    ports.bell.ring(bell_name(file.filing_id))
    ports.bell.ring("jobs")


async def give_up(ports: Ports, job: ClaimedJob) -> None:
    """Sweep: a file whose job was buried is unclear, and its firm is told to send it once more; no month waits for what
    nobody looks at any more. Repeating it finds nothing."""
    last = 0
    while found := await buried(last).limit(AT_ONCE).values_list("id", "args"):
        last = found[-1][0]
        await _give_up(ports, {args["file"] for _, args in found})
    async with transaction():
        await ports.queue.finish(job)


async def _give_up(ports: Ports, ids: set[int]) -> None:
    left = FilingFile.filter(id__in=ids, state=FilingFileState.HANDED_IN).order_by("id")
    filings = set(await left.values_list("filing_id", flat=True))
    if not filings:
        return
    async with transaction():
        # A month before its files, as whoever files or decides holds them.
        held = await MonthlyFiling.filter(id__in=filings).order_by("id").select_for_update()
        months = {filing.id: filing.month for filing in held}
        anew = await under_way()  # where their product has changed since
        for file in await left.filter(filing_id__in=filings).prefetch_related("evidence"):
            if file.id not in anew:
                reason = "这份文件几次检查都没有做完，问题在平台一方：请把它再上传一次（7.2(2)）。"
                judged = single(UNCLEAR, "7.2(2)", reason, "R6", code=GAVE_UP)
                await record_judgement(ports, file, judged, edition_of_month(months[file.filing_id]))


def given_up(file: FilingFile) -> bool:
    """Whether nobody could look at it, for a reason of ours: the same file once more is looked at anew."""
    return any(finding.get("code") == GAVE_UP for finding in file.findings)


async def record_judgement(ports: Ports, file: FilingFile, judged: Judged, edition: Edition) -> None:
    """Inside the caller's transaction: the verdict, where the file still waits for one."""
    inspection = judged.known
    if judged.looked is not None:
        inspection = await record_inspection(ports, file.evidence_id, judged.looked, product_id=file.product_id)
    code, _ = code_of(judged, edition)
    changed = await FilingFile.filter(id=file.id, state=FilingFileState.HANDED_IN).update(
        state=STATES[judged.outcome],
        findings=judged.findings,
        report=judged.report,
        batch=batch_of(judged, edition)[:60],
        code=(code.canonical or "")[:200] if code is not None else "",
        inspection_id=inspection.id if inspection else None,
        judged_at=ports.clock.now(),
    )
    if not changed:
        return
    if inspection is not None:
        await prove_by(ports, file.product_id, inspection, file.evidence.sha256)
    await record_event(
        ports,
        "filing_file:judge",
        "filing_file",
        file.id,
        actor="system",
        clause="8.1(2)",
        after={"state": STATES[judged.outcome].value},
        evidence_sha256=file.evidence.sha256,
    )


# --- looking ---------------------------------------------------------------------------------------------------------


async def look_at(
    ports: Ports,
    filing: MonthlyFiling,
    kind: FilingFileKind,
    product: Product | None,
    evidence: Evidence,
    declared: dict[str, Any],
) -> Judged:
    """Outside any transaction: judge one file of the month (with ``enterprise``); raises :class:`InspectionFailed`
    where its process died."""
    edition = edition_of_month(filing.month)
    try:
        if kind is FilingFileKind.OPTIONAL:
            return single(PASS, "C(4)", "选报材料已收存，随月度资料展示，不影响核验（C(4)，R40）。", "R40")
        data = await ports.storage.get(evidence.storage_key)
        match kind:
            case FilingFileKind.CERTIFICATE_PHOTO:
                assert product is not None
                judged = await judge_print(ports, filing.enterprise, product, edition, evidence, data)
            case FilingFileKind.BODY_PHOTO:
                assert product is not None
                judged = await judge_body(ports, product, evidence, data)
            case FilingFileKind.QUERY_SCREENSHOT:
                judged = await _screenshot(ports, filing, edition, evidence, data, declared)
            case FilingFileKind.UPDATE_LEDGER:
                return await _ledger(ports, filing, evidence, data)
        return await of_the_month(filing, kind, product, evidence, judged)
    except PictureRefused as refusal:
        return single(FAIL, "C(1)", refusal.advice, code=refusal.code)
    except LedgerRefused as refusal:
        return single(FAIL, "C(3)", refusal.advice, code=refusal.code)
    except ObjectMissing:
        return single(UNCLEAR, "8.1(2)", "这份文件已不在存储中：请重新上传。", code="file_dropped")


async def of_the_month(
    filing: MonthlyFiling, kind: FilingFileKind, product: Product | None, evidence: Evidence, judged: Judged
) -> Judged:
    """The same with what the month adds, by rows alone: the code is this product's and was not filed before, the file
    neither, and a certificate's code stands where it stood (D.1.3)."""
    edition = edition_of_month(filing.month)
    report = dict(judged.report or {})
    found = [finding for finding in judged.findings if finding["outcome"] != PASS]
    code, text = code_of(judged, edition)
    if kind is not FilingFileKind.QUERY_SCREENSHOT and product is not None and code is not None and code.valid:
        found += [plain_finding(one, check="data_match") for one in _of_product(product, code)]
        found += [plain_finding(one) for one in await _filed_before(filing, code)]
    found += [plain_finding(one) for one in await _same_file_before(filing, evidence)]
    if kind is FilingFileKind.CERTIFICATE_PHOTO and product is not None and (inspected := judged.inspected):
        placement = _placement(inspected, filing.month, product)
        report["placement"] = asdict(placement) if placement else None
        report["listed_as"] = sorted(names_in_ledgers(code, text)) if code is not None and code.valid else []
        if placement is not None:
            found += [plain_finding(one, check="D.1.3") for one in await _position(filing, product, placement)]
    return Judged(found or judged.findings, report or None, judged.looked, judged.known)


def code_of(judged: Judged, edition: Edition) -> tuple[TraceCode | None, str]:
    """The trace code that a file shows, and its text as it was read; of a look-up page the code that was looked up, of
    a ledger none."""
    report = judged.inspected or judged.report or {}
    if "moments" in report:  # a look-up page
        text = report.get("code") or ""
        return (read(text, edition=edition), text) if text else (None, "")
    if "by_product" in report:  # a ledger
        return None, ""
    code = trace_code_of(report, edition)
    return code, str(report["codes"][0]["text"]) if code is not None else ""


def batch_of(judged: Judged, edition: Edition) -> str:
    """The batch by the code, else as it stands on the sheet or the body."""
    code, _ = code_of(judged, edition)
    if code is not None and code.valid and code.parts.get(BATCH):
        return code.parts[BATCH]
    return str((judged.inspected or judged.report or {}).get("stated", {}).get("batch", ""))


def _of_product(product: Product, code: TraceCode) -> Iterable[Finding]:
    """7.2(2): the code names the product that it is filed for."""
    shown = code.parts.get(GTIN)
    if shown and product.gtin and shown.zfill(14) != product.gtin.zfill(14):
        reason = (
            f"码里的商品代码是 {shown}，“{named(product)}”登记的是 {product.gtin}："
            "请换成这款产品的照片，或改选对应的产品（7.2(2)）。"
        )
        yield Finding("7.2(2)", FAIL, reason, (), shown, product.gtin)


async def _filed_before(filing: MonthlyFiling, code: TraceCode) -> list[Finding]:
    """C(5), R9: no code that this firm filed for another month."""
    if not code.canonical:
        return []
    before = (
        await FiledCode.filter(enterprise_id=filing.enterprise_id, code=code.canonical)
        .exclude(filing_id=filing.id)
        .prefetch_related("filing")
        .first()
    )
    if before is None:
        return []
    filed = Month.parse(before.filing.month).words
    reason = f"追溯码 {code.text} 已在 {filed}提报过，不再接受：请换一件产品重新拍摄（C(5)，R9）。"
    return [Finding("C(5)", FAIL, reason, ("R9",))]


async def _same_file_before(filing: MonthlyFiling, evidence: Evidence) -> list[Finding]:
    """7.2(2) 图片真实性: not the very file of another month of the firm."""
    before = (
        await FilingFile.filter(
            evidence__sha256=evidence.sha256,
            filing__enterprise_id=filing.enterprise_id,
            state__in=[str(state) for state in STANDING],
        )
        .exclude(filing_id=filing.id)
        .prefetch_related("filing")
        .first()
    )
    if before is None:
        return []
    reason = (
        f"这份文件已在 {Month.parse(before.filing.month).words}提报过：请提交本月重新拍摄或截取的（C(5)，7.2(2)）。"
    )
    return [Finding("C(5)", FAIL, reason, ("R9",))]


# --- D.1.3 -----------------------------------------------------------------------------------------------------------


def _placement(report: dict[str, Any], month: str, product: Product) -> Placement | None:
    return Placement.of(Report.from_json(report).findings, f"{Month.parse(month).words}“{named(product)}”的合格证")


async def _position(filing: MonthlyFiling, product: Product, placement: Placement) -> list[Finding]:
    """Fails only, against earlier months' certificates of the category, else those of the evaluation (R50)."""
    earlier = await _earlier_placements(filing, product)
    if not earlier:
        return []
    answer = same_place(placement, earlier)
    return [Finding("D.1.3", FAIL, answer.advice, answer.rows)] if answer.verdict is Verdict.FAIL else []


async def _earlier_placements(filing: MonthlyFiling, product: Product) -> list[Placement]:
    files = (
        await FilingFile.filter(
            kind=FilingFileKind.CERTIFICATE_PHOTO,
            state=FilingFileState.PASSED,
            product__category=product.category,
            filing__enterprise_id=filing.enterprise_id,
            filing__state__in=[str(state) for state in PASSED_MONTHS],
        )
        .exclude(filing_id=filing.id)
        .order_by("-id")
        .limit(MOST_EARLIER)
    )
    if found := [placed for file in files if (placed := placement_of(file)) is not None]:
        return found
    materials = (
        await Material.filter(
            kind="certificate_photo",
            state=MaterialState.PASSED,
            product__category=product.category,
            application__certificate__id=filing.certificate_id,
            inspection_id__not_isnull=True,
        )
        .order_by("-id")
        .limit(MOST_EARLIER)
        .prefetch_related("inspection", "product")
    )
    placements = [
        Placement.of(Report.from_json(one.inspection.report).findings, f"申报时“{named(one.product)}”的合格证")
        for one in materials
        if one.inspection is not None and one.product is not None
    ]
    return [placement for placement in placements if placement is not None]


def placement_of(file: FilingFile) -> Placement | None:
    """Where the code stands on a certificate of the month, as it was measured when the file was judged."""
    plain = (file.report or {}).get("placement")
    return Placement(**plain | {"sheet_mm": tuple(plain["sheet_mm"])}) if plain else None


# --- look-up pages ---------------------------------------------------------------------------------------------------


async def _screenshot(
    ports: Ports, filing: MonthlyFiling, edition: Edition, evidence: Evidence, data: bytes, declared: dict[str, Any]
) -> Judged:
    """C(2): a look-up page of one of the firm's products, looked up in the month; whose side it shows (R39)."""
    report = await ports.inspector.inspect_screenshot(data, None, ports.clock.now())
    kept = as_plain(report)
    page = next(finding for finding in kept["findings"] if finding["clause"] == "shot.page")
    side = page["measured"].get("side", "unknown")
    found = [
        stored(finding)
        for finding in kept["findings"]
        if finding["verdict"] == "fail" or (finding is page and page["verdict"] == "unclear" and side != "back_office")
    ]
    products = await Product.filter(enterprise_id=filing.enterprise_id, retired_at=None).order_by("id")
    about = [product.id for product in products if _shows(kept, product, edition)]
    kept |= {"about": about, "public": page["verdict"] == "pass" and declared.get("side") != "firm"}
    found += [plain_finding(one) for one in _whose(filing.enterprise, kept, edition, about)]
    found += [plain_finding(one) for one in _looked_up_in(filing.month, kept)]
    found += await shared_file(ports, evidence)
    good = f"追溯查询记录，{'公众端或客户端' if kept['public'] else '企业端'}（C(2)）。"
    return Judged(found or [plain_finding(Finding("C(2)", PASS, good, ("R39",)))], kept)


def _shows(report: dict[str, Any], product: Product, edition: Edition) -> bool:
    """Whether a page is about the product: by the code that was looked up, else by its model or name."""
    code = read(report["code"], edition=edition) if report.get("code") else None
    gtin = code.parts.get(GTIN) if code is not None and code.valid else None
    if gtin and product.gtin:
        return gtin.zfill(14) == product.gtin.zfill(14)
    text = fold("".join(report["text"]))
    return fold(product.model) in text or fold(product.name) in text


def _whose(firm: Enterprise, report: dict[str, Any], edition: Edition, about: list[int]) -> Iterable[Finding]:
    if about:
        return
    code = read(report["code"], edition=edition) if report.get("code") else None
    if code is not None and code.valid and GTIN in code.parts:
        reason = (
            f"截图查的是商品代码 {code.parts[GTIN]}，不是本企业登记的产品："
            "请查询本月提报产品的追溯码后重新截图（C(2)）。"
        )
        yield Finding("C(2)", FAIL, reason)
    elif fold(firm.name) not in fold("".join(report["text"])):
        reason = "截图上看不出查的是哪款产品：请截取带追溯码、产品名称和型号的完整查询结果页（C(2)）。"
        yield Finding("C(2)", UNCLEAR, reason, ("R6",))


def _looked_up_in(month: str, report: dict[str, Any]) -> Iterable[Finding]:
    """A page that says when it was looked up says a day of the month, or after it where it is made up."""
    days = [one["iso"][:10] for one in report["moments"] if one["kind"] == "query" and not one["iso"].startswith("T")]
    first = date.fromisoformat(f"{month}-01")
    if days and max(days) < first.isoformat():
        reason = f"查询时间 {max(days)} 早于 {Month.parse(month).words}：请在本月重新查询后截图（C(2)）。"
        yield Finding("C(2)", FAIL, reason, (), max(days), f"≥ {first}")


# --- the update ledger -----------------------------------------------------------------------------------------------

_KNOWN = (LedgerKind.UPDATE, LedgerKind.TRACE)
_OF_ANY = ("ledger.rows", "ledger.cells", "ledger.codes")


async def _ledger(ports: Ports, filing: MonthlyFiling, evidence: Evidence, data: bytes) -> Judged:
    """C(3): data without plain mistakes, and not what was filed before; which products it shows, and what of each, the
    month says."""
    ledger = await ports.inspector.read_ledger(data, evidence.file_name or "台账")
    kept = as_plain(ledger) | {"listed": index_of(ledger.codes)}
    for plain, shown in zip(kept["by_product"], ledger.by_product, strict=False):  # of the first five hundred
        plain["listed"] = index_of(shown.batches)
    kept["content"] = _content(kept)
    asked = (*_OF_ANY, "ledger.columns") if ledger.kind in _KNOWN else _OF_ANY
    found = [
        stored(finding) for finding in kept["findings"] if finding["verdict"] != "pass" and finding["clause"] in asked
    ]
    found += [plain_finding(one) for one in await _same_ledger_before(filing, evidence, kept["content"])]
    good = Finding("C(3)", PASS, f"读到 {ledger.rows} 行数据，没有发现问题（C(3)）。")
    return Judged(found or [plain_finding(good)], kept)


def _content(kept: dict[str, Any]) -> str:
    """A digest of what a ledger says, as far as it is read: the same however its file was saved. Empty where it lists
    neither code nor batch, and two of them would be alike by chance."""
    if not kept["listed"] and not any(shown["listed"] for shown in kept["by_product"]):
        return ""
    tables = [{name: table[name] for name in ("kind", "rows", "days", "sums")} for table in kept["tables"]]
    said = [kept["listed"], kept["elements"], kept["by_product"], tables]
    return blake2b(json.dumps(said, sort_keys=True).encode(), digest_size=16).hexdigest()


async def _same_ledger_before(filing: MonthlyFiling, evidence: Evidence, content: str) -> list[Finding]:
    """C(3): the month's own update, neither the file of another month nor what last month's says."""
    ledgers = FilingFile.filter(
        kind=FilingFileKind.UPDATE_LEDGER,
        filing__enterprise_id=filing.enterprise_id,
        state__in=[str(state) for state in STANDING],
    ).exclude(filing_id=filing.id)
    before = await ledgers.filter(evidence__sha256=evidence.sha256).prefetch_related("filing").first()
    if before is None and content:
        last = await ledgers.filter(filing__month=str(Month.parse(filing.month).plus(-1))).prefetch_related("filing")
        before = next((one for one in last if (one.report or {}).get("content") == content), None)
    if before is None:
        return []
    reason = (
        f"这份台账与 {Month.parse(before.filing.month).words}提报的内容相同，没有更新："
        "请重新导出，写入本月提报产品和批次的记录后再上传（C(3)）。"
    )
    return [Finding("C(3)", FAIL, reason)]
