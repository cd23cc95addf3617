"""Vectors of trace codes, published and our own; biip as an oracle where it has no gap; and no text that raises."""

import json
import pickle
import random
import string
from datetime import date
from math import ceil, log2
from typing import Any
from urllib.parse import quote

import biip
import pytest
from biip.gtin import Gtin
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from app.cli import cli
from standard.codes import Kind, Level, TraceCode, judge, read
from standard.codes.ai import identifiers, keys, pairing_problems, qualifier_choices
from standard.codes.checks import CSET82, check_digit, check_pair, full_date, has_check_digit
from standard.codes.compressed import NotCompressed, decompress
from standard.codes.gtin import expand_upc_e
from standard.outcome import Outcome
from standard.profile import Edition, ProfileError, edition_on

EDITION = edition_on(date(2026, 11, 24))
ECODE_V1 = "1" + "0001" + "12345678901234567890"
ECODE_V2 = "2" + "0001" + "1234567890123456789012345678"


def look(text: str, **more: Any) -> TraceCode:
    return read(text, edition=EDITION, **more)


def edition(**values: Any) -> Edition:
    return EDITION.replacing(**{f"codes__{name}": value for name, value in values.items()})


class TestGtin:
    @pytest.mark.parametrize(
        "digits",
        [
            "6901234567892", "06901234567892", "16901234567899", "6801234567895", "6811234567894", "6991234567893",
            "69012341", "9506000134352", "02345673", "416000336108", "1234567890128", "12345678901231",
        ],
    )  # fmt: skip
    def test_sound(self, digits: str) -> None:
        code = look(digits)
        assert (code.kind, code.valid, code.parts) == (Kind.GTIN, True, {"01": digits.zfill(14)})
        assert code.canonical == code.resolves_to == f"https://id.gs1.org/01/{digits.zfill(14)}"
        assert code.unique_level is Level.CLASS

    @pytest.mark.parametrize("digits", ["6901234567891", "12345673", "1234567890129"])
    def test_wrong_check_digit(self, digits: str) -> None:
        code = look(digits)
        assert (code.kind, code.valid, code.canonical) == (Kind.GTIN, False, None)
        assert code.reasons[0].clause == "3.4"
        assert code.reasons[0].outcome is Outcome.FAIL
        assert f"校验码应为 {check_digit(digits[:-1])}" in code.reasons[0].reason

    @pytest.mark.parametrize(("digits", "sound"), [("123456789012345675", True), ("123456789012345670", False)])
    def test_sscc(self, digits: str, sound: bool) -> None:
        assert has_check_digit(digits) is sound
        assert look(f"(00){digits}").valid is sound

    @pytest.mark.parametrize(
        ("digits", "form"),
        [
            ("6901234567892", "GTIN-13"),
            ("16901234567899", "GTIN-14（第 1 种包装）"),
            ("06901234567892", "GTIN-13（补 0 到 14 位）"),
            ("00416000336108", "GTIN-12（补 0 到 14 位）"),
            ("00000069012341", "GTIN-8（补 0 到 14 位）"),
        ],
    )
    def test_form(self, digits: str, form: str) -> None:
        assert look(digits).form == form

    def test_variable_measure(self) -> None:
        assert look("96901234567895").warnings == ("GTIN 首位是 9：变量贸易项目",)

    def test_restricted_circulation_is_valid_but_may_not_serve(self) -> None:
        code = look("201234567890" + str(check_digit("201234567890")))
        assert (code.valid, code.closed) == (True, True)
        assert judge(code, EDITION)[1].outcome is Outcome.FAIL

    def test_as_people_type_it(self) -> None:
        assert look(" 6 901234 567892\n").parts == {"01": "06901234567892"}
        assert look("６９０１２３４５６７８９２").parts == {"01": "06901234567892"}

    def test_digits_of_other_scripts_are_no_code(self) -> None:
        assert look("٦٩٠١٢٣٤٥٦٧٨٩٢").kind is Kind.UNKNOWN

    @pytest.mark.parametrize(
        ("short", "full"),
        [("04252614", "042100005264"), ("01234565", "012345000065"), ("02345673", "023456000073")],
    )
    def test_upc_e(self, short: str, full: str) -> None:
        assert expand_upc_e(short) == full
        assert look(short, symbology="UPC-E").parts == {"01": full.zfill(14)}
        assert look(f"UPC_E,{short}").valid == has_check_digit(full)

    def test_other_lengths_say_so(self) -> None:
        code = look("690123456789")
        assert code.kind is Kind.GTIN
        assert look("6901234567").reasons[0].reason.startswith("10 位数字不是商品条码")


