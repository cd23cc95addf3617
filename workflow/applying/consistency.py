"""What an application's materials say together (7.2(2) 一致性、数据匹配度): codes, batches, numbers, the code's place.

Each finding names the materials it is about: those are what the firm mends. Where there is nothing to compare, there is
no finding: what must be there is asked by the slots.
"""

from decimal import Decimal
from typing import Any

from inspection.materials import Ledger
from inspection.placement import Placement, same_place
from inspection.report import Finding as PlaceFinding
from inspection.report import Report, Verdict
from models import Material, Product
from standard.names import fold
from standard.outcome import Finding, Outcome
from workflow.applying.case import Case
from workflow.applying.trace_codes import trace_code
from workflow.findings import plain_finding
from workflow.intake.judged_codes import BATCH, names_in_ledgers


def findings_across(case: Case, ledgers: dict[int, Ledger]) -> list[dict[str, Any]]:
    """All of them; ``ledgers`` are the trace ledgers as they were read, by the id of their material."""
    return [
        *_places(case),
        *_codes_in_ledger(case, ledgers),
        *_same_totals(case),
        *_same_codes(case),
        *position_findings(case),
    ]


def _places(case: Case) -> list[dict[str, Any]]:
    """6 AA-1: all steps means certificate, body and package, each shown."""
    found = []
    titles = {"certificate": "合格证", "body": "产品本体", "package": "最小销售包装"}
    for product in case.products:
        photos = case.of("full_chain_photos", product)
        shown = {photo.declared.get("place") for photo in photos}
        if photos and (lacking := [words for place, words in titles.items() if place not in shown]):
            reason = f"{_named(product)}的全环节赋码图片缺少：{'、'.join(lacking)}。请补齐（6 AA-1）。"
            found.append(plain_finding(Finding("6 AA-1", Outcome.FAIL, reason), about=photos))
    return found


def _codes_in_ledger(case: Case, ledgers: dict[int, Ledger]) -> list[dict[str, Any]]:
    """The codes on the certificates, or their batches, stand in the trace ledger: the photos are of what was made."""
    files = [one for one in case.of("trace_ledger") if one.id in ledgers]
    if not files:
        return []
    listed = {fold(name) for one in files for name in (*ledgers[one.id].codes, *ledgers[one.id].batches)}
    found = []
    for photo in case.prints():
        code = trace_code(photo, case.edition)
        if code is None or not code.valid:
            continue
        if names_in_ledgers(code, _text(photo)) & listed:
            continue
        shown = f"追溯码 {_text(photo)}" + (f"（批次 {code.parts[BATCH]}）" if BATCH in code.parts else "")
        reason = f"追溯数据台账里没有合格证照片上的{shown}：请补上这一批的记录，或换成台账所列批次的合格证（7.2(2)）。"
        found.append(plain_finding(Finding("7.2(2)", Outcome.FAIL, reason), about=[*files, photo], check="data_match"))
    return found


def _text(photo: Material) -> str:
    assert photo.inspection is not None
    return str(photo.inspection.report["codes"][0]["text"])


def _same_totals(case: Case) -> list[dict[str, Any]]:
    """3.6: the coverage list counts what the production (or sales) ledger counts."""
    lists, made = case.of("coverage_list"), case.of("production_ledger")
    stated, counted = _total(lists), _total(made)
    if stated is None or counted is None or stated == counted:
        return []
    reason = (
        f"用码覆盖率统计清单的总数是 {stated:f}，生产或销售台账合计 {counted:f}，不一致："
        "请按同一期间（最近 12 个完整月）、全部申报产品核对后重新上传（3.6，7.2(2)，R43）。"
    )
    finding = Finding("7.2(2)", Outcome.FAIL, reason, ("R43",), f"{stated:f}", f"{counted:f}")
    return [plain_finding(finding, about=[*lists, *made], check="data_match")]


def _total(files: list[Material]) -> Decimal | None:
    """What was made, else sold, by all tables of these files; None where no table says."""
    tables = [table for file in files if file.report for table in file.report.get("tables", [])]
    for column in ("produced", "sold"):
        sums = [Decimal(table["sums"][column]) for table in tables if column in table["sums"]]
        if sums:
            return sum(sums, Decimal(0))
    return None


def _same_codes(case: Case) -> list[dict[str, Any]]:
    """A look-up that the screenshots show is one of the firm's own products: its GTIN, or the very code."""
    known = [code for photo in case.prints() if (code := trace_code(photo, case.edition)) is not None]
    gtins = {product.gtin for product in case.products if product.gtin}
    gtins |= {code.parts["01"] for code in known if "01" in code.parts}
    same = {code.canonical for code in known if code.canonical}
    found = []
    for shot in case.of("query_demo"):
        code = trace_code(shot, case.edition)
        if code is None or not code.valid or code.canonical in same or code.parts.get("01") in gtins:
            continue
        if "01" in code.parts and gtins:
            reason = "查询截图里的追溯码是另一款产品的：请查询本次申报产品的追溯码后重新截图（7.2(2)）。"
            found.append(plain_finding(Finding("7.2(2)", Outcome.FAIL, reason), about=[shot], check="data_match"))
    return found


def position_findings(case: Case) -> list[dict[str, Any]]:
    """D.1.3: certificates on which the code stands elsewhere than on earlier ones of their category; fails only."""
    by_ref = {photo.ref: photo for photo in case.prints()}
    return [
        plain_finding(Finding("D.1.3", Outcome.FAIL, answer.advice, answer.rows), about=[by_ref[ref]], check="D.1.3")
        for ref, answer in positions(case).items()
        if answer.verdict is Verdict.FAIL
    ]


def positions(case: Case) -> dict[str, PlaceFinding]:
    """By the ref of a certificate's photo: whether its code stands where it does on the earlier ones of its category
    (D.1.3, R50). The first of each, with nothing before it, shares the answer of the second."""
    found: dict[str, PlaceFinding] = {}
    for category in dict.fromkeys(product.category for product in case.products):
        placed: list[tuple[str, Placement]] = []
        for product in case.products:
            for photo in case.prints(product) if product.category == category else []:
                assert photo.inspection is not None
                report = Report.from_json(photo.inspection.report)
                if (placement := Placement.of(report.findings, f"{_named(product)}的合格证")) is not None:
                    placed.append((photo.ref, placement))
        for number, (ref, placement) in enumerate(placed[1:], 1):
            found[ref] = same_place(placement, [earlier for _, earlier in placed[:number]])
        if len(placed) > 1 and found[placed[1][0]].verdict is Verdict.PASS:
            found[placed[0][0]] = found[placed[1][0]]
    return found


def _named(product: Product) -> str:
    return f"“{product.name} {product.model}”"
