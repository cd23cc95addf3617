"""Finding the sheet of known size around its code, and what its millimetres are on the photo.

Guesses of the four sides (:mod:`inspection.outline`) are followed below a pixel (:mod:`inspection.rim`); one surface,
plane or gently bent, seen through a slightly distorting lens, is fitted to all of it (:mod:`inspection.surface`).
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from inspection.geometry import Floats, homography, project, rectangle, side_lengths
from inspection.grid import Grid
from inspection.outline import LOOKS, Guess, guesses
from inspection.profile import limit
from inspection.report import Size
from inspection.rim import Edge, Hidden, fit_side, sides_of
from inspection.surface import Fitted, RimPoints, Surface, fit_surface

_MAX_BOW_MM = 5.0
"""A sheet bent further is not measured: its far parts are foreshortened too much."""
_GOOD_MM = 0.15
"""A guess that leaves no more uncertainty than this ends the search."""
_MOST_ATTEMPTS = 8
"""Guesses followed at the most: sheets are found by the first few, and a picture full of lines must not cost more."""
_SAME_GUESS = 0.012
"""Guesses whose corners differ by less than this share of a side lead to the same sheet."""
_ROUNDS = (2.0, 1.2, 0.9)
"""How far from the present guess, in mm, the rim is looked for."""
_POINTS = 48
"""Points of a side that take part in the fit."""
_FAR = 10.0
"""A side this many standard deviations beyond the least margin cannot come near the limit."""
_PLAINLY_CURVED_MM = 0.2
"""So much is more than a lens does."""
_BENT_SHARE = 0.025
"""What a bend adds to the uncertainty, as a share of its height: paper does not bend exactly as the model does."""
_CURVED_MM = 0.05
"""A side that departs this much from straight, or a code this far from square, calls for a bent surface."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The sheet on the photo, in a frame of millimetres: x right, y down, from the top left corner, along the code.

    ``to_photo`` is the plane that comes nearest (exact on a flat sheet seen by a good lens): for drawing and reading.
    ``size`` is width and height in that frame; ``edges`` top, right, bottom, left, None where the side lies outside
    the picture; ``surface`` is exact. ``turns`` quarter-turns clockwise make the frame upright as
    the sheet is read (set once the text is read).
    """

    size: Size
    to_photo: Floats
    edges: tuple[Edge | None, Edge | None, Edge | None, Edge | None]
    uncertainty_mm: float
    px_per_mm: float
    code_mm: Floats
    """Corners of the code in this frame, 4×2."""
    surface: Surface
    turns: int = 0

    @property
    def bow_mm(self) -> float:
        """How far the sheet is bent: its middle over its ends."""
        return self.surface.bow_mm

    def outline(self) -> Floats:
        """The sheet's rim in photo pixels, N×2, closed, from the top left corner: curved where the sheet is bent."""
        steps = np.linspace(0, 1, 13)[:-1, None]
        corners = rectangle(*self.size)
        ring = [start + steps * (end - start) for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True)]
        return self.surface.project(np.concatenate(ring))

    def edge_mm(self) -> dict[str, float]:
        """Distance of the symbol to each trimmed edge, in the frame's own (not yet upright) directions.

        Taken to the fitted edge where it faces the code, so that a slightly uneven edge counts where it is.
        """
        width, height = self.size
        low, high = self.code_mm.min(0), self.code_mm.max(0)
        top, right, bottom, left = self.edges

        def nearest(edge: Edge | None, start: float, end: float, length: float) -> float:
            ends = (2 * start / length - 1, 2 * end / length - 1)
            return min(edge.offset(float(np.clip(t, -0.8, 0.8))) for t in ends) if edge is not None else 0.0

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

    @property
    def followed(self) -> bool:
        """Whether its rim was followed in the picture; a scan's or an artwork's edges are known without."""
        return any(edge is not None and len(edge.t) for edge in self.edges)

    def rim_blur_mm(self) -> float:
        """The camera's own blur (standard deviation), by the sheet's rim."""
        return float(np.median([edge.width_mm for edge in self.edges if edge is not None]))

    @classmethod
    def flat(cls, size: Size, to_photo: Floats, code: Floats, uncertainty_mm: float, px_per_mm: float) -> "Sheet":
        """A sheet known without a search (a scan, artwork): ``code`` 4×2 are the corners of its code in pixels."""
        corners = project(to_photo, rectangle(*size))
        surface = Surface.through(corners, size, (int(corners[:, 0].max()) + 1, int(corners[:, 1].max()) + 1))
        none = np.zeros(0)
        straight = Edge((0.0, 0.0, 0.0), 1.0, 1.0, 0.0, 0.0, none, none)
        code_mm = project(np.linalg.inv(to_photo), code)
        return cls(
            size, to_photo, (straight, straight, straight, straight), uncertainty_mm, px_per_mm, code_mm, surface
        )

    def upright(self, turns: int) -> "Sheet":
        return replace(self, turns=turns % 4)


