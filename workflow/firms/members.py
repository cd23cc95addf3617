"""Who acts for a firm (7.1(1)): invitations, handover, leaving; and who holds a platform role.

A firm has one owner. Every change of its members locks the firm's row, so that changes come one after the other.
"""

import secrets
import unicodedata
from datetime import timedelta

from models import (
    Enterprise,
    Grant,
    Invitation,
    Person,
    PlatformRole,
    Staff,
    StaffRole,
    WeChatIdentity,
)
from models.transactions import transaction
from workflow.access import RANK, Asker, member_of, not_found
from workflow.context import Ports
from workflow.credit.adoptions import customer_known
from workflow.knowing.persons import hold, speak_for
from workflow.ports import QrTicket, WeChatError
from workflow.problems import Kind, Refused
from workflow.record import record_event
from workflow.telling import notices
from workflow.tries import spend_try

CLAUSE = "7.1(1)"
ALPHABET = "346789ACDEFGHJKLMNPQRTUVWXY"
"""Digits and letters that are not taken for one another when read aloud or copied by hand: no 0/O, 1/I, 2/Z, 5/S, B."""
CODE_LENGTH = 8
SCENE = "inv_"
"""What the scene of an invitation's QR code begins with."""
LASTS = timedelta(days=7)
MOST_OPEN = 20
"""Invitations of one firm that nobody has used yet."""
TRIES, TRIES_SECONDS = 10, 3600
"""Tries of one person in an hour; there are 27⁸ codes, some 280 thousand million."""

ROLE_NAMES = {StaffRole.OWNER: "企业管理员", StaffRole.STAFF: "办理人员", StaffRole.VIEWER: "查看人员"}


async def firms_of(asker: Asker) -> list[Staff]:
    """Their memberships with ``.enterprise``, the newest first."""
    return await Staff.filter(person_id=asker.person_id, left_at=None).order_by("-id").prefetch_related("enterprise")


async def members_of(asker: Asker, enterprise_id: int) -> list[Staff]:
    """The firm's members in the order they came; for each of them."""
    await member_of(asker, enterprise_id)
    return await Staff.filter(enterprise_id=enterprise_id, left_at=None).order_by("id")


async def invitations_of(asker: Asker, enterprise_id: int) -> list[Invitation]:
    """Invitations that nobody has used or revoked; for the owner."""
    await member_of(asker, enterprise_id, StaffRole.OWNER)
    return await Invitation.filter(enterprise_id=enterprise_id, used_at=None, revoked_at=None).order_by("-id")


async def invite(ports: Ports, asker: Asker, enterprise_id: int, role: StaffRole) -> tuple[str, Invitation]:
    """A code for one colleague, shown this once; with ``owner`` it hands the firm over. For the owner."""
    code = _new_code()
    return code, await _invited(ports, asker, enterprise_id, role, code)


async def invitation_qr(ports: Ports, asker: Asker, enterprise_id: int, role: StaffRole) -> QrTicket:
    """The same as a QR code of the service account: scanned, it joins the firm."""
    await member_of(asker, enterprise_id, StaffRole.OWNER)
    code = _new_code()
    try:
        ticket = await ports.wechat.create_qr(f"{SCENE}{code}", int(LASTS.total_seconds()))
    except WeChatError as problem:
        raise Refused(
            Kind.UNAVAILABLE, "unavailable", "微信暂时没有给出二维码：请稍后再试，或改发邀请码", retry_after=5
        ) from problem
    await _invited(ports, asker, enterprise_id, role, code)
    return ticket


