"""Scans by the day, the export of a firm's look-ups as its evidence (查询记录), and how long single ones are kept.

Appendix A and C ask a firm for the record of look-ups: it may take its own out of here, times, codes and roads, nothing
of persons (8.3). What is counted stays when the single events are dropped.
"""

import csv
import io
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from tortoise.functions import Sum

from config.clock import for_people
from models import Counter, Product, Road, ScanDay, ScanEvent, ScannedCode, ScanOutcome
from models.scan_rows import count_days
from models.transactions import transaction
from standard.calendar import midnight, shanghai_day
from standard.months import Month
from workflow.access import Asker, member_of
from workflow.context import Ports
from workflow.intake.uploads import CSV
from workflow.ports import ClaimedJob
from workflow.problems import Kind, Refused

ROLL_UP, FORGET = "scan.roll_up", "scan.forget"
WATERMARK = "scan_day"
"""The counter that says, in minutes since 1970, up to when events are counted."""
SETTLED = timedelta(minutes=5)
"""Far longer than an event needs from its moment to its commit: what is older is all there."""
AT_ONCE = 5000
"""Events dropped, or read for an export, in one step."""
MONTHS = 12
MOST_DAYS = 400
"""Days of one export."""
YEARS = range(2000, 2101)
"""Of an export: at the ends of the calendar there is no day before or after, and no moment in UTC."""

ROADS = {
    Road.SCAN: "服务号扫码", Road.MINIAPP: "小程序扫码", Road.LINK: "扫码打开网页", Road.TYPED: "手工输入",
    Road.PHOTO: "照片识读",
}  # fmt: skip
OUTCOMES = {
    ScanOutcome.KNOWN: "查到产品", ScanOutcome.UNKNOWN: "未查到（当时企业没有公开的评价结果）",
    ScanOutcome.NOT_ALLOWED: "不是追溯码", ScanOutcome.LOOK_ALIKE: "仿冒网址", ScanOutcome.MALFORMED: "编码有误",
}  # fmt: skip
HEADER = ("查询时间（北京时间）", "追溯码", "产品名称", "规格型号", "查询途径", "地区", "查询结果")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet would carry out at the start of a cell; a Chinese one the wide signs, too."""


# --- counting --------------------------------------------------------------------------------------------------------


async def roll_up(ports: Ports, job: ClaimedJob) -> None:
    """The job: events are counted into their days, hour by hour, up to a little while ago.

    Each hour is counted in the transaction that moves the watermark over it, which others wait for: repeating the job,
    on any node, counts nothing twice.
    """
    until = _minute(ports.clock.now() - SETTLED)
    while await _count_next(until):
        pass
    async with transaction():
        await ports.queue.finish(job)


async def _count_next(until: int) -> bool:
    """Count the next hour with events in it, or what there is of it; False where there is none before ``until``."""
    async with transaction():
        await Counter.bulk_create([Counter(name=WATERMARK, value=0)], ignore_conflicts=True)
        mark = await Counter.filter(name=WATERMARK).select_for_update().get()
        if mark.value >= until:
            return False
        uncounted = ScanEvent.filter(at__gte=_moment(mark.value), at__lt=_moment(until))
        following = await uncounted.order_by("at").only("id", "at").first()
        start = until if following is None else max(mark.value, _minute(following.at))
        # An hour ends on the hour, so it lies within one day in Shanghai, too.
        end = min(until, (start // 60 + 1) * 60)
        if following is not None:
            await count_days(_moment(start), _moment(end), shanghai_day(_moment(start)))
        await Counter.filter(name=WATERMARK).update(value=end)
    return following is not None


def _minute(moment: datetime) -> int:
    return int(moment.timestamp()) // 60


def _moment(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60, UTC)


async def counted_until() -> datetime:
    """Up to when scans are in the counts."""
    mark = await Counter.get_or_none(name=WATERMARK)
    return _moment(mark.value if mark is not None else 0)


async def forget(ports: Ports, job: ClaimedJob) -> None:
    """The job: events older than the setting says are dropped, if they were counted; with them goes what was known of
    codes of nobody here. Repeating it finds the rest, or nothing."""
    oldest = min(ports.clock.now() - ports.scans_kept, await counted_until())
    while await _drop_before(oldest):
        pass
    async with transaction():
        await ports.queue.finish(job)


async def _drop_before(oldest: datetime) -> bool:
    some = await ScanEvent.filter(at__lt=oldest).order_by("at").limit(AT_ONCE).values_list("id", "code_key")
    async with transaction():
        await ScanEvent.filter(id__in=[id_ for id_, _ in some]).delete()
        keys = sorted({key for _, key in some})
        await ScannedCode.filter(code_key__in=keys, product_id=None, last_at__lt=oldest).delete()
    return len(some) == AT_ONCE


# --- for the firm ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ProductScans:
    """How often codes of a product were looked up, in all and by month (those of :class:`Summary`)."""

    product_id: int
    name: str
    model: str
    times: int
    by_month: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """Look-ups of a firm's codes in the last months, the newest first; ``as_of``: counted up to then."""

    as_of: datetime
    months: tuple[Month, ...]
    by_month: tuple[int, ...]
    products: tuple[ProductScans, ...]


