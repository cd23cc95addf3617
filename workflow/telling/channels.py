"""By which way a notice reaches a person outside the pages: the cheapest that will arrive, and at most once.

The ways, in their order: a customer-service message (客服消息) while WeChat's account allows one, a subscribe message
(订阅通知) where the person agreed to one, a template message (模板消息) to who follows. Before each call the intent is
committed together with the way (*sending*). Only a definite refusal leads to the next way. What nobody knows the
outcome of is *uncertain* and never repeated. Where WeChat takes nothing for a while, the notice waits as long as it is
worth it. Every way that did not do stands in ``Answer.tried``, and why none did in ``Answer.error``; the inbox has the
notice in any case.
"""

import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from prometheus_client import Counter

from config.clock import SHANGHAI
from config.message_templates import KINDS, MessageTemplate, NoticeKind
from models import Answer, AnswerState, Channel, InboxEntry
from models.transactions import transaction
from workflow.context import Ports
from workflow.knowing.people import GONE
from workflow.ports import CacheUnavailable, ClaimedJob, OutcomeUnknown, Unavailable, WeChatError
from workflow.telling import consents, pacing, service_windows
from workflow.telling.message_fields import Unfillable, filled
from workflow.telling.reminder_calendar import AWAITED, quiet, waking
from workflow.telling.still_owed import brought_up_to_date

log = logging.getLogger(__name__)
ended = Counter(
    "zhuisu_notices_total", "Notices pushed to people, by the last way and how it ended", ["channel", "state"]
)

ALONE_SECONDS = 60.0
"""Longer than a call with its retries takes; who died while calling keeps others from this person no longer."""
AFTER_ANOTHER = timedelta(seconds=1)
"""When a notice comes again that found another one to the same person under way (43108)."""
SHORT_WAIT = timedelta(minutes=5)
"""A pause up to this long is waited for, however many other ways there are, and also at night."""
CLOSES_FROM = 60.0
"""Seconds: WeChat asks for such a pause where a quota is used up, so that it goes for everybody."""
LONGEST_PAUSE = timedelta(minutes=10)
WORTH = timedelta(days=2)
"""How long a notice waits that does not say until when it is worth pushing."""

NO_CUSTOMER_SERVICE = frozenset({45015, 45047})
NO_CONSENT = 43101


@dataclass(frozen=True, slots=True)
class Way:
    """A way that is open now."""

    channel: Channel
    template: MessageTemplate | None = None
    fields: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wait:
    """None is open now, but one will be."""

    until: datetime


@dataclass(slots=True)
class Ways:
    """What was found of the ways of one notice: why not, by way, and from when on, where only time is wanting.

    ``shut`` are those that closed before our eyes, whatever the cache remembers of it.
    """

    shut: dict[Channel, datetime]
    why_not: dict[Channel, str] = field(default_factory=dict)
    closed: dict[Channel, datetime] = field(default_factory=dict)

    def said(self) -> str:
        """For ``Answer.error``."""
        return "; ".join(f"{channel.value}: {why}" for channel, why in self.why_not.items())


async def push_notice(ports: Ports, job: ClaimedJob, answer: Answer) -> None:
    """Push a notice that is *ready*, by whichever way; with it the job ends, or is put off.

    Running it again is harmless: whatever has left *ready* is not sent again.
    """
    now = ports.clock.now()
    if now > _worth_until(answer):
        await _close(ports, job, answer, AnswerState.SKIPPED, "no longer worth pushing")
        return
    if quiet(now) and now - answer.created_at > AWAITED:
        # It was for the day, and nobody was there to send it.
        await _put_off(ports, job, answer, waking(now), job.args, "the night came before")
        return
    minute = job.args.get("minute")
    if minute is None:
        minute = await pacing.place(ports)
    if minute > pacing.minute_of(now):
        await _put_off(ports, job, answer, pacing.begins(minute), {**job.args, "minute": minute}, "no room before")
        return
    job = replace(job, args={**job.args, "minute": minute})
    async with _alone_with(ports, answer.identity_id) as alone:
        if not alone:
            await ports.queue.postpone(job, now + AFTER_ANOTHER, job.args)
        elif await brought_up_to_date(ports, answer):
            await _by_some_way(ports, job, answer)
        else:
            await _close(ports, job, answer, AnswerState.SKIPPED, "nothing of it holds any more")


