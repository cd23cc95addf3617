"""The trace code that an inspection's report judged, and the names by which ledgers may list what carries it (3.4)."""

from typing import Any

from standard.codes import TraceCode, opaque, read
from standard.names import fold
from standard.profile import Edition

GTIN, BATCH, SERIAL = "01", "10", "21"
"""Application identifiers of a GS1 code."""


def trace_code_of(report: dict[str, Any], edition: Edition) -> TraceCode | None:
    """The code that a report, as plain data, judged: the first of its codes (R51)."""
    codes = report.get("codes") or []
    return read(codes[0]["text"], edition=edition) if codes else None


def opaque_code(report: dict[str, Any], edition: Edition) -> TraceCode | None:
    """The judged code of an inspection's report, where only its platform can tell how unique it is."""
    code = trace_code_of(report, edition)
    return code if code is not None and opaque(code, edition) else None


def names_in_ledgers(code: TraceCode, text: str) -> set[str]:
    """Under which names, folded, a ledger may list what carries this code, read as ``text``: the code in either
    spelling, its batch, its serial."""
    parts = (code.parts[part] for part in (BATCH, SERIAL) if part in code.parts)
    return {name for one in (code.canonical, text, *parts) if one and (name := fold(one))}
