"""Just enough of trace codes to choose the right one on a sheet and to compare its data; ``standard`` judges them.

Clause 3.4 (R32, R33): GS1 codes and Ecode. Recognised are GS1 element strings (GB/T 16986), Digital Link addresses on
any host, the addresses of GB/T 33993 and Ecode (GB/T 31866). What a code states itself is what D.5.1 (R30) can compare
and what D.5.2 (R50) can be shown to hold; compressed links and further kinds are left to ``standard``.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from urllib.parse import SplitResult, unquote, unquote_plus, urlsplit

from inspection.fields import credit_check

GS1, ECODE = "GS1", "Ecode"

_HOSTS = {"iotroot.com": ECODE, "chinatrace.org": GS1, "2dcode.org": GS1, "id.gs1.org": GS1}
"""Hosts of platforms, themselves and all below them; compared as hosts, never as text that occurs somewhere."""
_FIXED = {
    "00": 18, "01": 14, "02": 14, "03": 14, "04": 16, "11": 6, "12": 6, "13": 6, "14": 6, "15": 6, "16": 6, "17": 6,
    "18": 6, "19": 6, "20": 2, "31": 6, "32": 6, "33": 6, "34": 6, "35": 6, "36": 6, "41": 13,
}  # fmt: skip
"""Length of the value behind identifiers that begin so and need no separator (GS1 General Specifications 7.8.5)."""
_THREE, _FOUR = re.compile(r"2[345]|4[012]|71"), re.compile(r"3[1-69]|43|7[02]|8[012]")
"""Beginnings of application identifiers of three and four digits; the others have two."""
_IDENTIFIERS = {
    "01": "gtin", "10": "batch", "21": "serial", "11": "date", "8008": "date", "240": "model", "8200": "address",
}  # fmt: skip
_NAMES = {
    "gtin": "gtin",
    "batch": "batch", "bat": "batch", "lot": "batch", "batchno": "batch", "batchnum": "batch", "batchcode": "batch",
    "lotno": "batch", "pihao": "batch", "scph": "batch", "scpc": "batch", "pch": "batch", "pc": "batch",
    "ser": "serial", "sn": "serial", "serial": "serial", "serialno": "serial", "serialnumber": "serial",
    "xlh": "serial",
    "model": "model", "spec": "model", "xh": "model", "ggxh": "model", "cpxh": "model", "productmodel": "model",
    "date": "date", "mfg": "date", "mfd": "date", "scrq": "date", "productiondate": "date", "producedate": "date",
    "manufacturedate": "date", "mfgdate": "date",
    "productname": "name", "cpmc": "name", "pname": "name",
    "firm": "firm", "company": "firm", "manufacturer": "firm", "qymc": "firm", "scqy": "firm", "companyname": "firm",
    "uscc": "uscc", "tyshxydm": "uscc", "creditcode": "uscc", "xydm": "uscc",
    "result": "inspection", "inspection": "inspection", "jyjl": "inspection", "jyjg": "inspection", "qc": "inspection",
}  # fmt: skip
"""Parameter names seen in makers' own addresses, in small letters and without underscores."""
_USCC = re.compile(r"(?<![0-9A-Z])[0-9A-HJ-NPQRTUWXY]{18}(?![0-9A-Z])")
_ECODE_IN_LINK = re.compile(r"(?:^|[/?&])E=([^&#/]+)")
_ECODE_MARK = re.compile(r"\??E=([0-9A-Za-z.]+)")
_ECODE_BARE = re.compile(r"1\d{24}|2\d{32}|3[0-9A-Za-z]{44}", re.ASCII)
"""An unmarked Ecode is believed at its full length only (V + NSI + MD of the 2015 table)."""
_BRACKET = re.compile(r"\((\d{2,4})\)", re.ASCII)
_GS = "\x1d"


@dataclass(frozen=True, slots=True)
class TraceCode:
    """``kind`` GS1, Ecode or None; ``parts`` what the code itself states: gtin, batch, serial, date, model, name, firm,
    uscc, inspection; ``link`` the address that it opens, None where it is none; ``platform`` whether that address is
    one of the trace platforms known by host."""

    kind: str | None
    parts: dict[str, str] = field(default_factory=dict)
    link: str | None = None
    platform: bool = False


