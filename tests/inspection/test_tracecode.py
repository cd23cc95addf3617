"""Trace codes as far as choosing and comparing needs them (3.4, R32, R33), and what a code offers (D.5.2, R50)."""

import pytest

from inspection.tracecode import gtin_check, offers, recognise

GTIN = {"gtin": "06901234567892"}


@pytest.mark.parametrize(
    ("text", "kind", "parts"),
    [
        (
            "https://id.gs1.org/01/06901234567892/10/L2026A/21/0001",
            "GS1",
            {**GTIN, "batch": "L2026A", "serial": "0001"},
        ),
        ("https://firm.example/x/01/06901234567892?10=A&11=261103", "GS1", {**GTIN, "batch": "A", "date": "261103"}),
        ("https://firm.example/01/06901234567892/10/A%2F1", "GS1", {**GTIN, "batch": "A/1"}),
        ("https://firm.example/01/06901234567891/10/A", None, {}),  # wrong check digit
        ("https://firm.example/01/page/10/A", None, {}),
        ("010690123456789210L2026A\x1d2100", "GS1", {**GTIN, "batch": "L2026A", "serial": "00"}),
        ("]Q3010690123456789211261103310200123410L2026A", "GS1", {**GTIN, "batch": "L2026A", "date": "261103"}),
        ("]d201069012345678922112345\x1d240BV 2.5", "GS1", {**GTIN, "serial": "12345", "model": "BV 2.5"}),
        ("]Q301069012345678928008261103103010A7", "GS1", {**GTIN, "date": "261103"}),
        ("(01)06901234567892(10)L2026A(21)1", "GS1", {**GTIN, "batch": "L2026A", "serial": "1"}),
        ("6901234567892", "GS1", GTIN),
        ("6901234567891", None, {}),
        ("https://firm.example/q?gtin=6901234567892&lot=L2026A", "GS1", {**GTIN, "batch": "L2026A"}),
        ("https://firm.example/gtin/06901234567892/lot/L2026A", "GS1", {**GTIN, "batch": "L2026A"}),
        ("https://firm.example/q?gtin=6901234567891", None, {}),
        ("https://2dcode.org/690123456", "GS1", {}),
        ("https://2dcode.org/", None, {}),
        ("http://www.iotroot.com/E=1000112345678901234567890", "Ecode", {"ecode": "1000112345678901234567890"}),
        ("https://www.iotroot.com/api?E=1000112345678901234567890", "Ecode", {"ecode": "1000112345678901234567890"}),
        ("https://chinatrace.org/gd/E%3D10001123", "Ecode", {"ecode": "10001123"}),
        ("https://www.iotroot.com/about", None, {}),
        ("E=1000112345678901234567890", "Ecode", {"ecode": "1000112345678901234567890"}),
        ("1000112345678901234567890", "Ecode", {"ecode": "1000112345678901234567890"}),
        ("100011234567890123456789", None, {}),
        ("http://iotroot.com.evil.example/E=1", None, {}),
        ("http://evil.example/iotroot.com/E=1", None, {}),
        ("http://iotroot.com@evil.example/E=1", None, {}),
        ("http://cniotroot.com/E=1", None, {}),
        ("http://[bad", None, {}),
        ("https://firm.example/t?batch=L2026A&sn=7", None, {"batch": "L2026A", "serial": "7"}),
        ("https://firm.example/t?10=5&21=6", None, {}),  # identifiers mean nothing outside a Digital Link
        ("https://firm.example/t?u=91310000MA0000007L", None, {"uscc": "91310000MA0000007L"}),
        ("WIFI:S:sample;;", None, {}),
        ("", None, {}),
    ],
)
def test_what_a_code_is_and_states(text: str, kind: str | None, parts: dict[str, str]) -> None:
    found = recognise(text)
    assert found.kind == kind
    assert found.parts == parts


def test_the_address_is_kept_and_its_platform_known() -> None:
    assert recognise("https://www.iotroot.com/E=1000112345678901234567890").platform
    own = recognise("https://firm.example/01/06901234567892/10/A")
    assert own.link == "https://firm.example/01/06901234567892/10/A"
    assert not own.platform
    assert recognise("01069012345678928200https://firm.example/p").link == "https://firm.example/p"
    assert recognise("6901234567892").link is None
    assert recognise("http://iotroot.com@evil.example/E=1").link is None


@pytest.mark.parametrize(
    ("digits", "right"),
    [
        ("6901234567892", True), ("06901234567892", True), ("69012341", True), ("416000336108", True),
        ("6901234567891", False), ("12345673", False), ("1234", False), ("٦٩٠١٢٣٤٥٦٧٨٩٢", False),
    ],
)  # fmt: skip
def test_check_digit_of_a_product_number(digits: str, right: bool) -> None:
    assert gtin_check(digits) is right


def test_what_a_code_offers_itself_and_what_only_its_platform_shows() -> None:
    link = offers(recognise("https://id.gs1.org/01/06901234567892/10/L2026A/21/0001"))
    assert not link.complete
    assert link.missing == ("检验信息",)
    assert link.advice == (
        "码本身含产品信息（商品条码）、生产信息（批次、序列号）、追溯平台查询链接（id.gs1.org）；"
        "检验信息要打开链接才能看到，照片不能判定：以追溯平台的数据或企业申报的记录为准。"
    )
    bare = offers(recognise("6901234567892"))
    assert "追溯平台查询链接" in bare.missing
    assert "登记查询网址" in bare.advice
    text = "https://firm.example/01/06901234567892/10/L2026A?model=BV&result=ok"
    assert offers(recognise(text)).complete
    nothing = offers(recognise("hello"))
    assert nothing.held == ()
    assert "不含" in nothing.advice
