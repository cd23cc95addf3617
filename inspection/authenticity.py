"""Reasons to look closer at a picture: a photo of a screen, a screenshot, edited, generated (7.2(2) 图片真实性, 9.5.1).

Hints for a person, never a verdict: each may be wrong, and whoever means to deceive can avoid most of them. Nothing is
said of a picture that shows no strong sign; chat compression wipes out many of them, so silence proves nothing either.
"""

import re
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from inspection.report import Flag

Gray = NDArray[np.uint8]
Floats = NDArray[np.float32]

# --- a photo of a screen ---------------------------------------------------------------------------------------------

_TILE = 128
_TILES = 16
_FEWEST_TILES = 6
"""A pattern of the whole surface is asked for: two tiles of cloth or of shaded print are not a screen."""
_SCREEN_PEAK = 18.0
"""Median over the tiles of the strongest spectral peak, as a multiple of its surroundings.

Five photos of screens by others: from 26; of simulated screens: from 57. Certificates, also with a printed tint on a
third of them, and plain photos by others, one of a halftone near enough to show its dots: up to 11.
"""
_COARSEST = _TILE / 20
"""Cycles a tile below which lighting and print are, not pixels."""

_window = np.hanning(_TILE)
_WINDOW = np.outer(_window, _window).astype(np.float32)
_ROWS = np.arange(-_TILE // 2, _TILE // 2)[:, None] * 1.0
_COLUMNS = np.arange(_TILE // 2 + 1)[None] * 1.0


def _on_jpeg_grid(cycles: NDArray[np.floating]) -> NDArray[np.bool_]:
    """JPEG's own 8-pixel blocks repeat every 16 cycles of a tile."""
    grid: NDArray[np.bool_] = np.abs((np.abs(cycles) + 8) % 16 - 8) <= 1
    return grid


# Text lines and edges lie along the axes, as do the blocks of JPEG; a screen never stands as straight as those.
_LATTICE = (
    (np.hypot(_ROWS, _COLUMNS) > _COARSEST)
    & (np.abs(_ROWS) > 1.5)
    & (np.abs(_COLUMNS) > 1.5)
    & ~(_on_jpeg_grid(_ROWS) & _on_jpeg_grid(_COLUMNS))
)

# --- a picture that no camera took -----------------------------------------------------------------------------------

_ONE_COLOUR = 0.25
_STANDS_OUT = 12.0
"""How many times the shares of its six neighbouring greys together the commonest grey has to have."""

# --- what the file says ----------------------------------------------------------------------------------------------

_HEAD = 262_144
"""Where the texts of a picture file stand; pixels follow."""
_EDITORS = re.compile(
    r"photoshop|gimp|meitu|美图|beautyplus|snapseed|picsart|pixelmator|affinity photo|paint\.net|paintshop|canva\b|醒图"
    r"|fotor|polarr|pixlr|coreldraw|corel photo|krita|acdsee|光影魔术手|稿定|facetune|photoscape|photodirector",
    re.IGNORECASE,
)
_CREATOR = re.compile(rb"CreatorTool(?:>|=[\"'])([^<\"']{1,200})")
_LABEL = re.compile(rb"AIGC.{0,200}?Label(?:\W|&quot;){0,12}([123])", re.DOTALL)
"""The implicit label of GB 45438—2025: 1 generated, 2 possibly, 3 suspected; whichever container holds it."""
_LABELS_TRIED = 20
"""Occurrences of the four letters that are looked into: a file may be full of them."""
_LABELLED = {"1": "属于", "2": "可能是", "3": "疑似"}
_RECIPE = re.compile(rb"Steps: \d{1,4}, Sampler: |\"class_type\": ?\"KSampler|NovelAI|invokeai_metadata|Midjourney")


def look_closer(data: bytes, gray: Gray, said: dict[str, str]) -> tuple[Flag, ...]:
    """What a person may want to look at in a photo; empty for most.

    ``data`` is the file, ``gray`` (H×W, uint8) its pixels, ``said`` what :func:`inspection.exif.taken` read.
    Codes: ``generated``, ``edited``, ``screenshot``, ``screen``.
    """
    flags = [*_generated(data), *_edited(data, said)]
    shot = list(_screenshot(data, gray))
    return (*flags, *(shot or _screen(gray)))


def _generated(data: bytes) -> Iterator[Flag]:
    if value := _label(data):
        yield Flag(
            "generated",
            f"图片文件带有“{_LABELLED[value]}人工智能生成合成内容”的标识（GB 45438—2025）："
            "请用手机拍摄实物合格证后重新发送",
            {"aigc_label": int(value)},
        )
    elif b"rainedAlgorithmicMedia" in data:  # alone, or as compositeWithTrainedAlgorithmicMedia
        yield Flag(
            "generated",
            "图片文件的内容凭证写明由人工智能生成或合成：请用手机拍摄实物合格证后重新发送",
            {"source_type": "trainedAlgorithmicMedia"},
        )
    elif recipe := _RECIPE.search(data[:_HEAD].replace(b"\0", b"")):  # EXIF comments may be two bytes a letter
        yield Flag(
            "generated",
            "图片文件里有图像生成软件的参数：请用手机拍摄实物合格证后重新发送",
            {"found": recipe[0].decode("ascii", "ignore")},
        )


def _label(data: bytes) -> str:
    at = -1
    for _ in range(_LABELS_TRIED):
        at = data.find(b"AIGC", at + 1)
        if at < 0:
            break
        if label := _LABEL.match(data, at):
            return label[1].decode()
    return ""


def _edited(data: bytes, said: dict[str, str]) -> Iterator[Flag]:
    creator = _CREATOR.search(data[:_HEAD])
    names = [said.get("software", ""), creator[1].decode("utf-8", "ignore") if creator else ""]
    for name in names:
        if _EDITORS.search(name):
            clean = "".join(c for c in name if c.isprintable())[:60]
            yield Flag(
                "edited",
                f"图片经修图软件（{clean}）保存过：请发送手机拍摄的原始照片，不要修图",
                {"software": clean},
            )
            return


def _screenshot(data: bytes, gray: Gray) -> Iterator[Flag]:
    """One exact grey over a quarter of the picture and hardly any next to it: no lens does that."""
    rows = np.ascontiguousarray(gray[::4])
    counts = cv2.calcHist([rows], [0], None, [256], [0, 256]).ravel().astype(np.float64)
    mode = int(counts.argmax())
    around = counts[max(0, mode - 3) : mode + 4].sum() - counts[mode]
    share, stands_out = float(counts[mode] / counts.sum()), float(counts[mode] / max(1.0, around))
    named = b"Screenshot" in data[:_HEAD]
    if named or (share >= _ONE_COLOUR and stands_out >= _STANDS_OUT):
        yield Flag(
            "screenshot",
            "这张图像是屏幕截图或电脑制作的图，不是对实物拍的照片：请用手机拍摄实物合格证后重新发送",
            {"one_colour_share": round(share, 3), "stands_out": round(stands_out, 1), "named": named},
        )


def _screen(gray: Gray) -> Iterator[Flag]:
    """A regular lattice over the bright parts of the picture: the pixels of a screen, or their moiré.

    Where paper is white a printed raster has no dots, while a screen has its pixels everywhere: most tiles have to
    show it, those with text among them. A sheet tinted all over, its dots resolved, would be taken for a screen.
    """
    peaks = np.array([_peak(tile) for tile in _bright_tiles(gray)])
    if len(peaks) < _FEWEST_TILES or (middle := float(np.median(peaks))) < _SCREEN_PEAK:
        return
    yield Flag(
        "screen",
        "画面上有屏幕像素的规则纹理，像是翻拍屏幕：请用手机直接拍摄实物合格证；确为实物的，请换个距离或角度重拍",
        {"peak": round(middle, 1), "tiles": len(peaks)},
    )


def _bright_tiles(gray: Gray) -> Iterator[Gray]:
    """Sixteen of the brighter 128×128 tiles, spread over the picture."""
    rows, columns = gray.shape[0] // _TILE, gray.shape[1] // _TILE
    if not rows or not columns:
        return
    whole = gray[: rows * _TILE, : columns * _TILE]
    mean = cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA).ravel()
    usable = np.nonzero((mean >= np.percentile(mean, 60)) & (mean > 50) & (mean < 252))[0]
    if not len(usable):
        return
    spread = np.unique(np.linspace(0, len(usable) - 1, _TILES).round().astype(np.int64))
    for index in usable[spread]:
        y, x = divmod(int(index), columns)
        yield gray[y * _TILE : (y + 1) * _TILE, x * _TILE : (x + 1) * _TILE]


def _peak(tile: Gray) -> float:
    """The strongest peak of the tile's power spectrum, as a multiple of the power around it."""
    level = tile.astype(np.float32)
    waves = np.fft.fftshift(np.fft.rfft2((level - level.mean()) * _WINDOW), axes=0)
    power = (np.abs(waves) ** 2).astype(np.float32)
    wide, near = (
        cv2.boxFilter(power, -1, (size, size), normalize=False, borderType=cv2.BORDER_REFLECT) for size in (15, 5)
    )
    peak = cv2.boxFilter(power, -1, (3, 3), normalize=False, borderType=cv2.BORDER_REFLECT) / 9
    ratio = peak / ((wide - near) / (15 * 15 - 5 * 5) + 1e-3)
    return float(ratio[_LATTICE].max())
