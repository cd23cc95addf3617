"""Seals (印章) on a page: round or oval, red or blue, and the name that runs around them (7.1, R42).

A picture can only show that there is a seal, never that it is genuine: a signed PDF does that
(:mod:`inspection.signed_pdf`).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

import cv2
import numpy as np
from numpy.typing import NDArray

from inspection import ocr
from inspection.geometry import Floats

_VIEW = 1200
"""Seals are sought with the longer side at this many pixels: one of 42 mm on A4 is then 170 across."""
_LEAST_SHARE, _MOST_SHARE = 0.018, 0.22
"""Radius of a seal by the page's longer side: 30 mm on A3 to 45 mm on a slip of A6."""
_LEAST_RADIUS = 14
_MOST_TRIED = 40
_TINTED = 22
"""How far an ink's a* (red) or b* (blue) stands from the paper's to count."""
_ANGLES = 180
_RING = 0.72
"""Share of a circle's angles at which its ring is seen, from which it is one."""
_HALF_RING = 0.5
_ARC = 0.25
"""At least so much of a turn is seen without a gap: red letters stand at any angle, but in pieces."""
_FULL = 0.62
"""A disc of colour is an emblem or a button, no seal."""
_OUTSIDE = 0.35
"""Around a seal there is less of its colour than this."""
_BAND = (0.5, 0.86)
"""Where the name stands, by the radius."""
_STRIP_HEIGHT = 48
_CHINESE = re.compile(r"[^\u4e00-\u9fff()（）]")
_ISSUERS = re.compile(
    "监督管理|市场监督|管理局|工商行政|行政审批|审批服务|登记注册|认证中心|认证有限|质量认证|许可专用|人民政府"
)
_FIRMS = re.compile("公司|厂$|集团|合作社|合伙|中心$|商行|经营部|专用章")
_FORM = re.compile("(股份|责任)?(有限)?(责任)?公司$|厂$")
"""What the names of most firms end in, and by which they are alike."""


@dataclass(frozen=True, slots=True)
class Seal:
    """One seal. ``centre`` and ``radii`` (long, short) in pixels of the picture, ``angle`` degrees of the long radius;
    ``ring`` the share of its outline that is seen; ``star`` whether one stands in the middle; ``name`` what could be
    read around it, "" where nothing could; ``sure`` False where it may be something else."""

    centre: tuple[float, float]
    radii: tuple[float, float]
    angle: float
    colour: str
    ring: float
    star: bool
    sure: bool
    name: str = ""

    @property
    def of_issuer(self) -> bool:
        """Whether the name is that of an authority or a certification body."""
        return bool(_ISSUERS.search(self.name))

    def of_firm(self, firm: str) -> bool:
        """Whether the name is, or may well be, ``firm``'s; without one, whether it is a firm's at all."""
        if self.of_issuer or not self.name:
            return False
        if not firm:
            return bool(_FIRMS.search(self.name))
        return _alike(self.name, firm) >= 0.5

    def of_another(self, firm: str) -> bool:
        """Whether the name is plainly another firm's: legible to its end, and nothing of it like ``firm``'s."""
        own, theirs = _CHINESE.sub("", self.name), _CHINESE.sub("", firm)
        whole = len(own) >= 6 and bool(_FORM.search(own))
        return whole and bool(theirs) and _alike(_FORM.sub("", own), _FORM.sub("", theirs)) < 0.25


def _alike(first: str, second: str) -> float:
    return SequenceMatcher(None, _CHINESE.sub("", first), _CHINESE.sub("", second), autojunk=False).ratio()


