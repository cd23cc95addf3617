"""Just enough of trace codes to choose the right one on a sheet and to compare its data; ``standard`` judges them."""

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

_HOSTS = {"iotroot.com": "Ecode", "chinatrace.org": "GS1", "2dcode.org": "GS1", "id.gs1.org": "GS1"}
_LENGTHS = {"01": 14, "11": 6, "12": 6, "13": 6, "15": 6, "16": 6, "17": 6, "02": 14, "20": 2, "00": 18}
"""Application identifiers of fixed length; what follows them needs no separator."""
_NAMES = {"10": "batch", "21": "serial", "11": "date", "240": "model"}
_PARAMETERS = {
    "batch": "batch", "lot": "batch", "batchno": "batch", "lotno": "batch", "pc": "batch", "pihao": "batch",
    "ser": "serial", "sn": "serial", "serial": "serial", "serialno": "serial",
    "model": "model", "spec": "model", "xh": "model",
    "date": "date", "mfg": "date", "mfd": "date", "scrq": "date", "productiondate": "date",
    "uscc": "uscc", "tyshxydm": "uscc",
}  # fmt: skip
_USCC = re.compile(r"(?<![0-9A-Z])[0-9A-HJ-NPQRTUWXY]{18}(?![0-9A-Z])")


@dataclass(frozen=True, slots=True)
class TraceCode:
    """``kind`` GS1, Ecode or None; ``parts`` what the code itself states: batch, serial, date, model, uscc."""

    kind: str | None
    parts: dict[str, str] = field(default_factory=dict)


def recognise(text: str) -> TraceCode:
    """Tell an allowed trace code by its host, path or element string, and take out what D.5.1 can compare."""
    stripped = text.strip().removeprefix("]d2").removeprefix("]Q3").removeprefix("]C1").strip("\x1d")
    url = urlsplit(stripped) if re.match(r"https?://", stripped, re.IGNORECASE) else None
    if url is not None:
        return _link(url.hostname or "", url.path, url.query)
    marked = text.startswith(("]d2", "]Q3", "]C1", "\x1d")) or "\x1d" in text
    if re.match(r"01\d{14}", stripped) or marked:
        return TraceCode("GS1", _named(_elements(stripped)))
    return TraceCode(None, _credit_code(stripped))


def _link(host: str, path: str, query: str) -> TraceCode:
    known = [kind for name, kind in _HOSTS.items() if host == name or host.endswith("." + name)]
    segments = [unquote(s) for s in path.split("/") if s]
    pairs: dict[str, str] = {}
    for index in range(len(segments) - 2, -1, -1):
        if segments[index] == "01" and re.fullmatch(r"\d{14}", segments[index + 1]):
            rest = segments[index:]
            pairs = dict(zip(rest[::2], rest[1::2], strict=False))
            break
    parts = _named(pairs)
    for key, value in parse_qsl(query):
        name = _NAMES.get(key) or _PARAMETERS.get(key.lower().replace("_", ""))
        if name and value:
            parts.setdefault(name, value)
    parts = {**_credit_code(unquote(path + "?" + query)), **parts}
    return TraceCode(known[0] if known else ("GS1" if pairs else None), parts)


def _elements(text: str) -> dict[str, str]:
    """Application identifiers of an element string, as far as they are understood."""
    pairs: dict[str, str] = {}
    rest = text
    while len(rest) > 2:
        if rest[0] == "\x1d":
            rest = rest[1:]
            continue
        identifier = rest[:3] if rest[:3] in {"240", "241", "250"} else rest[:2]
        rest = rest[len(identifier) :]
        if identifier in _LENGTHS:
            value, rest = rest[: _LENGTHS[identifier]], rest[_LENGTHS[identifier] :]
        else:
            value, _, rest = rest.partition("\x1d")
        pairs[identifier] = value
    return pairs


def _named(pairs: dict[str, str]) -> dict[str, str]:
    return {name: pairs[identifier] for identifier, name in _NAMES.items() if pairs.get(identifier)}


def _credit_code(text: str) -> dict[str, str]:
    """A unified social credit code is known by its own check character (GB 32100)."""
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    for found in _USCC.findall(text):
        total = sum(alphabet.index(c) * (3**i % 31) for i, c in enumerate(found[:17]))
        if alphabet[(31 - total % 31) % 31] == found[17]:
            return {"uscc": found}
    return {}
