"""GS1 element strings (GB/T 16986): as scanned, with FNC1 as ASCII 29, or as printed, with identifiers in brackets."""

import re

from standard.citation import cites
from standard.codes.ai import identifiers, number_lengths
from standard.codes.gs1 import GTIN, add, finish
from standard.codes.rules import Rules
from standard.codes.tracecode import Draft, Kind

SEPARATOR = "\x1d"
BRACKETED = re.compile(r"\(\d{2,4}\)", re.ASCII)
PLAIN = re.compile(r"01\d{14}", re.ASCII)
_BRACKET = re.compile(r"(?<!\\)\((\d{2,4})\)", re.ASCII)


@cites("3.4", rows=("R32", "R33"))
def read_element_string(text: str, rules: Rules) -> Draft:
    """An element string without its symbology identifier."""
    draft = Draft(Kind.GS1_ELEMENT_STRING, form="应用标识符单元数据串")
    if BRACKETED.match(text):
        _bracketed(draft, text)
    else:
        _scanned(draft, text)
    if not draft.parts and not draft.problems:
        draft.problems.append("没有任何应用标识符")
    finish(draft, rules)
    _national_form(draft, rules)
    return draft


def _bracketed(draft: Draft, text: str) -> None:
    """A bracket that holds no known identifier, or stands behind a backslash, is part of the value before it."""
    known = identifiers()
    marks = [mark for mark in _BRACKET.finditer(text) if mark[1] in known]
    if not marks or marks[0].start():
        draft.problems.append(f"没有应用标识符{text[: text.find(')') + 1]}")
        return
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    for mark, end in zip(marks, ends, strict=True):
        add(draft, mark[1], text[mark.end() : end].replace("\\(", "(").rstrip(SEPARATOR + " "))


def _scanned(draft: Draft, text: str) -> None:
    table, lengths = identifiers(), number_lengths()
    at = 0
    while at < len(text):
        if text[at] == SEPARATOR:
            at += 1
            continue
        ai = text[at : at + lengths.get(text[at : at + 2], 2)]
        identifier = table.get(ai)
        if identifier is None:
            draft.problems.append(f"第 {at + 1} 个字符起读不出应用标识符：{text[at : at + 4]}")
            return
        at += len(ai)
        end = text.find(SEPARATOR, at)
        end = len(text) if end < 0 else end
        if identifier.length is not None:
            end = min(end, at + identifier.length)
        add(draft, ai, text[at:end])
        at = end


def _national_form(draft: Draft, rules: Rules) -> None:
    """GB/T 33993 asks a little more of the same string: GTIN first, and no separators of links in batch and serial."""
    if draft.problems or next(iter(draft.parts)) != GTIN:
        return
    draft.form = "编码数据结构（GB/T 33993）"
    for ai in ("10", "21"):
        if found := [c for c in rules.batch_forbidden if c in draft.parts.get(ai, "")]:
            draft.warnings.append(f"{identifiers()[ai].label}含 {' '.join(found)}：GB/T 33993 不允许")
