"""Ledgers: what is refused before it is read, how headers are found, what is counted, and which rows are told."""

import datetime as dt
import io
import json
import pickle
import random
import struct
import time
import zipfile
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from app.cli import cli
from inspection.ledger import Ledger, LedgerRefused, guards, read_ledger
from inspection.ledger.columns import name_of
from inspection.ledger.rows import stated_wrong
from inspection.ledger.values import days_of, number_of, share_of
from inspection.materials import LedgerKind, Problem
from inspection.report import Finding, Verdict

PRODUCTION = ["产品名称", "规格型号", "生产批次", "生产日期", "生产数量（米）", "赋码数量", "追溯码", "检验结果"]


def made(row: int, **changes: Any) -> list[Any]:
    plain = {
        "product": "聚氯乙烯绝缘电线（样例）", "model": "BV 2.5", "batch": f"L2026{row:03d}",
        "made_on": dt.date(2026, 10, 1) + dt.timedelta(days=row % 28), "produced": 1000, "coded": 950,
        "code": f"https://id.gs1.org/01/06901234567892/10/L2026{row:03d}", "inspected": "合格",
    }  # fmt: skip
    return list({**plain, **changes}.values())


def workbook(*sheets: tuple[str, list[list[Any]]], merged: dict[str, list[str]] | None = None) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_urls": False, "strings_to_formulas": False})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for name, rows in sheets:
        sheet = book.add_worksheet(name)
        for r, row in enumerate(rows):
            for c, cell in enumerate(row):
                if isinstance(cell, dt.date):
                    sheet.write_datetime(r, c, dt.datetime.combine(cell, dt.time()), day)  # type: ignore[arg-type]
                elif cell != "":
                    sheet.write(r, c, cell)
        for area in (merged or {}).get(name, []):
            first = area.split(":", maxsplit=1)[0]
            row, column = ord(first[1:]) - ord("1"), ord(first[0]) - ord("A")
            sheet.merge_range(area, rows[row][column])
    book.close()
    return out.getvalue()


def comma(*rows: list[Any], encoding: str = "utf-8-sig", sign: str = ",") -> bytes:
    return "\r\n".join(sign.join(map(str, row)) for row in rows).encode(encoding)


def by_clause(ledger: Ledger) -> dict[str, Finding]:
    return {finding.clause: finding for finding in ledger.findings}


def by_code(ledger: Ledger) -> dict[str, Problem]:
    return {problem.code: problem for problem in ledger.problems}


# --- what is refused --------------------------------------------------------------------------------------------------

PARTS = {
    "[Content_Types].xml": b'<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-'
    b'types"><Default Extension="xml" ContentType="application/xml"/></Types>',
    "_rels/.rels": b'<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relation'
    b'ships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDo'
    b'cument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": b'<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/mai'
    b'n" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="S" sheetId='
    b'"1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": b'<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/packag'
    b'e/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relatio'
    b'nships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org'
    b'/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
}


def raw(rows: bytes, **parts: bytes) -> bytes:
    """A workbook of one sheet with these rows of XML; ``parts`` are further entries."""
    sheet = b'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    sheet += b"<sheetData>" + rows + b"</sheetData></worksheet>"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {**PARTS, "xl/worksheets/sheet1.xml": sheet, **parts}.items():
            archive.writestr(name, data)
    return out.getvalue()


def cell(place: str, text: str = "x") -> bytes:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'.encode()


def row(number: int, *cells: bytes) -> bytes:
    return f'<row r="{number}">'.encode() + b"".join(cells) + b"</row>"


def strings(*texts: str) -> bytes:
    body = "".join(f"<si><t>{text}</t></si>" for text in texts)
    head = '<?xml version="1.0"?><sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    return f"{head}{body}</sst>".encode()


def lying(data: bytes, name: bytes, size: int) -> bytes:
    """The archive with another unpacked size for one entry, in both places that state it."""
    out = bytearray(data)
    at = 0
    while (at := out.find(name, at)) >= 0:
        local, central = out[at - 30 : at - 26] == b"PK\x03\x04", out[at - 46 : at - 42] == b"PK\x01\x02"
        if local:
            struct.pack_into("<I", out, at - 30 + 22, size)
        if central:
            struct.pack_into("<I", out, at - 46 + 24, size)
        at += 1
    return bytes(out)


def flagged(data: bytes) -> bytes:
    """The archive with every entry marked as encrypted."""
    out = bytearray(data)
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = 0
        while (at := out.find(mark, at)) >= 0:
            out[at + offset] |= 1
            at += 1
    return bytes(out)


