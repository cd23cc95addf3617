"""Notices against the simulator, over HTTP: by the cheapest way that arrives, at most once, each with its reason."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot import add_bot
from config.clock import SHANGHAI
from config.message_templates import SAMPLE_SUBSCRIBE, SAMPLE_TEMPLATES, NoticeKind
from config.settings import Settings
from gateways.cache import MemoryCache
from gateways.wechat import WeChatClient, client
from jobs.handlers import HANDLERS
from models import (
    Answer,
    AnswerKind,
    AnswerState,
    Channel,
    InboxEntry,
    Job,
    MessageConsent,
    ServiceWindow,
    WeChatIdentity,
    WindowTrigger,
)
from models.transactions import transaction
from simulator import WORLD, World, create_simulator
from simulator.ledger import Trigger
from simulator.people import Person
from tests import rows
from tests.clock import FakeClock
from tests.conftest import Database
from tests.workflow.test_pacing import Away
from tests.workflow.world import make_world
from workflow.applying.application_wording import notice_of, worth_until
from workflow.context import Ports, Telling
from workflow.knowing import people
from workflow.telling import answers, channels, service_windows
from workflow.telling.notices import tell_firm

CUSTOM = "/cgi-bin/message/custom/send"
SUBSCRIBE = "/cgi-bin/message/subscribe/bizsend"
TEMPLATE = "/cgi-bin/message/template/send"
AGREED = SAMPLE_SUBSCRIBE[NoticeKind.MONTHLY].id
TELLING = Telling(subscribe=SAMPLE_SUBSCRIBE, template=SAMPLE_TEMPLATES)
HOURS = timedelta(hours=1)


@dataclass
class Town:
    """Our ports with the real client, the bot's callback, and the simulator as WeChat between the two."""

    ports: Ports
    clock: FakeClock
    wechat: World
    desk: TestClient
    person: Person
    identity: WeChatIdentity
    seconds: int = 0
    asked_for: asyncio.Event = field(default_factory=asyncio.Event)
    """Reports come when a test asks for them: not while it looks at what was before."""

    async def writes(self) -> None:
        """The person writes something, by WeChat's account and by ours."""
        self.person.ledger.open(Trigger.MESSAGE)
        await service_windows.acted(self.ports, self.identity, WindowTrigger.MESSAGE)

    async def agrees(self, answer: str = "accept") -> None:
        """On a page: WeChat tells the bot."""
        known = self.person.consents.get(AGREED, 0)
        self.person.consents[AGREED] = {"accept": known + 1, "reject": known, "withdraw": 0}[answer]
        item = {"TemplateId": AGREED, "SubscribeStatusString": "accept" if answer == "accept" else "reject"}
        name = "subscribe_msg_change_event" if answer == "withdraw" else "subscribe_msg_popup_event"
        await self.happens(name, items=[item])

    async def happens(self, event: str, **given: Any) -> None:
        """WeChat pushes an event, in a second of its own: those of one second are taken for one."""
        self.seconds += 1
        given["fields"] = {"CreateTime": 1764200000 + self.seconds, **given.get("fields", {})}
        body = {"type": "event", "event": event, "wait": 0, **given}
        async with self.desk.post("/sim/users/zhang/messages", json=body) as response:
            assert (await response.json())["fault"] is None

    async def agreed(self) -> int:
        consent = await MessageConsent.get_or_none(identity_id=self.identity.id, template=AGREED)
        return consent.credits if consent else 0

    async def notice(self, title: str = "11 月提报", **given: Any) -> Answer:
        """As ``workflow.telling.notices`` writes one: inbox entry, answer and job in one transaction."""
        async with transaction():
            said = {"kind": "monthly", "title": title, "firm": "样例电缆有限公司", "deadline": "2026-11-30"}
            push = await Answer.create(
                key=f"notice:{title}",
                identity_id=self.identity.id,
                kind=AnswerKind.TEXT,
                notice={**said, "state": "待提报", "advice": "还差台账"},
                created_at=self.clock.now(),
                **given,
            )
            await answers.make_ready(self.ports, push, f"{title}：还差台账", None)
            await InboxEntry.create(
                key=title, person_id=self.identity.person_id, title=title, body="还差台账", clause="8.1",
                path="/my/months/sample", created_at=self.clock.now(), push_id=push.id,
            )  # fmt: skip
        return push

    async def work(self) -> None:
        while jobs := await self.ports.queue.claim(1, 60):
            await HANDLERS[jobs[0].kind](self.ports, jobs[0])

    async def pushed(self, title: str = "11 月提报", **given: Any) -> Answer:
        """A notice, and what becomes of it at once."""
        answer = await self.notice(title, **given)
        await self.work()
        await answer.refresh_from_db()
        return answer

    async def reported(self) -> None:
        """All that WeChat reports is in, and what had to be looked at again has been."""
        self.asked_for.set()
        await asyncio.gather(*self.wechat.reports)
        self.asked_for.clear()
        self.clock.advance(seconds=20)
        await self.work()

    def arrived(self, title: str = "") -> list[str]:
        """By which ways something with ``title`` in it stands in the person's chat."""
        return [entry.own["via"] for entry in self.person.chat if "via" in entry.own and title in str(entry.own)]

    def calls(self) -> Counter[str]:
        return Counter(line["what"] for line in self.wechat.journal if line["kind"] == "api")


