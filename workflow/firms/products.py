"""Products and the codes they carry (3.1, 3.4, 7.1): registered by the firm's members, checked as far as numbers go."""

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from tortoise.query_utils import Prefetch

from models import (
    OPEN,
    TAKES_FILES,
    Application,
    ApplicationProduct,
    ApplicationState,
    CodePattern,
    CodePatternKind,
    Enterprise,
    Product,
    StaffRole,
)
from models.transactions import transaction
from standard.calendar import shanghai_day
from standard.codes import Kind as CodeKind
from standard.codes import read
from standard.identifiers import ccc_certificate, production_licence
from standard.outcome import Outcome
from standard.profile import Edition, edition_on
from standard.scope import categories, needs_qualification
from workflow.access import Asker, member_of, not_found
from workflow.applying.applications import judge_product_again
from workflow.applying.upgrades import must_stay_covered
from workflow.context import Ports
from workflow.firms.lines import filled_line
from workflow.intake.code_patterns import own_pattern, shared_with_others
from workflow.intake.judged_codes import GTIN
from workflow.knowing.people import MILLI
from workflow.monthly import month_jobs
from workflow.problems import Kind, Refused
from workflow.record import record_event

CLAUSE = "7.1"
SMALLEST_MM, LARGEST_MM = 10, 1200
"""Width or height of a certificate that can be one, as in the chat."""
PATTERNS = {
    CodePatternKind.GTIN_PREFIX: (re.compile(r"\d{7,14}"), "厂商识别代码应为 7 至 14 位数字，如 6901234"),
    CodePatternKind.ECODE: (re.compile(r"[0-9A-Za-z.]{4,64}"), "Ecode 前缀应为 4 至 64 位数字或字母"),
    CodePatternKind.HOST: (
        re.compile(r"(?=.{4,120}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{1,62}"),
        "网址只填域名，如 trace.example.cn",
    ),
}
"""How each kind of pattern is written, and what to say where it is not."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """What the trace codes of a product begin with: a GTIN prefix, an Ecode prefix, or the host of its links."""

    kind: CodePatternKind
    value: str


@dataclass(frozen=True, slots=True)
class NewProduct:
    """A product as a firm registers it; ``sheet_mm`` is its certificate's width and height.

    ``product_class`` empty: the class that its category has in the edition's list. ``record``: what D.5.1 compares.
    """

    category: str
    name: str
    model: str
    code_issuer: str
    gtin: str | None
    sheet_mm: tuple[float, float]
    record: dict[str, str] = field(default_factory=dict)
    product_class: str = ""
    qualification_number: str = ""
    patterns: tuple[Pattern, ...] = ()


@dataclass(frozen=True, slots=True)
class ProductChanges:
    """What shall be different; None stays as it is. ``gtin`` and ``qualification_number`` are emptied by ``""``."""

    category: str | None = None
    name: str | None = None
    model: str | None = None
    code_issuer: str | None = None
    gtin: str | None = None
    sheet_mm: tuple[float, float] | None = None
    record: dict[str, str] | None = None
    product_class: str | None = None
    qualification_number: str | None = None
    patterns: tuple[Pattern, ...] | None = None


async def products_of_firm(asker: Asker, enterprise_id: int) -> list[Product]:
    """The firm's live products with ``.code_patterns`` in use, in the order they were registered; for members."""
    await member_of(asker, enterprise_id)
    found = Product.filter(enterprise_id=enterprise_id, retired_at=None).order_by("id")
    return await found.prefetch_related(_patterns_in_use())


async def new_product(ports: Ports, asker: Asker, enterprise_id: int, new: NewProduct) -> Product:
    """Register a product, for staff; :class:`Refused` ``model_taken`` where the firm has a live one of that model."""
    await member_of(asker, enterprise_id, StaffRole.STAFF)
    values = _checked(ports, new)
    async with transaction():
        await Enterprise.filter(id=enterprise_id).select_for_update(no_key=True).get()
        await _free(enterprise_id, values["model"])
        product = await Product.create(enterprise_id=enterprise_id, created_at=ports.clock.now(), **values)
        await _claim(ports, product, new.patterns, product.gtin)
        await record_event(
            ports, "product:register", "product", product.id, actor=asker.actor, clause=CLAUSE, after=_plain(values)
        )
    return await _fresh(product)


