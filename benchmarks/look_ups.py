"""Reading for everybody: ``/t/<code>`` and ``/open/v1/firms/{uscc}`` in one process (4.3.3, 7.6, 10.2).

``python -m benchmarks.look_ups postgres://… [--items 10000 10000000]`` makes a database of its own for each number of
filed items (one product for ten of them, one firm for ten products; ten at least of each) and drops it afterwards.

* ``floor``: a bare aiohttp handler that sends the statements of one such request, as they were recorded from ours, by
  asyncpg for the code or the firm asked for, and answers with bytes that ours answered. It counts no requests, signs
  nothing and draws no page. Both are asked in turns by :data:`CALLERS` who ask again as soon as they are answered:
  ``cold`` always another code or firm, of a server that keeps nothing; ``warm`` the same :data:`WARM` over and over, of
  one that shares what it read for a moment. Ours over the floor's is the measure.
* ``p99`` at ``--rate`` requests a second, each due at its own moment, so that waiting in line counts; all of different
  items, and of firms for the partner's question.

Requests count against no limit here: each comes from an address of its own, the partner's key allows any number.
"""

import argparse
import asyncio
import itertools
import json
import os
import pickle
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from math import gcd
from pathlib import Path
from typing import Any

import asyncpg
from aiohttp import test_utils, web
from tqdm import tqdm

from app.compose import create_app, joined_ports
from benchmarks.certified import ISSUED, NOW, copy_rows, rows_of
from benchmarks.databases import own_database
from benchmarks.processes import cpu_of
from config.settings import Settings
from models import CodePattern, CodePatternKind, Item, ItemFiling, ItemFilingState, Partner, PartnerKind, Product
from models.database import open_database
from standard.codes import read
from standard.codes.checks import check_digit
from standard.profile import edition_on
from tests.servers import Server, free_port
from workflow.relying.partners import Scope, Terms, add_partner, new_key
from workflow.scanning.resolution import code_key
from workflow.scanning.trace_links import PAGES

