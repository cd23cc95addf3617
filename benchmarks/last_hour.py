"""The last evening of a month: photos of certificates and bodies arrive in chat within minutes, at a real server (8.1).

``python -m benchmarks.last_hour postgres://… redis://…/9`` sends ``--photos`` of them, ``--per-second``, by people who
file the month of their firm (firms of ``benchmarks.journey_firms``; drawn once, kept in ``--kept``). Doors and worker,
with its inspection processes, are processes of their own (``--together``: one), and so is the simulator that stands in
for WeChat. Throughout, others chat: two questions a second, by text and menu, each timed as WeChat times the callback.

Told are: how soon all were recorded and queued; in which order they were judged; that each ended with a verdict or a
reason, and with one answer; CPU, memory and time. The floor is the CPU of looking alone, one thread, on some of these
photos: each as a photo of the chat, and what turns out to be a body once more as one. It ends with an error where a
photo was lost or answered twice, or where other chat waited longer than it may.
"""

import argparse
import asyncio
import itertools
import os
import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import cv2
import numpy as np
from tortoise.expressions import Q
from tortoise.queryset import QuerySet
from tqdm import tqdm

from app.demo.firm import DemoFirm
from app.demo.materials import demo_products
from benchmarks.databases import emptied_redis, own_database
from benchmarks.journey_firms import MENDS_EACH, sample_firm
from benchmarks.processes import CORES, Watch, print_used, watching
from bot.menu import KEY_FIRM, KEY_RECENT
from config.clock import SystemClock
from config.settings import Settings
from docs.draw_demo import CHAT_CAMERA
from docs.draw_demo import photos as drawn
from inspection import ocr
from inspection.body import inspect_body
from inspection.inspector import inspect
from inspection.report import ProductHint, Request
from inspection.subject import Subject, subject_of
from models import (
    Answer,
    AnswerKind,
    AnswerState,
    Channel,
    FilingState,
    InboxEntry,
    Job,
    MonthlyFiling,
    Photo,
    Staff,
    WeChatIdentity,
)
from models.database import open_database
from simulator.people import openid_of
from simulator.pictures import chat_jpeg
from standard.calendar import midnight, shanghai_day
from standard.months import Month, filing_window
from standard.profile import edition_on
from tests import rows
from tests.app.phone import Phone
from tests.servers import Server, free_port
from tests.workflow.living import living
from workflow.intake.photo_jobs import UNDER_WAY

MORNING, EVENING = timedelta(hours=10), timedelta(hours=20)
"""Of the day on which the month opens, and of the last one: there is time until midnight."""
PHOTOS_OF_FIVE_FIRMS = 11
"""A certificate and a body each; the fifth also has a certificate that it printed too small."""
FIRST_ASKER, ASKERS, ASK_EVERY = 9000, 20, 0.5
ASKED: tuple[dict[str, str], ...] = (
    {"type_": "text", "content": "我的企业"},
    {"type_": "event", "event": "CLICK", "key": KEY_RECENT},
    {"type_": "text", "content": "进度"},
    {"type_": "event", "event": "CLICK", "key": KEY_FIRM},
    {"type_": "text", "content": "帮助"},
)
LONGEST = 1.0
"""Seconds in which other chat is answered, 95 of 100 times."""
LOOK_EVERY, PATIENCE = 2.0, 300.0
"""How often is looked what is left; where so long nothing ended at all, something is stuck."""
FLOOR_PHOTOS = 24
AT_ONCE = 8
OPEN = (AnswerState.AWAITING, AnswerState.READY, AnswerState.SENDING)
DELIVERED = (AnswerState.PASSIVE, AnswerState.SENT)


@dataclass(frozen=True, slots=True)
class Sender:
    """Somebody who files for the firm of this number, and what lies on the phone."""

    number: int
    pictures: tuple[Path, ...] = ()

    @property
    def user(self) -> str:
        return f"firm{self.number:04d}"

    @property
    def firm(self) -> DemoFirm:
        return sample_firm(self.number)


@dataclass(frozen=True, slots=True)
class Place:
    """The running processes by name, where the server and WeChat are reached, and which process looks at photos."""

    pids: dict[str, int]
    base: str
    simulator: str
    inspecting: str


