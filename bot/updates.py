"""What WeChat pushes, as plain typed data: one frozen dataclass per message and event.

Handlers see these and never a body. Whatever is not known here, or lacks a field it cannot do without, becomes
:class:`Unknown` with all it came with; only a body that is no update at all is refused.
"""

import hashlib
import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar

from wechatpy.parser import parse_message

from bot.refusal import CallbackRefused, Reason

SYMBOLOGIES = frozenset(
    {"AZTEC", "CODABAR", "CODE_25", "CODE_39", "CODE_93", "CODE_128", "DATA_MATRIX", "EAN_8", "EAN_13", "ITF"}
    | {"MAXICODE", "PDF_417", "QR_CODE", "RSS_14", "RSS_EXPANDED", "UPC_A", "UPC_E", "UPC_EAN_EXTENSION"}
)
"""Names that WeChat puts, with a comma, before the text of a scanned bar code."""


LONGEST_TEXT = 20_000
LONGEST = {
    "ToUserName": 64,
    "FromUserName": 64,
    "MsgType": 64,
    "Event": 64,
    "MediaId": 200,
    "PicUrl": 1000,
    "TemplateId": 64,
    "MsgID": 40,
}
"""Characters that a field may have; WeChat's own are far shorter, and what is longer is not from WeChat."""
TELLING_PARTS = ("ScanCodeInfo", "SendLocationInfo", "SendPicsInfo")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""What no database takes: NUL, and halves of characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """What every update has.

    ``to_user`` is the account's original id (gh_…), ``dedupe`` the same for every attempt at one update and safe to
    log. ``openid`` is left out of the representation, so that no log shows it by accident.
    """

    answerable: ClassVar[bool] = False
    """A person did this and looks at the chat: an answer is expected, or welcome."""

    to_user: str
    openid: str = field(repr=False)
    created: datetime
    """Aware, UTC; WeChat tells whole seconds."""
    dedupe: str

    @property
    def log_name(self) -> str:
        """For logs: the kind and the key, nothing of the person."""
        return f"{type(self).__name__} {self.dedupe}"


# Messages


@dataclass(frozen=True, slots=True)
class Text(Update):
    """文本消息; ``menu_id`` is set where the person tapped an option of a 菜单消息 (msgmenu) instead of typing."""

    answerable = True
    content: str = field(repr=False)
    menu_id: str | None = None


@dataclass(frozen=True, slots=True)
class Image(Update):
    """图片消息: by URL without a token, or for three days by media id; either may be empty, never both."""

    answerable = True
    pic_url: str = field(repr=False)
    media_id: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Voice(Update):
    """语音消息; ``recognition`` only where the account has speech recognition."""

    answerable = True
    media_id: str = field(repr=False)
    format: str
    recognition: str | None = field(default=None, repr=False)
    media_id_16k: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Video(Update):
    """视频消息, 小视频消息 (``short``)."""

    answerable = True
    media_id: str = field(repr=False)
    thumb_media_id: str = field(repr=False)
    short: bool


@dataclass(frozen=True, slots=True)
class Location(Update):
    """地理位置消息: a place the person picked; degrees."""

    answerable = True
    latitude: float = field(repr=False)
    longitude: float = field(repr=False)
    scale: int
    label: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Link(Update):
    """链接消息."""

    answerable = True
    title: str
    description: str
    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class File(Update):
    """文件消息: WeChat announces the file but does not let us fetch it. ``size`` in bytes."""

    answerable = True
    title: str
    file_key: str = field(repr=False)
    md5: str
    size: int


@dataclass(frozen=True, slots=True)
class MiniProgramPage(Update):
    """小程序卡片消息."""

    answerable = True
    title: str
    app_id: str
    page_path: str
    thumb_url: str = field(repr=False)
    thumb_media_id: str = field(repr=False)


# Following, menus, codes


