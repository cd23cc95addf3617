"""Many scans written by a few statements: their events, what is known of the codes, and how many came in a day.

The ORM has one statement a row for events, and none that counts up what is there already.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from tortoise.connection import get_connection
from tortoise.models import Model

from models.scanning import ScanDay, ScanEvent, ScannedCode
from models.transactions import CONNECTION

EVENT = ("at", "code_key", "code", "enterprise_id", "product_id", "road", "outcome", "region", "visitor")
"""Columns of :func:`append_events`, in their order."""
SCANNED = ("code_key", "product_id", "first_at", "first_region", "last_at", "last_visitor", "before_at", "times")
"""Columns of :func:`count_up`."""

_COUNT_UP = """
ON CONFLICT ("code_key") DO UPDATE SET
    "times" = "scanned_code"."times" + excluded."times",
    "before_at" = COALESCE(excluded."before_at", "scanned_code"."last_at"),
    "last_at" = excluded."last_at",
    "last_visitor" = excluded."last_visitor",
    "product_id" = COALESCE(excluded."product_id", "scanned_code"."product_id")
WHERE excluded."last_visitor" = '' OR excluded."last_visitor" <> "scanned_code"."last_visitor"
"""

_COUNT_DAYS = """
INSERT INTO "scan_day" ("enterprise_id", "product_id", "day", "road", "times")
SELECT "enterprise_id", "product_id", $3, "road", COUNT(*) FROM "scan_event"
WHERE "at" >= $1 AND "at" < $2 AND "product_id" IS NOT NULL
GROUP BY "enterprise_id", "product_id", "road"
ON CONFLICT ("product_id", "day", "road") DO UPDATE SET "times" = "scan_day"."times" + excluded."times"
"""


async def append_events(rows: Sequence[Sequence[Any]]) -> None:
    """In the caller's transaction: one event a row."""
    await _insert(ScanEvent, EVENT, rows)


async def count_up(rows: Sequence[Sequence[Any]]) -> None:
    """In the caller's transaction: each code, at most once in ``rows``, is there with ``times`` more.

    ``before_at``: when the last but one of these looked; None: when the one before looked, whom the table knows.
    Whose look-up was the last one changes nothing by looking again; an empty visitor is somebody else every time. The
    rows are locked in the order given: whoever sorts them by key never waits in a circle.
    """
    await _insert(ScannedCode, SCANNED, rows, _COUNT_UP)


async def _insert(kind: type[Model], names: Sequence[str], rows: Sequence[Sequence[Any]], ending: str = "") -> None:
    if not rows:
        return
    connection = get_connection(CONNECTION)
    into = f'INSERT INTO "{kind._meta.db_table}" ({", ".join(names)})'
    if connection.capabilities.dialect == "postgres":
        # One statement for any number of rows, so that it is prepared once.
        types = [kind._meta.fields_map[name].get_for_dialect("postgres", "SQL_TYPE") for name in names]
        columns = ", ".join(f"${place}::{of}[]" for place, of in enumerate(types, 1))
        query = f"{into} SELECT * FROM unnest({columns}) {ending}"  # noqa: S608 - names of our own columns
        await connection.execute_query(query, [*zip(*rows, strict=True)])
    else:
        await connection.execute_many(
            f"{into} VALUES ({', '.join('?' * len(names))}) {ending}", [list(row) for row in rows]
        )


async def count_days(start: datetime, end: datetime, day: date) -> None:
    """In the caller's transaction: the events of products from ``start`` until before ``end``, which lie on ``day``,
    are added to its counts."""
    connection = get_connection(CONNECTION)
    query = _COUNT_DAYS if connection.capabilities.dialect == "postgres" else _COUNT_DAYS.replace("$", "?")
    await connection.execute_query(query, [start, end, ScanDay._meta.fields_map["day"].to_db_value(day, ScanDay)])
