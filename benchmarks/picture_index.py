"""The picture index: how long a look-up takes at ten million pictures, and how far copies and other shots lie apart.

``python -m benchmarks.picture_index`` fills the keys in memory, spread evenly and then crowded (a thousand designs with
ten thousand like photos each), plants copies and looks them up. ``--table URL`` measures the whole look-up, database
included, on ``--rows`` rows in a database made for it; ``--distances`` photographs invented certificates and prints
bits between copies and between other shots.
"""

import argparse
import asyncio
import itertools
import resource
import secrets
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import cv2
import numpy as np
from numpy.typing import NDArray
from tortoise.connection import get_connection

from benchmarks.camera import Camera, photograph
from benchmarks.certificates import TRACE_LINK, Design, render_certificate
from gateways.picture_index import KeyShelf, TablePictureIndex
from inspection.fingerprint import KEY_RADIUS, SAME_SHOT, Fingerprint
from inspection.phash import fingerprint
from models.database import CONNECTION, open_database
from models.transactions import transaction

Gray = NDArray[np.uint8]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=10_000_000)
    parser.add_argument("--look-ups", type=int, default=200)
    parser.add_argument(
        "--table", metavar="URL", help="postgres://… or sqlite://…; a database of its own is made there"
    )
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--distances", action="store_true")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    if arguments.distances:
        _distances()
    elif arguments.table:
        asyncio.run(_on_a_table(arguments.table, arguments.rows, arguments.look_ups))
    else:
        for crowded in (False, True):
            _in_memory(arguments.pictures, arguments.look_ups, crowded=crowded)


# --- look-ups --------------------------------------------------------------------------------------------------------


