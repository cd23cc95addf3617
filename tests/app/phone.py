"""Drives the simulator's people over its HTTP API, as a shell with curl would."""

import asyncio
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import aiohttp

PHOTOS = Path(__file__).parent.parent / "photos"
PATIENCE = 90
"""Seconds in which a photo is judged on a machine that has other things to do."""


class Phone:
    """One simulated person's phone."""

    def __init__(self, session: aiohttp.ClientSession, simulator_url: str, user: str) -> None:
        self._session = session
        self._url = f"{simulator_url}/sim/users/{user}"

    async def send(self, type_: str, *, wait: float = 0, expect: int | None = None, **fields: str) -> dict[str, Any]:
        """Send a message or event; the passive reply, what came after it, the attempts."""
        form = aiohttp.FormData({"type": type_, "wait": str(wait), **fields})
        if expect is not None:
            form.add_field("expect", str(expect))
        return await self._post(form)

    async def photo(
        self, name: str | Path, *, wait: float = 0, expect: int | None = None, original: bool = False
    ) -> dict[str, Any]:
        """Send a picture; ``original``: as it is."""
        path = PHOTOS / name
        form = aiohttp.FormData({"type": "image", "wait": str(wait), "original": str(int(original))})
        if expect is not None:
            form.add_field("expect", str(expect))
        form.add_field("file", path.read_bytes(), filename=path.name, content_type="image/jpeg")
        return await self._post(form)

    async def judged(self, name: str | Path) -> str:
        """Send a picture; what is said of it, whenever."""
        return await self.told(self.photo(name))

    async def told(self, sending: Awaitable[dict[str, Any]]) -> str:
        """What is said to what is sent: in the reply, or after it where WeChat did not wait for this machine."""
        before = len(await self.chat())
        text = said(await sending)
        return text if text is not None else (await self.pushed("text", before))["content"]

    async def pushed(self, kind: str, before: int) -> dict[str, Any]:
        """The first message of this kind that came, or will come, by itself after so many entries of the chat."""
        async with asyncio.timeout(PATIENCE):
            while True:
                new = (await self.chat())[before:]
                found = [one for one in new if one.get("via") == "custom" and one["type"] == kind]
                if found:
                    return found[0]
                await asyncio.sleep(0.2)

    async def text(self, content: str) -> str | None:
        """Say something; what comes back at once."""
        return said(await self.send("text", content=content))

    async def chat(self) -> list[dict[str, Any]]:
        """The whole chat, oldest first."""
        async with self._session.get(f"{self._url}/chat") as answer:
            return await answer.json()

    async def _post(self, form: aiohttp.FormData) -> dict[str, Any]:
        async with self._session.post(f"{self._url}/messages", data=form) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()


def said(result: dict[str, Any]) -> str | None:
    """The text of the passive reply, where there was one."""
    assert result["fault"] is None, result["fault"]
    return result["reply"]["content"] if result["reply"] else None
