"""Subscribe messages (订阅通知) that people agreed to and have not had: one yes is one message, and never runs out.

Fed by what WeChat pushes of the pop-up and of the settings; what a page itself reports is no more than a hint.
"""

from tortoise.expressions import F

from config.message_templates import NoticeKind
from models import MessageConsent, WeChatIdentity
from models.transactions import transaction
from workflow.context import Ports

MOST_ASKED = 3
"""So many templates one pop-up of WeChat's holds."""


async def agreed(ports: Ports, identity: WeChatIdentity, template: str) -> None:
    """One more yes to WeChat's ``template``."""
    now = ports.clock.now()
    async with transaction():
        await MessageConsent.get_or_create(
            identity_id=identity.id, template=template, defaults={"credits": 0, "changed_at": now}
        )
        await MessageConsent.filter(identity_id=identity.id, template=template).update(
            credits=F("credits") + 1, changed_at=now
        )


async def withdrawn(ports: Ports, identity_id: int, template: str) -> None:
    """The person takes none any more: switched off in the settings, or refused when one was sent (43101)."""
    await MessageConsent.filter(identity_id=identity_id, template=template).update(
        credits=0, changed_at=ports.clock.now()
    )


async def left(identity_id: int, template: str) -> int:
    """How many of ``template`` may be sent to the person."""
    consent = await MessageConsent.get_or_none(identity_id=identity_id, template=template)
    return consent.credits if consent else 0


async def take(ports: Ports, identity_id: int, template: str) -> bool:
    """Inside the transaction of the intent: use one; False where none is left."""
    mine = MessageConsent.filter(identity_id=identity_id, template=template, credits__gt=0)
    return await mine.update(credits=F("credits") - 1, changed_at=ports.clock.now()) == 1


async def give_back(ports: Ports, identity_id: int, template: str) -> None:
    """Nothing was sent: it is there for the next."""
    await MessageConsent.filter(identity_id=identity_id, template=template).update(
        credits=F("credits") + 1, changed_at=ports.clock.now()
    )


async def askable(ports: Ports, person_id: int) -> list[str]:
    """The templates to ask the person for together (``wx-open-subscribe``): of every kind of notice for which no yes is
    left, the monthly one first."""
    templates = [ports.telling.subscribe[kind].id for kind in NoticeKind if kind in ports.telling.subscribe]
    given = await MessageConsent.filter(
        identity__person_id=person_id, identity__app_id=ports.app_id, template__in=templates, credits__gt=0
    ).values_list("template", flat=True)
    return [template for template in templates if template not in set(given)][:MOST_ASKED]
