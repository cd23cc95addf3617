"""PDF artwork: every millimetre as drawn, how the code is drawn, and what hostile PDFs cost."""

import io
import resource
import zlib
from collections.abc import Callable, Iterator
from functools import cache

import numpy as np
import pytest
import segno
from PIL import Image

from inspection.artwork import Artwork, artwork_scale, load_artwork, place_code, resolution_at
from inspection.geometry import project
from inspection.grid import Grid, lay_grid
from inspection.identify import MediaType, admitted
from inspection.reading import read_symbols
from inspection.report import PictureRefused, Verdict
from inspection.scan import Origin, resolution_finding_part

MM = 72 / 25.4
TEXT = "https://example.com/01/06901234567892/10/ABC123"
SHEET = (100.0, 70.0)


@cache
def modules() -> np.ndarray:
    return np.array([list(row) for row in segno.make(TEXT, error="m").matrix], np.uint8)


def raster(side_mm: float, dpi: float) -> np.ndarray:
    """Grey pixels of the code, ``side_mm`` wide at ``dpi``."""
    pixels = round(side_mm / 25.4 * dpi)
    index = (np.arange(pixels) + 0.5) * len(modules()) // pixels
    return ((1 - modules()[np.ix_(index.astype(int), index.astype(int))]) * 255).astype(np.uint8)


def stream(entries: bytes, data: bytes) -> bytes:
    packed = zlib.compress(data, 9)
    return b"<<%s/Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (entries, len(packed), packed)


def document(objects: list[bytes]) -> bytes:
    out, places = b"%PDF-1.7\n", []
    for number, item in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, item)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    return out + head + table + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, len(out))


def page(
    content: bytes,
    resources: bytes = b"",
    extra: tuple[bytes, ...] = (),
    *,
    box: tuple[float, ...] = (0, 0, SHEET[0] * MM, SHEET[1] * MM),
    more: bytes = b"",
) -> bytes:
    described = b"/MediaBox[%f %f %f %f]/Contents 4 0 R/Resources<<%s>>%s" % (*box, resources, more)
    return document([
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R%s>>" % described,
        stream(b"", content),
        *extra,
    ])  # fmt: skip


def image(pixels: np.ndarray, more: bytes = b"") -> bytes:
    height, width = pixels.shape
    entries = b"/Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceGray/BitsPerComponent 8" % (
        width,
        height,
    )
    return stream(entries + more, pixels.tobytes())


def vector(x: float, y: float, side: float) -> bytes:
    """The code as filled squares; ``x`` and ``y`` of its lower left corner, millimetres."""
    count = len(modules())
    step = side / count
    cells = [
        b"%f %f %f %f re" % tuple(v * MM for v in (x + column * step, y + (count - 1 - row) * step, step, step))
        for row, column in zip(*np.nonzero(modules()), strict=True)
    ]
    return b"0 g " + b" ".join(cells) + b" f\n"


def placed(x: float, y: float, side: float, name: bytes = b"I") -> bytes:
    return b"q %f 0 0 %f %f %f cm /%s Do Q\n" % (side * MM, side * MM, x * MM, y * MM, name)


def noise() -> bytes:
    pixels = np.random.default_rng(3).integers(180, 255, (70, 100), np.uint8)
    return image(pixels)


def read(artwork: Artwork) -> Grid:
    picture = artwork.picture
    (symbol,) = read_symbols(picture.gray)
    assert symbol.text == TEXT
    grid = lay_grid(picture.gray, symbol)
    assert grid is not None
    return grid


def box_of(artwork: Artwork, grid: Grid) -> tuple[float, float, float, float]:
    corners = project(np.linalg.inv(artwork_scale(artwork, None).to_photo), grid.corners)
    (left, top), (right, bottom) = corners.min(0), corners.max(0)
    return float(left), float(top), float(right), float(bottom)


def test_every_millimetre_of_a_vector_code_is_as_drawn() -> None:
    artwork = load_artwork(page(vector(71, 7, 22)))
    scale = artwork_scale(artwork, (70, 100))
    assert scale.is_sheet
    sheet, found = place_code(artwork, scale, read(artwork))
    assert sheet is not None
    assert sheet.size == pytest.approx(SHEET, abs=0.01)
    assert sheet.uncertainty_mm <= 0.02
    assert sheet.edge_mm() == pytest.approx({"left": 71, "top": 41, "right": 7, "bottom": 7}, abs=0.01)
    assert sheet.code_sides_mm() == pytest.approx((22, 22), abs=0.01)
    assert found.origin is Origin.VECTOR
    assert resolution_finding_part(found)[0] is Verdict.PASS


