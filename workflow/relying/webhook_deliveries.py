"""A change on its way to a partner's webhook: signed, tried again within days, then left to the partner (7.6, 10).

At least once: a receiver knows a repetition by its ref. One that is away is left alone for a while, all its deliveries
together, so that a hundred thousand of a month's end do not keep the workers waiting for it.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import structlog
from prometheus_client import Counter
from tortoise.expressions import F

from config.clock import real_seconds
from models import DeliveryState, Webhook, WebhookDelivery
from models.transactions import transaction
from workflow.context import Ports
from workflow.ports import ClaimedJob, NewJob, Posted, StatementsUnavailable
from workflow.record import record_event
from workflow.relying.partners import SignedRequest, signature_of

DELIVER = "webhook.deliver"
DELIVERED_IN_TIME = -20
"""Priority: a receiver that answers slowly holds nobody up."""
DELIVERING_ATTEMPTS = 100
"""Of the job, whose workers may die; how often the receiver was tried is counted with the delivery."""
RETRIES = (
    timedelta(seconds=10),
    timedelta(minutes=1),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(hours=24),
)
"""How long after each attempt that failed the next one is made; after the last it is given up."""
PAUSED_AFTER = 5
"""Deliveries given up in a row."""
PAUSED, ENDED = "webhook_paused", "webhook_ended"
"""Why a delivery was given up untried."""
LEFT_ALONE = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=5), timedelta(minutes=30))
"""How long a receiver that did not take something is left alone, longer each time: less than to the next attempt of
what it did not take. What waited for it then comes over as long a time again."""
REMEMBERED_SECONDS = 2 * 60 * 60
CHANGE = "zhuisu-change+jwt"
"""What a statement on a change is: it is about a moment that is over, and never runs out."""
LONGEST_ERROR = 200

_log = structlog.get_logger(__name__)

attempts = Counter("zhuisu_webhook_attempts_total", "Posts to partners' webhooks, by what came of them", ["outcome"])


def delivering(ref: str, again: str, due: datetime) -> NewJob:
    """The job that carries a delivery; ``again`` tells a repetition that was asked for from all before."""
    return NewJob(DELIVER, f"{DELIVER}:{ref}:{again}", {"delivery": ref}, due, DELIVERED_IN_TIME, DELIVERING_ATTEMPTS)


def secret_of(ports: Ports, ref: str) -> str:
    """What the deliveries of a webhook are signed with, 64 hexadecimal digits: derived, never stored."""
    return ports.links.keyed_hash("webhook", ref)


async def deliver(ports: Ports, job: ClaimedJob) -> None:
    """The job: one attempt to post the change. A worker that dies after it posts again: the receiver knows the ref."""
    delivery = await WebhookDelivery.get(ref=job.args["delivery"]).select_related("webhook__partner")
    webhook = delivery.webhook
    if delivery.state != DeliveryState.WAITING:
        async with transaction():
            await ports.queue.finish(job)
    elif untried := _why_untried(webhook):
        await _settle(ports, job, delivery, DeliveryState.GIVEN_UP, last_error=untried)
    elif (turn := await _turn(ports, delivery)) is not None:
        await ports.queue.postpone(job, turn)
    else:
        body = _body(ports, delivery)
        posted = await ports.webhooks.post(webhook.url, body, _headers(ports, delivery, body))
        await _outcome(ports, job, delivery, posted)


def _why_untried(webhook: Webhook) -> str:
    if webhook.ended_at is not None or webhook.partner.ended_at is not None:
        return ENDED
    return PAUSED if webhook.paused_at is not None else ""


# --- what is posted --------------------------------------------------------------------------------------------------


def _body(ports: Ports, delivery: WebhookDelivery) -> bytes:
    body = {"delivery": delivery.ref, **delivery.body, "statement": _statement(ports, delivery)}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _statement(ports: Ports, delivery: WebhookDelivery) -> str | None:
    """The change as JWS, which its receiver may show to others; None where there is no key to sign with."""
    facts = delivery.body
    certificate = facts.get("certificate")
    claims: dict[str, Any] = {
        "iss": ports.statements.issuer,
        "sub": f"certificate:{certificate['number']}" if certificate else f"firm:{facts['firm']['uscc']}",
        "iat": int(real_seconds()),
        "jti": delivery.ref,
        "as_of": facts["as_of"],
        **({"sample": True} if ports.statements.sample else {}),
        "facts": facts,
    }
    try:
        return ports.statements.sign(claims, typ=CHANGE)
    except StatementsUnavailable:
        return None


def _headers(ports: Ports, delivery: WebhookDelivery, body: bytes) -> dict[str, str]:
    """Signed as partners sign their requests, with the delivery's ref for the nonce (:mod:`.partners`)."""
    timestamp = str(int(real_seconds()))
    url = urlsplit(delivery.webhook.url)
    request = SignedRequest(
        key_id=delivery.webhook.ref,
        timestamp=timestamp,
        nonce=delivery.ref,
        signature="",
        method="POST",
        path=f"{url.path}?{url.query}" if url.query else url.path,
        body=body,
    )
    return {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "zhuisu-webhook/1",
        "X-Zhuisu-Delivery": delivery.ref,
        "X-Zhuisu-Timestamp": timestamp,
        "X-Zhuisu-Signature": signature_of(secret_of(ports, delivery.webhook.ref), request),
    }


