"""Guesses where the sheet's four sides lie: straight borders along the code's axes that look like the rim of paper.

The code gives two axes and a plane. Lines along these axes are grouped; of all choices of four, in both orientations
of the sheet, those count in which the code comes out square. Where one side lies outside the picture, three and the
sheet's size stand for four.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inspection.geometry import Floats, homographies, line_through, meet, project, rectangle, side_lengths
from inspection.grid import Grid, rectify
from inspection.profile import limit
from inspection.report import Size
from inspection.rim import SKIP

_LINES = 14
"""Candidates kept on each side of the code."""
_REACH = 11.0
"""How far from the code, in code sides, a sheet edge is looked for."""
_LIKE_PAPER = 30.0
"""Lab distance from the paper's colour (lightness, which light and shade change, at a third) that is still paper."""
_MOST_BEYOND = 0.3
"""At most this share of the sheet may lie outside the picture."""


@dataclass(frozen=True, slots=True)
class Look:
    """How to look for lines: view pixels a code side, smoothing (px), least gradient and least step (Lab units)."""

    density: float
    soft: float
    gradient: float
    step: float


LOOKS = (Look(76.0, 1.0, 10.0, 7.0), Look(48.0, 1.0, 10.0, 6.0), Look(96.0, 1.8, 4.0, 2.6))
"""Sharply first; then coarsely, where a bend or the lens curves the sides; then for a table nearly as pale as paper."""


@dataclass(frozen=True, slots=True)
class Guess:
    """Corners of a sheet in photo pixels, its size along the code's axes, and how well its rim shows."""

    corners: Floats
    size: Size
    score: float


@dataclass(frozen=True, slots=True)
class _Lines:
    """Candidates across one axis of the code's frame. ``ends`` N×2×2: two points of each line in view pixels."""

    ends: Floats
    rim: Floats
    """Cumulated rim flags along each line, N×(length + 1)."""
    before: NDArray[np.bool_]
    after: NDArray[np.bool_]


def guesses(rgb: NDArray[np.uint8], grid: Grid, size: Size, look: Look) -> list[Guess]:
    """Up to three guesses, best first."""
    to_photo = grid.to_photo @ np.diag([grid.columns, grid.rows, 1.0])  # code sides -> photo
    box = _visible_box(to_photo, rgb.shape[1], rgb.shape[0])
    density = min(grid.px_per_module * grid.columns, look.density)
    density = min(density, (1_600_000 / ((box[2] - box[0]) * (box[3] - box[1]))) ** 0.5)
    view = rectify(rgb, to_photo, box, density).astype(np.uint8)
    lab = cv2.cvtColor(view, cv2.COLOR_RGB2LAB).astype(np.float32)
    origin = np.array([-box[0], -box[1]]) * density
    code = np.array([origin, origin + density])
    paper = _paper_colour(lab, code)
    from_view = to_photo @ np.array(
        [[1 / density, 0, box[0] + 0.5 / density], [0, 1 / density, box[1] + 0.5 / density], [0, 0, 1]]
    )
    shown = _shown(from_view, lab.shape[:2], (rgb.shape[1], rgb.shape[0]))
    upright = _lines(lab, shown, code, paper, look)
    lying = _lines(np.ascontiguousarray(lab.transpose(1, 0, 2)), shown.T, code[:, ::-1], paper, look)
    whole = _combine(upright, lying, code, size, float(density))
    found = [Guess(project(from_view, g.corners), g.size, g.score) for g in whole]
    cut = _with_one_side_out(upright, lying, code, size, from_view, (rgb.shape[1], rgb.shape[0]))
    to_view = np.linalg.inv(from_view)
    return found + [g for g in cut if _paper_goes_on(lab, shown, project(to_view, g.corners), paper)]


