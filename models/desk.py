"""What waits for a person at the operator's, what people are told, and what makes requests and numbers happen once."""

from enum import StrEnum
from typing import Any

from tortoise import fields
from tortoise.models import Model

from models.answers import Answer
from models.constraints import one_of
from models.people import Enterprise, Person


class DeskState(StrEnum):
    """Whether it still waits."""

    OPEN = "open"
    DECIDED = "decided"


class DeskItem(Model):
    """Something that only a person may decide, or that is overdue; ``key`` makes it once."""

    id = fields.BigIntField(primary_key=True)
    ref = fields.CharField(max_length=43, unique=True)
    key = fields.CharField(max_length=128, unique=True)
    kind = fields.CharField(max_length=40)
    """``registration_dispute``, ``complaint``, ``overdue`` …; ``workflow.decisions`` knows what each offers."""
    subject_kind = fields.CharField(max_length=40)
    subject_id = fields.BigIntField()
    enterprise: fields.ForeignKeyNullableRelation[Enterprise] = fields.ForeignKeyField(
        "models.Enterprise", related_name="desk_items", on_delete=fields.RESTRICT, null=True, db_index=True
    )
    enterprise_id: int | None
    clause = fields.CharField(max_length=40)
    title = fields.CharField(max_length=200)
    detail = fields.JSONField[dict[str, Any]](default=dict)
    opened_at = fields.DatetimeField()
    due_at = fields.DatetimeField(null=True, db_index=True)
    state = fields.CharField(max_length=16)
    decision = fields.CharField(max_length=40, null=True)
    reason = fields.TextField(null=True)
    decided_by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="decisions", on_delete=fields.RESTRICT, null=True
    )
    decided_by_id: int | None
    decided_at = fields.DatetimeField(null=True)

    class Meta:
        table = "desk_item"
        table_description = "待办事项"
        constraints = (one_of("desk_item", "state", DeskState),)


class InboxEntry(Model):
    """What a person was told; exactly once by ``key``, whatever became of the push beside it."""

    id = fields.BigIntField(primary_key=True)
    key = fields.CharField(max_length=128, unique=True)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="inbox", on_delete=fields.RESTRICT, db_index=True
    )
    person_id: int
    enterprise: fields.ForeignKeyNullableRelation[Enterprise] = fields.ForeignKeyField(
        "models.Enterprise", related_name="inbox", on_delete=fields.RESTRICT, null=True, db_index=True
    )
    enterprise_id: int | None
    clause = fields.CharField(max_length=40)
    title = fields.CharField(max_length=100)
    body = fields.TextField()
    path = fields.CharField(max_length=200, default="")
    """Path of ours where one goes on."""
    created_at = fields.DatetimeField()
    read_at = fields.DatetimeField(null=True)
    push: fields.ForeignKeyNullableRelation[Answer] = fields.ForeignKeyField(
        "models.Answer", related_name="inbox", on_delete=fields.RESTRICT, null=True
    )
    push_id: int | None
    unpushed = fields.CharField(max_length=40, default="", db_default="")
    """Why nothing is pushed beside it (``not_following``, ``switched_off`` …); empty where a push is there."""

    class Meta:
        table = "inbox_entry"
        table_description = "收件箱"


class IdempotentRequest(Model):
    """A request that carried an idempotency key: repeated, it is answered as it was, and done once."""

    id = fields.BigIntField(primary_key=True)
    scope = fields.CharField(max_length=100)
    """Who asked and what for: keys of others, or for something else, are other keys."""
    key = fields.CharField(max_length=128)
    body_sha256 = fields.CharField(max_length=64)
    status = fields.IntField(null=True)
    answer = fields.JSONField[Any](null=True)
    created_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "idempotent_request"
        table_description = "幂等请求"
        unique_together = (("scope", "key"),)


class Counter(Model):
    """A number that goes up by one in a transaction and is never given twice."""

    name = fields.CharField(max_length=40, primary_key=True)
    value = fields.IntField(default=0)

    class Meta:
        table = "counter"
        table_description = "计数器"
