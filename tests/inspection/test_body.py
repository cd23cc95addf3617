"""Body photos: codes on drums, metal and by single dots; what a code tells; certificate and body against each other.

The surfaces are drawn here, so they prove what the readers bear of each fault alone, not what a workshop's photo does.
"""

import io
import json
import pickle
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import zxingcpp
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from typer.testing import CliRunner

from app.cli import cli
from benchmarks.certificates import SIMPLIFIED_CHINESE, chinese_font
from inspection import ocr
from inspection.body import CLAUSES, inspect_body
from inspection.body_codes import read_surface
from inspection.identity import Level, Sameness, compare_codes, identity_of
from inspection.materials import BodyReport
from inspection.report import Code, Finding, PictureRefused, ProductHint, Report, Verdict

Floats = NDArray[np.float32]
Gray = NDArray[np.uint8]

ELEMENTS = "(01)06901234567892(10)L2026A(21)0001"
LINK = "https://id.gs1.org/01/06901234567892/10/L2026A/21/0001"
needs_font = pytest.mark.skipif(chinese_font() is None, reason="no Chinese font on this machine (fonts-noto-cjk)")


# --- surfaces ---------------------------------------------------------------------------------------------------------


def cells(text: str, form: str) -> NDArray[np.bool_]:
    options = {"gs1": True} if text.startswith("(") else {}
    barcode = zxingcpp.create_barcode(text, getattr(zxingcpp, form), **options)
    return np.array(barcode.to_image(scale=1, add_quiet_zones=False)) < 128


def ink(modules: NDArray[np.bool_], px: int, *, dots: float = 0.0, bars: int = 0) -> Floats:
    """Ink 0…1 with four clear modules around; ``dots``: diameter of single dots in modules; ``bars``: their height."""
    if bars:
        return np.pad(np.kron(modules[:1], np.ones((bars, px))).astype(np.float32), ((40, 40), (12 * px, 12 * px)))
    if not dots:
        return np.pad(np.kron(modules, np.ones((px, px))).astype(np.float32), 4 * px)
    drawn = np.zeros((modules.shape[0] * px, modules.shape[1] * px), np.float32)
    for row, column in zip(*np.nonzero(modules), strict=True):
        middle = (int((column + 0.5) * px * 16), int((row + 0.5) * px * 16))
        cv2.circle(drawn, middle, int(dots * px * 8), 1.0, -1, cv2.LINE_AA, 4)
    return np.pad(drawn, 4 * px)


def rolled(flat: Floats, half_angle: float) -> Floats:
    """The ink and its clear border on a cylinder that they cover by ± ``half_angle`` radians, seen from the front."""
    height, width = flat.shape
    radius = width / 2 / half_angle
    seen = int(2 * radius * np.sin(half_angle))
    x = np.arange(seen) - (seen - 1) / 2
    along = radius * np.arcsin(np.clip(x / radius, -1, 1)) + (width - 1) / 2
    columns = np.tile(along.astype(np.float32), (height, 1))
    rows = np.tile(np.arange(height, dtype=np.float32)[:, None], (1, seen))
    return cv2.remap(flat, columns, rows, cv2.INTER_LINEAR).astype(np.float32)


def surface(
    drawn: Floats, seed: int, *, ground: float = 170, step: float = -110, metal: float = 0,
    size: tuple[int, int] = (900, 1200),
) -> Gray:  # fmt: skip
    """A photo of the ink; ``step`` is what full ink changes the ground by; ``metal`` the depth of its brushed shine."""
    rng = np.random.default_rng(seed)
    height, width = size
    base = np.full((height, width), ground, np.float32)
    if metal:
        base += (np.cos(2 * np.pi * (np.linspace(0, 1.3, width) + rng.uniform())) * metal / 2).astype(np.float32)
        brushed = cv2.GaussianBlur(rng.normal(0, 1, size).astype(np.float32), (0, 0), sigmaX=25, sigmaY=0.7)
        base += brushed / brushed.std() * metal * 0.12
    full = np.zeros((height, width), np.float32)
    y, x = (height - drawn.shape[0]) // 2, (width - drawn.shape[1]) // 2
    full[y : y + drawn.shape[0], x : x + drawn.shape[1]] = drawn
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), float(rng.uniform(-4, 4)), 1)
    photo = base + cv2.warpAffine(full, turn, (width, height)) * step
    photo = cv2.GaussianBlur(photo, (0, 0), 1.0) + rng.normal(0, 3, size)
    return np.clip(photo, 0, 255).astype(np.uint8)


