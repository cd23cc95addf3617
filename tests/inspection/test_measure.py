"""Each planted defect shows in its own measure, is told apart from the others, and harmless oddities show in none."""

from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.certificates import Design, chinese_font, encode, linear, render_certificate
from benchmarks.defects import KINDS, Defect
from inspection.diagnosis import HIDES, Fault, diagnose
from inspection.faults import blank_lines
from inspection.grid import Grid, lay_grid
from inspection.measure import Print, measure_print
from inspection.profile import limit
from inspection.reading import Symbol, read_symbols

SCALE = 12.0
BARE = Design(sheet_mm=(56.0, 42.0), right_mm=12.0, top_mm=10.0, fields={}, frame=False)
CAMERA = 0.12
"""Blur of the look below, in modules."""
needs_font = pytest.mark.skipif(chinese_font() is None, reason="no Chinese font on this machine (fonts-noto-cjk)")


def look(design: Design) -> tuple[NDArray[np.uint8], float]:
    """The printed sheet as a plain, slightly soft picture, and a module's size in mm."""
    sheet = render_certificate(design, SCALE)
    soft = encode(cv2.GaussianBlur(linear(sheet.image), (0, 0), 0.9))
    noise = np.random.default_rng(1).normal(0, 1.5, soft.shape)
    return (soft + noise).clip(0, 255).astype(np.uint8), sheet.code_mm[2] / sheet.modules


@cache
def seen(*defects: Defect, **changes: object) -> tuple[NDArray[np.uint8], Symbol, Grid, float]:
    rgb, module = look(replace(BARE, defects=defects, **changes))  # type: ignore[arg-type]
    gray = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.uint8, copy=False)
    symbol = next(s for s in read_symbols(gray, "thorough") if s.text)
    grid = lay_grid(gray, symbol)
    assert grid is not None
    return rgb, symbol, grid, module


def laid(*defects: Defect) -> tuple[Symbol, Grid]:
    _, symbol, grid, _ = seen(*defects)
    return symbol, grid


@cache
def measured(*defects: Defect, **changes: object) -> tuple[Print, float]:
    rgb, _, grid, module = seen(*defects, **changes)
    return measure_print(rgb, grid, 4.5 / module), module


def causes(*defects: Defect, **changes: object) -> list[Fault]:
    found, module = measured(*defects, **changes)
    return [f for f in diagnose(found, CAMERA, module) if f.hidden_by is None]


@pytest.mark.parametrize(
    ("defect", "cause", "clause"),
    [
        (Defect("seal", 4.0, angle=180.0), "seal", "D.1.1.clear"),
        (Defect("seal", 4.0, angle=90.0, colour="blue"), "seal", "D.1.1.clear"),
        (Defect("seal", 4.0, angle=135.0, colour="purple"), "seal", "D.1.1.clear"),
        pytest.param(Defect("text_over", 2.6), "overprint", "D.1.1.clear", marks=needs_font),
        (Defect("line_over", 4.0), "overprint", "D.1.1.clear"),
        (Defect("crease", 0.35, angle=20.0), "crease", "D.1.2"),
        (Defect("crease", 0.35, angle=90.0), "crease", "D.1.2"),
        (Defect("coating", 0.22), "film", "D.1.2"),
        (Defect("streak", 0.5), "streak", "D.2.1.sharpness"),
        (Defect("streak", 0.5, angle=90.0), "streak", "D.2.1.sharpness"),
        (Defect("stain", 1.8), "stain", "D.2.1.sharpness"),
        (Defect("coffee", 3.0), "blot", "D.2.1.sharpness"),
        (Defect("void", 1.8), "void", "D.2.1.sharpness"),
        (Defect("ghost", 0.3, angle=30.0, shift=0.45), "ghost", "D.2.1.sharpness"),
        (Defect("ghost", 0.3, angle=200.0, shift=1.1), "ghost", "D.2.1.sharpness"),
        (Defect("soft_print", 0.42), "soft", "D.2.1.sharpness"),
        (Defect("jagged", 0.14), "ragged", "D.2.3"),
        (Defect("dots", 150.0), "uneven", "D.2.3"),
        (Defect("wrong_modules", 4.0), "wrong", "D.2.3"),
        (Defect("uneven", 0.5, angle=60.0), "fade", "D.2.3"),
        (Defect("scratches", 3.0), "scratch", "D.4"),
    ],
)
def test_a_defect_is_named_with_its_clause_and_nothing_else(defect: Defect, cause: str, clause: str) -> None:
    found = causes(defect)
    assert [(f.kind, f.clause, f.sure) for f in found] == [(cause, clause, True)]
    assert KINDS[defect.kind].clause == clause
    assert found[0].remedy.startswith("请")


@pytest.mark.parametrize(
    ("defects", "changes"),
    [
        ((), {}),
        ((), {"version": 10}),
        ((), {"paper": (226, 238, 246)}),
        ((), {"dots_per_inch": 300.0}),
        ((), {"growth_modules": 0.09}),
        ((), {"growth_modules": -0.09}),
        ((Defect("speck", 0.2),), {}),
        ((Defect("near_fold", 6.0),), {}),
        ((Defect("uneven", 0.08),), {}),
        ((Defect("quiet_line", 3.3),), {}),
    ],
)
def test_harmless_oddities_are_no_faults(defects: tuple[Defect, ...], changes: dict[str, object]) -> None:
    assert not causes(*defects, **changes)


