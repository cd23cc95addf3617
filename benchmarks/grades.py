"""Grades a second with full reasons, against the same verdict computed bare: the same matrix, levels only.

One process, one thread, facts that are already read, every way checked to agree. Two ways have full reasons: what
``grade`` answers (for every element the requirements met and missing, shared between firms that stand alike, beside
the facts with the values), and the same with every reason spelled out as an object of its own. The first is cheap
because it leaves the second to whoever reads it; the target is claimed for the first only. ``bare`` walks the same
requirements and keeps levels only. For scale: JSON data, and the levels written by hand, no matrix.
Run: ``python -m benchmarks.grades``.
"""

import random
import sys
import time
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from standard.facts import Channel, Collection, Excused, Facts, Link, Monthly, PublicQuery
from standard.grades import Grade, grade
from standard.matrix import MATRIX, asked
from standard.outcome import Outcome
from standard.profile import Edition, edition_on

FIRMS, ROUNDS, TARGET = 2000, 7, 0.5
PASS = Outcome.PASS


def firms(count: int, seed: int = 20260301) -> list[Facts]:
    """Invented firms: facts around the limits, a tenth of the facts not stated."""
    dice = random.Random(seed)

    def some(choices: Sequence[Any]) -> Any:
        return None if dice.random() < 0.1 else dice.choice(choices)

    def rate(low: str) -> Any:
        return some([Decimal(low) + (1 - Decimal(low)) * Decimal(dice.randrange(0, 10001)) / 10000, Decimal(1)])

    outcomes = [PASS, PASS, PASS, PASS, Outcome.FAIL, Outcome.UNCLEAR]
    return [
        Facts(
            *(some(outcomes) for _ in range(7)),
            coverage=rate("0.7"),
            collection=some([Collection.MANUAL, Collection.SEMI_AUTOMATIC, Collection.MES, Collection.REALTIME]),
            reverse_trace=some(outcomes),
            upload_accuracy=rate("0.8"),
            upload_link=some([Link.BATCH, Link.REALTIME, Link.REALTIME]),
            public_query=some([PublicQuery.BASIC, PublicQuery.FULL, PublicQuery.FULL]),
            query_channels=some([frozenset({Channel.SCAN}), frozenset(Channel)]),
            query_seconds=some([Decimal("1.8"), Decimal("3"), Decimal("4.2")]),
            supplier_share=rate("0.2"),
            supplier_realtime=some(outcomes),
            upstream_trace=some(outcomes),
            trace_info_sound=some(outcomes),
            info_update=some([Link.BATCH, Link.REALTIME]),
            marketplace_rate=some([Excused.NOT_APPLICABLE, rate("0.8")]),
            marketplace_automatic=some(outcomes),
            monthly=some([Excused.NOT_DUE, Monthly(rate("0.7"), rate("0.7"))]),
            adoption_12m=some([0, 9, 10, 14]),
        )
        for _ in range(count)
    ]


def bare_for(edition: Edition) -> Callable[[Facts], list[int]]:
    """Levels by the matrix, in its order: 0 not reached, 1 B … 4 AAA; an element's level is that of its worst fact."""
    elements = [
        [
            (step.of, step.place, [step.requirements[0].level.rank - 1]
             + [requirement.level.rank - 1 for requirement in step.requirements] + [4])
            for step in asked(element, edition)
        ]
        for element in MATRIX
    ]  # fmt: skip

    def bare(facts: Facts) -> list[int]:
        levels = []
        for steps in elements:
            level = 4
            for of, place, ranks in steps:
                rank = ranks[place(of(facts))]
                level = min(level, rank)
            levels.append(level)
        return levels

    return bare


