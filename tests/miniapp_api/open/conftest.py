"""The partners' API before a world, and partners with keys of every kind."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient
from joserfc import jws
from joserfc.jwk import KeySet

from config.settings import Settings
from miniapp_api.open import add_open
from models import Partner, PartnerKind
from tests.workflow.world import World
from workflow.relying import partners
from workflow.relying.partners import SCOPES, Scope, Terms

Start = Callable[..., Awaitable[TestClient]]


@pytest.fixture
def settings() -> Settings:
    """Every answer is read anew: what shares them has a test of its own."""
    return Settings(shared_ms=0)


@pytest.fixture
async def client(world: World, settings: Settings, aiohttp_client: Start) -> TestClient:
    """The partners' API and the published keys."""
    app = web.Application()
    add_open(app, settings, world.ports)
    return await aiohttp_client(app)


@dataclass(frozen=True, slots=True)
class Caller:
    """A partner's system with its key."""

    token: str
    partner: Partner

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


async def caller(world: World, kind: PartnerKind = PartnerKind.MARKETPLACE, *scopes: Scope, **terms: Any) -> Caller:
    """A new partner of that kind, with all that its kind may be given unless told otherwise."""
    partner = await partners.add_partner(world.ports, f"样例{kind}", kind, sample=True)
    made = await partners.new_key(world.ports, partner, Terms(scopes or SCOPES[kind], **terms))
    return Caller(made.token, partner)


async def verified(client: TestClient, statement: str) -> dict[str, Any]:
    """The claims, verified as a partner does it: by the published keys and nothing else."""
    answer = await client.get("/.well-known/jwks.json")
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    keys = KeySet.import_key_set(await answer.json())
    read = jws.deserialize_compact(statement, keys, algorithms=["ES256"])
    claims: dict[str, Any] = json.loads(read.payload or b"")
    return claims


async def stated(client: TestClient, answer: ClientResponse, question: str) -> dict[str, Any]:
    """The facts of an answer, whose statement says exactly the same."""
    assert answer.status == 200, await answer.text()
    told = await answer.json()
    claims = await verified(client, told["statement"])
    assert claims["facts"] == told["facts"]
    assert (claims["question"], claims["as_of"]) == (question, told["as_of"])
    assert (claims["iss"], claims["exp"] - claims["iat"]) == ("https://sample.test", 86_400)
    facts: dict[str, Any] = told["facts"]
    return facts
