"""Who asks, and what they may do: the one place where objects are checked against people.

Whoever is not a member of a firm is told ``not_found`` for everything of that firm that is not public, so that not even
its existence shows; a member whose role does not reach is told ``forbidden``.
"""

import re
from dataclasses import dataclass

from models import Enterprise, Grant, PlatformRole, Staff, StaffRole
from workflow.problems import Kind, Refused

CREDIT_CODE = re.compile(r"[0-9A-Za-z]{18}")
"""What may be a credit code: nothing else is asked of the database, which refuses what is longer than its column."""

REF = re.compile(r"[0-9A-Za-z_-]{1,43}")
"""What may be the name of a row in an address or a form: likewise."""

RANK = {StaffRole.VIEWER: 0, StaffRole.STAFF: 1, StaffRole.OWNER: 2}


@dataclass(frozen=True, slots=True)
class Asker:
    """A signed-in person; ``identity_id`` is the WeChat account they came with, ``session_id`` their session."""

    person_id: int
    identity_id: int | None = None
    session_id: int | None = None

    @property
    def actor(self) -> str:
        """As the event log names them."""
        return f"person:{self.person_id}"


def not_found() -> Refused:
    """One answer for what is not there and for what is not theirs."""
    return Refused(Kind.NOT_FOUND, "not_found", "没有找到，或者您没有查看权限")


async def member_of(asker: Asker, enterprise_id: int, least: StaffRole = StaffRole.VIEWER) -> Staff:
    """Their membership of the firm; :class:`Refused` where there is none, or where their role is below ``least``."""
    staff = await Staff.get_or_none(person_id=asker.person_id, enterprise_id=enterprise_id, left_at=None)
    if staff is None:
        raise not_found()
    if RANK[StaffRole(staff.role)] < RANK[least]:
        who = {StaffRole.OWNER: "企业管理员", StaffRole.STAFF: "企业管理员或办理人员"}[least]
        raise Refused(Kind.FORBIDDEN, "role_too_low", f"这一步须由{who}办理：请联系本企业管理员", clause="7.1(1)")
    return staff


async def firm_by_code(uscc: str) -> Enterprise | None:
    """The firm with that credit code, written as it is on record; whatever else stands there is nobody's."""
    return await Enterprise.get_or_none(uscc=uscc) if CREDIT_CODE.fullmatch(uscc) else None


async def firm_of_members(asker: Asker, uscc: str, least: StaffRole = StaffRole.VIEWER) -> tuple[Enterprise, Staff]:
    """The firm by its credit code, with their membership; refuses like :func:`member_of`."""
    firm = await firm_by_code(uscc)
    if firm is None:
        raise not_found()
    return firm, await member_of(asker, firm.id, least)


async def holds(asker: Asker, role: PlatformRole) -> bool:
    """Whether they hold a platform role now."""
    return await Grant.exists(person_id=asker.person_id, role=role, revoked_at=None)


async def member_or_operator(asker: Asker, enterprise_id: int) -> None:
    """:class:`Refused` like :func:`member_of` where they neither belong to the firm nor are an operator."""
    if not await holds(asker, PlatformRole.OPERATOR):
        await member_of(asker, enterprise_id)


async def must_hold(asker: Asker, role: PlatformRole) -> None:
    """:class:`Refused` as not found where they do not: what is behind it is not for others to know."""
    if not await holds(asker, role):
        raise not_found()
