"""Months of filing with all that their judgement looks at, read at one moment, for one month or for thousands."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from models import (
    Application,
    ApplicationState,
    Certificate,
    FiledCode,
    FilingFile,
    FilingFileKind,
    FilingFileState,
    FilingState,
    Job,
    MonthlyFiling,
    Photo,
    Product,
)
from standard.calendar import midnight
from standard.grades import Grade
from standard.monthly import asked_of
from standard.months import Month
from standard.names import fold
from standard.profile import Edition, edition_on
from workflow.intake.photo_jobs import UNDER_WAY, first_job

STANDING = (
    FilingFileState.HANDED_IN, FilingFileState.PASSED, FilingFileState.FAILED, FilingFileState.UNCLEAR,
)  # fmt: skip
"""Files that count: neither replaced nor taken out."""


@dataclass
class MonthCase:
    """One month: the level it files for (:func:`levels_of`), the firm's products in use, the files that stand, what was
    filed before.

    ``last_month`` holds the batches of each product that was filed for the month before, by the product's id;
    ``codes_before`` those of this month's codes that were filed for another one; ``on_their_way`` counts chat photos
    that reached us and are still being looked at.
    """

    filing: MonthlyFiling
    level: str
    edition: Edition
    products: list[Product]
    files: list[FilingFile]
    last_month: dict[int, frozenset[str]] = field(default_factory=dict)
    codes_before: frozenset[str] = frozenset()
    on_their_way: int = 0

    @property
    def month(self) -> Month:
        """The month that is filed for."""
        return Month.parse(self.filing.month)

    @property
    def asks_body(self) -> bool:
        """Whether its level asks for photos of body or package (R39)."""
        return asked_of(self.level, "monthly.body_from", self.edition)

    @property
    def only_product(self) -> bool:
        """Whether the firm has fewer products than a month files, so that batches stand for them (R9)."""
        return len(self.products) < self.edition.whole("monthly.products")

    def of(self, kind: FilingFileKind, product_id: int | None = None) -> list[FilingFile]:
        """The standing files of a kind, of one product where one is given."""
        return [one for one in self.files if one.kind == kind and (product_id is None or one.product_id == product_id)]

    def counted(self, kind: FilingFileKind, product_id: int | None = None) -> list[FilingFile]:
        """Those that are judged. One that cannot be judged says nothing against the firm where enough others pass: it
        is left out (R6)."""
        files = self.of(kind, product_id)
        passing = sum(file.state == FilingFileState.PASSED for file in files)
        if passing < self.need(kind, product_id):
            return files
        return [file for file in files if file.state != FilingFileState.UNCLEAR]

    def need(self, kind: FilingFileKind, product_id: int | None = None) -> int:
        """How many files of a kind are asked: photos by product, one a batch at the least (C(1), C(2), R9)."""
        match kind:
            case FilingFileKind.QUERY_SCREENSHOT:
                return self.edition.whole("monthly.screenshots_least")
            case FilingFileKind.UPDATE_LEDGER:
                return 1
            case FilingFileKind.OPTIONAL:
                return 0
        batches = len(self.batches(product_id)) if product_id is not None else 0
        if self.only_product:
            batches = max(batches, self.edition.whole("monthly.batches_of_the_only_product"))
        return max(self.edition.whole("monthly.photos_least"), batches * self.edition.whole("monthly.photos_a_batch"))

    def batches(self, product_id: int) -> tuple[str, ...]:
        """The batches that a product's certificates show, in the order of their photos."""
        photos = self.of(FilingFileKind.CERTIFICATE_PHOTO, product_id)
        return tuple(dict.fromkeys(photo.batch for photo in photos if photo.batch))

    def filed_products(self) -> list[Product]:
        """The products of which something stands in the month, in the order in which it came."""
        known = {product.id: product for product in self.products}
        named: dict[int, Product] = {}
        for file in self.files:
            if file.product_id is not None:
                named.setdefault(file.product_id, known.get(file.product_id) or file.product)  # type: ignore[arg-type]
        return list(named.values())


def named(product: Product) -> str:
    """A product as a month names it; among the products of a firm that are in use no two share it."""
    return f"{product.name} {product.model}"


def edition_of_month(month: str) -> Edition:
    """The edition a month (``2026-12``) is judged by: the one in force when it begins."""
    return edition_on(date.fromisoformat(f"{month}-01"))


def taken_until(filing: MonthlyFiling) -> datetime | None:
    """The moment (aware) from which nothing is taken for the state it is in: the window's end, then the make-up's;
    None where files are taken as long as it is owed."""
    match filing.state:
        case FilingState.OPEN:
            return midnight(filing.closes_on + timedelta(days=1))
        case FilingState.WARNED if filing.make_up_until is not None:
            return midnight(filing.make_up_until + timedelta(days=1))
    return None


async def month_cases(filings: Sequence[MonthlyFiling]) -> dict[int, MonthCase]:
    """The cases of these months by the id of the filing, with a fixed number of reads however many they are.

    What cannot matter is not read: a month without a file and without a photo on its way has neither level nor
    products in it.
    """
    ids = [filing.id for filing in filings]
    files: dict[int, list[FilingFile]] = defaultdict(list)
    for file in (
        await FilingFile.filter(filing_id__in=ids, state__in=[str(state) for state in STANDING])
        .order_by("id")
        .prefetch_related("evidence", "product")
    ):
        files[file.filing_id].append(file)
    coming = await _on_their_way(filings)
    with_something = [filing for filing in filings if files.get(filing.id) or coming.get(filing.id)]
    levels = await levels_of(with_something)
    products = await _products(with_something)
    last = await _last_month(with_something, products)
    before = await _before({filing.enterprise_id for filing in with_something}, files)
    return {
        filing.id: MonthCase(
            filing,
            levels.get(filing.id, ""),
            edition_of_month(filing.month),
            products.get(filing.enterprise_id, []),
            files.get(filing.id, []),
            last.get(filing.id, {}),
            frozenset(code for code, where in before.get(filing.enterprise_id, {}).items() if where != filing.id),
            coming.get(filing.id, 0),
        )
        for filing in filings
    }


