"""Reminders: who owes is told in time, once for each occasion, whatever happens to clocks, nodes and workers."""

import asyncio
from collections import Counter
from datetime import date, datetime
from typing import Any

import pytest

from config.clock import SHANGHAI
from jobs.clock import SWEEPS, tick
from jobs.handlers import HANDLERS
from jobs.worker import Worker
from models import (
    Answer,
    AnswerState,
    Enterprise,
    FanOut,
    InboxEntry,
    Job,
    MonthlyFiling,
    Person,
    Staff,
    StaffRole,
    WindowTrigger,
)
from models.transactions import clean_task, transaction
from standard.profile import edition_on
from tests import rows
from tests.conftest import Database
from tests.processes import start
from tests.workflow.firms import Somebody
from tests.workflow.firms import member as anybody
from tests.workflow.months import filed, owed_month
from tests.workflow.world import World
from workflow.context import Ports
from workflow.knowing.persons import merge
from workflow.monthly import reminder_tellings, reminders
from workflow.monthly.month_judging import Judgement, Standing
from workflow.monthly.reminder_wording import reminder
from workflow.monthly.reminders import BATCH, LOOK_AGAIN, ONE, SWEEP
from workflow.telling import service_windows
from workflow.telling.reminder_calendar import Occasion, Reminding
from workflow.telling.reminder_choices import choose

NOTHING = Judgement(Standing.MISSING, {"missing": ["还差 1 款产品"], "findings": []})


async def member(world: World, firm: Enterprise, role: StaffRole, who: Somebody | None = None) -> Somebody:
    """Somebody of the firm who has just written to the account: five messages may be sent to them."""
    who = await anybody(world, firm, role, who)
    await service_windows.acted(world.ports, who.identity, WindowTrigger.MESSAGE)
    return who


def go(world: World, day: int, hour: int, minute: int = 0, month: int = 12) -> None:
    """Let it be that moment of 2026 in Shanghai."""
    then = datetime(2026, month, day, hour, minute, tzinfo=SHANGHAI)
    world.clock.advance(then - world.clock.now())


async def sweep(world: World) -> None:
    """One round of the clock, with what it enqueued at once."""
    await tick(world.ports, SWEEP, SWEEPS[SWEEP])
    await world.work()
    world.clock.advance(seconds=1)
    await world.work()


async def told(who: Somebody) -> list[str]:
    """The occasions that stand in somebody's inbox, in their order."""
    entries = InboxEntry.filter(person_id=who.person.id).order_by("id")
    return [key.split(":")[2] for key in await entries.values_list("key", flat=True)]


def pushed(world: World, who: Somebody) -> list[str]:
    """The first lines of what was sent to somebody."""
    return [text.partition("\n")[0] for openid, _, text in world.wechat.sent if openid == who.identity.openid]


@pytest.fixture
async def firm(world: World) -> Enterprise:
    return await rows.enterprise(name="样例电器")


# --- which days, who, once -------------------------------------------------------------------------------------------


async def test_a_month_reminds_on_its_five_days_and_not_again(world: World, firm: Enterprise) -> None:
    boss = await member(world, firm, StaffRole.OWNER)
    viewer = await member(world, firm, StaffRole.VIEWER)
    await owed_month(firm)
    days: dict[int, list[str]] = {}
    for day in range(1, 26):
        for hour, minute in ((8, 29), (8, 31), (9, 1), (20, 59)):
            go(world, day, hour, minute)
            before = len(world.wechat.sent)
            await sweep(world)
            if world.wechat.sent[before:]:
                days[day] = pushed(world, boss)[before:]
                assert (hour, minute) == (9, 1)
    assert days == {
        1: ["12 月提报已开放"],
        18: ["12 月提报：还有 7 天截止"],
        22: ["12 月提报：还有 3 天截止"],
        24: ["12 月提报：明天截止"],
        25: ["12 月提报：今天截止"],
    }
    assert await told(boss) == ["opens", "t7", "t3", "t1", "last"]
    assert await told(viewer) == []
    fan_out = await FanOut.get(key="remind:2026-12-18")
    assert (fan_out.total, fan_out.done, fan_out.ended_at is not None) == (1, 1, True)
    assert await FanOut.filter(total=0).count() == 20


