"""D.6 for any lot and any record."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standard import sampling
from standard.outcome import Outcome
from standard.profile import edition_on
from standard.sampling import SamplingRecord

EDITION = edition_on(date(2026, 11, 24))
LOTS = st.integers(1, 10**7)
COUNTS = st.none() | st.integers(-3, 400)
DAYS = st.none() | st.dates(date(2024, 1, 1), date(2029, 12, 31))


@given(LOTS)
def test_the_sample_is_the_least_that_reaches_five_percent(lot: int) -> None:
    size = sampling.sample_size(EDITION, lot)
    assert 1 <= size <= lot
    assert size >= Decimal("0.05") * lot
    assert size == 1 or size - 1 < Decimal("0.05") * lot


@given(LOTS, LOTS)
def test_a_larger_lot_never_has_a_smaller_sample(one: int, other: int) -> None:
    small, large = sorted((one, other))
    assert sampling.sample_size(EDITION, small) <= sampling.sample_size(EDITION, large)
    assert sampling.sampling_advice(EDITION, small).size <= sampling.sampling_advice(EDITION, large).size <= large


@pytest.mark.parametrize("lot", [0, -5])
def test_an_empty_lot_is_a_mistake_of_the_caller(lot: int) -> None:
    with pytest.raises(ValueError, match="at least one"):
        sampling.sample_size(EDITION, lot)
    with pytest.raises(ValueError, match="at least one"):
        sampling.sampling_advice(EDITION, lot)


@given(
    st.builds(
        SamplingRecord,
        st.just("样例"),
        lot=COUNTS,
        sampled=COUNTS,
        failed=COUNTS,
        drawn_at_random=st.none() | st.booleans(),
        inspected_on=DAYS,
        shipped_on=DAYS,
        kept_through=DAYS,
    )
)
def test_any_record_is_answered_and_passes_only_when_every_question_does(record: SamplingRecord) -> None:
    findings = sampling.judge_record(EDITION, record)
    assert len(findings) == 5
    assert all(finding.clause == "D.6" and "R31" in finding.reason for finding in findings)
    passed = sampling.record_outcome(findings) is Outcome.PASS
    assert passed == all(finding.outcome is Outcome.PASS for finding in findings)
    if passed:
        assert record.lot is not None
        assert record.sampled is not None
        assert record.failed == 0
        assert record.sampled >= sampling.sample_size(EDITION, record.lot)


def test_reasons_tell_by_how_much() -> None:
    record: dict[str, Any] = {"lot": 501, "sampled": 25, "failed": 2, "inspected_on": date(2028, 2, 29)}
    size, _, result, _, keeping = sampling.judge_record(
        EDITION, SamplingRecord("样例", kept_through=date(2029, 2, 27), **record)
    )
    assert size.reason == "本批 501 张至少抽检 26 张，只抽检了 25 张，还差 1 张（D.6，R31）"
    assert (size.have, size.need) == ("25", "≥ 26")
    assert result.reason == "抽检中 2 张不能识读，最多允许 0 张：本批应逐张检验，合格后再出厂（D.6，R31）"
    assert keeping.reason == "检验记录只留存到 2029-02-27，应至少留存到 2029-02-28（D.6，R31）"
