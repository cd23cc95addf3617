"""The passive reply is read as strictly as WeChat reads it."""

import pytest
from aiohttp import web

from config.settings import CallbackMode
from simulator.crypto import Envelope
from simulator.replies import Expected, FaultyReply, read
from tests.simulator.conftest import text_reply

FIELDS = {"FromUserName": "oUser", "ToUserName": "gh_us"}
GOOD = text_reply(FIELDS)
MEDIA = {"pic": "image", "say": "voice", "film": "video", "small": "thumb"}


@pytest.fixture
def judge(settings):
    wechat = settings.wechat
    envelope = Envelope(token="token", aes_key=wechat.aes_key.get_secret_value(), app_id=wechat.app_id)
    expected = Expected("oUser", "gh_us", MEDIA.get)
    return lambda raw: read(raw.encode(), envelope, CallbackMode.PLAINTEXT, expected)


def of_type(kind, inner):
    head = GOOD[: GOOD.index("<MsgType>")]
    return f"{head}<MsgType>{kind}</MsgType>{inner}</xml>"


def test_silence(judge):
    assert judge("") is None
    assert judge("success") is None


def test_good_replies(judge):
    assert judge(GOOD).own == {"content": "好的"}
    assert judge(of_type("image", "<Image><MediaId>pic</MediaId></Image>")).own == {"media_id": "pic"}
    assert judge(of_type("voice", "<Voice><MediaId>say</MediaId></Voice>")).type == "voice"
    assert judge(of_type("video", "<Video><MediaId>film</MediaId><Title>t</Title></Video>")).own["title"] == "t"
    assert judge(of_type("music", "<Music><ThumbMediaId>small</ThumbMediaId></Music>")).type == "music"
    assert judge(of_type("transfer_customer_service", "")).own == {"kf_account": ""}
    item = "<item><Title>题</Title><Url>http://a.example/</Url></item>"
    news = judge(of_type("news", f"<ArticleCount>1</ArticleCount><Articles>{item}</Articles>"))
    assert news.own["articles"][0]["title"] == "题"


def test_the_longest_text_passes_and_one_byte_more_does_not(judge):
    assert judge(text_reply(FIELDS, "字" * 682 + "ab")) is not None
    with pytest.raises(FaultyReply, match="2049"):
        judge(text_reply(FIELDS, "字" * 683))


ITEM = "<item><Title>题</Title><Url>http://a.example/</Url></item>"


@pytest.mark.parametrize(
    "raw",
    [
        "success\n",
        "SUCCESS",
        '{"errcode": 0}',
        "<xml>",
        "<other></other>",
        "<xml></xml>",
        '<!DOCTYPE x [<!ENTITY e "x">]><xml>&e;</xml>',
        GOOD.replace("<MsgType><![CDATA[text]]></MsgType>", ""),
        GOOD.replace("oUser", "oOther"),
        GOOD.replace("gh_us", "gh_them"),
        GOOD.replace("<CreateTime>1</CreateTime>", ""),
        GOOD.replace("<CreateTime>1<", "<CreateTime>now<"),
        GOOD.replace("好的", ""),
        of_type("hologram", ""),
        of_type("image", "<Image><MediaId>gone</MediaId></Image>"),
        of_type("image", "<Image><MediaId>say</MediaId></Image>"),
        of_type("image", "<MediaId>pic</MediaId>"),
        of_type("news", f"<ArticleCount>2</ArticleCount><Articles>{ITEM}{ITEM}</Articles>"),
        of_type("news", f"<ArticleCount>2</ArticleCount><Articles>{ITEM}</Articles>"),
        of_type("news", "<ArticleCount>0</ArticleCount><Articles></Articles>"),
    ],
)
def test_what_the_real_one_would_not_take(judge, raw):
    with pytest.raises(FaultyReply):
        judge(raw)


async def test_a_plain_reply_in_safe_mode_is_a_fault_without_a_retry(desk, bot):
    async def plain(bot, request, fields):
        return web.Response(text=text_reply(fields))

    bot.handle = plain
    answer = await desk.say("zhang")
    assert (len(answer["attempts"]), answer["reply"]) == (1, None)
    assert answer["fault"] == "安全模式下的回复必须加密"
    assert (await desk.chat("zhang"))[-1]["reason"] == answer["fault"]


async def test_a_reply_with_a_wrong_signature_is_a_fault(desk, bot):
    async def forged(bot, request, fields):
        sealed = bot.sealed(text_reply(fields), request)
        return web.Response(text=sealed.replace("<Nonce><![CDATA[", "<Nonce><![CDATA[1"))

    bot.handle = forged
    assert (await desk.say("zhang"))["fault"] == "加密回复的 MsgSignature 不对"


async def test_an_encrypted_reply_is_shown_and_kept_in_the_chat(desk, bot):
    bot.answers(text_reply)
    answer = await desk.say("zhang", "在吗")
    assert answer["reply"] == {"type": "text", "content": "好的"}
    assert answer["fault"] is None
    mine, theirs = await desk.chat("zhang")
    assert (mine["direction"], mine["content"]) == ("user", "在吗")
    assert (theirs["direction"], theirs["content"], theirs["type"]) == ("account", "好的", "text")


@pytest.mark.parametrize("settings", [CallbackMode.PLAINTEXT], indirect=True)
async def test_an_encrypted_reply_in_plaintext_mode_is_a_fault(desk, bot):
    bot.answers(text_reply)
    assert (await desk.say("zhang"))["fault"] == "明文模式下的回复不应加密"
