"""People, firms, applications, results, certificates (5–7, 9.1); frozen: literals only, nothing of the live models."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from models.operations import CreateModel


class Migration(migrations.Migration):
    dependencies = [("models", "0002_picture_fingerprint")]

    initial = False

    operations = [
        # Taking columns off makes a table of SQLite's anew, without this index.
        ops.RunSQL(
            "SELECT 1",
            'CREATE UNIQUE INDEX IF NOT EXISTS "product_model_in_use" ON "product" ("enterprise_id", "model")'
            ' WHERE "retired_at" IS NULL',
        ),
        CreateModel(
            name="CodePattern",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                (
                    "product",
                    fields.ForeignKeyField(
                        "models.Product",
                        source_field="product_id",
                        db_index=True,
                        to_field="id",
                        related_name="code_patterns",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("kind", fields.CharField(max_length=16)),
                ("value", fields.CharField(db_index=True, max_length=120)),
                ("claimed_at", fields.DatetimeField()),
                ("proved_at", fields.DatetimeField(null=True)),
                ("proved_by_sha256", fields.CharField(null=True, max_length=64)),
                ("retired_at", fields.DatetimeField(null=True)),
            ],
            options={
                "table": "code_pattern",
                "app": "models",
                "constraints": [
                    CheckConstraint(check="\"kind\" IN ('gtin_prefix', 'ecode', 'host')", name="code_pattern_kind")
                ],
                "pk_attr": "id",
                "table_description": "追溯码发码规则",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="Counter",
            fields=[
                ("name", fields.CharField(primary_key=True, max_length=40)),
                ("value", fields.IntField(default=0)),
            ],
            options={"table": "counter", "app": "models", "pk_attr": "name", "table_description": "计数器"},
            bases=["Model"],
        ),
        CreateModel(
            name="IdempotentRequest",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                ("scope", fields.CharField(max_length=100)),
                ("key", fields.CharField(max_length=128)),
                ("body_sha256", fields.CharField(max_length=64)),
                ("status", fields.IntField(null=True)),
                ("answer", fields.JSONField(null=True)),
                ("created_at", fields.DatetimeField(db_index=True)),
            ],
            options={
                "table": "idempotent_request",
                "app": "models",
                "unique_together": (("scope", "key"),),
                "pk_attr": "id",
                "table_description": "幂等请求",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="Invitation",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                ("code_hash", fields.CharField(unique=True, max_length=64)),
                (
                    "enterprise",
                    fields.ForeignKeyField(
                        "models.Enterprise",
                        source_field="enterprise_id",
                        db_index=True,
                        to_field="id",
                        related_name="invitations",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("role", fields.CharField(max_length=16)),
                (
                    "invited_by",
                    fields.ForeignKeyField(
                        "models.Staff",
                        source_field="invited_by_id",
                        to_field="id",
                        related_name="invitations",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("created_at", fields.DatetimeField()),
                ("expires_at", fields.DatetimeField()),
                ("used_at", fields.DatetimeField(null=True)),
                (
                    "used_by",
                    fields.ForeignKeyField(
                        "models.Staff",
                        source_field="used_by_id",
                        null=True,
                        to_field="id",
                        related_name="joined_by",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("revoked_at", fields.DatetimeField(null=True)),
            ],
            options={"table": "invitation", "app": "models", "pk_attr": "id", "table_description": "成员邀请"},
            bases=["Model"],
        ),
        CreateModel(
            name="OneTimeLink",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                ("token_hash", fields.CharField(unique=True, max_length=64)),
                ("purpose", fields.CharField(max_length=16)),
                (
                    "identity",
                    fields.ForeignKeyField(
                        "models.WeChatIdentity",
                        source_field="identity_id",
                        db_index=True,
                        to_field="id",
                        related_name="one_time_links",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("target", fields.CharField(default="/my", max_length=200)),
                ("created_at", fields.DatetimeField()),
                ("expires_at", fields.DatetimeField()),
                ("used_at", fields.DatetimeField(null=True)),
            ],
            options={
                "table": "one_time_link",
                "app": "models",
                "constraints": [
                    CheckConstraint(check="\"purpose\" IN ('sign_in', 'join')", name="one_time_link_purpose")
                ],
                "pk_attr": "id",
                "table_description": "一次性链接",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="Person",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                ("created_at", fields.DatetimeField()),
                (
                    "merged_into",
                    fields.ForeignKeyField(
                        "models.Person",
                        source_field="merged_into_id",
                        null=True,
                        db_index=True,
                        to_field="id",
                        related_name="merged",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
            ],
            options={"table": "person", "app": "models", "pk_attr": "id", "table_description": "自然人"},
            bases=["Model"],
        ),
        CreateModel(
            name="Application",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                ("ref", fields.CharField(unique=True, max_length=43)),
                (
                    "enterprise",
                    fields.ForeignKeyField(
                        "models.Enterprise",
                        source_field="enterprise_id",
                        db_index=True,
                        to_field="id",
                        related_name="applications",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("level", fields.CharField(max_length=3)),
                ("sells_online", fields.BooleanField()),
                ("produces_since", fields.CharField(null=True, max_length=7)),
                ("state", fields.CharField(max_length=16)),
                ("version", fields.IntField(default=0)),
                ("round", fields.IntField(default=0)),
                (
                    "opened_by",
                    fields.ForeignKeyField(
                        "models.Person",
                        source_field="opened_by_id",
                        to_field="id",
                        related_name="applications",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("opened_at", fields.DatetimeField()),
                ("submitted_at", fields.DatetimeField(null=True)),
                ("told_at", fields.DatetimeField(null=True)),
                ("verified_at", fields.DatetimeField(null=True)),
                ("graded_at", fields.DatetimeField(null=True)),
                ("ended_at", fields.DatetimeField(null=True)),
                ("due_at", fields.DatetimeField(null=True, db_index=True)),
                ("edition", fields.CharField(default="", max_length=60)),
                ("findings", fields.JSONField(default=list)),
                ("facts", fields.JSONField(null=True)),
                ("result", fields.JSONField(null=True)),
                ("grade", fields.CharField(null=True, max_length=12)),
            ],
            options={
                "table": "application",
                "app": "models",
                "constraints": [
                    CheckConstraint(
                        check="\"state\" IN ('draft', 'verifying', 'supplement', 'grading', 'publicity', 'objected', 'confirmed', 'certified', 'not_reached', 'lapsed', 'withdrawn')",
                        name="application_state",
                    ),
                    CheckConstraint(check="\"level\" IN ('B', 'A', 'AA', 'AAA')", name="application_level"),
                ],
                "pk_attr": "id",
                "table_description": "评价申报",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="ApplicationProduct",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                (
                    "application",
                    fields.ForeignKeyField(
                        "models.Application",
                        source_field="application_id",
                        db_index=True,
                        to_field="id",
                        related_name="products",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "product",
                    fields.ForeignKeyField(
                        "models.Product",
                        source_field="product_id",
                        db_index=True,
                        to_field="id",
                        related_name="applications",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
            ],
            options={
                "table": "application_product",
                "app": "models",
                "unique_together": (("application_id", "product_id"),),
                "pk_attr": "id",
                "table_description": "申报产品",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="Certificate",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                ("number", fields.CharField(unique=True, max_length=40)),
                ("serial", fields.IntField(unique=True)),
                (
                    "enterprise",
                    fields.ForeignKeyField(
                        "models.Enterprise",
                        source_field="enterprise_id",
                        db_index=True,
                        to_field="id",
                        related_name="certificates",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "application",
                    fields.OneToOneField(
                        "models.Application",
                        source_field="application_id",
                        to_field="id",
                        related_name="certificate",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("grade", fields.CharField(max_length=3)),
                ("state", fields.CharField(max_length=16)),
                ("issued_on", fields.DateField()),
                ("last_day", fields.DateField(db_index=True)),
                ("holder", fields.JSONField()),
                ("life", fields.JSONField()),
                ("points", fields.IntField(default=0)),
                ("revision", fields.IntField(default=0)),
                ("version", fields.IntField(default=0)),
                ("created_at", fields.DatetimeField()),
                ("due_at", fields.DatetimeField(null=True, db_index=True)),
            ],
            options={
                "table": "certificate",
                "app": "models",
                "constraints": [
                    CheckConstraint(
                        check="\"state\" IN ('active', 'warned', 'suspended', 'expired', 'revoked', 'cancelled', 'superseded')",
                        name="certificate_state",
                    ),
                    CheckConstraint(check="\"grade\" IN ('B', 'A', 'AA', 'AAA')", name="certificate_grade"),
                ],
                "pk_attr": "id",
                "table_description": "评价证书",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="DeskItem",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                ("ref", fields.CharField(unique=True, max_length=43)),
                ("key", fields.CharField(unique=True, max_length=128)),
                ("kind", fields.CharField(max_length=40)),
                ("subject_kind", fields.CharField(max_length=40)),
                ("subject_id", fields.BigIntField()),
                (
                    "enterprise",
                    fields.ForeignKeyField(
                        "models.Enterprise",
                        source_field="enterprise_id",
                        null=True,
                        db_index=True,
                        to_field="id",
                        related_name="desk_items",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("clause", fields.CharField(max_length=40)),
                ("title", fields.CharField(max_length=200)),
                ("detail", fields.JSONField(default=dict)),
                ("opened_at", fields.DatetimeField()),
                ("due_at", fields.DatetimeField(null=True, db_index=True)),
                ("state", fields.CharField(max_length=16)),
                ("decision", fields.CharField(null=True, max_length=40)),
                ("reason", fields.TextField(null=True, unique=False)),
                (
                    "decided_by",
                    fields.ForeignKeyField(
                        "models.Person",
                        source_field="decided_by_id",
                        null=True,
                        to_field="id",
                        related_name="decisions",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("decided_at", fields.DatetimeField(null=True)),
            ],
            options={
                "table": "desk_item",
                "app": "models",
                "constraints": [CheckConstraint(check="\"state\" IN ('open', 'decided')", name="desk_item_state")],
                "pk_attr": "id",
                "table_description": "待办事项",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="Grant",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                (
                    "person",
                    fields.ForeignKeyField(
                        "models.Person",
                        source_field="person_id",
                        db_index=True,
                        to_field="id",
                        related_name="grants",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("role", fields.CharField(max_length=16)),
                ("organisation", fields.CharField(default="", max_length=200)),
                ("granted_by", fields.CharField(max_length=100)),
                ("granted_at", fields.DatetimeField()),
                ("revoked_at", fields.DatetimeField(null=True)),
            ],
            options={
                "table": "platform_grant",
                "app": "models",
                "constraints": [
                    CheckConstraint(
                        check="\"role\" IN ('operator', 'procurement', 'partner')", name="platform_grant_role"
                    )
                ],
                "pk_attr": "id",
                "table_description": "平台角色",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="InboxEntry",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                ("key", fields.CharField(unique=True, max_length=128)),
                (
                    "person",
                    fields.ForeignKeyField(
                        "models.Person",
                        source_field="person_id",
                        db_index=True,
                        to_field="id",
                        related_name="inbox",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "enterprise",
                    fields.ForeignKeyField(
                        "models.Enterprise",
                        source_field="enterprise_id",
                        null=True,
                        db_index=True,
                        to_field="id",
                        related_name="inbox",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("clause", fields.CharField(max_length=40)),
                ("title", fields.CharField(max_length=100)),
                ("body", fields.TextField(unique=False)),
                ("path", fields.CharField(default="", max_length=200)),
                ("created_at", fields.DatetimeField()),
                ("read_at", fields.DatetimeField(null=True)),
                (
                    "push",
                    fields.ForeignKeyField(
                        "models.Answer",
                        source_field="push_id",
                        null=True,
                        to_field="id",
                        related_name="inbox",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
            ],
            options={"table": "inbox_entry", "app": "models", "pk_attr": "id", "table_description": "收件箱"},
            bases=["Model"],
        ),
        CreateModel(
            name="Material",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                ("ref", fields.CharField(unique=True, max_length=43)),
                (
                    "application",
                    fields.ForeignKeyField(
                        "models.Application",
                        source_field="application_id",
                        db_index=True,
                        to_field="id",
                        related_name="materials",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("kind", fields.CharField(max_length=40)),
                (
                    "product",
                    fields.ForeignKeyField(
                        "models.Product",
                        source_field="product_id",
                        null=True,
                        db_index=True,
                        to_field="id",
                        related_name="materials",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "evidence",
                    fields.ForeignKeyField(
                        "models.Evidence",
                        source_field="evidence_id",
                        db_index=True,
                        to_field="id",
                        related_name="materials",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("key", fields.CharField(max_length=128)),
                ("declared", fields.JSONField(default=dict)),
                ("state", fields.CharField(max_length=16)),
                ("round", fields.IntField(null=True)),
                (
                    "handed_in_by",
                    fields.ForeignKeyField(
                        "models.Person",
                        source_field="handed_in_by_id",
                        to_field="id",
                        related_name="materials",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("handed_in_at", fields.DatetimeField()),
                ("judged_at", fields.DatetimeField(null=True)),
                ("findings", fields.JSONField(default=list)),
                ("report", fields.JSONField(null=True)),
                (
                    "inspection",
                    fields.ForeignKeyField(
                        "models.Inspection",
                        source_field="inspection_id",
                        null=True,
                        to_field="id",
                        related_name="materials",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
            ],
            options={
                "table": "material",
                "app": "models",
                "unique_together": (("application_id", "key"),),
                "constraints": [
                    CheckConstraint(
                        check="\"state\" IN ('handed_in', 'passed', 'failed', 'unclear', 'replaced', 'removed')",
                        name="material_state",
                    )
                ],
                "pk_attr": "id",
                "table_description": "申报资料",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="Publication",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                ("ref", fields.CharField(unique=True, max_length=43)),
                (
                    "application",
                    fields.ForeignKeyField(
                        "models.Application",
                        source_field="application_id",
                        db_index=True,
                        to_field="id",
                        related_name="publications",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("content", fields.JSONField()),
                ("published_at", fields.DatetimeField(db_index=True)),
                ("closes_at", fields.DatetimeField()),
                ("state", fields.CharField(max_length=16)),
                ("version", fields.IntField(default=0)),
            ],
            options={
                "table": "publication",
                "app": "models",
                "constraints": [
                    CheckConstraint(
                        check="\"state\" IN ('running', 'stopped', 'confirmed', 'overturned')", name="publication_state"
                    )
                ],
                "pk_attr": "id",
                "table_description": "结果公示",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="Objection",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                ("ref", fields.CharField(unique=True, max_length=43)),
                (
                    "publication",
                    fields.ForeignKeyField(
                        "models.Publication",
                        source_field="publication_id",
                        db_index=True,
                        to_field="id",
                        related_name="objections",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("party", fields.CharField(max_length=16)),
                ("route", fields.CharField(max_length=16)),
                (
                    "person",
                    fields.ForeignKeyField(
                        "models.Person",
                        source_field="person_id",
                        null=True,
                        db_index=True,
                        to_field="id",
                        related_name="objections",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("key", fields.CharField(unique=True, max_length=128)),
                ("statement", fields.TextField(unique=False)),
                ("state", fields.CharField(max_length=16)),
                ("filed_at", fields.DatetimeField()),
                ("due_at", fields.DatetimeField(null=True, db_index=True)),
                ("outcome", fields.JSONField(null=True)),
                ("decided_at", fields.DatetimeField(null=True)),
                ("decided_by", fields.CharField(null=True, max_length=100)),
                ("version", fields.IntField(default=0)),
            ],
            options={
                "table": "objection",
                "app": "models",
                "constraints": [
                    CheckConstraint(
                        check="\"state\" IN ('open', 'upheld', 'rejected', 'answered')", name="objection_state"
                    ),
                    CheckConstraint(check="\"party\" IN ('enterprise', 'public')", name="objection_party"),
                    CheckConstraint(check="\"route\" IN ('objection', 'complaint')", name="objection_route"),
                ],
                "pk_attr": "id",
                "table_description": "异议与投诉",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="ObjectionEvidence",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                (
                    "objection",
                    fields.ForeignKeyField(
                        "models.Objection",
                        source_field="objection_id",
                        db_index=True,
                        to_field="id",
                        related_name="evidence",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "evidence",
                    fields.ForeignKeyField(
                        "models.Evidence",
                        source_field="evidence_id",
                        db_index=True,
                        to_field="id",
                        related_name="objections",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("kind", fields.CharField(default="", max_length=40)),
                ("product_id", fields.BigIntField(null=True)),
            ],
            options={"table": "objection_evidence", "app": "models", "pk_attr": "id", "table_description": "异议证据"},
            bases=["Model"],
        ),
        CreateModel(
            name="Registration",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                ("ref", fields.CharField(unique=True, max_length=43)),
                (
                    "person",
                    fields.ForeignKeyField(
                        "models.Person",
                        source_field="person_id",
                        db_index=True,
                        to_field="id",
                        related_name="registrations",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("key", fields.CharField(max_length=128)),
                ("uscc", fields.CharField(db_index=True, max_length=18)),
                ("name", fields.CharField(max_length=200)),
                ("address", fields.CharField(max_length=300)),
                ("legal_representative", fields.CharField(default="", max_length=60)),
                ("organisation_role", fields.CharField(default="maker", max_length=20)),
                ("applicant_name", fields.CharField(max_length=60)),
                ("title", fields.CharField(default="", max_length=40)),
                (
                    "licence",
                    fields.ForeignKeyField(
                        "models.Evidence",
                        source_field="licence_id",
                        null=True,
                        to_field="id",
                        related_name="registrations",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("state", fields.CharField(max_length=16)),
                ("findings", fields.JSONField(default=list)),
                (
                    "enterprise",
                    fields.ForeignKeyField(
                        "models.Enterprise",
                        source_field="enterprise_id",
                        null=True,
                        db_index=True,
                        to_field="id",
                        related_name="registrations",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("created_at", fields.DatetimeField()),
                ("due_at", fields.DatetimeField(null=True, db_index=True)),
                ("decided_at", fields.DatetimeField(null=True)),
                ("version", fields.IntField(default=0)),
            ],
            options={
                "table": "registration",
                "app": "models",
                "unique_together": (("person_id", "key"),),
                "constraints": [
                    CheckConstraint(
                        check="\"state\" IN ('checking', 'verified', 'mend', 'disputed')", name="registration_state"
                    ),
                    CheckConstraint(check='length("uscc") = 18', name="registration_uscc"),
                ],
                "pk_attr": "id",
                "table_description": "实名注册",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="Rendering",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                (
                    "certificate",
                    fields.ForeignKeyField(
                        "models.Certificate",
                        source_field="certificate_id",
                        db_index=True,
                        to_field="id",
                        related_name="renderings",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("revision", fields.IntField()),
                ("reason", fields.CharField(max_length=100)),
                ("face", fields.JSONField()),
                ("as_of", fields.DateField()),
                ("state", fields.CharField(max_length=16)),
                ("intended_at", fields.DatetimeField()),
                ("signed_at", fields.DatetimeField(null=True)),
                ("pdf_key", fields.CharField(null=True, max_length=128)),
                ("pdf_sha256", fields.CharField(null=True, db_index=True, max_length=64)),
                ("png_key", fields.CharField(null=True, max_length=128)),
            ],
            options={
                "table": "rendering",
                "app": "models",
                "unique_together": (("certificate_id", "revision"),),
                "constraints": [CheckConstraint(check="\"state\" IN ('intended', 'signed')", name="rendering_state")],
                "pk_attr": "id",
                "table_description": "证书版本",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="Session",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                ("token_hash", fields.CharField(unique=True, max_length=64)),
                (
                    "person",
                    fields.ForeignKeyField(
                        "models.Person",
                        source_field="person_id",
                        db_index=True,
                        to_field="id",
                        related_name="sessions",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "identity",
                    fields.ForeignKeyField(
                        "models.WeChatIdentity",
                        source_field="identity_id",
                        null=True,
                        db_index=True,
                        to_field="id",
                        related_name="sessions",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("door", fields.CharField(max_length=16)),
                ("created_at", fields.DatetimeField()),
                ("seen_at", fields.DatetimeField()),
                ("expires_at", fields.DatetimeField(db_index=True)),
                ("revoked_at", fields.DatetimeField(null=True)),
            ],
            options={
                "table": "session",
                "app": "models",
                "constraints": [
                    CheckConstraint(check="\"door\" IN ('miniapp', 'web', 'console')", name="session_door")
                ],
                "pk_attr": "id",
                "table_description": "会话",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="Enterprise",
            name="address",
            field=fields.CharField(default="", db_default="", max_length=300),
        ),
        ops.AddField(
            model_name="Enterprise",
            name="barred_through",
            field=fields.DateField(null=True),
        ),
        ops.AddField(
            model_name="Enterprise",
            name="organisation_role",
            field=fields.CharField(default="maker", db_default="maker", max_length=20),
        ),
        ops.AddField(
            model_name="Enterprise",
            name="verified_at",
            field=fields.DatetimeField(null=True),
        ),
        ops.AddField(
            model_name="Product",
            name="product_class",
            field=fields.CharField(default="ccc", db_default="ccc", max_length=20),
        ),
        ops.AddField(
            model_name="Product",
            name="qualification_number",
            field=fields.CharField(default="", db_default="", max_length=60),
        ),
        ops.AddField(
            model_name="Staff",
            name="person",
            field=fields.ForeignKeyField(
                "models.Person",
                source_field="person_id",
                null=True,
                db_index=True,
                to_field="id",
                related_name="memberships",
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        ops.AddField(
            model_name="Staff",
            name="title",
            field=fields.CharField(default="", db_default="", max_length=40),
        ),
        ops.AddField(
            model_name="WeChatIdentity",
            name="person",
            field=fields.ForeignKeyField(
                "models.Person",
                source_field="person_id",
                null=True,
                db_index=True,
                to_field="id",
                related_name="identities",
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        ops.RunSQL('UPDATE "staff" SET "title" = "role", "role" = \'staff\'', 'UPDATE "staff" SET "role" = "title"'),
        ops.RunSQL(
            'CREATE UNIQUE INDEX "staff_once" ON "staff" ("enterprise_id", "person_id")'
            ' WHERE "left_at" IS NULL AND "person_id" IS NOT NULL',
            'DROP INDEX "staff_once"',
        ),
        ops.RunSQL(
            'CREATE UNIQUE INDEX "staff_one_owner" ON "staff" ("enterprise_id")'
            ' WHERE "left_at" IS NULL AND "role" = \'owner\'',
            'DROP INDEX "staff_one_owner"',
        ),
        ops.RunSQL(
            'CREATE UNIQUE INDEX "code_pattern_in_use" ON "code_pattern" ("product_id", "kind", "value")'
            ' WHERE "retired_at" IS NULL',
            'DROP INDEX "code_pattern_in_use"',
        ),
        ops.RunSQL(
            'CREATE UNIQUE INDEX "grant_in_force" ON "platform_grant" ("person_id", "role") WHERE "revoked_at" IS NULL',
            'DROP INDEX "grant_in_force"',
        ),
        ops.RunSQL(
            'CREATE UNIQUE INDEX "application_open" ON "application" ("enterprise_id") WHERE "state" IN'
            " ('draft', 'verifying', 'supplement', 'grading', 'publicity', 'objected', 'confirmed')",
            'DROP INDEX "application_open"',
        ),
        # Tortoise adds a column, but not the index that is declared with it.
        ops.RunSQL('CREATE INDEX "staff_person" ON "staff" ("person_id")', 'DROP INDEX "staff_person"'),
        ops.RunSQL(
            'CREATE INDEX "wechat_identity_person" ON "wechat_identity" ("person_id")',
            'DROP INDEX "wechat_identity_person"',
        ),
    ]
