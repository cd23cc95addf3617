"""Artwork: the first page of a PDF as a picture of known millimetres, and how its code is drawn (D.2.1, R25)."""

import json
import subprocess
import sys
from dataclasses import dataclass, replace
from importlib import resources
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inspection.geometry import Floats, project
from inspection.grid import Grid
from inspection.identify import MediaType
from inspection.picture import MAX_BYTES, Picture
from inspection.report import PictureRefused, Size
from inspection.scan import Origin, Resolution, Scale, sheet_on
from inspection.sheet import Sheet

_WALL_SECONDS = 20.0
"""The kernel ends the drawing after a second of CPU; this is for a machine that gives it none."""
_SAME_MM = 0.5
"""PDF sizes are written in points, often rounded to whole ones (0.35 mm)."""
_PATH_UNCERTAINTY_MM = 0.02
_ROUNDING = 1e-3
"""Pixels by which an image may overlap a further one without being drawn there: pdfium counts in 32-bit floats."""
_COVERS, _TOUCHES = 0.8, 0.02
"""Shares of the code that an image covers to be what shows it, or one of its strips."""
_FEWEST_PIXELS = 21
"""Pixels across the smallest QR code: an image with fewer cannot be what shows the code."""
_SAMPLES = 256
_DRAWN_ALIKE = 0.6
"""Correlation of the code with and without the page's images from which it is drawn without them."""


@dataclass(frozen=True, slots=True)
class PlacedImage:
    """An image on the page: its pixels across and down, and its corners (4×2, top left of the image first) in mm."""

    px: tuple[int, int]
    corners: Floats

    @property
    def dpi(self) -> tuple[float, float]:
        """Dots an inch along the image's own width and height."""
        across = float(np.linalg.norm(self.corners[1] - self.corners[0]))
        down = float(np.linalg.norm(self.corners[3] - self.corners[0]))
        return self.px[0] / max(across, 1e-6) * 25.4, self.px[1] / max(down, 1e-6) * 25.4


@dataclass(frozen=True, slots=True)
class Artwork:
    """The trimmed page. ``sheet_mm`` is its TrimBox where ``trimmed``, else the page (CropBox or MediaBox, a bleed
    included); ``to_px`` takes its millimetres to pixels of ``rgb`` (scale and shift, x and y)."""

    rgb: NDArray[np.uint8]
    sheet_mm: Size
    page_mm: Size
    trimmed: bool
    pages: int
    to_px: tuple[float, float, float, float]
    images: tuple[PlacedImage, ...]
    """In the order of painting."""
    whole: bool
    """Every object of the page was looked at."""
    bare: NDArray[np.uint8] | None
    """The page without its images, grey, coarser; None where it has no images, or nothing else."""
    bare_to_px: tuple[float, float, float, float] | None

    @property
    def picture(self) -> Picture:
        """As the readers and measurements want it."""
        gray = cv2.cvtColor(self.rgb, cv2.COLOR_RGB2GRAY).astype(np.uint8, copy=False)
        height, width = gray.shape
        return Picture(self.rgb, gray, (width, height), 1.0, MediaType.PDF, self.pages > 1)