def find_seals(rgb: NDArray[np.uint8], *, read: bool = True) -> list[Seal]:
    """The seals of a picture, the surest first, with their names where ``read``."""
    height, width = rgb.shape[:2]
    factor = min(1.0, _VIEW / max(height, width))
    view = rgb
    if factor < 1:
        view = cv2.resize(rgb, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    lab = cv2.cvtColor(view, cv2.COLOR_RGB2LAB).astype(np.int16)
    found: list[Seal] = []
    away = lab[..., 1:] - np.median(lab[..., 1:], axis=(0, 1)).astype(np.int16)
    red, blue = away[..., 0], -away[..., 1]
    for colour, tint, other in (("red", red, blue), ("blue", blue, red)):
        found += _seals_in(((tint > _TINTED) & (tint >= other)).astype(np.uint8), colour)
    found = _apart(found)
    if read:
        found = [replace(seal, name=_name(view, seal)) if seal.sure else seal for seal in found]
    return [
        replace(
            seal, centre=((seal.centre[0] + 0.5) / factor - 0.5, (seal.centre[1] + 0.5) / factor - 0.5),
            radii=(seal.radii[0] / factor, seal.radii[1] / factor),
        )
        for seal in found
    ]  # fmt: skip


def colourless(rgb: NDArray[np.uint8]) -> bool:
    """Whether the picture is a scan in black and white or grey, on which no ink has a colour."""
    small = rgb[:: max(1, rgb.shape[0] // 400), :: max(1, rgb.shape[1] // 400)]
    lab = cv2.cvtColor(np.ascontiguousarray(small), cv2.COLOR_RGB2LAB).astype(np.int16)
    away = np.abs(lab[..., 1:] - np.median(lab[..., 1:], axis=(0, 1))).max(-1)
    return float((away > 8).mean()) < 1e-4


def dark_rings(rgb: NDArray[np.uint8]) -> list[Seal]:
    """Round stamps in the ink of the text, as a copier leaves them: never sure."""
    height, width = rgb.shape[:2]
    factor = min(1.0, _VIEW / max(height, width))
    gray = cv2.cvtColor(cv2.resize(rgb, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
    mask = (gray < float(np.median(gray)) - 60).astype(np.uint8)
    return [replace(seal, sure=False) for seal in _apart(_seals_in(mask, "grey")) if seal.sure]


def _seals_in(mask: NDArray[np.uint8], colour: str) -> list[Seal]:
    if int(mask.sum()) < 60:
        return []
    found = [_judged(mask, ellipse, colour) for ellipse in _candidates(mask)]
    return sorted((seal for seal in found if seal), key=lambda seal: (not seal.sure, -seal.ring))


Ellipse = tuple[float, float, float, float, float]
"""Centre x and y, half the long and the short axis, degrees of the long one."""


def _candidates(mask: NDArray[np.uint8]) -> Iterator[Ellipse]:
    """Outlines of what hangs together, and circles that many edges agree on (a stamp across other red things)."""
    longest = max(mask.shape)
    least, most = max(_LEAST_RADIUS, _LEAST_SHARE * longest), _MOST_SHARE * longest
    tried = 0
    for reach in (0, 3, 9):
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach)) if reach else None
        joined = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, kernel) if kernel is not None else mask
        contours, _ = cv2.findContours(joined, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        for contour in sorted(contours, key=len, reverse=True)[:_MOST_TRIED]:
            _, _, w, h = cv2.boundingRect(contour)
            if len(contour) < 20 or max(w, h) < 2 * least or max(w, h) > 2 * most * 1.1:
                continue
            hull = cv2.convexHull(contour)
            if len(hull) >= 5:
                (x, y), (first, second), angle = cv2.fitEllipse(_dense(hull.reshape(-1, 2).astype(np.float64)))
                long, short = max(first, second) / 2, min(first, second) / 2
                if least <= short and long <= most:
                    yield x, y, long, short, angle + (90 if second > first else 0)
                    tried += 1
            if tried >= _MOST_TRIED:
                return
    soft = cv2.GaussianBlur(mask * 255, (0, 0), 1.5)
    circles = cv2.HoughCircles(
        soft, cv2.HOUGH_GRADIENT, 2, 1.5 * least, param1=120, param2=60, minRadius=int(least), maxRadius=int(most)
    )
    for x, y, radius in [] if circles is None else circles.reshape(-1, 3)[:12]:
        yield float(x), float(y), float(radius), float(radius), 0.0


def _dense(points: Floats) -> NDArray[np.float32]:
    """The hull as evenly spaced points: a fit to its corners alone follows where they crowd."""
    closed = np.vstack([points, points[:1]])
    steps = np.linalg.norm(np.diff(closed, axis=0), axis=1)
    along = np.concatenate([[0], np.cumsum(steps)])
    at = np.linspace(0, along[-1], 120, endpoint=False)
    return np.stack([np.interp(at, along, closed[:, 0]), np.interp(at, along, closed[:, 1])], -1).astype(np.float32)


def _polar(mask: NDArray[np.uint8], ellipse: Ellipse, radii: Floats, angles: int = _ANGLES) -> NDArray[np.uint8]:
    """The mask along ellipses of ``radii`` (1: the outline), clockwise from below: one row a radius."""
    x, y, long, short, turn = ellipse
    t = np.linspace(0, 2 * np.pi, angles, endpoint=False) + np.pi / 2 - np.radians(turn)
    along, across = np.cos(t) * long, np.sin(t) * short
    c, s = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    dx, dy = along * c - across * s, along * s + across * c
    xs = (x + np.outer(radii, dx)).astype(np.float32)
    ys = (y + np.outer(radii, dy)).astype(np.float32)
    return cv2.remap(mask, xs, ys, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0).astype(np.uint8)


def _judged(mask: NDArray[np.uint8], ellipse: Ellipse, colour: str) -> Seal | None:
    """The seal, where the outline is a thin ring with writing inside and little of its colour around."""
    x, y, long, short, turn = ellipse
    if long > 1.9 * short:
        return None
    image = mask * 255
    slack = max(2.5 / short, 0.045)
    rows = np.linspace(1 - 2 * slack, 1 + slack, 9)
    outline = _polar(image, ellipse, rows).max(0) > 100
    ring = float(outline.mean())
    if ring < _HALF_RING or _longest(outline) < _ARC:
        return None
    outside = float((_polar(image, ellipse, np.linspace(1 + 2.5 * slack, 1.25, 5)) > 100).mean())
    inside = _polar(image, ellipse, np.linspace(0.05, 0.9, 24)) > 100
    weights = np.linspace(0.05, 0.9, 24)
    full = float((inside.mean(1) * weights).sum() / weights.sum())
    band = _polar(image, ellipse, np.linspace(*_BAND, 12)) > 100
    written = float(_smeared(band.max(0)).mean())
    ink = float(band.mean())
    if not (0.05 <= full <= _FULL and written >= 0.4 and 0.06 <= ink <= 0.7 and outside < _OUTSIDE):
        return None
    sure = ring >= _RING and _longest(outline) >= 2 * _ARC
    return Seal((x, y), (long, short), turn, colour, ring, _star(image, ellipse), sure)


def _smeared(seen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Angles within ten degrees of one at which something is seen."""
    reach = len(seen) // 36
    wide = np.concatenate([seen[-reach:], seen, seen[:reach]]).astype(np.uint8)
    return np.asarray(cv2.dilate(wide[None], np.ones((1, 2 * reach + 1), np.uint8))[0, reach:-reach] > 0)


def _longest(seen: NDArray[np.bool_]) -> float:
    """The longest stretch of a turn that is seen, as a share of it."""
    gaps = np.flatnonzero(~seen)
    if not len(gaps):
        return 1.0
    return float(np.diff(np.append(gaps, gaps[0] + len(seen))).max() - 1) / len(seen)


def _star(image: NDArray[np.uint8], ellipse: Ellipse) -> bool:
    """Five points around the centre: the profile between core and tips repeats five times in a turn."""
    x, y, _, short, _ = ellipse
    circle = (x, y, short, short, 0.0)
    core = float((_polar(image, circle, np.linspace(0.01, 0.1, 4)) > 100).mean())
    if core < 0.6:
        return False
    profile = (_polar(image, circle, np.linspace(0.12, 0.36, 10)) > 100).mean(0)
    strength = np.abs(np.fft.rfft(profile - profile.mean()))[1:9]
    return bool(strength.argmax() == 4 and strength[4] > 0.35 * strength.sum())


def _apart(seals: Sequence[Seal]) -> list[Seal]:
    """One of those that lie on each other: the surest, then the largest (a seal's inner rings are seals too)."""
    kept: list[Seal] = []
    for seal in sorted(seals, key=lambda seal: (not seal.sure, -seal.radii[0] * (1 + seal.ring))):
        near = (
            float(np.hypot(seal.centre[0] - other.centre[0], seal.centre[1] - other.centre[1]))
            < 0.9 * max(seal.radii[0], other.radii[0])
            for other in kept
        )
        if not any(near):
            kept.append(seal)
    return kept


# --- the name around it -----------------------------------------------------------------------------------------------


def _name(view: NDArray[np.uint8], seal: Seal) -> str:
    """The name along the ring, clockwise from its widest gap, as far as the reader is sure of Chinese characters.

    The gap is where a name begins and ends; a number that runs the other way along the foot reads as nothing.
    """
    channel = 1 if seal.colour == "red" else 2
    lab = cv2.cvtColor(view, cv2.COLOR_RGB2LAB)[..., channel].astype(np.int16)
    tint = (lab - int(np.median(lab))) * (1 if channel == 1 else -1)
    ink = np.clip(tint * 4, 0, 255).astype(np.uint8)
    long, short = seal.radii
    ellipse = (*seal.centre, long, short, seal.angle)
    best, score = "", 0.0
    for inner, outer in ((0.6, 0.94), (0.66, 0.97), (0.52, 0.9)):
        middle = (inner + outer) / 2
        length = round(_STRIP_HEIGHT * 2 * np.pi * middle / (outer - inner))
        strip = _polar(ink, ellipse, np.linspace(outer, inner, _STRIP_HEIGHT), length)
        start = _gap(strip)
        strip = np.roll(strip, -start, axis=1)
        text, chars, _ = ocr.recognise(np.repeat((255 - strip)[..., None], 3, 2))
        kept = [c for c, sure in zip(text, chars, strict=False) if sure > 0.5 and not _CHINESE.match(c)]
        worth = sum(sure for c, sure in zip(text, chars, strict=False) if not _CHINESE.match(c))
        if len(kept) >= 4 and worth > score:
            best, score = "".join(kept), worth
    return best


def _gap(strip: NDArray[np.uint8]) -> int:
    """The column in the middle of the widest stretch without writing."""
    empty = (strip[6:-6] > 110).sum(0) < 2
    twice = np.concatenate([empty, empty])
    longest, end, run = 0, 0, 0
    for index, blank in enumerate(twice):
        run = run + 1 if blank else 0
        if run > longest:
            longest, end = run, index
    return int((end - longest // 2) % len(empty))
