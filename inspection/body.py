"""Photos of a product's body or smallest package: its trace code, its marking, and whether the certificate agrees.

Clauses 4.1.2 and 5 (产品本体赋码), 6 A-1, 7.2(2), Appendix A (赋码证明类 2). How the code is printed is for the
product's own rules (4.1.2): Appendix D is not judged here.
"""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from inspection import fields, ocr
from inspection.body_codes import read_surface
from inspection.engine import ENGINE
from inspection.fields import Stated
from inspection.geometry import quad, side_lengths
from inspection.identity import Identity, Level, Sameness, compare_codes, identity_of
from inspection.materials import BodyReport
from inspection.picture import Picture, decode
from inspection.products import product_by_code, product_by_model
from inspection.reading import Symbol
from inspection.report import Finding, ProductHint, Quad, Report, Verdict

PASS, FAIL, UNCLEAR = Verdict.PASS, Verdict.FAIL, Verdict.UNCLEAR

CLAUSES = ("body.code", "body.match", "body.text")
"""Every finding's clause, in the order of the report."""

_CROP = 3.0
"""Where a code is small in the picture, the text around it is looked at once more, within this many code sides."""
_SURE = 0.9
_LEAST_SIDE = 40
"""Pixels of a half-found code's side; smaller ones are texture as often as codes."""
_SHORTEST = 3
"""A batch or model of fewer characters stands in too many texts to be recognised without its label."""


