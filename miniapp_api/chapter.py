"""An endpoint is a function. Its signature is its contract, and the OpenAPI document is read off it.

::

    chapter = Chapter("firms", "企业与成员")

    @chapter.post("/firms/{uscc}/products", "登记产品", clause="7.1(1)", status=201)
    async def new_product(ports: Ports, asker: Asker, path: FirmPath, body: NewProduct, key: str) -> ProductShown:

By their names the function is given what it takes: ``ports``; ``asker``, who must be signed in, or may be where the
type allows None; ``partner``, whose key must have the endpoint's ``scope``; ``path``, ``query`` and ``body``, checked
against their models (a :class:`Form` is a multipart body, a :class:`File` the body as it is); ``key``, the caller's
``Idempotency-Key``, which makes a repetition the same answer; ``unchanged``, by which a caller may insist on the state
they have seen (``If-Match``); ``caller``, a text by which those who are not signed in can be told apart. It answers its
return type: a model, a :class:`File`, a :class:`Stream`, nothing.
"""

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar, get_args, get_type_hints

from miniapp_api.shapes import Body, File, Form, Path, Query, Stream
from models import PartnerKind
from workflow.relying.partners import Scope


class Rate(StrEnum):
    """The class of requests by which callers are limited; each is a number in ``config.settings.ApiSettings``."""

    READ = "reads_per_minute"
    WRITE = "writes_per_minute"
    UPLOAD = "uploads_per_minute"
    SEARCH = "searches_per_minute"
    CHECK = "checks_per_minute"
    SIGN_IN = "sign_ins_per_minute"
    COMPLAINT = "complaints_per_hour"

    @property
    def seconds(self) -> int:
        """The length of the window."""
        return 3600 if self.endswith("_per_hour") else 60


class Who(StrEnum):
    """Whom an endpoint answers before it looks at anything."""

    ANYBODY = "anybody"
    KNOWN_OR_NOT = "known_or_not"
    SIGNED_IN = "signed_in"
    PARTNER = "partner"


TAKES = {"ports", "asker", "partner", "path", "query", "body", "key", "unchanged", "caller"}

Function = TypeVar("Function", bound=Callable[..., Awaitable[Any]])


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint, as its signature declares it."""

    name: str
    method: str
    path: str
    summary: str
    note: str
    clause: str
    rate: Rate
    status: int
    run: Callable[..., Awaitable[Any]]
    takes: frozenset[str]
    who: Who
    in_path: type[Path] | None
    in_query: type[Query] | None
    in_body: type[Body] | type[Form] | type[File] | None
    """A :class:`File` is the body itself, whatever it is."""
    answer: Any
    media_types: tuple[str, ...]
    """Of the file that is answered."""
    public_seconds: int | None
    """How long anybody's cache may answer with it unasked; 0: it may keep it, and asks each time if it has changed.
    None: it is the asker's alone."""
    scope: Scope | None
    """What a partner's key must allow; None: the endpoint is not for partners alone."""
    kinds: frozenset[PartnerKind]
    """The kinds of partners it is for; empty: all."""
    shared: bool
    """Whether its answer is the same for all who are let in, so that a moment's askers may be given one reading."""

    @property
    def tagged(self) -> bool:
        """Whether answers carry an ETag: of a stream nobody knows the end."""
        return self.method == "GET" and self.answer is not Stream

    @property
    def once(self) -> bool:
        """Whether a repetition under the same key is answered and not done again."""
        return "key" in self.takes


@dataclass(frozen=True, slots=True)
class Chapter:
    """Endpoints that belong together; ``tag`` and ``title`` name them in the document."""

    tag: str
    title: str
    endpoints: list[Endpoint] = field(default_factory=list)

    def get(self, path: str, summary: str, **more: Any) -> Callable[[Function], Function]:
        """Looking changes nothing; answers carry an ETag."""
        return self._endpoint("GET", path, summary, **{"rate": Rate.READ, "status": 200, **more})

    def post(self, path: str, summary: str, **more: Any) -> Callable[[Function], Function]:
        """Something is made or done."""
        return self._endpoint("POST", path, summary, **{"rate": Rate.WRITE, "status": 200, **more})

    def patch(self, path: str, summary: str, **more: Any) -> Callable[[Function], Function]:
        """What the body names is changed, the rest stays."""
        return self._endpoint("PATCH", path, summary, **{"rate": Rate.WRITE, "status": 200, **more})

    def put(self, path: str, summary: str, **more: Any) -> Callable[[Function], Function]:
        """The body takes the place of what was."""
        return self._endpoint("PUT", path, summary, **{"rate": Rate.WRITE, "status": 200, **more})

    def delete(self, path: str, summary: str, **more: Any) -> Callable[[Function], Function]:
        """Something is ended; doing it again finds nothing."""
        return self._endpoint("DELETE", path, summary, **{"rate": Rate.WRITE, "status": 204, **more})

    def _endpoint(
        self,
        method: str,
        path: str,
        summary: str,
        *,
        rate: Rate,
        status: int,
        clause: str = "",
        note: str = "",
        media_types: tuple[str, ...] = (),
        public_seconds: int | None = None,
        scope: Scope | None = None,
        kinds: tuple[PartnerKind, ...] = (),
        shared: bool = False,
    ) -> Callable[[Function], Function]:
        def declare(run: Function) -> Function:
            types = get_type_hints(run)
            answer = types.pop("return")
            if unknown := inspect.signature(run).parameters.keys() - TAKES:
                raise TypeError(f"{run.__name__} takes {', '.join(unknown)}: an endpoint is given none")
            if (answer in (File, Stream)) is not bool(media_types) or (answer is type(None)) is not (status == 204):
                raise TypeError(f"{run.__name__} answers {answer}: media types or status do not fit")
            if shared and ({"asker", "partner", "key"} & types.keys() or method != "GET"):
                raise TypeError(f"{run.__name__} cannot be shared: it depends on who asks, or does something")
            if "partner" in types and scope is None:
                raise TypeError(f"{run.__name__} takes a partner: it needs a scope")
            self.endpoints.append(
                Endpoint(
                    name=run.__name__,
                    method=method,
                    path=path,
                    summary=summary,
                    note=note,
                    clause=clause,
                    rate=rate,
                    status=status,
                    run=run,
                    takes=frozenset(types),
                    who=Who.PARTNER if scope is not None else _who(types.get("asker")),
                    in_path=types.get("path"),
                    in_query=types.get("query"),
                    in_body=types.get("body"),
                    answer=answer,
                    media_types=media_types,
                    public_seconds=public_seconds,
                    scope=scope,
                    kinds=frozenset(kinds),
                    shared=shared,
                )
            )
            return run

        return declare


def _who(asker: Any) -> Who:
    if asker is None:
        return Who.ANYBODY
    return Who.KNOWN_OR_NOT if type(None) in get_args(asker) else Who.SIGNED_IN
