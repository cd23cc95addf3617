"""Facts rest on what was shown: the same file handed in twice shows nothing more."""

from datetime import date
from typing import Any

import pytest

from models import Application, Enterprise, Evidence, Material, MaterialState
from standard.calendar import midnight
from standard.credit import Entry, EntryKind
from standard.profile import edition_on
from tests.workflow.world import World
from workflow.applying.case import Case
from workflow.applying.facts import facts_of

TODAY = date(2026, 11, 24)


def case_with(*materials: tuple[str, str, dict[str, Any]]) -> Case:
    """A case of these materials (kind, hash of the file, what was stated), all passed."""
    standing = []
    for number, (kind, sha256, declared) in enumerate(materials, 1):
        evidence = Evidence(id=number, sha256=sha256)
        evidence._saved_in_db = True
        state = MaterialState.PASSED
        standing.append(
            Material(id=number, ref=f"m{number}", kind=kind, state=state, evidence=evidence, declared=declared)
        )
    application = Application(sells_online=False, produces_since=None, submitted_at=None)
    return Case(application, Enterprise(), [], standing, edition_on(TODAY), TODAY)


async def test_an_agreement_counts_as_one_supplier_however_often_it_is_handed_in(world: World) -> None:
    stated = {"main_suppliers": 10, "cooperating": 3}
    files = [("supplier_agreements", sha256, stated) for sha256 in ("a", "b", "b", "b")]
    facts, plain = facts_of(case_with(*files), first=True)
    assert str(facts.supplier_share) == "0.2"
    assert "申报 3 家，按已通过的 2 份不同的协议计" in plain["supplier_share"]["reason"]


@pytest.mark.parametrize(
    ("days", "counted"),
    [
        (("2025-11-25", "2026-11-24"), 2),
        (("2025-11-24", "2026-11-25"), 0),  # twelve months are over; not adopted yet
    ],
)
async def test_adoptions_of_twelve_months_count_by_the_ledger_alone(
    world: World, days: tuple[str, ...], counted: int
) -> None:
    case = case_with(*(("tender_proof", str(number), {"adopted_on": "2026-11-01"}) for number in range(10)))
    case.ledger = tuple(
        Entry(EntryKind.ADOPTION, midnight(date.fromisoformat(day)), 2026, 0, "有效", ("样例采购集团", day))
        for day in days
    )
    facts, plain = facts_of(case, first=True)
    assert facts.adoption_12m == counted
    assert len(plain["adoption_12m"]["materials"]) == 10
