"""One photo's inspection as a record: by which key it is known, what is kept of it, and its row with its event."""

import hashlib
import json
import secrets
from dataclasses import dataclass, replace
from typing import Any

from inspection.engine import ENGINE
from inspection.fingerprint import Fingerprint
from inspection.report import Inspected, Report, Request
from models import Evidence, Inspection, Job
from workflow.context import Ports
from workflow.intake.evidence import owning, put_object
from workflow.intake.retention import without_contents
from workflow.intake.seen_before import handed_in_by_others
from workflow.knowing.people import micrometres
from workflow.ports import ClaimedJob, InspectionFailed
from workflow.record import record_event

PROFILE = "T/ZGJDJX—3—2026"

BROUGHT_DOWN = "inspection: "
"""What the last error of a job begins with whose inspection failed; how often workers were killed over it is another
matter, and not the picture's fault."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What an inspection came to, kept but not yet recorded; ``report`` carries the flags of :mod:`seen_before`."""

    key: str
    report: Report
    marked_key: str | None
    fingerprint: Fingerprint | None


def inspection_key(evidence: Evidence, request: Request) -> str:
    """The same bytes, asked the same by the same owner, judged by the same engine: the same record."""
    owner = f"firm:{evidence.enterprise_id}" if evidence.enterprise_id else f"identity:{evidence.identity_id}"
    asked = [
        evidence.sha256,
        owner,
        request.sheet_mm,
        [[h.key, h.sheet_mm, h.codes, h.model, h.record] for h in request.products],
        ENGINE,
    ]
    return hashlib.sha256(json.dumps(asked, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def as_plain(report: Any) -> dict[str, Any]:
    """A report as its row gives it back: ``to_json()`` with lists for tuples and words for their enums."""
    plain: dict[str, Any] = json.loads(json.dumps(report.to_json()))
    return plain


async def keep_inspected(ports: Ports, evidence: Evidence, key: str, inspected: Inspected) -> Looked:
    """Outside any transaction: store the marked-up picture, and see whether somebody else handed the photo in."""
    marked_key = None
    if inspected.marked is not None:
        marked_key = f"marked/{key[:2]}/{key}.jpg"
        async with owning(ports, marked_key):
            await put_object(ports, marked_key, inspected.marked)
    report = inspected.report
    if (flag := await handed_in_by_others(ports, evidence, inspected)) is not None:
        report = replace(report, flags=(*report.flags, flag))
    return Looked(key, report, marked_key, inspected.fingerprint)


async def record_inspection(
    ports: Ports, evidence_id: int, looked: Looked, *, product_id: int | None, supersedes_id: int | None = None
) -> Inspection:
    """Inside the caller's transaction: the row, its event, the picture's fingerprint; the same key is the same row."""
    report, marked_key = looked.report, looked.marked_key
    width, height = micrometres(report.sheet_mm)
    plain = as_plain(report)
    evidence = await Evidence.filter(id=evidence_id).select_for_update().get()
    if evidence.dropped_at is not None:
        # Dropped while it was being looked at: the verdict may stay, what the picture said may not (R54).
        plain, marked_key = without_contents(plain), None
    elif looked.fingerprint is not None:
        await ports.pictures.record(evidence.id, looked.fingerprint)
    inspection, made = await Inspection.get_or_create(
        key=looked.key,
        defaults={
            "ref": secrets.token_urlsafe(9),
            "evidence_id": evidence.id,
            "product_id": product_id,
            "sheet_width_um": width,
            "sheet_height_um": height,
            "profile": PROFILE,
            "engine": report.engine,
            "verdict": report.verdict.value,
            "report": plain,
            "marked_key": marked_key,
            "created_at": ports.clock.now(),
            "supersedes_id": supersedes_id,
        },
    )
    if made:
        await record_event(
            ports,
            "photo:judge",
            "inspection",
            inspection.id,
            actor="system",
            clause="D",
            after={"verdict": report.verdict.value, "engine": report.engine},
            evidence_sha256=evidence.sha256,
        )
    return inspection


async def tried_once_more(ports: Ports, job: ClaimedJob, problem: InspectionFailed) -> bool:
    """Have a job whose inspection failed run again at once; False where it failed so before.

    Twice is the file's fault, not chance: it would take the next process down as well.
    """
    if await Job.filter(id=job.id, last_error__startswith=BROUGHT_DOWN).exists():
        return False
    await ports.queue.retry(job, ports.clock.now(), f"{BROUGHT_DOWN}{problem.reason}")
    ports.bell.ring("jobs")
    return True
