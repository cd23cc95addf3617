"""Evidence: what somebody gave us, kept by content hash before anything is judged (4.2.2, R54)."""

import hashlib
from datetime import timedelta

from inspection.identify import identify
from models import Evidence, EvidenceSource, Photo, PhotoState, WeChatIdentity
from workflow.context import Ports
from workflow.record import record_event


async def put_evidence(ports: Ports, data: bytes) -> str:
    """Store the bytes, once however often they come; the key under which they stand. No transaction may be open."""
    sha256 = hashlib.sha256(data).hexdigest()
    key = f"evidence/{sha256[:2]}/{sha256}"
    await ports.storage.put(key, data)
    return key


async def record_evidence(
    ports: Ports,
    photo: Photo,
    identity: WeChatIdentity | None,
    data: bytes,
    storage_key: str,
    source: EvidenceSource,
    file_name: str | None,
) -> None:
    """Inside the caller's transaction: the row, its owner, until when it is kept, and the photo it belongs to."""
    now = ports.clock.now()
    keep = keep_for(ports, identity)
    if identity is not None and identity.staff_id is not None:
        await identity.fetch_related("staff")
    evidence = await Evidence.create(
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        media_type=identify(data).value,
        storage_key=storage_key,
        identity_id=identity.id if identity else None,
        enterprise_id=identity.staff.enterprise_id if identity and identity.staff else None,
        source=source,
        file_name=file_name,
        received_at=now,
        drop_at=now + keep if keep else None,
    )
    await Photo.filter(id=photo.id).update(evidence_id=evidence.id, state=PhotoState.STORED)
    await photo.refresh_from_db()
    photo.evidence = evidence
    await record_event(
        ports,
        "evidence:store",
        "evidence",
        evidence.id,
        clause="4.2.2",
        evidence_sha256=evidence.sha256,
        actor=f"identity:{identity.id}" if identity else "system",
    )


def keep_for(ports: Ports, identity: WeChatIdentity | None) -> timedelta | None:
    """How long what this person sends is kept before it is dropped; None: for good (R54)."""
    if identity is None or identity.consented_at is not None:
        return None
    return ports.unconsented