ONE = row(1, cell("A1"), cell("B1"))
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


@pytest.mark.parametrize(
    ("data", "name", "code"),
    [
        (b"", "a.xlsx", "ledger_empty"),
        (b"PK\x03\x04" + bytes(guards.MAX_BYTES), "a.xlsx", "ledger_too_large"),
        (OLE, "a.xls", "ledger_is_xls"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "a.xlsx", "ledger_encrypted"),
        (flagged(raw(ONE)), "a.xlsx", "ledger_encrypted"),
        (raw(ONE, **{"xl/vbaProject.bin": b"x"}), "a.xlsx", "ledger_has_macros"),
        (raw(ONE), "a.xlsm", "ledger_has_macros"),
        (raw(ONE, **{"Index/Document.iwa": b"x"}), "a.numbers", "ledger_is_numbers"),
        (raw(ONE, **{"xl/workbook.bin": b"x"}), "a.xlsb", "ledger_is_xlsb"),
        (raw(ONE, **{"mimetype": b"x", "content.xml": b"x"}), "a.ods", "ledger_is_ods"),
        (b"%PDF-1.7", "a.pdf", "ledger_is_pdf"),
        (b"\xff\xd8\xff\xe0", "a.xlsx", "ledger_is_picture"),
        ("<table><tr><td>产品名称".encode(), "a.xls", "ledger_is_web_page"),
        (b"Rar!\x1a\x07", "a.rar", "ledger_is_archive"),
        (raw(ONE)[:-30], "a.xlsx", "ledger_unreadable"),
        (raw(ONE)[:400], "a.xlsx", "ledger_unreadable"),
        (raw(b"<row><c r='A1'"), "a.xlsx", "ledger_unreadable"),
        (raw(ONE, **{"xl/styles.xml": b'<!DOCTYPE a [<!ENTITY b "c">]><a/>'}), "a.xlsx", "ledger_unreadable"),
        (raw(b"<!--" + ONE + b"-->"), "a.xlsx", "ledger_unreadable"),
        (raw(b""), "a.xlsx", "ledger_empty"),
        (b"\x00\x01\x02\x03" * 100, "a.csv", "ledger_unreadable"),
        (bytes(range(128, 256)) * 4, "a.csv", "ledger_unreadable"),
        (b"hello\x01\x02", "a.csv", "ledger_unreadable"),
        (b"\r\n\r\n , \r\n", "a.csv", "ledger_empty"),
        ("天气,心情\n晴,好\n".encode(), "a.csv", "ledger_no_header"),
        (b"x\n" * 400_001, "a.csv", "ledger_too_many_rows"),
        (b"code\n" + b"x\n" * 200_001, "a.csv", "ledger_too_many_rows"),
        (b"," * 5_000_000, "a.csv", "ledger_too_many_cells"),
        (b",".join([b"x"] * 201), "a.csv", "ledger_too_many_columns"),
        (b'"' + b"x" * 200_000, "a.csv", "ledger_unreadable"),
    ],
)
def test_what_is_no_ledger_is_refused_with_advice(data: bytes, name: str, code: str) -> None:
    start = time.process_time()
    with pytest.raises(LedgerRefused) as refusal:
        read_ledger(data, name)
    assert refusal.value.code == code
    assert any("\u4e00" <= c <= "\u9fff" for c in refusal.value.advice)
    assert time.process_time() - start < 2


def test_a_zip_bomb_is_refused_by_what_it_declares_and_by_what_it_holds() -> None:
    bomb = raw(b"<row/>" * 20_000_000)
    for data in (bomb, lying(bomb, b"xl/worksheets/sheet1.xml", 5_000_000)):
        start = time.process_time()
        with pytest.raises(LedgerRefused) as refusal:
            read_ledger(data, "a.xlsx")
        assert refusal.value.code in {"ledger_bomb", "ledger_unreadable"}
        assert time.process_time() - start < 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"=" * 60_000_000, "ledger_too_many_cells"),
        (b"= " * 5_000_000, "ledger_unreadable"),
        (b"<row><c>" * 8_000_000, "ledger_too_many_cells"),
        (b"<x:c><row>" * 1_000_000, "ledger_too_many_rows"),
        (b"<si>" * 15_000_000, "ledger_bomb"),
    ],
)
def test_floods_that_keep_the_ratio_are_refused_before_they_cost(body: bytes, code: str) -> None:
    """Padding that cannot be compressed brings any flood under the ratio."""
    data = raw(body, **{"xl/media/image1.png": random.Random(1).randbytes(900_000)})
    start = time.process_time()
    with pytest.raises(LedgerRefused) as refusal:
        read_ledger(data, "a.xlsx")
    assert refusal.value.code == code
    assert time.process_time() - start < 2


