"""The conversation as people have it: what they send, and the line that comes back in the same chat."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot import replies, updates, wording
from bot.menu import KEY_FIRM, KEY_HELP
from inspection.report import Inspected, PictureRefused, Request
from tests.bot.conftest import JPEG, STRANGER, ZHANG, Chat, bind
from tests.workflow.world import report
from workflow.ports import CacheUnavailable


async def test_following_gets_the_welcome_with_the_notice(chat: Chat) -> None:
    welcome = await chat.send(STRANGER, updates.Subscribe)
    assert wording.NOTICE in welcome
    assert "https://sample.test/privacy" in welcome
    assert "24 小时内删除" in welcome


async def test_a_strangers_photo_ends_in_millimetres_after_one_question(chat: Chat) -> None:
    first = await chat.photo()
    assert "合格证多大" in first
    assert "回复“同意”" in first
    second = await chat.say("1")
    assert second.startswith("合格")
    assert "合格证多大" not in second
    assert chat.world.inspector.asked[-1].sheet_mm == (100, 70)
    third = await chat.photo(data=JPEG + b"another")
    assert "合格证多大" not in third


async def test_the_size_may_come_before_the_photo(chat: Chat) -> None:
    assert "120×80" in await chat.say("120x80")
    assert (await chat.photo()).startswith("合格")
    assert chat.world.inspector.asked[-1].sheet_mm == (120, 80)


@pytest.mark.parametrize(
    "words", ["120x80", "120 X 80", "120×80MM。", "120 80", "120*80毫米", "120，80", "１２０ｘ８０", "12cm x 8cm"]
)
async def test_sizes_are_understood_as_people_write_them(chat: Chat, words: str) -> None:
    await chat.photo()
    assert (await chat.say(words)).startswith("合格")
    assert chat.world.inspector.asked[-1].sheet_mm == (120, 80)


async def test_another_size_is_asked_for_until_it_is_one(chat: Chat) -> None:
    await chat.photo()
    assert await chat.say("3") == wording.ASK_OTHER_SIZE
    assert await chat.say("120") == wording.SIZE_NOT_UNDERSTOOD
    assert await chat.say("5x5") == wording.SIZE_NOT_UNDERSTOOD
    assert (await chat.say("120x80")).startswith("合格")


async def test_a_command_leaves_the_question_for_the_size(chat: Chat) -> None:
    await chat.photo()
    await chat.say("3")
    assert await chat.say("帮助") == wording.HELP
    assert (await chat.say("2")).startswith("合格")


async def test_a_bound_person_is_asked_for_the_product_only_where_it_is_not_known(chat: Chat) -> None:
    await bind(chat, "BV 2.5", "RVV 3×1.5")
    assert "2) 电线（样例） RVV 3×1.5" in await chat.photo(ZHANG)
    assert "RVV 3×1.5" in await chat.say("2", ZHANG)
    assert "登记的产品为准" in await chat.say("90x50", ZHANG)


async def test_the_firm_is_shown_to_its_own_people_only(chat: Chat) -> None:
    await bind(chat, "BV 2.5")
    assert "样例电缆有限公司" in await chat.send(ZHANG, updates.Click, key=KEY_FIRM)
    assert await chat.send(STRANGER, updates.Click, key=KEY_FIRM) == wording.STRANGER_FIRM


async def test_the_latest_reports_can_be_had_at_any_time(chat: Chat) -> None:
    assert await chat.say("最近") == wording.NO_RECENT
    await chat.photo()
    assert "/r/" in await chat.say("最近")
    assert await chat.say("最近", ZHANG) == wording.NO_RECENT


async def test_a_link_for_the_original_is_to_be_had(chat: Chat) -> None:
    assert "https://sample.test/u/" in await chat.say("原图")


async def test_everything_else_gets_a_sensible_line(chat: Chat) -> None:
    media = {"media_id": "m"}
    assert await chat.send(STRANGER, updates.Voice, format="amr", **media) == wording.VOICE
    assert await chat.send(STRANGER, updates.Video, thumb_media_id="t", short=True, **media) == wording.VIDEO
    place: dict[str, Any] = {"latitude": 1.0, "longitude": 2.0, "scale": 16, "label": "车间"}
    assert await chat.send(STRANGER, updates.Location, **place) == wording.LOCATION
    assert await chat.send(STRANGER, updates.Click, key=KEY_HELP) == wording.HELP
    assert await chat.say("转人工") == wording.HUMAN
    assert await chat.say("今天天气") == wording.UNKNOWN_TEXT
    assert await chat.say("1", ZHANG) is not None
    sticker = await chat.send(STRANGER, updates.Unknown, msg_type="sticker", event="", raw={})
    assert sticker == wording.UNKNOWN_MESSAGE
    assert await chat.send(STRANGER, updates.Unknown, msg_type="event", event="kf_close", raw={}) is None
    assert await chat.send(STRANGER, updates.PicturesAnnounced, key="check", count=2, source="weixin") is None
    assert await chat.send(STRANGER, updates.Unsubscribe) is None


async def test_a_size_is_corrected_by_saying_another(chat: Chat) -> None:
    await chat.photo()
    await chat.say("1")
    assert (await chat.say("90x50")).startswith("合格")
    assert chat.world.inspector.asked[-1].sheet_mm == (90, 50)


async def test_a_refused_photo_in_between_does_not_make_the_question_forgotten(chat: Chat) -> None:
    await chat.photo()
    chat.world.inspector.look = _refuse
    await chat.photo(data=JPEG + b"animated")
    chat.world.inspector.look = report
    assert (await chat.say("1")).startswith("合格")


def _refuse(_request: Request) -> Inspected:
    raise PictureRefused("picture_animated", "动图不能检查")


@pytest.mark.parametrize("words", ["1", "120x80"])
async def test_a_size_that_is_sent_again_gets_the_same_verdict(chat: Chat, words: str) -> None:
    """WeChat sends a message up to three times; the second must not be told that there is nothing to judge."""
    await chat.photo()
    update = updates.Text(
        to_user="gh_sample", openid=STRANGER, created=datetime.now(UTC), dedupe="again", content=words
    )
    first = await chat.dispatch(update, 4.5)
    second = await chat.dispatch(update, 4.5)
    assert isinstance(first, replies.Text)
    assert first == second


async def test_a_product_beyond_the_list_is_named_by_its_model(chat: Chat) -> None:
    await bind(chat, *(f"BV {number}" for number in range(8)))
    assert "其他产品请回复型号（共 8 款）" in await chat.photo(ZHANG)
    assert "BV 7" in await chat.say("bv 7", ZHANG)


async def test_what_is_not_there_yet_is_said_to_be_so(chat: Chat) -> None:
    assert await chat.say("我要办理续期") == wording.not_yet("https://sample.test/publicity?state=running")
    assert "打开结果公示" in await chat.say("我要投诉")
    assert await chat.say("“帮助”") == wording.HELP
    assert await chat.say("你好") == wording.HELP


async def test_asking_for_the_certificate_tells_a_stranger_how_to_come_in(chat: Chat) -> None:
    assert await chat.say("怎么查证书等级") == wording.STRANGER_FIRM


async def test_a_firm_without_a_case_is_given_a_link_to_apply(chat: Chat) -> None:
    await bind(chat, "BV 2.5")
    said = await chat.say("我的企业", ZHANG)
    assert said is not None
    assert "还没有申报评价" in said
    assert "https://sample.test/go/" in said


async def test_a_number_beyond_the_choices_repeats_the_question(chat: Chat) -> None:
    await chat.photo()
    assert "1) 100×70" in await chat.say("4")


@pytest.mark.parametrize("words", ["2", "RVV 3×1.5"])
async def test_a_chosen_product_whose_verdict_comes_late_is_not_called_misunderstood(chat: Chat, words: str) -> None:
    await bind(chat, "BV 2.5", "RVV 3×1.5")
    await chat.photo(ZHANG)
    update = updates.Text(to_user="gh_sample", openid=ZHANG, created=datetime.now(UTC), dedupe="late", content=words)
    assert await chat.dispatch(update, 0) is None


async def test_consent_counts_only_after_the_notice(chat: Chat) -> None:
    assert wording.NOTICE in await chat.say("同意")
    assert await chat.say("同意") == wording.CONSENTED
    assert await chat.say("删除") == wording.WITHDRAWN


async def test_a_closed_account_is_forgotten(chat: Chat) -> None:
    await chat.photo()
    await chat.send("o" + "m" * 27, updates.AuthorizationCancelled, subject=STRANGER, app_id="wxsample")
    assert await chat.say("最近") == wording.NO_RECENT


async def test_without_the_cache_people_are_still_heard(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    async def gone(_key: str) -> bytes:
        raise CacheUnavailable("gone")

    monkeypatch.setattr(chat.world.ports.cache, "get", gone)
    assert await chat.say("帮助") == wording.HELP
    assert "合格证多大" in await chat.photo()


async def test_consent_is_taken_at_its_word(chat: Chat) -> None:
    await chat.photo()
    assert await chat.say("同意") == wording.CONSENTED
    assert "回复“同意”" not in await chat.photo(data=JPEG + b"2")
