"""The partners' API answers whatever it is sent as its OpenAPI document says."""

from collections import defaultdict
from pathlib import Path

import pytest
from aiohttp import web

from config.settings import Settings
from miniapp_api.chapter import Rate
from miniapp_api.open import CHAPTERS, add_open
from models import ApiKey, PartnerKind
from tests import rows
from tests.miniapp_api.fuzzing import Places, config, fuzz, noting, unmet
from tests.miniapp_api.open.conftest import caller
from tests.workflow.living import living
from tests.workflow.world import World
from workflow.relying.partners import Scope

SOAK = pytest.mark.soak
RUNS = [
    (PartnerKind.CUSTOMER, 6),
    pytest.param(PartnerKind.CUSTOMER, 60, marks=SOAK),
    pytest.param(PartnerKind.REGULATOR, 60, marks=SOAK),
]
"""Who asks, and how many examples an operation beside those of its declared limits; together they may ask for all."""
SELDOM = {"add_file", "add_webhook", "file_adoption"}
"""A file, an address, and a number with its check character are right by chance only once in a long while."""


@pytest.mark.slow
@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("kind", "examples"), RUNS)
async def test_every_answer_is_one_that_the_document_promises(
    world: World, settings: Settings, tmp_path: Path, kind: PartnerKind, examples: int
) -> None:
    for rate in Rate:
        setattr(settings.api, rate, 10**6)
    settings.open.wrong_keys_per_minute = 10**6
    one = await living(uscc="91330100MA00000012")
    partner = await caller(world, kind, per_minute=10**6, per_day=10**6)
    await ApiKey.all().update(scopes=[scope.value for scope in Scope])
    adoption = await rows.adoption(partner_id=partner.partner.id, supplier_id=one.firm.id)
    number = one.certificate.number.replace("/", "-")
    hook, ended = [await rows.webhook(partner_id=partner.partner.id) for _ in range(2)]
    await rows.webhook_delivery(webhook_id=hook.id)
    of_hook = ("resume_webhook", "list_deliveries", "replay_deliveries")
    places: Places = [
        ((), "uscc", one.firm.uscc),
        ((), "number", number),
        ((), "ref", adoption.ref),
        (of_hook, "ref", hook.ref),
        (("end_webhook",), "ref", ended.ref),
    ]
    (tmp_path / "schemathesis.toml").write_text(config(partner.token, places))
    statuses: dict[str, set[int]] = defaultdict(set)
    app = web.Application(middlewares=[noting(statuses, CHAPTERS, "/open/v1")])
    add_open(app, settings, world.ports)
    await fuzz(app, "/open/openapi.json", tmp_path, examples)
    others = {
        endpoint.name
        for chapter in CHAPTERS
        for endpoint in chapter.endpoints
        if endpoint.kinds and kind not in endpoint.kinds
    }
    assert unmet(statuses, CHAPTERS, others) <= SELDOM, "their answers were never seen"
