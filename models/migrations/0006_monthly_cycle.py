"""Months of a certificate, and the ways by which people are told (8.1, 9.2, C, D.6); frozen: literals only."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from models.operations import CreateModel


class Migration(migrations.Migration):
    dependencies = [("models", "0005_procrastinate")]

    initial = False

    operations = [
        CreateModel(
            name="FanOut",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                ("key", fields.CharField(unique=True, max_length=100)),
                ("kind", fields.CharField(db_index=True, max_length=40)),
                ("total", fields.IntField(default=0)),
                ("done", fields.IntField(default=0)),
                ("cursor", fields.JSONField(default=dict)),
                ("started_at", fields.DatetimeField()),
                ("ended_at", fields.DatetimeField(null=True)),
            ],
            options={"table": "fan_out", "app": "models", "pk_attr": "id", "table_description": "批量进度"},
            bases=["Model"],
        ),
        CreateModel(
            name="MessageConsent",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                (
                    "identity",
                    fields.ForeignKeyField(
                        "models.WeChatIdentity",
                        source_field="identity_id",
                        to_field="id",
                        related_name="message_consents",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("template", fields.CharField(max_length=64)),
                ("credits", fields.IntField(default=0)),
                ("changed_at", fields.DatetimeField()),
            ],
            options={
                "table": "message_consent",
                "app": "models",
                "unique_together": (("identity_id", "template"),),
                "constraints": [CheckConstraint(check='"credits" >= 0', name="message_consent_credits")],
                "pk_attr": "id",
                "table_description": "订阅授权",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="MonthlyFiling",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                ("ref", fields.CharField(unique=True, max_length=43)),
                (
                    "certificate",
                    fields.ForeignKeyField(
                        "models.Certificate",
                        source_field="certificate_id",
                        db_index=True,
                        to_field="id",
                        related_name="filings",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "enterprise",
                    fields.ForeignKeyField(
                        "models.Enterprise",
                        source_field="enterprise_id",
                        db_index=True,
                        to_field="id",
                        related_name="filings",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("month", fields.CharField(max_length=7)),
                ("closes_on", fields.DateField(db_index=True)),
                ("state", fields.CharField(max_length=16)),
                ("version", fields.IntField(default=0)),
                ("opened_at", fields.DatetimeField()),
                ("submitted_at", fields.DatetimeField(null=True)),
                ("decided_at", fields.DatetimeField(null=True)),
                ("make_up_until", fields.DateField(null=True)),
                ("due_at", fields.DatetimeField(null=True, db_index=True)),
                ("verdict", fields.JSONField(null=True)),
            ],
            options={
                "table": "monthly_filing",
                "app": "models",
                "unique_together": (("certificate_id", "month"),),
                "constraints": [
                    CheckConstraint(
                        check="\"state\" IN ('open', 'continued', 'warned', 'suspended', 'made_up', 'made_up_late', 'closed')",
                        name="monthly_filing_state",
                    )
                ],
                "pk_attr": "id",
                "table_description": "月度提报",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="FiledCode",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                (
                    "enterprise",
                    fields.ForeignKeyField(
                        "models.Enterprise",
                        source_field="enterprise_id",
                        to_field="id",
                        related_name="filed_codes",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("code", fields.CharField(max_length=200)),
                (
                    "filing",
                    fields.ForeignKeyField(
                        "models.MonthlyFiling",
                        source_field="filing_id",
                        db_index=True,
                        to_field="id",
                        related_name="codes",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("product_id", fields.BigIntField()),
                ("batch", fields.CharField(default="", max_length=60)),
            ],
            options={
                "table": "filed_code",
                "app": "models",
                "unique_together": (("enterprise_id", "code"),),
                "pk_attr": "id",
                "table_description": "已提报追溯码",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="FilingDialog",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                (
                    "identity",
                    fields.OneToOneField(
                        "models.WeChatIdentity",
                        source_field="identity_id",
                        to_field="id",
                        related_name="filing_dialog",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "filing",
                    fields.ForeignKeyField(
                        "models.MonthlyFiling",
                        source_field="filing_id",
                        db_index=True,
                        to_field="id",
                        related_name="dialogs",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "product",
                    fields.ForeignKeyField(
                        "models.Product",
                        source_field="product_id",
                        null=True,
                        to_field="id",
                        related_name="filing_dialogs",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("entered_at", fields.DatetimeField()),
                ("left_at", fields.DatetimeField(null=True)),
            ],
            options={"table": "filing_dialog", "app": "models", "pk_attr": "id", "table_description": "提报对话"},
            bases=["Model"],
        ),
        CreateModel(
            name="FilingFile",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                ("ref", fields.CharField(unique=True, max_length=43)),
                (
                    "filing",
                    fields.ForeignKeyField(
                        "models.MonthlyFiling",
                        source_field="filing_id",
                        db_index=True,
                        to_field="id",
                        related_name="files",
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
                        related_name="filing_files",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("batch", fields.CharField(default="", max_length=60)),
                ("code", fields.CharField(default="", max_length=200)),
                (
                    "evidence",
                    fields.ForeignKeyField(
                        "models.Evidence",
                        source_field="evidence_id",
                        db_index=True,
                        to_field="id",
                        related_name="filing_files",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("key", fields.CharField(max_length=128)),
                ("declared", fields.JSONField(default=dict)),
                ("state", fields.CharField(max_length=16)),
                (
                    "handed_in_by",
                    fields.ForeignKeyField(
                        "models.Person",
                        source_field="handed_in_by_id",
                        to_field="id",
                        related_name="filing_files",
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
                        related_name="filing_files",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
            ],
            options={
                "table": "filing_file",
                "app": "models",
                "unique_together": (("filing_id", "key"),),
                "constraints": [
                    CheckConstraint(
                        check="\"state\" IN ('handed_in', 'passed', 'failed', 'unclear', 'replaced', 'removed')",
                        name="filing_file_state",
                    ),
                    CheckConstraint(
                        check="\"kind\" IN ('certificate_photo', 'body_photo', 'query_screenshot', 'update_ledger', 'optional')",
                        name="filing_file_kind",
                    ),
                ],
                "pk_attr": "id",
                "table_description": "月度资料",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="ReminderChoice",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                (
                    "person",
                    fields.OneToOneField(
                        "models.Person",
                        source_field="person_id",
                        to_field="id",
                        related_name="reminder_choice",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("on", fields.BooleanField(default=True)),
                ("hour", fields.IntField(default=9)),
                ("occasions", fields.JSONField(default=list)),
                ("calendar_hash", fields.CharField(null=True, unique=True, max_length=64)),
                ("changed_at", fields.DatetimeField()),
            ],
            options={
                "table": "reminder_choice",
                "app": "models",
                "constraints": [CheckConstraint(check='"hour" BETWEEN 9 AND 20', name="reminder_choice_hour")],
                "pk_attr": "id",
                "table_description": "提醒设置",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="SamplingRecord",
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
                        related_name="sampling_records",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "filing",
                    fields.ForeignKeyField(
                        "models.MonthlyFiling",
                        source_field="filing_id",
                        null=True,
                        db_index=True,
                        to_field="id",
                        related_name="sampling_records",
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
                        related_name="sampling_records",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("batch", fields.CharField(max_length=60)),
                ("record", fields.JSONField()),
                ("findings", fields.JSONField(default=list)),
                ("keep_through", fields.DateField()),
                (
                    "recorded_by",
                    fields.ForeignKeyField(
                        "models.Person",
                        source_field="recorded_by_id",
                        to_field="id",
                        related_name="sampling_records",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("recorded_at", fields.DatetimeField()),
            ],
            options={
                "table": "sampling_record",
                "app": "models",
                "unique_together": (("enterprise_id", "product_id", "batch"),),
                "pk_attr": "id",
                "table_description": "印刷抽样记录",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="ServiceWindow",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                (
                    "identity",
                    fields.ForeignKeyField(
                        "models.WeChatIdentity",
                        source_field="identity_id",
                        to_field="id",
                        related_name="service_windows",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("trigger", fields.CharField(max_length=16)),
                ("remaining", fields.IntField()),
                ("ends_at", fields.DatetimeField()),
            ],
            options={
                "table": "service_window",
                "app": "models",
                "unique_together": (("identity_id", "trigger"),),
                "constraints": [
                    CheckConstraint(
                        check="\"trigger\" IN ('message', 'menu', 'follow', 'scan')", name="service_window_trigger"
                    ),
                    CheckConstraint(check='"remaining" >= 0', name="service_window_remaining"),
                ],
                "pk_attr": "id",
                "table_description": "客服消息窗口",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="Answer",
            name="channel",
            field=fields.CharField(null=True, max_length=16),
        ),
        ops.AddField(
            model_name="Answer",
            name="delivered_at",
            field=fields.DatetimeField(null=True),
        ),
        ops.AddField(
            model_name="Answer",
            name="message_id",
            field=fields.CharField(null=True, db_index=True, max_length=40),
        ),
        ops.AddField(
            model_name="Answer",
            name="notice",
            field=fields.JSONField(null=True),
        ),
        ops.AddField(
            model_name="Answer",
            name="tried",
            field=fields.JSONField(null=True),
        ),
        ops.AddField(
            model_name="Answer",
            name="worth_until",
            field=fields.DatetimeField(null=True),
        ),
        ops.AddField(
            model_name="Certificate",
            name="month_opens_at",
            field=fields.DatetimeField(null=True, db_index=True),
        ),
        ops.AddField(
            model_name="InboxEntry",
            name="unpushed",
            field=fields.CharField(default="", db_default="", max_length=40),
        ),
        # Tortoise adds a column, but not the index that is declared with it.
        ops.RunSQL('CREATE INDEX "outbox_message" ON "outbox" ("message_id")', 'DROP INDEX "outbox_message"'),
        ops.RunSQL(
            'CREATE INDEX "certificate_month_opens" ON "certificate" ("month_opens_at")',
            'DROP INDEX "certificate_month_opens"',
        ),
        # Living certificates of before: the sweep finds them, and which of their months are due it knows itself.
        ops.RunSQL(
            'UPDATE "certificate" SET "month_opens_at" = "created_at" WHERE "state" IN'
            " ('active', 'warned', 'suspended')",
            "SELECT 1",
        ),
        ops.RunSQL(
            'CREATE INDEX "monthly_filing_due" ON "monthly_filing" ("state", "due_at", "id")',
            'DROP INDEX "monthly_filing_due"',
        ),
    ]
