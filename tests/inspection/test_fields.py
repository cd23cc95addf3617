"""D.5.1: labels on the sheet, folding, what counts as different, and what stays in doubt (R30)."""

import numpy as np
import pytest

from inspection.fields import Stated, compare, credit_check, day_of, same_value, stated_fields
from inspection.ocr import Line
from inspection.report import Verdict

USCC = "91310000MA0000007L"


def line(text: str, x: float = 0, y: float = 0, width: float | None = None, score: float = 0.99) -> Line:
    width = 12.0 * len(text) if width is None else width
    return Line(text, score, np.array([[x, y], [x + width, y], [x + width, y + 20], [x, y + 20]]))


def values(*lines: Line) -> dict[str, str]:
    return {name: field.value for name, field in stated_fields(lines).items()}


def test_values_follow_their_label_or_stand_beside_it() -> None:
    assert values(
        line("规格型号：BV 2.5"), line("生产批次", y=40), line("L2026A", x=120, y=42), line("生产日期 2026-11-03", y=80)
    ) == {"model": "BV 2.5", "batch": "L2026A", "date": "2026-11-03"}


def test_a_value_may_stand_under_its_label() -> None:
    assert values(
        line("产品名称"), line("聚氯乙烯绝缘电线", y=26), line("生产批次", y=60), line("生产日期", x=200, y=60),
        line("L2026A", y=86), line("2026-11-03", x=200, y=86),
    ) == {"name": "聚氯乙烯绝缘电线", "batch": "L2026A", "date": "2026-11-03"}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("规格型号：BV 2.5  生产批次：L2026A", {"model": "BV 2.5", "batch": "L2026A"}),
        ("规格型号:BV2.5生产批次:L2026A", {"model": "BV2.5", "batch": "L2026A"}),
        ("型号规格 BV 2.5 批号 L2026A", {"model": "BV 2.5", "batch": "L2026A"}),
        ("批  号：L2026A", {"batch": "L2026A"}),
        ("炉批号：A26-0311", {"batch": "A26-0311"}),
        ("检验日期：2026-11-05 制造日期：2026-11-03", {"date": "2026-11-03"}),
        ("检验日期：2026-11-05", {}),
        ("生产日期：见外包装", {}),
        ("Model 型号: RVV 2*1.5", {"model": "RVV 2*1.5"}),
        ("Batch No. 批号: L2026A", {"batch": "L2026A"}),
        ("Batch No.: L2026A  Date: 2026.11.03", {"batch": "L2026A", "date": "2026.11.03"}),
        ("LOT: L2026A  MFD: 20261103", {"batch": "L2026A", "date": "20261103"}),
        ("产品名称(Product)：电线", {"name": "电线"}),
        (
            f"生产企业：样例电缆有限公司统一社会信用代码：{USCC}",
            {"firm": "样例电缆有限公司", "uscc": USCC},
        ),
        ("制造商：样例电缆有限公司 地址：样例路1号", {"firm": "样例电缆有限公司"}),
        ("客户名称：另一家有限公司", {}),
        ("用户在安装使用前应核对型号规格和数量，按照国家标准", {}),
        ("型号规格和数量，按照国家有关标准敷设", {}),
        ("本批次产品经检验合格", {}),
        ("产品合格证", {}),
        ("批号：2026-11-03", {}),  # a date in the batch's place is a slip of one of us
        ("产品编号：0001  数量：3", {"serial": "0001"}),
        (USCC, {"uscc": USCC}),
        ("91310000MA0000008L", {}),
        ("样例电缆有限公司", {"firm": "样例电缆有限公司"}),
        ("监制：样例电缆有限公司", {}),
    ],
)
def test_labels_of_many_kinds(text: str, expected: dict[str, str]) -> None:
    assert values(line(text)) == expected


def test_a_labelled_firm_stands_before_the_name_at_the_foot() -> None:
    foot = line("别家样例有限公司", y=300)
    assert values(foot)["firm"] == "别家样例有限公司"
    assert values(line("厂名：样例电缆厂"), foot)["firm"] == "样例电缆厂"
    assert not stated_fields([foot])["firm"].labelled


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-11-03", (26, 11, 3)), ("2026.11.3", (26, 11, 3)), ("2026/11/03", (26, 11, 3)),
        ("2026年11月3日", (26, 11, 3)), ("２０２６年１１月０３日", (26, 11, 3)), ("20261103", (26, 11, 3)),
        ("261103", (26, 11, 3)), ("26/11/03", (26, 11, 3)), ("03 NOV 2026", (26, 11, 3)), ("Nov. 3, 2026", (26, 11, 3)),
        ("2026年11月", (26, 11, 0)), ("2O26-11-O3", (26, 11, 3)), ("03/11/26", None), ("2026-13-03", None),
        ("L2026A", None), ("", None), ("见包装", None),
    ],
)  # fmt: skip
def test_dates_in_all_forms(text: str, day: tuple[int, int, int] | None) -> None:
    assert day_of(text) == day


