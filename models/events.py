"""The log of what happened: append-only, over which proofs are views."""

from typing import Any

from tortoise import fields
from tortoise.models import Model


class Event(Model):
    """One change of state: who, when, by which clause, from what to what. The database refuses to alter or drop it."""

    id = fields.BigIntField(primary_key=True)
    at = fields.DatetimeField(db_index=True)
    actor = fields.CharField(max_length=100)
    """``staff:12``, ``identity:7``, ``job:inspect`` …; never an openid."""
    action = fields.CharField(max_length=100)
    """``photo:judged``, ``identity:consented`` …: subject and what befell it."""
    subject_kind = fields.CharField(max_length=40)
    subject_id = fields.BigIntField()
    clause = fields.CharField(max_length=40, null=True)
    before = fields.JSONField[Any](null=True)
    after = fields.JSONField[Any](null=True)
    evidence_sha256 = fields.CharField(max_length=64, null=True)

    class Meta:
        table = "event"
        table_description = "事件"
        indexes = (("subject_kind", "subject_id"),)
