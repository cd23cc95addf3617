"""From measures to faults: what is wrong with a print, each cause once, its consequences left out.

One fault shows in many measures: a seal also stains modules, a fold also breaks lines. So faults are sought in an
order, and each takes with it what it alone would explain (:data:`HIDES`). What the photo itself may have caused is
``doubt``, not a fault.
"""

from dataclasses import dataclass, replace

import numpy as np

from inspection.measure import Print
from inspection.profile import limit


@dataclass(frozen=True, slots=True)
class Fault:
    """One cause: its kind, the clause it breaks, whether the measure is beyond doubt, a Chinese name for it with what
    to do, and the kind of the earlier fault that explains it (None where it stands for itself)."""

    kind: str
    clause: str
    sure: bool
    name: str
    remedy: str
    hidden_by: "Fault | None" = None


_CLEAR, _FLAT, _SHARP, _EVEN, _DURABLE = "D.1.1.clear", "D.1.2", "D.2.1.sharpness", "D.2.3", "D.4"
_LOCAL = frozenset({"film", "wrong", "stain", "void", "scratch", "crease", "uneven", "ghost", "blot"})

HIDES: dict[str, frozenset[str]] = {
    "seal": _LOCAL | {"overprint", "streak", "ragged"},
    "overprint": _LOCAL | {"streak", "ragged"},
    "stain": frozenset({"ghost", "film", "wrong", "crease", "void", "overprint"}),
    "blot": frozenset({"ghost", "film", "wrong", "crease", "void", "overprint"}),
    "void": frozenset({"ghost", "film", "wrong", "crease", "scratch", "fade", "uneven"}),
    "streak": frozenset({"ghost", "film", "wrong", "scratch", "void", "uneven"}),
    "scratch": frozenset({"film", "wrong", "void", "streak", "ragged", "uneven", "crease", "soft"}),
    "crease": frozenset({"film", "wrong", "ragged", "uneven", "scratch", "ghost"}),
    "fade": frozenset({"film", "wrong", "void", "streak", "scratch", "ghost", "ragged", "uneven", "soft", "crease"}),
    "film": frozenset({"ragged", "streak", "fade", "uneven", "ghost"}),
    "wrong": frozenset({"film"}),
    "ghost": frozenset({"overprint", "film", "ragged", "uneven", "crease", "soft", "wrong"}),
    "soft": frozenset({"ghost", "ragged", "uneven", "wrong", "film", "crease", "scratch"}),
    "uneven": frozenset({"ragged", "streak", "scratch", "film", "ghost", "crease"}),
    "ragged": frozenset({"ghost", "scratch", "film", "uneven", "wrong", "crease"}),
}
"""What each fault alone would also make measurable."""


def print_blur(measured: Print, camera: float | None) -> float:
    """The print's own blur in modules, the camera's (by the sheet's rim, in modules) taken off where it is known."""
    return measured.blur if camera is None else float(np.sqrt(max(measured.blur**2 - camera**2, 0.0)))


def soft_picture(measured: Print) -> bool:
    """The picture of the code is blurred, by whatever."""
    return measured.blur >= limit("blurred") or measured.modulation < limit("modulation_least")


