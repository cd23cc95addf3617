"""Takes the README's pictures from the running thing: ``make pictures``."""

import asyncio
import re
import tempfile
from datetime import datetime
from io import BytesIO
from pathlib import Path

import aiohttp
from PIL import Image
from playwright.async_api import Page

from app.demo.journey import Journey, Travelling
from app.demo.materials import demo_form, demo_materials, demo_products, licence
from config.clock import SystemClock
from tests.app.phone import Phone
from tests.browser import phone_page
from tests.servers import Server, free_port

PICTURES = Path(__file__).parent / "pictures"
WIDTH = 780
"""Of the certificate's picture, in pixels: that of a phone at double density."""


class Pictured(Journey):
    """The demonstration's journey, with a picture of the application where something has to be mended."""

    page: Page

    async def _supplement(self, ref: str, products: list[int]) -> None:
        reply = await Phone(self.http, self.base, self.firm.user).text("登录")
        link = re.search(r'href="([^"]+)"', reply or "")
        assert link is not None
        await self.page.goto(link[1])
        await self.page.get_by_role("button", name="登录").click()
        await self.page.goto(f"{self.base}/my/applications/{ref}")
        await self.page.screenshot(path=PICTURES / "application.png")
        await super()._supplement(ref, products)


async def road_to_the_certificate(session: aiohttp.ClientSession, base: str, page: Page) -> None:
    """The application with its problems, the result in publicity, the certificate's page and the certificate."""
    async with session.get(f"{base}/dev/clock") as answer:
        today = datetime.fromisoformat((await answer.json())["now"]).date()
    materials = await asyncio.to_thread(demo_materials, today, real_now=SystemClock().now())
    firm = Travelling("demo", demo_form(), await asyncio.to_thread(licence), demo_products(), materials)
    journey = Pictured(session, base, firm)
    journey.page = page
    await journey.greet()
    await journey.sign_in()
    await journey.register()
    products = await journey.register_products()
    application = await journey.open_application(products)
    await journey.hand_in_all(application["ref"], products)
    await journey.submit_and_supplement(application["ref"], products)
    published = await journey.result(application["ref"])
    await page.goto(f"{base}/publicity")
    await page.locator("main .rows a").first.click()
    await page.screenshot(path=PICTURES / "publicity.png")
    certificate = await journey.certificate(application["ref"], published)
    address = f"{base}/c/{certificate['number'].replace('/', '-')}"
    await page.goto(address)
    await page.screenshot(path=PICTURES / "certificate-page.png")
    async with session.get(f"{address}/certificate.png") as answer:
        drawn = Image.open(BytesIO(await answer.read())).convert("RGB")
    drawn.resize((WIDTH, WIDTH * drawn.height // drawn.width), Image.Resampling.LANCZOS).save(
        PICTURES / "certificate.png", optimize=True
    )


async def main() -> None:
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder:
        environment = {"ZHUISU_PORT": str(port), "ZHUISU_DATA_DIR": folder}
        server = Server(["-m", "app", "serve", "--dev"], environment, f"{base}/readyz")
        await server.start()
        try:
            async with aiohttp.ClientSession() as session, phone_page(scale=2) as page:
                stranger, staff = Phone(session, base, "stranger"), Phone(session, base, "zhang")
                await stranger.send("event", event="subscribe")
                await stranger.photo("small_code_100x70.jpg", wait=8, expect=1)
                await stranger.send("text", content="1", wait=8, expect=1)
                await staff.photo("near_edge_100x70.jpg", wait=8, expect=1)
                for user in ("stranger", "zhang"):
                    await page.goto(f"{base}/sim/?user={user}")
                    await page.wait_for_timeout(2000)
                    name = {"stranger": "chat-stranger", "zhang": "chat-staff"}[user]
                    await page.screenshot(path=PICTURES / f"{name}.png")
                last = next(e for e in reversed(await staff.chat()) if "查看完整报告" in str(e.get("content")))
                link = re.search(r'href="([^"]+)"', last["content"])
                assert link is not None
                await page.goto(link[1].replace("&amp;", "&"))
                await page.wait_for_timeout(500)
                await page.screenshot(path=PICTURES / "report.png")
                await road_to_the_certificate(session, base, page)
        finally:
            await server.stop()


if __name__ == "__main__":
    asyncio.run(main())
