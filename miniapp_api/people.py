"""Signing in, who one is, and what one was told (7.1(1))."""

from typing import Annotated

from pydantic import Field, StringConstraints

from miniapp_api.chapter import Chapter, Rate
from miniapp_api.firms import FirmShown
from miniapp_api.paging import page_of, place
from miniapp_api.shapes import Answer, Body, Id, Moment, Page, Paging, Path
from models import PlatformRole, StaffRole
from workflow.access import Asker, holds
from workflow.context import Ports
from workflow.firms import members
from workflow.knowing import sessions
from workflow.telling import inbox

chapter = Chapter("people", "登录与本人")


class Login(Body):
    """A fresh code of ``wx.login``."""

    code: Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,128}$")] = Field(
        description="wx.login 得到的 code，只能用一次"
    )


class SessionOpened(Answer):
    token: str = Field(description="此后放在 Authorization: Bearer 里；只在这里出现一次")
    expires_at: Moment = Field(description="一直不用则到此失效；使用会自动延长")


class Membership(Answer):
    firm: FirmShown
    role: StaffRole
    title: str


class Me(Answer):
    firms: list[Membership] = Field(description="您所在的企业，最近加入的在前")
    roles: list[PlatformRole] = Field(description="平台角色")
    unread: int = Field(description="未读通知数")


class Told(Answer):
    id: int
    clause: str
    title: str
    body: str
    path: str = Field(description="可以继续办理的页面路径，可能为空")
    firm: FirmShown | None
    created_at: Moment
    read_at: Moment | None


class InboxPage(Paging):
    unread: bool = Field(False, description="只看未读")


class EntryPath(Path):
    entry: Id


# Without an Idempotency-Key: the code itself works once, and a token is not kept anywhere to be given again.
@chapter.post("/sessions", "登录", status=201, rate=Rate.SIGN_IN, clause="7.1(1)")
async def sign_in(ports: Ports, body: Login) -> SessionOpened:
    opened = await sessions.sign_in_miniapp(ports, body.code)
    return SessionOpened(token=opened.token, expires_at=opened.session.expires_at)


@chapter.delete("/sessions/current", "退出登录")
async def sign_out(ports: Ports, asker: Asker) -> None:
    await sessions.sign_out(ports, asker)


@chapter.delete("/sessions", "在所有设备上退出登录")
async def sign_out_everywhere(ports: Ports, asker: Asker) -> None:
    await sessions.sign_out(ports, asker, everywhere=True)


@chapter.get("/me", "本人的企业、角色与未读通知")
async def me(asker: Asker) -> Me:
    return Me(
        firms=[
            Membership(firm=FirmShown.model_validate(staff.enterprise), role=StaffRole(staff.role), title=staff.title)
            for staff in await members.firms_of(asker)
        ],
        roles=[role for role in PlatformRole if await holds(asker, role)],
        unread=await inbox.unread(asker),
    )


@chapter.get("/me/inbox", "通知，最新的在前")
async def inbox_entries(asker: Asker, query: InboxPage) -> Page[Told]:
    found = await inbox.entries(asker, after=place(query), limit=query.limit + 1, unread_only=query.unread)
    return page_of(query, found, _told)


def _told(entry: inbox.InboxEntry) -> Told:
    return Told(
        id=entry.id,
        clause=entry.clause,
        title=entry.title,
        body=entry.body,
        path=entry.path,
        firm=FirmShown.model_validate(entry.enterprise) if entry.enterprise else None,
        created_at=entry.created_at,
        read_at=entry.read_at,
    )


@chapter.post("/me/inbox/{entry}/read", "标为已读", status=204)
async def mark_read(ports: Ports, asker: Asker, path: EntryPath) -> None:
    await inbox.mark_read(ports, asker, path.entry)
