"""The demonstration's photos: ``python -m docs.draw_demo`` draws app/demo/files.

They are rendered by the invented camera, so they are drawn once and kept; papers with days on them are drawn when the
demonstration runs (app.demo.materials). Needs a Chinese font.
"""

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import segno
from PIL import Image, ImageDraw

from app.demo.firm import EXAMPLE, DemoFirm, Item
from benchmarks.camera import Camera, photograph
from benchmarks.certificates import Design, Sheet, chinese_font, font, render_certificate

FILES = Path(__file__).parents[1] / "app" / "demo" / "files"
CAMERA = Camera(megapixels=3.2, quality=82, tilt=8, roll=4, background="wood", noise=1.6, blur_px=0.7, fill=0.86)
CHAT_CAMERA = replace(CAMERA, megapixels=1.9)
"""For photos that are only sent in chat, which passes on no more; they are drawn three times as fast."""
_LABEL_MM = (110.0, 80.0)


def certificate(firm: DemoFirm, item: Item, code_side_mm: float) -> Design:
    """The item's certificate as it is printed."""
    sheet = item.made.sheet_mm
    return Design(
        sheet_mm=sheet, code_side_mm=code_side_mm, right_mm=7.6, top_mm=7.6, text=item.code, error="m", ink=20,
        fields=firm.fields(item), frame=False, font_mm=min(2.6, sheet[1] / 26),
    )  # fmt: skip


def label(firm: DemoFirm, item: Item, px_per_mm: float = 20.0) -> Sheet:
    """The label on the item's smallest package: maker, model, batch, length, and the trace code."""
    width, height = _LABEL_MM
    side = 24.0
    canvas = Image.new("RGB", (round(width * px_per_mm), round(height * px_per_mm)), (243, 241, 232))
    draw = ImageDraw.Draw(canvas)

    def write(x: float, y: float, words: str, size: float) -> None:
        draw.text((x * px_per_mm, y * px_per_mm), words, font=font(size * px_per_mm), fill=(25, 25, 30))

    write(7, 6, firm.name, 4.6)
    write(7, 14, item.made.name, 4.0)
    rows = (
        ("规格型号", item.made.model), ("生产批次", item.batch), ("产品编号", item.serial),
        ("生产日期", item.made_on.isoformat()),
        ("长度", "100 m"), ("额定电压", item.made.voltage), ("执行标准", item.made.standard),
    )  # fmt: skip
    for row, (name, value) in enumerate(rows):
        write(7, 24 + row * 7, f"{name}：{value}", 3.3)
    draw.line([7 * px_per_mm, 21 * px_per_mm, (width - 7) * px_per_mm, 21 * px_per_mm], fill=(25, 25, 30), width=6)
    matrix = np.array([list(row) for row in segno.make(item.code, error="m", micro=False).matrix], np.uint8)
    code = Image.fromarray((255 - matrix * 232).astype(np.uint8)).resize((round(side * px_per_mm),) * 2, 0)
    left, top = width - 9 - side, height - 9 - side
    canvas.paste(code.convert("RGB"), (round(left * px_per_mm), round(top * px_per_mm)))
    return Sheet(np.asarray(canvas), px_per_mm, _LABEL_MM, (left, top, side), len(matrix), 0.0)


def photos(
    firm: DemoFirm, seed: int, *, too_small: bool = True, camera: Camera = CAMERA
) -> Iterator[tuple[str, bytes]]:
    """The firm's photos by name, as JPEG: each item's certificate and package; ``too_small``: and the first
    certificate with a code that is too small. ``camera`` is the one for certificates."""
    for item in firm.items():
        number = item.product + 1
        small = item.made.sheet_mm[0] <= 100 and item.made.sheet_mm[1] <= 50
        printed = certificate(firm, item, 17.5 if small else 22.0)
        sheets = {"certificate": render_certificate(printed), "body": label(firm, item)}
        if number == 1 and too_small:
            shrunk = replace(printed, code_side_mm=16.8, right_mm=8.2, top_mm=8.2)
            sheets["certificate-small"] = render_certificate(shrunk)
        for name, sheet in sheets.items():
            held = replace(camera, background="dark", megapixels=1.6, tilt=14) if name == "body" else camera
            yield f"{name}-{number}.jpg", photograph(sheet, seed + item.product, held).jpeg


def main() -> None:
    """Draw every photo anew."""
    if chinese_font() is None:
        raise SystemExit("没有找到中文字体：请先安装 fonts-noto-cjk。")
    FILES.mkdir(parents=True, exist_ok=True)
    for name, jpeg in photos(EXAMPLE, 40):
        (FILES / name).write_bytes(jpeg)
        print(f"{name}: {Image.open(io.BytesIO(jpeg)).size}, {len(jpeg) // 1024} kB")


if __name__ == "__main__":
    main()