async def test_who_owes_nothing_is_left_alone(world: World, firm: Enterprise) -> None:
    who = [await member(world, firm, StaffRole.STAFF)]
    await owed_month(firm, state="continued", due_at=None)
    for given in ({"submitted_at": world.clock.now()}, {"state": "suspended"}, {"state": "closed"}):
        other = await rows.enterprise()
        who.append(await member(world, other, StaffRole.STAFF))
        await owed_month(other, **given)
    left = await member(world, firm, StaffRole.STAFF)
    await Staff.filter(person_id=left.person.id).update(left_at=world.clock.now())
    go(world, 18, 9)
    await sweep(world)
    assert not await InboxEntry.exists()
    assert not world.wechat.sent


async def test_days_without_a_sweep_are_made_up_by_one_reminder(world: World, firm: Enterprise) -> None:
    boss = await member(world, firm, StaffRole.OWNER)
    await owed_month(firm)
    go(world, 1, 9)
    await sweep(world)
    go(world, 23, 15)
    await sweep(world)
    await sweep(world)
    assert await told(boss) == ["opens", "t3"]
    assert pushed(world, boss)[1:] == ["12 月提报：还有 2 天截止"]
    go(world, 28, 9)
    await MonthlyFiling.all().update(due_at=None)
    await sweep(world)
    assert await told(boss) == ["opens", "t3"]


async def test_a_month_that_is_opened_after_the_mornings_round_is_told_the_next_day(
    world: World, firm: Enterprise
) -> None:
    boss = await member(world, firm, StaffRole.OWNER)
    for day in (8, 9):
        go(world, day, 9)
        await sweep(world)
    await owed_month(firm, opened_at=world.clock.now())
    go(world, 9, 12)
    await sweep(world)
    assert await told(boss) == []
    for day in (10, 11):
        go(world, day, 9)
        await sweep(world)
    assert await told(boss) == ["opens"]


async def test_who_joins_later_is_reminded_by_the_next_occasion(world: World, firm: Enterprise) -> None:
    await owed_month(firm)
    go(world, 19, 9)
    late = await member(world, firm, StaffRole.STAFF)
    for day in (19, 22):
        go(world, day, 9)
        await sweep(world)
    assert await told(late) == ["t3"]


async def test_each_working_day_to_make_up_is_told_whatever_was_chosen(world: World, firm: Enterprise) -> None:
    worker = await member(world, firm, StaffRole.STAFF)
    await choose(world.ports, worker.asker, on=False)
    # Warned on Saturday, 26 December, with three working days.
    await owed_month(
        firm, state="warned", make_up_until=date(2026, 12, 30),
        decided_at=datetime(2026, 12, 26, 0, 1, tzinfo=SHANGHAI), due_at=datetime(2026, 12, 31, tzinfo=SHANGHAI),
    )  # fmt: skip
    for day in range(26, 32):
        go(world, day, 9)
        await MonthlyFiling.filter(due_at__lte=world.clock.now()).update(state="suspended", due_at=None)
        await sweep(world)
    assert pushed(world, worker) == ["12 月补报：还有 2 天截止", "12 月补报：明天截止", "12 月补报：今天截止"]
    assert await told(worker) == [f"make_up.2026-12-{day}" for day in (28, 29, 30)]


async def test_a_round_waits_until_months_are_opened_and_closed(world: World, firm: Enterprise) -> None:
    boss = await member(world, firm, StaffRole.OWNER)
    certificate = await rows.certificate(enterprise_id=firm.id, month_opens_at=datetime(2026, 12, 1, tzinfo=SHANGHAI))
    go(world, 1, 9)
    await sweep(world)
    assert not await FanOut.exists()
    certificate.month_opens_at = datetime(2027, 1, 1, tzinfo=SHANGHAI)
    await certificate.save()
    await owed_month(firm, certificate_id=certificate.id)
    world.clock.advance(LOOK_AGAIN)
    await world.work()
    assert await told(boss) == ["opens"]


async def test_what_stays_behind_does_not_hold_up_the_others(world: World, firm: Enterprise) -> None:
    boss = await member(world, firm, StaffRole.OWNER)
    await owed_month(firm)
    await owed_month(month="2026-11", due_at=world.clock.now())
    go(world, 18, 9)
    await tick(world.ports, SWEEP, SWEEPS[SWEEP])
    for _ in range(6):
        await world.work()
        world.clock.advance(LOOK_AGAIN)
    assert await told(boss) == ["t7"]


