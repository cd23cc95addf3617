"""How we read the standard where it is silent, loose or contradicts itself: the R-rows, in Chinese, for people."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

_FIELDS = {"clause", "question", "reading", "short"}


class ReadingError(ValueError):
    """The rows are not as they must be, or a row is asked for that does not exist."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One row: what the text leaves open, how we read it, and that in a few words to stand beside a verdict."""

    id: str
    clause: str
    question: str
    reading: str
    short: str

    @property
    def clauses(self) -> tuple[str, ...]:
        """The clauses it is about, one by one."""
        return tuple(self.clause.split("、"))


def readings() -> tuple[Reading, ...]:
    """All rows, R1 first."""
    return tuple(_shipped().values())


def reading(row: str) -> Reading:
    """One row; :class:`ReadingError` for an id that does not exist."""
    try:
        return _shipped()[row]
    except KeyError:
        raise ReadingError(f"no row {row!r}") from None


def parse_readings(text: str) -> Mapping[str, Reading]:
    """The rows of a TOML text, in order; :class:`ReadingError` names the row that is malformed or out of order."""
    try:
        table: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise ReadingError(f"readings: {problem}") from None
    rows = {}
    for number, (row, fields) in enumerate(table.items(), 1):
        if row != f"R{number}":
            raise ReadingError(f"[{row}]: R{number} was expected here")
        if not isinstance(fields, dict) or fields.keys() != _FIELDS:
            raise ReadingError(f"[{row}]: needs clause, question, reading and short, nothing else")
        if not all(isinstance(words, str) and words.strip() for words in fields.values()):
            raise ReadingError(f"[{row}]: every field is text")
        rows[row] = Reading(row, **fields)
    return MappingProxyType(rows)


@cache
def _shipped() -> Mapping[str, Reading]:
    return parse_readings(resources.files("standard").joinpath("readings.toml").read_text("utf-8"))
