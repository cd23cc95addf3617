"""Clause 6.1: the grade that follows from the facts, element by element, with its reasons (:mod:`standard.matrix`)."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

from standard.citation import cites
from standard.facts import Channel, Excused, Facts, Monthly
from standard.grade_wording import sentence
from standard.matrix import BODY_OR_PACKAGE, LEVELS, MATRIX, Grade, Requirement, Steps, asked
from standard.outcome import Finding, Outcome
from standard.profile import Edition

__all__ = (
    "LEVELS", "MATRIX", "ElementResult", "Grade", "GradeResult", "Next", "Occasion", "Reason", "continuation", "grade",
    "rates_decide",
)  # fmt: skip


class Reason(NamedTuple):
    """One requirement and what the firm has; ``have`` is None where the fact is not stated."""

    requirement: Requirement
    have: Any

    def to_json(self) -> dict[str, str | None]:
        """``level``, ``fact``, ``have``, ``need``, ``clause``; numbers as exact text."""
        level, fact, need, clause, _ = self.requirement
        return {"level": level.value, "fact": fact, "have": _text(self.have), "need": need, "clause": clause}

    def __str__(self) -> str:
        level, fact, need, clause, rows = self.requirement
        return sentence(level, fact, _text(self.have), need, "，".join((clause, *rows)))


class ElementResult(NamedTuple):
    """The level one element reaches; ``missing`` holds what the levels above it ask and is not met."""

    element: str
    level: Grade
    clause: str
    met: tuple[Reason, ...]
    missing: tuple[Reason, ...]

    def to_json(self) -> dict[str, Any]:
        """The shape of one item of ``elements``."""
        return {
            "element": self.element,
            "level": self.level.value,
            "clause": self.clause,
            "met": [reason.to_json() for reason in self.met],
            "missing": [reason.to_json() for reason in self.missing],
        }


class Next(NamedTuple):
    """The next grade, and exactly what separates the firm from it."""

    level: Grade
    missing: tuple[Reason, ...]


class _Standing(NamedTuple):
    """Where facts leave an element, whatever their exact values: all that is said about it but the values."""

    element: str
    level: Grade
    clause: str
    met: tuple[tuple[Requirement, Steps], ...]
    missing: tuple[tuple[Requirement, Steps], ...]
    unclear: tuple[str, ...]


class _ElementRules:
    """One element's requirements in one edition. There are few standings; each is made when first met, and shared."""

    __slots__ = ("_name", "_standings", "_steps", "places")

    def __init__(self, name: str, steps: tuple[Steps, ...]) -> None:
        self._name = name
        self._steps = steps
        self._standings: dict[int, _Standing] = {}
        self.places = tuple((step.of, step.place, len(step.requirements) + 2) for step in steps)

    def standing(self, facts: Facts) -> _Standing:
        key = 0
        for of, place, size in self.places:
            key = key * size + place(of(facts))
        try:
            return self._standings[key]
        except KeyError:
            return self._standings.setdefault(key, self._made(facts))

    def _made(self, facts: Facts) -> _Standing:
        met: list[tuple[Requirement, Steps]] = []
        missing: list[tuple[Requirement, Steps]] = []
        unclear: list[str] = []
        for step in self._steps:
            place = step.place(step.of(facts))
            reached = max(place - 1, 0)
            met += [(requirement, step) for requirement in step.requirements[:reached]]
            missing += [(requirement, step) for requirement in step.requirements[reached:]]
            if place == 0 and (fact := step.requirements[0].fact) != BODY_OR_PACKAGE:
                unclear.append(fact)
        for reasons in (met, missing):
            reasons.sort(key=lambda reason: reason[0].level.rank)
        level = tuple(Grade)[missing[0][0].level.rank - 1] if missing else Grade.AAA
        return _Standing(self._name, level, _CLAUSES[level], tuple(met), tuple(missing), tuple(unclear))


_CLAUSES = {level: f"6 {level}" for level in LEVELS} | {Grade.NOT_REACHED: "6.1(3)"}


