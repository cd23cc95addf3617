"""A person with a phone: the whole road from a first word in chat to a certificate, by tapping and typing alone.

Nothing here calls the API: the chat is the browser phone, everything else the pages that its links open.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from playwright.async_api import Error, FilePayload, Locator, Page, expect

from app.demo.by_hand import FIELDS
from app.demo.materials import DemoMaterial, demo_form, demo_materials, demo_products, licence
from config.clock import SHANGHAI

PATIENCE_MS = 90_000
"""How long something is waited for that machines do: reading papers, judging photos, signing."""
NARROWEST = 320
THE_CASE = re.compile("^(继续办理|查看)$")
"""The button that leads to the application: it goes on, or is over."""


@dataclass(frozen=True, slots=True)
class Papers:
    """What lies ready on the person's phone: the licence and the materials, drawn for a day."""

    licence: bytes
    materials: Sequence[DemoMaterial]

    @classmethod
    async def of(cls, day: date, real_now: datetime) -> "Papers":
        """Drawn anew; some seconds."""
        materials = await asyncio.to_thread(demo_materials, day, real_now=real_now)
        return cls(await asyncio.to_thread(licence), materials)

    @property
    def certificate_photos(self) -> list[DemoMaterial]:
        """Sent by chat; the too small one of the first product stands before its mended one."""
        return [one for one in self.materials if one.kind == "certificate_photo"]