async def test_a_round_waits_for_as_long_as_fewer_and_fewer_months_are_behind(world: World, firm: Enterprise) -> None:
    """A hundred thousand months take longer to be opened than a sweep has tries."""
    boss = await member(world, firm, StaffRole.OWNER)
    await owed_month(firm)
    go(world, 18, 9)
    late = [(await owed_month(month="2026-11", due_at=world.clock.now())).id for _ in range(8)]
    await tick(world.ports, SWEEP, SWEEPS[SWEEP])
    for behind in late:
        await world.work()
        assert not await FanOut.exists()
        await MonthlyFiling.filter(id=behind).update(due_at=None)
        world.clock.advance(LOOK_AGAIN)
    await world.work()
    assert await told(boss) == ["t7"]


# --- one person, one message -----------------------------------------------------------------------------------------


async def test_a_person_of_several_firms_gets_one_message_that_names_them(world: World, firm: Enterprise) -> None:
    other = await rows.enterprise(name="样例线缆")
    both = await member(world, firm, StaffRole.STAFF)
    await member(world, other, StaffRole.OWNER, both)
    alone = await member(world, other, StaffRole.STAFF)
    await owed_month(firm)
    await owed_month(other)
    go(world, 18, 9)
    await sweep(world)
    await world.settle()
    texts = {openid: text for openid, _, text in world.wechat.sent}
    assert len(world.wechat.sent) == 2
    assert texts[both.identity.openid].startswith("您有 2 件事：")
    assert "样例电器：12 月提报" in texts[both.identity.openid]
    assert "样例线缆：12 月提报" in texts[both.identity.openid]
    assert texts[alone.identity.openid].startswith("12 月提报：还有 7 天截止\n样例线缆：")
    assert await told(both) == ["t7", "t7"]


async def test_several_months_of_a_firm_go_together(world: World, firm: Enterprise) -> None:
    boss = await member(world, firm, StaffRole.OWNER)
    november = await owed_month(
        firm, "2026-11", state="warned", make_up_until=date(2026, 12, 1),
        decided_at=datetime(2026, 11, 26, 0, 1, tzinfo=SHANGHAI), due_at=datetime(2026, 12, 2, tzinfo=SHANGHAI),
    )  # fmt: skip
    await owed_month(firm, certificate_id=november.certificate_id)
    go(world, 1, 9)
    await sweep(world)
    await world.settle()
    ((_, _, text),) = world.wechat.sent
    assert text.index("11 月补报：今天截止") < text.index("12 月提报已开放")
    assert await told(boss) == ["make_up.2026-12-01", "opens"]
    answer = await Answer.get()
    assert answer.notice is not None
    assert (answer.notice["title"], answer.notice["deadline"], answer.notice["path"]) == (
        "11 月补报", "2026-12-01", "/my/inbox",
    )  # fmt: skip


async def test_two_who_turn_out_to_be_one_person_are_not_told_again(
    world: World, firm: Enterprise, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reminders, "AT_ONCE", 1)
    first, second = await member(world, firm, StaffRole.STAFF), await member(world, firm, StaffRole.STAFF)
    await owed_month(firm)
    go(world, 18, 8, 30)
    await tick(world.ports, SWEEP, SWEEPS[SWEEP])
    for _ in range(2):
        await world.work(until_idle=False)
    assert (await told(first), await told(second)) == (["t7"], [])
    keep, other = await Person.get(id=second.person.id), await Person.get(id=first.person.id)
    await merge(world.ports, keep, other, actor="system")
    await world.work()
    assert (await told(first), await told(second)) == ([], ["t7"])
    assert (await FanOut.get()).ended_at is not None


# --- right before it goes out ----------------------------------------------------------------------------------------


async def test_what_is_settled_meanwhile_is_not_pushed(world: World, firm: Enterprise) -> None:
    boss = await member(world, firm, StaffRole.OWNER)
    filing = await owed_month(firm)
    go(world, 18, 8, 30)
    await sweep(world)
    assert await told(boss) == ["t7"]
    await MonthlyFiling.filter(id=filing.id).update(state="continued")
    go(world, 18, 9, 1)
    await world.work()
    assert not world.wechat.sent
    assert (await Answer.get()).state == AnswerState.SKIPPED


