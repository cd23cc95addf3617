"""Recording look-ups while others read: ``python -m benchmarks.scan_events postgres://… [--rate 2000] [--seconds 30]``.

In a database of its own on that server. A process of its own appends events to its log at ``--rate`` a second, each of
an item's code that nobody looked up before or, one in four, of one that somebody did; late means that an event came to
be committed more than a second after it was due. Meanwhile this process resolves codes of registered products and reads
their history, ``--reads`` a second, each due at its own moment, so that waiting in line counts. The same reads before
and after are the measure.

``floor``: what one connection takes of the bare multi-row inserts and upserts, as many rows at once as the log wrote on
average, back to back. ``most``: what the log takes of 500 callers who ask again as soon as they are answered.
"""

import argparse
import asyncio
import json
import secrets
import statistics
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from benchmarks.databases import own_database
from config.clock import SystemClock
from models import Application, Certificate, Enterprise, Person, Product, Road, ScanEvent, ScannedCode, ScanOutcome
from models.database import open_database
from models.scan_rows import append_events, count_up
from models.transactions import transaction
from standard.codes.checks import check_digit
from workflow import scan_log
from workflow.links import Links
from workflow.scan_log import History, Scan, ScanLog, history_of
from workflow.scanning.resolution import code_key, resolve

FIRMS, PRODUCTS_EACH = 500, 20
TICK = 0.01
CALLERS = 500
REPEATED = 4
LATE_SECONDS = 1.0
MOST_SLOWER = 1.1


class World:
    """As much of the ports as resolving takes."""

    def __init__(self) -> None:
        self.clock = SystemClock()
        self.links = Links("https://bench.test", b"b" * 32, 30)


# --- what is read ----------------------------------------------------------------------------------------------------


def gtin(number: int) -> str:
    body = f"0{690_000_000_000 + number}"
    return body + str(check_digit(body))


def code(number: int) -> str:
    """One item of a registered product."""
    return f"https://id.gs1.org/01/{gtin(number % (FIRMS * PRODUCTS_EACH))}/21/{number}"


async def fill() -> None:
    now = datetime.now(UTC)
    person = await Person.create(created_at=now)
    for firm in range(FIRMS):
        made = await Enterprise.create(uscc=secrets.token_hex(9), name=f"样例{firm}", is_sample=True, created_at=now)
        application = await Application.create(
            ref=secrets.token_urlsafe(9), enterprise_id=made.id, opened_by_id=person.id, level="A", sells_online=False,
            state="certified", opened_at=now,
        )  # fmt: skip
        await Certificate.create(
            number=f"BENCH-{firm}", serial=firm + 1, enterprise_id=made.id, application_id=application.id, grade="A",
            state="active", issued_on=now.date(), last_day=now.date(), holder={"categories": ["电线电缆"]}, life={},
            created_at=now,
        )  # fmt: skip
        await Product.bulk_create([
            Product(
                enterprise_id=made.id, category="电线电缆", name="电线", model=str(place), code_issuer="GS1",
                gtin=gtin(firm * PRODUCTS_EACH + place), sheet_width_um=1, sheet_height_um=1, created_at=now,
            )
            for place in range(PRODUCTS_EACH)
        ])  # fmt: skip


async def read(world: Any, seconds: float, rate: float) -> list[float]:
    """Milliseconds of each look, from the moment it was due."""
    found: list[float] = []
    start = time.perf_counter()

    async def one(number: int, due: float) -> None:
        resolved = await resolve(world, code(number))
        assert resolved.outcome is ScanOutcome.KNOWN
        await history_of(resolved.key, "")
        found.append((time.perf_counter() - due) * 1000)

    async with asyncio.TaskGroup() as group:
        for number in range(int(seconds * rate)):
            due = start + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            group.create_task(one(number * 7919, due))
    return found


def p95(found: list[float]) -> float:
    return statistics.quantiles(found, n=20)[-1]


# --- what is written -------------------------------------------------------------------------------------------------


