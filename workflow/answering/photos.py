"""A photo's road: received → stored → judged → answered. Every step can be resumed after a kill (4.2.2, 7.2).

:func:`receive` writes what came and the job to judge it in one transaction, before anything slow happens. The job
(:mod:`workflow.answering.judging`) stores the picture as evidence, has it inspected with no transaction open, then
records report, event and answer in one more. The callback meanwhile waits for the answer and carries it if it can; else
:mod:`workflow.telling.answers` pushes it.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from inspection.report import Size
from models import Answer, AnswerKind, AnswerState, Inspection, Photo, PhotoState, WeChatIdentity
from models.transactions import transaction
from workflow.answering.judging import enqueue_judgement
from workflow.context import Ports
from workflow.knowing.people import lock_person, micrometres
from workflow.telling import answers

TOGETHER = timedelta(seconds=10)
"""Photos of one person that arrive while an answer is still awaited, at most this apart, are answered together."""
MOST_TOGETHER = 6
SIZE_ANSWER = timedelta(hours=24)
"""How long after a photo its size may be told to have it judged again."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What the sender said about a photo: the sheet's size in millimetres, or the product; nothing: as it was."""

    sheet_mm: Size | None = None
    product_id: int | None = None


async def receive(ports: Ports, identity: WeChatIdentity, receipt: str, pic_url: str, media_id: str) -> Photo:
    """Record a chat picture and the job that judges it; the same message again gives the same photo."""
    async with transaction():
        await lock_person(identity.id)
        known = await Photo.get_or_none(receipt=receipt)
        if known is not None:
            if known.answer_id is not None:
                await answers.reopen(ports, known.answer_id)
            return known
        answer = await _open_answer(ports, identity)
        photo = await Photo.create(
            receipt=receipt,
            identity_id=identity.id,
            answer_id=answer.id,
            pic_url=pic_url,
            media_id=media_id,
            state=PhotoState.RECEIVED,
            received_at=ports.clock.now(),
        )
        await enqueue_judgement(ports, photo)
    ports.bell.ring("jobs")
    return photo


async def judge_again(
    ports: Ports, identity: WeChatIdentity, receipt: str, choice: Choice, photos: Sequence[Photo]
) -> Photo:
    """Judge stored photos once more with what the sender has now said.

    ``photos`` are those that :func:`to_judge_again` gave.
    """
    async with transaction():
        await lock_person(identity.id)
        if (known := await judged_again(ports, receipt)) is not None:
            return known
        answer = await _open_answer(ports, identity)
        width, height = micrometres(choice.sheet_mm)
        again: list[Photo] = []
        for index, photo in enumerate(photos):
            new = await Photo.create(
                receipt=f"{receipt}:{index}",
                identity_id=identity.id,
                answer_id=answer.id,
                state=PhotoState.STORED,
                evidence_id=photo.evidence_id,
                renews_id=photo.id,
                product_id=photo.product_id if choice == Choice() else choice.product_id,
                sheet_width_um=photo.sheet_width_um if choice == Choice() else width,
                sheet_height_um=photo.sheet_height_um if choice == Choice() else height,
                received_at=ports.clock.now(),
            )
            await enqueue_judgement(ports, new)
            again.append(new)
    ports.bell.ring("jobs")
    return again[0]


async def judged_again(ports: Ports, receipt: str) -> Photo | None:
    """What this very message had judged again before: WeChat sends a message up to three times."""
    known = await Photo.get_or_none(receipt=f"{receipt}:0")
    if known is not None and known.answer_id is not None:
        await answers.reopen(ports, known.answer_id)
    return known


async def awaited(ports: Ports, identity: WeChatIdentity) -> Photo | None:
    """A photo of this person that is still being judged: what they say now concerns it."""
    photo = await Photo.filter(identity_id=identity.id, answer__state=AnswerState.AWAITING).order_by("-id").first()
    if photo is not None and photo.answer_id is not None:
        await answers.reopen(ports, photo.answer_id)
    return photo


async def to_judge_again(ports: Ports, identity: WeChatIdentity, size: Size | None = None) -> list[Photo]:
    """The photos that the sender's word now concerns: the latest that were judged, as they were sent together.

    Without ``size`` those that had none; with it also those that were judged by another one.
    """
    recent = (
        await Photo.filter(
            identity_id=identity.id,
            received_at__gte=ports.clock.now() - SIZE_ANSWER,
            inspection_id__not_isnull=True,
            evidence__dropped_at=None,
        )
        .order_by("-id")
        .limit(MOST_TOGETHER)
        .prefetch_related("inspection")
    )
    width, height = micrometres(size)
    concerned: list[Photo] = []
    for photo in recent:
        inspection = photo.inspection
        if inspection is None or photo.answer_id != recent[0].answer_id or (concerned and photo.answer_id is None):
            break
        known = (inspection.sheet_width_um, inspection.sheet_height_um)
        if known == (None, None) or (size is not None and known != (width, height)):
            concerned.append(photo)
    return concerned[::-1]


async def latest(identity: WeChatIdentity) -> Photo | None:
    """The last chat picture of this person whose bytes we still have."""
    return (
        await Photo.filter(identity_id=identity.id, evidence__dropped_at=None, evidence_id__not_isnull=True)
        .order_by("-id")
        .first()
    )


async def recent_reports(identity: WeChatIdentity, most: int = 5) -> list[Inspection]:
    """This person's latest reports, newest first, each once, those that a newer one replaced left out."""
    judged = (
        await Photo.filter(identity_id=identity.id, inspection_id__not_isnull=True)
        .order_by("-id")
        .limit(4 * most)
        .prefetch_related("inspection__product")
    )
    reports = {photo.inspection.id: photo.inspection for photo in judged if photo.inspection is not None}
    replaced = {report.supersedes_id for report in reports.values()}
    shown = [report for report in reports.values() if report.id not in replaced]
    return sorted(shown, key=lambda report: report.created_at, reverse=True)[:most]


async def wait_for_answer(ports: Ports, photo: Photo, receipt: str, seconds: float) -> str | None:
    """The text that answers the photo, for the callback of ``receipt`` to carry; None: it comes by another way."""
    if photo.answer_id is None:
        return None
    answer_id = photo.answer_id

    async def look() -> Answer | None:
        answer = await Answer.get(id=answer_id)
        return None if answer.state == AnswerState.AWAITING else answer

    answer = await ports.bell.awaited(answers.bell_name(answer_id), look, seconds)
    return await answers.claim_passive(ports, answer.id, receipt) if answer is not None else None


async def _open_answer(ports: Ports, identity: WeChatIdentity) -> Answer:
    """Under the person's lock: the answer the next photo joins, the one still awaited for them, else a new one."""
    now = ports.clock.now()
    awaited = (
        await Answer.filter(
            identity_id=identity.id, kind=AnswerKind.TEXT, state=AnswerState.AWAITING, created_at__gte=now - TOGETHER
        )
        .order_by("-id")
        .first()
    )
    if awaited is not None and await Photo.filter(answer_id=awaited.id).count() < MOST_TOGETHER:
        await answers.reopen(ports, awaited.id)
        return awaited
    return await Answer.create(
        key=f"verdict:{secrets.token_hex(8)}",
        identity_id=identity.id,
        kind=AnswerKind.TEXT,
        state=AnswerState.AWAITING,
        passive_until=now + ports.passive_window,
        created_at=now,
    )
