"""One photo in, one report out: the order of the steps, and which code, product and size they are about."""

import time
from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from inspection import fields, findings, markup, ocr, tracecode
from inspection.authenticity import look_closer
from inspection.engine import ENGINE
from inspection.exif import taken
from inspection.geometry import Floats, project, quad
from inspection.grid import Grid, lay_grid, rectify
from inspection.measure import measure_print
from inspection.phash import fingerprint
from inspection.picture import Picture, decode
from inspection.profile import limit
from inspection.reading import Symbol, read_symbols, second_opinion
from inspection.report import Code, Finding, Inspected, ProductHint, Report, Request, Size, Verdict
from inspection.sheet import Sheet, find_sheet

_TEXT_PX_PER_MM = 7.0
_TEXT_LONG_SIDE = 960


def inspect(request: Request) -> Inspected:
    """Judge one photo.

    Raises :class:`inspection.report.PictureRefused` where the bytes are no still picture we can judge. Every other
    photo gets a report; what it does not show is unclear.
    """
    watch = _Watch()
    cv2.setNumThreads(1)
    picture = decode(request.data)
    watch.lap("decode")
    symbols = read_symbols(picture.gray, "fast")
    if not any(s.text for s in symbols):
        symbols = read_symbols(picture.gray, "thorough")
    symbol = _choose(symbols, request.products)
    grid = None
    if symbol is not None:
        symbol = second_opinion(picture.gray, symbol)
        grid = lay_grid(picture.gray, symbol)
    watch.lap("codes")
    product = _product_by_code(symbol, request.products)
    size = request.sheet_mm or (product.sheet_mm if product else None)
    sheet = find_sheet(picture.rgb, grid, size) if grid is not None and size is not None else None
    watch.lap("sheet")
    lines, turns = _read_text(picture, grid, sheet)
    watch.lap("text")
    if product is None and (product := _product_by_text(lines, request.products)) is not None and size is None:
        size = product.sheet_mm
        if grid is not None:
            sheet = find_sheet(picture.rgb, grid, size)
        watch.lap("sheet")
    # Which way up the sheet is read is for its text to say, else for its code. The order of the two stated numbers
    # decides nothing: people measure a sheet either way round.
    way_up = turns is not None
    if sheet is not None and size is not None:
        sheet = sheet.upright(turns or 0)
        way_up = way_up or _as_stated(sheet, size)
    module_mm = sheet.code_sides_mm()[0] / grid.columns if sheet is not None and grid is not None else None
    reach = 1.5 * limit("quiet_mm") / module_mm if module_mm else 0.0
    measured = measure_print(picture.rgb, grid, min(reach, 20.0)) if grid is not None else None
    watch.lap("measure")
    trace = tracecode.recognise(symbol.text) if symbol is not None and symbol.text else tracecode.TraceCode(None)
    stated = fields.stated_fields(lines)
    evidence = findings.Evidence(
        symbol=symbol, trace_kind=trace.kind, expected=_expected(symbol, request.products),
        legible_without_code=not symbols and _legible_sheet(picture, lines, size),
        grid=grid, sheet=sheet, size_known=size, print=measured,
        text_on_code=findings.text_over_code([(x.text, x.corners) for x in lines], grid) if grid is not None else None,
        upright_by_text=turns is not None, way_up=way_up,
        agreement=fields.compare(stated, trace.parts, product.record if product else {}),
        has_product=bool(request.products),
    )  # fmt: skip
    judged = findings.judge(evidence)
    watch.lap("measure")
    said = taken(request.data)
    flags = look_closer(request.data, picture.gray, said)
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
        text=tuple(line.text for line in lines), photo_px=picture.size,
        px_per_mm=round(sheet.px_per_mm * picture.scale, 2) if sheet is not None else None,
        retake=_retake(judged, has_product=bool(request.products)), ms=watch.laps(), engine=ENGINE,
        flags=flags, taken=said,
    )  # fmt: skip
    return Inspected(report, marked, shot)


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
    if not whole:
        return max(symbols, key=lambda s: s.area, default=None)

    def rank(symbol: Symbol) -> tuple[bool, bool, bool, float]:
        trace = tracecode.recognise(symbol.text).kind is not None
        matrix = symbol.symbology in {"QRCode", "DataMatrix"}
        return _expected(symbol, products), matrix and trace, matrix, symbol.area

    return max(whole, key=rank)


