"""Pages of a PDF drawn by pdfium: a program of its own, run by :func:`inspection.artwork.run_pdfium`, never imported.

pdfium parses a page, and draws one object, in calls that nothing can interrupt, and a few hundred bytes can keep it
busy for hours or ask for all memory. So it works in a process that the kernel bounds: one second of CPU, 1 GiB of
addresses, no file of any size. It reads the PDF from its input. On its output stand one line of JSON, the first page
(height × width × RGB), and, where the page holds images, the page without them (height × width, grey).

With the argument ``document`` it answers for a text of several pages: their written lines, and pictures of a few, in
four seconds of CPU at most.
"""

import ctypes
import json
import math
import resource
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pypdfium2 as pdf
from pypdfium2 import raw

CPU_SECONDS = 1
MEMORY_BYTES = 1 << 30
LEAST_MM, MOST_MM = 10.0, 1200.0
DENSITY, MOST_PIXELS = 24.37, 20_000_000
"""Pixels a millimetre, as far as the pixels go: a module of 0.41 mm, as in a 20 mm code of version 8, has ten. An odd
number, so that whole millimetres are not whole pixels: there it is chance to which side an image is drawn."""
BARE_DENSITY, BARE_PIXELS = 10.0, 4_000_000
"""The same of the page without its images, which is only compared."""
MOST_OBJECTS, MOST_DEPTH = 60_000, 12
DOCUMENT_CPU_SECONDS = 4
DOCUMENT_DENSITY, DOCUMENT_PIXELS = 7.874, 4_200_000
"""200 dots an inch: A4 is read and its seals are seen at that."""
MOST_DRAWN, MOST_WRITTEN = 4, 40
"""Pages of a document that are drawn (the first ones and the last), and whose written lines are taken."""
MOST_LINES, MOST_LINE, MOST_CHARACTERS = 2000, 400, 40_000
"""Lines of a document, characters of a line and of a page."""
MM = 25.4 / 72

Matrix = tuple[float, float, float, float, float, float]
Spot = tuple[float, float]
Page = tuple[dict[str, Any], list[bytes]]


def bound(cpu_seconds: int) -> None:
    """Give this process its limits, none above those it was born with."""
    for limit, wanted in (
        (resource.RLIMIT_CPU, cpu_seconds), (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0),
    ):  # fmt: skip
        _, most = resource.getrlimit(limit)
        value = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
        resource.setrlimit(limit, (value, value + 1 if limit == resource.RLIMIT_CPU and value < most else most))


def first_page(data: bytes) -> Page:
    """What is to be answered about the file: the head, and the rasters. ``refused`` in the head says why there are
    none: ``locked``, ``unreadable``, ``size``."""
    document = _opened(data)
    if isinstance(document, str):
        return {"refused": document}, []
    try:
        page = document[0]
    except (pdf.PdfiumError, IndexError):
        return {"refused": "unreadable"}, []
    sizes, to_page = _viewed(page)
    width, height = sizes
    if not _fits(sizes):
        return {"refused": "size", "page_mm": sizes}, []
    stated = [ctypes.c_float() for _ in range(4)]
    trimmed = bool(raw.FPDFPage_GetTrimBox(page, *stated))
    corner, sheet = (0.0, 0.0), sizes
    if trimmed:
        (x0, y0), (x1, y1) = to_page(stated[0].value, stated[1].value), to_page(stated[2].value, stated[3].value)
        corner = (max(min(x0, x1), 0.0), max(min(y0, y1), 0.0))
        sheet = (min(max(x0, x1), width) - corner[0], min(max(y0, y1), height) - corner[1])
        if not all(side >= LEAST_MM for side in sheet):
            return {"refused": "size", "page_mm": sheet}, []
    images, plain, whole = _objects(page)
    head, picture = _drawn(page, sizes, corner, sheet, DENSITY, MOST_PIXELS, raw.FPDFBitmap_BGR)
    head |= {
        "page_mm": sizes, "sheet_mm": sheet, "trimmed": trimmed, "pages": len(document), "whole": whole,
        "images": [_image(image, matrix, to_page, corner) for image, matrix in images], "bare": None,
    }  # fmt: skip
    rasters = [picture]
    if images:
        for image, _ in images:
            raw.FPDFPageObj_SetIsActive(image, False)
        if plain:
            bare, picture = _drawn(page, sizes, corner, sheet, BARE_DENSITY, BARE_PIXELS, raw.FPDFBitmap_Gray)
            head["bare"] = bare
            rasters.append(picture)
    return head, rasters


