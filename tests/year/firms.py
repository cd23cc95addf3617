"""The firms whose year is simulated: a few that meet every kind of transition, and many drawn by chance."""

import random
from datetime import date, timedelta

from tests.year.plan import NOTHING, YEAR, Deed, Plan, Shown

GOOD = Deed(day=10)
DECEMBER = date(YEAR - 1, 12, 10)

FEW = (
    Plan("守约", "A", DECEMBER, {2: Deed(day=25, submits=False), 3: Deed(day=20, shown=Shown.SMALL, mends=24)}, GOOD),
    Plan("补报", "B", DECEMBER, {1: Deed(makes_up=0), 2: Deed(day=3, shown=Shown.SMALL, makes_up=3)}, GOOD),
    Plan("未报", "AA", DECEMBER, {4: Deed(makes_up=1)}, decides=8),
    Plan("未升", "B", DECEMBER, decides=20),
    Plan("撤销", "B", DECEMBER, {1: Deed(makes_up=3, makes_up_submits=False)}, decides=5, dismisses=False),
    Plan("到期", "B", date(YEAR - 1, 3, 26), {1: Deed(day=1, shown=Shown.HALF, makes_up=6), 3: GOOD}, NOTHING),
    Plan("届满", "B", date(YEAR - 1, 2, 28), {1: Deed(day=9, shown=Shown.BLURRED, mends=25)}, NOTHING),
    Plan("新证", "B", date(YEAR, 2, 3), {3: Deed(makes_up=5), 4: GOOD}, cancels=date(YEAR, 4, 28)),
)
"""January to April: filed in time, at the last moment and without a word, mended, made up in time and late, missed,
the third time at AA and at B, a case dismissed and one that ends in revocation, terms that end, a certificate of the
year itself that is given back."""


def many(count: int, seed: int) -> list[Plan]:
    """So many firms with a year each; the same for the same seed."""
    chance = random.Random(seed)
    return [_drawn(number, chance) for number in range(count)]


def _drawn(number: int, chance: random.Random) -> Plan:
    diligence = chance.choice((0.95, 0.8, 0.6, 0.35, 0.1))
    issued = DECEMBER - timedelta(days=chance.randrange(0, 340))
    if chance.random() < 0.2:
        issued = date(YEAR, chance.randrange(1, 11), chance.randrange(1, 29))
    return Plan(
        f"企业{number + 1:02d}",
        chance.choice(("B", "A", "AA", "AAA")),
        issued,
        {month: _deed(diligence, chance) for month in range(1, 13)},
        decides=chance.choice((None, 0, 4, 15, 60)),
        dismisses=chance.random() < 0.7,
        cancels=date(YEAR, chance.randrange(3, 13), chance.randrange(1, 28)) if chance.random() < 0.05 else None,
    )


def _deed(diligence: float, chance: random.Random) -> Deed:
    good = chance.random() < diligence
    day = chance.choice((1, chance.randrange(1, 26), 24, 25))
    makes_up = chance.randrange(0, 8) if chance.random() < 0.3 + diligence / 2 else None
    if good:
        return Deed(day=day, submits=chance.random() < 0.8)
    shown = chance.choice((Shown.SMALL, Shown.BLURRED, Shown.HALF))
    return Deed(
        day=day if chance.random() < 0.6 else None,
        shown=shown,
        submits=chance.random() < 0.5,
        mends=chance.randrange(day, 26) if chance.random() < 0.3 else None,
        makes_up=makes_up,
        makes_up_submits=chance.random() < 0.8,
    )
