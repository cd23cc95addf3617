"""A file that a crash left without its record goes after a day; what anything refers to stays."""

from datetime import timedelta

import pytest

from jobs.clock import tick
from jobs.handlers import DROP_UNCONSENTED, DROP_UNREFERRED
from models import Evidence, EvidenceSource
from tests import rows
from tests.workflow.world import World
from workflow.evidence import keep_file
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
    referred = [await rows.evidence() for _ in range(5)]
    photo, material, licence, objected, inspected = (one.id for one in referred)
    await rows.photo(evidence_id=photo)
    await rows.material(evidence_id=material)
    await rows.registration(licence_id=licence)
    await rows.objection_evidence(evidence_id=objected)
    await rows.inspection(evidence_id=inspected)
    world.clock.advance(days=2)
    await sweep(world)
    assert await Evidence.filter(id__in=[one.id for one in referred], drop_at=None).count() == 5
