"""What members of a firm say in the chat: joining by invitation, coming to the pages, speaking for another firm."""

import re

from bot import replies, updates, wording
from bot.filters import Filter, plain, text_is, text_matches
from bot.router import Context, Router
from bot.speaker import speaker_of
from models import StaffRole
from workflow.context import Ports
from workflow.firms import members
from workflow.knowing import people, sessions
from workflow.problems import Refused

Conversation = Context[Ports]
Answer = replies.Reply | None

JOIN = re.compile(r"(?:加入|邀请码)\s*:?\s*(?P<code>[A-Za-z0-9]{4}[\s-]?[A-Za-z0-9]{4})(?:\s+(?P<name>\S{1,20}))?")
SWITCH = re.compile(r"切换企业\s*(?P<number>\d{1,3})?")

router: Router[Ports] = Router()


def _invited(context: Conversation) -> bool:
    update = context.update
    scene = update.scene if isinstance(update, updates.Subscribe | updates.Scan) else None
    return scene is not None and members.invitation_code(scene) is not None


@router.on(updates.Subscribe, Filter(_invited))
async def follow_invited(context: Conversation, update: updates.Subscribe) -> Answer:
    """An invitation's QR code brought somebody new: they are welcome, and in the firm."""
    await people.follow(context.services, update.openid)
    joined = await _joined(context, members.invitation_code(update.scene or "") or "")
    return replies.Text(f"{joined}\n\n{wording.welcome(context.services.links.privacy())}")


@router.on(updates.Scan, Filter(_invited))
async def scan_invitation(context: Conversation, update: updates.Scan) -> Answer:
    """A follower scanned an invitation's QR code."""
    return replies.Text(await _joined(context, members.invitation_code(update.scene) or ""))


@router.on(updates.Text, text_matches(JOIN))
async def join(context: Conversation, update: updates.Text) -> Answer:
    """An invitation's code, typed; a name may follow it."""
    found = JOIN.fullmatch(plain(update.content))
    assert found is not None
    return replies.Text(await _joined(context, found["code"], found["name"] or ""))


@router.on(updates.Text, text_is("加入", "加入企业", "邀请码"))
async def how_to_join(_context: Conversation) -> Answer:
    """The word without its code."""
    return replies.Text(wording.HOW_TO_JOIN)


@router.on(updates.Text, text_is("登录", "网页", "网页版", "登录网页", "电脑"))
async def sign_in(context: Conversation, update: updates.Text) -> Answer:
    """A link that opens the pages for this person, once."""
    ports = context.services
    url = await sessions.sign_in_link(ports, await people.meet(ports, update.openid))
    return replies.Text(wording.sign_in(url, int(ports.sign_in.link_life.total_seconds() // 60)))


@router.on(updates.Text, text_is("关联", "关联账号", "合并账号"))
async def join_accounts(context: Conversation, update: updates.Text) -> Answer:
    """A link that makes whoever opens it, signed in elsewhere, the same person as this chat."""
    ports = context.services
    url = await sessions.join_link(ports, await people.meet(ports, update.openid))
    return replies.Text(wording.join_accounts(url, int(ports.sign_in.link_life.total_seconds() // 60)))


@router.on(updates.Text, text_matches(SWITCH))
async def switch(context: Conversation, update: updates.Text) -> Answer:
    """Which firms one acts for; with a number, which of them the chat speaks for from now on."""
    who = await speaker_of(context)
    firms = await members.firms_of(who.asker)
    found = SWITCH.fullmatch(plain(update.content))
    number = int(found["number"] or 0) if found is not None else 0
    if not firms:
        return replies.Text(wording.STRANGER_FIRM)
    if not 1 <= number <= len(firms):
        return replies.Text(wording.firms(firms, who.identity.staff_id))
    chosen = firms[number - 1]
    try:
        await members.act_for(context.services, who.asker, chosen.enterprise_id)
    except Refused as refusal:
        return replies.Text(refusal.advice)
    return replies.Text(wording.speaks_for(chosen.enterprise))


async def _joined(context: Conversation, code: str, name: str = "") -> str:
    who = await speaker_of(context)
    try:
        staff = await members.accept(context.services, who.asker, code, name)
    except Refused as refusal:
        return refusal.advice
    await staff.fetch_related("enterprise")
    return wording.joined(staff, members.ROLE_NAMES[StaffRole(staff.role)])