@dataclass
class Evening:
    """What was measured: when it began and how many seconds later all were recorded and all was over; seconds of the
    callback by question, where there was an answer, and those that had none; photos whose callback failed, by how."""

    began: datetime
    recorded: float = 0.0
    over: float = 0.0
    asked: list[tuple[str, float]] = field(default_factory=list)
    unanswered: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("postgres", metavar="POSTGRES", help="postgres://…: a server")
    parser.add_argument("redis", metavar="REDIS", help="redis://…/9: a database that nobody uses")
    parser.add_argument("--photos", type=int, default=2000)
    parser.add_argument("--per-second", type=float, default=10.0)
    parser.add_argument("--together", action="store_true", help="doors and worker in one process")
    parser.add_argument("--kept", type=Path, default=Path(tempfile.gettempdir()) / "zhuisu-last-hour")
    given = parser.parse_args()
    asyncio.run(_run(_senders(given.photos, given.kept), given))


async def _run(senders: Sequence[Sender], given: argparse.Namespace) -> None:
    photos = sum(len(one.pictures) for one in senders)
    with tempfile.TemporaryDirectory() as folder:
        async with emptied_redis(given.redis), own_database(given.postgres) as url, open_database(url, migrate=False):
            settings = {
                "ZHUISU_DATA_DIR": folder,
                "ZHUISU_DATABASE_URL": url,
                "ZHUISU_REDIS_URL": given.redis,
                "ZHUISU_LOG_LEVEL": "ERROR",
                "ZHUISU_WECHAT__APP_ID": f"wxbench{secrets.token_hex(5)}",
            }
            crowd = aiohttp.TCPConnector(limit=0)
            async with _processes(settings, given.together) as place, aiohttp.ClientSession(connector=crowd) as http:
                month = await _settle(http, place, senders, settings["ZHUISU_WECHAT__APP_ID"])
                await _begin(http, place, senders, month)
                async with watching(
                    {**place.pids, "clients": os.getpid()}, place.inspecting, urlsplit(url).path[1:]
                ) as watch:
                    evening = await _spend(http, place, senders, given.per_second)
                twice = await _told_otherwise(http, place, senders, evening)
            lost = await _print_photos(evening, photos)
    _print_cost(evening, watch, photos, _floor(senders))
    slow = _print_chat(evening)
    if lost or twice or slow:
        sys.exit("; ".join([*lost, *twice, *slow]))


# --- people, their firms and photos -----------------------------------------------------------------------------------


