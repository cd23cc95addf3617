"""WeChat fails while a month is told of (-1, 45009, 45047, 43101, 40001, timeouts): the states are those of the table,
each inbox entry is there, and each push arrives at most once, or says why it does not."""

import asyncio
import random
import re
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot import add_bot
from config.message_templates import SAMPLE_SUBSCRIBE, SAMPLE_TEMPLATES, NoticeKind
from config.settings import Settings
from gateways.cache import MemoryCache
from gateways.wechat import WeChatClient, client
from models import Answer, AnswerState, InboxEntry, Job, MessageConsent, ServiceWindow, WeChatIdentity, WindowTrigger
from simulator import WORLD, create_simulator
from simulator import World as Simulated
from simulator.ledger import Trigger
from simulator.people import Person
from tests.workflow.world import World
from tests.year.days import NEW_YEAR, days_between, simulate, to
from tests.year.firms import FEW, many
from tests.year.plan import YEAR, Plan
from tests.year.table import Day
from tests.year.town import Town
from workflow.context import Telling
from workflow.telling import service_windows

WAYS = {
    "/cgi-bin/message/custom/send": ("-1", "45009", "45047", "40001", "timeout", "lost_answer"),
    "/cgi-bin/message/subscribe/bizsend": ("-1", "43101", "40001", "45009", "timeout", "502"),
    "/cgi-bin/message/template/send": ("-1", "45009", "40001", "timeout", "lost_answer"),
}
"""How each way fails."""
TIMES = {"-1": 3, "40001": 2}
"""So often in a row, for the client to give a call up."""
_CLOSED = r"closed until [-0-9]{10} [:0-9]{5}"
WHY_NO_WAY = re.compile(
    r"no longer worth pushing by then: "
    rf"service: ({_CLOSED}|no window is open|450(15|47): .+); "
    rf"subscribe: ({_CLOSED}|no consent is left|43101: .+); "
    rf"template: {_CLOSED}"
)
"""A notice that was given up says of each way why it did not do; where a template message can go, none is."""
CONSENT = SAMPLE_SUBSCRIBE[NoticeKind.MONTHLY].id


@dataclass
class Street:
    """The town's owners as WeChat knows them, and what goes wrong on a day."""

    wechat: Simulated
    people: dict[str, Person]
    chance: random.Random
    """Decides who writes or agrees on which day."""
    days: list[date] = field(default_factory=list)
    """Those that were, in their order."""

    async def before(self, town: Town, day: Day) -> None:
        """Owners come to live here as their firms settle; some write, some agree; then trouble is ordered."""
        if self.days:
            self.wechat.clock.advance((day.day - self.days[-1]).total_seconds())
        for name, firm in town.firms.items():
            identity = await WeChatIdentity.get(person_id=firm.one.asker.person_id)
            if name not in self.people:
                self.people[name] = self.wechat.people.of(name)
                self.wechat.people.follow(self.people[name])
                identity.openid = self.people[name].openid
                await identity.save()
                await ServiceWindow.filter(identity_id=identity.id).delete()
            if self.chance.random() < 0.3:
                self.people[name].ledger.open(Trigger.MESSAGE)
                await service_windows.acted(town.ports, identity, WindowTrigger.MESSAGE)
            if self.chance.random() < 0.6:
                await self._agrees(identity, self.people[name])
        for path, kinds in WAYS.items():
            kind = kinds[len(self.days) % len(kinds)]
            self.wechat.faults.order(path, kind, TIMES.get(kind, 1))
        self.days.append(day.day)

    async def _agrees(self, identity: WeChatIdentity, person: Person) -> None:
        person.consents[CONSENT] = person.consents.get(CONSENT, 0) + 1
        consent, _ = await MessageConsent.get_or_create(
            identity_id=identity.id, template=CONSENT, defaults={"changed_at": datetime.now(UTC)}
        )
        await MessageConsent.filter(id=consent.id).update(credits=consent.credits + 1)


