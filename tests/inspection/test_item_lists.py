"""Lists of single items as files hold them."""

import pytest

from inspection.ledger import read_items
from inspection.ledger.items import MOST_ITEMS
from inspection.materials import ItemLine, LedgerRefused
from tests.inspection.test_ledger import workbook


def test_a_workbook_with_titles_and_a_line_above_them() -> None:
    lines = read_items(
        workbook(
            ("Sheet", [
                ["单件清单"], ["序号", "质量追溯码", "批号", "生产日期"], [1, "E=1", "L1", "2026-11-03"],
                [2, "E=2", "", ""], ["合计", "", "", "2"], [3, "", "L2", ""], [4, "E=3", "L2", "上周"],
                [5, 1.5e20, "", ""],
            ])
        ),
        "清单.xlsx",
    )  # fmt: skip
    assert lines[:2] == (ItemLine("Sheet", 3, "E=1", "L1", "2026-11-03"), ItemLine("Sheet", 4, "E=2"))
    assert [(line.line, line.problem[:6]) for line in lines[2:]] == [
        (6, "这一行没有追"), (7, "生产日期“上"), (8, "追溯码被表格")
    ]  # fmt: skip


def test_a_text_file_of_one_column_needs_no_title() -> None:
    lines = read_items("E=1000１\nE=2\n\n".encode(), "codes.csv")
    assert [(line.line, line.code) for line in lines] == [(1, "E=1000１"), (2, "E=2")]


@pytest.mark.parametrize(
    ("data", "name", "code"),
    [
        (b"", "x.csv", "ledger_empty"),
        ("产品名称,生产数量\n电线,3".encode(), "x.csv", "items_no_codes"),
        ("追溯码\n" + "E=1\n" * (MOST_ITEMS + 1), "x.csv", "items_too_many"),
    ],
    ids=["empty", "no codes", "too many"],
)
def test_what_is_no_list(data: bytes | str, name: str, code: str) -> None:
    with pytest.raises(LedgerRefused) as refusal:
        read_items(data.encode() if isinstance(data, str) else data, name)
    assert refusal.value.code == code
