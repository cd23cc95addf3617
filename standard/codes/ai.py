"""The GS1 application identifiers, as ``application_identifiers.toml`` states them."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from itertools import combinations
from typing import Any

from standard.codes.checks import CHECKS, CSET82, Check

_CHARACTERS = {
    "N": "0-9",
    "X": re.escape(CSET82),
    "Y": "#\\-/0-9A-Z",
    "Z": "-_=0-9A-Za-z",
}
_CHARACTER_NAMES = {"N": "数字", "X": "GS1 允许的 82 个字符", "Y": "大写字母、数字和 # - /", "Z": "base64url 字符"}
_COMBINATIONS = 1024
_PART = re.compile(r"([NXYZ])(\.\.)?(\d+)(?::([a-z0-9_,]+))?(\?)?")


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a value: ``characters`` N, X, Y or Z; ``longest`` of them where ``fixed``, else one to that many."""

    characters: str
    longest: int
    fixed: bool
    optional: bool
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class Identifier:
    """One application identifier.

    ``length``: of the value, where no separator is needed after it; ``sequences``: the orders of qualifiers that may
    follow it in a Digital Link's path, None where it is no key; ``needs``: alternatives of identifiers that must stand
    beside it, each wholly; ``never``: identifiers that must not.
    """

    ai: str
    name: str
    parts: tuple[Part, ...]
    length: int | None
    attribute: bool
    sequences: frozenset[tuple[str, ...]] | None
    needs: tuple[tuple[str, ...], ...]
    never: tuple[str, ...]
    single_needs: frozenset[str]
    pattern: re.Pattern[str]
    checked: tuple[tuple[int, Check], ...]

    @property
    def label(self) -> str:
        """``（10）批号``, as people read it."""
        return f"（{self.ai}）{self.name}"

    def problem(self, value: str) -> str | None:
        """What is wrong with this value, in Chinese; None when nothing is."""
        found = self.pattern.fullmatch(value)
        if found is None:
            return f"{self.label}：{self._shape_problem(value)}"
        for group, check in self.checked:
            part = found[group]
            if part and (problem := check(part)) is not None:
                return f"{self.label}：{problem}"
        return None

    def _shape_problem(self, value: str) -> str:
        if not value:
            return "没有内容"
        longest = sum(part.longest for part in self.parts)
        shortest = sum(part.longest if part.fixed else 1 for part in self.parts if not part.optional)
        if len(value) > longest or len(value) < shortest:
            span = f"{longest}" if longest == shortest else f"{shortest}～{longest}"
            hint = ""
            if self.ai == "01" and value.isdigit() and len(value) in {8, 12, 13}:
                hint = f"，应在前面补 0 写成 {value.zfill(14)}"
            return f"应为 {span} 位，实为 {len(value)} 位{hint}"
        names = "、".join(dict.fromkeys(_CHARACTER_NAMES[part.characters] for part in self.parts))
        return f"只能由{names}组成"


@cache
def identifiers() -> Mapping[str, Identifier]:
    """All application identifiers by their number."""
    table = tomllib.loads(resources.files("standard.codes").joinpath("application_identifiers.toml").read_text("utf-8"))
    return {ai: _identifier(ai, fields) for numbers, fields in table["identifiers"].items() for ai in _numbers(numbers)}


@cache
def keys() -> frozenset[str]:
    """The identifiers that may open the path of a Digital Link."""
    return frozenset(ai for ai, identifier in identifiers().items() if identifier.sequences is not None)


@cache
def qualifier_choices(key: str) -> tuple[tuple[str, ...], ...]:
    """The orders of qualifiers after a key, the fullest first.

    Those come before all others that may stand nowhere else: ``/235/…`` before ``/10/…``, which may move to the query.
    """
    table = identifiers()
    return tuple(
        sorted(
            table[key].sequences or (),
            key=lambda choice: (-sum(not table[ai].attribute for ai in choice), -len(choice), choice),
        )
    )


