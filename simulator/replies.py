"""The passive reply, read as strictly as WeChat reads it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from config.settings import CallbackMode
from simulator.crypto import BadEnvelope, Envelope, same, signature

TEXT_BYTES = 2048
NOTICE = "该公众号提供的服务出现故障，请稍后再试"
_SILENT = (b"", b"success")


class FaultyReply(Exception):
    """A reply for which the person sees the fault notice; the text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the person sees. ``own``: the type's fields in snake case (``content``, ``media_id``, ``articles`` …)."""

    type: str
    own: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Expected:
    """What a good reply must match: whom it goes to, from whom, and media of the right type that still live."""

    openid: str
    account: str
    media_type: Callable[[str], str | None]


def read(raw: bytes, envelope: Envelope, mode: CallbackMode, expected: Expected) -> Reply | None:
    """The reply in ``raw``, or None where the account stays silent; else :class:`FaultyReply`."""
    if raw in _SILENT:
        return None
    root = _parse(raw)
    if root.find("Encrypt") is not None:
        if mode is CallbackMode.PLAINTEXT:
            raise FaultyReply("明文模式下的回复不应加密")
        inner = _open(root, envelope)
        if inner in _SILENT:
            return None
        root = _parse(inner)
    elif mode is CallbackMode.SAFE:
        raise FaultyReply("安全模式下的回复必须加密")
    return _check(root, expected)


def read_json(raw: bytes) -> None:
    """The answer to a mini-program's JSON push: nothing but silence is of use there."""
    if raw not in _SILENT:
        raise FaultyReply("小程序消息推送只接受 success 或空串")


def _parse(raw: bytes) -> Element:
    try:
        root: Element = fromstring(raw)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise FaultyReply("回复不是合法的 XML") from error
    if root.tag != "xml":
        raise FaultyReply("回复的根元素不是 xml")
    return root


def _open(root: Element, envelope: Envelope) -> bytes:
    encrypted, given = _text(root, "Encrypt"), _text(root, "MsgSignature")
    stamp, nonce = _text(root, "TimeStamp"), _text(root, "Nonce")
    if not (encrypted and given and stamp and nonce):
        raise FaultyReply("加密回复缺少 Encrypt、MsgSignature、TimeStamp 或 Nonce")
    if not same(given, signature(envelope.token, stamp, nonce, encrypted)):
        raise FaultyReply("加密回复的 MsgSignature 不对")
    try:
        return envelope.decrypt(encrypted)
    except BadEnvelope as error:
        raise FaultyReply(str(error)) from error


def _check(root: Element, expected: Expected) -> Reply:
    kind = _text(root, "MsgType")
    if not kind:
        raise FaultyReply("回复缺少 MsgType")
    if _text(root, "ToUserName") != expected.openid:
        raise FaultyReply("回复的 ToUserName 不是发消息的用户")
    if _text(root, "FromUserName") != expected.account:
        raise FaultyReply("回复的 FromUserName 不是本公众号的原始 ID")
    if not _text(root, "CreateTime").isdecimal():
        raise FaultyReply("回复的 CreateTime 不是整数")
    if kind not in _READERS:
        raise FaultyReply(f"回复的 MsgType 不受支持：{kind}")
    return Reply(kind, _READERS[kind](root, expected))


def _read_text(root: Element, _: Expected) -> dict[str, Any]:
    content = _text(root, "Content")
    if not content:
        raise FaultyReply("文本回复的 Content 为空")
    if (size := len(content.encode())) > TEXT_BYTES:
        raise FaultyReply(f"文本回复 {size} 字节，超过 {TEXT_BYTES} 字节")
    return {"content": content}


def _read_image(root: Element, expected: Expected) -> dict[str, Any]:
    return {"media_id": _media(root, "Image/MediaId", "image", expected)}


def _read_voice(root: Element, expected: Expected) -> dict[str, Any]:
    return {"media_id": _media(root, "Voice/MediaId", "voice", expected)}


def _read_video(root: Element, expected: Expected) -> dict[str, Any]:
    media_id = _media(root, "Video/MediaId", "video", expected)
    return {
        "media_id": media_id,
        "title": _text(root, "Video/Title"),
        "description": _text(root, "Video/Description"),
    }


def _read_music(root: Element, expected: Expected) -> dict[str, Any]:
    thumb = _text(root, "Music/ThumbMediaId")
    if thumb:
        _media(root, "Music/ThumbMediaId", "thumb", expected)
    return {
        "title": _text(root, "Music/Title"),
        "description": _text(root, "Music/Description"),
        "url": _text(root, "Music/MusicUrl"),
    }


def _read_news(root: Element, _: Expected) -> dict[str, Any]:
    items = root.findall("Articles/item")
    if _text(root, "ArticleCount") != str(len(items)):
        raise FaultyReply("图文回复的 ArticleCount 与 item 数不符")
    if len(items) != 1:
        raise FaultyReply(f"图文回复只能有一条，收到 {len(items)} 条")
    article = {name.lower(): _text(items[0], name) for name in ("Title", "Description", "PicUrl", "Url")}
    if not article["title"] or not article["url"]:
        raise FaultyReply("图文回复缺少 Title 或 Url")
    return {"articles": [article]}


def _read_transfer(root: Element, _: Expected) -> dict[str, Any]:
    return {"kf_account": _text(root, "TransInfo/KfAccount")}


_READERS: dict[str, Callable[[Element, Expected], dict[str, Any]]] = {
    "text": _read_text,
    "image": _read_image,
    "voice": _read_voice,
    "video": _read_video,
    "music": _read_music,
    "news": _read_news,
    "transfer_customer_service": _read_transfer,
}


def _media(root: Element, path: str, kind: str, expected: Expected) -> str:
    media_id = _text(root, path)
    if expected.media_type(media_id) != kind:
        raise FaultyReply(f"{path} 不是有效的 {kind} 素材")
    return media_id


def _text(root: Element, path: str) -> str:
    return (root.findtext(path) or "").strip()
