"""The jobs that judge a chat photo: how they are told, and how often they were tried (7.2)."""

from models import Job, Photo, PhotoState

JUDGE = "photo.judge"
"""Kind of the job that judges a photo."""

UNDER_WAY = (PhotoState.RECEIVED, PhotoState.STORED)
"""States of a photo that has no verdict yet."""


def job_keys(photo: Photo) -> str:
    """What the keys of this photo's jobs begin with."""
    return f"judge:{photo.id}:"


def first_job(photo_id: int) -> str:
    """The key of the job that was enqueued when the photo came: its ``args`` say what it was sent for."""
    return f"judge:{photo_id}:sent"


async def tries_under_way() -> dict[int, int]:
    """How often each photo that still has a job was tried, by the photo's id; with two jobs, how often the newer."""
    jobs = await Job.filter(kind=JUDGE, done_at=None, dead_at=None).order_by("id").values_list("args", "attempts")
    return {args["photo"]: attempts for args, attempts in jobs}
