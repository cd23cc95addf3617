"""The figures of ``profile.toml``: every limit with its clause, our reading and the day it begins."""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class Limit:
    """One figure by which photos are judged."""

    value: float
    unit: str
    clause: str
    row: str
    valid_from: date


@cache
def limits() -> dict[str, Limit]:
    """Every limit by name; read once a process."""
    raw = tomllib.loads(resources.files("inspection").joinpath("profile.toml").read_text("utf-8"))
    return {name: Limit(**entry) for name, entry in raw.items()}


def limit(name: str) -> float:
    """The value of one limit; ``KeyError`` where the profile lacks it."""
    return limits()[name].value