async def test_of_several_only_what_is_still_owed_is_said(world: World, firm: Enterprise) -> None:
    other = await rows.enterprise(name="样例线缆")
    both = await member(world, firm, StaffRole.STAFF)
    await member(world, other, StaffRole.STAFF, both)
    settled, owed = await owed_month(firm), await owed_month(other)
    go(world, 18, 8, 30)
    await sweep(world)
    await MonthlyFiling.filter(id=settled.id).update(state="continued")
    go(world, 18, 9, 1)
    await world.work()
    ((_, _, text),) = world.wechat.sent
    assert text.startswith("12 月提报：还有 7 天截止\n样例线缆：")
    assert "样例电器" not in text
    answer = await Answer.get()
    assert answer.notice is not None
    assert (answer.notice["firm"], answer.notice["path"]) == ("样例线缆", f"/my/months/{owed.ref}")


@pytest.mark.parametrize("leaves", [True, False])
async def test_who_left_or_wants_it_no_more_gets_no_push(world: World, firm: Enterprise, leaves: bool) -> None:
    worker = await member(world, firm, StaffRole.STAFF)
    await owed_month(firm)
    go(world, 24, 8, 30)
    await sweep(world)
    if leaves:
        await Staff.filter(person_id=worker.person.id).update(left_at=world.clock.now())
    else:
        await choose(world.ports, worker.asker, on=False)
    go(world, 24, 9, 1)
    await world.work()
    assert (await Answer.get()).state == AnswerState.SKIPPED
    assert not world.wechat.sent


# --- hours and choices -----------------------------------------------------------------------------------------------


async def test_each_is_told_at_their_own_hour_and_not_in_the_evening(world: World, firm: Enterprise) -> None:
    early, late = await member(world, firm, StaffRole.OWNER), await member(world, firm, StaffRole.STAFF)
    await choose(world.ports, late.asker, hour=18)
    await owed_month(firm)
    go(world, 18, 3)
    await sweep(world)
    assert not await FanOut.exists()
    go(world, 18, 8, 30)
    await sweep(world)
    for hour, count in ((8, 0), (9, 1), (17, 1), (18, 2)):
        go(world, 18, hour, 59 if hour in (8, 17) else 1)
        await world.work()
        assert len(world.wechat.sent) == count
    assert pushed(world, early) == pushed(world, late)
    ends = {answer.worth_until for answer in await Answer.all()}
    assert ends == {datetime(2026, 12, 18, 21, tzinfo=SHANGHAI)}


async def test_a_round_that_the_evening_cuts_off_is_taken_up_in_the_morning(
    world: World, firm: Enterprise, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reminders, "AT_ONCE", 1)
    first, second = await member(world, firm, StaffRole.STAFF), await member(world, firm, StaffRole.STAFF)
    await owed_month(firm)
    go(world, 18, 20, 59)
    await tick(world.ports, SWEEP, SWEEPS[SWEEP])
    for _ in range(2):
        await world.work(until_idle=False)
    go(world, 18, 21)
    await sweep(world)
    assert (await told(first), await told(second)) == (["t7"], [])
    cut = await FanOut.get()
    assert (cut.done, cut.total, cut.ended_at is not None) == (1, 2, True)
    go(world, 19, 9)
    await sweep(world)
    assert (await told(first), await told(second)) == (["t7"], ["t7"])
    assert pushed(world, second) == ["12 月提报：还有 6 天截止"]


async def test_what_was_not_chosen_stands_in_the_inbox_only(world: World, firm: Enterprise) -> None:
    off, some = await member(world, firm, StaffRole.STAFF), await member(world, firm, StaffRole.STAFF)
    await choose(world.ports, off.asker, on=False)
    await choose(world.ports, some.asker, occasions=["last", "t3"])
    await owed_month(firm)
    for day in (18, 22, 25):
        go(world, day, 9)
        await sweep(world)
        await world.settle()
    assert pushed(world, off) == []
    assert pushed(world, some) == ["12 月提报：还有 3 天截止", "12 月提报：今天截止"]
    reasons = Counter((entry.person_id, entry.unpushed) for entry in await InboxEntry.all())
    assert reasons == {(off.person.id, "switched_off"): 3, (some.person.id, "not_chosen"): 1, (some.person.id, ""): 2}


