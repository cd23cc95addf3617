"""Look-up screenshots (Appendix C(2), 4.3.3): which code was looked up, when, and on what kind of page.

Whether the time lies in the month, how many screenshots a month needs and how fast the page answered (6 AAA-3, R53: no
screenshot shows that) is for others to judge; here is only what the picture shows.
"""

import re
import time
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import cv2
import numpy as np
from numpy.typing import NDArray

from inspection import fields, ocr
from inspection.engine import ENGINE
from inspection.identity import Identity, Sameness, compare_codes, identity_of
from inspection.materials import Moment, ScreenshotReport, worst
from inspection.picture import Picture, decode
from inspection.reading import Symbol, read_symbols
from inspection.report import Finding, Flag, Verdict

PASS, FAIL, UNCLEAR = Verdict.PASS, Verdict.FAIL, Verdict.UNCLEAR

CLAUSES = ("shot.code", "shot.time", "shot.page")
"""Every finding's clause, in the order of the report; all are of Appendix C(2)."""

_TILE_WIDTH = 720
"""A phone's page is read at this width: its small print is then some twelve pixels high."""
_TILE_SHAPE = 1.3
"""A window is at most so many times as high as wide; lines at its lower end are read again in the next."""
_OVERLAP = 0.08
_MAX_TILES = 6
_EMPTY = 24
"""Grey levels between the lightest and the darkest of a window without any text: the foot of a long page."""
_STATUS_BAR = 0.1
"""A phone's status bar lies within this share of the width below the upper edge."""
_PHONE = 1.5
"""A picture this many times as high as wide is a phone's page; other screens keep their clock where they like."""

_TRACE_WORDS = (
    "追溯", "溯源", "查询结果", "扫码", "查询次数", "扫描次数", "首次查询", "防伪", "正品", "追溯码", "Ecode",
    "物品编码", "物联网标识", "一物一码", "查询时间", "验证", "核验",
)  # fmt: skip
_PRODUCT_WORDS = (
    "产品名称", "品名", "型号", "规格", "批次", "批号", "生产日期", "生产企业", "生产厂家", "制造商", "检验", "合格",
    "执行标准", "产品信息", "企业信息", "生产信息", "检验信息", "信用代码",
)  # fmt: skip
_NOT_FOUND = re.compile(
    "未查询到|查无此码|没有查询到|未找到|码不存在|无效的追溯码|无此产品|页面不存在|加载失败|网络错误|网络异常|请求超时"
    r"|无法访问|无法打开|服务器错误|已停止访问|暂无数据|查询失败|(?<![\w.])404(?![\w.])"
)
_BACK_OFFICE = ("后台管理", "管理系统", "管理后台", "批量导出", "批量导入", "新增", "操作员", "角色权限", "数据看板")
_QUERY_LABELS = ("查询时间", "扫码时间", "查询日期", "本次查询", "验证时间", "核验时间", "扫描时间", "查验时间")
_QUERY_LISTS = ("查询记录", "扫码记录", "查询日志", "扫码日志", "查询明细")
_OTHER_LABELS = (
    "生产日期", "制造日期", "出厂日期", "检验日期", "检测日期", "有效期", "发证", "入库", "出库", "发货", "销售日期",
    "上传", "注册", "成立", "上市", "更新", "发布",
)  # fmt: skip
"""Days of the product and the page, not of the look-up."""
_CODE_LABELS = (
    "追溯码",
    "码值",
    "标识码",
    "Ecode编码",
    "Ecode",
    "产品编码",
    "防伪码",
    "溯源码",
    "追溯编码",
    "唯一码",
    "码号",
)

_DATE = re.compile(r"(20\d\d)\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")
_CLOCK = re.compile(r"(上午|下午|晚上|凌晨)?\s*(?<![\d:.])([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?(?![\d:])")
_HOST = re.compile(
    r"(?:https?://)?((?:[a-z0-9-]+\.)+(?:com|cn|org|net|gov|top|ltd|vip|中国)(?:\.cn)?)(?![a-z0-9@.])", re.I
)

