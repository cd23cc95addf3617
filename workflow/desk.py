"""The operator's desk: what only a person may decide, and what is overdue, each with its clause and deadline."""

import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from tortoise.expressions import Q

from models import DeskItem, DeskState, PlatformRole
from workflow.access import Asker, must_hold, not_found
from workflow.context import Ports

NEVER = datetime.max.replace(tzinfo=UTC)


async def put_on_desk(
    ports: Ports,
    key: str,
    kind: str,
    subject_kind: str,
    subject_id: int,
    *,
    clause: str,
    title: str,
    detail: dict[str, Any] | None = None,
    due_at: datetime | None = None,
    enterprise_id: int | None = None,
) -> DeskItem:
    """Inside the caller's transaction: have a person look at it; the same ``key`` again is the same item."""
    item, _ = await DeskItem.get_or_create(
        key=key,
        defaults={
            "ref": secrets.token_urlsafe(9),
            "kind": kind,
            "subject_kind": subject_kind,
            "subject_id": subject_id,
            "enterprise_id": enterprise_id,
            "clause": clause,
            "title": title,
            "detail": detail or {},
            "opened_at": ports.clock.now(),
            "due_at": due_at,
            "state": DeskState.OPEN,
        },
    )
    return item


async def desk(asker: Asker, *, state: DeskState = DeskState.OPEN, limit: int = 50, after: int = 0) -> list[DeskItem]:
    """What waits (or was decided), the oldest first from the item ``after``; for operators."""
    await must_hold(asker, PlatformRole.OPERATOR)
    wanted = Q(state=state) & Q(id__gt=after)
    return await DeskItem.filter(wanted).order_by("id").limit(limit).prefetch_related("enterprise", "decided_by")


def soonest_first(items: Iterable[DeskItem]) -> list[DeskItem]:
    """By deadline, and so what is overdue on top; what has none comes last."""
    return sorted(items, key=lambda one: (one.due_at or NEVER, one.id))


async def desk_item(asker: Asker, ref: str) -> DeskItem:
    """One item; for operators."""
    await must_hold(asker, PlatformRole.OPERATOR)
    item = await DeskItem.get_or_none(ref=ref).prefetch_related("enterprise", "decided_by")
    if item is None:
        raise not_found()
    return item
