"""Photos of a firm that are still being judged: an application that they may land in waits for them (7.1(2))."""

from collections.abc import Iterable

from tortoise.expressions import Q

from models import Job, Photo, WeChatIdentity
from workflow.applying.slots import Slot
from workflow.intake.photo_jobs import JUDGE, UNDER_WAY, job_keys
from workflow.knowing.persons import speaks_for

CERTIFICATE, BODY = "certificate_photo", "body_photo"
"""Materials that photos sent in chat are filed as."""

WANTED = ("missing", "failed", "unclear")
"""States of a slot that still wants a file."""


def wants_photos(slots: Iterable[Slot]) -> bool:
    """Whether a photo that is judged now may land in one of them."""
    return any(slot.material.id in (CERTIFICATE, BODY) and slot.state in WANTED for slot in slots)


async def photos_under_way(enterprise_id: int) -> int:
    """How many photos of those who speak for the firm are being judged.

    One whose job was given up is not: nothing more happens to it until :mod:`workflow.answering.judging` ends it.
    """
    speakers = await WeChatIdentity.filter(staff__enterprise_id=enterprise_id, staff__left_at=None)
    mine = [identity.id for identity in speakers if (await speaks_for(identity))[0] is not None]
    photos = await Photo.filter(
        Q(evidence_id=None) | Q(evidence__enterprise_id=enterprise_id),
        identity_id__in=mine,
        state__in=[str(state) for state in UNDER_WAY],
    )
    at_work = [
        await Job.filter(kind=JUDGE, key__startswith=job_keys(photo), done_at=None, dead_at=None).exists()
        for photo in photos
    ]
    return sum(at_work)
