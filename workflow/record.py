"""The event log: one row per change, written in the transaction of the change, never altered."""

from collections.abc import Sequence
from typing import Any

from models import Event
from workflow.context import Ports


async def record_event(
    ports: Ports,
    action: str,
    subject_kind: str,
    subject_id: int,
    *,
    actor: str,
    clause: str | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    evidence_sha256: str | None = None,
) -> None:
    """Append one event in the caller's transaction; ``actor``: ``identity:<id>``, ``system`` or ``operator:<id>``."""
    await new_event(
        ports,
        action,
        subject_kind,
        subject_id,
        actor=actor,
        clause=clause,
        before=before,
        after=after,
        evidence_sha256=evidence_sha256,
    ).save()


async def record_events(events: Sequence[Event]) -> None:
    """Append many of :func:`new_event` in the caller's transaction, in their order."""
    if events:
        await Event.bulk_create(events)


def new_event(
    ports: Ports,
    action: str,
    subject_kind: str,
    subject_id: int,
    *,
    actor: str,
    clause: str | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    evidence_sha256: str | None = None,
) -> Event:
    """An event as :func:`record_event` appends it, not yet on record."""
    return Event(
        at=ports.clock.now(),
        actor=actor,
        action=action,
        subject_kind=subject_kind,
        subject_id=subject_id,
        clause=clause,
        before=before,
        after=after,
        evidence_sha256=evidence_sha256,
    )
