"""Who may do what: every endpoint of the OpenAPI document × everybody who may ask, from one table.

Each is sent a request that is right in all but who sends it, against things of a firm of its own, so that the one
answer says nothing but who may. An endpoint that the table does not know fails the test, and so does a row for none.
"""

import json
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import FormData
from aiohttp.test_utils import TestClient

from miniapp_api import CHAPTERS
from models import Adoption, Application, Enterprise, EvidenceSource, FilingFile, Material, PlatformRole, StaffRole
from tests import rows
from tests.miniapp_api.conftest import Caller, member, sign_in
from tests.miniapp_api.test_months import stored_file
from tests.miniapp_api.test_products import CHANGEABLE, PRODUCT
from tests.miniapp_api.test_publications import published
from tests.miniapp_api.test_queries import certified
from tests.workflow.months import owed_month
from tests.workflow.world import World
from workflow.firms import members
from workflow.intake.evidence import keep_file
from workflow.ports import WeChatLogin
from workflow.relying import confirmations

ASKERS = ("anonymous", "stranger", "viewer", "staff", "owner", "rival", "operator")
"""Nobody signed in; somebody without a firm; the firm's members; another firm's owner; the platform's operator."""

MATRIX = """
                         anonymous stranger viewer staff owner rival operator
    sign_in                    201      201    201   201   201   201      201
    sign_out                   401      204    204   204   204   204      204
    sign_out_everywhere        401      204    204   204   204   204      204
    me                         401      200    200   200   200   200      200
    inbox_entries              401      200    200   200   200   200      200
    mark_read                  401      404    404   404   204   404      404

    register_firm              401      202    202   202   202   202      202
    registrations              401      200    200   200   200   200      200
    registration_result        401      404    404   404   200   404      200

    firm_inside                401      404    200   200   200   404      404
    firm_members               401      404    200   200   200   404      404
    remove_member              401      404    403   403   204   404      404
    leave_firm                 401      404    204   204   409   404      404
    act_for_firm               401      404    204   204   204   404      404
    invite                     401      404    403   403   201   404      404
    invite_by_qr               401      404    403   403   201   404      404
    invitations                401      404    403   403   200   404      404
    revoke_invitation          401      404    403   403   204   404      404
    accept_invitation          401      200    200   409   409   200      200

    categories                 200      200    200   200   200   200      200
    products_of_firm           401      404    200   200   200   404      404
    new_product                401      404    403   201   201   404      404
    change_product             401      404    403   200   200   404      404
    retire_product             401      404    403   204   204   404      404

    open_application           401      404    403   201   201   404      404
    upgrade_offer              401      404    200   200   200   404      404
    applications_of_firm       401      404    200   200   200   404      404
    application                401      404    200   200   200   404      404
    application_progress       401      404    200   200   200   404      404
    hand_in                    401      404    403   201   201   404      404
    take_out                   401      404    403   204   204   404      404
    submit                     401      404    403   422   422   404      404
    withdraw                   401      404    403   200   200   404      404
    application_result         401      404    200   200   200   404      404
    material                   401      404    200   200   200   404      200
    material_file              401      404    200   200   200   404      200

    publications               200      200    200   200   200   200      200
    publication                200      200    200   200   200   200      200
    object_to                  401      404    403   201   201   404      404
    complain                   201      201    201   201   201   201      201

    find_firms                 200      200    200   200   200   200      200
    firm_record                200      200    200   200   200   200      200
    certificate                200      200    200   200   200   200      200
    certificate_pdf            200      200    200   200   200   200      200
    certificate_png            200      200    200   200   200   200      200
    verify_certificate         200      200    200   200   200   200      200

    months_of_firm             401      404    200   200   200   404      404
    month                      401      404    200   200   200   404      404
    hand_in_for_month          401      404    403   201   201   404      404
    take_out_of_month          401      404    403   204   204   404      404
    submit_month               401      404    403   422   422   404      404
    filing_file                401      404    200   200   200   404      200
    filing_file_bytes          401      404    200   200   200   404      200
    sampling_records_of_firm   401      404    200   200   200   404      404
    record_sampling            401      404    403   201   201   404      404

    find_suppliers             200      200    200   200   200   200      200
    supplier_card              200      200    200   200   200   200      200
    compare_suppliers          200      200    200   200   200   200      200
    watches                    401      200    200   200   200   200      200
    watch                      401      201    201   201   201   201      201
    unwatch                    401      204    204   204   204   204      204
    new_confirmation           401      201    201   201   201   201      201
    my_confirmations           401      200    200   200   200   200      200
    confirmation               401      404    404   404   200   404      200
    confirmation_pdf           401      404    404   404   200   404      200

    file_adoption              401      201    403   403   403   201      201
    my_adoptions               401      200    200   200   200   200      200
    adoption                   401      404    200   200   200   404      200
    add_adoption_file          401      404    403   201   201   404      403
    adoption_file              401      404    404   200   200   404      200
    establish_false            401      404    404   404   404   404      200
    adoptions_of_firm          401      404    200   200   200   404      404
    credit_of_firm             401      404    200   200   200   404      404

    look_up_code               200      200    200   200   200   200      200
    scans_of_firm              401      404    200   200   200   404      404
    scans_csv                  401      404    200   200   200   404      404
    file_items                 401      404    403   201   201   404      404
    file_item_list             401      404    403   202   202   404      404
    item_list                  401      404    200   200   200   404      404
    give_feedback              401      201    403   403   403   201      201
    my_feedback                401      200    200   200   200   200      200
    feedback_of_firm           401      404    200   200   200   404      404

    reminders                  401      200    200   200   200   200      200
    choose_reminders           401      200    200   200   200   200      200
    new_calendar               401      201    201   201   201   201      201

    desk_items                 401      404    404   404   404   404      200
    desk_item                  401      404    404   404   404   404      200
    decide                     401      404    404   404   404   404      200

    js_sdk_config              200      200    200   200   200   200      200
"""
"""``submit``, ``submit_month`` 422: it is incomplete, which only those are told who may submit it. ``file_adoption``
for a customer 403: a firm's own members file in its name. ``add_adoption_file`` 403: the other side and operators see
the record, and its papers are the filer's (8.3). ``give_feedback`` 403: nobody praises their own firm."""


