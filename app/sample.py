"""Whom ``make run`` starts with: an invented firm, and an operator. Everything here is a sample (样例)."""

from models import PlatformRole, StaffRole, WeChatIdentity
from workflow.context import Ports
from workflow.firms import members
from workflow.firms.products import NewProduct, add_product
from workflow.firms.registration import bind_staff, register_enterprise
from workflow.knowing.people import meet
from workflow.knowing.persons import learn_unionid, person_of

USCC = "91310000MA0000007L"
FIRM = "样例电缆有限公司"

PRODUCTS = (
    NewProduct(
        category="电线电缆",
        name="聚氯乙烯绝缘电线（样例）",
        model="BV 2.5",
        code_issuer="GS1",
        gtin="06901234567892",
        sheet_mm=(100, 70),
        record={
            "产品名称": "聚氯乙烯绝缘电线（样例）",
            "规格型号": "BV 2.5",
            "生产企业": FIRM,
            "统一社会信用代码": USCC,
        },
    ),
    NewProduct(
        category="电线电缆",
        name="聚氯乙烯护套软线（样例）",
        model="RVV 3×1.5",
        code_issuer="GS1",
        gtin="06901234567908",
        sheet_mm=(90, 50),
        record={
            "产品名称": "聚氯乙烯护套软线（样例）",
            "规格型号": "RVV 3×1.5",
            "生产企业": FIRM,
            "统一社会信用代码": USCC,
        },
    ),
)


async def seed(ports: Ports, staff_openid: str, operator_openid: str) -> None:
    """The sample firm with its products and its owner, and somebody who operates; what is there already stays as it
    is."""
    firm = await register_enterprise(ports, USCC, f"{FIRM}（样例）", is_sample=True)
    for product in PRODUCTS:
        await add_product(ports, firm, product)
    await _met(ports, staff_openid)
    await bind_staff(ports, firm, "张工（样例）", "质检员", staff_openid, role=StaffRole.OWNER)
    operator = await person_of(ports, await _met(ports, operator_openid))
    await members.grant(ports, operator.id, PlatformRole.OPERATOR, by="system")


async def _met(ports: Ports, openid: str) -> WeChatIdentity:
    """Somebody who has followed all along. Nothing is pushed for them that would join chat and mini-program."""
    identity = await meet(ports, openid)
    await learn_unionid(ports, identity)
    return identity