ELEMENT_STRINGS = [
    ("(01)06901234567892(10)L2026A(21)0001", {"01": "06901234567892", "10": "L2026A", "21": "0001"}),
    ("]d2010690123456789210L2026A\x1d210001", {"01": "06901234567892", "10": "L2026A", "21": "0001"}),
    ("]Q3010690123456789217271231", {"01": "06901234567892", "17": "271231"}),
    ("]C1\x1d00123456789012345675", {"00": "123456789012345675"}),
    ("\x1d010690123456789221A\x1d10B\x1d", {"01": "06901234567892", "21": "A", "10": "B"}),
    ("010690123456789217271200", {"01": "06901234567892", "17": "271200"}),
    ("(01)06901234567892(10)A(B)C", {"01": "06901234567892", "10": "A(B)C"}),
    (r"(01)06901234567892(10)A\(21)C", {"01": "06901234567892", "10": "A(21)C"}),
    ("(01)06901234567892(240)YJV22-3x185(7230)XKXK06-001-00238",
     {"01": "06901234567892", "240": "YJV22-3x185", "7230": "XKXK06-001-00238"}),
    ("(01)06901234567892(8001)00010000010001101", None),
    ("(01)06901234567892(8001)00010000100210", {"01": "06901234567892", "8001": "00010000100210"}),
    ("(253)6901234567892A1", {"253": "6901234567892A1"}),
    ("(8003)06901234567892A1", {"8003": "06901234567892A1"}),
    ("(402)69012345678901238", {"402": "69012345678901238"}),
    ("(414)9520123456788(254)32a/b", {"414": "9520123456788", "254": "32a/b"}),
    ("(8013)1987654Ad4X4bL5ttr2310c2K", {"8013": "1987654Ad4X4bL5ttr2310c2K"}),
    ("(00)123456789012345675(02)06901234567892(37)25(10)ABC",
     {"00": "123456789012345675", "02": "06901234567892", "37": "25", "10": "ABC"}),
    ("(01)06901234567892(21)1(8030)Ab-_=9", {"01": "06901234567892", "21": "1", "8030": "Ab-_=9"}),
    ("(8006)069012345678920102(21)A", {"8006": "069012345678920102", "21": "A"}),
    ("(01)06901234567892(8008)26112410", {"01": "06901234567892", "8008": "26112410"}),
    ("(01)06901234567892(8008)261124103059", {"01": "06901234567892", "8008": "261124103059"}),
    ("(01)96901234567895(3103)000195(3922)0299", {"01": "96901234567895", "3103": "000195", "3922": "0299"}),
]  # fmt: skip


class TestElementStrings:
    @pytest.mark.parametrize(("text", "parts"), [case for case in ELEMENT_STRINGS if case[1]])
    def test_sound(self, text: str, parts: dict[str, str]) -> None:
        code = look(text)
        assert (code.kind, code.reasons) == (Kind.GS1_ELEMENT_STRING, ())
        assert list(code.parts.items()) == list(parts.items())

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("(01)06901234567891", "校验码应为 2，实为 1"),
            ("(01)06901234567892(10)中文", "82 个字符"),
            ("(01)06901234567892(10)A B", "82 个字符"),
            ("(01)06901234567892(10)ABCDEFGHIJKLMNOPQRSTU", "应为 1～20 位，实为 21 位"),
            ("(01)06901234567892(10)", "没有内容"),
            ("(01)06901234567892(17)261301", "月份 13 不存在"),
            ("(01)06901234567892(17)260230", "2 月没有 30 日"),
            ("(01)06901234567892(17)270229", "2 月没有 29 日"),
            ("(01)06901234567892(7003)2611002359", "00 日"),
            ("(01)06901234567892(7003)2611242460", "小时 24 不存在"),
            ("(01)06901234567892(21)A(21)B", "出现两次"),
            ("(01)06901234567892(21)A(235)B", "不能与"),
            ("(01)06901234567892(37)5", "不能与"),
            ("(02)06901234567892", "要与（37）同时出现"),
            ("(10)ABC", "要与（01）"),
            ("(254)A", "要与（414）同时出现"),
            ("(250)A(01)06901234567892", "（01）＋（21）"),
            ("(01)06901234567892(3103)000195(3104)000195", "不能与"),
            ("(3922)0299(01)06901234567892", "（01）＋（31nn）"),
            ("(414)9520123456789(254)A", "校验码"),
            ("(253)6901234567891", "校验码"),
            ("(8003)16901234567892", "首位应为 0"),
            ("(8003)06901234567891", "校验码"),
            ("(8006)069012345678920302", "第 3 件（共 2 件）"),
            ("(8010)ABC", "厂商识别代码"),
            ("(8010)6901234a", "大写字母"),
            ("(8010)6901(8011)012", "不能以 0 开头"),
            ("(8013)1987654Ad4X4bL5ttr2310c2J", "校验字符应为 2K"),
            ("(01)06901234567892(8001)00000000100010", "不能为 0"),
            ("(00)123456789012345675(4321)2", "应为 0、1 之一"),
            ("(415)6901234567892(8020)1(8007)DE89370400440532013001", "校验码不符"),
            ("]Q389ABC", "读不出应用标识符：89AB"),
            ("]d2", "没有内容"),
            ("]C1\x1d", "没有任何应用标识符"),
            ("(89)1", "没有应用标识符"),
            ("0106901234567892103\x1d", None),
            ("01069012345678921234", "应为 6 位，实为 2 位"),
        ],
    )
    def test_unsound(self, text: str, why: str | None) -> None:
        code = look(text)
        if why is None:
            assert code.valid
            return
        assert not code.valid
        assert any(why in reason.reason for reason in code.reasons), [reason.reason for reason in code.reasons]

    def test_the_rest_of_a_missing_separator_is_not_guessed(self) -> None:
        assert look("010690123456789210L2026A210001").parts["10"] == "L2026A210001"

    def test_separators_from_raw_bytes(self) -> None:
        raw = b"]d2010690123456789210L2026A\x1d210001"
        code = look("010690123456789210L2026A210001", raw=raw)
        assert code.parts == {"01": "06901234567892", "10": "L2026A", "21": "0001"}
        assert code.raw == raw

    def test_a_key_that_makes_no_link_has_a_canonical_form_still(self) -> None:
        code = look("(03)06901234567892(10)B")
        assert (code.canonical, code.resolves_to) == ("(03)06901234567892(10)B", None)

    def test_national_form_starts_with_the_gtin(self) -> None:
        assert look("(01)06901234567892(10)A").form == "编码数据结构（GB/T 33993）"
        assert look("(10)A(01)06901234567892").form == "应用标识符单元数据串"

    @pytest.mark.parametrize(
        ("digits", "day"),
        [
            ("271231", date(2027, 12, 31)), ("271200", date(2027, 12, 31)), ("280200", date(2028, 2, 29)),
            ("760101", date(2076, 1, 1)), ("770101", date(1977, 1, 1)), ("991231", date(1999, 12, 31)),
            ("600101", date(2060, 1, 1)), ("261301", None), ("26010", None), ("２６０１０１", None),
        ],
    )  # fmt: skip
    def test_century_of_two_digit_years(self, digits: str, day: date | None) -> None:
        assert full_date(digits, date(2026, 11, 24)) == day

    def test_global_model_number(self) -> None:
        assert check_pair("1987654Ad4X4bL5ttr2310c") == "2K"