def by_hand_for(edition: Edition) -> Callable[[Facts], list[int]]:
    """The same levels as one would write them by hand, the limits bound beforehand, early exits."""

    def limits(fact: str, levels: str = "b a aa aaa") -> list[Decimal]:
        return [edition.number(f"grades.{fact}_{level}") for level in levels.split()]

    cover, accurate, timely = limits("coverage"), limits("upload_accuracy"), limits("monthly_timely")
    compliant, market = limits("monthly_compliant", "a aa aaa"), limits("marketplace_rate", "a aa aaa")
    (share_aa, share_aaa), (seconds,) = limits("supplier_share", "aa aaa"), limits("query_seconds", "aaa")
    adopted = edition.whole("grades.adoption_12m_aaa")
    ways = [Collection(edition.word(f"grades.collection_{level}")) for level in ("b", "a", "aa", "aaa")]
    ranks = {way: sum(list(Collection).index(limit) <= at for limit in ways) for at, way in enumerate(Collection)}
    scan, every = (frozenset(map(Channel, edition.words(f"grades.query_channels_{level}"))) for level in ("a", "aaa"))

    def climb(value: Decimal | None, steps: list[Decimal], base: int) -> int:
        if value is None:
            return base
        for step in steps:
            if value < step:
                return base
            base += 1
        return base

    def body(f: Facts) -> int:
        if (f.body_coded is not PASS and f.package_coded is not PASS) or f.codes_consistent is not PASS:
            return 1
        if f.body_coded is not PASS or f.package_coded is not PASS:
            return 2
        return 4 if f.one_item_one_code is PASS else 3

    def collected(f: Facts) -> int:
        rank = 0 if f.collection is None else ranks[f.collection]
        return rank if rank < 4 or f.reverse_trace is PASS else 3

    def uploaded(f: Facts) -> int:
        if f.upload_link is None or f.upload_link is Link.NONE:
            return 0
        rank = climb(f.upload_accuracy, accurate, 0)
        return rank if rank < 3 or f.upload_link is Link.REALTIME else 2

    def queried(f: Facts) -> int:
        if f.public_query in (None, PublicQuery.NONE) or f.query_channels is None or not scan <= f.query_channels:
            return 1
        if f.public_query is not PublicQuery.FULL:
            return 2
        return 4 if every <= f.query_channels and f.query_seconds is not None and f.query_seconds <= seconds else 3

    def supplied(f: Facts) -> int:
        if f.supplier_share is None or f.supplier_share < share_aa or f.upstream_trace is not PASS:
            return 2
        return 4 if f.supplier_share >= share_aaa and f.supplier_realtime is PASS else 3

    def sold(f: Facts) -> int:
        rate = f.marketplace_rate
        if f.trace_info_sound is not PASS or rate is None:
            return 0
        excused = rate is Excused.NOT_APPLICABLE
        rank = 4 if excused else climb(rate, market, 1)
        if rank > 2 and f.info_update is not Link.REALTIME:
            return 2
        return rank if rank < 4 or excused or f.marketplace_automatic is PASS else 3

    def filed(f: Facts) -> int:
        months = f.monthly
        if months is None:
            return 0
        if months is Excused.NOT_DUE:
            return 4
        rank = climb(months.timely, timely, 0)
        return min(rank, climb(months.compliant, compliant, 1)) if rank > 1 else rank

    def by_hand(f: Facts) -> list[int]:
        coded = f.certificate_coded is PASS
        return [
            4 if f.code_selection is PASS else 0,
            (4 if f.certificate_print is PASS else 1) if coded else 0,
            body(f),
            climb(f.coverage, cover, 0),
            collected(f),
            uploaded(f),
            queried(f),
            supplied(f),
            sold(f),
            filed(f),
            4 if f.adoption_12m is not None and f.adoption_12m >= adopted else 3,
        ]

    return by_hand


def seconds_for(work: Callable[[Facts], Any], facts: list[Facts]) -> float:
    """The time of one pass over all firms."""
    started = time.perf_counter()
    for firm in facts:
        work(firm)
    return time.perf_counter() - started


def main() -> int:
    """Print the figures; 1 where the ratio misses the target."""
    edition = edition_on(date(2026, 11, 24))
    facts, bare, by_hand = firms(FIRMS), bare_for(edition), by_hand_for(edition)
    for firm in facts:
        answer = grade(firm, edition)
        levels = [element.level.rank for element in answer.elements]
        if bare(firm) != levels or by_hand(firm) != levels or answer.grade.rank != min(levels):
            raise SystemExit(f"the ways disagree: {firm}")
    grades = list(Grade)

    def spelled_out(firm: Facts) -> Any:
        answer = grade(firm, edition)
        return answer.elements, answer.unclear, answer.next

    full, spelled, bare_way = "verdict, reasons by reference", "every reason spelled out", "bare, levels only"
    ways: dict[str, Callable[[Facts], Any]] = {
        full: lambda firm: grade(firm, edition),
        bare_way: lambda firm: grades[min(bare(firm))],
        spelled: spelled_out,
        "all of it as JSON data": lambda firm: grade(firm, edition).to_json(),
        "levels by hand, no matrix": lambda firm: grades[min(by_hand(firm))],
    }
    rounds = [{name: seconds_for(way, facts) for name, way in ways.items()} for _ in range(ROUNDS)]
    best = {name: min(times[name] for times in rounds) for name in ways}
    for name, seconds in best.items():
        against = f"{best[bare_way] / seconds:5.2f} × bare"
        print(f"{name:30}{FIRMS / seconds:10,.0f} a second   {seconds / FIRMS * 1e6:5.1f} µs   {against}")
    for name in (full, spelled):
        ratio = best[bare_way] / best[name]
        print(f"{name} ÷ bare: {ratio:.2f} ({'≥' if ratio >= TARGET else '<'} {TARGET})")
    ratio = best[bare_way] / best[full]
    return 0 if ratio >= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
