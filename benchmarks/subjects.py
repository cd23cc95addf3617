"""How surely chat photos of a month are told apart: certificates, bodies and packages, look-up pages.

``python -m benchmarks.subjects --count 40`` draws so many of each, passes them on as chat does (1280 pixels, JPEG 60),
inspects them with two registered products, and prints how each was taken. The rule was written on the demonstration's
pictures; the seeds here were not used for it.
"""

import argparse
import io
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import segno
from PIL import Image, ImageDraw, ImageEnhance
from tqdm import tqdm

from app.demo.firm import EXAMPLE
from app.demo.materials import demo_products
from app.demo.paper import Drawing
from benchmarks.camera import Camera, photograph
from benchmarks.certificates import Sheet, font, render_certificate
from benchmarks.designs import faulty, sound
from inspection.inspector import inspect
from inspection.report import ProductHint, Request
from inspection.subject import Subject, subject_of

_LINK = "https://id.gs1.org/01/06950000004017/10/L260915/21/{serial:04d}"
_LABEL_MM = (110.0, 80.0)


def as_chat_passes_it_on(data: bytes, quality: int = 60) -> bytes:
    """1280 pixels at the most, JPEG."""
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    picture.thumbnail((1280, 1280))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def certificate(seed: int) -> bytes:
    """Sound ones, and every third with a fault."""
    faults = ("small", "near", "centred", "batch")
    design = faulty(faults[seed % len(faults)], seed) if seed % 3 == 2 else sound(seed)
    return photograph(render_certificate(design), seed, _camera(seed)).jpeg


def _camera(seed: int) -> Camera:
    rng = np.random.default_rng([seed, 5])
    return Camera(
        tilt=float(rng.uniform(0, 22)), roll=float(rng.uniform(-12, 12)), fill=float(rng.uniform(0.6, 0.92)),
        blur_px=float(rng.uniform(0.5, 1.2)), noise=float(rng.uniform(1, 4)),
    )  # fmt: skip


def body(seed: int) -> bytes:
    """Labels on packages and plates on bodies: maker, model, batch, figures, some with an inspector's mark."""
    rng = np.random.default_rng([seed, 6])
    px = 18.0
    width, height = _LABEL_MM if seed % 2 else (90.0, 50.0)
    paper = [(243, 241, 232), (205, 208, 212), (250, 222, 120), (40, 44, 52)][seed % 4]
    ink = (240, 240, 240) if paper[0] < 90 else (25, 25, 30)
    canvas = Image.new("RGB", (round(width * px), round(height * px)), paper)
    draw = ImageDraw.Draw(canvas)
    lines = [
        EXAMPLE.name if rng.random() < 0.7 else "SHIFAN CABLE", "聚氯乙烯绝缘电线（样例）", "规格型号：BV 4",
        f"生产批次：L2609{seed % 28 + 1:02d}", "额定电压：450/750V", "长度：100 m", "执行标准：GB/T 5023.3-2008",
    ]  # fmt: skip
    if seed % 3 == 0:
        lines.append("检验员：07")
    if seed % 5 == 0:
        lines.append("扫码查询产品追溯信息")
    if seed % 7 == 0:
        lines = lines[2:4]
    step = (height - 8) / max(len(lines), 6)
    for row, line in enumerate(lines):
        draw.text((5 * px, (4 + row * step) * px), line, font=font(min(3.6, step * 0.75) * px), fill=ink)
    side = min(24.0, height - 12)
    code = segno.make(_LINK.format(serial=seed), error="m", micro=False)
    buffer = io.BytesIO()
    code.save(buffer, kind="png", scale=8, border=2)
    picture = Image.open(buffer).convert("RGB").resize((round(side * px),) * 2, 0)
    left, top = width - 5 - side, height - 5 - side
    canvas.paste(picture, (round(left * px), round(top * px)))
    sheet = Sheet(np.asarray(canvas), px, (width, height), (left, top, side), 33, 0.0)
    return photograph(sheet, seed, replace(_camera(seed), background="dark" if seed % 2 else "any")).jpeg