GOOD_LINKS = [
    ("https://a/01/12312312312333/22/TEST/10/ABC/21/XYZ", "01 12312312312333 22 TEST 10 ABC 21 XYZ"),
    ("https://a/01/12312312312333/235/TEST", "01 12312312312333 235 TEST"),
    ("http://a/00/006141411234567890", "00 006141411234567890"),
    ("HTTPS://a/00/006141411234567890", "00 006141411234567890"),
    ("https://xn--fsq.xn--0zwm56d/01/12312312312333", "01 12312312312333"),
    ("https://a:65535/01/12312312312333", "01 12312312312333"),
    ("https://192.0.2.1/01/12312312312333", "01 12312312312333"),
    ("https://[2001:db8::1]/01/12312312312333", "01 12312312312333"),
    ("https://a/more/stem/00/006141411234567890", "00 006141411234567890"),
    ("https://a/00/faux/00/006141411234567890", "00 006141411234567890"),
    ("https://a/253/1231231231232TEST5678901234567", "253 1231231231232TEST5678901234567"),
    ("https://a/8018/123456789012345675/8019/123", "8018 123456789012345675 8019 123"),
    ("https://a/stem/00/006141411234567890?", "00 006141411234567890"),
    ("https://a/stem/401/12345678?99=ABC", "401 12345678 99 ABC"),
    ("https://a/01/12312312312333?&&&99=ABC&&&&&&98=XYZ&&&", "01 12312312312333 99 ABC 98 XYZ"),
    ("https://a/01/12312312312333?singleton&99=ABC&unknown=6&98=XYZ", "01 12312312312333 99 ABC 98 XYZ"),
    ("https://a/01/12312312312333/22/ABC%2d123?99=ABC&98=XYZ%2f987", "01 12312312312333 22 ABC-123 99 ABC 98 XYZ/987"),
    ("https://a/01/12312312312333/22/ABC+123", "01 12312312312333 22 ABC+123"),
    ("https://a/01/12312312312333/22/test/10/abc/21/xyz#fragment", "01 12312312312333 22 test 10 abc 21 xyz"),
    ("https://id.gs1.org/01/09520123456788/10/ABC1/21/12345?17=180426", "01 09520123456788 10 ABC1 21 12345 17 180426"),
    ("https://id.gs1.org/01/09520123456788?3103=000195", "01 09520123456788 3103 000195"),
    ("https://example.com/01/09520123456788?3103=000195&3922=0299&17=201225",
     "01 09520123456788 3103 000195 3922 0299 17 201225"),
    ("https://id.gs1.org/00/952012345678912345?02=09520123456788&37=25&10=ABC123",
     "00 952012345678912345 02 09520123456788 37 25 10 ABC123"),
    ("https://id.gs1.org/414/9520123456788/254/32a%2Fb", "414 9520123456788 254 32a/b"),
    ("https://id.gs1.org/01/09520123456788/235/XYZ?10=ABC123", "01 09520123456788 235 XYZ 10 ABC123"),
    ("https://id.gs1.org/01/06901234567892/10/L2026A/21/0001?17=271231",
     "01 06901234567892 10 L2026A 21 0001 17 271231"),
]  # fmt: skip
BAD_LINKS = [
    "", "ftp://", "http://", "http:///", "http://a", "http://a/", "http://a/b", "http://a/b/",
    "HtTp://a/b/00/006141411234567890", "https://00/006141411234567890", "https://[fe80::1%25lo]/01/12312312312333",
    "https://$a/00/006141411234567890", "https://a$/00/006141411234567890", "https://a/stem/00/006141411234567890/",
    "https://a/gtin/12312312312334", "https://a/01/2112345678900", "https://a/01/416000336108", "https://a/01/02345673",
    "https://a/253/1231231231232TEST56789012345678", "https://a/01/12312312312333?99=",
    "https://a/01/12312312312333?99=ABC&999=faux", "https://a/01/12312312312333/22/ABC%2d123?99=ABC&98=XYZ+987",
    "https://a/01/12312312312333/22/A%00B", "https://a/01/12312312312333/22/", "https://a/01/12312312312333/10/A/22/B",
    "https://a/01/12312312312333/235/A/10/B", "https://example.com/01/09520123456788?10=ABC123",
    "https://example.com/01/09520123456788?21=1", "https://id.gs1.org/01/09520123456788/10/A?99=X&01=09520123456788",
    "https://id.gs1.org/01/09520123456788/10/ABC123?99=XYZ789&10=ABC123",
    "https://id.gs1.org/01/09520123456788/10/A?99=X&99=X", "https://example.com/01/09520123456788/89/ABC123?99=XYZ",
    "https://example.com/01/09520123456788?99=XYZ&89=ABC123", "https://id.gs1.org/01/09520123456788/10/A/10/B",
    "https://id.gs1.org/01/09520123456789", "https://id.gs1.org/415/6901234567892", "https://id.gs1.org/10/A",
    "https://id.gs1.org/", "https://a/01/12312312312333/22/中文", "https://a/01/12312312312333/10",
]  # fmt: skip


