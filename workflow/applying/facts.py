"""The facts of ``standard.facts`` from an application's judged materials, each with the materials it rests on.

What a material shows is a fact only where the material passed; what nothing shows is ``None``: unclear, never a pass
(R6). With several products a fact holds for the firm where it holds for each (R43).

=====================  ===============================================================================================
fact                   taken from
=====================  ===============================================================================================
code_selection         the codes of all certificates, by ``standard.codes.select``, and code_selection_proof; opaque
                       ones by the trace register's answer or passed query_demo screenshots (R33)
certificate_coded      a trace code read on every certificate photo
certificate_print      ``standard.prints`` over every certificate photo, with the code's place by category (R50)
body_coded             a code read on a photo of the body, of every product: body_photo, full_chain_photos
package_coded          the same of the smallest package
codes_consistent       each such photo compared with the product's certificate
one_item_one_code      one_item_photos: item level, no two alike, of every product (R33)
coverage               ``standard.scope.coverage`` over the lines of coverage_list, else of production_ledger (R43)
collection             manual: trace_ledger · semi-automatic: system_link_proof · MES: auto_collection_records and
                       mes_screens · realtime: device_realtime_proof and digital_system_screens; each with those before
reverse_trace          reverse_trace_demo
upload_accuracy        succeeded ÷ all lines of upload_records that are spreadsheets
upload_link            batch: upload_records and upload_link_proof · realtime: realtime_link_proof with them
public_query           what the look-up pages of query_demo show
query_channels         the ways of looking up that passed query_demo screenshots show
query_seconds          nothing that is handed in (R53)
supplier_share         cooperating ÷ main suppliers as stated, at most as many as there are different agreements
supplier_realtime      supply_sharing_records and supply_upload_records
upstream_trace         supplier_support, and raw materials in trace_ledger
trace_info_sound       trace_ledger, product_ledger, and nothing that contradicts across materials
info_update            realtime: realtime_link_proof · batch: upload_records
marketplace_rate       passed ÷ checked as stated with marketplace_records; not applicable where nothing is sold online
marketplace_automatic  marketplace_automatic_proof; not applicable likewise (R37)
monthly                not due at a first evaluation (R1); at an upgrade review the rates of the certificate's months,
                       by the platform's own record of them (5, R2, R38)
adoption_12m           valid records of adoption of the last twelve months in the firm's credit ledger, wherever they
                       scored (8.2(2), R4); tender_proof beside them shows nothing that is not on record there
=====================  ===============================================================================================
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from models import Material, Product
from standard import credit, prints, scope
from standard.codes import Level, select
from standard.facts import LABELS, WORDS, Channel, Collection, Excused, Facts, Link, Monthly, rate
from standard.handing_in import query_shows
from standard.months import Month, rates
from standard.names import same
from standard.outcome import Outcome, worst
from workflow.applying.case import Case
from workflow.applying.consistency import positions
from workflow.applying.trace_codes import looked_up, trace_code


@dataclass(frozen=True, slots=True)
class Found:
    """One fact: its value (None: not shown), the materials it rests on, and why, in Chinese."""

    value: Any
    materials: Sequence[Material] = ()
    reason: str = ""


def facts_of(case: Case, *, first: bool) -> tuple[Facts, dict[str, dict[str, Any]]]:
    """The facts, and the same as plain data: name → ``value``, ``words``, ``label``, ``materials`` (refs), ``reason``.

    ``first``: the firm has no certificate on which months could be due (R1).
    """
    found = {name: derive(case) for name, derive in _DERIVED.items()}
    found["monthly"] = _monthly(case, first=first)
    values = {name: _short(one.value) for name, one in found.items()}
    return Facts(**values), {name: _plain(name, one) for name, one in found.items()}


def _short(value: Any) -> Any:
    """A rate without the zeros that rounding leaves."""
    return value.normalize() if isinstance(value, Decimal) else value


def _plain(name: str, found: Found) -> dict[str, Any]:
    value = found.value
    if isinstance(value, frozenset):
        value = [channel.value for channel in Channel if channel in value]
    elif isinstance(value, StrEnum):
        value = value.value
    elif isinstance(value, Monthly):
        value = {name: f"{_short(share):f}" for name, share in _shares(value).items()}
    said = value if isinstance(value, list) else [value]
    words = "未判定" if value is None else "、".join(WORDS.get(str(one), str(one)) for one in said)
    if isinstance(value, Decimal):
        value, words = f"{_short(value):f}", f"{_short(value * 100):f}%"
    if isinstance(found.value, Monthly):
        words = "、".join(
            f"{LABELS[f'monthly.{name}']} {_short(share * 100):f}%" for name, share in _shares(found.value).items()
        )
    return {
        "label": LABELS.get(name, "月度提报"),
        "value": value,
        "words": words,
        "materials": [material.ref for material in found.materials],
        "reason": found.reason,
    }


def _shares(monthly: Monthly) -> dict[str, Decimal]:
    shares = {"timely": monthly.timely, "compliant": monthly.compliant}
    return {name: share for name, share in shares.items() if share is not None}


# --- codes -----------------------------------------------------------------------------------------------------------


def _code_selection(case: Case) -> Found:
    photos, proofs = case.prints(), case.passed("code_selection_proof")
    codes = [code for photo in photos if (code := trace_code(photo, case.edition)) is not None]
    if not codes or not proofs:
        return Found(None, photos, "还没有读到合格证上的追溯码，或没有通过核验的追溯码选用证明（5）。")
    selection = select(codes, case.edition, looked_up=looked_up(case.materials, case.edition))
    bad = [finding.reason for finding in selection.findings if finding.outcome is selection.outcome]
    reason = "追溯码选用符合 3.4 的编码类型，规则正确、可唯一标识（5，R32、R33）。"
    return Found(selection.outcome, [*photos, *proofs], reason if selection.outcome is Outcome.PASS else bad[0])


def _certificate_coded(case: Case) -> Found:
    outcomes, photos = [], case.prints()
    for product in case.products:
        own = case.prints(product)
        if not own:
            return Found(None, photos, f"“{product.name} {product.model}”没有可判定的合格证照片（6 B-1）。")
        outcomes += [_verdict(photo, "code") for photo in own]
    return _all(outcomes, photos, "每款产品的合格证上都读到追溯码（6 B-1）。", "有合格证没有读到追溯码（6 B-1）。")


def _certificate_print(case: Case) -> Found:
    photos = case.prints()
    verdicts = print_verdicts(case).values()
    if any(not case.prints(product) for product in case.products):
        return Found(None, photos, "有产品没有可判定的合格证照片（附录 D）。")
    outcome = prints.firm_print(verdicts)
    reasons = [verdict.reason for verdict in verdicts if verdict.outcome is outcome]
    if outcome is Outcome.PASS and any(_doubted(photo) for photo in photos):
        return Found(Outcome.UNCLEAR, photos, _DOUBTED)
    return Found(outcome, photos, reasons[0] if reasons else "")


def print_verdicts(case: Case) -> dict[str, prints.PrintVerdict]:
    """Appendix D over each certificate's inspection by its photo's ref, the code's place among the others included."""
    places = positions(case)
    found = {}
    for photo in case.prints():
        assert photo.inspection is not None
        outcomes = {
            finding["clause"]: Outcome(finding["verdict"])
            for finding in photo.inspection.report["findings"]
            if finding["clause"] != "code"
        }
        if photo.ref in places:
            outcomes["D.1.3"] = Outcome(places[photo.ref].verdict)
        found[photo.ref] = prints.certificate_print(outcomes, case.edition)
    return found


