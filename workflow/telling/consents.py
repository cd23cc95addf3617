"""Subscribe messages (订阅通知) that people agreed to and have not had: one yes is one message, and never runs out.

Fed by what WeChat pushes of the pop-up and of the settings; what a page itself reports is no more than a hint.
"""

from tortoise.expressions import F

from config.message_templates import NoticeKind
from models import MessageConsent, WeChatIdentity
from models.transactions import transaction
from workflow.context import Ports


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


async def askable(ports: Ports, person_id: int, kind: NoticeKind) -> str | None:
    """The template to ask the person for (``wx-open-subscribe``), where a yes to notices of ``kind`` is wanting."""
    template = ports.telling.subscribe.get(kind)
    if template is None:
        return None
    given = await MessageConsent.exists(
        identity__person_id=person_id, identity__app_id=ports.app_id, template=template.id, credits__gt=0
    )
    return None if given else template.id
