"""Is every number of the edition pinned by a case? ``python -m tests.standard.mutate``

Changes each parameter of the shipped editions, one at a time and by the smallest step, and asks the cases: at least one
must fail (or raise). A change that no case notices is a survivor: printed, and an error unless ``EQUIVALENT`` says why
no case could notice it.

A case whose answer never reads a parameter cannot notice its change, so only the cases that read it are asked again,
those of its own clause first, until the first one fails.
"""
# ruff: noqa: T201 (a command, it prints)

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
from standard.calendar import CALENDAR_DAYS, MONTHS, WORKING_DAYS
from standard.profile import Edition, Parameter, Value, editions_shipped
from tests.standard.test_cases import CASES, agrees, answer, load

EQUIVALENT: Mapping[tuple[str, str], str] = {}
"""Changes that mean the same, by parameter and change: why."""

SMALL = Decimal("0.005")
UNITS = (WORKING_DAYS, CALENDAR_DAYS, MONTHS)
"""Units that decide how a deadline is counted."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One parameter as it could be instead; ``change`` says what was changed, the same in every run."""

    parameter: Parameter
    other: Parameter
    change: str

    @property
    def key(self) -> tuple[str, str]:
        """As ``EQUIVALENT`` names it."""
        return self.parameter.name, self.change

    def editions(self) -> tuple[Edition, ...]:
        """The shipped editions, changed where the parameter comes from (a later edition takes the change over)."""
        name = self.parameter.name
        return tuple(
            replace(edition, parameters={**edition.parameters, name: self.other})
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
                    yield Mutant(parameter, replace(parameter, value=value), change)
                for unit in UNITS if parameter.unit in UNITS else ():
                    if unit != parameter.unit:
                        yield Mutant(parameter, replace(parameter, unit=unit), f"in {unit}")


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
    said, grades = tuple(re.split(r"[:,\s]+(?:or )?", unit)), vocabularies[0]
    known = next(([words] for words in (said, grades) if value in words), vocabularies)
    others = {word for words in known if value in words for word in words} - {value, "choice"}
    return sorted(others) or [f"{value}x"]


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
            read = [_Read(edition.parameters) for edition in editions_shipped()]
            editions = [replace(edition, parameters=own) for edition, own in zip(editions_shipped(), read, strict=True)]
            if not agrees(case["then"], answer(case, editions)):
                sys.exit(f"{content['clause']} {case['name']} fails before anything is changed")
            reads = frozenset(name for parameters in read for name in parameters.names)
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


@dataclass(frozen=True, slots=True)
class Result:
    """How many changes were tried, which of them no case noticed, and which entries of ``EQUIVALENT`` are stale."""

    tried: int
    survived: tuple[Mutant, ...]
    stale: frozenset[tuple[str, str]]

    @property
    def unexplained(self) -> list[Mutant]:
        """Survivors that ``EQUIVALENT`` does not explain."""
        return [mutant for mutant in self.survived if mutant.key not in EQUIVALENT]


def run() -> Result:
    """Try every change."""
    asked, tried = cases(), list(mutants())
    survived = tuple(mutant for mutant in tried if noticed_by(mutant, asked) is None)
    return Result(len(tried), survived, frozenset(EQUIVALENT) - {mutant.key for mutant in survived})


def main() -> None:
    """Print the survivors and a summary; exit 1 where one is unexplained, or an explained one did not survive."""
    began = perf_counter()
    result = run()
    for mutant in result.survived:
        print(f"survived: {' '.join(mutant.key)} {EQUIVALENT.get(mutant.key, '')}")
    for key in sorted(result.stale):
        print(f"listed as equivalent, but noticed or not there: {' '.join(key)}")
    print(f"{result.tried} mutants, {len(result.survived)} survived ({perf_counter() - began:.1f} s)")
    sys.exit(bool(result.unexplained or result.stale))


if __name__ == "__main__":
    main()
