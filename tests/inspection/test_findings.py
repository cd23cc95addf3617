"""Verdicts and sentences: the cause fails, its consequences wait, a poor photo is never a poor print."""

from dataclasses import replace

import pytest

from benchmarks.defects import Defect
from inspection.findings import CLAUSES, Evidence, judge
from inspection.measure import Print
from inspection.report import Finding, Verdict
from tests.inspection.test_measure import laid, measured


def judged(*defects: Defect, **changes: object) -> dict[str, Finding]:
    """The findings on a print without its sheet; ``changes`` replace measures."""
    found, _ = measured(*defects)
    symbol, grid = laid(*defects)
    seen: Print = replace(found, **changes)  # type: ignore[arg-type]
    evidence = Evidence(
        symbol=symbol, trace_kind="GS1", expected=False, legible_without_code=False, grid=grid, sheet=None,
        size_known=(56.0, 42.0), print=seen, text_on_code=None, upright_by_text=False, way_up=True, agreement=None,
    )  # fmt: skip
    findings = judge(evidence)
    assert tuple(f.clause for f in findings) == CLAUSES
    return {f.clause: f for f in findings}


def failed(findings: dict[str, Finding]) -> list[str]:
    return [clause for clause, finding in findings.items() if finding.verdict is Verdict.FAIL]


@pytest.mark.parametrize(
    ("defect", "clause", "words"),
    [
        (
            Defect("seal", 4.0, angle=180.0),
            "D.1.1.clear",
            "印章或彩色笔迹盖到了二维码上（D.1.1）：请把印章盖在离二维码 5 mm",
        ),
        (Defect("line_over", 4.0), "D.1.1.clear", "文字或线条压进二维码"),
        (Defect("crease", 0.35, angle=20.0), "D.1.2", "有一道折痕穿过（D.1.2）"),
        (Defect("wrong_modules", 4.0), "D.2.3", "有 4 个模块错印或漏印（D.2.3）"),
        (Defect("uneven", 0.5, angle=60.0), "D.2.3", "墨色不均，一侧比另一侧淡"),
        (Defect("streak", 0.5), "D.2.1.sharpness", "有缺线（宽约 0.5 个模块）（D.2.1）"),
        (Defect("scratches", 3.0), "D.4", "有划痕"),
    ],
)
def test_the_cause_fails_alone_and_says_what_to_do(defect: Defect, clause: str, words: str) -> None:
    findings = judged(defect)
    assert failed(findings) == [clause]
    assert words in findings[clause].advice
    assert findings[clause].advice.endswith("重新印刷。")


def test_what_follows_from_a_cause_waits_for_it() -> None:
    findings = judged(Defect("uneven", 0.6, angle=0.0))
    assert findings["D.2.1.contrast"].verdict is Verdict.UNCLEAR
    assert "D.2.3" in findings["D.2.1.contrast"].advice


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"shade": 4.0}, "光线不均"), ({"bend": 0.6}, "不平"), ({"density": 2.4}, "2.4 个像素"),
        ({"blur": 0.5}, "对好焦"), ({"glare": True}, "反光"),
    ],
)  # fmt: skip
def test_a_poor_photo_proves_no_fault(changes: dict[str, object], words: str) -> None:
    findings = judged(Defect("stain", 1.8), **changes)
    assert findings["D.2.1.sharpness"].verdict is Verdict.UNCLEAR
    assert words in findings["D.2.1.sharpness"].advice
    assert not failed(findings)


def test_low_contrast_names_both_figures() -> None:
    findings = judged(Defect("low_contrast", 132))
    assert failed(findings) == ["D.2.1.contrast"]
    assert "二维码对比度 74%，要求 ≥ 90%（D.2.1）" in findings["D.2.1.contrast"].advice


def test_a_sound_print_passes_and_says_what_a_photo_cannot_prove() -> None:
    findings = judged()
    assert not failed(findings)
    assert "不能证明 300 dpi" in findings["D.2.1.sharpness"].advice


def test_modules_that_were_not_read_are_not_called_sound() -> None:
    found, _ = measured()
    symbol, grid = laid()
    evidence = Evidence(
        symbol=replace(symbol, text="", readers=frozenset()), trace_kind=None, expected=False,
        legible_without_code=False, grid=replace(grid, exact=False), sheet=None, size_known=None, print=found,
        text_on_code=None, upright_by_text=False, way_up=True, agreement=None,
    )  # fmt: skip
    findings = {f.clause: f for f in judge(evidence)}
    assert findings["D.2.1.sharpness"].verdict is Verdict.UNCLEAR
    assert findings["D.2.3"].verdict is Verdict.UNCLEAR
