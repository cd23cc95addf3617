"""``python -m benchmarks.fixtures`` writes the four photos of ``tests/photos``."""

import argparse
from dataclasses import replace
from pathlib import Path

from benchmarks.camera import Camera, photograph
from benchmarks.certificates import TRACE_LINK, Design, chinese_font, render_certificate

FIXTURES: dict[str, tuple[Design, int]] = {
    "good_100x70.jpg": (Design(), 11),
    "small_code_100x70.jpg": (
        Design(code_side_mm=17.8, right_mm=8.0, text=TRACE_LINK.format(serial="0002")), 12),
    "near_edge_100x70.jpg": (Design(right_mm=3.6, frame=False, text=TRACE_LINK.format(serial="0003")), 13),
    "low_contrast_100x70.jpg": (
        Design(defects=("low_contrast",), text=TRACE_LINK.format(serial="0004")), 14),
}  # fmt: skip


def write_fixtures(folder: Path) -> None:
    """The four photos that tests and the demo use: 1280 pixels wide, compressed as a messenger does."""
    if chinese_font() is None:
        raise SystemExit("no Chinese font (fonts-noto-cjk): the fixtures need their text")
    folder.mkdir(parents=True, exist_ok=True)
    for name, (design, seed) in FIXTURES.items():
        camera = replace(Camera(), megapixels=1280 * 960 / 1e6, fill=0.86, background="wood", quality=80)
        photo = photograph(render_certificate(design), seed, camera)
        (folder / name).write_bytes(photo.jpeg)
        print(f"{name}: {len(photo.jpeg) // 1024} kB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("tests/photos"))
    arguments = parser.parse_args()
    write_fixtures(arguments.folder)


if __name__ == "__main__":
    main()