def test_overlapping_merged_cells_and_long_texts_cost_little() -> None:
    body = row(1, cell("A1", "产品名称"), cell("B1", "生产日期")) + b"".join(
        row(n, cell(f"A{n}"), cell(f"B{n}", "2" + " " * 200 + "x")) for n in range(2, 5_002)
    )
    merged = b"</sheetData><mergeCells>" + b'<mergeCell ref="A2:A5001"/>' * 10_000 + b"</mergeCells><sheetData>"
    start = time.process_time()
    ledger = read_ledger(raw(body + merged), "a.xlsx")
    assert ledger.rows == 5_000
    assert by_code(ledger)["cell_not_a_date"].count == 5_000
    assert time.process_time() - start < 3


def test_entries_that_share_their_bytes_and_entries_without_number() -> None:
    many = io.BytesIO()
    with zipfile.ZipFile(many, "w") as archive:
        for number in range(1001):
            archive.writestr(f"xl/{number}.xml", b"")
    twice = io.BytesIO(raw(ONE))
    with zipfile.ZipFile(twice, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("xl/worksheets/sheet1.xml", b"<x/>")
    for data, code in ((many.getvalue(), "ledger_bomb"), (twice.getvalue(), "ledger_unreadable")):
        with pytest.raises(LedgerRefused) as refusal:
            read_ledger(data, "a.xlsx")
        assert refusal.value.code == code


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        (ONE + row(1_048_576, cell("XFD1048576")), "ledger_too_many_columns"),
        (ONE + row(1_048_576, cell("A1048576")), "ledger_too_many_rows"),
        (ONE + row(1_048_576, b"<c><v>1</v></c>"), "ledger_too_many_rows"),
        (ONE + row(2, cell("GS2")), "ledger_too_many_columns"),
        (ONE + row(2, cell("ABCDE2")), "ledger_too_many_columns"),
        (ONE + row(2, cell("A99999999999")), "ledger_too_many_rows"),
        (ONE + row(2, cell("GR2")) + row(199_999, cell("A199999")), "ledger_too_many_cells"),
        (ONE + b"<row>" + b"<c><v>1</v></c>" * 201 + b"</row>", "ledger_too_many_columns"),
        (ONE + b"<x:row>" + b"<x:c><x:v>1</x:v></x:c>" * 201 + b"</x:row>", "ledger_too_many_columns"),
        (ONE + b"<row r = '1048576'><c r\n=\"XFD1048576\"><v>1</v></c></row>", "ledger_unreadable"),
        (ONE + b"<row><c q='/>' r='XFD1048576'><v>1</v></c></row>", "ledger_too_many_columns"),
    ],
)
def test_a_stray_cell_far_out_never_reaches_the_parser(rows: bytes, code: str) -> None:
    """Calamine asks for rows × columns × 32 bytes and aborts the process where it gets none."""
    with pytest.raises(LedgerRefused) as refusal:
        read_ledger(raw(rows), "a.xlsx")
    assert refusal.value.code == code


def test_formatted_but_empty_cells_far_out_are_honest() -> None:
    head = row(1, cell("A1", "产品名称"), cell("B1", "追溯码"), b'<c r="XFD1" s="3"/>')
    body = row(2, cell("A2", "电线"), cell("B2", "T1")) + b'<row r="1048576" ht="12" customHeight="1"/>'
    assert read_ledger(raw(head + body), "a.xlsx").rows == 1


def test_one_long_text_in_very_many_cells_is_refused() -> None:
    rows = b"".join(row(n, f'<c r="A{n}" t="s"><v>0</v></c>'.encode()) for n in range(1, 20_001))
    with pytest.raises(LedgerRefused) as refusal:
        read_ledger(raw(rows, **{"xl/sharedStrings.xml": strings("x" * 30_000)}), "a.xlsx")
    assert refusal.value.code == "ledger_bomb"
    # One long note beside short ones is an honest ledger.
    rows = row(1, b'<c r="A1" t="s"><v>1</v></c>', b'<c r="B1" t="s"><v>2</v></c>') + b"".join(
        row(n, f'<c r="A{n}" t="s"><v>3</v></c><c r="B{n}" t="s"><v>{4 if n > 2 else 0}</v></c>'.encode())
        for n in range(2, 20_001)
    )
    texts = strings("x" * 30_000, "产品名称", "型号", "电线", "BV")
    assert read_ledger(raw(rows, **{"xl/sharedStrings.xml": texts}), "a.xlsx").rows == 19_999


