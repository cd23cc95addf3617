"""Whose density is believed, and the millimetres that follow from it."""

import io
from functools import cache

import numpy as np
import pytest
import segno
from PIL import ExifTags, Image

from inspection.geometry import project
from inspection.grid import Grid, lay_grid
from inspection.picture import Picture, decode
from inspection.reading import read_symbols
from inspection.report import Verdict
from inspection.scan import (
    Origin,
    Resolution,
    confirmed,
    contradiction,
    resolution_finding_part,
    scan_scale,
    sheet_on,
    stated_density,
)
from inspection.sheet import find_sheet

SHEET = (100.0, 70.0)


@cache
def page(dpi: int = 300, bed: float = 0.0) -> Image.Image:
    """A sheet of 100 × 70 mm, its code 22 mm wide and 7 mm from the right and lower edge; on a grey bed if asked."""
    width, height = (round(side / 25.4 * dpi) for side in SHEET)
    image = Image.new("RGB", (width, height), "white")
    code = io.BytesIO()
    segno.make("https://example.com/01/06901234567892", error="m").save(code, kind="png", border=0)
    side = round(22 / 25.4 * dpi)
    symbol = Image.open(code).convert("RGB").resize((side, side), Image.Resampling.NEAREST)
    margin = round(7 / 25.4 * dpi)
    image.paste(symbol, (width - margin - side, height - margin - side))
    if bed:
        rim = round(bed / 25.4 * dpi)
        larger = Image.new("RGB", (width + 2 * rim, height + 2 * rim), (70, 80, 90))
        larger.paste(image, (rim, rim))
        return larger
    return image


def encoded(image: Image.Image, form: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def camera(tag: int) -> Image.Exif:
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[tag] = 0.01
    return exif


def read(picture: Picture) -> Grid:
    (symbol,) = read_symbols(picture.gray)
    grid = lay_grid(picture.gray, symbol)
    assert grid is not None
    return grid


@pytest.mark.parametrize("form", ["PNG", "TIFF", "JPEG", "BMP"])
def test_a_scanners_density_is_taken_from_every_format(form: str) -> None:
    density = stated_density(encoded(page(), form, dpi=(300, 300)))
    assert density is not None
    assert density.dpi == pytest.approx((300, 300), rel=0.001)


def test_two_densities_are_kept_apart_and_turn_with_the_picture() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    assert stated_density(encoded(page(), "JPEG", dpi=(300, 600))).dpi == (300, 600)  # type: ignore[union-attr]
    assert stated_density(encoded(page(), "JPEG", dpi=(300, 600), exif=exif)).dpi == (600, 300)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(encoded(page(), "JPEG", dpi=(72, 72)), id="72"),
        pytest.param(encoded(page(), "PNG", dpi=(96, 96)), id="96"),
        pytest.param(encoded(page(), "PNG", dpi=(144, 144)), id="a screenshot"),
        pytest.param(encoded(page(), "PNG"), id="silent"),
        pytest.param(encoded(page(), "JPEG", dpi=(300, 300), exif=camera(ExifTags.Base.FNumber)), id="aperture"),
        pytest.param(encoded(page(), "JPEG", dpi=(300, 300), exif=camera(ExifTags.Base.ExposureTime)), id="exposure"),
        pytest.param(encoded(page(), "TIFF", dpi=(9600, 9600)), id="absurd"),
        pytest.param(encoded(Image.new("L", (60, 60)), "PNG", dpi=(300, 300)), id="a stamp"),
        pytest.param(encoded(page(), "WEBP"), id="webp"),
        pytest.param(b"%PDF-1.7", id="pdf"),
        pytest.param(b"", id="empty"),
    ],
)
def test_a_density_that_nobody_measured_is_not_believed(data: bytes) -> None:
    assert stated_density(data) is None


