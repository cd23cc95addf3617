"""Look-up screenshots: invented pages of a phone, read whole; and what is concluded from lines that were read.

Every firm, product and number here is a sample (样例).
"""

import io
import json
import pickle
from datetime import UTC, datetime
from functools import cache
from typing import Any

import cv2
import numpy as np
import pytest
import segno
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from benchmarks.certificates import SIMPLIFIED_CHINESE, chinese_font
from inspection import ocr
from inspection.materials import ScreenshotReport
from inspection.report import Finding, PictureRefused, Verdict
from inspection.screenshot import CLAUSES, inspect_screenshot

LINK = "https://id.gs1.org/01/06901234567892/10/L2026A/21/0001"
NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
needs_font = pytest.mark.skipif(chinese_font() is None, reason="no Chinese font on this machine (fonts-noto-cjk)")

ROWS = (
    ("产品名称", "聚氯乙烯绝缘电线（样例）"), ("规格型号", "BV 2.5"), ("生产批次", "L2026A"),
    ("生产日期", "2026-11-03"), ("生产企业", "样例电缆有限公司"), ("检验结果", "合格"),
    ("查询时间", "2026-11-20 09:41:22"), ("查询次数", "3"),
)  # fmt: skip


def page(
    rows: tuple[tuple[str, str], ...] = ROWS, *, size: tuple[int, int] = (1080, 2340), clock: str = "9:41",
    title: str = "产品追溯查询结果", code: str | None = LINK, dark: bool = False,
) -> NDArray[np.uint8]:  # fmt: skip
    """A phone's screen: status bar, title, a picture code, labels left and values right."""
    ground, text, soft = (
        ((18, 18, 20), (235, 235, 235), (150, 150, 150)) if dark else ((255, 255, 255), (20, 20, 20), (120,) * 3)
    )
    image = Image.new("RGB", size, ground)
    draw = ImageDraw.Draw(image)
    unit = size[0] / 1080

    def write(x: float, y: float, words: str, height: int, fill: tuple[int, ...]) -> None:
        font = ImageFont.truetype(str(chinese_font()), round(height * unit), index=SIMPLIFIED_CHINESE)
        draw.text((x * unit, y * unit), words, fill=fill, font=font)

    write(60, 24, clock, 40, text)
    write(880, 24, "5G 87%", 36, text)
    write(60, 130, "www.sample-trace.cn/t/0001", 34, soft)
    write(300, 230, title, 56, text)
    y = 360.0
    if code is not None:
        symbol = segno.make(code, error="m", micro=False)
        modules = np.array([[0 if dark_ else 255 for dark_ in row] for row in symbol.matrix_iter(scale=1, border=4)])
        side = round(420 * unit)
        picture = (
            Image.fromarray(modules.astype(np.uint8)).convert("RGB").resize((side, side), Image.Resampling.NEAREST)
        )
        image.paste(picture, (round(330 * unit), round(y * unit)))
        y += 470
    for label, value in rows:
        write(60, y, label, 42, soft)
        write(400, y, value, 42, text)
        y += 110
    return np.asarray(image)


def png(picture: NDArray[np.uint8]) -> bytes:
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "PNG")
    return out.getvalue()


def jpeg(picture: NDArray[np.uint8], quality: int = 70) -> bytes:
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "JPEG", quality=quality)
    return out.getvalue()


def photo_of(screen: NDArray[np.uint8]) -> bytes:
    """The screen looked at by a camera: askew, on a table, soft, with noise."""
    height, width = screen.shape[:2]
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    target = np.array([[260, 120], [1010, 150], [1000, 1760], [240, 1730]], np.float32)
    move = cv2.getPerspectiveTransform(source, target)
    seen = cv2.warpPerspective(screen, move, (1300, 1900), borderValue=(70, 60, 50)).astype(np.float32)
    seen = cv2.GaussianBlur(seen * 0.9, (0, 0), 0.8) + np.random.default_rng(1).normal(0, 4, seen.shape)
    return jpeg(np.clip(seen, 0, 255).astype(np.uint8), 85)


