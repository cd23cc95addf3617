"""Documents (7.1(1), 7.2, Appendix A): what a scan, a PDF or a screenshot says, and whether the firm's seal is on it.

What is read is for others to compare with the form and the registries; nothing here judges a clause.
"""

import io
import time
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from inspection import ocr, seal
from inspection.artwork import run_pdfium
from inspection.document_fields import credit_codes, fields_of, kind_of, plain
from inspection.engine import ENGINE
from inspection.identify import MediaType, identify
from inspection.materials import DocumentReport
from inspection.ocr import Line
from inspection.picture import MAX_BYTES, decode
from inspection.report import PictureRefused
from inspection.screenshot import look_of
from inspection.signed_pdf import Signatures, read_signatures, seal_of

_OFD = "application/ofd"
_MOST_TEXT = 2000
_VIEW_PIXELS = 800_000
"""A page is searched for text at this size: an A4 page's small print is then some ten pixels high."""
_READ_MS = 6500.0
"""What finding and reading text may cost in all of a document, by the reader's own count."""
_TALL = 1.9
"""A picture this many times as high as wide is read in parts."""
_WRITTEN = 20
"""Characters of a PDF page's own text from which it needs no reading by eye …"""
_GARBLED = 0.2
"""… unless so many of them stand for nothing: fonts without a table of their characters."""
_SURE = 0.8
_FEW_LINES = 3
_LEAST_SIDE = 500
"""A scan with a shorter long side shows neither print nor seals."""
_LICENCES = frozenset({"business_licence", "production_licence", "ccc_certificate"})
"""Papers that bear the seal of who issued them."""
_HOLDERS = ("name", "applicant", "manufacturer", "factory")
"""Fields that may name the firm: a certificate's holder need not be its factory."""
_ISSUER_WORDS = ("登记机关", "发证机关", "年月日", "颁发机构", "认证机构", "主任", "发证日期")


@dataclass(frozen=True, slots=True)
class _Page:
    """One page: its lines with boxes in pixels of ``rgb`` (None where it was not drawn), and whether they were written
    in the file rather than read by eye; ``turns`` clockwise quarter-turns that bring it upright."""

    lines: tuple[Line, ...]
    rgb: NDArray[np.uint8] | None
    written: bool
    turns: int = 0


def read_document(data: bytes, roots: Path | None = None) -> DocumentReport:
    """Read one JPEG, PNG (or other still picture), PDF or OFD.

    ``roots`` is a folder with the certificates of the authorities whose signatures are trusted (none: no signature is
    traced to its issuer). Raises :class:`inspection.report.PictureRefused`: ``document_empty``,
    ``document_too_large``, ``document_unknown``, ``document_locked``, ``document_unreadable``,
    ``document_too_complex``, and the codes of :func:`inspection.picture.decode` for pictures.
    """
    start = time.perf_counter()
    cv2.setNumThreads(1)
    media = _media(data)
    if media == _OFD:
        return DocumentReport(
            media=media, kind="other", pages=0, legible=True, fields={}, uscc=(), seal="ofd", seal_text="",
            signatures=(), text=(), retake=None, ms={"total": round((time.perf_counter() - start) * 1000, 1)},
            engine=ENGINE,
        )  # fmt: skip
    signatures = Signatures()
    if media == MediaType.PDF:
        pages, count = _pages_of_pdf(data)
        signatures = read_signatures(data, roots)
    else:
        pages, count = [_page_of_picture(data)], 1
    read = time.perf_counter()
    lines = [line for page in pages for line in page.lines]
    kind, title = kind_of(lines)
    legible, retake = _legible(pages)
    if kind == "other" and media != MediaType.PDF and legible and _is_screen(pages[0]):
        kind = "screenshot"
    fields = fields_of(kind, [page.lines for page in pages])
    if title:
        fields = {"title": plain(title), **fields}
    seen, name = _seal(pages, kind, [fields[name] for name in _HOLDERS if name in fields])
    if signatures.unchecked and seen == "seal_not_seen":
        seen = "seal_uncertain"
    by_signature = seal_of(signatures.seen)
    end = time.perf_counter()
    return DocumentReport(
        media=str(media), kind=kind, pages=count, legible=legible, fields=fields,
        uscc=credit_codes([line.text for line in lines]), seal=by_signature or seen, seal_text=name,
        signatures=signatures.seen, text=tuple(line.text for line in lines[:_MOST_TEXT]), retake=retake,
        ms={
            "text": round((read - start) * 1000, 1), "seal": round((end - read) * 1000, 1),
            "total": round((end - start) * 1000, 1),
        },
        engine=ENGINE,
    )  # fmt: skip


