"""Three outcomes (R6), and what a rule answers about one clause."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """R6: pass, fail, or unclear; unclear says what to do next, and a mandatory check that stays so is not passed."""

    PASS = "pass"
    FAIL = "fail"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Finding:
    """One clause's answer; ``reason`` is a Chinese sentence for people, ``have`` and ``need`` say by how much."""

    clause: str
    outcome: Outcome
    reason: str
    rows: tuple[str, ...] = ()
    have: str | None = None
    need: str | None = None
