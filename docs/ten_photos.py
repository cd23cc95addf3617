"""Ten typical photos and what the bot answers: ``python -m docs.ten_photos`` writes docs/ten-photos.md.

The photos are rendered (firm and products are samples); pictures and sentences are what the program makes of them.
"""

import io
import re
from dataclasses import replace
from pathlib import Path

from PIL import Image

from benchmarks.camera import Camera, photograph, with_second_code
from benchmarks.certificates import TRACE_LINK, Design, render_certificate, sample_fields
from benchmarks.defects import Defect
from inspection.inspector import inspect
from inspection.report import ProductHint, Request
from workflow.intake.wording import Outcome, answer

HERE = Path(__file__).parent
PICTURES = HERE / "pictures" / "ten"
_CAMERA = Camera(megapixels=1.6, quality=76, tilt=9, background="wood", noise=1.8)
_PLAIN = Design(frame=False, right_mm=7.4, top_mm=7.6)
_OTHER_BATCH = {**sample_fields(), "生产批次": "L2026B"}

TEN: tuple[tuple[str, Design, Camera], ...] = (
    ("合格", _PLAIN, _CAMERA),
    ("码印小了", replace(_PLAIN, code_side_mm=17.8, right_mm=8.4), _CAMERA),
    ("太靠右边", replace(_PLAIN, right_mm=3.6), _CAMERA),
    ("留白里有字", replace(_PLAIN, defects=(Defect("quiet_text", 1.9),)), _CAMERA),
    ("印章盖到码上", replace(_PLAIN, defects=(Defect("seal"),)), _CAMERA),
    ("油墨太淡", replace(_PLAIN, defects=(Defect("low_contrast"),)), _CAMERA),
    ("打印头断针", replace(_PLAIN, defects=(Defect("streak", 0.8),)), _CAMERA),
    ("折痕穿过码", replace(_PLAIN, defects=(Defect("crease"),)), replace(_CAMERA, bow_mm=1.5)),
    ("批次与码不符", replace(_PLAIN, fields=_OTHER_BATCH), _CAMERA),
    ("拍糊了", _PLAIN, replace(_CAMERA, blur_px=2.5, fill=0.62)),
)
PRODUCT = ProductHint(
    "sample", (100.0, 70.0), ("06901234567892",), "BV 2.5",
    {k: v for k, v in sample_fields().items() if k not in {"生产批次", "生产日期"}},
)  # fmt: skip


def _shown(jpeg: bytes) -> bytes:
    """The marked picture at twice a phone's width."""
    picture = Image.open(io.BytesIO(jpeg))
    picture.thumbnail((780, 780))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=72, optimize=True)
    return out.getvalue()


def main() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    page = [
        "# 十张典型照片，机器人怎么答 · Ten photos and the answers",
        "由 `python -m docs.ten_photos` 生成：照片是渲染的样例（企业、产品均为样例），"
        "标注图和文字是程序当次的真实输出，尺寸取自登记的产品。",
        "Rendered sample photos; pictures and sentences are the program's own output.",
    ]
    for number, (title, plan, camera) in enumerate(TEN, 1):
        design = replace(plan, text=TRACE_LINK.format(serial=f"{number:04d}"))
        sheet = render_certificate(design)
        if number == 1:
            sheet = with_second_code(sheet, "https://weixin.qq.com/r/sample")
        inspected = inspect(Request(photograph(sheet, 40 + number, camera).jpeg, products=(PRODUCT,)))
        report, marked = inspected.report, inspected.marked
        assert marked is not None
        name = f"{number:02d}.jpg"
        (PICTURES / name).write_bytes(_shown(marked))
        text = answer(
            [
                Outcome(
                    report=report.to_json(),
                    report_link="#",
                    product_name="聚氯乙烯绝缘电线（样例）" if report.product else "",
                )
            ]
        )
        text = re.sub(r'<a href="[^"]*">([^<]*)</a>', r"［\1］", text)
        page.append(f"## {number}. {title}\n\n![{title}](pictures/ten/{name})\n\n```text\n{text}\n```")
        print(f"{number} {title}: {report.verdict}")
    (HERE / "ten-photos.md").write_text("\n\n".join(page) + "\n", "utf-8")


if __name__ == "__main__":
    main()
