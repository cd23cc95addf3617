"""How people come in and what they may do besides acting for a firm."""

from enum import StrEnum
from typing import Any

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from models.constraints import one_of
from models.people import Enterprise, Person, Staff, WeChatIdentity
from models.photos import Evidence


class Door(StrEnum):
    """Where a session was opened."""

    MINIAPP = "miniapp"
    WEB = "web"
    CONSOLE = "console"


class Session(Model):
    """Somebody is signed in: an opaque token, of which only the hash is kept. It slides, ends, and can be revoked."""

    id = fields.BigIntField(primary_key=True)
    token_hash = fields.CharField(max_length=64, unique=True)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="sessions", on_delete=fields.RESTRICT, db_index=True
    )
    person_id: int
    identity: fields.ForeignKeyNullableRelation[WeChatIdentity] = fields.ForeignKeyField(
        "models.WeChatIdentity", related_name="sessions", on_delete=fields.RESTRICT, null=True, db_index=True
    )
    identity_id: int | None
    door = fields.CharField(max_length=16)
    created_at = fields.DatetimeField()
    seen_at = fields.DatetimeField()
    expires_at = fields.DatetimeField(db_index=True)
    """Real time, like every token's."""
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "session"
        table_description = "会话"
        constraints = (one_of("session", "door", Door),)


class LinkPurpose(StrEnum):
    """What a one-time link does when it is opened."""

    SIGN_IN = "sign_in"  # opens a web session for the person it was given to
    JOIN = "join"  # says that the person who opens it, signed in elsewhere, is the one it was given to


class OneTimeLink(Model):
    """A link that works once, for a while, for the person it was given to; only the token's hash is kept."""

    id = fields.BigIntField(primary_key=True)
    token_hash = fields.CharField(max_length=64, unique=True)
    purpose = fields.CharField(max_length=16)
    identity: fields.ForeignKeyRelation[WeChatIdentity] = fields.ForeignKeyField(
        "models.WeChatIdentity", related_name="one_time_links", on_delete=fields.RESTRICT, db_index=True
    )
    identity_id: int
    target = fields.CharField(max_length=200, default="/my")
    """Path of ours that it leads to."""
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    """Real time."""
    used_at = fields.DatetimeField(null=True)

    class Meta:
        table = "one_time_link"
        table_description = "一次性链接"
        constraints = (one_of("one_time_link", "purpose", LinkPurpose),)


class Invitation(Model):
    """The owner asks a colleague in: a code to type or to scan, good once."""

    id = fields.BigIntField(primary_key=True)
    code_hash = fields.CharField(max_length=64, unique=True)
    enterprise: fields.ForeignKeyRelation[Enterprise] = fields.ForeignKeyField(
        "models.Enterprise", related_name="invitations", on_delete=fields.RESTRICT, db_index=True
    )
    enterprise_id: int
    role = fields.CharField(max_length=16)
    """A :class:`models.people.StaffRole`; ``owner`` hands the firm over."""
    invited_by: fields.ForeignKeyRelation[Staff] = fields.ForeignKeyField(
        "models.Staff", related_name="invitations", on_delete=fields.RESTRICT
    )
    invited_by_id: int
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    used_at = fields.DatetimeField(null=True)
    used_by: fields.ForeignKeyNullableRelation[Staff] = fields.ForeignKeyField(
        "models.Staff", related_name="joined_by", on_delete=fields.RESTRICT, null=True
    )
    used_by_id: int | None
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "invitation"
        table_description = "成员邀请"


class PlatformRole(StrEnum):
    """What a person may do that has nothing to do with a firm of theirs."""

    OPERATOR = "operator"  # decides what only a person may
    PROCUREMENT = "procurement"  # confirms suppliers (8.5)
    PARTNER = "partner"  # a marketplace's or regulator's account (10.3, 10.4)


class Grant(Model):
    """A person holds a platform role; each once at a time (unique index ``grant_in_force``)."""

    id = fields.BigIntField(primary_key=True)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="grants", on_delete=fields.RESTRICT, db_index=True
    )
    person_id: int
    role = fields.CharField(max_length=16)
    organisation = fields.CharField(max_length=200, default="")
    granted_by = fields.CharField(max_length=100)
    """Actor, as in the event log."""
    granted_at = fields.DatetimeField()
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "platform_grant"
        table_description = "平台角色"
        constraints = (one_of("platform_grant", "role", PlatformRole),)


class RegistrationState(StrEnum):
    """Where a real-name registration stands; each says who acts next."""

    CHECKING = "checking"  # the platform: form, licence scan, registry (7.2(1))
    VERIFIED = "verified"  # nobody: the person is the firm's owner
    MEND = "mend"  # the person: something does not agree, or the scan is not legible; hands it in again
    DISPUTED = "disputed"  # the operator: the firm has an owner already


class Registration(Model):
    """A person registers a firm (7.1(1)): the form, the licence's scan, and what the check said."""

    id = fields.BigIntField(primary_key=True)
    ref = fields.CharField(max_length=43, unique=True)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="registrations", on_delete=fields.RESTRICT, db_index=True
    )
    person_id: int
    key = fields.CharField(max_length=128)
    """The client's idempotency key."""
    uscc = fields.CharField(max_length=18, db_index=True)
    name = fields.CharField(max_length=200)
    address = fields.CharField(max_length=300)
    legal_representative = fields.CharField(max_length=60, default="")
    organisation_role = fields.CharField(max_length=20, default="maker")
    applicant_name = fields.CharField(max_length=60)
    title = fields.CharField(max_length=40, default="")
    licence: fields.ForeignKeyNullableRelation[Evidence] = fields.ForeignKeyField(
        "models.Evidence", related_name="registrations", on_delete=fields.RESTRICT, null=True
    )
    licence_id: int | None
    state = fields.CharField(max_length=16)
    findings = fields.JSONField[list[dict[str, Any]]](default=list)
    """Plain :class:`standard.outcome.Finding` s, with what was used (R34)."""
    enterprise: fields.ForeignKeyNullableRelation[Enterprise] = fields.ForeignKeyField(
        "models.Enterprise", related_name="registrations", on_delete=fields.RESTRICT, null=True, db_index=True
    )
    enterprise_id: int | None
    created_at = fields.DatetimeField()
    due_at = fields.DatetimeField(null=True, db_index=True)
    """By when the check is done at the latest (7.2(4), R35)."""
    decided_at = fields.DatetimeField(null=True)
    version = fields.IntField(default=0)

    class Meta:
        table = "registration"
        table_description = "实名注册"
        unique_together = (("person_id", "key"),)
        constraints = (
            one_of("registration", "state", RegistrationState),
            CheckConstraint(check='length("uscc") = 18', name="registration_uscc"),
        )