# --- what became of it -----------------------------------------------------------------------------------------------


async def _outcome(ports: Ports, job: ClaimedJob, delivery: WebhookDelivery, posted: Posted) -> None:
    tried = {
        "attempts": delivery.attempts + 1,
        "last_status": posted.status,
        "last_error": posted.error[:LONGEST_ERROR],
    }
    attempts.labels("failed" if posted.error else "delivered").inc()
    if not posted.error:
        await let_in(ports, delivery.webhook_id)
        now = ports.clock.now()
        await _settle(ports, job, delivery, DeliveryState.DELIVERED, delivered_at=now, **tried)
        return
    await _leave_alone(ports, delivery.webhook_id)
    if delivery.attempts < len(RETRIES):
        async with transaction():
            await WebhookDelivery.filter(id=delivery.id, state=DeliveryState.WAITING).update(**tried)
            await ports.queue.retry(job, ports.clock.now() + RETRIES[delivery.attempts], posted.error)
        return
    await _settle(ports, job, delivery, DeliveryState.GIVEN_UP, **tried)


async def _settle(
    ports: Ports, job: ClaimedJob, delivery: WebhookDelivery, state: DeliveryState, **values: Any
) -> None:
    async with transaction():
        if not await ports.queue.finish(job):
            return
        await WebhookDelivery.filter(id=delivery.id, state=DeliveryState.WAITING).update(state=state, **values)
        if state is DeliveryState.DELIVERED:
            await Webhook.filter(id=delivery.webhook_id, failures__gt=0).update(failures=0)
        elif "attempts" in values:
            await _one_more_given_up(ports, delivery.webhook_id)


async def _one_more_given_up(ports: Ports, webhook_id: int) -> None:
    """Inside the transaction that gave a delivery up after all its attempts: too many in a row pause the webhook."""
    await Webhook.filter(id=webhook_id).update(failures=F("failures") + 1)
    reason = f"连续 {PAUSED_AFTER} 条推送多次重试仍未被接收"
    paused = await Webhook.filter(id=webhook_id, failures__gte=PAUSED_AFTER, paused_at=None).update(
        paused_at=ports.clock.now(), paused_because=reason
    )
    if paused:
        _log.warning("webhook paused", webhook=webhook_id)
        await record_event(ports, "webhook:pause", "webhook", webhook_id, actor="system", after={"reason": reason})


# --- receivers that are away -----------------------------------------------------------------------------------------


async def let_in(ports: Ports, webhook_id: int) -> None:
    """The receiver takes what comes, as far as we know."""
    await ports.cache.delete(_mark(webhook_id))


async def _leave_alone(ports: Ports, webhook_id: int) -> None:
    """It did not take something: it is left alone, longer where that came after it had been left alone before."""
    now = ports.clock.now()
    known = await ports.cache.get(_mark(webhook_id))
    times, until = (0, now) if known is None else _read(known)
    if now < until:
        return  # others that were on their way at the same time said so already
    until = now + _break(times)
    value = json.dumps([times + 1, until.isoformat()]).encode()
    await ports.cache.put(_mark(webhook_id), value, REMEMBERED_SECONDS)


async def _turn(ports: Ports, delivery: WebhookDelivery) -> datetime | None:
    """When the delivery may be tried, where its receiver is left alone until then; None: now."""
    known = await ports.cache.get(_mark(delivery.webhook_id))
    if known is None:
        return None
    times, until = _read(known)
    if ports.clock.now() >= until:
        return None
    return until + timedelta(seconds=delivery.id % int(_break(times - 1).total_seconds()))


def _break(times: int) -> timedelta:
    """How long a receiver is left alone that was left alone so many times already."""
    return LEFT_ALONE[min(times, len(LEFT_ALONE) - 1)]


def _read(known: bytes) -> tuple[int, datetime]:
    times, until = json.loads(known)
    return times, datetime.fromisoformat(until).astimezone(UTC)


def _mark(webhook_id: int) -> str:
    return f"webhook:away:{webhook_id}"
