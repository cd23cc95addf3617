"""Clauses 5 and 6: what each level asks of each element.

To be read beside the table of clause 6: an element a block, a level a line, each requirement with the item of clause 6
that it comes from. The numbers stand in ``editions/…/grades.toml`` as ``[<fact>_<level>]``; each level also asks
everything of the levels below it.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from operator import attrgetter
from typing import Any, NamedTuple

from standard.citation import cites
from standard.facts import Channel, Collection, Excused, Facts, Link, Monthly, PublicQuery
from standard.outcome import Outcome
from standard.profile import Edition, ProfileError


class Grade(StrEnum):
    """The levels of clause 6 and, below them, 6.1(3)."""

    NOT_REACHED = "not_reached"
    B = "B"
    A = "A"
    AA = "AA"
    AAA = "AAA"

    @property
    def rank(self) -> int:
        """0 for not reached, up to 4 for AAA."""
        return _RANKS[self]

    @property
    def named(self) -> str:
        """``A 级``, ``未达标``."""
        return "未达标" if self is Grade.NOT_REACHED else f"{self} 级"


_RANKS = {grade: rank for rank, grade in enumerate(Grade)}
LEVELS = (Grade.B, Grade.A, Grade.AA, Grade.AAA)


class How(StrEnum):
    """What a requirement compares."""

    PASS = "pass"
    """Has been shown to hold."""
    AT_LEAST = "at_least"
    """A rate, a count, or a word of a scale, not below the edition's value."""
    AT_MOST = "at_most"
    """A number, not above the edition's value."""
    ALL_OF = "all_of"
    """A list that holds all of the edition's words."""
    GIVEN = "given"
    """Has been stated, whatever it is."""


class Ask(NamedTuple):
    """One requirement: the fact, how it is compared, and the item of clause 6."""

    fact: str
    how: How
    clause: str
    rows: tuple[str, ...] = ()


def passes(fact: str, clause: str, *rows: str) -> Ask:
    """The fact has been shown to hold."""
    return Ask(fact, How.PASS, clause, rows)


def at_least(fact: str, clause: str, *rows: str) -> Ask:
    """The fact is not below ``grades.<fact>_<level>``."""
    return Ask(fact, How.AT_LEAST, clause, rows)


def at_most(fact: str, clause: str, *rows: str) -> Ask:
    """The fact is not above ``grades.<fact>_<level>``."""
    return Ask(fact, How.AT_MOST, clause, rows)


def all_of(fact: str, clause: str, *rows: str) -> Ask:
    """The fact holds all words of ``grades.<fact>_<level>``."""
    return Ask(fact, How.ALL_OF, clause, rows)


def given(fact: str, clause: str, *rows: str) -> Ask:
    """The fact has been stated."""
    return Ask(fact, How.GIVEN, clause, rows)


BODY_OR_PACKAGE = "body_coded|package_coded"
"""The one requirement on two facts: product body or smallest package, either will do (6 A-1)."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element of the evaluation; ``above_cap`` is asked above the grade that 6.1(4) leaves (``print_cap``)."""

    name: str
    title: str
    b: tuple[Ask, ...] = ()
    a: tuple[Ask, ...] = ()
    aa: tuple[Ask, ...] = ()
    aaa: tuple[Ask, ...] = ()
    above_cap: tuple[Ask, ...] = ()


