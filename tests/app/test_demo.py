"""``zhuisu demo``: one command, the whole road, from the first word in chat to a certificate that poppler reads."""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from app.demo.firm import EXAMPLE
from models import Event, InboxEntry, Job
from models.database import open_database
from tests.app.conftest import Desk
from tests.app.journeys import (
    TOLD,
    check_events,
    check_nothing_given_up,
    check_objects,
    check_one_certificate,
    check_told_once,
    settled,
)

POPPLER = pytest.mark.skipif(shutil.which("pdfsig") is None, reason="poppler-utils is not installed")
FONTS = pytest.mark.skipif(not Path("/usr/share/fonts/opentype/noto").is_dir(), reason="fonts-noto-cjk is missing")
pytestmark = [pytest.mark.slow, FONTS]
OBJECTS = "objects"


@pytest.fixture
async def rows(desk: Desk) -> AsyncIterator[None]:
    """The server's database, open in the test as well."""
    async with open_database(desk.database_url, migrate=False):
        yield


async def demo(desk: Desk) -> str:
    """Play it in a process of its own; what it printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "app", "demo", "--url", desk.base,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, errors = await asyncio.wait_for(process.communicate(), 300)
    assert process.returncode == 0, out.decode() + errors.decode()
    return out.decode()


async def all_done() -> None:
    async with asyncio.timeout(60):
        while not await settled():  # noqa: ASYNC110 - another process does the work
            await asyncio.sleep(0.2)


def stored(folder: Path) -> set[str]:
    """Keys of all objects in a local store."""
    root = folder / OBJECTS
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file() and path.parent.name != "probe"}


def pdfsig(pdf: bytes, folder: Path) -> str:
    path = folder / "certificate.pdf"
    path.write_bytes(pdf)
    run = subprocess.run(["pdfsig", str(path)], capture_output=True, check=False)
    return run.stdout.decode()


@POPPLER
async def test_the_demonstration_ends_in_one_certificate_that_anybody_can_check(
    desk: Desk, rows: None, session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    printed = await demo(desk)
    certificate = await check_one_certificate()
    address = f"{desk.base}/c/{certificate.number.replace('/', '-')}"
    assert printed.rstrip().endswith(address)
    for clause, words in (
        ("4.3.3", "扫产品上的追溯码：企业追溯能力 A 级（良好级），证书正常"),
        ("4.3.3", "这个码是第一次被查询"),
        ("4.3.3", f"不用微信也能扫：{desk.base}/t/01/06950000004017/10/L260915/21/0001"),
        ("7.6", f"采购人员在聊天里发“示范线缆”：{EXAMPLE.name}：A 级（良好级），证书正常"),
        ("8.5(2)", "资信分值：累计 0 分"),
        ("10.2(2)", "招标采购：达到入围基本条件"),
    ):
        assert any(f"] {clause}" in line and words in line for line in printed.splitlines()), (clause, words)
    async with session.get(address) as page:
        text = await page.text()
        assert page.status == 200
        assert EXAMPLE.name in text
        assert "正常" in text
    async with session.get(f"{desk.base}/api/v1/certificates/{certificate.number.replace('/', '-')}/pdf") as answer:
        pdf = await answer.read()
    said = pdfsig(pdf, tmp_path)
    assert "Signature is Valid." in said
    assert "Certificate issuer isn't Trusted." in said
    changed = bytearray(pdf)
    changed[5_000] ^= 1
    assert "Signature is Valid." not in pdfsig(bytes(changed), tmp_path)

    await all_done()
    await check_told_once(certificate)
    await check_events()
    await check_nothing_given_up()
    await check_objects(stored(desk.folder))
    chat = await desk.phone(session, "demo").chat()
    pushed = [one["content"].split("\n")[0] for one in chat if one.get("via") == "custom" and one["type"] == "text"]
    assert [title for title in pushed if title in TOLD or title.startswith("证书")] == [
        *TOLD, "证书已发放（7.5(1)）",
    ]  # fmt: skip

    # Played again, it finds everything done: only a session and what was said in chat are new.
    before = await Event.exclude(action="session:open").count(), await InboxEntry.all().count()
    assert (await demo(desk)).rstrip().endswith(address)
    await all_done()
    assert before == (await Event.exclude(action="session:open").count(), await InboxEntry.all().count())
    assert await check_one_certificate() == certificate
    assert not await Job.exclude(dead_at=None).exists()
