"""The plaintext bodies of callbacks: every message and event a service account receives, as XML or JSON.

A body is a dict in wire order; str becomes CDATA, int and float stay bare, dict nests, list repeats its element.
"""

import itertools
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

Body = dict[str, Any]

# Characters XML 1.0 has no way to write; WeChat's own client cannot send them either.
_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_serial = itertools.count()

#: The XML wrapper of the subscription events, which the JSON form does not have.
WRAPPERS = {
    "subscribe_msg_popup_event": "SubscribeMsgPopupEvent",
    "subscribe_msg_change_event": "SubscribeMsgChangeEvent",
    "subscribe_msg_sent_event": "SubscribeMsgSentEvent",
}

#: What menu buttons of these types send, and those that open a menu credit.
PICTURE_EVENTS = frozenset({"pic_sysphoto", "pic_photo_or_album", "pic_weixin"})
SCAN_EVENTS = frozenset({"scancode_push", "scancode_waitmsg"})


def new_message_id() -> int:
    """A 64-bit MsgId: milliseconds above, a running number below."""
    return int(time.time() * 1000) << 20 | next(_serial) & 0xFFFFF


def common(account: str, openid: str, kind: str) -> Body:
    """The head of every body; CreateTime is real time, whatever the business clock says."""
    return {"ToUserName": account, "FromUserName": openid, "CreateTime": int(time.time()), "MsgType": kind}


def message(account: str, openid: str, kind: str, own: Mapping[str, Any]) -> Body:
    """A message of ``kind`` with its own fields and a fresh MsgId."""
    return {**common(account, openid, kind), **own, "MsgId": new_message_id()}


def event(account: str, openid: str, name: str, own: Mapping[str, Any]) -> Body:
    """An event; it carries no MsgId."""
    return {**common(account, openid, "event"), "Event": name, **own}


def text(content: str, menu_id: str = "") -> Body:
    """``menu_id`` where the person tapped an option of a msgmenu."""
    return {"Content": content, **({"bizmsgmenuid": menu_id} if menu_id else {})}


def image(pic_url: str, media_id: str) -> Body:
    return {"PicUrl": pic_url, "MediaId": media_id}


def voice(media_id: str, wire_format: str = "amr") -> Body:
    return {"MediaId": media_id, "Format": wire_format, "MediaId16K": media_id}


def video(media_id: str, thumb_media_id: str) -> Body:
    """Of ``video`` and ``shortvideo``."""
    return {"MediaId": media_id, "ThumbMediaId": thumb_media_id}


def location(latitude: float, longitude: float, scale: int, label: str) -> Body:
    return {"Location_X": latitude, "Location_Y": longitude, "Scale": scale, "Label": label}


def link(title: str, description: str, url: str) -> Body:
    return {"Title": title, "Description": description, "Url": url}


def file(title: str, key: str, md5: str, size: int) -> Body:
    return {"Title": title, "Description": "", "FileKey": key, "FileMd5": md5, "FileTotalLen": size}


def mini_program_page(title: str, app_id: str, path: str, thumb_url: str, thumb_media_id: str) -> Body:
    return {
        "Title": title,
        "AppId": app_id,
        "PagePath": path,
        "ThumbUrl": thumb_url,
        "ThumbMediaId": thumb_media_id,
    }


def scan_info(result: str, symbology: str = "") -> Body:
    """``symbology`` (``EAN_13``, ``CODE_128`` …) for a bar code: its name goes before the content, with a comma."""
    scanned = {"ScanType": "barcode", "ScanResult": f"{symbology},{result}"}
    return {"ScanCodeInfo": scanned if symbology else {"ScanType": "qrcode", "ScanResult": result}}


def pictures_info(md5s: Sequence[str]) -> Body:
    """The pictures themselves follow as ordinary image messages."""
    return {"SendPicsInfo": {"Count": len(md5s), "PicList": {"item": [{"PicMd5Sum": md5} for md5 in md5s]}}}


def location_info(latitude: str, longitude: str, scale: str, label: str, place: str = "") -> Body:
    return {
        "SendLocationInfo": {
            "Location_X": latitude,
            "Location_Y": longitude,
            "Scale": scale,
            "Label": label,
            "Poiname": place,
        }
    }


def subscription_info(name: str, items: Sequence[Mapping[str, Any]]) -> Body:
    """Of the ``subscribe_msg_…_event`` called ``name``."""
    return {WRAPPERS[name]: {"List": list(items)}}


def to_xml(body: Mapping[str, Any]) -> bytes:
    """The body as WeChat writes it: one line, no declaration."""
    return f"<xml>{_elements(body)}</xml>".encode()


def _elements(body: Mapping[str, Any]) -> str:
    parts = []
    for name, value in body.items():
        parts += [f"<{name}>{_inner(one)}</{name}>" for one in (value if isinstance(value, list) else [value])]
    return "".join(parts)


def _inner(value: object) -> str:
    if isinstance(value, Mapping):
        return _elements(value)
    if isinstance(value, int | float):
        return str(value)
    return f"<![CDATA[{_UNWRITABLE.sub('', str(value)).replace(']]>', ']]]]><![CDATA[>')}]]>"


def to_json_fields(body: Mapping[str, Any]) -> Body:
    """The mini-program's JSON form: subscription events lose their wrapper, and a sole item stands without a list."""
    fields = dict(body)
    wrapper = WRAPPERS.get(str(fields.get("Event")))
    if wrapper and wrapper in fields:
        items = fields.pop(wrapper)["List"]
        fields["List"] = items[0] if len(items) == 1 else items
        fields["CreateTime"] = str(fields["CreateTime"])
    return fields
