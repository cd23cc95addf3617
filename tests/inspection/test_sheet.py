"""The sheet under every circumstance the camera knows: found, exact, and honest about what it cannot tell."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from benchmarks.camera import CONDITIONS, Camera, photograph, with_second_code
from benchmarks.certificates import Design, render_certificate
from inspection.geometry import Floats
from inspection.grid import Grid, lay_grid
from inspection.picture import Picture, decode
from inspection.reading import read_symbols
from inspection.sheet import Sheet, find_sheet

CAMERA = Camera(megapixels=1.2, quality=85, tilt=12, noise=1.5)
DESIGN = Design(sheet_mm=(100.0, 70.0), code_side_mm=21.4, right_mm=6.4, top_mm=7.2)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    cv2.setNumThreads(1)


def look(
    camera: Camera, seed: int, design: Design = DESIGN, second: bool = False
) -> tuple[Picture, Grid, Sheet | None]:
    sheet = render_certificate(design)
    if second:
        sheet = with_second_code(sheet, "https://weixin.qq.com/r/sample")
    picture = decode(photograph(sheet, seed, camera).jpeg)
    symbol = next(s for s in read_symbols(picture.gray, "thorough") if "gs1" in s.text)
    grid = lay_grid(picture.gray, symbol)
    assert grid is not None
    return picture, grid, find_sheet(picture.rgb, grid, design.sheet_mm)


def errors(sheet: Sheet, design: Design = DESIGN) -> tuple[float, float]:
    """Error of the side and the worst error of an edge, in mm; the frame may be any quarter-turn off."""
    width, height = design.sheet_mm
    assert design.top_mm is not None
    truth = {
        "left": width - design.right_mm - design.code_side_mm, "top": design.top_mm, "right": design.right_mm,
        "bottom": height - design.top_mm - design.code_side_mm,
    }  # fmt: skip
    ring = ("top", "right", "bottom", "left")
    found = sheet.edge_mm()
    turned = [max(abs(found[ring[i]] - truth[ring[(i + k) % 4]]) for i in range(4)) for k in range(4)]
    return max(abs(side - design.code_side_mm) for side in sheet.code_sides_mm()), min(turned)


@pytest.mark.parametrize("condition", CONDITIONS)
def test_every_condition(condition: str) -> None:
    rng = np.random.default_rng(21)
    camera = CONDITIONS[condition](CAMERA, rng)
    _, _, sheet = look(replace(camera, cut="left") if condition == "cut" else camera, seed=4)
    assert sheet is not None
    side, edge = errors(sheet)
    assert max(side, edge) <= sheet.uncertainty_mm
    assert sheet.uncertainty_mm < 0.25
    assert side < 0.06


def test_a_second_code_and_rounded_corners_do_not_matter() -> None:
    design = replace(DESIGN, defects=("rounded",))
    _, _, sheet = look(CAMERA, 8, design, second=True)
    assert sheet is not None
    assert max(errors(sheet)) <= sheet.uncertainty_mm < 0.15


def test_the_bend_is_told() -> None:
    _, _, flat = look(CAMERA, 3)
    _, _, bent = look(replace(CAMERA, bow_mm=3.0), 3)
    assert flat is not None
    assert bent is not None
    assert flat.bow_mm < 0.2
    assert bent.bow_mm == pytest.approx(3.0, abs=0.5)
    assert _curve(bent.outline()) > 3 * _curve(flat.outline())


def _curve(outline: Floats) -> float:
    """How far the middle of the upper rim lies off the line between its ends, in pixels."""
    start, middle, end = outline[0], outline[6], outline[12]
    along = (end - start) / np.linalg.norm(end - start)
    return float(abs(along[0] * (middle - start)[1] - along[1] * (middle - start)[0]))


def test_a_wrong_shape_is_not_found() -> None:
    sheet = render_certificate(DESIGN)
    picture = decode(photograph(sheet, 5, CAMERA).jpeg)
    symbol = next(s for s in read_symbols(picture.gray, "fast") if s.text)
    grid = lay_grid(picture.gray, symbol)
    assert grid is not None
    found = find_sheet(picture.rgb, grid, (100.0, 90.0))
    assert found is None or found.uncertainty_mm > 0.3
