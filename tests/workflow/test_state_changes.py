"""Changes told to whoever asked: people who watch a firm exactly once, webhooks by what they asked for (7.6, 9)."""

import logging
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from models import Answer, Application, Certificate, Event, InboxEntry, Job, WebhookDelivery
from models.transactions import transaction
from standard import credit, life
from standard.months import Month
from standard.outcome import Finding, Outcome
from standard.profile import edition_on
from tests import rows
from tests.workflow.graded import confirmed
from tests.workflow.living import Living, living, noon
from tests.workflow.world import World
from workflow.certifying import certificates, state_changes
from workflow.certifying.certificate_effects import Manner
from workflow.certifying.certificate_life import life_from_json
from workflow.certifying.certificates import apply_event, apply_events
from workflow.context import Ports
from workflow.credit.credit_booking import book
from workflow.record import new_event, record_events
from workflow.relying import change_telling, webhook_deliveries

DECEMBER = Month(2026, 12)


async def changed(world: World, one: Living, event: life.Event) -> None:
    answer = await apply_event(world.ports, one.certificate, event, actor="system")
    assert not isinstance(answer, Finding), answer.reason


def until(world: World, moment: datetime) -> None:
    world.clock.advance(moment - world.clock.now())


async def tell_all(world: World) -> int:
    """Run the telling jobs, and nothing else; how many ran."""
    ran = 0
    while job := await Job.filter(kind=state_changes.TELL, done_at=None).first():
        (claimed,) = await world.ports.queue.claim(1, 60, key=job.key)
        await change_telling.tell(world.ports, claimed)
        ran += 1
    return ran


def missed(month: Month = DECEMBER) -> life.MissMonth:
    day = date(month.year, month.number, 26)
    return life.MissMonth(on=day, month=month, make_up_until=day + timedelta(days=4))


def passed_in(month: Month) -> life.ContinueMonth:
    day = date(month.year, month.number, 20)
    return life.ContinueMonth(on=day, month=month, filed_on=day)


def suspended() -> life.MakeUpMissed:
    return life.MakeUpMissed(on=date(2026, 12, 31), month=DECEMBER)


async def watching(one: Living, **given: Any) -> int:
    person = await rows.person()
    await rows.identity(app_id="wxsample", person_id=person.id, subscribed=True)
    await rows.watch(person_id=person.id, enterprise_id=one.firm.id, **given)
    return person.id


async def told(person: int) -> list[str]:
    return [entry.title for entry in await InboxEntry.filter(person_id=person).order_by("id")]


# --- announcing ------------------------------------------------------------------------------------------------------


async def test_where_nobody_asked_there_is_no_job(world: World) -> None:
    one, other = await living(), await living()
    await watching(other)
    await watching(one, ended_at=rows.NOW)
    await rows.webhook(ended_at=rows.NOW)
    await rows.webhook(kinds=["certificate.revoked"])
    await changed(world, one, missed())
    assert not await Job.exists(kind=state_changes.TELL)


async def test_a_month_that_continues_is_told_only_to_a_webhook_that_named_it(world: World) -> None:
    one = await living()
    await watching(one)
    await rows.webhook()  # all that need no naming
    world.clock.advance(seconds=60)
    await changed(world, one, passed_in(DECEMBER))
    assert not await Job.exists(kind=state_changes.TELL)
    named = await rows.webhook(kinds=["month.continued"])
    await changed(world, one, passed_in(Month(2027, 1)))
    await tell_all(world)
    (delivery,) = await WebhookDelivery.all()
    assert (delivery.webhook_id, delivery.kind) == (named.id, "month.continued")


# --- people who watch ------------------------------------------------------------------------------------------------


async def test_whoever_watches_is_told_once_what_became_of_the_certificate(world: World) -> None:
    one = await living()
    person = await watching(one)
    ended = await watching(one, ended_at=rows.NOW)
    until(world, noon(date(2026, 12, 26)))
    await changed(world, one, missed())
    late = await watching(one, created_at=world.clock.now() + timedelta(seconds=1))
    job = await Job.get(kind=state_changes.TELL)
    (claimed,) = await world.ports.queue.claim(1, 60, key=job.key)
    await change_telling.tell(world.ports, claimed)
    await change_telling.tell(world.ports, claimed)  # a worker that was thought dead
    assert await told(person) == [f"您关注的{one.firm.name}：证书已预警（8.1(3)）"]
    assert await told(ended) == await told(late) == []
    entry = await InboxEntry.get(person_id=person)
    assert entry.path == "/c/T-CMIF-2026-000001"
    assert "2026-12-26 起为 A 级，状态“预警”" in entry.body
    until(world, noon(date(2026, 12, 31)))
    await changed(world, one, suspended())
    await world.work()
    assert (await told(person))[1:] == [f"您关注的{one.firm.name}：证书已暂停（9.2(2)）"]


