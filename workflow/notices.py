"""What a firm's people are told: an inbox entry each, exactly once, and a message in chat beside it, at most once."""

from models import Answer, AnswerKind, InboxEntry, Staff, StaffRole, WeChatIdentity
from workflow import answers
from workflow.context import Ports
from workflow.wording import link

MOST_PUSHED = 600
"""Bytes of a notice's words in chat: the rest stands on its page."""


async def tell_firm(
    ports: Ports,
    enterprise_id: int,
    key: str,
    *,
    clause: str,
    title: str,
    body: str,
    path: str,
    roles: tuple[StaffRole, ...] = (StaffRole.OWNER, StaffRole.STAFF),
) -> None:
    """Inside the caller's transaction: tell every member of ``roles``. ``key`` names the occasion: said once, ever.

    ``body`` is plain Chinese text; ``path`` is where one goes on, a path of ours.
    """
    members = await Staff.filter(
        enterprise_id=enterprise_id, left_at=None, person_id__not_isnull=True, role__in=[str(role) for role in roles]
    )
    for member in members:
        assert member.person_id is not None
        await tell_person(
            ports, member.person_id, key, clause=clause, title=title, body=body, path=path, enterprise_id=enterprise_id
        )


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
) -> None:
    """Inside the caller's transaction: one person's inbox entry, and its push where they follow the account."""
    key = f"{key}:{person_id}"
    if await InboxEntry.exists(key=key):
        return
    identity = await WeChatIdentity.filter(person_id=person_id, app_id=ports.app_id, subscribed=True).first()
    push = None
    if identity is not None:
        push = await Answer.create(
            key=f"notice:{key}"[:128], identity_id=identity.id, kind=AnswerKind.TEXT, created_at=ports.clock.now()
        )
        words = body if len(body.encode()) <= MOST_PUSHED else f"{body.encode()[:MOST_PUSHED].decode(errors='ignore')}…"
        where = f"\n{link(ports.links.page(path), '查看详情')}" if path else ""
        await answers.make_ready(ports, push, f"{title}\n{words}{where}", None)
    await InboxEntry.create(
        key=key,
        person_id=person_id,
        enterprise_id=enterprise_id,
        clause=clause,
        title=title,
        body=body,
        path=path,
        created_at=ports.clock.now(),
        push_id=push.id if push else None,
    )
