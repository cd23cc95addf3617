"""What we tell people in chat: the outbox."""

from enum import StrEnum
from typing import Any

from tortoise import fields
from tortoise.models import Model

from models.constraints import one_of
from models.people import WeChatIdentity


class AnswerKind(StrEnum):
    """The form an answer takes in the chat."""

    TEXT = "text"
    IMAGE = "image"


class AnswerState(StrEnum):
    """Where an answer stands; each says who acts next."""

    AWAITING = "awaiting"  # the inspection: its content is not known yet
    READY = "ready"  # whoever claims it first: the callback that waits, or the sending job
    PASSIVE = "passive"  # nobody, where it went out with the callback's reply; the sender, once `passive_until` passed
    SENDING = "sending"  # the sending job: the intent is recorded, the request may be under way
    SENT = "sent"  # nobody: WeChat took it
    UNCERTAIN = "uncertain"  # the operator, who sees it: it may have arrived and is therefore not repeated
    REFUSED = "refused"  # nobody: WeChat will not deliver it to this person this way
    SKIPPED = "skipped"  # nobody: another answer said the same, or it is no longer worth saying


class Answer(Model):
    """One message to one person. ``key`` makes it once, ``state`` makes it heard at most once."""

    id = fields.BigIntField(primary_key=True)
    key = fields.CharField(max_length=128, unique=True)
    identity: fields.ForeignKeyRelation[WeChatIdentity] = fields.ForeignKeyField(
        "models.WeChatIdentity", related_name="answers", on_delete=fields.RESTRICT, db_index=True
    )
    identity_id: int
    kind = fields.CharField(max_length=16)
    body = fields.TextField(default="")
    media_key = fields.CharField(max_length=128, null=True)
    """Storage key of the picture, for an answer that is one."""
    state = fields.CharField(max_length=16, default=AnswerState.AWAITING.value)
    claimed_by = fields.CharField(max_length=128, null=True)
    """Dedupe key of the message whose passive reply carried it: a repeated push gets the same reply."""
    passive_until = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()
    settled_at = fields.DatetimeField(null=True)
    error = fields.TextField(null=True)
    notice = fields.JSONField[dict[str, Any]](null=True)
    """What it says, as the fields of a subscribe or template message take it; null: an answer in the chat only."""
    channel = fields.CharField(max_length=16, null=True)
    """:class:`models.telling.Channel` that carried it, or tries to; null: the callback, or not yet decided."""
    tried = fields.JSONField[list[dict[str, Any]]](null=True)
    """Every way that was tried before, with WeChat's answer; null: none."""
    message_id = fields.CharField(max_length=40, null=True, db_index=True)
    """WeChat's number of a subscribe or template message: its result comes back under it."""
    delivered_at = fields.DatetimeField(null=True)
    """When WeChat said that it arrived."""
    worth_until = fields.DatetimeField(null=True)
    """After this moment it is no longer worth pushing; null: always."""

    class Meta:
        table = "outbox"
        table_description = "待发答复"
        constraints = (one_of("outbox", "kind", AnswerKind), one_of("outbox", "state", AnswerState))