@pytest.mark.parametrize(
    ("name", "first", "second", "outcome"),
    [
        ("batch", "L2O26A", "L2026A", True),
        ("batch", "L2026A", "L2026B", False),
        ("batch", "L-2026A", "L2026A", True),
        ("batch", "2026-001", "2026001", None),
        ("batch", "L2026A (共3卷)", "L2026A", True),
        ("batch", "L2026 B", "L2026", None),
        ("batch", "L2026A", "L2026A-1", False),
        ("batch", "2026–001", "2026-001", True),
        ("model", "BV 2.5", "ＢＶ２．５", True),
        ("model", "BV 2.5", "BV 25", False),
        ("model", "BV2.5mm²", "BV 2.5", True),
        ("model", "BV 450/750V 2.5", "BV 2.5", None),
        ("model", "3×2.5", "3x2.5", True),
        ("model", "BV 1×2.5", "BV 2.5", True),
        ("model", "YJV 3×25+1×16", "YJV 3×25+16", True),
        ("model", "RVV 2°1.5", "RVV 2*1.5", True),
        ("model", "BV 11×2.5", "BV 2.5", False),
        ("model", "3×2.5", "3×1.5", False),
        ("model", "3*2.5+1*1.5", "3×2.5+1×1.5", True),
        ("date", "2026年11月3日", "261103", True),
        ("date", "2026-11-03", "20261130", False),
        ("date", "2026-11-03", "2026-11-08", False),
        ("date", "见包装", "261103", None),
        ("date", "2026-11-03", "261100", True),
        ("firm", "样例电缆有限公司", "样例电缆有限公司", True),
        ("firm", "样例电缆有限公司", "另一家样例公司", False),
        ("uscc", "9131OOOOMAOOOOOO7L", USCC, True),
        ("uscc", "91310000MA0000008L", USCC, None),  # fails its own check: a misreading, or a misprint
        ("uscc", "91310000631696382C", USCC, False),
    ],
)
def test_same_value(name: str, first: str, second: str, outcome: bool | None) -> None:
    assert same_value(name, first, second) is outcome


def test_the_check_character_of_a_credit_code() -> None:
    assert credit_check(USCC)
    assert credit_check("91310000631696382C")
    assert not credit_check("91310000631696383C")
    assert not credit_check(USCC[:-1])
    assert not credit_check("91310000MA00000O7L")


def test_the_outcome_of_a_comparison() -> None:
    sheet = {"batch": Stated("L2026A", 0.99), "model": Stated("BV 2.5", 0.99)}
    assert compare(sheet, {"batch": "L2026A"}, {}).verdict is Verdict.PASS
    assert compare(sheet, {"batch": "L2026C"}, {}).verdict is Verdict.FAIL
    assert compare(sheet, {}, {"规格型号": "BV 2.5"}).verdict is Verdict.UNCLEAR
    assert compare(sheet, {"batch": "L2026A"}, {"model": "BV 4"}).differ == (("规格型号", "BV 2.5", "BV 4"),)
    assert compare({}, {"batch": "L2026A"}, {"batch": "L2026B"}).verdict is Verdict.FAIL
    assert compare({}, {}, {}).compared == 0


def test_a_doubtful_reading_neither_fails_nor_passes() -> None:
    outcome = compare({"batch": Stated("L2026C", 0.6)}, {"batch": "L2026A"}, {})
    assert outcome.verdict is Verdict.UNCLEAR
    assert outcome.differ == ()
    assert outcome.doubtful == (("生产批次", "L2026C", "L2026A"),)
    assert outcome.advice is not None
    assert "L2026C" in outcome.advice
    assert "重" in outcome.advice or "再发" in outcome.advice


@pytest.mark.parametrize(
    ("name", "here", "there"),
    [
        ("batch", "L2026B", "L20268"),
        ("batch", "LS026", "L5026"),
        ("model", "ZR 4", "2R 4"),
        ("model", "BV 25", "BV 2.5"),
    ],
)
def test_look_alikes_and_overlooked_points_are_no_sure_difference(name: str, here: str, there: str) -> None:
    outcome = compare({name: Stated(here, 0.999)}, {name: there}, {})
    assert outcome.differ == ()
    assert outcome.doubtful