def by_clause(report: ScreenshotReport) -> dict[str, Finding]:
    return {finding.clause: finding for finding in report.findings}


# --- whole pages ------------------------------------------------------------------------------------------------------


@cache
def sound() -> ScreenshotReport:
    return inspect_screenshot(png(page()), LINK, NOW)


@needs_font
def test_a_sound_page_is_read_whole() -> None:
    report = sound()
    assert [finding.clause for finding in report.findings] == list(CLAUSES)
    assert report.verdict is Verdict.PASS, report.findings
    assert report.code == LINK
    assert [(moment.iso, moment.kind) for moment in report.moments] == [
        ("2026-11-20T09:41:22", "query"), ("T09:41", "clock"),
    ]  # fmt: skip
    assert report.stated["batch"] == "L2026A"
    assert report.stated["date"] == "2026-11-03"
    assert "样例电缆" in report.stated["firm"]
    assert report.pages == ("www.sample-trace.cn",)
    assert report.look == "screenshot"
    assert not report.flags
    assert by_clause(report)["shot.page"].measured["side"] == "public"
    assert pickle.loads(pickle.dumps(report)) == report
    assert json.loads(json.dumps(report.to_json()))["look"] == "screenshot"


@needs_font
def test_a_small_page_sent_through_a_chat_in_the_dark() -> None:
    report = inspect_screenshot(jpeg(page(size=(720, 1560), dark=True)), LINK, NOW)
    assert report.verdict is Verdict.PASS, report.findings
    assert report.look == "screenshot"
    assert report.moments[0].iso == "2026-11-20T09:41:22"


@needs_font
def test_another_products_page_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "read_lines", lambda rgb: [])  # the text plays no part here
    finding = by_clause(inspect_screenshot(png(page(code=LINK.replace("0001", "0002"))), LINK, NOW))["shot.code"]
    assert finding.verdict is Verdict.FAIL
    assert "0002" in finding.advice


@needs_font
def test_a_code_that_is_only_written_and_a_page_without_a_query_time() -> None:
    rows = (("追溯码", "(01)06901234567892(10)L2026A(21)0001"), *ROWS[:6])
    report = inspect_screenshot(png(page(rows, code=None)), LINK, NOW)
    assert by_clause(report)["shot.code"].measured["by"] == "text"
    finding = by_clause(report)["shot.time"]
    assert finding.verdict is Verdict.UNCLEAR
    assert [moment.kind for moment in report.moments] == ["clock"]


@needs_font
def test_a_photo_of_a_screen_is_flagged() -> None:
    report = inspect_screenshot(photo_of(page()), LINK, NOW)
    assert report.look == "photo"
    assert [flag.code for flag in report.flags] == ["photo_of_screen"]
    assert by_clause(report)["shot.code"].verdict is Verdict.PASS