def _in_memory(pictures: int, look_ups: int, *, crowded: bool) -> None:
    rng = np.random.default_rng(7)
    if crowded:
        keys = rng.integers(0, 2**64, pictures // 10_000 + 1, dtype=np.uint64)[np.arange(pictures) // 10_000]
        for bit in range(64):  # photos of one design differ in 14 bits of 64, as the invented ones do
            keys ^= (rng.random(pictures, np.float32) < 0.125).astype(np.uint64) << np.uint64(bit)
    else:
        keys = rng.integers(0, 2**64, pictures, dtype=np.uint64)
    shelf, cpu = KeyShelf(), time.process_time()
    shelf.add(np.arange(1, pictures + 1), keys)
    shelf.replace(shelf.tidy())
    cpu = time.process_time() - cpu
    wall, own, found = [], [], 0
    for print_, place in _planted(keys, look_ups, rng):
        start, start_own = time.perf_counter(), time.process_time()
        found += place + 1 in shelf.near(print_.keys, 64)
        wall.append((time.perf_counter() - start) * 1e3)
        own.append((time.process_time() - start_own) * 1e3)
    print(
        f"{'crowded' if crowded else 'even'}: {pictures} pictures, {look_ups} copies {KEY_RADIUS} bits away, "
        f"found {found}; look-up median {np.median(wall):.1f} ms, p95 {np.percentile(wall, 95):.1f} ms "
        f"(CPU {np.median(own):.1f}, {np.percentile(own, 95):.1f}); sorted in {cpu:.1f} s of CPU; "
        f"process at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB"
    )


def _planted(keys: NDArray[np.uint64], count: int, rng: np.random.Generator) -> Iterator[tuple[Fingerprint, int]]:
    """Fingerprints of photos that were taken, moved so that some key of each is as far as may be from a kept one."""
    photos = [fingerprint(_read(path)) for path in sorted(Path("tests/photos").glob("*.jpg"))]
    for number in range(count):
        photo, place = photos[number % len(photos)], int(rng.integers(len(keys)))
        assert photo is not None
        turn, shift = int(rng.integers(4)), int(rng.integers(9))
        move = photo.keys[turn][shift] ^ int(keys[place])
        for bit in rng.choice(64, KEY_RADIUS, replace=False):
            move ^= 1 << int(bit)
        yield replace(photo, keys=tuple(tuple(key ^ move for key in row) for row in photo.keys)), place


async def _on_a_table(server: str, rows: int, look_ups: int) -> None:
    postgres = not server.startswith("sqlite")
    name, url = f"zhuisu_bench_{secrets.token_hex(4)}", server
    if postgres:
        admin = await asyncpg.connect(server)
        await admin.execute(f'CREATE DATABASE "{name}"')
        url = urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    try:
        async with open_database(url, migrate=True):
            start = time.perf_counter()
            await _fill(rows, postgres=postgres)
            print(f"{rows} rows written in {time.perf_counter() - start:.0f} s")
            await _look_up_in_table(rows, look_ups)
    finally:
        if postgres:
            await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
            await admin.close()


async def _fill(rows: int, *, postgres: bool) -> None:
    if postgres:
        series = f"generate_series(1, {rows}) AS n(i)"
        sha, key = "encode(sha256(int8send(i)), 'hex')", "('x' || left(md5(i::text), 16))::bit(64)::bigint"
        fine = "sha256(int8send(i))"
    else:
        series = f"(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) SELECT i FROM n)"
        sha, key, fine = "lower(hex(randomblob(32)))", "random()", "randomblob(32)"
    async with transaction():
        connection = get_connection(CONNECTION)
        await connection.execute_query(
            "INSERT INTO evidence (sha256, size, media_type, storage_key, source, received_at)"
            f" SELECT {sha}, 1, 'image/jpeg', 'sample', 'chat', '2026-11-24' FROM {series}"
        )
        await connection.execute_query(
            f"INSERT INTO picture_fingerprint (evidence_id, key, fine) SELECT i, {key}, {fine} FROM {series}"
        )
    if postgres:
        await get_connection(CONNECTION).execute_script("ANALYZE")


async def _look_up_in_table(rows: int, look_ups: int) -> None:
    index, rng = TablePictureIndex(), np.random.default_rng(3)
    start, longest, watching = time.perf_counter(), 0.0, asyncio.get_running_loop()

    def beat(due: float) -> None:
        nonlocal longest
        longest = max(longest, watching.time() - due)
        timer[0] = watching.call_later(0.005, beat, watching.time() + 0.005)

    timer = [watching.call_later(0.005, beat, watching.time() + 0.005)]
    await index.catch_up()
    await index.aclose()
    print(f"read into memory in {time.perf_counter() - start:.1f} s")
    answer = await get_connection(CONNECTION).execute_query_dict(
        f"SELECT id, key FROM picture_fingerprint WHERE id <= {rows} ORDER BY id LIMIT 100000"
    )
    keys = np.array([row["key"] for row in answer], np.int64).astype(np.uint64)
    wall, own, found, longest = [], [], 0, 0.0
    for print_, place in _planted(keys, look_ups, rng):
        (row,) = await get_connection(CONNECTION).execute_query_dict(
            f"SELECT evidence_id, fine FROM picture_fingerprint WHERE id = {answer[place]['id']}"
        )
        wanted = replace(print_, fines=(row["fine"], *print_.fines[1:]))
        begun, begun_own = time.perf_counter(), time.process_time()
        seen = await index.look_up("0" * 64, wanted)
        wall.append((time.perf_counter() - begun) * 1e3)
        own.append((time.process_time() - begun_own) * 1e3)
        found += any(one.evidence_id == row["evidence_id"] for one in seen)
    timer[0].cancel()
    print(
        f"found {found} of {look_ups}; look-up median {np.median(wall):.1f} ms, p95 {np.percentile(wall, 95):.1f} ms "
        f"(CPU of this process {np.median(own):.1f}, {np.percentile(own, 95):.1f}); "
        f"the event loop waited {longest * 1e3:.0f} ms at most; "
        f"process at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB"
    )


# --- distances -------------------------------------------------------------------------------------------------------


def _distances() -> None:
    """Copies of photos against their originals, and photos of other sheets, other poses, other designs."""
    designs = [
        Design(),
        Design(sheet_mm=(120, 80), top_mm=None),
        Design(sheet_mm=(90, 50), code_side_mm=17, right_mm=6, top_mm=6),
        Design(sheet_mm=(100, 140), code_side_mm=28, right_mm=8),
    ]
    shots: dict[tuple[int, int, int], Gray] = {}
    for design, serial in itertools.product(range(len(designs)), range(3)):
        text = TRACE_LINK.format(serial=f"{serial:04d}")
        fields = {**designs[design].fields, "生产批次": f"L2026{'ABC'[serial]}"}
        sheet = render_certificate(replace(designs[design], text=text, fields=fields), px_per_mm=14)
        for pose in range(4):  # one seed for all serials: a stand that nobody moves
            photo = photograph(sheet, 40_000 + 100 * design + pose, Camera())
            shots[design, serial, pose] = _gray(photo.jpeg)
    prints = {shot: _print(gray) for shot, gray in shots.items()}
    copies: dict[str, list[tuple[int, int]]] = {}
    for shot, gray in shots.items():
        for edit, copy in copies_of(gray):
            copies.setdefault(edit, []).append(_apart(_print(copy), prints[shot]))
    others: dict[str, list[tuple[int, int]]] = {}
    for one, other in itertools.combinations(prints, 2):
        kind = "other design" if one[0] != other[0] else "same design, other pose"
        if one[0] == other[0] and one[2] == other[2]:
            kind = "same design, fixed stand"
        others.setdefault(kind, []).append(_apart(_print(shots[one]), prints[other]))
    print(f"copies (same shot at most {SAME_SHOT}, key at most {KEY_RADIUS}): pairs, key median/max, fine median/max")
    for edit, apart in copies.items():
        key, fine = np.array(apart).T
        print(f"  {edit}: {len(apart)}, {np.median(key):.0f}/{key.max()}, {np.median(fine):.0f}/{fine.max()}")
    print("other photos: pairs, key min/1 %/median, fine min/1 %/median, called the same")
    for kind, apart in others.items():
        key, fine = np.array(apart).T
        same = np.mean((key <= KEY_RADIUS) & (fine <= SAME_SHOT))
        print(
            f"  {kind}: {len(apart)}, {key.min()}/{np.percentile(key, 1):.0f}/{np.median(key):.0f}, "
            f"{fine.min()}/{np.percentile(fine, 1):.0f}/{np.median(fine):.0f}, {same:.1%}"
        )


def copies_of(gray: Gray) -> Iterator[tuple[str, Gray]]:
    """What becomes of a photo on its way: named edits and their result."""
    height, width = gray.shape
    trim_y, trim_x = round(0.015 * height), round(0.015 * width)
    yield "JPEG 50", _jpeg(gray, 50)
    yield "half size, JPEG 30", _jpeg(cv2.resize(gray, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), 30)
    yield "chat (1280 px, JPEG 70)", _jpeg(cv2.resize(gray, (1280, round(height * 1280 / width))), 70)
    yield "trimmed 1.5 % all round", gray[trim_y:-trim_y, trim_x:-trim_x]
    yield "trimmed 3 % on one side", gray[:, 2 * trim_x :]
    yield "trimmed 3 % on two sides", gray[2 * trim_y :, 2 * trim_x :]
    yield "brighter by a quarter", np.clip(gray * 1.25 + 10, 0, 255).astype(np.uint8)
    yield "gamma 0.7", _gamma(gray, 0.7)
    yield "gamma 1.4", _gamma(gray, 1.4)
    yield "local contrast", cv2.createCLAHE(2.0, (8, 8)).apply(gray)
    yield (
        "date stamped on it",
        cv2.putText(gray.copy(), "2026-11-26", (width // 20, height - height // 20), 0, height / 600, 255, 3),
    )
    yield "turned a quarter", np.ascontiguousarray(np.rot90(gray))
    bright = np.clip(gray[trim_y:-trim_y, trim_x:-trim_x] * 1.15 + 5, 0, 255).astype(np.uint8)
    yield "trimmed, brighter, chat", _jpeg(cv2.resize(bright, (1080, 810), interpolation=cv2.INTER_AREA), 60)


def _apart(later: Fingerprint, earlier: Fingerprint) -> tuple[int, int]:
    key = min((key ^ earlier.key).bit_count() for turn in later.keys for key in turn)
    return key, later.distance(earlier.fine)


def _print(gray: Gray) -> Fingerprint:
    made = fingerprint(gray)
    assert made is not None
    return made


def _gamma(gray: Gray, power: float) -> Gray:
    return (255 * (gray / 255) ** power).astype(np.uint8)


def _jpeg(gray: Gray, quality: int) -> Gray:
    return _gray(cv2.imencode(".jpg", gray, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes())


def _gray(data: bytes) -> Gray:
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)


def _read(path: Path) -> Gray:
    return _gray(path.read_bytes())


if __name__ == "__main__":
    main()
