"""The code's own module grid, laid on the photo to a few hundredths of a pixel."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import segno
import zxingcpp
from numpy.typing import NDArray

from inspection.dimension import sized, with_format
from inspection.geometry import Floats, homography, project, rectangle, side_lengths
from inspection.reading import Symbol

Gray = NDArray[np.uint8]
Matrix = NDArray[np.bool_]

_RING = 1
"""Modules of quiet zone that take part in the alignment."""
_SAME = 0.93
"""Share of modules from which a re-encoded grid is the one that was printed, the rest being print faults."""
_ALIKE = 0.6
"""Share from which it is at least worth laying on the photo."""
_FITS = 0.72


@dataclass(frozen=True, slots=True)
class Grid:
    """A code aligned to the photo.

    ``ideal`` is rows×columns, True where a module is dark; ``exact`` tells whether it was re-encoded from the text (a
    module that differs is a print fault) or only sampled from the photo. ``to_photo`` takes module coordinates (x to
    the right 0…columns, y down 0…rows) to photo pixels; ``fit`` is the correlation of grid and photo, 0…1;
    ``px_per_module`` the mean density.
    """

    ideal: Matrix
    exact: bool
    to_photo: Floats
    fit: float
    px_per_module: float

    @property
    def rows(self) -> int:
        return int(self.ideal.shape[0])

    @property
    def columns(self) -> int:
        return int(self.ideal.shape[1])

    @property
    def corners(self) -> Floats:
        """Outer corners of the symbol in photo pixels."""
        return project(self.to_photo, rectangle(self.columns, self.rows))


def lay_grid(gray: Gray, symbol: Symbol) -> Grid | None:
    """Align the ideal grid of a QR or Data Matrix to the photo; None where it does not fit (correlation < 0.6)."""
    symbol = sized(gray, symbol)
    if symbol.size is None or min(side_lengths(symbol.corners)) < 1.2 * max(symbol.size):
        return None
    rows, columns = symbol.size
    to_photo = homography(rectangle(columns, rows), symbol.corners)
    if not np.isfinite(to_photo).all():
        return None
    sampled = _sample(gray, to_photo, rows, columns)
    rough = _align(gray, to_photo, sampled)
    if rough is not None:
        to_photo = rough[0]
        sampled = _sample(gray, to_photo, rows, columns)
    if symbol.level is None and symbol.symbology == "QRCode":
        symbol = with_format(symbol, sampled)
    made = [encoding for encoding in _encodings(symbol) if encoding.shape == sampled.shape]
    same = [float((encoding == sampled).mean()) for encoding in made]
    best = made[int(np.argmax(same))] if made else sampled
    exact = max(same, default=0.0) >= _SAME
    aligned = _align(gray, to_photo, best if exact else sampled)
    if not exact and max(same, default=0.0) >= _ALIKE:
        # blurred or ragged print samples badly; another text's grid would not fit the photo better than the sample
        fitted = _align(gray, to_photo, best)
        if fitted is not None and fitted[1] > max(_FITS, aligned[1] if aligned is not None else 0.0):
            aligned, exact = fitted, True
    ideal = best if exact else sampled
    if aligned is None or aligned[1] < 0.6:
        return None
    to_photo, fit = aligned
    density = float(np.mean(side_lengths(project(to_photo, rectangle(columns, rows))) / [columns, rows, columns, rows]))
    return Grid(ideal, exact, to_photo, fit, density)


def _encodings(symbol: Symbol) -> Iterator[Matrix]:
    """The grids that the text makes at the reported version, level and mask.

    Encoders differ in how they cut a text into modes, so the two at hand are both asked.
    """
    if symbol.symbology != "QRCode" or not symbol.text or symbol.version is None or symbol.level is None:
        return
    if not symbol.gs1:
        for mode in (None, "byte"):
            try:
                made = segno.make(
                    symbol.text, version=symbol.version, error=symbol.level, mask=symbol.mask, mode=mode, micro=False,
                    boost_error=False, encoding=None if symbol.text.isascii() else "utf-8",
                )  # fmt: skip
            except (ValueError, segno.DataOverflowError):
                continue
            yield np.array([list(row) for row in made.matrix], np.bool_)
    options = {"version": symbol.version, "ec_level": symbol.level, "data_mask": symbol.mask}
    try:
        barcode = zxingcpp.create_barcode(symbol.text, zxingcpp.QRCode, **options)
    except (ValueError, RuntimeError):
        return
    yield np.asarray(np.array(barcode.to_image(scale=1, add_quiet_zones=False)) < 128, np.bool_)


def _sample_levels(gray: Gray, to_photo: Floats, rows: int, columns: int) -> Floats:
    """Mean grey of the middle of each module, rows×columns."""
    density = 6
    patch = rectify(gray, to_photo, (0, 0, columns, rows), density)
    return np.asarray(patch.reshape(rows, density, columns, density)[:, 2:-2, :, 2:-2].mean(axis=(1, 3)), np.float64)


def _sample(gray: Gray, to_photo: Floats, rows: int, columns: int) -> Matrix:
    """Threshold the module centres against their neighbourhood."""
    levels = _sample_levels(gray, to_photo, rows, columns).astype(np.float32)
    reach = 9
    low = cv2.blur(cv2.erode(levels, np.ones((reach, reach))), (reach, reach))
    high = cv2.blur(cv2.dilate(levels, np.ones((reach, reach))), (reach, reach))
    return np.asarray(levels < (low + high) / 2, np.bool_)


def rectify(
    image: NDArray[np.uint8], to_photo: Floats, box: tuple[float, float, float, float], density: float
) -> Floats:
    """Resample a box (left, top, right, bottom in grid units) of the photo at ``density`` pixels a unit.

    Pixel (i, j) of the result shows the unit square's point ((j + 0.5) / density + left, (i + 0.5) / density + top).
    Where the photo is denser it is averaged first.
    """
    left, top, right, bottom = box
    width, height = round((right - left) * density), round((bottom - top) * density)
    from_view = to_photo @ np.array(
        [[1 / density, 0, left + 0.5 / density], [0, 1 / density, top + 0.5 / density], [0, 0, 1]]
    )
    corners = project(from_view, rectangle(width, height))
    source = image
    step = float(side_lengths(corners).max() / max(width, height))
    if step > 1.4:  # the photo is denser than the view: average a cut-out of it, or its noise and edges alias
        low = np.floor(np.maximum(corners.min(0) - 4 * step, 0)).astype(int)
        high = np.ceil(np.maximum(corners.max(0) + 4 * step, 1)).astype(int)
        source = image[low[1] : high[1], low[0] : high[0]]
        from_view = np.array([[1, 0, -low[0]], [0, 1, -low[1]], [0, 0, 1.0]]) @ from_view
        whole = int(step)
        if whole >= 2 and min(source.shape[:2]) >= 8 * whole:  # whole pixels at once, exactly and fast
            columns, rows = source.shape[1] // whole, source.shape[0] // whole
            source = cv2.resize(
                source[: rows * whole, : columns * whole], (columns, rows), interpolation=cv2.INTER_AREA
            ).astype(np.uint8, copy=False)
            shift = 0.5 / whole - 0.5
            from_view = np.array([[1 / whole, 0, shift], [0, 1 / whole, shift], [0, 0, 1.0]]) @ from_view
            step /= whole
        if step > 1.1:
            source = cv2.GaussianBlur(source, (0, 0), 0.45 * step).astype(np.uint8, copy=False)
    view = cv2.warpPerspective(
        source,
        from_view,
        (width, height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return view.astype(np.float64)


def _even(view: NDArray[Any], scale: float) -> NDArray[np.float32]:
    """Local mean and contrast (over some eight modules) taken out: ink that fades to one side, a shadow or a seal must
    not pull the alignment."""
    window = (2 * int(4 * scale) + 1,) * 2
    image = np.asarray(view, np.float32)
    image = image - cv2.blur(image, window)
    spread = cv2.sqrt(cv2.blur(image * image, window))
    return np.asarray(image / (spread + np.float32(0.15 * spread.mean() + 1e-3)), np.float32)


def _align(gray: Gray, to_photo: Floats, ideal: Matrix) -> tuple[Floats, float] | None:
    """Refine by image alignment, coarse then fine; None where it diverges."""
    rows, columns = ideal.shape
    corners = project(to_photo, rectangle(columns, rows))
    native = float(side_lengths(corners).mean() / max(rows, columns))
    fit = 0.0
    # Small codes need fine steps; for large ones four pixels a module locate thousands of borders well enough.
    fine = round(np.clip(native, 3, 7 if max(rows, columns) <= 45 else 4))
    border = 3
    box = (-float(border), -float(border), columns + float(border), rows + float(border))
    for scale, soft, rounds in ((3, 5, 25), (fine, 3, 30)):
        inner = np.kron(np.pad(np.where(ideal, 0.0, 1.0), border, constant_values=1.0), np.ones((scale, scale)))
        template = _even(cv2.GaussianBlur(inner.astype(np.float32), (0, 0), 0.6), scale)
        view = _even(rectify(gray, to_photo, box, scale), scale)
        mask = np.zeros(view.shape, np.uint8)
        keep = (border - _RING) * scale
        mask[keep:-keep, keep:-keep] = 255
        warp: NDArray[Any] = np.eye(3, dtype=np.float32)
        criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, rounds, 1e-5)
        try:
            fit, found = cv2.findTransformECCWithMask(
                template, view, mask, np.full_like(mask, 255), warp, cv2.MOTION_HOMOGRAPHY, criteria, soft
            )
        except cv2.error:
            return None
        # template pixel -> view pixel -> photo; template pixel p shows grid point (p + 0.5) / scale - border
        to_pixel = np.array([[scale, 0, scale * border - 0.5], [0, scale, scale * border - 0.5], [0, 0, 1]])
        to_photo = to_photo @ np.linalg.inv(to_pixel) @ np.asarray(found, np.float64) @ to_pixel
        to_photo = to_photo / to_photo[2, 2]
    moved = project(to_photo, rectangle(columns, rows))
    if not np.isfinite(moved).all() or np.abs(moved - corners).max() > 4 * native + 3:
        return None
    return to_photo, float(fit)
