"""A change of state: one row or nothing, by the state and the version it starts from."""

from datetime import datetime
from typing import Any

from tortoise.expressions import F
from tortoise.models import Model

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
