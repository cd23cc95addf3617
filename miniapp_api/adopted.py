"""An adoption as it is answered: the same to those who filed it, the firms concerned, and a customer's own system."""

from datetime import date
from typing import Any

from pydantic import Field

from miniapp_api.findings import FindingShown, findings_of
from miniapp_api.shapes import Answer, Moment
from models import Adoption, AdoptionState, AdoptionWay
from workflow.credit.adoptions import complete_through


class AdoptionStands(Answer):
    """What is on record, and what came of it (8.2(2), 8.5)."""

    ref: str
    supplier_uscc: str
    supplier_name: str
    customer_name: str
    customer_uscc: str
    tender_number: str
    tender_role: str
    way: AdoptionWay
    state: AdoptionState = Field(
        description="checking 核验中，waiting 待补充或待人工核实（0 分），valid 有效，refused 不成立，false 虚假"
    )
    filed_at: Moment
    complete_through: date | None = Field(description="等登记人补充的最后一天（北京时间），过后按不成立结案（R56）")
    decided_at: Moment | None
    findings: list[FindingShown]


def stands(row: Adoption) -> dict[str, Any]:
    """The fields of :class:`AdoptionStands`, of a row with its ``supplier``."""
    return {
        "ref": row.ref,
        "supplier_uscc": row.supplier.uscc,
        "supplier_name": row.supplier.name,
        "customer_name": row.customer_name,
        "customer_uscc": row.customer_uscc,
        "tender_number": row.tender_number,
        "tender_role": row.tender_role,
        "way": AdoptionWay(row.way),
        "state": AdoptionState(row.state),
        "filed_at": row.filed_at,
        "complete_through": complete_through(row),
        "decided_at": row.decided_at,
        "findings": findings_of(row.findings),
    }
