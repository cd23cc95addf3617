"""What customers make of a firm's result: adoptions in tenders, their points, feedback, watching (8.2, 8.5)."""

from enum import StrEnum
from typing import Any

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from models.constraints import one_of
from models.partners import Partner
from models.people import Enterprise, Person
from models.photos import Evidence
from models.results import Certificate, RenderingState


class Confirmation(Model):
    """A signed statement for a tender's file: how a firm stood at a moment (4.3.2, 7.6, 8.5(1)).

    Its ``face`` is recorded before anything is signed, like a certificate's rendering.
    """

    id = fields.BigIntField(primary_key=True)
    ref = fields.CharField(max_length=43, unique=True)
    key = fields.CharField(max_length=128, unique=True)
    certificate: fields.ForeignKeyRelation[Certificate] = fields.ForeignKeyField(
        "models.Certificate", related_name="confirmations", on_delete=fields.RESTRICT, db_index=True
    )
    certificate_id: int
    person: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="confirmations", on_delete=fields.RESTRICT, null=True, db_index=True
    )
    person_id: int | None
    purchaser: fields.ForeignKeyNullableRelation[Enterprise] = fields.ForeignKeyField(
        "models.Enterprise", related_name="confirmations", on_delete=fields.RESTRICT, null=True, db_index=True
    )
    """The firm the asker bought for, where they have one that is verified."""
    purchaser_id: int | None
    face = fields.JSONField[dict[str, Any]]()
    as_of = fields.DatetimeField()
    state = fields.CharField(max_length=16)
    signed_at = fields.DatetimeField(null=True)
    pdf_key = fields.CharField(max_length=128, null=True)
    pdf_sha256 = fields.CharField(max_length=64, null=True, db_index=True)

    class Meta:
        table = "confirmation"
        table_description = "供应商等级确认书"
        constraints = (one_of("confirmation", "state", RenderingState),)


class AdoptionState(StrEnum):
    """Where a record of adoption stands; each says who acts next."""

    CHECKING = "checking"  # the platform: its evidence is judged
    WAITING = "waiting"  # the filer or the operator, as ``findings`` say; 0 points so far (8.2(2))
    VALID = "valid"  # nobody: it stands in the ledger (8.5(2))
    REFUSED = "refused"  # nobody: it is none; may be filed anew
    FALSE = "false"  # nobody: established to be false (8.5(4))


class AdoptionWay(StrEnum):
    """How 8.5(1) is met."""

    UPLOADED = "uploaded"  # tender document and notice of award
    OBTAINED = "obtained"  # the result was obtained from the platform and the adoption put on record here


class Filer(StrEnum):
    """Who put it on record."""

    CUSTOMER = "customer"
    SUPPLIER = "supplier"
    PARTNER = "partner"


class Adoption(Model):
    """A customer adopted a firm's result in a tender (8.5(1)).

    Of one supplier, a customer's tender number stands once among those that are not refused (unique index
    ``adoption_in_force``); numbers and names are compared as ``standard.credit.tender_key`` folds them.
    """

    id = fields.BigIntField(primary_key=True)
    ref = fields.CharField(max_length=43, unique=True)
    key = fields.CharField(max_length=128, unique=True)
    supplier: fields.ForeignKeyRelation[Enterprise] = fields.ForeignKeyField(
        "models.Enterprise", related_name="adoptions", on_delete=fields.RESTRICT, db_index=True
    )
    supplier_id: int
    certificate: fields.ForeignKeyNullableRelation[Certificate] = fields.ForeignKeyField(
        "models.Certificate", related_name="adoptions", on_delete=fields.RESTRICT, null=True
    )
    """The certificate whose result was adopted."""
    certificate_id: int | None
    confirmation: fields.ForeignKeyNullableRelation[Confirmation] = fields.ForeignKeyField(
        "models.Confirmation", related_name="adoptions", on_delete=fields.RESTRICT, null=True
    )
    confirmation_id: int | None
    customer: fields.ForeignKeyNullableRelation[Enterprise] = fields.ForeignKeyField(
        "models.Enterprise", related_name="adopted", on_delete=fields.RESTRICT, null=True, db_index=True
    )
    """The customer's own firm, where it is registered here."""
    customer_id: int | None
    customer_name = fields.CharField(max_length=200)
    customer_uscc = fields.CharField(max_length=18, default="")
    tender_number = fields.CharField(max_length=100)
    customer_folded = fields.CharField(max_length=200)
    tender_folded = fields.CharField(max_length=100)
    tender_role = fields.CharField(max_length=20)
    """What the customer is in the tender: ``tenderer`` (招标人), ``agency`` (招标代理), ``buyer`` (采购人)."""
    way = fields.CharField(max_length=16)
    filed_by = fields.CharField(max_length=16)
    person: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="adoptions", on_delete=fields.RESTRICT, null=True, db_index=True
    )
    person_id: int | None
    partner: fields.ForeignKeyNullableRelation[Partner] = fields.ForeignKeyField(
        "models.Partner", related_name="adoptions", on_delete=fields.RESTRICT, null=True, db_index=True
    )
    partner_id: int | None
    state = fields.CharField(max_length=16)
    findings = fields.JSONField[list[dict[str, Any]]](default=list)
    """Plain :class:`standard.outcome.Finding` s."""
    filed_at = fields.DatetimeField()
    due_at = fields.DatetimeField(null=True, db_index=True)
    decided_at = fields.DatetimeField(null=True)
    version = fields.IntField(default=0)

    class Meta:
        table = "adoption"
        table_description = "招标采购采信记录"
        constraints = (
            one_of("adoption", "state", AdoptionState),
            one_of("adoption", "way", AdoptionWay),
            one_of("adoption", "filed_by", Filer),
        )


