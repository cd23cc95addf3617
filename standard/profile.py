"""Numbers, lists and choices of the standard and of our reading: dated, cited data, never code.

An edition is a folder under ``standard/editions/`` whose ``edition.toml`` names it, says from which day it is in force
and on which earlier edition it builds; every other file holds entries::

    [publicity_days]            # addressed as "<file>.<entry>": life.publicity_days
    value = 3
    unit = "working days"
    clause = "7.4"
    rows = ["R11"]

A later edition repeats only the entries that change. A case is judged by the edition in force on its own date.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Any, TypeVar

Value = int | Decimal | str | bool | tuple[Any, ...]

Kind = TypeVar("Kind")

_FIELDS = {"value", "unit", "clause", "rows", "note"}
_NEEDED = {"value", "unit", "clause"}


class ProfileError(ValueError):
    """An edition's data is not as it must be; the message names file, entry and what was expected."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number, list or choice; ``valid_from`` is the day on which the edition that set it came into force."""

    name: str
    value: Value
    unit: str
    clause: str
    rows: tuple[str, ...]
    valid_from: date
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Edition:
    """The rule set in force from ``valid_from`` on: all parameters, its own and those it takes over.

    One is equal to itself alone, so that what follows from an edition can be kept by it.
    """

    id: str
    title: str
    valid_from: date
    parameters: Mapping[str, Parameter]

    def __getitem__(self, name: str) -> Parameter:
        try:
            return self.parameters[name]
        except KeyError:
            raise ProfileError(f"{self.id}: no parameter {name!r}") from None

    def value(self, name: str) -> Value:
        """The bare value."""
        return self[name].value

    def whole(self, name: str) -> int:
        """A whole number."""
        return _typed(self, name, int)

    def number(self, name: str) -> Decimal:
        """A number, exact; whole numbers too."""
        value = self.value(name)
        return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else _typed(self, name, Decimal)

    def word(self, name: str) -> str:
        """A choice or text."""
        return _typed(self, name, str)

    def words(self, name: str) -> tuple[str, ...]:
        """A list of words."""
        values = _typed(self, name, tuple)
        if not all(isinstance(value, str) for value in values):
            raise ProfileError(f"{self.id}: {name} is not a list of words")
        return values

    @property
    def stamp(self) -> str:
        """Id and date, as answers carry it: ``T/ZGJDJX—3—2026@2026-03-01``."""
        return f"{self.id}@{self.valid_from.isoformat()}"

    def replacing(self, **values: Value) -> "Edition":
        """A copy with other values (``life__publicity_days=5``): to ask what would be if."""
        changed = dict(self.parameters)
        for key, value in values.items():
            name = key.replace("__", ".")
            changed[name] = replace(self[name], value=value)
        return replace(self, parameters=MappingProxyType(changed))


def _typed(edition: Edition, name: str, kind: type[Kind]) -> Kind:
    value = edition.value(name)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ProfileError(f"{edition.id}: {name} is {type(value).__name__}, not {kind.__name__}")
    return value


def edition_on(day: date, editions: Iterable[Edition] | None = None) -> Edition:
    """The edition in force on ``day``; before the first one, the first: nothing older was ever published."""
    known = editions_shipped() if editions is None else sorted(editions, key=lambda edition: edition.valid_from)
    if not known:
        raise ProfileError("no edition is known")
    return next((edition for edition in reversed(known) if edition.valid_from <= day), known[0])


@cache
def editions_shipped() -> tuple[Edition, ...]:
    """The editions that stand in this package, the earliest first."""
    return load_editions(resources.files("standard").joinpath("editions"))


def load_editions(root: Traversable) -> tuple[Edition, ...]:
    """All editions under ``root``, the earliest first; :class:`ProfileError` where one is malformed."""
    folders = sorted((folder for folder in root.iterdir() if folder.is_dir()), key=lambda folder: folder.name)
    headers = [(folder, _header(folder)) for folder in folders if folder.joinpath("edition.toml").is_file()]
    headers.sort(key=lambda item: item[1]["valid_from"])
    loaded: dict[str, Edition] = {}
    for folder, header in headers:
        base = header.get("builds_on")
        if base is not None and base not in loaded:
            raise ProfileError(f"{folder.name}: builds on {base!r}, which is not an earlier edition")
        inherited = dict(loaded[base].parameters) if base is not None else {}
        own = _entries(folder, header["valid_from"])
        loaded[header["id"]] = Edition(
            header["id"], header["title"], header["valid_from"], MappingProxyType(inherited | own)
        )
    return tuple(loaded.values())


def _header(folder: Traversable) -> dict[str, Any]:
    header = _read(folder.joinpath("edition.toml"))
    if not {"id", "title", "valid_from"} <= header.keys() <= {"id", "title", "valid_from", "builds_on"}:
        raise ProfileError(
            f"{folder.name}/edition.toml: needs id, title and valid_from, may have builds_on, nothing else"
        )
    if type(header["valid_from"]) is not date:
        raise ProfileError(f"{folder.name}/edition.toml: valid_from is a date such as 2026-03-01")
    return header


def _entries(folder: Traversable, valid_from: date) -> dict[str, Parameter]:
    found: dict[str, Parameter] = {}
    for file in sorted(folder.iterdir(), key=lambda item: item.name):
        if not file.name.endswith(".toml") or file.name == "edition.toml":
            continue
        for entry, fields in _read(file).items():
            name = f"{file.name.removesuffix('.toml')}.{entry}"
            place = f"{folder.name}/{file.name} [{entry}]"
            if not isinstance(fields, dict) or not _NEEDED <= fields.keys() <= _FIELDS:
                raise ProfileError(f"{place}: needs value, unit and clause, may have rows and note, nothing else")
            rows = fields.get("rows", [])
            if not isinstance(rows, list) or not all(isinstance(r, str) and r.startswith("R") for r in rows):
                raise ProfileError(f"{place}: rows is a list such as ['R11']")
            if not all(isinstance(fields[key], str) and fields[key] for key in ("unit", "clause")):
                raise ProfileError(f"{place}: unit and clause are words")
            found[name] = Parameter(
                name,
                _frozen(fields["value"], place),
                fields["unit"],
                fields["clause"],
                tuple(rows),
                valid_from,
                fields.get("note", ""),
            )
    return found


def _frozen(value: Any, place: str) -> Value:
    if isinstance(value, list):
        return tuple(_frozen(item, place) for item in value)
    if isinstance(value, bool | int | Decimal | str):
        return value
    raise ProfileError(f"{place}: value may be a number, a word, true or false, or a list of them")


def _read(file: Traversable) -> dict[str, Any]:
    try:
        # Decimal, not float: 0.95 is what the standard says, and 0.9499 is not.
        return tomllib.loads(file.read_text("utf-8"), parse_float=Decimal)
    except tomllib.TOMLDecodeError as problem:
        raise ProfileError(f"{file.name}: {problem}") from None
