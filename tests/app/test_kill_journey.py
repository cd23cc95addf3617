"""kill -9 at many moments on the road to the certificate: it ends in the same certificate, once, nothing lost."""

import asyncio
import os
import random
from pathlib import Path

import aiohttp
import pytest

from app.demo.journey import Journey, Travelling
from app.demo.materials import demo_form, demo_materials, demo_products, licence
from config.clock import SHANGHAI, SystemClock
from models.database import open_database
from tests.app.journeys import (
    check_events,
    check_nothing_given_up,
    check_objects,
    check_one_certificate,
    check_told_once,
    settled,
)
from tests.app.test_demo import FONTS, stored
from tests.servers import Pair

ROADS = [(0, 5), *(pytest.param(road, 20, marks=pytest.mark.soak) for road in (1, 2, 3))]
"""Each with moments of its own, and so many kills."""
LIVES = (0.3, 6.0)
"""Seconds that the server is left to work between a start and the next kill: the road takes about a minute of them."""
SETTINGS = {
    "ZHUISU_MINI_PROGRAM__APP_ID": "wxsample0000000002",
    "ZHUISU_MINI_PROGRAM__APP_SECRET": "sample",
    "ZHUISU_LOG_LEVEL": "CRITICAL",
    "ZHUISU_INSPECTOR__WORKERS": "1",
}


def firm() -> Travelling:
    """The demonstration's, with its papers of today."""
    now = SystemClock().now()
    materials = demo_materials(now.astimezone(SHANGHAI).date(), real_now=now)
    return Travelling("demo", demo_form(), licence(), demo_products(), materials)


async def kill_again_and_again(pair: Pair, kills: int, moments: random.Random) -> None:
    for _ in range(kills):
        await asyncio.sleep(moments.uniform(*LIVES))
        await pair.server.kill()
        await pair.server.start()


@FONTS
@pytest.mark.slow
@pytest.mark.parametrize(("road", "kills"), ROADS)
async def test_the_same_certificate_once_wherever_the_server_is_killed(tmp_path: Path, road: int, kills: int) -> None:
    seed = os.environ.get("ZHUISU_TEST_KILL_SEED", "20261127")
    print(f"ZHUISU_TEST_KILL_SEED={seed}")  # noqa: T201 - pytest shows it where the test fails
    moments = random.Random(f"{seed}/{road}")
    travelling = await asyncio.to_thread(firm)
    pair = Pair(tmp_path, **SETTINGS)
    await pair.simulator.start()
    try:
        await pair.server.start()
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=120)) as http:
            journey = Journey(http, pair.server_url, travelling, simulator=pair.simulator_url)
            journey.patience = 600
            travel = asyncio.create_task(journey.travel())
            try:
                await kill_again_and_again(pair, kills, moments)
                certificate = await asyncio.wait_for(travel, 600)
            finally:
                travel.cancel()
        assert certificate["number"].endswith("-000001")
        async with open_database(f"sqlite://{tmp_path / 'zhuisu.db'}", migrate=False):
            async with asyncio.timeout(240):
                while not await settled():  # noqa: ASYNC110 - another process does the work
                    await asyncio.sleep(0.5)
            await check_told_once(await check_one_certificate())
            await check_events()
            await check_nothing_given_up()
            await check_objects(stored(tmp_path))
    finally:
        await pair.server.stop()
        await pair.simulator.stop()
