"""An invented camera: photos of printed sheets whose truth is known to the hundredth of a millimetre."""

import io
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from benchmarks.certificates import Floats, Sheet, encode, linear


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
    fill: float = 0.84
    blur_px: float = 0.7
    noise: float = 2.0
    light: float = 0.12
    """Fall-off of the light across the frame."""
    background: str = "any"
    """``wood``, ``grey``, ``dark`` or ``any``."""
    distortion: float = 0.0
    """Radial lens distortion: displacement at the frame's corner as a share of its distance."""


def photograph(sheet: Sheet, seed: int, camera: Camera | None = None) -> Photo:
    """One photo of the sheet; the same seed gives the same photo."""
    camera = camera or Camera()
    rng = np.random.default_rng(seed)
    width = round((camera.megapixels * 1e6 * 4 / 3) ** 0.5)
    height = round(width * 3 / 4)
    pose = _pose(sheet.sheet_mm, (width, height), camera, rng)
    scale = sheet.px_per_mm
    pad = 8
    from_raster = np.array([[1 / scale, 0, (0.5 - pad) / scale], [0, 1 / scale, (0.5 - pad) / scale], [0, 0, 1]])
    raster_to_photo = pose @ from_raster
    alpha = np.zeros((sheet.image.shape[0] + 2 * pad, sheet.image.shape[1] + 2 * pad), np.float32)
    alpha[pad:-pad, pad:-pad] = _sheet_alpha(sheet)
    colour = cv2.copyMakeBorder(sheet.image, pad, pad, pad, pad, cv2.BORDER_REPLICATE)
    corners = _apply(pose, np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * np.array(sheet.sheet_mm))
    density = np.linalg.norm(corners[1] - corners[0]) / sheet.sheet_mm[0]
    reflect = linear(colour.astype(np.float64)).astype(np.float32)
    if scale > 1.5 * density:
        sigma = 0.42 * scale / density
        reflect, alpha = cv2.GaussianBlur(reflect, (0, 0), sigma), cv2.GaussianBlur(alpha, (0, 0), sigma)
    seen = cv2.warpPerspective(
        reflect, raster_to_photo, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    cover = cv2.warpPerspective(alpha, raster_to_photo, (width, height), flags=cv2.INTER_LINEAR)[..., None]
    scene = _background(camera.background, (height, width), rng)
    shadow = cv2.GaussianBlur(cover[..., 0], (0, 0), max(2.0, 1.2 * density))[..., None]
    scene = scene * (1 - 0.35 * np.clip(shadow, 0, 1)) * (1 - cover) + seen * cover
    angle = rng.uniform(0, 2 * np.pi)
    yy, xx = np.mgrid[0:height, 0:width]
    slope = ((xx / width - 0.5) * np.cos(angle) + (yy / height - 0.5) * np.sin(angle)) * 2
    tint = np.array([1.0, rng.uniform(0.95, 1.0), rng.uniform(0.86, 1.0)])
    scene = scene * ((1 - camera.light * (0.5 + 0.5 * slope)) * rng.uniform(0.85, 1.0))[..., None] * tint
    if camera.distortion:
        scene = _distort(scene.astype(np.float32), camera.distortion)
        corners = _distort_points(corners, (width, height), camera.distortion)
    scene = cv2.GaussianBlur(scene.astype(np.float32), (0, 0), camera.blur_px)
    photo = encode(scene.astype(np.float64)) + rng.normal(0, camera.noise, scene.shape)
    x, y, side = sheet.code_mm
    code = _apply(pose, np.array([[x, y], [x + side, y], [x + side, y + side], [x, y + side]]))
    if camera.distortion:
        code = _distort_points(code, (width, height), camera.distortion)
    out = io.BytesIO()
    Image.fromarray(photo.round().clip(0, 255).astype(np.uint8)).save(out, "JPEG", quality=camera.quality)
    return Photo(out.getvalue(), corners, code)


def _sheet_alpha(sheet: Sheet) -> NDArray[np.float32]:
    height, width = sheet.image.shape[:2]
    if not sheet.rounded_mm:
        return np.ones((height, width), np.float32)
    mask = Image.new("L", (width, height), 0)
    ImageDraw.Draw(mask).rounded_rectangle([0, 0, width - 1, height - 1], sheet.rounded_mm * sheet.px_per_mm, fill=255)
    return np.asarray(mask).astype(np.float32) / 255


def _pose(sheet_mm: tuple[float, float], size: tuple[int, int], camera: Camera, rng: np.random.Generator) -> Floats:
    """Homography from sheet millimetres to photo pixels."""
    width, height = size
    focal = 1.15 * width
    axis = rng.uniform(0, 2 * np.pi)
    tilt = np.radians(camera.tilt * rng.uniform(0.3, 1.0))
    roll = np.radians(camera.roll * rng.uniform(-1, 1))
    spin, _ = cv2.Rodrigues(np.array([np.cos(axis), np.sin(axis), 0.0]) * tilt)
    turn, _ = cv2.Rodrigues(np.array([0.0, 0.0, roll]))
    rotation = spin @ turn
    centre = np.array([sheet_mm[0] / 2, sheet_mm[1] / 2])
    ratio = min(camera.fill * width / sheet_mm[0], camera.fill * height / sheet_mm[1])
    distance = focal / ratio
    lens = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]])
    shift = np.array([rng.uniform(-0.01, 0.01) * distance, rng.uniform(-0.01, 0.01) * distance, distance])
    flat = np.column_stack([rotation[:, 0], rotation[:, 1], shift - rotation[:, :2] @ centre])
    pose = lens @ flat
    return pose / pose[2, 2]


