"""Who acts for a firm: invitations, handover, leaving; asked by a stranger, a viewer, a colleague and the owner."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from models import Enterprise, Event, Grant, InboxEntry, Invitation, PlatformRole, Staff, StaffRole, WeChatIdentity
from tests import rows
from tests.workflow.firms import Somebody, member, role_of, somebody
from tests.workflow.world import World
from workflow.firms import members
from workflow.knowing.people import unfollow
from workflow.knowing.persons import merge, person_of
from workflow.ports import Unavailable
from workflow.problems import Kind, Refused

Act = Callable[[World, Somebody, Enterprise, Staff], Awaitable[Any]]

OWNER_ONLY: dict[str, Act] = {
    "invite": lambda world, who, firm, _: members.invite(world.ports, who.asker, firm.id, StaffRole.STAFF),
    "qr": lambda world, who, firm, _: members.invitation_qr(world.ports, who.asker, firm.id, StaffRole.STAFF),
    "remove": lambda world, who, firm, staff: members.remove_member(world.ports, who.asker, firm.id, staff.id),
    "invitations": lambda _world, who, firm, _: members.invitations_of(who.asker, firm.id),
}
MEMBERS: dict[str, Act] = {
    "members": lambda _world, who, firm, _: members.members_of(who.asker, firm.id),
    "act_for": lambda world, who, firm, _: members.act_for(world.ports, who.asker, firm.id),
}


async def refused(act: Awaitable[Any]) -> Refused:
    with pytest.raises(Refused) as caught:
        await act
    return caught.value


@pytest.mark.parametrize("name", OWNER_ONLY)
async def test_what_the_owner_alone_may_do(world: World, name: str) -> None:
    firm = await rows.enterprise()
    owner, stranger = await member(world, firm, StaffRole.OWNER), await somebody(world)
    other = await member(world, await rows.enterprise(), StaffRole.OWNER)
    target = await member(world, firm, StaffRole.VIEWER)
    staff = await Staff.get(person_id=target.person.id)
    for who in (stranger, other):
        assert (await refused(OWNER_ONLY[name](world, who, firm, staff))).code == "not_found"
    for role in (StaffRole.VIEWER, StaffRole.STAFF):
        who = await member(world, firm, role)
        assert (await refused(OWNER_ONLY[name](world, who, firm, staff))).code == "role_too_low"
    await OWNER_ONLY[name](world, owner, firm, staff)


@pytest.mark.parametrize("name", MEMBERS)
async def test_what_every_member_may_do(world: World, name: str) -> None:
    firm = await rows.enterprise()
    staff = await Staff.get(person_id=(await member(world, firm, StaffRole.OWNER)).person.id)
    assert (await refused(MEMBERS[name](world, await somebody(world), firm, staff))).code == "not_found"
    for role in (StaffRole.VIEWER, StaffRole.STAFF):
        await MEMBERS[name](world, await member(world, firm, role), firm, staff)


async def test_an_invitation_makes_a_colleague_however_its_code_is_typed(world: World) -> None:
    firm = await rows.enterprise()
    owner, guest = await member(world, firm, StaffRole.OWNER), await somebody(world)
    code, invitation = await members.invite(world.ports, owner.asker, firm.id, StaffRole.STAFF)
    assert len(code) == 8
    assert code not in str(await Invitation.all().values())
    typed = f" {code[:4].lower()} - {code[4:]}".translate({ord(c): ord(c) + 0xFEE0 for c in "346789"})
    staff = await members.accept(world.ports, guest.asker, typed, "李工（样例）")
    assert (staff.role, staff.name, staff.enterprise_id) == ("staff", "李工（样例）", firm.id)
    assert (await WeChatIdentity.get(id=guest.identity.id)).staff_id == staff.id
    assert (await Invitation.get(id=invitation.id)).used_by_id == staff.id
    assert await Event.filter(action="staff:join", subject_id=firm.id).count() == 1
    told = await InboxEntry.get(person_id=owner.person.id)
    assert "李工（样例）已加入企业" in told.body


async def test_accepting_again_is_the_same_membership_and_others_come_too_late(world: World) -> None:
    firm = await rows.enterprise()
    owner, guest = await member(world, firm, StaffRole.OWNER), await somebody(world)
    code, _ = await members.invite(world.ports, owner.asker, firm.id, StaffRole.VIEWER)
    first = await members.accept(world.ports, guest.asker, code)
    assert (await members.accept(world.ports, guest.asker, code)).id == first.id
    late = await refused(members.accept(world.ports, (await somebody(world)).asker, code))
    assert (late.kind, late.code) == (Kind.GONE, "invitation_used")


async def test_of_two_who_accept_one_invitation_at_once_one_joins(world: World) -> None:
    firm = await rows.enterprise()
    owner = await member(world, firm, StaffRole.OWNER)
    code, _ = await members.invite(world.ports, owner.asker, firm.id, StaffRole.STAFF)
    guests = [await somebody(world) for _ in range(4)]
    outcomes = await asyncio.gather(
        *(members.accept(world.ports, guest.asker, code) for guest in guests), return_exceptions=True
    )
    assert sorted(getattr(one, "code", "joined") for one in outcomes) == ["invitation_used"] * 3 + ["joined"]
    assert await Staff.filter(enterprise_id=firm.id, left_at=None).count() == 2


async def test_an_owners_invitation_hands_the_firm_over(world: World) -> None:
    firm = await rows.enterprise()
    owner, heir = await member(world, firm, StaffRole.OWNER), await member(world, firm, StaffRole.VIEWER)
    code, _ = await members.invite(world.ports, owner.asker, firm.id, StaffRole.OWNER)
    other, _ = await members.invite(world.ports, owner.asker, firm.id, StaffRole.STAFF)
    await members.accept(world.ports, heir.asker, code)
    assert (await role_of(owner, firm), await role_of(heir, firm)) == ("staff", "owner")
    assert await Event.filter(action="enterprise:hand_over", subject_id=firm.id).count() == 1
    # What the former owner gave away before is theirs no longer to give.
    void = await refused(members.accept(world.ports, (await somebody(world)).asker, other))
    assert void.code == "invitation_revoked"
    await members.leave(world.ports, owner.asker, firm.id)


async def test_two_heirs_at_once_leave_one_owner(world: World) -> None:
    firm = await rows.enterprise()
    owner = await member(world, firm, StaffRole.OWNER)
    codes = [(await members.invite(world.ports, owner.asker, firm.id, StaffRole.OWNER))[0] for _ in range(2)]
    heirs = [await somebody(world) for _ in codes]
    outcomes = await asyncio.gather(
        *(members.accept(world.ports, heir.asker, code) for heir, code in zip(heirs, codes, strict=True)),
        return_exceptions=True,
    )
    assert sorted(getattr(one, "code", "joined") for one in outcomes) == ["invitation_revoked", "joined"]
    assert await Staff.filter(enterprise_id=firm.id, role="owner", left_at=None).count() == 1


async def test_an_invitation_ends_after_seven_days_or_when_it_is_taken_back(world: World) -> None:
    firm = await rows.enterprise()
    owner, guest = await member(world, firm, StaffRole.OWNER), await somebody(world)
    old, _ = await members.invite(world.ports, owner.asker, firm.id, StaffRole.STAFF)
    world.clock.advance(seconds=timedelta(days=7).total_seconds())
    assert (await refused(members.accept(world.ports, guest.asker, old))).code == "invitation_expired"
    code, invitation = await members.invite(world.ports, owner.asker, firm.id, StaffRole.STAFF)
    assert (await refused(members.revoke_invitation(world.ports, guest.asker, invitation.id))).code == "not_found"
    await members.revoke_invitation(world.ports, owner.asker, invitation.id)
    await members.revoke_invitation(world.ports, owner.asker, invitation.id)
    assert (await refused(members.accept(world.ports, guest.asker, code))).code == "invitation_revoked"
    assert await Event.filter(action="invitation:revoke").count() == 1


async def test_guessing_ends_after_ten_tries_in_an_hour(world: World) -> None:
    guest = await somebody(world)
    codes = [(await refused(members.accept(world.ports, guest.asker, "AAAA3333"))).code for _ in range(11)]
    assert codes == ["invitation_unknown"] * 10 + ["too_many_tries"]
    assert (await refused(members.accept(world.ports, (await somebody(world)).asker, "A" * 8))).code != codes[-1]


async def test_a_member_does_not_join_again_with_less(world: World) -> None:
    firm = await rows.enterprise()
    owner, staff = await member(world, firm, StaffRole.OWNER), await member(world, firm, StaffRole.STAFF)
    code, _ = await members.invite(world.ports, owner.asker, firm.id, StaffRole.VIEWER)
    assert (await refused(members.accept(world.ports, staff.asker, code))).code == "already_member"
    assert (await refused(members.accept(world.ports, owner.asker, code))).code == "already_member"
    await members.accept(world.ports, (await somebody(world)).asker, code)


async def test_a_firm_gives_no_more_than_twenty_open_invitations(world: World) -> None:
    firm = await rows.enterprise()
    owner = await member(world, firm, StaffRole.OWNER)
    for _ in range(20):
        await members.invite(world.ports, owner.asker, firm.id, StaffRole.STAFF)
    denied = await refused(members.invite(world.ports, owner.asker, firm.id, StaffRole.STAFF))
    assert denied.code == "too_many_invitations"
    assert len(await members.invitations_of(owner.asker, firm.id)) == 20


async def test_a_qr_code_carries_the_invitation_and_none_is_left_where_wechat_gives_none(world: World) -> None:
    firm = await rows.enterprise()
    owner, guest = await member(world, firm, StaffRole.OWNER), await somebody(world)
    world.wechat.trouble.append(("qr", Unavailable(-1, "system busy")))
    assert (await refused(members.invitation_qr(world.ports, owner.asker, firm.id, StaffRole.STAFF))).code == (
        "unavailable"
    )
    assert await Invitation.all().count() == 0
    ticket = await members.invitation_qr(world.ports, owner.asker, firm.id, StaffRole.STAFF)
    assert ticket.expires_in == 7 * 86_400
    code = members.invitation_code(ticket.url.rsplit("/", 1)[1])
    assert code is not None
    assert (await members.accept(world.ports, guest.asker, code)).role == "staff"
    assert members.invitation_code("firm-7") is None


async def test_the_owner_stays_until_another_one_is_there(world: World) -> None:
    firm = await rows.enterprise()
    owner, staff = await member(world, firm, StaffRole.OWNER), await member(world, firm, StaffRole.STAFF)
    own = await Staff.get(person_id=owner.person.id)
    assert (await refused(members.leave(world.ports, owner.asker, firm.id))).code == "owner_must_hand_over"
    removal = members.remove_member(world.ports, owner.asker, firm.id, own.id)
    assert (await refused(removal)).code == "owner_must_hand_over"
    await members.act_for(world.ports, staff.asker, firm.id)
    await members.leave(world.ports, staff.asker, firm.id)
    assert await role_of(staff, firm) is None
    assert (await WeChatIdentity.get(id=staff.identity.id)).staff_id is None
    assert (await refused(members.leave(world.ports, staff.asker, firm.id))).code == "not_found"


async def test_a_removed_member_has_nothing_left_and_a_foreign_one_cannot_be_removed(world: World) -> None:
    firm, other = await rows.enterprise(), await rows.enterprise()
    owner, staff = await member(world, firm, StaffRole.OWNER), await member(world, firm, StaffRole.STAFF)
    foreign = await Staff.get(person_id=(await member(world, other, StaffRole.STAFF)).person.id)
    await members.act_for(world.ports, staff.asker, firm.id)
    row = await Staff.get(person_id=staff.person.id)
    await members.remove_member(world.ports, owner.asker, firm.id, row.id)
    assert (await WeChatIdentity.get(id=staff.identity.id)).staff_id is None
    assert await members.firms_of(staff.asker) == []
    assert (await refused(members.remove_member(world.ports, owner.asker, firm.id, foreign.id))).code == "not_found"
    assert (await refused(members.remove_member(world.ports, owner.asker, firm.id, row.id))).code == "not_found"


async def test_one_person_acts_for_many_firms_and_chooses_for_which_the_chat_speaks(world: World) -> None:
    first, second = await rows.enterprise(name="样例甲"), await rows.enterprise(name="样例乙")
    who = await member(world, first, StaffRole.STAFF)
    await member(world, second, StaffRole.VIEWER, who)
    assert [staff.enterprise.name for staff in await members.firms_of(who.asker)] == ["样例乙", "样例甲"]
    await members.act_for(world.ports, who.asker, first.id)
    identity = await WeChatIdentity.get(id=who.identity.id).prefetch_related("staff")
    assert identity.staff is not None
    assert identity.staff.enterprise_id == first.id
    assert identity.consented_at is not None


async def test_a_platform_role_is_held_once_and_taken_back_once(world: World) -> None:
    who = await somebody(world)
    given = await asyncio.gather(
        *(members.grant(world.ports, who.person.id, PlatformRole.OPERATOR, by="cli") for _ in range(3))
    )
    assert len({one.id for one in given}) == 1
    await members.revoke_grant(world.ports, given[0].id, by="cli")
    await members.revoke_grant(world.ports, given[0].id, by="cli")
    assert await Grant.filter(revoked_at=None).count() == 0
    assert await Event.filter(action="grant:revoke").count() == 1


async def test_many_changes_at_once_wait_for_each_other_in_one_order(world: World) -> None:
    """Joining, taking over, leaving, merging, unfollowing and removing, all over the same few rows."""
    firms = [await rows.enterprise() for _ in range(2)]
    owners = [await member(world, firm, StaffRole.OWNER) for firm in firms]
    for owner, firm in zip(owners, reversed(firms), strict=True):
        await member(world, firm, StaffRole.VIEWER, owner)
    people = [await somebody(world) for _ in range(6)]
    acts: list[Awaitable[Any]] = []
    for firm, owner in zip(firms, owners, strict=True):
        for role, guest in zip([StaffRole.STAFF, StaffRole.VIEWER, StaffRole.OWNER], people, strict=False):
            code, _ = await members.invite(world.ports, owner.asker, firm.id, role)
            acts.append(members.accept(world.ports, guest.asker, code))
            acts.append(members.act_for(world.ports, guest.asker, firm.id))
        acts.append(members.leave(world.ports, owner.asker, firm.id))
    acts += [merge(world.ports, people[0].person, other.person, actor="system") for other in people[1:3]]
    acts += [person_of(world.ports, who.identity) for who in people]
    acts += [unfollow(world.ports, who.identity.openid) for who in people[3:]]
    outcomes = await asyncio.gather(*acts, return_exceptions=True)
    odd = [one for one in outcomes if isinstance(one, BaseException) and not isinstance(one, Refused)]
    assert odd == []
    for firm in firms:
        assert await Staff.filter(enterprise_id=firm.id, role="owner", left_at=None).count() == 1
    for staff in await Staff.filter(left_at=None):
        assert (
            await Staff.filter(enterprise_id=staff.enterprise_id, person_id=staff.person_id, left_at=None).count() == 1
        )
