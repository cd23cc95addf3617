"""Documents: what they are, what stands under their labels, and what hostile files cost; see test_document_read too.

Every firm and number here is a sample (样例).
"""

import io
import json
import random
import resource
import zipfile
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from app.cli import cli
from app.demo.firm import EXAMPLE
from inspection.document import read_document
from inspection.document_fields import credit_codes, days_in, fields_of, kind_of
from inspection.materials import DocumentReport
from inspection.ocr import Line
from inspection.report import PictureRefused
from standard.materials import SealSeen
from tests.inspection.test_artwork import document, page, stream, vector
from tests.inspection.test_seal import paper, stamp

USCC = EXAMPLE.uscc


def line(text: str, left: float, top: float, *, high: float = 20, wide: float | None = None) -> Line:
    right = left + (wide if wide is not None else high * len(text))
    corners = np.array([[left, top], [right, top], [right, top + high], [left, top + high]], np.float64)
    return Line(text, 0.98, corners)


def stated(kind: str, *lines: Line) -> dict[str, str]:
    return fields_of(kind, [lines])


# --- fields -----------------------------------------------------------------------------------------------------------


def test_a_licence_in_two_columns_is_cut_at_its_labels_and_long_values_run_on() -> None:
    found = stated(
        "business_licence",
        line("统一社会信用代码", 100, 60), line(USCC, 300, 60),
        line("名 称", 100, 100), line("示范线缆（样例）有限公司", 200, 100),
        line("注册资本", 700, 100), line("伍仟万元整", 800, 100),
        line("法定代表人王样例", 100, 150), line("成立日期", 700, 150), line("2016年04月18日", 800, 150),
        line("经营范围", 100, 200), line("电线、电缆制造；电线、电缆", 200, 200),
        line("住 所", 700, 200), line("江苏省示范市样例区电缆路", 800, 200),
        line("销售；五金产品批发。", 200, 230), line("8号（样例）", 800, 230),
        line("登记机关", 700, 400), line("2023年06月12日", 760, 440),
    )  # fmt: skip
    assert found == {
        "uscc": USCC, "name": "示范线缆(样例)有限公司", "capital": "伍仟万元整", "legal_representative": "王样例",
        "established_on": "2016-04-18", "scope": "电线、电缆制造;电线、电缆销售;五金产品批发",
        "address": "江苏省示范市样例区电缆路8号(样例)",
    }  # fmt: skip


def test_labels_that_stand_apart_and_values_below_them_are_joined() -> None:
    found = stated(
        "business_licence", line("名", 100, 100), line("称", 180, 100), line("样例电缆厂", 260, 100),
        line("统一社会信用代码", 100, 300), line(USCC, 100, 330),
    )  # fmt: skip
    assert found["name"] == "样例电缆厂"
    assert found["uscc"] == USCC


def test_the_term_of_a_licence_gives_its_days_or_none() -> None:
    ends = stated("business_licence", line("营业期限：2016年04月18日至2036年04月17日", 100, 100))
    assert (ends["valid_from"], ends["valid_through"]) == ("2016-04-18", "2036-04-17")
    endless = stated("business_licence", line("营业期限：2016年04月18日至长期", 100, 100))
    assert "valid_through" not in endless
    assert endless["valid_from"] == "2016-04-18"


def test_a_production_licence_and_a_ccc_certificate_give_number_product_and_last_day() -> None:
    licence = stated(
        "production_licence", line("证书编号：XK 06 - 001 - 01234", 100, 100),
        line("企业名称：样例电缆有限公司", 100, 140), line("产品名称：电线电缆", 100, 180),
        line("生产地址：样例路 1 号", 100, 220), line("有效期至：2029年5月1日", 100, 260),
    )  # fmt: skip
    assert licence == {
        "name": "样例电缆有限公司", "factory_address": "样例路1号", "product": "电线电缆",
        "licence_number": "XK06-001-01234", "valid_through": "2029-05-01",
    }  # fmt: skip
    certificate = stated(
        "ccc_certificate", line("证书编号：2024010105000001", 100, 100),
        line("认证委托人名称：样例贸易有限公司", 100, 140),
        line("生产者（制造商）名称：样例集团有限公司", 100, 180), line("生产企业名称：样例电缆有限公司", 100, 220),
        line("产品名称和系列、规格、型号：聚氯乙烯绝缘电线 BV 4", 100, 260), line("发证日期：2024-05-20", 100, 300),
        line("有效期至：2029-05-19", 500, 300),
    )  # fmt: skip
    assert certificate == {
        "applicant": "样例贸易有限公司", "manufacturer": "样例集团有限公司", "factory": "样例电缆有限公司",
        "name": "样例电缆有限公司", "product": "聚氯乙烯绝缘电线BV 4", "ccc_number": "2024010105000001",
        "valid_from": "2024-05-20", "valid_through": "2029-05-19",
    }  # fmt: skip


