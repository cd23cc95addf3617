"""One picture in, one report out: the order of the steps, and which code, product and size they are about."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from inspection import fields, findings, markup, textview, tracecode, verifier
from inspection.artwork import Artwork, artwork_scale, load_artwork, place_code
from inspection.authenticity import look_closer
from inspection.engine import ENGINE
from inspection.exif import taken
from inspection.geometry import project, quad, rectangle
from inspection.grid import Grid, lay_grid
from inspection.identify import MediaType, identify
from inspection.measure import measure_print
from inspection.ocr import Line
from inspection.overlap import text_over_code
from inspection.panel import panel
from inspection.phash import fingerprint
from inspection.picture import Picture, decode
from inspection.products import product_by_code, product_by_model
from inspection.profile import limit
from inspection.reading import Symbol, read_symbols, second_opinion
from inspection.report import Code, Finding, Flag, Inspected, ProductHint, Report, Request, Size, Verdict
from inspection.scale_check import scale_doubt
from inspection.scan import (
    Density,
    Origin,
    Resolution,
    Scale,
    confirmed,
    contradiction,
    scan_scale,
    sheet_on,
    stated_density,
)
from inspection.sheet import Sheet, find_sheet

_MATRIX = frozenset({"QRCode", "DataMatrix"})
_OF_PHOTOS = frozenset({"screen", "screenshot"})
"""What is suspicious of a photo only: a scan is no photo and may well be drawn."""
_FARTHEST_MODULES = 40.0
"""Marks are looked for this far at the most: 3 mm even beside the densest code."""
_SLACK_MODULES = 0.3
"""A code this little beyond the frame is whole: its place is not known better."""


@dataclass(frozen=True, slots=True)
class _Source:
    """A picture, and what it brings of millimetres: artwork, or a density that the file states."""

    picture: Picture
    artwork: Artwork | None = None
    density: Density | None = None

    def scale(self, size: Size | None) -> Scale | None:
        """The millimetres it has by itself, given the size that was told."""
        if self.artwork is not None:
            return artwork_scale(self.artwork, size)
        return scan_scale(self.density, self.picture, size) if self.density is not None else None


@dataclass(frozen=True, slots=True)
class _Placed:
    """The sheet, and what its millimetres rest on. ``no_edges`` says why its edges are not the sheet's."""

    sheet: Sheet | None
    source: str = "photo"
    note: str = ""
    no_edges: str = ""
    resolution: Resolution | None = None
    flags: tuple[Flag, ...] = ()


