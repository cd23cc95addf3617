"""How often a picture is called a screen, a screenshot, edited or generated, and how often wrongly.

``python -m benchmarks.authenticity`` takes invented photos of sheets (none may be flagged), of screens that show one
(all should be) and screenshots; ``--folder`` counts the flags on the photos of others below a folder. ``--full`` adds
12-megapixel photos and the CPU time they take.
"""

import argparse
import io
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.camera import Camera, photograph
from benchmarks.certificates import Design, Sheet, encode, linear, render_certificate
from inspection.authenticity import look_closer
from inspection.exif import taken
from inspection.picture import decode
from inspection.report import PictureRefused

Image8 = NDArray[np.uint8]
SCALES = (0.8, 1.0, 1.25, 1.6, 1.9, 2.2, 2.7, 3.5, 5.0, 8.0)
"""Photo pixels a screen pixel: a phone's screen from afar to a monitor from near."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=40)
    parser.add_argument("--seed", type=int, default=70_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--full", action="store_true")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    if arguments.folder:
        _count_folder(arguments.folder)
        return
    designs = [Design(), Design(sheet_mm=(120, 80), top_mm=None), Design(sheet_mm=(100, 140), code_side_mm=28)]
    sheets = [render_certificate(design, px_per_mm=14) for design in designs]
    seeds = range(arguments.seed, arguments.seed + arguments.photos)
    _count("sheets, chat", (photograph(sheets[seed % 3], seed).jpeg for seed in seeds))
    _count("sheets, chat, halftone tint", (photograph(tinted(sheets[seed % 3]), seed).jpeg for seed in seeds))
    if arguments.full:
        camera = Camera(megapixels=12, quality=92, blur_px=1.2, tilt=14)
        fine = [render_certificate(design, px_per_mm=30) for design in designs]
        _count("sheets, 12 MP", (photograph(fine[seed % 3], seed, camera).jpeg for seed in seeds[:12]))
    shown = desktop(render_certificate(Design(), px_per_mm=9))
    for name, blur, chat in (("sharp", 0.6, False), ("soft", 1.2, False), ("sharp, chat", 0.6, True)):
        for scale in SCALES:
            shots = (screen_photo(shown, scale, seed, blur_px=blur, chat=chat) for seed in seeds[:2])
            _count(f"screen, {name}, {scale} px a pixel", shots)
    _count("screenshots, PNG", (_save(shown, "PNG") for _ in range(1)))
    _count("screenshots, chat", (_save(cv2.resize(shown, (1280, 720)), "JPEG", quality) for quality in (60, 72, 85)))


def screen_photo(
    shown: Image8,
    scale: float,
    seed: int,
    *,
    blur_px: float = 0.6,
    chat: bool = False,
    size: tuple[int, int] = (1600, 1200),
) -> bytes:
    """A photo (JPEG; ``chat``: at 0.8 of its size) of a screen with stripes of red, green and blue in every pixel."""
    rng = np.random.default_rng(seed)
    width, height = size
    roll, lean = np.radians(rng.uniform(-6, 6)), rng.uniform(-0.06, 0.06, 2) / width
    light = linear(shown.astype(np.float64)).astype(np.float32)
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    seen = np.zeros((height, width, 3), np.float32)
    for part in range(9):  # the light that falls on one pixel of the sensor
        x, y = columns + (part % 3 - 1) / 3 - width / 2, rows + (part // 3 - 1) / 3 - height / 2
        far = scale * (1 + lean[0] * x + lean[1] * y)
        across = (np.cos(roll) * x - np.sin(roll) * y) / far + shown.shape[1] / 2
        down = (np.sin(roll) * x + np.cos(roll) * y) / far + shown.shape[0] / 2
        pixel = light[
            np.clip(down.astype(np.int32), 0, shown.shape[0] - 1),
            np.clip(across.astype(np.int32), 0, shown.shape[1] - 1),
        ]
        lit = np.abs(down - np.floor(down) - 0.5) < 0.42
        for colour in range(3):
            stripe = np.abs(across - np.floor(across) - (colour + 0.5) / 3) < 0.13
            seen[..., colour] += pixel[..., colour] * (stripe & lit)
    seen = cv2.GaussianBlur(seen * (0.85 / np.percentile(seen, 97)), (0, 0), blur_px)
    colours = encode(seen.astype(np.float64))
    mosaic = np.empty((height, width))  # the sensor's own colour filter
    for row, column, colour in ((0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 2)):
        mosaic[row::2, column::2] = colours[row::2, column::2, colour]
    mosaic = np.clip(mosaic + rng.normal(0, 2.0, mosaic.shape), 0, 255).astype(np.uint8)
    photo = cv2.cvtColor(mosaic, cv2.COLOR_BayerBG2RGB)
    if chat:
        return _save(cv2.resize(photo, None, fx=0.8, fy=0.8, interpolation=cv2.INTER_AREA), "JPEG", 72)
    return _save(photo, "JPEG", 92)


def desktop(sheet: Sheet) -> Image8:
    """A full-HD screen that shows the sheet."""
    screen = np.full((1080, 1920, 3), (225, 225, 228), np.uint8)
    height, width = sheet.image.shape[:2]
    screen[200 : 200 + height, 500 : 500 + width] = sheet.image
    return screen


def tinted(sheet: Sheet) -> Sheet:
    """The sheet with its lower third under a printed tint: dots of 0.34 mm pitch at 45°, as cheap presses print."""
    image = sheet.image.copy()
    rows, columns = np.mgrid[0 : image.shape[0], 0 : image.shape[1]] / sheet.px_per_mm / 0.34 * np.sqrt(0.5)
    dots = np.cos(2 * np.pi * (columns + rows)) + np.cos(2 * np.pi * (columns - rows)) > 0.9
    dots[: image.shape[0] * 2 // 3] = False
    image[dots] = np.minimum(image[dots], (120, 170, 225))
    return replace(sheet, image=image)


def _save(pixels: Image8, kind: str, quality: int = 90) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, kind, **({"quality": quality} if kind == "JPEG" else {}))
    return out.getvalue()


def _count(name: str, pictures: Iterator[bytes]) -> None:
    counted, spent, number = Counter[str](), [], 0
    for data in pictures:
        try:
            picture = decode(data)
        except PictureRefused:
            continue
        start = time.process_time()
        flags = look_closer(data, picture.gray, taken(data))
        spent.append((time.process_time() - start) * 1e3)
        counted.update(flag.code for flag in flags)
        number += 1
    if number:
        told = ", ".join(f"{code} {count}" for code, count in sorted(counted.items())) or "none"
        print(f"{name}: {number} pictures; flags: {told}; CPU median {statistics.median(spent):.0f} ms", flush=True)


def _count_folder(folder: Path) -> None:
    for below in sorted({path.parent for path in folder.rglob("*") if path.suffix in {".jpg", ".jpeg", ".png"}}):
        files = sorted(path for path in below.iterdir() if path.suffix in {".jpg", ".jpeg", ".png"})
        _count(str(below.relative_to(folder)), (path.read_bytes() for path in files))


if __name__ == "__main__":
    main()