@pytest.fixture
async def town(
    database: Database, clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Town]:
    monkeypatch.setattr(client, "_now", clock.now)  # how far midnight is
    app = web.Application()
    server = TestServer(app, host="127.0.0.1")
    settings = Settings(data_dir=tmp_path, simulator={"enabled": True})  # type: ignore[arg-type]
    simulator = create_simulator(settings, callback_url="", base_url="http://127.0.0.1/sim")
    app.add_subapp("/sim", simulator)
    cache = MemoryCache()
    ports = replace(make_world(tmp_path, clock).ports, app_id=settings.wechat.app_id, cache=cache, telling=TELLING)
    add_bot(app, settings, ports)
    async with TestClient(server) as desk:
        base = str(server.make_url("/")).rstrip("/")
        wechat = simulator[WORLD]
        wechat.pusher.callback_url = f"{base}/wechat/callback"
        async with WeChatClient(
            app_id=settings.wechat.app_id,
            app_secret=settings.wechat.app_secret,
            base_url=f"{base}/sim/api",
            cache=cache,
            media_hosts=(),
            timeout_seconds=0.5,
            backoff_seconds=0.001,
        ) as wechat_client:
            person = wechat.people.of("zhang")
            identity = await rows.identity(
                app_id=settings.wechat.app_id, openid=person.openid, person_id=(await rows.person()).id, subscribed=True
            )
            town = Town(replace(ports, wechat=wechat_client), clock, wechat, desk, person, identity)
            wechat.little_while = town.asked_for.wait
            yield town


def tried(answer: Answer) -> list[tuple[str, int | None, int]]:
    return [(one["channel"], one["code"], one["times"]) for one in answer.tried or []]


async def test_the_cheapest_way_that_is_open_is_taken(town: Town) -> None:
    await town.writes()
    await town.agrees()
    sent = [await town.pushed(f"第 {number} 条") for number in range(1, 9)]
    assert [answer.channel for answer in sent] == ["service"] * 5 + ["subscribe"] + ["template"] * 2
    assert [answer.state for answer in sent] == ["sent"] * 8
    assert town.arrived() == ["custom"] * 5 + ["subscribe"] + ["template"] * 2
    # Our account was as exact as WeChat's: no call was made in vain.
    calls = town.calls()
    assert (calls[CUSTOM], calls[SUBSCRIBE], calls[TEMPLATE]) == (5, 1, 2)
    assert [answer.tried for answer in sent] == [None] * 8
    card = town.person.chat[-1].own
    assert card["url"] == f"{town.ports.links.base}/my/months/sample"
    assert ["截止时间", "2026年11月30日 23:59"] in card["lines"]
    await town.reported()
    delivered = [(await Answer.get(id=answer.id)).delivered_at is not None for answer in sent]
    assert delivered == [False] * 5 + [True] * 3


