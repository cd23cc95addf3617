"""An invented camera: photos of printed sheets whose truth is known to the hundredth of a millimetre.

A pinhole with a little radial distortion looks at a sheet that lies on a table, flat or bowed, under uneven light;
what it sees is blurred, gets noise and is compressed. ``CONDITIONS`` names the circumstances that make a photo hard.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
import segno
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from benchmarks.certificates import Floats, Sheet, encode, linear

Scene = NDArray[np.float32]
_STEP = 8
"""The map from photo to sheet is computed every so many pixels and interpolated: it is smooth."""


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo with the truth: sheet corners in pixels (pixel centres are whole numbers), top left first, clockwise."""

    jpeg: bytes
    corners: Floats
    code_corners: Floats


@dataclass(frozen=True, slots=True)
class Camera:
    """How a sheet is looked at; angles in degrees, ``fill`` is the share of the frame's long side."""

    megapixels: float = 1.6
    quality: int = 72
    tilt: float = 10.0
    roll: float = 6.0
    turn: float = 0.0
    """Rotation of the sheet in the picture: 90 lays it on its side, 180 turns it upside down."""
    fill: float = 0.84
    blur_px: float = 0.7
    noise: float = 2.0
    light: float = 0.12
    """Fall-off of the light across the frame."""
    background: str = "any"
    """``wood``, ``grey``, ``dark``, ``checks``, ``print``, ``pale`` or ``any`` (one of the first three)."""
    paleness: float = 0.93
    """Lightness L* of a ``pale`` table relative to the paper's."""
    distortion: float = 0.0
    """Radial lens distortion: displacement at the frame's corner as a share of its distance."""
    bow_mm: float = 0.0
    """Height of the sheet's middle over its rim (below zero: rim over the middle)."""
    bow_axis: float = 0.0
    """Direction along which the sheet is bent: 0 along its width, 90 along its height."""
    cut: str = ""
    """The side (``left``, ``top``, ``right``, ``bottom`` as the sheet is read) that lies outside the frame."""
    shadow: float = 0.0
    """Share of the light that a cast shadow takes away on its side of a line across the sheet."""
    glare: float = 0.0
    """Light of a reflection on the sheet, relative to white."""
    second_code: bool = False
    """Another QR stands on the sheet, as firms print for their own account."""
    laminate: bool = False
    """The sheet is sealed in a clear pouch, a few millimetres larger, with streaks of reflected light."""


CONDITIONS: dict[str, Callable[[Camera, np.random.Generator], Camera]] = {
    "plain": lambda camera, rng: camera,
    "bow 1": lambda camera, rng: _bowed(camera, rng, 1.0),
    "bow 2": lambda camera, rng: _bowed(camera, rng, 2.0),
    "bow 4": lambda camera, rng: _bowed(camera, rng, 4.0),
    "lens": lambda camera, rng: replace(camera, distortion=float(rng.choice([-1, 1]) * rng.uniform(0.01, 0.02))),
    "cut": lambda camera, rng: replace(camera, cut=str(rng.choice(["left", "top", "right", "bottom"]))),
    "pale": lambda camera, rng: replace(camera, background="pale", paleness=float(rng.uniform(0.85, 0.93))),
    "pattern": lambda camera, rng: replace(camera, background=str(rng.choice(["checks", "print"]))),
    "shadow": lambda camera, rng: replace(camera, shadow=float(rng.uniform(0.35, 0.6))),
    "glare": lambda camera, rng: replace(camera, glare=float(rng.uniform(0.4, 1.2))),
    "laminate": lambda camera, rng: replace(camera, laminate=True),
    "turned": lambda camera, rng: replace(camera, turn=float(rng.choice([90, 180, 270]))),
    "second code": lambda camera, rng: replace(camera, second_code=True),
    "slanted": lambda camera, rng: replace(camera, turn=float(rng.uniform(0, 360))),
}
"""What makes a photo hard, applied to a camera."""


