"""One contract, two databases: what :class:`workflow.ports.PictureIndex` promises, on several nodes as on one."""

import asyncio
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from gateways import picture_index
from gateways.picture_index import KeyShelf, TablePictureIndex
from inspection.fingerprint import KEY_RADIUS, Fingerprint
from inspection.phash import fingerprint
from models import Evidence, PictureFingerprint
from models.transactions import clean_task, transaction
from tests import rows
from tests.conftest import Database

PHOTOS = sorted((Path(__file__).parents[1] / "photos").glob("*.jpg"))
NONE = hashlib.sha256(b"never sent").hexdigest()


@cache
def gray(number: int) -> NDArray[np.uint8]:
    image = cv2.imread(str(PHOTOS[number]), cv2.IMREAD_GRAYSCALE)
    assert image is not None
    return image.astype(np.uint8, copy=False)


@cache
def print_of(number: int) -> Fingerprint:
    made = fingerprint(gray(number))
    assert made is not None
    return made


@cache
def copy_of(number: int, turns: int = 0) -> Fingerprint:
    """The photo as a chat hands it on: smaller, compressed anew, perhaps turned."""
    small = cv2.resize(np.rot90(gray(number), turns).copy(), None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA)
    _, jpeg = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 45])
    made = fingerprint(cv2.imdecode(jpeg, cv2.IMREAD_GRAYSCALE).astype(np.uint8, copy=False))
    assert made is not None
    return made


async def filed(index: TablePictureIndex, number: int) -> Evidence:
    evidence = await rows.evidence(sha256=hashlib.sha256(PHOTOS[number].read_bytes()).hexdigest())
    async with transaction():
        await index.record(evidence.id, print_of(number))
    return evidence


@pytest.fixture
def index(database: Database) -> TablePictureIndex:
    return TablePictureIndex()


async def test_the_same_bytes_are_found_without_a_fingerprint(index: TablePictureIndex) -> None:
    first, second = await filed(index, 0), await filed(index, 0)
    seen = await index.look_up(first.sha256, None)
    assert [(one.evidence_id, one.exact) for one in seen] == [(first.id, True), (second.id, True)]
    assert [one.evidence_id for one in await index.look_up(first.sha256, None, besides=first.id)] == [second.id]
    assert await index.look_up(NONE, None) == []


@pytest.mark.parametrize("turns", range(4))
async def test_a_copy_from_a_chat_is_found_whichever_way_up(index: TablePictureIndex, turns: int) -> None:
    evidence = [await filed(index, number) for number in range(len(PHOTOS))]
    (found,) = await index.look_up(NONE, copy_of(1, turns))
    assert (found.evidence_id, found.exact) == (evidence[1].id, False)
    assert 0 <= found.distance < 30


async def test_another_photo_of_the_same_design_is_another_picture(index: TablePictureIndex) -> None:
    await filed(index, 0)
    assert await index.look_up(NONE, print_of(2)) == []


async def test_exact_copies_come_before_near_ones_and_each_picture_once(index: TablePictureIndex) -> None:
    exact, near = await filed(index, 0), await rows.evidence()
    async with transaction():
        await index.record(near.id, copy_of(0))
    seen = await index.look_up(exact.sha256, print_of(0))
    assert [(one.evidence_id, one.exact) for one in seen] == [(exact.id, True), (near.id, False)]
    assert [one.evidence_id for one in await index.look_up(NONE, print_of(0), besides=exact.id)] == [near.id]


async def test_recording_again_changes_nothing(index: TablePictureIndex) -> None:
    evidence = await filed(index, 0)
    async with transaction():
        await index.record(evidence.id, print_of(1))
    assert await PictureFingerprint.all().count() == 1
    assert [one.evidence_id for one in await index.look_up(NONE, print_of(0))] == [evidence.id]


async def test_what_is_rolled_back_was_never_there(index: TablePictureIndex) -> None:
    evidence = await rows.evidence()

    async def cut_off() -> None:
        async with transaction():
            await index.record(evidence.id, print_of(0))
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        await cut_off()
    assert await index.look_up(NONE, print_of(0)) == []
    async with transaction():
        await index.record(evidence.id, print_of(0))
    assert [one.evidence_id for one in await index.look_up(NONE, print_of(0))] == [evidence.id]


async def test_what_is_forgotten_is_not_found_though_its_key_is_still_in_memory(index: TablePictureIndex) -> None:
    evidence = await filed(index, 0)
    assert await index.look_up(NONE, print_of(0))
    async with transaction():
        await index.forget(evidence.id)
        await Evidence.filter(id=evidence.id).update(dropped_at=rows.NOW)
    assert await index.look_up(evidence.sha256, print_of(0)) == []
    assert await PictureFingerprint.all().count() == 0