def test_a_damaged_workbook_is_refused_or_read_never_worse() -> None:
    good = workbook(("生产台账", [PRODUCTION, *(made(n) for n in range(20))]))
    rng = random.Random(7)
    for _ in range(150):
        data = bytearray(good)
        for _ in range(rng.randrange(1, 8)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        try:
            read_ledger(bytes(data), "a.xlsx")
        except LedgerRefused:
            continue


# --- values -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell_", "first", "last"),
    [
        ("2026-11-03", "2026-11-03", "2026-11-03"), ("2026/11/3", "2026-11-03", "2026-11-03"),
        ("2026.11.03", "2026-11-03", "2026-11-03"), ("2026年11月3日", "2026-11-03", "2026-11-03"),
        ("20261103", "2026-11-03", "2026-11-03"), (20261103.0, "2026-11-03", "2026-11-03"),
        ("2026-11-03 08:30:15", "2026-11-03", "2026-11-03"), ("2026-11-03T08:30:15+08:00", "2026-11-03", "2026-11-03"),
        ("２０２６－１１－０３", "2026-11-03", "2026-11-03"), (46329.0, "2026-11-03", "2026-11-03"),
        ("2026年11月", "2026-11-01", "2026-11-30"), ("2028-02", "2028-02-01", "2028-02-29"),
        ("2026-11-01至2026-11-03", "2026-11-01", "2026-11-03"), ("2026.11.01-2026.11.05", "2026-11-01", "2026-11-05"),
        ("2026年1月~2026年3月", "2026-01-01", "2026-03-31"),
        (dt.datetime(2026, 11, 3, 8), "2026-11-03", "2026-11-03"),  # noqa: DTZ001 - as the parser gives them
    ],
)  # fmt: skip
def test_days_are_read_however_they_are_written(cell_: Any, first: str, last: str) -> None:
    span = days_of(cell_)
    assert span is not None
    assert (span[0].isoformat(), span[1].isoformat()) == (first, last)


@pytest.mark.parametrize(
    "cell_", ["03-11-26", "26.11.03", "2026-13-01", "2026-02-30", "11月3日", "上周", "", 7.0, True, dt.time(8), "2026"]
)
def test_what_is_no_day_is_not_guessed(cell_: Any) -> None:
    assert days_of(cell_) is None


@pytest.mark.parametrize(
    ("cell_", "number"),
    [
        (12.0, "12"), (0.1, "0.1"), ("1,200.50", "1200.50"), ("1200 米", "1200"), ("-3", "-3"), ("１２", "12"),
        ("约100", None), ("12-3", None), ("", None), (True, None), ("1,20", None), ("1.2.3", None),
        (float("inf"), None),
    ],
)  # fmt: skip
def test_numbers_are_exact(cell_: Any, number: str | None) -> None:
    assert number_of(cell_) == (None if number is None else Decimal(number))


@pytest.mark.parametrize(
    ("cell_", "share"),
    [("95%", "0.95"), ("95.00％", "0.95"), (0.95, "0.95"), (95.0, "0.95"), (1.0, "1"), ("100", "1"), ("高", None)],
)
def test_shares(cell_: Any, share: str | None) -> None:
    found = share_of(cell_)
    assert (found and found[0]) == (None if share is None else Decimal(share))


@given(coded=st.integers(0, 10**9), total=st.integers(1, 10**9), digits=st.integers(0, 6))
@settings(max_examples=200, deadline=None)
def test_a_share_rounded_or_cut_at_its_last_digit_is_right(coded: int, total: int, digits: int) -> None:
    coded %= total + 1
    exact = Fraction(coded, total)
    unit = Fraction(1, 10**digits)
    cut = (exact / unit).__floor__()
    for count in {cut, round(exact / unit)}:
        share = Decimal(count).scaleb(-digits)
        assert not stated_wrong((share, Decimal(1).scaleb(-digits)), Decimal(coded), Decimal(total))
    if digits < 6:
        off = Decimal(cut + 2).scaleb(-digits)
        assert stated_wrong((off, Decimal(1).scaleb(-digits)), Decimal(coded), Decimal(total))