async def accept(ports: Ports, asker: Asker, code: str, name: str = "") -> Staff:
    """Join the firm that the code is for, or take it over; the same person again is answered the same."""
    await spend_try(ports, f"invitation:{asker.person_id}", most=TRIES, seconds=TRIES_SECONDS)
    hashed = ports.links.keyed_hash("invitation", _normal(code))
    async with transaction():
        held = await hold(asker)
        invitation = await Invitation.get_or_none(code_hash=hashed).prefetch_related("enterprise")
        if invitation is None:
            raise Refused(Kind.NOT_FOUND, "invitation_unknown", "没有这个邀请码：请核对 8 位字母和数字", field="code")
        await Enterprise.filter(id=invitation.enterprise_id).select_for_update(no_key=True).get()
        await invitation.refresh_from_db()
        if invitation.used_at is not None:
            return await _accepted_before(invitation, held.person)
        inviter = await Staff.get(id=invitation.invited_by_id)
        _must_stand(ports, invitation, inviter)
        now = ports.clock.now()
        there = await Staff.get_or_none(person_id=held.person.id, enterprise_id=invitation.enterprise_id, left_at=None)
        role = StaffRole(invitation.role)
        if there is not None and RANK[StaffRole(there.role)] >= RANK[role]:
            advice = f"您已经是这家企业的{ROLE_NAMES[StaffRole(there.role)]}，不需要再加入"
            raise Refused(Kind.CONFLICT, "already_member", advice)
        if role is StaffRole.OWNER:
            await Staff.filter(id=inviter.id).update(role=StaffRole.STAFF)
        if there is None:
            staff = await Staff.create(
                enterprise_id=invitation.enterprise_id,
                person_id=held.person.id,
                name=name.strip()[:60],
                role=role,
                created_at=now,
            )
        else:
            staff = there
            await Staff.filter(id=staff.id).update(role=role)
            staff.role = role
        await Invitation.filter(id=invitation.id).update(used_at=now, used_by_id=staff.id)
        await speak_for(ports, [one for one in held.identities if one.staff_id is None], staff)
        action = "enterprise:hand_over" if role is StaffRole.OWNER else "staff:join"
        await record_event(
            ports,
            action,
            "enterprise",
            invitation.enterprise_id,
            actor=asker.actor,
            clause=CLAUSE,
            before={"owner": inviter.id} if role is StaffRole.OWNER else None,
            after={"staff": staff.id, "role": role},
        )
        await customer_known(ports, invitation.enterprise)
        await _tell(ports, invitation, inviter, staff)
    ports.bell.ring("jobs")
    return staff


async def revoke_invitation(ports: Ports, asker: Asker, invitation_id: int) -> None:
    """Take an invitation back; one that is used stays used. For the owner."""
    invitation = await Invitation.get_or_none(id=invitation_id)
    if invitation is None:
        raise not_found()
    await member_of(asker, invitation.enterprise_id, StaffRole.OWNER)
    async with transaction():
        changed = await Invitation.filter(id=invitation_id, used_at=None, revoked_at=None).update(
            revoked_at=ports.clock.now()
        )
        if changed:
            await record_event(
                ports, "invitation:revoke", "invitation", invitation_id, actor=asker.actor, clause=CLAUSE
            )
    if not changed and (await Invitation.get(id=invitation_id)).used_at is not None:
        raise Refused(Kind.CONFLICT, "invitation_used", "邀请已被使用：如需移除该成员，请在成员列表中办理")


async def leave(ports: Ports, asker: Asker, enterprise_id: int) -> None:
    """Leave the firm; its owner hands over first."""
    async with transaction():
        await hold(asker)
        await Enterprise.filter(id=enterprise_id).select_for_update(no_key=True).first()
        staff = await member_of(asker, enterprise_id)
        if staff.role == StaffRole.OWNER:
            advice = "您是企业管理员：请先邀请一位同事接任管理员，再退出企业"
            raise Refused(Kind.CONFLICT, "owner_must_hand_over", advice, clause=CLAUSE)
        await _end(ports, staff, "staff:leave", asker)


async def remove_member(ports: Ports, asker: Asker, enterprise_id: int, staff_id: int) -> None:
    """End a colleague's membership; for the owner, of anybody but themselves."""
    async with transaction():
        await WeChatIdentity.filter(staff_id=staff_id).order_by("id").select_for_update(no_key=True)
        await Enterprise.filter(id=enterprise_id).select_for_update(no_key=True).first()
        own = await member_of(asker, enterprise_id, StaffRole.OWNER)
        if own.id == staff_id:
            advice = "不能移除自己：请先邀请一位同事接任管理员，再退出企业"
            raise Refused(Kind.CONFLICT, "owner_must_hand_over", advice, clause=CLAUSE)
        staff = await Staff.get_or_none(id=staff_id, enterprise_id=enterprise_id, left_at=None)
        if staff is None:
            raise not_found()
        await _end(ports, staff, "staff:remove", asker)


async def act_for(ports: Ports, asker: Asker, enterprise_id: int) -> None:
    """Which of their firms the person's chat speaks for from now on."""
    async with transaction():
        held = await hold(asker)
        await speak_for(ports, held.identities, await member_of(asker, enterprise_id))


