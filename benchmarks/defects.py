"""What can go wrong when a code is printed, each with the clause of Appendix D that must then fail.

A defect is planted into a :class:`Plate`: the surroundings of a code in linear light. Amounts are in the unit that
:data:`KINDS` names; places are shares of the code's side from its upper left corner.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Light = NDArray[np.float32]
_SEAL_LIGHT = {"red": (0.60, 0.015, 0.02), "blue": (0.02, 0.06, 0.45), "purple": (0.22, 0.02, 0.30)}


@dataclass(frozen=True, slots=True)
class Kind:
    """The clause that a defect breaks, the unit of its amount, and its usual amount."""

    clause: str
    unit: str
    usual: float


KINDS: dict[str, Kind] = {
    "low_contrast": Kind("D.2.1.contrast", "sRGB level of the ink", 132),
    "streak": Kind("D.2.1.sharpness", "modules that a missing line is wide", 0.6),
    "stain": Kind("D.2.1.sharpness", "modules, radius of a dark blot", 2.4),
    "coffee": Kind("D.2.1.sharpness", "modules, radius of a brown, translucent stain", 3.0),
    "void": Kind("D.2.1.sharpness", "modules, radius of a place without ink", 2.2),
    "ghost": Kind("D.2.1.sharpness", "strength of a second, shifted print", 0.4),
    "soft_print": Kind("D.2.1.sharpness", "modules, standard deviation of the blur", 0.45),
    "jagged": Kind("D.2.3", "modules, roughness of borders", 0.16),
    "dots": Kind("D.2.3", "dots an inch of a raster that ignores modules", 150),
    "wrong_modules": Kind("D.2.3", "modules printed the other way round", 7),
    "uneven": Kind("D.2.3", "share of the ink that one side lost", 0.6),
    "seal": Kind("D.1.1.clear", "mm that a round seal reaches over the code", 5.0),
    "text_over": Kind("D.1.1.clear", "mm, height of a line of text across the code's border", 3.0),
    "line_over": Kind("D.1.1.clear", "mm that a field's box reaches over the code", 4.0),
    "crease": Kind("D.1.2", "strength of a fold, share of the light", 0.45),
    "coating": Kind("D.1.2", "light of a milky film over a part of the code", 0.22),
    "scratches": Kind("D.4", "scratches through the ink", 5),
    "quiet_text": Kind("D.3.2", "mm from the code to a solid mark", 1.8),
    "quiet_line": Kind("D.3.2", "mm from the code to a field line", 1.8),
    "quiet_words": Kind("D.3.2", "mm from the code to small text", 1.8),
    "rounded": Kind("", "mm, radius of the sheet's corners (no fault)", 4.0),
    "speck": Kind("", "modules, radius of a speck of dust (no fault)", 0.15),
    "near_fold": Kind("", "mm beside the code where the sheet was folded (no fault)", 7.0),
}


@dataclass(frozen=True, slots=True)
class Defect:
    """One planted defect; ``amount`` None is the kind's usual one."""

    kind: str
    amount: float | None = None
    at: tuple[float, float] = (0.6, 0.55)
    angle: float = 0.0
    """Degrees: of a line, a shift, a fading."""
    colour: str = "red"
    """``red``, ``blue`` or ``purple``, of a seal."""
    shift: float = 0.55
    """Modules by which a ghost is displaced."""
    seed: int = 5

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no such defect: {self.kind}")

    @property
    def size(self) -> float:
        return KINDS[self.kind].usual if self.amount is None else self.amount


@dataclass(frozen=True, slots=True)
class Plate:
    """Where a code is printed: linear light (H×W×3, paper and what is printed already), the code's left, top and side
    in pixels, its modules, pixels a millimetre, the ink's sRGB level and how the printer lays it."""

    light: Light
    code: tuple[float, float, float]
    matrix: NDArray[np.bool_]
    scale: float
    ink: int
    dots_per_inch: float | None
    growth: float
    typeface: str | None

    @property
    def module(self) -> float:
        return self.code[2] / len(self.matrix)

    def place(self, at: tuple[float, float]) -> tuple[float, float]:
        x, y, side = self.code
        return x + at[0] * side, y + at[1] * side


