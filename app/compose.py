"""Joins gateways to ports, and ports to the doors. Nothing else in the project knows which adapter serves."""

import fcntl
import gc
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from aiohttp import web

from app.dev_clock import add_dev_clock
from app.listening import stop_accepting
from app.observe import add_probes, observing
from bot import add_bot
from config.clock import Clock, ShiftedClock, SystemClock
from config.settings import Environment, QueueKind, Settings
from gateways.cache import MemoryCache, RedisCache
from gateways.certifier import TypstCertifier
from gateways.firm_index import TableFirmIndex
from gateways.inspector import PooledInspector
from gateways.limiter import SlidingLimiter
from gateways.picture_index import TablePictureIndex
from gateways.procrastinate_queue import ProcrastinateQueue
from gateways.queue import TableQueue
from gateways.registry import open_registries
from gateways.statements import JwsStatements
from gateways.storage import open_storage
from gateways.webhook_sender import AiohttpWebhookSender
from gateways.wechat import WeChatClient
from jobs.clock import start_clock
from jobs.worker import Worker
from miniapp_api import add_api
from miniapp_api.open import add_open
from models.database import open_database
from web import add_pages
from web.verification_files import add_verification_files
from workflow import business_time
from workflow.bell import Bell
from workflow.context import Ports, SignIn, Telling
from workflow.links import Links

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Duties:
    """What this process does; one process does all of it unless told otherwise."""

    doors: bool = True
    work: bool = True


