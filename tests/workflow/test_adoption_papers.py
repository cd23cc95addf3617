"""A tender's papers as they are drawn, scanned and read for real, against what was put on record (8.2(2), 8.5(1))."""

from typing import Any

import pytest

from app.demo.paper import Drawing, NoChineseFont
from inspection.document import read_document
from standard.outcome import Finding, Outcome
from standard.profile import edition_on
from tests import rows
from workflow.credit.adoption_papers import Stated, award_notice, paper_of, sealed_by_customer, tender_document
from workflow.intake.inspections import as_plain

EDITION = edition_on(rows.NOW.date())
SUPPLIER, CUSTOMER, NUMBER = "样例电缆有限公司", "样例采购集团有限公司", "ZB-2026-001"
STATED = Stated(NUMBER, SUPPLIER, "91310000MA0000015F", CUSTOMER, "91310000MA0000007L")


def drawable() -> bool:
    try:
        Drawing().check()
    except NoChineseFont:
        return False
    return True


needs_font = pytest.mark.skipif(not drawable(), reason="no Chinese font on this machine (fonts-noto-cjk)")


def outcomes(findings: list[Finding]) -> list[Outcome]:
    return [finding.outcome for finding in findings]


def notice(**given: Any) -> bytes:
    words = (f"{SUPPLIER}：", "贵单位在本项目的公开招标中，经评标委员会评审，被确定为中标人，请于三十日内签订合同。")
    return Drawing().paper(
        "中标通知书", words, firm=CUSTOMER, day="2026年11月20日", seal=CUSTOMER,
        **{"rows": (("招标编号", NUMBER), ("招标人", CUSTOMER), ("中标人", SUPPLIER)), **given},
    )  # fmt: skip


@needs_font
def test_a_tender_document_with_its_demand_passes_and_without_it_asks_for_the_pages() -> None:
    rows_ = (("招标编号", NUMBER), ("招标人", CUSTOMER))
    asks = "投标人须具有质量追溯能力评价 A 级及以上证书（T/ZGJDJX—3—2026）。"
    for words, last in ((asks, Outcome.PASS), ("投标人须具有独立承担民事责任的能力。", Outcome.UNCLEAR)):
        report = read_document(Drawing().paper("电缆采购招标文件", ("第三章 投标人资格要求", words), rows=rows_))
        assert report.legible
        found = tender_document(STATED, paper_of("招标采购文件", [as_plain(report)]), EDITION)
        assert outcomes(found) == [Outcome.PASS, Outcome.PASS, last], found


@needs_font
def test_a_scanned_notice_of_award_names_tender_customer_and_supplier_under_the_customers_seal() -> None:
    report = read_document(notice(form="png"))
    assert report.legible
    paper = paper_of("中标通知书", [as_plain(report)])
    assert outcomes(award_notice(STATED, paper, EDITION)) == [Outcome.PASS] * 4
    assert sealed_by_customer(STATED, paper).outcome is Outcome.PASS


@needs_font
def test_another_tenders_or_another_firms_notice_is_none_of_this_record() -> None:
    others = (("招标编号", "ZB-2026-077"), ("招标人", CUSTOMER), ("中标人", "样例电器有限公司"))
    report = read_document(
        Drawing().paper("中标通知书", ("经评审，现通知中标结果。",), rows=others, firm=CUSTOMER, seal="")
    )
    paper = paper_of("中标通知书", [as_plain(report)])
    said, number, _, winner = award_notice(STATED, paper, EDITION)
    assert outcomes([said, number, winner]) == [Outcome.PASS, Outcome.FAIL, Outcome.FAIL]
    assert (number.have, winner.have) == ("ZB-2026-077", "样例电器有限公司")
    assert sealed_by_customer(STATED, paper).outcome is Outcome.UNCLEAR


@pytest.mark.parametrize(
    ("lines", "outcome"),
    [
        ((f"中标人：{SUPPLIER}",), Outcome.PASS),
        ((f"{SUPPLIER}：", "贵单位被确定为中标人。"), Outcome.PASS),
        (("中标人：样例电器有限公司", f"投标人：{SUPPLIER}、样例电器有限公司"), Outcome.UNCLEAR),
        (("中标人：样例电器有限公司（标段一）", f"中标人：{SUPPLIER}（标段二）"), Outcome.PASS),
        (("中标人：样例电缆", "有限公司"), Outcome.PASS),
        (("中标人：______", f"投标人：{SUPPLIER}"), Outcome.PASS),
        (("中标人：样例电器有限公司",), Outcome.FAIL),
        (("经评审，现通知中标结果。",), Outcome.UNCLEAR),
    ],
)
def test_who_lost_a_tender_is_not_its_winner_because_the_notice_names_everybody(
    lines: tuple[str, ...], outcome: Outcome
) -> None:
    paper = paper_of("中标通知书", [{"text": lines, "uscc": (), "seal": "", "seal_text": ""}])
    *_, winner = award_notice(STATED, paper, EDITION)
    assert winner.outcome is outcome, winner.reason


@pytest.mark.parametrize(
    ("seal", "name", "outcome", "says"),
    [
        ("seal_seen", CUSTOMER, Outcome.PASS, "盖有采购方印章"),
        ("signature_valid", "样例采购集团 有限公司", Outcome.PASS, "盖有采购方印章"),
        ("seal_seen", "样例第三方有限公司", Outcome.UNCLEAR, "印章是“样例第三方有限公司”，不是采购方的"),
        ("seal_seen", SUPPLIER, Outcome.UNCLEAR, "不是采购方的"),
        ("seal_seen", "", Outcome.UNCLEAR, "没有看清采购方的印章"),
        ("seal_uncertain", CUSTOMER, Outcome.UNCLEAR, "没有看清采购方的印章"),
    ],
)
def test_only_the_customers_own_seal_speaks_for_it(seal: str, name: str, outcome: Outcome, says: str) -> None:
    paper = paper_of("中标通知书", [{"text": (), "uscc": (), "seal": seal, "seal_text": name}])
    found = sealed_by_customer(STATED, paper)
    assert found.outcome is outcome
    assert says in found.reason


@needs_font
def test_a_notice_that_bears_the_suppliers_own_seal_is_not_the_customers() -> None:
    own = Drawing().paper("中标通知书", ("经评审，贵单位中标。",), firm=SUPPLIER, day="2026年11月20日", seal=SUPPLIER)
    report = read_document(own)
    paper = paper_of("中标通知书", [as_plain(report)])
    assert sealed_by_customer(STATED, paper).outcome is Outcome.UNCLEAR