def find_sheet(rgb: NDArray[np.uint8], grid: Grid, size: Size) -> Sheet | None:
    """Locate a sheet of ``size`` (as read; both orientations to the code are tried); None where nothing fits surely."""
    best: Sheet | None = None
    tried: list[Guess] = []
    attempts = 0
    for look in LOOKS:
        for guess in guesses(rgb, grid, size, look):
            if any(_alike(guess, other) for other in tried):
                continue
            if attempts == _MOST_ATTEMPTS:
                return best
            attempts += 1
            sheet = _refine(rgb, grid, guess.corners, guess.size)
            tried.append(guess)
            if sheet is None:
                continue
            tried.append(Guess(sheet.surface.project(rectangle(*sheet.size)), sheet.size, 0.0))
            if best is None or sheet.uncertainty_mm < 0.6 * best.uncertainty_mm:
                best = sheet
                if sheet.uncertainty_mm <= _GOOD_MM:
                    return best
        if best is not None and best.uncertainty_mm <= limit("uncertainty_mm"):
            return best
    return best


def _alike(guess: Guess, other: Guess) -> bool:
    """Whether a guess would only lead where another led already."""
    reach = _SAME_GUESS * float(side_lengths(other.corners).max())
    return guess.size == other.size and float(np.abs(guess.corners - other.corners).max()) < reach


def _refine(rgb: NDArray[np.uint8], grid: Grid, corners: Floats, size: Size) -> Sheet | None:
    """Follow the sides and fit the surface, in turn; None where a side stays without support or the code is askew."""
    frame = (rgb.shape[1], rgb.shape[0])
    surface = Surface.through(corners, size, frame)
    if not np.isfinite(surface.plane).all():
        return None
    fitted: Fitted | None = None
    bent = False
    for reach_mm in _ROUNDS:
        if reach_mm == _ROUNDS[-1] and not bent and fitted is not None:
            break  # the last round is for bent sheets
        edges = _follow(rgb, surface, size, reach_mm, 64)
        if edges is None:
            return None
        rims = _points(surface, size, edges)
        bent = bent or max(abs(edge.curve[2]) for edge in edges if edge is not None) > _PLAINLY_CURVED_MM
        fitted = fit_surface(surface, rims, grid.corners, bent=bent)
        if fitted is None:
            return None
        surface = fitted.surface
        bent = bent or _is_curved(fitted, rims, grid)
    edges = _follow(rgb, surface, size, 0.9, 144)
    if edges is None or fitted is None:
        return None
    return _judged(surface, fitted, edges, grid, size)


def _follow(
    rgb: NDArray[np.uint8], surface: Surface, size: Size, reach_mm: float, count: int
) -> tuple[Edge | None, Edge | None, Edge | None, Edge | None] | None:
    """The four sides, one of which may be out of sight."""
    found: list[Edge | None] = []
    for side in sides_of(size):
        try:
            edge = fit_side(rgb, surface.project, side, reach_mm, count)
        except Hidden:
            found.append(None)
            continue
        if edge is None or edge.support < limit("sheet_support"):
            return None
        found.append(edge)
    if found.count(None) > 1:
        return None
    return found[0], found[1], found[2], found[3]


