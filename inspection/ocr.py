"""Text on the sheet, by RapidOCR with the models inside its wheel: nothing is downloaded."""

import logging
from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inspection.geometry import Floats

_LONG_SIDE = 736
"""Text detection looks at the picture at this size; its cost grows with the square."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text: corners 4×2 in pixels of the view it was read from, score 0…1."""

    text: str
    score: float
    corners: Floats

    @property
    def height(self) -> float:
        return float(np.linalg.norm(self.corners[3] - self.corners[0]))


@cache
def _engine() -> Any:
    from rapidocr import RapidOCR  # noqa: PLC0415 - loads onnxruntime: only who reads text pays

    logging.getLogger("RapidOCR").setLevel(logging.ERROR)
    return RapidOCR(
        params={
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            "Global.log_level": "error",
            "Global.use_cls": False,
            "Det.limit_type": "max",
            "Det.limit_side_len": _LONG_SIDE,
        }
    )


def warm() -> None:
    """Load the models, so that the first picture does not pay for it."""
    page = np.full((96, 320, 3), 255, np.uint8)
    cv2.putText(page, "2026-11", (20, 60), cv2.FONT_HERSHEY_SIMPLEX, 1.4, (0, 0, 0), 3)
    _engine()(page)


def read_lines(rgb: NDArray[np.uint8]) -> list[Line]:
    """Lines of text in a view that is roughly upright, top to bottom."""
    result = _engine()(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    texts, boxes, scores = (getattr(result, name, None) for name in ("txts", "boxes", "scores"))
    if texts is None or boxes is None or scores is None:
        return []
    return [
        Line(str(text), float(score), np.asarray(box, np.float64))
        for text, box, score in zip(texts, boxes, scores, strict=True)
    ]


def read_upright(rgb: NDArray[np.uint8], first_turn: int = 0) -> tuple[list[Line], int | None]:
    """The lines (corners in pixels of ``rgb``) and the clockwise quarter-turns that bring the text upright.

    ``first_turn`` is tried first, others only where it reads badly. The turn is None where too little text is there.
    """
    best: tuple[float, list[Line], int] = (0.0, [], first_turn)
    tried: set[int] = set()
    queue = [first_turn % 4]
    while queue:
        turn = queue.pop(0)
        tried.add(turn)
        turned = np.ascontiguousarray(np.rot90(rgb, -turn))
        lines = read_lines(turned)
        value = _legible(lines)
        if value > best[0]:
            best = (value, [_turned_back(line, turn, rgb.shape[:2]) for line in lines], turn)
        if value >= 10:
            break
        if len(tried) == 1 and lines:
            standing = sum(1 for line in lines if _upright_box(line)) < len(lines) / 2
            order = (1, 3, 2) if standing else (2,)
            queue += [(first_turn + k) % 4 for k in order]
    value, lines, turn = best
    return lines, turn if value >= 6 else None


def _upright_box(line: Line) -> bool:
    width = np.linalg.norm(line.corners[1] - line.corners[0])
    return bool(width >= line.height)


def _legible(lines: list[Line]) -> float:
    """How many characters were read with confidence in boxes that lie; upside-down text scores low."""
    return float(
        sum(len(line.text) for line in lines if line.score > 0.85 and _upright_box(line) and len(line.text) > 1)
    )


def _turned_back(line: Line, turn: int, shape: tuple[int, ...]) -> Line:
    """Corners from a view turned clockwise back to the view itself."""
    height, width = shape[:2]
    x, y = line.corners[:, 0], line.corners[:, 1]
    if turn == 1:
        x, y = y, height - 1 - x
    elif turn == 2:
        x, y = width - 1 - x, height - 1 - y
    elif turn == 3:
        x, y = width - 1 - y, x
    return Line(line.text, line.score, np.stack([x, y], axis=1))
