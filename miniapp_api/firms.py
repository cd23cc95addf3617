"""A firm and its members: invitations, leaving, handing over (7.1(1))."""

from typing import Literal

from pydantic import Field

from miniapp_api.chapter import Chapter, Rate
from miniapp_api.shapes import Answer, Body, Id, Moment, Path, Said, Uscc
from models import Invitation, Staff, StaffRole
from workflow.access import Asker, firm_of_members
from workflow.context import Ports
from workflow.firms import members

chapter = Chapter("firms", "企业与成员")


class FirmPath(Path):
    uscc: Uscc


class FirmShown(Answer):
    uscc: str
    name: str
    is_sample: bool = Field(description="true：样例企业，并非真实存在")


class FirmInside(FirmShown):
    """A firm as its members see it."""

    address: str
    organisation_role: str
    verified_at: Moment | None = Field(description="实名注册通过的时间")
    role: StaffRole = Field(description="您在企业中的角色")


class MemberShown(Answer):
    id: int
    name: str
    role: StaffRole
    title: str
    since: Moment


class Members(Answer):
    items: list[MemberShown]


class MemberPath(FirmPath):
    member: Id


class Inviting(Body):
    role: Literal["staff", "viewer", "owner"] = Field(description="owner：移交企业管理员")


class InvitationMade(Answer):
    id: int
    code: str = Field(description="八位邀请码，只在这里出现一次，转告同事")
    role: StaffRole
    expires_at: Moment


class InvitationQr(Answer):
    url: str = Field(description="二维码的内容，由小程序画出")
    expires_in: int | None = Field(description="秒")


class InvitationShown(Answer):
    id: int
    role: StaffRole
    created_at: Moment
    expires_at: Moment


class Invitations(Answer):
    items: list[InvitationShown]


class InvitationPath(Path):
    invitation: Id


class Accepting(Body):
    code: Said = Field(max_length=32)
    name: str = Field("", max_length=60, description="您的姓名，便于同事辨认")


@chapter.get("/firms/{uscc}", "企业（成员可见）")
async def firm_inside(asker: Asker, path: FirmPath) -> FirmInside:
    firm, staff = await firm_of_members(asker, path.uscc)
    return FirmInside(
        uscc=firm.uscc,
        name=firm.name,
        is_sample=firm.is_sample,
        address=firm.address,
        organisation_role=firm.organisation_role,
        verified_at=firm.verified_at,
        role=StaffRole(staff.role),
    )


@chapter.get("/firms/{uscc}/members", "成员")
async def firm_members(asker: Asker, path: FirmPath) -> Members:
    firm, _ = await firm_of_members(asker, path.uscc)
    return Members(items=[_member(staff) for staff in await members.members_of(asker, firm.id)])


@chapter.delete("/firms/{uscc}/members/{member}", "请出成员")
async def remove_member(ports: Ports, asker: Asker, path: MemberPath) -> None:
    firm, _ = await firm_of_members(asker, path.uscc)
    await members.remove_member(ports, asker, firm.id, path.member)


@chapter.post("/firms/{uscc}/leave", "退出企业", status=204, note="管理员须先移交。")
async def leave_firm(ports: Ports, asker: Asker, path: FirmPath) -> None:
    firm, _ = await firm_of_members(asker, path.uscc)
    await members.leave(ports, asker, firm.id)


@chapter.post("/firms/{uscc}/acting", "让本人的公众号对话代表这家企业", status=204)
async def act_for_firm(ports: Ports, asker: Asker, path: FirmPath) -> None:
    firm, _ = await firm_of_members(asker, path.uscc)
    await members.act_for(ports, asker, firm.id)


# Without an Idempotency-Key: a code is not kept to be given again. One that was lost ends by itself.
@chapter.post("/firms/{uscc}/invitations", "邀请同事", status=201)
async def invite(ports: Ports, asker: Asker, path: FirmPath, body: Inviting) -> InvitationMade:
    firm, _ = await firm_of_members(asker, path.uscc)
    code, made = await members.invite(ports, asker, firm.id, StaffRole(body.role))
    return InvitationMade(id=made.id, code=code, role=StaffRole(made.role), expires_at=made.expires_at)


@chapter.post("/firms/{uscc}/invitations/qr", "邀请同事：公众号二维码", status=201)
async def invite_by_qr(ports: Ports, asker: Asker, path: FirmPath, body: Inviting) -> InvitationQr:
    firm, _ = await firm_of_members(asker, path.uscc)
    ticket = await members.invitation_qr(ports, asker, firm.id, StaffRole(body.role))
    return InvitationQr(url=ticket.url, expires_in=ticket.expires_in)


@chapter.get("/firms/{uscc}/invitations", "还没有被使用的邀请")
async def invitations(asker: Asker, path: FirmPath) -> Invitations:
    firm, _ = await firm_of_members(asker, path.uscc)
    return Invitations(items=[_invitation(made) for made in await members.invitations_of(asker, firm.id)])


@chapter.delete("/invitations/{invitation}", "收回邀请")
async def revoke_invitation(ports: Ports, asker: Asker, path: InvitationPath) -> None:
    await members.revoke_invitation(ports, asker, path.invitation)


@chapter.post("/memberships", "凭邀请码加入企业", rate=Rate.SIGN_IN)
async def accept_invitation(ports: Ports, asker: Asker, body: Accepting) -> MemberShown:
    return _member(await members.accept(ports, asker, body.code, body.name))


def _member(staff: Staff) -> MemberShown:
    return MemberShown(
        id=staff.id, name=staff.name, role=StaffRole(staff.role), title=staff.title, since=staff.created_at
    )


def _invitation(made: Invitation) -> InvitationShown:
    return InvitationShown(
        id=made.id, role=StaffRole(made.role), created_at=made.created_at, expires_at=made.expires_at
    )
