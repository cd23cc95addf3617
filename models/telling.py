"""By which way people are told something, what WeChat still allows, and what they chose (8.1)."""

from enum import StrEnum
from typing import Any

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from models.constraints import one_of
from models.people import Person, WeChatIdentity


class Channel(StrEnum):
    """The ways to a person, the cheapest first; the inbox needs none."""

    SERVICE = "service"  # 客服消息: free for a while after the person did something in chat
    SUBSCRIBE = "subscribe"  # 订阅通知: one message for each consent
    TEMPLATE = "template"  # 模板消息: to followers, where a template is configured


class WindowTrigger(StrEnum):
    """Acts of a person that allow customer-service messages for a while."""

    MESSAGE = "message"
    MENU = "menu"
    FOLLOW = "follow"
    SCAN = "scan"


class ServiceWindow(Model):
    """Customer-service messages that WeChat still takes for a person after one of their acts; real time."""

    id = fields.BigIntField(primary_key=True)
    identity: fields.ForeignKeyRelation[WeChatIdentity] = fields.ForeignKeyField(
        "models.WeChatIdentity", related_name="service_windows", on_delete=fields.RESTRICT
    )
    identity_id: int
    trigger = fields.CharField(max_length=16)
    remaining = fields.IntField()
    ends_at = fields.DatetimeField()

    class Meta:
        table = "service_window"
        table_description = "客服消息窗口"
        unique_together = (("identity_id", "trigger"),)
        constraints = (
            one_of("service_window", "trigger", WindowTrigger),
            CheckConstraint(check='"remaining" >= 0', name="service_window_remaining"),
        )


class MessageConsent(Model):
    """How many subscribe messages of one template a person has agreed to and not had yet."""

    id = fields.BigIntField(primary_key=True)
    identity: fields.ForeignKeyRelation[WeChatIdentity] = fields.ForeignKeyField(
        "models.WeChatIdentity", related_name="message_consents", on_delete=fields.RESTRICT
    )
    identity_id: int
    template = fields.CharField(max_length=64)
    """WeChat's template id."""
    credits = fields.IntField(default=0)
    changed_at = fields.DatetimeField()

    class Meta:
        table = "message_consent"
        table_description = "订阅授权"
        unique_together = (("identity_id", "template"),)
        constraints = (CheckConstraint(check='"credits" >= 0', name="message_consent_credits"),)


class ReminderChoice(Model):
    """When a person wants to be reminded of the month; who has no row is reminded by default."""

    id = fields.BigIntField(primary_key=True)
    person: fields.OneToOneRelation[Person] = fields.OneToOneField(
        "models.Person", related_name="reminder_choice", on_delete=fields.RESTRICT
    )
    person_id: int
    on = fields.BooleanField(default=True)
    hour = fields.IntField(default=9)
    """Asia/Shanghai, between 9 and 20."""
    occasions = fields.JSONField[list[str]](default=list)
    """Names of ``workflow.telling.reminder_calendar.Occasion``; empty: all. What was missed is told in any case."""
    calendar_hash = fields.CharField(max_length=64, null=True, unique=True)
    """Hash of the token of their calendar feed."""
    changed_at = fields.DatetimeField()

    class Meta:
        table = "reminder_choice"
        table_description = "提醒设置"
        constraints = (CheckConstraint(check='"hour" BETWEEN 9 AND 20', name="reminder_choice_hour"),)


class FanOut(Model):
    """Something that is done for many firms at once, in batches: how far it has come. ``key`` makes it once."""

    id = fields.BigIntField(primary_key=True)
    key = fields.CharField(max_length=100, unique=True)
    kind = fields.CharField(max_length=40, db_index=True)
    total = fields.IntField(default=0)
    done = fields.IntField(default=0)
    cursor = fields.JSONField[dict[str, Any]](default=dict)
    """Where the next batch begins."""
    started_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "fan_out"
        table_description = "批量进度"
