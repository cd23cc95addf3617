"""The event log: one row per change, written in the transaction of the change, never altered."""

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
    await Event.create(
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
