"""Scans by the day, their export, and how long single ones are kept."""

import asyncio
import csv
import io
from datetime import UTC, date, datetime, timedelta

import pytest

from jobs.handlers import HANDLERS
from models import Enterprise, Product, ScanDay, ScanEvent, ScannedCode, StaffRole
from models.transactions import transaction
from standard.months import Month
from tests import rows
from tests.workflow.firms import Somebody, member, somebody
from tests.workflow.world import World
from workflow.problems import Refused
from workflow.scanning import scan_counts
from workflow.scanning.scan_counts import FORGET, ROLL_UP, counted_until, exported, summary

CODE = "https://id.gs1.org/01/06901234567892/21/1"


@pytest.fixture
async def firm(world: World) -> Enterprise:
    return await rows.enterprise()


@pytest.fixture
async def viewer(world: World, firm: Enterprise) -> Somebody:
    return await member(world, firm, StaffRole.VIEWER)


async def made(firm: Enterprise, **given: object) -> Product:
    return await rows.product(enterprise_id=firm.id, **given)


async def scans(product: Product, at: datetime, times: int = 1, **given: object) -> None:
    told = {"code": CODE, "road": "link", "outcome": "known", "region": "", "visitor": "", **given}
    of = {"enterprise_id": product.enterprise_id, "product_id": product.id}
    await ScanEvent.bulk_create([ScanEvent(at=at, code_key="0" * 32, **of, **told) for _ in range(times)])


async def run(world: World, kind: str, name: str = "") -> None:
    async with transaction():
        await world.ports.queue.enqueue(kind, f"{kind}:{name}:{world.clock.now()}", {}, due=world.clock.now())
    await world.work()


async def days() -> list[tuple[int, str, str, int]]:
    found = await ScanDay.all().order_by("product_id", "day", "road")
    return [(one.product_id, str(one.day), one.road, one.times) for one in found]


def minutes(at: datetime, count: float) -> datetime:
    return at + timedelta(minutes=count)


# --- counting --------------------------------------------------------------------------------------------------------


async def test_scans_are_counted_by_product_day_in_shanghai_and_road(world: World, firm: Enterprise) -> None:
    one, two = await made(firm, model="one"), await made(firm, model="two")
    night = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)  # midnight there
    await scans(one, night, 2)
    await scans(one, minutes(night, -0.01), 1)
    await scans(one, night, 3, road="scan")
    await scans(two, night, 1)
    await rows.scan_event(at=night, outcome="unknown")
    await run(world, ROLL_UP)
    assert await days() == [
        (one.id, "2026-11-23", "link", 1),
        (one.id, "2026-11-24", "link", 2),
        (one.id, "2026-11-24", "scan", 3),
        (two.id, "2026-11-24", "link", 1),
    ]
    assert await counted_until() == world.clock.now() - timedelta(minutes=5)


async def test_counting_again_counts_only_what_came_since(world: World, firm: Enterprise) -> None:
    one = await made(firm)
    start = world.clock.now()
    await scans(one, start, 2)
    for _ in range(2):
        world.clock.advance(minutes=6)
        await run(world, ROLL_UP)
        assert [times for *_, times in await days()] == [2]
    await scans(one, minutes(world.clock.now(), -4), 5)
    await run(world, ROLL_UP, "not settled yet")
    assert [times for *_, times in await days()] == [2]
    world.clock.advance(minutes=10)
    await run(world, ROLL_UP)
    assert [times for *_, times in await days()] == [7]


async def test_nodes_that_count_at_once_count_once(world: World, firm: Enterprise) -> None:
    one = await made(firm)
    for hour in range(6):
        await scans(one, world.clock.now() + timedelta(hours=hour), 10)
    world.clock.advance(days=1)
    jobs = []
    for node in range(4):
        async with transaction():
            await world.ports.queue.enqueue(ROLL_UP, f"{ROLL_UP}:{node}", {}, due=world.clock.now())
        jobs += await world.ports.queue.claim(1, 60)
    await asyncio.gather(*(HANDLERS[ROLL_UP](world.ports, job) for job in jobs))
    assert [times for *_, times in await days()] == [60]


# --- keeping ---------------------------------------------------------------------------------------------------------


