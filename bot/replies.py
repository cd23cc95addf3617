"""What we answer, and its XML. One reply to one update; anything more goes out as a customer-service message."""

import logging
import re
from dataclasses import dataclass

log = logging.getLogger(__name__)

TEXT_BYTES = 2048
"""WeChat's limit for a text, in UTF-8."""

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_Tree = list[tuple[str, "str | int | _Tree"]]
"""Elements in their order; text becomes CDATA, a number stands bare."""


@dataclass(frozen=True, slots=True)
class Text:
    """文本; ``<a href>`` links are allowed. Compose within :data:`TEXT_BYTES`: what is beyond is cut off."""

    content: str

    def __post_init__(self) -> None:
        if not _clean(self.content).strip():
            raise ValueError("an empty text makes WeChat tell the person that the account is broken")


@dataclass(frozen=True, slots=True)
class Image:
    """图片, uploaded before."""

    media_id: str


@dataclass(frozen=True, slots=True)
class Voice:
    """语音, uploaded before."""

    media_id: str


@dataclass(frozen=True, slots=True)
class Video:
    """视频, uploaded before."""

    media_id: str
    title: str
    description: str


@dataclass(frozen=True, slots=True)
class Music:
    """音乐."""

    title: str
    description: str
    url: str
    hq_url: str
    thumb_media_id: str


@dataclass(frozen=True, slots=True)
class News:
    """图文: one article, as WeChat shows no second one."""

    title: str
    description: str
    picture_url: str
    url: str


@dataclass(frozen=True, slots=True)
class TransferCustomerService:
    """转人工; to ``account`` where one is named."""

    account: str | None = None


@dataclass(frozen=True, slots=True)
class Later:
    """Nothing to say yet: ``success`` goes out, and should WeChat ask again, the handler runs again.

    Any other outcome, None among them, is final: a later attempt at the same update is answered alike.
    """


Reply = Text | Image | Voice | Video | Music | News | TransferCustomerService | Later


def render(reply: Reply, *, to: str, sender: str, created: int) -> str:
    """The passive reply's XML: ``to`` a person's openid, ``sender`` our original id, ``created`` in seconds."""
    kind, body = _body(reply)
    head: _Tree = [("ToUserName", to), ("FromUserName", sender), ("CreateTime", created), ("MsgType", kind)]
    return _xml([("xml", head + body)])


def _body(reply: Reply) -> tuple[str, _Tree]:
    match reply:
        case Text(content):
            return "text", [("Content", _fitting(_clean(content)))]
        case Image(media_id):
            return "image", [("Image", [("MediaId", media_id)])]
        case Voice(media_id):
            return "voice", [("Voice", [("MediaId", media_id)])]
        case Video(media_id, title, description):
            return "video", [("Video", [("MediaId", media_id), ("Title", title), ("Description", description)])]
        case Music(title, description, url, hq_url, thumb):
            music: _Tree = [("Title", title), ("Description", description), ("MusicUrl", url), ("HQMusicUrl", hq_url)]
            return "music", [("Music", [*music, ("ThumbMediaId", thumb)])]
        case News(title, description, picture_url, url):
            article: _Tree = [("Title", title), ("Description", description), ("PicUrl", picture_url), ("Url", url)]
            return "news", [("ArticleCount", 1), ("Articles", [("item", article)])]
        case TransferCustomerService(account):
            transfer: _Tree = [("TransInfo", [("KfAccount", account)])] if account else []
            return "transfer_customer_service", transfer
    raise TypeError(f"{type(reply).__name__} is not a reply")


def _fitting(text: str) -> str:
    """At most :data:`TEXT_BYTES`, cut between characters and never inside a link."""
    raw = text.encode()
    if len(raw) <= TEXT_BYTES:
        return text
    log.warning("a reply of %d bytes was cut to %d", len(raw), TEXT_BYTES)
    kept = raw[: TEXT_BYTES - len("…".encode())].decode(errors="ignore")
    link = kept.rfind("<a ")
    if link > kept.rfind("</a>"):
        kept = kept[:link]
    return f"{kept.rstrip()}…"


def _clean(text: str) -> str:
    """Without what XML cannot carry: one such character, and WeChat shows the fault notice instead of the reply."""
    return _NOT_XML.sub("", text)


def _xml(tree: _Tree) -> str:
    parts = []
    for name, value in tree:
        if isinstance(value, list):
            inner = _xml(value)
        elif isinstance(value, int):
            inner = str(value)
        else:
            inner = f"<![CDATA[{_clean(value).replace(']]>', ']]]]><![CDATA[>')}]]>"
        parts.append(f"<{name}>{inner}</{name}>")
    return "".join(parts)
