"""A change of state: one row or nothing, by the state and the version it starts from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tortoise.expressions import F
from tortoise.models import Model

from models.bulk import update_each
from workflow.problems import Kind, Refused


class Moved(Refused):
    """Somebody else was quicker: what stands is no longer what the change started from."""

    def __init__(self) -> None:
        super().__init__(Kind.CONFLICT, "state_changed", "状态刚刚发生了变化：请刷新后再试")


async def move(row: Any, to: str, *, due_at: datetime | None = None, **values: Any) -> None:
    """Inside the caller's transaction: ``row`` (with ``state``, ``version``, ``due_at``) to state ``to``, or
    :class:`Moved`; the row in memory follows."""
    kind: type[Model] = type(row)
    changed = await kind.filter(id=row.id, state=row.state, version=row.version).update(
        state=to, version=F("version") + 1, due_at=due_at, **values
    )
    if changed != 1:
        raise Moved
    row.state, row.version, row.due_at = to, row.version + 1, due_at
    for name, value in values.items():
        setattr(row, name, value)


@dataclass(frozen=True, slots=True)
class Move:
    """One of many changes: ``row`` to state ``to``, with further columns."""

    row: Any
    to: str
    due_at: datetime | None = None
    values: Mapping[str, Any] = field(default_factory=dict)


async def move_many(moves: Sequence[Move]) -> None:
    """Inside the caller's transaction: :func:`move` for many rows of one table, with the same columns, in one
    statement. All of them, or :class:`Moved`."""
    if not moves:
        return
    columns = list(moves[0].values)
    changed = await update_each(
        type(moves[0].row),
        ("id", "state", "version"),
        ("state", "version", "due_at", *columns),
        [
            (
                *(one.row.id, one.row.state, one.row.version),
                *(one.to, one.row.version + 1, one.due_at),
                *(one.values[name] for name in columns),
            )
            for one in moves
        ],
    )
    if changed != len(moves):
        raise Moved
    for one in moves:
        one.row.state, one.row.version, one.row.due_at = one.to, one.row.version + 1, one.due_at
        for name, value in one.values.items():
            setattr(one.row, name, value)
