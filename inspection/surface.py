"""Where a sheet's millimetres lie on the photo: a plane, a bend of the paper, and what the lens adds.

A homography carries the plane; a cylinder of small curvature the bend; one radial term the lens. All of it is fitted
at once to points seen on the sheet's rim and to the code, whose modules are square and run along the sheet.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from inspection.geometry import Floats, homography, project, rectangle, side_lengths
from inspection.report import Size

_FOCAL = 0.95
"""Focal length of a plain phone camera over the picture's long side (26 to 28 mm: 0.75, cropped or 2×: more)."""
_FOCAL_SPREAD = 0.3
_LENS_SPREAD = 0.012
"""What phones leave of radial distortion at the frame's corner, as a share of its distance: standard deviation."""
_BEND_SPREAD = 0.15
_CODE_MM, _CODE_PX = 0.012, 0.08
"""How exactly a corner of the code is known: what print and paper leave, what the picture leaves (larger counts)."""
_TILT = np.radians(0.3)
"""How far the print may be turned against the cut sheet: standard deviation."""
_WITHIN = 0.5 + (rectangle(1, 1) - 0.5) / np.sqrt(3)
"""Where a plane that fits a bent patch best crosses it: the two Gauss points along each axis of the unit square."""
_DIRECTIONS = (0.0, np.pi / 2)
_STEPS = 5


@dataclass(frozen=True, slots=True)
class Surface:
    """Sheet millimetres (x right, y down, from the top left corner) to photo pixels, and back.

    ``plane`` 3×3 works on coordinates centred on the sheet and the frame, in half their longer side and half their
    diagonal. ``bend`` is the curvature in these units along ``direction`` (radians), ``lens`` the displacement at the
    frame's corner as a share of its distance.
    """

    size: Size
    frame: tuple[int, int]
    plane: Floats
    lens: float = 0.0
    bend: float = 0.0
    direction: float = 0.0
    focal: float = 0.0

    @classmethod
    def through(cls, corners: Floats, size: Size, frame: tuple[int, int]) -> "Surface":
        """The plane whose sheet has its corners there (photo pixels, top left first)."""
        unit = max(size) / 2
        middle, radius = _frame(frame)
        plane = homography((rectangle(*size) - np.array(size) / 2) / unit, (corners - middle) / radius)
        return cls(size, frame, plane, focal=float(np.log(_FOCAL * max(frame) / radius)))

    def project(self, points: Floats) -> Floats:
        """Millimetres (…×2) to photo pixels."""
        points = np.asarray(points, np.float64)
        width, height = self.size
        unit = max(width, height) / 2
        x, y = (points[..., 0] - width / 2) / unit, (points[..., 1] - height / 2) / unit
        (a, b, c), (d, e, f), (g, h, i) = self.plane.tolist()
        if self.bend:
            cosine, sine = float(np.cos(self.direction)), float(np.sin(self.direction))
            arc = x * cosine + y * sine
            shorter = self.bend**2 / 6 * arc**3
            x, y = x - shorter * cosine, y - shorter * sine
            rise = self.bend / 2 * arc * arc
            up = self._up()
            u, v, w = (
                a * x + b * y + c + rise * up[0],
                d * x + e * y + f + rise * up[1],
                g * x + h * y + i + rise * up[2],
            )
        else:
            u, v, w = a * x + b * y + c, d * x + e * y + f, g * x + h * y + i
        u, v = u / w, v / w
        if self.lens:
            share = self.lens * (u * u + v * v)
            factor = 1 - share + 3 * share * share
            u, v = u * factor, v * factor
        seen_width, seen_height = self.frame
        radius = float(np.hypot(seen_width, seen_height)) / 2
        return np.stack([u * radius + (seen_width - 1) / 2, v * radius + (seen_height - 1) / 2], -1)

    def _up(self) -> Floats:
        """Homogeneous displacement for one unit of height, from the plane and the focal length."""
        focal = float(np.exp(self.focal))
        (a, d, _), (b, e, _), (c, f, _) = self.plane.tolist()
        a, b, d, e = a / focal, b / focal, d / focal, e / focal
        unit = max(((a * a + b * b + c * c) ** 0.5 + (d * d + e * e + f * f) ** 0.5) / 2, 1e-9)
        return np.array([(b * f - c * e) * focal / unit, (c * d - a * f) * focal / unit, (a * e - b * d) / unit])

    def locate(self, pixels: Floats) -> Floats:
        """Photo pixels (N×2) to millimetres; by Newton's steps from the plane's own answer."""
        middle, radius = _frame(self.frame)
        half, unit = np.array(self.size) / 2, max(self.size) / 2
        place = project(np.linalg.inv(self.plane), (pixels - middle) / radius) * unit + half
        if not (self.bend or self.lens):
            return place
        step = 0.05
        for _ in range(6):
            base = self.project(place)
            right = (self.project(place + np.array([step, 0.0])) - base) / step
            down = (self.project(place + np.array([0.0, step])) - base) / step
            off = pixels - base
            det = right[:, 0] * down[:, 1] - right[:, 1] * down[:, 0]
            det = np.where(np.abs(det) < 1e-12, 1e-12, det)
            dx = (off[:, 0] * down[:, 1] - off[:, 1] * down[:, 0]) / det
            dy = (right[:, 0] * off[:, 1] - right[:, 1] * off[:, 0]) / det
            place = place + np.stack([dx, dy], -1)
            if max(np.abs(dx).max(initial=0.0), np.abs(dy).max(initial=0.0)) < 1e-7:
                break
        return place

    def locate_code(self, corners: Floats) -> Floats:
        """Corners of the code (4×2 pixels, of the plane laid over its modules) to millimetres.

        Through four points within it: where paper is bent, a plane laid over the code meets it there and not at its
        corners.
        """
        within = self.locate(project(homography(rectangle(1, 1), corners), _WITHIN))
        return project(homography(_WITHIN, within), rectangle(1, 1))

    @property
    def bow_mm(self) -> float:
        """Height of the sheet's middle over its ends along the bend."""
        along = np.abs([np.cos(self.direction), np.sin(self.direction)])
        reach = float(along @ np.array(self.size)) / max(self.size)
        return abs(self.bend) * reach**2 / 2 * max(self.size) / 2