def _coded(place: str) -> Callable[[Case], Found]:
    words = {"body": "产品本体", "package": "最小销售包装"}[place]

    def derive(case: Case) -> Found:
        photos: list[Material] = []
        outcomes: list[Outcome] = []
        for product in case.products:
            own = case.bodies(product, place)
            if not own:
                return Found(None, photos, f"“{product.name} {product.model}”没有{words}赋码照片（6 A-1、6 AA-1）。")
            photos += own
            outcomes += [_verdict(photo, "body.code") for photo in own]
        return _all(outcomes, photos, f"每款产品的{words}上都读到追溯码。", f"有{words}照片没有读到合格的追溯码。")

    return derive


def _codes_consistent(case: Case) -> Found:
    photos: list[Material] = []
    for product in case.products:
        own = [photo for place in ("body", "package") for photo in case.bodies(product, place)]
        if not own:
            return Found(None, photos, "有产品没有本体或最小包装照片，无从与合格证比对（6 A-1）。")
        photos += own
    outcomes = [_verdict(photo, "body.match") for photo in photos]
    return _all(
        outcomes,
        photos,
        "合格证与本体、包装的赋码信息一致（6 A-1）。",
        "合格证与本体或包装的赋码信息不一致或未能核对。",
    )


def _one_item(case: Case) -> Found:
    photos: list[Material] = []
    outcomes: list[Outcome] = []
    for product in case.products:
        own = case.passed("one_item_photos", product)
        codes = [code for photo in own if (code := trace_code(photo, case.edition)) is not None]
        if len(codes) < 2:
            return Found(None, photos, "一物一码须每款产品至少两件不同的实物照片（6 AAA-1，R33）。")
        photos += own
        shown = looked_up(case.materials, case.edition)
        outcomes.append(select(codes, case.edition, Level.ITEM, looked_up=shown).outcome)
    return _all(outcomes, photos, "每件一码，各不相同（6 AAA-1，R33）。", "追溯码没有做到一物一码（6 AAA-1，R33）。")


