"""Originals: the picture as the phone took it, uploaded through a one-time link, because chat compresses."""

from models import EvidenceSource, Photo, PhotoState, UploadLink
from models.transactions import transaction
from workflow.answering.judging import enqueue_judgement
from workflow.context import Ports
from workflow.intake.evidence import evidence_key, owning, put_object, record_evidence


async def receive_original(ports: Ports, link: UploadLink, data: bytes, file_name: str) -> Photo:
    """An original through its one-time link: stored first, judged like a chat picture, answered on the page.

    The link is used up in the transaction that records the photo; of two uploads at once the first counts, and what the
    other stored goes again. The caller has looked the link up with :func:`workflow.answering.upload_links.open_link`.
    """
    await link.fetch_related("photo")
    receipt = f"upload:{link.token_hash}"
    storage_key = evidence_key(data)
    earlier = link.photo
    async with owning(ports, storage_key):
        await put_object(ports, storage_key, data)
        async with transaction():
            if not await UploadLink.filter(id=link.id, used_at=None).update(used_at=ports.clock.now()):
                return await Photo.get(receipt=receipt)
            photo = await Photo.create(
                receipt=receipt,
                identity_id=link.identity_id,
                state=PhotoState.RECEIVED,
                received_at=ports.clock.now(),
                renews_id=earlier.id if earlier else None,
                product_id=earlier.product_id if earlier else None,
                sheet_width_um=earlier.sheet_width_um if earlier else None,
                sheet_height_um=earlier.sheet_height_um if earlier else None,
            )
            await record_evidence(ports, photo, data, EvidenceSource.UPLOAD, file_name)
            await enqueue_judgement(ports, photo)
    ports.bell.ring("jobs")
    return photo
