"""Where partners' systems are told of changes: registered with a secret that is shown once, paused, resumed (7.6, 10).

The secret of a webhook is derived from the platform's own, like a key's (:mod:`workflow.relying.partners`): it is not
stored.
"""

import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from models import DeliveryState, Partner, Webhook, WebhookDelivery
from models.transactions import transaction
from workflow.access import not_found
from workflow.certifying.change_kinds import ChangeKind
from workflow.context import Ports
from workflow.ports import ClaimedJob, NewJob
from workflow.problems import Kind, Refused
from workflow.record import record_event
from workflow.relying.webhook_deliveries import delivering, let_in, secret_of

MOST = 10
"""Webhooks of one partner at the same time."""
LONGEST_URL = 300
KEPT = timedelta(days=30)
"""How long deliveries are kept, and may be asked for again."""
REPLAY = "webhook.replay"
REPLAYED_AT_ONCE = 500
FORGOTTEN_AT_ONCE = 2000
CLAUSE = "7.6"


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """A webhook just made; ``secret`` is shown this once and stands nowhere."""

    webhook: Webhook
    secret: str = field(repr=False)


async def add(ports: Ports, partner: Partner, url: str, kinds: Collection[ChangeKind]) -> NewWebhook:
    """A webhook for these kinds, for all that need no naming where there are none.

    :class:`Refused`: ``webhook_url_refused``; ``webhook_exists`` where the partner has one at that address;
    ``too_many_webhooks`` above :data:`MOST`.
    """
    reason = f"网址最长 {LONGEST_URL} 个字符" if len(url) > LONGEST_URL else await ports.webhooks.refusal(url)
    if reason:
        raise Refused(Kind.INVALID, "webhook_url_refused", f"不能向这个网址推送：{reason}", field="url")
    async with transaction():
        # Held, so that of two requests at once the second sees what the first has made.
        await Partner.filter(id=partner.id).select_for_update().get()
        living = await Webhook.filter(partner_id=partner.id, ended_at=None).values_list("url", flat=True)
        if url in living:
            advice = "这个网址已经登记过：密钥丢失的，请先删除原来的推送地址再登记"
            raise Refused(Kind.CONFLICT, "webhook_exists", advice, field="url")
        if len(living) >= MOST:
            advice = f"最多同时登记 {MOST} 个推送地址：请先删除不用的"
            raise Refused(Kind.CONFLICT, "too_many_webhooks", advice)
        made = await Webhook.create(
            ref=secrets.token_hex(8),
            partner_id=partner.id,
            url=url,
            kinds=sorted(set(kinds)),
            created_at=ports.clock.now(),
        )
        await _note(ports, made, "add", {"kinds": made.kinds})
    return NewWebhook(made, secret_of(ports, made.ref))


async def webhooks_of(partner: Partner) -> list[Webhook]:
    """The partner's webhooks, the oldest first, without those that were ended."""
    return await Webhook.filter(partner_id=partner.id, ended_at=None).order_by("id")


async def webhook_of(partner: Partner, ref: str) -> Webhook:
    """The partner's webhook with that ref; :class:`Refused` ``not_found`` for all others."""
    found = await Webhook.get_or_none(ref=ref, partner_id=partner.id, ended_at=None)
    if found is None:
        raise not_found()
    return found


async def end(ports: Ports, partner: Partner, ref: str) -> None:
    """Nothing is posted there any more, also of what is waiting; ending it again finds nothing."""
    webhook = await webhook_of(partner, ref)
    async with transaction():
        if await Webhook.filter(id=webhook.id, ended_at=None).update(ended_at=ports.clock.now()):
            await _note(ports, webhook, "end", {})


async def resume(ports: Ports, partner: Partner, ref: str) -> Webhook:
    """What changes from now on is posted again; what came meanwhile is :func:`replay`'s. One that is not paused stays
    as it is."""
    webhook = await webhook_of(partner, ref)
    async with transaction():
        paused = Webhook.filter(id=webhook.id, ended_at=None, paused_at__not_isnull=True)
        if await paused.update(paused_at=None, paused_because="", failures=0):
            await _note(ports, webhook, "resume", {})
    await let_in(ports, webhook.id)
    return await webhook_of(partner, ref)


