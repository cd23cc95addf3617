"""The people on the other side of the account, each with a phone that remembers the chat."""

import asyncio
import base64
import hashlib
import itertools
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from simulator.ledger import Ledger

_CHAT_KEPT = 500
_PEOPLE_KEPT = 50_000
TYPING_SECONDS = 15.0


def openid_of(user_id: str, app_id: str) -> str:
    """The openid (28 characters) of simulated user ``user_id`` towards the account ``app_id``; always the same."""
    return "o" + _digest(f"{app_id}\n{user_id}")


def unionid_of(user_id: str) -> str:
    """The same person's unionid, across all accounts."""
    return "u" + _digest(f"unionid\n{user_id}")


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode()[:27]


class Direction(StrEnum):
    """Who speaks: the person, the account, or WeChat itself (grey line in the middle)."""

    USER = "user"
    ACCOUNT = "account"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the chat. ``at``: seconds since the epoch (business time); ``own``: fields of the type."""

    number: int
    direction: Direction
    type: str
    at: float
    own: dict[str, Any]

    def describe(self) -> dict[str, Any]:
        """As JSON: ``number, direction, type, at`` and the type's own (``content``, ``media_url`` …)."""
        return {"number": self.number, "direction": self.direction, "type": self.type, "at": self.at, **self.own}


@dataclass
class Person:
    """One simulated user. ``following`` is None until the first act decides it."""

    id: str
    openid: str
    name: str
    ledger: Ledger
    following: bool | None = None
    since: float = 0
    scene: str = ""
    scene_id: int = 0
    arrived_by: str = "ADD_SCENE_SEARCH"
    last_message: float = float("-inf")  # real time of the last message, for typing
    typing_until: float = 0  # real time
    blocks: bool = False  # 接收消息 switched off in the account's settings
    consents: dict[str, int] = field(default_factory=dict)  # subscribe messages agreed to, by template
    client_ids: dict[str, tuple[int, float]] = field(default_factory=dict)  # template messages had, and until when
    being_told: bool = False  # a subscribe message is on its way
    chat: deque[Entry] = field(default_factory=lambda: deque(maxlen=_CHAT_KEPT))
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, entry: Entry) -> None:
        """Put ``entry`` on the phone and wake whoever waits for it."""
        self.chat.append(entry)
        self._news.set()
        self._news = asyncio.Event()

    def sent_since(self, number: int) -> list[Entry]:
        """Customer-service messages after entry ``number``."""
        return [entry for entry in self.chat if entry.number > number and entry.own.get("via") == "custom"]

    async def wait(self, number: int, seconds: float, expect: int | None) -> list[Entry]:
        """Customer-service messages after entry ``number``, as soon as there are ``expect``, else after ``seconds``."""
        try:
            async with asyncio.timeout(seconds):
                while expect is None or len(self.sent_since(number)) < expect:
                    await self._news.wait()
        except TimeoutError:
            pass
        return self.sent_since(number)


class People:
    """Everybody, by id and by openid; they spring into being when first spoken of."""

    def __init__(self, app_id: str, names: Mapping[str, str], now: Callable[[], float]) -> None:
        self._app_id = app_id
        self._names = names
        self._now = now
        self._by_id: dict[str, Person] = {}
        self._by_openid: dict[str, Person] = {}
        self._numbers = itertools.count(1)

    def of(self, user_id: str) -> Person:
        """The person called ``user_id``, new or known."""
        person = self._by_id.get(user_id)
        if person is None:
            openid = openid_of(user_id, self._app_id)
            person = Person(user_id, openid, self._names.get(user_id, user_id), Ledger(self._now))
            self._by_id[user_id] = self._by_openid[openid] = person
            if len(self._by_id) > _PEOPLE_KEPT:
                oldest = next(one for one in self._by_id.values() if one.id not in self._names)
                del self._by_id[oldest.id], self._by_openid[oldest.openid]
        return person

    def by_openid(self, openid: str) -> Person | None:
        """Whoever has that openid towards this account."""
        return self._by_openid.get(openid)

    def everyone(self) -> Iterable[Person]:
        """In the order they came."""
        return self._by_id.values()

    def followers(self) -> list[Person]:
        """Who follows, in the order they came."""
        return [person for person in self._by_id.values() if person.following]

    def follow(self, person: Person) -> None:
        """From now on ``person`` follows."""
        person.following, person.since = True, self._now()

    def unfollow(self, person: Person) -> None:
        """``person`` stops following: credit is gone with it."""
        person.following = False
        person.ledger.drop()

    def write(self, person: Person, direction: Direction, kind: str, own: Mapping[str, Any]) -> Entry:
        """Add a line to the chat of ``person``."""
        entry = Entry(next(self._numbers), direction, kind, self._now(), dict(own))
        person.add(entry)
        return entry