def test_an_agreement_names_its_parties_once_and_the_day_it_was_signed() -> None:
    found = stated(
        "agreement", line("甲方（采购方）：样例电缆有限公司", 100, 100),
        line("乙方（供方）：样例铜业有限公司", 100, 140),
        line("双方就追溯协同达成如下协议，甲方应当……", 100, 200), line("甲方（盖章）：", 100, 600),
        line("乙方（盖章）：", 600, 600), line("二〇二六年三月十五日", 100, 700),
    )  # fmt: skip
    assert found == {"party_a": "样例电缆有限公司", "party_b": "样例铜业有限公司", "signed_on": "2026-03-15"}


@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        (("营业执照", "统一社会信用代码", USCC), "business_licence"),
        (("全国工业产品生产许可证", "证书编号 XK06-001-01234"), "production_licence"),
        (("中国国家强制性产品认证证书", "证书编号：2024010105000001"), "ccc_certificate"),
        (("样例电缆有限公司", "产品质量追溯管理制度", "第一条"), "policy"),
        (("供应商追溯协同协议", "甲方：", "乙方："), "agreement"),
        (("质量追溯码选用证明", "兹证明"), "proof"),
        (("关于营业执照变更的说明：", "我司"), "other"),
        (("产品合格证", "规格型号：BV 4"), "other"),
        ((), "other"),
    ],
)
def test_the_kind_is_told_by_its_own_words(lines: tuple[str, ...], kind: str) -> None:
    assert kind_of([line(text, 100, 60 + 50 * n) for n, text in enumerate(lines)])[0] == kind


def test_credit_codes_are_taken_by_their_check_character_and_slips_of_readers_mended() -> None:
    slipped = USCC.replace("0", "O", 1).replace("1", "I", 1)
    assert credit_codes([f"代码：{USCC}。", USCC[:-1] + "A", slipped, "x" * 30]) == (USCC,)
    assert credit_codes([" ".join([USCC[:9], USCC[9:]])]) == (USCC,)


def test_days_are_those_that_the_calendar_has() -> None:
    assert days_in("2026年2月30日、2026-02-28 至 2027.3.1，二〇二五年十一月三十日") == [
        "2026-02-28", "2027-03-01", "2025-11-30",
    ]  # fmt: skip


# --- files of other kinds, and hostile ones ---------------------------------------------------------------------------


def zipped(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, "<x/>")
    return out.getvalue()


def test_an_ofd_is_accepted_unread() -> None:
    report = read_document(zipped("OFD.xml", "Doc_0/Document.xml"))
    assert (report.media, report.seal, report.legible, report.text) == ("application/ofd", SealSeen.OFD, True, ())


@pytest.mark.parametrize(
    ("data", "code", "says"),
    [
        (b"", "document_empty", "空"),
        (b"%PDF-1.7" + b"x" * (20 * 1024 * 1024), "document_too_large", "20 MB"),
        (zipped("[Content_Types].xml", "word/document.xml"), "document_unknown", "另存为 PDF"),
        (zipped("a.txt"), "document_unknown", "PDF、OFD"),
        (b"PK\x03\x04" + b"\x00" * 50, "document_unknown", "PDF、OFD"),
        (b"hello", "document_unknown", "PDF、OFD"),
        (b"%PDF-1.7\n%%EOF", "document_unreadable", "不完整"),
        (b"\xff\xd8\xff\xe0" + b"\x00" * 40, "picture_truncated", "没有传完整"),
    ],
)
def test_what_cannot_be_read_is_refused_with_advice(data: bytes, code: str, says: str) -> None:
    with pytest.raises(PictureRefused) as refusal:
        read_document(data)
    assert refusal.value.code == code
    assert says in refusal.value.advice


