"""Sampling of printed certificates before they leave the works, as the firm records it, kept for a year (D.6, R31)."""

import secrets
from dataclasses import asdict, replace
from datetime import date
from typing import Any

from tortoise.exceptions import IntegrityError

from models import MonthlyFiling, Product, SamplingRecord, StaffRole
from models.transactions import transaction
from standard import sampling
from standard.calendar import shanghai_day
from standard.profile import edition_on
from workflow.access import REF, Asker, member_of
from workflow.context import Ports
from workflow.findings import plain_finding
from workflow.problems import Kind, Refused
from workflow.record import record_event

LONGEST_BATCH = 60
MOST = 10_000_000
"""Certificates of one batch."""


async def record_sampling(
    ports: Ports,
    asker: Asker,
    enterprise_id: int,
    product_id: int,
    batch: str,
    lot: int,
    inspected_on: date,
    sampled: int,
    failed: int,
    *,
    drawn_at_random: bool | None = None,
    shipped_on: date | None = None,
    kept_through: date | None = None,
    filing_ref: str | None = None,
) -> SamplingRecord:
    """Record a batch's sampling: ``lot`` certificates printed, ``sampled`` scanned, ``failed`` of them not read.

    One record a batch: the same batch again corrects it, and the event keeps what stood before. It is kept through the
    day that is stated, and a year at the least. ``filing_ref`` files it with a month of the firm. Refused:
    ``product_unknown``, ``batch_missing``, ``number_odd``, ``day_ahead``, ``filing_unknown``.
    """
    await member_of(asker, enterprise_id, StaffRole.STAFF)
    now = ports.clock.now()
    today = shanghai_day(now)
    name = batch.strip()
    if not name or len(name) > LONGEST_BATCH:
        advice = f"请填写生产批次，最多 {LONGEST_BATCH} 字"
        raise Refused(Kind.INVALID, "batch_missing", advice, clause="D.6", field="batch")
    for field, number, least in (("lot", lot, 1), ("sampled", sampled, 0), ("failed", failed, 0)):
        if not least <= number <= MOST:
            advice = f"张数应是 {least} 到 {MOST} 的整数"
            raise Refused(Kind.INVALID, "number_odd", advice, clause="D.6", rows=("R31",), field=field)
    if inspected_on > today:
        advice = f"检验日期 {inspected_on} 还没有到：请检验后再登记"
        raise Refused(Kind.INVALID, "day_ahead", advice, clause="D.6", field="inspected_on")
    if not await Product.exists(id=product_id, enterprise_id=enterprise_id, retired_at=None):
        advice = "所选产品不在本企业的在用产品中：请刷新后重新选择"
        raise Refused(Kind.INVALID, "product_unknown", advice, clause="D.6", field="product")
    edition = edition_on(inspected_on)
    record = sampling.SamplingRecord(
        name, lot, sampled, failed, drawn_at_random, inspected_on, shipped_on, kept_through
    )
    # What is not stated is kept for as long as it has to be.
    keep = max(kept_through or inspected_on, sampling.keep_through(edition, inspected_on))
    judged = sampling.judge_record(edition, record if kept_through else replace(record, kept_through=keep))
    values = {
        "filing_id": await _filing(enterprise_id, filing_ref),
        "record": _plain(record),
        "findings": [plain_finding(finding) for finding in judged],
        "keep_through": keep,
        "recorded_by_id": asker.person_id,
        "recorded_at": now,
    }
    try:
        return await _written(ports, asker, enterprise_id, product_id, name, values)
    except IntegrityError:
        # The same batch came twice at once: the later one corrects the earlier.
        return await _written(ports, asker, enterprise_id, product_id, name, values)


async def _written(
    ports: Ports, asker: Asker, enterprise_id: int, product_id: int, batch: str, values: dict[str, Any]
) -> SamplingRecord:
    async with transaction():
        of_batch = SamplingRecord.filter(enterprise_id=enterprise_id, product_id=product_id, batch=batch)
        known = await of_batch.select_for_update().first()
        if known is not None and known.record == values["record"] and values["filing_id"] in (None, known.filing_id):
            return known
        before = known.record if known is not None else None
        if known is None:
            known = await SamplingRecord.create(
                ref=secrets.token_urlsafe(9), enterprise_id=enterprise_id, product_id=product_id, batch=batch, **values
            )
        else:
            known = await known.update_from_dict({**values, "filing_id": values["filing_id"] or known.filing_id})
            await known.save()
        await record_event(
            ports,
            "sampling:record",
            "sampling_record",
            known.id,
            actor=asker.actor,
            clause="D.6",
            before=before,
            after=values["record"],
        )
    return known


async def sampling_records(asker: Asker, enterprise_id: int) -> list[SamplingRecord]:
    """All records of the firm with their products, the newest first; for its members."""
    await member_of(asker, enterprise_id)
    return (
        await SamplingRecord.filter(enterprise_id=enterprise_id).order_by("-id").prefetch_related("product", "filing")
    )


async def _filing(enterprise_id: int, ref: str | None) -> int | None:
    if ref is None:
        return None
    mine = MonthlyFiling.filter(ref=ref, enterprise_id=enterprise_id)
    filing = await mine.first() if REF.fullmatch(ref) else None
    if filing is None:
        advice = "没有找到这个月的提报：请从月度提报页面登记"
        raise Refused(Kind.INVALID, "filing_unknown", advice, clause="D.6", field="filing")
    return filing.id


def _plain(record: sampling.SamplingRecord) -> dict[str, Any]:
    """Days as ISO text."""
    return {name: one.isoformat() if isinstance(one, date) else one for name, one in asdict(record).items()}
