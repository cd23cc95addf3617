"""What may not be kept is dropped in time (R54), and what was said is not kept longer than it serves."""

from datetime import timedelta
from typing import Any

from models import Answer, Evidence, Inspection, Photo
from models.transactions import transaction
from workflow.context import Ports
from workflow.intake.evidence import delete_if_unowned
from workflow.intake.wording import DROPPED
from workflow.ports import ClaimedJob
from workflow.record import record_event

AT_ONCE = 200
SAID = timedelta(hours=1)
"""How long the words of a delivered answer are kept: retries come within a minute, the report stays where it is."""
UNREFERRED = timedelta(days=1)

TELLING = ("code", "D.1.1.clear", "D.5.1", "D.5.2")
"""Clauses whose findings quote what stands on the sheet or in the code."""


async def drop_unconsented(ports: Ports, job: ClaimedJob) -> None:
    """Sweep (R54): pictures that may not be kept are deleted, with what was read on them; the bare verdict stays.

    Repeating it is harmless: each row is claimed by one conditional update, and the objects go by jobs of their own.
    """
    now = ports.clock.now()
    for evidence in await Evidence.filter(drop_at__lte=now, dropped_at=None).order_by("drop_at").limit(AT_ONCE):
        async with transaction():
            due = Evidence.filter(id=evidence.id, drop_at__lte=now, dropped_at=None)
            if await due.update(dropped_at=now, file_name=None):
                await _forget(ports, evidence)
    async with transaction():
        await Answer.filter(settled_at__lte=now - SAID).exclude(body="").update(body="")
        await ports.queue.finish(job)


async def drop_unreferred(ports: Ports, job: ClaimedJob) -> None:
    """Sweep: a file that nothing refers to a day after it came, since a crash fell between it and its record, is due to
    be dropped: who sent it was told nothing, and has sent it again. Repeating it finds nothing more."""
    now = ports.clock.now()
    # By whatever table refers to evidence, so that none is forgotten.
    unreferred = {f"{name}__id": None for name in sorted(Evidence._meta.backward_fk_fields)}
    lost = (
        await Evidence.filter(received_at__lte=now - UNREFERRED, drop_at=None, dropped_at=None, **unreferred)
        .order_by("id")
        .limit(AT_ONCE)
        .values_list("id", flat=True)
    )
    async with transaction():
        await Evidence.filter(id__in=lost, dropped_at=None).update(drop_at=now)
        await ports.queue.finish(job)


async def _forget(ports: Ports, evidence: Evidence) -> None:
    """Inside the transaction that dropped the row: its objects go, its inspections keep verdicts and measures."""
    await delete_if_unowned(ports, evidence.storage_key)
    await ports.pictures.forget(evidence.id)
    for inspection in await Inspection.filter(evidence_id=evidence.id):
        if inspection.marked_key:
            await delete_if_unowned(ports, inspection.marked_key)
        await Inspection.filter(id=inspection.id).update(
            marked_key=None, key=f"dropped:{inspection.id}", report=without_contents(inspection.report)
        )
    for photo in await Photo.filter(evidence_id=evidence.id, answer_id__not_isnull=True):
        await Answer.filter(id=photo.answer_id, settled_at__not_isnull=True).update(body="", media_key=None)
    await record_event(
        ports,
        "evidence:drop",
        "evidence",
        evidence.id,
        actor="system",
        clause="R54",
        evidence_sha256=evidence.sha256,
    )


def without_contents(report: dict[str, Any]) -> dict[str, Any]:
    """A report without what the picture said: measures and verdicts stay, texts, codes, time and place go."""
    findings = [
        {**finding, "measured": {}, "advice": DROPPED} if finding["clause"] in TELLING else finding
        for finding in report["findings"]
    ]
    unsaid: dict[str, Any] = {"codes": [], "text": [], "stated": {}, "retake": None, "taken": {}, "panel": None}
    return {**report, **unsaid, "findings": findings}
