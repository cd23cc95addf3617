"""Photos sent as a check while a month is owed: offered for it in the answer, to be put in by a word (8.1)."""

from collections.abc import Sequence
from datetime import timedelta

from models import Photo, WeChatIdentity
from standard.months import Month
from workflow.context import Ports
from workflow.intake.wording import nothing_found, tap
from workflow.knowing.persons import speaks_for
from workflow.monthly import months
from workflow.monthly.month_filing import dialog_of
from workflow.monthly.month_photos import of_no_known_product

PUT_IN = "放入"
STANDS = timedelta(hours=24)
"""How long after it was sent a photo can still be put in by a word."""


async def offer(identity: WeChatIdentity, photos: Sequence[Photo]) -> str:
    """One line for the answer to ``photos`` (with ``inspection`` and ``evidence``): they could be filed for the month.

    Empty where nobody owes one, where its photos are filed anyway, or where none of these would help.
    """
    if not any(map(_helps, photos)):
        return ""
    firm_id, _ = await speaks_for(identity)
    if firm_id is None or await dialog_of(identity) is not None:
        return ""
    filing = await months.filing_due(firm_id)
    if filing is None:
        return ""
    which = "这张" if len(photos) == 1 else "这几张"
    return f"回复{tap(PUT_IN)}把{which}放进 {Month.parse(filing.month).number} 月提报。"


async def offered(ports: Ports, identity: WeChatIdentity) -> list[Photo]:
    """Of the photos that the last verdict was about those that may be put in, in their order."""
    return [photo for photo in await _judged_last(ports, identity) if _helps(photo)]


async def nameless(ports: Ports, identity: WeChatIdentity) -> list[Photo]:
    """Of the photos that the last verdict was about those that the month could not take without their product."""
    return [photo for photo in await _judged_last(ports, identity) if await of_no_known_product(photo)]


async def _judged_last(ports: Ports, identity: WeChatIdentity) -> list[Photo]:
    judged = Photo.filter(
        identity_id=identity.id, inspection_id__not_isnull=True, received_at__gte=ports.clock.now() - STANDS
    )
    last = await judged.order_by("-id").first()
    if last is None:
        return []
    together = judged.filter(id=last.id) if last.answer_id is None else judged.filter(answer_id=last.answer_id)
    return await together.order_by("id").prefetch_related("identity", "inspection", "evidence")


def _helps(photo: Photo) -> bool:
    """Whether something is seen on it, and nothing fails: what fails in a check fails in a filing."""
    inspection, evidence = photo.inspection, photo.evidence
    if inspection is None or evidence is None or evidence.enterprise_id is None or evidence.dropped_at is not None:
        return False
    return inspection.verdict != "fail" and not nothing_found(inspection.report)