# --- headers and kinds ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("产品名称", "product"), (" 产 品\n名 称 ", "product"), ("*生产批次（必填）", "batch"), ("产品追溯码", "code"),
        ("生产数量(km)", "produced"), ("已赋码数量（件）", "coded"), ("追溯码数量", "coded"), ("", None),
        ("追溯码上传时间", "uploaded_on"), ("用码覆盖率(%)", "rate"), ("检验结论", "inspected"),
        ("客户名称/流向", "customer"), ("追溯码生成状态", None), ("天气", None), ("产品追溯码台账", None),
    ],
)  # fmt: skip
def test_titles_are_known_by_what_people_write(title: str, name: str | None) -> None:
    assert name_of(title) == name


def test_a_sound_production_ledger() -> None:
    rows = [PRODUCTION, *(made(n) for n in range(30)), ["合计", "", "", "", 30_000, 28_500]]
    ledger = read_ledger(workbook(("生产台账", rows)), "十月.xlsx")
    assert ledger.verdict is Verdict.PASS, ledger.findings
    assert ledger.kind is LedgerKind.PRODUCTION
    assert ledger.rows == 30
    (table,) = ledger.tables
    assert [column.name for column in table.columns] == [
        "product", "model", "batch", "made_on", "produced", "coded", "code", "inspected",
    ]  # fmt: skip
    assert table.columns[4].unit == "米"
    assert table.sums == {"produced": "30000", "coded": "28500"}
    assert (table.days["made_on"].first, table.days["made_on"].last) == ("2026-10-01", "2026-10-28")
    (found,) = ledger.coverage
    assert (found.unit, found.rate) == ("米", Fraction(19, 20))
    assert [(c.month, c.total, c.coded) for c in ledger.counts] == [("2026-10", "30000", "28500")]
    assert len(ledger.codes) == len(ledger.batches) == 30
    assert ledger.products == ("聚氯乙烯绝缘电线（样例）",)
    assert "95.00%" in by_clause(ledger)["ledger.coverage"].advice
    assert pickle.loads(pickle.dumps(ledger)) == ledger
    plain = json.loads(json.dumps(ledger.to_json(), ensure_ascii=False))
    assert plain["codes"]["count"] == 30
    assert plain["coverage"][0]["rate"] == 0.95


def test_titles_merged_cells_and_a_header_of_two_rows() -> None:
    rows = [
        ["样例电缆有限公司追溯数据台账", "", "", "", "", "", ""],
        ["填报日期：2026-11-05", "", "", "", "", "", ""],
        ["产品名称", "批次", "生产", "", "检验", "销售", "上传时间"],
        ["", "", "日期", "数量", "结果", "客户名称", ""],
        ["电线", "L1", dt.date(2026, 10, 1), 100, "合格", "甲公司", dt.date(2026, 10, 9)],
        ["", "L2", dt.date(2026, 10, 2), 200, "合格", "乙公司", dt.date(2026, 10, 9)],
        ["", "", "", "", "", "", ""],
        ["制表人：张三", "", "", "", "", "", ""],
    ]
    merged = {"台账": ["A1:G1", "A3:A4", "B3:B4", "C3:D3", "G3:G4", "A5:A6"]}
    ledger = read_ledger(workbook(("台账", rows), merged=merged), "a.xlsx")
    (table,) = ledger.tables
    assert table.kind is LedgerKind.TRACE
    assert table.header_row == 4
    assert {column.name: column.letter for column in table.columns} == {
        "product": "A", "batch": "B", "made_on": "C", "produced": "D", "inspected": "E", "customer": "F",
        "uploaded_on": "G",
    }  # fmt: skip
    assert ledger.rows == 2
    assert ledger.products == ("电线",)
    assert ledger.elements == ("生产", "检验", "销售", "国家追溯平台上传记录")
    assert by_clause(ledger)["ledger.elements"].verdict is Verdict.PASS
    assert ledger.verdict is Verdict.PASS


