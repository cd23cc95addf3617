"""Grades: properties that hold for every firm, and the shape of the answer."""

import json
from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from itertools import chain, combinations, pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standard.facts import Channel, Collection, Excused, Facts, Link, Monthly, PublicQuery, facts_from
from standard.grades import Grade, Reason, grade
from standard.matrix import BODY_OR_PACKAGE, LEVELS, MATRIX, asked
from standard.outcome import Outcome
from standard.profile import ProfileError, edition_on
from tests.standard.steps.grades import LIKE

EDITION = edition_on(date(2026, 11, 24))
NAMES = [field.name for field in fields(Facts)]

# Around the limits, both sides of them.
RATES = [Decimal(n) / 1000 for n in (0, 299, 300, 500, 799, 800, 850, 899, 900, 949, 950, 994, 995, 999, 1000)]
OUTCOMES: list[Any] = [None, Outcome.FAIL, Outcome.UNCLEAR, Outcome.PASS]
CHANNELS = [None, *(frozenset(some) for some in chain.from_iterable(combinations(Channel, n) for n in range(4)))]
MONTHLY = [Monthly(timely, compliant) for timely in (None, *RATES) for compliant in (None, *RATES[::3], Decimal(1))]
SECONDS = [None, Decimal(9), Decimal("3.01"), Decimal(3), Decimal("0.4")]


def values(name: str) -> list[Any]:
    """A fact's values, the worst first where they are ordered."""
    special: dict[str, list[Any]] = {
        "collection": [None, *Collection],
        "upload_link": [None, *Link],
        "info_update": [None, *Link],
        "public_query": [None, *PublicQuery],
        "query_channels": CHANNELS,
        "query_seconds": SECONDS,
        "marketplace_rate": [None, *RATES, Excused.NOT_APPLICABLE],
        "marketplace_automatic": [*OUTCOMES, Excused.NOT_APPLICABLE],
        "monthly": [None, *MONTHLY, Excused.NOT_DUE],
        "adoption_12m": [None, 0, 9, 10, 11],
        "coverage": [None, *RATES],
        "upload_accuracy": [None, *RATES],
        "supplier_share": [None, *RATES],
    }
    return special.get(name, OUTCOMES)


def no_worse(name: str, one: Any, other: Any) -> bool:
    """``other`` is at least as good as ``one``."""
    if name == "query_channels":
        return one is None or (other is not None and one <= other)
    if name == "monthly":
        if isinstance(one, Monthly) and isinstance(other, Monthly):
            pairs = ((one.timely, other.timely), (one.compliant, other.compliant))
            return all(low is None or (high is not None and low <= high) for low, high in pairs)
        # Whatever the rates are: stating none is worse, owing none is better.
        order = [value if value is None or value is Excused.NOT_DUE else Monthly for value in (one, other)]
        known = [None, Monthly, Excused.NOT_DUE]
        return known.index(order[0]) <= known.index(order[1])
    known = values(name)
    return known.index(one) <= known.index(other)


# Every firm is one that just reaches a level, with a few facts changed: few random firms would reach any level at all.
likes = st.sampled_from([facts_from(LIKE[name]) for name in ("B", "A", "AA", "AAA")])
changes = st.lists(
    st.sampled_from(NAMES).flatmap(lambda name: st.tuples(st.just(name), st.sampled_from(values(name)))), max_size=5
)
firms = st.builds(lambda like, changed: replace(like, **dict(changed)), likes, changes)


@given(firms, st.sampled_from(NAMES), st.data())
def test_improving_any_single_fact_never_lowers_the_grade(firm: Facts, name: str, data: st.DataObject) -> None:
    now = getattr(firm, name)
    better = data.draw(st.sampled_from([value for value in values(name) if no_worse(name, now, value)] or [now]))
    before, after = grade(firm, EDITION), grade(replace(firm, **{name: better}), EDITION)
    assert after.grade.rank >= before.grade.rank
    for one, other in zip(before.elements, after.elements, strict=True):
        assert other.level.rank >= one.level.rank, one.element


@given(firms)
def test_the_lowest_element_is_the_grade(firm: Facts) -> None:
    answer = grade(firm, EDITION)
    assert answer.grade.rank == min(element.level.rank for element in answer.elements)
    for element in answer.elements:
        assert all(reason.requirement.level.rank > element.level.rank for reason in element.missing)
        above = LEVELS[element.level.rank] if element.level is not Grade.AAA else None
        assert (above is None) == (element.missing == ())
        assert above is None or above in {reason.requirement.level for reason in element.missing}


@given(firms, st.sampled_from(OUTCOMES))
def test_the_print_caps_at_b_and_says_so_only_where_a_grade_is_reached(firm: Facts, prints: Outcome | None) -> None:
    firm = replace(firm, certificate_print=prints)
    answer = grade(firm, EDITION)
    sound = firm.certificate_print is Outcome.PASS
    assert (answer.capped_by == "6.1(4)") == (not sound and answer.grade is not Grade.NOT_REACHED)
    assert sound or answer.grade in {Grade.NOT_REACHED, Grade.B}
    mended = grade(replace(firm, certificate_print=Outcome.PASS), EDITION)
    assert mended.capped_by is None
    assert (mended.grade is Grade.NOT_REACHED) == (answer.grade is Grade.NOT_REACHED)


