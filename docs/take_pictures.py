"""Takes the README's pictures from the running thing: ``make pictures``."""

import asyncio
import re
import tempfile
from pathlib import Path

import aiohttp

from tests.app.phone import Phone
from tests.browser import phone_page
from tests.servers import Server, free_port

PICTURES = Path(__file__).parent / "pictures"


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
        finally:
            await server.stop()


if __name__ == "__main__":
    asyncio.run(main())
