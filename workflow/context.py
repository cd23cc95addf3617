"""What every use case is given: the ports, joined by ``app/``, and the few settings that decide something."""

from dataclasses import dataclass
from datetime import timedelta

from config.clock import Clock
from workflow.bell import Bell
from workflow.links import Links
from workflow.ports import Cache, Inspector, PictureIndex, Queue, Storage, WeChat


@dataclass(frozen=True, slots=True)
class Ports:
    """The world outside, as the use cases see it."""

    clock: Clock
    storage: Storage
    inspector: Inspector
    pictures: PictureIndex
    queue: Queue
    cache: Cache
    wechat: WeChat
    links: Links
    bell: Bell
    app_id: str
    passive_window: timedelta
    """How long after a message arrived a passive reply can still carry its answer."""
    unconsented: timedelta
    upload_window: timedelta
    max_bytes: int
