"""Fingerprints of pictures; frozen: literals only, nothing of the live models."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations.constraints import CheckConstraint

from models.operations import CreateModel


class Migration(migrations.Migration):
    dependencies = [("models", "0001_initial")]

    initial = False

    operations = [
        CreateModel(
            name="PictureFingerprint",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                (
                    "evidence",
                    fields.OneToOneField(
                        "models.Evidence",
                        source_field="evidence_id",
                        to_field="id",
                        related_name="fingerprint",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("key", fields.BigIntField()),
                ("fine", fields.BinaryField()),
            ],
            options={
                "table": "picture_fingerprint",
                "app": "models",
                "constraints": [CheckConstraint(check='length("fine") = 32', name="picture_fingerprint_fine")],
                "pk_attr": "id",
                "table_description": "图片指纹",
            },
            bases=["Model"],
        ),
    ]