def _points(surface: Surface, size: Size, edges: tuple[Edge | None, ...]) -> list[RimPoints]:
    """Where the sides were seen, thinned evenly."""
    rims = []
    for side, edge in zip(sides_of(size), edges, strict=True):
        if edge is None:
            continue
        pick = np.unique(np.linspace(0, len(edge.t) - 1, _POINTS).astype(int))
        at = side.at(edge.t[pick])
        rims.append(RimPoints(at, side.outward, surface.project(at + side.outward * edge.offsets_mm[pick, None])))
    return rims


def _is_curved(fitted: Fitted, rims: list[RimPoints], grid: Grid) -> bool:
    """Whether a flat sheet fails to explain the sides or the code."""
    for rim in rims:
        place = fitted.surface.locate(rim.pixels)
        off = ((place - rim.at) * rim.outward).sum(-1)
        t = np.linspace(-1, 1, len(off))
        if len(off) > 8 and abs(float(np.polyfit(t, off, 2)[0])) > _CURVED_MM:
            return True
    return _askew(fitted.surface, grid) > _CURVED_MM


def _errors_that_matter(code_mm: Floats, size: Size, errors: tuple[float, ...]) -> list[float]:
    """Errors of the distances that may come near a limit: how far the far side of the sheet lies decides nothing."""
    low, high = code_mm.min(0), code_mm.max(0)
    distances = (low[0], low[1], size[0] - high[0], size[1] - high[1])
    return [
        error for distance, error in zip(distances, errors, strict=True) if distance - limit("edge_mm") < _FAR * error
    ]


def _askew(surface: Surface, grid: Grid) -> float:
    """How far the code is from square in the sheet's millimetres."""
    sides = side_lengths(surface.locate_code(grid.corners))
    return float(max(abs(sides[0] + sides[2] - sides[1] - sides[3]) / 2, np.ptp(sides) / 2))


def _judged(
    surface: Surface,
    fitted: Fitted,
    edges: tuple[Edge | None, Edge | None, Edge | None, Edge | None],
    grid: Grid,
    size: Size,
) -> Sheet | None:
    """The sheet with its uncertainty; None where the code contradicts it."""
    code_mm = surface.locate_code(grid.corners)
    sides = side_lengths(code_mm)
    square = grid.rows == grid.columns
    if not np.isfinite(code_mm).all() or (square and np.abs(sides / sides.mean() - 1).max() > limit("code_square")):
        return None
    if surface.bow_mm > _MAX_BOW_MM:
        return None
    mismatch = _askew(surface, grid) if square else 0.1
    seen = [edge for edge in edges if edge is not None]
    bow = max(abs(edge.curve[2]) + abs(edge.curve[1]) for edge in seen)
    if bow > 1.0:
        return None
    scatter = max(edge.spread_mm for edge in seen)
    blur = max(edge.width_mm for edge in seen)
    px_per_mm = float(side_lengths(grid.corners).mean() / sides.mean())
    # Fit noise, what the square code says about the frame, sides that stay curved, and the rim's own softness.
    # A code that was only sampled, or fits badly, may lie a share of a module off.
    module_mm = float(sides.mean()) / grid.columns
    loose = module_mm * ((0.0 if grid.exact or grid.fit > 0.95 else 0.25) + max(0.93 - grid.fit, 0))
    side_error, margin_errors = fitted.errors_mm()
    spread = 2 * max([side_error, *_errors_that_matter(code_mm, size, margin_errors)])
    bent = _BENT_SHARE * surface.bow_mm
    parts = (0.04, loose, spread, 0.35 * scatter, 0.9 * mismatch, 0.8 * bow, 0.06 * blur, 0.25 / px_per_mm, bent)
    uncertainty = float(np.sqrt(sum(p * p for p in parts)))
    to_photo = homography(rectangle(*size), surface.project(rectangle(*size)))
    return Sheet(size, to_photo, edges, uncertainty, px_per_mm, code_mm, surface)