async def test_at_night_a_watch_is_told_in_the_inbox_and_pushed_in_the_morning(world: World) -> None:
    one = await living()
    person = await watching(one)
    until(world, noon(date(2026, 12, 26)) + timedelta(hours=12, seconds=31))
    await changed(world, one, missed())
    await world.work()
    (entry,) = await InboxEntry.filter(person_id=person)
    job = await Job.get(key=f"push:{entry.push_id}")
    assert job.due_at > world.clock.now() + timedelta(hours=8)
    assert await Answer.exists(id=entry.push_id)


async def test_more_watches_than_one_part_takes_are_all_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(change_telling, "WATCHES_AT_ONCE", 2)
    monkeypatch.setattr(change_telling, "CHANGES_AT_ONCE", 1)
    one, two = await living(), await living()
    people = [await watching(one if number < 5 else two) for number in range(7)]
    await rows.webhook()
    until(world, noon(date(2026, 12, 26)))
    await apply_events(world.ports, [(one.certificate, missed()), (two.certificate, missed())], Manner("system"))
    parts = await tell_all(world)
    assert [len(await told(person)) for person in people] == [1] * 7
    assert await WebhookDelivery.all().count() == 2
    assert parts == 5


# --- webhooks --------------------------------------------------------------------------------------------------------


async def test_a_webhook_is_told_what_it_asked_for_as_of_the_change(world: World) -> None:
    one = await living()
    every = await rows.webhook()
    some = await rows.webhook(kinds=["certificate.suspended"])
    paused = await rows.webhook(paused_at=rows.NOW)
    ended = await rows.partner(ended_at=rows.NOW)
    await rows.webhook(partner_id=ended.id)
    until(world, noon(date(2026, 12, 26)))
    later = await rows.webhook(created_at=world.clock.now() + timedelta(seconds=1), kinds=["certificate.warned"])
    await changed(world, one, missed())
    await tell_all(world)
    until(world, noon(date(2026, 12, 31)))
    await changed(world, one, suspended())
    await tell_all(world)
    deliveries = await WebhookDelivery.all().order_by("id")
    assert later.id not in {row.webhook_id for row in deliveries}
    assert [(row.webhook_id, row.kind, row.state) for row in deliveries] == [
        (every.id, "certificate.warned", "waiting"),
        (paused.id, "certificate.warned", "given_up"),
        (every.id, "certificate.suspended", "waiting"),
        (some.id, "certificate.suspended", "waiting"),
        (paused.id, "certificate.suspended", "given_up"),
    ]
    assert deliveries[0].body == {
        "kind": "certificate.warned",
        "kinds": ["certificate.warned"],
        "as_of": "2026-12-26T04:00:00.000Z",
        "clause": "8.1(3)",
        "firm": {"uscc": one.firm.uscc, "name": one.firm.name, "is_sample": True},
        "certificate": {
            "number": "T/CMIF-2026-000001",
            "state": "warned",
            "state_words": "预警",
            "grade": "A",
            "on": "2026-12-26",
            "last_day": "2027-11-23",
            "before": {"state": "active", "grade": "A"},
            "url": "https://sample.test/c/T-CMIF-2026-000001",
        },
    }
    # Each waits for its own job.
    jobs: Any = await Job.filter(kind=webhook_deliveries.DELIVER).values_list("args", flat=True)
    assert {job["delivery"] for job in jobs} == {row.ref for row in deliveries if row.state == "waiting"}


async def test_points_are_told_with_their_balance_and_never_with_whose_tender_it_was(world: World) -> None:
    one = await living()
    await rows.webhook()
    now = world.clock.now()
    record = credit.Adoption("样例采购集团", "ZB-1", frozenset({"tender_document", "award_notice"}), Outcome.PASS, now)
    async with transaction():
        await book(
            world.ports,
            one.firm.id,
            lambda ledger: credit.record_adoption(ledger, record, edition_on(now.date())),
            actor="system",
            clause="8.5(2)",
            title="采信记录已计分",
        )
    await tell_all(world)
    (delivery,) = await WebhookDelivery.all()
    assert delivery.kind == "points.changed"
    assert delivery.body["points"] == {"balance": 1, "change": 1}
    assert "样例采购集团" not in str(delivery.body)
    assert "ZB-1" not in str(delivery.body)


