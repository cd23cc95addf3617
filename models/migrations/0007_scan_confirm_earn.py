"""Scans, adoptions and their points, partners and what is pushed to them (4.3.3, 8.2, 8.5, 10.2–10.4).

Frozen: literals only, nothing of the live models.
"""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from models.operations import AppendOnly, CreateModel


class Migration(migrations.Migration):
    dependencies = [("models", "0006_monthly_cycle")]

    initial = False

    operations = [
        CreateModel(
            name="CodeReport",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                ("ref", fields.CharField(unique=True, max_length=43)),
                ("key", fields.CharField(unique=True, max_length=128)),
                ("code_key", fields.CharField(db_index=True, max_length=32)),
                ("code", fields.CharField(max_length=255)),
                (
                    "product",
                    fields.ForeignKeyField(
                        "models.Product",
                        source_field="product_id",
                        null=True,
                        db_index=True,
                        to_field="id",
                        related_name="code_reports",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "person",
                    fields.ForeignKeyField(
                        "models.Person",
                        source_field="person_id",
                        null=True,
                        db_index=True,
                        to_field="id",
                        related_name="code_reports",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("kind", fields.CharField(max_length=20)),
                ("statement", fields.TextField()),
                (
                    "evidence",
                    fields.ForeignKeyField(
                        "models.Evidence",
                        source_field="evidence_id",
                        null=True,
                        to_field="id",
                        related_name="code_reports",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("state", fields.CharField(max_length=16)),
                ("filed_at", fields.DatetimeField()),
                ("due_at", fields.DatetimeField(null=True, db_index=True)),
                ("answer", fields.TextField(default="")),
                ("answered_at", fields.DatetimeField(null=True)),
            ],
            options={
                "table": "code_report",
                "app": "models",
                "constraints": [CheckConstraint(check="\"state\" IN ('open', 'answered')", name="code_report_state")],
                "pk_attr": "id",
                "table_description": "问题反映",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="Confirmation",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                ("ref", fields.CharField(unique=True, max_length=43)),
                ("key", fields.CharField(unique=True, max_length=128)),
                (
                    "certificate",
                    fields.ForeignKeyField(
                        "models.Certificate",
                        source_field="certificate_id",
                        db_index=True,
                        to_field="id",
                        related_name="confirmations",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "person",
                    fields.ForeignKeyField(
                        "models.Person",
                        source_field="person_id",
                        null=True,
                        db_index=True,
                        to_field="id",
                        related_name="confirmations",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "purchaser",
                    fields.ForeignKeyField(
                        "models.Enterprise",
                        source_field="purchaser_id",
                        null=True,
                        db_index=True,
                        to_field="id",
                        related_name="confirmations",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("face", fields.JSONField()),
                ("as_of", fields.DatetimeField()),
                ("state", fields.CharField(max_length=16)),
                ("signed_at", fields.DatetimeField(null=True)),
                ("pdf_key", fields.CharField(null=True, max_length=128)),
                ("pdf_sha256", fields.CharField(null=True, db_index=True, max_length=64)),
            ],
            options={
                "table": "confirmation",
                "app": "models",
                "constraints": [
                    CheckConstraint(check="\"state\" IN ('intended', 'signed')", name="confirmation_state")
                ],
                "pk_attr": "id",
                "table_description": "供应商等级确认书",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="Feedback",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                ("ref", fields.CharField(unique=True, max_length=43)),
                ("key", fields.CharField(unique=True, max_length=128)),
                (
                    "supplier",
                    fields.ForeignKeyField(
                        "models.Enterprise",
                        source_field="supplier_id",
                        db_index=True,
                        to_field="id",
                        related_name="feedback",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "customer",
                    fields.ForeignKeyField(
                        "models.Enterprise",
                        source_field="customer_id",
                        null=True,
                        db_index=True,
                        to_field="id",
                        related_name="feedback_given",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "person",
                    fields.ForeignKeyField(
                        "models.Person",
                        source_field="person_id",
                        db_index=True,
                        to_field="id",
                        related_name="feedback",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("mood", fields.CharField(max_length=16)),
                ("statement", fields.TextField()),
                ("state", fields.CharField(max_length=16)),
                ("findings", fields.JSONField(default=list)),
                ("filed_at", fields.DatetimeField()),
                ("decided_at", fields.DatetimeField(null=True)),
                ("version", fields.IntField(default=0)),
            ],
            options={
                "table": "feedback",
                "app": "models",
                "constraints": [
                    CheckConstraint(
                        check="\"state\" IN ('checking', 'held', 'published', 'refused')", name="feedback_state"
                    ),
                    CheckConstraint(check="\"mood\" IN ('positive', 'neutral', 'negative')", name="feedback_mood"),
                ],
                "pk_attr": "id",
                "table_description": "客户反馈",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="ItemFiling",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                ("ref", fields.CharField(unique=True, max_length=43)),
                ("key", fields.CharField(unique=True, max_length=128)),
                (
                    "product",
                    fields.ForeignKeyField(
                        "models.Product",
                        source_field="product_id",
                        db_index=True,
                        to_field="id",
                        related_name="item_filings",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "person",
                    fields.ForeignKeyField(
                        "models.Person",
                        source_field="person_id",
                        null=True,
                        to_field="id",
                        related_name="item_filings",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "evidence",
                    fields.ForeignKeyField(
                        "models.Evidence",
                        source_field="evidence_id",
                        null=True,
                        to_field="id",
                        related_name="item_filings",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("state", fields.CharField(max_length=16)),
                ("accepted", fields.IntField(default=0)),
                ("refused", fields.IntField(default=0)),
                ("findings", fields.JSONField(default=list)),
                ("filed_at", fields.DatetimeField()),
            ],
            options={
                "table": "item_filing",
                "app": "models",
                "constraints": [
                    CheckConstraint(check="\"state\" IN ('received', 'filed', 'refused')", name="item_filing_state")
                ],
                "pk_attr": "id",
                "table_description": "单件清单",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="Item",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                ("code_key", fields.CharField(unique=True, max_length=32)),
                ("code", fields.CharField(max_length=255)),
                (
                    "product",
                    fields.ForeignKeyField(
                        "models.Product",
                        source_field="product_id",
                        db_index=True,
                        to_field="id",
                        related_name="items",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "filing",
                    fields.ForeignKeyField(
                        "models.ItemFiling",
                        source_field="filing_id",
                        db_index=True,
                        to_field="id",
                        related_name="items",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("batch", fields.CharField(default="", max_length=60)),
                ("made_on", fields.DateField(null=True)),
            ],
            options={"table": "item", "app": "models", "pk_attr": "id", "table_description": "单件"},
            bases=["Model"],
        ),
        CreateModel(
            name="Partner",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                ("ref", fields.CharField(unique=True, max_length=43)),
                ("name", fields.CharField(max_length=200)),
                ("uscc", fields.CharField(default="", max_length=18)),
                ("kind", fields.CharField(max_length=16)),
                ("is_sample", fields.BooleanField(default=False)),
                ("created_at", fields.DatetimeField()),
                ("ended_at", fields.DatetimeField(null=True)),
            ],
            options={
                "table": "partner",
                "app": "models",
                "constraints": [
                    CheckConstraint(
                        check="\"kind\" IN ('marketplace', 'regulator', 'association', 'customer')", name="partner_kind"
                    )
                ],
                "pk_attr": "id",
                "table_description": "合作方",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="Adoption",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                ("ref", fields.CharField(unique=True, max_length=43)),
                ("key", fields.CharField(unique=True, max_length=128)),
                (
                    "supplier",
                    fields.ForeignKeyField(
                        "models.Enterprise",
                        source_field="supplier_id",
                        db_index=True,
                        to_field="id",
                        related_name="adoptions",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "certificate",
                    fields.ForeignKeyField(
                        "models.Certificate",
                        source_field="certificate_id",
                        null=True,
                        to_field="id",
                        related_name="adoptions",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "confirmation",
                    fields.ForeignKeyField(
                        "models.Confirmation",
                        source_field="confirmation_id",
                        null=True,
                        to_field="id",
                        related_name="adoptions",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "customer",
                    fields.ForeignKeyField(
                        "models.Enterprise",
                        source_field="customer_id",
                        null=True,
                        db_index=True,
                        to_field="id",
                        related_name="adopted",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("customer_name", fields.CharField(max_length=200)),
                ("customer_uscc", fields.CharField(default="", max_length=18)),
                ("tender_number", fields.CharField(max_length=100)),
                ("customer_folded", fields.CharField(max_length=200)),
                ("tender_folded", fields.CharField(max_length=100)),
                ("tender_role", fields.CharField(max_length=20)),
                ("way", fields.CharField(max_length=16)),
                ("filed_by", fields.CharField(max_length=16)),
                (
                    "person",
                    fields.ForeignKeyField(
                        "models.Person",
                        source_field="person_id",
                        null=True,
                        db_index=True,
                        to_field="id",
                        related_name="adoptions",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "partner",
                    fields.ForeignKeyField(
                        "models.Partner",
                        source_field="partner_id",
                        null=True,
                        db_index=True,
                        to_field="id",
                        related_name="adoptions",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("state", fields.CharField(max_length=16)),
                ("findings", fields.JSONField(default=list)),
                ("filed_at", fields.DatetimeField()),
                ("due_at", fields.DatetimeField(null=True, db_index=True)),
                ("decided_at", fields.DatetimeField(null=True)),
                ("version", fields.IntField(default=0)),
            ],
            options={
                "table": "adoption",
                "app": "models",
                "constraints": [
                    CheckConstraint(
                        check="\"state\" IN ('checking', 'waiting', 'valid', 'refused', 'false')", name="adoption_state"
                    ),
                    CheckConstraint(check="\"way\" IN ('uploaded', 'obtained')", name="adoption_way"),
                    CheckConstraint(
                        check="\"filed_by\" IN ('customer', 'supplier', 'partner')", name="adoption_filed_by"
                    ),
                ],
                "pk_attr": "id",
                "table_description": "招标采购采信记录",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="AdoptionFile",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                ("ref", fields.CharField(unique=True, max_length=43)),
                (
                    "adoption",
                    fields.ForeignKeyField(
                        "models.Adoption",
                        source_field="adoption_id",
                        db_index=True,
                        to_field="id",
                        related_name="files",
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
                        related_name="adoption_files",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("kind", fields.CharField(max_length=40)),
                ("name", fields.CharField(default="", max_length=200)),
                ("state", fields.CharField(max_length=16)),
                ("findings", fields.JSONField(default=list)),
                ("report", fields.JSONField(null=True)),
                ("filed_at", fields.DatetimeField()),
                ("judged_at", fields.DatetimeField(null=True)),
            ],
            options={
                "table": "adoption_file",
                "app": "models",
                "unique_together": (("adoption_id", "evidence_id"),),
                "constraints": [
                    CheckConstraint(
                        check="\"state\" IN ('handed_in', 'passed', 'failed', 'unclear')", name="adoption_file_state"
                    )
                ],
                "pk_attr": "id",
                "table_description": "采信证据",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="ApiKey",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                ("key_id", fields.CharField(unique=True, max_length=32)),
                (
                    "partner",
                    fields.ForeignKeyField(
                        "models.Partner",
                        source_field="partner_id",
                        db_index=True,
                        to_field="id",
                        related_name="keys",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("secret_hash", fields.CharField(max_length=64)),
                ("scopes", fields.JSONField(default=list)),
                ("per_minute", fields.IntField()),
                ("per_day", fields.IntField()),
                ("signed", fields.BooleanField(default=False)),
                ("created_at", fields.DatetimeField()),
                ("created_by", fields.CharField(max_length=100)),
                ("expires_at", fields.DatetimeField(null=True)),
                ("last_used_on", fields.DateField(null=True)),
                ("revoked_at", fields.DatetimeField(null=True)),
            ],
            options={
                "table": "api_key",
                "app": "models",
                "constraints": [
                    CheckConstraint(check='"per_minute" > 0 AND "per_day" > 0', name="api_key_quota"),
                    CheckConstraint(check='length("secret_hash") = 64', name="api_key_secret"),
                ],
                "pk_attr": "id",
                "table_description": "接口密钥",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="CreditEntry",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                (
                    "enterprise",
                    fields.ForeignKeyField(
                        "models.Enterprise",
                        source_field="enterprise_id",
                        db_index=True,
                        to_field="id",
                        related_name="credit",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("kind", fields.CharField(max_length=20)),
                ("at", fields.DatetimeField()),
                ("year", fields.IntField()),
                ("points", fields.IntField()),
                ("reason", fields.CharField(max_length=500)),
                ("customer_folded", fields.CharField(null=True, max_length=200)),
                ("tender_folded", fields.CharField(null=True, max_length=100)),
                (
                    "adoption",
                    fields.ForeignKeyField(
                        "models.Adoption",
                        source_field="adoption_id",
                        null=True,
                        db_index=True,
                        to_field="id",
                        related_name="entries",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
            ],
            options={
                "table": "credit_entry",
                "app": "models",
                "constraints": [
                    CheckConstraint(
                        check="\"kind\" IN ('adoption', 'false_record', 'revocation')", name="credit_entry_kind"
                    )
                ],
                "pk_attr": "id",
                "table_description": "资信分值台账",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="ScanDay",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                ("enterprise_id", fields.BigIntField()),
                ("product_id", fields.BigIntField()),
                ("day", fields.DateField()),
                ("road", fields.CharField(max_length=16)),
                ("times", fields.IntField()),
            ],
            options={
                "table": "scan_day",
                "app": "models",
                "unique_together": (("product_id", "day", "road"),),
                "constraints": [
                    CheckConstraint(
                        check="\"road\" IN ('scan', 'miniapp', 'link', 'typed', 'photo')", name="scan_day_road"
                    )
                ],
                "indexes": [Index(fields=["enterprise_id", "day"])],
                "pk_attr": "id",
                "table_description": "每日查询",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="ScanEvent",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                ("at", fields.DatetimeField(db_index=True)),
                ("code_key", fields.CharField(max_length=32)),
                ("code", fields.CharField(max_length=255)),
                ("enterprise_id", fields.BigIntField(null=True)),
                ("product_id", fields.BigIntField(null=True)),
                ("road", fields.CharField(max_length=16)),
                ("outcome", fields.CharField(max_length=16)),
                ("region", fields.CharField(default="", max_length=20)),
                ("visitor", fields.CharField(default="", max_length=32)),
            ],
            options={
                "table": "scan_event",
                "app": "models",
                "constraints": [
                    CheckConstraint(
                        check="\"road\" IN ('scan', 'miniapp', 'link', 'typed', 'photo')", name="scan_event_road"
                    ),
                    CheckConstraint(
                        check="\"outcome\" IN ('known', 'unknown', 'not_allowed', 'look_alike', 'malformed')",
                        name="scan_event_outcome",
                    ),
                ],
                "indexes": [Index(fields=["enterprise_id", "at"])],
                "pk_attr": "id",
                "table_description": "查询记录",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="ScannedCode",
            fields=[
                ("code_key", fields.CharField(primary_key=True, max_length=32)),
                ("product_id", fields.BigIntField(null=True)),
                ("first_at", fields.DatetimeField()),
                ("first_region", fields.CharField(default="", max_length=20)),
                ("last_at", fields.DatetimeField()),
                ("last_visitor", fields.CharField(default="", max_length=32)),
                ("before_at", fields.DatetimeField(null=True)),
                ("times", fields.IntField()),
            ],
            options={
                "table": "scanned_code",
                "app": "models",
                "constraints": [CheckConstraint(check='"times" >= 1', name="scanned_code_times")],
                "pk_attr": "code_key",
                "table_description": "被查询的码",
            },
            bases=["Model"],
        ),
        CreateModel(
            name="Watch",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                (
                    "person",
                    fields.ForeignKeyField(
                        "models.Person",
                        source_field="person_id",
                        db_index=True,
                        to_field="id",
                        related_name="watches",
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
                        related_name="watches",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("created_at", fields.DatetimeField()),
                ("ended_at", fields.DatetimeField(null=True)),
            ],
            options={"table": "watch", "app": "models", "pk_attr": "id", "table_description": "关注的供应商"},
            bases=["Model"],
        ),
        CreateModel(
            name="Webhook",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                ("ref", fields.CharField(unique=True, max_length=43)),
                (
                    "partner",
                    fields.ForeignKeyField(
                        "models.Partner",
                        source_field="partner_id",
                        db_index=True,
                        to_field="id",
                        related_name="webhooks",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("url", fields.CharField(max_length=300)),
                ("kinds", fields.JSONField(default=list)),
                ("failures", fields.IntField(default=0)),
                ("created_at", fields.DatetimeField()),
                ("paused_at", fields.DatetimeField(null=True)),
                ("paused_because", fields.CharField(default="", max_length=100)),
                ("ended_at", fields.DatetimeField(null=True)),
            ],
            options={"table": "webhook", "app": "models", "pk_attr": "id", "table_description": "推送地址"},
            bases=["Model"],
        ),
        CreateModel(
            name="WebhookDelivery",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                ("ref", fields.CharField(unique=True, max_length=43)),
                (
                    "webhook",
                    fields.ForeignKeyField(
                        "models.Webhook",
                        source_field="webhook_id",
                        db_index=True,
                        to_field="id",
                        related_name="deliveries",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("event_id", fields.BigIntField()),
                ("kind", fields.CharField(max_length=40)),
                ("body", fields.JSONField()),
                ("state", fields.CharField(max_length=16)),
                ("attempts", fields.IntField(default=0)),
                ("last_status", fields.IntField(null=True)),
                ("last_error", fields.CharField(default="", max_length=200)),
                ("created_at", fields.DatetimeField()),
                ("delivered_at", fields.DatetimeField(null=True)),
            ],
            options={
                "table": "webhook_delivery",
                "app": "models",
                "unique_together": (("webhook_id", "event_id"),),
                "constraints": [
                    CheckConstraint(
                        check="\"state\" IN ('waiting', 'delivered', 'given_up')", name="webhook_delivery_state"
                    )
                ],
                "pk_attr": "id",
                "table_description": "推送记录",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            'CREATE UNIQUE INDEX "adoption_in_force" ON "adoption" ("supplier_id", "customer_folded", "tender_folded")'
            " WHERE \"state\" <> 'refused'",
            'DROP INDEX "adoption_in_force"',
        ),
        ops.RunSQL(
            'CREATE UNIQUE INDEX "credit_entry_once" ON "credit_entry"'
            ' ("enterprise_id", "kind", "customer_folded", "tender_folded") WHERE "tender_folded" IS NOT NULL',
            'DROP INDEX "credit_entry_once"',
        ),
        ops.RunSQL(
            'CREATE UNIQUE INDEX "watch_in_force" ON "watch" ("person_id", "enterprise_id") WHERE "ended_at" IS NULL',
            'DROP INDEX "watch_in_force"',
        ),
        AppendOnly("credit_entry"),
        # A month's end walks through many rows of one moment by their ids.
        ops.RunSQL(
            'DROP INDEX "certificate_month_opens"',
            'CREATE INDEX "certificate_month_opens" ON "certificate" ("month_opens_at")',
        ),
        ops.RunSQL(
            'CREATE INDEX "certificate_month_opens" ON "certificate" ("month_opens_at", "id")',
            'DROP INDEX "certificate_month_opens"',
        ),
    ]
