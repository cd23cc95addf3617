"""The outbox: what a person is told, at most once by push, whoever comes first carrying it.

An answer is *awaited* while its photos are being judged, then *ready*. From there exactly one of two takes it, each by
one conditional update: the callback that is still open (*passive*, free of charge), or the push job when no callback
can any more (*sending* → *sent*). A push whose outcome nobody knows is *uncertain* and never repeated; the report page
shows everything in any case.
"""

import logging
import secrets
from collections.abc import Awaitable
from datetime import datetime, timedelta

from prometheus_client import Counter

from models import Answer, AnswerKind, AnswerState, Channel
from models.transactions import transaction
from workflow.context import Ports
from workflow.ports import ClaimedJob, ObjectMissing, OutcomeUnknown, Unavailable, WeChatError
from workflow.telling import channels, service_windows

log = logging.getLogger(__name__)
ended = Counter("zhuisu_pushes_total", "Messages pushed to people, by how it ended", ["state"])

PUSH_MARGIN = timedelta(milliseconds=400)
"""The push starts this long after the last callback has been answered, so that the two never meet."""

PUSH = "answer.push"
PICTURE = "answer.picture"

NOTICE_PRIORITY = 6
"""Of a push that answers nobody: behind the chat and the photos."""
NOTICE_ATTEMPTS = 20
"""Waiting counts as none: these are workers that died, and errors of our own."""


def bell_name(answer_id: int) -> str:
    """Rings when the answer leaves *awaiting*."""
    return f"answer:{answer_id}"


async def make_ready(ports: Ports, answer: Answer, body: str, picture: str | None) -> None:
    """Inside the caller's transaction: the text is known; whoever comes first may carry it."""
    changed = await Answer.filter(id=answer.id, state=AnswerState.AWAITING).update(
        state=AnswerState.READY, body=body, media_key=picture
    )
    if not changed:
        return
    if answer.notice is not None:
        await push_notice(ports, answer.id, f"push:{answer.id}")
        return
    now = ports.clock.now()
    due = max(now, answer.passive_until or now) + PUSH_MARGIN
    await ports.queue.enqueue(PUSH, f"push:{answer.id}", {"answer": answer.id}, due=due, priority=20)


async def push_notice(ports: Ports, answer_id: int, key: str, *, due: datetime | None = None) -> None:
    """Inside the caller's transaction: a notice that is *ready* is pushed when ``due`` comes; ``key`` serves once."""
    due = due or ports.clock.now()
    args = {"answer": answer_id}
    await ports.queue.enqueue(PUSH, key, args, due=due, priority=NOTICE_PRIORITY, max_attempts=NOTICE_ATTEMPTS)


async def claim_passive(ports: Ports, answer_id: int, receipt: str) -> str | None:
    """The text for the callback of ``receipt``, or None where another way carries it.

    A retry of the same message is answered with the same text: WeChat asks again only where it had no answer.
    """
    async with transaction():
        won = await Answer.filter(id=answer_id, state=AnswerState.READY).update(
            state=AnswerState.PASSIVE, claimed_by=receipt, settled_at=ports.clock.now()
        )
        answer = await Answer.get(id=answer_id)
        if won:
            await _picture_follows(ports, answer)
    if answer.state == AnswerState.PASSIVE and answer.claimed_by == receipt:
        return answer.body
    return None


async def give_back(ports: Ports, answer_id: int, receipt: str) -> None:
    """The callback had gone before the text could leave: let the push carry it after all."""
    async with transaction():
        changed = await Answer.filter(id=answer_id, state=AnswerState.PASSIVE, claimed_by=receipt).update(
            state=AnswerState.READY, claimed_by=None, settled_at=None
        )
        if changed:
            now = ports.clock.now()
            key = f"push:{answer_id}:{secrets.token_hex(4)}"
            await ports.queue.enqueue(PUSH, key, {"answer": answer_id}, due=now, priority=20)


async def push_text(ports: Ports, job: ClaimedJob) -> None:
    """Send the text as a customer-service message, where no callback took it; a notice by the way that arrives.

    At most once: the intent (*sending*) is committed before the call; a worker that dies in between leaves it
    *uncertain*, which nobody repeats.
    """
    answer_id = job.args["answer"]
    answer = await Answer.get(id=answer_id).prefetch_related("identity")
    now = ports.clock.now()
    if answer.notice is not None:
        if answer.state == AnswerState.READY:
            await channels.push_notice(ports, job, answer)
        else:
            await _close_without_sending(ports, job, answer_id)
        return
    if answer.state == AnswerState.READY and answer.passive_until and answer.passive_until + PUSH_MARGIN > now:
        # A retry after a restart reopened the passive window: the free way goes first.
        await ports.queue.postpone(job, answer.passive_until + PUSH_MARGIN)
        return
    if await _intend(answer_id):
        await _send(ports, job, answer, ports.wechat.send_text(answer.identity.openid, answer.body))
        return
    await _close_without_sending(ports, job, answer_id)