def _bowed(camera: Camera, rng: np.random.Generator, height: float) -> Camera:
    sign = rng.choice([-1, 1])
    return replace(camera, bow_mm=float(sign * height), bow_axis=float(rng.choice([0, 90])))


def photograph(sheet: Sheet, seed: int, camera: Camera | None = None) -> Photo:
    """One photo of the sheet; the same seed gives the same photo."""
    camera = camera or Camera()
    rng = np.random.default_rng(seed)
    if camera.second_code:
        sheet = with_second_code(sheet, f"https://weixin.qq.com/r/sample{seed}")
    width = round((camera.megapixels * 1e6 * 4 / 3) ** 0.5)
    height = round(width * 3 / 4)
    view = View(sheet, (width, height), camera, rng)
    corners = view.project(np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * np.array(sheet.sheet_mm))
    x, y, side = sheet.code_mm
    code = view.project(np.array([[x, y], [x + side, y], [x + side, y + side], [x, y + side]]))
    in_mm = view.sheet_map()
    scale = sheet.px_per_mm
    pad = 8
    alpha = np.zeros((sheet.image.shape[0] + 2 * pad, sheet.image.shape[1] + 2 * pad), np.float32)
    alpha[pad:-pad, pad:-pad] = _sheet_alpha(sheet)
    colour = cv2.copyMakeBorder(sheet.image, pad, pad, pad, pad, cv2.BORDER_REPLICATE)
    density = np.linalg.norm(corners[1] - corners[0]) / sheet.sheet_mm[0]
    reflect = linear(colour.astype(np.float64)).astype(np.float32)
    if scale > 1.5 * density:
        sigma = 0.42 * scale / density
        reflect, alpha = cv2.GaussianBlur(reflect, (0, 0), sigma), cv2.GaussianBlur(alpha, (0, 0), sigma)
    raster = in_mm * np.float32(scale) + np.float32(pad - 0.5)
    seen = cv2.remap(reflect, raster[..., 0], raster[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    cover = cv2.remap(alpha, raster[..., 0], raster[..., 1], cv2.INTER_LINEAR)[..., None]
    paper = float(linear(np.array(float(np.median(sheet.image)))))
    scene = _background(camera, (height, width), rng, paper)
    contact = 0.35 if camera.background != "pale" else 0.1
    shade = cv2.GaussianBlur(cover[..., 0], (0, 0), max(2.0, 1.2 * density))[..., None]
    scene = scene * (1 - contact * np.clip(shade, 0, 1)) * (1 - cover)
    if camera.laminate:
        scene = scene + (1 - cover) * _pouch(in_mm, sheet.sheet_mm, rng)
    scene = scene + seen * cover
    if camera.laminate or camera.glare:
        scene = scene + _reflections(in_mm, sheet.sheet_mm, camera, rng)
    if camera.shadow:
        scene = scene * _cast_shadow(in_mm, sheet.sheet_mm, camera.shadow, rng)
    scene = scene * _light(camera, (height, width), rng)
    scene = cv2.GaussianBlur(scene.astype(np.float32), (0, 0), camera.blur_px)
    photo = encode(scene.astype(np.float64)) + rng.normal(0, camera.noise, scene.shape)
    out = io.BytesIO()
    Image.fromarray(photo.round().clip(0, 255).astype(np.uint8)).save(out, "JPEG", quality=camera.quality)
    return Photo(out.getvalue(), corners, code)


def with_second_code(sheet: Sheet, text: str, side_mm: float = 12.0) -> Sheet:
    """The sheet with another QR on its free lower left, as firms print for their own account."""
    matrix = np.array([list(row) for row in segno.make(text, error="m", micro=False).matrix], np.uint8)
    scale = sheet.px_per_mm
    size = round(side_mm * scale)
    small = cv2.resize(255 - matrix * 225, (size, size), interpolation=cv2.INTER_NEAREST)
    image = sheet.image.copy()
    top = round((sheet.sheet_mm[1] - side_mm - 7) * scale)
    left = round(7 * scale)
    edge = round(1.5 * scale)
    image[top - edge : top + size + edge, left - edge : left + size + edge] = 240
    image[top : top + size, left : left + size] = np.minimum(small, 240)[..., None]
    return replace(sheet, image=image)


class View:
    """Where the sheet is seen: sheet millimetres to photo pixels, and back for every pixel."""

    def __init__(self, sheet: Sheet, size: tuple[int, int], camera: Camera, rng: np.random.Generator) -> None:
        self.size, self.share = size, camera.distortion
        width, height = size
        sheet_mm = np.array(sheet.sheet_mm)
        focal = 1.15 * width
        axis = rng.uniform(0, 2 * np.pi)
        tilt = np.radians(camera.tilt * rng.uniform(0.3, 1.0))
        roll = np.radians(camera.roll * rng.uniform(-1, 1) + camera.turn)
        spin, _ = cv2.Rodrigues(np.array([np.cos(axis), np.sin(axis), 0.0]) * tilt)
        turn, _ = cv2.Rodrigues(np.array([0.0, 0.0, roll]))
        self.rotation = np.asarray(spin @ turn, np.float64)
        self.centre = sheet_mm / 2
        across, down = np.abs(self.rotation[:2, :2]) @ sheet_mm
        ratio = min(camera.fill * width / across, camera.fill * height / down)
        distance = focal / ratio
        self.lens = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]])
        self.shift = np.array([rng.uniform(-0.01, 0.01) * distance, rng.uniform(-0.01, 0.01) * distance, distance])
        direction = np.radians(camera.bow_axis)
        self.along = np.array([np.cos(direction), np.sin(direction)])
        self.bow = camera.bow_mm
        self.half = float(np.abs(self.along) @ sheet_mm) / 2
        if camera.cut:
            self._move_out(camera.cut, sheet_mm, rng)

    def _move_out(self, side: str, sheet_mm: Floats, rng: np.random.Generator) -> None:
        """Shift the camera so that one side lies 2 to 6 mm beyond the frame at its nearest corner."""
        ends = {"left": (0, 3), "top": (0, 1), "right": (1, 2), "bottom": (3, 2)}[side]
        outward = {"left": (-1, 0), "top": (0, -1), "right": (1, 0), "bottom": (0, 1)}[side]
        corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * sheet_mm
        beyond = rng.uniform(2, 6)
        towards = self.rotation[:, :2] @ np.array(outward, np.float64)
        for _ in range(400):
            at = self.project(corners)[list(ends)]
            inside = ((at > 0) & (at < np.array(self.size) - 1)).all(axis=1)
            if not inside.any():
                self.shift = self.shift + towards * beyond * np.array([1, 1, 0])
                return
            self.shift = self.shift + towards * np.array([1, 1, 0])

    def _depth(self, across: Floats) -> Floats:
        """Height towards the camera of the surface at a horizontal distance from the middle."""
        share = (across / self.half) ** 2
        return np.asarray(self.bow * (1 - share) if self.bow > 0 else -self.bow * share)

    def project(self, points: Floats) -> Floats:
        """Sheet millimetres (…×2, measured along the paper) to photo pixels."""
        off = np.asarray(points, np.float64) - self.centre
        arc = off @ self.along
        steep = 2 * self.bow / self.half**2
        flat = arc - steep**2 * arc**3 / 6
        for _ in range(3):
            flat = flat - (flat + steep**2 * flat**3 / 6 - arc)
        place = off + (flat - arc)[..., None] * self.along
        space = np.concatenate([place, -self._depth(flat)[..., None]], axis=-1)
        seen = (space @ self.rotation.T + self.shift) @ self.lens.T
        return distort_points(seen[..., :2] / seen[..., 2:], self.size, self.share)

    def sheet_map(self) -> NDArray[np.float32]:
        """The sheet millimetre that every pixel shows, H×W×2 (beyond the sheet: its plane or surface, extended)."""
        width, height = self.size
        columns, rows = np.meshgrid(np.arange(0, width + 3 * _STEP, _STEP), np.arange(0, height + 3 * _STEP, _STEP))
        coarse = self._sheet_points(np.stack([columns, rows], -1).astype(np.float64) - _STEP).astype(np.float32)
        x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
        return np.asarray(cv2.remap(coarse, x / _STEP + 1, y / _STEP + 1, cv2.INTER_LINEAR), np.float32)

    def _sheet_points(self, pixels: Floats) -> Floats:
        plain = undistort_points(pixels, self.size, self.share)
        rays = np.concatenate([plain, np.ones((*plain.shape[:-1], 1))], -1) @ np.linalg.inv(self.lens).T @ self.rotation
        origin = -self.shift @ self.rotation
        time = -origin[2] / rays[..., 2]
        for _ in range(12):
            flat = (origin[:2] + time[..., None] * rays[..., :2]) @ self.along
            flat = np.clip(flat, -1.6 * self.half, 1.6 * self.half)
            time = (-self._depth(flat) - origin[2]) / rays[..., 2]
        place = origin[:2] + time[..., None] * rays[..., :2]
        flat = place @ self.along
        steep = 2 * self.bow / self.half**2
        return np.asarray(place + (steep**2 * flat**3 / 6)[..., None] * self.along + self.centre)