def test_an_update_ledger_shows_production_inspection_sale_and_upload_of_each_product() -> None:
    """C(3)."""
    data = comma(
        ["追溯数据更新台账", "", "", "", "", "", ""],
        ["产品名称", "规格型号", "生产批次", "生产", "检验", "销售", "国家追溯平台上传记录"],
        ["电线", "BV 4", "L1", "2026-12-02 生产 300 卷", "合格", "样例客户 280 卷", "12 月 3 日上传成功"],
        ["软线", "RVV 2", "R1", "2026-12-05 生产 200 卷", "合格", "—", "未上传"],
    )
    ledger = read_ledger(data, "a.csv")
    assert ledger.kind is LedgerKind.UPDATE
    assert {shown.model: shown.elements for shown in ledger.by_product} == {
        "BV 4": ("生产", "检验", "销售", "国家追溯平台上传记录"),
        "RVV 2": ("生产", "检验"),
    }
    found = by_clause(ledger)["ledger.elements"]
    assert found.verdict is Verdict.FAIL
    assert "“软线 RVV 2”缺少销售、国家追溯平台上传记录" in found.advice
    assert "BV 4" not in found.advice


def test_an_update_ledger_may_run_over_sheets_that_name_the_product_by_its_batch() -> None:
    made = [["产品名称", "规格型号", "生产批次", "生产日期"], ["电线", "BV 4", "L1", "2026-12-02"],
            ["软线", "RVV 2", "R1", "2026-12-05"]]  # fmt: skip
    checked = [["规格型号", "检验日期", "检验结论"], ["BV 4", "2026-12-03", "合格"], ["RVV 2", "2026-12-05", "合格"]]
    sold = [["生产批次", "客户名称", "销售数量"], ["L1", "样例客户", 5], ["R1", "样例客户", 6]]
    code = "https://id.gs1.org/01/06950000004017/10/L1/21/0001"
    sent = [["追溯码", "生产批次", "上传时间", "上传结果"], [code, "L1", "2026-12-04", "成功"]]
    book = workbook(("生产", made), ("检验", checked), ("销售", sold), ("上传记录", sent))
    ledger = read_ledger(book, "追溯数据更新台账.xlsx")
    assert {shown.model: shown.elements for shown in ledger.by_product} == {
        "BV 4": ("生产", "检验", "销售", "国家追溯平台上传记录"),
        "RVV 2": ("生产", "检验", "销售"),
    }
    assert {shown.model: shown.batches for shown in ledger.by_product} == {"BV 4": ("L1",), "RVV 2": ("R1",)}


def test_rows_that_name_no_product_are_told_apart_by_the_gtin_in_their_code() -> None:
    codes = [f"https://id.gs1.org/01/069500000040{n}/10/L{n}/21/0001" for n in ("17", "24")]
    ledger = read_ledger(
        comma(
            ["追溯码", "生产日期", "检验结果", "客户名称", "上传结果"],
            [codes[0], "2026-12-02", "合格", "样例客户", "成功"],
            [codes[1], "2026-12-02", "合格", "无", "成功"],
        ),
        "追溯数据更新台账.csv",
    )  # fmt: skip
    assert [(shown.gtins, len(shown.elements)) for shown in ledger.by_product] == [
        (("06950000004017",), 4), (("06950000004024",), 3),
    ]  # fmt: skip


def test_a_sheet_that_does_not_begin_at_its_corner_keeps_its_row_numbers() -> None:
    rows = [["", "", ""], ["", "产品名称", "追溯码"], ["", "电线", "T1"], ["", "", ""], ["", "电线", "T1"]]
    ledger = read_ledger(workbook(("Sheet1", rows)), "a.xlsx")
    assert [column.letter for column in ledger.tables[0].columns] == ["B", "C"]
    assert by_code(ledger)["code_repeated"].rows == (5,)


@pytest.mark.parametrize(("encoding", "sign"), [("utf-8-sig", ","), ("gb18030", "\t"), ("utf-8", ";"), ("utf-16", "|")])
def test_text_files_of_every_coding_and_sign(encoding: str, sign: str) -> None:
    data = comma(
        ["产品名称", "生产批次", "生产日期", "生产数量", "赋码数量"],
        ["电线", "L1", "2026年10月1日", "1200.5", "1200.5"],
        encoding=encoding, sign=sign,
    )  # fmt: skip
    ledger = read_ledger(data, "生产台账.csv")
    assert ledger.kind is LedgerKind.PRODUCTION
    assert ledger.tables[0].sums == {"produced": "1200.5", "coded": "1200.5"}
    assert ledger.coverage[0].rate == 1


