"""What people are told: once for an occasion, one message for one moment, and a reason where none is sent."""

from datetime import UTC, datetime, timedelta

import pytest
from tortoise.exceptions import IntegrityError

from models import Answer, Enterprise, InboxEntry, Job, StaffRole, WeChatIdentity
from models.transactions import transaction
from tests import rows
from tests.workflow.firms import member, somebody
from tests.workflow.world import World
from workflow.intake.wording import TEXT_BYTES
from workflow.links import Links
from workflow.telling.answers import PUSH_MARGIN
from workflow.telling.notices import NOT_FOLLOWING, Asked, Telling, tell_firm, tell_many
from workflow.telling.pushed_words import MOST_ALONE, MOST_LISTED, Said, pushed_words
from workflow.telling.reminder_calendar import AWAITED

HOUR = timedelta(hours=1)


@pytest.fixture
async def firm(world: World) -> Enterprise:
    return await rows.enterprise()


def telling(firm: Enterprise | None, key: str, **given: object) -> Telling:
    return Telling(firm.id if firm else None, key, "8.1(2)", f"标题 {key}", f"内容 {key}", "/my", **given)


async def told(world: World, *tellings: Telling) -> int:
    async with transaction():
        return await tell_many(world.ports, tellings)


async def test_many_are_told_once_each_and_viewers_are_not(world: World, firm: Enterprise) -> None:
    other = await rows.enterprise()
    boss = await member(world, firm, StaffRole.OWNER)
    worker = await member(world, firm, StaffRole.STAFF)
    await member(world, firm, StaffRole.VIEWER)
    elsewhere = await member(world, other, StaffRole.STAFF)
    assert await told(world, telling(firm, "a"), telling(other, "b")) == 3
    assert await told(world, telling(firm, "a"), telling(other, "b")) == 0
    assert {(one.person_id, one.key) for one in await InboxEntry.all()} == {
        (boss.person.id, f"a:{boss.person.id}"),
        (worker.person.id, f"a:{worker.person.id}"),
        (elsewhere.person.id, f"b:{elsewhere.person.id}"),
    }
    await world.settle()
    assert len(world.wechat.sent) == 3


async def test_one_moment_is_one_message_and_another_moment_another(world: World, firm: Enterprise) -> None:
    boss = await member(world, firm, StaffRole.OWNER)
    later = world.clock.now() + HOUR
    await told(world, telling(firm, "a"), telling(firm, "b"), telling(firm, "c", due=later))
    pushes = {one.key.partition(":")[0]: one.push_id for one in await InboxEntry.filter(person_id=boss.person.id)}
    assert pushes["a"] == pushes["b"] != pushes["c"]
    await world.settle()
    (both,) = world.wechat.sent
    assert both[2].startswith("您有 2 件事：\n\n1. 标题 a\n内容 a\n<a href=")
    assert "2. 标题 b\n内容 b\n" in both[2]
    world.clock.advance(HOUR)
    await world.settle()
    assert [text.partition("\n")[0] for _, _, text in world.wechat.sent] == ["您有 2 件事：", "标题 c"]


async def test_at_night_only_who_just_asked_is_pushed_to_and_the_others_in_the_morning(
    world: World, firm: Enterprise
) -> None:
    asking = await member(world, firm, StaffRole.OWNER)
    colleague = await member(world, firm, StaffRole.STAFF)
    night, morning = datetime(2026, 11, 24, 15, 0, tzinfo=UTC), datetime(2026, 11, 25, 0, 30, tzinfo=UTC)
    world.clock.advance(night - world.clock.now())
    await told(
        world,
        telling(firm, "a", asked=Asked(asking.person.id, night - AWAITED)),
        telling(firm, "b", asked=Asked(asking.person.id, night - AWAITED - timedelta(seconds=1))),
    )
    assert await InboxEntry.all().count() == 4
    pushes = {
        (identity, due.astimezone(UTC)): body
        for identity, due, body in [
            (one.identity_id, (await Job.get(key=f"push:{one.id}")).due_at, one.body) for one in await Answer.all()
        ]
    }
    assert {key: body.partition("\n")[0] for key, body in pushes.items()} == {
        (asking.identity.id, night + PUSH_MARGIN): "标题 a",
        (asking.identity.id, morning + PUSH_MARGIN): "标题 b",
        (colleague.identity.id, morning + PUSH_MARGIN): "您有 2 件事：",
    }


