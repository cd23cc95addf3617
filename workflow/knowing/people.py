"""The persons behind openids: following, the notice and consent of R54, the certificate size they work with."""

import secrets
from datetime import UTC, datetime

from config.clock import real_seconds
from inspection.report import ProductHint, Size
from models import (
    Evidence,
    Grant,
    MessageConsent,
    OneTimeLink,
    Product,
    ServiceWindow,
    Session,
    Staff,
    Watch,
    WeChatIdentity,
)
from models.transactions import transaction
from workflow.context import Ports
from workflow.knowing.persons import enqueue_joining
from workflow.record import record_event

GONE = "gone:"
"""What the openid of an unlinked person begins with."""

MILLI = 1000
"""Micrometres in a millimetre: sizes are stored as whole micrometres."""


async def meet(
    ports: Ports, openid: str, *, app_id: str | None = None, unionid: str | None = None, subscribed: bool = True
) -> WeChatIdentity:
    """The identity behind ``openid`` in our service account, or in ``app_id``, made at the first meeting.

    ``unionid`` is noted where WeChat told it; ``subscribed`` says whether whoever is new follows: chats do.
    """
    now = ports.clock.now()
    identity, _ = await WeChatIdentity.get_or_create(
        app_id=app_id or ports.app_id,
        openid=openid,
        defaults={"created_at": now, "last_seen_at": now, "subscribed": subscribed, "unionid": unionid},
    )
    if unionid is not None and identity.unionid != unionid:
        await WeChatIdentity.filter(id=identity.id).update(unionid=unionid)
        identity.unionid = unionid
    return identity


async def lock_person(identity_id: int) -> WeChatIdentity:
    """Inside the caller's transaction: whatever else concerns this person waits until it ends.

    What is answered together is decided per person, so this one lock orders photos that arrive at once with verdicts
    that are recorded at once, on any number of nodes. (SQLite's transactions are one after the other anyway.) It leaves
    the key alone: to tell this person something, nobody waits.
    """
    return await WeChatIdentity.filter(id=identity_id).select_for_update(no_key=True).get()


async def follow(ports: Ports, openid: str) -> WeChatIdentity:
    """The person follows the account, perhaps again. The welcome carries the notice, so it counts as shown."""
    identity = await meet(ports, openid)
    async with transaction():
        now = ports.clock.now()
        await WeChatIdentity.filter(id=identity.id).update(subscribed=True, last_seen_at=now, notice_shown_at=now)
        await enqueue_joining(ports, identity)
        await record_event(ports, "person:follow", "wechat_identity", identity.id, actor=f"identity:{identity.id}")
    await identity.refresh_from_db()
    return identity


async def unfollow(ports: Ports, openid: str) -> None:
    """R54: unsubscribing unlinks the person. What was theirs is dropped; a firm's record stays, nobody's name on it.

    The row keeps standing for what was done, under a name that leads nowhere; whoever follows again begins anew.
    """
    await forget(ports, ports.app_id, openid)


async def forget(ports: Ports, app_id: str, openid: str) -> None:
    """Unlink whoever stands behind that openid of that app; fine where nobody does."""
    async with transaction():
        identity = await WeChatIdentity.filter(app_id=app_id, openid=openid).select_for_update().first()
        if identity is None:
            return
        now = ports.clock.now()
        await WeChatIdentity.filter(id=identity.id).update(
            openid=f"{GONE}{secrets.token_hex(16)}",
            subscribed=False,
            person_id=None,
            staff_id=None,
            unionid=None,
            consented_at=None,
            notice_shown_at=None,
            sheet_width_um=None,
            sheet_height_um=None,
            last_seen_at=now,
        )
        await _drop_own(identity, now)
        await ServiceWindow.filter(identity_id=identity.id).delete()
        await MessageConsent.filter(identity_id=identity.id).delete()
        real = datetime.fromtimestamp(real_seconds(), UTC)
        await OneTimeLink.filter(identity_id=identity.id, used_at=None).update(used_at=real)
        if identity.person_id is not None:
            await _unlink(identity, identity.person_id, now)
        await record_event(ports, "person:unfollow", "wechat_identity", identity.id, actor="system", clause="R54")


