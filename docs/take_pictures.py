"""Takes the pictures of the README and of each person's moment from the running thing: ``make pictures``."""

import asyncio
import io
import re
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
from PIL import Image
from playwright.async_api import Page

from docs import moments
from docs.moments import Studio
from models.database import open_database
from tests.app.by_hand import Papers, Person, today
from tests.app.phone import Phone
from tests.browser import phone_page
from tests.servers import Server, free_port

PICTURES = Path(__file__).parent / "pictures"
SEEN = {"application-supplement": "application", "publication": "publicity", "certificate": "certificate-page"}
"""What the walking person looks at, and the picture that becomes of it."""
COLOURS = 256
CERTIFICATE_WIDTH = 780
WEEK = 7 * 86_400


class Photographer(Person):
    """A person who takes a picture of what they see on the way."""

    def __init__(self, studio: Studio, phone: Page) -> None:
        super().__init__(studio.base, phone, studio.pages)
        self.studio = studio

    async def look(self, name: str) -> None:
        await super().look(name)
        if name in SEEN:
            save(await self.page.screenshot(), SEEN[name])
        if name == "application-publicity":
            await moments.next_grade(self.studio)


def save(data: bytes, name: str, width: int | None = None) -> None:
    """Keep a picture, of few colours: pages have no more, and the repository stays small."""
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    if width is not None:
        picture = picture.resize((width, round(picture.height * width / picture.width)), Image.Resampling.LANCZOS)
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(PICTURES / f"{name}.png", optimize=True)


async def main() -> None:
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder:
        environment = {"ZHUISU_PORT": str(port), "ZHUISU_DATA_DIR": folder}
        server = Server(["-m", "app", "serve", "--dev"], environment, f"{base}/readyz")
        await server.start()
        try:
            async with (
                aiohttp.ClientSession() as session,
                phone_page(scale=2) as phone,
                phone_page(scale=2) as page,
                phone_page(scale=2) as chat,
                # What only whoever runs the platform may do, beside the server: keys for partners.
                open_database(f"sqlite://{folder}/zhuisu.db", migrate=False),
            ):
                studio = Studio(session, base, chat, page, save)
                await chats(session, base, page)
                person = Photographer(studio, phone)
                await journey(session, person)
                await moments.everybody(studio, person.number)
        finally:
            await server.stop()


async def chats(session: aiohttp.ClientSession, base: str, page: Page) -> None:
    """A stranger's first photo, a firm's, and its report."""
    stranger, staff = Phone(session, base, "stranger"), Phone(session, base, "zhang")
    await stranger.send("event", event="subscribe")
    await stranger.photo("small_code_100x70.jpg", wait=8, expect=1)
    await stranger.send("text", content="1", wait=8, expect=1)
    await staff.photo("near_edge_100x70.jpg", wait=8, expect=1)
    for user, name in (("stranger", "chat-stranger"), ("zhang", "chat-staff")):
        await page.goto(f"{base}/sim/?user={user}")
        await page.wait_for_timeout(2000)
        save(await page.screenshot(), name)
    last = next(e for e in reversed(await staff.chat()) if "查看完整报告" in str(e.get("content")))
    link = re.search(r'href="([^"]+)"', last["content"])
    assert link is not None
    await page.goto(link[1].replace("&amp;", "&"))
    await page.wait_for_timeout(500)
    save(await page.screenshot(), "report")


async def journey(session: aiohttp.ClientSession, person: Photographer) -> None:
    """A firm's road to its certificate, and the certificate itself."""
    now = datetime.now(UTC)
    papers = await Papers.of(today(now), now)
    await person.travel(papers, "newcomer")
    async with session.post(f"{person.base}/dev/clock", json={"advance_seconds": WEEK}) as answer:
        answer.raise_for_status()
    await person.find_the_certificate()
    address = f"{person.base}/c/{person.number.replace('/', '-')}/certificate.png"
    async with session.get(address) as answer:
        save(await answer.read(), "certificate", CERTIFICATE_WIDTH)


if __name__ == "__main__":
    asyncio.run(main())