def document_pages(data: bytes) -> Page:
    """What is to be answered about a document: ``pages`` counts all; ``read`` holds of each page that was looked at
    its ``number`` from 0, its written ``lines`` ([text, left, top, right, bottom] in pixels of its picture) and, where
    it was drawn, ``px``. ``refused`` as for :func:`first_page`."""
    document = _opened(data)
    if isinstance(document, str):
        return {"refused": document}, []
    count = len(document)
    drawn = {*range(min(count, MOST_DRAWN - 1)), *range(max(count - 1, 0), count)}
    read: list[dict[str, Any]] = []
    rasters: list[bytes] = []
    room = MOST_LINES
    for number in [*range(min(count, MOST_WRITTEN)), *([count - 1] if count > MOST_WRITTEN else [])]:
        try:
            page = document[number]
        except pdf.PdfiumError:
            continue
        sizes, to_page = _viewed(page)
        if not _fits(sizes):
            continue
        density = min(DOCUMENT_DENSITY, math.sqrt(DOCUMENT_PIXELS / (sizes[0] * sizes[1])))
        found: dict[str, Any] = {"number": number, "lines": _lines(page, to_page, density, room), "px": None}
        room -= len(found["lines"])
        if number in drawn:
            head, picture = _drawn(page, sizes, (0.0, 0.0), sizes, density, DOCUMENT_PIXELS, raw.FPDFBitmap_BGR)
            found["px"] = head["px"]
            rasters.append(picture)
        read.append(found)
        page.close()
    return ({"pages": count, "read": read} if read else {"refused": "unreadable"}), rasters


def _lines(page: Any, to_page: Callable[[float, float], Spot], density: float, most: int) -> list[list[Any]]:
    """The written lines: text and box. One ends where the file says so, and where the next character stands elsewhere;
    pdfium's own lines of a seal's letters would each hold their neighbours too."""
    text = page.get_textpage()
    lines: list[list[Any]] = []
    edges = [ctypes.c_double() for _ in range(4)]
    for index in range(min(raw.FPDFText_CountChars(text), MOST_CHARACTERS)):
        character = chr(min(raw.FPDFText_GetUnicode(text, index), 0x10FFFF))
        ends = character in "\r\n"
        if not ends and raw.FPDFText_GetCharBox(text, index, *edges):
            left, right, bottom, top = (edge.value for edge in edges)
            (x0, y0), (x1, y1) = to_page(left, bottom), to_page(right, top)
            box = [v * density for v in (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))]
            if not all(map(math.isfinite, box)):
                continue
            if lines and lines[-1] and _goes_on(lines[-1][1:], box):
                last = lines[-1]
                last[0] += character
                last[1:] = [min(last[1], box[0]), min(last[2], box[1]), max(last[3], box[2]), max(last[4], box[3])]
            elif not character.isspace():
                lines.append([character, *box])
        if ends and lines and lines[-1]:
            lines.append([])
        if len(lines) > most:
            break
    found = [line for line in lines if line and line[0].strip()]
    return [[line[0].strip()[:MOST_LINE].encode("utf-8", "replace").decode(), *line[1:]] for line in found[:most]]


def _goes_on(line: list[float], box: list[float]) -> bool:
    """Whether a character stands behind a line: at its height, and not two heights away."""
    high = max(line[3] - line[1], box[3] - box[1])
    level = box[1] < line[3] and box[3] > line[1] and abs((line[1] + line[3]) - (box[1] + box[3])) < 1.2 * high
    return level and -0.5 * high < box[0] - line[2] < 2 * high


def _opened(data: bytes) -> Any:
    """The document, or the word why it cannot be read."""
    try:
        return pdf.PdfDocument(data)
    except pdf.PdfiumError:
        locked = raw.FPDF_GetLastError() in {raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY}
        return "locked" if locked else "unreadable"


def _viewed(page: Any) -> tuple[Spot, Callable[[float, float], Spot]]:
    """Width and height of the page as it is viewed, in millimetres, and the way from default user space to them."""
    left, bottom, right, top = page.get_bbox()
    turns = raw.FPDFPage_GetRotation(page) % 4
    across = ((right - left) * MM, (top - bottom) * MM)
    width, height = across if turns % 2 == 0 else across[::-1]

    def to_page(x: float, y: float) -> Spot:
        """Default user space to millimetres of the page as it is viewed, x right and y down."""
        u, v = (x - left) / (right - left), (top - y) / (top - bottom)
        u, v = ((u, v), (1 - v, u), (1 - u, 1 - v), (v, 1 - u))[turns]
        return u * width, v * height

    return (width, height), to_page


def _fits(sizes: Spot) -> bool:
    return all(math.isfinite(side) and LEAST_MM <= side <= MOST_MM for side in sizes)


