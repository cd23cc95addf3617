"""The index of pictures: the truth in a table, the keys in memory (4.1.1, 7.2(2)).

Near copies are found by Hamming distance over 64-bit keys, which no B-tree orders. In SQL one would store the key in
bands and ask for every band within one bit: thousands of index probes a look-up, 28 ms at 200,000 rows on PostgreSQL
and growing with them. In memory the same pigeonhole takes 8 ms of CPU at ten million. So each process keeps the keys,
28 bytes a picture, and asks the table before each look-up for the rows it has not seen. What memory proposes the table
confirms: a dropped picture is never reported, and a process that was killed has lost nothing.
``benchmarks.picture_index`` measures it.
"""

import asyncio
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tortoise.connection import get_connection

from inspection.fingerprint import KEY_RADIUS, SAME_SHOT, Fingerprint
from models import Evidence, PictureFingerprint
from models.transactions import CONNECTION, clean_task
from workflow.ports import Seen

_BANDS, _BAND_BITS = 4, 16
"""Within 7 bits of 64, one of four bands is within one bit of its own: 7 = 4 × 1 + 3."""
_PROBES = np.concatenate([[0], 1 << np.arange(_BAND_BITS)]).astype(np.uint64)
_AT_ONCE = 1 << 17
"""Candidates compared in one go: bounds the memory of a look-up in a crowded band."""
_FRESH = 1 << 14
"""Rows that are searched one by one before they are sorted into bands."""
_TOO_FRESH = 1 << 18
"""So many one by one would take too long: whoever looks up waits for their sorting."""
_GROWTH = 4
"""A part is merged into the one before it once that is at most so many times larger: few parts, little copying."""
_CONFIRMED = 64
"""The nearest candidates by key, whose fingerprints the table is asked for."""
_PAGE = 10_000
_GAP_SECONDS = 600.0
"""Longer than any transaction of ours lasts: an id that is missing for so long was never committed."""
_GAPS = 1000
_FOUND = 8

Ids = NDArray[np.int64]
Keys = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class _Part:
    """Keys in the order of their first band; ``order[b]`` lists their places by the value of another band.

    ``starts[b]`` says where each value begins: 65537 numbers a band.
    """

    ids: Ids
    keys: Keys
    order: tuple[NDArray[np.uint32] | None, ...]
    starts: tuple[NDArray[np.int64], ...]

    @classmethod
    def of(cls, ids: Ids, keys: Keys) -> "_Part":
        first = np.argsort(_band(keys, 0).astype(np.uint16), kind="stable")
        ids, keys = ids[first], keys[first]
        order: list[NDArray[np.uint32] | None] = [None]
        starts = []
        for band in range(_BANDS):
            values = _band(keys, band).astype(np.uint16)
            if band:
                order.append(np.argsort(values, kind="stable").astype(np.uint32))
            counts = np.bincount(values, minlength=1 << _BAND_BITS)
            starts.append(np.concatenate([[0], np.cumsum(counts)]))
        return cls(ids, keys, tuple(order), tuple(starts))

    def near(self, wanted: Keys, radius: int) -> list[tuple[Ids, NDArray[np.uint8]]]:
        found = []
        for band in range(_BANDS):
            values = np.unique(_band(wanted, band)[:, None] ^ _PROBES).astype(np.int64)
            first, last = self.starts[band][values], self.starts[band][values + 1]
            for begin, end in _batches(first, last):
                places, order = _ranges(begin, end), self.order[band]
                found.append(_within(self.ids, self.keys, places if order is None else order[places], wanted, radius))
        return found


