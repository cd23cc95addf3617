"""The photo with what was found drawn on it: sheet, code, millimetres to the edges, failed clauses.

Only ASCII is drawn (clause numbers and figures), with OpenCV's own strokes: no font file is needed, and the Chinese
sentences stand beside the picture anyway.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from inspection.findings import upright_edges
from inspection.geometry import Floats
from inspection.measure import SIDES
from inspection.profile import limit
from inspection.report import Finding, Verdict
from inspection.sheet import Sheet

LONG_SIDE = 1600
MAX_BYTES = 2_000_000

_GREEN, _RED, _AMBER, _BLUE = (40, 170, 60), (225, 40, 40), (240, 160, 20), (30, 110, 230)
_COLOURS = {Verdict.PASS: _GREEN, Verdict.FAIL: _RED, Verdict.UNCLEAR: _AMBER}
_PRINT = ("D.1.1.edge", "D.1.1.corner", "D.1.1.clear", "D.1.2", "D.2.1.contrast", "D.2.1.sharpness", "D.2.2", "D.2.3",
          "D.3.1", "D.3.2")  # fmt: skip


def draw(rgb: NDArray[np.uint8], sheet: Sheet | None, code: Floats | None, findings: tuple[Finding, ...]) -> bytes:
    """A JPEG of at most 1600 pixels and 2 MB. ``code`` 4×2 corners in pixels of ``rgb``, None where there is none."""
    factor = min(1.0, LONG_SIDE / max(rgb.shape[:2]))
    canvas = rgb.copy() if factor == 1.0 else cv2.resize(rgb, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    pen = _Pen(np.ascontiguousarray(canvas, np.uint8), factor)
    by_clause = {f.clause: f for f in findings}
    if sheet is not None:
        pen.outline(sheet.outline(), _BLUE, 0.6)
    if code is not None:
        printed = [by_clause[c].verdict for c in _PRINT if c in by_clause]
        worst = (
            Verdict.FAIL if Verdict.FAIL in printed else Verdict.UNCLEAR if Verdict.UNCLEAR in printed else Verdict.PASS
        )
        pen.outline(code, _COLOURS[worst], 1.0)
    if sheet is not None:
        _rulers(pen, sheet, by_clause)
    for finding in findings:
        if finding.clause == "D.1.2" and finding.verdict is Verdict.FAIL and finding.where is not None:
            pen.outline(np.array(finding.where), _RED, 0.6)
    pen.tags([(tag(f), _COLOURS[f.verdict]) for f in findings if f.verdict is Verdict.FAIL] or _summary(by_clause))
    return pen.jpeg()


def tag(finding: Finding) -> str:
    """A failed clause in a few ASCII characters: ``D.3.1 17.8mm < 20``."""
    measured = finding.measured
    clause = finding.clause
    if clause == "D.3.1" and "side_mm" in measured:
        least = "15" if " 15 " in finding.required else "20"
        return f"D.3.1 {measured['side_mm']:.1f}mm < {least}"
    if clause == "D.1.1.edge" and "edge_mm" in measured:
        return f"D.1.1 {min(measured['edge_mm'].values()):.1f}mm < 5"
    if clause == "D.3.2" and "quiet_mm" in measured:
        return f"D.3.2 {min(measured['quiet_mm'].values()):.1f}mm < 3"
    if clause == "D.2.1.contrast" and "pcs" in measured:
        return f"D.2.1 PCS {measured['pcs']:.0%} < 90%"
    return clause


def _summary(by_clause: dict[str, Finding]) -> list[tuple[str, tuple[int, int, int]]]:
    side = by_clause.get("D.3.1")
    if side is not None and side.verdict is Verdict.PASS and "side_mm" in side.measured:
        return [(f"OK {side.measured['side_mm']:.1f}mm", _GREEN)]
    return []


def _rulers(pen: "_Pen", sheet: Sheet, by_clause: dict[str, Finding]) -> None:
    """A line from the code to each edge with its millimetres; red where the edge is too near."""
    edge = by_clause.get("D.1.1.edge")
    if edge is None or "edge_mm" not in edge.measured:
        return  # what the report does not say, the picture does not show
    failed = edge.verdict is Verdict.FAIL
    distances = sheet.edge_mm()
    upright = upright_edges(sheet)
    ring = ("top", "right", "bottom", "left")
    low, high = sheet.code_mm.min(0), sheet.code_mm.max(0)
    middle = (low + high) / 2
    width, height = sheet.size
    ends = {
        "left": ((low[0], middle[1]), (0.0, middle[1])), "right": ((high[0], middle[1]), (width, middle[1])),
        "top": ((middle[0], low[1]), (middle[0], 0.0)), "bottom": ((middle[0], high[1]), (middle[0], height)),
    }  # fmt: skip
    for side in SIDES:
        name = ring[(ring.index(side) + sheet.turns) % 4]
        start, end = sheet.surface.project(np.array(ends[side]))
        colour = _RED if failed and upright[name] < limit("edge_mm") else _BLUE
        pen.ruler(start, end, f"{distances[side]:.1f}", colour)


class _Pen:
    """Strokes with a white halo, wide enough to be seen on a phone 390 pixels across."""

    def __init__(self, canvas: NDArray[np.uint8], factor: float) -> None:
        self.canvas = canvas
        self.factor = factor
        self.unit = max(canvas.shape[:2]) / 400  # one pixel on a phone
        self.taken = 0

    def _at(self, point: Floats) -> tuple[int, int]:
        x, y = (np.asarray(point) + 0.5) * self.factor - 0.5
        bound = 4 * max(self.canvas.shape[:2])
        return int(np.clip(round(x), -bound, bound)), int(np.clip(round(y), -bound, bound))

    def outline(self, corners: Floats, colour: tuple[int, int, int], weight: float) -> None:
        points = np.array([self._at(corner) for corner in corners], np.int32).reshape(-1, 1, 2)
        wide = max(2, round(2.2 * weight * self.unit))
        cv2.polylines(self.canvas, [points], True, (255, 255, 255), wide + max(2, round(self.unit)), cv2.LINE_AA)
        cv2.polylines(self.canvas, [points], True, colour, wide, cv2.LINE_AA)

    def ruler(self, start: Floats, end: Floats, label: str, colour: tuple[int, int, int]) -> None:
        a, b = self._at(start), self._at(end)
        wide = max(2, round(1.2 * self.unit))
        cv2.line(self.canvas, a, b, (255, 255, 255), wide + max(2, round(self.unit)), cv2.LINE_AA)
        cv2.line(self.canvas, a, b, colour, wide, cv2.LINE_AA)
        for point in (a, b):
            cv2.circle(self.canvas, point, max(3, round(1.8 * self.unit)), colour, -1, cv2.LINE_AA)
        length = float(np.hypot(b[0] - a[0], b[1] - a[1]))
        room = 26 * self.unit  # a label's own width
        along = 0.5 if length > 1.5 * room else 1 + 0.7 * room / max(length, 1.0)  # short: beyond the edge
        centre = (round(a[0] + along * (b[0] - a[0])), round(a[1] + along * (b[1] - a[1])))
        self._label(centre, label, colour, 0.42)

    def tags(self, tags: list[tuple[str, tuple[int, int, int]]]) -> None:
        """A column of filled tags in the upper left corner."""
        margin, y = round(5 * self.unit), round(5 * self.unit)
        for text, colour in tags[:6]:
            box = self._box((margin, y), text, colour, 0.55, 3.5)
            y = box[1] + round(2.5 * self.unit)

    def _label(self, centre: tuple[int, int], text: str, colour: tuple[int, int, int], size: float) -> None:
        """White figures on a filled box: legible over print, wood and the line itself."""
        (width, height), base = self._extent(text, size)
        pad = round(2 * self.unit)
        limit_x, limit_y = self.canvas.shape[1] - width - 2 * pad, self.canvas.shape[0] - height - base - 2 * pad
        x = int(np.clip(centre[0] - width // 2 - pad, 0, max(limit_x, 0)))
        y = int(np.clip(centre[1] - height // 2 - pad, 0, max(limit_y, 0)))
        self._box((x, y), text, colour, size, 2)

    def _extent(self, text: str, size: float) -> tuple[tuple[int, int], int]:
        (width, height), base = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, size * self.unit, self._weight())
        return (int(width), int(height)), int(base)

    def _weight(self) -> int:
        return max(1, round(float(1.4 * self.unit)))

    def _box(
        self, corner: tuple[int, int], text: str, colour: tuple[int, int, int], size: float, padding: float
    ) -> tuple[int, int]:
        """A filled box with its upper left corner there; its lower right corner."""
        (width, height), base = self._extent(text, size)
        pad = round(padding * self.unit)
        end = (corner[0] + width + 2 * pad, corner[1] + height + base + 2 * pad)
        cv2.rectangle(self.canvas, corner, end, colour, -1, cv2.LINE_AA)
        at = (corner[0] + pad, corner[1] + pad + height)
        scale = size * self.unit
        cv2.putText(
            self.canvas, text, at, cv2.FONT_HERSHEY_SIMPLEX, scale, (255, 255, 255), self._weight(), cv2.LINE_AA
        )
        return int(end[0]), int(end[1])

    def jpeg(self) -> bytes:
        bgr = cv2.cvtColor(self.canvas, cv2.COLOR_RGB2BGR)
        for quality in (85, 70, 50, 30):
            done, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
            if done and data.nbytes <= MAX_BYTES:
                return bytes(data)
        raise ValueError("the marked picture does not fit two megabytes")
