"""The API answers whatever it is sent as its OpenAPI document says: schemathesis, against the running API."""

import asyncio
import os
import sys
from collections import defaultdict
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from aiohttp.typedefs import Handler, Middleware

from config.settings import Settings
from miniapp_api import CHAPTERS, add_api
from models import Enterprise, PlatformRole, StaffRole
from tests import rows
from tests.miniapp_api.conftest import FIRM, member
from tests.miniapp_api.test_publications import published
from tests.workflow.world import World
from workflow import members

EXAMPLES = 12
"""A operation, beside the few dozen that cover its declared limits."""
SECONDS = 240

LEFT_OUT = ("sign_out", "sign_out_everywhere")
"""They end the session that all the others are asked with."""

CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "negative_data_rejection", "missing_required_header", "unsupported_method",
    "allow_header_conformance", "ignored_auth",
)  # fmt: skip
"""All but ``positive_data_acceptance`` (that a request is well-formed does not make it right) and those that need
links between operations."""

CONFIG = """
[parameters]
"path.uscc" = "{uscc}"
"header.Authorization" = "Bearer {token}"
"""


def noting(statuses: dict[str, set[int]]) -> Middleware:
    """Notes what each operation answered, to know that the run went deep."""
    names = {
        (endpoint.method, f"/api/v1{endpoint.path}"): endpoint.name
        for chapter in CHAPTERS
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


@pytest.mark.slow
async def test_every_answer_is_one_that_the_document_promises(
    world: World, settings: Settings, firm: Enterprise, tmp_path: Path
) -> None:
    for name in ("reads", "writes", "uploads", "searches", "sign_ins"):
        setattr(settings.api, f"{name}_per_minute", 10**6)
    owner = await member(world, firm, StaffRole.OWNER)
    await members.grant(world.ports, owner.asker.person_id, PlatformRole.OPERATOR, by="system")
    await rows.product(enterprise_id=firm.id)
    await published(world, firm)
    (tmp_path / "schemathesis.toml").write_text(CONFIG.format(uscc=FIRM, token=owner.token))
    statuses: dict[str, set[int]] = defaultdict(set)
    app = web.Application(middlewares=[noting(statuses)])
    add_api(app, settings, world.ports)
    async with TestServer(app, host="127.0.0.1") as server:
        run = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "schemathesis.cli"),
            *("--config-file", "schemathesis.toml", "run", str(server.make_url("/api/openapi.json"))),
            *("--max-examples", str(EXAMPLES), "--seed", "1", "--phases", "coverage,fuzzing", "--warnings", "off"),
            *("--generation-database", "none", "--checks", ",".join(CHECKS)),
            *(part for name in LEFT_OUT for part in ("--exclude-operation-id", name)),
            cwd=tmp_path,
            env={**os.environ, "NO_COLOR": "1", "COLUMNS": "120"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        async with asyncio.timeout(SECONDS):
            told = (await run.communicate())[0].decode()
    assert run.returncode == 0, told[-20_000:]
    reached = {endpoint.name for chapter in CHAPTERS for endpoint in chapter.endpoints} - set(LEFT_OUT)
    unmet = {name for name in reached if not statuses[name] - {400, 401, 405, 415}}
    assert not unmet, "nothing that these were sent got as far as their use case"
