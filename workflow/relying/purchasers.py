"""The firm that a person buys for: verified once by its credit code, like any firm, and never the supplier's own
(7.1(1), 8.2(2))."""

from models import Enterprise, Staff, WeChatIdentity
from workflow.access import Asker


async def purchaser_of(asker: Asker, *, supplier_id: int) -> Enterprise | None:
    """The verified firm they buy for: the one that their chat speaks for, else the one they joined first; None where
    they belong to none but the supplier."""
    memberships = (
        await Staff.filter(person_id=asker.person_id, left_at=None, enterprise__verified_at__not_isnull=True)
        .exclude(enterprise_id=supplier_id)
        .order_by("id")
        .prefetch_related("enterprise")
    )
    spoken = set(await WeChatIdentity.filter(person_id=asker.person_id).values_list("staff_id", flat=True))
    memberships.sort(key=lambda staff: staff.id not in spoken)
    return memberships[0].enterprise if memberships else None


async def belongs_to(asker: Asker, enterprise_id: int) -> bool:
    """Whether they are a member of that firm: its people are not its customers (8.2(2))."""
    return await Staff.exists(person_id=asker.person_id, enterprise_id=enterprise_id, left_at=None)