@pytest.mark.parametrize(("dpi", "verdict"), [(150, "fail"), (299, "fail"), (300, "pass"), (600, "pass")])
def test_an_image_of_the_code_has_the_dpi_at_which_it_is_placed(dpi: int, verdict: str) -> None:
    code = image(raster(22, dpi))
    artwork = load_artwork(page(placed(71, 7, 22), b"/XObject<</I 5 0 R>>", (code,)))
    found = resolution_at(artwork, box_of(artwork, read(artwork)))
    assert found.origin is Origin.RASTER
    assert found.dpi == pytest.approx((dpi, dpi), rel=0.004)
    judged, sentence = resolution_finding_part(found)
    assert judged is Verdict(verdict)
    assert "D.2.1" in sentence


@pytest.mark.parametrize(("dpi", "shift"), [(150, 0.0), (300, 0.013), (300, 0.027), (600, 0.02)])
def test_an_image_of_the_code_is_measured_to_half_its_own_pixel(dpi: int, shift: float) -> None:
    """pdfium draws an image from whole pixel to whole pixel, up to 0.08 mm too large; that is taken back."""
    artwork = load_artwork(page(placed(71 + shift, 7 + shift, 22), b"/XObject<</I 5 0 R>>", (image(raster(22, dpi)),)))
    sheet, found = place_code(artwork, artwork_scale(artwork, SHEET), read(artwork))
    assert found.origin is Origin.RASTER
    assert sheet is not None
    half_pixel = 12.7 / dpi
    assert sheet.uncertainty_mm == pytest.approx(max(half_pixel, 0.02), rel=0.01)
    assert sheet.code_sides_mm() == pytest.approx((22, 22), abs=half_pixel)
    places = {"left": 71 + shift, "top": 41 - shift, "right": 7 - shift, "bottom": 7 + shift}
    assert sheet.edge_mm() == pytest.approx(places, abs=half_pixel)


def test_a_coarse_background_picture_does_not_lower_a_vector_code() -> None:
    content = b"q %f 0 0 %f 0 0 cm /B Do Q\n" % (100 * MM, 70 * MM) + vector(71, 7, 22)
    artwork = load_artwork(page(content, b"/XObject<</B 5 0 R>>", (noise(),)))
    assert resolution_at(artwork, box_of(artwork, read(artwork))).origin is Origin.VECTOR


def test_text_and_a_coarse_background_do_not_hide_a_coarse_code() -> None:
    content = b"q %f 0 0 %f 0 0 cm /B Do Q\n" % (100 * MM, 70 * MM) + placed(71, 7, 22) + b"20 20 100 10 re f"
    artwork = load_artwork(page(content, b"/XObject<</B 5 0 R/I 6 0 R>>", (noise(), image(raster(22, 200)))))
    found = resolution_at(artwork, box_of(artwork, read(artwork)))
    assert found.dpi == pytest.approx((200, 200), rel=0.005)


def test_an_image_in_strips_is_one_code() -> None:
    pixels = raster(22, 400)
    cut = len(pixels) // 2
    share = cut / len(pixels)
    content = b"".join(
        b"q %f 0 0 %f %f %f cm /%s Do Q\n" % (22 * MM, part * 22 * MM, 71 * MM, bottom * MM, name)
        for name, part, bottom in ((b"A", share, 7 + (1 - share) * 22), (b"B", 1 - share, 7))
    )
    artwork = load_artwork(page(content, b"/XObject<</A 5 0 R/B 6 0 R>>", (image(pixels[:cut]), image(pixels[cut:]))))
    found = resolution_at(artwork, box_of(artwork, read(artwork)))
    assert found.dpi == pytest.approx((400, 400), rel=0.005)


