"""Codes looked up over the API, a firm's scans, and the items that it files."""

import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import aiohttp
import pytest
from aiohttp import FormData
from aiohttp.test_utils import TestClient

from models import Enterprise, ScanEvent, StaffRole
from tests import rows
from tests.miniapp_api.conftest import FIRM, KEY, member, sign_in
from tests.workflow.world import World
from workflow.scanning import scan_counts
from workflow.scanning.scan_wording import DISCLAIMER

GTIN = "06901234567892"
SCANS = "/api/v1/scans"
OF_FIRM = f"/api/v1/firms/{FIRM}"


@pytest.fixture
async def firm(world: World) -> Enterprise:
    return await rows.enterprise(uscc=FIRM, name="样例电缆有限公司")


async def test_anybody_looks_a_code_up_and_it_is_recorded(client: TestClient, world: World, firm: Enterprise) -> None:
    application = await rows.application(enterprise_id=firm.id, state="publicity")
    await rows.publication(application_id=application.id)
    await rows.product(enterprise_id=firm.id, name="电线", model="BV 2.5", gtin=GTIN)
    asked = {"text": f"01{GTIN}21A\x1d10L1", "region": "浙江"}
    first = await (await client.post(SCANS, json=asked)).json()
    assert (first["outcome"], first["certificate"], first["disclaimer"]) == ("known", None, DISCLAIMER)
    assert {"label": "生产企业", "value": "样例电缆有限公司"} in first["facts"]
    assert first["path"] == f"/t/01/{GTIN}/10/L1/21/A"
    assert first["history"]["times"] == 0
    again = await (await client.post(SCANS, json=asked)).json()
    assert again["history"]["only_by_you"] is True
    caller = await sign_in(world)
    other = await (await client.post(SCANS, json=asked, headers=caller.headers)).json()
    assert (other["history"]["times"], other["history"]["first_region"]) == (1, "浙江")
    assert [event.road for event in await ScanEvent.all()] == ["miniapp"] * 3


@pytest.mark.parametrize(
    "body",
    [{"text": "x" * 2001}, {"text": "a\0"}, {"text": "a", "region": "加微信领奖"}, {"text": "a", "road": "link"}],
)
async def test_what_is_no_look_up(client: TestClient, body: dict[str, str]) -> None:
    answer = await client.post(SCANS, json=body)
    assert answer.status == 422


async def test_a_firm_reads_its_numbers_and_takes_its_record_out(
    client: TestClient, world: World, firm: Enterprise
) -> None:
    product = await rows.product(enterprise_id=firm.id, name="电线", model="BV 2.5")
    await rows.scan_day(
        enterprise_id=firm.id, product_id=product.id, day=datetime(2026, 11, 3, tzinfo=UTC).date(), times=4
    )
    await rows.scan_event(at=rows.NOW, enterprise_id=firm.id, product_id=product.id)
    viewer = await member(world, firm, StaffRole.VIEWER)
    numbers = await (await client.get(f"{OF_FIRM}/scans", headers=viewer.headers)).json()
    assert (numbers["months"][0], numbers["by_month"][0], numbers["products"][0]["times"]) == ("2026-11", 4, 4)
    answer = await client.get(
        f"{OF_FIRM}/scans.csv", params={"first": "2026-11-24", "last": "2026-11-24"}, headers=viewer.headers
    )
    assert (answer.content_type, answer.headers.get("ETag")) == ("text/csv", None)
    assert "attachment; filename*=UTF-8''" in answer.headers["Content-Disposition"]
    lines = (await answer.read()).decode("utf-8-sig").splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("2026-11-24 10:00,https://id.gs1.org/01/06901234567892/21/0001,电线,BV 2.5,")


async def test_a_file_that_breaks_off_is_not_taken_for_a_whole_one(
    client: TestClient,
    world: World,
    firm: Enterprise,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def breaks_off(*_: object) -> AsyncIterator[bytes]:
        yield b"half"
        raise OSError("the disk is gone")

    monkeypatch.setattr(scan_counts, "_pieces", breaks_off)
    viewer = await member(world, firm, StaffRole.VIEWER)
    days = {"first": "2026-11-24", "last": "2026-11-24"}
    with pytest.raises(aiohttp.ClientError):
        await (await client.get(f"{OF_FIRM}/scans.csv", params=days, headers=viewer.headers)).read()
    assert [record.message for record in caplog.records if record.levelno == logging.ERROR] == ["a file broke off"]
    caplog.clear()


async def test_items_are_filed_and_what_is_none_is_told(client: TestClient, world: World, firm: Enterprise) -> None:
    product = await rows.product(enterprise_id=firm.id, gtin=GTIN)
    await rows.code_pattern(product_id=product.id, kind="gtin_prefix", value=GTIN, proved_at=rows.NOW)
    staff = await member(world, firm, StaffRole.STAFF)
    headers = {**staff.headers, "Idempotency-Key": KEY}
    given = [{"code": f"(01){GTIN}(21)7", "batch": "L1", "made_on": "2026-11-01"}, {"code": "hello"}]
    answer = await client.post(f"{OF_FIRM}/products/{product.id}/items", json={"items": given}, headers=headers)
    filed = await answer.json()
    assert (answer.status, filed["state"], filed["accepted"], filed["refused"]) == (201, "filed", 1, 1)
    assert (filed["refused_items"][0]["line"], filed["refused_items"][0]["code"]) == (2, "hello")
    form = FormData()
    form.add_field("file", f"追溯码\n(01){GTIN}(21)8\n".encode(), filename="清单.csv")
    headers["Idempotency-Key"] = KEY[::-1]
    answer = await client.post(f"{OF_FIRM}/products/{product.id}/item-lists", data=form, headers=headers)
    taken = await answer.json()
    assert (answer.status, taken["state"]) == (202, "received")
    await world.work()
    read = await (await client.get(f"{OF_FIRM}/item-lists/{taken['ref']}", headers=staff.headers)).json()
    assert (read["state"], read["accepted"], read["product_id"]) == ("filed", 1, product.id)
