"""The whole way of a firm in a real browser of a phone, with JavaScript and without."""

from collections.abc import AsyncIterator
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Page, Route, expect

from models import Application, Material, Product, Registration
from tests.browser import phone_page
from tests.web.samples import FIRM as LONG_NAME
from tests.workflow.filed import CCC, FIRM, GTIN, USCC, RecordedInspector, document, good_files
from tests.workflow.firms import somebody
from tests.workflow.world import World
from web import add_pages
from workflow.knowing import sessions
from workflow.links import Links

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)]

LICENCE = {
    "name": FIRM,
    "uscc": USCC,
    "address": "上海市样例区样例路1号",
    "legal_representative": "样例人",
}


@pytest.fixture
async def site(world: World) -> AsyncIterator[TestServer]:
    """The pages, listening; what looks at files answers as recorded."""
    world.ports = replace(world.ports, inspector=RecordedInspector(), links=Links("http://127.0.0.1", b"s" * 32, 30))
    app = web.Application()
    add_pages(app, world.ports)
    async with TestServer(app) as server:
        yield server


async def no_wider_than_the_phone(page: Page) -> None:
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("javascript", [True, False], ids=["with", "without"])
async def test_from_the_link_in_chat_to_the_submitted_application(
    world: World, site: TestServer, javascript: bool
) -> None:
    who = await somebody(world)
    link = await sessions.sign_in_link(world.ports, who.identity)
    async with phone_page(javascript=javascript) as page:
        await page.goto(str(site.make_url(urlsplit(link).path)))
        await page.get_by_role("button", name="登录").click()
        await page.get_by_role("link", name="实名注册企业").click()
        for label, text in (
            ("统一社会信用代码", USCC),
            ("企业名称", FIRM),
            ("生产地址", "上海市样例区样例路 1 号"),
            ("法定代表人", "样例人"),
            ("您的姓名", "张工（样例）"),
        ):
            await page.get_by_label(label).fill(text)
        scan = document("营业执照", uscc=[USCC], kind="business_licence", fields=LICENCE)
        await page.get_by_label("营业执照").set_input_files(_file("执照.pdf", scan))
        await page.get_by_role("button", name="提交核对").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("核对中")
        await world.work()
        await page.reload()
        await expect(page.get_by_role("heading", level=1)).to_have_text("已通过")
        await page.get_by_role("link", name="登记产品、申报评价").click()
        await page.get_by_role("link", name="登记产品").click()
        await page.get_by_label("产品品类").select_option("电线电缆")
        await page.get_by_label("产品名称").fill("样例电缆")
        await page.get_by_label("规格型号").fill("YL-1")
        await page.get_by_label("生产许可证或 CCC 证书编号").fill(CCC)
        await page.get_by_label("宽", exact=True).fill("100")
        await page.get_by_label("高", exact=True).fill("70")
        await page.get_by_label("发码机构").fill("GS1")
        await page.get_by_label("商品条码").fill(GTIN)
        await page.get_by_role("button", name="登记", exact=True).click()
        await page.get_by_role("link", name="去申报评价").click()
        await page.get_by_label("B 级（基础级）").check()
        await page.get_by_label("否").check()
        await page.get_by_role("button", name="建立申报").click()
        await expect(page.get_by_text("已交 0 项，共 12 项")).to_be_visible()
        application = await Application.get()
        for kind, data, name, _ in good_files("B"):
            product = f"-{(await Product.get()).id}" if kind in {"product_qualification", "certificate_photo"} else ""
            slot = page.locator(f"#{kind}{product}")
            if await slot.get_attribute("open") is None:
                await slot.locator("summary").click()
            await slot.locator("input[type=file]").set_input_files(_file(name, data))
            await slot.get_by_role("button", name="上传").click()
            await expect(slot.locator("summary")).to_contain_text("核对中")
            await no_wider_than_the_phone(page)
        await world.work()
        await page.goto(str(site.make_url(f"/my/applications/{application.ref}")))
        await page.get_by_role("button", name="确认并提交").click()
        await expect(page.get_by_role("heading", level=1)).to_contain_text("核验中")
        await world.work()
        await page.goto(str(site.make_url(f"/my/applications/{application.ref}")))
        await expect(page.get_by_role("heading", level=1)).to_contain_text("公示中")
        await page.get_by_role("link", name="查看公示").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text(FIRM)
    assert await Material.all().count() == 12


async def test_an_upload_that_breaks_off_is_sent_again_and_filed_once(world: World, site: TestServer) -> None:
    who = await somebody(world)
    link = await sessions.sign_in_link(world.ports, who.identity, "/my/firms/new")
    attempts = []

    async def break_off(route: Route) -> None:
        if route.request.method != "POST":
            await route.continue_()
            return
        attempts.append(route.request.post_data_buffer)
        if len(attempts) == 1:
            # It arrived, and the answer was lost on its way.
            await route.fetch(max_redirects=0)
            await route.abort("connectionreset")
        else:
            await route.continue_()

    async with phone_page() as page:
        # Before any page is opened: a route set while one loads may miss what that page sends.
        await page.route("**/my/firms/new", break_off)
        await page.goto(str(site.make_url(urlsplit(link).path)))
        await page.get_by_role("button", name="登录").click()
        for label in ("企业名称", "生产地址", "法定代表人", "您的姓名"):
            await page.get_by_label(label).fill(LONG_NAME)
        await page.get_by_label("统一社会信用代码").fill(USCC)
        await page.get_by_label("营业执照").set_input_files(_file("执照.pdf", b"%PDF-1.7 sample"))
        await page.get_by_role("button", name="提交核对").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("核对中", timeout=15_000)
    assert len(attempts) == 2
    assert await Registration.all().count() == 1


def _file(name: str, data: bytes) -> dict[str, object]:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": data}
