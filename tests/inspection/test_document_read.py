"""Whole documents read by eye: scans of every quality, photographs on a table, PDFs; whose seal is on them.

Every firm and number here is a sample (样例).
"""

import io
import json
import pickle
from functools import cache
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFilter

from app.demo.firm import EXAMPLE
from app.demo.paper import Drawing, NoChineseFont
from benchmarks.camera import Camera, photograph
from benchmarks.certificates import Sheet
from inspection.document import read_document
from standard.materials import SealSeen
from tests.inspection.test_artwork import page, vector
from tests.inspection.test_seal import paper, stamp

FIRM, USCC = EXAMPLE.name, EXAMPLE.uscc
ADDRESS, LEGAL_REPRESENTATIVE = EXAMPLE.address, EXAMPLE.legal_representative


def drawable() -> bool:
    try:
        Drawing().check()
    except NoChineseFont:
        return False
    return True


needs_font = pytest.mark.skipif(not drawable(), reason="no Chinese font on this machine (fonts-noto-cjk)")


@cache
def licence(*, sealed: bool = True) -> bytes:
    return Drawing().licence(
        uscc=USCC,
        left=[
            ("名　　称", FIRM), ("类　　型", "有限责任公司"), ("法定代表人", LEGAL_REPRESENTATIVE),
            ("经营范围", "电线、电缆制造；电线、电缆销售；五金产品批发；货物进出口。（样例）"),
        ],
        right=[("注册资本", "伍仟万元整"), ("成立日期", "2016年04月18日"), ("营业期限", "长期"), ("住　　所", ADDRESS)],
        authority="示范市市场监督管理局（样例）", day="2023年06月12日", firm=FIRM if sealed else "",
    )  # fmt: skip


def scanned(
    png: bytes, *, quality: int = 60, share: float = 1.0, blur: float = 0.0, turn: float = 0.0, noise: float = 0.0,
    grey: bool = False,
) -> bytes:  # fmt: skip
    image = Image.open(io.BytesIO(png)).convert("RGB").rotate(turn, expand=True, fillcolor=(150, 140, 130))
    image = image.resize((round(image.width * share), round(image.height * share)))
    image = image.filter(ImageFilter.GaussianBlur(blur))
    pixels = np.asarray(image) + np.random.default_rng(1).normal(0, noise, (image.height, image.width, 1))
    image = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
    out = io.BytesIO()
    (image.convert("L") if grey else image).save(out, "JPEG", quality=quality)
    return out.getvalue()


@needs_font
def test_a_licence_is_read_and_the_firms_seal_told_from_the_authoritys() -> None:
    report = read_document(licence())
    assert (report.kind, report.legible, report.retake, report.pages) == ("business_licence", True, None, 1)
    assert report.uscc == (USCC,)
    wanted = {
        "name": "示范线缆(样例)有限公司", "uscc": USCC, "legal_representative": LEGAL_REPRESENTATIVE,
        "address": "江苏省示范市样例区电缆路8号(样例)", "established_on": "2016-04-18", "capital": "伍仟万元整",
    }  # fmt: skip
    assert wanted.items() <= report.fields.items()
    assert (report.seal, report.seal_text) == (SealSeen.SEAL_SEEN, FIRM)
    bare = read_document(licence(sealed=False))
    assert bare.uscc == (USCC,)
    assert bare.seal == SealSeen.SEAL_NOT_SEEN
    assert "监督管理局" in bare.seal_text


@needs_font
@pytest.mark.slow
@pytest.mark.parametrize(
    "scan",
    [
        {"quality": 30},
        {"share": 0.5},
        {"blur": 2.0, "noise": 6.0},
        {"turn": 3.0},
        {"turn": 90.0},
        {"turn": 180.0, "noise": 4.0},
    ],
    ids=str,
)
def test_a_worse_scan_of_a_licence_gives_the_same(scan: dict[str, Any]) -> None:
    report = read_document(scanned(licence(), **scan))
    assert (report.kind, report.uscc, report.seal) == ("business_licence", (USCC,), SealSeen.SEAL_SEEN)
    bare = read_document(scanned(licence(sealed=False), **scan))
    assert bare.seal in {SealSeen.SEAL_NOT_SEEN, SealSeen.SEAL_UNCERTAIN}


@needs_font
def test_a_licence_copied_in_grey_leaves_its_seal_uncertain() -> None:
    assert read_document(scanned(licence(), grey=True)).seal == SealSeen.SEAL_UNCERTAIN