async def test_a_day_before_the_end_the_owner_is_told_who_has_filed_nothing(world: World, firm: Enterprise) -> None:
    boss, worker = await member(world, firm, StaffRole.OWNER), await member(world, firm, StaffRole.STAFF)
    busy = await member(world, firm, StaffRole.STAFF)
    await Staff.filter(person_id=worker.person.id).update(name="张三（样例）")
    await Staff.filter(person_id=busy.person.id).update(name="李四（样例）")
    for who in (boss, worker):
        await choose(world.ports, who.asker, on=False)
    filing = await owed_month(firm)
    await filed(filing, busy)
    for day in (22, 24):
        go(world, day, 9)
        await sweep(world)
        await world.settle()
    assert pushed(world, boss) == ["12 月提报：明天截止"]
    assert pushed(world, worker) == []
    bodies = {entry.person_id: entry.body for entry in await InboxEntry.filter(key__contains=":t1:")}
    assert "尚未交齐：还差 1 款产品的合格证照片等资料" in bodies[busy.person.id]
    assert "；追溯查询截图还差 2 张；" in bodies[busy.person.id]
    assert "还没有交过资料的办理人员：张三（样例）。" in bodies[boss.person.id]
    assert "办理人员" not in bodies[busy.person.id]


# --- nodes, kills, one bad firm --------------------------------------------------------------------------------------


async def crowd(world: World, count: int) -> list[Somebody]:
    people = []
    for _ in range(count):
        firm = await rows.enterprise()
        people.append(await member(world, firm, StaffRole.OWNER))
        await owed_month(firm)
    return people


async def each_once(people: list[Somebody]) -> None:
    told_of = Counter(await InboxEntry.all().values_list("person_id", flat=True))
    assert told_of == {who.person.id: 1 for who in people}
    fan_out = await FanOut.get()
    assert (fan_out.done, fan_out.total, fan_out.ended_at is not None) == (len(people), len(people), True)
    assert await Answer.all().count() == len(people)


async def test_nodes_that_sweep_and_work_at_once_tell_each_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reminders, "AT_ONCE", 2)
    people = await crowd(world, 9)
    go(world, 18, 9)

    async def node(number: int) -> None:
        async with transaction():
            await world.ports.queue.enqueue(SWEEP, f"{SWEEP}:{number}", {}, due=world.clock.now())
        while jobs := await world.ports.queue.claim(1, 60):
            await HANDLERS[jobs[0].kind](world.ports, jobs[0])

    await asyncio.gather(*(clean_task(node(number), name=str(number)) for number in range(3)))
    await world.work()
    await each_once(people)


async def test_a_worker_that_loses_its_batch_does_not_tell_it_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reminders, "AT_ONCE", 2)
    people = await crowd(world, 5)
    go(world, 18, 9)
    await tick(world.ports, SWEEP, SWEEPS[SWEEP])
    await world.work(until_idle=False)
    (slow,) = await world.ports.queue.claim(1, 1)
    world.clock.advance(seconds=2)
    await world.work(until_idle=False)
    await HANDLERS[BATCH](world.ports, slow)
    await world.work()
    await each_once(people)


REMINDER = """
import asyncio, sys
from pathlib import Path
from models.database import open_database
from tests.clock import FakeClock
from datetime import datetime
from tests.workflow.world import make_world
from workflow import fan_outs
from workflow.monthly import reminders

async def main(url, folder, now):
    clock = FakeClock(datetime.fromisoformat(now))
    reminders.AT_ONCE = 1
    advance = fan_outs.advance
    async def slowly(fan_out, done, cursor):
        print(fan_out.done, flush=True)
        await asyncio.sleep(0.05)
        await advance(fan_out, done, cursor)
    fan_outs.advance = slowly
    async with open_database(url, migrate=False):
        world = make_world(Path(folder), clock)
        await world.work()

asyncio.run(main(*sys.argv[1:]))
"""