async def deliveries_of(partner: Partner, ref: str, after: int | None, limit: int) -> list[WebhookDelivery]:
    """What was to be posted there, the newest first, older than the one with id ``after``."""
    webhook = await webhook_of(partner, ref)
    wanted = WebhookDelivery.filter(webhook_id=webhook.id)
    if after is not None:
        wanted = wanted.filter(id__lt=after)
    return await wanted.order_by("-id").limit(limit)


# --- once more -------------------------------------------------------------------------------------------------------


async def replay(ports: Ports, partner: Partner, ref: str, since: datetime) -> int:
    """All deliveries of the webhook since that moment, delivered or given up, are posted once more; how many.

    Each keeps its ref, by which the receiver knows it. :class:`Refused`: ``webhook_paused``; ``since_too_early``
    beyond :data:`KEPT`.
    """
    webhook = await webhook_of(partner, ref)
    now = ports.clock.now()
    if since < now - KEPT:
        advice = f"推送记录保留 {KEPT.days} 天，只能重发 {KEPT.days} 天以内的：更早的变化请查询证书的现状"
        raise Refused(Kind.INVALID, "since_too_early", advice, field="since")
    if webhook.paused_at is not None:
        raise Refused(Kind.CONFLICT, "webhook_paused", "这个推送地址已暂停：请先恢复（resume），再要求重发")
    since = min(since, now)  # nothing is later, and the database knows no moment beyond the year 9999
    async with transaction():
        again = WebhookDelivery.filter(webhook_id=webhook.id, created_at__gte=since)
        again = again.exclude(state=DeliveryState.WAITING)
        count = await again.count()
        last = await again.order_by("-id").first()
        if last is not None:
            await _enqueue_replay(ports, webhook.id, secrets.token_hex(8), since, last.id, 0)
            await _note(ports, webhook, "replay", {"since": since.isoformat(), "deliveries": count})
    ports.bell.ring("jobs")
    return count


async def replay_part(ports: Ports, job: ClaimedJob) -> None:
    """The job: the next deliveries wait for their jobs again, in one transaction with the job of the part after it.

    Repeating it changes nothing: it ends in that transaction. What is waiting has a job already, and is left to it.
    """
    args = job.args
    since = datetime.fromisoformat(args["since"])
    now = ports.clock.now()
    async with transaction():
        if not await ports.queue.finish(job):
            return
        if not await Webhook.exists(id=args["webhook"], ended_at=None, paused_at=None):
            return
        rows: list[Any] = list(
            await WebhookDelivery.filter(
                webhook_id=args["webhook"], created_at__gte=since, id__gt=args["after"], id__lte=args["through"]
            )
            .exclude(state=DeliveryState.WAITING)
            .order_by("id")
            .limit(REPLAYED_AT_ONCE)
            .values_list("id", "ref")
        )
        if rows:
            await WebhookDelivery.filter(id__in=[row for row, _ in rows]).update(
                state=DeliveryState.WAITING, attempts=0, last_status=None, last_error="", delivered_at=None
            )
            await ports.queue.enqueue_many([delivering(ref, args["again"], now) for _, ref in rows])
        if len(rows) == REPLAYED_AT_ONCE:
            await _enqueue_replay(ports, args["webhook"], args["again"], since, args["through"], rows[-1][0])
    ports.bell.ring("jobs")


async def _enqueue_replay(ports: Ports, webhook_id: int, again: str, since: datetime, through: int, after: int) -> None:
    args = {"webhook": webhook_id, "again": again, "since": since.isoformat(), "through": through, "after": after}
    await ports.queue.enqueue_many([NewJob(REPLAY, f"{REPLAY}:{again}:{after}", args, ports.clock.now())])


async def forget_deliveries(ports: Ports, job: ClaimedJob) -> None:
    """Sweep: what is older than :data:`KEPT` and waits for nobody goes. Repeating it finds nothing more."""
    old = WebhookDelivery.filter(created_at__lt=ports.clock.now() - KEPT).exclude(state=DeliveryState.WAITING)
    while ids := await old.order_by("id").limit(FORGOTTEN_AT_ONCE).values_list("id", flat=True):
        await WebhookDelivery.filter(id__in=list(ids)).delete()
    async with transaction():
        await ports.queue.finish(job)


async def _note(ports: Ports, webhook: Webhook, what: str, after: dict[str, Any]) -> None:
    actor = f"partner:{webhook.partner_id}"
    await record_event(ports, f"webhook:{what}", "webhook", webhook.id, actor=actor, clause=CLAUSE, after=after)
