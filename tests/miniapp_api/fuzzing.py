"""Runs schemathesis against an API of ours: whatever it is sent, it answers as its OpenAPI document says."""

import asyncio
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from aiohttp import web
from aiohttp.test_utils import TestServer
from aiohttp.typedefs import Handler, Middleware

from miniapp_api.chapter import Chapter

CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "negative_data_rejection", "missing_required_header", "unsupported_method",
    "allow_header_conformance", "ignored_auth",
)  # fmt: skip
"""All but ``positive_data_acceptance`` (that a request is well-formed does not make it right) and those that need
links between operations."""
SECONDS = 240, 30
"""At most: for the limits, and for each example of all operations."""

REFUSALS = [400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 428, 429, "5xx"]
"""What refuses a request that the document forbids: schemathesis' own list, and 413 for one that is too long to be
read as far as its mistake."""

Places = list[tuple[tuple[str, ...], str, str | int]]
"""Operations, a part of their paths, and what stands there; no operation: all of them."""


def config(token: str, places: Places) -> str:
    """schemathesis' settings: who asks, and which things of theirs the paths name."""
    everywhere = [f'"path.{name}" = {json.dumps(value)}' for operations, name, value in places if not operations]
    lines = ["[parameters]", f'"header.Authorization" = "Bearer {token}"', *everywhere]
    # One table an operation: of several only the first would count.
    for operation in dict.fromkeys(operation for operations, _, _ in places for operation in operations):
        lines += ["[[operations]]", f'include-operation-id = "{operation}"']
        lines += [f'parameters."path.{name}" = {json.dumps(value)}' for of, name, value in places if operation in of]
    lines += ["[checks.negative_data_rejection]", f"expected-statuses = {json.dumps(REFUSALS)}"]
    return "\n".join(lines)


def noting(statuses: dict[str, set[int]], chapters: Iterable[Chapter], prefix: str) -> Middleware:
    """Notes what each operation answered, to know that the run went deep."""
    names = {
        (endpoint.method, f"{prefix}{endpoint.path}"): endpoint.name
        for chapter in chapters
        for endpoint in chapter.endpoints
    }

    @web.middleware
    async def note(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        resource = request.match_info.route.resource
        if resource is not None and (request.method, resource.canonical) in names:
            statuses[names[request.method, resource.canonical]].add(response.status)
        return response

    return note


async def fuzz(
    app: web.Application,
    document: str,
    folder: Path,
    examples: int,
    left_out: Iterable[str] = (),
) -> None:
    """Send the API everything that its document makes think of; ``folder`` holds the settings (:func:`config`)."""
    async with TestServer(app, host="127.0.0.1") as server:
        run = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "schemathesis.cli"),
            *("--config-file", "schemathesis.toml", "run", str(server.make_url(document))),
            *("--max-examples", str(examples), "--seed", "1", "--phases", "coverage,fuzzing", "--warnings", "off"),
            *("--generation-database", "none", "--checks", ",".join(CHECKS)),
            *(part for name in left_out for part in ("--exclude-operation-id", name)),
            cwd=folder,
            env={**os.environ, "NO_COLOR": "1", "COLUMNS": "120"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        async with asyncio.timeout(SECONDS[0] + examples * SECONDS[1]):
            told = (await run.communicate())[0].decode()
    assert run.returncode == 0, told[-20_000:]


def unmet(statuses: dict[str, set[int]], chapters: Iterable[Chapter], left_out: Iterable[str] = ()) -> set[str]:
    """The operations that never did what they are for: of them, a run has said little."""
    reached = {endpoint.name for chapter in chapters for endpoint in chapter.endpoints} - set(left_out)
    return {name for name in reached if not any(status < 300 for status in statuses[name])}