def _senders(photos: int, kept: Path) -> list[Sender]:
    """People with so many photos among them."""
    numbers = range(1, photos * MENDS_EACH // PHOTOS_OF_FIVE_FIRMS + 2)
    with ProcessPoolExecutor(CORES, mp_context=get_context("spawn")) as pool:
        made = pool.map(partial(_drawn, kept=kept), numbers)
        all_of_them = list(tqdm(made, desc=f"drawn, kept in {kept}", total=len(numbers)))
    senders = []
    for number, pictures in zip(numbers, all_of_them, strict=True):
        senders.append(Sender(number, pictures[:photos]))
        photos -= len(senders[-1].pictures)
    return [one for one in senders if one.pictures]


def _drawn(number: int, kept: Path) -> tuple[Path, ...]:
    """The firm's photos as chat passes them on."""
    folder = kept / f"{number:04d}"
    if not folder.exists():
        part = folder.with_name(f"{folder.name}.part")
        part.mkdir(parents=True, exist_ok=True)
        firm, small = sample_firm(number), number % MENDS_EACH == 0
        for name, jpeg in drawn(firm, seed=3000 + number, too_small=small, camera=CHAT_CAMERA):
            (part / name).write_bytes(chat_jpeg(jpeg))
        part.rename(folder)
    return tuple(sorted(folder.iterdir()))


async def _settle(http: aiohttp.ClientSession, place: Place, senders: Sequence[Sender], app_id: str) -> Month:
    """All firms have a certificate of today, and it is the last evening of its first month; all were reminded."""
    issued = shanghai_day(SystemClock().now())
    askers = [Sender(FIRST_ASKER + number) for number in range(ASKERS)]
    for one in [*senders, *askers]:
        await _member(one, issued, app_id)
    month = Month.of(issued).plus(1)
    days = filing_window(month, edition_on(issued))
    await _move(http, place, midnight(days.opens) + MORNING)
    await _until(MonthlyFiling.filter(state=FilingState.OPEN), len(senders) + ASKERS)
    await _move(http, place, midnight(days.closes) + EVENING)
    await _until(InboxEntry.filter(key__startswith="remind:", key__contains=":last:"), len(senders) + ASKERS)
    await _until(Job.filter(done_at=None, dead_at=None, due_at__lte=await _now(http, place)), 0)
    return month


async def _move(http: aiohttp.ClientSession, place: Place, to: datetime) -> None:
    async with http.post(f"{place.base}/dev/clock", json={"to": to.isoformat()}) as moved:
        assert moved.status == 200, await moved.text()


async def _until(found: QuerySet[Any], count: int) -> None:
    """Until there are so many."""
    async with asyncio.timeout(PATIENCE):
        while await found.count() != count:  # noqa: ASYNC110 - other processes work
            await asyncio.sleep(LOOK_EVERY)


async def _member(sender: Sender, issued: date, app_id: str) -> None:
    firm = sender.firm
    one = await living(grade="A", issued=issued, app_id=app_id, name=firm.name, uscc=firm.uscc)
    for made in demo_products(firm):
        width, height = made.pop("sheet_mm")
        await rows.product(
            enterprise_id=one.firm.id, sheet_width_um=round(width * 1000), sheet_height_um=round(height * 1000), **made
        )
    staff = await Staff.get(person_id=one.asker.person_id)
    await WeChatIdentity.filter(person_id=one.asker.person_id).update(
        openid=openid_of(sender.user, app_id), staff_id=staff.id, consented_at=rows.NOW, notice_shown_at=rows.NOW
    )


async def _now(http: aiohttp.ClientSession, place: Place) -> datetime:
    async with http.get(f"{place.base}/dev/clock") as answer:
        return datetime.fromisoformat((await answer.json())["now"])


async def _begin(http: aiohttp.ClientSession, place: Place, senders: Sequence[Sender], month: Month) -> None:
    """Each says that they file the month: from then on their photos belong to it."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def begin(one: Sender) -> None:
        async with turns:
            answer = await Phone(http, place.simulator, one.user).text("月度提报")
        assert (answer or "").startswith(f"{month.number} 月提报"), answer

    await asyncio.gather(*(begin(one) for one in senders))


# --- the processes ----------------------------------------------------------------------------------------------------


@asynccontextmanager
async def _processes(settings: dict[str, str], together: bool) -> AsyncIterator[Place]:
    base, simulator = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    settings = {**settings, "ZHUISU_PORT": base.rpartition(":")[2], "ZHUISU_WECHAT__API_BASE": f"{simulator}/sim/api"}
    callback, people = f"{base}/wechat/callback", f"{simulator}/sim/users"
    port = simulator.rpartition(":")[2]
    # Everybody's photos and their marked-up pictures: WeChat keeps them for days.
    options = ["--port", port, "--callback", callback, "--media-mb", "4096"]
    servers = {"simulator": Server(["-m", "simulator", *options], settings, people)}
    if together:
        servers["server"] = Server(["-m", "app", "serve"], settings, f"{base}/readyz")
    else:
        servers["doors"] = Server(["-m", "app", "serve", "--no-work"], settings, f"{base}/readyz")
        servers["worker"] = Server(["-m", "app", "serve", "--no-doors"], settings, f"{base}/readyz")
    async with AsyncExitStack() as stack:
        for server in servers.values():
            await server.start()
            stack.push_async_callback(server.stop)
        pids = {name: server.pid for name, server in servers.items()}
        yield Place(pids, base, simulator, "server" if together else "worker")


# --- the evening ------------------------------------------------------------------------------------------------------


async def _spend(http: aiohttp.ClientSession, place: Place, senders: Sequence[Sender], per_second: float) -> Evening:
    """Send all photos while others chat, and wait until everything is over."""
    evening = Evening(await _now(http, place))
    chatting = asyncio.create_task(_chat(http, place, evening))
    started = time.perf_counter()
    try:
        sending, sent = [], 0
        for one in senders:
            await asyncio.sleep(started + sent / per_second - time.perf_counter())
            sending += [asyncio.create_task(_send(http, place, one, path, evening)) for path in one.pictures]
            sent += len(one.pictures)
        await asyncio.gather(*sending)
        evening.recorded = ((await _latest()) - evening.began).total_seconds()
        await _until_over(sent)
        evening.over = time.perf_counter() - started
    finally:
        chatting.cancel()
        await asyncio.gather(chatting, return_exceptions=True)
    return evening


async def _send(http: aiohttp.ClientSession, place: Place, one: Sender, path: Path, evening: Evening) -> None:
    result = await Phone(http, place.simulator, one.user).photo(path, original=True)
    evening.faults.update([result["fault"]] if result["fault"] else [])


async def _latest() -> datetime:
    newest = await Photo.all().order_by("-received_at").first()
    assert newest is not None
    return newest.received_at


async def _chat(http: aiohttp.ClientSession, place: Place, evening: Evening) -> None:
    """Somebody asks something, whether those before were answered or not."""
    phones = itertools.cycle([Phone(http, place.simulator, f"firm{FIRST_ASKER + n:04d}") for n in range(ASKERS)])
    started = time.perf_counter()
    async with asyncio.TaskGroup() as asking:
        for number, asked in enumerate(itertools.cycle(ASKED)):
            await asyncio.sleep(started + number * ASK_EVERY - time.perf_counter())
            asking.create_task(_ask(next(phones), asked, evening))


async def _ask(phone: Phone, asked: dict[str, str], evening: Evening) -> None:
    what = asked.get("content") or f"menu {asked['key']}"
    result = await phone.send(**asked)  # type: ignore[arg-type]
    if result["reply"] is not None:
        evening.asked.append((what, sum(one["seconds"] for one in result["attempts"])))
    else:
        evening.unanswered[f"{what}: {result['fault'] or 'nothing to say in time'}"] += 1


async def _until_over(photos: int) -> None:
    with tqdm(desc="judged", total=photos) as bar:
        changed, before = time.perf_counter(), 0
        while True:
            waiting = await Photo.filter(state__in=UNDER_WAY).count()
            left = waiting + await Answer.filter(notice__isnull=True, state__in=OPEN).count()
            bar.update(photos - waiting - bar.n)
            if not left:
                return
            if left != before:
                changed, before = time.perf_counter(), left
            elif time.perf_counter() - changed > PATIENCE:
                print(f"{left} photos and answers are stuck")
                return
            await asyncio.sleep(LOOK_EVERY)


async def _told_otherwise(
    http: aiohttp.ClientSession, place: Place, senders: Sequence[Sender], evening: Evening
) -> list[str]:
    """People whose phone shows another number of texts, since it began, than was delivered to them."""
    identities = dict(await WeChatIdentity.all().values_list("openid", "id"))
    chat = Q(channel=Channel.SERVICE) | Q(state=AnswerState.PASSIVE)
    answers = Answer.filter(chat, kind=AnswerKind.TEXT, settled_at__gte=evening.began)
    delivered = Counter(await answers.filter(state__in=DELIVERED).values_list("identity_id", flat=True))
    doubtful = set(await answers.filter(state=AnswerState.UNCERTAIN).values_list("identity_id", flat=True))
    app_ids = await WeChatIdentity.all().distinct().values_list("app_id", flat=True)
    wrong = 0
    for one in senders:
        identity = identities[openid_of(one.user, app_ids[0])]
        chat = await Phone(http, place.simulator, one.user).chat()
        first = next(number for number, entry in enumerate(chat) if entry["type"] == "image")
        told = sum(entry["direction"] == "account" and entry["type"] == "text" for entry in chat[first:])
        wrong += told != delivered[identity] and identity not in doubtful
    return [f"{wrong} people were told more or less than was delivered"] if wrong else []


# --- the floor --------------------------------------------------------------------------------------------------------


def _floor(senders: Sequence[Sender]) -> float:
    """CPU seconds of looking at one photo: the mean of some."""
    cv2.setNumThreads(1)
    ocr.warm()
    pictures = [(one, path) for one in senders for path in one.pictures]
    some = pictures[:: max(1, len(pictures) // FLOOR_PHOTOS)]
    return sum(_looking(one.firm, path.read_bytes()) for one, path in some) / len(some)


def _looking(firm: DemoFirm, data: bytes) -> float:
    (made,) = demo_products(firm)
    hint = ProductHint("1", made["sheet_mm"], (made["gtin"],), made["model"], made["record"])
    started = time.process_time()
    report = inspect(Request(data, hint.sheet_mm, (hint,))).report
    if subject_of(report.to_json()) is Subject.BODY:
        inspect_body(data, (hint,), None)
    return time.process_time() - started


# --- telling ----------------------------------------------------------------------------------------------------------


async def _print_photos(evening: Evening, photos: int) -> list[str]:
    """How the photos went; what went wrong."""
    found = await Photo.all().order_by("received_at", "id").prefetch_related("answer", "evidence", "inspection")
    ended = [one for one in found if one.judged_at is not None]
    verdicts = Counter(
        f"verdict {one.inspection.verdict}" if one.inspection else f"refused: {one.refusal_code}" for one in ended
    )
    answers = {one.answer.id: one.answer for one in found if one.answer is not None}
    came = Counter(str(one.state) for one in answers.values())
    print(f"\n{photos} photos in chat: recorded and queued {len(found)}, the last {evening.recorded:.1f} s after "
          f"the first was sent; callbacks that failed: {dict(evening.faults) or 'none'}")  # fmt: skip
    print(f"  ended {len(ended)}: {_counted(verdicts)}; in {len(answers)} answers: {_counted(came)}")
    _print_order(ended)
    _print_seconds("recorded → its bytes kept", [_between(one.received_at, one.evidence.received_at) for one in ended
                                                if one.evidence is not None])  # fmt: skip
    _print_seconds("recorded → judged", [_between(one.received_at, one.judged_at) for one in ended])
    _print_seconds("first of an answer → answered", [
        _between(one.created_at, one.settled_at) for one in answers.values() if one.settled_at is not None
    ])  # fmt: skip
    silent = [one for one in answers.values() if one.state not in DELIVERED and not one.error]
    dead = await Job.filter(dead_at__not_isnull=True).count()
    again = Counter(await Job.filter(attempts__gt=1).values_list("kind", flat=True))
    print(f"  jobs run again: {_counted(again) or 'none'}; given up {dead}")
    wrong = {
        "photos not recorded": photos - len(found),
        "photos without an end": len(found) - len(ended),
        "photos without an answer": sum(one.answer is None for one in found),
        "answers neither delivered nor with a reason": len(silent),
        "jobs given up": dead,
    }
    return [f"{count} {what}" for what, count in wrong.items() if count]


def _print_order(ended: Sequence[Photo]) -> None:
    """How far the order of judging is that of arrival; ``ended`` in the latter."""
    width = Settings.model_validate({}).worker_concurrency
    judged = np.argsort(np.argsort([one.judged_at.timestamp() for one in ended if one.judged_at], kind="stable"))
    overtaken = [int((judged[place + 1 :] < mine).sum()) for place, mine in enumerate(judged)]
    rank = float(np.corrcoef(np.arange(len(judged)), judged)[0, 1])
    beyond = sum(times > width for times in overtaken)
    print(f"  order: rank correlation of arrival and verdict {rank:.5f}; overtaken by more than the {width} that are "
          f"judged at a time: {beyond}, at the most by {max(overtaken)}")  # fmt: skip


def _between(first: datetime, then: datetime | None) -> float:
    assert then is not None
    return (then - first).total_seconds()


def _print_seconds(what: str, seconds: Sequence[float]) -> None:
    if seconds:
        p50, p95 = np.percentile(seconds, [50, 95])
        print(f"  {what}: median {p50:.1f} s, p95 {p95:.1f} s, longest {max(seconds):.1f} s")


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{what} {count}" for what, count in counts.most_common())


def _print_cost(evening: Evening, watch: Watch, photos: int, each: float) -> None:
    bottom = each * photos / CORES
    spent = watch.seconds_but("clients", "simulator")
    print(f"\n  floor  {bottom:7.1f} s = {photos} photos × {each:.2f} CPU s of looking / {CORES} processors")
    print(f"  wall   {evening.over:7.1f} s from the first photo to the last answer; ratio {evening.over / bottom:.2f}")
    print_used(watch, evening.over)
    print(f"  CPU of server, inspection, database ÷ CPU of the floor: {spent / (each * photos):.2f}")


def _print_chat(evening: Evening) -> list[str]:
    """Seconds of the callback, by question and of all; what was too slow."""
    print(f"\n  other chat, {1 / ASK_EVERY:.0f} a second; ms{'':12}{'times':>7}{'p50':>7}{'p95':>7}{'longest':>9}")
    for what in sorted({what for what, _ in evening.asked}):
        _print_line(what, [seconds for asked, seconds in evening.asked if asked == what])
    everything = [seconds for _, seconds in evening.asked]
    _print_line("all", everything)
    if evening.unanswered:
        return [f"questions without an answer: {_counted(evening.unanswered)}"]
    p95 = float(np.percentile(everything, 95))
    return [f"other chat: p95 {p95:.2f} s"] if p95 >= LONGEST else []


def _print_line(what: str, seconds: Sequence[float]) -> None:
    p50, p95 = np.percentile(seconds, [50, 95]) * 1e3
    print(f"    {what:28}{len(seconds):7}{p50:7.0f}{p95:7.0f}{max(seconds) * 1e3:9.0f}")


if __name__ == "__main__":
    main()