@dataclass(frozen=True, slots=True)
class RimPoints:
    """Points seen on one side of the sheet: ``at`` N×2 mm on the ideal side, ``pixels`` N×2 where the rim was seen."""

    at: Floats
    outward: Floats
    pixels: Floats


@dataclass(frozen=True, slots=True)
class Fitted:
    """A surface with what the fit says of itself; ``spread_mm`` robust scatter of the rim about it."""

    surface: Surface
    spread_mm: float
    _problem: "_Problem"
    _solution: "_Solution"

    def errors_mm(self) -> tuple[float, tuple[float, float, float, float]]:
        """Standard deviations by propagation: of the code's side, and of its distances to left, top, right, bottom."""
        return self._problem.errors(self._solution)


def _frame(frame: tuple[int, int]) -> tuple[Floats, float]:
    width, height = frame
    return np.array([(width - 1) / 2, (height - 1) / 2]), float(np.hypot(width, height) / 2)


def fit_surface(start: Surface, rims: Sequence[RimPoints], code: Floats, *, bent: bool) -> Fitted | None:
    """The surface that best explains the rim and the code; ``code`` 4×2 photo pixels of the symbol's corners.

    With ``bent`` a bend of the paper is tried along each side of the sheet and then in any direction, and kept where
    the rim speaks for it. None where the equations have no solution.
    """
    problem = _Problem(start, rims, code)
    first = problem.start(start)
    if start.bend:  # a bend is known: follow it
        known = problem.solve(first, free=_ANY)
        return problem.fitted(known) if known is not None else None
    best = flat = problem.solve(first, free=_FLAT)
    if best is None or flat is None:
        return None
    if bent:
        for direction in _DIRECTIONS:
            for sign in (-1.0, 1.0):
                first = flat.values.copy()
                first[_BEND], first[_DIRECTION], first[_LENS] = sign * 0.05, direction, 0.0
                tried = problem.solve(first, free=_BENT)
                if tried is not None and tried.cost < best.cost - _EVIDENCE:
                    best = tried
        if best is not flat:
            tried = problem.solve(best.values, free=_ANY)
            if tried is not None and tried.cost < best.cost - _EVIDENCE:
                best = tried
    return problem.fitted(best)


