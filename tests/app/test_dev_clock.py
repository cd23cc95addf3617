"""/dev/clock: there in dev, and not at all in production."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from app.compose import create_app
from config.clock import SHANGHAI, ShiftedClock
from config.settings import Environment, Settings
from tests.clock import FakeClock
from tests.conftest import Database
from tests.workflow.world import make_world


def application(tmp_path: Path, environment: Environment) -> TestServer:
    ports = replace(make_world(tmp_path, FakeClock()).ports, clock=ShiftedClock())
    return TestServer(create_app(Settings(environment=environment), ports, inspecting=False))


@pytest.fixture
async def client(database: Database, tmp_path: Path) -> AsyncIterator[TestClient]:
    async with TestClient(application(tmp_path, Environment.DEV)) as client:
        yield client


async def test_the_clock_is_shown_and_moved(client: TestClient) -> None:
    answer = await (await client.get("/dev/clock")).json()
    assert answer["offset_seconds"] == 0
    before = datetime.fromisoformat(answer["now"])
    answer = await (await client.post("/dev/clock", json={"advance_seconds": 259_200})).json()
    assert answer["offset_seconds"] == 259_200
    assert datetime.fromisoformat(answer["now"]) >= before + timedelta(days=3)
    wanted = (before + timedelta(days=10)).astimezone(SHANGHAI)
    answer = await (await client.post("/dev/clock", json={"to": wanted.isoformat()})).json()
    assert datetime.fromisoformat(answer["now"]) >= wanted


async def test_a_moment_without_a_zone_is_shanghais(client: TestClient) -> None:
    tomorrow = datetime.now(SHANGHAI).replace(microsecond=0) + timedelta(days=1)
    answer = await (await client.post("/dev/clock", json={"to": tomorrow.replace(tzinfo=None).isoformat()})).json()
    assert tomorrow <= datetime.fromisoformat(answer["now"]) < tomorrow + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"advance_seconds": -1}, 422, "time_goes_forward"),
        ({"to": "2020-01-01"}, 422, "time_goes_forward"),
        ({"advance_seconds": 1e12}, 422, "time_too_far"),
        ({"advance_seconds": 1e300}, 400, "clock_request_invalid"),
        ({"advance_seconds": True}, 400, "clock_request_invalid"),
        ({"advance_seconds": 1, "to": "2027-01-01"}, 400, "clock_request_invalid"),
        ({"to": "tomorrow"}, 400, "clock_request_invalid"),
        ({}, 400, "clock_request_invalid"),
        ([], 400, "clock_request_invalid"),
    ],
)
async def test_what_makes_no_sense_is_refused(client: TestClient, body: object, status: int, code: str) -> None:
    answer = await client.post("/dev/clock", json=body)
    assert answer.status == status
    assert (await answer.json(content_type="application/problem+json"))["code"] == code


async def test_what_is_no_json_is_refused(client: TestClient) -> None:
    assert (await client.post("/dev/clock", data=b"x" * 10)).status == 400


async def test_production_has_no_such_route(database: Database, tmp_path: Path) -> None:
    async with TestClient(application(tmp_path, Environment.PRODUCTION)) as client:
        assert (await client.get("/dev/clock")).status == 404
        assert (await client.post("/dev/clock", json={"advance_seconds": 1})).status == 404
