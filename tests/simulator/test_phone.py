"""The phone in a real browser: follow, tap the menu, write, send a photo, and see the answers."""

import io
import json

import pytest
from PIL import Image
from playwright.async_api import expect

from tests.browser import phone_page
from tests.simulator.conftest import text_reply

MENU = {
    "button": [
        {"name": "质量", "sub_button": [{"type": "pic_photo_or_album", "name": "拍合格证", "key": "photo"}]},
        {"type": "click", "name": "查企业", "key": "firm"},
    ]
}

pytestmark = pytest.mark.browser


async def test_a_first_visit(desk, bot):
    def reply(fields):
        said = fields.get("Content") or fields.get("EventKey") or fields.get("Event") or fields["MsgType"]
        return text_reply(fields, f'收到 {said} <a href="https://a.example/r">报告</a><b onclick="x()">粗</b>')

    bot.answers(reply)
    await desk.api("/cgi-bin/menu/create", data=json.dumps(MENU, ensure_ascii=False).encode())
    out = io.BytesIO()
    Image.new("RGB", (64, 64), "navy").save(out, "JPEG")
    broken: list[str] = []
    async with phone_page() as page:
        page.on("pageerror", lambda error: broken.append(str(error)))
        await page.goto(f"{desk.world.base_url}/?user=stranger")
        last = page.locator(".line.account .bubble").last
        await page.get_by_role("button", name="关注公众号").click()
        await expect(last).to_contain_text("收到 subscribe")
        await page.get_by_role("button", name="查企业").click()
        await expect(last).to_contain_text("收到 firm")
        await page.get_by_role("button", name="质量").click()
        async with page.expect_file_chooser() as chooser:
            await page.get_by_role("button", name="拍合格证").click()
        await (await chooser.value).set_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()})
        await expect(last).to_contain_text("收到 image")
        await expect(page.locator(".line.user img.photo")).to_have_count(1)
        await page.get_by_role("button", name="键盘").click()
        await page.get_by_label("输入消息").fill("样例公司")
        await page.get_by_role("button", name="发送").click()
        await expect(last).to_contain_text("收到 样例公司")
        assert await last.locator("a").get_attribute("href") == "https://a.example/r"
        # Nothing but links becomes markup.
        await expect(last).to_contain_text('<b onclick="x()">')
    assert broken == []
    events = [fields["Event"] for fields in bot.received if fields["MsgType"] == "event"]
    assert events == ["subscribe", "CLICK", "pic_photo_or_album"]


async def test_words_that_may_be_tapped_are_said(desk, bot):
    tap = '<a href="weixin://bizmsgmenu?msgmenucontent=提醒 18点&msgmenuid=1">提醒 18点</a>'
    bot.answers(lambda fields: text_reply(fields, f"收到 {fields.get('Content', '')}。回复“{tap}”"))
    async with phone_page() as page:
        await page.goto(f"{desk.world.base_url}/?user=stranger")
        await page.get_by_role("button", name="关注公众号").click()
        last = page.locator(".line.account .bubble").last
        await last.get_by_role("link", name="提醒 18点").click()
        await expect(last).to_contain_text("收到 提醒 18点。")
    said = bot.received[-1]
    assert (said["Content"], said["bizmsgmenuid"]) == ("提醒 18点", "1")
