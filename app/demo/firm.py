"""The invented firm 示范线缆（样例）: no such firm exists, and nobody can hold its credit code (MA000001)."""

from dataclasses import dataclass
from datetime import date

FIRM = "示范线缆（样例）有限公司"
USCC = "91320000MA0000015K"
ADDRESS = "江苏省示范市样例区电缆路 8 号（样例）"
LEGAL_REPRESENTATIVE = "王样例"
CATEGORY = "电线电缆"
GS1_PREFIX = "69500000"
"""Its company prefix as GS1 China would have issued it: 695 is followed by eight digits in all."""
HOST = "trace.sample-cable.cn"
QUERY_URL = f"https://{HOST}/q"


@dataclass(frozen=True, slots=True)
class Made:
    """One product: what the firm registers, and what stands on its papers."""

    name: str
    model: str
    gtin: str
    sheet_mm: tuple[float, float]
    voltage: str
    standard: str


PRODUCTS = (
    Made("聚氯乙烯绝缘电线（样例）", "BV 4", "06950000004017", (100.0, 70.0), "450/750V", "GB/T 5023.3-2008"),
    Made("聚氯乙烯护套软线（样例）", "RVV 2×1.0", "06950000004024", (90.0, 50.0), "300/500V", "GB/T 5023.5-2008"),
)
SHEETS = tuple(product.sheet_mm for product in PRODUCTS)


@dataclass(frozen=True, slots=True)
class Item:
    """The one item of each product that was photographed: certificate and package bear the same code."""

    product: int
    batch: str
    serial: str
    made_on: date
    code: str

    @property
    def model(self) -> str:
        return PRODUCTS[self.product].model

    @property
    def voltage(self) -> str:
        return PRODUCTS[self.product].voltage

    @property
    def standard(self) -> str:
        return PRODUCTS[self.product].standard

    @property
    def fields(self) -> dict[str, str]:
        """What its certificate states."""
        return {
            "产品名称": PRODUCTS[self.product].name,
            "规格型号": self.model,
            "生产批次": self.batch,
            "生产日期": self.made_on.isoformat(),
            "生产企业": FIRM,
            "统一社会信用代码": USCC,
        }


def items() -> tuple[Item, Item]:
    """One code is a Digital Link, the other a GS1 element string with its identifiers in brackets (R32)."""
    first, second = (product.gtin for product in PRODUCTS)
    return (
        Item(0, "L260915", "0001", date(2026, 9, 15), f"https://id.gs1.org/01/{first}/10/L260915/21/0001"),
        Item(1, "R260920", "0001", date(2026, 9, 20), f"(01){second}(10)R260920(21)0001"),
    )