# --- from lines to findings -------------------------------------------------------------------------------------------


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Judge a screen on which these rows of text were read; each row is one line, or a label and a value."""

    def judge(
        *rows: str | tuple[str, str], expected: str | None = None, now: datetime | None = NOW
    ) -> ScreenshotReport:
        lines = []
        for number, row in enumerate(rows):
            y = 20 + 80 * number
            for x, text in zip((20, 260), (row,) if isinstance(row, str) else row, strict=False):
                box = np.array([[x, y], [x + 200, y], [x + 200, y + 30], [x, y + 30]], float)
                lines.append(ocr.Line(text, 0.97, box))
        calls = iter([lines])
        monkeypatch.setattr(ocr, "read_lines", lambda rgb: next(calls, []))
        blank = np.full((1200, 540, 3), 255, np.uint8)
        blank[:60] = 0  # a window without any ink is not read at all
        return inspect_screenshot(png(blank), expected, now)

    return judge


@pytest.mark.parametrize(
    ("rows", "moments"),
    [
        ((("查询时间", "2026年11月20日 下午2:05"),), [("2026-11-20T14:05", "query")]),
        (("本次查询：2026/11/20",), [("2026-11-20", "query")]),
        (("2026-11-20 23:59:01",), [("2026-11-20T23:59:01", "page")]),
        (("查询记录", "2026-11-20 23:59", "2026-11-21"), [("2026-11-20T23:59", "query"), ("2026-11-21", "page")]),
        (("中国移动 21:07", "追溯"), [("T21:07", "clock")]),
        ((("生产日期", "2026-11-03"), "有效期至 2027-11-02"), []),
        (("首次查询时间：2026-10-01 08:00",), []),
        (("2026-13-40", "25:61", "16:9:1", "版本 1.2.3"), []),
    ],
)
def test_times_of_the_look_up_and_no_others(shown: Any, rows: tuple[Any, ...], moments: list[tuple[str, str]]) -> None:
    assert [(moment.iso, moment.kind) for moment in shown(*rows).moments] == moments


def test_a_look_up_in_the_future_was_not_made(shown: Any) -> None:
    finding = by_clause(shown("查询时间：2026-11-26 08:00"))["shot.time"]
    assert finding.verdict is Verdict.FAIL
    assert by_clause(shown("查询时间：2026-11-26 08:00", now=None))["shot.time"].verdict is Verdict.PASS
    assert by_clause(shown("查询时间：2026-11-24 23:00"))["shot.time"].verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("rows", "verdict", "side"),
    [
        (("产品追溯", "产品名称：电线", "型号：BV"), Verdict.PASS, "public"),
        (("防伪溯源查询", "查无此码"), Verdict.FAIL, "unknown"),
        (("404", "页面不存在"), Verdict.FAIL, "unknown"),
        (("追溯", "产品名称：电线", "型号：BV", "批次：L1", "检验报告：暂无数据"), Verdict.PASS, "public"),
        (("追溯管理系统", "新增", "批量导出", "产品名称", "型号"), Verdict.UNCLEAR, "back_office"),
        (("今天天气很好", "多云", "北风三级"), Verdict.UNCLEAR, "unknown"),
        (("追溯码 6904040404",), Verdict.UNCLEAR, "unknown"),
        ((), Verdict.UNCLEAR, "unknown"),
    ],
)
def test_what_kind_of_page_it_is(shown: Any, rows: tuple[str, ...], verdict: Verdict, side: str) -> None:
    finding = by_clause(shown(*rows))["shot.page"]
    assert (finding.verdict, finding.measured["side"]) == (verdict, side)
    assert finding.advice


@pytest.mark.parametrize(
    ("rows", "expected", "verdict"),
    [
        ((("追溯码", "0690123456789210L2026A"),), None, Verdict.PASS),
        ((("追溯码", "https://id.gs1.org/01/069012345"), "67892/10/L2026A/21/0001"), LINK, Verdict.PASS),
        (("GTIN 6901234567892", "批次 L2026A", "序列号 0001"), LINK, Verdict.PASS),
        (("GTIN 6901234567892", "批次 L2026A"), LINK, Verdict.UNCLEAR),
        ((("追溯码", "0690****7892"),), LINK, Verdict.UNCLEAR),
        (
            (("追溯码", "1000112345678901234567890"),),
            "https://www.iotroot.com/E=1000112345678901234567890",
            Verdict.PASS,
        ),
        (("产品名称：电线",), LINK, Verdict.UNCLEAR),
        (("产品名称：电线",), None, Verdict.UNCLEAR),
    ],
)
def test_the_code_may_be_written(shown: Any, rows: tuple[Any, ...], expected: str | None, verdict: Verdict) -> None:
    finding = by_clause(shown(*rows, expected=expected))["shot.code"]
    assert finding.verdict is verdict, finding.advice


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(PictureRefused):
        inspect_screenshot(b"PK\x03\x04")