def locked() -> bytes:
    key = b"<" + b"00" * 32 + b">"
    encrypt = b"<</Filter/Standard/V 2/R 3/Length 128/P -4/O %s/U %s>>" % (key, key)
    plain = document([
        b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]>>", encrypt,
    ])  # fmt: skip
    identity = b"<" + b"11" * 16 + b">"
    return plain.replace(b"/Root 1 0 R>>", b"/Root 1 0 R/Encrypt 4 0 R/ID[%s%s]>>" % (identity, identity))


def many_pages(count: int) -> bytes:
    kids = b" ".join(b"%d 0 R" % (n + 4) for n in range(count))
    body = stream(b"", b"0 0 0 rg " + b"10 10 100 100 re f " * 50)
    pages = [b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 3 0 R>>"] * count
    return document([
        b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, count), body, *pages,
    ])  # fmt: skip


def heavy() -> bytes:
    return page(b"0 0 0 RG 3 w " + b"0 0 m 283 198 l S 283 0 m 0 198 l S " * 400_000)


def huge() -> bytes:
    return page(b"", box=(0, 0, 14400, 14400))


def test_a_locked_pdf_is_refused() -> None:
    with pytest.raises(PictureRefused) as refusal:
        read_document(locked())
    assert refusal.value.code == "document_locked"
    assert "密码" in refusal.value.advice


def test_of_many_pages_the_first_and_the_last_are_looked_at() -> None:
    report = read_document(many_pages(800))
    assert (report.pages, report.legible) == (800, False)


@pytest.mark.parametrize("make", [heavy, huge])
def test_a_pdf_that_asks_for_too_much_is_refused_at_a_known_cost(make: Any) -> None:
    data = make()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with pytest.raises(PictureRefused) as refusal:
        read_document(data)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert refusal.value.code in {"document_too_complex", "document_unreadable"}
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 6


def answered(data: bytes) -> DocumentReport | PictureRefused:
    try:
        return read_document(data)
    except PictureRefused as refusal:
        return refusal


@pytest.mark.slow
@pytest.mark.parametrize("times", [3, pytest.param(60, marks=pytest.mark.soak)])
def test_damaged_files_are_read_or_refused_and_nothing_else(times: int) -> None:
    rng = random.Random(7)
    jpeg = _jpeg(stamp(paper(800, 600), (300, 500), 60))
    whole: Sequence[bytes] = (page(vector(71, 7, 22)), many_pages(3), jpeg, zipped("OFD.xml"), locked())
    for data in whole:
        for _ in range(times):
            hurt = bytearray(data[: rng.randrange(1, len(data) + 1)] if rng.random() < 0.5 else data)
            for _ in range(rng.randrange(0, 30)):
                hurt[rng.randrange(len(hurt))] = rng.randrange(256)
            answer = answered(bytes(hurt))
            assert isinstance(answer, DocumentReport) or answer.advice.endswith("。")


def _jpeg(pixels: Any) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=60)
    return out.getvalue()


def test_the_command_tells_what_was_read_and_by_its_exit_code(tmp_path: Any) -> None:
    good, bad = tmp_path / "资料.ofd", tmp_path / "坏.pdf"
    good.write_bytes(zipped("OFD.xml"))
    bad.write_bytes(b"%PDF-1.7\n%%EOF")
    runner = CliRunner()
    told = runner.invoke(cli, ["document", str(good), "--json"])
    assert told.exit_code == 0
    assert json.loads(told.output)["seal"] == "ofd"
    assert "签章未验证" in runner.invoke(cli, ["document", str(good)]).output
    refused = runner.invoke(cli, ["document", str(bad), "--json"])
    assert refused.exit_code == 2
    assert json.loads(refused.output)["refused"]["code"] == "document_unreadable"
