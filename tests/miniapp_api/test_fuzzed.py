"""The API answers whatever it is sent as its OpenAPI document says: schemathesis, against the running API."""

from collections import defaultdict
from pathlib import Path

import pytest
from aiohttp import web

from config.settings import Settings
from miniapp_api import CHAPTERS, add_api
from miniapp_api.chapter import Rate
from models import Adoption, Application, Certificate, Enterprise, EvidenceSource, PlatformRole, StaffRole
from tests import rows
from tests.miniapp_api.conftest import FIRM, member
from tests.miniapp_api.fuzzing import Places, config, fuzz, noting, unmet
from tests.miniapp_api.test_months import stored_file
from tests.miniapp_api.test_products import CHANGEABLE
from tests.miniapp_api.test_publications import published
from tests.miniapp_api.test_queries import certified
from tests.workflow.months import owed_month
from tests.workflow.world import World
from workflow.firms import members
from workflow.intake.evidence import keep_file
from workflow.relying.confirmations import ask_for_confirmation

EXAMPLES = [12, pytest.param(60, marks=pytest.mark.soak)]
"""An operation, beside the few dozen that cover its declared limits."""
LEFT_OUT = ("sign_out", "sign_out_everywhere")
"""They end the session that all the others are asked with."""

SELDOM = {
    "accept_invitation", "add_adoption_file", "decide", "file_adoption", "file_item_list", "hand_in",
    "hand_in_for_month", "js_sdk_config", "leave_firm", "new_confirmation", "new_product", "object_to",
    "open_application", "record_sampling", "register_firm", "remove_member", "scans_csv", "sign_in", "submit",
    "submit_month", "take_out", "watch", "withdraw",
}  # fmt: skip
"""What is right by chance only once in a long while: a code, a file, a number with its check character."""


async def a_material(world: World, application: Application) -> str:
    """Its reference: a licence that was handed in, with its file in the store."""
    evidence = await keep_file(
        world.ports,
        b"%PDF-1.7",
        EvidenceSource.UPLOAD,
        actor="system",
        media_type="application/pdf",
        file_name="证.pdf",
    )
    return (await rows.material(application_id=application.id, evidence_id=evidence.id, kind="business_licence")).ref


@pytest.mark.both
@pytest.mark.slow
@pytest.mark.parametrize("examples", EXAMPLES)
async def test_every_answer_is_one_that_the_document_promises(
    world: World, settings: Settings, firm: Enterprise, tmp_path: Path, examples: int
) -> None:
    for rate in Rate:
        setattr(settings.api, rate, 10**6)
    owner = await member(world, firm, StaffRole.OWNER)
    await members.grant(world.ports, owner.asker.person_id, PlatformRole.OPERATOR, by="system")
    number = (await certified(world, firm)).number.replace("/", "-")
    public = await published(world, firm)
    application = await Application.get(id=public.application_id)
    me = owner.asker.person_id
    filing = await owed_month(firm, certificate_id=(await Certificate.get(enterprise_id=firm.id)).id)
    kept, taken_out = [await stored_file(world, filing, me) for _ in range(2)]
    waiting = await rows.adoption(supplier_id=firm.id, person_id=me, state="waiting")
    given = await ask_for_confirmation(world.ports, owner.asker, firm.uscc, "k")
    await world.work()
    licence = await keep_file(
        world.ports, b"%PDF-1.7", EvidenceSource.UPLOAD, actor="system", media_type="application/pdf"
    )
    paper = await rows.adoption_file(adoption_id=waiting.id, evidence_id=licence.id)
    valid = await rows.adoption(supplier_id=firm.id, person_id=me, state="valid", tender_folded="zb-2")
    await Adoption.filter(id=valid.id).update(tender_number="ZB-2")
    await rows.credit_entry(enterprise_id=firm.id, customer_folded="样例采购集团", tender_folded="zb-2")
    supplier = await rows.enterprise(uscc="91310000MA0000015F")
    await rows.certificate(enterprise_id=supplier.id)
    listed = await rows.product(enterprise_id=firm.id, model="YL-3")
    places: Places = [
        ((), "uscc", FIRM),
        ((), "number", number),
        (("publication", "complain", "object_to"), "ref", public.ref),
        (("application", "application_progress", "application_result"), "ref", application.ref),
        (("material", "material_file"), "ref", await a_material(world, application)),
        (("month", "hand_in_for_month", "take_out_of_month", "submit_month"), "ref", filing.ref),
        (("take_out_of_month",), "file", taken_out.ref),
        (("filing_file", "filing_file_bytes"), "ref", kept.ref),
        (("confirmation", "confirmation_pdf"), "ref", given.ref),
        (("adoption", "add_adoption_file", "adoption_file"), "ref", waiting.ref),
        (("adoption_file",), "file", paper.ref),
        (("establish_false",), "ref", valid.ref),
        (("give_feedback",), "uscc", supplier.uscc),
        (("change_product",), "product", (await rows.product(enterprise_id=firm.id, **CHANGEABLE)).id),
        (("file_items", "file_item_list"), "product", listed.id),
        (("item_list",), "ref", (await rows.item_filing(product_id=listed.id)).ref),
        (("retire_product",), "product", (await rows.product(enterprise_id=firm.id, model="YL-2")).id),
        (("revoke_invitation",), "invitation", (await rows.invitation(enterprise_id=firm.id)).id),
        (("desk_item", "decide"), "ref", (await rows.desk_item()).ref),
        (("registration_result",), "ref", (await rows.registration(person_id=me)).ref),
        (("mark_read",), "entry", (await rows.inbox_entry(person_id=me)).id),
    ]
    (tmp_path / "schemathesis.toml").write_text(config(owner.token, places))
    statuses: dict[str, set[int]] = defaultdict(set)
    app = web.Application(middlewares=[noting(statuses, CHAPTERS, "/api/v1")])
    add_api(app, settings, world.ports)
    await fuzz(app, "/api/openapi.json", tmp_path, examples, LEFT_OUT)
    assert unmet(statuses, CHAPTERS, LEFT_OUT) <= SELDOM, "their answers were never seen"