# --- what comes in ----------------------------------------------------------------------------------------------------


def _media(data: bytes) -> str:
    if not data:
        raise PictureRefused("document_empty", "收到的文件是空的，请重新上传。")
    if len(data) > MAX_BYTES:
        size = len(data) / 2**20
        raise PictureRefused("document_too_large", f"文件有 {size:.1f} MB，超过 20 MB：请压缩或降低扫描分辨率后上传。")
    media = identify(data)
    if media is not MediaType.UNKNOWN:
        return media
    if data.startswith(b"PK\x03\x04"):
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                names = set(archive.namelist())
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, EOFError):
            names = set()
        if "OFD.xml" in names:
            return _OFD
        if "[Content_Types].xml" in names:
            raise PictureRefused("document_unknown", "这是 Office 文件：请另存为 PDF（或加盖公章后扫描）再上传。")
    raise PictureRefused("document_unknown", "看不出这是什么文件：请上传 PDF、OFD，或 JPEG、PNG 扫描件。")


def _page_of_picture(data: bytes) -> _Page:
    picture = decode(data)
    lines, turns = _read(picture.rgb, _READ_MS)
    return _Page(tuple(lines), picture.rgb, False, turns)


def _pages_of_pdf(data: bytes) -> tuple[list[_Page], int]:
    """The pages that were looked at, and how many there are. Those without text of their own are read by eye."""
    drawn = run_pdfium(data, "document")
    if drawn is None:
        raise PictureRefused("document_too_complex", "这个 PDF 太复杂，打不开：请重新导出，或扫描成 PDF、JPEG 后上传。")
    head, rest = drawn
    if head.get("refused") == "locked":
        raise PictureRefused("document_locked", "这个 PDF 有打开密码：请去掉密码后重新上传。")
    if "refused" in head:
        raise PictureRefused("document_unreadable", "打不开这个 PDF，文件可能不完整：请重新导出后上传。")
    pages, at = [], 0
    scans = sum(1 for page in head["read"] if page["px"] and not _is_written(page["lines"]))
    for page in head["read"]:
        rgb = None
        if page["px"] is not None:
            width, height = page["px"]
            rgb = np.frombuffer(rest, np.uint8, width * height * 3, at).reshape(height, width, 3).copy()
            at += rgb.size
        if _is_written(page["lines"]):
            pages.append(_Page(tuple(_line(*line) for line in page["lines"]), rgb, True))
        elif rgb is not None:
            lines, turns = _read(rgb, _READ_MS / max(scans, 1))
            pages.append(_Page(tuple(lines), rgb, False, turns))
    return pages, head["pages"]


def _is_written(lines: Sequence[Sequence[object]]) -> bool:
    text = "".join(str(line[0]) for line in lines).replace(" ", "")
    strange = sum(1 for c in text if c == "\ufffd" or "\ue000" <= c <= "\uf8ff" or c < " ")
    return len(text) >= _WRITTEN and strange < _GARBLED * len(text)


def _line(text: str, left: float, top: float, right: float, bottom: float) -> Line:
    return Line(text, 1.0, np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float64))