class TestDigitalLinks:
    @pytest.mark.parametrize(("text", "parts"), GOOD_LINKS)
    def test_good(self, text: str, parts: str) -> None:
        code = look(text)
        assert (code.kind, code.reasons) == (Kind.GS1_DIGITAL_LINK, ())
        flat = parts.split()
        assert list(code.parts.items()) == list(zip(flat[::2], flat[1::2], strict=True))

    @pytest.mark.parametrize("text", BAD_LINKS)
    def test_bad(self, text: str) -> None:
        code = look(text)
        assert (code.valid, code.canonical, code.resolves_to) == (False, None, None)
        assert code.reasons

    @pytest.mark.parametrize(("text", "_parts"), GOOD_LINKS)
    def test_canonical_address_is_a_fixed_point(self, text: str, _parts: str) -> None:
        code = look(text)
        assert code.resolves_to is not None
        again = look(code.resolves_to)
        assert (again.valid, again.resolves_to, again.canonical) == (True, code.resolves_to, code.canonical)

    def test_all_spellings_lead_to_one_thing(self) -> None:
        spellings = [
            "https://id.gs1.org/01/06901234567892/10/L2026A/21/0001?17=271231",
            "HTTP://TRACE.EXAMPLE.CN/p/01/06901234567892/10/L2026A/21/0001",
            "https://id.gs1.org/GgyNo0UVqMxe2m3QCEb-CAAI",
            "(01)06901234567892(17)271231(10)L2026A(21)0001",
            "]d2010690123456789217271231" + "10L2026A\x1d210001",
            "https://www.example.com/gtin/06901234567892/bat/L2026A/ser/0001",
        ]
        assert {look(text).canonical for text in spellings} == {
            "https://id.gs1.org/01/06901234567892/10/L2026A/21/0001"
        }

    def test_short_gtin_by_option(self) -> None:
        code = read("https://a/01/6901234567892", edition=edition(pad_short_gtin=True))
        assert code.parts == {"01": "06901234567892"}

    @pytest.mark.parametrize(
        "text", ["https://shop.example/01/2024/item/abc", "https://shop.example/00/list", "https://a.cn/2026/11/24/"]
    )
    def test_ordinary_addresses_are_no_digital_links(self, text: str) -> None:
        assert look(text).kind is Kind.LINK

    def test_qualifiers_that_cannot_move_stay_in_the_path(self) -> None:
        assert qualifier_choices("01")[0] == ("22", "10", "21")
        assert qualifier_choices("01").index(("235",)) < qualifier_choices("01").index(("10",))


class TestCompressed:
    @pytest.mark.parametrize(
        ("path", "form", "parts"),
        [
            ("AQyNo0UVqA", "压缩", {"01": "06901234567892"}),
            ("DAyNo0UVqI1XgkY", "压缩", {"01": "06901234567892", "21": "ABC123"}),
            ("AQyNo0UVqEKNV4JG", "压缩", {"01": "06901234567892", "21": "ABC123"}),
            ("01/06901234567892/IUarwSM", "部分压缩", {"01": "06901234567892", "21": "ABC123"}),
            ("CwyNo0UVqBBNSXb", "压缩", {"01": "06901234567892", "10": "20260315"}),
            ("GgyNo0UVqMxe2m3QCEb-CAAI", "压缩",
             {"01": "06901234567892", "10": "L2026A", "17": "271231", "21": "0001"}),
            ("AQnYUc1gmiERBhQ0ytiyZuAGOLc1TQ?expdt=1903061658&k1=v1", "压缩",
             {"01": "05412345000013", "10": "ABC&+123", "7003": "1903061658"}),
        ],
    )  # fmt: skip
    def test_vectors(self, path: str, form: str, parts: dict[str, str]) -> None:
        for host in ("https://id.gs1.org", "http://example.org/some/stem"):
            code = look(f"{host}/{path}")
            assert (code.kind, code.form, code.reasons) == (Kind.GS1_DIGITAL_LINK, form, ())
            assert dict(code.parts) == parts

    def test_leading_zeros_survive(self) -> None:
        assert decompress(packed({"01": "06901234567892", "21": "0001"}))["21"] == "0001"
        assert decompress(packed({"01": "06901234567892", "21": "0000"}))["21"] == "0000"

    def test_both_orders_of_a_sequence(self) -> None:
        parts = {"01": "06901234567892", "10": "L2026A", "21": "0001", "17": "271231"}
        for order in (("01", "10", "21", "17"), ("01", "10", "17", "21")):
            bits = f"{0x1A:08b}" + "".join(value_bits(ai, parts[ai]) for ai in order)
            assert decompress(base64_of(bits)) == parts

    def test_names_of_the_makers_own_are_set_aside(self) -> None:
        foreign = "1111" + f"{2:07b}" + "".join(f"{ALPHABET.index(c):06b}" for c in "k1") + "011" + f"{2:07b}"
        foreign += "".join(f"{ALPHABET.index(c):06b}" for c in "v1")
        segment = base64_of("00000001" + value_bits("01", "06901234567892") + foreign)
        assert decompress(segment) == {"01": "06901234567892", "k1": "v1"}
        assert look(f"https://a/{segment}").parts == {"01": "06901234567892"}

    def test_unpacking_on_an_unknown_host_is_said(self) -> None:
        assert look("https://id.gs1.org/AQyNo0UVqA").warnings == ()
        assert look("https://s.cn/AQyNo0UVqA").warnings[0] == "内容由网址末段解压得到，请与印刷文字核对"

    def test_more_in_the_query(self) -> None:
        assert look("https://a/AQyNo0UVqA?17=271231").parts == {"01": "06901234567892", "17": "271231"}

    @pytest.mark.parametrize(
        "segment", ["", "A", "product-list", "AQyNo0UVq!", "AQyNo0UVqB", "AQyNo0UVq", "_" * 60, "A" * 5000]
    )
    def test_other_segments_are_not(self, segment: str) -> None:
        with pytest.raises(NotCompressed):
            decompress(segment)

    def test_half_a_link_says_so(self) -> None:
        code = look("https://a/01/06901234567892/IUarwS!")
        assert not code.valid
        assert "既不成对，也不是压缩数据" in code.reasons[0].reason

    @settings(max_examples=150, deadline=None)
    @given(st.text(CSET82, min_size=1, max_size=20), st.text(CSET82, min_size=1, max_size=20), st.dates())
    def test_packed_and_unpacked(self, batch: str, serial: str, day: date) -> None:
        parts = {"01": "06901234567892", "10": batch, "17": day.strftime("%y%m%d"), "21": serial}
        assert decompress(packed(parts)) == parts


