"""The same place on every certificate of one category (D.1.3), from what earlier inspections measured.

The rule is the one of ``standard.prints.same_position``: the same corner, and margins to that corner that differ by at
most ``position_mm`` (2 mm in both rooms; two rooms that do not know each other keep one figure each, and a test
compares them). The advice here says which way the code has moved.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from inspection.profile import limit
from inspection.report import Finding, Verdict

_CLAUSE, _ROWS = "D.1.3", ("R50", "R55")
_REQUIRED = "同一品类产品的合格证上，二维码印刷位置一致"
_CORNERS = {"top": "右上角", "bottom": "右下角"}


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the code stands on one certificate, as it is read: the corner (``top`` or ``bottom``, on the right), the
    distances of the symbol to the four trimmed edges, its side, the sheet's size, and the measurement's uncertainty;
    millimetres. ``sheet`` names the certificate in sentences (a date, a batch, a report)."""

    corner: str
    edge_mm: dict[str, float]
    side_mm: float
    uncertainty_mm: float
    sheet_mm: tuple[float, float]
    sheet: str = "先前的合格证"

    @classmethod
    def of(cls, findings: Sequence[Finding], sheet: str = "先前的合格证") -> "Placement | None":
        """From the findings of one report; None where the corner or the millimetres were not decided."""
        by_clause = {finding.clause: finding for finding in findings}
        corner, edge, size = (by_clause.get(c) for c in ("D.1.1.corner", "D.1.1.edge", "D.3.1"))
        if corner is None or edge is None or size is None or corner.verdict is Verdict.UNCLEAR:
            return None
        distances, side = edge.measured.get("edge_mm"), size.measured.get("side_mm")
        uncertainty = edge.measured.get("uncertainty_mm")
        if distances is None or side is None or uncertainty is None:
            return None
        width = distances["left"] + side + distances["right"]
        height = distances["top"] + side + distances["bottom"]
        where = "top" if distances["top"] <= distances["bottom"] else "bottom"
        return cls(where, dict(distances), float(side), float(uncertainty), (round(width, 1), round(height, 1)), sheet)


def same_place(now: Placement, earlier: Sequence[Placement]) -> Finding:
    """D.1.3 for one certificate beside earlier ones of the same firm and category.

    Another corner, or margins further apart than the limit by more than both measurements' uncertainty, fails; within
    the uncertainty of the limit, or with nothing to compare, it is unclear (R55).
    """
    allowed = limit("position_mm")
    required = f"{_REQUIRED}：同一角，边距相差 ≤ {allowed:g} mm"
    if not earlier:
        advice = "本企业同品类只有这一张合格证，位置是否一致还无从比较：再检查一张后给出。"
        return Finding(_CLAUSE, Verdict.UNCLEAR, {}, required, advice, None, _ROWS)
    other = next((placement for placement in earlier if placement.corner != now.corner), None)
    if other is not None:
        advice = (
            f"这张的二维码在{_CORNERS[now.corner]}，{other.sheet}的在{_CORNERS[other.corner]}（D.1.3）："
            "同一品类请印在同一角，改版后重新印刷。"
        )
        return Finding(
            _CLAUSE, Verdict.FAIL, {"corner": now.corner, "other": other.corner}, required, advice, None, _ROWS
        )
    moves = [(side, now.edge_mm[side] - p.edge_mm[side], p) for p in earlier for side in ("right", now.corner)]
    side, moved, other = max(moves, key=lambda m: abs(m[1]) - now.uncertainty_mm - m[2].uncertainty_mm)
    uncertainty = now.uncertainty_mm + other.uncertainty_mm
    measured = {
        "moved_mm": {s: round(_farthest(m for t, m, _ in moves if t == s), 2) for s in ("right", now.corner)},
        "uncertainty_mm": round(uncertainty, 2), "compared": len(earlier),
    }  # fmt: skip
    if abs(moved) - uncertainty > allowed:
        advice = (
            f"二维码{_told(side, moved)}，与{other.sheet}相比相差 {abs(moved):.1f} mm，要求 ≤ {allowed:g} mm（D.1.3）："
            f"请移回距{_NAMES[side]}边 {other.edge_mm[side]:.1f} mm 处重新印刷。"
        )
        return Finding(_CLAUSE, Verdict.FAIL, measured, required, advice, None, _ROWS)
    doubtful = [m for m in moves if abs(m[1]) + now.uncertainty_mm + m[2].uncertainty_mm > allowed]
    if doubtful:
        side, moved, other = max(doubtful, key=lambda m: abs(m[1]))
        advice = (
            f"二维码{_told(side, moved)}，与 {allowed:g} mm 的差在测量误差（{uncertainty:.2f} mm）内，不能确定："
            "请压平、从正上方重拍。"
        )
        return Finding(_CLAUSE, Verdict.UNCLEAR, measured, required, advice, None, _ROWS)
    advice = f"与 {len(earlier)} 张同品类合格证的二维码位置一致（相差 {abs(moved):.1f} mm）。"
    return Finding(_CLAUSE, Verdict.PASS, measured, required, advice, None, _ROWS)


def _farthest(values: Iterable[float]) -> float:
    return max(values, key=abs)


_NAMES = {"right": "右", "top": "上", "bottom": "下"}
_WAYS = {"right": ("左", "右"), "top": ("下", "上"), "bottom": ("上", "下")}
"""Where the code has gone when the margin to that edge has grown, and shrunk."""


def _told(side: str, moved: float) -> str:
    return f"向{_WAYS[side][0 if moved > 0 else 1]}移了 {abs(moved):.1f} mm"