async def withdraw(ports: Ports, identity: WeChatIdentity) -> None:
    """The person takes consent back: what is their own goes, what is their firm's stays the firm's (R54)."""
    async with transaction():
        identity = await lock_person(identity.id)
        await WeChatIdentity.filter(id=identity.id).update(consented_at=None)
        await _drop_own(identity, ports.clock.now())
        await record_event(
            ports, "person:withdraw", "wechat_identity", identity.id, actor=f"identity:{identity.id}", clause="R54"
        )


async def _unlink(identity: WeChatIdentity, person_id: int, now: datetime) -> None:
    """The person is no longer known by this account; with their last one go all sessions, memberships, roles and
    watches.

    A firm whose owner went this way has none: whoever shows its licence next becomes the owner (7.1(1)).
    """
    real = datetime.fromtimestamp(real_seconds(), UTC)
    if await WeChatIdentity.exists(person_id=person_id):
        await Session.filter(identity_id=identity.id, revoked_at=None).update(revoked_at=real)
        return
    await Session.filter(person_id=person_id, revoked_at=None).update(revoked_at=real)
    await Staff.filter(person_id=person_id, left_at=None).update(left_at=now, name="")
    await Grant.filter(person_id=person_id, revoked_at=None).update(revoked_at=now)
    await Watch.filter(person_id=person_id, ended_at=None).update(ended_at=now)


async def _drop_own(identity: WeChatIdentity, now: datetime) -> None:
    await Evidence.filter(identity_id=identity.id, enterprise_id=None, dropped_at=None).update(drop_at=now)


async def notice_shown(ports: Ports, identity: WeChatIdentity) -> None:
    """The person has the notice before them."""
    await WeChatIdentity.filter(id=identity.id, notice_shown_at=None).update(notice_shown_at=ports.clock.now())


async def consent(ports: Ports, identity: WeChatIdentity) -> None:
    """The person, who has read the notice, agrees that their photos are kept; those waiting to be dropped stay too."""
    async with transaction():
        await lock_person(identity.id)
        await WeChatIdentity.filter(id=identity.id).update(consented_at=ports.clock.now())
        await Evidence.filter(identity_id=identity.id, dropped_at=None).update(drop_at=None)
        await record_event(
            ports, "person:consent", "wechat_identity", identity.id, actor=f"identity:{identity.id}", clause="R54"
        )


async def remember_size(identity: WeChatIdentity, width_mm: float, height_mm: float) -> None:
    """The size of the certificates this person photographs, in millimetres; used for every later photo."""
    await WeChatIdentity.filter(id=identity.id).update(
        sheet_width_um=round(width_mm * MILLI), sheet_height_um=round(height_mm * MILLI)
    )
    await identity.refresh_from_db()


async def products_of(identity: WeChatIdentity) -> list[Product]:
    """The live products of the firm this person is bound to; none for a stranger."""
    if identity.staff_id is None:
        return []
    await identity.fetch_related("staff")
    assert identity.staff is not None
    return await Product.filter(enterprise_id=identity.staff.enterprise_id, retired_at=None).order_by("id")


def micrometres(size_mm: Size | None) -> tuple[int | None, int | None]:
    """A size as it is stored; both None where there is none."""
    return (None, None) if size_mm is None else (round(size_mm[0] * MILLI), round(size_mm[1] * MILLI))


def hint_of(product: Product) -> ProductHint:
    """How the inspection recognises the product's certificate, and what it compares it with."""
    return ProductHint(
        key=str(product.id),
        sheet_mm=(product.sheet_width_um / MILLI, product.sheet_height_um / MILLI),
        codes=(product.gtin,) if product.gtin else (),
        model=product.model,
        record=product.record,
    )
