"""What every use case is given: the ports, joined by ``app/``, and the few settings that decide something."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from config.clock import Clock
from config.message_templates import MessageTemplate, NoticeKind
from workflow.bell import Bell
from workflow.links import Links
from workflow.ports import (
    Cache,
    Certifier,
    FirmIndex,
    Inspector,
    Limiter,
    PictureIndex,
    Queue,
    Registries,
    Statements,
    Storage,
    WebhookSender,
    WeChat,
)
from workflow.scan_log import ScanLog


@dataclass(frozen=True, slots=True)
class SignIn:
    """How people come in besides the chat. ``mini_app_id`` is empty where there is no mini-program."""

    mini_app_id: str
    authorise_url: str
    """Where WeChat asks a reader of a page who they are: ``…/connect/oauth2/authorize``."""
    session_life: timedelta
    """A session ends when it was not used for so long."""
    link_life: timedelta
    """How long a one-time link out of the chat works."""


@dataclass(frozen=True, slots=True)
class Telling:
    """How notices are pushed besides the customer-service messages, and how many may leave."""

    subscribe: Mapping[NoticeKind, MessageTemplate] = field(default_factory=dict)
    template: Mapping[NoticeKind, MessageTemplate] = field(default_factory=dict)
    per_minute: int = 3000
    templates_per_day: int = 100_000


@dataclass(frozen=True, slots=True)
class Ports:
    """The world outside, as the use cases see it."""

    clock: Clock
    storage: Storage
    inspector: Inspector
    pictures: PictureIndex
    firms: FirmIndex
    certifier: Certifier
    queue: Queue
    cache: Cache
    limiter: Limiter
    wechat: WeChat
    registries: Registries
    statements: Statements
    webhooks: WebhookSender
    links: Links
    bell: Bell
    app_id: str
    sign_in: SignIn
    passive_window: timedelta
    """How long after a message arrived a passive reply can still carry its answer."""
    unconsented: timedelta
    upload_window: timedelta
    max_bytes: int
    telling: Telling = field(default_factory=Telling)
    scans: ScanLog = field(default_factory=ScanLog)
    scans_kept: timedelta = timedelta(days=400)
    """How long a single look-up of a code is kept; counts stay."""
