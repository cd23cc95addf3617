"""Which acts let us write to a person for a while, and that the conversation counts them before it answers."""

import pytest

from bot.acts import trigger_of
from bot.updates import parse
from models import ServiceWindow, WindowTrigger
from tests.bot.conftest import STRANGER, Chat
from tests.bot.wechat import SAMPLES, event, text_message

TAPPED = text_message("完成").replace("<MsgId>", "<bizmsgmenuid>1</bizmsgmenuid><MsgId>")
STICKER = text_message("").replace("[text]", "[sticker]").encode()


@pytest.mark.parametrize(
    ("body", "trigger"),
    [
        (text_message("完成"), WindowTrigger.MESSAGE),
        (TAPPED, WindowTrigger.MENU),
        (event("CLICK", "<EventKey>filing</EventKey>"), WindowTrigger.MENU),
        (event("subscribe"), WindowTrigger.FOLLOW),
        (event("SCAN", "<EventKey>1</EventKey>"), WindowTrigger.SCAN),
        (event("VIEW", "<EventKey>https://sample.test</EventKey>"), None),
        (event("LOCATION"), None),
        (event("unsubscribe"), None),
        (event("TEMPLATESENDJOBFINISH", "<MsgID>1</MsgID><Status>success</Status>"), None),
        (event("pic_weixin", "<EventKey>check</EventKey><SendPicsInfo><Count>2</Count></SendPicsInfo>"), None),
    ],
)
def test_what_counts_as_what(body: str | bytes, trigger: WindowTrigger | None) -> None:
    assert trigger_of(parse(body if isinstance(body, bytes) else body.encode())) == trigger


MESSAGES = sorted(SAMPLES.glob("MpMessage-*.xml"))


@pytest.mark.parametrize(
    "body", [*(path.read_bytes() for path in MESSAGES), STICKER], ids=[*(p.stem for p in MESSAGES), "sticker"]
)
def test_every_message_counts_what_we_do_not_know_too(body: bytes) -> None:
    assert trigger_of(parse(body)) == WindowTrigger.MESSAGE


async def test_the_conversation_counts_what_was_done(chat: Chat) -> None:
    await chat.say("帮助", STRANGER)
    window = await ServiceWindow.get()
    assert (window.trigger, window.remaining) == (WindowTrigger.MESSAGE, 5)
