"""What the firms make and certify."""

from typing import Any

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

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
    record = fields.JSONField[dict[str, Any]](default=dict)
    """The contents that D.5.1 compares with what is printed: field → text."""
    created_at = fields.DatetimeField()
    retired_at = fields.DatetimeField(null=True)

    class Meta:
        table = "product"
        table_description = "产品"
        constraints = (CheckConstraint(check='"sheet_width_um" > 0 AND "sheet_height_um" > 0', name="product_sheet"),)
