"""kill -9 between receipt and answer: the verdict is recorded once, the person told at most once, the report there."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.app.phone import Phone
from tests.servers import Pair

MOMENTS = [0.05, 0.4, 0.8, 1.2, 1.8]
"""Seconds from sending to the kill: before storing, while inspecting, around recording and answering."""


def count(pair: Pair, query: str) -> int:
    with closing(sqlite3.connect(pair.folder / "zhuisu.db")) as database:
        return int(database.execute(query).fetchone()[0])


async def until(condition: Any, seconds: float = 180) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - other processes work
            await asyncio.sleep(0.2)


def verdicts(chat: list[dict[str, Any]]) -> list[str]:
    return [
        entry["content"]
        for entry in chat
        if entry["direction"] == "account" and entry["type"] == "text" and "查看完整报告" in entry["content"]
    ]


@pytest.mark.slow
async def test_nothing_is_lost_and_nobody_is_told_twice(tmp_path: Path) -> None:
    pair = Pair(tmp_path, ZHUISU_INSPECTOR__WORKERS="1")  # starting a second takes as long as a photo
    await pair.simulator.start()
    try:
        await pair.server.start()
        async with aiohttp.ClientSession() as session:
            for number, moment in enumerate(MOMENTS, 1):
                phone = Phone(session, pair.simulator_url, f"killed{number}")
                sending = asyncio.create_task(phone.photo("good_100x70.jpg"))
                await asyncio.sleep(moment)
                await pair.server.kill()
                await pair.server.start()
                await sending
                await until(
                    lambda number=number: (
                        count(pair, "SELECT count(*) FROM photo WHERE judged_at IS NOT NULL") == number
                    )
                )
                settled = "SELECT count(*) FROM outbox WHERE state IN ('awaiting', 'ready', 'sending')"
                await until(lambda query=settled: count(pair, query) == 0)
                told = verdicts(await phone.chat())
                pushed = [e for e in await phone.chat() if e.get("via") == "custom" and e["type"] == "text"]
                pictures = [e for e in await phone.chat() if e["direction"] == "account" and e["type"] == "image"]
                assert len(told) <= 1, f"killed after {moment} s"
                assert len(pushed) <= 1, f"killed after {moment} s"
                assert len(pictures) <= 1, f"killed after {moment} s"
                assert count(pair, "SELECT count(*) FROM inspection") == number
                recent = await phone.text("最近")
                address = recent.split('href="')[1].split('"')[0].replace("&amp;", "&")
                async with session.get(address) as page:
                    assert page.status == 200
                    assert "合格证照片检查报告" in await page.text()
            assert count(pair, "SELECT count(*) FROM event WHERE action = 'photo:judge'") == len(MOMENTS)
    finally:
        await pair.server.stop()
        await pair.simulator.stop()
