"""Families of certificates by seed: sound ones of many layouts with harmless oddities, and each planted fault.

Everything follows from ``(fault, seed)``. Faults on a limit lie 0.3–0.5 mm beside it, the sound near-misses too.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import segno

from benchmarks.certificates import TRACE_LINK, Design, sample_fields
from benchmarks.defects import KINDS, Defect

SIZES = (
    (100.0, 70.0), (90.0, 60.0), (120.0, 80.0), (148.0, 105.0), (100.0, 75.0), (130.0, 90.0), (75.0, 100.0),
)  # fmt: skip
SMALL = ((60.0, 40.0), (80.0, 50.0), (90.0, 50.0), (100.0, 50.0), (70.0, 45.0))
"""Sheets whose code may be 15 mm (R27)."""
ODDITIES = (
    None, "cream", "speck", "near_fold", "grown", "thin", "dots300", "grey_ink", "quiet_near", "seal_near",
    "faint_fade",
)  # fmt: skip
"""What a sound sheet may show and must not be blamed for."""
_PADDING = "&q=ABCDEFGHJKMNPQRSTUVWXYZ23456789abcdefghjkmnpqrstuvwxyz"


def sound(seed: int) -> Design:
    """A certificate that meets every clause, with one harmless oddity or none."""
    design, rng = _plain(seed)
    return _odd(design, ODDITIES[int(rng.integers(len(ODDITIES)))], rng)


def _plain(seed: int) -> tuple[Design, np.random.Generator]:
    rng = np.random.default_rng([seed, 17])
    small = seed % 4 == 3
    size = SMALL[int(rng.integers(len(SMALL)))] if small else SIZES[int(rng.integers(len(SIZES)))]
    least = 15.0 if small else 20.0
    side = float(rng.uniform(least + 0.5, least + (3.0 if small else 5.0)))
    room = size[1] - side
    top = float(rng.uniform(5.5, min(8.5, (room - 3.6) / 2)))
    upper = bool(rng.integers(2))
    right = float(rng.uniform(5.5, min(9.0, (size[0] - side) / 3.2)))
    error = str(rng.choice(["l", "m", "q"]))
    version = int(rng.integers(5, 11)) if rng.random() < 0.5 else None
    if small and version is not None:
        version = min(version, 7)
    text = TRACE_LINK.format(serial=f"{seed:06d}")
    if version is not None:
        text += _PADDING[: max(0, 8 * (version - 4))]
        error = "m"
    design = Design(
        sheet_mm=size, code_side_mm=side, right_mm=right, top_mm=top if upper else None, bottom_mm=top, text=text,
        error=error, version=version, ink=int(rng.integers(14, 45)), paper=int(rng.integers(228, 250)),
        frame=bool(rng.integers(2)), frame_inset_mm=float(rng.uniform(1.2, 2.0)), table=bool(rng.integers(3)),
        font_mm=float(min(2.7, size[1] / 26) * rng.uniform(0.85, 1.1)), text_gap_mm=float(rng.uniform(4.2, 6.5)),
        fields=sample_fields(),
    )  # fmt: skip
    return design, rng


def _odd(design: Design, oddity: str | None, rng: np.random.Generator) -> Design:
    side = float(rng.integers(4)) * 90
    match oddity:
        case "cream":
            return replace(design, paper=[(246, 240, 222), (226, 238, 246), (244, 228, 232)][int(rng.integers(3))])
        case "speck":
            at = (float(rng.uniform(0.3, 0.9)), float(rng.uniform(0.3, 0.9)))
            return replace(design, defects=(Defect("speck", float(rng.uniform(0.12, 0.2)), at=at),))
        case "near_fold":
            return replace(design, defects=(Defect("near_fold", float(rng.uniform(5.5, 9))),))
        case "grown":
            return replace(design, growth_modules=float(rng.uniform(0.04, 0.1)))
        case "thin":
            return replace(design, growth_modules=float(rng.uniform(-0.1, -0.04)))
        case "dots300":
            return replace(design, dots_per_inch=float(rng.choice([300.0, 600.0])))
        case "grey_ink":
            return replace(design, ink=int(rng.integers(46, 56)))
        case "quiet_near":
            kind = str(rng.choice(["quiet_text", "quiet_line", "quiet_words"]))
            return replace(design, defects=(Defect(kind, float(rng.uniform(3.3, 3.5)), angle=_roomy(design, side)),))
        case "seal_near":
            x, y, code = design.code_mm
            below = design.top_mm is not None
            return replace(design, stamp_mm=(x + code / 2, y + code + 13.0) if below else (x + code / 2, y - 13.0))
        case "faint_fade":
            return replace(design, defects=(Defect("uneven", float(rng.uniform(0.03, 0.08)), angle=side),))
        case _:
            return design


def _roomy(design: Design, angle: float) -> float:
    """The side a mark is put on; where the sheet ends too near, the left one."""
    x, y, side = design.code_mm
    width, height = design.sheet_mm
    room = {0.0: x, 90.0: y, 180.0: width - x - side, 270.0: height - y - side}[angle]
    return angle if room > 6.2 else 0.0


def faulty(fault: str, seed: int) -> Design:
    """A certificate that breaks one clause, :data:`EXPECTED` ``[fault]``."""
    design, rng = _plain(seed)
    width, height = design.sheet_mm
    least = 15.0 if _is_small(design) else 20.0
    side = design.code_side_mm
    at = (float(rng.uniform(0.35, 0.7)), float(rng.uniform(0.35, 0.7)))

    def plant(kind: str, amount: float | None = None, angle: float = 0.0, **more: object) -> Design:
        return replace(design, defects=(Defect(kind, amount, at=at, angle=angle, seed=seed, **more),))  # type: ignore[arg-type]

    quarter = float(rng.integers(4)) * 90
    make: dict[str, Callable[[], Design]] = {
        "small": lambda: replace(design, code_side_mm=least - rng.uniform(0.35, 0.5) - 2.5 * rng.integers(2)),
        "near": lambda: replace(
            design, right_mm=5 - float(rng.uniform(0.35, 0.5)), frame=False,
        ),
        "centred": lambda: replace(design, top_mm=(height - side) / 2 + 0.5),
        "left": lambda: replace(design, right_mm=width - side - float(rng.uniform(6, 9)), fields={}, frame=False),
        "batch": lambda: replace(design, fields=sample_fields() | {"生产批次": "L2026B"}),
        "low_contrast": lambda: plant("low_contrast", float(rng.integers(122, 160))),
        "coloured_paper": lambda: replace(
            design, paper=[(120, 170, 110), (200, 120, 120), (110, 140, 200)][int(rng.integers(3))],
            defects=(Defect("low_contrast", float(rng.integers(85, 105))),),
        ),
        "streak": lambda: plant("streak", float(rng.uniform(0.5, 1.0)), 90.0 * rng.integers(2)),
        "stain": lambda: plant("stain", float(rng.uniform(1.6, 3.2))),
        "coffee": lambda: plant("coffee", float(rng.uniform(2.2, 4))),
        "void": lambda: plant("void", float(rng.uniform(1.6, 2.8))),
        "ghost": lambda: plant(
            "ghost", float(rng.uniform(0.25, 0.5)), float(rng.uniform(0, 360)), shift=float(rng.uniform(0.4, 1.2))
        ),
        "soft_print": lambda: plant("soft_print", float(rng.uniform(0.42, 0.52))),
        "jagged": lambda: plant("jagged", float(rng.uniform(0.13, 0.2))),
        "dots": lambda: plant("dots", _misfit_dots(design, rng)),
        "wrong_modules": lambda: plant("wrong_modules", float(rng.integers(5, 9))),
        "uneven": lambda: plant("uneven", float(rng.uniform(0.5, 0.75)), float(rng.uniform(0, 360))),
        "seal": lambda: plant(
            "seal", float(rng.uniform(3, 8)), [180.0, 45.0, 135.0, 90.0, 270.0][int(rng.integers(5))],
            colour=str(rng.choice(["red", "red", "blue", "purple"])),
        ),
        "text_over": lambda: plant("text_over", float(rng.uniform(2.2, 3.5))),
        "line_over": lambda: plant("line_over", float(rng.uniform(2.5, 6))),
        "crease": lambda: plant("crease", float(rng.uniform(0.3, 0.5)), float(rng.uniform(0, 180))),
        "coating": lambda: plant("coating", float(rng.uniform(0.18, 0.35))),
        "scratches": lambda: plant("scratches", float(rng.integers(2, 5))),
        "quiet_text": lambda: plant("quiet_text", float(rng.uniform(1.2, 2.65)), _roomy(design, quarter)),
        "quiet_line": lambda: plant("quiet_line", float(rng.uniform(1.2, 2.65)), _roomy(design, quarter)),
        "quiet_words": lambda: plant("quiet_words", float(rng.uniform(1.2, 2.65)), _roomy(design, quarter)),
    }  # fmt: skip
    return make[fault]()


def _misfit_dots(design: Design, rng: np.random.Generator) -> float:
    """A coarse raster that the modules do not fit: with a whole number of dots a module nothing would be uneven."""
    code = segno.make(design.text, error=design.error, version=design.version, micro=False, boost_error=False)
    module = design.code_side_mm / len(code.matrix)
    while True:
        dpi = float(rng.uniform(140, 160))
        if 0.15 < module / 25.4 * dpi % 1 < 0.85:
            return dpi


def _is_small(design: Design) -> bool:
    long, short = max(design.sheet_mm), min(design.sheet_mm)
    return long <= 100 and short <= 50


EXPECTED = {
    "small": "D.3.1", "near": "D.1.1.edge", "centred": "D.1.1.corner", "left": "D.1.1.corner", "batch": "D.5.1",
    "coloured_paper": "D.2.1.contrast",
} | {kind: found.clause for kind, found in KINDS.items() if found.clause}  # fmt: skip
"""The clause that each fault must fail."""
