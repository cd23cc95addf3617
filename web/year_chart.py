"""The chart of a certificate's months: a column each, as high as the day on which the month was filed.

Numbers only, in the units of the drawing; ``templates/year_chart.html`` draws them. Days below the line were in time;
what stands above it was made up, and how far above is how many days late. The chart is a picture of the list below
it, which says the same in words: nobody needs it to know where a month stands.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

WIDTH, HEIGHT = 340, 186
LEFT, RIGHT = 4, 40
TOP, LINE, GROUND = 14, 52, 150
"""Heights, counted from the top as SVG does: the end of the make-up zone, the last day of the window, its first."""
BAR = 14
MARK = 9
"""Radius of the sign on a column."""
LATE_DAYS = 14
"""Days beyond the window that the drawing tells apart: what came later still stands at the upper edge."""


@dataclass(frozen=True, slots=True)
class Column:
    """What is drawn of one month; ``state`` is a key of ``wording.MONTH_SIGNS``.

    ``done_on`` is the day on which it was filed, or made up; for one that is open, today: how much of its window is
    gone. None where nothing came.
    """

    month: str
    state: str
    opens: date
    closes: date
    done_on: date | None = None


@dataclass(frozen=True, slots=True)
class Drawn:
    """A column in the units of the drawing: its middle, the height it fills up to (None: empty) and its sign's."""

    month: str
    number: str
    year: str
    """Stands below the first column of each year, empty elsewhere."""
    state: str
    middle: float
    filled: float | None
    mark: float


@dataclass(frozen=True, slots=True)
class Chart:
    """The whole drawing; ``ruled`` are heights with the day of the month that they stand for."""

    columns: tuple[Drawn, ...]
    ruled: tuple[tuple[float, int], ...]
    last_day: int

    width, height = WIDTH, HEIGHT
    left, right = LEFT, WIDTH - RIGHT
    top, line, ground = TOP, LINE, GROUND
    bar, radius = BAR, MARK


def drawn(months: Sequence[Column]) -> Chart | None:
    """The chart of these months in their order; None where there are none. All have a window of the same days."""
    if not months:
        return None
    step = (WIDTH - LEFT - RIGHT) / len(months)
    days = months[0].closes.day
    ruled = tuple((_height(day, days), day) for day in (1, 10, 20) if day < days - 2)
    columns = []
    for place, month in enumerate(months):
        filled = None if month.done_on is None else _height((month.done_on - month.opens).days + 1, days)
        year, _, number = month.month.partition("-")
        first = place == 0 or number == "01"
        # The sign of a month in which nothing came stands on the line that it missed.
        mark = LINE if filled is None else filled
        columns.append(
            Drawn(
                month.month,
                str(int(number)),
                year if first else "",
                month.state,
                round(LEFT + step * (place + 0.5), 1),
                filled,
                round(min(mark, GROUND - MARK), 1),
            )
        )
    return Chart(tuple(columns), ruled, days)


def _height(day: int, days: int) -> float:
    """Of a day counted from the opening, the first being 1, in a window of so many."""
    if day <= days:
        return round(GROUND - (GROUND - LINE) * max(0, day - 1) / max(1, days - 1), 1)
    return round(LINE - (LINE - TOP) * min(day - days, LATE_DAYS) / LATE_DAYS, 1)