def test_kinds_by_columns_alone_and_several_sheets() -> None:
    sales = [["产品名称", "批次", "客户名称", "发货日期", "数量"], ["电线", "L1", "甲公司", dt.date(2026, 10, 3), 5]]
    coverage = [["月份", "产品名称", "生产数量", "赋码数量", "用码覆盖率"], ["2026-10", "电线", 3, 2, "66.7%"]]
    uploads = [["追溯码", "上传时间", "上传结果"], ["T1", "2026-10-03 09:00", "成功"], ["T2", "2026-10-03", "失败"]]
    queries = [["追溯码", "查询时间", "查询渠道"], ["T1", "2026-10-03 09:00", "微信"], ["T1", "2026-10-04", "官网"]]
    cover = [["说明"], ["本文件由样例公司填写"]]
    ledger = read_ledger(
        workbook(("封面", cover), ("a", sales), ("b", coverage), ("c", uploads), ("d", queries)), "x.xlsx"
    )
    assert [table.kind for table in ledger.tables] == [
        LedgerKind.SALES, LedgerKind.COVERAGE, LedgerKind.UPLOAD, LedgerKind.QUERY,
    ]  # fmt: skip
    assert ledger.tables[0].sums == {"sold": "5"}
    assert ledger.kind is LedgerKind.COVERAGE
    assert ledger.unread_sheets == ("封面",)
    assert by_clause(ledger)["ledger.upload"].measured == {"succeeded": 1, "failed": 1, "other": 0}
    assert ledger.verdict is Verdict.PASS, ledger.problems


# --- what cannot be right ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "code", "clause"),
    [
        ({"made_on": "上周五"}, "cell_not_a_date", "ledger.cells"),
        ({"produced": "很多"}, "cell_not_a_number", "ledger.cells"),
        ({"produced": 1e18}, "cell_not_a_number", "ledger.cells"),
        ({"produced": -5, "coded": 0}, "cell_negative", "ledger.cells"),
        ({"batch": ""}, None, None),
        ({"batch": "", "code": ""}, "cell_empty", "ledger.cells"),
        ({"produced": ""}, "cell_empty", "ledger.cells"),
        ({"code": 6.901234567892e19}, "code_lost_digits", "ledger.cells"),
        ({"code": "6.90123E+19"}, "code_lost_digits", "ledger.cells"),
        ({"code": made(1)[6]}, "code_of_two_products", "ledger.codes"),
        ({"coded": 1001}, "coded_more_than_made", "ledger.coverage"),
    ],
)
def test_a_planted_mistake_is_told_by_its_row_and_nothing_else(
    changes: dict[str, Any], code: str | None, clause: str | None
) -> None:
    rows = [PRODUCTION, *(made(n) for n in range(10))]
    rows[6] = made(5, **changes)
    ledger = read_ledger(workbook(("生产台账", rows)), "a.xlsx")
    failed = [finding.clause for finding in ledger.findings if finding.verdict is Verdict.FAIL]
    if code is None:
        assert not failed
        return
    assert failed == [clause]
    assert [(p.code, p.rows) for p in ledger.problems] == [(code, (7,))]
    assert "第 7 行" in by_clause(ledger)[str(clause)].advice


def test_rates_and_totals_are_worked_out_again() -> None:
    head = ["统计月份", "产品名称", "单位", "生产数量", "赋码数量", "用码覆盖率"]
    rows = [
        head, ["2026-09", "电线", "km", 3, 2, "66.6%"], ["2026-10", "电线", "km", 3, 2, "66.7%"],
        ["2026-10", "电缆", "km", 3, 2, "70%"], ["", "开关", "件", 10, 10, 1], ["合计", "", "", 19, 17, "84.2%"],
    ]  # fmt: skip
    ledger = read_ledger(workbook(("用码覆盖率统计清单", rows)), "a.xlsx")
    problems = by_code(ledger)
    assert problems["rate_wrong"].rows == (4, 6)
    assert problems["total_wrong"].rows == (6,)
    assert {found.unit: found.rate for found in ledger.coverage} == {"km": Fraction(2, 3), "件": Fraction(1)}
    assert [(c.month, c.category, c.unit, c.total, c.coded) for c in ledger.counts] == [
        ("2026-09", "电线", "km", "3", "2"), ("2026-10", "电线", "km", "3", "2"), ("2026-10", "电缆", "km", "3", "2"),
    ]  # fmt: skip
    assert by_clause(ledger)["ledger.coverage"].rows == ("R43",)


def test_a_share_is_cut_never_rounded_to_the_whole() -> None:
    rows = [["产品名称", "生产数量", "赋码数量"], ["电线", 1_000_000, 999_999]]
    advice = by_clause(read_ledger(workbook(("用码覆盖率", rows)), "a.xlsx"))["ledger.coverage"].advice
    assert "99.99%" in advice


