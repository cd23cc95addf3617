"""What a month comes to as it stands: what is missing, what fails, what is still being looked at (C, R6, R9, R39).

Only rows are read: every file was looked at by a job of its own (:mod:`workflow.month_files`), so that thousands of
months are judged together when their window closes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from models import MonthlyFiling
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
    """``outcome`` with its ``verdict`` as plain data: ``outcome``, ``complete``, ``timely``, ``missing`` in words,
    ``findings``, ``repeated``, and the refs of the ``files`` it judged. ``filed_at``: when the last of what counts
    reached us, None where nothing did. ``codes``: what the month is filed with."""

    outcome: Standing
    verdict: dict[str, Any]
    codes: tuple[CodeFiled, ...] = ()
    filed_at: datetime | None = None

    @property
    def findings(self) -> list[dict[str, Any]]:
        """What does not pass, as it is told."""
        return [finding for finding in self.verdict["findings"] if finding["outcome"] != "pass"]


async def judged(ports: Ports, filings: Sequence[MonthlyFiling]) -> dict[int, Judgement]:
    """The judgements by the id of the filing; reads only, in the caller's transaction or in none."""
    raise NotImplementedError