@dataclass(frozen=True, slots=True)
class Subscribe(Update):
    """关注; with ``scene`` (without its ``qrscene_``) and ``ticket`` where a parametric QR code led here."""

    answerable = True
    scene: str | None = None
    ticket: str | None = None


@dataclass(frozen=True, slots=True)
class Unsubscribe(Update):
    """取消关注: delete the person's data, answer nothing."""


@dataclass(frozen=True, slots=True)
class Scan(Update):
    """A follower scanned a parametric QR code."""

    answerable = True
    scene: str
    ticket: str | None = None


@dataclass(frozen=True, slots=True)
class LocationReport(Update):
    """上报地理位置, by the client itself; degrees, ``precision`` in metres."""

    latitude: float = field(repr=False)
    longitude: float = field(repr=False)
    precision: float


@dataclass(frozen=True, slots=True)
class Click(Update):
    """A menu entry of type click."""

    answerable = True
    key: str


@dataclass(frozen=True, slots=True)
class View(Update):
    """A menu entry that opens a page."""

    url: str
    menu_id: str | None = None


@dataclass(frozen=True, slots=True)
class ViewMiniProgram(Update):
    """A menu entry that opens the mini-program."""

    page_path: str
    menu_id: str | None = None


@dataclass(frozen=True, slots=True)
class ScanCode(Update):
    """A code scanned from the menu.

    ``scan_type`` is ``qrcode`` or ``barcode``. ``result`` is the code's text, ``symbology`` what WeChat wrote before it
    (EAN_13, CODE_128 …). ``waits``: the person sees 接收中 (scancode_waitmsg) and needs an answer.
    """

    answerable = True
    key: str
    scan_type: str
    result: str
    symbology: str | None
    waits: bool


@dataclass(frozen=True, slots=True)
class PicturesAnnounced(Update):
    """Pictures picked from the menu (``source``: sysphoto, photo_or_album, weixin); each comes as an :class:`Image`."""

    key: str
    count: int
    source: str


@dataclass(frozen=True, slots=True)
class LocationSelected(Update):
    """A place picked from the menu; degrees."""

    key: str
    latitude: float = field(repr=False)
    longitude: float = field(repr=False)
    scale: int
    label: str = field(repr=False)
    poi_name: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class EnterTempSession(Update):
    """The person opened the mini-program's customer-service chat."""

    session_from: str


# What became of messages and consents


@dataclass(frozen=True, slots=True)
class TemplateSent(Update):
    """TEMPLATESENDJOBFINISH; ``status`` is ``success``, ``failed:user block`` or ``failed: system failed``."""

    msg_id: str
    status: str

    @property
    def delivered(self) -> bool:
        """It reached the person."""
        return self.status == "success"


@dataclass(frozen=True, slots=True)
class SubscribeDecision:
    """One template a person decided on; ``scene``: 1 H5 page, 2 article, 0 mini-program page."""

    template_id: str
    accepted: bool
    scene: str | None = None


@dataclass(frozen=True, slots=True)
class SubscribePopup(Update):
    """订阅通知: decisions in the pop-up."""

    decisions: tuple[SubscribeDecision, ...]


@dataclass(frozen=True, slots=True)
class SubscribeChanged(Update):
    """订阅通知: decisions changed in the settings; only refusals are pushed."""

    decisions: tuple[SubscribeDecision, ...]


@dataclass(frozen=True, slots=True)
class SubscribeDelivery:
    """What became of one subscription message."""

    template_id: str
    msg_id: str
    error_code: str
    error_status: str

    @property
    def delivered(self) -> bool:
        """It reached the person."""
        return self.error_code == "0"


@dataclass(frozen=True, slots=True)
class SubscribeSent(Update):
    """订阅通知: sent, or not."""

    deliveries: tuple[SubscribeDelivery, ...]


@dataclass(frozen=True, slots=True)
class MassSendFinished(Update):
    """群发 finished; numbers of people."""

    msg_id: str
    status: str
    total: int
    sent: int
    failed: int


