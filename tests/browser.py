"""The system's Chromium, quiet: no calls to anybody, a fresh profile each time, the size of a phone."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Page, async_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@asynccontextmanager
async def phone_page(*, scale: float = 1, javascript: bool = True) -> AsyncIterator[Page]:
    """An empty page of 390×844 in a browser of its own, with or without JavaScript."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            context = await browser.new_context(
                viewport={"width": 390, "height": 844},
                device_scale_factor=scale,
                locale="zh-CN",
                has_touch=True,
                java_script_enabled=javascript,
            )
            yield await context.new_page()
        finally:
            await browser.close()
