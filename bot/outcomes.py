"""What WeChat reports without anybody speaking: what became of a notice, and what people agreed to be sent."""

from bot import updates
from bot.router import Context, Router
from models import Channel
from workflow.context import Ports
from workflow.knowing import people
from workflow.telling import consents, deliveries

router: Router[Ports] = Router()


@router.on(updates.TemplateSent)
async def template_sent(context: Context[Ports], update: updates.TemplateSent) -> None:
    """A template message arrived, or did not."""
    result = deliveries.Result(Channel.TEMPLATE, update.msg_id, update.delivered, update.status)
    await deliveries.reported(context.services, update.openid, result)


@router.on(updates.SubscribeSent)
async def subscribe_sent(context: Context[Ports], update: updates.SubscribeSent) -> None:
    """Subscribe messages arrived, or did not."""
    for one in update.deliveries:
        said = f"{one.error_code}: {one.error_status}"
        result = deliveries.Result(Channel.SUBSCRIBE, one.msg_id, one.delivered, said)
        await deliveries.reported(context.services, update.openid, result)


@router.on(updates.SubscribePopup)
async def asked(context: Context[Ports], update: updates.SubscribePopup) -> None:
    """Each yes is one message; a no takes nothing back. Whoever answers on a page need not follow the account."""
    identity = await people.meet(context.services, update.openid, subscribed=False)
    for decision in update.decisions:
        if decision.accepted:
            await consents.agreed(context.services, identity, decision.template_id)


@router.on(updates.SubscribeChanged)
async def changed(context: Context[Ports], update: updates.SubscribeChanged) -> None:
    """Switched off in the settings: what was agreed to before counts no more."""
    identity = await people.meet(context.services, update.openid, subscribed=False)
    for decision in update.decisions:
        if not decision.accepted:
            await consents.withdrawn(context.services, identity.id, decision.template_id)
