"""Views of the text with sheet, with code alone and with neither; a second look; text over the code (D.1.1)."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from benchmarks.camera import Camera, Photo, photograph
from benchmarks.certificates import Sheet as Printed
from benchmarks.certificates import chinese_font
from benchmarks.text import Page, _Pen, draw_page
from inspection import fields, ocr, textview
from inspection.geometry import homography, project, rectangle
from inspection.grid import Grid, lay_grid
from inspection.overlap import text_over_code
from inspection.picture import Picture, decode
from inspection.reading import read_symbols
from inspection.sheet import find_sheet

pytestmark = pytest.mark.skipif(chinese_font() is None, reason="no Chinese font on this machine (fonts-noto-cjk)")
SIZE = (100.0, 70.0)


@cache
def taken(layout: str = "table") -> Photo:
    printed = draw_page(Page(layout, sheet_mm=SIZE, text_mm=2.4), 16)
    return photograph(printed, 81, Camera(tilt=8, background="dark"))


def grid_of(picture: Picture) -> Grid:
    grid = lay_grid(picture.gray, read_symbols(picture.gray, "fast")[0])
    assert grid is not None
    return grid


def stated(text: ocr.Text) -> dict[str, str]:
    return {name: value.value for name, value in fields.stated_fields(text.lines).items()}


def test_a_sheet_is_read_in_its_own_plane_and_millimetres() -> None:
    picture = decode(taken().jpeg)
    grid = grid_of(picture)
    sheet = find_sheet(picture.rgb, grid, SIZE)
    assert sheet is not None
    text = textview.read_text(picture, grid, sheet)
    assert text.turns == 0
    assert text.unread == 0
    found = stated(text)
    assert found["model"] == "BV 2.5"
    assert found["batch"] == "L2026A"
    assert found["date"] == "2026-11-03"
    assert found["firm"] == "样例电缆有限公司"
    batch = next(line for line in text.lines if line.text == "L2026A")
    assert batch.page is not None
    np.testing.assert_allclose(project(sheet.to_photo, batch.page), batch.corners, atol=4)
    assert batch.box[0] == pytest.approx(28.6, abs=1.5)  # where it was drawn, less the finder's margin


@pytest.mark.parametrize("turns", [0, 1, 3])
def test_without_a_sheet_the_code_shows_the_way(turns: int) -> None:
    picture = decode(taken().jpeg)
    rgb = np.ascontiguousarray(np.rot90(picture.rgb, turns))
    turned = replace(picture, rgb=rgb, gray=np.ascontiguousarray(np.rot90(picture.gray, turns)))
    text = textview.read_text(turned, grid_of(turned), None)
    assert text.turns == 0  # in the frame along the code's axes
    assert stated(text)["batch"] == "L2026A"


def test_without_a_code_the_photo_itself_is_read() -> None:
    picture = decode(taken().jpeg)
    turned = replace(
        picture, rgb=np.ascontiguousarray(np.rot90(picture.rgb)), gray=np.ascontiguousarray(np.rot90(picture.gray))
    )
    text = textview.read_text(turned, None, None)
    assert text.turns == 1
    assert stated(text)["batch"] == "L2026A"


def test_a_line_is_looked_at_twice_more() -> None:
    photo = taken()
    picture = decode(photo.jpeg)
    plane = textview.Plane(homography(rectangle(*SIZE), photo.corners), (0.0, 0.0, *SIZE), 1.0)
    text = textview.read_plane(picture.rgb, plane, photo.code_corners)
    line = next(line for line in text.lines if line.text == "2026-11-03")
    looks = textview.look_again(picture.rgb, line)
    assert [look.text for look in looks] == ["2026-11-03"] * 2
    flat = replace(line, corners=np.zeros((4, 2)))
    assert textview.look_again(picture.rgb, flat) == []


@pytest.mark.parametrize(("date", "outcome"), [("261103", True), ("261108", False), ("261102", False)])
def test_a_date_that_differs_by_a_figure_is_told_from_one_that_agrees(date: str, outcome: bool) -> None:
    photo = taken()
    picture = decode(photo.jpeg)
    plane = textview.Plane(homography(rectangle(*SIZE), photo.corners), (0.0, 0.0, *SIZE), 1.0)
    text = textview.read_plane(picture.rgb, plane, photo.code_corners)
    agreement = fields.compare(
        fields.stated_fields(text.lines), {"date": date}, {}, lambda line: textview.look_again(picture.rgb, line)
    )
    assert ("date" in agreement.agree) is outcome
    assert bool(agreement.differ) is not outcome


def with_line(shift: float) -> tuple[Picture, Grid, list[ocr.Line]]:
    """A photo whose line of text ends ``shift`` millimetres behind the code's left side; its place as it was drawn."""
    printed: Printed = draw_page(Page("foot", sheet_mm=(120.0, 70.0), text_mm=2.4), 12)
    pen, (x, y, _) = _Pen(printed, Page()), printed.code_mm
    text, size = "检验结论：经检验合格", 2.8
    left = x + shift - len(text) * size
    pen.text(left, y + 9, text, size)
    photo = photograph(replace(printed, image=np.asarray(pen.image)), 82, Camera(tilt=6, background="dark"))
    to_photo = homography(rectangle(120, 70), photo.corners)
    box = np.array([[left, y + 8], [x, y + 8], [x, y + 13], [left, y + 13]])
    picture = decode(photo.jpeg)
    return picture, grid_of(picture), [ocr.Line(text, 0.95, project(to_photo, box))]


@pytest.mark.parametrize(("shift", "over"), [(0.0, False), (6.0, True)])
def test_text_that_runs_over_the_code_is_told_by_its_modules(shift: float, over: bool) -> None:
    picture, grid, lines = with_line(shift)
    found = text_over_code(picture.gray, lines, grid)
    assert found == (lines[0].text if over else None)
    assert text_over_code(picture.gray, [], grid) is None