def _background(kind: str, shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float32]:
    """A table in linear light, H x W x 3."""
    if kind == "any":
        kind = str(rng.choice(["wood", "grey", "dark"]))
    height, width = shape
    base = {"wood": (0.30, 0.17, 0.08), "grey": (0.22, 0.23, 0.24), "dark": (0.03, 0.035, 0.045)}[kind]
    coarse = rng.normal(0, 1, (height // 40 + 2, width // 40 + 2 if kind != "wood" else 4)).astype(np.float32)
    fine = rng.normal(0, 1, (height // 3 + 2, width // 3 + 2 if kind != "wood" else width // 90 + 2)).astype(np.float32)
    texture = 0.18 * cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    texture += 0.10 * cv2.resize(fine, (width, height), interpolation=cv2.INTER_LINEAR)
    return (np.array(base, np.float32) * np.clip(1 + texture, 0.3, 1.8)[..., None]).astype(np.float32)


def _distort(scene: NDArray[np.float32], share: float) -> NDArray[np.float32]:
    height, width = scene.shape[:2]
    yy, xx = np.mgrid[0:height, 0:width].astype(np.float32)
    source = _undistort_points(np.stack([xx, yy], -1).reshape(-1, 2).astype(np.float64), (width, height), share)
    grid = source.reshape(height, width, 2).astype(np.float32)
    return cv2.remap(scene, grid[..., 0], grid[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _undistort_points(points: Floats, size: tuple[int, int], share: float) -> Floats:
    centre, radius = np.array(size) / 2, np.hypot(*size) / 2
    off = points - centre
    square = (off**2).sum(-1, keepdims=True) / radius**2
    return centre + off * (1 + share * square)


def _distort_points(points: Floats, size: tuple[int, int], share: float) -> Floats:
    guess = points.copy()
    for _ in range(20):
        guess = guess - (_undistort_points(guess, size, share) - points)
    return guess


def _apply(homography: Floats, points: Floats) -> Floats:
    moved = np.column_stack([points, np.ones(len(points))]) @ homography.T
    return moved[:, :2] / moved[:, 2:]
