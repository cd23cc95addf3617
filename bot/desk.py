"""The operator's queue in chat: what waits for a person, each with its clause and deadline, and the way to it (R35)."""

from bot import desk_wording as words
from bot import replies, updates, wording
from bot.filters import text_is
from bot.router import Context, Router
from bot.speaker import speaker_of
from models import PlatformRole
from workflow import desk
from workflow.access import holds
from workflow.context import Ports
from workflow.knowing import sessions

MOST_COUNTED = 200
PAGE = "/desk"

router: Router[Ports] = Router()


@router.on(updates.Text, text_is("待办", "待办事项", "运营", "运营台"))
async def waiting(context: Context[Ports]) -> replies.Reply | None:
    """What waits, the soonest deadline first; to anybody else these are words like others."""
    ports, who = context.services, await speaker_of(context)
    if not await holds(who.asker, PlatformRole.OPERATOR):
        return replies.Text(wording.UNKNOWN_TEXT)
    items = desk.soonest_first(await desk.desk(who.asker, limit=MOST_COUNTED))
    if not items:
        return replies.Text(words.NOTHING)
    page = await sessions.sign_in_link(ports, who.identity, PAGE)
    return replies.Text(words.waiting(items, page, ports.clock.now()))