async def summary(ports: Ports, asker: Asker, enterprise_id: int) -> Summary:
    """By product, the most looked up first, and month; for the firm's members."""
    await member_of(asker, enterprise_id)
    this = Month.of(shanghai_day(ports.clock.now()))
    months = tuple(this.plus(-back) for back in range(MONTHS))
    counted: dict[int, dict[Month, int]] = {}
    for month in months:
        following = month.plus(1)
        days = ScanDay.filter(
            enterprise_id=enterprise_id,
            day__gte=date(month.year, month.number, 1),
            day__lt=date(following.year, following.number, 1),
        )
        for product_id, times in (
            await days.group_by("product_id").annotate(sum=Sum("times")).values_list("product_id", "sum")
        ):
            counted.setdefault(product_id, {})[month] = int(times)
    named = {product.id: product for product in await Product.filter(id__in=list(counted)).only("id", "name", "model")}
    lines = [
        ProductScans(
            product_id,
            named[product_id].name,
            named[product_id].model,
            sum(times.values()),
            tuple(times.get(month, 0) for month in months),
        )
        for product_id, times in counted.items()
        if product_id in named
    ]
    lines.sort(key=lambda line: (-line.times, line.product_id))
    by_month = tuple(sum(line.by_month[place] for line in lines) for place in range(MONTHS))
    return Summary(await counted_until(), months, by_month, tuple(lines))


@dataclass(frozen=True, slots=True)
class Export:
    """A file that is read while it is sent: under which name, of what type, and its bytes piece by piece."""

    name: str
    media_type: str
    pieces: AsyncIterator[bytes]


async def exported(asker: Asker, enterprise_id: int, first: date, last: date) -> Export:
    """The firm's look-ups of these days (Asia/Shanghai), both included, as a CSV file; for members.

    :class:`Refused` ``days_odd``.
    """
    await member_of(asker, enterprise_id)
    if not (0 <= (last - first).days <= MOST_DAYS and first.year in YEARS and last.year in YEARS):
        advice = f"请选择起止日期（{YEARS[0]}—{YEARS[-1]} 年）：结束日期不早于开始日期，一次最多 {MOST_DAYS} 天"
        raise Refused(Kind.INVALID, "days_odd", advice, clause="8.1(2)", field="last")
    pieces = _pieces(enterprise_id, midnight(first), midnight(last + timedelta(days=1)))
    return Export(f"查询记录 {first} 至 {last}.csv", CSV, pieces)


async def _pieces(enterprise_id: int, start: datetime, end: datetime) -> AsyncIterator[bytes]:
    # With its mark, spreadsheet programs take the file for what it is.
    yield b"\xef\xbb\xbf" + _csv([HEADER])
    products: dict[int, tuple[str, str]] = {}
    at, done = start, 0
    while True:
        # By moment and number: several events may share one moment.
        rest = ScanEvent.filter(enterprise_id=enterprise_id, at__gte=at, at__lt=end).order_by("at", "id")
        page = await rest.offset(done).limit(AT_ONCE)
        new = {event.product_id for event in page if event.product_id is not None} - products.keys()
        products.update(
            {row[0]: row[1:] for row in await Product.filter(id__in=new).values_list("id", "name", "model")}
        )
        yield _csv(
            (
                for_people(event.at),
                event.code,
                *products.get(event.product_id or 0, ("", "")),
                ROADS[Road(event.road)],
                event.region,
                OUTCOMES[ScanOutcome(event.outcome)],
            )
            for event in page
        )
        if len(page) < AT_ONCE:
            return
        done = sum(event.at == page[-1].at for event in page) + (done if page[-1].at == at else 0)
        at = page[-1].at


def _csv(rows: Iterable[Iterable[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([_harmless(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def _harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