async def test_a_worker_killed_in_the_middle_of_a_batch_leaves_nothing_out_and_nothing_doubled(
    world: World, database: Database
) -> None:
    people = await crowd(world, 8)
    go(world, 18, 8, 30)
    await tick(world.ports, SWEEP, SWEEPS[SWEEP])
    worker = await start(REMINDER, database.url, str(world.folder), world.clock.now().isoformat())
    assert worker.stdout is not None
    for _ in range(3):
        await worker.stdout.readline()
    worker.kill()
    await worker.wait()
    assert (await FanOut.get()).done < len(people)
    world.clock.advance(seconds=61)  # its lease is over
    await world.work()
    await each_once(people)


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """Months that cannot be judged for a reminder, by their ids, as long as they are in it."""
    judged, bad = reminder_tellings.judged, set[int]()

    async def fails(ports: Ports, filings: list[MonthlyFiling]) -> dict[int, Judgement]:
        if not bad.isdisjoint(filing.id for filing in filings):
            raise ValueError("sample")
        return await judged(ports, filings)

    monkeypatch.setattr(reminder_tellings, "judged", fails)
    return bad


async def by_worker(world: World) -> None:
    """What is due now, as a worker does it: a job that fails is given back, or buried in the end."""
    while jobs := await world.ports.queue.claim(1, 60):
        await Worker(world.ports, 1)._attempt(jobs[0])


async def test_an_error_that_passes_costs_nobody_the_reminder(world: World, failing: set[int]) -> None:
    people = await crowd(world, 3)
    _, bad, _ = await MonthlyFiling.all().order_by("id")
    failing.add(bad.id)
    go(world, 18, 9)
    await tick(world.ports, SWEEP, SWEEPS[SWEEP])
    await by_worker(world)
    assert [await told(who) for who in people] == [["t7"], [], ["t7"]]
    assert (await FanOut.get()).done == 3
    failing.clear()
    world.clock.advance(seconds=300)
    await by_worker(world)
    assert [await told(who) for who in people] == [["t7"]] * 3
    assert not await Job.filter(kind=ONE, done_at=None).exists()


async def test_who_could_not_be_told_all_day_has_the_reason_in_the_job_and_the_next_occasion(
    world: World, failing: set[int]
) -> None:
    people = await crowd(world, 2)
    bad = await MonthlyFiling.all().order_by("id").first()
    assert bad is not None
    failing.add(bad.id)
    for hour in (9, 21):
        go(world, 22, hour)
        await tick(world.ports, SWEEP, SWEEPS[SWEEP])
        await by_worker(world)
    job = await Job.get(kind=ONE)
    assert job.dead_at is not None
    assert job.last_error == "not reminded on its day: ValueError: sample"
    failing.clear()
    go(world, 24, 9)
    await sweep(world)
    assert [await told(who) for who in people] == [["t1"], ["t3", "t1"]]


