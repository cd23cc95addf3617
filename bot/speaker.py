"""Who speaks in a chat, and for which firm."""

from dataclasses import dataclass

from bot.router import Context
from models import Staff, StaffRole, WeChatIdentity
from workflow.access import RANK, Asker
from workflow.context import Ports
from workflow.knowing import people
from workflow.knowing.persons import person_of


@dataclass(frozen=True, slots=True)
class Speaker:
    """A person in chat; ``staff`` (with its ``enterprise``) is the membership that the chat speaks for, None for a
    stranger.
    """

    identity: WeChatIdentity
    asker: Asker
    staff: Staff | None

    @property
    def files(self) -> bool:
        """Whether their role hands in what the firm owes."""
        return self.staff is not None and RANK[StaffRole(self.staff.role)] >= RANK[StaffRole.STAFF]


async def speaker_of(context: Context[Ports]) -> Speaker:
    """Whoever the update comes from, met for the first time or not."""
    identity = await people.meet(context.services, context.update.openid)
    person = await person_of(context.services, identity)
    staff = await Staff.get_or_none(id=identity.staff_id, left_at=None) if identity.staff_id else None
    if staff is not None:
        await staff.fetch_related("enterprise")
    return Speaker(identity, Asker(person.id, identity.id), staff)
