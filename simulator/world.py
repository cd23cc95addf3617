"""Everything the simulator knows, in memory, and the limits it holds."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Mapping
from functools import partial
from typing import Any

from aiohttp import web

from config.settings import MiniProgramSettings, WeChatSettings
from simulator.clock import MovingClock
from simulator.crypto import Envelope
from simulator.faults import Faults
from simulator.logins import LoginCodes
from simulator.media import MediaStore
from simulator.people import People
from simulator.pusher import Pusher
from simulator.quotas import Quotas
from simulator.replies import Expected
from simulator.scenes import SceneCodes
from simulator.templates import Template
from simulator.tickets import Tickets
from simulator.tokens import TokenDesk

REPORT_SECONDS = 0.5
"""So long after a subscribe or template message its result is pushed."""

_JOURNAL_KEPT = 200


class World:
    """One account with its mini-program, their people, and WeChat between them.

    ``page_hosts`` are the hosts that the web authorisation leads back to. ``base_url`` and the pusher's URL may be set
    later.
    """

    def __init__(
        self,
        wechat: WeChatSettings,
        mini_program: MiniProgramSettings,
        *,
        page_hosts: Collection[str],
        callback_url: str,
        base_url: str,
        names: Mapping[str, str],
        strangers: Collection[str],
        account_name: str,
        attempt_seconds: float,
        media_mb: float,
        subscribe_templates: Mapping[str, Template],
        message_templates: Mapping[str, Template],
    ) -> None:
        self.account = wechat.original_id
        self.account_name = account_name
        self.app_id = wechat.app_id
        self.app_secret = wechat.app_secret.get_secret_value()
        self.mini_program = mini_program
        self.page_hosts = frozenset(page_hosts)
        self.base_url = base_url.rstrip("/")
        self.clock = MovingClock()
        self.people = People(wechat.app_id, names, self.clock.now)
        for user_id in names:
            person = self.people.of(user_id)
            if user_id not in strangers:
                self.people.follow(person)
        self.media = MediaStore(self.clock.now, lambda: self.base_url, media_mb)
        self.scenes = SceneCodes(self.clock.now)
        self.logins = LoginCodes(self.clock.now)
        self.web_logins = LoginCodes(self.clock.now)
        self.tickets = Tickets(self.clock.now)
        self.quotas = Quotas(self.clock.now)
        self.tokens = TokenDesk()
        self.mini_tokens = TokenDesk()
        self._in_mini_program: dict[str, float] = {}
        self.faults = Faults()
        self.subscribe_templates = subscribe_templates
        self.message_templates = message_templates
        self.little_while: Callable[[], Awaitable[None]] = partial(asyncio.sleep, REPORT_SECONDS)
        """What lies between a message and the report on it."""
        self.reports: set[asyncio.Task[Any]] = set()
        self.menu: list[dict[str, Any]] | None = None
        self.journal: deque[dict[str, Any]] = deque(maxlen=_JOURNAL_KEPT)
        self.closing = asyncio.Event()
        envelope = Envelope(
            token=wechat.token.get_secret_value(),
            aes_key=wechat.aes_key.get_secret_value(),
            app_id=wechat.app_id,
        )
        self.pusher = Pusher(callback_url, envelope, wechat.mode, attempt_seconds)

    def enter_mini_program(self, openid: str) -> None:
        """The person, by the mini-program's openid, is in it now."""
        self._in_mini_program[openid] = self.clock.now()

    def was_in_mini_program(self, openid: object, seconds: float) -> bool:
        """Whether they were in it within so many seconds."""
        since = self._in_mini_program.get(openid) if isinstance(openid, str) else None
        return since is not None and self.clock.now() - since <= seconds

    def expected(self, openid: str, account: str = "") -> Expected:
        """What a reply to ``openid`` must match."""
        return Expected(openid, account or self.account, self.media.type_of)

    def note(self, kind: str, what: str, result: str, seconds: float) -> None:
        """Write a line into the journal that the desk shows: a push or an API call, never a token or a secret."""
        self.journal.append(
            {"at": time.time(), "kind": kind, "what": what, "result": result, "seconds": round(seconds, 3)}
        )


#: Where a simulator application keeps its world.
WORLD = web.AppKey("world", World)
