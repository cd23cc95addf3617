"""Clauses 1, 3.1, 3.5 and 3.6: which firms and products the standard is for, what a coded product is, and coverage."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from standard.citation import cites
from standard.facts import rate as rate_of
from standard.months import Month
from standard.outcome import Finding, Outcome
from standard.profile import Edition


class Standing(StrEnum):
    """Whether a firm or product may be evaluated."""

    COVERED = "covered"
    OUTSIDE = "outside"
    NOT_SUPPORTED = "not_supported"
    """In the scope of the standard; the platform has no profile for it yet (R49)."""


@dataclass(frozen=True, slots=True)
class ScopeAnswer:
    """Whether something is in scope; ``product_class`` is None where that is not known or not asked."""

    standing: Standing
    reason: str
    clause: str
    rows: tuple[str, ...] = ()
    product_class: str | None = None


_CATEGORY = "categories."
_ROLES = {"maker": "生产企业", "seller": "销售单位", "distributor": "流通单位"}
_CLASSES = {"licence": "实施生产许可证管理", "ccc": "实施强制性认证管理", "class_3": "有强制性国家标准的安全相关产品"}


@cites("1", rows=("R49",))
def applicant(role: str, edition: Edition) -> ScopeAnswer:
    """Whether an organisation of this role may apply: ``maker``, ``seller`` or ``distributor``."""
    if role not in edition.words("scope.roles"):
        return ScopeAnswer(Standing.OUTSIDE, "不参与重点工业产品的生产、销售或流通，不在本标准适用范围（1）。", "1")
    name = _ROLES[role]
    if role not in edition.words("scope.supported_roles"):
        reason = f"{name}属于本标准适用范围，但评价平台暂不支持其评价口径（1，R49）；请由生产企业申请。"
        return ScopeAnswer(Standing.NOT_SUPPORTED, reason, "1", ("R49",))
    return ScopeAnswer(Standing.COVERED, f"{name}可以申请评价（1）。", "1", ("R49",))


@cites("3.1", "1", rows=("R49",))
def product(
    edition: Edition,
    *,
    licence: bool = False,
    ccc: bool = False,
    safety: bool = False,
    mandatory_standard: bool = False,
) -> ScopeAnswer:
    """The class of a product: under production licence, under CCC, or (class 3) both safety-related and under a
    mandatory national standard; otherwise it is no key product."""
    holds = {"licence": licence, "ccc": ccc, "class_3": safety and mandatory_standard}
    found = next((name for name in edition.words("scope.classes") if holds[name]), None)
    if found is None:
        reason = "不实施生产许可证或强制性认证管理，也不是有强制性国家标准的安全相关产品，不属于重点工业产品（3.1）。"
        return ScopeAnswer(Standing.OUTSIDE, reason, "3.1")
    return ScopeAnswer(Standing.COVERED, f"{_CLASSES[found]}，属于重点工业产品（3.1）。", "3.1", ("R49",), found)


@dataclass(frozen=True, slots=True)
class Category:
    """A usual category of key products; ``product_class`` is what it mostly is, ``source`` says by which list.

    A source that says 存疑 is to be checked against the authorities' own catalogue.
    """

    id: str
    name: str
    product_class: str
    source: str


@cites("3.1", rows=("R49",))
def categories(edition: Edition) -> tuple[Category, ...]:
    """The categories that the edition lists, in its order; others are as good, where the firm says their class."""
    found = []
    for name in edition.parameters:
        if name.startswith(_CATEGORY):
            title, product_class = edition.words(name)
            found.append(Category(name.removeprefix(_CATEGORY), title, product_class, edition[name].note))
    return tuple(found)


@cites("3.1", "7.1", rows=("R49",))
def needs_qualification(product_class: str, edition: Edition) -> bool:
    """Whether a product of this class has a licence or certificate to show."""
    return product_class not in edition.words("scope.unlicensed_classes")


_PLACES = {"body": "产品本体", "package": "最小销售包装", "certificate": "合格证"}


@cites("3.5", rows=("R6",))
def coded_product(coded: Mapping[str, Outcome], linked: Outcome, edition: Edition) -> Finding:
    """Whether a product counts as coded: a code on body, package or certificate that leads to its trace data."""
    places = [place for place in edition.words("scope.coded_places") if coded.get(place) is Outcome.PASS]
    unsure = [place for place in edition.words("scope.coded_places") if coded.get(place) in {None, Outcome.UNCLEAR}]
    if not places and not unsure:
        return Finding("3.5", Outcome.FAIL, "产品本体、最小销售包装和合格证上都没有规范的追溯码（3.5）。", ("R6",))
    if linked is Outcome.FAIL:
        return Finding("3.5", Outcome.FAIL, "追溯码没有关联到产品的关键质量追溯数据（3.5）。", ("R6",))
    if not places:
        names = "、".join(_PLACES[place] for place in unsure)
        return Finding("3.5", Outcome.UNCLEAR, f"{names}上有没有追溯码还看不清，请拍清楚（3.5，R6）。", ("R6",))
    if linked is Outcome.UNCLEAR:
        return Finding("3.5", Outcome.UNCLEAR, "追溯码关联的数据还没有核实，请提供查询结果（3.5，R6）。", ("R6",))
    names = "、".join(_PLACES[place] for place in places)
    return Finding("3.5", Outcome.PASS, f"{names}上有追溯码，并关联到追溯数据（3.5）。", ("R6",))


@dataclass(frozen=True, slots=True)
class MonthlyCount:
    """One line of the ledger: what was made or sold of a category in a month, and how much of it was coded.

    Amounts are not negative, in the ledger's ``unit`` (件, 卷, km …).
    """

    month: Month
    category: str
    unit: str
    total: Decimal
    coded: Decimal


@dataclass(frozen=True, slots=True)
class Coverage:
    """Coded ÷ all. ``rate`` is None where it cannot be told; ``by_unit`` holds the rate of every unit of the ledger.

    Rates are rounded down (:func:`standard.facts.rate`).
    """

    outcome: Outcome
    rate: Decimal | None
    first: Month
    last: Month
    reason: str
    by_unit: Mapping[str, Decimal]
    clause: str = "3.6"
    rows: tuple[str, ...] = ("R43",)


@cites("3.6", rows=("R43",))
def coverage(
    counts: Iterable[MonthlyCount],
    categories: Collection[str],
    today: date,
    edition: Edition,
    *,
    since: Month | None = None,
) -> Coverage:
    """Coverage over all key products (``categories``) in the last full months before ``today`` (a Shanghai day).

    Every category needs a line in every month, 0 where nothing was made, from ``since`` on (the first month of
    production, for firms younger than the period); without it the ledger is incomplete and the answer unclear.
    """
    last = Month.of(today).plus(-1)
    first = Month.of(today).plus(-edition.whole("scope.coverage_months"))
    if since is not None and first < since:
        first = since
    used = [count for count in counts if first <= count.month <= last and count.category in categories]

    def unclear(reason: str) -> Coverage:
        return Coverage(Outcome.UNCLEAR, None, first, last, f"{reason}（3.6，R43）", {})

    if wrong := [count for count in used if not 0 <= count.coded <= count.total]:
        return unclear(f"{wrong[0].month} {wrong[0].category}的赋码数量应在 0 与总量之间，请核对台账")
    stated = {(count.month, count.category) for count in used}
    lacking = [
        f"{month} {category}"
        for month in _months(first, last)
        for category in sorted(categories)
        if (month, category) not in stated
    ]
    if lacking:
        return unclear(f"台账缺 {len(lacking)} 处，第一处是 {lacking[0]}；没有生产的月份请填 0")
    sums: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for count in used:
        coded, total = sums[count.unit]
        sums[count.unit] = [coded + count.coded, total + count.total]
    by_unit = {unit: rate_of(coded, total, edition) for unit, (coded, total) in sums.items() if total}
    if not by_unit:
        return unclear(f"{first} 至 {last} 没有产量，无法计算用码覆盖率")
    if len(by_unit) > 1 and edition.word("scope.coverage_across_units") != "lowest":
        return unclear("台账用了不同的单位，不能相加，请换算成同一单位")
    unit = min(by_unit, key=by_unit.__getitem__)
    rate = by_unit[unit]
    coded, total = sums[unit]
    how = "" if len(by_unit) == 1 else f"台账有 {len(by_unit)} 种单位，不能相加，取其中最低的；"
    reason = f"{first} 至 {last}：{how}赋码 {coded:f} ÷ 全部 {total:f} {unit} = {rate:f}（3.6，R43）"
    return Coverage(Outcome.PASS, rate, first, last, reason, by_unit)


def _months(first: Month, last: Month) -> Iterable[Month]:
    month = first
    while month <= last:
        yield month
        month = month.plus(1)