def diagnose(measured: Print, camera: float | None, module_mm: float | None) -> tuple[Fault, ...]:
    """What is wrong with a print, most telling first, hidden faults included. ``camera`` is the camera's blur in
    modules, ``module_mm`` a module's size; None where the sheet was not found."""
    p = measured

    def size(modules: float) -> str:
        return f"约 {modules * module_mm:.1f} mm" if module_mm is not None else f"约 {modules:.1f} 个模块"

    def grade(kind: str, clause: str, value: float, name: str, remedy: str) -> Fault | None:
        if value <= limit(f"{kind}_pass"):
            return None
        return Fault(kind, clause, value >= limit(f"{kind}_fail"), name, remedy)

    own = print_blur(p, camera)
    # Without a rim to compare with, or with one as blurred as the code, the camera may be to blame.
    soft = 0.0 if camera is None or camera > 0.6 * p.blur else own
    solid = max(p.stain, p.missing) >= limit("solid")  # blots and voids are thick, print and scratches are thin
    stain = grade("stain", _SHARP, p.stain, "有污点", "请清洁打印机和纸面")
    blot = grade("blot", _SHARP, p.blot_area, "有有色污渍", "请清洁打印机和纸面")
    deep = p.overprint > limit("overprint_fail")
    over = f"文字或线条压进二维码{size(p.overprint)}" if deep else "文字或线条压到二维码"
    candidates = [
        grade("seal", _CLEAR, p.seal_area, "印章或彩色笔迹盖到了二维码上", "请把印章盖在离二维码 5 mm 以外的位置"),
        grade("fade", _EVEN, p.fade, f"墨色不均，一侧比另一侧淡 {p.fade:.0%}", "请检查打印头压力、碳带和墨量"),
        _coarse(p.uneven_grid, module_mm),
        grade("ghost", _SHARP, p.ghost, "有重影", "请检查走纸和套印，避免重复印刷"),
        None if solid else grade(
            "overprint", _CLEAR, p.overprint, over,
            "请把二维码与文字栏、线框分开排版",
        ),
        blot if blot is not None and blot.sure else stain or blot,
        grade("streak", _SHARP, p.streak, f"有缺线（宽{size(p.streak)}）", "请清洁或更换打印头，检查碳带是否起皱"),
        None if solid else grade(
            "scratch", _DURABLE, p.scratch, "有划痕，墨被刮掉", "请改用防刮油墨，换一张没有划伤的合格证"
        ),
        grade("void", _SHARP, p.missing, "有成片漏墨", "请检查碳带、墨量和纸面"),
        grade("crease", _FLAT, p.crease, "有一道折痕穿过", "请换没有折痕的纸、避开折叠处"),
        grade(
            "soft", _SHARP, soft, f"印得模糊（边缘散开{size(2 * own)}）", "请用 300 dpi 以上的打印机并调好浓度、压力"
        ),
        grade(
            "ragged", _EVEN, p.jitter, f"模块边缘呈锯齿状（参差{size(p.jitter)}）",
            "请用 300 dpi 以上的打印机，让模块为整数个打印点",
        ),
        _wrong(p),
        None if p.film_is_light else grade("film", _FLAT, p.film, "局部覆有涂层或污膜", "请去掉覆膜、胶带或污渍"),
    ]  # fmt: skip
    present = [fault for fault in candidates if fault is not None]
    causes: list[Fault] = []
    for fault in present:
        if fault.sure and not any(fault.kind in HIDES[cause.kind] for cause in causes):
            causes.append(fault)
    return tuple(
        replace(fault, hidden_by=next((c for c in causes if c is not fault and fault.kind in HIDES[c.kind]), None))
        if not any(fault is cause for cause in causes)
        else fault
        for fault in present
    )


def _wrong(p: Print) -> Fault | None:
    """Modules printed the other way round; a picture of few pixels a module blurs single ones and proves none."""
    if p.wrong_count <= limit("wrong_pass"):
        return None
    sure = p.wrong_count >= limit("wrong_fail") and p.density >= limit("ragged_px_per_module")
    return Fault("wrong", _EVEN, sure, f"有 {p.wrong_count} 个模块错印或漏印", "请检查打印头坏点和版面")


def _coarse(uneven: float, module_mm: float | None) -> Fault | None:
    """Rows of unlike height: printer dots coarser than 300 to the inch that ignore the modules (R25)."""
    if uneven <= limit("uneven_modules_pass"):
        return None
    name, remedy = "模块大小不匀", "请用 300 dpi 以上的打印机，让模块为整数个打印点"
    if module_mm is None:
        return Fault("uneven", _EVEN, uneven >= limit("uneven_modules_fail"), name, remedy)
    scatter = uneven * module_mm
    if scatter <= limit("uneven_mm_pass"):
        return None
    # rounding to dots scatters lines by pitch / √12
    dots = 25.4 / (scatter * 12**0.5)
    name += f"（像是约 {round(dots, -1):.0f} dpi 的打印点，要求 ≥ 300 dpi）"
    return Fault("uneven", _EVEN, scatter >= limit("uneven_mm_fail"), name, remedy)
