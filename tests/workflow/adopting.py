"""Customers that adopt a living firm's result, and the papers of their tenders."""

import json
from dataclasses import dataclass, field
from typing import Any

from models import Adoption, AdoptionWay, Enterprise, Filer, StaffRole
from tests import rows
from tests.workflow import filed
from tests.workflow.filed import RecordedInspector
from tests.workflow.graded import member
from tests.workflow.living import Living, living
from tests.workflow.world import World
from workflow.access import Asker
from workflow.credit import adoptions
from workflow.credit.adoptions import NewAdoption

CUSTOMER = "样例采购集团有限公司"
CUSTOMER_USCC = "91310000MA0000007L"
NUMBER = "ZB-2026-001"


def tender(
    number: str = NUMBER, customer: str = CUSTOMER, asks: str = "供应商须具有质量追溯能力 A 级及以上", **more: Any
) -> bytes:
    """A tender document."""
    return filed.document(f"招标文件 招标编号：{number} 招标人：{customer} {asks}", **more)


def award(winner: str, number: str = NUMBER, customer: str = CUSTOMER, **more: Any) -> bytes:
    """A notice of award with its seal."""
    text = f"中标通知书 招标编号：{number} 中标人：{winner} 招标人：{customer}"
    return filed.document(text, **{"seal_text": customer, **more})


@dataclass
class Adopting:
    """A supplier with a certificate, and its customer with a person who buys."""

    world: World
    supplier: Living
    customer: Enterprise
    buyer: Asker
    filed: int = field(default=0)

    async def file(
        self,
        number: str = NUMBER,
        *,
        by: Filer = Filer.CUSTOMER,
        asker: Asker | None = None,
        way: AdoptionWay = AdoptionWay.UPLOADED,
        files: dict[str, bytes] | None = None,
        **given: Any,
    ) -> Adoption:
        """File a record with good papers, or those given, and have it judged."""
        self.filed += 1
        stated = {
            "supplier_uscc": self.supplier.firm.uscc,
            "tender_number": number,
            "tender_role": "tenderer",
            "customer_name": CUSTOMER,
            "customer_uscc": CUSTOMER_USCC,
            "way": way,
        }
        more = {name: given.pop(name) for name in ("confirmation_ref", "partner") if name in given}
        asker = asker or (self.supplier.asker if by is Filer.SUPPLIER else self.buyer)
        if by is not Filer.PARTNER:
            more["asker"] = asker
        made = await adoptions.file_adoption(
            self.world.ports, by, NewAdoption(**{**stated, **given}), f"key-{self.filed}", **more
        )
        if files is None and way is AdoptionWay.UPLOADED:
            files = {"tender_document": tender(number), "award_notice": award(self.supplier.firm.name, number)}
        for kind, data in (files or {}).items():
            await adoptions.add_file(self.world.ports, made, kind, f"{kind}.pdf", data)
        await self.world.work()
        await made.refresh_from_db()
        return made


async def adopting(world: World) -> Adopting:
    object.__setattr__(world.ports, "inspector", RecordedInspector())
    supplier = await living(name="样例电缆有限公司")
    customer = await rows.enterprise(name=CUSTOMER, uscc=CUSTOMER_USCC, verified_at=world.clock.now())
    return Adopting(world, supplier, customer, await member(customer, StaffRole.STAFF))


def reasons(adoption: Adoption, outcome: str) -> str:
    """What was found with that outcome."""
    return json.dumps([one["reason"] for one in adoption.findings if one["outcome"] == outcome], ensure_ascii=False)
