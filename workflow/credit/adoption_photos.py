"""Papers of an adoption that come as photos in chat: fetched by a job, kept with the record, judged there (8.5(1))."""

import logging
from datetime import timedelta

from models import Adoption
from models.transactions import transaction
from workflow.context import Ports
from workflow.credit.adoptions import FILES, add_file, adoption_path
from workflow.intake.wording import too_large
from workflow.ports import BadRequest, ClaimedJob, NotReachable, PictureTooLarge, WeChatError
from workflow.problems import Refused
from workflow.telling.notices import tell_person

log = logging.getLogger(__name__)

KEEP = "adoption.keep_photo"
LONGEST_WAIT_SECONDS = 60
MOST_ATTEMPTS = 12


async def receive_paper(ports: Ports, adoption: Adoption, kind: str, receipt: str, media_id: str) -> None:
    """Put on record that a photo of this ``kind`` (of ``adoptions.FILES``) came for the adoption; a job fetches it. The
    same message (``receipt``) again is the same photo."""
    args = {"adoption": adoption.id, "kind": kind, "media": media_id}
    async with transaction():
        await ports.queue.enqueue(
            KEEP, f"{KEEP}:{receipt}", args, due=ports.clock.now(), priority=10, max_attempts=MOST_ATTEMPTS
        )
    ports.bell.ring("jobs")


async def keep_paper(ports: Ports, job: ClaimedJob) -> None:
    """The job: fetch the photo and add it to the record, which is judged anew. Repeating it finds the file there; what
    cannot be had is told to whoever sent it."""
    adoption = await Adoption.get(id=job.args["adoption"])
    lost = ""
    try:
        data = await ports.wechat.fetch_picture("", job.args["media"])
        await add_file(ports, adoption, job.args["kind"], "聊天照片.jpg", data)
    except PictureTooLarge as problem:
        lost = too_large(problem.limit)
    except (BadRequest, NotReachable):
        lost = "微信没有给出这张照片（可能已过期），请重新发送，或在记录页面上传"
    except Refused as refusal:
        lost = refusal.advice
    except WeChatError as problem:
        if job.attempts < job.max_attempts:
            log.warning("a paper's photo was not fetched: %s", problem.errcode)
            later = timedelta(seconds=min(2**job.attempts, LONGEST_WAIT_SECONDS))
            await ports.queue.retry(job, ports.clock.now() + later, str(problem.errcode))
            return
        lost = "微信一直没有给出这张照片，请在记录页面上传"
    async with transaction():
        if await ports.queue.finish(job) and lost and adoption.person_id is not None:
            await tell_person(
                ports,
                adoption.person_id,
                f"adoption:{adoption.id}:photo:{job.id}",
                clause="8.5(1)",
                title="采信记录的照片没有收下",
                body=f"招标编号 {adoption.tender_number}，{FILES[job.args['kind']]}：{lost}（8.5(1)）。",
                path=adoption_path(adoption),
            )
    ports.bell.ring("jobs")
