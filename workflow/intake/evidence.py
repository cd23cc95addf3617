"""Evidence: what somebody gave us, kept by content hash before anything is judged (4.2.2, R54).

The bytes and the row that owns them cannot be written at once. Whoever writes or deletes an object therefore holds the
lock of its key, and before an object is written a job is due that deletes it again unless a row has come to own it.
"""

import hashlib
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any

from tortoise.expressions import Q

from inspection.identify import identify
from models import Confirmation, Evidence, EvidenceSource, Inspection, Photo, PhotoState, Rendering, WeChatIdentity
from models.transactions import transaction
from workflow.context import Ports
from workflow.knowing.people import lock_person
from workflow.ports import CacheUnavailable, ClaimedJob, ObjectMissing
from workflow.problems import Kind, Refused
from workflow.record import record_event

DELETE_UNOWNED = "object.delete_unowned"
OWNED_WITHIN = timedelta(hours=1)
LOCK_SECONDS = 30


def evidence_key(data: bytes) -> str:
    """Where the bytes stand in the store."""
    sha256 = hashlib.sha256(data).hexdigest()
    return f"evidence/{sha256[:2]}/{sha256}"


@asynccontextmanager
async def owning(ports: Ports, storage_key: str, *, deleting: bool = False) -> AsyncIterator[None]:
    """Hold this while an object is written and its row recorded, or while it is looked at and deleted.

    Without the cache nothing is deleted, so that writing may go on: photos are judged while Redis is away.
    """
    async with AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(ports.cache.lock(f"object:{storage_key}", LOCK_SECONDS))
        except CacheUnavailable:
            if deleting:
                raise
        yield


async def put_object(ports: Ports, storage_key: str, data: bytes) -> None:
    """Write an object, once however often it comes; :func:`owning` is held and no transaction is open."""
    async with transaction():
        await delete_if_unowned(ports, storage_key, after=OWNED_WITHIN)
    await ports.storage.put(storage_key, data)


async def kept_bytes(ports: Ports, evidence: Evidence) -> tuple[bytes, str]:
    """The bytes and their media type; who may see them the caller has checked. Refused: ``file_dropped`` (R54)."""
    try:
        return await ports.storage.get(evidence.storage_key), evidence.media_type
    except ObjectMissing:
        raise Refused(Kind.GONE, "file_dropped", "这份文件已按约定删除") from None


async def delete_if_unowned(ports: Ports, storage_key: str, after: timedelta = timedelta()) -> None:
    """Inside the caller's transaction: have the object deleted, unless a row owns it when the time has come."""
    key = f"{DELETE_UNOWNED}:{secrets.token_hex(8)}"
    await ports.queue.enqueue(
        DELETE_UNOWNED, key, {"key": storage_key}, due=ports.clock.now() + after, priority=30, max_attempts=50
    )


async def delete_unowned(ports: Ports, job: ClaimedJob) -> None:
    """The job: delete an object that no live row owns. Repeating it finds nothing, or a new owner."""
    storage_key = job.args["key"]
    async with owning(ports, storage_key, deleting=True):
        owned = (
            await Evidence.filter(storage_key=storage_key, dropped_at=None).exists()
            or await Inspection.filter(marked_key=storage_key).exists()
            or await Rendering.filter(Q(pdf_key=storage_key) | Q(png_key=storage_key)).exists()
            or await Confirmation.filter(pdf_key=storage_key).exists()
        )
        if not owned:
            await ports.storage.delete(storage_key)
    async with transaction():
        await ports.queue.finish(job)


async def record_evidence(
    ports: Ports, photo: Photo, data: bytes, source: EvidenceSource, file_name: str | None
) -> Evidence:
    """Inside the caller's transaction: the row, its owner, until when it is kept, and the photo it belongs to.

    The person is read afresh under lock: they may have consented, been bound or left while the bytes were on their way.
    """
    identity = await lock_person(photo.identity_id) if photo.identity_id is not None else None
    if identity is not None and identity.staff_id is not None:
        await identity.fetch_related("staff")
    keep = keep_for(ports, identity)
    evidence = await _record(
        ports,
        data,
        actor=f"identity:{identity.id}" if identity else "system",
        media_type=identify(data).value,
        identity_id=identity.id if identity else None,
        enterprise_id=identity.staff.enterprise_id if identity and identity.staff else None,
        source=source,
        file_name=file_name,
        drop_at=ports.clock.now() + keep if keep is not None else None,
    )
    # WeChat's own address of the picture opens to anybody who has it: it has served.
    await Photo.filter(id=photo.id).update(evidence_id=evidence.id, state=PhotoState.STORED, pic_url="", media_id="")
    return evidence


async def keep_file(
    ports: Ports,
    data: bytes,
    source: EvidenceSource,
    *,
    actor: str,
    media_type: str,
    enterprise_id: int | None = None,
    identity_id: int | None = None,
    file_name: str | None = None,
) -> Evidence:
    """Keep a file for good, as a firm's record: its object first, then its row with the event. No transaction is open.

    A crash in between leaves an object that a job deletes; nothing that was answered for is lost.
    """
    storage_key = evidence_key(data)
    async with owning(ports, storage_key):
        await put_object(ports, storage_key, data)
        async with transaction():
            return await _record(
                ports,
                data,
                actor=actor,
                media_type=media_type,
                identity_id=identity_id,
                enterprise_id=enterprise_id,
                source=source,
                file_name=file_name,
            )


async def _record(ports: Ports, data: bytes, *, actor: str, **columns: Any) -> Evidence:
    """Inside the caller's transaction: the row over the object of these bytes, with its event."""
    evidence = await Evidence.create(
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        storage_key=evidence_key(data),
        received_at=ports.clock.now(),
        **columns,
    )
    await record_event(
        ports,
        "evidence:store",
        "evidence",
        evidence.id,
        clause="4.2.2",
        evidence_sha256=evidence.sha256,
        actor=actor,
    )
    return evidence


def keep_for(ports: Ports, identity: WeChatIdentity | None) -> timedelta | None:
    """How long what this person sends is kept before it is dropped; None: for good (R54)."""
    if identity is None or identity.consented_at is not None:
        return None
    return ports.unconsented if identity.subscribed else timedelta()