async def grant(ports: Ports, person_id: int, role: PlatformRole, *, organisation: str = "", by: str) -> Grant:
    """Give a person a platform role; who holds it already keeps it. ``by`` is an actor of the event log."""
    async with transaction():
        await Person.filter(id=person_id).select_for_update(no_key=True).get()
        held = await Grant.get_or_none(person_id=person_id, role=role, revoked_at=None)
        if held is not None:
            return held
        given = await Grant.create(
            person_id=person_id, role=role, organisation=organisation, granted_by=by, granted_at=ports.clock.now()
        )
        await record_event(ports, "grant:give", "grant", given.id, actor=by, after={"role": role})
    return given


async def revoke_grant(ports: Ports, grant_id: int, *, by: str) -> None:
    """Take a platform role back; one that is over stays over."""
    async with transaction():
        if await Grant.filter(id=grant_id, revoked_at=None).update(revoked_at=ports.clock.now()):
            await record_event(ports, "grant:revoke", "grant", grant_id, actor=by)


def invitation_code(scene: str) -> str | None:
    """The code in a QR scene of an invitation; None for other scenes."""
    return scene.removeprefix(SCENE) if scene.startswith(SCENE) else None


def _new_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


def _normal(code: str) -> str:
    """As it was given, however it was typed: full width, small letters, groups."""
    return "".join(c for c in unicodedata.normalize("NFKC", code).upper() if c.isalnum())


async def _invited(ports: Ports, asker: Asker, enterprise_id: int, role: StaffRole, code: str) -> Invitation:
    now = ports.clock.now()
    async with transaction():
        await Enterprise.filter(id=enterprise_id).select_for_update(no_key=True).first()
        owner = await member_of(asker, enterprise_id, StaffRole.OWNER)
        waiting = await Invitation.filter(
            enterprise_id=enterprise_id, used_at=None, revoked_at=None, expires_at__gt=now
        ).count()
        if waiting >= MOST_OPEN:
            advice = f"还有 {waiting} 个邀请没有使用：请先撤回不需要的邀请"
            raise Refused(Kind.TOO_MANY, "too_many_invitations", advice)
        invitation = await Invitation.create(
            code_hash=ports.links.keyed_hash("invitation", code),
            enterprise_id=enterprise_id,
            role=role,
            invited_by_id=owner.id,
            created_at=now,
            expires_at=now + LASTS,
        )
        await record_event(
            ports,
            "invitation:give",
            "invitation",
            invitation.id,
            actor=asker.actor,
            clause=CLAUSE,
            after={"enterprise": enterprise_id, "role": role},
        )
    return invitation


async def _accepted_before(invitation: Invitation, person: Person) -> Staff:
    staff = await Staff.get(id=invitation.used_by_id)
    if staff.person_id == person.id and staff.left_at is None:
        return staff
    raise Refused(Kind.GONE, "invitation_used", "邀请码已被使用：请企业管理员重新邀请", field="code")


def _must_stand(ports: Ports, invitation: Invitation, inviter: Staff) -> None:
    """An invitation is worth what its giver is: gone with it when they hand the firm over or are not there any more."""
    stands = inviter.left_at is None and inviter.role == StaffRole.OWNER
    if invitation.revoked_at is not None or not stands:
        raise Refused(Kind.GONE, "invitation_revoked", "邀请已被撤回：请企业管理员重新邀请", field="code")
    if invitation.expires_at <= ports.clock.now():
        raise Refused(Kind.GONE, "invitation_expired", "邀请码已过期（7 天有效）：请企业管理员重新邀请", field="code")


async def _end(ports: Ports, staff: Staff, action: str, asker: Asker) -> None:
    await Staff.filter(id=staff.id).update(left_at=ports.clock.now())
    await WeChatIdentity.filter(staff_id=staff.id).update(staff_id=None)
    await record_event(
        ports, action, "enterprise", staff.enterprise_id, actor=asker.actor, clause=CLAUSE, after={"staff": staff.id}
    )


async def _tell(ports: Ports, invitation: Invitation, inviter: Staff, staff: Staff) -> None:
    handed_over = staff.role == StaffRole.OWNER
    title = "企业管理员已变更" if handed_over else "有同事加入了企业"
    who = staff.name or "被邀请的同事"
    body = (
        f"{who}已接任企业管理员，您现在是办理人员。"
        if handed_over
        else f"{who}已加入企业，身份为{ROLE_NAMES[StaffRole(staff.role)]}。不是您邀请的人？请在成员列表中移除。"
    )
    if inviter.person_id is not None:
        await notices.tell_person(
            ports,
            inviter.person_id,
            f"invitation:{invitation.id}",
            clause=CLAUSE,
            title=title,
            body=body,
            path=f"/my/firms/{invitation.enterprise.uscc}#members",
            enterprise_id=invitation.enterprise_id,
        )