_LENS, _BEND, _DIRECTION, _FOCUS, _X, _Y, _SIDE, _TURN = range(8, 16)
_NUDGE = np.full(16, 1e-5)
_NUDGE[[_X, _Y, _SIDE]] = 1e-3
_STILL = 0.3
"""The fit rests when no number moves by more than this share of its nudge."""
_FLAT = (*range(8), _LENS, _X, _Y, _SIDE, _TURN)
_BENT = (*range(8), _LENS, _BEND, _FOCUS, _X, _Y, _SIDE, _TURN)
_ANY = (*range(8), _LENS, _BEND, _DIRECTION, _FOCUS, _X, _Y, _SIDE, _TURN)
_EVIDENCE = 6.0
"""By how much (in half squared deviations) a bend must explain the rim better before it is believed."""


@dataclass(frozen=True, slots=True)
class _Solution:
    values: Floats
    cost: float
    covariance: Floats
    free: tuple[int, ...]
    rim: Floats


class _Problem:
    """Gauss-Newton on sixteen numbers: the plane's eight, lens, bend, direction, focal length, and the code's own."""

    def __init__(self, start: Surface, rims: Sequence[RimPoints], code: Floats) -> None:
        self.size, self.frame = start.size, start.frame
        self.focal = start.focal
        self.rims = [rim for rim in rims if len(rim.at)]
        self.at = np.concatenate([rim.at for rim in self.rims])
        self.outward = np.concatenate([np.broadcast_to(rim.outward, rim.at.shape) for rim in self.rims])
        self.pixels = np.concatenate([rim.pixels for rim in self.rims])
        self.corners = code
        self.unit = _WITHIN - 0.5
        self.code = project(homography(rectangle(1, 1), code), _WITHIN)

    def start(self, surface: Surface) -> Floats:
        values = np.zeros(16)
        values[:8] = (surface.plane / surface.plane[2, 2]).reshape(-1)[:8]
        values[_LENS], values[_BEND], values[_DIRECTION] = surface.lens, surface.bend, surface.direction
        values[_FOCUS] = surface.focal
        place = surface.locate(self.code)
        values[_X], values[_Y] = place.mean(0)
        values[_SIDE] = side_lengths(place).mean() * np.sqrt(3)
        return values

    def surface(self, values: Floats) -> Surface:
        plane = np.append(values[:8], 1.0).reshape(3, 3)
        lens, bend, direction, focal = (float(values[i]) for i in (_LENS, _BEND, _DIRECTION, _FOCUS))
        return Surface(self.size, self.frame, plane, lens, bend, direction, focal)

    def _frame_at(self, values: Floats) -> tuple[Floats, Floats, float]:
        """At these values: across the rim (unit normals in the photo, N×2), pixels a mm there, and at the code."""
        surface = self.surface(values)
        step = 0.5
        ahead = np.stack([-self.outward[:, 1], self.outward[:, 0]], -1)
        seen = surface.project(np.concatenate([self.at, self.at + step * ahead, self.at + step * self.outward]))
        base, along, across = np.split(seen, 3)
        tangent = along - base
        normal = np.stack([tangent[:, 1], -tangent[:, 0]], -1)
        normal = normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
        px_mm = ((across - base) * normal).sum(-1) / step
        code = float(side_lengths(self.code).mean() * np.sqrt(3) / max(values[_SIDE], 1e-6))
        return normal, np.where(np.abs(px_mm) < 1e-6, 1e-6, px_mm), max(code, 1e-6)

    def _misfit(self, values: Floats, frame: tuple[Floats, Floats, float]) -> tuple[Floats, Floats]:
        """Signed distance of the rim's points in mm; the code's, the priors' in standard deviations."""
        normal, px_mm, code_px = frame
        turn = values[_TURN]
        spin = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        place = (self.unit * values[_SIDE]) @ spin + values[[_X, _Y]]
        seen = self.surface(values).project(np.concatenate([self.at, place]))
        count = len(self.at)
        rim = ((self.pixels - seen[:count]) * normal).sum(-1) / px_mm
        code = (seen[count:] - self.code) / max(code_px * _CODE_MM, _CODE_PX)
        rest = (
            values[_LENS] / _LENS_SPREAD, values[_BEND] / _BEND_SPREAD,
            (values[_FOCUS] - self.focal) / _FOCAL_SPREAD, turn / _TILT,
        )  # fmt: skip
        return rim, np.concatenate([code.reshape(-1), rest])

    def solve(self, first: Floats, free: tuple[int, ...]) -> _Solution | None:
        values = first.copy()
        index = list(free)
        covariance = np.eye(len(index))
        for _ in range(_STEPS):
            frame = self._frame_at(values)
            rim, rest = self._misfit(values, frame)
            noise = float(np.clip(1.4826 * np.median(np.abs(rim)), 0.012, 0.5))
            slope_rim, slope_rest = np.empty((len(rim), len(index))), np.empty((len(rest), len(index)))
            for column, which in enumerate(index):
                moved = values.copy()
                moved[which] += _NUDGE[which]
                rim_moved, rest_moved = self._misfit(moved, frame)
                slope_rim[:, column] = (rim_moved - rim) / _NUDGE[which]
                slope_rest[:, column] = (rest_moved - rest) / _NUDGE[which]
            # far points count little, and neighbouring profiles, which share their noise, four for one
            root = 1 / np.sqrt(1 + (rim / (2.5 * noise)) ** 2) / (2 * noise)
            matrix = np.concatenate([slope_rim * root[:, None], slope_rest])
            normal = matrix.T @ matrix
            normal[np.diag_indices_from(normal)] *= 1 + 1e-9
            try:
                covariance = np.linalg.inv(normal)
            except np.linalg.LinAlgError:
                return None
            change = covariance @ (matrix.T @ np.concatenate([rim * root, rest]))
            if not np.isfinite(change).all():
                return None
            values[index] -= change
            if np.abs(change / _NUDGE[index]).max() < _STILL:
                break
        rim, rest = self._misfit(values, self._frame_at(values))
        if not (np.isfinite(rim).all() and np.isfinite(rest).all()):
            return None
        # the same yardstick for every hypothesis
        cost = float(np.log1p((rim / 0.05) ** 2).sum() / 8 + (rest**2).sum() / 2)
        return _Solution(values, cost, covariance, free, rim)

    def fitted(self, solution: _Solution) -> Fitted:
        spread = 1.4826 * float(np.median(np.abs(solution.rim)))
        return Fitted(self.surface(solution.values), spread, self, solution)

    def errors(self, solution: _Solution) -> tuple[float, tuple[float, float, float, float]]:
        values, free = solution.values, list(solution.free)

        def measures(at: Floats) -> Floats:
            place = self.surface(at).locate_code(self.corners)
            low, high = place.min(0), place.max(0)
            return np.array(
                [side_lengths(place).mean(), low[0], low[1], self.size[0] - high[0], self.size[1] - high[1]]
            )

        base = measures(values)
        slope = np.empty((5, len(free)))
        for column, which in enumerate(free):
            moved = values.copy()
            moved[which] += _NUDGE[which]
            slope[:, column] = (measures(moved) - base) / _NUDGE[which]
        error = np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", slope, solution.covariance, slope), 0))
        side, left, top, right, bottom = (float(e) for e in error)
        return side, (left, top, right, bottom)