async def test_every_node_finds_what_any_node_recorded(index: TablePictureIndex) -> None:
    other = TablePictureIndex()
    assert await other.look_up(NONE, print_of(0)) == []
    evidence = await filed(index, 0)
    assert [one.evidence_id for one in await other.look_up(NONE, print_of(0))] == [evidence.id]
    assert [one.evidence_id for one in await TablePictureIndex().look_up(NONE, print_of(0))] == [evidence.id]


async def test_a_row_committed_after_a_later_one_is_not_missed(index: TablePictureIndex, database: Database) -> None:
    if database.dialect == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    early, late = await rows.evidence(), await rows.evidence()
    written, looked = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        async with transaction():
            await index.record(early.id, print_of(0))
            written.set()
            await looked.wait()

    task = clean_task(slow(), "slow")
    await written.wait()
    async with transaction():
        await index.record(late.id, print_of(1))
    assert [one.evidence_id for one in await index.look_up(NONE, print_of(1))] == [late.id]
    looked.set()
    await task
    assert [one.evidence_id for one in await index.look_up(NONE, print_of(0))] == [early.id]


async def test_a_process_that_starts_late_sorts_before_it_answers(
    index: TablePictureIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_index, "_FRESH", 2)
    monkeypatch.setattr(picture_index, "_TOO_FRESH", 3)
    evidence = [await filed(index, number) for number in range(len(PHOTOS))]
    late = TablePictureIndex()
    await late.catch_up()
    assert (len(late._shelf), late._shelf.fresh) == (len(PHOTOS), 0)
    assert [one.evidence_id for one in await late.look_up(NONE, copy_of(2))] == [evidence[2].id]


async def test_many_rows_come_in_pages_and_are_sorted_beside_the_look_ups(
    index: TablePictureIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_index, "_PAGE", 3)
    monkeypatch.setattr(picture_index, "_FRESH", 4)
    evidence = [await filed(index, number % len(PHOTOS)) for number in range(11)]
    for _ in range(3):
        found = await index.look_up(NONE, copy_of(3))
        assert [one.evidence_id for one in found] == [evidence[3].id, evidence[7].id]
        await index.aclose()
    assert index._shelf.fresh < 4


# --- the shelf -------------------------------------------------------------------------------------------------------


def planted(seed: int) -> Iterator[tuple[NDArray[np.uint64], tuple[tuple[int, ...], ...]]]:
    rng = np.random.default_rng(seed)
    for radius in (0, 1, KEY_RADIUS, KEY_RADIUS + 1):
        base = rng.integers(0, 2**64, 400, dtype=np.uint64)
        wanted = int(base[3])
        for bit in rng.choice(64, radius, replace=False):
            wanted ^= 1 << int(bit)
        yield base, ((wanted, wanted ^ 5), (int(base[9]) ^ 1 << 63, int(base[9])))


@pytest.mark.parametrize("batch", [7, 1 << 17])
@pytest.mark.parametrize("seed", range(5))
def test_the_shelf_finds_what_counting_finds(seed: int, batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_index, "_AT_ONCE", batch)
    for base, wanted in planted(seed):
        keys = np.concatenate([base, base[:50]])  # crowded: many keys alike
        far = np.bitwise_count(keys[:, None] ^ np.array(wanted, np.uint64).ravel()).min(1)
        expected = [int(at) + 1 for at in np.lexsort((np.arange(len(keys)), far)) if far[at] <= KEY_RADIUS]
        shelf = KeyShelf()
        for part in np.array_split(np.arange(len(keys)), [20, 300, 310]):
            assert len(shelf) == part[0]
            shelf.add(part + 1, keys[part])
            if part[0] < 310:  # the last ones stay fresh
                shelf.replace(shelf.tidy())
        assert shelf.near(wanted, 1000) == expected
        assert shelf.near(wanted, 2) == expected[:2]


def test_what_is_added_while_the_shelf_is_tidied_stays() -> None:
    shelf = KeyShelf()
    shelf.add(np.array([1]), np.array([8], np.uint64))
    tidied = shelf.tidy()
    shelf.add(np.array([2]), np.array([9], np.uint64))
    shelf.replace(tidied)
    assert shelf.near(((8,),), 10) == [1, 2]
    assert shelf.near(((2**64 - 1,),), 10) == []
