"""Reminders in chat: shown, changed by hour and by day, switched off and on again."""

from dataclasses import replace

import pytest

from bot import filing_wording
from config.message_templates import SAMPLE_SUBSCRIBE
from models import ReminderChoice
from tests.bot.conftest import STRANGER, ZHANG, Chat, bind
from workflow.context import Telling
from workflow.telling.reminder_calendar import Occasion


async def chosen() -> tuple[bool, int, list[str]]:
    choice = await ReminderChoice.get()
    return choice.on, choice.hour, choice.occasions


async def test_the_settings_are_shown_with_the_words_that_change_them(chat: Chat) -> None:
    await bind(chat)
    said = await chat.say("提醒", ZHANG)
    assert "9:00" in said
    assert "msgmenucontent=提醒 18点&" in said
    assert await ReminderChoice.all().count() == 0  # to look changes nothing
    assert await chat.say("提醒", STRANGER) == filing_wording.STRANGER


@pytest.mark.parametrize(
    ("words", "hour"),
    [
        ("提醒 18点", 18),
        ("提醒18：00", 18),
        ("提醒 下午6点", 18),
        ("提醒我 １０点", 10),
        ("提醒 12 点整", 12),
        ("提醒 每天9点", 9),
    ],
)
async def test_an_hour_is_understood_as_people_write_it(chat: Chat, words: str, hour: int) -> None:
    await bind(chat)
    assert f"{hour}:00" in await chat.say(words, ZHANG)
    assert await chosen() == (True, hour, [])


async def test_days_are_chosen_and_the_hour_stays(chat: Chat) -> None:
    await bind(chat)
    await chat.say("提醒 18点", ZHANG)
    said = await chat.say("提醒 前3天 最后一天", ZHANG)
    assert "截止前 3 天、截止当天" in said
    assert await chosen() == (True, 18, [Occasion.T3, Occasion.LAST])
    await chat.say("提醒 全部 20点", ZHANG)
    assert await chosen() == (True, 20, [])


@pytest.mark.parametrize("words", ["提醒 8点", "提醒 23点", "提醒 99点", "提醒 晚上12点", "提醒 晚上0点"])
async def test_an_hour_of_the_night_is_refused_with_the_hours_there_are(chat: Chat, words: str) -> None:
    await bind(chat)
    await chat.say("提醒 18点", ZHANG)
    assert "9 点到 20 点" in await chat.say(words, ZHANG)
    assert await chosen() == (True, 18, [])


async def test_off_says_what_is_told_all_the_same_and_next_month_brings_them_back(chat: Chat) -> None:
    await bind(chat)
    said = await chat.say("不提醒", ZHANG)
    assert "已关闭" in said
    assert "逾期" in said
    assert (await ReminderChoice.get()).on is False
    back = await chat.say("下月提醒我", ZHANG)
    assert "9:00" in back
    assert (await ReminderChoice.get()).on is True


async def test_leave_is_asked_for_where_the_account_has_a_message_to_ask_it_for(chat: Chat) -> None:
    await bind(chat)
    assert "/go/" not in await chat.say("下月提醒我", ZHANG)
    chat.world.ports = replace(chat.world.ports, telling=Telling(subscribe=SAMPLE_SUBSCRIBE))
    said = await Chat(chat.world).say("下月提醒我", ZHANG)
    assert "/go/" in said
    assert "允许接收提醒" in said


async def test_words_that_name_neither_hour_nor_day_show_the_settings(chat: Chat) -> None:
    await bind(chat)
    assert await chat.say("提醒我交台账", ZHANG) == await chat.say("提醒", ZHANG)


async def test_the_calendar_is_theirs_and_a_new_address_replaces_the_old(chat: Chat) -> None:
    await bind(chat)
    first, second = await chat.say("日历", ZHANG), await chat.say("日历", ZHANG)
    assert "https://sample.test/calendar/" in first
    assert first != second