async def test_points_of_several_years_that_are_cleared_at_once_are_told_as_one_sum(world: World) -> None:
    one = await living()
    await rows.webhook()
    now, facts = world.clock.now(), frozenset({"tender_document", "award_notice"})

    async def booked(new: Callable[[credit.Ledger], credit.Booking | Finding]) -> None:
        async with transaction():
            await book(world.ports, one.firm.id, new, actor="system", clause="8.5(2)", title="资信分值")

    for number, at in (("ZB-1", now - timedelta(days=366)), ("ZB-2", now), ("ZB-3", now)):
        record = credit.Adoption("样例采购集团", number, facts, Outcome.PASS, at)
        await booked(lambda ledger, record=record: credit.record_adoption(ledger, record, edition_on(now.date())))  # type: ignore[misc]
    await booked(lambda ledger: credit.clear(ledger, now, "资料系伪造"))
    await tell_all(world)
    told = [delivery.body["points"] for delivery in await WebhookDelivery.all().order_by("id")]
    assert told[-1] == {"balance": 0, "change": -3}


async def test_a_result_that_goes_public_and_its_certificate_are_told(world: World) -> None:
    await rows.webhook()
    await confirmed(world)
    await tell_all(world)
    (job,) = await world.ports.queue.claim(1, 60, key=(await Job.get(kind="certificate.issue")).key)
    await certificates.issue(world.ports, job)
    await tell_all(world)
    kinds = await WebhookDelivery.all().order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["publication.opened", "certificate.issued"]
    opened = await WebhookDelivery.get(kind="publication.opened")
    assert opened.body["publication"]["url"].startswith("https://sample.test/publicity/")
    event = await Event.get(id=opened.event_id)
    assert (event.action, opened.body["clause"]) == ("publication:open", "7.4")


# --- a month's end ---------------------------------------------------------------------------------------------------


def copies(row: Any, count: int, **different: Any) -> list[Any]:
    """As many rows like this one; what has to differ is made of the number of each."""
    given = {name: getattr(row, name) for name in type(row)._meta.db_fields if name != "id"}
    return [type(row)(**{**given, **{name: make(n) for name, make in different.items()}}) for n in range(count)]


async def a_thousand_missed(ports: Ports, one: Living) -> list[state_changes.Taken]:
    """A thousand certificates of one firm, each warned of its month, their events on record."""
    application = await Application.get(id=one.certificate.application_id)
    await Application.bulk_create(copies(application, 1000, ref=lambda n: f"copy-{n}"))
    ids = await Application.filter(ref__startswith="copy-").values_list("id", flat=True)
    made = copies(
        one.certificate,
        1000,
        number=lambda n: f"T/CMIF-2026-{n + 2:06d}",
        serial=lambda n: n + 2,
        application_id=lambda n: ids[n],
    )
    await Certificate.bulk_create(made)
    taken = []
    for row in await Certificate.exclude(id=one.certificate.id):
        before = life_from_json(row.life)
        step = life.apply(before, missed(), edition_on(date(2026, 12, 26)))
        assert not isinstance(step, Finding)
        taken.append(state_changes.Taken(row, missed(), step, before))
    after = {"state": "warned", "grade": "A", "on": "2026-12-26"}
    before_ = {"state": "active", "grade": "A"}
    await record_events(
        [
            new_event(
                ports,
                "certificate:miss_month",
                "certificate",
                one.row.id,
                actor="system",
                clause="8.1(3)",
                before=before_,
                after=after,
            )
            for one in taken
        ]
    )
    return taken


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
async def test_a_thousand_changes_are_one_job_and_few_statements(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    taken = await a_thousand_missed(world.ports, await living())

    def statements() -> int:
        return sum(not record.message.startswith(("BEGIN", "SAVEPOINT", "RELEASE")) for record in caplog.records)

    with caplog.at_level(logging.DEBUG, "tortoise.db_client"):
        async with transaction():
            await state_changes.announce(world.ports, taken)
        assert 0 < statements() <= 2, "nobody asked: two small reads"
        assert not await Job.exists()
        await rows.webhook()
        await rows.webhook()
        caplog.clear()
        async with transaction():
            await state_changes.announce(world.ports, taken)
        assert statements() <= 5
        assert await Job.all().count() == 1
        caplog.clear()
        assert await tell_all(world) == 4
        assert statements() <= 4 * 20
    assert await WebhookDelivery.all().count() == await Job.filter(kind=webhook_deliveries.DELIVER).count() == 2000
