"""What a tender's papers say, against what was put on record: number, names, what is asked, who won (8.2(2), 8.5(1)).

Pure: the lines of the documents in, findings out. What is plainly another tender's fails; what was not read is unclear.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from standard.credit import announces_award, asks_for_result
from standard.materials import SealSeen
from standard.names import fold, number_stands_in, plain_number, same, stands_in
from standard.outcome import Finding, Outcome
from standard.profile import Edition

CLAUSE = "8.2(2)"
_NUMBERED = re.compile(r"(?:招标|采购|标书)(?:项目|文件)?编号:?([a-z0-9][a-z0-9\-_/.]{3,60})")
_WINNER = re.compile(r"(?:中标|成交|中选)(?:人|单位|供应商)(?:名称)?\s*:\s*([^\s,，。;；:]{4,60})")


@dataclass(frozen=True, slots=True)
class Stated:
    """What was put on record."""

    tender_number: str
    supplier: str
    supplier_uscc: str
    customer: str
    customer_uscc: str


@dataclass(frozen=True, slots=True)
class Paper:
    """All files of one kind read together: a document may come as photos of its pages."""

    title: str
    lines: tuple[str, ...]
    usccs: frozenset[str]
    seals: tuple[tuple[str, str], ...]
    """Of each file: what was seen of a seal, and the name on it."""


def paper_of(title: str, reports: Sequence[dict[str, Any]]) -> Paper:
    """The paper by the plain reports on its legible files."""
    return Paper(
        title,
        tuple(line for report in reports for line in report["text"]),
        frozenset(code for report in reports for code in report["uscc"]),
        tuple((report["seal"], report["seal_text"]) for report in reports),
    )


def tender_document(stated: Stated, paper: Paper, edition: Edition) -> list[Finding]:
    """The tender's number, who calls for it, and that the result is adopted."""
    return [_number(stated, paper), _customer(stated, paper), asks_for_result(paper.lines, edition)]


def award_notice(stated: Stated, paper: Paper, edition: Edition) -> list[Finding]:
    """That it awards this tender, of this customer, to this supplier."""
    return [
        announces_award(paper.lines, edition),
        _number(stated, paper),
        _customer(stated, paper),
        _winner(stated, paper),
    ]


def sealed_by_customer(stated: Stated, paper: Paper) -> Finding:
    """Of a notice that the supplier hands in by itself: whether it bears the customer's seal (8.2(2)). Whose another
    seal is (an agency's that called for it, or a third firm's that anybody had cut) a person finds out."""
    seen = [name for seal, name in paper.seals if seal in (SealSeen.SEAL_SEEN, SealSeen.SIGNATURE_VALID)]
    if any(same(name, stated.customer) for name in seen):
        return Finding(CLAUSE, Outcome.PASS, f"{paper.title}盖有采购方印章（8.2(2)）。")
    others = "、".join(f"“{name}”" for name in seen if name)
    saw = f"印章是{others}，不是采购方的" if others else "没有看清采购方的印章"
    reason = f"{paper.title}由企业自行上传，{saw}，由平台人工核实（8.2(2)，R6）。"
    return Finding(CLAUSE, Outcome.UNCLEAR, reason, ("R6",))


def _number(stated: Stated, paper: Paper) -> Finding:
    if number_stands_in(stated.tender_number, paper.lines):
        return Finding(CLAUSE, Outcome.PASS, f"{paper.title}上的招标编号与登记一致（8.2(2)）。")
    shown = [found for line in _labelled(paper) for found in _NUMBERED.findall(plain_number(line))]
    if shown:
        reason = (
            f"{paper.title}上的招标编号是 {shown[0].upper()}，登记的是 {stated.tender_number}："
            "请按文件更正后重新登记（8.2(2)）。"
        )
        return Finding(CLAUSE, Outcome.FAIL, reason, (), shown[0].upper(), stated.tender_number)
    reason = f"{paper.title}上没有读到招标编号 {stated.tender_number}，由平台人工核实（8.2(2)，R6）。"
    return Finding(CLAUSE, Outcome.UNCLEAR, reason, ("R6",))


def _customer(stated: Stated, paper: Paper) -> Finding:
    if _named(stated.customer, stated.customer_uscc, paper):
        return Finding(CLAUSE, Outcome.PASS, f"{paper.title}写明采购单位“{stated.customer}”（8.2(2)）。")
    reason = f"{paper.title}上没有读到采购单位“{stated.customer}”，由平台人工核实（8.2(2)，R6）。"
    return Finding(CLAUSE, Outcome.UNCLEAR, reason, ("R6",))


def _winner(stated: Stated, paper: Paper) -> Finding:
    """That the notice says so; a notice may name those who lost as well."""
    named = _named(stated.supplier, stated.supplier_uscc, paper)
    shown = [found for line in _labelled(paper) for found in _WINNER.findall(line) if fold(found)]
    if named and (not shown or any(_is_or_begins(stated.supplier, one) for one in shown)):
        return Finding(CLAUSE, Outcome.PASS, f"{paper.title}写明中标企业“{stated.supplier}”（8.2(2)）。")
    if named:
        both = f"{paper.title}上的中标企业是“{shown[0]}”，也写有“{stated.supplier}”"
        reason = f"{both}，由平台人工核实是谁中标（8.2(2)，R6）。"
        return Finding(CLAUSE, Outcome.UNCLEAR, reason, ("R6",), shown[0], stated.supplier)
    if shown:
        reason = f"{paper.title}上的中标企业是“{shown[0]}”，登记的是“{stated.supplier}”：不是这家企业的中标（8.2(2)）。"
        return Finding(CLAUSE, Outcome.FAIL, reason, (), shown[0], stated.supplier)
    reason = f"{paper.title}上没有读到中标企业“{stated.supplier}”，由平台人工核实（8.2(2)，R6）。"
    return Finding(CLAUSE, Outcome.UNCLEAR, reason, ("R6",))


def _is_or_begins(name: str, shown: str) -> bool:
    """Whether these words are the name, also where the line broke within it."""
    return stands_in(name, shown) or fold(name).startswith(fold(shown))


def _labelled(paper: Paper) -> list[str]:
    """The lines in half width, a label that stands alone with the line below it."""
    lines = [unicodedata.normalize("NFKC", line).strip() for line in paper.lines]
    return [one + other if one.endswith(":") else one for one, other in zip(lines, [*lines[1:], ""], strict=True)]


def _named(name: str, uscc: str, paper: Paper) -> bool:
    """By its name, in one line or over two, or by its credit code."""
    over_two = (one + other for one, other in zip(paper.lines, paper.lines[1:], strict=False))
    return uscc in paper.usccs or any(stands_in(name, line) for line in (*paper.lines, *over_two))
