"""The same place on every certificate of one category: D.1.3."""

from datetime import date
from decimal import Decimal

import pytest

from inspection.placement import Placement, same_place
from inspection.profile import limit
from inspection.report import Finding, Verdict
from standard.profile import edition_on


def placed(
    right: float, top: float, *, uncertainty: float = 0.08, height: float = 70.0, name: str = "1 月"
) -> Placement:
    bottom = height - 22 - top
    edge = {"left": 100 - 22 - right, "top": top, "right": right, "bottom": bottom}
    return Placement("top" if top < bottom else "bottom", edge, 22.0, uncertainty, (100.0, height), name)


def test_alone_there_is_nothing_to_compare() -> None:
    finding = same_place(placed(7, 8), [])
    assert (finding.clause, finding.verdict) == ("D.1.3", Verdict.UNCLEAR)


def test_close_by_passes() -> None:
    finding = same_place(placed(7, 8), [placed(7.9, 7.2), placed(6.4, 8.1)])
    assert finding.verdict is Verdict.PASS
    assert "2 张" in finding.advice


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (placed(9.6, 8), ("向左移了 2.6 mm", "移回距右边 7.0 mm")),
        (placed(4.4, 8), ("向右移了 2.6 mm", "移回距右边 7.0 mm")),
        (placed(7, 10.8), ("向下移了 2.8 mm", "移回距上边 8.0 mm")),
    ],
)
def test_further_than_two_millimetres_fails_and_says_which_way(now: Placement, words: tuple[str, ...]) -> None:
    finding = same_place(now, [placed(7, 8)])
    assert finding.verdict is Verdict.FAIL
    assert all(word in finding.advice for word in (*words, "D.1.3", "1 月"))


def test_another_corner_fails() -> None:
    finding = same_place(placed(7, 40), [placed(7, 8)])
    assert finding.verdict is Verdict.FAIL
    assert "右下角" in finding.advice
    assert "右上角" in finding.advice


def test_within_the_uncertainty_of_the_limit_is_unclear() -> None:
    assert same_place(placed(9.1, 8), [placed(7, 8)]).verdict is Verdict.UNCLEAR
    assert same_place(placed(8.95, 8), [placed(7, 8)]).verdict is Verdict.UNCLEAR
    assert same_place(placed(9.1, 8, uncertainty=0.02), [placed(7, 8, uncertainty=0.02)]).verdict is Verdict.FAIL


def test_a_report_gives_the_placement_only_where_it_was_decided() -> None:
    edge = {"left": 71.0, "top": 8.0, "right": 7.0, "bottom": 40.0}
    measured = {"edge_mm": edge, "uncertainty_mm": 0.05}

    def findings(corner: Verdict) -> list[Finding]:
        return [
            Finding("D.1.1.corner", corner, measured, "", ""), Finding("D.1.1.edge", Verdict.PASS, measured, "", ""),
            Finding("D.3.1", Verdict.PASS, {"side_mm": 22.0}, "", ""),
        ]  # fmt: skip

    placement = Placement.of(findings(Verdict.PASS), "二月")
    assert placement == Placement("top", edge, 22.0, 0.05, (100.0, 70.0), "二月")
    assert Placement.of(findings(Verdict.UNCLEAR)) is None
    assert Placement.of([]) is None


def test_the_figure_is_the_one_of_the_standard() -> None:
    assert Decimal(str(limit("position_mm"))) == edition_on(date(2026, 6, 1)).number("prints.position_mm")