def table() -> dict[str, dict[str, int]]:
    askers, *lines = [line.split() for line in MATRIX.strip().splitlines() if line.strip()]
    assert tuple(askers) == ASKERS
    return {name: dict(zip(ASKERS, map(int, statuses), strict=True)) for name, *statuses in lines}


@dataclass
class Stage:
    """One firm with its people and things, a rival and an operator."""

    world: World
    firm: Enterprise
    people: dict[str, Caller]
    made: dict[str, Any] = field(default_factory=dict)

    def path(self, template: str) -> str:
        return f"/api/v1{template.format(uscc=self.firm.uscc, **self.made)}"


async def stage(world: World) -> Stage:
    firm = await rows.enterprise(name="样例电缆有限公司", uscc=a_uscc(), verified_at=world.clock.now())
    rival = await rows.enterprise(name="样例电器有限公司", uscc=a_uscc(), verified_at=world.clock.now())
    people = {role: await member(world, firm, StaffRole(role)) for role in ("viewer", "staff", "owner")}
    people["rival"] = await member(world, rival, StaffRole.OWNER)
    people["stranger"], people["operator"] = await sign_in(world), await sign_in(world)
    await members.grant(world.ports, people["operator"].asker.person_id, PlatformRole.OPERATOR, by="system")
    return Stage(world, firm, people)


def a_uscc() -> str:
    return f"91310000MA{''.join(secrets.choice('0123456789ABCDEFGHJKLMNPQRTUWXY') for _ in range(8))}"


Prepare = Callable[[Stage], Awaitable[dict[str, Any]]]
"""Makes what a request is about, in ``made``, and answers with what it carries."""


async def nothing(_: Stage) -> dict[str, Any]:
    return {}


async def a_login(at: Stage) -> dict[str, Any]:
    at.world.wechat.logins["code"] = WeChatLogin("o" + "d" * 27, None)
    return {"json": {"code": "code"}}


async def an_entry_of_the_owner(at: Stage) -> dict[str, Any]:
    entry = await rows.inbox_entry(person_id=at.people["owner"].asker.person_id)
    at.made["entry"] = entry.id
    return {}


async def another_member(at: Stage) -> dict[str, Any]:
    at.made["member"] = (await rows.staff(enterprise_id=at.firm.id)).id
    return {}


async def a_role(_: Stage) -> dict[str, Any]:
    return {"json": {"role": "viewer"}}


async def an_invitation(at: Stage) -> dict[str, Any]:
    code, made = await members.invite(at.world.ports, at.people["owner"].asker, at.firm.id, StaffRole.STAFF)
    at.made["invitation"] = made.id
    return {"json": {"code": code}}