def load_artwork(data: bytes) -> Artwork:
    """Draw the first page, at some 24 px/mm as far as 20 megapixels go.

    pdfium works in a process of its own that the kernel holds to 1 s of CPU and 1 GiB (:mod:`inspection.pdfium`).
    Raises :class:`PictureRefused`: ``picture_empty``, ``picture_too_large``, ``artwork_locked``,
    ``artwork_unreadable``, ``artwork_size``, ``artwork_too_complex``.
    """
    if not data:
        raise PictureRefused("picture_empty", "收到的文件是空的，请重新上传。")
    if len(data) > MAX_BYTES:
        raise PictureRefused(
            "picture_too_large", f"PDF 有 {len(data) / 2**20:.1f} MB，超过 20 MB，请只导出合格证这一页。"
        )
    drawn = run_pdfium(data)
    if drawn is None:
        raise PictureRefused(
            "artwork_too_complex",
            "这个 PDF 太复杂，画不出来：请只导出合格证这一页，降低底图的分辨率，把复杂的底纹或特效合并后再上传。",
        )
    head, rest = drawn
    match head.get("refused"):
        case "locked":
            raise PictureRefused("artwork_locked", "这个 PDF 有打开密码，请导出不加密的 PDF 原稿。")
        case "size":
            width, height = head["page_mm"]
            raise PictureRefused(
                "artwork_size",
                f"PDF 页面是 {width:.0f}×{height:.0f} mm，不像一张合格证（10–1200 mm），请按成品尺寸导出。",
            )
        case "unreadable":
            raise PictureRefused("artwork_unreadable", "打不开这个 PDF，文件可能不完整，请重新导出后再上传。")
    width, height = head["px"]
    end = width * height * 3
    bare, bare_to_px = None, None
    if head["bare"] is not None:
        bare_to_px = tuple(head["bare"]["to_px"])
        across, down = head["bare"]["px"]
        bare = np.frombuffer(rest, np.uint8, across * down, end).reshape(down, across)
    return Artwork(
        rgb=np.frombuffer(rest, np.uint8, end).reshape(height, width, 3).copy(),
        sheet_mm=(head["sheet_mm"][0], head["sheet_mm"][1]), page_mm=(head["page_mm"][0], head["page_mm"][1]),
        trimmed=head["trimmed"], pages=head["pages"], to_px=tuple(head["to_px"]), whole=head["whole"], bare=bare,
        bare_to_px=bare_to_px,
        images=tuple(PlacedImage((i["px"][0], i["px"][1]), np.array(i["quad"])) for i in head["images"]),
    )  # fmt: skip


