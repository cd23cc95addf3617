"""Names and numbers in the lines of a document: whole ones, however they are written, never parts of longer ones."""

import pytest

from standard.names import number_stands_in, stands_in


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("致：样例电缆有限公司", True),
        ("中标人样例电缆有限公司，请于三日内签约", True),
        ("样例电缆有限公司", True),
        ("华东样例电缆有限公司", False),
        ("样例电缆有限公司杭州分公司", False),
        ("样例电器有限公司", False),
    ],
)
def test_a_name_is_the_whole_name(line: str, found: bool) -> None:
    assert stands_in("样例电缆有限公司", line) is found


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (["招标编号：ZB-2026-001"], True),
        (["招标编号：ＺＢ—2026—001（第一包）"], True),
        (["编号 zb - 2026 - 001"], True),
        (["招标编号：ZB-2026-", "001"], True),
        (["招标编号：ZB-2026-0012"], False),
        (["招标编号：ZB-2026-001-02"], False),
        (["招标编号：AZB-2026-001"], False),
        (["招标编号：X-ZB-2026-001"], False),
        (["招标编号：ZB-2026-002"], False),
        ([], False),
    ],
)
def test_a_number_is_the_whole_number(lines: list[str], found: bool) -> None:
    assert number_stands_in("ZB-2026-001", lines) is found