def scan(number: int) -> Scan:
    """Of an item that is new or, one in :data:`REPEATED`, of an earlier one by somebody else."""
    text = code(number // 2 if number % REPEATED == 0 else number)
    return Scan(
        datetime.now(UTC), code_key(text), text, 1, 1, Road.LINK, ScanOutcome.KNOWN, "", f"{number:032x}",
        names_item=True,
    )  # fmt: skip


@dataclass
class Batches:
    """How many events the log wrote at once."""

    sizes: list[int]

    async def write(self, scans: Any) -> list[History | None]:
        self.sizes.append(len(scans))
        return await _write(scans)


_write = scan_log.write


async def writing(seconds: float, rate: float) -> dict[str, float]:
    """Append at ``rate``, whatever the log does; what came of it."""
    log, lateness, batches = ScanLog(), list[float](), Batches([])
    scan_log.write = batches.write
    start = time.perf_counter()

    async def one(number: int, due: float) -> None:
        await log.append(scan(number))
        lateness.append(time.perf_counter() - due)

    async with asyncio.TaskGroup() as group:
        number = 0
        while (passed := time.perf_counter() - start) < seconds:
            while number < passed * rate:
                group.create_task(one(number, start + number / rate))
                number += 1
            await asyncio.sleep(TICK)
    return {
        "rate": number / (time.perf_counter() - start),
        "late": sum(late > LATE_SECONDS for late in lateness),
        "p95_ms": p95(lateness) * 1000,
        "batch": statistics.mean(batches.sizes),
    }


async def most(seconds: float) -> float:
    """Events a second of callers who ask again at once."""
    log, until, done = ScanLog(), time.perf_counter() + seconds, 0

    async def caller(first: int) -> None:
        nonlocal done
        number = first
        while time.perf_counter() < until:
            await log.append(scan(number))
            number += CALLERS
            done += 1

    await asyncio.gather(*(caller(10**8 + place) for place in range(CALLERS)))
    return done / seconds


async def floor(seconds: float, batch: int) -> float:
    """Rows a second of the bare statements on one connection."""
    until, done, number = time.perf_counter() + seconds, 0, 2 * 10**8
    while time.perf_counter() < until:
        scans = [scan(number + place) for place in range(batch)]
        keys = {one.code_key: one for one in scans}
        async with transaction():
            await append_events([
                (one.at, one.code_key, one.code, 1, 1, one.road, one.outcome, "", one.visitor) for one in scans
            ])  # fmt: skip
            await count_up(
                [(key, 1, keys[key].at, "", keys[key].at, keys[key].visitor, None, 1) for key in sorted(keys)]
            )
        done, number = done + batch, number + batch
    return done / seconds


# --- all of it -------------------------------------------------------------------------------------------------------


async def child(url: str, seconds: float, rate: float) -> None:
    async with open_database(url, migrate=False):
        print("begins", flush=True)
        print(json.dumps(await writing(seconds, rate)))


async def measure(url: str, seconds: float, rate: float, reads: float) -> bool:
    world = World()
    async with open_database(url, migrate=False):
        await fill()
        await read(world, 3, reads)
        before = await read(world, seconds / 2, reads)
        writer = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "benchmarks.scan_events", url, "--child"),
            *("--seconds", str(seconds), "--rate", str(rate)),
            stdout=asyncio.subprocess.PIPE,
        )
        assert writer.stdout is not None
        await writer.stdout.readline()
        during = await read(world, seconds - 1, reads)
        said = json.loads((await writer.communicate())[0])
        after = await read(world, seconds / 2, reads)
        events, codes = await ScanEvent.all().count(), await ScannedCode.all().count()
        raw, at_most = await floor(3, max(1, round(said["batch"]))), await most(3)
    without, with_ = p95(before + after), p95(during)
    print(
        f"events: {said['rate']:.0f}/s for {seconds:g} s ({events} rows, {codes} codes), {said['batch']:.1f} a "
        f"transaction, {said['p95_ms']:.1f} ms p95 from due to committed, {said['late']} late"
    )
    print(f"most: {at_most:.0f}/s of {CALLERS} callers; floor, bare inserts of as many rows: {raw:.0f}/s")
    print(
        f"reads, {reads:g}/s: p95 {without:.2f} ms without (before {p95(before):.2f}, after {p95(after):.2f}), "
        f"{with_:.2f} ms with: {with_ / without:.2f} (medians {statistics.median(before + after):.2f}, "
        f"{statistics.median(during):.2f} ms)"
    )
    return said["rate"] >= 0.99 * rate and not said["late"] and with_ <= MOST_SLOWER * without


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--rate", type=float, default=2000)
    parser.add_argument("--seconds", type=float, default=30, help="5 for a quick look")
    parser.add_argument("--reads", type=float, default=50)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        await child(given.url, given.seconds, given.rate)
        return 0
    async with own_database(given.url) as url:
        return 0 if await measure(url, given.seconds, given.rate, given.reads) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