async def test_what_becomes_of_an_application_goes_by_the_same_ways_for_as_long_as_the_firm_can_act(town: Town) -> None:
    firm = await rows.enterprise(name="样例电缆有限公司")
    await rows.staff(enterprise_id=firm.id, person_id=town.identity.person_id, role="owner")
    closes = datetime(2026, 11, 28, tzinfo=SHANGHAI)
    application = await rows.application(enterprise_id=firm.id, state="publicity", grade="A", due_at=closes)
    await town.writes()
    for number in range(1, 7):
        title = f"评价结果：A 级，第 {number} 次"
        async with transaction():
            await tell_firm(
                town.ports, firm.id, f"sample:{number}", clause="7.3", title=title, body="样例", path="/my",
                notice=await notice_of(application, title), worth_until=worth_until(application),
            )  # fmt: skip
        town.clock.advance(seconds=1)
        await town.work()
    sent = await Answer.all().order_by("id")
    assert [(answer.state, answer.channel) for answer in sent] == [("sent", "service")] * 5 + [("sent", "template")]
    assert town.arrived("评价结果：A 级") == ["custom"] * 5 + ["template"]
    lines = town.person.chat[-1].own["lines"]
    assert [value for _, value in lines if not value.startswith("2026年")] == [
        "评价结果：A 级，第 6 次", "样例电缆有限公司", "公示中", "公示至 11 月 27 日 24:00",
    ]  # fmt: skip
    assert {answer.worth_until for answer in sent} == {closes}


async def test_where_no_way_is_left_the_reason_of_each_is_said_and_the_inbox_has_it(town: Town) -> None:
    town = replace(town, ports=replace(town.ports, telling=Telling(subscribe=SAMPLE_SUBSCRIBE)))
    answer = await town.pushed()
    assert (answer.state, answer.channel) == (AnswerState.REFUSED, None)
    assert answer.error == (
        "service: no window is open; subscribe: no consent is left; template: no template for this kind of notice"
    )
    assert town.calls() == Counter()
    assert await InboxEntry.filter(push_id=answer.id).count() == 1


@pytest.mark.parametrize("code", [45015, 45047])
async def test_where_wechat_counts_otherwise_the_next_way_is_taken_and_the_account_follows(
    town: Town, code: int
) -> None:
    await service_windows.acted(town.ports, town.identity, WindowTrigger.MESSAGE)
    if code == 45047:
        town.person.ledger.open(Trigger.MESSAGE)
        for _ in range(5):
            town.person.ledger.spend()
    answer = await town.pushed()
    assert (answer.state, answer.channel, tried(answer)) == ("sent", "template", [("service", code, 1)])
    assert await service_windows.allowance(town.identity.id) == 0
    await town.pushed("下一条")
    assert town.calls()[CUSTOM] == 1
    assert town.arrived() == ["template", "template"]


async def test_a_consent_that_wechat_does_not_know_is_used_up(town: Town) -> None:
    await town.agrees()
    town.person.consents.clear()
    answer = await town.pushed()
    assert (answer.channel, tried(answer)) == ("template", [("subscribe", 43101, 1)])
    assert await town.agreed() == 0


async def test_a_consent_is_there_again_where_nothing_was_sent(town: Town) -> None:
    await town.agrees()
    town.wechat.faults.order(SUBSCRIBE, "-1", 3)
    answer = await town.pushed()
    assert (answer.state, tried(answer), await town.agreed()) == ("ready", [("subscribe", -1, 1)], 1)
    town.wechat.faults.order(SUBSCRIBE, "47003")
    town.clock.advance(seconds=5)
    await town.work()
    await answer.refresh_from_db()
    assert (answer.channel, await town.agreed()) == ("template", 1)
    assert ((await town.pushed("下一条")).channel, await town.agreed()) == ("subscribe", 0)


