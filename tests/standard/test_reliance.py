"""Clause 10 for any standing: nobody gains by a lower grade, fewer points or a certificate that is not in force."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standard import reliance
from standard.outcome import Outcome
from standard.profile import edition_on
from standard.reliance import Admission, Frequency, Standing, Tender
from standard.validity import State

EDITION = edition_on(date(2026, 11, 24))
GRADES = [None, "B", "A", "AA", "AAA"]
STANDINGS = st.builds(
    Standing,
    grade=st.sampled_from(GRADES),
    state=st.sampled_from(State),
    year_points=st.integers(0, 20),
    monthly=st.sampled_from(Outcome),
    print_conforms=st.sampled_from(Outcome),
    uploads=st.sampled_from(Outcome),
)
IN_FORCE = (State.ACTIVE, State.WARNED)


def ranks(standing: Standing) -> tuple[int, int, bool]:
    """How far each of the three readers goes along with it."""
    admission = reliance.admission(EDITION, standing).admission
    tender = reliance.tender_standing(EDITION, standing).tender
    first = reliance.association_priority(EDITION, standing).outcome is Outcome.PASS
    return list(Admission).index(admission), list(Tender).index(tender), first


@given(STANDINGS)
def test_only_a_certificate_in_force_is_relied_on(standing: Standing) -> None:
    if standing.state not in IN_FORCE or standing.grade is None:
        assert ranks(standing) == (0, 0, False)


@given(STANDINGS, st.sampled_from(GRADES), st.integers(0, 20))
def test_a_higher_grade_and_more_points_never_harm(standing: Standing, grade: str | None, points: int) -> None:
    better = replace(
        standing,
        grade=max(standing.grade, grade, key=GRADES.index),
        year_points=max(standing.year_points, points),
    )
    assert all(after >= before for before, after in zip(ranks(standing), ranks(better), strict=True))
    hints = [reliance.inspection_hint(EDITION, one).frequency for one in (standing, better)]
    order = list(Frequency)
    assert order.index(hints[1]) <= order.index(hints[0])


@given(STANDINGS)
def test_a_hint_always_has_its_reason(standing: Standing) -> None:
    hint = reliance.inspection_hint(EDITION, standing)
    assert [finding.clause for finding in hint.findings] == ["10.4(1)", "10.4(2)", "10.4(3)"]
    fewer, guided, more = (finding.outcome for finding in hint.findings)
    assert (hint.frequency is Frequency.MORE) == (more is Outcome.FAIL)
    assert (hint.frequency is Frequency.GUIDED) == (more is not Outcome.FAIL and guided is Outcome.FAIL)
    assert hint.frequency is not Frequency.FEWER or fewer is Outcome.PASS


def test_an_unknown_grade_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="AAAA"):
        reliance.tender_standing(EDITION, Standing("AAAA", State.ACTIVE))