async def change_product(ports: Ports, asker: Asker, product_id: int, changes: ProductChanges) -> Product:
    """Change a registered product, for staff; not while a submitted application rests on it (7.1(2)), and its category
    only as far as an upgrade review keeps to those of its certificate (R43)."""
    product = await _own(asker, product_id)
    async with transaction():
        # Its months before the firm, as whoever decides one holds them.
        await month_jobs.hold_owed(product.enterprise_id)
        await Enterprise.filter(id=product.enterprise_id).select_for_update(no_key=True).get()
        product = await Product.filter(id=product_id, retired_at=None).select_for_update(no_key=True).first() or _gone()
        await _not_in(product, [state for state in OPEN if state not in TAKES_FILES])
        values = _checked(ports, _changed(product, changes))
        if values["model"] != product.model:
            await _free(product.enterprise_id, values["model"])
        if values["category"] != product.category:
            await must_stay_covered(product, values["category"])
        before = {name: getattr(product, name) for name in values}
        await Product.filter(id=product.id).update(**values)
        await _claim(ports, product, changes.patterns, values["gtin"])
        if before != values:
            await judge_product_again(ports, product.id)
            await month_jobs.judge_product_again(ports, product.id)
        await record_event(
            ports,
            "product:change",
            "product",
            product.id,
            actor=asker.actor,
            clause=CLAUSE,
            before={name: value for name, value in before.items() if value != values[name]},
            after={name: value for name, value in values.items() if value != before[name]},
        )
    ports.bell.ring("jobs")
    return await _fresh(product)


async def retire_product(ports: Ports, asker: Asker, product_id: int) -> None:
    """Take a product out of use, for staff; its history stays. Not while an application covers it."""
    product = await _own(asker, product_id)
    async with transaction():
        await Enterprise.filter(id=product.enterprise_id).select_for_update(no_key=True).get()
        await _not_in(product, list(OPEN))
        now = ports.clock.now()
        if await Product.filter(id=product.id, retired_at=None).update(retired_at=now):
            await CodePattern.filter(product_id=product.id, retired_at=None).update(retired_at=now)
            await record_event(ports, "product:retire", "product", product.id, actor=asker.actor, clause=CLAUSE)


async def add_product(ports: Ports, firm: Enterprise, new: NewProduct) -> Product:
    """The firm's live product of that model, entered by us, made where it is new; its number may be still to come."""
    values = _checked(ports, new, complete=False)
    async with transaction():
        product, made = await Product.get_or_create(
            enterprise_id=firm.id,
            model=values.pop("model"),
            retired_at=None,
            defaults={**values, "created_at": ports.clock.now()},
        )
        if made:
            await _claim(ports, product, new.patterns, product.gtin)
            await record_event(ports, "product:register", "product", product.id, actor="system", clause=CLAUSE)
    return product


async def _own(asker: Asker, product_id: int) -> Product:
    product = await Product.get_or_none(id=product_id, retired_at=None)
    if product is None:
        raise not_found()
    await member_of(asker, product.enterprise_id, StaffRole.STAFF)
    return product


def _gone() -> Product:
    raise not_found()


async def _free(enterprise_id: int, model: str) -> None:
    if await Product.exists(enterprise_id=enterprise_id, model=model, retired_at=None):
        advice = f"规格型号“{model}”已经登记：请直接修改那一条，或核对型号"
        raise Refused(Kind.CONFLICT, "model_taken", advice, clause=CLAUSE, field="model")