@given(firms, st.sampled_from(NAMES))
def test_a_fact_that_is_not_stated_never_passes_and_is_named(firm: Facts, name: str) -> None:
    without = replace(firm, **{name: None})
    answer = grade(without, EDITION)
    assert answer.grade.rank <= grade(firm, EDITION).grade.rank
    excused = name == "marketplace_automatic" and firm.marketplace_rate is Excused.NOT_APPLICABLE
    assert (name in answer.unclear) != excused
    for element in answer.elements:
        assert not any(reason.requirement.fact.split(".")[0] == name for reason in element.met if not excused)


def granted(firm: Facts, reason: Reason) -> Facts:
    """The firm with exactly what is needed of one requirement."""
    fact, need = reason.requirement.fact, reason.requirement.need
    word = need.split(" ")[-1]
    if fact == BODY_OR_PACKAGE:
        return replace(firm, body_coded=Outcome.PASS)
    if fact.startswith("monthly."):
        monthly = firm.monthly if isinstance(firm.monthly, Monthly) else Monthly()
        return replace(firm, monthly=replace(monthly, **{fact.removeprefix("monthly."): Decimal(word)}))
    now = getattr(firm, fact)
    as_needed: dict[str, Any] = {
        "collection": lambda: Collection(word),
        "upload_link": lambda: Link(word),
        "info_update": lambda: Link(word),
        "public_query": lambda: PublicQuery(word),
        "query_channels": lambda: (now or frozenset()) | {Channel(part) for part in need.split(", ")},
    }
    if fact in as_needed:
        return replace(firm, **{fact: as_needed[fact]()})
    if need == "given":
        return replace(firm, **{fact: Decimal(0)})
    return replace(firm, **{fact: Outcome.PASS if need == "pass" else Decimal(word)})


@given(firms)
def test_next_is_exactly_what_separates_the_firm_from_the_next_grade(firm: Facts) -> None:
    following = grade(firm, EDITION).next
    if following is None:
        assert grade(firm, EDITION).grade is Grade.AAA
        return
    assert following.missing
    for left_out in (None, *following.missing):
        mended = firm
        for reason in following.missing:
            mended = mended if reason is left_out else granted(mended, reason)
        reached = grade(mended, EDITION).grade.rank >= following.level.rank
        body = left_out is not None and left_out.requirement.fact == BODY_OR_PACKAGE
        assert reached == (left_out is None) or body  # body and package may be granted twice over


@given(firms)
def test_the_answer_is_json_of_the_stated_shape(firm: Facts) -> None:
    answer = json.loads(json.dumps(grade(firm, EDITION).to_json()))
    assert list(answer) == ["grade", "elements", "capped_by", "unclear", "next", "profile"]
    assert [element["element"] for element in answer["elements"]] == [element.name for element in MATRIX]
    asked_for = {"level", "fact", "have", "need", "clause"}
    for element in answer["elements"]:
        assert element.keys() == {"element", "level", "clause", "met", "missing"}
        assert all(reason.keys() == asked_for for reason in element["met"] + element["missing"])
    if answer["next"] is not None:
        assert answer["next"].keys() == {"level", "missing"}
        assert all(reason.keys() == asked_for for reason in answer["next"]["missing"])


@given(firms)
def test_reasons_are_sentences_in_chinese(firm: Facts) -> None:
    for element in grade(firm, EDITION).elements:
        for reason in (*element.met, *element.missing):
            sentence = str(reason)
            assert reason.requirement.clause in sentence
            assert "None" not in sentence
            assert reason.requirement.fact.split(".")[0] not in sentence


def test_requirements_stand_where_clause_6_has_them() -> None:
    """The clause of a limit in the edition is that of the line of the matrix that uses it; all limits are used."""
    used = set()
    for element in MATRIX:
        for steps in asked(element, EDITION):
            for requirement in steps.requirements:
                name = f"grades.{requirement.fact.replace('.', '_')}_{requirement.level.lower()}"
                if name in EDITION.parameters:
                    used.add(name)
                    assert EDITION[name].clause == requirement.clause
                    assert set(EDITION[name].rows) <= set(requirement.rows), name
                elif requirement.clause != "6.1(4)":
                    assert requirement.clause.startswith(f"6 {requirement.level}-")
    limits = {
        name for name in EDITION.parameters if name.startswith("grades.") and name.endswith(("_b", "_a", "_aa", "_aaa"))
    }
    assert used == limits


def test_every_level_asks_more_than_the_one_below() -> None:
    reached = [grade(facts_from(LIKE[name]), EDITION).grade for name in ("B", "A", "AA", "AAA")]
    assert reached == list(LEVELS)
    for low, high in pairwise(("B", "A", "AA", "AAA")):
        assert LIKE[low].keys() <= LIKE[high].keys()


def test_another_edition_is_another_answer() -> None:
    stricter = EDITION.replacing(grades__coverage_b=Decimal("0.85"))
    firm = facts_from(LIKE["B"])
    assert (grade(firm, EDITION).grade, grade(firm, stricter).grade) == (Grade.B, Grade.NOT_REACHED)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"grades__coverage_aa": Decimal("0.85")}, "coverage"),
        ({"grades__collection_aa": "manual"}, "none/manual"),
        ({"grades__query_channels_aaa": ("web",)}, "channels"),
    ],
)
def test_an_edition_whose_levels_do_not_rise_is_refused(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(ProfileError, match=words):
        grade(Facts(), EDITION.replacing(**changed))