class DataFolderInUse(Exception):
    """Another process works on the same embedded data; the message is for people."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"数据目录 {folder} 正被另一个追溯进程使用：请先停止它，或用 ZHUISU_DATA_DIR 换一个目录。")


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold the embedded data for this process alone, for as long as it lives, however it ends.

    On SQLite caches and locks are in the process: a second one would take the first one's work without them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "process.lock").open("ab") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DataFolderInUse(folder) from None
        yield


@asynccontextmanager
async def joined_ports(
    settings: Settings, progress: Progress, *, inspecting: bool = True, clock: Clock | None = None
) -> AsyncIterator[Ports]:
    """Open the world outside: database, cache, objects, WeChat, inspector; close it again in the opposite order."""
    if clock is None:
        clock = SystemClock() if settings.environment is Environment.PRODUCTION else ShiftedClock()
    async with AsyncExitStack() as stack:
        if not settings.database_url:
            stack.enter_context(alone_in(settings.data_dir))
        progress("打开数据库")
        url = settings.resolved_database_url()
        await stack.enter_async_context(open_database(url, migrate=settings.environment is Environment.DEV))
        if isinstance(clock, ShiftedClock):
            await stack.enter_async_context(business_time.followed(clock))
        cache = RedisCache.from_url(settings.redis_url) if settings.redis_url else MemoryCache()
        stack.push_async_callback(cache.aclose)
        limiter = SlidingLimiter.from_url(settings.redis_url) if settings.redis_url else SlidingLimiter.in_memory()
        stack.push_async_callback(limiter.aclose)
        wechat = WeChatClient.from_settings(settings, cache)
        stack.push_async_callback(wechat.aclose)
        registries = open_registries(settings.registries)
        stack.push_async_callback(registries.aclose)
        webhooks = AiohttpWebhookSender.from_settings(settings)
        stack.push_async_callback(webhooks.aclose)
        certifier = TypstCertifier.from_settings(settings)
        stack.push_async_callback(certifier.aclose)
        pictures = TablePictureIndex()
        stack.push_async_callback(pictures.aclose)
        inspector = PooledInspector(settings.inspector)
        if inspecting:
            progress(f"启动照片检查进程 {settings.inspector.workers} 个")
            await inspector.start()
            progress("读取图片指纹")
            await pictures.catch_up()
        stack.push_async_callback(inspector.close)
        subscribe, template = settings.resolved_templates()
        carrier = ProcrastinateQueue if settings.resolved_queue() is QueueKind.PROCRASTINATE else TableQueue
        yield Ports(
            clock=clock,
            storage=open_storage(settings.storage_url, settings.data_dir / "objects"),
            inspector=inspector,
            pictures=pictures,
            certifier=certifier,
            firms=TableFirmIndex(),
            queue=carrier(clock),
            cache=cache,
            limiter=limiter,
            wechat=wechat,
            registries=registries,
            statements=JwsStatements.from_settings(settings),
            webhooks=webhooks,
            links=Links(settings.resolved_public_url(), settings.resolved_secret(), settings.report_link_days),
            bell=Bell(),
            app_id=settings.wechat.app_id,
            sign_in=SignIn(
                mini_app_id=settings.resolved_mini_program().app_id,
                authorise_url=settings.resolved_authorise_url(),
                session_life=timedelta(days=settings.session_days),
                link_life=timedelta(minutes=settings.sign_in_link_minutes),
            ),
            passive_window=timedelta(seconds=settings.wechat.reply_seconds),
            unconsented=timedelta(hours=settings.unconsented_hours),
            upload_window=timedelta(minutes=settings.upload_link_minutes),
            max_bytes=settings.max_upload_mb * 2**20,
            scans_kept=timedelta(days=settings.scan_event_days),
            telling=Telling(
                subscribe=subscribe,
                template=template,
                per_minute=settings.wechat.pushes_per_minute,
                templates_per_day=settings.wechat.templates_per_day,
            ),
        )


def create_app(settings: Settings, ports: Ports, *, inspecting: bool = True) -> web.Application:
    """The web application: the callback, the pages, the API, the probes, and in dev the simulator beside them."""
    app = web.Application(middlewares=[observing])
    add_bot(app, settings, ports)
    add_pages(
        app,
        ports,
        proxies=settings.api.proxies,
        account_qr=settings.wechat.account_qr,
        shared_seconds=settings.shared_ms / 1000,
    )
    add_api(app, settings, ports)
    add_open(app, settings, ports)
    add_verification_files(app, settings.verification_files)
    add_probes(app, ports, inspecting=inspecting)
    if settings.environment is Environment.DEV:
        add_dev_clock(app, ports)
    if settings.simulator.enabled:
        from simulator import create_simulator  # noqa: PLC0415 - production does not even load it

        local = f"http://127.0.0.1:{settings.port}"
        callback = settings.simulator.callback_url or f"{local}/wechat/callback"
        app.add_subapp("/sim", create_simulator(settings, callback_url=callback, base_url=f"{local}/sim"))
    return app


@asynccontextmanager
async def working(settings: Settings, ports: Ports) -> AsyncIterator[None]:
    """Worker and clock, until the block ends."""
    worker = Worker(ports, settings.worker_concurrency)
    worker.start()
    scheduler = start_clock(ports)
    try:
        yield
    finally:
        scheduler.shutdown(wait=False)
        await worker.stop()


@asynccontextmanager
async def serving(
    settings: Settings, progress: Progress, duties: Duties | None = None, clock: Clock | None = None
) -> AsyncIterator[Ports]:
    """The whole process, listening and working, until the block ends."""
    duties = duties or Duties()
    async with AsyncExitStack() as stack:
        # Bound before anything else starts: a port that is taken is the most usual accident.
        listener = stack.enter_context(socket.socket()) if duties.doors else None
        if listener is not None:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((settings.host, settings.port))
        ports = await stack.enter_async_context(joined_ports(settings, progress, inspecting=duties.work, clock=clock))
        if duties.work:
            await stack.enter_async_context(working(settings, ports))
        if listener is not None:
            runner = web.AppRunner(
                create_app(settings, ports, inspecting=duties.work),
                access_log=None,
                auto_decompress=False,  # nobody we know packs what they send, and a bomb stays as small as it came
                shutdown_timeout=6,
            )
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            stack.push_async_callback(stop_accepting, runner)
            progress(f"监听 {settings.host}:{settings.port}")
            await web.SockSite(runner, listener).start()
        # What stands now stands as long as the process: it is not looked through for garbage again and again.
        gc.collect()
        gc.freeze()
        yield ports