def read(photo: Gray) -> tuple[list[str], tuple[str, ...]]:
    symbols, how = read_surface(photo)
    return [symbol.text for symbol in symbols if symbol.text], how


@pytest.mark.parametrize("half_angle", [0.5, 0.8, 1.1, 1.3, 1.45])
def test_codes_on_a_drum(half_angle: float) -> None:
    texts, how = read(surface(rolled(ink(cells(LINK, "QRCode"), 10), half_angle), 1))
    assert texts == [LINK]
    assert (how == ("unrolled",)) == (half_angle > 1.4)  # what plain readers no longer follow
    texts, _ = read(surface(rolled(ink(cells(ELEMENTS, "DataMatrix"), 14), half_angle), 2))
    assert identity_of(texts[0]).canonical == ELEMENTS


def test_an_axis_that_lies_across_is_unrolled_too() -> None:
    drawn = np.ascontiguousarray(rolled(ink(cells(LINK, "QRCode"), 10), 1.45).T)
    assert read(surface(drawn, 3)) == ([LINK], ("unrolled",))


@pytest.mark.parametrize("step", [-60, -25])
def test_little_ink_on_brushed_metal(step: float) -> None:
    assert read(surface(ink(cells(LINK, "QRCode"), 8), 4, step=step, metal=60))[0] == [LINK]
    texts, _ = read(surface(ink(cells(ELEMENTS, "DataMatrix"), 12), 5, step=step, metal=60))
    assert identity_of(texts[0]).canonical == ELEMENTS


@pytest.mark.parametrize("form", ["QRCode", "DataMatrix"])
def test_light_on_dark(form: str) -> None:
    text = LINK if form == "QRCode" else ELEMENTS
    texts, _ = read(surface(ink(cells(text, form), 10), 6, ground=50, step=100))
    assert identity_of(texts[0]).canonical == ELEMENTS


@pytest.mark.parametrize(("dots", "px"), [(0.8, 22), (0.7, 14), (0.6, 8), (0.5, 14), (0.5, 22)])
@pytest.mark.parametrize("step", [-70, 80])
def test_a_data_matrix_of_single_dots(dots: float, px: int, step: float) -> None:
    photo = surface(ink(cells(ELEMENTS, "DataMatrix"), px, dots=dots), 7, ground=130, step=step, metal=40)
    texts, how = read(photo)
    assert [identity_of(text).canonical for text in texts] == [ELEMENTS]
    assert how == ("dots joined",)
    (symbol,) = read_surface(photo)[0]
    assert np.abs(symbol.corners.mean(0) - [599.5, 449.5]).max() < px


@pytest.mark.parametrize(("dots", "px"), [(0.7, 10), (0.5, 14), (0.6, 20)])
def test_pits_with_a_bright_and_a_dark_side(dots: float, px: int) -> None:
    flat = ink(cells(ELEMENTS, "DataMatrix"), px, dots=0.8 * dots)
    aside = max(1, round(0.12 * px))
    pits = np.roll(flat, (-aside, -aside), (0, 1)) - 0.9 * np.roll(flat, (aside, aside), (0, 1))
    texts, how = read(surface(pits.astype(np.float32), 15, ground=130, step=-60, metal=30))
    assert [identity_of(text).canonical for text in texts] == [ELEMENTS]
    assert how == ("dots joined",)


