"""Firms, their staff and their products: as much of 7.1 as photo checks need."""

from dataclasses import dataclass, field

from models import Enterprise, Product, Staff, WeChatIdentity
from models.transactions import transaction
from workflow.context import Ports
from workflow.people import MILLI, meet
from workflow.record import record_event


@dataclass(frozen=True, slots=True)
class NewProduct:
    """A product as a firm registers it; ``sheet_mm`` is its certificate's width and height."""

    category: str
    name: str
    model: str
    code_issuer: str
    gtin: str | None
    sheet_mm: tuple[float, float]
    record: dict[str, str] = field(default_factory=dict)


async def register_enterprise(ports: Ports, uscc: str, name: str, *, is_sample: bool = False) -> Enterprise:
    """The firm with that USCC, made where it is new."""
    async with transaction():
        firm, made = await Enterprise.get_or_create(
            uscc=uscc, defaults={"name": name, "is_sample": is_sample, "created_at": ports.clock.now()}
        )
        if made:
            await record_event(ports, "enterprise:register", "enterprise", firm.id, actor="system", clause="7.1")
    return firm


async def add_product(ports: Ports, firm: Enterprise, new: NewProduct) -> Product:
    """The firm's live product of that model, made where it is new."""
    async with transaction():
        product, made = await Product.get_or_create(
            enterprise_id=firm.id,
            model=new.model,
            retired_at=None,
            defaults={
                "category": new.category,
                "name": new.name,
                "code_issuer": new.code_issuer,
                "gtin": new.gtin,
                "sheet_width_um": round(new.sheet_mm[0] * MILLI),
                "sheet_height_um": round(new.sheet_mm[1] * MILLI),
                "record": new.record,
                "created_at": ports.clock.now(),
            },
        )
        if made:
            await record_event(ports, "product:register", "product", product.id, actor="system", clause="7.1")
    return product


async def bind_staff(ports: Ports, firm: Enterprise, name: str, role: str, openid: str) -> WeChatIdentity:
    """Bind a WeChat user to the firm as its staff. That includes consent: the firm's photos are its records (R54)."""
    identity = await meet(ports, openid)
    async with transaction():
        now = ports.clock.now()
        staff, _ = await Staff.get_or_create(
            enterprise_id=firm.id, name=name, left_at=None, defaults={"role": role, "created_at": now}
        )
        changed = await WeChatIdentity.filter(id=identity.id, staff_id=None).update(
            staff_id=staff.id, consented_at=now, notice_shown_at=now, subscribed=True
        )
        if changed:
            await record_event(ports, "staff:bind", "staff", staff.id, actor=f"identity:{identity.id}", clause="7.1")
    await identity.refresh_from_db()
    return identity
