"""One human being is one row, however many WeChat identities they have."""

import asyncio

import pytest

from models import Event, Grant, InboxEntry, Person, PlatformRole, Registration, Session, Staff, StaffRole
from models import WeChatIdentity as Identity
from models.transactions import transaction
from tests import rows
from tests.workflow.firms import member, role_of, somebody
from tests.workflow.world import World
from workflow.answering import judging
from workflow.firms import members
from workflow.knowing import people
from workflow.knowing.persons import hold, merge, person_of
from workflow.transitions import Moved


async def test_a_person_is_made_at_the_first_need_and_found_afterwards(world: World) -> None:
    identity = await people.meet(world.ports, "o1")
    person = await person_of(world.ports, identity)
    assert (await person_of(world.ports, await people.meet(world.ports, "o1"))).id == person.id
    assert await Person.all().count() == 1
    assert (await Identity.get(openid="o1")).person_id == person.id


async def test_the_same_unionid_is_the_same_person_in_every_app(world: World) -> None:
    chat = await people.meet(world.ports, "o1", unionid="u1")
    mini = await people.meet(world.ports, "m1", app_id="wxsamplemini", unionid="u1", subscribed=False)
    other = await people.meet(world.ports, "m2", app_id="wxsamplemini", unionid="u2", subscribed=False)
    person = await person_of(world.ports, chat)
    assert (await person_of(world.ports, mini)).id == person.id
    assert (await person_of(world.ports, other)).id != person.id


async def test_identities_of_one_unionid_that_come_at_once_are_one_person(world: World) -> None:
    chat = await people.meet(world.ports, "o1", unionid="u1")
    mini = await people.meet(world.ports, "m1", app_id="wxsamplemini", unionid="u1")
    persons = await asyncio.gather(*(person_of(world.ports, one) for one in (chat, mini, chat, mini)))
    assert len({person.id for person in persons}) == 1
    assert await Person.all().count() == 1


async def test_a_unionid_that_is_learned_later_joins_two_persons(world: World) -> None:
    first = await person_of(world.ports, await people.meet(world.ports, "o1"))
    second = await person_of(world.ports, await people.meet(world.ports, "m1", app_id="wxsamplemini", unionid="u1"))
    assert first.id != second.id
    joined = await person_of(world.ports, await people.meet(world.ports, "o1", unionid="u1"))
    assert joined.id == first.id
    assert (await Person.get(id=second.id)).merged_into_id == first.id
    assert {one.person_id for one in await Identity.all()} == {first.id}


async def test_who_follows_is_recognised_before_any_photo_is_looked_at(world: World) -> None:
    photo = await rows.photo()
    async with transaction():
        await judging.enqueue_judgement(world.ports, photo)
    await people.follow(world.ports, "o1")
    kinds = [job.kind for _ in range(2) for job in await world.ports.queue.claim(1, 60)]
    assert kinds == ["person.join", "photo.judge"]


async def test_a_chat_that_was_bound_before_brings_its_membership(world: World) -> None:
    staff = await Staff.create(
        enterprise_id=(await rows.enterprise()).id, name="张工（样例）", role=StaffRole.STAFF, created_at=rows.NOW
    )
    identity = await rows.identity(staff_id=staff.id)
    person = await person_of(world.ports, identity)
    assert (await Staff.get(id=staff.id)).person_id == person.id