async def month_case(filing: MonthlyFiling) -> MonthCase:
    """The case of one month, its products read in any event."""
    case = (await month_cases([filing]))[filing.id]
    if not case.level:
        case.level = (await levels_of([filing]))[filing.id]
        case.products = (await _products([filing])).get(filing.enterprise_id, [])
        in_use = {filing.enterprise_id: case.products}
        case.last_month = (await _last_month([filing], in_use)).get(filing.id, {})
    return case


async def levels_of(filings: Sequence[MonthlyFiling]) -> dict[int, str]:
    """The level that each month files for, by the filing's id: its certificate's; where that was raised since the
    month's window opened, the level of before, so that nobody owes in a month's last days what nobody asked (R39)."""
    ids = {filing.certificate_id for filing in filings}
    if not ids:
        return {}
    now = dict(await Certificate.filter(id__in=ids).values_list("id", "grade"))
    raised: dict[int, list[tuple[datetime, str]]] = defaultdict(list)
    reviews = Application.filter(upgrades_id__in=ids, state=ApplicationState.CERTIFIED)
    for row, at, before in await reviews.values_list("upgrades_id", "ended_at", "grade_before"):
        raised[row].append((at, before))
    return {
        filing.id: min(
            [
                now[filing.certificate_id],
                *(before for at, before in raised[filing.certificate_id] if at > filing.opened_at),
            ],
            key=_rank,
        )
        for filing in filings
    }


def _rank(grade: str) -> int:
    return Grade(grade).rank


async def _products(filings: Sequence[MonthlyFiling]) -> dict[int, list[Product]]:
    firms = {filing.enterprise_id for filing in filings}
    found: dict[int, list[Product]] = defaultdict(list)
    for product in await Product.filter(enterprise_id__in=firms, retired_at=None).order_by("id") if firms else []:
        found[product.enterprise_id].append(product)
    return found


async def _last_month(
    filings: Sequence[MonthlyFiling], products: Mapping[int, Sequence[Product]]
) -> dict[int, dict[int, frozenset[str]]]:
    """By filing: the batches, by product in use, of the month right before it, where that one passed.

    A product that was retired and registered anew is the same product (R9).
    """
    if not filings:
        return {}
    before = {(one.enterprise_id, str(Month.parse(one.month).plus(-1))): one.id for one in filings}
    rows = await FiledCode.filter(
        enterprise_id__in={firm for firm, _ in before}, filing__month__in={month for _, month in before}
    ).values_list("enterprise_id", "filing__month", "product_id", "batch")
    in_use = {product.id: product for of_firm in products.values() for product in of_firm}
    gone = {product_id for _, _, product_id, _ in rows} - in_use.keys()
    now_as = {
        retired.id: product.id
        for retired in (await Product.filter(id__in=gone) if gone else [])
        for product in products.get(retired.enterprise_id, ())
        if _same_product(retired, product)
    }
    found: dict[int, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for firm, month, product_id, batch in rows:
        if (filing_id := before.get((firm, month))) is not None:
            found[filing_id][now_as.get(product_id, product_id)] |= {batch} - {""}
    return {
        filing_id: {product_id: frozenset(batches) for product_id, batches in by_product.items()}
        for filing_id, by_product in found.items()
    }


def _same_product(one: Product, other: Product) -> bool:
    """Whether two records are of one thing: by its GTIN where both have one, else by model and name."""
    if one.gtin and other.gtin:
        return one.gtin.zfill(14) == other.gtin.zfill(14)
    return (fold(one.model), fold(one.name)) == (fold(other.model), fold(other.name))


async def _before(firms: set[int], files: dict[int, list[FilingFile]]) -> dict[int, dict[str, int]]:
    """By firm: which of these files' codes were filed with a decided month, and with which."""
    codes = {file.code for standing in files.values() for file in standing if file.code}
    found: dict[int, dict[str, int]] = defaultdict(dict)
    if codes:
        # By the firm first, as they are indexed: in the end there are millions of them.
        rows = FiledCode.filter(enterprise_id__in=firms, code__in=codes)
        for firm, code, filing_id in await rows.values_list("enterprise_id", "code", "filing_id"):
            found[firm][code] = filing_id
    return found


async def _on_their_way(filings: Sequence[MonthlyFiling]) -> dict[int, int]:
    """By filing: chat photos that were sent for it in time and have no verdict yet.

    One whose job was given up is not: nothing more happens to it until :mod:`workflow.answering.judging` ends it.
    """
    by_id = {filing.id: filing for filing in filings}
    firms = {filing.enterprise_id for filing in filings}
    rows = Photo.filter(
        identity__staff__enterprise_id__in=firms, state__in=[str(state) for state in UNDER_WAY]
    ).values_list("id", "received_at")
    received = {first_job(photo_id): received_at for photo_id, received_at in await rows}
    found: dict[int, int] = defaultdict(int)
    sent = Job.filter(key__in=list(received), dead_at=None).values_list("key", "args")
    for key, args in await sent if received else []:
        if (filing := by_id.get(args.get("filing"))) is not None:
            until = taken_until(filing)
            found[filing.id] += until is None or received[key] < until
    return found
