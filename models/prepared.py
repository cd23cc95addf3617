"""Queries whose SQL is written once a process: for the few that are asked thousands of times a minute.

Much of what a small query costs is the ORM writing it. Here it is written for the first who asks, with marks where
their arguments stand, and for all others only the arguments change. Rows come as the ORM makes them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
    """The same for a text; it begins with its place."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class _Written:
    sql: str
    values: tuple[Any, ...]
    joined: list[Any]


class Prepared(Generic[Row]):
    """A query by its arguments: whole numbers, texts, and sequences of them behind ``__in``.

    ``ask`` makes the query; what it does with an argument may not depend on its value, and it may filter by it only.
    A sequence of several is written anew each time, as its SQL has another length.
    """

    def __init__(self, ask: Callable[..., QuerySet[Row]]) -> None:
        self._ask = ask
        self._written: dict[str, _Written] = {}

    async def __call__(self, *given: Argument) -> list[Row]:
        """The rows, by one statement on the connection that is open here; none for an empty sequence."""
        alone = [one if isinstance(one, int | str) else one[0] for one in given if isinstance(one, int | str) or one]
        if len(alone) < len(given):
            return []
        if any(not isinstance(one, int | str) and len(one) > 1 for one in given):
            return await self._ask(*given)
        connection = get_connection(CONNECTION)
        dialect = connection.capabilities.dialect
        written = self._written.get(dialect)
        if written is None:
            written = self._written[dialect] = self._write(connection, given)
        values = [alone[int(one)] if isinstance(one, _IntMark | _StrMark) else one for one in written.values]
        model = written.joined[0][0]
        executor = connection.executor_class(model=model, db=connection, select_related_idx=written.joined)
        rows: list[Row] = await executor.execute_select(written.sql, values)
        return rows

    def _write(self, connection: Any, given: Sequence[Argument]) -> _Written:
        query = self._ask(*(_marked(place, one) for place, one in enumerate(given)))
        query._db = connection
        query._make_query()
        sql, values = query.query.get_parameterized_sql()
        found = {int(value) for value in values if isinstance(value, _IntMark | _StrMark)}
        assert found == set(range(len(given))), "a query that changed its arguments cannot be prepared"
        return _Written(sql, tuple(values), query._select_related_idx)


def _marked(place: int, one: Argument) -> Any:
    if isinstance(one, int):
        return _IntMark(place)
    if isinstance(one, str):
        return _StrMark(place)
    return [_marked(place, one[0])]