def test_forms_within_forms_turned_pages_and_trim_boxes_keep_their_millimetres() -> None:
    """The page is turned by 90°, its form scales by 2, and 3 mm of bleed surround the sheet."""
    inner = stream(
        b"/Type/XObject/Subtype/Form/BBox[0 0 999 999]/Resources<</XObject<</I 7 0 R>>>>", b"q 11 0 0 11 0 0 cm /I Do Q"
    )
    outer = stream(
        b"/Type/XObject/Subtype/Form/BBox[0 0 999 999]/Matrix[2 0 0 2 0 0]/Resources<</XObject<</F 6 0 R>>>>", b"/F Do"
    )
    millimetres = b"%f 0 0 %f %f %f cm" % (MM, MM, 74 * MM, 10 * MM)
    data = page(
        b"q " + millimetres + b" /F Do Q", b"/XObject<</F 5 0 R>>", (outer, inner, image(raster(22, 300))),
        box=(0, 0, 106 * MM, 76 * MM),
        more=b"/Rotate 90/TrimBox[%f %f %f %f]" % (3 * MM, 3 * MM, 103 * MM, 73 * MM),
    )  # fmt: skip
    artwork = load_artwork(data)
    assert artwork.trimmed
    assert artwork.sheet_mm == pytest.approx((70, 100), abs=0.01)
    assert artwork.page_mm == pytest.approx((76, 106), abs=0.01)
    grid = read(artwork)
    sheet, found = place_code(artwork, artwork_scale(artwork, SHEET), grid)
    assert sheet is not None
    # along the code's own axes: it lies 71 mm from the left of the sheet as drawn, 7 mm above its lower edge
    assert sheet.edge_mm() == pytest.approx({"left": 71, "top": 41, "right": 7, "bottom": 7}, abs=0.03)
    assert sheet.code_sides_mm() == pytest.approx((22, 22), abs=0.04)
    assert found.dpi == pytest.approx((300, 300), rel=0.005)


def test_a_code_in_an_images_mask_is_not_refuted() -> None:
    mask = image(255 - raster(22, 150))
    black = image(np.zeros((1, 1), np.uint8), b"/SMask 6 0 R")
    artwork = load_artwork(page(placed(71, 7, 22), b"/XObject<</I 5 0 R>>", (black, mask)))
    found = resolution_at(artwork, box_of(artwork, read(artwork)))
    assert found.origin is Origin.UNKNOWN
    verdict, sentence = resolution_finding_part(found)
    assert verdict is Verdict.PASS
    assert "R25" in sentence


def test_where_there_is_nothing_there_is_no_resolution() -> None:
    artwork = load_artwork(page(placed(71, 7, 22), b"/XObject<</I 5 0 R>>", (image(raster(22, 300)),)))
    assert resolution_at(artwork, (5, 5, 25, 25)).origin is Origin.UNKNOWN


def test_printers_black_in_cmyk_is_black() -> None:
    artwork = load_artwork(page(b"0 0 0 1 k 20 20 100 100 re f"))
    assert artwork.rgb.min() < 50
    assert artwork.rgb[5, 5].min() == 255


def test_another_size_than_stated_leaves_the_edges_open() -> None:
    artwork = load_artwork(page(vector(74, 10, 22), box=(0, 0, 106 * MM, 76 * MM)))
    scale = artwork_scale(artwork, SHEET)
    assert not scale.is_sheet
    assert "TrimBox" in scale.note
    sheet, _ = place_code(artwork, scale, read(artwork))
    assert sheet is not None
    assert sheet.code_sides_mm() == pytest.approx((22, 22), abs=0.01)


def test_of_several_pages_the_first_is_judged_and_the_others_mentioned() -> None:
    data = page(vector(71, 7, 22)).replace(b"/Kids[3 0 R]/Count 1", b"/Kids[3 0 R 3 0 R]/Count 2")
    artwork = load_artwork(data)
    assert artwork.pages == 2
    assert artwork.picture.more_pages
    assert "只检查了第一页" in artwork_scale(artwork, SHEET).note


