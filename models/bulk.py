"""Many rows by one statement: changed, each to values of its own, or inserted and told which are new."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from tortoise.connection import get_connection
from tortoise.models import Model

from models.transactions import CONNECTION

Some = TypeVar("Some")

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


async def insert_new(kind: type[Model], rows: Sequence[Model], name: str) -> dict[Any, int]:
    """In the caller's transaction: insert the rows that break no unique index; the ids of those, by their ``name``.

    The ORM's own bulk insert does not say which it made, and asking for them by ``name`` is slow where the table has
    only just begun to grow: PostgreSQL keeps the plan that it made while there was nothing to read.
    """
    fields = {name: field for name, field in kind._meta.fields_map.items() if name in kind._meta.fields_db_projection}
    del fields[kind._meta.pk_attr]
    connection = get_connection(CONNECTION)
    columns = ", ".join(f'"{kind._meta.fields_db_projection[name]}"' for name in fields)
    no_casts = [""] * len(fields)  # the table's columns say the types
    made: dict[Any, int] = {}
    for some in _parts(rows, MOST_PARAMETERS // len(fields)):
        query = (
            f'INSERT INTO "{kind._meta.db_table}" ({columns}) {_values(len(some), no_casts)} '
            f'ON CONFLICT DO NOTHING RETURNING "{name}", "id"'
        )
        values = [field.to_db_value(getattr(row, name), row) for row in some for name, field in fields.items()]
        made |= {row[name]: row["id"] for row in await connection.execute_query_dict(query, values)}
    return made


async def _update(kind: type[Model], where: Sequence[str], change: Sequence[str], rows: Sequence[Sequence[Any]]) -> int:
    connection = get_connection(CONNECTION)
    postgres = connection.capabilities.dialect == "postgres"
    fields = [kind._meta.fields_map[name] for name in (*where, *change)]
    # PostgreSQL wants to know the types, once: the columns of VALUES are those of its first row.
    casts = [f"::{field.get_for_dialect('postgres', 'SQL_TYPE')}" if postgres else "" for field in fields]
    table = kind._meta.db_table
    # Both databases name the columns of VALUES column1, column2 …
    sets = ", ".join(f'"{name}" = given.column{len(where) + place}' for place, name in enumerate(change, 1))
    tests = " AND ".join(f'"{table}"."{name}" = given.column{place}' for place, name in enumerate(where, 1))
    query = f'UPDATE "{table}" SET {sets} FROM ({_values(len(rows), casts)}) AS given WHERE {tests}'  # noqa: S608 - names of our own columns
    values = [field.to_db_value(value, kind) for row in rows for field, value in zip(fields, row, strict=True)]
    changed, _ = await connection.execute_query(query, values)
    return changed


def _values(rows: int, casts: Sequence[str]) -> str:
    """``VALUES`` with a mark for every value of so many rows; in the first one each has its cast behind it."""
    postgres = get_connection(CONNECTION).capabilities.dialect == "postgres"
    numbers = iter(range(1, rows * len(casts) + 1))
    lines = []
    for row in range(rows):
        marks = [f"${next(numbers)}{'' if row else cast}" if postgres else "?" for cast in casts]
        lines.append(f"({', '.join(marks)})")
    return f"VALUES {', '.join(lines)}"


def _parts(rows: Sequence[Some], most: int) -> Iterator[Sequence[Some]]:
    for first in range(0, len(rows), most):
        yield rows[first : first + most]
