"""Facts files: read exactly, and refused gently: which line, what is wrong, what was meant."""

import json
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from app.cli import cli
from standard.facts import Channel, Collection, Excused, Facts, FactsRefused, Monthly, facts_from
from standard.facts_file import read_facts
from standard.outcome import Outcome

SAMPLES = Path(__file__).parents[2] / "docs" / "samples"


def refused(text: str | bytes) -> list[str]:
    with pytest.raises(FactsRefused) as caught:
        read_facts(text)
    return [str(problem) for problem in caught.value.problems]


def test_yaml_and_json_say_the_same() -> None:
    yaml = (
        "code_selection: pass\ncoverage: 0.9499\nquery_channels: [scan, web]\nmonthly:\n  timely: 1\ncollection: mes\n"
    )
    same = '{"code_selection": "pass", "coverage": 0.9499, "query_channels": ["scan", "web"], "monthly": {"timely": 1},'
    facts = Facts(
        code_selection=Outcome.PASS,
        coverage=Decimal("0.9499"),
        query_channels=frozenset({Channel.SCAN, Channel.WEB}),
        monthly=Monthly(Decimal(1)),
        collection=Collection.MES,
    )
    assert read_facts(yaml) == read_facts(same + ' "collection": "mes"}') == facts
    assert read_facts(b"\xef\xbb\xbf" + yaml.encode()) == read_facts("\ufeff" + yaml) == facts


@pytest.mark.parametrize(
    ("written", "number"),
    [("0.94999999999999999999", "0.94999999999999999999"), ("1", "1"), ("1.0", "1"), ("9.5e-1", "0.95"), ("0", "0")],
)
def test_numbers_are_what_is_written(written: str, number: str) -> None:
    assert read_facts(f"coverage: {written}").coverage == Decimal(number)


def test_a_float_is_the_decimal_that_it_is_shown_as() -> None:
    assert facts_from({"coverage": 0.95, "adoption_12m": 10.0}) == Facts(coverage=Decimal("0.95"), adoption_12m=10)


def test_an_empty_value_is_not_stated() -> None:
    assert read_facts("coverage:\nmonthly: ~\ncode_selection: null\n") == Facts()


def test_excused_facts() -> None:
    facts = read_facts("marketplace_rate: not_applicable\nmarketplace_automatic: not_applicable\nmonthly: not_due\n")
    assert facts.marketplace_rate is facts.marketplace_automatic is Excused.NOT_APPLICABLE
    assert facts.monthly is Excused.NOT_DUE