ALPHABET = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"


def value_bits(ai: str, value: str) -> str:
    """How the published tool packs a value, for identifiers of a single part."""
    (part,) = identifiers()[ai].parts
    if part.characters == "N" and part.fixed:
        return f"{int(value):0{ceil(part.longest * log2(10) + 0.01)}b}"
    length = f"{len(value):0{part.longest.bit_length()}b}"
    if value.isdigit():
        return "000" + length + f"{int(value):0{ceil(len(value) * log2(10) + 0.01)}b}"
    if set(value) <= set("0123456789abcdef"):
        return "001" + length + "".join(f"{int(c, 16):04b}" for c in value)
    if set(value) <= set("0123456789ABCDEF"):
        return "010" + length + "".join(f"{int(c, 16):04b}" for c in value)
    if set(value) <= set(ALPHABET):
        return "011" + length + "".join(f"{ALPHABET.index(c):06b}" for c in value)
    return "100" + length + "".join(f"{ord(c):07b}" for c in value)


def base64_of(bits: str) -> str:
    bits += "0" * (-len(bits) % 6)
    return "".join(ALPHABET[int(bits[at : at + 6], 2)] for at in range(0, len(bits), 6))


def packed(parts: dict[str, str]) -> str:
    return base64_of(
        "".join("".join(f"{int(c):04b}" for c in ai) + value_bits(ai, value) for ai, value in parts.items())
    )


class TestEcode:
    @pytest.mark.parametrize("code", [ECODE_V1, ECODE_V2])
    @pytest.mark.parametrize(
        "form",
        [
            "{}", "E={}", "?E={}", "http://www.iotroot.com/E={}", "https://iotroot.com/E={}", "http://iotroot.com/?E={}",
            "https://www.iotroot.com/api/query/search/E={}", "https://www.iotroot.com/q?a=1&E={}&b=2#x",
            "HTTP://WWW.IOTROOT.COM:80/E={}",
        ],
    )  # fmt: skip
    def test_forms(self, code: str, form: str) -> None:
        found = look(form.format(code))
        assert (found.kind, found.valid, found.canonical) == (Kind.ECODE, True, f"ecode:{code}")
        assert found.parts == {"V": code[0], "NSI": "0001", "MD": code[5:]}
        assert found.unique_level is Level.ITEM

    def test_percent_is_decoded_once(self) -> None:
        assert look("http://www.iotroot.com/E=300001%41%42%2541").parts["MD"] == "AB%41"
        assert look("http://www.iotroot.com/E%3D300001AB%2541").parts["MD"] == "AB%41"

    @pytest.mark.parametrize(
        "text",
        [
            f"http://iotroot.com.evil.cn/E={ECODE_V1}", f"http://evil.cn/iotroot.com/E={ECODE_V1}",
            f"http://cniotroot.com/E={ECODE_V1}", f"http://iotroot.com@evil.cn/E={ECODE_V1}",
            f"http://evil.cn#iotroot.com/E={ECODE_V1}", f"http://evil.cn\\.iotroot.com/E={ECODE_V1}",
            f"http://iotroot。com/E={ECODE_V1}", f"http://ıotroot.com/E={ECODE_V1}", f"ftp://iotroot.com/E={ECODE_V1}",
            f"http://xiotroot.com/E={ECODE_V1}",
        ],
    )  # fmt: skip
    def test_other_hosts_are_not(self, text: str) -> None:
        assert look(text).kind is not Kind.ECODE

    def test_reserved_version(self) -> None:
        code = look("http://www.iotroot.com/E=7000112345678901234567890")
        assert (code.kind, code.valid) == (Kind.ECODE, False)

    @pytest.mark.parametrize("code", ["1" + "0001" + "ABC", "1" + "0001" + "1" * 21, "1000一", "3" + "00001" + "甲"])
    def test_layout_by_flag(self, code: str) -> None:
        link = f"http://www.iotroot.com/E={quote(code)}"
        if code.isascii():
            assert any("2015" in warning for warning in look(link).warnings)
            assert look(link).valid
            assert not read(link, edition=edition(ecode_layout_rule="enforce")).valid
            assert not any(
                "2015" in warning for warning in read(link, edition=edition(ecode_layout_rule="off")).warnings
            )
        else:
            assert not look(link).valid

    def test_version_zero_is_gs1(self) -> None:
        code = look("http://www.iotroot.com/E=(01)06901234567892(21)7")
        assert code.parts == {"V": "0", "01": "06901234567892", "21": "7"}
        assert (code.kind, code.unique_level) == (Kind.ECODE, Level.ITEM)
        assert code.canonical == "https://id.gs1.org/01/06901234567892/21/7"

    @pytest.mark.parametrize("text", ["http://www.iotroot.com/", "http://www.iotroot.com/E=", "E=", "E=10001"])
    def test_nothing_in_it(self, text: str) -> None:
        assert (look(text).kind, look(text).valid) == (Kind.ECODE, False)


