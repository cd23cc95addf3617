"""Progress of what is done for many, at the command line and for the operators' charts."""

import asyncio
import io
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from rich.console import Console
from rich.progress import Progress
from typer.testing import CliRunner

from app.cli import cli
from app.commands import months
from app.observe import add_probes
from models import FanOut
from models.database import open_database
from tests.clock import FakeClock
from tests.conftest import Database
from tests.rows import NOW
from tests.workflow.world import make_world


async def fan_out(day: int, done: int, *, ended: bool) -> FanOut:
    return await FanOut.create(
        key=f"remind:2026-12-{day}",
        kind="remind",
        total=400,
        done=done,
        started_at=NOW,
        ended_at=NOW if ended else None,
    )


async def test_it_is_printed_once_without_waiting(migrated_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHUISU_DATABASE_URL", migrated_url)
    async with open_database(migrated_url, migrate=False):
        await FanOut.all().delete()
    empty = await asyncio.to_thread(CliRunner().invoke, cli, ["months", "progress", "--once"])
    assert (empty.exit_code, empty.output) == (0, "还没有批量处理。\n")
    async with open_database(migrated_url, migrate=False):
        await fan_out(18, 400, ended=True)
        await fan_out(19, 123, ended=False)
    answer = await asyncio.to_thread(CliRunner().invoke, cli, ["months", "progress", "--once"])
    assert answer.exit_code == 0
    assert answer.output == "月度提醒 2026-12-19  123/400  30%  2026-11-24 10:00 开始，进行中\n"


async def test_the_gauges_tell_of_the_newest_of_a_kind(
    database: Database,
    clock: FakeClock,
    tmp_path: Path,
    aiohttp_client: Callable[[web.Application], Awaitable[TestClient]],
) -> None:
    await fan_out(18, 400, ended=True)
    await fan_out(19, 123, ended=False)
    app = web.Application()
    add_probes(app, make_world(tmp_path, clock).ports, inspecting=False)
    client = await aiohttp_client(app)
    text = await (await client.get("/metrics")).text()
    assert 'zhuisu_fan_out_done{kind="remind"} 123.0' in text
    assert 'zhuisu_fan_out_total{kind="remind"} 400.0' in text


async def test_bars_are_shown_until_all_is_done(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(months, "LOOK_SECONDS", 0)
    running = await fan_out(19, 0, ended=False)
    looks = 0

    async def look() -> list[FanOut]:
        """Each look finds it further; the last one finds the next of its kind, too."""
        nonlocal looks
        looks += 1
        running.done, running.ended_at = min(400, looks * 150), datetime.now(UTC) if looks > 3 else None
        await running.save()
        if looks == 4:
            nothing = await FanOut.create(key="remind:2026-12-20", kind="remind", started_at=NOW, ended_at=NOW)
            return [nothing]
        return [running]

    shown = Progress(console=Console(file=io.StringIO()))
    await months.watch(look, shown)
    assert looks == 4
    assert [(one.description, one.completed, one.total, one.finished) for one in shown.tasks] == [
        ("月度提醒 2026-12-19", 400, 400, True),
        ("月度提醒 2026-12-20", 1, 1, True),
    ]