@dataclass(frozen=True, slots=True)
class ArticlePublished(Update):
    """发布 finished; ``status`` 0 is success."""

    publish_id: str
    status: int
    article_id: str | None


# The person's rights, the account's state


@dataclass(frozen=True, slots=True)
class AuthorizationRevoked(Update):
    """授权撤回: ``subject`` took back what ``scopes`` number; delete what was got by it."""

    subject: str = field(repr=False)
    app_id: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AuthorizationCancelled(Update):
    """``subject`` closed the WeChat account: delete everything."""

    subject: str = field(repr=False)
    app_id: str


@dataclass(frozen=True, slots=True)
class UserInfoModified(Update):
    """``subject`` changed the profile that was authorized; ``scopes`` number what."""

    subject: str = field(repr=False)
    app_id: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CustomerServiceSession(Update):
    """人工客服: a session was created, closed or switched (``change``); ``account`` has it now or had it last."""

    change: str
    account: str


@dataclass(frozen=True, slots=True)
class AccountVerification(Update):
    """微信认证 of the account: ``event`` as WeChat names it, ``until`` where a date is given, or why it failed."""

    event: str
    until: datetime | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class MediaChecked(Update):
    """内容安全 (wxa_media_check, version 2): ``suggest`` is pass, review or risky; None where the check failed."""

    app_id: str
    trace_id: str
    version: int
    suggest: str | None
    category: int | None
    """WeChat's label: 100 is fine, 20001 politics, 20002 pornography …"""
    error_code: int


@dataclass(frozen=True, slots=True)
class Unknown(Update):
    """Anything else, stickers among it, with every field as it came. ``event`` is empty for a message."""

    msg_type: str
    event: str
    raw: dict[str, Any] = field(repr=False)

    @property
    def is_message(self) -> bool:
        """A person sent it, as against an event."""
        return self.msg_type != "event"


# From body to update


def parse(body: bytes | dict[str, Any]) -> Update:
    """The update in a decrypted body, XML or JSON (told apart by the first character), or in its fields.

    Raises :class:`CallbackRefused` where there is no update in it: no fields, nobody it is from, no time.
    """
    raw = body if isinstance(body, dict) else _from_json(body) if is_json(body) else _from_xml(body)
    fields = _Fields(raw)
    whole = body if isinstance(body, bytes) else json.dumps(body, default=str, sort_keys=True).encode()
    try:
        to_user, openid, second = fields.text("ToUserName"), fields.text("FromUserName"), fields.whole("CreateTime")
        msg_type, event = fields.text("MsgType", "").lower(), fields.text("Event", "").lower()
        common: dict[str, Any] = {
            "to_user": to_user,
            "openid": openid,
            "created": datetime.fromtimestamp(second, UTC),
            "dedupe": _dedupe(fields, to_user, openid, second, msg_type, event, whole),
        }
    except (_Unfit, ValueError, OverflowError, OSError):
        raise CallbackRefused(Reason.MALFORMED) from None
    reader = (_EVENTS.get(event) if msg_type == "event" else _MESSAGES.get(msg_type)) or _unknown
    try:
        return reader(fields, common)
    except _Unfit:
        return _unknown(fields, common)


