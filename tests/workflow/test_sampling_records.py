"""Sampling of printed certificates: judged, kept for a year, one record a batch (D.6, R31)."""

from datetime import date
from typing import Any

import pytest

from models import Event, SamplingRecord, StaffRole
from tests import rows
from tests.workflow.firms import member, somebody
from tests.workflow.monthly import Filer, filer
from tests.workflow.world import World
from workflow.monthly.sampling_records import record_sampling, sampling_records
from workflow.problems import Refused

DAY = date(2026, 12, 3)


async def record(case: Filer, batch: str = "L1", lot: int = 400, sampled: int = 20, **given: Any) -> SamplingRecord:
    return await record_sampling(
        case.world.ports, given.pop("asker", case.asker), case.one.firm.id, given.pop("product", case.products[0].id),
        batch, lot, given.pop("day", DAY), sampled, given.pop("failed", 0), **{"drawn_at_random": True, **given},
    )  # fmt: skip


async def test_a_good_sampling_is_kept_for_a_year_with_its_month(world: World) -> None:
    case = await filer(world)
    found = await record(case, filing_ref=case.filing.ref, shipped_on=date(2026, 12, 4))
    assert [finding["outcome"] for finding in found.findings] == ["pass"] * 5
    assert (found.keep_through, found.filing_id) == (date(2027, 12, 3), case.filing.id)
    (listed,) = await sampling_records(case.asker, case.one.firm.id)
    assert (listed.ref, listed.product.model) == (found.ref, "YL-1")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"sampled": 19}, "本批 400 张至少抽检 20 张，只抽检了 19 张，还差 1 张"),
        ({"failed": 1}, "抽检中 1 张不能识读"),
        ({"drawn_at_random": False}, "样品不是随机抽取的"),
        ({"shipped_on": date(2026, 12, 2)}, "2026-12-02 出厂，2026-12-03 才检验"),
        ({"kept_through": date(2027, 6, 3)}, "只留存到 2027-06-03，应至少留存到 2027-12-03"),
    ],
)
async def test_what_is_wrong_with_a_sampling_is_said_and_the_record_is_kept(
    world: World, given: dict[str, Any], said: str
) -> None:
    case = await filer(world)
    found = await record(case, **given)
    assert [finding["outcome"] for finding in found.findings].count("fail") == 1
    assert any(said in finding["reason"] for finding in found.findings)
    assert found.keep_through == date(2027, 12, 3)


async def test_the_same_batch_again_corrects_its_record_and_the_event_keeps_what_stood(world: World) -> None:
    case = await filer(world)
    first = await record(case, sampled=19, filing_ref=case.filing.ref)
    again = await record(case)
    assert (again.id, again.record["sampled"], again.filing_id) == (first.id, 20, case.filing.id)
    await record(case)  # nothing new
    assert await SamplingRecord.all().count() == 1
    events = await Event.filter(action="sampling:record").order_by("id")
    assert [(event.before or {}).get("sampled") for event in events] == [None, 19]


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"batch": " "}, "batch_missing"),
        ({"lot": 0}, "number_odd"),
        ({"failed": -1}, "number_odd"),
        ({"day": date(2026, 12, 6)}, "day_ahead"),
        ({"filing_ref": "of another firm"}, "filing_unknown"),
    ],
)
async def test_what_is_no_record_is_refused(world: World, given: dict[str, Any], refusal: str) -> None:
    case = await filer(world)
    with pytest.raises(Refused) as refused:
        await record(case, **given)
    assert refused.value.code == refusal


async def test_only_who_hands_in_for_the_firm_records_and_its_members_read(world: World) -> None:
    case = await filer(world)
    viewer = await member(world, case.one.firm, StaffRole.VIEWER)
    stranger = await somebody(world)
    with pytest.raises(Refused, match="role_too_low"):
        await record(case, asker=viewer.asker)
    with pytest.raises(Refused, match="product_unknown"):
        await record(case, product=(await rows.product(model="YL-9")).id)
    await record(case)
    assert len(await sampling_records(viewer.asker, case.one.firm.id)) == 1
    with pytest.raises(Refused, match="not_found"):
        await sampling_records(stranger.asker, case.one.firm.id)
