"""Text in a picture, by RapidOCR with the models inside its wheel: nothing is downloaded.

Boxes of text are found in a small view; each is then cut straight out of the full picture and read, so that the view
may be as small as finding allows. Both costs are known beforehand (:data:`_FIND_MS`, :data:`_READ_MS`); the boxes that
matter most are read first, and what the budget does not reach stays unread and is counted.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inspection.geometry import Floats, project, rectangle
from inspection.grid import rectify

_FIND_MS = 1.6
"""CPU of finding text in 1000 pixels of view (measured: one thread of a 2-core machine)."""
_READ_MS = 0.1
"""CPU of reading one pixel of width at the reader's height (measured). Batches cost as much: lines are read singly."""
_CALL_MS = 1.5
"""CPU around each reading: cutting out, decoding."""
BUDGET_MS = 900.0
"""What finding and reading may cost together; the rest of 1.2 s is for views and a second look at doubts."""
_READ_HEIGHT = 48
"""The reading model's own input height."""
_NARROWEST = 96
"""Shorter words are padded to this width, as the reader was trained with a margin."""
_LONGEST = 1600
"""A longer line is squeezed to this width."""
_STEP = 8
"""Pixels of width to one step of the reading model."""
_VIEW_PIXELS = 250_000
"""A plain picture is searched at this size."""
_LEAST_SIDE, _LONGEST_SIDE = 24, 4000
"""A view thinner or longer than this is no picture of a page."""
_MOST_BOXES = 400
"""Patches that are looked at as text: a page of small print has a hundred, a grainy surface thousands."""
_SAMPLE = 6
"""Boxes that decide which way up the text stands …"""
_SAMPLE_ASPECT = 4.0
"""… by their first four heights: what the classifier sees."""
_LEGIBLE = 0.5
"""A line below this mean score is noise."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text.

    ``corners`` 4×2 in pixels of the picture, from the top left one as the line is read; ``score`` 0…1 the mean over
    ``chars``, the reader's confidence in each character, ``at`` the place of each along the line, 0…1 (both empty where
    that is not known); ``page`` 4×2 are the corners on a page whose text runs level, in any unit, which tells rows and
    columns (None: the picture itself is that page).
    """

    text: str
    score: float
    corners: Floats
    chars: tuple[float, ...] = ()
    at: tuple[float, ...] = ()
    page: Floats | None = None

    @property
    def height(self) -> float:
        return float(np.linalg.norm(self.corners[3] - self.corners[0]))

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom on the level page."""
        at = self.corners if self.page is None else self.page
        (x0, y0), (x1, y1) = at.min(0), at.max(0)
        return float(x0), float(y0), float(x1), float(y1)


@dataclass(frozen=True, slots=True)
class Text:
    """What was read: lines from top to bottom; ``angle`` the degrees clockwise from the view's right to the direction
    in which the text is read; ``turns`` the clockwise quarter-turns that bring the view upright, None where too little
    text says so; ``unread`` boxes that the budget did not reach; ``spent_ms`` of that budget."""

    lines: list[Line]
    angle: float
    turns: int | None
    unread: int
    spent_ms: float


@cache
def _engine() -> Any:
    from rapidocr import RapidOCR  # noqa: PLC0415 - loads onnxruntime: only who reads text pays

    logging.getLogger("RapidOCR").setLevel(logging.ERROR)
    return RapidOCR(
        params={
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            "Global.log_level": "error",
            "Det.limit_type": "max",
            "Det.limit_side_len": 2000,
            "Det.max_candidates": _MOST_BOXES,
            "Rec.rec_img_shape": [3, _READ_HEIGHT, _NARROWEST],
        }
    )


def warm() -> None:
    """Load the models, so that the first picture does not pay for it."""
    page = np.full((96, 320, 3), 255, np.uint8)
    cv2.putText(page, "2026-11", (20, 60), cv2.FONT_HERSHEY_SIMPLEX, 1.4, (0, 0, 0), 3)
    read_lines(page)


def read_lines(rgb: NDArray[np.uint8]) -> list[Line]:
    """The lines of a picture, whichever way it lies; corners in its pixels."""
    height, width = rgb.shape[:2]
    factor = min(1.0, (_VIEW_PIXELS / (height * width)) ** 0.5)
    view = cv2.resize(rgb, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    shift = 0.5 / factor - 0.5
    return read(view, rgb, np.array([[1 / factor, 0, shift], [0, 1 / factor, shift], [0, 0, 1.0]])).lines


def read_upright(rgb: NDArray[np.uint8]) -> tuple[list[Line], int | None]:
    """The lines (corners in pixels of ``rgb``) and the clockwise quarter-turns that bring the text upright.

    The turn is None where too little text is there.
    """
    lines = read_lines(rgb)
    return lines, _turns(lines)


def read(view: NDArray[np.uint8], source: NDArray[np.uint8], to_source: Floats, budget_ms: float = BUDGET_MS) -> Text:
    """Find text in ``view`` and read it in ``source``; ``to_source`` takes pixels of the view to those of the source.

    Both are RGB. The text may run in any direction; one photo, one direction.
    """
    boxes = _find(view)
    budget = budget_ms - _FIND_MS * view.shape[0] * view.shape[1] / 1000
    if not len(boxes):
        return Text([], 0.0, None, 0, budget_ms - budget)
    axis = _axis(boxes)
    boxes = np.array([_along(box, axis) for box in boxes])
    if _upside_down([cut(source, to_source, _beginning(box)) for box in _samples(boxes)]):
        axis += 180.0
        boxes = boxes[:, [2, 3, 0, 1]]
    level = _level(axis)
    pages = project(level, boxes)
    lines: list[Line] = []
    unread = 0
    for index in _by_weight(pages):
        cost = _CALL_MS + _READ_MS * max(_width(boxes[index]), _NARROWEST)
        if cost > budget:
            unread += 1
            continue
        budget -= cost
        text, chars, at = recognise(cut(source, to_source, boxes[index]))
        score = float(np.mean(chars)) if chars else 0.0
        if text.strip() and score >= _LEGIBLE:
            lines.append(Line(text, score, project(to_source, boxes[index]), chars, at, pages[index]))
    lines = _in_reading_order(lines)
    angle = float((axis + 180) % 360 - 180)
    turns = int(np.round(-angle / 90)) % 4 if _legible(lines) >= 6 else None
    return Text(lines, angle, turns, unread, budget_ms - budget)


def cut(source: NDArray[np.uint8], to_source: Floats, box: Floats, stretch: float = 1.0) -> NDArray[np.uint8]:
    """A box of the view, straightened out of the source at the reader's height; ``stretch`` widens it."""
    width, height = round(_width(box) * stretch), _READ_HEIGHT
    across, down = (box[1] - box[0]) / width, (box[3] - box[0]) / height
    to_crop = to_source @ np.array([[across[0], down[0], box[0, 0]], [across[1], down[1], box[0, 1]], [0, 0, 1.0]])
    corners = project(to_crop, rectangle(width, height))
    step = int(np.linalg.norm(corners[3] - corners[0]) / height / 2)
    if step > 1:  # much too dense: shrink it first, which costs less than a wide blur
        low = np.maximum(np.floor(corners.min(0)).astype(int) - step, 0)
        high = np.ceil(corners.max(0)).astype(int) + step
        part = source[low[1] : high[1], low[0] : high[0]]
        size = (part.shape[1] // step, part.shape[0] // step)
        if min(size) < 1:
            return np.zeros((height, width, 3), np.uint8)
        part = part[: size[1] * step, : size[0] * step]
        source = cv2.resize(part, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
        x, y = ((0.5 - low) / step - 0.5).tolist()
        to_crop = np.array([[1 / step, 0, x], [0, 1 / step, y], [0, 0, 1.0]]) @ to_crop
    return rectify(source, to_crop, (0, 0, width, height), 1.0).clip(0, 255).astype(np.uint8)


def recognise(crop: NDArray[np.uint8]) -> tuple[str, tuple[float, ...], tuple[float, ...]]:
    """The text of one straight, upright line; the reader's confidence in each character; its place along the line."""
    result = _engine()(_bgr(crop), use_det=False, use_cls=False, use_rec=True, return_word_box=True)
    text = str(result.txts[0])
    if not text:
        return "", (), ()
    words = result.word_results[0]
    steps = [step for columns in words.word_cols for step in columns]  # of every character but the spaces
    width = crop.shape[1] * _READ_HEIGHT / crop.shape[0]
    at, place = [], 0.0
    for character in text:
        if not character.isspace() and steps:
            place = min(1.0, (steps.pop(0) + 0.5) * _STEP / width)
        at.append(place)
    return text, tuple(float(c) for c in words.confs[: len(text)]), tuple(at)


def _bgr(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR).astype(np.uint8, copy=False)


def _find(view: NDArray[np.uint8]) -> Floats:
    """Boxes of text, N×4×2 in pixels of the view; none in a strip that no line fits into."""
    if min(view.shape[:2]) < _LEAST_SIDE or max(view.shape[:2]) > _LONGEST_SIDE:
        return np.zeros((0, 4, 2))
    result = _engine()(_bgr(view), use_det=True, use_cls=False, use_rec=False)
    boxes = getattr(result, "boxes", None)
    return np.zeros((0, 4, 2)) if boxes is None else np.asarray(boxes, np.float64)


def _upside_down(crops: Sequence[NDArray[np.uint8]]) -> bool:
    """Whether lines stand on their head: the small classifier votes, the reader decides where it is not of one mind."""
    votes = []
    for crop in crops:
        result = _engine()(_bgr(crop), use_det=False, use_cls=True, use_rec=False)
        label, score = result.cls_res[0]
        votes.append(float(score) * (1 if label == "180" else -1))
    mean = float(np.mean(votes))
    if abs(mean) > 0.8:
        return mean > 0
    worth = [0.0, 0.0]
    for crop in crops[:2]:
        for way in (0, 1):
            turned = np.ascontiguousarray(crop[::-1, ::-1]) if way else crop
            _, chars, _ = recognise(turned)
            worth[way] += float(sum(c for c in chars if c > 0.8))
    return worth[1] > worth[0]


def _axis(boxes: Floats) -> float:
    """The direction of most text in degrees (up to half a turn, −60 < axis ≤ 120): the long sides of the boxes."""
    top = boxes[:, 1] - boxes[:, 0]
    side = boxes[:, 3] - boxes[:, 0]
    a, b = np.linalg.norm(top, axis=1), np.linalg.norm(side, axis=1)
    long = np.where((a >= b)[:, None], top, side)
    angle = np.arctan2(long[:, 1], long[:, 0])
    weight = np.maximum(np.maximum(a, b) / np.maximum(np.minimum(a, b), 1.0) - 1.5, 0.0)
    total = np.sum(weight * np.exp(2j * angle))
    if abs(total) < 1e-9:
        return 0.0
    degrees = float(np.degrees(np.angle(total)) / 2)  # −90 … 90
    return degrees if degrees > -60 else degrees + 180


def _along(box: Floats, axis: float) -> Floats:
    """The box with its corners from the one where text along ``axis`` begins."""
    way = np.array([np.cos(np.radians(axis)), np.sin(np.radians(axis))])
    rolled = [np.roll(box, -k, axis=0) for k in range(4)]
    return max(rolled, key=lambda b: float((b[1] - b[0]) @ way / max(float(np.linalg.norm(b[1] - b[0])), 1.0)))


def _samples(boxes: Floats) -> Floats:
    """The largest lines among those long enough to tell their direction."""
    long = boxes[_aspects(boxes) >= min(3.0, float(np.max(_aspects(boxes))))]
    height = np.linalg.norm(long[:, 3] - long[:, 0], axis=1)
    return np.asarray(long[np.argsort(-height, kind="stable")[:_SAMPLE]], np.float64)


def _beginning(box: Floats) -> Floats:
    share = min(1.0, _SAMPLE_ASPECT / float(_aspects(box[None])[0]))
    top, bottom = box[0] + share * (box[1] - box[0]), box[3] + share * (box[2] - box[3])
    return np.array([box[0], top, bottom, box[3]])


def _aspects(boxes: Floats) -> Floats:
    wide = np.linalg.norm(boxes[:, 1] - boxes[:, 0], axis=1)
    high = np.linalg.norm(boxes[:, 3] - boxes[:, 0], axis=1)
    return np.asarray(wide / np.maximum(high, 1.0), np.float64)


def _width(box: Floats) -> int:
    """Width of a line at the reader's height."""
    return int(np.clip(np.ceil(_READ_HEIGHT * _aspects(box[None])[0]), 16, _LONGEST))


def _level(axis: float) -> Floats:
    """Turns a view so that text along ``axis`` degrees runs level."""
    c, s = np.cos(np.radians(axis)), np.sin(np.radians(axis))
    return np.array([[c, s, 0], [-s, c, 0], [0, 0, 1.0]])


def _in_reading_order(lines: Sequence[Line]) -> list[Line]:
    """Rows from the top, each from the left."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: line.box[1] + line.box[3]):
        _, top, _, bottom = line.box
        last = rows[-1][0].box if rows else None
        if last is not None and abs((last[1] + last[3]) - (top + bottom)) < min(last[3] - last[1], bottom - top):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [line for row in rows for line in sorted(row, key=lambda line: line.box[0])]


def _by_weight(pages: Floats) -> list[int]:
    """Boxes in the order in which they are worth reading: standing alone or in a table, then small print, then prose.

    Prose is four long lines or more, of the same margins and close together.
    """
    x0, y0 = pages[..., 0].min(1), pages[..., 1].min(1)
    x1, y1 = pages[..., 0].max(1), pages[..., 1].max(1)
    high, wide = np.maximum(y1 - y0, 1.0), x1 - x0
    gap = np.minimum(np.abs(y0[None] - y1[:, None]), np.abs(y1[None] - y0[:, None]))
    alike = np.abs(x0[None] - x0[:, None]) < high[:, None]
    alike &= (np.abs(x1[None] - x1[:, None]) < 2 * high[:, None]) & (gap < 0.6 * high[:, None])
    inner = (wide > 14 * high) & (alike.sum(1) >= 2)
    inner &= (alike & inner[None]).any(1)  # four lines and more: three may be fields
    prose = inner | (alike & inner[None]).any(1)
    small = high < 0.7 * float(np.median(high))
    rank = np.select([wide < high, prose, small], [3, 2, 1], 0)  # upright among lying text: stamps, ornaments
    return [int(index) for index in np.lexsort((x0, y0, rank))]


def _legible(lines: Sequence[Line]) -> float:
    """How many characters were read with confidence."""
    return float(sum(len(line.text) for line in lines if line.score > 0.85 and len(line.text) > 1))


def _turns(lines: Sequence[Line]) -> int | None:
    """Clockwise quarter-turns that bring these lines upright, by the way most of them run."""
    if _legible(lines) < 6:
        return None
    way = np.sum([line.corners[1] - line.corners[0] for line in lines], axis=0)
    return int(np.round(-np.degrees(np.arctan2(way[1], way[0])) / 90)) % 4