@pytest.mark.parametrize(
    ("kind", "times", "state", "arrives", "reason"),
    [
        ("47003", 1, "refused", 0, "template: 47003: argument invalid!"),
        ("40037", 1, "refused", 0, "template: 40037"),
        ("48001", 1, "refused", 0, "template: 48001"),
        ("40001", 1, "sent", 1, None),
        ("timeout", 1, "uncertain", 0, "no answer in time"),
        ("502", 1, "uncertain", 0, "HTTP 502"),
        ("lost_answer", 1, "uncertain", 1, "connection lost"),
    ],
)
async def test_what_goes_wrong_at_the_last_way(
    town: Town, kind: str, times: int, state: str, arrives: int, reason: str | None
) -> None:
    town.wechat.faults.order(TEMPLATE, kind, times)
    answer = await town.pushed()
    assert answer.state == state
    assert (reason or "") in (answer.error or "")
    assert len(town.arrived()) == arrives
    for _ in range(3):  # and so it stays
        town.clock.advance(hours=1)
        await town.work()
    assert len(town.arrived()) == arrives
    assert await InboxEntry.filter(push_id=answer.id).count() == 1


async def test_a_busy_wechat_is_asked_again_for_as_long_as_it_is_worth_it(town: Town) -> None:
    town.wechat.faults.order(TEMPLATE, "-1", 7 * 3)  # three times a call
    answer = await town.pushed()
    assert (answer.state, answer.channel, tried(answer)) == ("ready", None, [("template", -1, 1)])
    pauses = []
    while answer.state == AnswerState.READY:
        before = town.clock.now()
        town.clock.advance((await Job.get(key=f"push:{answer.id}")).due_at - before)
        pauses.append((town.clock.now() - before).total_seconds())
        await town.work()
        await answer.refresh_from_db()
    assert pauses == [5, 10, 20, 40, 80, 160, 320]
    assert (answer.state, tried(answer), town.arrived()) == ("sent", [("template", -1, 7)], ["template"])
    assert (await Job.get(key=f"push:{answer.id}")).attempts == 1

    town.wechat.faults.order(TEMPLATE, "-1", 3)
    late = await town.pushed("晚了", worth_until=town.clock.now() + timedelta(seconds=3))
    assert (late.state, town.arrived("晚了")) == (AnswerState.SKIPPED, [])
    assert "-1: system error" in (late.error or "")


async def test_a_token_that_stays_refused_is_waited_for(town: Town) -> None:
    town.wechat.faults.order(TEMPLATE, "40001", 2)
    answer = await town.pushed()
    assert (answer.state, tried(answer)) == ("ready", [("template", 40001, 1)])
    town.clock.advance(seconds=61)
    await town.work()
    await answer.refresh_from_db()
    assert (answer.state, town.arrived()) == ("sent", ["template"])


async def test_a_used_up_day_costs_no_consent_where_a_template_serves(town: Town) -> None:
    await town.writes()
    await town.agrees()
    town.wechat.faults.order(CUSTOM, "45009")
    answer = await town.pushed()
    assert (answer.channel, tried(answer)) == ("template", [("service", 45009, 1)])
    assert await town.agreed() == 1
    # The day is over for everybody: nobody asks again.
    assert (await town.pushed("下一条")).channel == "template"
    assert town.calls()[CUSTOM] == 1


