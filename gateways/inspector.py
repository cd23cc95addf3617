"""The inspector's process pool: a spawned process a picture, bounded in memory and time, gone when its parent is."""

import asyncio
import multiprocessing
import os
import resource
import signal
import threading
import time
from datetime import datetime
from importlib import import_module
from types import TracebackType
from typing import TypeVar

from pebble import ProcessFuture, ProcessPool

from config.settings import InspectorSettings
from inspection.materials import BodyReport, DocumentReport, ItemLine, Ledger, LedgerRefused, ScreenshotReport
from inspection.report import Inspected, PictureRefused, ProductHint, Report, Request
from workflow.ports import InspectionFailed

_Answer = TypeVar("_Answer")

_WATCH_SECONDS = 0.4
_START_SECONDS = 60.0
_NO_MEMORY = -4
"""OpenCV's own code for it (``cv::Error::StsNoMem``)."""


class PooledInspector:
    """:class:`workflow.ports.Inspector` on spawned processes.

    ``start`` loads every worker's libraries and models before the first picture needs them; ``close`` ends them. A
    picture that takes too long costs its process, which is replaced; so does one that exhausts the memory.
    """

    def __init__(self, settings: InspectorSettings) -> None:
        self._settings = settings
        self._pool: ProcessPool | None = None
        self._waiting: set[ProcessFuture[object]] = set()

    async def start(self) -> None:
        """Start the workers and wait until each is warm; raises :class:`InspectionFailed` where they do not come up."""
        if self._pool is None:
            self._pool = ProcessPool(
                max_workers=self._settings.workers,
                max_tasks=self._settings.pictures_per_process,
                initializer=_prepare,
                initargs=(os.getpid(), self._settings.memory_mb),
                context=multiprocessing.get_context("spawn"),
            )
        # Held for a moment each, so that one quick worker does not take every task.
        ready = (self._run(_hold, 0.3, seconds=_START_SECONDS) for _ in range(self._settings.workers))
        await asyncio.wait_for(asyncio.gather(*ready), _START_SECONDS)

    async def close(self) -> None:
        """End the workers at once; pictures under way fail."""
        pool, self._pool = self._pool, None
        if pool is not None:
            for future in list(self._waiting):  # a stopped pool never answers for the work it held
                future.cancel()
            await asyncio.to_thread(_end, pool)

    async def __aenter__(self) -> "PooledInspector":
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def inspect(self, request: Request) -> Inspected:
        """Judge one picture in a process of its own; see :meth:`workflow.ports.Inspector.inspect`."""
        return await self._ask(Inspected, "inspection.inspector:inspect", request)

    async def inspect_body(
        self, data: bytes, products: tuple[ProductHint, ...] = (), certificate: Report | None = None
    ) -> BodyReport:
        """Judge one photo of a body or package; see :meth:`workflow.ports.Inspector.inspect_body`."""
        return await self._ask(BodyReport, "inspection.body:inspect_body", data, products, certificate)

    async def inspect_screenshot(self, data: bytes, expected_code: str | None, now: datetime) -> ScreenshotReport:
        """Judge one look-up screenshot; see :meth:`workflow.ports.Inspector.inspect_screenshot`."""
        return await self._ask(
            ScreenshotReport, "inspection.screenshot:inspect_screenshot", data, expected_code, now
        )  # fmt: skip

    async def read_ledger(self, data: bytes, name: str) -> Ledger:
        """Read one ledger; see :meth:`workflow.ports.Inspector.read_ledger`."""
        return await self._ask(Ledger, "inspection.ledger:read_ledger", data, name)

    async def read_items(self, data: bytes, name: str) -> tuple[ItemLine, ...]:
        """Read a list of items; see :meth:`workflow.ports.Inspector.read_items`."""
        lines: tuple[ItemLine, ...] = await self._ask(tuple, "inspection.ledger:read_items", data, name)
        return lines

    async def read_document(self, data: bytes) -> DocumentReport:
        """Read one document; see :meth:`workflow.ports.Inspector.read_document`."""
        roots = self._settings.signature_roots
        return await self._ask(DocumentReport, "inspection.document:read_document", data, roots)

    async def check(self) -> None:
        """Raise :class:`InspectionFailed` where the pool is not running."""
        if self._pool is None or not self._pool.active:
            raise InspectionFailed("crash")

    async def _ask(self, kind: type[_Answer], entry: str, *arguments: object) -> _Answer:
        """The answer of ``entry`` (``module:function`` of the inspection) from a worker; a refusal is raised here."""
        outcome = await self._run(_answer, entry, *arguments, seconds=self._settings.seconds)
        if isinstance(outcome, (PictureRefused, LedgerRefused)):
            raise outcome
        if not isinstance(outcome, kind):
            raise InspectionFailed("crash")
        return outcome

    async def _run(self, work: object, *arguments: object, seconds: float) -> object:
        """Schedule one task; its time counts from when a worker takes it, so waiting in line costs nothing."""
        pool = self._pool
        if pool is None or not pool.active:
            raise InspectionFailed("crash")
        future = pool.schedule(work, args=list(arguments), timeout=seconds)
        self._waiting.add(future)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise  # the caller gave up: pebble ends the worker
            raise InspectionFailed("crash") from None  # the pool was closed under it
        except TimeoutError as error:
            raise InspectionFailed("timeout") from error
        except Exception as error:
            raise InspectionFailed("crash") from error
        finally:
            self._waiting.discard(future)


def _end(pool: ProcessPool) -> None:
    pool.stop()
    pool.join(timeout=10)


# --- in the child ---------------------------------------------------------------------------------------------------


def _prepare(parent: int, memory_mb: int) -> None:
    """Set up one worker: an end that follows the parent's, a memory bound, single-threaded libraries, warm models."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    threading.Thread(target=_follow, args=(parent,), name="parent-watch", daemon=True).start()
    size = memory_mb * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    import cv2  # noqa: PLC0415 - the child pays for the libraries, never the parent

    from inspection import inspector, ocr  # noqa: F401, PLC0415

    cv2.setNumThreads(1)
    ocr.warm()


def _follow(parent: int) -> None:
    """Leave when the parent is gone, even after ``kill -9``, which runs no handler and closes no pool."""
    while os.getppid() == parent:
        time.sleep(_WATCH_SECONDS)
    os._exit(1)


def _hold(seconds: float) -> None:
    time.sleep(seconds)


def _answer(entry: str, *arguments: object) -> object:
    """Call one inspection; a refusal is an answer. Memory that ran out ends the process: its state is doubtful."""
    import cv2  # noqa: PLC0415

    module, _, function = entry.partition(":")
    try:
        return getattr(import_module(module), function)(*arguments)
    except (PictureRefused, LedgerRefused) as refusal:
        return type(refusal)(refusal.code, refusal.advice)  # without the frames that led to it
    except MemoryError:
        os._exit(3)
    except cv2.error as error:
        if error.code == _NO_MEMORY:
            os._exit(3)
        raise
