"""The human being behind WeChat's identities: one row, whichever of our apps and pages they come through.

Whoever changes what a person has locks in this order, so that nobody waits in a circle: identities, persons, firms.
The locks leave keys alone (``no_key``): to tell somebody something, or to file for a firm, nobody waits for them.
"""

import logging
from dataclasses import dataclass

from tortoise.expressions import Q

from models import (
    Adoption,
    CodeReport,
    Confirmation,
    Feedback,
    Grant,
    InboxEntry,
    Person,
    Registration,
    ReminderChoice,
    Session,
    Staff,
    StaffRole,
    Watch,
    WeChatIdentity,
)
from models.transactions import transaction
from workflow.access import RANK, Asker
from workflow.context import Ports
from workflow.ports import ClaimedJob, WeChatError
from workflow.record import record_event
from workflow.transitions import Moved

log = logging.getLogger(__name__)

JOIN = "person.join"


@dataclass(frozen=True, slots=True)
class Held:
    """A person with all their identities, locked until the caller's transaction ends."""

    person: Person
    identities: list[WeChatIdentity]


async def person_of(ports: Ports, identity: WeChatIdentity) -> Person:
    """The person behind ``identity``, made when first needed; the same ``unionid`` is the same person.

    May be called within a transaction that holds no lock on a person or a firm yet.
    """
    async with transaction():
        kin = Q(id=identity.id)
        if identity.unionid is not None:
            kin |= Q(unionid=identity.unionid)
        # All of one unionid, in one order: of two that come at once, the later one finds the first one's person.
        locked = await WeChatIdentity.filter(kin).order_by("id").select_for_update(no_key=True)
        known = sorted({one.person_id for one in locked if one.person_id is not None})
        persons = {person.id: person for person in [await current(person_id) for person_id in known]}
        if persons:
            person, *others = (persons[person_id] for person_id in sorted(persons))
            for other in others:
                await merge(ports, person, other, actor=f"person:{person.id}")
        else:
            person = await Person.create(created_at=ports.clock.now())
        await WeChatIdentity.filter(id__in=[one.id for one in locked], person_id=None).update(person_id=person.id)
        await _adopt_memberships(person, locked)
    identity.person_id = person.id
    return person


async def learn_unionid(ports: Ports, identity: WeChatIdentity) -> None:
    """Ask WeChat what joins a chat to the mini-program, where it is not known yet; neither the callback nor the web
    authorisation says so. Never within a transaction; no answer changes nothing."""
    if identity.unionid is not None or identity.app_id != ports.app_id or not ports.sign_in.mini_app_id:
        return
    try:
        told = (await ports.wechat.user_info(identity.openid)).get("unionid")
    except WeChatError as problem:
        log.info("unionid not learned: %s", problem.errcode)
        return
    if isinstance(told, str) and told:
        await WeChatIdentity.filter(id=identity.id, openid=identity.openid).update(unionid=told)
        identity.unionid = told


async def enqueue_joining(ports: Ports, identity: WeChatIdentity) -> None:
    """Inside the caller's transaction: somebody follows; whether we know them from the mini-program is soon known.

    It goes before any file that is looked at: for whom a photo counts rests upon it.
    """
    now = ports.clock.now()
    key = f"{JOIN}:{identity.id}:{now.timestamp():.0f}"
    await ports.queue.enqueue(JOIN, key, {"identity": identity.id}, due=now, priority=20, max_attempts=3)


async def join(ports: Ports, job: ClaimedJob) -> None:
    """The job: a follower and a user of the mini-program are one person. Repeating it finds them joined."""
    identity = await WeChatIdentity.get(id=job.args["identity"])
    if identity.subscribed:
        await learn_unionid(ports, identity)
    async with transaction():
        if await ports.queue.finish(job) and identity.unionid is not None:
            await person_of(ports, identity)


async def current(person_id: int) -> Person:
    """The person by that id, or whom they were merged into."""
    person = await Person.get(id=person_id)
    while person.merged_into_id is not None:
        person = await Person.get(id=person.merged_into_id)
    return person


async def hold(asker: Asker) -> Held:
    """Inside the caller's transaction: lock the asker, and every WeChat account of theirs, against changes."""
    identities = await WeChatIdentity.filter(person_id=asker.person_id).order_by("id").select_for_update(no_key=True)
    person = await Person.filter(id=asker.person_id).select_for_update(no_key=True).get()
    if person.merged_into_id is not None:
        raise Moved
    return Held(person, identities)


async def speak_for(ports: Ports, identities: list[WeChatIdentity], staff: Staff) -> None:
    """Inside the caller's transaction: these chats speak for the firm of ``staff`` from now on.

    Whoever acts for a firm agrees that what they send is kept: it is the firm's record (R54).
    """
    now = ports.clock.now()
    for identity in identities:
        await WeChatIdentity.filter(id=identity.id).update(
            staff_id=staff.id,
            consented_at=identity.consented_at or now,
            notice_shown_at=identity.notice_shown_at or now,
        )


