"""Rows as the tests need them: valid unless told otherwise, made with all they refer to."""

import secrets
from datetime import UTC, date, datetime, timedelta
from typing import Any

from models import (
    Adoption,
    AdoptionFile,
    Answer,
    ApiKey,
    Application,
    ApplicationProduct,
    Certificate,
    CodePattern,
    CodeReport,
    Confirmation,
    Counter,
    CreditEntry,
    DeskItem,
    Enterprise,
    Event,
    Evidence,
    FanOut,
    Feedback,
    FilingDialog,
    FilingFile,
    Grant,
    IdempotentRequest,
    InboxEntry,
    Inspection,
    Invitation,
    Item,
    ItemFiling,
    Job,
    Material,
    MessageConsent,
    MonthlyFiling,
    Objection,
    ObjectionEvidence,
    OneTimeLink,
    Partner,
    Person,
    Photo,
    PictureFingerprint,
    Product,
    Publication,
    Registration,
    ReminderChoice,
    Rendering,
    SamplingRecord,
    ScanDay,
    ScanEvent,
    ScannedCode,
    ServiceWindow,
    Session,
    Staff,
    UploadLink,
    Watch,
    Webhook,
    WebhookDelivery,
    WeChatIdentity,
)

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


async def enterprise(**given: Any) -> Enterprise:
    return await Enterprise.create(
        **{"uscc": secrets.token_hex(9), "name": "样例电器", "is_sample": True, "created_at": NOW, **given}
    )


async def identity(**given: Any) -> WeChatIdentity:
    return await WeChatIdentity.create(
        **{"app_id": "wxsample", "openid": secrets.token_hex(8), "created_at": NOW, "last_seen_at": NOW, **given}
    )


async def product(**given: Any) -> Product:
    if "enterprise_id" not in given:
        given["enterprise_id"] = (await enterprise()).id
    defaults = {
        "category": "电线电缆",
        "name": "样例电缆",
        "model": "YL-1",
        "code_issuer": "样例发码机构",
        "sheet_width_um": 100_000,
        "sheet_height_um": 70_000,
        "created_at": NOW,
    }
    return await Product.create(**{**defaults, **given})


async def answer(**given: Any) -> Answer:
    if "identity_id" not in given:
        given["identity_id"] = (await identity()).id
    return await Answer.create(**{"key": secrets.token_hex(8), "kind": "text", "created_at": NOW, **given})


async def evidence(**given: Any) -> Evidence:
    defaults = {
        "sha256": "0" * 64,
        "size": 1,
        "media_type": "image/jpeg",
        "storage_key": "evidence/00/0.jpg",
        "source": "chat",
        "received_at": NOW,
    }
    return await Evidence.create(**{**defaults, **given})


async def inspection(**given: Any) -> Inspection:
    if "evidence_id" not in given:
        given["evidence_id"] = (await evidence()).id
    defaults = {
        "ref": secrets.token_urlsafe(9),
        "key": secrets.token_hex(8),
        "profile": "T/ZGJDJX—3—2026",
        "engine": "test",
        "verdict": "pass",
        "report": {},
        "created_at": NOW,
    }
    return await Inspection.create(**{**defaults, **given})


async def photo(**given: Any) -> Photo:
    return await Photo.create(**{"receipt": secrets.token_hex(8), "received_at": NOW, **given})


async def picture_fingerprint(**given: Any) -> PictureFingerprint:
    if "evidence_id" not in given:
        given["evidence_id"] = (await evidence()).id
    return await PictureFingerprint.create(**{"key": 0, "fine": bytes(32), **given})


async def upload_link(**given: Any) -> UploadLink:
    if "identity_id" not in given:
        given["identity_id"] = (await identity()).id
    return await UploadLink.create(**{"token_hash": secrets.token_hex(32), "expires_at": NOW, **given})


async def event(**given: Any) -> Event:
    return await Event.create(
        **{"at": NOW, "actor": "system", "action": "photo:judge", "subject_kind": "photo", "subject_id": 1, **given}
    )


