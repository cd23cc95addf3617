"""Reading text whichever way it lies, under a budget."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from benchmarks.certificates import chinese_font
from inspection import ocr

needs_font = pytest.mark.skipif(chinese_font() is None, reason="no Chinese font on this machine (fonts-noto-cjk)")
ROWS = ("产品合格证", "规格型号：BV 2.5", "生产批次：L2026A", "生产日期：2026-11-03", "检验结论：合格")


def page(rows: tuple[str, ...] = ROWS, size: int = 30) -> NDArray[np.uint8]:
    image = Image.new("RGB", (520, 40 + 60 * len(rows)), (242, 242, 240))
    font = ImageFont.truetype(str(chinese_font()), size, index=2)
    for row, text in enumerate(rows):
        ImageDraw.Draw(image).text((40, 24 + 60 * row), text, font=font, fill=(20, 20, 20))
    return np.asarray(image)


def plain(text: str) -> str:
    return text.replace(" ", "").replace(":", "：")


@needs_font
@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_lines_are_read_whichever_way_the_picture_lies(turns: int) -> None:
    picture = np.ascontiguousarray(np.rot90(page(), turns))  # counter-clockwise; the answer turns it back
    lines, found = ocr.read_upright(picture)
    assert found == turns
    assert [plain(line.text) for line in lines] == [plain(row) for row in ROWS]
    for line in lines:
        assert len(line.chars) == len(line.text) == len(line.at)
        assert list(line.at) == sorted(line.at)
    # the first corner is where the line begins: in the page's own upper left
    begin = lines[0].corners[0]
    height, width = picture.shape[:2]
    upright = {0: begin, 1: (height - begin[1], begin[0]), 2: (width - begin[0], height - begin[1]),
               3: (begin[1], width - begin[0])}[turns]  # fmt: skip
    assert upright[0] == pytest.approx(40, abs=12)
    assert upright[1] == pytest.approx(30, abs=14)


@needs_font
def test_a_slanting_page_is_read_too() -> None:
    turn = cv2.getRotationMatrix2D((260, 170), 33, 1.0)
    picture = cv2.warpAffine(page(), turn, (620, 520), borderValue=(90, 90, 90)).astype(np.uint8)
    lines, turns = ocr.read_upright(picture)
    assert turns == 0
    assert sum(plain(line.text) in {plain(row) for row in ROWS} for line in lines) >= 4


@needs_font
def test_what_the_budget_does_not_reach_is_counted() -> None:
    picture = page()
    whole = ocr.read(picture, picture, np.eye(3))
    assert whole.unread == 0
    short = ocr.read(picture, picture, np.eye(3), budget_ms=ocr.BUDGET_MS / 2)
    assert len(short.lines) + short.unread >= len(whole.lines)
    assert short.unread > 0
    none = ocr.read(picture, picture, np.eye(3), budget_ms=0)
    assert none.lines == []
    assert none.turns is None


def test_an_empty_picture_has_no_text() -> None:
    picture = np.full((300, 400, 3), 200, np.uint8)
    assert ocr.read_lines(picture) == []
    assert ocr.read_upright(picture) == ([], None)
    assert ocr.read_lines(picture[:1, :1]) == []
    assert ocr.read_lines(np.full((1, 60_000, 3), 200, np.uint8)) == []


def test_prose_comes_last_and_stray_marks_after_it() -> None:
    def box(x: float, y: float, width: float, height: float) -> NDArray[np.float64]:
        return np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]], float)

    prose = [box(10, 200 + 12 * i, 400, 10) for i in range(4)]
    pages = np.array([box(300, 10, 8, 40), *prose, box(10, 60, 120, 14), box(10, 90, 130, 14), box(150, 150, 60, 6)])
    assert ocr._by_weight(pages) == [5, 6, 7, 1, 2, 3, 4, 0]
    assert ocr._by_weight(pages[1:4]) == [0, 1, 2]
    fields = np.array([*prose[:3], box(10, 260, 60, 10)])  # three lines of fields may fill the page's width
    assert ocr._by_weight(fields) == [0, 1, 2, 3]


def test_a_box_far_too_dense_is_shrunk_before_it_is_cut() -> None:
    picture = np.broadcast_to(np.linspace(0, 255, 2400)[None, :, None], (1200, 2400, 3)).astype(np.uint8)
    box = np.array([[200, 100], [2200, 100], [2200, 1100], [200, 1100]], float)
    crop = ocr.cut(picture, np.eye(3), box)
    assert crop.shape == (48, 96, 3)
    expected = (200 + (np.arange(96) + 0.5) * 2000 / 96) * 255 / 2400
    np.testing.assert_allclose(crop.mean(axis=(0, 2)), expected, atol=1.5)
    assert ocr.cut(picture, np.eye(3), box + 5000).shape == (48, 96, 3)
