"""What may not be kept is dropped in time (R54)."""

from typing import Any

from models import Evidence, Inspection
from models.transactions import transaction
from workflow.context import Ports
from workflow.ports import ClaimedJob
from workflow.record import record_event


async def drop_unconsented(ports: Ports, job: ClaimedJob) -> None:
    """Sweep (R54): pictures that may not be kept are deleted, with what was read on them; the bare verdict stays."""
    due = await Evidence.filter(drop_at__lte=ports.clock.now(), dropped_at=None).limit(200)
    for evidence in due:
        inspections = await Inspection.filter(evidence_id=evidence.id)
        shared = (
            await Evidence.filter(storage_key=evidence.storage_key, dropped_at=None).exclude(id=evidence.id).exists()
        )
        if not shared:
            await ports.storage.delete(evidence.storage_key)
        for inspection in inspections:
            if inspection.marked_key:
                await ports.storage.delete(inspection.marked_key)
        async with transaction():
            for inspection in inspections:
                await Inspection.filter(id=inspection.id).update(
                    marked_key=None, key=f"dropped:{inspection.id}", report=_without_contents(inspection.report)
                )
            await Evidence.filter(id=evidence.id).update(dropped_at=ports.clock.now(), file_name=None)
            await record_event(
                ports,
                "evidence:drop",
                "evidence",
                evidence.id,
                actor="system",
                clause="R54",
                evidence_sha256=evidence.sha256,
            )
    async with transaction():
        await ports.queue.finish(job)


# --- steps -----------------------------------------------------------------------------------------------------------


def _without_contents(report: dict[str, Any]) -> dict[str, Any]:
    """A report without what the picture said: measures and verdicts stay, texts and codes go."""
    findings = [
        {**finding, "measured": {}} if finding["clause"] in ("code", "D.5.1", "D.5.2") else finding
        for finding in report["findings"]
    ]
    return {**report, "codes": [], "text": [], "findings": findings}