@pytest.fixture
async def street(
    town_world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[World, Street]]:
    monkeypatch.setattr(client, "_now", town_world.clock.now)  # how far midnight is
    app = web.Application()
    settings = Settings(data_dir=tmp_path, simulator={"enabled": True})  # type: ignore[arg-type]
    simulator = create_simulator(settings, callback_url="", base_url="http://127.0.0.1/sim")
    app.add_subapp("/sim", simulator)
    cache = MemoryCache()
    telling = Telling(subscribe=SAMPLE_SUBSCRIBE, template=SAMPLE_TEMPLATES)
    ports = replace(town_world.ports, app_id=settings.wechat.app_id, cache=cache, telling=telling)
    add_bot(app, settings, ports)
    async with TestClient(TestServer(app, host="127.0.0.1")) as desk:
        base = str(desk.make_url("/")).rstrip("/")
        wechat = simulator[WORLD]
        wechat.pusher.callback_url = f"{base}/wechat/callback"
        wechat.little_while = partial(asyncio.sleep, 0.01)
        async with WeChatClient(
            app_id=settings.wechat.app_id,
            app_secret=settings.wechat.app_secret,
            base_url=f"{base}/sim/api",
            cache=cache,
            media_hosts=(),
            timeout_seconds=0.2,
            backoff_seconds=0.001,
        ) as wechat_client:
            town_world.ports = replace(ports, wechat=wechat_client)
            yield town_world, Street(wechat, {}, random.Random(20260104))
            await asyncio.gather(*wechat.reports)


def arrived(person: Person) -> Counter[str]:
    """What stands in somebody's chat, by all that it says."""
    lines = [entry.own for entry in person.chat if "via" in entry.own]
    return Counter(str({name: value for name, value in own.items() if name != "number"}) for own in lines)


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("plans", "days"),
    [
        (FEW, [date(YEAR, 1, day) for day in (1, 2, 10, 11, 18, 24, 25, 26, 27, 28, 29, 30)]),
        pytest.param(many(25, 20260105), days_between(NEW_YEAR, date(YEAR, 4, 30)), marks=pytest.mark.soak),
    ],
    ids=["few", "many"],
)
async def test_whatever_fails_on_the_way_each_is_told_once_or_it_is_said_why_not(
    street: tuple[World, Street], plans: Sequence[Plan], days: Sequence[date]
) -> None:
    world, people = street
    town = await simulate(world, plans, days, people.before)
    people.wechat.faults.clear()
    for _ in range(3):  # whatever waits for another morning
        await to(world, world.clock.now() + timedelta(days=1))
    await asyncio.gather(*people.wechat.reports)
    # A call that is never answered is in nobody's journal; who made it says so.
    met = {(line["what"], line["result"]) for line in people.wechat.journal if line["kind"] == "api"}
    assert {(path, kind) for path, kinds in WAYS.items() for kind in kinds if kind != "timeout"} <= met
    assert await Answer.filter(error__contains="no answer in time").count() > 1
    for name, firm in town.firms.items():
        identity = await WeChatIdentity.get(person_id=firm.one.asker.person_id)
        answers = await Answer.filter(identity_id=identity.id)
        states = Counter(answer.state for answer in answers)
        came = arrived(people.people[name])
        assert max(came.values(), default=0) <= 1, name
        sent, doubtful = states[AnswerState.SENT], states[AnswerState.UNCERTAIN]
        assert sent <= came.total() <= sent + doubtful, name
        assert {*states} <= {AnswerState.SENT, AnswerState.UNCERTAIN, AnswerState.SKIPPED, AnswerState.REFUSED}
        assert all(answer.error for answer in answers if answer.state != AnswerState.SENT)
    assert await Answer.filter(tried__not_isnull=True, state=AnswerState.SENT).exists()
    for said in await Answer.filter(state=AnswerState.SKIPPED).values_list("error", flat=True):
        assert said == "nothing of it holds any more" or WHY_NO_WAY.fullmatch(str(said)), said
    # Faults that nobody met wait for the next who calls, so most come on the few days on which all firms are told, with
    # a used-up quota (45009) of each way among them: that way is closed until the morning after, and a reminder is
    # worth nothing by then. Of two in five it is known that they came nevertheless.
    assert await Answer.filter(state=AnswerState.SENT).count() > await Answer.all().count() * 2 / 5
    assert not await InboxEntry.filter(push_id=None, unpushed="").exists()
    assert not await Job.filter(done_at=None).exclude(kind="answer.push").filter(due_at__lte=world.clock.now()).exists()