def print_code(plate: Plate, defects: Sequence[Defect]) -> Light:
    """The plate with its code and everything that went wrong, in linear light."""
    by_kind = {d.kind: d for d in defects}
    light = plate.light.copy()
    matrix = _flipped(plate.matrix, by_kind.get("wrong_modules"))
    for defect in defects:
        if defect.kind.startswith("quiet_"):
            light = _quiet_mark(plate, light, defect)
    ghost = by_kind.get("ghost")
    if ghost is not None:
        turn = np.radians(ghost.angle)
        off = ghost.shift * plate.module * np.array([np.cos(turn), np.sin(turn)])
        light = _cover(light, ghost.size * _coverage(plate, plate.matrix, (float(off[0]), float(off[1]))), plate.ink)
    dots = by_kind.get("dots")
    dpi = dots.size if dots is not None else plate.dots_per_inch
    ink = _coverage(plate, matrix) if dpi is None else _dotted(plate, matrix, dpi, dots.seed if dots else 5)
    if plate.growth:
        ink = _grown(ink, plate.growth * plate.module)
    for defect in defects:
        if defect.kind in _ON_INK:
            ink = _ON_INK[defect.kind](plate, ink, defect)
    level = by_kind["low_contrast"].size if "low_contrast" in by_kind else plate.ink
    light = _cover(light, ink, level)
    for defect in defects:
        if defect.kind in _ON_TOP:
            light = _ON_TOP[defect.kind](plate, light, defect)
    return light


def _srgb(level: float) -> float:
    s = level / 255
    return float(s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4)


def _cover(light: Light, share: Light, level: float) -> Light:
    """Ink of an sRGB level over a share of each pixel (mixed in linear light, as areas do)."""
    c = share[..., None]
    return np.asarray(light * (1 - c) + np.float32(_srgb(level)) * c, np.float32)


def _coverage(plate: Plate, matrix: NDArray[np.bool_], off: tuple[float, float] = (0.0, 0.0)) -> Light:
    """Ink coverage 0…1 of each pixel, by exact area."""
    x, y, side = plate.code
    count = len(matrix)
    height, width = plate.light.shape[:2]

    def overlap(length: int, start: float) -> Light:
        pixel = np.arange(length)[:, None]
        low = start + np.arange(count)[None] * side / count
        high = low + side / count
        return np.clip(np.minimum(pixel + 1, high) - np.maximum(pixel, low), 0, 1).astype(np.float32)

    return np.asarray(overlap(height, y + off[1]) @ matrix.astype(np.float32) @ overlap(width, x + off[0]).T)


def _dotted(plate: Plate, matrix: NDArray[np.bool_], dpi: float, seed: int) -> Light:
    """The code in square dots: each is inked where its centre lies in a dark module."""
    x, y, side = plate.code
    count = len(matrix)
    pitch = plate.scale * 25.4 / dpi
    rng = np.random.default_rng(seed)
    fine = 4
    padded = np.pad(matrix, 1)

    def lane(length: int, start: float) -> NDArray[np.int64]:
        at = (np.arange(length * fine) + 0.5) / fine
        phase = rng.uniform(0, 1)
        centre = (np.floor(at / pitch + phase) + 0.5 - phase) * pitch
        return np.clip(np.floor((centre - start) / side * count).astype(np.int64) + 1, 0, count + 1)

    height, width = plate.light.shape[:2]
    dense = padded[lane(height, y)][:, lane(width, x)]
    return np.asarray(dense.reshape(height, fine, width, fine).mean(axis=(1, 3)), np.float32)


def _grown(ink: Light, pixels: float) -> Light:
    """Borders moved outwards by a few pixels (inwards where negative)."""
    sigma = max(2.0, 2 * abs(pixels))
    soft = cv2.GaussianBlur(ink, (0, 0), sigma)
    # at a straight border the blurred step falls by 1 / (sigma·√2π) a pixel
    slope = 1 / (sigma * 2.5066)
    return np.clip((soft - 0.5 + pixels * slope) / slope + 0.5, 0, 1).astype(np.float32)


