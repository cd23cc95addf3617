"""Webhooks at a real receiver: delivered once, signed as documented, tried again, paused, replayed (7.6, 10)."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from joserfc import jws
from joserfc.jwk import ECKey

from jobs.handlers import HANDLERS
from models import DeliveryState, Event, Job, Partner, Webhook, WebhookDelivery
from models.transactions import transaction
from standard import life
from standard.months import Month
from standard.outcome import Finding
from tests import rows
from tests.clock import FakeClock
from tests.conftest import Database
from tests.workflow.living import Living, living, noon
from tests.workflow.world import World, make_world
from workflow.certifying import state_changes
from workflow.certifying.certificates import apply_event
from workflow.certifying.change_kinds import CLAUSES, WORDS, ChangeKind
from workflow.ports import StatementsUnavailable
from workflow.problems import Refused
from workflow.relying import webhook_deliveries, webhooks
from workflow.relying.webhook_deliveries import PAUSED_AFTER, RETRIES

DOCUMENT = Path(__file__).parents[2] / "docs" / "webhooks.md"
OURS = {webhook_deliveries.DELIVER, webhooks.REPLAY, state_changes.TELL}
PATH = "/hooks/zhuisu?of=sample"


@dataclass
class Receiver:
    """A partner's server; answers ``status``, once it is not ``stuck``, and keeps what came."""

    url: str = ""
    status: int = 200
    came: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    stuck: asyncio.Event | None = None

    async def receive(self, request: web.Request) -> web.Response:
        assert request.raw_path == PATH
        self.came.append((dict(request.headers), await request.read()))
        if self.stuck is not None:
            await self.stuck.wait()
        return web.Response(status=self.status)

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.came]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    app = web.Application()
    app.router.add_post("/hooks/zhuisu", made.receive)
    async with TestServer(app) as server:
        made.url = f"http://127.0.0.1:{server.port}{PATH}"
        yield made