def inspect(request: Request) -> Inspected:
    """Judge one picture of a certificate: a photo, a scan, or artwork (PDF).

    Raises :class:`inspection.report.PictureRefused` where the bytes are nothing we can judge. Everything else gets a
    report; what it does not show is unclear.
    """
    watch = _Watch()
    cv2.setNumThreads(1)
    source = _open(request.data)
    picture = source.picture
    watch.lap("decode")
    symbols = read_symbols(picture.gray, "fast")
    if not any(s.text and s.symbology in _MATRIX for s in symbols):
        symbols = read_symbols(picture.gray, "thorough")
    symbol = _choose(symbols, request.products)
    grid = None
    if symbol is not None:
        symbol = second_opinion(picture.gray, symbol)
        grid = lay_grid(picture.gray, symbol)
    watch.lap("codes")
    product = product_by_code(symbol.text, request.products) if symbol is not None and symbol.text else None
    expected = product is not None
    size = request.sheet_mm or (product.sheet_mm if product else None)
    placed = _place(source, grid, size)
    watch.lap("sheet")
    text = textview.read_text(picture, grid, placed.sheet)
    watch.lap("text")
    if product is None:
        product = product_by_model((line.text for line in text.lines), request.products)
        if product is not None and size is None:
            size = product.sheet_mm
            placed = _place(source, grid, size)
            watch.lap("sheet")
    if size is None and source.artwork is not None:
        size = source.artwork.sheet_mm
    sheet, doubt = placed.sheet, ""
    # Which way up the sheet is read is for its text to say, else for its code. The order of the two stated numbers
    # decides nothing: people measure a sheet either way round.
    way_up = text.turns is not None
    if sheet is not None and size is not None:
        sheet = sheet.upright(text.turns or 0)
        way_up = way_up or _as_stated(sheet, size)
        if placed.source == "photo" and (wrong := scale_doubt(text.lines, sheet)) is not None:
            doubt = wrong.advice
    module_mm = sheet.code_sides_mm()[0] / grid.columns if sheet is not None and grid is not None else None
    reach = 1.5 * limit("quiet_mm") / module_mm if module_mm else 0.0  # in modules
    measured = measure_print(picture.rgb, grid, min(reach, _FARTHEST_MODULES)) if grid is not None else None
    trace = tracecode.recognise(symbol.text) if symbol is not None and symbol.text else tracecode.TraceCode(None)
    grade, readers = None, None
    if grid is not None and symbol is not None:
        readers = panel(picture.gray, replace(symbol, corners=grid.corners), module_mm)
        sides = sheet.code_sides_mm() if sheet is not None else None
        grade = verifier.grade(picture.rgb, grid, symbol, measured=measured, sides_mm=sides)
    watch.lap("measure")
    stated = fields.stated_fields(text.lines)
    agreement = fields.compare(
        stated, trace.parts, product.record if product else {},
        look=lambda line: textview.look_again(picture.rgb, line), lines=text.lines,
    )  # fmt: skip
    watch.lap("text")
    evidence = findings.Evidence(
        symbol=symbol, trace_kind=trace.kind, expected=expected,
        legible_without_code=not symbols and _legible_sheet(picture, text.lines, size),
        grid=grid, sheet=sheet, size_known=size, print=measured,
        text_on_code=text_over_code(picture.gray, text.lines, grid) if grid is not None else None,
        cut_off=grid is not None and _beyond_frame(picture, grid, -_SLACK_MODULES),
        quiet_cut=grid is not None and module_mm is not None
        and _beyond_frame(picture, grid, limit("quiet_mm") / module_mm),
        upright_by_text=text.turns is not None, way_up=way_up, agreement=agreement,
        source=placed.source, scale_doubt=doubt, no_edges=placed.no_edges,
        resolution=placed.resolution, unread_cm=readers.unread_cm if readers is not None else (),
        offer=tracecode.offers(trace) if symbol is not None and symbol.text else None,
    )  # fmt: skip
    judged = findings.judge(evidence)
    watch.lap("measure")
    said = taken(request.data)
    flags = placed.flags
    if source.artwork is None:
        looked = look_closer(request.data, picture.gray, said)
        flags += tuple(flag for flag in looked if placed.source == "photo" or flag.code not in _OF_PHOTOS)
    shot = fingerprint(picture.gray)
    watch.lap("authenticity")
    marked = None
    if request.mark:
        corners = grid.corners if grid is not None else symbol.corners if symbol is not None else None
        marked = markup.draw(picture.rgb, sheet, corners, judged)
        watch.lap("markup")
    report = Report(
        verdict=findings.overall(judged, has_product=bool(request.products)),
        sheet_mm=size, product=product.key if product else None,
        codes=tuple(_codes(symbols, symbol, grid, picture.scale)),
        findings=tuple(_in_photo(f, picture.scale) for f in judged),
        text=tuple(line.text for line in text.lines), photo_px=picture.size,
        px_per_mm=round(sheet.px_per_mm * picture.scale, 2) if sheet is not None else None,
        retake=_retake(judged), ms=watch.laps(), engine=ENGINE, source=placed.source, source_note=placed.note,
        grade=grade, panel=readers.to_json() if readers is not None else None, flags=flags, taken=said,
        stated={name: value.value for name, value in stated.items()},
    )  # fmt: skip
    return Inspected(report, marked, shot)


def _open(data: bytes) -> _Source:
    """Artwork by its first bytes, else a still picture with the density it states."""
    if identify(data) is MediaType.PDF:
        artwork = load_artwork(data)
        return _Source(artwork.picture, artwork)
    return _Source(decode(data), density=stated_density(data))


def _place(source: _Source, grid: Grid | None, size: Size | None) -> _Placed:
    """The sheet: by the picture's own millimetres where it has them and they are believed, else by its edges."""
    scale = source.scale(size)
    if source.artwork is not None and scale is not None:
        if grid is None:
            return _Placed(None, "artwork", scale.note)
        sheet, resolution = place_code(source.artwork, scale, grid)
        return _Placed(sheet, "artwork", scale.note, "" if scale.is_sheet else scale.note, resolution)
    if grid is None or size is None:
        return _Placed(None)
    if scale is not None and scale.is_sheet:
        # cropped a little off the sheet's sides: lengths within it are as exact as ever
        cropped = scale.uncertainty_mm > limit("uncertainty_mm")
        exact = replace(scale, uncertainty_mm=0.5 / min(scale.px_per_mm)) if cropped else scale
        if (sheet := sheet_on(exact, grid)) is not None:
            no_edges = f"{scale.note}但四边裁得不准，边距未判定：请沿合格证的边裁切后重新上传。" if cropped else ""
            return _Placed(sheet, "scan", scale.note, no_edges, Resolution(Origin.SCAN, scale.dpi))
    sheet = find_sheet(source.picture.rgb, grid, size)
    if scale is None or sheet is None:
        return _Placed(sheet)
    if confirmed(scale, sheet):
        note = "在画面里找到的合格证与文件标明的密度相符，按扫描件的真实尺寸测量。"
        return _Placed(sheet, "scan", note, resolution=Resolution(Origin.SCAN, scale.dpi))
    return _Placed(sheet, flags=(Flag("density_contradicted", contradiction(scale, sheet)),))


