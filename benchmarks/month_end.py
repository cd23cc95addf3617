"""The end of a month for many firms at once, on PostgreSQL (8.1, 9.2).

``python -m benchmarks.month_end postgres://… [--firms 10000 100000]`` makes a database of its own for each number of
firms, every firm with a living certificate, two people who were told of it and one of them in chat, and drops it
afterwards. A process of its own does what the worker does: the month opens; all are reminded on its last day; its
window closes (every fourth firm has a draft that is not complete, the others nothing: months and certificates warned,
notices and their pushes committed, certificates to be drawn anew); and the days to make it up end (suspended, told,
published). Pushes go out at WeChat's pace and certificates are drawn later: not in these times.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Coroutine, Sequence
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import urlsplit

import asyncpg
from tortoise.connection import get_connection

from benchmarks.certified import APP, NOW, copy_rows, rows_of
from benchmarks.databases import own_database
from benchmarks.processes import watching
from gateways.procrastinate_queue import ProcrastinateQueue
from models import (
    Answer,
    Application,
    Certificate,
    Enterprise,
    Event,
    Evidence,
    FilingFile,
    FilingFileKind,
    FilingFileState,
    InboxEntry,
    Job,
    MonthlyFiling,
    Person,
    Product,
    Rendering,
    Staff,
    WeChatIdentity,
)
from models.database import open_database
from models.transactions import CONNECTION, transaction
from standard.calendar import midnight
from tests.clock import FakeClock
from workflow import due
from workflow.bell import Bell
from workflow.context import Ports
from workflow.links import Links
from workflow.monthly import month_life, months, reminders

AT_ONCE = 5_000
DRAFTS = 4
"""Every so many firms have handed something in, and not all."""
COUNTED = (MonthlyFiling, Event, InboxEntry, Answer, Rendering, Job)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("server", metavar="URL")
    parser.add_argument("--firms", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--sweep", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.sweep:
        asyncio.run(_sweep(given.server))
    else:
        asyncio.run(_run(given.server, given.firms))


async def _run(server: str, sizes: Sequence[int]) -> None:
    took: dict[str, list[float]] = {}
    for firms in sizes:
        async with own_database(server) as url:
            await _fill(url, firms)
            for phase, each in (await _measure(url, firms)).items():
                took.setdefault(phase, []).append(each)
    if len(sizes) > 1:
        print(f"cost of one firm, at {sizes[-1]} against {sizes[0]}:")
        for phase, each in took.items():
            print(f"  {phase}: {each[-1] / each[0]:.2f} ×")


async def _measure(url: str, firms: int) -> dict[str, float]:
    """Milliseconds a firm by phase, printed with all else."""
    command = (sys.executable, "-m", "benchmarks.month_end", url, "--sweep")
    sweeper = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert sweeper.stdout is not None
    async with watching({"sweep": sweeper.pid}, "sweep", urlsplit(url).path[1:]) as watch:
        lines = [json.loads(line) async for line in sweeper.stdout]
    await sweeper.wait()
    if sweeper.returncode:
        raise RuntimeError("the sweep failed")
    used = watch.groups["sweep"]
    print(f"{firms} firms due at once; the sweep's process held at most {used.peak_mb:.0f} MiB")
    cost: dict[str, float] = {}
    for line in lines:
        each = cost[line["phase"]] = line["seconds"] / firms * 1000
        print(f"  {line['phase']}: {line['done']} in {line['seconds']:.1f} s, {each:.2f} ms a firm")
        print(f"    rows: {', '.join(f'{name} {count}' for name, count in line['rows'].items())}")
    cpu = watch.groups["PostgreSQL"].seconds
    print(f"  CPU in all: the sweep {used.seconds:.0f} s, PostgreSQL {cpu:.0f} s")
    return cost


# --- the process that sweeps -----------------------------------------------------------------------------------------


async def _sweep(url: str) -> None:
    clock = FakeClock(NOW)
    ports = cast(
        Ports,
        SimpleNamespace(
            clock=clock,
            queue=ProcrastinateQueue(clock),
            links=Links("https://sample.test", b"s" * 32, 30),
            certifier=SimpleNamespace(sample=False),
            bell=Bell(),
            app_id=APP,
        ),
    )
    async with open_database(url, migrate=False):
        clock.advance(midnight(date(2026, 12, 1)) - clock.now())
        await _timed("month opened", _swept(ports, months.open_months))
        await _hand_in_drafts()
        clock.advance(midnight(date(2026, 12, 25)) + timedelta(hours=9) - clock.now())
        await _timed("reminded on the last day", _reminded(ports))
        clock.advance(midnight(date(2026, 12, 26)) - clock.now())
        await _timed("window closed", _swept(ports, month_life.close_windows))
        clock.advance(midnight(date(2026, 12, 31)) - clock.now())
        await _timed("make-up ended", _swept(ports, month_life.end_make_ups))


async def _timed(phase: str, work: Coroutine[Any, Any, int]) -> None:
    """Say on one line of JSON how many firms it did in how many seconds, and what rows it left."""
    # Days lie between them, in which autovacuum comes by.
    await get_connection(CONNECTION).execute_script("ANALYZE")
    before = [await kind.all().count() for kind in COUNTED]
    started = time.perf_counter()
    done = await work
    seconds = time.perf_counter() - started
    rows = {
        kind._meta.db_table: more
        for kind, then in zip(COUNTED, before, strict=True)
        if (more := await kind.all().count() - then)
    }
    print(json.dumps({"phase": phase, "done": done, "seconds": seconds, "rows": rows}), flush=True)


async def _swept(ports: Ports, handler: Any) -> int:
    (line,) = [line for line in due.DUE if line.together is handler]
    return await due.carry_out(ports, line)


async def _reminded(ports: Ports) -> int:
    """The day's fan-out, batch after batch, as the worker takes them."""
    async with transaction():
        fan_out = await reminders.begin_day(ports, ports.clock.now())
    while fan_out.ended_at is None:
        (job,) = await ports.queue.claim(1, 60, key=f"{fan_out.key}:{fan_out.cursor['batch']}")
        await reminders.remind_batch(ports, job)
        await fan_out.refresh_from_db()
    return fan_out.done // 2  # both people of a firm