_DOUBTED = "有照片的真实性没有核实，不能作为依据（7.2(2)）。"


def _doubted(photo: Material) -> bool:
    """Whether it may be somebody else's photo: then nothing that it shows in the firm's favour counts (R6)."""
    return any(one.get("check") == "photo_authentic" and one["outcome"] != Outcome.PASS for one in photo.findings)


def _verdict(material: Material, check: str) -> Outcome:
    report: dict[str, Any] = material.inspection.report if material.inspection else material.report or {}
    found = next((finding for finding in report.get("findings", []) if finding["clause"] == check), None)
    outcome = Outcome(found["verdict"]) if found else Outcome.UNCLEAR
    return worst((outcome, Outcome.UNCLEAR)) if _doubted(material) else outcome


def _all(outcomes: Iterable[Outcome], materials: Sequence[Material], good: str, bad: str) -> Found:
    outcome = worst(outcomes)
    return Found(outcome, materials, good if outcome is Outcome.PASS else bad)


# --- numbers ---------------------------------------------------------------------------------------------------------


def _coverage(case: Case) -> Found:
    since = Month.parse(case.application.produces_since) if case.application.produces_since else None
    files = case.passed("coverage_list")
    lines = [line for file in files for line in (file.report or {}).get("counts", [])]
    if not lines:
        files = case.passed("production_ledger")
        lines = [line for file in files for line in (file.report or {}).get("counts", [])]
    if not lines:
        return Found(None, files, "没有按月列出总数量和赋码数量的清单或台账，无法计算用码覆盖率（3.6，R43）。")
    counts = [
        scope.MonthlyCount(
            Month.parse(line["month"]), _category(case.products, line["category"]), line["unit"],
            Decimal(line["total"]), Decimal(line["coded"]),
        )
        for line in lines
    ]  # fmt: skip
    categories = {product.category for product in case.products}
    answer = scope.coverage(counts, categories, case.first_day, case.edition, since=since)
    return Found(answer.rate, files, f"{answer.reason}。")


def _category(products: Sequence[Product], said: str) -> str:
    """The category that a line of a ledger names by itself or by a product's name or model."""
    for product in products:
        names = (product.category, product.name, product.model, f"{product.name}{product.model}")
        if any(same(said, name) for name in names):
            return product.category
    return said


def _upload_accuracy(case: Case) -> Found:
    succeeded = due = 0
    files = []
    for file in case.passed("upload_records"):
        for finding in (file.report or {}).get("findings", []):
            if finding["clause"] == "ledger.upload":
                measured = finding["measured"]
                succeeded += measured["succeeded"]
                due += measured["succeeded"] + measured["failed"] + measured["other"]
                files.append(file)
    if not due:
        return Found(None, files, "没有逐条写明结果的上传记录表格，无法计算上传准确率（6 B-4）。")
    share = rate(succeeded, due, case.edition)
    return Found(share, files, f"上传成功 {succeeded} ÷ 应上传 {due} = {share:f}（6 B-4）。")