class KeyShelf:
    """Keys in memory, found by Hamming distance. What :meth:`near` sees is never changed, only replaced."""

    def __init__(self) -> None:
        self._parts: tuple[_Part, ...] = ()
        self._fresh: tuple[Ids, Keys] = (np.empty(0, np.int64), np.empty(0, np.uint64))

    def __len__(self) -> int:
        return sum(len(part.ids) for part in self._parts) + len(self._fresh[0])

    def add(self, ids: Ids, keys: Keys) -> None:
        """Take in new keys, to be searched one by one until they are tidied."""
        self._fresh = np.concatenate([self._fresh[0], ids]), np.concatenate([self._fresh[1], keys])

    @property
    def fresh(self) -> int:
        return len(self._fresh[0])

    def tidy(self) -> "tuple[tuple[_Part, ...], int]":
        """Sort the fresh keys into parts, for :meth:`replace`; safe in a thread while keys are added and searched."""
        ids, keys = self._fresh
        count, parts = len(ids), list(self._parts)
        while parts and len(parts[-1].ids) <= _GROWTH * len(ids):
            last = parts.pop()
            ids, keys = np.concatenate([last.ids, ids]), np.concatenate([last.keys, keys])
        return (*parts, _Part.of(ids, keys)), count

    def replace(self, tidied: "tuple[tuple[_Part, ...], int]") -> None:
        """Put what :meth:`tidy` made in the place of what it was made of."""
        self._parts, count = tidied
        self._fresh = self._fresh[0][count:].copy(), self._fresh[1][count:].copy()

    def near(self, wanted: tuple[tuple[int, ...], ...], limit: int, radius: int = KEY_RADIUS) -> list[int]:
        """Ids of the ``limit`` nearest keys within ``radius`` of any of the wanted ones, the nearest first."""
        parts, (ids, keys) = self._parts, self._fresh
        every = np.arange(len(ids), dtype=np.uint32)
        found = []
        for turn in wanted:
            mine = np.array(turn, np.uint64)
            for part in parts:
                found += part.near(mine, radius)
            if len(ids):
                found.append(_within(ids, keys, every, mine, radius))
        if not found:
            return []
        hits = np.concatenate([ids for ids, _ in found])
        far = np.concatenate([far for _, far in found])
        by_distance = np.lexsort((hits, far))
        _, firsts = np.unique(hits[by_distance], return_index=True)
        return [int(hits[by_distance[at]]) for at in np.sort(firsts)[:limit]]


class TablePictureIndex:
    """:class:`workflow.ports.PictureIndex` on the fingerprints' table; one a process.

    Rows that are dropped leave their bare key in memory until the process ends; it leads nowhere without its row.
    """

    def __init__(self) -> None:
        self._shelf = KeyShelf()
        self._last = 0
        self._gaps: dict[int, float] = {}
        self._catching_up = asyncio.Lock()
        self._tidying: asyncio.Task[None] | None = None

    async def record(self, evidence_id: int, fingerprint: Fingerprint) -> None:
        """Join the caller's transaction; recording the same evidence again changes nothing."""
        row = PictureFingerprint(evidence_id=evidence_id, key=_signed(fingerprint.key), fine=fingerprint.fine)
        await PictureFingerprint.bulk_create([row], ignore_conflicts=True)

    async def forget(self, evidence_id: int) -> None:
        """Join the caller's transaction: the evidence is dropped and will not be found again (R54)."""
        await PictureFingerprint.filter(evidence_id=evidence_id).delete()

    async def look_up(self, sha256: str, fingerprint: Fingerprint | None, *, besides: int | None = None) -> list[Seen]:
        """The same bytes first, then copies of the same shot, the nearest first; at most eight."""
        others = Evidence.filter(sha256=sha256, dropped_at=None).exclude(id=besides or 0).order_by("id").limit(_FOUND)
        seen = [Seen(one.id, exact=True, distance=0) for one in await others.only("id")]
        if fingerprint is None or len(seen) == _FOUND:
            return seen
        await self.catch_up()
        rows = await asyncio.to_thread(self._shelf.near, fingerprint.keys, _CONFIRMED)
        told = {one.evidence_id for one in seen} | {besides}
        copies = []
        for evidence_id, fine in await PictureFingerprint.filter(id__in=rows).values_list("evidence_id", "fine"):
            if evidence_id not in told and (far := fingerprint.distance(fine)) <= SAME_SHOT:
                copies.append(Seen(evidence_id, exact=False, distance=far))
        copies.sort(key=lambda one: (one.distance, one.evidence_id))
        return (seen + copies)[:_FOUND]

    async def catch_up(self) -> None:
        """Take in the rows that any process committed since; at the start of a process, all of them."""
        async with self._catching_up:
            last, pages = self._last, []
            while True:
                rows = await self._rows(f"id > {last} ORDER BY id LIMIT {_PAGE}")
                if rows:
                    self._note_gaps(last, [row[0] for row in rows])
                    last = rows[-1][0]
                    pages.append(np.array(rows, np.int64))
                if len(rows) < _PAGE:
                    break
            if pages:
                self._take(np.concatenate(pages))
                self._last = last
            await self._look_into_gaps()
        if self._shelf.fresh >= _FRESH and (self._tidying is None or self._tidying.done()):
            self._tidying = clean_task(self._tidy(), "picture-index-tidy")
        if self._shelf.fresh >= _TOO_FRESH:
            await self.aclose()

    async def aclose(self) -> None:
        """Wait for the sorting that is under way."""
        if self._tidying is not None:
            await asyncio.wait([self._tidying])  # not called off with whoever waits for it

    async def _tidy(self) -> None:
        self._shelf.replace(await asyncio.to_thread(self._shelf.tidy))

    async def _rows(self, condition: str) -> list[tuple[int, int]]:
        query = f"SELECT id, key FROM picture_fingerprint WHERE {condition}"  # noqa: S608 - numbers of our own
        _, rows = await get_connection(CONNECTION).execute_query(query)
        return [(row[0], row[1]) for row in rows]

    def _take(self, numbers: NDArray[np.int64]) -> None:
        self._shelf.add(numbers[:, 0].copy(), numbers[:, 1].astype(np.uint64))

    def _note_gaps(self, last: int, ids: list[int]) -> None:
        """Remember ids that were given out but are not there: a later one may have been committed before them."""
        until = time.monotonic() + _GAP_SECONDS
        missing: list[int] = []
        for before, after in zip([last, *ids[:-1]], ids, strict=True):
            if after - before > 1:
                missing += range(max(before + 1, after - _GAPS), after)
        self._gaps.update(dict.fromkeys(missing[-_GAPS:], until))
        for old in list(self._gaps)[:-_GAPS]:
            del self._gaps[old]

    async def _look_into_gaps(self) -> None:
        now = time.monotonic()
        self._gaps = {one: until for one, until in self._gaps.items() if until > now}
        if self._gaps and (late := await self._rows(f"id IN ({', '.join(map(str, self._gaps))})")):
            for one, _ in late:
                del self._gaps[one]
            self._take(np.array(late, np.int64))