async def _by_some_way(ports: Ports, job: ClaimedJob, answer: Answer) -> None:
    """One way after the other, until one took it, none is left, or only waiting helps."""
    shut: dict[Channel, datetime] = {}
    while True:
        found = Ways(shut)
        way = await _choose(ports, answer, found)
        if way is None:
            await _close(ports, job, answer, AnswerState.REFUSED, found.said())
            return
        if isinstance(way, Wait):
            # Whoever waited for WeChat asks for a place again: all of them would come at the same moment.
            args = {name: value for name, value in job.args.items() if name != "minute"}
            await _put_off(ports, job, answer, way.until, args, found.said())
            return
        if not await _intend(ports, answer, way):
            if answer.state != AnswerState.READY:
                await _close(ports, job, answer, None, None)
                return
            continue
        try:
            message_id = await _send(ports, answer, way)
        except OutcomeUnknown as problem:
            await _settle(ports, job, answer, way, AnswerState.UNCERTAIN, _reason(problem))
            return
        except Unavailable as problem:
            if not await _came_back(ports, answer, way, problem, refused=False):
                await _close(ports, job, answer, None, None)
                return
            if problem.retry_after >= CLOSES_FROM:
                shut[way.channel] = await pacing.close(ports, way.channel, problem.retry_after)
                continue
            times = answer.tried[-1]["times"] if answer.tried else 1
            pause = min(timedelta(seconds=problem.retry_after * 2 ** min(times - 1, 10)), LONGEST_PAUSE)
            await _put_off(ports, job, answer, ports.clock.now() + pause, job.args, _reason(problem))
            return
        except WeChatError as problem:
            if not await _came_back(ports, answer, way, problem, refused=True):
                await _close(ports, job, answer, None, None)
                return
        else:
            await _settle(ports, job, answer, way, AnswerState.SENT, None, message_id)
            return


async def _choose(ports: Ports, answer: Answer, found: Ways) -> Way | Wait | None:
    """The first way that is open. Where one is closed for long, the next goes only if it costs no consent, unless the
    notice cannot wait."""
    allowed = await service_windows.allowance(answer.identity_id)
    # A photo that is being judged is answered by customer-service message, too, where the judging takes long.
    owed = await Answer.filter(
        identity_id=answer.identity_id,
        state__in=(AnswerState.AWAITING, AnswerState.READY),
        passive_until__isnull=False,
    ).count()
    service = await _open(ports, answer, found, Way(Channel.SERVICE), "" if allowed else "no window is open")
    subscribe = await _subscribe(ports, answer, found)
    template = await _template(ports, answer, found)
    if service is not None and allowed <= owed and (subscribe or template):
        service, found.why_not[Channel.SERVICE] = None, "kept for the answer to a photo"
    if service is not None:
        return service
    now, until = ports.clock.now(), _worth_until(answer)
    soon = [at for channel, at in found.closed.items() if channel != Channel.TEMPLATE and at <= now + SHORT_WAIT]
    if soon and min(soon) <= until:
        return Wait(min(soon))
    if subscribe is not None and Channel.SERVICE not in found.closed:
        return subscribe
    if template is not None:
        tomorrow = await pacing.count_template(ports)
        if tomorrow is None:
            return template
        found.shut[Channel.TEMPLATE] = tomorrow
        return await _choose(ports, answer, found)
    opens = min(found.closed.values(), default=None)
    if subscribe is not None and (opens is None or _decent(now, opens) > until):
        return subscribe
    return Wait(opens) if opens is not None else None