@cache
def number_lengths() -> Mapping[str, int]:
    """How long an identifier is, by its first two digits."""
    return {ai[:2]: len(ai) for ai in identifiers()}


@lru_cache(_COMBINATIONS)
def pairing_problems(present: tuple[str, ...]) -> tuple[str, ...]:
    """What is missing beside, or must not stand beside, the identifiers that are present; few sets are in use."""
    return tuple(_pairing_problems(present))


@lru_cache(_COMBINATIONS)
def qualifiers_among(key: str, present: tuple[str, ...]) -> tuple[str, ...]:
    """The qualifiers of a key that are present, as they follow it in a path."""
    return next(choice for choice in qualifier_choices(key) if all(ai in present for ai in choice))


def _pairing_problems(present: tuple[str, ...]) -> Iterator[str]:
    table = identifiers()
    for ai in present:
        identifier = table[ai]
        if (
            identifier.needs
            and identifier.single_needs.isdisjoint(present)
            and not any(all(_stands(other, present) for other in choice) for choice in identifier.needs)
        ):
            choices = " 或 ".join("＋".join(f"（{other}）" for other in choice) for choice in identifier.needs)
            yield f"{identifier.label}要与{choices}同时出现"
        for pattern in identifier.never:
            if other := next((other for other in _matching(pattern, present) if other != ai), None):
                yield f"{identifier.label}不能与{table[other].label}同时出现"


def _stands(pattern: str, present: tuple[str, ...]) -> bool:
    return next(_matching(pattern, present), None) is not None


def _matching(pattern: str, present: Iterable[str]) -> Iterator[str]:
    stem = pattern.rstrip("n")
    if stem == pattern:
        return (ai for ai in (pattern,) if ai in present)
    return (ai for ai in present if len(ai) == len(pattern) and ai.startswith(stem))


def _numbers(numbers: str) -> Iterator[str]:
    first, _, last = numbers.partition("-")
    return (str(number).zfill(len(first)) for number in range(int(first), int(last or first) + 1))


def _identifier(ai: str, fields: Mapping[str, Any]) -> Identifier:
    parts = tuple(_part(text) for text in fields["format"].split())
    needs = tuple(tuple(choice.split("+")) for choice in fields.get("needs", ()))
    return Identifier(
        ai=ai,
        name=fields["name"],
        parts=parts,
        length=sum(part.longest for part in parts) if fields.get("fixed") else None,
        attribute=fields.get("attribute", False),
        sequences=_sequences(fields["key"]) if "key" in fields else None,
        needs=needs,
        never=tuple(fields.get("never", ())),
        single_needs=frozenset(choice[0] for choice in needs if len(choice) == 1),
        pattern=_pattern(parts),
        checked=tuple((group, check) for group, part in enumerate(parts, 1) for check in part.checks),
    )


def _part(text: str) -> Part:
    found = _PART.fullmatch(text)
    if found is None:
        raise ValueError(f"application_identifiers.toml: {text!r} is no format")
    characters, span, longest, checks, optional = found.groups()
    named = tuple(CHECKS[name] for name in (checks or "").split(",") if name)
    return Part(characters, int(longest), not span, optional is not None, named)


def _pattern(parts: tuple[Part, ...]) -> re.Pattern[str]:
    text = ""
    for part in parts:
        count = f"{{{part.longest}}}" if part.fixed else f"{{1,{part.longest}}}"
        text += f"([{_CHARACTERS[part.characters]}]{count}){'?' if part.optional else ''}"
    return re.compile(text)


def _sequences(choices: list[str]) -> frozenset[tuple[str, ...]]:
    found: set[tuple[str, ...]] = {()}
    for choice in choices:
        qualifiers = choice.split(",")
        for count in range(1, len(qualifiers) + 1):
            found.update(combinations(qualifiers, count))
    return frozenset(found)
