"""Systems that ask us: marketplaces, regulators, associations, customers (10.2–10.4), and what is pushed to them."""

from enum import StrEnum
from typing import Any

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from models.constraints import one_of


class PartnerKind(StrEnum):
    """Which of the standard's users it is; it decides what it may be given beside the public record."""

    MARKETPLACE = "marketplace"  # 10.3
    REGULATOR = "regulator"  # 10.4
    ASSOCIATION = "association"  # 10.2(1)
    CUSTOMER = "customer"  # 8.5(1): a customer's tendering system


class Partner(Model):
    """An organisation whose systems use ``/open/v1``; from ``created_at`` until ``ended_at``."""

    id = fields.BigIntField(primary_key=True)
    ref = fields.CharField(max_length=43, unique=True)
    name = fields.CharField(max_length=200)
    uscc = fields.CharField(max_length=18, default="")
    kind = fields.CharField(max_length=16)
    is_sample = fields.BooleanField(default=False)
    created_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "partner"
        table_description = "合作方"
        constraints = (one_of("partner", "kind", PartnerKind),)


class ApiKey(Model):
    """A key of a partner: what it may do, and how often. Of its secret only a hash is kept."""

    id = fields.BigIntField(primary_key=True)
    key_id = fields.CharField(max_length=32, unique=True)
    partner: fields.ForeignKeyRelation[Partner] = fields.ForeignKeyField(
        "models.Partner", related_name="keys", on_delete=fields.RESTRICT, db_index=True
    )
    partner_id: int
    secret_hash = fields.CharField(max_length=64)
    scopes = fields.JSONField[list[str]](default=list)
    """``workflow.relying.partners.Scope`` s."""
    per_minute = fields.IntField()
    per_day = fields.IntField()
    signed = fields.BooleanField(default=False)
    """Whether its requests have to be signed."""
    created_at = fields.DatetimeField()
    created_by = fields.CharField(max_length=100)
    expires_at = fields.DatetimeField(null=True)
    """Real time, like every token's."""
    last_used_on = fields.DateField(null=True)
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "api_key"
        table_description = "接口密钥"
        constraints = (
            CheckConstraint(check='"per_minute" > 0 AND "per_day" > 0', name="api_key_quota"),
            CheckConstraint(check='length("secret_hash") = 64', name="api_key_secret"),
        )


class Webhook(Model):
    """Where a partner wants to be told of changes of state; ``paused_at`` after too many failures, or by choice."""

    id = fields.BigIntField(primary_key=True)
    ref = fields.CharField(max_length=43, unique=True)
    partner: fields.ForeignKeyRelation[Partner] = fields.ForeignKeyField(
        "models.Partner", related_name="webhooks", on_delete=fields.RESTRICT, db_index=True
    )
    partner_id: int
    url = fields.CharField(max_length=300)
    kinds = fields.JSONField[list[str]](default=list)
    """Which changes; empty: all (``workflow.certifying.state_changes``)."""
    failures = fields.IntField(default=0)
    """In a row."""
    created_at = fields.DatetimeField()
    paused_at = fields.DatetimeField(null=True)
    paused_because = fields.CharField(max_length=100, default="")
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "webhook"
        table_description = "推送地址"


class DeliveryState(StrEnum):
    """Where a delivery stands; each says who acts next."""

    WAITING = "waiting"  # the delivering job
    DELIVERED = "delivered"  # nobody
    GIVEN_UP = "given_up"  # the partner: may ask for it again


class WebhookDelivery(Model):
    """One change on its way to one address; each once (a receiver recognises a repetition by ``ref``)."""

    id = fields.BigIntField(primary_key=True)
    ref = fields.CharField(max_length=43, unique=True)
    webhook: fields.ForeignKeyRelation[Webhook] = fields.ForeignKeyField(
        "models.Webhook", related_name="deliveries", on_delete=fields.RESTRICT, db_index=True
    )
    webhook_id: int
    event_id = fields.BigIntField()
    """The change in the event log, which nobody can take away."""
    kind = fields.CharField(max_length=40)
    body = fields.JSONField[dict[str, Any]]()
    """What is sent, as it stood when the change was told."""
    state = fields.CharField(max_length=16)
    attempts = fields.IntField(default=0)
    last_status = fields.IntField(null=True)
    last_error = fields.CharField(max_length=200, default="")
    created_at = fields.DatetimeField()
    delivered_at = fields.DatetimeField(null=True)

    class Meta:
        table = "webhook_delivery"
        table_description = "推送记录"
        unique_together = (("webhook_id", "event_id"),)
        constraints = (one_of("webhook_delivery", "state", DeliveryState),)
