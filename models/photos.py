"""Pictures that came in, what they were judged to be, and the bytes behind them."""

from enum import StrEnum
from typing import Any

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from models.answers import Answer
from models.constraints import one_of, sheet
from models.people import Enterprise, WeChatIdentity
from models.products import Product


class EvidenceSource(StrEnum):
    """The door through which bytes came in."""

    CHAT = "chat"
    UPLOAD = "upload"
    API = "api"
    CLI = "cli"


class Evidence(Model):
    """Bytes that somebody gave us, kept in the object store under ``storage_key`` until they are dropped.

    The same bytes given twice are two rows over one object: each has its own owner and its own ``drop_at``.
    """

    id = fields.BigIntField(primary_key=True)
    sha256 = fields.CharField(max_length=64, db_index=True)
    size = fields.BigIntField()
    media_type = fields.CharField(max_length=100)
    storage_key = fields.CharField(max_length=128)
    identity: fields.ForeignKeyNullableRelation[WeChatIdentity] = fields.ForeignKeyField(
        "models.WeChatIdentity", related_name="evidence", on_delete=fields.RESTRICT, null=True, db_index=True
    )
    identity_id: int | None
    enterprise: fields.ForeignKeyNullableRelation[Enterprise] = fields.ForeignKeyField(
        "models.Enterprise", related_name="evidence", on_delete=fields.RESTRICT, null=True, db_index=True
    )
    enterprise_id: int | None
    source = fields.CharField(max_length=16)
    file_name = fields.CharField(max_length=255, null=True)
    received_at = fields.DatetimeField()
    drop_at = fields.DatetimeField(null=True, db_index=True)
    """When the bytes must be gone; null: they are kept."""
    dropped_at = fields.DatetimeField(null=True)

    class Meta:
        table = "evidence"
        table_description = "证据"
        constraints = (
            one_of("evidence", "source", EvidenceSource),
            CheckConstraint(check='length("sha256") = 64', name="evidence_sha256"),
            CheckConstraint(check='"size" >= 0', name="evidence_size"),
        )


class InspectionVerdict(StrEnum):
    """The sum of an inspection's findings (R6)."""

    PASS = "pass"
    FAIL = "fail"
    UNCLEAR = "unclear"


class Inspection(Model):
    """One judgement on one piece of evidence under one set of circumstances; a newer one supersedes it.

    It changes once at most: with its evidence, what was read on the picture is dropped from it. ``ref`` is what links
    carry, random and url-safe; ``key`` makes the same judgement once.
    """

    id = fields.BigIntField(primary_key=True)
    ref = fields.CharField(max_length=43, unique=True)
    key = fields.CharField(max_length=128, unique=True)
    evidence: fields.ForeignKeyRelation[Evidence] = fields.ForeignKeyField(
        "models.Evidence", related_name="inspections", on_delete=fields.RESTRICT, db_index=True
    )
    evidence_id: int
    product: fields.ForeignKeyNullableRelation[Product] = fields.ForeignKeyField(
        "models.Product", related_name="inspections", on_delete=fields.RESTRICT, null=True, db_index=True
    )
    product_id: int | None
    sheet_width_um = fields.IntField(null=True)
    """The sheet it was judged by, in micrometres; null: no size was known and the millimetre checks are unclear."""
    sheet_height_um = fields.IntField(null=True)
    profile = fields.CharField(max_length=60)
    """The edition of the thresholds."""
    engine = fields.CharField(max_length=60)
    """The version of the code that looked."""
    verdict = fields.CharField(max_length=16)
    report = fields.JSONField[dict[str, Any]]()
    """:class:`inspection.report.Report` as plain data."""
    marked_key = fields.CharField(max_length=128, null=True)
    """Storage key of the marked-up picture."""
    created_at = fields.DatetimeField()
    supersedes: fields.ForeignKeyNullableRelation["Inspection"] = fields.ForeignKeyField(
        "models.Inspection", related_name="superseded_by", on_delete=fields.RESTRICT, null=True, db_index=True
    )
    supersedes_id: int | None

    class Meta:
        table = "inspection"
        table_description = "检查记录"
        constraints = (one_of("inspection", "verdict", InspectionVerdict), sheet("inspection"))


