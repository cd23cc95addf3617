"""Results made public, objections against them, and certificates (7.4, 7.5, 9.1, Appendix B)."""

from enum import StrEnum
from typing import Any

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from models.applications import Application
from models.constraints import one_of
from models.people import Enterprise, Person
from models.photos import Evidence


class PublicationState(StrEnum):
    """Where a publication stands; each says who acts next."""

    RUNNING = "running"  # nobody: open for objections until ``closes_at``
    STOPPED = "stopped"  # the platform: an objection is being reviewed
    CONFIRMED = "confirmed"  # nobody: no objection stands
    OVERTURNED = "overturned"  # nobody: the review came to another result


class Publication(Model):
    """A result in public for three working days (7.4); ``content`` is exactly what the public sees."""

    id = fields.BigIntField(primary_key=True)
    ref = fields.CharField(max_length=43, unique=True)
    application: fields.ForeignKeyRelation[Application] = fields.ForeignKeyField(
        "models.Application", related_name="publications", on_delete=fields.RESTRICT, db_index=True
    )
    application_id: int
    content = fields.JSONField[dict[str, Any]]()
    published_at = fields.DatetimeField(db_index=True)
    closes_at = fields.DatetimeField()
    state = fields.CharField(max_length=16)
    version = fields.IntField(default=0)

    class Meta:
        table = "publication"
        table_description = "结果公示"
        constraints = (one_of("publication", "state", PublicationState),)


class ObjectionState(StrEnum):
    """Where an objection stands; each says who acts next."""

    OPEN = "open"  # the platform reviews; a complaint (``party`` public) waits for the operator
    UPHELD = "upheld"  # nobody: the result was changed
    REJECTED = "rejected"  # nobody: the result stands
    ANSWERED = "answered"  # nobody: a complaint that stays one was answered (8.4(3))


class Objection(Model):
    """A word against a published result, with evidence (7.5(2)), or a complaint from the public (R15)."""

    id = fields.BigIntField(primary_key=True)
    ref = fields.CharField(max_length=43, unique=True)
    publication: fields.ForeignKeyRelation[Publication] = fields.ForeignKeyField(
        "models.Publication", related_name="objections", on_delete=fields.RESTRICT, db_index=True
    )
    publication_id: int
    party = fields.CharField(max_length=16)
    """``standard.windows.Party``."""
    route = fields.CharField(max_length=16)
    """``standard.windows.Route``: objection or complaint."""
    person: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="objections", on_delete=fields.RESTRICT, null=True, db_index=True
    )
    person_id: int | None
    key = fields.CharField(max_length=128, unique=True)
    statement = fields.TextField()
    state = fields.CharField(max_length=16)
    filed_at = fields.DatetimeField()
    due_at = fields.DatetimeField(null=True, db_index=True)
    outcome = fields.JSONField[dict[str, Any]](null=True)
    """What the review found: materials judged anew, facts and grade before and after, reasons."""
    decided_at = fields.DatetimeField(null=True)
    decided_by = fields.CharField(max_length=100, null=True)
    version = fields.IntField(default=0)

    class Meta:
        table = "objection"
        table_description = "异议与投诉"
        constraints = (
            one_of("objection", "state", ObjectionState),
            CheckConstraint(check="\"party\" IN ('enterprise', 'public')", name="objection_party"),
            CheckConstraint(check="\"route\" IN ('objection', 'complaint')", name="objection_route"),
        )


class ObjectionEvidence(Model):
    """A file that supports an objection; ``kind`` names the material it replaces, where it replaces one."""

    id = fields.BigIntField(primary_key=True)
    objection: fields.ForeignKeyRelation[Objection] = fields.ForeignKeyField(
        "models.Objection", related_name="evidence", on_delete=fields.RESTRICT, db_index=True
    )
    objection_id: int
    evidence: fields.ForeignKeyRelation[Evidence] = fields.ForeignKeyField(
        "models.Evidence", related_name="objections", on_delete=fields.RESTRICT, db_index=True
    )
    evidence_id: int
    kind = fields.CharField(max_length=40, default="")
    product_id = fields.BigIntField(null=True)

    class Meta:
        table = "objection_evidence"
        table_description = "异议证据"


class Certificate(Model):
    """An electronic certificate. ``life`` is ``standard.life.Certificate`` as plain data; columns repeat what is asked.

    ``revision`` counts the renderings that its events called for (R45); the newest may still be on its way.
    """

    id = fields.BigIntField(primary_key=True)
    number = fields.CharField(max_length=40, unique=True)
    serial = fields.IntField(unique=True)
    """Never reused (R14)."""
    enterprise: fields.ForeignKeyRelation[Enterprise] = fields.ForeignKeyField(
        "models.Enterprise", related_name="certificates", on_delete=fields.RESTRICT, db_index=True
    )
    enterprise_id: int
    application: fields.OneToOneRelation[Application] = fields.OneToOneField(
        "models.Application", related_name="certificate", on_delete=fields.RESTRICT
    )
    application_id: int
    grade = fields.CharField(max_length=3)
    state = fields.CharField(max_length=16)
    """``standard.validity.State``."""
    issued_on = fields.DateField()
    last_day = fields.DateField(db_index=True)
    holder = fields.JSONField[dict[str, Any]]()
    """``standard.validity.Holder`` as plain data."""
    life = fields.JSONField[dict[str, Any]]()
    points = fields.IntField(default=0)
    """As the certificate shows it; the credit ledger decides."""
    revision = fields.IntField(default=0)
    version = fields.IntField(default=0)
    created_at = fields.DatetimeField()
    due_at = fields.DatetimeField(null=True, db_index=True)
    month_opens_at = fields.DatetimeField(null=True, db_index=True)
    """When the window of its next due month opens (R1, R10); null: none is due any more."""

    class Meta:
        table = "certificate"
        table_description = "评价证书"
        constraints = (
            CheckConstraint(
                check="\"state\" IN ('active', 'warned', 'suspended', 'expired', 'revoked', 'cancelled', 'superseded')",
                name="certificate_state",
            ),
            CheckConstraint(check="\"grade\" IN ('B', 'A', 'AA', 'AAA')", name="certificate_grade"),
        )


class RenderingState(StrEnum):
    """Where a rendering stands; each says who acts next."""

    INTENDED = "intended"  # the rendering job: what will be signed is on record
    SIGNED = "signed"  # nobody


class Rendering(Model):
    """One signed issue of a certificate's PDF and picture, as of a moment. Earlier ones stay, as historic (R45).

    Its ``face`` is recorded before anything is signed, so that a crash never leaves a signature nobody knows of.
    """

    id = fields.BigIntField(primary_key=True)
    certificate: fields.ForeignKeyRelation[Certificate] = fields.ForeignKeyField(
        "models.Certificate", related_name="renderings", on_delete=fields.RESTRICT, db_index=True
    )
    certificate_id: int
    revision = fields.IntField()
    reason = fields.CharField(max_length=100)
    """The event that called for it."""
    face = fields.JSONField[dict[str, Any]]()
    """``standard.validity.Face`` as plain data."""
    as_of = fields.DateField()
    state = fields.CharField(max_length=16)
    intended_at = fields.DatetimeField()
    signed_at = fields.DatetimeField(null=True)
    pdf_key = fields.CharField(max_length=128, null=True)
    pdf_sha256 = fields.CharField(max_length=64, null=True, db_index=True)
    png_key = fields.CharField(max_length=128, null=True)

    class Meta:
        table = "rendering"
        table_description = "证书版本"
        unique_together = (("certificate_id", "revision"),)
        constraints = (one_of("rendering", "state", RenderingState),)