class TestOthers:
    @pytest.mark.parametrize(
        ("text", "kind", "parts"),
        [
            ("MA.156.M0.100761.21234561.Sx00008.M220117.L20220117.D20220118.E220130.V220117.C3", Kind.MA_IDCODE,
             {"owner": "MA.156.M0.100761", "product": "MA.156.M0.100761.21234561", "S": "x00008", "M": "220117",
              "L": "20220117", "D": "20220118", "E": "220130", "V": "220117", "C": "3"}),
            ("MA.156.M0.100204.13351764", Kind.MA_IDCODE,
             {"owner": "MA.156.M0.100204", "product": "MA.156.M0.100204.13351764"}),
            ("MA.156.1003.1629/10.46100000.riseplatform", Kind.MA_IDCODE,
             {"owner": "MA.156.1003.1629", "object": "10.46100000.riseplatform"}),
            ("https://s.idcode.org.cn/q/MA.156.1003.1629", Kind.MA_IDCODE, {"owner": "MA.156.1003.1629"}),
            ("88.123.4567/abc", Kind.HANDLE, {"prefix": "88.123.4567", "suffix": "abc"}),
            ("1.2.156.1000", Kind.OID, {"oid": "1.2.156.1000"}),
            ("2016010901123456", Kind.CCC, {"certificate": "2016010901123456"}),
            ("http://cx.cnca.cn/q?no=2016010901123456", Kind.CCC,
             {"host": "cx.cnca.cn", "certificate": "2016010901123456"}),
            (f"http://cniotroot.com/E={ECODE_V1}", Kind.NIOT_LINK, {"host": "cniotroot.com"}),
            ("http://2dcode.org/0069012345678928", Kind.GB33993_LINK, {"code": "0069012345678928"}),
            ("https://chinatrace.org/gd/q?c=8", Kind.GS1_PLATFORM_LINK, {"code": "gd/q?c=8"}),
        ],
    )  # fmt: skip
    def test_recognised(self, text: str, kind: Kind, parts: dict[str, str]) -> None:
        code = look(text)
        assert (code.kind, code.valid, dict(code.parts)) == (kind, True, parts)
        assert all(code.part_name(part) for part in code.parts)

    @pytest.mark.parametrize(
        "text",
        [
            "12345", "MB.234.M0.123456.01234567", "MA.15.M0.1", "MA.156.M0.100761.21234561.M221301",
            "MA.156.M0.100761.21234561.x", "88.123/abc", "1.40.1", "3.1.1", "1.02.3", "https://s.idcode.org.cn/abc",
            "http://2dcode.org/", "https://chinatrace.org", "", " ", "1.5",
        ],
    )  # fmt: skip
    def test_not(self, text: str) -> None:
        assert not look(text).valid

    def test_platform_of_the_numbering_centre_takes_all_its_kinds(self) -> None:
        assert look("https://chinatrace.org/01/06901234567892/10/A").kind is Kind.GS1_DIGITAL_LINK
        assert look("https://chinatrace.org/q?gtin=6901234567892").kind is Kind.GB33993_LINK
        assert look(f"https://chinatrace.org/E={ECODE_V1}").kind is Kind.ECODE

    def test_a_named_kind_without_format_by_host(self) -> None:
        hosts = (*EDITION.value("codes.hosts"), ("id.example.cn", "digital_identity"))  # type: ignore[misc]
        code = read("https://id.example.cn/x", edition=edition(hosts=hosts))
        assert (code.kind, code.on_allowed_list) == (Kind.DIGITAL_IDENTITY, False)

    @pytest.mark.parametrize(
        ("text", "kind"),
        [
            ("EAN_13,6901234567892", Kind.GTIN),
            ("QR_CODE,https://id.gs1.org/01/06901234567892", Kind.GS1_DIGITAL_LINK),
            ("CODE_128,]C10106901234567892", Kind.GS1_ELEMENT_STRING),
            ("L2026,6901234567892", Kind.UNKNOWN),
            ("]Q1https://id.gs1.org/01/06901234567892", Kind.GS1_DIGITAL_LINK),
            ("]E06901234567892", Kind.GTIN),
        ],
    )
    def test_what_scanners_put_in_front(self, text: str, kind: Kind) -> None:
        assert look(text).kind is kind

    def test_symbology_is_kept(self) -> None:
        assert look("EAN_13,6901234567892").symbology == "EAN_13"
        assert look("]d20106901234567892").symbology == "]d2"
        assert look("0106901234567892", symbology="]C1").kind is Kind.GS1_ELEMENT_STRING