class Person:
    """One person, their chat and the browser its links open in."""

    def __init__(self, base: str, phone: Page, page: Page) -> None:
        self.base, self.phone, self.page = base, phone, page
        self.number = ""
        """Of the certificate, once it is seen."""

    async def look(self, name: str) -> None:
        """See a page as it is, under a name: nothing on it is wider than a phone, however narrow."""
        size = self.page.viewport_size
        assert size is not None
        for width in (NARROWEST, size["width"]):
            await self.page.set_viewport_size({"width": width, "height": size["height"]})
            wide = await self._width()
            assert wide <= width, f"{name}: {wide} px on a phone of {width}"

    async def _width(self) -> int:
        """How wide the page is drawn, in CSS pixels; one that waits for a result loads itself again at any moment."""
        while True:
            try:
                return int(await self.page.evaluate("document.documentElement.scrollWidth"))
            except Error as gone:
                if "navigation" not in gone.message:
                    raise
                await self.page.wait_for_load_state()

    async def travel(self, papers: Papers, user: str) -> None:
        """From following the account to the result in publicity."""
        await self.follow(user)
        await self.sign_in()
        await self.register(papers)
        await self.add_products()
        await self.apply()
        await self.hand_in_all(papers)
        await self.submit()
        await self.mend(papers)
        await self.see_the_result()

    # --- chat --------------------------------------------------------------------------------------------------------

    @property
    def last_answer(self) -> Locator:
        """What the account said last."""
        return self.phone.locator(".line.account .bubble").last

    async def follow(self, user: str) -> None:
        """Open the phone, follow the account."""
        await self.phone.goto(f"{self.base}/sim/?user={user}")
        await self.phone.get_by_role("button", name="关注公众号").click()
        await expect(self.last_answer).to_contain_text("欢迎使用追溯")

    async def ask(self, words: str) -> None:
        """Type into the chat, send, and wait for the answer."""
        answers = self.phone.locator(".line.account")
        before = await answers.count()
        if not await self.phone.get_by_label("输入消息").is_visible():
            await self.phone.get_by_role("button", name="键盘").click()
        await self.phone.get_by_label("输入消息").fill(words)
        await self.phone.get_by_role("button", name="发送").click()
        await expect(answers).not_to_have_count(before)

    async def send_photo(self, material: DemoMaterial) -> None:
        """Send a photo in chat, and wait for what is said to it."""
        answers = self.phone.locator(".line.account")
        before = await answers.count()
        await self.phone.locator("#photos").set_input_files(_file(material.file_name, material.data))
        await expect(answers).not_to_have_count(before, timeout=PATIENCE_MS)

    async def sign_in(self) -> None:
        """Ask for the one-time link, open it, press its button."""
        await self.ask("登录")
        address = await self.last_answer.get_by_role("link").get_attribute("href")
        assert address is not None
        await self.page.goto(address)
        await self.look("signing-in")
        await self.page.get_by_role("button", name="登录").click()
        await self.heading("我的企业")
        await self.look("my")

    # --- registering -------------------------------------------------------------------------------------------------

    async def register(self, papers: Papers) -> None:
        """The firm's form with its licence, until it is verified."""
        await self.page.get_by_role("link", name="实名注册企业").click()
        await self.look("registering")
        for name, label in FIELDS.items():
            await self.page.get_by_label(label).fill(demo_form()[name])
        await self.page.get_by_label("营业执照").set_input_files(_file("营业执照.png", papers.licence))
        await self.page.get_by_role("button", name="提交核对").click()
        await self.look("registration-checking")
        await self.until("已通过")
        await self.look("registration-verified")
        await self.page.get_by_role("link", name="登记产品、申报评价").click()
        await self.look("firm-new")

    async def add_products(self) -> None:
        """Each product by its form."""
        await self.page.get_by_role("link", name="登记产品").click()
        for product in demo_products():
            if await self.page.get_by_role("link", name="登记产品").count():
                await self.page.get_by_role("link", name="登记产品").click()
            await self._product(product)
        await self.page.get_by_role("link", name="去申报评价").click()

    async def _product(self, product: dict[str, Any]) -> None:
        await self.page.get_by_label("产品品类").select_option(product["category"])
        width, height = product["sheet_mm"]
        for label, words in (
            ("产品名称", product["name"]),
            ("规格型号", product["model"]),
            ("生产许可证或 CCC 证书编号", product["qualification_number"]),
            ("宽", f"{width:g}"),
            ("高", f"{height:g}"),
            ("发码机构", product["code_issuer"]),
            ("商品条码", product["gtin"]),
        ):
            await self.page.get_by_label(label, exact=label in {"宽", "高"}).fill(words)
        await self.look("product")
        await self.page.get_by_role("button", name="登记", exact=True).click()
        await self.heading("产品")
        await self.look("products")

    # --- applying ----------------------------------------------------------------------------------------------------

    async def apply(self) -> None:
        """An application at level A, for all products."""
        await self.look("applying")
        await self.page.get_by_label("A 级（良好级）").check()
        await self.page.get_by_label("是", exact=True).check()
        await self.page.get_by_role("button", name="建立申报").click()
        await expect(self.page.get_by_text("已交 0 项")).to_be_attached()
        await self.look("application-empty")

    async def hand_in_all(self, papers: Papers) -> None:
        """Certificate photos in chat, the first one of them printed too small; everything else on the page."""
        photos = papers.certificate_photos
        for photo in (photos[0], *photos[2:]):
            await self.send_photo(photo)
        await self.page.reload()
        for material in papers.materials:
            if material.kind != "certificate_photo":
                await self.hand_in(material)
        await self.look("application-handed-in")

    async def hand_in(self, material: DemoMaterial) -> None:
        """One file on the application's page."""
        slot = self.slot(material)
        if await slot.get_attribute("open") is None:
            await slot.locator("summary").click()
        for words in material.declared.values():
            radio = slot.locator(f"input[type=radio][value='{words}']")
            if await radio.count():
                await radio.check()
        for name, words in material.declared.items():
            typed = slot.locator(f"input[name='declared.{name}']:not([type=radio])")
            if await typed.count():
                await typed.fill(str(words))
        await slot.locator("input[type=file]").set_input_files(_file(material.file_name, material.data))
        await slot.locator("form[enctype] button").click()
        await expect(self.slot(material).get_by_role("link", name=material.file_name)).to_be_visible()

    def slot(self, material: DemoMaterial) -> Locator:
        """Where the page asks for such a file."""
        slots = self.page.locator(f"details.slot[id^='{material.kind}']")
        if material.product_index is None:
            return self.page.locator(f"details.slot[id='{material.kind}']")
        product = demo_products()[material.product_index]
        return slots.filter(has_text=f"{product['name']} {product['model']}")

    async def submit(self) -> None:
        """Hand everything over to be judged, as soon as the photos sent in chat have been."""
        await self.until_gone(self.page.get_by_text("还差"))
        await self.page.get_by_role("button", name="提交").last.click()
        await self.look("application-verifying")

    async def mend(self, papers: Papers) -> None:
        """What was refused, once more: the certificate with a code of the right size, by chat."""
        await self.until("待补正")
        await self.look("application-supplement")
        await self.send_photo(papers.certificate_photos[1])
        await self.until_gone(self.page.locator("details.slot .badge.fail, details.slot .badge.unclear"))
        await self.page.get_by_role("button", name="重新提交").click()

    # --- results -----------------------------------------------------------------------------------------------------

    async def see_the_result(self) -> None:
        """The grade, and the publicity that it leads to."""
        await self.until("公示中")
        await expect(self.page.get_by_text("评价结果：A 级")).to_be_visible()
        await self.look("application-publicity")
        await self.page.get_by_role("link", name="查看公示").click()
        await self.heading(demo_form()["name"])
        await self.look("publication")

    async def find_the_certificate(self) -> None:
        """From one's own page to the certificate's, until its file is ready."""
        await self.page.goto(f"{self.base}/my")
        await self.look("my-with-case")
        await self.page.get_by_role("link", name=THE_CASE).click()
        await self.until("已发证")
        await self.look("application-certified")
        await self.page.get_by_role("link", name="查看和下载证书").click()
        await self.until_shown(self.page.get_by_role("link", name="下载 PDF"))
        self.number = (await self.page.locator("dd.number b").inner_text()).strip()
        await self.look("certificate")

    async def download(self) -> bytes:
        """The certificate's PDF, as the browser saves it."""
        async with self.page.expect_download() as saving:
            await self.page.get_by_role("link", name="下载 PDF").click()
        path = await (await saving.value).path()
        return path.read_bytes()

    async def verify(self, pdf: bytes) -> str:
        """What the public page says of such a file."""
        await self.page.goto(f"{self.base}/verify")
        await self.look("verify")
        await self.page.locator("input[type=file]").set_input_files(_file("证书.pdf", pdf))
        await self.page.get_by_role("button", name="核验").click()
        await expect(self.page.locator("header.verdict")).to_be_visible()
        await self.look("verified")
        return await self.page.get_by_role("heading", level=1).inner_text()

    # --- looking -----------------------------------------------------------------------------------------------------

    async def heading(self, words: str) -> None:
        """The page that is shown is headed so."""
        await expect(self.page.get_by_role("heading", level=1)).to_contain_text(words)

    async def until(self, words: str) -> None:
        """Look again until the page is headed so."""
        await self.until_shown(self.page.get_by_role("heading", level=1).filter(has_text=words))

    async def until_shown(self, what: Locator) -> None:
        """Look again until it is there."""
        await self._again(what, shown=True)

    async def until_gone(self, what: Locator) -> None:
        """Look again until it is there no more."""
        await self._again(what, shown=False)

    async def _again(self, what: Locator, *, shown: bool) -> None:
        async with asyncio.timeout(PATIENCE_MS / 1000):
            while bool(await what.count()) is not shown:
                await asyncio.sleep(1)
                await self.page.reload()


def _file(name: str, data: bytes) -> FilePayload:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": data}


def today(now: datetime) -> date:
    """The day in Shanghai."""
    return now.astimezone(SHANGHAI).date()
