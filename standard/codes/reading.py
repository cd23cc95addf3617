"""One text in, one trace code out: which kind it is, in the order in which kinds can be told apart."""

import re
import unicodedata

from standard.citation import cites
from standard.codes.ecode import is_full_length, marked, read_ecode
from standard.codes.elements import BRACKETED, PLAIN, SEPARATOR, read_element_string
from standard.codes.gtin import LENGTHS, read_gtin
from standard.codes.links import read_link
from standard.codes.named import read_named
from standard.codes.rules import Rules, rules_of
from standard.codes.tracecode import Draft, Kind, TraceCode
from standard.codes.weblink import web_link
from standard.outcome import Finding, Outcome
from standard.profile import Edition

CLAUSE = "3.4"
_SYMBOLOGY = re.compile(r"\][A-Za-z][0-9A-Za-z]")
_GS1_SYMBOLOGIES = frozenset({"]Q3", "]d2", "]C1", "]e0", "]J1"})
"""QR, Data Matrix, Code 128, DataBar and DotCode with FNC1 in front: what follows is an element string."""
_UPC_E = "UPCE"
_AROUND = " \t\r\n\ufeff\u200b\u3000"
_SPACED_DIGITS = re.compile(r"[0-9][0-9 ]*[0-9]")
_LONGEST = 7089  # digits of the largest QR code; no barcode holds more
_SHOWN = 40


@cites("3.4", rows=("R32", "R33"))
def read(text: str, *, edition: Edition, symbology: str | None = None, raw: bytes | None = None) -> TraceCode:
    """Read a trace code as scanned or typed; never raises, whatever the text.

    ``symbology``: as the reader calls it (``QRCode``, ``EAN_13``, ``]d2``), where known. ``raw``: the symbol's bytes;
    they are asked where the reader dropped the separators of an element string from its text.
    """
    rules = rules_of(edition)
    identifier, scanned, body = _unwrap(text, rules)
    symbology = identifier or symbology or scanned
    if raw is not None and b"\x1d" in raw and SEPARATOR not in body:
        recovered = raw.decode("latin-1")
        if recovered.replace(SEPARATOR, "").endswith(body):
            body = _unwrap(recovered, rules)[2]
    draft = _draft(body, symbology, rules)
    valid = not draft.problems
    return TraceCode(
        draft.kind,
        text,
        draft.parts,
        valid,
        () if valid else tuple(_finding(draft.kind, problem) for problem in draft.problems),
        tuple(draft.warnings),
        draft.kind in rules.allowed,
        draft.level,
        draft.canonical if valid else None,
        draft.resolves_to if valid else None,
        draft.form,
        draft.closed,
        draft.company_prefix,
        symbology,
        raw,
        rules.stamp,
    )


def _unwrap(text: str, rules: Rules) -> tuple[str | None, str | None, str]:
    """Symbology identifier (``]Q3``), a phone's prefix (``EAN_13,``) and the text itself."""
    body = text.strip(_AROUND)
    scanned = None
    head, comma, rest = body.partition(",")
    # Only at the first comma and only after a known name: a comma may well belong to the code.
    if comma and head in rules.scan_prefixes:
        scanned, body = head, rest.strip(_AROUND)
    if _SYMBOLOGY.match(body):
        return body[:3], scanned, body[3:]
    return None, scanned, body


def _draft(body: str, symbology: str | None, rules: Rules) -> Draft:
    if not body:
        return Draft(Kind.UNKNOWN, problems=["没有内容"])
    if len(body) > _LONGEST:
        return Draft(Kind.UNKNOWN, problems=[f"内容有 {len(body)} 个字符，超过任何条码的容量"])
    if symbology in _GS1_SYMBOLOGIES or body.startswith(SEPARATOR):
        return read_element_string(body, rules)
    if (link := web_link(body)) is not None:
        return read_link(link, rules)
    if not body.isascii():
        body = unicodedata.normalize("NFKC", body)
    digits = body.replace(" ", "") if _SPACED_DIGITS.fullmatch(body) else ""
    if len(digits) in LENGTHS:
        return read_gtin(digits, rules, upc_e=_plain_name(symbology) == _UPC_E)
    if BRACKETED.match(body) or PLAIN.match(body) or SEPARATOR in body:
        return read_element_string(body, rules)
    if (named := read_named(body, rules)) is not None:
        return named
    if (code := marked(body, rules)) is not None:
        return read_ecode(code, rules)
    if is_full_length(body, rules):
        draft = read_ecode(body, rules)
        draft.warnings.append("没有 Ecode 标记，按版本和长度认作 Ecode")
        return draft
    return _unknown(body, digits)


def _unknown(body: str, digits: str) -> Draft:
    if digits:
        return Draft(Kind.UNKNOWN, problems=[f"{len(digits)} 位数字不是商品条码：商品条码为 8、12、13 或 14 位"])
    shown = body if len(body) <= _SHOWN else body[:_SHOWN] + "…"
    return Draft(Kind.UNKNOWN, problems=[f"认不出这是哪种追溯码：{shown}"])


def _plain_name(symbology: str | None) -> str:
    return re.sub(r"[-_ ]", "", symbology or "").upper()


def _finding(kind: Kind, problem: str) -> Finding:
    rows = ("R32",) if kind in {Kind.UNKNOWN, Kind.LINK} else ()
    return Finding(CLAUSE, Outcome.FAIL, problem, rows, have=kind.label)