def _supplier_share(case: Case) -> Found:
    files = case.passed("supplier_agreements")
    if not files:
        return Found(None, (), "没有通过核验的供应商追溯协同协议（6 AA-5）。")
    latest = files[-1].declared
    whole, stated = int(latest["main_suppliers"]), int(latest["cooperating"])
    different = _different(files)
    counted = min(stated, len(different))
    share = rate(counted, whole, case.edition)
    less = f"（申报 {stated} 家，按已通过的 {len(different)} 份不同的协议计）" if counted < stated else ""
    return Found(share, files, f"追溯协同供应商 {counted}{less} ÷ 主要供应商 {whole} = {share:f}（6 AA-5）。")


def _different(files: Iterable[Material]) -> list[Material]:
    """Each file once: the same one handed in again shows nothing more."""
    return list({file.evidence.sha256: file for file in files}.values())


def _marketplace_rate(case: Case) -> Found:
    if not case.application.sells_online:
        return Found(Excused.NOT_APPLICABLE, (), "企业申报不在网上销售（R37）。")
    files = case.passed("marketplace_records")
    if not files:
        return Found(None, (), "没有通过核验的网售平台核验记录（6 B-5，R37）。")
    checked = sum(int(file.declared["checked"]) for file in files)
    passed = sum(int(file.declared["passed"]) for file in files)
    share = rate(passed, checked, case.edition)
    return Found(share, files, f"网售平台核验通过 {passed} ÷ 核验 {checked} = {share:f}，随附记录（6 A-5）。")


def _adoption(case: Case) -> Found:
    count = credit.adoption_12m(case.ledger, case.first_day, case.edition)
    reason = f"近 12 个月核验有效的招标采信记录 {count} 条，以资信档案为准（6 AAA-6，8.2(2)，R4）。"
    return Found(count, _different(case.passed("tender_proof")), reason)


def _monthly(case: Case, *, first: bool) -> Found:
    if first:
        return Found(Excused.NOT_DUE, (), "首次评价，尚无应提报的月份（R1）。")
    if case.months is None:
        return Found(None)
    found = rates(case.months, case.edition)
    if found is Excused.NOT_DUE:
        return Found(found, (), "证书还没有已出结果的应报月份（R1、R2）。")
    ended = sum(month.result is not None for month in case.months)
    counted = min(ended, case.edition.whole("grades.monthly_window"))
    return Found(found, (), f"按平台记录的最近 {counted} 个应报月份（5，R2、R38）。")


# --- proofs ----------------------------------------------------------------------------------------------------------


def _collection(case: Case) -> Found:
    ladder = (
        (Collection.MANUAL, ("trace_ledger",)),
        (Collection.SEMI_AUTOMATIC, ("system_link_proof",)),
        (Collection.MES, ("auto_collection_records", "mes_screens")),
        (Collection.REALTIME, ("device_realtime_proof", "digital_system_screens")),
    )
    reached: Collection | None = None
    files: list[Material] = []
    for level, kinds in ladder:
        own = [case.passed(kind) for kind in kinds]
        if not all(own):
            break
        reached, files = level, [*files, *(file for group in own for file in group)]
    words = WORDS[reached.value] if reached else "没有证明"
    return Found(reached, files, f"数据采集方式按已通过的资料：{words}（6 B-3 至 6 AAA-2）。")


def _upload_link(case: Case) -> Found:
    records, proof = case.passed("upload_records"), case.passed("upload_link_proof")
    if not records or not proof:
        return Found(None, [*records, *proof], "上传记录或对接证明没有通过核验（6 B-4）。")
    if realtime := case.passed("realtime_link_proof"):
        return Found(Link.REALTIME, [*records, *proof, *realtime], "与国家追溯平台实时对接（6 AA-4）。")
    return Found(Link.BATCH, [*records, *proof], "数据批量上传国家追溯平台（6 B-4）。")


