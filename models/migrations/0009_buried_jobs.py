"""Buried jobs are found among hundreds of thousands that are done.

Frozen: literals only, nothing of the live models.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0008_upgrade_reviews")]

    initial = False

    operations = [
        # As Tortoise writes it: SQLite takes an index for a condition that is the same to the letter.
        ops.RunSQL(
            'CREATE INDEX "job_buried" ON "job" ("kind", "id") WHERE NOT "dead_at" IS NULL',
            'DROP INDEX "job_buried"',
        ),
    ]