class AdoptionFileState(StrEnum):
    """Where a file of an adoption stands."""

    HANDED_IN = "handed_in"
    PASSED = "passed"
    FAILED = "failed"
    UNCLEAR = "unclear"


class AdoptionFile(Model):
    """A document that supports an adoption; ``kind`` is one of ``standard``'s kinds of evidence (8.5(1))."""

    id = fields.BigIntField(primary_key=True)
    ref = fields.CharField(max_length=43, unique=True)
    adoption: fields.ForeignKeyRelation[Adoption] = fields.ForeignKeyField(
        "models.Adoption", related_name="files", on_delete=fields.RESTRICT, db_index=True
    )
    adoption_id: int
    evidence: fields.ForeignKeyRelation[Evidence] = fields.ForeignKeyField(
        "models.Evidence", related_name="adoption_files", on_delete=fields.RESTRICT, db_index=True
    )
    evidence_id: int
    kind = fields.CharField(max_length=40)
    name = fields.CharField(max_length=200, default="")
    state = fields.CharField(max_length=16)
    findings = fields.JSONField[list[dict[str, Any]]](default=list)
    report = fields.JSONField[dict[str, Any]](null=True)
    filed_at = fields.DatetimeField()
    judged_at = fields.DatetimeField(null=True)

    class Meta:
        table = "adoption_file"
        table_description = "采信证据"
        unique_together = (("adoption_id", "evidence_id"),)
        constraints = (one_of("adoption_file", "state", AdoptionFileState),)


class CreditEntry(Model):
    """A line of a firm's credit ledger; the database refuses to alter or drop it (8.5(2), R17).

    ``standard.credit.Entry`` as a row. A tender is booked once as an adoption and once as a false record (unique index
    ``credit_entry_once``).
    """

    id = fields.BigIntField(primary_key=True)
    enterprise: fields.ForeignKeyRelation[Enterprise] = fields.ForeignKeyField(
        "models.Enterprise", related_name="credit", on_delete=fields.RESTRICT, db_index=True
    )
    enterprise_id: int
    kind = fields.CharField(max_length=20)
    at = fields.DatetimeField()
    year = fields.IntField()
    points = fields.IntField()
    reason = fields.CharField(max_length=500)
    customer_folded = fields.CharField(max_length=200, null=True)
    tender_folded = fields.CharField(max_length=100, null=True)
    adoption: fields.ForeignKeyNullableRelation[Adoption] = fields.ForeignKeyField(
        "models.Adoption", related_name="entries", on_delete=fields.RESTRICT, null=True, db_index=True
    )
    adoption_id: int | None

    class Meta:
        table = "credit_entry"
        table_description = "资信分值台账"
        constraints = (
            CheckConstraint(check="\"kind\" IN ('adoption', 'false_record', 'revocation')", name="credit_entry_kind"),
        )


class FeedbackState(StrEnum):
    """Where a customer's word stands; each says who acts next."""

    CHECKING = "checking"  # the platform: words and person are checked (8.2(2))
    HELD = "held"  # the operator: a person must look at it
    PUBLISHED = "published"  # nobody: it is in the firm's record
    REFUSED = "refused"  # nobody


class Mood(StrEnum):
    """What a customer says on the whole."""

    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"


class Feedback(Model):
    """A customer's word on a firm's tracing service (8.2)."""

    id = fields.BigIntField(primary_key=True)
    ref = fields.CharField(max_length=43, unique=True)
    key = fields.CharField(max_length=128, unique=True)
    supplier: fields.ForeignKeyRelation[Enterprise] = fields.ForeignKeyField(
        "models.Enterprise", related_name="feedback", on_delete=fields.RESTRICT, db_index=True
    )
    supplier_id: int
    customer: fields.ForeignKeyNullableRelation[Enterprise] = fields.ForeignKeyField(
        "models.Enterprise", related_name="feedback_given", on_delete=fields.RESTRICT, null=True, db_index=True
    )
    customer_id: int | None
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="feedback", on_delete=fields.RESTRICT, db_index=True
    )
    person_id: int
    mood = fields.CharField(max_length=16)
    statement = fields.TextField()
    state = fields.CharField(max_length=16)
    findings = fields.JSONField[list[dict[str, Any]]](default=list)
    filed_at = fields.DatetimeField()
    decided_at = fields.DatetimeField(null=True)
    version = fields.IntField(default=0)

    class Meta:
        table = "feedback"
        table_description = "客户反馈"
        constraints = (one_of("feedback", "state", FeedbackState), one_of("feedback", "mood", Mood))


class Watch(Model):
    """A person wants to be told when a firm's certificate changes; each once at a time (unique index
    ``watch_in_force``)."""

    id = fields.BigIntField(primary_key=True)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="watches", on_delete=fields.RESTRICT, db_index=True
    )
    person_id: int
    enterprise: fields.ForeignKeyRelation[Enterprise] = fields.ForeignKeyField(
        "models.Enterprise", related_name="watches", on_delete=fields.RESTRICT, db_index=True
    )
    enterprise_id: int
    created_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "watch"
        table_description = "关注的供应商"
