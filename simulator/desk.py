"""The simulator's own HTTP API: what tests and the phone in the browser drive people with."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from itertools import islice
from typing import Any
from xml.etree.ElementTree import ParseError

from aiohttp import web
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from simulator import acts, codes
from simulator.acts import Impossible
from simulator.compose import compose
from simulator.forms import BadForm, Form, answer, read_form, refuse
from simulator.people import Person
from simulator.pusher import Delivery, Letter
from simulator.scenes import SceneCode
from simulator.world import WORLD, World

_WAIT_SECONDS = 6.0
_ID_CHARACTERS = 64
_PEOPLE_SHOWN = 30


def add_routes(app: web.Application) -> None:
    """Hang the desk's addresses under ``app``."""
    app.add_routes(
        [
            web.get("/users", list_users),
            web.post("/users/{id}/messages", send_message),
            web.post("/users/{id}/scan", scan_code),
            web.post("/users/{id}/click", click_menu),
            web.post("/users/{id}/login", login),
            web.post("/users/{id}/consents", decide),
            web.post("/users/{id}/blocks", block),
            web.get("/users/{id}/chat", whole_chat),
            web.get("/users/{id}/view", view),
            web.post("/push", push_raw),
            web.post("/verify", verify),
            web.post("/decode", decode),
            web.get("/clock", read_clock),
            web.post("/clock", move_clock),
            web.get("/faults", list_faults),
            web.post("/faults", order_fault),
            web.delete("/faults", clear_faults),
            web.get("/journal", journal),
            web.get("/media/pic/{key}", picture),
        ]
    )


async def send_message(request: web.Request) -> web.Response:
    """Send a message or event; answers ``{"reply", "messages", "attempts", "fault"}``."""

    async def act(world: World, person: Person, form: Form) -> Delivery:
        if form.get("type") == "event":
            name = form.need("event")
            if name == "subscribe":
                scene = form.get("scene")
                return await acts.follow(world, person, world.scenes.for_scene(scene) if scene else None)
            if name == "unsubscribe":
                return await acts.unfollow(world, person)
            if name == "SCAN":
                return await acts.scan(world, person, _code(world, form))
        return await acts.perform(world, person, await compose(world, person, form))

    return await _acted(request, act)


async def scan_code(request: web.Request) -> web.Response:
    """Scan the account's QR code with ``scene``, ``ticket`` or ``url``."""

    async def act(world: World, person: Person, form: Form) -> Delivery:
        return await acts.scan(world, person, _code(world, form))

    return await _acted(request, act)


async def click_menu(request: web.Request) -> web.Response:
    """Tap the click button with ``key``."""

    async def act(world: World, person: Person, form: Form) -> Delivery:
        return await acts.click(world, person, form.need("key"))

    return await _acted(request, act)


async def login(request: web.Request) -> web.Response:
    """``wx.login`` in the mini-program: ``{"code"}``."""
    return answer({"code": request.app[WORLD].logins.issue(_person(request).id)})


async def decide(request: web.Request) -> web.Response:
    """Answer the pop-up of the subscribe message ``template``: ``accept`` or ``reject``; or ``withdraw`` it later."""

    async def act(world: World, person: Person, form: Form) -> Delivery:
        template = world.subscribe_templates.get(form.need("template"))
        answered = form.need("answer")
        if template is None or answered not in {"accept", "reject", "withdraw"}:
            raise BadForm("template 应为订阅通知的模板ID，answer 应为 accept、reject 或 withdraw")
        if answered == "withdraw":
            return await acts.take_back(world, person, template)
        return await acts.decide(world, person, template, answered == "accept")

    return await _acted(request, act)


async def block(request: web.Request) -> web.Response:
    """Switch 接收消息 off (``on`` = 1) or on again (0)."""
    person, form = _person(request), await read_form(request)
    person.blocks = form.flag("on")
    return answer(_described(person))


async def whole_chat(request: web.Request) -> web.Response:
    """The chat as a list, oldest first."""
    return answer([entry.describe() for entry in _person(request).chat])


async def view(request: web.Request) -> web.Response:
    """All that a phone shows: the chat after entry ``after``, the menu, who else there is, the clock."""
    world, person = request.app[WORLD], _person(request)
    try:
        after = int(request.query.get("after", "0"))
    except ValueError as error:
        raise refuse(400, "after 应为整数") from error
    return answer(
        {
            "account": world.account_name,
            "person": _described(person),
            "entries": [entry.describe() for entry in person.chat if entry.number > after],
            "typing": person.typing_until > time.time(),
            "menu": world.menu or [],
            "templates": [
                {"id": one.id, "title": one.title, "agreed": person.consents.get(one.id, 0)}
                for one in world.subscribe_templates.values()
            ],
            "people": [_described(one) for one in islice(world.people.everyone(), _PEOPLE_SHOWN)],
            "now": world.clock.now(),
            "offset": world.clock.offset,
        }
    )


async def list_users(request: web.Request) -> web.Response:
    """Everybody, in the order they came."""
    return answer([_described(person) for person in request.app[WORLD].people.everyone()])


