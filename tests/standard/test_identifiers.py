"""Numbers of firms, licences and certificates; codes of real firms are those of the public record."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from standard.identifiers import ccc_certificate, credit_code, production_licence
from standard.outcome import Outcome
from standard.profile import edition_on

EDITION = edition_on(date(2026, 11, 24))
SOUND = [
    "9144030071526726XG", "91110000710926094P", "91310000631696382C", "121200004013590816", "91310115MA1K3BTP2B",
    "91420684MA4927PJ7B", "9131012056010553X5", "91350100M000100Y43",
]  # fmt: skip


@pytest.mark.parametrize("text", SOUND)
def test_sound_credit_codes(text: str) -> None:
    number = credit_code(text, edition=EDITION)
    assert (number.valid, number.normal) == (True, text)
    assert number.parts["organisation"] == text[8:17]


@pytest.mark.parametrize(
    "text", ["12345678MA1FL2J8XU", "9111000060003734IL", "91310000MA1FL2J8XU", "", "9111", "９" * 19]
)
def test_unsound_credit_codes(text: str) -> None:
    number = credit_code(text, edition=EDITION)
    assert not number.valid
    assert number.findings[0].rows == ("R34",)
    assert number.findings[0].clause == "7.2(1)"


@pytest.mark.parametrize("text", SOUND)
def test_one_wrong_character_is_always_noticed(text: str) -> None:
    for at in range(18):
        for other in "0123456789ABCDEFGHJKLMNPQRTUWXY":
            if other != text[at]:
                assert not credit_code(text[:at] + other + text[at + 1 :], edition=EDITION).valid


def test_as_people_type_it() -> None:
    assert credit_code(" ９１３５０１００m000100y43 ", edition=EDITION).valid


def test_a_letter_first_is_a_known_authority() -> None:
    body = "N2350100M000100Y4"
    sound = [c for c in "0123456789ABCDEFGHJKLMNPQRTUWXY" if credit_code(body + c, edition=EDITION).valid]
    assert len(sound) == 1
    assert credit_code(body + sound[0], edition=EDITION).parts["authority_name"] == "农业"


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("（苏）XK06-001-00238", "(苏)XK06-001-00238"),
        ("XK06-001-00238", "XK06-001-00238"),
        ("ＸＫ０６－００１－００２３８", "XK06-001-00238"),
        (" xk 06—001–00238", "XK06-001-00238"),
        ("(藏)XK06-001-00001", "(藏)XK06-001-00001"),
    ],
)
def test_sound_licences(text: str, normal: str) -> None:
    number = production_licence(text, edition=EDITION)
    assert (number.valid, number.normal) == (True, normal)


@pytest.mark.parametrize(
    "text", ["XK06-001-0023", "XK6-001-00238", "（港）XK06-001-00238", "QS320101010001", "XK06001 00238", ""]
)
def test_unsound_licences(text: str) -> None:
    assert not production_licence(text, edition=EDITION).valid


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("2016010901123456", Outcome.PASS),
        ("2026010901123456", Outcome.PASS),
        ("2027010901123456", Outcome.FAIL),
        ("2001010901123456", Outcome.FAIL),
        ("201601090112345", Outcome.FAIL),
        ("201601090112", Outcome.UNCLEAR),
        ("20160109011234５6", Outcome.PASS),
        ("", Outcome.FAIL),
    ],
)
def test_ccc(text: str, outcome: Outcome) -> None:
    number = ccc_certificate(text, edition=EDITION, today=date(2026, 11, 24))
    assert number.findings[0].outcome is outcome
    assert number.valid is (outcome is Outcome.PASS)


def test_without_a_date_the_future_is_not_judged() -> None:
    assert ccc_certificate("2099010901123456", edition=EDITION).valid


@settings(max_examples=300, deadline=None)
@given(st.text() | st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=18, max_size=18))
def test_no_text_raises(text: str) -> None:
    for number in (
        credit_code(text, edition=EDITION),
        production_licence(text, edition=EDITION),
        ccc_certificate(text, edition=EDITION),
    ):
        assert number.findings