async def an_invitation_to_end(at: Stage) -> dict[str, Any]:
    await an_invitation(at)
    return {}


async def a_registration(at: Stage) -> dict[str, Any]:
    form = FormData()
    fields = {"uscc": "91310000MA0000007L", "name": "样例电缆有限公司", "address": "样例市样例路 1 号"}
    for name, value in {**fields, "legal_representative": "样例人", "applicant_name": "张工（样例）"}.items():
        form.add_field(name, value)
    form.add_field("licence", b"%PDF-1.7 a licence", filename="执照.pdf")
    return {"data": form}


async def a_registration_by_the_owner(at: Stage) -> dict[str, Any]:
    at.made["ref"] = (await rows.registration(person_id=at.people["owner"].asker.person_id)).ref
    return {}


async def a_new_product(_: Stage) -> dict[str, Any]:
    return {"json": PRODUCT}


async def a_product_to_change(at: Stage) -> dict[str, Any]:
    at.made["product"] = (await rows.product(enterprise_id=at.firm.id, **CHANGEABLE)).id
    return {"json": {"name": "样例电缆（新）"}}


async def a_product_to_retire(at: Stage) -> dict[str, Any]:
    await a_product_to_change(at)
    return {}


async def something_on_the_desk(at: Stage) -> dict[str, Any]:
    at.made["ref"] = (await rows.desk_item()).ref
    return {}


async def a_decision(at: Stage) -> dict[str, Any]:
    await something_on_the_desk(at)
    return {"json": {"decision": "noted", "reason": "已联系企业"}}


async def a_product(at: Stage) -> dict[str, Any]:
    product = await rows.product(enterprise_id=at.firm.id, product_class="ccc")
    at.made["product"] = product.id
    return {"json": {"level": "B", "products": [product.id], "sells_online": False}}


async def a_draft(at: Stage) -> dict[str, Any]:
    await a_product(at)
    draft = await rows.application(enterprise_id=at.firm.id, level="B")
    await rows.application_product(application_id=draft.id, product_id=at.made["product"])
    at.made["ref"] = draft.ref
    return {}


async def a_file_for_a_draft(at: Stage) -> dict[str, Any]:
    await a_draft(at)
    form = FormData()
    form.add_field("kind", "business_licence")
    form.add_field("file", b"%PDF-1.7 sample", filename="执照.pdf")
    return {"data": form}


async def _material(at: Stage) -> Material:
    await a_draft(at)
    draft = await Application.get(ref=at.made["ref"])
    evidence = await keep_file(
        at.world.ports,
        b"%PDF-1.7 sample",
        "upload",  # type: ignore[arg-type]
        actor="system",
        media_type="application/pdf",
        enterprise_id=at.firm.id,
        file_name="执照.pdf",
    )
    return await rows.material(application_id=draft.id, kind="business_licence", evidence_id=evidence.id)


async def a_material_of_a_draft(at: Stage) -> dict[str, Any]:
    at.made["material"] = (await _material(at)).ref
    return {}


async def a_material(at: Stage) -> dict[str, Any]:
    at.made["ref"] = (await _material(at)).ref
    return {}


async def a_month(at: Stage) -> dict[str, Any]:
    at.made["ref"] = (await owed_month(at.firm)).ref
    return {}


async def a_file_for_a_month(at: Stage) -> dict[str, Any]:
    await a_month(at)
    form = FormData()
    form.add_field("kind", "query_screenshot")
    form.add_field("file", b"\xff\xd8\xff\xe0 sample", filename="截图.jpg")
    return {"data": form}


async def _month_file(at: Stage) -> FilingFile:
    filing = await owed_month(at.firm)
    at.made["ref"] = filing.ref
    return await stored_file(at.world, filing, at.people["owner"].asker.person_id)


async def a_file_of_a_month(at: Stage) -> dict[str, Any]:
    at.made["file"] = (await _month_file(at)).ref
    return {}


async def a_filing_file(at: Stage) -> dict[str, Any]:
    at.made["ref"] = (await _month_file(at)).ref
    return {}


async def a_sampling(at: Stage) -> dict[str, Any]:
    product = await rows.product(enterprise_id=at.firm.id)
    said = {"product_id": product.id, "batch": "L1", "lot": 100, "sampled": 5, "failed": 0}
    return {"json": {**said, "inspected_on": "2026-11-20", "drawn_at_random": True}}