async def test_a_used_up_day_is_waited_for_until_the_morning_and_costs_a_consent_only_where_that_is_too_late(
    town: Town,
) -> None:
    town = replace(town, ports=replace(town.ports, telling=Telling(subscribe=SAMPLE_SUBSCRIBE)))
    await town.writes()
    await town.agrees()
    town.wechat.faults.order(CUSTOM, "45009")
    patient = await town.pushed("可以等", worth_until=town.clock.now() + timedelta(days=1))
    assert (patient.state, town.arrived()) == (AnswerState.READY, [])
    due = (await Job.get(key=f"push:{patient.id}")).due_at.astimezone(SHANGHAI)
    tomorrow = town.clock.now().astimezone(SHANGHAI).date() + timedelta(days=1)
    assert (due.date(), due.hour, due.minute) == (tomorrow, 8, 30)
    urgent = await town.pushed("不能等", worth_until=town.clock.now() + HOURS)
    assert (urgent.state, urgent.channel) == ("sent", "subscribe")
    hopeless = await town.pushed("没有别的路", worth_until=town.clock.now() + HOURS)
    assert hopeless.state == AnswerState.SKIPPED
    assert "service: closed until" in (hopeless.error or "")
    town.clock.advance(due - town.clock.now())
    await town.work()
    await patient.refresh_from_db()
    assert (patient.state, patient.channel) == ("sent", "service")
    assert [town.arrived(title) for title in ("可以等", "不能等", "没有别的路")] == [["custom"], ["subscribe"], []]


async def test_without_the_cache_a_used_up_day_is_known_to_whoever_met_it(town: Town) -> None:
    town = replace(town, ports=replace(town.ports, cache=Away(), limiter=Away()))
    await town.writes()
    town.wechat.faults.order(CUSTOM, "45009", 2)
    assert [(await town.pushed(title)).channel for title in ("甲", "乙", "丙")] == ["template", "template", "service"]
    assert town.calls()[CUSTOM] == 3


async def test_what_is_too_much_for_a_minute_waits_and_takes_no_other_way(town: Town) -> None:
    await town.writes()
    town.wechat.faults.order(CUSTOM, "45011")
    answers_ = [await town.pushed(title) for title in ("甲", "乙")]
    assert ([one.state for one in answers_], town.arrived()) == (["ready"] * 2, [])
    assert town.calls()[CUSTOM] == 1
    town.clock.advance(seconds=61)
    await town.work()
    assert town.arrived() == ["custom", "custom"]


async def test_so_many_leave_in_a_minute_and_each_that_waits_waits_once(town: Town) -> None:
    town = replace(town, ports=replace(town.ports, telling=replace(TELLING, per_minute=2)))
    made = [await town.notice(f"第 {number} 条") for number in range(7)]
    await town.work()
    by_minute = [len(town.arrived())]
    # Their own jobs: WeChat's report of a message may be quicker than its record, and is looked at again by another.
    pushes = [f"push:{one.id}" for one in made]
    dues = {job.due_at for job in await Job.filter(done_at=None, key__in=pushes)}
    assert dues == {town.clock.now() + timedelta(minutes=minute) for minute in (1, 2, 3)}
    for _ in range(3):
        town.clock.advance(minutes=1)
        await town.work()
        by_minute.append(len(town.arrived()))
    assert by_minute == [2, 4, 6, 7]
    assert {job.attempts for job in await Job.filter(key__in=pushes)} == {1}


async def test_the_days_template_messages_are_ours_to_share_out(town: Town) -> None:
    town = replace(town, ports=replace(town.ports, telling=replace(TELLING, templates_per_day=1)))
    await town.pushed("第一条")
    second = await town.pushed("第二条")
    assert (second.state, town.arrived(), town.calls()[TEMPLATE]) == ("ready", ["template"], 1)
    town.clock.advance(days=1)
    await town.work()
    assert town.arrived() == ["template", "template"]


async def test_two_notices_to_one_person_go_one_after_the_other(town: Town) -> None:
    for _ in range(3):
        await town.agrees()
    for title in ("甲", "乙", "丙"):
        await town.notice(title)
    jobs = await town.ports.queue.claim(10, 60)
    await asyncio.gather(*(HANDLERS[job.kind](town.ports, job) for job in jobs))
    assert town.arrived() == ["subscribe"]
    for _ in range(2):
        town.clock.advance(seconds=1)
        await town.work()
    assert town.arrived() == ["subscribe"] * 3
    assert "43108" not in {line["result"] for line in town.wechat.journal}
    assert {job.attempts for job in await Job.filter(kind=answers.PUSH)} == {1}


