"""What reading the text costs and finds: ``python -m benchmarks.text --photos 20 --megapixels 12``.

Draws certificates in layouts that ``benchmarks.certificates`` does not have: ruled tables, two fields in a line, the
value under its label, English labels, a firm's name at the foot, a page of small print. Everything on them is a sample
(样例). The text is read in the sheet's own plane, found by the true corners: what is measured is the reading alone.
"""

import argparse
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks.camera import Camera, photograph
from benchmarks.certificates import (
    TRACE_LINK,
    Design,
    Sheet,
    chinese_font,
    render_certificate,
    sample_fields,
    sample_uscc,
)  # fmt: skip
from inspection import fields, ocr, textview, tracecode
from inspection.geometry import homography, rectangle
from inspection.picture import decode

LAYOUTS = ("plain", "table", "columns", "above", "english", "foot", "dense")
_FOUND = {
    "产品名称": "name", "规格型号": "model", "生产批次": "batch", "生产日期": "date", "生产企业": "firm",
    "统一社会信用代码": "uscc",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Page:
    """A certificate to draw: its layout, values by the labels of ``sample_fields``, size and height of body text."""

    layout: str = "table"
    values: dict[str, str] | None = None
    sheet_mm: tuple[float, float] = (120.0, 80.0)
    text_mm: float = 2.7
    code_mm: float = 22.0
    link: str = TRACE_LINK.format(serial="0001")
    face: int = 0
    """0 for a sans, 1 for a serif."""


class _Pen:
    """Draws in millimetres."""

    def __init__(self, sheet: Sheet, page: Page) -> None:
        path = chinese_font() or ""
        self.path = path.replace("Sans", "Serif") if page.face else path
        self.image = Image.fromarray(sheet.image)
        self.draw = ImageDraw.Draw(self.image)
        self.scale = sheet.px_per_mm

    def text(self, x: float, y: float, text: str, mm: float, fill: tuple[int, int, int] = (25, 25, 25)) -> None:
        font = ImageFont.truetype(self.path, round(mm * self.scale), index=2)
        # The em box of these faces is 1.45 high; y is the top of the letters.
        self.draw.text((x * self.scale, (y - 0.3 * mm) * self.scale), text, font=font, fill=fill)

    def line(self, x0: float, y0: float, x1: float, y1: float) -> None:
        ends = [v * self.scale for v in (x0, y0, x1, y1)]
        self.draw.line(ends, fill=(30, 30, 30), width=max(1, round(0.2 * self.scale)))


def draw_page(page: Page, px_per_mm: float = 20.0) -> Sheet:
    """Print one page; needs a Chinese font on the machine."""
    width, height = page.sheet_mm
    design = Design(
        sheet_mm=page.sheet_mm, code_side_mm=page.code_mm, right_mm=7, top_mm=8, fields={}, frame=False, text=page.link
    )
    if page.layout == "plain":
        return render_certificate(replace(design, fields=page.values or sample_fields(), frame=True), px_per_mm)
    sheet = render_certificate(design, px_per_mm)
    pen, values, size = _Pen(sheet, page), page.values or sample_fields(), page.text_mm
    pen.text(6, 5, "产品合格证" if page.layout != "english" else "合格证 CERTIFICATE", size * 1.7)
    {
        "table": _table, "columns": _columns, "above": _above, "english": _english, "foot": _foot, "dense": _dense,
    }[page.layout](pen, values, size, width - page.code_mm - 12, width, height)  # fmt: skip
    return replace(sheet, image=np.asarray(pen.image))


def _table(pen: _Pen, values: dict[str, str], size: float, right: float, _width: float, height: float) -> None:
    rows = [*values.items(), ("执行标准", "GB/T 5023.3-2008"), ("检验结论", "合格"), ("检验员", "样例01")]
    top = 5 + size * 3
    pitch = min((height - top - 5) / len(rows), size * 2.2)
    split = 6 + size * max(7.0, max(len(label) for label in values) + 1)
    for row, (label, value) in enumerate(rows):
        y = top + row * pitch
        pen.line(6, y, right, y)
        pen.text(7, y + (pitch - size) / 2, label, size)
        pen.text(split + 1, y + (pitch - size) / 2, value, size)
    bottom = top + len(rows) * pitch
    pen.line(6, bottom, right, bottom)
    for x in (6, split, right):
        pen.line(x, top, x, bottom)


def _columns(pen: _Pen, values: dict[str, str], size: float, _right: float, width: float, height: float) -> None:
    get = {**sample_fields(), **values}
    rows = [
        f"产品名称：{get['产品名称']}",
        f"规格型号：{get['规格型号']}  生产批次：{get['生产批次']}",
        f"生产日期：{get['生产日期']}   检验日期：2026年11月05日",
        "执行标准：GB/T 5023.3-2008   检验员：样例01",
        f"生产企业：{get['生产企业']}",
        f"统一社会信用代码：{get['统一社会信用代码']}",
        "检验结论：经检验，本批产品合格，准予出厂。",
    ]
    top = max(5 + size * 3, 34.0 if width < 130 else 0)
    pitch = min((height - top - 4) / len(rows), size * 2)
    for row, text in enumerate(rows):
        pen.text(6, top + row * pitch, text, size)


def _above(pen: _Pen, values: dict[str, str], size: float, right: float, _width: float, height: float) -> None:
    items = list(values.items())
    top, pitch = 5 + size * 3.5, size * 4.2
    for index, (label, value) in enumerate(items[:2]):
        pen.text(6, top + index * pitch, label, size * 0.8)
        pen.text(6, top + index * pitch + size * 1.4, value, size)
    for index, (label, value) in enumerate(items[2:4]):
        pen.text(6 + index * (right - 6) / 2, top + 2 * pitch, label, size * 0.8)
        pen.text(6 + index * (right - 6) / 2, top + 2 * pitch + size * 1.4, value, size)
    for index, (label, value) in enumerate(items[4:]):
        pen.text(6 + index * 48, min(top + 3 * pitch, height - 3.5 * size), label, size * 0.8)
        pen.text(6 + index * 48, min(top + 3 * pitch, height - 3.5 * size) + size * 1.4, value, size)


def _english(pen: _Pen, values: dict[str, str], size: float, _right: float, _width: float, _height: float) -> None:
    get = {**sample_fields(), **values}
    rows = [
        f"Product 产品名称: {get['产品名称']}", f"Model 型号: {get['规格型号']}", f"Batch No. 批号: {get['生产批次']}",
        f"Mfg. Date 生产日期: {get['生产日期']}", "Test Date 检验日期: 2026-11-05", f"Manufacturer: {get['生产企业']}",
        f"USCC: {get['统一社会信用代码']}", "Standard: GB/T 5023.3-2008", "Inspector: 01    QC PASSED",
    ]  # fmt: skip
    for row, text in enumerate(rows):
        pen.text(6, 5 + size * 3 + row * size * 2, text, size)


def _foot(pen: _Pen, values: dict[str, str], size: float, _right: float, width: float, height: float) -> None:
    get = {**sample_fields(), **values}
    rows = [
        f"品名：{get['产品名称']}", f"型号规格：{get['规格型号']}", f"批  号：{get['生产批次']}",
        f"制造日期：{get['生产日期']}", "检验日期：2026-11-05", "检验员：样例01",
    ]  # fmt: skip
    for row, text in enumerate(rows):
        pen.text(8, 5 + size * 3.5 + row * size * 2, text, size)
    pen.text(width / 2 - len(get["生产企业"]) * size * 0.6, height - 4 - size * 1.2, get["生产企业"], size * 1.2)


def _dense(pen: _Pen, values: dict[str, str], size: float, _right: float, width: float, height: float) -> None:
    get = {**sample_fields(), **values}
    y = max(5 + size * 3, 33.0)
    for text in (
        f"产品名称：{get['产品名称']}    规格型号：{get['规格型号']}",
        f"生产批次：{get['生产批次']}    生产日期：{get['生产日期']}    检验日期：2026-11-05",
        f"生产企业：{get['生产企业']}    统一社会信用代码：{get['统一社会信用代码']}",
    ):
        pen.text(6, y, text, size)
        y += size * 1.8
    left = 6.0
    columns = ("检验项目", "标准要求", "实测值", "单项结论")
    rng = np.random.default_rng(3)
    names = (
        "导体电阻",
        "绝缘厚度",
        "绝缘电阻",
        "外形尺寸",
        "电压试验",
        "不延燃试验",
        "抗张强度",
        "断裂伸长率",
        "热冲击",
    )
    rows = [columns] + [(name, f"≥{rng.uniform(0.1, 20):.2f}", f"{rng.uniform(0.1, 20):.3f}", "合格") for name in names]
    small = size * 0.85
    for row in rows:
        for column, text in enumerate(row):
            pen.text(left + 1 + column * (width - 12) / 4, y + 0.3 * small, text, small)
        pen.line(left, y, width - 6, y)
        y += small * 1.7
    pen.line(left, y, width - 6, y)
    y += 1
    note = "本产品经出厂检验符合标准要求准予出厂。用户在安装使用前应核对型号规格和数量，按照国家有关标准敷设，" * 20
    tiny = size * 0.75
    per_line = int((width - 12) / tiny)
    for start in range(0, len(note), per_line):
        if y > height - 4 - tiny:
            break
        pen.text(left, y, note[start : start + per_line], tiny)
        y += tiny * 1.6


def page_of(layout: str, seed: int) -> Page:
    """A page with values of its own."""
    rng = np.random.default_rng(seed)
    values = sample_fields() | {
        "规格型号": str(rng.choice(["BV 2.5", "BVR-4", "YJV 3×25+1×16", "RVV 2*1.5", "ZC-BVR 450/750V 6mm²"])),
        "生产批次": f"{rng.choice(list('LPBS'))}{rng.integers(2025, 2027)}{rng.integers(1000, 9999)}",
        "生产日期": f"2026-{rng.integers(1, 13):02d}-{rng.integers(1, 29):02d}",
        "统一社会信用代码": sample_uscc(),
    }
    size = {"dense": (148.0, 210.0), "columns": (120.0, 90.0)}.get(layout, (120.0, 80.0))
    link = TRACE_LINK.replace("L2026A", values["生产批次"]).format(serial=f"{seed:06d}")
    return Page(layout, values, size, float(rng.uniform(2.2, 3.2)), link=link, face=int(rng.integers(2)))


def near_value(name: str, value: str, rng: np.random.Generator) -> str:
    """Another value as like the first as a true difference gets: one figure, or the last letter."""
    if name == "date":
        return value[:-1] + str((int(value[-1]) + 5) % 10 if value[-2] != "3" else 0)
    at = int(rng.choice([i for i, c in enumerate(value) if c.isdigit()]))
    return value[:at] + str((int(value[at]) + int(rng.integers(1, 10))) % 10) + value[at + 1 :]


@dataclass
class _Tally:
    """Figures of one layout in one turn."""

    cpu: list[float] = field(default_factory=list)
    found: Counter[str] = field(default_factory=Counter)
    differ: int = 0
    """Differences that are none."""
    told: int = 0
    doubted: int = 0
    unread: int = 0
    turned: int = 0
    """Photos whose direction was told right."""


def run(layout: str, seeds: range, look: Camera, turns: list[int], *, contradict: bool, verbose: bool) -> None:
    tallies = {turn: _Tally() for turn in turns}
    for seed in seeds:
        page = page_of(layout, seed)
        photo = photograph(draw_page(page), seed, look)
        picture = decode(photo.jpeg)
        record = {_FOUND[label]: value for label, value in (page.values or {}).items()}
        parts = tracecode.recognise(page.link).parts
        planted = None
        if contradict:
            planted = ("batch", "date", "model")[seed % 3]
            record[planted] = near_value(planted, record[planted], np.random.default_rng(seed))
            parts = {key: value for key, value in parts.items() if key != planted}
        for turn, tally in tallies.items():
            # the frame turned against the text, as when a code stands on its side
            corners = np.roll(photo.corners, turn, axis=0)
            size = page.sheet_mm if turn % 2 == 0 else page.sheet_mm[::-1]
            plane = textview.Plane(homography(rectangle(*size), corners), (0.0, 0.0, *size), 1.0)
            start = time.process_time()
            text = textview.read_plane(picture.rgb, plane, photo.code_corners)
            again = partial(textview.look_again, picture.rgb)
            agreement = fields.compare(fields.stated_fields(text.lines), parts, record, again, text.lines)
            tally.cpu.append(time.process_time() - start)
            tally.unread += text.unread
            tally.turned += text.turns == -turn % 4
            tally.found.update(agreement.agree)
            title = fields.TITLES.get(planted or "")
            tally.told += any(entry[0] == title for entry in agreement.differ)
            tally.doubted += any(entry[0] == title for entry in agreement.doubtful)
            tally.differ += sum(entry[0] != title for entry in agreement.differ)
            if verbose:
                print(seed, text.turns, [line.text for line in text.lines], agreement, sep="\n   ")
    for turn, tally in tallies.items():
        p50, p95 = np.percentile(tally.cpu, [50, 95])
        shares = " ".join(f"{name} {tally.found[name]}" for name in _FOUND.values())
        line = f"{layout:8} turned {turn * 90:3}: CPU {p50:.2f}/{p95:.2f} s; of {len(seeds)} agree {shares}; "
        line += f"direction {tally.turned}; false differences {tally.differ}; boxes unread {tally.unread}"
        print(line + (f"; planted {len(seeds)}, told {tally.told}, in doubt {tally.doubted}" if contradict else ""))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=3, help="photos for each layout and turn")
    parser.add_argument("--megapixels", type=float, default=12)
    parser.add_argument("--chat", action="store_true", help="1.6 megapixels, compressed as a messenger does")
    parser.add_argument("--turns", type=int, nargs="*", default=[0, 2])
    parser.add_argument("--layouts", nargs="*", default=LAYOUTS)
    parser.add_argument("--seed", type=int, default=9000)
    parser.add_argument("--contradict", action="store_true", help="the record differs in one character")
    parser.add_argument("--verbose", action="store_true")
    arguments = parser.parse_args()
    ocr.warm()
    megapixels = 1.6 if arguments.chat else arguments.megapixels
    look = Camera(megapixels=megapixels, quality=60 if arguments.chat else 88, tilt=12, fill=0.85)
    for layout in arguments.layouts:
        seeds = range(arguments.seed, arguments.seed + arguments.photos)
        run(layout, seeds, look, arguments.turns, contradict=arguments.contradict, verbose=arguments.verbose)


if __name__ == "__main__":
    main()