async def _not_in(product: Product, states: list[ApplicationState]) -> None:
    """With the firm locked. Applications that take files stay locked too: one that is submitted meanwhile, by its firm
    or because its time is over, is submitted with what has changed. The others are not waited for: whoever certifies
    one holds it, and waits for the firm."""
    covering = await ApplicationProduct.filter(product_id=product.id).values_list("application_id", flat=True)
    theirs = Application.filter(id__in=covering)
    await theirs.filter(state__in=[str(state) for state in TAKES_FILES]).select_for_update()
    if await theirs.filter(state__in=[str(state) for state in states]).exists():
        advice = "有申报正在使用这个产品，提交后的资料不能改动：请等这次申报结束"
        raise Refused(Kind.CONFLICT, "product_in_application", advice, clause="7.1(2)")


async def _claim(ports: Ports, product: Product, patterns: tuple[Pattern, ...] | None, gtin: str | None) -> None:
    """Make these the product's patterns, None: those it has; one that stays keeps its proof, one that goes is retired.

    The pattern that is a GTIN stays as long as ``gtin`` is the product's, whether it is named or not.
    """
    now = ports.clock.now()
    there = {
        (CodePatternKind(one.kind), one.value): one
        for one in await CodePattern.filter(product_id=product.id, retired_at=None)
    }
    if patterns is not None:
        wanted = {(pattern.kind, _spelt(pattern)) for pattern in patterns}
    else:
        wanted = there.keys() - {own_pattern(product.gtin)}
    for key in there.keys() - wanted - {own_pattern(gtin)}:
        await CodePattern.filter(id=there[key].id).update(retired_at=now)
    for kind, value in sorted(wanted - there.keys()):
        await CodePattern.create(product_id=product.id, kind=kind, value=value, claimed_at=now)


def _spelt(pattern: Pattern) -> str:
    form, advice = PATTERNS[pattern.kind]
    value = pattern.value.strip()
    if pattern.kind is CodePatternKind.HOST:
        value = value.lower().rstrip(".")
    if form.fullmatch(value) is None:
        raise Refused(Kind.INVALID, "pattern_invalid", advice, clause="3.4", field="patterns")
    return value


def _own_beginning(kind: CodePatternKind, value: str, edition: Edition) -> None:
    """:class:`Refused` where the beginning of a GTIN or an Ecode is not one maker's alone (3.4)."""
    others = shared_with_others(kind, value, edition)
    if len(value) <= others:
        if kind is CodePatternKind.GTIN_PREFIX:
            why = f"{value[:3]} 开头的厂商识别代码是 {others + 1} 位"
        else:
            why = f"Ecode 的前 {others} 位是版本和编码体系标识"
        advice = f"{why}，只填到这里就成了许多家的：请至少填 {others + 1} 位"
        raise Refused(Kind.INVALID, "pattern_invalid", advice, clause="3.4", field="patterns")


def _changed(product: Product, changes: ProductChanges) -> NewProduct:
    def now(name: str, there: Any) -> Any:
        given = getattr(changes, name)
        return there if given is None else given

    return NewProduct(
        category=now("category", product.category),
        name=now("name", product.name),
        model=now("model", product.model),
        code_issuer=now("code_issuer", product.code_issuer),
        gtin=now("gtin", product.gtin),
        sheet_mm=now("sheet_mm", (product.sheet_width_um / MILLI, product.sheet_height_um / MILLI)),
        record=now("record", product.record),
        # Another category has another class, unless it is said too.
        product_class=now("product_class", product.product_class if changes.category is None else ""),
        qualification_number=now("qualification_number", product.qualification_number),
        patterns=changes.patterns or (),
    )


def _checked(ports: Ports, new: NewProduct, *, complete: bool = True) -> dict[str, Any]:
    """The columns of a product, or why it cannot be one; ``complete``: its licence's number may not be missing."""
    today = shanghai_day(ports.clock.now())
    edition = edition_on(today)
    category, product_class = _category(new, edition)
    for pattern in new.patterns:
        _own_beginning(pattern.kind, _spelt(pattern), edition)
    return {
        "category": category,
        "name": filled_line(new.name, "name", "产品名称", 200, clause=CLAUSE),
        "model": filled_line(new.model, "model", "规格型号", 100, clause=CLAUSE),
        "code_issuer": filled_line(new.code_issuer, "code_issuer", "发码机构", 40, clause=CLAUSE),
        "gtin": _gtin(new.gtin, edition),
        **_sheet(new.sheet_mm),
        "product_class": product_class,
        "qualification_number": _qualification(
            new.qualification_number, product_class, today, edition, needed=complete
        ),
        "record": _record(new.record),
    }


