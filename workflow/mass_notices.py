"""Many firms told at once, as :mod:`workflow.notices` tells one: a few statements for all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models import Answer, AnswerKind, AnswerState, InboxEntry, Staff, StaffRole, WeChatIdentity
from workflow.answers import PUSH, PUSH_MARGIN
from workflow.context import Ports
from workflow.notices import MOST_PUSHED
from workflow.ports import NewJob
from workflow.wording import link


@dataclass(frozen=True, slots=True)
class Telling:
    """What a firm is told, as :func:`workflow.notices.tell_firm` takes it; ``due``: not pushed before."""

    enterprise_id: int
    key: str
    clause: str
    title: str
    body: str
    path: str
    roles: tuple[StaffRole, ...] = (StaffRole.OWNER, StaffRole.STAFF)
    notice: dict[str, Any] | None = None
    due: datetime | None = None
    worth_until: datetime | None = None


async def tell_many(ports: Ports, tellings: Sequence[Telling]) -> None:
    """Inside the caller's transaction: each telling to every member of its roles, in their order."""
    members: dict[int, list[tuple[int, str]]] = {}
    firms = {telling.enterprise_id for telling in tellings}
    for enterprise_id, person_id, role in await (
        Staff.filter(enterprise_id__in=firms, left_at=None, person_id__not_isnull=True)
        .order_by("id")
        .values_list("enterprise_id", "person_id", "role")
    ):
        members.setdefault(enterprise_id, []).append((person_id, role))
    told = {
        f"{telling.key}:{person}": (telling, person)
        for telling in tellings
        for person, role in members.get(telling.enterprise_id, ())
        if role in telling.roles
    }
    before = set(await InboxEntry.filter(key__in=list(told)).values_list("key", flat=True)) if told else set()
    told = {key: one for key, one in told.items() if key not in before}
    if not told:
        return
    pushes = await _pushes(ports, told)
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
            push_id=pushes.get(key),
        )
        for key, (telling, person) in told.items()
    )


async def _pushes(ports: Ports, told: dict[str, tuple[Telling, int]]) -> dict[str, int]:
    """An answer and its job for everyone who follows the account: ids of the answers by the entry's key."""
    people = {person for _, person in told.values()}
    identities = dict(
        await WeChatIdentity.filter(person_id__in=people, app_id=ports.app_id, subscribed=True)
        .order_by("-id")
        .values_list("person_id", "id")
    )
    now = ports.clock.now()
    answers = {
        f"notice:{key}"[:128]: Answer(
            key=f"notice:{key}"[:128],
            identity_id=identities[person],
            kind=AnswerKind.TEXT,
            state=AnswerState.READY,
            body=_pushed(ports, telling),
            created_at=now,
            notice=telling.notice,
            worth_until=telling.worth_until,
        )
        for key, (telling, person) in told.items()
        if person in identities
    }
    if not answers:
        return {}
    await Answer.bulk_create(answers.values())
    ids = dict(await Answer.filter(key__in=list(answers)).values_list("key", "id"))
    pushed = {key: ids[name] for key in told if (name := f"notice:{key}"[:128]) in ids}
    await ports.queue.enqueue_many(
        [
            NewJob(PUSH, f"push:{answer}", {"answer": answer}, (told[key][0].due or now) + PUSH_MARGIN, priority=20)
            for key, answer in pushed.items()
        ]
    )
    return pushed


def _pushed(ports: Ports, telling: Telling) -> str:
    words = telling.body
    if len(words.encode()) > MOST_PUSHED:
        words = f"{words.encode()[:MOST_PUSHED].decode(errors='ignore')}…"
    where = f"\n{link(ports.links.page(telling.path), '查看详情')}" if telling.path else ""
    return f"{telling.title}\n{words}{where}"
