"""The phone's own scanner: codes in a picture, and QR symbols drawn."""

import io
from typing import Any

import segno
import zxingcpp
from PIL import Image

from simulator import pictures

# WeChat's names of the symbologies a menu scan reports with a prefix.
_BAR_CODES = {
    "EAN13": "EAN_13",
    "EAN8": "EAN_8",
    "UPCA": "UPC_A",
    "UPCE": "UPC_E",
    "Code128": "CODE_128",
    "Code39": "CODE_39",
    "Code93": "CODE_93",
    "Codabar": "CODABAR",
    "ITF": "ITF",
}


def read(data: bytes) -> list[dict[str, Any]]:
    """``[{"text", "symbology"}]``, symbology empty for two-dimensional codes; an unreadable picture has none."""
    try:
        picture = Image.open(io.BytesIO(pictures.chat_jpeg(data)))
    except pictures.NotAPicture:
        return []
    return [
        {"text": found.text, "symbology": _BAR_CODES.get(found.format.name, "")}
        for found in zxingcpp.read_barcodes(picture)
    ]


def draw(text: str) -> bytes:
    """A QR symbol of ``text`` as PNG."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="png", scale=10, border=4)
    return out.getvalue()
