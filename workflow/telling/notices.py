"""What people are told: an inbox entry each, exactly once, and a message in chat beside it, at most once."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models import Answer, AnswerKind, AnswerState, InboxEntry, Staff, StaffRole, WeChatIdentity
from workflow.context import Ports
from workflow.ports import NewJob
from workflow.telling.answers import NOTICE_ATTEMPTS, PUSH, PUSH_MARGIN
from workflow.telling.pushed_words import Said, notice_together, pushed_words
from workflow.telling.reminder_calendar import AWAITED, waking

WORKERS = (StaffRole.OWNER, StaffRole.STAFF)
"""Who does something for the firm: viewers are told nothing."""
SOON = 20
"""Priority of a push that somebody waits for."""
NOT_FOLLOWING = "not_following"
"""Why nothing is pushed: no account of theirs follows ours."""
SEEN = "seen"
"""Why nothing is pushed: they brought it about, and see it where they did."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person did, and when, that is answered by being told."""

    person_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Telling:
    """What the members of a firm in ``roles`` are told on one occasion, or the one ``person_id``.

    ``key`` names the occasion: each person is told it once, ever. ``body`` is plain Chinese text; ``path`` is where one
    goes on, a path of ours. ``notice`` are the fields of a subscribe or template message: ``kind`` and the sources
    of ``config.message_templates``, ``deadline`` as ``2026-12-25`` or empty; None: it goes as text to the chat only.
    It is pushed from ``due`` on, at once where that is None, and no more after ``worth_until``; not at all where
    ``unpushed`` says why not, nor to the person ``seen_by``, who brought it about and was answered. In the quiet hours
    nobody is pushed to but who just ``asked`` for it; for the others it waits for the morning.
    """

    enterprise_id: int | None
    key: str
    clause: str
    title: str
    body: str
    path: str
    roles: tuple[StaffRole, ...] = WORKERS
    person_id: int | None = None
    notice: dict[str, Any] | None = None
    due: datetime | None = None
    worth_until: datetime | None = None
    unpushed: str = ""
    seen_by: int | None = None
    asked: Asked | None = None

    def why_unpushed(self, person_id: int) -> str:
        """Why it is not pushed to this person; empty where it is."""
        return self.unpushed or (SEEN if person_id == self.seen_by else "")

    def push_at(self, person_id: int, now: datetime) -> datetime:
        """From when on it is pushed to this person."""
        due = max(now, self.due or now)
        asked = self.asked
        waited_for = asked is not None and asked.person_id == person_id and due - asked.at <= AWAITED
        return due if waited_for else waking(due)


async def tell_firm(
    ports: Ports,
    enterprise_id: int,
    key: str,
    *,
    clause: str,
    title: str,
    body: str,
    path: str,
    roles: tuple[StaffRole, ...] = WORKERS,
    notice: dict[str, Any] | None = None,
    due: datetime | None = None,
    worth_until: datetime | None = None,
    asked: Asked | None = None,
) -> None:
    """Inside the caller's transaction: tell every member of ``roles``; as :class:`Telling` says."""
    telling = Telling(
        enterprise_id,
        key,
        clause,
        title,
        body,
        path,
        roles,
        notice=notice,
        due=due,
        worth_until=worth_until,
        asked=asked,
    )
    await tell_many(ports, [telling])


async def tell_person(
    ports: Ports,
    person_id: int,
    key: str,
    *,
    clause: str,
    title: str,
    body: str,
    path: str,
    enterprise_id: int | None = None,
    notice: dict[str, Any] | None = None,
    due: datetime | None = None,
    worth_until: datetime | None = None,
    asked: Asked | None = None,
) -> None:
    """Inside the caller's transaction: one person's inbox entry, and its push where they follow the account."""
    telling = Telling(
        enterprise_id,
        key,
        clause,
        title,
        body,
        path,
        person_id=person_id,
        notice=notice,
        due=due,
        worth_until=worth_until,
        asked=asked,
    )
    await tell_many(ports, [telling])


