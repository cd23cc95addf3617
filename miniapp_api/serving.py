"""From a request to its answer: who asks and how often (as its door says), what for, whether again."""

import hashlib
import logging
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import structlog
from aiohttp import web
from pydantic import ValidationError

from miniapp_api import bodies, problems, wording
from miniapp_api.chapter import Chapter, Endpoint
from miniapp_api.problems import RefusedHere
from miniapp_api.shapes import Answer, File, Stream
from workflow import idempotency
from workflow.context import Ports
from workflow.ports import Allowance, CacheUnavailable
from workflow.problems import Refused
from workflow.sharing import Shared

log = logging.getLogger(__name__)

AWAY_SECONDS = 5
PRIVATE = "private, no-store"
ASKED_ANEW = "public, no-cache"
SAFE = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}
KEY_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:-")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Headers = dict[str, str]


@dataclass(frozen=True, slots=True)
class Admitted:
    """Who asks: ``name`` tells callers apart, ``given`` is what an endpoint may take of them.

    ``headers`` say what is left to them; ``body`` was read already where who asks could not be known without it.
    """

    name: str
    given: Mapping[str, Any]
    headers: Headers = field(default_factory=dict)
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Rendered:
    """An answer as it is sent, but for the headers that are the caller's own; without a body where ``body`` is None."""

    body: bytes | None
    headers: Headers


Admit = Callable[[web.Request, Endpoint], Awaitable[Admitted]]
"""How a door knows its callers and counts their requests; :class:`RefusedHere` for those it does not let in."""


class Unchanged:
    """What ``If-Match`` insists on: the state a person saw when they decided."""

    def __init__(self, wanted: str | None) -> None:
        self._wanted = wanted

    def since(self, shown: Answer) -> None:
        """:class:`RefusedHere` where ``shown``, as it would be answered now, is not what they saw.

        Compared weakly, against RFC 9110: proxies that compress weaken every ETag on its way out.
        """
        if self._wanted is None or self._wanted.strip() == "*":
            return
        seen = {tag.strip().removeprefix("W/") for tag in self._wanted.split(",")}
        if etag(shown.lasting()).removeprefix("W/") not in seen:
            raise RefusedHere(412, "changed", wording.CHANGED)


def add_endpoints(api: web.Application, chapters: Iterable[Chapter], handler: Callable[[Endpoint], Handler]) -> None:
    """Add the endpoints of the chapters to ``api``, below ``/v1``.

    A word that is part of another path is no value of a variable: ``Allow`` names the methods of the path that was
    asked for alone, and none of them answers for it with another's endpoint.
    """
    endpoints = [endpoint for chapter in chapters for endpoint in chapter.endpoints]
    paths = {endpoint.path for endpoint in endpoints}
    for endpoint in endpoints:
        api.router.add_route(endpoint.method, f"/v1{_route(endpoint.path, paths)}", handler(endpoint))


def _route(path: str, paths: Iterable[str]) -> str:
    """The path as aiohttp takes it: a variable is none of the words that stand in its place in others of ``paths``."""
    parts, others = path.split("/"), [other.split("/") for other in paths]
    alike = [other for other in others if len(other) == len(parts) and all(map(_may_be_one, parts, other))]
    for place, part in enumerate(parts):
        words = sorted({re.escape(other[place]) for other in alike if not _varies(other[place])})
        if _varies(part) and words:
            parts[place] = f"{{{part[1:-1]}:(?!(?:{'|'.join(words)})(?:/|$))[^/]+}}"
    return "/".join(parts)


def _may_be_one(part: str, other: str) -> bool:
    return part == other or _varies(part) or _varies(other)


def _varies(part: str) -> bool:
    return part.startswith("{")


def handler_of(endpoint: Endpoint, ports: Ports, admit: Admit, shared: Shared[Rendered] | None = None) -> Handler:
    """The aiohttp handler of an endpoint; ``shared`` keeps the answers of those that may be shared."""
    shared = shared if endpoint.shared else None

    async def handle(request: web.Request) -> web.StreamResponse:
        headers: Headers = {}
        try:
            admitted = await admit(request, endpoint)
            headers = admitted.headers
            return await _answer(request, endpoint, ports, admitted, shared)
        except RefusedHere as refused:
            refused.headers = {**headers, **refused.headers}
            raise
        except Refused as refused:
            problem, more = problems.of_refusal(refused)
            return problems.response(problem, {**headers, **more})
        except CacheUnavailable:
            away = {**headers, "Retry-After": str(AWAY_SECONDS)}
            raise RefusedHere(503, "unavailable", wording.AWAY, away) from None
        except ValidationError as error:
            return problems.response(problems.of_validation(error), headers)

    return handle