def _sheet_alpha(sheet: Sheet) -> NDArray[np.float32]:
    height, width = sheet.image.shape[:2]
    if not sheet.rounded_mm:
        return np.ones((height, width), np.float32)
    mask = Image.new("L", (width, height), 0)
    ImageDraw.Draw(mask).rounded_rectangle([0, 0, width - 1, height - 1], sheet.rounded_mm * sheet.px_per_mm, fill=255)
    return np.asarray(mask).astype(np.float32) / 255


def _background(camera: Camera, shape: tuple[int, int], rng: np.random.Generator, paper: float) -> Scene:
    """A table in linear light, H x W x 3."""
    kind = camera.background
    if kind == "any":
        kind = str(rng.choice(["wood", "grey", "dark"]))
    height, width = shape
    coarse = rng.normal(0, 1, (height // 40 + 2, width // 40 + 2 if kind != "wood" else 4)).astype(np.float32)
    fine = rng.normal(0, 1, (height // 3 + 2, width // 3 + 2 if kind != "wood" else width // 90 + 2)).astype(np.float32)
    texture = 0.18 * cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    texture += 0.10 * cv2.resize(fine, (width, height), interpolation=cv2.INTER_LINEAR)
    if kind == "pale":
        level = 116 * np.cbrt(paper) - 16
        light = ((camera.paleness * level + 16) / 116) ** 3
        base = np.array([1.0, rng.uniform(0.98, 1.0), rng.uniform(0.95, 1.0)], np.float32) * light
        return np.asarray(base * np.clip(1 + 0.06 * texture, 0.8, 1.1)[..., None], np.float32)
    if kind == "checks":
        period = int(rng.integers(width // 60, width // 18))
        yy, xx = np.mgrid[0:height, 0:width]
        angle = rng.uniform(0, np.pi)
        u, v = xx * np.cos(angle) + yy * np.sin(angle), yy * np.cos(angle) - xx * np.sin(angle)
        squares = ((u // period).astype(int) + (v // period).astype(int)) % 2
        dark, bright = np.array([0.08, 0.1, 0.2]), np.array([0.45, 0.42, 0.36])
        colour = np.where(squares[..., None] == 1, dark, bright).astype(np.float32)
        return np.asarray(colour * np.clip(1 + 0.5 * texture, 0.5, 1.5)[..., None], np.float32)
    if kind == "print":
        page = np.full(shape, 0.5, np.float32)
        unit = max(width // 120, 4)
        for _ in range(700):
            x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
            long, high = int(rng.integers(1, 9)) * unit, int(rng.integers(1, 3)) * unit // 2 + 1
            page[y : y + high, x : x + long] = rng.uniform(0.02, 0.4)
        return np.asarray(page[..., None] * np.clip(1 + 0.3 * texture, 0.5, 1.5)[..., None] * np.ones(3), np.float32)
    base = {"wood": (0.30, 0.17, 0.08), "grey": (0.22, 0.23, 0.24), "dark": (0.03, 0.035, 0.045)}[kind]
    return (np.array(base, np.float32) * np.clip(1 + texture, 0.3, 1.8)[..., None]).astype(np.float32)


def _light(camera: Camera, shape: tuple[int, int], rng: np.random.Generator) -> Floats:
    height, width = shape
    angle = rng.uniform(0, 2 * np.pi)
    yy, xx = np.mgrid[0:height, 0:width]
    slope = ((xx / width - 0.5) * np.cos(angle) + (yy / height - 0.5) * np.sin(angle)) * 2
    tint = np.array([1.0, rng.uniform(0.95, 1.0), rng.uniform(0.86, 1.0)])
    return np.asarray(((1 - camera.light * (0.5 + 0.5 * slope)) * rng.uniform(0.85, 1.0))[..., None] * tint)


def _cast_shadow(in_mm: Scene, sheet_mm: tuple[float, float], share: float, rng: np.random.Generator) -> Scene:
    """A straight shadow border, a few millimetres soft, somewhere across the sheet."""
    angle = rng.uniform(0, 2 * np.pi)
    through = np.array(sheet_mm) * rng.uniform(0.25, 0.75, 2)
    away = (in_mm - through.astype(np.float32)) @ np.array([np.cos(angle), np.sin(angle)], np.float32)
    return np.asarray(1 - share / (1 + np.exp(-np.clip(away / rng.uniform(0.6, 2.5), -30, 30))), np.float32)[..., None]


def _pouch(in_mm: Scene, sheet_mm: tuple[float, float], rng: np.random.Generator) -> Scene:
    """The clear margin of a laminating pouch: a faint veil with a brighter rim."""
    margin = rng.uniform(2.0, 4.0)
    half = np.array(sheet_mm, np.float32) / 2
    beyond = (np.abs(in_mm - half) - half).max(axis=-1)
    veil = np.where((beyond > 0) & (beyond < margin), 0.03, 0.0)
    rim = 0.12 * np.exp(-(((beyond - margin) / 0.25) ** 2))
    return np.asarray(veil + rim, np.float32)[..., None]


def _reflections(in_mm: Scene, sheet_mm: tuple[float, float], camera: Camera, rng: np.random.Generator) -> Scene:
    """Lamps mirrored by a glossy surface: a blob, and for a pouch two long streaks."""
    light = np.zeros(in_mm.shape[:2], np.float32)
    if camera.glare:
        centre = (np.array(sheet_mm) * rng.uniform(0.1, 0.9, 2)).astype(np.float32)
        radius = np.float32(rng.uniform(3.0, 7.0))
        light += np.float32(camera.glare) * np.exp(-(((in_mm - centre) / radius) ** 2).sum(-1))
    if camera.laminate:
        for _ in range(2):
            angle = rng.uniform(0, np.pi)
            through = (np.array(sheet_mm) * rng.uniform(0.1, 0.9, 2)).astype(np.float32)
            away = (in_mm - through) @ np.array([np.cos(angle), np.sin(angle)], np.float32)
            light += np.float32(rng.uniform(0.1, 0.35)) * np.exp(-((away / np.float32(rng.uniform(0.8, 2.0))) ** 2))
    return light[..., None]


def undistort_points(points: Floats, size: tuple[int, int], share: float) -> Floats:
    """Where the pinhole would have put what the lens shows at ``points`` (…×2 pixels)."""
    if not share:
        return points
    centre, radius = np.array(size) / 2, np.hypot(*size) / 2
    off = points - centre
    square = (off**2).sum(-1, keepdims=True) / radius**2
    return np.asarray(centre + off * (1 + share * square))


def distort_points(points: Floats, size: tuple[int, int], share: float) -> Floats:
    """The other way round."""
    guess = points.copy()
    for _ in range(20 if share else 0):
        guess = guess - (undistort_points(guess, size, share) - points)
    return guess