ITEMS_EACH, PRODUCTS_EACH = 10, 10
"""Items of a product, products of a firm."""
CALLERS, WARM, ROUNDS, ROUND_SECONDS = 16, 50, 3, 4.0
P99_SECONDS = 20.0
AT_ONCE = 20_000
SAMPLE = 7_777
"""The item whose statements the floor repeats for others: none of its numbers stands for anything else in them."""
CERTIFIED, TRACE = "firm", "trace"
COLD, WARMED, FLOOR = "cold", "warm", "floor"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("server", metavar="URL")
    parser.add_argument("--items", type=int, nargs="+", default=[10_000, 10_000_000])
    parser.add_argument("--rate", type=float, default=300.0)
    parser.add_argument("--floor", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.floor:
        where = json.loads(given.floor)
        asyncio.run(_serve_floor(given.server, where["port"], pickle.loads(Path(where["recorded"]).read_bytes())))
    else:
        asyncio.run(_run(given))


async def _run(given: argparse.Namespace) -> None:
    slow: dict[str, list[float]] = {}
    for items in given.items:
        with tempfile.TemporaryDirectory() as folder:
            async with own_database(given.server) as url:
                await _fill(url, items)
                for what, p99 in (await _measure(url, Path(folder), items, given.rate)).items():
                    slow.setdefault(what, []).append(p99)
    if len(given.items) > 1:
        for what, found in slow.items():
            print(f"p99 of {what} at {given.items[-1]} items over {given.items[0]}: {found[-1] / found[0]:.2f} ×")


# --- what is asked for -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asked:
    """One item, by its number from 1 on, and whose it is."""

    item: int

    @property
    def product(self) -> int:
        return (self.item - 1) // ITEMS_EACH + 1

    @property
    def firm(self) -> int:
        return (self.product - 1) // PRODUCTS_EACH + 1

    @property
    def gtin(self) -> str:
        body = f"0{690_000_000_000 + self.product}"
        return body + str(check_digit(body))

    @property
    def code(self) -> str:
        """As our tables keep it."""
        return f"https://id.gs1.org/01/{self.gtin}/21/S{self.item:08d}"

    @property
    def key(self) -> str:
        return code_key(self.code)

    @property
    def uscc(self) -> str:
        return f"91330100{self.firm:010d}"

    def path(self, what: str) -> str:
        """Where our server answers for it."""
        return (
            f"{PAGES}{self.code.removeprefix('https://id.gs1.org/')}"
            if what == TRACE
            else f"/open/v1/firms/{self.uscc}"
        )


def _numbers(what: str, items: int) -> Iterator[Asked]:
    """Items in an order that no index has, each once before any comes again; of the firms one item each."""
    each = 1 if what == TRACE else ITEMS_EACH * PRODUCTS_EACH
    count, stride = items // each, 7_654_321
    assert gcd(count, stride) == 1, "else some would never come"
    return (Asked(1 + (number * stride % count) * each) for number in itertools.count(1))


# --- the database ----------------------------------------------------------------------------------------------------


async def _fill(url: str, items: int) -> None:
    last = Asked(items)
    assert read(last.code, edition=edition_on(ISSUED)).canonical == last.code
    async with open_database(url, migrate=False):
        there = await asyncpg.connect(url)
        # Nobody checks that rows of ours point at rows of ours.
        await there.execute("SET session_replication_role = replica")
        bar = partial(tqdm, leave=False, disable=not sys.stderr.isatty())
        for first in bar(range(1, last.firm + 1, AT_ONCE), desc="firms"):
            for rows in rows_of(range(first, min(first + AT_ONCE, last.firm + 1))):
                if not isinstance(rows[0], Product):
                    await copy_rows(there, rows)
        for first in bar(range(1, last.product + 1, AT_ONCE), desc="products"):
            for rows in _products(range(first, min(first + AT_ONCE, last.product + 1))):
                await copy_rows(there, rows)
        indexes = await there.fetch("SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'item'")
        later = [one for one in indexes if not one["indexname"].endswith("_pkey")]
        unique = await there.fetch(
            "SELECT conname FROM pg_constraint WHERE conrelid = 'item'::regclass AND contype = 'u'"
        )
        for one in unique:
            await there.execute(f'ALTER TABLE item DROP CONSTRAINT "{one["conname"]}"')
        for one in later:
            await there.execute(f'DROP INDEX IF EXISTS "{one["indexname"]}"')
        columns = ["id", "code_key", "code", "product_id", "filing_id", "batch"]
        for first in bar(range(1, items + 1, AT_ONCE), desc="items"):
            numbers = map(Asked, range(first, min(first + AT_ONCE, items + 1)))
            records = [(one.item, one.key, one.code, one.product, one.firm, "L1") for one in numbers]
            await there.copy_records_to_table(Item._meta.db_table, columns=columns, records=records)
        await there.execute("SET maintenance_work_mem = '1GB'")
        for one in later:
            await there.execute(one["indexdef"])
        await there.execute("VACUUM ANALYZE")
        await there.execute("CHECKPOINT")
        await there.close()


def _products(numbers: range) -> Iterator[list[Any]]:
    asked = [Asked((number - 1) * ITEMS_EACH + 1) for number in numbers]
    yield [
        Product(
            id=one.product, enterprise_id=one.firm, name="铜芯聚氯乙烯绝缘电线",
            model=f"BV {one.product}", gtin=one.gtin,
            category="电线电缆", code_issuer="gs1", sheet_width_um=100_000, sheet_height_um=70_000,
            product_class="ccc", qualification_number="", created_at=NOW,
        )
        for one in asked
    ]  # fmt: skip
    yield [
        CodePattern(
            id=one.product, product_id=one.product, kind=CodePatternKind.GTIN_PREFIX, value=one.gtin[1:],
            claimed_at=NOW, proved_at=NOW, proved_by_sha256="0" * 64,
        )
        for one in asked
    ]  # fmt: skip
    yield [
        ItemFiling(
            id=one.firm, ref=f"filing{one.firm}", key=f"filing{one.firm}", product_id=one.product,
            person_id=2 * one.firm, state=ItemFilingState.FILED, filed_at=NOW,
        )
        for one in asked
        if (one.product - 1) % PRODUCTS_EACH == 0
    ]  # fmt: skip


# --- the floor -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Recorded:
    """The statements of one request of ours, and what it was answered."""

    statements: tuple[tuple[str, str, tuple[Any, ...]], ...]
    body: bytes

    def words(self) -> Iterator[str]:
        for _, query, _ in self.statements:
            yield query.replace("\n", " ")[:150]


async def _recorded(settings: Settings, headers: dict[str, str], asked: Asked) -> dict[str, Recorded]:
    """One request of each kind to the application, in this process, with every statement that asyncpg was given.

    It keeps nothing, as the one that is asked cold: whether the key was read a moment ago would be chance.
    """
    settings = settings.model_copy(update={"shared_ms": 0})
    found: dict[str, Recorded] = {}
    async with joined_ports(settings, lambda _: None, inspecting=False) as ports:
        server = test_utils.TestServer(create_app(settings, ports, inspecting=False))
        async with test_utils.TestClient(server) as client:
            for what in (TRACE, CERTIFIED):
                # The first request of all may ask for what is asked once a process.
                await (await client.get(Asked(1).path(what), headers=headers)).read()
                with Listening() as heard:
                    answer = await client.get(asked.path(what), headers=headers)
                    body = await answer.read()
                    assert answer.status == 200, (answer.status, body[:300])
                    await asyncio.sleep(0.1)
                found[what] = Recorded(tuple(heard), body)
    return found


class Listening:
    """Everything that asyncpg's connections of this process are told, as (method, statement, arguments)."""

    METHODS = ("execute", "fetch", "fetchrow")

    def __enter__(self) -> list[tuple[str, str, tuple[Any, ...]]]:
        heard: list[tuple[str, str, tuple[Any, ...]]] = []
        self._were = {name: getattr(asyncpg.Connection, name) for name in self.METHODS}

        def noting(name: str) -> Callable[..., Any]:
            were = self._were[name]

            def method(connection: Any, query: str, *arguments: Any, **more: Any) -> Any:
                heard.append((name, query, arguments))
                return were(connection, query, *arguments, **more)

            return method

        for name in self.METHODS:
            setattr(asyncpg.Connection, name, noting(name))
        return heard

    def __exit__(self, *_: object) -> None:
        for name, were in self._were.items():
            setattr(asyncpg.Connection, name, were)


def _for(asked: Asked) -> Callable[[Any], Any]:
    """From an argument of :data:`SAMPLE`'s request to that of another's."""
    known = Asked(SAMPLE)
    numbers = {known.product: asked.product, known.firm: asked.firm}
    words = {known.key: asked.key, known.code: asked.code, known.uscc: asked.uscc, known.gtin: asked.gtin}

    def changed(value: Any) -> Any:
        if isinstance(value, list):
            return [changed(one) for one in value]
        if isinstance(value, int) and not isinstance(value, bool):
            return numbers.get(value, value)
        if isinstance(value, str):
            if value in words:
                return words[value]
            return asked.gtin[1:][: len(value)] if len(value) > 6 and known.gtin[1:].startswith(value) else value
        return value

    return changed


async def _serve_floor(url: str, port: int, recorded: dict[str, Recorded]) -> None:
    """The bare server: a process of its own."""
    pool = await asyncpg.create_pool(url, min_size=1, max_size=10, reset=_nothing)

    def handler(what: str) -> Callable[[web.Request], Any]:
        one = recorded[what]

        async def handle(request: web.Request) -> web.Response:
            changed = _for(Asked(int(request.headers["X-Item"])))
            async with pool.acquire() as connection:
                for method, query, arguments in one.statements:
                    await getattr(connection, method)(query, *map(changed, arguments))
            kind = "text/html" if what == TRACE else "application/json"
            return web.Response(body=one.body, content_type=kind, charset="utf-8")

        return handle

    app = web.Application()
    app.router.add_get(f"{PAGES}{{code:.+}}", handler(TRACE))
    app.router.add_get("/open/v1/firms/{uscc}", handler(CERTIFIED))
    app.router.add_get("/readyz", _ready)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


async def _nothing(_connection: Any) -> None:
    """Nothing is left on a connection, here as there."""


async def _ready(_request: web.Request) -> web.Response:
    return web.Response()


# --- measuring -------------------------------------------------------------------------------------------------------


async def _measure(url: str, folder: Path, items: int, rate: float) -> dict[str, float]:
    """Print what was found; the p99 of ours in milliseconds."""
    environment = {
        "ZHUISU_DATA_DIR": str(folder), "ZHUISU_DATABASE_URL": url, "ZHUISU_LOG_LEVEL": "ERROR",
        "ZHUISU_API__PROXIES": "1", "ZHUISU_SIMULATOR__ENABLED": "false",
    }  # fmt: skip
    os.environ.update(environment)
    settings = Settings()
    async with joined_ports(settings, lambda _: None, inspecting=False) as ports:
        partner: Partner = await add_partner(ports, "样例平台", PartnerKind.MARKETPLACE, sample=True)
        key = await new_key(ports, partner, Terms((Scope.QUERY,), per_minute=10**8, per_day=10**9))
    headers = {"Authorization": f"Bearer {key.token}", "User-Agent": "Mozilla/5.0 (bench)"}
    recorded = await _recorded(settings, {**headers, "X-Forwarded-For": "198.51.100.1"}, Asked(min(SAMPLE, items)))
    async with _servers(environment, url, folder, recorded) as place:
        print(f"\n{items} items, {Asked(items).product} products, {Asked(items).firm} firms")
        slow: dict[str, float] = {}
        for what, one in recorded.items():
            print(f" {what}: {len(one.statements)} statements, {len(one.body)} bytes")
            for line in one.words():
                print(f"    {line}")
            for name, numbers in ((COLD, _numbers(what, items)), (WARMED, map(Asked, itertools.cycle(_few(items))))):
                ours, bare = await _in_turns(place, name, what, numbers, headers)
                ratio = statistics.median(mine / theirs for mine, theirs in zip(ours, bare, strict=True))
                print(f"  {name}: ours {_shown(ours)}, floor {_shown(bare)} requests/s: {ratio:.2f}", flush=True)
            slow[what] = await _steady(place, what, _numbers(what, items), headers, rate)
    return slow


def _few(items: int) -> list[int]:
    return [1 + number * items // WARM for number in range(WARM)]


def _shown(found: Sequence[float]) -> str:
    return "/".join(f"{one:.0f}" for one in found)


@dataclass(frozen=True, slots=True)
class Place:
    """The servers, ours cold and warm and the floor: their ports by name, and the process of the warm one."""

    ports: dict[str, int]
    pid: int


@asynccontextmanager
async def _servers(
    environment: dict[str, str], url: str, folder: Path, recorded: dict[str, Recorded]
) -> AsyncIterator[Place]:
    """Ours, that only answer, and the floor's."""
    kept = folder / "recorded"
    kept.write_bytes(pickle.dumps(recorded))
    ports = {name: free_port() for name in (COLD, WARMED, FLOOR)}
    where = json.dumps({"recorded": str(kept), "port": ports[FLOOR]})
    ready = {name: f"http://127.0.0.1:{port}/readyz" for name, port in ports.items()}
    serve = ["-m", "app", "serve", "--no-work"]
    own = {name: {**environment, "ZHUISU_PORT": str(ports[name])} for name in (COLD, WARMED)}
    servers = {
        COLD: Server(serve, {**own[COLD], "ZHUISU_SHARED_MS": "0"}, ready[COLD]),
        WARMED: Server(serve, own[WARMED], ready[WARMED]),
        FLOOR: Server(["-m", "benchmarks.look_ups", url, "--floor", where], {}, ready[FLOOR]),
    }
    async with AsyncExitStack() as stack:
        for server in servers.values():
            await server.start()
            stack.push_async_callback(server.stop)
        yield Place(ports, servers[WARMED].pid)


class Caller:
    """One connection, kept open; asks and reads one answer after the other."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def to(cls, port: int) -> "Caller":
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def ask(self, request: bytes) -> None:
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        await self._reader.readexactly(int(length))

    async def close(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()


def _request(what: str, asked: Asked, headers: dict[str, str], number: int) -> bytes:
    """By somebody whom nobody knows yet."""
    address = f"100.{64 + number // 65536 % 64}.{number // 256 % 256}.{number % 256}"
    all_ = {"Host": "127.0.0.1", **headers, "X-Forwarded-For": address, "X-Item": str(asked.item)}
    lines = "".join(f"{name}: {value}\r\n" for name, value in all_.items())
    return f"GET {asked.path(what)} HTTP/1.1\r\n{lines}\r\n".encode()


async def _in_turns(
    place: Place, name: str, what: str, numbers: Iterator[Asked], headers: dict[str, str]
) -> tuple[list[float], list[float]]:
    """Requests a second of ours by that name and of the floor, round by round."""
    ours: list[float] = []
    bare: list[float] = []
    for _ in range(ROUNDS):
        ours.append(await _round(place.ports[name], what, numbers, headers))
        bare.append(await _round(place.ports[FLOOR], what, numbers, headers))
    return ours, bare


_visitors = itertools.count()


async def _round(port: int, what: str, numbers: Iterator[Asked], headers: dict[str, str]) -> float:
    callers = [await Caller.to(port) for _ in range(CALLERS)]
    done = 0
    started = time.perf_counter()
    ends = started + ROUND_SECONDS

    async def call(caller: Caller) -> None:
        nonlocal done
        while time.perf_counter() < ends:
            await caller.ask(_request(what, next(numbers), headers, next(_visitors)))
            done += 1

    await asyncio.gather(*map(call, callers))
    took = time.perf_counter() - started
    for caller in callers:
        await caller.close()
    return done / took


async def _steady(place: Place, what: str, numbers: Iterator[Asked], headers: dict[str, str], rate: float) -> float:
    """Print how long answers took at so many requests a second; the p99 in milliseconds."""
    free = [await Caller.to(place.ports[WARMED]) for _ in range(4 * CALLERS)]
    waiting: asyncio.Queue[Caller] = asyncio.Queue()
    for caller in free:
        waiting.put_nowait(caller)
    found: list[float] = []
    cpu, start = cpu_of(place.pid), time.perf_counter()

    async def one(due: float) -> None:
        caller = await waiting.get()
        await caller.ask(_request(what, next(numbers), headers, next(_visitors)))
        found.append((time.perf_counter() - due) * 1000)
        waiting.put_nowait(caller)

    async with asyncio.TaskGroup() as group:
        for number in range(int(P99_SECONDS * rate)):
            due = start + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            group.create_task(one(due))
    used = (cpu_of(place.pid) - cpu) / len(found) * 1000
    cuts = statistics.quantiles(found, n=1000)
    p50, p95, p99 = cuts[499], cuts[949], cuts[989]
    print(f"  {rate:.0f} requests/s: p50 {p50:.1f}, p95 {p95:.1f}, p99 {p99:.1f}, longest {max(found):.0f} ms; "
          f"CPU of our process {used:.2f} ms a request", flush=True)  # fmt: skip
    for caller in free:
        await caller.close()
    return p99


if __name__ == "__main__":
    main()