async def test_old_events_go_their_counts_stay(world: World, firm: Enterprise, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan_counts, "AT_ONCE", 2)
    one = await made(firm)
    await scans(one, world.clock.now(), 5)
    for key, product in (("1" * 32, None), ("2" * 32, one.id)):
        await rows.scan_event(at=world.clock.now(), code_key=key)
        await rows.scanned_code(code_key=key, product_id=product)
    world.clock.advance(days=399)
    await scans(one, world.clock.now(), 1)
    world.clock.advance(days=2)
    await run(world, FORGET, "not counted yet")
    assert await ScanEvent.all().count() == 8
    await run(world, ROLL_UP)
    await run(world, FORGET)
    assert await ScanEvent.all().count() == 1
    assert [times for *_, times in await days()] == [5, 1]
    assert await ScannedCode.all().values_list("code_key", flat=True) == ["2" * 32]


# --- for the firm ----------------------------------------------------------------------------------------------------


async def table(firm: Enterprise, who: Somebody, first: date, last: date) -> list[list[str]]:
    file = await exported(who.asker, firm.id, first, last)
    assert (file.name, file.media_type) == (f"查询记录 {first} 至 {last}.csv", "text/csv")
    data = b"".join([piece async for piece in file.pieces])
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


async def test_the_export_holds_the_firms_own_scans_of_the_days_and_nobodys_name(
    world: World, firm: Enterprise, viewer: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan_counts, "AT_ONCE", 2)
    one, foreign = await made(firm, name="电线", model="BV 2.5"), await rows.product()
    start = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
    await scans(one, minutes(start, -1))
    await scans(foreign, start)
    await scans(one, start, 5, visitor="anna")
    await scans(one, minutes(start, 90), 1, road="photo", region="浙江", outcome="unknown", code="=cmd()")
    await scans(one, minutes(start, 95), code="＝cmd()")
    await scans(one, minutes(start, 24 * 60))
    header, *lines = await table(firm, viewer, date(2026, 11, 24), date(2026, 11, 24))
    assert header == list(scan_counts.HEADER)
    assert lines[:5] == [["2026-11-24 00:00", CODE, "电线", "BV 2.5", "扫码打开网页", "", "查到产品"]] * 5
    assert lines[5:] == [
        ["2026-11-24 01:30", "'=cmd()", "电线", "BV 2.5", "照片识读", "浙江", "未查到（当时企业没有公开的评价结果）"],
        ["2026-11-24 01:35", "'＝cmd()", "电线", "BV 2.5", "扫码打开网页", "", "查到产品"],
    ]


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ((2026, 11, 2), (2026, 11, 1)),
        ((2025, 1, 1), (2026, 11, 1)),
        ((9999, 12, 31), (9999, 12, 31)),
        ((1, 1, 1), (1, 1, 1)),
    ],
)
async def test_days_that_cannot_be(
    firm: Enterprise, viewer: Somebody, first: tuple[int, int, int], last: tuple[int, int, int]
) -> None:
    with pytest.raises(Refused) as refused:
        await exported(viewer.asker, firm.id, date(*first), date(*last))
    assert refused.value.code == "days_odd"


async def test_strangers_get_neither_numbers_nor_files(world: World, firm: Enterprise) -> None:
    stranger = await somebody(world)
    with pytest.raises(Refused, match="not_found"):
        await exported(stranger.asker, firm.id, date(2026, 11, 1), date(2026, 11, 1))
    with pytest.raises(Refused, match="not_found"):
        await summary(world.ports, stranger.asker, firm.id)


async def test_the_summary_is_by_product_and_month(world: World, firm: Enterprise, viewer: Somebody) -> None:
    one, two = await made(firm, model="one"), await made(firm, model="two", retired_at=rows.NOW)
    for product, day, road, times in (
        (one, date(2026, 11, 1), "link", 2),
        (one, date(2026, 10, 31), "link", 3),
        (two, date(2026, 11, 30), "link", 4),
        (two, date(2026, 11, 30), "scan", 4),
        (one, date(2025, 11, 30), "link", 90),
        (await rows.product(), date(2026, 11, 1), "link", 50),
    ):
        await rows.scan_day(enterprise_id=product.enterprise_id, product_id=product.id, day=day, road=road, times=times)
    found = await summary(world.ports, viewer.asker, firm.id)
    assert (found.months[0], found.months[-1]) == (Month(2026, 11), Month(2025, 12))
    assert [(line.model, line.times, line.by_month[:3]) for line in found.products] == [
        ("two", 8, (8, 0, 0)), ("one", 5, (2, 3, 0))
    ]  # fmt: skip
    assert found.by_month[:3] == (10, 3, 0)
