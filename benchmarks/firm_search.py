"""Firms among a million: how long a question takes, by its kind, on both databases (7.6).

``python -m benchmarks.firm_search`` makes a database of its own (``--server postgres://…``, else a SQLite file), fills
it with ``--firms`` invented names of the usual build (place, brand, trade, tail), asks ``--questions`` of every kind,
and drops it. The floor is a certificate read by its number in the same run.
"""

import argparse
import asyncio
import random
import sqlite3
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import asyncpg
from tortoise.connection import get_connection

from benchmarks.databases import own_database
from gateways.firm_index import TableFirmIndex
from gateways.firm_keys import FirmKeys, sound_of
from models.database import CONNECTION, migrate, open_database
from models.transactions import transaction
from workflow.certifying.queries import find_firms, firm_page
from workflow.context import Ports


def _words(text: str) -> list[str]:
    return text.split()


PLACES = _words(
    "上海 上海市 北京 天津 重庆 浙江 江苏 广东 山东 河北 河南 湖北 湖南 四川 安徽 福建 江西 辽宁 "
    "陕西 山西 浙江省杭州市 江苏省无锡市 宁波 温州 乐清 杭州 嘉兴 绍兴 金华 台州 南京 苏州 无锡 "
    "常州 南通 扬州 宜兴 合肥 芜湖 天长 济南 青岛 烟台 潍坊 广州 深圳 东莞 佛山 珠海 厦门 泉州 福州 "
    "武汉 长沙 成都 西安 沈阳 大连 石家庄 邢台 保定 郑州 新乡 昆明 贵阳 南宁 长春 哈尔滨 上海浦东 "
    "上海市嘉定区 杭州市余杭区 广州市番禺区 深圳市宝安区"
)
TRADES = _words(
    "电缆 电线 电线电缆 线缆 科技 电气 电器 机械 化工 建材 阀门 管业 塑胶 五金 电子 新材料 仪表 "
    "开关 变压器 电力设备 消防器材 钢管 轴承 玻璃 水泥 防水材料 橡胶制品 特种电缆 光电科技 "
    "自动化设备 环保科技 轮胎 锅炉 压力容器 安全用品 劳保用品 门窗 家具 涂料 铝业 铜业 紧固件 "
    "食品机械 包装材料 纺织"
)
BRANDS = (
    "华新东方远大兴盛宏达金龙天龙中泰恒通正安永昌瑞丰德力海鑫光明润亚宝利泽信诚立成佳和顺源万美"
    "科创联众飞跃腾凯旭日升辉煌祥云峰星辰宇航博雅文嘉睿智卓越诺尔特斯麦克迪奥格"
)
TAILS = ("有限公司",) * 16 + ("有限责任公司",) * 2 + ("股份有限公司", "厂", "集团有限公司", "有限公司上海分公司")
NOW = datetime(2026, 11, 24, tzinfo=UTC)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", metavar="URL", help="postgres://…; without it a SQLite file is made")
    parser.add_argument("--firms", type=int, default=1_000_000)
    parser.add_argument("--questions", type=int, default=100)
    arguments = parser.parse_args()
    run = _on_postgres if arguments.server else _on_sqlite
    asyncio.run(run(arguments.server, arguments.firms, arguments.questions))


async def _on_postgres(server: str, firms: int, questions: int) -> None:
    async with own_database(server) as url:
        there = await asyncpg.connect(url)
        locale = await there.fetchrow(
            "SELECT datcollate, version() FROM pg_database WHERE datname = current_database()"
        )
        print(f"{locale[1].split(' (')[0]}, collation {locale[0]}")
        start = time.perf_counter()
        await there.execute("ALTER TABLE firm_key DROP CONSTRAINT firm_key_pkey")
        await there.execute("SET maintenance_work_mem = '512MB'")
        for tables in _rows(firms):
            for table, (columns, rows) in tables.items():
                await there.copy_records_to_table(table, columns=columns, records=rows)
        copied = time.perf_counter()
        await there.execute("ALTER TABLE firm_key ADD PRIMARY KEY (key, enterprise_id)")
        for table in ("enterprise", "application", "certificate", "firm_name"):
            await there.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {firms} + 1)")
        await there.execute("VACUUM ANALYZE")
        print(f"rows made and copied in {copied - start:.0f} s, ordered in {time.perf_counter() - copied:.0f} s")
        keys, heap, tree, names = await there.fetchrow(
            "SELECT (SELECT count(*) FROM firm_key), pg_table_size('firm_key'), pg_indexes_size('firm_key'),"
            " pg_total_relation_size('firm_name')"
        )
        await there.close()
        print(f"{keys} keys: table {heap >> 20} MiB, B-tree {tree >> 20} MiB; names {names >> 20} MiB")
        async with open_database(url, migrate=False):
            await _measure(firms, questions)


