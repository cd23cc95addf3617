"""Queries whose SQL is written once a process: for the few that are asked thousands of times a minute.

Much of what a small query costs is the ORM writing it and finding out which column goes where. Here both are done for
the first who asks, with marks where their arguments stand; for all others only the arguments change. Rows come as the
ORM makes them.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, count, repeat
from typing import Any, Generic, TypeVar

from tortoise.connection import get_connection
from tortoise.models import Model
from tortoise.queryset import QuerySet

from models.transactions import CONNECTION

Row = TypeVar("Row", bound=Model)
Argument = int | str | Sequence[int] | Sequence[str]


class _IntMark(int):
    """Where the argument of this place stands; no number that a query itself may hold is one."""


class _StrMark(str):
    """The same for a text, which is its place."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class _Part:
    """The columns of a row that make one object, and by which relations it is reached from the row's own: by none."""

    kind: type[Model]
    columns: slice
    names: tuple[str, ...]
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Written:
    sql: str
    values: tuple[Any, ...]
    parts: tuple[_Part, ...]

    def row(self, record: dict[str, Any]) -> Any:
        """The object of a row, with those that are related to it; None for one that is not there."""
        values = tuple(record.values())
        made: dict[tuple[str, ...], Any] = {}
        for part in self.parts:
            own = dict(zip(part.names, values[part.columns], strict=True))
            found = part.kind._init_from_db(**own) if own[part.kind._meta.db_pk_column] is not None else None
            made[part.path] = found
            if part.path and (whose := made[part.path[:-1]]) is not None:
                object.__setattr__(whose, f"_{part.path[-1]}", found)
        return made[()]


class Prepared(Generic[Row]):
    """A query by its arguments: whole numbers, texts, and sequences of them behind ``__in``.

    ``ask`` makes the query; what it does with an argument may not depend on its value, and it may filter by it only.
    """

    def __init__(self, ask: Callable[..., QuerySet[Row]]) -> None:
        self._ask = ask
        self._written: dict[tuple[object, ...], _Written] = {}

    async def __call__(self, *given: Argument) -> list[Row]:
        """The rows, by one statement on the connection that is open here; none for an empty sequence."""
        filled = [_filled(one) for one in given]
        if not all(filled):
            return []
        connection = get_connection(CONNECTION)
        form = (connection.capabilities.dialect, *map(len, filled))
        written = self._written.get(form)
        if written is None:
            written = self._written[form] = self._write(connection, given, filled)
        arguments = [*chain(*filled)]
        values = [arguments[int(one)] if isinstance(one, _IntMark | _StrMark) else one for one in written.values]
        return [written.row(record) for record in await connection.execute_query_dict(written.sql, values)]

    def _write(self, connection: Any, given: Sequence[Argument], filled: Sequence[Sequence[Any]]) -> _Written:
        places = count()
        marks = [[(_IntMark if isinstance(one, int) else _StrMark)(next(places)) for one in some] for some in filled]
        query = self._ask(
            *(some[0] if isinstance(one, int | str) else some for one, some in zip(given, marks, strict=True))
        )
        query._db = connection
        query._make_query()
        sql, values = query.query.get_parameterized_sql()
        found = {int(value) for value in values if isinstance(value, _IntMark | _StrMark)}
        assert found == set(range(next(places))), "a query that changed its arguments cannot be prepared"
        return _Written(sql, tuple(values), tuple(_parts(query)))


def _filled(one: Argument) -> Sequence[Any]:
    """The argument as a sequence; one of several is filled up to a power of two with its last: behind ``__in`` it is
    the same, and a few statements do for all lengths."""
    if isinstance(one, int | str):
        return (one,)
    if not one:
        return ()
    length = 1 << (len(one) - 1).bit_length()
    return [*one, *repeat(one[-1], length - len(one))]


def _parts(query: Any) -> Iterator[_Part]:
    names = [(column.alias or column.name).rpartition(".")[2] for column in query.query._selects]
    start = 0
    for kind, length, *_, (_, *path) in query._select_related_idx:
        columns = slice(start, start + length)
        yield _Part(kind, columns, tuple(names[columns]), tuple(path))
        start += length
