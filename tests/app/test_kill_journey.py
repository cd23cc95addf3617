"""kill -9 at many moments on the road to the certificate: it ends in the same certificate, once, nothing lost."""

import asyncio
import os
import random
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from app.demo.journey import Journey, Travelling
from app.demo.materials import DemoMaterial, demo_form, demo_materials, demo_products, licence
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

ROADS = [(0, 5), *(pytest.param(road, 60, marks=pytest.mark.soak) for road in (1, 2, 3))]
"""Each with moments of its own, and so many kills at most: the long ones are killed until the traveller is there."""
LIVES = (0.1, 1.0)
"""How long the server is left to work between a start and the next kill, in terms of that start: where the machine has
other things to do, the road takes longer just as the start does, and is cut at the same places."""
PATIENCE = 3600
"""Seconds after which a road is taken to lead nowhere; no machine is that slow."""
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


class Unlucky(Journey):
    """Whose first photo comes to nothing: it was killed over so often that it was given up."""

    sent = 0

    async def _chat_photo(self, material: DemoMaterial) -> str:
        self.sent += 1
        return "（判定中，结果随后到）"

    async def _said(self, words: str) -> int:
        return min(self.sent, 1)

    async def _json(self, method: str, path: str, **asked: Any) -> Any:
        files = [{"ref": "m1"}] if self.sent > 1 else []
        return {"slots": [{"kind": "certificate_photo", "product_id": 1, "state": "missing", "handed_in": files}]}


async def test_a_photo_that_came_to_nothing_is_sent_once_more() -> None:
    photo = DemoMaterial("certificate_photo", 0, "1.jpg", b"", {})
    async with aiohttp.ClientSession() as http:
        journey = Unlucky(http, "", Travelling("demo", {}, b"", (), (photo,)), look_every=0)
        await journey._hand_in("a1", 0, photo, [1])
    assert journey.sent == 2


async def kill_again_and_again(
    pair: Pair, kills: int, moments: random.Random, start: float, travel: asyncio.Task[Any]
) -> None:
    """Until the traveller is there, and at most so often; the first ``start`` took so many seconds."""
    for killed in range(kills):
        await asyncio.wait([travel], timeout=start * moments.uniform(*LIVES))
        if travel.done():
            print(f"there after {killed} kills")  # noqa: T201 - pytest shows it where the test fails
            return
        await pair.server.kill()
        start = await pair.server.start()


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
        start = await pair.server.start()
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE)) as http:
            journey = Journey(http, pair.server_url, travelling, simulator=pair.simulator_url)
            journey.patience = PATIENCE
            travel = asyncio.create_task(journey.travel())
            try:
                await kill_again_and_again(pair, kills, moments, start, travel)
                certificate = await travel
            finally:
                travel.cancel()
        assert certificate["number"].endswith("-000001")
        async with open_database(f"sqlite://{tmp_path / 'zhuisu.db'}", migrate=False):
            async with asyncio.timeout(PATIENCE):
                while not await settled():  # noqa: ASYNC110 - another process does the work
                    await asyncio.sleep(0.5)
            await check_told_once(await check_one_certificate())
            await check_events()
            await check_nothing_given_up()
            await check_objects(stored(tmp_path))
    finally:
        await pair.server.stop()
        await pair.simulator.stop()