class _Watch:
    """Wall-clock milliseconds by step."""

    def __init__(self) -> None:
        self._start = self._last = time.perf_counter()
        self._ms = dict.fromkeys(("decode", "codes", "sheet", "measure", "text", "authenticity", "markup"), 0.0)

    def lap(self, step: str) -> None:
        now = time.perf_counter()
        self._ms[step] += (now - self._last) * 1000
        self._last = now

    def laps(self) -> dict[str, float]:
        total = (time.perf_counter() - self._start) * 1000
        return {step: round(ms, 1) for step, ms in {**self._ms, "total": total}.items()}


def _choose(symbols: Sequence[Symbol], products: Sequence[ProductHint]) -> Symbol | None:
    """R51: the registered product's code, else a trace code of an allowed kind, else a matrix code, else any."""
    whole = [s for s in symbols if s.text]
    halves = [s for s in symbols if not s.text]
    known = any(tracecode.recognise(s.text).kind or product_by_code(s.text, products) for s in whole)
    if halves and not known and not any(s.symbology in _MATRIX for s in whole):
        return max(halves, key=lambda s: s.area)  # the certificate's own code, unread, beside some line code
    if not whole:
        return None

    def rank(symbol: Symbol) -> tuple[bool, bool, bool, float]:
        trace = tracecode.recognise(symbol.text).kind is not None
        matrix = symbol.symbology in _MATRIX
        return product_by_code(symbol.text, products) is not None, matrix and trace, matrix, symbol.area

    return max(whole, key=rank)


def _beyond_frame(picture: Picture, grid: Grid, margin: float) -> bool:
    """Whether the code with ``margin`` modules around it reaches out of the picture."""
    box = rectangle(grid.columns + 2 * margin, grid.rows + 2 * margin) - margin
    corners = project(grid.to_photo, box)
    height, width = picture.gray.shape
    return bool(((corners < -0.5) | (corners > (width - 0.5, height - 0.5))).any())


def _as_stated(sheet: Sheet, size: Size) -> bool:
    """Whether the frame, upright by the code, has the stated width across; a square has it either way."""
    return abs(sheet.size[0] / sheet.size[1] / (size[0] / size[1]) - 1) < 0.01


def _legible_sheet(picture: Picture, lines: Sequence[Line], size: Size | None) -> bool:
    """R51: a certificate whose four sides are in the picture and whose text reads well, though no code does."""
    sure = [line for line in lines if line.score > 0.9 and line.height >= 12]
    if len(sure) < 4 or not any("合格证" in line.text for line in sure):
        return False
    factor = 480 / max(picture.gray.shape)
    small = cv2.resize(picture.gray, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    _, bright = cv2.threshold(cv2.GaussianBlur(small, (0, 0), 2), 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    contours, _ = cv2.findContours(bright, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if not contours:
        return False
    largest = max(contours, key=cv2.contourArea)
    corners = cv2.approxPolyDP(largest, 0.03 * cv2.arcLength(largest, True), True).reshape(-1, 2).astype(np.float64)
    limits = np.array(small.shape[::-1]) - 3
    if len(corners) != 4 or (corners < 2).any() or (corners > limits).any():
        return False
    if cv2.contourArea(largest) < 0.15 * small.size:
        return False
    middles = np.array([line.corners.mean(0) * factor for line in sure], np.float32)
    inside = [cv2.pointPolygonTest(largest, (float(x), float(y)), False) >= 0 for x, y in middles]
    sides = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    shape = (sides[0] + sides[2]) / (sides[1] + sides[3])
    ratio = max(shape, 1 / shape)
    return all(inside) and (size is None or abs(ratio / (max(size) / min(size)) - 1) < 0.2)


def _codes(symbols: Sequence[Symbol], judged: Symbol | None, grid: Grid | None, scale: float) -> list[Code]:
    """Every code that was read, the judged one first and with its fine corners."""
    codes = []
    if judged is not None and judged.text:
        fine = replace(judged, corners=grid.corners) if grid is not None else judged
        codes.append(fine.code(scale))
    codes += [s.code(scale) for s in symbols if s.text and (judged is None or s.corners is not judged.corners)]
    return codes


def _in_photo(finding: Finding, scale: float) -> Finding:
    if finding.where is None or scale == 1.0:
        return finding
    return replace(finding, where=quad((np.array(finding.where) + 0.5) * scale - 0.5))


def _retake(judged: Sequence[Finding]) -> str | None:
    """The one thing to do differently, where a mandatory clause stayed unclear for want of a better photo."""
    skipped = findings.ADVISORY | {"D.5.1", "code"}
    for finding in judged:
        if finding.verdict is Verdict.UNCLEAR and finding.clause not in skipped and "拍" in finding.advice:
            return finding.advice.split("：")[-1]
    code = judged[0]
    return code.advice if code.verdict is Verdict.UNCLEAR and "拍" in code.advice else None