OUTCOME_WORDS = "应写 pass / fail / unclear 之一"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("coverge: 0.9", "第 1 行 coverge：没有这一项事实；您是不是要写 coverage（用码覆盖率）？"),
        ("\n用码覆盖率: 0.9", "第 2 行 用码覆盖率：没有这一项事实；您是不是要写 coverage（用码覆盖率）？"),
        ("zzz: 1", "第 1 行 zzz：没有这一项事实。"),
        ("Upload-Link: batch", "第 1 行 Upload-Link：没有这一项事实；您是不是要写 upload_link（国家平台对接）？"),
        (
            "monthly:\n  timly: 1",
            "第 2 行 monthly.timly：没有这一项事实；您是不是要写 monthly.timely（提报及时率）？",
        ),
        (
            "# 样例\ncoverage: 95%",
            "第 2 行 coverage（用码覆盖率）：不能写百分号，“95%”请写成 0.95。",
        ),
        ("coverage: ９５％", "第 1 行 coverage（用码覆盖率）：不能写百分号，“９５％”请写成 0.95。"),
        (
            "coverage: 95",
            "第 1 行 coverage（用码覆盖率）：应是 0 到 1 之间的小数（例如 0.95），现在是“95”；"
            "若是 95%，请写成 0.95。",
        ),
        ("coverage: 1.0001", "若是 1.0001%，请写成 0.010001。"),
        ("coverage: -0.1", "第 1 行 coverage（用码覆盖率）：应是 0 到 1 之间的小数（例如 0.95），现在是“-0.1”。"),
        ('coverage: "0.95"', "现在是文字“0.95”；请去掉引号写成 0.95。"),
        ("coverage: 很高", "现在是“很高”。"),
        ("coverage: true", "现在是“true”。"),
        ("coverage: [0.9]", "现在是一个列表。"),
        ("coverage: {a: 1}", "现在是一组键值。"),
        ("coverage: .inf", "第 1 行 coverage：“.inf”请写成普通的小数或整数"),
        ("coverage: 0x1", "“0x1”请写成普通的小数或整数"),
        ("adoption_12m: 010", "“010”请写成普通的小数或整数"),
        ("query_seconds: 1:30", "“1:30”请写成普通的小数或整数"),
        ("adoption_12m: 9.5", "第 1 行 adoption_12m（近 12 个月采信记录）：应是 0 到 1000000 的整数，现在是“9.5”。"),
        ("adoption_12m: 1e99", "应是 0 到 1000000 的整数"),
        ("adoption_12m: -1", "应是 0 到 1000000 的整数，现在是“-1”。"),
        ("query_seconds: 3601", "应是 0 到 3600 的秒数，现在是“3601”。"),
        ("query_seconds: -1", "应是 0 到 3600 的秒数，现在是“-1”。"),
        ("code_selection: yes", f"第 1 行 code_selection（追溯码选用）：{OUTCOME_WORDS}，现在是“yes”；"),
        ("code_selection: yes", "您是不是要写 pass？"),
        ("code_selection: 不合格", f"{OUTCOME_WORDS}，现在是“不合格”；您是不是要写 fail？"),
        ("code_selection: Passed", f"{OUTCOME_WORDS}，现在是“Passed”；您是不是要写 pass？"),
        ("code_selection: 1", f"{OUTCOME_WORDS}，现在是“1”。"),
        ("code_selection: not_applicable", f"{OUTCOME_WORDS}，现在是“not_applicable”。"),
        ("collection: semi-automatic", "您是不是要写 semi_automatic？"),
        ("collection: 人工", "您是不是要写 manual？"),
        ("query_channels: scan", "应是列表，例如 [scan, web]，现在是“scan”。"),
        ("query_channels: [scan, 小程序]", "应写 scan / web / miniapp 之一，现在是“小程序”；您是不是要写 miniapp？"),
        ("marketplace_rate: 不适用", "您是不是要写 not_applicable？"),
        ("marketplace_rate: 2", "（不适用请写 not_applicable）"),
        ("monthly: 未到期", "第 1 行 monthly（月度提报）：应写 not_due，或 {timely: 0.95, compliant: 0.95}，"),
        ("monthly: 未到期", "现在是“未到期”；您是不是要写 not_due？"),
        ("monthly: 0.9", "应写 not_due，或"),
        ("coverage: 0.9\ncoverage: 0.8", "第 2 行 coverage：重复了，第 1 行已经写过。"),
        ("? [a]\n: 1", "第 1 行 冒号左边应是一个事实的名字。"),
        ("- coverage", "第 1 行 应是“事实: 值”的清单"),
        ("coverage", "第 1 行 应是“事实: 值”的清单"),
        ("coverage：0.9", "第 1 行 用了全角冒号“：”"),
        ("code_selection: pass\ncoverage：0.9", "第 2 行 用了全角冒号“：”"),
        ("code_selection: pass\ncoverage:0.9", "第 2 行 冒号后面要有一个空格。"),
        ("monthly:\n\ttimely: 1", "第 2 行 用了制表符，请改用空格缩进。"),
        ("coverage: [0.9", "第 1 行 附近写得不完整"),
        ("a: {b: {c: {d: {e: 1}}}}", "嵌套太深"),
        ("[" * 5000, "括号嵌套太深"),
        ("", "文件是空的"),
        ("# 只有注释\n", "文件是空的"),
        ("a: 1\n---\nb: 2", "附近写得不完整"),
        ("coverage: 0.9\x00", "控制字符"),
        ("a" * 70_000, "文件超过 64 KB"),
        ("用码覆盖率".encode("gbk"), "文件不是 UTF-8 编码"),
    ],
)  # fmt: skip
def test_what_is_wrong_and_what_was_meant(text: str | bytes, message: str) -> None:
    assert any(message in problem for problem in refused(text)), refused(text)


