"""The log of scans: many look-ups share one transaction, and each waits until its own is committed (4.3.3).

While one transaction is being committed, those that come meanwhile gather for the next: an idle process writes at once,
a busy one writes many together, and nothing is delayed on purpose. What was answered is on record, also after kill -9.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from models import Road, ScannedCode, ScanOutcome
from models.prepared import Prepared
from models.scan_rows import append_events, count_up
from models.transactions import clean_task, transaction

AT_ONCE = 1000
"""Events of one transaction at most."""


@dataclass(frozen=True, slots=True)
class History:
    """What stood of an item's code before this visit: how often it had been looked up, first and last when.

    A visitor's own look-ups of the same day are not in it; ``only_by_you``: there were no others, but those there were.
    ``first_region`` is empty where nobody said it.
    """

    times: int
    first_at: datetime | None
    first_region: str
    last_at: datetime | None
    only_by_you: bool


@dataclass(frozen=True, slots=True)
class Scan:
    """One event to append; ``names_item``: its code is one item's, whose scans are counted."""

    at: datetime
    code_key: str
    code: str
    enterprise_id: int | None
    product_id: int | None
    road: Road
    outcome: ScanOutcome
    region: str
    visitor: str
    names_item: bool


_SCANNED = Prepared(lambda keys: ScannedCode.filter(code_key__in=keys))


@dataclass(slots=True)
class _Known:
    """What a row of ``scanned_code`` says, as it will be when the batch is committed."""

    times: int
    first_at: datetime
    first_region: str
    last_at: datetime
    last_visitor: str
    before_at: datetime | None


class ScanLog:
    """Of one process. :meth:`append` from any task; never within a transaction: it is another task that commits."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Scan, asyncio.Future[History | None]]] = []
        self._writing = False

    async def append(self, scan: Scan) -> History | None:
        """Returns when the event is committed: what stood before it, None where the code names no item."""
        done: asyncio.Future[History | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((scan, done))
        if not self._writing:
            self._writing = True
            clean_task(self._write(), "scan log")
        return await done

    async def _write(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
                await _settle(batch)
        finally:
            self._writing = False


async def _settle(batch: Sequence[tuple[Scan, "asyncio.Future[History | None]"]]) -> None:
    """Write the batch and wake who waits for it, with the error where it could not be written."""
    try:
        found = await write([scan for scan, _ in batch])
    except BaseException as error:
        for _, done in batch:
            if not done.done():
                done.set_exception(error if isinstance(error, Exception) else asyncio.CancelledError())
        if not isinstance(error, Exception):
            raise
    else:
        for (_, done), history in zip(batch, found, strict=True):
            if not done.done():
                done.set_result(history)


async def write(scans: Sequence[Scan]) -> list[History | None]:
    """All of them in one transaction, in their order; what stood before each."""
    counting = _Counting()
    async with transaction():
        keys = sorted({scan.code_key for scan in scans if scan.names_item})
        await counting.read(keys)
        found = [counting.next(scan) if scan.names_item else None for scan in scans]
        await append_events([
            (one.at, one.code_key, one.code, one.enterprise_id, one.product_id, one.road, one.outcome, one.region,
             one.visitor)
            for one in scans
        ])  # fmt: skip
        await count_up(list(counting.first_rows(keys)))
        await count_up(list(counting.further_rows(keys)))
    return found


async def history_of(code_key: str, visitor: str) -> History:
    """What stands of an item's code for this visitor; nothing is recorded."""
    counting = _Counting()
    await counting.read([code_key])
    return counting.history(code_key, visitor)


@dataclass
class _Counting:
    """The codes of a batch: what is known of each, and who is counted in it, in their order."""

    known: dict[str, _Known] = field(default_factory=dict)
    counted: dict[str, list[Scan]] = field(default_factory=dict)
    told: dict[tuple[str, str], History] = field(default_factory=dict)

    async def read(self, keys: Sequence[str]) -> None:
        """What other batches left."""
        for row in await _SCANNED(keys):
            self.known[row.code_key] = _Known(
                row.times, row.first_at, row.first_region, row.last_at, row.last_visitor, row.before_at
            )

    def history(self, code_key: str, visitor: str) -> History:
        """What stands now, seen by this visitor."""
        now = self.known.get(code_key)
        if now is None:
            return History(0, None, "", None, only_by_you=False)
        mine = bool(visitor) and visitor == now.last_visitor
        if mine and now.times == 1:
            return History(0, None, "", None, only_by_you=True)
        last_at = now.before_at if mine else now.last_at
        return History(now.times - mine, now.first_at, now.first_region, last_at, only_by_you=False)

    def next(self, scan: Scan) -> History:
        """What stood before this scan; then it is counted, unless it is the same visitor's again."""
        before = self.told.get((scan.code_key, scan.visitor))
        if before is not None:
            return before
        before = self.history(scan.code_key, scan.visitor)
        if scan.visitor:
            self.told[scan.code_key, scan.visitor] = before
        self.counted.setdefault(scan.code_key, []).append(scan)
        now = self.known.get(scan.code_key)
        if now is None:
            self.known[scan.code_key] = _Known(1, scan.at, scan.region, scan.at, scan.visitor, None)
        elif not scan.visitor or scan.visitor != now.last_visitor:
            now.times, now.before_at = now.times + 1, now.last_at
            now.last_at, now.last_visitor = scan.at, scan.visitor
        return before

    def first_rows(self, keys: Sequence[str]) -> Iterator[tuple[object, ...]]:
        """The first visitor of each code, who may be the one that the table knows as its last."""
        for key in keys:
            first = self.counted[key][0]
            yield (key, first.product_id, first.at, first.region, first.at, first.visitor, None, 1)

    def further_rows(self, keys: Sequence[str]) -> Iterator[tuple[object, ...]]:
        """All others of each code together: after the first one, each of them is somebody else."""
        for key in keys:
            first, *others = self.counted[key]
            if others:
                last, before_at = others[-1], others[-2].at if len(others) > 1 else None
                yield (key, last.product_id, first.at, first.region, last.at, last.visitor, before_at, len(others))