async def speaks_for(identity: WeChatIdentity) -> tuple[int | None, int | None]:
    """The firm this chat speaks for and the person who does, where their role hands in materials."""
    staff = await Staff.get_or_none(id=identity.staff_id, left_at=None) if identity.staff_id else None
    if staff is None or staff.person_id is None or staff.role not in set(StaffRole):
        return None, None
    if RANK[StaffRole(staff.role)] < RANK[StaffRole.STAFF]:
        return None, None
    return staff.enterprise_id, staff.person_id


async def merge(ports: Ports, keep: Person, other: Person, *, actor: str) -> None:
    """Two rows turned out to be one person: what ``other`` has becomes ``keep``'s; who did what stays as recorded.

    In a firm where both are members the higher role stays; a firm has one owner, so two owners never meet.
    """
    async with transaction():
        both = sorted((keep.id, other.id))
        await WeChatIdentity.filter(person_id__in=both).order_by("id").select_for_update(no_key=True)
        await Person.filter(id__in=both).order_by("id").select_for_update(no_key=True)
        keep, other = await current(keep.id), await current(other.id)
        if keep.id == other.id:
            return
        await WeChatIdentity.filter(person_id=other.id).update(person_id=keep.id)
        await _move_memberships(ports, keep, other)
        await Session.filter(person_id=other.id).update(person_id=keep.id)
        await InboxEntry.filter(person_id=other.id).update(person_id=keep.id)
        await Adoption.filter(person_id=other.id).update(person_id=keep.id)
        await Feedback.filter(person_id=other.id).update(person_id=keep.id)
        await _move_grants(ports, keep, other)
        await _move_choice(keep, other)
        await _move_registrations(keep, other)
        await _move_watches(ports, keep, other)
        await Confirmation.filter(person_id=other.id).update(person_id=keep.id)
        await CodeReport.filter(person_id=other.id).update(person_id=keep.id)
        # Where others were merged into this one before, one step leads to the end again.
        await Person.filter(merged_into_id=other.id).update(merged_into_id=keep.id)
        await Person.filter(id=other.id).update(merged_into_id=keep.id)
        await record_event(
            ports, "person:merge", "person", keep.id, actor=actor, clause="7.1(1)", after={"merged": other.id}
        )
    other.merged_into_id = keep.id


async def _adopt_memberships(person: Person, identities: list[WeChatIdentity]) -> None:
    """A chat that was bound before there were persons: its membership becomes the person's."""
    for identity in identities:
        if identity.staff_id is None:
            continue
        staff = await Staff.get_or_none(id=identity.staff_id, person_id=None, left_at=None)
        if staff is None:
            continue
        there = await Staff.get_or_none(person_id=person.id, enterprise_id=staff.enterprise_id, left_at=None)
        if there is None:
            await Staff.filter(id=staff.id).update(person_id=person.id)


async def _move_memberships(ports: Ports, keep: Person, other: Person) -> None:
    for staff in await Staff.filter(person_id=other.id).order_by("id").select_for_update(no_key=True):
        there = await Staff.get_or_none(person_id=keep.id, enterprise_id=staff.enterprise_id, left_at=None)
        if staff.left_at is not None or there is None:
            await Staff.filter(id=staff.id).update(person_id=keep.id)
            continue
        await Staff.filter(id=staff.id).update(left_at=ports.clock.now())
        await WeChatIdentity.filter(staff_id=staff.id).update(staff_id=there.id)
        if RANK[StaffRole(staff.role)] > RANK[StaffRole(there.role)]:
            await Staff.filter(id=there.id).update(role=staff.role)


async def _move_grants(ports: Ports, keep: Person, other: Person) -> None:
    held = await Grant.filter(person_id=keep.id, revoked_at=None).values_list("role", flat=True)
    await Grant.filter(person_id=other.id, revoked_at=None, role__in=list(held)).update(revoked_at=ports.clock.now())
    await Grant.filter(person_id=other.id).update(person_id=keep.id)


async def _move_choice(keep: Person, other: Person) -> None:
    """How they want to be reminded: what was chosen by the one that stays holds, else the other's."""
    if not await ReminderChoice.exists(person_id=keep.id):
        await ReminderChoice.filter(person_id=other.id).update(person_id=keep.id)


async def _move_registrations(keep: Person, other: Person) -> None:
    for registration in await Registration.filter(person_id=other.id).order_by("id"):
        taken = await Registration.exists(person_id=keep.id, key=registration.key)
        # The same key of two persons named two requests; neither will be sent again under its old name.
        key = f"merged:{registration.id}" if taken else registration.key
        await Registration.filter(id=registration.id).update(person_id=keep.id, key=key)


async def _move_watches(ports: Ports, keep: Person, other: Person) -> None:
    """A firm that both watch is watched once; that of the other one ends."""
    held = await Watch.filter(person_id=keep.id, ended_at=None).values_list("enterprise_id", flat=True)
    double = Watch.filter(person_id=other.id, ended_at=None, enterprise_id__in=list(held))
    await double.update(ended_at=ports.clock.now())
    await Watch.filter(person_id=other.id).update(person_id=keep.id)