async def _subscribe(ports: Ports, answer: Answer, found: Ways) -> Way | None:
    way = _written(ports, answer, found, Channel.SUBSCRIBE)
    if way is None or way.template is None:
        return None
    agreed = await consents.left(answer.identity_id, way.template.id)
    return await _open(ports, answer, found, way, "" if agreed else "no consent is left")


async def _template(ports: Ports, answer: Answer, found: Ways) -> Way | None:
    way = _written(ports, answer, found, Channel.TEMPLATE)
    if way is None:
        return None
    return await _open(ports, answer, found, way, "" if answer.identity.subscribed else "the person does not follow")


def _written(ports: Ports, answer: Answer, found: Ways, channel: Channel) -> Way | None:
    """The notice in the fields of the channel's template for its kind."""
    notice = answer.notice or {}
    templates = ports.telling.subscribe if channel == Channel.SUBSCRIBE else ports.telling.template
    template = templates.get(NoticeKind(notice["kind"])) if notice.get("kind") in KINDS else None
    if template is None:
        found.why_not[channel] = "no template for this kind of notice"
        return None
    try:
        return Way(channel, template, filled(template, notice, answer.created_at))
    except Unfillable as problem:
        found.why_not[channel] = str(problem)
        return None


async def _open(ports: Ports, answer: Answer, found: Ways, way: Way, why_not: str) -> Way | None:
    """The way, where nothing speaks against it."""
    refused = next((one for one in answer.tried or [] if one["channel"] == way.channel and one["refused"]), None)
    if answer.identity.openid.startswith(GONE):
        why_not = "the person is unlinked"
    if refused is not None:
        why_not = f"{refused['code']}: {refused['said']}"
    if why_not:
        found.why_not[way.channel] = why_not
        return None
    until = await pacing.closed_until(ports, way.channel) or found.shut.get(way.channel)
    if until is not None:
        found.closed[way.channel] = until
        found.why_not[way.channel] = f"closed until {until.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
        return None
    return way


async def _intend(ports: Ports, answer: Answer, way: Way) -> bool:
    """Commit that it is sent by this way, with the consent it uses; False where it is not to be, ``answer`` is as it
    stands then."""
    async with transaction():
        won = await Answer.filter(id=answer.id, state=AnswerState.READY).update(
            state=AnswerState.SENDING, channel=way.channel
        )
        if won and way.channel == Channel.SUBSCRIBE and way.template is not None:
            won = await consents.take(ports, answer.identity_id, way.template.id)
            if not won:
                await Answer.filter(id=answer.id).update(state=AnswerState.READY, channel=None)
    if not won:
        await answer.refresh_from_db(fields=["state", "tried"])
    return bool(won)


async def _send(ports: Ports, answer: Answer, way: Way) -> str:
    openid = answer.identity.openid
    if way.template is None:
        await ports.wechat.send_text(openid, answer.body)
        return ""
    path = (answer.notice or {}).get("path") or await _path_of(answer)
    url = ports.links.page(path) if path else ""
    if way.channel == Channel.SUBSCRIBE:
        return await ports.wechat.send_subscribe(openid, way.template.id, way.fields, url)
    return await ports.wechat.send_template(openid, way.template.id, way.fields, url, f"notice-{answer.id}")


async def _path_of(answer: Answer) -> str:
    """Where the inbox entry beside it leads."""
    entry = await InboxEntry.get_or_none(key=answer.key.removeprefix("notice:"))
    return entry.path if entry is not None else ""