class TestJudge:
    def test_findings_and_their_rows(self) -> None:
        form, listed, unique = judge(look("6901234567892"), EDITION, "item")
        assert [finding.outcome for finding in (form, listed, unique)] == [Outcome.PASS, Outcome.PASS, Outcome.FAIL]
        assert (listed.rows, unique.rows) == (("R32",), ("R33",))
        assert (unique.have, unique.need) == ("品类级", "单件级")
        assert {finding.clause for finding in (form, listed, unique)} == {"3.4"}

    def test_verdicts_are_those_of_the_edition_asked(self) -> None:
        narrow = edition(allowed_kinds=("ecode",))
        code = look("(01)06901234567892(10)A")
        assert judge(code, EDITION)[1].outcome is Outcome.PASS
        assert judge(code, narrow)[1].outcome is Outcome.FAIL
        assert judge(code, EDITION)[1].outcome is Outcome.PASS

    def test_need_is_batch_or_item(self) -> None:
        with pytest.raises(ValueError, match="pallet"):
            judge(look("6901234567892"), EDITION, "pallet")  # type: ignore[arg-type]

    def test_as_data(self) -> None:
        code = look("(01)06901234567892(10)A", raw=b"\x01")
        assert pickle.loads(pickle.dumps(code)) == code
        assert json.loads(json.dumps(code.to_json()))["raw"] == "01"
        assert code.edition == EDITION.stamp

    @pytest.mark.parametrize(
        "values",
        [
            {"allowed_kinds": ("gtin", "qr")}, {"least_level": "pallet"}, {"china_prefixes": ("69",)},
            {"china_prefixes": ("699-690",)}, {"hosts": (("a.cn",),)}, {"hosts": (("a.cn", "gtin"), ("a.cn", "ecode"))},
            {"ecode_layout_rule": "maybe"}, {"pad_short_gtin": 1}, {"product_keys": ("0l",)},
            {"ecode_layout": (("1", 4, 20, "hex"),)},
        ],
    )  # fmt: skip
    def test_malformed_parameters_are_named(self, values: dict[str, Any]) -> None:
        with pytest.raises(ProfileError, match=f"codes.{next(iter(values))}"):
            read("6901234567892", edition=edition(**values))


class TestCommand:
    def run(self, *arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(cli, ["code", *arguments])
        return result.exit_code, result.output

    def test_json(self) -> None:
        status, output = self.run("--json", "https://id.gs1.org/01/06901234567892/10/L2026A?17=271231")
        answer = json.loads(output)
        assert status == 0
        assert (answer["kind"], answer["valid"], answer["reasons"]) == ("gs1_digital_link", True, [])
        assert answer["parts"] == {"01": "06901234567892", "10": "L2026A", "17": "271231"}
        assert answer["resolves_to"] == "https://id.gs1.org/01/06901234567892/10/L2026A?17=271231"
        assert [finding["outcome"] for finding in answer["judgement"]] == ["pass", "pass", "pass"]

    def test_table(self) -> None:
        status, output = self.run(f"E={ECODE_V1}")
        assert status == 0
        assert all(word in output for word in ("Ecode", "编码体系标识", "12345678901234567890", "合格"))

    def test_not_valid(self) -> None:
        status, output = self.run("6901234567891")
        assert status == 1
        assert "校验码应为 2" in output

    def test_need(self) -> None:
        status, output = self.run("(01)06901234567892(10)A", "--need", "item", "--json")
        assert status == 0
        assert json.loads(output)["judgement"][2]["outcome"] == "fail"

    @pytest.mark.parametrize(
        "arguments", [(), ("x", "--need", "pallet"), ("x", "--on", "tomorrow"), ("x", "y")], ids=str
    )
    def test_usage(self, arguments: tuple[str, ...]) -> None:
        assert self.run(*arguments)[0] == 2

    @pytest.mark.parametrize("text", ["[bold]x[/]", "\udcff", "a\x1db\x00", ""])
    @pytest.mark.parametrize("options", [(), ("--json",)])
    def test_any_argument_is_answered(self, text: str, options: tuple[str, ...]) -> None:
        status, output = self.run(*options, "--", text)
        assert (status, bool(output)) == (1, True)


def test_the_table_is_whole() -> None:
    table = identifiers()
    named = "00 01 02 03 10 11 12 13 15 16 17 20 21 22 235 240 241 242 243 250 251 253 254 255 30 37 410 411 412 413"
    named += (
        " 414 415 416 417 7040 7230 7239 7240 8001 8003 8004 8006 8008 8010 8011 8013 8017 8018 8030 8043 8200 90 91 99"
    )
    assert set(named.split()) <= table.keys()
    assert " ".join(sorted(keys())) == "00 01 253 255 401 402 414 415 417 8003 8004 8006 8010 8013 8017 8018"
    for identifier in table.values():
        for choice in (*identifier.needs, identifier.never):
            for other in choice:
                assert any(ai.startswith(other.rstrip("n")) and len(ai) == len(other) for ai in table), identifier.ai
        for sequence in identifier.sequences or ():
            assert set(sequence) <= table.keys()
    assert pairing_problems(("01",)) == ()


# --- biip as an oracle ------------------------------------------------------------------------------------------------

values = st.text(CSET82, min_size=1, max_size=20)
dates = st.dates(date(1980, 1, 1), date(2070, 12, 31)).map(lambda day: day.strftime("%y%m%d"))
bodies = st.text("0123456789", min_size=12, max_size=12).map(lambda body: "0" + body)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([8, 12, 13, 14]).flatmap(lambda n: st.text("0123456789", min_size=n, max_size=n)), st.booleans())
def test_gtin_as_biip(digits: str, mended: bool) -> None:
    digits = digits[:-1] + str(check_digit(digits[:-1])) if mended else digits
    try:
        known = Gtin.parse(digits).value
    except biip.ParseError:
        known = None
    code = look(digits)
    assert (digits if code.valid else None) == known