@pytest.mark.parametrize("dpi", [150, 300, 600])
def test_a_scan_of_the_whole_sheet_gives_its_millimetres(dpi: int) -> None:
    data = encoded(page(dpi), "PNG", dpi=(dpi, dpi))
    picture, density = decode(data), stated_density(data)
    assert density is not None
    scale = scan_scale(density, picture, (70, 100))
    assert scale.is_sheet
    assert scale.uncertainty_mm < 0.2
    sheet = sheet_on(scale, read(picture))
    assert sheet is not None
    assert sheet.edge_mm() == pytest.approx({"left": 71, "top": 41, "right": 7, "bottom": 7}, abs=25.4 / dpi)
    assert sheet.code_sides_mm() == pytest.approx((22, 22), abs=25.4 / dpi)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_scan_turned_on_the_glass_is_measured_along_its_code(turns: int) -> None:
    data = encoded(page().rotate(90 * turns, expand=True), "PNG", dpi=(300, 300))
    picture, density = decode(data), stated_density(data)
    assert density is not None
    sheet = sheet_on(scan_scale(density, picture, SHEET), read(picture))
    assert sheet is not None
    assert sheet.size == pytest.approx(SHEET, abs=0.1)
    assert sheet.edge_mm() == pytest.approx({"left": 71, "top": 41, "right": 7, "bottom": 7}, abs=0.09)


@pytest.mark.parametrize("corner", [(60, 0), (0, 40)])
def test_a_photo_that_names_a_fitting_density_is_no_scan(corner: tuple[int, int]) -> None:
    """Seen from one side the code is no square."""
    width, height = page().size
    outline = (0, 0, 0, height, width, height, width - corner[0], corner[1])
    photo = page().transform((width, height), Image.Transform.QUAD, outline, Image.Resampling.BICUBIC)
    data = encoded(photo, "JPEG", dpi=(300, 300), quality=95)
    picture, density = decode(data), stated_density(data)
    assert density is not None
    scale = scan_scale(density, picture, SHEET)
    assert scale.is_sheet
    assert sheet_on(scale, read(picture)) is None


def test_a_sheet_that_lay_askew_is_left_to_the_search_for_its_edges() -> None:
    picture = decode(encoded(page().rotate(1.0, Image.Resampling.BICUBIC, fillcolor="white"), "PNG"))
    data = encoded(page(), "PNG", dpi=(300, 300))
    density = stated_density(data)
    assert density is not None
    assert sheet_on(scan_scale(density, picture, SHEET), read(picture)) is None


def test_a_hand_cropped_scan_owns_up_to_what_its_edges_may_be_off() -> None:
    image = page()
    data = encoded(image.crop((9, 0, image.width, image.height)), "PNG", dpi=(300, 300))
    density = stated_density(data)
    assert density is not None
    scale = scan_scale(density, decode(data), SHEET)
    assert scale.is_sheet
    assert scale.uncertainty_mm == pytest.approx(0.8, abs=0.06)


def test_on_a_larger_glass_the_sheet_that_was_found_confirms_the_density() -> None:
    data = encoded(page(bed=12), "PNG", dpi=(300, 300))
    picture, density = decode(data), stated_density(data)
    assert density is not None
    scale = scan_scale(density, picture, SHEET)
    assert not scale.is_sheet
    sheet = find_sheet(picture.rgb, read(picture), SHEET)
    assert sheet is not None
    assert confirmed(scale, sheet)
    assert project(np.linalg.inv(scale.to_photo), [[-0.5, -0.5]])[0] == pytest.approx((0, 0), abs=1e-9)


def test_a_density_that_the_sheet_contradicts_is_not_used() -> None:
    data = encoded(page(bed=12), "PNG", dpi=(400, 400))
    picture, density = decode(data), stated_density(data)
    assert density is not None
    scale = scan_scale(density, picture, SHEET)
    assert not scale.is_sheet
    sheet = find_sheet(picture.rgb, read(picture), SHEET)
    assert sheet is not None
    assert not confirmed(scale, sheet)
    assert "300 dpi" in contradiction(scale, sheet)


def test_without_a_stated_sheet_a_density_proves_nothing() -> None:
    data = encoded(page(), "PNG", dpi=(300, 300))
    density = stated_density(data)
    assert density is not None
    scale = scan_scale(density, decode(data), None)
    assert not scale.is_sheet
    assert "无从核对" in scale.note


def test_a_halved_picture_keeps_its_millimetres() -> None:
    image = Image.new("L", (7016, 4960), 255)
    data = encoded(image, "PNG", dpi=(600, 600))
    density = stated_density(data)
    assert density is not None
    scale = scan_scale(density, decode(data), (297, 210))
    assert scale.is_sheet
    assert scale.px_per_mm == pytest.approx((300 / 25.4, 300 / 25.4), rel=0.001)


def test_a_scan_does_not_prove_the_printers_resolution_and_says_so() -> None:
    verdict, sentence = resolution_finding_part(Resolution(Origin.SCAN, (600.0, 600.0)))
    assert verdict is Verdict.PASS
    assert "R25" in sentence
    assert "600 dpi" in sentence