def test_a_point_on_the_sheet_that_the_record_lacks_is_a_difference() -> None:
    assert compare({"model": Stated("BV 2.5", 0.999)}, {}, {"model": "BV 25"}).verdict is Verdict.FAIL


def test_one_unsure_character_where_it_matters_is_a_doubt() -> None:
    sure = (0.99,) * 9
    far = Stated("2026-11-08", 0.95, (0.5, *sure))
    near = Stated("2026-11-08", 0.95, (*sure, 0.5))
    assert compare({"date": far}, {"date": "261103"}, {}).verdict is Verdict.FAIL
    assert compare({"date": near}, {"date": "261103"}, {}).verdict is Verdict.UNCLEAR


def test_what_differs_is_looked_at_again() -> None:
    sheet = line("生产日期：2026-11-08")
    stated = stated_fields([sheet])
    seen: list[str] = []

    def look(*texts: str) -> Verdict:
        def again(asked: Line) -> list[Line]:
            seen.append(asked.text)
            return [line(text) for text in texts]

        return compare(stated, {"date": "261103"}, {"batch": "x"}, again).verdict

    assert look("2026-11-08", "2026-11-08") is Verdict.FAIL
    assert look("2026-11-03", "2026-11-08") is Verdict.UNCLEAR
    assert compare(stated, {"date": "261103"}, {}, lambda _: [line("2026-11-03")] * 2).agree == ("date",)
    assert look("生产日期：2026-11-08", "2026-11-08") is Verdict.FAIL
    assert look() is Verdict.UNCLEAR
    assert look("2026-11-0", "2026-11-08") is Verdict.UNCLEAR
    agreed = len(seen)
    assert compare(stated, {"date": "261108"}, {}, lambda _: pytest.fail("agreed already")).agree == ("date",)
    assert len(seen) == agreed


def test_a_place_is_looked_at_once_however_many_sources_differ() -> None:
    calls = []

    def again(asked: Line) -> list[Line]:
        calls.append(asked)
        return [line("BV 6"), line("BV 6")]

    stated = stated_fields([line("型号：BV 6")])
    outcome = compare(stated, {"model": "BV 4"}, {"model": "BV 4"}, again)
    assert outcome.differ == (("规格型号", "BV 6", "BV 4"),)
    assert len(calls) == 1


def test_the_place_looked_at_again_is_the_value_alone() -> None:
    text = "生产批次：L2026A 生产日期：2026-11-08"
    at = tuple((i + 0.5) / len(text) for i in range(len(text)))
    corners = np.array([[0, 0], [260, 0], [260, 20], [0, 20]], float)
    stated = stated_fields([Line(text, 0.99, corners, (0.99,) * len(text), at)])
    asked: list[Line] = []
    compare(stated, {"date": "261103"}, {}, lambda place: asked.append(place) or [])
    (x0, _), (x1, _) = asked[0].corners[0], asked[0].corners[1]
    assert x0 == pytest.approx(163.7, abs=1)  # half way to the colon before it
    assert x1 == pytest.approx(260, abs=1)


def test_values_without_a_label_prove_no_difference() -> None:
    stated = stated_fields([line("样例电缆有限公司", y=100), line("91310000631696382C")])
    outcome = compare(stated, {"uscc": USCC}, {"firm": "另外一家制造有限公司"})
    assert outcome.differ == ()
    assert outcome.verdict is Verdict.UNCLEAR


def test_a_batch_under_an_unknown_label_still_agrees() -> None:
    lines = [line("工单 L2026A 样例")]
    assert compare({}, {"batch": "L2026A"}, {}, lines=lines).verdict is Verdict.PASS
    printed = [line("(01)06901234567892(10)L2026A"), line("https://id.gs1.org/01/06901234567892/10/L2026A")]
    assert compare({}, {"batch": "L2026A"}, {}, lines=printed).compared == 0
    assert compare({}, {"batch": "12"}, {}, lines=[line("12")]).compared == 0


def test_of_several_firms_without_a_label_any_may_be_the_maker() -> None:
    lines = [line("样例电缆有限公司"), line("样例检测技术有限公司", y=300)]
    outcome = compare(stated_fields(lines), {}, {"firm": "样例电缆有限公司"}, lines=lines)
    assert outcome.agree == ("firm",)
    assert outcome.doubtful == ()


def test_a_credit_code_that_fails_its_check_is_a_doubt() -> None:
    stated = {"uscc": Stated("91310000MA0000001L", 0.999)}
    outcome = compare(stated, {"uscc": USCC}, {})
    assert outcome.verdict is Verdict.UNCLEAR
    assert outcome.doubtful[0][0] == "统一社会信用代码"
