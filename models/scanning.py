"""Codes that people scan: how often, by which road, the items that firms file, and what looked wrong (4.3.3, 7.6).

A code is known here by its ``code_key``, a hash of its canonical text: what grows with the number of items are narrow
rows, and only of items that were filed or scanned.
"""

from enum import StrEnum
from typing import Any

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from models.constraints import one_of
from models.people import Person
from models.photos import Evidence
from models.products import Product


class Road(StrEnum):
    """How a code came to us."""

    SCAN = "scan"  # the menu of the service account
    MINIAPP = "miniapp"  # the mini-program
    LINK = "link"  # any scanner that opened ``/t/<code>``
    TYPED = "typed"  # typed in chat or on a page
    PHOTO = "photo"  # read from a photo


class ScanOutcome(StrEnum):
    """What the code turned out to be; the certificate's state is asked for anew each time."""

    KNOWN = "known"  # a registered product of a firm
    UNKNOWN = "unknown"  # well formed, of nobody here
    NOT_ALLOWED = "not_allowed"  # a kind that may not serve as a trace code (3.4)
    LOOK_ALIKE = "look_alike"  # a host that resembles a platform's and is none
    MALFORMED = "malformed"  # breaks the rules of its own kind


class ItemFilingState(StrEnum):
    """Where a list of items stands; each says who acts next."""

    RECEIVED = "received"  # the platform: the list is read and its items are filed
    FILED = "filed"  # nobody
    REFUSED = "refused"  # the firm: nothing of the list was filed, ``findings`` say why


class ItemFiling(Model):
    """A list of single items that a firm files for a product; a repetition under its ``key`` is the same one."""

    id = fields.BigIntField(primary_key=True)
    ref = fields.CharField(max_length=43, unique=True)
    key = fields.CharField(max_length=128, unique=True)
    product: fields.ForeignKeyRelation[Product] = fields.ForeignKeyField(
        "models.Product", related_name="item_filings", on_delete=fields.RESTRICT, db_index=True
    )
    product_id: int
    person: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="item_filings", on_delete=fields.RESTRICT, null=True
    )
    person_id: int | None
    evidence: fields.ForeignKeyNullableRelation[Evidence] = fields.ForeignKeyField(
        "models.Evidence", related_name="item_filings", on_delete=fields.RESTRICT, null=True
    )
    """The list as it was sent, where it came as a file."""
    evidence_id: int | None
    state = fields.CharField(max_length=16)
    accepted = fields.IntField(default=0)
    refused = fields.IntField(default=0)
    findings = fields.JSONField[list[dict[str, Any]]](default=list)
    filed_at = fields.DatetimeField()

    class Meta:
        table = "item_filing"
        table_description = "单件清单"
        constraints = (one_of("item_filing", "state", ItemFilingState),)


class Item(Model):
    """One item that a firm filed, found by its code's key; ``code`` is the canonical text."""

    id = fields.BigIntField(primary_key=True)
    code_key = fields.CharField(max_length=32, unique=True)
    code = fields.CharField(max_length=255)
    product: fields.ForeignKeyRelation[Product] = fields.ForeignKeyField(
        "models.Product", related_name="items", on_delete=fields.RESTRICT, db_index=True
    )
    product_id: int
    filing: fields.ForeignKeyRelation[ItemFiling] = fields.ForeignKeyField(
        "models.ItemFiling", related_name="items", on_delete=fields.RESTRICT, db_index=True
    )
    filing_id: int
    batch = fields.CharField(max_length=60, default="")
    made_on = fields.DateField(null=True)

    class Meta:
        table = "item"
        table_description = "单件"