async def _came_back(ports: Ports, answer: Answer, way: Way, problem: WeChatError, *, refused: bool) -> bool:
    """Nothing was delivered: note it, and be *ready* for another try. False where somebody else closed it meanwhile."""
    log.warning("notice %d by %s: %s", answer.id, way.channel.value, _reason(problem))
    tried = noted(answer.tried, way.channel, problem.errcode, problem.errmsg, ports.clock.now(), refused=refused)
    async with transaction():
        mine = Answer.filter(id=answer.id, state=AnswerState.SENDING, channel=way.channel)
        changed = await mine.update(state=AnswerState.READY, channel=None, tried=tried)
        if way.channel == Channel.SUBSCRIBE and way.template is not None:
            await consents.give_back(ports, answer.identity_id, way.template.id)
            if problem.errcode == NO_CONSENT:
                await consents.withdrawn(ports, answer.identity_id, way.template.id)
        if way.channel == Channel.SERVICE and problem.errcode in NO_CUSTOMER_SERVICE:
            await service_windows.exhausted(answer.identity_id)
    answer.state, answer.tried = AnswerState.READY, tried
    return changed == 1


def noted(
    tried: list[dict[str, Any]] | None, channel: Channel, code: int | None, said: str, at: datetime, *, refused: bool
) -> list[dict[str, Any]]:
    """``tried`` with one more try by ``channel``; the same answer again counts up."""
    same = [one for one in tried or [] if (one["channel"], one["code"]) == (channel.value, code)]
    line = {"channel": channel.value, "code": code, "said": said[:200], "refused": refused, "at": at.isoformat()}
    return [*(one for one in tried or [] if one not in same), {**line, "times": sum(one["times"] for one in same) + 1}]


async def _put_off(
    ports: Ports, job: ClaimedJob, answer: Answer, due: datetime, args: dict[str, Any], why: str
) -> None:
    """Until ``due``, or the morning after; where that is too late, it is not pushed at all."""
    due = _decent(ports.clock.now(), due)
    if due > _worth_until(answer):
        await _close(ports, job, answer, AnswerState.SKIPPED, f"no longer worth pushing by then: {why}")
    else:
        await ports.queue.postpone(job, due, args)


def _decent(now: datetime, due: datetime) -> datetime:
    """``due``, or the end of the night it lies in: nobody is woken by a notice that had to wait."""
    return due if due - now <= SHORT_WAIT else waking(due)


def _worth_until(answer: Answer) -> datetime:
    return answer.worth_until or answer.created_at + WORTH


async def _settle(
    ports: Ports, job: ClaimedJob, answer: Answer, way: Way, state: AnswerState, error: str | None, message_id: str = ""
) -> None:
    """What came of the call. It is a fact, even where somebody else thought us dead and closed it as uncertain."""
    ended.labels(way.channel.value, state.value).inc()
    async with transaction():
        await ports.queue.finish(job)
        await Answer.filter(id=answer.id, state__in=(AnswerState.SENDING, AnswerState.UNCERTAIN)).update(
            state=state, settled_at=ports.clock.now(), error=error, message_id=message_id or None
        )
        if way.channel == Channel.SERVICE:
            await service_windows.spent(answer.identity_id)


async def _close(ports: Ports, job: ClaimedJob, answer: Answer, state: AnswerState | None, error: str | None) -> None:
    """The job ends without a call; ``state`` says why, None: somebody else has seen to it."""
    async with transaction():
        await ports.queue.finish(job)
        if state is not None:
            ended.labels("none", state.value).inc()
            await Answer.filter(id=answer.id, state=AnswerState.READY).update(
                state=state, settled_at=ports.clock.now(), error=(error or "")[:500]
            )


@asynccontextmanager
async def _alone_with(ports: Ports, identity_id: int) -> AsyncIterator[bool]:
    """Whether nobody else is sending this person a notice; nobody will while the block runs."""
    name, mine = f"push:person:{identity_id}", secrets.token_bytes(8)
    try:
        alone = await ports.cache.put(name, mine, ALONE_SECONDS, only_new=True)
    except CacheUnavailable:
        alone = True  # WeChat refuses the second of two at once, and it comes again
    try:
        yield alone
    finally:
        if alone:
            try:
                await ports.cache.delete(name, only=mine)
            except CacheUnavailable:
                log.warning("a person stays taken until the mark runs out")


def _reason(problem: WeChatError) -> str:
    return f"{problem.errcode}: {problem.errmsg}"[:200]