def _paper_goes_on(lab: NDArray[np.float32], shown: NDArray[np.bool_], corners: Floats, paper: Floats) -> bool:
    """Whether paper reaches the frame on every side: a sheet that ends in the picture has no side outside it.

    ``corners`` 4×2 in the view. Looked at are the outermost points of the supposed sheet that the photo shows.
    """
    steps = np.linspace(0.03, 0.97, 48)
    u, v = np.meshgrid(steps, steps)
    across = corners[0] + u[..., None] * (corners[1] - corners[0])
    below = corners[3] + u[..., None] * (corners[2] - corners[3])
    places = np.round(across + v[..., None] * (below - across)).astype(int)
    height, width = shown.shape
    inside = ((places >= 0) & (places < (width, height))).all(-1)
    x, y = places[..., 0].clip(0, width - 1), places[..., 1].clip(0, height - 1)
    inside &= shown[y, x]
    alike = np.abs(lab[y, x] - paper) @ np.array([0.35, 1.0, 1.0], np.float32) < _LIKE_PAPER
    for seen, like in (
        (inside, alike),
        (inside[::-1], alike[::-1]),
        (inside.T, alike.T),
        (inside.T[::-1], alike.T[::-1]),
    ):
        rows = np.nonzero(seen.mean(axis=1) > 0.3)[0]
        if not len(rows):
            return False
        if rows[0] == 0:
            continue  # this side is in the picture
        band = slice(rows[0], rows[0] + 4)
        if like[band][seen[band]].mean() < 0.6:
            return False
    return True


def _shown(from_view: Floats, shape: tuple[int, ...], frame: tuple[int, int]) -> NDArray[np.bool_]:
    """Where the view shows the photo, a few pixels within its frame: the frame itself is no rim of paper."""
    inset = 4.0
    corners = rectangle(frame[0] - 1 - 2 * inset, frame[1] - 1 - 2 * inset) + inset
    mask = np.zeros(shape, np.uint8)
    seen = project(np.linalg.inv(from_view), corners).clip(-20_000, 20_000)
    cv2.fillConvexPoly(mask, np.round(seen).astype(np.int32), 1)
    return mask > 0


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


def _lines(
    lab: NDArray[np.float32], shown: NDArray[np.bool_], code: Floats, paper: NDArray[np.float32], look: Look
) -> _Lines:
    """Straight borders that run down the view (x nearly constant), strongest first, ``_LINES`` on each side."""
    height, width = lab.shape[:2]
    soft = np.asarray(cv2.GaussianBlur(lab, (0, 0), look.soft), np.float32)
    lightness, tint = cv2.extractChannel(soft, 0), cv2.extractChannel(soft, 2)

    def slope_of(dx: int) -> NDArray[np.float32]:
        steep = np.abs(cv2.Sobel(lightness, cv2.CV_32F, dx, 1 - dx, ksize=3))
        return np.asarray(steep + 1.5 * np.abs(cv2.Sobel(tint, cv2.CV_32F, dx, 1 - dx, ksize=3)), np.float32)

    strength, other = slope_of(1), slope_of(0)
    peak = shown & (strength > look.gradient) & (strength > 1.6 * other)
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
    rim = _is_rim(inner, outer, paper, look.step)
    ys, xs = ys[rim], xs[rim]
    slopes = np.linspace(-0.07, 0.07, 57)
    middle = (y0 + y1) / 2
    pad = int(0.08 * height) + 3
    span = width + 2 * pad
    columns = np.round(xs[None] - slopes[:, None] * (ys[None] - middle)).astype(np.int32) + pad
    np.clip(columns, 0, span - 1, out=columns)
    bins = columns + (np.arange(len(slopes), dtype=np.int32) * span)[:, None]

    def count(points: NDArray[np.bool_] | slice) -> NDArray[np.int64]:
        return np.bincount(bins[:, points].reshape(-1), minlength=len(slopes) * span).reshape(len(slopes), span)

    votes = count(slice(None))
    alive = np.ones(len(xs), np.bool_)
    ends, sides = [], {True: 0, False: 0}
    least = 0.8 * (y1 - y0)
    for _ in range(6 * _LINES):
        total = votes[:, :-2] + votes[:, 1:-1] + votes[:, 2:]
        which, column = np.unravel_index(int(total.argmax()), total.shape)
        if total[which, column] < least:
            break
        on = alive & (np.abs(columns[which] - (column + 1)) <= 2)
        slope, offset = _least_squares(ys[on] - middle, xs[on].astype(np.float64))
        votes -= count(on)
        alive &= ~on
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
    return _Lines(array, _rim(soft, array, before, paper, look.step), before, ~before)


