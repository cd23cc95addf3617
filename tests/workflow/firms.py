"""People and firms as the tests of accounts need them: somebody signed in, with or without a role in a firm."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from models import Enterprise, Person, ServiceWindow, Staff, StaffRole, WeChatIdentity, WindowTrigger
from tests import rows
from tests.workflow.world import World
from workflow.access import Asker


@dataclass
class Somebody:
    """A person with one chat of the service account."""

    person: Person
    identity: WeChatIdentity
    asker: Asker


async def somebody(world: World, **given: object) -> Somebody:
    """Who never stops talking to us: customer-service messages reach them."""
    person = await Person.create(created_at=world.clock.now())
    identity = await rows.identity(
        app_id=world.ports.app_id, openid=f"o{secrets.token_hex(8)}", person_id=person.id, subscribed=True, **given
    )
    await ServiceWindow.create(
        identity_id=identity.id, trigger=WindowTrigger.MESSAGE, remaining=1000, ends_at=datetime(2100, 1, 1, tzinfo=UTC)
    )
    return Somebody(person, identity, Asker(person.id, identity.id))


async def member(world: World, firm: Enterprise, role: StaffRole, who: Somebody | None = None) -> Somebody:
    who = who or await somebody(world)
    await Staff.create(
        enterprise_id=firm.id,
        person_id=who.person.id,
        name=f"{role}（样例）",
        role=role,
        created_at=world.clock.now(),
    )
    return who


async def role_of(who: Somebody, firm: Enterprise) -> str | None:
    staff = await Staff.get_or_none(person_id=who.person.id, enterprise_id=firm.id, left_at=None)
    return staff.role if staff else None
