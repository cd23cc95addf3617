"""What a month comes to as it stands: what is missing, what fails, what is still being looked at (C, R6, R9, R39)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from models import FilingFile, FilingFileState, MonthlyFiling
from workflow.context import Ports


class Standing(StrEnum):
    """What a month's files come to together."""

    MISSING = "missing"
    """Something that is asked is not there."""
    WAITING = "waiting"
    """Something reached us in time and is still being looked at: nothing is decided before."""
    FAILING = "failing"
    """All is there, and something fails or is unclear."""
    PASSING = "passing"


@dataclass(frozen=True, slots=True)
class CodeFiled:
    """A trace code of a month that passes, as ``FiledCode`` keeps it."""

    code: str
    product_id: int
    batch: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """``outcome`` with its ``verdict`` as plain data. ``filed_at``: when the last of what counts reached us, None where
    nothing did. ``codes``: what the month is filed with."""

    outcome: Standing
    verdict: dict[str, Any]
    codes: tuple[CodeFiled, ...] = ()
    filed_at: datetime | None = None


async def judged(ports: Ports, filings: Sequence[MonthlyFiling]) -> dict[int, Judgement]:
    """The judgements by the id of the filing; reads only, in the caller's transaction or in none."""
    waiting = set(
        await FilingFile.filter(
            filing_id__in=[filing.id for filing in filings], state=FilingFileState.HANDED_IN
        ).values_list("filing_id", flat=True)
    )
    return {
        filing.id: Judgement(
            Standing.WAITING if filing.id in waiting else Standing.MISSING, {"outcome": "fail", "findings": []}
        )
        for filing in filings
    }