async def test_a_buried_batch_holds_up_nobody_and_its_people_are_told_one_by_one(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(reminders, "AT_ONCE", 3)
    people = await crowd(world, 5)
    go(world, 18, 9)
    await tick(world.ports, SWEEP, SWEEPS[SWEEP])
    for _ in range(2):
        await world.work(until_idle=False)
    buried = await Job.filter(kind=BATCH, done_at=None).get()
    await Job.filter(id=buried.id).update(dead_at=world.clock.now(), last_error="its workers were killed")
    await world.work()
    assert [len(await told(who)) for who in people] == [1, 1, 0, 0, 0]
    world.clock.advance(SWEEPS[SWEEP])
    await tick(world.ports, SWEEP, SWEEPS[SWEEP])
    await world.work(until_idle=False)
    alone = await Job.filter(kind=ONE).order_by("id").values_list("args", flat=True)
    assert [(args["person"], args["why"]) for args in alone] == [
        (who.person.id, "its workers were killed") for who in people[2:4]
    ]
    assert [record.levelname for record in caplog.records if "buried" in record.getMessage()] == ["ERROR"]
    for _ in range(2):
        world.clock.advance(SWEEPS[SWEEP])
        await sweep(world)
    await each_once(people)
    assert await Job.filter(kind=ONE).count() == 2


async def test_a_sweep_that_the_night_overtakes_leaves_the_next_day_its_round(
    world: World, firm: Enterprise, monkeypatch: pytest.MonkeyPatch
) -> None:
    boss = await member(world, firm, StaffRole.OWNER)
    await owed_month(firm)
    go(world, 21, 9)
    await sweep(world)
    go(world, 21, 20, 30)
    behind = reminders._behind

    async def slowly(now: datetime) -> int:
        go(world, 22, 0, 1)  # the machine slept
        return await behind(now)

    with monkeypatch.context() as patch:
        patch.setattr(reminders, "_behind", slowly)
        await sweep(world)
    go(world, 22, 9)
    await sweep(world)
    assert await told(boss) == ["t7", "t3"]


# --- words -----------------------------------------------------------------------------------------------------------


def finding(reason: str, outcome: str = "fail") -> dict[str, Any]:
    return {"clause": "D.3.1", "reason": reason, "outcome": outcome, "materials": []}


FILED = datetime(2026, 12, 10, 2, tzinfo=SHANGHAI)
ASKED = (
    "还没有交任何资料，须交：不少于 2 款产品（只有一款的交 2 个批次）的合格证照片、本体或包装照片各 1–3 张，"
    "追溯查询截图 3–5 张，追溯数据更新台账（附录 C）。"
)
THEN = "逾期或不合格将被警告，3 个工作日内不补报则证书暂停（8.1(3)）。"


@pytest.mark.parametrize(
    ("judgement", "words", "short"),
    [
        (NOTHING, ASKED, "未交资料"),
        (
            Judgement(Standing.MISSING, {"missing": ["甲", "乙"], "findings": []}, filed_at=FILED),
            "尚未交齐：甲；乙。",
            "还缺 2 项",
        ),
        (
            Judgement(Standing.WAITING, {"missing": list("甲乙丙丁戊"), "findings": []}, filed_at=FILED),
            "尚未交齐：甲；乙；丙；丁 等 5 项。",
            "还缺 5 项",
        ),
        (
            Judgement(Standing.WAITING, {"missing": [], "findings": []}, filed_at=FILED),
            "资料已交齐，正在核验；核验通过后请提交。",
            "核验中",
        ),
        (
            Judgement(
                Standing.FAILING,
                {"missing": [], "findings": [finding("好", "pass"), finding("码印得太小（D.3.1）")]},
                filed_at=FILED,
            ),
            "资料已交齐，其中须更换或重拍：码印得太小（D.3.1）。",
            "1 项须更换",
        ),
        (
            Judgement(Standing.PASSING, {"missing": [], "findings": []}, filed_at=FILED),
            "资料已交齐并核验通过，还没有提交：请打开页面点“提交”，或在服务号里回复“完成”。",
            "待提交",
        ),
    ],
)
def test_the_words_say_what_is_still_to_be_done(judgement: Judgement, words: str, short: str) -> None:
    filing = MonthlyFiling(month="2026-12", closes_on=date(2026, 12, 25), ref="sample", state="open")
    filing.enterprise = Enterprise(name="样例电器")
    reminding = Reminding(Occasion.T3, date(2026, 12, 22))
    said = reminder(filing, reminding, date(2026, 12, 22), judgement, "AA", edition_on(date(2026, 12, 1)))
    assert said.title == "12 月提报：还有 3 天截止"
    assert said.body == f"样例电器：12 月提报 12 月 25 日 24:00 截止（8.1(2)，R10）。{words}{THEN}"
    assert said.clause == "8.1(2)"
    assert said.notice == {
        "kind": "monthly",
        "title": "12 月提报",
        "firm": "样例电器",
        "deadline": "2026-12-25",
        "state": short,
        "advice": f"还有 3 天截止，{short}",
    }


def test_a_month_to_make_up_says_what_is_at_stake_and_level_b_asks_for_no_body_photos() -> None:
    filing = MonthlyFiling(month="2026-11", make_up_until=date(2026, 12, 1), ref="sample", state="warned")
    filing.enterprise = Enterprise(name="样例电器")
    reminding = Reminding(Occasion.MAKE_UP, date(2026, 11, 30))
    said = reminder(filing, reminding, date(2026, 11, 30), NOTHING, "B", edition_on(date(2026, 11, 1)))
    assert (said.title, said.clause) == ("11 月补报：明天截止", "8.1(3)")
    assert said.body == (
        "样例电器：11 月未按要求提报，补报 12 月 1 日 24:00 截止（8.1(3)）。"
        + ASKED.replace("合格证照片、本体或包装照片各", "合格证照片")
        + "届时仍未通过，证书暂停，补报核验通过后恢复（6.1(5)）。"
    )
