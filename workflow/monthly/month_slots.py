"""What a month asks (C(1)–C(4), R39), slot by slot, and how far it has come, in words."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from models import FilingFile, FilingFileKind, FilingFileState, Product
from standard.handing_in import Ask, asked_beside
from workflow.intake.uploads import CSV, OFD, PDF, PICTURES, XLSX
from workflow.monthly.month_case import MonthCase, named

TITLES = {
    FilingFileKind.CERTIFICATE_PHOTO: "合格证照片",
    FilingFileKind.BODY_PHOTO: "本体或包装照片",
    FilingFileKind.QUERY_SCREENSHOT: "追溯查询截图",
    FilingFileKind.UPDATE_LEDGER: "追溯数据更新台账",
    FilingFileKind.OPTIONAL: "选报材料",
}

PER_PRODUCT = (FilingFileKind.CERTIFICATE_PHOTO, FilingFileKind.BODY_PHOTO)

ACCEPTS: dict[FilingFileKind, tuple[str, ...]] = {
    FilingFileKind.CERTIFICATE_PHOTO: (*PICTURES, PDF),
    FilingFileKind.BODY_PHOTO: PICTURES,
    FilingFileKind.QUERY_SCREENSHOT: PICTURES,
    FilingFileKind.UPDATE_LEDGER: (XLSX, CSV),
    FilingFileKind.OPTIONAL: (*PICTURES, PDF, OFD, XLSX, CSV),
}
_MOST_OPTIONAL = 10

_MARKS = {"missing": "缺", "waiting": "检查中", "failed": "✗", "unclear": "？", "passed": "✓", "optional": ""}


@dataclass
class MonthSlot:
    """One kind of file, of one product where it is filed by product, with the files that stand in it.

    ``need`` to ``most`` files belong in it; ``state``: ``missing`` (fewer than needed), ``waiting`` (not all judged),
    ``failed``, ``unclear``, ``passed``, or ``optional`` (nothing is asked and nothing is there). ``accepts`` are media
    types, ``asks`` what may be or is to be stated beside each file.
    """

    kind: FilingFileKind
    product: Product | None
    files: list[FilingFile]
    need: int
    most: int
    state: str
    accepts: tuple[str, ...]
    asks: tuple[Ask, ...]

    @property
    def title(self) -> str:
        """The kind as people read it."""
        return TITLES[self.kind]

    @property
    def name(self) -> str:
        """The same with its product."""
        return f"{self.title}（{named(self.product)}）" if self.product else self.title

    @property
    def have(self) -> int:
        """How many files stand in it."""
        return len(self.files)

    @property
    def lacking(self) -> int:
        """How many files are missing."""
        return max(self.need - self.have, 0)

    @property
    def words(self) -> str:
        """How far it has come: ``合格证照片 1/1 ✓``."""
        mark = f"缺 {self.lacking}" if self.state == "missing" else _MARKS[self.state]
        return f"{self.title} {self.have}/{max(self.need, self.have)} {mark}".rstrip()


@dataclass
class MonthProduct:
    """One product of which something is filed; ``repeated``: it was filed last month too (R9)."""

    product: Product
    repeated: bool
    slots: list[MonthSlot]

    @property
    def words(self) -> str:
        """How far it has come."""
        return f"{named(self.product)}：{'，'.join(slot.words for slot in self.slots)}"


@dataclass
class MonthSlots:
    """All slots of a month: those of each product, and those of the filing as a whole; ``missing`` in words."""

    products: list[MonthProduct]
    screenshots: MonthSlot
    ledger: MonthSlot
    optional: MonthSlot
    missing: list[str] = field(default_factory=list)

    @property
    def all(self) -> list[MonthSlot]:
        """In the order in which people read them."""
        by_product = [slot for product in self.products for slot in product.slots]
        return [*by_product, self.screenshots, self.ledger, self.optional]


def month_slots(case: MonthCase, beside: Sequence[Product] = ()) -> MonthSlots:
    """The slots with what stands in them; ``beside`` are products that get slots though nothing of them is filed."""
    products = case.filed_products()
    known = {product.id for product in products}
    slots = MonthSlots(
        [
            MonthProduct(product, product.id in case.last_month, list(slots_of_product(case, product)))
            for product in [*products, *(one for one in beside if one.id not in known)]
        ],
        slot_of(case, FilingFileKind.QUERY_SCREENSHOT),
        slot_of(case, FilingFileKind.UPDATE_LEDGER),
        slot_of(case, FilingFileKind.OPTIONAL),
    )
    slots.missing = _missing(case, slots)
    return slots


def slots_of_product(case: MonthCase, product: Product) -> Sequence[MonthSlot]:
    """Its certificates, and its body or package where the level asks for them (R39)."""
    kinds = PER_PRODUCT if case.asks_body else PER_PRODUCT[:1]
    return [slot_of(case, kind, product) for kind in kinds]


def slot_of(case: MonthCase, kind: FilingFileKind, product: Product | None = None) -> MonthSlot:
    """One slot with what stands in it."""
    product_id = product.id if product is not None else None
    files, need = case.of(kind, product_id), case.need(kind, product_id)
    return MonthSlot(
        kind, product, files, need, _most(case, kind), _state(need, files, case.counted(kind, product_id)),
        ACCEPTS[kind], asked_beside(f"month_{kind}", case.edition),
    )  # fmt: skip


def _most(case: MonthCase, kind: FilingFileKind) -> int:
    if kind in PER_PRODUCT:
        return case.edition.whole("monthly.photos_most")
    if kind is FilingFileKind.QUERY_SCREENSHOT:
        return case.edition.whole("monthly.screenshots_most")
    if kind is FilingFileKind.UPDATE_LEDGER:
        return 1 + len(case.products)  # one for all, or one of each product
    return _MOST_OPTIONAL


def _state(need: int, files: Sequence[FilingFile], counted: Sequence[FilingFile]) -> str:
    if len(files) < need:
        return "missing"
    if not files:
        return "optional"
    states = {file.state for file in counted}
    words = {
        FilingFileState.FAILED: "failed", FilingFileState.UNCLEAR: "unclear", FilingFileState.HANDED_IN: "waiting",
    }  # fmt: skip
    return next((word for state, word in words.items() if state in states), "passed")


def _missing(case: MonthCase, slots: MonthSlots) -> list[str]:
    """Everything that is asked and not there, whatever was judged of the rest."""
    least, have = case.edition.whole("monthly.products"), len(slots.products)
    owed = min(least, max(len(case.products), 1))
    found = [f"还差 {owed - have} 款产品的合格证照片等资料（每月不少于 {least} 款，C(5)）"] if have < owed else []
    asked = (*(slot for product in slots.products for slot in product.slots), slots.screenshots)
    found += [f"{slot.name}还差 {slot.lacking} 张" for slot in asked if slot.lacking]
    lacking = _without_ledger(case, slots.products)
    if lacking is not None:
        found.append(f"缺少追溯数据更新台账（{lacking}C(3)）")
    return found


def _without_ledger(case: MonthCase, products: Sequence[MonthProduct]) -> str | None:
    """Which products no ledger is handed in for, empty where there is none at all; None where nothing lacks."""
    ledgers = case.of(FilingFileKind.UPDATE_LEDGER)
    if not ledgers:
        return ""
    own = {ledger.product_id for ledger in ledgers}
    lacking = [] if None in own else [named(one.product) for one in products if one.product.id not in own]
    return f"{'、'.join(lacking)}，" if lacking else None
