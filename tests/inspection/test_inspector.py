"""Whole photos: the four fixtures, planted faults, unknown sizes, products, and what must never be said."""

import io
import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.camera import Camera, photograph
from benchmarks.certificates import Design, chinese_font, render_certificate, sample_fields
from inspection import ocr, textview
from inspection.findings import ADVISORY, CLAUSES
from inspection.inspector import inspect
from inspection.report import Finding, Inspected, ProductHint, Report, Request, Verdict

NO_TEXT = ocr.Text([], 0.0, None, 0, 0.0)
PHOTOS = Path(__file__).parents[1] / "photos"
SIZE = (100.0, 70.0)
TRUTH = {
    "good_100x70.jpg": (22.0, 7.0), "small_code_100x70.jpg": (17.8, 8.0), "near_edge_100x70.jpg": (22.0, 3.6),
    "low_contrast_100x70.jpg": (22.0, 7.0),
}  # fmt: skip
needs_font = pytest.mark.skipif(chinese_font() is None, reason="no Chinese font on this machine (fonts-noto-cjk)")


MARKED = "near_edge_100x70.jpg"
"""The one whose picture is marked."""


@cache
def judged(name: str) -> Inspected:
    return inspect(Request((PHOTOS / name).read_bytes(), sheet_mm=SIZE, mark=name == MARKED))


def by_clause(report: Report) -> dict[str, Finding]:
    return {finding.clause: finding for finding in report.findings}


def failed(report: Report) -> list[str]:
    return [finding.clause for finding in report.findings if finding.verdict is Verdict.FAIL]


@pytest.mark.parametrize(
    ("name", "clauses"),
    [
        ("good_100x70.jpg", []),
        ("small_code_100x70.jpg", ["D.3.1"]),
        ("near_edge_100x70.jpg", ["D.1.1.edge"]),
        ("low_contrast_100x70.jpg", ["D.2.1.contrast"]),
    ],
)
def test_the_fixture_photos_fail_for_their_one_fault(name: str, clauses: list[str]) -> None:
    report = judged(name).report
    assert failed(report) == clauses
    assert report.verdict is (Verdict.FAIL if clauses else Verdict.PASS)
    assert [f.clause for f in report.findings] == list(CLAUSES)
    assert {f.clause for f in report.findings if f.verdict is Verdict.UNCLEAR} == ADVISORY
    side, right = TRUTH[name]
    found = by_clause(report)
    assert found["D.3.1"].measured["side_mm"] == pytest.approx(side, abs=0.06)
    assert found["D.1.1.edge"].measured["edge_mm"]["right"] == pytest.approx(right, abs=0.06)
    assert report.retake is None
    assert any("聚氯乙烯" in text for text in report.text)


def test_advice_names_the_millimetres_and_the_clause() -> None:
    advice = by_clause(judged("small_code_100x70.jpg").report)["D.3.1"].advice
    assert advice == "二维码边长 17.8 mm，要求 ≥ 20 mm（D.3.1）：请放大到 20 mm 以上重新印刷。"


def test_the_report_is_plain_json() -> None:
    data = json.loads(json.dumps(judged(MARKED).report.to_json()))
    assert data["verdict"] == "fail"
    assert len(data["codes"][0]["corners"]) == 4
    measured = {f["clause"]: f["measured"] for f in data["findings"]}
    assert set(measured["D.1.1.edge"]["edge_mm"]) == {"left", "top", "right", "bottom"}
    assert set(measured["D.3.2"]["quiet_mm"]) == {"left", "top", "right", "bottom"}
    assert set(data["ms"]) == {"decode", "codes", "sheet", "measure", "text", "authenticity", "markup", "total"}


def test_the_marked_picture_is_small_and_shows_the_fault_in_red() -> None:
    marked = judged(MARKED).marked
    assert marked is not None
    assert len(marked) < 2_000_000
    picture = np.asarray(Image.open(io.BytesIO(marked))).astype(int)
    assert max(picture.shape) <= 1600
    red = (picture[..., 0] - picture[..., 1:].max(axis=-1)) > 100
    assert red.sum() > 500