async def push_picture(ports: Ports, job: ClaimedJob) -> None:
    """Send the marked-up picture after its text; at most once, like :func:`push_text`. Uploading may be repeated."""
    answer_id = job.args["answer"]
    answer = await Answer.get(id=answer_id).prefetch_related("identity")
    if answer.state == AnswerState.READY and answer.media_key:
        try:
            jpeg = await ports.storage.get(answer.media_key)
        except ObjectMissing:
            # Dropped under R54 in the meantime.
            async with transaction():
                await ports.queue.finish(job)
                await Answer.filter(id=answer_id).update(state=AnswerState.SKIPPED, settled_at=ports.clock.now())
            return
        try:
            media_id = await ports.wechat.upload_image(jpeg)
        except (OutcomeUnknown, Unavailable) as problem:
            # An upload that may have happened is harmless: the person sees nothing of it.
            await ports.queue.retry(job, ports.clock.now() + timedelta(seconds=5), _reason(problem))
            return
        except WeChatError as problem:
            await _settle(ports, job, answer_id, AnswerState.REFUSED, _reason(problem))
            return
        if await _intend(answer_id):
            await _send(ports, job, answer, ports.wechat.send_image(answer.identity.openid, media_id))
            return
    await _close_without_sending(ports, job, answer_id)


async def _intend(answer_id: int) -> bool:
    """From now on it may have been sent, whatever becomes of us."""
    won = await Answer.filter(id=answer_id, state=AnswerState.READY).update(
        state=AnswerState.SENDING, channel=Channel.SERVICE
    )
    return won == 1


async def _send(ports: Ports, job: ClaimedJob, answer: Answer, call: Awaitable[None]) -> None:
    try:
        await call
    except OutcomeUnknown as problem:
        await _settle(ports, job, answer.id, AnswerState.UNCERTAIN, _reason(problem))
    except Unavailable as problem:
        async with transaction():
            await Answer.filter(id=answer.id, state=AnswerState.SENDING).update(
                state=AnswerState.READY, channel=None, error=_reason(problem)
            )
            last = job.attempts >= job.max_attempts
            if last:
                await Answer.filter(id=answer.id).update(state=AnswerState.REFUSED, settled_at=ports.clock.now())
            await ports.queue.retry(job, ports.clock.now() + timedelta(seconds=problem.retry_after), _reason(problem))
    except WeChatError as problem:
        if problem.errcode in channels.NO_CUSTOMER_SERVICE:
            await service_windows.exhausted(answer.identity_id)
        await _settle(ports, job, answer.id, AnswerState.REFUSED, _reason(problem))
    else:
        await _settle(ports, job, answer.id, AnswerState.SENT, None)


async def _settle(ports: Ports, job: ClaimedJob, answer_id: int, state: AnswerState, error: str | None) -> None:
    ended.labels(state.value).inc()
    if error is not None:
        log.warning("answer %d is %s: %s", answer_id, state.value, error)
    async with transaction():
        await ports.queue.finish(job)
        await Answer.filter(id=answer_id).update(state=state, settled_at=ports.clock.now(), error=error)
        answer = await Answer.get(id=answer_id)
        if state in {AnswerState.SENT, AnswerState.UNCERTAIN}:
            await service_windows.spent(answer.identity_id)
        if state == AnswerState.SENT and answer.kind == AnswerKind.TEXT:
            await _picture_follows(ports, answer)


async def _close_without_sending(ports: Ports, job: ClaimedJob, answer_id: int) -> None:
    """Passive, sent, or left in *sending* by a worker that died: nothing is sent again."""
    async with transaction():
        await ports.queue.finish(job)
        died = await Answer.filter(id=answer_id, state=AnswerState.SENDING).update(
            state=AnswerState.UNCERTAIN, settled_at=ports.clock.now(), error="the sender died between intent and answer"
        )
        if died:
            answer = await Answer.get(id=answer_id)
            if answer.channel == Channel.SERVICE:
                await service_windows.spent(answer.identity_id)


async def _picture_follows(ports: Ports, answer: Answer) -> None:
    """Inside the transaction that settled the text: its picture comes next, as one message of its own."""
    if not answer.media_key:
        return
    key = f"picture:{answer.id}"
    picture, made = await Answer.get_or_create(
        key=key,
        defaults={
            "identity_id": answer.identity_id,
            "kind": AnswerKind.IMAGE,
            "state": AnswerState.READY,
            "media_key": answer.media_key,
            "created_at": ports.clock.now(),
        },
    )
    if made:
        due = ports.clock.now() + PUSH_MARGIN
        await ports.queue.enqueue(PICTURE, key, {"answer": picture.id}, due=due, priority=19)


async def reopen(ports: Ports, answer_id: int) -> None:
    """Inside the caller's transaction: one more callback waits for this answer; the push leaves it the time."""
    await Answer.filter(id=answer_id, state__in=(AnswerState.AWAITING, AnswerState.READY)).update(
        passive_until=ports.clock.now() + ports.passive_window
    )


def _reason(problem: WeChatError) -> str:
    return f"{problem.errcode}: {problem.errmsg}"[:200]
