"""Firms with a living certificate, two people and a product each, as rows that are copied into PostgreSQL (samples)."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

import asyncpg
from tortoise.models import Model

from models import (
    Application,
    Certificate,
    Enterprise,
    Evidence,
    InboxEntry,
    Person,
    Product,
    Staff,
    StaffRole,
    WeChatIdentity,
)
from standard import life
from standard.calendar import midnight
from standard.profile import edition_on
from standard.validity import Holder
from workflow.certifying.certificate_life import holder_to_json, life_to_json
from workflow.certifying.certificate_months import first_opening

ISSUED = date(2026, 11, 10)
NOW = datetime(2026, 11, 10, 2, tzinfo=UTC)
APP = "wxsample"


async def copy_rows(there: asyncpg.Connection, rows: Sequence[Model]) -> None:
    """All rows, of one table, in one stream."""
    fields = rows[0]._meta.fields_map
    names = [name for name in fields if name in rows[0]._meta.fields_db_projection]
    columns = [rows[0]._meta.fields_db_projection[name] for name in names]
    records = [tuple(fields[name].to_db_value(getattr(row, name), row) for name in names) for row in rows]
    await there.copy_records_to_table(rows[0]._meta.db_table, columns=columns, records=records)


def rows_of(numbers: range) -> Iterator[list[Any]]:
    """Everything of the firms of these numbers, table by table, in an order in which keys are there."""
    yield [Person(id=2 * number + side, created_at=NOW) for number in numbers for side in (0, 1)]
    yield [
        Enterprise(
            id=number,
            uscc=f"91330100{number:010d}",
            name=f"样例第{number}电缆有限公司",
            address="样例省样例市样例路 1 号",
            organisation_role="maker",
            is_sample=True,
            created_at=NOW,
        )
        for number in numbers
    ]
    yield [
        Staff(
            id=2 * number + side,
            enterprise_id=number,
            person_id=2 * number + side,
            name="样例人员",
            role=(StaffRole.OWNER, StaffRole.STAFF)[side],
            created_at=NOW,
        )
        for number in numbers
        for side in (0, 1)
    ]
    yield [
        WeChatIdentity(
            id=number,
            app_id=APP,
            openid=f"osample{number:021d}",
            person_id=2 * number,
            subscribed=True,
            created_at=NOW,
            last_seen_at=NOW,
        )
        for number in numbers
    ]
    yield [
        Application(
            id=number,
            ref=f"application-{number}",
            enterprise_id=number,
            level="A",
            sells_online=False,
            state="certified",
            opened_by_id=2 * number,
            opened_at=NOW,
        )
        for number in numbers
    ]
    yield [certificate(number) for number in numbers]
    yield [
        InboxEntry(
            id=2 * number + side,
            key=f"certificate:{number}:issued:{2 * number + side}",
            person_id=2 * number + side,
            enterprise_id=number,
            clause="9.1",
            title=f"证书 T/CMIF-2026-{number:06d}",
            body="证书已发放，可在线下载",
            created_at=NOW,
        )
        for number in numbers
        for side in (0, 1)
    ]
    yield [
        Product(
            id=number,
            enterprise_id=number,
            name="铜芯聚氯乙烯绝缘电线",
            model="BV 4",
            gtin="06901234567892",
            category="电线电缆",
            code_issuer="gs1",
            sheet_width_um=100_000,
            sheet_height_um=70_000,
            product_class="ccc",
            qualification_number="",
            created_at=NOW,
        )
        for number in numbers
    ]
    yield [
        Evidence(
            id=number,
            sha256=f"{number:064x}",
            size=1,
            media_type="image/jpeg",
            storage_key=f"sample/{number}",
            enterprise_id=number,
            source="api",
            received_at=NOW,
        )
        for number in numbers
    ]


def certificate(number: int) -> Certificate:
    """The firm's certificate: grade A, issued on :data:`ISSUED`, nothing filed yet."""
    edition = edition_on(ISSUED)
    event = life.Issue(on=ISSUED, number=f"T/CMIF-2026-{number:06d}", grade="A")
    born = cast(life.Step, life.apply(life.Certificate(), event, edition)).certificate
    holder = Holder(f"样例第{number}电缆有限公司", f"91330100{number:010d}", "样例省样例市样例路 1 号", ("电线电缆",))
    return Certificate(
        id=number,
        number=born.number,
        serial=number,
        enterprise_id=number,
        application_id=number,
        grade=born.grade,
        state=born.state,
        issued_on=born.issued,
        last_day=born.last_day,
        holder=holder_to_json(holder),
        life=life_to_json(born),
        revision=1,
        created_at=NOW,
        due_at=midnight(born.last_day + timedelta(days=1)),
        month_opens_at=first_opening(born.issued, born.last_day, edition),
    )