def _flipped(matrix: NDArray[np.bool_], defect: Defect | None) -> NDArray[np.bool_]:
    if defect is None:
        return matrix
    made, count = matrix.copy(), len(matrix)
    rng = np.random.default_rng(defect.seed)
    inner = np.argwhere(np.ones_like(matrix))
    free = inner[(inner.min(1) >= 9) & (inner.max(1) < count - 9)]
    for row, column in rng.permutation(free)[: round(defect.size)]:
        made[row, column] = not made[row, column]
    return made


def _jagged(plate: Plate, ink: Light, defect: Defect) -> Light:
    """Borders displaced at random, in cells of a third of a module."""
    rng = np.random.default_rng(defect.seed)
    height, width = ink.shape
    size = max(2, round(plate.module / 3))
    small = rng.normal(0, 1, (2, height // size + 2, width // size + 2)).astype(np.float32)
    shift = [
        cv2.resize(s, (width, height), interpolation=cv2.INTER_NEAREST) * defect.size * plate.module for s in small
    ]
    yy, xx = np.mgrid[0:height, 0:width].astype(np.float32)
    return np.asarray(cv2.remap(ink, xx + shift[0], yy + shift[1], cv2.INTER_LINEAR), np.float32)


def _streak(plate: Plate, ink: Light, defect: Defect) -> Light:
    """A line without ink straight across, level (0°) or upright (90°): a dead dot of the print head."""
    x, y = plate.place(defect.at)
    wide = defect.size * plate.module
    made = ink.copy()
    if defect.angle == 0:
        made[round(y) : round(y + wide)] = 0
    else:
        made[:, round(x) : round(x + wide)] = 0
    return made


def _soft(plate: Plate, ink: Light, defect: Defect) -> Light:
    return np.asarray(cv2.GaussianBlur(ink, (0, 0), defect.size * plate.module), np.float32)


def _blot(plate: Plate, defect: Defect) -> Light:
    """A roundish spot with an uneven rim."""
    rng = np.random.default_rng(defect.seed)
    angles = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    wave = sum(rng.uniform(-0.12, 0.12) * np.cos(k * angles + rng.uniform(0, 6)) for k in (2, 3, 5))
    radius = defect.size * plate.module * (1 + wave)
    x, y = plate.place(defect.at)
    rim = np.stack([x + radius * np.cos(angles), y + radius * np.sin(angles)], axis=1)
    mask = np.zeros(plate.light.shape[:2], np.float32)
    cv2.fillPoly(mask, [np.round(rim * 16).astype(np.int32)], 1.0, cv2.LINE_AA, 4)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), 0.8), np.float32)


def _void(plate: Plate, ink: Light, defect: Defect) -> Light:
    return ink * (1 - _blot(plate, defect))


def _uneven(plate: Plate, ink: Light, defect: Defect) -> Light:
    """Ink fades towards one side."""
    x, y, side = plate.code
    yy, xx = np.mgrid[0 : ink.shape[0], 0 : ink.shape[1]].astype(np.float32)
    turn = np.radians(defect.angle)
    along = ((xx - x) / side - 0.5) * np.cos(turn) + ((yy - y) / side - 0.5) * np.sin(turn)
    return np.asarray(ink * (1 - defect.size * np.clip(along + 0.5, 0, 1)), np.float32)


def _scratches(plate: Plate, ink: Light, defect: Defect) -> Light:
    rng = np.random.default_rng(defect.seed)
    mask = np.zeros_like(ink)
    x, y, side = plate.code
    heading = rng.uniform(20, 70) + 90 * rng.integers(2)
    for _ in range(round(defect.size)):
        middle = np.array([x, y]) + side * rng.uniform(0.25, 0.75, 2)
        turn = np.radians(heading + rng.uniform(-12, 12))
        reach = side * rng.uniform(0.3, 0.55) * np.array([np.cos(turn), np.sin(turn)])
        ends = [tuple(int(v) for v in np.round((middle + s * reach) * 16)) for s in (-1, 1)]
        wide = max(2, round(plate.scale * rng.uniform(0.2, 0.35)))
        cv2.line(mask, ends[0], ends[1], 1.0, wide, cv2.LINE_AA, 4)
    return ink * (1 - 0.9 * mask)