def recognise(text: str) -> TraceCode:
    """Tell an allowed trace code by its host, path or element string, and take out what it states; never raises."""
    body = text.strip(" \t\r\n\ufeff\u200b\u3000")
    marked = body.startswith(("]d2", "]Q3", "]C1", "]e0", "]J1", _GS))
    body = re.sub(r"^\][A-Za-z]\d", "", body).strip(_GS)
    if re.match(r"https?://", body, re.IGNORECASE):
        return _address(body)
    if _BRACKET.match(body):
        return _element_string(dict(_bracketed(body)))
    if marked or _GS in body or (re.match(r"01\d{14}", body, re.ASCII) and gtin_check(body[2:16])):
        return _element_string(dict(_elements(body)))
    if re.fullmatch(r"\d{13,14}", body, re.ASCII) and gtin_check(body):
        return TraceCode(GS1, {"gtin": body.zfill(14)})
    if (found := _ECODE_MARK.fullmatch(body)) is not None or _ECODE_BARE.fullmatch(body):
        return TraceCode(ECODE, {"ecode": found[1] if found else body})
    return TraceCode(None, _credit_code(body))


def gtin_check(digits: str) -> bool:
    """Whether 8, 12, 13 or 14 digits end in their check digit (GB 12904)."""
    if not re.fullmatch(r"\d{8}|\d{12,14}", digits, re.ASCII):
        return False
    total = sum(int(d) * (3 if i % 2 == 0 else 1) for i, d in enumerate(reversed(digits[:-1])))
    return (10 - total % 10) % 10 == int(digits[-1])


# --- addresses --------------------------------------------------------------------------------------------------------


def _address(text: str) -> TraceCode:
    try:
        url = urlsplit(text)
        host = _host(url)
    except ValueError:  # brackets that hold no IPv6 address
        return TraceCode(None)
    platform = next((kind for name, kind in _HOSTS.items() if host == name or host.endswith("." + name)), None)
    parts = _digital_link(url)
    gs1 = bool(parts)
    for name, value in _named_values(url, identifiers=gs1):
        parts.setdefault(name, value)
    gs1 = gs1 or _maker(parts)
    parts = {**_credit_code(unquote(f"{url.path}?{url.query}")), **parts}
    link = text if host else None
    if platform is not None and (ecode := _ecode_in(url)) is not None:
        return TraceCode(ECODE, {"ecode": ecode, **parts}, link, platform=True)
    if platform == ECODE:
        return TraceCode(None, parts, link)  # the platform's own pages are no codes
    if platform == GS1 and not gs1 and not (url.path.strip("/") or url.query):
        return TraceCode(None, parts, link)
    return TraceCode(GS1 if gs1 or platform else None, parts, link, platform is not None)


def _host(url: SplitResult) -> str:
    """The host in small letters; empty where a user name or a backslash stands before it (iotroot.com@evil.example)."""
    return "" if re.search(r"[@\\\s]", url.netloc) else (url.hostname or "").rstrip(".")


def _digital_link(url: SplitResult) -> dict[str, str]:
    """A GS1 Digital Link on any host: the rightmost ``/01/<GTIN>`` and the pairs behind it."""
    segments = [unquote(segment) for segment in url.path.split("/")]
    for index in range(len(segments) - 2, -1, -1):
        if segments[index] == "01" and gtin_check(segments[index + 1]):
            pairs = dict(zip(segments[index::2], segments[index + 1 :: 2], strict=False))
            parts = _stated({**pairs, "01": segments[index + 1].zfill(14)})
            parts.pop("address", None)
            return parts
    return {}


def _named_values(url: SplitResult, *, identifiers: bool) -> Iterator[tuple[str, str]]:
    """What an address states by parameter names, and by application identifiers where it is a Digital Link."""
    pairs = list(pairwise([unquote(segment) for segment in url.path.split("/")[1:]]))
    for pair in url.query.split("&"):
        key, _, value = pair.partition("=")
        pairs.append((unquote(key), unquote_plus(value)))
    for key, value in pairs:
        name = _NAMES.get(re.sub(r"[_-]", "", key.lower())) or (_IDENTIFIERS.get(key) if identifiers else None)
        if name and value and value not in _NAMES:
            yield name, value


def _maker(parts: dict[str, str]) -> bool:
    """GB/T 33993, a maker's own address: a GTIN under its name. One that fails its check is none."""
    gtin = parts.get("gtin")
    if gtin is None:
        return False
    if not gtin_check(gtin):
        del parts["gtin"]
        return False
    parts["gtin"] = gtin.zfill(14)
    return True


