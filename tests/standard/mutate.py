"""Is every number of the edition pinned by a case? ``python -m tests.standard.mutate``

Changes each parameter of the shipped editions, one at a time and by the smallest step, and asks the cases: at least one
must fail (or raise). A change that no case notices is a survivor: printed, and an error unless ``EQUIVALENT`` says why
no case could notice it.

A case whose answer never reads a parameter cannot notice its change, so only the cases that read it are asked again,
those of its own clause first, until the first one fails.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from importlib import import_module
from pkgutil import walk_packages
from time import perf_counter
from typing import Any

import standard
from standard.profile import Edition, Parameter, Value, editions_shipped
from tests.standard.test_cases import CASES, agrees, answer, load

EQUIVALENT: Mapping[tuple[str, str], str] = {}
"""Changes that mean the same, by parameter and change: why."""

SMALL = Decimal("0.005")


@dataclass(frozen=True, slots=True)
class Mutant:
    """One parameter with another value; ``change`` says what was changed, the same in every run."""

    parameter: Parameter
    value: Value
    change: str

    def editions(self) -> tuple[Edition, ...]:
        """The shipped editions, changed where the parameter comes from (a later edition takes the change over)."""
        name = self.parameter.name
        return tuple(
            edition.replacing(**{name.replace(".", "__"): self.value})
            if edition.parameters.get(name) is self.parameter
            else edition
            for edition in editions_shipped()
        )


# --- the changes --------------------------------------------------------------------------------------------------


def mutants() -> Iterator[Mutant]:
    """Every change of every parameter that an edition sets itself."""
    grades = editions_shipped()[0].words("life.grades")
    vocabularies = [grades, *(tuple(kind) for kind in _enumerations())]
    for edition in editions_shipped():
        for parameter in edition.parameters.values():
            if parameter.valid_from == edition.valid_from:
                for change, value in _changes(parameter, vocabularies):
                    yield Mutant(parameter, value, change)


def _changes(parameter: Parameter, vocabularies: list[tuple[str, ...]]) -> Iterator[tuple[str, Value]]:
    value = parameter.value
    if isinstance(value, str):
        yield from ((f"= {word}", word) for word in _other_words(value, parameter.unit, vocabularies))
    elif isinstance(value, tuple):
        yield from _lists(value, parameter.unit)
    else:
        yield from _numbers(value, parameter.unit)


def _other_words(value: str, unit: str, vocabularies: list[tuple[str, ...]]) -> list[str]:
    """The other words of the choice that the unit or the code lists; else a word that nothing knows."""
    said = tuple(re.split(r"[:,\s]+(?:or )?", unit))
    known = next((words for words in (said, vocabularies[0]) if value in words), None)
    known = known or [word for words in vocabularies for word in words if value in words]
    return sorted(set(known) - {value, "choice"}) or [f"{value}x"]


def _lists(value: tuple[Any, ...], unit: str) -> Iterator[tuple[str, Value]]:
    """Each item left out; each number a step up and down; each word changed; and so in lists of lists."""
    for place, item in enumerate(value):
        before, after = value[:place], value[place + 1 :]
        yield f"without [{place}]", (*before, *after)
        if isinstance(item, tuple):
            changes: Iterator[tuple[str, Any]] = (one for one in _lists(item, unit) if one[0][0] == "[")
        else:
            changes = iter([(f"= {item}x", f"{item}x")]) if isinstance(item, str) else _numbers(item, unit)
        yield from ((f"[{place}]{change}", (*before, other, *after)) for change, other in changes)


def _numbers(value: int | Decimal | bool, unit: str) -> Iterator[tuple[str, Value]]:
    if isinstance(value, bool):
        yield f"= {not value}", not value
    elif isinstance(value, int) and not unit.startswith("ratio"):
        yield from ((f"= {other}", other) for other in (value + 1, value - 1))
    else:
        step = min(SMALL, value * SMALL * 2)
        yield from ((f"= {other}", other) for other in (value + step, value - step))


def _enumerations() -> Iterator[type[StrEnum]]:
    """Every StrEnum of ``standard``: the vocabularies from which another word can be taken."""
    for module in walk_packages(standard.__path__, "standard."):
        for found in vars(import_module(module.name)).values():
            if isinstance(found, type) and issubclass(found, StrEnum) and found.__module__ == module.name:
                yield found


# --- the cases ----------------------------------------------------------------------------------------------------


class _Read(Mapping[str, Parameter]):
    """Parameters that note in ``names`` which of them were read."""

    def __init__(self, parameters: Mapping[str, Parameter]) -> None:
        self._parameters = parameters
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> Parameter:
        self.names.add(name)
        return self._parameters[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._parameters)

    def __len__(self) -> int:
        return len(self._parameters)


@dataclass(frozen=True, slots=True)
class Asked:
    """One case, and the parameters that its answer reads."""

    clause: str
    case: dict[str, Any]
    reads: frozenset[str]


def cases() -> list[Asked]:
    """All cases with what they read; :class:`SystemExit` where one fails already, unchanged."""
    found = []
    for path in sorted(CASES.glob("*.yaml")):
        content = load(path)
        for case in content["cases"]:
            editions = [replace(edition, parameters=_Read(edition.parameters)) for edition in editions_shipped()]
            if not agrees(case["then"], answer(case, editions)):
                sys.exit(f"{content['clause']} {case['name']} fails before anything is changed")
            reads = frozenset(name for edition in editions for name in edition.parameters.names)
            found.append(Asked(str(content["clause"]), case, reads))
    return found


def noticed_by(mutant: Mutant, asked: list[Asked]) -> Asked | None:
    """The first case that notices the change."""
    editions = mutant.editions()
    name, clause = mutant.parameter.name, mutant.parameter.clause
    # false sorts first: the parameter's own clause, then cases that read little else
    readers = sorted(
        (one for one in asked if name in one.reads), key=lambda one: (one.clause != clause, len(one.reads))
    )
    for one in readers:
        try:
            if not agrees(one.case["then"], answer(one.case, editions)):
                return one
        except Exception:  # whatever is raised, the case does not pass
            return one
    return None


def survivors() -> tuple[int, list[Mutant]]:
    """How many changes were tried, and those that no case noticed."""
    asked, tried = cases(), list(mutants())
    return len(tried), [mutant for mutant in tried if noticed_by(mutant, asked) is None]


def main() -> None:
    """Print the survivors and a summary; exit 1 where one is not known as equivalent, or a known one was noticed."""
    began = perf_counter()
    number, survived = survivors()
    for mutant in survived:
        reason = EQUIVALENT.get((mutant.parameter.name, mutant.change))
        print(f"{'≡' if reason else '✗'} {mutant.parameter.name} {mutant.change}{f': {reason}' if reason else ''}")
    stale = set(EQUIVALENT) - {(mutant.parameter.name, mutant.change) for mutant in survived}
    for name, change in sorted(stale):
        print(f"✗ {name} {change} is listed as equivalent, but was noticed or does not exist")
    print(f"{number} mutants, {len(survived)} survived, {len(EQUIVALENT)} of them equivalent")
    print(f"{perf_counter() - began:.1f} s")
    sys.exit(bool(stale) or len(survived) > len(EQUIVALENT))


if __name__ == "__main__":
    main()