def test_without_a_size_millimetres_stay_open_and_print_is_judged() -> None:
    report = inspect(Request((PHOTOS / "low_contrast_100x70.jpg").read_bytes(), mark=False)).report
    found = by_clause(report)
    assert failed(report) == ["D.2.1.contrast"]
    for clause in ("D.1.1.corner", "D.1.1.edge", "D.3.1", "D.3.2"):
        assert found[clause].verdict is Verdict.UNCLEAR
        assert "尺寸" in found[clause].advice
    assert report.sheet_mm is None


def test_a_wrong_size_is_never_measured_with() -> None:
    report = inspect(Request((PHOTOS / "good_100x70.jpg").read_bytes(), sheet_mm=(148, 80), mark=False)).report
    assert not failed(report)
    assert by_clause(report)["D.3.1"].verdict is Verdict.UNCLEAR
    assert report.retake is not None


def product(**changes: object) -> ProductHint:
    plain = {
        "key": "p1",
        "sheet_mm": SIZE,
        "codes": ("/10/L2026A",),
        "model": "BV 2.5",
        "record": {"规格型号": "BV 2.5"},
    }
    return ProductHint(**{**plain, **changes})  # type: ignore[arg-type]


def test_the_product_is_found_by_its_code_and_lends_its_size() -> None:
    data = (PHOTOS / "good_100x70.jpg").read_bytes()
    report = inspect(Request(data, products=(product(), product(key="p2", codes=("none",))), mark=False)).report
    assert report.product == "p1"
    assert report.sheet_mm == SIZE
    assert report.verdict is Verdict.PASS


def test_the_product_is_found_by_its_model_and_must_agree() -> None:
    data = (PHOTOS / "good_100x70.jpg").read_bytes()
    hint = product(codes=(), record={"规格型号": "BV 2.5", "生产企业": "另一家样例公司"})
    report = inspect(Request(data, products=(hint,), mark=False)).report
    assert report.product == "p1"
    assert failed(report) == ["D.5.1"]
    assert by_clause(report)["D.3.1"].verdict is Verdict.PASS


@needs_font
@pytest.mark.parametrize("turns", [1, 2])
def test_a_sheet_lying_any_way_is_read_upright(turns: int) -> None:
    picture = Image.open(PHOTOS / "near_edge_100x70.jpg").rotate(90 * turns, expand=True)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=92)
    report = inspect(Request(out.getvalue(), sheet_mm=SIZE, mark=False)).report
    assert by_clause(report)["D.1.1.edge"].measured["edge_mm"]["right"] == pytest.approx(3.6, abs=0.08)
    assert failed(report) == ["D.1.1.edge"]