_FLAT_SCREEN = 0.25
_FLAT_PHOTO = 0.06
"""Share of 8 × 8 blocks without any texture: a screenshot has empty areas, a photo of a screen has noise there."""
_SHANGHAI = timezone(timedelta(hours=8))
_AHEAD = timedelta(days=1)
"""A clock may be off and a zone misread; a look-up a day ahead was not made."""


def inspect_screenshot(data: bytes, expected_code: str | None = None, now: datetime | None = None) -> ScreenshotReport:
    """Judge one screenshot; ``expected_code`` is the text of the trace code that should have been looked up, ``now``
    an aware time after which no look-up can have been made.

    Raises :class:`inspection.report.PictureRefused` where the bytes are no still picture.
    """
    start = time.perf_counter()
    cv2.setNumThreads(1)
    picture = decode(data)
    lines = _lines(picture)
    read_text = time.perf_counter()
    symbols = [symbol for symbol in read_symbols(picture.gray, "fast") if symbol.text]
    text_code = _written_code(lines)
    look, flat = _look(picture.gray)
    if not symbols and text_code is None and look != "screenshot":  # a screen's own pixels need no repair
        symbols = [symbol for symbol in read_symbols(picture.gray, "thorough") if symbol.text]
    read_codes = time.perf_counter()
    moments = _moments(lines, picture)
    pages = _hosts(lines)
    joined = " ".join(_plain(line.text) for line in lines)
    words = tuple(word for word in (*_TRACE_WORDS, *_PRODUCT_WORDS) if word.lower() in joined.lower())
    code, finding = _code(symbols, text_code, lines, expected_code)
    findings = (finding, _time(moments, now), _page(lines, words, pages, joined))
    stated = fields.stated_fields(lines)
    flags = []
    if look == "photo":
        advice = "看起来是对着屏幕拍的照片：请直接用手机截屏，文字和时间会更清楚。"
        flags.append(Flag("photo_of_screen", advice, {"flat": round(flat, 3)}))
    end = time.perf_counter()
    return ScreenshotReport(
        verdict=worst(findings), codes=tuple(symbol.code(picture.scale) for symbol in symbols), code=code,
        moments=moments, stated={name: value.value for name, value in stated.items()}, words=words, pages=pages,
        look=look, findings=findings, flags=tuple(flags), text=tuple(line.text for line in lines),
        photo_px=picture.size,
        ms={
            "text": round((read_text - start) * 1000, 1), "codes": round((read_codes - read_text) * 1000, 1),
            "total": round((end - start) * 1000, 1),
        },
        engine=ENGINE,
    )  # fmt: skip


# --- reading ----------------------------------------------------------------------------------------------------------


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _lines(picture: Picture) -> list[ocr.Line]:
    """The lines from top to bottom, corners in pixels of the picture, of windows that together cover it."""
    found: list[ocr.Line] = []
    for window, low in _windows(picture.rgb):
        factor = min(1.0, _TILE_WIDTH / window.shape[1])
        view = window
        if factor < 1.0:
            view = cv2.resize(window, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA).astype(np.uint8)
        for line in ocr.read_lines(np.ascontiguousarray(view)):
            moved = replace(line, corners=(line.corners + 0.5) / factor - 0.5 + (0, low))
            same = [n for n, other in enumerate(found) if _same_place(moved, other)]
            if not same:
                found.append(moved)
            elif len(moved.text) > len(found[same[0]].text):
                found[same[0]] = moved  # the window before cut it in two
    return sorted(found, key=lambda line: (round(float(line.corners[:, 1].mean()) / 12), float(line.corners[0, 0])))


def _windows(rgb: NDArray[np.uint8]) -> Iterator[tuple[NDArray[np.uint8], int]]:
    height, width = rgb.shape[:2]
    tall = max(round(width * _TILE_SHAPE), 64)
    step = max(round(tall * (1 - _OVERLAP)), 1)
    for number, low in enumerate(range(0, max(height - round(tall * _OVERLAP), 1), step)):
        if number == _MAX_TILES:
            return
        window = rgb[low : low + tall]
        if int(window.max()) - int(window.min()) > _EMPTY:
            yield window, low


def look_of(gray: NDArray[np.uint8]) -> str:
    """``screenshot``, ``photo`` (of a screen or of anything) or ``unknown``."""
    return _look(gray)[0]