def inspect_body(
    data: bytes, products: tuple[ProductHint, ...] = (), certificate: Report | None = None
) -> BodyReport:  # fmt: skip
    """Judge one photo; ``certificate`` is the report on the same product's certificate.

    Raises :class:`inspection.report.PictureRefused` where the bytes are no still picture. Without a certificate
    ``body.match`` stays unclear and does not count for the verdict.
    """
    start = time.perf_counter()
    cv2.setNumThreads(1)
    picture = decode(data)
    symbols, repairs = read_surface(picture.gray)
    symbols = [symbol for symbol in symbols if symbol.text or _plausible(symbol)]
    read_codes = time.perf_counter()
    symbol = _choose(symbols, products, certificate)
    identity = identity_of(symbol.text, symbol.symbology) if symbol is not None and symbol.text else None
    lines = _lines(picture, symbol)
    read_text = time.perf_counter()
    stated = fields.stated_fields(lines)
    product = product_by_code(symbol.text, products) if symbol is not None and symbol.text else None
    product = product or product_by_model((line.text for line in lines), products)
    seen = _Seen(
        symbol, identity, tuple(symbols), stated, tuple(lines), product, certificate, _judged(certificate),
        quad((symbol.corners + 0.5) * picture.scale - 0.5) if symbol is not None else None,
    )  # fmt: skip
    findings = (_code(seen), _match(seen), _text(seen))
    counted = [f.verdict for f in findings if certificate is not None or f.clause != "body.match"]
    verdict = FAIL if FAIL in counted else UNCLEAR if UNCLEAR in counted else PASS
    end = time.perf_counter()
    return BodyReport(
        verdict=verdict, product=product.key if product else None,
        codes=tuple(s.code(picture.scale) for s in _judged_first(symbols, symbol) if s.text),
        level=str(identity.level) if identity is not None and identity.level is not None else None, repairs=repairs,
        findings=findings, stated={name: value.value for name, value in stated.items()},
        text=tuple(line.text for line in lines), photo_px=picture.size, retake=_retake(findings),
        ms={
            "codes": round((read_codes - start) * 1000, 1), "text": round((read_text - read_codes) * 1000, 1),
            "total": round((end - start) * 1000, 1),
        },
        engine=ENGINE,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the photo shows, and what it is compared with."""

    symbol: Symbol | None
    identity: Identity | None
    symbols: tuple[Symbol, ...]
    stated: Mapping[str, Stated]
    lines: tuple[ocr.Line, ...]
    product: ProductHint | None
    certificate: Report | None
    theirs: Identity | None
    """What the certificate's code names."""
    where: Quad | None


def _judged(certificate: Report | None) -> Identity | None:
    if certificate is None or not certificate.codes:
        return None
    return identity_of(certificate.codes[0].text, certificate.codes[0].symbology)


def _choose(symbols: Sequence[Symbol], products: Sequence[ProductHint], certificate: Report | None) -> Symbol | None:
    """The code that the certificate or the product names, else the one that tells most (R33, R51), else any."""
    whole = [symbol for symbol in symbols if symbol.text]
    if not whole:
        return max(symbols, key=lambda symbol: symbol.area, default=None)
    theirs = _judged(certificate)
    close = {Sameness.SAME: 3, Sameness.BATCH: 2, Sameness.OTHER_ITEM: 1}

    def rank(symbol: Symbol) -> tuple[int, bool, int, float]:
        own = identity_of(symbol.text, symbol.symbology)
        near = close.get(compare_codes(own, theirs), 0) if theirs is not None else 0
        told = {Level.ITEM: 3, Level.BATCH: 2, None: 1 if own.kind else 0, Level.CLASS: 0}[own.level]
        return near, product_by_code(symbol.text, products) is not None, told, symbol.area

    return max(whole, key=rank)


def _judged_first(symbols: Sequence[Symbol], judged: Symbol | None) -> list[Symbol]:
    return sorted(symbols, key=lambda symbol: symbol is not judged)


# --- text -------------------------------------------------------------------------------------------------------------


def _lines(picture: Picture, symbol: Symbol | None) -> list[ocr.Line]:
    """The lines of text; where the code is small and nothing is labelled, those around it are read from closer."""
    lines = ocr.read_lines(picture.rgb)
    if symbol is None or fields.stated_fields(lines):
        return lines
    side = float(max(side_lengths(symbol.corners)))
    if side * 2 * _CROP > 0.7 * max(picture.gray.shape):
        return lines
    low = np.maximum(symbol.corners.mean(0) - _CROP * side, 0).astype(int)
    high = (symbol.corners.mean(0) + _CROP * side).astype(int)
    near = ocr.read_lines(np.ascontiguousarray(picture.rgb[low[1] : high[1], low[0] : high[0]]))
    known = {fields.fold(line.text) for line in lines}
    moved = [replace(line, corners=line.corners + low) for line in near]
    return [*lines, *(line for line in moved if fields.fold(line.text) not in known)]


def _stands(value: str, lines: Sequence[ocr.Line]) -> bool:
    """Whether a value stands somewhere in the text, as a word of its own."""
    wanted = fields.fold(value)
    if len(wanted) < _SHORTEST:
        return False
    spelt = r"\s*".join(map(re.escape, wanted))
    word = re.compile(rf"(?<![0-9A-Z]){spelt}(?![0-9A-Z])")
    return any(word.search(" ".join(map(fields.fold, line.text.split()))) for line in lines)


# --- findings ---------------------------------------------------------------------------------------------------------


def _code(seen: _Seen) -> Finding:
    """4.1.2, 5 产品本体赋码, R32, R33: a code of an allowed kind that tells batch or item."""
    clause, required = "body.code", "产品本体或最小销售包装上有唯一可识别的质量追溯码（4.1.2，5 产品本体赋码）"
    symbol, own = seen.symbol, seen.identity
    if symbol is None:
        advice = (
            "照片里没有找到码：请擦净码面，靠近、对准、避开反光重拍；圆柱面请让码正对镜头；若确实没有赋码，请先赋码。"
        )
        return Finding(clause, UNCLEAR, {}, required, advice, None, ("R6",))
    measured = {
        "symbology": symbol.symbology, "kind": (own.kind if own else None) or "unknown",
        "level": own.level if own else None,
    }  # fmt: skip
    if own is None:
        advice = "看得到码，但读不出内容：请靠近对焦、避开反光，让码面正对镜头重拍。"
        return Finding(clause, UNCLEAR, measured, required, advice, seen.where, ("R6",))
    if own.level is Level.CLASS:
        if any(_another(other, symbol) for other in seen.symbols):
            advice = f"只读到商品条码 {own.gtin}，旁边还有一个没读出的码：请对准追溯码靠近重拍（3.4，R33）。"
            return Finding(clause, UNCLEAR, measured, required, advice, seen.where, ("R33",))
        advice = (
            f"只有商品条码 {own.gtin}，它只标识产品种类，分不出批次或单件，不能作追溯码（3.4，R33）："
            "请在本体或最小包装上另赋含批次（10）或序列号（21）的追溯码，例如 GS1 二维码或 Ecode；"
            "若已有，请把它拍进照片。"
        )
        return Finding(clause, FAIL, measured, required, advice, seen.where, ("R32", "R33"))
    if own.kind is None and product_by_code(symbol.text, (seen.product,) if seen.product else ()) is None:
        advice = (
            "读到的码不是能识别的 GS1 或 Ecode 追溯码："
            "若它是本产品的追溯码，请先在产品资料里登记；否则请改用追溯码（R32）。"
        )
        return Finding(clause, UNCLEAR, measured, required, advice, seen.where, ("R32",))
    told = {Level.ITEM: "标识到单件", Level.BATCH: "标识到批次"}.get(own.level or Level.CLASS, "以平台登记为准")
    advice = f"读到追溯码（{own.kind or '登记产品的码'}，{told}）。"
    return Finding(clause, PASS, measured, required, advice, seen.where, ("R32", "R33"))


def _plausible(half: Symbol) -> bool:
    """Whether what was half found has the size and shape of a code: texture is taken for small ones everywhere."""
    sides = side_lengths(half.corners)
    return bool(min(sides) >= _LEAST_SIDE and max(sides) < 1.6 * min(sides))


def _another(half: Symbol, read: Symbol) -> bool:
    """Whether a half-found code is one beside the code that was read, and no part of it."""
    low, high = read.corners.min(0), read.corners.max(0)
    margin = 0.2 * (high - low)
    middle = half.corners.mean(0)
    return not half.text and not bool(((middle > low - margin) & (middle < high + margin)).all())


def _match(seen: _Seen) -> Finding:
    """6 A-1, 7.2(2), 5: certificate and body tell the same. Codes first, then what is written."""
    clause, required = "body.match", "合格证与产品本体的赋码信息一致（6 A级-1，7.2(2)，5 产品本体赋码）"

    def finding(verdict: Verdict, how: str, advice: str) -> Finding:
        return Finding(clause, verdict, {"by": how}, required, advice, seen.where, ("R33", "R30"))

    if seen.certificate is None:
        return finding(UNCLEAR, "none", "没有可对照的合格证：请同时提交同一产品、同一批次的合格证照片。")
    own, theirs = seen.identity, seen.theirs
    sameness = compare_codes(own, theirs) if own is not None and theirs is not None else Sameness.UNKNOWN
    if own is not None and theirs is not None:
        match sameness:
            case Sameness.SAME:
                return finding(PASS, "code", "本体与合格证是同一个追溯码。")
            case Sameness.BATCH:
                return finding(PASS, "batch", f"本体与合格证是同一产品、同一批次（{own.parts['batch']}）。")
            case Sameness.OTHER_PRODUCT:
                words = f"本体是 {own.gtin}，合格证是 {theirs.gtin}"
                return finding(FAIL, "gtin", f"两处的商品代码不同：{words}。请核对是不是同一产品（6 A级-1）。")
            case Sameness.OTHER_BATCH:
                words = f"本体是 {own.parts['batch']}，合格证是 {theirs.parts['batch']}"
                return finding(FAIL, "batch", f"两处的批次不同：{words}。请提交同一批次的合格证和本体（6 A级-1）。")
            case Sameness.OTHER_ITEM:
                words = f"本体是 {own.parts['serial']}，合格证是 {theirs.parts['serial']}"
                advice = f"批次一致，序列号不同：{words}。若应是同一件产品，请提交它自己的合格证和本体（R33）。"
                return finding(UNCLEAR, "serial", advice)
            case Sameness.PRODUCT | Sameness.UNKNOWN:
                pass
    return _match_by_text(seen, finding_of=finding)


def _match_by_text(seen: _Seen, finding_of: Callable[[Verdict, str, str], Finding]) -> Finding:
    """What stands on the body against the certificate's code and text. Two readings of print that differ may both be
    ours: only what a code says can refute what is written."""
    assert seen.certificate is not None
    code = dict(seen.theirs.parts) if seen.theirs is not None else {}
    own = dict(seen.identity.parts) if seen.identity is not None else {}
    against = fields.compare(seen.stated, code, {})
    if against.differ:
        pairs = "；".join(f"{title}：本体“{here}”，合格证的码“{there}”" for title, here, there in against.differ)
        return finding_of(FAIL, "text", f"本体标识与合格证不一致——{pairs}。请核对后更正（6 A级-1）。")
    for name in ("batch", "serial"):
        if own.get(name) and code.get(name) and fields.same_value(name, own[name], code[name]) is False:
            words = f"{fields.TITLES[name]}：本体“{own[name]}”，合格证“{code[name]}”"
            return finding_of(FAIL, name, f"两处的码不一致——{words}。请核对后更正（6 A级-1）。")
    certificate = _certificate_fields(seen.certificate)
    ours = {name: value.value for name, value in seen.stated.items()} | own
    theirs = certificate | code
    agree = [name for name in ours.keys() & theirs.keys() if fields.same_value(name, ours[name], theirs[name])]
    differ = [
        name for name in ours.keys() & theirs.keys() if fields.same_value(name, ours[name], theirs[name]) is False
    ]  # fmt: skip
    agree += [
        name for name in ("batch", "serial", "model")
        if name in theirs and name not in ours and _stands(theirs[name], seen.lines)
    ]  # fmt: skip
    if differ:
        pairs = "；".join(
            f"{fields.TITLES[name]}：本体“{ours[name]}”，合格证“{theirs[name]}”" for name in sorted(differ)
        )
        return finding_of(UNCLEAR, "text", f"读到的文字不同——{pairs}。请核对；若是没拍清楚，请靠近重拍。")
    if {"batch", "serial"} & set(agree):
        titles = "、".join(fields.TITLES[name] for name in fields.TITLES if name in agree)
        return finding_of(PASS, "text", f"本体标识与合格证一致：{titles}。")
    if agree:
        titles = "、".join(fields.TITLES[name] for name in fields.TITLES if name in agree)
        return finding_of(UNCLEAR, "text", f"{titles}一致，但没有核对到批次或编号：请把本体上的批次拍清楚。")
    advice = "没有可比对的内容：请把本体上的追溯码和型号、批次拍清楚，并提交同一批次的合格证。"
    return finding_of(UNCLEAR, "none", advice)


def _certificate_fields(certificate: Report) -> dict[str, str]:
    """What the certificate states, from its lines of text; a label without a value takes the next line's."""
    lines = []
    for index, text in enumerate(certificate.text):
        top = 100.0 * index
        lines.append(ocr.Line(text, _SURE, _box(0.0, top)))
        if index + 1 < len(certificate.text) and not re.search(r"[::]", certificate.text[index + 1]):
            lines.append(ocr.Line(certificate.text[index + 1], _SURE, _box(200.0, top)))
    return {name: value.value for name, value in fields.stated_fields(lines).items()}


def _box(left: float, top: float) -> NDArray[np.float64]:
    return np.array([[left, top], [left + 100, top], [left + 100, top + 20], [left, top + 20]], np.float64)


def _text(seen: _Seen) -> Finding:
    """Appendix A 赋码证明类 2: the photo shows the body's own marking, and it is not another product's (5)."""
    clause, required = "body.text", "照片清晰显示产品本体标识，如型号、批次（附录 A 赋码证明类 2，5 产品本体赋码）"
    code = seen.identity.parts if seen.identity is not None else {}
    record = seen.product.record if seen.product is not None else {}
    agreement = fields.compare(seen.stated, code, record)
    measured = {"stated": sorted(seen.stated), "agree": list(agreement.agree), "lines": len(seen.lines)}
    if agreement.differ:
        pairs = "；".join(f"{title}：本体“{here}”，追溯信息“{there}”" for title, here, there in agreement.differ)
        advice = f"本体标识与追溯信息不一致——{pairs}。请核对后更正（5 产品本体赋码）。"
        return Finding(clause, FAIL, measured, required, advice, None, ("R30",))
    known = [name for name in ("name", "model", "batch", "serial", "date", "firm") if name in seen.stated]
    for name, value in (*code.items(), ("model", seen.product.model if seen.product is not None else "")):
        if name not in known and name in fields.TITLES and value and _stands(value, seen.lines):
            known.append(name)
    if known:
        titles = "、".join(fields.TITLES[name] for name in fields.TITLES if name in known)
        return Finding(clause, PASS, measured, required, f"读到本体标识：{titles}。", None, ("R30",))
    sure = [line.text for line in seen.lines if line.score > _SURE and len(line.text) >= _SHORTEST]
    if sure:
        words = "、".join(sure[:3])
        advice = f"读到“{words}”，认不出其中的型号或批次：请把型号、批次拍清楚，或在产品资料里登记型号。"
        return Finding(clause, UNCLEAR, measured, required, advice, None, ("R6",))
    advice = "没有读到本体上的文字：请靠近、避开反光，把型号、批次等标识和追溯码拍在同一张照片里。"
    return Finding(clause, UNCLEAR, measured, required, advice, None, ("R6",))


def _retake(findings: Sequence[Finding]) -> str | None:
    """The one thing to photograph differently, where a finding stayed unclear for want of a better photo."""
    for finding in findings:
        if finding.verdict is UNCLEAR and finding.clause != "body.match" and "拍" in finding.advice:
            return finding.advice.split("：")[-1]
    return None
