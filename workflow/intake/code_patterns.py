"""What trace codes begin with, and the photos that prove it to be a product's (3.4, 4.3.3)."""

from collections.abc import Iterable, Iterator

from models import CodePattern, CodePatternKind, Product
from standard.calendar import shanghai_day
from standard.codes import Kind, TraceCode, own_host, read
from standard.codes.rules import rules_of
from standard.profile import Edition, edition_on
from workflow.context import Ports
from workflow.intake.judged_codes import GTIN
from workflow.record import record_event

_SHORT_GTIN = "000000"
"""Begins a GTIN-8 among fourteen digits: its maker's number is no prefix of those that firms claim."""
_ECODE = "ecode:"
"""Begins the canonical text of an Ecode."""
_LENGTHS = {CodePatternKind.GTIN_PREFIX: (7, 13), CodePatternKind.ECODE: (4, 64), CodePatternKind.HOST: (4, 120)}
"""The fewest and the most characters that a pattern of the kind has."""


def patterns_of(code: TraceCode, edition: Edition) -> Iterator[tuple[CodePatternKind, str]]:
    """Every pattern that would be this code's, however short: codes are looked up, and patterns proved, by it."""
    gtin = code.parts.get(GTIN)
    if code.valid and gtin is not None:
        yield CodePatternKind.GTIN_PREFIX, gtin
        # The first of fourteen digits says how much is packed, not who made it.
        if not gtin.startswith(_SHORT_GTIN):
            yield from _beginnings(CodePatternKind.GTIN_PREFIX, gtin[1:], edition)
    # Version 0 is written like GS1, and known by its GTIN.
    if code.kind is Kind.ECODE and code.canonical is not None and code.canonical.startswith(_ECODE):
        ecode = code.canonical.removeprefix(_ECODE)
        for spelling in {ecode, ecode.lower(), ecode.upper()}:
            yield from _beginnings(CodePatternKind.ECODE, spelling, edition)
    if (host := own_host(code.text, edition)) is not None and len(host) <= _LENGTHS[CodePatternKind.HOST][1]:
        yield CodePatternKind.HOST, host


def _beginnings(kind: CodePatternKind, text: str, edition: Edition) -> Iterator[tuple[CodePatternKind, str]]:
    least, most = _LENGTHS[kind]
    own = shared_with_others(kind, text, edition) + 1
    return ((kind, text[:length]) for length in range(max(least, own), min(most, len(text)) + 1))


def shared_with_others(kind: CodePatternKind, text: str, edition: Edition) -> int:
    """How many characters at the beginning of a GTIN (without its first of fourteen digits) or an Ecode are not one
    maker's alone (3.4): all but the last of the maker's number, or version and numbering scheme; 0 where not known."""
    rules = rules_of(edition)
    if kind is CodePatternKind.GTIN_PREFIX:
        return (rules.prefixes[text[:3]].company_digits or 1) - 1
    layout = rules.ecode_layouts.get(text[0]) if kind is CodePatternKind.ECODE else None
    return 0 if layout is None else 1 + layout.nsi


def own_pattern(gtin: str | None) -> tuple[CodePatternKind, str]:
    """The pattern that a product's own GTIN is."""
    return CodePatternKind.GTIN_PREFIX, gtin or ""


async def prove_patterns(ports: Ports, product_id: int, codes: Iterable[str], sha256: str) -> list[CodePattern]:
    """Inside the caller's transaction: a judged photo (its hash) carries these codes; the patterns it proves (3.4).

    The product's GTIN is a pattern that nobody has to claim: it stands in the form already, and the photo makes it one.
    """
    edition = edition_on(shanghai_day(ports.clock.now()))
    carried = {found for text in codes for found in patterns_of(read(text, edition=edition), edition)}
    product = await Product.get_or_none(id=product_id, retired_at=None)
    if product is not None and own_pattern(product.gtin) in carried:
        await CodePattern.get_or_create(
            product_id=product.id,
            kind=CodePatternKind.GTIN_PREFIX,
            value=product.gtin,
            retired_at=None,
            defaults={"claimed_at": ports.clock.now()},
        )
    proved = []
    for pattern in await CodePattern.filter(product_id=product_id, proved_at=None, retired_at=None).order_by("id"):
        if (pattern.kind, pattern.value) not in carried:
            continue
        pattern.proved_at, pattern.proved_by_sha256 = ports.clock.now(), sha256
        await CodePattern.filter(id=pattern.id, proved_at=None).update(
            proved_at=pattern.proved_at, proved_by_sha256=sha256
        )
        await record_event(
            ports,
            "code_pattern:prove",
            "product",
            product_id,
            actor="system",
            clause="3.4",
            after={"kind": pattern.kind, "value": pattern.value},
            evidence_sha256=sha256,
        )
        proved.append(pattern)
    return proved