def _quiet_mark(plate: Plate, light: Light, defect: Defect) -> Light:
    """Something at a distance from the code: a solid mark, a line along the code, or words; ``angle`` chooses the side
    (0 left, 90 above, 180 right, 270 below)."""
    x, y, side = plate.code
    scale, away = plate.scale, defect.size * plate.scale
    quarter = round(defect.angle / 90) % 4
    fine = 4
    mask = Image.new("L", (light.shape[1] * fine, light.shape[0] * fine), 0)
    draw = ImageDraw.Draw(mask)

    def box(start: float, end: float, near: float, far: float) -> None:
        """From ``start`` to ``end`` along the side, ``near`` to ``far`` pixels away from it."""
        low, high = {
            0: ((x - far, y + start), (x - near, y + end)), 1: ((x + start, y - far), (x + end, y - near)),
            2: ((x + side + near, y + start), (x + side + far, y + end)),
            3: ((x + start, y + side + near), (x + end, y + side + far)),
        }[quarter]  # fmt: skip
        draw.rectangle([round(v * fine) for v in (*low, *high)], fill=255)

    if defect.kind == "quiet_text":
        box(side / 3, side / 3 + 2 * scale, away, away + 3 * scale)
    elif defect.kind == "quiet_line" or plate.typeface is None:
        box(-4 * scale, side + 4 * scale, away, away + 0.25 * scale)
    else:
        _words(plate, draw, defect, quarter, fine)
    ink = np.asarray(mask, np.float32).reshape(light.shape[0], fine, light.shape[1], fine).mean(axis=(1, 3)) / 255
    return _cover(light, ink.astype(np.float32), 24)


def _words(plate: Plate, draw: ImageDraw.ImageDraw, defect: Defect, quarter: int, fine: int) -> None:
    """Small text whose nearest ink lies exactly so far from the code."""
    x, y, side = plate.code
    away = defect.size * plate.scale
    face = ImageFont.truetype(str(plate.typeface), round(1.9 * plate.scale * fine), index=2)
    text = "扫码查询追溯信息"
    left, top, right, bottom = (v / fine for v in draw.textbbox((0, 0), text, font=face))
    middle = (y + side * 0.4, x + (side - right) / 2)
    at = {
        0: (x - away - right, middle[0]), 1: (middle[1], y - away - bottom),
        2: (x + side + away - left, middle[0]), 3: (middle[1], y + side + away - top),
    }[quarter]  # fmt: skip
    draw.text((at[0] * fine, at[1] * fine), text, font=face, fill=255)


def _stain(plate: Plate, light: Light, defect: Defect) -> Light:
    return _cover(light, 0.97 * _blot(plate, defect), 35)


def _coffee(plate: Plate, light: Light, defect: Defect) -> Light:
    blot = _blot(plate, defect)[..., None] * np.float32(0.85)
    return np.asarray(light * (1 - blot) + light * np.array([0.45, 0.22, 0.07], np.float32) * blot, np.float32)


def _speck(plate: Plate, light: Light, defect: Defect) -> Light:
    return _cover(light, 0.9 * _blot(plate, defect), 50)


def _seal(plate: Plate, light: Light, defect: Defect) -> Light:
    """A stamp whose ring and words reach over the code; ``angle`` is where its centre lies, seen from the code's."""
    fine, radius = 2, 8.5 * plate.scale
    side = plate.code[2]
    turn = np.radians(defect.angle)
    way = np.array([np.cos(turn), np.sin(turn)])
    middle = np.array(plate.place((0.5, 0.5)))
    to_rim = side / 2 / max(abs(way[0]), abs(way[1]))
    centre = (middle + way * (to_rim + radius - defect.size * plate.scale)) * fine
    mask = Image.new("L", (light.shape[1] * fine, light.shape[0] * fine), 0)
    draw = ImageDraw.Draw(mask)
    r = radius * fine
    draw.ellipse(
        [centre[0] - r, centre[1] - r, centre[0] + r, centre[1] + r], outline=255, width=round(0.7 * plate.scale * fine)
    )
    if plate.typeface is not None:
        face = ImageFont.truetype(plate.typeface, round(2.6 * plate.scale * fine), index=2)
        for line, text in enumerate(("样例电缆", "检验专用章")):
            draw.text(
                (centre[0], centre[1] + (line - 0.5) * 3.6 * plate.scale * fine), text, font=face, fill=255, anchor="mm"
            )
    share = np.asarray(mask, np.float32).reshape(light.shape[0], fine, light.shape[1], fine).mean(axis=(1, 3)) / 255
    share = cv2.GaussianBlur(share, (0, 0), 0.06 * plate.scale)[..., None] * np.float32(0.85)
    # stamp ink is transparent: it takes its share of whatever light lies below
    tint = np.array(_SEAL_LIGHT[defect.colour], np.float32)
    return np.asarray(light * (1 - share) + light * tint * share, np.float32)


