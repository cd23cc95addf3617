"""The first tables; frozen: literals only, nothing of the live models."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from models.operations import AppendOnly, CreateModel


class Migration(migrations.Migration):
    initial = True

    operations = [
        CreateModel(
            name="Enterprise",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                ("uscc", fields.CharField(unique=True, max_length=18)),
                ("name", fields.CharField(max_length=200)),
                ("is_sample", fields.BooleanField(default=False)),
                ("created_at", fields.DatetimeField()),
            ],
            options={
                "table": "enterprise",
                "app": "models",
                "constraints": [CheckConstraint(check='length("uscc") = 18', name="enterprise_uscc")],
                "pk_attr": "id",
                "table_description": "企业",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="Event",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                ("at", fields.DatetimeField(db_index=True)),
                ("actor", fields.CharField(max_length=100)),
                ("action", fields.CharField(max_length=100)),
                ("subject_kind", fields.CharField(max_length=40)),
                ("subject_id", fields.BigIntField()),
                ("clause", fields.CharField(null=True, max_length=40)),
                ("before", fields.JSONField(null=True)),
                ("after", fields.JSONField(null=True)),
                ("evidence_sha256", fields.CharField(null=True, max_length=64)),
            ],
            options={
                "table": "event",
                "app": "models",
                "indexes": [Index(fields=["subject_kind", "subject_id"])],
                "pk_attr": "id",
                "table_description": "事件",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="Job",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                ("kind", fields.CharField(max_length=60)),
                ("key", fields.CharField(unique=True, max_length=200)),
                ("args", fields.JSONField(default=dict)),
                ("due_at", fields.DatetimeField()),
                ("priority", fields.IntField(default=0)),
                ("lease", fields.CharField(null=True, max_length=32)),
                ("lease_until", fields.DatetimeField(null=True)),
                ("attempts", fields.IntField(default=0)),
                ("max_attempts", fields.IntField()),
                ("last_error", fields.TextField(null=True)),
                ("created_at", fields.DatetimeField()),
                ("done_at", fields.DatetimeField(null=True)),
                ("dead_at", fields.DatetimeField(null=True)),
            ],
            options={
                "table": "job",
                "app": "models",
                "constraints": [
                    CheckConstraint(check='"max_attempts" > 0 AND "attempts" >= 0', name="job_attempts"),
                    CheckConstraint(check='"done_at" IS NULL OR "dead_at" IS NULL', name="job_one_end"),
                    CheckConstraint(check='("lease" IS NULL) = ("lease_until" IS NULL)', name="job_lease"),
                ],
                "pk_attr": "id",
                "table_description": "任务",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="Product",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                (
                    "enterprise",
                    fields.ForeignKeyField(
                        "models.Enterprise",
                        source_field="enterprise_id",
                        to_field="id",
                        db_index=True,
                        related_name="products",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("category", fields.CharField(max_length=60)),
                ("name", fields.CharField(max_length=200)),
                ("model", fields.CharField(max_length=100)),
                ("code_issuer", fields.CharField(max_length=40)),
                ("gtin", fields.CharField(null=True, db_index=True, max_length=14)),
                ("sheet_width_um", fields.IntField()),
                ("sheet_height_um", fields.IntField()),
                ("record", fields.JSONField(default=dict)),
                ("created_at", fields.DatetimeField()),
                ("retired_at", fields.DatetimeField(null=True)),
            ],
            options={
                "table": "product",
                "app": "models",
                "constraints": [
                    CheckConstraint(check='"sheet_width_um" > 0 AND "sheet_height_um" > 0', name="product_sheet")
                ],
                "pk_attr": "id",
                "table_description": "产品",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="Staff",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                (
                    "enterprise",
                    fields.ForeignKeyField(
                        "models.Enterprise",
                        source_field="enterprise_id",
                        to_field="id",
                        db_index=True,
                        related_name="staff",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("name", fields.CharField(max_length=60)),
                ("role", fields.CharField(max_length=40)),
                ("created_at", fields.DatetimeField()),
                ("left_at", fields.DatetimeField(null=True)),
            ],
            options={"table": "staff", "app": "models", "pk_attr": "id", "table_description": "企业人员"},
            bases=["Model"],
        ),
        CreateModel(
            name="WeChatIdentity",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                ("app_id", fields.CharField(max_length=32)),
                ("openid", fields.CharField(max_length=64)),
                ("unionid", fields.CharField(null=True, db_index=True, max_length=64)),
                (
                    "staff",
                    fields.ForeignKeyField(
                        "models.Staff",
                        source_field="staff_id",
                        to_field="id",
                        null=True,
                        db_index=True,
                        related_name="identities",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("subscribed", fields.BooleanField(default=False)),
                ("notice_shown_at", fields.DatetimeField(null=True)),
                ("consented_at", fields.DatetimeField(null=True)),
                ("sheet_width_um", fields.IntField(null=True)),
                ("sheet_height_um", fields.IntField(null=True)),
                ("created_at", fields.DatetimeField()),
                ("last_seen_at", fields.DatetimeField()),
            ],
            options={
                "table": "wechat_identity",
                "app": "models",
                "unique_together": (("app_id", "openid"),),
                "constraints": [
                    CheckConstraint(
                        check='("sheet_width_um" IS NULL AND "sheet_height_um" IS NULL) OR ("sheet_width_um" IS NOT NULL AND "sheet_height_um" IS NOT NULL AND "sheet_width_um" > 0 AND "sheet_height_um" > 0)',
                        name="wechat_identity_sheet",
                    )
                ],
                "pk_attr": "id",
                "table_description": "微信身份",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="Answer",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                ("key", fields.CharField(unique=True, max_length=128)),
                (
                    "identity",
                    fields.ForeignKeyField(
                        "models.WeChatIdentity",
                        source_field="identity_id",
                        to_field="id",
                        db_index=True,
                        related_name="answers",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("kind", fields.CharField(max_length=16)),
                ("body", fields.TextField(default="")),
                ("media_key", fields.CharField(null=True, max_length=128)),
                ("state", fields.CharField(default="awaiting", max_length=16)),
                ("claimed_by", fields.CharField(null=True, max_length=128)),
                ("passive_until", fields.DatetimeField(null=True)),
                ("created_at", fields.DatetimeField()),
                ("settled_at", fields.DatetimeField(null=True)),
                ("error", fields.TextField(null=True)),
            ],
            options={
                "table": "outbox",
                "app": "models",
                "constraints": [
                    CheckConstraint(check="\"kind\" IN ('text', 'image')", name="outbox_kind"),
                    CheckConstraint(
                        check="\"state\" IN ('awaiting', 'ready', 'passive', 'sending', 'sent', 'uncertain', 'refused', 'skipped')",
                        name="outbox_state",
                    ),
                ],
                "pk_attr": "id",
                "table_description": "待发答复",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="Evidence",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                ("sha256", fields.CharField(db_index=True, max_length=64)),
                ("size", fields.BigIntField()),
                ("media_type", fields.CharField(max_length=100)),
                ("storage_key", fields.CharField(max_length=128)),
                (
                    "identity",
                    fields.ForeignKeyField(
                        "models.WeChatIdentity",
                        source_field="identity_id",
                        to_field="id",
                        null=True,
                        db_index=True,
                        related_name="evidence",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "enterprise",
                    fields.ForeignKeyField(
                        "models.Enterprise",
                        source_field="enterprise_id",
                        to_field="id",
                        null=True,
                        db_index=True,
                        related_name="evidence",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("source", fields.CharField(max_length=16)),
                ("file_name", fields.CharField(null=True, max_length=255)),
                ("received_at", fields.DatetimeField()),
                ("drop_at", fields.DatetimeField(null=True, db_index=True)),
                ("dropped_at", fields.DatetimeField(null=True)),
            ],
            options={
                "table": "evidence",
                "app": "models",
                "constraints": [
                    CheckConstraint(check="\"source\" IN ('chat', 'upload', 'api', 'cli')", name="evidence_source"),
                    CheckConstraint(check='length("sha256") = 64', name="evidence_sha256"),
                    CheckConstraint(check='"size" >= 0', name="evidence_size"),
                ],
                "pk_attr": "id",
                "table_description": "证据",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="Inspection",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                ("ref", fields.CharField(unique=True, max_length=43)),
                ("key", fields.CharField(unique=True, max_length=128)),
                (
                    "evidence",
                    fields.ForeignKeyField(
                        "models.Evidence",
                        source_field="evidence_id",
                        to_field="id",
                        db_index=True,
                        related_name="inspections",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "product",
                    fields.ForeignKeyField(
                        "models.Product",
                        source_field="product_id",
                        to_field="id",
                        null=True,
                        db_index=True,
                        related_name="inspections",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("sheet_width_um", fields.IntField(null=True)),
                ("sheet_height_um", fields.IntField(null=True)),
                ("profile", fields.CharField(max_length=60)),
                ("engine", fields.CharField(max_length=60)),
                ("verdict", fields.CharField(max_length=16)),
                ("report", fields.JSONField()),
                ("marked_key", fields.CharField(null=True, max_length=128)),
                ("created_at", fields.DatetimeField()),
                (
                    "supersedes",
                    fields.ForeignKeyField(
                        "models.Inspection",
                        source_field="supersedes_id",
                        to_field="id",
                        null=True,
                        db_index=True,
                        related_name="superseded_by",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
            ],
            options={
                "table": "inspection",
                "app": "models",
                "constraints": [
                    CheckConstraint(check="\"verdict\" IN ('pass', 'fail', 'unclear')", name="inspection_verdict"),
                    CheckConstraint(
                        check='("sheet_width_um" IS NULL AND "sheet_height_um" IS NULL) OR ("sheet_width_um" IS NOT NULL AND "sheet_height_um" IS NOT NULL AND "sheet_width_um" > 0 AND "sheet_height_um" > 0)',
                        name="inspection_sheet",
                    ),
                ],
                "pk_attr": "id",
                "table_description": "检查记录",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="Photo",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                ("receipt", fields.CharField(unique=True, max_length=128)),
                (
                    "identity",
                    fields.ForeignKeyField(
                        "models.WeChatIdentity",
                        source_field="identity_id",
                        to_field="id",
                        null=True,
                        db_index=True,
                        related_name="photos",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "answer",
                    fields.ForeignKeyField(
                        "models.Answer",
                        source_field="answer_id",
                        to_field="id",
                        null=True,
                        db_index=True,
                        related_name="photos",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "renews",
                    fields.ForeignKeyField(
                        "models.Photo",
                        source_field="renews_id",
                        to_field="id",
                        null=True,
                        db_index=True,
                        related_name="renewed_by",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "product",
                    fields.ForeignKeyField(
                        "models.Product",
                        source_field="product_id",
                        to_field="id",
                        null=True,
                        db_index=True,
                        related_name="photos",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("sheet_width_um", fields.IntField(null=True)),
                ("sheet_height_um", fields.IntField(null=True)),
                ("pic_url", fields.CharField(default="", max_length=1000)),
                ("media_id", fields.CharField(default="", max_length=200)),
                (
                    "evidence",
                    fields.ForeignKeyField(
                        "models.Evidence",
                        source_field="evidence_id",
                        to_field="id",
                        null=True,
                        db_index=True,
                        related_name="photos",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "inspection",
                    fields.ForeignKeyField(
                        "models.Inspection",
                        source_field="inspection_id",
                        to_field="id",
                        null=True,
                        db_index=True,
                        related_name="photos",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("state", fields.CharField(default="received", max_length=16)),
                ("refusal_code", fields.CharField(null=True, max_length=40)),
                ("refusal_advice", fields.TextField(null=True)),
                ("received_at", fields.DatetimeField()),
                ("judged_at", fields.DatetimeField(null=True)),
            ],
            options={
                "table": "photo",
                "app": "models",
                "constraints": [
                    CheckConstraint(
                        check="\"state\" IN ('received', 'stored', 'judged', 'refused', 'failed')", name="photo_state"
                    ),
                    CheckConstraint(
                        check='("sheet_width_um" IS NULL AND "sheet_height_um" IS NULL) OR ("sheet_width_um" IS NOT NULL AND "sheet_height_um" IS NOT NULL AND "sheet_width_um" > 0 AND "sheet_height_um" > 0)',
                        name="photo_sheet",
                    ),
                ],
                "pk_attr": "id",
                "table_description": "照片",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="UploadLink",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                ("token_hash", fields.CharField(unique=True, max_length=64)),
                (
                    "identity",
                    fields.ForeignKeyField(
                        "models.WeChatIdentity",
                        source_field="identity_id",
                        to_field="id",
                        db_index=True,
                        related_name="upload_links",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "photo",
                    fields.ForeignKeyField(
                        "models.Photo",
                        source_field="photo_id",
                        to_field="id",
                        null=True,
                        db_index=True,
                        related_name="upload_links",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("expires_at", fields.DatetimeField()),
                ("used_at", fields.DatetimeField(null=True)),
            ],
            options={"table": "upload_link", "app": "models", "pk_attr": "id", "table_description": "原图上传链接"},
            bases=["Model"],
        ),
        ops.RunSQL(
            'CREATE UNIQUE INDEX "product_model_in_use" ON "product" ("enterprise_id", "model") WHERE "retired_at" IS NULL',
            'DROP INDEX "product_model_in_use"',
        ),
        ops.RunSQL(
            'CREATE INDEX "job_open" ON "job" ("priority" DESC, "due_at", "id")'
            ' WHERE "done_at" IS NULL AND "dead_at" IS NULL',
            'DROP INDEX "job_open"',
        ),
        AppendOnly("event"),
    ]