def _least_squares(t: Floats, value: Floats) -> tuple[float, float]:
    """Slope and offset at t = 0."""
    if len(t) < 2 or np.ptp(t) < 1:
        return 0.0, float(value.mean())
    slope, offset = np.polyfit(t, value, 1)
    return float(slope), float(offset)


def _rim(
    lab: NDArray[np.float32], ends: Floats, before: NDArray[np.bool_], paper: NDArray[np.float32], step: float
) -> Floats:
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

    flags = _is_rim((colour(-3) + colour(-5)) / 2, (colour(3) + colour(5)) / 2, paper, step) & (x > 0) & (x < width - 1)
    return np.concatenate([np.zeros((count, 1)), np.cumsum(flags, axis=1)], axis=1)


def _is_rim(inner: Floats, outer: Floats, paper: Floats, least: float) -> NDArray[np.bool_]:
    """Lab colours (…×3) on both sides of a border: paper within (its light may fall off), something else without."""
    step = np.abs(inner - outer) @ np.array([1.0, 1.0, 1.5], np.float32)
    off_paper = np.abs(inner - paper) @ np.array([0.35, 1.0, 1.0], np.float32)
    return np.asarray((step > least) & (off_paper < _LIKE_PAPER), np.bool_)


def _combine(upright: _Lines, lying: _Lines, code: Floats, size: Size, density: float) -> list[Guess]:
    """The best choices of four lines, with corners in view pixels."""
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
    found: list[Guess] = []
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
        found += [Guess(corners[i], oriented, float(score[i])) for i in order if good[i]]
    return _distinct(found)


def _distinct(found: list[Guess]) -> list[Guess]:
    """The best three that differ, and come near the best."""
    kept: list[Guess] = []
    for guess in sorted(found, key=lambda g: -g.score):
        if all(np.abs(guess.corners - k.corners).max() > 3 or guess.size != k.size for k in kept):
            kept.append(guess)
    return [guess for guess in kept[:3] if guess.score > kept[0].score - 0.25]