def _expected(symbol: Symbol | None, products: Sequence[ProductHint]) -> bool:
    return _product_by_code(symbol, products) is not None


def _product_by_code(symbol: Symbol | None, products: Sequence[ProductHint]) -> ProductHint | None:
    """The product one of whose codes stands in the text; the longest such code decides between several."""
    if symbol is None or not symbol.text:
        return None
    hits = [(len(code), hint) for hint in products for code in hint.codes if code and code in symbol.text]
    return max(hits, key=lambda hit: hit[0])[1] if hits else None


def _product_by_text(lines: Sequence[ocr.Line], products: Sequence[ProductHint]) -> ProductHint | None:
    """The one product whose model stands on the sheet; None where none or several do."""
    text = [fields.fold(line.text) for line in lines]
    hits = [h for h in products if h.model and any(fields.fold(h.model) in line for line in text)]
    longest = max((len(fields.fold(h.model)) for h in hits), default=0)
    hits = [h for h in hits if len(fields.fold(h.model)) == longest]
    return hits[0] if len(hits) == 1 else None


def _read_text(picture: Picture, grid: Grid | None, sheet: Sheet | None) -> tuple[list[ocr.Line], int | None]:
    """Lines with corners in photo pixels, and the quarter-turns of the frame they were read in."""
    view, to_photo, first = _text_view(picture, grid, sheet)
    lines, turns = ocr.read_upright(view, first)
    return [replace(line, corners=project(to_photo, line.corners)) for line in lines], turns


def _text_view(picture: Picture, grid: Grid | None, sheet: Sheet | None) -> tuple[NDArray[np.uint8], Floats, int]:
    """The straightest view of the text: the sheet, else the code's plane, else the photo; view to photo; first turn."""
    if sheet is not None:
        density = min(_TEXT_PX_PER_MM, sheet.px_per_mm, _TEXT_LONG_SIDE / max(sheet.size))
        view = rectify(picture.rgb, sheet.to_photo, (0, 0, *sheet.size), density)
        to_photo = sheet.to_photo @ np.array(
            [[1 / density, 0, 0.5 / density], [0, 1 / density, 0.5 / density], [0, 0, 1]]
        )
        return view.clip(0, 255).astype(np.uint8), to_photo, 0
    height, width = picture.gray.shape
    factor = min(1.0, _TEXT_LONG_SIDE / max(height, width))
    turn = _code_turn(grid)
    small = cv2.resize(picture.rgb, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA).astype(
        np.uint8, copy=False
    )
    shift = 0.5 / factor - 0.5
    return small, np.array([[1 / factor, 0, shift], [0, 1 / factor, shift], [0, 0, 1.0]]), turn


def _code_turn(grid: Grid | None) -> int:
    """Clockwise quarter-turns of the photo that bring the code upright."""
    if grid is None:
        return 0
    top = grid.corners[1] - grid.corners[0]
    return int(np.round(-np.degrees(np.arctan2(top[1], top[0])) / 90)) % 4


def _as_stated(sheet: Sheet, size: Size) -> bool:
    """Whether the frame, upright by the code, has the stated width across; a square has it either way."""
    return abs(sheet.size[0] / sheet.size[1] - size[0] / size[1]) < 1e-6


def _legible_sheet(picture: Picture, lines: Sequence[ocr.Line], size: Size | None) -> bool:
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


def _retake(judged: Sequence[Finding], *, has_product: bool) -> str | None:
    """The one thing to do differently, where a mandatory clause stayed unclear for want of a better photo."""
    skipped = findings.ADVISORY | {"D.5.1", "code"}
    for finding in judged:
        if finding.verdict is Verdict.UNCLEAR and finding.clause not in skipped and "拍" in finding.advice:
            return finding.advice.split("：")[-1]
    code = judged[0]
    return code.advice if code.verdict is Verdict.UNCLEAR and "拍" in code.advice else None