@pytest.mark.parametrize("form", ["Code128", "EAN13", "ITF"])
def test_line_codes_on_a_drum(form: str) -> None:
    text = {"Code128": "(01)06901234567892(10)L2026A", "EAN13": "6901234567892", "ITF": "16901234567899"}[form]
    texts, _ = read(surface(rolled(ink(cells(text, form), 4, bars=160), 0.7), 8))
    assert identity_of(texts[0], form).gtin in {"06901234567892", "16901234567899"}


def test_nothing_is_read_from_bare_metal() -> None:
    assert read(surface(np.zeros((8, 8), np.float32), 9, metal=60, size=(450, 600))) == ([], ())


# --- what a code names ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "symbology", "canonical", "level"),
    [
        (LINK, "QRCode", ELEMENTS, Level.ITEM),
        ("HTTPS://ID.GS1.ORG/01/06901234567892/10/L2026A", "QRCode", "(01)06901234567892(10)L2026A", Level.BATCH),
        ("010690123456789210L2026A\x1d210001", "DataMatrix", ELEMENTS, Level.ITEM),
        (ELEMENTS, "", ELEMENTS, Level.ITEM),
        ("6901234567892", "EAN13", "(01)06901234567892", Level.CLASS),
        ("16901234567899", "ITF", "(01)16901234567899", Level.CLASS),
        ("6901234567891", "EAN13", "6901234567891", None),
        ("https://www.iotroot.com/E=1000112345678901234567890", "QRCode", "ecode:1000112345678901234567890", None),
        ("https://Example.CN/a?b=C", "QRCode", "example.cn/a?b=C", None),
        ("12345", "QRCode", "12345", None),
    ],
)
def test_a_code_is_the_same_however_it_is_written(
    text: str, symbology: str, canonical: str, level: Level | None
) -> None:
    found = identity_of(text, symbology)
    assert (found.canonical, found.level) == (canonical, level)


@pytest.mark.parametrize(
    ("first", "second", "sameness"),
    [
        (LINK, ELEMENTS, Sameness.SAME),
        (LINK, "(01)06901234567892(10)L2026A", Sameness.BATCH),
        (LINK, "(01)16901234567899(10)L2026A", Sameness.BATCH),
        (LINK, "(01)06901234567892(10)L2026A(21)0002", Sameness.OTHER_ITEM),
        (LINK, "(01)06901234567892(10)L2026B", Sameness.OTHER_BATCH),
        (LINK, "(01)06901234567892", Sameness.PRODUCT),
        (LINK, "(01)06901234567908(10)L2026A", Sameness.OTHER_PRODUCT),
        (LINK, "https://www.iotroot.com/E=1000112345678901234567890", Sameness.UNKNOWN),
    ],
)
def test_how_two_codes_stand_to_each_other(first: str, second: str, sameness: Sameness) -> None:
    assert compare_codes(identity_of(first), identity_of(second)) is sameness
    assert compare_codes(identity_of(second), identity_of(first)) is sameness


# --- whole photos -----------------------------------------------------------------------------------------------------


def encoded(photo: NDArray[np.uint8]) -> bytes:
    out = io.BytesIO()
    Image.fromarray(photo).save(out, "JPEG", quality=90)
    return out.getvalue()


def body(text: str, form: str = "QRCode") -> bytes:
    bars = 160 if form in {"EAN13", "Code128"} else 0
    return encoded(surface(ink(cells(text, form), 4 if bars else 8, bars=bars), 10))