async def test_who_dies_between_intent_and_answer_leaves_it_uncertain_and_nothing_is_repeated(town: Town) -> None:
    await town.writes()
    answer = await town.notice()
    await Answer.filter(id=answer.id).update(state=AnswerState.SENDING, channel=Channel.SERVICE)
    await town.work()
    await answer.refresh_from_db()
    assert (answer.state, answer.error) == (AnswerState.UNCERTAIN, "the sender died between intent and answer")
    assert (town.arrived(), town.calls()) == ([], Counter())
    assert await service_windows.allowance(town.identity.id) == 4


class Killed(BaseException):
    """As kill -9 ends a worker: nothing of ours runs after it."""


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_who_is_killed_at_the_call_repeats_nothing_and_the_report_says_whether_it_arrived(
    town: Town, moment: str
) -> None:
    async def killed(*message: Any) -> str:
        if moment == "after":
            await town.ports.wechat.send_template(*message)
        raise Killed

    mortal = replace(town.ports, wechat=SimpleNamespace(send_template=killed))
    answer = await town.notice()
    (job,) = await town.ports.queue.claim(1, 60)
    with pytest.raises(Killed):
        await HANDLERS[job.kind](mortal, job)
    await town.reported()
    await answer.refresh_from_db()
    assert answer.state == AnswerState.SENDING  # whoever sends it may still be alive
    town.clock.advance(seconds=60)
    await town.work()
    await town.reported()
    await answer.refresh_from_db()
    assert (answer.state, len(town.arrived())) == (("sent", 1) if moment == "after" else ("uncertain", 0))
    assert await Job.filter(done_at=None).count() == 0


async def test_a_lost_answer_is_cleared_up_by_the_report_that_follows(town: Town) -> None:
    town.wechat.faults.order(TEMPLATE, "lost_answer")
    answer = await town.pushed()
    assert answer.state == AnswerState.UNCERTAIN
    await town.reported()
    await answer.refresh_from_db()
    assert (answer.state, answer.error, town.arrived()) == ("sent", None, ["template"])
    assert answer.delivered_at is not None
    assert answer.message_id


async def test_who_takes_no_messages_is_not_asked_by_every_way_at_once(town: Town) -> None:
    await town.agrees()
    town.person.blocks = True
    answer = await town.pushed()
    assert (answer.state, answer.channel) == ("sent", "subscribe")
    await town.reported()  # the subscribe message did not arrive, so that the template message is tried
    await answer.refresh_from_db()
    assert (answer.channel, [one["said"] for one in answer.tried or []]) == (
        "template",
        ["43101: user refuse to accept the msg"],
    )
    await town.reported()
    await answer.refresh_from_db()
    assert (answer.state, answer.error, town.arrived()) == ("refused", "failed:user block", [])


async def test_a_report_that_comes_twice_or_is_about_another_changes_nothing(town: Town) -> None:
    answer = await town.pushed()
    await town.reported()
    once = await Answer.get(id=answer.id)
    for number in (once.message_id, "4711"):
        await town.happens("TEMPLATESENDJOBFINISH", status="failed:user block", fields={"MsgID": number})
        await town.reported()
    again = await Answer.get(id=answer.id)
    assert (again.state, again.delivered_at, again.tried) == ("sent", once.delivered_at, None)


async def test_consents_follow_what_wechat_pushes(town: Town) -> None:
    counts = []
    for answer in ("accept", "accept", "reject", "withdraw", "accept"):
        await town.agrees(answer)
        counts.append(await town.agreed())
    assert counts == [1, 2, 2, 0, 1]
    await people.unfollow(town.ports, town.person.openid)
    assert await MessageConsent.all().count() == 0