def _read(rgb: NDArray[np.uint8], budget_ms: float) -> tuple[list[Line], int]:
    """The lines of one page, whichever way it lies, and the clockwise quarter-turns that bring it upright; a tall page
    in parts."""
    height, width = rgb.shape[:2]
    parts = min(4, max(1, round(height / width / 1.3))) if height > _TALL * width else 1
    lines: list[Line] = []
    turns: int | None = None
    for part in range(parts):
        low, high = height * part // parts, height * (part + 1) // parts
        window = np.ascontiguousarray(rgb[low:high])
        factor = min(1.0, (_VIEW_PIXELS / parts / (window.shape[0] * width)) ** 0.5)
        view = cv2.resize(window, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        shift = 0.5 / factor - 0.5
        to_source = np.array([[1 / factor, 0, shift], [0, 1 / factor, shift], [0, 0, 1.0]])
        text = ocr.read(view.astype(np.uint8, copy=False), window, to_source, budget_ms / parts)
        down = np.array([0.0, float(low)])
        lines += [
            replace(line, corners=line.corners + down, page=None if line.page is None else line.page / factor + down)
            for line in text.lines
        ]
        turns = text.turns if turns is None else turns
    return lines, turns or 0


def _is_screen(page: _Page) -> bool:
    return page.rgb is not None and look_of(cv2.cvtColor(page.rgb, cv2.COLOR_RGB2GRAY).astype(np.uint8)) == "screenshot"


def _legible(pages: Sequence[_Page]) -> tuple[bool, str | None]:
    """Whether the text can be relied on, and what to do differently where it cannot."""
    lines = [line for page in pages for line in page.lines]
    smallest = min((max(page.rgb.shape[:2]) for page in pages if page.rgb is not None), default=_LEAST_SIDE)
    if smallest < _LEAST_SIDE:
        return False, "图片太小，看不清文字：请上传原图，或用 200 dpi 以上重新扫描。"
    if len(lines) < _FEW_LINES:
        return False, "几乎没有读到文字：请把整页放平、拍清楚（或用扫描仪扫描）后重新上传。"
    if float(np.mean([line.score for line in lines])) < _SURE:
        return False, "文字看不清：请在亮处对焦、避开反光重新拍摄，或用 200 dpi 以上扫描后上传。"
    return True, None


# --- the seal ---------------------------------------------------------------------------------------------------------


def _seal(pages: Sequence[_Page], kind: str, firms: Sequence[str]) -> tuple[str, str]:
    """What the pages show of the firm's seal, and the name on it; ``firms`` are those that the paper names.

    A licence bears its issuer's seal besides. That one is told by its name (…监督管理局, 认证中心) where it can be
    read, else by its place: in the lower right, or beside 登记机关 or the day of issue. So on a licence a seal counts
    as the firm's where its name is one's, or where it lies elsewhere; one at the issuer's place whose name is not
    legible leaves it uncertain, and so may a firm's own that was put there. On any other paper every seal counts that
    is not plainly an authority's. A seal that is plainly another firm's is uncertain anywhere.
    """
    uncertain, issuers = False, ""
    for page in pages:
        if page.rgb is None:
            continue
        found = seal.find_seals(page.rgb)
        for one in found:
            if not one.sure:
                uncertain = True
            elif one.of_issuer:
                issuers = issuers or one.name
            elif _may_be_anothers(one, page, kind, firms):
                uncertain = True
            else:
                return "seal_seen", one.name
        if not found and seal.colourless(page.rgb):
            uncertain = uncertain or bool(seal.dark_rings(page.rgb))
        if max(page.rgb.shape[:2]) < _LEAST_SIDE:
            uncertain = True
    return ("seal_uncertain" if uncertain else "seal_not_seen"), issuers


def _may_be_anothers(one: seal.Seal, page: _Page, kind: str, firms: Sequence[str]) -> bool:
    """Whether a seal is plainly another firm's, or stands on a licence where its issuer's does without being read."""
    if firms and all(one.of_another(firm) for firm in firms):
        return True
    own = any(one.of_firm(firm) for firm in firms or ("",))
    return kind in _LICENCES and not own and _at_issuers_place(one, page)


def _at_issuers_place(one: seal.Seal, page: _Page) -> bool:
    assert page.rgb is not None
    height, width = page.rgb.shape[:2]
    x, y = one.centre
    u, v = x / width, y / height
    across, down = ((u, v), (1 - v, u), (1 - u, 1 - v), (v, 1 - u))[page.turns % 4]
    if across < 0.4 or down < 0.45:
        return False
    words = [line for line in page.lines if any(word in plain(line.text).replace(" ", "") for word in _ISSUER_WORDS)]
    reach = 2.5 * one.radii[0]
    near = any(float(np.hypot(*(line.corners.mean(0) - np.array([x, y])))) < reach for line in words)
    return near or (across > 0.55 and down > 0.55)
