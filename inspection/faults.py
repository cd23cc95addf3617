"""Faults of the print itself, from what is left of a code's picture when the ideal print is taken off (D.2.1, D.2.3).

``residual`` (rows·density × columns·density) is ink found less ink expected: 0 as printed, +1 ink on paper, −1 paper
for ink; ``solid`` tells where modules are dark, ``ideal`` by module. Lengths are in modules.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inspection.geometry import Floats
from inspection.grid import Grid

Mask = NDArray[np.bool_]
Image32 = NDArray[np.float32]

_GHOST_SHIFTS = (0.35, 0.5, 0.7, 0.95, 1.25, 1.6, 2.0, 2.5)
_GHOST_ANGLES = 12
_GHOST_MODULES = 33
"""A second print is everywhere: the middle of a large code tells it."""
_TOUCHED = 0.3
"""Ink too much or too little in the middle of a module from which it is amiss."""
_BLANK = 0.12
"""Share of dark modules below which a line is blank; a code has none, by its masks."""
_KIN = 2
"""Neighbours of its own colour, and as they should be, that a lone wrong module must have."""
_PIECE, _PIECES = 2.0, 6
"""Modules of a piece of a scratch, and how many in a row are looked at together."""
_SCRATCH_WIDTH = 0.4
"""Modules."""


def centres(image: Image32, shape: tuple[int, int], density: int) -> Floats:
    """Mean of the middle of each module."""
    rows, columns = shape
    low = (density - 1) // 3
    cells = image.reshape(rows, density, columns, density)
    return np.asarray(cells[:, low : density - low, :, low : density - low].mean(axis=(1, 3)), np.float64)


def windows(residual: Image32, level: Image32, solid: Mask, density: int) -> tuple[float, float, float]:
    """Worst 3×3-module window: share of its light area that is inked, share of its dark area that lost its ink, and
    the light seen in place of that ink (paper is 1; more is a reflection). ``level`` is relative light."""
    size = (3 * density, 3 * density)

    def shares(amount: Image32, where: Mask) -> Image32:
        area = cv2.blur(where.astype(np.float32), size, borderType=cv2.BORDER_CONSTANT)
        total = cv2.blur(np.where(where, amount, np.float32(0)), size, borderType=cv2.BORDER_CONSTANT)
        return np.asarray(np.where(area > 0.33, total / np.maximum(area, 1e-6), 0), np.float32)

    lost = shares(np.clip(-residual, 0, 1), solid)
    row, column = np.unravel_index(int(lost.argmax()), lost.shape)
    half = 3 * density // 2
    near = (slice(max(row - half, 0), row + half + 1), slice(max(column - half, 0), column + half + 1))
    instead = float(np.median(level[near][solid[near]])) if solid[near].any() else 1.0
    return float(shares(np.clip(residual, 0, 1), ~solid).max()), float(lost.max()), instead


def lost_lines(residual: Image32, solid: Mask, density: int) -> tuple[float, float]:
    """Lines without ink: how much of its ink a slanted one lost all along (a scratch), and the width of the
    widest straight across (a streak: a dead dot of the print head, a wrinkle of the ribbon)."""
    lost = np.where(solid, np.clip(-residual, 0, 1), np.float32(0))
    streak = max(_streak(lost, solid, density), _streak(lost.T, solid.T, density))
    # Ink lost at borders only is no scratch; the search for one costs more than all else.
    reach = 1 + 2 * max(1, round(0.2 * density))
    core = cv2.erode(solid.astype(np.uint8), np.ones((reach, reach), np.uint8)) > 0
    if float((lost[core] > 0.3).sum()) < 0.004 * float(core.sum()):
        return 0.0, streak
    return _slant(lost, solid, density), streak


def blank_lines(sampled: Mask) -> float:
    """Rows or columns in a row, inside a code whose grid was only sampled, that show next to no ink: half of all
    modules are dark, so such a line was not printed."""
    longest = 0
    if min(sampled.shape) < 21:  # in a small Data Matrix a row may well be bare
        return 0.0
    for lines in (sampled, sampled.T):
        run = 0
        for blank in lines[1:-1].mean(axis=1) < _BLANK:
            run = run + 1 if blank else 0
            longest = max(longest, run)
    return float(longest)


def _streak(lost: Image32, solid: Mask, density: int) -> float:
    """Width of the ink missing along rows: in three quarters of a row's length at least, or it is a void."""
    length = lost.shape[1]
    wide = max(2, round(1.6 * density))
    widths = []
    for start in range(4):
        part = slice(start * length // 4, (start + 1) * length // 4)
        area = solid[:, part].sum(axis=1).astype(np.float64)
        share = np.where(area > 0.1 * length / 4, lost[:, part].sum(axis=1) / np.maximum(area, 1), 0)
        # a streak is one line: what the whole code lacks (uneven ink) is no streak
        excess = np.clip(share - np.median(share), 0, 1)
        widths.append(np.convolve(excess, np.ones(wide), "valid"))
    return float(np.sort(widths, axis=0)[1].max() / density)


def _slant(lost: Image32, solid: Mask, density: int) -> float:
    """Share of its ink that a slanted line of a dozen modules lost nearly everywhere along it (the second least of its
    pieces), beyond what lines beside it lost: a void is shorter, and wide."""
    scale = min(density, 4)
    size = (lost.shape[1] * scale // density, lost.shape[0] * scale // density)
    area = cv2.resize(solid.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    gone = cv2.resize(lost, size, interpolation=cv2.INTER_AREA)
    y, x = np.nonzero(area > 0.3)
    area, gone = area[y, x], gone[y, x]
    px, py = (x - size[0] / 2) / scale, (y - size[1] / 2) / scale
    reach = 0.75 * max(size) / scale
    bins, lots = int(2 * reach / _SCRATCH_WIDTH) + 2, int(2 * reach / _PIECE) + 2
    apart = 4  # bins to the lines beside
    worst = 0.0
    for degrees in range(8, 180, 4):
        if abs(degrees - 90) < 8 or degrees > 172:
            continue
        turn = np.radians(degrees)
        across = ((px * np.sin(turn) - py * np.cos(turn) + reach) / _SCRATCH_WIDTH).astype(np.int64)
        along = ((px * np.cos(turn) + py * np.sin(turn) + reach) / _PIECE).astype(np.int64)
        place = along * bins + across
        total = np.bincount(place, area, minlength=bins * lots)[: bins * lots].reshape(lots, bins)
        share = np.bincount(place, gone, minlength=bins * lots)[: bins * lots].reshape(lots, bins)
        known = total > 0.25 * _PIECE * _SCRATCH_WIDTH * scale * scale
        share = np.where(known, share / np.maximum(total, 1e-6), np.inf)
        windows_of = np.lib.stride_tricks.sliding_window_view(share, _PIECES, axis=0)
        second = np.partition(windows_of, 1, axis=-1)[..., 1]
        enough = np.isfinite(windows_of).sum(axis=-1) >= _PIECES - 1
        line = np.where(enough, np.minimum(second, 1), 0)
        beside = np.maximum(line[:, : -2 * apart], line[:, 2 * apart :])
        worst = max(worst, float((line[:, apart:-apart] - beside).max()))
    return worst


def borders(residual: Image32, ideal: Mask, density: int) -> tuple[float, float]:
    """Scatter of module borders about the grid: of single borders about their line (ragged print), and of whole lines
    of borders about even spacing (modules of unlike sizes, as coarse printer dots make).

    Every pixel row across a border gives the area between border and ideal, hence its displacement; the common ink
    growth is taken off.
    """
    ragged, uneven = [], 0.0
    for dark, off in ((ideal, residual), (ideal.T, residual.T)):
        rows, columns = dark.shape
        cells = np.ascontiguousarray(off).reshape(rows, density, columns * density)
        half = max(density // 2, 1)
        change = dark[:, 1:] != dark[:, :-1]
        # only clean borders: beside them nothing changes again within a module
        same_left = np.pad(dark, ((0, 0), (1, 0)), constant_values=False)[:, :-2] == dark[:, :-1]
        same_right = np.pad(dark, ((0, 0), (0, 1)), constant_values=False)[:, 2:] == dark[:, 1:]
        row, column = np.nonzero(change & (same_left | same_right))
        if len(row) < 12:
            continue
        lanes = np.arange(max(1, density // 4), max(density - density // 4, 2))
        x = (column[:, None] + 1) * density + np.arange(-half, half)
        area = cells[row[:, None, None], lanes[None, :, None], x[:, None, :]].sum(axis=2) / density
        ink_first = dark[row, column]
        # A corner near by bends the border the same way everywhere it occurs; so does ink growth: what equal
        # surroundings have in common is no scatter.
        framed = np.pad(dark, ((1, 1), (0, 0)), constant_values=False)
        around = [framed[row + 2 * down, column + right] for down in (0, 1) for right in (0, 1)]
        like = np.ravel_multi_index([*np.asarray(around, np.int64), ink_first.astype(np.int64)], (2,) * 5)
        common = np.ones(len(row), np.bool_)
        for alike in range(32):
            members = like == alike
            if members.sum() < 8:
                common[members] = False
            else:
                area[members] -= np.median(area[members], axis=0)
        row, column, area, ink_first = row[common], column[common], area[common], ink_first[common]
        if len(row) < 12:
            continue
        moved = np.where(ink_first, 1.0, -1.0)[:, None] * area
        single = np.clip(moved.mean(axis=1), -0.4, 0.4)
        count = np.bincount(column, minlength=columns)
        total = np.bincount(column, single, minlength=columns)
        mean = total / np.maximum(count, 1)
        ragged.append((moved - mean[column][:, None]).reshape(-1))
        known = count >= 5
        if known.sum() >= 8:
            noise = float(np.var(single - mean[column])) / count[known]
            square = np.sort(mean[known] ** 2 - noise)[: max(1, int(0.92 * known.sum()))]  # a streak spoils two lines
            uneven = max(uneven, float(np.sqrt(max(square.mean(), 0.0))))
    if not ragged:
        return 0.0, 0.0
    every = np.concatenate(ragged)
    return float(1.4826 * np.median(np.abs(every - np.median(every)))), uneven


@dataclass(frozen=True, slots=True)
class Tone:
    """The ink's strength over the code: a plane, ``level + across·x + down·y`` with x and y −0.5…0.5 over the code."""

    level: float
    across: float
    down: float

    @property
    def fade(self) -> float:
        """How much paler the ink is at the palest corner than at the strongest, share."""
        swing = (abs(self.across) + abs(self.down)) / 2
        return float(np.clip(2 * swing / max(self.level + swing, 1e-6), 0, 1))

    def field(self, shape: tuple[int, ...], border: int) -> Image32:
        """The strength at each pixel of a picture with a border around the code; at least an eighth."""
        x, y = ((np.arange(n) + 0.5 - border) / (n - 2 * border) - 0.5 for n in (shape[1], shape[0]))
        x, y = np.clip(x, -0.5, 0.5), np.clip(y, -0.5, 0.5)
        plane = (self.level + self.across * x)[None] + (self.down * y)[:, None]
        return np.maximum(plane, 0.125).astype(np.float32)


def ink_tone(ink: Image32, model: Image32, ideal: Mask, density: int) -> Tone:
    """How the strength of the ink changes from side to side."""
    slope, _ = _slopes(ink, model, ideal, density)
    rows, columns = ideal.shape
    y, x = np.mgrid[0:rows, 0:columns]
    basis = np.stack([np.ones(rows * columns), (x.ravel() + 0.5) / columns - 0.5, (y.ravel() + 0.5) / rows - 0.5], -1)
    value = slope.reshape(-1).astype(np.float64)
    weight = np.ones_like(value)
    solved: Floats = np.zeros(3)
    for _ in range(8):  # patches are pulled out of the fit
        solved, *_ = np.linalg.lstsq(basis * weight[:, None], value * weight, rcond=None)
        off = value - basis @ solved
        weight = 1 / (1 + (off / max(1.4826 * float(np.median(np.abs(off))), 0.01) / 2) ** 2)
    return Tone(float(solved[0]), float(solved[1]), float(solved[2]))


def film(ink: Image32, model: Image32, ideal: Mask, density: int) -> tuple[float, bool]:
    """Strength that the ink (fading evened out) lost under the largest patch with a clear rim; and whether the patch
    lifts paper as well as ink: a reflection."""
    slope, lift = _slopes(ink, model, ideal, density)
    drop = float(np.median(slope)) - slope
    count, labels, stats, _ = cv2.connectedComponentsWithStats((drop > 0.06).astype(np.uint8), connectivity=4)
    if count < 2:
        return 0.0, False
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    if stats[largest, cv2.CC_STAT_AREA] < 30:
        return 0.0, False
    patch = labels == largest
    lost = float(np.percentile(drop[patch], 70))
    return lost, bool(float(np.median(lift[patch]) - np.median(lift[~patch])) > 0.2 * lost)


def _slopes(ink: Image32, model: Image32, ideal: Mask, density: int) -> tuple[Image32, Image32]:
    """In each window of 5×5 modules ink is a straight line of the model: its slope is the ink's strength, blur or not,
    and its start how much lighter than paper the paper is. Light that is added (a reflection) moves the line and keeps
    its slope; a film lowers the slope. Both by module."""
    rows, columns = ideal.shape

    def local(values: Image32) -> Image32:
        cells = cv2.resize(values, (columns, rows), interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.blur(cells, (5, 5), borderType=cv2.BORDER_REFLECT_101), np.float32)

    mean, seen = local(model), local(ink)
    spread = np.maximum(local(model * model) - mean * mean, 0.02)
    slope = np.asarray((local(model * ink) - mean * seen) / spread, np.float32)
    return slope, np.asarray(mean * slope - seen, np.float32)


def wrong_modules(ink: Image32, residual: Image32, grid: Grid, density: int) -> tuple[float, Mask]:
    """Share of modules that read opposite to the re-encoded code, and which of them stand alone: one or two together
    with nothing amiss around them. (In a stain, a void, a streak or under print the neighbours are touched too.)"""
    if not grid.exact:
        return 0.0, np.zeros(grid.ideal.shape, np.bool_)
    wrong = (centres(ink, grid.ideal.shape, density) > 0.5) != grid.ideal
    off = np.abs(centres(residual, grid.ideal.shape, density))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(wrong.astype(np.uint8), connectivity=8)
    touched = cv2.dilate(np.where(wrong, 0.0, off), np.ones((3, 3))) > _TOUCHED
    for kind in (True, False):
        # among dark modules alone, a stain on the one light one would look the same
        right = ((grid.ideal == kind) & ~wrong).astype(np.float32)
        kin = cv2.filter2D(right, -1, np.ones((3, 3), np.float32), borderType=cv2.BORDER_CONSTANT)
        touched |= wrong & (grid.ideal == kind) & (kin < _KIN)
    spoilt = np.zeros(count, np.bool_)
    spoilt[np.unique(labels[touched & wrong])] = True
    alone = (stats[:, cv2.CC_STAT_AREA] <= 2) & ~spoilt
    alone[0] = False
    return float(wrong.mean()), np.asarray(alone[labels], np.bool_)


def ghost(residual: Image32, ideal: Mask, density: int, blur: float) -> float:
    """Strength of a faint second print, shifted by a third of a module to two and a half.

    Where the first print left paper the second adds its share of ink. For each shift the picture of that is fitted to
    the residual; ink growth and a poor model of blur do the same on both sides, so the opposite shift is taken off.
    """
    scale = 3  # pixels a module are enough for what is averaged over the code
    cut = [max(0, (n - _GHOST_MODULES) // 2) for n in ideal.shape]
    middle = ideal[cut[0] : ideal.shape[0] - cut[0], cut[1] : ideal.shape[1] - cut[1]]
    rows, columns = middle.shape
    near = residual[cut[0] * density :, cut[1] * density :][: rows * density, : columns * density]
    room = 3
    off = cv2.resize(np.clip(near, -0.6, 0.6), (columns * scale, rows * scale), interpolation=cv2.INTER_AREA)
    sigma = float(np.hypot(blur, 0.15)) * scale
    off = np.asarray(cv2.GaussianBlur(off, (0, 0), sigma), np.float32)
    fine = np.pad(np.kron(middle, np.ones((scale, scale), np.bool_)), room * scale).astype(np.float32)
    inner = (slice(room * scale, -room * scale), slice(room * scale, -room * scale))
    bare = 1 - fine[inner]
    angles = np.arange(_GHOST_ANGLES) * 2 * np.pi / _GHOST_ANGLES
    worst = 0.0
    for shift in _GHOST_SHIFTS:
        strength = np.zeros(_GHOST_ANGLES)
        for index, angle in enumerate(angles):
            dx, dy = shift * scale * np.cos(angle), shift * scale * np.sin(angle)
            move = np.array([[1, 0, dx], [0, 1, dy]], np.float32)
            added = cv2.warpAffine(fine, move, fine.shape[::-1])[inner] * bare
            # <residual, soft template> = <soft residual, template>; the template's own norm is softened once more
            soft = cv2.GaussianBlur(added, (0, 0), sigma)
            strength[index] = float(np.vdot(off, added)) / max(float(np.vdot(soft, soft)), 1e-6)
        worst = max(worst, float((strength - np.roll(strength, _GHOST_ANGLES // 2)).max()))
    return max(worst, 0.0)
