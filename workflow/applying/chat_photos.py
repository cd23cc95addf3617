"""Photos of a firm that are still being judged: an application that they may land in waits for them (7.1(2))."""

from collections.abc import Iterable

from tortoise.expressions import Q

from models import Job, Photo, PhotoState, Staff, StaffRole, WeChatIdentity
from workflow.access import RANK
from workflow.applying.slots import Slot

JUDGE = "photo.judge"
"""Kind of the job that judges a photo."""

UNDER_WAY = (PhotoState.RECEIVED, PhotoState.STORED)

CERTIFICATE, BODY = "certificate_photo", "body_photo"
"""Materials that photos sent in chat are filed as."""

WANTED = ("missing", "failed", "unclear")
"""States of a slot that still wants a file."""


def job_keys(photo: Photo) -> str:
    """What the keys of this photo's jobs begin with."""
    return f"judge:{photo.id}:"


def first_job(photo_id: int) -> str:
    """The key of the job that was enqueued when the photo came: its ``args`` say what it was sent for."""
    return f"judge:{photo_id}:sent"


async def speaks_for(identity: WeChatIdentity) -> tuple[int | None, int | None]:
    """The firm this chat speaks for and the person who does, where their role hands in materials."""
    staff = await Staff.get_or_none(id=identity.staff_id, left_at=None) if identity.staff_id else None
    if staff is None or staff.person_id is None or staff.role not in set(StaffRole):
        return None, None
    if RANK[StaffRole(staff.role)] < RANK[StaffRole.STAFF]:
        return None, None
    return staff.enterprise_id, staff.person_id


async def tries_under_way() -> dict[int, int]:
    """How often each photo that still has a job was tried, by the photo's id; with two jobs, how often the newer."""
    jobs = await Job.filter(kind=JUDGE, done_at=None, dead_at=None).order_by("id").values_list("args", "attempts")
    return {args["photo"]: attempts for args, attempts in jobs}


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
