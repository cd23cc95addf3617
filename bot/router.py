"""Handlers in the order in which they are tried: a file of them reads like the conversation it holds."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, fields
from typing import Any, Generic, TypeVar

from bot.dialogs import Dialog, Dialogs
from bot.filters import Filter, text_is, text_matches
from bot.replies import Reply
from bot.updates import Update

__all__ = ["Context", "Dispatcher", "Filter", "Router", "text_is", "text_matches"]

S = TypeVar("S")
H = TypeVar("H", bound=Callable[..., Awaitable[Reply | None]])
N = TypeVar("N", bound=Callable[..., Awaitable[None]])


@dataclass(frozen=True, slots=True)
class Context(Generic[S]):
    """What a handler is given: the update, the person's dialog, the services, and until when an answer is passive."""

    update: Update
    dialog: Dialog
    services: S
    deadline: float
    """On the running loop's clock."""

    @property
    def seconds_left(self) -> float:
        """Seconds in which the answer can still be a passive reply; 0 when they are over."""
        return max(0.0, self.deadline - asyncio.get_running_loop().time())


@dataclass(frozen=True, slots=True)
class _Route:
    kind: type[Update]
    filters: tuple[Filter, ...]
    equal: dict[str, object]
    handler: Callable[..., Awaitable[Reply | None]]
    wants_update: bool

    def fits(self, context: Context[Any]) -> bool:
        update = context.update
        return (
            isinstance(update, self.kind)
            and all(getattr(update, name) == value for name, value in self.equal.items())
            and all(test(context) for test in self.filters)
        )


class Router(Generic[S]):
    """Routes, tried in the order in which they were written; the first that fits answers."""

    def __init__(self) -> None:
        self._routes: list[_Route | Router[S]] = []
        self._first_of_all: list[Callable[[Context[S]], Awaitable[None]]] = []

    def first_of_all(self, note: N) -> N:
        """Have ``note`` run on every update, whatever answers it; of an included router it does not run."""
        self._first_of_all.append(note)
        return note

    def on(self, kind: type[Update], *filters: Filter, **equal: object) -> Callable[[H], H]:
        """Take updates of ``kind`` that pass every filter and whose fields ``equal`` what is given.

        A handler is ``async (context)`` or ``async (context, update)`` and answers a reply, None (nothing to say) or
        :class:`bot.replies.Later`. ``@router.on(Update)`` at the end takes what is left.
        """
        unknown = equal.keys() - {field.name for field in fields(kind)}
        if unknown:
            raise TypeError(f"{kind.__name__} has no field {', '.join(sorted(unknown))}")

        def add(handler: H) -> H:
            count = len(inspect.signature(handler).parameters)
            if count not in {1, 2}:
                raise TypeError("a handler takes the context, or the context and the update")
            self._routes.append(_Route(kind, filters, equal, handler, wants_update=count == 2))
            return handler

        return add

    def include(self, router: "Router[S]") -> None:
        """Try the routes of ``router`` here."""
        if self in router._all():
            raise ValueError("a router cannot be part of itself")
        self._routes.append(router)

    async def dispatch(self, context: Context[S]) -> Reply | None:
        """Let everybody note the update who notes all of them, then :meth:`handle` it."""
        for note in self._first_of_all:
            await note(context)
        return await self.handle(context)

    async def handle(self, context: Context[S]) -> Reply | None:
        """The answer of the first route that fits; None where none does."""
        route = self._first(context)
        if route is None:
            return None
        return await (route.handler(context, context.update) if route.wants_update else route.handler(context))

    def _first(self, context: Context[S]) -> _Route | None:
        for route in self._routes:
            if isinstance(route, Router):
                if (found := route._first(context)) is not None:
                    return found
            elif route.fits(context):
                return route
        return None

    def _all(self) -> "list[Router[S]]":
        return [self, *(inner for route in self._routes if isinstance(route, Router) for inner in route._all())]


class Dispatcher(Generic[S]):
    """What the callback hands an update to: the router, with everything its handlers need."""

    def __init__(self, router: Router[S], *, dialogs: Dialogs, services: S) -> None:
        self._router = router
        self._dialogs = dialogs
        self._services = services

    async def __call__(self, update: Update, seconds: float) -> Reply | None:
        """Answer ``update``; as a passive reply if it takes no longer than ``seconds``."""
        deadline = asyncio.get_running_loop().time() + seconds
        dialog = await self._dialogs.of(update.openid)
        return await self._router.dispatch(Context(update, dialog, self._services, deadline))
