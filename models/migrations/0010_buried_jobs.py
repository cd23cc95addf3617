"""Buried jobs are found among hundreds of thousands that are done.

Frozen: literals only, nothing of the live models.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0007_scan_confirm_earn")]

    initial = False

    operations = [
        ops.RunSQL(
            'CREATE INDEX "job_buried" ON "job" ("kind", "id") WHERE "dead_at" IS NOT NULL',
            'DROP INDEX "job_buried"',
        ),
    ]
