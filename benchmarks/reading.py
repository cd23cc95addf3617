"""Codes read in other people's photos: a rate per folder, CPU time a photo, false reads and disagreements of readers.

Two layouts are understood, told apart by themselves:

* ``boofcv``: folders of photos, beside each a ``.txt`` with the corners of every code in it (one quadrangle a line
  after ``SETS``, else one corner a line). No texts are given: a label counts as found where the middle of a code that
  was read lies in it, or its own middle in the code.
* ``zxing``: folders of pictures, beside each the text it holds (``.txt``, or raw ``.bin``; zxing-cpp's ``.result.txt``
  holds ``text=…``). A picture counts as read where some code read in it has this text.

The total is the mean of the folders' rates (and the plain count). Times are CPU times of one thread.
Run: ``python -m benchmarks.reading FOLDER... [--effort fast|thorough|zxing]``.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray
from pyzbar import pyzbar

from inspection import read_codes
from inspection.readers import QR, Symbol, zxing

PICTURES = {".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp"}


@dataclass(frozen=True)
class Photo:
    """A picture with what is known of it: outlines of its codes, or its text."""

    path: Path
    outlines: tuple[NDArray[np.float32], ...] = ()
    text: str | None = None


@dataclass
class Tally:
    """What came out of one folder."""

    wanted: int = 0
    found: int = 0
    photos: int = 0
    false: list[str] = field(default_factory=list)
    disagreements: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)
    wall_ms: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return self.found / self.wanted if self.wanted else 0.0


def corner_labels(text: str) -> tuple[NDArray[np.float32], ...]:
    """The quadrangles of a BoofCV label file."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    numbers = [float(part) for line in lines if line != "SETS" for part in line.split()]
    whole = numbers[: len(numbers) // 8 * 8]
    return tuple(np.array(whole, np.float32).reshape(-1, 4, 2))


def expected_text(picture: Path) -> str | None:
    """The text beside a picture of zxing's or zxing-cpp's; None where there is none, or a failure is expected."""
    result = picture.with_suffix(".result.txt")
    if result.exists():
        for line in result.read_text("utf-8").splitlines():
            key, _, value = line.partition("=")
            if key.strip() == "text":
                return value.strip().encode().decode("unicode_escape") if "\\" in value else value.strip()
        return None
    plain, raw = picture.with_suffix(".txt"), picture.with_suffix(".bin")
    if plain.exists():
        return plain.read_bytes().decode("utf-8", "replace")
    return raw.read_bytes().decode("utf-8", "replace") if raw.exists() else None


def photos(folder: Path, layout: str) -> Iterator[Photo]:
    """The pictures of one folder that have a label."""
    for path in sorted(p for p in folder.iterdir() if p.suffix.lower() in PICTURES):
        if layout == "boofcv":
            label = path.with_suffix(".txt")
            if label.exists():
                yield Photo(path, outlines=corner_labels(label.read_text()))
        elif (text := expected_text(path)) is not None:
            yield Photo(path, text=text)


def layout_of(folder: Path) -> str:
    """Corner labels or texts: the first label file tells."""
    for label in sorted(folder.glob("*.txt")):
        return "boofcv" if label.read_bytes().startswith(b"# list of hand selected") else "zxing"
    return "zxing"


def folders(given: list[Path]) -> list[Path]:
    """The folders below those given that hold pictures."""
    found = []
    for top in given:
        if not top.is_dir():
            raise SystemExit(f"no such folder: {top}")
        inside = [top, *sorted(p for p in top.rglob("*") if p.is_dir())]
        found += [f for f in inside if any(p.suffix.lower() in PICTURES for p in f.iterdir())]
    return found


def inside(outline: NDArray[np.float32], point: NDArray[np.float64]) -> bool:
    return cv2.pointPolygonTest(outline.reshape(-1, 1, 2), (float(point[0]), float(point[1])), False) >= 0


def matches(outline: NDArray[np.float32], code: Symbol) -> bool:
    corners = np.array(code.corners, np.float64)
    return inside(outline, corners.mean(0)) or inside(corners.astype(np.float32), outline.mean(0, dtype=np.float64))


def same_text(first: str, second: str) -> bool:
    """Line ends and outer blanks of the label files vary; the code's own text is compared otherwise as it is."""
    return first.replace("\r\n", "\n").strip() == second.replace("\r\n", "\n").strip()


def read(gray: NDArray[np.uint8], effort: str) -> Sequence[Symbol]:
    """One of our efforts, or ``zxing``: zxing-cpp's QR reader alone, once, for comparison."""
    if effort == "zxing":
        return zxing(gray, QR, errors=False)
    return read_codes(gray, "thorough" if effort == "thorough" else "fast")


def other_readers(gray: NDArray[np.uint8]) -> list[tuple[str, str, NDArray[np.float64]]]:
    """What zxing-cpp and zbar alone say of the QR codes in the untouched picture: reader, text, middle."""
    said = []
    for result in zxingcpp.read_barcodes(gray, formats=zxingcpp.QRCode, text_mode=zxingcpp.TextMode.Plain):
        place = result.position
        points = [(p.x, p.y) for p in (place.top_left, place.top_right, place.bottom_right, place.bottom_left)]
        said.append(("zxing", result.text, np.mean(points, axis=0)))
    for symbol in pyzbar.decode(gray, symbols=[pyzbar.ZBarSymbol.QRCODE]):
        box = symbol.rect
        middle = np.array([box.left + box.width / 2, box.top + box.height / 2])
        said.append(("zbar", symbol.data.decode("utf-8", "replace"), middle))
    return said


def disagreements(gray: NDArray[np.uint8], codes: Sequence[Symbol]) -> Iterator[str]:
    for reader, text, middle in other_readers(gray):
        for code in codes:
            if inside(np.array(code.corners, np.float32), middle) and code.text.strip("\x1d") != text.strip("\x1d"):
                yield f"{reader}: {text[:60]!r}, read: {code.text[:60]!r}"


def measure(folder: Path, layout: str, effort: str, *, compare: bool) -> Tally:
    """Read every photo of a folder once."""
    tally = Tally()
    for photo in photos(folder, layout):
        raw = np.frombuffer(photo.path.read_bytes(), np.uint8)
        # The labels were set on the pixels as stored, whatever way up the camera says they are.
        gray = cv2.imdecode(raw, cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION)
        if gray is None:
            print(f"not a picture: {photo.path}", file=sys.stderr)
            continue
        wall, cpu = time.perf_counter(), time.process_time()
        codes = read(gray, effort)
        tally.cpu_ms.append((time.process_time() - cpu) * 1000)
        tally.wall_ms.append((time.perf_counter() - wall) * 1000)
        tally.photos += 1
        name = f"{folder.name}/{photo.path.name}"
        if photo.text is None:
            hit = sum(any(matches(outline, code) for code in codes) for outline in photo.outlines)
            tally.wanted += len(photo.outlines)
            tally.found += hit
            if hit < len(photo.outlines):
                tally.missed.append(f"{name} ({hit} of {len(photo.outlines)})")
            lost = [code for code in codes if not any(matches(outline, code) for outline in photo.outlines)]
            tally.false += [f"{name}: {code.symbology} {code.text[:60]!r} where no code is labelled" for code in lost]
        else:
            right = any(same_text(code.text, photo.text) for code in codes)
            tally.wanted += 1
            tally.found += right
            if not right:
                tally.missed.append(name)
            wrong = [code for code in codes if not same_text(code.text, photo.text)]
            tally.false += [f"{name}: {c.symbology} {c.text[:60]!r}, expected {photo.text[:60]!r}" for c in wrong]
        if compare:
            tally.disagreements += [f"{name}: {line}" for line in disagreements(gray, codes)]
    return tally


def percentile(values: list[float], share: float) -> float:
    return float(np.percentile(values, share)) if values else 0.0


def main() -> int:
    """Print the tables."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    asked.add_argument("--effort", choices=["fast", "thorough", "zxing"], default="fast")
    asked.add_argument("--format", choices=["boofcv", "zxing"], help="layout; told by the label files where not given")
    asked.add_argument("--missed", action="store_true", help="list the photos in which something was missed")
    asked.add_argument("--no-compare", action="store_true", help="do not ask the single readers for disagreements")
    asked.add_argument("--json", type=Path, help="write the figures here too")
    options = asked.parse_args()
    cv2.setNumThreads(1)
    read(np.full((64, 64), 255, np.uint8), options.effort)  # whatever a first call costs is nobody's photo
    tallies: dict[str, Tally] = {}
    print(f"{'folder':28}{'photos':>7}{'codes':>7}{'found':>7}{'rate':>8}{'cpu ms':>9}{'median':>8}{'false':>7}")
    for folder in folders(options.folders):
        layout = options.format or layout_of(folder)
        tally = measure(folder, layout, options.effort, compare=not options.no_compare)
        if not tally.photos:
            continue
        tallies[str(folder)] = tally
        print(
            f"{folder.name[:27]:28}{tally.photos:7}{tally.wanted:7}{tally.found:7}{tally.rate:8.1%}"
            f"{statistics.mean(tally.cpu_ms):9.0f}{statistics.median(tally.cpu_ms):8.0f}{len(tally.false):7}",
            flush=True,
        )
    if not tallies:
        print("no labelled pictures found", file=sys.stderr)
        return 1
    every = tallies.values()
    cpu = [ms for tally in every for ms in tally.cpu_ms]
    wall = [ms for tally in every for ms in tally.wall_ms]
    found, wanted = sum(t.found for t in every), sum(t.wanted for t in every)
    mean = statistics.mean(t.rate for t in every)
    print(
        f"\n{options.effort}: mean of {len(tallies)} folders {mean:.1%}; {found} of {wanted} codes, {len(cpu)} photos"
    )
    for name, values in (("CPU", cpu), ("wall", wall)):
        print(
            f"{name} ms a photo: mean {statistics.mean(values):.0f}, median {statistics.median(values):.0f}, "
            f"p95 {percentile(values, 95):.0f}, longest {max(values):.0f}"
        )
    for title, lines in (
        ("false reads", [line for t in every for line in t.false]),
        ("disagreements with a single reader", [line for t in every for line in t.disagreements]),
        ("missed", [line for t in every for line in t.missed] if options.missed else []),
    ):
        if lines or title != "missed":
            print(f"{title}: {len(lines)}")
        for line in lines:
            print(f"  {line}")
    if options.json:
        figures = {
            name: {"found": t.found, "wanted": t.wanted, "photos": t.photos, "cpu_ms": t.cpu_ms, "missed": t.missed}
            for name, t in tallies.items()
        }
        options.json.write_text(json.dumps({"effort": options.effort, "mean": mean, "folders": figures}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
