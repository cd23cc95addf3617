"""What a person reads: the link first, failures before the rest, never more than WeChat carries."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from workflow.answering.photos import MOST_TOGETHER
from workflow.intake.wording import NOTICE, SIZE_QUESTION, TEXT_BYTES, Outcome, answer

CLAUSES = ("code", "D.1.1.corner", "D.1.1.edge", "D.2.1.contrast", "D.3.1", "D.3.2", "D.4", "D.5.1")


def report_of(*verdicts: tuple[str, str, str], retake: str | None = None) -> dict[str, Any]:
    findings = [{"clause": clause, "verdict": verdict, "advice": advice} for clause, verdict, advice in verdicts]
    overall = "fail" if any(f["verdict"] == "fail" for f in findings) else "pass"
    shown = {"sheet_mm": [100, 70], "codes": [{"text": "x"}], "text": ["合格证"]}
    return {"verdict": overall, "findings": findings, "retake": retake, **shown}


def test_failures_come_first_and_the_link_before_them() -> None:
    text = answer(
        [
            Outcome(
                report_of(
                    ("D.2.1.contrast", "pass", "对比度 0.97"),
                    ("D.3.2", "unclear", "静区看不清，请靠近再拍"),
                    ("D.3.1", "fail", "二维码边长 17.8 mm，要求 ≥ 20 mm（D.3.1）：请放大到 20 mm 以上重新印刷"),
                    ("D.4", "unclear", "照片看不出"),
                ),
                "https://sample.test/r/x?t=1.2",
            )
        ]
    )
    lines = text.split("\n")
    assert lines[0] == "不合格：1 项不符合附录 D"
    assert lines[1] == '<a href="https://sample.test/r/x?t=1.2">查看完整报告</a>'
    assert lines[2] == "✗ 二维码边长 17.8 mm，要求 ≥ 20 mm（D.3.1）：请放大到 20 mm 以上重新印刷"
    assert lines[3] == "？ 留白静区：静区看不清，请靠近再拍"
    assert lines[4] == "✓ 黑白对比度"
    assert "照片看不出" not in text


def test_one_cause_of_many_unclear_checks_is_said_once() -> None:
    cause = "不知道合格证尺寸，无法换算毫米"
    text = answer([Outcome(report_of(("D.3.1", "unclear", cause), ("D.3.2", "unclear", cause)), "https://s.test/r/x")])
    assert text.count(cause) == 1
    assert "二维码尺寸、留白静区：" in text


def test_a_photo_without_a_certificate_gets_one_sentence() -> None:
    report = report_of(*((clause, "unclear", f"{clause} 看不清") for clause in CLAUSES)) | {"codes": [], "text": []}
    report["verdict"] = "unclear"
    text = answer([Outcome(report, "https://sample.test/r/x")])
    assert text.split("\n")[0] == "照片里没有找到合格证和追溯码"
    assert len(text.split("\n")) == 3


def test_a_missing_size_is_said_once_and_not_as_bad_sight() -> None:
    report = report_of(
        ("code", "pass", "读到追溯码"), ("D.3.1", "unclear", "不知道尺寸"), ("D.3.2", "unclear", "不知道尺寸")
    )
    report |= {"sheet_mm": None, "verdict": "unclear"}
    text = answer([Outcome(report, "https://sample.test/r/x")], question=SIZE_QUESTION)
    assert text.startswith("已判 1 项合格，另 2 项要知道合格证多大才能判")
    assert "不知道尺寸" not in text


@given(
    st.lists(
        st.lists(
            st.tuples(st.sampled_from(CLAUSES), st.sampled_from(["pass", "fail", "unclear"]), st.text(max_size=300))
        ),
        min_size=1,
        max_size=MOST_TOGETHER,
    ),
    st.booleans(),
    st.booleans(),
)
def test_every_answer_fits_and_keeps_each_link(reports: list[Any], asks: bool, upload: bool) -> None:
    outcomes = [
        Outcome(
            report_of(*findings),
            f"https://sample.test/r/{'x' * 12}{i}?t=1793500000.{'y' * 24}",
            upload_link=f"https://sample.test/u/{'t' * 22}" if upload and len(reports) == 1 else "",
            wants_original=upload,
            product_name="额定电压 450/750V 及以下聚氯乙烯绝缘无护套电缆电线（样例） 60227 IEC 01 (BV) 2.5",
        )
        for i, findings in enumerate(reports)
    ]
    text = answer(outcomes, notice=NOTICE, question=SIZE_QUESTION if asks else "")
    assert len(text.encode()) <= TEXT_BYTES
    for outcome in outcomes:
        assert outcome.report_link in text
    if asks:
        assert SIZE_QUESTION in text
