"""The whole journey for many firms at once, against the sum of its floors.

``python -m benchmarks.journey`` lets ``--firms`` firms (``benchmarks.journey_firms``) travel together over HTTP, as
``zhuisu demo`` does for one: chat and sign-in, registration by the licence, product, application with all materials of
``--level``, certificate photo by chat, submission (every fifth firm is refused first and mends its print), grade,
publicity, certificate, and a check of the certificate's file. Once all are in their publicity the clock is moved past
it. The server does everything in one process, with its inspection processes; the simulator is a process of its own;
the database is SQLite, or one of its own on ``--server postgres://…``.

The floor is what nobody can leave out: CPU of the inspection of each file, once and by itself, shared out on all
processors, and one committed event row for each event that was written, by itself on the same database. Beside the
wall, which others on the machine stretch, CPU is told by process. Drawing the firms' files is not timed; their photos
are kept in ``--photos``.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import cv2
import numpy as np
from prometheus_client.parser import text_string_to_metric_families

from app.demo.journey import Journey, JourneyFailed, Travelling
from app.demo.materials import DemoMaterial
from benchmarks.databases import own_database
from benchmarks.journey_firms import Order, drawn
from benchmarks.processes import CORES, Watch, print_used, watching
from config.clock import SystemClock
from config.settings import ApiSettings
from inspection import ocr
from inspection.body import inspect_body
from inspection.document import read_document
from inspection.inspector import inspect
from inspection.ledger import read_ledger
from inspection.report import ProductHint, Report, Request
from inspection.screenshot import inspect_screenshot
from models import Certificate, Event, Job
from models.database import open_database
from models.transactions import transaction
from standard.calendar import shanghai_day
from standard.handing_in import ReadAs, handing
from standard.profile import Edition, edition_on
from tests.servers import running

PATIENCE = 3600.0
LOOK_EVERY = 2.0
"""How often a waiting firm's client asks: a page that polls does not ask oftener."""
FLOOR_FIRMS, FLOOR_ROWS = 5, 300
MORE_THAN_ANYBODY = "1000000"
LIMITS = {f"ZHUISU_API__{name.upper()}": MORE_THAN_ANYBODY for name in ApiSettings.model_fields if "_per_" in name}
"""All firms come from one address here."""
MINI_PROGRAM = {"ZHUISU_MINI_PROGRAM__APP_ID": "wxsample0000000002", "ZHUISU_MINI_PROGRAM__APP_SECRET": "sample"}


@dataclass
class Timed:
    """Seconds of each step by its name, one a firm; what failed, in words; when the last firm reached its publicity."""

    steps: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    failed: list[str] = field(default_factory=list)
    publicity: float = 0.0
    wall: float = 0.0


@dataclass(frozen=True, slots=True)
class Floor:
    """``inspection``: CPU seconds a firm by kind of look; ``row``: seconds of one committed event row."""

    inspection: dict[str, float]
    row: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--firms", type=int, default=10)
    parser.add_argument("--level", choices=("B", "A"), default="A")
    parser.add_argument("--server", metavar="URL", help="postgres://…; without it a SQLite file is made")
    parser.add_argument("--photos", type=Path, default=Path(tempfile.gettempdir()) / "zhuisu-journey")
    given = parser.parse_args()
    now = SystemClock().now()
    orders = [Order(n, given.level, shanghai_day(now), now, given.photos) for n in range(1, given.firms + 1)]
    print(f"drawing the files of {given.firms} firms (photos are kept in {given.photos})", flush=True)
    asyncio.run(_run(drawn(orders), given.server))


