"""Looking a code up: what stood of it before, and the record of it; many at once share a transaction."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from models import Road, ScanEvent, ScannedCode, ScanOutcome
from tests import rows
from tests.conftest import Database
from tests.workflow.world import World
from workflow import scan_log
from workflow.scan_log import AT_ONCE, History, Scan
from workflow.scanning.scans import Visit, history_of, look_up, seen, visitor_hash

GTIN = "06901234567892"
NOTHING = History(0, None, "", None, only_by_you=False)


def item(serial: int | str = 1) -> str:
    return f"https://id.gs1.org/01/{GTIN}/21/{serial}"


async def looked(world: World, who: str, text: str = item(), region: str = "") -> History | None:
    return (await look_up(world.ports, text, Visit(Road.LINK, who, region))).history


async def times(text: str = item()) -> int:
    return (await ScannedCode.get(code_key=(await ScanEvent.filter(code=text).first() or ScanEvent()).code_key)).times


@pytest.fixture
async def known(world: World) -> int:
    """The firm of a product with :data:`GTIN`."""
    firm = await rows.enterprise()
    await rows.certificate(enterprise_id=firm.id)
    await rows.product(enterprise_id=firm.id, gtin=GTIN)
    return firm.id


async def test_history_is_what_stood_before(world: World, known: int) -> None:
    first_at = world.clock.now()
    assert await looked(world, "anna", region="浙江省") == NOTHING
    second_at = world.clock.advance(days=3)
    assert await looked(world, "berta") == History(1, first_at, "浙江", first_at, only_by_you=False)
    world.clock.advance(days=1)
    assert await looked(world, "clara") == History(2, first_at, "浙江", second_at, only_by_you=False)
    event = await ScanEvent.all().order_by("id").first()
    assert event is not None
    assert (event.enterprise_id, event.road, event.outcome, event.region, event.visitor) == (
        known, "link", "known", "浙江", "anna"
    )  # fmt: skip


async def test_the_same_visitor_again_neither_counts_nor_frightens(world: World, known: int) -> None:
    first = await looked(world, "anna")
    again = await looked(world, "anna")
    assert again is not None
    assert (first, again.times, again.first_at, again.only_by_you) == (NOTHING, 0, None, True)
    assert await times() == 1
    world.clock.advance(hours=1)
    before = await looked(world, "berta")
    reload = await looked(world, "berta")
    assert before == reload
    assert await times() == 2
    world.clock.advance(hours=1)
    third = [await looked(world, who) for who in ("clara", "clara")]
    assert third[0] == third[1]
    assert third[0] is not None
    assert (third[0].times, third[0].last_at) == (2, world.clock.now() - timedelta(hours=1))
    assert await ScanEvent.all().count() == 6


async def test_nobody_to_tell_apart_is_somebody_else_every_time(world: World, known: int) -> None:
    for _ in range(3):
        await looked(world, "")
    assert await times() == 3


async def test_a_code_of_many_things_has_no_history(world: World, known: int) -> None:
    for text in (GTIN, f"(01){GTIN}(10)L1", "https://iotroot.com.cn/E=1", "hello"):
        assert await looked(world, "anna", text) is None
    assert not await ScannedCode.exists()
    assert await ScanEvent.all().count() == 4


async def test_an_unknown_items_scans_are_counted_too(world: World) -> None:
    await looked(world, "anna")
    history = await looked(world, "berta")
    assert history is not None
    assert history.times == 1
    event = await ScanEvent.first()
    assert event is not None
    assert (event.enterprise_id, event.product_id, event.outcome) == (None, None, "unknown")


async def test_seen_records_nothing(world: World, known: int) -> None:
    resolved = (await look_up(world.ports, item(), Visit(Road.LINK, "anna"))).resolved
    answer = await seen(resolved, "berta")
    assert answer.history is not None
    assert (answer.history.times, await ScanEvent.all().count()) == (1, 1)
    assert answer.history == await history_of(resolved.key, "berta")


async def test_a_visitor_is_another_one_every_day_in_shanghai(world: World) -> None:
    world.clock.advance(hours=13, minutes=59)  # 23:59 there
    today = visitor_hash(world.ports, "198.51.100.7", "Browser")
    assert today == visitor_hash(world.ports, "198.51.100.7", "Browser")
    assert today != visitor_hash(world.ports, "198.51.100.8", "Browser")
    assert len(today) == 32
    world.clock.advance(minutes=1)
    assert today != visitor_hash(world.ports, "198.51.100.7", "Browser")


async def test_what_no_column_takes_is_kept_as_far_as_it_goes(world: World) -> None:
    await looked(world, "anna", "\0\ud800" + "长" * 300, region="加微信领奖")
    event = await ScanEvent.first()
    assert event is not None
    assert (event.code, event.region) == ("?" + "长" * 254, "")


# --- many at once ----------------------------------------------------------------------------------------------------


async def test_five_hundred_at_once_are_counted_exactly(
    world: World, known: int, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A third of them of one code, a third of codes of their own, a third by one visitor: in few transactions."""
    written: list[int] = []
    real = scan_log.write

    async def write(scans: Sequence[Scan]) -> list[History | None]:
        written.append(len(scans))
        return await real(scans)

    monkeypatch.setattr(scan_log, "write", write)
    visits = [
        *((f"v{number}", item("shared")) for number in range(200)),
        *((f"v{number}", item(number)) for number in range(150)),
        *(("anna", item("reloaded")) for _ in range(150)),
    ]
    found = await asyncio.gather(*(looked(world, who, text) for who, text in visits))
    assert (await times(item("shared")), await times(item("reloaded"))) == (200, 1)
    assert await ScannedCode.filter(times=1).count() == 151
    assert await ScanEvent.all().count() == sum(written) == 500
    assert sorted(history.times for history in found[:200] if history) == list(range(200))
    assert all(history is not None and history.times == 0 for history in found[200:])
    assert len(written) < 100


