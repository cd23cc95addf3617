"""From a form to an act: every message and event type, with defaults where a person would not type them."""

import asyncio
import base64
import hashlib
import secrets
from collections.abc import Awaitable, Callable

from simulator import messages, pictures
from simulator.acts import Act
from simulator.forms import BadForm, Form, json_list
from simulator.ledger import Trigger
from simulator.media import Medium
from simulator.messages import Body
from simulator.people import Person
from simulator.world import World

#: What WeChat pushes in place of a sticker or anything else it does not pass on.
UNSUPPORTED = "【收到不支持的消息类型，暂无法显示】"
# One silent frame of AMR narrow-band, ten times: a fifth of a second.
_SILENCE = b"#!AMR\n" + (b"\x3c" + bytes(31)) * 10
_FILM = base64.b64decode("AAAAGGZ0eXBpc29tAAACAGlzb21tcDQyAAAACGZyZWU=")

#: Events a person does not wait for: no notice is shown where the account fails on them.
_UNNOTICED = frozenset({"LOCATION", "VIEW", "view_miniprogram", "TEMPLATESENDJOBFINISH", "MASSSENDJOBFINISH"})


async def compose(world: World, person: Person, form: Form) -> Act:
    """The act that ``form`` describes; :class:`BadForm` says what it lacks."""
    kind = form.need("type")
    if kind == "event":
        return _event(world, person, form)
    if kind == "sticker":
        body = messages.message(world.account, person.openid, "text", messages.text(UNSUPPORTED))
        return Act(body, Trigger.MESSAGE, {"content": "［表情］"})
    if kind not in _MAKERS:
        raise BadForm(f"不认识的消息类型：{kind}")
    own, shown = await _MAKERS[kind](world, form)
    body = messages.message(world.account, person.openid, kind, own)
    # Tapping an option of a msgmenu counts as the menu, though it arrives as a text.
    trigger = Trigger.MENU if "bizmsgmenuid" in own else Trigger.MESSAGE
    return Act(body | form.extra(), trigger, shown, as_json=form.get("format") == "json")


async def _text(_: World, form: Form) -> tuple[Body, Body]:
    content = form.need("content")
    return messages.text(content, form.get("menu_id")), {"content": content}


async def _image(world: World, form: Form) -> tuple[Body, Body]:
    medium = world.media.add("image", await _photo(form))
    url = world.media.url(medium)
    return messages.image(url, medium.media_id), _shown(world, medium)


async def _voice(world: World, form: Form) -> tuple[Body, Body]:
    medium = world.media.add("voice", form.file or _SILENCE)
    shown = {**_shown(world, medium), "seconds": form.number("seconds", 1)}
    return messages.voice(medium.media_id, form.get("voice_format", "amr")), shown


async def _video(world: World, form: Form) -> tuple[Body, Body]:
    medium = world.media.add("video", form.file or _FILM)
    thumb = world.media.add("thumb", pictures.thumbnail())
    return messages.video(medium.media_id, thumb.media_id), {
        **_shown(world, medium),
        "thumb_url": world.media.url(thumb),
    }


async def _location(_: World, form: Form) -> tuple[Body, Body]:
    latitude, longitude = form.number("latitude", 39.915119), form.number("longitude", 116.403963)
    label = form.get("label", form.get("content", "北京市东城区（样例地址）"))
    own = messages.location(latitude, longitude, int(form.number("scale", 16)), label)
    return own, {"content": label, "latitude": latitude, "longitude": longitude}


async def _link(_: World, form: Form) -> tuple[Body, Body]:
    title, url = form.get("title", "链接"), form.get("url", form.get("content"))
    if not url:
        raise BadForm("缺少参数 url")
    own = messages.link(title, form.get("description"), url)
    return own, {"title": title, "description": form.get("description"), "url": url}


async def _file(_: World, form: Form) -> tuple[Body, Body]:
    data, title = form.file or b"", form.get("title", form.filename or "文件.pdf")
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    return messages.file(title, secrets.token_hex(32), md5, len(data)), {"title": title, "size": len(data)}


async def _mini_program_page(world: World, form: Form) -> tuple[Body, Body]:
    thumb = world.media.add("thumb", pictures.thumbnail())
    title, path = form.get("title", "小程序页面"), form.get("path", "pages/index/index")
    app_id = form.get("app_id", world.app_id)
    own = messages.mini_program_page(title, app_id, path, world.media.url(thumb), thumb.media_id)
    return own, {"title": title, "path": path, "thumb_url": world.media.url(thumb)}


_MAKERS: dict[str, Callable[[World, Form], Awaitable[tuple[Body, Body]]]] = {
    "text": _text,
    "image": _image,
    "voice": _voice,
    "video": _video,
    "shortvideo": _video,
    "location": _location,
    "link": _link,
    "file": _file,
    "miniprogrampage": _mini_program_page,
}


def _event(world: World, person: Person, form: Form) -> Act:
    name = form.need("event")
    own = {**_event_fields(name, form), **form.extra()}
    trigger = Trigger.MENU if name == "CLICK" or name in messages.SCAN_EVENTS else None
    noticed = name not in _UNNOTICED and name not in messages.WRAPPERS
    body = messages.event(world.account, person.openid, name, own)
    return Act(body, trigger, noticed=noticed, as_json=form.get("format") == "json")


def _event_fields(name: str, form: Form) -> Body:
    key = {"EventKey": form.get("key")}
    if name == "LOCATION":
        return {
            "Latitude": form.number("latitude", 39.915119),
            "Longitude": form.number("longitude", 116.403963),
            "Precision": form.number("precision", 65),
        }
    if name in {"VIEW", "view_miniprogram"}:
        return {**key, "MenuId": int(form.number("menu_id", 417827631))}
    if name in messages.SCAN_EVENTS:
        return {**key, **messages.scan_info(form.need("content"), form.get("symbology"))}
    if name in messages.PICTURE_EVENTS:
        count = int(form.number("count", 1))
        return {**key, **messages.pictures_info([secrets.token_hex(16) for _ in range(count)])}
    if name == "location_select":
        place = form.get("label", "北京市东城区（样例地址）")
        latitude, longitude = form.get("latitude", "39.915119"), form.get("longitude", "116.403963")
        return {**key, **messages.location_info(latitude, longitude, form.get("scale", "16"), place)}
    if name in messages.WRAPPERS:
        return messages.subscription_info(name, json_list(form.need("items")))
    if name == "TEMPLATESENDJOBFINISH":
        return {"MsgID": messages.new_message_id(), "Status": form.get("status", "success")}
    return key if form.get("key") else {}


async def _photo(form: Form) -> bytes:
    if not form.file:
        raise BadForm("缺少图片 file")
    try:
        # Always opened, even when its bytes are kept: a phone only sends what it can show.
        small = await asyncio.to_thread(pictures.chat_jpeg, form.file)
    except pictures.NotAPicture as error:
        raise BadForm(str(error)) from error
    return form.file if form.flag("original") else small


def _shown(world: World, medium: Medium) -> Body:
    return {"media_id": medium.media_id, "media_url": world.media.url(medium)}
