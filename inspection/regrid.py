"""A QR code's modules taken from a photo by its own grid, and a clean code drawn from them for zxing to decode.

Bent labels, blur, glare and slanted views defeat a reader's way to the grid long before they exceed the code's error
correction. The way here: three finder patterns give a first grid; image alignment on the finder and timing patterns
makes it a homography; the phase of the module borders, followed from the finder patterns over the code, bends it to
the surface; the modules are told apart from their neighbourhood, the camera's blur taken out in module space. Nothing
of the data is guessed: what is drawn is what was seen, but for the fixed patterns, which the standard gives.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from typing import Any

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray

from inspection.finders import Trio, even_light
from inspection.geometry import Floats, project, rectangle

Gray = NDArray[np.uint8]
Matrix = NDArray[np.bool_]

_DENSITY = 6
"""Pixels a module in the views the grid is followed in: borders are placed to a tenth of a module."""
_RIM = 2
"""Modules of quiet zone in these views."""
_PATCH_MODULE = (3.0, 7.0)
"""Pixels a module to which the photo is brought before anything else: fewer alias, more only cost."""

_SPREADS = (2.5, 2.0, 1.5, 1.2)
"""Modules over which the borders' phase is smoothed, turn by turn: first robust, then close."""
_BENT = 0.25
"""Modules of bend below which a grid is as good as flat."""
_TIMING = 0.3
"""Timing patterns that alternate less are none: false threes stay below in nine of ten cases, sound codes reach 0.8."""


@dataclass(frozen=True, slots=True)
class Patch:
    """A cut of the photo around one code, light evened, ink dark; ``shift`` and ``scale`` lead back to the photo."""

    even: Gray
    scale: float
    shift: Floats

    def to_photo(self, points: Floats) -> Floats:
        return (points + 0.5) / self.scale - 0.5 + self.shift


@dataclass(frozen=True, slots=True)
class Regridded:
    """A code read through its own grid: zxing's result for the clean drawing, and the corners in the photo."""

    result: Any
    corners: Floats


@lru_cache(maxsize=40)
def fixed_patterns(version: int) -> tuple[Matrix, Matrix]:
    """What every code of a version shares (ISO/IEC 18004, 6.3): where it lies, and which of it is dark; n×n each.

    The places of format information belong to it not, those of version information do.
    """
    modules = 17 + 4 * version
    where, dark = np.zeros((modules, modules), np.bool_), np.zeros((modules, modules), np.bool_)
    distance = np.maximum(*np.abs(np.indices((9, 9)) - 4))
    finder = (distance == 3) | (distance <= 1)
    for y, x in ((-1, -1), (-1, modules - 8), (modules - 8, -1)):
        rows, columns = slice(max(y, 0), y + 9), slice(max(x, 0), x + 9)
        where[rows, columns] = True
        dark[rows, columns] = finder[max(-y, 0) : modules - y, max(-x, 0) : modules - x]
    line = np.arange(8, modules - 8)
    for at in ((6, line), (line, 6)):
        where[at], dark[at] = True, line % 2 == 0
    places = _alignment_places(version)
    small = distance[2:7, 2:7] != 1
    for y in places:
        for x in places:
            if (y, x) not in {(6, 6), (6, places[-1]), (places[-1], 6)}:
                where[y - 2 : y + 3, x - 2 : x + 3] = True
                dark[y - 2 : y + 3, x - 2 : x + 3] = small
    if version >= 7:
        rest = version
        for _ in range(12):
            rest = (rest << 1) ^ (0x1F25 if rest >> 11 else 0)
        bits = np.array([(version << 12 | rest) >> k & 1 for k in range(18)], np.bool_).reshape(6, 3)
        where[:6, modules - 11 : modules - 8], dark[:6, modules - 11 : modules - 8] = True, bits
        where[modules - 11 : modules - 8, :6], dark[modules - 11 : modules - 8, :6] = True, bits.T
    where[8, modules - 8 :] = where[modules - 8 :, 8] = False  # the separators' ninth row holds format information
    where[modules - 8, 8] = dark[modules - 8, 8] = True  # the module that is always dark
    where[8, :6] = where[8, 7:9] = where[:6, 8] = where[7, 8] = False
    return where, dark