class ScanEvent(Model):
    """Somebody looked a code up: appended, never changed, dropped when it is old; who, it does not say.

    ``visitor`` is a keyed hash of what a browser or an account shows, whose key changes every day: enough to see that
    a page was loaded again, not to know anybody. Plain numbers instead of foreign keys: appending has to stay cheap.
    """

    id = fields.BigIntField(primary_key=True)
    at = fields.DatetimeField(db_index=True)
    code_key = fields.CharField(max_length=32)
    code = fields.CharField(max_length=255)
    """The canonical text, or what was scanned, shortened."""
    enterprise_id = fields.BigIntField(null=True)
    product_id = fields.BigIntField(null=True)
    road = fields.CharField(max_length=16)
    outcome = fields.CharField(max_length=16)
    region = fields.CharField(max_length=20, default="")
    """A province, where the person chose to say it."""
    visitor = fields.CharField(max_length=32, default="")

    class Meta:
        table = "scan_event"
        table_description = "查询记录"
        indexes = (("enterprise_id", "at"),)
        constraints = (one_of("scan_event", "road", Road), one_of("scan_event", "outcome", ScanOutcome))


class ScannedCode(Model):
    """What is known of a code from its scans: the first, the last, how often; only of codes that name an item."""

    code_key = fields.CharField(max_length=32, primary_key=True)
    product_id = fields.BigIntField(null=True)
    first_at = fields.DatetimeField()
    first_region = fields.CharField(max_length=20, default="")
    last_at = fields.DatetimeField()
    last_visitor = fields.CharField(max_length=32, default="")
    """Whose looking again does not count."""
    before_at = fields.DatetimeField(null=True)
    """When somebody else than ``last_visitor`` looked it up last."""
    times = fields.IntField()

    class Meta:
        table = "scanned_code"
        table_description = "被查询的码"
        constraints = (CheckConstraint(check='"times" >= 1', name="scanned_code_times"),)


class ScanDay(Model):
    """Scans of a product on one day (Asia/Shanghai), rolled up; it stays when the single events are dropped."""

    id = fields.BigIntField(primary_key=True)
    enterprise_id = fields.BigIntField()
    product_id = fields.BigIntField()
    day = fields.DateField()
    road = fields.CharField(max_length=16)
    times = fields.IntField()

    class Meta:
        table = "scan_day"
        table_description = "每日查询"
        unique_together = (("product_id", "day", "road"),)
        indexes = (("enterprise_id", "day"),)
        constraints = (one_of("scan_day", "road", Road),)


class CodeReportState(StrEnum):
    """Where a report stands; each says who acts next."""

    OPEN = "open"  # the operator answers within five working days (8.4(3))
    ANSWERED = "answered"  # nobody


class CodeReport(Model):
    """Somebody says that a code, or what carries it, looks wrong (8.4(3)); ``person`` is known only in chat."""

    id = fields.BigIntField(primary_key=True)
    ref = fields.CharField(max_length=43, unique=True)
    key = fields.CharField(max_length=128, unique=True)
    code_key = fields.CharField(max_length=32, db_index=True)
    code = fields.CharField(max_length=255)
    product: fields.ForeignKeyNullableRelation[Product] = fields.ForeignKeyField(
        "models.Product", related_name="code_reports", on_delete=fields.RESTRICT, null=True, db_index=True
    )
    product_id: int | None
    person: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="code_reports", on_delete=fields.RESTRICT, null=True, db_index=True
    )
    person_id: int | None
    kind = fields.CharField(max_length=20)
    """``workflow.scanning.code_reports`` knows them: looks_fake, mismatch, damaged, other."""
    statement = fields.TextField()
    evidence: fields.ForeignKeyNullableRelation[Evidence] = fields.ForeignKeyField(
        "models.Evidence", related_name="code_reports", on_delete=fields.RESTRICT, null=True
    )
    evidence_id: int | None
    state = fields.CharField(max_length=16)
    filed_at = fields.DatetimeField()
    due_at = fields.DatetimeField(null=True, db_index=True)
    answer = fields.TextField(default="")
    answered_at = fields.DatetimeField(null=True)

    class Meta:
        table = "code_report"
        table_description = "问题反映"
        constraints = (one_of("code_report", "state", CodeReportState),)
