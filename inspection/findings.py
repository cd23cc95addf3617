"""Appendix D of T/ZGJDJX—3—2026, clause by clause: what was measured becomes a verdict, a limit and an advice.

One method a clause. A value within the photo's uncertainty of its limit is unclear (R55); where one fault causes
others, the cause is reported and its consequences stay unclear.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from inspection.diagnosis import Fault, diagnose, print_blur, soft_picture
from inspection.fields import Agreement
from inspection.geometry import quad
from inspection.grid import Grid
from inspection.measure import SIDES, Print
from inspection.profile import limit
from inspection.reading import Symbol
from inspection.report import Finding, Quad, Size, Verdict
from inspection.scan import Resolution, resolution_finding_part
from inspection.sheet import Sheet
from inspection.tracecode import Offer

PASS, FAIL, UNCLEAR = Verdict.PASS, Verdict.FAIL, Verdict.UNCLEAR

CLAUSES = (
    "code", "D.1.1.corner", "D.1.1.edge", "D.1.1.clear", "D.1.2", "D.1.3", "D.2.1.contrast", "D.2.1.sharpness", "D.2.2",
    "D.2.3", "D.3.1", "D.3.2", "D.4", "D.5.1", "D.5.2",
)  # fmt: skip
"""Every finding's clause, in the order of the report."""

ADVISORY = frozenset({"D.1.3", "D.4", "D.5.2"})
"""What no photo can show: unclear there does not cap the verdict (R50)."""

_DOUBTLESS = frozenset({"seal"})
"""Colour is no trick of the light or of a bent sheet."""
_LIGHTENED = frozenset({"void", "streak", "crease", "film", "fade", "scratch"})
"""Faults that a lamp mirrored on the code looks like."""
_REFLECTION = "二维码上有反光，印刷缺陷不能确定：请避开灯光，换个角度重拍。"
_ACROSS = frozenset({"seal", "overprint", "crease", "stain", "blot", "film", "ghost"})
"""Faults that reach into the quiet zone."""

_BY_MODULE = frozenset({"D.2.1.sharpness", "D.2.3"})
"""Clauses judged against the grid that the text makes; a grid sampled from the photo holds the print's own faults."""
_MARK_MM = 0.1
"""Where soft, thin print begins, in mm: the tip of a stroke is paler than its body."""

_NAMES = {"left": "左", "top": "上", "right": "右", "bottom": "下"}


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that was found out about one photo."""

    symbol: Symbol | None
    """The code that is judged; its text is empty where it was only half found."""
    trace_kind: str | None
    """GS1 or Ecode where the judged code is a trace code of an allowed kind."""
    expected: bool
    """The judged code is one of the registered product's."""
    legible_without_code: bool
    """No code anywhere, on a sheet that was found and whose text was read (R51)."""
    grid: Grid | None
    sheet: Sheet | None
    size_known: Size | None
    print: Print | None
    text_on_code: str | None
    upright_by_text: bool
    way_up: bool
    """Text, or code and stated size together, tell which way up the sheet is read."""
    agreement: Agreement | None
    cut_off: bool = False
    """A part of the code lies outside the picture."""
    quiet_cut: bool = False
    """A part of the quiet zone that D.3.2 asks for does."""
    source: str = "photo"
    """``photo``, ``scan`` or ``artwork``: what there is to be done again differs."""
    scale_doubt: str = ""
    """Why the stated size is doubted."""
    no_edges: str = ""
    """Why the edges of an artwork's page are not the sheet's; lengths within it hold."""
    resolution: Resolution | None = None
    """What artwork or a scan says of the code's dots an inch."""
    unread_cm: tuple[int, ...] = ()
    """Distances at which no reader would read a simulated view of the code (D.2.2)."""
    offer: Offer | None = None
    """D.5.2: what the code itself holds."""


def judge(evidence: Evidence) -> tuple[Finding, ...]:
    """One finding a clause, in the order of :data:`CLAUSES`."""
    bench = _Bench(evidence)
    methods: dict[str, Callable[[], Finding]] = {
        "code": bench.code, "D.1.1.corner": bench.corner, "D.1.1.edge": bench.edge, "D.1.1.clear": bench.clear,
        "D.1.2": bench.flat, "D.1.3": bench.same_place, "D.2.1.contrast": bench.contrast,
        "D.2.1.sharpness": bench.sharpness, "D.2.2": bench.readable, "D.2.3": bench.even, "D.3.1": bench.size,
        "D.3.2": bench.quiet_zone, "D.4": bench.durable, "D.5.1": bench.agrees, "D.5.2": bench.linked,
    }  # fmt: skip
    return tuple(methods[clause]() for clause in CLAUSES)


