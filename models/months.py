"""What a firm files for the months of its certificate (8.1, 9.2, Appendix C, D.6)."""

from enum import StrEnum
from typing import Any

from tortoise import fields
from tortoise.models import Model

from models.constraints import one_of
from models.people import Enterprise, Person, WeChatIdentity
from models.photos import Evidence, Inspection
from models.products import Product
from models.results import Certificate


class FilingState(StrEnum):
    """Where a month stands; each says who acts next."""

    OPEN = "open"  # the firm: files within the window, judged as it lands
    CONTINUED = "continued"  # nobody: filed in time and compliant (9.2(1))
    WARNED = "warned"  # the firm: makes up within three working days (8.1(3))
    SUSPENDED = "suspended"  # the firm: the days to make up are over; a make-up still restores (6.1(5))
    MADE_UP = "made_up"  # nobody: made up within its days (8.1(3))
    MADE_UP_LATE = "made_up_late"  # nobody: made up after its days (6.1(5))
    CLOSED = "closed"  # nobody: the certificate ended first


OWES = (FilingState.OPEN, FilingState.WARNED, FilingState.SUSPENDED)
"""States in which something is still owed for the month, and files are taken."""


class MonthlyFiling(Model):
    """One due month of one certificate: what was filed for it, and what came of it."""

    id = fields.BigIntField(primary_key=True)
    ref = fields.CharField(max_length=43, unique=True)
    certificate: fields.ForeignKeyRelation[Certificate] = fields.ForeignKeyField(
        "models.Certificate", related_name="filings", on_delete=fields.RESTRICT, db_index=True
    )
    certificate_id: int
    enterprise: fields.ForeignKeyRelation[Enterprise] = fields.ForeignKeyField(
        "models.Enterprise", related_name="filings", on_delete=fields.RESTRICT, db_index=True
    )
    enterprise_id: int
    month = fields.CharField(max_length=7)
    """``2026-12``."""
    closes_on = fields.DateField(db_index=True)
    """Last day of its window (R10)."""
    state = fields.CharField(max_length=16)
    version = fields.IntField(default=0)
    """Counts every change of state: a change names the version it starts from."""
    opened_at = fields.DatetimeField()
    submitted_at = fields.DatetimeField(null=True)
    """When the firm said that it is complete; what was handed in until then is judged as a whole."""
    decided_at = fields.DatetimeField(null=True)
    make_up_until = fields.DateField(null=True)
    """Last day to make it up, once it was warned of."""
    due_at = fields.DatetimeField(null=True, db_index=True)
    """When the window, or the time to make up, is over; null where nothing runs."""
    verdict = fields.JSONField[dict[str, Any]](null=True)
    """``standard.monthly.FilingVerdict`` of the last judgement as plain data, with the filing it judged."""

    class Meta:
        table = "monthly_filing"
        table_description = "月度提报"
        unique_together = (("certificate_id", "month"),)
        constraints = (one_of("monthly_filing", "state", FilingState),)


class FilingFileState(StrEnum):
    """Where a file stands; each says who acts next."""

    HANDED_IN = "handed_in"  # the platform: judges it
    PASSED = "passed"  # nobody
    FAILED = "failed"  # the firm: replaces it
    UNCLEAR = "unclear"  # the firm: photographs again (R6)
    REPLACED = "replaced"  # nobody: a newer one stands in its place
    REMOVED = "removed"  # nobody: taken out before the month was decided


class FilingFileKind(StrEnum):
    """What a file is filed as."""

    CERTIFICATE_PHOTO = "certificate_photo"  # C(1) 合格证照片
    BODY_PHOTO = "body_photo"  # C(1) 本体或最小销售包装照片
    QUERY_SCREENSHOT = "query_screenshot"  # C(2) 追溯查询记录截图
    UPDATE_LEDGER = "update_ledger"  # C(3) 追溯数据更新台账
    OPTIONAL = "optional"  # C(4) 选报材料


