"""``/cgi-bin/message/template/send`` and ``/cgi-bin/message/subscribe/bizsend``: cards, and what became of them."""

import asyncio
from typing import Any

from simulator import messages
from simulator.acts import Act, later
from simulator.api.call import OK, POST, Call, Endpoint
from simulator.errors import ApiError
from simulator.people import Direction, Person
from simulator.templates import Template

ONCE_SECONDS = 600
"""So long a ``client_msg_id`` is known."""
CLIENT_ID_CHARACTERS = 32
_AT_IT_SECONDS = 0.02
"""While one subscribe message to a person is worked on, another one is refused."""


async def send_template(call: Call) -> dict[str, Any]:
    """To followers; the same ``client_msg_id`` again is answered as before, and shows nothing."""
    world, body = call.world, await call.json()
    person = call.person(body.get("touser"))
    template = world.message_templates.get(str(body.get("template_id")))
    if template is None:
        raise ApiError(40037)
    if not person.following:
        raise ApiError(43004)
    lines = template.card(body.get("data"))
    client_id, now = body.get("client_msg_id"), world.clock.now()
    if client_id is not None and not (isinstance(client_id, str) and 0 < len(client_id) <= CLIENT_ID_CHARACTERS):
        raise ApiError(40097, "client_msg_id")
    known, until = person.client_ids.get(client_id or "", (0, 0.0))
    if until > now:
        return {**OK, "msgid": known}
    number = messages.new_message_id()
    if client_id:
        person.client_ids[client_id] = (number, now + ONCE_SECONDS)
    if not person.blocks:
        _show(call, person, template, lines, str(body.get("url", "")), "template")
    status = "failed:user block" if person.blocks else "success"
    own = {"MsgID": number, "Status": status}
    event = messages.event(world.account, person.openid, "TEMPLATESENDJOBFINISH", own)
    later(world, person, Act(event, noticed=False))
    return {**OK, "msgid": number}


async def send_subscribe(call: Call) -> dict[str, Any]:
    """To whoever agreed, once for each time; 43101 where no consent is left, 43108 for two at once to one person."""
    world, body = call.world, await call.json()
    person = call.person(body.get("touser"))
    template = world.subscribe_templates.get(str(body.get("template_id")))
    if template is None:
        raise ApiError(40037)
    if person.being_told:
        raise ApiError(43108)
    lines = template.card(body.get("data"))
    person.being_told = True
    try:
        await asyncio.sleep(_AT_IT_SECONDS)
    finally:
        person.being_told = False
    if not person.consents.get(template.id):
        raise ApiError(43101)
    person.consents[template.id] -= 1
    number, blocked = messages.new_message_id(), person.blocks
    if not blocked:
        _show(call, person, template, lines, str(body.get("page", "")), "subscribe")
    code, status = (43101, "user refuse to accept the msg") if blocked else (0, "success")
    item = {"TemplateId": template.id, "MsgID": number, "ErrorCode": code, "ErrorStatus": status}
    name = "subscribe_msg_sent_event"
    event = messages.event(world.account, person.openid, name, messages.subscription_info(name, [item]))
    later(world, person, Act(event, noticed=False))
    return {**OK, "msgid": number}


def _show(call: Call, person: Person, template: Template, lines: list[list[str]], url: str, via: str) -> None:
    own = {"title": template.title, "lines": lines, "url": url, "via": via}
    call.world.people.write(person, Direction.ACCOUNT, "notice_card", own)


ENDPOINTS = {
    "/cgi-bin/message/template/send": Endpoint(send_template, POST, daily=100_000),
    "/cgi-bin/message/subscribe/bizsend": Endpoint(send_subscribe, POST, daily=10_000_000),
}
