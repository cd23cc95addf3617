"""Guards: which of several rows of the table applies."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from standard.life.certificate import Certificate, rank
from standard.life.obstacles import without_obstacle
from standard.months import towards_three
from standard.profile import Edition, ProfileError
from standard.validity import State


@dataclass(frozen=True, slots=True)
class Guard:
    """Chooses among the rows of one state and event; ``words`` for the rendered table."""

    words: str
    holds: Callable[[Certificate, Any, Edition], bool]


def _third(certificate: Certificate, edition: Edition) -> bool:
    states = [record.state for record in certificate.months]
    return towards_three(states, edition) == edition.whole("life.three_months_count") - 1


def _revokes_at_three(edition: Edition) -> bool:
    choice = edition.word("life.three_months")
    if choice not in ("downgrade_and_case", "revoke"):
        raise ProfileError(f"{edition.id}: life.three_months is {choice!r}: downgrade_and_case or revoke")
    return choice == "revoke"


def _lowest(certificate: Certificate, edition: Edition) -> bool:
    return rank(certificate.grade, edition) == 0


def _standing_after(state: State) -> Callable[[Certificate, Any, Edition], bool]:
    return lambda certificate, event, edition: without_obstacle(certificate, event).standing is state


ALWAYS = Guard("", lambda certificate, event, edition: True)
NOT_THIRD = Guard("未满三次", lambda certificate, event, edition: not _third(certificate, edition))
THIRD_REVOKES = Guard(
    "满三次，三次即撤销（three_months = revoke）",
    lambda certificate, event, edition: _third(certificate, edition) and _revokes_at_three(edition),
)
THIRD_LOWERS = Guard(
    "满三次，等级高于 B",
    lambda certificate, event, edition: (
        _third(certificate, edition) and not _revokes_at_three(edition) and not _lowest(certificate, edition)
    ),
)
THIRD_AT_B = Guard(
    "满三次，等级为 B",
    lambda certificate, event, edition: (
        _third(certificate, edition) and not _revokes_at_three(edition) and _lowest(certificate, edition)
    ),
)
ALL_CLEAR = Guard("再无待补报，无未决事由", _standing_after(State.ACTIVE))
STILL_WARNED = Guard("尚有补报期内的月份", _standing_after(State.WARNED))
STILL_SUSPENDED = Guard("尚有其他暂停事由", _standing_after(State.SUSPENDED))
