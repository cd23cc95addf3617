"""Work that must happen."""

from typing import Any

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model


class Job(Model):
    """A piece of work, written in the transaction of the row it belongs to; ``key`` was used once, ever.

    Open while ``done_at`` and ``dead_at`` are null: free where no lease runs (then the next worker acts once ``due_at``
    has come), held until ``lease_until`` otherwise. Dead jobs wait for the operator.
    """

    id = fields.BigIntField(primary_key=True)
    kind = fields.CharField(max_length=60)
    key = fields.CharField(max_length=200, unique=True)
    args = fields.JSONField[dict[str, Any]](default=dict)
    due_at = fields.DatetimeField()
    priority = fields.IntField(default=0)
    """Higher goes first."""
    lease = fields.CharField(max_length=32, null=True)
    lease_until = fields.DatetimeField(null=True)
    attempts = fields.IntField(default=0)
    max_attempts = fields.IntField()
    last_error = fields.TextField(null=True)
    created_at = fields.DatetimeField()
    done_at = fields.DatetimeField(null=True)
    dead_at = fields.DatetimeField(null=True)

    class Meta:
        table = "job"
        table_description = "任务"
        constraints = (
            CheckConstraint(check='"max_attempts" > 0 AND "attempts" >= 0', name="job_attempts"),
            CheckConstraint(check='"done_at" IS NULL OR "dead_at" IS NULL', name="job_one_end"),
            CheckConstraint(check='("lease" IS NULL) = ("lease_until" IS NULL)', name="job_lease"),
        )
