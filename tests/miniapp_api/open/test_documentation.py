"""What docs/partners.md shows works as it stands there, and names what there is."""

import asyncio
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from app.demo.firm import EXAMPLE
from config.settings import Settings
from gateways.statements import JwsStatements
from miniapp_api.open import CHAPTERS, add_open
from tests.miniapp_api.open.conftest import caller
from tests.workflow.living import living
from tests.workflow.world import STATEMENT_KEY, World

PAGE = (Path(__file__).parents[3] / "docs" / "partners.md").read_text("utf-8")
EXAMPLES = re.findall(r"<!-- run -->\n```python\n(.*?)```", PAGE, re.DOTALL)


def test_every_endpoint_is_named_and_every_code() -> None:
    for chapter in CHAPTERS:
        for endpoint in chapter.endpoints:
            path = endpoint.path.replace("{purpose}", "revocation")
            assert f"{endpoint.method} {path}" in PAGE, endpoint.name
    told = "".join((Path(__file__).parents[3] / path).read_text("utf-8") for path in
                   ("workflow/relying/partners.py", "miniapp_api/open/admitting.py",
                    "workflow/relying/statements.py"))  # fmt: skip
    for code in re.findall(r'(?:KeyRefused\(|RefusedHere\(403, |UNAVAILABLE, )"([a-z_]+)"', told):
        assert f"`{code}`" in PAGE, code


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
async def test_the_examples_run(world: World, settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    await living(uscc=EXAMPLE.uscc, grade="AA")
    shop = await caller(world)
    port = unused_port()
    address = f"http://127.0.0.1:{port}"
    app = web.Application()
    add_open(app, settings, replace(world.ports, statements=JwsStatements(address, STATEMENT_KEY, sample=True)))
    namespace: dict[str, Any] = {}
    async with TestServer(app, host="127.0.0.1", port=port):
        for example in EXAMPLES:
            ours = example.replace("https://trace.example.cn", address).replace("zk_…", shop.token)
            await asyncio.to_thread(exec, ours, namespace)
    first, *bits = capsys.readouterr().out.splitlines()
    assert first.startswith("AA active 2026-")
    assert bits == ["revocation False", "suspension False"]
    assert [item["facts"]["grade"] for item in namespace["batch"]["items"]] == ["AA"]
