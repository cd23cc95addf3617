"""One side of a sheet, below a pixel: where half the light is lost between the paper and what lies beyond it."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inspection.geometry import Floats
from inspection.light import linear
from inspection.report import Size

SKIP = 0.1
"""Share of a side left out at each end: corners may be rounded."""
_LEAST_SEEN = 0.3
"""A side is fitted where at least this share of its profiles lies in the picture and shows a rim."""
_CONTRADICTED = 0.2
"""A side is not believed where more than this share of it shows plain paper, or plain table, on both sides."""
_BEYOND_MM = 0.7
"""So far past a rim the paper must not come back: a printed line is thinner."""
_COARSE_MM = 1.5
"""A look this wide only has to find the rim; the narrower ones that follow measure it."""
_SATURATED = 0.93
"""Linear light from which nothing can be told: a reflection."""


@dataclass(frozen=True, slots=True)
class Edge:
    """One fitted side in the sheet's frame: its offset outwards in mm is ``a + b·t + c·t²`` for t in −1…1 along it.

    ``support`` is the share of visible profiles that saw the rim there, ``visible`` the share of the side that lies in
    the picture and out of glare, ``spread_mm`` the robust scatter, ``width_mm`` the rim's own blur (standard
    deviation). ``t`` and ``offsets_mm`` are the profiles that agree.
    """

    curve: tuple[float, float, float]
    support: float
    visible: float
    spread_mm: float
    width_mm: float
    t: Floats
    offsets_mm: Floats

    def offset(self, t: float) -> float:
        a, b, c = self.curve
        return a + b * t + c * t * t


@dataclass(frozen=True, slots=True)
class Side:
    """A side of a sheet in mm: left and top run down and to the right too; ``outward`` a unit vector."""

    start: Floats
    end: Floats
    outward: Floats

    def at(self, t: Floats) -> Floats:
        """Points for t in −1…1."""
        return np.asarray(self.start + (self.end - self.start) * (t[:, None] + 1) / 2, np.float64)


def sides_of(size: Size) -> tuple[Side, Side, Side, Side]:
    """Top, right, bottom, left."""
    width, height = size
    a, b, c, d = (np.array(p, np.float64) for p in ((0, 0), (width, 0), (width, height), (0, height)))
    up, right = np.array([0.0, -1.0]), np.array([1.0, 0.0])
    return Side(a, b, up), Side(b, c, right), Side(d, c, -up), Side(a, d, -right)


class Hidden(Exception):
    """The side lies outside the picture, or in glare, for the most part."""


def fit_side(
    rgb: NDArray[np.uint8], to_photo: Callable[[Floats], Floats], side: Side, reach_mm: float, count: int
) -> Edge | None:
    """``count`` profiles across one side, each with the place where half the light is lost, then a robust parabola.

    ``to_photo`` takes millimetres to pixels. None where there is no rim; :class:`Hidden` where it cannot be seen.
    """
    t = np.linspace(-1 + 2 * SKIP, 1 - 2 * SKIP, count)
    middle = to_photo((side.start + side.end) / 2 + np.array([[0, 0], side.outward]))
    px_mm = float(np.linalg.norm(middle[1] - middle[0]))
    if not np.isfinite(px_mm) or px_mm < 0.5:
        return None
    step = max(0.04 if reach_mm < _COARSE_MM else 0.08, 0.4 / px_mm)
    plateau = max(0.35, 2.5 / px_mm)
    span = reach_mm + plateau + 0.4
    offsets = np.arange(-span - _BEYOND_MM, span + _BEYOND_MM + step / 2, step)
    places = side.at(t)[:, None] + side.outward * offsets[None, :, None]
    photo = to_photo(places).astype(np.float32)
    height, width = rgb.shape[:2]
    outside = ((photo < 0) | (photo > (width - 1, height - 1))).any(axis=2)
    out_of_frame = outside.mean(axis=1) > 0.5
    if out_of_frame.mean() > 1 - _LEAST_SEEN:
        raise Hidden
    seen = cv2.remap(rgb, photo[..., 0], photo[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0)
    # neighbours averaged along the side: the rim is smooth, noise and the table's grain are not
    light = cv2.blur(linear(np.asarray(seen, np.uint8)), (1, 5), borderType=cv2.BORDER_REPLICATE)
    near, far = round(plateau / step), round((plateau + 0.4) / step)
    sums = np.concatenate([np.zeros((count, 1, 3), np.float32), np.cumsum(light, axis=1)], axis=1)
    lanes = len(offsets)
    further = round(_BEYOND_MM / step)
    at = np.arange(far + further, lanes - far - further)
    inner = (sums[:, at - near + 1] - sums[:, at - far]) / (far - near + 1)
    outer = (sums[:, at + far + 1] - sums[:, at + near]) / (far - near + 1)
    beyond = (sums[:, at + far + further + 1] - sums[:, at + near + further]) / (far - near + 1)
    gap, step_on = inner - outer, inner - beyond
    blind = np.concatenate([np.zeros((count, 1), np.int64), np.cumsum(outside, axis=1)], axis=1)
    clipped = np.minimum(inner.min(axis=-1), outer.min(axis=-1)) > _SATURATED
    unseen = (blind[:, at + far + 1] > blind[:, at - far]) | clipped
    # past a printed line paper goes on: only where it stays away is a rim
    lasting = np.minimum(np.einsum("ijk,ijk->ij", gap, gap), 2 * np.einsum("ijk,ijk->ij", step_on, step_on))
    # and inside of it is what the innermost part shows: paper, not the ink of a line
    paper = np.median(light[:, : far + further], axis=1)
    inked = inner - paper[:, None]
    inked_far = 4 * np.einsum("ijk,ijk->ij", inked, inked) > np.einsum("ijk,ijk->ij", gap, gap)
    contrast = np.where(unseen | inked_far, 0.0, np.sqrt(lasting))
    best = contrast.argmax(axis=1)
    row = np.arange(count)
    strong = contrast[row, best] > 0.02 + 0.03 * np.linalg.norm(inner[row, best], axis=-1)
    step_size = np.maximum(np.linalg.norm(gap[row, best], axis=-1), 1e-9)
    direction = gap[row, best] / step_size[:, None]
    level = np.einsum("ijk,ik->ij", light, direction) - np.einsum("ik,ik->i", outer[row, best], direction)[:, None]
    level = level / step_size[:, None]
    where, blur = _half_crossing(level, at[best], near, offsets, step)
    usable = strong & np.isfinite(where)
    if usable.sum() < _LEAST_SEEN * count:
        if out_of_frame.any():
            raise Hidden  # what little is in the picture shows no rim
        return None
    curve, spread, inliers = _robust_curve(t[usable], where[usable])
    if not inliers.any():
        return None
    # A true rim shows nearly everywhere; where the fitted line runs through plain paper (or plain table), it is wrong.
    bent = curve[0] + curve[1] * t + curve[2] * t * t
    lane = np.clip(np.round((bent - offsets[at[0]]) / step).astype(int), 0, len(at) - 1)
    typical = float(np.median(contrast[usable][inliers, best[usable][inliers]]))
    visible = ~unseen[row, lane]
    if (visible & (contrast[row, lane] < 0.3 * typical)).sum() > _CONTRADICTED * max(visible.sum(), 1):
        return None
    agreed = t[usable][inliers]
    return Edge(
        curve, float(inliers.sum() / max(visible.sum(), inliers.sum(), 1)), float(visible.mean()), spread,
        float(np.median(blur[usable][inliers])), agreed, where[usable][inliers],
    )  # fmt: skip


def _half_crossing(
    level: Floats, centre: NDArray[np.int64], near: int, offsets: Floats, step: float
) -> tuple[Floats, Floats]:
    """Per profile: the offset at which ``level`` (1 inside, 0 outside) falls through one half, and the rim's width.

    Of several crossings the one nearest to the strongest contrast counts. NaN where there is none.
    """
    count, lanes = level.shape
    falls = (level[:, :-1] >= 0.5) & (level[:, 1:] < 0.5)
    distance = np.where(falls, np.abs(np.arange(lanes - 1)[None] - centre[:, None]), lanes)
    index = distance.argmin(axis=1)
    row = np.arange(count)
    found = distance[row, index] <= near
    first, second = level[row, index], level[row, index + 1]
    share = (first - 0.5) / np.maximum(first - second, 1e-6)
    where = np.where(found, offsets[index] + share * step, np.nan)
    slope = np.maximum(level[row, np.maximum(index - 1, 0)] - level[row, np.minimum(index + 2, lanes - 1)], 1e-3)
    return where, 3 * step / slope / 2.507


def _robust_curve(t: Floats, value: Floats) -> tuple[tuple[float, float, float], float, NDArray[np.bool_]]:
    """Parabola by re-weighted least squares; scatter; inliers."""
    # Start from the densest strip: a printed line or a shadow beside the rim must not pull the fit.
    curve = _mode_curve(t, value)
    basis = np.stack([np.ones_like(t), t, t * t], axis=1)
    residual = value - basis @ curve
    weight = (np.abs(residual) < 0.25).astype(np.float64)
    spread = 0.1
    for _ in range(6):
        if weight.sum() < 12:
            break
        solved, *_ = np.linalg.lstsq(basis * weight[:, None] ** 0.5, value * weight**0.5, rcond=None)
        curve = solved
        residual = value - basis @ curve
        spread = max(1.4826 * float(np.median(np.abs(residual[weight > 0]))), 0.005)
        weight = np.maximum(1 - (residual / (4.5 * spread + 0.02)) ** 2, 0) ** 2
    a, b, c = (float(x) for x in curve)
    return (a, b, c), spread, np.abs(residual) < max(3.5 * spread, 0.12)


def _mode_curve(t: Floats, value: Floats) -> Floats:
    """The parabola that most profiles agree on: through triples, one from each third of the side."""
    third = len(t) // 3
    pick = np.arange(0, third, max(1, third // 8))
    i, j, k = (g.reshape(-1) for g in np.meshgrid(pick, pick[::2] + third, pick + 2 * third, indexing="ij"))
    t0, t1, t2 = t[i], t[j], t[k]
    v0, v1, v2 = value[i], value[j], value[k]
    slope01, slope12 = (v1 - v0) / np.maximum(t1 - t0, 1e-6), (v2 - v1) / np.maximum(t2 - t1, 1e-6)
    c = (slope12 - slope01) / np.maximum(t2 - t0, 1e-6)
    b = slope01 - c * (t0 + t1)
    a = v0 - b * t0 - c * t0 * t0
    likely = np.abs(c) < 2.0
    curves = np.stack([a, b, c], 1)[likely]
    if not len(curves):
        return np.array([float(np.median(value)), 0.0, 0.0])
    seen = slice(None, None, max(1, len(t) // 60))
    basis = np.stack([np.ones_like(t), t, t * t])[:, seen]
    near = np.abs(value[seen] - curves @ basis) < 0.12
    return np.asarray(curves[int((near.sum(axis=1) - 0.02 * np.abs(curves[:, 2])).argmax())], np.float64)
