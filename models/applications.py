"""Applications for an evaluation, and the materials handed in with them (7.1–7.3)."""

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from models.constraints import one_of
from models.people import Enterprise, Person
from models.photos import Evidence, Inspection
from models.products import Product

if TYPE_CHECKING:
    from models.results import Certificate


class ApplicationState(StrEnum):
    """Where an application stands; each says who acts next."""

    DRAFT = "draft"  # the firm: hands in what is asked, then submits (7.1(2))
    VERIFYING = "verifying"  # the platform: judges the materials, within a working day (7.2(4))
    SUPPLEMENT = "supplement"  # the firm: mends what failed, within five working days (7.2(3))
    GRADING = "grading"  # the platform: finds the grade, within a working day (7.3)
    PUBLICITY = "publicity"  # nobody: the result is public for three working days (7.4)
    OBJECTED = "objected"  # the platform: reviews the objection, within three working days (7.5(2))
    CONFIRMED = "confirmed"  # the platform: issues the certificate (7.5(1))
    CERTIFIED = "certified"  # nobody: the certificate is there; of an upgrade review, raised
    NOT_REACHED = "not_reached"  # the firm: below B (6.1(3)), or the certificate not raised; it may apply again
    LAPSED = "lapsed"  # the firm: nothing was supplemented in time; it may apply again
    WITHDRAWN = "withdrawn"  # nobody: taken back before it was submitted


OPEN = (
    ApplicationState.DRAFT, ApplicationState.VERIFYING, ApplicationState.SUPPLEMENT, ApplicationState.GRADING,
    ApplicationState.PUBLICITY, ApplicationState.OBJECTED, ApplicationState.CONFIRMED,
)  # fmt: skip
"""States in which an application is under way; a firm has one such at most (unique index ``application_open``)."""

TAKES_FILES = (ApplicationState.DRAFT, ApplicationState.SUPPLEMENT)
"""States in which the firm hands materials in."""


class Application(Model):
    """One evaluation of one firm, over all the products it names (R43); an upgrade review of its certificate, too."""

    id = fields.BigIntField(primary_key=True)
    ref = fields.CharField(max_length=43, unique=True)
    enterprise: fields.ForeignKeyRelation[Enterprise] = fields.ForeignKeyField(
        "models.Enterprise", related_name="applications", on_delete=fields.RESTRICT, db_index=True
    )
    enterprise_id: int
    level = fields.CharField(max_length=3)
    """The level applied for; which materials are asked follows from it. The facts decide the grade."""
    sells_online = fields.BooleanField()
    """Declared by the firm (R37)."""
    produces_since = fields.CharField(max_length=7, null=True)
    """First month of production, ``2026-03``, for firms younger than the coverage period (R43)."""
    state = fields.CharField(max_length=16)
    version = fields.IntField(default=0)
    """Counts every change of state: a change names the version it starts from."""
    round = fields.IntField(default=0)
    """How often it was submitted."""
    opened_by: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="applications", on_delete=fields.RESTRICT
    )
    opened_by_id: int
    opened_at = fields.DatetimeField()
    submitted_at = fields.DatetimeField(null=True)
    told_at = fields.DatetimeField(null=True)
    """When the problems of the last verification were told: the supplement's days count from it."""
    verified_at = fields.DatetimeField(null=True)
    graded_at = fields.DatetimeField(null=True)
    ended_at = fields.DatetimeField(null=True)
    due_at = fields.DatetimeField(null=True, db_index=True)
    """When the state it is in is over or overdue; null where nothing runs."""
    edition = fields.CharField(max_length=60, default="")
    """Stamp of the edition it is judged by: the one in force when it was first submitted."""
    findings = fields.JSONField[list[dict[str, Any]]](default=list)
    """Of the case as a whole (consistency across materials, registries), as plain findings."""
    facts = fields.JSONField[dict[str, Any]](null=True)
    """The facts of ``standard.facts``, each with the materials it rests on."""
    result = fields.JSONField[dict[str, Any]](null=True)
    """``standard.grades.GradeResult.to_json()``."""
    grade = fields.CharField(max_length=12, null=True)
    """The grade that was found; of an upgrade review that raises, the one it raises to (8.5(3), R18)."""
    upgrades: fields.ForeignKeyNullableRelation["Certificate"] = fields.ForeignKeyField(
        "models.Certificate", related_name="upgrade_reviews", on_delete=fields.RESTRICT, null=True, db_index=True
    )
    """The certificate that this upgrade review may raise (8.5(3)); null: an evaluation of its own."""
    upgrades_id: int | None
    grade_before = fields.CharField(max_length=3, default="", db_default="")
    """Of an upgrade review: that certificate's grade when it was last looked at; once raised, the one before."""

    class Meta:
        table = "application"
        table_description = "评价申报"
        constraints = (
            one_of("application", "state", ApplicationState),
            CheckConstraint(check="\"level\" IN ('B', 'A', 'AA', 'AAA')", name="application_level"),
        )


