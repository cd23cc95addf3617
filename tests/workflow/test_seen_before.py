"""A photo that came before: told where another firm handed it in, never where it is one's own, gone when dropped."""

from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import pytest

from inspection.fingerprint import Fingerprint
from inspection.phash import fingerprint
from inspection.report import Code, Inspected, Request
from models import Evidence, Inspection, Photo, PictureFingerprint
from tests.workflow.test_photos import sweep
from tests.workflow.world import World, report
from workflow.answering import photos
from workflow.firms.registration import bind_staff, register_enterprise
from workflow.knowing import people

PHOTOS = Path(__file__).parents[1] / "photos"
FIRST, SECOND = "o" + "a" * 27, "o" + "b" * 27
ORIGINAL, COPY, ANOTHER = b"\xff\xd8\xff\xe0 original", b"\xff\xd8\xff\xe0 copy", b"\xff\xd8\xff\xe0 another"


@cache
def print_of(name: str, size: float = 1.0) -> Fingerprint:
    gray = cv2.imread(str(PHOTOS / name), cv2.IMREAD_GRAYSCALE)
    assert gray is not None
    made = fingerprint(cv2.resize(gray, None, fx=size, fy=size, interpolation=cv2.INTER_AREA))
    assert made is not None
    return made


PRINTS = {
    ORIGINAL: lambda: print_of("good_100x70.jpg"),
    COPY: lambda: print_of("good_100x70.jpg", 0.6),
    ANOTHER: lambda: print_of("near_edge_100x70.jpg"),
}


@pytest.fixture
def codes() -> dict[bytes, str]:
    """What each picture's code says; the same unless a test says otherwise."""
    return {}


@pytest.fixture(autouse=True)
def looking(world: World, codes: dict[bytes, str]) -> None:
    def look(request: Request) -> Inspected:
        inspected = report(request)
        text = codes.get(request.data, "https://id.gs1.org/01/06901234567892")
        read = (Code(text, "QRCode", ((0, 0), (9, 0), (9, 9), (0, 9))),)
        told = replace(inspected.report, codes=read, taken={"place": "31.23,121.47"})
        return replace(inspected, report=told, fingerprint=PRINTS[request.data]())

    world.inspector.look = look


async def firm(world: World, uscc: str, openid: str) -> None:
    enterprise = await register_enterprise(world.ports, uscc, "样例电缆有限公司（样例）", is_sample=True)
    await bind_staff(world.ports, enterprise, "张工（样例）", "质检员", openid)


async def judged(world: World, data: bytes, openid: str, receipt: str) -> dict[str, Any]:
    world.wechat.pictures[receipt] = data
    identity = await people.meet(world.ports, openid)
    photo = await photos.receive(world.ports, identity, receipt, "", receipt)
    await world.work()
    photo = await Photo.get(id=photo.id).prefetch_related("inspection")
    assert photo.inspection is not None
    found: dict[str, Any] = photo.inspection.report
    return found


async def two_firms(world: World) -> None:
    await firm(world, "91310000MA0000007L", FIRST)
    await firm(world, "91310000MA0000015F", SECOND)


async def test_another_firms_photo_is_told_without_saying_whose(world: World) -> None:
    await two_firms(world)
    assert (await judged(world, ORIGINAL, FIRST, "m1"))["flags"] == []
    for data, word in ((ORIGINAL, "一张相同"), (COPY, "几乎相同")):
        (flag,) = (await judged(world, data, SECOND, f"m-{word}"))["flags"]
        assert flag["code"] == "seen_before"
        assert word in flag["advice"]
        assert "样例电缆" not in flag["advice"]
        assert flag["measured"].keys() == {"exact", "distance"}


async def test_ones_own_photo_sent_again_gets_no_remark(world: World) -> None:
    await two_firms(world)
    for number, data in enumerate((ORIGINAL, COPY, ORIGINAL)):
        assert (await judged(world, data, FIRST, f"m{number}"))["flags"] == []


async def test_who_belongs_to_no_firm_is_neither_told_nor_an_original(world: World) -> None:
    await judged(world, ORIGINAL, FIRST, "m1")
    await firm(world, "91310000MA0000015F", SECOND)
    assert (await judged(world, COPY, SECOND, "m2"))["flags"] == []
    assert (await judged(world, ORIGINAL, FIRST, "m3"))["flags"] == []


async def test_another_shot_is_another_picture(world: World) -> None:
    await two_firms(world)
    await judged(world, ORIGINAL, FIRST, "m1")
    assert (await judged(world, ANOTHER, SECOND, "m2"))["flags"] == []


async def test_sheets_in_a_fixed_stand_are_told_apart_by_their_codes(world: World, codes: dict[bytes, str]) -> None:
    await two_firms(world)
    codes.update({ORIGINAL: "serial 1", COPY: "serial 2"})
    await judged(world, ORIGINAL, FIRST, "m1")
    assert (await judged(world, COPY, SECOND, "m2"))["flags"] == []


async def test_the_fingerprint_and_the_place_go_with_the_dropped_picture(world: World) -> None:
    told = await judged(world, ORIGINAL, FIRST, "m1")  # nobody's consent: dropped within a day (R54)
    assert told["taken"] == {"place": "31.23,121.47"}
    assert await PictureFingerprint.all().count() == 1
    world.clock.advance(seconds=timedelta(hours=24).total_seconds())
    await sweep(world)
    assert await PictureFingerprint.all().count() == 0
    assert (await Evidence.all().first()).dropped_at is not None  # type: ignore[union-attr]
    assert (await Inspection.all().first()).report["taken"] == {}  # type: ignore[union-attr]
