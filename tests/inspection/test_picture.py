"""Every guard before the decoding, by a broken file each."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageOps

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
        (png_header(1, 60000), "picture_shape"),
        (png_header(8001, 5000), "picture_too_many_pixels"),
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


@pytest.mark.parametrize(
    ("image", "form"),
    [
        pytest.param(Image.new("CMYK", (30, 20), (0, 0, 0, 255)), "JPEG", id="printer's black, JPEG"),
        pytest.param(Image.new("CMYK", (30, 20), (0, 0, 0, 255)), "TIFF", id="printer's black, TIFF"),
        pytest.param(Image.new("1", (30, 20), 0), "TIFF", id="one bit"),
        pytest.param(Image.new("L", (30, 20), 0), "JPEG", id="grey"),
        pytest.param(Image.fromarray(np.full((20, 30), 200, np.uint16)), "PNG", id="16 bits"),
    ],
)
def test_black_is_black_in_every_colour_space(image: Image.Image, form: str) -> None:
    assert decode(encoded(form, image)).rgb.max() < 40


@pytest.mark.parametrize("channels", [3, 4])
def test_tiffs_of_16_bits_a_channel_decode_or_say_so(channels: int) -> None:
    """Layout programs write them, RGB or CMYK."""
    pixels = np.full((20, 30, channels), 0 if channels == 4 else 65535, "<u2").tobytes()
    bits = 8 + 2 + 12 * 8 + 4
    entries = [
        (256, 3, 1, 30), (257, 3, 1, 20), (258, 3, channels, bits), (262, 3, 1, 5 if channels == 4 else 2),
        (273, 4, 1, bits + 8), (277, 3, 1, channels), (278, 3, 1, 20), (279, 4, 1, len(pixels)),
    ]  # fmt: skip
    head = b"II*\x00" + struct.pack("<IH", 8, 8) + b"".join(struct.pack("<HHII", *entry) for entry in entries)
    data = head + bytes(4) + struct.pack("<4H", 16, 16, 16, 16) + pixels
    assert decode(data).rgb.min() > 250


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


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_the_one_that_pillow_makes_of_it(orientation: int) -> None:
    image = Image.effect_noise((60, 40), 80)
    exif = image.getexif()
    exif[0x0112] = orientation
    data = encoded("JPEG", image, exif=exif, quality=95)
    expected = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    assert np.array_equal(decode(data).gray, np.asarray(expected))


@pytest.mark.parametrize("options", [{}, {"subsampling": 0}, {"progressive": True}, {"restart_marker_blocks": 2}])
def test_the_faster_decoder_gives_the_same_pixels(options: dict[str, object]) -> None:
    data = encoded("JPEG", Image.merge("RGB", [Image.effect_noise((130, 90), s) for s in (30, 60, 90)]), **options)
    assert np.array_equal(decode(data).rgb, np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))


@pytest.mark.parametrize(("form", "options"), [("PNG", {}), ("TIFF", {"compression": "tiff_lzw"})])
def test_a_huge_scan_is_halved_too(form: str, options: dict[str, object]) -> None:
    picture = decode(encoded(form, Image.new("L", (7016, 4960), 90), **options))
    assert picture.size == (7016, 4960)
    assert picture.scale == 2
    assert picture.gray.shape == (2480, 3508)


def test_a_huge_jpeg_is_decoded_at_half_size_and_says_so() -> None:
    picture = decode(encoded("JPEG", Image.new("L", (6400, 4400), 90)))
    assert picture.size == (6400, 4400)
    assert picture.scale == 2
    assert picture.gray.shape == (2200, 3200)