def test_a_missing_column_fails_where_all_titles_are_known_and_stays_open_else() -> None:
    bare = [["产品名称", "生产日期", "生产数量"], ["电线", dt.date(2026, 10, 1), 5]]
    finding = by_clause(read_ledger(workbook(("生产台账", bare)), "a.xlsx"))["ledger.columns"]
    assert finding.verdict is Verdict.FAIL
    assert "批次" in finding.advice
    strange = [[*bare[0], "炉次"], [*bare[1], "A7"]]
    finding = by_clause(read_ledger(workbook(("生产台账", strange)), "a.xlsx"))["ledger.columns"]
    assert finding.verdict is Verdict.UNCLEAR
    assert "炉次" in finding.advice


def test_a_trace_ledger_says_which_batch_lacks_which_link() -> None:
    head = ["追溯码", "生产日期", "检验结果", "客户"]
    rows = [head, ["T1", dt.date(2026, 10, 1), "合格", "甲"], ["T2", dt.date(2026, 10, 1), "", "乙"]]
    ledger = read_ledger(workbook(("追溯数据台账", rows)), "a.xlsx")
    finding = by_clause(ledger)["ledger.elements"]
    assert finding.verdict is Verdict.FAIL
    assert by_code(ledger)["element_empty"].rows == (3,)
    assert "检验" in finding.advice
    # one event a row: the same code carries its links on several rows
    rows = [head, ["T1", dt.date(2026, 10, 1), "", ""], ["T1", "", "合格", ""], ["T1", "", "", "甲"]]
    finding = by_clause(read_ledger(workbook(("追溯数据台账", rows)), "a.xlsx"))["ledger.elements"]
    assert finding.verdict is Verdict.UNCLEAR
    assert "上传" in finding.advice


def test_the_same_batch_code_on_several_sales_is_no_mistake() -> None:
    head = ["产品名称", "追溯码", "客户", "销售日期", "销售数量"]
    rows = [head, *(["电线", "T1", f"公司{n}", dt.date(2026, 10, 3), n + 1] for n in range(4))]
    ledger = read_ledger(workbook(("销售台账", rows)), "a.xlsx")
    assert ledger.verdict is Verdict.PASS
    assert not ledger.problems


def test_days_in_the_wrong_order_are_asked_about() -> None:
    head = ["产品名称", "批次", "生产日期", "检验日期", "生产数量"]
    rows = [head, ["电线", "L1", dt.date(2026, 10, 5), dt.date(2026, 10, 4), 5]]
    ledger = read_ledger(workbook(("生产台账", rows)), "a.xlsx")
    assert ledger.verdict is Verdict.UNCLEAR
    assert by_code(ledger)["days_out_of_order"].rows == (2,)


def test_formulas_are_not_carried_out() -> None:
    data = comma(["产品名称", "追溯码"], ["=HYPERLINK(1)", '="0123"'], ["@SUM(1)", "T2"])
    ledger = read_ledger(data, "a.csv")
    assert ledger.products == ("=HYPERLINK(1)", "@SUM(1)")
    assert ledger.codes == ("0123", "T2")


def test_the_command_gives_a_line_a_file_and_an_exit_code(tmp_path: Path) -> None:
    good, bad, broken = (tmp_path / name for name in ("good.csv", "bad.csv", "broken.xls"))
    head = ["产品名称", "生产批次", "生产日期", "生产数量", "赋码数量"]
    good.write_bytes(comma(head, ["电线", "L1", "2026-10-01", 5, 5]))
    bad.write_bytes(comma(head, ["电线", "L1", "2026-10-01", 5, 6]))
    broken.write_bytes(OLE)
    runner = CliRunner()
    for files, code in (([good], 0), ([good, bad], 1), ([bad, broken, tmp_path / "none.csv"], 2)):
        result = runner.invoke(cli, ["ledger", *map(str, files), "--json"])
        assert result.exit_code == code
        answers = [json.loads(line) for line in result.output.splitlines()]
        assert [answer["file"] for answer in answers] == [str(path) for path in files]
    assert [answer.get("refused", {}).get("code") for answer in answers] == [None, "ledger_is_xls", "file_unreadable"]
    shown = runner.invoke(cli, ["ledger", str(bad)])
    assert shown.exit_code == 1
    assert "不合格" in shown.output
