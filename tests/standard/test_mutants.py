"""Every number, list and choice of the edition is pinned by a case (``python -m tests.standard.mutate``)."""

from dataclasses import replace

from standard.profile import editions_shipped
from tests.standard.mutate import Mutant, cases, noticed_by, run


def test_every_change_of_a_parameter_is_noticed_by_a_case() -> None:
    result = run()
    assert result.tried > len(editions_shipped()[0].parameters)
    assert not result.unexplained, [mutant.key for mutant in result.unexplained]
    assert not result.stale


def test_no_case_notices_a_parameter_set_to_what_it_is() -> None:
    """The counter-check: what fails above fails for the change, not for how it was made."""
    asked = cases()
    for edition in editions_shipped():
        for parameter in edition.parameters.values():
            assert noticed_by(Mutant(parameter, replace(parameter), "unchanged"), asked) is None
