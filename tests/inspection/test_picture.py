"""Every guard before the decoding, by a broken file each."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from inspection.identify import MediaType, identify
from inspection.picture import MAX_BYTES, decode
from inspection.report import PictureRefused


def encoded(form: str, image: Image.Image | None = None, **options: object) -> bytes:
    image = image or Image.new("RGB", (64, 48), (200, 30, 30))
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def png_header(width: int, height: int) -> bytes:
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    head = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    data = b"IDAT" + zlib.compress(b"\x00" * 64)
    return head + struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "picture_empty"),
        (b"\xff\xd8\xff" + b"0" * MAX_BYTES, "picture_too_large"),
        (png_header(9000, 8000), "picture_too_many_pixels"),
        (png_header(60000, 60000), "picture_too_many_pixels"),
        (b"%PDF-1.7\n1 0 obj", "picture_is_pdf"),
        (b"\n\n%PDF-1.4", "picture_is_pdf"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "picture_is_heic"),
        (b"hello, this is not a picture", "picture_unreadable"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "picture_unreadable"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "picture_truncated"),
        (encoded("PNG")[:-30], "picture_truncated"),
        (encoded("JPEG", Image.effect_noise((200, 200), 90))[:2000], "picture_truncated"),
    ],
)
def test_what_cannot_be_judged_is_refused_with_advice(data: bytes, code: str) -> None:
    with pytest.raises(PictureRefused) as refusal:
        decode(data)
    assert refusal.value.code == code
    assert any("\u4e00" <= c <= "\u9fff" for c in refusal.value.advice)


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG"])
def test_moving_pictures_are_refused(form: str) -> None:
    first, second = (Image.new("RGB", (32, 32), colour) for colour in ("red", "blue"))
    data = encoded(form, first, save_all=True, append_images=[second])
    with pytest.raises(PictureRefused) as refusal:
        decode(data)
    assert refusal.value.code == "picture_animated"


def test_of_a_tiff_with_several_pages_the_first_is_read_and_the_others_are_mentioned() -> None:
    first, second = (Image.new("RGB", (32, 32), colour) for colour in ("red", "blue"))
    picture = decode(encoded("TIFF", first, save_all=True, append_images=[second]))
    assert picture.more_pages
    assert picture.rgb[0, 0, 0] > 200
    assert not decode(encoded("TIFF", first)).more_pages


def test_a_phones_two_picture_jpeg_is_one_photo() -> None:
    first, second = (Image.new("RGB", (64, 48), colour) for colour in ("red", "blue"))
    picture = decode(encoded("MPO", first, save_all=True, append_images=[second]))
    assert picture.rgb[0, 0, 0] > 200


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "BMP", "TIFF"])
def test_plain_pictures_of_every_kind_decode(form: str) -> None:
    data = encoded(form)
    picture = decode(data)
    assert picture.rgb.shape == (48, 64, 3)
    assert picture.gray.shape == (48, 64)
    assert picture.media is identify(data) is not MediaType.UNKNOWN


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "RGBA", "LA", "1", "I;16"])
def test_every_pixel_mode_becomes_rgb(mode: str) -> None:
    image = Image.fromarray(np.full((20, 30), 40000, np.uint16)) if mode == "I;16" else Image.new(mode, (30, 20))
    form = "TIFF" if mode in {"CMYK", "I;16"} else "PNG"
    assert decode(encoded(form, image)).rgb.shape == (20, 30, 3)


def test_transparency_lies_on_white() -> None:
    assert decode(encoded("PNG", Image.new("RGBA", (8, 8), (0, 0, 0, 0)))).rgb.min() == 255


def test_exif_orientation_is_applied() -> None:
    image = Image.new("RGB", (60, 40), "white")
    image.paste((0, 0, 0), (0, 0, 10, 10))
    exif = image.getexif()
    exif[0x0112] = 6  # the camera was held upright: turn clockwise to view
    picture = decode(encoded("JPEG", image, exif=exif, quality=95))
    assert picture.size == (40, 60)
    assert picture.gray[2, 37] < 60 < picture.gray[2, 2]


def test_a_huge_jpeg_is_decoded_at_half_size_and_says_so() -> None:
    picture = decode(encoded("JPEG", Image.new("L", (6400, 4400), 90)))
    assert picture.size == (6400, 4400)
    assert picture.scale == 2
    assert picture.gray.shape == (2200, 3200)