def _with_one_side_out(
    upright: _Lines, lying: _Lines, code: Floats, size: Size, from_view: Floats, frame: tuple[int, int]
) -> list[Guess]:
    """Choices of three lines whose fourth, by the sheet's size, lies outside the picture; corners in photo pixels."""
    found: list[Guess] = []
    middle = code.mean(0)
    side = float(code[1, 0] - code[0, 0])
    # ``pairs`` holds the two parallel sides; in its own view they run down, as everything in ``_Lines`` does
    for turned, pairs, single in ((True, upright, lying), (False, lying, upright)):
        axis = middle if turned else middle[::-1]
        before, after = np.nonzero(pairs.before)[0], np.nonzero(pairs.after)[0]
        if not (len(before) and len(after) and len(single.ends)):
            continue
        pair_lines = line_through(pairs.ends[:, 0], pairs.ends[:, 1])
        crossing = single.ends[..., ::-1]
        single_lines = line_through(crossing[:, 0], crossing[:, 1])
        pair_at = meet(pair_lines, np.array([0.0, 1.0, -axis[1]]))[:, 0]
        single_at = meet(single_lines, np.array([1.0, 0.0, -axis[0]]))[:, 1]
        first, second, third = np.array(np.meshgrid(before, after, np.arange(len(single.ends)), indexing="ij")).reshape(
            3, -1
        )
        outward = np.where(single.before[third], 1.0, -1.0)
        for across, along in {size, size[::-1]}:
            scale = (pair_at[second] - pair_at[first]) / across
            away = outward * scale * along
            # the missing side runs parallel to the third one, a sheet's length away, beyond the code
            beyond = (single_at[third] + away - axis[1]) * outward
            likely = (side / scale > 6) & (side / scale < min(size)) & (beyond > side / 2)
            missing = single_lines[third].copy()
            missing[:, 2] -= missing[:, 1] * away
            corners = np.stack(
                [
                    meet(pair_lines[first], single_lines[third]), meet(pair_lines[second], single_lines[third]),
                    meet(pair_lines[second], missing), meet(pair_lines[first], missing),
                ],
                axis=1,
            )  # fmt: skip
            likely &= np.isfinite(corners).all(axis=(1, 2))
            first_, second_, third_ = first[likely], second[likely], third[likely]
            corners = corners[likely]
            support = np.stack(
                [
                    _support(pairs.rim[first_], corners[:, 0, 1], corners[:, 3, 1], inside=True),
                    _support(pairs.rim[second_], corners[:, 1, 1], corners[:, 2, 1], inside=True),
                    _support(single.rim[third_], corners[:, 0, 0], corners[:, 1, 0], inside=True),
                ],
                axis=1,
            )
            score = support.mean(axis=1) + 0.5 * support.min(axis=1)
            score[support.min(axis=1) < limit("sheet_support")] = -np.inf
            oriented = (across, along) if turned else (along, across)
            for index in np.argsort(-score)[:12]:
                view = corners[index] if turned else corners[index][:, ::-1]
                photo = project(from_view, view)
                if np.isfinite(score[index]) and _out_of_frame(photo[2:], photo[:2], frame):
                    found.append(Guess(_from_top_left(photo, view), oriented, float(score[index])))
    return _distinct(found)


def _out_of_frame(missing: Floats, seen: Floats, frame: tuple[int, int]) -> bool:
    """Whether the missing side lies outside the picture, yet most of the sheet inside it."""
    size = np.array(frame)
    t = np.linspace(0.05, 0.95, 19)[:, None]
    points = missing[0] + t * (missing[1] - missing[0])
    if ((points > 0) & (points < size - 1)).all(axis=1).mean() > 0.3:
        return False
    opposite = seen[1] + t * (seen[0] - seen[1])
    inner = opposite + (1 - _MOST_BEYOND) * (points - opposite)
    return bool(((inner > 0) & (inner < size - 1)).all(axis=1).mean() > 0.5)


def _from_top_left(photo: Floats, view: Floats) -> Floats:
    """Order corners as the code's frame sees them: top left, top right, bottom right, bottom left."""
    upper = np.argsort(view[:, 1])[:2]
    lower = np.argsort(view[:, 1])[2:]
    top_left, top_right = upper[np.argsort(view[upper, 0])]
    bottom_left, bottom_right = lower[np.argsort(view[lower, 0])]
    return photo[[top_left, top_right, bottom_right, bottom_left]]


def _support(rim: Floats, start: Floats, end: Floats, *, inside: bool = False) -> Floats:
    """Share of rim flags between two positions along each line, the ends left out.

    ``inside`` counts only what the view shows of it.
    """
    length = rim.shape[1] - 1
    low, high = np.minimum(start, end), np.maximum(start, end)
    low, high = low + SKIP * (high - low), high - SKIP * (high - low)
    inside_low, inside_high = np.clip(low, 0, length).astype(int), np.clip(high, 0, length).astype(int)
    row = np.arange(len(rim))
    whole = inside_high - inside_low if inside else high - low
    return np.asarray((rim[row, inside_high] - rim[row, inside_low]) / np.maximum(whole, 1), np.float64)