@pytest.fixture
async def world(database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[World]:
    made = make_world(tmp_path, clock)
    yield made
    await made.ports.webhooks.aclose()  # type: ignore[attr-defined]


@pytest.fixture
async def partner(world: World) -> Partner:
    return await rows.partner()


sqlite = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


async def warned(world: World, one: Living) -> None:
    """The certificate is warned of a month, and who asked is to be told."""
    world.clock.advance(noon(date(2026, 12, 26)) - world.clock.now())
    event = life.MissMonth(on=date(2026, 12, 26), month=Month(2026, 12), make_up_until=date(2026, 12, 30))
    answer = await apply_event(world.ports, one.certificate, event, actor="system")
    assert not isinstance(answer, Finding)


async def work(world: World) -> None:
    """Run the jobs of telling and delivering that are due, and no others."""

    while job := await Job.filter(kind__in=OURS, due_at__lte=world.clock.now(), done_at=None).order_by("id").first():
        (claimed,) = await world.ports.queue.claim(1, 60, key=job.key)
        await HANDLERS[job.kind](world.ports, claimed)


async def deliver_all(world: World) -> None:
    """All attempts, however long they take."""
    for wait in (timedelta(), *RETRIES):
        world.clock.advance(wait)
        await work(world)


async def waiting(webhook: Webhook, count: int = 1) -> list[WebhookDelivery]:
    """Deliveries with their jobs, as telling leaves them."""
    return [
        await rows.webhook_delivery(
            webhook_id=webhook.id, body={"as_of": "2026-11-24T02:00:00.000Z", "firm": {"uscc": "样例"}}
        )
        for _ in range(count)
    ]


async def enqueue(world: World, deliveries: list[WebhookDelivery]) -> None:
    async with transaction():
        await world.ports.queue.enqueue_many(
            [webhook_deliveries.delivering(one.ref, "", world.clock.now()) for one in deliveries]
        )


def documented() -> Any:
    """The function that the document gives to receivers."""
    (code,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    return names["is_ours"]


async def refused(work: Any, code: str) -> Refused:
    with pytest.raises(Refused) as caught:
        await work
    assert caught.value.code == code
    return caught.value


# --- delivered -------------------------------------------------------------------------------------------------------


async def test_a_change_is_delivered_once_with_a_signature_that_the_documented_example_verifies(
    world: World, receiver: Receiver, partner: Partner
) -> None:
    made = await webhooks.add(world.ports, partner, receiver.url, [])
    one = await living()
    await warned(world, one)
    await work(world)
    ((headers, body),) = receiver.came
    (delivery,) = await WebhookDelivery.all()
    assert (delivery.state, delivery.attempts, delivery.last_status, delivery.last_error) == ("delivered", 1, 200, "")
    assert delivery.delivered_at == world.clock.now()

    is_ours = documented()
    assert is_ours(made.secret, PATH, headers, body)
    assert not is_ours(made.secret, PATH, headers, body.replace(b"warned", b"active"))
    assert not is_ours(made.secret, "/hooks/zhuisu", headers, body)
    assert not is_ours("0" * 64, PATH, headers, body)
    assert not is_ours(made.secret, PATH, {**headers, "X-Zhuisu-Timestamp": "1"}, body)
    assert not is_ours(made.secret, PATH, {**headers, "X-Zhuisu-Delivery": "another"}, body)

    said = json.loads(body)
    assert said["delivery"] == headers["X-Zhuisu-Delivery"] == delivery.ref
    assert said["certificate"]["state"] == "warned"
    key = ECKey.import_key(world.ports.statements.jwks()["keys"][0])
    statement = jws.deserialize_compact(said["statement"], key, algorithms=["ES256"])
    claims = json.loads(statement.payload)
    assert statement.headers()["typ"] == "zhuisu-change+jwt"
    assert (claims["sub"], claims["jti"]) == ("certificate:T/CMIF-2026-000001", delivery.ref)
    assert claims["facts"] == {name: said[name] for name in said if name not in ("delivery", "statement")}

    await deliver_all(world)
    assert len(receiver.came) == 1


@sqlite
async def test_without_a_key_to_sign_with_the_change_is_told_without_a_statement(
    world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sign(*_: Any, **__: Any) -> str:
        raise StatementsUnavailable("none")

    monkeypatch.setattr(world.ports.statements, "sign", sign)
    await enqueue(world, await waiting(await rows.webhook(url=receiver.url)))
    await work(world)
    assert [body["statement"] for body in receiver.bodies] == [None]


# --- tried again -----------------------------------------------------------------------------------------------------


async def test_what_is_not_taken_is_tried_again_and_then_given_up(world: World, receiver: Receiver) -> None:
    receiver.status = 500
    webhook = await rows.webhook(url=receiver.url, kinds=[])
    await enqueue(world, await waiting(webhook))
    started = world.clock.now()
    dues = []
    await work(world)
    while job := await Job.get_or_none(kind=webhook_deliveries.DELIVER, done_at=None):
        dues.append(job.due_at - world.clock.now())
        world.clock.advance(job.due_at - world.clock.now())
        await work(world)
    assert tuple(dues) == RETRIES
    assert len(receiver.came) == len(RETRIES) + 1
    (delivery,) = await WebhookDelivery.all()
    assert (delivery.state, delivery.attempts) == ("given_up", 7)
    assert (delivery.last_status, delivery.last_error) == (500, "HTTP 500")
    assert world.clock.now() - started == sum(RETRIES, timedelta())
    # It is the same delivery each time, signed anew.
    assert len({headers["X-Zhuisu-Delivery"] for headers, _ in receiver.came}) == 1
    assert (await Webhook.get(id=webhook.id)).failures == 1


async def test_what_is_taken_at_the_second_attempt_is_delivered_and_ends_the_row_of_failures(
    world: World, receiver: Receiver
) -> None:
    receiver.status = 503
    webhook = await rows.webhook(url=receiver.url, failures=4)
    await enqueue(world, await waiting(webhook))
    await work(world)
    receiver.status = 202
    world.clock.advance(RETRIES[0])
    await work(world)
    (delivery,) = await WebhookDelivery.all()
    assert (delivery.state, delivery.attempts, delivery.last_status) == ("delivered", 2, 202)
    assert (await Webhook.get(id=webhook.id)).failures == 0


@sqlite
async def test_a_receiver_that_does_not_answer_in_time_is_tried_again(
    world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.ports.webhooks, "_timeout", aiohttp.ClientTimeout(total=0.2))
    receiver.stuck = asyncio.Event()
    (delivery,) = await waiting(await rows.webhook(url=receiver.url))
    await enqueue(world, [delivery])
    await work(world)
    await delivery.refresh_from_db()
    assert (delivery.state, delivery.last_status, delivery.last_error) == ("waiting", None, "timeout")
    receiver.stuck.set()
    monkeypatch.undo()
    world.clock.advance(RETRIES[0])
    await work(world)
    await delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts, delivery.last_error) == ("delivered", 2, "")


@sqlite
async def test_a_receiver_that_is_away_is_not_tried_by_every_delivery(world: World, receiver: Receiver) -> None:
    receiver.status = 500
    await enqueue(world, await waiting(await rows.webhook(url=receiver.url), 20))
    other = await waiting(await rows.webhook(url=receiver.url), 1)
    await work(world)
    assert len(receiver.came) == 1
    # Another webhook is not held up by it.
    await enqueue(world, other)
    await work(world)
    assert len(receiver.came) == 2
    receiver.status = 200
    world.clock.advance(2 * webhook_deliveries.LEFT_ALONE[0])
    await work(world)
    assert await WebhookDelivery.filter(state=DeliveryState.DELIVERED).count() == 21


# --- paused, resumed, replayed ---------------------------------------------------------------------------------------


async def test_five_given_up_in_a_row_pause_it_and_the_partner_resumes_and_replays(
    world: World, receiver: Receiver, partner: Partner
) -> None:
    receiver.status = 500
    made = await webhooks.add(world.ports, partner, receiver.url, [])
    lost = await waiting(made.webhook, PAUSED_AFTER)
    await WebhookDelivery.filter(webhook_id=made.webhook.id).update(attempts=len(RETRIES))
    for one in lost:
        await enqueue(world, [one])
        await work(world)
        world.clock.advance(hours=1)
    paused = await webhooks.webhook_of(partner, made.webhook.ref)
    assert paused.paused_at is not None
    assert paused.paused_because == "连续 5 条推送多次重试仍未被接收"
    assert await Event.filter(action="webhook:pause", subject_id=paused.id).count() == 1
    came = len(receiver.came)
    assert came == PAUSED_AFTER

    # What waits, and what changes meanwhile, is kept and not posted.
    await enqueue(world, await waiting(made.webhook))
    await warned(world, await living())
    await work(world)
    assert len(receiver.came) == came
    assert await WebhookDelivery.filter(state="given_up", last_error="webhook_paused").count() == 2
    since = world.clock.now() - webhooks.KEPT
    await refused(webhooks.replay(world.ports, partner, made.webhook.ref, since), "webhook_paused")

    receiver.status = 200
    resumed = await webhooks.resume(world.ports, partner, made.webhook.ref)
    assert (resumed.paused_at, resumed.paused_because, resumed.failures) == (None, "", 0)
    await work(world)
    assert len(receiver.came) == came
    assert await webhooks.replay(world.ports, partner, made.webhook.ref, since) == 1
    await work(world)
    assert receiver.bodies[-1]["certificate"]["state"] == "warned"
    assert len(receiver.came) == came + 1


@sqlite
async def test_a_replay_posts_what_was_delivered_or_given_up_since_then_and_what_waits_once(
    world: World, receiver: Receiver, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "REPLAYED_AT_ONCE", 2)
    webhook = await rows.webhook(url=receiver.url, partner_id=partner.id)
    early = await waiting(webhook, 2)
    since = rows.NOW + timedelta(hours=1)
    late = await waiting(webhook, 6)
    await WebhookDelivery.filter(id__in=[one.id for one in late]).update(created_at=since)
    await WebhookDelivery.filter(id__in=[one.id for one in early + late[:3]]).update(state="delivered", attempts=1)
    await WebhookDelivery.filter(id__in=[one.id for one in late[3:5]]).update(state="given_up", attempts=7)
    await enqueue(world, late[5:])
    world.clock.advance(hours=2)
    assert await webhooks.replay(world.ports, partner, webhook.ref, since) == 5
    await work(world)
    refs = [headers["X-Zhuisu-Delivery"] for headers, _ in receiver.came]
    assert sorted(refs) == sorted(one.ref for one in late)
    # And again, as often as the partner asks.
    assert await webhooks.replay(world.ports, partner, webhook.ref, since) == 6
    await work(world)
    assert len(receiver.came) == 12
    assert set(await WebhookDelivery.all().values_list("state", "attempts")) == {("delivered", 1)}
    too_early = world.clock.now() - webhooks.KEPT - timedelta(seconds=1)
    await refused(webhooks.replay(world.ports, partner, webhook.ref, too_early), "since_too_early")
    last_moment = datetime(9999, 12, 31, 23, 59, tzinfo=timezone(-timedelta(hours=12)))
    assert await webhooks.replay(world.ports, partner, webhook.ref, last_moment) == 0


@sqlite
async def test_what_was_ended_is_posted_no_more(world: World, receiver: Receiver, partner: Partner) -> None:
    made = await webhooks.add(world.ports, partner, receiver.url, [])
    await enqueue(world, await waiting(made.webhook))
    await webhooks.end(world.ports, partner, made.webhook.ref)
    gone = await rows.webhook(url=receiver.url, partner_id=(await rows.partner(ended_at=rows.NOW)).id)
    await enqueue(world, await waiting(gone))
    await work(world)
    assert receiver.came == []
    assert set(await WebhookDelivery.all().values_list("state", "last_error")) == {("given_up", "webhook_ended")}
    await refused(webhooks.end(world.ports, partner, made.webhook.ref), "not_found")
    assert await webhooks.webhooks_of(partner) == []


# --- registered ------------------------------------------------------------------------------------------------------


@sqlite
async def test_a_webhook_is_registered_once_an_address_within_a_number_and_to_public_addresses(
    world: World, partner: Partner
) -> None:
    url = "http://127.0.0.1:8080/hook"
    made = await webhooks.add(world.ports, partner, url, [ChangeKind.SUSPENDED, ChangeKind.REVOKED])
    assert made.webhook.kinds == ["certificate.revoked", "certificate.suspended"]
    assert re.fullmatch(r"[0-9a-f]{64}", made.secret)
    assert made.secret not in str(await Event.all().values_list("after", flat=True)) + repr(made)
    await refused(webhooks.add(world.ports, partner, url, []), "webhook_exists")
    told = await refused(webhooks.add(world.ports, partner, "https://10.0.0.1/hook", []), "webhook_url_refused")
    assert told.advice == "不能向这个网址推送：不能推送到内网、本机或保留地址"
    await refused(webhooks.add(world.ports, partner, f"{url}/{'a' * 300}", []), "webhook_url_refused")
    for number in range(webhooks.MOST - 1):
        await webhooks.add(world.ports, partner, f"{url}/{number}", [])
    await refused(webhooks.add(world.ports, partner, f"{url}/more", []), "too_many_webhooks")
    await webhooks.end(world.ports, partner, made.webhook.ref)
    again = await webhooks.add(world.ports, partner, url, [])
    assert again.secret != made.secret


@sqlite
async def test_a_partner_sees_its_own_webhooks_and_nobody_elses(world: World, partner: Partner) -> None:
    webhook = await rows.webhook(partner_id=partner.id)
    first, second, third = await waiting(webhook, 3)
    await waiting(await rows.webhook())
    seen = await webhooks.deliveries_of(partner, webhook.ref, None, 2)
    assert [one.id for one in seen] == [third.id, second.id]
    assert [one.id for one in await webhooks.deliveries_of(partner, webhook.ref, second.id, 2)] == [first.id]
    other = await rows.partner()
    for call in (
        webhooks.deliveries_of(other, webhook.ref, None, 2),
        webhooks.resume(world.ports, other, webhook.ref),
        webhooks.end(world.ports, other, webhook.ref),
        webhooks.replay(world.ports, other, webhook.ref, rows.NOW),
    ):
        await refused(call, "not_found")


@sqlite
async def test_old_deliveries_go_after_their_days_and_what_waits_stays(world: World) -> None:
    webhook = await rows.webhook()
    old, still, fresh = await waiting(webhook, 3)
    await WebhookDelivery.filter(id__in=[old.id, fresh.id]).update(state="delivered")
    await WebhookDelivery.filter(id__in=[old.id, still.id]).update(
        created_at=rows.NOW - webhooks.KEPT - timedelta(days=1)
    )
    async with transaction():
        await world.ports.queue.enqueue("webhook.forget", "webhook.forget:1", {}, due=world.clock.now())
    await world.work()
    assert set(await WebhookDelivery.all().values_list("id", flat=True)) == {still.id, fresh.id}


# --- the document ----------------------------------------------------------------------------------------------------


def test_the_document_lists_every_kind_with_its_clause() -> None:
    listed = dict(re.findall(r"^\| `([a-z.]+)` \| [^|]+ \| ([^|]+) \|", DOCUMENT.read_text(), re.MULTILINE))
    assert set(listed) == set(map(str, ChangeKind)) == set(map(str, WORDS))
    assert all(CLAUSES[ChangeKind(kind)] in clause for kind, clause in listed.items())


def test_the_document_says_when_it_is_tried_again() -> None:
    assert "10 秒、1 分钟、10 分钟、1 小时、6 小时、24 小时" in DOCUMENT.read_text()
    hours = [wait.total_seconds() / 3600 for wait in RETRIES]
    assert [round(hour * 3600) for hour in hours] == [10, 60, 600, 3600, 21600, 86400]