def _ecode_in(url: SplitResult) -> str | None:
    """What follows ``E=`` in the last segment or the query, decoded once."""
    for part in (url.path.rpartition("/")[2], url.query):
        if found := _ECODE_IN_LINK.search(part) or _ECODE_IN_LINK.search(unquote(part)):
            return unquote(found[1])
    return None


# --- element strings --------------------------------------------------------------------------------------------------


def _element_string(pairs: dict[str, str]) -> TraceCode:
    parts = _stated(pairs)
    link = parts.pop("address", None)
    return TraceCode(GS1 if pairs else None, parts, link)


def _stated(pairs: dict[str, str]) -> dict[str, str]:
    parts = {name: pairs[identifier] for identifier, name in _IDENTIFIERS.items() if pairs.get(identifier)}
    if "date" in parts:
        parts["date"] = parts["date"][:6]  # (8008) goes on with hours and minutes
    return parts


def _elements(text: str) -> Iterator[tuple[str, str]]:
    """Application identifiers and values as scanned, FNC1 as ASCII 29."""
    rest = text
    while rest:
        if rest[0] == _GS:
            rest = rest[1:]
            continue
        digits = 4 if _FOUR.match(rest) else 3 if _THREE.match(rest) else 2
        identifier, rest = rest[:digits], rest[digits:]
        if not identifier.isdigit() or not rest:
            return
        length = _FIXED.get(identifier[:2])
        value, gap, after = rest.partition(_GS)
        if length is not None and len(value) > length:
            value, gap, after = rest[:length], "", rest[length:]
        yield identifier, value
        rest = gap + after


def _bracketed(text: str) -> Iterator[tuple[str, str]]:
    """The same as printed, identifiers in brackets."""
    marks = list(_BRACKET.finditer(text))
    for mark, end in zip(marks, [*(m.start() for m in marks[1:]), len(text)], strict=True):
        yield mark[1], text[mark.end() : end].strip(_GS + " ")


def _credit_code(text: str) -> dict[str, str]:
    """A unified social credit code is known by its own check character (GB 32100)."""
    return next(({"uscc": found} for found in _USCC.findall(text) if credit_check(found)), {})


# --- D.5.2 ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Offer:
    """D.5.2: which of the four kinds of information the code holds itself, and what only its platform can show.

    ``complete``: all four stand in the code. ``advice`` is the Chinese sentence for the finding, ``measured`` its plain
    data.
    """

    complete: bool
    held: tuple[str, ...]
    missing: tuple[str, ...]
    advice: str
    measured: dict[str, object]


_GROUPS = {
    "产品信息": ("gtin", "model", "name"),
    "生产信息": ("batch", "serial", "date", "firm", "uscc"),
    "检验信息": ("inspection",),
}
_WORDS = {
    "gtin": "商品条码", "model": "型号", "name": "产品名称", "batch": "批次", "serial": "序列号", "date": "生产日期",
    "firm": "生产企业", "uscc": "信用代码", "inspection": "检验结果",
}  # fmt: skip


def offers(trace: TraceCode) -> Offer:
    """D.5.2 (R50): what the code's own data and its address offer. A photo cannot see behind the address, so the
    finding stays unclear unless the code carries everything itself."""
    held = {
        group: "、".join(_WORDS[name] for name in names if trace.parts.get(name)) for group, names in _GROUPS.items()
    }
    stands = [f"{group}（{words}）" for group, words in held.items() if words]
    missing = [group for group, words in held.items() if not words]
    if trace.link is not None:
        stands.append(f"{'追溯平台' if trace.platform else ''}查询链接（{_shown(trace.link)}）")
    else:
        missing.append("追溯平台查询链接")
    complete = not missing
    own = f"码本身含{'、'.join(stands)}" if stands else "码本身不含可识别的追溯信息"
    if complete:
        advice = f"{own}。"
    elif trace.link is not None:
        advice = f"{own}；{'、'.join(missing)}要打开链接才能看到，照片不能判定：以追溯平台的数据或企业申报的记录为准。"
    else:
        advice = (
            f"{own}；缺少{'、'.join(missing)}。若由扫码程序查询平台，请在产品资料里登记查询网址；"
            "照片不能判定，以平台数据或申报记录为准。"
        )
    measured = {"holds": [name for name in _WORDS if trace.parts.get(name)], "link": trace.link is not None}
    return Offer(complete, tuple(stands), tuple(missing), advice, measured)


def _shown(link: str) -> str:
    """The host, as people know an address; shortened where it is long."""
    host = urlsplit(link).hostname or link
    return host if len(host) <= 40 else host[:39] + "…"
