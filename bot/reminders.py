"""Whether, at what hour and on which days one is reminded of the month, said in chat (8.1)."""

import re

from bot import filing_wording, replies, updates
from bot import reminder_wording as words
from bot.filters import plain, text_is, text_matches
from bot.router import Context, Router
from bot.speaker import speaker_of
from workflow.context import Ports
from workflow.knowing import sessions
from workflow.monthly.reminder_wording import NEXT_MONTH
from workflow.problems import Refused
from workflow.telling import consents, reminder_choices

Conversation = Context[Ports]
Answer = replies.Reply | None

PAGE = "/my/reminders"
HOUR = re.compile(r"(?P<half>下午|晚上)?\s*(?P<hour>\d{1,2})\s*(?:[点时]整?|:00)")
SETTING = re.compile(r"(?:月度)?提醒(?:我)?\s*\S.*")

router: Router[Ports] = Router()


@router.on(updates.Text, text_is("提醒", "提醒设置", "月度提醒"))
async def shown(context: Conversation) -> Answer:
    """What holds now, and how to change it."""
    who = await speaker_of(context)
    if who.staff is None:
        return replies.Text(filing_wording.STRANGER)
    return replies.Text(words.settings(await reminder_choices.choice_of(who.asker)))


@router.on(updates.Text, text_is("不提醒", "不用提醒", "不要提醒", "关闭提醒", "取消提醒", "别提醒"))
async def off(context: Conversation) -> Answer:
    """No reminders any more; what was missed is told all the same."""
    who = await speaker_of(context)
    if who.staff is None:
        return replies.Text(filing_wording.STRANGER)
    return replies.Text(words.settings(await reminder_choices.choose(context.services, who.asker, on=False)))


@router.on(updates.Text, text_is(NEXT_MONTH, "下个月提醒我", "提醒我", "开启提醒", "打开提醒", "恢复提醒"))
async def on(context: Conversation) -> Answer:
    """Reminders, and leave to send them: WeChat asks for each message that comes long after the last word."""
    ports, who = context.services, await speaker_of(context)
    if who.staff is None:
        return replies.Text(filing_wording.STRANGER)
    choice = await reminder_choices.choose(ports, who.asker, on=True)
    wanting = await consents.askable(ports, who.asker.person_id)
    return replies.Text(words.on(choice, await sessions.sign_in_link(ports, who.identity, PAGE) if wanting else None))


@router.on(updates.Text, text_is("日历", "提醒日历", "订阅日历"))
async def calendar(context: Conversation) -> Answer:
    """An address that the phone's calendar subscribes to."""
    who = await speaker_of(context)
    if who.staff is None:
        return replies.Text(filing_wording.STRANGER)
    return replies.Text(words.calendar(await reminder_choices.calendar_link(context.services, who.asker)))


@router.on(updates.Text, text_matches(SETTING))
async def setting(context: Conversation, update: updates.Text) -> Answer:
    """An hour, days, or both: ``提醒 18点``, ``提醒 前3天 最后一天``; what is not said stays as it was."""
    who, said = await speaker_of(context), plain(update.content)
    if who.staff is None:
        return replies.Text(filing_wording.STRANGER)
    days = [occasion for occasion, name in words.DAYS.items() if name in said]
    hour = _hour(said)
    if words.ALL in said:
        days = list(words.DAYS)
    if hour is None and not days:
        return await shown(context)
    try:
        choice = await reminder_choices.choose(context.services, who.asker, on=True, hour=hour, occasions=days or None)
    except Refused as refusal:
        return replies.Text(refusal.advice)
    return replies.Text(words.settings(choice))


def _hour(said: str) -> int | None:
    """``18点``, ``9:00``, ``下午 6 点``."""
    found = HOUR.search(said)
    if found is None:
        return None
    hour = int(found["hour"])
    if found["half"] == "晚上" and hour in {0, 12}:
        return 24  # midnight, not noon
    return hour + 12 if found["half"] and hour < 12 else hour
