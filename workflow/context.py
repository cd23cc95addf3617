"""What every use case is given: the ports, joined by ``app/``, and the few settings that decide something."""

from dataclasses import dataclass
from datetime import timedelta

from config.clock import Clock
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
    Storage,
    WeChat,
)


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
    links: Links
    bell: Bell
    app_id: str
    sign_in: SignIn
    passive_window: timedelta
    """How long after a message arrived a passive reply can still carry its answer."""
    unconsented: timedelta
    upload_window: timedelta
    max_bytes: int
