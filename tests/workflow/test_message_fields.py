"""Each type of field takes what fits it, and a template that cannot be filled is known before WeChat says so."""

from datetime import UTC, datetime
from typing import Any

import pytest

from config.message_templates import MessageTemplate
from workflow.telling.message_fields import Unfillable, filled

WRITTEN = datetime(2026, 11, 24, 18, 30, tzinfo=UTC)
"""2:30 of the 25th in Shanghai."""


def one(field: str, value: str) -> str:
    template = MessageTemplate(id="T", fields={field: "state"})
    return filled(template, {"state": value}, WRITTEN)[field]


@pytest.mark.parametrize(
    ("field", "value", "fitted"),
    [
        ("thing1", "11 月提报", "11 月提报"),
        ("thing1", "", "无"),
        ("thing1", "第一行\n第二行\t　完 ", "第一行 第二行 完"),
        ("thing1", "好😀的", "好的"),
        ("thing1", "甲" * 20, "甲" * 20),
        ("thing1", "甲" * 21, "甲" * 19 + "…"),
        ("short_thing1", "甲乙丙丁戊己", "甲乙丙丁戊"),
        ("phrase1", "待提报 (2/2)", "待提报"),
        ("phrase1", "已经超过期限了", "已经超过期"),
        ("phrase1", "AAA", "无"),
        ("character_string1", "证书 ZGJDJX-AA-000001", "ZGJDJX-AA-000001"),
        ("character_string1", "没有编号", "-"),
        ("character_string1", "9" * 40, "9" * 32),
        ("letter1", "A 级 b", "Ab"),
        ("number1", "还差 12.5 项", "12.5"),
        ("name1", "样例电线电缆股份有限公司", "样例电线电缆股份有限"),
        ("name1", "Sample Cable Company Limited", "Sample Cable Company"),
        ("const1", "进行中", "进行中"),
        ("date1", "2026-11-30", "2026年11月30日"),
        ("time1", "2026-11-30", "2026年11月30日 23:59"),
    ],
)
def test_a_value_is_fitted_to_its_type(field: str, value: str, fitted: str) -> None:
    assert one(field, value) == fitted


@pytest.mark.parametrize(("field", "value"), [("time1", ""), ("date1", "月底"), ("number1", "无"), ("const1", "")])
def test_what_cannot_stand_in_a_field_is_said(field: str, value: str) -> None:
    with pytest.raises(Unfillable, match=f"{field} 需要 state"):
        one(field, value)


def test_the_time_is_when_it_was_written_as_people_here_read_it() -> None:
    fields: dict[str, Any] = {"time1": "time", "date2": "time", "thing3": "time", "thing4": "firm"}
    assert filled(MessageTemplate(id="T", fields=fields), {}, WRITTEN) == {
        "time1": "2026年11月25日 02:30",
        "date2": "2026年11月25日",
        "thing3": "2026-11-25 02:30",
        "thing4": "无",
    }
