"""The main job on real input: real photos, the real inspector, WeChat's protocol over real HTTP, a real browser."""

import asyncio
import re

import aiohttp
import pytest
from playwright.async_api import expect

from tests.app.conftest import Desk
from tests.app.phone import PATIENCE, PHOTOS, said
from tests.browser import phone_page

PATIENCE_MS = 1000 * PATIENCE


def address(text: str, words: str) -> str:
    """Where the link with these words leads."""
    found = re.search(rf'<a href="([^"]+)">{words}</a>', text)
    assert found is not None, text
    return found[1].replace("&amp;", "&")


async def test_a_strangers_first_photo_ends_in_millimetres_after_one_question(
    desk: Desk, session: aiohttp.ClientSession
) -> None:
    phone = desk.phone(session, "anna")
    first = await phone.judged("small_code_100x70.jpg")
    assert "合格证多大" in first
    assert "24 小时内删除" in first
    before = len(await phone.chat())
    second = await phone.told(phone.send("text", content="1"))
    assert "二维码边长 17.8 mm，要求 ≥ 20 mm（D.3.1）" in second
    await phone.pushed("image", before)  # with what was found marked on it
    assert "距合格证右边 3.6 mm" in await phone.judged("near_edge_100x70.jpg")


async def test_the_size_may_come_first(desk: Desk, session: aiohttp.ClientSession) -> None:
    phone = desk.phone(session, "bo")
    assert "100×70" in await phone.text("100x70")
    assert (await phone.judged("good_100x70.jpg")).startswith("合格")


async def test_a_bound_persons_product_is_found_by_its_code(desk: Desk, session: aiohttp.ClientSession) -> None:
    phone = desk.phone(session, "zhang")
    answer = await phone.judged("low_contrast_100x70.jpg")
    assert "BV 2.5" in answer.splitlines()[0]
    assert "对比度" in answer
    async with session.get(address(answer, "查看完整报告")) as page:
        report = await page.text()
    assert "R24" in report
    picture = re.search(r'<img src="([^"]+)"', report)
    async with session.get(picture[1].replace("&amp;", "&")) as marked:
        assert (await marked.read()).startswith(b"\xff\xd8\xff")


async def test_photos_sent_together_are_answered_together(desk: Desk, session: aiohttp.ClientSession) -> None:
    phone = desk.phone(session, "chen")
    await phone.text("100x70")
    names = ["good_100x70.jpg", "near_edge_100x70.jpg", "small_code_100x70.jpg"]
    results = await asyncio.gather(*(phone.photo(name, wait=8, expect=1) for name in names))
    texts = [said(result) for result in results] + [
        message["content"] for message in results[-1]["messages"] if message["type"] == "text"
    ]
    told = [text for text in texts if text]
    assert len(told) == 1, told
    assert told[0].startswith("收到 3 张：")


async def test_the_same_photo_again_is_answered_from_the_record(desk: Desk, session: aiohttp.ClientSession) -> None:
    phone = desk.phone(session, "dong")
    await phone.text("100x70")
    first = await phone.judged("good_100x70.jpg")
    again = await phone.judged("good_100x70.jpg")
    assert address(again, "查看完整报告") == address(first, "查看完整报告")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"%PDF-1.7 sample", "PDF"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00", "HEIC"),
        ((PHOTOS / "good_100x70.jpg").read_bytes()[:20_000], "没有传完整"),
        (b"not a picture at all", "不是图片文件"),
    ],
)
async def test_what_cannot_be_judged_is_said_on_the_upload_page(
    desk: Desk, session: aiohttp.ClientSession, data: bytes, words: str
) -> None:
    phone = desk.phone(session, "erin")
    url = address(await phone.text("原图"), "上传原图")
    form = aiohttp.FormData()
    form.add_field("photo", data, filename="x", content_type="application/octet-stream")
    async with session.post(url, data=form) as page:
        assert words in await page.text()


@pytest.mark.browser
async def test_a_phone_in_the_browser_sends_a_photo_and_uploads_its_original(desk: Desk) -> None:
    async with phone_page() as page:
        broken: list[str] = []
        page.on("pageerror", lambda error: broken.append(str(error)))
        await page.goto(f"{desk.base}/sim/?user=stranger")
        answers = page.locator(".line.account .bubble")
        await page.get_by_role("button", name="关注公众号").click()
        await expect(answers.filter(has_text="欢迎使用追溯")).to_be_visible()
        async with page.expect_file_chooser() as chooser:
            await page.get_by_role("button", name="拍照检查").click()
        await (await chooser.value).set_files(PHOTOS / "good_100x70.jpg")
        await expect(answers.filter(has_text="合格证多大")).to_be_visible(timeout=PATIENCE_MS)
        await page.get_by_role("button", name="键盘").click()
        await page.get_by_label("输入消息").fill("1")
        await page.get_by_role("button", name="发送").click()
        await expect(answers.filter(has_text="合格：照片可判的")).to_be_visible(timeout=PATIENCE_MS)
        await page.get_by_label("输入消息").fill("原图")
        await page.get_by_role("button", name="发送").click()
        link = answers.get_by_role("link", name="上传原图")
        await page.goto(await link.get_attribute("href"))
        await page.locator("input[type=file]").set_input_files(PHOTOS / "near_edge_100x70.jpg")
        await page.get_by_role("button", name="开始检查").click()
        await expect(page.locator("h1")).to_contain_text("不合格", timeout=PATIENCE_MS)
        await expect(page.locator("figure img")).to_be_visible()
        assert broken == []


async def test_the_probes_tell_the_truth_and_nothing_personal(desk: Desk, session: aiohttp.ClientSession) -> None:
    async with session.get(f"{desk.base}/readyz") as ready:
        assert await ready.json() == {
            "status": "ok",
            "database": "ok",
            "storage": "ok",
            "cache": "ok",
            "inspector": "ok",
        }
    async with session.get(f"{desk.base}/metrics") as metrics:
        text = await metrics.text()
    assert "zhuisu_jobs_total" in text
    assert "openid" not in text
    assert not re.search(r"\bo[A-Za-z0-9_-]{27}\b", text)