def page(seed: int) -> bytes:
    """Look-up pages of a phone or a desktop; every fourth photographed from the screen, some in the dark."""
    rng = np.random.default_rng([seed, 7])
    titles = ("产品追溯查询结果", "追溯信息查询", "产品质量追溯", "Ecode 标识解析 查询结果", "防伪溯源查询")
    rows = [
        ("产品名称", "聚氯乙烯绝缘电线（样例）"), ("规格型号", "BV 4"), ("生产批次", f"L2609{seed % 28 + 1:02d}"),
        ("生产企业", EXAMPLE.name), ("检验结果", "合格"),
    ]  # fmt: skip
    if seed % 3:
        rows.append(("查询时间", f"2026-12-{seed % 25 + 1:02d} 09:41:22"))
    if seed % 2:
        rows.append(("查询次数", "3"))
    if seed % 5 == 0:
        rows.insert(0, ("合格证编号", f"HG{seed:05d}"))
    phone = seed % 6 != 5
    picture = ""
    if rng.random() < 0.5:
        picture = segno.make(_LINK.format(serial=seed), error="m", micro=False).svg_inline(scale=4, border=4)
    drawn = Drawing().screen(
        titles[seed % len(titles)], rows=rows, address=f"https://{EXAMPLE.host}/q/{seed}", clock="9:41",
        picture=picture, phone=phone,
    )  # fmt: skip
    shown = Image.open(io.BytesIO(drawn)).convert("RGB")
    if seed % 5 == 3:
        shown = Image.fromarray(255 - np.asarray(shown))  # a dark theme
    if seed % 4 == 3:
        return _off_the_screen(shown, seed, rng)
    buffer = io.BytesIO()
    shown.save(buffer, "PNG")
    return buffer.getvalue()


def _off_the_screen(shown: Image.Image, seed: int, rng: np.random.Generator) -> bytes:
    """A photo of the screen: a little askew, its pixels seen, dimmed."""
    large = shown.resize((shown.width * 2, shown.height * 2), Image.Resampling.LANCZOS)
    turned = large.rotate(
        float(rng.uniform(-4, 4)), expand=True, fillcolor=(30, 28, 26), resample=Image.Resampling.BICUBIC
    )
    pixels = np.asarray(ImageEnhance.Brightness(turned).enhance(0.85)).astype(np.float64)
    pixels[::3] *= 0.93
    pixels += rng.normal(0, 4, pixels.shape)
    buffer = io.BytesIO()
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


KINDS: dict[Subject, Callable[[int], bytes]] = {
    Subject.CERTIFICATE: certificate, Subject.BODY: body, Subject.SCREENSHOT: page,
}  # fmt: skip


def taken_for(count: int, first_seed: int) -> Iterator[tuple[Subject, Subject, int]]:
    """What is in each picture, what it was taken for, and its seed."""
    hints = tuple(
        ProductHint(str(number), product["sheet_mm"], (product["gtin"],), product["model"], product["record"])
        for number, product in enumerate(demo_products(), 1)
    )
    for subject, draw in KINDS.items():
        for seed in tqdm(range(first_seed, first_seed + count), desc=subject, leave=False):
            data = as_chat_passes_it_on(draw(seed))
            report = inspect(Request(data, None, hints, mark=False)).report.to_json()
            yield subject, subject_of(report), seed


def main() -> None:
    """Draw, inspect, count."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--count", type=int, default=40)
    arguments.add_argument("--seed", type=int, default=1000)
    given = arguments.parse_args()
    counted: Counter[tuple[Subject, Subject]] = Counter()
    for subject, taken, seed in taken_for(given.count, given.seed):
        counted[subject, taken] += 1
        if subject is not taken:
            print(f"seed {seed}: {subject} taken for {taken}")
    for subject in KINDS:
        print(f"{subject}: {counted[subject, subject]} of {given.count}")


if __name__ == "__main__":
    main()