async def _on_sqlite(_: None, firms: int, questions: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.db"
        await migrate(f"sqlite://{path}")
        print(f"SQLite {sqlite3.sqlite_version}")
        start = time.perf_counter()
        there = sqlite3.connect(path, isolation_level=None)
        for pragma in ("synchronous = OFF", "cache_size = -262144"):
            there.execute(f"PRAGMA {pragma}")
        there.execute("BEGIN")
        there.execute("CREATE TABLE unordered (enterprise_id, key)")
        for tables in _rows(firms):
            for table, (columns, rows) in tables.items():
                into = "unordered" if table == "firm_key" else table
                marks = ", ".join("?" * len(columns))
                there.executemany(f'INSERT INTO "{into}" ({", ".join(columns)}) VALUES ({marks})', rows)
        made = time.perf_counter()
        there.execute(
            "INSERT INTO firm_key (enterprise_id, key)"
            " SELECT enterprise_id, key FROM unordered ORDER BY key, enterprise_id"
        )
        (keys,) = there.execute("SELECT count(*) FROM unordered").fetchone()
        there.execute("DROP TABLE unordered")
        there.execute("COMMIT")
        print(f"rows made and written in {made - start:.0f} s, ordered in {time.perf_counter() - made:.0f} s")
        sizes = dict(there.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name"))
        there.close()
        names = sizes["firm_name"] + sizes.get("sqlite_autoindex_firm_name_1", 0)
        print(f"{keys} keys: {sizes['firm_key'] >> 20} MiB; names {names >> 20} MiB")
        async with open_database(f"sqlite://{path}", migrate=False):
            await _measure(firms, questions)


# --- firms -----------------------------------------------------------------------------------------------------------


def _rows(firms: int) -> Iterator[dict[str, tuple[list[str], list[tuple[Any, ...]]]]]:
    """Rows by table, some thousand firms at a time; every tenth firm has a certificate."""
    yield {"person": (["id", "created_at"], [(1, NOW)])}
    for first in range(1, firms + 1, 10_000):
        enterprises, names, keys, applications, certificates = [], [], [], [], []
        for number in range(first, min(first + 10_000, firms + 1)):
            name, uscc = _name(number), _uscc(number)
            made = FirmKeys.of(name, uscc)
            enterprises.append((number, uscc, name, True, NOW))
            names.append((number, number, uscc, made.folded, made.readings))
            keys += [(number, one) for one in made.keys]
            if number % 10 == 0:
                applications.append((number, f"a{number}", number, "B", False, "certified", 1, NOW, 0, 1, "", "[]"))
                certificates.append((
                    number, _certificate(number), number, number, number, "B", "active", date(2026, 11, 1),
                    date(2029, 10, 31), "{}", "{}", NOW, 0, 0, 0,
                ))  # fmt: skip
        yield {
            "enterprise": (["id", "uscc", "name", "is_sample", "created_at"], enterprises),
            "firm_name": (["id", "enterprise_id", "uscc", "folded", "readings"], names),
            "firm_key": (["enterprise_id", "key"], keys),
            "application": (
                ["id", "ref", "enterprise_id", "level", "sells_online", "state", "opened_by_id", "opened_at",
                 "version", "round", "edition", "findings"],
                applications,
            ),
            "certificate": (
                [
                    "id", "number", "serial", "enterprise_id", "application_id", "grade", "state", "issued_on",
                    "last_day", "holder", "life", "created_at", "points", "revision", "version",
                ],
                certificates,
            ),
        }  # fmt: skip


def _name(number: int) -> str:
    chance = random.Random(number)
    place = PLACES[int(len(PLACES) * chance.random() ** 2)]  # the first are the commonest
    trade = TRADES[int(len(TRADES) * chance.random() ** 2)]
    return f"{place}{_brand(chance)}{trade}{chance.choice(TAILS)}"


def _brand(chance: random.Random) -> str:
    return "".join(chance.choices(BRANDS, k=2 if chance.random() < 0.8 else 3))


def _uscc(number: int) -> str:
    return f"91{random.Random(-number).choice((3101, 3301, 3205, 4403, 1101, 3702)):04d}00MA{number:08d}"


def _certificate(number: int) -> str:
    return f"T/CMIF-2026-{number:06d}"


# --- questions -------------------------------------------------------------------------------------------------------


def _questions(firms: int, count: int) -> dict[str, list[str]]:
    """Texts by kind; what is asked for is there, where the kind does not say otherwise."""
    chance = random.Random(11)

    def parts() -> tuple[str, str, str]:
        inner = random.Random(number := chance.randint(1, firms))
        place = PLACES[int(len(PLACES) * inner.random() ** 2)]
        trade = TRADES[int(len(TRADES) * inner.random() ** 2)]
        brand = _name(number)[len(place) :].split(trade)[0]
        return place, brand, trade

    def each(make: Callable[[str, str, str], str]) -> list[str]:
        return [make(*parts()) for _ in range(count)]

    def altered(text: str) -> str:
        at = chance.randrange(1, len(text) - 1)
        return text[:at] + chance.choice(("", "鸢", "壹")) + text[at + 1 :]

    popular = _words(
        "电缆 上海 有限公司 公司 有 司 电 科技 电线电缆 上海市 有限责任公司 股份 份有限公司 "
        "科技有限公司 浙江省杭州市 集团 缆有限公司 华 中泰 厂"
    )
    spoken = _words(
        "shanghai dianlan youxiangongsi gongsi keji s d sh dl yxgs hangzhou zhe z l li jiang dian dianlany kejiy hx"
    )
    adversarial = [
        "上海 电缆", "上海 电缆 有限公司", "上海市嘉定区 浙江省", "电缆 电缆厂 科技 华",
        "浙江省杭州市 江苏省无锡市", "shanghai dianlan", "sh dl", "s d", "有限公司 有限责任公司", "电 缆 线 上",
        "上海电", "电缆有限公司上海分公司", "有限公司上海分公司", "有限公司上海分公司" * 8, "上海" * 40,
        "上海上海", "电电电电", "dian" * 12, "shanghaishanghai", "a", "上海浦东电缆集团有限公司有限公司",
        "上海鸢电缆", "浙江省杭州市鸢", "上海科技电缆科技电缆科技",
    ]  # fmt: skip
    return {
        "fragment: brand": each(lambda _, brand, __: brand),
        "fragment: brand and trade": each(lambda _, brand, trade: brand + trade),
        "fragment: one character": each(lambda _, brand, __: brand[0]),
        "whole name": each(lambda place, brand, trade: f"{place}{brand}{trade}有限公司"),
        "commonest fragments": [popular[n % len(popular)] for n in range(count)],
        "adversarial": [adversarial[n % len(adversarial)] for n in range(count)],
        "pinyin: brand": each(lambda _, brand, __: sound_of(brand)),
        "pinyin: brand and trade, last syllable begun": each(lambda _, brand, trade: sound_of(brand + trade)[:-2]),
        "pinyin: commonest": [spoken[n % len(spoken)] for n in range(count)],
        "initials: four and more": each(
            lambda place, brand, trade: "".join(sound_of(one)[0] for one in place + brand + trade)[-6:]
        ),
        "letters and characters": each(lambda place, brand, _: sound_of(place) + brand),
        "two words": each(lambda place, _, trade: f"{place} {trade}"),
        "another character of the same sound": each(
            lambda place, brand, trade: place + {"电": "店", "科": "棵"}.get(trade[0], "") + brand + trade[1:]
        ),
        "one mistake": each(lambda _, brand, trade: altered(brand + trade + "有")[:-1]),
        "nothing like it": ["".join(chance.choices("鸢鹮鹬魃魈魍龘靐", k=chance.randint(2, 12))) for _ in range(count)],
        "credit code": [_uscc(chance.randint(1, firms)) for _ in range(count)],
        "credit code: beginning": [_uscc(chance.randint(1, firms))[: chance.randint(6, 14)] for _ in range(count)],
        "certificate number": [_certificate(chance.randint(1, firms // 10) * 10) for _ in range(count)],
    }


async def _measure(firms: int, questions: int) -> None:
    ports = cast(Ports, SimpleNamespace(firms=TableFirmIndex()))
    asked = _questions(firms, questions)
    for texts in asked.values():  # as in a server that has been up for a while
        for text in texts[:10]:
            await find_firms(ports, text)

    async def floor(text: str) -> None:
        mark = "$1" if get_connection(CONNECTION).capabilities.dialect == "postgres" else "?"
        await get_connection(CONNECTION).execute_query_dict(f"SELECT * FROM certificate WHERE number = {mark}", [text])

    order = [(kind, text) for kind, texts in asked.items() for text in texts]
    random.Random(1).shuffle(order)
    took: dict[str, list[float]] = {
        kind: [] for kind in ["floor: a row by its number", *asked, "second and third page"]
    }
    answers: dict[str, list[int]] = {kind: [] for kind in took}

    async def timed(kind: str, ask: Awaitable[Any]) -> Any:
        start = time.perf_counter()
        answer = await ask
        took[kind].append((time.perf_counter() - start) * 1e3)
        answers[kind].append(len(answer[0]) if answer else 1)
        return answer

    slowest = (0.0, "")
    for kind, text in order:
        await timed("floor: a row by its number", floor(asked["certificate number"][len(took[kind])]))
        _, after = await timed(kind, find_firms(ports, text))
        slowest = max(slowest, (took[kind][-1], text[:40]))
        for _ in range(2):
            if after is not None:
                _, after = await timed("second and third page", find_firms(ports, text, after=after))
    every = [one for kind, times in took.items() if kind[:5] != "floor" for one in times]
    print("kind: questions, p50 / p95 / p99 ms, longest; firms on a page")
    for kind, times in [*took.items(), ("all", every)]:
        p50, p95, p99 = _percentiles(times)
        told = f"; {sum(answers[kind]) / len(answers[kind]):.1f}" if kind in answers else ""
        print(f"  {kind}: {len(times)}, {p50:.2f} / {p95:.2f} / {p99:.2f}, {max(times):.1f}{told}")
    print(f"slowest: {slowest[1]} ({slowest[0]:.1f} ms)")
    await _others(ports, firms, asked)


async def _others(ports: Ports, firms: int, asked: dict[str, list[str]]) -> None:
    """The page of one firm, and what one more firm in the index costs its transaction."""
    for what, ask in {
        "page of a firm": [lambda text=text: firm_page(text) for text in (_uscc(10 * n) for n in range(1, 200))],
        "one firm more, in its own transaction": [lambda n=n: _add(ports, firms + 10 + n) for n in range(200)],
        "the same transaction without the index": [lambda n=n: _add(None, firms + 500 + n) for n in range(200)],
    }.items():
        times = []
        for one in ask:
            start = time.perf_counter()
            await one()
            times.append((time.perf_counter() - start) * 1e3)
        p50, p95, p99 = _percentiles(times)
        print(f"  {what}: {p50:.2f} / {p95:.2f} / {p99:.2f} ms")


async def _add(ports: Ports | None, number: int) -> None:
    from models import Enterprise

    async with transaction():
        await Enterprise.create(id=number, uscc=_uscc(number), name=_name(number), is_sample=True, created_at=NOW)
        if ports is not None:
            await ports.firms.record(number)


def _percentiles(times: list[float]) -> tuple[float, float, float]:
    ranked = sorted(times)
    return tuple(ranked[min(len(ranked) - 1, int(len(ranked) * share))] for share in (0.5, 0.95, 0.99))  # type: ignore[return-value]


if __name__ == "__main__":
    main()