async def job(**given: Any) -> Job:
    return await Job.create(
        **{"kind": "test", "key": secrets.token_hex(8), "due_at": NOW, "max_attempts": 5, "created_at": NOW, **given}
    )


# --- people and what they may do -------------------------------------------------------------------------------------


async def person(**given: Any) -> Person:
    return await Person.create(**{"created_at": NOW, **given})


async def staff(**given: Any) -> Staff:
    if "enterprise_id" not in given:
        given["enterprise_id"] = (await enterprise()).id
    if "person_id" not in given:
        given["person_id"] = (await person()).id
    return await Staff.create(**{"name": "样例员工", "role": "staff", "created_at": NOW, **given})


async def session(**given: Any) -> Session:
    if "person_id" not in given:
        given["person_id"] = (await person()).id
    defaults = {
        "token_hash": secrets.token_hex(32),
        "door": "miniapp",
        "created_at": NOW,
        "seen_at": NOW,
        "expires_at": NOW + timedelta(days=7),
    }
    return await Session.create(**{**defaults, **given})


async def one_time_link(**given: Any) -> OneTimeLink:
    if "identity_id" not in given:
        given["identity_id"] = (await identity()).id
    defaults = {
        "token_hash": secrets.token_hex(32),
        "purpose": "sign_in",
        "created_at": NOW,
        "expires_at": NOW + timedelta(minutes=10),
    }
    return await OneTimeLink.create(**{**defaults, **given})


async def invitation(**given: Any) -> Invitation:
    if "invited_by_id" not in given:
        given.setdefault("enterprise_id", (await enterprise()).id)
        owner = await Staff.get_or_none(enterprise_id=given["enterprise_id"], role="owner", left_at=None)
        given["invited_by_id"] = (owner or await staff(enterprise_id=given["enterprise_id"], role="owner")).id
    if "enterprise_id" not in given:
        given["enterprise_id"] = (await Staff.get(id=given["invited_by_id"])).enterprise_id
    defaults = {
        "code_hash": secrets.token_hex(32),
        "role": "staff",
        "created_at": NOW,
        "expires_at": NOW + timedelta(days=3),
    }
    return await Invitation.create(**{**defaults, **given})


async def grant(**given: Any) -> Grant:
    if "person_id" not in given:
        given["person_id"] = (await person()).id
    return await Grant.create(**{"role": "operator", "granted_by": "cli", "granted_at": NOW, **given})


async def registration(**given: Any) -> Registration:
    if "person_id" not in given:
        given["person_id"] = (await person()).id
    defaults = {
        "ref": secrets.token_urlsafe(9),
        "key": secrets.token_hex(8),
        "uscc": secrets.token_hex(9),
        "name": "样例电器",
        "address": "样例市样例路 1 号",
        "applicant_name": "样例员工",
        "state": "checking",
        "created_at": NOW,
    }
    return await Registration.create(**{**defaults, **given})


async def code_pattern(**given: Any) -> CodePattern:
    if "product_id" not in given:
        given["product_id"] = (await product()).id
    return await CodePattern.create(**{"kind": "gtin_prefix", "value": "6901234", "claimed_at": NOW, **given})


# --- from an application to its certificate --------------------------------------------------------------------------


async def application(**given: Any) -> Application:
    if "enterprise_id" not in given:
        given["enterprise_id"] = (await enterprise()).id
    if "opened_by_id" not in given:
        given["opened_by_id"] = (await person()).id
    defaults = {
        "ref": secrets.token_urlsafe(9),
        "level": "AA",
        "sells_online": False,
        "state": "draft",
        "opened_at": NOW,
    }
    return await Application.create(**{**defaults, **given})


async def application_product(**given: Any) -> ApplicationProduct:
    if "application_id" not in given:
        given["application_id"] = (await application()).id
    if "product_id" not in given:
        firm = (await Application.get(id=given["application_id"])).enterprise_id
        given["product_id"] = (await product(enterprise_id=firm, model=secrets.token_hex(4))).id
    return await ApplicationProduct.create(**given)