@needs_font
@pytest.mark.parametrize("turn", [0.0, 90.0, 180.0, 270.0])
def test_an_issuers_seal_that_is_not_legible_leaves_the_firms_uncertain(turn: float) -> None:
    assert read_document(scanned(licence(sealed=False), share=0.35, turn=turn)).seal == SealSeen.SEAL_UNCERTAIN


@needs_font
def test_another_firms_seal_is_not_taken_for_the_firms() -> None:
    other = Drawing().paper(
        "质量追溯管理制度", ("第一条",), rows=(("编制单位", FIRM),), firm=FIRM, seal="别家电器制造有限公司"
    )
    report = read_document(other)
    assert (report.seal, report.seal_text) == (SealSeen.SEAL_UNCERTAIN, "")


@needs_font
@pytest.mark.slow
@pytest.mark.parametrize(
    "camera",
    [
        Camera(tilt=14, turn=180),
        Camera(megapixels=4, tilt=25),
        pytest.param(Camera(megapixels=12, tilt=12), marks=pytest.mark.soak),
    ],
)
def test_a_licence_photographed_on_a_table_is_read(camera: Camera) -> None:
    for sealed in (True, False):
        picture = np.asarray(Image.open(io.BytesIO(licence(sealed=sealed))).convert("RGB"))
        high, wide = picture.shape[:2]
        sheet = Sheet(picture, wide / 297, (297.0, high / wide * 297), (10.0, 10.0, 20.0), 21, 0.0)
        report = read_document(photograph(sheet, 5, camera).jpeg)
        assert (report.uscc, report.fields["name"]) == ((USCC,), "示范线缆(样例)有限公司")
        assert (report.seal == SealSeen.SEAL_SEEN) is sealed


@needs_font
def test_a_pdf_is_read_by_its_own_text_and_a_scanned_one_by_eye() -> None:
    drawing = Drawing()
    words = ("第一条 职责：质量部负责追溯码的编制和核对。", "第二条 本制度自发布之日起施行。")
    given: dict[str, Any] = {
        "rows": (("编制单位", FIRM), ("发布日期", "2026年03月01日")), "firm": FIRM, "day": "2026年03月01日",
        "seal": FIRM,
    }  # fmt: skip
    written = read_document(drawing.paper("质量追溯管理制度", words, **given))
    assert (written.media, written.kind, written.pages) == ("application/pdf", "policy", 1)
    assert "第一条 职责：质量部负责追溯码的编制和核对。" in written.text
    assert written.fields["issued_on"] == "2026-03-01"
    assert (written.seal, written.seal_text) == (SealSeen.SEAL_SEEN, FIRM)
    scan = Image.open(io.BytesIO(drawing.paper("质量追溯管理制度", words, **given, form="png"))).convert("RGB")
    out = io.BytesIO()
    scan.save(out, "PDF", resolution=150)
    seen = read_document(out.getvalue())
    assert (seen.kind, seen.fields["issued_on"], seen.seal) == ("policy", "2026-03-01", SealSeen.SEAL_SEEN)


@needs_font
def test_a_screen_is_told_as_one() -> None:
    screen = Drawing().screen(
        "国家追溯平台（样例） 数据上传记录", rows=[("企业名称", FIRM)],
        table=[("上传时间", "结果"), ("2026-11-03", "成功")],
        address="https://trace.sample.cn", clock="9:41",
    )  # fmt: skip
    report = read_document(screen)
    assert report.kind == "screenshot"
    assert report.fields["name"] == "示范线缆(样例)有限公司"


def test_a_page_without_legible_text_asks_for_another_scan_and_its_seal_counts_all_the_same() -> None:
    out = io.BytesIO()
    Image.fromarray(stamp(paper())).save(out, "JPEG", quality=70)
    report = read_document(out.getvalue())
    assert (report.kind, report.legible, report.seal) == ("other", False, SealSeen.SEAL_SEEN)
    assert report.retake is not None
    assert "200 dpi" in report.retake


def test_a_small_picture_is_not_legible_and_shows_no_seal_for_sure() -> None:
    out = io.BytesIO()
    Image.new("RGB", (300, 200), "white").save(out, "PNG")
    report = read_document(out.getvalue())
    assert (report.legible, report.seal, report.text) == (False, SealSeen.SEAL_UNCERTAIN, ())
    assert report.retake is not None
    assert "200 dpi" in report.retake


def test_the_report_travels_and_is_plain_json() -> None:
    report = read_document(page(vector(71, 7, 22)))
    assert pickle.loads(pickle.dumps(report)) == report
    assert json.loads(json.dumps(report.to_json()))["media"] == "application/pdf"