def _category(new: NewProduct, edition: Edition) -> tuple[str, str]:
    """Its name and its class (3.1): as the edition lists it, or as the firm says for one that is not listed."""
    listed = next((one for one in categories(edition) if new.category in {one.id, one.name}), None)
    name = listed.name if listed else filled_line(new.category, "category", "产品品类", 60, clause=CLAUSE)
    chosen = new.product_class or (listed.product_class if listed else "")
    if chosen not in edition.words("scope.classes"):
        advice = "请选择管理方式：实施生产许可证管理、实施强制性认证（CCC）管理，或有强制性国家标准的安全相关产品"
        raise Refused(Kind.INVALID, "product_class_unknown", advice, clause="3.1", rows=("R49",), field="product_class")
    return name, chosen


def _qualification(text: str, product_class: str, today: date, edition: Edition, *, needed: bool) -> str:
    """Its number's one spelling; a class without licence or certification has none (R49)."""
    if not needs_qualification(product_class, edition):
        return ""
    if not text.strip():
        if not needed:
            return ""
        what = "生产许可证编号" if product_class == "licence" else "CCC 证书编号"
        raise Refused(
            Kind.INVALID, "qualification_missing", f"请填写{what}", clause="7.1(1)", field="qualification_number"
        )
    if product_class == "licence":
        number = production_licence(text, edition=edition)
    else:
        number = ccc_certificate(text, edition=edition, today=today)
    odd = next((finding for finding in number.findings if finding.outcome is not Outcome.PASS), None)
    if odd is not None:
        raise Refused(
            Kind.INVALID,
            "qualification_invalid",
            odd.reason,
            clause=odd.clause,
            rows=odd.rows,
            field="qualification_number",
        )
    return number.normal


def _gtin(text: str | None, edition: Edition) -> str | None:
    if text is None or not text.strip():
        return None
    code = read(text.strip(), edition=edition)
    if code.kind is not CodeKind.GTIN or not code.valid:
        reason = code.reasons[0].reason if code.reasons else "商品条码应为 8、12、13 或 14 位数字"
        raise Refused(Kind.INVALID, "gtin_invalid", reason, clause="3.4", rows=("R32",), field="gtin")
    return code.parts[GTIN]


def _sheet(sheet_mm: tuple[float, float]) -> dict[str, int]:
    if not all(SMALLEST_MM <= side <= LARGEST_MM for side in sheet_mm):
        advice = f"合格证的宽和高应在 {SMALLEST_MM} 至 {LARGEST_MM} 毫米之间"
        raise Refused(Kind.INVALID, "sheet_invalid", advice, clause="D.3.1", field="sheet_mm")
    width, height = sheet_mm
    return {"sheet_width_um": round(width * MILLI), "sheet_height_um": round(height * MILLI)}


def _record(record: dict[str, str]) -> dict[str, str]:
    if len(record) > 40 or any(len(name) > 40 or len(text) > 400 for name, text in record.items()):
        advice = "合格证内容最多 40 项，每项名称不超过 40 字、内容不超过 400 字"
        raise Refused(Kind.INVALID, "record_too_long", advice, clause="D.5.1", field="record")
    return {name.strip(): text.strip() for name, text in record.items() if name.strip() and text.strip()}


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in {"record"}}


async def _fresh(product: Product) -> Product:
    return await Product.get(id=product.id).prefetch_related(_patterns_in_use())


def _patterns_in_use() -> Prefetch:
    return Prefetch("code_patterns", queryset=CodePattern.filter(retired_at=None).order_by("id"))
