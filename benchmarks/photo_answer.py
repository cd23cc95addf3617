"""A photo in chat, from the push of its message to the answer, against the floor of the same photo.

The floor is what no implementation on these libraries can leave out: decode the JPEG, one zxing-cpp read, one rapidocr
pass over the very view in which the inspection looks for text. One process, one thread, models warm. Ours is all of
it through the real callback: simulator → verify, decrypt → store → inspect in another process → record → answer.
Then four users send at once, round after round: how soon they are answered, and that nobody is left out.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import cv2
import numpy as np
import zxingcpp
from rapidocr import RapidOCR

from inspection import ocr
from inspection.inspector import inspect
from inspection.report import Request
from tests.app.phone import PHOTOS, Phone
from tests.servers import running

NAMES = ("good_100x70.jpg", "small_code_100x70.jpg", "near_edge_100x70.jpg", "low_contrast_100x70.jpg")
ONE_THREAD = {
    "EngineConfig.onnxruntime.intra_op_num_threads": 1,
    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
    "Global.log_level": "error",
    "Global.use_cls": False,
    "Det.limit_type": "max",
    "Det.limit_side_len": 2000,
}
REPEATS, ROUNDS, AT_ONCE = 6, 8, 4
SHEET = (100.0, 70.0)


def floor_of(data: bytes) -> Callable[[], None]:
    """The bare work on one photo, with the text view that the inspection used."""
    views: list[Any] = []
    whole = ocr.read

    def noting(view: Any, *rest: Any) -> Any:
        views.append(view)
        return whole(view, *rest)

    ocr.read = noting
    try:
        inspect(Request(data, SHEET))
    finally:
        ocr.read = whole
    engine = RapidOCR(params=ONE_THREAD)

    def bare() -> None:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
        zxingcpp.read_barcodes(picture)
        engine(views[0])

    return bare


def seconds_of(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


async def main() -> None:
    photos = {name: (PHOTOS / name).read_bytes() for name in NAMES}
    cv2.setNumThreads(1)
    floors = {name: floor_of(data) for name, data in photos.items()}
    ours: list[float] = []
    bottom: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        async with running(Path(folder)) as pair, aiohttp.ClientSession() as session:

            async def sized(user: str) -> Phone:
                phone = Phone(session, pair.simulator_url, user)
                await phone.text("100x70")
                return phone

            for turn in range(REPEATS):
                for name in NAMES:
                    phone = await sized(f"one-{turn}-{name}")
                    result = await phone.photo(name)
                    assert result["reply"] is not None, result
                    ours.append(result["attempts"][-1]["seconds"])
                    bottom.append(seconds_of(floors[name]))
            answered: list[float] = []
            passive = pushed = 0
            for turn in range(ROUNDS):
                phones = [await sized(f"four-{turn}-{index}") for index in range(AT_ONCE)]
                results = await asyncio.gather(
                    *(phone.photo(NAMES[index], wait=30, expect=1) for index, phone in enumerate(phones))
                )
                for phone, result in zip(phones, results, strict=True):
                    if result["reply"] is not None:
                        passive += 1
                        answered.append(result["attempts"][-1]["seconds"])
                    else:
                        chat = await phone.chat()
                        told = [e for e in chat if e["direction"] == "account" and "完整报告" in str(e.get("content"))]
                        asked = next(e for e in reversed(chat) if e["direction"] == "user")
                        pushed += len(told)
                        answered.extend(entry["at"] - asked["at"] for entry in told)
    lost = ROUNDS * AT_ONCE - passive - pushed
    mine, low = statistics.median(ours), statistics.median(bottom)
    print(f"photo to answer, one user, {len(ours)} photos of 1.2 MP as chat delivers them")
    print(f"  ours {mine:.2f} s   floor {low:.2f} s   ratio {mine / low:.2f}")
    print(f"photo to answer, {AT_ONCE} users at once, {ROUNDS} rounds")
    print(
        f"  median {statistics.median(answered):.2f} s   p95 {np.percentile(answered, 95):.2f} s   "
        f"passive {passive}, by a later message {pushed}, lost {lost}"
    )
    if lost:
        sys.exit("a photo was not answered")


if __name__ == "__main__":
    asyncio.run(main())