def _alignment_places(version: int) -> list[int]:
    """Middles of the alignment patterns along one side (ISO/IEC 18004, annex E)."""
    if version == 1:
        return []
    count, last = version // 7 + 2, 4 * version + 10
    step = 26 if version == 32 else (version * 4 + count * 2 + 1) // (count * 2 - 2) * 2
    return [6, *(last - step * k for k in range(count - 2, -1, -1))]


def cut_patch(gray: Gray, middles: Floats, module: float, *, inverted: bool) -> Patch:
    """Cut the neighbourhood of three finder patterns out of the photo, at a density that is cheap to work on."""
    fourth = middles[1] + middles[2] - middles[0]
    every = np.vstack([middles, fourth[None]])
    low, high = every.min(0), every.max(0)
    margin = 8 * module + 0.12 * (high - low).max()
    x0, y0 = np.maximum(np.floor(low - margin), 0).astype(int)
    x1, y1 = np.ceil(high + margin).astype(int) + 1
    cut: Gray = gray[y0:y1, x0:x1]
    scale = float(np.clip(1.0, _PATCH_MODULE[0] / module, _PATCH_MODULE[1] / module))
    scale = min(scale, 1800 / max(cut.shape))
    if scale != 1.0:
        way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        cut = cv2.resize(cut, None, fx=scale, fy=scale, interpolation=way).astype(np.uint8, copy=False)
    even = even_light(np.ascontiguousarray(cut, np.uint8), least=4)
    return Patch(255 - even if inverted else even, scale, np.array([x0, y0], np.float64))


@dataclass(frozen=True, slots=True)
class Suspect:
    """Three finder patterns with timing patterns between them: a code, whether read or not."""

    gray: Gray
    trio: Trio
    """In pixels of the photo."""
    sizes: tuple[int, ...]
    """Numbers of modules a side, most plausible first."""
    score: float
    """How well the timing patterns alternate, 0…1."""

    @property
    def corners(self) -> Floats:
        """Roughly, in the photo."""
        modules = self.sizes[0]
        return project(_square(self.trio.middles, modules), rectangle(modules, modules))


def suspects(gray: Gray, even: Gray, trios: list[Trio], factor: float, *, largest: int = 40) -> list[Suspect]:
    """The threes with timing patterns between them, best first.

    ``even`` is the picture ``gray`` at ``factor`` times its size with its light evened, where the threes were found;
    ``largest`` the largest version considered.
    """
    found = []
    for trio, scored in zip(trios, _sizes(even, trios, largest), strict=True):
        if not scored or scored[0][0] < _TIMING:
            continue
        likely = tuple(modules for score, modules in scored[:3] if score > 0.4 * scored[0][0])
        found.append(Suspect(gray, trio.scaled(1 / factor), likely, scored[0][0]))
    return sorted(found, key=lambda s: -s.score)


def read_suspect(found: Suspect, *, patient: bool = True) -> Regridded | None:
    """Read a suspected code through its own grid.

    ``patient`` takes it for each of its two most plausible numbers of modules and tries every start; without it, one
    number and the likelier starts have to do.
    """
    trio = found.trio
    patch = cut_patch(found.gray, trio.middles, trio.module, inverted=trio.inverted)
    placed = replace(trio, middles=trio.middles - patch.shift).scaled(patch.scale)
    for modules in found.sizes[: 2 if patient else 1]:
        read = read_grid(patch, placed, modules, patient=patient)
        if read is not None:
            return read
    return None


def _square(middles: Floats, modules: int) -> Floats:
    """The affine map from modules to pixels that puts the finder patterns' middles where they were found."""
    span = modules - 7
    right, down = (middles[1] - middles[0]) / span, (middles[2] - middles[0]) / span
    origin = middles[0] - 3.5 * (right + down)
    return np.array([[right[0], down[0], origin[0]], [right[1], down[1], origin[1]], [0, 0, 1.0]])


