"""Plane geometry on arrays: points N×2, homographies 3×3, lines as homogeneous triples. Float64 throughout."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inspection.report import Quad

Floats = NDArray[np.floating[Any]]

UNIT_SQUARE: Floats = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])


def rectangle(width: float, height: float) -> Floats:
    """Corners of a rectangle at the origin: top left, top right, bottom right, bottom left."""
    return np.asarray(UNIT_SQUARE * np.array([width, height]), np.float64)


def project(homography: Floats, points: ArrayLike) -> Floats:
    """Points (…×2) moved by a homography."""
    p = np.asarray(points, np.float64)
    moved = p @ homography[:, :2].T + homography[:, 2]
    return np.asarray(moved[..., :2] / moved[..., 2:], np.float64)


def homographies(source: Floats, target: Floats) -> Floats:
    """Homographies that take four points each to four others: N×4×2 and N×4×2 (or 4×2) to N×3×3.

    Degenerate quadrangles give a matrix of NaN.
    """
    source, target = np.broadcast_arrays(source, target)
    count = len(source)
    x, y, u, v = source[..., 0], source[..., 1], target[..., 0], target[..., 1]
    one, zero = np.ones_like(x), np.zeros_like(x)
    rows_u = np.stack([x, y, one, zero, zero, zero, -u * x, -u * y], -1)
    rows_v = np.stack([zero, zero, zero, x, y, one, -v * x, -v * y], -1)
    system = np.concatenate([rows_u, rows_v], 1)
    right = np.concatenate([u, v], 1)
    result = np.full((count, 9), np.nan)
    sound = np.abs(np.linalg.det(system)) > 1e-12
    if sound.any():
        result[sound, :8] = np.linalg.solve(system[sound], right[sound][..., None])[..., 0]
        result[sound, 8] = 1.0
    return result.reshape(count, 3, 3)


def homography(source: ArrayLike, target: ArrayLike) -> Floats:
    """The homography that takes four points to four others."""
    a, b = np.asarray(source, np.float64), np.asarray(target, np.float64)
    return np.asarray(homographies(a[None], b[None])[0], np.float64)


def line_through(first: ArrayLike, second: ArrayLike) -> Floats:
    """Homogeneous line(s) through two points (…×2)."""
    p, q = np.asarray(first, np.float64), np.asarray(second, np.float64)
    one = np.ones((*p.shape[:-1], 1))
    return np.asarray(np.cross(np.concatenate([p, one], -1), np.concatenate([q, one], -1)), np.float64)


def meet(first: Floats, second: Floats) -> Floats:
    """Intersection point(s) of homogeneous lines (…×3)."""
    point = np.cross(first, second)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(point[..., :2] / point[..., 2:], np.float64)


def quad(points: Floats) -> Quad:
    """Four corners as plain numbers, rounded to a hundredth of a pixel."""
    a, b, c, d = [(round(float(x), 2), round(float(y), 2)) for x, y in points]
    return a, b, c, d


def side_lengths(corners: Floats) -> Floats:
    """Lengths of the four sides of a quadrangle (…×4×2): top, right, bottom, left."""
    return np.asarray(np.linalg.norm(np.roll(corners, -1, axis=-2) - corners, axis=-1), np.float64)
