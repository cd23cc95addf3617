"""Codes that only their platform explains: the number tells no batch or serial, its look-up page does (3.4, R33)."""

from collections.abc import Mapping

from standard.citation import cites
from standard.codes.reading import read
from standard.codes.rules import rules_of
from standard.codes.tracecode import Level, TraceCode
from standard.outcome import Finding, Outcome
from standard.profile import Edition

_SHORTEST = 8
"""Characters from which a number that a page writes without its address is taken for the code."""


@cites("3.4", rows=("R33",))
def opaque(code: TraceCode, edition: Edition) -> bool:
    """Whether the code is a number given by its platform, which names no product by itself."""
    rules = rules_of(edition)
    return code.valid and code.kind in rules.opaque_kinds and rules.product_keys.isdisjoint(code.parts)


@cites("3.4", rows=("R33",))
def page_level(code: TraceCode, looked_up: str | None, stated: Mapping[str, str], edition: Edition) -> Level:
    """What a look-up page shows of an opaque code: ITEM where it states a serial, BATCH a batch, else NONE.

    ``looked_up``: the code that the page answers for, as it was read there; another one's page shows nothing of this.
    ``stated``: what the page states, under ``batch`` and ``serial``.
    """
    if looked_up is None or not _same(code, looked_up, edition):
        return Level.NONE
    return stated_level(code, stated, edition)


@cites("3.4", rows=("R33",))
def stated_level(code: TraceCode, stated: Mapping[str, str], edition: Edition) -> Level:
    """How narrowly a product is named by a platform that states this of a code: ``serial`` before ``batch``. The code
    itself under such a name (追溯编号) says nothing more."""
    for name, level in (("serial", Level.ITEM), ("batch", Level.BATCH)):
        value = stated.get(name, "").strip()
        if value and not _same(code, value, edition):
            return level
    return Level.NONE


@cites("3.4", "5", rows=("R33",))
def looked_up_finding(code: TraceCode, shown: Level, need: Level) -> Finding:
    """Whether an opaque code is unique enough by what its platform ``shown``; unclear says what to hand in."""
    if shown.rank >= need.rank:
        states = "序列号" if shown is Level.ITEM else "生产批次"
        reason = f"编号由平台分配，平台查询结果写明了{states}，满足{need.label}要求（3.4、R33）"
        return Finding("3.4", Outcome.PASS, reason, ("R33",), shown.label, need.label)
    wanted = "这一件的序列号" if need is Level.ITEM else "生产批次（批号）或序列号"
    reason = (
        f"追溯码 {code.text} 的编号由平台分配，看不出批次或序列号：请扫这个码，截取完整的查询结果页，"
        f"页面上要看得到这个追溯码和{wanted}，作为“线上查询演示截图”上传（3.4、R33）"
    )
    return Finding("3.4", Outcome.UNCLEAR, reason, ("R33",), shown.label, need.label)


def _same(code: TraceCode, text: str, edition: Edition) -> bool:
    """A page may write the whole address, the marked code, or the bare number."""
    if read(text, edition=edition).canonical == code.canonical:
        return True
    number = "".join(code.parts.values())
    return len(number) >= _SHORTEST and text.strip() == number