def certificate(text: str, *lines: str) -> Report:
    corners = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    return Report(
        verdict=Verdict.PASS, sheet_mm=None, product=None, codes=(Code(text, "QRCode", corners),) if text else (),
        findings=(), text=lines, photo_px=(1, 1), px_per_mm=None, retake=None, ms={}, engine="test",
    )  # fmt: skip


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Lets a test say what is written on the body: the reading of text is tried on its own below."""

    def say(*texts: str, score: float = 0.98) -> None:
        lines = [
            ocr.Line(text, score, np.array([[10, y], [300, y], [300, y + 20], [10, y + 20]], float))
            for y, text in zip(range(10, 1000, 40), texts, strict=False)
        ]
        monkeypatch.setattr(ocr, "read_lines", lambda rgb: list(lines))

    say()
    return say


def by_clause(report: BodyReport) -> dict[str, Finding]:
    return {finding.clause: finding for finding in report.findings}


def test_a_sound_body_matches_its_certificate(told: Any) -> None:
    told("规格型号：BV 2.5", "生产批次：L2026A")
    report = inspect_body(body(LINK), certificate=certificate(ELEMENTS))
    assert [finding.clause for finding in report.findings] == list(CLAUSES)
    assert report.verdict is Verdict.PASS
    assert by_clause(report)["body.match"].measured["by"] == "code"
    assert report.level == "item"
    assert report.stated == {"model": "BV 2.5", "batch": "L2026A"}
    assert pickle.loads(pickle.dumps(report)) == report
    assert json.loads(json.dumps(report.to_json()))["verdict"] == "pass"


def test_a_retail_barcode_names_a_class_and_says_what_to_do(told: Any) -> None:
    told("规格型号：BV 2.5")
    finding = by_clause(inspect_body(body("6901234567892", "EAN13")))["body.code"]
    assert finding.verdict is Verdict.FAIL
    assert finding.advice == (
        "只有商品条码 06901234567892，它只标识产品种类，分不出批次或单件，不能作追溯码（3.4，R33）："
        "请在本体或最小包装上另赋含批次（10）或序列号（21）的追溯码，例如 GS1 二维码或 Ecode；若已有，请把它拍进照片。"
    )
    assert finding.rows == ("R32", "R33")


def test_the_trace_code_beside_a_retail_barcode_is_the_one_judged(told: Any) -> None:
    left = surface(ink(cells(LINK, "QRCode"), 8), 11)
    right = surface(ink(cells("6901234567892", "EAN13"), 5, bars=300), 12)
    report = inspect_body(encoded(np.hstack([left, right])))
    assert report.codes[0].text == LINK
    assert len(report.codes) == 2
    assert by_clause(report)["body.code"].verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("theirs", "verdict", "by"),
    [
        ("(01)06901234567892(10)L2026A(21)0001", Verdict.PASS, "code"),
        ("(01)06901234567892(10)L2026A", Verdict.PASS, "batch"),
        ("(01)06901234567892(10)L2026B", Verdict.FAIL, "batch"),
        ("(01)06901234567908(10)L2026A", Verdict.FAIL, "gtin"),
        ("(01)06901234567892(10)L2026A(21)0002", Verdict.UNCLEAR, "serial"),
        ("https://www.iotroot.com/E=1000112345678901234567890", Verdict.UNCLEAR, "none"),
    ],
)
def test_certificate_and_body_by_their_codes(told: Any, theirs: str, verdict: Verdict, by: str) -> None:
    finding = by_clause(inspect_body(body(LINK), certificate=certificate(theirs)))["body.match"]
    assert (finding.verdict, finding.measured["by"]) == (verdict, by)


@pytest.mark.parametrize(
    ("written", "lines", "verdict"),
    [
        (("批号：L2026A",), ("生产批次：L2026A",), Verdict.PASS),
        (("样例电缆 BV 2.5 L2026A",), ("生产批次", "L2026A"), Verdict.PASS),
        (("型号：BV 2.5",), ("规格型号：BV 2.5",), Verdict.UNCLEAR),
        (("批号：L2026B",), ("生产批次：L2026A",), Verdict.UNCLEAR),
        ((), ("生产批次：L2026A",), Verdict.UNCLEAR),
    ],
)
def test_codes_of_different_kinds_are_compared_by_what_is_written(
    told: Any, written: tuple[str, ...], lines: tuple[str, ...], verdict: Verdict
) -> None:
    told(*written)
    report = inspect_body(
        body("https://www.iotroot.com/E=1000112345678901234567890"), certificate=certificate("", *lines)
    )
    assert by_clause(report)["body.match"].verdict is verdict


def test_what_is_written_against_the_certificates_code_can_fail(told: Any) -> None:
    told("批号：L2026B")
    ours = body("https://www.iotroot.com/E=1000112345678901234567890")
    finding = by_clause(inspect_body(ours, certificate=certificate(LINK)))["body.match"]
    assert finding.verdict is Verdict.FAIL
    assert "L2026B" in finding.advice


def test_without_a_certificate_the_match_stays_open_and_does_not_count(told: Any) -> None:
    told("BV 2.5")
    hint = ProductHint("p1", (100, 70), ("/10/L2026A",), "BV 2.5", {"规格型号": "BV 2.5"})
    report = inspect_body(body(LINK), (hint,))
    assert by_clause(report)["body.match"].verdict is Verdict.UNCLEAR
    assert report.product == "p1"
    assert report.verdict is Verdict.PASS


def test_marking_that_contradicts_the_bodys_own_code_fails(told: Any) -> None:
    told("批号：L2026B")
    finding = by_clause(inspect_body(body(LINK)))["body.text"]
    assert finding.verdict is Verdict.FAIL
    assert "L2026A" in finding.advice


@pytest.mark.parametrize("lines", [(), ("一段看不懂的字",)])
def test_unmarked_bodies_and_empty_pictures_are_asked_for_again(told: Any, lines: tuple[str, ...]) -> None:
    told(*lines)
    report = inspect_body(encoded(surface(np.zeros((8, 8), np.float32), 13, size=(450, 600))))
    assert report.verdict is Verdict.UNCLEAR
    assert {finding.verdict for finding in report.findings} == {Verdict.UNCLEAR}
    assert report.retake is not None


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(PictureRefused):
        inspect_body(b"%PDF-1.7")


@needs_font
def test_the_marking_is_read_from_the_picture() -> None:
    photo = surface(ink(cells(LINK, "QRCode"), 6), 14, size=(900, 1200))
    page = Image.fromarray(photo).convert("RGB")
    font = ImageFont.truetype(str(chinese_font()), 40, index=SIMPLIFIED_CHINESE)
    for y, text in ((60, "规格型号：BV 2.5"), (140, "生产批次：L2026A"), (760, "样例电缆有限公司")):
        ImageDraw.Draw(page).text((120, y), text, fill=(40, 40, 40), font=font)
    report = inspect_body(encoded(np.asarray(page)), certificate=certificate("(01)06901234567892(10)L2026A"))
    assert report.stated["batch"] == "L2026A"
    assert report.verdict is Verdict.PASS


def test_the_commands_answer_in_json(told: Any, tmp_path: Path) -> None:
    told("型号：BV 2.5")
    (tmp_path / "body.jpg").write_bytes(body(LINK))
    (tmp_path / "none.jpg").write_bytes(b"")
    runner = CliRunner()
    answer = runner.invoke(cli, ["body", str(tmp_path / "body.jpg"), str(tmp_path / "none.jpg"), "--json"])
    first, second = (json.loads(line) for line in answer.output.splitlines())
    assert answer.exit_code == 2
    assert (first["verdict"], second["refused"]["code"]) == ("pass", "picture_empty")
    answer = runner.invoke(cli, ["screenshot", str(tmp_path / "body.jpg"), "--code", LINK, "--json"])
    assert answer.exit_code == 0
    assert json.loads(answer.output)["code"] == LINK
    shown = runner.invoke(cli, ["body", str(tmp_path / "body.jpg"), "--certificate", str(tmp_path / "none.jpg")])
    assert shown.exit_code == 2