def _info_update(case: Case) -> Found:
    if realtime := case.passed("realtime_link_proof"):
        return Found(Link.REALTIME, realtime, "追溯信息随实时对接更新（6 AA-6）。")
    if records := case.passed("upload_records"):
        return Found(Link.BATCH, records, "追溯信息按批更新（6 AA-6）。")
    return Found(None, (), "没有通过核验的上传记录（6 AA-6）。")


def _public_query(case: Case) -> Found:
    shots = case.passed("query_demo")
    if not shots:
        return Found(None, (), "没有通过核验的查询演示截图（6 A-4）。")
    # All screenshots together: a long page is shown in several.
    shows = query_shows([line for shot in shots for line in (shot.report or {})["text"]], case.edition)
    return Found(shows, shots, f"公众可查询到：{WORDS[shows.value]}（6 A-4、6 AA-4）。")


def _query_channels(case: Case) -> Found:
    shots = case.passed("query_demo")
    if not shots:
        return Found(None, (), "没有通过核验的查询演示截图（6 A-4）。")
    channels = frozenset(Channel(shot.declared["channel"]) for shot in shots)
    return Found(channels, shots, "按通过核验的查询演示截图（6 A-4、6 AAA-3）。")


def _upstream_trace(case: Case) -> Found:
    support, ledgers = case.passed("supplier_support"), case.passed("trace_ledger")
    with_material = [file for file in ledgers if "原材料" in (file.report or {}).get("elements", [])]
    if not support or not with_material:
        return Found(None, [*support, *ledgers], "供应商佐证材料没有通过，或追溯数据台账没有原材料信息（6 AA-5）。")
    return Found(Outcome.PASS, [*support, *with_material], "可获取上游原材料追溯信息（6 AA-5）。")


def _trace_info_sound(case: Case) -> Found:
    ledgers, products = case.passed("trace_ledger"), case.passed("product_ledger")
    if not ledgers or not products:
        return Found(None, [*ledgers, *products], "追溯数据台账或产品基础信息台账没有通过核验（6 B-5）。")
    return Found(Outcome.PASS, [*ledgers, *products], "台账完整，与合格证照片相互一致，没有明显错漏（6 B-5）。")


def _shown(*kinds: str, clause: str) -> Callable[[Case], Found]:
    """A fact that holds where all of these materials passed."""

    def derive(case: Case) -> Found:
        groups = [case.passed(kind) for kind in kinds]
        files = [file for group in groups for file in group]
        titles = "、".join(case.edition.word(f"materials.{kind}") for kind in kinds)
        if not all(groups):
            return Found(None, files, f"{titles}还没有通过核验的（{clause}）。")
        return Found(Outcome.PASS, files, f"{titles}已通过核验（{clause}）。")

    return derive


def _marketplace_automatic(case: Case) -> Found:
    if not case.application.sells_online:
        return Found(Excused.NOT_APPLICABLE, (), "企业申报不在网上销售（R37）。")
    return _shown("marketplace_automatic_proof", clause="6 AAA-5")(case)


def _query_seconds(case: Case) -> Found:
    return Found(None, case.passed("query_link"), "响应时间由平台对登记的查询链接探测，截图不能证明（6 AAA-3，R53）。")


_DERIVED: dict[str, Callable[[Case], Found]] = {
    "code_selection": _code_selection,
    "certificate_coded": _certificate_coded,
    "certificate_print": _certificate_print,
    "body_coded": _coded("body"),
    "package_coded": _coded("package"),
    "codes_consistent": _codes_consistent,
    "one_item_one_code": _one_item,
    "coverage": _coverage,
    "collection": _collection,
    "reverse_trace": _shown("reverse_trace_demo", clause="6 AAA-2"),
    "upload_accuracy": _upload_accuracy,
    "upload_link": _upload_link,
    "public_query": _public_query,
    "query_channels": _query_channels,
    "query_seconds": _query_seconds,
    "supplier_share": _supplier_share,
    "supplier_realtime": _shown("supply_sharing_records", "supply_upload_records", clause="6 AAA-4"),
    "upstream_trace": _upstream_trace,
    "trace_info_sound": _trace_info_sound,
    "info_update": _info_update,
    "marketplace_rate": _marketplace_rate,
    "marketplace_automatic": _marketplace_automatic,
    "adoption_12m": _adoption,
}
