"""From a first word in chat to a certificate with the browser phone and the pages alone, without the API (5–7)."""

import re
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from playwright.async_api import expect

from app.demo.materials import demo_form
from tests.app.by_hand import Papers, Person, today
from tests.app.conftest import Desk
from tests.browser import phone_page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    # The demonstration goes the same road on both kinds of servers (test_demo), the pages' own tests on both databases.
    pytest.mark.parametrize(
        "desk",
        ["embedded", pytest.param("servers", marks=[pytest.mark.postgres, pytest.mark.redis, pytest.mark.soak])],
        indirect=True,
    ),
]

PAST_THE_PUBLICITY = timedelta(days=7)


async def test_a_person_gets_a_certificate_with_a_phone_alone(desk: Desk, session: aiohttp.ClientSession) -> None:
    now = datetime.now(UTC)
    papers = await Papers.of(today(now), now)
    async with phone_page() as phone, phone_page() as page:
        broken: list[str] = []
        for one in (phone, page):
            one.on("pageerror", lambda error: broken.append(str(error)))
        person = Person(desk.base, phone, page)
        await person.travel(papers, "newcomer")
        await _later(session, desk, PAST_THE_PUBLICITY)
        await person.find_the_certificate()
        pdf = await person.download()
        assert pdf.startswith(b"%PDF-")
        assert await person.verify(pdf) == "是真的，而且是最新版"
        middle = len(pdf) // 2
        assert await person.verify(pdf[:middle] + bytes([pdf[middle] ^ 1]) + pdf[middle + 1 :]) == "文件被改动过"
        await person.ask("我的企业")
        await expect(person.last_answer).to_contain_text(person.number)
    assert broken == []
    await _anybody_without_javascript_finds(desk, person.number)


async def _later(session: aiohttp.ClientSession, desk: Desk, by: timedelta) -> None:
    """Business time, as the operator of a sample environment moves it."""
    async with session.post(f"{desk.base}/dev/clock", json={"advance_seconds": by.total_seconds()}) as answer:
        assert answer.status == 200


async def _anybody_without_javascript_finds(desk: Desk, number: str) -> None:
    """The public's way to the same certificate: the first page, a search, the firm, its certificate."""
    async with phone_page(javascript=False) as page:
        await page.goto(f"{desk.base}/")
        await page.get_by_role("searchbox").fill(demo_form()["name"][:4])
        await page.get_by_role("button", name="查询").click()
        await page.get_by_role("link", name=demo_form()["name"]).click()
        if await page.get_by_role("link", name="查看证书").count():
            await page.get_by_role("link", name="查看证书").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("正常")
        await expect(page.locator("dd.number b")).to_have_text(number)
        assert re.search(r"A 级（良好级）", await page.inner_text("main"))