async def test_merging_moves_everything_and_keeps_the_higher_role(world: World) -> None:
    both, only = await rows.enterprise(), await rows.enterprise()
    keep, other = await somebody(world), await somebody(world)
    await member(world, both, StaffRole.VIEWER, keep)
    await member(world, both, StaffRole.OWNER, other)
    await member(world, only, StaffRole.STAFF, other)
    lower = await Staff.get(person_id=other.person.id, enterprise_id=both.id)
    await Identity.filter(id=other.identity.id).update(staff_id=lower.id)
    for role in (PlatformRole.OPERATOR, PlatformRole.PARTNER):
        await members.grant(world.ports, other.person.id, role, by="operator:1")
    await members.grant(world.ports, keep.person.id, PlatformRole.OPERATOR, by="operator:1")
    for who in (keep, other):
        await Registration.create(
            ref=f"r{who.person.id}", person_id=who.person.id, key="same", uscc="9" * 18, name="样例", address="",
            applicant_name="样例", state="mend", created_at=rows.NOW,
        )  # fmt: skip
        await InboxEntry.create(
            key=f"k:{who.person.id}", person_id=who.person.id, clause="7", title="", body="", created_at=rows.NOW
        )

    await merge(world.ports, keep.person, other.person, actor="person:1")

    assert (await role_of(keep, both), await role_of(keep, only)) == ("owner", "staff")
    assert await Staff.filter(person_id=other.person.id, left_at=None).count() == 0
    kept = await Staff.get(person_id=keep.person.id, enterprise_id=both.id, left_at=None)
    assert (await Identity.get(id=other.identity.id)).staff_id == kept.id
    held = await Grant.filter(person_id=keep.person.id, revoked_at=None).values_list("role", flat=True)
    assert sorted(held) == ["operator", "partner"]
    assert await Registration.filter(person_id=keep.person.id).count() == 2
    assert await InboxEntry.filter(person_id=keep.person.id).count() == 2
    assert await Event.filter(action="person:merge", subject_id=keep.person.id).count() == 1


async def test_merging_twice_at_once_happens_once(world: World) -> None:
    keep, other = await somebody(world), await somebody(world)
    await asyncio.gather(
        merge(world.ports, keep.person, await Person.get(id=other.person.id), actor="system"),
        merge(world.ports, await Person.get(id=other.person.id), keep.person, actor="system"),
    )
    assert await Event.filter(action="person:merge").count() == 1
    assert await Person.filter(merged_into_id=None).count() == 1


async def test_whoever_was_merged_meanwhile_is_asked_to_try_again(world: World) -> None:
    keep, other = await somebody(world), await somebody(world)
    await merge(world.ports, keep.person, other.person, actor="system")
    with pytest.raises(Moved):
        await hold(other.asker)


async def test_unfollowing_ends_what_nobody_can_reach_any_more(world: World) -> None:
    firm = await rows.enterprise()
    who = await member(world, firm, StaffRole.OWNER)
    await members.grant(world.ports, who.person.id, PlatformRole.OPERATOR, by="operator:1")
    session = await _session(who.person.id, who.identity.id)
    await people.unfollow(world.ports, who.identity.openid)
    identity = await Identity.get(id=who.identity.id)
    assert (identity.person_id, identity.staff_id, identity.unionid) == (None, None, None)
    assert (await Session.get(id=session.id)).revoked_at is not None
    assert await role_of(who, firm) is None
    assert (await Staff.get(person_id=who.person.id)).name == ""
    assert await Grant.filter(revoked_at=None).count() == 0


async def test_unfollowing_keeps_what_the_mini_program_still_reaches(world: World) -> None:
    firm = await rows.enterprise()
    who = await member(world, firm, StaffRole.OWNER)
    mini = await rows.identity(app_id="wxsamplemini", person_id=who.person.id)
    here, there = await _session(who.person.id, who.identity.id), await _session(who.person.id, mini.id)
    await people.unfollow(world.ports, who.identity.openid)
    assert (await Session.get(id=here.id)).revoked_at is not None
    assert (await Session.get(id=there.id)).revoked_at is None
    assert await role_of(who, firm) == "owner"


async def _session(person_id: int, identity_id: int) -> Session:
    return await Session.create(
        token_hash=f"{identity_id}", person_id=person_id, identity_id=identity_id, door="web", created_at=rows.NOW,
        seen_at=rows.NOW, expires_at=rows.NOW,
    )  # fmt: skip