def run_pdfium(data: bytes, *options: str) -> tuple[dict[str, Any], memoryview] | None:
    """The head and the rasters that :mod:`inspection.pdfium` answers; None where a bound ended it."""
    program = str(resources.files("inspection").joinpath("pdfium.py"))
    try:
        done = subprocess.run(  # noqa: S603 - our own program on our own interpreter
            [sys.executable, "-I", program, *options], input=data, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            timeout=_WALL_SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return None
    if done.returncode != 0:
        return None
    line, _, _ = done.stdout.partition(b"\n")
    return json.loads(line), memoryview(done.stdout)[len(line) + 1 :]


def artwork_scale(artwork: Artwork, sheet_mm: Size | None) -> Scale:
    """The artwork's millimetres. ``is_sheet`` unless the stated size differs from the page's: then a bleed or several
    sheets on a page may lie around it, and only lengths inside it are known."""
    width, height = artwork.sheet_mm
    across, down, left, top = artwork.to_px
    agrees = sheet_mm is None or any(
        max(abs(width - w), abs(height - h)) <= _SAME_MM for w, h in (sheet_mm, sheet_mm[::-1])
    )
    named = f"原稿{'成品框（TrimBox）' if artwork.trimmed else '页面'} {width:.1f}×{height:.1f} mm"
    if agrees:
        note = f"{named}，毫米数取自原稿。"
    else:
        assert sheet_mm is not None
        note = (
            f"{named}，与合格证尺寸 {sheet_mm[0]:g}×{sheet_mm[1]:g} mm 不符，边距未判定："
            "请按成品尺寸导出（有出血时写明 TrimBox），或更正合格证尺寸。"
        )
    if artwork.pages > 1:
        note += f"PDF 有 {artwork.pages} 页，只检查了第一页。"
    return Scale("artwork", (across, down), artwork.sheet_mm, agrees, _PATH_UNCERTAINTY_MM, (left, top), note=note)


def place_code(artwork: Artwork, scale: Scale, grid: Grid) -> tuple[Sheet | None, Resolution]:
    """The sheet with the code where the artwork puts it, and how the code is drawn.

    Paths are drawn to a few thousandths of a millimetre. An image is drawn from whole pixel to whole pixel: where one
    image shows the code, the code is moved back to where that image is placed. The sheet is None where the code lies
    askew on the page.
    """
    corners = project(np.linalg.inv(scale.to_photo), grid.corners)
    low, high = corners.min(0), corners.max(0)
    resolution, image = _shown(artwork, (float(low[0]), float(low[1]), float(high[0]), float(high[1])))
    outline = None
    uncertainty = _PATH_UNCERTAINTY_MM
    if resolution.origin is not Origin.VECTOR:
        uncertainty = 2 / min(scale.px_per_mm)
        if image is not None and (outline := _unsnapped(image, scale, grid.corners)) is not None:
            uncertainty = max(_PATH_UNCERTAINTY_MM, 12.7 / min(image.dpi))  # half a pixel of the image: what was meant
    return sheet_on(replace(scale, uncertainty_mm=uncertainty), grid, outline), resolution


def _unsnapped(image: PlacedImage, scale: Scale, points: Floats) -> Floats | None:
    """Pixels of the drawn page, within an image that pdfium stretched outwards to whole pixels, to where they would lie
    without that. None for an image that does not lie along the page's sides."""
    corners = project(scale.to_photo, image.corners) + 0.5  # 0 is the outer edge of the first pixel
    low, high = corners.min(0), corners.max(0)
    if np.minimum(np.abs(corners - low), np.abs(corners - high)).max() > 0.4:
        return None
    first, last = np.floor(low + _ROUNDING), np.ceil(high - _ROUNDING)
    return np.asarray((points + 0.5 - first) * (high - low) / (last - first) + low - 0.5, np.float64)


def resolution_at(artwork: Artwork, box_mm: tuple[float, float, float, float]) -> Resolution:
    """How the code in ``box_mm`` (left, top, right, bottom) is drawn: by paths and text, which have no resolution, or
    as an image of so many dots an inch as it is placed.

    It is drawn without images where it stays when they are left out. Type 3 fonts and tiled patterns count as paths.
    """
    return _shown(artwork, box_mm)[0]


def _shown(artwork: Artwork, box_mm: tuple[float, float, float, float]) -> tuple[Resolution, PlacedImage | None]:
    """As :func:`resolution_at`, with the one image that shows the code, where there is one."""
    unknown = Resolution(Origin.UNKNOWN), None
    if not artwork.whole:
        return unknown
    if not artwork.images or _drawn_without_images(artwork, box_mm):
        return Resolution(Origin.VECTOR), None
    left, top, right, bottom = box_mm
    box = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)
    area = max((right - left) * (bottom - top), 1e-6)
    touching: list[PlacedImage] = []
    for image in reversed(artwork.images):
        share = cv2.intersectConvexConvex(box, cv2.convexHull(image.corners.astype(np.float32)))[0] / area
        if share >= _COVERS:
            touching = [image]
            break
        if share >= _TOUCHES:
            touching.append(image)
    if not touching:
        return unknown
    coarsest = min(touching, key=lambda image: min(image.dpi))  # of an image in strips
    if min(coarsest.dpi) * min(right - left, bottom - top) / 25.4 < _FEWEST_PIXELS:
        return unknown  # the code is in the image's mask, whose pixels pdfium does not tell
    return Resolution(Origin.RASTER, coarsest.dpi), coarsest if len(touching) == 1 else None


def _drawn_without_images(artwork: Artwork, box_mm: tuple[float, float, float, float]) -> bool:
    """Whether the page in the box looks much the same when its images are left out."""
    if artwork.bare is None or artwork.bare_to_px is None:
        return False
    left, top, right, bottom = box_mm
    step = np.array([(right - left) / _SAMPLES, (bottom - top) / _SAMPLES])

    def sampled(image: NDArray[np.uint8], to_px: tuple[float, float, float, float]) -> Floats:
        scale, shift = np.array(to_px[:2]), np.array(to_px[2:])
        start = (np.array([left, top]) + step / 2) * scale + shift
        turn = np.array([[step[0] * scale[0], 0, start[0]], [0, step[1] * scale[1], start[1]]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        seen = cv2.warpAffine(image, turn, (_SAMPLES, _SAMPLES), flags=flags, borderValue=(255, 255, 255))
        if seen.ndim == 3:
            seen = cv2.cvtColor(seen, cv2.COLOR_RGB2GRAY)
        return np.asarray(seen, np.float64).ravel() - float(seen.mean())

    full, bare = sampled(artwork.rgb, artwork.to_px), sampled(artwork.bare, artwork.bare_to_px)
    norm = float(np.linalg.norm(full) * np.linalg.norm(bare))
    return norm > 0 and float(full @ bare) >= _DRAWN_ALIKE * norm
