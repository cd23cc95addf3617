"""What is stored of a certificate comes back exactly as it was."""

import json
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from standard.life import Certificate, MonthRecord, Renewal
from standard.months import Month, MonthState
from standard.validity import Holder, State
from workflow.certifying.certificate_life import holder_from_json, holder_to_json, life_from_json, life_to_json
from workflow.certifying.certificate_numbers import number_from_path, number_in_path

words = st.text(max_size=20)
months = st.builds(Month, st.integers(1, 9999), st.integers(1, 12))
records = st.builds(
    MonthRecord, months, st.sampled_from(MonthState), st.booleans(), st.booleans(), st.none() | st.dates()
)
lives = st.builds(
    Certificate,
    number=words,
    grade=words,
    state=st.sampled_from(State),
    issued=st.dates(),
    last_day=st.dates(),
    as_of=st.dates(),
    months=st.lists(records, max_size=4).map(tuple),
    conditions=st.lists(words, max_size=3).map(tuple),
    cases=st.lists(words, max_size=3).map(tuple),
    held_for=words,
    renewal=st.sampled_from(Renewal),
    mend_until=st.none() | st.dates(),
    previous=words,
    successor=words,
    changes=st.lists(words, max_size=3).map(tuple),
    ended_by=words,
)


@given(lives)
def test_a_life_comes_back_from_json_exactly(life: Certificate) -> None:
    assert life_from_json(json.loads(json.dumps(life_to_json(life)))) == life


@given(st.builds(Holder, words, words, words, st.lists(words, max_size=3).map(tuple)))
def test_a_holder_comes_back_from_json_exactly(holder: Holder) -> None:
    assert holder_from_json(json.loads(json.dumps(holder_to_json(holder)))) == holder


def test_a_life_that_never_began_comes_back_too() -> None:
    assert life_from_json(life_to_json(Certificate())) == Certificate()


@given(st.integers(2000, 9999), st.integers(1, 999_999_999))
def test_a_number_comes_back_from_its_path(year: int, serial: int) -> None:
    number = f"T/CMIF-{year}-{serial:06d}"
    assert number_from_path(number_in_path(number)) == number
    assert number_from_path(number) == number


@given(st.text(max_size=80))
def test_whatever_else_is_asked_for_is_a_number_of_the_register_or_none(text: str) -> None:
    found = number_from_path(text)
    assert found is None or number_from_path(number_in_path(found)) == found


def test_dates_of_a_stored_life_are_readable_in_the_database() -> None:
    assert life_to_json(Certificate(issued=date(2026, 11, 27)))["issued"] == "2026-11-27"
