"""A file that a crash left without its record goes after a day; what anything refers to stays."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from jobs.clock import tick
from jobs.handlers import DROP_UNCONSENTED, DROP_UNREFERRED
from models import Evidence, EvidenceSource
from tests import rows
from tests.workflow.world import World
from workflow.intake.evidence import keep_file
from workflow.ports import ObjectMissing


async def sweep(world: World) -> None:
    for kind in (DROP_UNREFERRED, DROP_UNCONSENTED):
        await tick(world.ports, kind, timedelta(seconds=1))
        await world.work()
    world.clock.advance(seconds=1)


async def test_a_file_that_nothing_refers_to_is_dropped_after_a_day(world: World) -> None:
    kept = await keep_file(world.ports, b"%PDF-1.7", EvidenceSource.UPLOAD, actor="system", media_type="x")
    world.clock.advance(hours=23)
    await sweep(world)
    assert await world.ports.storage.get(kept.storage_key)
    world.clock.advance(hours=1)
    await sweep(world)
    await world.settle()
    with pytest.raises(ObjectMissing):
        await world.ports.storage.get(kept.storage_key)
    await kept.refresh_from_db()
    assert kept.dropped_at is not None


async def test_what_anything_refers_to_stays(world: World) -> None:
    referring: dict[str, Callable[[int], Awaitable[Any]]] = {
        "photos": lambda one: rows.photo(evidence_id=one),
        "materials": lambda one: rows.material(evidence_id=one),
        "registrations": lambda one: rows.registration(licence_id=one),
        "objections": lambda one: rows.objection_evidence(evidence_id=one),
        "inspections": lambda one: rows.inspection(evidence_id=one),
        "filing_files": lambda one: rows.filing_file(evidence_id=one),
        "adoption_files": lambda one: rows.adoption_file(evidence_id=one),
        "item_filings": lambda one: rows.item_filing(evidence_id=one),
        "code_reports": lambda one: rows.code_report(evidence_id=one),
    }
    assert set(referring) == Evidence._meta.backward_fk_fields
    kept = []
    for refer in referring.values():
        kept.append((await rows.evidence()).id)
        await refer(kept[-1])
    world.clock.advance(days=2)
    await sweep(world)
    assert await Evidence.filter(id__in=kept, drop_at=None).count() == len(referring)