async def _run(firms: Sequence[Travelling], server: str | None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with _database(server) as url:
            await _measure(firms, Path(folder), url)


async def _measure(firms: Sequence[Travelling], folder: Path, url: str) -> None:
    name = urlsplit(url).path[1:] if url.startswith("postgres") else ""
    settings = {**LIMITS, **MINI_PROGRAM, "ZHUISU_LOG_LEVEL": "ERROR", **({"ZHUISU_DATABASE_URL": url} if name else {})}
    async with running(folder, **settings) as pair:
        processes = {"server": pair.server.pid, "simulator": pair.simulator.pid, "clients": os.getpid()}
        async with watching(processes, "server", name) as watch:
            timed = await _travel(firms, pair.server_url, pair.simulator_url)
        metrics = await _metrics(pair.server_url)
    async with open_database(url or f"sqlite://{folder / 'zhuisu.db'}", migrate=False):
        written = await Event.all().count()
        certificates = await Certificate.all().count()
        dead = await Job.filter(dead_at__not_isnull=True).count()
        again = await Job.filter(attempts__gt=1).count()
        floor = Floor(_inspection_floor(firms[:FLOOR_FIRMS]), await _row_floor())
    _print_result(firms, timed, watch, floor, written)
    _print_jobs(metrics)
    _print_requests(metrics)
    failed = len(timed.failed)
    print(f"\ncertificates {certificates} of {len(firms)}, failed {failed}, dead jobs {dead}, jobs run again {again}")
    if failed or dead or certificates != len(firms):
        print("\n".join(f"  {line}" for line in timed.failed[:10]))
        sys.exit("not every firm arrived")


@asynccontextmanager
async def _database(server: str | None) -> AsyncIterator[str]:
    """The URL of a database of its own; empty for SQLite in the server's folder."""
    if server is None:
        yield ""
        return
    async with own_database(server) as url:
        yield url


# --- travelling -------------------------------------------------------------------------------------------------------


async def _travel(firms: Sequence[Travelling], base: str, simulator: str) -> Timed:
    timed = Timed()
    started = time.perf_counter()
    connector, patience = aiohttp.TCPConnector(limit=0), aiohttp.ClientTimeout(total=PATIENCE)
    async with aiohttp.ClientSession(connector=connector, timeout=patience) as http:
        journeys = [
            Journey(http, base, firm, simulator=simulator, patience=PATIENCE, look_every=LOOK_EVERY) for firm in firms
        ]
        published = await asyncio.gather(*(_to_publicity(journey, timed) for journey in journeys))
        timed.publicity = time.perf_counter() - started
        waiting = [one for one in published if one is not None]
        # All were published today, so the last one's time to object ends with everybody's.
        for journey, ref, publication in waiting[-1:]:
            await journey.let_publicity_end(ref, publication)
        await asyncio.gather(*(_to_certificate(journey, ref, timed) for journey, ref, _ in waiting))
    timed.wall = time.perf_counter() - started
    return timed


async def _to_publicity(journey: Journey, timed: Timed) -> tuple[Journey, str, dict[str, Any]] | None:
    try:
        await _step(timed, "chat, sign-in", _both(journey.greet(), journey.sign_in()))
        await _step(timed, "registration", journey.register())
        products = await journey.register_products()
        ref = (await journey.open_application(products))["ref"]
        await _step(timed, "hand in", journey.hand_in_all(ref, products))
        await _step(timed, "verified, graded", journey.submit_and_supplement(ref, products))
        return journey, ref, await _step(timed, "published", journey.result(ref))
    except (JourneyFailed, aiohttp.ClientError) as problem:
        timed.failed.append(f"{journey.firm.user}: {problem}")
        return None


async def _to_certificate(journey: Journey, ref: str, timed: Timed) -> None:
    try:
        certificate = await _step(timed, "certificate", journey.certificate(ref))
        await _step(timed, "file checked", journey.check_certificate(certificate))
    except (JourneyFailed, aiohttp.ClientError) as problem:
        timed.failed.append(f"{journey.firm.user}: {problem}")


async def _both(*steps: Awaitable[None]) -> None:
    for step in steps:
        await step


async def _step(timed: Timed, name: str, step: Awaitable[Any]) -> Any:
    started = time.perf_counter()
    found = await step
    timed.steps[name].append(time.perf_counter() - started)
    return found


# --- floors -----------------------------------------------------------------------------------------------------------


def _inspection_floor(firms: Sequence[Travelling]) -> dict[str, float]:
    """CPU seconds that the files of a firm take, by kind of look: the mean of these firms."""
    cv2.setNumThreads(1)
    ocr.warm()
    taken: dict[str, float] = defaultdict(float)
    for firm in firms:
        edition = edition_on(shanghai_day(datetime.now(UTC)))
        _cpu(taken, "document", lambda firm=firm: read_document(firm.licence))
        certificate: Report | None = None
        for material in firm.materials:
            looked = _look(taken, firm, material, certificate, edition)
            certificate = looked if isinstance(looked, Report) else certificate
    return {kind: seconds / len(firms) for kind, seconds in taken.items()}


def _look(
    taken: dict[str, float], firm: Travelling, material: DemoMaterial, certificate: Report | None, edition: Edition
) -> Any:
    """One file as the server has it looked at; its report."""
    data, product = material.data, firm.products[material.product_index or 0]
    hint = ProductHint(product["gtin"], product["sheet_mm"], (product["gtin"],), product["model"], product["record"])
    how = handing(material.kind, edition).read_as
    if how is ReadAs.PRINT:
        return _cpu(taken, "certificate", lambda: inspect(Request(data, hint.sheet_mm, (hint,)))).report
    if how is ReadAs.BODY:
        return _cpu(taken, "body", lambda: inspect_body(data, (hint,), certificate))
    if material.file_name.endswith(".csv"):
        return _cpu(taken, "ledger", lambda: read_ledger(data, material.file_name))
    if how in (ReadAs.SCREENSHOT, ReadAs.LINK):
        return _cpu(taken, "screenshot", lambda: inspect_screenshot(data, None, datetime.now(UTC)))
    return _cpu(taken, "document", lambda: read_document(data))


def _cpu(taken: dict[str, float], kind: str, work: Any) -> Any:
    started = time.process_time()
    found = work()
    taken[kind] += time.process_time() - started
    return found


async def _row_floor() -> float:
    """Seconds of one event row, committed, one after the other: the median."""
    taken = []
    for number in range(FLOOR_ROWS):
        started = time.perf_counter()
        async with transaction():
            await Event.create(
                at=datetime.now(UTC), actor="system", action="benchmark", subject_kind="job", subject_id=number
            )
        taken.append(time.perf_counter() - started)
    return float(np.median(taken))


# --- telling ----------------------------------------------------------------------------------------------------------


def _print_result(firms: Sequence[Travelling], timed: Timed, watch: Watch, floor: Floor, written: int) -> None:
    count, level = len(firms), firms[0].level
    files = sum(len(firm.materials) + 1 for firm in firms)
    looking = sum(floor.inspection.values()) * count
    rows = written * floor.row
    bottom = looking / CORES + rows
    kinds = "、".join(f"{kind} {seconds:.2f}" for kind, seconds in floor.inspection.items())
    print(f"\n{count} firms at once, level {level}, {files} files, {CORES} processors, {written} event rows")
    row = floor.row * 1e3
    print(f"  floor  {bottom:7.1f} s = inspection {looking:.1f} CPU s / {CORES} + {written} rows × {row:.2f} ms")
    print(f"         CPU s a firm: {kinds}")
    after = timed.wall - timed.publicity
    print(f"  wall   {timed.wall:7.1f} s = {timed.publicity:.1f} until all are published + {after:.1f} from then on")
    print(f"  ratio  {timed.wall / bottom:7.2f}")
    print_used(watch, timed.wall)
    spent = watch.seconds_but("clients", "simulator")
    print(f"  CPU of server, inspection, database ÷ CPU of the floor: {spent / (looking + rows):.2f}")
    print(f"\n  {'seconds a firm':22}{'p50':>8}{'p95':>8}")
    for name, each in timed.steps.items():
        print(f"    {name:20}{np.percentile(each, 50):8.1f}{np.percentile(each, 95):8.1f}")


async def _metrics(base: str) -> str:
    async with aiohttp.ClientSession() as http, http.get(f"{base}/metrics") as answer:
        return await answer.text()


def _sums(metrics: str, family: str, label: str) -> list[tuple[str, float, int]]:
    """Sum of seconds and count by label, the largest sum first."""
    sums: dict[str, float] = {}
    counts: Counter[str] = Counter()
    for one in text_string_to_metric_families(metrics):
        for sample in one.samples:
            if sample.name == f"{family}_sum":
                sums[sample.labels[label]] = sample.value
            elif sample.name == f"{family}_count":
                counts[sample.labels[label]] = int(sample.value)
    return sorted(((name, seconds, counts[name]) for name, seconds in sums.items()), key=lambda one: -one[1])


def _print_jobs(metrics: str) -> None:
    print(f"\n  {'jobs':32}{'runs':>7}{'s in all':>10}{'ms each':>9}")
    for name, seconds, count in _sums(metrics, "zhuisu_job_seconds", "kind"):
        print(f"    {name:30}{count:7}{seconds:10.1f}{seconds / max(count, 1) * 1e3:9.0f}")


def _print_requests(metrics: str) -> None:
    refused: Counter[str] = Counter()
    for one in text_string_to_metric_families(metrics):
        for sample in one.samples:
            if sample.name == "zhuisu_requests_total" and int(sample.labels["status"]) >= 500:
                refused[f"{sample.labels['route']} {sample.labels['status']}"] += int(sample.value)
    print(f"\n  {'requests':50}{'count':>7}{'s in all':>10}{'ms each':>9}")
    for name, seconds, count in _sums(metrics, "zhuisu_request_seconds", "route")[:10]:
        print(f"    {name:48}{count:7}{seconds:10.1f}{seconds / max(count, 1) * 1e3:9.0f}")
    print(f"    answered by 5xx: {dict(refused) or 'none'}")


if __name__ == "__main__":
    main()