def _framed_square(trio: Trio, modules: int) -> Floats:
    """The homography from modules to pixels that fits the three patterns' corners best, by their own frames."""
    places, pixels = [], []
    for (x, y), middle, frame in zip(((0, 0), (1, 0), (0, 1)), trio.middles, trio.frames, strict=True):
        at = 3.5 + (modules - 7) * np.array([x, y])
        for corner in rectangle(7, 7) - 3.5:
            places.append(at + corner)
            pixels.append(middle + corner @ frame)
    affine = _square(trio.middles, modules)
    found, _ = cv2.findHomography(np.array(places), np.array(pixels), 0)
    if found is None or not np.isfinite(found).all():
        return affine
    homography = np.asarray(found, np.float64)
    # Frames of a few pixels may be wild; the middles alone are safer then.
    ends = rectangle(modules, modules)
    if np.abs(project(homography, ends) - project(affine, ends)).max() > modules * trio.module:
        return affine
    return np.asarray(homography, np.float64)


def _sizes(even: Gray, trios: list[Trio], largest: int) -> list[list[tuple[float, int]]]:
    """For each three, how well the timing patterns alternate by number of modules a side, the best first."""
    if not trios:
        return []
    middles = np.array([t.middles for t in trios])
    frames = np.array([t.frames for t in trios])
    legs = middles[:, 1:] - middles[:, :1]
    # Each leg in modules, by the frames at its two ends.
    unit = np.stack([(frames[:, 0, 0] + frames[:, 1, 0]) / 2, (frames[:, 0, 1] + frames[:, 2, 1]) / 2], 1)
    guess = (np.linalg.norm(legs, axis=2) / np.linalg.norm(unit, axis=2)).mean(1) + 7
    scored: list[list[tuple[float, int]]] = [[] for _ in trios]
    for version in range(1, largest + 1):
        modules = 17 + 4 * version
        asked = np.flatnonzero((0.72 * guess - 2 < modules) & (modules < 1.3 * guess + 2))
        if not len(asked):
            continue
        count = modules - 16
        # From finder pattern to finder pattern along its own sides: a straight line on a flat code, bent on a bent one.
        t = (np.arange(count) + 0.5) / count
        weights = np.stack([2 * t**3 - 3 * t**2 + 1, t**3 - 2 * t**2 + t, 3 * t**2 - 2 * t**3, t**3 - t**2])
        points = np.empty((len(asked), 2, 3, count, 2))
        for line, (far, ahead, beside) in enumerate(((1, 0, 1), (2, 1, 0))):
            near_frame, far_frame = frames[asked, 0], frames[asked, far]
            start = middles[asked, 0] + 4.5 * near_frame[:, ahead] + 3 * near_frame[:, beside]
            end = middles[asked, far] - 4.5 * far_frame[:, ahead] + 3 * far_frame[:, beside]
            reach = np.linalg.norm(end - start, axis=1)[:, None]
            out, into = near_frame[:, ahead], far_frame[:, ahead]
            out = out / np.linalg.norm(out, axis=1)[:, None] * reach
            into = into / np.linalg.norm(into, axis=1)[:, None] * reach
            line_of = np.einsum("kt,nkc->ntc", weights, np.stack([start, out, end, into], 1))
            sideways = np.einsum(
                "kt,nkc->ntc", weights[::2], np.stack([near_frame[:, beside], far_frame[:, beside]], 1)
            )
            # A pattern whose middle was found half a module off shows its timing beside the line: look there too.
            points[:, line] = line_of[:, None] + np.array([-0.6, 0, 0.6])[:, None, None] * sideways[:, None]
        values = _values(even, points.reshape(-1, 2)).reshape(points.shape[:-1])
        wave = np.where(np.arange(count) % 2 == 0, -1.0, 1.0)
        signal = ((values - values.mean(-1, keepdims=True)) @ wave) / count
        colour = np.array([-1.0 if trios[t].inverted else 1.0 for t in asked])
        share = signal / (values.std(-1) + 12) * colour[:, None, None]
        score = share.max(2).mean(1)
        for n, value in zip(asked, score, strict=True):
            scored[n].append((float(value) - 0.004 * abs(modules - float(guess[n])), modules))
    return [sorted(sizes, reverse=True) for sizes in scored]


