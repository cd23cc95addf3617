"""Many rows changed by one statement, each to values of its own; the ORM has one only for the same value of all."""

from collections.abc import Iterator, Sequence
from typing import Any

from tortoise.connection import get_connection
from tortoise.models import Model

from models.transactions import CONNECTION

MOST_PARAMETERS = 30_000
"""Of one statement; both databases take a little more."""


async def update_each(
    kind: type[Model], where: Sequence[str], change: Sequence[str], rows: Sequence[Sequence[Any]]
) -> int:
    """In the caller's transaction: how many rows changed.

    Each of ``rows`` holds what the columns ``where`` must hold, then what the columns ``change`` get.
    """
    changed = 0
    for some in _parts(rows, MOST_PARAMETERS // (len(where) + len(change))):
        changed += await _update(kind, where, change, some)
    return changed


async def _update(kind: type[Model], where: Sequence[str], change: Sequence[str], rows: Sequence[Sequence[Any]]) -> int:
    connection = get_connection(CONNECTION)
    postgres = connection.capabilities.dialect == "postgres"
    fields = [kind._meta.fields_map[name] for name in (*where, *change)]
    numbers = iter(range(1, len(rows) * len(fields) + 1))
    # PostgreSQL wants to know the types, once: the columns of VALUES are those of its first row.
    casts = [f"::{field.get_for_dialect('postgres', 'SQL_TYPE')}" if postgres else "" for field in fields]
    lines = []
    for _ in rows:
        marks = [f"${next(numbers)}{cast}" if postgres else "?" for cast in casts]
        lines.append(f"({', '.join(marks)})")
        casts = [""] * len(fields)
    table = kind._meta.db_table
    # Both databases name the columns of VALUES column1, column2 …
    sets = ", ".join(f'"{name}" = given.column{len(where) + place}' for place, name in enumerate(change, 1))
    tests = " AND ".join(f'"{table}"."{name}" = given.column{place}' for place, name in enumerate(where, 1))
    query = f'UPDATE "{table}" SET {sets} FROM (VALUES {", ".join(lines)}) AS given WHERE {tests}'  # noqa: S608 - names of our own columns
    values = [field.to_db_value(value, kind) for row in rows for field, value in zip(fields, row, strict=True)]
    changed, _ = await connection.execute_query(query, values)
    return changed


def _parts(rows: Sequence[Sequence[Any]], most: int) -> Iterator[Sequence[Sequence[Any]]]:
    for first in range(0, len(rows), most):
        yield rows[first : first + most]
