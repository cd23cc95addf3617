"""Which clause a piece of code answers to: the citation stands above the code, and the clause table is made from it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

Cited = TypeVar("Cited", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Citation:
    """One public function or class, the clauses it carries out and the rows of our reading (R…) it follows."""

    where: str
    clauses: tuple[str, ...]
    rows: tuple[str, ...]


_cited: dict[str, Citation] = {}


def cites(*clauses: str, rows: tuple[str, ...] = ()) -> Callable[[Cited], Cited]:
    """Cite: ``@cites("8.5(2)", rows=("R16",))``. Clauses are written as docs/standard.md lists them."""
    if not clauses:
        raise ValueError("a citation names at least one clause")

    def note(cited: Cited) -> Cited:
        where = f"{cited.__module__}.{cited.__qualname__}"
        _cited[where] = Citation(where, clauses, rows)
        return cited

    return note


def citations() -> tuple[Citation, ...]:
    """All citations of the modules that were imported, in the order of their places."""
    return tuple(_cited[where] for where in sorted(_cited))