def _same_place(line: ocr.Line, other: ocr.Line) -> bool:
    apart = np.abs(line.corners.mean(0) - other.corners.mean(0))
    return bool(apart[1] < 0.5 * other.height and apart[0] < 0.3 * abs(other.corners[1, 0] - other.corners[0, 0]) + 8)


def _look(gray: NDArray[np.uint8]) -> tuple[str, float]:
    """``screenshot``, ``photo`` or ``unknown``, by how much of the picture is without any texture."""
    height, width = (side // 8 * 8 for side in gray.shape)
    if not height or not width:
        return "unknown", 0.0
    blocks = gray[:height, :width].reshape(height // 8, 8, width // 8, 8)
    spread = blocks.max(axis=(1, 3)).astype(np.int16) - blocks.min(axis=(1, 3))
    flat = float((spread <= 2).mean())
    return ("screenshot" if flat >= _FLAT_SCREEN else "photo" if flat <= _FLAT_PHOTO else "unknown"), flat


def _beside(label: ocr.Line, lines: Sequence[ocr.Line]) -> ocr.Line | None:
    """What stands right of a label on its row, else right below it."""
    right, middle = label.corners[1, 0], label.corners[:, 1].mean()
    row = [
        line for line in lines
        if line is not label and line.corners[0, 0] > right - 0.5 * label.height
        and abs(line.corners[:, 1].mean() - middle) < 0.7 * label.height
    ]  # fmt: skip
    if row:
        return min(row, key=lambda line: float(line.corners[0, 0]))
    below = [
        line for line in lines
        if 0 < line.corners[:, 1].mean() - middle < 2.5 * label.height
        and abs(line.corners[0, 0] - label.corners[0, 0]) < 3 * label.height
    ]  # fmt: skip
    return min(below, key=lambda line: float(line.corners[:, 1].mean()), default=None)


# --- times ------------------------------------------------------------------------------------------------------------


def _moments(lines: Sequence[ocr.Line], picture: Picture) -> tuple[Moment, ...]:
    """Every time of the look-up: what the page calls so first, then the phone's clock, then any other."""
    height, width = picture.gray.shape
    bar = _STATUS_BAR * width if height > _PHONE * width else 0.0
    found: list[Moment] = []
    used: set[int] = set()
    for line in lines:
        text = _plain(line.text)
        if not any(label in text for label in _QUERY_LABELS) or "首次" in text:
            continue
        value = line if _iso(text) else _beside(line, lines)
        if value is not None and (iso := _iso(_plain(value.text))) is not None:
            used |= {id(line), id(value)}
            found.append(Moment(iso, "query", round(value.score, 3)))
    # On a list of look-ups every day with a time is one.
    listed = any(label in _plain(line.text) for line in lines for label in _QUERY_LISTS)
    labelled = {id(beside) for line in lines if _has_other_label(line) and (beside := _beside(line, lines)) is not None}
    for line in lines:
        text = _plain(line.text)
        if id(line) in used or id(line) in labelled or _has_other_label(line) or (iso := _iso(text)) is None:
            continue
        in_bar = float(line.corners[:, 1].mean()) < bar and iso.startswith("T")
        kind = "clock" if in_bar else "query" if listed and "T" in iso[1:] else "page"
        found.append(Moment(iso, kind, round(line.score, 3)))
    order = {"query": 0, "clock": 1, "page": 2}
    return tuple(dict.fromkeys(sorted(found, key=lambda moment: order[moment.kind])))


def _has_other_label(line: ocr.Line) -> bool:
    text = _plain(line.text)
    return any(label in text for label in _OTHER_LABELS) or "首次" in text


def _iso(text: str) -> str | None:
    """The day, the time or both that a line states."""
    date, rest = _DATE.search(text), text
    day = ""
    if date is not None:
        try:
            day = datetime(int(date[1]), int(date[2]), int(date[3])).date().isoformat()  # noqa: DTZ001 - Shanghai text
        except ValueError:
            return None
        rest = " " + text[date.end() :]
    clock = _CLOCK.search(rest)
    if clock is None:
        return day or None
    hour = int(clock[2])
    if clock[1] in {"下午", "晚上"} and hour < 12:
        hour += 12
    return f"{day}T{hour:02d}:{clock[3]}" + (f":{clock[4]}" if clock[4] else "")


def _time(moments: Sequence[Moment], now: datetime | None) -> Finding:
    clause, required = "shot.time", "能看出查询的日期，用来核对是不是本月的查询（附录 C(2)）"
    dated = [moment for moment in moments if not moment.iso.startswith("T")]
    measured = {"moments": [moment.iso for moment in moments]}
    if now is not None:
        latest = (now.astimezone(_SHANGHAI) + _AHEAD).replace(tzinfo=None).isoformat(timespec="minutes")
        if ahead := [moment for moment in dated if moment.kind == "query" and moment.iso > latest]:
            advice = f"查询时间 {ahead[0].iso.replace('T', ' ')} 晚于现在：请重新查询并截图（附录 C(2)）。"
            return Finding(clause, FAIL, measured, required, advice)
    if query := [moment for moment in dated if moment.kind == "query"]:
        advice = f"查询时间 {query[0].iso.replace('T', ' ')}。"
        return Finding(clause, PASS, measured, required, advice)
    if dated:
        advice = f"页面上有日期 {dated[0].iso.replace('T', ' ')}，但没有写明是查询时间：请截取带“查询时间”的页面。"
        return Finding(clause, UNCLEAR, measured, required, advice, rows=("R6",))
    if moments:
        advice = f"只看到时钟 {moments[0].iso[1:]}，没有日期：请截取带查询日期的页面，或同时截下带日期的查询记录。"
        return Finding(clause, UNCLEAR, measured, required, advice, rows=("R6",))
    advice = "没有读到时间：请截取完整的屏幕（含顶部状态栏和“查询时间”），不要裁剪。"
    return Finding(clause, UNCLEAR, measured, required, advice, rows=("R6",))


# --- the code ---------------------------------------------------------------------------------------------------------


def _written_code(lines: Sequence[ocr.Line]) -> str | None:
    """A trace code that the page shows as text: behind its label, or by its own form."""
    for line in lines:
        text = _plain(line.text).replace(" ", "")  # reading sets Chinese apart from Latin letters: Ecode 编码
        label = next((label for label in _CODE_LABELS if text.startswith(label)), None)
        if label is None:
            continue
        value = re.sub(r"^[\s::号值]+", "", text[len(label) :])
        if not value and (beside := _beside(line, lines)) is not None:
            value = _plain(beside.text).strip()
        if re.fullmatch(r"[!-~*]{6,}", value.replace(" ", "")):
            return value.replace(" ", "")
    for line in lines:
        text = _plain(line.text).replace(" ", "")
        if re.match(r"\(01\)\d{14}\((?:10|21)\)", text) or re.search(
            r"/01/\d{14}/(?:10|21)/|/E=[0-9A-Za-z]{12,}", text
        ):
            return text
    return None


def _code(
    symbols: Sequence[Symbol], written: str | None, lines: Sequence[ocr.Line], expected: str | None
) -> tuple[str | None, Finding]:  # fmt: skip
    """C(2): the code that was looked up, and whether it is the one expected."""
    clause, required = "shot.code", "截图里看得到所查的追溯码（附录 C(2)，4.3.3）"
    read = [(symbol.text, identity_of(symbol.text, symbol.symbology)) for symbol in symbols]
    traces = [(text, own) for text, own in read if own.kind is not None]
    shown = traces[0][0] if traces else written
    measured = {"codes": len(read), "written": written or ""}
    if expected is None:
        if shown is not None:
            return shown, Finding(clause, PASS, measured, required, f"所查的追溯码：{shown}。", rows=("R32",))
        advice = "没有读到追溯码：请截取显示追溯码的查询结果页。"
        return None, Finding(clause, UNCLEAR, measured, required, advice, rows=("R6",))
    theirs = identity_of(expected)
    if any(compare_codes(own, theirs) is Sameness.SAME for _, own in read):
        return expected, Finding(clause, PASS, measured | {"by": "code"}, required, "截图里的码就是所提报的追溯码。")
    if _stands_written(theirs, expected, lines):
        return expected, Finding(clause, PASS, measured | {"by": "text"}, required, "页面上写着所提报的追溯码。")
    for text, own in traces:
        sameness = compare_codes(own, theirs)
        if sameness in {Sameness.OTHER_PRODUCT, Sameness.OTHER_BATCH, Sameness.OTHER_ITEM}:
            advice = f"截图里的码是 {text}，不是所提报的 {expected}：请查询所提报的追溯码后重新截图（附录 C(2)）。"
            return text, Finding(clause, FAIL, measured | {"by": "code"}, required, advice, rows=("R33",))
    if shown is not None:
        advice = f"读到“{shown}”，与所提报的 {expected} 对不上：请核对；若是没读清，请截取显示完整追溯码的页面。"
        return shown, Finding(clause, UNCLEAR, measured, required, advice, rows=("R6",))
    advice = f"没有读到所提报的追溯码 {expected}：请截取显示追溯码的查询结果页。"
    return None, Finding(clause, UNCLEAR, measured, required, advice, rows=("R6",))


def _stands_written(theirs: Identity, expected: str, lines: Sequence[ocr.Line]) -> bool:
    """Whether the page's text holds the code: whole (it may run over two lines), or product with batch and serial."""
    page = "".join(_letters(line.text) for line in lines)
    whole = {_letters(expected), _letters(theirs.canonical.removeprefix("ecode:"))}
    if any(len(code) >= 8 and code in page for code in whole):
        return True
    own = [theirs.parts[name] for name in ("batch", "serial") if theirs.parts.get(name)]
    values = [theirs.gtin[-13:] if theirs.gtin else "", *own]
    return bool(theirs.gtin and own) and all(_letters(value) in page for value in values)


def _letters(text: str) -> str:
    """Letters and digits only, as reading may confuse them."""
    return re.sub(r"[^0-9A-Z]", "", fields.fold(text))


# --- the page ---------------------------------------------------------------------------------------------------------


def _hosts(lines: Sequence[ocr.Line]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(
        host[1].lower() for line in lines for host in _HOST.finditer(_plain(line.text).replace(" ", ""))
    ))  # fmt: skip


def _page(lines: Sequence[ocr.Line], words: Sequence[str], pages: Sequence[str], joined: str) -> Finding:
    """4.3.3: a page that the public or a customer sees, with key information of the product on it."""
    clause, required = "shot.page", "公众端或客户端的查询结果页，显示产品关键信息（附录 C(2)，4.3.3）"
    trace = [word for word in words if word in _TRACE_WORDS]
    product = [word for word in words if word in _PRODUCT_WORDS]
    office = [word for word in _BACK_OFFICE if word in joined]
    measured = {"trace_words": trace, "product_words": product, "hosts": list(pages), "side": "unknown"}
    # A whole page may say of one part that it has no data; a page that holds little else was not found.
    if len(product) < 3 and (said := _NOT_FOUND.search(joined)) is not None:
        advice = f"页面显示“{said[0]}”，没有查到产品信息：请确认追溯码已启用、数据已上传后重新查询截图（4.3.3）。"
        return Finding(clause, FAIL, measured, required, advice)
    if len(office) >= 2:
        advice = f"像是管理后台的页面（{'、'.join(office[:3])}）：请用手机扫码，截取公众看到的查询结果页（附录 C(2)）。"
        return Finding(clause, UNCLEAR, measured | {"side": "back_office"}, required, advice, rows=("R39",))
    if trace and len(product) >= 2:
        host = f"，网址 {pages[0]}" if pages else ""
        advice = f"是追溯查询结果页（{'、'.join(product[:4])}{host}）。"
        return Finding(clause, PASS, measured | {"side": "public"}, required, advice)
    if len(lines) < 3:
        advice = "读到的文字太少：请截取完整的查询结果页，或发送原图。"
    else:
        advice = "看不出是追溯查询结果页：请截取带“追溯”“查询结果”和产品名称、型号、批次、生产企业的页面。"
    return Finding(clause, UNCLEAR, measured, required, advice, rows=("R6",))