async def test_a_batch_leaves_what_its_visits_one_by_one_would(world: World, known: int) -> None:
    """Each code is looked up by the same visitors, in one transaction and in one each; their last one looks again."""

    def scans(name: str) -> list[Scan]:
        at = world.clock.now()
        return [
            Scan(
                at + timedelta(minutes=place),
                name * 32,
                name,
                None,
                None,
                Road.LINK,
                ScanOutcome.UNKNOWN,
                "",
                who,
                names_item=True,
            )
            for place, who in enumerate(["a", "a", "b", "", "", "c"])
        ]

    await scan_log.write(scans("0"))
    for scan in scans("1"):
        await scan_log.write([scan])
    for name in "01":
        await scan_log.write([replace(scans(name)[-1], at=world.clock.advance(hours=1))])
    together, apart = (
        await ScannedCode.all().order_by("code_key").values("times", "last_at", "before_at", "last_visitor")
    )
    assert together == apart
    assert (together["times"], together["last_visitor"]) == (5, "c")


async def test_two_processes_count_one_code_without_waiting_in_a_circle(world: World, known: int) -> None:
    """Two logs, as two processes have them, the same codes in opposite orders."""
    logs = [scan_log.ScanLog(), scan_log.ScanLog()]
    names = [f"{number:032x}" for number in range(40)]

    def scan(name: str, who: str) -> Scan:
        return Scan(world.clock.now(), name, name, None, None, Road.LINK, ScanOutcome.UNKNOWN, "", who, names_item=True)

    for turn in range(3):
        await asyncio.gather(
            *(logs[0].append(scan(name, f"a{turn}")) for name in names),
            *(logs[1].append(scan(name, f"b{turn}")) for name in reversed(names)),
        )
    assert await ScannedCode.filter(times=6).count() == len(names)


async def test_one_more_than_a_transaction_takes(world: World) -> None:
    scan = Scan(
        world.clock.now(), "0" * 32, "x", None, None, Road.LINK, ScanOutcome.MALFORMED, "", "", names_item=False
    )
    found = await asyncio.gather(*(world.ports.scans.append(scan) for _ in range(AT_ONCE + 1)))
    assert found == [None] * (AT_ONCE + 1)
    assert await ScanEvent.all().count() == AT_ONCE + 1


async def test_nobody_is_answered_before_the_commit_and_who_comes_meanwhile_shares_the_next(
    world: World, known: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on, sizes, real = asyncio.Event(), asyncio.Event(), list[int](), scan_log.write

    async def write(scans: Sequence[Scan]) -> list[History | None]:
        sizes.append(len(scans))
        found = await real(scans)
        begun.set()
        await go_on.wait()
        return found

    monkeypatch.setattr(scan_log, "write", write)
    scan = Scan(
        world.clock.now(), "0" * 32, "x", None, None, Road.LINK, ScanOutcome.MALFORMED, "", "", names_item=False
    )
    async with asyncio.TaskGroup() as group:
        first = group.create_task(world.ports.scans.append(scan))
        await begun.wait()
        others = [group.create_task(world.ports.scans.append(scan)) for _ in range(5)]
        await asyncio.sleep(0)
        assert not any(task.done() for task in (first, *others))
        go_on.set()
    assert sizes == [1, 5]


async def test_who_gives_up_does_not_hold_the_others_up(world: World, known: int) -> None:
    async with asyncio.TaskGroup() as group:
        gone = group.create_task(looked(world, "anna"))
        stays = group.create_task(looked(world, "berta"))
        await asyncio.sleep(0)
        gone.cancel()
    assert gone.cancelled()
    assert stays.result() is not None
    assert await looked(world, "clara") is not None


async def test_what_could_not_be_written_is_said_to_everybody_who_waits(
    world: World, known: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def write(_scans: Sequence[Scan]) -> list[History | None]:
        raise OSError("disk full")

    with monkeypatch.context() as broken:
        broken.setattr(scan_log, "write", write)
        found = await asyncio.gather(*(looked(world, "anna") for _ in range(3)), return_exceptions=True)
    assert [str(one) for one in found] == ["disk full"] * 3
    assert await looked(world, "anna") == NOTHING