async def push_raw(request: web.Request) -> web.Response:
    """Push the request's body as it is: signed, encrypted after the account's mode, three attempts."""
    world, raw = request.app[WORLD], await request.read()
    openid, account = _ends(raw)
    letter = Letter(raw, account or world.account, openid, world.expected(openid, account))
    delivery = await world.pusher.push(letter)
    return answer({**_delivered(world, delivery), "status": delivery.attempts[-1].status})


async def verify(request: web.Request) -> web.Response:
    """Check the callback URL as the console does when it is saved."""
    passed, reason = await request.app[WORLD].pusher.verify()
    return answer({"ok": passed, "reason": reason})


async def decode(request: web.Request) -> web.Response:
    """Read the codes in a picture (``file``), as the phone's scanner does."""
    form = await read_form(request)
    if not form.file:
        raise refuse(400, "缺少图片 file")
    return answer({"codes": await asyncio.to_thread(codes.read, form.file)})


async def read_clock(request: web.Request) -> web.Response:
    """``{"now", "offset_seconds"}``."""
    clock = request.app[WORLD].clock
    return answer({"now": clock.now(), "offset_seconds": clock.offset})


async def move_clock(request: web.Request) -> web.Response:
    """``advance_seconds`` forward, or ``reset``."""
    form, clock = await read_form(request), request.app[WORLD].clock
    try:
        if form.flag("reset"):
            clock.reset()
        else:
            clock.advance(form.number("advance_seconds", 0))
    except ValueError as error:
        raise refuse(400, "advance_seconds 应为不小于 0 的秒数") from error
    return await read_clock(request)


async def list_faults(request: web.Request) -> web.Response:
    """Faults still to come."""
    return answer(request.app[WORLD].faults.listed())


async def order_fault(request: web.Request) -> web.Response:
    """``{"path", "kind", "times"}``: the next calls of an API path go wrong."""
    form = await read_form(request)
    try:
        request.app[WORLD].faults.order(form.need("path"), form.need("kind"), int(form.number("times", 1)))
    except ValueError as error:
        raise refuse(400, str(error)) from error
    return await list_faults(request)


async def clear_faults(request: web.Request) -> web.Response:
    """No more faults."""
    request.app[WORLD].faults.clear()
    return answer([])


async def journal(request: web.Request) -> web.Response:
    """The latest pushes and API calls, oldest first."""
    return answer(list(request.app[WORLD].journal))


async def picture(request: web.Request) -> web.Response:
    """A medium by its address; no token, as with the real PicUrl."""
    medium = request.app[WORLD].media.by_key(request.match_info["key"])
    if medium is None:
        raise refuse(404, "素材不存在或已过期")
    return web.Response(body=medium.data, content_type=medium.mime, headers={"X-Content-Type-Options": "nosniff"})


async def _acted(request: web.Request, act: Callable[[World, Person, Form], Awaitable[Delivery]]) -> web.Response:
    world, person, form = request.app[WORLD], _person(request), await read_form(request)
    before = person.chat[-1].number if person.chat else 0
    try:
        wait = form.number("wait", _WAIT_SECONDS)
        expect = int(form.number("expect", 0)) if form.get("expect") else None
        delivery = await act(world, person, form)
    except BadForm as error:
        raise refuse(400, str(error)) from error
    except Impossible as error:
        raise refuse(409, str(error)) from error
    sent = await person.wait(before, wait, expect)
    return answer({**_delivered(world, delivery), "messages": [entry.describe() for entry in sent]})


def _delivered(world: World, delivery: Delivery) -> dict[str, Any]:
    return {
        "reply": acts.shown_reply(world, delivery.reply) if delivery.reply else None,
        "attempts": [attempt.describe() for attempt in delivery.attempts],
        "fault": delivery.fault,
    }


def _person(request: web.Request) -> Person:
    user_id = request.match_info["id"]
    if not 1 <= len(user_id) <= _ID_CHARACTERS:
        raise refuse(400, "用户名过长")
    return request.app[WORLD].people.of(user_id)


def _described(person: Person) -> dict[str, Any]:
    return {
        "id": person.id,
        "openid": person.openid,
        "name": person.name,
        "following": bool(person.following),
        "credit": person.ledger.remaining,
        "blocks": person.blocks,
    }


def _code(world: World, form: Form) -> SceneCode:
    if ticket := form.get("ticket"):
        code = world.scenes.by_ticket(ticket)
    elif url := form.get("url"):
        code = world.scenes.by_url(url)
    else:
        code = world.scenes.for_scene(form.get("scene") or form.need("key"))
    if code is None:
        raise Impossible("没有这个二维码")
    return code


def _ends(raw: bytes) -> tuple[str, str]:
    """(openid, account) of a raw body; empty where it is no XML that says so."""
    try:
        root = fromstring(raw)
    except (ParseError, DefusedXmlException, ValueError):
        return "", ""
    return (root.findtext("FromUserName") or "").strip(), (root.findtext("ToUserName") or "").strip()