def test_all_problems_are_told_at_once_but_not_thousands() -> None:
    assert len(refused("coverge: 1\ncollection: x\nadoption_12m: -1\n")) == 3
    assert len(refused("\n".join(f"x{n}: 1" for n in range(3000)))) == 50


def test_plain_data_has_no_lines() -> None:
    with pytest.raises(FactsRefused) as caught:
        facts_from({"coverage": "95%"})
    assert caught.value.problems[0].line is None
    assert str(caught.value) == "coverage（用码覆盖率）：不能写百分号，“95%”请写成 0.95。"
    for odd in (None, [], "coverage", 3):
        with pytest.raises(FactsRefused):
            facts_from(odd)


@given(st.one_of(st.text(max_size=200), st.binary(max_size=200)))
def test_no_text_raises_anything_else(text: str | bytes) -> None:
    with suppress(FactsRefused):
        read_facts(text)


pieces = st.sampled_from(
    ["coverage", "monthly", "timely", ": ", ":", "\n", "  ", "[", "]", "{", "}", ",", "0.9", "95%", "&a", "*a", "!!int",
     "!x", "<<", "|", ">", "'", '"', "- ", "? ", "not_due", "1e9", "#", "%", "@", "\t", "~"]
)  # fmt: skip


@given(st.lists(pieces, max_size=30).map("".join))
def test_no_scrap_of_yaml_raises_anything_else(text: str) -> None:
    with suppress(FactsRefused):
        read_facts(text)


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli, ["grade", *arguments], env={"COLUMNS": "160", "TERM": "dumb"})
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize(
    ("sample", "code", "words"),
    [
        ("facts-aaa.yaml", 0, ("AAA 级",)),
        ("facts-aa.yaml", 0, ("AA 级", "距 AAA 级还差", "97.2%，AAA 级要求达到 100%（", "客户采信线索 2 条")),
        ("facts-capped.yaml", 0, ("B 级", "6.1(4)", "合格证印刷不符合附录 D，A 级要求符合")),
    ],
)  # fmt: skip
def test_the_command_tells_people(sample: str, code: int, words: tuple[str, ...]) -> None:
    exit_code, output, _ = run(str(SAMPLES / sample))
    assert exit_code == code
    assert all(word in output for word in words), output


def test_the_command_answers_machines(tmp_path: Path) -> None:
    code, output, _ = run(str(SAMPLES / "facts-aa.yaml"), "--json", "--on", "2026-11-24")
    answer = json.loads(output)
    assert (code, answer["grade"], answer["profile"]) == (0, "AA", "T/ZGJDJX—3—2026@2026-03-01")
    (tmp_path / "poor.yaml").write_text("coverage: 0.5\n", "utf-8")
    code, output, _ = run(str(tmp_path / "poor.yaml"), "--json")
    assert (code, json.loads(output)["grade"]) == (1, "not_reached")
    assert run(str(tmp_path / "poor.yaml"))[0] == 1


def test_the_command_refuses_gently(tmp_path: Path) -> None:
    code, _, errors = run(str(SAMPLES / "facts-with-mistakes.yaml"))
    assert code == 2
    assert "第 5 行 coverge：没有这一项事实；您是不是要写 coverage（用码覆盖率）？" in errors
    code, output, _ = run(str(SAMPLES / "facts-with-mistakes.yaml"), "--json")
    assert (code, json.loads(output)["refused"]["code"]) == (2, "facts_refused")
    assert run(str(tmp_path / "none.yaml"))[0] == 2
    assert run(str(SAMPLES / "facts-aa.yaml"), "--on", "gestern")[0] == 2