def _band(keys: Keys, band: int) -> Keys:
    shifted: Keys = (keys >> np.uint64(band * _BAND_BITS)) & np.uint64((1 << _BAND_BITS) - 1)
    return shifted


def _ranges(first: NDArray[np.int64], last: NDArray[np.int64]) -> NDArray[np.int64]:
    """first[0] … last[0] - 1, first[1] … last[1] - 1, …"""
    counts = last - first
    before = np.cumsum(counts) - counts
    return np.arange(counts.sum()) + np.repeat(first - before, counts)


def _batches(first: NDArray[np.int64], last: NDArray[np.int64]) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """The ranges in batches of about ``_AT_ONCE`` candidates; a range may be longer than that, then it is split."""
    filled = last > first
    first, last = first[filled], last[filled]
    if (last - first).sum() <= _AT_ONCE:
        return [(first, last)] if len(first) else []
    pieces = [
        (begin, min(begin + _AT_ONCE, end))
        for one, end in zip(first.tolist(), last.tolist(), strict=True)
        for begin in range(one, end, _AT_ONCE)
    ]
    batches, begins, ends, size = [], [], [], 0
    for begin, end in pieces:
        begins.append(begin)
        ends.append(end)
        size += end - begin
        if size >= _AT_ONCE:
            batches.append((np.array(begins), np.array(ends)))
            begins, ends, size = [], [], 0
    if begins:
        batches.append((np.array(begins), np.array(ends)))
    return batches


def _within(
    ids: Ids, keys: Keys, places: NDArray[np.integer[Any]], wanted: Keys, radius: int
) -> tuple[Ids, NDArray[np.uint8]]:
    """Of the candidates at ``places`` those within ``radius`` of a wanted key, and how far they are."""
    # The wanted keys are shifts of one picture and near each other: what is far from the first is far from all.
    spread = int(np.bitwise_count(wanted ^ wanted[0]).max())
    candidates = keys[places]
    places = places[np.bitwise_count(candidates ^ wanted[0]) <= radius + spread]
    far = np.bitwise_count(keys[places][:, None] ^ wanted).min(1)
    near = far <= radius
    return ids[places[near]], far[near]


def _signed(key: int) -> int:
    """The 64 bits as a BIGINT holds them."""
    return key - (1 << 64) if key >> 63 else key
