"""A firm's record of look-ups and its single items, on its pages."""

from collections.abc import Awaitable, Callable
from datetime import date

import pytest

from models import Enterprise, Item, ItemFiling, Product, StaffRole
from tests import rows
from tests.web.conftest import Browser
from tests.workflow.firms import Somebody, member, somebody
from tests.workflow.world import World

BrowserOf = Callable[[Somebody], Awaitable[Browser]]
GTIN = "06901234567892"


@pytest.fixture
async def firm(world: World) -> Enterprise:
    return await rows.enterprise(uscc="91310000MA0000007L")


@pytest.fixture
async def product(firm: Enterprise) -> Product:
    product = await rows.product(enterprise_id=firm.id, gtin=GTIN, name="电线（样例）", model="BV 2.5")
    await rows.code_pattern(product_id=product.id, kind="gtin_prefix", value=GTIN, proved_at=rows.NOW)
    return product


async def test_a_list_is_uploaded_and_what_became_of_it_is_shown(
    world: World, firm: Enterprise, product: Product, browser_of: BrowserOf
) -> None:
    staff = await browser_of(await member(world, firm, StaffRole.STAFF))
    here = f"/my/firms/{firm.uscc}/products/{product.id}"
    assert f"{here}/items" in await staff.get(here)
    sent = {"file": ("清单.csv", f"追溯码\n(01){GTIN}(21)7\nhello\n".encode())}
    assert await staff.send(f"{here}/items", f"{here}/items", **sent) == f"{here}/items?sent"
    assert "核对中" in await staff.get(f"{here}/items?sent")
    await world.work()
    found = await staff.get(f"{here}/items")
    assert "已登记 1 件" in found
    assert "登记 1 件，1 件没有登记" in found
    assert "第 3 行" in found
    assert "认不出这是哪种追溯码：hello" in found
    assert (await Item.get()).product_id == product.id
    refused = await staff.send(f"{here}/items", f"{here}/items", 422, file=("清单.pdf", b"%PDF-1.7"))
    assert "请上传 Excel（.xlsx）、CSV 文件" in refused
    assert await ItemFiling.all().count() == 1


async def test_who_may_look_and_who_may_not(
    world: World, firm: Enterprise, product: Product, browser_of: BrowserOf
) -> None:
    items, scans = f"/my/firms/{firm.uscc}/products/{product.id}/items", f"/my/firms/{firm.uscc}/scans"
    viewer = await browser_of(await member(world, firm, StaffRole.VIEWER))
    assert "上传清单" not in await viewer.get(items)
    assert scans in await viewer.get(f"/my/firms/{firm.uscc}")
    await viewer.get(scans)
    stranger = await browser_of(await somebody(world))
    for path in (items, scans, f"{scans}.csv?first=2026-11-01&last=2026-11-24"):
        await stranger.get(path, 404)


async def test_the_record_is_shown_in_numbers_and_comes_as_a_file(
    world: World, firm: Enterprise, product: Product, browser_of: BrowserOf
) -> None:
    await rows.scan_day(enterprise_id=firm.id, product_id=product.id, day=date(2026, 11, 3), times=417)
    await rows.scan_event(at=rows.NOW, enterprise_id=firm.id, product_id=product.id)
    viewer = await browser_of(await member(world, firm, StaffRole.VIEWER))
    here = f"/my/firms/{firm.uscc}/scans"
    assert "417 次" in await viewer.get(here)
    header, line = (await viewer.get(f"{here}.csv?first=2026-11-24&last=2026-11-24")).splitlines()
    assert header.startswith("\ufeff查询时间（北京时间）,追溯码,产品名称")
    assert line.startswith(f"2026-11-24 10:00,https://id.gs1.org/01/{GTIN}/21/0001,电线（样例）,BV 2.5,")
    assert "日期请写成 2026-12-01 这样" in await viewer.get(f"{here}.csv?first=x&last=2026-11-24", 422)
    assert "结束日期不早于开始日期" in await viewer.get(f"{here}.csv?first=2026-11-24&last=2026-11-01", 422)
