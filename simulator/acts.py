"""What a person does, carried out: credit opens, the chat grows, the callback is pushed, the answer is shown."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simulator import messages
from simulator.ledger import Trigger
from simulator.messages import Body
from simulator.people import Direction, Person
from simulator.pusher import Delivery, letter_of
from simulator.replies import NOTICE, Reply
from simulator.scenes import SceneCode
from simulator.templates import Template
from simulator.world import World


class Impossible(Exception):
    """The person's phone would not let them do this; the text says why, in Chinese."""


@dataclass(slots=True)
class Act:
    """A message or event on its way.

    ``shown``: what the person's own bubble holds, None where nothing shows. ``noticed``: whether the person waits for
    an answer, and so sees the fault notice when none comes.
    """

    body: Body
    trigger: Trigger | None = None
    shown: Mapping[str, Any] | None = None
    noticed: bool = True
    as_json: bool = False

    @property
    def name(self) -> str:
        """MsgType, or the event's name."""
        return str(self.body.get("Event") or self.body["MsgType"])


async def perform(world: World, person: Person, act: Act) -> Delivery:
    """Push ``act`` and show what comes back; :class:`Impossible` where ``person`` does not follow.

    Somebody never seen before counts as an old follower, unless their first act is to follow or to scan.
    """
    if person.following is None and act.body.get("Event") != "subscribe":
        world.people.follow(person)
    if not person.following:
        raise Impossible("该用户没有关注公众号")
    if act.trigger is not None:
        person.ledger.open(act.trigger)
    if act.trigger is Trigger.MESSAGE:
        person.last_message = time.time()
    if act.shown is not None:
        world.people.write(person, Direction.USER, str(act.body["MsgType"]), act.shown)
    return await _push(world, person, act)


async def follow(world: World, person: Person, code: SceneCode | None = None) -> Delivery:
    """Follow, by search or by scanning ``code``."""
    if person.following:
        raise Impossible("该用户已关注公众号")
    world.people.follow(person)
    person.arrived_by = "ADD_SCENE_QR_CODE" if code else "ADD_SCENE_SEARCH"
    person.scene = code.scene if code and code.is_text else ""
    person.scene_id = int(code.scene) if code and not code.is_text else 0
    own = {"EventKey": f"qrscene_{code.scene}", "Ticket": code.ticket} if code else {"EventKey": ""}
    body = messages.event(world.account, person.openid, "subscribe", own)
    return await perform(world, person, Act(body, Trigger.FOLLOW))


async def unfollow(world: World, person: Person) -> Delivery:
    """Stop following. Nothing the account answers is seen."""
    if person.following is False:
        raise Impossible("该用户没有关注公众号")
    world.people.unfollow(person)
    body = messages.event(world.account, person.openid, "unsubscribe", {"EventKey": ""})
    return await _push(world, person, Act(body, noticed=False))


async def scan(world: World, person: Person, code: SceneCode) -> Delivery:
    """Scan a QR code of the account: SCAN for who follows, else subscribe with ``qrscene_``."""
    if world.scenes.is_over(code):
        raise Impossible("该二维码已过期")
    if not person.following:
        return await follow(world, person, code)
    own = {"EventKey": code.scene, "Ticket": code.ticket}
    body = messages.event(world.account, person.openid, "SCAN", own)
    return await perform(world, person, Act(body, Trigger.SCAN))


async def click(world: World, person: Person, key: str) -> Delivery:
    """Tap a menu button of type click."""
    body = messages.event(world.account, person.openid, "CLICK", {"EventKey": key})
    return await perform(world, person, Act(body, Trigger.MENU))


async def decide(world: World, person: Person, template: Template, accepted: bool) -> Delivery:
    """Answer the question whether ``template`` may be sent, in the pop-up of a page: one yes is one message."""
    if accepted:
        person.consents[template.id] = person.consents.get(template.id, 0) + 1
    status = "accept" if accepted else "reject"
    item = {"TemplateId": template.id, "SubscribeStatusString": status, "PopupScene": "1"}
    return await _decided(world, person, "subscribe_msg_popup_event", item)


async def take_back(world: World, person: Person, template: Template) -> Delivery:
    """Switch ``template`` off in the account's settings: what was agreed to counts no more."""
    person.consents.pop(template.id, None)
    item = {"TemplateId": template.id, "SubscribeStatusString": "reject"}
    return await _decided(world, person, "subscribe_msg_change_event", item)


async def _decided(world: World, person: Person, name: str, item: Mapping[str, Any]) -> Delivery:
    body = messages.event(world.account, person.openid, name, messages.subscription_info(name, [item]))
    return await _push(world, person, Act(body, noticed=False))


def later(world: World, person: Person, act: Act) -> None:
    """Push what WeChat itself reports, a little while after what it reports on."""

    async def report() -> None:
        await world.little_while()
        await _push(world, person, act)

    task = asyncio.get_running_loop().create_task(report(), name="report")
    world.reports.add(task)
    task.add_done_callback(world.reports.discard)


async def end_reports(world: World) -> None:
    """Whatever was still to be reported is not."""
    for task in list(world.reports):
        task.cancel()
    await asyncio.gather(*world.reports, return_exceptions=True)


def shown_reply(world: World, reply: Reply) -> dict[str, Any]:
    """The reply as JSON: ``type`` and its own fields, media with their address."""
    medium = world.media.get(str(reply.own.get("media_id", "")))
    return {"type": reply.type, **reply.own, **({"media_url": world.media.url(medium)} if medium else {})}


async def _push(world: World, person: Person, act: Act) -> Delivery:
    began = time.monotonic()
    letter = letter_of(act.body, world.expected(person.openid), as_json=act.as_json)
    delivery = await world.pusher.push(letter)
    result = delivery.fault or (delivery.reply.type if delivery.reply else "success")
    world.note("push", f"{person.name} {act.name}", result, time.monotonic() - began)
    if not person.following:
        return delivery
    if delivery.reply is not None:
        own = shown_reply(world, delivery.reply)
        world.people.write(person, Direction.ACCOUNT, str(own.pop("type")), {**own, "via": "passive"})
    elif delivery.fault and act.noticed:
        world.people.write(person, Direction.NOTICE, "fault", {"content": NOTICE, "reason": delivery.fault})
    return delivery