@needs_font
@pytest.mark.parametrize(
    ("defect", "clause"),
    [
        ("streak", "D.2.1.sharpness"), ("stain", "D.2.1.sharpness"), ("ghost", "D.2.1.sharpness"), ("jagged", "D.2.3"),
        ("seal", "D.1.1.clear"), ("crease", "D.1.2"), ("quiet_text", "D.3.2"),
    ],
)  # fmt: skip
def test_a_planted_fault_is_found_and_nothing_else_blamed(
    defect: str, clause: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(textview, "read_text", lambda *_: NO_TEXT)  # the text plays no part here
    photo = photograph(render_certificate(Design(defects=(defect,)), 14), 61, Camera(tilt=8))
    report = inspect(Request(photo.jpeg, sheet_mm=SIZE, mark=False)).report
    assert failed(report) == [clause]


@needs_font
def test_text_that_contradicts_the_code_fails() -> None:
    fields = sample_fields() | {"生产批次": "L2026B"}
    photo = photograph(render_certificate(Design(fields=fields), 14), 62)
    report = inspect(Request(photo.jpeg, sheet_mm=SIZE, mark=False)).report
    assert failed(report) == ["D.5.1"]
    assert "L2026B" in by_clause(report)["D.5.1"].advice


def test_a_small_sheet_may_carry_fifteen_millimetres(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(textview, "read_text", lambda *_: NO_TEXT)
    planned = Design(sheet_mm=(90, 50), code_side_mm=15.8, right_mm=6.5, top_mm=6.5, fields={}, frame=False)
    photo = photograph(render_certificate(planned, 14), 63)
    report = inspect(Request(photo.jpeg, sheet_mm=(90, 50), mark=False)).report
    assert by_clause(report)["D.3.1"].verdict is Verdict.PASS


def test_no_code_on_an_empty_table_is_not_called_missing() -> None:
    rng = np.random.default_rng(1)
    out = io.BytesIO()
    Image.fromarray(rng.integers(90, 120, (480, 640, 3), dtype=np.uint8)).save(out, "JPEG")
    report = inspect(Request(out.getvalue(), sheet_mm=SIZE, mark=False)).report
    assert report.verdict is Verdict.UNCLEAR
    assert by_clause(report)["code"].verdict is Verdict.UNCLEAR
    assert report.retake is not None


@needs_font
def test_a_legible_certificate_without_a_code_fails_for_it() -> None:
    sheet = render_certificate(Design(frame=False), 14)
    x, y, side = (round(v * sheet.px_per_mm) for v in sheet.code_mm)
    sheet.image[y - 2 : y + side + 3, x - 2 : x + side + 3] = 240
    photo = photograph(sheet, 64, Camera(background="dark", tilt=5))
    report = inspect(Request(photo.jpeg, sheet_mm=SIZE, mark=False)).report
    assert failed(report) == ["code"]


def test_the_order_of_the_two_numbers_decides_nothing() -> None:
    """People measure a sheet either way round; which way up it is read is for its text to say (R23)."""
    photo = "good_100x70.jpg"
    turned = inspect(Request((PHOTOS / photo).read_bytes(), sheet_mm=SIZE[::-1], mark=False)).report
    told = [judged(photo).report, turned]
    corners = [by_clause(report)["D.1.1.corner"] for report in told]
    assert [corner.verdict for corner in corners] == [Verdict.PASS, Verdict.PASS]
    assert {corner.advice for corner in corners} == {"二维码在右上角。"}
    assert [by_clause(report)["D.1.1.edge"].measured["edge_mm"]["right"] for report in told] == [
        pytest.approx(7.0, abs=0.06)
    ] * 2


@needs_font
@pytest.mark.parametrize(("right_mm", "verdict"), [(7.0, Verdict.PASS), (41.0, Verdict.FAIL)])
def test_a_portrait_sheet_is_read_upright_whatever_size_is_told(right_mm: float, verdict: Verdict) -> None:
    sheet = render_certificate(Design(sheet_mm=(70.0, 100.0), right_mm=right_mm, top_mm=70.0, frame=False))
    photo = photograph(sheet, 4711, Camera(megapixels=1.6))
    for size in ((70.0, 100.0), (100.0, 70.0)):
        report = inspect(Request(photo.jpeg, sheet_mm=size, mark=False)).report
        assert by_clause(report)["D.1.1.corner"].verdict is verdict, size


def test_a_code_that_is_not_whole_in_the_picture_is_not_judged() -> None:
    photo = photograph(render_certificate(Design(), 14), 64, Camera(tilt=4, background="dark"))
    with Image.open(io.BytesIO(photo.jpeg)) as image:
        right = float(photo.code_corners[1:3, 0].min())
        side = right - float(photo.code_corners[0, 0])
        cut = image.crop((0, 0, round(right - 0.07 * side), image.height))
        out = io.BytesIO()
        cut.save(out, "JPEG", quality=92)
    findings = by_clause(inspect(Request(out.getvalue(), sheet_mm=SIZE, mark=False)).report)
    assert Verdict.FAIL not in {finding.verdict for finding in findings.values()}
    assert findings["D.3.2"].verdict is Verdict.UNCLEAR