async def test_who_is_not_pushed_to_finds_it_in_the_inbox_with_the_reason(world: World, firm: Enterprise) -> None:
    away, off = await somebody(world), await somebody(world)
    await WeChatIdentity.filter(id=away.identity.id).update(subscribed=False)
    await told(
        world,
        telling(firm, "a", person_id=away.person.id),
        telling(firm, "a", person_id=off.person.id, unpushed="switched_off"),
    )
    reasons = {one.person_id: (one.push_id, one.unpushed) for one in await InboxEntry.all()}
    assert reasons == {away.person.id: (None, NOT_FOLLOWING), off.person.id: (None, "switched_off")}
    assert not await Answer.exists()
    assert not await Job.exists()


async def test_of_two_who_tell_the_same_at_once_one_does(world: World, firm: Enterprise) -> None:
    boss = await member(world, firm, StaffRole.OWNER)
    # As if another transaction had told it after this one had looked.
    await rows.inbox_entry(key=f"b:{boss.person.id}", person_id=boss.person.id)
    await rows.answer(key=f"notice:a:{boss.person.id}")
    with pytest.raises(IntegrityError):
        await told(world, telling(firm, "a"))
    assert await InboxEntry.all().count() == 1
    assert not await Job.exists()


async def test_the_fields_of_a_message_go_with_the_push(world: World, firm: Enterprise) -> None:
    boss = await member(world, firm, StaffRole.OWNER)
    until = world.clock.now() + HOUR
    fields = {
        "kind": "monthly",
        "title": "12 月",
        "firm": "样例",
        "deadline": "2026-12-25",
        "state": "x",
        "advice": "y",
    }
    async with transaction():
        await tell_firm(
            world.ports, firm.id, "a", clause="8.1(2)", title="一", body="二", path="/my/a", notice=fields,
            worth_until=until,
        )  # fmt: skip
    alone = await Answer.get()
    assert (alone.notice, alone.worth_until) == ({**fields, "path": "/my/a"}, until)
    await told(
        world,
        telling(firm, "b", notice={**fields, "deadline": ""}),
        telling(firm, "c", notice={**fields, "firm": "先截止"}),
    )
    both = await Answer.exclude(id=alone.id).get()
    assert both.identity_id == boss.identity.id
    assert both.notice is not None
    parts = both.notice.pop("parts")
    assert both.notice == {**fields, "firm": "先截止", "advice": "共 2 件，请看收件箱", "path": "/my/inbox"}
    assert [part["deadline"] for part in parts.values()] == ["", "2026-12-25"]


@pytest.mark.parametrize(("letters", "listed"), [(30, MOST_LISTED), (100, 4)])
def test_several_long_notices_fit_into_one_text(letters: int, listed: int) -> None:
    links = Links("https://zhuisu.sample.test", b"s" * 32, 30)
    said = [Said("标" * letters, "字" * 900, "/my/months/" + "x" * 22)] * 9
    words = pushed_words(links, said)
    assert 1950 < len(words.encode()) <= TEXT_BYTES
    assert words.count("查看详情") == listed
    assert words.endswith(">收件箱</a>")
    assert f"另有 {9 - listed} 件" in words
    alone = pushed_words(links, said[:1])
    assert alone.count("字") == (MOST_ALONE - 3) // 3
    assert len(alone.encode()) <= TEXT_BYTES
