"""The service account: the callback, typed updates, and the conversation."""

from aiohttp import web

from bot.callback import add_callback_routes
from bot.conversation import router
from bot.crypto import CallbackCrypto
from bot.dialogs import Dialogs
from bot.router import Dispatcher
from config.settings import Settings
from workflow.context import Ports

__all__ = ["add_bot"]


def add_bot(app: web.Application, settings: Settings, ports: Ports) -> None:
    """Serve the service account's callback in ``app``."""
    dialogs = Dialogs(ports.cache, settings.wechat.app_id)
    add_callback_routes(
        app,
        settings=settings.wechat,
        crypto=CallbackCrypto.from_settings(settings.wechat),
        dispatcher=Dispatcher(router, dialogs=dialogs, services=ports),
        cache=ports.cache,
    )