class FilingFile(Model):
    """One photo, screenshot, ledger or optional document filed for a month (C(1)–C(4))."""

    id = fields.BigIntField(primary_key=True)
    ref = fields.CharField(max_length=43, unique=True)
    filing: fields.ForeignKeyRelation[MonthlyFiling] = fields.ForeignKeyField(
        "models.MonthlyFiling", related_name="files", on_delete=fields.RESTRICT, db_index=True
    )
    filing_id: int
    kind = fields.CharField(max_length=40)
    product: fields.ForeignKeyNullableRelation[Product] = fields.ForeignKeyField(
        "models.Product", related_name="filing_files", on_delete=fields.RESTRICT, null=True, db_index=True
    )
    product_id: int | None
    batch = fields.CharField(max_length=60, default="")
    """As it stands in the code or on the sheet; empty where none was read."""
    code = fields.CharField(max_length=200, default="")
    """The trace code in its canonical form; empty where none was read."""
    evidence: fields.ForeignKeyRelation[Evidence] = fields.ForeignKeyField(
        "models.Evidence", related_name="filing_files", on_delete=fields.RESTRICT, db_index=True
    )
    evidence_id: int
    key = fields.CharField(max_length=128)
    """The client's idempotency key (``chat-photo:<id>`` from chat): the same upload again is the same file."""
    declared = fields.JSONField[dict[str, Any]](default=dict)
    """What is stated beside it: from whose side a look-up was made, which optional document it is …"""
    state = fields.CharField(max_length=16)
    handed_in_by: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="filing_files", on_delete=fields.RESTRICT
    )
    handed_in_by_id: int
    handed_in_at = fields.DatetimeField()
    """When it reached us: for a chat photo when its message came, however late it was judged."""
    judged_at = fields.DatetimeField(null=True)
    findings = fields.JSONField[list[dict[str, Any]]](default=list)
    report = fields.JSONField[dict[str, Any]](null=True)
    """What the inspection of its kind answered, as plain data."""
    inspection: fields.ForeignKeyNullableRelation[Inspection] = fields.ForeignKeyField(
        "models.Inspection", related_name="filing_files", on_delete=fields.RESTRICT, null=True
    )
    inspection_id: int | None

    class Meta:
        table = "filing_file"
        table_description = "月度资料"
        unique_together = (("filing_id", "key"),)
        constraints = (one_of("filing_file", "state", FilingFileState), one_of("filing_file", "kind", FilingFileKind))


class FiledCode(Model):
    """A trace code that a decided month was filed with: never accepted again of this firm (R9)."""

    id = fields.BigIntField(primary_key=True)
    enterprise: fields.ForeignKeyRelation[Enterprise] = fields.ForeignKeyField(
        "models.Enterprise", related_name="filed_codes", on_delete=fields.RESTRICT
    )
    enterprise_id: int
    code = fields.CharField(max_length=200)
    filing: fields.ForeignKeyRelation[MonthlyFiling] = fields.ForeignKeyField(
        "models.MonthlyFiling", related_name="codes", on_delete=fields.RESTRICT, db_index=True
    )
    filing_id: int
    product_id = fields.BigIntField()
    batch = fields.CharField(max_length=60, default="")

    class Meta:
        table = "filed_code"
        table_description = "已提报追溯码"
        unique_together = (("enterprise_id", "code"),)


class FilingDialog(Model):
    """Somebody files in chat: their photos belong to this month until they leave it, days later too."""

    id = fields.BigIntField(primary_key=True)
    identity: fields.OneToOneRelation[WeChatIdentity] = fields.OneToOneField(
        "models.WeChatIdentity", related_name="filing_dialog", on_delete=fields.RESTRICT
    )
    identity_id: int
    filing: fields.ForeignKeyRelation[MonthlyFiling] = fields.ForeignKeyField(
        "models.MonthlyFiling", related_name="dialogs", on_delete=fields.RESTRICT, db_index=True
    )
    filing_id: int
    product: fields.ForeignKeyNullableRelation[Product] = fields.ForeignKeyField(
        "models.Product", related_name="filing_dialogs", on_delete=fields.RESTRICT, null=True
    )
    """The product that was chosen for what shows none by itself."""
    product_id: int | None
    entered_at = fields.DatetimeField()
    left_at = fields.DatetimeField(null=True)

    class Meta:
        table = "filing_dialog"
        table_description = "提报对话"


class SamplingRecord(Model):
    """One batch's sampling of printed certificates (D.6), kept for a year at least (R31)."""

    id = fields.BigIntField(primary_key=True)
    ref = fields.CharField(max_length=43, unique=True)
    enterprise: fields.ForeignKeyRelation[Enterprise] = fields.ForeignKeyField(
        "models.Enterprise", related_name="sampling_records", on_delete=fields.RESTRICT, db_index=True
    )
    enterprise_id: int
    filing: fields.ForeignKeyNullableRelation[MonthlyFiling] = fields.ForeignKeyField(
        "models.MonthlyFiling", related_name="sampling_records", on_delete=fields.RESTRICT, null=True, db_index=True
    )
    filing_id: int | None
    product: fields.ForeignKeyRelation[Product] = fields.ForeignKeyField(
        "models.Product", related_name="sampling_records", on_delete=fields.RESTRICT, db_index=True
    )
    product_id: int
    batch = fields.CharField(max_length=60)
    record = fields.JSONField[dict[str, Any]]()
    """``standard.sampling.SamplingRecord`` as plain data."""
    findings = fields.JSONField[list[dict[str, Any]]](default=list)
    keep_through = fields.DateField()
    recorded_by: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="sampling_records", on_delete=fields.RESTRICT
    )
    recorded_by_id: int
    recorded_at = fields.DatetimeField()

    class Meta:
        table = "sampling_record"
        table_description = "印刷抽样记录"
        unique_together = (("enterprise_id", "product_id", "batch"),)
