"""Finding the sheet of known size around its code, and one homography from millimetres to the photo.

The code gives two axes and a plane. Lines along these axes are grouped; of all choices of four, in both orientations
of the sheet, those count in which the code comes out square; the sides must look like the rim of paper. The chosen
sides are then fitted below a pixel.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from inspection.geometry import Floats, homographies, homography, line_through, meet, project, rectangle, side_lengths
from inspection.grid import Grid, rectify
from inspection.profile import limit
from inspection.report import Size

_SKIP = 0.1
"""Share of a side left out at each end: corners may be rounded."""
_LINES = 14
"""Candidates kept on each side of the code."""
_REACH = 11.0
"""How far from the code, in code sides, a sheet edge is looked for."""
_MAX_BOW_MM = 1.0
_CONTRADICTED = 0.2
"""A side is not believed where more than this share of it shows no rim at all."""


@dataclass(frozen=True, slots=True)
class Edge:
    """One fitted side in the sheet's frame: its offset outwards in mm is ``a + b·t + c·t²`` for t in −1…1 along it.

    ``support`` is the share of profiles that saw the rim there, ``spread_mm`` their robust scatter, ``width_mm`` the
    rim's own blur (standard deviation).
    """

    curve: tuple[float, float, float]
    support: float
    spread_mm: float
    width_mm: float

    def offset(self, t: float) -> float:
        a, b, c = self.curve
        return a + b * t + c * t * t


@dataclass(frozen=True, slots=True)
class Sheet:
    """The sheet on the photo. ``to_photo`` takes millimetres (x right, y down, from the top left corner, along the
    code's axes) to photo pixels; ``size`` is width and height in that frame; ``edges`` top, right, bottom, left.

    ``turns`` quarter-turns clockwise make the frame upright as the sheet is read (set once the text is read).
    """

    size: Size
    to_photo: Floats
    edges: tuple[Edge, Edge, Edge, Edge]
    uncertainty_mm: float
    px_per_mm: float
    code_mm: Floats
    """Corners of the code in this frame, 4×2."""
    turns: int = 0

    @property
    def corners(self) -> Floats:
        return project(self.to_photo, rectangle(*self.size))

    def edge_mm(self) -> dict[str, float]:
        """Distance of the symbol to each trimmed edge, in the frame's own (not yet upright) directions.

        Taken to the fitted edge where it faces the code, so that a slightly bowed edge counts where it is.
        """
        width, height = self.size
        low, high = self.code_mm.min(0), self.code_mm.max(0)
        top, right, bottom, left = self.edges

        def nearest(edge: Edge, start: float, end: float, length: float) -> float:
            ends = (2 * start / length - 1, 2 * end / length - 1)
            return min(edge.offset(t) for t in ends)

        return {
            "left": float(low[0]) + nearest(left, low[1], high[1], height),
            "top": float(low[1]) + nearest(top, low[0], high[0], width),
            "right": float(width - high[0]) + nearest(right, low[1], high[1], height),
            "bottom": float(height - high[1]) + nearest(bottom, low[0], high[0], width),
        }

    def code_sides_mm(self) -> tuple[float, float]:
        """Width and height of the symbol."""
        top, right, bottom, left = side_lengths(self.code_mm)
        return float(top + bottom) / 2, float(left + right) / 2

    def upright(self, turns: int) -> "Sheet":
        return replace(self, turns=turns % 4)


@dataclass(frozen=True, slots=True)
class _Lines:
    """Candidates across one axis of the code's frame. ``ends`` N×2×2: two points of each line in view pixels."""

    ends: Floats
    rim: Floats
    """Cumulated rim flags along each line, N×(length + 1)."""
    before: NDArray[np.bool_]
    after: NDArray[np.bool_]


def find_sheet(rgb: NDArray[np.uint8], grid: Grid, size: Size) -> Sheet | None:
    """Locate a sheet of ``size`` (as read; both orientations to the code are tried); None where nothing fits surely."""
    candidates = _candidates(rgb, grid, size)
    best: Sheet | None = None
    for corners, oriented in candidates:
        sheet = _refine(rgb, grid, corners, oriented)
        if sheet is not None and (best is None or sheet.uncertainty_mm < 0.6 * best.uncertainty_mm):
            best = sheet
            if sheet.uncertainty_mm <= 0.15:
                break
    return best


def _candidates(rgb: NDArray[np.uint8], grid: Grid, size: Size) -> list[tuple[Floats, Size]]:
    """Up to three guesses, best first: corners in photo pixels and the size along the code's axes."""
    to_photo = grid.to_photo @ np.diag([grid.columns, grid.rows, 1.0])  # code sides -> photo
    box = _visible_box(to_photo, rgb.shape[1], rgb.shape[0])
    density = min(grid.px_per_module * grid.columns, 140.0)
    density = min(density, (1_600_000 / ((box[2] - box[0]) * (box[3] - box[1]))) ** 0.5)
    view = rectify(rgb, to_photo, box, density).astype(np.uint8)
    lab = cv2.cvtColor(view, cv2.COLOR_RGB2LAB).astype(np.float32)
    origin = np.array([-box[0], -box[1]]) * density
    code = np.array([origin, origin + density])
    paper = _paper_colour(lab, code)
    upright = _lines(lab, code, paper)
    lying = _lines(np.ascontiguousarray(lab.transpose(1, 0, 2)), code[:, ::-1], paper)
    choices = _combine(upright, lying, code, size, float(density))
    from_view = to_photo @ np.array(
        [[1 / density, 0, box[0] + 0.5 / density], [0, 1 / density, box[1] + 0.5 / density], [0, 0, 1]]
    )
    return [(project(from_view, corners), oriented) for corners, oriented in choices]


def _visible_box(to_photo: Floats, width: int, height: int) -> tuple[float, float, float, float]:
    """The part of the code's plane that the photo shows, in code sides, at most ``_REACH`` from the code."""
    steps = np.linspace(-_REACH, _REACH + 1, 49)
    x, y = np.meshgrid(steps, steps)
    points = np.stack([x, y], -1).reshape(-1, 2)
    depth = points @ to_photo[2, :2] + to_photo[2, 2]
    near = depth > 0.25 * float(to_photo[2, :2].sum() * 0.5 + to_photo[2, 2])  # not beyond the horizon
    seen = project(to_photo, points)
    shown = near & (seen > -2).all(1) & (seen < (width + 2, height + 2)).all(1)
    low, high = points[shown].min(0, initial=0.0), points[shown].max(0, initial=1.0)
    step = steps[1] - steps[0]
    return float(low[0] - step), float(low[1] - step), float(high[0] + step), float(high[1] + step)


def _paper_colour(lab: NDArray[np.float32], code: Floats) -> NDArray[np.float32]:
    """Lab of the paper: the brighter half of a wide ring around the code."""
    (x0, y0), (x1, y1) = code
    ring = 0.25 * (x1 - x0)
    height, width = lab.shape[:2]
    a, b = int(max(y0 - ring, 0)), int(min(y1 + ring, height))
    c, d = int(max(x0 - ring, 0)), int(min(x1 + ring, width))
    pixels = lab[a:b, c:d].reshape(-1, 3)
    bright = pixels[pixels[:, 0] >= np.percentile(pixels[:, 0], 70)]
    return np.asarray(np.median(bright, axis=0), np.float32)


def _lines(lab: NDArray[np.float32], code: Floats, paper: NDArray[np.float32]) -> _Lines:
    """Straight borders that run down the view (x nearly constant), strongest first, ``_LINES`` on each side."""
    height, width = lab.shape[:2]
    soft = np.asarray(cv2.GaussianBlur(lab, (0, 0), 1.0), np.float32)
    across = cv2.Sobel(soft, cv2.CV_32F, 1, 0, ksize=3)
    along = cv2.Sobel(soft, cv2.CV_32F, 0, 1, ksize=3)
    strength = np.abs(across[..., 0]) + 1.5 * np.abs(across[..., 2])
    other = np.abs(along[..., 0]) + 1.5 * np.abs(along[..., 2])
    peak = (strength > 10) & (strength > 1.6 * other)
    peak[:, 1:-1] &= (strength[:, 1:-1] >= strength[:, :-2]) & (strength[:, 1:-1] > strength[:, 2:])
    (x0, y0), (x1, y1) = code
    margin = 0.02 * (x1 - x0)
    ys, xs = np.nonzero(peak)
    beside = (xs < x0 - margin) | (xs > x1 + margin)
    ys, xs = ys[beside], xs[beside]
    # Only points where paper ends count: that drops print, and the grain of the table, before any line is sought.
    outward = np.where(xs < x0, -4, 4)
    inner = soft[ys, np.clip(xs - outward, 0, width - 1)]
    outer = soft[ys, np.clip(xs + outward, 0, width - 1)]
    rim = _is_rim(inner, outer, paper)
    ys, xs = ys[rim], xs[rim]
    slopes = np.linspace(-0.07, 0.07, 57)
    middle = (y0 + y1) / 2
    pad = int(0.08 * height) + 3
    columns = np.round(xs[None] - slopes[:, None] * (ys[None] - middle)).astype(np.int64) + pad
    span = width + 2 * pad
    columns = np.clip(columns, 0, span - 1)
    votes = np.zeros((len(slopes), span), np.int64)
    for index, column in enumerate(columns):
        votes[index] = np.bincount(column, minlength=span)
    ends, sides = [], {True: 0, False: 0}
    least = 0.8 * (y1 - y0)
    for _ in range(6 * _LINES):
        total = votes[:, :-2] + votes[:, 1:-1] + votes[:, 2:]
        which, column = np.unravel_index(int(total.argmax()), total.shape)
        if total[which, column] < least or not len(xs):
            break
        on = np.abs(columns[which] - (column + 1)) <= 2
        slope, offset = _least_squares(ys[on] - middle, xs[on].astype(np.float64))
        for index, taken in enumerate(columns[:, on]):
            votes[index] -= np.bincount(taken, minlength=span)
        keep = ~on
        xs, ys, columns = xs[keep], ys[keep], columns[:, keep]
        left = offset < (x0 + x1) / 2
        if sides[left] >= _LINES or not (offset < x0 - margin or offset > x1 + margin):
            continue
        sides[left] += 1
        ends.append(((offset - slope * middle, 0.0), (offset + slope * (height - middle), float(height))))
        if min(sides.values()) >= _LINES:
            break
    array = np.array(ends, np.float64).reshape(-1, 2, 2)
    centre = array[:, 0, 0] + (array[:, 1, 0] - array[:, 0, 0]) * middle / height
    before = centre < x0
    return _Lines(array, _rim(soft, array, before, paper), before, ~before)


def _least_squares(t: Floats, value: Floats) -> tuple[float, float]:
    """Slope and offset at t = 0."""
    if len(t) < 2 or np.ptp(t) < 1:
        return 0.0, float(value.mean())
    slope, offset = np.polyfit(t, value, 1)
    return float(slope), float(offset)


def _rim(lab: NDArray[np.float32], ends: Floats, before: NDArray[np.bool_], paper: NDArray[np.float32]) -> Floats:
    """Where along each line paper ends: inside it is like the paper, outside it is clearly not. N×(height + 1) sums."""
    height, width = lab.shape[:2]
    count = len(ends)
    if not count:
        return np.zeros((0, height + 1))
    y = np.arange(height, dtype=np.float32)
    x = (ends[:, 0, 0, None] + (ends[:, 1, 0] - ends[:, 0, 0])[:, None] * y / height).astype(np.float32)
    outward = np.where(before, -1.0, 1.0).astype(np.float32)[:, None]
    rows = np.broadcast_to(y, x.shape).astype(np.float32)

    def colour(distance: float) -> NDArray[np.float32]:
        place = x + outward * np.float32(distance)
        seen = cv2.remap(lab, place, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(seen, np.float32)

    flags = _is_rim((colour(-3) + colour(-5)) / 2, (colour(3) + colour(5)) / 2, paper) & (x > 0) & (x < width - 1)
    return np.concatenate([np.zeros((count, 1)), np.cumsum(flags, axis=1)], axis=1)


def _is_rim(inner: Floats, outer: Floats, paper: Floats) -> NDArray[np.bool_]:
    """Lab colours (…×3) on both sides of a border: paper within (its light may fall off), something else without."""
    step = np.abs(inner - outer) @ np.array([1.0, 1.0, 1.5], np.float32)
    off_paper = np.abs(inner - paper) @ np.array([0.35, 1.0, 1.0], np.float32)
    return np.asarray((step > 7) & (off_paper < 30), np.bool_)


def _combine(upright: _Lines, lying: _Lines, code: Floats, size: Size, density: float) -> list[tuple[Floats, Size]]:
    """The best choices of four lines, as corners in view pixels with the oriented size."""
    lefts, rights = np.nonzero(upright.before)[0], np.nonzero(upright.after)[0]
    tops, bottoms = np.nonzero(lying.before)[0], np.nonzero(lying.after)[0]
    if not (len(lefts) and len(rights) and len(tops) and len(bottoms)):
        return []
    vertical = line_through(upright.ends[:, 0], upright.ends[:, 1])
    flipped = lying.ends[..., ::-1]
    level = line_through(flipped[:, 0], flipped[:, 1])
    middle = code.mean(0)
    cross_x = meet(vertical, np.array([0.0, 1.0, -middle[1]]))[:, 0]
    cross_y = meet(level, np.array([1.0, 0.0, -middle[0]]))[:, 1]
    pick = np.array(np.meshgrid(lefts, rights, tops, bottoms, indexing="ij")).reshape(4, -1)
    wide = cross_x[pick[1]] - cross_x[pick[0]]
    high = cross_y[pick[3]] - cross_y[pick[2]]
    found: list[tuple[float, Floats, Size]] = []
    orientations = {size, (size[1], size[0])}
    for oriented in orientations:
        ratio = wide / high / (oriented[0] / oriented[1])
        side = density / wide * oriented[0]
        likely = (np.abs(np.log(ratio)) < 0.06) & (side > 6) & (side < min(oriented))
        chosen = pick[:, likely]
        if not chosen.shape[1]:
            continue
        left, right, top, bottom = chosen
        corners = np.stack(
            [
                meet(vertical[left], level[top]), meet(vertical[right], level[top]),
                meet(vertical[right], level[bottom]), meet(vertical[left], level[bottom]),
            ],
            axis=1,
        )  # fmt: skip
        support = np.stack(
            [
                _support(lying.rim[top], corners[:, 0, 0], corners[:, 1, 0]),
                _support(upright.rim[right], corners[:, 1, 1], corners[:, 2, 1]),
                _support(lying.rim[bottom], corners[:, 3, 0], corners[:, 2, 0]),
                _support(upright.rim[left], corners[:, 0, 1], corners[:, 3, 1]),
            ],
            axis=1,
        )
        enough = (support.min(axis=1) > limit("sheet_support") - 0.1) & np.isfinite(corners).all(axis=(1, 2))
        corners, support = corners[enough], support[enough]
        if not len(corners):
            continue
        to_mm = homographies(corners, np.broadcast_to(rectangle(*oriented), corners.shape))
        square = rectangle(1, 1) * (code[1] - code[0]) + code[0]
        homogeneous = np.concatenate([square, np.ones((4, 1))], axis=1)
        moved = homogeneous @ to_mm.transpose(0, 2, 1)
        in_mm = moved[..., :2] / moved[..., 2:]
        sides = side_lengths(in_mm)
        skew = np.abs(sides / sides.mean(axis=1, keepdims=True) - 1).max(axis=1)
        tilt = np.abs(np.diff(in_mm, axis=1)).min(axis=2).max(axis=1) / sides.mean(axis=1)
        score = support.mean(axis=1) + 0.5 * support.min(axis=1) - 8 * np.maximum(skew, 0.6 * tilt)
        good = (skew < 0.035) & (tilt < 0.05)
        order = np.argsort(-np.where(good, score, -np.inf))[:6]
        found += [(float(score[i]), corners[i], oriented) for i in order if good[i]]
    found.sort(key=lambda entry: -entry[0])
    kept: list[tuple[float, Floats, Size]] = []
    for entry in found:
        if all(np.abs(entry[1] - other[1]).max() > 3 or entry[2] != other[2] for other in kept):
            kept.append(entry)
    return [(corners, oriented) for score, corners, oriented in kept[:3] if score > kept[0][0] - 0.25]


def _support(rim: Floats, start: Floats, end: Floats) -> Floats:
    """Share of rim flags between two positions along each line, the ends left out."""
    length = rim.shape[1] - 1
    low, high = start + _SKIP * (end - start), end - _SKIP * (end - start)
    inside_low, inside_high = np.clip(low, 0, length).astype(int), np.clip(high, 0, length).astype(int)
    row = np.arange(len(rim))
    return np.asarray((rim[row, inside_high] - rim[row, inside_low]) / np.maximum(high - low, 1), np.float64)


_LINEAR = np.array(
    [(v / 255 / 12.92) if v <= 10 else ((v / 255 + 0.055) / 1.055) ** 2.4 for v in range(256)], np.float64
)
"""sRGB level to linear light: half the light is where the rim is, not half the level."""


def _refine(rgb: NDArray[np.uint8], grid: Grid, corners: Floats, size: Size) -> Sheet | None:
    """Fit the four sides below a pixel, twice; None where a side stays without support or the code is not square."""
    to_photo = homography(rectangle(*size), corners)
    edges: tuple[Edge, ...] = ()
    for reach_mm in (1.6, 0.9, 0.9):
        fitted = _fit_edges(rgb, to_photo, size, reach_mm)
        if fitted is None:
            return None
        edges = fitted
        to_photo = _through(to_photo, size, edges)
        if not np.isfinite(to_photo).all():
            return None
    final = _fit_edges(rgb, to_photo, size, 0.9)
    if final is None or min(e.support for e in final) < limit("sheet_support"):
        return None
    edges = final
    code_mm = project(np.linalg.inv(to_photo), grid.corners)
    sides = side_lengths(code_mm)
    if grid.rows == grid.columns and np.abs(sides / sides.mean() - 1).max() > limit("code_square"):
        return None
    bow = max(abs(e.curve[2]) for e in edges)
    if bow > _MAX_BOW_MM:
        return None
    mismatch = float(max(abs(sides[0] + sides[2] - sides[1] - sides[3]) / 2, np.ptp(sides) / 2))
    if grid.rows != grid.columns:
        mismatch = 0.1
    scatter = max(e.spread_mm for e in edges)
    blur = max(e.width_mm for e in edges)
    px_per_mm = float(side_lengths(grid.corners).mean() / sides.mean())
    # Fit noise, what the square code says about the frame, bowed sides, and the rim's own softness.
    # A code that was only sampled, or fits badly, may lie a share of a module off.
    module_mm = float(sides.mean()) / grid.columns
    loose = module_mm * ((0.0 if grid.exact or grid.fit > 0.95 else 0.25) + max(0.93 - grid.fit, 0))
    parts = (0.04, loose, 0.35 * scatter, 0.9 * mismatch, 0.8 * bow, 0.06 * blur, 0.25 / px_per_mm)
    uncertainty = float(np.sqrt(sum(p * p for p in parts)))
    return Sheet(size, to_photo, (edges[0], edges[1], edges[2], edges[3]), uncertainty, px_per_mm, code_mm)


def _sides(size: Size) -> tuple[tuple[Floats, Floats, Floats], ...]:
    """Start, end and outward direction of top, right, bottom, left in mm (left and top run down and right too)."""
    width, height = size
    a, b, c, d = rectangle(width, height)
    up, right = np.array([0.0, -1.0]), np.array([1.0, 0.0])
    return ((a, b, up), (b, c, right), (d, c, -up), (a, d, -right))


def _through(to_photo: Floats, size: Size, edges: tuple[Edge, ...]) -> Floats:
    """The homography whose rectangle runs along the straight part of the fitted sides."""
    lines = []
    for (start, end, outward), edge in zip(_sides(size), edges, strict=True):
        a, b, c = edge.curve
        # the chord that best replaces the curve over the fitted stretch
        level = a + c * (1 - 2 * _SKIP) ** 2 / 3
        lines.append(line_through(start + outward * (level - b), end + outward * (level + b)))
    top, right, bottom, left = lines
    corners = np.array([meet(top, left), meet(top, right), meet(bottom, right), meet(bottom, left)])
    return homography(rectangle(*size), project(to_photo, corners))


def _fit_edges(
    rgb: NDArray[np.uint8], to_photo: Floats, size: Size, reach_mm: float
) -> tuple[Edge, Edge, Edge, Edge] | None:
    edges = [_fit_edge(rgb, to_photo, start, end, outward, reach_mm) for start, end, outward in _sides(size)]
    top, right, bottom, left = edges
    if top is None or right is None or bottom is None or left is None:
        return None
    return top, right, bottom, left


def _fit_edge(
    rgb: NDArray[np.uint8], to_photo: Floats, start: Floats, end: Floats, outward: Floats, reach_mm: float
) -> Edge | None:
    """One side: some 240 profiles across it, each with the place where half the light is lost, then a robust fit."""
    count = 240
    t = np.linspace(-1 + 2 * _SKIP, 1 - 2 * _SKIP, count)
    middle = project(to_photo, (start + end) / 2 + np.array([[0, 0], outward]))
    px_mm = float(np.linalg.norm(middle[1] - middle[0]))
    step = max(0.04, 0.4 / px_mm)
    plateau = max(0.35, 2.5 / px_mm)
    span = reach_mm + plateau + 0.4
    offsets = np.arange(-span, span + step / 2, step)
    places = start + (end - start) * (t[:, None, None] + 1) / 2 + outward * offsets[None, :, None]
    photo = project(to_photo, places).astype(np.float32)
    seen = cv2.remap(rgb, photo[..., 0], photo[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0)
    height, width = rgb.shape[:2]
    outside = ((photo < 0) | (photo > (width - 1, height - 1))).any(axis=2)
    light = _LINEAR[seen]  # count × samples × 3
    near, far = round(plateau / step), round((plateau + 0.4) / step)
    sums = np.concatenate([np.zeros((count, 1, 3)), np.cumsum(light, axis=1)], axis=1)
    lanes = len(offsets)
    at = np.arange(far, lanes - far)
    inner = (sums[:, at - near + 1] - sums[:, at - far]) / (far - near + 1)
    outer = (sums[:, at + far + 1] - sums[:, at + near]) / (far - near + 1)
    gap = inner - outer
    blind = np.concatenate([np.zeros((count, 1), np.int64), np.cumsum(outside, axis=1)], axis=1)
    contrast = np.where(blind[:, at + far + 1] > blind[:, at - far], 0.0, np.linalg.norm(gap, axis=-1))
    best = contrast.argmax(axis=1)
    row = np.arange(count)
    strong = contrast[row, best] > 0.025 + 0.04 * np.linalg.norm(inner[row, best], axis=-1)
    if strong.sum() < 0.35 * count:
        return None
    direction = gap[row, best] / np.maximum(contrast[row, best], 1e-9)[:, None]
    level = ((light - outer[row, best][:, None]) * direction[:, None]).sum(-1) / np.maximum(contrast[row, best], 1e-9)[
        :, None
    ]
    where, blur = _half_crossing(level, at[best], near, offsets, step)
    usable = strong & np.isfinite(where)
    if usable.sum() < 0.35 * count:
        return None
    curve, spread, inliers = _robust_curve(t[usable], where[usable])
    # A true rim shows nearly everywhere; where the fitted line runs through plain paper (or plain table), it is wrong.
    bent = curve[0] + curve[1] * t + curve[2] * t * t
    lane = np.clip(np.round((bent - offsets[at[0]]) / step).astype(int), 0, len(at) - 1)
    typical = float(np.median(contrast[usable][inliers, best[usable][inliers]])) if inliers.any() else 0.0
    visible = blind[row, at[lane] + far + 1] == blind[row, at[lane] - far]
    if (visible & (contrast[row, lane] < 0.3 * typical)).mean() > _CONTRADICTED:
        return None
    return Edge(curve, float(inliers.sum() / count), spread, float(np.median(blur[usable][inliers])))


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
    """Parabola by re-weighted least squares, a straight line where the bend is within noise; scatter; inliers."""
    weight = np.ones_like(t)
    # Start from the densest strip: a printed line or a shadow beside the rim must not pull the fit.
    centre = _mode_line(t, value)
    residual = value - (centre[0] + centre[1] * t)
    weight = (np.abs(residual) < 0.25).astype(np.float64)
    curve = (centre[0], centre[1], 0.0)
    spread = 0.1
    for _ in range(6):
        if weight.sum() < 12:
            break
        basis = np.stack([np.ones_like(t), t, t * t], axis=1)
        solved, *_ = np.linalg.lstsq(basis * weight[:, None] ** 0.5, value * weight**0.5, rcond=None)
        curve = (float(solved[0]), float(solved[1]), float(solved[2]))
        residual = value - basis @ solved
        spread = max(1.4826 * float(np.median(np.abs(residual[weight > 0]))), 0.005)
        weight = np.maximum(1 - (residual / (4.5 * spread + 0.02)) ** 2, 0) ** 2
    return curve, spread, np.abs(residual) < max(3.5 * spread, 0.12)


def _mode_line(t: Floats, value: Floats) -> tuple[float, float]:
    """Offset and slope of the line that most profiles agree on, by pairs."""
    half = len(t) // 2
    first, second = np.arange(half), np.arange(half) + half
    gap = t[second] - t[first]
    slopes = (value[second] - value[first]) / np.where(np.abs(gap) < 1e-6, 1, gap)
    starts = value[first] - slopes * t[first]
    pick = slice(None, None, max(1, half // 60))
    slopes, starts = slopes[pick], starts[pick]
    near = np.abs(value[None] - starts[:, None] - slopes[:, None] * t[None]) < 0.12
    best = int(near.sum(axis=1).argmax())
    return float(starts[best]), float(slopes[best])