@settings(max_examples=200, deadline=None)
@given(bodies, values, values, dates)
def test_element_string_as_biip(body: str, batch: str, serial: str, expiry: str) -> None:
    gtin = body + str(check_digit(body))
    text = f"]d201{gtin}17{expiry}10{batch}\x1d21{serial}"
    message = biip.parse(text).gs1_message
    assert message is not None
    assert dict(look(text).parts) == {found.ai.ai: found.value for found in message.element_strings}


@settings(max_examples=200, deadline=None)
@given(bodies, values, values, dates)
def test_digital_link_as_biip(body: str, batch: str, serial: str, expiry: str) -> None:
    gtin = body + str(check_digit(body))
    text = f"https://example.cn/01/{gtin}/10/{quote(batch, safe='')}/21/{quote(serial, safe='')}?17={expiry}&x=1"
    found = biip.parse(text).gs1_digital_link_uri
    assert found is not None
    code = look(text)
    assert dict(code.parts) == {element.ai.ai: element.value for element in found.element_strings}
    assert code.resolves_to == found.as_canonical_uri()


# --- nothing raises ---------------------------------------------------------------------------------------------------

SEEDS = [
    *(text for text, _ in GOOD_LINKS), *BAD_LINKS, *(text for text, _ in ELEMENT_STRINGS), "6901234567892",
    f"http://www.iotroot.com/E={ECODE_V1}", ECODE_V1, ECODE_V2, "https://id.gs1.org/GgyNo0UVqMxe2m3QCEb-CAAI",
    "https://id.gs1.org/01/06901234567892/IUarwSM", "https://www.example.com/gtin/06901234567892/bat/Q4D593/ser/32a",
    "MA.156.M0.100761.21234561.Sx00008.M220117.L20220117.D20220118.E220130.V220117.C3", "88.123.4567/abc",
    "1.2.156.1000", "2016010901123456", "EAN_13,6901234567892", "http://2dcode.org/abc", "https://chinatrace.org/gd/1",
    "https://s.idcode.org.cn/q/MA.156.1003.1629",
]  # fmt: skip
ODD = [
    "\x00", "\x1d", "\x7f", "\u200b", "\u3000", "０", "٣", "²", "\ud800", "\udfff", "𝟙", "中", "%", "%00", "%zz", "//",
    "?", "#", "&", "=", "@", ":", "[", "]", "(", ")", "(01)", "(8013)", "E=", "\\", "]Q3", "\n", "-", "_", "\ufeff",
    "é", "İ",
]  # fmt: skip


def sound(code: TraceCode) -> None:
    """What holds of every answer."""
    assert code.valid == (not code.reasons)
    assert code.valid or (code.canonical is None and code.resolves_to is None)
    assert all(finding.reason for finding in judge(code, EDITION, "item"))
    json.dumps(code.to_json())


def test_ten_thousand_random_strings() -> None:
    dice = random.Random(20260301)
    pools = ["0123456789", string.printable, "".join(map(chr, range(0x20))) + "09AZ", "".join(ODD) + "01/.?=", ""]
    for _ in range(10_000):
        pool = dice.choice(pools)
        length = dice.choice([0, 1, 3, 8, 13, 14, 16, 25, 33, 60, 300])
        text = "".join(dice.choice(pool) if pool else chr(dice.randrange(0x110000)) for _ in range(length))
        text = (
            dice.choice(["", "", "", "]d2", "https://", "https://id.gs1.org/", "(01)", "E=", "MA.", "88.1.", "01"])
            + text
        )
        sound(look(text))


def test_ten_thousand_mutations() -> None:
    dice = random.Random(20261124)
    for _ in range(10_000):
        text = dice.choice(SEEDS)
        for _ in range(dice.randrange(1, 5)):
            at = dice.randrange(len(text) + 1)
            match dice.randrange(5):
                case 0:
                    text = text[:at] + dice.choice(ODD) + text[at:]
                case 1:
                    text = text[:at] + text[at + 1 :]
                case 2:
                    text = text[:at] + dice.choice(string.printable) + text[at + 1 :]
                case 3:
                    text = text[:at] + dice.choice(SEEDS)[dice.randrange(10) :]
                case _:
                    text = text[at:] + text[:at]
        sound(look(text, symbology=dice.choice([None, "]Q3", "UPC_E", "é"]), raw=dice.choice([None, b"\x1d\xff", b""])))


@settings(max_examples=300, deadline=None)
@given(st.text(), st.none() | st.text(max_size=5), st.none() | st.binary(max_size=30))
def test_any_text(text: str, symbology: str | None, raw: bytes | None) -> None:
    sound(look(text, symbology=symbology, raw=raw))


@pytest.mark.parametrize(
    "text", ["1" * 7090, "https://a/" + "A" * 7000, "1." * 3500, "MA." + "1." * 3000, "(01)" * 1700]
)
def test_long_texts_are_quick(text: str) -> None:
    sound(look(text))
