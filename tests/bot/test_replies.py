"""Replies look like the recorded ones, and no text breaks them."""

from typing import Any

import pytest
import xmltodict
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st

from bot import replies
from tests.bot.wechat import SAMPLES

RECORDED: list[tuple[str, replies.Reply]] = [
    ("MpReply-TextMessageReply.xml", replies.Text("你好")),
    ("MpReply-ImageMessageReply.xml", replies.Image("media_id")),
    ("MpReply-VoiceMessageReply.xml", replies.Voice("media_id")),
    ("MpReply-VideoMessageReply.xml", replies.Video("media_id", "title", "description")),
    (
        "MpReply-MusicMessageReply.xml",
        replies.Music("TITLE", "DESCRIPTION", "MUSIC_Url", "HQ_MUSIC_Url", "media_id"),
    ),
    ("MpReply-NewsMessageReply.xml", replies.News("title1", "description1", "picurl", "url")),
    ("MpReply-TransferCustomerServiceReply.xml", replies.TransferCustomerService("test1@test")),
]


def fields(reply: replies.Reply, to: str = "toUser", sender: str = "fromUser", created: int = 12345678) -> Any:
    return xmltodict.parse(replies.render(reply, to=to, sender=sender, created=created), strip_whitespace=False)["xml"]


def test_every_recorded_reply_is_tried() -> None:
    assert {name for name, _ in RECORDED} == {path.name for path in SAMPLES.glob("MpReply-*")}


@pytest.mark.parametrize(("name", "reply"), RECORDED)
def test_replies_look_like_the_recorded_ones(name: str, reply: replies.Reply) -> None:
    recorded = xmltodict.parse((SAMPLES / name).read_bytes())["xml"]
    ours = fields(reply, recorded["ToUserName"], recorded["FromUserName"], int(recorded["CreateTime"]))
    assert ours == recorded
    assert list(ours) == list(recorded)


def test_numbers_stand_bare_and_texts_in_cdata() -> None:
    xml = replies.render(replies.News("a", "b", "c", "d"), to="t", sender="s", created=1)
    assert "<CreateTime>1</CreateTime>" in xml
    assert "<ArticleCount>1</ArticleCount>" in xml
    assert "<Title><![CDATA[a]]></Title>" in xml


def test_transfer_without_an_account_has_no_empty_element() -> None:
    assert "TransInfo" not in fields(replies.TransferCustomerService())


@pytest.mark.parametrize("text", ["]]>", "a]]>b]]>]]>", "]]]>", "<a href='x'>&amp;</a>", "换行\n第二行\t", "😀]]"])
def test_no_text_breaks_out(text: str) -> None:
    assert fields(replies.Text(text))["Content"] == text


@budget(max_examples=500, deadline=None)
@given(st.text(st.characters(codec=None), max_size=60))
def test_any_text_is_well_formed(text: str) -> None:
    xml = replies.render(replies.News("t" + text, text, text, "u"), to="t", sender="s", created=1)
    article = xmltodict.parse(xml.encode(), strip_whitespace=False)["xml"]["Articles"]["item"]
    kept = replies._clean(text).replace("\r\n", "\n").replace("\r", "\n")  # as any XML parser reads them
    assert article["Title"] == "t" + kept


@pytest.mark.parametrize("text", ["", " \n", "\x00\x01", "\ud800"])
def test_an_empty_text_is_refused_where_it_is_written(text: str) -> None:
    with pytest.raises(ValueError, match="empty"):
        replies.Text(text)


@pytest.mark.parametrize("text", ["x" * 2048, "字" * 682])
def test_what_fits_is_not_cut(text: str) -> None:
    assert fields(replies.Text(text))["Content"] == text


@pytest.mark.parametrize("text", ["x" * 2049, "字" * 683, "a" + "字" * 900, "😀" * 600])
def test_what_does_not_fit_is_cut_between_characters(text: str) -> None:
    cut = fields(replies.Text(text))["Content"]
    assert cut.endswith("…")
    assert text.startswith(cut[:-1])
    assert 2048 - 4 <= len(cut.encode()) <= 2048


@pytest.mark.parametrize("before", range(1990, 2046, 5))
def test_a_link_is_not_cut_in_two(before: int) -> None:
    cut = fields(replies.Text("x" * before + "<a href='https://example.com/r/1'>报告</a>" + "y" * 50))["Content"]
    assert cut.count("<a ") == cut.count("</a>")
    assert len(cut.encode()) <= 2048


def test_later_cannot_be_sent() -> None:
    with pytest.raises(TypeError):
        replies.render(replies.Later(), to="t", sender="s", created=1)