async def a_supplier(at: Stage) -> dict[str, Any]:
    await certified(at.world, at.firm)
    return {}


async def suppliers_to_compare(at: Stage) -> dict[str, Any]:
    await certified(at.world, at.firm)
    return {"params": {"f": at.firm.uscc}}


async def a_supplier_to_choose(at: Stage) -> dict[str, Any]:
    await at.world.work()  # what was asked for before
    await certified(at.world, at.firm)
    return {"json": {"uscc": at.firm.uscc}}


async def a_confirmation(at: Stage) -> dict[str, Any]:
    """Asked for by the owner."""
    await certified(at.world, at.firm)
    made = await confirmations.ask_for_confirmation(at.world.ports, at.people["owner"].asker, at.firm.uscc, "k")
    await at.world.work()
    at.made["ref"] = made.ref
    return {}


async def a_tender_to_file(at: Stage) -> dict[str, Any]:
    await rows.certificate(enterprise_id=at.firm.id)
    form = FormData(default_to_multipart=True)
    for name, value in {
        "supplier_uscc": at.firm.uscc,
        "tender_number": "ZB-2026-001",
        "tender_role": "buyer",
        "customer_name": "样例采购集团",
        "customer_uscc": "91310000MA0000007L",
    }.items():
        form.add_field(name, value)
    form.add_field("award_notice", b"%PDF-1.7 notice", filename="通知书.pdf")
    return {"data": form}


async def an_adoption(at: Stage) -> dict[str, Any]:
    """Filed by the firm itself."""
    made = await rows.adoption(
        supplier_id=at.firm.id, filed_by="supplier", person_id=at.people["owner"].asker.person_id, state="waiting"
    )
    at.made["ref"] = made.ref
    at.made["id"] = made.id
    return {}


async def a_file_for_an_adoption(at: Stage) -> dict[str, Any]:
    await an_adoption(at)
    form = FormData(default_to_multipart=True)
    form.add_field("kind", "award_notice")
    form.add_field("file", b"%PDF-1.7 notice", filename="通知书.pdf")
    return {"data": form}


async def a_file_of_an_adoption(at: Stage) -> dict[str, Any]:
    await an_adoption(at)
    kept = await keep_file(
        at.world.ports, b"%PDF-1.7 notice", EvidenceSource.UPLOAD, actor="system", media_type="application/pdf"
    )
    at.made["file"] = (await rows.adoption_file(adoption_id=at.made["id"], evidence_id=kept.id)).ref
    return {}


async def a_valid_adoption(at: Stage) -> dict[str, Any]:
    await an_adoption(at)
    made = await Adoption.get(id=at.made["id"])
    await Adoption.filter(id=made.id).update(state="valid")
    await rows.credit_entry(
        enterprise_id=at.firm.id, customer_folded=made.customer_folded, tender_folded=made.tender_folded
    )
    return {"json": {"established": "中标通知书系伪造"}}


async def a_code(_: Stage) -> dict[str, Any]:
    return {"json": {"text": "6901234567892"}}


async def some_days(_: Stage) -> dict[str, Any]:
    return {"params": {"first": "2026-11-01", "last": "2026-11-24"}}


async def an_item(at: Stage) -> dict[str, Any]:
    at.made["product"] = (await rows.product(enterprise_id=at.firm.id, gtin="06901234567892")).id
    return {"json": {"items": [{"code": "(01)06901234567892(21)7"}]}}


async def a_list_of_items(at: Stage) -> dict[str, Any]:
    await an_item(at)
    form = FormData()
    form.add_field("file", "追溯码\n(01)06901234567892(21)7\n".encode(), filename="清单.csv")
    return {"data": form}


async def a_filed_list(at: Stage) -> dict[str, Any]:
    product = await rows.product(enterprise_id=at.firm.id)
    at.made["ref"] = (await rows.item_filing(product_id=product.id)).ref
    return {}


async def a_word(at: Stage) -> dict[str, Any]:
    await rows.certificate(enterprise_id=at.firm.id)
    return {"json": {"mood": "positive", "statement": "扫码查询很方便"}}


async def a_choice_of_reminders(_: Stage) -> dict[str, Any]:
    return {"json": {"on": True, "hour": 18, "occasions": ["t3", "last"]}}


async def a_publication(at: Stage) -> dict[str, Any]:
    at.made["ref"] = (await published(at.world, at.firm)).ref
    return {}