MATRIX = (
    Element(
        "code_selection", "追溯码选用",
        b=(passes("code_selection", "6 B-1", "R32", "R33"),),
    ),
    Element(
        "certificate_coding", "合格证赋码",
        b=(passes("certificate_coded", "6 B-1"),),
        above_cap=(passes("certificate_print", "6.1(4)", "R5", "R50"),),
    ),
    Element(
        "body_coding", "产品本体赋码",
        a=(passes(BODY_OR_PACKAGE, "6 A-1"), passes("codes_consistent", "6 A-1")),
        aa=(passes("body_coded", "6 AA-1"), passes("package_coded", "6 AA-1")),
        aaa=(passes("one_item_one_code", "6 AAA-1", "R33"),),
    ),
    Element(
        "coverage", "用码覆盖率",
        b=(at_least("coverage", "6 B-2", "R43"),),
        a=(at_least("coverage", "6 A-2", "R43"),),
        aa=(at_least("coverage", "6 AA-2", "R43"),),
        aaa=(at_least("coverage", "6 AAA-1", "R43"),),
    ),
    Element(
        "collection", "数据采集",
        b=(at_least("collection", "6 B-3"),),
        a=(at_least("collection", "6 A-3"),),
        aa=(at_least("collection", "6 AA-3"),),
        aaa=(at_least("collection", "6 AAA-2"), passes("reverse_trace", "6 AAA-2")),
    ),
    Element(
        "upload", "上传国家追溯平台",
        b=(at_least("upload_accuracy", "6 B-4"), at_least("upload_link", "6 B-4")),
        a=(at_least("upload_accuracy", "6 A-4"),),
        aa=(at_least("upload_accuracy", "6 AA-4"), at_least("upload_link", "6 AA-4")),
        aaa=(at_least("upload_accuracy", "6 AAA-3", "R3"),),
    ),
    Element(
        "public_query", "公众查询",
        a=(at_least("public_query", "6 A-4"), all_of("query_channels", "6 A-4")),
        aa=(at_least("public_query", "6 AA-4"),),
        aaa=(all_of("query_channels", "6 AAA-3"), at_most("query_seconds", "6 AAA-3", "R53")),
    ),
    Element(
        "supply_chain", "供应链协同",
        aa=(at_least("supplier_share", "6 AA-5"), passes("upstream_trace", "6 AA-5")),
        aaa=(at_least("supplier_share", "6 AAA-4"), passes("supplier_realtime", "6 AAA-4")),
    ),
    Element(
        "marketplace", "网售平台核验",
        b=(passes("trace_info_sound", "6 B-5"), given("marketplace_rate", "6 B-5", "R37")),
        a=(at_least("marketplace_rate", "6 A-5", "R37"),),
        aa=(at_least("marketplace_rate", "6 AA-6", "R37"), at_least("info_update", "6 AA-6")),
        aaa=(at_least("marketplace_rate", "6 AAA-5", "R37"), passes("marketplace_automatic", "6 AAA-5", "R37")),
    ),
    Element(
        "monthly_filing", "月度提报",
        b=(at_least("monthly.timely", "6 B-6", "R1", "R2"),),
        a=(at_least("monthly.timely", "6 A-6", "R1", "R2"), at_least("monthly.compliant", "6 A-6", "R1", "R2")),
        aa=(at_least("monthly.timely", "6 AA-7", "R1", "R2"), at_least("monthly.compliant", "6 AA-7", "R1", "R2")),
        aaa=(at_least("monthly.timely", "6 AAA-7", "R1", "R2"), at_least("monthly.compliant", "6 AAA-7", "R1", "R2")),
    ),
    Element(
        "adoption", "招标采信",
        aaa=(at_least("adoption_12m", "6 AAA-6", "R4"),),
    ),
)  # fmt: skip
"""Clause 6, element by element and level by level."""

_SCALES: Mapping[str, type[StrEnum]] = {
    "collection": Collection,
    "upload_link": Link,
    "info_update": Link,
    "public_query": PublicQuery,
}


class Requirement(NamedTuple):
    """One requirement of one level, with the edition's value in it; ``need`` as in an answer (``≥ 0.95``)."""

    level: Grade
    fact: str
    need: str
    clause: str
    rows: tuple[str, ...]


class Steps(NamedTuple):
    """All that an element asks of one fact, the lowest level first; to meet one is to meet those before it.

    ``of`` takes the fact's value from the facts. ``place`` tells how far a value comes: 0 where it is not known, else
    1 + the number of requirements met.
    """

    requirements: tuple[Requirement, ...]
    of: Callable[[Facts], Any]
    place: Callable[[Any], int]


@cites("5", "6 B", "6 A", "6 AA", "6 AAA", rows=("R1", "R3", "R4", "R6", "R37", "R53"))
def asked(element: Element, edition: Edition) -> tuple[Steps, ...]:
    """What an element asks, fact by fact, with the edition's values; :class:`ProfileError` where levels do not rise."""
    by_fact: dict[str, list[tuple[Grade, Ask]]] = {}
    for level, ask in _by_level(element, edition):
        by_fact.setdefault(ask.fact, []).append((level, ask))
    return tuple(_steps(fact, asks, edition) for fact, asks in by_fact.items())


def _by_level(element: Element, edition: Edition) -> Iterator[tuple[Grade, Ask]]:
    cap = Grade(edition.word("grades.print_cap"))
    for level, asks in zip(LEVELS, (element.b, element.a, element.aa, element.aaa), strict=True):
        capped = element.above_cap if level.rank == cap.rank + 1 else ()
        yield from ((level, ask) for ask in (*asks, *capped))