async def _hand_in_drafts() -> None:
    filings = await MonthlyFiling.all().order_by("id").values_list("id", "enterprise_id")
    await FilingFile.bulk_create(
        FilingFile(
            ref=f"{filing}-{photo}",
            filing_id=filing,
            kind=FilingFileKind.CERTIFICATE_PHOTO,
            product_id=firm,
            batch=f"L{photo}",
            code=f"https://id.gs1.org/01/06901234567892/21/{filing}{photo}",
            evidence_id=firm,
            key=str(photo),
            state=FilingFileState.PASSED,
            handed_in_by_id=2 * firm,
            handed_in_at=NOW,
        )
        for filing, firm in filings
        if firm % DRAFTS == 0
        for photo in (1, 2)
    )


# --- firms -----------------------------------------------------------------------------------------------------------


async def _fill(url: str, firms: int) -> None:
    async with open_database(url, migrate=False):
        there = await asyncpg.connect(url)
        for first in range(1, firms + 1, AT_ONCE):
            for rows in rows_of(range(first, min(first + AT_ONCE, firms + 1))):
                await copy_rows(there, rows)
        for kind in (
            Person,
            Enterprise,
            Staff,
            WeChatIdentity,
            Application,
            Certificate,
            Product,
            Evidence,
            InboxEntry,
        ):
            table = kind._meta.db_table
            await there.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM \"{table}\"")
        await there.execute("VACUUM ANALYZE")
        await there.close()


if __name__ == "__main__":
    main()
