"""Pictures whose dots a millimetre are true: scans and exported rasters, and what is judged from them (D.2.1, R25).

A file's own density is a claim. It counts only where nothing speaks of a camera and the sheet's known size agrees:
either the whole picture is that sheet, or a sheet of that size was found in it at that density.
"""

import io
import math
import warnings
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal

import numpy as np
from PIL import ExifTags, Image

from inspection.geometry import Floats, project
from inspection.grid import Grid
from inspection.identify import MediaType, identify
from inspection.picture import Picture
from inspection.profile import limit
from inspection.report import Point, Size, Verdict
from inspection.sheet import Sheet

_LEAST_DPI, _MOST_DPI = 150.0, 4800.0
"""72, 96 and 144 are what phones, browsers and screenshots write without having measured anything."""
_LEAST_MM, _MOST_MM = 10.0, 1200.0
_SAME_MM = 1.5
"""A picture is the sheet where each side is this close to the stated size: scans are cropped by hand or by software."""
_SAME_SHARE = 0.015
"""The density of a sheet found in a scan against the file's own."""
_MOST_TILT_DEGREES = 0.5
_CAMERA = frozenset({
    ExifTags.Base.ExposureTime, ExifTags.Base.FNumber, ExifTags.Base.ISOSpeedRatings, ExifTags.Base.FocalLength,
    ExifTags.Base.ApertureValue, ExifTags.Base.LensModel, ExifTags.Base.FocalLengthIn35mmFilm,
    ExifTags.Base.ShutterSpeedValue,
})  # fmt: skip
"""Scanners write a maker and a model too, but neither exposure nor focal length."""


class Origin(StrEnum):
    """How the code came to its resolution."""

    VECTOR = "vector"
    RASTER = "raster"
    SCAN = "scan"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Resolution:
    """D.2.1: what artwork or a scan says of the code's resolution. ``dpi`` across and down the image: of the image in
    the artwork, or of the scanner; None for vectors and where it is not known."""

    origin: Origin
    dpi: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Density:
    """The density a file states for itself, in dots an inch along the upright picture's width and height."""

    dpi: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Scale:
    """Millimetres that need no search. ``px_per_mm`` in pixels of the decoded picture, across and down;
    ``corner_px`` the place of the top left corner of ``size_mm`` there (whole numbers are the centres of pixels).

    ``size_mm`` is the sheet where ``is_sheet``, else only what the picture shows. ``uncertainty_mm`` is that of a
    sheet edge; lengths inside the picture are known to half a pixel. ``note`` is a Chinese sentence for the report.
    """

    source: Literal["scan", "artwork"]
    px_per_mm: tuple[float, float]
    size_mm: Size
    is_sheet: bool
    uncertainty_mm: float
    corner_px: Point = (-0.5, -0.5)
    dpi: tuple[float, float] | None = None
    note: str = ""

    @property
    def to_photo(self) -> Floats:
        """Millimetres of the sheet to pixels."""
        (x, y), (left, top) = self.px_per_mm, self.corner_px
        return np.array([[x, 0, left], [0, y, top], [0, 0, 1]], np.float64)


def stated_density(data: bytes) -> Density | None:
    """What PNG pHYs, TIFF or BMP resolution, JFIF or EXIF density says, where it may be true: 150 dpi or more, no
    sign of a camera, a picture of 10 to 1200 mm. None else; never raises. For files that were decoded."""
    if identify(data) not in {MediaType.PNG, MediaType.TIFF, MediaType.BMP, MediaType.JPEG}:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=("PNG", "TIFF", "BMP", "JPEG")) as image:
                dpi = image.info.get("dpi")
                exif = image.getexif()
                tags = {*exif, *exif.get_ifd(ExifTags.IFD.Exif)}
                turned = exif.get(ExifTags.Base.Orientation, 1) in {5, 6, 7, 8}
                size = image.size
        across, down = (float(value) for value in dpi) if dpi else (0.0, 0.0)
    except Exception:  # the picture decoded; what its tags hold is anybody's guess
        return None
    if tags & _CAMERA or ExifTags.Base.GPSInfo in tags:
        return None
    if not all(_LEAST_DPI <= value <= _MOST_DPI for value in (across, down)):
        return None
    if not all(_LEAST_MM <= n / value * 25.4 <= _MOST_MM for n, value in zip(size, (across, down), strict=True)):
        return None
    return Density((down, across) if turned else (across, down))


def scan_scale(density: Density, picture: Picture, sheet_mm: Size | None) -> Scale:
    """The scale that a stated density gives. ``is_sheet`` where the whole picture is the sheet; else it is no evidence
    until :func:`confirmed` by a sheet that was found."""
    width, height = picture.size
    across, down = density.dpi
    size = (width / across * 25.4, height / down * 25.4)
    px_per_mm = (picture.rgb.shape[1] / size[0], picture.rgb.shape[0] / size[1])
    half_pixel = 0.5 / min(px_per_mm)
    scale = Scale("scan", px_per_mm, size, False, half_pixel, dpi=density.dpi)
    named = f"文件标明 {_dpi(density.dpi)}，折合 {size[0]:.1f}×{size[1]:.1f} mm"
    if sheet_mm is None:
        return replace(scale, note=f"{named}；不知道合格证的实际尺寸，无从核对，未作为毫米依据。")
    off = min(max(abs(size[0] - w), abs(size[1] - h)) for w, h in (sheet_mm, sheet_mm[::-1]))
    if off > _SAME_MM:
        return replace(scale, note=f"{named}，与 {sheet_mm[0]:g}×{sheet_mm[1]:g} mm 的合格证不是同一范围。")
    return replace(
        scale,
        is_sheet=True,
        uncertainty_mm=half_pixel + off,
        note=f"{named}，与合格证尺寸相符，按扫描件的真实尺寸测量。",
    )


