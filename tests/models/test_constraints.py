"""Every constraint is violated for real: one that stands in the model but not in the database protects nothing."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tortoise import Model
from tortoise.connection import get_connection
from tortoise.exceptions import IntegrityError, OperationalError
from tortoise.migrations.constraints import CheckConstraint

import models
from models import (
    OPEN,
    Adoption,
    Application,
    ApplicationState,
    CodePattern,
    CreditEntry,
    Event,
    FirmName,
    Grant,
    ObjectionEvidence,
    Product,
    Staff,
    Watch,
)
from tests import rows
from tests.conftest import Database

Attempt = Callable[[], Awaitable[Any]]


async def found_twice() -> None:
    firm = {"enterprise_id": (await rows.enterprise()).id}
    await twice(FirmName.create, uscc="9" * 18, folded="样例", readings="yang li", **firm)


async def two_dialogs_of_one() -> None:
    await twice(rows.filing_dialog, identity_id=(await rows.identity()).id)


async def two_choices_of_one() -> None:
    await twice(rows.reminder_choice, person_id=(await rows.person()).id)


async def of_one_evidence() -> None:
    evidence = await rows.evidence()
    await twice(rows.picture_fingerprint, evidence_id=evidence.id)


async def twice(make: Callable[..., Awaitable[Any]], **same: Any) -> None:
    await make(**same)
    await make(**same)


async def twice_for_one_application() -> None:
    application = await rows.application(state="certified")
    await twice(rows.certificate, application_id=application.id, enterprise_id=application.enterprise_id)


async def two_of_one_serial() -> None:
    await rows.certificate(serial=1, number="a")
    await rows.certificate(serial=1, number="b")


CHECKS: dict[str, Attempt] = {
    "enterprise_uscc": lambda: rows.enterprise(uscc="1" * 17),
    "wechat_identity_sheet": lambda: rows.identity(sheet_width_um=100_000),
    "product_sheet": lambda: rows.product(sheet_width_um=0),
    "outbox_kind": lambda: rows.answer(kind="video"),
    "outbox_state": lambda: rows.answer(state="lost"),
    "evidence_source": lambda: rows.evidence(source="fax"),
    "evidence_sha256": lambda: rows.evidence(sha256="0" * 63),
    "evidence_size": lambda: rows.evidence(size=-1),
    "inspection_verdict": lambda: rows.inspection(verdict="maybe"),
    "inspection_sheet": lambda: rows.inspection(sheet_width_um=100_000, sheet_height_um=0),
    "photo_state": lambda: rows.photo(state="lost"),
    "photo_sheet": lambda: rows.photo(sheet_height_um=70_000),
    "picture_fingerprint_fine": lambda: rows.picture_fingerprint(fine=bytes(31)),
    "code_pattern_kind": lambda: rows.code_pattern(kind="colour"),
    "session_door": lambda: rows.session(door="window"),
    "one_time_link_purpose": lambda: rows.one_time_link(purpose="fun"),
    "platform_grant_role": lambda: rows.grant(role="king"),
    "registration_state": lambda: rows.registration(state="lost"),
    "registration_uscc": lambda: rows.registration(uscc="1" * 17),
    "application_state": lambda: rows.application(state="lost"),
    "application_level": lambda: rows.application(level="C"),
    "material_state": lambda: rows.material(state="lost"),
    "publication_state": lambda: rows.publication(state="lost"),
    "objection_state": lambda: rows.objection(state="lost"),
    "objection_party": lambda: rows.objection(party="press"),
    "objection_route": lambda: rows.objection(route="court"),
    "certificate_state": lambda: rows.certificate(state="lost"),
    "certificate_grade": lambda: rows.certificate(grade="D"),
    "rendering_state": lambda: rows.rendering(state="lost"),
    "desk_item_state": lambda: rows.desk_item(state="lost"),
    "monthly_filing_state": lambda: rows.filing(state="lost"),
    "filing_file_state": lambda: rows.filing_file(state="lost"),
    "filing_file_kind": lambda: rows.filing_file(kind="poem"),
    "service_window_trigger": lambda: rows.service_window(trigger="dream"),
    "service_window_remaining": lambda: rows.service_window(remaining=-1),
    "message_consent_credits": lambda: rows.message_consent(credits=-1),
    "reminder_choice_hour": lambda: rows.reminder_choice(hour=3),
    "item_filing_state": lambda: rows.item_filing(state="lost"),
    "scan_event_road": lambda: rows.scan_event(road="river"),
    "scan_event_outcome": lambda: rows.scan_event(outcome="maybe"),
    "scanned_code_times": lambda: rows.scanned_code(times=0),
    "scan_day_road": lambda: rows.scan_day(road="river"),
    "code_report_state": lambda: rows.code_report(state="lost"),
    "partner_kind": lambda: rows.partner(kind="press"),
    "api_key_quota": lambda: rows.api_key(per_day=0),
    "api_key_secret": lambda: rows.api_key(secret_hash="0" * 63),
    "webhook_delivery_state": lambda: rows.webhook_delivery(state="lost"),
    "confirmation_state": lambda: rows.confirmation(state="lost"),
    "adoption_state": lambda: rows.adoption(state="lost"),
    "adoption_way": lambda: rows.adoption(way="heard"),
    "adoption_filed_by": lambda: rows.adoption(filed_by="press"),
    "adoption_file_state": lambda: rows.adoption_file(state="lost"),
    "credit_entry_kind": lambda: rows.credit_entry(kind="gift"),
    "feedback_state": lambda: rows.feedback(state="lost"),
    "feedback_mood": lambda: rows.feedback(mood="sour"),
    "job_attempts": lambda: rows.job(max_attempts=0),
    "job_one_end": lambda: rows.job(done_at=rows.NOW, dead_at=rows.NOW),
    "job_lease": lambda: rows.job(lease="a"),
}

UNIQUES: dict[str, Attempt] = {
    "enterprise.uscc": lambda: twice(rows.enterprise, uscc="9" * 18),
    "outbox.key": lambda: twice(rows.answer, key="a"),
    "inspection.ref": lambda: twice(rows.inspection, ref="a"),
    "inspection.key": lambda: twice(rows.inspection, key="a"),
    "photo.receipt": lambda: twice(rows.photo, receipt="a"),
    "picture_fingerprint.evidence": of_one_evidence,
    "firm_name.enterprise": found_twice,
    "upload_link.token_hash": lambda: twice(rows.upload_link, token_hash="a"),
    "session.token_hash": lambda: twice(rows.session, token_hash="a"),
    "one_time_link.token_hash": lambda: twice(rows.one_time_link, token_hash="a"),
    "invitation.code_hash": lambda: twice(rows.invitation, code_hash="a"),
    "registration.ref": lambda: twice(rows.registration, ref="a"),
    "application.ref": lambda: twice(rows.application, ref="a"),
    "material.ref": lambda: twice(rows.material, ref="a"),
    "publication.ref": lambda: twice(rows.publication, ref="a"),
    "objection.ref": lambda: twice(rows.objection, ref="a"),
    "objection.key": lambda: twice(rows.objection, key="a"),
    "certificate.number": lambda: twice(rows.certificate, number="a"),
    "certificate.serial": two_of_one_serial,
    "certificate.application": twice_for_one_application,
    "desk_item.ref": lambda: twice(rows.desk_item, ref="a"),
    "desk_item.key": lambda: twice(rows.desk_item, key="a"),
    "inbox_entry.key": lambda: twice(rows.inbox_entry, key="a"),
    "monthly_filing.ref": lambda: twice(rows.filing, ref="a"),
    "filing_file.ref": lambda: twice(rows.filing_file, ref="a"),
    "filing_dialog.identity": two_dialogs_of_one,
    "sampling_record.ref": lambda: twice(rows.sampling_record, ref="a"),
    "reminder_choice.person": two_choices_of_one,
    "reminder_choice.calendar_hash": lambda: twice(rows.reminder_choice, calendar_hash="a"),
    "fan_out.key": lambda: twice(rows.fan_out, key="a"),
    "item_filing.ref": lambda: twice(rows.item_filing, ref="a"),
    "item_filing.key": lambda: twice(rows.item_filing, key="a"),
    "item.code_key": lambda: twice(rows.item, code_key="a"),
    "code_report.ref": lambda: twice(rows.code_report, ref="a"),
    "code_report.key": lambda: twice(rows.code_report, key="a"),
    "partner.ref": lambda: twice(rows.partner, ref="a"),
    "api_key.key_id": lambda: twice(rows.api_key, key_id="a"),
    "webhook.ref": lambda: twice(rows.webhook, ref="a"),
    "webhook_delivery.ref": lambda: twice(rows.webhook_delivery, ref="a"),
    "confirmation.ref": lambda: twice(rows.confirmation, ref="a"),
    "confirmation.key": lambda: twice(rows.confirmation, key="a"),
    "adoption.ref": lambda: twice(rows.adoption, ref="a"),
    "adoption.key": lambda: twice(rows.adoption, key="a"),
    "adoption_file.ref": lambda: twice(rows.adoption_file, ref="a"),
    "feedback.ref": lambda: twice(rows.feedback, ref="a"),
    "feedback.key": lambda: twice(rows.feedback, key="a"),
    "job.key": lambda: twice(rows.job, key="a"),
}


def all_models() -> list[type[Model]]:
    exported = [getattr(models, name) for name in models.__all__]
    return [thing for thing in exported if isinstance(thing, type) and issubclass(thing, Model)]


def test_no_constraint_of_the_models_is_left_untried() -> None:
    checks = {
        constraint.name
        for model in all_models()
        for constraint in model._meta.constraints
        if isinstance(constraint, CheckConstraint)
    }
    uniques = {
        f"{model._meta.db_table}.{name}"
        for model in all_models()
        for name, field in model._meta.fields_map.items()
        if field.unique and not field.pk and field.reference is None  # a relation's column counts with the relation
    }
    assert checks == CHECKS.keys()
    assert uniques == UNIQUES.keys()


@pytest.mark.parametrize("name", CHECKS)
async def test_a_check_refuses(database: Database, name: str) -> None:
    with pytest.raises(IntegrityError, match=rf"{name}\b"):
        await CHECKS[name]()


@pytest.mark.parametrize("column", UNIQUES)
async def test_a_unique_column_refuses_a_second_row(database: Database, column: str) -> None:
    # SQLite names the column, PostgreSQL the constraint: table_column_key.
    with pytest.raises(IntegrityError, match=column.replace(".", "[._]")):
        await UNIQUES[column]()


async def test_an_openid_is_there_once_an_app(database: Database) -> None:
    await rows.identity(app_id="wxone", openid="o")
    await rows.identity(app_id="wxtwo", openid="o")
    with pytest.raises(IntegrityError):
        await rows.identity(app_id="wxone", openid="o")


async def test_a_firm_has_each_model_once_among_those_in_use(database: Database) -> None:
    first = await rows.product(model="YL-1")
    firm = {"enterprise_id": first.enterprise_id}
    await rows.product(model="YL-1")  # another firm
    await rows.product(model="YL-2", **firm)
    with pytest.raises(IntegrityError):
        await rows.product(model="YL-1", **firm)
    await Product.filter(id=first.id).update(retired_at=rows.NOW)
    second = await rows.product(model="YL-1", **firm)
    await Product.filter(id=second.id).update(retired_at=rows.NOW)
    await rows.product(model="YL-1", **firm)
    with pytest.raises(IntegrityError):
        await Product.filter(id=first.id).update(retired_at=None)


async def test_a_person_is_in_a_firm_once_at_a_time(database: Database) -> None:
    first = await rows.staff()
    both = {"enterprise_id": first.enterprise_id, "person_id": first.person_id}
    await rows.staff(person_id=first.person_id)  # another firm
    await rows.staff(enterprise_id=first.enterprise_id)  # another person
    await twice(rows.staff, enterprise_id=first.enterprise_id, person_id=None)  # entered by us, not known by person
    with pytest.raises(IntegrityError):
        await rows.staff(**both)
    await Staff.filter(id=first.id).update(left_at=rows.NOW)
    await rows.staff(**both)
    with pytest.raises(IntegrityError):
        await Staff.filter(id=first.id).update(left_at=None)


async def test_a_firm_has_one_owner_at_a_time(database: Database) -> None:
    first = await rows.staff(role="owner")
    firm = {"enterprise_id": first.enterprise_id}
    await rows.staff(role="owner")  # another firm
    second = await rows.staff(role="staff", **firm)
    with pytest.raises(IntegrityError):
        await Staff.filter(id=second.id).update(role="owner")
    await Staff.filter(id=first.id).update(left_at=rows.NOW)
    await Staff.filter(id=second.id).update(role="owner")
    with pytest.raises(IntegrityError):
        await rows.staff(role="owner", **firm)


async def test_a_code_pattern_in_use_stands_once_for_a_product(database: Database) -> None:
    first = await rows.code_pattern(value="6901234")
    product = {"product_id": first.product_id}
    await rows.code_pattern(value="6901234")  # another product
    await rows.code_pattern(value="6901235", **product)
    await rows.code_pattern(value="6901234", kind="host", **product)
    with pytest.raises(IntegrityError):
        await rows.code_pattern(value="6901234", **product)
    await CodePattern.filter(id=first.id).update(retired_at=rows.NOW)
    await rows.code_pattern(value="6901234", **product)


async def test_a_platform_role_is_in_force_once_for_a_person(database: Database) -> None:
    first = await rows.grant(role="operator")
    person = {"person_id": first.person_id}
    await rows.grant(role="operator")  # another person
    await rows.grant(role="partner", **person)
    with pytest.raises(IntegrityError):
        await rows.grant(role="operator", **person)
    await Grant.filter(id=first.id).update(revoked_at=rows.NOW)
    await rows.grant(role="operator", **person)


@pytest.mark.parametrize("state", OPEN)
async def test_a_firm_has_one_application_under_way(database: Database, state: ApplicationState) -> None:
    first = await rows.application(state=state)
    firm = {"enterprise_id": first.enterprise_id}
    await rows.application(state=state)  # another firm
    for ended in set(ApplicationState) - set(OPEN):
        await rows.application(state=ended, **firm)
    with pytest.raises(IntegrityError):
        await rows.application(state="draft", **firm)
    await Application.filter(id=first.id).update(state="lapsed")
    await rows.application(state=state, **firm)


async def test_a_registration_key_is_its_persons_own(database: Database) -> None:
    first = await rows.registration(key="a")
    await rows.registration(key="a")  # another person
    with pytest.raises(IntegrityError):
        await rows.registration(key="a", person_id=first.person_id)


async def test_a_material_key_is_its_applications_own(database: Database) -> None:
    first = await rows.material(key="a")
    await rows.material(key="a")  # another application
    with pytest.raises(IntegrityError):
        await rows.material(key="a", application_id=first.application_id)


async def test_an_application_names_a_product_once(database: Database) -> None:
    first = await rows.application_product()
    await rows.application_product(application_id=first.application_id)
    with pytest.raises(IntegrityError):
        await rows.application_product(application_id=first.application_id, product_id=first.product_id)


async def test_a_certificate_has_each_revision_once(database: Database) -> None:
    first = await rows.rendering(revision=0)
    await rows.rendering(revision=0)  # another certificate
    await rows.rendering(revision=1, certificate_id=first.certificate_id)
    with pytest.raises(IntegrityError):
        await rows.rendering(revision=1, certificate_id=first.certificate_id)


async def test_an_idempotency_key_is_once_in_its_scope(database: Database) -> None:
    await rows.idempotent_request(scope="person:1 apply", key="a")
    await rows.idempotent_request(scope="person:2 apply", key="a")
    await rows.idempotent_request(scope="person:1 apply", key="b")
    with pytest.raises(IntegrityError):
        await rows.idempotent_request(scope="person:1 apply", key="a")


async def test_an_objection_may_carry_several_files(database: Database) -> None:
    first = await rows.objection_evidence()
    await rows.objection_evidence(objection_id=first.objection_id)
    assert await ObjectionEvidence.filter(objection_id=first.objection_id).count() == 2


async def test_a_counter_stands_once_by_its_name(database: Database) -> None:
    await rows.counter(name="certificate")
    with pytest.raises(IntegrityError):
        await rows.counter(name="certificate")


async def test_an_adoption_stands_once_among_those_not_refused(database: Database) -> None:
    first = await rows.adoption()
    supplier = {"supplier_id": first.supplier_id}
    await rows.adoption()  # of another supplier
    await rows.adoption(tender_folded="zb-2026-002", **supplier)
    with pytest.raises(IntegrityError):
        await rows.adoption(**supplier)
    await Adoption.filter(id=first.id).update(state="refused")
    await rows.adoption(**supplier)


async def test_a_tender_is_booked_once_of_each_kind(database: Database) -> None:
    tender = {"customer_folded": "样例采购集团", "tender_folded": "zb-2026-001"}
    first = await rows.credit_entry(**tender)
    firm = {"enterprise_id": first.enterprise_id}
    await rows.credit_entry(**tender)  # of another firm
    await rows.credit_entry(kind="false_record", points=-1, **firm, **tender)
    await twice(rows.credit_entry, kind="revocation", points=0, **firm)  # of no tender
    with pytest.raises(IntegrityError):
        await rows.credit_entry(**firm, **tender)


async def test_a_firm_is_watched_once_at_a_time_by_a_person(database: Database) -> None:
    first = await rows.watch()
    both = {"person_id": first.person_id, "enterprise_id": first.enterprise_id}
    with pytest.raises(IntegrityError):
        await rows.watch(**both)
    await Watch.filter(id=first.id).update(ended_at=rows.NOW)
    await rows.watch(**both)


async def test_the_credit_ledger_can_neither_be_altered_nor_removed(database: Database) -> None:
    entry = await rows.credit_entry()
    for attempt in (lambda: CreditEntry.filter(id=entry.id).update(points=9), entry.delete):
        with pytest.raises((IntegrityError, OperationalError), match="append-only"):
            await attempt()
    assert await CreditEntry.filter(id=entry.id, points=1).exists()


async def test_a_row_cannot_refer_to_nothing_nor_lose_what_it_refers_to(database: Database) -> None:
    with pytest.raises(IntegrityError):
        await rows.product(enterprise_id=987_654)
    product = await rows.product()
    with pytest.raises(IntegrityError):
        await (await product.enterprise).delete()


async def test_an_event_can_neither_be_altered_nor_removed(database: Database) -> None:
    event = await rows.event(after={"verdict": "pass"})
    connection = get_connection("default")
    attempts: list[Attempt] = [
        lambda: Event.filter(id=event.id).update(action="photo:forget"),
        lambda: Event.filter(id=event.id).delete(),
        event.delete,
        lambda: connection.execute_query("DELETE FROM event"),
    ]
    if database.dialect == "postgres":
        attempts.append(lambda: connection.execute_script("TRUNCATE event"))
    else:
        attempts.append(
            lambda: connection.execute_query(
                "INSERT OR REPLACE INTO event (id, at, actor, action, subject_kind, subject_id)"
                f" VALUES ({event.id}, '2026-11-24', 'a', 'b', 'c', 1)"
            )
        )
    for attempt in attempts:
        with pytest.raises(IntegrityError, match="append-only"):
            await attempt()
    kept = await Event.get(id=event.id)
    assert (kept.action, kept.after) == ("photo:judge", {"verdict": "pass"})