async def material(**given: Any) -> Material:
    if "application_id" not in given:
        given["application_id"] = (await application()).id
    if "evidence_id" not in given:
        given["evidence_id"] = (await evidence()).id
    if "handed_in_by_id" not in given:
        given["handed_in_by_id"] = (await person()).id
    defaults = {
        "ref": secrets.token_urlsafe(9),
        "kind": "certificate_photo",
        "key": secrets.token_hex(8),
        "state": "handed_in",
        "handed_in_at": NOW,
    }
    return await Material.create(**{**defaults, **given})


async def publication(**given: Any) -> Publication:
    if "application_id" not in given:
        given["application_id"] = (await application(state="publicity")).id
    defaults = {
        "ref": secrets.token_urlsafe(9),
        "content": {"企业名称": "样例电器", "等级": "AA"},
        "published_at": NOW,
        "closes_at": NOW + timedelta(days=3),
        "state": "running",
    }
    return await Publication.create(**{**defaults, **given})


async def objection(**given: Any) -> Objection:
    if "publication_id" not in given:
        given["publication_id"] = (await publication()).id
    defaults = {
        "ref": secrets.token_urlsafe(9),
        "party": "enterprise",
        "route": "objection",
        "key": secrets.token_hex(8),
        "statement": "样例异议",
        "state": "open",
        "filed_at": NOW,
    }
    return await Objection.create(**{**defaults, **given})


async def objection_evidence(**given: Any) -> ObjectionEvidence:
    if "objection_id" not in given:
        given["objection_id"] = (await objection()).id
    if "evidence_id" not in given:
        given["evidence_id"] = (await evidence()).id
    return await ObjectionEvidence.create(**given)


async def certificate(**given: Any) -> Certificate:
    """Its ``holder`` and ``life`` are empty: :mod:`workflow.certifying.certificates` issues one that has them."""
    if "application_id" not in given:
        firm = {"enterprise_id": given["enterprise_id"]} if "enterprise_id" in given else {}
        given["application_id"] = (await application(state="certified", **firm)).id
    if "enterprise_id" not in given:
        given["enterprise_id"] = (await Application.get(id=given["application_id"])).enterprise_id
    given.setdefault("serial", await Certificate.all().count() + 1)
    defaults = {
        "number": f"SAMPLE-{given['serial']:06d}",
        "grade": "AA",
        "state": "active",
        "issued_on": date(2026, 11, 24),
        "last_day": date(2027, 11, 23),
        "holder": {},
        "life": {},
        "created_at": NOW,
    }
    return await Certificate.create(**{**defaults, **given})


async def rendering(**given: Any) -> Rendering:
    if "certificate_id" not in given:
        given["certificate_id"] = (await certificate()).id
    defaults = {
        "revision": 0,
        "reason": "issued",
        "face": {},
        "as_of": date(2026, 11, 24),
        "state": "intended",
        "intended_at": NOW,
    }
    return await Rendering.create(**{**defaults, **given})


# --- what waits, what was told, what happens once --------------------------------------------------------------------


async def desk_item(**given: Any) -> DeskItem:
    defaults = {
        "ref": secrets.token_urlsafe(9),
        "key": secrets.token_hex(8),
        "kind": "overdue",
        "subject_kind": "application",
        "subject_id": 1,
        "clause": "7.2(4)",
        "title": "样例待办",
        "opened_at": NOW,
        "state": "open",
    }
    return await DeskItem.create(**{**defaults, **given})


async def inbox_entry(**given: Any) -> InboxEntry:
    if "person_id" not in given:
        given["person_id"] = (await person()).id
    defaults = {
        "key": secrets.token_hex(8),
        "clause": "7.3",
        "title": "样例通知",
        "body": "样例内容",
        "created_at": NOW,
    }
    return await InboxEntry.create(**{**defaults, **given})


async def idempotent_request(**given: Any) -> IdempotentRequest:
    defaults = {"scope": "person:1 test", "key": secrets.token_hex(8), "body_sha256": "0" * 64, "created_at": NOW}
    return await IdempotentRequest.create(**{**defaults, **given})


async def counter(**given: Any) -> Counter:
    return await Counter.create(**{"name": secrets.token_hex(8), **given})


# --- months, and the ways of telling people --------------------------------------------------------------------------