@dataclass(frozen=True, slots=True)
class GradeResult:
    """A grade and its reasons; ``profile`` is the edition's stamp.

    ``capped_by`` is ``6.1(4)`` where the print does not pass and the grade is therefore at most the cap (R5).
    """

    grade: Grade
    capped_by: str | None
    profile: str
    facts: Facts
    standings: tuple[_Standing, ...]

    @property
    def elements(self) -> tuple[ElementResult, ...]:
        """The elements in the order of the matrix."""
        return tuple(
            ElementResult(name, level, clause, self._reasons(met), self._reasons(missing))
            for name, level, clause, met, missing, _ in self.standings
        )

    @property
    def unclear(self) -> tuple[str, ...]:
        """The facts that are not stated or not certain, by the keys they have in a facts file."""
        names = [name for standing in self.standings for name in standing.unclear]
        if self.facts.monthly is None:
            names = ["monthly" if name.startswith("monthly.") else name for name in names]
        return tuple(dict.fromkeys(names))

    @property
    def next(self) -> Next | None:
        """What the next level asks and is not met (what lower levels ask all is); None at AAA."""
        if self.grade is Grade.AAA:
            return None
        level = LEVELS[self.grade.rank]
        lacking = [r for standing in self.standings for r in standing.missing if r[0].level is level]
        return Next(level, self._reasons(lacking))

    def _reasons(self, requirements: Iterable[tuple[Requirement, Steps]]) -> tuple[Reason, ...]:
        return tuple([Reason(requirement, step.of(self.facts)) for requirement, step in requirements])

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data."""
        step = self.next
        missing = [] if step is None else [reason.to_json() for reason in step.missing]
        return {
            "grade": self.grade.value,
            "elements": [element.to_json() for element in self.elements],
            "capped_by": self.capped_by,
            "unclear": list(self.unclear),
            "next": None if step is None else {"level": step.level.value, "missing": missing},
            "profile": self.profile,
        }


class _Rules(NamedTuple):
    stamp: str
    elements: tuple[_ElementRules, ...]


_EDITIONS_KEPT = 16


@lru_cache(_EDITIONS_KEPT)
def _rules_of(edition: Edition) -> _Rules:
    """The edition's rules, made once."""
    elements = tuple(_ElementRules(element.name, asked(element, edition)) for element in MATRIX)
    return _Rules(edition.stamp, elements)


@cites("6.1(1)", "6.1(2)", "6.1(3)", "6.1(4)", rows=("R1", "R5", "R6", "R37"))
def grade(facts: Facts, edition: Edition) -> GradeResult:
    """The grade: the lowest level that any element reaches, at most ``print_cap`` while the print does not pass."""
    rules = _rules_of(edition)
    standings = tuple([element.standing(facts) for element in rules.elements])
    reached = _RANKED[min([_RANK[standing.level] for standing in standings])]
    capped = reached is not Grade.NOT_REACHED and facts.certificate_print is not Outcome.PASS
    return GradeResult(reached, "6.1(4)" if capped else None, rules.stamp, facts, standings)


_RANKED = tuple(Grade)
_RANK = {level: level.rank for level in Grade}


@cites("6.1(5)", rows=("R1", "R2", "R38"))
def continuation(certified: Grade, monthly: Monthly | Excused | None, edition: Edition) -> Finding:
    """Whether filing meets what the certificate's level asks; if not, continuation pauses until a make-up passes."""
    result = grade(Facts(monthly=monthly), edition)
    filing = next(element for element in result.elements if element.element == "monthly_filing")
    lacking = [reason for reason in filing.missing if reason.requirement.level.rank <= certified.rank]
    rows = ("R38",)
    if not lacking:
        return Finding("6.1(5)", Outcome.PASS, f"月度提报达到 {certified.named}要求，证书状态延续。", rows)
    worst = lacking[-1]
    outcome = Outcome.UNCLEAR if all(reason.have is None for reason in lacking) else Outcome.FAIL
    reason = f"{worst}：暂停证书状态延续，补报并核验通过后恢复。"
    return Finding("6.1(5)", outcome, reason, rows, _text(worst.have), worst.requirement.need)


class Occasion(StrEnum):
    """When a firm is evaluated or looked at."""

    FIRST = "first"
    RENEWAL = "renewal"
    UPGRADE_REVIEW = "upgrade_review"
    MONTH = "month"


@cites("6.1(5)", rows=("R38",))
def rates_decide(occasion: Occasion, edition: Edition) -> bool:
    """Whether the rates of clause 6 may move the grade on this occasion; in between they only pause continuation."""
    return occasion in [Occasion(word) for word in edition.words("grades.rates_decide_at")]


def _text(have: Any) -> str | None:
    if have is None:
        return None
    if isinstance(have, frozenset):
        return ", ".join(channel for channel in Channel if channel in have)
    return f"{have:f}" if isinstance(have, Decimal) else str(have)
