"""What a picture gives away: each sign raises its flag, plain photos none; the file's own words are shown tamed."""

import io
import time
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import ExifTags, Image
from PIL.PngImagePlugin import PngInfo

from benchmarks.authenticity import desktop, screen_photo, tinted
from benchmarks.camera import Camera, photograph
from benchmarks.certificates import Design, Sheet, render_certificate
from inspection.authenticity import look_closer
from inspection.exif import taken
from inspection.picture import decode
from inspection.report import Flag

PHOTOS = sorted((Path(__file__).parents[1] / "photos").glob("*.jpg"))


def flags(data: bytes) -> dict[str, Flag]:
    return {flag.code: flag for flag in look_closer(data, decode(data).gray, taken(data))}


@cache
def sheet() -> Sheet:
    return render_certificate(Design(), px_per_mm=9)


def saved(image: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def photo() -> Image.Image:
    with Image.open(PHOTOS[0]) as image:
        image.load()
        return image


def xmp(inside: str) -> bytes:
    return f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF>{inside}</rdf:RDF></x:xmpmeta>'.encode()


# --- nothing to say ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PHOTOS, ids=lambda path: path.stem)
def test_a_plain_photo_has_no_flag(path: Path) -> None:
    assert flags(path.read_bytes()) == {}


def test_a_printed_tint_is_no_screen() -> None:
    assert flags(photograph(tinted(sheet()), 5, Camera(megapixels=0.8)).jpeg) == {}


@pytest.mark.parametrize("size", [(1, 1), (300, 16), (127, 500), (128, 128)])
def test_small_pictures_are_taken_as_they_are(size: tuple[int, int]) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (*size, 3), dtype=np.uint8)
    assert flags(saved(Image.fromarray(noise), "PNG")).keys() <= {"screenshot"}


# --- what pixels show -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("scale", "chat"), [(1.25, False), (2.7, False), (2.2, True)])
def test_a_photo_of_a_screen_is_noticed(scale: float, chat: bool) -> None:
    found = flags(screen_photo(desktop(sheet()), scale, 8, chat=chat, size=(960, 720)))
    assert found.keys() == {"screen"}
    assert found["screen"].measured["peak"] > 40
    assert "翻拍屏幕" in found["screen"].advice


def test_a_screenshot_is_noticed_also_after_a_chat() -> None:
    shown = Image.fromarray(desktop(sheet()))
    assert flags(saved(shown, "PNG")).keys() == {"screenshot"}
    small = Image.fromarray(cv2.resize(np.asarray(shown), (1280, 720), interpolation=cv2.INTER_AREA))
    assert flags(saved(small, quality=70)).keys() == {"screenshot"}


def test_a_phones_own_word_for_a_screenshot_counts() -> None:
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = b"ASCII\0\0\0Screenshot"
    assert flags(saved(photo(), exif=exif))["screenshot"].measured["named"]


# --- what the file says -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("software", ["Adobe Photoshop 25.1 (Windows)", "GIMP 2.10", "美图秀秀 10.2", "Snapseed 2.0"])
def test_an_editor_leaves_its_name(software: str) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Software] = software.encode() if not software.isascii() else software
    found = flags(saved(photo(), exif=exif))
    assert found.keys() == {"edited"}
    assert software in found["edited"].advice


def test_an_editor_is_found_in_xmp_too() -> None:
    creator = xmp("<xmp:CreatorTool>Adobe Photoshop CC\u202e</xmp:CreatorTool>")
    assert flags(saved(photo(), xmp=creator))["edited"].measured == {"software": "Adobe Photoshop CC"}


def test_a_cameras_own_software_is_no_editor() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Software] = "HarmonyOS 4.2.0"
    exif[ExifTags.Base.Model] = "ALN-AL00"
    assert flags(saved(photo(), exif=exif)) == {}


@pytest.mark.parametrize(("value", "word"), [("1", "属于"), ("2", "可能是"), ("3", "疑似")])
@pytest.mark.parametrize("quote", ['"', "&quot;"])
def test_the_label_for_generated_content_is_read(value: str, word: str, quote: str) -> None:
    label = f'{{"Label":"{value}","ContentProducer":"样例"}}'.replace('"', quote)
    data = saved(photo(), xmp=xmp(f"<TC260:AIGC>{label}</TC260:AIGC>"))
    found = flags(data)
    assert found.keys() == {"generated"}
    assert word in found["generated"].advice