class PhotoState(StrEnum):
    """Where a picture stands; each says who acts next."""

    RECEIVED = "received"  # the fetching job: the bytes are still with WeChat
    STORED = "stored"  # the inspecting job: the bytes are evidence
    JUDGED = "judged"  # nobody: the inspection is there
    REFUSED = "refused"  # the sender, who was told what to send instead
    FAILED = "failed"  # the operator: ours to mend, the sender was told so


class Photo(Model):
    """A picture that somebody sent, from its arrival to its verdict. ``receipt`` makes each message count once."""

    id = fields.BigIntField(primary_key=True)
    receipt = fields.CharField(max_length=128, unique=True)
    """Dedupe key of the message or of the upload."""
    identity: fields.ForeignKeyNullableRelation[WeChatIdentity] = fields.ForeignKeyField(
        "models.WeChatIdentity", related_name="photos", on_delete=fields.RESTRICT, null=True, db_index=True
    )
    identity_id: int | None
    answer: fields.ForeignKeyNullableRelation[Answer] = fields.ForeignKeyField(
        "models.Answer", related_name="photos", on_delete=fields.RESTRICT, null=True, db_index=True
    )
    """The answer it belongs to; null: it came by the upload page, which shows its verdict itself."""
    answer_id: int | None
    renews: fields.ForeignKeyNullableRelation["Photo"] = fields.ForeignKeyField(
        "models.Photo", related_name="renewed_by", on_delete=fields.RESTRICT, null=True, db_index=True
    )
    """The photo whose verdict this one renews: the same picture with its size now told, or its original."""
    renews_id: int | None
    product: fields.ForeignKeyNullableRelation[Product] = fields.ForeignKeyField(
        "models.Product", related_name="photos", on_delete=fields.RESTRICT, null=True, db_index=True
    )
    """The product the sender named."""
    product_id: int | None
    sheet_width_um = fields.IntField(null=True)
    """The sheet's size the sender named, in micrometres."""
    sheet_height_um = fields.IntField(null=True)
    pic_url = fields.CharField(max_length=1000, default="")
    media_id = fields.CharField(max_length=200, default="")
    evidence: fields.ForeignKeyNullableRelation[Evidence] = fields.ForeignKeyField(
        "models.Evidence", related_name="photos", on_delete=fields.RESTRICT, null=True, db_index=True
    )
    evidence_id: int | None
    inspection: fields.ForeignKeyNullableRelation[Inspection] = fields.ForeignKeyField(
        "models.Inspection", related_name="photos", on_delete=fields.RESTRICT, null=True, db_index=True
    )
    inspection_id: int | None
    state = fields.CharField(max_length=16, default=PhotoState.RECEIVED.value)
    refusal_code = fields.CharField(max_length=40, null=True)
    refusal_advice = fields.TextField(null=True)
    received_at = fields.DatetimeField()
    judged_at = fields.DatetimeField(null=True)

    class Meta:
        table = "photo"
        table_description = "照片"
        constraints = (one_of("photo", "state", PhotoState), sheet("photo"))


class UploadLink(Model):
    """A one-time link for the original of a picture that chat compressed; only the token's hash is kept."""

    id = fields.BigIntField(primary_key=True)
    token_hash = fields.CharField(max_length=64, unique=True)
    identity: fields.ForeignKeyRelation[WeChatIdentity] = fields.ForeignKeyField(
        "models.WeChatIdentity", related_name="upload_links", on_delete=fields.RESTRICT, db_index=True
    )
    identity_id: int
    photo: fields.ForeignKeyNullableRelation[Photo] = fields.ForeignKeyField(
        "models.Photo", related_name="upload_links", on_delete=fields.RESTRICT, null=True, db_index=True
    )
    """The chat picture it renews; null: the original comes by itself."""
    photo_id: int | None
    expires_at = fields.DatetimeField()
    used_at = fields.DatetimeField(null=True)

    class Meta:
        table = "upload_link"
        table_description = "原图上传链接"
