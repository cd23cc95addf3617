"""What is told of a code in every case: state, coverage, history, and what is no trace code at all (4.3.3, 7.6)."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace as Row
from typing import Any

import pytest

from models import ScanOutcome
from standard import life
from standard.codes import Level, read
from standard.months import Month, MonthState
from standard.outcome import Finding, Outcome
from standard.profile import edition_on
from standard.validity import Holder, State
from workflow.certifying.certificate_life import holder_to_json, life_to_json
from workflow.scanning.resolution import Resolved
from workflow.scanning.scan_wording import CARE, DISCLAIMER, GOOD, WARNING, Told, facts, shown_code, told, unlinked
from workflow.scanning.scans import History, LookUp

ISSUED = date(2026, 8, 20)
EDITION = edition_on(ISSUED)
NOW = datetime(2026, 11, 27, 4, 0, tzinfo=UTC)
ITEM = "https://id.gs1.org/01/06901234567892/21/0001"
BATCH = "https://id.gs1.org/01/06901234567892/10/L2026A"


def certificate(state: State = State.ACTIVE, months: int = 3, **given: Any) -> Row:
    records = tuple(
        life.MonthRecord(Month(2026, 9 + number), MonthState.ON_TIME, settled=True) for number in range(months)
    )
    lived = life.Certificate(
        number="T/CMIF-2026-000001", grade="A", state=state, issued=ISSUED, last_day=date(2027, 8, 19), months=records,
        **given,
    )  # fmt: skip
    return Row(
        number=lived.number, grade="A", state=state, issued_on=ISSUED, last_day=lived.last_day,
        life=life_to_json(lived),
        holder=holder_to_json(Holder("样例电缆有限公司", "91330100MA2SAMPL0X", "样例路 1 号", ("电线电缆",))),
    )  # fmt: skip


PRODUCT = Row(
    name="聚氯乙烯绝缘电线（样例）", model="BV 2.5", category="电线电缆", retired_at=None,
    enterprise=Row(name="样例电缆有限公司"),
)  # fmt: skip


def known(text: str = ITEM, history: History | None = None, **given: Any) -> Told:
    values = {"product": PRODUCT, "certificate": certificate(), "covered": True, **given}
    found = Resolved(read(text, edition=EDITION), "k" * 32, ScanOutcome.KNOWN, (), **values)
    return told(LookUp(found, history), NOW)


def other(outcome: ScanOutcome, text: str, *findings: Finding) -> Told:
    return told(LookUp(Resolved(read(text, edition=EDITION), "k" * 32, outcome, findings), None), NOW)


def all_of(said: Told) -> str:
    return "\n".join((said.headline, *said.lines, said.advice, said.disclaimer))


STATES = [
    (State.ACTIVE, GOOD, "企业追溯能力 A 级（良好级），证书正常", "已延续至 2026 年 11 月，有效期至 2027-08-19"),
    (State.WARNED, CARE, "企业追溯能力 A 级（良好级），证书预警", "正在限期补报（8.1(3)）"),
    (
        State.SUSPENDED,
        WARNING,
        "生产企业的证书已暂停（原为 A 级（良好级））",
        "暂不能作为采购、入驻的依据（9.2(2)、10.3）",
    ),
    (State.EXPIRED, WARNING, "生产企业的证书已失效", "有效期已经届满（9.3）"),
    (State.REVOKED, WARNING, "生产企业的证书已被撤销", "已被平台撤销（9.5.1）"),
    (State.CANCELLED, WARNING, "生产企业的证书已注销", "已经注销（9.5.2）"),
    (State.SUPERSEDED, WARNING, "生产企业的证书已更换", "已换发新证书（9.3(2)）"),
]


@pytest.mark.parametrize(("state", "tone", "headline", "line"), STATES)
def test_the_state_of_the_certificate_decides_tone_and_headline(
    state: State, tone: str, headline: str, line: str
) -> None:
    said = known(certificate=certificate(state))
    assert (said.tone, said.headline) == (tone, headline)
    assert line in all_of(said)


def test_a_living_certificate_tells_its_months_and_open_conditions() -> None:
    assert "本期证书已有 3 个月的追溯资料核验合格（8.1）。" in known().lines
    assert any("还没有到第一个月度提报月份" in line for line in known(certificate=certificate(months=0)).lines)
    assert any("附录 D 第 D.3.1 条" in line for line in known(certificate=certificate(conditions=("D.3.1",))).lines)
    ended = known(certificate=certificate(State.REVOKED, conditions=("D.3.1",)))
    assert "3 个月" not in all_of(ended)
    assert "D.3.1" not in all_of(ended)


def test_a_certificate_of_other_categories_is_none_of_this_product() -> None:
    said = known(covered=False, product=Row(**{**vars(PRODUCT), "category": "燃气灶具"}))
    assert (said.tone, said.headline) == (CARE, "证书不包括这款产品的品类")
    assert "只包括：电线电缆" in said.lines[0]
    assert "“燃气灶具”" in said.lines[0]
    assert "A 级" not in all_of(said)


def test_without_a_certificate_nothing_is_said_against_the_firm() -> None:
    said = known(certificate=None, covered=False)
    assert (said.tone, said.headline) == (CARE, "生产企业没有追溯能力评价证书")
    assert "没有证书不说明企业或产品有问题" in said.lines[0]


def history(times: int, *, only_by_you: bool = False, first: datetime | None = None, region: str = "广东") -> History:
    first = first or datetime(2026, 3, 1, 20, 0, tzinfo=UTC)
    return History(times, first if times else None, region, NOW if times else None, only_by_you)


FIRST = "这个码是第一次被查询（除您以外没有人查过）。"
SEALED = "如果您买的是全新未拆封的产品，请向卖家核实"
HISTORIES = [
    (history(0), FIRST),
    (history(2, only_by_you=True), FIRST),
    (history(1), f"此码首次查询于 2026-03-02（广东）：{SEALED}"),
    (history(4), f"此码首次查询于 2026-03-02（广东），此后又被查询 3 次：{SEALED}"),
    (history(4, region=""), f"此码首次查询于 2026-03-02，此后又被查询 3 次：{SEALED}"),
    (history(2, first=NOW - timedelta(hours=1)), f"此码首次查询于今天（广东），此后又被查询 1 次：{SEALED}"),
]


@pytest.mark.parametrize(("before", "line"), HISTORIES)
def test_the_history_of_a_single_item(before: History, line: str) -> None:
    said = known(history=before)
    assert any(one.startswith(line) for one in said.lines), said.lines
    assert not any("批次码" in one for one in said.lines)


@pytest.mark.parametrize(
    ("text", "level", "line"),
    [
        (BATCH, Level.BATCH, "这是批次码，同批产品共用，查询次数不说明真伪。"),
        ("6901234567892", Level.CLASS, "这是品类码，同款产品共用，查询次数不说明真伪。"),
        (
            "http://2dcode.org/00123",
            Level.NONE,
            "这个码的编号由发码平台分配，看不出是单件还是批次，查询次数不说明真伪。",
        ),
    ],
)
def test_a_code_that_many_share_has_no_history(text: str, level: Level, line: str) -> None:
    assert read(text, edition=EDITION).unique_level is level
    assert line in known(text).lines


def test_where_nobody_looks_an_items_history_is_left_out() -> None:
    assert not any("查询" in line for line in known(ITEM, None).lines)


def test_what_is_known_of_an_item_stands_among_its_facts() -> None:
    found = Resolved(
        read(ITEM, edition=EDITION), "k" * 32, ScanOutcome.KNOWN, (), PRODUCT,  # type: ignore[arg-type]
        Row(batch="L2026A", made_on=date(2026, 10, 8)),  # type: ignore[arg-type]
    )  # fmt: skip
    assert facts(found) == (
        ("产品", "聚氯乙烯绝缘电线（样例） BV 2.5"),
        ("生产企业", "样例电缆有限公司"),
        ("追溯码", "(01)06901234567892(21)0001"),
        ("生产批次", "L2026A"),
        ("生产日期", "2026-10-08"),
    )
    assert "不再登记这款产品" in all_of(known(product=Row(**{**vars(PRODUCT), "retired_at": NOW})))


LIKE = Finding("3.4", Outcome.FAIL, "像 iotroot.com", ("R32",), "iotroot.com.evil.cn", "iotroot.com")
LISTED = Finding("3.4", Outcome.FAIL, "MA 标识不在追溯码允许清单内（3.4、R32）", ("R32",))
OTHERS = [
    (ScanOutcome.UNKNOWN, ITEM, (), CARE, "没有查到这个码", "查不到不说明产品有问题"),
    (ScanOutcome.UNKNOWN, ITEM, (Finding("4.3.3", Outcome.UNCLEAR, "这个码与几款产品的登记相符"),), CARE,
     "没有查到这个码", "与几款产品的登记相符"),
    (ScanOutcome.NOT_ALLOWED, "MA.156.ABCD.1", (LISTED,), CARE, "这是MA 标识（IDcode），不是认可的追溯码",
     "不在追溯码允许清单内（3.4、R32）"),
    (ScanOutcome.NOT_ALLOWED, "https://shop.test/p/1", (), CARE, "这是一个普通网址，不是追溯码",
     "网址属于 shop．test，里面没有商品条码"),
    (ScanOutcome.LOOK_ALIKE, "https://iotroot.com.evil.cn/E=1", (LIKE,), WARNING,
     "请当心：这个网址像 iotroot．com，但不是", "请勿点击、勿填写个人信息"),
    (ScanOutcome.LOOK_ALIKE, "https://iotroot.com.evil.cn/E=1", (), WARNING,
     "请当心：这个网址像官方追溯平台，但不是", "扫到的网址是 iotroot．com．evil．cn"),
    (ScanOutcome.MALFORMED, "6901234567891", (), CARE, "这个商品条码（GTIN）有错误", "校验"),
    (ScanOutcome.MALFORMED, "hello", (), CARE, "没认出这是什么码", "请核对每一位"),
]  # fmt: skip


@pytest.mark.parametrize(("outcome", "text", "findings", "tone", "headline", "words"), OTHERS)
def test_what_is_no_product_here_says_what_it_is_and_what_to_do(
    outcome: ScanOutcome, text: str, findings: tuple[Finding, ...], tone: str, headline: str, words: str
) -> None:
    said = other(outcome, text, *findings)
    assert (said.tone, said.headline) == (tone, headline)
    assert words in all_of(said)
    assert "12315" in said.advice


EVERY = [
    *(known(certificate=certificate(state)) for state, *_ in STATES),
    known(covered=False),
    known(certificate=None),
    *(known(history=before) for before, _ in HISTORIES),
    *(other(outcome, text, *findings) for outcome, text, findings, *_ in OTHERS),
]


@pytest.mark.parametrize("said", EVERY)
def test_no_answer_calls_a_product_genuine_and_every_one_says_what_a_grade_is_not(said: Told) -> None:
    words = all_of(said)
    assert said.disclaimer == DISCLAIMER == "等级反映企业的质量追溯能力，不代表产品质量或真伪认证。"
    assert not {word for word in ("正品", "真品", "保真", "假货") if word in words}
    assert "12315" in said.advice
    assert "://" not in words
    assert len(words.encode()) < 1400


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://evil.cn/a?b=1", "evil．cn/a?b=1"),
        ('<a href="https://evil.cn">领奖</a>', 'evil．cn"＞领奖＜/a＞'),
        ("evil.cn/领奖", "evil．cn/领奖"),
        ("a\nb\x1dc", "a b c"),
        ("x" * 200, "x" * 80 + "…"),
    ],
)
def test_foreign_text_makes_no_link(text: str, shown: str) -> None:
    assert unlinked(text) == shown


def test_a_code_is_shown_as_people_read_it() -> None:
    shown = {text: shown_code(read(text, edition=EDITION)) for text in (BATCH, "E=2000112345", "https://shop.test/1")}
    assert list(shown.values()) == ["(01)06901234567892(10)L2026A", "2000112345", "shop．test/1"]