async def test_the_last_customer_service_message_is_kept_for_a_photo_that_is_being_judged(town: Town) -> None:
    await town.writes()
    await ServiceWindow.all().update(remaining=1)
    await Answer.create(
        key="photo:1",
        identity_id=town.identity.id,
        kind=AnswerKind.TEXT,
        created_at=town.clock.now(),
        passive_until=town.clock.now(),
    )
    assert (await town.pushed()).channel == "template"
    alone = replace(town, ports=replace(town.ports, telling=Telling()))
    assert (await alone.pushed("没有别的路")).channel == "service"


async def test_what_is_no_longer_worth_it_is_not_pushed(town: Town) -> None:
    await town.writes()
    late = await town.notice("过时", worth_until=town.clock.now() + timedelta(minutes=1))
    town.clock.advance(minutes=2)
    await town.work()
    await late.refresh_from_db()
    assert (late.state, late.error) == ("skipped", "no longer worth pushing")
    assert town.arrived() == []
    assert await Job.filter(done_at=None).count() == 0


async def test_what_was_for_the_day_is_not_sent_at_night_when_the_sending_stood_still(town: Town) -> None:
    await town.writes()
    town.clock.advance(hours=10)  # 20:00 in Shanghai
    answer = await town.notice()
    town.clock.advance(hours=3)
    await town.work()
    assert town.arrived() == []
    town.clock.advance((await Job.get(key=f"push:{answer.id}")).due_at - town.clock.now())
    assert f"{town.clock.now().astimezone(SHANGHAI):%H:%M}" == "08:30"
    await town.work()
    assert town.arrived() == ["custom"]


async def test_whatever_wechat_does_each_notice_arrives_at_most_once_or_says_why_not(town: Town) -> None:
    chance = random.Random(20261127)
    kinds = ["-1", "45009", "45011", "45015", "45047", "43101", "47003", "40001", "43108", "lost_answer", "502"]
    titles = [f"第 {number:02} 条" for number in range(40)]
    for title in titles:
        if chance.random() < 0.3:
            await town.writes()
        if chance.random() < 0.3:
            await town.agrees()
        for path in (CUSTOM, SUBSCRIBE, TEMPLATE):
            if chance.random() < 0.5:
                town.wechat.faults.order(path, chance.choice(kinds), chance.randint(1, 3))
        await town.pushed(title)
        town.clock.advance(minutes=chance.choice([0, 1, 30, 600]))
        await town.work()
    town.wechat.faults.clear()
    for _ in range(6):
        town.clock.advance(hours=12)
        await town.work()
        await town.reported()
    for title in titles:
        answer = await Answer.get(key=f"notice:{title}")
        arrived = len(town.arrived(title))
        assert arrived <= 1, title
        assert answer.state in {"sent", "uncertain", "refused", "skipped"}, title
        assert arrived == (answer.state == "sent") or answer.state == "uncertain", title
        assert answer.state == "sent" or answer.error, title
    assert await InboxEntry.all().count() == len(titles)
    assert await Job.filter(done_at=None).count() == 0


def test_nobody_is_woken_by_what_had_to_wait() -> None:
    def morning_of(due: datetime, now: datetime) -> datetime:
        return channels._decent(now, due).astimezone(SHANGHAI).replace(tzinfo=None)

    at = lambda *parts: datetime(2026, 11, *parts, tzinfo=SHANGHAI)  # noqa: E731
    assert morning_of(at(24, 20, 59), at(24, 12)) == datetime(2026, 11, 24, 20, 59)  # noqa: DTZ001
    assert morning_of(at(24, 21), at(24, 12)) == datetime(2026, 11, 25, 8, 30)  # noqa: DTZ001
    assert morning_of(at(25, 0), at(24, 12)) == datetime(2026, 11, 25, 8, 30)  # noqa: DTZ001
    assert morning_of(at(25, 8, 29), at(25, 0)) == datetime(2026, 11, 25, 8, 30)  # noqa: DTZ001
    assert morning_of(at(24, 23, 2), at(24, 23)) == datetime(2026, 11, 24, 23, 2)  # noqa: DTZ001
