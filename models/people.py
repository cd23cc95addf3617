"""Who speaks to us: firms, their people, and the WeChat accounts that these people use."""

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from models.constraints import sheet


class Enterprise(Model):
    """A firm whose products we look at, known by its unified social credit code (统一社会信用代码)."""

    id = fields.BigIntField(primary_key=True)
    uscc = fields.CharField(max_length=18, unique=True)
    name = fields.CharField(max_length=200)
    is_sample = fields.BooleanField(default=False)
    """Invented for trying out (样例): shown as such wherever the firm is named."""
    created_at = fields.DatetimeField()

    class Meta:
        table = "enterprise"
        table_description = "企业"
        constraints = (CheckConstraint(check='length("uscc") = 18', name="enterprise_uscc"),)


class Staff(Model):
    """A person who acts for a firm, from ``created_at`` until ``left_at``."""

    id = fields.BigIntField(primary_key=True)
    enterprise: fields.ForeignKeyRelation[Enterprise] = fields.ForeignKeyField(
        "models.Enterprise", related_name="staff", on_delete=fields.RESTRICT, db_index=True
    )
    enterprise_id: int
    name = fields.CharField(max_length=60)
    role = fields.CharField(max_length=40)
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
    staff: fields.ForeignKeyNullableRelation[Staff] = fields.ForeignKeyField(
        "models.Staff", related_name="identities", on_delete=fields.RESTRICT, null=True, db_index=True
    )
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