@web.middleware
async def as_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whatever goes wrong is answered as a problem; what we did not expect without a word on what it was."""
    try:
        return await handler(request)
    except RefusedHere as refused:
        return problems.response(refused.problem, refused.headers)
    except web.HTTPMethodNotAllowed as refusal:
        allowed = ", ".join(sorted(refusal.allowed_methods))
        detail = wording.NO_SUCH_METHOD.format(method=refusal.method, allowed=allowed)
        return problems.response(RefusedHere(405, "no_such_method", detail).problem, {"Allow": allowed})
    except web.HTTPNotFound:
        return problems.response(RefusedHere(404, "no_such_place", wording.NO_SUCH_PLACE).problem)
    except web.HTTPException:
        raise
    except Exception:
        request_id = structlog.contextvars.get_contextvars().get("request")
        log.exception("an endpoint failed")
        problem = RefusedHere(500, "trouble", wording.TROUBLE.format(request=request_id or "—")).problem
        return problems.response(problem.model_copy(update={"instance": request_id}))


def allowance_headers(allowance: Allowance) -> Headers:
    """What is left to a caller, in the words of HTTP."""
    return {
        "RateLimit-Limit": str(allowance.limit),
        "RateLimit-Remaining": str(allowance.remaining),
        "RateLimit-Reset": str(round(allowance.reset)),
    }


async def _answer(
    request: web.Request, endpoint: Endpoint, ports: Ports, admitted: Admitted, shared: Shared[Rendered] | None
) -> web.StreamResponse:
    headers = admitted.headers

    async def answered() -> Rendered:
        given = await _given(request, endpoint, ports, admitted.body)
        return _rendered(endpoint, await endpoint.run(**{name: given[name] for name in endpoint.takes}))

    if shared is not None:
        rendered = await shared.read(request.raw_path, answered)
        return _sent(request, rendered, endpoint.status, headers)
    given = await _given(request, endpoint, ports, admitted.body)
    wanted = {name: value for name, value in {**given, **admitted.given}.items() if name in endpoint.takes}
    if endpoint.answer is Stream:
        return await _streamed(request, await endpoint.run(**wanted), headers)
    if not endpoint.once:
        return _response(request, endpoint, await endpoint.run(**wanted), headers)
    scope = f"{endpoint.name}:{admitted.name}"
    content = bodies.digest(*(given.get(part) for part in ("path", "query", "body")))
    begun = await idempotency.begin(scope, given["key"], content)
    if isinstance(begun, idempotency.Replay):
        return _replayed(begun, headers)
    try:
        async with idempotency.held(begun):
            answer = await endpoint.run(**wanted)
    except BaseException:
        await idempotency.abandon(begun)
        raise
    await idempotency.finish(begun, endpoint.status, answer.model_dump(mode="json"))
    return _response(request, endpoint, answer, headers)


async def _given(request: web.Request, endpoint: Endpoint, ports: Ports, body: bytes | None) -> dict[str, Any]:
    """What the request brings for an endpoint to take, checked; the body last, as it costs most."""
    given: dict[str, Any] = {"ports": ports, "unchanged": Unchanged(request.headers.get("If-Match"))}
    if endpoint.in_path is not None:
        try:
            given["path"] = endpoint.in_path.model_validate(dict(request.match_info))
        except ValidationError:
            # What cannot be a name of anything is not there.
            raise RefusedHere(404, "not_found", wording.NOT_FOUND) from None
    if endpoint.in_query is not None:
        given["query"] = endpoint.in_query.model_validate(dict(request.query))
    if endpoint.once:
        given["key"] = _key(request)
    if endpoint.in_body is not None:
        given["body"] = await bodies.read_body(request, endpoint.in_body, ports.max_bytes, body)
    return given


def _key(request: web.Request) -> str:
    key = request.headers.get("Idempotency-Key", "")
    if not 16 <= len(key) <= 64 or not KEY_CHARACTERS.issuperset(key):
        raise RefusedHere(400, "idempotency_key_missing", wording.KEY_MISSING)
    return key


def _response(request: web.Request, endpoint: Endpoint, answer: Any, headers: Headers) -> web.Response:
    return _sent(request, _rendered(endpoint, answer), endpoint.status, headers)


def _rendered(endpoint: Endpoint, answer: Any) -> Rendered:
    headers = {**SAFE, "Cache-Control": _kept(endpoint.public_seconds)}
    if answer is None:
        return Rendered(None, headers)
    if isinstance(answer, File):
        data = answer.data
        headers |= _named(answer)
    else:
        data, headers["Content-Type"] = _json(answer), "application/json; charset=utf-8"
    if endpoint.method == "GET":
        headers["ETag"] = etag(data if isinstance(answer, File) else answer.lasting())
    return Rendered(data, headers)


def _kept(public_seconds: int | None) -> str:
    if public_seconds is None:
        return PRIVATE
    return f"public, max-age={public_seconds}" if public_seconds else ASKED_ANEW


def _sent(request: web.Request, rendered: Rendered, status: int, own: Headers) -> web.Response:
    headers = {**own, **rendered.headers}
    tags = {tag.strip() for tag in request.headers.get("If-None-Match", "").split(",")}
    if headers.get("ETag") in tags:
        del headers["Content-Type"]
        return web.Response(status=304, headers=headers)
    return web.Response(body=rendered.body, status=status, headers=headers)


async def _streamed(request: web.Request, answer: Stream, headers: Headers) -> web.StreamResponse:
    """The file, piece by piece; where it breaks off, so does the connection: half a file is not taken for a whole."""
    response = web.StreamResponse(headers={**headers, **SAFE, "Cache-Control": PRIVATE, **_named(answer)})
    await response.prepare(request)
    try:
        async for piece in answer.pieces:
            await response.write(piece)
        await response.write_eof()
    except ConnectionError:
        pass  # whoever asked has gone
    except Exception:
        log.exception("a file broke off")
        if request.transport is not None:
            request.transport.abort()
    return response


def _named(answer: File | Stream) -> Headers:
    """As what and under which name a file is saved."""
    return {
        "Content-Type": answer.media_type,
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(answer.name, safe='')}",
    }


def _replayed(replay: idempotency.Replay, headers: Headers) -> web.Response:
    return web.json_response(
        replay.answer,
        status=replay.status,
        headers={**headers, **SAFE, "Cache-Control": PRIVATE, "Idempotency-Replayed": "true"},
    )


def _json(answer: Answer) -> bytes:
    return answer.model_dump_json().encode()


def etag(data: bytes) -> str:
    """Weak: the same for the same content, whatever a proxy does to its bytes."""
    return f'W/"{hashlib.sha256(data).hexdigest()[:24]}"'