def test_the_four_letters_alone_say_nothing() -> None:
    assert flags(saved(photo(), comment=b"AIGC")) == {}


@pytest.mark.parametrize("filling", [b"AIGC", b"AIGC Label", b"CreatorTool>", b"Steps: 1", b"Screenshot"])
def test_a_file_full_of_almost_labels_costs_no_time(filling: bytes) -> None:
    data = PHOTOS[0].read_bytes() + filling * (20 * 1024 * 1024 // len(filling))
    gray = np.zeros((16, 16), np.uint8)
    start = time.process_time()
    look_closer(filling * 30_000 + data, gray, {})
    assert time.process_time() - start < 0.5


def test_content_credentials_of_a_generator_are_read_and_those_of_a_camera_pass() -> None:
    kind = "http://cv.iptc.org/newscodes/digitalsourcetype/"
    assert flags(saved(photo(), xmp=xmp(f"{kind}compositeWithTrainedAlgorithmicMedia"))).keys() == {"generated"}
    assert flags(saved(photo(), xmp=xmp(f"{kind}digitalCapture"))) == {}


def test_a_generators_recipe_is_read_in_png_and_in_exif() -> None:
    recipe = "a certificate on a table\nSteps: 30, Sampler: Euler a, CFG scale: 7"
    text = PngInfo()
    text.add_text("parameters", recipe)
    assert "generated" in flags(saved(photo().resize((640, 480)), "PNG", pnginfo=text))
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = b"UNICODE\0" + recipe.encode("utf-16-be")
    assert flags(saved(photo(), exif=exif)).keys() == {"generated"}


# --- when, where, with what -------------------------------------------------------------------------------------------


def described(**changes: object) -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Make], exif[ExifTags.Base.Model] = "HUAWEI", changes.get("model", "HUAWEI Mate 60")
    exif[ExifTags.Base.Software] = changes.get("software", "Mate 4.2")
    shot = exif.get_ifd(ExifTags.IFD.Exif)
    shot[ExifTags.Base.DateTimeOriginal] = changes.get("time", "2026:11:03 10:22:31")
    shot[ExifTags.Base.OffsetTimeOriginal] = changes.get("offset", "+08:00")
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    gps[ExifTags.GPS.GPSLatitude], gps[ExifTags.GPS.GPSLatitudeRef] = changes.get("north", (31, 13, 48.5)), "N"
    gps[ExifTags.GPS.GPSLongitude], gps[ExifTags.GPS.GPSLongitudeRef] = (121, 28, 25.1), changes.get("side", "E")
    return saved(Image.new("RGB", (8, 8)), exif=exif)


def test_time_place_and_device_are_shown_the_place_to_a_kilometre() -> None:
    assert taken(described()) == {
        "time": "2026-11-03 10:22:31 +08:00",
        "place": "31.23,121.47",
        "device": "HUAWEI Mate 60",
        "software": "Mate 4.2",
    }
    assert taken(described(side="W", model="Mate"))["place"] == "31.23,-121.47"
    assert taken(described(model="Mate"))["device"] == "HUAWEI Mate"


@pytest.mark.parametrize(
    ("changes", "name", "expected"),
    [
        ({"time": "0000:00:00 00:00:00"}, "time", None),
        ({"time": "<script>alert(1)</script>"}, "time", None),
        ({"offset": "+99;DROP"}, "time", "2026-11-03 10:22:31"),
        ({"north": (931, 13, 48)}, "place", None),
        ({"software": "a\u0000b\u202ec" + "d" * 100_00}, "software", "a"),
        ({"model": "x" * 5000}, "device", "HUAWEI " + "x" * 60),
    ],
)
def test_what_is_hostile_or_broken_is_left_out_or_cut(
    changes: dict[str, object], name: str, expected: str | None
) -> None:
    said = taken(described(**changes))
    if expected is None:
        assert name not in said
    else:
        assert said[name].startswith(expected)
        assert len(said[name]) <= 130
        assert said[name].isprintable()


def test_broken_files_say_nothing_and_raise_nothing() -> None:
    whole = described()
    start = whole.index(b"Exif\0\0")
    rng = np.random.default_rng(2)
    for _ in range(300):
        broken = bytearray(whole)
        for at in rng.integers(start, start + 400, 12):
            broken[at] = rng.integers(256)
        for value in taken(bytes(broken)).values():
            assert value.isprintable()
    for cut in range(0, len(whole), 40):
        taken(whole[:cut])
    assert taken(b"") == taken(b"%PDF-1.7") == {}
