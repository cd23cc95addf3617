"""Three outcomes (R6), and what a rule answers about one clause."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """R6: pass, fail, or unclear; unclear says what to do next, and a mandatory check that stays so is not passed."""

    PASS = "pass"
    FAIL = "fail"
    UNCLEAR = "unclear"


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """One fail fails the whole, else one unclear leaves it open (R6); nothing to judge passes."""
    found = set(outcomes)
    return next((one for one in (Outcome.FAIL, Outcome.UNCLEAR) if one in found), Outcome.PASS)


@dataclass(frozen=True, slots=True)
class Finding:
    """One clause's answer; ``reason`` is a Chinese sentence for people, ``have`` and ``need`` say by how much."""

    clause: str
    outcome: Outcome
    reason: str
    rows: tuple[str, ...] = ()
    have: str | None = None
    need: str | None = None