async def filing(**given: Any) -> MonthlyFiling:
    if "certificate_id" not in given:
        given["certificate_id"] = (await certificate()).id
    held = await Certificate.get(id=given["certificate_id"])
    defaults = {
        "ref": secrets.token_hex(8),
        "enterprise_id": held.enterprise_id,
        "month": "2026-12",
        "closes_on": NOW.date(),
        "state": "open",
        "opened_at": NOW,
    }
    return await MonthlyFiling.create(**{**defaults, **given})


async def filing_file(**given: Any) -> FilingFile:
    if "filing_id" not in given:
        given["filing_id"] = (await filing()).id
    defaults = {
        "ref": secrets.token_hex(8),
        "kind": "certificate_photo",
        "evidence_id": (await evidence()).id,
        "key": secrets.token_hex(8),
        "state": "handed_in",
        "handed_in_by_id": (await person()).id,
        "handed_in_at": NOW,
    }
    return await FilingFile.create(**{**defaults, **given})


async def filing_dialog(**given: Any) -> FilingDialog:
    if "filing_id" not in given:
        given["filing_id"] = (await filing()).id
    return await FilingDialog.create(**{"entered_at": NOW, **given})


async def sampling_record(**given: Any) -> SamplingRecord:
    made = await product()
    defaults = {
        "ref": secrets.token_hex(8),
        "enterprise_id": made.enterprise_id,
        "product_id": made.id,
        "batch": "20261127",
        "record": {},
        "keep_through": NOW.date(),
        "recorded_by_id": (await person()).id,
        "recorded_at": NOW,
    }
    return await SamplingRecord.create(**{**defaults, **given})


async def service_window(**given: Any) -> ServiceWindow:
    whose = {} if "identity_id" in given else {"identity_id": (await identity()).id}
    return await ServiceWindow.create(**{"trigger": "message", "remaining": 5, "ends_at": NOW, **whose, **given})


async def message_consent(**given: Any) -> MessageConsent:
    whose = {} if "identity_id" in given else {"identity_id": (await identity()).id}
    return await MessageConsent.create(**{"template": "sample", "changed_at": NOW, **whose, **given})


async def reminder_choice(**given: Any) -> ReminderChoice:
    whose = {} if "person_id" in given else {"person_id": (await person()).id}
    return await ReminderChoice.create(**{"changed_at": NOW, **whose, **given})


async def fan_out(**given: Any) -> FanOut:
    return await FanOut.create(**{"key": secrets.token_hex(8), "kind": "test", "started_at": NOW, **given})


async def item_filing(**given: Any) -> ItemFiling:
    return await ItemFiling.create(
        **{
            "ref": secrets.token_hex(8),
            "key": secrets.token_hex(8),
            "product_id": given.get("product_id") or (await product()).id,
            "state": "filed",
            "filed_at": NOW,
            **given,
        }
    )


async def item(**given: Any) -> Item:
    product_id = given.get("product_id") or (await product()).id
    filing_id = given.get("filing_id") or (await item_filing(product_id=product_id)).id
    return await Item.create(
        **{
            "code_key": secrets.token_hex(16),
            "code": "https://id.gs1.org/01/06901234567892/21/0001",
            "product_id": product_id,
            "filing_id": filing_id,
            **given,
        }
    )


async def scan_event(**given: Any) -> ScanEvent:
    return await ScanEvent.create(
        **{
            "at": NOW,
            "code_key": secrets.token_hex(16),
            "code": "https://id.gs1.org/01/06901234567892/21/0001",
            "road": "link",
            "outcome": "known",
            **given,
        }
    )


async def scanned_code(**given: Any) -> ScannedCode:
    return await ScannedCode.create(
        **{"code_key": secrets.token_hex(16), "first_at": NOW, "last_at": NOW, "times": 1, **given}
    )


async def scan_day(**given: Any) -> ScanDay:
    return await ScanDay.create(
        **{"enterprise_id": 1, "product_id": 1, "day": NOW.date(), "road": "link", "times": 1, **given}
    )