def locked() -> bytes:
    from reportlab.lib.pdfencrypt import StandardEncryption
    from reportlab.pdfgen import canvas

    out = io.BytesIO()
    made = canvas.Canvas(out, encrypt=StandardEncryption("secret"))
    made.drawString(100, 100, "hello")
    made.save()
    return out.getvalue()


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: b"", "picture_empty"),
        (lambda: b"%PDF-1.7" + bytes(21 * 1024 * 1024), "picture_too_large"),
        (lambda: b"%PDF-1.7\n1 0 obj", "artwork_unreadable"),
        (lambda: page(b"")[:200], "artwork_unreadable"),
        (locked, "artwork_locked"),
        (lambda: page(b"", box=(0, 0, 9000, 9000)), "artwork_size"),
        (lambda: page(b"", box=(0, 0, 10, 10)), "artwork_size"),
        (lambda: page(b"", more=b"/TrimBox[100 100 101 101]"), "artwork_size"),
        (lambda: document([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Kids[2 0 R]/Count 1>>"]), "artwork_unreadable"),
        (lambda: document([b"<</Type/Catalog>>"]), "artwork_unreadable"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_advice(make: Callable[[], bytes], code: str) -> None:
    with pytest.raises(PictureRefused) as refusal:
        load_artwork(make())
    assert refusal.value.code == code
    assert any("\u4e00" <= c <= "\u9fff" for c in refusal.value.advice)


def form(content: bytes, number: int) -> bytes:
    entries = (
        b"/Type/XObject/Subtype/Form/BBox[0 0 300 200]/Group<</S/Transparency>>/Resources<</XObject<</F %d 0 R>>>>"
    )
    return stream(entries % number, content)


def bombs() -> Iterator[tuple[str, bytes]]:
    levels = tuple(form(b"/F Do " * 10, 6 + n) for n in range(12))
    yield "forms", page(b"/F Do", b"/XObject<</F 5 0 R>>", (*levels, form(b"1 1 2 2 re f", 4)))
    yield "path", page(b"0 0 m " + b"100 90 l 3 50 l " * 2_000_000 + b"f")
    huge = stream(
        b"/Type/XObject/Subtype/Image/Width 30000/Height 20000/ColorSpace/DeviceRGB/BitsPerComponent 8", bytes(10**7)
    )
    yield "image", page(placed(0, 0, 70) * 50, b"/XObject<</I 5 0 R>>", (huge,))


def outcome(data: bytes) -> str:
    try:
        load_artwork(data)
    except PictureRefused as refusal:
        return refusal.code
    return "drawn"


@pytest.mark.parametrize("data", [pytest.param(data, id=name) for name, data in bombs()])
def test_a_page_built_to_be_costly_ends_within_a_second(data: bytes) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert outcome(data) == "artwork_too_complex"
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1.3


def test_broken_pdfs_are_drawn_or_refused() -> None:
    rng = np.random.default_rng(11)
    sound = page(placed(71, 7, 22) + vector(10, 10, 22), b"/XObject<</I 5 0 R>>", (image(raster(22, 100)),))
    for turn in range(8):
        broken = bytearray(sound)
        if turn % 2:
            del broken[int(rng.integers(0, len(sound))) :]
        for place in rng.integers(0, len(broken) or 1, 30):
            if broken:
                broken[place] = int(rng.integers(0, 256))
        assert outcome(bytes(broken)) in {"drawn", "artwork_unreadable", "artwork_size", "picture_empty"}


def test_uploads_admit_artwork() -> None:
    assert admitted(page(b"")) is MediaType.PDF
    assert admitted(b"\n\n%PDF-1.4") is MediaType.PDF


def test_a_code_that_lies_askew_has_no_place() -> None:
    turned = b"q 0.966 0.259 -0.259 0.966 120 -10 cm\n" + vector(10, 10, 22) + b"Q"
    artwork = load_artwork(page(turned))
    sheet, found = place_code(artwork, artwork_scale(artwork, SHEET), read(artwork))
    assert sheet is None
    assert found.origin is Origin.VECTOR


def test_a_photo_on_a_page_is_no_code() -> None:
    picture = np.asarray(Image.effect_noise((300, 200), 60))
    artwork = load_artwork(page(placed(10, 10, 40), b"/XObject<</I 5 0 R>>", (image(picture),)))
    assert len(artwork.images) == 1
    assert artwork.images[0].dpi == pytest.approx((300 / 40 * 25.4, 200 / 40 * 25.4), rel=1e-3)
    assert artwork.images[0].corners.min(0) == pytest.approx((10, 20), abs=0.01)
