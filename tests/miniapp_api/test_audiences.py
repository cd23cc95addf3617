"""Nothing leaves but by the table of audiences (8.3): endpoint by endpoint, and field by field where all may ask."""

from collections.abc import Iterator
from typing import Any

import pytest

from miniapp_api import CHAPTERS, VERSION, openapi
from miniapp_api import open as open_api
from miniapp_api.chapter import Who
from models import PartnerKind
from tests.miniapp_api.test_access_matrix import table
from workflow.audiences import SEEN, Audience, Information
from workflow.relying.partners import Scope

I = Information  # noqa: E741 - the table below is read, not computed with
SHOWS: dict[Information, str] = {
    I.PLATFORM: "categories js_sdk_config",
    I.OWN: """sign_in sign_out sign_out_everywhere me inbox_entries mark_read register_firm registrations
        registration_result accept_invitation complain watches watch unwatch new_confirmation my_confirmations
        confirmation confirmation_pdf my_adoptions file_adoption give_feedback my_feedback reminders choose_reminders
        new_calendar""",
    I.INSIDE: """firm_inside firm_members remove_member leave_firm act_for_firm invite invite_by_qr invitations
        revoke_invitation products_of_firm new_product change_product retire_product open_application upgrade_offer
        applications_of_firm application application_progress hand_in take_out submit withdraw application_result
        months_of_firm month hand_in_for_month take_out_of_month submit_month sampling_records_of_firm record_sampling
        object_to""",
    I.EVIDENCE: "material material_file filing_file filing_file_bytes adoption_file",
    I.RESULT: """publications publication find_firms firm_record certificate certificate_pdf certificate_png
        verify_certificate find_suppliers supplier_card compare_suppliers""",
    I.CODE: "look_up_code",
    I.RECORDS: "scans_of_firm scans_csv file_items file_item_list item_list",
    I.ADOPTION: "adoption add_adoption_file adoptions_of_firm establish_false",
    I.LEDGER: "credit_of_firm",
    I.FEEDBACK: "feedback_of_firm",
    I.DESK: "desk_items desk_item decide",
}
"""What an endpoint of ``/api/v1`` answers with, besides what everybody sees: each stands in one row."""

OPEN_SHOWS: dict[Information, str] = {
    I.RESULT: "firm firms certificate credential status_list",
    I.STANDING: "tender",
    I.CODE: "code",
    I.CONFORMITY: "admission",
    I.SUPERVISION: "regulation",
    I.ADOPTION: "file_adoption add_file adoption",
    I.OWN: "add_webhook list_webhooks end_webhook resume_webhook list_deliveries replay_deliveries",
}
"""The same for ``/open/v1``."""

PUBLIC_FIELDS: dict[Information, str] = {
    I.RESULT: """name enterprise firm uscc address categories grade grade_name level level_name state state_words alive
        standing certificate certificates number path issued_on last_day continued_through months month year words
        conditions remarks previous successor revision pdf_ready history on basis element outcome clause title final
        print published_at closes_at publications ref notices is_sample as_of disclaimer items next sentence signer
        signed_at upgrade grade_before applies""",
    I.POINTS: "points year_points praised_by",
    I.STANDING: "tender reason",
    I.CODE: """outcome tone headline lines advice disclaimer facts label value path certificate number grade state
        last_day covered history times first_at first_region last_at only_by_you""",
    I.PLATFORM: "id name source product_class items appId nonceStr signature timestamp",
    I.OWN: "token expires_at ref route filed_at due_at",
}
"""Every name of a field that an answer to somebody not signed in may have. A new one has to be thought about here."""


def of(row: dict[Information, str]) -> dict[str, Information]:
    """Endpoint → what it shows."""
    return {name: what for what, names in row.items() for name in names.split()}


def audiences(statuses: dict[str, int]) -> set[Audience]:
    """Whom an endpoint answers, by the access matrix."""
    answered = {asker for asker, status in statuses.items() if status < 400}
    if "anonymous" in answered:
        return {Audience.PUBLIC}
    if {"stranger", "rival"} & answered:
        return {Audience.PERSON}
    found = {Audience.MEMBER} if {"viewer", "staff", "owner"} & answered else set()
    return found | ({Audience.OPERATOR} if "operator" in answered else set())


def fields_of(document: dict[str, Any], schema: Any, seen: frozenset[str] = frozenset()) -> Iterator[str]:
    """Names of all fields of a schema, however deep."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        if name not in seen:
            yield from fields_of(document, document["components"]["schemas"][name], seen | {name})
    for name, inner in schema.get("properties", {}).items():
        yield name
        yield from fields_of(document, inner, seen)
    for part in ("items", "additionalProperties"):
        if isinstance(schema.get(part), dict):
            yield from fields_of(document, schema[part], seen)
    for part in ("anyOf", "allOf", "oneOf"):
        for inner in schema.get(part, []):
            yield from fields_of(document, inner, seen)


def test_every_endpoint_has_its_row() -> None:
    assert of(SHOWS).keys() == {endpoint.name for chapter in CHAPTERS for endpoint in chapter.endpoints}
    assert of(OPEN_SHOWS).keys() == {one.name for chapter in open_api.CHAPTERS for one in chapter.endpoints}


@pytest.mark.parametrize("endpoint", of(SHOWS))
def test_an_endpoint_shows_nobody_more_than_the_table(endpoint: str) -> None:
    shown = of(SHOWS)[endpoint]
    for audience in audiences(table()[endpoint]):
        given_once = endpoint in {"sign_in", "complain"} and shown is Information.OWN  # to whom it belongs
        assert shown in SEEN[audience] or given_once, f"{audience} is shown {shown}"


def test_partners_are_shown_no_more_than_the_table() -> None:
    shows = of(OPEN_SHOWS)
    for endpoint in [one for chapter in open_api.CHAPTERS for one in chapter.endpoints]:
        shown = shows[endpoint.name]
        if endpoint.scope is None:
            assert shown in SEEN[Audience.PUBLIC]
        elif endpoint.kinds == {PartnerKind.REGULATOR}:
            assert endpoint.scope is Scope.REGULATE
            assert shown in SEEN[Audience.REGULATOR]
        elif endpoint.kinds == {PartnerKind.CUSTOMER}:
            assert shown in SEEN[Audience.CUSTOMER]
        else:
            assert not endpoint.kinds
            assert shown in SEEN[Audience.PARTNER]


def test_the_public_is_answered_no_field_that_was_not_thought_about() -> None:
    document = openapi.document(CHAPTERS, VERSION)
    anybody = {one.name for chapter in CHAPTERS for one in chapter.endpoints if one.who is not Who.SIGNED_IN}
    answered = {
        name
        for operations in document["paths"].values()
        for operation in operations.values()
        if isinstance(operation, dict) and operation.get("operationId") in anybody
        for status, response in operation["responses"].items()
        if status.startswith("2")
        for content in response.get("content", {}).values()
        for name in fields_of(document, content.get("schema", {}))
    }
    assert answered == {name for names in PUBLIC_FIELDS.values() for name in names.split()}


def test_only_whom_a_thing_concerns_sees_more_than_everybody() -> None:
    for audience, seen in SEEN.items():
        assert seen >= SEEN[Audience.PUBLIC]
        confidential = {Information.INSIDE, Information.LEDGER, Information.FEEDBACK, Information.RECORDS}
        if audience is not Audience.MEMBER:
            assert not seen & confidential
        if audience not in {Audience.MEMBER, Audience.OPERATOR}:
            assert Information.EVIDENCE not in seen