async def a_complaint(at: Stage) -> dict[str, Any]:
    await a_publication(at)
    return {"json": {"statement": "公示的覆盖率与现场不符"}}


async def an_objection(at: Stage) -> dict[str, Any]:
    await a_publication(at)
    form = FormData(default_to_multipart=True)
    form.add_field("statement", "覆盖率应为 99%")
    return {"data": form}


async def a_question(_: Stage) -> dict[str, Any]:
    return {"params": {"q": "样例"}}


async def a_certificate(at: Stage) -> dict[str, Any]:
    at.made["number"] = (await certified(at.world, at.firm)).number.replace("/", "-")
    return {}


async def a_suspect(_: Stage) -> dict[str, Any]:
    form = FormData()
    form.add_field("file", b"%PDF-1.7 sample", filename="证书.pdf")
    return {"data": form}


async def a_page_of_ours(_: Stage) -> dict[str, Any]:
    return {"params": {"url": "https://sample.test/my"}}


PREPARE: dict[str, Prepare] = {
    "sign_in": a_login,
    "mark_read": an_entry_of_the_owner,
    "remove_member": another_member,
    "register_firm": a_registration,
    "registration_result": a_registration_by_the_owner,
    "new_product": a_new_product,
    "change_product": a_product_to_change,
    "retire_product": a_product_to_retire,
    "invite": a_role,
    "invite_by_qr": a_role,
    "revoke_invitation": an_invitation_to_end,
    "accept_invitation": an_invitation,
    "open_application": a_product,
    "upgrade_offer": a_supplier,
    "application": a_draft,
    "application_progress": a_draft,
    "application_result": a_draft,
    "hand_in": a_file_for_a_draft,
    "take_out": a_material_of_a_draft,
    "submit": a_draft,
    "withdraw": a_draft,
    "material": a_material,
    "material_file": a_material,
    "month": a_month,
    "hand_in_for_month": a_file_for_a_month,
    "take_out_of_month": a_file_of_a_month,
    "submit_month": a_month,
    "filing_file": a_filing_file,
    "filing_file_bytes": a_filing_file,
    "record_sampling": a_sampling,
    "find_suppliers": a_question,
    "supplier_card": a_supplier,
    "compare_suppliers": suppliers_to_compare,
    "watch": a_supplier_to_choose,
    "new_confirmation": a_supplier_to_choose,
    "confirmation": a_confirmation,
    "confirmation_pdf": a_confirmation,
    "file_adoption": a_tender_to_file,
    "adoption": an_adoption,
    "add_adoption_file": a_file_for_an_adoption,
    "adoption_file": a_file_of_an_adoption,
    "establish_false": a_valid_adoption,
    "look_up_code": a_code,
    "scans_csv": some_days,
    "file_items": an_item,
    "file_item_list": a_list_of_items,
    "item_list": a_filed_list,
    "give_feedback": a_word,
    "choose_reminders": a_choice_of_reminders,
    "publication": a_publication,
    "object_to": an_objection,
    "complain": a_complaint,
    "find_firms": a_question,
    "firm_record": a_certificate,
    "certificate": a_certificate,
    "certificate_pdf": a_certificate,
    "certificate_png": a_certificate,
    "verify_certificate": a_suspect,
    "desk_item": something_on_the_desk,
    "decide": a_decision,
    "js_sdk_config": a_page_of_ours,
}
"""What a request is about, where it is about more than the firm."""

ENDPOINTS = {endpoint.name: endpoint for chapter in CHAPTERS for endpoint in chapter.endpoints}


async def test_the_table_has_every_endpoint_of_the_document_and_no_other(client: TestClient) -> None:
    document = json.loads(await (await client.get("/api/openapi.json")).text())
    listed = [operation["operationId"] for path in document["paths"].values() for operation in path.values()]
    assert sorted(listed) == sorted(table())


@pytest.mark.parametrize("name", list(table()))
async def test_who_may(client: TestClient, world: World, name: str) -> None:
    endpoint, expected = ENDPOINTS[name], table()[name]
    found: dict[str, int] = {}
    for who in ASKERS:
        if not found or endpoint.method != "GET":
            at = await stage(world)
            request = await PREPARE.get(name, nothing)(at)
        headers = {"Idempotency-Key": secrets.token_hex(16)}
        if who != "anonymous":
            headers |= at.people[who].headers
        answer = await client.request(endpoint.method, at.path(endpoint.path), headers=headers, **request)
        found[who] = answer.status
    assert found == expected
