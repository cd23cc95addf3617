"""Appendix A, 7.1 and 7.2(2): which materials an application needs, what is missing, and the firm's electronic seal.

The lists are the union of Appendix A and the third column of clause 6, by level (R41): ``editions/…/materials.toml``.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from standard.citation import cites
from standard.grades import LEVELS, Grade
from standard.outcome import Finding, Outcome
from standard.profile import Edition
from standard.scope import needs_qualification


class Due(StrEnum):
    """Whether a material has to be handed in."""

    REQUIRED = "required"
    NOT_APPLICABLE = "not_applicable"
    NOT_DUE = "not_due"
    ON_FILE = "on_file"
    """The platform has it on record itself."""


@dataclass(frozen=True, slots=True)
class Material:
    """One material: its Chinese name, the level from which it is asked, where it comes from, whether it is sealed."""

    id: str
    name: str
    level: Grade
    due: Due
    sealed: bool
    clause: str
    source: str
    rows: tuple[str, ...]


@cites("5", "A", "6 B", "6 A", "6 AA", "6 AAA", "7.1", rows=("R1", "R37", "R39", "R41", "R49"))
def required(
    level: Grade,
    product_class: str,
    edition: Edition,
    *,
    first: bool,
    sells_online: bool,
    months_on_file: bool = False,
) -> tuple[Material, ...]:
    """All materials up to ``level`` for a product class (``licence``, ``ccc``, ``class_3``), with those that this firm
    does not owe: no licence to show (R49), nothing sold online (R37), no month due at a first evaluation (R1), or its
    months filed and judged here, of which the platform's own record is the evidence (5)."""
    excused: dict[str, tuple[Due, *tuple[str, ...]]] = {}
    if not needs_qualification(product_class, edition):
        excused |= dict.fromkeys(edition.words("materials.qualification"), (Due.NOT_APPLICABLE, "R49"))
    if not sells_online:
        excused |= dict.fromkeys(edition.words("materials.online"), (Due.NOT_APPLICABLE, "R37"))
    if first:
        excused |= dict.fromkeys(edition.words("materials.of_months"), (Due.NOT_DUE, "R1"))
    elif months_on_file:
        excused |= dict.fromkeys(edition.words("materials.of_months"), (Due.ON_FILE,))
    sealed = edition.words("materials.sealed")
    found = []
    for asked in LEVELS[: level.rank]:
        for material in edition.words(f"materials.list_{asked.lower()}"):
            entry = edition[f"materials.{material}"]
            due, *why = excused.get(material, (Due.REQUIRED,))
            rows = (*entry.rows, *why)
            found.append(
                Material(
                    material, str(entry.value), asked, Due(due), material in sealed, entry.clause, entry.note, rows
                )
            )
    return tuple(found)


@cites("A", "7.1", "7.2(3)", rows=("R41",))
def missing(materials: Collection[Material], handed_in: Collection[str]) -> tuple[Material, ...]:
    """What is required and was not handed in, in the order of the list."""
    return tuple(material for material in materials if material.due is Due.REQUIRED and material.id not in handed_in)


class SealSeen(StrEnum):
    """What a scan shows of the firm's electronic seal."""

    SIGNATURE_VALID = "signature_valid"
    """A PDF whose signature was verified."""
    SIGNATURE_UNVERIFIABLE = "signature_unverifiable"
    """A signed, unaltered PDF whose issuer is not known here."""
    SIGNATURE_BROKEN = "signature_broken"
    """A PDF that was altered after it was signed, or a signature that does not verify."""
    SEAL_SEEN = "seal_seen"
    """A picture, or an unsigned PDF's page, on which a seal is seen."""
    SEAL_NOT_SEEN = "seal_not_seen"
    """The same, without a seal."""
    SEAL_UNCERTAIN = "seal_uncertain"
    """The same, not legible enough to tell."""
    OFD = "ofd"
    """An OFD file: evidence, not verified."""


@dataclass(frozen=True, slots=True)
class SealRuling:
    """Whether a scan is accepted, whether its seal was verified by its signature, and what to tell the firm."""

    outcome: Outcome
    verified: bool
    supplement: bool
    reason: str
    clause: str = "7.1"
    rows: tuple[str, ...] = ("R42",)


_SEALS = {
    SealSeen.SIGNATURE_VALID: "电子签章已验证。",
    SealSeen.SIGNATURE_UNVERIFIABLE: "电子签章未被改动，签发机构未能验证，已按资料接受",
    SealSeen.SIGNATURE_BROKEN: "电子签章验证不通过，文件可能在盖章后被改动：请重新盖章后上传。",
    SealSeen.SEAL_SEEN: "图片上看到企业公章，已按资料接受",
    SealSeen.SEAL_NOT_SEEN: "没有看到企业电子公章：请盖章后重新上传。",
    SealSeen.SEAL_UNCERTAIN: "图片不清楚，看不出有没有公章：请重新扫描上传。",
    SealSeen.OFD: "OFD 文件作为资料接受，签章未验证。",
}


@cites("7.1", "A", rows=("R6", "R42"))
def seal(seen: SealSeen, edition: Edition) -> SealRuling:
    """The seal rule for one scan; neither accepted nor refused is unclear, and has to be supplemented too (R6)."""
    reason = f"{_SEALS[seen]}（7.1，R42）"
    accepted, refused, verified = (
        seen in [SealSeen(word) for word in edition.words(f"materials.seal_{ruling}")]
        for ruling in ("accepted", "refused", "verified")
    )
    if accepted:
        return SealRuling(Outcome.PASS, verified, False, reason)
    return SealRuling(Outcome.FAIL if refused else Outcome.UNCLEAR, False, True, reason)


_CHECKS = {
    "code_selection": "追溯码选用", "certificate_print": "合格证赋码印刷", "photo_authentic": "图片真实性",
    "data_match": "数据匹配",
}  # fmt: skip


@cites("7.2(2)", rows=("R6",))
def materials_hold(checks: Mapping[str, Outcome], edition: Edition) -> Finding:
    """The check of the materials as a whole: all key checks must pass; one that stays unclear is not passed (R6)."""
    found = {name: checks.get(name, Outcome.UNCLEAR) for name in edition.words("materials.key_checks")}
    for outcome, what in ((Outcome.FAIL, "核验不通过"), (Outcome.UNCLEAR, "还未判定，请补充资料")):
        if names := [_CHECKS[name] for name, has in found.items() if has is outcome]:
            return Finding("7.2(2)", outcome, f"{'、'.join(names)}{what}（7.2(2)，R6）。", ("R6",))
    return Finding("7.2(2)", Outcome.PASS, "资料合规、一致，核验通过（7.2(2)）。", ("R6",))


ELEMENTS = (
    "code_selection", "certificate_coding", "body_coding", "collection_and_upload", "coverage", "public_query",
    "monthly_filing",
)  # fmt: skip
"""The seven elements of clause 5, in its order."""


@cites("5")
def evidence(element: str, edition: Edition) -> tuple[str, ...]:
    """What an element of clause 5 is verified from."""
    return edition.words(f"materials.evidence_{element}")