def _objects(page: Any) -> tuple[list[tuple[Any, Matrix]], bool, bool]:
    """Image objects with the matrix from their unit square to the page, in the order of painting; whether anything
    else is painted; whether all was seen."""
    images: list[tuple[Any, Matrix]] = []
    plain, seen, whole = False, 0, True

    def children(form: Any | None) -> Iterator[Any]:
        if form is None:
            count, get, parent = raw.FPDFPage_CountObjects(page), raw.FPDFPage_GetObject, page
        else:
            count, get, parent = raw.FPDFFormObj_CountObjects(form), raw.FPDFFormObj_GetObject, form
        return (get(parent, n) for n in range(count))

    waiting: list[tuple[Iterator[Any], Matrix]] = [(children(None), (1.0, 0.0, 0.0, 1.0, 0.0, 0.0))]
    while waiting:
        item = next(waiting[-1][0], None)
        if item is None:
            waiting.pop()
            continue
        seen += 1
        if seen > MOST_OBJECTS:
            return images, plain, False
        kind = raw.FPDFPageObj_GetType(item)
        if kind == raw.FPDF_PAGEOBJ_IMAGE:
            images.append((item, _times(_matrix(item), waiting[-1][1])))
        elif kind != raw.FPDF_PAGEOBJ_FORM:
            plain = True
        elif len(waiting) > MOST_DEPTH:
            whole = False
        else:
            waiting.append((children(item), _times(_matrix(item), waiting[-1][1])))
    return images, plain, whole


def _matrix(item: Any) -> Matrix:
    found = raw.FS_MATRIX()
    raw.FPDFPageObj_GetMatrix(item, found)
    return found.a, found.b, found.c, found.d, found.e, found.f


def _times(first: Matrix, then: Matrix) -> Matrix:
    a, b, c, d, e, f = first
    g, h, i, j, k, m = then
    return a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m


def _image(item: Any, matrix: Matrix, to_page: Callable[[float, float], Spot], corner: Spot) -> dict[str, Any]:
    """Pixels of one image, and where its corners lie, in millimetres of the sheet."""
    pixels = ctypes.c_uint(), ctypes.c_uint()
    raw.FPDFImageObj_GetImagePixelSize(item, *pixels)
    a, b, c, d, e, f = matrix
    quad = [to_page(a * u + c * v + e, b * u + d * v + f) for u, v in ((0, 1), (1, 1), (1, 0), (0, 0))]
    return {"px": [p.value for p in pixels], "quad": [(x - corner[0], y - corner[1]) for x, y in quad]}


def _drawn(
    page: Any, sizes: Spot, corner: Spot, sheet: Spot, density: float, most: int, form: int
) -> tuple[dict[str, Any], bytes]:
    """The sheet's part of the page on white: ``px`` its width and height, ``to_px`` [scale x, scale y, shift x,
    shift y] from millimetres to pixels (whole numbers are the centres of pixels)."""
    density = min(density, math.sqrt(most / (sheet[0] * sheet[1])))
    whole = [max(1, round(side * density)) for side in sizes]
    scale = [whole[n] / sizes[n] for n in (0, 1)]
    start = [math.floor(corner[n] * scale[n]) for n in (0, 1)]
    size = [max(1, math.ceil((corner[n] + sheet[n]) * scale[n] - 1e-6) - start[n]) for n in (0, 1)]
    channels, flags = (3, raw.FPDF_REVERSE_BYTE_ORDER) if form == raw.FPDFBitmap_BGR else (1, 0)
    buffer = (ctypes.c_ubyte * (size[0] * size[1] * channels))()
    bitmap = raw.FPDFBitmap_CreateEx(*size, form, buffer, size[0] * channels)
    raw.FPDFBitmap_FillRect(bitmap, 0, 0, *size, 0xFFFFFFFF)
    raw.FPDF_RenderPageBitmap(bitmap, page, -start[0], -start[1], *whole, 0, flags)
    raw.FPDFBitmap_Destroy(bitmap)
    shift = [corner[n] * scale[n] - start[n] - 0.5 for n in (0, 1)]
    return {"px": size, "to_px": scale + shift}, bytes(buffer)


def main() -> None:
    """Answer for the PDF on the input; out of memory ends with status 3."""
    answer, seconds = first_page, CPU_SECONDS
    if sys.argv[1:] == ["document"]:
        answer, seconds = document_pages, DOCUMENT_CPU_SECONDS
    bound(seconds)
    try:
        head, rasters = answer(sys.stdin.buffer.read())
    except MemoryError:
        sys.exit(3)
    out = sys.stdout.buffer
    out.write(json.dumps(head).encode() + b"\n")
    for raster in rasters:
        out.write(raster)
    out.flush()


if __name__ == "__main__":
    main()