def is_json(body: bytes) -> bool:
    """Whether a body is JSON: by itself, since its content type is not always told right."""
    return body.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{")


def split_symbology(result: str) -> tuple[str | None, str]:
    """``EAN_13,6911316223400`` → (EAN_13, 6911316223400); a text that merely has a comma stays whole."""
    head, comma, rest = result.partition(",")
    return (head, rest) if comma and head in SYMBOLOGIES else (None, result)


def _from_xml(body: bytes) -> dict[str, Any]:
    try:
        # wechatpy (xmltodict below it) reads XML with entities switched off; its message classes know neither JSON
        # nor the newer events, so that only its field dictionary is taken.
        raw = parse_message(body)._data
    except Exception:  # a hostile body raises anything there: ExpatError, TypeError, KeyError …
        raise CallbackRefused(Reason.MALFORMED) from None
    return _mapping(raw)


def _from_json(body: bytes) -> dict[str, Any]:
    try:
        raw = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise CallbackRefused(Reason.MALFORMED) from None
    return _mapping(raw)


def _mapping(raw: object) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise CallbackRefused(Reason.MALFORMED)
    return raw


class _Unfit(Exception):
    """A field is absent or not of the shape it must have."""


class _Fields:
    """The fields of a body, each read as what it must be; else :class:`_Unfit`."""

    def __init__(self, raw: dict[str, Any]) -> None:
        self.raw = raw

    def text(self, name: str, default: str | None = None) -> str:
        """A text or number as text; an empty element counts as absent."""
        value = self.raw.get(name)
        if isinstance(value, (str, int, float)) and not isinstance(value, bool) and value != "":
            try:
                text = str(value)
            except ValueError:  # an integer of thousands of digits
                raise _Unfit(name) from None
            if len(text) > LONGEST.get(name, LONGEST_TEXT) or _UNSTORABLE.search(text):
                raise _Unfit(name)
            return text
        if default is None:
            raise _Unfit(name)
        return default

    def maybe(self, name: str) -> str | None:
        return self.text(name, "") or None

    def whole(self, name: str, default: int | None = None) -> int:
        try:
            return int(self.text(name, None if default is None else str(default)))
        except ValueError:
            raise _Unfit(name) from None

    def number(self, name: str) -> float:
        try:
            value = float(self.text(name))
        except ValueError:
            raise _Unfit(name) from None
        if not math.isfinite(value):
            raise _Unfit(name)
        return value

    def moment(self, name: str) -> datetime | None:
        try:
            return datetime.fromtimestamp(self.whole(name), UTC)
        except (_Unfit, ValueError, OverflowError, OSError):
            return None

    def part(self, name: str) -> "_Fields":
        value = self.raw.get(name)
        if not isinstance(value, dict):
            raise _Unfit(name)
        return _Fields(value)

    def list(self, wrapper: str) -> list["_Fields"]:
        """The items of ``List``: inside ``wrapper`` in XML, at top level in JSON; one item may come without a list."""
        holder = self.raw.get(wrapper, self.raw)
        items = holder.get("List") if isinstance(holder, dict) else None
        items = items if isinstance(items, list) else [items]
        if not all(isinstance(item, dict) for item in items):
            raise _Unfit(wrapper)
        return [_Fields(item) for item in items]

    def scopes(self) -> tuple[str, ...]:
        return tuple(part.strip() for part in self.text("RevokeInfo", "").split(",") if part.strip())


def _dedupe(fields: _Fields, to_user: str, openid: str, second: int, msg_type: str, event: str, body: bytes) -> str:
    """The key of one update.

    Neither of WeChat's own rules is enough: MsgId collides between people under load, and two events of one person may
    share their second; so all that tells two updates apart goes in. Hashed whole, since an openid is in it.
    """
    if message := fields.text("MsgId", ""):
        kind, parts = "m", [message]
    elif msg_type == "event":
        kind, parts = "e", [event, *(fields.text(name, "") for name in ("EventKey", "MsgID", "trace_id"))]
        parts += [_list_marks(fields)]
        # What a scan, a picked place or picked pictures say: a busy hand scans several codes in one second.
        parts += [json.dumps(fields.raw.get(name), sort_keys=True, default=str) for name in TELLING_PARTS]
    else:
        kind, parts = "b", [hashlib.sha1(body, usedforsecurity=False).hexdigest()]
    whole = "\0".join([to_user, openid, str(second), *parts])
    return f"{kind}:{hashlib.sha256(whole.encode('utf-8', 'backslashreplace')).hexdigest()[:40]}"


def _list_marks(fields: _Fields) -> str:
    """What tells two subscription events of one second apart."""
    wrapper = next((name for name in fields.raw if name.startswith("SubscribeMsg")), "")
    try:
        names = ("TemplateId", "MsgID", "SubscribeStatusString")
        return ",".join("".join(item.text(name, "") for name in names) for item in fields.list(wrapper))
    except _Unfit:
        return ""


_Reader = Callable[[_Fields, dict[str, Any]], Update]


def _unknown(fields: _Fields, common: dict[str, Any]) -> Update:
    return Unknown(fields.text("MsgType", "").lower(), fields.text("Event", "").lower(), fields.raw, **common)


def _image(fields: _Fields, common: dict[str, Any]) -> Update:
    pic_url, media_id = fields.text("PicUrl", ""), fields.text("MediaId", "")
    if not pic_url and not media_id:
        raise _Unfit("PicUrl")
    return Image(pic_url, media_id, **common)


def _video(short: bool) -> _Reader:
    return lambda f, c: Video(f.text("MediaId"), f.text("ThumbMediaId", ""), short, **c)


def _subscribe(fields: _Fields, common: dict[str, Any]) -> Update:
    scene = fields.text("EventKey", "").removeprefix("qrscene_")
    return Subscribe(scene or None, fields.maybe("Ticket"), **common)


def _scan_code(waits: bool) -> _Reader:
    def read(fields: _Fields, common: dict[str, Any]) -> Update:
        info = fields.part("ScanCodeInfo")
        symbology, result = split_symbology(info.text("ScanResult", ""))
        return ScanCode(fields.text("EventKey", ""), info.text("ScanType", ""), result, symbology, waits, **common)

    return read


def _pictures(source: str) -> _Reader:
    return lambda f, c: PicturesAnnounced(f.text("EventKey", ""), f.part("SendPicsInfo").whole("Count", 0), source, **c)


def _location_selected(fields: _Fields, common: dict[str, Any]) -> Update:
    info = fields.part("SendLocationInfo")
    return LocationSelected(
        fields.text("EventKey", ""),
        info.number("Location_X"),
        info.number("Location_Y"),
        info.whole("Scale", 0),
        info.text("Label", ""),
        info.text("Poiname", ""),
        **common,
    )


def _decisions(fields: _Fields, wrapper: str) -> tuple[SubscribeDecision, ...]:
    return tuple(
        SubscribeDecision(
            item.text("TemplateId"), item.text("SubscribeStatusString") == "accept", item.maybe("PopupScene")
        )
        for item in fields.list(wrapper)
    )


def _deliveries(fields: _Fields) -> tuple[SubscribeDelivery, ...]:
    return tuple(
        SubscribeDelivery(
            item.text("TemplateId"), item.text("MsgID"), item.text("ErrorCode"), item.text("ErrorStatus", "")
        )
        for item in fields.list("SubscribeMsgSentEvent")
    )


def _article_published(fields: _Fields, common: dict[str, Any]) -> Update:
    info = fields.part("PublishEventInfo")
    return ArticlePublished(info.text("publish_id"), info.whole("publish_status"), info.maybe("article_id"), **common)


def _session(change: str, account: str) -> _Reader:
    return lambda f, c: CustomerServiceSession(change, f.text(account), **c)


def _verification(fields: _Fields, common: dict[str, Any]) -> Update:
    return AccountVerification(
        fields.text("Event").lower(), fields.moment("ExpiredTime"), fields.maybe("FailReason"), **common
    )


def _media_checked(fields: _Fields, common: dict[str, Any]) -> Update:
    result = _Fields(fields.raw["result"] if isinstance(fields.raw.get("result"), dict) else {})
    return MediaChecked(
        fields.text("appid"),
        fields.text("trace_id"),
        fields.whole("version", 1),
        result.maybe("suggest"),
        result.whole("label") if result.maybe("label") else None,
        fields.whole("errcode", 0),
        **common,
    )


_MESSAGES: dict[str, _Reader] = {
    "text": lambda f, c: Text(f.text("Content", ""), f.maybe("bizmsgmenuid"), **c),
    "image": _image,
    "voice": lambda f, c: Voice(
        f.text("MediaId"), f.text("Format", ""), f.maybe("Recognition"), f.maybe("MediaId16K"), **c
    ),
    "video": _video(short=False),
    "shortvideo": _video(short=True),
    "location": lambda f, c: Location(
        f.number("Location_X"), f.number("Location_Y"), f.whole("Scale", 0), f.text("Label", ""), **c
    ),
    "link": lambda f, c: Link(f.text("Title", ""), f.text("Description", ""), f.text("Url"), **c),
    "file": lambda f, c: File(
        f.text("Title", ""), f.text("FileKey", ""), f.text("FileMd5", ""), f.whole("FileTotalLen", 0), **c
    ),
    "miniprogrampage": lambda f, c: MiniProgramPage(
        f.text("Title", ""),
        f.text("AppId", ""),
        f.text("PagePath", ""),
        f.text("ThumbUrl", ""),
        f.text("ThumbMediaId", ""),
        **c,
    ),
}

_EVENTS: dict[str, _Reader] = {
    "subscribe": _subscribe,
    "subscribe_scan": _subscribe,  # wechatpy's name for one that came by a QR code
    "unsubscribe": lambda f, c: Unsubscribe(**c),
    "scan": lambda f, c: Scan(f.text("EventKey"), f.maybe("Ticket"), **c),
    "location": lambda f, c: LocationReport(f.number("Latitude"), f.number("Longitude"), f.number("Precision"), **c),
    "click": lambda f, c: Click(f.text("EventKey"), **c),
    "view": lambda f, c: View(f.text("EventKey", ""), f.maybe("MenuId"), **c),
    "view_miniprogram": lambda f, c: ViewMiniProgram(f.text("EventKey", ""), f.maybe("MenuId"), **c),
    "scancode_push": _scan_code(waits=False),
    "scancode_waitmsg": _scan_code(waits=True),
    "pic_sysphoto": _pictures("sysphoto"),
    "pic_photo_or_album": _pictures("photo_or_album"),
    "pic_weixin": _pictures("weixin"),
    "location_select": _location_selected,
    "user_enter_tempsession": lambda f, c: EnterTempSession(f.text("SessionFrom", ""), **c),
    "templatesendjobfinish": lambda f, c: TemplateSent(f.text("MsgID"), f.text("Status"), **c),
    "subscribe_msg_popup_event": lambda f, c: SubscribePopup(_decisions(f, "SubscribeMsgPopupEvent"), **c),
    "subscribe_msg_change_event": lambda f, c: SubscribeChanged(_decisions(f, "SubscribeMsgChangeEvent"), **c),
    "subscribe_msg_sent_event": lambda f, c: SubscribeSent(_deliveries(f), **c),
    "masssendjobfinish": lambda f, c: MassSendFinished(
        f.text("MsgID"),
        f.text("Status"),
        f.whole("TotalCount", 0),
        f.whole("SentCount", 0),
        f.whole("ErrorCount", 0),
        **c,
    ),
    "freepublishjobfinish": _article_published,
    "user_authorization_revoke": lambda f, c: AuthorizationRevoked(
        f.text("OpenID"), f.text("AppID", ""), f.scopes(), **c
    ),
    "user_authorization_cancellation": lambda f, c: AuthorizationCancelled(f.text("OpenID"), f.text("AppID", ""), **c),
    "user_info_modified": lambda f, c: UserInfoModified(f.text("OpenID"), f.text("AppID", ""), f.scopes(), **c),
    "kf_create_session": _session("created", "KfAccount"),
    "kf_close_session": _session("closed", "KfAccount"),
    "kf_switch_session": _session("switched", "ToKfAccount"),
    "qualification_verify_success": _verification,
    "qualification_verify_fail": _verification,
    "naming_verify_success": _verification,
    "naming_verify_fail": _verification,
    "annual_renew": _verification,
    "verify_expired": _verification,
    "wxa_media_check": _media_checked,
}