def overall(findings: tuple[Finding, ...], *, has_product: bool) -> Verdict:
    """R50: any failure fails; what a photo cannot show does not cap; D.5.1 counts where products were given."""
    if any(f.verdict is FAIL for f in findings):
        return FAIL
    ignored = ADVISORY if has_product else ADVISORY | {"D.5.1"}
    return PASS if all(f.verdict is PASS for f in findings if f.clause not in ignored) else UNCLEAR


def _shown(clause: str) -> str:
    """The clause as the standard numbers it."""
    return ".".join(part for part in clause.split(".") if part[0].isupper() or part[0].isdigit())


def _mm(value: float) -> float:
    return round(float(value), 2)


def _sides(values: dict[str, float]) -> str:
    return "、".join(f"{_NAMES[side]} {values[side]:.1f}" for side in SIDES)


class _Bench:
    """The evidence, and the sentences about it."""

    def __init__(self, evidence: Evidence) -> None:
        self.e = evidence
        self.outline: Quad | None = None
        if evidence.grid is not None:
            self.outline = quad(evidence.grid.corners)
        elif evidence.symbol is not None:
            self.outline = quad(evidence.symbol.corners)
        self.edge_mm = upright_edges(evidence.sheet) if evidence.sheet else None
        self.module_mm: float | None = None
        if evidence.sheet is not None and evidence.grid is not None:
            self.module_mm = evidence.sheet.code_sides_mm()[0] / evidence.grid.columns
        self.faults: tuple[Fault, ...] = ()
        if evidence.print is not None and not evidence.cut_off:
            self.faults = diagnose(evidence.print, self._camera_blur, self.module_mm)

    # --- shared reasons -----------------------------------------------------------------------------------------------

    def _finding(
        self, clause: str, verdict: Verdict, required: str, advice: str, measured: dict[str, Any] | None = None,
        rows: tuple[str, ...] = (), where: Quad | None = None,
    ) -> Finding:  # fmt: skip
        if verdict is UNCLEAR and self.e.source != "photo" and "拍" in advice:
            kind = "扫描件" if self.e.source == "scan" else "原稿"
            advice = f"{advice.split('：', maxsplit=1)[0]}：请换一份清楚的{kind}再上传。"
        return Finding(clause, verdict, measured or {}, required, advice, where or self.outline, rows)

    def _no_code(self) -> str | None:
        """Why print cannot be judged at all; None where it can."""
        if self.e.symbol is None:
            return "没有找到二维码，此项未判定：请靠近并对准二维码、光线均匀地重拍。"
        if self.e.symbol.symbology not in {"QRCode", "DataMatrix"}:
            return f"找到的是 {self.e.symbol.symbology} 码，印刷条款只对 QR 码和 Data Matrix 判定。"
        if self.e.cut_off:
            return "二维码没有拍全，此项未判定：请把整个二维码连同四周留白拍进画面重拍。"
        if self.e.grid is None or self.e.print is None:
            return "二维码的模块看不清，此项未判定：请靠近、对焦后重拍。"
        return None

    def _no_scale(self) -> str | None:
        """Why millimetres cannot be judged; None where they can."""
        if (reason := self._no_code()) is not None:
            return reason
        if self.e.size_known is None:
            return "不知道合格证的实际尺寸，无法换算毫米：请告诉我合格证尺寸（在聊天里回复，例如 100x70）。"
        if self.e.scale_doubt:
            return self.e.scale_doubt
        sheet = self.e.sheet
        if sheet is None and self.e.source == "artwork":
            return "原稿中的二维码没有横平竖直，毫米数未判定：请把二维码摆正后重新导出。"
        if sheet is None:
            width, height = (round(side, 1) for side in self.e.size_known)
            return (
                f"没有可靠地找到 {width:g}×{height:g} mm 合格证的四条边，毫米数未判定："
                "请把整张合格证平放在颜色不同的桌面上，四边都拍进画面；若尺寸填错请更正。"
            )
        if sheet.px_per_mm < limit("geometry_px_per_mm"):
            return f"照片每毫米只有 {sheet.px_per_mm:.1f} 个像素，量不准：请靠近一些，让合格证占满画面，或发送原图。"
        if sheet.uncertainty_mm > limit("uncertainty_mm"):
            return (
                f"这张照片的测量误差约 {sheet.uncertainty_mm:.2f} mm，超过 0.3 mm："
                "请压平合格证，从正上方重拍，不用广角。"
            )
        return None

    def _no_margins(self) -> str | None:
        """Why distances to the sheet's edges cannot be judged; None where they can."""
        return self._no_scale() or self.e.no_edges or None

    @property
    def _u(self) -> float:
        return self.e.sheet.uncertainty_mm if self.e.sheet else 0.0

    def _against(self, value: float, least: float, further: float = 0.0) -> Verdict:
        """R55: within the uncertainty of the limit (and a further one of its own) is unclear."""
        uncertainty = float(np.hypot(self._u, further))
        if self.e.source == "artwork":  # what is drawn at the limit was meant to be there
            return PASS if value + uncertainty >= least else FAIL
        if value >= least + uncertainty:
            return PASS
        return FAIL if value <= least - uncertainty else UNCLEAR

    @staticmethod
    def _worse(first: Verdict, second: Verdict) -> Verdict:
        """Both must hold: one failure fails, else one doubt leaves it open."""
        return next((verdict for verdict in (FAIL, UNCLEAR) if verdict in {first, second}), PASS)

    @property
    def _doubt(self) -> str | None:
        """Why a fault seen in the print may be the photo's; None where the photo is fit to prove one."""
        p, grid = self.e.print, self.e.grid
        if p is None or grid is None:
            return "二维码的模块看不清：请靠近、对焦后重拍。"
        if p.density < limit("legible_px_per_module"):
            return f"每个模块只有 {p.density:.1f} 个像素，看不清印刷细节：请靠近重拍或发送原图。"
        soft = soft_picture(p)
        if soft and not any(f.kind == "soft" and f.sure for f in self.faults):
            return "照片没有对好焦或有抖动：请拿稳、对焦后重拍。"
        if not soft and p.bend > limit("bend_modules"):
            return "二维码所在的面不平，印刷缺陷不能确定：请把合格证压平后重拍。"
        if p.shade > limit("shade") or p.glare:
            return "二维码上光线不均或有反光，印刷缺陷不能确定：请避开阴影和直射灯光重拍。"
        if not soft and grid.fit < limit("grid_fit_exact" if grid.exact else "grid_fit"):
            return "二维码拍得不够清楚，印刷缺陷不能确定：请靠近、对焦后重拍。"
        return None

    @property
    def _clean(self) -> bool:
        """The picture of the code is sharp, large and free of glare and faults: a reader has no excuse (R26)."""
        p = self.e.print
        fit = p is not None and self._doubt is None and not soft_picture(p)
        return fit and not self.faults and not self.e.cut_off

    def _cause(self) -> str | None:
        """The first certain fault, named with its clause: what follows from it stays open until it is mended."""
        fault = next((f for f in self.faults if f.sure and f.hidden_by is None), None)
        if fault is not None and fault.kind not in _DOUBTLESS and self._doubt is not None:
            return None  # a poor photo proves no cause
        return None if fault is None else f"二维码{fault.name}（{_shown(fault.clause)}）"

    def _by_faults(
        self, clause: str, required: str, sound: str, measured: dict[str, Any], rows: tuple[str, ...] = (),
        where: Quad | None = None,
    ) -> Finding:  # fmt: skip
        """The verdict of a clause that only asks for the absence of faults."""
        mine = [fault for fault in self.faults if fault.clause == clause]
        certain = [fault for fault in mine if fault.sure and fault.hidden_by is None]
        if certain and self.e.print is not None and self.e.print.mirrored and {f.kind for f in certain} <= _LIGHTENED:
            return self._finding(clause, UNCLEAR, required, _REFLECTION, measured, rows)
        if certain and (doubt := self._doubt) is not None and not (_DOUBTLESS & {f.kind for f in certain}):
            return self._finding(clause, UNCLEAR, required, doubt, measured, rows)
        if certain:
            names, remedies = "、".join(f.name for f in certain), "；".join(dict.fromkeys(f.remedy for f in certain))
            advice = f"二维码{names}（{_shown(clause)}）：{remedies}后重新印刷。"
            return self._finding(clause, FAIL, required, advice, measured, rows, where)
        hidden = next((fault.hidden_by for fault in mine if fault.hidden_by is not None), None)
        if hidden is not None:
            doubt = None if hidden.kind in _DOUBTLESS else self._doubt  # a poor photo proves no cause either
            advice = doubt or f"受“{hidden.name}”（{_shown(hidden.clause)}）影响，改正后再判。"
            return self._finding(clause, UNCLEAR, required, advice, measured, rows)
        if mine:
            advice = self._doubt or f"二维码好像{mine[0].name}，照片上不能确定：请靠近、对焦、避开反光后重拍。"
            return self._finding(clause, UNCLEAR, required, advice, measured, rows)
        if self.e.symbol is not None and not self.e.symbol.text and clause in _BY_MODULE:
            advice = "没有读出内容，不能逐个模块核对：请靠近、对焦后重拍。"
            return self._finding(clause, UNCLEAR, required, advice, measured, rows)
        return self._finding(clause, PASS, required, sound, measured, rows)

    @property
    def _camera_blur(self) -> float | None:
        """The camera's own blur in modules (standard deviation), by the sheet's rim; None without a rim."""
        if self.e.sheet is None or self.module_mm is None or not self.e.sheet.followed:
            return None
        return self.e.sheet.rim_blur_mm() / self.module_mm

    # --- clauses ------------------------------------------------------------------------------------------------------

    def code(self) -> Finding:
        e, required = self.e, "合格证上印有国市监质监规〔2024〕6 号认可的质量追溯码（GS1、Ecode 等）"
        if e.symbol is None:
            if e.legible_without_code:
                return self._finding(
                    "code",
                    FAIL,
                    required,
                    "合格证清楚可读，但上面没有二维码：请按附录 D 加印质量追溯码。",
                    rows=("R51",),
                )
            return self._finding(
                "code", UNCLEAR, required, "照片里没有找到码：请把整张合格证拍清楚再发一次；若确实没有印码，请先加印。",
                rows=("R51",),
            )  # fmt: skip
        measured: dict[str, Any] = {"symbology": e.symbol.symbology, "kind": e.trace_kind or "unknown"}
        if not e.symbol.text:
            return self._finding(
                "code",
                UNCLEAR,
                required,
                "看得到二维码，但读不出内容：请擦净镜头、靠近对焦后重拍。",
                measured,
                ("R51",),
            )
        if e.expected or e.trace_kind:
            kind = e.trace_kind or "登记产品的码"
            return self._finding("code", PASS, required, f"读到追溯码（{kind}）。", measured, ("R32", "R51"))
        return self._finding(
            "code", UNCLEAR, required,
            "读到的码不是能识别的 GS1 或 Ecode 追溯码：若它是本产品的追溯码，请先在产品资料里登记；否则请改印追溯码。",
            measured, ("R32", "R51"),
        )  # fmt: skip

    def corner(self) -> Finding:
        required = "二维码在合格证右上角或右下角"
        if (reason := self._no_margins()) is not None or self.edge_mm is None:
            return self._finding("D.1.1.corner", UNCLEAR, required, reason or "", rows=("R23",))
        edge = self.edge_mm
        share = limit("corner_right_share") * edge["left"] - edge["right"]
        apart = abs(edge["top"] - edge["bottom"]) - limit("corner_difference_mm")
        # a shift of the frame counts half as much again in the one, twice in the other
        verdict = self._worse(self._against(share, 0.0, 1.2 * self._u), self._against(apart, 0.0, 1.8 * self._u))
        measured = {"edge_mm": {side: _mm(edge[side]) for side in SIDES}, "uncertainty_mm": _mm(self._u)}
        if not self.e.way_up or (verdict is FAIL and not self.e.upright_by_text):
            advice = "文字太少，看不出这张合格证哪边朝上，不能判断角部：请把文字拍清楚，正着拍。"
            return self._finding("D.1.1.corner", UNCLEAR, required, advice, measured, ("R23",))
        by = "" if self.e.upright_by_text else "（文字太少，上下按二维码的方向判断）"
        corner = "右上角" if edge["top"] < edge["bottom"] else "右下角"
        if verdict is PASS:
            advice = f"二维码在{corner}{by}。"
        elif verdict is FAIL:
            advice = f"二维码不在右上角或右下角（距边 {_sides(edge)} mm，D.1.1）{by}：请移到右侧的上角或下角重新印刷。"
        else:
            advice = (
                f"二维码是否在右侧角部处于判定界限（距边 {_sides(edge)} mm，误差 {self._u:.2f} mm）：请从正上方重拍。"
            )
        return self._finding("D.1.1.corner", verdict, required, advice, measured, ("R23", "R55"))

    def edge(self) -> Finding:
        least = limit("edge_mm")
        required = f"二维码距合格证四边均 ≥ {least:g} mm"
        if (reason := self._no_margins()) is not None or self.edge_mm is None:
            return self._finding("D.1.1.edge", UNCLEAR, required, reason or "", rows=("R22",))
        edge = self.edge_mm
        side = min(SIDES, key=lambda s: edge[s])
        verdict = self._against(edge[side], least)
        measured = {"edge_mm": {s: _mm(edge[s]) for s in SIDES}, "uncertainty_mm": _mm(self._u)}
        if verdict is PASS:
            advice = f"二维码距四边 {_sides(edge)} mm。"
        elif verdict is FAIL:
            short = "、".join(f"{_NAMES[s]}边 {edge[s]:.1f} mm" for s in SIDES if self._against(edge[s], least) is FAIL)
            inward = least - edge[side] + 0.3
            advice = (
                f"二维码距合格证{short}，要求 ≥ {least:g} mm（D.1.1）：请把二维码向内移 {inward:.1f} mm 以上重新印刷。"
            )
        else:
            advice = (
                f"二维码距{_NAMES[side]}边 {edge[side]:.2f} mm，与 {least:g} mm 的差在测量误差（{self._u:.2f} mm）内："
                "请靠近、从正上方重拍，或把二维码再向内移一点。"
            )
        return self._finding("D.1.1.edge", verdict, required, advice, measured, ("R22", "R55"))

    def clear(self) -> Finding:
        required = "二维码避开检验结论、公章和关键信息栏"
        clause, rows = "D.1.1.clear", ("R22",)
        if (reason := self._no_code()) is not None or self.e.print is None:
            return self._finding(clause, UNCLEAR, required, reason or "", rows=rows)
        p = self.e.print
        measured = {"seal_modules": round(p.seal_area, 1), "overprint_modules": round(p.overprint, 1)}
        if self.e.text_on_code is not None and not any(f.clause == clause and f.sure for f in self.faults):
            doubt = self._doubt
            if doubt is not None or (cause := self._cause()) is not None:
                advice = doubt or f"{cause}，是否压到文字待改正后再判。"
                return self._finding(clause, UNCLEAR, required, advice, measured, rows)
            return self._finding(
                clause, FAIL, required,
                f"文字“{self.e.text_on_code[:12]}”压在二维码上（D.1.1）：请把二维码与文字栏分开排版后重新印刷。",
                measured, rows,
            )  # fmt: skip
        where = quad(p.overprint_box) if p.overprint_box is not None else None
        return self._by_faults(clause, required, "二维码没有压到印章、文字或线框。", measured, rows, where)

    def flat(self) -> Finding:
        required = "二维码处平整，无褶皱、无覆盖涂层，不在折痕处"
        if (reason := self._no_code()) is not None or self.e.print is None:
            return self._finding("D.1.2", UNCLEAR, required, reason or "")
        p = self.e.print
        measured = {"crease": round(p.crease, 3), "film": round(p.film, 3)}
        where = None
        if p.crease_line is not None and p.crease >= limit("crease_fail"):
            a, b = p.crease_line
            across = np.array([b[1] - a[1], a[0] - b[0]]) / max(float(np.hypot(*(b - a))), 1.0) * 0.8 * p.density
            where = quad(np.array([a - across, b - across, b + across, a + across]))
        return self._by_faults("D.1.2", required, "二维码处没有看到折痕或覆盖。", measured, where=where)

    def same_place(self) -> Finding:
        return self._finding(
            "D.1.3", UNCLEAR, "同一品类产品的合格证上，二维码印刷位置一致",
            "一张照片不能判定：与本企业同品类的其他合格证比较后给出。", rows=("R50",),
        )  # fmt: skip

    def contrast(self) -> Finding:
        good, bad = limit("pcs_pass"), limit("pcs_fail")
        required = f"印刷对比度 PCS ≥ {good:.0%}"
        if (reason := self._no_code()) is not None or self.e.print is None or self.e.grid is None:
            return self._finding("D.2.1.contrast", UNCLEAR, required, reason or "", rows=("R24",))
        pcs = self.e.print.pcs
        michelson = pcs / (2 - pcs)
        measured = {"pcs": round(pcs, 3), "michelson": round(michelson, 3)}
        if self.e.grid.px_per_module < limit("legible_px_per_module"):
            return self._finding(
                "D.2.1.contrast", UNCLEAR, required, "二维码太小，对比度量不准：请靠近重拍。", measured, ("R24",)
            )
        if pcs >= good:
            return self._finding("D.2.1.contrast", PASS, required, f"对比度 {pcs:.0%}。", measured, ("R24",))
        pale = next((f for f in self.faults if f.kind in {"fade", "film", "soft"} and f.sure and not f.hidden_by), None)
        if pale is not None:
            advice = f"受“{pale.name}”（{_shown(pale.clause)}）影响，改正后再判。"
            return self._finding("D.2.1.contrast", UNCLEAR, required, advice, measured, ("R24",))
        if pcs < bad and self._doubt is None:
            return self._finding(
                "D.2.1.contrast", FAIL, required,
                f"二维码对比度 {pcs:.0%}，要求 ≥ {good:.0%}（D.2.1）：请用纯黑油墨在白底上重新印刷，检查碳带或墨量。",
                measured, ("R24",),
            )  # fmt: skip
        return self._finding(
            "D.2.1.contrast", UNCLEAR, required,
            f"照片上对比度 {pcs:.0%}，反光和雾化会让它偏低：请擦净镜头，避开直射灯光重拍。", measured, ("R24",),
        )  # fmt: skip

    def sharpness(self) -> Finding:
        required = "分辨率 ≥ 300 dpi；无模糊、重影、缺线、污点"
        clause, rows = "D.2.1.sharpness", ("R25",)
        if (reason := self._no_code()) is not None or self.e.print is None or self.e.grid is None:
            return self._finding(clause, UNCLEAR, required, reason or "", rows=rows)
        p = self.e.print
        measured: dict[str, Any] = {
            "px_per_module": round(p.density, 2), "modules": self.e.grid.columns, "blur": round(p.blur, 3),
            "print_blur": round(print_blur(p, self._camera_blur), 3), "ghost": round(p.ghost, 3),
            "streak": round(p.streak, 3), "stain": round(p.stain, 3), "missing": round(p.missing, 3),
        }  # fmt: skip
        if p.density < limit("legible_px_per_module") or (soft_picture(p) and self._doubt is not None):
            return self._finding(clause, UNCLEAR, required, self._doubt or "", measured, rows)
        coarse = next((f for f in self.faults if f.kind == "uneven" and f.sure and f.hidden_by is None), None)
        if coarse is not None and not any(f.clause == clause for f in self.faults):
            advice = f"受“{coarse.name}”（D.2.3）影响，改正后再判。"
            return self._finding(clause, UNCLEAR, required, advice, measured, rows)
        if self.e.resolution is None:
            sound = "没有模糊、重影、缺线、污点；照片不能证明 300 dpi，也没有看到低于它的迹象。"
            return self._by_faults(clause, required, sound, measured, rows)
        verdict, proven = resolution_finding_part(self.e.resolution)
        if self.e.resolution.dpi is not None:
            measured["dpi"] = [round(value) for value in self.e.resolution.dpi]
        if verdict is FAIL:
            return self._finding(clause, FAIL, required, proven, measured, rows)
        return self._by_faults(clause, required, f"没有模糊、重影、缺线、污点；{proven}", measured, rows)

    def readable(self) -> Finding:
        required = "主流扫码工具均可读取，识别率 100%"
        e, clause, rows = self.e, "D.2.2", ("R26",)
        if e.symbol is None:
            return self._finding(clause, UNCLEAR, required, self._no_code() or "", rows=rows)
        readers = sorted(e.symbol.readers)
        density = e.print.density if e.print else None
        measured: dict[str, Any] = {"readers": len(readers), "px_per_module": round(density, 2) if density else None}
        if len(readers) >= 2:
            advice = "两个独立的识读程序都直接读出了相同内容。"
            if e.unread_cm:
                far = "、".join(f"{distance}" for distance in e.unread_cm)
                advice += f"提醒：模拟 {far} cm 的距离读不出（D.2.2 要求 5–30 cm），请加大模块或缩短内容。"
            return self._finding(clause, PASS, required, advice, measured, rows)
        if (cause := self._cause()) is not None:
            return self._finding(clause, UNCLEAR, required, f"{cause}，影响识读，改正后再判。", measured, rows)
        if e.symbol.symbology != "QRCode" and readers:
            return self._finding(
                clause,
                UNCLEAR,
                required,
                "此种码只有一个识读程序支持，识别率未判定：请另用扫码枪验证。",
                measured,
                (*rows, "R52"),
            )
        if readers:
            return self._finding(
                clause,
                UNCLEAR,
                required,
                "只有一个识读程序读出：请靠近、拍清楚再发一次；若仍如此，请改善印刷质量。",
                measured,
                rows,
            )
        if self._clean:
            return self._finding(
                clause,
                FAIL,
                required,
                "照片清楚，但二维码扫不出来（D.2.2）：请检查内容和印刷后重新印刷。",
                measured,
                rows,
            )
        return self._finding(
            clause, UNCLEAR, required, "没有直接读出，照片也不够清楚：请靠近、对焦后重拍。", measured, rows
        )

    def even(self) -> Finding:
        required = "模块大小均匀，边缘无锯齿，无漏印、错印"
        clause, rows = "D.2.3", ("R25",)
        if (reason := self._no_code()) is not None or self.e.print is None:
            return self._finding(clause, UNCLEAR, required, reason or "", rows=rows)
        p = self.e.print
        measured = {
            "jitter": round(p.jitter, 3), "uneven": round(p.uneven_grid, 3), "growth": round(p.growth, 3),
            "fade": round(p.fade, 3), "wrong_modules": p.wrong_count, "px_per_module": round(p.density, 2),
        }  # fmt: skip
        mine = [fault for fault in self.faults if fault.clause == clause]
        few = p.density < limit("ragged_px_per_module") and p.jitter > 0.75 * limit("ragged_pass")
        if few and all(f.kind == "ragged" for f in mine):
            advice = f"每个模块只有 {p.density:.1f} 个像素，看不清模块边缘：请靠近重拍或发送原图。"
            return self._finding(clause, UNCLEAR, required, advice, measured, rows)
        if soft_picture(p):
            advice = self._doubt or "模块边缘受“印得模糊”（D.2.1）影响，改正后再判。"
            return self._finding(clause, UNCLEAR, required, advice, measured, rows)
        return self._by_faults(clause, required, "墨色均匀，模块大小一致，边缘整齐。", measured, rows)

    def size(self) -> Finding:
        least = smallest_side(self.e.size_known)
        required = f"二维码边长 ≥ {least:g} mm（不含留白）"
        if (reason := self._no_scale()) is not None or self.e.sheet is None:
            return self._finding("D.3.1", UNCLEAR, required, reason or "", rows=("R27",))
        sides = self.e.sheet.code_sides_mm()
        side = min(sides)
        measured = {"side_mm": _mm(side), "uncertainty_mm": _mm(self._u)}
        verdict = self._against(side, least)
        if verdict is PASS:
            advice = f"二维码边长 {side:.1f} mm。"
        elif verdict is FAIL:
            advice = f"二维码边长 {side:.1f} mm，要求 ≥ {least:g} mm（D.3.1）：请放大到 {least:g} mm 以上重新印刷。"
        else:
            advice = (
                f"二维码边长 {side:.2f} mm，与 {least:g} mm 的差在测量误差（{self._u:.2f} mm）内："
                "请靠近、从正上方重拍，或印得略大一些。"
            )
        return self._finding("D.3.1", verdict, required, advice, measured, ("R27", "R55"))

    def quiet_zone(self) -> Finding:
        least, modules = limit("quiet_mm"), limit("quiet_modules")
        required = f"二维码四周留白 ≥ {least:g} mm"
        clause = "D.3.2"
        if (reason := self._no_code()) is not None or self.e.print is None or self.e.grid is None:
            return self._finding(clause, UNCLEAR, required, reason or "", rows=("R28",))
        turns = self.e.sheet.turns if self.e.sheet else 0
        free = turned(self.e.print.quiet, turns)
        measured: dict[str, Any] = {"quiet_modules": {s: round(free[s], 1) for s in SIDES}}
        if (reason := self._no_scale()) is not None or self.e.sheet is None or self.edge_mm is None:
            return self._finding(clause, UNCLEAR, required, reason or "", measured, ("R28",))
        module_mm = self.e.sheet.code_sides_mm()[0] / self.e.grid.columns
        quiet = {
            s: free[s] * module_mm if self.e.no_edges else min(free[s] * module_mm, self.edge_mm[s]) for s in SIDES
        }
        measured |= {"quiet_mm": {s: _mm(quiet[s]) for s in SIDES}, "uncertainty_mm": _mm(self._u)}
        side = min(SIDES, key=lambda s: quiet[s])
        verdict = self._against(quiet[side], least, _MARK_MM)
        across = next((f for f in self.faults if f.kind in _ACROSS and f.sure and f.hidden_by is None), None)
        if across is not None and verdict is not PASS:
            advice = f"受“{across.name}”（{_shown(across.clause)}）影响，改正后再判。"
            return self._finding(clause, UNCLEAR, required, advice, measured, ("R28",))
        if verdict is PASS and self.e.quiet_cut:
            advice = "二维码四周的留白没有拍全，此项未判定：请退后一点，把留白和合格证的边拍进画面重拍。"
            return self._finding(clause, UNCLEAR, required, advice, measured, ("R28",))
        if verdict is PASS:
            advice = f"四周留白 {_sides(quiet)} mm。"
            if quiet[side] / module_mm < modules - 0.1:
                advice += (
                    f"提醒：{_NAMES[side]}侧不足 4 个模块（{modules * module_mm:.1f} mm），部分扫码设备可能读不出。"
                )
        elif verdict is FAIL:
            advice = (
                f"二维码{_NAMES[side]}侧留白 {quiet[side]:.1f} mm，要求 ≥ {least:g} mm（D.3.2）："
                f"请把那里的文字或线条移开 {least - quiet[side] + 0.3:.1f} mm 以上再重新印刷。"
            )
        else:
            advice = (
                f"二维码{_NAMES[side]}侧留白 {quiet[side]:.2f} mm，与 {least:g} mm 的差"
                f"在测量误差（{self._u:.2f} mm）内：请靠近重拍，或再留宽一点。"
            )
        return self._finding(clause, verdict, required, advice, measured, ("R28", "R55"))

    def durable(self) -> Finding:
        """R29: declared by the firm; a photo can only refute it."""
        required, rows = "防水、防刮油墨；铜版纸、白卡纸等不易破损的材质", ("R29", "R50")
        scratched = any(f.kind == "scratch" and f.sure and f.hidden_by is None for f in self.faults)
        if scratched and self.e.print is not None and self._doubt is None:
            return self._by_faults("D.4", required, "", {"scratch": round(self.e.print.scratch, 3)}, rows)
        advice = "照片不能判定耐磨和防水：以企业声明的油墨和纸张为准。"
        return self._finding("D.4", UNCLEAR, required, advice, rows=rows)

    def agrees(self) -> Finding:
        required = "二维码关联的信息与合格证上的产品信息一致"
        clause, rows, found = "D.5.1", ("R30",), self.e.agreement
        if found is None or (not found.compared and not found.differ):
            advice = "没有可比对的内容：合格证文字没有读清，或二维码和产品资料里没有批次、型号等数据。"
            return self._finding(clause, UNCLEAR, required, advice, rows=rows)
        measured = {"compared": found.compared, "agree": list(found.agree), "differ": [d[0] for d in found.differ]}
        if found.verdict is FAIL:
            pairs = "；".join(f"{title}：合格证“{here}”，追溯信息“{there}”" for title, here, there in found.differ)
            return self._finding(
                clause, FAIL, required, f"信息不一致（D.5.1）——{pairs}。请核对后更正。", measured, rows
            )
        if found.verdict is PASS:
            return self._finding(clause, PASS, required, "读到的产品信息与追溯信息一致。", measured, rows)
        advice = found.advice or (
            "读到的内容没有发现不一致，但没有核对到批次或编号：请把文字拍清楚，或在产品资料里补充批次。"
        )
        return self._finding(clause, UNCLEAR, required, advice, measured, rows)

    def linked(self) -> Finding:
        required, offer = "追溯信息含产品、生产、检验信息和平台查询链接", self.e.offer
        if offer is None:
            advice = "照片不能判定：以追溯平台的数据或企业申报的记录为准。"
            return self._finding("D.5.2", UNCLEAR, required, advice, rows=("R50",))
        verdict = PASS if offer.complete else UNCLEAR
        return self._finding("D.5.2", verdict, required, offer.advice, dict(offer.measured), ("R50",))


def smallest_side(size: Size | None) -> float:
    """R27: 15 mm where both sides of the sheet fit within 100 × 50 mm in either orientation, else 20 mm."""
    if size is not None:
        long, short = max(size), min(size)
        if long <= limit("small_sheet_long_mm") and short <= limit("small_sheet_short_mm"):
            return limit("side_small_sheet_mm")
    return limit("side_mm")


def turned(values: dict[str, float], turns: int) -> dict[str, float]:
    """Values by side in the code's frame, named as the sheet is read (``turns`` quarter-turns clockwise)."""
    ring = ("top", "right", "bottom", "left")
    return {ring[(i + turns) % 4]: values[ring[i]] for i in range(4)}


def upright_edges(sheet: Sheet) -> dict[str, float]:
    """Distances to the sheet's edges, named as the sheet is read."""
    return turned(sheet.edge_mm(), sheet.turns)