def _steps(fact: str, asks: list[tuple[Grade, Ask]], edition: Edition) -> Steps:
    how = asks[-1][1].how
    needs: list[str]
    place: Callable[[Any], int]
    if how is How.PASS:
        needs, place = ["pass"], _passed
    elif how is How.ALL_OF:
        words = [edition.words(_name(fact, level)) for level, _ in asks]
        needs, place = [", ".join(channels) for channels in words], _covers([frozenset(map(Channel, w)) for w in words])
    elif fact in _SCALES:
        scale = tuple(_SCALES[fact])
        limits = [scale.index(_SCALES[fact](edition.word(_name(fact, level)))) for level, _ in asks]
        needs = [scale[limit] if limit == len(scale) - 1 else f"≥ {scale[limit]}" for limit in limits]
        place = _on_scale(scale, limits)
    else:
        needs, place = _numbers(fact, asks, edition)
    requirements = (
        Requirement(level, fact, need, ask.clause, ask.rows) for (level, ask), need in zip(asks, needs, strict=True)
    )
    return Steps(tuple(requirements), _getter(fact), place)


def _name(fact: str, level: Grade) -> str:
    return f"grades.{fact.replace('.', '_')}_{level.lower()}"


def _passed(have: Outcome | Excused | None) -> int:
    """One step: shown to hold, or excused (R37)."""
    if have is Outcome.PASS or have is Excused.NOT_APPLICABLE:
        return 2
    return 1 if have is Outcome.FAIL else 0


def _covers(needed: Sequence[frozenset[Channel]]) -> Callable[[frozenset[Channel] | None], int]:
    if any(not low <= high for low, high in pairwise(needed)):
        raise ProfileError("a level asks for fewer channels than the one below it")

    def place(have: frozenset[Channel] | None) -> int:
        return 0 if have is None else 1 + sum([channels <= have for channels in needed])

    return place


def _on_scale(scale: tuple[StrEnum, ...], limits: list[int]) -> Callable[[StrEnum | None], int]:
    if sorted(limits) != limits:
        raise ProfileError(f"a level asks for less on the scale {'/'.join(scale)} than the one below it")
    places = [1 + sum(limit <= at for limit in limits) for at in range(len(scale))]
    return lambda have: 0 if have is None else places[scale.index(have)]


def _numbers(fact: str, asks: list[tuple[Grade, Ask]], edition: Edition) -> tuple[list[str], Callable[[Any], int]]:
    """Rates, counts and seconds, compared exactly; what is excused (R1, R37) meets every limit."""
    given = sum(ask.how is How.GIVEN for _, ask in asks)
    limits = [edition.number(_name(fact, level)) for level, _ in asks[given:]]
    if sorted(limits) != limits:
        raise ProfileError(f"a level asks for less {fact} than the one below it")
    if asks[-1][1].how is How.AT_MOST:
        (most,) = limits
        return [f"≤ {most}"], lambda have: 0 if have is None else 1 + (have <= most)
    known, last = 1 + given, 1 + len(asks)

    def place(have: Decimal | int | Excused | None) -> int:
        if have is None:
            return 0
        return last if have.__class__ is Excused else known + bisect_right(limits, have)

    return ["given"] * given + [f"= {limit}" if limit == 1 else f"≥ {limit}" for limit in limits], place


def _getter(fact: str) -> Callable[[Facts], Any]:
    if fact == BODY_OR_PACKAGE:
        return _body_or_package
    if fact == "marketplace_automatic":
        return _marketplace_automatic
    if fact.startswith("monthly."):
        rate = attrgetter(fact.removeprefix("monthly."))
        return lambda facts: rate(facts.monthly) if facts.monthly.__class__ is Monthly else facts.monthly
    return attrgetter(fact)


def _body_or_package(facts: Facts) -> Outcome | None:
    body, package = facts.body_coded, facts.package_coded
    if body is Outcome.PASS or package is Outcome.PASS:
        return Outcome.PASS
    if body is Outcome.FAIL and package is Outcome.FAIL:
        return Outcome.FAIL
    return None if body is None and package is None else Outcome.UNCLEAR


def _marketplace_automatic(facts: Facts) -> Outcome | Excused | None:
    """Asked only where there is a rate (R37)."""
    rate = facts.marketplace_rate
    return Excused.NOT_APPLICABLE if rate is Excused.NOT_APPLICABLE else facts.marketplace_automatic
