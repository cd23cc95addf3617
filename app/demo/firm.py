"""The invented firm 示范线缆（样例）: no such firm exists, and nobody can hold its credit code (MA000001).

:class:`DemoFirm` is the form of any firm that is invented for the same road; :data:`EXAMPLE` is the one that is shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

CATEGORY = "电线电缆"


@dataclass(frozen=True, slots=True)
class Made:
    """One product: what the firm registers, and what stands on its papers."""

    name: str
    model: str
    gtin: str
    sheet_mm: tuple[float, float]
    voltage: str
    standard: str
    ccc_number: str


@dataclass(frozen=True, slots=True)
class Item:
    """The one item of each product that was photographed: certificate and package bear the same code.

    ``product`` is the index of what it is, ``made``, among its firm's products.
    """

    product: int
    made: Made
    batch: str
    serial: str
    made_on: date
    code: str


@dataclass(frozen=True, slots=True)
class DemoFirm:
    """A firm that makes wires; ``gs1_prefix`` is its company prefix, as GS1 China would have issued it."""

    name: str
    uscc: str
    address: str
    legal_representative: str
    gs1_prefix: str
    host: str
    products: Sequence[Made]

    @property
    def query_url(self) -> str:
        """Where the public looks its codes up."""
        return f"https://{self.host}/q"

    def items(self) -> tuple[Item, ...]:
        """One of each product: the first code is a Digital Link, a second one a GS1 element string with its
        identifiers in brackets (R32)."""
        found = []
        for index, (made, letter, day) in enumerate(zip(self.products, "LR", (15, 20), strict=False)):
            batch, made_on = f"{letter}2609{day}", date(2026, 9, day)
            code = f"https://id.gs1.org/01/{made.gtin}/10/{batch}/21/0001"
            if index == 1:
                code = f"(01){made.gtin}(10){batch}(21)0001"
            found.append(Item(index, made, batch, "0001", made_on, code))
        return tuple(found)

    def fields(self, item: Item) -> dict[str, str]:
        """What the item's certificate states."""
        return {
            "产品名称": item.made.name,
            "规格型号": item.made.model,
            "生产批次": item.batch,
            "生产日期": item.made_on.isoformat(),
            "生产企业": self.name,
            "统一社会信用代码": self.uscc,
        }


EXAMPLE = DemoFirm(
    name="示范线缆（样例）有限公司",
    uscc="91320000MA0000015K",
    address="江苏省示范市样例区电缆路 8 号（样例）",
    legal_representative="王样例",
    gs1_prefix="69500000",  # 695 is followed by eight digits in all
    host="trace.sample-cable.cn",
    products=(
        Made(
            "聚氯乙烯绝缘电线（样例）", "BV 4", "06950000004017", (100.0, 70.0), "450/750V", "GB/T 5023.3-2008",
            "2024010105000001",
        ),
        Made(
            "聚氯乙烯护套软线（样例）", "RVV 2×1.0", "06950000004024", (90.0, 50.0), "300/500V", "GB/T 5023.5-2008",
            "2024010105000002",
        ),
    ),
)  # fmt: skip
