"""The pool of inspectors: answers, refusals, children that hang, die or exhaust memory, a parent that is killed."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from app.demo.signing import signed
from config.settings import InspectorSettings
from gateways import inspector as module
from gateways.inspector import PooledInspector
from inspection.materials import LedgerRefused
from inspection.report import Inspected, PictureRefused, ProductHint, Request, Verdict
from tests.inspection.test_artwork import page
from workflow.ports import InspectionFailed

ROOT = Path(__file__).parents[2]
PHOTOS = ROOT / "tests" / "photos"
NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)


def settings(**changes: object) -> InspectorSettings:
    return InspectorSettings.model_validate({"workers": 1, "seconds": 20, **changes})


def children(parent: int) -> list[int]:
    """Processes whose parent is ``parent``, the resource tracker aside."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            command = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if int(stat[1]) == parent and stat[0] != "Z" and b"spawn_main" in command:
            found.append(int(entry.name))
    return found


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pool() -> AsyncIterator[PooledInspector]:
    async with PooledInspector(settings()) as started:
        yield started


@pytest.mark.asyncio(loop_scope="module")
async def test_a_photo_is_judged_and_a_broken_one_refused(pool: PooledInspector) -> None:
    await pool.check()
    inspected = await pool.inspect(Request((PHOTOS / "small_code_100x70.jpg").read_bytes(), sheet_mm=(100, 70)))
    assert isinstance(inspected, Inspected)
    assert inspected.report.verdict is Verdict.FAIL
    assert inspected.marked is not None
    with pytest.raises(PictureRefused) as refusal:
        await pool.inspect(Request(b"%PDF-1.7 sample"))
    assert refusal.value.code == "artwork_unreadable"
    assert "PDF" in refusal.value.advice


@pytest.mark.asyncio(loop_scope="module")
async def test_a_body_photo_and_a_screenshot_are_judged_and_broken_ones_refused(pool: PooledInspector) -> None:
    photo = (PHOTOS / "good_100x70.jpg").read_bytes()
    product = ProductHint("p1", (100, 70), ("https://id.gs1.org/01/06901234567892/10/L2026A/21/0001",), "BV 2.5")
    certificate = (await pool.inspect(Request(photo, mark=False))).report
    body = await pool.inspect_body(photo, (product,), certificate)
    assert (body.product, body.level) == ("p1", "item")
    assert {finding.clause: finding.verdict for finding in body.findings}["body.match"] is Verdict.PASS
    shot = await pool.inspect_screenshot(photo, "https://id.gs1.org/01/06901234567892/10/L2026A/21/0001", NOW)
    assert {finding.clause: finding.verdict for finding in shot.findings}["shot.code"] is Verdict.PASS
    for refused in (pool.inspect_body(photo[:2000]), pool.inspect_screenshot(photo[:2000], None, NOW)):
        with pytest.raises(PictureRefused) as refusal:
            await refused
        assert refusal.value.code == "picture_truncated"


@pytest.mark.asyncio(loop_scope="module")
async def test_a_ledger_is_read_and_a_file_that_is_none_refused(pool: PooledInspector) -> None:
    rows = "生产台账\n产品名称,规格型号,生产批次,生产日期,生产数量,单位\n电线（样例）,BV 4,L1,2026-11-03,12,卷\n"
    found = await pool.read_ledger(rows.encode(), "台账.csv")
    assert (found.rows, found.batches) == (1, ("L1",))
    items = await pool.read_items("追溯码\nE=1\n".encode(), "清单.csv")
    assert [(item.line, item.code) for item in items] == [(2, "E=1")]
    with pytest.raises(LedgerRefused) as refusal:
        await pool.read_ledger(b"", "empty.xlsx")
    assert refusal.value.code == "ledger_empty"
    assert refusal.value.advice


@pytest.mark.asyncio(loop_scope="module")
async def test_a_document_is_read_and_a_file_that_is_none_refused(pool: PooledInspector) -> None:
    sealed = await asyncio.to_thread(signed, page(b""), "样例电缆有限公司", datetime.now(UTC))
    found = await pool.read_document(sealed)
    assert (found.pages, found.seal) == (1, "signature_unverifiable")
    with pytest.raises(PictureRefused) as refusal:
        await pool.read_document(b"hello")
    assert refusal.value.code == "document_unknown"


@pytest.mark.asyncio(loop_scope="module")
async def test_a_killed_child_costs_one_picture(pool: PooledInspector) -> None:
    (child,) = children(os.getpid())
    running = asyncio.ensure_future(pool._run(module._hold, 30, seconds=60))
    await asyncio.sleep(0.4)
    os.kill(child, signal.SIGKILL)
    with pytest.raises(InspectionFailed) as failure:
        await running
    assert failure.value.reason == "crash"
    with pytest.raises(PictureRefused):
        await pool.inspect(Request(b""))
    assert children(os.getpid()) != [child]


@pytest.mark.asyncio(loop_scope="module")
async def test_a_picture_that_takes_too_long_ends_its_child(pool: PooledInspector) -> None:
    (child,) = children(os.getpid())
    started = time.monotonic()
    with pytest.raises(InspectionFailed) as failure:
        await pool._run(module._hold, 30, seconds=0.5)
    assert failure.value.reason == "timeout"
    assert time.monotonic() - started < 5
    assert not alive(child)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_caller_that_gives_up_is_cancelled_not_failed(pool: PooledInspector) -> None:
    running = asyncio.ensure_future(pool._run(module._hold, 30, seconds=60))
    await asyncio.sleep(0.2)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


@pytest.mark.asyncio(loop_scope="module")
async def test_memory_is_bounded(pool: PooledInspector) -> None:
    with pytest.raises(InspectionFailed) as failure:
        await pool._run(bytearray, 4 * 1024**3, seconds=20)
    assert failure.value.reason == "crash"


async def test_closing_leaves_no_process_and_no_descriptor() -> None:
    before_children = set(children(os.getpid()))
    pool = PooledInspector(settings())
    with pytest.raises(InspectionFailed):
        await pool.check()
    with pytest.raises(InspectionFailed):
        await pool.inspect(Request(b"x"))
    open_before = len(os.listdir("/proc/self/fd"))
    await pool.start()
    waiting = asyncio.ensure_future(pool._run(module._hold, 30, seconds=60))
    await asyncio.sleep(0.2)
    await pool.close()
    with pytest.raises(InspectionFailed):
        await waiting
    assert set(children(os.getpid())) <= before_children
    assert len(os.listdir("/proc/self/fd")) <= open_before + 2


PARENT = """
import asyncio, sys
from config.settings import InspectorSettings
from gateways.inspector import PooledInspector

async def main():
    pool = PooledInspector(InspectorSettings.model_validate({"workers": 2}))
    await pool.start()
    print("ready", flush=True)
    await asyncio.sleep(60)

if __name__ == "__main__":
    asyncio.run(main())
"""


def test_children_vanish_when_the_parent_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, env=environment) as parent:
        assert parent.stdout is not None
        try:
            assert parent.stdout.readline().strip() == b"ready"
            workers = children(parent.pid)
            assert len(workers) == 2
        finally:
            parent.kill()
        deadline = time.monotonic() + 3
        while any(alive(pid) for pid in workers) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not [pid for pid in workers if alive(pid)]
