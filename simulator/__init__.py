"""A WeChat on your desk: pushes signed callbacks, answers API calls, shows a phone in the browser. Never in production.

``create_simulator`` is an application of its own, to be mounted at ``/sim`` (:mod:`simulator.__main__` does so alone).
It forgives nothing that WeChat would not, and drops no duplicate on the bot's behalf. Everything is in memory.
"""

from collections.abc import AsyncIterator, Collection, Mapping
from urllib.parse import urlsplit

from aiohttp import web

from config.message_templates import SAMPLE_SUBSCRIBE, SAMPLE_TEMPLATES
from config.settings import SAMPLE_MINI_PROGRAM, Environment, Settings
from simulator import acts, api, authorise, desk, pages
from simulator.media import MB_KEPT
from simulator.people import openid_of
from simulator.templates import templates_of
from simulator.world import WORLD, World

__all__ = ["DEFAULT_NAMES", "DEFAULT_STRANGERS", "WORLD", "ProductionRefused", "World", "create_simulator", "openid_of"]

#: People who are there from the start: id and display name.
DEFAULT_NAMES: Mapping[str, str] = {"stranger": "新用户", "zhang": "张工（样例）", "operator": "运营（样例）"}

#: Of these, who does not follow yet; the others have followed all along.
DEFAULT_STRANGERS = frozenset({"stranger"})


class ProductionRefused(RuntimeError):
    """The simulator does not run beside real people."""


def create_simulator(
    settings: Settings,
    *,
    callback_url: str,
    base_url: str,
    names: Mapping[str, str] | None = None,
    strangers: Collection[str] = DEFAULT_STRANGERS,
    account_name: str = "追溯（样例）",
    attempt_seconds: float = 5.0,
    media_mb: float = MB_KEPT,
) -> web.Application:
    """The simulator for the account in ``settings.wechat``.

    ``callback_url``: where it pushes. ``base_url``: where it is reached, for PicUrl and the like. Both may be changed
    later on ``app[WORLD]`` (``pusher.callback_url``, ``base_url``). ``names``: people there from the
    start, who follow unless they are among the ``strangers``.
    ``attempt_seconds``: how long a push waits; five in the real one. ``media_mb``: of all media, the newest are kept.
    :class:`ProductionRefused` in production.
    """
    if settings.environment is Environment.PRODUCTION:
        raise ProductionRefused("生产环境不启动微信模拟器")
    named = settings.wechat.subscribe_templates, settings.wechat.message_templates
    subscribe, template = named if any(named) else (SAMPLE_SUBSCRIBE, SAMPLE_TEMPLATES)
    world = World(
        settings.wechat,
        settings.mini_program if settings.mini_program.app_id else SAMPLE_MINI_PROGRAM,
        page_hosts={"127.0.0.1", "localhost", urlsplit(settings.resolved_public_url()).hostname or ""},
        callback_url=callback_url,
        base_url=base_url,
        names=DEFAULT_NAMES if names is None else names,
        strangers=strangers,
        account_name=account_name,
        attempt_seconds=attempt_seconds,
        media_mb=media_mb,
        subscribe_templates=templates_of(subscribe),
        message_templates=templates_of(template),
    )
    app = web.Application()
    app[WORLD] = world
    app.cleanup_ctx.append(_run)
    app.on_shutdown.append(_close)
    for part in (api, authorise, desk, pages):
        part.add_routes(app)
    return app


async def _run(app: web.Application) -> AsyncIterator[None]:
    await app[WORLD].pusher.start()
    yield
    await acts.end_reports(app[WORLD])
    await app[WORLD].pusher.stop()


async def _close(app: web.Application) -> None:
    app[WORLD].closing.set()
