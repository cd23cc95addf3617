"""Firms found by name (7.6); frozen: literals only, nothing of the live models."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete

from models.operations import CreateModel, CreateOrderedKeys


class Migration(migrations.Migration):
    dependencies = [("models", "0003_from_registration_to_certificate")]

    initial = False

    operations = [
        CreateModel(
            name="FirmName",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                (
                    "enterprise",
                    fields.OneToOneField(
                        "models.Enterprise",
                        source_field="enterprise_id",
                        to_field="id",
                        related_name="found_by",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("uscc", fields.CharField(max_length=18)),
                ("folded", fields.CharField(max_length=200)),
                ("readings", fields.TextField(unique=False)),
            ],
            options={"table": "firm_name", "app": "models", "pk_attr": "id", "table_description": "企业名称检索"},
            bases=["Model"],
        ),
        # Without a foreign key: its rows follow from those of firm_name, some forty a firm.
        CreateOrderedKeys("firm_key", "enterprise_id"),
    ]
