"""What a firm does in each month of a year: when it files and what, whether and when it makes up, when it leaves.

Only the standard library here: the table of :mod:`tests.year.table` is computed from these plans alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

YEAR = 2026


class Shown(StrEnum):
    """What a firm's files of a month come to."""

    GOOD = "good"
    SMALL = "small"  # one certificate's code is printed too small (D.3.1)
    BLURRED = "blurred"  # one certificate is out of focus (R6)
    HALF = "half"  # only one of two products


@dataclass(frozen=True, slots=True)
class Deed:
    """One month of a firm. ``day``: of the month, on which it files; None: it does nothing in the window.

    ``submits``: it says that the month is complete, where that is taken; else the files are left as they are.
    ``mends``: the day of the window on which it replaces what did not pass, and submits. ``makes_up``: so many working
    days after the warning (0: on its very day), 4 and more being too late; None: never. ``makes_up_submits`` as above.
    """

    day: int | None = None
    shown: Shown = Shown.GOOD
    submits: bool = True
    mends: int | None = None
    makes_up: int | None = None
    makes_up_submits: bool = True


NOTHING = Deed()


@dataclass(frozen=True, slots=True)
class Plan:
    """A firm and its year. ``deeds`` by the number of the month; in a month that is not there it files on ``usual``.

    ``decides``: so many days after a case was opened the operator decides it, by ``dismisses`` or else revoking; None:
    not within the year. ``cancels``: the day on which it gives its certificate back (9.5.2(1)).
    """

    name: str
    grade: str
    issued: date
    deeds: Mapping[int, Deed] = field(default_factory=dict)
    usual: Deed = NOTHING
    decides: int | None = None
    dismisses: bool = True
    cancels: date | None = None

    def deed(self, month: int) -> Deed:
        """What it does for that month."""
        return self.deeds.get(month, self.usual)
