"""What the firms make and certify."""

from enum import StrEnum
from typing import Any

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from models.constraints import one_of
from models.people import Enterprise


class Product(Model):
    """A registered product of a firm.

    Among the products that are not retired a firm has each ``model`` once (unique index ``product_model_in_use``).
    """

    id = fields.BigIntField(primary_key=True)
    enterprise: fields.ForeignKeyRelation[Enterprise] = fields.ForeignKeyField(
        "models.Enterprise", related_name="products", on_delete=fields.RESTRICT, db_index=True
    )
    enterprise_id: int
    category = fields.CharField(max_length=60)
    name = fields.CharField(max_length=200)
    model = fields.CharField(max_length=100)
    code_issuer = fields.CharField(max_length=40)
    """Who issues the trace codes on its certificates (发码机构)."""
    gtin = fields.CharField(max_length=14, null=True, db_index=True)
    sheet_width_um = fields.IntField()
    """Its certificate as the sheet is read, in micrometres."""
    sheet_height_um = fields.IntField()
    product_class = fields.CharField(max_length=20, default="ccc", db_default="ccc")
    """``licence``, ``ccc`` or ``class_3`` (3.1, R49)."""
    qualification_number = fields.CharField(max_length=60, default="", db_default="")
    """Its production licence or CCC certificate; empty for class 3."""
    record = fields.JSONField[dict[str, Any]](default=dict)
    """The contents that D.5.1 compares with what is printed: field → text."""
    created_at = fields.DatetimeField()
    retired_at = fields.DatetimeField(null=True)
    code_patterns: fields.ReverseRelation["CodePattern"]

    class Meta:
        table = "product"
        table_description = "产品"
        constraints = (CheckConstraint(check='"sheet_width_um" > 0 AND "sheet_height_um" > 0', name="product_sheet"),)


class CodePatternKind(StrEnum):
    """By what a trace code is known to be the firm's."""

    GTIN_PREFIX = "gtin_prefix"
    ECODE = "ecode"
    HOST = "host"


class CodePattern(Model):
    """What the trace codes of a firm's product begin with, proved by a photo that carries such a code (3.4, 7.1).

    A pattern in use stands once for a product (unique index ``code_pattern_in_use``).
    """

    id = fields.BigIntField(primary_key=True)
    product: fields.ForeignKeyRelation[Product] = fields.ForeignKeyField(
        "models.Product", related_name="code_patterns", on_delete=fields.RESTRICT, db_index=True
    )
    product_id: int
    kind = fields.CharField(max_length=16)
    value = fields.CharField(max_length=120, db_index=True)
    claimed_at = fields.DatetimeField()
    proved_at = fields.DatetimeField(null=True)
    proved_by_sha256 = fields.CharField(max_length=64, null=True)
    """Hash of the evidence that carries such a code."""
    retired_at = fields.DatetimeField(null=True)

    class Meta:
        table = "code_pattern"
        table_description = "追溯码发码规则"
        constraints = (one_of("code_pattern", "kind", CodePatternKind),)