async def tell_many(ports: Ports, tellings: Sequence[Telling], *, priority: int = SOON) -> int:
    """Inside the caller's transaction: all of ``tellings``, with a few statements; how many entries it made.

    What one person is told here to be pushed at one moment goes into one message. Where another transaction tells the
    same at the same time, the later one fails as a whole: whoever may meet one holds a row of the occasion first.
    """
    told = await _addressed(tellings)
    if told:
        known = await InboxEntry.filter(key__in=list(told)).values_list("key", flat=True)
        told = {key: one for key, one in told.items() if key not in set(known)}
    if not told:
        return 0
    identities = await _followers(ports, {person for person, _ in told.values()})
    pushed = await _push(ports, told, identities, priority)
    now = ports.clock.now()
    await InboxEntry.bulk_create(
        InboxEntry(
            key=key,
            person_id=person,
            enterprise_id=telling.enterprise_id,
            clause=telling.clause,
            title=telling.title,
            body=telling.body,
            path=telling.path,
            created_at=now,
            push_id=pushed.get(key),
            unpushed=telling.why_unpushed(person) or ("" if person in identities else NOT_FOLLOWING),
        )
        for key, (person, telling) in told.items()
    )
    return len(told)


async def _addressed(tellings: Sequence[Telling]) -> dict[str, tuple[int, Telling]]:
    """Whom each telling goes to, by the key of the entry."""
    firms = {one.enterprise_id for one in tellings if one.person_id is None}
    members: dict[int | None, list[tuple[int, str]]] = defaultdict(list)
    if firms:
        for firm, person, role in (
            await Staff.filter(enterprise_id__in=firms, left_at=None, person_id__not_isnull=True)
            .order_by("id")
            .values_list("enterprise_id", "person_id", "role")
        ):
            members[firm].append((person, role))
    told: dict[str, tuple[int, Telling]] = {}
    for telling in tellings:
        if telling.person_id is not None:
            told[f"{telling.key}:{telling.person_id}"] = (telling.person_id, telling)
        else:
            for person, role in members[telling.enterprise_id]:
                if role in telling.roles:
                    told[f"{telling.key}:{person}"] = (person, telling)
    return told


async def _followers(ports: Ports, people: Collection[int]) -> dict[int, int]:
    """The account of each person that follows ours, by the person; of several the one we have known longest."""
    return dict(
        await WeChatIdentity.filter(person_id__in=people, app_id=ports.app_id, subscribed=True)
        .order_by("-id")
        .values_list("person_id", "id")
    )


async def _push(
    ports: Ports, told: dict[str, tuple[int, Telling]], identities: dict[int, int], priority: int
) -> dict[str, int]:
    """One message for each person and moment: ids of the answers by the entries' keys."""
    now = ports.clock.now()
    together: dict[tuple[int, datetime, datetime | None], list[tuple[str, Telling]]] = defaultdict(list)
    for key, (person, telling) in told.items():
        if person in identities and not telling.why_unpushed(person):
            together[person, telling.push_at(person, now), telling.worth_until].append((key, telling))
    if not together:
        return {}
    dues: dict[str, datetime] = {}
    keys: dict[str, str] = {}
    answers = []
    for (person, due, worth_until), entries in together.items():
        name = f"notice:{entries[0][0]}"[:128]
        dues[name] = due
        keys.update((key, name) for key, _ in entries)
        answers.append(
            Answer(
                key=name,
                identity_id=identities[person],
                kind=AnswerKind.TEXT,
                state=AnswerState.READY,
                body=pushed_words(ports.links, [Said(one.title, one.body, one.path) for _, one in entries]),
                notice=notice_together(
                    {key: {**one.notice, "path": one.path} for key, one in entries if one.notice is not None}
                ),
                created_at=now,
                worth_until=worth_until,
            )
        )
    await Answer.bulk_create(answers)
    ids = dict(await Answer.filter(key__in=list(dues)).values_list("key", "id"))
    await ports.queue.enqueue_many(
        [
            NewJob(PUSH, f"push:{ids[name]}", {"answer": ids[name]}, due + PUSH_MARGIN, priority, NOTICE_ATTEMPTS)
            for name, due in dues.items()
        ]
    )
    return {key: ids[name] for key, name in keys.items()}