def test_contrast_is_that_of_the_ink_in_linear_light() -> None:
    paper, ink = (((v / 255 + 0.055) / 1.055) ** 2.4 for v in (240, 132))
    found, _ = measured(Defect("low_contrast", 132))
    assert found.pcs == pytest.approx((paper - ink) / paper, abs=0.01)
    assert measured()[0].pcs > 0.97


@pytest.mark.parametrize("kind", ["quiet_text", "quiet_line", pytest.param("quiet_words", marks=needs_font)])
@pytest.mark.parametrize("away", [2.65, 3.35])
def test_the_quiet_zone_is_measured_to_the_first_mark(kind: str, away: float) -> None:
    found, module = measured(Defect(kind, away))
    assert found.quiet["left"] * module == pytest.approx(away, abs=0.12)
    assert min(found.quiet[side] for side in ("top", "right", "bottom")) * module > 4.0


def test_the_width_of_a_streak_and_the_share_of_a_fade_are_those_planted() -> None:
    assert measured(Defect("streak", 0.8))[0].streak == pytest.approx(0.8, abs=0.12)
    assert measured(Defect("uneven", 0.6, angle=0.0))[0].fade == pytest.approx(0.6, abs=0.05)


def test_growth_is_measured_with_its_sign() -> None:
    assert measured(growth_modules=0.08)[0].growth == pytest.approx(0.08, abs=0.03)
    assert measured(growth_modules=-0.08)[0].growth == pytest.approx(-0.08, abs=0.03)


def under(light: NDArray[np.float32], added: NDArray[np.float32] | float = 0.0) -> tuple[Print, list[Fault]]:
    """A sound print in a certain light: shares of it, and light that a lamp's reflection adds."""
    rgb, module = look(BARE)
    seen = encode(linear(rgb) * light[..., None] + np.asarray(added)[..., None]).astype(np.uint8)
    gray = cv2.cvtColor(seen, cv2.COLOR_RGB2GRAY).astype(np.uint8, copy=False)
    grid = lay_grid(gray, read_symbols(gray)[0])
    assert grid is not None
    found = measure_print(seen, grid, 6.0)
    return found, [f for f in diagnose(found, CAMERA, module) if f.hidden_by is None]


def around() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Places from the code's middle in code sides, for the picture of ``BARE``."""
    x, y, side = (v * SCALE for v in BARE.code_mm)
    rows, columns = round(BARE.sheet_mm[1] * SCALE), round(BARE.sheet_mm[0] * SCALE)
    yy, xx = np.mgrid[0:rows, 0:columns].astype(np.float32)
    return (xx - x) / side - 0.5, (yy - y) / side - 0.5


def test_light_that_falls_off_is_not_taken_for_print() -> None:
    across, _ = around()
    found, faults = under(0.75 - 0.2 * across)
    assert not faults
    assert found.pcs > 0.95


def test_a_shadow_across_the_code_is_not_taken_for_print() -> None:
    across, down = around()
    found, faults = under(1 - 0.5 / (1 + np.exp(-12 * (across + 0.3 * down))))
    assert not faults
    assert found.quiet["right"] > 6
    assert not found.glare


def test_a_lamp_s_reflection_is_called_glare_and_not_a_void() -> None:
    across, down = around()
    spot = 0.6 * np.exp(-((across - 0.1) ** 2 + (down + 0.1) ** 2) / 0.02)
    found, _ = under(np.full_like(across, 0.9), spot)
    assert found.glare
    assert not measured(Defect("void", 2.2))[0].glare
    assert not measured(Defect("coating", 0.3))[0].glare


def test_a_blurred_photo_of_a_sharp_print_is_no_soft_print() -> None:
    """The sheet's rim is as blurred as the code: the camera did it."""
    found, module = measured(Defect("soft_print", 0.42))
    assert not any(f.kind == "soft" for f in diagnose(found, found.blur * 0.95, module))
    assert not any(f.kind == "soft" for f in diagnose(found, None, module))


def test_coarse_dots_are_told_by_millimetres() -> None:
    """300 dpi on small modules scatters as much of a module as 150 dpi on large ones; only millimetres tell."""
    found, module = measured(Defect("dots", 150.0))
    assert any(f.kind == "uneven" and f.sure for f in diagnose(found, CAMERA, module))
    assert not any(f.kind == "uneven" for f in diagnose(found, CAMERA, module / 3))


def test_a_blank_line_shows_even_where_nothing_could_be_read() -> None:
    """The grid is then sampled from the photo, and the streak is in it."""
    _, symbol, grid, _ = seen()
    assert symbol.text
    assert blank_lines(grid.ideal) == 0
    broken = grid.ideal.copy()
    broken[:, 14:16] = False
    assert blank_lines(broken) == 2
    assert blank_lines(np.zeros((12, 12), np.bool_)) == 0


def test_every_fault_has_its_limits() -> None:
    kinds = set(HIDES) - {"uneven"}
    assert all(limit(f"{kind}_pass") < limit(f"{kind}_fail") for kind in kinds)
    assert all(hidden <= set(HIDES) for hidden in HIDES.values())


def test_bad_names_of_defects_are_refused() -> None:
    with pytest.raises(ValueError, match="no such defect"):
        Defect("nonsense")
