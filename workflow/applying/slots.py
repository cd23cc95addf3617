"""What an application has to hand in, slot by slot, and how far it has come (7.1(2), Appendix A, R41)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from models import Application, ApplicationProduct, Certificate, Material, MaterialState, Product
from standard.calendar import shanghai_day
from standard.grades import Grade
from standard.handing_in import Ask, Handing, ReadAs, handing, online_from_b
from standard.handing_in import look_ups as look_ups_asked
from standard.materials import Due, required
from standard.materials import Material as Asked
from standard.outcome import Outcome
from standard.profile import Edition, edition_on, editions_shipped
from standard.validity import LIVE
from workflow.applying.trace_codes import LOOK_UP, LookUp, look_ups
from workflow.findings import plain_finding
from workflow.intake.uploads import CSV, OFD, PDF, PICTURES, XLSX

_ACCEPTS: dict[ReadAs, tuple[str, ...]] = {
    ReadAs.PRINT: (*PICTURES, PDF),
    ReadAs.BODY: PICTURES,
    ReadAs.CHAIN: PICTURES,
    ReadAs.LEDGER: (XLSX, CSV),
    ReadAs.RECORD: (XLSX, CSV, *PICTURES, PDF, OFD),
    ReadAs.SCREENSHOT: PICTURES,
    ReadAs.LINK: PICTURES,
    ReadAs.DOCUMENT: (*PICTURES, PDF, OFD),
}

STANDING = (MaterialState.HANDED_IN, MaterialState.PASSED, MaterialState.FAILED, MaterialState.UNCLEAR)
"""Materials that count: neither replaced nor taken out."""


@dataclass
class Slot:
    """One material that is asked, for one product where it is asked by product, with the files that stand in it.

    ``state``: ``missing``, ``handed_in`` (not all judged), ``passed``, ``failed``, ``unclear``, or ``excused`` (not
    owed: R1, R37, R49; or on record here: 5). ``least`` and ``most`` files belong in it; with fewer it is missing.
    ``accepts`` are media types, ``asks`` what is to be stated beside each file. One that shows what platforms say of
    opaque codes is missing as long as a code is not shown (R33).
    """

    material: Asked
    per_product: bool
    product: Product | None
    handed_in: list[Material]
    state: str
    findings: list[dict[str, Any]]
    accepts: tuple[str, ...]
    asks: tuple[Ask, ...]
    least: int
    most: int
    read_as: ReadAs
    look_ups: list[dict[str, Any]] = field(default_factory=list)
    """What of opaque trace codes is still to be shown by it (R33); in ``findings`` too."""

    @property
    def name(self) -> str:
        """As people read it: the material, with its product."""
        return (
            f"{self.material.name}（{self.product.name} {self.product.model}）" if self.product else self.material.name
        )


@dataclass
class Progress:
    """How far an application has come: ``have`` of ``need`` owed slots are filled, whatever was judged of them."""

    application: Application
    slots: list[Slot] = field(default_factory=list)
    have: int = 0
    need: int = 0
    sentence: str = ""


def edition_of(application: Application, now: datetime | None = None) -> Edition:
    """The edition it is judged by: the one of its first submission; before that the one in force (at its opening,
    where ``now`` is not given)."""
    stamped = next((one for one in editions_shipped() if one.stamp == application.edition), None)
    return stamped or edition_on(shanghai_day(now or application.submitted_at or application.opened_at))


async def products_of_application(application: Application) -> list[Product]:
    """The products it covers, in the order they were named."""
    named = await ApplicationProduct.filter(application_id=application.id).order_by("id").prefetch_related("product")
    return [one.product for one in named]


async def standing_materials(application: Application) -> list[Material]:
    """The materials that count, in the order they were handed in."""
    return (
        await Material.filter(application_id=application.id, state__in=[str(state) for state in STANDING])
        .order_by("id")
        .prefetch_related("evidence", "inspection", "product")
    )


async def slots_of(application: Application, edition: Edition | None = None) -> list[Slot]:
    """All slots in the order of the list; by product in the order of the products."""
    products = await products_of_application(application)
    materials = await standing_materials(application)
    first = await first_evaluation(application)
    return slots_for(application, products, materials, edition or edition_of(application), first=first)


async def first_evaluation(application: Application) -> bool:
    """Whether no month is due (R1): no certificate of before is alive, on which months could be due. One that an
    upgrade review is about stays its certificate, whatever became of it since."""
    return application.upgrades_id is None and not await Certificate.exists(
        enterprise_id=application.enterprise_id, state__in=LIVE, application_id__lt=application.id
    )


def slots_for(
    application: Application,
    products: Sequence[Product],
    materials: Iterable[Material],
    edition: Edition,
    *,
    first: bool,
) -> list[Slot]:
    """The slots of these products, with these materials in them."""
    level = Grade(application.level)
    standing = list(materials)
    filed: dict[tuple[str, int | None], list[Material]] = {}
    for material in standing:
        filed.setdefault((material.kind, material.product_id), []).append(material)
    by_product = {
        product.id: {
            asked.id: asked
            for asked in required(
                level,
                product.product_class,
                edition,
                first=first,
                sells_online=application.sells_online,
                months_on_file=not first,
            )
        }
        for product in products
    }
    whole = next(iter(by_product.values()), {})
    extra = {asked.id: asked for asked in online_from_b(level, edition, sells_online=application.sells_online)}
    opaque = look_ups(standing, edition)
    for shown_by in look_ups_asked(edition):
        mine = whole.get(shown_by.id)
        # Not where the register states enough. One that was handed in stays, to be mended, also when nothing calls for
        # it any more.
        if any(one.owed for one in opaque) or (mine is None and (shown_by.id, None) in filed):
            extra[shown_by.id] = _with_reason(mine, shown_by)
    slots: list[Slot] = []
    for name, asked in (whole | extra).items():
        how = handing(name, edition)
        if how.per_product:
            for product in products:
                theirs = by_product[product.id][name]
                slots.append(_slot(theirs, how, product, filed.get((name, product.id), [])))
        else:
            slots.append(_slot(asked, how, None, filed.get((name, None), [])))
    for slot in slots:
        if opaque and slot.material.id == LOOK_UP:
            _owe_look_ups(slot, opaque)
    return slots


def _with_reason(asked: Asked | None, shown_by: Asked) -> Asked:
    """As its level asks it, with the reason why opaque codes do."""
    if asked is None:
        return shown_by
    return replace(asked, source=f"{asked.source}；{shown_by.source}", rows=(*asked.rows, *shown_by.rows))


def _owe_look_ups(slot: Slot, opaque: Sequence[LookUp]) -> None:
    """One more screenshot may come for each code, whatever was submitted before and cannot be taken out; those not
    judged yet may show what is still owed."""
    slot.most += len(opaque) + sum(file.round is not None for file in slot.handed_in)
    slot.look_ups = [plain_finding(one.finding) for one in opaque if one.finding.outcome is not Outcome.PASS]
    slot.findings = [*slot.look_ups, *slot.findings]
    waiting = sum(file.state == MaterialState.HANDED_IN for file in slot.handed_in)
    if sum(one.owed for one in opaque) > waiting:
        slot.state = "missing"


def _slot(asked: Asked, how: Handing, product: Product | None, files: list[Material]) -> Slot:
    findings = [finding for file in files for finding in file.findings]
    return Slot(
        asked, how.per_product, product, files, _state(asked, how, files), findings, _ACCEPTS[how.read_as], how.asks,
        how.least, how.most, how.read_as,
    )  # fmt: skip


def _state(asked: Asked, how: Handing, files: Sequence[Material]) -> str:
    if asked.due is not Due.REQUIRED:
        return "excused"
    if len(files) < how.least:
        return "missing"
    states = {file.state for file in files}
    return next(
        str(state)
        for state in (MaterialState.FAILED, MaterialState.UNCLEAR, MaterialState.HANDED_IN, MaterialState.PASSED)
        if state in states
    )


async def progress(application: Application) -> Progress:
    """How far it has come, live."""
    return progress_of(application, await slots_of(application))


def progress_of(application: Application, slots: list[Slot]) -> Progress:
    """How far these slots have come."""
    owed = [slot for slot in slots if slot.state != "excused"]
    have = sum(slot.state != "missing" for slot in owed)
    sentence = f"{Grade(application.level).named}：已交 {have} 项，共 {len(owed)} 项"
    return Progress(application, slots, have, len(owed), sentence)
