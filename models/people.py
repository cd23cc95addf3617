"""Who speaks to us: firms, their people, and the WeChat accounts that these people use."""

from enum import StrEnum

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from models.constraints import sheet


class Person(Model):
    """A human being, whichever of our apps and pages they come through; nothing of them is stored here.

    ``merged_into``: two rows turned out to be one person; the emptied one stays, for what was done under it.
    """

    id = fields.BigIntField(primary_key=True)
    created_at = fields.DatetimeField()
    merged_into: fields.ForeignKeyNullableRelation["Person"] = fields.ForeignKeyField(
        "models.Person", related_name="merged", on_delete=fields.RESTRICT, null=True, db_index=True
    )
    merged_into_id: int | None

    class Meta:
        table = "person"
        table_description = "自然人"


class Enterprise(Model):
    """A firm whose products we look at, known by its unified social credit code (统一社会信用代码)."""

    id = fields.BigIntField(primary_key=True)
    uscc = fields.CharField(max_length=18, unique=True)
    name = fields.CharField(max_length=200)
    address = fields.CharField(max_length=300, default="", db_default="")
    """生产地址, as the certificate shows it."""
    organisation_role = fields.CharField(max_length=20, default="maker", db_default="maker")
    """``maker``, ``seller`` or ``distributor`` (1, R49)."""
    verified_at = fields.DatetimeField(null=True)
    """When its real-name registration passed (7.1(1)); null: entered by us, or not yet."""
    barred_through = fields.DateField(null=True)
    """Last day without a new application after a revocation (9.5.1, R21)."""
    is_sample = fields.BooleanField(default=False)
    """Invented for trying out (样例): shown as such wherever the firm is named."""
    created_at = fields.DatetimeField()

    class Meta:
        table = "enterprise"
        table_description = "企业"
        constraints = (CheckConstraint(check='length("uscc") = 18', name="enterprise_uscc"),)


class StaffRole(StrEnum):
    """What a member may do for the firm."""

    OWNER = "owner"  # everything; exactly one a firm, who hands over before leaving
    STAFF = "staff"  # products, photos, materials, filings
    VIEWER = "viewer"  # looks


class Staff(Model):
    """A person's membership of a firm, from ``created_at`` until ``left_at``.

    Each person is in a firm once at a time (unique index ``staff_once``); a firm has one owner (``staff_one_owner``).
    """

    id = fields.BigIntField(primary_key=True)
    enterprise: fields.ForeignKeyRelation[Enterprise] = fields.ForeignKeyField(
        "models.Enterprise", related_name="staff", on_delete=fields.RESTRICT, db_index=True
    )
    enterprise_id: int
    person: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="memberships", on_delete=fields.RESTRICT, null=True, db_index=True
    )
    person_id: int | None
    name = fields.CharField(max_length=60)
    role = fields.CharField(max_length=40)
    """A :class:`StaffRole`."""
    title = fields.CharField(max_length=40, default="", db_default="")
    """What they are called in the firm: 质检员, 厂长 …"""
    created_at = fields.DatetimeField()
    left_at = fields.DatetimeField(null=True)

    class Meta:
        table = "staff"
        table_description = "企业人员"


class WeChatIdentity(Model):
    """A WeChat account as one of our apps sees it: ``openid`` differs from app to app, ``unionid`` does not."""

    id = fields.BigIntField(primary_key=True)
    app_id = fields.CharField(max_length=32)
    openid = fields.CharField(max_length=64)
    unionid = fields.CharField(max_length=64, null=True, db_index=True)
    person: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="identities", on_delete=fields.RESTRICT, null=True, db_index=True
    )
    person_id: int | None
    staff: fields.ForeignKeyNullableRelation[Staff] = fields.ForeignKeyField(
        "models.Staff", related_name="identities", on_delete=fields.RESTRICT, null=True, db_index=True
    )
    """The membership they act under at the moment: which of their firms this chat speaks for."""
    staff_id: int | None
    subscribed = fields.BooleanField(default=False)
    notice_shown_at = fields.DatetimeField(null=True)
    """When the privacy notice was shown; consent given before that counts for nothing."""
    consented_at = fields.DatetimeField(null=True)
    sheet_width_um = fields.IntField(null=True)
    """The certificate size this person named last, in micrometres; used until they name another."""
    sheet_height_um = fields.IntField(null=True)
    created_at = fields.DatetimeField()
    last_seen_at = fields.DatetimeField()

    class Meta:
        table = "wechat_identity"
        table_description = "微信身份"
        unique_together = (("app_id", "openid"),)
        constraints = (sheet("wechat_identity"),)