def confirmed(scale: Scale, sheet: Sheet) -> bool:
    """Whether a sheet found by its edges has the scan's density, within 1.5 % both ways: then the picture is a scan and
    its scale is true; else the statement contradicts the sheet and must not be used."""
    return max(abs(ratio - 1) for ratio in _ratios(scale, sheet)) <= _SAME_SHARE


def contradiction(scale: Scale, sheet: Sheet) -> str:
    """The sentence for a density that the found sheet contradicts."""
    assert scale.dpi is not None
    ratio = sum(_ratios(scale, sheet)) / 2
    return (
        f"文件标明 {_dpi(scale.dpi)}，但按合格证尺寸推算约为 {sum(scale.dpi) / 2 * ratio:.0f} dpi，"
        "两者矛盾，未采用文件标明的数值。"
    )


def _ratios(scale: Scale, sheet: Sheet) -> tuple[float, float]:
    """Pixels a millimetre of the found sheet over those of the scale, along the picture's width and height."""
    width, height = sheet.size
    ends = project(sheet.to_photo, [[0, height / 2], [width, height / 2], [width / 2, 0], [width / 2, height]])
    steps = (ends[[1, 3]] - ends[[0, 2]]) / np.array(scale.px_per_mm)
    first, second = np.linalg.norm(steps, axis=1) / np.array([width, height])
    return float(first), float(second)


def sheet_on(scale: Scale, grid: Grid, outline: Floats | None = None) -> Sheet | None:
    """The sheet without a search: the picture's own borders, or the artwork's trim box, in a frame along the code's
    axes. Its edges are the sheet's where ``scale.is_sheet``. ``outline``: the code's corners in pixels, where they are
    known better than by the grid.

    None where the code does not lie square in it: a photo, or a sheet that lay askew on the glass.
    """
    outline = grid.corners if outline is None else outline
    corners = project(np.linalg.inv(scale.to_photo), outline)
    along = corners[[1, 2, 2, 3]] - corners[[0, 1, 3, 0]]  # top, right, bottom and left side, rightwards and downwards
    angle = float(np.degrees(np.arctan2(along[0, 1] + along[2, 1], along[0, 0] + along[2, 0])))
    turns = round(angle / 90)
    tilt = abs(angle - 90 * turns)
    if tilt > _MOST_TILT_DEGREES or (scale.source == "scan" and _askew(along, grid) > limit("code_square")):
        return None
    # a sheet that lay askew shows so in its code; artwork is straight by itself
    off = math.sin(math.radians(tilt)) * max(scale.size_mm) / 2 if scale.source == "scan" else 0.0
    turns %= 4
    width, height = scale.size_mm
    # the frame whose x axis runs along the code's top, to the picture's own millimetres
    frames: tuple[Floats, ...] = (
        np.eye(3),
        np.array([[0, -1, width], [1, 0, 0], [0, 0, 1.0]]),
        np.array([[-1, 0, width], [0, -1, height], [0, 0, 1.0]]),
        np.array([[0, 1, 0], [-1, 0, height], [0, 0, 1.0]]),
    )
    to_photo = scale.to_photo @ frames[turns]
    size = (width, height) if turns % 2 == 0 else (height, width)
    return Sheet.flat(size, to_photo, outline, scale.uncertainty_mm + off, min(scale.px_per_mm))


def _askew(along: Floats, grid: Grid) -> float:
    """How far the code is from straight and square: relative difference of its sides, or cosine of its corner."""
    top, right, bottom, left = np.linalg.norm(along, axis=1) / [grid.columns, grid.rows, grid.columns, grid.rows]
    corner = abs(float(along[0] @ along[3])) / float(top * left * grid.columns * grid.rows)
    sides = (top, right, bottom, left)
    return max(float(max(sides) / min(sides)) - 1, corner)


def resolution_finding_part(resolution: Resolution) -> tuple[Verdict, str]:
    """D.2.1, 300 dpi: verdict and sentence. What is not refuted counts as pass and says so (R25)."""
    required = limit("artwork_dpi")
    if resolution.origin is Origin.VECTOR:
        return Verdict.PASS, "原稿中二维码是矢量图形，分辨率不受限（D.2.1）。"
    if resolution.origin is Origin.RASTER and resolution.dpi is not None:
        named = _dpi(resolution.dpi)
        if min(resolution.dpi) >= required - 0.5:
            return Verdict.PASS, f"原稿中二维码图片为 {named}，达到 ≥ 300 dpi（D.2.1）。"
        return Verdict.FAIL, (
            f"原稿中二维码图片只有 {named}，要求 ≥ 300 dpi（D.2.1）：请换用 300 dpi 以上的图片或矢量码。"
        )
    if resolution.origin is Origin.SCAN and resolution.dpi is not None:
        return Verdict.PASS, (
            f"这是 {_dpi(resolution.dpi)} 的扫描件，没有发现印刷分辨率低于 300 dpi 的迹象；"
            "扫描不能直接证明印刷分辨率，未被否定按通过处理（D.2.1，R25）。"
        )
    return Verdict.PASS, "原稿中二维码的分辨率无法确定，没有发现不足 300 dpi 的迹象，未被否定按通过处理（D.2.1，R25）。"


def _dpi(dpi: tuple[float, float]) -> str:
    across, down = (round(value) for value in dpi)
    return f"{across} dpi" if across == down else f"{across}×{down} dpi"
