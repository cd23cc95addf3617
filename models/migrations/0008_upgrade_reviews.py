"""Upgrade reviews (8.5(3), R18): an application that may raise the certificate its firm has.

Frozen: literals only, nothing of the live models.
"""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0007_scan_confirm_earn")]

    initial = False

    operations = [
        # Taken back: SQLite makes the table anew without the columns, and this index goes with the old one.
        ops.RunSQL(
            "SELECT 1",
            'CREATE UNIQUE INDEX IF NOT EXISTS "application_open" ON "application" ("enterprise_id") WHERE "state" IN'
            " ('draft', 'verifying', 'supplement', 'grading', 'publicity', 'objected', 'confirmed')",
        ),
        ops.AddField(
            model_name="Application",
            name="grade_before",
            field=fields.CharField(default="", db_default="", max_length=3),
        ),
        ops.AddField(
            model_name="Application",
            name="upgrades",
            field=fields.ForeignKeyField(
                "models.Certificate",
                source_field="upgrades_id",
                null=True,
                db_index=True,
                to_field="id",
                related_name="upgrade_reviews",
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        # Tortoise adds a column, but not the index that is declared with it.
        ops.RunSQL(
            'CREATE INDEX "application_upgrades" ON "application" ("upgrades_id")',
            'DROP INDEX "application_upgrades"',
        ),
    ]
