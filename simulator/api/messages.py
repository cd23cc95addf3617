"""``/cgi-bin/message/custom/send`` and ``/typing``: customer-service messages under the credit ledger."""

import time
from collections.abc import Callable
from typing import Any

from simulator.api.call import OK, POST, Call, Endpoint
from simulator.errors import ApiError
from simulator.people import TYPING_SECONDS, Direction
from simulator.world import World

TEXT_BYTES = 2048
TITLE_BYTES = 512
_TYPING_AFTER = 30.0

Fields = dict[str, Any]


async def send(call: Call) -> Fields:
    """Check the message, count it, then show it. Nothing is shown twice or dropped: each call is a message."""
    body = await call.json()
    person = call.person(body.get("touser"))
    kind = body.get("msgtype")
    if kind in _UNSUPPORTED:
        raise ApiError(48001, f"(not supported by this simulator: {kind})")
    if not isinstance(kind, str) or kind not in _READERS:
        raise ApiError(40008)
    own = body.get(kind)
    if not isinstance(own, dict):
        raise ApiError(47001)
    shown = _READERS[kind](call.world, own)
    if person.blocks:
        raise ApiError(48002)
    person.ledger.spend()
    person.typing_until = 0
    call.world.people.write(person, Direction.ACCOUNT, kind, {**shown, "via": "custom"})
    return OK


async def typing(call: Call) -> Fields:
    """“对方正在输入”: only within 30 s of a message, and not while it already shows."""
    body = await call.json()
    person, command, now = call.person(body.get("touser")), body.get("command"), time.time()
    if command == "CancelTyping":
        person.typing_until = 0
        return OK
    if command != "Typing":
        raise ApiError(45072)
    if now - person.last_message > _TYPING_AFTER:
        raise ApiError(45080)
    if person.typing_until > now:
        raise ApiError(45081)
    person.typing_until = now + TYPING_SECONDS
    return OK


def _text(_: World, own: Fields) -> Fields:
    return {"content": _string(own, "content", TEXT_BYTES)}


def _image(world: World, own: Fields) -> Fields:
    return _medium(world, own, "media_id", "image")


def _voice(world: World, own: Fields) -> Fields:
    return _medium(world, own, "media_id", "voice")


def _video(world: World, own: Fields) -> Fields:
    if own.get("thumb_media_id"):
        _medium(world, own, "thumb_media_id", "image", "thumb")
    title, description = own.get("title", ""), own.get("description", "")
    return {**_medium(world, own, "media_id", "video"), "title": title, "description": description}


def _music(world: World, own: Fields) -> Fields:
    _medium(world, own, "thumb_media_id", "image", "thumb")
    return {"title": own.get("title", ""), "description": own.get("description", ""), "url": own.get("musicurl", "")}


def _news(_: World, own: Fields) -> Fields:
    articles = own.get("articles")
    if not isinstance(articles, list) or len(articles) != 1 or not isinstance(articles[0], dict):
        raise ApiError(45008)
    article = articles[0]
    title = _string(article, "title", TITLE_BYTES, too_long=45003)
    return {
        "articles": [
            {
                "title": title,
                "description": article.get("description", ""),
                "url": article.get("url", ""),
                "picurl": article.get("picurl", ""),
            }
        ]
    }


def _msgmenu(_: World, own: Fields) -> Fields:
    options = own.get("list")
    if not isinstance(options, list) or not options:
        raise ApiError(40035)
    if any(not isinstance(option, dict) or not option.get("content") for option in options):
        raise ApiError(40035)
    return {
        "head": own.get("head_content", ""),
        "options": [{"id": str(option.get("id", "")), "content": str(option["content"])} for option in options],
        "tail": own.get("tail_content", ""),
    }


def _mini_program_page(world: World, own: Fields) -> Fields:
    if not own.get("appid") or not own.get("pagepath"):
        raise ApiError(40035)
    thumb = _medium(world, own, "thumb_media_id", "image", "thumb")
    title = _string(own, "title", TITLE_BYTES, too_long=45003)
    return {"title": title, "path": own["pagepath"], "thumb_url": thumb["media_url"]}


_READERS: dict[str, Callable[[World, Fields], Fields]] = {
    "text": _text,
    "image": _image,
    "voice": _voice,
    "video": _video,
    "music": _music,
    "news": _news,
    "msgmenu": _msgmenu,
    "miniprogrampage": _mini_program_page,
}
_UNSUPPORTED = {"mpnews", "mpnewsarticle", "wxcard"}


def _string(own: Fields, name: str, limit: int, *, too_long: int = 45002) -> str:
    value = own.get(name)
    if not isinstance(value, str) or not value:
        raise ApiError(44004)
    if len(value.encode()) > limit:
        raise ApiError(too_long)
    return value


def _medium(world: World, own: Fields, name: str, *kinds: str) -> Fields:
    medium = world.media.get(str(own.get(name, "")))
    if medium is None or medium.type not in kinds:
        raise ApiError(40007)
    return {"media_id": medium.media_id, "media_url": world.media.url(medium)}


ENDPOINTS = {
    "/cgi-bin/message/custom/send": Endpoint(send, POST, daily=500_000),
    "/cgi-bin/message/custom/typing": Endpoint(typing, POST),
}
