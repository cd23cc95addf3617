"""GS1 Digital Link, uncompressed: identifiers and values in the path, further data in the query."""

import re
from urllib.parse import unquote

from standard.citation import cites
from standard.codes.ai import identifiers, keys
from standard.codes.checks import is_digits
from standard.codes.compressed import NotCompressed, decompress
from standard.codes.gs1 import GTIN, add, finish
from standard.codes.gtin import LENGTHS
from standard.codes.rules import Rules
from standard.codes.tracecode import Draft, Kind
from standard.codes.weblink import WebLink

_SCHEMES = frozenset({"http", "https", "HTTP", "HTTPS"})
_NOT_URI = re.compile(r"[^A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]")
_NOT_HOST = re.compile(r"[_~?#@!$&'()*+,;=%]")
_SEGMENT = re.compile(r"[A-Za-z0-9_-]+")
_SHORTEST_COMPRESSED = 8


@cites("3.4", rows=("R32", "R33"))
def read_digital_link(link: WebLink, rules: Rules) -> Draft | None:
    """A Digital Link, whole, partly or not compressed; None where the link is none."""
    segments = link.path.split("/")[1:]
    at = _key_at(segments, len(segments))
    if at is None:
        return (
            _partly_compressed(link, segments, rules) or _ends_in_slash(segments) or _compressed(link, segments, rules)
        )
    draft = Draft(Kind.GS1_DIGITAL_LINK, form="未压缩")
    _address(draft, link)
    key, *qualifiers = segments[at::2]
    for ai, value in zip(segments[at::2], segments[at + 1 :: 2], strict=True):
        if ai in draft.parts:
            draft.problems.append(f"{identifiers()[ai].label}在路径里出现两次")
        add(draft, ai, _decoded(value, ai, rules))
    sequence = tuple(qualifiers)
    if sequence and not draft.problems and sequence not in _sequences(key):
        draft.problems.append(f"（{key}）之后的限定符顺序或组合不对：{'、'.join(f'（{ai}）' for ai in sequence)}")
    if link.query:
        _query(draft, link.query, key, sequence, rules)
    return finish(draft, rules)


def _key_at(segments: list[str], end: int) -> int | None:
    """Where the rightmost key stands, walking in pairs from the right; names that are no numbers end the walk."""
    known = keys()
    for at in range(end - 2, -1, -2):
        ai = segments[at]
        if ai in known:
            return at if _plausible(ai, segments[at + 1]) else None
        if not 2 <= len(ai) <= 4 or not is_digits(ai):
            return None
    return None


def _plausible(ai: str, value: str) -> bool:
    """Whether this could be meant as a key's value: ``/01/…`` stands in many an ordinary address."""
    needed = min(8, identifiers()[ai].parts[0].longest) if identifiers()[ai].parts[0].fixed else 4
    return is_digits(value[:needed]) and len(value) >= needed


def _address(draft: Draft, link: WebLink) -> None:
    if link.scheme not in _SCHEMES:
        draft.problems.append(f"协议应写成 https 或 HTTPS，不能写成 {link.scheme}")
    if not link.authority or _NOT_HOST.search(link.authority):
        draft.problems.append("域名里有不允许的字符")
    if not link.text.isascii() or _NOT_URI.search(link.text):
        draft.problems.append("网址里有不允许的字符，应写成 %XX")


def _decoded(value: str, ai: str, rules: Rules, *, in_query: bool = False) -> str:
    if in_query and "+" in value:
        value = value.replace("+", " ")
    if "%" in value:
        value = unquote(value)
    if ai == GTIN and rules.pad_short_gtin and len(value) in LENGTHS and is_digits(value):
        return value.zfill(14)
    return value


def _sequences(key: str) -> frozenset[tuple[str, ...]]:
    return identifiers()[key].sequences or frozenset()


def _query(draft: Draft, query: str, key: str, sequence: tuple[str, ...], rules: Rules) -> None:
    """Data beside the key. Names that are no numbers belong to the resolver or the maker and are left alone."""
    for pair in query.split("&"):
        ai, equals, value = pair.partition("=")
        if not equals or not is_digits(ai):
            continue
        identifier = identifiers().get(ai)
        if identifier is None:
            draft.problems.append(f"没有应用标识符（{ai}）")
        elif ai in draft.parts:
            draft.problems.append(f"{identifier.label}出现两次")
        elif not identifier.attribute or _belongs_in_path(ai, key, sequence):
            draft.problems.append(f"{identifier.label}不能写在“?”之后，应写在路径里")
        else:
            add(draft, ai, _decoded(value, ai, rules, in_query=True))


def _belongs_in_path(ai: str, key: str, sequence: tuple[str, ...]) -> bool:
    valid = _sequences(key)
    return any((*sequence[:at], ai, *sequence[at:]) in valid for at in range(len(sequence) + 1))


def _ends_in_slash(segments: list[str]) -> Draft | None:
    if not segments or segments[-1] or _key_at(segments, len(segments) - 1) is None:
        return None
    return Draft(Kind.GS1_DIGITAL_LINK, form="未压缩", problems=["路径末尾多了一个“/”"])


def _partly_compressed(link: WebLink, segments: list[str], rules: Rules) -> Draft | None:
    """``/01/06901234567892/IUarwSM``: the key in clear, the rest compressed."""
    if len(segments) < 3 or not segments[-1] or _key_at(segments, len(segments) - 1) != len(segments) - 3:
        return None
    draft = Draft(Kind.GS1_DIGITAL_LINK, form="部分压缩")
    _address(draft, link)
    key, value, packed = segments[-3:]
    add(draft, key, _decoded(value, key, rules))
    try:
        unpacked = decompress(packed)
    except NotCompressed:
        draft.problems.append(f"路径末段“{packed[:20]}”既不成对，也不是压缩数据")
        return draft
    return _unpacked(draft, unpacked, link, rules)


def _compressed(link: WebLink, segments: list[str], rules: Rules) -> Draft | None:
    """A last segment that decompresses into a sound key: nothing else tells it from an ordinary address."""
    if not segments or len(segments[-1]) < _SHORTEST_COMPRESSED or not _SEGMENT.fullmatch(segments[-1]):
        return None
    try:
        unpacked = decompress(segments[-1])
    except NotCompressed:
        return None
    if not any(ai in keys() and identifiers()[ai].problem(value) is None for ai, value in unpacked.items()):
        return None
    draft = Draft(Kind.GS1_DIGITAL_LINK, form="压缩")
    _address(draft, link)
    if rules.host_kind(link.host) is not Kind.GS1_DIGITAL_LINK:
        # About one in ten thousand random segments would pass; what was unpacked should agree with the print.
        draft.warnings.append("内容由网址末段解压得到，请与印刷文字核对")
    return _unpacked(draft, unpacked, link, rules)


def _unpacked(draft: Draft, unpacked: dict[str, str], link: WebLink, rules: Rules) -> Draft:
    for ai, value in unpacked.items():
        # A name that is no number is a parameter of the maker's own, packed along with the rest.
        if is_digits(ai):
            add(draft, ai, value)
    key = next((ai for ai in draft.parts if ai in keys()), None)
    if key is None:
        draft.problems.append("压缩数据里没有标识代码")
        return draft
    for pair in link.query.split("&"):
        ai, equals, value = pair.partition("=")
        if equals and is_digits(ai):
            add(draft, ai, _decoded(value, ai, rules, in_query=True))
    return finish(draft, rules)
