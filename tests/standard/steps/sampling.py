"""Steps of D.6."""

from typing import Any

from standard import sampling
from standard.profile import Edition
from tests.standard.steps import step


@step
def sample_sizes(edition: Edition, given: dict[str, Any]) -> Any:
    return [sampling.sample_size(edition, lot) for lot in given["lots"]]


@step
def sampling_advice(edition: Edition, given: dict[str, Any]) -> Any:
    advised = [sampling.sampling_advice(edition, lot) for lot in given["lots"]]
    return [f"{advice.letter} {advice.size}{' 全检' if advice.whole_lot else ''}" for advice in advised]


@step
def sampling_record(edition: Edition, given: dict[str, Any]) -> Any:
    findings = sampling.judge_record(edition, sampling.SamplingRecord(**given))
    size, draw, result, release, keeping = (finding.outcome for finding in findings)
    return {
        "size": size,
        "draw": draw,
        "result": result,
        "release": release,
        "keeping": keeping,
        "outcome": sampling.record_outcome(findings),
    }