async def code_report(**given: Any) -> CodeReport:
    return await CodeReport.create(
        **{
            "ref": secrets.token_hex(8),
            "key": secrets.token_hex(8),
            "code_key": secrets.token_hex(16),
            "code": "https://id.gs1.org/01/06901234567892/21/0001",
            "kind": "other",
            "statement": "标签贴歪了",
            "state": "open",
            "filed_at": NOW,
            **given,
        }
    )


async def partner(**given: Any) -> Partner:
    return await Partner.create(
        **{"ref": secrets.token_hex(8), "name": "样例商城", "kind": "marketplace", "created_at": NOW, **given}
    )


async def api_key(**given: Any) -> ApiKey:
    return await ApiKey.create(
        **{
            "key_id": secrets.token_hex(8),
            "partner_id": given.get("partner_id") or (await partner()).id,
            "secret_hash": "0" * 64,
            "per_minute": 60,
            "per_day": 10_000,
            "created_at": NOW,
            "created_by": "system",
            **given,
        }
    )


async def webhook(**given: Any) -> Webhook:
    return await Webhook.create(
        **{
            "ref": secrets.token_hex(8),
            "partner_id": given.get("partner_id") or (await partner()).id,
            "url": "https://example.com/hook",
            "created_at": NOW,
            **given,
        }
    )


async def webhook_delivery(**given: Any) -> WebhookDelivery:
    return await WebhookDelivery.create(
        **{
            "ref": secrets.token_hex(8),
            "webhook_id": given.get("webhook_id") or (await webhook()).id,
            "event_id": given.get("event_id") or (await event()).id,
            "kind": "certificate.suspended",
            "body": {},
            "state": "waiting",
            "created_at": NOW,
            **given,
        }
    )


async def confirmation(**given: Any) -> Confirmation:
    return await Confirmation.create(
        **{
            "ref": secrets.token_hex(8),
            "key": secrets.token_hex(8),
            "certificate_id": given.get("certificate_id") or (await certificate()).id,
            "face": {},
            "as_of": NOW,
            "state": "intended",
            **given,
        }
    )


async def adoption(**given: Any) -> Adoption:
    return await Adoption.create(
        **{
            "ref": secrets.token_hex(8),
            "key": secrets.token_hex(8),
            "supplier_id": given.get("supplier_id") or (await enterprise()).id,
            "customer_name": "样例采购集团",
            "tender_number": "ZB-2026-001",
            "customer_folded": "样例采购集团",
            "tender_folded": "zb-2026-001",
            "tender_role": "tenderer",
            "way": "uploaded",
            "filed_by": "customer",
            "state": "checking",
            "filed_at": NOW,
            **given,
        }
    )


async def adoption_file(**given: Any) -> AdoptionFile:
    return await AdoptionFile.create(
        **{
            "ref": secrets.token_hex(8),
            "adoption_id": given.get("adoption_id") or (await adoption()).id,
            "evidence_id": given.get("evidence_id") or (await evidence()).id,
            "kind": "award_notice",
            "state": "handed_in",
            "filed_at": NOW,
            **given,
        }
    )


async def credit_entry(**given: Any) -> CreditEntry:
    return await CreditEntry.create(
        **{
            "enterprise_id": given.get("enterprise_id") or (await enterprise()).id,
            "kind": "adoption",
            "at": NOW,
            "year": 2026,
            "points": 1,
            "reason": "有效招标采购记录",
            **given,
        }
    )


async def feedback(**given: Any) -> Feedback:
    return await Feedback.create(
        **{
            "ref": secrets.token_hex(8),
            "key": secrets.token_hex(8),
            "supplier_id": given.get("supplier_id") or (await enterprise()).id,
            "person_id": given.get("person_id") or (await person()).id,
            "mood": "positive",
            "statement": "查询方便",
            "state": "checking",
            "filed_at": NOW,
            **given,
        }
    )


async def watch(**given: Any) -> Watch:
    return await Watch.create(
        **{
            "person_id": given.get("person_id") or (await person()).id,
            "enterprise_id": given.get("enterprise_id") or (await enterprise()).id,
            "created_at": NOW,
            **given,
        }
    )