def _values(image: Gray, points: Floats) -> Floats:
    """Grey levels at points (N×2), between pixels linearly."""
    pad = -len(points) % 1024  # remap takes maps of at most 32767 a side
    maps = np.pad(points.astype(np.float32), ((0, pad), (0, 0))).reshape(-1, 1024, 2)
    found = cv2.remap(
        image, np.ascontiguousarray(maps[..., 0]), np.ascontiguousarray(maps[..., 1]), cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    return found.ravel()[: len(points)].astype(np.float64)


def read_grid(patch: Patch, trio: Trio, modules: int, *, patient: bool = True) -> Regridded | None:
    """Lay the grid of so many modules a side on three finder patterns (in pixels of the patch), and read it."""
    framed = _framed_square(trio, modules)
    aligned = _align(patch.even, framed, (modules - 17) // 4)
    flat: Floats = np.zeros((modules + 2 * _RIM, modules + 2 * _RIM, 2))
    starts = [(aligned, flat)] if aligned is not None else []
    bent = _bent(trio, framed, modules)
    if np.abs(bent).max() > _BENT:
        starts.append((framed, bent))
    if patient or not starts:
        starts.append((framed, flat))
    for start, first in starts:
        found = _read_bent(patch, start, first, modules, _SPREADS if patient else _SPREADS[:3])
        if found is not None:
            return found
    return None


def _read_bent(patch: Patch, start: Floats, bend: Floats, modules: int, spreads: tuple[float, ...]) -> Regridded | None:
    """Read a grid while it is followed over the code; None where the modules never make a valid code."""
    for turn, spread in enumerate(spreads):
        view = _view(patch.even, start, bend, modules)
        result = _decode(
            _levels(view, modules),
            (modules - 17) // 4,
            ways=min(turn + 1, 3) if len(spreads) < len(_SPREADS) else turn + 2,
        )
        if result is not None:
            corners = project(start, rectangle(modules, modules) + _corner_bend(bend))
            return Regridded(result, patch.to_photo(corners))
        bend = _follow(view, bend, spread)
    return None


def _bent(trio: Trio, to_patch: Floats, modules: int) -> Floats:
    """A first bend of the grid from the directions of the finder patterns' sides.

    The two timing patterns are taken to leave and to reach the patterns along their sides; what they bend away from
    the plane map is carried over the code, which is exact where a sheet is bent about one axis.
    """
    count = modules + 2 * _RIM
    at = np.arange(count) + 0.5 - _RIM
    back = np.linalg.inv(to_patch)
    bend = np.zeros((count, count, 2))
    near = trio.frames[0]
    for far, ahead in ((1, 0), (2, 1)):
        beside = 1 - ahead
        beyond = trio.frames[far]
        start = trio.middles[0] + 3 * near[beside] + 3.5 * near[ahead]
        end = trio.middles[far] + 3 * beyond[beside] - 3.5 * beyond[ahead]
        span = modules - 14.0
        chord = float(np.hypot(*(end - start))) / span
        out, into = [
            f[ahead] * float(np.clip(1, 0.7 * chord / np.hypot(*f[ahead]), 1.4 * chord / np.hypot(*f[ahead])))
            for f in (near, beyond)
        ]
        t = np.clip((at - 7) / span, 0, 1)[:, None]
        curve = (
            (2 * t**3 - 3 * t**2 + 1) * start + (t**3 - 2 * t**2 + t) * span * out
            + (3 * t**2 - 2 * t**3) * end + (t**3 - t**2) * span * into
        )  # fmt: skip
        curve += np.minimum(at - 7, 0)[:, None] * near[ahead] + np.maximum(at - modules + 7, 0)[:, None] * beyond[ahead]
        plain = np.stack([at, np.full_like(at, 6.5)] if ahead == 0 else [np.full_like(at, 6.5), at], 1)
        off = project(back, curve) - plain
        # Where the two lines meet, both tell the same: each gives half.
        off -= off[_RIM + 6] / 2
        bend += off[None, :] if ahead == 0 else off[:, None]
    return bend


def _corner_bend(bend: Floats) -> Floats:
    """How far the grid was moved at the code's corners, in modules."""
    first, last = _RIM, len(bend) - _RIM - 1
    return np.asarray(bend[[first, first, last, last], [first, last, last, first]], np.float64)


def _align(even: Gray, to_patch: Floats, version: int) -> Floats | None:
    """Lay the fixed patterns on the patch by image alignment (homography); None where it diverges."""
    where, dark = fixed_patterns(version)
    modules = len(dark)
    scale, rim = 4, 3
    side = (modules + 2 * rim) * scale
    template = cv2.GaussianBlur(
        np.kron(np.pad(np.where(dark, 0.0, 1.0), rim, constant_values=1.0), np.ones((scale, scale))).astype(np.float32),
        (0, 0), 1.2,
    )  # fmt: skip
    use = where.copy()
    use[9 : modules - 8, 9 : modules - 8] = False  # alignment patterns follow later: a bent label has them elsewhere
    mask = np.kron(np.pad(use, 1, constant_values=True), np.ones((scale, scale))).astype(np.uint8) * 255
    mask = np.pad(mask, (rim - 1) * scale)
    from_view = to_patch @ np.array([[1 / scale, 0, 0.5 / scale - rim], [0, 1 / scale, 0.5 / scale - rim], [0, 0, 1.0]])
    view = cv2.warpPerspective(
        even, from_view, (side, side), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
    )
    warp: NDArray[Any] = np.eye(3, dtype=np.float32)
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 25, 1e-4)
    try:
        fit, found = cv2.findTransformECCWithMask(
            template,
            view.astype(np.float32) / 255,
            mask,
            np.full_like(mask, 255),
            warp,
            cv2.MOTION_HOMOGRAPHY,
            criteria,
            5,
        )
    except cv2.error:
        return None
    if fit < 0.3:
        return None
    to_pixel = np.array([[scale, 0, scale * rim - 0.5], [0, scale, scale * rim - 0.5], [0, 0, 1]])
    better = from_view @ found.astype(np.float64) @ to_pixel
    return np.asarray(better / better[2, 2], np.float64)


def _view(even: Gray, to_patch: Floats, bend: Floats, modules: int) -> Gray:
    """The code and its rim resampled square through the bent grid."""
    count = modules + 2 * _RIM
    side = count * _DENSITY
    at = np.arange(count) + 0.5 - _RIM
    # The map is made a point a module and refined linearly; outwards of the outermost middles it is prolonged.
    grid = np.pad(
        np.stack(np.meshgrid(at, at), -1) + bend, ((1, 1), (1, 1), (0, 0)), mode="reflect", reflect_type="odd"
    )
    coarse = project(to_patch, grid).astype(np.float32)
    maps = cv2.resize(coarse, (side + 2 * _DENSITY, side + 2 * _DENSITY), interpolation=cv2.INTER_LINEAR)
    maps = maps[_DENSITY:-_DENSITY, _DENSITY:-_DENSITY]
    return cv2.remap(
        even, np.ascontiguousarray(maps[..., 0]), np.ascontiguousarray(maps[..., 1]), cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    ).astype(np.uint8, copy=False)  # fmt: skip


def _levels(view: Gray, modules: int) -> Floats:
    """Mean grey of the middle of each module, rim included."""
    count = modules + 2 * _RIM
    inner = view.reshape(count, _DENSITY, count, _DENSITY)[:, 2:-2, :, 2:-2]
    return np.asarray(inner.mean(axis=(1, 3)), np.float64)


def _follow(view: Gray, bend: Floats, spread: float) -> Floats:
    """Move the grid to where the module borders are: their phase, smoothed over ``spread`` modules and unwrapped."""
    soft = cv2.GaussianBlur(view, (0, 0), 0.8).astype(np.float32)
    moves = []
    count = len(bend)
    wave = np.exp(-2j * np.pi * ((np.arange(view.shape[1]) + 0.5) / _DENSITY))
    for axis in (1, 0):
        edge = np.zeros_like(soft)
        if axis == 1:
            edge[:, 1:-1] = np.abs(soft[:, 2:] - soft[:, :-2])
            turned = edge * wave[None, :]
        else:
            edge[1:-1] = np.abs(soft[2:] - soft[:-2])
            turned = edge * wave[:, None]
        cells = turned.reshape(count, _DENSITY, count, _DENSITY).sum(axis=(1, 3))
        real = cv2.GaussianBlur(cells.real.astype(np.float64), (0, 0), spread)
        imaginary = cv2.GaussianBlur(cells.imag.astype(np.float64), (0, 0), spread)
        phase = np.arctan2(imaginary, real)
        phase = _unwrapped(phase)
        moves.append(-phase / (2 * np.pi))
    # No jump may exceed what a label can bend between two neighbours.
    return np.asarray(bend + np.clip(np.stack(moves, -1), -3, 3), np.float64)


def _unwrapped(phase: Floats) -> Floats:
    """Phase followed from the left finder patterns' columns to the right, a neighbour from a neighbour.

    The finder patterns lie where they were found, to half a module: where following loses count on its way to one of
    them the phase is left as it is, a move of half a module at most.
    """
    start = _RIM + 3
    column = phase[:, start]
    down = np.concatenate([np.unwrap(column[start::-1])[::-1], np.unwrap(column[start:])[1:]])
    whole = phase + (down - column)[:, None]
    right = np.unwrap(whole[:, start:], axis=1)
    left = np.unwrap(whole[:, start::-1], axis=1)[:, ::-1]
    followed = np.concatenate([left[:, :-1], right], 1)
    near, far = slice(_RIM + 1, _RIM + 6), slice(-_RIM - 6, -_RIM - 1)
    followed -= 2 * np.pi * np.rint(followed[near, near].mean() / (2 * np.pi))
    astray = max(abs(float(followed[near, far].mean())), abs(float(followed[far, near].mean())))
    return np.asarray(followed if astray < np.pi else phase, np.float64)


def _decode(levels: Floats, version: int, ways: int) -> Any | None:
    """Ask zxing about the modules, told apart in several ways; None where none is a valid code."""
    asked: list[bytes] = []
    for dark in islice(_decisions(levels, version), ways):
        key = np.packbits(dark).tobytes()
        if key in asked:
            continue
        asked.append(key)
        picture = np.kron(np.pad(np.where(dark, 0, 255), 4, constant_values=255), np.ones((3, 3))).astype(np.uint8)
        for result in zxingcpp.read_barcodes(
            picture, formats=zxingcpp.QRCode, text_mode=zxingcpp.TextMode.Plain, is_pure=True, try_rotate=False,
            try_downscale=False, try_invert=False, binarizer=zxingcpp.Binarizer.BoolCast,
        ):  # fmt: skip
            if result.valid and result.text:
                return result
    return None


def _decisions(levels: Floats, version: int) -> Iterator[Matrix]:
    """The modules told apart in several ways, n×n, dark True; the fixed patterns as the standard has them."""
    where, fixed = fixed_patterns(version)
    inner = slice(_RIM, -_RIM)
    soft = levels.astype(np.float32)
    for reach, share in ((9, 0.5), (5, 0.5), (9, 0.62), (9, 0.38)):
        # Scratches lighten ink, blots and spread ink darken paper: the later shares side with what was lost.
        low = cv2.blur(cv2.erode(soft, np.ones((reach, reach))), (reach, reach))
        high = cv2.blur(cv2.dilate(soft, np.ones((reach, reach))), (reach, reach))
        yield np.where(where, fixed, (soft < low + share * (high - low))[inner, inner])
        if reach == 5:
            yield np.where(where, fixed, _equalised(soft, where, fixed))


def _equalised(levels: NDArray[np.float32], where: Matrix, fixed: Matrix) -> Matrix:
    """Tell modules apart after taking out what their neighbours' light spills onto them.

    The spill (3×3 modules and a slowly changing ground) is learnt from all modules as decided so far, the fixed
    patterns being known; three rounds settle it.
    """
    count = len(levels)
    inner = slice(_RIM, count - _RIM)
    middle = cv2.blur(levels, (7, 7))
    dark = levels < middle
    full = np.zeros((count, count), np.bool_)
    for _ in range(3):
        full[inner, inner] = np.where(where, fixed, dark[inner, inner])
        ink = full.astype(np.float64)
        shifted = [np.roll(ink, (dy, dx), (0, 1)) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
        slope = np.linspace(-1, 1, count)
        ground = [np.ones((count, count)), np.tile(slope, (count, 1)), np.tile(slope[:, None], (1, count))]
        basis = np.stack([*shifted, *ground], -1).reshape(-1, 12)
        square = basis.T @ basis + 1e-3 * np.eye(12)
        weights = np.linalg.solve(square, basis.T @ levels.ravel().astype(np.float64))
        own = weights[4]
        if own > -1:
            break
        spill = (basis @ weights).reshape(count, count) - own * ink
        dark = levels - spill < own / 2
    return np.asarray(dark[inner, inner], np.bool_)