def _text_over(plate: Plate, light: Light, defect: Defect) -> Light:
    """A line of text that runs from outside into the code."""
    if plate.typeface is None:
        return light
    mask = Image.new("L", light.shape[1::-1], 0)
    face = ImageFont.truetype(plate.typeface, round(defect.size * plate.scale), index=2)
    x, y = plate.place((0.45, defect.at[1]))
    ImageDraw.Draw(mask).text((x, y), "检验结论：合格 检验员", font=face, fill=255, anchor="rm")
    return _cover(light, np.asarray(mask, np.float32) / 255, 24)


def _line_over(plate: Plate, light: Light, defect: Defect) -> Light:
    """The box of a field whose corner lies in the code."""
    x, y, side = plate.code
    reach = defect.size * plate.scale
    mask = np.zeros(light.shape[:2], np.float32)
    corner = (x + reach, y + side - reach)
    far = (x - 14 * plate.scale, y + side + 12 * plate.scale)
    wide = max(2, round(0.3 * plate.scale))
    cv2.rectangle(mask, *[tuple(round(v) for v in p) for p in (corner, far)], 1.0, wide)
    return _cover(light, mask, 40)


def _fold(plate: Plate, light: Light, start: NDArray[np.float64], end: NDArray[np.float64], strength: float) -> Light:
    """A fold: a matt, darker line on paper, a paler one where ink broke, with a bright flank."""
    mask = np.zeros(light.shape[:2], np.float32)
    ends = [tuple(int(v) for v in np.round(p * 16)) for p in (start, end)]
    cv2.line(mask, ends[0], ends[1], 1.0, max(1, round(0.45 * plate.scale)), cv2.LINE_AA, 4)
    mask = cv2.GaussianBlur(mask, (0, 0), 0.12 * plate.scale)[..., None] * np.float32(strength)
    return np.asarray(light * (1 - mask) + np.float32(_srgb(150)) * mask, np.float32)


def _crease(plate: Plate, light: Light, defect: Defect) -> Light:
    """A fold through the code and beyond both of its sides."""
    middle = np.array(plate.place(defect.at))
    turn = np.radians(defect.angle)
    reach = 1.1 * plate.code[2] * np.array([np.cos(turn), np.sin(turn)])
    return _fold(plate, light, middle - reach, middle + reach, defect.size)


def _near_fold(plate: Plate, light: Light, defect: Defect) -> Light:
    x = plate.code[0] - defect.size * plate.scale
    return _fold(plate, light, np.array([x, -9.0]), np.array([x + 20, light.shape[0] + 9.0]), 0.45)


def _coating(plate: Plate, light: Light, defect: Defect) -> Light:
    """A milky film (glue, tape, varnish) with a clear rim over a part of the code."""
    rng = np.random.default_rng(defect.seed)
    x, y = plate.place(defect.at)
    side = plate.code[2]
    half = side * rng.uniform(0.2, 0.32, 2)
    mask = np.zeros(light.shape[:2], np.float32)
    box = cv2.boxPoints(((x, y), (2 * half[0], 2 * half[1]), float(rng.uniform(-20, 20))))
    cv2.fillPoly(mask, [np.round(box * 16).astype(np.int32)], 1.0, cv2.LINE_AA, 4)
    film = mask[..., None] * np.float32(defect.size)
    return np.asarray(light * (1 - film) + np.float32(0.62) * film, np.float32)


_ON_INK = {
    "jagged": _jagged, "streak": _streak, "void": _void, "uneven": _uneven, "scratches": _scratches,
    "soft_print": _soft,
}  # fmt: skip
_ON_TOP = {
    "stain": _stain, "coffee": _coffee, "speck": _speck, "seal": _seal, "text_over": _text_over,
    "line_over": _line_over, "crease": _crease, "near_fold": _near_fold, "coating": _coating,
}  # fmt: skip
