"""What is done for many at once, in batches: begun once by its key, taken up where it stopped, seen while it runs.

Whoever carries one out locks its row first (:func:`held`), does a batch, and moves the cursor on with it, all in one
transaction: a batch is done once, whoever does it and whenever they are killed.
"""

from collections.abc import Mapping
from typing import Any

from tortoise.expressions import Q
from tortoise.functions import Max

from models import FanOut
from workflow.context import Ports


async def begin(
    ports: Ports, key: str, kind: str, total: int, cursor: Mapping[str, Any] | None = None
) -> tuple[FanOut, bool]:
    """Inside the caller's transaction: the fan-out of that key, and whether it begins with this call.

    ``total`` is how many it is for, as far as that is known beforehand.
    """
    return await FanOut.get_or_create(
        key=key,
        defaults={"kind": kind, "total": total, "cursor": dict(cursor or {}), "started_at": ports.clock.now()},
    )


async def held(fan_out_id: int) -> FanOut | None:
    """Inside the caller's transaction: the fan-out, for the caller alone until its end; None where it has ended."""
    return await FanOut.filter(id=fan_out_id, ended_at=None).select_for_update().first()


async def advance(fan_out: FanOut, done: int, cursor: Mapping[str, Any]) -> None:
    """Inside the transaction that holds it: ``done`` more are done, and the next batch begins at ``cursor``."""
    fan_out.done += done
    fan_out.cursor = dict(cursor)
    # An estimate made at its beginning never says that less is to be done than was.
    fan_out.total = max(fan_out.total, fan_out.done)
    await fan_out.save(update_fields=["done", "cursor", "total"])


async def end(ports: Ports, fan_out: FanOut) -> None:
    """Inside the transaction that holds it: nothing more is done for it."""
    fan_out.ended_at = ports.clock.now()
    await fan_out.save(update_fields=["ended_at"])


async def newest() -> list[FanOut]:
    """All that run, and the newest of each kind, the newest first."""
    last = await FanOut.annotate(last=Max("id")).group_by("kind").values_list("last", flat=True)
    return await FanOut.filter(Q(ended_at=None) | Q(id__in=list(last))).order_by("-id")
