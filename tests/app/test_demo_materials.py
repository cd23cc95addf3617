"""The demonstration's materials: each gives the report that the demonstration needs, on any day it may be played."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from app.demo import materials as demo
from app.demo.by_hand import NOTE, write_papers
from app.demo.firm import CATEGORY, EXAMPLE
from app.demo.month import write_month
from app.demo.paper import Drawing, NoChineseFont
from inspection.body import inspect_body
from inspection.document import read_document
from inspection.fields import credit_check
from inspection.identity import identity_of
from inspection.inspector import inspect
from inspection.ledger import read_ledger
from inspection.materials import DocumentReport, Ledger, LedgerKind
from inspection.report import ProductHint, Report, Request, Verdict
from inspection.screenshot import inspect_screenshot
from standard.codes import judge, read
from standard.facts import rate
from standard.grades import Grade
from standard.materials import Due, SealSeen, required
from standard.months import Month
from standard.outcome import Outcome
from standard.profile import edition_on
from standard.scope import MonthlyCount, coverage

TODAY = date(2026, 11, 27)
DAYS = (TODAY, date(2027, 2, 28), date(2028, 2, 29), date(2028, 12, 31))


def drawable() -> bool:
    try:
        Drawing().check()
    except NoChineseFont:
        return False
    return True


needs_font = pytest.mark.skipif(not drawable(), reason="no Chinese font on this machine (fonts-noto-cjk)")


@cache
def handed_in(today: date = TODAY) -> tuple[demo.DemoMaterial, ...]:
    return tuple(demo.demo_materials(today, real_now=datetime.now(UTC)))


def of(kind: str, today: date = TODAY) -> list[demo.DemoMaterial]:
    return [one for one in handed_in(today) if one.kind == kind]


def ledger(kind: str, today: date = TODAY) -> Ledger:
    one = next(one for one in of(kind, today) if one.file_name.endswith(".csv"))
    return read_ledger(one.data, one.file_name)


def hints() -> tuple[ProductHint, ...]:
    return tuple(
        ProductHint(one["gtin"], one["sheet_mm"], (one["gtin"],), one["model"], one["record"])
        for one in demo.demo_products()
    )


@cache
def certificate(name: str) -> Report:
    return inspect(Request(demo.photo(name), products=hints(), mark=False)).report


def verdicts(report: Report) -> dict[str, Verdict]:
    return {finding.clause: finding.verdict for finding in report.findings}


# --- the firm ---------------------------------------------------------------------------------------------------------


def test_the_firm_is_invented_marked_and_sound() -> None:
    form = demo.demo_form()
    assert credit_check(form["uscc"])
    assert "样例" in form["name"]
    for product, item in zip(demo.demo_products(), EXAMPLE.items(), strict=True):
        own = identity_of(item.code, "QRCode")
        assert (own.gtin, own.parts["batch"], own.parts["serial"]) == (product["gtin"], item.batch, item.serial)
        edition = edition_on(TODAY)
        assert {finding.outcome for finding in judge(read(item.code, edition=edition), edition)} == {Outcome.PASS}
        assert "样例" in product["name"]


# --- photos -----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(("name", "product"), [("certificate-1.jpg", 0), ("certificate-2.jpg", 1)])
def test_the_certificates_pass_everything_a_photo_can_tell(name: str, product: int) -> None:
    report = certificate(name)
    assert (report.verdict, report.product) == (Verdict.PASS, EXAMPLE.products[product].gtin)
    assert report.codes[0].text == EXAMPLE.items()[product].code
    found = verdicts(report)
    assert {clause for clause, verdict in found.items() if verdict is not Verdict.PASS} == {"D.1.3", "D.4", "D.5.2"}
    assert found["D.5.1"] is Verdict.PASS


@pytest.mark.slow
def test_the_first_certificate_fails_by_its_codes_size_alone() -> None:
    report = certificate("certificate-small-1.jpg")
    assert report.verdict is Verdict.FAIL
    assert [clause for clause, verdict in verdicts(report).items() if verdict is Verdict.FAIL] == ["D.3.1"]


@pytest.mark.slow
@pytest.mark.parametrize("product", [0, 1])
def test_the_bodies_agree_with_their_certificates(product: int) -> None:
    report = inspect_body(
        demo.photo(f"body-{product + 1}.jpg"), hints(), certificate(f"certificate-{product + 1}.jpg")
    )  # fmt: skip
    assert {finding.verdict for finding in report.findings} == {Verdict.PASS}
    assert (report.product, report.level) == (EXAMPLE.products[product].gtin, "item")


def test_the_photos_are_small() -> None:
    names = ("certificate-1", "certificate-small-1", "certificate-2", "body-1", "body-2")
    sizes = [len(demo.photo(f"{name}.jpg")) for name in names]
    assert max(sizes) <= 600_000
    assert sum(sizes) <= 4_000_000


# --- what is handed in ------------------------------------------------------------------------------------------------


@needs_font
def test_it_is_all_that_level_a_asks() -> None:
    asked = required(Grade.A, "ccc", edition_on(TODAY), first=True, sells_online=True)
    assert {one.id for one in asked if one.due is Due.REQUIRED} == {one.kind for one in handed_in()}
    per_product = Counter(one.product_index for one in handed_in() if one.product_index is not None)
    assert set(per_product) == {0, 1}
    (tried,) = [one for one in handed_in() if one.first_try]
    assert (tried.kind, tried.product_index) == ("certificate_photo", 0)
    assert all("样例" in one.file_name for one in handed_in())
    assert len({one.data for one in handed_in()}) == len(handed_in())


@needs_font
@pytest.mark.parametrize("day", DAYS)
def test_the_ledgers_are_sound_and_end_with_the_last_full_month(day: date) -> None:
    edition = edition_on(day)
    kinds = {
        "production_ledger": LedgerKind.PRODUCTION, "coverage_list": LedgerKind.COVERAGE,
        "trace_ledger": LedgerKind.TRACE, "upload_records": LedgerKind.UPLOAD, "query_log": LedgerKind.QUERY,
    }  # fmt: skip
    for name, kind in kinds.items():
        found = ledger(name, day)
        assert (name, found.kind, found.verdict) == (name, kind, Verdict.PASS)
    assert set(ledger("product_ledger", day).products) == {product.name for product in EXAMPLE.products}
    listed, made = ledger("coverage_list", day), ledger("production_ledger", day)
    assert listed.tables[0].sums["produced"] == made.tables[0].sums["produced"]
    counts = [
        MonthlyCount(Month.parse(one.month), one.category, one.unit, Decimal(one.total), Decimal(one.coded))
        for one in listed.counts
    ]
    share = coverage(counts, {CATEGORY}, day, edition)
    assert share.outcome is Outcome.PASS
    assert share.rate is not None
    assert Decimal("0.95") <= share.rate < 1
    measured = next(one.measured for one in ledger("upload_records", day).findings if one.clause == "ledger.upload")
    assert rate(measured["succeeded"], 48, edition) >= Decimal("0.95")
    batches = set(ledger("trace_ledger", day).batches)
    assert {item.batch for item in EXAMPLE.items()} <= batches
    assert {"原材料", "生产", "检验", "销售"} <= set(ledger("trace_ledger", day).elements)


@cache
def documents(today: date = TODAY) -> dict[str, DocumentReport]:
    return {
        one.file_name: read_document(one.data)
        for one in handed_in(today)
        if not one.file_name.endswith((".csv", ".jpg")) and one.kind not in {"query_demo", "query_link"}
    }


@needs_font
@pytest.mark.slow
def test_the_papers_say_whose_they_are_and_until_when() -> None:
    licence = documents()["营业执照-样例.png"]
    assert (licence.kind, licence.uscc, licence.seal) == ("business_licence", (EXAMPLE.uscc,), SealSeen.SEAL_SEEN)
    assert licence.fields["legal_representative"] == EXAMPLE.legal_representative
    signed, scanned = (documents()[one.file_name] for one in of("product_qualification"))
    assert (signed.seal, scanned.seal) == (SealSeen.SIGNATURE_UNVERIFIABLE, SealSeen.SEAL_SEEN)
    for made, report in zip(EXAMPLE.products, (signed, scanned), strict=True):
        assert (report.kind, report.fields["ccc_number"]) == ("ccc_certificate", made.ccc_number)
        assert report.fields["valid_through"] > (TODAY + timedelta(days=1000)).isoformat()
    assert documents()["质量追溯管理制度-样例.pdf"].kind == "policy"
    for name, report in documents().items():
        assert report.legible, name
        if "网售" not in name:
            assert EXAMPLE.name in "".join(report.text).replace("(", "（").replace(")", "）"), name


@needs_font
@pytest.mark.slow
def test_the_look_ups_show_the_products_own_codes() -> None:
    now = datetime(TODAY.year, TODAY.month, TODAY.day, 4, tzinfo=UTC)
    shots = [inspect_screenshot(one.data, None, now) for one in of("query_demo")]
    assert [shot.verdict for shot in shots] == [Verdict.PASS] * 3
    assert {shot.code for shot in shots} == {item.code for item in EXAMPLE.items()}
    assert [one.declared["channel"] for one in of("query_demo")] == ["scan", "web", "miniapp"]
    (link,) = of("query_link")
    assert link.declared["link"] in {code.text for code in inspect_screenshot(link.data, None, now).codes}


@needs_font
def test_it_can_be_played_inside_a_running_loop_from_a_thread() -> None:
    import asyncio

    async def play() -> int:
        made = await asyncio.to_thread(demo.demo_materials, TODAY, real_now=datetime.now(UTC))
        return len(made)

    assert asyncio.run(play()) == len(handed_in())


@needs_font
def test_whoever_walks_by_hand_finds_every_paper_and_what_to_type(tmp_path: Path) -> None:
    write_papers(tmp_path, handed_in(), TODAY)
    note = (tmp_path / NOTE).read_text(encoding="utf-8")
    files = {path.name for path in tmp_path.iterdir()} - {NOTE}
    assert len(files) == len(handed_in()) + 1
    assert [name for name in files if name not in note] == []
    typed = {**demo.demo_form(), "organisation_role": ""}.values()
    assert all(words in note for words in (*typed, *(one["gtin"] for one in demo.demo_products())))
    assert note.count("码印得太小-") == note.count("（先不传）") == 1


@needs_font
def test_the_files_of_a_month_are_seen_in_it(tmp_path: Path) -> None:
    write_month(tmp_path, Month(2027, 1))
    assert len(list(tmp_path.iterdir())) == 2 + 2 + 3 + 1
    seen = [inspect_screenshot(path.read_bytes()) for path in sorted(tmp_path.glob("2027-01-查询截图-*"))]
    assert [shot.moments[0].iso[:10] for shot in seen] == ["2027-01-01", "2027-01-02", "2027-01-03"]
    (table,) = tmp_path.glob("*.csv")
    assert read_ledger(table.read_bytes(), table.name).kind is LedgerKind.UPDATE
