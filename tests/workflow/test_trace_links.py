"""The addresses of codes lead back to the very code, however they were written or passed on."""

from urllib.parse import parse_qsl, urlsplit

import pytest

from standard.codes import read
from standard.profile import edition_on
from tests.clock import FakeClock
from workflow.links import Links
from workflow.scanning.trace_links import ASKING, code_in, reporting_path, trace_path

LINKS = Links("https://sample.test", b"s" * 32, 30)
EDITION = edition_on(FakeClock().now().date())
TEXTS = [
    "https://id.gs1.org/01/06901234567892/21/0001",
    "https://id.gs1.org/01/06901234567892/21/A%2FB",
    "(01)06901234567892(10)L2026A(17)271231",
    "6901234567892",
    "https://www.iotroot.com/E=20001" + "1" * 28,
    "E=20001" + "1" * 28,
    "https://iotroot.com.evil.cn/E=1?x=1#y",
    "MA.156.ABCD.1",
    "01/23",
    "你好 100%",
]


@pytest.mark.parametrize("text", TEXTS)
def test_the_page_of_a_code_answers_for_that_code(text: str) -> None:
    code = read(text, edition=EDITION)
    again = read(code_in(LINKS, LINKS.page(trace_path(code))), edition=EDITION)
    assert again.canonical == code.canonical
    assert again.canonical is not None or (again.kind, again.text) == (code.kind, code.text)
    assert trace_path(again) == trace_path(code)


@pytest.mark.parametrize("text", TEXTS)
def test_a_report_is_of_the_very_code(text: str) -> None:
    code = read(text, edition=EDITION)
    [(name, value)] = parse_qsl(urlsplit(reporting_path(code)).query)
    assert (name, read(value, edition=EDITION).canonical) == ("code", code.canonical)
    assert code.canonical is not None or value == code.text


def test_a_gs1_code_has_a_digital_link_of_our_own() -> None:
    code = read("(01)06901234567892(21)A/B", edition=EDITION)
    assert trace_path(code) == "/t/01/06901234567892/21/A%2FB"


@pytest.mark.parametrize(
    ("link", "text"),
    [
        ("https://sample.test/t/01/06901234567892/21/1?linkType=linkset&17=271231",
         "https://sample.test/t/01/06901234567892/21/1?17=271231"),
        ("https://sample.test/t/https%3A%2F%2Fshop.test%2F1", "https://shop.test/1"),
        ("https://sample.test/t/https:/shop.test/1", "https://shop.test/1"),
        ("https://sample.test/t/6901234567892?q=1", "6901234567892"),
        ("https://sample.test/c/T-CMIF-2026-000001", "https://sample.test/c/T-CMIF-2026-000001"),
        ("https://sample.test.evil.cn/t/6901234567892", "https://sample.test.evil.cn/t/6901234567892"),
        ("6901234567892", "6901234567892"),
    ],
)  # fmt: skip
def test_only_our_own_links_are_opened(link: str, text: str) -> None:
    assert code_in(LINKS, link) == text


def test_a_code_too_long_for_an_address_is_typed_instead() -> None:
    assert trace_path(read("一" * 400, edition=EDITION)) == ASKING
