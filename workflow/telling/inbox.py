"""What a person was told, to read again: every notice is here, whatever became of its push (``telling.notices``)."""

from models import InboxEntry
from workflow.access import Asker, not_found
from workflow.context import Ports


async def entries(
    asker: Asker, *, after: int | None = None, limit: int = 20, unread_only: bool = False
) -> list[InboxEntry]:
    """Theirs, newest first, from below the entry ``after``; with the firm each is about."""
    wanted = InboxEntry.filter(person_id=asker.person_id)
    if after is not None:
        wanted = wanted.filter(id__lt=after)
    if unread_only:
        wanted = wanted.filter(read_at=None)
    return await wanted.order_by("-id").limit(limit).prefetch_related("enterprise")


async def unread(asker: Asker) -> int:
    """How many they have not read."""
    return await InboxEntry.filter(person_id=asker.person_id, read_at=None).count()


async def mark_read(ports: Ports, asker: Asker, entry_id: int) -> None:
    """They have read it; again is fine."""
    if not await InboxEntry.exists(id=entry_id, person_id=asker.person_id):
        raise not_found()
    await InboxEntry.filter(id=entry_id, read_at=None).update(read_at=ports.clock.now())
