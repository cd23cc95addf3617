"""One contract, whatever the store: what :class:`workflow.ports.Storage` promises."""

import asyncio
import os
from pathlib import Path

import pytest
from obstore.exceptions import BaseError
from obstore.store import MemoryStore

from gateways.storage import ObjectStorage, open_storage
from workflow.ports import ObjectMissing, Storage

KEY = "evidence/ab/" + "ab" * 32 + ".jpg"


@pytest.fixture(params=["folder", "memory"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "memory":
        return ObjectStorage(MemoryStore())
    return open_storage("", tmp_path / "objects")


async def test_what_was_put_is_got(storage: Storage) -> None:
    data = os.urandom(300_000)
    await storage.put(KEY, data)
    assert await storage.get(KEY) == data
    await storage.put("empty", b"")
    assert await storage.get("empty") == b""


async def test_the_first_write_stands(storage: Storage) -> None:
    await storage.put(KEY, b"first")
    await storage.put(KEY, b"second")
    assert await storage.get(KEY) == b"first"


async def test_of_writers_at_once_one_stands_whole(storage: Storage) -> None:
    versions = [bytes([number]) * 100_000 for number in range(8)]
    await asyncio.gather(*[storage.put(KEY, version) for version in versions])
    assert await storage.get(KEY) in versions


async def test_a_missing_object_is_said_to_be_missing(storage: Storage) -> None:
    with pytest.raises(ObjectMissing):
        await storage.get(KEY)


async def test_a_deleted_object_is_gone_and_may_be_deleted_again(storage: Storage) -> None:
    await storage.put(KEY, b"x")
    await storage.delete(KEY)
    await storage.delete(KEY)
    with pytest.raises(ObjectMissing):
        await storage.get(KEY)
    await storage.put(KEY, b"y")
    assert await storage.get(KEY) == b"y"


@pytest.mark.parametrize(
    "key",
    ["", "/a", "a/", "a//b", "../a", "a/../b", "a/..", ".hidden", "a/.b", "a b", "a\\b", "照片", "a\n", "a" * 201],
)
async def test_a_key_that_could_leave_the_store_is_refused(storage: Storage, key: str) -> None:
    for attempt in (storage.put(key, b""), storage.get(key), storage.delete(key)):
        with pytest.raises(ValueError, match="not a storage key"):
            await attempt


async def test_a_store_in_order_passes_its_check_again_and_again(storage: Storage) -> None:
    await storage.check()
    await storage.check()


async def test_a_store_that_cannot_be_written_fails_its_check(tmp_path: Path) -> None:
    storage = open_storage("", tmp_path / "objects")
    (tmp_path / "objects" / "probe").write_text("a file where the folder belongs")
    with pytest.raises((BaseError, OSError)):
        await storage.check()


async def test_the_folder_holds_the_object_under_its_key_and_nothing_else(tmp_path: Path) -> None:
    storage = open_storage("", tmp_path / "deep" / "objects")
    await storage.put(KEY, b"x")
    assert files_below(tmp_path) == [f"deep/objects/{KEY}"]


def files_below(folder: Path) -> list[str]:
    return [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]


def test_only_s3_is_spoken_beside_the_folder(tmp_path: Path) -> None:
    assert isinstance(open_storage("s3://bucket/prefix", tmp_path), ObjectStorage)
    with pytest.raises(ValueError, match="s3://"):
        open_storage("https://bucket.example", tmp_path)
