"""The ISO/IEC 15415-style grade: what lowers which parameter, and that codewords lie where ISO/IEC 18004 puts them."""

import json
from functools import cache
from typing import Any

import cv2
import numpy as np
import pytest
import segno

from benchmarks.certificates import Design, render_certificate
from benchmarks.defects import Defect
from inspection.grid import Grid, lay_grid
from inspection.measure import measure_print
from inspection.reading import Symbol, read_symbols
from inspection.verifier import SCALES, _blocks, _functional, _zigzag, grade


@cache
def graded(*defects: Defect) -> dict[str, Any]:
    sheet = render_certificate(
        Design(sheet_mm=(56.0, 42.0), right_mm=12.0, top_mm=10.0, fields={}, frame=False, defects=defects), 12.0
    )
    rgb = np.asarray(cv2.GaussianBlur(sheet.image, (0, 0), 0.9), np.uint8)
    gray = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.uint8, copy=False)
    symbol = next(s for s in read_symbols(gray, "thorough") if s.text)
    grid = lay_grid(gray, symbol)
    assert grid is not None
    return grade(rgb, grid, symbol, measured=measure_print(rgb, grid), sides_mm=(22.0, 22.0))


def test_a_good_print_gets_an_a_in_everything() -> None:
    answer = graded()
    assert (answer["overall"], answer["value"]) == ("A", 4.0)
    assert set(answer["parameters"]) == {"DECODE", "SC", "MOD", "RM", "FPD", "ANU", "GNU", "UEC", "GROWTH"}
    assert json.loads(json.dumps(answer)) == answer
    assert "不是校准的检测仪" in answer["note"]


@pytest.mark.parametrize(
    ("defect", "parameter"),
    [
        (Defect("low_contrast", 150), "SC"), (Defect("soft_print", 0.3), "MOD"), (Defect("streak", 1.0), "RM"),
        (Defect("line_over", 4.0), "FPD"), (Defect("streak", 0.9), "UEC"),
    ],
)  # fmt: skip
def test_a_defect_lowers_its_parameter(defect: Defect, parameter: str) -> None:
    answer = graded(defect)
    assert answer["parameters"][parameter]["grade"] < 4
    assert answer["value"] == min(p["grade"] for p in answer["parameters"].values() if p["grade"] is not None)


def test_unlike_axes_lower_the_axial_grade() -> None:
    sheet = render_certificate(Design(frame=False), 12.0)
    gray = cv2.cvtColor(sheet.image, cv2.COLOR_RGB2GRAY).astype(np.uint8, copy=False)
    symbol = read_symbols(gray)[0]
    grid = lay_grid(gray, symbol)
    assert grid is not None
    answer = grade(sheet.image, grid, symbol, sides_mm=(22.0, 20.0))
    assert answer["parameters"]["ANU"]["grade"] == 2
    assert "网格不均匀" in answer["note"]


def test_scales_fall_with_the_value() -> None:
    assert [SCALES["SC"].grade(v) for v in (0.9, 0.6, 0.45, 0.3, 0.1)] == [4, 3, 2, 1, 0]
    assert [SCALES["ANU"].grade(v) for v in (0.05, 0.07, 0.09, 0.11, 0.2)] == [4, 3, 2, 1, 0]


@pytest.mark.parametrize("version", [1, 2, 7, 10, 14, 25, 40])
@pytest.mark.parametrize("level", ["L", "M", "Q", "H"])
def test_every_codeword_has_its_eight_modules(version: int, level: str) -> None:
    blocks = _blocks(version, level)
    assert blocks is not None
    spare = len(_zigzag(version)) - 8 * len(blocks[0])
    assert 0 <= spare < 8


def test_the_first_codewords_spell_mode_and_length() -> None:
    """Byte mode is 0100, then eight bits of length: read from the matrix by the same map, its mask undone."""
    text = "x" * 41
    code = segno.make(text, version=5, error="m", mask=0, mode="byte", micro=False, boost_error=False)
    matrix = np.array([list(row) for row in code.matrix], np.bool_)
    places = _zigzag(5)
    assert not _functional(5)[places[:, 0], places[:, 1]].any()
    unmasked = matrix[places[:, 0], places[:, 1]] ^ ((places[:, 0] + places[:, 1]) % 2 == 0)
    blocks = _blocks(5, "M")
    assert blocks is not None
    words = np.packbits(unmasked[: 8 * len(blocks[0])])
    first = [int(w) for w in words[blocks[0] == 0][:2]]
    assert first[0] >> 4 == 0b0100
    assert (first[0] & 15) << 4 | first[1] >> 4 == len(text)


def test_data_matrix_is_graded_by_modules() -> None:
    rng = np.random.default_rng(2)
    ideal = rng.random((16, 16)) > 0.5
    ideal[:, 0] = ideal[-1] = True
    ideal[0] = np.arange(16) % 2 == 0
    ideal[:, -1] = np.arange(16) % 2 == 1
    side = 12
    picture = np.full((16 * side + 80,) * 2, 240, np.uint8)
    picture[40 : 40 + 16 * side, 40 : 40 + 16 * side] = np.where(np.kron(ideal, np.ones((side, side))) > 0, 25, 240)
    rgb = np.repeat(picture[..., None], 3, axis=2)
    to_photo = np.array([[side, 0, 39.5], [0, side, 39.5], [0, 0, 1.0]])
    corners = np.array([[39.5, 39.5], [39.5 + 192, 39.5], [39.5 + 192, 39.5 + 192], [39.5, 39.5 + 192]])
    grid = Grid(ideal, False, to_photo, 1.0, float(side))
    answer = grade(rgb, grid, Symbol("x", "DataMatrix", corners, (16, 16), readers=frozenset({"zxing"})))
    assert answer["overall"] == "A"
    assert "第 5 百分位" in answer["note"]