class ApplicationProduct(Model):
    """A product that an application covers."""

    id = fields.BigIntField(primary_key=True)
    application: fields.ForeignKeyRelation[Application] = fields.ForeignKeyField(
        "models.Application", related_name="products", on_delete=fields.RESTRICT, db_index=True
    )
    application_id: int
    product: fields.ForeignKeyRelation[Product] = fields.ForeignKeyField(
        "models.Product", related_name="applications", on_delete=fields.RESTRICT, db_index=True
    )
    product_id: int

    class Meta:
        table = "application_product"
        table_description = "申报产品"
        unique_together = (("application_id", "product_id"),)


class MaterialState(StrEnum):
    """Where a material stands; each says who acts next."""

    HANDED_IN = "handed_in"  # the firm, until it submits; then the platform, which judges it
    PASSED = "passed"  # nobody
    FAILED = "failed"  # the firm: replaces it
    UNCLEAR = "unclear"  # the firm: hands in a clearer one (R6)
    REPLACED = "replaced"  # nobody: a newer one stands in its place
    REMOVED = "removed"  # nobody: taken out before it was submitted


class Material(Model):
    """One file handed in as one material of Appendix A; immutable from its submission on."""

    id = fields.BigIntField(primary_key=True)
    ref = fields.CharField(max_length=43, unique=True)
    application: fields.ForeignKeyRelation[Application] = fields.ForeignKeyField(
        "models.Application", related_name="materials", on_delete=fields.RESTRICT, db_index=True
    )
    application_id: int
    kind = fields.CharField(max_length=40)
    """A material of ``standard.materials``: ``certificate_photo``, ``production_ledger`` …"""
    product: fields.ForeignKeyNullableRelation[Product] = fields.ForeignKeyField(
        "models.Product", related_name="materials", on_delete=fields.RESTRICT, null=True, db_index=True
    )
    product_id: int | None
    evidence: fields.ForeignKeyRelation[Evidence] = fields.ForeignKeyField(
        "models.Evidence", related_name="materials", on_delete=fields.RESTRICT, db_index=True
    )
    evidence_id: int
    key = fields.CharField(max_length=128)
    """The client's idempotency key: the same upload again is the same material."""
    declared = fields.JSONField[dict[str, Any]](default=dict)
    """What the firm states beside the file (a body or a package; main suppliers and how many cooperate; a link …)."""
    state = fields.CharField(max_length=16)
    round = fields.IntField(null=True)
    """The submission it was first part of; null before."""
    handed_in_by: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="materials", on_delete=fields.RESTRICT
    )
    handed_in_by_id: int
    handed_in_at = fields.DatetimeField()
    judged_at = fields.DatetimeField(null=True)
    findings = fields.JSONField[list[dict[str, Any]]](default=list)
    report = fields.JSONField[dict[str, Any]](null=True)
    """What the inspection of its kind answered, as plain data."""
    inspection: fields.ForeignKeyNullableRelation[Inspection] = fields.ForeignKeyField(
        "models.Inspection", related_name="materials", on_delete=fields.RESTRICT, null=True
    )
    """The photo report, where it is a certificate's photo."""
    inspection_id: int | None

    class Meta:
        table = "material"
        table_description = "申报资料"
        unique_together = (("application_id", "key"),)
        constraints = (one_of("material", "state", MaterialState),)
